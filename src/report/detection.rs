//! How long a cause may stand before its finding does: from the cadence of the probes that see it
//! and the hysteresis of its rule.

use super::words::span;
use crate::domain::rules::RuleCard;
use crate::domain::sample::ProbeKind;
use crate::domain::target::Cadence;
use std::time::Duration;

/// After a change everything is probed again, but not twice within this span.
const AGAIN: Duration = Duration::from_mins(1);
/// A gateway that answers otherwise than before is asked again after this.
const GATEWAY_AGAIN: Duration = Duration::from_secs(10);
/// This machine is judged this often.
const OWN_STATE: Duration = Duration::from_secs(2);

/// Rules with a window or a condition of their own, and how long they take. What the tests of
/// detection measure in virtual time is held to these spans.
pub const BY_WINDOW: &[(&str, &str)] = &[
    (
        "packet-loss",
        "10 % usually within 30 s (90 s at worst), 5 % usually within 90 s (4 min at worst)",
    ),
    ("high-latency", "45 s (median of the last minute)"),
    ("high-jitter", "45 s (window)"),
    ("link-saturated", "15 s of a full line, five round trips more"),
    ("wifi-weak", "30 s of a weak signal with loss or jitter to the own router"),
    ("host-restarted", "once it answers again"),
    ("session-would-drop", "once it answers again (1 min 10 s after the gap)"),
    ("dns-disagreement", "2 min 30 s (answers that repeat)"),
    ("connection-flapping", "three changes of outcome"),
    ("monitor-offline", "15 s"),
    ("restarted-together", "once three of its hosts answer again"),
    ("path-outage", "recorded at once, told after 15 s"),
    ("vpn-flap", "2 s after the change that makes it one"),
    ("session-dropped", "1 s after the connection is over"),
    ("drops-periodic", "with the fourth drop that keeps time to 1 %, the sixth to 5 %"),
    ("wake-failed", "when the wait is over (2 min by default)"),
];

/// How long until the first judgement that sees the cause, and how long between those that follow.
fn pace(kind: ProbeKind, cadence: &Cadence) -> (Duration, Duration) {
    match kind {
        ProbeKind::Resolve => (cadence.resolve, cadence.resolve),
        ProbeKind::Echo => (cadence.echo, cadence.echo),
        ProbeKind::Connect => (cadence.negotiate, AGAIN),
        ProbeKind::Negotiate => (cadence.negotiate, cadence.negotiate_alert),
        ProbeKind::Tls => (cadence.tls, cadence.negotiate_alert),
        ProbeKind::Nla => (cadence.nla, cadence.negotiate_alert),
        ProbeKind::Sweep => (cadence.sweep, cadence.sweep),
        ProbeKind::Udp => (cadence.udp, AGAIN),
        ProbeKind::PathMtu => (cadence.path_mtu, AGAIN),
        ProbeKind::Gateway => (cadence.gateway, GATEWAY_AGAIN),
        ProbeKind::Neighbour => (cadence.neighbour, cadence.neighbour),
    }
}

/// How long a cause may stand, at most, before the probes of `kind` make it a finding.
#[must_use]
pub fn within(card: &RuleCard, kind: ProbeKind, cadence: &Cadence) -> Duration {
    let (first, then) = pace(kind, cadence);
    first.saturating_add(then.saturating_mul(u32::from(card.hysteresis.raise.max(1)) - 1))
}

/// The cell of the table: `1 min 10 s`, with the quickest probe that sees it.
#[must_use]
pub fn text(card: &RuleCard, cadence: &Cadence) -> String {
    if let Some((_, text)) = BY_WINDOW.iter().find(|(id, _)| *id == card.id.0) {
        return (*text).to_owned();
    }
    if card.fed_by == ProbeKind::ALL {
        return span(OWN_STATE);
    }
    let quickest = card.fed_by.iter().map(|kind| within(card, *kind, cadence)).min();
    quickest.map_or_else(|| "when it happens".to_owned(), span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rules::{RULES, rule};

    #[test]
    fn every_rule_is_found_within_two_cadences_of_its_probe() {
        let cadence = Cadence::default();
        for card in RULES.iter().map(|rule| rule.card()) {
            if BY_WINDOW.iter().any(|(id, _)| *id == card.id.0) {
                continue;
            }
            for kind in card.fed_by {
                let (first, _) = pace(*kind, &cadence);
                // Echo comes once a second: what several of them prove is proven at once.
                let limit = (first * 2).max(Duration::from_secs(10));
                assert!(within(card, *kind, &cadence) <= limit, "{} by {kind:?}", card.id);
            }
        }
    }

    #[test]
    fn windows_are_of_rules_that_exist() {
        for (id, _) in BY_WINDOW {
            assert!(rule(id).is_some(), "{id}");
        }
    }

    #[test]
    fn the_text_names_the_quickest_way() {
        let of = |id: &str| text(rule(id).expect("a rule").card(), &Cadence::default());
        assert_eq!(of("port-closed"), "1 min 10 s");
        assert_eq!(of("host-unreachable"), "1 min 20 s");
        assert_eq!(of("dns-failure"), "1 min");
        assert_eq!(of("certificate-expired"), "30 min");
        assert_eq!(of("gateway-unreachable"), "5 min 10 s");
    }
}
