//! Every rule, through the whole engine, on measurements that are data: `tests/scenarios/*.toml`.
//!
//! One file per rule, named after it. A scenario holds rounds of samples over time; what the
//! engine finds at the end (or at a given moment) is compared with what the file expects. The
//! words of a file are explained in `tests/scenarios/README.md`.

#![expect(clippy::expect_used, clippy::panic, reason = "a scenario that does not parse has failed")]

mod scenario;

use rdpwatch::domain::finding::Severity;
use rdpwatch::domain::rules::RULES;
use rdpwatch::scenario::{Expected, Ground, Script};
use scenario::{complaints_of_monitor, complaints_of_rules, load};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Every finding that a script expects, as `rule:severity`; of an incident every alert.
fn wanted(script: &Script) -> impl Iterator<Item = &str> {
    script.expected.iter().flat_map(Expected::words)
}

#[test]
fn every_scenario_finds_what_it_expects() {
    let mut wrong = Vec::new();
    let mut run = 0;
    for (file, scripts) in load("tests/scenarios") {
        for script in scripts.iter().filter(|script| matches!(script.around, Ground::Given(_))) {
            run += 1;
            for complaint in complaints_of_rules(script) {
                wrong.push(format!("{file}: {}: {complaint}", script.name));
            }
        }
    }
    assert!(run >= 2 * RULES.len(), "only {run} scenarios ran");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_incident_alerts_as_it_should() {
    let mut wrong = Vec::new();
    let mut run = 0;
    for (file, scripts) in load("tests/incidents") {
        for script in &scripts {
            run += 1;
            for complaint in complaints_of_monitor(script) {
                wrong.push(format!("{file}: {}: {complaint}", script.name));
            }
        }
    }
    assert!(run >= 5, "only {run} incidents ran");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_whole_monitor_finds_the_same() {
    let mut wrong = Vec::new();
    let mut run = 0;
    for (file, scripts) in load("tests/scenarios") {
        for script in scripts.iter().filter(|script| !script.moment) {
            run += 1;
            for complaint in complaints_of_monitor(script) {
                wrong.push(format!("{file}: {}: {complaint}", script.name));
            }
        }
    }
    assert!(run >= 2 * RULES.len(), "only {run} scenarios ran");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_a_firing_and_a_near_miss_scenario() {
    let files = load("tests/scenarios");
    let named: BTreeSet<&str> = files.keys().map(String::as_str).collect();
    let known: BTreeSet<&str> = RULES.iter().map(|rule| rule.card().id.0).collect();
    assert_eq!(named, known, "one file per rule");
    for (id, scripts) in &files {
        let names = |wanted: &str| wanted.split(':').next() == Some(id.as_str());
        let fires = |script: &&Arc<Script>| wanted(script).any(names);
        let (firing, near): (Vec<_>, Vec<_>) = scripts.iter().partition(fires);
        assert!(!firing.is_empty(), "{id} never fires");
        assert!(!near.is_empty(), "{id} has no near miss");
    }
}

#[test]
fn every_severity_of_every_card_is_reached() {
    let files = load("tests/scenarios");
    let all: BTreeSet<&str> = files.values().flatten().flat_map(|script| wanted(script)).collect();
    for rule in RULES {
        let card = rule.card();
        for severity in card.severities.iter().map(|severity| Severity::word(*severity)) {
            let named = format!("{}:{severity}", card.id);
            assert!(all.contains(named.as_str()), "{} never shown as {severity}", card.id);
        }
    }
}
