//! What many hosts have in common is told together, on every screen alike.

use super::alert_list::Cause;
use super::order::{badness, by_badness};
use crate::domain::alert::Alert;
use crate::domain::finding::{Finding, Owner, RuleId};
use crate::domain::rules;
use crate::domain::snapshot::{Snapshot, TargetSnapshot};
use crate::domain::target::TargetId;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Hosts with the same cause from which on they are one line.
pub const MANY: usize = 5;

/// Those that stand by themselves, in their order, and the causes that `least` and more share.
#[must_use]
pub fn split<T, K: Ord>(
    all: impl IntoIterator<Item = T>,
    least: usize,
    cause: impl Fn(&T) -> Option<K>,
) -> (Vec<T>, BTreeMap<K, Vec<T>>) {
    let all: Vec<(Option<K>, T)> = all.into_iter().map(|one| (cause(&one), one)).collect();
    let mut sizes: BTreeMap<&K, usize> = BTreeMap::new();
    for cause in all.iter().filter_map(|(cause, _)| cause.as_ref()) {
        *sizes.entry(cause).or_default() += 1;
    }
    let many: Vec<bool> = all
        .iter()
        .map(|(cause, _)| cause.as_ref().and_then(|c| sizes.get(c)).is_some_and(|n| *n >= least))
        .collect();
    let (mut alone, mut shared) = (Vec::new(), BTreeMap::<K, Vec<T>>::new());
    for ((cause, one), many) in all.into_iter().zip(many) {
        match cause {
            Some(cause) if many => shared.entry(cause).or_default().push(one),
            _ => alone.push(one),
        }
    }
    (alone, shared)
}

/// A shared cause in a few words: those that all have in common, else the rule's.
#[must_use]
pub fn words<'t>(rule: RuleId, mut titles: impl Iterator<Item = &'t str>) -> &'t str {
    let first = titles.next().unwrap_or_default();
    if titles.all(|title| title == first) {
        return first;
    }
    rules::card(rule.0).map_or(first, |card| card.title)
}

/// Trouble with one cause.
#[derive(Debug, Clone)]
pub struct Trouble<'a> {
    /// The worst of them.
    pub worst: &'a TargetSnapshot,
    /// How many hosts have it.
    pub hosts: usize,
    /// What it is, in a few words.
    pub title: &'a str,
    /// Who can fix it, when that is the same for all.
    pub owner: Option<Owner>,
}

impl<'a> Trouble<'a> {
    /// Where one of `common` tells of several of them, it says who can fix it: not who would be asked of a
    /// single host.
    fn of(hosts: &[&'a TargetSnapshot], common: &[Finding]) -> Option<Self> {
        let worst = hosts.iter().copied().min_by(|a, b| by_badness(a, b))?;
        let findings = || hosts.iter().filter_map(|host| host.worst());
        let title = |finding: &'a Finding| finding.title.as_str();
        let first = worst.worst();
        let told = first.and_then(|first| {
            let ids = || hosts.iter().map(|host| &host.target.id);
            let mut told = common.iter().filter(|_| hosts.len() > 1);
            told.find(|finding| finding.tells(first.rule, ids()))
        });
        let owner = first.map(|finding| finding.owner);
        let owner = owner.filter(|owner| findings().all(|finding| finding.owner == *owner));
        Some(Self {
            worst,
            hosts: hosts.len(),
            title: first.map_or("", |first| words(first.rule, findings().map(title))),
            owner: told.map(|finding| finding.owner).or(owner),
        })
    }

    /// Whether several hosts share it.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        self.hosts > 1
    }
}

/// What is wrong, cause by cause: what nobody has seen to first, then the worst, then what most
/// hosts share.
#[must_use]
pub fn troubles(snapshot: &Snapshot) -> Vec<Trouble<'_>> {
    let hosts = snapshot.targets.iter().map(AsRef::as_ref);
    told_with(hosts, MANY, &snapshot.seen_to(), &snapshot.monitor.findings)
}

/// The same of these hosts, where a cause is shared by `least` and more. Somebody has seen to `seen`.
#[must_use]
pub fn among<'a>(
    hosts: impl IntoIterator<Item = &'a TargetSnapshot>,
    least: usize,
    seen: &BTreeMap<TargetId, &Alert>,
) -> Vec<Trouble<'a>> {
    told_with(hosts, least, seen, &[])
}

