//! The wire of surge-ping: portable, one socket per address family.
//!
//! What is known of surge-ping 0.9 and handled here: on raw sockets ICMP errors and redirects come
//! back as answers; on Linux datagram sockets the identifier is not part of the key of an answer,
//! so all requests to one address share one sequence; the receive buffer is the system's default
//! unless enlarged; datagram sockets never see ICMP errors, which are losses there. Its RTT is a
//! lower bound, because it stamps a request after the system call that sends it, and may be zero.
//! Duplicates are not seen.

use super::{EchoRequest, RECEIVE_BUFFER, Wire, WireEnd};
use crate::domain::local::EchoAccess;
use crate::domain::sample::{IcmpError, LocalFault};
use crate::probe::socket::fault::local_fault;
use crate::probe::socket::native::enlarge_receive_buffer;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use socket2::Type;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use surge_ping::{
    Client, Config, ICMP, IcmpPacket, PingIdentifier, PingSequence, Pinger, SurgeError,
};

/// What an echo request carries; 56 bytes as every ping sends.
const PAYLOAD: [u8; 56] = *b"rdpwatch echo request: https://www.rfc-editor.org/rfc/79";

/// Addresses whose sequence is remembered; beyond it the unused ones are forgotten.
const SEQUENCES: usize = 16_384;

/// Requests in flight to one address, half of what a 16-bit sequence can tell apart.
const PER_ADDRESS: usize = 32_768;

/// ICMP echo by surge-ping.
pub struct Surge {
    v4: Family,
    v6: Family,
    identifier: PingIdentifier,
    sequences: Mutex<HashMap<IpAddr, Arc<AtomicU16>>>,
    random: RandomState,
}

impl std::fmt::Debug for Surge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surge")
            .field("v4", &self.v4.access)
            .field("v6", &self.v6.access)
            .finish_non_exhaustive()
    }
}

/// One address family's socket.
struct Family {
    access: EchoAccess,
    client: Option<Client>,
    receive_buffer: Option<usize>,
}

impl Surge {
    /// Opens what this machine permits: for each family a datagram socket, else a raw one.
    /// Must be called inside a runtime.
    #[must_use]
    pub fn open() -> Self {
        Self::with(Family::open(ICMP::V4), Family::open(ICMP::V6))
    }

    /// Opens nothing (`--no-icmp`).
    #[must_use]
    pub fn off() -> Self {
        Self::with(Family::closed(EchoAccess::Off), Family::closed(EchoAccess::Off))
    }

    fn with(v4: Family, v6: Family) -> Self {
        let random = RandomState::new();
        let identifier = PingIdentifier(low_bits(random.hash_one("identifier")));
        Self { v4, v6, identifier, sequences: Mutex::default(), random }
    }

    const fn family(&self, v6: bool) -> &Family {
        if v6 { &self.v6 } else { &self.v4 }
    }

    /// The next sequence number for `address` and a token that counts it as in flight.
    ///
    /// A sequence starts anywhere, so that the answers to an earlier run do not fit. The scope of
    /// a link-local address is left out as surge-ping leaves it out of the key of an answer.
    fn next_sequence(&self, address: IpAddr) -> Option<(PingSequence, Arc<AtomicU16>)> {
        let mut sequences = self.sequences.lock().unwrap_or_else(PoisonError::into_inner);
        if sequences.len() >= SEQUENCES && !sequences.contains_key(&address) {
            sequences.retain(|_, sequence| Arc::strong_count(sequence) > 1);
        }
        let start = || Arc::new(AtomicU16::new(low_bits(self.random.hash_one(address))));
        let sequence = Arc::clone(sequences.entry(address).or_insert_with(start));
        drop(sequences);
        if Arc::strong_count(&sequence) > PER_ADDRESS {
            return None;
        }
        Some((PingSequence(sequence.fetch_add(1, Ordering::Relaxed)), sequence))
    }
}

impl Family {
    const fn closed(access: EchoAccess) -> Self {
        Self { access, client: None, receive_buffer: None }
    }

