//! Hand-made snapshots for the tests of the reports.

use crate::domain::certificate::{CertificateSummary, KeyKind, Thumbprint};
use crate::domain::echo_series::EchoSeries;
use crate::domain::finding::{
    ClientError, Confidence, Finding, Owner, Remedy, Risk, RuleId, RunOn, Rung, Severity,
};
use crate::domain::ladder::{Cell, Ladder, RungLine};
use crate::domain::lane::Lane;
use crate::domain::mac::MacAddr;
use crate::domain::sample::{
    Attempt, ChainTrust, CipherSuite, Connect, ConnectOutcome, Echo, EchoMethod, EchoOutcome,
    Gateway, GatewayAnswer, GatewayHttp, GatewayTls, Hello, NameOutcome, NameSource, Negotiate,
    NegotiateOutcome, Neighbour, NeighbourState, Nla, NlaOutcome, NtlmIdentity, OsVersion, PathMtu,
    PathOutcome, ProbeKind, Resolution, ServerAnswer, Tls, TlsOutcome, TlsVersion, Udp, UdpOutcome,
    UdpVersion,
};
use crate::domain::security::SecurityProtocol;
use crate::domain::snapshot::{Availability, TargetSnapshot, TargetState};
use crate::domain::stats::EchoStats;
use crate::domain::target::{GatewayAddress, GatewayUsage, Host, Target, TargetId};
use crate::domain::time::{MonoTime, Now, WallTime};
use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// 2026-11-21T07:00:00Z.
pub(super) const NOW: WallTime = WallTime::from_unix_secs(1_795_244_400);

pub(super) fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn at_3389(text: &str) -> SocketAddr {
    SocketAddr::new(ip(text), 3389)
}

/// The names that the tests give to the suites they use.
pub(super) fn cipher_name(suite: CipherSuite) -> Cow<'static, str> {
    match suite.0 {
        0x1302 => Cow::Borrowed("TLS13_AES_256_GCM_SHA384"),
        other => Cow::Owned(format!("0x{other:04x}")),
    }
}

/// Ten answered echo requests of 0.5 ms, or as many as `lost` says lost.
pub(super) fn echoes(lost: u64) -> EchoStats {
    let mut series = EchoSeries::default();
    for seq in 0..10 {
        let outcome = if seq < lost {
            EchoOutcome::Lost
        } else {
            EchoOutcome::Reply { rtt: Duration::from_micros(500), ttl: Some(128) }
        };
        let at = Now { mono: MonoTime::from_millis(seq * 200), wall: NOW };
        series.push(seq, at, Echo { method: EchoMethod::Icmp, address: ip("10.0.0.21"), outcome });
    }
    let mut stats = series.total();
    stats.duplicates = Some(0);
    stats
}

pub(super) fn resolution() -> Resolution {
    Resolution {
        outcome: NameOutcome::Ok,
        source: NameSource::Dns,
        by_system: true,
        addresses: vec![ip("10.0.0.21")],
        system: vec![ip("10.0.0.21")],
        servers: vec![ServerAnswer {
            server: SocketAddr::new(ip("10.0.0.10"), 53),
            outcome: NameOutcome::Ok,
            addresses: vec![ip("10.0.0.21")],
            canonical: Vec::new(),
            ttl_s: Some(120),
            elapsed: Duration::from_micros(1_200),
        }],
        ptr: vec!["office-pc.corp.lab".to_owned()],
        elapsed: Duration::from_micros(1_200),
    }
}

pub(super) fn connect(address: &str, outcome: ConnectOutcome) -> Connect {
    Connect {
        address: at_3389(address),
        outcome,
        icmp: None,
        icmp_is_ours: false,
        elapsed: Duration::from_micros(500),
        untimed: false,
    }
}

pub(super) fn certificate() -> CertificateSummary {
    CertificateSummary {
        subject: "CN=office-pc.corp.lab".to_owned(),
        common_name: Some("office-pc.corp.lab".to_owned()),
        issuer: "CN=office-pc.corp.lab".to_owned(),
        self_signed: true,
        not_before: WallTime::from_unix_secs(1_795_244_400 - 12 * 86_400),
        not_after: WallTime::from_unix_secs(1_795_244_400 + 171 * 86_400 + 60),
        names: vec!["office-pc.corp.lab".to_owned()],
        key: KeyKind::Rsa(2048),
        signature: "sha256WithRSAEncryption".to_owned(),
        sha256: Thumbprint([0xa7; 32]),
    }
}

pub(super) fn tls() -> Tls {
    Tls {
        outcome: TlsOutcome::Ok,
        hello: Hello::Modern,
        modern: None,
        afterwards: None,
        version: Some(TlsVersion(0x0304)),
        cipher: Some(CipherSuite(0x1302)),
        certificate: Some(certificate()),
        received: 1_400,
        elapsed: Duration::from_millis(9),
    }
}

