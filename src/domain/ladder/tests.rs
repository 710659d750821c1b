use super::*;
use crate::domain::certificate::{CertificateSummary, KeyKind, Thumbprint};
use crate::domain::diagnose::fixture::{
    ADDRESS, Fixture, at, confirmed, connect, finding, handshake, looked, ms, negotiated, reply,
    stopped_at_tcp,
};
use crate::domain::history::Timed;
use crate::domain::sample::{
    ChainTrust, GatewayAnswer, IcmpError, LocalFault, Misread, NeighbourState, Nla, NlaOutcome,
    NotRdp, NtStatus, NtlmIdentity, OtherProtocol, ServerAnswer, TlsVersion, Udp, UdpOutcome,
    UdpVersion,
};
use crate::domain::target::GatewayUsage;
use std::net::IpAddr;

fn drawn(fixture: &Fixture, findings: &[Finding]) -> String {
    ladder(&fixture.view(), findings)
        .iter()
        .map(|line| match line.cell {
            Cell::NotMeasured => '-',
            Cell::Ok => 'o',
            Cell::Warning => '!',
            Cell::Broken => 'x',
            Cell::NotEstablished => '.',
        })
        .collect()
}

fn text(fixture: &Fixture, rung: Rung) -> String {
    ladder(&fixture.view(), &[])
        .into_iter()
        .find(|line| line.rung == rung)
        .map(|line| line.text)
        .unwrap_or_default()
}

fn resolution(outcome: NameOutcome) -> Resolution {
    let addresses = if outcome == NameOutcome::Ok { vec![ADDRESS] } else { Vec::new() };
    Resolution {
        outcome,
        source: NameSource::Dns,
        by_system: true,
        addresses: addresses.clone(),
        system: addresses.clone(),
        servers: vec![ServerAnswer {
            server: ([10, 0, 0, 10], 53).into(),
            outcome,
            addresses,
            canonical: Vec::new(),
            ttl_s: Some(120),
            elapsed: ms(1),
        }],
        ptr: Vec::new(),
        elapsed: ms(1),
    }
}

fn certificate(common_name: &str) -> CertificateSummary {
    CertificateSummary {
        subject: format!("CN={common_name}"),
        common_name: Some(common_name.to_owned()),
        issuer: format!("CN={common_name}"),
        self_signed: true,
        not_before: at(0).wall,
        not_after: at(10 * 86_400).wall,
        names: vec![common_name.to_owned()],
        key: KeyKind::Rsa(2048),
        signature: "sha256WithRSAEncryption".to_owned(),
        sha256: Thumbprint([7; 32]),
    }
}

fn good_handshake() -> Attempt {
    let mut attempt = handshake(TlsOutcome::Ok);
    if let Some(tls) = &mut attempt.tls {
        tls.version = Some(TlsVersion(0x0304));
        tls.certificate = Some(certificate("office-pc"));
    }
    attempt
}

fn healthy() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.resolve.push(at(0), resolution(NameOutcome::Ok));
    fixture.echoes(&[reply(12); 8]);
    fixture.attempt(good_handshake());
    fixture
}

#[test]
fn rungs_are_in_order_and_nothing_measured_claims_nothing() {
    let fixture = Fixture::new();
    let lines = ladder(&fixture.view(), &[]);
    assert_eq!(lines.each_ref().map(|line| line.rung), Rung::ALL);
    assert!(lines.iter().all(|line| line.last.is_none() && line.usual.is_none()));
    assert_eq!(drawn(&fixture, &[]), "-------");
    assert_eq!(text(&fixture, Rung::Tcp), "not measured yet");
    assert_eq!(text(&fixture, Rung::Udp), "not measured yet");
}

#[test]
fn a_healthy_target_reads_well() {
    let mut fixture = healthy();
    fixture.resolve.push(at(5), {
        let mut name = resolution(NameOutcome::Ok);
        name.ptr.push("OFFICE-PC.corp.lab".to_owned());
        name
    });
    let lines = ladder(&fixture.view(), &[]);
    assert_eq!(drawn(&fixture, &[]), "ooooo--");
    let texts = lines.each_ref().map(|line| line.text.as_str());
    assert_eq!(
        texts[..5],
        [
            "10.0.0.21 from 10.0.0.10 · TTL 120 s · reverse name agrees",
            "8 of 8 · ICMP · jitter 0.0 ms",
            "open",
            "confirmed, NLA",
            "TLS1.3 · CN=office-pc, 9 d left",
        ]
    );
    assert_eq!(lines[0].usual, Some(ms(1)));
    assert_eq!((lines[3].last, lines[3].usual), (Some(ms(13)), None));
}

