//! What the path MTU probe brings back.

use super::fault::LocalFault;
use std::net::IpAddr;
use std::time::Duration;

/// How large an IP packet passes to a host without being fragmented.
///
/// Sizes are those of whole IP packets, headers included, in bytes. Nothing above 1500 is tested:
/// RDP needs no more, and machines without jumbo frames drop more without a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathMtu {
    /// Where to.
    pub address: IpAddr,
    /// How it ended.
    pub outcome: PathOutcome,
    /// Largest packet known to pass: by its own reply, or by the word of whoever said that a
    /// larger one is too big where the host answers nothing.
    pub mtu: Option<u32>,
    /// MTU of the interface that it leaves by, at least 1500 when it is more.
    pub first_hop: Option<u32>,
    /// Smallest packet that vanished without a word although smaller ones passed at the same time.
    pub swallowed: Option<u32>,
    /// Who said that packets are too big; `None` with [`PathOutcome::Lowered`] is this machine's
    /// own interface.
    pub from: Option<IpAddr>,
    /// How often the smallest packet that vanished was sent.
    pub tries: u8,
    /// From the first packet to the end.
    pub elapsed: Duration,
}

impl PathMtu {
    /// What RDP's UDP transport needs: datagrams of 1232 bytes behind their headers (MS-RDPEUDP
    /// 2.2.2.5).
    #[must_use]
    pub const fn needed(&self) -> u32 {
        if self.address.is_ipv4() { 1260 } else { 1280 }
    }
}

/// What is known of a path's MTU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PathOutcome {
    /// Packets of 1500 bytes pass.
    Full,
    /// A router or this machine said that they are too big, and smaller ones pass.
    Lowered,
    /// Large packets vanish without a word, small ones pass.
    BlackHole,
    /// Nothing answers at any size, or not reliably; or only packets pass that are so small that a
    /// firewall with a limit for echo requests is likelier than a path with such an MTU.
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
