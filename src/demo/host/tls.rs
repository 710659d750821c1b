//! The server's side of TLS: whole with rustls, or as far as its certificate by hand.

use super::serve::{answer, hang_up, read_more, reset, wait};
use crate::demo::certificate::{self, CertificateError, CertificateSpec};
use crate::demo::script::{AfterTls, HttpEnd, TlsScript, Versions, disagreement};
use crate::domain::sample::{CipherSuite, TlsVersion};
use crate::domain::time::WallTime;
use crate::probe::clock::Clock;
use crate::probe::connect::Stream;
use crate::proto::credssp::parse_ts_request;
use crate::proto::rdg::{METHOD, PATH};
use crate::proto::tls_hello::{AlertLevel, ClientHello, alert, parse_client_hello, server_flight};
use crate::proto::wire::Parse;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::{ServerConfig, SupportedProtocolVersion, version};
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// `random` of a hand-written `ServerHello`: no key depends on it.
const RANDOM: [u8; 32] = [0x5a; 32];

/// Longest request that a gateway reads, in bytes.
const MAX_REQUEST: usize = 4096;

/// What is done with a `ClientHello`, with everything made that it needs.
pub(super) enum TlsSide {
    Handshake(TlsAcceptor, AfterTls),
    Flight { version: TlsVersion, cipher: CipherSuite, chain: Vec<CertificateDer<'static>> },
    Rst,
    Fin,
    Silence,
    Bytes(Vec<u8>),
}

impl std::fmt::Debug for TlsSide {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsSide").finish_non_exhaustive()
    }
}

impl TlsSide {
    pub(super) fn prepare(script: &TlsScript, now: WallTime) -> Result<Self, CertificateError> {
        Ok(match script {
            TlsScript::Handshake { certificate, versions, then } => {
                let config = server_config(certificate, *versions, now)?;
                Self::Handshake(TlsAcceptor::from(Arc::new(config)), then.clone())
            }
            TlsScript::Flight { version, cipher, certificate } => {
                let chain = certificate::make(certificate, now)?.chain;
                Self::Flight { version: *version, cipher: *cipher, chain }
            }
            TlsScript::Rst => Self::Rst,
            TlsScript::Fin => Self::Fin,
            TlsScript::Silence => Self::Silence,
            TlsScript::Bytes(bytes) => Self::Bytes(bytes.clone()),
        })
    }
}

