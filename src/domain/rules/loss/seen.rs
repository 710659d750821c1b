//! What is counted of the echo requests of a window.

use super::super::prelude::*;
use super::super::would_drop;
use super::limited::without_limited;
use crate::domain::echo_series::EchoPoint;
use crate::domain::heard::Came;
use crate::domain::sample::{EchoMethod, EchoOutcome};
use crate::domain::time::MonoTime;

/// A rate of loss goes on for so long at least: less is a gap, be it that some packets came through.
const SPREAD: Duration = Duration::from_secs(10);

/// Losses in a row over this long, while TCP was silent too, are an outage of the host or the
/// path and not a rate of loss.
const OUTAGE: Duration = Duration::from_secs(20);

/// So many losses in a row at the end may be the beginning of an outage.
const TRAILING: usize = 3;

/// A rate of loss has so many runs of lost requests at least: one run is a gap, however many
/// requests fell into it.
const RUNS: usize = 3;

/// A run that lasts so long, of so many requests, is a gap too. A rate is proven without them, or
/// there are [`RUNS`] of them.
const GAP: Duration = Duration::from_secs(2);

const GAP_REQUESTS: usize = 3;

/// So many in a row at the end are silence, whatever TCP says: then a firewall drops ping.
const SILENT: usize = 5;

/// Requests of a window, outages left out.
pub(super) struct Seen {
    pub(super) window: Duration,
    pub(super) sent: u32,
    pub(super) lost: u32,
    pub(super) longest: usize,
    /// They are connections.
    pub(super) of_connections: bool,
    /// So many of `lost` opened once their SYN was sent again.
    pub(super) resent: u32,
    /// How many were answered since the last loss.
    pub(super) since: u32,
    /// Runs of lost requests.
    pub(super) runs: usize,
    /// Those that are gaps.
    pub(super) gaps: usize,
    /// What was lost in each second, each counted once however many requests fell into it.
    pub(super) seconds: Seconds,
    /// The same without gaps, and how much was lost beside them.
    pub(super) scattered: (Seconds, u32),
    pub(super) first_loss: Option<EchoPoint>,
    pub(super) last_loss: Option<EchoPoint>,
    pub(super) answered: bool,
}

/// Shares of seconds: while loss is suspected ten requests are sent in one, and one before.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seconds {
    /// The shares of those before the current one, added up, and how many they are.
    before: (f64, u32),
    /// The current one, with the requests lost in it and all of them.
    current: Option<(u64, u32, u32)>,
}

impl Seconds {
    fn add(&mut self, point: &EchoPoint) {
        let second = point.at.mono.since(MonoTime::ZERO).as_secs();
        let lost = u32::from(point.is_loss());
        match &mut self.current {
            Some((current, losses, all)) if *current == second => {
                *losses += lost;
                *all += 1;
            }
            _ => {
                self.before = self.sum();
                self.current = Some((second, lost, 1));
            }
        }
    }

    fn sum(&self) -> (f64, u32) {
        let (sum, count) = self.before;
        match self.current {
            Some((_, lost, all)) => (sum + f64::from(lost) / f64::from(all.max(1)), count + 1),
            None => self.before,
        }
    }

    pub(super) fn share(&self) -> f64 {
        let (sum, count) = self.sum();
        if count == 0 { 0.0 } else { sum / f64::from(count) }
    }
}

impl Seen {
    /// Of all requests.
    pub(super) fn share_of_requests(&self) -> f64 {
        if self.sent == 0 { 0.0 } else { f64::from(self.lost) / f64::from(self.sent) }
    }

    /// Whether it is a rate of loss, and not a gap or two.
    pub(super) fn is_rate(&self, pct: f64, lost: u32) -> bool {
        let (beside, losses) = &self.scattered;
        let (first, last) = (self.first_loss, self.last_loss);
        let lasts = first.zip(last).is_some_and(|(a, b)| b.at.mono.since(a.at.mono) >= SPREAD);
        let exceeds = |seconds: &Seconds, losses| losses >= lost && seconds.share() * 100.0 >= pct;
        lasts
            && self.runs >= RUNS
            && exceeds(&self.seconds, self.lost)
            && (self.gaps >= RUNS || exceeds(beside, *losses))
    }
}

