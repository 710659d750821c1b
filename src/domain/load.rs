//! How punctually this program runs: a monitor that comes late measures itself.

use super::time::MonoTime;
use std::collections::VecDeque;
use std::time::Duration;

/// Later than this is late: as much as a measurement forgives before it is void.
pub const LATE: Duration = Duration::from_millis(250);

/// What is looked back on.
pub const SPAN: Duration = Duration::from_mins(1);

/// Beats that are kept, whatever their spacing.
const KEPT: usize = 240;

/// So many late beats of one span are overload …
const OVERLOADED: u32 = 12;
/// … and that ends when no more than so many are.
const RELIEVED: u32 = 2;

/// The beats of the last minute. A machine that slept misses one beat, however long it slept.
#[derive(Debug, Clone, Default)]
pub struct Beats {
    beats: VecDeque<(MonoTime, Duration)>,
    overloaded: bool,
}

/// How punctual the last minute was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Punctuality {
    /// Beats.
    pub beats: u32,
    /// Of those, the ones that came more than [`LATE`] after their time.
    pub late: u32,
    /// How late the latest came.
    pub worst: Duration,
    /// So many came late that measurements suffer; stays until hardly any does.
    pub overloaded: bool,
}

impl Beats {
    /// Takes note of a beat at `now` that was due `lag` ago.
    pub fn observe(&mut self, now: MonoTime, lag: Duration) {
        let floor = now.minus(SPAN);
        while self.beats.front().is_some_and(|(at, _)| *at < floor) || self.beats.len() >= KEPT {
            self.beats.pop_front();
        }
        self.beats.push_back((now, lag));
        let late = self.late();
        self.overloaded = late >= OVERLOADED || (self.overloaded && late > RELIEVED);
    }

    fn late(&self) -> u32 {
        let late = self.beats.iter().filter(|(_, lag)| *lag > LATE).count();
        u32::try_from(late).unwrap_or(u32::MAX)
    }

    /// How punctual the beats were.
    #[must_use]
    pub fn punctuality(&self) -> Punctuality {
        Punctuality {
            beats: u32::try_from(self.beats.len()).unwrap_or(u32::MAX),
            late: self.late(),
            worst: self.beats.iter().map(|(_, lag)| *lag).max().unwrap_or_default(),
            overloaded: self.overloaded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Beats half a second apart, the given ones late by a second.
    fn beaten(count: u64, late: impl Fn(u64) -> bool) -> Beats {
        let mut beats = Beats::default();
        for beat in 0..count {
            let lag = if late(beat) { Duration::from_secs(1) } else { Duration::from_millis(3) };
            beats.observe(MonoTime::from_millis(beat * 500), lag);
        }
        beats
    }

    #[test]
    fn a_night_of_sleep_is_one_late_beat() {
        let mut beats = beaten(100, |_| false);
        beats.observe(MonoTime::from_secs(36_000), Duration::from_hours(9));
        let seen = beats.punctuality();
        assert_eq!((seen.beats, seen.late, seen.overloaded), (1, 1, false));
    }

    #[test]
    fn many_late_beats_are_overload_until_hardly_any_is() {
        let mut beats = beaten(60, |beat| beat % 4 == 0);
        let seen = beats.punctuality();
        assert_eq!((seen.late, seen.worst), (15, Duration::from_secs(1)));
        assert!(seen.overloaded);
        for beat in 60..240 {
            beats.observe(MonoTime::from_millis(beat * 500), Duration::ZERO);
            let seen = beats.punctuality();
            assert_eq!(seen.overloaded, seen.late > RELIEVED, "{seen:?}");
        }
        assert!(!beaten(60, |beat| beat % 6 == 0).punctuality().overloaded);
    }

    #[test]
    fn room_is_bounded_however_fast_it_beats() {
        let mut beats = Beats::default();
        for beat in 0..100_000 {
            beats.observe(MonoTime::from_millis(beat), Duration::from_secs(beat));
        }
        assert!(beats.beats.len() <= KEPT);
    }
}
