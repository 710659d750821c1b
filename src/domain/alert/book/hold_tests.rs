//! Alerts while work is planned.

use super::super::super::diagnose::fixture::{at, finding};
use super::tests::drawn;
use super::*;
use crate::domain::alert::AlertEvent;
use crate::domain::diagnose::Diagnosed;
use crate::domain::memory::TargetMemory;
use proptest::prelude::*;
use std::time::Duration;

const OFFICE: Option<TargetId> = Some(TargetId(0));
const RULE: RuleId = RuleId("port-closed");

fn stands(severity: Severity) -> Diagnosed {
    Diagnosed { findings: vec![finding(RULE.0, severity, None)], ..Diagnosed::default() }
}

fn settings() -> AlertSettings {
    AlertSettings {
        for_: Duration::from_secs(3),
        keep_firing_for: Duration::from_secs(2),
        ..AlertSettings::default()
    }
}

fn book() -> AlertBook {
    AlertBook::new(settings())
}

/// What a run knows that begins at `start`, after one that saved then.
fn restarted(book: &AlertBook, start: Now) -> AlertBook {
    let alerts = book.remember(OFFICE, start);
    let mut later = self::book();
    later.recall(OFFICE, &TargetMemory { alerts, ..TargetMemory::default() }, start);
    later
}

/// One letter per second: `.` nothing stands, `w` a warning, `c` something critical; a capital
/// (`:` for `.`) while work is planned; `!` restarts and does nothing else. Draws what was told:
/// `F`, `R`, `-`.
fn told(seconds: &str) -> String {
    let mut book = book();
    let planned = |letter: char| letter.is_ascii_uppercase() || letter == ':';
    (0..)
        .zip(seconds.chars())
        .map(|(secs, letter)| {
            let now = at(secs);
            if letter == '!' {
                book = restarted(&book, now);
                return '-';
            }
            // The end of the work is known in advance.
            let rest: Vec<char> = seconds.chars().skip(usize::try_from(secs).unwrap()).collect();
            let lasts = rest.iter().take_while(|c| planned(**c) || **c == '!').count();
            let until = at(secs + u64::try_from(lasts).unwrap()).wall;
            book.hold(OFFICE, planned(letter).then_some(Hold::all(until)));
            let diagnosed = match letter.to_ascii_lowercase() {
                'w' => stands(Severity::Warning),
                'c' => stands(Severity::Critical),
                _ => Diagnosed::default(),
            };
            drawn(&book.apply(OFFICE, &diagnosed, now))
        })
        .collect()
}

#[test]
fn nobody_is_told_while_work_is_planned() {
    for (seconds, expected) in [
        // What stands at the end fires then, and not sooner than it would have.
        ("::CCCCcc", "------F-"),
        ("::WWWWWww", "-------F-"),
        ("::WWwwww", "-----F--"),
        // What came and went with it is nobody's business.
        ("::CC:::..", "---------"),
        // What fired before and is gone is over at the end.
        ("cC::::::..", "F-------R-"),
        ("cC::::CCcc...", "F-----------R"),
        // What fired before and got worse is told at the end.
        ("wwwwCCCcc", "---F---F-"),
        // A restart in the middle changes nothing.
        ("::CC!CCcc", "-------F-"),
        ("cC!CCcc", "F------"),
        ("cC!::::::::::..", "F--------------"),
        ("::CC!::..", "---------"),
    ] {
        assert_eq!(told(seconds), expected, "{seconds}");
    }
}

#[test]
fn what_is_held_back_is_pending_and_says_until_when() {
    let mut book = book();
    book.hold(OFFICE, Some(Hold::all(at(100).wall)));
    book.apply(OFFICE, &stands(Severity::Critical), at(1));
    let snapshot = book.snapshot(at(1));
    assert_eq!((snapshot.firing.len(), snapshot.pending.len()), (0, 1));
    assert_eq!(snapshot.pending[0].held_until, Some(at(100).wall));
    assert!(book.fires(), "a later run must know of it");
    assert_eq!(book.snapshot(at(100)).pending[0].held_until, None, "it ends by itself");
    assert_eq!(book.apply(OFFICE, &stands(Severity::Critical), at(100)).len(), 1);
}

