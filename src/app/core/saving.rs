//! What is remembered between runs is saved beside the loop.

use super::Core;
use crate::domain::target::TargetId;
use crate::monitor::Tracked;
use crate::store::{self, State, StateStore};
use std::sync::Arc;

impl Core {
    /// Collects what is to be remembered of the own targets; `None` when nothing changed since the
    /// last time.
    fn take_unsaved(&mut self) -> Option<State> {
        if !std::mem::take(&mut self.unsaved) {
            return None;
        }
        let now = self.edge.clock.now();
        let memory = |(id, tracked): (&TargetId, &Tracked)| {
            (store::key(tracked.target()), self.monitor.remembered(Some(*id), now))
        };
        let mut state = self.departed.clone();
        state.extend(self.monitor.targets().map(memory));
        state.insert(store::MONITOR.to_owned(), self.monitor.remembered(None, now));
        self.add_untold(&mut state);
        self.add_heard(&mut state);
        Some(state)
    }

    /// Saves beside the loop, one save at a time; what was not saved is tried again.
    pub(super) async fn save_aside(&mut self) {
        if self.is_saving() {
            return;
        }
        self.await_save().await;
        let Some(state) = self.take_unsaved() else { return };
        let store = Arc::clone(&self.store);
        self.saving = Some(tokio::task::spawn_blocking(move || save(store.as_ref(), state)));
    }

    /// Whether a save is under way.
    pub(super) fn is_saving(&self) -> bool {
        self.saving.as_ref().is_some_and(|saving| !saving.is_finished())
    }

    /// Waits for a save under way.
    async fn await_save(&mut self) {
        if let Some(saving) = self.saving.take() {
            self.unsaved |= !saving.await.unwrap_or(false);
        }
    }

    /// Saves at the end, after a save under way.
    pub(super) async fn save_last(&mut self) {
        self.await_save().await;
        // Until when an alert was known to fire decides whether a later run tells it again.
        self.unsaved |= self.monitor.alerts_fire() || !self.sinks.is_empty();
        if let Some(state) = self.take_unsaved() {
            save(self.store.as_ref(), state);
        }
    }
}

/// Saves what is known of the own targets, beside what others saved of theirs. Whether it was
/// saved.
fn save(store: &dyn StateStore, own: State) -> bool {
    let saved = store.add(own);
    if let Err(error) = &saved {
        tracing::error!(%error, "what is known of the targets was not saved");
    }
    saved.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::memory::TargetMemory;
    use crate::store::MemoryStore;

    #[test]
    fn two_dashboards_do_not_forget_what_the_other_learnt() {
        let store = MemoryStore::default();
        let knows = |name: &str, sleeps| {
            State::from([(name.to_owned(), TargetMemory { sleeps, ..TargetMemory::default() })])
        };
        assert!(save(&store, knows("a:3389", false)));
        assert!(save(&store, knows("b:3389", true)));
        assert!(save(&store, knows("a:3389", true)));
        let state = store.load().expect("loaded").state;
        assert_eq!(state.len(), 2);
        assert!(state.values().all(|memory| memory.sleeps));
    }
}
