//! The UDP side of a scripted host: what answers an RDP-UDP SYN on loopback.

use crate::domain::sample::UdpVersion;
use crate::proto::rdpeudp::{SynAck, WINDOW, parse_syn};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A UDP socket of the runtime.
#[expect(clippy::disallowed_types, reason = "an edge of its own: datagrams on loopback")]
pub(super) type Socket = tokio::net::UdpSocket;

/// Longest datagram that is read whole.
const BUFFER: usize = 2048;
/// The initial sequence number of every answer.
const ISN: u32 = 0x0f94_ea0b;

/// What happens to datagrams at the port of RDP.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum UdpScript {
    /// Nobody holds the port: the operating system answers with a port unreachable.
    #[default]
    Closed,
    /// The port is held and nothing is answered.
    Silent,
    /// A SYN gets a SYN+ACK.
    Answers {
        /// The version it names; `None` for a server of version 1.
        version: Option<UdpVersion>,
        /// SYNs longer than this many bytes do not arrive.
        largest: usize,
        /// How often the same answer is sent: a real server repeats it.
        copies: u8,
    },
    /// A SYN gets a SYN+ACK that acknowledges another one.
    Mistakes,
    /// A datagram gets these bytes.
    Bytes(Vec<u8>),
    /// A datagram gets the acknowledged sequence number, then these bytes.
    Echoes(Vec<u8>),
}

impl UdpScript {
    /// A server that answers every SYN with this version.
    #[must_use]
    pub const fn answers(version: UdpVersion) -> Self {
        Self::Answers { version: Some(version), largest: usize::MAX, copies: 1 }
    }

    /// What a datagram is answered with, and how often.
    fn answer(&self, datagram: &[u8]) -> Option<(Vec<u8>, u8)> {
        match self {
            Self::Closed | Self::Silent => None,
            Self::Answers { version, largest, copies } => {
                let fits = datagram.len() <= *largest;
                Some((syn_ack(datagram, *version, 0).filter(|_| fits)?, *copies))
            }
            Self::Mistakes => Some((syn_ack(datagram, None, 1)?, 1)),
            Self::Bytes(bytes) => Some((bytes.clone(), 1)),
            Self::Echoes(bytes) => {
                let syn = parse_syn(datagram).ok()?;
                Some(([syn.isn.to_be_bytes().as_slice(), bytes].concat(), 1))
            }
        }
    }
}

/// The SYN+ACK to `datagram`, acknowledging `off` by more than it should.
fn syn_ack(datagram: &[u8], version: Option<UdpVersion>, off: u32) -> Option<Vec<u8>> {
    let syn = parse_syn(datagram).ok()?;
    let answer = SynAck {
        acknowledges: syn.isn.wrapping_add(off),
        isn: ISN,
        window: WINDOW,
        mtu_up: syn.mtu_up,
        mtu_down: syn.mtu_down,
        version,
    };
    answer.encode().ok()
}

/// Holds the UDP port `address`; `None` where the script leaves it closed.
pub(super) fn bind(script: &UdpScript, address: SocketAddr) -> io::Result<Option<Socket>> {
    if *script == UdpScript::Closed {
        return Ok(None);
    }
    let socket = socket2::Socket::new(
        socket2::Domain::for_address(address),
        socket2::Type::DGRAM,
        Some(socket2::Protocol::UDP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Socket::from_std(socket.into()).map(Some)
}

/// Answers until dropped.
pub(super) async fn serve(socket: Option<Socket>, script: UdpScript, counter: Arc<AtomicU64>) {
    let Some(socket) = socket else { return std::future::pending().await };
    let mut buffer = [0_u8; BUFFER];
    loop {
        // An error is one of an earlier answer: whoever asked is gone.
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else { continue };
        counter.fetch_add(1, Ordering::Relaxed);
        let Some((answer, copies)) = script.answer(buffer.get(..length).unwrap_or_default()) else {
            continue;
        };
        for _ in 0..copies {
            let _gone = socket.send_to(&answer, from).await;
        }
    }
}
