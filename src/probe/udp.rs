//! The UDP transport: one RDP-UDP SYN of full size, and what answers it.
//!
//! A server answers a bare SYN without any session (MS-RDPEUDP 3.1.5.1.2). It repeats its SYN+ACK
//! up to three times when nobody acknowledges it: copies that arrive while we listen are dropped,
//! later ones meet a closed port.
//!
//! The deadline is for the whole rung, and shared so:
//!
//! | at | sent | waited |
//! |---|---|---|
//! | 0 | a SYN of 1232 bytes | half of the deadline |
//! | 1/2 | the same again, as a client does | a quarter |
//! | 3/4 | a SYN of 1132 bytes, from a port of its own | the last quarter |
//!
//! The small one is a connection of its own, because a server that knows the first answers it
//! alone. An answer to any of them counts until the end. On Linux the SYNs may not be fragmented,
//! so that only a path with room for RDP's datagrams carries them.

use super::attempt::slept;
use super::clock::Clock;
use super::connect::{Failure, STALL, classify};
use super::random::random;
use super::socket::fault::local_fault;
use crate::domain::sample::{ConnectOutcome, LocalFault, Misread, Udp, UdpOutcome};
use crate::domain::time::MonoTime;
use crate::proto::rdpeudp::{MTU_MAX, MTU_MIN, Syn, SynAck, acknowledges, parse_syn_ack};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

#[expect(clippy::disallowed_types, reason = "the edge: this is where datagrams come from")]
type UdpSocket = tokio::net::UdpSocket;

/// Longest datagram that is told apart from longer ones.
const BUFFER: usize = 2048;

/// Asks the UDP transport at `address` with at most three SYNs, within `deadline` in all.
///
/// Never fails: an error of this machine is [`UdpOutcome::LocalError`], and so is a deadline that
/// this process kept too late.
pub async fn udp(address: SocketAddr, deadline: Duration, clock: Clock) -> Udp {
    let started = clock.now();
    let mut exchange = Exchange { address, clock, started: started.mono, sent: 0, misread: None };
    let end = Box::pin(exchange.run(deadline)).await;
    let ended = clock.now();
    let late = ended.mono.since(started.mono) > deadline.saturating_add(STALL);
    if late || slept(started, ended) {
        return exchange.outcome(UdpOutcome::LocalError(LocalFault::Stalled));
    }
    match end {
        End::Answer(answer, size, elapsed) => Udp {
            version: answer.version,
            mtu_up: Some(answer.mtu_up),
            mtu_down: Some(answer.mtu_down),
            answered_at: Some(size),
            elapsed,
            ..exchange.outcome(UdpOutcome::SynAck)
        },
        End::Other(outcome) => exchange.outcome(outcome),
        End::Nothing => {
            exchange.outcome(exchange.misread.map_or(UdpOutcome::Silent, UdpOutcome::Malformed))
        }
    }
}

/// One exchange with one host.
struct Exchange {
    address: SocketAddr,
    clock: Clock,
    started: MonoTime,
    sent: u8,
    /// The first datagram that was no answer to us.
    misread: Option<Misread>,
}

/// How an exchange ended.
enum End {
    /// With an answer to a SYN of this size, so long after it.
    Answer(SynAck, u16, Duration),
    /// With something else.
    Other(UdpOutcome),
    /// With nothing, or nothing that acknowledges us.
    Nothing,
}

/// What was heard while waiting.
enum Heard {
    /// Something that ends the exchange.
    End(End),
    /// A router, or this machine, said that a SYN is too big.
    TooBig,
    /// Nothing until the time was up.
    Nothing,
}

/// A connected socket and the SYN it sends.
struct Flow {
    socket: UdpSocket,
    own: Option<IpAddr>,
    isn: u32,
    size: u16,
    sent_at: MonoTime,
}

impl Exchange {
    fn outcome(&self, outcome: UdpOutcome) -> Udp {
        Udp {
            address: self.address,
            outcome,
            version: None,
            mtu_up: None,
            mtu_down: None,
            answered_at: None,
            sent: self.sent,
            elapsed: self.clock.mono().since(self.started),
        }
    }

