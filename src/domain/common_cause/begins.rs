//! When a thing is seen to fail several hosts.

use super::{CommonCause, Example, How, Spared, Thing, Witness, Word};
use crate::domain::finding::Severity;
use crate::domain::target::TargetId;
use crate::domain::thresholds::CommonThresholds;
use crate::domain::time::{MonoTime, Now};
use crate::domain::together::most_within;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A target that the thing fails.
#[derive(Debug, Clone, Copy)]
pub(super) struct Failing<'a> {
    pub(super) target: TargetId,
    pub(super) name: &'a str,
    pub(super) how: How,
    pub(super) severity: Severity,
    pub(super) since: Now,
    pub(super) stands: bool,
    says: Option<&'a Arc<Example>>,
    maintained: bool,
}

/// The cause that `thing` is, when it is one: enough hosts began to fail by it within a while of each
/// other, of one at least it is a finding, and (nearly) nobody who asked since is served. Of a thing
/// that is one for all, who did not ask since fails with the others.
pub(super) fn begins(
    thing: &Thing,
    witnesses: &[Witness<'_>],
    limits: CommonThresholds,
) -> Option<CommonCause> {
    let mut failing: Vec<Failing<'_>> = witnesses.iter().filter_map(failing).collect();
    if failing.len() < thing.least(limits) {
        return None;
    }
    failing.sort_by_key(|one| (one.since.mono, one.target));
    let together = most_together(&failing, limits)?;
    let since = together.first()?.since;
    let presumed = || {
        let all = thing.is_one_for_all();
        witnesses.iter().filter(move |one| all && one.is_presumed(since))
    };
    let names = together.iter().map(|one| one.name).chain(presumed().map(|one| one.name));
    let hosts: BTreeSet<&str> = names.collect();
    if hosts.len() < limits.hosts() || !together.iter().any(|one| one.stands) {
        return None;
    }
    let served = served_since(witnesses, since);
    let of = together.len().saturating_add(served);
    if !limits.is_share(together.len(), of) {
        return None;
    }
    let mut cause = CommonCause::of(thing, together)?;
    presumed().for_each(|one| cause.keep(one));
    cause.of = of;
    Some(cause)
}

impl CommonCause {
    /// That `thing` fails these, who began to in this order.
    pub(super) fn of(thing: &Thing, together: &[Failing<'_>]) -> Option<Self> {
        let worst = together.iter().max_by_key(|one| (!one.maintained, one.severity))?;
        let worked_on = together.iter().filter(|one| one.maintained);
        Some(Self {
            thing: thing.clone(),
            how: most(together.iter().map(|one| one.how))?,
            severity: worst.severity,
            since: together.first()?.since,
            until: together.last()?.since,
            says: worst.says.cloned(),
            members: together.iter().map(|one| (one.target, one.name.to_owned())).collect(),
            maintained: worked_on.map(|one| one.target).collect(),
            unheard: BTreeMap::new(),
            explained: BTreeMap::new(),
            served: None,
            of: together.len(),
            spared: Spared::default(),
            in_turns: None,
            number: 0,
        })
    }
}

pub(super) fn failing<'a>(witness: &'a Witness<'_>) -> Option<Failing<'a>> {
    let Word::Fails { how, severity, since, stands } = witness.word else { return None };
    let Witness { target, name, maintained, .. } = *witness;
    let says = witness.says.as_ref();
    Some(Failing { target, name, how, severity, since, stands, says, maintained })
}

impl Witness<'_> {
    /// Since when it fails.
    #[must_use]
    pub const fn fails_since(&self) -> Option<MonoTime> {
        match self.word {
            Word::Fails { since, .. } => Some(since.mono),
            _ => None,
        }
    }

    /// Whether it fails as well by what is one for all: it did not ask since then.
    pub(super) fn is_presumed(&self, since: Now) -> bool {
        match self.word {
            Word::Works => self.at.mono < since.mono,
            Word::NotAsked => true,
            Word::Without | Word::Suffers | Word::Explained | Word::Fails { .. } => false,
        }
    }
}

/// How many were served by a probe that began since then: what was measured before says nothing.
pub(super) fn served_since(witnesses: &[Witness<'_>], since: Now) -> usize {
    let served =
        |witness: &&Witness<'_>| witness.word == Word::Works && witness.at.mono >= since.mono;
    witnesses.iter().filter(served).count()
}

/// The most of `sorted` that began within the span of each other.
pub(super) fn most_together<'a, 'b>(
    sorted: &'b [Failing<'a>],
    limits: CommonThresholds,
) -> Option<&'b [Failing<'a>]> {
    most_within(sorted, |one| one.since.mono, limits.together)
}

/// What most say.
pub(super) fn most(all: impl Iterator<Item = How>) -> Option<How> {
    let mut counted: BTreeMap<How, usize> = BTreeMap::new();
    for how in all {
        *counted.entry(how).or_default() += 1;
    }
    counted.into_iter().max_by_key(|(_, number)| *number).map(|(how, _)| how)
}
