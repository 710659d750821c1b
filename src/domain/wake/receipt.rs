//! What was sent to wake a target, and what was not.

use super::super::mac::MacAddr;
use super::super::text::printable;
use super::super::time::WallTime;
use super::Reach;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
/// What left this machine to wake a host: the proof shown to whoever asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WakeReceipt {
    /// When it was sent.
    pub at: WallTime,
    /// Whom it wakes.
    pub mac: MacAddr,
    /// How the host is reached; `None` without an address.
    pub reach: Option<Reach>,
    /// Every destination, interface by interface.
    pub sends: Vec<WakeSend>,
    /// Interfaces that nothing was sent on.
    pub skipped: Vec<WakeSkip>,
    /// Why nothing at all was sent; lower case, no full stop.
    pub refused: Option<String>,
    /// The relay that was asked in place of sending.
    pub relay: Option<RelayRun>,
}

impl WakeReceipt {
    /// Packets that left, over all destinations.
    #[must_use]
    pub fn packets(&self) -> u32 {
        self.sends.iter().fold(0, |sum, send| sum.saturating_add(send.packets))
    }

    /// The receipt in lines for a person, escaped, and what is known of the way.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let way = self.reach.as_ref().filter(|_| self.relay.is_none() && self.refused.is_none());
        let mut lines = self.sent_lines();
        lines.extend(way.map(|reach| reach.words().into_owned()));
        lines
    }

    /// The receipt alone.
    #[must_use]
    pub fn sent_lines(&self) -> Vec<String> {
        if let Some(relay) = &self.relay {
            return vec![relay.to_string()];
        }
        if let Some(why) = &self.refused {
            return vec![format!("nothing sent to {}: {}", self.mac, printable(why))];
        }
        let packets = self.packets();
        let s = if packets == 1 { "" } else { "s" };
        let mut lines = vec![format!("{packets} magic packet{s} for {}", self.mac)];
        for send in &self.sends {
            lines.push(format!("  {send}"));
        }
        for skip in &self.skipped {
            lines.push(format!("  {}: skipped, {}", printable(&skip.interface), skip.why));
        }
        lines
    }

    /// Whether anything left: a packet, or word to a relay.
    #[must_use]
    pub fn left(&self) -> bool {
        self.packets() > 0 || self.relay.as_ref().is_some_and(|relay| relay.error.is_none())
    }

    /// Why nothing at all left; `None` when something did, or each destination says why.
    #[must_use]
    pub fn refused(&self) -> Option<&str> {
        let relay = self.relay.as_ref().and_then(|relay| relay.error.as_deref());
        self.refused.as_deref().or(relay)
    }
}

/// What was sent to one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WakeSend {
    /// The interface it was sent on; `None` when the routing table chose.
    pub interface: Option<String>,
    /// The source address it was bound to.
    pub source: Option<IpAddr>,
    /// Where to.
    pub destination: WakeDestination,
    /// Packets that the operating system took.
    pub packets: u32,
    /// The last error, when one of the packets was not taken.
    pub error: Option<String>,
}

impl fmt::Display for WakeSend {
    /// `eth0 10.0.0.5: UDP 10.0.0.255:9, 3 packets`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let interface = self.interface.as_deref().unwrap_or("by route");
        f.write_str(&printable(interface))?;
        if let Some(source) = self.source {
            write!(f, " {source}")?;
        }
        write!(f, ": {}, ", self.destination)?;
        match (self.packets, &self.error) {
            (0, Some(error)) => write!(f, "not sent: {}", printable(error)),
            (1, _) => f.write_str("1 packet"),
            (packets, _) => write!(f, "{packets} packets"),
        }
    }
}

/// Where a magic packet is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WakeDestination {
    /// In a UDP datagram.
    Udp(SocketAddr),
    /// In an Ethernet frame of type 0x0842, to every station of the link.
    Layer2,
}

impl fmt::Display for WakeDestination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Udp(address) => write!(f, "UDP {address}"),
            Self::Layer2 => f.write_str("Ethernet 0x0842"),
        }
    }
}

/// An interface that nothing was sent on, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WakeSkip {
    /// Its name.
    pub interface: String,
    /// The reason; lower case, no full stop.
    pub why: &'static str,
}

/// A relay's command that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayRun {
    /// Its program, as configured, unescaped.
    pub program: String,
    /// Why it failed; lower case, no full stop, unescaped.
    pub error: Option<String>,
}

impl fmt::Display for RelayRun {
    /// `the relay ssh was asked to wake it`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = printable(&self.program);
        match &self.error {
            None => write!(f, "the relay {program} was asked to wake it"),
            Some(error) => write!(f, "the relay {program} failed: {}", printable(error)),
        }
    }
}
