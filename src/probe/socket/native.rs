//! Sockets that a library owns, borrowed to set their options.
#![expect(unsafe_code, reason = "surge-ping hands out its socket as a bare number only")]

use socket2::SockRef;
use std::io;
use surge_ping::AsyncSocket;

/// Enlarges the receive buffer of `socket` to `bytes`, beyond the system's limit where this
/// process may (`CAP_NET_ADMIN`), and returns what the kernel says it is: twice the size on Linux
/// (socket(7)), less when the limit is lower.
///
/// # Errors
/// When it cannot be set or read.
pub(crate) fn enlarge_receive_buffer(socket: &AsyncSocket, bytes: usize) -> io::Result<usize> {
    with_socket(socket, |socket| {
        #[cfg(target_os = "linux")]
        {
            use nix::sys::socket::{setsockopt, sockopt};
            if setsockopt(&*socket, sockopt::RcvBufForce, &bytes).is_ok() {
                return socket.recv_buffer_size();
            }
        }
        socket.set_recv_buffer_size(bytes)?;
        socket.recv_buffer_size()
    })
}

#[cfg(unix)]
fn with_socket<T>(socket: &AsyncSocket, act: impl FnOnce(SockRef<'_>) -> T) -> T {
    use std::os::fd::BorrowedFd;
    // SAFETY: the descriptor belongs to `socket`, which is borrowed until this function returns
    // and closes it only when dropped; it is a socket, so never -1. `SockRef` does not close it.
    let borrowed = unsafe { BorrowedFd::borrow_raw(socket.get_native_sock()) };
    act(SockRef::from(&borrowed))
}

#[cfg(windows)]
fn with_socket<T>(socket: &AsyncSocket, act: impl FnOnce(SockRef<'_>) -> T) -> T {
    use std::os::windows::io::BorrowedSocket;
    // SAFETY: the handle belongs to `socket`, which is borrowed until this function returns and
    // closes it only when dropped; it is never INVALID_SOCKET. `SockRef` does not close it.
    let borrowed = unsafe { BorrowedSocket::borrow_raw(socket.get_native_sock()) };
    act(SockRef::from(&borrowed))
}
