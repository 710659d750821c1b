//! What people say in one of two programs on one state, and what the other makes of it.

use super::{Access, Monitor};
use crate::domain::alert::{Alert, AlertSettings, RememberedAlert, Signature};
use crate::domain::finding::{RuleId, Severity};
use crate::domain::local::{EchoAccess, LocalState};
use crate::domain::memory::TargetMemory;
use crate::domain::said::{Acknowledged, Hearing, Said, Snoozed, Word};
use crate::domain::target::{Host, Target, TargetId};
use crate::domain::time::{MonoTime, Now, WallTime};
use std::time::Duration;

const ID: Option<TargetId> = Some(TargetId(0));
const RULE: RuleId = RuleId("port-closed");

fn at(secs: u64) -> Now {
    let wall = WallTime::from_unix_secs(86_400).plus(Duration::from_secs(secs));
    Now { mono: MonoTime::from_secs(secs), wall }
}

/// A host with an alert that fires since the beginning.
fn monitor(severity: Severity) -> Monitor {
    let access = Access { echo_v4: EchoAccess::Off, echo_v6: EchoAccess::Off, neighbours: false };
    let mut monitor = Monitor::new(access, LocalState::default(), AlertSettings::default(), at(0));
    let alert = RememberedAlert::firing("port 3389 is closed", severity, at(0).wall, at(0).wall);
    let memory =
        TargetMemory { alerts: [(RULE.0.to_owned(), alert)].into(), ..TargetMemory::default() };
    let host = Host::Address([192, 0, 2, 1].into(), None);
    monitor.add(Target::new(TargetId(0), "pc", host), memory, at(0));
    monitor
}

fn alert(monitor: &Monitor) -> Alert {
    let mut standing = monitor.alerts.standing(at(60));
    standing.find(|alert| alert.rule == RULE).expect("it stands")
}

fn acknowledged(secs: u64, who: &str, severity: Option<Severity>) -> Acknowledged {
    Acknowledged { at: at(secs).wall, signed: Signature::new(who, ""), severity }
}

fn word(before: Option<Acknowledged>, stands: Option<Acknowledged>) -> Word {
    Word::Acknowledgement(RULE, Said { before, stands })
}

#[test]
fn an_acknowledgement_elsewhere_stands_here_and_is_remembered_until_it_is_taken_back() {
    let mut monitor = monitor(Severity::Critical);
    let theirs = acknowledged(50, "ada\u{1b}", Some(Severity::Critical));
    let said = word(None, Some(theirs.clone()));
    assert_eq!(monitor.hear(ID, &said, at(60)), Hearing::Taken);
    assert_eq!(monitor.hear(ID, &said, at(60)), Hearing::Known);
    let stands = alert(&monitor);
    assert_eq!(stands.acknowledged, Some(at(50).wall));
    assert_eq!(stands.signed.who(), Some("ada\u{fffd}"), "what a file holds is escaped");
    let memory = monitor.remembered(ID, at(60));
    assert_eq!(memory.acknowledged.get(RULE.0), Some(&at(50).wall));
    assert_eq!(memory.alerts[RULE.0].attended, Some(Severity::Critical));
    let last = monitor.events.back().expect("it is logged");
    assert_eq!((last.target, &*last.text), (ID, "acknowledged on another dashboard: port-closed"));

    assert_eq!(monitor.hear(ID, &word(Some(theirs), None), at(61)), Hearing::Taken);
    assert_eq!(alert(&monitor).acknowledged, None);
    assert!(monitor.remembered(ID, at(61)).acknowledged.is_empty());
}

