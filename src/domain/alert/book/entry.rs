//! One alert and its clocks.

use super::Key;
use crate::domain::alert::{
    Alert, AlertEvent, AlertSettings, AlertState, RememberedAlert, Signature,
};
use crate::domain::finding::{Finding, RuleId, Severity};
use crate::domain::target::TargetId;
use crate::domain::time::{MonoTime, Now, WallTime};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// What sinks heard of an alert.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    /// How bad it was when it was last told.
    severity: Severity,
    /// How bad it was at its worst.
    pub(super) worst: Severity,
    /// When it was last told.
    at: WallTime,
    /// Since when it is milder than what was last told.
    milder: Option<MonoTime>,
}

/// What is milder for so long than what was told is told again when it gets worse.
const CALM: Duration = Duration::from_mins(15);

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) alert: Alert,
    /// When it began to stand.
    pub(super) stands_from: MonoTime,
    /// When the finding went away, while the alert fires on.
    pub(super) gone: Option<Now>,
    /// Since when its clocks stand still.
    pub(super) frozen: Option<Now>,
    /// It stood for long enough and is held back.
    pub(super) due: bool,
    /// What was told of it.
    pub(super) told: Option<Told>,
    /// How bad it was when somebody acknowledged or snoozed it, or had heard that it was.
    attended: Option<Severity>,
    /// The number of the newest fault that its finding spoke of.
    pub(super) faults: u32,
    /// What it is called once it is over, when that is another title than its last.
    title_over: Option<String>,
    /// Whom its finding concerned when it last stood, where it speaks of several hosts.
    pub(super) hosts: Option<Arc<BTreeSet<TargetId>>>,
    /// Of one that is recalled: when it was last known to fire.
    pub(super) seen: Option<WallTime>,
    /// It was searched for anew.
    searched: bool,
}

impl Entry {
    /// One whose finding begins to stand.
    pub(super) fn pending(key: Key, finding: &Finding, now: MonoTime) -> Self {
        Self {
            alert: Alert {
                target: key.0,
                rule: key.1,
                severity: finding.severity,
                state: AlertState::Pending,
                since: finding.since,
                title: finding.title.clone(),
                acknowledged: None,
                signed: Signature::default(),
                snoozed_until: None,
                held_until: None,
                explained_by: None,
                returns: 0,
                unbroken: 0,
            },
            stands_from: now,
            gone: None,
            frozen: None,
            due: false,
            told: None,
            attended: None,
            faults: finding.faults,
            title_over: finding.title_over.clone(),
            hosts: finding.members.clone(),
            seen: None,
            searched: false,
        }
    }

    /// Whether `finding` is another fault, and the one that this alert is of is over.
    pub(super) const fn is_of_another(&self, finding: &Finding) -> bool {
        self.gone.is_some() && !self.is_without_number() && finding.faults > self.faults
    }

    /// Whether nobody knows which number its fault has in this run: what several hosts have is recalled,
    /// and numbered in the order in which it is found.
    const fn is_without_number(&self) -> bool {
        self.seen.is_some() && self.alert.target.is_none()
    }

    /// Somebody acknowledges or snoozes it: as bad as it is, or as they heard that it was.
    pub(super) fn attend(&mut self) {
        self.attended = self.told.map(|told| told.severity).max(Some(self.alert.severity));
    }

    /// Somebody acknowledged or snoozed it elsewhere, when it was so bad; not known: as bad as it is.
    pub(super) fn attend_as(&mut self, severity: Option<Severity>) {
        self.attended = severity.or(Some(self.alert.severity));
    }

    /// Somebody acknowledged it in an earlier run, which does not say how bad it was: as it is.
    pub(super) fn recall_acknowledgement(&mut self, acknowledged: Option<WallTime>) {
        self.alert.acknowledged = acknowledged;
        self.attended = acknowledged.map(|_| self.alert.severity);
    }

    /// Nobody has seen to it.
    fn neglect(&mut self) {
        self.attended = None;
        self.alert.acknowledged = None;
        self.alert.signed = Signature::default();
        self.alert.snoozed_until = None;
    }

    /// Follows its finding, which stands. Who heard of one fault, or has seen to it, knows nothing
    /// of another, nor of one that got worse.
    pub(super) fn follow(&mut self, finding: &Finding, now: MonoTime) {
        if self.is_without_number() {
            self.faults = finding.faults;
        }
        self.seen = None;
        self.hosts.clone_from(&finding.members);
        if self.gone.take().is_some() && self.alert.state == AlertState::Firing {
            self.alert.returns = self.alert.returns.saturating_add(1);
        }
        if finding.faults > self.faults {
            self.told = None;
            self.neglect();
        }
        if self.attended.is_some_and(|severity| finding.severity > severity) {
            self.neglect();
        }
        if let Some(told) = &mut self.told {
            if finding.severity >= told.severity {
                told.milder = None;
            } else if now.since(*told.milder.get_or_insert(now)) >= CALM {
                told.severity = finding.severity;
                told.milder = None;
            }
        }
        self.faults = self.faults.max(finding.faults);
        self.alert.severity = finding.severity;
        if self.alert.title != finding.title {
            self.alert.title.clone_from(&finding.title);
        }
        if self.title_over != finding.title_over {
            self.title_over.clone_from(&finding.title_over);
        }
    }

