use super::super::super::diagnose::fixture::{at, finding};
use super::super::super::sink::{Notice, SinkEvent, SinkKind, SinkSpec};
use super::*;
use crate::domain::alert::{AlertEvent, RememberedAlert};
use crate::domain::diagnose::Diagnosed;
use crate::domain::memory::TargetMemory;
use crate::domain::rules::Unheard;
use std::time::Duration;

const OFFICE: Option<TargetId> = Some(TargetId(0));
const RULE: RuleId = RuleId("a");

fn stands(severity: Severity) -> Diagnosed {
    Diagnosed { findings: vec![finding("a", severity, None)], ..Diagnosed::default() }
}

fn as_found(id: &'static str) -> Finding {
    Finding { as_found: true, ..finding(id, Severity::Warning, None) }
}

/// What was told in one second: `F`, `R` or `-`.
pub(super) fn drawn(events: &[AlertEvent]) -> char {
    match events {
        [] => '-',
        [AlertEvent::Fired(_)] => 'F',
        [AlertEvent::Resolved(..)] => 'R',
        _ => '?',
    }
}

/// One letter per second: `.` nothing stands, `n` a notice, `w` a warning, `c` a critical
/// finding, `h` the finding is withheld, `f` a warning as found. Draws what was told in that
/// second: `F`, `R` or `-`.
fn told(seconds: &str) -> String {
    let mut book = AlertBook::new(AlertSettings {
        for_: Duration::from_secs(3),
        for_critical: Duration::ZERO,
        keep_firing_for: Duration::from_secs(2),
        ..AlertSettings::default()
    });
    (0..)
        .zip(seconds.chars())
        .map(|(secs, letter)| {
            let diagnosed = match letter {
                'n' => stands(Severity::Notice),
                'w' => stands(Severity::Warning),
                'c' => stands(Severity::Critical),
                'h' => Diagnosed { withheld: vec![RULE], ..Diagnosed::default() },
                'f' => Diagnosed { findings: vec![as_found("a")], ..Diagnosed::default() },
                _ => Diagnosed::default(),
            };
            drawn(&book.apply(OFFICE, &diagnosed, at(secs)))
        })
        .collect()
}

#[test]
fn what_wavers_between_two_severities_is_told_twice_at_most() {
    let mut book = AlertBook::default();
    let mut told = Vec::new();
    for second in 0..600 {
        let severity = if second % 7 < 3 { Severity::Critical } else { Severity::Warning };
        let severity = if second < 60 { Severity::Warning } else { severity };
        told.extend(book.apply(OFFICE, &stands(severity), at(second)));
    }
    let severities: Vec<Severity> = told.iter().map(|event| event.alert().severity).collect();
    assert_eq!(severities, [Severity::Warning, Severity::Critical]);
}

#[test]
fn the_life_of_an_alert() {
    for (seconds, expected) in [
        ("wwww....", "---F--R-"),
        ("ccc....", "F----R-"),
        ("ww.www.", "-------"),
        ("nnnnnnnn", "--------"),
        ("ffffffff", "--------"),
        ("c.c.c.c...", "F--------R"),
        ("wwwwnnn", "---F--R"),
        ("wwwwc", "---FF"),
        ("ccwwwwww", "F-------"),
        ("wwc", "--F"),
        ("wwhhhhhhww", "---------F"),
        ("wwhhhhhh..", "----------"),
        ("cchhhhhhhc", "F---------"),
        ("c.hhhhh...", "F-------R-"),
    ] {
        assert_eq!(told(seconds), expected, "{seconds}");
    }
}

#[test]
fn it_ended_when_the_finding_went_away() {
    let mut book = AlertBook::default();
    book.apply(OFFICE, &stands(Severity::Critical), at(0));
    book.apply(OFFICE, &Diagnosed::default(), at(10));
    let events = book.apply(OFFICE, &Diagnosed::default(), at(70));
    let [AlertEvent::Resolved(alert, ended)] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!((alert.rule, *ended), (RULE, at(10).wall));
    let snapshot = book.snapshot(at(70));
    assert!(snapshot.firing.is_empty());
    assert_eq!(snapshot.resolved, [(alert.clone(), at(10).wall)]);
}

#[test]
fn an_acknowledgement_lasts_until_it_is_over() {
    let mut book = AlertBook::default();
    let acknowledged =
        |book: &AlertBook| book.snapshot(at(0)).firing.first().map(|alert| alert.acknowledged);
    assert!(!book.acknowledge(OFFICE, RULE, Signature::default(), at(0)));
    book.apply(OFFICE, &stands(Severity::Critical), at(0));
    assert!(book.acknowledge(OFFICE, RULE, Signature::default(), at(1)));
    book.apply(OFFICE, &Diagnosed::default(), at(2));
    book.apply(OFFICE, &stands(Severity::Critical), at(3));
    assert_eq!(acknowledged(&book), Some(Some(at(1).wall)));
    assert!(book.unacknowledge(OFFICE, RULE));
    assert_eq!(acknowledged(&book), Some(None));
    book.acknowledge(OFFICE, RULE, Signature::default(), at(4));
    book.apply(OFFICE, &Diagnosed::default(), at(5));
    book.apply(OFFICE, &Diagnosed::default(), at(65));
    book.apply(OFFICE, &stands(Severity::Critical), at(66));
    assert_eq!(acknowledged(&book), Some(None));
}

#[test]
fn an_acknowledgement_of_an_earlier_run_holds_for_the_alert_that_comes_back() {
    let mut memory = TargetMemory::default();
    memory.acknowledged.insert("a".to_owned(), at(0).wall);
    let first = |at_secs| {
        let mut book = AlertBook::default();
        book.recall(OFFICE, &memory, at(0));
        book.apply(OFFICE, &stands(Severity::Critical), at(at_secs));
        book.snapshot(at(at_secs)).firing[0].acknowledged
    };
    assert_eq!(first(100), Some(at(0).wall));
    assert_eq!(first(3_600), None);
}

#[test]
fn a_stale_acknowledgement_is_not_inherited_by_a_later_alert_of_the_same_rule() {
    let mut memory = TargetMemory::default();
    memory.acknowledged.insert("a".to_owned(), at(50).wall);
    let mut book = AlertBook::default();
    book.recall(OFFICE, &memory, at(60));
    let acknowledged = |book: &AlertBook| book.snapshot(at(0)).firing[0].acknowledged;
    // It began after somebody saw the one before.
    let later = Finding { since: at(70).wall, ..finding("a", Severity::Critical, None) };
    book.apply(OFFICE, &Diagnosed { findings: vec![later], ..Diagnosed::default() }, at(80));
    assert_eq!(acknowledged(&book), None);

    // It came back and was over: the next one is another.
    let alert = RememberedAlert {
        told: Some(at(0).wall),
        acknowledged: Some(at(50).wall),
        ..RememberedAlert::firing(
            "port 3389 is closed",
            Severity::Critical,
            at(0).wall,
            at(55).wall,
        )
    };
    let mut memory = TargetMemory::default();
    memory.acknowledged.insert(KNOWN.0.to_owned(), at(50).wall);
    memory.alerts.insert(KNOWN.0.to_owned(), alert);
    let mut book = AlertBook::default();
    book.recall(OFFICE, &memory, at(60));
    book.apply(OFFICE, &closed(Severity::Critical), at(70));
    assert_eq!(acknowledged(&book), Some(at(50).wall));
    assert!(book.may_be_acknowledged(TargetId(0), KNOWN.0, at(70).mono));
    book.apply(OFFICE, &Diagnosed::default(), at(80));
    assert_eq!(book.apply(OFFICE, &Diagnosed::default(), at(140)).len(), 1);
    assert!(!book.may_be_acknowledged(TargetId(0), KNOWN.0, at(140).mono));
    book.apply(OFFICE, &closed(Severity::Critical), at(150));
    assert_eq!(acknowledged(&book), None);
}

