//! Connections whose SYN had to be sent again, where they stand for echo.

use super::{EchoPoint, EchoSeries};
use crate::domain::sample::EchoMethod;
use crate::domain::time::MonoTime;
use std::collections::BTreeSet;
use std::time::Duration;

/// A SYN without an answer is sent again after a second (RFC 6298, section 2), then after two more and so
/// on: the connection opens whole seconds late …
const SECOND: Duration = Duration::from_secs(1);
/// … or a little less, where the round trips beside it were slow …
const EARLY: Duration = Duration::from_millis(100);
/// … or a little more: timers are coarse, and lines uneven.
const LATE: Duration = Duration::from_millis(250);
/// So many connections before it, and after it, are looked through for one that was quick: where all of
/// one side are slow, the line is.
const BESIDE: usize = 4;

/// The connections among echo requests whose SYN had to be sent again.
#[derive(Debug, Clone, Default)]
pub struct Resent(BTreeSet<(MonoTime, u64)>);

impl Resent {
    /// Whether the SYN of this one had to.
    #[must_use]
    pub fn has(&self, point: &EchoPoint) -> bool {
        !self.0.is_empty() && self.0.contains(&(point.at.mono, point.seq))
    }
}

impl EchoSeries {
    /// Those among the exact points that took whole seconds longer than a connection before and one
    /// after them. Of the newest that is not known yet. None where echo is ICMP.
    #[must_use]
    pub fn resent(&self) -> Resent {
        if self.points.back().is_none_or(|newest| newest.method != EchoMethod::Tcp) {
            return Resent::default();
        }
        // Nearly always: none took so long.
        let may_be =
            |point: &EchoPoint| point.rtt().is_some_and(|rtt| rtt.saturating_add(EARLY) >= SECOND);
        if !self.points.iter().any(may_be) {
            return Resent::default();
        }
        let replies = self.points.iter().filter_map(|point| Some((point, point.rtt()?)));
        let replies: Vec<(&EchoPoint, Duration)> = replies.collect();
        let quickest = |some: &[(&EchoPoint, Duration)]| some.iter().map(|(_, rtt)| *rtt).min();
        let is_resent = |index: usize, rtt: Duration| {
            let before = replies.get(index.saturating_sub(BESIDE)..index).and_then(quickest);
            let end = replies.len().min(index + 1 + BESIDE);
            let after = replies.get(index + 1..end).and_then(quickest);
            let beside = before.zip(after).map(|(before, after)| before.max(after));
            beside.is_some_and(|beside| is_whole_seconds(rtt.saturating_sub(beside)))
        };
        let resent = replies.iter().enumerate().filter(|(index, (_, rtt))| is_resent(*index, *rtt));
        Resent(resent.map(|(_, (point, _))| (point.at.mono, point.seq)).collect())
    }
}

/// Whether it is about one second or several.
fn is_whole_seconds(over: Duration) -> bool {
    let over = over.saturating_add(EARLY);
    over >= SECOND && Duration::from_nanos(u64::from(over.subsec_nanos())) <= EARLY + LATE
}
