//! `link-saturated`: this machine's own traffic fills its line, and round trips wait behind it.

use super::prelude::*;
use crate::domain::text::excerpt;
use crate::domain::throughput::{Direction, Load, Saturation};

/// This machine's line is full.
#[derive(Debug)]
pub(super) struct LinkSaturated;

static LINK_SATURATED: RuleCard = RuleCard {
    id: RuleId("link-saturated"),
    title: "line full",
    severities: &[Severity::Warning],
    owner: Owner::Client,
    rung: Some(Rung::Echo),
    hysteresis: Hysteresis { raise: 5, of: 5, clear: 5 },
    fed_by: &[ProbeKind::Echo],
    plain: "The line of this machine is full, by a download or an upload of its own.",
    explanation: "This machine's own interface counters show that its line carries nearly as much \
        as it was ever seen to carry, for some seconds at least, and the median round trip since \
        then is at least twice what it was while the line was quiet, and 30 ms more. So a download, \
        a backup or an upload of this very machine fills the line, and the packets of a session \
        wait in its queue. At first both have to be measured within five minutes: a line that was \
        never quiet, or a delay that was there before, is not blamed on traffic. While the line \
        stays full, the last round trips of the quiet line are what it is held against. Traffic of \
        other machines on the same line is not seen.",
    disproof: "The round trip stays as long when the traffic pauses.",
    remedies: &[
        Remedy {
            confirm: Some("ss -tinp"),
            ..Remedy::new(
                "Pause downloads, backups, cloud synchronisation and updates on this machine, and \
                 see whether the round trip falls at once.",
                RunOn::Monitor,
            )
        },
        Remedy::new(
            "Limit them, or have the router favour small packets (smart queue management).",
            RunOn::Client,
        ),
    ],
    explains: &["high-latency", "high-jitter", "line-degraded"],
    low_risk: false,
    client_error: None,
    reviewed_when_found: false,
    alerting: Alerting::ONCE,
};

impl Rule for LinkSaturated {
    fn card(&self) -> &'static RuleCard {
        &LINK_SATURATED
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let (Mode::Watch, Some(to)) = (view.mode, view.dialled) else {
            return Judgement::NoEvidence;
        };
        let around = view.around;
        let limits = &view.target.thresholds.link_saturated;
        let load = around.traffic.load(&around.local, to, view.echo, limits, view.now.mono);
        match load {
            Load::Unknown => Judgement::NoEvidence,
            Load::Sound => Judgement::Clear,
            Load::Full(found) => {
                let sentence = format!(
                    "This machine's own traffic fills its line (likely): {}. A round trip to {} \
                     takes {}, and {} while the line is quiet. Pause downloads and backups first.",
                    carries(&found),
                    name(view),
                    millis(found.busy),
                    millis(found.quiet),
                );
                Judgement::fires(evidence(&found, sentence))
            }
        }
    }

    fn judge_monitor(&self, around: &Surroundings) -> Judgement {
        let Some((_, worst)) = around.saturated.iter().max_by_key(|(_, found)| found.busy) else {
            return if around.load_known { Judgement::Clear } else { Judgement::NoEvidence };
        };
        let hosts = count(u32::try_from(around.saturated.len()).unwrap_or(u32::MAX), "host");
        let sentence = format!(
            "This machine's own traffic fills its line (likely): {}. Round trips to {hosts} are \
             slow since, up to {} in place of {}. Not the VPN and not the hosts: pause downloads \
             and backups first.",
            carries(worst),
            millis(worst.busy),
            millis(worst.quiet),
        );
        Judgement::fires(evidence(worst, sentence))
    }
}

/// `eth0 receives 9.6 Mbit/s, of 9.8 Mbit/s at most so far`.
fn carries(found: &Saturation) -> String {
    format!(
        "{} {} {}, of {} at most so far",
        excerpt(&found.interface, 32),
        verb(found.direction),
        rate(found.rate),
        rate(found.most)
    )
}

const fn verb(direction: Direction) -> &'static str {
    match direction {
        Direction::Received => "receives",
        Direction::Sent => "sends",
    }
}

/// Bits per second: `9.6 Mbit/s`.
fn rate(bits: u64) -> String {
    let tenths = bits.saturating_add(50_000) / 100_000;
    match tenths {
        0..10_000 => format!("{}.{} Mbit/s", tenths / 10, tenths % 10),
        _ => format!("{}.{} Gbit/s", tenths / 10_000, tenths / 1_000 % 10),
    }
}

fn evidence(found: &Saturation, sentence: String) -> Evidence {
    let title = format!("line full: {} {}", excerpt(&found.interface, 32), rate(found.rate));
    Evidence::new(Severity::Warning, Confidence::Likely, title, sentence)
        .line(format!("{} since {}", carries(found), clock(found.since.wall)))
        .line(format!("median round trip since then: {}", millis(found.busy)))
        .line(format!("median round trip while it was quiet: {}", millis(found.quiet)))
        .since(Some(found.since.wall))
}
