//! What the X.224 rung brings back.

use crate::domain::security::{FailureCode, SecurityProtocol};
use std::time::Duration;

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
