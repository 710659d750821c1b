//! `packet-loss`: a share of echo requests goes unanswered while the host is there, or of its connections
//! where they stand for echo.

mod connections;
mod limited;
mod seen;

use self::seen::{Seen, seen};
use super::prelude::*;
use super::whose;
use crate::domain::echo_series::EchoPoint;
use crate::domain::history::Timed;
use crate::domain::sample::EchoMethod;
use crate::domain::stats::disproves;
use crate::domain::thresholds::LossThresholds;
use crate::domain::time::MonoTime;
use crate::domain::wifi;

/// So much more than the share of a warning over this long, with as many losses, is one already:
/// while loss is suspected there are enough requests in it. A steady 1 % gets there about once a
/// week (the tail of a Poisson distribution: 7 of 180 after the two that were suspected).
const QUICK: Duration = Duration::from_secs(30);
const QUICK_FACTOR: f64 = 1.6;

/// A connection whose SYN had to be sent again takes at least this much longer (RFC 6298: the
/// first retransmission after 1 s).
const RETRANSMITTED: Duration = Duration::from_millis(900);

/// Losses that are no further apart are of one course.
const COURSE: Duration = Duration::from_mins(1);

/// So many connections at least show that TCP is clean.
const CONNECTIONS_PROVE: usize = 5;

/// Without a loss for so long, what is found was there before.
const FRESH: Duration = Duration::from_mins(1);

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
        and above a count, so that a single lost packet is nothing, in three runs at least, and for ten \
        seconds: one run, or a silence of two seconds or more, is a gap, unless there are three of these \
        too. Each second counts once, however many requests were sent in it; where echo was asked quickly \
        because loss was suspected, and only those requests are lost, something limits their rate, and \
        they do not count. \
        Silence is not loss: when \
        every request is lost, or the last ones are and TCP is silent too, the host or the path \
        is gone; when every request is lost, or the last five are, and TCP answers, a firewall drops ping. When \
        connections made amid the losses pass so cleanly that the loss could hardly be real, routers may merely treat \
        echo as less urgent, and it is a notice. Of a host that answers no ping as many connections \
        are counted as there would be echo requests: one that opens whole seconds later than those \
        before and after it had its SYN sent again, so a packet was lost (likely). That takes a \
        quarter of an hour or more to see, and is a warning from the share on that is critical \
        otherwise, else a notice; where more of them are never answered than so late, it is no rate of loss. Sessions over a lossy line stutter, freeze and \
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
        if super::dropped::is_quick_or_silent(view) {
            // Whole connections are swallowed, and no packets lost.
            return Judgement::Clear;
        }
        let early = |to| wifi::undecided(view.around, view.target, to, view.now.mono);
        if view.mode == Mode::Watch && view.dialled.is_some_and(early) {
            return Judgement::NoEvidence;
        }
        if seen.of_connections {
            return connections::lose(view, severity, &seen);
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

/// What a look at the requests shows.
enum Found {
    /// No requests.
    Nothing,
    /// Loss under the thresholds, or silence.
    Little,
    /// Loss above them.
    Loss(Severity, Box<Seen>),
}

impl Found {
    fn above(severity: Option<Severity>, seen: Seen) -> Self {
        match severity {
            Some(severity) if seen.answered => Self::Loss(severity, Box::new(seen)),
            _ => Self::Little,
        }
    }
}

/// By the thresholds of the dashboard. Of connections as many are looked at as of echo requests.
fn over_time(view: &TargetView<'_>, limits: &LossThresholds) -> Found {
    // Nearly always: too few losses for either threshold, or none but losses.
    let pace = connections::pace(view);
    let span = |window: Duration| window.saturating_mul(pace);
    let window = span(limits.critical_window.max(limits.warning_window));
    let recent = || view.echo.newest_within(view.now.mono, window);
    let measured = |point: &&EchoPoint| point.tells_of_loss();
    let Some(last) = recent().find(measured) else { return Found::Nothing };
    let few = view.echo.losses() < limits.critical_lost.min(limits.warning_lost);
    let few = few && last.method == EchoMethod::Icmp;
    if few && !last.is_loss() || recent().filter(measured).all(EchoPoint::is_loss) {
        return Found::Little;
    }
    if let Some(short) = seen(view, span(limits.critical_window))
        && short.answered
        && short.is_rate(limits.critical_pct, limits.critical_lost)
        // Requests that were sent quickly say more of a rate than seconds do.
        && short.share_of_requests() * 100.0 >= limits.critical_pct
    {
        return Found::Loss(Severity::Critical, Box::new(short));
    }
    if let Some(quick) = seen(view, span(QUICK))
        && quick.answered
        && quick.is_rate(QUICK_FACTOR * limits.warning_pct, limits.warning_lost)
    {
        return Found::Loss(Severity::Warning, Box::new(quick));
    }
    let Some(long) = seen(view, span(limits.warning_window)) else { return Found::Nothing };
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
        let known = |point: &&EchoPoint| point.at.mono <= end && point.tells_of_loss();
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
        disproves(self.share, trips)
    }
}