    async fn run(&mut self, deadline: Duration) -> End {
        match self.three_syns(deadline).await {
            Ok(end) => end,
            Err(error) => End::Other(UdpOutcome::LocalError(local_fault(&error))),
        }
    }

    /// Sends and listens as the table above says; an error is this machine's.
    async fn three_syns(&mut self, deadline: Duration) -> io::Result<End> {
        let began = Instant::now();
        let mut full = self.open(MTU_MAX)?;
        if full.is_its_own_peer(self.address) {
            return Ok(End::Other(UdpOutcome::Unreachable(None)));
        }
        for until in [deadline / 2, deadline / 4 * 3] {
            let heard = match self.send(&mut full).await? {
                Some(heard) => heard,
                None => self.listen(&full, None, began + until).await,
            };
            match heard {
                Heard::End(end) => return Ok(end),
                Heard::TooBig => break,
                Heard::Nothing => {}
            }
        }
        let mut small = self.open(MTU_MIN)?;
        let heard = match self.send(&mut small).await? {
            Some(heard) => heard,
            None => self.listen(&small, Some(&full), began + deadline).await,
        };
        Ok(match heard {
            Heard::End(end) => end,
            Heard::TooBig | Heard::Nothing => End::Nothing,
        })
    }

    fn open(&self, size: u16) -> io::Result<Flow> {
        let socket =
            Socket::new(Domain::for_address(self.address), Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_nonblocking(true)?;
        platform::prepare(&socket, self.address.is_ipv6());
        socket.connect(&self.address.into())?;
        let own = socket.local_addr().ok().and_then(|own| own.as_socket()).map(|own| own.ip());
        let socket = UdpSocket::from_std(socket.into())?;
        Ok(Flow { socket, own, isn: u32::from_be_bytes(random()), size, sent_at: self.started })
    }

    /// Sends the SYN of `flow`. `Some` when that already says how it ends.
    async fn send(&mut self, flow: &mut Flow) -> io::Result<Option<Heard>> {
        let syn = Syn::of_size(flow.isn, flow.size).encode().map_err(io::Error::other)?;
        flow.sent_at = self.clock.mono();
        match flow.socket.send(&syn).await {
            Ok(_) => {
                self.sent = self.sent.saturating_add(1);
                Ok(None)
            }
            Err(error) if platform::is_too_big(&error) => Ok(Some(Heard::TooBig)),
            Err(error) => flow.failed(error, self.address.ip()).map(Some),
        }
    }

    /// Waits for an answer to either flow.
    async fn listen(&mut self, flow: &Flow, other: Option<&Flow>, until: Instant) -> Heard {
        // On the heap: what a future holds, it holds for every target.
        let (mut first, mut second) = (vec![0_u8; BUFFER], vec![0_u8; BUFFER]);
        loop {
            let waiting = async {
                tokio::select! {
                    got = platform::receive(&flow.socket, &mut first) => (flow, got, true),
                    got = receive(other, &mut second) => (other.unwrap_or(flow), got, false),
                }
            };
            let Ok((heard_by, got, by_first)) = timeout_at(until, waiting).await else {
                return Heard::Nothing;
            };
            let heard = match got {
                Ok(length) => {
                    let buffer = if by_first { &first } else { &second };
                    self.read(heard_by, buffer.get(..length).unwrap_or_default())
                }
                Err(error) if platform::is_too_big(&error) => {
                    platform::forget(&heard_by.socket);
                    (heard_by.size == flow.size).then_some(Heard::TooBig)
                }
                Err(error) => Some(match heard_by.failed(error, self.address.ip()) {
                    Ok(heard) => heard,
                    Err(error) => {
                        Heard::End(End::Other(UdpOutcome::LocalError(local_fault(&error))))
                    }
                }),
            };
            if let Some(heard) = heard {
                return heard;
            }
        }
    }

    /// What a datagram means; `None` when it is no answer to us.
    fn read(&mut self, flow: &Flow, datagram: &[u8]) -> Option<Heard> {
        let parsed = parse_syn_ack(datagram).map_err(Misread::from);
        if !acknowledges(datagram, flow.isn) {
            let stranger = Misread { offset: 0, reason: "acknowledges another SYN" };
            self.misread = self.misread.or(Some(parsed.err().unwrap_or(stranger)));
            return None;
        }
        let elapsed = self.clock.mono().since(flow.sent_at);
        Some(Heard::End(match parsed {
            Ok(answer) => End::Answer(answer, flow.size, elapsed),
            Err(misread) => End::Other(UdpOutcome::Malformed(misread)),
        }))
    }
}

/// Receives on a flow that may not be there.
async fn receive(flow: Option<&Flow>, buffer: &mut [u8]) -> io::Result<usize> {
    match flow {
        Some(flow) => platform::receive(&flow.socket, buffer).await,
        None => std::future::pending().await,
    }
}

impl Flow {
    /// On loopback the kernel may choose the very port that is asked as the source.
    fn is_its_own_peer(&self, address: SocketAddr) -> bool {
        self.socket.local_addr().is_ok_and(|own| own == address)
    }