/// No resumption: a resumed session shows no certificate.
fn server_config(
    spec: &CertificateSpec,
    versions: Versions,
    now: WallTime,
) -> Result<ServerConfig, CertificateError> {
    let credentials = certificate::make(spec, now)?;
    let versions: &[&SupportedProtocolVersion] = match versions {
        Versions::Current => &[&version::TLS13, &version::TLS12],
        Versions::Tls12 => &[&version::TLS12],
        Versions::Tls13 => &[&version::TLS13],
    };
    let failed = |error| CertificateError::Serve(spec.common_name.clone(), error);
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .map_err(failed)?
        .with_no_client_auth()
        .with_single_cert(credentials.chain, credentials.key)
        .map_err(failed)?;
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// Goes on where the Connection Confirm ended.
pub(super) async fn serve(mut stream: Stream, side: &TlsSide) -> io::Result<()> {
    if let TlsSide::Handshake(acceptor, then) = side {
        return handshake(stream, acceptor, then).await;
    }
    let Some(hello) = read_hello(&mut stream).await? else {
        return hang_up(&mut stream).await;
    };
    match side {
        TlsSide::Handshake(..) | TlsSide::Silence => wait(&mut stream).await,
        TlsSide::Rst => reset(stream),
        TlsSide::Fin => hang_up(&mut stream).await,
        TlsSide::Bytes(bytes) => {
            stream.write_all(bytes).await?;
            hang_up(&mut stream).await
        }
        TlsSide::Flight { version, cipher, chain } => {
            let refusal = disagreement(hello.offers(*version), hello.suites.contains(cipher));
            if let Some(description) = refusal {
                stream.write_all(&alert(*version, AlertLevel::Fatal, description)).await?;
                return hang_up(&mut stream).await;
            }
            let chain: Vec<&[u8]> = chain.iter().map(AsRef::as_ref).collect();
            let flight = server_flight(*version, *cipher, &RANDOM, &chain)
                .map_err(|error| io::Error::other(error.to_string()))?;
            stream.write_all(&flight).await?;
            wait(&mut stream).await
        }
    }
}

async fn handshake(stream: Stream, acceptor: &TlsAcceptor, then: &AfterTls) -> io::Result<()> {
    let mut session = match acceptor.accept(stream).into_fallible().await {
        Ok(session) => session,
        // rustls has sent its alert; the client is to read it before the connection is gone.
        Err((_, mut stream)) => return hang_up(&mut stream).await,
    };
    match then {
        AfterTls::Waits => {
            let (stream, _) = session.get_mut();
            wait(stream).await
        }
        AfterTls::Fin => {
            session.shutdown().await?;
            let (mut stream, _) = session.into_inner();
            wait(&mut stream).await
        }
        AfterTls::Rst => reset(session.into_inner().0),
        AfterTls::Http(says, end) => {
            if read_gateway_request(&mut session).await? {
                answer(&mut session, says, None).await?;
                session.flush().await?;
                if *end == HttpEnd::Silence {
                    return wait(&mut session).await;
                }
            }
            session.shutdown().await?;
            let (mut stream, _) = session.into_inner();
            wait(&mut stream).await
        }
        AfterTls::Challenges(script) => {
            if read_ts_request(&mut session).await? {
                say(&mut session, &script.answer(Clock::wall())).await?;
            }
            wait(session.get_mut().0).await
        }
        AfterTls::Says(bytes) => {
            if read_ts_request(&mut session).await? {
                say(&mut session, bytes).await?;
            }
            session.shutdown().await?;
            wait(session.get_mut().0).await
        }
        AfterTls::Stalls(bytes) => {
            if read_ts_request(&mut session).await? {
                say(&mut session, bytes).await?;
            }
            wait(session.get_mut().0).await
        }
    }
}

/// Reads the head of a request; whether it is one that a gateway answers, without credentials.
async fn read_gateway_request<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<bool> {
    let mut bytes = Vec::with_capacity(512);
    while !bytes.ends_with(b"\r\n\r\n") {
        if bytes.len() > MAX_REQUEST || !read_more(stream, &mut bytes, MAX_REQUEST).await? {
            return Ok(false);
        }
    }
    let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    let asks = format!("{METHOD} {PATH} http/1.1\r\n").to_ascii_lowercase();
    Ok(text.starts_with(&asks) && !text.contains("\r\nauthorization:"))
}

/// Reads the client's `TSRequest`; false when it sent something else, or closed.
async fn read_ts_request(session: &mut TlsStream<Stream>) -> io::Result<bool> {
    let mut bytes = Vec::with_capacity(128);
    loop {
        let wanted = match parse_ts_request(&bytes) {
            Ok(Parse::Done { .. }) => return Ok(true),
            Ok(Parse::NeedMore(total)) => total.saturating_sub(bytes.len()),
            Err(_) => return Ok(false),
        };
        let mut chunk = [0; 512];
        let room = chunk.get_mut(..wanted.clamp(1, 512)).unwrap_or_default();
        match session.read(room).await? {
            0 => return Ok(false),
            count => bytes.extend_from_slice(room.get(..count).unwrap_or_default()),
        }
    }
}

async fn say(session: &mut TlsStream<Stream>, bytes: &[u8]) -> io::Result<()> {
    session.write_all(bytes).await?;
    session.flush().await
}

/// The client's hello; `None` when it sent something else, or closed.
async fn read_hello(stream: &mut Stream) -> io::Result<Option<ClientHello>> {
    let mut bytes = Vec::with_capacity(512);
    loop {
        let wanted = match parse_client_hello(&bytes) {
            Ok(Parse::Done { value, .. }) => return Ok(Some(value)),
            Ok(Parse::NeedMore(total)) => total.saturating_sub(bytes.len()),
            Err(_) => return Ok(None),
        };
        if !read_more(stream, &mut bytes, wanted).await? {
            return Ok(None);
        }
    }
}
