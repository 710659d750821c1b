//! A stream that counts what it received, stops at a bound, and notes what passed.

use super::clock::Clock;
use crate::domain::sample::{MAX_HEAD, Way};
use crate::domain::time::MonoTime;
use crate::proto::tls_hello::ServerFlight;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What one connection may receive before the probe gives it up, in bytes. Together with what is
/// kept of it to find a fault ([`SNIFFED`]) it stays within 64 KiB.
pub(crate) const RECEIVE_LIMIT: usize = 48 * 1024;

/// How much of a server's first flight is read beside rustls, in bytes.
const SNIFFED: usize = 16 * 1024;

/// Bursts noted of one handshake. A whole one has four or five.
const MAX_BURSTS: usize = 12;

/// Bytes that went one way without a word from the other side in between.
#[derive(Debug)]
pub(crate) struct Burst {
    pub(crate) at: MonoTime,
    pub(crate) way: Way,
    pub(crate) bytes: usize,
    /// The first of them, at most [`MAX_HEAD`].
    pub(crate) head: Vec<u8>,
}

/// Counts received bytes and reports an error of kind [`io::ErrorKind::FileTooLarge`] once
/// [`RECEIVE_LIMIT`] is exceeded.
#[derive(Debug)]
pub(crate) struct Counted<S> {
    stream: S,
    /// What was read of the stream already, to come first.
    early: Vec<u8>,
    received: usize,
    clock: Clock,
    bursts: Option<Vec<Burst>>,
    flight: Option<ServerFlight>,
}

impl<S> Counted<S> {
    /// `early` are bytes that were read from `stream` before.
    pub(crate) const fn new(stream: S, early: Vec<u8>, clock: Clock) -> Self {
        Self { stream, early, received: 0, clock, bursts: None, flight: None }
    }

    /// Notes what passes from here on, and reads the server's first flight.
    pub(crate) fn watch(&mut self) {
        self.bursts = Some(Vec::new());
        self.flight = Some(ServerFlight::new());
    }

    /// What passed since [`Counted::watch`]. Nothing more is noted.
    pub(crate) fn bursts(&mut self) -> Vec<Burst> {
        self.bursts.take().unwrap_or_default()
    }

    /// The server's first flight, as far as it came.
    pub(crate) const fn flight(&self) -> Option<&ServerFlight> {
        self.flight.as_ref()
    }

    /// Bytes received so far.
    pub(crate) const fn received(&self) -> usize {
        self.received
    }

    fn note(&mut self, way: Way, bytes: &[u8]) {
        if way == Way::Received
            && self.received <= SNIFFED
            && let Some(flight) = &mut self.flight
        {
            flight.push(bytes);
        }
        let Some(bursts) = self.bursts.as_mut().filter(|_| !bytes.is_empty()) else { return };
        let full = bursts.len() >= MAX_BURSTS;
        match bursts.last_mut() {
            Some(last) if last.way == way || full => {
                last.bytes = last.bytes.saturating_add(bytes.len());
                let room = MAX_HEAD.saturating_sub(last.head.len());
                last.head.extend(bytes.iter().take(room));
            }
            _ => bursts.push(Burst {
                at: self.clock.mono(),
                way,
                bytes: bytes.len(),
                head: bytes.iter().copied().take(MAX_HEAD).collect(),
            }),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.received > RECEIVE_LIMIT {
            return Poll::Ready(Err(io::Error::from(io::ErrorKind::FileTooLarge)));
        }
        let before = buf.filled().len();
        let poll = if this.early.is_empty() {
            Pin::new(&mut this.stream).poll_read(cx, buf)
        } else {
            let count = buf.remaining().min(this.early.len());
            let early: Vec<u8> = this.early.drain(..count).collect();
            buf.put_slice(&early);
            Poll::Ready(Ok(()))
        };
        let fresh = buf.filled().get(before..).unwrap_or_default();
        this.received = this.received.saturating_add(fresh.len());
        this.note(Way::Received, fresh);
        poll
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let poll = Pin::new(&mut this.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = &poll {
            this.note(Way::Sent, bytes.get(..*count).unwrap_or_default());
        }
        poll
    }

    /// rustls hands over several records at once: old servers want them in one segment
    /// (MS-RDPBCGR 5.4.5.1, note 57).
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let poll = Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        if let Poll::Ready(Ok(count)) = &poll {
            let mut left = *count;
            for buf in bufs {
                let written = buf.get(..left.min(buf.len())).unwrap_or_default();
                this.note(Way::Sent, written);
                left = left.saturating_sub(written.len());
            }
        }
        poll
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
