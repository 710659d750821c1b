//! What became of echo requests.

use super::fault::{IcmpError, LocalFault};
use std::net::IpAddr;
use std::time::Duration;

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
    /// Answered, and nobody knows how long that took or how often it was sent: it tells of no loss and
    /// of no round trip.
    Answered,
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
