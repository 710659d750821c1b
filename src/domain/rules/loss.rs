//! `packet-loss`: a share of echo requests goes unanswered while the host is there.

use super::prelude::*;
use super::whose;
use super::would_drop;
use crate::domain::echo_series::EchoPoint;
use crate::domain::heard::Came;
use crate::domain::history::Timed;
use crate::domain::sample::EchoOutcome;
use crate::domain::thresholds::LossThresholds;
use crate::domain::time::MonoTime;
use crate::domain::wifi;

/// A rate of loss goes on for so long at least: less is a gap, be it that some packets came through.
const SPREAD: Duration = Duration::from_secs(10);

/// Losses in a row over this long, while TCP was silent too, are an outage of the host or the
/// path and not a rate of loss.
const OUTAGE: Duration = Duration::from_secs(20);

/// So much more than the share of a warning over this long, with as many losses, is one already:
/// while loss is suspected there are enough requests in it. A steady 1 % gets there about once a
/// week (the tail of a Poisson distribution: 7 of 180 after the two that were suspected).
const QUICK: Duration = Duration::from_secs(30);
const QUICK_FACTOR: f64 = 1.6;

/// So many losses in a row at the end may be the beginning of an outage.
const TRAILING: usize = 3;

/// A connection whose SYN had to be sent again takes at least this much longer (RFC 6298: the
/// first retransmission after 1 s).
const RETRANSMITTED: Duration = Duration::from_millis(900);

/// A rate of loss has so many runs of lost requests at least: one run is a gap, however many
/// requests fell into it.
const RUNS: usize = 3;

/// A run that lasts so long, of so many requests, is a gap too. A rate is proven without them, or
/// there are [`RUNS`] of them.
const GAP: Duration = Duration::from_secs(2);
const GAP_REQUESTS: usize = 3;

/// A request that follows the one before it sooner than this part of the target's own interval was
/// sent because loss was suspected.
const QUICK_PACE: u32 = 2;

/// So many losses of quick requests, from this percentage on, may be made by something that answers
/// only for so many requests a second.
const LIMIT_LOST: u32 = 5;
const LIMIT_PCT: u32 = 30;

/// Requests at the usual pace share the loss of the quick ones, unless that is less likely than this.
const SAME: f64 = 0.01;

/// Losses that are no further apart are of one course.
const COURSE: Duration = Duration::from_mins(1);

/// So many connections at least show that TCP is clean.
const CONNECTIONS_PROVE: usize = 5;

/// Without a loss for so long, what is found was there before.
const FRESH: Duration = Duration::from_mins(1);

/// So many in a row at the end are silence, whatever TCP says: then a firewall drops ping.
const SILENT: usize = 5;
/// Loss of echo alone is believed when real loss would have spared TCP with less than this chance.
const CHANCE: f64 = 0.05;

/// A share of requests is lost.
#[derive(Debug)]
pub(super) struct PacketLoss;

static PACKET_LOSS: RuleCard = RuleCard {
    id: RuleId("packet-loss"),
    title: "packet loss",
    severities: &[Severity::Notice, Severity::Warning, Severity::Critical],
    owner: Owner::Network,
    rung: Some(Rung::Echo),
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Echo],
    plain: "Part of what is sent gets lost on the way: sessions freeze or drop.",
    explanation: "A share of the echo requests is not answered before the deadline, over a window \
        and above a count, so that a single lost packet is nothing, and in three runs at least: one run, \
        or a silence of two seconds or more, is a gap, unless there are three of these too. \
        Silence is not loss: when \
        every request is lost, or the last ones are and TCP is silent too, the host or the path \
        is gone; when every request is lost, or the last five are, and TCP answers, a firewall drops ping. When \
        connections made amid the losses pass so cleanly that the loss could hardly be real, routers may merely treat \
        echo as less urgent, and it is a notice. Sessions over a lossy line stutter, freeze and \
        drop; a session that ends so shows 0x904.",
    disproof: "The share falls under the threshold over the same window, or connections made \
        meanwhile show no retransmission.",
    remedies: &[
        remedies::USE_CABLE,
        remedies::FIND_HOP,
        remedies::OTHER_VPN_NODE,
        remedies::VPN_MTU,
    ],
    explains: &["session-would-drop"],
    low_risk: false,
    client_error: client::LINE,
    reviewed_when_found: false,
    alerting: Alerting::PASSING,
};

