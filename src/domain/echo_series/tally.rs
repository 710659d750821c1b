//! Echo requests folded into totals.

use super::EchoPoint;
use crate::domain::sample::{EchoMethod, EchoOutcome};
use crate::domain::stats::EchoStats;
use std::time::Duration;

/// Running totals over points in the order they were sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    method: Option<EchoMethod>,
    pub(super) sent: u32,
    pub(super) received: u32,
    /// Of those, the ones whose round trip is known.
    timed: u32,
    lost: u32,
    late: u32,
    void: u32,
    min: Option<Duration>,
    max: Option<Duration>,
    sum: f64,
    sum_of_squares: f64,
    previous: Option<Duration>,
    last: Option<Duration>,
    differences: Duration,
    pairs: u32,
    burst: u32,
    longest_burst: u32,
}

impl Tally {
    pub(super) fn add(&mut self, point: &EchoPoint) {
        self.method = Some(point.method);
        match point.outcome {
            EchoOutcome::Void(_) => {
                self.void += 1;
                self.previous = None;
                return;
            }
            EchoOutcome::Reply { rtt, .. } => self.add_reply(rtt),
            EchoOutcome::Answered => {
                self.received += 1;
                self.previous = None;
                self.burst = 0;
            }
            EchoOutcome::Late { .. } => {
                self.late += 1;
                self.previous = None;
                self.burst = 0;
            }
            EchoOutcome::Lost | EchoOutcome::Unreachable(_) => {
                self.lost += 1;
                self.previous = None;
                self.burst += 1;
                self.longest_burst = self.longest_burst.max(self.burst);
            }
        }
        self.sent += 1;
    }

    fn add_reply(&mut self, rtt: Duration) {
        self.received += 1;
        self.timed += 1;
        self.burst = 0;
        self.min = Some(self.min.map_or(rtt, |min| min.min(rtt)));
        self.max = Some(self.max.map_or(rtt, |max| max.max(rtt)));
        let secs = rtt.as_secs_f64();
        self.sum += secs;
        self.sum_of_squares += secs * secs;
        if let Some(previous) = self.previous {
            self.differences += rtt.abs_diff(previous);
            self.pairs += 1;
        }
        self.previous = Some(rtt);
        self.last = Some(rtt);
    }

    pub(super) fn stats(&self, median: Option<Duration>, p95: Option<Duration>) -> EchoStats {
        let count = f64::from(self.timed);
        let mean = (self.timed > 0).then(|| self.sum / count);
        let stddev = mean.map(|mean| (self.sum_of_squares / count - mean * mean).max(0.0).sqrt());
        EchoStats {
            method: self.method,
            sent: self.sent,
            received: self.received,
            lost: self.lost,
            late: self.late,
            void: self.void,
            // No engine counts them.
            duplicates: None,
            last: self.last,
            min: self.min,
            median,
            p95,
            max: self.max,
            mean: mean.and_then(|secs| Duration::try_from_secs_f64(secs).ok()),
            stddev: stddev.and_then(|secs| Duration::try_from_secs_f64(secs).ok()),
            jitter: (self.pairs > 0).then(|| self.differences / self.pairs),
            longest_burst: self.longest_burst,
        }
    }
}
