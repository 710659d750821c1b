//! What people said in other programs on the same state is taken in.

use super::{Core, Report};
use crate::domain::said::{Hearing, words};
use crate::domain::target::TargetId;
use crate::store::{self, Apart};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Looks at what others saved.
#[derive(Debug, Default)]
pub(super) struct Others {
    looking: Option<tokio::task::AbortHandle>,
    /// Somebody here said something while a look was under way: what it saw may be their own word, or older.
    outdated: bool,
    /// The next look is at what was looked at already, too.
    afresh: bool,
    /// Something was said of what is not there yet.
    waiting: bool,
}

impl Others {
    /// Somebody here said something.
    pub(super) const fn interrupt(&mut self) {
        self.outdated = true;
    }

    /// There is something here that was not.
    pub(super) const fn news(&mut self) {
        self.afresh |= self.waiting;
    }
}

impl Core {
    /// Looks whether somebody said something elsewhere, unless the last look or a save is under way.
    pub(super) fn look_at_others(&mut self) {
        let looking = self.others.looking.as_ref().is_some_and(|looking| !looking.is_finished());
        if looking || self.is_saving() {
            return;
        }
        self.others.outdated = false;
        let afresh = std::mem::take(&mut self.others.afresh);
        let (store, own) = (Arc::clone(&self.store), Arc::clone(&self.keys));
        let now = self.edge.clock.now().wall;
        let reports = self.reports.clone();
        self.others.looking = Some(self.tasks.spawn(async move {
            let own = move |host: &str| host == store::MONITOR || own.contains(host);
            let seen = tokio::task::spawn_blocking(move || store.look_at_others(&own, afresh, now));
            match seen.await {
                Ok(Ok(apart)) if !apart.is_empty() => {
                    let _gone = reports.send(Report::Others(apart)).await;
                }
                Ok(Err(error)) => tracing::debug!(%error, "what others saved cannot be read"),
                _ => {}
            }
        }));
    }

    /// Takes over what they said. What is known here changes between two saves and at no other time: a
    /// save under way would take a word that it does not know of for one that was taken back.
    pub(super) fn hear_others(&mut self, apart: &[Apart]) {
        if self.others.outdated || self.is_saving() {
            self.others.afresh = true;
            return;
        }
        let now = self.edge.clock.now();
        self.others.waiting = false;
        let mut named: BTreeMap<String, TargetId> = BTreeMap::new();
        for (id, tracked) in self.monitor.targets() {
            named.entry(store::key(tracked.target())).or_insert(*id);
        }
        for apart in apart {
            let id = named.get(&apart.host).copied();
            if id.is_none() && apart.host != store::MONITOR {
                continue;
            }
            for word in words(&apart.before, &apart.theirs, now.wall) {
                let heard = self.monitor.hear(id, &word, now);
                self.others.waiting |= heard == Hearing::NotYet;
                self.unsaved |= heard == Hearing::Overruled;
                if heard != Hearing::NotYet {
                    let fires = word.rule().is_some_and(|rule| self.monitor.fires(id, rule));
                    self.store.agree(apart, &word, fires);
                }
            }
        }
        self.attend_sinks(now);
        self.dirty = true;
    }
}
