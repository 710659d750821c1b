//! The service is slow, or what leads to it: `rdp-slow`.

use super::prelude::*;
use super::service::negotiated;
use crate::domain::history::Timed;
use crate::domain::memory::Quick;
use crate::domain::sample::NegotiateOutcome;
use crate::domain::time::WallTime;

/// The rule that compares with the usual service time.
pub(crate) const RDP_SLOW_ID: RuleId = RuleId("rdp-slow");

/// The service is slow, not the network.
#[derive(Debug)]
pub(super) struct RdpSlow;

static RDP_SLOW: RuleCard = RuleCard {
    id: RDP_SLOW_ID,
    title: "service is slow",
    severities: &[Severity::Notice, Severity::Warning],
    owner: Owner::Server,
    rung: Some(Rung::X224),
    hysteresis: Hysteresis { raise: 2, of: 3, clear: 2 },
    fed_by: CONNECTIONS,
    plain: "Remote Desktop on it is slow to answer.",
    explanation: "The X.224 answer takes a second longer than the TCP handshake took, or five \
        times what is usual for this host and half a second more; what is usual is what it was before \
        the finding stood. The handshake is one network \
        round trip, so the rest is the server: starved of processor or memory, starting up, or \
        swamped by password guessing. A lost packet looks the same once, which is why it takes two \
        of three, and why no connection counts beside which echo requests are lost or late. A TCP handshake that takes a second longer than ping, while ping is answered, is \
        found here too: the host's backlog is full, or something on the way drops the first SYN. \
        So is a TLS handshake that takes a second longer than its two round trips, twice in a row: \
        connections are slow to encrypt. Of a host whose TCP or TLS was not quick in the last two \
        weeks that is a notice: it is always so.",
    disproof: "Two answers in a row that take no longer than the handshake and a little.",
    remedies: &[
        Remedy {
            confirm: Some(
                "Get-Counter -ComputerName HOST '\\Processor(_Total)\\% Processor Time','\\Memory\\Available MBytes','\\Terminal Services\\Active Sessions'",
            ),
            needs: Some("rights to read HOST's performance counters"),
            ..Remedy::new(
                "Look at the host's processor, memory and number of sessions.",
                RunOn::Host,
            )
        },
        Remedy {
            confirm: Some(
                "(Get-WinEvent -ComputerName HOST -MaxEvents 500 -FilterHashtable @{LogName='Security'; Id=4625}).Count",
            ),
            needs: Some("rights to read HOST's security log"),
            ..Remedy::new(
                "Count failed sign-ins: a host open to the Internet is often busy with password \
                 guessing. Let only the VPN or a gateway reach the port.",
                RunOn::Host,
            )
        },
        remedies::RDP_EVENTS,
    ],
    explains: &[],
    low_risk: false,
    client_error: None,
    reviewed_when_found: false,
    alerting: Alerting::PASSING,
};

impl Rule for RdpSlow {
    fn card(&self) -> &'static RuleCard {
        &RDP_SLOW
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some((entry, negotiate)) = negotiated(view) else { return Judgement::NoEvidence };
        if !matches!(
            negotiate.outcome,
            NegotiateOutcome::Confirmed { .. }
                | NegotiateOutcome::NoNegotiation
                | NegotiateOutcome::Failure(_)
        ) {
            return Judgement::NoEvidence;
        }
        let connect = entry.value.connect.elapsed;
        let service = negotiate.elapsed.saturating_sub(connect);
        let limits = &view.target.thresholds.rdp_slow;
        let usual = usual_service(view).filter(|_| view.mode == Mode::Watch);
        let above_usual = usual.is_some_and(|usual| {
            service.as_secs_f64() >= usual.as_secs_f64() * limits.baseline_factor
                && service >= usual.saturating_add(limits.baseline_margin)
        });
        if service < limits.warning && !above_usual {
            let below = opens_slowly(view, entry);
            return below
                .or_else(|| encrypts_slowly(view))
                .map_or(Judgement::Clear, Judgement::fires);
        }
        if view.mode == Mode::Watch && view.line_was_lossy(entry) {
            return Judgement::NoEvidence;
        }
        let sentence = format!(
            "Remote Desktop on {} takes {} to answer although the network needs only {} (certain): \
             the server is slow, not the line. Server team: look at its load.",
            name(view),
            span(service),
            millis(connect)
        );
        let mut evidence = Evidence::new(
            Severity::Warning,
            Confidence::Certain,
            format!("service takes {}", span(service)),
            sentence,
        )
        .line(format!(
            "X.224 answer after {}, TCP handshake {}",
            span(negotiate.elapsed),
            millis(connect)
        ));
        if let Some(usual) = usual {
            evidence = evidence.line(format!("usual for this host: {}", span(usual)));
        }
        Judgement::fires(evidence)
    }
}

