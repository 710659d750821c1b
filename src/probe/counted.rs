//! A stream that counts what it received and stops at a bound.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What one connection may receive before the probe gives it up, in bytes.
pub(crate) const RECEIVE_LIMIT: usize = 64 * 1024;

/// Counts received bytes and reports an error of kind [`io::ErrorKind::FileTooLarge`] once
/// [`RECEIVE_LIMIT`] is exceeded.
#[derive(Debug)]
pub(crate) struct Counted<S> {
    stream: S,
    received: usize,
}

impl<S> Counted<S> {
    pub(crate) const fn new(stream: S) -> Self {
        Self { stream, received: 0 }
    }

    /// Bytes received so far.
    pub(crate) const fn received(&self) -> usize {
        self.received
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
        let poll = Pin::new(&mut this.stream).poll_read(cx, buf);
        this.received += buf.filled().len() - before;
        poll
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
