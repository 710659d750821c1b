//! What a probe brings back. A failed probe is data; absence of a measurement is never a number.

use super::certificate::CertificateSummary;
use super::mac::MacAddr;
use super::security::{FailureCode, SecurityProtocol};
use super::target::TargetId;
use super::time::{MonoTime, Now};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

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
    /// The neighbour table entry of the dialled address.
    Neighbour,
}

impl ProbeKind {
    /// Every kind, in ladder order.
    pub const ALL: [Self; 6] =
        [Self::Resolve, Self::Echo, Self::Connect, Self::Negotiate, Self::Tls, Self::Neighbour];
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
    /// Of [`ProbeKind::Connect`]: an address the target publishes besides the dialled one, or an
    /// expected address that was not dialled.
    Alternative(Connect),
    /// Of [`ProbeKind::Negotiate`] and [`ProbeKind::Tls`]: one connection, as far up as it went.
    Attempt(Box<Attempt>),
    /// Of [`ProbeKind::Neighbour`].
    Neighbour(Neighbour),
}

// ---------------------------------------------------------------- name

/// How a question for a name ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NameOutcome {
    /// At least one address.
    Ok,
    /// The name does not exist.
    NxDomain,
    /// The name exists, without addresses.
    NoData,
    /// The server failed.
    ServFail,
    /// The server refused to answer.
    Refused,
    /// No answer before the deadline.
    Timeout,
    /// An answer that does not parse or does not fit the question.
    Malformed,
    /// The question could not be asked, or the operating system gave no reason.
    Error,
    /// The target is an address.
    NotNeeded,
}

impl NameOutcome {
    /// The contract's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NxDomain => "nxdomain",
            Self::NoData => "no_data",
            Self::ServFail => "servfail",
            Self::Refused => "refused",
            Self::Timeout => "timeout",
            Self::Malformed => "malformed",
            Self::Error => "error",
            Self::NotNeeded => "not_needed",
        }
    }
}

/// Where the dialled addresses came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NameSource {
    /// A DNS server gave the same answer.
    Dns,
    /// The hosts file.
    Hosts,
    /// The operating system, by a way that no asked DNS server confirms (LLMNR, suffixes, NSS).
    Os,
    /// The target is an address.
    Literal,
}

impl NameSource {
    /// The contract's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Hosts => "hosts",
            Self::Os => "os",
            Self::Literal => "literal",
        }
    }
}

/// One DNS server's answer, A and AAAA together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAnswer {
    /// The server asked.
    pub server: SocketAddr,
    /// How it ended; the better of the A and the AAAA question.
    pub outcome: NameOutcome,
    /// Every address, A before AAAA, in the order given.
    pub addresses: Vec<IpAddr>,
    /// Smallest time to live of the answers, in seconds.
    pub ttl_s: Option<u32>,
    /// Until the last of the two answers.
    pub elapsed: Duration,
}

/// The name rung.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// How the name the user dials fares: the operating system's outcome, with the reason taken
    /// from the servers when the operating system gives none.
    pub outcome: NameOutcome,
    /// Where `addresses` came from.
    pub source: NameSource,
    /// What is dialled, first first: the operating system's answer (or that of `--dns`).
    pub addresses: Vec<IpAddr>,
    /// The operating system's own answer; empty when `--dns` replaced it.
    pub system: Vec<IpAddr>,
    /// Every DNS server asked beside it.
    pub servers: Vec<ServerAnswer>,
    /// Names that the reverse lookup of the first address gave.
    pub ptr: Vec<String>,
    /// The operating system's answer time (the first server's with `--dns`).
    pub elapsed: Duration,
}

impl Resolution {
    /// The answer for a target that is an address.
    #[must_use]
    pub fn literal(address: IpAddr) -> Self {
        Self {
            outcome: NameOutcome::NotNeeded,
            source: NameSource::Literal,
            addresses: vec![address],
            system: Vec::new(),
            servers: Vec::new(),
            ptr: Vec::new(),
            elapsed: Duration::ZERO,
        }
    }

    /// The first server whose answer agrees with the dialled addresses, else the first asked.
    #[must_use]
    pub fn answering_server(&self) -> Option<&ServerAnswer> {
        self.servers
            .iter()
            .find(|answer| self.addresses.iter().any(|address| answer.addresses.contains(address)))
            .or_else(|| self.servers.first())
    }
}

// ---------------------------------------------------------------- echo

/// What stands for an echo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EchoMethod {
    /// ICMP echo request and reply.
    Icmp,
    /// The TCP handshake of a connection probe; a refusal is an answer too.
    Tcp,
}

impl EchoMethod {
    /// The contract's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Icmp => "icmp",
            Self::Tcp => "tcp",
        }
    }
}

