//! The TLS rung: a modern handshake first, the hand-made hellos where that one cannot.

mod client;
mod words;

pub(super) use client::{client_config, provider, server_name};

use super::clock::Clock;
use super::connect::close;
use super::counted::{Counted, RECEIVE_LIMIT};
use super::nla::nla;
use super::recorder::{CLOSED_BY_US, Recorder};
use super::socket::fault::is_silence;
use crate::domain::finding::Rung;
use crate::domain::sample::{
    Afterwards, CipherSuite, Hello, Misread, Nla, Tls, TlsOutcome, TlsVersion, Way,
};
use crate::proto::certificate;
use crate::proto::tls_hello::{FlightState, ServerFlight};
use client::Verifier;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use words::{answer_words, end, write_down};

/// What one hello brought.
#[derive(Debug)]
pub(crate) struct HelloResult {
    pub(crate) outcome: TlsOutcome,
    pub(crate) version: Option<TlsVersion>,
    pub(crate) cipher: Option<CipherSuite>,
    leaf: Option<Vec<u8>>,
    received: usize,
    /// Hello to end, without the farewell.
    pub(crate) elapsed: Duration,
    /// What the session was used for, when it was to be.
    pub(crate) nla: Option<Nla>,
}

impl HelloResult {
    /// [`wants_another`] of its outcome.
    pub(crate) const fn wants_another(&self) -> bool {
        wants_another(self.outcome)
    }

    /// Whether it died without a word about versions and suites.
    pub(crate) const fn died_silently(&self) -> bool {
        self.outcome.is_close()
            || matches!(self.outcome, TlsOutcome::Alert(_)) && !self.outcome.is_disagreement()
    }

    /// The rung as the domain knows it. A certificate that does not parse counts as unreadable.
    pub(crate) fn into_tls(
        self,
        hello: Hello,
        modern: Option<TlsOutcome>,
        afterwards: Option<Afterwards>,
    ) -> Tls {
        let certificate = self.leaf.and_then(|der| certificate::summarize(&der).ok());
        let outcome = match self.outcome {
            TlsOutcome::Ok if certificate.is_none() => TlsOutcome::Unsupported,
            outcome => outcome,
        };
        Tls {
            outcome,
            hello,
            modern,
            afterwards,
            version: self.version,
            cipher: self.cipher,
            certificate,
            received: self.received,
            elapsed: self.elapsed,
        }
    }
}

/// Whether another hello may do better: the server closed or alerted, or speaks a TLS that the
/// modern one does not.
pub(super) const fn wants_another(outcome: TlsOutcome) -> bool {
    outcome.is_close() || matches!(outcome, TlsOutcome::Alert(_) | TlsOutcome::Unsupported)
}

/// One connection that X.224 left ready for TLS.
#[derive(Debug)]
pub(crate) struct Line<S> {
    pub(crate) stream: S,
    /// Bytes behind the Connection Confirm that were read with it.
    pub(crate) early: Vec<u8>,
    /// How long the peer may take to close after this side did.
    pub(crate) linger: Duration,
}

/// Handshakes with rustls, accepting and recording whatever certificate the server shows; silence
/// for `deadline` ends it, with what came until then.
///
/// `name` is sent as SNI when it is a DNS name, as Windows' client does. A session is used for
/// CredSSP when that is given a deadline.
pub(crate) async fn modern_hello<S>(
    line: Line<S>,
    name: Option<&str>,
    address: IpAddr,
    deadline: Duration,
    credssp: Option<Duration>,
    clock: Clock,
    recorder: &mut Recorder,
) -> HelloResult
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let seen = Arc::new(Verifier::default());
    let mut result = HelloResult {
        outcome: TlsOutcome::Unsupported,
        version: None,
        cipher: None,
        leaf: None,
        received: 0,
        elapsed: Duration::ZERO,
        nla: None,
    };
    let verifier = Arc::clone(&seen);
    let Ok(config) = client_config(verifier) else { return result };
    let mut counted = Counted::new(line.stream, line.early, clock);
    counted.watch();
    let start = clock.mono();
    let name = server_name(name, address);
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, &mut counted);
    let connected = timeout(deadline, connecting).await;
    result.elapsed = clock.mono().since(start);
    let failed = match connected {
        Ok(Ok(mut session)) => {
            let (counted, connection) = session.get_mut();
            result.version = connection.protocol_version().map(|v| TlsVersion(u16::from(v)));
            result.cipher = connection
                .negotiated_cipher_suite()
                .map(|suite| CipherSuite(u16::from(suite.suite())));
            write_down(counted, None, recorder);
            result.received = counted.received();
            if let Some(deadline) = credssp {
                result.nla = Some(nla(&mut session, deadline, clock, recorder).await);
            }
            recorder.event(Rung::Tcp, CLOSED_BY_US);
            let _patience = timeout(line.linger, session.shutdown()).await;
            None
        }
        Ok(Err(error)) => Some(classify(&error, counted.flight(), counted.received())),
        Err(_) => Some(TlsOutcome::Timeout),
    };
    if failed.is_some() {
        result.received = counted.received();
        write_down(&mut counted, failed, recorder);
    }
    close(&mut counted, line.linger).await;
    result.leaf = seen.leaf().map(<[u8]>::to_vec);
    result.outcome = match &result.leaf {
        Some(_) => TlsOutcome::Ok,
        None => failed.unwrap_or(TlsOutcome::Unsupported),
    };
    result
}

