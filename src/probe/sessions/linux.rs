//! The sockets of Linux, over `sock_diag` (`linux/inet_diag.h`).

use crate::domain::session::{SeenSocket, SessionLook, SocketState};
use netlink_sys::{Socket, SocketAddr as KernelAddress, protocols::NETLINK_SOCK_DIAG};
use std::collections::{BTreeSet, HashSet};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// `SOCK_DIAG_BY_FAMILY`.
const BY_FAMILY: u16 = 20;
/// `NLM_F_REQUEST | NLM_F_DUMP`.
const DUMP: u16 = 0x301;
/// `NLMSG_ERROR`.
const ERROR: u16 = 2;
/// `NLMSG_DONE`.
const DONE: u16 = 3;
/// `struct nlmsghdr`.
const HEADER: usize = 16;
/// `struct inet_diag_msg`.
const ENTRY: usize = 72;
/// `INET_DIAG_INFO`.
const INFO: u16 = 2;
/// `IPPROTO_TCP`.
const TCP: u8 = 6;
const FAMILIES: [u8; 2] = [2, 10];
/// Ports asked for; targets rarely have more than one between them.
const PORTS: usize = 16;
/// Sockets to one port; a client has a handful.
const SOCKETS: usize = 4_096;
/// Datagrams of one answer.
const DATAGRAMS: usize = 1_024;
const DATAGRAM_BYTES: usize = 64 * 1024;
/// The kernel answers while it is asked; this only bounds the unexpected.
const PATIENCE: Duration = Duration::from_millis(500);

/// One socket with where it leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    peer: SocketAddr,
    inode: u32,
    seen: SeenSocket,
}

