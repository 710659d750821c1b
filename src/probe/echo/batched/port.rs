//! The socket of one address family: a datagram one, else a raw one, with stamps, error queue,
//! filters and a large buffer.

use super::super::RECEIVE_BUFFER;
use super::flight::{Flight, Reply};
use crate::domain::local::EchoAccess;
use crate::domain::sample::{IcmpError, LocalFault};
use crate::domain::time::{MonoTime, Now, WallTime};
use crate::probe::clock::Clock;
use crate::probe::echo::{EchoRequest, Outbox};
use crate::probe::socket::batch::{self, BATCH, Incoming, Outgoing};
use crate::probe::socket::control::Control;
use crate::probe::socket::fault::local_fault;
use crate::probe::socket::{control, error_queue, option};
use crate::proto::icmp_echo::{
    Icmp, PROBE, behind_ipv4_header, encode_probe, parse_probe_reply, parse_quoted_probe,
};
use nix::libc;
use socket2::{Domain, Protocol, SockFilter, Socket, Type};
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// `ICMP_FILTER` and `ICMP6_FILTER` (linux/icmp.h, RFC 3542 section 3.2).
const ICMP_FILTER: i32 = 1;
const ICMP6_FILTER: i32 = 1;

/// Where the count of dropped datagrams stands in the answer to `SO_MEMINFO`, in bytes.
const DROPS: std::ops::Range<usize> = 32..36;

/// Room for packets to be sent.
const SEND_BUFFER: usize = 1 << 20;

/// Batches that one look at a socket takes at most: a flood must not hold up the rest.
const LOOKS: usize = 256;

/// While nothing is waited for, a socket is read so often: duplicates and what is too late.
const UNASKED: Duration = Duration::from_secs(1);

/// Packets sent whose stamp is waited for.
const STAMPS: usize = 1 << 16;

/// How often a system call is tried again that failed with the error of an earlier packet.
const TRIES: u32 = 3;

/// A socket that sends and receives probes.
pub(super) struct Port {
    socket: Socket,
    icmp: Icmp,
    raw: bool,
    id: u16,
    pub(super) receive_buffer: usize,
    /// Whether the kernel stamps what is sent.
    stamps_sends: bool,
    /// The packets whose stamp is waited for, from the kernel's number `first_key` on.
    keys: VecDeque<Option<(u32, u32)>>,
    first_key: u32,
    /// The kernel's numbers are not known any more.
    keys_lost: bool,
    drops: u32,
    /// When it was last read.
    read_at: Option<MonoTime>,
    /// When it was last noticed that the socket had dropped something.
    pub(super) overflowed: Option<MonoTime>,
    incoming: Vec<Incoming>,
    outgoing: Vec<Outgoing<PROBE>>,
}

/// Why there is no port.
#[derive(Debug)]
pub(super) enum Unopened {
    /// This machine gives no ICMP socket.
    NoSocket(io::Error),
    /// It gives one that cannot be filtered, or does not stamp what it receives.
    Unfit(io::Error),
}

/// A request and where its samples go.
pub(super) type Job = (EchoRequest, Outbox);

impl Port {
    /// Opens what this machine permits: a datagram socket, else a raw one.
    ///
    /// # Errors
    /// See [`Unopened`].
    pub(super) fn open(icmp: Icmp, id: u16, cookie: u64) -> Result<Self, Unopened> {
        let (domain, protocol) = match icmp {
            Icmp::V4 => (Domain::IPV4, Protocol::ICMPV4),
            Icmp::V6 => (Domain::IPV6, Protocol::ICMPV6),
        };
        let (socket, raw) = match Socket::new(domain, Type::DGRAM, Some(protocol)) {
            Ok(socket) => (socket, false),
            Err(_) => {
                (Socket::new(domain, Type::RAW, Some(protocol)).map_err(Unopened::NoSocket)?, true)
            }
        };
        let mut port = Self {
            socket,
            icmp,
            raw,
            id,
            receive_buffer: 0,
            stamps_sends: true,
            keys: VecDeque::new(),
            first_key: 0,
            keys_lost: false,
            drops: 0,
            read_at: None,
            overflowed: None,
            incoming: vec![Incoming::new(); BATCH],
            outgoing: Vec::with_capacity(BATCH),
        };
        if raw {
            port.filter(cookie).map_err(Unopened::Unfit)?;
            // What came before the filter stood.
            for _ in 0..LOOKS {
                if batch::receive(&port.socket, false, &mut port.incoming).is_err() {
                    break;
                }
            }
        }
        port.prepare().map_err(Unopened::Unfit)?;
        Ok(port)
    }

