//! Many datagrams in one system call: sendmmsg(2) and recvmmsg(2).
#![expect(unsafe_code, reason = "both calls take structures full of pointers")]

use super::control::NAME;
use nix::libc;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd};
use std::ptr;

/// Datagrams that one call sends or receives at most.
pub(crate) const BATCH: usize = 128;

/// Room for a datagram; a longer one is cut.
const ROOM: usize = 128;

/// Room for its control messages: a stamp, a hop limit and an ICMP error take 160 bytes.
const CONTROL: usize = 256;

/// A datagram to be sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outgoing<const N: usize> {
    /// What.
    pub(crate) bytes: [u8; N],
    /// Where to, as [`super::control::name`] makes it.
    pub(crate) name: ([u8; NAME], u32),
}

/// A datagram that was received.
#[derive(Debug, Clone)]
pub(crate) struct Incoming {
    bytes: [u8; ROOM],
    length: usize,
    name: [u8; NAME],
    named: usize,
    control: Aligned,
    controlled: usize,
}

/// The kernel wants the first control message aligned.
#[derive(Debug, Clone)]
#[repr(C, align(8))]
struct Aligned([u8; CONTROL]);

impl Incoming {
    /// Room for one.
    pub(crate) const fn new() -> Self {
        Self {
            bytes: [0; ROOM],
            length: 0,
            name: [0; NAME],
            named: 0,
            control: Aligned([0; CONTROL]),
            controlled: 0,
        }
    }

    /// Its bytes, or the first of them.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// The name that the kernel gave it: whom it is from or, from the error queue, where it went.
    pub(crate) fn name(&self) -> &[u8] {
        self.name.get(..self.named).unwrap_or_default()
    }

    /// Its control messages.
    pub(crate) fn control(&self) -> &[u8] {
        self.control.0.get(..self.controlled).unwrap_or_default()
    }
}

