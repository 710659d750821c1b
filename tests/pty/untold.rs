//! The program ends while a sink is not to be told: the next run tells it.

use super::session::{Session, Setup};
use nix::sys::signal::Signal;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Watches a port of this machine that is closed, in a home of its own and with this state.
fn watch(state: &'static str, config: &str) -> Session {
    let config: &'static str = config.to_owned().leak();
    let setup = Setup::watching(&[]).file(".config/rdpwatch/config.toml", config);
    setup.variable("XDG_STATE_HOME", state).start()
}

fn stop(session: Session) {
    session.signal(Signal::SIGTERM);
    session.end().assert_code(0);
}

/// Writes what an earlier run left below `folder`: an alert that fired, with these `fields` besides,
/// and that the sink did not hear of. Where.
fn remember(folder: &Path, id: impl Fn(u128) -> String, fields: &str) -> PathBuf {
    let now = now();
    let id = id(now);
    let remembered = format!(
        "{{\"version\":2,\"targets\":{{\"127.0.0.1:9\":{{\
         \"alerts\":{{\"port-closed\":{{\"since\":{now},\"seen\":{now},\"severity\":\"critical\",\
         \"title\":\"port 9 is closed\",\"told\":{now},{fields}\"returns\":0}}}},\
         \"untold\":[{{\"sink\":\"pager\",\"id\":\"{id}\",\"event\":\"fired\",\"target\":\"office\",\
         \"host\":\"127.0.0.1:9\",\"group\":null,\"rule\":\"port-closed\",\"severity\":\"critical\",\
         \"title\":\"port 9 is closed\",\"sentence\":\"Port 9 is closed.\",\"owner\":\"server\",\
         \"since\":{now},\"ended\":null,\"acknowledged\":null}}]}}}}}}"
    );
    let file = folder.join("rdpwatch").join("state.json");
    std::fs::create_dir_all(folder.join("rdpwatch")).expect("a folder");
    std::fs::write(&file, remembered).expect("a file");
    file
}

/// The id of that alert, which began so many milliseconds after 1970 (FNV-1a, folded).
fn id(since: u128) -> String {
    let since = u64::try_from(since).expect("before the year 500 million").to_be_bytes();
    let text = [b"127.0.0.1:9\0port-closed\0".as_slice(), &since, b"\0"].concat();
    let hash = text.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{:08x}", (hash >> 32) ^ (hash & 0xffff_ffff))
}

/// Milliseconds since 1970.
fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis()
}

/// That port, and a sink that is up once there is a file of that name in `state`.
fn config(state: &str) -> String {
    format!(
        "[[target]]\nname = 'office'\nhost = '127.0.0.1'\nport = 9\n\
         [[sink]]\ntype = 'exec'\nname = 'pager'\ncommand = ['/bin/sh', '-c', '''\n\
         echo >> {state}/tried; test -e {state}/up || exit 1\n\
         echo $RDPWATCH_ALERT_EVENT $RDPWATCH_ALERT_ID >> {state}/told''']\n"
    )
}

#[test]
fn what_a_sink_was_not_told_when_a_signal_ended_the_program_is_told_by_the_next_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let state: &'static str = folder.path().display().to_string().leak();
    let there = |name: &str| folder.path().join(name);
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    let config = config(state);
    // An earlier run told itself that its alert was told, and the sink heard nothing.
    let file = remember(folder.path(), |_| "0badcafe".to_owned(), "");

    let mut session = watch(state, &config);
    session.wait("a try", |_| there("tried").exists());
    stop(session);
    let kept = read(&file);
    assert!(
        kept.contains("\"untold\":[{\"sink\":\"pager\",") && kept.contains("0badcafe"),
        "{kept}"
    );
    assert!(!there("told").exists());

    std::fs::write(there("up"), "").expect("a file");
    let mut session = watch(state, &config);
    session.wait("the sink is told", |_| there("told").exists());
    stop(session);
    assert_eq!(read(&there("told")), "fired 0badcafe\n");
    assert!(!read(&file).contains("untold"), "{}", read(&file));

    let mut session = watch(state, &config);
    session.wait("it is measured", |s| s.row("office").is_some_and(|r| r.contains('\u{2716}')));
    stop(session);
    assert_eq!(read(&there("told")), "fired 0badcafe\n", "nobody is told twice");
}

