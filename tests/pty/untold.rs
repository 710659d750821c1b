//! The program ends while a sink is not to be told: the next run tells it.

use super::session::{Session, Setup};
use nix::sys::signal::Signal;
use std::path::Path;
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

#[test]
fn what_a_sink_was_not_told_when_a_signal_ended_the_program_is_told_by_the_next_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let state: &'static str = folder.path().display().to_string().leak();
    let there = |name: &str| folder.path().join(name);
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    let config = format!(
        "[[target]]\nname = 'office'\nhost = '127.0.0.1'\nport = 9\n\
         [[sink]]\ntype = 'exec'\nname = 'pager'\ncommand = ['/bin/sh', '-c', '''\n\
         echo >> {state}/tried; test -e {state}/up || exit 1\n\
         echo $RDPWATCH_ALERT_EVENT $RDPWATCH_ALERT_ID >> {state}/told''']\n"
    );
    // An earlier run told itself that its alert was told, and the sink heard nothing.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
    let remembered = format!(
        "{{\"version\":2,\"targets\":{{\"127.0.0.1:9\":{{\
         \"alerts\":{{\"port-closed\":{{\"since\":{now},\"seen\":{now},\"severity\":\"critical\",\
         \"title\":\"port 9 is closed\",\"told\":{now},\"returns\":0}}}},\
         \"untold\":[{{\"sink\":\"pager\",\"id\":\"0badcafe\",\"event\":\"fired\",\"target\":\"office\",\
         \"host\":\"127.0.0.1:9\",\"group\":null,\"rule\":\"port-closed\",\"severity\":\"critical\",\
         \"title\":\"port 9 is closed\",\"sentence\":\"Port 9 is closed.\",\"owner\":\"server\",\
         \"since\":{now},\"ended\":null,\"acknowledged\":null}}]}}}}}}"
    );
    let file = there("rdpwatch").join("state.json");
    std::fs::create_dir_all(there("rdpwatch")).expect("a folder");
    std::fs::write(&file, remembered).expect("a file");

    let mut session = watch(state, &config);
    session.wait("a try", |_| there("tried").exists());
    stop(session);
    assert!(read(&file).contains("\"untold\":[{\"sink\":\"pager\",\"id\":\"0badcafe\""), "lost");
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
