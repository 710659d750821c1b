//! The document against literals and against hostile values.

use super::*;
use crate::domain::alternative::Alternative;
use crate::domain::finding::RuleId;
use crate::domain::sample::{
    Attempt, ConnectOutcome, GatewayAnswer, IcmpError, LocalFault, Misread, NeighbourState, Nla,
    NotRdp, OtherProtocol, TlsVersion, UdpOutcome,
};
use crate::domain::security::{FailureCode, SecurityProtocol};
use crate::domain::target::{Host, Target as Watched, TargetId};
use crate::report::testing::{
    NOW, cipher_name, expired, expired_finding, healthy, ip, negotiate, unmeasured, unresolved,
    via_gateway,
};
use serde_json::{Value, json};
use std::sync::Arc;

fn input<'a>(monitor: &'a MonitorSnapshot, targets: &'a [TargetSnapshot]) -> CheckInput<'a> {
    CheckInput { checked_at: NOW, monitor, targets, cipher_name }
}

fn text_of(snapshot: &TargetSnapshot) -> String {
    document(&input(&MonitorSnapshot::default(), std::slice::from_ref(snapshot)))
}

fn value_of(snapshot: &TargetSnapshot) -> Value {
    let whole: Value = serde_json::from_str(&text_of(snapshot)).unwrap();
    whole["targets"][0].clone()
}

/// The keys of the contract in its order, taken from the text (a parsed map forgets the order).
fn keys_in_order(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| line.trim_start().strip_prefix('"')?.split_once("\":"))
        .map(|(key, _)| key)
        .collect()
}

#[test]
fn a_healthy_target_is_the_contract_s_example() {
    assert_eq!(
        value_of(&healthy()),
        json!({
            "name": "office-pc", "host": "office-pc.corp.lab", "port": 3389,
            "address": "10.0.0.21", "kind": "server", "availability": "up",
            "state": "ok", "verdict": "everything up to the sign-in prompt works",
            "expected_client_error": null,
            "dns": {
                "outcome": "ok", "source": "dns", "addresses": ["10.0.0.21"],
                "expected": ["10.0.0.21"], "server": "10.0.0.10", "elapsed_ms": 1.2,
                "ttl_s": 120, "ptr": ["office-pc.corp.lab"], "canonical": [],
                "system": ["10.0.0.21"],
                "servers": [{
                    "server": "10.0.0.10", "outcome": "ok", "addresses": ["10.0.0.21"],
                    "elapsed_ms": 1.2
                }]
            },
            "echo": {
                "method": "icmp", "sent": 10, "received": 10, "loss_pct": 0.0, "min_ms": 0.5,
                "median_ms": 0.5, "p95_ms": 0.5, "max_ms": 0.5, "jitter_ms": 0.0, "late": 0,
                "duplicates": 0
            },
            "tcp": { "outcome": "open", "icmp": null, "from": null, "elapsed_ms": 0.5 },
            "x224": {
                "outcome": "confirmed", "selected": "hybrid_ex", "failure": null,
                "other_protocol": null, "elapsed_ms": 1.0
            },
            "tls": {
                "outcome": "ok", "alert": null, "version": "TLS1.3",
                "cipher": "TLS13_AES_256_GCM_SHA384", "hello": "modern", "elapsed_ms": 9.0,
                "certificate": {
                    "subject": "CN=office-pc.corp.lab", "issuer": "CN=office-pc.corp.lab",
                    "self_signed": true, "not_before": "2026-11-09T07:00:00Z",
                    "not_after": "2027-05-11T07:01:00Z", "days_left": 171,
                    "names": ["office-pc.corp.lab"], "name_matches": true, "key": "RSA-2048",
                    "signature": "sha256WithRSAEncryption", "sha256": "a7".repeat(32)
                }
            },
            "nla": {
                "outcome": "challenge", "credssp_version": 6, "error_code": null,
                "computer": "OFFICE-PC", "dns_computer": "office-pc.corp.lab",
                "domain": "corp.lab", "os_build": "10.0.26100", "clock_skew_s": 0.2,
                "elapsed_ms": 3.0
            },
            "udp": {
                "outcome": "syn_ack", "version": "3", "mtu_up": 1232, "mtu_down": 1232,
                "elapsed_ms": 2.0
            },
            "path": { "mtu": 1400, "outcome": "lowered", "from": "10.0.0.1" },
            "gateway": null,
            "neighbour": { "mac": "02:77:00:00:00:21", "state": "reachable" },
            "addresses": [{
                "address": "10.0.0.21", "tcp": "open", "x224": "confirmed", "tls": "ok",
                "expected": true, "published": true,
            }],
            "risk": "none", "risk_factors": [], "findings": []
        })
    );
}

