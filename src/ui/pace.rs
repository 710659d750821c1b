//! How often the screen is drawn: as often as asked, less often while the terminal cannot keep up.

use std::time::Duration;

/// Writing takes at most one part in so many of the time.
const SHARE: u32 = 4;
/// By how much what a frame cost is forgotten with each that costs less.
const FORGET: u32 = 4;
/// Frames are never further apart than this, or than asked.
const LONGEST: Duration = Duration::from_secs(2);
/// From so far apart on it is told.
const TOLD: Duration = Duration::from_millis(500);

/// The time between frames.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// As asked.
    asked: Duration,
    /// What writing a frame costs.
    cost: Duration,
}

impl Pace {
    /// At most so many frames a second; 0 is 1.
    #[must_use]
    pub fn new(fps: u8) -> Self {
        Self { asked: Duration::from_secs(1) / u32::from(fps.max(1)), cost: Duration::ZERO }
    }

    /// Writing a frame took that long.
    pub fn wrote(&mut self, took: Duration) {
        self.cost = took.max(self.cost / FORGET);
    }

    /// Time from the end of one frame to the next.
    #[must_use]
    pub fn between(&self) -> Duration {
        (self.cost * SHARE).min(LONGEST).max(self.asked)
    }

    /// Whether frames are further apart than asked.
    #[must_use]
    pub fn is_slowed(&self) -> bool {
        self.between() > self.asked
    }

    /// How far frames are apart, when that is so far that it is told.
    #[must_use]
    pub fn told(&self) -> Option<Duration> {
        Some(self.between()).filter(|between| *between >= TOLD && self.is_slowed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_terminal_that_keeps_up_is_drawn_as_often_as_asked() {
        for (fps, between) in [(0, 1_000), (1, 1_000), (10, 100), (50, 20)] {
            let mut pace = Pace::new(fps);
            assert_eq!(pace.between(), ms(between));
            pace.wrote(ms(1));
            assert_eq!((pace.between(), pace.is_slowed(), pace.told()), (ms(between), false, None));
        }
    }

    #[test]
    fn a_slow_terminal_is_drawn_less_often_until_it_keeps_up_again() {
        let mut pace = Pace::new(10);
        pace.wrote(ms(40));
        assert_eq!((pace.between(), pace.told()), (ms(160), None));
        pace.wrote(ms(200));
        assert_eq!(pace.told(), Some(ms(800)));
        pace.wrote(ms(90_000));
        assert_eq!(pace.told(), Some(LONGEST), "never further apart");
        let mut fast = 0;
        while pace.is_slowed() {
            pace.wrote(ms(1));
            fast += 1;
        }
        assert!((2..10).contains(&fast), "{fast} frames until it is as asked again");
        assert_eq!(pace.between(), ms(100));
        let mut slow = Pace::new(1);
        slow.wrote(ms(240));
        assert_eq!((slow.between(), slow.told()), (ms(1_000), None), "asked for is not slow");
    }
}
