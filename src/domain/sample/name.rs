//! What the name rung brings back.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// How a question for a name ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
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

    /// Why a name has no address, in the fewest words.
    #[must_use]
    pub const fn brief(self) -> &'static str {
        match self {
            Self::NxDomain => "no such name",
            Self::NoData => "name has no address",
            Self::ServFail => "name: the DNS server failed",
            Self::Refused => "name: the DNS server refused",
            Self::Timeout => "name: no DNS answer",
            Self::Malformed => "name: damaged DNS answer",
            Self::Error | Self::Ok | Self::NotNeeded => "name not found",
        }
    }

    /// Why a name has no address, in words.
    #[must_use]
    pub const fn why_no_address(self) -> &'static str {
        match self {
            Self::NxDomain => "the name does not exist",
            Self::NoData => "the name exists but has no address",
            Self::ServFail => "the DNS server failed",
            Self::Refused => "the DNS server refused to answer",
            Self::Timeout => "no DNS server answered in time",
            Self::Malformed => "the DNS answer was damaged",
            Self::Error | Self::Ok | Self::NotNeeded => "the name was not found",
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
    /// The names that the asked one is an alias of, in the order of the chain (CNAME, RFC 1034
    /// section 3.6.2). Unescaped.
    pub canonical: Vec<String>,
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
    /// The operating system was asked, and not servers in its place (`--dns`).
    pub by_system: bool,
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
            by_system: false,
            addresses: vec![address],
            system: Vec::new(),
            servers: Vec::new(),
            ptr: Vec::new(),
            elapsed: Duration::ZERO,
        }
    }

    /// The names that the dialled one is an alias of, as the servers say whose addresses are
    /// dialled.
    pub fn canonical(&self) -> impl Iterator<Item = &str> {
        self.servers
            .iter()
            .filter(|answer| self.addresses.iter().any(|ip| answer.addresses.contains(ip)))
            .flat_map(|answer| answer.canonical.iter().map(String::as_str))
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
