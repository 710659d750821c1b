//! One connection, from the Connection Request to its scripted end.

use super::Prepared;
use super::tls::{self, TlsSide};
use crate::demo::script::{Answer, MAX_FLOOD, Opening, Then};
use crate::domain::security::FailureCode;
use crate::probe::connect::Stream;
use crate::proto::wire::Parse;
use crate::proto::x224::{
    ConnectionRequest, connection_confirm, negotiation_failure, parse_connection_request,
    response_flags,
};
use socket2::SockRef;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::sleep;

/// The most that is read and thrown away on one connection, in bytes.
const MAX_DRAINED: usize = 1 << 20;

/// Plays `turn`. An error is how the client ended it.
pub(super) async fn serve(mut stream: Stream, turn: &Prepared) -> io::Result<()> {
    let (script, side): (_, Option<&TlsSide>) = (&turn.turn, turn.tls.as_ref());
    let request = match script.opening {
        Opening::AtOnce => None,
        Opening::Anything => {
            let mut anything = Vec::new();
            read_more(&mut stream, &mut anything, usize::MAX).await?;
            None
        }
        Opening::Request => match read_request(&mut stream).await? {
            Some(request) => Some(request),
            None => return hang_up(&mut stream).await,
        },
    };
    stream.set_nodelay(true)?;
    // The shortest sleep takes a millisecond.
    if script.delay > Duration::ZERO {
        sleep(script.delay).await;
    }
    if !answer(&mut stream, &script.answer, request.as_ref()).await? {
        return hang_up(&mut stream).await;
    }
    match (&script.then, side) {
        (Then::Fin, _) => hang_up(&mut stream).await,
        (Then::Rst, _) => reset(stream),
        (Then::Tls(_), Some(side)) => tls::serve(stream, side).await,
        (Then::Silence | Then::Tls(_), _) => wait(&mut stream).await,
    }
}

/// The client's request; `None` when it sent something else, or closed.
async fn read_request(stream: &mut Stream) -> io::Result<Option<ConnectionRequest>> {
    let mut bytes = Vec::with_capacity(64);
    loop {
        let wanted = match parse_connection_request(&bytes) {
            Ok(Parse::Done { value, .. }) => return Ok(Some(value)),
            Ok(Parse::NeedMore(total)) => total.saturating_sub(bytes.len()),
            Err(_) => return Ok(None),
        };
        if !read_more(stream, &mut bytes, wanted).await? {
            return Ok(None);
        }
    }
}

/// Appends at most `wanted` bytes; false at the end of the stream.
pub(super) async fn read_more<S: AsyncRead + Unpin>(
    stream: &mut S,
    bytes: &mut Vec<u8>,
    wanted: usize,
) -> io::Result<bool> {
    let mut chunk = [0; 512];
    let room = wanted.clamp(1, chunk.len());
    let room = chunk.get_mut(..room).unwrap_or_default();
    let count = stream.read(room).await?;
    bytes.extend_from_slice(room.get(..count).unwrap_or_default());
    Ok(count > 0)
}

/// Says what is scripted; false when the connection is to end with it.
pub(super) async fn answer<S: AsyncWrite + Unpin>(
    stream: &mut S,
    answer: &Answer,
    request: Option<&ConnectionRequest>,
) -> io::Result<bool> {
    match answer {
        Answer::Nothing => {}
        Answer::Bytes(bytes) => stream.write_all(bytes).await?,
        Answer::Drip(bytes, every) => drip(stream, bytes, *every).await?,
        Answer::Flood { head, total } => flood(stream, head, *total).await?,
        Answer::InsistsOn(protocol) => {
            if request.and_then(|request| request.requested) != Some(*protocol) {
                stream.write_all(&negotiation_failure(FailureCode::HYBRID_REQUIRED)).await?;
                return Ok(false);
            }
            let confirm = connection_confirm(*protocol, response_flags::WINDOWS_10);
            stream.write_all(&confirm).await?;
        }
    }
    Ok(true)
}

async fn drip<S: AsyncWrite + Unpin>(
    stream: &mut S,
    bytes: &[u8],
    every: Duration,
) -> io::Result<()> {
    for byte in bytes {
        stream.write_all(&[*byte]).await?;
        stream.flush().await?;
        sleep(every).await;
    }
    Ok(())
}

async fn flood<S: AsyncWrite + Unpin>(stream: &mut S, head: &[u8], total: u64) -> io::Result<()> {
    stream.write_all(head).await?;
    let mut left = total.min(MAX_FLOOD).saturating_sub(head.len() as u64);
    let chunk = vec![0; 16 << 10];
    while left > 0 {
        let count = usize::try_from(left).map_or(chunk.len(), |left| left.min(chunk.len()));
        stream.write_all(chunk.get(..count).unwrap_or_default()).await?;
        left = left.saturating_sub(count as u64);
    }
    Ok(())
}

/// FIN; reads on until the client closes, so that no unread byte turns it into RST.
pub(super) async fn hang_up(stream: &mut Stream) -> io::Result<()> {
    stream.shutdown().await?;
    wait(stream).await
}

/// Reads and says nothing until the client closes.
pub(super) async fn wait<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<()> {
    let (mut chunk, mut read) = (vec![0; 4096], 0_usize);
    while read < MAX_DRAINED {
        match stream.read(&mut chunk).await? {
            0 => break,
            count => read = read.saturating_add(count),
        }
    }
    Ok(())
}

/// RST: a close that does not linger (`SO_LINGER` of zero).
pub(super) fn reset(stream: Stream) -> io::Result<()> {
    SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
    drop(stream);
    Ok(())
}
