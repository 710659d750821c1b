//! An acknowledgement is remembered for as long as its alert is there, and no longer: the next alert
//! of its rule is another one.

use super::Monitor;
use crate::domain::time::Now;

impl Monitor {
    /// Forgets acknowledgements whose alerts left the book, with an event or without.
    pub(super) fn forget_acknowledgements(&mut self, now: Now) {
        let alerts = &self.alerts;
        for (id, tracked) in &mut self.targets {
            let stale = |rule: &str| !alerts.may_be_acknowledged(*id, rule, now.mono);
            // Asked first: whoever is amended is pictured anew.
            if tracked.memory().acknowledged.keys().any(|rule| stale(rule)) {
                tracked.memory_mut().acknowledged.retain(|rule, _| !stale(rule));
                self.forgot = true;
            }
        }
        self.forgot |= self.alerts.take_ended_unheard();
    }

    /// Whether something ended since the last call without an event, which a later run must not
    /// know any more.
    pub const fn take_forgot(&mut self) -> bool {
        std::mem::replace(&mut self.forgot, false)
    }
}