    fn open(kind: ICMP) -> Self {
        let config = Config::builder().kind(kind).sock_type_hint(Type::DGRAM);
        // An unbound socket has no local address there, and surge-ping counts on one.
        #[cfg(windows)]
        let config = config.bind(match kind {
            ICMP::V4 => (std::net::Ipv4Addr::UNSPECIFIED, 0).into(),
            ICMP::V6 => (std::net::Ipv6Addr::UNSPECIFIED, 0).into(),
        });
        let client = match Client::new(&config.build()) {
            Ok(client) => client,
            Err(error) => {
                tracing::info!(?kind, %error, "no ICMP socket");
                return Self::closed(EchoAccess::Denied);
            }
        };
        let socket = client.get_socket();
        let access =
            if socket.get_type() == Type::RAW { EchoAccess::Raw } else { EchoAccess::Datagram };
        let receive_buffer = enlarge_receive_buffer(&socket, RECEIVE_BUFFER)
            .inspect_err(|error| tracing::info!(?kind, %error, "receive buffer not enlarged"))
            .ok();
        tracing::debug!(?kind, ?access, receive_buffer, "ICMP socket open");
        Self { access, client: Some(client), receive_buffer }
    }
}

impl Wire for Surge {
    fn access(&self, v6: bool) -> EchoAccess {
        self.family(v6).access
    }

    fn send(&self, request: EchoRequest, wait: Duration) -> BoxFuture<'static, WireEnd> {
        let Some(client) = self.family(request.address.is_ipv6()).client.clone() else {
            return std::future::ready(WireEnd::Fault(LocalFault::NotPermitted)).boxed();
        };
        let Some((sequence, token)) = self.next_sequence(request.address) else {
            return std::future::ready(WireEnd::Fault(LocalFault::NoBuffers)).boxed();
        };
        let identifier = self.identifier;
        async move {
            let mut pinger = client.pinger(request.address, identifier).await;
            pinger.timeout(wait).scope_id(request.scope);
            let end = ping(&mut pinger, sequence).await;
            drop(token);
            end
        }
        .boxed()
    }

    fn receive_buffer(&self, v6: bool) -> Option<usize> {
        self.family(v6).receive_buffer
    }
}

async fn ping(pinger: &mut Pinger, sequence: PingSequence) -> WireEnd {
    match pinger.ping(sequence, &PAYLOAD).await {
        Ok((packet, rtt)) => match packet {
            IcmpPacket::V4(packet) => {
                let from = IpAddr::V4(packet.get_source());
                let (kind, code) = (packet.get_icmp_type().0, packet.get_icmp_code().0);
                meaning(
                    IcmpError { v6: false, kind, code, from: Some(from) },
                    rtt,
                    packet.get_ttl(),
                )
            }
            IcmpPacket::V6(packet) => {
                let from = IpAddr::V6(packet.get_source());
                let (kind, code) = (packet.get_icmpv6_type().0, packet.get_icmpv6_code().0);
                meaning(IcmpError { v6: true, kind, code, from: Some(from) }, rtt, None)
            }
        },
        Err(SurgeError::Timeout { .. }) => WireEnd::Silence,
        Err(SurgeError::IOError(error)) => WireEnd::Fault(local_fault(&error)),
        Err(error) => {
            tracing::debug!(%error, "echo request not sent");
            WireEnd::Fault(LocalFault::Other)
        }
    }
}

/// What an ICMP packet means that answers an echo request.
///
/// A redirect or a source quench says nothing of the host, and surge-ping takes no second packet
/// for the same request: such a request measured nothing.
const fn meaning(packet: IcmpError, rtt: Duration, ttl: Option<u8>) -> WireEnd {
    match (packet.v6, packet.kind) {
        // Echo reply (RFC 792, RFC 4443 section 4.2).
        (false, 0) | (true, 129) => WireEnd::Reply { rtt, ttl },
        // Unreachable, time exceeded, parameter problem; v6 also packet too big.
        (false, 3 | 11 | 12) | (true, 1..=4) => WireEnd::Icmp(packet),
        _ => WireEnd::Fault(LocalFault::Other),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "any sixteen bits of a hash will do")]
const fn low_bits(hash: u64) -> u16 {
    hash as u16
}

#[cfg(test)]
mod tests {
    use super::super::{EchoEngine, Paced, outbox};
    use super::*;
    use crate::domain::sample::{EchoOutcome, Observation};
    use crate::domain::target::TargetId;
    use crate::probe::clock::Clock;
    use crate::probe::socket::skipped;
    use std::net::{Ipv4Addr, Ipv6Addr};

