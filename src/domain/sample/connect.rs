//! What the TCP rung brings back.

use super::echo::{Echo, EchoMethod, EchoOutcome};
use super::fault::{IcmpError, LocalFault};
use std::net::SocketAddr;
use std::time::Duration;

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

impl Connect {
    /// Whether the host's own TCP, or its own firewall, answered.
    #[must_use]
    pub fn is_answer_of_host(&self) -> bool {
        let said_by_host = |error: IcmpError| error.from == Some(self.address.ip());
        match self.outcome {
            ConnectOutcome::Open => true,
            ConnectOutcome::Refused => self.icmp.is_none_or(said_by_host),
            ConnectOutcome::Prohibited | ConnectOutcome::Unreachable => {
                !self.icmp_is_ours && self.icmp.is_some_and(said_by_host)
            }
            ConnectOutcome::Timeout | ConnectOutcome::LocalError(_) => false,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

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
