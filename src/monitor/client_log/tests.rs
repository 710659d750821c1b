//! Sessions that only the log of this machine's client tells of.

use super::*;
use crate::domain::client_log::{ClientEvent, ClientNews};
use crate::domain::finding::Finding;
use crate::domain::local::Interface;
use crate::domain::target::Host;
use crate::monitor::*;
use std::time::Duration;

const ACCESS: Access =
    Access { echo_v4: EchoAccess::Datagram, echo_v6: EchoAccess::Datagram, neighbours: true };
/// When the session began, in seconds.
const BEGAN: u64 = 1_000;

fn at(secs: u64) -> Now {
    let wall = WallTime::from_unix_secs(1_795_244_400).plus(Duration::from_secs(secs));
    Now { mono: MonoTime::from_secs(secs), wall }
}

fn words(code: u32) -> &'static str {
    if code == 0x904 { "Socket closed" } else { "" }
}

/// Two targets, and the log was read at the start.
fn two() -> Monitor {
    let local = LocalState {
        interfaces: vec![Interface::up(2, "eth0", vec![([10, 0, 0, 5].into(), 24)])],
        ..LocalState::default()
    };
    let mut monitor = Monitor::new(ACCESS, local, AlertSettings::default(), at(0));
    for (id, name) in [(1, "ts-01.corp.example"), (2, "ts-02.corp.example")] {
        let target = Target::new(TargetId(id), name.to_owned(), Host::Name(name.to_owned()));
        monitor.add(target, TargetMemory::default(), at(0));
    }
    assert!(!monitor.observe_client(Vec::new(), words, at(0)));
    monitor
}

fn event(secs: u64, news: ClientNews) -> ClientEvent {
    ClientEvent { record: secs, at: at(secs).wall, process: 7, activity: Some(1), news }
}

fn begin(monitor: &mut Monitor, server: &str) {
    let events = vec![
        event(BEGAN - 1, ClientNews::Connecting(server.to_owned())),
        event(BEGAN, ClientNews::Connected),
    ];
    read_until(monitor, BEGAN);
    monitor.observe_client(events, words, at(BEGAN));
}

/// Reads nothing new, as every few seconds.
fn read_until(monitor: &mut Monitor, secs: u64) {
    let from = monitor.client.read.map_or(0, |read| read.mono.as_nanos() / 1_000_000_000);
    for secs in (from..secs).step_by(5) {
        monitor.observe_client(Vec::new(), words, at(secs));
    }
}

/// A session that ends so after a while, told at once.
fn ended(code: u32, lived: u64) -> Monitor {
    let mut monitor = two();
    begin(&mut monitor, "TS-01");
    let end = BEGAN + lived;
    read_until(&mut monitor, end);
    monitor.observe_client(vec![event(end, ClientNews::Ended(code))], words, at(end));
    monitor
}

fn dropped(monitor: &Monitor, now: Now) -> Vec<(TargetId, Finding)> {
    let all = monitor.targets.iter().flat_map(|(id, tracked)| {
        tracked.findings(Mode::Watch, &monitor.around, now).into_iter().map(|found| (*id, found))
    });
    all.filter(|(_, found)| found.rule.0 == "session-dropped").collect()
}

fn last_line(monitor: &Monitor) -> String {
    monitor.events.back().map(|event| event.text.clone()).expect("something was logged")
}

#[test]
fn a_session_that_breaks_off_is_told_with_the_reason_of_its_client() {
    let monitor = ended(0x904, 600);
    let found = dropped(&monitor, at(BEGAN + 600));
    let [(TargetId(1), found)] = found.as_slice() else { panic!("{found:?}") };
    let all = format!("{}\n{}", found.sentence, found.evidence.join("\n"));
    assert!(all.contains("its client ended it at"), "{all}");
    assert!(all.contains("with 0x904, \"Socket closed\""), "{all}");
    assert!(
        all.contains("the Remote Desktop client says 0x904, \"Socket closed\" (2308)"),
        "{all}"
    );
    assert!(!all.contains("last heard"), "nobody knows when: {all}");
    let line = last_line(&monitor);
    assert_eq!(
        line,
        "the session of this machine dropped: its client says 0x904, \"Socket closed\""
    );
    let memory = monitor.target(TargetId(1)).expect("watched").memory();
    let drops = memory.drops.until(at(BEGAN + 600).wall);
    assert_eq!(
        drops.iter().map(|drop| (drop.at, drop.lived_s)).collect::<Vec<_>>(),
        [(at(BEGAN + 600).wall, Some(600))]
    );
}

