//! What sinks are told of an alert: the alert, and what is known of its target and finding.

use super::Monitor;
use crate::domain::alert::AlertEvent;
use crate::domain::finding::Finding;
use crate::domain::rules::RULES;
use crate::domain::sink::{Notice, whose};
use crate::domain::text::printable;
use crate::domain::time::Now;
use crate::domain::view::Mode;

impl Monitor {
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
