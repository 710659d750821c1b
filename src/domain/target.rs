//! What is watched.

use super::alert::AlertSettings;
use super::client_settings::ClientSettings;
use super::hours::Hours;
use super::mac::MacAddr;
use super::memory::TargetMemory;
use super::thresholds::Thresholds;
use super::time::WallTime;
use super::wake::{WakePolicy, WakeRelay, WakeTime};
use jiff::tz::TimeZone;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::time::Duration;

/// The port of RDP (IANA `ms-wbt-server`).
pub const DEFAULT_PORT: u16 = 3389;

/// Identifies a target for the life of the process: its place in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct TargetId(pub u32);

/// Where a target is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name, in ASCII (IDNA A-labels), without a trailing dot unless it was typed.
    Name(String),
    /// An address, with the zone of a link-local IPv6 one.
    Address(IpAddr, Option<String>),
}

impl Host {
    /// The address, when it is one.
    #[must_use]
    pub const fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Name(_) => None,
            Self::Address(address, _) => Some(*address),
        }
    }

    /// The name, when it is one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            Self::Address(..) => None,
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(address, None) => address.fmt(f),
            Self::Address(address, Some(zone)) => write!(f, "{address}%{zone}"),
        }
    }
}

/// What kind of machine a target is: decides what its silence means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TargetKind {
    /// A server: silence is an alarm.
    #[default]
    Server,
    /// A desktop PC: silence is sleep.
    Pc,
    /// A laptop: silence is sleep, or it left the building.
    Laptop,
    /// Several machines behind one name.
    Farm,
    /// A virtual machine in a cloud: a closed port may be policy.
    Cloud,
    /// Just-in-time access: a closed port is policy.
    Jit,
}

impl TargetKind {
    /// Every kind with its word in configuration and JSON.
    pub const WORDS: [(&'static str, Self); 6] = [
        ("server", Self::Server),
        ("pc", Self::Pc),
        ("laptop", Self::Laptop),
        ("farm", Self::Farm),
        ("cloud", Self::Cloud),
        ("jit", Self::Jit),
    ];

    /// The word in configuration and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        word_of(&Self::WORDS, self)
    }

    /// Whether silence of this kind is taken as sleep.
    #[must_use]
    pub const fn sleeps(self) -> bool {
        matches!(self, Self::Pc | Self::Laptop)
    }

    /// Whether a closed port is policy rather than a fault.
    #[must_use]
    pub const fn port_is_policy(self) -> bool {
        matches!(self, Self::Cloud | Self::Jit)
    }
}

/// When a target is expected to be up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Expected {
    /// Always.
    #[default]
    Always,
    /// In working hours.
    Hours,
    /// When somebody needs it.
    OnDemand,
}

impl Expected {
    /// Every value with its word in configuration.
    pub const WORDS: [(&'static str, Self); 3] =
        [("always", Self::Always), ("hours", Self::Hours), ("on-demand", Self::OnDemand)];

    /// The word in configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        word_of(&Self::WORDS, self)
    }
}

/// Which addresses of a name are dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Family {
    /// Both families.
    #[default]
    Any,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
}

impl Family {
    /// Every value with its word in configuration.
    pub const WORDS: [(&'static str, Self); 3] =
        [("any", Self::Any), ("4", Self::V4), ("6", Self::V6)];

    /// The word in configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        word_of(&Self::WORDS, self)
    }

    /// Whether `address` may be dialled.
    #[must_use]
    pub const fn admits(self, address: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::V4 => address.is_ipv4(),
            Self::V6 => address.is_ipv6(),
        }
    }
}

