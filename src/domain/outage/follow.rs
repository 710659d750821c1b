//! Whether a path that broke is still down.

use super::begins::is_path;
use super::{Fault, Ground, Member, Outage, Within};
use crate::domain::target::TargetId;
use crate::domain::time::Now;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

impl Outage {
    /// Whether most of the hosts of either are those of the other.
    pub(super) fn is_same_path(&self, other: &Self) -> bool {
        let both = self.members.keys().filter(|id| other.members.contains_key(id)).count();
        both * 2 > self.members.len().max(other.members.len())
    }

    /// Whether `member` answers again. Where the name led elsewhere meanwhile, an answer from there
    /// shows nothing before Remote Desktop is reached.
    fn is_back(&self, member: &Member<'_>) -> bool {
        let same = self.members.get(&member.target).is_none_or(|at| *at == member.address);
        member.silent_since.is_none() && if same { member.has_say() } else { member.accepts }
    }

    /// Whether enough of those who can speak for the path are silent. A PC may have gone to sleep
    /// meanwhile: once half of all are back, only hosts that never sleep show that it is down.
    fn holds_still(&self, members: &[Member<'_>], known: &BTreeMap<TargetId, &Member<'_>>) -> bool {
        let half_back = self.back.len() * 2 >= self.members.len();
        let shown =
            self.tunnel.is_some() || self.fault.as_ref().is_some_and(Fault::is_proven_tunnel);
        let votes = |member: &&Member<'_>| !member.sleeps || (shown && !half_back);
        let voters = || members.iter().filter(|member| self.scope.takes(member)).filter(votes);
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
        for member in members.iter().filter(|member| self.scope.takes(member)) {
            let joins = member.silent_since.is_some_and(|at| {
                at.mono.plus(together) >= self.since.mono
                    && self.since.mono.plus(together) >= at.mono
            });
            if joins {
                self.members.entry(member.target).or_insert(member.address);
            }
        }
        for id in self.members.keys() {
            // Of one whose statistics were reset nothing is known yet.
            let Some(member) = known.get(id) else { continue };
            if self.is_back(member) {
                self.back.entry(*id).or_insert(now);
            } else if self.back.get(id).is_some_and(|at| now.mono.since(at.mono) <= together) {
                self.back.remove(id);
            }
        }
        let holds = self.holds_still(members, &known);
        self.good_rounds = if holds { 0 } else { self.good_rounds.saturating_add(1) };
        self.alerts |= holds && now.mono.since(self.since.mono) >= self.limits.lasts;
        if holds && self.back.is_empty() {
            let silent = self.members.keys().filter_map(|id| known.get(id).copied());
            let fault = ground.fault(silent, members);
            // At first the controls may not have missed enough yet; what they show later stands.
            let proves = fault.as_ref().is_some_and(|fault| fault.silent.is_some());
            if proves || (fault.is_some() && !self.alerts) {
                self.fault = fault;
            }
        }
        if self.tunnel.is_none() {
            self.tunnel = ground.tunnel_about(self.since, self.since);
        }
        if self.nearer.is_none() {
            self.nearer.clone_from(&ground.nearer);
        }
        self.leave(members, now);
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
        if now.mono.since(self.since.mono) >= self.limits.lasts.max(self.limits.together) {
            self.within = self.only_group(members);
        }
    }

    /// The group of all who are left, when others answer that are no members of it.
    fn only_group(&self, members: &[Member<'_>]) -> Option<Within> {
        let scope = || members.iter().filter(|member| self.scope.takes(member));
        let mut left = scope().filter(|member| self.left.contains(&member.target));
        let group = left.next()?.group?;
        let answers = |member: &Member<'_>| {
            member.group != Some(group) && member.has_say() && member.silent_since.is_none()
        };
        if left.any(|member| member.group != Some(group)) || !scope().any(answers) {
            return None;
        }
        let of = scope().filter(|member| member.group == Some(group) && member.has_say()).count();
        Some(Within { group: group.to_owned(), of })
    }
}