impl Rule for PacketLoss {
    fn card(&self) -> &'static RuleCard {
        &PACKET_LOSS
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let limits = &view.target.thresholds.packet_loss;
        let found = match view.mode {
            Mode::Watch => over_time(view, limits),
            Mode::Moment => at_once(view),
        };
        let (severity, seen) = match found {
            Found::Nothing => return Judgement::NoEvidence,
            Found::Little => return Judgement::Clear,
            Found::Loss(severity, seen) => (severity, seen),
        };
        if view.woke_lately() {
            return Judgement::NoEvidence;
        }
        let early = |to| wifi::undecided(view.around, view.target, to, view.now.mono);
        if view.mode == Mode::Watch && view.dialled.is_some_and(early) {
            return Judgement::NoEvidence;
        }
        let share = match view.mode {
            Mode::Watch => seen.seconds.share(),
            Mode::Moment => seen.share_of_requests(),
        };
        let course = Course::of(view, &seen).filter(|_| view.mode == Mode::Watch);
        let only_echo = course.as_ref().is_some_and(|course| course.tcp_is_clean(view));
        let who = name(view);
        let rate = percent(share);
        let (severity, confidence, sentence) = if only_echo {
            (
                Severity::Notice,
                Confidence::Possible,
                format!(
                    "{who} leaves {rate} of the echo requests unanswered, but connections pass \
                     without a retransmission: echo may be de-prioritised on the way."
                ),
            )
        } else {
            (
                severity,
                Confidence::Certain,
                format!(
                    "{rate} of the packets to {who} and back are lost (certain): sessions stutter \
                     and may drop. Try a cable first; then ask the network team where it begins."
                ),
            )
        };
        let fresh = view.mode == Mode::Moment
            || seen.last_loss.is_some_and(|last| view.now.mono.since(last.at.mono) <= FRESH);
        // A minute of the controls says nothing of what was lost before.
        let whose = if only_echo || !fresh { None } else { whose::of_loss(view) };
        let sentence = match &whose {
            Some(whose) => format!(
                "{rate} of the packets to {who} and back are lost (certain): sessions stutter and \
                 may drop. {}",
                whose.sentences
            ),
            None if !fresh => {
                format!(
                    "{rate} of the packets to {who} and back were lost (certain), and none is since."
                )
            }
            None => sentence,
        };
        let mut evidence = Evidence::new(severity, confidence, format!("loses {rate}"), sentence)
            .line(format!(
                "{} of {} echo requests lost in {}",
                seen.lost,
                seen.sent,
                span(seen.window)
            ))
            .since(seen.first_loss.map(|point| point.at.wall));
        if percent(seen.share_of_requests()) != rate {
            evidence = evidence.line(format!("{rate} when each second counts once"));
        }
        if seen.longest > 1 {
            evidence = evidence.line(format!("up to {} in a row", seen.longest));
        }
        if let Some(last) = seen.last_loss {
            evidence = evidence.line(format!("last one at {}", clock(last.at.wall)));
        }
        if let Some(course) = course.filter(|_| only_echo) {
            let opened = course.connections(view).count();
            evidence = evidence.line(format!("{opened} connections meanwhile, none disturbed"));
        }
        Judgement::fires(evidence.blamed(whose).anew(fresh))
    }
}