#[test]
fn what_a_sink_was_not_told_waits_through_a_snooze_across_restarts() {
    let folder = tempfile::tempdir().expect("a folder");
    let state: &'static str = folder.path().display().to_string().leak();
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    let until = now() + 3_600_000;
    let file = remember(folder.path(), id, &format!("\"snoozed_until\":{until},"));
    std::fs::write(folder.path().join("up"), "").expect("a file");
    let told = folder.path().join("told");

    let mut session = watch(state, &config(state));
    session.wait("it is measured", |s| s.row("office").is_some_and(|r| r.contains('\u{2716}')));
    stop(session);
    assert!(!folder.path().join("tried").exists(), "it is snoozed");
    let kept = read(&file);
    assert!(kept.contains("\"untold\":[{\"sink\":\"pager\""), "{kept}");

    let over = kept.replace(&format!("\"snoozed_until\":{until}"), "\"snoozed_until\":1");
    assert_ne!(kept, over);
    std::fs::write(&file, over).expect("a file");
    let mut session = watch(state, &config(state));
    session.wait("the sink is told", |_| told.exists());
    stop(session);
    assert!(read(&told).starts_with("fired "), "{}", read(&told));
    assert!(read(&file).contains("\"heard\":{\"pager\":["), "{}", read(&file));
}

/// The same without a sink.
fn without_sinks() -> &'static str {
    "[[target]]\nname = 'office'\nhost = '127.0.0.1'\nport = 9\n"
}

#[test]
fn a_look_without_the_sink_takes_nothing_from_what_it_is_still_to_be_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let state: &'static str = folder.path().display().to_string().leak();
    let there = |name: &str| folder.path().join(name);
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    let file = remember(folder.path(), id, "\"heard\":{\"mail\":[\"00000000\"]},");
    let kept = |when: &str| {
        let kept = read(&file);
        assert!(kept.contains("\"untold\":[{\"sink\":\"pager\""), "{when}: {kept}");
        assert!(kept.contains("\"mail\":[\"00000000\"]"), "{when}: {kept}");
    };
    let look = || {
        let mut session = watch(state, without_sinks());
        session.wait("it is measured", |s| s.row("office").is_some_and(|r| r.contains('\u{2716}')));
        stop(session);
    };
    look();
    kept("alone");
    let mut session = watch(state, &config(state));
    session.wait("a try", |_| there("tried").exists());
    look();
    stop(session);
    kept("beside the one that has it");

    std::fs::write(there("up"), "").expect("a file");
    let mut session = watch(state, &config(state));
    session.wait("the sink is told", |_| there("told").exists());
    stop(session);
    assert!(read(&there("told")).starts_with("fired "), "{}", read(&there("told")));
}

#[test]
fn a_sink_that_is_another_while_it_is_down_goes_on_with_what_waits() {
    let folder = tempfile::tempdir().expect("a folder");
    let state: &'static str = folder.path().display().to_string().leak();
    let there = |name: &str| folder.path().join(name);
    remember(folder.path(), id, "");
    let mut session = watch(state, &config(state));
    session.wait("a try", |_| there("tried").exists());
    let another = config(state).replace("pager", "on-call").replace("/told", "/heard");
    session.write(".config/rdpwatch/config.toml", &another);
    session.wait_for("read again");
    std::fs::write(there("up"), "").expect("a file");
    session.wait("the sink is told", |_| there("heard").exists());
    stop(session);
    assert!(!there("told").exists());
}

