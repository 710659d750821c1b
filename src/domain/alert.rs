//! Findings that somebody should look at: pending, firing, resolved.

mod book;
mod hold;
mod remembered;
mod review;
mod settings;
mod signature;

pub use book::AlertBook;
pub use hold::Hold;
pub use remembered::{RememberedAlert, RememberedResolved};
pub use review::{AcceptedLook, AsFound};
pub use settings::AlertSettings;
pub use signature::Signature;

use super::finding::{RuleId, Severity};
use super::target::TargetId;
use super::time::WallTime;

/// Where an alert is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlertState {
    /// The finding stands, not yet for long enough.
    Pending,
    /// It stood for long enough.
    Firing,
    /// It fired in an earlier run, and this one has not seen its finding yet.
    Recalled,
}

/// One alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// Whose; `None` for this machine.
    pub target: Option<TargetId>,
    /// Which rule.
    pub rule: RuleId,
    /// How bad at present.
    pub severity: Severity,
    /// Where in its life.
    pub state: AlertState,
    /// First supporting sample.
    pub since: WallTime,
    /// A few words, escaped.
    pub title: String,
    /// When somebody acknowledged it.
    pub acknowledged: Option<WallTime>,
    /// Who acknowledged it, and their note.
    pub signed: Signature,
    /// Silent until then.
    pub snoozed_until: Option<WallTime>,
    /// Held back until then, because work is planned.
    pub held_until: Option<WallTime>,
    /// Its clocks stand still: the finding of this rule explains its own.
    pub explained_by: Option<RuleId>,
    /// How often it went and came back, while it fired or within an hour after it was over.
    pub returns: u32,
    /// How many of those times the fault had gone on, and one alert of several hosts told of it meanwhile.
    pub unbroken: u32,
}

impl Alert {
    /// How often the fault itself went and came back.
    #[must_use]
    pub const fn came_back(&self) -> u32 {
        self.returns.saturating_sub(self.unbroken)
    }

    /// Whether nobody is to be told of it for the time being: it is snoozed, or work is planned.
    /// Of an alert as [`AlertBook::standing`] gives it.
    #[must_use]
    pub const fn is_silenced(&self) -> bool {
        self.snoozed_until.is_some() || self.held_until.is_some()
    }
}

/// A change worth telling.
#[derive(Debug, Clone, PartialEq)]
pub enum AlertEvent {
    /// It began to fire.
    Fired(Alert),
    /// It still fires.
    Reminded(Alert),
    /// It is over; with the time it ended. Its severity is the worst that was told.
    Resolved(Alert, WallTime),
}

impl AlertEvent {
    /// Which alert.
    #[must_use]
    pub const fn alert(&self) -> &Alert {
        let (Self::Fired(alert) | Self::Reminded(alert) | Self::Resolved(alert, _)) = self;
        alert
    }
}

/// What the alerts screen shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlertsSnapshot {
    /// Firing, worst and newest first.
    pub firing: Vec<Alert>,
    /// Pending, and recalled.
    pub pending: Vec<Alert>,
    /// Resolved lately, newest first, bounded, with the time each ended.
    pub resolved: Vec<(Alert, WallTime)>,
    /// Findings that were there on first sight and are not accepted yet, target by target.
    pub as_found: Vec<AsFound>,
}

impl AlertsSnapshot {
    /// The alert of a rule that fires for a target.
    #[must_use]
    pub fn of(&self, target: TargetId, rule: RuleId) -> Option<&Alert> {
        self.firing.iter().find(|alert| alert.target == Some(target) && alert.rule == rule)
    }
}