/// Requests of a window, outages left out.
struct Seen {
    window: Duration,
    sent: u32,
    lost: u32,
    longest: usize,
    /// Runs of lost requests.
    runs: usize,
    /// Those that are gaps.
    gaps: usize,
    /// What was lost in each second, each counted once however many requests fell into it.
    seconds: Seconds,
    /// The same without gaps, and how much was lost beside them.
    scattered: (Seconds, u32),
    first_loss: Option<EchoPoint>,
    last_loss: Option<EchoPoint>,
    answered: bool,
}

/// Shares of seconds: while loss is suspected ten requests are sent in one, and one before.
#[derive(Debug, Clone, Copy, Default)]
struct Seconds {
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

    fn share(&self) -> f64 {
        let (sum, count) = self.sum();
        if count == 0 { 0.0 } else { sum / f64::from(count) }
    }
}

impl Seen {
    /// Of all requests.
    fn share_of_requests(&self) -> f64 {
        if self.sent == 0 { 0.0 } else { f64::from(self.lost) / f64::from(self.sent) }
    }

    /// Whether it is a rate of loss, and not a gap or two.
    fn is_rate(&self, pct: f64, lost: u32) -> bool {
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

/// What a look at the requests shows.
enum Found {
    /// No requests.
    Nothing,
    /// Loss under the thresholds, or silence.
    Little,
    /// Loss above them.
    Loss(Severity, Seen),
}

impl Found {
    fn above(severity: Option<Severity>, seen: Seen) -> Self {
        match severity {
            Some(severity) if seen.answered => Self::Loss(severity, seen),
            _ => Self::Little,
        }
    }
}

/// By the thresholds of the dashboard.
fn over_time(view: &TargetView<'_>, limits: &LossThresholds) -> Found {
    // Nearly always: too few losses for either threshold, or none but losses.
    let window = limits.critical_window.max(limits.warning_window);
    let recent = || view.echo.newest_within(view.now.mono, window);
    let measured = |point: &&EchoPoint| !matches!(point.outcome, EchoOutcome::Void(_));
    let Some(last) = recent().find(measured) else { return Found::Nothing };
    let few = view.echo.losses() < limits.critical_lost.min(limits.warning_lost);
    if few && !last.is_loss() || recent().filter(measured).all(EchoPoint::is_loss) {
        return Found::Little;
    }
    if let Some(short) = seen(view, limits.critical_window)
        && short.answered
        && short.is_rate(limits.critical_pct, limits.critical_lost)
    {
        return Found::Loss(Severity::Critical, short);
    }
    if let Some(quick) = seen(view, QUICK)
        && quick.answered
        && quick.is_rate(QUICK_FACTOR * limits.warning_pct, limits.warning_lost)
    {
        return Found::Loss(Severity::Warning, quick);
    }
    let Some(long) = seen(view, limits.warning_window) else { return Found::Nothing };
    let is_rate = long.is_rate(limits.warning_pct, limits.warning_lost);
    Found::above(is_rate.then_some(Severity::Warning), long)
}

/// By the handful of requests of one check.
fn at_once(view: &TargetView<'_>) -> Found {
    let Some(seen) = seen(view, Duration::MAX) else { return Found::Nothing };
    let exceeds = |pct, lost| seen.lost >= lost && seen.share_of_requests() * 100.0 >= pct;
    let severity = if exceeds(30.0, 3) {
        Some(Severity::Critical)
    } else {
        exceeds(10.0, 2).then_some(Severity::Warning)
    };
    Found::above(severity, seen)
}

/// Counts the requests of the last `window` that were made as the newest was, without those of an
/// outage. A run of losses is looked at as a whole, also where it began before the window.
fn seen(view: &TargetView<'_>, window: Duration) -> Option<Seen> {
    let method = view.echo.last()?.method;
    let points: Vec<EchoPoint> = view
        .echo
        .points()
        .filter(|point| point.method == method && !matches!(point.outcome, EchoOutcome::Void(_)))
        .copied()
        .collect();
    let start = view.now.mono.minus(window);
    let points = without_limited(view, points, start);
    let inside = |point: &EchoPoint| point.at.mono >= start;
    let (first, last) = (points.iter().find(|point| inside(point))?, points.last()?);
    let mut seen = Seen {
        window: last.at.mono.since(first.at.mono).max(Duration::from_secs(1)),
        sent: 0,
        lost: 0,
        longest: 0,
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
        seen.runs += 1;
        counted.iter().for_each(|point| seen.seconds.add(point));
        if run.len() >= GAP_REQUESTS && tail.at.mono.since(head.at.mono) >= GAP {
            seen.gaps += 1;
        } else {
            counted.iter().for_each(|point| seen.scattered.0.add(point));
            seen.scattered.1 = seen.scattered.1.saturating_add(size);
        }
        seen.first_loss = seen.first_loss.or(Some(*first));
        seen.last_loss = Some(*tail);
    }
    Some(seen)
}

/// Leaves out the requests that were sent quickly, as far as only they are lost: a firewall that answers
/// for so many echo requests a second loses those, and the line loses none.
fn without_limited(
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

/// The losses that belong together, to the last one.
struct Course {
    start: MonoTime,
    end: MonoTime,
    /// Of all requests in between.
    share: f64,
}

impl Course {
    /// The losses that lead to the last one of `seen`, none of them long before the next.
    fn of(view: &TargetView<'_>, seen: &Seen) -> Option<Self> {
        let end = seen.last_loss?.at.mono;
        let known = |point: &&EchoPoint| {
            point.at.mono <= end && !matches!(point.outcome, EchoOutcome::Void(_))
        };
        let (mut start, mut sent, mut lost, mut answered) = (end, 0_u32, 0_u32, 0_u32);
        for point in view.echo.points().rev().filter(known) {
            if start.since(point.at.mono) > COURSE {
                break;
            }
            answered += 1;
            if point.is_loss() {
                start = point.at.mono;
                lost += 1;
                sent += answered;
                answered = 0;
            }
        }
        Some(Self { start, end, share: f64::from(lost) / f64::from(sent.max(1)) })
    }

    /// Connections begun meanwhile.
    fn connections<'a>(
        &self,
        view: &TargetView<'a>,
    ) -> impl Iterator<Item = &'a Attempt> + use<'a> {
        let (start, end) = (self.start, self.end);
        view.attempts
            .recent()
            .skip_while(move |entry| entry.at.mono > end)
            .take_while(move |entry| entry.at.mono >= start)
            .map(|entry| &entry.value)
            .filter(|attempt| !matches!(attempt.connect.outcome, ConnectOutcome::LocalError(_)))
    }

    /// Whether connections pass as they hardly would if this share of all packets were lost. Each
    /// is two round trips: the handshake and the X.224 exchange.
    fn tcp_is_clean(&self, view: &TargetView<'_>) -> bool {
        let opened = |entry: &&Timed<Attempt>| entry.value.connect.outcome == ConnectOutcome::Open;
        let took = view.attempts.iter().filter(opened).map(|entry| entry.value.connect.elapsed);
        let Some(usual) = took.min() else { return false };
        if self.connections(view).count() < CONNECTIONS_PROVE {
            return false;
        }
        let mut trips = 0;
        for attempt in self.connections(view) {
            let connect = &attempt.connect;
            let clean = matches!(connect.outcome, ConnectOutcome::Open)
                && connect.elapsed < usual.saturating_add(RETRANSMITTED);
            if !clean {
                return false;
            }
            trips += 1;
            if let Some(negotiate) = &attempt.negotiate {
                if negotiate.elapsed >= connect.elapsed.saturating_add(RETRANSMITTED) {
                    return false;
                }
                trips += 1;
            }
        }
        (1.0 - self.share.clamp(0.0, 1.0)).powi(trips) <= CHANCE
    }
}
