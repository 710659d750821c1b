use super::*;
use crate::domain::target::{Host, TargetId};

fn at(secs: i64) -> WallTime {
    WallTime::from_unix_secs(1_795_244_400 + secs)
}

/// An event of process 7, numbered by its second.
fn event(secs: i64, activity: Option<u128>, news: ClientNews) -> ClientEvent {
    let record = u64::try_from(secs).expect("not before the start");
    ClientEvent { record, at: at(secs), process: 7, activity, news }
}

fn connecting(secs: i64, activity: Option<u128>, server: &str) -> ClientEvent {
    event(secs, activity, ClientNews::Connecting(server.to_owned()))
}

/// A channel that was read before anything happened.
fn read() -> ClientLog {
    let mut log = ClientLog::default();
    assert_eq!(log.observe(Vec::new()), []);
    log
}

fn ended(server: &str, since: i64, until: i64, reason: u32) -> ClientTurn {
    ClientTurn::Ended { server: server.to_owned(), since: at(since), at: at(until), reason }
}

#[test]
fn a_session_begins_and_ends_with_the_reason_that_the_client_gives() {
    let mut log = read();
    // The newest first, as it is printed.
    let begun = log
        .observe(vec![event(2, Some(1), ClientNews::Connected), connecting(1, Some(1), "ts-01")]);
    assert_eq!(begun, [ClientTurn::Began { server: "ts-01".to_owned(), since: at(2) }]);
    let over = log.observe(vec![event(60, Some(1), ClientNews::Ended(0x904))]);
    assert_eq!(over, [ended("ts-01", 2, 60, 0x904)]);
    assert_eq!(log.newest(), Some(60));
}

#[test]
fn what_was_read_before_is_not_told_again() {
    let mut log = read();
    let all = vec![
        connecting(1, Some(1), "ts-01"),
        event(2, Some(1), ClientNews::Connected),
        event(60, Some(1), ClientNews::Ended(1)),
    ];
    assert_eq!(log.observe(all.clone()).len(), 2);
    assert_eq!(log.observe(all), []);
}

#[test]
fn nothing_of_before_the_start_is_news_but_what_is_still_open_is_known() {
    let mut log = ClientLog::default();
    let before = vec![
        connecting(1, Some(1), "ts-01"),
        event(2, Some(1), ClientNews::Connected),
        event(30, Some(1), ClientNews::Ended(0x904)),
        connecting(40, Some(2), "ts-02"),
        event(41, Some(2), ClientNews::Connected),
    ];
    assert_eq!(log.observe(before), []);
    let over = log.observe(vec![event(99, Some(2), ClientNews::Ended(0x108))]);
    assert_eq!(over, [ended("ts-02", 41, 99, 0x108)]);
}

#[test]
fn a_channel_that_was_cleared_is_read_on() {
    let mut log = read();
    log.observe(vec![connecting(500, Some(1), "ts-01")]);
    let up = ClientEvent { record: 1, ..event(501, Some(1), ClientNews::Connected) };
    assert_eq!(log.observe(vec![up]).len(), 1);
}

#[test]
fn what_never_came_up_has_failed_and_did_not_drop() {
    let mut log = read();
    let turns = log.observe(vec![
        connecting(1, Some(1), "ts-01"),
        event(2, Some(1), ClientNews::Ended(0x904)),
    ]);
    assert_eq!(turns, [ClientTurn::Failed { server: "ts-01".to_owned(), reason: 0x904 }]);
}

#[test]
fn of_several_connections_of_one_program_only_the_named_one_ends() {
    let two = || {
        let mut log = read();
        log.observe(vec![
            connecting(1, Some(1), "ts-01"),
            event(2, Some(1), ClientNews::Connected),
            connecting(3, Some(2), "ts-02"),
            event(4, Some(2), ClientNews::Connected),
        ]);
        log
    };
    let over = two().observe(vec![event(60, Some(2), ClientNews::Ended(0x904))]);
    assert_eq!(over, [ended("ts-02", 4, 60, 0x904)]);
    for nobodys in [None, Some(3)] {
        let over = two().observe(vec![event(60, nobodys, ClientNews::Ended(0x904))]);
        assert_eq!(over, [], "{nobodys:?} could be either");
    }
    // The only one of its program needs no name.
    let mut one = read();
    one.observe(vec![connecting(1, None, "ts-01"), event(2, None, ClientNews::Connected)]);
    let over = one.observe(vec![event(60, Some(9), ClientNews::Ended(0x904))]);
    assert_eq!(over, [ended("ts-01", 2, 60, 0x904)]);
}

