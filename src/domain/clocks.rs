//! Whose clock is wrong: those of all targets, compared with each other and with this machine's.

use super::history::Timed;
use super::sample::Nla;
use super::time::{Now, WallTime};
use std::time::Duration;

/// How far the wall clock may drift from the monotonic one before it counts as set.
const CLOCK_SET: Duration = Duration::from_secs(30);
/// Clocks this close to each other agree, in milliseconds.
const AGREE: u64 = 60_000;
/// How many clocks make a comparison.
const ENOUGH: usize = 3;

/// What the clocks of all targets together say of this machine's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Clocks {
    /// Too few targets have told their time for a comparison.
    #[default]
    TooFew,
    /// Enough did, but most before this machine's clock was set or the machine slept: what one
    /// says now may be this machine's fault.
    Outdated,
    /// Most agree with each other, and are so many milliseconds ahead of this machine's clock,
    /// behind it when negative.
    Agree(i64),
    /// They do not agree with each other.
    Disagree,
}

impl Clocks {
    /// Compares the clocks of targets other than this machine: how many ever told their time, and
    /// what [`clock_skew`] still says of them.
    #[must_use]
    pub fn compare(told: usize, mut skews: Vec<i64>) -> Self {
        if told < ENOUGH {
            return Self::TooFew;
        }
        if skews.len() * 2 <= told {
            return Self::Outdated;
        }
        skews.sort_unstable();
        let Some(middle) = skews.get(skews.len() / 2).copied() else { return Self::Outdated };
        let agree = skews.iter().filter(|skew| skew.abs_diff(middle) <= AGREE).count();
        // Against this machine's clock, which has its say too, it takes one more.
        let say = skews.len() + usize::from(middle.unsigned_abs() > AGREE);
        if agree * 2 > say { Self::Agree(middle) } else { Self::Disagree }
    }
}

/// What time it is: by this machine's clock, unless most hosts agree against it.
#[must_use]
pub fn wall_by_most(clocks: Clocks, now: WallTime) -> WallTime {
    match clocks {
        Clocks::Agree(ours) if ours.unsigned_abs() > AGREE => {
            WallTime::from_unix_millis(now.unix_millis().saturating_add(ours))
        }
        _ => now,
    }
}

/// The server's clock less this machine's, in milliseconds, as measured by the newest answer that
/// told it; `None` when this machine's clock was set or the machine slept since.
#[must_use]
pub fn clock_skew(nla: Option<&Timed<Nla>>, now: Now) -> Option<i64> {
    let entry = nla?;
    entry.value.clock_skew_ms.filter(|_| !was_set(entry.at, now))
}

/// How many milliseconds the wall clock went ahead of the monotonic one between two moments; fewer
/// than none when it was set back.
///
/// A machine that slept wakes ahead, because its monotonic clock stood still (Linux:
/// `CLOCK_MONOTONIC` does not count the time asleep).
#[must_use]
pub fn drift(before: Now, now: Now) -> i64 {
    let passed = before.wall.plus(now.mono.since(before.mono));
    now.wall.unix_millis().saturating_sub(passed.unix_millis())
}

/// A wall clock that went ahead of the monotonic one by more, in milliseconds: the machine slept.
const ASLEEP_MS: i64 = 2_000;

/// Whether the machine slept between two moments; so it looks as well where its clock was set ahead.
#[must_use]
pub fn slept(before: Now, now: Now) -> bool {
    drift(before, now) > ASLEEP_MS
}

/// Whether this machine's clock was set, or the machine slept, between two moments.
#[must_use]
pub fn was_set(before: Now, now: Now) -> bool {
    Duration::from_millis(drift(before, now).unsigned_abs()) > CLOCK_SET
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::diagnose::fixture::at;

    #[test]
    fn most_clocks_decide_which_one_is_wrong() {
        const HOUR: i64 = 3_600_000;
        for (told, skews, clocks) in [
            (2, vec![HOUR, HOUR], Clocks::TooFew),
            (4, vec![HOUR, 0], Clocks::Outdated),
            (9, vec![0, 0, 0, 0], Clocks::Outdated),
            (3, vec![HOUR, HOUR], Clocks::Agree(HOUR)),
            (3, vec![HOUR, 0, 20], Clocks::Agree(20)),
            (3, vec![HOUR, HOUR, 0], Clocks::Disagree),
            (5, vec![HOUR, HOUR, HOUR, 0, 0], Clocks::Disagree),
            (4, vec![HOUR, HOUR + 900, HOUR - 1_000, 0], Clocks::Agree(HOUR)),
            (4, vec![-HOUR, 0, HOUR, 2 * HOUR], Clocks::Disagree),
        ] {
            assert_eq!(Clocks::compare(told, skews.clone()), clocks, "{told}: {skews:?}");
        }
    }

    #[test]
    fn a_clock_that_was_set_since_makes_a_measurement_worthless() {
        let nla = Nla { clock_skew_ms: Some(7), ..Nla::not_offered() };
        let entry = Timed { at: at(10), value: nla };
        assert_eq!(clock_skew(Some(&entry), at(5_000)), Some(7));
        let set = |by: i64| Now {
            wall: WallTime::from_unix_millis(at(20).wall.unix_millis() + by),
            ..at(20)
        };
        assert_eq!(clock_skew(Some(&entry), set(20_000)), Some(7), "a small step of NTP");
        assert_eq!(clock_skew(Some(&entry), set(86_400_000)), None);
        assert_eq!(clock_skew(Some(&entry), set(-86_400_000)), None);
        assert_eq!(clock_skew(None, at(20)), None);
    }
}