fn told_with<'a>(
    hosts: impl IntoIterator<Item = &'a TargetSnapshot>,
    least: usize,
    seen: &BTreeMap<TargetId, &Alert>,
    common: &[Finding],
) -> Vec<Trouble<'a>> {
    let trouble = hosts.into_iter().filter(|target| target.is_in_trouble());
    let (alone, shared) = split(trouble, least, |target| of_host(target, seen));
    let alone = alone.into_iter().filter_map(|host| Trouble::of(&[host], common));
    let shared = shared.into_values().filter_map(|hosts| Trouble::of(&hosts, common));
    let mut troubles: Vec<Trouble<'a>> = alone.chain(shared).collect();
    let seen = |host: &TargetSnapshot| seen.contains_key(&host.target.id);
    troubles.sort_by(|a, b| {
        let shared = |t: &Trouble<'_>| {
            let rule = t.worst.worst().map(|finding| finding.rule);
            (t.hosts >= least).then_some((Reverse(t.hosts), rule))
        };
        let rank = |t: &Trouble<'_>| {
            let shared = shared(t);
            (seen(t.worst), badness(t.worst), Reverse(shared.is_some()), shared)
        };
        rank(a).cmp(&rank(b)).then_with(|| by_badness(a.worst, b.worst))
    });
    troubles
}

/// The cause of each host that is in trouble, and how many hosts have the same.
#[must_use]
pub fn shared(snapshot: &Snapshot) -> BTreeMap<TargetId, (Cause, usize)> {
    let seen = snapshot.seen_to();
    let trouble = snapshot.targets.iter().filter(|host| host.is_in_trouble());
    let causes: Vec<(TargetId, Cause)> =
        trouble.filter_map(|host| Some((host.target.id, of_host(host, &seen)?))).collect();
    let mut sizes: BTreeMap<Cause, usize> = BTreeMap::new();
    for (_, cause) in &causes {
        *sizes.entry(*cause).or_default() += 1;
    }
    let size = |cause: &Cause| sizes.get(cause).copied().unwrap_or_default();
    causes.into_iter().map(|(id, cause)| (id, (cause, size(&cause)))).collect()
}

/// The cause of a host's trouble.
fn of_host(host: &TargetSnapshot, seen: &BTreeMap<TargetId, &Alert>) -> Option<Cause> {
    host.worst().map(|finding| Cause {
        pending: false,
        severity: finding.severity,
        muted: seen.contains_key(&host.target.id),
        rule: finding.rule,
    })
}

/// One problem among the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem<'a> {
    /// The places of its rows, the first of them in front; never empty.
    pub rows: Vec<usize>,
    /// What it is, in a few words.
    pub title: &'a str,
}

/// The problems among these rows, in the order of their first row: each host in trouble that stands
/// alone, and each cause that many share.
#[must_use]
pub fn problems<'a>(rows: &[&'a TargetSnapshot], snapshot: &Snapshot) -> Vec<Problem<'a>> {
    let seen = snapshot.seen_to();
    let trouble = (0..).zip(rows).filter(|(_, host)| host.is_in_trouble()).map(|(place, _)| place);
    let cause = |place: &usize| rows.get(*place).and_then(|host| of_host(host, &seen));
    let (alone, shared) = split(trouble, MANY, cause);
    let alone = alone.into_iter().map(|place| vec![place]);
    let mut problems: Vec<Problem<'a>> = alone
        .chain(shared.into_values())
        .map(|of| {
            let hosts: Vec<&'a TargetSnapshot> =
                of.iter().filter_map(|place| rows.get(*place).copied()).collect();
            let title = Trouble::of(&hosts, &[]).map_or("", |trouble| trouble.title);
            Problem { rows: of, title }
        })
        .collect();
    problems.sort_by(|a, b| a.rows.first().cmp(&b.rows.first()));
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_stand_alone_in_their_order_and_many_together() {
        let all = ["a1", "b1", "a2", "b2", "a3", "c1", "a4", "b3", "a5", "-"];
        let (alone, shared) = split(all, MANY, |text| text.chars().next().filter(|c| *c != '-'));
        assert_eq!(alone, ["b1", "b2", "c1", "b3", "-"]);
        assert_eq!(shared, BTreeMap::from([('a', vec!["a1", "a2", "a3", "a4", "a5"])]));
    }

    #[test]
    fn words_that_differ_give_way_to_those_of_the_rule() {
        let rule = RuleId("port-closed");
        assert_eq!(words(rule, ["port 3389 closed"; 3].into_iter()), "port 3389 closed");
        let other = ["port 3389 closed", "port 3390 closed"];
        assert_eq!(words(rule, other.into_iter()), "port closed");
        assert_eq!(words(RuleId("none-such"), other.into_iter()), "port 3389 closed");
    }
}
