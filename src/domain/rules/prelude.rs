//! What every rule needs.

pub(super) use super::words::{host, name, quoted};
pub(super) use super::{
    Alerting, Evidence, Hysteresis, Judgement, Rule, RuleCard, client, remedies,
};
pub(super) use crate::domain::finding::{Confidence, Owner, Remedy, RuleId, RunOn, Rung, Severity};
pub(super) use crate::domain::sample::{Attempt, ConnectOutcome, ProbeKind};
pub(super) use crate::domain::surroundings::Surroundings;
pub(super) use crate::domain::view::{EchoWord, Mode, Presence, TargetView};
pub(super) use crate::domain::words::{clock, count, date, list, millis, moment, percent, span};
pub(super) use std::time::Duration;

/// Connections are what feeds the rule.
pub(super) const CONNECTIONS: &[ProbeKind] = &[ProbeKind::Negotiate, ProbeKind::Tls];

/// Connections are what feeds the rule, and CredSSP above them.
pub(super) const UP_TO_NLA: &[ProbeKind] = &[ProbeKind::Negotiate, ProbeKind::Tls, ProbeKind::Nla];

/// CredSSP is what feeds the rule.
pub(super) const NLA: &[ProbeKind] = &[ProbeKind::Nla];
