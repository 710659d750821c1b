//! `drops-periodic`: sessions drop by a clock, or a path does.

use super::prelude::*;
use crate::domain::drops::{Limits, Pattern, Rhythm, Spell, find};
use crate::domain::outage::{PathBreaks, Scope};
use crate::domain::surroundings::Offline;
use crate::domain::text::excerpt;
use crate::domain::thresholds::PeriodicThresholds;
use crate::domain::time::WallTime;
use crate::domain::words::capitalised;

/// Times that a finding names.
const NAMED: usize = 6;

/// A path that breaks is known to be down by then.
const NOTICED: Duration = Duration::from_mins(1);

/// Sessions drop by a clock.
#[derive(Debug)]
pub(super) struct DropsPeriodic;

static DROPS_PERIODIC: RuleCard = RuleCard {
    id: RuleId("drops-periodic"),
    title: "drops keep time",
    severities: &[Severity::Warning],
    owner: Owner::Network,
    rung: None,
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Echo],
    plain: "Sessions on it, or the way to it, drop at regular times, as if by a timer.",
    explanation: "The sessions of this machine on the host, and what was marked by hand, dropped, or \
        the way to several hosts broke (`path-outage`, the brief ones too), at \
        a near-constant spacing, at the same time of the day, or at the same age of the session: a \
        timer does that, not a bad line. At least four drops are needed, over days and restarts of \
        this program, the newest must keep time too, and so must half of them. How often drops by \
        chance look so is reckoned for whatever rate they have; beyond once in a thousand nothing \
        is said. Spacings of less than 3 minutes are the client's own reconnecting, and those near \
        a day people's habits. A session that lives through the time that is due, or beyond the \
        age, contradicts it and ends the finding, and so does a path that holds through it.",
    disproof: "A session that goes on through the time at which the next drop is due.",
    remedies: &[
        Remedy::new(
            "Write the times down and ask which timer has this length: the VPN's re-login, \
             re-keying or idle limit, the time-out of a NAT or firewall, the session limits of the \
             gateway and the host.",
            RunOn::Vpn,
        ),
        Remedy {
            confirm: Some("ipconfig /all"),
            ..Remedy::new(
                "Compare with the address lease of the client: Lease Obtained and Lease Expires. A \
                 lease is renewed after half of it.",
                RunOn::Client,
            )
        },
        Remedy {
            confirm: Some(
                "Invoke-Command HOST { Get-ItemProperty 'HKLM:\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services' }",
            ),
            needs: Some("administrator rights on HOST; PowerShell remoting"),
            ..Remedy::new(
                "Look at the host's session limits: MaxConnectionTime and MaxIdleTime, in \
                 milliseconds.",
                RunOn::Host,
            )
        },
        Remedy {
            commands: &[
                "Invoke-Command HOST { New-ItemProperty 'HKLM:\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services' KeepAliveEnable -PropertyType DWord -Value 1 -Force }",
                "Invoke-Command HOST { New-ItemProperty 'HKLM:\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services' KeepAliveInterval -PropertyType DWord -Value 1 -Force }",
            ],
            needs: Some("administrator rights on HOST; PowerShell remoting"),
            impact: Some("none on running sessions; new ones send a packet a minute"),
            undo: Some(
                "Invoke-Command HOST { Remove-ItemProperty 'HKLM:\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services' KeepAliveEnable,KeepAliveInterval }",
            ),
            ..Remedy::new(
                "Where idle sessions drop: let the host send keep-alives, so that no NAT or \
                 firewall forgets them.",
                RunOn::Host,
            )
        },
    ],
    explains: &[],
    low_risk: false,
    client_error: client::LINE,
    reviewed_when_found: false,
    alerting: Alerting { several: true, ..Alerting::PLAIN },
};