#[test]
fn a_critical_sink_hears_the_end_of_an_alert_that_sank_to_a_warning() {
    let mut book = AlertBook::default();
    let sink = SinkSpec {
        name: "on-call".to_owned(),
        kind: SinkKind::Syslog,
        severity: Severity::Critical,
        groups: Vec::new(),
        events: vec![SinkEvent::Fired, SinkEvent::Resolved],
    };
    let mut heard = String::new();
    for second in 0..200 {
        let diagnosed = match second {
            0..10 => stands(Severity::Critical),
            10..60 => stands(Severity::Warning),
            _ => Diagnosed::default(),
        };
        let events = book.apply(OFFICE, &diagnosed, at(second));
        let wanted = events.into_iter().filter(|event| sink.wants(&Notice::of(event, None)));
        heard.extend(wanted.map(|event| drawn(&[event])));
    }
    assert_eq!(heard, "FR");
    let (over, _) = &book.snapshot(at(200)).resolved[0];
    assert_eq!(over.severity, Severity::Warning, "the list says how it was at last");
}

#[test]
fn a_snooze_ends_by_itself() {
    let mut book = AlertBook::default();
    book.apply(None, &stands(Severity::Critical), at(0));
    assert!(book.snooze(None, RULE, at(10).wall));
    assert_eq!(book.snapshot(at(9)).firing[0].snoozed_until, Some(at(10).wall));
    assert_eq!(book.snapshot(at(10)).firing[0].snoozed_until, None);
    book.snooze(None, RULE, at(99).wall);
    assert!(book.unsnooze(None, RULE));
    assert_eq!(book.snapshot(at(11)).firing[0].snoozed_until, None);
}

#[test]
fn targets_do_not_mix_and_a_forgotten_one_is_gone() {
    let mut book = AlertBook::default();
    for id in 0..3 {
        book.apply(Some(TargetId(id)), &stands(Severity::Critical), at(0));
    }
    book.apply(None, &stands(Severity::Warning), at(0));
    book.apply(Some(TargetId(1)), &Diagnosed::default(), at(1));
    let events = book.apply(Some(TargetId(1)), &Diagnosed::default(), at(61));
    assert_eq!(events.len(), 1);
    let over = book.forget(TargetId(2), at(61).wall);
    let [AlertEvent::Resolved(alert, ended)] = over.as_slice() else { panic!("{over:?}") };
    assert_eq!(*ended, at(61).wall);
    assert!(alert.title.ends_with(" (no longer watched)"), "{}", alert.title);
    assert_eq!(book.forget(TargetId(2), at(61).wall), [], "only once");
    let snapshot = book.snapshot(at(61));
    let of = |alerts: &[Alert]| alerts.iter().map(|alert| alert.target).collect::<Vec<_>>();
    assert_eq!(of(&snapshot.firing), [OFFICE]);
    assert_eq!(of(&snapshot.pending), [None]);
}

#[test]
fn worst_and_newest_first() {
    let mut book =
        AlertBook::new(AlertSettings { for_: Duration::ZERO, ..AlertSettings::default() });
    let mut old = finding("old", Severity::Critical, None);
    old.since = at(0).wall;
    let mut new = finding("new", Severity::Critical, None);
    new.since = at(5).wall;
    let findings = vec![finding("warn", Severity::Warning, None), old, new];
    book.apply(OFFICE, &Diagnosed { findings, ..Diagnosed::default() }, at(9));
    let rules: Vec<_> = book.snapshot(at(9)).firing.iter().map(|alert| alert.rule.0).collect();
    assert_eq!(rules, ["new", "old", "warn"]);
}

#[test]
fn what_is_over_is_bounded() {
    let mut book = AlertBook::new(AlertSettings {
        keep_firing_for: Duration::ZERO,
        ..AlertSettings::default()
    });
    for secs in 0..300 {
        book.apply(OFFICE, &stands(Severity::Critical), at(2 * secs));
        book.apply(OFFICE, &Diagnosed::default(), at(2 * secs + 1));
    }
    let resolved = book.snapshot(at(600)).resolved;
    assert_eq!(resolved.len(), RESOLVED);
    assert_eq!(resolved[0].1, at(599).wall);
}

#[test]
fn what_was_found_is_counted_until_accepted() {
    let mut book = AlertBook::default();
    let found = Diagnosed { findings: vec![as_found("a"), as_found("b")], ..Diagnosed::default() };
    book.apply(OFFICE, &found, at(0));
    assert_eq!(book.snapshot(at(0)).as_found.len(), 2);
    assert!(book.accept(OFFICE, RULE, at(0).wall));
    assert!(!book.accept(OFFICE, RULE, at(0).wall), "once");
    assert_eq!(book.snapshot(at(0)).as_found.len(), 1);
    let withheld = Diagnosed { withheld: vec![RuleId("b")], ..Diagnosed::default() };
    book.apply(OFFICE, &withheld, at(1));
    assert_eq!(book.snapshot(at(1)).as_found.len(), 1);
    book.apply(OFFICE, &Diagnosed::default(), at(2));
    assert_eq!(book.snapshot(at(2)).as_found.len(), 0);
}

#[test]
fn an_acceptance_ends_when_its_finding_was_measured_to_be_gone_for_a_day() {
    let rule = crate::domain::rules::RULES[0].card().id;
    let clear = |since: u64, last: u64| AcceptedLook::Clear {
        since: at(since * 3_600).wall,
        last: at(last * 3_600).wall,
    };
    let accepted = BTreeMap::from([(rule.0.to_owned(), at(0).wall)]);
    let memory = TargetMemory { accepted, ..TargetMemory::default() };
    let mut book = AlertBook::default();
    book.recall(OFFICE, &memory, at(0));
    for look in [clear(1, 20), AcceptedLook::Stands, clear(21, 44), AcceptedLook::Unknown] {
        assert_eq!(book.outlive_accepted(OFFICE, |_| look), []);
    }
    assert_eq!(book.outlive_accepted(None, |_| clear(0, 99)), [], "another's");
    // A later run, which saw nothing of it before.
    let memory = TargetMemory { accepted_clear: book.accepted_clear(OFFICE), ..memory };
    let mut later = AlertBook::default();
    later.recall(OFFICE, &memory, at(0));
    assert_eq!(later.outlive_accepted(OFFICE, |_| AcceptedLook::Unknown), []);
    assert_eq!(later.outlive_accepted(OFFICE, |_| clear(45, 45)), [rule]);
    assert_eq!(later.accepted(OFFICE), BTreeMap::new());
    assert_eq!(later.accepted_clear(OFFICE), BTreeMap::new());
}

#[test]
fn what_was_accepted_is_not_listed_in_a_later_run_nor_of_this_machine() {
    for target in [OFFICE, None] {
        let mut book = AlertBook::default();
        let found =
            Diagnosed { findings: vec![as_found("a"), as_found("b")], ..Diagnosed::default() };
        book.apply(target, &found, at(0));
        assert!(book.accept(target, RULE, at(5).wall));
        assert!(!book.accept(target, RuleId("c"), at(5).wall), "nobody listed it");
        let accepted = book.accepted(target);
        assert_eq!(accepted, BTreeMap::from([("a".to_owned(), at(5).wall)]));
        let mut later = AlertBook::default();
        later.recall(target, &TargetMemory { accepted, ..TargetMemory::default() }, at(10));
        later.apply(target, &found, at(10));
        let listed: Vec<RuleId> =
            later.snapshot(at(10)).as_found.iter().map(|one| one.rule).collect();
        assert_eq!(listed, [RuleId("b")]);
    }
}