    pub(super) const fn access(&self) -> EchoAccess {
        if self.raw { EchoAccess::Raw } else { EchoAccess::Datagram }
    }

    pub(super) const fn stamps_sends(&self) -> bool {
        self.stamps_sends
    }

    /// A raw socket hears of every echo reply on this machine: all but ours are dropped in the
    /// kernel, and never fill the buffer.
    fn filter(&self, cookie: u64) -> io::Result<()> {
        // Classic BPF: load, compare, return (linux/filter.h).
        const LOAD_IP_HEADER_LENGTH: u16 = 0xb1;
        const LOAD_16_BEHIND: u16 = 0x48;
        const LOAD_32_BEHIND: u16 = 0x40;
        const LOAD_16: u16 = 0x28;
        const LOAD_32: u16 = 0x20;
        const UNLESS_EQUAL: u16 = 0x15;
        const RETURN: u16 = 0x06;
        let [a, b, c, d, ..] = cookie.to_be_bytes();
        let (id, cookie) = (u32::from(self.id), u32::from_be_bytes([a, b, c, d]));
        let take = SockFilter::new(RETURN, 0, 0, 0xffff);
        let leave = SockFilter::new(RETURN, 0, 0, 0);
        if self.icmp == Icmp::V4 {
            let all_but_replies = !1_u32;
            let bytes = all_but_replies.to_ne_bytes();
            option::set_bytes(&self.socket, libc::SOL_RAW, ICMP_FILTER, &bytes)?;
            self.socket.attach_filter(&[
                SockFilter::new(LOAD_IP_HEADER_LENGTH, 0, 0, 0),
                SockFilter::new(LOAD_16_BEHIND, 0, 0, 4),
                SockFilter::new(UNLESS_EQUAL, 0, 3, id),
                SockFilter::new(LOAD_32_BEHIND, 0, 0, 8),
                SockFilter::new(UNLESS_EQUAL, 0, 1, cookie),
                take,
                leave,
            ])
        } else {
            // 256 types, a bit each; type 129 passes.
            let mut blocked = [u32::MAX; 8];
            if let Some(word) = blocked.get_mut(129 / 32) {
                *word &= !(1 << (129 % 32));
            }
            let bytes: Vec<u8> = blocked.iter().flat_map(|word| word.to_ne_bytes()).collect();
            option::set_bytes(&self.socket, libc::SOL_ICMPV6, ICMP6_FILTER, &bytes)?;
            self.socket.attach_filter(&[
                SockFilter::new(LOAD_16, 0, 0, 4),
                SockFilter::new(UNLESS_EQUAL, 0, 3, id),
                SockFilter::new(LOAD_32, 0, 0, 8),
                SockFilter::new(UNLESS_EQUAL, 0, 1, cookie),
                take,
                leave,
            ])
        }
    }

