//! Slow and uneven round trips: `high-latency`, `high-jitter`.

use super::prelude::*;
use super::whose;
use crate::domain::echo_series::{EchoPoint, Resent, median, nearest_rank};
use crate::domain::sample::EchoMethod;
use crate::domain::time::MonoTime;

/// Round trips of this long make the median.
const WINDOW: Duration = Duration::from_secs(30);

/// Round trips of this long make the jitter.
const JITTER_WINDOW: Duration = Duration::from_mins(1);

/// What is newer than this is not part of the target's own baseline.
const RECENT: Duration = Duration::from_mins(1);

/// So many round trips at least.
const ENOUGH: usize = 5;

/// With no request answered for so long, and the host up, there are no round trips to judge.
const UNANSWERED: Duration = Duration::from_mins(2);

/// Whether requests go on and none is answered for long while the host answers connections: a
/// firewall drops them by now, and what they took says nothing of the line any more.
fn is_filtered(view: &TargetView<'_>) -> bool {
    let (lost, since) = view.echo.trailing_losses();
    let Some(since) = since.filter(|_| view.mode == Mode::Watch && lost as usize >= ENOUGH) else {
        return false;
    };
    view.now.mono.since(since.mono) >= UNANSWERED
        && view.attempts.last().is_some_and(|attempt| {
            attempt.at.mono > since.mono && attempt.value.connect.outcome.answered()
        })
}

/// What is said where there are too few round trips.
fn without_round_trips(view: &TargetView<'_>) -> Judgement {
    if is_filtered(view) { Judgement::Clear } else { Judgement::NoEvidence }
}

/// The newest requests: of a window of time over ICMP, of a few requests over TCP, all of them in a
/// single moment.
fn requests<'a>(
    view: &TargetView<'a>,
    window: Duration,
) -> impl Iterator<Item = &'a EchoPoint> + use<'a> {
    view.echo.since(begin(view, window))
}

/// When the first of them was sent.
fn begin(view: &TargetView<'_>, window: Duration) -> MonoTime {
    let span = match (view.mode, view.echo.last().map(|point| point.method)) {
        (Mode::Moment, _) | (_, None) => Duration::MAX,
        (_, Some(EchoMethod::Icmp)) => window.max(view.target.cadence.echo.saturating_mul(8)),
        (_, Some(EchoMethod::Tcp)) => window.max(view.target.cadence.echo_tcp.saturating_mul(8)),
    };
    view.now.mono.minus(span)
}

/// Their round trips. `None` where a request was not answered in time, or its SYN had to be sent again,
/// which breaks a chain.
fn newest<'a>(
    view: &TargetView<'a>,
    resent: &'a Resent,
) -> impl Iterator<Item = Option<Duration>> + use<'a> {
    requests(view, JITTER_WINDOW).map(|point| point.rtt().filter(|_| !resent.has(point)))
}

/// The newest round trips, also those of replies that came after the deadline; not of a SYN that had to
/// be sent again.
fn round_trips<'a>(
    view: &TargetView<'a>,
    resent: &'a Resent,
) -> impl Iterator<Item = Duration> + use<'a> {
    let whole = requests(view, WINDOW).filter(|point| !resent.has(point));
    whole.filter_map(EchoPoint::round_trip)
}

/// The rule that compares with the usual round trip.
pub(crate) const HIGH_LATENCY_ID: RuleId = RuleId("high-latency");

/// The round trip that is usual for a target: while `high-latency` stands, the one before that.
pub(crate) fn usual_round_trip(view: &TargetView<'_>) -> Option<Duration> {
    view.usual.round_trip.or_else(|| newest_round_trip(view))
}

/// The round trip of the requests that are kept, but for the newest, whatever stands.
pub(crate) fn newest_round_trip(view: &TargetView<'_>) -> Option<Duration> {
    view.echo.baseline(view.now.mono, RECENT)
}

/// The median is high, absolutely or for this target.
#[derive(Debug)]
pub(super) struct HighLatency;

