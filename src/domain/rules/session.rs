//! `session-dropped`: a session of this machine itself broke.

use super::prelude::*;
use super::way_down::{Broken, Known, known, was_broken};
use crate::domain::drops::RememberedDrop;
use crate::domain::echo_series::EchoPoint;
use crate::domain::sample::EchoOutcome;
use crate::domain::session::{EndedSession, SessionEnd};
use crate::domain::time::{MonoTime, Now};
use crate::domain::tunnel::TunnelChange;
use crate::domain::words::capitalised;

/// What happened so long before the host was last heard belongs to the drop.
const BEFORE: Duration = Duration::from_secs(30);
/// The client tries to connect again before it says that a session is over.
const BEFORE_TOLD: Duration = Duration::from_mins(1);
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
        same, and single losses end no session. A host that fell silent alone of all that \
        are reached the same way, or restarted, ended it itself; where the VPN or the line on its way \
        is silent too, those did. A close by either side is no \
        drop; a log-off is one. On Windows the Remote Desktop client's own event channel is read: there \
        a session of ten seconds or more dropped that ended with a code for a broken connection, \
        such as 0x904, 0x108 or 0x404. Shown for ten minutes, or until a new session lives for a minute.",
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
            dropped(ended, &ground).then_some((*ended, ground))
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
    if !dropped(ended, &ground) {
        return None;
    }
    let at = last_heard(ended);
    // The client's log tells of sessions that began before this program did.
    let lived = match ended.how {
        SessionEnd::Told(_) => at.wall.since(ended.since.wall),
        _ => at.mono.since(ended.since.mono),
    };
    let lived = u32::try_from(lived.as_secs()).ok();
    Some(RememberedDrop {
        at: at.wall,
        lived_s: lived.filter(|_| ended.whole),
        seen: true,
        marked: false,
        tunnel: ground.tunnel.is_some(),
    })
}

/// Whether a session that ended so dropped.
fn dropped(ended: &EndedSession, ground: &Ground) -> bool {
    ended.how.broke() && (ended.how != SessionEnd::Vanished || ground.any())
}

/// What the other layers showed about the end.
struct Ground {
    /// A change of a tunnel of this machine, and how long before or after the host was last heard.
    tunnel: Option<String>,
    lost: usize,
    /// Echo was silent, not only lossy.
    gap: bool,
    /// A path of several hosts broke, this one among them: who can mend it.
    path: Option<Owner>,
    cause: Option<Cause>,
}

/// What is known of the host about the end, and of the way there.
enum Cause {
    /// It went away alone and came back layer by layer.
    Restarted,
    /// It alone answers nothing since.
    Silent,
    /// The way there is broken.
    Way(Broken),
    /// It is silent, and nothing else there is known to answer: it, or what `... is` down.
    Either(&'static str),
}

impl Ground {
    fn of(view: &TargetView<'_>, ended: &EndedSession) -> Self {
        let told = matches!(ended.how, SessionEnd::Told(_));
        let from = ended.heard.mono.minus(if told { BEFORE_TOLD } else { BEFORE });
        let about = |at: MonoTime| at >= from && at <= ended.at.mono;
        let concerns = |change: &&TunnelChange| {
            about(change.at.mono) && view.around.is_of(change, view.dialled)
        };
        let tunnel = view.around.tunnel_changes.iter().rev().find(concerns);
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
        let paths = view.around.outages.iter();
        let path = paths
            .filter(|one| one.members.contains_key(&view.target.id) && about(one.since.mono))
            .map(|one| one.owner())
            .next();
        let known: Vec<_> =
            points().filter(|point| !matches!(point.outcome, EchoOutcome::Void(_))).collect();
        let mut runs = known.chunk_by(|a, b| a.is_loss() == b.is_loss());
        let gap = runs.any(|run| is_gap(run, known.last().copied(), ended.at.mono));
        let cause = cause(view, ended, about);
        // What is proven to ail nearer than the tunnel outranks its change.
        let cause = match cause {
            Some(Cause::Way(broken)) if path.is_none() && broken.owner != Owner::Vpn => {
                return Self { tunnel: None, lost, gap, path, cause: Some(Cause::Way(broken)) };
            }
            cause => cause.filter(|_| path.is_none() && tunnel.is_none()),
        };
        Self { tunnel, lost, gap, path, cause }
    }

