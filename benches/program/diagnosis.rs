//! Diagnosis of ten thousand targets after one round of samples, in this process, on one core.

use crate::table::{Row, median};
use rdpwatch::domain::alert::AlertSettings;
use rdpwatch::domain::certificate::{CertificateSummary, KeyKind, Thumbprint};
use rdpwatch::domain::local::{EchoAccess, Interface, LocalState};
use rdpwatch::domain::memory::TargetMemory;
use rdpwatch::domain::sample::{
    Attempt, Connect, ConnectOutcome, Echo, EchoMethod, EchoOutcome, Hello, Negotiate,
    NegotiateOutcome, Observation, ProbeKind, Sample, Tls, TlsOutcome,
};
use rdpwatch::domain::security::SecurityProtocol;
use rdpwatch::domain::target::{Host, Target, TargetId};
use rdpwatch::domain::time::{MonoTime, Now, WallTime};
use rdpwatch::monitor::{Access, Budget, Monitor};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

const TARGETS: u32 = 10_000;
/// Echo requests of each target before anything is measured: the windows are full.
const BEFORE: u64 = 300;
const ROUNDS: u64 = 11;
/// Targets with a closed port: one of so many.
const CLOSED: u32 = 10;

/// 2026-11-21T00:00:00Z.
const START: WallTime = WallTime::from_unix_secs(1_795_219_200);

fn now(millis: u64) -> Now {
    Now { mono: MonoTime::from_millis(millis), wall: START.plus(Duration::from_millis(millis)) }
}

fn address(number: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + number))
}

fn echo(number: u32, seq: u64, at: Now) -> Sample {
    let rtt = Duration::from_micros(9_000 + u64::from(number % 7) * 100 + seq % 13 * 50);
    let outcome = EchoOutcome::Reply { rtt, ttl: Some(127) };
    let echo = Echo { method: EchoMethod::Icmp, address: address(number), outcome };
    sample(number, seq, at, Observation::Echo(echo))
}

fn sample(number: u32, seq: u64, at: Now, observation: Observation) -> Sample {
    let target = TargetId(number);
    Sample { target, seq, sent_at: at, ended_at: at.mono, observation }
}

/// A connection up to the certificate, or one that is refused.
fn connection(number: u32, seq: u64, at: Now) -> Sample {
    let closed = number.is_multiple_of(CLOSED);
    let connect = Connect {
        address: SocketAddr::new(address(number), 3_389),
        outcome: if closed { ConnectOutcome::Refused } else { ConnectOutcome::Open },
        icmp: None,
        icmp_is_ours: false,
        elapsed: Duration::from_millis(9),
        untimed: false,
    };
    let name = format!("pc-{number}");
    let mut print = [0x5a; 32];
    print.iter_mut().zip(number.to_be_bytes()).for_each(|(to, from)| *to = from);
    let certificate = CertificateSummary {
        subject: format!("CN={name}"),
        common_name: Some(name.clone()),
        issuer: format!("CN={name}"),
        self_signed: true,
        not_before: START.minus(Duration::from_hours(24)),
        not_after: START.plus(Duration::from_hours(24 * 150)),
        names: vec![name],
        key: KeyKind::Rsa(2_048),
        signature: "sha256WithRSAEncryption".to_owned(),
        sha256: Thumbprint(print),
    };
    let negotiate = Negotiate {
        asked: SecurityProtocol::OFFERED,
        outcome: NegotiateOutcome::Confirmed { selected: SecurityProtocol::HYBRID, flags: 0x1f },
        received: 19,
        elapsed: Duration::from_millis(11),
    };
    let tls = Tls {
        outcome: TlsOutcome::Ok,
        hello: Hello::Modern,
        modern: None,
        afterwards: None,
        version: None,
        cipher: None,
        certificate: Some(certificate),
        received: 1_400,
        elapsed: Duration::from_millis(25),
    };
    let attempt = Attempt {
        negotiate: (!closed).then_some(negotiate),
        tls: (!closed).then_some(tls),
        ..Attempt::new(ProbeKind::Tls, connect)
    };
    sample(number, seq, at, Observation::Attempt(Box::new(attempt)))
}

fn monitor() -> Monitor {
    let access = Access { echo_v4: EchoAccess::Raw, echo_v6: EchoAccess::Raw, neighbours: true };
    let local = LocalState {
        interfaces: vec![Interface::up(
            2,
            "eth0",
            vec![(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 5)), 24)],
        )],
        ..LocalState::default()
    };
    let mut monitor = Monitor::new(access, local, AlertSettings::default(), now(0));
    for number in 0..TARGETS {
        let host = Host::Address(address(number), None);
        let mut target = Target::new(TargetId(number), format!("pc-{number}"), host);
        target.group = Some(format!("group-{}", number / 100));
        monitor.add(target, TargetMemory::default(), now(0));
    }
    monitor
}

/// One round: an echo of every target, and of every sixtieth (those whose minute it is) a
/// connection; then the look at everything that ages, and the alerts.
pub(crate) fn measure() -> anyhow::Result<Vec<Row>> {
    let mut monitor = monitor();
    let mut seq = 0;
    for _ in 0..BEFORE {
        seq += 1;
        let at = now(seq * 1_000);
        for number in 0..TARGETS {
            monitor.observe(&echo(number, seq, at), at);
            if (u64::from(number) + seq).is_multiple_of(60) {
                monitor.observe(&connection(number, seq, at), at);
            }
        }
        monitor.tick(at);
    }
    let (mut taking, mut judging, mut drawing) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        seq += 1;
        let at = now(seq * 1_000);
        let samples: Vec<Sample> = (0..TARGETS)
            .map(|number| echo(number, seq, at))
            .chain(
                (0..TARGETS)
                    .filter(|number| (u64::from(*number) + seq).is_multiple_of(60))
                    .map(|number| connection(number, seq, at)),
            )
            .collect();
        taking.push(timed(|| {
            for sample in &samples {
                monitor.observe(sample, at);
            }
        })?);
        judging.push(timed(|| {
            monitor.tick(at);
        })?);
        drawing.push(timed(|| {
            monitor.snapshot(at, 0, |_| Budget::default());
        })?);
    }
    let both: Vec<f64> = taking.iter().zip(&judging).map(|(a, b)| a + b).collect();
    let row = |what: &str, ms: Vec<f64>| Row::new(what, format!("{:.1}", median(ms)));
    Ok(vec![
        row("10 000 targets, one round taken in and judged, CPU ms", both).target("50"),
        row("of that, taking in the samples (rules they feed), ms", taking),
        row("of that, the tick (what ages, alerts), ms", judging),
        row("the picture of them for the screen, ms", drawing),
    ])
}

/// CPU time of this thread, in milliseconds: the machine is shared.
fn timed(work: impl FnOnce()) -> anyhow::Result<f64> {
    let started = on_cpu()?;
    work();
    Ok((on_cpu()? - started) / 1e6)
}

/// Nanoseconds that this thread has run (the first field of `schedstat`, proc(5)).
fn on_cpu() -> anyhow::Result<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(text.split_whitespace().next().unwrap_or_default().parse()?)
}