pub(super) fn word_of<T: PartialEq + Copy>(words: &[(&'static str, T)], value: T) -> &'static str {
    words.iter().find(|(_, known)| *known == value).map_or("", |(word, _)| word)
}

/// How often each probe runs when all is quiet. The scheduler quickens some after trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cadence {
    /// Between echo requests over ICMP.
    pub echo: Duration,
    /// Between echo requests over TCP.
    pub echo_tcp: Duration,
    /// Between questions for the name.
    pub resolve: Duration,
    /// Between connections up to X.224 when quiet.
    pub negotiate: Duration,
    /// The same after trouble, for the target looked at, and with at most three targets.
    pub negotiate_alert: Duration,
    /// Between connections up to the certificate.
    pub tls: Duration,
    /// Between connections up to the NTLM challenge.
    pub nla: Duration,
    /// Between sweeps of TLS versions and suites.
    pub sweep: Duration,
    /// Between RDP-UDP SYNs.
    pub udp: Duration,
    /// Between measurements of the path MTU.
    pub path_mtu: Duration,
    /// Between requests to the RD Gateway.
    pub gateway: Duration,
    /// Between looks at the neighbour table.
    pub neighbour: Duration,
}

impl Default for Cadence {
    fn default() -> Self {
        Self {
            echo: Duration::from_secs(1),
            echo_tcp: Duration::from_secs(15),
            resolve: Duration::from_secs(30),
            negotiate: Duration::from_mins(1),
            negotiate_alert: Duration::from_secs(10),
            tls: Duration::from_mins(30),
            nla: Duration::from_hours(24),
            sweep: Duration::from_hours(24),
            udp: Duration::from_hours(24),
            path_mtu: Duration::from_hours(1),
            gateway: Duration::from_mins(5),
            neighbour: Duration::from_secs(5),
        }
    }
}

/// One deadline per whole rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Echo request to reply.
    pub echo: Duration,
    /// The whole name rung.
    pub resolve: Duration,
    /// TCP handshake. Above 3.1 s, or a dead on-link host looks like a firewall.
    pub connect: Duration,
    /// X.224 request to answer.
    pub negotiate: Duration,
    /// `ClientHello` to certificate, both hellos together.
    pub tls: Duration,
    /// `TSRequest` to answer.
    pub nla: Duration,
    /// RDP-UDP SYN to answer, and a packet of the path MTU probe to its own.
    pub udp: Duration,
    /// Request to the RD Gateway to its answer, TLS included.
    pub gateway: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            echo: Duration::from_secs(2),
            resolve: Duration::from_secs(5),
            connect: Duration::from_secs(5),
            negotiate: Duration::from_secs(5),
            tls: Duration::from_secs(8),
            nla: Duration::from_secs(5),
            udp: Duration::from_secs(2),
            gateway: Duration::from_secs(8),
        }
    }
}

/// How a target is woken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WakeSettings {
    /// UDP ports besides 9 and 7 that the packet is sent to.
    pub ports: Vec<u16>,
    /// Password appended to the packet (SecureOn).
    pub secure_on: Option<MacAddr>,
    /// Only this interface sends.
    pub interface: Option<String>,
    /// A directed broadcast or unicast address to send to besides the local ones.
    pub address: Option<IpAddr>,
    /// A command that wakes it in place of this machine's own packets.
    pub via: Option<WakeRelay>,
    /// Whether somebody may have it woken.
    pub policy: WakePolicy,
    /// When it is woken without being asked for, if it sleeps then.
    pub at: Vec<WakeTime>,
}

/// The RD Gateway in front of a target.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GatewayAddress {
    /// Where it is.
    pub host: Host,
    /// Its TCP port, 443 by default.
    pub port: u16,
    /// When clients go through it.
    pub usage: GatewayUsage,
}

/// The port of HTTPS (RFC 9110 section 4.2.2).
pub const GATEWAY_PORT: u16 = 443;

impl GatewayAddress {
    /// The name or bracketed address with its port unless that is 443, as a URL and the header
    /// `Host` write it (RFC 9110 section 7.2). A zone means nothing to anybody else and is left out.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = match &self.host {
            Host::Name(name) => name.trim_end_matches('.').to_owned(),
            Host::Address(IpAddr::V4(v4), _) => v4.to_string(),
            Host::Address(IpAddr::V6(v6), _) => format!("[{v6}]"),
        };
        if self.port == GATEWAY_PORT { host } else { format!("{host}:{}", self.port) }
    }
}

impl fmt::Display for GatewayAddress {
    /// `gw.corp.lab:443`, the port always.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Address(IpAddr::V6(_), _) => write!(f, "[{}]:{}", self.host, self.port),
            host => write!(f, "{host}:{}", self.port),
        }
    }
}

/// When clients go through a gateway (`gatewayusagemethod` of a `.rdp` file).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum GatewayUsage {
    /// Always (1): how the host answers this machine directly says nothing about sessions.
    #[default]
    Always,
    /// When the direct connection fails (2, 3).
    WhenDirectFails,
}