#[test]
fn what_is_over_is_known_to_a_later_run_in_its_order_and_bounded() {
    let mut book = AlertBook::default();
    for id in 0..3 {
        let whose = Some(TargetId(id));
        book.apply(whose, &closed(Severity::Critical), at(10 * u64::from(id)));
        book.acknowledge(whose, KNOWN, Signature::new("ada", "seen"), at(20));
    }
    for id in [2, 0, 1] {
        let whose = Some(TargetId(id));
        book.apply(whose, &Diagnosed::default(), at(100 - u64::from(id)));
        book.apply(whose, &Diagnosed::default(), at(200));
    }
    let before = book.snapshot(at(200)).resolved;
    let of = |book: &AlertBook, id| TargetMemory {
        resolved: book.remember_resolved(Some(TargetId(id))),
        ..TargetMemory::default()
    };
    let mut later = AlertBook::default();
    for id in 0..3 {
        later.recall(Some(TargetId(id)), &of(&book, id), at(300));
    }
    let after = later.snapshot(at(300)).resolved;
    assert_eq!(after.len(), 3);
    assert!(after.iter().all(|past| before.contains(past)), "{after:?}");
    assert!(after.is_sorted_by_key(|(_, ended)| Reverse(*ended)), "the newest first");

    let mut many = of(&book, 0);
    many.resolved = many.resolved.iter().cycle().take(RESOLVED * 2).cloned().collect();
    many.resolved[0].rule = "of-another-version".to_owned();
    let mut bounded = AlertBook::default();
    bounded.recall(OFFICE, &many, at(300));
    assert_eq!(bounded.snapshot(at(300)).resolved.len(), RESOLVED);
}

const KNOWN: RuleId = RuleId("port-closed");

fn closed(severity: Severity) -> Diagnosed {
    Diagnosed { findings: vec![finding("port-closed", severity, None)], ..Diagnosed::default() }
}

/// What a run that begins at `start` knows of one that saved at `saved`.
fn restarted(book: &AlertBook, saved: Now, start: Now) -> AlertBook {
    let alerts = book.remember(OFFICE, saved);
    let mut later = AlertBook::default();
    later.recall(OFFICE, &TargetMemory { alerts, ..TargetMemory::default() }, start);
    later
}

#[test]
fn a_restart_tells_nobody_again_and_keeps_everything() {
    let mut book = AlertBook::default();
    assert_eq!(book.apply(OFFICE, &closed(Severity::Critical), at(0)).len(), 1);
    book.acknowledge(OFFICE, KNOWN, Signature::new("ada", "parts ordered"), at(1));
    book.snooze(OFFICE, KNOWN, at(500).wall);
    let before = book.snapshot(at(9)).firing;
    let mut later = restarted(&book, at(10), at(20));
    let recalled = later.snapshot(at(20));
    assert_eq!((recalled.firing.len(), recalled.pending.len()), (0, 1));
    assert_eq!(recalled.pending[0].state, AlertState::Recalled);
    // Nothing is measured yet, then it is.
    assert_eq!(later.apply(OFFICE, &Diagnosed::default(), at(20)), []);
    assert_eq!(later.apply(OFFICE, &closed(Severity::Critical), at(30)), []);
    assert_eq!(later.snapshot(at(30)).firing, before);
    assert_eq!(before[0].signed, Signature::new("ada", "parts ordered"));
    let over = later.apply(OFFICE, &Diagnosed::default(), at(40));
    assert_eq!(over, []);
    let over = later.apply(OFFICE, &Diagnosed::default(), at(100));
    assert!(matches!(over.as_slice(), [AlertEvent::Resolved(..)]), "{over:?}");
}

#[test]
fn what_got_worse_across_a_restart_is_told() {
    let mut book = AlertBook::default();
    book.apply(OFFICE, &closed(Severity::Warning), at(0));
    book.apply(OFFICE, &closed(Severity::Warning), at(30));
    let mut later = restarted(&book, at(31), at(60));
    let told = later.apply(OFFICE, &closed(Severity::Critical), at(70));
    assert!(matches!(told.as_slice(), [AlertEvent::Fired(_)]), "{told:?}");
}

/// A warning that was critical once, long ago, when the program is started anew.
fn calmed_and_restarted(acknowledged: bool) -> AlertBook {
    let mut book = AlertBook::default();
    assert_eq!(drawn(&book.apply(OFFICE, &closed(Severity::Critical), at(0))), 'F');
    book.apply(OFFICE, &closed(Severity::Warning), at(10));
    assert_eq!(book.apply(OFFICE, &closed(Severity::Warning), at(7_200)), []);
    if acknowledged {
        book.acknowledge(OFFICE, KNOWN, Signature::default(), at(7_200));
    }
    let mut later = restarted(&book, at(7_200), at(7_210));
    assert_eq!(later.apply(OFFICE, &closed(Severity::Warning), at(7_220)), []);
    later
}

#[test]
fn what_gets_critical_again_after_a_restart_is_told() {
    let mut book = calmed_and_restarted(false);
    assert_eq!(drawn(&book.apply(OFFICE, &closed(Severity::Critical), at(7_260))), 'F');
    let mut book = calmed_and_restarted(false);
    assert_eq!(book.apply(OFFICE, &Diagnosed::default(), at(7_230)), []);
    let over = book.apply(OFFICE, &Diagnosed::default(), at(7_330));
    let [AlertEvent::Resolved(over, _)] = over.as_slice() else { panic!("{over:?}") };
    assert_eq!(over.severity, Severity::Critical, "who is told only of what is critical hears it");
}

#[test]
fn an_acknowledged_warning_that_gets_critical_after_a_restart_is_told() {
    let mut book = calmed_and_restarted(true);
    let acknowledged = |book: &AlertBook| book.snapshot(at(0)).firing[0].acknowledged.is_some();
    assert!(acknowledged(&book));
    assert_eq!(drawn(&book.apply(OFFICE, &closed(Severity::Critical), at(7_260))), 'F');
    assert!(!acknowledged(&book));
}

#[test]
fn what_was_acknowledged_before_it_fired_and_gets_worse_after_a_restart_is_told() {
    let mut memory = TargetMemory::default();
    memory.acknowledged.insert("a".to_owned(), at(0).wall);
    let mut book = AlertBook::default();
    book.recall(OFFICE, &memory, at(10));
    book.apply(OFFICE, &stands(Severity::Warning), at(20));
    assert_eq!(drawn(&book.apply(OFFICE, &stands(Severity::Warning), at(50))), 'F');
    assert!(book.snapshot(at(50)).firing[0].acknowledged.is_some());
    assert_eq!(drawn(&book.apply(OFFICE, &stands(Severity::Critical), at(60))), 'F');
    assert_eq!(book.snapshot(at(60)).firing[0].acknowledged, None);
}