/// Sends a hand-made `ClientHello` and reads the server's first flight up to its certificate, or
/// only up to the `ServerHello`. No key exchange follows: the connection ends there.
pub(crate) async fn hand_made_hello<S>(
    line: Line<S>,
    hello: &[u8],
    what: &'static str,
    until: Until,
    clock: Clock,
    recorder: &mut Recorder,
) -> HelloResult
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut counted = Counted::new(line.stream, line.early, clock);
    let mut flight = ServerFlight::new();
    let start = clock.mono();
    recorder.sent(Rung::Tls, what, hello);
    let mut head = Vec::new();
    let exchanged = exchange(&mut counted, &mut flight, hello, until, &mut head).await;
    let outcome =
        exchanged.unwrap_or_else(|error| classify(&error, Some(&flight), counted.received()));
    let elapsed = clock.mono().since(start);
    let received = counted.received();
    if received > 0 {
        let what = answer_words(&flight);
        recorder.push(clock.mono(), Rung::Tls, Way::Received, what, received, &head);
    }
    end(Some(outcome), recorder);
    let (version, cipher) = (flight.version(), flight.cipher());
    let leaf = match flight.into_state() {
        FlightState::Certificate { chain, .. } => chain.into_iter().next(),
        _ => None,
    };
    close(&mut counted, line.linger).await;
    HelloResult { outcome, version, cipher, leaf, received, elapsed, nla: None }
}

/// How far a hand-made hello reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// The certificate.
    Certificate,
    /// The `ServerHello`.
    ServerHello,
}

pub(super) async fn exchange<S>(
    stream: &mut Counted<S>,
    flight: &mut ServerFlight,
    hello: &[u8],
    until: Until,
    head: &mut Vec<u8>,
) -> io::Result<TlsOutcome>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(hello).await?;
    stream.flush().await?;
    let mut chunk = [0_u8; 4096];
    loop {
        let count = stream.read(&mut chunk).await?;
        let Some(bytes) = chunk.get(..count).filter(|bytes| !bytes.is_empty()) else {
            return Ok(TlsOutcome::Closed);
        };
        if head.is_empty() {
            head.extend(bytes.iter().take(crate::domain::sample::MAX_HEAD));
        }
        flight.push(bytes);
        match flight.state() {
            FlightState::NeedMore if until == Until::Certificate || flight.version().is_none() => {}
            FlightState::NeedMore | FlightState::Certificate { .. } => return Ok(TlsOutcome::Ok),
            FlightState::NoCertificate { .. } => return Ok(TlsOutcome::Unsupported),
            FlightState::Alert(description) => return Ok(TlsOutcome::Alert(*description)),
            FlightState::Malformed { offset, reason } => {
                return Ok(TlsOutcome::Malformed(Misread { offset: *offset, reason }));
            }
        }
    }
}

