//! Whether hosts that are silent fell silent together.

use super::{Answered, Fault, Ground, KEPT, Member, Outage, RememberedOutage, SAVED, Scope};
use crate::domain::thresholds::PathThresholds;
use crate::domain::time::{MonoTime, Now};
use crate::domain::together::is_share;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Who answered so shortly before this run began fell silent then, with those of whom the same is
/// known as closely as [`SAVED`].
const PAUSE: Duration = Duration::from_mins(10);

/// The scopes in which enough are silent, the widest first: an outage of all that are behind a router
/// is not told again by group.
pub(super) fn scopes(members: &[Member<'_>], least: usize) -> Vec<Scope> {
    let (mut tunnels, mut groups) = (BTreeMap::new(), BTreeMap::new());
    for member in members.iter().filter(|member| member.silent_since.is_some()) {
        for (counts, name) in [(&mut tunnels, member.tunnel), (&mut groups, member.group)] {
            if let Some(name) = name {
                *counts.entry(name).or_insert(0) += 1;
            }
        }
    }
    let enough = |counts: BTreeMap<&str, usize>| -> Vec<String> {
        let counts = counts.into_iter().filter(|(_, silent)| *silent >= least);
        counts.map(|(name, _)| name.to_owned()).collect()
    };
    let mut scopes: Vec<Scope> = std::iter::once(Scope::Routed)
        .chain(enough(tunnels).into_iter().map(Scope::Tunnel))
        .chain(enough(groups).into_iter().map(Scope::Group))
        .collect();
    scopes.sort();
    scopes
}

/// A control that answers has proved itself so long after the start.
const PROVING: Duration = Duration::from_secs(25);

/// How a member is reached: behind a router or not, and through which tunnel, unescaped.
type By<'a> = (bool, Option<&'a str>);

/// The ways by which somebody answers.
pub(super) fn ways_that_answer<'m>(members: &[Member<'m>]) -> BTreeSet<By<'m>> {
    let answers = |one: &&Member<'_>| one.has_say() && one.silent_since.is_none();
    members.iter().filter(answers).map(|one| (one.routed, one.tunnel)).collect()
}

/// What silence is held against.
pub(super) struct Known<'a, 'm> {
    pub(super) members: &'a [Member<'m>],
    /// Ways by which somebody answers.
    pub(super) ways: &'a BTreeSet<By<'m>>,
    pub(super) ground: &'a Ground,
    pub(super) remembered: &'a [RememberedOutage],
}

