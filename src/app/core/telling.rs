//! Programs on one state directory tell each sink once: what the store keeps of that, for the sinks.

use crate::domain::sink::Notice;
use crate::domain::telling::{Claim, Program, Wanted};
use crate::domain::time::WallTime;
use crate::probe::clock::Clock;
use crate::sink::Tellers;
use crate::store::StateStore;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The programs that share a store.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) store: Arc<dyn StateStore>,
    pub(super) clock: Clock,
}

impl Shared {
    fn now(&self) -> WallTime {
        self.clock.now().wall
    }
}

impl Tellers for Shared {
    fn claim(&self, sink: &str, ends: bool, notice: &Notice) -> Claim {
        let now = self.now();
        // Where nobody can be asked it is told.
        let mut claim = Claim::Tell(notice.id.clone());
        let asked = self.store.tell_together(now, &mut |tellings, name, runs| {
            let wanted = Wanted { sink, ends, notice };
            claim = tellings.claim(wanted, &Program { name, runs, now });
        });
        if let Err(error) = asked {
            tracing::warn!(%error, "other programs may tell the same");
        }
        claim
    }

    fn settle(&self, sink: &str, ends: bool, notice: &Notice, id: &str, told: bool) {
        let now = self.now();
        let settled = self.store.tell_together(now, &mut |tellings, name, runs| {
            let wanted = Wanted { sink, ends, notice };
            tellings.settle(wanted, id, told, &Program { name, runs, now });
        });
        if let Err(error) = settled {
            tracing::warn!(%error, "other programs may tell the same");
        }
    }

    fn look(&self, sink: &str, ids: &BTreeSet<String>) {
        let looked = self
            .store
            .tell_together(self.now(), &mut |tellings, name, _| tellings.look(sink, ids, name));
        if let Err(error) = looked {
            tracing::warn!(%error, "other programs may tell an end too early");
        }
    }

    fn leave(&self, sink: &str) {
        let left = self
            .store
            .tell_together(self.now(), &mut |tellings, name, _| tellings.leave(sink, name));
        if let Err(error) = left {
            tracing::warn!(%error, "other programs may wait for an end");
        }
    }
}