#[test]
fn what_was_said_here_since_is_not_taken_back_by_what_was_said_elsewhere() {
    let mut monitor = monitor(Severity::Critical);
    monitor.acknowledge(ID, RULE, Signature::new("bob", ""), at(55));
    let older = word(None, Some(acknowledged(50, "ada", None)));
    assert_eq!(monitor.hear(ID, &older, at(60)), Hearing::Overruled);
    assert_eq!(alert(&monitor).signed.who(), Some("bob"));
    // Of two acknowledgements the newer one stands.
    let newer = word(None, Some(acknowledged(57, "ada", None)));
    assert_eq!(monitor.hear(ID, &newer, at(60)), Hearing::Taken);
    assert_eq!(alert(&monitor).signed.who(), Some("ada"));

    monitor.snooze(ID, RULE, at(900).wall);
    let until = |secs| Some(Snoozed { until: at(secs).wall, severity: None });
    let said = |before, stands| Word::Snooze(RULE, Said { before, stands });
    assert_eq!(monitor.hear(ID, &said(None, until(500)), at(60)), Hearing::Overruled);
    assert_eq!(monitor.hear(ID, &said(until(900), None), at(60)), Hearing::Taken);
    assert_eq!(alert(&monitor).snoozed_until, None);
}

#[test]
fn nobody_saw_to_what_is_worse_here_or_began_since_or_is_not_there() {
    let mut monitor = monitor(Severity::Critical);
    let milder = word(None, Some(acknowledged(50, "ada", Some(Severity::Warning))));
    assert_eq!(monitor.hear(ID, &milder, at(60)), Hearing::NotYet);
    let before =
        Acknowledged { at: at(0).wall.minus(Duration::from_secs(91)), ..acknowledged(0, "", None) };
    assert_eq!(monitor.hear(ID, &word(None, Some(before)), at(60)), Hearing::NotYet);
    assert_eq!(alert(&monitor).acknowledged, None);
    let stands = Some(acknowledged(50, "ada", None));
    let other = Word::Acknowledgement(RuleId("nla-not-enforced"), Said { before: None, stands });
    assert_eq!(monitor.hear(ID, &other, at(60)), Hearing::NotYet);
    assert_eq!(monitor.hear(ID, &Word::Acceptance(RULE, at(50).wall), at(60)), Hearing::NotYet);
}

/// Somebody was quick: the next probe here saw it only after the acknowledgement there.
#[test]
fn what_is_acknowledged_elsewhere_before_it_is_seen_here_is_acknowledged() {
    let mut monitor = monitor(Severity::Critical);
    let quick = acknowledged(0, "ada", Some(Severity::Critical));
    let quick = Acknowledged { at: at(0).wall.minus(Duration::from_secs(30)), ..quick };
    assert_eq!(monitor.hear(ID, &word(None, Some(quick)), at(60)), Hearing::Taken);
    assert_eq!(alert(&monitor).signed.who(), Some("ada"));
}

#[test]
fn pins_and_planned_work_are_taken_over() {
    let mut monitor = monitor(Severity::Critical);
    assert_eq!(monitor.hear(ID, &Word::Pin(true), at(60)), Hearing::Taken);
    assert!(monitor.remembered(ID, at(60)).pinned);
    let work = |before, stands| Word::Maintenance(Said { before, stands });
    let until = Some(at(900).wall);
    assert_eq!(monitor.hear(ID, &work(None, until), at(60)), Hearing::Taken);
    assert_eq!(monitor.remembered(ID, at(60)).maintenance_until, until);
    assert_eq!(alert(&monitor).held_until, until);
    let log = |monitor: &Monitor| monitor.events.back().map(|event| event.text.clone());
    let told = "maintenance began, asked for on another dashboard";
    assert_eq!(log(&monitor).as_deref(), Some(told));
    // Prolonged here, ended there: what was said here is the newer word.
    assert!(monitor.maintain(&[TargetId(0)], Some(at(1_800).wall), at(61)));
    assert_eq!(monitor.hear(ID, &work(until, None), at(62)), Hearing::Overruled);
    assert_eq!(monitor.hear(None, &Word::Pin(true), at(62)), Hearing::Known);
}
