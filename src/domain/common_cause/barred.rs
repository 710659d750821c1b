//! A firewall that bars one port of some hosts, while they answer otherwise.

use super::begins::{Failing, failing, most_together};
use super::follow::Seen;
use super::{CommonCause, Spared, Thing, Witness, Word};
use crate::domain::target::TargetId;
use crate::domain::thresholds::CommonThresholds;
use crate::domain::time::{MonoTime, Now};
use std::collections::BTreeSet;

/// When so many others were reached and none fails alike, a host that fails does so by itself: of a
/// firewall that bars a third of all hosts, one of so many shows it with a probability of 96 %.
const ENOUGH: usize = 8;
/// How many of those that are reached are named.
const NAMED: usize = 3;

/// The cause that a port is, when it is one: of enough hosts that it failed within a while of each
/// other it is a finding, and half of all that have the port were asked since, or there was time to.
/// `taken` says who fails by another cause already.
pub(super) fn begins(
    thing: &Thing,
    witnesses: &[Witness<'_>],
    taken: impl Fn(TargetId) -> bool,
    limits: CommonThresholds,
    now: Now,
) -> Option<CommonCause> {
    let free = witnesses.iter().filter(|one| !taken(one.target));
    let mut all: Vec<Failing<'_>> = free.filter_map(failing).collect();
    if all.len() < limits.hosts() {
        return None;
    }
    all.sort_by_key(|one| (one.since.mono, one.target));
    let together = most_together(&all, limits)?;
    let standing = together.iter().filter(|one| one.stands).map(|one| one.name);
    let hosts: BTreeSet<&str> = standing.collect();
    if hosts.len() < limits.hosts() {
        return None;
    }
    let mut cause = CommonCause::of(thing, together)?;
    cause.spare(witnesses);
    let asked = together.len().saturating_add(cause.spared.number);
    let settled =
        asked.saturating_mul(2) >= cause.of || now.mono.since(cause.since.mono) >= limits.together;
    settled.then_some(cause)
}

impl CommonCause {
    /// Brings up to date whom it bars. Whether it is over: fewer are left than make a cause.
    pub(super) fn follow_barred(
        &mut self,
        witnesses: &[Witness<'_>],
        limits: CommonThresholds,
        now: Now,
    ) -> bool {
        let mut seen = Seen::default();
        for witness in witnesses {
            let known = self.members.contains_key(&witness.target);
            match witness.word {
                Word::Fails { since, .. } if known || self.joins(since, limits) => {
                    self.until = std::cmp::max_by_key(self.until, since, |at| at.mono);
                    seen.add(witness);
                    self.keep(witness);
                }
                _ => self.let_go(witness.target),
            }
        }
        self.miss(witnesses, now);
        self.heed(seen);
        self.spare(witnesses);
        self.members.len() < limits.hosts()
    }

    /// Whether who fails since then is barred with the others: it began to shortly before the first
    /// of them or shortly after the last.
    fn joins(&self, since: Now, limits: CommonThresholds) -> bool {
        since.mono.plus(limits.together) >= self.since.mono
            && self.until.mono.plus(limits.together) >= since.mono
    }

    /// Notes who is reached at the port, and how many have it.
    fn spare(&mut self, witnesses: &[Witness<'_>]) {
        let works = witnesses.iter().filter(|one| one.word == Word::Works).count();
        self.of = self.members.len().saturating_add(works);
        self.spared = Spared::since(witnesses, self.since);
    }
}

impl Spared {
    /// Who is served by a probe that began since then.
    pub(super) fn since(witnesses: &[Witness<'_>], since: Now) -> Self {
        let works = |one: &&Witness<'_>| one.word == Word::Works && one.at.mono >= since.mono;
        let works = || witnesses.iter().filter(works);
        let names = works().take(NAMED).map(|one| one.name.to_owned()).collect();
        Self { number: works().count(), names }
    }
}

/// Whose failure at a port may be one of many, as far as is known at `now`: it is so fresh that others
/// that have the port were not asked since, and what was asked does not show that it is alone. Nobody
/// is waited for longer than hosts fail together.
#[must_use]
pub fn undecided(witnesses: &[Witness<'_>], limits: CommonThresholds, now: Now) -> Vec<TargetId> {
    let fails: Vec<Failing<'_>> = witnesses.iter().filter_map(failing).collect();
    let fresh = |one: &&Failing<'_>| now.mono.since(one.since.mono) < limits.together;
    let works = witnesses.iter().filter(|one| one.word == Word::Works).map(|one| one.at.mono);
    let works = sorted(works);
    let began = sorted(fails.iter().map(|one| one.since.mono));
    let others = fails.len().saturating_add(works.len());
    let waits = |one: &&Failing<'_>| {
        let since = one.since.mono;
        let waiting = works.partition_point(|at| *at < since);
        let reached = works.len().saturating_sub(waiting);
        let before = began.partition_point(|at| at.plus(limits.together) < since);
        let until = began.partition_point(|at| *at <= since.plus(limits.together));
        // Itself and those that began to fail about then.
        let alike = until.saturating_sub(before);
        let alone = alike <= 1 && reached >= ENOUGH;
        alike >= limits.hosts() || (waiting > 0 && !alone)
    };
    if others < limits.hosts() {
        return Vec::new();
    }
    fails.iter().filter(fresh).filter(waits).map(|one| one.target).collect()
}

fn sorted(times: impl Iterator<Item = MonoTime>) -> Vec<MonoTime> {
    let mut times: Vec<MonoTime> = times.collect();
    times.sort_unstable();
    times
}
