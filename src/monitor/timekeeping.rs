//! Whether this machine's wall clock goes on as its monotonic clock does.

use crate::domain::clocks::drift;
use crate::domain::time::Now;
use crate::domain::words::span;
use std::time::Duration;

/// A smaller difference between two looks is a clock that is being disciplined.
const STEP: Duration = Duration::from_secs(2);

/// Both clocks at the last look.
#[derive(Debug, Default)]
pub(super) struct Timekeeping {
    before: Option<Now>,
}

impl Timekeeping {
    /// What the wall clock did since the last look, as a sentence; `None` while it just went on.
    pub(super) fn look(&mut self, now: Now) -> Option<String> {
        let ahead = drift(self.before.replace(now)?, now);
        let by = Duration::from_millis(ahead.unsigned_abs());
        if by < STEP {
            return None;
        }
        Some(if ahead > 0 {
            format!(
                "this machine's clock went ahead by {}: it slept, or the clock was set",
                span(by)
            )
        } else {
            format!("this machine's clock was set back by {}", span(by))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{MonoTime, WallTime};

    fn at(mono: u64, wall: i64) -> Now {
        Now { mono: MonoTime::from_secs(mono), wall: WallTime::from_unix_secs(wall) }
    }

    #[test]
    fn a_clock_that_is_set_is_told_once_and_one_that_is_disciplined_never() {
        let mut clock = Timekeeping::default();
        assert_eq!(clock.look(at(1, 1_000)), None, "nothing to compare with");
        assert_eq!(clock.look(at(11, 1_011)), None, "a second is within discipline");
        let ahead = clock.look(at(21, 8_221)).expect("two hours");
        assert_eq!(ahead, "this machine's clock went ahead by 2 h: it slept, or the clock was set");
        assert_eq!(clock.look(at(31, 8_231)), None);
        let back = clock.look(at(32, 7_632)).expect("ten minutes");
        assert_eq!(back, "this machine's clock was set back by 10 min");
    }
}