#[test]
fn keys_stand_in_the_order_of_the_contract() {
    let text = text_of(&expired());
    let expected = "schema checked_at monitor state findings targets \
        name host port address kind availability state verdict \
        expected_client_error code extended text likelihood \
        dns outcome source addresses expected server elapsed_ms ttl_s ptr canonical system \
        servers server outcome addresses elapsed_ms \
        echo method sent received loss_pct min_ms median_ms p95_ms max_ms jitter_ms late duplicates \
        tcp outcome icmp from elapsed_ms \
        x224 outcome selected failure other_protocol elapsed_ms \
        tls outcome alert version cipher hello elapsed_ms \
        certificate subject issuer self_signed not_before not_after days_left names name_matches \
        key signature sha256 \
        nla outcome credssp_version error_code computer dns_computer domain os_build \
        clock_skew_s elapsed_ms udp outcome version mtu_up mtu_down elapsed_ms \
        path mtu outcome from gateway neighbour mac state addresses address tcp x224 tls expected published risk risk_factors finding weight title \
        findings id severity confidence owner title evidence disproof since \
        remedies text run_on confirm commands needs impact undo weakens_security \
        text run_on confirm commands needs impact undo weakens_security";
    assert_eq!(keys_in_order(&text), expected.split_whitespace().collect::<Vec<_>>());
    assert!(text.starts_with(
        "{\n  \"schema\": \"rdpwatch.check/1\",\n  \"checked_at\": \"2026-11-21T07:00:00Z\",\n"
    ));
    assert!(text.ends_with("}\n"));
}

#[test]
fn a_finding_carries_its_proof_and_its_remedies() {
    let target = value_of(&expired());
    assert_eq!(target["state"], "critical");
    assert_eq!(
        target["expected_client_error"],
        json!({ "code": "0x904", "extended": "0x7", "text": "Socket closed", "likelihood": "possible" })
    );
    assert_eq!(
        target["findings"],
        json!([{
            "id": "certificate-expired", "severity": "critical", "confidence": "certain",
            "owner": "server", "title": "certificate expired 9 d",
            "evidence": ["not after 2026-11-12T07:00:00Z"],
            "disproof": "A certificate that is valid is read.",
            "since": "2026-11-12T07:00:00Z",
            "remedies": [
                {
                    "text": "Delete the expired certificate and restart the service",
                    "run_on": "host",
                    "confirm": "Get-WinEvent -ComputerName office-pc.corp.lab -MaxEvents 5",
                    "commands": [
                        "qwinsta /server:office-pc.corp.lab",
                        "Restart-Service TermService -Force"
                    ],
                    "needs": "administrator on office-pc.corp.lab",
                    "impact": "DISCONNECTS EVERY SESSION on office-pc.corp.lab",
                    "undo": null, "weakens_security": false
                },
                {
                    "text": "Lower the security layer", "run_on": "host", "confirm": null,
                    "commands": [], "needs": null, "impact": null, "undo": null,
                    "weakens_security": true
                }
            ]
        }])
    );
}

#[test]
fn without_an_address_every_later_rung_is_null() {
    let target = value_of(&unresolved());
    assert_eq!(
        target["dns"],
        json!({
            "outcome": "nxdomain", "source": null, "addresses": [], "expected": ["10.0.0.21"],
            "server": "10.0.0.10", "elapsed_ms": 1.2, "ttl_s": null, "ptr": [], "canonical": [],
            "system": [],
            "servers": [{
                "server": "10.0.0.10", "outcome": "nxdomain", "addresses": [], "elapsed_ms": 1.2
            }]
        })
    );
    for rung in ["address", "echo", "tcp", "x224", "tls", "nla", "udp", "path", "neighbour"] {
        assert_eq!(target[rung], Value::Null, "{rung}");
        assert!(target.as_object().unwrap().contains_key(rung), "{rung}");
    }
    assert_eq!(target["addresses"], json!([]));
}

