//! The error queue of a Linux socket: which ICMP error came back, and who sent it (ip(7),
//! `IP_RECVERR`). No privileges needed.

use crate::domain::sample::IcmpError;
use crate::probe::connect::QueuedError;
use nix::cmsg_space;
use nix::libc;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt,
};
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, AsRawFd};

/// How many bytes of the packet that an error is about are kept.
const QUOTED: usize = 8;

/// One entry of the queue, with what a measurement of the path needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QueueEntry {
    /// The ICMP error; `None` when this machine itself refused.
    pub(crate) icmp: Option<IcmpError>,
    /// The error number that the kernel made of it.
    pub(crate) errno: i32,
    /// The MTU that is named where the packet was too big, in bytes; 0 when none is.
    pub(crate) mtu: u32,
    /// The first bytes of our own packet behind its IP header (behind UDP's, on such a socket).
    pub(crate) quoted: [u8; QUOTED],
}

/// How many entries one reading takes at most.
const LIMIT: usize = 16;

/// Asks the kernel to keep ICMP errors for `socket`.
///
/// # Errors
/// Those of setsockopt(2).
pub(crate) fn enable(socket: &impl AsFd, v6: bool) -> io::Result<()> {
    if v6 {
        setsockopt(socket, sockopt::Ipv6RecvErr, &true)?;
    } else {
        setsockopt(socket, sockopt::Ipv4RecvErr, &true)?;
    }
    Ok(())
}

/// Takes the ICMP errors that wait in the queue, oldest first, at most 16 of them.
///
/// Taking the last one clears the socket's pending error (`SO_ERROR`): read that first.
pub(crate) fn drain(socket: &impl AsRawFd) -> Vec<QueuedError> {
    let of_icmp = |entry: QueueEntry| Some(QueuedError { icmp: entry.icmp?, errno: entry.errno });
    drain_all(socket).into_iter().filter_map(of_icmp).collect()
}

/// The same with errors of this machine's own, and with everything known of each.
pub(crate) fn drain_all(socket: &impl AsRawFd) -> Vec<QueueEntry> {
    let mut errors = Vec::new();
    for _ in 0..LIMIT {
        match take_one(socket) {
            Ok(Some(error)) => errors.push(error),
            Ok(None) => {}
            Err(_) => break,
        }
    }
    errors
}

/// The oldest entry; `None` when it is no error (a timestamp).
fn take_one(socket: &impl AsRawFd) -> nix::Result<Option<QueueEntry>> {
    let mut quoted = [0_u8; 512];
    let mut iov = [IoSliceMut::new(&mut quoted)];
    let mut control = cmsg_space!(libc::sock_extended_err, libc::sockaddr_in6, [u8; 128]);
    let message = recvmsg::<SockaddrStorage>(
        socket.as_raw_fd(),
        &mut iov,
        Some(&mut control),
        MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT,
    )?;
    let found = message.cmsgs()?.find_map(|control| match control {
        ControlMessageOwned::Ipv4RecvErr(error, from) => {
            let from = from
                .filter(|from| i32::from(from.sin_family) == libc::AF_INET)
                .map(|from| IpAddr::V4(Ipv4Addr::from(u32::from_be(from.sin_addr.s_addr))));
            queued(&error, from)
        }
        ControlMessageOwned::Ipv6RecvErr(error, from) => {
            let from = from
                .filter(|from| i32::from(from.sin6_family) == libc::AF_INET6)
                .map(|from| IpAddr::V6(Ipv6Addr::from(from.sin6_addr.s6_addr)).to_canonical());
            queued(&error, from)
        }
        _ => None,
    });
    let length = message.bytes;
    Ok(found.map(|mut entry| {
        let told = quoted.get(..length).unwrap_or_default();
        entry.quoted.iter_mut().zip(told).for_each(|(slot, byte)| *slot = *byte);
        entry
    }))
}

fn queued(error: &libc::sock_extended_err, from: Option<IpAddr>) -> Option<QueueEntry> {
    let v6 = match error.ee_origin {
        libc::SO_EE_ORIGIN_LOCAL => None,
        libc::SO_EE_ORIGIN_ICMP => Some(false),
        libc::SO_EE_ORIGIN_ICMP6 => Some(true),
        _ => return None,
    };
    let icmp = v6.map(|v6| IcmpError { v6, kind: error.ee_type, code: error.ee_code, from });
    let errno = i32::try_from(error.ee_errno).unwrap_or(0);
    let mtu = if errno == libc::EMSGSIZE { error.ee_info } else { 0 };
    Some(QueueEntry { icmp, errno, mtu, quoted: [0; QUOTED] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::socket::skipped;
    use socket2::{Domain, Socket, Type};
    use std::net::SocketAddr;
    use std::time::Duration;

    /// A closed UDP port of this machine answers with a port unreachable, which arrives in the
    /// same system call on loopback.
    #[test]
    fn a_port_unreachable_arrives_with_type_code_and_sender() {
        for (any, v6, kind, code) in [("127.0.0.1:0", false, 3, 3), ("[::1]:0", true, 1, 4)] {
            let any: SocketAddr = any.parse().unwrap();
            let closed = Socket::new(Domain::for_address(any), Type::DGRAM, None).unwrap();
            if closed.bind(&any.into()).is_err() {
                skipped(&format!("no {any} here"));
                continue;
            }
            let address = closed.local_addr().unwrap();
            drop(closed);
            let socket = Socket::new(Domain::for_address(any), Type::DGRAM, None).unwrap();
            socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            enable(&socket, v6).unwrap();
            socket.connect(&address).unwrap();
            assert!(drain(&socket).is_empty(), "nothing happened yet");
            socket.send(b"anybody there").unwrap();
            let mut unread = [std::mem::MaybeUninit::uninit(); 8];
            assert!(socket.recv(&mut unread).is_err(), "the error ends the wait");
            let errors = drain(&socket);
            let expected =
                IcmpError { v6, kind, code, from: Some(address.as_socket().unwrap().ip()) };
            assert_eq!(errors.len(), 1);
            assert_eq!(errors[0].icmp, expected);
            assert_eq!(errors[0].errno, libc::ECONNREFUSED);
        }
    }
}
