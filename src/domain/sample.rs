//! What a probe brings back. A failed probe is data; absence of a measurement is never a number.

mod attempt;
mod connect;
mod echo;
mod fault;
mod gateway;
mod name;
mod negotiate;
mod neighbour;
mod nla;
mod path_mtu;
mod sweep;
mod tcp_facts;
mod tls;
mod transcript;
mod udp;

pub use super::nt_status::NtStatus;
pub use super::os_version::OsVersion;
pub use attempt::Attempt;
pub use connect::{Connect, ConnectOutcome, Unreached, echo_from_connect};
pub use echo::{Echo, EchoMethod, EchoOutcome};
pub use fault::{IcmpError, LocalFault, Misread};
pub use gateway::{ChainTrust, Gateway, GatewayAnswer, GatewayHttp, GatewayStage, GatewayTls};
pub use name::{NameOutcome, NameSource, Resolution, ServerAnswer};
pub use negotiate::{Negotiate, NegotiateOutcome, NotRdp, OtherProtocol};
pub use neighbour::{Neighbour, NeighbourState};
pub use nla::{Nla, NlaOutcome, NtlmIdentity};
pub use path_mtu::{PathMtu, PathOutcome};
pub use sweep::{ClientFit, SweepAnswer, SweepOffer, SweepStep, TlsSweep};
pub use tcp_facts::TcpFacts;
pub use tls::{Afterwards, CipherSuite, Disambiguation, Hello, Tls, TlsOutcome, TlsVersion};
pub use transcript::{MAX_HEAD, MAX_STEPS, Step, Transcript, Way};
pub use udp::{Udp, UdpOutcome, UdpVersion};

use super::target::TargetId;
use super::time::{MonoTime, Now};

/// What a probe looks at. The order is the order of the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProbeKind {
    /// The name: the operating system's answer, and every DNS server's beside it.
    Resolve,
    /// One echo request.
    Echo,
    /// One TCP connection to an address the target publishes besides the dialled one.
    Connect,
    /// One TCP connection up to the X.224 answer.
    Negotiate,
    /// One TCP connection up to the server's certificate.
    Tls,
    /// One TCP connection up to the server's NTLM challenge.
    Nla,
    /// Several TCP connections, one per TLS version and set of suites.
    Sweep,
    /// One RDP-UDP SYN, repeated smaller when unanswered.
    Udp,
    /// Datagrams of growing size that may not be fragmented.
    PathMtu,
    /// One HTTPS request to the RD Gateway.
    Gateway,
    /// The neighbour table entry of the dialled address.
    Neighbour,
}

impl ProbeKind {
    /// Every kind, in ladder order.
    pub const ALL: [Self; 11] = [
        Self::Resolve,
        Self::Echo,
        Self::Connect,
        Self::Negotiate,
        Self::Tls,
        Self::Nla,
        Self::Sweep,
        Self::Udp,
        Self::PathMtu,
        Self::Gateway,
        Self::Neighbour,
    ];

    /// How far one connection to the dialled address climbs, lowest first; `None` for probes that
    /// are something else.
    #[must_use]
    pub const fn depth(self) -> Option<u8> {
        match self {
            Self::Connect => Some(0),
            Self::Negotiate => Some(1),
            Self::Tls => Some(2),
            Self::Nla => Some(3),
            _ => None,
        }
    }
}

/// One measurement, on its way from the edge to the monitor.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Whose.
    pub target: TargetId,
    /// Counts the probes of one kind for one target; an echo's answer carries the number of its
    /// request.
    pub seq: u64,
    /// When the first byte left, as read beside the system call.
    pub sent_at: Now,
    /// When the outcome was known.
    pub ended_at: MonoTime,
    /// The outcome.
    pub observation: Observation,
}

/// The outcome of a probe, one variant per shape of answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Observation {
    /// Of [`ProbeKind::Resolve`].
    Resolve(Resolution),
    /// Of [`ProbeKind::Echo`].
    Echo(Echo),
    /// One connection to an address the target publishes besides the dialled one, or to an expected
    /// address that was not dialled; or to the dialled one without the name. As far up as its
    /// `depth` says: [`ProbeKind::Connect`] carries no data.
    Alternative(Box<Attempt>),
    /// Of [`ProbeKind::Negotiate`], [`ProbeKind::Tls`] and [`ProbeKind::Nla`]: one connection, as
    /// far up as it went.
    Attempt(Box<Attempt>),
    /// Of [`ProbeKind::Sweep`].
    Sweep(Box<TlsSweep>),
    /// Of [`ProbeKind::Udp`].
    Udp(Udp),
    /// Of [`ProbeKind::PathMtu`].
    PathMtu(PathMtu),
    /// Of [`ProbeKind::Gateway`].
    Gateway(Box<Gateway>),
    /// Of [`ProbeKind::Neighbour`].
    Neighbour(Neighbour),
}
