//! `session-dropped`: a session of this machine itself broke.

use super::prelude::*;
use crate::domain::drops::RememberedDrop;
use crate::domain::echo_series::EchoPoint;
use crate::domain::sample::EchoOutcome;
use crate::domain::session::{EndedSession, SessionEnd};
use crate::domain::time::MonoTime;
use crate::domain::words::capitalised;

/// What happened so long before the host was last heard belongs to the drop.
const BEFORE: Duration = Duration::from_secs(30);
/// So many lost echo requests about the end show that the line was bad.
const LOST: usize = 3;
/// A session that vanished dropped in a silence: so many requests in a row lost to the end, over
/// this long at least, or a silence of [`FREEZE`] before it. Single losses take no session.
const SILENT: Duration = Duration::from_secs(2);
const FREEZE: Duration = Duration::from_secs(3);

/// A session of this machine broke.
#[derive(Debug)]
pub(super) struct SessionDropped;

static SESSION_DROPPED: RuleCard = RuleCard {
    id: RuleId("session-dropped"),
    title: "session dropped",
    severities: &[Severity::Critical],
    owner: Owner::Network,
    rung: None,
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Echo],
    plain: "A session on it broke off: it fell silent, or the line did.",
    explanation: "A Remote Desktop connection of this machine, seen in its own list of sockets for \
        at least ten seconds, ended without an orderly close: the host left at least two \
        repetitions in a row unanswered, until the system or the client gave up. One that vanished \
        without a trace counts only when echo was silent for two seconds up to the end or for three \
        before, a tunnel changed or a path broke in the half minute before: a quick close looks the \
        same, and single losses end no session. A host that fell silent alone, or restarted, ended \
        it itself. A close by either side is no \
        drop; a log-off is one. Shown for ten minutes, or until a new session lives for a minute.",
    disproof: "The user closed the client while the session worked.",
    remedies: &[remedies::USE_CABLE, remedies::OTHER_VPN_NODE, remedies::FIND_HOP],
    explains: &["session-would-drop"],
    low_risk: false,
    client_error: client::LINE,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for SessionDropped {
    fn card(&self) -> &'static RuleCard {
        &SESSION_DROPPED
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        if view.mode == Mode::Moment || !view.sessions.looked() {
            return Judgement::NoEvidence;
        }
        let told = |ended: &EndedSession| {
            let ground = Ground::of(view, ended);
            (ended.how != SessionEnd::Vanished || ground.any()).then_some((*ended, ground))
        };
        let limits = &view.target.thresholds.session_dropped;
        match view.sessions.broken(limits, view.now.mono).find_map(told) {
            Some((ended, ground)) => Judgement::fires(evidence(view, &ended, ground)),
            None => Judgement::Clear,
        }
    }
}

/// Whether a session that ended dropped, for what is remembered; `None` when it did not, or nobody
/// can tell.
pub(crate) fn drop_of(view: &TargetView<'_>, ended: &EndedSession) -> Option<RememberedDrop> {
    let ground = Ground::of(view, ended);
    let at = match ended.how {
        SessionEnd::Silence | SessionEnd::GivenUp => ended.heard,
        SessionEnd::Vanished if ground.any() => ended.at,
        _ => return None,
    };
    let lived = u32::try_from(at.mono.since(ended.since.mono).as_secs()).ok();
    Some(RememberedDrop {
        at: at.wall,
        lived_s: lived.filter(|_| ended.whole),
        seen: true,
        marked: false,
        tunnel: ground.tunnel.is_some(),
    })
}

/// What the other layers showed about the end.
struct Ground {
    /// A change of a tunnel of this machine, and how long before or after the host was last heard.
    tunnel: Option<String>,
    lost: usize,
    /// Echo was silent, not only lossy.
    gap: bool,
    path: bool,
    host: Option<HostItself>,
}

/// What the host itself did about the end, alone of all that are watched.
enum HostItself {
    /// It went away and came back layer by layer.
    Restarted,
    /// It answers nothing since.
    Silent,
}

impl Ground {
    fn of(view: &TargetView<'_>, ended: &EndedSession) -> Self {
        let from = ended.heard.mono.minus(BEFORE);
        let about = |at: MonoTime| at >= from && at <= ended.at.mono;
        let tunnel = view.around.tunnel_changes.iter().rev().find(|change| about(change.at.mono));
        let tunnel = tunnel.map(|change| {
            let before = ended.at.mono.since(change.at.mono);
            if before < Duration::from_secs(1) {
                format!("{} at that moment", change.what)
            } else {
                format!("{} {} before", change.what, span(before))
            }
        });
        let points = || view.echo.since(from).filter(|point| about(point.at.mono));
        let lost = points().filter(|point| point.outcome == EchoOutcome::Lost).count();
        let path =
            view.around.outages.iter().any(|outage| {
                outage.members.contains_key(&view.target.id) && about(outage.since.mono)
            });
        let known: Vec<_> =
            points().filter(|point| !matches!(point.outcome, EchoOutcome::Void(_))).collect();
        let mut runs = known.chunk_by(|a, b| a.is_loss() == b.is_loss());
        let gap = runs.any(|run| is_gap(run, known.last().copied(), ended.at.mono));
        let host = if path || tunnel.is_some() { None } else { host_itself(view, about) };
        Self { tunnel, lost, gap, path, host }
    }

