//! The CredSSP rung: one `TSRequest` with an NTLM NEGOTIATE over an established TLS session, and
//! what the server answers. Nothing that names a user is ever sent.

use super::clock::Clock;
use super::recorder::{CLOSED, RESET, Recorder, SILENT};
use super::socket::fault::is_silence;
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
    let reply = reply.unwrap_or_else(|_| Reply::only(NlaOutcome::Timeout));
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
    let mut chunk = [0_u8; 512];
    loop {
        let wanted = match parse_answer(answer) {
            Parse::Done { value, .. } => return value,
            Parse::NeedMore(total) => total.min(MAX_TS_REQUEST).saturating_sub(answer.len()),
        };
        let wanted = wanted.clamp(1, chunk.len());
        let Some(room) = chunk.get_mut(..wanted) else { return Reply::only(NlaOutcome::Closed) };
        match session.read(room).await {
            Ok(0) => return Reply::only(NlaOutcome::Closed),
            Ok(count) => answer.extend_from_slice(room.get(..count).unwrap_or_default()),
            Err(error) => return Reply::only(ended(&error, answer.len())),
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
        NlaOutcome::Timeout => recorder.event(Rung::Nla, SILENT),
        NlaOutcome::Reset => recorder.event(Rung::Nla, RESET),
        NlaOutcome::Closed => recorder.event(Rung::Nla, CLOSED),
        other => recorder.event(Rung::Nla, other.text()),
    }
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
            NlaOutcome::Malformed(Misread { offset, reason: "more than 48 KiB" })
        }
        _ => NlaOutcome::Reset,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::script::NtlmScript;
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use tokio::io::{DuplexStream, ReadBuf, duplex};

    const PATIENCE: Duration = Duration::from_secs(30);

    async fn ask(session: &mut (impl AsyncRead + AsyncWrite + Unpin), deadline: Duration) -> Nla {
        let clock = Clock::start();
        nla(session, deadline, clock, &mut Recorder::new(clock)).await
    }

    fn session() -> (DuplexStream, DuplexStream) {
        duplex(64 * 1024)
    }

    #[tokio::test]
    async fn an_answer_byte_by_byte_is_the_same_answer() {
        let (mut ours, mut theirs) = session();
        let challenge = NtlmScript::windows("rds-01.corp.lab").ahead(90_000).answer(Clock::wall());
        let sent = challenge.len();
        let server = tokio::spawn(async move {
            let mut question = vec![0; request().len()];
            theirs.read_exact(&mut question).await.unwrap();
            for byte in challenge {
                theirs.write_all(&[byte]).await.unwrap();
                tokio::task::yield_now().await;
            }
            (question, theirs)
        });
        let found = ask(&mut ours, PATIENCE).await;
        let (question, _open) = server.await.unwrap();
        assert_eq!(question, request());
        assert_eq!((found.outcome, found.version), (NlaOutcome::Challenge, Some(6)));
        assert_eq!(found.received, sent);
        let name = found.identity.as_ref().and_then(|identity| identity.name());
        assert_eq!(name, Some("rds-01.corp.lab"));
        // Ahead by 90 s, give or take what the machine was busy with.
        let skew = found.clock_skew_ms.unwrap();
        assert!((80_000..=90_100).contains(&skew), "{skew}");
    }

    #[tokio::test]
    async fn silence_ends_at_the_deadline_and_keeps_what_came() {
        let (mut ours, mut theirs) = session();
        theirs.write_all(&[0x30, 0x20, 0xa0]).await.unwrap();
        let deadline = Duration::from_millis(50);
        let found = ask(&mut ours, deadline).await;
        assert_eq!((found.outcome, found.received), (NlaOutcome::Timeout, 3));
        assert!(found.elapsed >= deadline && found.clock_skew_ms.is_none());
        drop(theirs);
    }

    #[tokio::test]
    async fn more_than_an_answer_may_hold_is_not_read() {
        let (mut ours, mut theirs) = session();
        theirs.write_all(&[0x30, 0x83, 0x7f, 0, 0]).await.unwrap();
        theirs.write_all(&vec![0; 60_000]).await.unwrap();
        let found = ask(&mut ours, PATIENCE).await;
        let NlaOutcome::Malformed(misread) = found.outcome else { panic!("{found:?}") };
        assert_eq!((misread.offset, misread.reason), (1, "a TSRequest above 16 KiB"));
        assert_eq!(found.received, 5);
    }

    #[tokio::test]
    async fn a_close_before_and_after_the_first_byte_is_a_close() {
        for said in [&[][..], &[0x30]] {
            let (mut ours, mut theirs) = session();
            theirs.write_all(said).await.unwrap();
            drop(theirs);
            let found = ask(&mut ours, PATIENCE).await;
            assert_eq!((found.outcome, found.received), (NlaOutcome::Closed, said.len()));
        }
    }

    /// Counts writes, and is at its end.
    #[derive(Default)]
    struct Writes(Vec<usize>);

    impl AsyncRead for Writes {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Writes {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.0.push(bytes.len());
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn the_request_is_one_write_and_nothing_follows() {
        let mut writes = Writes::default();
        assert_eq!(ask(&mut writes, PATIENCE).await.outcome, NlaOutcome::Closed);
        assert_eq!(writes.0, [57]);
    }

    #[test]
    fn the_skew_takes_half_the_way_off() {
        let at = WallTime::from_unix_millis;
        let way = Duration::from_millis(200);
        // Read 100 ms before it was received: the clocks agree.
        assert_eq!(skew(at(1_000_000_000_000), at(1_000_000_000_100), way), Some(0));
        assert_eq!(skew(at(1_000_000_300_000), at(1_000_000_000_100), way), Some(300_000));
        assert_eq!(skew(at(999_999_700_000), at(1_000_000_000_100), way), Some(-300_000));
        for unset in [0, -11_644_473_599_999, 9_000_000_000_000_000] {
            assert_eq!(skew(at(unset), at(1_000_000_000_000), way), None);
        }
    }

    #[test]
    fn how_a_session_ends_is_told_apart() {
        let alert = rustls::AlertDescription::AccessDenied;
        let alert = io::Error::other(rustls::Error::AlertReceived(alert));
        assert_eq!(ended(&alert, 0), NlaOutcome::Alert(49));
        for (kind, outcome) in [
            (io::ErrorKind::UnexpectedEof, NlaOutcome::Closed),
            (io::ErrorKind::ConnectionReset, NlaOutcome::Reset),
            (io::ErrorKind::BrokenPipe, NlaOutcome::Reset),
            (io::ErrorKind::HostUnreachable, NlaOutcome::Timeout),
        ] {
            assert_eq!(ended(&io::Error::from(kind), 0), outcome, "{kind}");
        }
        let flood = ended(&io::Error::from(io::ErrorKind::FileTooLarge), 9);
        let bound = crate::probe::counted::RECEIVE_LIMIT / 1024;
        assert!(matches!(flood, NlaOutcome::Malformed(misread)
            if misread.reason == format!("more than {bound} KiB")));
        let garbage = io::Error::other(rustls::Error::DecryptError);
        assert!(
            matches!(ended(&garbage, 7), NlaOutcome::Malformed(misread) if misread.offset == 7)
        );
    }
}
