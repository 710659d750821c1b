//! What the neighbour table says.

use crate::domain::mac::MacAddr;
use std::net::IpAddr;

/// What this machine's neighbour table says of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour {
    /// The address asked for.
    pub address: IpAddr,
    /// Its state.
    pub state: NeighbourState,
    /// Its hardware address, only when it is on-link and not the gateway standing in for it.
    pub mac: Option<MacAddr>,
}

/// State of a neighbour table entry, folded to what matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NeighbourState {
    /// REACHABLE, DELAY, PROBE, PERMANENT or NOARP.
    Reachable,
    /// STALE.
    Stale,
    /// FAILED or INCOMPLETE.
    Failed,
    /// On-link without an entry.
    None,
    /// Behind a gateway, or this machine itself.
    NotOnLink,
    /// This platform or permission does not let us see it.
    Unknown,
}

impl NeighbourState {
    /// The contract's word; `None` when it could not be measured.
    #[must_use]
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::Reachable => Some("reachable"),
            Self::Stale => Some("stale"),
            Self::Failed => Some("failed"),
            Self::None => Some("none"),
            Self::NotOnLink => Some("not_on_link"),
            Self::Unknown => None,
        }
    }
}
