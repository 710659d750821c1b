//! Findings that were there on first sight: listed for review, never alerted, accepted by a person.

use super::super::finding::{Finding, RuleId, Severity};
use super::super::rules::card;
use super::super::target::TargetId;
use super::super::time::WallTime;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What was accepted is so no more when it was measured to be gone for this long.
const GONE: Duration = Duration::from_hours(24);

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

/// What the diagnosis says of a finding that somebody accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcceptedLook {
    /// It stands.
    Stands,
    /// Samples say that it is gone.
    Clear {
        /// The first that did in a row.
        since: WallTime,
        /// The newest.
        last: WallTime,
    },
    /// Nothing was measured of it.
    Unknown,
}

/// Somebody accepted a finding.
#[derive(Debug, Clone, Copy)]
struct Acceptance {
    at: WallTime,
    /// Since when it is gone.
    clear: Option<WallTime>,
}

/// What is to be reviewed, and what was accepted.
#[derive(Debug, Clone, Default)]
pub(super) struct Reviews {
    found: BTreeMap<Option<TargetId>, Vec<AsFound>>,
    /// By rule name: a rule of another version of the program is unknown to this one.
    accepted: BTreeMap<(Option<TargetId>, String), Acceptance>,
}

impl Reviews {
    /// Takes over what an earlier run accepted, and since when of that is `clear` what is.
    pub(super) fn recall(
        &mut self,
        target: Option<TargetId>,
        accepted: &BTreeMap<String, WallTime>,
        clear: &BTreeMap<String, WallTime>,
    ) {
        self.accepted.extend(accepted.iter().map(|(rule, at)| {
            let acceptance = Acceptance { at: *at, clear: clear.get(rule).copied() };
            ((target, rule.clone()), acceptance)
        }));
    }

    /// Follows what became of what was accepted of `target`. Returns the rules of what has been gone
    /// for a day: should it come back, it is another one.
    pub(super) fn outlive(
        &mut self,
        target: Option<TargetId>,
        look: impl Fn(RuleId) -> AcceptedLook,
    ) -> Vec<RuleId> {
        let mut over = Vec::new();
        let own = self.accepted.range_mut((target, String::new())..);
        for ((_, rule), acceptance) in own.take_while(|((of, _), _)| *of == target) {
            let Some(card) = card(rule) else { continue };
            match look(card.id) {
                AcceptedLook::Stands => acceptance.clear = None,
                AcceptedLook::Clear { since, last } => {
                    let since = *acceptance.clear.get_or_insert(since);
                    if last.since(since) >= GONE {
                        over.push(card.id);
                    }
                }
                AcceptedLook::Unknown => {}
            }
        }
        for rule in &over {
            self.accepted.remove(&(target, rule.0.to_owned()));
        }
        over
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
            let acceptance = Acceptance { at: now, clear: None };
            self.accepted.insert((target, rule.0.to_owned()), acceptance);
        }
        listed
    }

    /// What was accepted of `target`, by rule name.
    pub(super) fn accepted(&self, target: Option<TargetId>) -> BTreeMap<String, WallTime> {
        self.own(target).map(|(rule, acceptance)| (rule.clone(), acceptance.at)).collect()
    }

    /// Since when of that is gone what is, by rule name.
    pub(super) fn clear(&self, target: Option<TargetId>) -> BTreeMap<String, WallTime> {
        let clear = |(rule, acceptance): (&String, &Acceptance)| {
            acceptance.clear.map(|since| (rule.clone(), since))
        };
        self.own(target).filter_map(clear).collect()
    }

    fn own(&self, target: Option<TargetId>) -> impl Iterator<Item = (&String, &Acceptance)> {
        let own = self.accepted.range((target, String::new())..);
        own.take_while(move |((of, _), _)| *of == target)
            .map(|((_, rule), acceptance)| (rule, acceptance))
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
