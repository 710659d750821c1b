//! Who differs from its group, and what many have in common.

use super::*;
use crate::domain::diagnose::fixture::{at, handshake, stopped_at_tcp};
use crate::domain::sample::{Attempt, ConnectOutcome, TlsOutcome};

const CLOSED: TlsOutcome = TlsOutcome::Closed;

/// Twelve hosts that work at second 10, then end at `then` as told.
fn courses(then: &[(usize, u64, Attempt)]) -> Vec<Course> {
    let mut all = vec![Course::default(); 12];
    for course in &mut all {
        course.observe(at(10), &handshake(TlsOutcome::Ok));
    }
    for (index, secs, attempt) in then {
        all[*index].observe(at(*secs), attempt);
    }
    all
}

fn told(courses: &[Course], slack: u64) -> BTreeMap<u32, String> {
    told_within(courses, SiblingThresholds::default(), slack)
}

fn told_within(courses: &[Course], limits: SiblingThresholds, slack: u64) -> BTreeMap<u32, String> {
    let siblings: Vec<Sibling<'_>> = (0_u8..)
        .zip(courses)
        .map(|(index, course)| Sibling {
            target: TargetId(index.into()),
            name: "rds-07",
            address: [10, 0, 0, index].into(),
            course,
        })
        .collect();
    let all = compare("berlin", &siblings, limits, Duration::from_secs(slack));
    all.into_iter().map(|(id, contrast)| (id.0, contrast.line)).collect()
}

fn after(odd: &[(usize, u64, Attempt)]) -> Vec<(usize, u64, Attempt)> {
    let good = |index| (index, 70, handshake(TlsOutcome::Ok));
    let is_odd = |index: &usize| odd.iter().any(|(own, ..)| own == index);
    odd.iter().cloned().chain((0..12).filter(|index| !is_odd(index)).map(good)).collect()
}

#[test]
fn the_odd_one_is_told_with_its_last_good_and_first_bad() {
    let lines = told(&courses(&after(&[(7, 40, handshake(CLOSED))])), 0);
    assert_eq!(lines.len(), 1);
    let line = &lines[&7];
    let start = format!("{} (last good {})", clock(at(40).wall), clock(at(10).wall));
    assert!(line.starts_with("rds-07 differs from its 11 siblings in group berlin: it closes at the TLS ClientHello since "), "{line}");
    assert!(line.contains(&start) && line.contains("theirs take "), "{line}");
    assert!(!line.contains("silent"), "{line}");
}

#[test]
fn nobody_differs_from_siblings_that_were_not_measured_since() {
    let only = [(7, 40, handshake(CLOSED))];
    assert_eq!(told(&courses(&only), 0), BTreeMap::new());
    // In `check`, where all are measured at about one moment, they count.
    assert_eq!(told(&courses(&only), 60).len(), 1);
}

#[test]
fn few_siblings_or_many_broken_ones_are_nothing_to_differ_from() {
    let all = courses(&after(&[(0, 40, handshake(CLOSED))]));
    assert_eq!(told(&all[..4], 0), BTreeMap::new(), "three siblings");
    assert_eq!(told(&all[..5], 0).len(), 1, "four siblings");
    let different = [
        (0, 40, handshake(CLOSED)),
        (1, 40, handshake(TlsOutcome::Timeout)),
        (2, 40, stopped_at_tcp(ConnectOutcome::Refused)),
        (3, 40, handshake(TlsOutcome::Alert(80))),
    ];
    // At TLS 8 of 11 are sound, too few; all of them take connections.
    let lines = told(&courses(&after(&different)), 0);
    assert_eq!(lines.keys().collect::<Vec<_>>(), [&2], "{lines:?}");
}

#[test]
fn a_silence_before_it_is_told() {
    let odd = [
        (7, 20, stopped_at_tcp(ConnectOutcome::Timeout)),
        (7, 50, stopped_at_tcp(ConnectOutcome::Refused)),
        (7, 60, handshake(CLOSED)),
    ];
    let lines = told(&courses(&after(&odd)), 0);
    let silent = format!("silent from {} to {}", clock(at(20).wall), clock(at(50).wall));
    assert!(lines[&7].contains(&silent), "{lines:?}");
}

