//! What is saved comes back, whole or not at all.

use super::*;
use crate::domain::alert::{RememberedAlert, RememberedResolved};
use crate::domain::certificate::Thumbprint;
use crate::domain::drops::{RememberedDrop, Spell};
use crate::domain::finding::Severity;
use crate::domain::identity::RememberedIdentity;
use crate::domain::mac::MacAddr;
use crate::domain::memory::TargetMemory;
use tempfile::TempDir;

fn store() -> (TempDir, FileStore) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = FileStore::new(folder.path().join("rdpwatch").join("state.json"));
    (folder, store)
}

fn state() -> State {
    let mut memory = TargetMemory {
        mac: Some(MacAddr([2, 0x11, 0x22, 0x33, 0x44, 0x55])),
        mac_address: Some([10, 0, 0, 21].into()),
        last_healthy: Some(WallTime::from_unix_secs(1_000_000)),
        sleeps: true,
        pinned: true,
        ..TargetMemory::default()
    };
    memory.remember_thumbprint(Thumbprint([0xa7; 32]), WallTime::from_unix_secs(5));
    memory.identity = Some(RememberedIdentity {
        computer: Some("OFFICE-PC".to_owned()),
        dns_computer: Some("office-pc.corp.lab".to_owned()),
        common_name: Some("OFFICE-PC".to_owned()),
        mac: memory.mac,
        rightful: true,
        seen: WallTime::from_unix_secs(8),
    });
    memory.remember_address([10, 0, 0, 21].into(), WallTime::from_unix_secs(8));
    memory.accepted.insert("nla-not-enforced".into(), WallTime::from_unix_secs(6));
    memory.maintenance_until = Some(WallTime::from_unix_secs(10));
    memory.acknowledged.insert("port-closed".into(), WallTime::from_unix_secs(7));
    let alert = RememberedAlert {
        worst: Some(Severity::Critical),
        attended: Some(Severity::Warning),
        told: Some(WallTime::from_unix_secs(2)),
        acknowledged: Some(WallTime::from_unix_secs(7)),
        signed: crate::domain::alert::Signature::new("ada", "seen"),
        returns: 4,
        ..RememberedAlert::firing(
            "port 3389 is closed",
            Severity::Critical,
            WallTime::from_unix_secs(1),
            WallTime::from_unix_secs(9),
        )
    };
    memory.alerts.insert("port-closed".into(), alert);
    memory.concerned_by.insert("service-failure".into());
    memory.resolved.push(RememberedResolved {
        rule: "packet-loss".to_owned(),
        severity: Severity::Warning,
        title: "loses 5 %".to_owned(),
        since: WallTime::from_unix_secs(1),
        ended: WallTime::from_unix_secs(2),
        acknowledged: None,
        signed: crate::domain::alert::Signature::default(),
        returns: 0,
        unbroken: 0,
    });
    memory.drops.add(RememberedDrop {
        at: WallTime::from_unix_secs(3),
        lived_s: Some(60),
        seen: true,
        marked: false,
        tunnel: true,
    });
    let (since, until) = (WallTime::from_unix_secs(1), WallTime::from_unix_secs(2));
    memory.drops.outlived(Spell { since, until });
    State::from([("office-pc:3389".to_owned(), memory), ("b:1".to_owned(), <_>::default())])
}

fn files(store: &FileStore) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(store.folder().expect("a folder"))
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort_unstable();
    names
}

fn put(store: &FileStore, bytes: &[u8]) {
    store.make_folder().expect("the folder");
    fs::write(store.path(), bytes).expect("written");
}

#[test]
fn nothing_remembered_is_an_empty_state() {
    let (_folder, store) = store();
    assert_eq!(store.load().expect("loaded"), Loaded::default());
}

#[test]
fn state_comes_back_whole_and_leaves_nothing_beside_it() {
    let (_folder, store) = store();
    store.save(&State::new(), None).expect("saved");
    store.save(&state(), None).expect("saved again");
    assert_eq!(store.load().expect("loaded"), Loaded { state: state(), warning: None });
    assert_eq!(files(&store), ["state.json"]);
}

