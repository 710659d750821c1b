//! What was usual for a target before a finding that compares with it stood: while it stands, what
//! is bad must not become what is usual.

use super::time::MonoTime;
use std::time::Duration;

/// What stood for so long is what is usual.
const SETTLED: Duration = Duration::from_hours(24);

/// Baselines that stand still; `None` where no finding stands that they are held for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usual {
    /// Round trip, while `high-latency` stands.
    pub round_trip: Option<Duration>,
    /// Since when that one is held.
    pub held: Option<MonoTime>,
    /// Service time of X.224, while `rdp-slow` stands.
    pub service: Option<Duration>,
}

/// A round trip that is usual by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// What was usual until then.
    pub before: Duration,
    /// What is usual from then on.
    pub usual: Duration,
}

impl Usual {
    /// Holds the round trip that was usual while `stands`, for a day; then what it is by now, `newest`,
    /// is usual. Says so when that is at hand.
    pub fn hold_round_trip(
        &mut self,
        stands: bool,
        usual: Option<Duration>,
        newest: impl FnOnce() -> Option<Duration>,
        now: MonoTime,
    ) -> Option<Settled> {
        if !stands {
            (self.round_trip, self.held) = (None, None);
            return None;
        }
        let held = *self.held.get_or_insert(now);
        if now.since(held) < SETTLED {
            self.round_trip = usual;
            return None;
        }
        let newest = newest();
        let settled = usual.zip(newest).map(|(before, usual)| Settled { before, usual });
        (self.round_trip, self.held) = (newest, Some(now));
        settled.filter(|settled| settled.usual >= settled.before.saturating_mul(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stood_for_a_day_is_usual_and_what_ended_before_is_not() {
        let ms = |ms: u64| Some(Duration::from_millis(ms));
        let hours = |hours: u64| MonoTime::from_secs(hours * 3_600);
        let mut usual = Usual::default();
        for hour in 1..25 {
            assert_eq!(usual.hold_round_trip(true, ms(20), || ms(110), hours(hour)), None);
            assert_eq!(usual.round_trip, ms(20), "at {hour} h");
        }
        let settled = usual.hold_round_trip(true, usual.round_trip, || ms(110), hours(25));
        assert_eq!(settled.map(|one| (one.before, one.usual)), ms(20).zip(ms(110)));
        assert_eq!(usual.round_trip, ms(110));
        usual.hold_round_trip(false, ms(110), || ms(110), hours(26));
        assert_eq!(usual, Usual::default());
        usual.hold_round_trip(true, ms(20), || ms(110), hours(30));
        assert_eq!(usual.hold_round_trip(true, ms(20), || ms(110), hours(53)), None, "23 h");
    }
}
