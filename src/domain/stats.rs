//! Statistics of echo requests: pure functions over outcomes.
//!
//! Percentiles are nearest rank. Jitter is the mean absolute difference of consecutive RTTs,
//! where a gap breaks the chain. Nothing measured is `None`.

use super::sample::EchoMethod;
use std::time::Duration;

/// Less likely than this it is more than loss that packets in a row have no answer.
const CHANCE: f64 = 0.001;

/// Whether so many packets in a row may have no answer for the loss alone, a share from 0 to 1 of all.
#[must_use]
pub fn may_all_be_lost(share: f64, packets: u32) -> bool {
    share.powi(i32::try_from(packets).unwrap_or(i32::MAX)) > CHANCE
}

/// With less than this chance all of some round trips pass although a share of them is lost.
const SPARED: f64 = 0.05;

/// Whether so many round trips without a loss show that no such share, from 0 to 1, of them is lost.
#[must_use]
pub fn disproves(share: f64, clean: u32) -> bool {
    let passes = 1.0 - share.clamp(0.0, 1.0);
    passes.powi(i32::try_from(clean).unwrap_or(i32::MAX)) <= SPARED
}

/// Statistics of the echo requests of one window.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct EchoStats {
    /// What was sent, when anything was.
    pub method: Option<EchoMethod>,
    /// Requests whose outcome is known: received, lost, late or unreachable. Void ones and those
    /// still inside their deadline do not count.
    pub sent: u32,
    /// Answered inside the deadline.
    pub received: u32,
    /// Not answered, or answered with an error.
    pub lost: u32,
    /// Answered after the deadline: neither lost nor in the RTT figures.
    pub late: u32,
    /// Not measured because of this machine.
    pub void: u32,
    /// Answers beyond the first; `None` where the engine cannot see them.
    pub duplicates: Option<u32>,
    /// The newest RTT.
    pub last: Option<Duration>,
    /// Smallest RTT.
    pub min: Option<Duration>,
    /// Median RTT.
    pub median: Option<Duration>,
    /// 95th percentile of the RTT.
    pub p95: Option<Duration>,
    /// Largest RTT.
    pub max: Option<Duration>,
    /// Mean RTT.
    pub mean: Option<Duration>,
    /// Standard deviation of the RTT.
    pub stddev: Option<Duration>,
    /// Mean absolute difference of consecutive RTTs.
    pub jitter: Option<Duration>,
    /// Longest run of consecutive losses.
    pub longest_burst: u32,
}

impl EchoStats {
    /// Share lost, 0 to 1; `None` when nothing was measured.
    #[must_use]
    pub fn loss(&self) -> Option<f64> {
        (self.sent > 0).then(|| f64::from(self.lost) / f64::from(self.sent))
    }
}

/// One slot of a sparkline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Spark {
    /// Nothing known: before the start, void, paused, or unanswered yet.
    #[default]
    Blank,
    /// At least one request of the slot was lost.
    Lost,
    /// Answered late.
    Late,
    /// The largest RTT of the slot.
    Rtt(Duration),
}
