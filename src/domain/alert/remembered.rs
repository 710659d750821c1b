//! What a later run must know of an alert, so that nobody is told twice.

use super::super::finding::{RuleId, Severity};
use super::super::sink::WhoHeard;
use super::super::target::TargetId;
use super::super::text::printable;
use super::super::time::WallTime;
use super::{Alert, AlertState, Signature};

/// An alert that fired when it was last saved; the store keeps it under its rule's name.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RememberedAlert {
    /// First supporting sample.
    pub since: WallTime,
    /// When it was last known to fire.
    pub seen: WallTime,
    /// How bad when it was last told; at that time where it was not.
    pub severity: Severity,
    /// How bad it was at its worst, of what was told; `None`: as when it was last told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst: Option<Severity>,
    /// How bad it was when somebody acknowledged or snoozed it; `None`: as when it was last told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attended: Option<Severity>,
    /// A few words, escaped.
    pub title: String,
    /// When it was last told; `None`: not yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<WallTime>,
    /// When somebody acknowledged it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<WallTime>,
    /// Who acknowledged it, and their note.
    #[serde(default, skip_serializing_if = "Signature::is_empty")]
    pub signed: Signature,
    /// Silent until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<WallTime>,
    /// How often it went and came back.
    #[serde(default)]
    pub returns: u32,
    /// How many of those times it had gone on.
    #[serde(default)]
    pub unbroken: u32,
    /// The sinks that heard that it began; `None`: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard: Option<WhoHeard>,
}

#[cfg(test)]
impl RememberedAlert {
    /// An alert that fires from `since` on, was seen last at `seen`, and was told to nobody.
    pub(crate) fn firing(title: &str, severity: Severity, since: WallTime, seen: WallTime) -> Self {
        Self {
            since,
            seen,
            severity,
            worst: None,
            attended: None,
            title: title.to_owned(),
            told: None,
            acknowledged: None,
            signed: Signature::default(),
            snoozed_until: None,
            returns: 0,
            unbroken: 0,
            heard: None,
        }
    }
}

/// An alert that is over, as the store keeps it among those of its target.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RememberedResolved {
    /// Its rule's name.
    pub rule: String,
    /// How bad it was at last.
    pub severity: Severity,
    /// A few words, escaped.
    pub title: String,
    /// First supporting sample.
    pub since: WallTime,
    /// When it ended.
    pub ended: WallTime,
    /// When somebody acknowledged it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<WallTime>,
    /// Who acknowledged it, and their note.
    #[serde(default, skip_serializing_if = "Signature::is_empty")]
    pub signed: Signature,
    /// How often it went and came back.
    #[serde(default)]
    pub returns: u32,
    /// How many of those times it had gone on.
    #[serde(default)]
    pub unbroken: u32,
}

impl RememberedResolved {
    /// What a later run must know of an alert that was over at `ended`.
    #[must_use]
    pub fn of(alert: &Alert, ended: WallTime) -> Self {
        Self {
            rule: alert.rule.0.to_owned(),
            severity: alert.severity,
            title: alert.title.clone(),
            since: alert.since,
            ended,
            acknowledged: alert.acknowledged,
            signed: alert.signed.clone(),
            returns: alert.returns,
            unbroken: alert.unbroken,
        }
    }

    /// The alert that it was, of `target` and the rule with its name.
    pub(super) fn alert(&self, target: Option<TargetId>, rule: RuleId) -> Alert {
        Alert {
            target,
            rule,
            severity: self.severity,
            state: AlertState::Firing,
            since: self.since,
            title: printable(&self.title).into_owned(),
            acknowledged: self.acknowledged,
            signed: self.signed.escaped(),
            snoozed_until: None,
            held_until: None,
            explained_by: None,
            returns: self.returns,
            unbroken: self.unbroken,
        }
    }
}
