//! One target's echo requests: the newest ones exactly, all the others folded into totals.

mod resent;
mod steady;
mod tally;

pub use resent::Resent;
pub use steady::Steady;

use super::sample::{Echo, EchoMethod, EchoOutcome, LocalFault};
use super::stats::{EchoStats, Spark};
use super::time::{MonoTime, Now};
use hdrhistogram::Histogram;
use std::collections::VecDeque;
use std::time::Duration;
use steady::Run;
use tally::Tally;

/// How many outcomes are kept exactly: ten minutes at one a second.
pub const POINTS: usize = 600;

/// Room for so many more is made at a time: doubling would end far above [`POINTS`].
const GROWTH: usize = POINTS / 10;

/// Percentiles of up to so many requests are exact.
const EXACT: usize = 64;

/// Loss of this moment is counted over so long a span …
const LATELY: Duration = Duration::from_secs(10);
/// … since the last silence of this length, which is a gap and no rate of loss …
const GAP: Duration = Duration::from_secs(5);
/// … with so many requests at least …
const ENOUGH: usize = 3;
/// … and from this share of the seconds on, in percent.
const HEAVY_PCT: u32 = 30;

/// Upper bound of the histogram behind since-start percentiles, in microseconds.
const HISTOGRAM_MAX_US: u64 = 60_000_000;
/// Precision of that histogram.
const SIGNIFICANT_DIGITS: u8 = 2;

/// One request whose outcome is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EchoPoint {
    /// Number of the request.
    pub seq: u64,
    /// When it was sent.
    pub at: Now,
    /// What was sent.
    pub method: EchoMethod,
    /// What became of it.
    pub outcome: EchoOutcome,
}

impl EchoPoint {
    /// Whether no answer came, and this machine is not to blame.
    #[must_use]
    pub const fn is_loss(&self) -> bool {
        matches!(self.outcome, EchoOutcome::Lost | EchoOutcome::Unreachable(_))
    }

    /// Whether an answer came in time.
    #[must_use]
    pub const fn is_answered(&self) -> bool {
        matches!(self.outcome, EchoOutcome::Reply { .. } | EchoOutcome::Answered)
    }

    /// Whether an answer came, be it late.
    #[must_use]
    pub const fn came_back(&self) -> bool {
        self.is_answered() || matches!(self.outcome, EchoOutcome::Late { .. })
    }

    /// Whether it would show that a packet was lost.
    #[must_use]
    pub const fn tells_of_loss(&self) -> bool {
        !matches!(self.outcome, EchoOutcome::Void(_) | EchoOutcome::Answered)
    }

    /// The round trip, when it was answered in time.
    #[must_use]
    pub const fn rtt(&self) -> Option<Duration> {
        match self.outcome {
            EchoOutcome::Reply { rtt, .. } => Some(rtt),
            _ => None,
        }
    }

    /// The round trip, when it was answered, be it late.
    #[must_use]
    pub const fn round_trip(&self) -> Option<Duration> {
        match self.outcome {
            EchoOutcome::Reply { rtt, .. } | EchoOutcome::Late { rtt } => Some(rtt),
            _ => None,
        }
    }
}

/// Echo requests of one target in the order they were sent.
#[derive(Debug, Clone, Default)]
pub struct EchoSeries {
    points: VecDeque<EchoPoint>,
    /// How many of `points` are losses.
    losses: u32,
    folded: Tally,
    /// The newest requests that were answered alike.
    run: Option<Run>,
    /// What is known of the times before `points`.
    before: Before,
    /// The RTT of every reply since the start: an outcome that is amended was no reply.
    replies: Option<Box<Histogram<u32>>>,
}

/// Times of what is folded.
#[derive(Debug, Clone, Copy, Default)]
struct Before {
    /// The last request that was answered.
    answer: Option<Now>,
    /// Losses in a row at the end, void requests left out, and the first of them.
    silence: Option<(u32, Now)>,
}

