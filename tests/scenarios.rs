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
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Every finding that a script expects, as `rule:severity`; of an incident every alert.
fn wanted(script: &Script) -> impl Iterator<Item = &str> {
    script.expected.iter().flat_map(Expected::words)
}

/// Plays those scripts of a folder that `counts`, at least `least` of them, on all cores.
fn play(
    folder: &str,
    least: usize,
    counts: impl Fn(&Script) -> bool,
    complaints: impl Fn(&Arc<Script>) -> Vec<String> + Sync,
) {
    let files = load(folder);
    let scripts: Vec<(&String, &Arc<Script>)> = files
        .iter()
        .flat_map(|(file, scripts)| scripts.iter().map(move |script| (file, script)))
        .filter(|(_, script)| counts(script))
        .collect();
    assert!(scripts.len() >= least, "only {} scripts of {folder}", scripts.len());
    let next = AtomicUsize::new(0);
    let work = || {
        let mine = std::iter::from_fn(|| scripts.get(next.fetch_add(1, Ordering::Relaxed)));
        let wrong = mine.flat_map(|(file, script)| {
            let named = |complaint| format!("{file}: {}: {complaint}", script.name);
            complaints(script).into_iter().map(named).collect::<Vec<_>>()
        });
        wrong.collect::<Vec<_>>()
    };
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let mut wrong: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let done = workers.into_iter().map(|worker| worker.join().expect("a script panicked"));
        done.flatten().collect()
    });
    wrong.sort();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_scenario_finds_what_it_expects() {
    let given = |script: &Script| matches!(script.around, Ground::Given(_));
    play("tests/scenarios", 2 * RULES.len(), given, |script| complaints_of_rules(script));
}

#[test]
fn every_incident_alerts_as_it_should() {
    play("tests/incidents", 5, |_| true, complaints_of_monitor);
}

#[test]
fn the_whole_monitor_finds_the_same() {
    play("tests/scenarios", 2 * RULES.len(), |script| !script.moment, complaints_of_monitor);
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