#[test]
fn what_an_older_version_saved_is_as_bad_as_it_was_at_its_worst() {
    let mut book = AlertBook::default();
    book.apply(OFFICE, &closed(Severity::Critical), at(0));
    book.acknowledge(OFFICE, KNOWN, Signature::default(), at(1));
    let mut alert = serde_json::to_value(&book.remember(OFFICE, at(2))[KNOWN.0]).expect("JSON");
    let fields = alert.as_object_mut().expect("an object");
    assert!(fields.remove("worst").is_some() && fields.remove("attended").is_some());
    let alert: RememberedAlert = serde_json::from_value(alert).expect("it reads");
    let alerts = BTreeMap::from([(KNOWN.0.to_owned(), alert)]);
    let mut later = AlertBook::default();
    later.recall(OFFICE, &TargetMemory { alerts, ..TargetMemory::default() }, at(10));
    assert_eq!(later.apply(OFFICE, &closed(Severity::Critical), at(20)), []);
    assert!(later.snapshot(at(20)).firing[0].acknowledged.is_some());
}

#[test]
fn what_fired_before_a_restart_fires_on_although_the_new_run_found_it_there() {
    let mut book = AlertBook::default();
    book.apply(OFFICE, &closed(Severity::Critical), at(0));
    let mut book = restarted(&book, at(60), at(120));
    let there = |severity| {
        let found = Finding { as_found: true, ..finding("port-closed", severity, None) };
        Diagnosed { findings: vec![found], ..Diagnosed::default() }
    };
    for second in 121..2_000 {
        let told = book.apply(OFFICE, &there(Severity::Critical), at(second));
        assert_eq!(told, [], "{second}");
    }
    let snapshot = book.snapshot(at(2_000));
    assert_eq!((snapshot.firing.len(), snapshot.resolved.len()), (1, 0));
    assert_eq!(snapshot.as_found.len(), 0, "what fires is not to be accepted on the side");

    // It is over once, when it is, and what is found afterwards is an alert of its own.
    let mut told = Vec::new();
    for second in 2_000..2_120 {
        told.extend(book.apply(OFFICE, &Diagnosed::default(), at(second)));
    }
    assert!(matches!(told.as_slice(), [AlertEvent::Resolved(..)]), "{told:?}");
    assert_eq!(book.apply(OFFICE, &there(Severity::Critical), at(2_120)), []);
    assert_eq!(book.snapshot(at(2_120)).as_found.len(), 1);
}

#[test]
fn what_does_not_come_back_after_a_restart_is_over_since_its_start() {
    let mut book = AlertBook::default();
    book.apply(OFFICE, &closed(Severity::Critical), at(0));
    let mut later = restarted(&book, at(1), at(100));
    assert_eq!(later.apply(OFFICE, &Diagnosed::default(), at(101)), []);
    assert_eq!(later.apply(OFFICE, &Diagnosed::default(), at(600)), []);
    let over = later.apply(OFFICE, &Diagnosed::default(), at(701));
    let [AlertEvent::Resolved(_, ended)] = over.as_slice() else { panic!("{over:?}") };
    assert_eq!(*ended, at(101).wall);
    assert_eq!(later.remember(OFFICE, at(702)), BTreeMap::new());
}

/// Started offline, or the host is off: that says nothing of a certificate.
#[test]
fn what_fired_before_a_restart_is_not_over_before_this_run_has_a_word_on_it() {
    let mut book = AlertBook::default();
    book.apply(OFFICE, &closed(Severity::Critical), at(0));
    let mut later = restarted(&book, at(1), at(100));
    let awaited = Diagnosed { awaited: vec![KNOWN], ..Diagnosed::default() };
    for second in (100..40_000).step_by(60) {
        assert_eq!(later.apply(OFFICE, &awaited, at(second)), [], "{second}");
    }
    let pending = later.snapshot(at(40_000)).pending;
    assert_eq!(pending[0].state, AlertState::Recalled);
    // What was not seen in this run is as old for the next one as it was for this.
    assert_eq!(later.remember(OFFICE, at(40_000))[KNOWN.0].seen, at(1).wall);

    assert_eq!(later.apply(OFFICE, &Diagnosed::default(), at(40_000)), []);
    let over = later.apply(OFFICE, &Diagnosed::default(), at(40_600));
    assert!(matches!(over.as_slice(), [AlertEvent::Resolved(..)]), "{over:?}");
}

#[test]
fn an_alert_of_long_ago_and_one_of_an_unknown_rule_are_not_recalled() {
    let mut book = AlertBook::default();
    book.apply(OFFICE, &closed(Severity::Critical), at(0));
    book.apply(OFFICE, &stands(Severity::Critical), at(0));
    let tomorrow = at(25 * 3_600);
    assert!(!restarted(&book, at(1), tomorrow).fires());
    book.apply(OFFICE, &stands(Severity::Critical), at(0));
    assert!(!restarted(&book, at(1), at(2)).entries.contains_key(&(OFFICE, RULE)));
}

#[test]
fn what_still_fires_is_told_again_until_somebody_has_seen_it() {
    let mut book = AlertBook::new(AlertSettings {
        remind_every: Duration::from_mins(1),
        ..AlertSettings::default()
    });
    let told = |book: &mut AlertBook, secs| {
        let events = book.apply(OFFICE, &closed(Severity::Critical), at(secs));
        let letter = |event: &AlertEvent| match event {
            AlertEvent::Reminded(_) => 'r',
            _ => 'F',
        };
        events.iter().map(letter).collect::<String>()
    };
    assert_eq!(told(&mut book, 0), "F");
    assert_eq!(told(&mut book, 59), "");
    assert_eq!(told(&mut book, 60), "r");
    assert_eq!(told(&mut book, 61), "");
    // A finding that is gone is no reason to remind.
    assert_eq!(book.apply(OFFICE, &Diagnosed::default(), at(119)), []);
    assert_eq!(book.apply(OFFICE, &Diagnosed::default(), at(125)), []);
    assert_eq!(told(&mut book, 130), "r");
    book.acknowledge(OFFICE, KNOWN, Signature::default(), at(131));
    assert_eq!(told(&mut book, 500), "");
}

#[test]
fn a_reminder_is_not_early_after_a_restart() {
    let every = AlertSettings { remind_every: Duration::from_mins(1), ..<_>::default() };
    let mut book = AlertBook::new(every);
    book.apply(OFFICE, &closed(Severity::Critical), at(0));
    let mut later = restarted(&book, at(1), at(30));
    later.settle(TargetId(0), every);
    assert_eq!(later.apply(OFFICE, &closed(Severity::Critical), at(59)), []);
    assert_eq!(later.apply(OFFICE, &closed(Severity::Critical), at(60)).len(), 1);
}

#[test]
fn nobody_is_told_while_it_is_snoozed_and_afterwards_only_what_still_fires() {
    let start = |book: &mut AlertBook| {
        assert_eq!(book.apply(OFFICE, &closed(Severity::Warning), at(0)), []);
        assert!(book.snooze(OFFICE, KNOWN, at(100).wall));
        assert_eq!(book.apply(OFFICE, &closed(Severity::Warning), at(40)), []);
        assert_eq!(book.snapshot(at(40)).firing.len(), 1, "the screen shows it");
    };
    let mut book = AlertBook::default();
    start(&mut book);
    assert_eq!(book.apply(OFFICE, &closed(Severity::Warning), at(99)), []);
    assert_eq!(book.apply(OFFICE, &closed(Severity::Warning), at(100)).len(), 1);
    let mut book = AlertBook::default();
    start(&mut book);
    assert_eq!(book.apply(OFFICE, &Diagnosed::default(), at(41)), []);
    assert_eq!(book.apply(OFFICE, &Diagnosed::default(), at(101)), [], "nobody heard of it");
    assert_eq!(book.snapshot(at(101)).resolved.len(), 1);
}

