//! `host-restarted`: silent, then back layer by layer.

use super::prelude::*;
use crate::domain::history::Timed;
use crate::domain::sample::EchoOutcome;

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
                .line(format!("{} at {}", restart.sign, clock(restart.back.wall)))
                .line(format!("Remote Desktop answered again at {}", clock(restart.up.wall)))
                .since(Some(restart.silent.wall)),
        )
    }
}

/// Whether a restart is told at this moment.
pub(super) fn is_told(view: &TargetView<'_>) -> bool {
    find(view).is_some()
}

/// The stages of a restart.
struct Restart {
    silent: crate::domain::time::Now,
    back: crate::domain::time::Now,
    sign: &'static str,
    up: crate::domain::time::Now,
}

/// Looks for: works, silence, a sign of life without Remote Desktop, works again.
fn find(view: &TargetView<'_>) -> Option<Restart> {
    let entries: Vec<&Timed<Attempt>> = view.attempts.iter().collect();
    let up_at = entries.iter().rposition(|entry| !entry.value.works()).map(|index| index + 1)?;
    let up = entries.get(up_at)?;
    if view.now.mono.since(up.at.mono) > SHOWN {
        return None;
    }
    let before = entries.get(..up_at)?;
    let worked_at = before.iter().rposition(|entry| entry.value.works())?;
    let broken = before.get(worked_at + 1..)?;
    let is_silent = |entry: &&Timed<Attempt>| {
        matches!(entry.value.connect.outcome, ConnectOutcome::Timeout | ConnectOutcome::Unreachable)
    };
    let silent_at = broken.iter().position(is_silent)?;
    let silent = broken.get(silent_at)?;
    let rest = broken.get(silent_at + 1..)?;
    let echoed = view.echo.points().any(|point| {
        point.at.mono >= silent.at.mono
            && point.at.mono < silent.at.mono.plus(SHORTEST)
            && matches!(point.outcome, EchoOutcome::Reply { .. })
    });
    if echoed {
        return None;
    }
    let (back, sign) = sign_of_life(view, silent, rest, up)?;
    let enough = back.mono.since(silent.at.mono) >= SHORTEST;
    enough.then_some(Restart { silent: silent.at, back, sign, up: up.at })
}

/// The first answer after the silence that was not yet Remote Desktop.
fn sign_of_life(
    view: &TargetView<'_>,
    silent: &Timed<Attempt>,
    rest: &[&Timed<Attempt>],
    up: &Timed<Attempt>,
) -> Option<(crate::domain::time::Now, &'static str)> {
    if let Some(entry) = rest.iter().find(|entry| entry.value.connect.outcome.answered()) {
        let refused = matches!(entry.value.connect.outcome, ConnectOutcome::Refused);
        let sign = if refused { "port refused, host back" } else { "port open, no answer yet" };
        return Some((entry.at, sign));
    }
    let last_failed = rest.last().copied().unwrap_or(silent);
    view.echo
        .points()
        .find(|point| {
            point.at.mono > silent.at.mono
                && point.at.mono < last_failed.at.mono
                && point.at.mono < up.at.mono
                && matches!(point.outcome, EchoOutcome::Reply { .. })
        })
        .map(|point| (point.at, "echo answered again, port not yet"))
}
