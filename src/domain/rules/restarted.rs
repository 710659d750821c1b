//! `host-restarted`: silent, then back layer by layer, once or again and again.

use super::prelude::*;
use crate::domain::heard::{Sign, Stages};

/// How long the event is shown.
const SHOWN: Duration = Duration::from_mins(10);

/// So many restarts within [`WITHIN`] are no updates any more.
const OFTEN: usize = 3;

/// So many leave hardly any time to work in.
const LOOP: usize = 5;

/// How far back from the last restart they are counted.
const WITHIN: Duration = Duration::from_hours(1);

/// A host that has stayed up for so long has come to rest.
const SETTLED: Duration = Duration::from_mins(30);

/// The host went away and came back as a booting machine does.
#[derive(Debug)]
pub(super) struct HostRestarted;

static HOST_RESTARTED: RuleCard = RuleCard {
    id: RuleId("host-restarted"),
    title: "restarted",
    severities: &[Severity::Notice, Severity::Warning, Severity::Critical],
    owner: Owner::Server,
    rung: None,
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: CONNECTIONS,
    plain: "It was started anew: every session on it ended with that.",
    explanation: "The host answered, fell silent on every layer, then came back layer by layer: \
        first echo or a refused port, later Remote Desktop, as a booting machine does. A machine \
        that wakes from sleep, or a path that heals, brings everything back at once. Shown for ten \
        minutes as an event; every session on the host ended with it. Three restarts within an \
        hour, with Remote Desktop between them, are a warning, and five are critical: such a host \
        is always just starting, and nobody can work on it. That ends once it has stayed up for \
        half an hour. The silence of a path that was down is no restart.",
    disproof: "An uptime on the host that is longer than the silence is ago.",
    remedies: &[remedies::WHY_RESTARTED],
    explains: &["session-would-drop"],
    low_risk: false,
    client_error: client::LINE,
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
        if let Some(restarts) = often(view) {
            return again(view, &restarts);
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
    let recent = |stages: &Stages| view.now.mono.since(stages.up.mono) <= SHOWN;
    view.heard.restarted().filter(|stages| recent(stages) && !path_was_down(view, stages))
}

/// Whether its silence was that of a path.
fn path_was_down(view: &TargetView<'_>, stages: &Stages) -> bool {
    view.around.path_alone_was_down(view.target.id, stages.silent.mono)
}

/// The restarts of the hour that led to the last one, oldest first, where they are too many and it
/// has not come to rest since.
fn often(view: &TargetView<'_>) -> Option<Vec<Stages>> {
    let own = |stages: &&Stages| !path_was_down(view, stages);
    let own: Vec<Stages> = view.heard.restarts().filter(own).copied().collect();
    let last = own.last()?.up.mono;
    let counted = |stages: &Stages| last.since(stages.up.mono) <= WITHIN;
    let counted: Vec<Stages> = own.into_iter().filter(counted).collect();
    (counted.len() >= OFTEN && view.now.mono.since(last) <= SETTLED).then_some(counted)
}

fn again(view: &TargetView<'_>, restarts: &[Stages]) -> Judgement {
    let [first, .., last] = restarts else { return Judgement::Clear };
    let times = restarts.len();
    let severity = if times >= LOOP { Severity::Critical } else { Severity::Warning };
    let sentence = format!(
        "{} restarts again and again: {times} times within {}, the last time silent from {}, \
         Remote Desktop back at {} (likely). Each time its sessions ended. Server team: its System \
         log says who or what restarts it.",
        name(view),
        span(last.up.mono.since(first.silent.mono)),
        clock(last.silent.wall),
        clock(last.up.wall),
    );
    let line = |stages: &Stages| {
        let (silent, back, up) = (stages.silent.wall, stages.back.wall, stages.up.wall);
        let sign = words(stages.sign);
        format!("silent {}, {sign} {}, Remote Desktop {}", clock(silent), clock(back), clock(up))
    };
    Judgement::fires(
        Evidence::new(severity, Confidence::Likely, format!("restarted {times} times"), sentence)
            .lines(restarts.iter().rev().take(6).map(line))
            .since(Some(first.silent.wall)),
    )
}

const fn words(sign: Sign) -> &'static str {
    match sign {
        Sign::Refused => "port refused, host back",
        Sign::Open => "port open, no answer yet",
        Sign::Echo => "echo answered again, port not yet",
    }
}