#[test]
fn flapping_is_one_alert_that_says_how_often_it_came_back() {
    let mut book = AlertBook::default();
    let mut told = 0;
    // Gone for 90 s and back for 30 s, for two hours: longer than `keep_firing_for`.
    for minute in 0..60 {
        let start = minute * 120;
        told += book.apply(OFFICE, &closed(Severity::Critical), at(start)).len();
        for secs in (30..120).step_by(10) {
            told += book.apply(OFFICE, &Diagnosed::default(), at(start + secs)).len();
        }
    }
    // Fired and over four times, then fired once and for all.
    assert_eq!(told, 9);
    let firing = book.snapshot(at(7_200)).firing;
    assert_eq!(firing[0].returns, 59);
    // It is over at last, and after an hour of peace it is an alert like any other.
    book.apply(OFFICE, &Diagnosed::default(), at(8_000));
    assert!(book.snapshot(at(8_000)).firing.is_empty());
    book.apply(OFFICE, &closed(Severity::Critical), at(12_000));
    assert_eq!(book.snapshot(at(12_000)).firing[0].returns, 0);
}

#[test]
fn a_target_may_have_settings_of_its_own() {
    let mut book = AlertBook::default();
    let patient = AlertSettings { for_: Duration::from_mins(5), ..AlertSettings::default() };
    book.settle(TargetId(1), patient);
    for target in [OFFICE, Some(TargetId(1))] {
        book.apply(target, &stands(Severity::Warning), at(0));
    }
    assert_eq!(book.apply(OFFICE, &stands(Severity::Warning), at(30)).len(), 1);
    assert_eq!(book.apply(Some(TargetId(1)), &stands(Severity::Warning), at(299)), []);
    assert_eq!(book.apply(Some(TargetId(1)), &stands(Severity::Warning), at(300)).len(), 1);
}

#[test]
fn a_state_that_contradicts_the_held_one_ends_it_at_once() {
    let mut book = AlertBook::default();
    let one = |id, severity| Diagnosed {
        findings: vec![finding(id, severity, None)],
        ..Diagnosed::default()
    };
    assert_eq!(drawn(&book.apply(OFFICE, &closed(Severity::Critical), at(0))), 'F');
    let told = book.apply(OFFICE, &one("rdp-silent", Severity::Critical), at(10));
    assert!(
        matches!(told.as_slice(), [AlertEvent::Fired(new), AlertEvent::Resolved(old, _)]
            if new.rule.0 == "rdp-silent" && old.rule == KNOWN),
        "{told:?}"
    );
    assert_eq!(book.snapshot(at(10)).firing.len(), 1);
    // What is about something else does not, and nor does what only waits to fire.
    let mut book = AlertBook::default();
    book.apply(OFFICE, &closed(Severity::Critical), at(0));
    let told = book.apply(OFFICE, &one("certificate-expired", Severity::Critical), at(10));
    assert_eq!(drawn(&told), 'F');
    assert_eq!(drawn(&book.apply(OFFICE, &one("rdp-silent", Severity::Warning), at(11))), '-');
    assert!(book.snapshot(at(11)).firing.iter().any(|alert| alert.rule == KNOWN));
}

/// A service that crashes and comes back half: it told two alerts every two minutes, for ever.
#[test]
fn states_that_go_to_and_fro_are_told_ever_less() {
    let mut book = AlertBook::default();
    let mut told = 0;
    for second in 0..7_200 {
        let id = if (second / 120) % 2 == 0 { KNOWN.0 } else { "rdp-silent" };
        let found = Diagnosed {
            findings: vec![finding(id, Severity::Critical, None)],
            ..Diagnosed::default()
        };
        told += book.apply(OFFICE, &found, at(second)).len();
        if second == 240 {
            assert_eq!(told, 5, "at first each ends the other at once");
            assert_eq!(book.snapshot(at(second)).firing.len(), 1);
        }
    }
    assert!(told <= 24, "{told} notices in two hours");
    assert_eq!(book.snapshot(at(7_200)).firing.len(), 2);
}

/// `--no-deep`: nothing of this run will ever speak of a certificate.
#[test]
fn what_is_never_measured_again_is_over_after_a_day() {
    let mut book = AlertBook::default();
    book.apply(OFFICE, &closed(Severity::Critical), at(0));
    let mut later = restarted(&book, at(1), at(100));
    let awaited = Diagnosed { awaited: vec![KNOWN], ..Diagnosed::default() };
    let day = 24 * 3_600;
    assert_eq!(later.apply(OFFICE, &awaited, at(99 + day)), []);
    let over = later.apply(OFFICE, &awaited, at(100 + day));
    let [AlertEvent::Resolved(alert, ended)] = over.as_slice() else { panic!("{over:?}") };
    assert!(alert.title.ends_with("(not measured for a day)"), "{}", alert.title);
    assert_eq!(*ended, at(1).wall, "when it was last known to stand");
    assert!(!later.fires());
    assert_eq!(later.snapshot(at(100 + day)).resolved.len(), 1);
}

/// Whoever was told that it began had an open incident for ever after a long weekend.
#[test]
fn what_is_too_old_to_be_recalled_is_told_to_be_over() {
    let mut book = AlertBook::default();
    book.apply(OFFICE, &closed(Severity::Critical), at(0));
    let start = 60 * 3_600;
    let mut later = restarted(&book, at(1), at(start));
    assert_eq!(later.apply(Some(TargetId(7)), &Diagnosed::default(), at(start)), []);
    let told = later.apply(OFFICE, &closed(Severity::Critical), at(start));
    let [AlertEvent::Resolved(old, ended), AlertEvent::Fired(new)] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!((old.rule, *ended, new.rule), (KNOWN, at(1).wall, KNOWN));
    assert_eq!(later.apply(OFFICE, &closed(Severity::Critical), at(start + 1)), []);
}

/// Acknowledged or snoozed as a warning, it was critical for hours and nobody heard of it.
#[test]
fn who_has_seen_to_a_warning_has_not_seen_to_what_becomes_critical() {
    let settings = AlertSettings { for_: Duration::ZERO, ..AlertSettings::default() };
    for snoozed in [false, true] {
        let mut book = AlertBook::new(settings);
        assert_eq!(drawn(&book.apply(OFFICE, &stands(Severity::Warning), at(0))), 'F');
        if snoozed {
            book.snooze(OFFICE, RULE, at(30_000).wall);
        } else {
            book.acknowledge(OFFICE, RULE, Signature::new("ada", "known"), at(1));
        }
        assert_eq!(drawn(&book.apply(OFFICE, &stands(Severity::Warning), at(100))), '-');
        assert_eq!(drawn(&book.apply(OFFICE, &stands(Severity::Critical), at(101))), 'F');
        let alert = book.snapshot(at(101)).firing.remove(0);
        assert_eq!((alert.acknowledged, alert.snoozed_until), (None, None));
        assert_eq!(alert.signed, Signature::default());
        // Who has seen the critical state has seen its milder ones.
        book.acknowledge(OFFICE, RULE, Signature::new("ada", "known"), at(102));
        for (secs, severity) in [(103, Severity::Warning), (104, Severity::Critical)] {
            assert_eq!(drawn(&book.apply(OFFICE, &stands(severity), at(secs))), '-');
        }
        assert!(book.snapshot(at(104)).firing[0].acknowledged.is_some());
    }
}

