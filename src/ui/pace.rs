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
/// So many frames in a row must go through as asked until sparklines scroll again.
const CALM: u32 = 300;
/// With every time that scrolling was too much it is twice as many, up to this.
const CALM_AT_MOST: u32 = 16 * CALM;

/// The time between frames.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// As asked.
    asked: Duration,
    /// What writing a frame costs.
    cost: Duration,
    /// Frames that have to go through as asked until sparklines scroll again; 0 while they do.
    wanted: u32,
    /// How many that is, from the next time on that the terminal cannot keep up.
    patience: u32,
}

impl Pace {
    /// At most so many frames a second; 0 is 1.
    #[must_use]
    pub fn new(fps: u8) -> Self {
        let asked = Duration::from_secs(1) / u32::from(fps.max(1));
        Self { asked, cost: Duration::ZERO, wanted: 0, patience: CALM / 2 }
    }

    /// Writing a frame took that long.
    pub fn wrote(&mut self, took: Duration) {
        self.cost = took.max(self.cost / FORGET);
        if self.told().is_some() {
            if self.wanted == 0 {
                self.patience = (self.patience * 2).min(CALM_AT_MOST);
            }
            self.wanted = self.patience;
        } else if !self.is_slowed() {
            self.wanted = self.wanted.saturating_sub(1);
        }
    }

    /// Whether sparklines are overwritten in place, which takes few bytes, in place of scrolling:
    /// from when the terminal cannot keep up until it has for a while.
    #[must_use]
    pub const fn is_in_place(&self) -> bool {
        self.wanted > 0
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
    fn sparklines_stand_still_until_the_terminal_kept_up_for_a_while_and_longer_each_time() {
        let mut pace = Pace::new(10);
        pace.wrote(ms(40));
        assert!(pace.is_slowed() && !pace.is_in_place(), "a little slower is not slow");
        let calm_after = |pace: &mut Pace| {
            pace.wrote(ms(300));
            assert!(pace.is_in_place());
            (1..10_000).find(|_| {
                pace.wrote(ms(1));
                !pace.is_in_place()
            })
        };
        let first = calm_after(&mut pace).expect("some time");
        let second = calm_after(&mut pace).expect("some time");
        assert!((CALM..CALM + 10).contains(&first), "{first}");
        assert!((2 * CALM..2 * CALM + 10).contains(&second), "{second}");
        let longest = (0..8).filter_map(|_| calm_after(&mut pace)).max().expect("some time");
        assert!(longest < CALM_AT_MOST + 10, "{longest}");
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
