//! Slow and uneven round trips: `high-latency`, `high-jitter`.

use super::prelude::*;
use crate::domain::stats::EchoStats;

/// Round trips of this long make the median.
const WINDOW: Duration = Duration::from_secs(30);

/// Round trips of this long make the jitter.
const JITTER_WINDOW: Duration = Duration::from_mins(1);

/// What is newer than this is not part of the target's own baseline.
const RECENT: Duration = Duration::from_mins(1);

/// So many round trips at least.
const ENOUGH: u32 = 5;

/// Statistics of the newest requests: a window of time over ICMP, a few of them over TCP, all of
/// them in a single moment. `None` with too few answers.
fn stats(view: &TargetView<'_>, window: Duration) -> Option<EchoStats> {
    let stats = match view.mode {
        Mode::Watch => {
            let spacing = match view.echo.last()?.method {
                crate::domain::sample::EchoMethod::Icmp => view.target.cadence.echo,
                crate::domain::sample::EchoMethod::Tcp => view.target.cadence.echo_tcp,
            };
            view.echo.window(view.now.mono, window.max(spacing.saturating_mul(8)))
        }
        Mode::Moment => view.echo.total(),
    };
    (stats.received >= ENOUGH).then_some(stats)
}

/// The median is high, absolutely or for this target.
#[derive(Debug)]
pub(super) struct HighLatency;

static HIGH_LATENCY: RuleCard = RuleCard {
    id: RuleId("high-latency"),
    title: "high latency",
    severities: &[Severity::Warning, Severity::Critical],
    owner: Owner::Network,
    rung: Some(Rung::Echo),
    hysteresis: Hysteresis { raise: 5, of: 8, clear: 5 },
    fed_by: &[ProbeKind::Echo],
    explanation: "The median round trip of the last half minute is above a fixed threshold, or \
        three times what is usual for this target and 50 ms more. The median is used because a few \
        slow answers say little. A session over such a line feels like typing into syrup; by \
        itself it does not drop. Through a tunnel or a proxy that answers from this side the echo \
        says nothing about the host.",
    disproof: "A median under the threshold over the same half minute.",
    remedies: &[remedies::USE_CABLE, remedies::FIND_HOP, remedies::OTHER_VPN_NODE],
    explains: &[],
    low_risk: false,
    client_error: None,
    reviewed_when_found: false,
};

impl Rule for HighLatency {
    fn card(&self) -> &'static RuleCard {
        &HIGH_LATENCY
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some(stats) = stats(view, WINDOW) else { return Judgement::NoEvidence };
        let Some(median) = stats.median else { return Judgement::NoEvidence };
        let limits = &view.target.thresholds.high_latency;
        let baseline = match view.mode {
            Mode::Watch => view.echo.baseline(view.now.mono, RECENT),
            Mode::Moment => None,
        };
        let above_usual = baseline.filter(|usual| {
            median.as_secs_f64() >= usual.as_secs_f64() * limits.baseline_factor
                && median >= usual.saturating_add(limits.baseline_margin)
        });
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
        let mut evidence = Evidence::new(
            severity,
            Confidence::Certain,
            format!("round trip {}", millis(median)),
            sentence,
        )
        .line(format!("median {} of {} echo replies", millis(median), stats.received));
        if let Some(p95) = stats.p95 {
            evidence = evidence.line(format!("95th percentile {}", millis(p95)));
        }
        if let Some(usual) = baseline {
            evidence = evidence.line(format!("usual for this target: {}", millis(usual)));
        }
        Judgement::fires(evidence)
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
    explanation: "Consecutive round trips of the last minute differ by this much on average; a \
        lost packet breaks the chain and counts for nothing. Uneven delay makes sound and pointer \
        stutter and is what crowded Wi-Fi, a saturated line and an overloaded VPN node look like.",
    disproof: "A jitter under the threshold over the same minute.",
    remedies: &[remedies::USE_CABLE, remedies::FIND_HOP, remedies::OTHER_VPN_NODE],
    explains: &[],
    low_risk: false,
    client_error: None,
    reviewed_when_found: false,
};

impl Rule for HighJitter {
    fn card(&self) -> &'static RuleCard {
        &HIGH_JITTER
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some(stats) = stats(view, JITTER_WINDOW) else { return Judgement::NoEvidence };
        let Some(jitter) = stats.jitter else { return Judgement::NoEvidence };
        if view.mode == Mode::Watch && stats.received < 2 * ENOUGH {
            return Judgement::NoEvidence;
        }
        let limits = &view.target.thresholds.high_jitter;
        let severity = if jitter >= limits.critical {
            Severity::Critical
        } else if jitter >= limits.warning {
            Severity::Warning
        } else {
            return Judgement::Clear;
        };
        let sentence = format!(
            "Round trips to {} jump by {} on average (certain): sound and pointer stutter. Try a \
             cable instead of Wi-Fi first.",
            name(view),
            millis(jitter),
        );
        let mut evidence = Evidence::new(
            severity,
            Confidence::Certain,
            format!("jitter {}", millis(jitter)),
            sentence,
        )
        .line(format!("jitter {} over {} echo replies", millis(jitter), stats.received));
        if let (Some(min), Some(max)) = (stats.min, stats.max) {
            evidence = evidence.line(format!("between {} and {}", millis(min), millis(max)));
        }
        Judgement::fires(evidence)
    }
}
