//! Requests in a row that were all answered, and nearly alike: of them hardly anything is to be counted.

use super::{EchoPoint, EchoSeries};
use crate::domain::time::MonoTime;
use std::time::Duration;

/// Round trips of a run differ by no more than this.
const SPREAD: Duration = Duration::from_millis(25);

/// Round trips between which all of some requests lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steady {
    /// None of them is shorter.
    pub least: Duration,
    /// None of them is longer.
    pub most: Duration,
}

/// The newest requests in a row that were all answered in time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// When the first of them was sent.
    since: MonoTime,
    between: Steady,
}

impl Run {
    /// The run that ends with `newest`, sent after all of `run`.
    pub(super) fn with(run: Option<Self>, newest: &EchoPoint) -> Option<Self> {
        let rtt = newest.rtt()?;
        let widened = run.map(|Self { since, between: Steady { least, most } }| Self {
            since,
            between: Steady { least: least.min(rtt), most: most.max(rtt) },
        });
        let alike = |run: &Self| run.between.spread() <= SPREAD;
        let anew = Self { since: newest.at.mono, between: Steady { least: rtt, most: rtt } };
        widened.filter(alike).or(Some(anew))
    }
}

impl Steady {
    /// By how much two of them differ at most.
    #[must_use]
    pub fn spread(self) -> Duration {
        self.most.saturating_sub(self.least)
    }
}

impl EchoSeries {
    /// Between what the round trips of the requests lie that were sent at `start` or later, where every
    /// one was answered in time and they are `enough`. `None` where that is not known without counting.
    #[must_use]
    pub fn steady_since(&self, start: MonoTime, enough: usize) -> Option<Steady> {
        let run = self.run.filter(|run| run.since <= start)?;
        let oldest = self.points.len().checked_sub(enough.max(1))?;
        self.points.get(oldest).filter(|point| point.at.mono >= start)?;
        Some(run.between)
    }
}