#[test]
fn what_a_sink_was_not_told_waits_through_maintenance() {
    let folder = tempfile::tempdir().expect("a folder");
    let state: &'static str = folder.path().display().to_string().leak();
    remember(folder.path(), id, "");
    std::fs::write(folder.path().join("up"), "").expect("a file");
    let planned = "[[maintenance]]\nname = 'work'\nfrom = '2020-01-01T00:00:00Z'\n\
                   to = '2200-01-01T00:00:00Z'\n";
    let mut session = watch(state, &format!("{}{planned}", config(state)));
    session.wait("it is measured", |s| s.row("office").is_some_and(|r| r.contains('\u{2716}')));
    stop(session);
    assert!(!folder.path().join("tried").exists(), "somebody is told amid planned work");

    let told = folder.path().join("told");
    let mut session = watch(state, &config(state));
    session.wait("the sink is told", |_| told.exists());
    stop(session);
    assert!(std::fs::read_to_string(&told).expect("it").starts_with("fired "));
}

#[test]
fn two_dashboards_on_one_state_directory_tell_a_sink_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let state: &'static str = folder.path().display().to_string().leak();
    let told = folder.path().join("told");
    let read = || std::fs::read_to_string(&told).unwrap_or_default();
    // Both find it in what an earlier run left.
    remember(folder.path(), id, "");
    let mut first = watch(state, &config(state));
    let mut second = watch(state, &config(state));
    let tried = folder.path().join("tried");
    for session in [&mut first, &mut second] {
        session.wait("it is measured", |s| s.row("office").is_some_and(|r| r.contains('\u{2716}')));
    }
    first.wait("both tried", |_| {
        std::fs::read_to_string(&tried).unwrap_or_default().lines().count() >= 3
    });
    std::fs::write(folder.path().join("up"), "").expect("a file");
    first.wait("the sink is told", |_| told.exists());
    // Whoever did not tell it knows that it is told, and has nothing left to tell.
    stop(second);
    stop(first);
    assert_eq!(read().lines().count(), 1, "{}", read());
    let left = std::fs::read_to_string(folder.path().join("rdpwatch/state.json")).expect("state");
    assert!(!left.contains("untold"), "{left}");
}

/// What was acknowledged in one was open in the other until its next start.
#[test]
fn two_dashboards_on_one_state_directory_see_what_the_other_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let state: &'static str = folder.path().display().to_string().leak();
    let watch = || {
        let targets = ["office=127.0.0.1:9", "spare=127.0.0.1:10"];
        Setup::watching(&targets).variable("XDG_STATE_HOME", state).start()
    };
    let (mut first, mut second) = (watch(), watch());
    let open = |session: &Session| {
        let text = session.text();
        let strip = text.lines().find(|line| line.contains("ALERTS")).unwrap_or_default();
        ["office", "spare"].map(|name| strip.contains(&format!("{name} port-closed")))
    };
    for session in [&mut first, &mut second] {
        session.wait("both alert", |s| open(s) == [true, true]);
    }
    first.press("ga\r");
    first.wait_for("acknowledged office: port-closed");
    second.wait("it is acknowledged there", |s| open(s) == [false, true]);

    second.press("gjP");
    second.wait_for("pinned above every order: office");
    first.wait("it is pinned there", |s| s.text().contains("*office"));

    second.press("g:ack end\r");
    first.wait("it is open again there", |s| open(s) == [true, true]);

    first.press("g:maintenance 1h\r");
    second.wait_for("1 in maintenance");

    second.press("g!");
    first.press("t");
    first.wait_for("marked: the session dropped");
    // Neither takes back at its end what the other was told.
    stop(first);
    stop(second);
    let left = std::fs::read_to_string(folder.path().join("rdpwatch/state.json")).expect("state");
    for said in ["\"pinned\":true", "\"maintenance_until\":", "\"marked\":true"] {
        assert!(left.contains(said), "{said}: {left}");
    }
    assert!(!left.contains("\"acknowledged\":{\"port-closed\""), "{left}");
}
