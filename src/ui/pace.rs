//! How often the screen is drawn: as often as wanted, or as often as the terminal takes it.

use std::time::Duration;

/// Longest gap between two frames. Keys are answered sooner.
const LONGEST: Duration = Duration::from_secs(2);
/// From this gap on the screen says that the terminal is slow: less is not felt.
const FELT: Duration = Duration::from_millis(400);
/// A gap is so many times as long as the writing of a frame took: the terminal rests as long as
/// it works.
const REST: u32 = 2;

/// The gap between two frames, by how long the terminal took for the ones before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    wanted: Duration,
    gap: Duration,
}

impl Pace {
    /// So many frames a second, as long as the terminal takes them. 0 counts as 1.
    #[must_use]
    pub fn new(fps: u8) -> Self {
        let wanted = Duration::from_secs(1) / u32::from(fps.max(1));
        Self { wanted, gap: wanted }
    }

    /// Notes how long the writing of a frame took. Slower at once, faster by halves.
    pub fn wrote(&mut self, took: Duration) {
        let longest = LONGEST.max(self.wanted);
        let needed = took.saturating_mul(REST).clamp(self.wanted, longest);
        self.gap = needed.max(self.gap / 2);
    }

    /// From the beginning of one frame to that of the next, at least.
    #[must_use]
    pub const fn gap(&self) -> Duration {
        self.gap
    }

    /// The gap, when the terminal makes it longer than wanted and a person would notice.
    #[must_use]
    pub fn slowed(&self) -> Option<Duration> {
        (self.gap > self.wanted && self.gap >= FELT).then_some(self.gap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_terminal_that_keeps_up_gets_what_was_wanted() {
        for (fps, gap) in [(0, 1_000), (1, 1_000), (10, 100), (60, 16)] {
            let mut pace = Pace::new(fps);
            pace.wrote(ms(1));
            assert_eq!(pace.gap().as_millis(), gap);
            assert_eq!(pace.slowed(), None);
        }
    }

    #[test]
    fn a_slow_terminal_rests_as_long_as_it_works() {
        let mut pace = Pace::new(10);
        pace.wrote(ms(70));
        assert_eq!((pace.gap(), pace.slowed()), (ms(140), None), "nobody sees that");
        pace.wrote(ms(300));
        assert_eq!((pace.gap(), pace.slowed()), (ms(600), Some(ms(600))));
        pace.wrote(Duration::MAX);
        assert_eq!(pace.gap(), LONGEST);
    }

    #[test]
    fn it_recovers_by_halves() {
        let mut pace = Pace::new(10);
        pace.wrote(ms(5_000));
        let mut gaps = Vec::new();
        while pace.gap() > ms(100) {
            pace.wrote(ms(1));
            gaps.push(pace.gap().as_millis());
        }
        assert_eq!(gaps, [1_000, 500, 250, 125, 100]);
        assert_eq!(pace.slowed(), None);
    }

    #[test]
    fn who_wants_few_frames_is_not_told_that_they_are_few() {
        let mut pace = Pace::new(1);
        pace.wrote(ms(400));
        assert_eq!((pace.gap(), pace.slowed()), (ms(1_000), None));
        pace.wrote(ms(700));
        assert_eq!(pace.slowed(), Some(ms(1_400)));
    }
}
