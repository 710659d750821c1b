//! Whose fault among siblings: how a failing host differs from the others of its group, and what
//! many of them have in common.
//!
//! [`compare`] holds the [`Course`]s of one group against each other. Only what was measured after a host began to fail counts as a
//! sound sibling: until then nobody knows whether the others fail too.

use super::course::{Broken, Course, Way};
use super::finding::Rung;
use super::target::TargetId;
use super::text::excerpt;
use super::thresholds::SiblingThresholds;
use super::time::Now;
use super::together::most_within;
use super::words::{clock, count, millis};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

/// A silence that ended longer before the failure is not told with it.
const BEFORE: Duration = Duration::from_mins(30);

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
    limits: SiblingThresholds,
    slack: Duration,
) -> BTreeMap<TargetId, Contrast> {
    let mut seen = BTreeSet::new();
    let hosts: Vec<&Sibling<'_>> =
        siblings.iter().filter(|sibling| seen.insert(sibling.address)).collect();
    let mut contrasts = in_common(group, siblings, &hosts, limits);
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
        if others < limits.least() || sound.len() * 4 < others * 3 {
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
    limits: SiblingThresholds,
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
        let most = most_within(&since, |at| at.mono, limits.together).unwrap_or_default();
        let ([first, ..], Some(last), number) = (most, most.last(), most.len()) else { continue };
        if number < limits.alike() || number * 3 < hosts.len() {
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

#[cfg(test)]
mod tests;
