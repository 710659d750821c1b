//! When an alert fires, how long it holds, and how often it is told again.

use super::super::finding::Severity;
use std::time::Duration;

/// How long a finding must stand before its alert fires, and be gone before it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertSettings {
    /// A warning must stand this long (`for`).
    pub for_: Duration,
    /// A critical finding must stand this long: nothing, its rule has hysteresis of its own.
    pub for_critical: Duration,
    /// A firing alert whose finding is gone fires on for this long, so that flapping is one alert.
    pub keep_firing_for: Duration,
    /// An alert that still fires and that nobody acknowledged is told again this often; never when
    /// zero.
    pub remind_every: Duration,
}

impl Default for AlertSettings {
    fn default() -> Self {
        Self {
            for_: Duration::from_secs(30),
            for_critical: Duration::ZERO,
            keep_firing_for: Duration::from_mins(1),
            remind_every: Duration::ZERO,
        }
    }
}

impl AlertSettings {
    /// How long a finding of this severity must stand.
    #[must_use]
    pub const fn wait(&self, severity: Severity) -> Duration {
        match severity {
            Severity::Critical => self.for_critical,
            Severity::Notice | Severity::Warning => self.for_,
        }
    }

    /// How long an alert holds that came back so often: longer with every return beyond the third,
    /// up to ten times, so that what goes and comes all day is not told all day.
    #[must_use]
    pub fn hold(&self, returns: u32) -> Duration {
        self.keep_firing_for.saturating_mul(1 + returns.saturating_sub(3).min(9))
    }
}
