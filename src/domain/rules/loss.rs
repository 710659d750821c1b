//! `packet-loss`: a share of echo requests goes unanswered while the host is there.

use super::prelude::*;
use super::whose;
use super::would_drop;
use crate::domain::echo_series::EchoPoint;
use crate::domain::heard::Came;
use crate::domain::sample::EchoOutcome;
use crate::domain::thresholds::LossThresholds;
use crate::domain::wifi;

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
    explanation: "A share of the echo requests is not answered before the deadline, over a window \
        and above a count, so that a single lost packet is nothing. Silence is not loss: when \
        every request is lost, or the last ones are and TCP is silent too, the host or the path \
        is gone; when every request is lost, or the last five are, and TCP answers, a firewall drops ping. When \
        connections pass so cleanly that the loss could hardly be real, routers may merely treat \
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
    alerting: Alerting::PLAIN,
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
        let early = |to| wifi::undecided(view.around, view.target, to, view.now.mono);
        if view.mode == Mode::Watch && view.dialled.is_some_and(early) {
            return Judgement::NoEvidence;
        }
        let share = seen.share();
        let only_echo = view.mode == Mode::Watch && tcp_is_clean(view, share);
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
        let whose = if only_echo { None } else { whose::of_loss(view) };
        let sentence = match &whose {
            Some(whose) => format!(
                "{rate} of the packets to {who} and back are lost (certain): sessions stutter and \
                 may drop. {}",
                whose.sentences
            ),
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
        if seen.longest > 1 {
            evidence = evidence.line(format!("up to {} in a row", seen.longest));
        }
        if let Some(last) = seen.last_loss {
            evidence = evidence.line(format!("last one at {}", clock(last.at.wall)));
        }
        if only_echo {
            let opened = connections(view).count();
            evidence = evidence.line(format!("{opened} connections meanwhile, none disturbed"));
        }
        Judgement::fires(evidence.blamed(whose))
    }
}

/// Requests of a window, outages left out.
struct Seen {
    window: Duration,
    sent: u32,
    lost: u32,
    longest: usize,
    first_loss: Option<EchoPoint>,
    last_loss: Option<EchoPoint>,
    answered: bool,
}

impl Seen {
    fn share(&self) -> f64 {
        if self.sent == 0 { 0.0 } else { f64::from(self.lost) / f64::from(self.sent) }
    }

    fn exceeds(&self, pct: f64, lost: u32) -> bool {
        self.lost >= lost && self.share() * 100.0 >= pct
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
        && short.exceeds(limits.critical_pct, limits.critical_lost)
    {
        return Found::Loss(Severity::Critical, short);
    }
    if let Some(quick) = seen(view, QUICK)
        && quick.answered
        && quick.exceeds(QUICK_FACTOR * limits.warning_pct, limits.warning_lost)
    {
        return Found::Loss(Severity::Warning, quick);
    }
    let Some(long) = seen(view, limits.warning_window) else { return Found::Nothing };
    let exceeds = long.exceeds(limits.warning_pct, limits.warning_lost);
    Found::above(exceeds.then_some(Severity::Warning), long)
}

/// By the handful of requests of one check.
fn at_once(view: &TargetView<'_>) -> Found {
    let Some(seen) = seen(view, Duration::MAX) else { return Found::Nothing };
    let severity = if seen.exceeds(30.0, 3) {
        Some(Severity::Critical)
    } else {
        seen.exceeds(10.0, 2).then_some(Severity::Warning)
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
    let inside = |point: &EchoPoint| point.at.mono >= start;
    let (first, last) = (points.iter().find(|point| inside(point))?, points.last()?);
    let mut seen = Seen {
        window: last.at.mono.since(first.at.mono).max(Duration::from_secs(1)),
        sent: 0,
        lost: 0,
        longest: 0,
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

/// Connections of the last five minutes.
fn connections<'a>(view: &TargetView<'a>) -> impl Iterator<Item = &'a Attempt> + use<'a> {
    let start = view.now.mono.minus(view.target.thresholds.packet_loss.warning_window);
    view.attempts
        .recent()
        .take_while(move |entry| entry.at.mono >= start)
        .map(|entry| &entry.value)
        .filter(|attempt| !matches!(attempt.connect.outcome, ConnectOutcome::LocalError(_)))
}

/// Whether connections pass as they hardly would if `share` of all packets were lost. Each is two
/// round trips: the handshake and the X.224 exchange.
fn tcp_is_clean(view: &TargetView<'_>, share: f64) -> bool {
    let usual = connections(view).map(|attempt| attempt.connect.elapsed).min();
    let Some(usual) = usual else { return false };
    let mut trips = 0;
    for attempt in connections(view) {
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
    (1.0 - share.clamp(0.0, 1.0)).powi(trips) <= CHANCE
}
