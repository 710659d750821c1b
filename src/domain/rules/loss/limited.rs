//! Requests that are lost because they were sent quickly.

use super::super::prelude::*;
use crate::domain::echo_series::EchoPoint;
use crate::domain::time::MonoTime;

/// A request that follows the one before it sooner than this part of the target's own interval was
/// sent because loss was suspected.
const QUICK_PACE: u32 = 2;

/// So many losses of quick requests, from this percentage on, may be made by something that answers
/// only for so many requests a second.
const LIMIT_LOST: u32 = 5;
const LIMIT_PCT: u32 = 30;

/// Requests at the usual pace share the loss of the quick ones, unless that is less likely than this.
const SAME: f64 = 0.01;

/// Leaves out the requests that were sent quickly, as far as only they are lost: a firewall that answers
/// for so many echo requests a second loses those, and the line loses none.
pub(super) fn without_limited(
    view: &TargetView<'_>,
    points: Vec<EchoPoint>,
    start: MonoTime,
) -> Vec<EchoPoint> {
    let pace = view.target.cadence.echo / QUICK_PACE;
    let mut before = None;
    let quick: Vec<bool> = points
        .iter()
        .map(|point| {
            let before = before.replace(point.at.mono);
            before.is_some_and(|before| point.at.mono.since(before) < pace)
        })
        .collect();
    let mut shares = [Share::default(), Share::default()];
    let known = || points.iter().zip(&quick);
    let first = known().position(|(point, _)| point.at.mono >= start && point.is_loss());
    // The loss that was looked into is no sample of those that follow.
    let after = first.map_or(points.len(), |first| first + 1);
    for (point, quick) in known().skip(after) {
        if let Some(share) = shares.get_mut(usize::from(*quick)) {
            share.lost += u32::from(point.is_loss());
            share.sent += 1;
        }
    }
    let [usual, asked_quickly] = shares;
    if view.mode == Mode::Moment || !asked_quickly.may_be_limited() || usual.agrees(asked_quickly) {
        return points;
    }
    points.into_iter().zip(quick).filter(|(_, quick)| !quick).map(|(point, _)| point).collect()
}

/// Of how many requests how many are lost.
#[derive(Debug, Clone, Copy, Default)]
struct Share {
    lost: u32,
    sent: u32,
}

impl Share {
    const fn may_be_limited(self) -> bool {
        self.lost >= LIMIT_LOST && self.lost * 100 >= self.sent * LIMIT_PCT
    }

    /// Whether these may be lost like `others`: some are, and no fewer than by chance.
    fn agrees(self, others: Self) -> bool {
        let share = f64::from(others.lost) / f64::from(others.sent.max(1));
        self.lost > 0 && at_most(self.lost, self.sent, share) >= SAME
    }
}

/// The chance that of `sent` requests no more than `lost` are lost, each with the chance `share`.
fn at_most(lost: u32, sent: u32, share: f64) -> f64 {
    let (share, sent) = (share.clamp(0.0, 1.0), f64::from(sent));
    let odds = share / (1.0 - share).max(f64::EPSILON);
    let mut exactly = (sent * (1.0 - share).max(f64::EPSILON).ln()).exp();
    let mut sum = exactly;
    for one in 0..lost {
        let one = f64::from(one);
        exactly *= odds * (sent - one) / (one + 1.0);
        sum += exactly;
    }
    sum.min(1.0)
}
