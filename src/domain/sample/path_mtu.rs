//! What the path MTU probe brings back.

use super::fault::LocalFault;
use std::net::IpAddr;
use std::time::Duration;

/// How large an IP packet passes to a host without being cut up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathMtu {
    /// Where to.
    pub address: IpAddr,
    /// How it ended.
    pub outcome: PathOutcome,
    /// Largest packet known to pass, headers included, in bytes.
    pub mtu: Option<u16>,
    /// MTU of the interface that it leaves by, in bytes: what a full path carries.
    pub first_hop: Option<u16>,
    /// Smallest packet that vanished without a word although smaller ones passed at the same time,
    /// in bytes.
    pub swallowed: Option<u16>,
    /// Who said that packets are too big.
    pub from: Option<IpAddr>,
    /// How often the largest packet was sent before it was called swallowed.
    pub tries: u8,
    /// From the first packet to the end.
    pub elapsed: Duration,
}

/// What is known of a path's MTU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PathOutcome {
    /// Packets as large as the first hop carries pass.
    Full,
    /// A router or this machine said that they are too big, and smaller ones pass.
    Lowered,
    /// Large packets vanish without a word, small ones pass.
    BlackHole,
    /// Nothing answers at any size, or not reliably.
    Unknown,
    /// This machine could not ask.
    LocalError(LocalFault),
}

impl PathOutcome {
    /// The contract's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Lowered => "lowered",
            Self::BlackHole => "black_hole",
            Self::Unknown | Self::LocalError(_) => "unknown",
        }
    }
}