#[test]
fn findings_colour_their_rung_and_no_other() {
    let fixture = healthy();
    let warned = [finding("packet-loss", Severity::Warning, Some(Rung::Echo))];
    assert_eq!(drawn(&fixture, &warned), "o!ooo--");
    let broken = [
        finding("certificate-expired", Severity::Critical, Some(Rung::Tls)),
        finding("x", Severity::Notice, Some(Rung::Tcp)),
        finding("y", Severity::Critical, None),
        finding("z", Severity::Critical, Some(Rung::Udp)),
    ];
    assert_eq!(drawn(&fixture, &broken), "oooox--");
}

#[test]
fn what_the_newest_attempt_did_not_reach_is_not_measured() {
    let mut fixture = healthy();
    fixture.attempt(stopped_at_tcp(ConnectOutcome::Refused));
    assert_eq!(drawn(&fixture, &[]), "oox----");
    assert_eq!(text(&fixture, Rung::Tcp), "refused with RST");
    assert_eq!(text(&fixture, Rung::X224), "not reached");
    let tls = "not reached · last certificate CN=office-pc, 9 d left";
    assert_eq!(text(&fixture, Rung::Tls), tls);
    let stale = [finding("certificate-expired", Severity::Warning, Some(Rung::Tls))];
    assert_eq!(drawn(&fixture, &stale), "oox----");

    fixture.attempt(negotiated(NegotiateOutcome::Closed));
    assert_eq!(drawn(&fixture, &[]), "ooox---");
    assert_eq!(text(&fixture, Rung::X224), "closed by the peer after 13.0 ms, 19 bytes");

    fixture.attempt(handshake(TlsOutcome::Closed));
    assert_eq!(drawn(&fixture, &[]), "oooox--");
    let closed = "closed by the peer at the ClientHello · last certificate CN=office-pc, 9 d left";
    assert_eq!(text(&fixture, Rung::Tls), closed);

    fixture.resolve.push(fixture.now, resolution(NameOutcome::NxDomain));
    assert_eq!(text(&fixture, Rung::Name), "the name does not exist, asked 10.0.0.10");
    fixture.now = at(100);
    fixture.resolve.push(at(100), resolution(NameOutcome::Timeout));
    assert_eq!(drawn(&fixture, &[]), "x------", "and no echo within the last minute");
    assert_eq!(text(&fixture, Rung::Tcp), "not reached");
}

#[test]
fn an_expired_certificate_says_for_how_long() {
    let mut fixture = healthy();
    fixture.now = at(19 * 86_400);
    assert_eq!(text(&fixture, Rung::Tls), "TLS1.3 · CN=office-pc, expired 9 d ago");
}

#[test]
fn blocked_echo_is_no_fault_while_tcp_connects() {
    let mut fixture = Fixture::new();
    fixture.echoes(&[EchoOutcome::Lost; 3]);
    assert_eq!(drawn(&fixture, &[]), "-x-----");
    fixture.attempt(confirmed(SecurityProtocol::SSL));
    assert_eq!(drawn(&fixture, &[]), "-.oo-.-");
    assert_eq!(text(&fixture, Rung::Echo), "not answered; TCP is used");
    assert_eq!(text(&fixture, Rung::X224), "confirmed, TLS without NLA");
}

#[test]
fn a_sleeper_has_no_broken_echo() {
    let mut fixture = healthy();
    fixture.attempt(stopped_at_tcp(ConnectOutcome::Timeout));
    fixture.echoes(&[EchoOutcome::Lost; 6]);
    let asleep = [finding("host-asleep", Severity::Notice, Some(Rung::Echo))];
    assert_eq!(drawn(&fixture, &asleep), "o-x----");
}

#[test]
fn what_this_machine_could_not_try_is_not_measured() {
    let mut fixture = Fixture::new();
    fixture.echoes(&[EchoOutcome::Void(LocalFault::NotPermitted)]);
    fixture.attempt(stopped_at_tcp(ConnectOutcome::LocalError(LocalFault::NoRoute)));
    assert_eq!(drawn(&fixture, &[]), "-------");
    assert_eq!(text(&fixture, Rung::Echo), "not measured: this machine does not permit it");
    assert_eq!(text(&fixture, Rung::Tcp), "not measured: this machine has no route there");
    assert_eq!(ladder(&fixture.view(), &[])[2].last, None);
}

