//! The TLS rung: a modern handshake first, the hand-made legacy hello where that one cannot.

use super::clock::Clock;
use super::counted::{Counted, RECEIVE_LIMIT};
use super::nla::nla;
use crate::domain::sample::{CipherSuite, Hello, Nla, Tls, TlsOutcome, TlsVersion};
use crate::proto::certificate;
use crate::proto::tls_hello::{FlightState, ServerFlight, client_hello};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long a closed connection is read for the peer's close.
const LINGER: Duration = Duration::from_millis(250);

/// What one hello brought.
#[derive(Debug)]
pub(crate) struct HelloResult {
    pub(crate) outcome: TlsOutcome,
    version: Option<TlsVersion>,
    cipher: Option<CipherSuite>,
    leaf: Option<Vec<u8>>,
    received: usize,
    /// Hello to end, without the farewell.
    pub(crate) elapsed: Duration,
    /// What the session was used for, when it was to be.
    pub(crate) nla: Option<Nla>,
}

impl HelloResult {
    /// Whether the legacy hello may do better: the server closed or alerted, or speaks a TLS that
    /// the modern one does not.
    pub(crate) const fn wants_legacy(&self) -> bool {
        matches!(
            self.outcome,
            TlsOutcome::Alert(_) | TlsOutcome::Reset | TlsOutcome::Closed | TlsOutcome::Unsupported
        )
    }

    /// The rung as the domain knows it. A certificate that does not parse counts as unreadable.
    pub(crate) fn into_tls(self, hello: Hello, modern: Option<TlsOutcome>) -> Tls {
        let certificate = self.leaf.and_then(|der| certificate::summarize(&der).ok());
        let outcome = match self.outcome {
            TlsOutcome::Ok if certificate.is_none() => TlsOutcome::Unsupported,
            outcome => outcome,
        };
        Tls {
            outcome,
            hello,
            modern,
            version: self.version,
            cipher: self.cipher,
            certificate,
            received: self.received,
            elapsed: self.elapsed,
        }
    }
}

/// Handshakes with rustls, accepting and recording whatever certificate the server shows; silence
/// for `deadline` ends it, with what came until then.
///
/// `name` is sent as SNI when it is a DNS name, as Windows' client does. A session is used for
/// CredSSP when that is given a deadline.
pub(crate) async fn modern_hello<S>(
    stream: S,
    name: Option<&str>,
    address: IpAddr,
    deadline: Duration,
    credssp: Option<Duration>,
    clock: Clock,
) -> HelloResult
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let seen = Arc::new(Recorder::default());
    let Ok(config) = client_config(Arc::clone(&seen)) else {
        return HelloResult {
            outcome: TlsOutcome::Unsupported,
            version: None,
            cipher: None,
            leaf: None,
            received: 0,
            elapsed: Duration::ZERO,
            nla: None,
        };
    };
    let mut answer = None;
    let server_name = name
        .and_then(|name| ServerName::try_from(name.trim_end_matches('.').to_owned()).ok())
        .unwrap_or_else(|| ServerName::from(address));
    let mut counted = Counted::new(stream);
    let start = clock.mono();
    let connecting = TlsConnector::from(Arc::new(config)).connect(server_name, &mut counted);
    let connected = timeout(deadline, connecting).await;
    let elapsed = clock.mono().since(start);
    let (ended, version, cipher) = match connected {
        Ok(Ok(mut session)) => {
            let (_, connection) = session.get_ref();
            let version = connection.protocol_version().map(|v| TlsVersion(u16::from(v)));
            let suite = connection
                .negotiated_cipher_suite()
                .map(|suite| CipherSuite(u16::from(suite.suite())));
            if let Some(deadline) = credssp {
                answer = Some(nla(&mut session, deadline, clock).await);
            }
            let _patience = timeout(LINGER, session.shutdown()).await;
            (TlsOutcome::Ok, version, suite)
        }
        Ok(Err(error)) => (classify(&error), None, None),
        Err(_) => (TlsOutcome::Timeout, None, None),
    };
    let received = counted.received();
    drain(&mut counted).await;
    let leaf = seen.leaf.get().cloned();
    let outcome = match ended {
        _ if leaf.is_some() => TlsOutcome::Ok,
        TlsOutcome::Ok => TlsOutcome::Unsupported,
        ended => ended,
    };
    HelloResult { outcome, version, cipher, leaf, received, elapsed, nla: answer }
}

/// Sends the hand-made `ClientHello` and reads the server's first flight up to its certificate.
/// No key exchange follows: the connection ends there.
pub(crate) async fn legacy_hello<S>(
    stream: S,
    name: Option<&str>,
    random: [u8; 32],
    clock: Clock,
) -> HelloResult
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut counted = Counted::new(stream);
    let mut flight = ServerFlight::new();
    let start = clock.mono();
    let outcome = match exchange(&mut counted, &mut flight, name, random).await {
        Ok(outcome) => outcome,
        Err(error) => classify(&error),
    };
    let elapsed = clock.mono().since(start);
    let received = counted.received();
    let (version, cipher) = (flight.version(), flight.cipher());
    let leaf = match flight.into_state() {
        FlightState::Certificate { chain, .. } => chain.into_iter().next(),
        _ => None,
    };
    drain(&mut counted).await;
    HelloResult { outcome, version, cipher, leaf, received, elapsed, nla: None }
}

