//! The one place that reads clocks. Everything else is handed a [`Now`] or a [`Clock`].

use crate::domain::time::{MonoTime, Now, WallTime};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Both clocks of this process, with the monotonic one counted from [`Clock::start`].
///
/// Two clocks started apart have different origins: one is made at start and copied around.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    origin: Instant,
}

impl Clock {
    /// A clock whose monotonic origin is this moment.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the place that reads the clock")]
    pub fn start() -> Self {
        Self { origin: Instant::now() }
    }

    /// Both clocks, read one after the other.
    #[must_use]
    pub fn now(&self) -> Now {
        Now { mono: self.mono(), wall: Self::wall() }
    }

    /// The monotonic clock, in nanoseconds since the start.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the place that reads the clock")]
    pub fn mono(&self) -> MonoTime {
        self.mono_of(Instant::now())
    }

    /// `instant` on this clock; the origin for anything before the start.
    #[must_use]
    pub fn mono_of(&self, instant: Instant) -> MonoTime {
        MonoTime::ZERO.plus(instant.saturating_duration_since(self.origin))
    }

    /// The `Instant` that `mono` stands for, as timers of the runtime want it; the origin when
    /// the sum is beyond what the platform can hold.
    #[must_use]
    pub fn instant_of(&self, mono: MonoTime) -> Instant {
        self.origin.checked_add(Duration::from_nanos(mono.as_nanos())).unwrap_or(self.origin)
    }

    /// Both clocks at one moment, the wall clock in nanoseconds since 1970 (0 before): what the
    /// kernel stamps packets with is the wall clock. Read again when this thread was interrupted
    /// in between, up to five times.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the place that reads the clock")]
    pub fn at_once(&self) -> (MonoTime, u64) {
        /// No two readings take longer, unless something came in between.
        const UNDISTURBED: Duration = Duration::from_micros(20);
        let mut best = (Duration::MAX, MonoTime::ZERO, 0);
        for _ in 0..5 {
            let before = self.mono();
            let wall = SystemTime::now();
            let took = self.mono().since(before);
            if took < best.0 {
                let nanos = wall.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
                best = (took, before, u64::try_from(nanos).unwrap_or(u64::MAX));
            }
            if took < UNDISTURBED {
                break;
            }
        }
        (best.1, best.2)
    }

    /// The wall clock, in whole milliseconds (negative before 1970).
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the place that reads the clock")]
    pub fn wall() -> WallTime {
        wall_of(SystemTime::now())
    }
}

/// `time` as milliseconds since 1970-01-01T00:00:00Z, rounded down, saturating.
#[must_use]
pub fn wall_of(time: SystemTime) -> WallTime {
    let millis = match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
        Err(before) => {
            let millis = before.duration().as_nanos().div_ceil(1_000_000);
            i64::try_from(millis).map_or(i64::MIN, |millis| -millis)
        }
    };
    WallTime::from_unix_millis(millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_come_back_as_they_went() {
        let clock = Clock::start();
        let later = clock.origin + Duration::from_millis(1_500);
        assert_eq!(clock.mono_of(later), MonoTime::from_millis(1_500));
        assert_eq!(clock.instant_of(MonoTime::from_millis(1_500)), later);
        assert!(clock.mono() <= clock.mono());
    }

    #[test]
    fn wall_time_rounds_down_on_both_sides_of_the_epoch() {
        let step = Duration::from_micros(1_500);
        assert_eq!(wall_of(UNIX_EPOCH + step), WallTime::from_unix_millis(1));
        assert_eq!(wall_of(UNIX_EPOCH - step), WallTime::from_unix_millis(-2));
    }
}