/// What an I/O error during a handshake means.
///
/// rustls does not say at which byte it stopped: `flight` has read the same bytes, as far as they
/// were in the clear.
pub(super) fn classify(
    error: &io::Error,
    flight: Option<&ServerFlight>,
    received: usize,
) -> TlsOutcome {
    let misread = |reason| {
        TlsOutcome::Malformed(match flight.map(ServerFlight::state) {
            Some(FlightState::Malformed { offset, reason }) => Misread { offset: *offset, reason },
            _ => Misread { offset: flight.map_or(received, ServerFlight::settled), reason },
        })
    };
    if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return match error {
            rustls::Error::AlertReceived(description) => TlsOutcome::Alert(u8::from(*description)),
            rustls::Error::PeerIncompatible(_) | rustls::Error::NoCertificatesPresented => {
                TlsOutcome::Unsupported
            }
            // Troubles of this side say nothing about the server.
            rustls::Error::General(_)
            | rustls::Error::Other(_)
            | rustls::Error::FailedToGetRandomBytes
            | rustls::Error::FailedToGetCurrentTime => TlsOutcome::Unsupported,
            rustls::Error::DecryptError => misread("a record that cannot be decrypted"),
            _ => misread("no valid TLS handshake from here on"),
        };
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => TlsOutcome::Closed,
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::NotConnected => TlsOutcome::Reset,
        io::ErrorKind::FileTooLarge => TlsOutcome::Malformed(Misread {
            offset: RECEIVE_LIMIT,
            reason: "a handshake above 48 KiB",
        }),
        _ if is_silence(error) => TlsOutcome::Timeout,
        _ => misread("no valid TLS handshake from here on"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const LINGER: Duration = Duration::from_millis(100);

    async fn hello(
        bytes: &[u8],
        deadline: Duration,
        clock: Clock,
    ) -> (HelloResult, crate::domain::sample::Transcript) {
        let (ours, mut theirs) = tokio::io::duplex(64 * 1024);
        theirs.write_all(bytes).await.unwrap();
        let line = Line { stream: ours, early: Vec::new(), linger: LINGER };
        let mut recorder = Recorder::new(clock);
        let hello = modern_hello(line, None, ADDRESS, deadline, None, clock, &mut recorder).await;
        drop(theirs);
        (hello, recorder.finish())
    }

    #[tokio::test]
    async fn silence_after_some_bytes_of_tls_keeps_the_bytes() {
        // A handshake record of 512 bytes, of which seven arrive.
        let deadline = Duration::from_millis(50);
        let (hello, transcript) = hello(&[0x16, 3, 3, 2, 0, 2, 0], deadline, Clock::start()).await;
        assert_eq!((hello.outcome, hello.received), (TlsOutcome::Timeout, 7));
        assert!(hello.elapsed >= deadline, "{:?}", hello.elapsed);
        let steps: Vec<_> = transcript.steps.iter().map(|step| (step.way, &*step.what)).collect();
        assert_eq!(
            steps,
            [
                (Way::Sent, "ClientHello, modern"),
                (Way::Received, "less than a ServerHello"),
                (Way::Event, "nothing more until the deadline"),
                (Way::Event, "closed by this side"),
            ]
        );
        assert_eq!(&*transcript.steps[1].head, [0x16, 3, 3, 2, 0, 2, 0]);
    }

    #[tokio::test]
    async fn the_farewell_is_not_part_of_the_measured_time() {
        // A fatal handshake_failure alert; the peer then keeps the connection open.
        let clock = Clock::start();
        let alert = [0x15, 3, 3, 0, 2, 2, 40];
        let (hello, _) = hello(&alert, Duration::from_secs(30), clock).await;
        assert_eq!(hello.outcome, TlsOutcome::Alert(40));
        let whole = clock.mono().since(crate::domain::time::MonoTime::ZERO);
        assert!(whole >= LINGER, "{whole:?}");
        assert!(hello.elapsed + LINGER <= whole, "{:?} of {whole:?}", hello.elapsed);
    }

    #[tokio::test]
    async fn what_rustls_refuses_has_its_offset() {
        let mut behind_a_warning = vec![0x15, 3, 3, 0, 2, 1, 112];
        behind_a_warning.extend_from_slice(b"SSH-2.0");
        for (bytes, offset, reason) in [
            (b"this is not TLS".as_slice(), 0, "not a TLS record"),
            (&[0x16, 9, 9, 0, 4, 2, 0, 0, 0], 1, "not a TLS version"),
            (&[0x16, 3, 3, 0xff, 0xff, 2, 0, 0, 0], 3, "TLS record is too long"),
            (&behind_a_warning, 7, "not a TLS record"),
            (&[0x16, 3, 3, 0, 4, 2, 0, 0, 0], 0, "ServerHello is broken"),
        ] {
            let (hello, _) = hello(bytes, Duration::from_secs(30), Clock::start()).await;
            let expected = TlsOutcome::Malformed(Misread { offset, reason });
            assert_eq!(hello.outcome, expected, "{bytes:02x?}");
        }
    }

    #[test]
    fn a_lost_way_in_the_middle_of_a_handshake_is_silence_and_not_garbage() {
        for kind in [
            io::ErrorKind::HostUnreachable,
            io::ErrorKind::NetworkUnreachable,
            io::ErrorKind::NetworkDown,
            io::ErrorKind::TimedOut,
        ] {
            let outcome = classify(&io::Error::from(kind), None, 0);
            assert_eq!(outcome, TlsOutcome::Timeout, "{kind}");
        }
        let ours = io::Error::other(rustls::Error::FailedToGetRandomBytes);
        assert_eq!(classify(&ours, None, 0), TlsOutcome::Unsupported);
    }
}
