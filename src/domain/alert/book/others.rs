//! What people said of alerts in another program on the same state.

use super::AlertBook;
use super::entry::Entry;
use crate::domain::alert::Signature;
use crate::domain::finding::{RuleId, Severity};
use crate::domain::said::{Acknowledged, Hearing, Said, Snoozed};
use crate::domain::target::TargetId;
use crate::domain::time::WallTime;
use std::time::Duration;

/// An alert that began here so long at most after it was acknowledged elsewhere is the same: each program
/// sees it with probes of its own.
const LATER: Duration = Duration::from_secs(90);

impl AlertBook {
    /// Takes over that somebody acknowledged an alert elsewhere, or took that back. Of two
    /// acknowledgements the newer one stands.
    pub fn hear_acknowledgement(
        &mut self,
        target: Option<TargetId>,
        rule: RuleId,
        said: &Said<Acknowledged>,
    ) -> Hearing {
        let Some(entry) = self.entries.get_mut(&(target, rule)) else { return Hearing::NotYet };
        let at = |one: &Option<Acknowledged>| one.as_ref().map(|one| one.at);
        let ours = entry.alert.acknowledged;
        if ours == at(&said.stands) {
            return Hearing::Known;
        }
        let Some(stands) = &said.stands else {
            if ours != at(&said.before) {
                return Hearing::Overruled;
            }
            entry.alert.acknowledged = None;
            entry.alert.signed = Signature::default();
            return Hearing::Taken;
        };
        if ours != at(&said.before) && ours.is_none_or(|ours| ours >= stands.at) {
            return Hearing::Overruled;
        }
        let seen = entry.alert.since.since(stands.at) <= LATER;
        if !seen || entry.is_worse_than(stands.severity) {
            return Hearing::NotYet;
        }
        entry.alert.acknowledged = Some(stands.at);
        entry.alert.signed = stands.signed.escaped();
        entry.attend_as(stands.severity);
        Hearing::Taken
    }

    /// Takes over that somebody snoozed an alert elsewhere, or ended that. What was said here since
    /// stands.
    pub fn hear_snooze(
        &mut self,
        target: Option<TargetId>,
        rule: RuleId,
        said: &Said<Snoozed>,
        now: WallTime,
    ) -> Hearing {
        let entry = self.entries.get_mut(&(target, rule)).filter(|entry| entry.fires());
        let Some(entry) = entry else { return Hearing::NotYet };
        let until = |one: &Option<Snoozed>| one.as_ref().map(|one| one.until);
        let ours = entry.alert.snoozed_until.filter(|until| *until > now);
        if ours == until(&said.stands) {
            return Hearing::Known;
        }
        if ours != until(&said.before) {
            return Hearing::Overruled;
        }
        if let Some(stands) = &said.stands {
            if entry.is_worse_than(stands.severity) {
                return Hearing::NotYet;
            }
            entry.attend_as(stands.severity);
        }
        entry.alert.snoozed_until = until(&said.stands);
        Hearing::Taken
    }
}

impl Entry {
    /// Whether it is worse here than it was for whoever saw to it elsewhere.
    fn is_worse_than(&self, severity: Option<Severity>) -> bool {
        severity.is_some_and(|severity| severity < self.alert.severity)
    }
}
