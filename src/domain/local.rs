//! What this machine knows of itself: the ground every measurement stands on.

use super::mac::MacAddr;
use super::route::Route;
use super::wireless::Radio;
use std::net::IpAddr;
use std::sync::Arc;

/// One network interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Kernel index, used as the scope of link-local addresses.
    pub index: u32,
    /// Name as the operating system shows it.
    pub name: String,
    /// Administratively up and with carrier.
    pub up: bool,
    /// The loopback interface.
    pub loopback: bool,
    /// A tunnel: tun, wireguard, ppp and their like.
    pub tunnel: bool,
    /// Addresses with their prefix length.
    pub addresses: Vec<(IpAddr, u8)>,
    /// Hardware address.
    pub mac: Option<MacAddr>,
    /// Bytes received since boot, where known.
    pub received_bytes: Option<u64>,
    /// Bytes sent since boot, where known.
    pub sent_bytes: Option<u64>,
    /// What is told of it as a wireless one; `None` where it is none, or that is not told.
    pub radio: Option<Radio>,
}

impl Interface {
    /// One that is up and no tunnel, and of which only this is known.
    #[must_use]
    pub fn up(index: u32, name: impl Into<String>, addresses: Vec<(IpAddr, u8)>) -> Self {
        Self {
            index,
            name: name.into(),
            up: true,
            loopback: false,
            tunnel: false,
            addresses,
            mac: None,
            received_bytes: None,
            sent_bytes: None,
            radio: None,
        }
    }
}

/// This machine at one moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LocalState {
    /// Every interface.
    pub interfaces: Vec<Interface>,
    /// The default gateway's address.
    pub gateway: Option<IpAddr>,
    /// Name of the interface that the default route leaves by.
    pub gateway_interface: Option<String>,
    /// DNS servers that the operating system uses.
    pub dns_servers: Vec<IpAddr>,
    /// Where packets go; empty where the operating system does not tell.
    pub routes: Arc<[Route]>,
    /// The public endpoints of the tunnel that was up last, and the router by which they were reached.
    pub former_endpoints: Option<(IpAddr, Vec<IpAddr>)>,
    /// CPU use of this process, in percent of one core.
    pub cpu_pct: Option<f32>,
    /// Resident memory of this process, in bytes.
    pub memory_bytes: Option<u64>,
    /// The watched hosts live on this machine's loopback (`demo`): loopback addresses are then
    /// other machines, and no interface is needed.
    pub hosts_on_loopback: bool,
}

impl LocalState {
    /// Whether any interface besides loopback is up with an address that is not link-local.
    #[must_use]
    pub fn online(&self) -> bool {
        self.hosts_on_loopback
            || self.interfaces.iter().any(|interface| {
                interface.up
                    && !interface.loopback
                    && interface.addresses.iter().any(|(address, _)| !is_link_local(*address))
            })
    }

    /// Takes over what `before` knew of the tunnel that was up last.
    pub fn follow(&mut self, before: &Self) {
        let own = before.own_router().zip(before.tunnel_endpoints());
        self.former_endpoints = own.or_else(|| before.former_endpoints.clone());
    }

    /// Whether `address` is one of this machine's own.
    #[must_use]
    pub fn owns(&self, address: IpAddr) -> bool {
        if address.is_loopback() {
            return !self.hosts_on_loopback;
        }
        self.interfaces
            .iter()
            .any(|interface| interface.addresses.iter().any(|(own, _)| *own == address))
    }

    /// The interface whose subnet holds `address`, longest prefix first.
    #[must_use]
    pub fn on_link(&self, address: IpAddr) -> Option<&Interface> {
        self.interfaces
            .iter()
            .filter(|interface| interface.up)
            .flat_map(|interface| interface.addresses.iter().map(move |net| (interface, net)))
            .filter(|(_, (net, prefix))| same_subnet(*net, address, *prefix))
            .max_by_key(|(_, (_, prefix))| *prefix)
            .map(|(interface, _)| interface)
    }
}

/// Whether `address` is of this link alone.
pub(super) const fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => super::target::is_link_local(v6),
    }
}