/// The TCP handshake takes longer than ping does, on a line that is sound.
fn opens_slowly(view: &TargetView<'_>, entry: &Timed<Attempt>) -> Option<Evidence> {
    let limit = view.target.thresholds.rdp_slow.warning;
    let connect = &entry.value.connect;
    let ping = view.ping_beside(entry)?;
    if connect.outcome != ConnectOutcome::Open || connect.elapsed.saturating_sub(ping) < limit {
        return None;
    }
    let took = span(entry.value.connect.elapsed);
    let sentence = format!(
        "{} takes {took} to accept a connection, although ping needs only {} (certain): it is too \
         busy, or something on the way drops the first packets. Server team: look at its load and \
         at who connects.",
        name(view),
        millis(ping)
    );
    let evidence = severe(view, view.memory.quick.tcp, format!("opens in {took}"), sentence);
    Some(evidence.at_rung(Rung::Tcp).line(format!("TCP handshake {took}, ping {}", millis(ping))))
}

/// The newest two TLS handshakes took longer than the network explains.
fn encrypts_slowly(view: &TargetView<'_>) -> Option<Evidence> {
    let limit = view.target.thresholds.rdp_slow.warning;
    let whole = view.tls?.value.is_one_handshake();
    let slow = view.tls_times.recent().take_while(|entry| entry.value >= limit);
    if !whole || slow.count() < 2 {
        return None;
    }
    let newest = view.tls_times.last()?;
    let took = span(newest.value);
    let sentence = format!(
        "Connections to {} take {took} to encrypt, beyond what the network needs (certain): the \
         server is slow, not the line. Server team: look at its load, and at security software \
         that looks into TLS.",
        name(view)
    );
    let evidence = severe(view, view.memory.quick.tls, format!("TLS takes {took}"), sentence);
    let lines = view.tls_times.recent();
    let lines =
        lines.map(|entry| format!("{}: TLS handshake {}", clock(entry.at.wall), span(entry.value)));
    Some(evidence.at_rung(Rung::Tls).lines(lines))
}

/// A warning of a host that was quick lately; one that never was is only noted.
fn severe(
    view: &TargetView<'_>,
    quick: Option<WallTime>,
    title: String,
    sentence: String,
) -> Evidence {
    let lately = Quick::lately(quick, view.now.wall);
    let severity = if lately { Severity::Warning } else { Severity::Notice };
    let before = match quick.filter(|_| lately) {
        Some(at) => format!("it was quick until {}", moment(at)),
        None => "it was not seen to be quicker".to_owned(),
    };
    Evidence::new(severity, Confidence::Certain, title, sentence).line(before)
}

/// The service time that is usual for a target: while `rdp-slow` stands, the one before that.
/// The median of earlier ones; `None` with fewer than five.
pub(crate) fn usual_service(view: &TargetView<'_>) -> Option<Duration> {
    if view.usual.service.is_some() {
        return view.usual.service;
    }
    let mut times: Vec<Duration> = view.service_times.iter().map(|entry| entry.value).collect();
    if times.len() < 5 {
        return None;
    }
    times.sort_unstable();
    crate::domain::echo_series::nearest_rank(&times, 50)
}
