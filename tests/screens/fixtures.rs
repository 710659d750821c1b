//! Snapshots to draw: healthy, mixed trouble, empty, offline.

use rdpwatch::domain::alert::{Alert, AlertState, AlertsSnapshot, AsFound};
use rdpwatch::domain::certificate::{CertificateSummary, KeyKind, Thumbprint};
use rdpwatch::domain::control::{ControlRole, ControlStats};
use rdpwatch::domain::finding::{
    ClientError, Confidence, Finding, Owner, Remedy, Risk, RuleId, RunOn, Rung, Severity,
};
use rdpwatch::domain::incident::Incident;
use rdpwatch::domain::ladder::{Cell, Ladder, RungLine};
use rdpwatch::domain::lane::Lane;
use rdpwatch::domain::local::{Interface, LocalState};
use rdpwatch::domain::mac::MacAddr;
use rdpwatch::domain::maintenance::Maintained;
use rdpwatch::domain::route::{Origin, Route};
use rdpwatch::domain::sample::{
    EchoMethod, Hello, NameOutcome, NameSource, Neighbour, NeighbourState, Observation, Resolution,
    Sample, ServerAnswer, Step, Tls, TlsOutcome, TlsVersion, Transcript, Way,
};
use rdpwatch::domain::snapshot::{
    Availability, Control, ControlWord, Event, MonitorSnapshot, Snapshot, TargetSnapshot,
    TargetState,
};
use rdpwatch::domain::stats::{EchoStats, Spark};
use rdpwatch::domain::surroundings::Offline;
use rdpwatch::domain::target::{Host, Target, TargetId, TargetKind};
use rdpwatch::domain::time::{MonoTime, Now, WallTime};
use rdpwatch::domain::transcripts::Told;
use rdpwatch::domain::wake::{Reach, WakeDestination, WakeProgress, WakeReceipt, WakeSend};
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// 2026-11-21 14:03:20 UTC.
pub(crate) const NOW: WallTime = WallTime::from_unix_secs(1_795_269_800);
const AT: Now = Now { mono: MonoTime::from_secs(10_000), wall: NOW };

pub(crate) fn ago(secs: u64) -> WallTime {
    NOW.minus(Duration::from_secs(secs))
}

