//! Questions about this machine's own TCP sockets, and the kernel's answers (`sock_diag(7)`,
//! `linux/inet_diag.h`): native byte order, ports and addresses in network order.

use super::netlink::{DUMP, HEADER, attribute, header, messages, u32_at};
pub use super::netlink::{Refused, done};
use crate::domain::session::{SeenSocket, SocketState};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// `AF_INET` and `AF_INET6`.
pub const FAMILIES: [u8; 2] = [2, 10];

/// `SOCK_DIAG_BY_FAMILY`.
const BY_FAMILY: u16 = 20;
/// `struct inet_diag_req_v2`.
const REQUEST: usize = 56;
/// `struct inet_diag_msg`.
const ENTRY: usize = 72;
/// As much of `struct tcp_info` as is read, up to `tcpi_bytes_received`.
const INFO_BYTES: usize = 136;
/// `INET_DIAG_INFO`.
const INFO: u16 = 2;
/// `IPPROTO_TCP`.
const TCP: u8 = 6;

/// One socket with where it leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The other end.
    pub peer: SocketAddr,
    /// Its number, as it stands in `/proc/PID/fd`.
    pub inode: u32,
    /// What it shows.
    pub seen: SeenSocket,
}

/// Asks for every TCP socket of `family` to `port`, or to any, except those that listen or are
/// being opened.
#[must_use]
pub fn question(family: u8, port: Option<u16>) -> Vec<u8> {
    // CLOSED, SYN_SENT, SYN_RECV, LISTEN, NEW_SYN_RECV and BOUND_INACTIVE are left out.
    let states: u32 = [1_u32, 4, 5, 6, 8, 9, 11].iter().map(|state| 1 << state).sum();
    let mut bytes = header(HEADER + REQUEST, BY_FAMILY, DUMP);
    bytes.extend([family, TCP, 1 << (INFO - 1), 0]);
    bytes.extend(states.to_ne_bytes());
    bytes.extend(0_u16.to_be_bytes());
    bytes.extend(port.unwrap_or_default().to_be_bytes());
    // Any address, any interface, no cookie (`INET_DIAG_NOCOOKIE`).
    bytes.extend([0; 36]);
    bytes.extend([0xff; 8]);
    bytes
}

/// Reads the entries of one datagram; whether it ended the answer. What is no entry is left out.
///
/// # Errors
/// [`Refused`]; the entries before it are kept.
pub fn decode(datagram: &[u8], entries: &mut Vec<Entry>) -> Result<bool, Refused> {
    messages(datagram, BY_FAMILY, |body| entries.extend(entry(body)))
}

/// The message that says this of a socket: what [`decode`] reads, for tests. An address of IPv4 is
/// one of its own family.
#[must_use]
pub fn message(entry: &Entry) -> Vec<u8> {
    let Entry { peer, inode, seen } = entry;
    let state = match seen.state {
        SocketState::Established => 1,
        SocketState::ClosedHere => 4,
        SocketState::ClosedByPeer => 8,
    };
    let v4 = seen.local.is_ipv4() && peer.is_ipv4();
    let address = |ip: IpAddr| match ip {
        IpAddr::V4(ip) if v4 => [ip.octets().as_slice(), &[0; 12]].concat(),
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let family = if v4 { 2 } else { 10 };
    let mut bytes = header(HEADER + ENTRY + 4 + INFO_BYTES, BY_FAMILY, 2);
    bytes.extend([family, state, 0, 0]);
    bytes.extend(seen.local.port().to_be_bytes());
    bytes.extend(peer.port().to_be_bytes());
    bytes.extend(address(seen.local.ip()));
    bytes.extend(address(peer.ip()));
    // Interface, cookie, timer, queues and owner.
    bytes.extend([0; 28]);
    bytes.extend(inode.to_ne_bytes());
    bytes.extend(u16::try_from(4 + INFO_BYTES).unwrap_or_default().to_ne_bytes());
    bytes.extend(INFO.to_ne_bytes());
    let mut info = [0; INFO_BYTES];
    let heard = u32::try_from(seen.heard_ago.as_millis()).unwrap_or(u32::MAX);
    for (at, field) in [
        (2, [seen.unanswered].as_slice()),
        (52, &heard.to_ne_bytes()),
        (56, &heard.to_ne_bytes()),
        (128, &u64::from(seen.received).to_ne_bytes()),
    ] {
        if let Some(place) = info.get_mut(at..).and_then(|rest| rest.get_mut(..field.len())) {
            place.copy_from_slice(field);
        }
    }
    bytes.extend(info);
    bytes
}

/// One `inet_diag_msg` with its attributes.
fn entry(body: &[u8]) -> Option<Entry> {
    let state = match body.get(1)? {
        1 => SocketState::Established,
        4 | 5 | 6 | 11 => SocketState::ClosedHere,
        8 | 9 => SocketState::ClosedByPeer,
        _ => return None,
    };
    let family = *body.first()?;
    let local = SocketAddr::new(address(family, body.get(8..24)?)?, port_at(body, 4)?);
    let peer = SocketAddr::new(address(family, body.get(24..40)?)?, port_at(body, 6)?);
    let info = attribute(body.get(ENTRY..)?, INFO);
    let millis = |at| info.and_then(|info| u32_at(info, at)).map(u64::from);
    // `tcpi_last_data_recv` and `tcpi_last_ack_recv`.
    let heard = millis(52).min(millis(56)).or(millis(56)).unwrap_or_default();
    let byte = |at: usize| info.and_then(|info| info.get(at)).copied().unwrap_or_default();
    // `tcpi_bytes_received`.
    let received = info.and_then(|info| info.get(128..136)).is_some_and(|count| count != [0; 8]);
    let seen = SeenSocket {
        local,
        state,
        // `tcpi_retransmits` and `tcpi_probes`: both are set back by any answer.
        unanswered: byte(2).max(byte(3)),
        heard_ago: Duration::from_millis(heard),
        received,
    };
    Some(Entry { peer, inode: u32_at(body, 68)?, seen })
}

fn address(family: u8, bytes: &[u8]) -> Option<IpAddr> {
    match family {
        2 => Some(Ipv4Addr::from(*bytes.first_chunk::<4>()?).into()),
        10 => Some(IpAddr::V6(Ipv6Addr::from(*bytes.first_chunk::<16>()?)).to_canonical()),
        _ => None,
    }
}

fn port_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests;
