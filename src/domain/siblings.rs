//! Whose fault among siblings: how a failing host differs from the others of its group, and what
//! many of them have in common.
//!
//! [`Course`] remembers of one host since when each rung works or fails; [`compare`] holds those of
//! one group against each other. Only what was measured after a host began to fail counts as a
//! sound sibling: until then nobody knows whether the others fail too.

use super::finding::Rung;
use super::sample::{Attempt, ConnectOutcome, NegotiateOutcome, TlsOutcome};
use super::security::FailureCode;
use super::target::TargetId;
use super::text::excerpt;
use super::time::{MonoTime, Now};
use super::words::{clock, count, millis};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

/// Fewer measured siblings are nothing to differ from.
const FEWEST_SIBLINGS: usize = 4;
/// Fewer hosts that fail alike have nothing in common.
const FEWEST_ALIKE: usize = 3;
/// Hosts that began to fail within this span of each other may have met one change.
const ROLLOUT: Duration = Duration::from_mins(15);
/// A shorter silence is no restart.
const SILENCE: Duration = Duration::from_secs(20);
/// A silence that ended longer before the failure is not told with it.
const BEFORE: Duration = Duration::from_mins(30);

/// How a rung fails, in the words of a help desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Refused,
    Silent,
    Barred,
    NegotiationRefused,
    NegotiationSilent,
    NegotiationClosed,
    NotRdp,
    TlsClosed,
    TlsRefused,
    TlsSilent,
    NotTls,
}

impl Way {
    const fn one(self) -> &'static str {
        match self {
            Self::Refused => "refuses the connection",
            Self::Silent => "does not answer",
            Self::Barred => "is barred by a firewall",
            Self::NegotiationRefused => "refuses the RDP negotiation",
            Self::NegotiationSilent => "is silent at the RDP negotiation",
            Self::NegotiationClosed => "closes at the RDP negotiation",
            Self::NotRdp => "answers with something that is not RDP",
            Self::TlsClosed => "closes at the TLS ClientHello",
            Self::TlsRefused => "refuses TLS",
            Self::TlsSilent => "is silent at the TLS ClientHello",
            Self::NotTls => "answers with something that is not TLS",
        }
    }

    const fn many(self) -> &'static str {
        match self {
            Self::Refused => "refuse the connection",
            Self::Silent => "do not answer",
            Self::Barred => "are barred by a firewall",
            Self::NegotiationRefused => "refuse the RDP negotiation",
            Self::NegotiationSilent => "are silent at the RDP negotiation",
            Self::NegotiationClosed => "close at the RDP negotiation",
            Self::NotRdp => "answer with something that is not RDP",
            Self::TlsClosed => "close at the TLS ClientHello",
            Self::TlsRefused => "refuse TLS",
            Self::TlsSilent => "are silent at the TLS ClientHello",
            Self::NotTls => "answer with something that is not TLS",
        }
    }
}

/// How one rung ended in one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Well(Duration),
    Badly(Way),
    /// Not tried, or nothing can be said.
    Unknown,
}

/// One rung over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct RungCourse {
    /// When it last worked, and how long it took.
    good: Option<(Now, Duration)>,
    /// Since when it fails, and how.
    bad: Option<(Now, Way)>,
}

impl RungCourse {
    fn observe(&mut self, at: Now, ended: Ended) -> bool {
        match ended {
            Ended::Well(took) => {
                let first = self.good.is_none();
                self.good = Some((at, took));
                self.bad.take().is_some() || first
            }
            Ended::Badly(way) if self.bad.is_none_or(|(_, before)| before != way) => {
                self.bad = Some((at, way));
                true
            }
            Ended::Badly(_) | Ended::Unknown => false,
        }
    }
}

/// Since when the rungs of one host work or fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Course {
    tcp: RungCourse,
    x224: RungCourse,
    tls: RungCourse,
    /// From the first silent connection to the first that was answered again.
    silence: Option<(Now, Now)>,
}

impl Course {
    /// Takes in a connection. Whether a rung began to work, began to fail or fails otherwise.
    pub fn observe(&mut self, at: Now, attempt: &Attempt) -> bool {
        let (tcp, x224, tls) = ended(attempt);
        if let Some((since, Way::Silent)) = self.tcp.bad
            && attempt.connect.outcome.answered()
            && at.mono.since(since.mono) >= SILENCE
        {
            self.silence = Some((since, at));
        }
        let selected = attempt.negotiate.as_ref().and_then(|n| n.outcome.selected());
        let without_tls = selected.is_some_and(|selected| !selected.starts_tls());
        let gave_up_tls = without_tls && std::mem::take(&mut self.tls) != RungCourse::default();
        let tcp = self.tcp.observe(at, tcp);
        let x224 = self.x224.observe(at, x224);
        self.tls.observe(at, tls) || tcp || x224 || gave_up_tls
    }

