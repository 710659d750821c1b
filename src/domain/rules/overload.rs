//! `monitor-overload`: this program does not get to run in time.

use super::prelude::*;
use crate::domain::load::{LATE, SPAN};

/// This machine is too busy to measure.
#[derive(Debug)]
pub(super) struct MonitorOverload;

static MONITOR_OVERLOAD: RuleCard = RuleCard {
    id: RuleId("monitor-overload"),
    title: "this machine is too busy to measure",
    severities: &[Severity::Warning],
    owner: Owner::Client,
    rung: None,
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: ProbeKind::ALL.as_slice(),
    plain: "This machine is too busy to measure well.",
    explanation: "rdpwatch wakes up twice a second, and a quarter of a second later than it should \
        counts as late. When many of these beats come late within a minute, the machine is busy, \
        starved by a virtual machine's host, or has more targets than it can carry. A measurement \
        that had to wait is void and not lost, so no host is blamed, but there are fewer of them, \
        and causes are found later. A machine that slept misses one beat only.",
    disproof: "`rdpwatch` gets its share of the CPU, and beats still come late.",
    remedies: &[
        Remedy {
            confirm: Some("rdpwatch doctor"),
            ..Remedy::new(
                "See what else keeps this machine busy; give a virtual machine another CPU.",
                RunOn::Monitor,
            )
        },
        Remedy::new(
            "Watch fewer targets from here, or less often (interval and [cadence] in the \
             configuration).",
            RunOn::Monitor,
        ),
    ],
    explains: &[],
    low_risk: true,
    client_error: None,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for MonitorOverload {
    fn card(&self) -> &'static RuleCard {
        &MONITOR_OVERLOAD
    }

    fn judge_monitor(&self, around: &Surroundings) -> Judgement {
        let seen = around.punctuality;
        if seen.beats == 0 {
            return Judgement::NoEvidence;
        }
        if !seen.overloaded {
            return Judgement::Clear;
        }
        let worst = span(seen.worst);
        Judgement::fires(
            Evidence::new(
                Severity::Warning,
                Confidence::Certain,
                "this machine is overloaded",
                format!(
                    "This machine is too busy to measure in time (certain): rdpwatch came up to \
                     {worst} late. What had to wait is void, and no host is blamed for it; see what \
                     else runs here."
                ),
            )
            .line(format!(
                "{} of {} beats in {} came more than {} late",
                seen.late,
                seen.beats,
                span(SPAN),
                span(LATE)
            ))
            .line(format!("the latest by {worst}")),
        )
    }
}
