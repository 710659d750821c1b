//! One TCP connect, with everything that the operating system says about its end.

use crate::probe::connect::{DialEnd, Dialled};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// Connects to `address` within `deadline` of the SYN.
pub(crate) async fn dial(address: SocketAddr, deadline: Duration) -> Dialled {
    platform::dial(address, deadline).await
}

#[cfg(target_os = "linux")]
mod platform {
    use super::{DialEnd, Dialled, Domain, Duration, Protocol, Socket, SocketAddr, Type, io};
    use crate::probe::connect::{QueuedError, Stream};
    use crate::probe::socket::error_queue;
    use nix::libc;
    use socket2::SockRef;
    use std::ops::ControlFlow;
    use tokio::io::Interest;
    use tokio::time::{Instant, sleep_until, timeout_at};

    /// How many ICMP errors of one connect are kept, the newest.
    const QUEUED_LIMIT: usize = 16;

    /// How often the socket is looked at after an ICMP error that did not end the connect. Such
    /// an error leaves the descriptor marked ready for good, so readiness tells nothing more.
    const AFTER_PASSING_ERROR: Duration = Duration::from_millis(10);

    pub(super) async fn dial(address: SocketAddr, deadline: Duration) -> Dialled {
        let began = Instant::now();
        let mut queued = Vec::new();
        let mut own = None;
        let end = attempt(address, began + deadline, &mut queued, &mut own)
            .await
            .unwrap_or_else(|error| DialEnd::Refusal { error, at_once: true });
        Dialled { end, queued, own, elapsed: began.elapsed() }
    }

    async fn attempt(
        address: SocketAddr,
        deadline: Instant,
        queued: &mut Vec<QueuedError>,
        own: &mut Option<SocketAddr>,
    ) -> io::Result<DialEnd> {
        let kind = Type::STREAM.nonblocking();
        let socket = Socket::new(Domain::for_address(address), kind, Some(Protocol::TCP))?;
        // Without it the outcome is coarser and still true.
        if let Err(error) = error_queue::enable(&socket, address.is_ipv6()) {
            tracing::debug!(%error, "no error queue");
        }
        match socket.connect(&address.into()) {
            Ok(()) => {}
            Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => {}
            Err(error) => {
                queued.extend(error_queue::drain(&socket));
                return Ok(DialEnd::Refusal { error, at_once: true });
            }
        }
        *own = socket.local_addr().ok().and_then(|local| local.as_socket());
        let stream = Stream::from_std(socket.into())?;
        let interest = Interest::READABLE | Interest::WRITABLE | Interest::ERROR;
        if let Ok(ready) = timeout_at(deadline, stream.ready(interest)).await {
            let ready = ready?;
            // Writable and nothing else: the handshake is over and no error waits.
            if ready.is_writable() && !ready.is_readable() && !ready.is_error() {
                return Ok(DialEnd::Open(stream));
            }
        }
        loop {
            match inspect(&SockRef::from(&stream), queued) {
                ControlFlow::Break(Ok(())) => return Ok(DialEnd::Open(stream)),
                ControlFlow::Break(Err(error)) => {
                    return Ok(DialEnd::Refusal { error, at_once: false });
                }
                ControlFlow::Continue(()) => {}
            }
            let now = Instant::now();
            if now >= deadline {
                return Ok(DialEnd::Silence { overdue: now.saturating_duration_since(deadline) });
            }
            sleep_until(deadline.min(now + AFTER_PASSING_ERROR)).await;
        }
    }

    /// Whether the connection is up or has failed; `Continue` while the SYN is being repeated.
    ///
    /// `SO_ERROR` is read before the queue, because taking the last ICMP error clears it. A
    /// failure whose error was cleared in between is still seen by a write of nothing: EAGAIN
    /// while connecting, EPIPE once it failed.
    fn inspect(
        socket: &SockRef<'_>,
        queued: &mut Vec<QueuedError>,
    ) -> ControlFlow<Result<(), io::Error>> {
        let pending = socket.take_error();
        queued.extend(error_queue::drain(&**socket));
        queued.drain(..queued.len().saturating_sub(QUEUED_LIMIT));
        match pending {
            // The handshake was over before the reset: the next write reports it.
            Ok(Some(error)) if error.raw_os_error() == Some(libc::ECONNRESET) => {
                return ControlFlow::Break(Ok(()));
            }
            Ok(Some(error)) | Err(error) => return ControlFlow::Break(Err(error)),
            Ok(None) => {}
        }
        match socket.send(&[]) {
            Ok(_) => ControlFlow::Break(Ok(())),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => ControlFlow::Continue(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                let last = queued.last().map(|queued| io::Error::from_raw_os_error(queued.errno));
                ControlFlow::Break(Err(last.unwrap_or(error)))
            }
            Err(error) => ControlFlow::Break(Err(error)),
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use super::{DialEnd, Dialled, Domain, Duration, Protocol, Socket, SocketAddr, Type, io};
    use tokio::net::TcpSocket;
    use tokio::time::{Instant, timeout_at};

    /// Without an error queue: the error number is all there is.
    pub(super) async fn dial(address: SocketAddr, deadline: Duration) -> Dialled {
        let began = Instant::now();
        let until = began + deadline;
        let mut own = None;
        let end = match tcp_socket(address) {
            Err(error) => DialEnd::Refusal { error, at_once: true },
            Ok(socket) => {
                let socket = TcpSocket::from_std_stream(socket.into());
                match timeout_at(until, socket.connect(address)).await {
                    Ok(Ok(stream)) => {
                        own = stream.local_addr().ok();
                        DialEnd::Open(stream)
                    }
                    Ok(Err(error)) => DialEnd::Refusal { error, at_once: false },
                    Err(_) => DialEnd::Silence {
                        overdue: Instant::now().saturating_duration_since(until),
                    },
                }
            }
        };
        Dialled { end, queued: Vec::new(), own, elapsed: began.elapsed() }
    }

    fn tcp_socket(address: SocketAddr) -> io::Result<Socket> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    }
}