pub(super) fn negotiate(outcome: NegotiateOutcome) -> Negotiate {
    Negotiate {
        asked: SecurityProtocol::OFFERED,
        outcome,
        received: 19,
        elapsed: Duration::from_millis(1),
    }
}

pub(super) fn nla() -> Nla {
    Nla {
        outcome: NlaOutcome::Challenge,
        version: Some(6),
        error: None,
        identity: Some(NtlmIdentity {
            computer: Some("OFFICE-PC".to_owned()),
            domain: Some("CORP".to_owned()),
            dns_computer: Some("office-pc.corp.lab".to_owned()),
            dns_domain: Some("corp.lab".to_owned()),
            os: Some(OsVersion { major: 10, minor: 0, build: 26_100 }),
            ..NtlmIdentity::default()
        }),
        clock_skew_ms: Some(212),
        received: 300,
        elapsed: Duration::from_millis(3),
    }
}

pub(super) fn udp() -> Udp {
    Udp {
        address: (ip("10.0.0.21"), 3389).into(),
        outcome: UdpOutcome::SynAck,
        version: Some(UdpVersion(0x0101)),
        mtu_up: Some(1_232),
        mtu_down: Some(1_232),
        answered_at: Some(1_232),
        sent: 1,
        elapsed: Duration::from_millis(2),
    }
}

pub(super) fn path() -> PathMtu {
    PathMtu {
        address: ip("10.0.0.21"),
        outcome: PathOutcome::Lowered,
        mtu: Some(1_400),
        first_hop: Some(1_500),
        swallowed: None,
        from: Some(ip("10.0.0.1")),
        tries: 1,
        elapsed: Duration::from_millis(9),
    }
}

/// [`healthy`], and behind a gateway that answers as it should.
pub(super) fn via_gateway() -> TargetSnapshot {
    let mut snapshot = healthy();
    let mut target = Target::clone(&snapshot.target);
    target.gateway = Some(GatewayAddress {
        host: Host::Name("gw.corp.lab".to_owned()),
        port: 443,
        usage: GatewayUsage::Always,
    });
    snapshot.target = Arc::new(target);
    let leaf = CertificateSummary { names: vec!["gw.corp.lab".to_owned()], ..certificate() };
    snapshot.gateway = Some(Gateway {
        host: "gw.corp.lab".to_owned(),
        port: 443,
        name: NameOutcome::Ok,
        connect: Some(connect("192.0.2.7", ConnectOutcome::Open)),
        tls: Some(GatewayTls {
            outcome: TlsOutcome::Ok,
            hello: Hello::Modern,
            version: Some(TlsVersion(0x0303)),
            certificate: Some(leaf),
            presented: 2,
            trust: ChainTrust::Trusted,
            elapsed: Duration::from_millis(20),
        }),
        http: Some(GatewayHttp {
            answer: GatewayAnswer::Challenge,
            status: Some(401),
            schemes: vec!["Negotiate".to_owned(), "NTLM".to_owned()],
            location: None,
            received: 280,
            elapsed: Duration::from_millis(5),
        }),
        elapsed: Duration::from_millis(40),
    });
    snapshot
}

fn ladder() -> Ladder {
    let line = |rung, cell, ms: Option<u64>, text: &str| RungLine {
        rung,
        cell,
        last: ms.map(Duration::from_millis),
        usual: None,
        text: text.to_owned(),
    };
    [
        line(Rung::Name, Cell::Ok, Some(1), "10.0.0.21 from 10.0.0.10"),
        line(Rung::Echo, Cell::Ok, Some(1), "10 of 10 answered"),
        line(Rung::Tcp, Cell::Ok, Some(1), "open"),
        line(Rung::X224, Cell::Ok, Some(1), "confirmed, hybrid_ex"),
        line(Rung::Tls, Cell::Ok, Some(9), "TLS1.3, certificate read"),
        line(Rung::Nla, Cell::Ok, Some(3), "challenge from office-pc.corp.lab"),
        line(Rung::Udp, Cell::Ok, Some(2), "answers, version 3"),
    ]
}

