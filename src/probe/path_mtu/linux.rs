//! Packets that may not be fragmented, on Linux: over an ICMP datagram socket where
//! `ping_group_range` permits it (icmp(7)), over a raw one with `CAP_NET_RAW`, and over UDP where
//! neither is to be had.
//!
//! Over UDP the packets go to the first port of `traceroute`, never to RDP's own: a host that
//! answers with a port unreachable proves that the size passes, and a router that calls it too big
//! is heard. Silence says nothing there, because most hosts answer nothing.

use super::ladder::{Fate, Wire};
use crate::domain::sample::{IcmpError, LocalFault};
use crate::probe::clock::Clock;
use crate::probe::connect::STALL;
use crate::probe::random::random;
use crate::probe::socket::error_queue::{self, QueueEntry};
use crate::probe::socket::fault::local_fault;
use crate::probe::socket::option;
use crate::proto::icmp_echo::{EchoNumber, Icmp, behind_ipv4_header, encode_request, parse_reply};
use nix::errno::Errno;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::io::Interest;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout_at};

/// A datagram socket of the runtime, whatever its protocol.
#[expect(clippy::disallowed_types, reason = "the edge: this is where datagrams come from")]
type UdpSocket = tokio::net::UdpSocket;

/// Where `traceroute` begins.
const TRACEROUTE: u16 = 33_434;

/// Length of a UDP header, in bytes.
const UDP_HEADER: u16 = 8;

/// Between packets of a round with many.
const PACE: Duration = Duration::from_millis(5);

/// Packets of a round that leave without a pause.
const AT_ONCE: usize = 3;

/// Messages that one look at the socket takes at most.
const READ_LIMIT: usize = 64;

/// The least that is waited beyond the answers of smaller packets.
const LEAST_GRACE: Duration = Duration::from_millis(300);

/// A timer that fires this much too late measures this process.
const LATE: Duration = STALL;

/// What is waited beyond the answers of smaller packets, for a reply that is slower only.
const fn grace(round_trip: Duration) -> Duration {
    let threefold = round_trip.saturating_mul(3);
    if threefold.as_millis() > LEAST_GRACE.as_millis() { threefold } else { LEAST_GRACE }
}

/// What carries the packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Carrier {
    /// An ICMP datagram socket: the kernel chooses the identifier.
    Datagram,
    /// A raw ICMP socket: everybody's replies arrive.
    Raw,
    /// A UDP socket.
    Udp,
}

/// A connected socket that sends them.
pub(super) struct PathSocket {
    socket: UdpSocket,
    carrier: Carrier,
    icmp: Icmp,
    target: IpAddr,
    id: u16,
    seq: u16,
    /// The size of every packet sent.
    sizes: BTreeMap<u16, u32>,
    clock: Clock,
    late: bool,
}

/// A socket to `address`, by the best means that this machine permits.
pub(super) fn open(address: SocketAddr, clock: Clock) -> Result<PathSocket, LocalFault> {
    let carriers = [Carrier::Datagram, Carrier::Raw, Carrier::Udp];
    let mut refused = LocalFault::NotPermitted;
    for carrier in carriers {
        match open_with(carrier, address, clock) {
            Ok(socket) => return Ok(socket),
            Err(error) => {
                refused = local_fault(&error);
                let forbidden = matches!(
                    error.raw_os_error().map(Errno::from_raw),
                    Some(Errno::EPERM | Errno::EACCES | Errno::EPROTONOSUPPORT)
                );
                if !forbidden {
                    break;
                }
            }
        }
    }
    Err(refused)
}

