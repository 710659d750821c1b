//! The engine with the whole catalogue: what a host that goes silent comes to, second by second.

use super::Diagnosis;
use super::fixture::{Fixture, at, connect, handshake, reply, stopped_at_tcp};
use crate::domain::alert::{AlertBook, AlertEvent, AlertSettings};
use crate::domain::finding::{RuleId, Severity};
use crate::domain::rules::RULES;
use crate::domain::sample::{
    Attempt, Connect, ConnectOutcome, Echo, EchoMethod, EchoOutcome, ProbeKind, TlsOutcome,
};
use crate::domain::target::{Expected, TargetId, TargetKind};

/// Plays `up` seconds of health and `down` seconds of silence: an echo a second, a connection
/// every ten. Returns what stood at any time, and every alert event.
fn silence(
    kind: TargetKind,
    expected: Expected,
    up: u64,
    down: u64,
) -> (Vec<(RuleId, Severity)>, Vec<AlertEvent>) {
    let mut fixture = Fixture::new();
    fixture.target.kind = kind;
    fixture.target.expected = expected;
    fixture.around.peers_answering = 9;
    let mut diagnosis = Diagnosis::default();
    let mut book = AlertBook::new(AlertSettings::default());
    let mut stood = Vec::new();
    let mut events = Vec::new();
    for second in 0..up + down {
        fixture.now = at(second);
        let alive = second < up;
        let outcome = if alive { reply(3) } else { EchoOutcome::Lost };
        let echo = Echo { method: EchoMethod::Icmp, address: super::fixture::ADDRESS, outcome };
        fixture.echo.push(second, at(second), echo);
        diagnosis.observe(RULES, ProbeKind::Echo, &fixture.view());
        if second % 10 == 0 {
            let attempt = if alive { handshake(TlsOutcome::Ok) } else { timed_out() };
            fixture.heard.observe_attempt(at(second), &attempt, &fixture.echo);
            fixture.attempts.push(at(second), attempt);
            diagnosis.observe(RULES, ProbeKind::Negotiate, &fixture.view());
        }
        diagnosis.tick(RULES, &fixture.view());
        let diagnosed = diagnosis.diagnosed(RULES, &fixture.view());
        for finding in &diagnosed.findings {
            if !stood.contains(&(finding.rule, finding.severity)) {
                stood.push((finding.rule, finding.severity));
            }
        }
        events.extend(book.apply(Some(TargetId(0)), &diagnosed, at(second)));
    }
    (stood, events)
}

fn timed_out() -> Attempt {
    let elapsed = std::time::Duration::from_secs(5);
    Attempt {
        connect: Connect { elapsed, ..connect(ConnectOutcome::Timeout) },
        ..stopped_at_tcp(ConnectOutcome::Timeout)
    }
}

#[test]
fn a_healthy_host_is_quiet() {
    let (stood, events) = silence(TargetKind::Server, Expected::Always, 900, 0);
    assert_eq!((stood, events), (vec![], vec![]));
}

#[test]
fn a_laptop_that_goes_to_sleep_alerts_nobody() {
    for kind in [TargetKind::Laptop, TargetKind::Pc] {
        let (stood, events) = silence(kind, Expected::OnDemand, 300, 900);
        assert!(stood.contains(&(RuleId("host-asleep"), Severity::Notice)), "{stood:?}");
        assert_eq!(events, [], "{stood:?}");
    }
}

#[test]
fn a_server_that_goes_silent_is_one_alert() {
    let (stood, events) = silence(TargetKind::Server, Expected::Always, 300, 900);
    assert!(stood.contains(&(RuleId("host-unreachable"), Severity::Critical)), "{stood:?}");
    let fired: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            AlertEvent::Fired(alert) => Some(alert.rule.0),
            AlertEvent::Reminded(_) | AlertEvent::Resolved(..) => None,
        })
        .collect();
    assert_eq!(fired, ["host-unreachable"], "{stood:?}");
}