#[test]
fn what_gets_worse_again_hours_later_is_told_again_and_ends_as_bad_as_it_was() {
    let settings = AlertSettings { for_: Duration::ZERO, ..AlertSettings::default() };
    let mut book = AlertBook::new(settings);
    let mut told = String::new();
    for second in 0..8_000 {
        let severity = match second {
            0..60 | 4_000..4_100 => Severity::Critical,
            _ => Severity::Warning,
        };
        let events = book.apply(OFFICE, &stands(severity), at(second));
        told.extend(events.iter().map(|event| drawn(std::slice::from_ref(event))));
    }
    assert_eq!(told, "FF");
    book.apply(OFFICE, &Diagnosed::default(), at(8_000));
    let over = book.apply(OFFICE, &Diagnosed::default(), at(9_000));
    let [AlertEvent::Resolved(alert, _)] = over.as_slice() else { panic!("{over:?}") };
    assert_eq!(alert.severity, Severity::Critical, "who heard only the worst hears the end");
}

/// A second site that broke within a minute of the first one's recovery was told to nobody.
#[test]
fn another_fault_in_place_of_one_that_is_over_is_an_alert_of_its_own() {
    let fault = |number, since| {
        let since = at(since).wall;
        let finding = Finding { faults: number, since, ..finding("a", Severity::Critical, None) };
        Diagnosed { findings: vec![finding], ..Diagnosed::default() }
    };
    let mut book = AlertBook::default();
    assert_eq!(drawn(&book.apply(OFFICE, &fault(1, 0), at(0))), 'F');
    book.acknowledge(OFFICE, RULE, Signature::new("ada", "power cut"), at(1));
    assert_eq!(book.apply(OFFICE, &Diagnosed::default(), at(100)), []);
    let told = book.apply(OFFICE, &fault(2, 120), at(125));
    let [AlertEvent::Resolved(old, ended), AlertEvent::Fired(new)] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!((old.since, *ended), (finding("a", Severity::Critical, None).since, at(100).wall));
    assert_eq!((new.since, new.acknowledged), (at(120).wall, None));
    // The same one that only wavers is not.
    assert_eq!(book.apply(OFFICE, &Diagnosed::default(), at(130)), []);
    assert_eq!(book.apply(OFFICE, &fault(2, 120), at(140)), []);
}

#[test]
fn a_reminder_is_due_again_when_a_clock_that_was_ahead_is_put_right() {
    let hour = Duration::from_hours(1);
    let mut book = AlertBook::new(AlertSettings { remind_every: hour, ..<_>::default() });
    let ahead = Now { wall: at(0).wall.plus(Duration::from_hours(24 * 365)), ..at(0) };
    assert_eq!(drawn(&book.apply(OFFICE, &stands(Severity::Critical), ahead)), 'F');
    let told = book.apply(OFFICE, &stands(Severity::Critical), at(10));
    assert!(matches!(&told[..], [AlertEvent::Reminded(_)]), "{told:?}");
    assert_eq!(book.apply(OFFICE, &stands(Severity::Critical), at(3_600)), []);
    let told = book.apply(OFFICE, &stands(Severity::Critical), at(3_611));
    assert!(matches!(&told[..], [AlertEvent::Reminded(_)]), "{told:?}");
}

/// What a full line explained was called "not measured any more", and was measured all the while.
#[test]
fn what_is_told_with_its_cause_names_it_when_its_own_alert_is_over() {
    const SLOW: RuleId = RuleId("high-latency");
    let slow = finding("high-latency", Severity::Critical, None);
    let stands = Diagnosed { findings: vec![slow], ..Diagnosed::default() };
    let by = |told_by| Diagnosed { withheld: vec![SLOW], told_by, ..Diagnosed::default() };
    for (withheld, why) in [
        (by(vec![(SLOW, RuleId("link-saturated"))]), "told as line full now"),
        (by(Vec::new()), "not measured any more"),
    ] {
        let mut book = AlertBook::default();
        assert_eq!(drawn(&book.apply(OFFICE, &stands, at(0))), 'F');
        assert_eq!(book.apply(OFFICE, &withheld, at(10)), []);
        let over = book.apply(OFFICE, &withheld, at(400));
        let [AlertEvent::Resolved(alert, _)] = over.as_slice() else { panic!("{over:?}") };
        assert!(alert.title.ends_with(&format!("({why})")), "{}", alert.title);
    }
}

/// The end of a broken path was told with the number of hosts that came back last.
#[test]
fn what_is_over_is_called_by_what_it_was_at_its_worst() {
    let of = |title: &str, over: &str| {
        let (title, title_over) = (title.to_owned(), Some(over.to_owned()));
        let finding = Finding { title, title_over, ..finding("a", Severity::Critical, None) };
        Diagnosed { findings: vec![finding], ..Diagnosed::default() }
    };
    let mut book = AlertBook::default();
    book.apply(OFFICE, &of("down: 12 of 12", "down: 12 of 12"), at(0));
    book.apply(OFFICE, &of("down: 1 of 12", "down: 12 of 12"), at(60));
    book.apply(OFFICE, &Diagnosed::default(), at(70));
    let over = book.apply(OFFICE, &Diagnosed::default(), at(700));
    let [AlertEvent::Resolved(alert, _)] = over.as_slice() else { panic!("{over:?}") };
    assert_eq!(alert.title, "down: 12 of 12");
}

/// Three that were acknowledged were told again whenever a neighbour fell asleep and woke.
#[test]
fn what_joins_others_ends_its_own_alert_unless_somebody_saw_to_it() {
    const CLOSED: RuleId = RuleId("port-closed");
    let closed = finding("port-closed", Severity::Critical, None);
    let stands = Diagnosed { findings: vec![closed], ..Diagnosed::default() };
    let joins = |joined| Diagnosed {
        withheld: vec![CLOSED],
        told_by: vec![(CLOSED, RuleId("service-failure"))],
        joined,
        ..Diagnosed::default()
    };
    for attended in [false, true] {
        let mut book = AlertBook::default();
        assert_eq!(drawn(&book.apply(OFFICE, &stands, at(0))), 'F');
        if attended {
            assert!(book.acknowledge(OFFICE, CLOSED, Signature::default(), at(5)));
        }
        assert_eq!(book.apply(OFFICE, &joins(Vec::new()), at(10)), [], "no alert tells of it");
        let over = book.apply(OFFICE, &joins(vec![CLOSED]), at(20));
        assert_eq!(over.len(), usize::from(!attended), "{over:?}");
        book.apply(OFFICE, &stands, at(100));
        let alert = book.standing(at(100)).find(|alert| alert.rule == CLOSED).expect("it");
        assert_eq!((alert.acknowledged.is_some(), alert.returns), (attended, u32::from(!attended)));
        assert_eq!(alert.came_back(), 0, "it stood all the time");
    }
}

/// One alert of several hosts tells of its finding.
fn joins() -> Diagnosed {
    Diagnosed {
        withheld: vec![KNOWN],
        told_by: vec![(KNOWN, RuleId("service-failure"))],
        joined: vec![KNOWN],
        ..Diagnosed::default()
    }
}

/// Hosts that refused without a break were said to have come back once.
#[test]
fn what_one_alert_of_several_told_meanwhile_has_not_come_back() {
    let closed = finding("port-closed", Severity::Critical, None);
    let joins = joins();
    let gone = Diagnosed::default();
    for (between, times) in [(&joins, 0), (&gone, 1)] {
        let mut book = AlertBook::default();
        let stands = Diagnosed { findings: vec![closed.clone()], ..Diagnosed::default() };
        book.apply(OFFICE, &stands, at(0));
        book.apply(OFFICE, &joins, at(20));
        book.apply(OFFICE, between, at(90));
        book.apply(OFFICE, &stands, at(100));
        let alert = book.standing(at(100)).find(|alert| alert.rule == KNOWN).expect("it");
        assert_eq!((alert.returns, alert.came_back()), (1, times));
    }
}