pub(crate) fn ms(ms: f64) -> Duration {
    Duration::from_secs_f64(ms / 1_000.0)
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

pub(crate) static REMEDIES: &[Remedy] = &[
    Remedy {
        confirm: Some("events 1057 and 1058 on HOST, Schannel 36870"),
        impact: None,
        needs: Some("administrator on HOST"),
        ..Remedy::new("Mend the permissions of the RDP key under MachineKeys on HOST.", RunOn::Host)
    },
    Remedy {
        commands: &["Restart-Service TermService -Force"],
        impact: Some("DISCONNECTS EVERY SESSION on that host"),
        undo: Some("nothing to undo: Windows makes a new certificate"),
        ..Remedy::new("Delete the expired certificate and restart TermService.", RunOn::Host)
    },
    Remedy {
        weakens_security: true,
        ..Remedy::new("Lower the security layer to RDP on HOST.", RunOn::Host)
    },
    Remedy::new("Connect by address as the way round.", RunOn::Client),
];

pub(crate) fn finding(
    rule: &'static str,
    severity: Severity,
    title: &str,
    sentence: &str,
) -> Finding {
    Finding {
        rule: RuleId(rule),
        severity,
        confidence: Confidence::Certain,
        owner: Owner::Server,
        rung: Some(Rung::Tls),
        title: title.to_owned(),
        sentence: sentence.to_owned(),
        evidence: vec!["measured 3 of 3 times".to_owned()],
        disproof: "a successful attempt at the next probe",
        since: ago(17_460),
        remedies: REMEDIES,
        risk: Risk::High,
        client_error: None,
        as_found: false,
        of_the_way: false,
        faults: 1,
        title_over: None,
        members: None,
        tells: &[],
    }
}

pub(crate) fn stats(last: f64, loss: u32, jitter: f64) -> EchoStats {
    EchoStats {
        method: Some(EchoMethod::Icmp),
        sent: 60,
        received: 60 - loss,
        lost: loss,
        last: Some(ms(last)),
        min: Some(ms(last * 0.8)),
        median: Some(ms(last)),
        p95: Some(ms(last + 4.0 * jitter)),
        max: Some(ms(last * 1.5 + 4.0 * jitter)),
        mean: Some(ms(last * 1.05)),
        stddev: Some(ms(jitter)),
        jitter: Some(ms(jitter)),
        longest_burst: loss.min(2),
        ..EchoStats::default()
    }
}

/// `text` holds one letter per rung: o ok, w warning, x broken, - not measured, . not established.
pub(crate) fn ladder(text: &str, how: [&str; 7]) -> Ladder {
    let mut letters = text.chars();
    let mut how = how.into_iter();
    Rung::ALL.map(|rung| {
        let cell = match letters.next() {
            Some('o') => Cell::Ok,
            Some('w') => Cell::Warning,
            Some('x') => Cell::Broken,
            Some('.') => Cell::NotEstablished,
            _ => Cell::NotMeasured,
        };
        let measured = !matches!(cell, Cell::NotMeasured | Cell::NotEstablished);
        RungLine {
            rung,
            cell,
            last: measured.then(|| ms(12.4)),
            usual: measured.then(|| ms(12.1)),
            text: how.next().unwrap_or_default().to_owned(),
        }
    })
}

const FINE: [&str; 7] = [
    "10.0.0.31 from 10.0.0.10, TTL 120 s, reverse name agrees",
    "60 of 60, ICMP, jitter 0.1 ms",
    "open",
    "confirmed, NLA required",
    "TLS1.3, CN=rds-01",
    "not measured",
    "never answered; sessions use TCP",
];

pub(crate) fn certificate(name: &str) -> CertificateSummary {
    CertificateSummary {
        subject: format!("CN={name}"),
        common_name: Some(name.to_owned()),
        issuer: format!("CN={name}"),
        self_signed: true,
        not_before: ago(86_400 * 190),
        not_after: ago(86_400 * 8 + 3_600),
        names: vec![name.to_owned()],
        key: KeyKind::Rsa(2048),
        signature: "sha256WithRSAEncryption".to_owned(),
        sha256: Thumbprint([0x3f; 32]),
    }
}

/// A healthy target.
pub(crate) fn target(id: u32, name: &str, address: &str) -> TargetSnapshot {
    let mut target = Target::new(TargetId(id), name, Host::Name(format!("{name}.corp.lab")));
    target.group = Some("berlin".to_owned());
    TargetSnapshot {
        at: AT,
        target: Arc::new(target),
        address: Some(ip(address)),
        state: TargetState::Ok,
        state_since: ago(86_400 * 3),
        maintenance: None,
        availability: Availability::Up,
        verdict: "Everything up to the sign-in prompt works.".to_owned(),
        risk: Risk::None,
        findings: Vec::new(),
        ladder: ladder("ooooo-.", FINE),
        echo_minute: stats(3.0, 0, 0.1),
        echo_total: stats(3.1, 0, 0.2),
        spark: (0..120_u32).map(|i| Spark::Rtt(ms(3.0 + f64::from(i % 7) * 0.4))).collect(),
        lane: Lane::default(),
        drops: Vec::new(),
        resolution: Some(Resolution {
            outcome: NameOutcome::Ok,
            source: NameSource::Dns,
            by_system: true,
            addresses: vec![ip(address)],
            system: vec![ip(address)],
            servers: vec![ServerAnswer {
                server: SocketAddr::new(ip("10.0.0.10"), 53),
                outcome: NameOutcome::Ok,
                addresses: vec![ip(address)],
                canonical: Vec::new(),
                ttl_s: Some(120),
                elapsed: ms(1.2),
            }],
            ptr: vec![format!("{name}.corp.lab")],
            elapsed: ms(1.2),
        }),
        attempt: None,
        stopped: None,
        transcripts: Vec::new(),
        tls: None,
        nla: None,
        sweep: None,
        udp: None,
        path: None,
        gateway: None,
        certificate_days: Some(88),
        name_matches: Some(true),
        neighbour: Some(Neighbour {
            address: ip(address),
            state: NeighbourState::NotOnLink,
            mac: None,
        }),
        alternatives: Vec::new(),
        mac: None,
        wake: None,
        usual_waking: None,
        next_tls: Some(MonoTime::from_secs(10_190)),
        connections_per_day: 1_440,
    }
}

/// The TLS handshake is closed; the certificate is expired.
pub(crate) fn office_pc(id: u32) -> TargetSnapshot {
    let mut base = target(id, "office-pc", "10.0.0.21");
    let mut config = (*base.target).clone();
    config.expect = vec![ip("10.0.0.21")];
    base.target = Arc::new(config);
    let mut worst = finding(
        "tls-handshake-failed",
        Severity::Critical,
        "closes at the TLS handshake",
        "It closes the connection at the TLS handshake (certain); its certificate expired 9 days \
         ago and was not renewed (likely the cause).",
    );
    worst.evidence = vec![
        "closed 18 ms after the ClientHello, 3 of 3, both hellos".to_owned(),
        "notAfter 2026-11-12 07:00 UTC; thumbprint 3f:3f:3f:3f\u{2026} unchanged for 183 days"
            .to_owned(),
    ];
    worst.client_error = Some(ClientError {
        code: 0x904,
        extended: Some(7),
        text: "socket closed",
        likelihood: Confidence::Likely,
    });
    let mut notice = finding(
        "nla-not-enforced",
        Severity::Notice,
        "accepts connections without NLA",
        "It accepts connections without NLA.",
    );
    notice.as_found = true;
    TargetSnapshot {
        state: TargetState::Critical,
        state_since: ago(17_460),
        risk: Risk::High,
        verdict: "It closes the connection at the TLS handshake since 09:12 (certain); its \
                  certificate expired 9 days ago."
            .to_owned(),
        findings: vec![worst, notice],
        ladder: ladder(
            "oooox-.",
            [
                "10.0.0.21 from 10.0.0.10, TTL 120 s, reverse name agrees",
                "60 of 60, ICMP, jitter 0.8 ms",
                "open",
                "confirmed, NLA required",
                "closed by the peer at the ClientHello",
                "not reached",
                "never answered; sessions use TCP",
            ],
        ),
        echo_minute: stats(12.1, 0, 0.8),
        echo_total: EchoStats { sent: 60_000, lost: 60, ..stats(12.0, 0, 0.8) },
        spark: (0..120_u32).map(|i| Spark::Rtt(ms(11.0 + f64::from(i % 9) * 2.0))).collect(),
        transcripts: vec![closed_at_the_hello()],
        tls: Some(Tls {
            outcome: TlsOutcome::Ok,
            hello: Hello::Modern,
            modern: None,
            afterwards: None,
            version: Some(TlsVersion(0x0304)),
            cipher: None,
            certificate: Some(certificate("office-pc")),
            received: 1_200,
            elapsed: ms(30.2),
        }),
        nla: None,
        sweep: None,
        udp: None,
        path: None,
        gateway: None,
        certificate_days: Some(-9),
        ..base
    }
}

/// Loses packets.
pub(crate) fn berlin_07(id: u32) -> TargetSnapshot {
    let mut worst = finding(
        "packet-loss",
        Severity::Warning,
        "loses 6.7 %",
        "It loses 6.7 % of echo requests (certain), beginning at the VPN.",
    );
    worst.owner = Owner::Vpn;
    worst.since = ago(300);
    worst.risk = Risk::Elevated;
    TargetSnapshot {
        state: TargetState::Warning,
        state_since: ago(300),
        risk: Risk::Elevated,
        verdict: "It loses 6.7 % of echo requests since 13:58.".to_owned(),
        findings: vec![worst],
        ladder: ladder("owooo--", FINE),
        echo_minute: stats(48.3, 4, 32.4),
        echo_total: EchoStats { sent: 5_000, lost: 60, ..stats(44.0, 0, 20.0) },
        spark: (0..120_u32)
            .map(|i| match i % 17 {
                4 | 5 => Spark::Lost,
                9 => Spark::Late,
                13 => Spark::Rtt(ms(330.0)),
                n => Spark::Rtt(ms(30.0 + f64::from(n) * 9.0)),
            })
            .collect(),
        nla: None,
        sweep: None,
        udp: None,
        path: None,
        gateway: None,
        certificate_days: Some(161),
        ..target(id, "berlin-07", "10.0.4.7")
    }
}

/// Asleep.
pub(crate) fn home_pc(id: u32) -> TargetSnapshot {
    let mut base = target(id, "home-pc", "192.168.1.20");
    let mut config = (*base.target).clone();
    config.kind = TargetKind::Pc;
    config.group = None;
    config.mac = Some(MacAddr([2, 0x11, 0x22, 0x33, 0x44, 0x55]));
    base.target = Arc::new(config);
    TargetSnapshot {
        state: TargetState::Asleep,
        state_since: ago(40_000),
        availability: Availability::Asleep,
        risk: Risk::Elevated,
        verdict: "Asleep or off, likely: its neighbours answer.".to_owned(),
        ladder: ladder(
            "o-x----",
            [
                "192.168.1.20",
                "no answer",
                "no answer for 3.1 s",
                "not reached",
                "not reached",
                "not reached",
                "not reached",
            ],
        ),
        echo_minute: EchoStats {
            method: Some(EchoMethod::Icmp),
            sent: 60,
            lost: 60,
            longest_burst: 60,
            ..EchoStats::default()
        },
        echo_total: EchoStats { sent: 4_000, lost: 4_000, ..EchoStats::default() },
        spark: vec![Spark::Lost; 120],
        nla: None,
        sweep: None,
        udp: None,
        path: None,
        gateway: None,
        certificate_days: None,
        mac: Some(MacAddr([2, 0x11, 0x22, 0x33, 0x44, 0x55])),
        neighbour: Some(Neighbour {
            address: ip("192.168.1.20"),
            state: NeighbourState::Failed,
            mac: None,
        }),
        ..base
    }
}

/// Asleep, with a magic packet sent and the network card up.
pub(crate) fn waking(id: u32) -> TargetSnapshot {
    let target = home_pc(id);
    let sent = MonoTime::from_secs(9_988);
    let receipt = WakeReceipt {
        at: ago(12),
        mac: target.mac.expect("home-pc has one"),
        reach: Some(Reach::OnLink),
        sends: vec![WakeSend {
            interface: Some("eth0".to_owned()),
            source: Some(ip("192.168.1.5")),
            destination: WakeDestination::Udp(SocketAddr::new(ip("192.168.1.255"), 9)),
            packets: 3,
            error: None,
        }],
        skipped: Vec::new(),
        refused: None,
        relay: None,
    };
    let started = Now { mono: sent, wall: ago(12) };
    let mut progress = WakeProgress::new(receipt, started, Duration::from_mins(2));
    progress.observe(&Sample {
        target: TargetId(id),
        seq: 1,
        sent_at: Now { mono: sent.plus(Duration::from_secs(4)), wall: ago(8) },
        ended_at: sent.plus(Duration::from_secs(5)),
        observation: Observation::Neighbour(Neighbour {
            address: ip("192.168.1.20"),
            state: NeighbourState::Reachable,
            mac: target.mac,
        }),
    });
    TargetSnapshot {
        state: TargetState::Waking,
        availability: Availability::Asleep,
        verdict: "Waking: its network card answers.".to_owned(),
        wake: Some(progress),
        ..target
    }
}

/// Nothing is known yet.
pub(crate) fn unmeasured(id: u32) -> TargetSnapshot {
    TargetSnapshot {
        address: None,
        state: TargetState::NotMeasured,
        state_since: NOW,
        availability: Availability::Unknown,
        verdict: "Not measured yet.".to_owned(),
        risk: Risk::Unknown,
        ladder: ladder("-------", [""; 7]),
        echo_minute: EchoStats::default(),
        echo_total: EchoStats::default(),
        spark: Vec::new(),
        resolution: None,
        nla: None,
        sweep: None,
        udp: None,
        path: None,
        gateway: None,
        certificate_days: None,
        name_matches: None,
        neighbour: None,
        next_tls: None,
        ..target(id, "new-host", "10.0.0.99")
    }
}

fn monitor() -> MonitorSnapshot {
    MonitorSnapshot {
        local: LocalState {
            interfaces: vec![Interface::up(
                2,
                "eth0",
                vec![(ip("10.0.0.5"), 24), (ip("192.168.1.5"), 24)],
            )],
            gateway: Some(ip("10.0.0.1")),
            gateway_interface: Some("eth0".to_owned()),
            dns_servers: vec![ip("10.0.0.10")],
            cpu_pct: Some(0.4),
            memory_bytes: Some(9_000_000),
            ..LocalState::default()
        },
        ..MonitorSnapshot::default()
    }
}

pub(crate) fn snapshot(targets: Vec<TargetSnapshot>) -> Snapshot {
    Snapshot {
        revision: 1,
        now: AT,
        started: Now { mono: MonoTime::ZERO, wall: ago(10_000) },
        monitor: monitor(),
        targets: targets.into_iter().map(Arc::new).collect(),
        alerts: Arc::new(AlertsSnapshot::default()),
        events: Arc::new(Vec::new()),
        pinned: Some(BTreeSet::new()),
        simulated: None,
    }
}

/// Eight healthy hosts.
pub(crate) fn healthy() -> Snapshot {
    snapshot(
        (0..8_u8)
            .map(|i| {
                target(u32::from(i), &format!("rds-{:02}", i + 1), &format!("10.0.0.{}", 31 + i))
            })
            .collect(),
    )
}

fn alert(target: Option<u32>, rule: &'static str, severity: Severity, secs: u64) -> Alert {
    Alert {
        target: target.map(TargetId),
        rule: RuleId(rule),
        severity,
        state: AlertState::Firing,
        since: ago(secs),
        title: rule.replace('-', " "),
        acknowledged: None,
        signed: rdpwatch::domain::alert::Signature::default(),
        snoozed_until: None,
        held_until: None,
        explained_by: None,
        returns: 0,
        unbroken: 0,
    }
}

/// One of everything.
pub(crate) fn mixed() -> Snapshot {
    let mut targets = vec![
        target(0, "rds-01", "10.0.0.31"),
        home_pc(1),
        berlin_07(2),
        office_pc(3),
        unmeasured(4),
        target(5, "rds-02", "10.0.0.32"),
        target(6, "東京サーバー-キャッスル-01", "2001:db8:1:2:3:4:5:6789"),
    ];
    targets.push(waking(7));
    let mut snapshot = snapshot(targets);
    let pending = Alert {
        state: AlertState::Pending,
        returns: 2,
        unbroken: 0,
        ..alert(Some(2), "high-jitter", Severity::Warning, 40)
    };
    let acknowledged = Alert {
        acknowledged: Some(ago(3_600)),
        ..alert(Some(3), "certificate-expired", Severity::Critical, 780_000)
    };
    let snoozed = Alert {
        snoozed_until: Some(NOW.plus(Duration::from_hours(7))),
        ..alert(Some(1), "host-asleep", Severity::Warning, 40_000)
    };
    let over = alert(Some(0), "dns-failure", Severity::Critical, 9_000);
    snapshot.alerts = Arc::new(AlertsSnapshot {
        firing: vec![
            alert(Some(3), "tls-handshake-failed", Severity::Critical, 17_460),
            alert(Some(2), "packet-loss", Severity::Warning, 300),
            acknowledged,
            snoozed,
        ],
        pending: vec![pending],
        resolved: vec![(over, ago(8_000))],
        as_found: vec![as_found(3, "nla-not-enforced", "accepts connections without NLA")],
    });
    snapshot
}

/// The mixed world with work planned on the worst target and on a healthy one, and asked for there.
pub(crate) fn maintenance() -> Snapshot {
    let mut snapshot = mixed();
    let until = NOW.plus(Duration::from_hours(3));
    for target in &mut snapshot.targets {
        let target = Arc::make_mut(target);
        target.maintenance = match target.target.name.as_str() {
            "office-pc" => {
                Some(Maintained { window: Some(("patches".to_owned(), until)), asked: None })
            }
            "rds-02" => Some(Maintained { window: None, asked: Some(until) }),
            _ => None,
        };
    }
    let alerts = Arc::make_mut(&mut snapshot.alerts);
    alerts.firing.iter_mut().filter(|alert| alert.target == Some(TargetId(3))).for_each(|alert| {
        alert.held_until = Some(until);
    });
    snapshot
}

/// Something that was there on first sight.
fn as_found(target: u32, rule: &'static str, title: &str) -> AsFound {
    AsFound {
        target: Some(TargetId(target)),
        rule: RuleId(rule),
        severity: Severity::Warning,
        title: title.to_owned(),
        since: ago(86_400),
    }
}

/// The mixed world with four things that were there on first sight, one of them another machine.
pub(crate) fn review() -> Snapshot {
    let mut snapshot = mixed();
    let alerts = Arc::make_mut(&mut snapshot.alerts);
    alerts.as_found = vec![
        as_found(2, "certificate-name-mismatch", "certificate for another name"),
        as_found(3, "nla-not-enforced", "accepts connections without NLA"),
        as_found(3, "identity-mismatch", "another machine answers"),
        as_found(3, "legacy-security", "takes old TLS"),
    ];
    snapshot
}

/// No target.
pub(crate) fn empty() -> Snapshot {
    snapshot(Vec::new())
}

/// This machine is offline; nobody is judged.
pub(crate) fn offline() -> Snapshot {
    let targets = (0..6_u8).map(|i| TargetSnapshot {
        state: TargetState::Unknown,
        state_since: ago(70),
        availability: Availability::Unknown,
        risk: Risk::Unknown,
        verdict: "This monitor is offline: not judged.".to_owned(),
        ladder: ladder("xxx----", ["timeout"; 7]),
        echo_minute: stats(3.0, 40, 0.2),
        spark: [vec![Spark::Rtt(ms(3.0)); 80], vec![Spark::Lost; 40]].concat(),
        ..target(u32::from(i), &format!("rds-{:02}", i + 1), &format!("10.0.0.{}", 31 + i))
    });
    let mut snapshot = snapshot(targets.collect());
    snapshot.monitor.offline = Offline::ControlsGone(vec![ip("10.0.0.1"), ip("10.0.0.10")]);
    snapshot.simulated = Some("echo, neighbours");
    snapshot
}

/// The path to six hosts is down.
pub(crate) fn outage() -> Snapshot {
    let down = finding(
        "path-outage",
        Severity::Critical,
        "path down: 6 of 6 hosts behind the VPN",
        "The way to 6 of 6 hosts behind the VPN is down since 14:01:04Z (likely): they fell silent \
         within 2 s of each other, while 10.0.0.1 answers, and wg0 went down then. VPN team: look at \
         the tunnel first.",
    );
    let targets = (0..6_u8).map(|i| TargetSnapshot {
        state: TargetState::Critical,
        state_since: ago(136),
        availability: Availability::Down,
        risk: Risk::High,
        verdict: "It fell silent with 5 other hosts (certain).".to_owned(),
        findings: vec![Finding {
            since: ago(136),
            ..finding("path-outage", Severity::Critical, "path down", "The path is down.")
        }],
        ladder: ladder("xxx----", ["timeout"; 7]),
        spark: [vec![Spark::Rtt(ms(31.0)); 80], vec![Spark::Lost; 40]].concat(),
        ..target(u32::from(i), &format!("far-{:02}", i + 1), &format!("10.9.0.{}", 31 + i))
    });
    let mut snapshot = snapshot(targets.collect());
    snapshot.monitor.findings = vec![down];
    snapshot.monitor.incidents = vec![Incident {
        id: "5f0c9a21".to_owned(),
        restart: false,
        whose: "6 of 6 hosts behind the VPN".to_owned(),
        since: ago(136),
        ended: None,
        members: (0..6).map(TargetId).collect(),
        back: 1,
    }];
    let alert = alert(None, "path-outage", Severity::Critical, 136);
    let alert = Alert { title: "path down: 6 of 6 hosts behind the VPN".to_owned(), ..alert };
    snapshot.alerts = Arc::new(AlertsSnapshot { firing: vec![alert], ..AlertsSnapshot::default() });
    snapshot
}

/// Many hosts, a few in trouble.
pub(crate) fn many(count: u32) -> Snapshot {
    snapshot(
        (0..count)
            .map(|i| match i % 50 {
                7 => berlin_07(i),
                23 => office_pc(i),
                31 => home_pc(i),
                _ => target(i, &format!("pc-{i:04}"), "10.0.0.9"),
            })
            .collect(),
    )
}

/// An attempt that the peer ended at the hello, with a name that would move the cursor.
fn closed_at_the_hello() -> Told {
    let step = |at: f64, rung, way, what: &'static str, bytes: usize, head: &[u8]| Step {
        at: ms(at),
        connection: 1,
        rung,
        way,
        what: what.into(),
        bytes,
        head: head.into(),
    };
    let request = [3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 11, 0, 0, 0];
    let confirm = [3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, 2, 0x1f, 8, 0, 2, 0, 0, 0];
    let steps = [
        step(12.14, Rung::Tcp, Way::Event, "open", 0, &[]),
        step(12.2, Rung::X224, Way::Sent, "Connection Request", 19, &request),
        step(24.9, Rung::X224, Way::Received, "Connection Confirm, selects hybrid", 19, &confirm),
        step(25.3, Rung::Tls, Way::Sent, "ClientHello, modern", 236, &[0x16, 3, 1, 0, 0xe7]),
        step(43.0, Rung::Tls, Way::Event, "closed by the peer (RST) \u{1b}[2J", 0, &[]),
        step(43.1, Rung::Tcp, Way::Event, "closed by this side", 0, &[]),
    ];
    let transcript = Transcript { steps: steps.into(), left_out: 0 };
    Told { at: Now { mono: MonoTime::from_secs(60), wall: ago(3) }, works: false, transcript }
}

