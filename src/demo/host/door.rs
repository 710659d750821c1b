//! Ports that answer a SYN, refuse it, or stay silent.

use crate::probe::connect::Stream;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::timeout;

/// Connections waiting for an accept.
const BACKLOG: i32 = 128;
/// What a backlog of none holds at the most: exactly one connection on Linux
/// (`sk_acceptq_is_full`), where nothing need be waited for; elsewhere it has to be tried out.
const MAX_STUFFING: usize = if cfg!(target_os = "linux") { 1 } else { 8 };
/// On loopback a connect that takes longer than this is not answered.
const UNANSWERED: Duration = Duration::from_millis(150);

/// Holds `address` without listening: a connect is refused.
pub(in crate::demo) fn bind(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        // The same port over IPv4 is a host of its own.
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// Begins to listen.
pub(in crate::demo) fn open(socket: Socket) -> io::Result<TcpListener> {
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Fills the backlog with connections of our own: Linux drops every further SYN, as a machine
/// that is off does. They come out of `accept` first once they are dropped and the door is
/// [`reopen`]ed.
pub(in crate::demo) async fn fill(listener: &TcpListener) -> io::Result<Vec<Stream>> {
    SockRef::from(listener).listen(0)?;
    let address = listener.local_addr()?;
    let mut stuffing = Vec::new();
    while stuffing.len() < MAX_STUFFING {
        match timeout(UNANSWERED, Stream::connect(address)).await {
            Ok(Ok(stream)) => stuffing.push(stream),
            Ok(Err(_)) | Err(_) => break,
        }
    }
    Ok(stuffing)
}

/// Empties a backlog that was filled and listens again.
pub(in crate::demo) async fn reopen(
    listener: &TcpListener,
    stuffing: Vec<Stream>,
) -> io::Result<()> {
    SockRef::from(listener).listen(BACKLOG)?;
    for stream in stuffing {
        drop(stream);
        // They are in the queue: accepting them does not wait.
        let _accepted = timeout(UNANSWERED, listener.accept()).await;
    }
    Ok(())
}