/// Whether it had come back was decided by the wall clock: one that was set back made a fault that went
/// on one that came back, and one that was set ahead hid that it had.
#[test]
fn a_clock_that_is_set_says_nothing_of_whether_a_fault_came_back() {
    let joins = joins();
    let gone = Diagnosed::default();
    let hour = Duration::from_hours(1);
    let set: [fn(WallTime, Duration) -> WallTime; 2] = [WallTime::plus, WallTime::minus];
    for (set, (between, times)) in
        set.into_iter().flat_map(|set| [(&joins, 0), (&gone, 1)].map(|row| (set, row)))
    {
        let after = |secs| Now { wall: set(at(secs).wall, hour), ..at(secs) };
        let stands = |since: Now| Diagnosed {
            findings: vec![Finding {
                since: since.wall,
                ..finding("port-closed", Severity::Critical, None)
            }],
            ..Diagnosed::default()
        };
        let mut book = AlertBook::default();
        book.apply(OFFICE, &stands(at(0)), at(0));
        book.apply(OFFICE, &joins, at(20));
        book.apply(OFFICE, between, after(90));
        // What stands since before the clock was set keeps its time, what began since has the new one.
        let since = if times == 0 { at(0) } else { after(95) };
        book.apply(OFFICE, &stands(since), after(100));
        let alert = book.standing(after(100)).find(|alert| alert.rule == KNOWN).expect("it");
        assert_eq!((alert.returns, alert.came_back()), (1, times));
    }
}

const LINE: RuleId = RuleId("line-degraded");

/// The line stands, or a weak Wi-Fi explains it.
fn line(explained: bool) -> Diagnosed {
    let wifi = RuleId("wifi-weak");
    if explained {
        Diagnosed {
            findings: vec![finding("wifi-weak", Severity::Critical, None)],
            withheld: vec![LINE],
            explained: vec![(LINE, wifi)],
            told_by: vec![(LINE, wifi)],
            shadowed: vec![LINE],
            ..Diagnosed::default()
        }
    } else {
        let findings = vec![finding("line-degraded", Severity::Critical, None)];
        Diagnosed { findings, ..Diagnosed::default() }
    }
}

/// A bad line was told as over when the Wi-Fi got weak, and anew when the Wi-Fi was well.
#[test]
fn what_is_explained_of_this_machine_is_not_over_and_not_told_anew() {
    let mut book = AlertBook::default();
    assert_eq!(drawn(&book.apply(None, &line(false), at(0))), 'F');
    let told = book.apply(None, &line(true), at(10));
    assert!(told.iter().all(|event| event.alert().rule.0 == "wifi-weak"), "{told:?}");
    assert_eq!(book.apply(None, &line(true), at(900)), []);
    let of = |book: &AlertBook, secs| book.standing(at(secs)).find(|alert| alert.rule == LINE);
    let says = |alert: Option<Alert>| alert.map(|alert| (alert.state, alert.explained_by));
    let frozen = (AlertState::Firing, Some(RuleId("wifi-weak")));
    assert_eq!(says(of(&book, 900)), Some(frozen));
    assert_eq!(book.apply(None, &line(false), at(910)), []);
    assert_eq!(says(of(&book, 910)), Some((AlertState::Firing, None)));
    // What ends meanwhile is over, once.
    book.apply(None, &line(true), at(920));
    let gone = Diagnosed { withheld: Vec::new(), explained: Vec::new(), ..line(true) };
    book.apply(None, &gone, at(930));
    let over = book.apply(None, &gone, at(1_000));
    assert_eq!(drawn(&over), 'R', "{over:?}");
}

#[test]
fn what_is_explained_of_this_machine_is_not_held_for_ever() {
    let mut book = AlertBook::default();
    book.apply(None, &line(false), at(0));
    book.apply(None, &line(true), at(10));
    assert_eq!(book.apply(None, &line(true), at(3_600)), []);
    let over = book.apply(None, &line(true), at(3_611));
    let [AlertEvent::Resolved(alert, _)] = over.as_slice() else { panic!("{over:?}") };
    assert!(alert.title.ends_with("(told as Wi-Fi weak now)"), "{}", alert.title);
    assert_eq!(alert.explained_by, None);
}

/// It was over after an hour of its cause, and fired again without the note.
#[test]
fn what_somebody_saw_to_keeps_its_note_however_long_it_is_explained() {
    let mut book = AlertBook::default();
    book.apply(None, &line(false), at(0));
    assert!(book.acknowledge(None, LINE, Signature::default(), at(5)));
    for secs in [10, 3_611, 90_000] {
        let told = book.apply(None, &line(true), at(secs));
        assert!(told.iter().all(|event| event.alert().rule != LINE), "{told:?}");
    }
    assert_eq!(book.apply(None, &line(false), at(90_010)), []);
    let alert = book.standing(at(90_010)).find(|alert| alert.rule == LINE).expect("it");
    assert!(alert.acknowledged.is_some());
}

/// It stood on the list for as long as what several hosts have alike did, seen by nobody in this run.
#[test]
fn what_an_earlier_run_told_of_a_host_is_given_up_after_a_day_behind_a_shared_cause() {
    let alert = RememberedAlert::firing("silent", Severity::Critical, at(0).wall, at(100).wall);
    let memory = TargetMemory {
        alerts: [(KNOWN.0.to_owned(), RememberedAlert { told: Some(at(0).wall), ..alert })].into(),
        ..TargetMemory::default()
    };
    let shared = Diagnosed { shadowed: vec![KNOWN], ..Diagnosed::default() };
    let mut book = AlertBook::default();
    book.recall(OFFICE, &memory, at(110));
    let day = 24 * 3_600;
    assert_eq!(book.apply(OFFICE, &shared, at(120)), []);
    assert_eq!(book.apply(OFFICE, &shared, at(day)), []);
    assert_eq!(drawn(&book.apply(OFFICE, &shared, at(day + 121))), 'R');
}

/// In a new run nobody can say that the line is well while the Wi-Fi is weak.
#[test]
fn what_an_earlier_run_told_waits_while_what_stands_would_explain_it() {
    let alert = RememberedAlert::firing("line", Severity::Critical, at(0).wall, at(100).wall);
    let memory = TargetMemory {
        alerts: [(LINE.0.to_owned(), RememberedAlert { told: Some(at(0).wall), ..alert })].into(),
        ..TargetMemory::default()
    };
    for explained in [true, false] {
        let mut book = AlertBook::default();
        book.recall(None, &memory, at(110));
        let quiet = Diagnosed { withheld: Vec::new(), explained: Vec::new(), ..line(true) };
        let now = if explained { quiet } else { Diagnosed::default() };
        book.apply(None, &now, at(120));
        let told = book.apply(None, &now, at(1_000));
        let over = told.iter().any(|event| matches!(event, AlertEvent::Resolved(..)));
        assert_eq!(over, !explained, "{told:?}");
        let told = book.apply(None, &line(false), at(1_010));
        let fired = |event: &AlertEvent| event.alert().rule == LINE;
        assert_eq!(told.iter().any(fired), !explained, "{told:?}");
    }
}