    #[test]
    fn only_an_echo_reply_is_a_reply() {
        let rtt = Duration::from_millis(1);
        let packet = |v6, kind, code| IcmpError { v6, kind, code, from: None };
        for (v6, kind) in [(false, 0), (true, 129)] {
            let end = meaning(packet(v6, kind, 0), rtt, Some(64));
            assert_eq!(end, WireEnd::Reply { rtt, ttl: Some(64) });
        }
        for (v6, kind, code) in [(false, 3, 1), (false, 11, 0), (true, 1, 3), (true, 2, 0)] {
            let packet = packet(v6, kind, code);
            assert_eq!(meaning(packet, rtt, None), WireEnd::Icmp(packet));
        }
        for (v6, kind) in [(false, 5), (false, 4), (false, 129), (true, 0), (true, 137)] {
            let end = meaning(packet(v6, kind, 1), rtt, None);
            assert_eq!(end, WireEnd::Fault(LocalFault::Other), "{kind}");
        }
    }

    #[test]
    fn requests_to_one_address_share_one_sequence() {
        let surge = Surge::off();
        let a = IpAddr::from([192, 0, 2, 1]);
        let (first, one) = surge.next_sequence(a).unwrap();
        let (second, two) = surge.next_sequence(a).unwrap();
        assert_eq!(second.0, first.0.wrapping_add(1));
        assert!(Arc::ptr_eq(&one, &two));
        let (_, other) = surge.next_sequence(IpAddr::from([192, 0, 2, 2])).unwrap();
        assert!(!Arc::ptr_eq(&one, &other));
    }

    #[test]
    fn a_sequence_never_has_two_of_a_number_in_flight() {
        let surge = Surge::off();
        let address = IpAddr::from([192, 0, 2, 1]);
        let mut tokens = Vec::new();
        while let Some((sequence, token)) = surge.next_sequence(address) {
            tokens.push((sequence.0, token));
        }
        assert_eq!(tokens.len(), PER_ADDRESS - 1);
        tokens.sort_by_key(|(sequence, _)| *sequence);
        tokens.dedup_by_key(|(sequence, _)| *sequence);
        assert_eq!(tokens.len(), PER_ADDRESS - 1);
        tokens.pop();
        assert!(surge.next_sequence(address).is_some(), "room again");
    }

    #[tokio::test]
    async fn switched_off_is_void_and_says_so() {
        let surge = Surge::off();
        assert_eq!((surge.access(false), surge.access(true)), (EchoAccess::Off, EchoAccess::Off));
        let request = request(Ipv4Addr::LOCALHOST.into(), 1);
        let end = surge.send(request, Duration::from_secs(1)).await;
        assert_eq!(end, WireEnd::Fault(LocalFault::NotPermitted));
    }

    fn request(address: IpAddr, seq: u64) -> EchoRequest {
        let deadline = Duration::from_secs(5);
        EchoRequest { target: TargetId(1), seq, address, scope: 0, deadline }
    }

    #[tokio::test]
    async fn this_machine_answers_on_both_families() {
        let addresses: [IpAddr; 3] = [
            Ipv4Addr::LOCALHOST.into(),
            Ipv4Addr::new(127, 9, 9, 9).into(),
            Ipv6Addr::LOCALHOST.into(),
        ];
        let (out, mut samples) = outbox(64);
        let engine = Paced::start(Surge::open(), Clock::start());
        for address in addresses {
            let v6 = address.is_ipv6();
            if engine.access(v6) == EchoAccess::Denied {
                skipped(&format!("no ICMP socket for {address}"));
                continue;
            }
            assert!(engine.receive_buffer(v6).is_some_and(|bytes| bytes >= 200_000));
            // The same address for two targets at once: the numbers must not be mixed up.
            for seq in 0..20 {
                engine.send(request(address, seq), out.clone());
            }
            let mut seen = Vec::new();
            for _ in 0..20 {
                let sample = samples.recv().await.unwrap();
                let Observation::Echo(echo) = &sample.observation else { panic!("{sample:?}") };
                let EchoOutcome::Reply { rtt, .. } = echo.outcome else {
                    panic!("{address}: {:?}", echo.outcome)
                };
                assert!(rtt < Duration::from_secs(5));
                assert_eq!(echo.address, address);
                seen.push(sample.seq);
            }
            seen.sort_unstable();
            assert_eq!(seen, (0..20).collect::<Vec<_>>());
        }
    }
}