    /// Sets what can be set, and insists on receive stamps alone.
    fn prepare(&mut self) -> io::Result<()> {
        use nix::sys::socket::{setsockopt, sockopt};
        let v6 = self.icmp == Icmp::V6;
        let told = |what: &str, result: io::Result<()>| {
            if let Err(error) = result {
                tracing::info!(v6, what, %error, "not set");
            }
        };
        told("error queue", error_queue::enable(&self.socket, v6));
        told(
            "hop limits",
            if v6 {
                option::set(&self.socket, libc::IPPROTO_IPV6, libc::IPV6_RECVHOPLIMIT, 1)
            } else {
                option::set(&self.socket, libc::IPPROTO_IP, libc::IP_RECVTTL, 1)
            },
        );
        if !v6 {
            // Never cut up on the way: for what may be, the kernel looks up a number for each
            // packet, which takes as long as half of sending it. Ours always fit.
            let unfragmented = libc::IP_PMTUDISC_PROBE;
            let option = libc::IP_MTU_DISCOVER;
            told("whole", option::set(&self.socket, libc::IPPROTO_IP, option, unfragmented));
        }
        told("count of drops", option::set(&self.socket, libc::SOL_SOCKET, libc::SO_RXQ_OVFL, 1));
        if setsockopt(&self.socket, sockopt::RcvBufForce, &RECEIVE_BUFFER).is_err() {
            told("receive buffer", self.socket.set_recv_buffer_size(RECEIVE_BUFFER));
        }
        if setsockopt(&self.socket, sockopt::SndBufForce, &SEND_BUFFER).is_err() {
            told("send buffer", self.socket.set_send_buffer_size(SEND_BUFFER));
        }
        self.receive_buffer = self.socket.recv_buffer_size().unwrap_or(0);
        if let Err(error) = self.stamp(true, true) {
            tracing::info!(v6, %error, "what is sent is not stamped");
            self.stamps_sends = false;
            self.stamp(false, false)?;
        }
        Ok(())
    }

    fn stamp(&self, sends: bool, numbered: bool) -> io::Result<()> {
        let mut flags = libc::SOF_TIMESTAMPING_RX_SOFTWARE | libc::SOF_TIMESTAMPING_SOFTWARE;
        if sends {
            flags |= libc::SOF_TIMESTAMPING_TX_SOFTWARE | libc::SOF_TIMESTAMPING_OPT_TSONLY;
        }
        if numbered {
            flags |= libc::SOF_TIMESTAMPING_OPT_ID;
        }
        let flags = i32::from_ne_bytes(flags.to_ne_bytes());
        option::set(&self.socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPING, flags)
    }

