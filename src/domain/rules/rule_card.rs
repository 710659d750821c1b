//! What a rule is.

use crate::domain::finding::{ClientError, Owner, Remedy, Risk, RuleId, Rung, Severity};
use crate::domain::sample::ProbeKind;

/// When a judgement becomes a finding, and when the finding ends. Counted in judgements that had
/// evidence, one per sample of the kinds that feed the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hysteresis {
    /// This many …
    pub raise: u8,
    /// … of the last so many must hold.
    pub of: u8,
    /// This many in a row must not hold.
    pub clear: u8,
}

impl Hysteresis {
    /// Raised and cleared by a single judgement: certificates, and rules with a window of their own.
    pub const AT_ONCE: Self = Self { raise: 1, of: 1, clear: 1 };
    /// Two of two, cleared by one.
    pub const TWICE: Self = Self { raise: 2, of: 2, clear: 1 };
}

/// How the findings of a rule alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, not modes")]
pub struct Alerting {
    /// One alert of this machine, not one of each target: a path and a line are shared.
    pub once: bool,
    /// That one tells of several hosts, and not of this machine itself.
    pub several: bool,
    /// One by one: not to be accepted with others that were there on first sight.
    pub alone: bool,
    /// What it is a state of. A host is in one state of a thing at a time: the alert of another
    /// state ends when this one fires.
    pub state_of: Option<&'static str>,
    /// It is measured anew all the time, and says nothing of a time in which nothing is: its alert is
    /// over once something else has explained it for some minutes.
    pub passing: bool,
}

impl Alerting {
    /// As most do.
    pub const PLAIN: Self =
        Self { once: false, several: false, alone: false, state_of: None, passing: false };
    /// Over when nothing can be measured of it.
    pub const PASSING: Self = Self { passing: true, ..Self::PLAIN };
    /// One alert of this machine.
    pub const ONCE: Self = Self { once: true, ..Self::PLAIN };
    /// One alert of several hosts.
    pub const SEVERAL: Self = Self { several: true, ..Self::ONCE };
    /// Accepted one by one.
    pub const ALONE: Self = Self { alone: true, ..Self::PLAIN };

    /// As a state of `thing`.
    #[must_use]
    pub const fn state_of(thing: &'static str) -> Self {
        Self { state_of: Some(thing), ..Self::PLAIN }
    }

    /// Whether the two are states of one thing.
    #[must_use]
    pub fn excludes(self, other: Self) -> bool {
        self.state_of.is_some() && self.state_of == other.state_of
    }
}

/// What a rule is, for the engine, `explain`, help, JSON and the documentation.
#[derive(Debug)]
pub struct RuleCard {
    /// Stable name.
    pub id: RuleId,
    /// A few words: `certificate expired`.
    pub title: &'static str,
    /// The severities it can have, mildest first.
    pub severities: &'static [Severity],
    /// Who can usually fix it.
    pub owner: Owner,
    /// The rung it is about. The findings of the lowest broken rung suppress those above it.
    pub rung: Option<Rung>,
    /// When it is raised and cleared.
    pub hysteresis: Hysteresis,
    /// Samples of these kinds are evidence for or against it.
    pub fed_by: &'static [ProbeKind],
    /// What it found, one sentence without words of protocols, for whoever works on a host and does
    /// not run it. As far as the rule is not sure, neither is the sentence.
    pub plain: &'static str,
    /// One paragraph: what it means, how it is measured, what else it could be.
    pub explanation: &'static str,
    /// What would show that it is wrong, one sentence.
    pub disproof: &'static str,
    /// What to do, safe first; those that weaken security last.
    pub remedies: &'static [Remedy],
    /// Rules that it explains: their findings are left out while it stands.
    pub explains: &'static [&'static str],
    /// A warning of this rule makes the risk only low.
    pub low_risk: bool,
    /// What the user's client usually shows, if anything.
    pub client_error: Option<ClientError>,
    /// If it holds on first sight it is listed for review and does not alert. Never for criticals.
    pub reviewed_when_found: bool,
    /// How its findings alert.
    pub alerting: Alerting,
}

impl RuleCard {
    /// What a finding of this severity means for a session.
    #[must_use]
    pub const fn risk(&self, severity: Severity) -> Risk {
        match severity {
            Severity::Critical => Risk::High,
            Severity::Warning if self.low_risk => Risk::Low,
            Severity::Warning => Risk::Elevated,
            Severity::Notice => Risk::None,
        }
    }
}
