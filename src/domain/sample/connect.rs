//! What the TCP rung brings back.

use super::echo::{Echo, EchoMethod, EchoOutcome};
use super::fault::{IcmpError, LocalFault};
use std::net::{IpAddr, SocketAddr};
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
    /// That is no round trip: this system asks again where it is refused, and says so only at the end.
    pub untimed: bool,
}

/// How a port is not reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreached {
    /// A RST answered the SYN: the host's own, as far as anybody can tell.
    Refused,
    /// An ICMP error says that somebody refuses it: a firewall, with its address where that is not
    /// the host's.
    Rejected(Option<IpAddr>),
    /// An ICMP error from elsewhere says "unreachable": of the port where the host answers beside it or
    /// says so itself, else of the host.
    Unreachable(Option<IpAddr>),
    /// Nothing answered the SYN.
    TimedOut,
    /// Nobody has that address on this machine's own link.
    NoNeighbour,
}

impl Connect {
    /// How the port was not reached. `None` where it was, and where this machine could not try.
    #[must_use]
    pub fn unreached(&self) -> Option<Unreached> {
        let from = self.icmp.and_then(|error| error.from);
        let firewall = from.filter(|from| *from != self.address.ip());
        match self.outcome {
            ConnectOutcome::Open | ConnectOutcome::LocalError(_) => None,
            ConnectOutcome::Refused if self.icmp.is_none() => Some(Unreached::Refused),
            ConnectOutcome::Refused | ConnectOutcome::Prohibited => {
                Some(Unreached::Rejected(firewall))
            }
            ConnectOutcome::Unreachable if !self.icmp_is_ours => {
                Some(Unreached::Unreachable(firewall))
            }
            ConnectOutcome::Unreachable => Some(Unreached::NoNeighbour),
            ConnectOutcome::Timeout => Some(Unreached::TimedOut),
        }
    }

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
/// A completed handshake, a reset and the host's own port unreachable are replies, one that is
/// [`Connect::untimed`] without a round trip. An ICMP error
/// of anyone else is [`EchoOutcome::Unreachable`]; without the ICMP error (platforms without an
/// error queue) all that is known is that no reply came.
#[must_use]
pub fn echo_from_connect(connect: &Connect) -> Echo {
    let address = connect.address.ip();
    let reply = if connect.untimed {
        EchoOutcome::Answered
    } else {
        EchoOutcome::Reply { rtt: connect.elapsed, ttl: None }
    };
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
    use ConnectOutcome::{Open, Prohibited, Refused, Timeout, Unreachable};

    #[test]
    fn who_says_no_is_told_from_who_says_nothing() {
        let (host, firewall) = (IpAddr::from([10, 0, 0, 21]), IpAddr::from([10, 0, 0, 1]));
        let unreached = |outcome, from: Option<IpAddr>, icmp_is_ours| {
            let icmp = |from| IcmpError { v6: false, kind: 3, code: 13, from: Some(from) };
            let connect = Connect {
                address: SocketAddr::new(host, 3389),
                outcome,
                icmp: from.map(icmp),
                icmp_is_ours,
                elapsed: Duration::ZERO,
                untimed: false,
            };
            connect.unreached()
        };
        for (outcome, from, ours, expected) in [
            (Open, None, false, None),
            (Refused, None, false, Some(Unreached::Refused)),
            (Refused, Some(firewall), false, Some(Unreached::Rejected(Some(firewall)))),
            (Refused, Some(host), false, Some(Unreached::Rejected(None))),
            (Prohibited, Some(firewall), false, Some(Unreached::Rejected(Some(firewall)))),
            (Unreachable, Some(firewall), false, Some(Unreached::Unreachable(Some(firewall)))),
            (Unreachable, None, false, Some(Unreached::Unreachable(None))),
            (Unreachable, Some(firewall), true, Some(Unreached::NoNeighbour)),
            (Timeout, None, false, Some(Unreached::TimedOut)),
        ] {
            assert_eq!(unreached(outcome, from, ours), expected, "{outcome:?} {from:?}");
        }
    }

    #[test]
    fn a_connection_probe_counts_as_an_echo() {
        let host: IpAddr = [192, 0, 2, 9].into();
        let router: IpAddr = [192, 0, 2, 1].into();
        let icmp = |kind, code, from| Some(IcmpError { v6: false, kind, code, from: Some(from) });
        let elapsed = Duration::from_millis(7);
        let reply = EchoOutcome::Reply { rtt: elapsed, ttl: None };
        let unreachable = |icmp: Option<IcmpError>| EchoOutcome::Unreachable(icmp.unwrap());
        for (outcome, icmp, expected) in [
            (Open, None, reply),
            (Refused, None, reply),
            (Refused, icmp(3, 3, host), reply),
            (Refused, icmp(3, 3, router), unreachable(icmp(3, 3, router))),
            (Timeout, None, EchoOutcome::Lost),
            (Unreachable, icmp(3, 1, router), unreachable(icmp(3, 1, router))),
            (Unreachable, None, EchoOutcome::Lost),
            (Prohibited, icmp(3, 13, host), unreachable(icmp(3, 13, host))),
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
            let connect =
                Connect { address, outcome, icmp, icmp_is_ours: false, elapsed, untimed: false };
            let echo = echo_from_connect(&connect);
            assert_eq!(echo.outcome, expected, "{connect:?}");
            assert_eq!((echo.method, echo.address), (EchoMethod::Tcp, host));
        }
    }

    /// Windows asks again where it is refused: the time of that is no round trip.
    #[test]
    fn a_refusal_whose_time_says_nothing_is_an_answer_without_a_round_trip() {
        let refused = |untimed| {
            let address = SocketAddr::from(([10, 0, 0, 21], 3389));
            let elapsed = Duration::from_millis(2_030);
            let connect = Connect {
                address,
                outcome: Refused,
                icmp: None,
                icmp_is_ours: false,
                elapsed,
                untimed,
            };
            echo_from_connect(&connect).outcome
        };
        assert_eq!(refused(true), EchoOutcome::Answered);
        let rtt = Duration::from_millis(2_030);
        assert_eq!(refused(false), EchoOutcome::Reply { rtt, ttl: None });
    }
}
