//! `host-restarted`: silent, then back layer by layer.

use super::prelude::*;
use crate::domain::heard::{Sign, Stages};
use crate::domain::outage::Outage;

/// How long the event is shown.
const SHOWN: Duration = Duration::from_mins(10);

/// Shorter silences are not a restart.
const SHORTEST: Duration = Duration::from_secs(10);

/// The host went away and came back as a booting machine does.
#[derive(Debug)]
pub(super) struct HostRestarted;

static HOST_RESTARTED: RuleCard = RuleCard {
    id: RuleId("host-restarted"),
    title: "restarted",
    severities: &[Severity::Notice],
    owner: Owner::Server,
    rung: None,
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: CONNECTIONS,
    explanation: "The host answered, fell silent on every layer, then came back layer by layer: \
        first echo or a refused port, later Remote Desktop, as a booting machine does. A machine \
        that wakes from sleep, or a path that heals, brings everything back at once. Shown for ten \
        minutes as an event; every session on the host ended with it.",
    disproof: "An uptime on the host that is longer than the silence is ago.",
    remedies: &[Remedy {
        confirm: Some(
            "Get-WinEvent -ComputerName HOST -MaxEvents 5 -FilterHashtable @{LogName='System'; Id=1074,6005,6006,6008,41}",
        ),
        needs: Some("rights to read HOST's event log"),
        ..Remedy::new(
            "Ask the host why: 1074 names who restarted it (often Windows Update), 6008 and 41 \
             mean that it went down without being told to.",
            RunOn::Host,
        )
    }],
    explains: &["session-would-drop"],
    low_risk: false,
    client_error: None,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for HostRestarted {
    fn card(&self) -> &'static RuleCard {
        &HOST_RESTARTED
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        if view.mode == Mode::Moment || view.settled().is_none() {
            return Judgement::NoEvidence;
        }
        let Some(restart) = find(view) else { return Judgement::Clear };
        let down = restart.up.mono.since(restart.silent.mono);
        let sentence = format!(
            "{} restarted: silent from {}, Remote Desktop back at {}, {} in all (likely). Sessions \
             on it ended.",
            name(view),
            clock(restart.silent.wall),
            clock(restart.up.wall),
            span(down)
        );
        let title = format!("restarted {}", clock(restart.silent.wall));
        Judgement::fires(
            Evidence::new(Severity::Notice, Confidence::Likely, title, sentence)
                .line(format!("first silent connection at {}", clock(restart.silent.wall)))
                .line(format!("{} at {}", words(restart.sign), clock(restart.back.wall)))
                .line(format!("Remote Desktop answered again at {}", clock(restart.up.wall)))
                .since(Some(restart.silent.wall)),
        )
    }
}

/// Whether a restart is told at this moment.
pub(super) fn is_told(view: &TargetView<'_>) -> bool {
    find(view).is_some()
}

/// Works, silence, a sign of life without Remote Desktop, works again.
fn find(view: &TargetView<'_>) -> Option<Stages> {
    let stages = view.heard.stages()?;
    let recent = view.now.mono.since(stages.up.mono) <= SHOWN;
    let enough = stages.back.mono.since(stages.silent.mono) >= SHORTEST;
    // Whoever was silent because its path was down did not restart.
    let path_down = |outage: &Outage| outage.lost(view.target.id, stages.silent.mono);
    let own = !view.around.outages.iter().any(path_down);
    (recent && enough && own).then_some(stages)
}

const fn words(sign: Sign) -> &'static str {
    match sign {
        Sign::Refused => "port refused, host back",
        Sign::Open => "port open, no answer yet",
        Sign::Echo => "echo answered again, port not yet",
    }
}
