//! Two clocks as plain numbers: one to measure with, one to show.

use std::time::Duration;

/// A point on the monotonic clock, in nanoseconds since an origin that the edge chooses.
///
/// Used for every interval, deadline and RTT. Never shown to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MonoTime(u64);

impl MonoTime {
    /// The origin.
    pub const ZERO: Self = Self(0);

    /// A point `nanos` nanoseconds after the origin.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// A point `millis` milliseconds after the origin.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// A point `secs` seconds after the origin.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// Nanoseconds since the origin.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The time from `earlier` to `self`; zero when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// The point `span` later, saturating.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// The point `span` earlier, saturating at the origin.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// A point on the wall clock, in milliseconds since 1970-01-01T00:00:00Z.
///
/// For display, certificates and remembered state only; it may jump.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct WallTime(i64);

impl WallTime {
    /// A point `millis` milliseconds after the Unix epoch (before it when negative).
    #[must_use]
    pub const fn from_unix_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// A point `secs` seconds after the Unix epoch (before it when negative).
    #[must_use]
    pub const fn from_unix_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn unix_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn unix_secs(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// The point of an RFC 3339 time, rounded towards 1970 to milliseconds; `None` for another text.
    #[must_use]
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let stamp: jiff::Timestamp = text.parse().ok()?;
        Some(Self(stamp.as_millisecond()))
    }

    /// As an RFC 3339 time in UTC; the nearest one that has a year of four digits.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        let (first, last) = (jiff::Timestamp::MIN, jiff::Timestamp::MAX);
        let within = self.0.clamp(first.as_millisecond(), last.as_millisecond());
        jiff::Timestamp::from_millisecond(within).unwrap_or_default().to_string()
    }

    /// Whole days from `self` to `later`, rounded down: negative when `later` is in the past.
    #[must_use]
    pub const fn days_until(self, later: Self) -> i64 {
        later.0.saturating_sub(self.0).div_euclid(86_400_000)
    }

    /// The time from `earlier` to `self`; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The point `span` earlier, saturating.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The point `span` later, saturating.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// Both clocks, read together by the edge and handed down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// For measuring.
    pub mono: MonoTime,
    /// For showing.
    pub wall: WallTime,
}

impl Now {
    /// An earlier moment that only the wall clock tells of, which was not set since.
    #[must_use]
    pub fn back_to(self, wall: WallTime) -> Self {
        Self { mono: self.mono.minus(self.wall.since(wall)), wall }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_until_floors_and_goes_negative_once_expired() {
        let now = WallTime::from_unix_secs(1_000_000);
        let day = 86_400;
        assert_eq!(now.days_until(WallTime::from_unix_secs(1_000_000 + 2 * day - 1)), 1);
        assert_eq!(now.days_until(WallTime::from_unix_secs(1_000_000)), 0);
        assert_eq!(now.days_until(WallTime::from_unix_secs(1_000_000 - 1)), -1);
    }

    #[test]
    fn since_is_zero_when_the_clock_went_back() {
        assert_eq!(MonoTime::from_secs(1).since(MonoTime::from_secs(2)), Duration::ZERO);
        let noon = WallTime::from_unix_secs(43_200);
        assert_eq!(noon.minus(Duration::from_secs(5)).since(noon), Duration::ZERO);
    }
}