#[test]
fn expected_addresses_that_were_tried_are_told_even_when_the_name_fails() {
    let mut climb = healthy().attempt.unwrap();
    let mut bare = climb.clone();
    (bare.depth, bare.negotiate, bare.tls) = (ProbeKind::Connect, None, None);
    climb.tls = None;
    let told = |attempt: &Attempt| {
        let other = Alternative::new(healthy().at, attempt);
        let alternatives = vec![(ip("10.0.0.21"), other)];
        let told = value_of(&TargetSnapshot { alternatives, ..unresolved() });
        told["addresses"].clone()
    };
    assert_eq!(
        told(&climb),
        json!([{
            "address": "10.0.0.21", "tcp": "open", "x224": "confirmed", "tls": null,
            "expected": true, "published": false,
        }])
    );
    assert_eq!(
        told(&bare),
        json!([{
            "address": "10.0.0.21", "tcp": "open", "x224": null, "tls": null,
            "expected": true, "published": false,
        }])
    );
}

#[test]
fn nothing_measured_is_null_and_unknown() {
    let target = value_of(&unmeasured());
    for rung in ["dns", "echo", "tcp", "x224", "tls", "nla", "udp", "path", "neighbour", "address"]
    {
        assert_eq!(target[rung], Value::Null, "{rung}");
    }
    assert_eq!((&target["state"], &target["risk"]), (&json!("unknown"), &json!("unknown")));
}

#[test]
fn broken_rungs_say_how_they_ended() {
    let mut snapshot = healthy();
    if let Some(attempt) = &mut snapshot.attempt {
        attempt.connect.outcome = ConnectOutcome::Prohibited;
        attempt.connect.icmp =
            Some(IcmpError { v6: false, kind: 3, code: 13, from: Some(ip("10.0.0.1")) });
        attempt.negotiate = None;
        attempt.tls = None;
    }
    let target = value_of(&snapshot);
    assert_eq!(
        target["tcp"],
        json!({ "outcome": "prohibited", "icmp": "3/13", "from": "10.0.0.1", "elapsed_ms": 0.5 })
    );
    assert_eq!((&target["x224"], &target["tls"]), (&Value::Null, &Value::Null));

    let other = NotRdp { protocol: OtherProtocol::Ssh, offset: 0, reason: "no TPKT", head: vec![] };
    for (outcome, key, expected) in [
        (NegotiateOutcome::Failure(FailureCode(3)), "failure", json!("SSL_CERT_NOT_ON_SERVER")),
        (NegotiateOutcome::Failure(FailureCode(99)), "failure", json!("failure code 99")),
        (NegotiateOutcome::Malformed(other), "other_protocol", json!("SSH")),
        (NegotiateOutcome::NoNegotiation, "selected", json!("rdp")),
        (
            NegotiateOutcome::Confirmed { selected: SecurityProtocol(0x40), flags: 0 },
            "selected",
            json!("0x40"),
        ),
    ] {
        if let Some(attempt) = &mut snapshot.attempt {
            attempt.negotiate = Some(negotiate(outcome));
        }
        assert_eq!(value_of(&snapshot)["x224"][key], expected);
    }
}

#[test]
fn alerts_and_unknown_suites_are_numbers() {
    let mut snapshot = healthy();
    if let Some(tls) = snapshot.attempt.as_mut().and_then(|attempt| attempt.tls.as_mut()) {
        tls.outcome = TlsOutcome::Alert(40);
        tls.version = Some(TlsVersion(0x7f1c));
        tls.cipher = Some(CipherSuite(0xeaea));
        tls.certificate = None;
    }
    let tls = value_of(&snapshot)["tls"].clone();
    assert_eq!((&tls["outcome"], &tls["alert"]), (&json!("alert"), &json!(40)));
    assert_eq!((&tls["version"], &tls["cipher"]), (&json!("0x7f1c"), &json!("0xeaea")));
    assert_eq!(tls["certificate"], Value::Null);
}

#[test]
fn an_attempt_that_broke_lower_shows_no_challenge_of_an_earlier_one() {
    let mut snapshot = healthy();
    if let Some(attempt) = &mut snapshot.attempt {
        attempt.nla = None;
    }
    assert_eq!(value_of(&snapshot)["nla"], Value::Null);
    if let Some(attempt) = &mut snapshot.attempt {
        attempt.depth = ProbeKind::Negotiate;
    }
    assert_eq!(value_of(&snapshot)["nla"]["outcome"], "challenge", "it was not meant to go there");
}