/// Counts the requests of the last `window` that were made as the newest was, without those of an
/// outage. A run of losses is looked at as a whole, also where it began before the window. A connection
/// whose SYN had to be sent again has lost a packet.
pub(super) fn seen(view: &TargetView<'_>, window: Duration) -> Option<Seen> {
    let method = view.echo.last()?.method;
    let resent = view.echo.resent();
    let counts = |point: &&EchoPoint| point.method == method && point.tells_of_loss();
    let lost = |point: &EchoPoint| EchoPoint { outcome: EchoOutcome::Lost, ..*point };
    let taken = |point: &EchoPoint| if resent.has(point) { lost(point) } else { *point };
    let points: Vec<EchoPoint> = view.echo.points().filter(counts).map(taken).collect();
    let start = view.now.mono.minus(window);
    let points = without_limited(view, points, start);
    let inside = |point: &EchoPoint| point.at.mono >= start;
    let (first, last) = (points.iter().find(|point| inside(point))?, points.last()?);
    let mut seen = Seen {
        window: last.at.mono.since(first.at.mono).max(Duration::from_secs(1)),
        sent: 0,
        lost: 0,
        longest: 0,
        of_connections: method == EchoMethod::Tcp,
        resent: 0,
        since: 0,
        runs: 0,
        gaps: 0,
        seconds: Seconds::default(),
        scattered: (Seconds::default(), 0),
        first_loss: None,
        last_loss: None,
        answered: false,
    };
    for run in points.chunk_by(|a, b| a.is_loss() == b.is_loss()) {
        let counted = run.get(run.partition_point(|point| !inside(point))..).unwrap_or_default();
        let (Some(head), Some(first), Some(tail)) = (run.first(), counted.first(), run.last())
        else {
            continue;
        };
        let size = u32::try_from(counted.len()).unwrap_or(u32::MAX);
        if !head.is_loss() {
            seen.sent = seen.sent.saturating_add(size);
            seen.answered = true;
            seen.since = seen.since.saturating_add(size);
            for point in counted {
                seen.seconds.add(point);
                seen.scattered.0.add(point);
            }
            continue;
        }
        let trails = tail.seq == last.seq;
        let silent = !trails && would_drop::is_gap(view, run);
        if silent || is_outage(view, head, tail, trails, run.len()) {
            continue;
        }
        seen.sent = seen.sent.saturating_add(size);
        seen.lost = seen.lost.saturating_add(size);
        seen.longest = seen.longest.max(counted.len());
        let again = counted.iter().filter(|point| resent.has(point)).count();
        seen.resent = seen.resent.saturating_add(u32::try_from(again).unwrap_or(u32::MAX));
        seen.since = 0;
        seen.runs += 1;
        for point in counted {
            seen.seconds.add(point);
        }
        if run.len() >= GAP_REQUESTS && tail.at.mono.since(head.at.mono) >= GAP {
            seen.gaps += 1;
        } else {
            for point in counted {
                seen.scattered.0.add(point);
            }
            seen.scattered.1 = seen.scattered.1.saturating_add(size);
        }
        seen.first_loss = seen.first_loss.or(Some(*first));
        seen.last_loss = Some(*tail);
    }
    Some(seen)
}

/// Whether a run of losses is silence of the host or the path: at the end of the window as long
/// as no connection since has opened, before that when it was long and TCP was silent in it, and
/// wherever a path was down.
fn is_outage(
    view: &TargetView<'_>,
    head: &EchoPoint,
    tail: &EchoPoint,
    trails: bool,
    size: usize,
) -> bool {
    let (start, end) = (head.at.mono, tail.at.mono);
    if view.around.path_was_down(view.target.id, start)
        || view.around.lost_in_the_air.holds(view.target.id, start)
    {
        return true;
    }
    if trails && view.mode == Mode::Moment {
        return view.settled().is_some_and(|newest| !newest.value.connect.outcome.answered());
    }
    if trails {
        let opened = view
            .attempts
            .iter()
            .any(|entry| entry.at.mono >= start && entry.value.connect.outcome.answered());
        return size >= SILENT || (size >= TRAILING && !opened);
    }
    end.since(start) >= OUTAGE
        && view.heard.tried_within(start, end).any(|tried| tried.came == Came::Silent)
}
