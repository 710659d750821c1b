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
