//! Whether a path that broke is still down.

use super::begins::{hosts as hosts_of, is_path, least};
use super::ground::Beside;
use super::{Answered, Fault, Ground, Member, Outage, Within};
use crate::domain::target::TargetId;
use crate::domain::time::Now;
use crate::domain::together::UNSTEADY;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

impl Outage {
    /// Whether most of the hosts of either are those of the other; of the same scope, most of those
    /// of the smaller one.
    pub(super) fn is_same_path(&self, other: &Self) -> bool {
        let both = self.members.keys().filter(|id| other.members.contains_key(id)).count();
        let (own, theirs) = (self.members.len(), other.members.len());
        let least = if self.scope == other.scope { own.min(theirs) } else { own.max(theirs) };
        both * 2 > least
    }

    /// Whether `member` answers again. Where the name led elsewhere meanwhile, an answer from there
    /// shows nothing before Remote Desktop is reached.
    fn is_back(&self, member: &Member<'_>) -> bool {
        let same = self.members.get(&member.target).is_none_or(|at| *at == member.address);
        let answers = member.silent_since.is_none() && !member.loses;
        answers && if same { member.has_say() } else { member.accepts }
    }

    /// Whether it lets a packet through now and then: it is not back while those who answer lose
    /// most of the others.
    fn is_lossy(&self) -> bool {
        self.losing >= least(&self.limits)
    }

    /// Whether enough of those who can speak for the path are silent. A PC may have gone to sleep
    /// meanwhile: once half of all are back, only hosts that never sleep show that it is down.
    fn holds_still(&self, members: &[Member<'_>], known: &BTreeMap<TargetId, &Member<'_>>) -> bool {
        let half_back = self.back.len() * 2 >= self.members.len();
        let shown =
            self.tunnel.is_some() || self.fault.as_ref().is_some_and(Fault::is_proven_tunnel);
        let shown = |member: &Member<'_>| shown || self.voters.contains(&member.target);
        let votes = |member: &&Member<'_>| !member.sleeps || (shown(member) && !half_back);
        let takes = |member: &&Member<'_>| match &self.within {
            Some(one) => self.left.contains(&member.target) || member.group == Some(&*one.group),
            None => self.members.contains_key(&member.target) || self.scope.takes(member),
        };
        let voters = || members.iter().filter(takes).filter(votes);
        let silent = |member: &&Member<'_>| self.holds(member.target);
        let answers = |member: &&Member<'_>| member.has_say() && member.silent_since.is_none();
        // Whoever has another address now, or of whom nothing is known at it yet, was silent at the
        // one that it had.
        let unknown =
            self.members.iter().filter(|(id, _)| self.holds(**id) && !known.contains_key(id));
        let unknown = unknown.map(|(_, address)| *address);
        let address =
            |member: &Member<'_>| *self.members.get(&member.target).unwrap_or(&member.address);
        let down: BTreeSet<IpAddr> = voters().filter(silent).map(address).chain(unknown).collect();
        let up = voters().filter(answers).map(address);
        let all = up.chain(down.iter().copied()).collect::<BTreeSet<_>>().len();
        is_path(down.len(), all, &self.limits)
    }