#[test]
fn what_was_not_answered_has_no_time_and_what_could_not_be_asked_is_null() {
    let mut snapshot = healthy();
    if let Some(udp) = &mut snapshot.udp {
        (udp.outcome, udp.version, udp.mtu_up, udp.mtu_down) =
            (UdpOutcome::Silent, None, None, None);
    }
    let silent = json!({
        "outcome": "silent", "version": null, "mtu_up": null, "mtu_down": null, "elapsed_ms": null
    });
    assert_eq!(value_of(&snapshot)["udp"], silent);
    if let Some(udp) = &mut snapshot.udp {
        udp.outcome = UdpOutcome::LocalError(LocalFault::NotPermitted);
    }
    assert_eq!(value_of(&snapshot)["udp"], Value::Null);
    if let Some(attempt) = &mut snapshot.attempt {
        attempt.nla = Some(Nla::not_offered());
    }
    let nla = &value_of(&snapshot)["nla"];
    assert_eq!((&nla["outcome"], &nla["elapsed_ms"]), (&json!("not_offered"), &Value::Null));
}

#[test]
fn a_shallow_attempt_keeps_the_certificate_that_was_read_before() {
    let mut snapshot = healthy();
    if let Some(attempt) = &mut snapshot.attempt {
        attempt.depth = ProbeKind::Negotiate;
        attempt.tls = None;
    }
    assert_eq!(value_of(&snapshot)["tls"]["outcome"], "ok");
}

#[test]
fn the_monitor_tells_its_own_state() {
    let state = |offline: Offline, findings: Vec<Finding>| {
        let monitor = MonitorSnapshot { offline, findings, ..MonitorSnapshot::default() };
        serde_json::to_value(value(&input(&monitor, &[]))).unwrap()["monitor"].clone()
    };
    assert_eq!(state(Offline::Online, vec![]), json!({ "state": "ok", "findings": [] }));
    let limited = Finding { rule: RuleId("probe-limited"), ..expired_finding() };
    let monitor = state(Offline::Online, vec![limited]);
    assert_eq!(monitor["state"], "limited");
    assert_eq!(monitor["findings"][0]["id"], "probe-limited");
    assert_eq!(state(Offline::NoInterface, vec![])["state"], "offline");
    assert_eq!(state(Offline::ControlsGone(vec![ip("10.0.0.1")]), vec![])["state"], "offline");
}

#[test]
fn hostile_text_neither_breaks_the_document_nor_drives_a_terminal() {
    let evil = "\"},\x1b[2J\u{202e}\r\n\0\u{9b}\\";
    let mut snapshot = expired();
    let mut watched = Watched::new(TargetId(0), evil, Host::Name(evil.to_owned()));
    watched.group = Some(evil.to_owned());
    snapshot.target = Arc::new(watched);
    snapshot.verdict = evil.to_owned();
    if let Some(name) = &mut snapshot.resolution {
        name.ptr = vec![evil.to_owned()];
    }
    let leaf = snapshot
        .attempt
        .as_mut()
        .and_then(|attempt| attempt.tls.as_mut())
        .and_then(|tls| tls.certificate.as_mut())
        .unwrap();
    leaf.subject = evil.to_owned();
    leaf.issuer = evil.to_owned();
    leaf.names = vec![evil.to_owned()];
    leaf.signature = evil.to_owned();
    snapshot.findings[0].title = evil.to_owned();
    snapshot.findings[0].evidence = vec![evil.to_owned()];
    let text = text_of(&snapshot);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'));
    let target = value_of(&snapshot);
    let shown = "\"},\u{fffd}[2J\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\\";
    for text in [
        &target["name"],
        &target["host"],
        &target["verdict"],
        &target["dns"]["ptr"][0],
        &target["tls"]["certificate"]["subject"],
        &target["tls"]["certificate"]["names"][0],
        &target["findings"][0]["title"],
        &target["findings"][0]["evidence"][0],
    ] {
        assert_eq!(text, shown);
    }
    assert_eq!(
        target["findings"][0]["remedies"][0]["commands"][0], "qwinsta /server:HOST",
        "a host that is not plain is not pasted into a command"
    );
}