    /// Forgets what began to fail since `start`: this machine was offline. Whether it forgot
    /// anything.
    pub fn void_since(&mut self, start: MonoTime) -> bool {
        let before = *self;
        for rung in [&mut self.tcp, &mut self.x224, &mut self.tls] {
            rung.bad = rung.bad.filter(|(since, _)| since.mono < start);
        }
        self.silence = self.silence.filter(|(since, _)| since.mono < start);
        before != *self
    }

    /// Whether the host may just be asleep.
    #[must_use]
    pub const fn is_silent(&self) -> bool {
        matches!(self.tcp.bad, Some((_, Way::Silent)))
    }

    /// Whether a rung fails.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.broken().is_some()
    }

    /// The lowest rung that fails.
    fn broken(&self) -> Option<Broken> {
        let rungs = [(Rung::Tcp, self.tcp), (Rung::X224, self.x224), (Rung::Tls, self.tls)];
        rungs.into_iter().find_map(|(rung, course)| {
            let (since, way) = course.bad?;
            Some(Broken { rung, way, since, good: course.good.map(|(at, _)| at) })
        })
    }

    /// When `rung` last worked and how long it took; `None` while it or a lower one fails.
    fn good_at(&self, rung: Rung) -> Option<(Now, Duration)> {
        if self.broken().is_some_and(|broken| broken.rung <= rung) {
            return None;
        }
        match rung {
            Rung::Tcp => self.tcp.good,
            Rung::X224 => self.x224.good,
            Rung::Tls => self.tls.good,
            _ => None,
        }
    }
}

/// How TCP, X.224 and TLS ended.
fn ended(attempt: &Attempt) -> (Ended, Ended, Ended) {
    let tcp = match attempt.connect.outcome {
        ConnectOutcome::Open => Ended::Well(attempt.connect.elapsed),
        ConnectOutcome::Refused => Ended::Badly(Way::Refused),
        ConnectOutcome::Timeout | ConnectOutcome::Unreachable => Ended::Badly(Way::Silent),
        ConnectOutcome::Prohibited => Ended::Badly(Way::Barred),
        ConnectOutcome::LocalError(_) => Ended::Unknown,
    };
    let x224 = attempt.negotiate.as_ref().map_or(Ended::Unknown, |asked| match &asked.outcome {
        NegotiateOutcome::Confirmed { .. } | NegotiateOutcome::NoNegotiation => {
            Ended::Well(asked.elapsed)
        }
        // A host that wants an Entra sign-in is sound.
        NegotiateOutcome::Failure(FailureCode::ENTRA_AUTH_REQUIRED) => Ended::Well(asked.elapsed),
        NegotiateOutcome::Failure(_) => Ended::Badly(Way::NegotiationRefused),
        NegotiateOutcome::Timeout => Ended::Badly(Way::NegotiationSilent),
        NegotiateOutcome::Disconnected | NegotiateOutcome::Reset | NegotiateOutcome::Closed => {
            Ended::Badly(Way::NegotiationClosed)
        }
        NegotiateOutcome::Malformed(_) => Ended::Badly(Way::NotRdp),
    });
    let tls = attempt.tls.as_ref().map_or(Ended::Unknown, |tls| match tls.outcome {
        TlsOutcome::Ok => Ended::Well(tls.elapsed),
        TlsOutcome::Reset | TlsOutcome::Closed => Ended::Badly(Way::TlsClosed),
        TlsOutcome::Alert(_) => Ended::Badly(Way::TlsRefused),
        TlsOutcome::Timeout => Ended::Badly(Way::TlsSilent),
        TlsOutcome::Malformed(_) => Ended::Badly(Way::NotTls),
        TlsOutcome::Unsupported => Ended::Unknown,
    });
    (tcp, x224, tls)
}

/// Where a host fails, and since when.
#[derive(Debug, Clone, Copy)]
struct Broken {
    rung: Rung,
    way: Way,
    since: Now,
    good: Option<Now>,
}

/// One host of a group.
#[derive(Debug, Clone, Copy)]
pub struct Sibling<'a> {
    /// Which.
    pub target: TargetId,
    /// Its name, unescaped.
    pub name: &'a str,
    /// Where it is dialled. Targets at one address are one host.
    pub address: IpAddr,
    /// What became of its rungs.
    pub course: &'a Course,
}

/// What the siblings of a failing host say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contrast {
    /// The rung that fails.
    pub rung: Rung,
    /// One sentence, escaped.
    pub line: String,
}

