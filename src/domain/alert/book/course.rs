//! What a diagnosis makes of the alerts: which begin, fire and end.

use super::entry::Entry;
use super::recall::{FORGET, NOT_MEASURED, RECALL};
use super::{AlertBook, Ended, Key, RESOLVED};
use crate::domain::alert::{Alert, AlertEvent, AlertState};
use crate::domain::diagnose::Diagnosed;
use crate::domain::finding::{Finding, RuleId, are_among};
use crate::domain::rules::{self, RuleCard};
use crate::domain::target::TargetId;
use crate::domain::time::{MonoTime, Now, WallTime};
use std::time::Duration;

/// What a cause explained does not alert for so long after the cause is over, the times between
/// several of them added up.
const AFTERMATH: Duration = Duration::from_mins(1);

/// What is measured anew all the time is over when something else has explained it for so long, as the
/// silence of a host explains that its answers are slow no more.
const PASSED: Duration = Duration::from_mins(5);

/// And what is told of several hosts at once, or of this machine: so long may be what else explains it,
/// and it is the same when that is over.
const PASSED_SHARED: Duration = Duration::from_hours(1);

/// Why it is over then, where nothing measures it.
const NOT_MEASURED_NOW: &str = "not measured any more";

/// Why, where it is measured still, and told with this cause: `told as line full now`.
fn told_as(cause: &RuleCard) -> String {
    format!("told as {} now", cause.title)
}

/// How often an alert may come back and still end at once when one that excludes it fires: what goes
/// to and fro is held like any other that returns.
const AT_ONCE: u32 = 3;

/// An alert that comes back within this span after it was over has returned.
const RETURN: Duration = Duration::from_hours(1);

