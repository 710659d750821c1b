//! Rows that stand above every order, remembered with their targets.

use super::Monitor;
use crate::domain::target::TargetId;
use std::collections::BTreeSet;

impl Monitor {
    /// Remembers that these targets are pinned and no others. True when that is news.
    pub fn pin(&mut self, pinned: &BTreeSet<TargetId>) -> bool {
        if self.pinned() == *pinned {
            return false;
        }
        for (id, tracked) in &mut self.targets {
            tracked.memory_mut().pinned = pinned.contains(id);
        }
        true
    }

    /// The targets that are pinned.
    pub(super) fn pinned(&self) -> BTreeSet<TargetId> {
        let pinned = self.targets.iter().filter(|(_, tracked)| tracked.memory().pinned);
        pinned.map(|(id, _)| *id).collect()
    }
}
