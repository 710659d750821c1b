//! Who is watched changes while the program runs: targets go, or are told otherwise of.

use super::Monitor;
use crate::domain::memory::TargetMemory;
use crate::domain::sink::Notice;
use crate::domain::target::{Target, TargetId};
use crate::domain::text::printable;
use crate::domain::time::Now;
use std::sync::Arc;

impl Monitor {
    /// Watches a target no more; what is to be remembered of it comes back, and what sinks are told
    /// of its alerts: who heard that one began hears that it is over. Its lines in the event log
    /// stay, with its name.
    pub fn remove(&mut self, id: TargetId, now: Now) -> Option<(TargetMemory, Vec<Notice>)> {
        self.targets.get(&id)?;
        let over = self.alerts.forget(id, now.wall);
        let notices = over.iter().map(|event| self.last_notice(event, now)).collect();
        for event in &over {
            self.log_alert(event);
        }
        let mut memory = self.remembered(Some(id), now);
        memory.acknowledged.clear();
        self.alerts.forget_resolved(id);
        let gone = self.targets.remove(&id)?;
        self.around.outages.clear();
        self.outages.forget(id);
        self.around.outages = self.outages.lately();
        self.common.forget(id);
        self.siblings.changed(gone.target().group.as_deref());
        let name: Arc<str> = printable(&gone.target().name).into();
        for event in self.events.iter_mut().filter(|event| event.target == Some(id)) {
            event.target = None;
            event.gone = Some(Arc::clone(&name));
        }
        Some((memory, notices))
    }

    /// Takes over the changed configuration of a target, whose host and port are the same: what
    /// was measured of it stays.
    pub fn reconfigure(&mut self, target: Target) {
        let id = target.id;
        self.alerts.settle(id, target.alert);
        let Some(tracked) = self.targets.get_mut(&id) else { return };
        self.siblings.changed(tracked.target().group.as_deref());
        self.siblings.changed(target.group.as_deref());
        if tracked.target().gateway != target.gateway {
            self.common.forget(id);
        }
        tracked.set_target(Arc::new(target));
        self.look_anew(id);
    }
}
