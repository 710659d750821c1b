//! `session-would-drop`: a silent gap that a session would have felt, or not outlived.

use super::prelude::*;
use super::{restarted, whose};
use crate::domain::echo_series::EchoPoint;
use crate::domain::heard::Came;
use crate::domain::sample::EchoOutcome;
use crate::domain::surroundings::Offline;
use crate::domain::thresholds::WouldDropThresholds;

/// How long the event is shown.
const SHOWN: Duration = Duration::from_mins(5);

/// How far back the requests before a gap are looked for.
const LOOKED_AT: Duration = Duration::from_mins(8);

/// Fewer requests in a row may be lost by chance: at 1 % of loss five are once in 10^10.
const PROVEN: u32 = 5;

/// So many silent connections in a gap make `host-unreachable`, which then has told it.
const TOLD_AS_UNREACHABLE: usize = 3;

/// Silent for a while, and back.
#[derive(Debug)]
pub(super) struct SessionWouldDrop;

static SESSION_WOULD_DROP: RuleCard = RuleCard {
    id: RuleId("session-would-drop"),
    title: "silent gap",
    severities: &[Severity::Notice, Severity::Warning, Severity::Critical],
    owner: Owner::Network,
    rung: None,
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Echo, ProbeKind::Negotiate, ProbeKind::Tls],
    plain: "It did not answer for a while: long enough to hurt a session.",
    explanation: "The host answered, then nothing for a while, then again. The gap is counted from \
        the first request without an answer to the last one, so it was at least that long. From \
        3 s a session freezes (notice), from 10 s the client begins to reconnect (warning), from \
        30 s the session drops (critical, where connections failed in the gap too). It is an \
        estimate: no session is watched, and a client may be more patient or less. Five requests \
        in a row must be lost. A connection that was answered in the gap acquits the host. Told \
        once Remote Desktop works again, except for the notice, and shown for five minutes. Not \
        told of hosts that sleep, of restarts, of a broken path that several hosts share, or \
        where the silence was long enough to be told as such. Controls that were silent at the same \
        time, and those that answered, show on which stretch of the way it was.",
    disproof: "A session that ran through the gap without a pause.",
    remedies: &[remedies::USE_CABLE, remedies::FIND_HOP, remedies::OTHER_VPN_NODE],
    explains: &[],
    low_risk: false,
    client_error: client::LINE,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for SessionWouldDrop {
    fn card(&self) -> &'static RuleCard {
        &SESSION_WOULD_DROP
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        if view.mode == Mode::Moment || view.around.offline != Offline::Online {
            return Judgement::NoEvidence;
        }
        if view.echo.last().is_none() {
            return Judgement::NoEvidence;
        }
        if view.echo.losses() < PROVEN {
            return Judgement::Clear;
        }
        let Some((severity, gap)) = worst(view) else { return Judgement::Clear };
        if severity > Severity::Notice && restarted::is_told(view) {
            return Judgement::Clear;
        }
        let (would, title) = match severity {
            Severity::Notice => ("would have frozen", "a session would freeze"),
            Severity::Warning => ("would have had to reconnect", "a session would reconnect"),
            Severity::Critical => ("would have dropped", "a session would drop"),
        };
        let confidence = if gap.tcp_silent > 0 { Confidence::Likely } else { Confidence::Possible };
        let long = span(gap.silent);
        let whose = whose::of_gap(view, gap.first.at.mono, gap.last.at.mono);
        let sentence = format!(
            "{} was silent for at least {long} from {}: a session {would} (an estimate, {}). {}",
            name(view),
            clock(gap.first.at.wall),
            confidence.word(),
            match &whose {
                Some(whose) => &whose.sentences,
                None => "Network team: look at the line or VPN at that time.",
            },
        );
        let tcp = match gap.tcp_silent {
            0 => "no connection was tried in the gap".to_owned(),
            silent => format!("{} without an answer in the gap", count(silent, "connection")),
        };
        Judgement::fires(
            Evidence::new(severity, confidence, format!("silent {long}: {title}"), sentence)
                .line(format!("{} lost in a row", count(gap.lost, "echo request")))
                .line(tcp)
                .line(format!("last one lost at {}", clock(gap.last.at.wall)))
                .since(Some(gap.first.at.wall))
                .blamed(whose),
        )
    }
}

