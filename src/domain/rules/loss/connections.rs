//! Loss of connections, where they stand for echo.

use super::super::prelude::*;
use super::FRESH;
use super::seen::Seen;
use crate::domain::echo_series::EchoPoint;
use crate::domain::sample::EchoMethod;
use crate::domain::stats::disproves;

/// How many times as far apart as echo requests they are.
pub(super) fn pace(view: &TargetView<'_>) -> u32 {
    let of_connections = view.echo.last().is_some_and(|newest| newest.method == EchoMethod::Tcp);
    if view.mode == Mode::Moment || !of_connections {
        return 1;
    }
    let cadence = &view.target.cadence;
    let times = cadence.echo_tcp.as_millis() / cadence.echo.as_millis().max(1);
    u32::try_from(times).unwrap_or(u32::MAX).max(1)
}

/// What is said of them: a warning where it would be critical, and a notice where it takes long to see.
/// Where packets are lost by chance, more of them open late than never do. It is over when so many
/// passed since the last loss that they would hardly have if it went on.
pub(super) fn lose(view: &TargetView<'_>, severity: Severity, seen: &Seen) -> Judgement {
    let never = seen.lost.saturating_sub(seen.resent);
    let until = seen.sent.saturating_sub(seen.since).max(1);
    let rate_then = f64::from(seen.lost) / f64::from(until);
    let severity = match severity {
        Severity::Critical => Severity::Warning,
        Severity::Warning | Severity::Notice => Severity::Notice,
    };
    // Twice as many as show it once: of many losses one is followed by so many by chance, and what goes
    // on would end and begin anew.
    if view.mode == Mode::Watch && disproves(rate_then, seen.since / 2) {
        return Judgement::Clear;
    }
    if never > seen.resent {
        return Judgement::NoEvidence;
    }
    let rate = percent(seen.share_of_requests());
    let sentence = format!(
        "{rate} of the connections to {} open whole seconds late or not at all, as where a packet is \
         lost (likely): sessions stutter and may drop. Try a cable first; then ask the network team \
         where it begins.",
        name(view)
    );
    let title = format!("loses {rate}");
    // That a SYN was sent again is known when the next connection has answered.
    let cadence = &view.target.cadence;
    let next = cadence.echo_tcp.min(cadence.negotiate).saturating_mul(2);
    let known = FRESH.max(next.saturating_add(view.target.deadlines.connect));
    let fresh = |last: EchoPoint| view.now.mono.since(last.at.mono) <= known;
    let fresh = view.mode == Mode::Moment || seen.last_loss.is_some_and(fresh);
    let mut evidence = Evidence::new(severity, Confidence::Likely, title, sentence)
        .line(format!(
            "of {} in {}, {} opened whole seconds late and {never} not at all",
            count(seen.sent, "connection"),
            span(seen.window),
            seen.resent,
        ))
        .line("a SYN without an answer is sent again after 1 s, then after 2 s more")
        .since(seen.first_loss.map(|point| point.at.wall));
    if let Some(last) = seen.last_loss {
        evidence = evidence.line(format!("last one at {}", clock(last.at.wall)));
    }
    Judgement::fires(evidence.anew(fresh))
}