/// Many hosts at five sites, a few in trouble.
pub(crate) fn sited(count: u32) -> Snapshot {
    let sites = ["berlin", "vienna", "madrid", "oslo", "home offices"];
    let mut snapshot = many(count);
    for (place, shown) in snapshot.targets.iter_mut().enumerate() {
        let shown = Arc::make_mut(shown);
        let mut target = Target::clone(&shown.target);
        target.group = sites.get(place * sites.len() / count as usize).map(|s| (*s).to_owned());
        shown.target = Arc::new(target);
    }
    snapshot
}

/// Two hosts behind a tunnel: its far end loses packets, and nothing nearer does.
pub(crate) fn tunnelled() -> Snapshot {
    let mut snapshot = snapshot(vec![berlin_07(0), target(1, "rds-01", "10.9.0.22"), office_pc(2)]);
    let route = |destination: &str, prefix, gateway: Option<&str>, interface| Route {
        destination: ip(destination),
        prefix,
        gateway: gateway.map(ip),
        interface,
        metric: 0,
        origin: Origin::Machine,
    };
    let local = &mut snapshot.monitor.local;
    let tunnel = Interface::up(5, "tun0", vec![(ip("10.8.0.2"), 24)]);
    local.interfaces.push(Interface { tunnel: true, ..tunnel });
    local.routes = [
        route("0.0.0.0", 0, Some("10.0.0.1"), 2),
        route("203.0.113.9", 32, Some("10.0.0.1"), 2),
        route("10.0.0.0", 24, None, 2),
        route("10.8.0.1", 32, None, 5),
        route("10.0.4.0", 24, Some("10.8.0.1"), 5),
        route("10.9.0.0", 16, Some("10.8.0.1"), 5),
    ]
    .into();
    let control = |address: &str, role, lost, median| Control {
        address: ip(address),
        word: ControlWord::Answers,
        minute: ControlStats {
            was_silent: None,
            asked_since: None,
            address: ip(address),
            role,
            sent: 30,
            lost,
            median: Some(ms(median)),
            jitter: Some(ms(0.3)),
            missed: 0,
            silent_since: None,
        },
    };
    snapshot.monitor.controls = vec![
        control("10.0.0.1", ControlRole::Gateway, 0, 1.1),
        control("203.0.113.9", ControlRole::VpnEndpoint, 0, 18.0),
        control("10.8.0.1", ControlRole::TunnelPeer, 4, 41.0),
        Control {
            word: ControlWord::NeverAnswered,
            ..control("10.0.0.10", ControlRole::Dns, 30, 0.0)
        },
    ];
    snapshot
}