impl AlertBook {
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
        self.note_breaks(target, diagnosed);
        let mut events = self.end_outdated(target);
        for finding in &diagnosed.findings {
            let key = (target, finding.rule);
            let decided = !diagnosed.undecided.contains(&finding.rule);
            if self.alerts(target, finding) && (decided || self.entries.contains_key(&key)) {
                events.extend(self.end_former(key, finding));
                events.extend(self.stands(key, finding, now));
            }
        }
        for key in self.keys(target) {
            let stands = |finding: &Finding| finding.rule == key.1 && self.alerts(target, finding);
            if diagnosed.findings.iter().any(stands) {
                continue;
            }
            let unheard = self.unheard(key, diagnosed);
            let withheld = diagnosed.withheld.contains(&key.1);
            if withheld || unheard.is_some() || self.is_shadowed(key, diagnosed) {
                events.extend(self.is_withheld(key, diagnosed, unheard, now));
            } else if self.waits(key, diagnosed) {
                events.extend(self.give_up(key, now));
            } else {
                let newer = |finding: &Finding| {
                    rules::supersedes(finding.rule, key.1) && self.fires_now(target, finding)
                };
                let superseded = diagnosed.findings.iter().any(newer)
                    || self.joined_supersedes(diagnosed, key.1);
                events.extend(self.is_gone(key, superseded, now));
            }
        }
        events
    }

    /// Whether it fired in an earlier run, and what stands now would explain its finding: that it does
    /// not stand as well is no word on it.
    fn is_shadowed(&self, key: Key, diagnosed: &Diagnosed) -> bool {
        diagnosed.shadowed.contains(&key.1) && self.is_recalled(key)
    }

    /// The rule that tells why nothing is learnt of four of five of the hosts that it concerned when it
    /// fired in an earlier run: that it does not stand now is no word on it.
    fn unheard(&self, key: Key, diagnosed: &Diagnosed) -> Option<RuleId> {
        let (_, unheard) = diagnosed.unheard.iter().find(|(rule, _)| *rule == key.1)?;
        let hosts = self.concerned_before(key)?;
        are_among(hosts.iter(), &unheard.hosts).then_some(unheard.cause)
    }

    /// Something else explains the finding: its clocks stand still, and what is of the moment only is
    /// over after a while. Where it joins what other hosts have alike, one alert tells of all, and its
    /// own is over, unless somebody saw to it. `unheard`: the rule that tells why nothing is learnt of it.
    fn is_withheld(
        &mut self,
        key: Key,
        diagnosed: &Diagnosed,
        unheard: Option<RuleId>,
        now: Now,
    ) -> Option<AlertEvent> {
        let held = self.held(key, now.wall).is_some();
        let joins = diagnosed.joined.contains(&key.1);
        let of = |pairs: &[(RuleId, RuleId)]| {
            pairs.iter().find(|(rule, _)| *rule == key.1).map(|(_, cause)| *cause)
        };
        let entry = self.entries.get_mut(&key)?;
        let passing = rules::card(key.1.0).is_some_and(|card| card.alerting.passing);
        if unheard.is_some() && entry.frozen.is_none() {
            entry.search_anew();
        }
        let frozen = entry.freeze(of(&diagnosed.explained).or(unheard), now);
        let passed = match key.0 {
            None if unheard.is_some() && diagnosed.awaited.contains(&key.1) => Some(FORGET),
            None => Some(PASSED_SHARED),
            Some(_) => passing.then_some(PASSED),
        };
        let stood_still = now.mono.since(frozen.mono);
        let attended = entry.alert.acknowledged.is_some() || entry.alert.snoozed_until.is_some();
        // What somebody saw to at this machine keeps its note, and ends by what is measured.
        let kept = attended && key.0.is_none();
        let forgotten = entry.alert.state == AlertState::Recalled && stood_still >= FORGET;
        let passed = forgotten || passed.is_some_and(|span| stood_still >= span && !kept);
        let joins = joins && !passing && !attended;
        if held || !(passed || joins) {
            return None;
        }
        if joins && entry.alert.state != AlertState::Pending {
            self.note_end(key, true, now);
        }
        let told_by = of(&diagnosed.told_by).and_then(|cause| rules::card(cause.0));
        let why = told_by.map_or_else(|| NOT_MEASURED_NOW.to_owned(), told_as);
        self.close(key, Some(&why), frozen.wall)
    }

    /// Whether it fired in an earlier run and nothing is known of it in this one.
    fn waits(&self, key: Key, diagnosed: &Diagnosed) -> bool {
        diagnosed.awaited.contains(&key.1) && self.is_recalled(key)
    }

    /// Ends an alert of an earlier run that nothing was measured of in a whole day of this one.
    fn give_up(&mut self, key: Key, now: Now) -> Option<AlertEvent> {
        let entry = self.entries.get_mut(&key)?;
        entry.thaw(now.mono);
        if now.mono.since(entry.stands_from) < FORGET {
            return None;
        }
        let ended = entry.last_seen(now.wall);
        self.close(key, Some(NOT_MEASURED), ended)
    }

    /// Ends what an earlier run told of, and what is too old to be the same now.
    pub(super) fn end_outdated(&mut self, target: Option<TargetId>) -> Vec<AlertEvent> {
        let own = |(alert, _): &mut (Alert, WallTime)| alert.target == target;
        let outdated: Vec<_> = self.outdated.extract_if(.., own).collect();
        let end = |(alert, ended): (Alert, WallTime)| {
            self.keep_resolved(alert.clone(), ended);
            AlertEvent::Resolved(alert, ended)
        };
        outdated.into_iter().map(end).collect()
    }

    pub(super) fn keep_resolved(&mut self, alert: Alert, ended: WallTime) {
        if self.resolved.len() >= RESOLVED {
            self.resolved.pop_front();
        }
        self.resolved.push_back((alert, ended));
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
        // What stood before the cause came is none of its effects; what is told of this machine or of
        // several hosts, if it stood for long enough.
        let stood =
            |key: &Key| self.entries.get(key).is_some_and(|entry| key.0.is_some() || entry.fires());
        let rules = diagnosed.withheld.iter().chain(&diagnosed.shadowed);
        let keys = rules.map(|rule| (target, *rule));
        let effects: Vec<Key> =
            keys.filter(|key| !stood(key) || self.withheld.contains_key(key)).collect();
        self.withheld.extend(effects.into_iter().map(|key| (key, now)));
    }

    /// Notes which faults were gone since their alerts joined those of other hosts: by what stands, and
    /// by no clock.
    fn note_breaks(&mut self, target: Option<TargetId>, diagnosed: &Diagnosed) {
        let own = self.ended.range_mut((target, RuleId(""))..);
        for ((_, rule), ended) in own.take_while(|((of, _), _)| *of == target) {
            let told = diagnosed.findings.iter().any(|finding| finding.rule == *rule);
            ended.joined &= told || diagnosed.withheld.contains(rule);
        }
    }

    fn review(&mut self, target: Option<TargetId>, diagnosed: &Diagnosed) {
        let told: Vec<bool> =
            diagnosed.findings.iter().map(|finding| self.alerts(target, finding)).collect();
        let found = diagnosed.findings.iter().zip(told);
        let found = found.filter(|(finding, told)| finding.as_found && !told);
        self.reviews.follow(target, found.map(|(finding, _)| finding), &diagnosed.withheld);
    }

    /// Whether the alert of a finding that stands fires.
    fn fires_now(&self, target: Option<TargetId>, finding: &Finding) -> bool {
        let entry = self.entries.get(&(target, finding.rule));
        entry.is_some_and(|entry| entry.alert.state == AlertState::Firing)
            && self.alerts(target, finding)
    }

    /// Whether a newer state of the same thing is told by an alert of several hosts that fires.
    fn joined_supersedes(&self, diagnosed: &Diagnosed, older: RuleId) -> bool {
        let fires = |cause| {
            let entry = self.entries.get(&(None, cause));
            entry.is_some_and(|entry| entry.alert.state == AlertState::Firing)
        };
        diagnosed.told_by.iter().any(|(rule, cause)| {
            diagnosed.joined.contains(rule) && rules::supersedes(*rule, older) && fires(*cause)
        })
    }

    /// Ends the alert of a fault that is over when another one of the same rule stands in its place.
    fn end_former(&mut self, key: Key, finding: &Finding) -> Option<AlertEvent> {
        let former = self.entries.get(&key)?;
        if self.is_of_others(key, finding) {
            let last = former.gone.or(former.frozen).map_or(finding.since, |at| at.wall);
            return self.close(key, Some(NOT_MEASURED_NOW), last);
        }
        let gone = former.gone.filter(|_| former.is_of_another(finding))?;
        self.close(key, None, gone.wall)
    }

    /// Whether an alert of several hosts fired in an earlier run, and `finding` is of none of them.
    fn is_of_others(&self, key: Key, finding: &Finding) -> bool {
        let both = self.concerned_before(key).zip(finding.members.as_deref());
        both.is_some_and(|(before, now)| before.is_disjoint(now))
    }

    /// Takes an alert off the list: it is over since `ended`, and `why` is said behind its title.
    pub(super) fn close(
        &mut self,
        key: Key,
        why: Option<&str>,
        ended: WallTime,
    ) -> Option<AlertEvent> {
        let entry = self.entries.remove(&key)?;
        self.ended_unheard |= entry.fires() && entry.told.is_none();
        if entry.alert.state == AlertState::Pending {
            return None;
        }
        self.keep_resolved(entry.over(why), ended);
        Some(AlertEvent::Resolved(entry.told_over(why)?, ended))
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
        let lately = |ended: &&Ended| now.mono.since(ended.at.mono) <= RETURN;
        let ended = self.ended.get(&key).filter(lately).copied();
        let entry = self.entries.entry(key).or_insert_with(|| {
            let mut entry = Entry::pending(key, finding, now.mono);
            entry.recall_acknowledgement(acknowledged);
            if let Some(ended) = ended {
                entry.alert.returns = ended.returns.saturating_add(1);
                entry.alert.unbroken = ended.unbroken.saturating_add(u32::from(ended.joined));
            }
            entry
        });
        entry.thaw(now.mono);
        entry.follow(finding, now.mono);
        let stood = now.mono.since(entry.stands_from);
        // What has stood for so long between the effects is none of them.
        let waits = aftermath && stood < AFTERMATH || stood < settings.wait(finding.severity);
        match entry.alert.state {
            AlertState::Pending if waits && !entry.due => return None,
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
            AlertState::Firing | AlertState::Recalled
                if superseded && entry.alert.returns <= AT_ONCE =>
            {
                Duration::ZERO
            }
            AlertState::Firing => settings.hold(entry.alert.returns),
            AlertState::Recalled => RECALL,
        };
        // Who heard that it began hears that it is over, when the work is.
        if now.mono.since(gone.mono) < wait || (held && entry.told.is_some()) {
            return None;
        }
        let state = entry.alert.state;
        if let Some(target) = key.0 {
            self.recalled.remove(&(target, key.1.0.to_owned()));
        }
        if state != AlertState::Pending {
            self.note_end(key, false, now);
        }
        self.close(key, None, gone.wall)
    }

    /// Remembers how often an alert that ends now had come back: it may return. `joined`: one alert of
    /// several hosts tells of the fault from now on.
    fn note_end(&mut self, key: Key, joined: bool, at: Now) {
        self.ended.retain(|_, ended| at.mono.since(ended.at.mono) <= RETURN);
        if let Some(Entry { alert, .. }) = self.entries.get(&key) {
            let Alert { returns, unbroken, .. } = *alert;
            self.ended.insert(key, Ended { returns, unbroken, joined, at });
        }
    }
}