#[test]
fn a_file_of_the_first_layout_is_read_and_saved_in_the_present_one() {
    let (_folder, store) = store();
    let old = b"{\"version\":1,\"targets\":{\"office-pc:3389\":{\"mac\":\
        \"02:11:22:33:44:55\",\"sleeps\":true}}}";
    put(&store, old);
    let loaded = store.load().expect("loaded");
    assert_eq!(loaded.warning, None);
    let memory = &loaded.state["office-pc:3389"];
    assert!(memory.sleeps && memory.identity.is_none() && memory.addresses.is_empty());
    store.save(&loaded.state, None).expect("saved");
    let text = fs::read_to_string(store.path()).expect("there");
    assert!(text.starts_with("{\"version\":2,"), "{text}");
    assert_eq!(store.load().expect("loaded again"), loaded);
}

#[test]
fn the_layout_is_a_contract() {
    let (_folder, store) = store();
    let print = "a7".repeat(32);
    let text = format!(
        "{{\"version\":2,\"targets\":{{\"b:1\":{{}},\"office-pc:3389\":{{\
         \"mac\":\"02:11:22:33:44:55\",\"mac_address\":\"10.0.0.21\",\
         \"thumbprints\":{{\"{print}\":5000}},\
         \"identity\":{{\"computer\":\"OFFICE-PC\",\"dns_computer\":\"office-pc.corp.lab\",\
         \"common_name\":\"OFFICE-PC\",\"mac\":\"02:11:22:33:44:55\",\"rightful\":true,\"seen\":8000}},\
         \"addresses\":{{\"10.0.0.21\":8000}},\"last_healthy\":1000000000,\
         \"accepted\":{{\"nla-not-enforced\":6000}},\
         \"maintenance_until\":10000,\
         \"acknowledged\":{{\"port-closed\":7000}},\
         \"alerts\":{{\"port-closed\":{{\"since\":1000,\"seen\":9000,\"severity\":\"critical\",\
         \"worst\":\"critical\",\"attended\":\"warning\",\"title\":\"port 3389 is closed\",\"told\":2000,\"acknowledged\":7000,\"signed\":{{\"who\":\"ada\",\"note\":\"seen\"}},\"returns\":4}}}},\
         \"concerned_by\":[\"service-failure\"],\
         \"resolved\":[{{\"rule\":\"packet-loss\",\"severity\":\"warning\",\
         \"title\":\"loses 5 %\",\"since\":1000,\"ended\":2000,\"returns\":0}}],\
         \"drops\":{{\"drops\":[{{\"at\":3000,\"lived_s\":60,\"seen\":true,\"tunnel\":true}}],\
         \"spells\":[{{\"since\":1000,\"until\":2000}}]}},\"sleeps\":true,\"pinned\":true}}}}}}"
    );
    put(&store, text.as_bytes());
    assert_eq!(store.load().expect("loaded"), Loaded { state: state(), warning: None });
}

#[cfg(unix)]
#[test]
fn only_its_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, store) = store();
    store.save(&state(), None).expect("saved");
    let mode = fs::metadata(store.path()).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_cannot_be_understood_is_kept_aside_and_never_lost() {
    let (_folder, store) = store();
    let bad: [(&[u8], &str); 5] = [
        (b"", "is damaged"),
        (b"{\"version\":1,\"targets\":{", "is damaged"),
        (b"\xff\xfe\x00", "is damaged"),
        (b"{\"version\":0,\"targets\":{}}", "has layout version 0"),
        (b"{\"targets\":{}}", "is damaged"),
    ];
    for (number, (bytes, reason)) in (1..).zip(bad) {
        put(&store, bytes);
        let loaded = store.load().expect("kept aside");
        let warning = loaded.warning.expect("a warning");
        assert!(warning.contains(reason), "{warning}");
        assert!(warning.contains(&format!("state.json.bad-{number}")), "{warning}");
        assert_eq!(loaded.state, State::new());
        let aside = store.beside(&format!(".bad-{number}"));
        assert_eq!(fs::read(aside).expect("kept"), bytes);
    }
    assert!(!files(&store).contains(&"state.json".to_owned()));
    store.save(&state(), None).expect("saved");
    assert_eq!(store.load().expect("loaded").state, state());
    assert_eq!(files(&store).len(), 6);
}

#[test]
fn a_huge_file_is_neither_read_nor_written() {
    let (_folder, store) = store();
    put(&store, &vec![b' '; LIMIT + 1]);
    assert!(store.load().expect("kept aside").warning.expect("said").contains("larger than"));
    let huge = State::from([("x".repeat(LIMIT), TargetMemory::default())]);
    assert!(matches!(store.save(&huge, None), Err(StoreError::TooLarge { .. })));
    assert_eq!(files(&store), ["state.json.bad-1"]);
}

