//! Findings that were there on first sight: listed for review, never alerted, accepted by a person.

use super::super::finding::{Finding, RuleId, Severity};
use super::super::rules::card;
use super::super::target::TargetId;
use super::super::time::WallTime;
use std::collections::{BTreeMap, BTreeSet};

/// One finding that was there on first sight and that nobody accepted yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AsFound {
    /// Whose; `None` for this machine.
    pub target: Option<TargetId>,
    /// Which rule.
    pub rule: RuleId,
    /// How bad.
    pub severity: Severity,
    /// A few words, escaped.
    pub title: String,
    /// First supporting sample.
    pub since: WallTime,
}

impl AsFound {
    /// Whether it may be accepted with others: that another machine answers is looked at alone.
    #[must_use]
    pub fn in_bulk(&self) -> bool {
        !card(self.rule.0).is_some_and(|card| card.alerting.alone)
    }
}

/// What is to be reviewed, and what was accepted.
#[derive(Debug, Clone, Default)]
pub(super) struct Reviews {
    found: BTreeMap<Option<TargetId>, Vec<AsFound>>,
    /// By rule name: a rule of another version of the program is unknown to this one.
    accepted: BTreeMap<(Option<TargetId>, String), WallTime>,
}

impl Reviews {
    /// Takes over what an earlier run accepted.
    pub(super) fn recall(
        &mut self,
        target: Option<TargetId>,
        accepted: &BTreeMap<String, WallTime>,
    ) {
        self.accepted.extend(accepted.iter().map(|(rule, at)| ((target, rule.clone()), *at)));
    }

    /// Follows what stands at `target` as found. What is withheld for the time being is still to
    /// be reviewed.
    pub(super) fn follow<'f>(
        &mut self,
        target: Option<TargetId>,
        findings: impl Iterator<Item = &'f Finding>,
        withheld: &[RuleId],
    ) {
        let mut found: Vec<AsFound> = findings
            .map(|finding| AsFound {
                target,
                rule: finding.rule,
                severity: finding.severity,
                title: finding.title.clone(),
                since: finding.since,
            })
            .collect();
        let told: BTreeSet<RuleId> = found.iter().map(|one| one.rule).collect();
        if let Some(known) = self.found.remove(&target) {
            found.extend(
                known
                    .into_iter()
                    .filter(|one| withheld.contains(&one.rule) && !told.contains(&one.rule)),
            );
        }
        if !found.is_empty() {
            self.found.insert(target, found);
        }
    }

    /// It is fine. Whether it was to be reviewed.
    pub(super) fn accept(&mut self, target: Option<TargetId>, rule: RuleId, now: WallTime) -> bool {
        let listed = self.open().any(|one| (one.target, one.rule) == (target, rule));
        if listed {
            self.accepted.insert((target, rule.0.to_owned()), now);
        }
        listed
    }

    /// What was accepted of `target`, by rule name.
    pub(super) fn accepted(&self, target: Option<TargetId>) -> BTreeMap<String, WallTime> {
        let own = self.accepted.iter().filter(|((of, _), _)| *of == target);
        own.map(|((_, rule), at)| (rule.clone(), *at)).collect()
    }

    /// Forgets a target.
    pub(super) fn forget(&mut self, target: TargetId) {
        self.found.remove(&Some(target));
        self.accepted.retain(|(of, _), _| *of != Some(target));
    }

    /// What nobody accepted yet, target by target.
    pub(super) fn open(&self) -> impl Iterator<Item = &AsFound> {
        self.found
            .values()
            .flatten()
            .filter(|one| !self.accepted.contains_key(&(one.target, one.rule.0.to_owned())))
    }
}