fn open_with(carrier: Carrier, address: SocketAddr, clock: Clock) -> io::Result<PathSocket> {
    let v6 = address.is_ipv6();
    let icmp = if v6 { Icmp::V6 } else { Icmp::V4 };
    let (kind, protocol, port) = match (carrier, icmp) {
        (Carrier::Udp, _) => (Type::DGRAM, Protocol::UDP, TRACEROUTE),
        (Carrier::Datagram, Icmp::V4) => (Type::DGRAM, Protocol::ICMPV4, 0),
        (Carrier::Datagram, Icmp::V6) => (Type::DGRAM, Protocol::ICMPV6, 0),
        (Carrier::Raw, Icmp::V4) => (Type::RAW, Protocol::ICMPV4, 0),
        (Carrier::Raw, Icmp::V6) => (Type::RAW, Protocol::ICMPV6, 0),
    };
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    socket.set_nonblocking(true)?;
    option::probe_path_mtu(&socket, v6)?;
    error_queue::enable(&socket, v6)?;
    let mut there = address;
    there.set_port(port);
    socket.connect(&there.into())?;
    Ok(PathSocket {
        socket: UdpSocket::from_std(socket.into())?,
        carrier,
        icmp,
        target: address.ip(),
        id: u16::from_be_bytes(random()),
        seq: 0,
        sizes: BTreeMap::new(),
        clock,
        late: false,
    })
}

/// The packets of one round and what became of them.
struct Round<'a> {
    sizes: &'a [u32],
    fates: Vec<(u32, Fate)>,
}

impl Round<'_> {
    fn knows(&self, size: u32) -> bool {
        self.fates.iter().any(|(of, _)| *of == size)
    }

    fn is_over(&self) -> bool {
        self.sizes.iter().all(|size| self.knows(*size))
            || self.fates.iter().any(|(_, fate)| *fate == Fate::Unreachable)
    }

    /// Whether the smallest passed: the others need not be waited for as long.
    fn smallest_passed(&self) -> bool {
        let smallest = self.sizes.iter().min();
        self.fates.iter().any(|(of, fate)| Some(of) == smallest && *fate == Fate::Passed)
    }
}

impl PathSocket {
    /// Whether a timer fired so late that this process was not running.
    pub(super) const fn was_late(&self) -> bool {
        self.late
    }

    fn send(&mut self, size: u32, round: &mut Round<'_>) -> Result<(), LocalFault> {
        self.seq = self.seq.wrapping_add(1);
        let packet = self.packet(size).map_err(|_| LocalFault::Other)?;
        self.sizes.insert(self.seq, size);
        // The first error may be an ICMP error that waits: then nothing was sent.
        for _ in 0..2 {
            let Err(error) = SockRef::from(&self.socket).send(&packet) else { return Ok(()) };
            let waiting = error_queue::drain_all(&self.socket);
            let own = waiting.iter().find(|entry| entry.icmp.is_none()).copied();
            let heard = waiting.len();
            for entry in waiting {
                self.note(&entry, round);
            }
            if let Some(own) = own
                && error.raw_os_error() == Some(Errno::EMSGSIZE as i32)
            {
                round.fates.push((size, Fate::TooBig { mtu: own.mtu, from: None }));
                return Ok(());
            }
            if heard == 0 {
                return Err(local_fault(&error));
            }
        }
        Ok(())
    }

    /// A packet of `size` bytes, IP header included, with its number in it.
    fn packet(&self, size: u32) -> io::Result<Vec<u8>> {
        let size = u16::try_from(size).map_err(io::Error::other)?;
        if self.carrier == Carrier::Udp {
            let headers = self.icmp.ip_header().saturating_add(UDP_HEADER);
            let mut packet = self.seq.to_be_bytes().to_vec();
            packet.resize(usize::from(size.saturating_sub(headers)), 0);
            return Ok(packet);
        }
        let number = EchoNumber { id: self.id, seq: self.seq };
        encode_request(self.icmp, number, size).map_err(io::Error::other)
    }

