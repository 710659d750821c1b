//! What the screen looks at, besides its own state.

use super::format::Zone;
use super::keymap::Keymap;
use crate::domain::snapshot::{Snapshot, TargetSnapshot};
use crate::domain::target::TargetId;
use crate::domain::time::WallTime;
use crate::report::ticket::{TicketInput, ticket};

/// Read-only input of `update` and `ViewModel::build`.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// The picture that is shown: the newest, or the one the user froze.
    pub snapshot: &'a Snapshot,
    /// Which key does what.
    pub keymap: &'a Keymap,
    /// The present; later than the snapshot's while the screen is frozen.
    pub now: WallTime,
}

impl<'a> World<'a> {
    /// The target with this identity.
    #[must_use]
    pub fn target(&self, id: TargetId) -> Option<&'a TargetSnapshot> {
        self.snapshot.targets.iter().map(AsRef::as_ref).find(|target| target.target.id == id)
    }

    /// The text about `target` for a ticket.
    #[must_use]
    pub fn ticket(&self, target: &TargetSnapshot, zone: &Zone) -> String {
        ticket(&TicketInput {
            target,
            monitor: &self.snapshot.monitor,
            alerts: &self.snapshot.alerts,
            now: self.snapshot.now.wall,
            zone: &zone.0,
            simulated: self.snapshot.simulated,
            version: env!("CARGO_PKG_VERSION"),
        })
    }

    /// What the user calls a target; this machine's alerts belong to "this machine".
    #[must_use]
    pub fn name(&self, id: Option<TargetId>) -> &'a str {
        match id {
            None => "this machine",
            Some(id) => self.target(id).map_or("a removed target", |t| t.target.name.as_str()),
        }
    }
}
