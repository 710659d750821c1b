//! What this machine's neighbour table says of an address: asleep, or merely silent?
//!
//! Nothing is sent: the table is read as other traffic left it.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

#[cfg(target_os = "linux")]
pub use linux::NeighbourTable;
#[cfg(not(target_os = "linux"))]
pub use other::NeighbourTable;

use crate::domain::local::LocalState;
use crate::domain::sample::Neighbour;
use std::net::IpAddr;

/// The neighbour table's word on one address. For many, read a [`NeighbourTable`] once.
///
/// Takes well below a millisecond; blocks for no longer.
#[must_use]
pub fn look_up(address: IpAddr, local: &LocalState) -> Neighbour {
    NeighbourTable::read(local).get(address)
}