impl GatewayUsage {
    /// Every value with its word in configuration and JSON.
    pub const WORDS: [(&'static str, Self); 2] =
        [("always", Self::Always), ("when-direct-fails", Self::WhenDirectFails)];

    /// The word in configuration and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        word_of(&Self::WORDS, self)
    }
}

/// One watched host: what is known of it before the first probe.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Identity.
    pub id: TargetId,
    /// What the user calls it. Unescaped: may hold any character.
    pub name: String,
    /// Where it is.
    pub host: Host,
    /// TCP port of RDP.
    pub port: u16,
    /// Addresses the name should have; empty when none were given.
    pub expect: Vec<IpAddr>,
    /// Hardware address to wake, when configured.
    pub mac: Option<MacAddr>,
    /// Other names that this machine may call itself.
    pub aliases: Vec<String>,
    /// Machines at its site whose echo shows whether the way there is sound.
    pub controls: Vec<Host>,
    /// RD Gateway that its users go through.
    pub gateway: Option<GatewayAddress>,
    /// What the connection file that leads here asks for; `None` when no file does.
    pub client: Option<ClientSettings>,
    /// Group it belongs to.
    pub group: Option<String>,
    /// What its silence means.
    pub kind: TargetKind,
    /// When it should be up.
    pub expected: Expected,
    /// When, where it is expected in hours; without, as on demand.
    pub hours: Option<Hours>,
    /// How it is woken.
    pub wake: WakeSettings,
    /// When findings fire.
    pub thresholds: Thresholds,
    /// When its alerts fire and how long they hold.
    pub alert: AlertSettings,
    /// How often it is probed.
    pub cadence: Cadence,
    /// How long each rung may take.
    pub deadlines: Deadlines,
}

impl Target {
    /// A target with every default, as a bare `HOST` on the command line makes it.
    #[must_use]
    pub fn new(id: TargetId, name: impl Into<String>, host: Host) -> Self {
        Self {
            id,
            name: name.into(),
            host,
            port: DEFAULT_PORT,
            expect: Vec::new(),
            mac: None,
            aliases: Vec::new(),
            controls: Vec::new(),
            gateway: None,
            client: None,
            group: None,
            kind: TargetKind::default(),
            expected: Expected::default(),
            hours: None,
            wake: WakeSettings::default(),
            thresholds: Thresholds::default(),
            alert: AlertSettings::default(),
            cadence: Cadence::default(),
            deadlines: Deadlines::default(),
        }
    }

    /// `address` with this target's port, and `scope` for a link-local IPv6 address.
    #[must_use]
    pub fn socket_addr(&self, address: IpAddr, scope: u32) -> SocketAddr {
        match address {
            IpAddr::V4(v4) => SocketAddr::from((v4, self.port)),
            IpAddr::V6(v6) => {
                let scope = if is_link_local(v6) { scope } else { 0 };
                SocketAddr::V6(SocketAddrV6::new(v6, self.port, 0, scope))
            }
        }
    }

    /// Whether its users always go through a gateway, so that the direct path is nobody's.
    #[must_use]
    pub fn via_gateway(&self) -> bool {
        self.gateway.as_ref().is_some_and(|gateway| gateway.usage == GatewayUsage::Always)
    }

    /// Whether silence means sleep for this target: by kind, with a MAC and no demand to be up.
    #[must_use]
    pub const fn may_sleep(&self) -> bool {
        self.kind.sleeps()
    }

    /// Whether its silence is taken as sleep, as it is `expected` at a moment: its kind, its hours,
    /// or what was seen of it.
    #[must_use]
    pub fn may_sleep_as(&self, expected: Expected, memory: &TargetMemory) -> bool {
        self.may_sleep() || memory.sleeps || expected != Expected::Always
    }

    /// Whether a name that gives these addresses leads elsewhere than expected.
    #[must_use]
    pub fn is_elsewhere(&self, addresses: &[IpAddr]) -> bool {
        !self.expect.is_empty() && !addresses.iter().any(|one| self.expect.contains(one))
    }

    /// What is expected of it at `now`: in its hours that it is up, and beyond them nothing. `own`
    /// is this machine's zone.
    #[must_use]
    pub fn expected_at(&self, now: WallTime, own: &TimeZone) -> Expected {
        match (self.expected, &self.hours) {
            (Expected::Hours, Some(hours)) if hours.hold(now, own) => Expected::Always,
            (Expected::Hours, _) => Expected::OnDemand,
            (expected, _) => expected,
        }
    }
}

/// Whether `address` is in `fe80::/10`.
#[must_use]
pub const fn is_link_local(address: Ipv6Addr) -> bool {
    address.segments()[0] & 0xffc0 == 0xfe80
}
