//! Rows that stand above every order, remembered with their targets.

use super::Monitor;
use crate::domain::target::TargetId;
use std::collections::{BTreeMap, BTreeSet};

impl Monitor {
    /// Remembers of these targets whether they are pinned. True when that is news.
    pub fn pin(&mut self, pins: &BTreeMap<TargetId, bool>) -> bool {
        let mut news = false;
        for (id, pinned) in pins {
            let tracked = self.targets.get_mut(id);
            if let Some(tracked) = tracked.filter(|tracked| tracked.memory().pinned != *pinned) {
                tracked.memory_mut().pinned = *pinned;
                news = true;
            }
        }
        news
    }

    /// The targets that are pinned.
    pub(super) fn pinned(&self) -> BTreeSet<TargetId> {
        let pinned = self.targets.iter().filter(|(_, tracked)| tracked.memory().pinned);
        pinned.map(|(id, _)| *id).collect()
    }
}
