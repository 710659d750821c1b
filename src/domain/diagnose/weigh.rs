//! What the measurements of one moment say of every rule, not only of those that hold.

use super::super::finding::RuleId;
use super::super::rules::{Judgement, Rule};
use super::super::view::TargetView;
use super::can_be_judged;

/// Rules about what happens over time: that one moment shows nothing of it contradicts nothing.
const NEEDS_TIME: &[&str] = &[
    "host-restarted",
    "session-would-drop",
    "connection-flapping",
    "dns-disagreement",
    "identity-mismatch",
    "certificate-changed",
    "certificate-intercepted",
    "udp-blocked",
    "high-jitter",
    "wake-failed",
    "monitor-blocked",
    "path-outage",
    "restarted-together",
    "dns-server-failure",
    "gateway-failure",
    "port-barred",
    "line-degraded",
    "dns-server-slow",
    "names-to-one-address",
    "sign-in-failure",
    "service-failure",
    "vpn-flap",
    "link-saturated",
    "wifi-weak",
    "session-dropped",
    "drops-periodic",
];

/// What the measurements say of a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Weight {
    /// It holds.
    Supported,
    /// Nothing was measured that speaks for or against it.
    NotMeasured,
    /// It was measured and does not hold at this moment.
    Contradicted,
}

impl Weight {
    /// The contract's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::NotMeasured => "not measured",
            Self::Contradicted => "contradicted",
        }
    }
}

/// One rule, weighed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weighed {
    /// Which.
    pub rule: RuleId,
    /// What the measurements say.
    pub weight: Weight,
    /// What supports it: its title, then the measurements, one line each, escaped. Empty unless
    /// it is supported.
    pub evidence: Vec<String>,
}

/// Weighs every rule at one moment, in the order of `rules`. Nothing is weighed while the target
/// cannot be judged.
#[must_use]
pub fn weigh(rules: &[&'static dyn Rule], view: &TargetView<'_>) -> Vec<Weighed> {
    let judged = can_be_judged(view);
    let one = |rule: &&'static dyn Rule| {
        let id = rule.card().id;
        let (weight, evidence) = match judged.then(|| rule.judge(view)) {
            Some(Judgement::Fires(found)) => {
                (Weight::Supported, std::iter::once(found.title).chain(found.lines).collect())
            }
            Some(Judgement::Clear) if !NEEDS_TIME.contains(&id.0) => {
                (Weight::Contradicted, Vec::new())
            }
            _ => (Weight::NotMeasured, Vec::new()),
        };
        Weighed { rule: id, weight, evidence }
    };
    rules.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, handshake, stopped_at_tcp};
    use super::*;
    use crate::domain::rules::RULES;
    use crate::domain::sample::{ConnectOutcome, TlsOutcome};
    use crate::domain::surroundings::Offline;
    use crate::domain::view::Mode;

    fn weight(fixture: &Fixture, id: &str) -> Weight {
        let mut view = fixture.view();
        view.mode = Mode::Moment;
        let all = weigh(RULES, &view);
        assert_eq!(all.len(), RULES.len());
        all.into_iter().find(|one| one.rule.0 == id).map(|one| one.weight).expect("a rule")
    }

    #[test]
    fn what_was_measured_contradicts_and_what_was_not_does_not() {
        let mut fixture = Fixture::new();
        assert_eq!(weight(&fixture, "port-closed"), Weight::NotMeasured);
        fixture.attempt(handshake(TlsOutcome::Ok));
        assert_eq!(weight(&fixture, "port-closed"), Weight::Contradicted);
        assert_eq!(weight(&fixture, "tls-handshake-failed"), Weight::Contradicted);
        assert_eq!(weight(&fixture, "credssp-rejected"), Weight::NotMeasured);
        assert_eq!(weight(&fixture, "gateway-unreachable"), Weight::NotMeasured);
    }

    #[test]
    fn what_holds_is_supported_with_its_measurements() {
        let mut fixture = Fixture::new();
        fixture.attempt(stopped_at_tcp(ConnectOutcome::Refused));
        fixture.attempt(stopped_at_tcp(ConnectOutcome::Refused));
        assert_eq!(weight(&fixture, "port-closed"), Weight::Supported);
        let mut view = fixture.view();
        view.mode = Mode::Moment;
        for one in weigh(RULES, &view) {
            assert_eq!(one.evidence.is_empty(), one.weight != Weight::Supported, "{}", one.rule);
        }
    }

    #[test]
    fn one_moment_contradicts_nothing_that_needs_time() {
        let mut fixture = Fixture::new();
        fixture.attempt(handshake(TlsOutcome::Ok));
        for id in NEEDS_TIME {
            assert_ne!(weight(&fixture, id), Weight::Contradicted, "{id}");
        }
    }

    #[test]
    fn nothing_is_weighed_while_this_machine_is_offline() {
        let mut fixture = Fixture::new();
        fixture.attempt(stopped_at_tcp(ConnectOutcome::Refused));
        fixture.around.offline = Offline::NoInterface;
        assert_eq!(weight(&fixture, "port-closed"), Weight::NotMeasured);
    }
}