    /// What a failed system call means; an error of this machine is handed back.
    fn failed(&self, error: io::Error, target: IpAddr) -> io::Result<Heard> {
        let queued = platform::drain(&self.socket);
        let verdict = classify(Failure::Error(&error), &queued, self.own.as_slice(), target);
        match verdict.outcome {
            ConnectOutcome::LocalError(LocalFault::NotPermitted) if verdict.icmp.is_some() => {
                let outcome = UdpOutcome::LocalError(LocalFault::NotPermitted);
                Ok(Heard::End(End::Other(outcome)))
            }
            ConnectOutcome::LocalError(_) => Err(error),
            _ => Ok(Heard::End(End::Other(UdpOutcome::Unreachable(verdict.icmp)))),
        }
    }
}

#[cfg(target_os = "linux")]
mod platform {
    use super::{Socket, UdpSocket, io};
    use crate::probe::connect::QueuedError;
    use crate::probe::socket::{error_queue, option};
    use nix::libc;

    /// Keeps ICMP errors and forbids fragments; without either the outcome is coarser and true.
    pub(super) fn prepare(socket: &Socket, v6: bool) {
        let ready =
            error_queue::enable(socket, v6).and_then(|()| option::probe_path_mtu(socket, v6));
        if let Err(error) = ready {
            tracing::debug!(%error, "no error queue, or fragments allowed");
        }
    }

    pub(super) async fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<usize> {
        socket.recv(buffer).await
    }

    pub(super) fn drain(socket: &UdpSocket) -> Vec<QueuedError> {
        error_queue::drain(socket)
    }

    /// Empties the error queue.
    pub(super) fn forget(socket: &UdpSocket) {
        drop(error_queue::drain(socket));
    }

    pub(super) fn is_too_big(error: &io::Error) -> bool {
        error.raw_os_error() == Some(libc::EMSGSIZE)
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use super::{Duration, Socket, UdpSocket, io};
    use crate::probe::connect::QueuedError;
    use tokio::time::sleep;

    /// Between two looks at a socket that is ready and has nothing.
    const EMPTY: Duration = Duration::from_millis(10);

    /// There is no error queue, and fragments are as the system likes.
    pub(super) const fn prepare(_: &Socket, _: bool) {}

    /// Receives. Where the port is closed, a socket may be ready for ever and have nothing: `recv`
    /// would then turn without end, and no deadline would be looked at.
    pub(super) async fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            socket.readable().await?;
            match socket.try_recv(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => sleep(EMPTY).await,
                got => return got,
            }
        }
    }

    pub(super) const fn drain(_: &UdpSocket) -> Vec<QueuedError> {
        Vec::new()
    }

    pub(super) const fn forget(_: &UdpSocket) {}

    pub(super) fn is_too_big(error: &io::Error) -> bool {
        // EMSGSIZE of the BSDs, WSAEMSGSIZE.
        matches!(error.raw_os_error(), Some(40 | 10_040))
    }
}
