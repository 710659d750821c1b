//! From findings to alerts: when somebody is told, and when it is over.

use super::super::diagnose::Diagnosed;
use super::super::finding::{Finding, RuleId, Severity};
use super::super::memory::TargetMemory;
use super::super::rules;
use super::super::target::TargetId;
use super::super::time::{MonoTime, Now, WallTime};
use super::{
    Alert, AlertEvent, AlertSettings, AlertState, AlertsSnapshot, Hold, RememberedAlert,
    RememberedResolved, Signature, review::Reviews,
};
use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// How many resolved alerts are kept.
const RESOLVED: usize = 100;

/// An acknowledgement of an earlier run applies to an alert that comes back within this span.
const RECALL: Duration = Duration::from_mins(10);

/// An alert of an earlier run that was last seen longer ago is another one when it comes back.
const FORGET: Duration = Duration::from_hours(24);

/// What a cause explained does not alert for so long after the cause is over.
const AFTERMATH: Duration = Duration::from_mins(1);

/// An alert that comes back within this span after it was over has returned.
const RETURN: Duration = Duration::from_hours(1);

/// Whose, and which rule: at most one alert each.
type Key = (Option<TargetId>, RuleId);

/// Every alert: at most one per target and rule, and the last hundred that are over.
///
/// ```text
///   finding ──> Pending ──(stood for `for`)──> Firing ──(gone for `keep_firing_for`)──> resolved
///                  └──(gone)──> forgotten         └──(back)──> Firing, nobody is told again
/// ```
/// What fired in an earlier run is `Recalled`: it fires on without a word when its finding stands
/// again, and is over when this run has a word on it and it does not stand for ten minutes. Nobody is told of an alert while
/// it is snoozed, and afterwards only when it still fires.
///
/// What a cause explained does not alert for a minute after the cause is over: its own measurements
/// still hold what came of it.
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
    /// How often each came back, and when it was last over.
    returned: BTreeMap<Key, (u32, MonoTime)>,
    /// Whose alerts are held back.
    held: BTreeMap<Option<TargetId>, Hold>,
    /// What was withheld lately, and when for the last time.
    withheld: BTreeMap<Key, MonoTime>,
    /// An alert that fired or was held back ended without an event.
    ended_unheard: bool,
}

#[derive(Debug, Clone)]
struct Entry {
    alert: Alert,
    /// When it began to stand.
    stands_from: MonoTime,
    /// When the finding went away, while the alert fires on.
    gone: Option<Now>,
    /// Since when its clocks stand still.
    frozen: Option<MonoTime>,
    /// It stood for long enough and is held back.
    due: bool,
    /// How bad it was when it was last told, and when that was.
    told: Option<(Severity, WallTime)>,
    /// How many faults its finding speaks of.
    faults: u32,
    /// Of one that is recalled: when it was last known to fire.
    seen: Option<WallTime>,
}

