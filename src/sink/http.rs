//! One POST over HTTP/1.1 (RFC 9112), over TLS where the address says so.

use crate::domain::sink::Endpoint;
use crate::proto::rdg::{MAX_HEAD, parse_head};
use crate::proto::wire::Parse;
use crate::report::notice::Body;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsConnector;

#[expect(clippy::disallowed_types, reason = "an edge of its own: connections to webhooks")]
type TcpStream = tokio::net::TcpStream;

/// Sends it, and returns the status of the answer. From `handed` on the whole request is sent.
///
/// # Errors
/// What failed, without the address.
pub(super) async fn post(
    endpoint: &Endpoint,
    body: &Body,
    handed: &AtomicBool,
) -> Result<u16, String> {
    let failed = |what: &'static str| move |error: std::io::Error| format!("{what}: {error}");
    let address = (endpoint.host.as_str(), endpoint.port);
    let stream = TcpStream::connect(address).await.map_err(failed("no connection"))?;
    let request = request(endpoint, body);
    if !endpoint.tls {
        return exchange(stream, &request, handed).await;
    }
    let name = ServerName::try_from(endpoint.host.clone())
        .map_err(|_| "its name is none that a certificate can be for".to_owned())?;
    let config = tokio::task::spawn_blocking(authorities).await.map_err(|e| e.to_string())??;
    let connector = TlsConnector::from(Arc::new(config));
    let stream = connector.connect(name, stream).await.map_err(failed("no TLS"))?;
    exchange(stream, &request, handed).await
}

/// A client that trusts what this machine trusts. Reads files.
fn authorities() -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err("this machine trusts no certificate authority".to_owned());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// The whole request. Nothing in it can end a line too early: path and host are checked where
/// they are read, values of headers where they are made.
fn request(endpoint: &Endpoint, body: &Body) -> Vec<u8> {
    let usual = if endpoint.tls { 443 } else { 80 };
    let host = if endpoint.host.contains(':') {
        format!("[{}]", endpoint.host)
    } else {
        endpoint.host.clone()
    };
    let port = if endpoint.port == usual { String::new() } else { format!(":{}", endpoint.port) };
    let mut head = format!(
        "POST {} HTTP/1.1\r\nHost: {host}{port}\r\nUser-Agent: rdpwatch\r\nContent-Type: {}\r\n\
         Content-Length: {}\r\nConnection: close\r\n",
        endpoint.path,
        body.content_type,
        body.text.len(),
    );
    for (name, value) in &body.headers {
        for part in [name, ": ", value, "\r\n"] {
            head.push_str(part);
        }
    }
    head.push_str("\r\n");
    [head.as_bytes(), body.text.as_bytes()].concat()
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    request: &[u8],
    handed: &AtomicBool,
) -> Result<u16, String> {
    let failed = |error: std::io::Error| format!("the connection broke: {error}");
    stream.write_all(request).await.map_err(failed)?;
    stream.flush().await.map_err(failed)?;
    handed.store(true, Ordering::Relaxed);
    let mut answer = Vec::new();
    let mut chunk = [0; 1_024];
    loop {
        match parse_head(&answer) {
            Parse::Done { value: Ok(head), .. } => return Ok(head.status),
            Parse::Done { value: Err(misread), .. } => {
                return Err(format!("what answers is not HTTP: {}", misread.reason));
            }
            Parse::NeedMore(_) if answer.len() > MAX_HEAD => {
                return Err("the head of the answer does not end".to_owned());
            }
            Parse::NeedMore(_) => {}
        }
        let read = stream.read(&mut chunk).await.map_err(failed)?;
        if read == 0 {
            return Err("the server closed without an answer".to_owned());
        }
        answer.extend_from_slice(chunk.get(..read).unwrap_or_default());
    }
}