/// Whether `a` and `b` share their first `prefix` bits. Two families never do.
#[must_use]
pub fn same_subnet(a: IpAddr, b: IpAddr, prefix: u8) -> bool {
    match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(u32::from(prefix))).unwrap_or(0);
            a.to_bits() & mask == b.to_bits() & mask
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => {
            let mask =
                u128::MAX.checked_shl(128_u32.saturating_sub(u32::from(prefix))).unwrap_or(0);
            a.to_bits() & mask == b.to_bits() & mask
        }
        _ => false,
    }
}

/// What this machine lets the probes do, found out once at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EchoAccess {
    /// Datagram ICMP sockets: no privilege needed.
    Datagram,
    /// Raw sockets: root or `CAP_NET_RAW`.
    Raw,
    /// Neither; echo goes over TCP.
    Denied,
    /// Not tried (`--no-icmp`).
    Off,
}

/// What sends and receives echo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EchoKind {
    /// Many at once, with the kernel's times; Linux only.
    Batched,
    /// surge-ping, one at a time; everywhere.
    Surge,
}

impl EchoKind {
    /// The word of options and files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Batched => "batched",
            Self::Surge => "surge",
        }
    }

    /// What it cannot see, in words; empty when nothing is missing.
    #[must_use]
    pub const fn blind_spots(self) -> &'static [&'static str] {
        match self {
            Self::Batched => &[],
            Self::Surge => &[
                "duplicated and reordered replies are not counted",
                "over datagram sockets, ICMP errors are not seen and count as loss",
                "a round trip counts from after the request was sent, and is read when this \
                 program gets to it: under load it is too short or too long",
                "replies that a full receive buffer drops count as loss",
            ],
        }
    }
}

/// Which echo engine is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum EchoWish {
    /// The best that runs here.
    #[default]
    Auto,
    /// This one.
    Only(EchoKind),
}

impl EchoWish {
    /// Every wish, by the word that options and files use.
    pub const WORDS: [(&str, Self); 3] = [
        ("auto", Self::Auto),
        ("batched", Self::Only(EchoKind::Batched)),
        ("surge", Self::Only(EchoKind::Surge)),
    ];

    /// The word of options and files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Only(kind) => kind.word(),
        }
    }
}

/// Which echo engine is in use, and how well it measures here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EchoFacts {
    /// Which.
    pub kind: EchoKind,
    /// Why it is not another one, in words; `None` when it is the one that was wanted.
    pub instead: Option<String>,
    /// The kernel says when a request left; else the time is read before it is sent.
    pub stamps_sends: bool,
}

impl EchoFacts {
    /// An engine that was wanted.
    #[must_use]
    pub const fn of(kind: EchoKind) -> Self {
        Self { kind, instead: None, stamps_sends: matches!(kind, EchoKind::Batched) }
    }
}

/// What an engine counts besides the outcomes of requests, since it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EchoCounts {
    /// Requests that left.
    pub sent: u64,
    /// Further replies to a request.
    pub duplicates: u64,
    /// Replies after the deadline that amended a loss.
    pub late: u64,
    /// Replies after patience had ended, or to requests that an ICMP error had ended.
    pub too_late: u64,
    /// Replies that came behind one to a later request to the same target.
    pub reordered: u64,
    /// Replies and ICMP errors that are not ours, or are forged.
    pub foreign: u64,
    /// Replies that a full receive buffer dropped.
    pub dropped: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subnets_are_compared_bit_by_bit() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap_or(IpAddr::from([0, 0, 0, 0]));
        assert!(same_subnet(ip("10.0.0.1"), ip("10.0.0.254"), 24));
        assert!(!same_subnet(ip("10.0.0.1"), ip("10.0.1.1"), 24));
        assert!(same_subnet(ip("10.0.0.1"), ip("192.0.2.1"), 0));
        assert!(!same_subnet(ip("10.0.0.1"), ip("10.0.0.2"), 32));
        assert!(same_subnet(ip("fd00::1"), ip("fd00::2"), 64));
        assert!(!same_subnet(ip("fd00::1"), ip("10.0.0.1"), 0));
    }
}