impl AlertBook {
    /// An empty book.
    #[must_use]
    pub fn new(settings: AlertSettings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// Settings of a target's own, in place of those of the book.
    pub fn settle(&mut self, target: TargetId, settings: AlertSettings) {
        self.own.insert(target, settings);
    }

    /// Holds back the alerts of `target` (`None`: of this machine), or of one rule of it, or does
    /// so no more.
    pub fn hold(&mut self, target: Option<TargetId>, hold: Option<Hold>) {
        match hold {
            Some(hold) => self.held.insert(target, hold),
            None => self.held.remove(&target),
        };
    }

    fn held(&self, key: Key, now: WallTime) -> Option<Hold> {
        self.held.get(&key.0).copied().filter(|hold| hold.holds(key.1, now))
    }

    fn settings(&self, target: Option<TargetId>) -> AlertSettings {
        target.and_then(|target| self.own.get(&target)).copied().unwrap_or(self.settings)
    }

    /// Takes over what an earlier run knew of a target (`None`: of this machine): what fired
    /// lately is recalled, acknowledged alerts come back acknowledged, accepted findings are not
    /// counted for review. Returns the rules of what is recalled, and since when each fires: the
    /// diagnosis is to say of each when it has a word on it ([`Diagnosed::awaited`]).
    pub fn recall(
        &mut self,
        target: Option<TargetId>,
        memory: &TargetMemory,
        now: Now,
    ) -> Vec<(RuleId, WallTime)> {
        self.recalled_at = Some(now.mono);
        let mut rules = Vec::new();
        let lately = memory.alerts.iter().filter(|(_, alert)| now.wall.since(alert.seen) <= FORGET);
        for (rule, alert) in lately {
            // A rule of another version of the program is unknown to this one.
            if let Some(card) = rules::card(rule) {
                self.entries
                    .insert((target, card.id), Entry::recalled(target, card.id, alert, now));
                rules.push((card.id, alert.since));
            }
        }
        self.recall_resolved(target, memory);
        self.reviews.recall(target, &memory.accepted);
        if let Some(target) = target {
            let names = |(rule, at): (&String, &WallTime)| ((target, rule.clone()), *at);
            self.recalled.extend(memory.acknowledged.iter().map(names));
        }
        rules
    }

    /// Adds what was over in an earlier run to what is over, by the time it ended.
    fn recall_resolved(&mut self, target: Option<TargetId>, memory: &TargetMemory) {
        for past in &memory.resolved {
            if let Some(card) = rules::card(&past.rule) {
                self.resolved.push_back((past.alert(target, card.id), past.ended));
            }
        }
        self.resolved.make_contiguous().sort_by_key(|(_, ended)| *ended);
        let excess = self.resolved.len().saturating_sub(RESOLVED);
        self.resolved.drain(..excess);
    }

    /// What a later run must know of the alerts of `target` that are over, the oldest first.
    #[must_use]
    pub fn remember_resolved(&self, target: Option<TargetId>) -> Vec<RememberedResolved> {
        let own = self.resolved.iter().filter(|(alert, _)| alert.target == target);
        own.map(|(alert, ended)| RememberedResolved::of(alert, *ended)).collect()
    }

    /// Whether any alert fires or is held back, or did in an earlier run and has not been seen in
    /// this one yet.
    #[must_use]
    pub fn fires(&self) -> bool {
        self.entries.values().any(Entry::fires)
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

    /// Follows what stands at `target` (`None`: at this machine) and says what changed.
    ///
    /// Call it after every diagnosis, and at least once a second while alerts stand: `for` and
    /// `keep_firing_for` end in this call.
    pub fn apply(
        &mut self,
        target: Option<TargetId>,
        diagnosed: &Diagnosed,
        now: Now,
    ) -> Vec<AlertEvent> {
        self.review(target, diagnosed);
        self.note_withheld(target, diagnosed, now.mono);
        let mut events = Vec::new();
        for finding in &diagnosed.findings {
            if self.alerts(target, finding) {
                events.extend(self.stands((target, finding.rule), finding, now));
            }
        }
        for key in self.keys(target) {
            let stands = |finding: &Finding| finding.rule == key.1 && self.alerts(target, finding);
            if diagnosed.findings.iter().any(stands) {
                continue;
            }
            if diagnosed.withheld.contains(&key.1) {
                if let Some(entry) = self.entries.get_mut(&key) {
                    entry.freeze(now.mono);
                }
            } else if !self.waits(key, diagnosed) {
                let newer = |finding: &Finding| {
                    rules::supersedes(finding.rule, key.1) && self.fires_now(target, finding)
                };
                let superseded = diagnosed.findings.iter().any(newer);
                events.extend(self.is_gone(key, superseded, now));
            }
        }
        events
    }

    /// Whether it fired in an earlier run and nothing is known of it in this one.
    fn waits(&self, key: Key, diagnosed: &Diagnosed) -> bool {
        diagnosed.awaited.contains(&key.1)
            && self.entries.get(&key).is_some_and(|entry| entry.alert.state == AlertState::Recalled)
    }

    fn note_withheld(&mut self, target: Option<TargetId>, diagnosed: &Diagnosed, now: MonoTime) {
        if !self.withheld.is_empty() {
            let own = self.withheld.range((target, RuleId(""))..);
            let own = own.take_while(|(key, _)| key.0 == target);
            let over = own.filter(|(_, at)| now.since(**at) > AFTERMATH).map(|(key, _)| *key);
            for key in over.collect::<Vec<_>>() {
                self.withheld.remove(&key);
            }
        }
        // What stood before the cause came is none of its effects.
        let keys = diagnosed.withheld.iter().map(|rule| (target, *rule));
        let effects: Vec<Key> = keys
            .filter(|key| !self.entries.contains_key(key) || self.withheld.contains_key(key))
            .collect();
        self.withheld.extend(effects.into_iter().map(|key| (key, now)));
    }

    /// Forgets a target that is watched no more. Its alerts end without a word.
    pub fn forget(&mut self, target: TargetId) {
        self.keys(Some(target)).into_iter().for_each(|key| {
            self.entries.remove(&key);
        });
        self.reviews.forget(target);
        self.own.remove(&target);
        self.held.remove(&Some(target));
        self.returned.retain(|(of, _), _| *of != Some(target));
        self.withheld.retain(|(of, _), _| *of != Some(target));
        self.recalled.retain(|(of, _), _| *of != target);
    }

    /// Somebody has seen it; holds until it is over. Whether there is such an alert.
    pub fn acknowledge(
        &mut self,
        target: Option<TargetId>,
        rule: RuleId,
        signed: Signature,
        now: Now,
    ) -> bool {
        self.change(target, rule, |alert| {
            alert.acknowledged = Some(now.wall);
            alert.signed = signed;
        })
    }

    /// Whether an acknowledgement of this rule's alert still means one that is there, or one of an
    /// earlier run that may come back.
    #[must_use]
    pub fn may_be_acknowledged(&self, target: TargetId, rule: &str, now: MonoTime) -> bool {
        let awaited = self.recalled_at.is_some_and(|at| now.since(at) <= RECALL);
        (awaited && self.recalled.contains_key(&(target, rule.to_owned())))
            || self.keys(Some(target)).iter().any(|key| key.1.0 == rule)
    }

    /// Whether an alert that fired or was held back ended since the last call, and nobody was told.
    pub const fn take_ended_unheard(&mut self) -> bool {
        std::mem::replace(&mut self.ended_unheard, false)
    }

    /// Takes an acknowledgement back. Whether there is such an alert.
    pub fn unacknowledge(&mut self, target: Option<TargetId>, rule: RuleId) -> bool {
        self.change(target, rule, |alert| {
            alert.acknowledged = None;
            alert.signed = Signature::default();
        })
    }

    /// Silences it until then, or until it is over. Whether there is such an alert.
    pub fn snooze(&mut self, target: Option<TargetId>, rule: RuleId, until: WallTime) -> bool {
        self.change(target, rule, |alert| alert.snoozed_until = Some(until))
    }

    /// Ends a snooze. Whether there is such an alert.
    pub fn unsnooze(&mut self, target: Option<TargetId>, rule: RuleId) -> bool {
        self.change(target, rule, |alert| alert.snoozed_until = None)
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

    /// What the alerts screen shows.
    #[must_use]
    pub fn snapshot(&self, now: Now) -> AlertsSnapshot {
        let shown = |entry: &Entry| {
            let alert = &entry.alert;
            let snoozed_until = alert.snoozed_until.filter(|until| *until > now.wall);
            let held = self.held((alert.target, alert.rule), now.wall);
            Alert { snoozed_until, held_until: held.map(|hold| hold.until), ..alert.clone() }
        };
        let (mut firing, mut pending): (Vec<Alert>, Vec<Alert>) =
            self.entries.values().map(shown).partition(|alert| alert.state == AlertState::Firing);
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

    /// Whether the alert of a finding that stands fires.
    fn fires_now(&self, target: Option<TargetId>, finding: &Finding) -> bool {
        let entry = self.entries.get(&(target, finding.rule));
        entry.is_some_and(|entry| entry.alert.state == AlertState::Firing)
            && self.alerts(target, finding)
    }

    fn review(&mut self, target: Option<TargetId>, diagnosed: &Diagnosed) {
        let told: Vec<bool> =
            diagnosed.findings.iter().map(|finding| self.alerts(target, finding)).collect();
        let found = diagnosed.findings.iter().zip(told);
        let found = found.filter(|(finding, told)| finding.as_found && !told);
        self.reviews.follow(target, found.map(|(finding, _)| finding), &diagnosed.withheld);
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
        change: impl FnOnce(&mut Alert),
    ) -> bool {
        self.entries.get_mut(&(target, rule)).map(|entry| change(&mut entry.alert)).is_some()
    }

    /// The finding stands: pending until it has stood for long enough.
    fn stands(&mut self, key: Key, finding: &Finding, now: Now) -> Option<AlertEvent> {
        // What began later was not what somebody saw.
        let acknowledged = self
            .recalled_acknowledgement(key, now.mono)
            .filter(|acknowledged| *acknowledged >= finding.since);
        let settings = self.settings(key.0);
        let held = self.held(key, now.wall).is_some();
        let aftermath = self.withheld.get(&key).is_some_and(|at| now.mono.since(*at) <= AFTERMATH);
        let returns = match self.returned.get(&key) {
            Some((times, over)) if now.mono.since(*over) <= RETURN => times.saturating_add(1),
            _ => 0,
        };
        let entry = self.entries.entry(key).or_insert_with(|| Entry {
            alert: Alert {
                target: key.0,
                rule: key.1,
                severity: finding.severity,
                state: AlertState::Pending,
                since: finding.since,
                title: finding.title.clone(),
                acknowledged,
                signed: Signature::default(),
                snoozed_until: None,
                held_until: None,
                returns,
            },
            stands_from: now.mono,
            gone: None,
            frozen: None,
            due: false,
            told: None,
            faults: finding.faults,
            seen: None,
        });
        entry.thaw(now.mono);
        entry.seen = None;
        if entry.gone.take().is_some() && entry.alert.state == AlertState::Firing {
            entry.alert.returns = entry.alert.returns.saturating_add(1);
        }
        if finding.faults > entry.faults {
            // Who heard of one, or has seen to it, knows nothing of the other.
            entry.told = None;
            entry.alert.acknowledged = None;
            entry.alert.signed = Signature::default();
            entry.alert.snoozed_until = None;
        }
        entry.faults = finding.faults;
        entry.alert.severity = finding.severity;
        if entry.alert.title != finding.title {
            entry.alert.title.clone_from(&finding.title);
        }
        let wait = match finding.severity {
            Severity::Critical => settings.for_critical,
            _ => settings.for_,
        };
        match entry.alert.state {
            AlertState::Pending
                if (aftermath || now.mono.since(entry.stands_from) < wait) && !entry.due =>
            {
                return None;
            }
            AlertState::Pending | AlertState::Recalled if held && entry.told.is_none() => {
                entry.alert.state = AlertState::Pending;
                entry.due = true;
                return None;
            }
            _ => entry.alert.state = AlertState::Firing,
        }
        entry.due = false;
        if held {
            return None;
        }
        entry.tell(settings, now.wall)
    }

    /// The finding does not stand: what is pending is forgotten, what fires ends after a while, or at
    /// once when another that fires contradicts it.
    fn is_gone(&mut self, key: Key, superseded: bool, now: Now) -> Option<AlertEvent> {
        let settings = self.settings(key.0);
        let held = self.held(key, now.wall).is_some();
        let entry = self.entries.get_mut(&key)?;
        entry.thaw(now.mono);
        let gone = *entry.gone.get_or_insert(now);
        let wait = match entry.alert.state {
            AlertState::Pending => Duration::ZERO,
            AlertState::Firing | AlertState::Recalled if superseded => Duration::ZERO,
            AlertState::Firing => settings.hold(entry.alert.returns),
            AlertState::Recalled => RECALL,
        };
        // Who heard that it began hears that it is over, when the work is.
        if now.mono.since(gone.mono) < wait || (held && entry.told.is_some()) {
            return None;
        }
        let entry = self.entries.remove(&key)?;
        self.ended_unheard |= entry.fires() && entry.told.is_none();
        let Entry { alert, told, .. } = entry;
        if let Some(target) = key.0 {
            self.recalled.remove(&(target, key.1.0.to_owned()));
        }
        if alert.state == AlertState::Pending {
            return None;
        }
        self.returned.retain(|_, (_, over)| now.mono.since(*over) <= RETURN);
        self.returned.insert(key, (alert.returns, now.mono));
        if self.resolved.len() >= RESOLVED {
            self.resolved.pop_front();
        }
        self.resolved.push_back((alert.clone(), gone.wall));
        // Who never heard that it began need not hear that it is over.
        let (worst, _) = told?;
        // Who heard how bad it was at its worst hears the end, however mild it was at last.
        Some(AlertEvent::Resolved(Alert { severity: worst, ..alert }, gone.wall))
    }

    fn recalled_acknowledgement(&mut self, key: Key, now: MonoTime) -> Option<WallTime> {
        if self.recalled.is_empty() || self.entries.contains_key(&key) {
            return None;
        }
        if self.recalled_at.is_some_and(|at| now.since(at) > RECALL) {
            self.recalled.clear();
            return None;
        }
        self.recalled.remove(&(key.0?, key.1.0.to_owned()))
    }
}

impl Entry {
    fn recalled(target: Option<TargetId>, rule: RuleId, alert: &RememberedAlert, now: Now) -> Self {
        Self {
            alert: Alert {
                target,
                rule,
                severity: alert.severity,
                state: AlertState::Recalled,
                since: alert.since,
                title: alert.title.clone(),
                acknowledged: alert.acknowledged,
                signed: alert.signed.escaped(),
                snoozed_until: alert.snoozed_until,
                held_until: None,
                returns: alert.returns,
            },
            stands_from: now.mono,
            gone: None,
            frozen: None,
            due: false,
            told: alert.told.map(|at| (alert.severity, at)),
            faults: 1,
            seen: Some(alert.seen),
        }
    }

    /// Whether it fires or is held back, or did in an earlier run.
    fn fires(&self) -> bool {
        self.due || self.alert.state != AlertState::Pending
    }

    fn remembered(&self, now: WallTime) -> RememberedAlert {
        let alert = &self.alert;
        RememberedAlert {
            since: alert.since,
            seen: self.seen.unwrap_or(now),
            severity: self.told.map_or(alert.severity, |(severity, _)| severity),
            title: alert.title.clone(),
            told: self.told.map(|(_, at)| at),
            acknowledged: alert.acknowledged,
            signed: alert.signed.clone(),
            snoozed_until: alert.snoozed_until.filter(|until| *until > now),
            returns: alert.returns,
        }
    }

    /// Whether somebody is told of what fires: at first, when it is worse than what was told, and
    /// as a reminder. Nobody is while it is snoozed.
    fn tell(&mut self, settings: AlertSettings, now: WallTime) -> Option<AlertEvent> {
        if self.alert.snoozed_until.is_some_and(|until| until > now) {
            return None;
        }
        let Some((severity, at)) = self.told else {
            self.told = Some((self.alert.severity, now));
            return Some(AlertEvent::Fired(self.alert.clone()));
        };
        if self.alert.severity > severity {
            self.told = Some((self.alert.severity, now));
            return Some(AlertEvent::Fired(self.alert.clone()));
        }
        let reminds = !settings.remind_every.is_zero()
            && self.alert.acknowledged.is_none()
            && now.since(at) >= settings.remind_every;
        reminds.then(|| {
            self.told = Some((severity, now));
            AlertEvent::Reminded(self.alert.clone())
        })
    }

    fn freeze(&mut self, now: MonoTime) {
        self.frozen.get_or_insert(now);
    }

    /// Lets the clocks run again, later by as long as they stood still.
    fn thaw(&mut self, now: MonoTime) {
        if let Some(frozen) = self.frozen.take() {
            let stood = now.since(frozen);
            self.stands_from = self.stands_from.plus(stood);
            if let Some(gone) = &mut self.gone {
                gone.mono = gone.mono.plus(stood);
            }
        }
    }
}

#[cfg(test)]
mod hold_tests;
#[cfg(test)]
mod tests;