#[test]
fn standard_rdp_security_needs_no_tls_and_entra_is_no_fault() {
    let mut fixture = Fixture::new();
    fixture.attempt(confirmed(SecurityProtocol::RDP));
    assert_eq!(drawn(&fixture, &[]), "--oo..-");
    fixture.attempt(negotiated(NegotiateOutcome::Failure(FailureCode::ENTRA_AUTH_REQUIRED)));
    assert_eq!(drawn(&fixture, &[]), "--o.---");
}

#[test]
fn an_address_needs_no_name() {
    let mut fixture = Fixture::new();
    fixture.resolve.push(at(0), Resolution::literal(ADDRESS));
    assert_eq!(drawn(&fixture, &[]), ".------");
    assert_eq!(ladder(&fixture.view(), &[])[0].last, None);
}

#[test]
fn who_refused_is_named() {
    let from = Some(IpAddr::from([10, 0, 0, 1]));
    let mut fixture = Fixture::new();
    for (outcome, code, expected) in [
        (ConnectOutcome::Refused, 3, "refused: ICMP 3/3 from 10.0.0.1"),
        (ConnectOutcome::Prohibited, 13, "a firewall prohibits it: ICMP 3/13 from 10.0.0.1"),
        (ConnectOutcome::Unreachable, 1, "unreachable: ICMP 3/1 from 10.0.0.1"),
    ] {
        let icmp = Some(IcmpError { v6: false, kind: 3, code, from });
        let connect = Connect { icmp, ..connect(outcome) };
        assert_eq!(connect_text(&fixture.view(), &connect), expected);
    }
    let ours = Connect { icmp_is_ours: true, ..connect(ConnectOutcome::Unreachable) };
    assert!(connect_text(&fixture.view(), &ours).starts_with("no such neighbour"));
    fixture.neighbour(NeighbourState::NotOnLink);
    let said = connect_text(&fixture.view(), &ours);
    assert_eq!(said, "this machine's default gateway does not answer");
}

#[test]
fn what_a_host_says_is_escaped_and_cut() {
    let mut fixture = healthy();
    let evil = format!("\x1b[2J\u{202e}{}", "x".repeat(500));
    let mut attempt = good_handshake();
    if let Some(tls) = &mut attempt.tls {
        tls.certificate = Some(certificate(&evil));
    }
    fixture.attempt(attempt);
    let mut name = resolution(NameOutcome::Ok);
    name.ptr.push(evil);
    fixture.resolve.push(fixture.now, name);
    fixture.attempt(negotiated(NegotiateOutcome::Malformed(NotRdp {
        protocol: OtherProtocol::Http,
        offset: 0,
        reason: "not TPKT",
        head: b"HTTP/1.1 ".to_vec(),
    })));
    assert_eq!(text(&fixture, Rung::X224), "not RDP: HTTP answers");
    for line in ladder(&fixture.view(), &[]) {
        assert!(!line.text.contains(['\x1b', '\u{202e}']), "{:?}", line.text);
        assert!(line.text.chars().count() < 200, "{:?}", line.text);
    }
}

fn challenge() -> Nla {
    Nla {
        outcome: NlaOutcome::Challenge,
        identity: Some(NtlmIdentity {
            computer: Some("OFFICE-PC".to_owned()),
            dns_computer: Some("office-pc.corp.lab".to_owned()),
            ..NtlmIdentity::default()
        }),
        clock_skew_ms: Some(-312_040),
        received: 300,
        elapsed: ms(3),
        ..Nla::not_offered()
    }
}

fn answered(outcome: UdpOutcome) -> Udp {
    Udp {
        address: (ADDRESS, 3389).into(),
        outcome,
        version: (outcome == UdpOutcome::SynAck).then_some(UdpVersion(0x0101)),
        mtu_up: None,
        mtu_down: None,
        answered_at: (outcome == UdpOutcome::SynAck).then_some(1_232),
        sent: 1,
        elapsed: ms(2),
    }
}

#[test]
fn a_challenge_names_the_machine_and_its_clock() {
    let mut fixture = healthy();
    assert_eq!(text(&fixture, Rung::Nla), "not measured yet");
    fixture.nla = Some(Timed { at: at(0), value: challenge() });
    assert_eq!(drawn(&fixture, &[]), "oooooo-");
    assert_eq!(text(&fixture, Rung::Nla), "challenge from office-pc.corp.lab · clock -312.0 s");
    fixture.attempt(stopped_at_tcp(ConnectOutcome::Refused));
    assert_eq!(drawn(&fixture, &[]), "oox----");
    assert_eq!(text(&fixture, Rung::Nla), "not reached");
}

