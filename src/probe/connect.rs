//! The TCP rung: one connect, and what its failure means.
//!
//! The error number of a failed connect is ambiguous: EHOSTUNREACH is a firewall, a router or our
//! own neighbour table, ECONNREFUSED a closed port or a rejecting firewall. On Linux the ICMP
//! error behind it is read from the socket's error queue before the socket is closed; elsewhere
//! the number is all there is and [`Connect::icmp`] stays `None`.

use super::socket::dial::dial;
use super::socket::fault::local_fault;
use crate::domain::sample::{Connect, ConnectOutcome, IcmpError, LocalFault};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// A connected TCP stream of the runtime.
#[expect(clippy::disallowed_types, reason = "the edge: this is where connections come from")]
pub type Stream = tokio::net::TcpStream;

/// A deadline that fires this much too late measures this process, not the host.
pub const STALL: Duration = Duration::from_millis(250);

/// Whether this system sends a SYN that is refused again before it says that it was: Windows does so
/// twice, half a second apart. What it takes then is no round trip.
const REFUSED_IS_ASKED_AGAIN: bool = cfg!(windows);

/// An ICMP error from a socket's error queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueuedError {
    /// What was said, and by whom.
    pub icmp: IcmpError,
    /// The error number that the kernel made of it.
    pub errno: i32,
}

/// A connect as the operating system saw it, before it is given a meaning.
#[derive(Debug)]
pub(crate) struct Dialled {
    /// How it ended.
    pub(crate) end: DialEnd,
    /// Every ICMP error on the way, oldest first.
    pub(crate) queued: Vec<QueuedError>,
    /// The address that it was sent from.
    pub(crate) own: Option<SocketAddr>,
    /// SYN to end.
    pub(crate) elapsed: Duration,
}

/// How a connect ended for the operating system.
#[derive(Debug)]
pub(crate) enum DialEnd {
    /// The handshake completed.
    Open(Stream),
    /// A system call failed.
    Refusal {
        /// With this.
        error: io::Error,
        /// Before anything was sent.
        at_once: bool,
    },
    /// Nothing until the deadline.
    Silence {
        /// How much later than the deadline this was noticed.
        overdue: Duration,
    },
}

/// How a connect failed, for [`classify`].
#[derive(Debug, Clone, Copy)]
pub enum Failure<'a> {
    /// With this error.
    Error(&'a io::Error),
    /// Silently, at the deadline.
    Silence,
}

/// What a failed connect means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// How it ended.
    pub outcome: ConnectOutcome,
    /// The ICMP error behind it.
    pub icmp: Option<IcmpError>,
    /// That error came from one of our own addresses.
    pub icmp_is_ours: bool,
}

/// Connects to `address`; `deadline` counts from the SYN.
///
/// Returns what happened and, when the handshake completed, the stream. Give
/// it to [`close`] when done. Never fails: an error of this machine is
/// [`ConnectOutcome::LocalError`].
pub async fn connect(address: SocketAddr, deadline: Duration) -> (Connect, Option<Stream>) {
    let Dialled { end, queued, own, elapsed } = dial(address, deadline).await;
    let own_ip = own.map(|own| own.ip());
    let is_self = own == Some(address);
    let own = own_ip.as_slice();
    let (verdict, stream) = match end {
        // Connected to itself: on loopback the kernel may choose the very port that is dialled as
        // the source, and TCP's simultaneous open then succeeds though nobody listens.
        DialEnd::Open(_) if is_self => (Verdict::plain(ConnectOutcome::Refused), None),
        DialEnd::Open(stream) => (Verdict::plain(ConnectOutcome::Open), Some(stream)),
        // Our own routing table has no way there, whatever word it uses for that.
        DialEnd::Refusal { error, at_once: true } if queued.is_empty() => {
            (at_once(&error, address.ip(), own), None)
        }
        DialEnd::Refusal { error, .. } => {
            (classify(Failure::Error(&error), &queued, own, address.ip()), None)
        }
        DialEnd::Silence { overdue } if overdue > STALL => {
            (Verdict::plain(ConnectOutcome::LocalError(LocalFault::Stalled)), None)
        }
        DialEnd::Silence { .. } => (classify(Failure::Silence, &queued, own, address.ip()), None),
    };
    let Verdict { outcome, icmp, icmp_is_ours } = verdict;
    let untimed = REFUSED_IS_ASKED_AGAIN && outcome == ConnectOutcome::Refused;
    (Connect { address, outcome, icmp, icmp_is_ours, elapsed, untimed }, stream)
}

