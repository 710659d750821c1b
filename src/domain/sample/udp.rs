//! What the UDP transport brings back.

use super::fault::{IcmpError, LocalFault, Misread};
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// The UDP transport: RDP-UDP SYNs and what answered them (MS-RDPEUDP 3.1.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Udp {
    /// Where to.
    pub address: SocketAddr,
    /// How it ended.
    pub outcome: UdpOutcome,
    /// Version that the server's SYN+ACK names; `None` when it names none (version 1).
    pub version: Option<UdpVersion>,
    /// `uUpStreamMtu` of the answer, in bytes of UDP payload.
    pub mtu_up: Option<u16>,
    /// `uDownStreamMtu` of the answer, in bytes of UDP payload.
    pub mtu_down: Option<u16>,
    /// Size of the SYN that was answered, in bytes of UDP payload: below 1232, larger ones were
    /// not.
    pub answered_at: Option<u16>,
    /// SYNs sent.
    pub sent: u8,
    /// The newest SYN of the answered size to its answer, see [`Udp::round_trip`]; else the first
    /// SYN to the end.
    pub elapsed: Duration,
}

impl Udp {
    /// From the answered SYN to its answer. `None` where the same SYN was sent twice, because the
    /// answer does not say which of them it is to.
    #[must_use]
    pub fn round_trip(&self) -> Option<Duration> {
        let smaller = self.answered_at.is_some_and(|size| size < Self::FULL_SYN);
        let is_clear = self.outcome == UdpOutcome::SynAck && (self.sent == 1 || smaller);
        is_clear.then_some(self.elapsed)
    }

    /// Size of the SYN that is sent first, and again, in bytes of UDP payload (MS-RDPEUDP 2.2.2.5).
    pub const FULL_SYN: u16 = 1232;
}

/// How an RDP-UDP SYN was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UdpOutcome {
    /// With a SYN+ACK that acknowledges it.
    SynAck,
    /// Not at all. No fault by itself: UDP is optional.
    Silent,
    /// With an ICMP error.
    Unreachable(Option<IcmpError>),
    /// With something else.
    Malformed(Misread),
    /// This machine could not ask.
    LocalError(LocalFault),
}

impl UdpOutcome {
    /// The contract's word; `None` when it was not measured.
    #[must_use]
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::SynAck => Some("syn_ack"),
            Self::Silent => Some("silent"),
            Self::Unreachable(_) => Some("unreachable"),
            Self::Malformed(_) => Some("malformed"),
            Self::LocalError(_) => None,
        }
    }
}

/// A protocol version as on the wire: 1, 2, or 0x0101 for version 3 (MS-RDPEUDP 2.2.2.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UdpVersion(pub u16);

impl fmt::Display for UdpVersion {
    /// `1`, `2` or `3`; the number on the wire in hex for any other.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 | 2 => self.0.fmt(f),
            0x0101 => f.write_str("3"),
            other => write!(f, "0x{other:04x}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_to_one_of_two_equal_syns_has_no_round_trip() {
        let udp = |outcome, sent, answered_at| Udp {
            address: ([10, 0, 0, 21], 3389).into(),
            outcome,
            version: None,
            mtu_up: None,
            mtu_down: None,
            answered_at,
            sent,
            elapsed: Duration::from_millis(3),
        };
        let took = Some(Duration::from_millis(3));
        for (outcome, sent, answered_at, expected) in [
            (UdpOutcome::SynAck, 1, Some(1_232), took),
            (UdpOutcome::SynAck, 2, Some(1_232), None),
            (UdpOutcome::SynAck, 3, Some(1_232), None),
            (UdpOutcome::SynAck, 3, Some(1_132), took),
            (UdpOutcome::Silent, 3, None, None),
        ] {
            let found = udp(outcome, sent, answered_at).round_trip();
            assert_eq!(found, expected, "{outcome:?} {sent} {answered_at:?}");
        }
    }
}