    const fn any(&self) -> bool {
        self.tunnel.is_some() || self.path.is_some() || self.gap
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

/// What is known of the host about then, and of the way there, as its other findings say.
fn cause(
    view: &TargetView<'_>,
    ended: &EndedSession,
    about: impl Fn(MonoTime) -> bool,
) -> Option<Cause> {
    if view.heard.restarts().any(|stages| about(stages.silent.mono)) {
        return Some(Cause::Restarted);
    }
    let silence = match view.presence() {
        Presence::Silent(silence) if about(silence.since.mono) => silence,
        _ => return was_broken(view, ended.heard.mono).map(Cause::Way),
    };
    match known(view, &silence) {
        Known::Broken(broken) => Some(Cause::Way(broken)),
        Known::Untold(what) => Some(Cause::Either(what)),
        Known::Sound if view.around.peers_answering > 0 && !view.may_sleep() => Some(Cause::Silent),
        Known::Sound | Known::JustMended => None,
    }
}

/// Why a session broke, and who looks where.
struct Verdict {
    owner: Owner,
    why: String,
    first: String,
}

fn verdict(ended: &EndedSession, ground: &Ground) -> Verdict {
    let (owner, why) = match (&ground.tunnel, ground.path, &ground.cause) {
        (Some(tunnel), _, _) => (Owner::Vpn, tunnel.clone()),
        (None, Some(Owner::Client), _) => {
            (Owner::Network, "the path to other hosts broke too".to_owned())
        }
        (None, Some(owner), _) => (owner, "the path to other hosts broke too".to_owned()),
        (None, None, Some(Cause::Way(broken))) => {
            let why = format!("{}: {}", broken.what, broken.why);
            return Verdict { owner: broken.owner, why, first: broken.first.to_owned() };
        }
        (None, None, Some(Cause::Restarted)) => {
            (Owner::Server, "the host itself went away then, and restarted".to_owned())
        }
        (None, None, Some(Cause::Silent)) => {
            (Owner::Server, "the host itself fell silent, while others answer".to_owned())
        }
        (None, None, Some(Cause::Either(what))) => (
            Owner::Network,
            format!(
                "the host is off or hung, or {what} down: nothing else out there is known to answer"
            ),
        ),
        (None, None, None) if ground.lost >= LOST => {
            (Owner::Network, format!("{} echo requests were lost", ground.lost))
        }
        (None, None, None) if matches!(ended.how, SessionEnd::Told(_)) => {
            (Owner::Network, "what broke it was not seen".to_owned())
        }
        (None, None, None) => (Owner::Network, "the host answered no more".to_owned()),
    };
    let look_at = if owner == Owner::Server { "its System log" } else { "the line" };
    let first = format!(
        "{}: look at {look_at} at {}.",
        capitalised(owner.team()),
        clock(last_heard(ended).wall)
    );
    Verdict { owner, why, first }
}

/// A session that vanished was last heard in the second before.
const fn last_heard(ended: &EndedSession) -> Now {
    if matches!(ended.how, SessionEnd::Vanished) { ended.at } else { ended.heard }
}

fn evidence(view: &TargetView<'_>, ended: &EndedSession, ground: Ground) -> Evidence {
    let confidence = match ended.how {
        SessionEnd::Silence => Confidence::Certain,
        _ => Confidence::Likely,
    };
    let mut lines =
        vec![format!("seen from {} to {}", clock(ended.since.wall), clock(ended.at.wall))];
    if !matches!(ended.how, SessionEnd::Told(_)) {
        lines.push(format!("last heard from the host at {}", clock(ended.heard.wall)));
    }
    lines.push(match ended.how {
        SessionEnd::Told(reason) => {
            format!("the Remote Desktop client says {} ({})", reason.text(), reason.code)
        }
        SessionEnd::Vanished => "the connection vanished from this machine's sockets".to_owned(),
        SessionEnd::GivenUp => {
            format!("{} repetitions unanswered, then closed by the client", ended.unanswered)
        }
        _ => format!("{} repetitions unanswered, then given up", ended.unanswered),
    });
    if ground.lost > 0 {
        lines.push(format!("{} echo requests lost about then", ground.lost));
    }
    if ground.path.is_some() {
        lines.push("the path to other hosts broke about then".to_owned());
    }
    let verdict = verdict(ended, &ground);
    lines.extend(ground.tunnel);
    if let Some(Cause::Way(broken)) = ground.cause {
        lines.extend(broken.lines);
    }
    let from = last_heard(ended);
    let silent = span(ended.at.mono.since(ended.heard.mono).max(Duration::from_secs(1)));
    let over = clock(ended.at.wall);
    let course = match ended.how {
        SessionEnd::Vanished => format!("gone at {over}"),
        SessionEnd::Told(reason) => format!("its client ended it at {over} with {}", reason.text()),
        SessionEnd::GivenUp => format!(
            "the host was last heard at {}, the client gave up {silent} later, at {over}",
            clock(from.wall)
        ),
        _ => format!(
            "the host was last heard at {}, the system gave up {silent} later, at {over}",
            clock(from.wall)
        ),
    };
    let Verdict { owner, why, first } = verdict;
    let sentence = format!(
        "Your session on {} dropped ({}): {course}; {why}. {first}",
        name(view),
        confidence.word(),
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
