//! What sinks are told of an alert: the alert, and what is known of its target and finding.

use super::Monitor;
use crate::domain::alert::{Alert, AlertEvent};
use crate::domain::finding::Finding;
use crate::domain::rules::RULES;
use crate::domain::sink::{Notice, incident_id, whose};
use crate::domain::text::printable;
use crate::domain::time::Now;
use crate::domain::view::Mode;
use std::collections::BTreeSet;

impl Monitor {
    /// The notice of an end that came because its target is watched no more: what was found last
    /// says nothing of now.
    pub(super) fn last_notice(&self, event: &AlertEvent, now: Now) -> Notice {
        let notice = self.notice(event, now);
        Notice { sentence: notice.title.clone(), evidence: Vec::new(), ..notice }
    }

    /// Those alerts with these ids that fire and of which anybody may be told, as if they began to
    /// fire now.
    #[must_use]
    pub fn notices_of(&self, ids: &BTreeSet<String>, now: Now) -> Vec<Notice> {
        let silenced = |alert: &Alert| alert.snoozed_until.is_some() || alert.held_until.is_some();
        let known = |alert: &Alert| {
            let tracked = alert.target.and_then(|id| self.targets.get(&id));
            let host = tracked.map(|tracked| whose(tracked.target()));
            ids.contains(&incident_id(alert, host.as_deref()))
        };
        let firing = self.alerts.snapshot(now).firing.into_iter();
        firing
            .filter(|alert| !silenced(alert) && known(alert))
            .map(|alert| self.notice(&AlertEvent::Fired(alert), now))
            .collect()
    }

    /// The notice of an event, with everything that is known at `now`.
    #[must_use]
    pub fn notice(&self, event: &AlertEvent, now: Now) -> Notice {
        let alert = event.alert();
        let tracked = alert.target.and_then(|id| self.targets.get(&id));
        let host = tracked.map(|tracked| whose(tracked.target()));
        let findings: Vec<Finding> = match tracked {
            Some(tracked) => tracked.findings(Mode::Watch, &self.around, now),
            None => self.diagnosis.findings(RULES),
        };
        let mut notice = Notice::of(event, host.as_deref());
        if let Some(finding) = findings.into_iter().find(|finding| finding.rule == alert.rule) {
            notice.sentence = finding.sentence;
            notice.owner = Some(finding.owner);
            notice.evidence = finding.evidence;
        }
        if let Some(tracked) = tracked {
            let target = tracked.target();
            notice.target = Some(printable(&target.name).into_owned());
            notice.group = target.group.as_ref().map(|group| printable(group).into_owned());
        }
        notice.host = host;
        notice
    }
}