/// Holds the hosts of one group against each other. A sibling is sound when it worked no longer
/// than `slack` before the other began to fail.
#[must_use]
pub fn compare(
    group: &str,
    siblings: &[Sibling<'_>],
    slack: Duration,
) -> BTreeMap<TargetId, Contrast> {
    let mut seen = BTreeSet::new();
    let hosts: Vec<&Sibling<'_>> =
        siblings.iter().filter(|sibling| seen.insert(sibling.address)).collect();
    let mut contrasts = in_common(group, siblings, &hosts);
    let goods = |rung| {
        let good = |host: &&Sibling<'_>| host.course.good_at(rung);
        let mut all: Vec<(Now, Duration)> = hosts.iter().filter_map(good).collect();
        all.sort_by_key(|(at, _)| at.mono);
        (rung, all)
    };
    let goods = [Rung::Tcp, Rung::X224, Rung::Tls].map(goods);
    for sibling in siblings {
        let Some(broken) = sibling.course.broken() else { continue };
        let Some((_, all)) = goods.iter().find(|(rung, _)| *rung == broken.rung) else { continue };
        let old = all.partition_point(|(at, _)| at.mono.plus(slack) < broken.since.mono);
        let sound = all.get(old..).unwrap_or_default();
        let others = hosts.len().saturating_sub(1);
        if others < FEWEST_SIBLINGS || sound.len() * 4 < others * 3 {
            continue;
        }
        let line = odd_one_out(group, sibling, &broken, sound, others);
        contrasts.entry(sibling.target).or_insert(Contrast { rung: broken.rung, line });
    }
    contrasts
}

fn odd_one_out(
    group: &str,
    sibling: &Sibling<'_>,
    broken: &Broken,
    sound: &[(Now, Duration)],
    others: usize,
) -> String {
    let whom = if sound.len() >= others {
        format!("its {others} siblings")
    } else {
        format!("{} of its {others} siblings", sound.len())
    };
    let mut times: Vec<Duration> = sound.iter().map(|(_, took)| *took).collect();
    times.sort_unstable();
    let usual = times.get(times.len() / 2).copied().unwrap_or_default();
    let good = broken.good.map_or_else(
        || "not seen working before".to_owned(),
        |at| format!("last good {}", clock(at.wall)),
    );
    let silence = sibling.course.silence.filter(|(_, back)| {
        broken.since.mono >= back.mono && broken.since.mono.since(back.mono) <= BEFORE
    });
    let silence = silence.map_or_else(String::new, |(from, back)| {
        format!(
            "; before that it was silent from {} to {}, as in a restart",
            clock(from.wall),
            clock(back.wall)
        )
    });
    format!(
        "{} differs from {whom} in group {}: it {} since {} ({good}), theirs take {}{silence}",
        excerpt(sibling.name, 40),
        excerpt(group, 40),
        broken.way.one(),
        clock(broken.since.wall),
        millis(usual),
    )
}

/// Hosts that worked, and fail alike since about the same time. Plain silence is a path's matter
/// and not told here.
fn in_common(
    group: &str,
    siblings: &[Sibling<'_>],
    hosts: &[&Sibling<'_>],
) -> BTreeMap<TargetId, Contrast> {
    let began = |sibling: &Sibling<'_>| {
        let broken = sibling.course.broken()?;
        (broken.good.is_some() && broken.way != Way::Silent).then_some(broken)
    };
    let mut alike: BTreeMap<(Rung, Way), Vec<Now>> = BTreeMap::new();
    for broken in hosts.iter().filter_map(|host| began(host)) {
        alike.entry((broken.rung, broken.way)).or_default().push(broken.since);
    }
    let mut contrasts = BTreeMap::new();
    for ((rung, way), mut since) in alike {
        since.sort_by_key(|at| at.mono);
        let Some((first, last, number)) = most_within(&since) else { continue };
        if number < FEWEST_ALIKE || number * 3 < hosts.len() {
            continue;
        }
        let line = format!(
            "{number} of {} in group {} {} since {} ({}): look for a change rolled out then",
            count(u64::try_from(hosts.len()).unwrap_or(u64::MAX), "host"),
            excerpt(group, 40),
            way.many(),
            clock(first.wall),
            if first == last {
                "all at once".to_owned()
            } else {
                format!("the last of them {}", clock(last.wall))
            },
        );
        for sibling in siblings {
            let Some(broken) = began(sibling) else { continue };
            let within = first.mono <= broken.since.mono && broken.since.mono <= last.mono;
            if within && (broken.rung, broken.way) == (rung, way) {
                contrasts.insert(sibling.target, Contrast { rung, line: line.clone() });
            }
        }
    }
    contrasts
}

/// The most of `sorted` that lie within [`ROLLOUT`]: the first, the last and their number.
fn most_within(sorted: &[Now]) -> Option<(Now, Now, usize)> {
    let mut best = None;
    for (index, first) in sorted.iter().enumerate() {
        let until = first.mono.plus(ROLLOUT);
        let end = sorted.partition_point(|at| at.mono <= until);
        let number = end.saturating_sub(index);
        if let Some(last) = sorted.get(end.saturating_sub(1))
            && best.is_none_or(|(_, _, most)| number > most)
        {
            best = Some((*first, *last, number));
        }
    }
    best
}

#[cfg(test)]
mod tests;