pub(super) async fn exchange<S>(
    stream: &mut Counted<S>,
    flight: &mut ServerFlight,
    name: Option<&str>,
    random: [u8; 32],
) -> io::Result<TlsOutcome>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(&client_hello(&random, name)).await?;
    stream.flush().await?;
    let mut chunk = [0_u8; 4096];
    loop {
        let count = stream.read(&mut chunk).await?;
        let Some(bytes) = chunk.get(..count).filter(|bytes| !bytes.is_empty()) else {
            return Ok(TlsOutcome::Closed);
        };
        match flight.push(bytes) {
            FlightState::NeedMore => {}
            FlightState::Certificate { .. } => return Ok(TlsOutcome::Ok),
            FlightState::NoCertificate { .. } => return Ok(TlsOutcome::Unsupported),
            FlightState::Alert(description) => return Ok(TlsOutcome::Alert(*description)),
            FlightState::Malformed { .. } => return Ok(TlsOutcome::Malformed),
        }
    }
}

/// Closes, and reads what is left until the peer closes too, so that our close sends FIN and not RST; gives up
/// after [`LINGER`] or the receive limit.
pub(super) async fn drain<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) {
    let _closed = stream.shutdown().await;
    let mut chunk = [0_u8; 1024];
    let mut left = RECEIVE_LIMIT;
    let reading = async {
        while let Ok(count) = stream.read(&mut chunk).await {
            if count == 0 || left < count {
                break;
            }
            left -= count;
        }
    };
    let _patience = timeout(LINGER, reading).await;
}

/// What an I/O error during a handshake means.
pub(super) fn classify(error: &io::Error) -> TlsOutcome {
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
            _ => TlsOutcome::Malformed,
        };
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => TlsOutcome::Closed,
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::NotConnected => TlsOutcome::Reset,
        _ if is_silence(error) => TlsOutcome::Timeout,
        _ => TlsOutcome::Malformed,
    }
}

/// Whether an established connection ended because nothing came through any more: the kernel gave
/// up, or this machine lost its way there. Neither is the peer's doing.
pub(super) fn is_silence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::TimedOut
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown
    )
}

/// Resumption is off: a resumed session shows no certificate.
fn client_config(recorder: Arc<Recorder>) -> Result<ClientConfig, rustls::Error> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(recorder)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(config)
}

pub(super) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(ring::default_provider())))
}

/// A verifier that records the leaf certificate and accepts it. Nothing secret is ever sent over
/// the session: it ends as soon as the handshake does.
#[derive(Debug, Default)]
struct Recorder {
    leaf: OnceLock<Vec<u8>>,
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let _first = self.leaf.set(end_entity.to_vec());
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![
            SignatureScheme::RSA_PSS_SHA256,
            SignatureScheme::RSA_PSS_SHA384,
            SignatureScheme::RSA_PSS_SHA512,
            SignatureScheme::RSA_PKCS1_SHA256,
            SignatureScheme::RSA_PKCS1_SHA384,
            SignatureScheme::RSA_PKCS1_SHA512,
            SignatureScheme::ECDSA_NISTP256_SHA256,
            SignatureScheme::ECDSA_NISTP384_SHA384,
            SignatureScheme::ECDSA_NISTP521_SHA512,
            SignatureScheme::ED25519,
            SignatureScheme::RSA_PKCS1_SHA1,
            SignatureScheme::ECDSA_SHA1_Legacy,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[tokio::test]
    async fn silence_after_some_bytes_of_tls_keeps_the_bytes() {
        let (ours, mut theirs) = tokio::io::duplex(64 * 1024);
        // A handshake record of 512 bytes, of which seven arrive.
        theirs.write_all(&[0x16, 3, 3, 2, 0, 2, 0]).await.unwrap();
        let deadline = Duration::from_millis(50);
        let hello = modern_hello(ours, None, ADDRESS, deadline, None, Clock::start()).await;
        assert_eq!((hello.outcome, hello.received), (TlsOutcome::Timeout, 7));
        assert!(hello.elapsed >= deadline, "{:?}", hello.elapsed);
        drop(theirs);
    }

    #[tokio::test]
    async fn the_farewell_is_not_part_of_the_measured_time() {
        let (ours, mut theirs) = tokio::io::duplex(64 * 1024);
        // A fatal handshake_failure alert; the peer then keeps the connection open.
        theirs.write_all(&[0x15, 3, 3, 0, 2, 2, 40]).await.unwrap();
        let clock = Clock::start();
        let hello = modern_hello(ours, None, ADDRESS, Duration::from_secs(30), None, clock).await;
        assert_eq!(hello.outcome, TlsOutcome::Alert(40));
        let whole = clock.mono().since(crate::domain::time::MonoTime::ZERO);
        assert!(whole >= LINGER, "{whole:?}");
        assert!(hello.elapsed + LINGER <= whole, "{:?} of {whole:?}", hello.elapsed);
        drop(theirs);
    }

    #[test]
    fn a_lost_way_in_the_middle_of_a_handshake_is_silence_and_not_garbage() {
        for kind in [
            io::ErrorKind::HostUnreachable,
            io::ErrorKind::NetworkUnreachable,
            io::ErrorKind::NetworkDown,
            io::ErrorKind::TimedOut,
        ] {
            assert_eq!(classify(&io::Error::from(kind)), TlsOutcome::Timeout, "{kind}");
        }
        let ours = io::Error::other(rustls::Error::FailedToGetRandomBytes);
        assert_eq!(classify(&ours), TlsOutcome::Unsupported);
    }
}