#[test]
fn an_unreadable_neighbour_table_is_null() {
    let mut snapshot = healthy();
    for (state, expected) in [
        (NeighbourState::Unknown, Value::Null),
        (NeighbourState::NotOnLink, json!({ "mac": null, "state": "not_on_link" })),
    ] {
        if let Some(entry) = &mut snapshot.neighbour {
            entry.state = state;
            entry.mac = None;
        }
        assert_eq!(value_of(&snapshot)["neighbour"], expected);
    }
}

#[test]
fn an_address_needs_no_name_and_took_no_time_to_find() {
    let mut snapshot = healthy();
    snapshot.target =
        Arc::new(Watched::new(TargetId(0), "10.0.0.21", Host::Address(ip("10.0.0.21"), None)));
    snapshot.resolution = Some(Resolution::literal(ip("10.0.0.21")));
    snapshot.name_matches = None;
    let target = value_of(&snapshot);
    assert_eq!(target["dns"]["outcome"], "not_needed");
    assert_eq!(target["dns"]["source"], "literal");
    assert_eq!(target["dns"]["elapsed_ms"], Value::Null);
    assert_eq!(target["dns"]["server"], Value::Null);
    assert_eq!(target["tls"]["certificate"]["name_matches"], Value::Null);
    assert_eq!(target["x224"]["outcome"], "confirmed");
}

#[test]
fn a_name_server_on_another_port_says_so() {
    let mut snapshot = healthy();
    if let Some(name) = &mut snapshot.resolution {
        name.servers[0].server.set_port(5353);
    }
    assert_eq!(value_of(&snapshot)["dns"]["server"], "10.0.0.10:5353");
}

#[test]
fn a_gateway_is_told_rung_by_rung() {
    let gateway = value_of(&via_gateway())["gateway"].clone();
    let (mut tls, http) = (gateway["tls"].clone(), &gateway["http"]);
    let leaf = tls["certificate"].take();
    assert_eq!(leaf["names"], json!(["gw.corp.lab"]));
    assert_eq!(leaf["name_matches"], true);
    assert_eq!(
        tls,
        json!({
            "outcome": "ok", "version": "TLS1.2", "hello": "modern", "trust": "trusted",
            "presented": 2, "elapsed_ms": 20.0, "certificate": null
        })
    );
    assert_eq!(
        *http,
        json!({
            "outcome": "challenge", "status": 401, "schemes": ["Negotiate", "NTLM"],
            "location": null, "misread": null, "received": 280, "elapsed_ms": 5.0
        })
    );
    for (key, expected) in [
        ("host", json!("gw.corp.lab")),
        ("port", json!(443)),
        ("usage", json!("always")),
        ("outcome", json!("challenge")),
        ("name", json!("ok")),
        ("address", json!("192.0.2.7")),
        ("elapsed_ms", json!(40.0)),
    ] {
        assert_eq!(gateway[key], expected, "{key}");
    }
    assert_eq!(gateway["tcp"]["outcome"], "open");
    let text = text_of(&via_gateway());
    let from = text.find("\"gateway\"").unwrap();
    let keys: Vec<&str> = keys_in_order(&text[from..]).into_iter().take(20).collect();
    let order = "gateway host port usage outcome name address tcp outcome icmp from elapsed_ms \
        tls outcome version hello trust presented elapsed_ms certificate";
    assert_eq!(keys, order.split_whitespace().collect::<Vec<_>>());
}

#[test]
fn nothing_of_a_gateway_is_told_unescaped() {
    let mut snapshot = via_gateway();
    if let Some(http) = snapshot.gateway.as_mut().and_then(|found| found.http.as_mut()) {
        http.schemes = vec!["\u{1b}[2J".to_owned()];
        http.location = Some("https://\u{202e}sso\n".to_owned());
        http.answer = GatewayAnswer::Malformed(Misread { offset: 7, reason: "no token" });
    }
    let http = value_of(&snapshot)["gateway"]["http"].clone();
    assert_eq!(http["schemes"], json!(["\u{fffd}[2J"]));
    assert_eq!(http["location"], json!("https://\u{fffd}sso\u{fffd}"));
    assert_eq!(http["misread"], "no token at byte 7");
}