    /// Waits until the kernel stamps what this machine receives: it begins to a moment after the
    /// first socket asks for it. Echo requests to loopback tell, at most 100 of them.
    #[expect(clippy::disallowed_methods, reason = "the engine's own thread, before it serves")]
    pub(super) fn warm_up(&mut self, flight: &mut Flight, clock: Clock) {
        let loopback: IpAddr = match self.icmp {
            Icmp::V4 => Ipv4Addr::LOCALHOST.into(),
            Icmp::V6 => Ipv6Addr::LOCALHOST.into(),
        };
        let name = control::name(loopback, 0);
        let bytes = encode_probe(self.icmp, self.id, flight.nobody());
        let mut replies = Vec::new();
        for _ in 0..100 {
            if batch::send(&self.socket, &[Outgoing { bytes, name }]).is_err() {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
            self.read_replies(flight, &mut replies, clock.mono());
            if replies.drain(..).any(|reply| reply.stamp.is_some()) {
                break;
            }
        }
        self.keys_lost = true;
        if self.stamps_sends {
            self.count_anew(flight);
        }
    }

    /// Sends requests in order and takes them off `jobs`, until all are sent or the kernel takes
    /// no more for now.
    pub(super) fn send(&mut self, jobs: &mut VecDeque<Job>, flight: &mut Flight, clock: Clock) {
        while !jobs.is_empty() {
            let (mono, wall) = clock.at_once();
            let millis = i64::try_from(wall / 1_000_000).unwrap_or(i64::MAX);
            let sent_at = Now { mono, wall: WallTime::from_unix_millis(millis) };
            self.outgoing.clear();
            let mut tags = Vec::with_capacity(BATCH);
            let count = jobs.len().min(BATCH);
            for (request, out) in jobs.drain(..count) {
                let name = control::name(request.address, request.scope);
                let tag = flight.launch(request, out, sent_at, wall);
                self.outgoing.push(Outgoing { bytes: encode_probe(self.icmp, self.id, tag), name });
                tags.push((tag.slot, tag.seq));
            }
            if self.send_batch(&tags, flight, mono).is_break() {
                break;
            }
        }
        if self.keys_lost && self.stamps_sends {
            self.count_anew(flight);
        }
    }

    /// Sends what is in `outgoing`. What the kernel takes no more of is void: no buffers.
    fn send_batch(
        &mut self,
        tags: &[(u32, u32)],
        flight: &mut Flight,
        now: MonoTime,
    ) -> std::ops::ControlFlow<()> {
        let mut done = 0;
        let mut tries = 0;
        while let Some(rest) = self.outgoing.get(done..).filter(|rest| !rest.is_empty()) {
            match batch::send(&self.socket, rest) {
                Ok(sent) => {
                    let cut = sent < rest.len();
                    for tag in tags.iter().skip(done).take(sent) {
                        self.note_key(*tag);
                    }
                    // One that failed behind them may have a number too.
                    self.keys_lost |= cut;
                    done = done.saturating_add(sent);
                    tries = if sent == 0 { tries + 1 } else { 0 };
                }
                Err(error) => {
                    self.keys_lost = true;
                    tries += 1;
                    if error.kind() == io::ErrorKind::WouldBlock {
                        for (slot, seq) in tags.iter().skip(done) {
                            flight.failed(*slot, *seq, LocalFault::NoBuffers, now);
                        }
                        return std::ops::ControlFlow::Break(());
                    }
                    // The first error may be that of an earlier packet, an ICMP error that came.
                    if tries >= TRIES {
                        if let Some((slot, seq)) = tags.get(done) {
                            flight.failed(*slot, *seq, local_fault(&error), now);
                        }
                        done = done.saturating_add(1);
                        tries = 0;
                    }
                }
            }
            if tries > TRIES {
                break;
            }
        }
        std::ops::ControlFlow::Continue(())
    }

    fn note_key(&mut self, tag: (u32, u32)) {
        if !self.stamps_sends || self.keys_lost {
            return;
        }
        if self.keys.len() >= STAMPS {
            self.keys.pop_front();
            self.first_key = self.first_key.wrapping_add(1);
        }
        self.keys.push_back(Some(tag));
    }

    /// Lets the kernel number the packets from zero again.
    fn count_anew(&mut self, flight: &mut Flight) {
        self.read_queue(flight, MonoTime::ZERO);
        let result = self.stamp(true, false).and_then(|()| self.stamp(true, true));
        self.keys.clear();
        self.first_key = 0;
        self.keys_lost = false;
        if let Err(error) = result {
            tracing::info!(%error, "what is sent is not stamped any more");
            self.stamps_sends = false;
        }
    }

    /// Whether there is nothing to be read for: nothing is waited for, and what comes unasked was
    /// read lately.
    pub(super) fn rests(&self, flight: &Flight, now: MonoTime) -> bool {
        let lately = self.read_at.is_some_and(|at| now.since(at) < UNASKED);
        lately && !flight.awaits(self.icmp == Icmp::V6)
    }

    /// Reads all that waits: replies into `replies`, and then, so that each of them has its own,
    /// the stamps of what was sent, and ICMP errors. Whether that was all.
    pub(super) fn read(
        &mut self,
        flight: &mut Flight,
        replies: &mut Vec<Reply>,
        now: MonoTime,
    ) -> bool {
        self.read_at = Some(now);
        let drained = self.read_replies(flight, replies, now);
        self.read_queue(flight, now) && drained
    }

    fn read_replies(
        &mut self,
        flight: &mut Flight,
        replies: &mut Vec<Reply>,
        now: MonoTime,
    ) -> bool {
        let mut failures = 0;
        let mut drops = self.drops;
        for _ in 0..LOOKS {
            let count = match batch::receive(&self.socket, false, &mut self.incoming) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
                // The error of a packet that was sent: the queue tells more.
                Err(_) if failures < TRIES => {
                    failures += 1;
                    continue;
                }
                Err(_) => return true,
            };
            for datagram in self.incoming.iter().take(count) {
                let found = control::parse(datagram.control());
                drops = found.drops.unwrap_or(drops);
                match self.reply(datagram, &found) {
                    Some(reply) => replies.push(reply),
                    None => flight.counts.foreign += 1,
                }
            }
            self.note_drops(drops, flight, now);
            if count < BATCH {
                return true;
            }
        }
        false
    }