/// A target on which everything works.
pub(super) fn healthy() -> TargetSnapshot {
    let mut target =
        Target::new(TargetId(0), "office-pc", Host::Name("office-pc.corp.lab".to_owned()));
    target.expect = vec![ip("10.0.0.21")];
    let mac = "02:77:00:00:00:21".parse::<MacAddr>().ok();
    TargetSnapshot {
        at: Now { mono: MonoTime::from_secs(300), wall: NOW },
        target: Arc::new(target),
        address: Some(ip("10.0.0.21")),
        state: TargetState::Ok,
        maintenance: None,
        state_since: NOW.minus(Duration::from_mins(5)),
        availability: Availability::Up,
        verdict: "everything up to the sign-in prompt works".to_owned(),
        risk: Risk::None,
        findings: Vec::new(),
        ladder: ladder(),
        echo_minute: echoes(0),
        echo_total: echoes(0),
        spark: Vec::new(),
        lane: Lane::default(),
        drops: Vec::new(),
        resolution: Some(resolution()),
        attempt: Some(Attempt {
            negotiate: Some(negotiate(NegotiateOutcome::Confirmed {
                selected: SecurityProtocol::HYBRID_EX,
                flags: 0x1f,
            })),
            tls: Some(tls()),
            nla: Some(nla()),
            ..Attempt::new(ProbeKind::Nla, connect("10.0.0.21", ConnectOutcome::Open))
        }),
        stopped: None,
        transcripts: Vec::new(),
        tls: Some(tls()),
        nla: Some(nla()),
        sweep: None,
        udp: Some(udp()),
        path: Some(path()),
        gateway: None,
        certificate_days: Some(171),
        name_matches: Some(true),
        neighbour: Some(Neighbour {
            address: ip("10.0.0.21"),
            state: NeighbourState::Reachable,
            mac,
        }),
        alternatives: Vec::new(),
        mac,
        wake: None,
        usual_waking: None,
        next_tls: None,
        connections_per_day: 1_488,
    }
}

static REMEDIES: &[Remedy] = &[
    Remedy {
        confirm: Some("Get-WinEvent -ComputerName HOST -MaxEvents 5"),
        commands: &["qwinsta /server:HOST", "Restart-Service TermService -Force"],
        needs: Some("administrator on HOST"),
        impact: Some("DISCONNECTS EVERY SESSION on HOST"),
        ..Remedy::new("Delete the expired certificate and restart the service", RunOn::Host)
    },
    Remedy { weakens_security: true, ..Remedy::new("Lower the security layer", RunOn::Host) },
];

/// A critical finding with everything a finding can have.
pub(super) fn expired_finding() -> Finding {
    Finding {
        rule: RuleId("certificate-expired"),
        severity: Severity::Critical,
        confidence: Confidence::Certain,
        owner: Owner::Server,
        rung: Some(Rung::Tls),
        title: "certificate expired 9 d".to_owned(),
        sentence: "office-pc's certificate expired 9 days ago (certain).".to_owned(),
        evidence: vec!["not after 2026-11-12T07:00:00Z".to_owned()],
        disproof: "A certificate that is valid is read.",
        since: NOW.minus(Duration::from_hours(9 * 24)),
        remedies: REMEDIES,
        risk: Risk::High,
        client_error: Some(ClientError {
            code: 0x904,
            extended: Some(0x7),
            text: "Socket closed",
            likelihood: Confidence::Possible,
        }),
        as_found: false,
        of_the_way: false,
        faults: 1,
        title_over: None,
        members: None,
        tells: &[],
    }
}

/// A target with [`expired_finding`].
pub(super) fn expired() -> TargetSnapshot {
    TargetSnapshot {
        state: TargetState::Critical,
        verdict: "office-pc's certificate expired 9 days ago".to_owned(),
        risk: Risk::High,
        findings: vec![expired_finding()],
        ..healthy()
    }
}

/// A target whose name does not exist.
pub(super) fn unresolved() -> TargetSnapshot {
    let mut name = resolution();
    name.outcome = NameOutcome::NxDomain;
    name.source = NameSource::Os;
    name.addresses.clear();
    name.system.clear();
    name.ptr.clear();
    if let [server] = name.servers.as_mut_slice() {
        server.outcome = NameOutcome::NxDomain;
        server.addresses.clear();
        server.ttl_s = None;
    }
    TargetSnapshot {
        address: None,
        state: TargetState::Critical,
        availability: Availability::Unknown,
        verdict: "the name office-pc.corp.lab does not exist".to_owned(),
        risk: Risk::High,
        resolution: Some(name),
        findings: vec![Finding {
            rule: RuleId("dns-failure"),
            rung: Some(Rung::Name),
            owner: Owner::Dns,
            remedies: &[],
            client_error: None,
            ..expired_finding()
        }],
        ..healthy()
    }
}

/// A target of which nothing is known.
pub(super) fn unmeasured() -> TargetSnapshot {
    TargetSnapshot {
        address: None,
        state: TargetState::NotMeasured,
        availability: Availability::Unknown,
        verdict: "nothing could be measured".to_owned(),
        risk: Risk::Unknown,
        echo_minute: EchoStats::default(),
        echo_total: EchoStats::default(),
        resolution: None,
        attempt: None,
        transcripts: Vec::new(),
        tls: None,
        nla: None,
        sweep: None,
        udp: None,
        path: None,
        gateway: None,
        certificate_days: None,
        name_matches: None,
        neighbour: None,
        mac: None,
        ..healthy()
    }
}
