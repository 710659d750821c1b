//! Tests of the table itself, and of the texts. What each rule says of which measurements is in
//! `tests/scenarios/`.

use super::*;
use crate::domain::certificate::{CertificateSummary, KeyKind, Thumbprint};
use crate::domain::diagnose::fixture::{
    Fixture, at, confirmed, handshake, looked, negotiated, reply,
};
use crate::domain::finding::Severity;
use crate::domain::history::Timed;
use crate::domain::identity::RememberedIdentity;
use crate::domain::sample::{
    ChainTrust, EchoOutcome, GatewayAnswer, Misread, NameOutcome, NegotiateOutcome, Nla,
    NlaOutcome, NotRdp, NtlmIdentity, OtherProtocol, Resolution, TlsOutcome,
};
use crate::domain::security::SecurityProtocol;
use crate::domain::target::{GATEWAY_PORT, GatewayAddress, GatewayUsage, Host};
use crate::domain::text::printable;
use crate::domain::thresholds::Thresholds;
use std::collections::BTreeSet;

fn cards() -> impl Iterator<Item = &'static RuleCard> {
    RULES.iter().map(|rule| rule.card())
}

fn texts(card: &'static RuleCard) -> Vec<&'static str> {
    let mut texts = vec![card.title, card.plain, card.explanation, card.disproof];
    for remedy in card.remedies {
        texts.push(remedy.text);
        texts.extend(remedy.commands);
        texts.extend([remedy.confirm, remedy.needs, remedy.impact, remedy.undo].iter().flatten());
    }
    texts
}

#[test]
fn ids_are_unique_and_well_formed() {
    let mut seen = BTreeSet::new();
    for card in cards() {
        let id = card.id.0;
        assert!(seen.insert(id), "{id} twice");
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        assert!(id.bytes().all(plain), "{id}");
        assert!(rule(id).is_some_and(|found| found.card().id == card.id), "{id}");
    }
    assert!(rule("no-such-rule").is_none());
}

/// Words of protocols, and of those who run hosts.
const PROTOCOLS: &[&str] = &[
    "RDP",
    "TLS",
    "SSL",
    "NLA",
    "TCP",
    "UDP",
    "X.224",
    "ICMP",
    "MTU",
    "DNS",
    "RST",
    "CredSSP",
    "echo",
    "port",
    "certificate",
    "TermService",
    "Kerberos",
    "MAC",
];

#[test]
fn every_rule_has_one_plain_sentence_without_words_of_protocols() {
    for card in cards() {
        let (id, plain) = (card.id, card.plain);
        assert!(plain.ends_with('.') && !plain.contains(". "), "{id}: {plain}");
        for word in plain.split(|c: char| !(c.is_alphanumeric() || c == '.' || c == '-')) {
            let word = word.trim_end_matches('.');
            assert!(!PROTOCOLS.contains(&word), "{id}: {word}");
        }
    }
}

#[test]
fn states_of_one_thing_end_each_other_and_nothing_else() {
    let ends = |newer: &'static str, older: &'static str| supersedes(RuleId(newer), RuleId(older));
    assert!(ends("rdp-silent", "port-closed") && ends("port-closed", "rdp-silent"));
    assert!(ends("name-path-broken", "dns-failure"));
    assert!(!ends("port-closed", "port-closed"), "a rule is not over because it fires");
    assert!(!ends("dns-failure", "port-closed"), "states of two things");
    assert!(!ends("packet-loss", "high-latency"), "neither is a state");
    for card in cards() {
        let others = cards().filter(|other| other.alerting.state_of == card.alerting.state_of);
        assert!(card.alerting.state_of.is_none() || others.count() > 1, "{} is alone", card.id);
    }
    let once: Vec<&str> = alerting_once().map(|id| id.0).collect();
    assert_eq!(
        once,
        [
            "path-outage",
            "restarted-together",
            "line-degraded",
            "link-saturated",
            "wifi-weak",
            "dns-server-failure",
            "names-to-one-address",
            "dns-server-slow",
            "port-barred",
            "service-failure",
            "sign-in-failure",
            "gateway-failure"
        ]
    );
}

/// An alert of an earlier run waits for a word, and these never gave one.
#[test]
fn what_a_new_run_cannot_measure_is_no_open_question() {
    let fixture = Fixture::new();
    for id in ["gateway-unreachable", "gateway-not-answering", "gateway-misused"] {
        let judged = rule(id).map(|rule| rule.judge(&fixture.view()));
        assert_eq!(judged, Some(Judgement::Moot), "{id}: no gateway is configured");
    }
    for id in ["gateway-certificate", "wake-failed", "client-settings"] {
        let Some(rule) = rule(id) else { panic!("{id}") };
        assert_eq!(rule.judge(&fixture.view()), Judgement::Moot, "{id}");
    }
    let mut fixture = fixture;
    fixture.target.gateway = Some(GatewayAddress {
        host: Host::Name("gw.corp.lab".to_owned()),
        port: GATEWAY_PORT,
        usage: GatewayUsage::Always,
    });
    for id in ["gateway-unreachable", "gateway-certificate"] {
        let judged = rule(id).map(|rule| rule.judge(&fixture.view()));
        assert_eq!(judged, Some(Judgement::NoEvidence), "{id}: it is only not looked at yet");
    }
}

#[test]
fn a_tunnel_is_steady_once_it_was_watched_for_as_long_as_flapping_counts() {
    let judged = |secs| {
        let mut around = Surroundings { began: Some(at(10)), ..Surroundings::default() };
        around.looked_at = Some(at(secs));
        rule("vpn-flap").map(|rule| rule.judge_monitor(&around))
    };
    let within = Thresholds::default().vpn_flap.within.as_secs();
    assert_eq!(judged(10 + within - 1), Some(Judgement::NoEvidence));
    assert_eq!(judged(10 + within), Some(Judgement::Clear));
}

/// After a restart nobody knows what a quiet line would take: a full one was told to be over.
#[test]
fn a_line_of_which_the_counters_say_nothing_is_not_found_to_be_free() {
    let judged = |load_known| {
        let around = Surroundings { load_known, ..Surroundings::default() };
        rule("link-saturated").map(|rule| rule.judge_monitor(&around))
    };
    assert_eq!(judged(false), Some(Judgement::NoEvidence));
    assert_eq!(judged(true), Some(Judgement::Clear));
}

#[test]
fn every_card_is_complete() {
    for card in cards() {
        let id = card.id;
        assert!(!card.title.is_empty() && card.title.len() <= 40, "{id}: {}", card.title);
        assert!(card.explanation.len() > 120, "{id} explains little");
        assert!(card.explanation.ends_with('.') && card.disproof.ends_with('.'), "{id}");
        assert!(!card.remedies.is_empty() && !card.fed_by.is_empty(), "{id}");
        assert!(!card.severities.is_empty(), "{id}");
        assert!(card.severities.is_sorted(), "{id}: mildest first");
        let Hysteresis { raise, of, clear } = card.hysteresis;
        assert!(raise >= 1 && raise <= of && clear >= 1, "{id}");
        for text in texts(card) {
            assert!(!text.trim().is_empty(), "{id} has an empty text");
            assert!(!text.contains("TODO") && !text.contains("FIXME"), "{id}: {text}");
            assert!(!text.contains('\n'), "{id}: {text}");
            assert_eq!(printable(text), text, "{id}");
        }
        for prose in [card.explanation, card.disproof] {
            assert!(!prose.contains("  "), "{id}: {prose}");
        }
    }
}

#[test]
fn advice_that_weakens_security_says_so_and_comes_last() {
    for card in cards() {
        let order: Vec<bool> = card.remedies.iter().map(|remedy| remedy.weakens_security).collect();
        assert!(order.is_sorted(), "{}: {order:?}", card.id);
        assert_eq!(order.first(), Some(&false), "{} begins with weakening", card.id);
        for remedy in card.remedies.iter().filter(|remedy| remedy.weakens_security) {
            assert!(remedy.text.contains("Weakens security"), "{}: {}", card.id, remedy.text);
            assert!(remedy.undo.is_some() && remedy.impact.is_some(), "{}", card.id);
        }
    }
}

#[test]
fn what_costs_sessions_says_so_in_capitals() {
    let mut costly = 0;
    for remedy in cards().flat_map(|card| card.remedies) {
        let restarts = remedy.commands.iter().any(|command| {
            command.contains("Restart-Service") || command.contains("Restart-Computer")
        });
        if restarts {
            costly += 1;
            let impact = remedy.impact.unwrap_or_default();
            assert!(impact.contains("EVERY SESSION"), "{}", remedy.text);
        }
        let commands = remedy.commands.concat();
        assert!(!commands.contains("termserv") && !commands.contains("wmic"), "{commands}");
    }
    assert!(costly > 0);
}

#[test]
fn commands_survive_every_line_they_are_printed_on() {
    for card in cards() {
        for text in texts(card) {
            // `check` puts performance data behind the first `|` (Nagios plugin guidelines).
            assert!(!text.contains('|'), "{}: {text}", card.id);
        }
        for remedy in card.remedies {
            let commands = remedy.commands.iter().chain(&remedy.confirm);
            for command in commands.clone() {
                assert!(!command.contains("3389"), "{}: a PORT: {command}", card.id);
                let opened = |pair: [char; 2]| pair.map(|c| command.matches(c).count());
                for [open, close] in [['(', ')'], ['{', '}'], ['[', ']']].map(opened) {
                    assert_eq!(open, close, "{}: {command}", card.id);
                }
                assert_eq!(command.matches('"').count() % 2, 0, "{}: {command}", card.id);
            }
            let told = format!("{} {}", remedy.text, remedy.needs.unwrap_or_default());
            for word in ["EXPECTED", "NAME", "\"VPN\""] {
                let used = commands.clone().any(|command| {
                    let mut words = command.split(|c: char| !c.is_ascii_alphanumeric() && c != '"');
                    words.any(|found| found == word)
                });
                assert!(!used || told.contains(word), "{}: what is {word}? {told}", card.id);
            }
        }
    }
}

#[test]
fn what_is_explained_exists_and_is_not_itself() {
    for card in cards() {
        for id in card.explains {
            assert!(rule(id).is_some(), "{} explains {id}, which is not there", card.id);
            assert_ne!(*id, card.id.0);
        }
    }
}

#[test]
fn low_risk_is_for_what_the_catalogue_names() {
    let low: Vec<&str> = cards().filter(|card| card.low_risk).map(|card| card.id.0).collect();
    assert_eq!(
        low,
        [
            "mtu-low",
            "dns-slow",
            "address-dead",
            "monitor-blocked",
            "certificate-expiring",
            "certificate-weak",
            "certificate-shared",
            "clock-skew",
            "client-settings",
            "wake-failed",
            "monitor-overload"
        ]
    );
}

#[test]
fn every_critical_finding_of_a_host_names_what_the_client_shows() {
    for card in cards().filter(|card| card.severities.contains(&Severity::Critical)) {
        // What the client shows of an outdated CredSSP has no code.
        let silent = ["monitor-offline", "high-latency", "high-jitter", "credssp-outdated"];
        assert_eq!(card.client_error.is_none(), silent.contains(&card.id.0), "{}", card.id);
    }
}

const EVIL: &str = "\x1b[2J\u{202e}evil\n";

/// Measurements whose every text from outside is hostile.
fn hostile() -> Vec<Fixture> {
    let mut all = Vec::new();
    let mut base = Fixture::new();
    base.target.name = EVIL.to_owned();
    base.target.host = Host::Name(EVIL.to_owned());
    base.target.expect = vec![[10, 9, 9, 9].into()];
    base.memory.thumbprints.insert(Thumbprint([1; 32]), at(0).wall.minus(ONE_YEAR));
    let mut resolution = Resolution::literal([10, 0, 0, 21].into());
    resolution.outcome = NameOutcome::Ok;
    resolution.ptr = vec![EVIL.to_owned()];
    base.resolve.push(at(0), resolution);
    base.echoes(&[reply(400); 20]);
    let certificate = base_certificate();
    let mut attempt = handshake(TlsOutcome::Ok);
    if let Some(tls) = &mut attempt.tls {
        tls.certificate = Some(certificate);
    }
    all.push(with(&base, attempt));
    all.push(with(
        &base,
        negotiated(NegotiateOutcome::Malformed(NotRdp {
            protocol: OtherProtocol::Unknown,
            offset: 0,
            reason: "no TPKT",
            head: EVIL.as_bytes().to_vec(),
        })),
    ));
    for outcome in [NegotiateOutcome::Reset, NegotiateOutcome::Timeout] {
        all.push(with(&base, negotiated(outcome)));
    }
    all.push(with(&base, confirmed(SecurityProtocol::RDP)));
    all.push(with(&base, handshake(TlsOutcome::Alert(255))));
    all.extend(strangers(&base));
    all.extend(hostile_gateways(&base));
    all
}

/// A certificate whose every text is hostile.
fn base_certificate() -> CertificateSummary {
    CertificateSummary {
        subject: EVIL.to_owned(),
        common_name: Some(EVIL.to_owned()),
        issuer: format!("{EVIL}{EVIL}"),
        self_signed: false,
        not_before: at(0).wall.minus(ONE_YEAR),
        not_after: at(0).wall,
        names: vec![EVIL.replace("evil", "other")],
        key: KeyKind::Rsa(512),
        signature: format!("md5{EVIL}"),
        sha256: Thumbprint([2; 32]),
    }
}

fn hostile_gateways(base: &Fixture) -> Vec<Fixture> {
    let certificate = base_certificate();
    let mut all = Vec::new();
    for (answer, trust) in [
        (GatewayAnswer::Redirected, ChainTrust::WrongName),
        (GatewayAnswer::OtherStatus, ChainTrust::UnknownIssuer),
        (GatewayAnswer::Malformed(Misread { offset: 9, reason: "no token" }), ChainTrust::Invalid),
    ] {
        let mut found = looked(answer, trust);
        found.host = EVIL.to_owned();
        if let Some(tls) = &mut found.tls {
            tls.certificate = Some(certificate.clone());
        }
        if let Some(http) = &mut found.http {
            http.schemes = vec![EVIL.to_owned(); 3];
            http.location = Some(EVIL.repeat(50));
        }
        let mut fixture = with(base, confirmed(SecurityProtocol::HYBRID));
        fixture.gateway(GatewayUsage::Always, found);
        all.push(fixture);
    }
    all
}

/// Another machine than before; the same at another address; and one whose key others have too.
fn strangers(base: &Fixture) -> Vec<Fixture> {
    let identity = |name: &str| NtlmIdentity {
        computer: Some(format!("{name}{EVIL}")),
        dns_computer: Some(format!("{name}.{EVIL}")),
        ..NtlmIdentity::default()
    };
    let mut attempt = handshake(TlsOutcome::Ok);
    if let Some(tls) = &mut attempt.tls {
        tls.certificate = Some(CertificateSummary {
            subject: EVIL.to_owned(),
            common_name: Some(format!("now{EVIL}")),
            issuer: EVIL.to_owned(),
            self_signed: true,
            not_before: at(0).wall.minus(ONE_YEAR),
            not_after: at(0).wall.plus(ONE_YEAR),
            names: vec![format!("now{EVIL}")],
            key: KeyKind::Rsa(2_048),
            signature: EVIL.to_owned(),
            sha256: Thumbprint([3; 32]),
        });
    }
    let with_names = |name: &str| {
        let mut fixture = with(base, attempt.clone());
        let outcome = NlaOutcome::Challenge;
        let nla = Nla { outcome, identity: Some(identity("now")), ..Nla::not_offered() };
        fixture.nla = Some(Timed { at: fixture.now, value: nla });
        fixture.memory.identity = Some(RememberedIdentity {
            computer: identity(name).computer,
            common_name: Some(format!("{name}{EVIL}")),
            ..RememberedIdentity::default()
        });
        fixture
    };
    let mut shared = with_names("now");
    let names = [format!("A{EVIL}"), format!("B{EVIL}")];
    shared.around.shared_certificates.insert(Thumbprint([3; 32]), names.into());
    vec![with_names("then"), with_names("now"), shared]
}

const ONE_YEAR: std::time::Duration = std::time::Duration::from_hours(365 * 24);

fn with(base: &Fixture, attempt: crate::domain::sample::Attempt) -> Fixture {
    let mut fixture = Fixture::new();
    fixture.target = base.target.clone();
    fixture.memory = base.memory.clone();
    fixture.resolve = base.resolve.clone();
    fixture.echo = base.echo.clone();
    fixture.now = base.now;
    fixture.attempt(attempt);
    fixture
}

#[test]
fn nothing_from_outside_reaches_a_text_unescaped() {
    let mut fired = BTreeSet::new();
    for fixture in hostile() {
        for rule in RULES {
            let Judgement::Fires(evidence) = rule.judge(&fixture.view()) else { continue };
            fired.insert(rule.card().id.0);
            for text in [&evidence.title, &evidence.sentence].into_iter().chain(&evidence.lines) {
                assert_eq!(printable(text), text.as_str(), "{}", rule.card().id);
            }
            assert!(evidence.title.chars().count() <= 60, "{}", evidence.title);
            assert!(evidence.sentence.ends_with('.'), "{}", evidence.sentence);
        }
    }
    for id in [
        "dns-mismatch",
        "certificate-expired",
        "certificate-weak",
        "not-rdp",
        "gateway-not-answering",
        "gateway-certificate",
        "identity-mismatch",
        "address-changed",
        "certificate-shared",
    ] {
        assert!(fired.contains(id), "{id} did not fire: {fired:?}");
    }
}

#[test]
fn nothing_measured_is_no_evidence_for_any_rule() {
    let fixture = Fixture::new();
    for rule in RULES {
        let judgement = rule.judge(&fixture.view());
        assert!(!matches!(judgement, Judgement::Fires(_)), "{}", rule.card().id);
        let about_a_kind = rule.card().id.0 == "mac-unknown";
        assert_eq!(judgement == Judgement::Clear, about_a_kind, "{}", rule.card().id);
    }
}

#[test]
fn the_worst_numbers_do_not_panic() {
    for outcome in [
        EchoOutcome::Reply { rtt: std::time::Duration::MAX, ttl: None },
        EchoOutcome::Late { rtt: std::time::Duration::MAX },
        EchoOutcome::Lost,
    ] {
        let mut fixture = Fixture::new();
        fixture.echoes(&[outcome; 3]);
        let mut attempt = confirmed(SecurityProtocol(u32::MAX));
        attempt.connect.elapsed = std::time::Duration::MAX;
        fixture.attempt(attempt);
        for rule in RULES {
            let _ = rule.judge(&fixture.view());
        }
    }
}
