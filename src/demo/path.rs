//! Simulated round trips: a path's delay, its jitter and what it loses.

use super::random::below;
use crate::probe::echo::{Simulated, WireEnd};
use std::time::Duration;

/// The way to one host, as echo requests see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path {
    /// The shortest round trip.
    pub base: Duration,
    /// Up to this much is added to each.
    pub jitter: Duration,
    /// Lost, of a thousand.
    pub loss_permille: u16,
}

impl Path {
    /// A switched network.
    pub const LAN: Self = Self {
        base: Duration::from_micros(400),
        jitter: Duration::from_micros(300),
        loss_permille: 0,
    };
    /// A tunnel over the Internet.
    pub const VPN: Self = Self {
        base: Duration::from_millis(46),
        jitter: Duration::from_millis(4),
        loss_permille: 0,
    };
    /// Six percent lost, and jitter that a session feels.
    pub const LOSSY: Self = Self {
        base: Duration::from_millis(18),
        jitter: Duration::from_millis(120),
        loss_permille: 60,
    };

    /// When and how request number `draw` ends: the same for the same `seed` and number, in
    /// whatever order they are asked for.
    #[must_use]
    pub fn answer(&self, seed: u64, draw: u64) -> (Duration, WireEnd) {
        let fate = draw.wrapping_mul(2);
        if below(1_000, seed, fate) < u64::from(self.loss_permille) {
            return Simulated::silence();
        }
        let jitter = u64::try_from(self.jitter.as_micros()).unwrap_or(u64::MAX);
        let extra = Duration::from_micros(below(jitter, seed, fate.wrapping_add(1)));
        Simulated::reply(self.base.saturating_add(extra))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_loses_and_delays_as_it_says() {
        let answers: Vec<_> = (0..5_000).map(|draw| Path::LOSSY.answer(7, draw)).collect();
        let replies: Vec<Duration> = answers
            .iter()
            .filter(|(_, end)| matches!(end, WireEnd::Reply { .. }))
            .map(|(delay, _)| *delay)
            .collect();
        let lost = answers.len() - replies.len();
        assert!((250..350).contains(&lost), "{lost} of 5000 lost");
        let (least, most) = (Path::LOSSY.base, Path::LOSSY.base + Path::LOSSY.jitter);
        assert!(replies.iter().all(|rtt| (least..most).contains(rtt)));
        let jumps: Duration = replies.windows(2).map(|pair| pair[0].abs_diff(pair[1])).sum();
        let jitter = jumps / u32::try_from(replies.len() - 1).unwrap();
        assert!(jitter > Duration::from_millis(30), "{jitter:?}");
        assert_eq!(Path::LOSSY.answer(7, 11), answers[11]);
    }

    #[test]
    fn a_lan_loses_nothing() {
        for draw in 0..1_000 {
            let (delay, end) = Path::LAN.answer(1, draw);
            assert!(matches!(end, WireEnd::Reply { .. }));
            assert!(delay < Duration::from_millis(1));
        }
    }
}
