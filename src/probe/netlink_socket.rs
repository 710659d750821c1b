//! A socket to ask this machine's kernel with (netlink, RFC 3549): no privilege, no packet leaves
//! the machine.

use netlink_sys::{Socket, SocketAddr};
use std::io;
use std::time::Duration;

/// The kernel fills a dump's datagrams up to 32 KiB (`netlink_dump`).
pub(super) const DATAGRAM_BYTES: usize = 64 * 1024;
/// The kernel answers while it is asked; this only bounds the unexpected.
const PATIENCE: Duration = Duration::from_millis(500);

/// Opens a socket of this protocol, to the kernel, that waits no longer than half a second.
pub(super) fn open(protocol: isize) -> io::Result<Socket> {
    let mut socket = Socket::new(protocol)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    socket2::SockRef::from(&socket).set_read_timeout(Some(PATIENCE))?;
    Ok(socket)
}
