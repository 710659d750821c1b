//! Woken: what a wake-up that succeeds tells of its target.

use super::Tracked;
use crate::domain::sample::Sample;
use crate::domain::surroundings::Surroundings;
use crate::domain::wake::{WakeProgress, WakeReceipt, WakeRung};
use std::time::Duration;

/// A silence that was as long as this when it was woken was no restart.
const SLEPT: Duration = Duration::from_mins(30);

impl Tracked {
    /// Its wake-up under way or last ended.
    #[must_use]
    pub const fn wake(&self) -> Option<&WakeProgress> {
        self.wake.as_ref()
    }

    /// Starts to follow a wake-up, or amends the one under way.
    pub fn set_wake(&mut self, wake: WakeProgress) {
        self.changed = true;
        let left = wake.receipts().iter().any(WakeReceipt::left);
        let silent = self.heard.silent_since().filter(|_| left);
        self.slept = silent.filter(|since| wake.started().mono.since(since.mono) >= SLEPT);
        self.wake = Some(wake);
    }

    /// Follows its wake-up. Whether that shows that it is one that sleeps, which was not known:
    /// twice it was silent for long, was woken, and came in time. Not where the silence was that
    /// of a path, nor while work is planned.
    pub(super) fn follow_wake(&mut self, sample: &Sample, around: &Surroundings) -> bool {
        let Some(wake) = &mut self.wake else { return false };
        let was_up = wake.is_up();
        wake.observe(sample);
        let Some(took) = wake.seen(WakeRung::X224).filter(|_| !was_up) else { return false };
        let in_time = sample.ended_at <= wake.deadline();
        self.memory.remember_waking(took);
        let Some(since) = self.slept.take() else { return false };
        let excused = self.maintained.is_some() || around.path_was_down(self.target.id, since.mono);
        in_time && !excused && self.memory.remember_sleep() && !self.target.may_sleep()
    }
}