/// Sends the first of `datagrams`, at most [`BATCH`], without waiting, and returns how many were
/// sent; an error is that of the first one.
///
/// # Errors
/// Those of sendmmsg(2). One of them may be that of an earlier datagram.
pub(crate) fn send<const N: usize>(
    socket: &impl AsFd,
    datagrams: &[Outgoing<N>],
) -> io::Result<usize> {
    let mut pieces = [EMPTY; BATCH];
    // SAFETY: an mmsghdr of zeros is valid: null pointers with lengths of zero.
    let mut headers: [libc::mmsghdr; BATCH] = unsafe { MaybeUninit::zeroed().assume_init() };
    let mut count = 0;
    for ((datagram, piece), header) in datagrams.iter().zip(&mut pieces).zip(&mut headers) {
        *piece = libc::iovec {
            iov_base: datagram.bytes.as_ptr().cast_mut().cast(),
            iov_len: datagram.bytes.len(),
        };
        header.msg_hdr.msg_name = datagram.name.0.as_ptr().cast_mut().cast();
        header.msg_hdr.msg_namelen = datagram.name.1.min(28);
        header.msg_hdr.msg_iov = ptr::from_mut(piece);
        header.msg_hdr.msg_iovlen = 1;
        count += 1;
    }
    // SAFETY: the descriptor is borrowed for the call. The first `count` headers point to names,
    // pieces and bytes that outlive the call and are as long as they say; the kernel only reads
    // them, and writes `msg_len` of the headers.
    let sent = unsafe {
        libc::sendmmsg(socket.as_fd().as_raw_fd(), headers.as_mut_ptr(), count, libc::MSG_DONTWAIT)
    };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// Receives datagrams that wait, without waiting for more, and returns how many of `into` are
/// filled, at most [`BATCH`]. `queue`: from the error queue.
///
/// # Errors
/// Those of recvmmsg(2): [`io::ErrorKind::WouldBlock`] when none waits. One of them may be that of
/// an earlier datagram.
pub(crate) fn receive(socket: &impl AsFd, queue: bool, into: &mut [Incoming]) -> io::Result<usize> {
    let mut pieces = [EMPTY; BATCH];
    // SAFETY: an mmsghdr of zeros is valid: null pointers with lengths of zero.
    let mut headers: [libc::mmsghdr; BATCH] = unsafe { MaybeUninit::zeroed().assume_init() };
    let mut count = 0;
    for ((datagram, piece), header) in into.iter_mut().zip(&mut pieces).zip(&mut headers) {
        *piece = libc::iovec { iov_base: datagram.bytes.as_mut_ptr().cast(), iov_len: ROOM };
        header.msg_hdr.msg_name = datagram.name.as_mut_ptr().cast();
        header.msg_hdr.msg_namelen = 28;
        header.msg_hdr.msg_iov = ptr::from_mut(piece);
        header.msg_hdr.msg_iovlen = 1;
        header.msg_hdr.msg_control = datagram.control.0.as_mut_ptr().cast();
        header.msg_hdr.msg_controllen = CONTROL;
        count += 1;
    }
    let flags = libc::MSG_DONTWAIT | if queue { libc::MSG_ERRQUEUE } else { 0 };
    // SAFETY: the descriptor is borrowed for the call. The first `count` headers point to names,
    // pieces, bytes and room for control messages that outlive the call, are borrowed mutably by
    // nobody else and are as long as they say; the kernel writes no further. No timeout is given.
    let received = unsafe {
        libc::recvmmsg(
            socket.as_fd().as_raw_fd(),
            headers.as_mut_ptr(),
            count,
            flags,
            ptr::null_mut(),
        )
    };
    let received = usize::try_from(received).map_err(|_| io::Error::last_os_error())?;
    for (datagram, header) in into.iter_mut().zip(&headers).take(received) {
        datagram.length = usize::try_from(header.msg_len).unwrap_or(0);
        datagram.named = usize::try_from(header.msg_hdr.msg_namelen).unwrap_or(0);
        datagram.controlled = header.msg_hdr.msg_controllen;
    }
    Ok(received)
}

const EMPTY: libc::iovec = libc::iovec { iov_base: ptr::null_mut(), iov_len: 0 };

#[cfg(test)]
mod tests {
    use super::super::control;
    use super::*;
    use socket2::{Domain, Socket, Type};
    use std::net::SocketAddr;

    #[test]
    fn a_batch_arrives_as_it_was_sent_and_what_is_longer_is_cut() {
        for any in ["127.0.0.1:0", "[::1]:0"] {
            let any: SocketAddr = any.parse().unwrap();
            let receiver = Socket::new(Domain::for_address(any), Type::DGRAM, None).unwrap();
            if receiver.bind(&any.into()).is_err() {
                super::super::skipped(&format!("no {any} here"));
                continue;
            }
            let to = receiver.local_addr().unwrap().as_socket().unwrap();
            let sender = Socket::new(Domain::for_address(any), Type::DGRAM, None).unwrap();
            let mut name = control::name(to.ip(), 0);
            name.0[2..4].copy_from_slice(&to.port().to_be_bytes());
            let outgoing: Vec<_> =
                (0..200_u8).map(|number| Outgoing { bytes: [number; 150], name }).collect();
            assert_eq!(send(&sender, &outgoing).unwrap(), BATCH);
            assert_eq!(send(&sender, &outgoing[BATCH..]).unwrap(), 200 - BATCH);
            let mut into = vec![Incoming::new(); 150];
            let mut next = 0_u8;
            while next < 200 {
                let count = receive(&receiver, false, &mut into).unwrap();
                assert!(count <= BATCH);
                for datagram in &into[..count] {
                    assert_eq!(datagram.bytes(), [next; ROOM]);
                    assert_eq!(control::address(datagram.name()), Some(to.ip()));
                    assert!(datagram.control().is_empty());
                    next += 1;
                }
            }
            for queue in [false, true] {
                let error = receive(&receiver, queue, &mut into).unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
            }
            assert_eq!(receive(&receiver, false, &mut []).unwrap(), 0);
            let unnamed = [Outgoing { bytes: [0; 4], name: ([0; NAME], 0) }];
            assert!(send(&sender, &unnamed).is_err());
        }
    }
}
