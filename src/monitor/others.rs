//! What people said in other programs on the same state.

use super::Monitor;
use crate::domain::finding::RuleId;
use crate::domain::said::{Hearing, Said, Word};
use crate::domain::target::TargetId;
use crate::domain::time::{Now, WallTime};

impl Monitor {
    /// Takes over what somebody said elsewhere of a target; `None`: of this machine.
    pub fn hear(&mut self, id: Option<TargetId>, word: &Word, now: Now) -> Hearing {
        let (heard, text) = match word {
            Word::Pin(pinned) => (self.hear_pin(id, *pinned), None),
            Word::Maintenance(said) => (self.hear_maintenance(id, said, now), None),
            Word::Acceptance(rule, at) => {
                (self.hear_acceptance(id, *rule, *at), Some(("accepted as found", *rule)))
            }
            Word::Acknowledgement(rule, said) => {
                let heard = self.alerts.hear_acknowledgement(id, *rule, said);
                if heard == Hearing::Taken {
                    self.remember_acknowledgement(id, *rule, said.stands.as_ref().map(|s| s.at));
                }
                let text = match said.stands {
                    Some(_) => "acknowledged",
                    None => "acknowledgement taken back",
                };
                (heard, Some((text, *rule)))
            }
            Word::Snooze(rule, said) => {
                let text = if said.stands.is_some() { "snoozed" } else { "snooze ended" };
                (self.alerts.hear_snooze(id, *rule, said, now.wall), Some((text, *rule)))
            }
        };
        if let (Hearing::Taken, Some((text, rule))) = (heard, text) {
            self.log(id, now.wall, format!("{text} on another dashboard: {}", rule.0));
        }
        heard
    }

    fn hear_pin(&mut self, id: Option<TargetId>, pinned: bool) -> Hearing {
        let pins = id.map(|id| (id, pinned)).into_iter().collect();
        if self.pin(&pins) { Hearing::Taken } else { Hearing::Known }
    }

    fn hear_maintenance(
        &mut self,
        id: Option<TargetId>,
        said: &Said<WallTime>,
        now: Now,
    ) -> Hearing {
        let Some((id, tracked)) = id.and_then(|id| Some((id, self.targets.get(&id)?))) else {
            return Hearing::Known;
        };
        let ours = tracked.memory().maintenance_until.filter(|until| *until > now.wall);
        if ours == said.stands {
            return Hearing::Known;
        }
        if ours != said.before {
            return Hearing::Overruled;
        }
        self.maintain_from("another dashboard", &[id], said.stands, now);
        Hearing::Taken
    }

    fn hear_acceptance(&mut self, id: Option<TargetId>, rule: RuleId, at: WallTime) -> Hearing {
        if self.alerts.accepted(id).contains_key(rule.0) {
            return Hearing::Known;
        }
        if !self.alerts.accept(id, rule, at) {
            return Hearing::NotYet;
        }
        if let Some(tracked) = id.and_then(|id| self.targets.get_mut(&id)) {
            tracked.memory_mut().accepted.insert(rule.0.to_owned(), at);
        }
        Hearing::Taken
    }

    fn remember_acknowledgement(
        &mut self,
        id: Option<TargetId>,
        rule: RuleId,
        at: Option<WallTime>,
    ) {
        let Some(tracked) = id.and_then(|id| self.targets.get_mut(&id)) else { return };
        let acknowledged = &mut tracked.memory_mut().acknowledged;
        match at {
            Some(at) => acknowledged.insert(rule.0.to_owned(), at),
            None => acknowledged.remove(rule.0),
        };
    }

    /// Whether an alert fires here by this rule, so that it is remembered.
    #[must_use]
    pub fn fires(&self, id: Option<TargetId>, rule: RuleId) -> bool {
        self.alerts.told_of(id, rule)
    }
}
