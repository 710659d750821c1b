//! Which finding is told of two that stand together: one row per pair of the catalogue.

use super::fixture::evidence;
use super::suppress::{Candidate, explained};
use crate::domain::finding::RuleId;
use crate::domain::rules::{RULES, Rule, rule};

/// The pairs that people meet: the cause, and what it explains.
const PAIRS: &[(&str, &[&str])] = &[
    // Nobody is there: what a probe to it says of ports and names is not told.
    ("host-unreachable", &["packet-loss", "high-latency", "rdp-slow", "udp-blocked", "mtu-low"]),
    ("host-asleep", &["packet-loss", "high-latency", "rdp-slow", "udp-blocked"]),
    // The name leads elsewhere: what is wrong there is another machine's.
    (
        "dns-mismatch",
        &[
            "identity-mismatch",
            "certificate-name-mismatch",
            "certificate-changed",
            "certificate-expired",
        ],
    ),
    ("name-is-self", &["dns-mismatch", "port-closed", "identity-mismatch"]),
    ("dns-failure", &["dns-slow", "name-path-broken"]),
    // Another machine answers: of course its certificate is another one.
    ("identity-mismatch", &["certificate-changed", "certificate-name-mismatch"]),
    ("certificate-intercepted", &["certificate-changed", "certificate-name-mismatch"]),
    // Large packets vanish: the certificate flight is large.
    ("mtu-black-hole", &["tls-handshake-failed", "udp-blocked", "mtu-low"]),
    ("tls-handshake-failed", &["certificate-expired", "certificate-expiring", "certificate-weak"]),
    ("certificate-expired", &["certificate-expiring"]),
    ("connection-flapping", &["connection-dropped", "port-closed", "rdp-silent"]),
    ("credssp-outdated", &["credssp-rejected"]),
    ("gateway-unreachable", &["gateway-not-answering", "gateway-certificate"]),
];

fn told(ids: &[&str]) -> (Vec<&'static str>, Vec<&'static str>) {
    let candidate = |id: &&str| {
        let card = rule(id).unwrap_or_else(|| panic!("no rule {id}")).card();
        let worst = card.severities.last().copied().expect("a severity");
        let finding = card.finding(&evidence(id, worst), super::fixture::at(0).wall, false);
        Candidate { card, finding, measured: true, may_be_why: true, explained_by: None }
    };
    let diagnosed = explained(ids.iter().map(candidate).collect());
    (
        diagnosed.findings.iter().map(|finding| finding.rule.0).collect(),
        diagnosed.withheld.iter().map(|rule| rule.0).collect(),
    )
}

#[test]
fn every_pair_that_people_meet_is_one_finding() {
    for (cause, effects) in PAIRS {
        for effect in *effects {
            let (told, withheld) = told(&[effect, cause]);
            assert_eq!((told, withheld), (vec![*cause], vec![*effect]), "{cause} and {effect}");
        }
    }
}

/// Every row of the cards: the cause is told alone, unless the two explain each other; then it is
/// the worse one.
#[test]
fn every_pair_of_the_cards_is_one_finding() {
    for cause in RULES.iter().map(|rule| rule.card()) {
        for effect in cause.explains {
            let back = rule(effect).is_some_and(|rule| rule.card().explains.contains(&cause.id.0));
            let (told, withheld) = told(&[effect, cause.id.0]);
            assert_eq!((told.len(), withheld.len()), (1, 1), "{} and {effect}", cause.id);
            assert!(back || told == [cause.id.0], "{} and {effect}: {told:?}", cause.id);
        }
    }
}

/// A cause may stand for what its effects stand for: nothing is left out with nobody told.
#[test]
fn something_is_always_told() {
    let every: Vec<&str> = RULES.iter().map(|rule| Rule::card(*rule).id.0).collect();
    let (told, withheld) = told(&every);
    assert!(!told.is_empty());
    assert_eq!(told.len() + withheld.len(), every.len());
}

/// What is told of this machine and is explained by another such finding was over for its alert.
#[test]
fn a_finding_of_this_machine_that_another_explains_is_withheld_and_named_with_it() {
    let candidate = |id: &str, explained_by: Option<RuleId>| {
        let card = rule(id).unwrap_or_else(|| panic!("no rule {id}")).card();
        let worst = card.severities.last().copied().expect("a severity");
        let finding = card.finding(&evidence(card.id.0, worst), super::fixture::at(0).wall, false);
        Candidate {
            card,
            finding,
            measured: explained_by.is_none(),
            may_be_why: true,
            explained_by,
        }
    };
    let (line, wifi) = (RuleId("line-degraded"), RuleId("wifi-weak"));
    let told = explained(vec![candidate(line.0, None), candidate(wifi.0, None)]);
    assert_eq!((told.withheld, told.explained), (vec![line], vec![(line, wifi)]));
    assert_eq!(told.told_by, [(line, wifi)]);
    // By its own word, and only while that cause stands.
    let path = RuleId("path-outage");
    let told = explained(vec![candidate(line.0, Some(path)), candidate(path.0, None)]);
    assert_eq!((told.explained, told.told_by), (vec![(line, path)], Vec::new()));
    let told = explained(vec![candidate(line.0, Some(path))]);
    assert_eq!((told.findings.len(), told.withheld), (1, Vec::new()));
}
