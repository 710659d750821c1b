//! Alerts that are held back while work is planned.

use super::super::finding::RuleId;
use super::super::time::WallTime;

/// Whose alerts nobody is told of, and until when; see [`AlertBook::hold`](super::AlertBook::hold).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// The end; then what still stands is told.
    pub until: WallTime,
    /// Only alerts of this rule; `None`: all.
    pub only: Option<RuleId>,
}

impl Hold {
    /// Until then, alerts of every rule.
    #[must_use]
    pub const fn all(until: WallTime) -> Self {
        Self { until, only: None }
    }

    /// Whether it holds back an alert of `rule` at `now`.
    #[must_use]
    pub fn holds(&self, rule: RuleId, now: WallTime) -> bool {
        now < self.until && self.only.is_none_or(|only| only == rule)
    }
}