impl Before {
    fn add(&mut self, point: &EchoPoint) {
        match point.outcome {
            EchoOutcome::Void(_) => {}
            EchoOutcome::Lost | EchoOutcome::Unreachable(_) => {
                let (count, since) = self.silence.unwrap_or((0, point.at));
                self.silence = Some((count.saturating_add(1), since));
            }
            EchoOutcome::Reply { .. } | EchoOutcome::Answered | EchoOutcome::Late { .. } => {
                *self = Self { answer: Some(point.at), silence: None };
            }
        }
    }
}

impl EchoSeries {
    /// Adds an outcome. A late reply amends the loss of the same request; a request that is
    /// already known changes nothing else.
    ///
    /// Requests are told apart by number and time of sending together: probes of several kinds
    /// feed one series, each with numbers of its own.
    pub fn push(&mut self, seq: u64, at: Now, echo: Echo) {
        let point = EchoPoint { seq, at, method: echo.method, outcome: echo.outcome };
        let order = |point: &EchoPoint| (point.at.mono, point.seq);
        // Nearly always the newest.
        let place = match self.points.back() {
            Some(last) if order(last) < order(&point) => self.points.len(),
            _ => self.points.partition_point(|known| order(known) < order(&point)),
        };
        let too_old = place == 0 && self.points.len() >= POINTS;
        // What comes out of order breaks it.
        let before = self.run.take().filter(|_| place == self.points.len());
        match self.points.get_mut(place) {
            Some(known) if order(known) == order(&point) => {
                if matches!(echo.outcome, EchoOutcome::Late { .. }) {
                    self.losses = self.losses.saturating_sub(u32::from(known.is_loss()));
                    known.outcome = echo.outcome;
                }
            }
            _ if too_old => {}
            _ => {
                self.losses += u32::from(point.is_loss());
                if let Some(rtt) = point.rtt() {
                    self.count_reply(rtt);
                }
                if self.points.len() == self.points.capacity() {
                    self.points.reserve_exact(GROWTH);
                }
                self.points.insert(place, point);
                if place + 1 == self.points.len() {
                    self.run = Run::with(before, &point);
                }
            }
        }
        while self.points.len() > POINTS {
            if let Some(oldest) = self.points.pop_front() {
                self.losses = self.losses.saturating_sub(u32::from(oldest.is_loss()));
                self.folded.add(&oldest);
                self.before.add(&oldest);
            }
        }
    }

    /// How many of the exact points are losses.
    #[must_use]
    pub const fn losses(&self) -> u32 {
        self.losses
    }

    /// The histogram begins small and grows with the largest RTT.
    fn count_reply(&mut self, rtt: Duration) {
        if self.replies.is_none() {
            self.replies = Histogram::new(SIGNIFICANT_DIGITS).ok().map(Box::new);
        }
        if let Some(replies) = &mut self.replies {
            let micros = u64::try_from(rtt.as_micros()).unwrap_or(HISTOGRAM_MAX_US);
            // It grows as far as its largest value: nothing is refused.
            let _counted = replies.record(micros.clamp(1, HISTOGRAM_MAX_US));
        }
    }

    /// Makes every loss since `start` void: this machine was offline, and nobody is to blame.
    pub fn void_losses_since(&mut self, start: MonoTime) {
        for point in self.points.iter_mut().rev().take_while(|point| point.at.mono >= start) {
            if point.is_loss() {
                self.losses = self.losses.saturating_sub(1);
                point.outcome = EchoOutcome::Void(LocalFault::Offline);
            }
        }
    }

    /// Forgets everything (`reset statistics`).
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// The newest request whose outcome is known.
    #[must_use]
    pub fn last(&self) -> Option<&EchoPoint> {
        self.points.back()
    }

    /// The exact points, oldest first.
    #[must_use]
    pub fn points(&self) -> impl DoubleEndedIterator<Item = &EchoPoint> {
        self.points.iter()
    }

    /// Points sent within `window` before `now`.
    #[must_use]
    pub fn within(
        &self,
        now: MonoTime,
        window: Duration,
    ) -> impl DoubleEndedIterator<Item = &EchoPoint> {
        self.since(now.minus(window))
    }

