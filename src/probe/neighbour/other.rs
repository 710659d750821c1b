//! Platforms whose neighbour table is not read.

use crate::domain::local::LocalState;
use crate::domain::sample::{Neighbour, NeighbourState};
use std::net::IpAddr;

/// Knows only which addresses are this machine's own.
#[derive(Debug)]
pub struct NeighbourTable {
    local: LocalState,
}

impl NeighbourTable {
    /// Keeps what `local` says of this machine.
    #[must_use]
    pub fn read(local: &LocalState) -> Self {
        Self { local: local.clone() }
    }

    /// `NotOnLink` for this machine's own addresses, `Unknown` for all others.
    #[must_use]
    pub fn get(&mut self, address: IpAddr) -> Neighbour {
        let state = if self.local.owns(address) {
            NeighbourState::NotOnLink
        } else {
            NeighbourState::Unknown
        };
        Neighbour { address, state, mac: None }
    }
}
