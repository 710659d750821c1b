//! What becomes of a thing that fails several hosts.

use super::begins::{most, served_since};
use super::{CommonCause, Witness, Word};
use crate::domain::target::TargetId;
use crate::domain::thresholds::CommonThresholds;
use crate::domain::time::Now;
use std::collections::BTreeSet;
use std::time::Duration;

/// Who was not asked for so long after the first was served again is not waited for.
const PATIENCE: Duration = Duration::from_mins(5);

impl CommonCause {
    /// Brings up to date who fails by it. Whether it is over: not (nearly) everybody fails any more who
    /// was asked since the first was served again, and everybody was; or nobody is left.
    pub(super) fn follow(
        &mut self,
        witnesses: &[Witness<'_>],
        limits: CommonThresholds,
        now: Now,
    ) -> bool {
        let mut hows = Vec::new();
        let mut worst = None;
        let mut newest = Vec::new();
        for witness in witnesses {
            match witness.word {
                Word::Fails { how, since, severity, .. } if self.takes(since, limits) => {
                    hows.push(how);
                    worst = worst.max(Some(severity));
                    newest.push(witness.at);
                    self.members.entry(witness.target).or_insert_with(|| witness.name.to_owned());
                }
                _ if self.thing.is_one_for_all() && witness.was_served_before(self.since) => {
                    self.members.entry(witness.target).or_insert_with(|| witness.name.to_owned());
                }
                _ => {
                    self.members.remove(&witness.target);
                }
            }
        }
        self.miss(witnesses, now);
        let served = served_since(witnesses, self.since);
        self.severity = worst.unwrap_or(self.severity);
        if let Some(how) = most(hows.iter().copied()) {
            self.how = how;
            self.of = self.of.max(hows.len().saturating_add(served));
        }
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

    /// Lets go of those of whom nothing is heard any more: they ask another server, or none.
    fn miss(&mut self, witnesses: &[Witness<'_>], now: Now) {
        let heard: BTreeSet<TargetId> = witnesses.iter().map(|witness| witness.target).collect();
        self.unheard.retain(|id, _| !heard.contains(id));
        for id in self.members.keys().filter(|id| !heard.contains(*id)) {
            self.unheard.entry(*id).or_insert(now.mono);
        }
        let unheard = &self.unheard;
        let waited =
            |id: &TargetId| unheard.get(id).is_none_or(|at| now.mono.since(*at) <= PATIENCE);
        self.members.retain(|id, _| waited(id));
    }

    /// Whether who fails since then fails by it. Who did so long before fails for a reason of its own.
    fn takes(&self, since: Now, limits: CommonThresholds) -> bool {
        since.mono.plus(limits.together) >= self.since.mono
    }
}
