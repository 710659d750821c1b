//! Alerts as people handle them, and what goes to a later run.
//!
//! An acknowledgement is remembered for as long as its alert is there, and no longer: the next alert
//! of its rule is another one.

use super::Monitor;
use super::Tracked;
use crate::domain::alert::{AlertBook, AlertEvent, Signature};
use crate::domain::finding::RuleId;
use crate::domain::memory::TargetMemory;
use crate::domain::rules::{self, PATH_OUTAGE_ID, RESTARTED_TOGETHER_ID};
use crate::domain::target::TargetId;
use crate::domain::time::{Now, WallTime};

impl Monitor {
    /// Notes that somebody has seen an alert.
    pub fn acknowledge(&mut self, id: Option<TargetId>, rule: RuleId, signed: Signature, now: Now) {
        if self.alerts.acknowledge(id, rule, signed, now)
            && let Some(tracked) = id.and_then(|id| self.targets.get_mut(&id))
        {
            tracked.memory_mut().acknowledged.insert(rule.0.to_owned(), now.wall);
        }
    }

    /// Silences an alert until a time.
    pub fn snooze(&mut self, id: Option<TargetId>, rule: RuleId, until: WallTime) {
        self.alerts.snooze(id, rule, until);
    }

    /// Takes an acknowledgement back.
    pub fn unacknowledge(&mut self, id: Option<TargetId>, rule: RuleId) {
        self.alerts.unacknowledge(id, rule);
        if let Some(tracked) = id.and_then(|id| self.targets.get_mut(&id)) {
            tracked.memory_mut().acknowledged.remove(rule.0);
        }
    }

    /// Ends a snooze.
    pub fn unsnooze(&mut self, id: Option<TargetId>, rule: RuleId) {
        self.alerts.unsnooze(id, rule);
    }

    /// Whether an alert fires.
    #[must_use]
    pub fn alerts_fire(&self) -> bool {
        self.alerts.fires()
    }

    /// Takes over what an earlier run knew of the alerts of this machine.
    pub fn recall_own(&mut self, memory: &TargetMemory, now: Now) {
        let recalled = self.alerts.recall(None, memory, now);
        let of_many = [PATH_OUTAGE_ID, RESTARTED_TOGETHER_ID];
        if recalled.iter().any(|(rule, _)| of_many.contains(rule)) {
            self.outages.recall(&memory.outages);
        }
        self.around.breaks.recall(&memory.breaks);
        self.diagnosis.wait_for(recalled);
    }

    /// What a later run must know of a target; `None`: of this machine.
    #[must_use]
    pub fn remembered(&self, id: Option<TargetId>, now: Now) -> TargetMemory {
        let memory = id.and_then(|id| self.targets.get(&id)).map(Tracked::memory);
        let own = || TargetMemory {
            accepted: self.alerts.accepted(None),
            outages: self.outages.remember(),
            breaks: self.around.breaks.remember(),
            ..<_>::default()
        };
        // Alerts of another version's rules are not this one's to forget.
        let of_others = memory.into_iter().flat_map(|memory| &memory.alerts);
        let of_others = of_others.filter(|(rule, _)| rules::card(rule).is_none());
        let mut alerts = self.alerts.remember(id, now);
        alerts.extend(of_others.map(|(rule, alert)| (rule.clone(), alert.clone())));
        let concerned_by = id.map(|id| self.alerts.concerned_by(id)).unwrap_or_default();
        TargetMemory {
            accepted_clear: self.alerts.accepted_clear(id),
            concerned_by,
            alerts,
            resolved: self.alerts.remember_resolved(id),
            ..memory.cloned().unwrap_or_else(own)
        }
    }

    /// Accepts findings that were there on first sight. How many of them were listed for review.
    pub fn accept_as_found(&mut self, findings: &[(Option<TargetId>, RuleId)], now: Now) -> usize {
        let mut accepted = 0;
        for (id, rule) in findings {
            if !self.alerts.accept(*id, *rule, now.wall) {
                continue;
            }
            accepted += 1;
            if let Some(tracked) = id.and_then(|id| self.targets.get_mut(&id)) {
                tracked.memory_mut().accepted.insert(rule.0.to_owned(), now.wall);
                tracked.set_changed();
            }
            self.log(*id, now.wall, format!("accepted as found: {}", rule.0));
        }
        accepted
    }

    pub(super) fn log_alert(&mut self, event: &AlertEvent) {
        let (alert, at, text) = match event {
            AlertEvent::Fired(alert) => (alert, alert.since, alert.title.clone()),
            AlertEvent::Reminded(_) => return,
            AlertEvent::Resolved(alert, at) => (alert, *at, format!("over: {}", alert.title)),
        };
        self.log(alert.target, at, text);
    }

    /// Takes back what was accepted of this machine and has been gone for a day, and tells it with what
    /// is of targets.
    pub(super) fn outlive_accepted(&mut self, of_targets: Vec<(TargetId, RuleId)>, now: Now) {
        let own = self.alerts.outlive_accepted(None, |rule| self.diagnosis.look(rule));
        let of_targets = of_targets.into_iter().map(|(id, rule)| (Some(id), rule));
        let over: Vec<_> = of_targets.chain(own.into_iter().map(|rule| (None, rule))).collect();
        self.forgot |= !over.is_empty();
        for (id, rule) in over {
            self.log(id, now.wall, format!("gone for a day, accepted no more: {}", rule.0));
        }
    }

    /// Whether something ended since the last call without an event, which a later run must not
    /// know any more.
    pub const fn take_forgot(&mut self) -> bool {
        std::mem::replace(&mut self.forgot, false)
    }
}

/// Takes back what was accepted of a target and has been gone for a day: the rules.
pub(super) fn outlive_accepted_of(tracked: &mut Tracked, alerts: &mut AlertBook) -> Vec<RuleId> {
    let over = alerts.outlive_accepted(Some(tracked.target().id), |rule| tracked.look(rule));
    for rule in &over {
        tracked.memory_mut().accepted.remove(rule.0);
        tracked.set_changed();
    }
    over
}

/// Forgets acknowledgements of a target whose alerts left the book, with an event or without. Whether
/// there were any.
pub(super) fn forget_acknowledgements(tracked: &mut Tracked, alerts: &AlertBook, now: Now) -> bool {
    let id = tracked.target().id;
    let stale = |rule: &str| !alerts.may_be_acknowledged(id, rule, now.mono);
    // Asked first: whoever is amended is pictured anew.
    let any = tracked.memory().acknowledged.keys().any(|rule| stale(rule));
    if any {
        tracked.memory_mut().acknowledged.retain(|rule, _| !stale(rule));
    }
    any
}
