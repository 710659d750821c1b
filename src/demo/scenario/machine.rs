//! What the simulations know of each machine.

use crate::demo::path::Path;
use crate::demo::sleeper::Power;
use crate::domain::mac::MacAddr;
use crate::domain::sample::{Neighbour, NeighbourState};
use std::net::IpAddr;

/// What the simulations know of a target's machine.
pub(super) struct Machine {
    pub(super) path: Path,
    pub(super) mac: MacAddr,
    /// The address that its name leads to.
    pub(super) dialled: IpAddr,
    pub(super) power: Option<Box<dyn Fn() -> Power + Send + Sync>>,
}

impl std::fmt::Debug for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Machine").field("mac", &self.mac).finish_non_exhaustive()
    }
}

impl Machine {
    pub(super) fn power(&self) -> Power {
        self.power.as_ref().map_or(Power::Up, |power| power())
    }
}

/// What the neighbour table says of `address` when these machines are on-link.
pub(super) fn neighbour<'a>(
    machines: impl Iterator<Item = &'a Machine>,
    address: IpAddr,
) -> Neighbour {
    let mut here = machines.filter(|machine| machine.dialled == address);
    let (state, mac) = match (here.next(), here.next()) {
        (Some(machine), None) if machine.power() >= Power::Neighbour => {
            (NeighbourState::Reachable, Some(machine.mac))
        }
        (Some(_), None) => (NeighbourState::Failed, None),
        (None, _) => (NeighbourState::None, None),
        // Where all machines share an address, nothing can be said of any.
        (Some(_), Some(_)) => (NeighbourState::Unknown, None),
    };
    Neighbour { address, state, mac }
}