/// An alert of hosts 1 to 5, recalled at 100 s; hosts 1 to `away` are silent with others.
fn recalled_of_five(away: u32) -> (AlertBook, Diagnosed) {
    let alert = RememberedAlert::firing("line", Severity::Critical, at(0).wall, at(90).wall);
    let own = TargetMemory {
        alerts: [(LINE.0.to_owned(), RememberedAlert { told: Some(at(0).wall), ..alert })].into(),
        ..TargetMemory::default()
    };
    let mut book = AlertBook::default();
    book.recall(None, &own, at(100));
    for id in 1..=5 {
        let concerned_by = [LINE.0.to_owned()].into();
        let memory = TargetMemory { concerned_by, ..TargetMemory::default() };
        book.recall(Some(TargetId(id)), &memory, at(100));
    }
    let hosts = (1..=away).chain(20..30).map(TargetId).collect();
    let unheard = vec![(LINE, Unheard { cause: RuleId("path-outage"), hosts })];
    (book, Diagnosed { unheard, ..Diagnosed::default() })
}

#[test]
fn what_an_earlier_run_told_of_hosts_that_are_silent_has_ten_minutes_after_that() {
    let (mut book, silent) = recalled_of_five(4);
    assert_eq!(book.apply(None, &Diagnosed::default(), at(101)), []);
    assert_eq!(book.apply(None, &silent, at(400)), []);
    assert_eq!(book.apply(None, &silent, at(3_000)), []);
    let alert = book.standing(at(3_000)).next().expect("it waits");
    assert_eq!(alert.explained_by, Some(RuleId("path-outage")));
    assert_eq!(book.concerned_by(TargetId(5)), [LINE.0.to_owned()].into());
    assert_eq!(book.concerned_by(TargetId(20)), BTreeSet::new());
    assert_eq!(book.apply(None, &Diagnosed::default(), at(3_010)), []);
    let alert = book.standing(at(3_010)).next().expect("it waits");
    assert_eq!(alert.explained_by, None);
    assert_eq!(book.apply(None, &Diagnosed::default(), at(3_609)), []);
    let over = book.apply(None, &Diagnosed::default(), at(3_610));
    let [AlertEvent::Resolved(_, ended)] = over.as_slice() else { panic!("{over:?}") };
    assert_eq!(*ended, at(3_010).wall, "since this run can say that it is not there");
}

#[test]
fn what_an_earlier_run_told_of_hosts_of_which_two_of_five_are_not_silent_does_not_wait() {
    let (mut book, silent) = recalled_of_five(3);
    assert_eq!(book.apply(None, &silent, at(101)), []);
    assert_eq!(drawn(&book.apply(None, &silent, at(701))), 'R');
    // Nor does one of which nobody knows whom it concerned.
    let (mut book, silent) = recalled_of_five(5);
    for id in 1..=5 {
        book.forget(TargetId(id), at(101).wall);
    }
    assert_eq!(book.apply(None, &silent, at(101)), []);
    assert_eq!(drawn(&book.apply(None, &silent, at(701))), 'R');
}

/// Hosts that are silent for an hour say no more what failed at them before.
#[test]
fn what_an_earlier_run_told_of_hosts_that_stay_silent_is_over_after_an_hour() {
    let (mut book, silent) = recalled_of_five(5);
    assert_eq!(book.apply(None, &silent, at(110)), []);
    assert_eq!(book.apply(None, &silent, at(3_709)), []);
    let over = book.apply(None, &silent, at(3_710));
    let [AlertEvent::Resolved(alert, _)] = over.as_slice() else { panic!("{over:?}") };
    assert_eq!(alert.title, "line (not measured any more)");
}

/// What this run found itself ends by what it finds.
#[test]
fn what_this_run_told_of_hosts_that_fall_silent_is_over_by_its_own_finding() {
    let (mut book, silent) = recalled_of_five(5);
    assert_eq!(book.apply(None, &line(false), at(110)), []);
    assert_eq!(book.apply(None, &silent, at(120)), []);
    assert_eq!(drawn(&book.apply(None, &silent, at(200))), 'R');
}

/// Its alert was taken for theirs, acknowledged and all, and nobody was told of the others.
#[test]
fn what_other_hosts_have_is_told_although_an_earlier_run_told_the_same_of_some() {
    for (hosts, told) in [(6..9_u32, "RF"), (5..9, "")] {
        let (mut book, silent) = recalled_of_five(5);
        assert_eq!(book.apply(None, &silent, at(110)), []);
        let members = Some(std::sync::Arc::new(hosts.clone().map(TargetId).collect()));
        let found = Finding { members, ..finding("line-degraded", Severity::Critical, None) };
        let found = Diagnosed { findings: vec![found], ..Diagnosed::default() };
        let mut events = book.apply(None, &found, at(1_900));
        events.extend(book.apply(None, &found, at(1_960)));
        let drawn: String = events.iter().map(|one| drawn(std::slice::from_ref(one))).collect();
        assert_eq!(drawn, told, "{hosts:?}");
    }
}

/// A path that broke every few minutes kept it for ever.
#[test]
fn what_an_earlier_run_told_is_over_although_the_path_breaks_again_and_again() {
    let (mut book, silent) = recalled_of_five(5);
    let mut events = Vec::new();
    for second in 110..3_000 {
        let broken = second % 300 < 60;
        let diagnosed = if broken { silent.clone() } else { Diagnosed::default() };
        events.extend(book.apply(None, &diagnosed, at(second)));
    }
    assert_eq!(drawn(&events), 'R');
}

/// The second cause that a run finds has the number 2, of whatever kind: its alert of the run before
/// was taken for one of another fault, and told anew.
#[test]
fn what_an_earlier_run_told_is_the_same_whichever_number_its_fault_has_in_this_one() {
    for gone in [false, true] {
        let (mut book, _) = recalled_of_five(5);
        if gone {
            assert_eq!(book.apply(None, &Diagnosed::default(), at(105)), []);
        }
        let numbered = |faults| {
            let found = Finding { faults, ..finding("line-degraded", Severity::Critical, None) };
            Diagnosed { findings: vec![found], ..Diagnosed::default() }
        };
        assert_eq!(book.apply(None, &numbered(2), at(110)), []);
        assert_eq!(drawn(&book.apply(None, &numbered(3), at(120))), 'F', "another one is told");
    }
}

/// What stood for a moment only when its cause came is one of the effects of that cause.
#[test]
fn what_was_about_to_fire_when_its_cause_came_waits_for_a_minute_after_it() {
    let of = |severity| Diagnosed {
        findings: vec![finding("line-degraded", severity, None)],
        ..Diagnosed::default()
    };
    let mut book = AlertBook::default();
    assert_eq!(book.apply(None, &of(Severity::Warning), at(0)), []);
    book.apply(None, &line(true), at(25));
    book.apply(None, &line(true), at(200));
    assert_eq!(book.apply(None, &of(Severity::Warning), at(230)), []);
    let told = book.apply(None, &of(Severity::Warning), at(300));
    let fired =
        |event: &AlertEvent| matches!(event, AlertEvent::Fired(alert) if alert.rule == LINE);
    assert!(told.iter().any(fired), "{told:?}");
}

/// A host that hung and then refused with all others was told as hanging for two minutes more.
#[test]
fn a_newer_state_that_is_told_for_several_ends_the_held_one_at_once() {
    let silent = Diagnosed {
        findings: vec![finding("rdp-silent", Severity::Critical, None)],
        ..Diagnosed::default()
    };
    let joins = joins();
    let shared = Diagnosed {
        findings: vec![finding("service-failure", Severity::Critical, None)],
        ..Diagnosed::default()
    };
    for fires in [true, false] {
        let mut book = AlertBook::default();
        book.apply(OFFICE, &silent, at(0));
        if fires {
            book.apply(None, &shared, at(10));
        }
        let told = book.apply(OFFICE, &joins, at(20));
        assert_eq!(drawn(&told), if fires { 'R' } else { '-' }, "{told:?}");
    }
}
