//! What sinks are told of an alert: the alert, and what is known of its target and finding.

use super::Monitor;
use crate::domain::alert::{Alert, AlertEvent, AlertState};
use crate::domain::finding::Finding;
use crate::domain::rules::RULES;
use crate::domain::sink::{Notice, incident_id, whose};
use crate::domain::text::printable;
use crate::domain::time::Now;
use crate::domain::view::Mode;
use std::collections::{BTreeMap, BTreeSet};

impl Monitor {
    /// The notice of an end that came because its target is watched no more: what was found last
    /// says nothing of now.
    pub(super) fn last_notice(&self, event: &AlertEvent, now: Now) -> Notice {
        let notice = self.notice(event, now);
        Notice { sentence: notice.title.clone(), evidence: Vec::new(), ..notice }
    }

    /// Those alerts with these ids that are not over.
    #[must_use]
    pub fn alerts_of(&self, ids: &BTreeSet<String>, now: Now) -> BTreeMap<String, Alert> {
        if ids.is_empty() {
            return BTreeMap::new();
        }
        let by_id = |alert: Alert| {
            let tracked = alert.target.and_then(|id| self.targets.get(&id));
            let host = tracked.map(|tracked| whose(tracked.target()));
            (incident_id(&alert, host.as_deref()), alert)
        };
        self.alerts.standing(now).map(by_id).filter(|(id, _)| ids.contains(id)).collect()
    }

    /// The notices of those that fire, or did in an earlier run, as if they began to fire now.
    #[must_use]
    pub fn notices_of(&self, ids: &BTreeSet<String>, now: Now) -> Vec<Notice> {
        let alerts = self.alerts_of(ids, now).into_values();
        alerts
            .filter(|alert| alert.state != AlertState::Pending)
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