    /// Takes everything that has arrived. Readiness is cleared only where nothing was left.
    fn read(&self, round: &mut Round<'_>) {
        let mut buffer = [0_u8; 2048];
        for _ in 0..READ_LIMIT {
            match self.socket.try_recv(&mut buffer) {
                Ok(length) => {
                    if let Some(size) = self.replied(buffer.get(..length).unwrap_or_default()) {
                        round.fates.push((size, Fate::Passed));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // The error of an entry in the queue.
                Err(_) => {}
            }
        }
        let _drained = self.socket.try_io(Interest::ERROR, || {
            for entry in error_queue::drain_all(&self.socket) {
                self.note(&entry, round);
            }
            Err::<(), _>(io::ErrorKind::WouldBlock.into())
        });
    }

    /// The size of the request that a message answers.
    fn replied(&self, message: &[u8]) -> Option<u32> {
        let message = match (self.carrier, self.icmp) {
            (Carrier::Udp, _) => return None,
            (Carrier::Raw, Icmp::V4) => behind_ipv4_header(message).ok()?,
            _ => message,
        };
        let number = parse_reply(self.icmp, message).ok()?;
        if self.carrier == Carrier::Raw && number.id != self.id {
            return None;
        }
        self.sizes.get(&number.seq).copied()
    }

    fn note(&self, entry: &QueueEntry, round: &mut Round<'_>) {
        let Some(icmp) = entry.icmp.filter(|_| self.is_about_us(entry)) else { return };
        let quoted = self.quoted(entry);
        if is_too_big(icmp) {
            let fits = |size: &u32| *size > entry.mtu;
            let largest = round.sizes.iter().copied().max();
            if let Some(size) = quoted.filter(fits).or_else(|| largest.filter(fits)) {
                round.fates.push((size, Fate::TooBig { mtu: entry.mtu, from: icmp.from }));
            }
            return;
        }
        let closed = matches!((icmp.v6, icmp.kind, icmp.code), (false, 3, 3) | (true, 1, 4));
        if self.carrier == Carrier::Udp && closed && icmp.from == Some(self.target) {
            round.fates.extend(quoted.map(|size| (size, Fate::Passed)));
        } else if let Some(size) = round.sizes.last() {
            round.fates.push((*size, Fate::Unreachable));
        }
    }

    /// Whether the packet that an error quotes is one of ours: a raw socket hears of everybody's
    /// to this host. For the others the kernel looks.
    fn is_about_us(&self, entry: &QueueEntry) -> bool {
        let [_, _, _, _, high, low, ..] = entry.quoted;
        self.carrier != Carrier::Raw || u16::from_be_bytes([high, low]) == self.id
    }

    /// The size of the packet that an error quotes.
    fn quoted(&self, entry: &QueueEntry) -> Option<u32> {
        let [first, second, .., last_but_one, last] = entry.quoted;
        let over_udp = self.carrier == Carrier::Udp;
        let seq = if over_udp { [first, second] } else { [last_but_one, last] };
        self.sizes.get(&u16::from_be_bytes(seq)).copied()
    }
}

impl Wire for PathSocket {
    async fn round(
        &mut self,
        sizes: &[u32],
        patience: Duration,
    ) -> Result<Vec<(u32, Fate)>, LocalFault> {
        let mut round = Round { sizes, fates: Vec::new() };
        let began = self.clock.mono();
        let mut until = Instant::now() + patience;
        for size in sizes {
            self.send(*size, &mut round)?;
            if sizes.len() > AT_ONCE {
                sleep(PACE).await;
            }
        }
        let mut hurried = false;
        while !round.is_over() {
            match timeout_at(until, self.socket.ready(Interest::READABLE | Interest::ERROR)).await {
                Ok(Ok(_)) => {
                    self.read(&mut round);
                    // A flood leaves the socket readable for good: it holds up nobody else, and
                    // nothing beyond the deadline.
                    yield_now().await;
                    let now = Instant::now();
                    if now >= until {
                        self.late |= now > until + LATE;
                        break;
                    }
                }
                Ok(Err(error)) => return Err(local_fault(&error)),
                Err(_) => {
                    self.late |= Instant::now() > until + LATE;
                    // What arrived beside the timer counts.
                    self.read(&mut round);
                    break;
                }
            }
            if !hurried && round.smallest_passed() {
                hurried = true;
                let round_trip = self.clock.mono().since(began);
                until = until.min(Instant::now() + grace(round_trip));
            }
        }
        let silent: Vec<u32> = sizes.iter().copied().filter(|size| !round.knows(*size)).collect();
        round.fates.extend(silent.into_iter().map(|size| (size, Fate::Silent)));
        Ok(round.fates)
    }

    fn learns_silence(&self) -> bool {
        self.carrier != Carrier::Udp
    }

    fn known_mtu(&self) -> Option<u32> {
        option::known_mtu(&self.socket, self.icmp == Icmp::V6).ok()
    }
}

/// Fragmentation needed (RFC 1191), packet too big (RFC 4443 section 3.2).
const fn is_too_big(icmp: IcmpError) -> bool {
    matches!((icmp.v6, icmp.kind, icmp.code), (false, 3, 4) | (true, 2, _))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::IcmpError;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    const ID: u16 = 0x0102;

    /// A socket to a port of this machine, and the port.
    fn socket(carrier: Carrier) -> (PathSocket, Socket) {
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let open = || {
            let socket = Socket::new(Domain::IPV4, Type::DGRAM, None).unwrap();
            socket.set_nonblocking(true).unwrap();
            socket.bind(&any.into()).unwrap();
            socket
        };
        let (ours, peer) = (open(), open());
        ours.connect(&peer.local_addr().unwrap()).unwrap();
        peer.connect(&ours.local_addr().unwrap()).unwrap();
        let socket = PathSocket {
            socket: UdpSocket::from_std(ours.into()).unwrap(),
            carrier,
            icmp: Icmp::V4,
            target: any.ip(),
            id: ID,
            seq: 0,
            sizes: BTreeMap::from([(9, 1500)]),
            clock: Clock::start(),
            late: false,
        };
        (socket, peer)
    }

    #[tokio::test]
    async fn an_error_about_somebody_elses_ping_is_not_about_the_path() {
        let from = Some([10, 0, 0, 1].into());
        let icmp = |code| Some(IcmpError { v6: false, kind: 3, code, from });
        let entry = |code, id: u16| {
            let [high, low] = id.to_be_bytes();
            let quoted = [8, 0, 0, 0, high, low, 0, 9];
            QueueEntry { icmp: icmp(code), errno: 0, mtu: 1280, quoted }
        };
        let too_big = Fate::TooBig { mtu: 1280, from };
        for (carrier, id, expected) in [
            (Carrier::Raw, ID, vec![(1500, too_big), (1500, Fate::Unreachable)]),
            (Carrier::Raw, ID + 1, vec![]),
            // The kernel chose the identifier and compared it.
            (Carrier::Datagram, ID + 1, vec![(1500, too_big), (1500, Fate::Unreachable)]),
        ] {
            let (socket, _peer) = socket(carrier);
            let mut round = Round { sizes: &[1500], fates: Vec::new() };
            for code in [4, 1] {
                socket.note(&entry(code, id), &mut round);
            }
            assert_eq!(round.fates, expected, "{carrier:?} {id:04x}");
        }
    }

    #[tokio::test]
    async fn a_flood_holds_up_neither_the_deadline_nor_anybody_else() {
        let (mut socket, peer) = socket(Carrier::Udp);
        for _ in 0..3 * READ_LIMIT {
            peer.send(b"x").unwrap();
        }
        socket.socket.readable().await.unwrap();
        let ran = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&ran);
        let _other = tokio::spawn(async move { flag.store(true, Ordering::Relaxed) });
        let fates = socket.round(&[1500], Duration::ZERO).await.unwrap();
        assert_eq!(fates, [(1500, Fate::Silent)]);
        assert!(ran.load(Ordering::Relaxed), "nobody else came to run");
        assert!(socket.socket.try_recv(&mut [0; 8]).is_ok(), "read on beyond the deadline");
    }
}
