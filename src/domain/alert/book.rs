//! From findings to alerts: when somebody is told, and when it is over.

mod course;
mod entry;
mod others;
mod recall;

use super::super::finding::{Finding, RuleId, Severity};
use super::super::target::TargetId;
use super::super::time::{MonoTime, Now, WallTime};
use super::{
    AcceptedLook, Alert, AlertEvent, AlertSettings, AlertState, AlertsSnapshot, Hold, Signature,
    review::Reviews,
};
use entry::Entry;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How many resolved alerts are kept.
const RESOLVED: usize = 100;

/// Whose, and which rule: at most one alert each.
type Key = (Option<TargetId>, RuleId);

/// An alert that ended, for the one that may come after it.
#[derive(Debug, Clone, Copy)]
struct Ended {
    /// How often it had come back.
    returns: u32,
    /// How many of those times its fault had gone on.
    unbroken: u32,
    /// One alert of several hosts told of the fault from then on, and it has not been gone since.
    joined: bool,
    at: Now,
}

/// Every alert: at most one per target and rule, and the last hundred that are over.
///
/// ```text
///   finding ──> Pending ──(stood for `for`)──> Firing ──(gone for `keep_firing_for`)──> resolved
///                  └──(gone)──> forgotten         └──(back)──> Firing, nobody is told again
/// ```
/// What fired in an earlier run is `Recalled`: it fires on without a word when its finding stands
/// again, and is over when this run has a word on it and it does not stand for ten minutes, or when
/// nothing was measured of it for a day. One of several hosts waits while nothing is learnt of four of
/// five of them, and has its ten minutes after that. Nobody is told of an alert while it is snoozed, and
/// afterwards only when it still fires.
///
/// What a cause explained does not alert for a minute after the cause is over: its own measurements
/// still hold what came of it. No alert begins by a finding that may be told of many at once in a
/// moment ([`Diagnosed::undecided`](crate::domain::diagnose::Diagnosed::undecided)).
///
/// States that exclude each other (a port that is closed, one that is silent) do not fire at one
/// time: the one that is found ends the one that is gone at once.
///
/// While work is planned ([`AlertBook::hold`]) nothing begins to fire and nobody is told anything.
/// At its end what stands fires, and what fired before it and is gone is over.
///
/// Notices never alert, and findings that were there on first sight do not unless they fire
/// already, as what fired in an earlier run does. Findings that stand and are
/// withheld (explained by another, or the monitor is offline) neither fire nor resolve: their
/// clocks stop.
#[derive(Debug, Clone, Default)]
pub struct AlertBook {
    settings: AlertSettings,
    /// Of targets that have their own.
    own: BTreeMap<TargetId, AlertSettings>,
    entries: BTreeMap<Key, Entry>,
    resolved: VecDeque<(Alert, WallTime)>,
    /// Findings that were there on first sight.
    reviews: Reviews,
    /// Acknowledged in an earlier run and not seen in this one yet.
    recalled: BTreeMap<(TargetId, String), WallTime>,
    recalled_at: Option<MonoTime>,
    /// Whom alerts of several hosts concerned in an earlier run.
    concerned: BTreeMap<RuleId, BTreeSet<TargetId>>,
    /// What ended lately and may return.
    ended: BTreeMap<Key, Ended>,
    /// Whose alerts are held back.
    held: BTreeMap<Option<TargetId>, Vec<Hold>>,
    /// What was withheld lately, and when for the last time.
    withheld: BTreeMap<Key, MonoTime>,
    /// An alert that fired or was held back ended without an event.
    ended_unheard: bool,
    /// What an earlier run told of so long ago that it is over, and when it last stood.
    outdated: Vec<(Alert, WallTime)>,
}