    fn reply(&self, datagram: &Incoming, found: &Control) -> Option<Reply> {
        let bytes = datagram.bytes();
        let (message, header_ttl) = if self.raw && self.icmp == Icmp::V4 {
            (behind_ipv4_header(bytes).ok()?, bytes.get(8).copied())
        } else {
            (bytes, None)
        };
        let (id, tag) = parse_probe_reply(self.icmp, message).ok()?;
        if self.raw && id != self.id {
            return None;
        }
        Some(Reply {
            tag,
            from: control::address(datagram.name())?,
            stamp: found.stamp,
            ttl: found.ttl.or(header_ttl),
        })
    }

    /// Reads the error queue: stamps of what was sent, and ICMP errors. Whether that was all.
    fn read_queue(&mut self, flight: &mut Flight, now: MonoTime) -> bool {
        let mut incoming = std::mem::take(&mut self.incoming);
        let mut all = false;
        for _ in 0..LOOKS {
            let Ok(count) = batch::receive(&self.socket, true, &mut incoming) else {
                all = true;
                break;
            };
            for datagram in incoming.iter().take(count) {
                self.take_entry(datagram, flight, now);
            }
            if count < BATCH {
                all = true;
                break;
            }
        }
        self.incoming = incoming;
        all
    }

    fn take_entry(&mut self, datagram: &Incoming, flight: &mut Flight, now: MonoTime) {
        let found = control::parse(datagram.control());
        let Some(entry) = found.entry else { return };
        match entry.origin {
            libc::SO_EE_ORIGIN_TIMESTAMPING => {
                if let (Some((slot, seq)), Some(stamp)) = (self.key(entry.data), found.stamp) {
                    flight.left(slot, seq, stamp);
                }
            }
            libc::SO_EE_ORIGIN_ICMP | libc::SO_EE_ORIGIN_ICMP6 => {
                let v6 = entry.origin == libc::SO_EE_ORIGIN_ICMP6;
                let (kind, code, from) = (entry.kind, entry.code, entry.offender);
                if !says_undelivered(v6, kind) {
                    return;
                }
                let Ok(quoted) = parse_quoted_probe(self.icmp, datagram.bytes()) else { return };
                // A raw socket hears of everybody's; for a datagram socket the kernel looks.
                if self.raw && quoted.number.id != self.id {
                    return;
                }
                let about = control::address(datagram.name());
                let error = IcmpError { v6, kind, code, from };
                flight.refused(&quoted, about, error, now);
            }
            _ => {}
        }
    }

    /// Which packet has this number, once.
    fn key(&mut self, key: u32) -> Option<(u32, u32)> {
        let place = usize::try_from(key.wrapping_sub(self.first_key)).ok()?;
        let tag = self.keys.get_mut(place)?.take();
        while let Some(None) = self.keys.front() {
            self.keys.pop_front();
            self.first_key = self.first_key.wrapping_add(1);
        }
        tag
    }

    /// Looks whether the socket dropped something since the last look; what was received tells it
    /// of what was dropped before, and this of what was dropped after.
    pub(super) fn look_for_drops(&mut self, flight: &mut Flight, now: MonoTime) {
        let mut told = [0_u8; 64];
        let Ok(length) = option::get(&self.socket, libc::SOL_SOCKET, libc::SO_MEMINFO, &mut told)
        else {
            return;
        };
        let counted = told.get(..length).and_then(|told| told.get(DROPS)?.first_chunk());
        if let Some(bytes) = counted {
            self.note_drops(u32::from_ne_bytes(*bytes), flight, now);
        }
    }

    fn note_drops(&mut self, drops: u32, flight: &mut Flight, now: MonoTime) {
        let more = drops.wrapping_sub(self.drops);
        if more > 0 {
            self.drops = drops;
            self.overflowed = Some(now);
            flight.counts.dropped += u64::from(more);
            tracing::info!(more, "replies dropped: the receive buffer is full");
        }
    }
}

/// Whether an ICMP type says that a packet was not delivered: unreachable, time exceeded,
/// parameter problem; over IPv6 also packet too big. A redirect does not.
const fn says_undelivered(v6: bool, kind: u8) -> bool {
    matches!((v6, kind), (false, 3 | 11 | 12) | (true, 1..=4))
}