/// One echo request and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Echo {
    /// What was sent.
    pub method: EchoMethod,
    /// Where to.
    pub address: IpAddr,
    /// What became of it.
    pub outcome: EchoOutcome,
}

/// What became of one echo request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EchoOutcome {
    /// Answered inside the deadline. The RTT is a lower bound when the engine stamps sends late.
    Reply {
        /// Request to reply.
        rtt: Duration,
        /// Hop limit of the reply, where the engine sees it.
        ttl: Option<u8>,
    },
    /// Unanswered at the deadline.
    Lost,
    /// Answered after the deadline; amends the [`EchoOutcome::Lost`] of the same number.
    Late {
        /// Request to reply.
        rtt: Duration,
    },
    /// A router or the host said that it cannot be delivered.
    Unreachable(IcmpError),
    /// Not a measurement: this machine could not send, or was stalled. Neither lost nor received.
    Void(LocalFault),
}

/// An ICMP error, as the error queue or an ICMP socket reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IcmpError {
    /// ICMPv6 rather than ICMPv4.
    pub v6: bool,
    /// ICMP type.
    pub kind: u8,
    /// ICMP code.
    pub code: u8,
    /// Who said so.
    pub from: Option<IpAddr>,
}

impl fmt::Display for IcmpError {
    /// `ICMP 3/13 from 10.0.0.1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", if self.v6 { "ICMPv6" } else { "ICMP" }, self.kind, self.code)?;
        self.from.map_or(Ok(()), |from| write!(f, " from {from}"))
    }
}

/// Why this machine could not measure. Never a verdict about the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LocalFault {
    /// EPERM or EACCES without an ICMP error.
    NotPermitted,
    /// No route in this machine's own table.
    NoRoute,
    /// Out of file descriptors.
    TooManyFiles,
    /// Out of buffers or memory.
    NoBuffers,
    /// The address or its zone does not fit this machine.
    BadAddress,
    /// Our own scheduling was late, or a socket overflowed.
    Stalled,
    /// This machine was offline.
    Offline,
    /// Anything else.
    Other,
}

impl LocalFault {
    /// In plain words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::NotPermitted => "this machine does not permit it",
            Self::NoRoute => "this machine has no route there",
            Self::TooManyFiles => "this machine ran out of file descriptors",
            Self::NoBuffers => "this machine ran out of buffers",
            Self::BadAddress => "the address does not fit this machine",
            Self::Stalled => "this monitor was stalled",
            Self::Offline => "this monitor was offline",
            Self::Other => "a local error",
        }
    }
}

// ---------------------------------------------------------------- tcp

/// How a TCP connect ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnectOutcome {
    /// The handshake completed.
    Open,
    /// RST, or an ICMP port unreachable.
    Refused,
    /// Silence until the deadline.
    Timeout,
    /// Host or network unreachable, said by a router or by our own failed neighbour lookup.
    Unreachable,
    /// A firewall said that it is administratively prohibited.
    Prohibited,
    /// This machine could not try.
    LocalError(LocalFault),
}

impl ConnectOutcome {
    /// The contract's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Refused => "refused",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::Prohibited => "prohibited",
            Self::LocalError(_) => "local_error",
        }
    }

    /// Whether the host's own TCP answered.
    #[must_use]
    pub const fn answered(self) -> bool {
        matches!(self, Self::Open | Self::Refused)
    }
}

/// The TCP rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connect {
    /// Where to.
    pub address: SocketAddr,
    /// How it ended.
    pub outcome: ConnectOutcome,
    /// The ICMP error behind the outcome, from the socket's error queue. `None` behind
    /// [`ConnectOutcome::Refused`] means RST.
    pub icmp: Option<IcmpError>,
    /// The ICMP error came from one of our own addresses: the neighbour did not answer.
    pub icmp_is_ours: bool,
    /// SYN to outcome.
    pub elapsed: Duration,
}

/// A connection probe taken as an echo request, for machines that do not permit ICMP.
///
/// A completed handshake, a reset and the host's own port unreachable are replies. An ICMP error
/// of anyone else is [`EchoOutcome::Unreachable`]; without the ICMP error (platforms without an
/// error queue) all that is known is that no reply came.
#[must_use]
pub fn echo_from_connect(connect: &Connect) -> Echo {
    let address = connect.address.ip();
    let reply = EchoOutcome::Reply { rtt: connect.elapsed, ttl: None };
    let outcome = match (connect.outcome, connect.icmp) {
        (ConnectOutcome::LocalError(fault), _) => EchoOutcome::Void(fault),
        (ConnectOutcome::Open, _) | (ConnectOutcome::Refused, None) => reply,
        (ConnectOutcome::Refused, Some(icmp)) if icmp.from == Some(address) => reply,
        (_, Some(icmp)) => EchoOutcome::Unreachable(icmp),
        (_, None) => EchoOutcome::Lost,
    };
    Echo { method: EchoMethod::Tcp, address, outcome }
}