/// An hour and a half of three hosts: one lost packets for a while, one failed, one slept; in
/// between the monitor stood still for ten minutes.
pub(crate) fn hours() -> Snapshot {
    let mut snapshot =
        snapshot(vec![berlin_07(0), office_pc(1), home_pc(2), target(3, "rds-01", "10.0.0.31")]);
    for (place, shown) in snapshot.targets.iter_mut().enumerate() {
        let mut lane = Lane::default();
        for age in (0..=90_u64).rev().filter(|age| !(40..50).contains(age)) {
            let (state, lost, rtt) = match (place, age) {
                (0, 20..26) => (TargetState::Warning, 5, 80.0),
                (0, 15) => (TargetState::Ok, 1, 40.0),
                (1, 0..30) => (TargetState::Critical, 0, 12.0),
                (2, 0..60) => (TargetState::Asleep, 60, 0.0),
                (3, 30..34) => (TargetState::Ok, 0, 400.0),
                _ => (TargetState::Ok, 0, 3.0),
            };
            let minute = EchoStats {
                sent: 60,
                p95: (lost < 60).then(|| ms(rtt)),
                lost,
                ..stats(rtt, lost, 0.1)
            };
            lane.observe(ago(age * 60), state, &minute);
        }
        Arc::make_mut(shown).lane = lane;
    }
    snapshot.started.wall = ago(90 * 60);
    let event = |secs: u64, target: Option<u32>, text: &str| Event {
        at: ago(secs),
        target: target.map(TargetId),
        gone: None,
        text: text.to_owned(),
    };
    snapshot.events = Arc::new(vec![
        event(25 * 60 + 9, None, "tun0 went down"),
        event(25 * 60, Some(0), "loses 8 %"),
        event(24 * 60 + 30, None, "tun0 came up, 10.8.0.19/24"),
        event(29 * 60, Some(1), "closes at the TLS handshake"),
    ]);
    snapshot
}
