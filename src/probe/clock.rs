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