static HIGH_LATENCY: RuleCard = RuleCard {
    id: HIGH_LATENCY_ID,
    title: "high latency",
    severities: &[Severity::Warning, Severity::Critical],
    owner: Owner::Network,
    rung: Some(Rung::Echo),
    hysteresis: Hysteresis { raise: 5, of: 8, clear: 5 },
    fed_by: &[ProbeKind::Echo],
    plain: "Answers are slow: the session feels like typing into syrup.",
    explanation: "The median round trip of the last half minute is above a fixed threshold, or \
        three times what is usual for this target and 50 ms more; what is usual is what it was before \
        the finding stood, or for the day that it stood by now. A reply that comes after the deadline counts with its round trip. The \
        median is used because a few slow answers say little. A session over such a line feels like typing into syrup; by \
        itself it does not drop. Through a tunnel or a proxy that answers from this side the echo \
        says nothing about the host.",
    disproof: "A median under the threshold over the same half minute, or no round trip for two \
        minutes while connections are answered: a firewall drops ping by now.",
    remedies: &[remedies::USE_CABLE, remedies::FIND_HOP, remedies::OTHER_VPN_NODE],
    explains: &[],
    low_risk: false,
    client_error: None,
    reviewed_when_found: false,
    alerting: Alerting::PASSING,
};

impl Rule for HighLatency {
    fn card(&self) -> &'static RuleCard {
        &HIGH_LATENCY
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let limits = &view.target.thresholds.high_latency;
        // Nearly always: the lower half lies under every threshold, and nothing is sorted.
        let floor = limits.warning.min(limits.baseline_margin);
        let steady = view.echo.steady_since(begin(view, WINDOW), ENOUGH);
        if steady.is_some_and(|steady| steady.most < floor) {
            return Judgement::Clear;
        }
        let resent = view.echo.resent();
        let (mut received, mut under) = (0_usize, 0_usize);
        for rtt in round_trips(view, &resent) {
            received += 1;
            under += usize::from(rtt < floor);
        }
        if received < ENOUGH {
            return without_round_trips(view);
        }
        if under >= received.div_ceil(2) {
            return Judgement::Clear;
        }
        let mut rtts: Vec<Duration> = round_trips(view, &resent).collect();
        let late = requests(view, WINDOW).filter(|point| point.round_trip() > point.rtt()).count();
        let Some(median) = median(rtts.clone()) else { return Judgement::NoEvidence };
        let baseline = match view.mode {
            Mode::Watch => usual_round_trip(view),
            Mode::Moment => None,
        };
        let above_usual = baseline.filter(|usual| {
            median.as_secs_f64() >= usual.as_secs_f64() * limits.baseline_factor
                && median >= usual.saturating_add(limits.baseline_margin)
        });
        if view.woke_lately() {
            return Judgement::NoEvidence;
        }
        let severity = if median >= limits.critical {
            Severity::Critical
        } else if median >= limits.warning || above_usual.is_some() {
            Severity::Warning
        } else {
            return Judgement::Clear;
        };
        let usual =
            above_usual.map_or_else(String::new, |usual| format!(", usually {}", millis(usual)));
        let sentence = format!(
            "A round trip to {} takes {} (certain){usual}: sessions feel slow. Find out where on \
             the way the time goes.",
            name(view),
            millis(median),
        );
        let whose = whose::of_delay(view, median);
        let sentence = match &whose {
            Some(whose) => format!(
                "A round trip to {} takes {} (certain){usual}: sessions feel slow. {}",
                name(view),
                millis(median),
                whose.sentences
            ),
            None => sentence,
        };
        let mut evidence = Evidence::new(
            severity,
            Confidence::Certain,
            format!("round trip {}", millis(median)),
            sentence,
        )
        .line(format!("median {} of {} echo replies", millis(median), rtts.len()));
        if late > 0 {
            evidence = evidence.line(format!("{late} of them came after the deadline"));
        }
        rtts.sort_unstable();
        if let Some(p95) = nearest_rank(&rtts, 95) {
            evidence = evidence.line(format!("95th percentile {}", millis(p95)));
        }
        if let Some(usual) = baseline {
            evidence = evidence.line(format!("usual for this target: {}", millis(usual)));
        }
        Judgement::fires(evidence.blamed(whose))
    }
}

/// Consecutive round trips differ much.
#[derive(Debug)]
pub(super) struct HighJitter;

