//! The CredSSP rung: one `TSRequest` with an NTLM NEGOTIATE over an established TLS session, and
//! what the server answers. Nothing that names a user is ever sent.

use super::clock::Clock;
use super::recorder::Recorder;
use super::tls::{CLOSED, RESET, is_silence};
use crate::domain::finding::Rung;
use crate::domain::sample::{Misread, Nla, NlaOutcome};
use crate::domain::time::WallTime;
use crate::proto::credssp::{MAX_TS_REQUEST, Reply, parse_answer, request};
use crate::proto::wire::Parse;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// Clocks that show a time outside of this are not set at all: 1990 and 2200.
const PLAUSIBLE: std::ops::Range<WallTime> =
    WallTime::from_unix_secs(631_152_000)..WallTime::from_unix_secs(7_258_118_400);

/// Asks, and reads the answer within `deadline`. At most [`MAX_TS_REQUEST`] bytes are held.
///
/// What is said and heard inside the session goes into `recorder` as steps of `Rung::Nla`.
pub(crate) async fn nla<S>(
    session: &mut S,
    deadline: Duration,
    clock: Clock,
    recorder: &mut Recorder,
) -> Nla
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut answer = Vec::new();
    let question = request();
    recorder.sent(Rung::Nla, "CredSSP request with an NTLM NEGOTIATE", &question);
    let start = clock.mono();
    let reply = timeout(deadline, exchange(session, &question, &mut answer)).await;
    let ended = clock.now();
    let elapsed = ended.mono.since(start);
    let reply = reply.unwrap_or_else(|_| ended_as(NlaOutcome::Timeout));
    write_down(&reply, &answer, recorder);
    let theirs = reply.identity.as_ref().and_then(|identity| identity.time);
    Nla {
        outcome: reply.outcome,
        version: reply.version,
        error: reply.error,
        clock_skew_ms: theirs.and_then(|theirs| skew(theirs, ended.wall, elapsed)),
        identity: reply.identity,
        received: answer.len(),
        elapsed,
    }
}

/// The server's clock less ours, in milliseconds. It read its clock between our question and its
/// answer: half of that time ago, give or take the other half. `None` for a clock that is not set.
fn skew(theirs: WallTime, received: WallTime, elapsed: Duration) -> Option<i64> {
    let ours = received.minus(elapsed / 2);
    PLAUSIBLE.contains(&theirs).then(|| theirs.unix_millis().saturating_sub(ours.unix_millis()))
}

/// Writes the request at once and reads until the answer is decided.
async fn exchange<S>(session: &mut S, question: &[u8], answer: &mut Vec<u8>) -> Reply
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // A server that hung up already may have said why: whatever came is read all the same.
    let asking = async {
        session.write_all(question).await?;
        session.flush().await
    };
    let _asked = asking.await;
    let mut chunk = [0_u8; 4096];
    loop {
        let wanted = match parse_answer(answer) {
            Parse::Done { value, .. } => return value,
            Parse::NeedMore(total) => total.min(MAX_TS_REQUEST).saturating_sub(answer.len()),
        };
        let wanted = wanted.clamp(1, chunk.len());
        let Some(room) = chunk.get_mut(..wanted) else { return ended_as(NlaOutcome::Closed) };
        match session.read(room).await {
            Ok(0) => return ended_as(NlaOutcome::Closed),
            Ok(count) => answer.extend_from_slice(room.get(..count).unwrap_or_default()),
            Err(error) => return ended_as(ended(&error, answer.len())),
        }
    }
}

/// The answer, as far as it came, and how it ended where it is none.
fn write_down(reply: &Reply, answer: &[u8], recorder: &mut Recorder) {
    let what = match reply.outcome {
        NlaOutcome::Challenge => "CredSSP answer with an NTLM challenge",
        NlaOutcome::Error => "CredSSP answer with an error",
        _ => "an answer",
    };
    if !answer.is_empty() {
        recorder.received(Rung::Nla, what, answer);
    }
    match reply.outcome {
        NlaOutcome::Challenge | NlaOutcome::Error | NlaOutcome::NotOffered => {}
        NlaOutcome::Timeout => recorder.event(Rung::Nla, "nothing more until the deadline"),
        NlaOutcome::Reset => recorder.event(Rung::Nla, RESET),
        NlaOutcome::Closed => recorder.event(Rung::Nla, CLOSED),
        other => recorder.event(Rung::Nla, other.word()),
    }
}

const fn ended_as(outcome: NlaOutcome) -> Reply {
    Reply { outcome, version: None, error: None, identity: None }
}

/// What an I/O error on an established session means, after `offset` bytes of plaintext.
fn ended(error: &io::Error, offset: usize) -> NlaOutcome {
    if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return match error {
            rustls::Error::AlertReceived(description) => NlaOutcome::Alert(u8::from(*description)),
            _ => NlaOutcome::Malformed(Misread { offset, reason: "bytes that are not TLS" }),
        };
    }
    match error.kind() {
        _ if is_silence(error) => NlaOutcome::Timeout,
        io::ErrorKind::UnexpectedEof => NlaOutcome::Closed,
        io::ErrorKind::FileTooLarge => {
            NlaOutcome::Malformed(Misread { offset, reason: "more than 64 KiB" })
        }
        _ => NlaOutcome::Reset,
    }
}
