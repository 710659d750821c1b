//! The TLS rung: a modern handshake first, the hand-made legacy hello where that one cannot.

use super::counted::{Counted, RECEIVE_LIMIT};
use crate::domain::sample::{CipherSuite, Hello, Tls, TlsOutcome, TlsVersion};
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
}

impl HelloResult {
    fn failed(outcome: TlsOutcome, received: usize) -> Self {
        Self { outcome, version: None, cipher: None, leaf: None, received }
    }

    /// Silence until the deadline.
    pub(crate) fn timed_out() -> Self {
        Self::failed(TlsOutcome::Timeout, 0)
    }

    /// Whether the legacy hello may do better: the server closed or alerted, or speaks a TLS that
    /// the modern one does not.
    pub(crate) const fn wants_legacy(&self) -> bool {
        matches!(
            self.outcome,
            TlsOutcome::Alert(_) | TlsOutcome::Reset | TlsOutcome::Closed | TlsOutcome::Unsupported
        )
    }

    /// The rung as the domain knows it. A certificate that does not parse counts as unreadable.
    pub(crate) fn into_tls(
        self,
        hello: Hello,
        modern: Option<TlsOutcome>,
        elapsed: Duration,
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
            version: self.version,
            cipher: self.cipher,
            certificate,
            received: self.received,
            elapsed,
        }
    }
}

/// Handshakes with rustls, accepting and recording whatever certificate the server shows.
///
/// `name` is sent as SNI when it is a DNS name, as Windows' client does.
pub(crate) async fn modern_hello<S>(stream: S, name: Option<&str>, address: IpAddr) -> HelloResult
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let seen = Arc::new(Recorder::default());
    let Ok(config) = client_config(Arc::clone(&seen)) else {
        return HelloResult::failed(TlsOutcome::Unsupported, 0);
    };
    let server_name = name
        .and_then(|name| ServerName::try_from(name.trim_end_matches('.').to_owned()).ok())
        .unwrap_or_else(|| ServerName::from(address));
    let mut counted = Counted::new(stream);
    let connecting = TlsConnector::from(Arc::new(config)).connect(server_name, &mut counted).await;
    let (ended, version, cipher) = match connecting {
        Ok(mut session) => {
            let (_, connection) = session.get_ref();
            let version = connection.protocol_version().map(|v| TlsVersion(u16::from(v)));
            let suite = connection
                .negotiated_cipher_suite()
                .map(|suite| CipherSuite(u16::from(suite.suite())));
            let _closed = session.shutdown().await;
            drain(session.into_inner().0).await;
            (TlsOutcome::Ok, version, suite)
        }
        Err(error) => (classify(&error), None, None),
    };
    let leaf = seen.leaf.get().cloned();
    let outcome = match ended {
        _ if leaf.is_some() => TlsOutcome::Ok,
        TlsOutcome::Ok => TlsOutcome::Unsupported,
        ended => ended,
    };
    HelloResult { outcome, version, cipher, leaf, received: counted.received() }
}

/// Sends the hand-made `ClientHello` and reads the server's first flight up to its certificate.
/// No key exchange follows: the connection ends there.
pub(crate) async fn legacy_hello<S>(stream: S, name: Option<&str>, random: [u8; 32]) -> HelloResult
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut counted = Counted::new(stream);
    let mut flight = ServerFlight::new();
    let outcome = match exchange(&mut counted, &mut flight, name, random).await {
        Ok(outcome) => outcome,
        Err(error) => classify(&error),
    };
    let (version, cipher) = (flight.version(), flight.cipher());
    let leaf = match flight.into_state() {
        FlightState::Certificate { chain, .. } => chain.into_iter().next(),
        _ => None,
    };
    drain(&mut counted).await;
    HelloResult { outcome, version, cipher, leaf, received: counted.received() }
}

async fn exchange<S>(
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

/// Reads what is left until the peer closes too, so that our close sends FIN and not RST; gives up
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
    let _patience = tokio::time::timeout(LINGER, reading).await;
}

/// What an I/O error during a handshake means.
fn classify(error: &io::Error) -> TlsOutcome {
    if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return match error {
            rustls::Error::AlertReceived(description) => TlsOutcome::Alert(u8::from(*description)),
            rustls::Error::PeerIncompatible(_) | rustls::Error::NoCertificatesPresented => {
                TlsOutcome::Unsupported
            }
            _ => TlsOutcome::Malformed,
        };
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => TlsOutcome::Closed,
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::NotConnected => TlsOutcome::Reset,
        io::ErrorKind::TimedOut => TlsOutcome::Timeout,
        _ => TlsOutcome::Malformed,
    }
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

fn provider() -> Arc<CryptoProvider> {
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
