//! What goes from one run to the next.

use super::entry::Entry;
use super::{AlertBook, Key, RESOLVED};
use crate::domain::alert::{AlertState, RememberedAlert, RememberedResolved};
use crate::domain::finding::RuleId;
use crate::domain::memory::TargetMemory;
use crate::domain::rules;
use crate::domain::target::TargetId;
use crate::domain::time::{MonoTime, Now, WallTime};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// An acknowledgement of an earlier run applies to an alert that comes back within this span.
pub(super) const RECALL: Duration = Duration::from_mins(10);

/// An alert of an earlier run that was last seen longer ago is another one when it comes back, and
/// one of which this run has no word for so long is over.
pub(super) const FORGET: Duration = Duration::from_hours(24);

/// Why what nothing was measured of for [`FORGET`] is over.
pub(super) const NOT_MEASURED: &str = "not measured for a day";

impl AlertBook {
    /// Takes over what an earlier run knew of a target (`None`: of this machine): what fired
    /// lately is recalled, acknowledged alerts come back acknowledged, accepted findings are not
    /// counted for review. Returns the rules of what is recalled, and since when each fires: the
    /// diagnosis is to say of each when it has a word on it
    /// ([`Diagnosed::awaited`](crate::domain::diagnose::Diagnosed::awaited)).
    pub fn recall(
        &mut self,
        target: Option<TargetId>,
        memory: &TargetMemory,
        now: Now,
    ) -> Vec<(RuleId, WallTime)> {
        self.recalled_at = Some(now.mono);
        let mut rules = Vec::new();
        for (rule, alert) in &memory.alerts {
            // A rule of another version of the program is unknown to this one.
            let Some(card) = rules::card(rule) else { continue };
            let entry = Entry::recalled(target, card.id, alert, now);
            if now.wall.since(alert.seen) <= FORGET {
                self.entries.insert((target, card.id), entry);
                rules.push((card.id, alert.since));
            } else {
                let over = entry.told_over(Some(NOT_MEASURED));
                self.outdated.extend(over.map(|over| (over, alert.seen)));
            }
        }
        self.recall_resolved(target, memory);
        self.reviews.recall(target, &memory.accepted, &memory.accepted_clear);
        if let Some(target) = target {
            let names = |(rule, at): (&String, &WallTime)| ((target, rule.clone()), *at);
            self.recalled.extend(memory.acknowledged.iter().map(names));
            for card in memory.concerned_by.iter().filter_map(|rule| rules::card(rule)) {
                self.concerned.entry(card.id).or_default().insert(target);
            }
        }
        rules
    }

    /// Adds what was over in an earlier run to what is over, by the time it ended.
    pub(super) fn recall_resolved(&mut self, target: Option<TargetId>, memory: &TargetMemory) {
        for past in &memory.resolved {
            if let Some(card) = rules::card(&past.rule) {
                self.resolved.push_back((past.alert(target, card.id), past.ended));
            }
        }
        self.resolved.make_contiguous().sort_by_key(|(_, ended)| *ended);
        let excess = self.resolved.len().saturating_sub(RESOLVED);
        self.resolved.drain(..excess);
    }

    /// Takes what is over at `target` off the list: it is remembered with it.
    pub fn forget_resolved(&mut self, target: TargetId) {
        self.resolved.retain(|(alert, _)| alert.target != Some(target));
    }

    /// What a later run must know of the alerts of `target` that are over, the oldest first.
    #[must_use]
    pub fn remember_resolved(&self, target: Option<TargetId>) -> Vec<RememberedResolved> {
        let own = self.resolved.iter().filter(|(alert, _)| alert.target == target);
        own.map(|(alert, ended)| RememberedResolved::of(alert, *ended)).collect()
    }

    /// What a later run must know of the alerts of `target` that fire or are held back.
    #[must_use]
    pub fn remember(
        &self,
        target: Option<TargetId>,
        now: Now,
    ) -> BTreeMap<String, RememberedAlert> {
        self.keys(target)
            .into_iter()
            .filter_map(|key| self.entries.get(&key))
            .filter(|entry| entry.fires())
            .map(|entry| (entry.alert.rule.0.to_owned(), entry.remembered(now.wall)))
            .collect()
    }

    /// Alerts of several hosts that fired in an earlier run and were not seen in this one yet.
    pub fn recalled_of_several(&self) -> impl Iterator<Item = RuleId> {
        let known = |key: &Key| self.concerned_before(*key).is_some();
        self.keys(None).into_iter().filter(known).map(|(_, rule)| rule)
    }

    /// The rules of the alerts of several hosts that fire, or did in an earlier run, and concern
    /// `target`.
    #[must_use]
    pub fn concerned_by(&self, target: TargetId) -> BTreeSet<String> {
        let concerns = |key: &Key| {
            self.told_of(None, key.1) && self.hosts(*key).is_some_and(|all| all.contains(&target))
        };
        self.keys(None).into_iter().filter(concerns).map(|(_, rule)| rule.0.to_owned()).collect()
    }

    pub(super) fn is_recalled(&self, key: Key) -> bool {
        self.entries.get(&key).is_some_and(|entry| entry.alert.state == AlertState::Recalled)
    }

    /// Whom an alert of several hosts concerned that fired in an earlier run and was not seen in this one
    /// yet, as far as it is known.
    pub(super) fn concerned_before(&self, key: Key) -> Option<&BTreeSet<TargetId>> {
        self.hosts(key).filter(|_| key.0.is_none() && self.is_recalled(key))
    }

    /// Whom an alert of several hosts concerns, as far as it is known.
    pub(super) fn hosts(&self, key: Key) -> Option<&BTreeSet<TargetId>> {
        let hosts = match self.entries.get(&key)? {
            entry if entry.alert.state == AlertState::Recalled => self.concerned.get(&key.1),
            entry => entry.hosts.as_deref(),
        };
        hosts.filter(|hosts| !hosts.is_empty())
    }

    pub(super) fn recalled_acknowledgement(&mut self, key: Key, now: MonoTime) -> Option<WallTime> {
        if self.recalled.is_empty() || self.entries.contains_key(&key) {
            return None;
        }
        if self.recalled_at.is_some_and(|at| now.since(at) > RECALL) {
            self.recalled.clear();
            return None;
        }
        self.recalled.remove(&(key.0?, key.1.0.to_owned()))
    }

    /// Whether an acknowledgement of this rule's alert still means one that is there, or one of an
    /// earlier run that may come back.
    #[must_use]
    pub fn may_be_acknowledged(&self, target: TargetId, rule: &str, now: MonoTime) -> bool {
        let awaited = self.recalled_at.is_some_and(|at| now.since(at) <= RECALL);
        (awaited && self.recalled.contains_key(&(target, rule.to_owned())))
            || self.keys(Some(target)).iter().any(|key| key.1.0 == rule)
    }
}
