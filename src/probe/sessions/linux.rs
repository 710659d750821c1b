//! The sockets of Linux, over `sock_diag`.

use crate::domain::session::SessionLook;
use crate::probe::netlink_socket::{self, DATAGRAM_BYTES};
use crate::proto::sock_diag::{self, Entry, FAMILIES, Refused};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;
use std::collections::{BTreeSet, HashSet};
use std::io;
use std::net::SocketAddr;

/// Each port is a question of its own, for which the kernel looks through all its sockets; beyond
/// so many, all sockets are asked for at once.
const PORTS: usize = 4;
/// Sockets to the wanted ports; a client has a handful.
const SOCKETS: usize = 4_096;
/// Datagrams of one answer: some hundred thousand sockets.
const DATAGRAMS: usize = 4_096;

/// Lists the sockets that lead to each of `peers`.
///
/// # Errors
/// The kernel does not answer, or there are more sockets than are looked at.
pub(super) fn look(peers: &[SocketAddr]) -> io::Result<Vec<SessionLook>> {
    let wanted: HashSet<SocketAddr> = peers.iter().map(|peer| canonical(*peer)).collect();
    let ports: BTreeSet<u16> = peers.iter().map(SocketAddr::port).collect();
    let questions: Vec<Option<u16>> =
        if ports.len() > PORTS { vec![None] } else { ports.into_iter().map(Some).collect() };
    let mut entries = Vec::new();
    for port in questions {
        for family in FAMILIES {
            dump(family, port, &mut entries, |entry| wanted.contains(&entry.peer))?;
        }
    }
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

/// Adds the sockets of `family` to a port, or to any, that are wanted.
fn dump(
    family: u8,
    port: Option<u16>,
    entries: &mut Vec<Entry>,
    wanted: impl Fn(&Entry) -> bool,
) -> io::Result<()> {
    let socket = netlink_socket::open(NETLINK_SOCK_DIAG)?;
    socket.send(&sock_diag::question(family, port), 0)?;
    let mut buffer = Vec::with_capacity(DATAGRAM_BYTES);
    let mut read = Vec::new();
    for _ in 0..DATAGRAMS {
        buffer.clear();
        socket.recv(&mut buffer, 0)?;
        let ended = sock_diag::decode(&buffer, &mut read).map_err(|refused| match refused {
            Refused::Kernel(errno) => io::Error::from_raw_os_error(errno),
            Refused::Misread => io::Error::new(io::ErrorKind::InvalidData, refused),
        })?;
        entries.extend(read.drain(..).filter(|entry| wanted(entry)));
        if ended {
            return Ok(());
        }
        if entries.len() > SOCKETS {
            break;
        }
    }
    Err(io::Error::other("this machine has too many sockets"))
}

#[cfg(test)]
#[expect(clippy::disallowed_types, reason = "a session of this machine is a socket")]
mod tests {
    use super::*;
    use crate::domain::session::SocketState;
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
        let find = |port| {
            let mut entries = Vec::new();
            dump(2, port, &mut entries, |entry| entry.peer == peer).unwrap();
            entries.into_iter().find(|entry| entry.seen.local == local).unwrap()
        };
        let entry = find(Some(peer.port()));
        assert_eq!((entry.peer, entry.seen.state), (peer, SocketState::Established));
        assert!(entry.seen.received && entry.seen.unanswered == 0, "{entry:?}");
        assert!(own_sockets().unwrap().contains(&entry.inode));
        assert_eq!(find(None).inode, entry.inode, "among all sockets of this machine");
        let looks = look(&[peer]).unwrap();
        assert_eq!(looks, [SessionLook { peer, sockets: Vec::new() }]);
        drop(host);
        assert_eq!(find(Some(peer.port())).seen.state, SocketState::ClosedByPeer);
    }

    #[test]
    fn targets_at_many_ports_are_looked_at_too() {
        let peers: Vec<SocketAddr> = (1..=40).map(|port| ([127, 0, 0, 1], port).into()).collect();
        let looks = look(&peers).unwrap();
        assert_eq!(looks.len(), 40);
        assert!(looks.iter().zip(&peers).all(|(look, peer)| look.peer == *peer));
    }
}