#[test]
fn what_is_held_back_over_a_restart_is_not_taken_for_found_there() {
    let mut book = book();
    book.hold(OFFICE, Some(Hold::all(at(100).wall)));
    book.apply(OFFICE, &stands(Severity::Critical), at(1));
    let mut later = restarted(&book, at(50));
    let mut there = stands(Severity::Critical);
    there.findings[0].as_found = true;
    for (second, told) in [(51, 0), (60, 0), (100, 1), (101, 0)] {
        later.hold(OFFICE, Some(Hold::all(at(100).wall)));
        assert_eq!(later.apply(OFFICE, &there, at(second)).len(), told, "{second}");
    }
}

#[test]
fn one_rule_may_be_held_back_alone() {
    let mut book = book();
    book.hold(None, Some(Hold { until: at(9).wall, only: Some(RuleId("other")) }));
    assert_eq!(book.apply(None, &stands(Severity::Critical), at(0)).len(), 1);
    let mut book = self::book();
    book.hold(None, Some(Hold { until: at(9).wall, only: Some(RULE) }));
    assert_eq!(book.apply(None, &stands(Severity::Critical), at(0)), []);
}

#[test]
fn reminders_wait_for_the_end() {
    let every = AlertSettings { remind_every: Duration::from_mins(1), ..settings() };
    let mut book = AlertBook::new(every);
    book.apply(OFFICE, &stands(Severity::Critical), at(0));
    book.hold(OFFICE, Some(Hold::all(at(300).wall)));
    for second in 1..300 {
        assert_eq!(book.apply(OFFICE, &stands(Severity::Critical), at(second)), [], "{second}");
    }
    let told = book.apply(OFFICE, &stands(Severity::Critical), at(300));
    assert!(matches!(told.as_slice(), [AlertEvent::Reminded(_)]), "{told:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever comes and goes, with work planned and restarts in between: nothing is told while
    /// work is planned, it fires once unless it got worse, and it is over once after it fired.
    #[test]
    fn what_is_told_takes_turns(seconds in "[.wcWC:!hH]{1,160}") {
        let mut book = book();
        let mut firing: Option<Severity> = None;
        for (secs, letter) in (0..).zip(seconds.chars()) {
            let now = at(secs * 2);
            if letter == '!' {
                book = restarted(&book, now);
                continue;
            }
            let planned = letter.is_ascii_uppercase() || letter == ':';
            book.hold(OFFICE, planned.then_some(Hold::all(at(secs * 2 + 1).wall)));
            let diagnosed = match letter.to_ascii_lowercase() {
                'w' => stands(Severity::Warning),
                'c' => stands(Severity::Critical),
                'h' => Diagnosed { withheld: vec![RULE], ..Diagnosed::default() },
                _ => Diagnosed::default(),
            };
            for event in book.apply(OFFICE, &diagnosed, now) {
                prop_assert!(!planned, "{event:?}");
                match event {
                    AlertEvent::Fired(alert) => {
                        prop_assert!(firing.is_none_or(|before| before < alert.severity));
                        firing = Some(alert.severity);
                    }
                    AlertEvent::Resolved(..) => prop_assert!(firing.take().is_some()),
                    AlertEvent::Reminded(_) => prop_assert!(false, "no reminder was asked for"),
                }
            }
        }
        // At rest it is over.
        book.hold(OFFICE, None);
        let end = u64::try_from(seconds.len()).unwrap() * 2;
        for secs in (end..end + 1_500).step_by(5) {
            for event in book.apply(OFFICE, &Diagnosed::default(), at(secs)) {
                prop_assert!(matches!(event, AlertEvent::Resolved(..)) && firing.take().is_some());
            }
        }
        prop_assert_eq!(firing, None);
    }
}
