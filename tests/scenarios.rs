//! Every rule, through the whole engine, on measurements that are data: `tests/scenarios/*.toml`.
//!
//! One file per rule, named after it. A scenario holds rounds of samples over time; what the
//! engine finds at the end (or at a given moment) is compared with what the file expects. The
//! words of a file are explained in `tests/scenarios/README.md`.

#![expect(clippy::expect_used, clippy::panic, reason = "a scenario that does not parse has failed")]

mod scenario;

use rdpwatch::domain::finding::Severity;
use rdpwatch::domain::rules::{RULES, rule};
use scenario::{Scenario, crowd, load};
use std::collections::BTreeSet;

#[test]
fn every_scenario_finds_what_it_expects() {
    let mut wrong = Vec::new();
    let mut run = 0;
    for (file, scenarios) in load() {
        for scenario in &scenarios {
            run += 1;
            for complaint in scenario.complaints() {
                wrong.push(format!("{file}: {}: {complaint}", scenario.name));
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
    for (file, incidents) in crowd::load() {
        for incident in &incidents {
            run += 1;
            for complaint in incident.complaints() {
                wrong.push(format!("{file}: {}: {complaint}", incident.name));
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
    for (file, scenarios) in load() {
        for scenario in &scenarios {
            let Some(complaints) = scenario.complaints_of_monitor() else { continue };
            run += 1;
            for complaint in complaints {
                wrong.push(format!("{file}: {}: {complaint}", scenario.name));
            }
        }
    }
    assert!(run >= 2 * RULES.len(), "only {run} scenarios ran");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_a_firing_and_a_near_miss_scenario() {
    let files = load();
    let named: BTreeSet<&str> = files.keys().map(String::as_str).collect();
    let known: BTreeSet<&str> = RULES.iter().map(|rule| rule.card().id.0).collect();
    assert_eq!(named, known, "one file per rule");
    for (id, scenarios) in &files {
        let fires = |scenario: &&Scenario| scenario.expects(id);
        let (firing, near): (Vec<_>, Vec<_>) = scenarios.iter().partition(fires);
        assert!(!firing.is_empty(), "{id} never fires");
        assert!(!near.is_empty(), "{id} has no near miss");
    }
}

#[test]
fn every_severity_of_every_card_is_reached() {
    let files = load();
    for rule in RULES {
        let card = rule.card();
        for severity in card.severities {
            let reached = files
                .values()
                .flatten()
                .any(|scenario| scenario.expects_at(card.id.0, severity.word()));
            assert!(reached, "{} never shown as {}", card.id, severity.word());
        }
    }
}

#[test]
fn scenarios_name_rules_and_severities_that_exist() {
    for (file, scenarios) in load() {
        for scenario in &scenarios {
            for wanted in scenario.wanted() {
                let (id, severity) = wanted.split_once(':').expect("rule:severity");
                let card = rule(id).unwrap_or_else(|| panic!("{file}: no rule {id}")).card();
                let words: Vec<&str> = card.severities.iter().map(|s| Severity::word(*s)).collect();
                assert!(words.contains(&severity), "{file}: {id} is never {severity}");
            }
        }
    }
}