    pub(super) fn recalled(
        target: Option<TargetId>,
        rule: RuleId,
        alert: &RememberedAlert,
        now: Now,
    ) -> Self {
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
                explained_by: None,
                returns: alert.returns,
                unbroken: alert.unbroken,
            },
            stands_from: now.mono,
            gone: None,
            frozen: None,
            due: false,
            told: alert.told.map(|at| Told {
                severity: alert.severity,
                worst: alert.worst.unwrap_or(alert.severity),
                at,
                milder: None,
            }),
            attended: alert
                .acknowledged
                .or(alert.snoozed_until)
                .map(|_| alert.attended.unwrap_or(alert.severity)),
            faults: 1,
            title_over: None,
            hosts: None,
            seen: Some(alert.seen),
            searched: false,
        }
    }

    /// When it last stood, as far as is known.
    pub(super) fn last_seen(&self, now: WallTime) -> WallTime {
        self.seen.unwrap_or(now)
    }

    /// The alert as it is listed once it is over; `why` is said behind its title.
    pub(super) fn over(&self, why: Option<&str>) -> Alert {
        let title = self.title_over.as_ref().unwrap_or(&self.alert.title);
        let title = why.map_or_else(|| title.clone(), |why| format!("{title} ({why})"));
        Alert { title, explained_by: None, ..self.alert.clone() }
    }

    /// The same for those who heard that it began: as bad as it was at its worst, however mild it was
    /// at last. `None` where nobody did, who need not hear that it is over.
    pub(super) fn told_over(&self, why: Option<&str>) -> Option<Alert> {
        let severity = self.told?.worst;
        Some(Alert { severity, ..self.over(why) })
    }

    /// Whether it fires or is held back, or did in an earlier run.
    pub(super) fn fires(&self) -> bool {
        self.due || self.alert.state != AlertState::Pending
    }

    pub(super) fn remembered(&self, now: WallTime) -> RememberedAlert {
        let alert = &self.alert;
        RememberedAlert {
            since: alert.since,
            seen: self.last_seen(now),
            severity: self.told.map_or(alert.severity, |told| told.severity),
            worst: self.told.map(|told| told.worst),
            attended: self.attended,
            title: alert.title.clone(),
            told: self.told.map(|told| told.at),
            acknowledged: alert.acknowledged,
            signed: alert.signed.clone(),
            snoozed_until: alert.snoozed_until.filter(|until| *until > now),
            returns: alert.returns,
            unbroken: alert.unbroken,
            heard: None,
        }
    }

    /// Whether somebody is told of what fires: at first, when it is worse than what was told, and
    /// as a reminder. Nobody is while it is snoozed.
    pub(super) fn tell(&mut self, settings: AlertSettings, now: WallTime) -> Option<AlertEvent> {
        if self.alert.snoozed_until.is_some_and(|until| until > now) {
            return None;
        }
        let severity = self.alert.severity;
        let before = self.told;
        let told = |severity| Told {
            severity,
            worst: before.map_or(severity, |told| told.worst.max(severity)),
            at: now,
            milder: before.and_then(|told| told.milder),
        };
        let Some(before) = before.filter(|before| severity <= before.severity) else {
            self.told = Some(told(severity));
            return Some(AlertEvent::Fired(self.alert.clone()));
        };
        // What lies ahead was told while this machine's clock was wrong.
        let long_ago = before.at > now || now.since(before.at) >= settings.remind_every;
        let reminds =
            !settings.remind_every.is_zero() && self.alert.acknowledged.is_none() && long_ago;
        reminds.then(|| {
            self.told = Some(told(before.severity));
            AlertEvent::Reminded(self.alert.clone())
        })
    }

    /// The clocks stand still, by the finding of `cause` where one explains it. Since when.
    pub(super) fn freeze(&mut self, cause: Option<RuleId>, now: Now) -> Now {
        self.alert.explained_by = cause;
        *self.frozen.get_or_insert(now)
    }

    /// Nothing is learnt of it: what this run had not found of it until now is no word on it. Once: a path
    /// that breaks again and again holds it up no longer.
    pub(super) const fn search_anew(&mut self) {
        if !self.searched {
            (self.gone, self.searched) = (None, true);
        }
    }

    /// Lets the clocks run again, later by as long as they stood still.
    pub(super) fn thaw(&mut self, now: MonoTime) {
        self.alert.explained_by = None;
        if let Some(frozen) = self.frozen.take() {
            let stood = now.since(frozen.mono);
            self.stands_from = self.stands_from.plus(stood);
            if let Some(gone) = &mut self.gone {
                gone.mono = gone.mono.plus(stood);
            }
        }
    }
}