#[test]
fn what_credssp_ended_with_is_told() {
    let misread = Misread { offset: 4, reason: "no version" };
    for (outcome, cell, says) in [
        (NlaOutcome::Error, 'x', "refused with STATUS_NOT_SUPPORTED"),
        (NlaOutcome::NotOffered, '.', "not offered"),
        (NlaOutcome::Timeout, 'x', "no answer in 5.0 s"),
        (NlaOutcome::Closed, 'x', "closed by the peer after 5000.0 ms, 0 bytes"),
        (NlaOutcome::Reset, 'x', "closed by the peer after 5000.0 ms, 0 bytes"),
        (NlaOutcome::Malformed(misread), 'x', "what answers is not CredSSP: no version at byte 4"),
    ] {
        let mut fixture = healthy();
        let nla = Nla {
            outcome,
            error: (outcome == NlaOutcome::Error).then_some(NtStatus(0xc000_00bb)),
            elapsed: ms(5_000),
            ..Nla::not_offered()
        };
        fixture.nla = Some(Timed { at: at(0), value: nla });
        assert_eq!(drawn(&fixture, &[]).chars().nth(5), Some(cell), "{outcome:?}");
        assert!(text(&fixture, Rung::Nla).starts_with(says), "{}", text(&fixture, Rung::Nla));
    }
}

#[test]
fn a_server_without_nla_is_not_asked_for_it() {
    let mut fixture = Fixture::new();
    fixture.attempt(confirmed(SecurityProtocol::SSL));
    assert_eq!(drawn(&fixture, &[]), "--oo-.-");
    fixture.attempt(confirmed(SecurityProtocol::RDP));
    assert_eq!(drawn(&fixture, &[]), "--oo..-");
}

#[test]
fn a_silent_udp_transport_is_no_fault() {
    let misread = Misread { offset: 0, reason: "another acknowledgement" };
    for (outcome, cell, says) in [
        (UdpOutcome::SynAck, 'o', "answers, version 3, 1232 bytes pass"),
        (UdpOutcome::Silent, '.', "never answered; sessions use TCP"),
        (UdpOutcome::Unreachable(None), '.', "refused; sessions use TCP"),
        (
            UdpOutcome::Malformed(misread),
            '.',
            "what answers is not RDP-UDP: another acknowledgement at byte 0",
        ),
        (
            UdpOutcome::LocalError(LocalFault::NoRoute),
            '-',
            "not measured: this machine has no route there",
        ),
    ] {
        let mut fixture = healthy();
        fixture.udp.push(at(0), answered(outcome));
        assert_eq!(drawn(&fixture, &[]).chars().nth(6), Some(cell), "{outcome:?}");
        assert_eq!(text(&fixture, Rung::Udp), says);
    }
}

#[test]
fn udp_that_answered_before_is_told_apart_and_is_not_green_once_tcp_broke() {
    let mut fixture = healthy();
    fixture.udp.push(at(0), answered(UdpOutcome::SynAck));
    fixture.udp.push(at(1), answered(UdpOutcome::Silent));
    assert_eq!(text(&fixture, Rung::Udp), "no longer answers; sessions use TCP");
    let mut next_run = healthy();
    next_run.udp.push(at(0), answered(UdpOutcome::Silent));
    assert_eq!(text(&next_run, Rung::Udp), "never answered; sessions use TCP");
    next_run.memory.udp_address = Some(answered(UdpOutcome::Silent).address.ip());
    assert_eq!(text(&next_run, Rung::Udp), "no longer answers; sessions use TCP");
    fixture.udp.push(at(2), answered(UdpOutcome::SynAck));
    fixture.attempt(stopped_at_tcp(ConnectOutcome::Timeout));
    assert_eq!(drawn(&fixture, &[]).chars().nth(6), Some('-'));
    assert_eq!(text(&fixture, Rung::Udp), "not asked since TCP broke");
}

#[test]
fn behind_a_gateway_a_closed_direct_way_is_no_fault() {
    let mut fixture = Fixture::new();
    fixture.resolve.push(at(0), resolution(NameOutcome::NxDomain));
    fixture.resolve.push(at(1), resolution(NameOutcome::Ok));
    fixture.echoes(&[EchoOutcome::Lost; 6]);
    fixture.attempt(stopped_at_tcp(ConnectOutcome::Refused));
    assert_eq!(drawn(&fixture, &[]), "oxx----");
    let answers = looked(GatewayAnswer::Challenge, ChainTrust::Trusted);
    fixture.gateway(GatewayUsage::WhenDirectFails, answers.clone());
    assert_eq!(drawn(&fixture, &[]), "oxx----");
    fixture.gateway(GatewayUsage::Always, answers);
    assert_eq!(drawn(&fixture, &[]), "o..----");
    assert_eq!(text(&fixture, Rung::Tcp), "refused with RST");
}
