//! What becomes of the sinks stands in the event log, where somebody reads it.

use super::Core;
use crate::domain::time::Now;

impl Core {
    /// Adds a line for each sink that is not told any more, is told again, or lost something.
    pub(super) fn look_at_sinks(&mut self, now: Now) {
        let statuses = self.sinks.statuses();
        if statuses == self.sink_statuses {
            return;
        }
        let before = std::mem::take(&mut self.sink_statuses);
        for (place, status) in statuses.iter().enumerate() {
            let before = before.get(place).cloned().unwrap_or_default();
            for line in status.news(&before) {
                self.monitor.log(None, now.wall, line);
            }
        }
        self.sink_statuses = statuses;
    }
}