/// Lists the sockets that lead to each of `peers`.
///
/// # Errors
/// The kernel does not answer, or there are more sockets than are looked at.
pub(super) fn look(peers: &[SocketAddr]) -> io::Result<Vec<SessionLook>> {
    let ports: BTreeSet<u16> = peers.iter().map(SocketAddr::port).collect();
    if ports.len() > PORTS {
        return Err(io::Error::other("targets at too many ports"));
    }
    let mut entries = Vec::new();
    for port in ports {
        for family in FAMILIES {
            dump(family, port, &mut entries)?;
        }
    }
    let wanted: HashSet<SocketAddr> = peers.iter().map(|peer| canonical(*peer)).collect();
    entries.retain(|entry| wanted.contains(&entry.peer));
    if !entries.is_empty() {
        let own = own_sockets()?;
        entries.retain(|entry| !own.contains(&entry.inode));
    }
    let look = |peer: &SocketAddr| {
        let to_it = entries.iter().filter(|entry| entry.peer == canonical(*peer));
        SessionLook { peer: *peer, sockets: to_it.map(|entry| entry.seen).collect() }
    };
    Ok(peers.iter().map(look).collect())
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// The numbers of this program's own sockets: its probes are no sessions.
fn own_sockets() -> io::Result<HashSet<u32>> {
    let number = |entry: io::Result<std::fs::DirEntry>| {
        let link = std::fs::read_link(entry.ok()?.path()).ok()?;
        link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
    };
    Ok(std::fs::read_dir("/proc/self/fd")?.filter_map(number).collect())
}

fn dump(family: u8, port: u16, entries: &mut Vec<Entry>) -> io::Result<()> {
    let mut socket = Socket::new(NETLINK_SOCK_DIAG)?;
    socket.bind_auto()?;
    socket.connect(&KernelAddress::new(0, 0))?;
    socket2::SockRef::from(&socket).set_read_timeout(Some(PATIENCE))?;
    socket.send(&question(family, port), 0)?;
    let mut buffer = Vec::with_capacity(DATAGRAM_BYTES);
    for _ in 0..DATAGRAMS {
        buffer.clear();
        socket.recv(&mut buffer, 0)?;
        if decode(&buffer, entries)? {
            return Ok(());
        }
        if entries.len() > SOCKETS {
            break;
        }
    }
    Err(io::Error::other("too many sockets"))
}

/// Every socket of `family` to `port`, except those that listen or are being opened.
fn question(family: u8, port: u16) -> Vec<u8> {
    // CLOSED, SYN_SENT, SYN_RECV, LISTEN, NEW_SYN_RECV and BOUND_INACTIVE are left out.
    let states: u32 = [1_u32, 4, 5, 6, 8, 9, 11].iter().map(|state| 1 << state).sum();
    let mut bytes = Vec::with_capacity(HEADER + 56);
    bytes.extend(72_u32.to_ne_bytes());
    bytes.extend(BY_FAMILY.to_ne_bytes());
    bytes.extend(DUMP.to_ne_bytes());
    bytes.extend(1_u32.to_ne_bytes());
    bytes.extend(0_u32.to_ne_bytes());
    bytes.extend([family, TCP, 1 << (INFO - 1), 0]);
    bytes.extend(states.to_ne_bytes());
    bytes.extend(0_u16.to_be_bytes());
    bytes.extend(port.to_be_bytes());
    // Any address, any interface, no cookie (`INET_DIAG_NOCOOKIE`).
    bytes.extend([0; 36]);
    bytes.extend([0xff; 8]);
    bytes
}

/// Reads the entries of one datagram; whether it ended the answer.
fn decode(datagram: &[u8], entries: &mut Vec<Entry>) -> io::Result<bool> {
    let mut rest = datagram;
    while rest.len() >= HEADER {
        let length = u32_at(rest, 0)
            .and_then(|length| usize::try_from(length).ok())
            .filter(|length| *length >= HEADER)
            .ok_or(io::ErrorKind::InvalidData)?;
        let message = rest.get(..length).ok_or(io::ErrorKind::InvalidData)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        let body = message.get(HEADER..).unwrap_or_default();
        match u16_at(message, 4) {
            Some(DONE) => return Ok(true),
            Some(ERROR) => {
                let code = u32_at(body, 0).unwrap_or_default().cast_signed();
                return Err(io::Error::from_raw_os_error(code.saturating_neg()));
            }
            Some(BY_FAMILY) => entries.extend(entry(body)),
            _ => {}
        }
    }
    Ok(false)
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
    let heard = millis(52).min(millis(56)).or(millis(56)).unwrap_or_default();
    let byte = |at: usize| info.and_then(|info| info.get(at)).copied().unwrap_or_default();
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

/// The payload of the first attribute of this kind.
fn attribute(mut rest: &[u8], kind: u16) -> Option<&[u8]> {
    loop {
        let length = usize::from(u16_at(rest, 0)?);
        let payload = rest.get(4..length)?;
        if u16_at(rest, 2)? == kind {
            return Some(payload);
        }
        rest = rest.get(length.next_multiple_of(4)..)?;
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn port_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
#[expect(clippy::disallowed_types, reason = "a session of this machine is a socket")]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn the_kernel_lists_a_connection_as_it_lives_and_ends_and_ours_is_left_out() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = listener.local_addr().unwrap();
        let stream = TcpStream::connect(peer).unwrap();
        let local = stream.local_addr().unwrap();
        let (mut host, _) = listener.accept().unwrap();
        host.write_all(b"x").unwrap();
        let find = || {
            let mut entries = Vec::new();
            dump(2, peer.port(), &mut entries).unwrap();
            entries.into_iter().find(|entry| entry.seen.local == local).unwrap()
        };
        let entry = find();
        assert_eq!((entry.peer, entry.seen.state), (peer, SocketState::Established));
        assert!(entry.seen.received && entry.seen.unanswered == 0, "{entry:?}");
        assert!(own_sockets().unwrap().contains(&entry.inode));
        let looks = look(&[peer]).unwrap();
        assert_eq!(looks, [SessionLook { peer, sockets: Vec::new() }]);
        drop(host);
        assert_eq!(find().seen.state, SocketState::ClosedByPeer);
    }

    #[test]
    fn no_length_leads_outside() {
        let mut bytes = question(2, 3389);
        bytes.extend([0xff; 40]);
        for end in 0..bytes.len() {
            let _ = decode(&bytes[..end], &mut Vec::new());
            let _ = entry(&bytes[..end]);
            let _ = attribute(&bytes[..end], INFO);
        }
        for length in [0_u32, 15, 500, u32::MAX] {
            bytes[..4].copy_from_slice(&length.to_ne_bytes());
            assert!(decode(&bytes, &mut Vec::new()).is_err(), "{length}");
        }
        assert_eq!(attribute(&[0, 0, 9, 0, 0, 0], INFO), None);
    }
}