static HIGH_JITTER: RuleCard = RuleCard {
    id: RuleId("high-jitter"),
    title: "high jitter",
    severities: &[Severity::Warning, Severity::Critical],
    owner: Owner::Network,
    rung: Some(Rung::Echo),
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Echo],
    plain: "Answers come unevenly: sound and pointer stutter.",
    explanation: "Consecutive round trips of the last minute differ by this much on average, also \
        when the largest tenth of the differences is left out, so that one slow answer is nothing; \
        a lost packet breaks the chain and counts for nothing, and so does a connection that opens \
        whole seconds later than those around it, whose SYN was lost. Uneven delay makes sound and pointer \
        stutter and is what crowded Wi-Fi, a saturated line and an overloaded VPN node look like.",
    disproof: "A jitter under the threshold over the same minute, or no round trip for two minutes \
        while connections are answered: a firewall drops ping by now.",
    remedies: &[remedies::USE_CABLE, remedies::FIND_HOP, remedies::OTHER_VPN_NODE],
    explains: &[],
    low_risk: false,
    client_error: None,
    reviewed_when_found: false,
    alerting: Alerting::PASSING,
};

impl Rule for HighJitter {
    fn card(&self) -> &'static RuleCard {
        &HIGH_JITTER
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let limits = &view.target.thresholds.high_jitter;
        let enough = if view.mode == Mode::Watch { 2 * ENOUGH } else { ENOUGH };
        let steady = view.echo.steady_since(begin(view, JITTER_WINDOW), enough);
        if steady.is_some_and(|steady| steady.spread() < limits.warning) {
            return Judgement::Clear;
        }
        let resent = view.echo.resent();
        if is_even(newest(view, &resent), enough, limits.warning) {
            return Judgement::Clear;
        }
        let rtts: Vec<Option<Duration>> = newest(view, &resent).collect();
        let received = rtts.iter().flatten().count();
        let Some(Jitter { mean, usual }) = jitter(&rtts).filter(|_| received >= enough) else {
            return without_round_trips(view);
        };
        if view.woke_lately() {
            return Judgement::NoEvidence;
        }
        let severity = if usual >= limits.critical {
            Severity::Critical
        } else if usual >= limits.warning {
            Severity::Warning
        } else {
            return Judgement::Clear;
        };
        let sentence = format!(
            "Round trips to {} jump by {} on average (certain): sound and pointer stutter. Try a \
             cable instead of Wi-Fi first.",
            name(view),
            millis(mean),
        );
        let whose = whose::of_jitter(view, mean);
        let sentence = match &whose {
            Some(whose) => format!(
                "Round trips to {} jump by {} on average (certain): sound and pointer stutter. {}",
                name(view),
                millis(mean),
                whose.sentences
            ),
            None => sentence,
        };
        let mut evidence = Evidence::new(
            severity,
            Confidence::Certain,
            format!("jitter {}", millis(mean)),
            sentence,
        )
        .line(format!("jitter {} over {} echo replies", millis(mean), received));
        let (min, max) = (rtts.iter().flatten().min(), rtts.iter().flatten().max());
        if let (Some(min), Some(max)) = (min.copied(), max.copied()) {
            evidence = evidence.line(format!("between {} and {}", millis(min), millis(max)));
        }
        Judgement::fires(evidence.blamed(whose))
    }
}

/// Whether at least `enough` round trips differ by less than `limit` on average, all differences
/// counted: nearly always, and nothing has to be sorted to say so.
fn is_even(rtts: impl Iterator<Item = Option<Duration>>, enough: usize, limit: Duration) -> bool {
    let (mut received, mut differences, mut sum) = (0_usize, 0_u32, Duration::ZERO);
    let mut before = None;
    for rtt in rtts {
        if let Some(rtt) = rtt {
            received += 1;
            if let Some(before) = before {
                differences += 1;
                sum += rtt.abs_diff(before);
            }
        }
        before = rtt;
    }
    // Three at least: the two largest are left out of what is judged.
    received >= enough && differences > 2 && sum < limit * differences
}

/// How much consecutive round trips differ on average.
struct Jitter {
    /// All of them: the figure that is shown.
    mean: Duration,
    /// Without the largest tenth, and two at least: one slow answer makes two large differences.
    usual: Duration,
}

fn jitter(rtts: &[Option<Duration>]) -> Option<Jitter> {
    let mut differences: Vec<Duration> = rtts
        .windows(2)
        .filter_map(|pair| Some((*pair.first()?)?.abs_diff((*pair.last()?)?)))
        .collect();
    let mean = |all: &[Duration]| {
        let count = u32::try_from(all.len()).ok().filter(|count| *count > 0)?;
        Some(all.iter().sum::<Duration>() / count)
    };
    let all = mean(&differences)?;
    differences.sort_unstable();
    let kept = differences.len().checked_sub(differences.len().div_ceil(10).max(2))?;
    Some(Jitter { mean: all, usual: mean(differences.get(..kept)?)? })
}