// ---------------------------------------------------------------- one connection

/// One connection, as far up the ladder as it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// How far it was meant to go: [`ProbeKind::Negotiate`] or [`ProbeKind::Tls`].
    pub depth: ProbeKind,
    /// TCP.
    pub connect: Connect,
    /// X.224; `None` when TCP did not open.
    pub negotiate: Option<Negotiate>,
    /// TLS; `None` when it was not wanted or X.224 did not lead there.
    pub tls: Option<Tls>,
}

impl Attempt {
    /// Whether it went as far as it was meant to: whatever answered says what it wants, or a
    /// certificate was read.
    #[must_use]
    pub const fn works(&self) -> bool {
        self.negotiated() && !matches!(self.encrypted(), Some(false))
    }

    /// Whether X.224 was answered: with a confirm, or with what the server wants in its place.
    #[must_use]
    pub const fn negotiated(&self) -> bool {
        let answered = match &self.negotiate {
            None => false,
            Some(negotiate) => matches!(
                negotiate.outcome,
                NegotiateOutcome::Confirmed { .. }
                    | NegotiateOutcome::NoNegotiation
                    | NegotiateOutcome::Failure(_)
            ),
        };
        matches!(self.connect.outcome, ConnectOutcome::Open) && answered
    }

    /// Whether TLS answered; `None` when it did not get that far or was not meant to.
    #[must_use]
    pub const fn encrypted(&self) -> Option<bool> {
        match &self.tls {
            None => None,
            Some(tls) => Some(matches!(tls.outcome, TlsOutcome::Ok | TlsOutcome::Unsupported)),
        }
    }
}

/// The X.224 rung.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiate {
    /// `requestedProtocols` of the request that was answered.
    pub asked: SecurityProtocol,
    /// How it ended.
    pub outcome: NegotiateOutcome,
    /// Bytes received before the end.
    pub received: usize,
    /// Request written to outcome.
    pub elapsed: Duration,
}

/// How an X.224 Connection Request was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NegotiateOutcome {
    /// A Connection Confirm with an RDP Negotiation Response.
    Confirmed {
        /// `selectedProtocol`.
        selected: SecurityProtocol,
        /// Flags of the RDP Negotiation Response (MS-RDPBCGR 2.2.1.2.1).
        flags: u8,
    },
    /// An RDP Negotiation Failure.
    Failure(FailureCode),
    /// A Connection Confirm without negotiation data: Standard RDP Security only.
    NoNegotiation,
    /// An MCS Disconnect Provider Ultimatum: the server speaks RDP and hung up.
    Disconnected,
    /// Nothing, or not enough, until the deadline.
    Timeout,
    /// RST before a whole answer.
    Reset,
    /// FIN before a whole answer.
    Closed,
    /// Bytes that are no X.224 Connection Confirm.
    Malformed(NotRdp),
}

impl NegotiateOutcome {
    /// The contract's word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Confirmed { .. } => "confirmed",
            Self::Failure(_) => "failure",
            Self::NoNegotiation => "no_negotiation",
            Self::Disconnected => "disconnected",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::Closed => "closed",
            Self::Malformed(_) => "malformed",
        }
    }

    /// `selectedProtocol`, with Standard RDP Security for an answer without negotiation data.
    #[must_use]
    pub const fn selected(&self) -> Option<SecurityProtocol> {
        match self {
            Self::Confirmed { selected, .. } => Some(*selected),
            Self::NoNegotiation => Some(SecurityProtocol::RDP),
            _ => None,
        }
    }
}

/// Bytes that are not an RDP answer, and what they look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotRdp {
    /// The protocol they belong to.
    pub protocol: OtherProtocol,
    /// Offset of the first byte that is wrong for X.224.
    pub offset: usize,
    /// What was wrong there, lower case, no full stop.
    pub reason: &'static str,
    /// The first bytes, at most 32.
    pub head: Vec<u8>,
}

/// A protocol that answers on a port where RDP was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OtherProtocol {
    /// A web server.
    Http,
    /// An SSH server.
    Ssh,
    /// A TLS record without X.224 in front.
    Tls,
    /// A VNC server.
    Vnc,
    /// An SMTP, FTP or similar server that greets with a three-digit code.
    Greeting,
    /// TPKT with lengths that contradict each other.
    BadTpkt,
    /// None of these.
    Unknown,
}

