//! `proxied`: something on this side answers in the host's name.

use super::prelude::*;
use crate::domain::echo_series::EchoPoint;
use crate::domain::sample::EchoMethod;
use std::net::IpAddr;

/// Something nearer than the host completes the TCP handshake.
#[derive(Debug)]
pub(super) struct Proxied;

static PROXIED: RuleCard = RuleCard {
    id: RuleId("proxied"),
    title: "answered from this side",
    severities: &[Severity::Notice],
    owner: Owner::Client,
    rung: None,
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: CONNECTIONS,
    plain: "Something on this side answers in its place.",
    explanation: "TCP connections complete in less than a fifth of the echo's round trip, five \
        times of five: something on this side (a VPN client, a zero-trust agent, a transparent \
        proxy) accepts them before the host has been asked. Or the address is in 100.64.0.0/10, \
        which overlay networks and carriers use. Then an open port says nothing about the host, \
        and only the X.224 answer does. A loopback address is a tunnel that the user made and is \
        no finding.",
    disproof: "A TCP handshake as long as an echo round trip.",
    remedies: &[Remedy {
        confirm: Some("Find-NetRoute -RemoteIPAddress ADDRESS; Get-NetAdapter"),
        ..Remedy::new(
            "Judge the host by the X.224 answer alone, and look at the agent's own status when it \
             fails.",
            RunOn::Client,
        )
    }],
    explains: &[],
    low_risk: false,
    client_error: None,
    reviewed_when_found: true,
    alerting: Alerting::PLAIN,
};

impl Rule for Proxied {
    fn card(&self) -> &'static RuleCard {
        &PROXIED
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some(address) = view.dialled else { return Judgement::NoEvidence };
        if address.is_loopback() || view.is_self() {
            return Judgement::Clear;
        }
        if let Some((tcp, icmp)) = too_fast(view) {
            let sentence = format!(
                "Connections to {} complete in {}, an echo takes {}: something on this side \
                 answers for it (likely). An open port proves nothing here.",
                name(view),
                millis(tcp),
                millis(icmp)
            );
            let connections = view.target.thresholds.proxied.connections;
            return Judgement::fires(
                Evidence::new(
                    Severity::Notice,
                    Confidence::Likely,
                    "answered from this side",
                    sentence,
                )
                .line(format!("slowest of {connections} TCP handshakes {}", millis(tcp)))
                .line(format!("median echo round trip {}", millis(icmp))),
            );
        }
        if is_shared_space(address) {
            let sentence = format!(
                "{} is at {address}, in the range that overlay networks and carriers use: an open \
                 port may be answered on the way (possible).",
                name(view)
            );
            return Judgement::fires(
                Evidence::new(Severity::Notice, Confidence::Possible, "overlay address", sentence)
                    .line(format!("{address} is in 100.64.0.0/10 (RFC 6598)")),
            );
        }
        if view.measured().is_some() { Judgement::Clear } else { Judgement::NoEvidence }
    }
}

/// Echo requests of this long are looked at.
const WINDOW: Duration = Duration::from_mins(5);

/// The slowest handshake and the median echo, when the first is too short for the second.
fn too_fast(view: &TargetView<'_>) -> Option<(Duration, Duration)> {
    let limits = &view.target.thresholds.proxied;
    let needed = usize::try_from(limits.connections).unwrap_or(usize::MAX);
    let newest = view.attempts.recent().take(needed);
    let opened = newest.filter(|entry| entry.value.connect.outcome == ConnectOutcome::Open);
    let took: Vec<Duration> = opened.map(|entry| entry.value.connect.elapsed).collect();
    if took.len() < needed {
        return None;
    }
    let slowest = took.into_iter().max()?;
    let is_slower = |echo: Duration| {
        echo >= limits.shortest
            && slowest.as_secs_f64() < echo.as_secs_f64() * limits.share_pct / 100.0
    };
    // Nearly always: no echo takes so long, and nothing is sorted.
    view.echo
        .within(view.now.mono, WINDOW)
        .filter_map(EchoPoint::rtt)
        .find(|rtt| is_slower(*rtt))?;
    let stats = view.echo.window(view.now.mono, WINDOW);
    if stats.method != Some(EchoMethod::Icmp) || stats.received < 5 {
        return None;
    }
    stats.median.filter(|median| is_slower(*median)).map(|median| (slowest, median))
}

/// 100.64.0.0/10 (RFC 6598).
const fn is_shared_space(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            a == 100 && b & 0xc0 == 64
        }
        IpAddr::V6(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::diagnose::fixture::{Fixture, ms, reply, stopped_at_tcp};

    fn fires(fixture: &Fixture) -> bool {
        matches!(Proxied.judge(&fixture.view()), Judgement::Fires(_))
    }

    #[test]
    fn how_fast_and_how_often_is_configured() {
        let mut fixture = Fixture::new();
        fixture.echoes(&[reply(40); 10]);
        for _ in 0..4 {
            let mut attempt = stopped_at_tcp(ConnectOutcome::Open);
            attempt.connect.elapsed = ms(6);
            fixture.attempt(attempt);
        }
        assert!(!fires(&fixture), "four connections are too few");
        fixture.target.thresholds.proxied.connections = 4;
        assert!(fires(&fixture));
        fixture.target.thresholds.proxied.share_pct = 10.0;
        assert!(!fires(&fixture), "6 of 40 ms are more than a tenth");
        fixture.target.thresholds.proxied.share_pct = 20.0;
        fixture.target.thresholds.proxied.shortest = ms(50);
        assert!(!fires(&fixture), "an echo of 40 ms is too short");
    }
}
