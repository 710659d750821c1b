//! What becomes of a thing that fails several hosts.

use super::begins::{most, served_since};
use super::{CommonCause, How, Witness, Word};
use crate::domain::target::TargetId;
use crate::domain::thresholds::CommonThresholds;
use crate::domain::time::Now;
use std::collections::BTreeSet;
use std::time::Duration;

/// Who was not asked for so long after the first was served again is not waited for.
const PATIENCE: Duration = Duration::from_mins(5);

/// What those say that fail by a cause.
#[derive(Debug, Default)]
pub(super) struct Seen<'a> {
    hows: Vec<How>,
    worst: Option<&'a Witness<'a>>,
}

impl<'a> Seen<'a> {
    /// Of whom nothing is planned comes first.
    pub(super) fn add(&mut self, witness: &'a Witness<'a>) {
        let Word::Fails { how, .. } = witness.word else { return };
        self.hows.push(how);
        let order = |one: &Witness<'_>| match one.word {
            Word::Fails { severity, .. } => Some((!one.maintained, severity)),
            _ => None,
        };
        if self.worst.is_none_or(|worst| order(witness) > order(worst)) {
            self.worst = Some(witness);
        }
    }
}

impl CommonCause {
    /// Brings up to date who fails by it. Whether it is over: not (nearly) everybody fails any more who
    /// was asked since the first was served again, and everybody was; or nobody is left.
    pub(super) fn follow(
        &mut self,
        witnesses: &[Witness<'_>],
        limits: CommonThresholds,
        now: Now,
    ) -> bool {
        let mut newest = Vec::new();
        let mut seen = Seen::default();
        for witness in witnesses {
            match witness.word {
                Word::Fails { since, .. } if self.takes(since, limits) => {
                    newest.push(witness.at);
                    seen.add(witness);
                    self.keep(witness);
                }
                _ if self.thing.is_one_for_all() && witness.is_presumed(self.since) => {
                    self.keep(witness);
                }
                _ => self.let_go(witness.target),
            }
        }
        self.miss(witnesses, now);
        let served = served_since(witnesses, self.since);
        self.of = self.of.max(newest.len().saturating_add(served));
        self.heed(seen);
        if self.members.is_empty() {
            return true;
        }
        let serves = witnesses.iter().filter(|one| one.word == Word::Works).map(|one| one.at);
        let first = serves.filter(|at| at.mono >= self.since.mono).min_by_key(|at| at.mono);
        self.served = self.served.filter(|_| first.is_some()).or(first);
        let Some(again) = self.served.map(|at| at.mono) else { return false };
        let waits = now.mono.since(again) <= PATIENCE;
        let asked = |at: &&Now| at.mono > again;
        let fail_on = newest.iter().filter(asked).count();
        let still = limits.is_share(fail_on, fail_on.saturating_add(served));
        !still && (!waits || fail_on == newest.len())
    }

    /// It fails by it.
    pub(super) fn keep(&mut self, witness: &Witness<'_>) {
        self.members.entry(witness.target).or_insert_with(|| witness.name.to_owned());
        if witness.maintained {
            self.maintained.insert(witness.target);
        } else {
            self.maintained.remove(&witness.target);
        }
    }

    pub(super) fn let_go(&mut self, target: TargetId) {
        self.members.remove(&target);
        self.maintained.remove(&target);
    }

    /// Takes over what was seen of those that fail by it.
    pub(super) fn heed(&mut self, seen: Seen<'_>) {
        if let Some(how) = most(seen.hows.into_iter()) {
            self.how = how;
        }
        if let Some(Witness { word: Word::Fails { severity, .. }, says, .. }) = seen.worst {
            self.severity = *severity;
            self.says.clone_from(says);
        }
    }

    /// Lets go of those of whom nothing is heard any more: they ask another server, or none.
    pub(super) fn miss(&mut self, witnesses: &[Witness<'_>], now: Now) {
        let heard: BTreeSet<TargetId> = witnesses.iter().map(|witness| witness.target).collect();
        self.unheard.retain(|id, _| !heard.contains(id));
        for id in self.members.keys().filter(|id| !heard.contains(*id)) {
            self.unheard.entry(*id).or_insert(now.mono);
        }
        let unheard = &self.unheard;
        let waited =
            |id: &TargetId| unheard.get(id).is_none_or(|at| now.mono.since(*at) <= PATIENCE);
        self.members.retain(|id, _| waited(id));
        let members = &self.members;
        self.maintained.retain(|id| members.contains_key(id));
    }

    /// Whether who fails since then fails by it. Who did so long before fails for a reason of its own.
    pub(super) fn takes(&self, since: Now, limits: CommonThresholds) -> bool {
        since.mono.plus(limits.together) >= self.since.mono
    }
}