#[test]
fn many_that_fail_alike_since_about_one_time_have_it_in_common() {
    let rolled: Vec<_> = (0..8).map(|n| (n, 40 + n as u64, handshake(CLOSED))).collect();
    let lines = told(&courses(&after(&rolled)), 0);
    assert_eq!(lines.len(), 8);
    let expected = format!(
        "8 of 12 hosts in group berlin close at the TLS ClientHello since {} (the last of them {}): look for a change rolled out then",
        clock(at(40).wall),
        clock(at(47).wall)
    );
    assert!(lines.values().all(|line| *line == expected), "{lines:?}");
}

#[test]
fn hours_apart_unlike_or_plainly_silent_is_nothing_in_common() {
    let apart: Vec<_> = (0..8).map(|n| (n, 40 + n as u64 * 1_200, handshake(CLOSED))).collect();
    assert_eq!(told(&courses(&after(&apart)), 0), BTreeMap::new());
    let silent: Vec<_> = (0..8).map(|n| (n, 40, stopped_at_tcp(ConnectOutcome::Timeout))).collect();
    assert_eq!(told(&courses(&after(&silent)), 0), BTreeMap::new());
    // Never seen working: nothing changed.
    let mut fresh = vec![Course::default(); 12];
    for course in &mut fresh {
        course.observe(at(40), &handshake(CLOSED));
    }
    assert_eq!(told(&fresh, 0), BTreeMap::new());
}

#[test]
fn how_many_and_how_close_together_is_configured() {
    let odd = courses(&after(&[(0, 40, handshake(CLOSED))]));
    let default = SiblingThresholds::default();
    assert_eq!(told_within(&odd, SiblingThresholds { least: 11, ..default }, 0).len(), 1);
    assert_eq!(told_within(&odd, SiblingThresholds { least: 12, ..default }, 0).len(), 0);

    let apart: Vec<_> = (0..8).map(|n| (n, 40 + n as u64 * 1_200, handshake(CLOSED))).collect();
    let apart = courses(&after(&apart));
    let hours = SiblingThresholds { together: Duration::from_hours(3), ..default };
    assert_eq!(told_within(&apart, hours, 0).len(), 8);
    assert_eq!(told_within(&apart, SiblingThresholds { alike: 9, ..hours }, 0).len(), 0);
}

#[test]
fn targets_at_one_address_are_one_host() {
    let mut all = courses(&after(&[(0, 40, handshake(CLOSED))]));
    all.truncate(5);
    let siblings: Vec<Sibling<'_>> = (0_u8..)
        .zip(&all)
        .map(|(index, course)| Sibling {
            target: TargetId(index.into()),
            name: "rds",
            address: [10, 0, 0, index.min(3)].into(),
            course,
        })
        .collect();
    assert_eq!(
        compare("berlin", &siblings, SiblingThresholds::default(), Duration::ZERO),
        BTreeMap::new()
    );
}

#[test]
fn what_this_machine_missed_is_forgotten() {
    let mut course = Course::default();
    course.observe(at(10), &handshake(TlsOutcome::Ok));
    course.observe(at(20), &stopped_at_tcp(ConnectOutcome::Timeout));
    assert!(course.is_silent());
    assert!(!course.void_since(at(21).mono));
    assert!(course.void_since(at(15).mono));
    assert!(!course.is_silent());
}

/// It refused since ten, the line went at eleven: "refuses since eleven" was what was left.
#[test]
fn what_failed_before_this_machine_was_offline_fails_since_then() {
    let mut course = Course::default();
    course.observe(at(10), &stopped_at_tcp(ConnectOutcome::Refused));
    course.observe(at(20), &stopped_at_tcp(ConnectOutcome::Timeout));
    assert!(course.void_since(at(15).mono));
    let broken = course.broken().expect("it still refuses");
    assert_eq!((broken.since, broken.way.one()), (at(10), "refuses the connection"));
}