#[test]
fn a_session_that_somebody_ended_did_not_drop() {
    for (code, line) in [
        (1, "this machine closed its session"),
        (2, "the host ended the session of this machine"),
        (3, "the host ended the session of this machine"),
        (0xd07, "the session of this machine ended: its client says 0xd07"),
    ] {
        let monitor = ended(code, 600);
        assert_eq!(dropped(&monitor, at(BEGAN + 600)), []);
        assert_eq!(last_line(&monitor), line);
        let memory = monitor.target(TargetId(1)).expect("watched").memory();
        assert_eq!(memory.drops.spells().count(), 1, "it outlived every shorter timer");
    }
}

#[test]
fn a_connection_of_some_seconds_is_no_session() {
    let monitor = ended(0x904, 5);
    assert_eq!(dropped(&monitor, at(BEGAN + 5)), []);
    let line = last_line(&monitor);
    assert_eq!(line, "this machine's client was connected for 5.0 s: 0x904, \"Socket closed\"");
}

#[test]
fn a_client_that_does_not_connect_is_logged_and_drops_nothing() {
    let mut monitor = two();
    let mut fail = |code, secs| {
        let news = [ClientNews::Connecting("ts-02".to_owned()), ClientNews::Ended(code)];
        let [first, second] = news;
        monitor.observe_client(vec![event(secs, first), event(secs + 1, second)], words, at(9));
        (dropped(&monitor, at(9)), last_line(&monitor))
    };
    let line = "this machine's client did not connect: 0x904, \"Socket closed\"".to_owned();
    assert_eq!(fail(0x904, 1), (Vec::new(), line.clone()));
    // The user thought better of it.
    assert_eq!(fail(1, 3), (Vec::new(), line));
}

#[test]
fn what_ended_as_this_machine_slept_did_not_drop() {
    for (asleep, told) in [(0, 1), (3_600, 0)] {
        let mut monitor = two();
        begin(&mut monitor, "ts-01.corp.example");
        read_until(&mut monitor, BEGAN + 600);
        // The monotonic clock stood still meanwhile.
        let woken = |secs| Now { wall: at(secs + asleep).wall, ..at(secs) };
        monitor.observe_client(Vec::new(), words, woken(BEGAN + 600));
        let end = woken(BEGAN + 620);
        let last = ClientEvent { at: end.wall, ..event(BEGAN + 620, ClientNews::Ended(0x904)) };
        monitor.observe_client(vec![last], words, end);
        assert_eq!(dropped(&monitor, end).len(), told, "{asleep} s asleep");
    }
}

#[test]
fn a_session_on_a_host_that_is_not_watched_is_nobodys() {
    let mut monitor = two();
    begin(&mut monitor, "ts-03.corp.example");
    let end = vec![event(BEGAN + 600, ClientNews::Ended(0x904))];
    assert!(!monitor.observe_client(end, words, at(BEGAN + 600)));
    assert_eq!(dropped(&monitor, at(BEGAN + 600)), []);
}

#[test]
fn a_new_session_of_a_minute_ends_it() {
    let mut monitor = ended(0x904, 600);
    let again = BEGAN + 630;
    let events = vec![
        event(again - 1, ClientNews::Connecting("ts-01".to_owned())),
        event(again, ClientNews::Connected),
    ];
    monitor.observe_client(events, words, at(again));
    assert_eq!(dropped(&monitor, at(again)).len(), 1);
    let later = at(again + 61);
    if let Some(tracked) = monitor.targets.get_mut(&TargetId(1)) {
        tracked.tick(&monitor.around, later);
    }
    assert_eq!(dropped(&monitor, later), []);
}
