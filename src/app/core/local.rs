//! Looks at this machine: over and over, and as soon as its kernel says that something changed.

use super::{Core, Report};
use crate::domain::local::LocalState;
use crate::domain::time::Now;
use std::sync::Arc;

impl Core {
    /// Looks at this machine beside the loop; because of a change where `heard` says when it was
    /// heard of. A look that takes longer than the time between two is waited for, not doubled;
    /// one that began before a change may have missed it, and is followed by another.
    pub(super) fn look_at_local(&mut self, heard: Option<Now>) {
        if self.looking_at_local.as_ref().is_some_and(|looking| !looking.is_finished()) {
            self.look_again = self.look_again.or(heard);
            return;
        }
        let local = Arc::clone(&self.edge.local);
        let reports = self.reports.clone();
        let looking = self.tasks.spawn(async move {
            let looked = tokio::task::spawn_blocking(move || local.observe()).await;
            if let Ok(state) = looked {
                let _gone = reports.send(Report::Local(Box::new(state), heard)).await;
            }
        });
        self.looking_at_local = Some(looking);
    }

    pub(super) fn take_local(&mut self, mut local: LocalState, heard: Option<Now>) {
        let now = self.edge.clock.now();
        local.follow(self.monitor.local());
        self.follow_controls(&local);
        if self.monitor.observe_local(local, heard.unwrap_or(now)) {
            self.schedule.note_another_way(now.mono);
        }
        if let Some(heard) = self.look_again.take() {
            // Its task may not have ended yet, although nothing is left for it to do.
            self.looking_at_local = None;
            self.look_at_local(Some(heard));
        }
    }
}