impl Rule for DropsPeriodic {
    fn card(&self) -> &'static RuleCard {
        &DROPS_PERIODIC
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        if view.mode == Mode::Moment || view.around.offline != Offline::Online {
            return Judgement::NoEvidence;
        }
        let now = view.now.wall;
        let drops = view.memory.drops.until(now);
        if drops.is_empty() {
            return Judgement::NoEvidence;
        }
        let limits = limits(&view.target.thresholds.drops_periodic);
        let Some(pattern) = find(&drops, &limits) else { return Judgement::Clear };
        let running = view.sessions.well().map(|since| Spell { since: since.wall, until: now });
        let mut spells = view.memory.drops.spells().chain(running);
        if !is_due_still(&pattern, now) || spells.any(|spell| pattern.is_outlived_by(spell)) {
            return Judgement::Clear;
        }
        let what = What {
            happened: format!("Your sessions on {} dropped", name(view)),
            title: "drops",
            past: "dropped",
            tunnel: "a tunnel of this machine changed about then",
            owner: Owner::Network,
        };
        Judgement::fires(evidence(&what, &pattern, now))
    }

    fn judge_monitor(&self, around: &Surroundings) -> Judgement {
        let Some(now) = around.looked_at.filter(|_| around.offline == Offline::Online) else {
            return Judgement::NoEvidence;
        };
        let paths = around.breaks.paths();
        if paths.is_empty() {
            return Judgement::NoEvidence;
        }
        let mut found: Vec<(&Scope, Pattern)> = paths
            .iter()
            .filter_map(|path| Some((&path.scope, pattern_of(path, around, now.wall)?)))
            .collect();
        // The one that broke last; of the others a line each.
        let Some((scope, pattern)) = found.pop() else { return Judgement::Clear };
        let also = found.iter().map(|(scope, pattern)| {
            let count = count(pattern.drops.len() as u64, "time");
            format!("the way to {} broke {count} likewise", hosts(scope, pattern))
        });
        let what = What {
            happened: format!("The way to {} broke", hosts(scope, &pattern)),
            title: "path breaks",
            past: "broke",
            tunnel: "the VPN was down then",
            owner: match scope {
                Scope::Tunnel(_) => Owner::Vpn,
                Scope::Routed | Scope::Group(_) => Owner::Network,
            },
        };
        Judgement::fires(evidence(&what, &pattern, now.wall).lines(also))
    }
}

fn limits(limits: &PeriodicThresholds) -> Limits {
    Limits {
        drops: limits.drops,
        tolerance: limits.tolerance_pct / 100.0,
        same_time: limits.same_time,
        chance: limits.chance_pct / 100.0,
    }
}

/// Whether the last of the drops is not so long ago that the timer is not believed in any more.
fn is_due_still(pattern: &Pattern, now: WallTime) -> bool {
    pattern.drops.last().is_none_or(|last| now.since(last.at) <= pattern.lasts())
}

/// The rhythm in which a path breaks; `None` too where it went on through the time that was due.
fn pattern_of(path: &PathBreaks, around: &Surroundings, now: WallTime) -> Option<Pattern> {
    let breaks = path.breaks.until(now);
    let pattern = find(&breaks, &limits(&around.limits.drops_periodic))?;
    let last = breaks.last()?.at;
    let mut stands = around.outages.iter().filter(|outage| outage.ended.is_none());
    let broken = stands.any(|outage| outage.of_whom() == path.scope);
    let well = around.breaks.watched().map(|watched| Spell {
        since: watched.since.max(last),
        until: watched.until.minus(NOTICED),
    });
    let outlived = !broken && well.is_some_and(|spell| pattern.is_outlived_by(spell));
    (is_due_still(&pattern, now) && !outlived).then_some(pattern)
}

fn hosts(scope: &Scope, pattern: &Pattern) -> String {
    match scope {
        Scope::Routed if is_of_tunnel(pattern) => "the hosts behind the VPN".to_owned(),
        Scope::Routed => "the hosts behind the router".to_owned(),
        Scope::Tunnel(name) => format!("the hosts behind {}", excerpt(name, 40)),
        Scope::Group(name) => format!("the hosts of {}", excerpt(name, 40)),
    }
}

/// Whether a tunnel had its part in most of them.
fn is_of_tunnel(pattern: &Pattern) -> bool {
    pattern.drops.iter().filter(|drop| drop.tunnel).count() * 2 > pattern.drops.len()
}