/// The largest set of members that fell silent together, when it is large enough.
pub(super) fn begins(
    scope: Scope,
    concerned: &[&Member<'_>],
    known: &Known<'_, '_>,
    now: Now,
) -> Option<Outage> {
    let Known { members, ground, remembered, .. } = *known;
    let mut silent: Vec<(Now, &Member<'_>)> =
        concerned.iter().filter_map(|member| member.silent_since.map(|at| (at, *member))).collect();
    silent.sort_by_key(|(at, member)| (at.mono, member.target));
    let mut earliest: Vec<MonoTime> =
        silent.iter().filter_map(|(_, member)| member.silent_after()).collect();
    earliest.sort_unstable();
    // Whoever is before the first of them may have fallen silent before it too.
    let with = |(before, (first, _)): &(usize, &(Now, &Member<'_>))| {
        let until = first.mono.plus(ground.limits.together);
        earliest.partition_point(|at| *at <= until).saturating_sub(*before)
    };
    let (start, (first, _)) = silent.iter().enumerate().max_by_key(with)?;
    let until = first.mono.plus(ground.limits.together);
    let joins = |(_, member): &&(Now, &Member<'_>)| {
        member.silent_after().is_some_and(|earliest| earliest <= until)
    };
    let cluster: Vec<(Now, &Member<'_>)> =
        silent.iter().skip(start).filter(joins).copied().collect();
    let (first, last) = (cluster.first()?.0, cluster.last()?.0);
    // Where others are reached outside of it, only those behind the tunnel are its scope.
    let through = one_way(cluster.iter().map(|(_, member)| *member))
        .is_some_and(|member| member.tunnel.is_some());
    if scope == Scope::Routed && through && one_way(concerned.iter().copied()).is_none() {
        return None;
    }
    let fallen: Vec<&Member<'_>> = cluster.iter().map(|(_, member)| *member).collect();
    let tunnel = ground.tunnel_about(&fallen, first, last);
    let fault = ground.fault(cluster.iter().map(|(_, member)| *member), members);
    // Sleep ends many PCs within seconds when a policy says so; a tunnel that changed, or a host
    // that never sleeps, shows that it is the path.
    let fresh = now.mono.since(last.mono) <= KEPT;
    let shown = tunnel.is_some() || fault.as_ref().is_some_and(Fault::is_proven_tunnel);
    let newest = cluster.iter().filter_map(|(_, member)| member.unwatched()).min();
    let votes = |member: &Member<'_>| {
        (!member.sleeps || (shown && fresh)) && was_there(member, newest, known)
    };
    let voters = hosts(cluster.iter().map(|(_, member)| *member).filter(|member| votes(member)));
    let of = hosts(concerned.iter().copied().filter(|member| votes(member)));
    let limits = ground.limits_with(tunnel.as_ref(), first);
    if !is_path(voters, of, &limits) {
        return None;
    }
    let found = !cluster.iter().any(|(_, member)| member.answered == Answered::InThisRun);
    // Controls that have not proved themselves yet may be about to answer.
    if ground.nearer.is_none() && found && now.mono.since(first.mono) < PROVING {
        return None;
    }
    // Without anything that answers, only the silence of all at once shows that it is not the hosts.
    if ground.nearer.is_none() && (scope != Scope::Routed || voters * 10 < of * 9) {
        return None;
    }
    // What an earlier run saw begin lasts since then.
    let past = cluster.iter().find_map(|(_, member)| member.recalled(remembered));
    let since = past.map_or(first.wall, |past| past.since);
    let until = past.map_or(last.wall, |past| past.until);
    Some(Outage {
        found: found && past.is_none(),
        until: Now { wall: until, ..last },
        members: cluster.iter().map(|(_, member)| (member.target, member.address)).collect(),
        voters: cluster
            .iter()
            .filter(|(_, member)| !member.sleeps)
            .map(|(_, member)| member.target)
            .collect(),
        most: cluster.len(),
        left: cluster.iter().map(|(_, member)| member.target).collect(),
        of: members.iter().filter(|member| scope.takes(member) && member.has_say()).count(),
        limits,
        change: ground.change_before(first).filter(|_| tunnel.is_none()),
        took: tunnel.as_ref().is_some_and(|tunnel| tunnel.took),
        tunnel: tunnel.map(|tunnel| tunnel.what),
        fault,
        ..Outage::new(scope, Now { wall: since, ..first }, ground.nearer.clone())
    })
}

/// Whether the silence of a host shows a path. That of one that never answered in this run does where
/// nobody answers that is reached the same way; but one of which is known when it last answered does
/// so with those of whom the same is known, the `newest` of the others among them: just before the
/// run began, in an outage of an earlier run, or where nobody answers. When the silence of any other
/// began nobody knows: it may have been off for days.
fn was_there(member: &Member<'_>, newest: Option<Duration>, known: &Known<'_, '_>) -> bool {
    let nobody = || !known.ways.contains(&(member.routed, member.tunnel));
    match member.answered {
        Answered::InThisRun => true,
        Answered::Never => nobody(),
        Answered::Before(unwatched) => {
            let together = newest.is_some_and(|newest| unwatched.saturating_sub(newest) <= SAVED);
            member.recalled(known.remembered).is_some()
                || together && (unwatched <= PAUSE || nobody())
        }
    }
}

/// Any of `members`, when all are reached through the same tunnel, or all outside of any.
pub(super) fn one_way<'a, 'm: 'a>(
    mut members: impl Iterator<Item = &'a Member<'m>>,
) -> Option<&'a Member<'m>> {
    let first = members.next()?;
    members.all(|member| member.tunnel == first.tunnel).then_some(first)
}

/// How many machines `members` are.
pub(super) fn hosts<'a, 'm: 'a>(members: impl Iterator<Item = &'a Member<'m>>) -> usize {
    members.map(|member| member.address).collect::<BTreeSet<_>>().len()
}

/// Whether so many silent hosts are a path that is down.
pub(super) fn is_path(silent: usize, of: usize, limits: &PathThresholds) -> bool {
    silent >= least(limits) && is_share(silent, of, limits.share_pct)
}

/// Fewer hosts are no path.
pub(super) fn least(limits: &PathThresholds) -> usize {
    usize::try_from(limits.hosts).unwrap_or(usize::MAX)
}