    const fn any(&self) -> bool {
        self.tunnel.is_some() || self.path || self.gap
    }
}

/// Whether a run of requests is a silence that may end a session: up to its end, or long.
fn is_gap(run: &[&EchoPoint], newest: Option<&EchoPoint>, end: MonoTime) -> bool {
    let (Some(first), Some(last)) = (run.first(), run.last()) else { return false };
    let trails = newest.is_some_and(|newest| newest.seq == last.seq);
    let silent = if trails {
        run.len() >= LOST && end.since(first.at.mono) >= SILENT
    } else {
        last.at.mono.since(first.at.mono) >= FREEZE
    };
    first.is_loss() && silent
}

/// What the host itself did about then, as its other findings say.
fn host_itself(view: &TargetView<'_>, about: impl Fn(MonoTime) -> bool) -> Option<HostItself> {
    if view.heard.restarts().any(|stages| about(stages.silent.mono)) {
        return Some(HostItself::Restarted);
    }
    let Presence::Silent(silence) = view.presence() else { return None };
    let alone = view.around.peers_answering > 0 && !view.may_sleep();
    (alone && about(silence.since.mono)).then_some(HostItself::Silent)
}

fn evidence(view: &TargetView<'_>, ended: &EndedSession, ground: Ground) -> Evidence {
    let confidence = match ended.how {
        SessionEnd::Silence => Confidence::Certain,
        _ => Confidence::Likely,
    };
    let mut lines = vec![
        format!("seen from {} to {}", clock(ended.since.wall), clock(ended.at.wall)),
        format!("last heard from the host at {}", clock(ended.heard.wall)),
    ];
    lines.push(match ended.how {
        SessionEnd::Vanished => "the connection vanished from this machine's sockets".to_owned(),
        SessionEnd::GivenUp => {
            format!("{} repetitions unanswered, then closed by the client", ended.unanswered)
        }
        _ => format!("{} repetitions unanswered, then given up", ended.unanswered),
    });
    if ground.lost > 0 {
        lines.push(format!("{} echo requests lost about then", ground.lost));
    }
    if ground.path {
        lines.push("the path to other hosts broke about then".to_owned());
    }
    let owner = match (&ground.tunnel, &ground.host) {
        (Some(_), _) => Owner::Vpn,
        (None, Some(_)) => Owner::Server,
        (None, None) => Owner::Network,
    };
    let why = match &ground.tunnel {
        Some(tunnel) => tunnel.clone(),
        None if ground.path => "the path to other hosts broke too".to_owned(),
        None if matches!(ground.host, Some(HostItself::Restarted)) => {
            "the host itself went away then, and restarted".to_owned()
        }
        None if ground.host.is_some() => {
            "the host itself fell silent, while others answer".to_owned()
        }
        None if ground.lost >= LOST => format!("{} echo requests were lost", ground.lost),
        None => "the host answered no more".to_owned(),
    };
    lines.extend(ground.tunnel);
    // A session that vanished was last heard in the second before.
    let from = if ended.how == SessionEnd::Vanished { ended.at } else { ended.heard };
    let silent = span(ended.at.mono.since(ended.heard.mono).max(Duration::from_secs(1)));
    let over = clock(ended.at.wall);
    let course = match ended.how {
        SessionEnd::Vanished => format!("gone at {over}"),
        SessionEnd::GivenUp => format!(
            "the host was last heard at {}, the client gave up {silent} later, at {over}",
            clock(from.wall)
        ),
        _ => format!(
            "the host was last heard at {}, the system gave up {silent} later, at {over}",
            clock(from.wall)
        ),
    };
    let look_at = if owner == Owner::Server { "its System log" } else { "the line" };
    let sentence = format!(
        "Your session on {} dropped ({}): {course}; {why}. {}: look at {look_at} at {}.",
        name(view),
        confidence.word(),
        capitalised(owner.team()),
        clock(from.wall),
    );
    let title = format!("session dropped {}", clock(from.wall));
    Evidence::new(Severity::Critical, confidence, title, sentence)
        .lines(lines)
        .since(Some(from.wall))
        .remedied((owner == Owner::Server).then_some(BY_THE_HOST))
        .owned_by(owner)
}

/// What helps where the host itself ended it.
const BY_THE_HOST: &[Remedy] = &[remedies::WHY_RESTARTED, remedies::LOOK_AT_HOST];