/// The end of one connection was told of another one that was up.
#[test]
fn the_end_of_a_connection_that_was_never_seen_ends_no_other() {
    let mut log = read();
    log.observe(vec![connecting(1, Some(1), "ts-01"), event(2, Some(1), ClientNews::Connected)]);
    let over = log.observe(vec![event(60, Some(2), ClientNews::Ended(0x904))]);
    assert_eq!(over, []);
    let mut log = read();
    log.observe(vec![
        connecting(1, None, "ts-01"),
        event(2, None, ClientNews::Connected),
        connecting(3, None, "ts-02"),
        event(4, None, ClientNews::Connected),
    ]);
    let over = log.observe(vec![event(60, None, ClientNews::Ended(0x904))]);
    assert_eq!(over, [], "it could be either");
    // What never came up is followed by the next try.
    let mut log = read();
    log.observe(vec![connecting(1, None, "ts-01"), connecting(3, None, "ts-02")]);
    log.observe(vec![event(4, None, ClientNews::Connected)]);
    let over = log.observe(vec![event(60, None, ClientNews::Ended(0x904))]);
    assert_eq!(over, [ended("ts-02", 4, 60, 0x904)]);
}

#[test]
fn what_is_kept_is_bounded() {
    let mut log = read();
    log.observe((0..1_000_u32).map(|n| connecting(i64::from(n), Some(n.into()), "ts")).collect());
    assert_eq!(log.open.len(), MOST);
}

fn found(server: &str, targets: &[(&str, u16, [u8; 4])]) -> Option<usize> {
    let targets: Vec<(Target, IpAddr)> = targets
        .iter()
        .map(|(host, port, dialled)| {
            let host = match host.parse() {
                Ok(address) => Host::Address(address, None),
                Err(_) => Host::Name((*host).to_owned()),
            };
            let mut target = Target::new(TargetId(0), "shown".to_owned(), host);
            target.port = *port;
            (target, IpAddr::from(*dialled))
        })
        .collect();
    let all = targets.iter().enumerate();
    led_to(server, all.map(|(at, (target, dialled))| (at, target, Some(*dialled))))
}

#[test]
fn a_connection_leads_to_the_target_of_its_name_or_address() {
    let targets = [
        ("ts-01.corp.example", 3389, [10, 0, 0, 1]),
        ("ts-01.lab.example", 3389, [10, 0, 0, 2]),
        ("pc-7.corp.example", 3389, [10, 0, 0, 3]),
        ("10.0.0.9", 3389, [10, 0, 0, 9]),
        ("10.0.0.9", 3390, [10, 0, 0, 9]),
        ("2001:db8::1", 3390, [0, 0, 0, 0]),
        ("old", 3389, [10, 0, 0, 8]),
    ];
    for (server, target) in [
        ("TS-01.corp.example", Some(0)),
        ("ts-01.lab.example.", Some(1)),
        ("ts-01.lab.example:3389", Some(1)),
        ("ts-01.lab.example:3390", None),
        ("ts-01", None), // either of two
        ("PC-7", Some(2)),
        ("pc-7.lab.example", None),
        ("10.0.0.3", Some(2)), // as it is dialled
        ("10.0.0.9", Some(3)),
        ("10.0.0.9:3390", Some(4)),
        ("[2001:db8::1]:3390", Some(5)),
        ("2001:db8::1", Some(5)),
        ("old.corp.example", Some(6)),
        ("10", None),
        ("", None),
        ("elsewhere", None),
    ] {
        assert_eq!(found(server, &targets), target, "{server}");
    }
}

#[test]
fn who_ended_a_session_is_told_apart() {
    let reason = |code| ClientReason { code, words: "" };
    assert!(reason(1).by_user() && !reason(1).broke());
    assert!(reason(2).by_host() && reason(3).by_host() && !reason(3).broke());
    assert!(reason(0x904).broke() && reason(0x108).broke());
    // An account that is locked, and no information at all.
    assert!(!reason(0xd07).broke() && !reason(0).broke());
    let closed = ClientReason { code: 0x904, words: "Socket closed" };
    assert_eq!(closed.text(), "0x904, \"Socket closed\"");
    assert_eq!(reason(0x107).text(), "0x107");
}