impl OtherProtocol {
    /// The protocol's name; `None` for bytes that belong to no known one.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Http => Some("HTTP"),
            Self::Ssh => Some("SSH"),
            Self::Tls => Some("TLS"),
            Self::Vnc => Some("VNC"),
            Self::Greeting => Some("SMTP or FTP"),
            Self::BadTpkt => Some("bad TPKT"),
            Self::Unknown => None,
        }
    }
}

/// The TLS rung.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// How it ended: `Ok` means that a certificate was read, by either hello.
    pub outcome: TlsOutcome,
    /// The hello that `outcome`, `version`, `cipher` and `certificate` belong to.
    pub hello: Hello,
    /// How the modern hello ended when the legacy one was needed.
    pub modern: Option<TlsOutcome>,
    /// Negotiated version, as on the wire.
    pub version: Option<TlsVersion>,
    /// Negotiated suite, as on the wire.
    pub cipher: Option<CipherSuite>,
    /// The leaf certificate.
    pub certificate: Option<CertificateSummary>,
    /// Bytes received before the end.
    pub received: usize,
    /// `ClientHello` written to outcome.
    pub elapsed: Duration,
}

/// How a TLS handshake ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TlsOutcome {
    /// The certificate was read.
    Ok,
    /// RST.
    Reset,
    /// FIN.
    Closed,
    /// A fatal alert with its description (RFC 8446 section 6).
    Alert(u8),
    /// Silence until the deadline.
    Timeout,
    /// Bytes that are not TLS.
    Malformed,
    /// TLS answered, and no certificate could be read from it.
    Unsupported,
}

impl TlsOutcome {
    /// The contract's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Reset => "reset",
            Self::Closed => "closed",
            Self::Alert(_) => "alert",
            Self::Timeout => "timeout",
            Self::Malformed => "malformed",
            Self::Unsupported => "unsupported",
        }
    }
}

/// Which `ClientHello` was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hello {
    /// rustls: TLS 1.2 and 1.3 with suites that current clients prefer.
    Modern,
    /// Hand-made: up to TLS 1.2, with static RSA, CBC and 3DES suites.
    Legacy,
}

impl Hello {
    /// The contract's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Modern => "modern",
            Self::Legacy => "legacy",
        }
    }
}

/// A TLS version as on the wire, `0x0303` for TLS 1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TlsVersion(pub u16);

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0x0300 => f.write_str("SSL3.0"),
            0x0301 => f.write_str("TLS1.0"),
            0x0302 => f.write_str("TLS1.1"),
            0x0303 => f.write_str("TLS1.2"),
            0x0304 => f.write_str("TLS1.3"),
            other => write!(f, "0x{other:04x}"),
        }
    }
}

/// A cipher suite as on the wire. `proto` knows the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CipherSuite(pub u16);

// ---------------------------------------------------------------- neighbour

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_probe_counts_as_an_echo() {
        let host: IpAddr = [192, 0, 2, 9].into();
        let router: IpAddr = [192, 0, 2, 1].into();
        let icmp = |kind, code, from| Some(IcmpError { v6: false, kind, code, from: Some(from) });
        let elapsed = Duration::from_millis(7);
        let reply = EchoOutcome::Reply { rtt: elapsed, ttl: None };
        let unreachable = |icmp: Option<IcmpError>| EchoOutcome::Unreachable(icmp.unwrap());
        for (outcome, icmp, expected) in [
            (ConnectOutcome::Open, None, reply),
            (ConnectOutcome::Refused, None, reply),
            (ConnectOutcome::Refused, icmp(3, 3, host), reply),
            (ConnectOutcome::Refused, icmp(3, 3, router), unreachable(icmp(3, 3, router))),
            (ConnectOutcome::Timeout, None, EchoOutcome::Lost),
            (ConnectOutcome::Unreachable, icmp(3, 1, router), unreachable(icmp(3, 1, router))),
            (ConnectOutcome::Unreachable, None, EchoOutcome::Lost),
            (ConnectOutcome::Prohibited, icmp(3, 13, host), unreachable(icmp(3, 13, host))),
            (
                ConnectOutcome::LocalError(LocalFault::NoRoute),
                None,
                EchoOutcome::Void(LocalFault::NoRoute),
            ),
            (
                ConnectOutcome::LocalError(LocalFault::NotPermitted),
                icmp(3, 3, router),
                EchoOutcome::Void(LocalFault::NotPermitted),
            ),
        ] {
            let address = (host, 3389).into();
            let connect = Connect { address, outcome, icmp, icmp_is_ours: false, elapsed };
            let echo = echo_from_connect(&connect);
            assert_eq!(echo.outcome, expected, "{connect:?}");
            assert_eq!((echo.method, echo.address), (EchoMethod::Tcp, host));
        }
    }
}