impl AlertBook {
    /// An empty book.
    #[must_use]
    pub fn new(settings: AlertSettings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// Other settings of the book from here on.
    pub const fn change_settings(&mut self, settings: AlertSettings) {
        self.settings = settings;
    }

    /// Settings of a target's own, in place of those of the book.
    pub fn settle(&mut self, target: TargetId, settings: AlertSettings) {
        self.own.insert(target, settings);
    }

    /// Holds back the alerts of `target` (`None`: of this machine), or of some rules of it, or (with
    /// none) does so no more.
    pub fn hold(&mut self, target: Option<TargetId>, holds: impl IntoIterator<Item = Hold>) {
        let holds: Vec<Hold> = holds.into_iter().collect();
        if holds.is_empty() {
            self.held.remove(&target);
        } else {
            self.held.insert(target, holds);
        }
    }

    fn held(&self, key: Key, now: WallTime) -> Option<Hold> {
        let holds = self.held.get(&key.0)?.iter().copied();
        holds.filter(|hold| hold.holds(key.1, now)).max_by_key(|hold| hold.until)
    }

    fn settings(&self, target: Option<TargetId>) -> AlertSettings {
        target.and_then(|target| self.own.get(&target)).copied().unwrap_or(self.settings)
    }

    /// Whether any alert fires or is held back, or did in an earlier run and has not been seen in
    /// this one yet.
    #[must_use]
    pub fn fires(&self) -> bool {
        self.entries.values().any(Entry::fires)
    }

    /// Forgets a target that is watched no more. Who heard that an alert of it began hears that it
    /// is over; the others end without a word.
    pub fn forget(&mut self, target: TargetId, now: WallTime) -> Vec<AlertEvent> {
        let mut events = self.end_outdated(Some(target));
        for key in self.keys(Some(target)) {
            events.extend(self.close(key, Some("no longer watched"), now));
        }
        self.reviews.forget(target);
        self.own.remove(&target);
        self.held.remove(&Some(target));
        self.ended.retain(|(of, _), _| *of != Some(target));
        self.withheld.retain(|(of, _), _| *of != Some(target));
        self.recalled.retain(|(of, _), _| *of != target);
        for hosts in self.concerned.values_mut() {
            hosts.remove(&target);
        }
        self.outdated.retain(|(alert, _)| alert.target != Some(target));
        events
    }

    /// Somebody has seen it; holds until it is over or gets worse. Whether there is such an alert.
    pub fn acknowledge(
        &mut self,
        target: Option<TargetId>,
        rule: RuleId,
        signed: Signature,
        now: Now,
    ) -> bool {
        self.change(target, rule, |entry| {
            entry.alert.acknowledged = Some(now.wall);
            entry.alert.signed = signed;
            entry.attend();
        })
    }

    /// Whether an alert that fired or was held back ended since the last call, and nobody was told.
    pub const fn take_ended_unheard(&mut self) -> bool {
        std::mem::replace(&mut self.ended_unheard, false)
    }

    /// Takes an acknowledgement back. Whether there is such an alert.
    pub fn unacknowledge(&mut self, target: Option<TargetId>, rule: RuleId) -> bool {
        self.change(target, rule, |entry| {
            entry.alert.acknowledged = None;
            entry.alert.signed = Signature::default();
        })
    }

    /// Silences it until then, or until it is over or gets worse. Whether there is such an alert.
    pub fn snooze(&mut self, target: Option<TargetId>, rule: RuleId, until: WallTime) -> bool {
        self.change(target, rule, |entry| {
            entry.alert.snoozed_until = Some(until);
            entry.attend();
        })
    }

    /// Ends a snooze. Whether there is such an alert.
    pub fn unsnooze(&mut self, target: Option<TargetId>, rule: RuleId) -> bool {
        self.change(target, rule, |entry| entry.alert.snoozed_until = None)
    }

    /// A finding that was there on first sight is fine: it is not listed for review any more.
    /// Whether it was; what fires already, since an earlier run, is not accepted on the side.
    pub fn accept(&mut self, target: Option<TargetId>, rule: RuleId, now: WallTime) -> bool {
        self.reviews.accept(target, rule, now)
    }

    /// What was accepted of `target` (`None`: of this machine), by rule name, and when.
    #[must_use]
    pub fn accepted(&self, target: Option<TargetId>) -> BTreeMap<String, WallTime> {
        self.reviews.accepted(target)
    }

    /// Since when of that is gone what is, by rule name.
    #[must_use]
    pub fn accepted_clear(&self, target: Option<TargetId>) -> BTreeMap<String, WallTime> {
        self.reviews.clear(target)
    }

    /// Follows what became of what was accepted of `target`, by what the diagnosis says of each.
    /// Returns the rules of what has been gone for a day, and is not accepted any more.
    pub fn outlive_accepted(
        &mut self,
        target: Option<TargetId>,
        look: impl Fn(RuleId) -> AcceptedLook,
    ) -> Vec<RuleId> {
        self.reviews.outlive(target, look)
    }

    /// Every alert that is not over, as it is at `now`: snoozed or held back only while it is.
    pub fn standing(&self, now: Now) -> impl Iterator<Item = Alert> {
        self.entries.values().map(move |entry| {
            let alert = &entry.alert;
            let snoozed_until = alert.snoozed_until.filter(|until| *until > now.wall);
            let held = self.held((alert.target, alert.rule), now.wall);
            Alert { snoozed_until, held_until: held.map(|hold| hold.until), ..alert.clone() }
        })
    }

    /// What the alerts screen shows.
    #[must_use]
    pub fn snapshot(&self, now: Now) -> AlertsSnapshot {
        let (mut firing, mut pending): (Vec<Alert>, Vec<Alert>) =
            self.standing(now).partition(|alert| alert.state == AlertState::Firing);
        let order = |alert: &Alert| (Reverse(alert.severity), Reverse(alert.since));
        firing.sort_by_key(order);
        pending.sort_by_key(order);
        let resolved = self.resolved.iter().rev().cloned().collect();
        AlertsSnapshot {
            firing,
            pending,
            resolved,
            as_found: self.reviews.open().cloned().collect(),
        }
    }

    /// Whether a finding keeps an alert up: what was there on first sight does when its alert
    /// fires already, or did in an earlier run.
    fn alerts(&self, target: Option<TargetId>, finding: &Finding) -> bool {
        finding.severity >= Severity::Warning
            && (!finding.as_found || self.told_of(target, finding.rule))
    }

    /// Whether an alert of this rule fires or is held back, or did in an earlier run.
    #[must_use]
    pub fn told_of(&self, target: Option<TargetId>, rule: RuleId) -> bool {
        self.entries.get(&(target, rule)).is_some_and(Entry::fires)
    }

    fn keys(&self, target: Option<TargetId>) -> Vec<Key> {
        self.entries
            .range((target, RuleId(""))..)
            .map(|(key, _)| *key)
            .take_while(|key| key.0 == target)
            .collect()
    }

    fn change(
        &mut self,
        target: Option<TargetId>,
        rule: RuleId,
        change: impl FnOnce(&mut Entry),
    ) -> bool {
        self.entries.get_mut(&(target, rule)).map(change).is_some()
    }
}

#[cfg(test)]
mod hold_tests;
#[cfg(test)]
mod tests;