    /// Takes in who fell silent with it and who is back.
    pub(super) fn follow(&mut self, members: &[Member<'_>], ground: &Ground, now: Now) {
        let together = self.limits.together;
        let known: BTreeMap<TargetId, &Member<'_>> =
            members.iter().map(|member| (member.target, member)).collect();
        self.losing =
            self.members.keys().filter(|id| known.get(id).is_some_and(|m| m.loses)).count();
        self.take_in(members);
        for id in self.members.keys() {
            // Of one whose statistics were reset nothing is known yet.
            let Some(member) = known.get(id) else { continue };
            if self.is_back(member) {
                self.back.entry(*id).or_insert(now);
            } else if self.is_lossy()
                || self.back.get(id).is_some_and(|at| now.mono.since(at.mono) <= together)
            {
                self.back.remove(id);
            }
        }
        self.relapse(&known, now);
        let holds = self.holds_still(members, &known);
        self.good = if holds { None } else { self.good.or(Some(now.mono)) };
        self.alerts |= holds && now.mono.since(self.since.mono) >= self.limits.lasts;
        let own: Vec<&Member<'_>> =
            self.members.keys().filter_map(|id| known.get(id).copied()).collect();
        if holds && self.back.is_empty() {
            self.locate(&own, members, ground, now);
            self.hear(&own);
        }
        if self.tunnel.is_none()
            && let Some(Beside { what, took, .. }) =
                ground.tunnel_about(&own, self.since, self.since)
        {
            (self.tunnel, self.took) = (Some(what), took);
        }
        if self.nearer.is_none() {
            self.nearer.clone_from(&ground.nearer);
        }
        self.leave(members, now);
        let other = |one: &&Member<'_>| self.scope.takes(one) && !self.left.contains(&one.target);
        let heard = |one: &Member<'_>| one.heard.is_some_and(|at| at > self.since.mono);
        self.spares |= members.iter().filter(other).any(heard);
    }

    /// Takes in where on the way it is, by what controls show while nobody is back.
    fn locate(&mut self, own: &[&Member<'_>], members: &[Member<'_>], ground: &Ground, now: Now) {
        let fault = ground.fault(own.iter().copied(), members);
        // The control that was silent too answers again, and the hosts do not.
        let mended = self
            .fault
            .as_ref()
            .is_some_and(|fault| fault.silent.is_some() && ground.reaches(fault.stretch));
        self.sound = if mended { self.sound.or(Some(now.mono)) } else { None };
        let passed = self.sound.is_some_and(|at| now.mono.since(at) > self.limits.together);
        // At first the controls may not have missed enough yet; what they show later stands.
        let proves = fault.as_ref().is_some_and(|fault| fault.silent.is_some());
        if proves || passed || (fault.is_some() && !self.alerts) {
            self.fault = fault;
        }
    }

    /// Takes in who falls silent shortly after the newest of its members, and who suffers from it while
    /// it lets little through.
    fn take_in(&mut self, members: &[Member<'_>]) {
        let together = self.limits.together;
        let mut others: Vec<&Member<'_>> = members
            .iter()
            .filter(|one| one.silent_since.is_some() || one.loses)
            .filter(|one| self.admits(one) && !self.members.contains_key(&one.target))
            .collect();
        others.sort_by_key(|one| (one.silent_since.map(|at| at.mono), one.target));
        for member in others {
            let suffers = self.is_lossy() && !member.sleeps;
            let joins =
                member.silent_since.zip(member.silent_after()).is_some_and(|(at, after)| {
                    at.mono.plus(together) >= self.since.mono
                        && self.until.mono.plus(together) >= after
                });
            if !joins && !suffers {
                continue;
            }
            self.members.insert(member.target, member.address);
            self.voters.extend((!member.sleeps).then_some(member.target));
            // Nobody saw when one fell silent that never answered, and sleep comes one by one.
            let seen = member.answered == Answered::InThisRun && !member.sleeps;
            let newer = |at: &Now| seen && at.mono > self.until.mono;
            self.until = member.silent_since.filter(newer).unwrap_or(self.until);
        }
    }

    /// Takes those in again who were back and fall silent once more, when they are enough for a path.
    fn relapse(&mut self, known: &BTreeMap<TargetId, &Member<'_>>, now: Now) {
        let silent = |id: &TargetId| known.get(id).is_some_and(|m| m.silent_since.is_some());
        let lately = self.back.iter().filter(|(_, at)| now.mono.since(at.mono) <= UNSTEADY);
        let again: BTreeSet<TargetId> = lately.map(|(id, _)| *id).filter(silent).collect();
        let hosts = again.iter().filter_map(|id| known.get(id).copied());
        if hosts_of(hosts) >= least(&self.limits) {
            self.back.retain(|id, _| !again.contains(id));
        }
    }

    /// Whether `member` may join it: once one group is known to be dark alone, nobody else does.
    fn admits(&self, member: &Member<'_>) -> bool {
        let within = self.within.as_ref().is_none_or(|one| member.group == Some(&*one.group));
        within && self.scope.takes(member)
    }

    /// Takes in who is left in it, and whether they are of one group.
    fn leave(&mut self, members: &[Member<'_>], now: Now) {
        let settled = |at: &Now| now.mono.since(at.mono) > self.limits.together;
        let left = self.members.keys().filter(|id| !self.back.get(id).is_some_and(settled));
        let left: BTreeSet<TargetId> = left.copied().collect();
        if !left.is_empty() {
            self.left = left;
        }
        // Before that, others may be about to fall silent too.
        if now.mono.since(self.until.mono) >= self.limits.lasts.max(self.limits.together) {
            self.within = self.only_group(members);
            if self.let_go(members) {
                self.most = 0;
            }
        }
        if self.left.len() >= self.most {
            self.most = self.left.len();
            self.most_within.clone_from(&self.within);
        }
        self.see_group(members);
    }

    /// The group of nearly all who are left, when others answer that are no members of it.
    fn only_group(&self, members: &[Member<'_>]) -> Option<Within> {
        let scope = || members.iter().filter(|member| self.scope.takes(member));
        let left = || scope().filter(|member| self.left.contains(&member.target));
        let mut dark: BTreeMap<&str, usize> = BTreeMap::new();
        left()
            .filter_map(|member| member.group)
            .for_each(|group| *dark.entry(group).or_default() += 1);
        let group = dark.into_iter().max_by_key(|(_, count)| *count)?.0;
        let of_it = |member: &&Member<'_>| member.group == Some(group);
        let other = |member: &&Member<'_>| !of_it(member);
        let answers = |member: &&Member<'_>| {
            other(member) && member.has_say() && member.silent_since.is_none()
        };
        let has_say = |member: &&Member<'_>| of_it(member) && member.has_say();
        let of = scope().filter(has_say).count();
        let dark = hosts_of(left().filter(of_it));
        // Whoever fell silent with others of its own group did not do so by chance.
        let mut in_it: BTreeMap<Option<&str>, usize> = BTreeMap::new();
        scope()
            .filter(|member| self.members.contains_key(&member.target))
            .for_each(|member| *in_it.entry(member.group).or_default() += 1);
        let companions = |one: &Member<'_>| in_it.get(&one.group).is_some_and(|count| *count > 1);
        let alone = hosts_of(left().filter(other)) < least(&self.limits)
            && !left().filter(other).any(companions)
            && scope().any(|member| answers(&member))
            && is_path(dark, hosts_of(scope().filter(has_say)), &self.limits);
        alone.then(|| Within { group: group.to_owned(), of })
    }

    /// Lets go of those who are silent and no members of the group that is dark: each of them is
    /// judged by itself. Whether there is any.
    fn let_go(&mut self, members: &[Member<'_>]) -> bool {
        let Some(within) = &self.within else { return false };
        let other = |member: &&Member<'_>| member.group != Some(&*within.group);
        let own: Vec<TargetId> = members.iter().filter(other).map(|member| member.target).collect();
        let own: Vec<TargetId> = own.into_iter().filter(|id| self.holds(*id)).collect();
        for id in &own {
            self.members.remove(id);
            self.voters.remove(id);
            self.left.remove(id);
        }
        !own.is_empty()
    }
}