    /// The same, the newest first, and nothing older is touched than what is asked for.
    pub fn newest_within(
        &self,
        now: MonoTime,
        window: Duration,
    ) -> impl Iterator<Item = &EchoPoint> {
        let start = now.minus(window);
        self.points.iter().rev().take_while(move |point| point.at.mono >= start)
    }

    /// Points sent at `start` or later.
    #[must_use]
    pub fn since(&self, start: MonoTime) -> impl DoubleEndedIterator<Item = &EchoPoint> {
        self.points.range(self.first_since(start)..)
    }

    /// Where the points sent at `start` or later begin. They are in the order of sending, and most
    /// questions are about the newest: the search goes from there in growing steps, so that it
    /// touches little of what is older.
    fn first_since(&self, start: MonoTime) -> usize {
        let (mut high, mut step) = (self.points.len(), 1);
        let mut low = 0;
        while let Some(at) = high.checked_sub(step) {
            if self.points.get(at).is_some_and(|point| point.at.mono < start) {
                low = at + 1;
                break;
            }
            (high, step) = (at, step * 2);
        }
        while low < high {
            let middle = low.midpoint(high);
            if self.points.get(middle).is_some_and(|point| point.at.mono < start) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Statistics of the requests sent within `window` before `now`.
    #[must_use]
    pub fn window(&self, now: MonoTime, window: Duration) -> EchoStats {
        let mut tally = Tally::default();
        let mut rtts = Vec::new();
        for point in self.within(now, window) {
            tally.add(point);
            rtts.extend(point.rtt());
        }
        rtts.sort_unstable();
        let percentile = |percent| nearest_rank(&rtts, percent);
        tally.stats(percentile(50), percentile(95))
    }

    /// Statistics since the start or the last reset. Percentiles of more than 64 requests
    /// come from a histogram, to a percent.
    #[must_use]
    pub fn total(&self) -> EchoStats {
        let mut tally = self.folded.clone();
        self.points.iter().for_each(|point| tally.add(point));
        if self.folded.sent == 0 && self.points.len() <= EXACT {
            let mut rtts: Vec<Duration> = self.points.iter().filter_map(EchoPoint::rtt).collect();
            rtts.sort_unstable();
            return tally.stats(nearest_rank(&rtts, 50), nearest_rank(&rtts, 95));
        }
        let percentile = |share| {
            let replies = self.replies.as_ref()?;
            Some(Duration::from_micros(replies.value_at_quantile(share)))
        };
        tally.stats(percentile(0.50), percentile(0.95))
    }

    /// Losses in a row at the end, void requests left out, with the time of the first.
    #[must_use]
    pub fn trailing_losses(&self) -> (u32, Option<Now>) {
        let mut count = 0;
        let mut since = None;
        for point in self.points.iter().rev() {
            match point.outcome {
                EchoOutcome::Void(_) => {}
                EchoOutcome::Lost | EchoOutcome::Unreachable(_) => {
                    count += 1;
                    since = Some(point.at);
                }
                EchoOutcome::Reply { .. } | EchoOutcome::Answered | EchoOutcome::Late { .. } => {
                    return (count, since);
                }
            }
        }
        match self.before.silence {
            Some((before, first)) => (count.saturating_add(before), Some(first)),
            None => (count, since),
        }
    }

    /// When the newest request was sent that was answered.
    #[must_use]
    pub fn last_answered(&self) -> Option<Now> {
        self.points
            .iter()
            .rev()
            .find(|point| point.came_back())
            .map(|point| point.at)
            .or(self.before.answer)
    }

    /// Whether it answers in between, and three of ten requests are lost all the same. Each second
    /// counts once, however many requests it has.
    #[must_use]
    pub fn loses_heavily(&self, now: MonoTime) -> bool {
        // A gap may begin before what is counted.
        let asked = self.newest_within(now, LATELY + GAP);
        let asked: Vec<&EchoPoint> =
            asked.filter(|point| !matches!(point.outcome, EchoOutcome::Void(_))).collect();
        let mut runs = asked.chunk_by(|newer, older| newer.is_loss() && older.is_loss());
        let is_gap = |run: &[&EchoPoint]| match run {
            [newest, .., oldest] => newest.at.mono.since(oldest.at.mono) >= GAP,
            _ => false,
        };
        let counted: usize = runs.by_ref().take_while(|run| !is_gap(run)).map(<[_]>::len).sum();
        let second = |point: &&EchoPoint| point.at.mono.as_nanos() / 1_000_000_000;
        let start = now.minus(LATELY);
        let lately = asked.partition_point(|point| point.at.mono >= start);
        let counted = asked.get(..counted.min(lately)).unwrap_or_default();
        let seconds = counted.chunk_by(|newer, older| second(newer) == second(older));
        let (mut lost, mut of) = (0, 0);
        for points in seconds {
            let losses = points.iter().filter(|point| point.is_loss()).count();
            lost += u32::try_from(losses * 100 / points.len()).unwrap_or(100);
            of += 1;
        }
        counted.len() >= ENOUGH && lost >= HEAVY_PCT * of
    }

    /// When the last request before the exact points was sent that was answered.
    #[must_use]
    pub const fn answered_before(&self) -> Option<Now> {
        self.before.answer
    }

    /// When the first of the losses in a row was sent that the exact points begin after.
    #[must_use]
    pub fn silent_before(&self) -> Option<Now> {
        self.before.silence.map(|(_, since)| since)
    }

    /// Whether any request was ever answered.
    #[must_use]
    pub fn ever_answered(&self) -> bool {
        // From the newest: it answers, nearly always.
        self.folded.received > 0 || self.points.iter().rev().any(EchoPoint::came_back)
    }

    /// The target's own usual RTT: the median of what was answered more than `recent` before
    /// `now`; `None` with fewer than 60 of them.
    #[must_use]
    pub fn baseline(&self, now: MonoTime, recent: Duration) -> Option<Duration> {
        let end = now.minus(recent);
        let rtts: Vec<Duration> = self
            .points
            .iter()
            .take_while(|point| point.at.mono < end)
            .filter_map(EchoPoint::rtt)
            .collect();
        if rtts.len() < 60 { None } else { median(rtts) }
    }

    /// One slot per second, `slots` of them, the newest last and ending with the second of `now`.
    #[must_use]
    pub fn spark(&self, now: MonoTime, slots: usize) -> Vec<Spark> {
        let second = |time: MonoTime| time.as_nanos() / 1_000_000_000;
        let mut row = vec![Spark::Blank; slots];
        for point in self.points.iter().rev() {
            let age = second(now).saturating_sub(second(point.at.mono));
            let Some(slot) = usize::try_from(age)
                .ok()
                .and_then(|age| slots.checked_sub(1)?.checked_sub(age))
                .and_then(|index| row.get_mut(index))
            else {
                break;
            };
            *slot = worse(*slot, spark_of(&point.outcome));
        }
        row
    }
}

fn spark_of(outcome: &EchoOutcome) -> Spark {
    match outcome {
        EchoOutcome::Reply { rtt, .. } => Spark::Rtt(*rtt),
        EchoOutcome::Lost | EchoOutcome::Unreachable(_) => Spark::Lost,
        EchoOutcome::Late { .. } => Spark::Late,
        EchoOutcome::Answered | EchoOutcome::Void(_) => Spark::Blank,
    }
}

fn worse(a: Spark, b: Spark) -> Spark {
    match (a, b) {
        (Spark::Lost, _) | (_, Spark::Lost) => Spark::Lost,
        (Spark::Late, _) | (_, Spark::Late) => Spark::Late,
        (Spark::Rtt(a), Spark::Rtt(b)) => Spark::Rtt(a.max(b)),
        (Spark::Rtt(rtt), Spark::Blank) | (Spark::Blank, Spark::Rtt(rtt)) => Spark::Rtt(rtt),
        (Spark::Blank, Spark::Blank) => Spark::Blank,
    }
}

/// The median by nearest rank.
#[must_use]
pub fn median(mut values: Vec<Duration>) -> Option<Duration> {
    let middle = values.len().div_ceil(2).checked_sub(1)?;
    Some(*values.select_nth_unstable(middle).1)
}

/// The `percent`-th percentile of sorted values by nearest rank.
#[must_use]
pub fn nearest_rank(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests;
