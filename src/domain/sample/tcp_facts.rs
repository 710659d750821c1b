//! What the kernel counted on one connection.

use std::net::IpAddr;
use std::time::Duration;

/// What the kernel counted on one connection, at its end (tcp(7), `TCP_INFO`; Linux). Sizes in
/// bytes, counts in segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpFacts {
    /// Smoothed round trip.
    pub rtt: Duration,
    /// Largest payload of a segment that this machine would send: what the peer, or whoever edits
    /// the handshake on the way, allows.
    pub mss: u32,
    /// Payload of the largest segment that arrived, as the kernel estimates it: 536 at the least.
    pub received_mss: u32,
    /// Segments carry timestamps, twelve bytes of their header.
    pub timestamps: bool,
    /// Path MTU as the kernel knows it.
    pub path_mtu: u32,
    /// Segments that this machine sent again.
    pub retransmits: u32,
    /// Segments that this machine holds for lost at the end.
    pub lost: u32,
    /// Segments that arrived while an earlier one was missing; `None` where the kernel is older
    /// than 5.4.
    pub out_of_order: Option<u32>,
}

impl TcpFacts {
    /// The largest IP packet that this machine would send on the connection, in bytes: headers of
    /// IP and TCP included.
    #[must_use]
    pub const fn largest_packet(&self, address: IpAddr) -> u32 {
        self.mss.saturating_add(self.headers(address))
    }

    /// The largest IP packet that arrived, in bytes, headers of IP and TCP included.
    #[must_use]
    pub const fn largest_received(&self, address: IpAddr) -> u32 {
        self.received_mss.saturating_add(self.headers(address))
    }

    const fn headers(&self, address: IpAddr) -> u32 {
        let ip = if address.is_ipv4() { 20 } else { 40 };
        let tcp = if self.timestamps { 32 } else { 20 };
        ip + tcp
    }
}
