//! Why something was not delivered, or not measured.

use std::fmt;
use std::net::IpAddr;

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

/// Where bytes of a peer stop making sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Misread {
    /// Offset of the first byte that is wrong.
    pub offset: usize,
    /// What is wrong there, lower case, no full stop.
    pub reason: &'static str,
}

impl fmt::Display for Misread {
    /// `a length above 64 KiB at byte 2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.reason, self.offset)
    }
}