#[test]
fn a_failed_save_leaves_the_old_state_and_no_litter() {
    let (_folder, store) = store();
    store.make_folder().expect("the folder");
    fs::create_dir(store.path()).expect("a folder in the way");
    fs::write(store.path().join("full"), b"x").expect("not empty");
    let error = store.save(&state(), None).expect_err("cannot replace a folder");
    assert!(error.to_string().starts_with("cannot replace "), "{error}");
    assert_eq!(files(&store), ["state.json"]);
    assert!(matches!(store.load(), Err(StoreError::Io { operation: "read", .. })));
}

#[test]
fn what_many_processes_add_is_all_there() {
    let (_folder, store) = store();
    std::thread::scope(|scope| {
        for process in 0..4 {
            let store = FileStore::new(store.path());
            scope.spawn(move || {
                for number in 0..20 {
                    let name = format!("{process}-{number}:1");
                    store.add(State::from([(name, TargetMemory::default())])).expect("added");
                }
            });
        }
    });
    assert_eq!(store.load().expect("loaded").state.len(), 80);
    assert_eq!(files(&store), ["state.json", "state.json.lock"]);
}

#[test]
fn a_process_that_hangs_while_it_saves_is_not_waited_for_for_ever() {
    let (_folder, store) = store();
    store.save(&State::new(), None).expect("saved");
    let holder = store.lock().expect("locked");
    store.add(state()).expect("added all the same");
    assert_eq!(store.load().expect("loaded").state, state());
    drop(holder);
}

#[test]
fn many_writers_never_tear_it() {
    let (_folder, store) = store();
    let versions: Vec<State> = (0..4)
        .map(|version| {
            let names = (0..200).map(|n| (format!("{version}-{n}:1"), TargetMemory::default()));
            names.collect()
        })
        .collect();
    store.save(&versions[0], None).expect("saved");
    std::thread::scope(|scope| {
        for version in &versions {
            let store = &store;
            scope.spawn(move || {
                (0..20).for_each(|_| store.save(version, None).expect("saved"));
            });
        }
        for _ in 0..50 {
            let loaded = store.load().expect("loaded");
            assert_eq!(loaded.warning, None);
            assert!(versions.contains(&loaded.state));
        }
    });
    assert_eq!(files(&store), ["state.json"]);
}

/// Who saved last won: the other's pin, acknowledgement and note were gone.
#[test]
fn two_dashboards_over_one_host_keep_what_the_other_did() {
    let at = WallTime::from_unix_secs;
    let (_folder, first) = store();
    first.add(state()).expect("saved");
    let second = FileStore::new(first.path());
    let (mut ours, mut theirs) =
        (first.load().expect("loaded").state, second.load().expect("loaded").state);
    let host = ours.keys().next().cloned().expect("a host");
    let pin = |state: &mut State, pinned| state.get_mut(&host).expect("it").pinned = pinned;
    pin(&mut ours, false);
    ours.get_mut(&host).expect("it").acknowledged.insert("tls-outdated".into(), at(3_000));
    first.add(ours).expect("saved");
    theirs.get_mut(&host).expect("it").last_answer = Some(at(4_000));
    second.add(theirs.clone()).expect("saved");
    second.add(theirs).expect("saved again, as at its end");
    let kept = first.load().expect("loaded").state;
    assert!(!kept[&host].pinned && kept[&host].acknowledged.contains_key("tls-outdated"));
    assert_eq!(kept[&host].last_answer, Some(at(4_000)));
}

#[test]
fn what_people_said_elsewhere_is_seen_once_and_agreed_to() {
    let now = WallTime::from_unix_secs(9);
    let (_folder, first) = store();
    first.add(state()).expect("saved");
    let second = FileStore::new(first.path());
    let mut theirs = second.load().expect("loaded").state;
    let pinned = theirs.iter().find(|(_, memory)| memory.pinned);
    let host = pinned.map(|(host, _)| host.clone()).expect("a host");
    let look = |afresh| first.look_at_others(&|_| true, afresh, now).expect("read");
    assert_eq!(look(false), [], "its own words are no news");
    theirs.get_mut(&host).expect("it").pinned = false;
    theirs.get_mut(&host).expect("it").last_answer = Some(now);
    second.add(theirs.clone()).expect("saved");
    assert_eq!(first.look_at_others(&|_| false, true, now).expect("read"), []);
    let [apart] = &look(true)[..] else { panic!("one host") };
    assert_eq!((&apart.host, apart.before.pinned, apart.theirs.pinned), (&host, true, false));
    assert_eq!(look(false), [], "nothing was saved since");
    assert_eq!(look(true).len(), 1);
    for word in crate::domain::said::words(&apart.before, &apart.theirs, now) {
        first.agree(apart, &word, false);
    }
    assert_eq!(look(true), []);
    // What was agreed to is not taken for an own change: the other may take it back.
    theirs.get_mut(&host).expect("it").pinned = true;
    second.add(theirs).expect("saved");
    let mut ours = state();
    ours.get_mut(&host).expect("it").pinned = false;
    ours.get_mut(&host).expect("it").sleeps = false;
    first.add(ours).expect("saved");
    assert!(first.load().expect("loaded").state[&host].pinned);
}