/// What keeps time.
struct What {
    /// `Your sessions on HOST dropped`.
    happened: String,
    /// In a title: `drops`.
    title: &'static str,
    /// In a line: `dropped`.
    past: &'static str,
    /// What a tunnel has to do with it.
    tunnel: &'static str,
    /// Who can mend it, where no tunnel shows another.
    owner: Owner,
}

fn evidence(what: &What, pattern: &Pattern, now: WallTime) -> Evidence {
    let drops = &pattern.drops;
    let last = drops.last().map_or(now, |drop| drop.at);
    let with_tunnel = drops.iter().filter(|drop| drop.tunnel).count();
    let owner = if is_of_tunnel(pattern) { Owner::Vpn } else { what.owner };
    let range = || range(pattern);
    let What { happened, title, past, .. } = what;
    let (when, title, fitting, suspects) = match pattern.rhythm {
        Rhythm::Spacing(spacing) => (
            format!("about every {}", about(spacing)),
            format!("{title} every {}", about(spacing)),
            format!("{} of {} spacings {}", pattern.fit, pattern.of, range()),
            "re-keying or re-login of the VPN, an address lease, a NAT or firewall time-out",
        ),
        Rhythm::TimeOfDay(_) => (
            format!("at about {} on {} days", time_of_day(last), pattern.fit),
            format!("{title} daily at {}", time_of_day(last)),
            format!("{} of {} days with a drop had one at that time", pattern.fit, pattern.of),
            "a nightly job, a daily reconnection of the line or of the VPN",
        ),
        Rhythm::Age(age) => (
            format!("when the session was about {} old", about(age)),
            format!("{title} after {}", about(age)),
            format!("{} of {} sessions dropped at an age {}", pattern.fit, pattern.of, range()),
            "a session or idle limit of the host, the gateway or the VPN, a NAT time-out",
        ),
    };
    let sentence = format!(
        "{happened} {} times, {when}, last at {} (a timer, likely; not a bad line). {}: look for \
         {suspects}.",
        drops.len(),
        moment(last),
        capitalised(owner.team()),
    );
    let newest = drops.get(drops.len().saturating_sub(NAMED)..).unwrap_or(drops);
    let times = newest.iter().map(|drop| moment(drop.at));
    let mut lines = vec![format!("{past} at {}", list(times)), fitting, chance(pattern.chance)];
    let marked = drops.iter().filter(|drop| drop.marked && !drop.seen).count();
    if marked > 0 {
        lines.push(format!("{marked} of {} were marked by hand", drops.len()));
    }
    if with_tunnel > 0 {
        lines.push(format!("{} in {with_tunnel} of {}", what.tunnel, drops.len()));
    }
    lines.extend(pattern.due().map(|due| format!("the next one is due at about {}", moment(due))));
    Evidence::new(Severity::Warning, Confidence::Likely, title, sentence)
        .lines(lines)
        .since(drops.first().map(|drop| drop.at))
        .owned_by(owner)
}

/// `between 59 min 58 s and 60 min 4 s`.
fn range(pattern: &Pattern) -> String {
    let (least, most) = (length(pattern.least), length(pattern.most));
    if least == most { format!("of {least}") } else { format!("between {least} and {most}") }
}

/// To the nearest minute from ten minutes up.
fn about(length: Duration) -> String {
    let secs = length.as_secs();
    span(Duration::from_secs(if secs < 600 { secs } else { (secs + 30) / 60 * 60 }))
}

/// To the second below four hours, where minutes are not enough: `59 min 58 s`, `5 h 2 min`.
fn length(length: Duration) -> String {
    let secs = length.as_secs();
    match (secs / 60, secs % 60) {
        (0 | 240.., _) => span(length),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, secs) => format!("{minutes} min {secs} s"),
    }
}

/// `12:02Z`.
fn time_of_day(at: WallTime) -> String {
    let minute = at.unix_secs().rem_euclid(86_400) / 60;
    format!("{:02}:{:02}Z", minute / 60, minute % 60)
}

/// What chance alone does, in a round number.
fn chance(chance: f64) -> String {
    let mut once_in: u32 = 100;
    while f64::from(once_in) * 10.0 * chance <= 1.0 && once_in < 1_000_000 {
        once_in *= 10;
    }
    format!("drops by chance look so less often than once in {once_in}")
}