/// Requests without an answer, with an answer before and after them.
struct Gap {
    first: EchoPoint,
    last: EchoPoint,
    lost: u32,
    /// From the first request to the last: it was silent for at least this long.
    silent: Duration,
    /// Connections begun in the gap that nobody answered.
    tcp_silent: u32,
}

/// The gap that a session would have felt most, of those that are shown.
fn worst(view: &TargetView<'_>) -> Option<(Severity, Gap)> {
    let measured: Vec<EchoPoint> = view.echo.within(view.now.mono, LOOKED_AT).copied().collect();
    let runs: Vec<&[EchoPoint]> = measured.chunk_by(|a, b| a.is_loss() == b.is_loss()).collect();
    runs.windows(3)
        .filter_map(|around| {
            let [before, run, after] = around else { return None };
            // A request that could not be sent proves nothing of what lies beside it.
            let answered = before.last()?.came_back() && after.first()?.came_back();
            let gap = gap(view, run).filter(|_| answered)?;
            let recent = view.now.mono.since(gap.last.at.mono) <= SHOWN;
            let severity = severity(view, &gap).filter(|_| recent)?;
            Some((severity, gap))
        })
        .max_by_key(|(severity, gap)| (*severity, gap.silent))
}

/// Whether this run of losses is silence that would have made a session reconnect: it is a gap,
/// and not a rate of loss.
pub(super) fn is_gap(view: &TargetView<'_>, run: &[EchoPoint]) -> bool {
    let limits = &view.target.thresholds.session_would_drop;
    view.mode == Mode::Watch && gap(view, run).is_some_and(|gap| gap.silent >= limits.reconnect)
}

/// The gap that a run of losses is: long enough to be no chance, of a host that does not sleep
/// and had Remote Desktop before, not the silence of a path, and without any other answer in it.
fn gap(view: &TargetView<'_>, run: &[EchoPoint]) -> Option<Gap> {
    let (first, last) = (*run.first()?, *run.last()?);
    let (start, end) = (first.at.mono, last.at.mono);
    let lost = u32::try_from(run.len()).unwrap_or(u32::MAX);
    let silence = run.iter().all(|point| point.method == first.method && is_silence(view, point));
    if lost < PROVEN || !silence || view.may_sleep() {
        return None;
    }
    if view.around.path_was_down(view.target.id, start) {
        return None;
    }
    let worked = view.heard.tried_before(start).any(|tried| tried.came == Came::Works);
    let inside = || view.heard.tried_within(start, end);
    let answered = inside().any(|tried| tried.came != Came::Silent && tried.ended() <= end);
    let tcp_silent = inside().filter(|tried| tried.came == Came::Silent).count();
    if !worked || answered || tcp_silent >= TOLD_AS_UNREACHABLE {
        return None;
    }
    let tcp_silent = u32::try_from(tcp_silent).unwrap_or(u32::MAX);
    Some(Gap { first, last, lost, silent: end.since(start), tcp_silent })
}

/// What a session would have made of it. More than a notice only once Remote Desktop works again:
/// until then others say why it does not.
fn severity(view: &TargetView<'_>, gap: &Gap) -> Option<Severity> {
    let limits: &WouldDropThresholds = &view.target.thresholds.session_would_drop;
    if gap.silent < limits.freeze {
        return None;
    }
    if gap.silent < limits.reconnect {
        return Some(Severity::Notice);
    }
    let end = gap.last.at.mono;
    let works = view.measured().is_some_and(|entry| entry.at.mono > end && entry.value.works());
    let drops = gap.silent >= limits.drop && gap.tcp_silent > 0;
    works.then_some(if drops { Severity::Critical } else { Severity::Warning })
}

/// No answer, and no word from the host itself.
fn is_silence(view: &TargetView<'_>, point: &EchoPoint) -> bool {
    match point.outcome {
        EchoOutcome::Lost => true,
        EchoOutcome::Unreachable(error) => error.from.is_none() || error.from != view.dialled,
        _ => false,
    }
}