#[test]
fn what_others_saved_and_nobody_understands_says_nothing_and_stays_where_it_is() {
    let now = WallTime::from_unix_secs(9);
    let (_folder, store) = store();
    assert_eq!(store.look_at_others(&|_| true, false, now).expect("none"), []);
    store.add(state()).expect("saved");
    let large = [b"{\"version\":2,".as_slice(), &vec![b' '; LIMIT]].concat();
    for bytes in
        [b"".as_slice(), b"{\"version\":2,\"targets\":{\"a:1\":[]}}", b"{\"version\":3}", &large]
    {
        put(&store, bytes);
        assert_eq!(store.look_at_others(&|_| true, false, now).expect("read"), []);
        assert_eq!(fs::read(store.path()).expect("there"), bytes);
    }
}

/// An older version put the file of a newer one aside: what it remembered was gone.
#[test]
fn what_a_newer_version_adds_is_kept_and_goes_back_as_it_was() {
    let (_folder, store) = store();
    put(
        &store,
        b"{\"version\":2,\"colours\":[1],\"targets\":{\"a:1\":{\"color\":3,\"drops\":{\"drops\":[{\"at\":3000,\
        \"why\":\"storm\"}],\"spells\":[]},\"alerts\":{\"port-closed\":{\"since\":1,\"seen\":2,\"severity\":\"critical\",\
        \"title\":\"x\",\"channel\":{\"of\":\"us\"}}}},\"other:1\":{\"color\":4}}}",
    );
    let loaded = store.load().expect("loaded");
    assert_eq!(loaded.warning, None);
    let mut own = loaded.state;
    own.remove("other:1");
    let memory = own.get_mut("a:1").expect("it");
    memory.pinned = true;
    memory.alerts.get_mut("port-closed").expect("it").returns = 2;
    for _ in 0..2 {
        store.add(own.clone()).expect("saved");
    }
    let said: serde_json::Value =
        serde_json::from_slice(&fs::read(store.path()).expect("there")).expect("JSON");
    assert_eq!(said["colours"][0], 1);
    let (a, other) = (&said["targets"]["a:1"], &said["targets"]["other:1"]);
    assert_eq!((&a["color"], &a["pinned"], &other["color"]), (&3.into(), &true.into(), &4.into()));
    assert_eq!(a["drops"]["drops"][0]["why"], "storm");
    let alert = &a["alerts"]["port-closed"];
    assert_eq!((&alert["channel"]["of"], &alert["returns"]), (&"us".into(), &2.into()));
    // What is over takes with it what was said of it.
    own.get_mut("a:1").expect("it").alerts.clear();
    store.add(own).expect("saved");
    let text = fs::read_to_string(store.path()).expect("there");
    assert!(!text.contains("channel") && text.contains("colours"), "{text}");
    assert_eq!(files(&store), ["state.json", "state.json.lock"], "nothing was put aside");
}

#[test]
fn the_layout_of_a_newer_version_is_left_as_it_is_and_that_is_said() {
    let (_folder, store) = store();
    let newer = b"{\"version\":3,\"hosts\":[]}";
    put(&store, newer);
    for error in [store.load().map(drop), store.add(state())] {
        let told = error.expect_err("it is not understood").to_string();
        assert!(
            told.contains("is of a newer rdpwatch (layout 3; this one knows up to 2)"),
            "{told}"
        );
        assert_eq!(told.matches(". ").count(), 0, "one sentence: {told}");
    }
    assert_eq!(fs::read(store.path()).expect("there"), newer);
    assert_eq!(files(&store), ["state.json", "state.json.lock"]);
}
