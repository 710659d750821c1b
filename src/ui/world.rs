//! What the screen looks at, besides its own state.

use super::format::Zone;
use super::keymap::Keymap;
use super::theme::GlyphSet;
use crate::domain::snapshot::{Snapshot, TargetSnapshot};
use crate::domain::target::TargetId;
use crate::domain::time::WallTime;
use crate::report::ticket::{TicketInput, ticket};

/// Read-only input of `update` and `ViewModel::build`.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// The picture that is shown: the newest, or the one the user froze.
    pub snapshot: &'a Snapshot,
    /// Where its targets are.
    pub places: &'a Places,
    /// Which key does what.
    pub keymap: &'a Keymap,
    /// The present; later than the snapshot's while the screen is frozen.
    pub now: WallTime,
    /// Which glyphs the terminal can show.
    pub glyphs: GlyphSet,
}

/// Where each target of a picture is, by its identity.
#[derive(Debug, Clone, Default)]
pub struct Places(Vec<(TargetId, usize)>);

impl Places {
    /// Those of this picture.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        let ids = snapshot.targets.iter().map(|target| target.target.id);
        let mut places: Vec<(TargetId, usize)> =
            ids.enumerate().map(|(place, id)| (id, place)).collect();
        places.sort_unstable();
        Self(places)
    }

    fn get(&self, id: TargetId) -> Option<usize> {
        let at = self.0.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.0.get(at).map(|(_, place)| *place)
    }
}

impl<'a> World<'a> {
    /// The target with this identity.
    #[must_use]
    pub fn target(&self, id: TargetId) -> Option<&'a TargetSnapshot> {
        let target = self.snapshot.targets.get(self.places.get(id)?)?;
        (target.target.id == id).then_some(target)
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
