//! Spreads sends over time: all targets may be due at once, the network must not notice.

use crate::domain::time::MonoTime;
use std::time::Duration;

/// Between two sends in the long run: 20 000 a second.
const SPACING: Duration = Duration::from_micros(50);

/// How many may leave together after a rest.
const BURST: u32 = 32;

/// How long to wait when nothing may leave: the resolution of the runtime's timer.
const REST: Duration = Duration::from_millis(1);

/// A token bucket of send times.
#[derive(Debug)]
pub(super) struct Pacer {
    /// Unused sending time, at most `BURST` spacings.
    credit: Duration,
    at: MonoTime,
}

impl Pacer {
    /// A pacer that has rested by `now`.
    pub(super) const fn new(now: MonoTime) -> Self {
        Self { credit: SPACING.saturating_mul(BURST), at: now }
    }

    /// How long to wait before the next send; `None` when it may leave at once.
    pub(super) fn pause(&mut self, now: MonoTime) -> Option<Duration> {
        self.credit = (self.credit + now.since(self.at)).min(SPACING * BURST);
        self.at = now;
        (self.credit < SPACING).then_some(REST)
    }

    /// Accounts for one send.
    pub(super) const fn sent(&mut self) {
        self.credit = self.credit.saturating_sub(SPACING);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_targets_due_at_once_are_spread() {
        let mut pacer = Pacer::new(MonoTime::ZERO);
        let mut now = MonoTime::ZERO;
        let mut bursts = Vec::new();
        let mut burst = 0;
        for _ in 0..1000 {
            while let Some(pause) = pacer.pause(now) {
                now = now.plus(pause);
                bursts.push(burst);
                burst = 0;
            }
            pacer.sent();
            burst += 1;
        }
        assert_eq!(bursts.iter().max(), Some(&BURST), "never more together than a burst");
        assert_eq!(now, MonoTime::from_millis(49), "32 at once, then 20 a millisecond");
    }

    #[test]
    fn a_steady_thousand_a_second_is_never_held_back() {
        let mut pacer = Pacer::new(MonoTime::ZERO);
        for tick in 0..10_000 {
            assert_eq!(pacer.pause(MonoTime::from_millis(tick)), None);
            pacer.sent();
        }
    }
}