/// The longest that a closed connection is read for the peer's close.
const LINGER: Duration = Duration::from_millis(250);

/// How long a peer may take to close after this side did, on a path with this round trip: what it
/// has under way still arrives, and no more is waited for.
#[must_use]
pub fn linger(round_trip: Duration) -> Duration {
    round_trip.saturating_mul(4).saturating_add(Duration::from_millis(100)).min(LINGER)
}

/// Closes `stream` with a FIN.
///
/// Closing with unread bytes would send RST, so what the host still says is read and dropped until
/// it closes too: at most 64 KiB, for at most `patience`.
pub async fn close<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, patience: Duration) {
    let farewell = async {
        let _ = stream.shutdown().await;
        let mut unread = [0_u8; 4096];
        for _ in 0..16 {
            if !matches!(stream.read(&mut unread).await, Ok(count) if count > 0) {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(patience, farewell).await;
}

/// What an error means that came back before anything was sent.
fn at_once(error: &io::Error, target: IpAddr, own: &[IpAddr]) -> Verdict {
    match error.kind() {
        ErrorKind::ConnectionRefused | ErrorKind::TimedOut => {
            classify(Failure::Error(error), &[], own, target)
        }
        _ => Verdict::plain(ConnectOutcome::LocalError(local_fault(error))),
    }
}

/// What a failed connect to `target` means.
///
/// `queued` are the ICMP errors that arrived, oldest first; `own` this machine's addresses. An
/// error counts as the ICMP error with the same number; silence as the newest one (an ICMP error
/// that the kernel takes as passing leaves the SYN being repeated). Our own firewall's rejection
/// is no verdict about the host.
#[must_use]
pub fn classify(
    failure: Failure<'_>,
    queued: &[QueuedError],
    own: &[IpAddr],
    target: IpAddr,
) -> Verdict {
    let behind = match failure {
        Failure::Error(error) => {
            queued.iter().rev().find(|queued| error.raw_os_error() == Some(queued.errno))
        }
        Failure::Silence => queued.last(),
    };
    match (behind, failure) {
        (Some(queued), _) => by_icmp(queued.icmp, own, target),
        (None, Failure::Error(error)) => Verdict::plain(by_error(error)),
        (None, Failure::Silence) => Verdict::plain(ConnectOutcome::Timeout),
    }
}

impl Verdict {
    /// Without an ICMP error behind it.
    const fn plain(outcome: ConnectOutcome) -> Self {
        Self { outcome, icmp: None, icmp_is_ours: false }
    }
}

fn by_icmp(icmp: IcmpError, own: &[IpAddr], target: IpAddr) -> Verdict {
    // A target on this machine speaks for itself.
    let ours = icmp.from.is_some_and(|from| from != target && own.contains(&from));
    let outcome = match meaning(icmp) {
        ConnectOutcome::Refused | ConnectOutcome::Prohibited if ours => {
            ConnectOutcome::LocalError(LocalFault::NotPermitted)
        }
        outcome => outcome,
    };
    Verdict { outcome, icmp: Some(icmp), icmp_is_ours: ours }
}

/// RFC 792, RFC 1122 section 3.2.2.1 and RFC 1812 section 5.2.7.1 for ICMPv4, RFC 4443 section
/// 3.1 for ICMPv6.
const fn meaning(icmp: IcmpError) -> ConnectOutcome {
    match (icmp.v6, icmp.kind, icmp.code) {
        // Protocol and port unreachable.
        (false, 3, 2 | 3) | (true, 1, 4) => ConnectOutcome::Refused,
        // Network, host and communication prohibited, precedence; v6: policy, reject route.
        (false, 3, 9 | 10 | 13..=15) | (true, 1, 1 | 5 | 6) => ConnectOutcome::Prohibited,
        _ => ConnectOutcome::Unreachable,
    }
}

fn by_error(error: &io::Error) -> ConnectOutcome {
    match error.kind() {
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset => ConnectOutcome::Refused,
        ErrorKind::TimedOut => ConnectOutcome::Timeout,
        ErrorKind::HostUnreachable => ConnectOutcome::Unreachable,
        _ => ConnectOutcome::LocalError(local_fault(error)),
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use crate::probe::socket::skipped;
    use nix::errno::Errno;
    use socket2::{Domain, Socket, Type};

    const TARGET: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 9));
    const ROUTER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const OWN: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    fn verdict(
        errno: Option<Errno>,
        queued: &[(bool, u8, u8, IpAddr, Errno)],
    ) -> (ConnectOutcome, Option<(u8, u8)>, bool) {
        let queued: Vec<_> = queued
            .iter()
            .map(|&(v6, kind, code, from, errno)| QueuedError {
                icmp: IcmpError { v6, kind, code, from: Some(from) },
                errno: errno as i32,
            })
            .collect();
        let error = errno.map(|errno| io::Error::from_raw_os_error(errno as i32));
        let failure = error.as_ref().map_or(Failure::Silence, Failure::Error);
        let verdict = classify(failure, &queued, &[OWN], TARGET);
        (verdict.outcome, verdict.icmp.map(|icmp| (icmp.kind, icmp.code)), verdict.icmp_is_ours)
    }

    #[test]
    fn every_icmp_error_has_its_meaning() {
        use ConnectOutcome::{Prohibited, Refused, Unreachable};
        use Errno::{EACCES, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ENOPROTOOPT};
        for (v6, kind, code, errno, outcome) in [
            (false, 3, 0, ENETUNREACH, Unreachable),
            (false, 3, 1, EHOSTUNREACH, Unreachable),
            (false, 3, 2, ENOPROTOOPT, Refused),
            (false, 3, 3, ECONNREFUSED, Refused),
            (false, 3, 9, ENETUNREACH, Prohibited),
            (false, 3, 10, EHOSTUNREACH, Prohibited),
            (false, 3, 12, EHOSTUNREACH, Unreachable),
            (false, 3, 13, EHOSTUNREACH, Prohibited),
            (false, 11, 0, EHOSTUNREACH, Unreachable),
            (true, 1, 0, ENETUNREACH, Unreachable),
            (true, 1, 1, EACCES, Prohibited),
            (true, 1, 3, EHOSTUNREACH, Unreachable),
            (true, 1, 4, ECONNREFUSED, Refused),
            (true, 1, 5, EACCES, Prohibited),
            (true, 1, 6, EACCES, Prohibited),
            (true, 3, 0, EHOSTUNREACH, Unreachable),
        ] {
            for from in [TARGET, ROUTER] {
                assert_eq!(
                    verdict(Some(errno), &[(v6, kind, code, from, errno)]),
                    (outcome, Some((kind, code)), false),
                    "{v6} {kind}/{code}"
                );
                assert_eq!(
                    verdict(None, &[(v6, kind, code, from, errno)]).0,
                    outcome,
                    "passing error, then silence: {kind}/{code}"
                );
            }
        }
    }

    #[test]
    fn without_icmp_the_error_speaks_for_itself() {
        use ConnectOutcome::{LocalError, Refused, Timeout, Unreachable};
        for (errno, outcome) in [
            (Some(Errno::ECONNREFUSED), Refused),
            (Some(Errno::ETIMEDOUT), Timeout),
            (Some(Errno::EHOSTUNREACH), Unreachable),
            (Some(Errno::ENETUNREACH), LocalError(LocalFault::NoRoute)),
            (Some(Errno::EPERM), LocalError(LocalFault::NotPermitted)),
            (Some(Errno::EACCES), LocalError(LocalFault::NotPermitted)),
            (Some(Errno::EMFILE), LocalError(LocalFault::TooManyFiles)),
            (Some(Errno::ENOBUFS), LocalError(LocalFault::NoBuffers)),
            (Some(Errno::EADDRNOTAVAIL), LocalError(LocalFault::BadAddress)),
            (None, Timeout),
        ] {
            assert_eq!(verdict(errno, &[]), (outcome, None, false), "{errno:?}");
        }
    }

    #[test]
    fn our_own_failed_neighbour_lookup_is_unreachable_and_ours() {
        assert_eq!(
            verdict(Some(Errno::EHOSTUNREACH), &[(false, 3, 1, OWN, Errno::EHOSTUNREACH)]),
            (ConnectOutcome::Unreachable, Some((3, 1)), true)
        );
    }

    #[test]
    fn our_own_firewall_is_no_verdict_about_the_host() {
        let fault = ConnectOutcome::LocalError(LocalFault::NotPermitted);
        for (code, errno) in [(3, Errno::ECONNREFUSED), (13, Errno::EHOSTUNREACH)] {
            assert_eq!(
                verdict(Some(errno), &[(false, 3, code, OWN, errno)]),
                (fault, Some((3, code)), true)
            );
        }
    }

    #[test]
    fn a_target_on_this_machine_speaks_for_itself() {
        let icmp = IcmpError { v6: false, kind: 3, code: 13, from: Some(OWN) };
        let queued = [QueuedError { icmp, errno: Errno::EHOSTUNREACH as i32 }];
        let verdict = classify(Failure::Silence, &queued, &[OWN], OWN);
        assert_eq!((verdict.outcome, verdict.icmp_is_ours), (ConnectOutcome::Prohibited, false));
    }

    #[test]
    fn a_reset_after_a_passing_icmp_error_is_a_reset() {
        let passing = (false, 3, 1, ROUTER, Errno::EHOSTUNREACH);
        assert_eq!(
            verdict(Some(Errno::ECONNREFUSED), &[passing]),
            (ConnectOutcome::Refused, None, false)
        );
    }

    fn listener(any: &str, backlog: i32) -> Option<(Socket, SocketAddr)> {
        let any: SocketAddr = any.parse().unwrap();
        let socket = Socket::new(Domain::for_address(any), Type::STREAM, None).unwrap();
        if socket.bind(&any.into()).is_err() {
            skipped(&format!("no {any} here"));
            return None;
        }
        socket.listen(backlog).unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        Some((socket, address))
    }

    #[tokio::test]
    async fn a_listener_is_open_on_both_families() {
        for any in ["127.0.0.1:0", "[::1]:0"] {
            let Some((_listener, address)) = listener(any, 8) else { continue };
            let (found, stream) = connect(address, Duration::from_secs(5)).await;
            assert_eq!(found.outcome, ConnectOutcome::Open);
            assert_eq!((found.icmp, found.icmp_is_ours), (None, false));
            assert!(found.elapsed < Duration::from_secs(5));
            assert!(stream.is_some());
        }
    }

    #[tokio::test]
    async fn a_closed_port_is_refused_by_reset_on_both_families() {
        for any in ["127.0.0.1:0", "[::1]:0"] {
            // Bound, so that nobody else gets the port, and not listening.
            let any: SocketAddr = any.parse().unwrap();
            let bound = Socket::new(Domain::for_address(any), Type::STREAM, None).unwrap();
            if bound.bind(&any.into()).is_err() {
                continue;
            }
            let address = bound.local_addr().unwrap().as_socket().unwrap();
            let (found, stream) = connect(address, Duration::from_secs(5)).await;
            assert_eq!(found.outcome, ConnectOutcome::Refused);
            assert_eq!(found.icmp, None, "a reset, not an ICMP error");
            assert!(stream.is_none());
        }
    }

    #[tokio::test]
    async fn a_full_accept_queue_is_silence_until_the_deadline() {
        let (_listener, address) = listener("127.0.0.1:0", 0).unwrap();
        let mut held = Vec::new();
        let deadline = Duration::from_millis(300);
        for _ in 0..4 {
            let (found, stream) = connect(address, deadline).await;
            if let Some(stream) = stream {
                held.push(stream);
                continue;
            }
            assert_eq!(found.outcome, ConnectOutcome::Timeout);
            assert!(found.elapsed >= deadline, "{:?}", found.elapsed);
            return;
        }
        panic!("the queue of length 0 took {} connections", held.len());
    }

    #[tokio::test]
    async fn an_address_that_cannot_be_dialled_is_a_local_error() {
        // Broadcast: connect(2) for TCP refuses it at once.
        let address = "255.255.255.255:3389".parse().unwrap();
        let (found, stream) = connect(address, Duration::from_secs(5)).await;
        assert!(matches!(found.outcome, ConnectOutcome::LocalError(_)), "{found:?}");
        assert!(stream.is_none());
    }

    #[tokio::test]
    async fn closing_with_unread_bytes_sends_no_reset() {
        let (listener, address) = listener("127.0.0.1:0", 8).unwrap();
        let (_, stream) = connect(address, Duration::from_secs(5)).await;
        let (mut peer, _) = listener.accept().unwrap();
        peer.send(&[7; 5000]).unwrap();
        let mut stream = stream.unwrap();
        stream.readable().await.unwrap();
        // The host hangs up first, as a server does that is told nothing.
        peer.shutdown(std::net::Shutdown::Write).unwrap();
        close(&mut stream, Duration::from_secs(5)).await;
        drop(stream);
        peer.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut byte = [0_u8; 1];
        assert_eq!(io::Read::read(&mut peer, &mut byte).unwrap(), 0, "FIN, not RST");
    }
}
