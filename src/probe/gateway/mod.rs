//! The RD Gateway: name, TCP, TLS with its chain, and one unauthenticated request.
//!
//! The chain is validated as a client does and the handshake goes on whatever comes of it: nothing
//! secret is sent, and a gateway with a bad certificate may have a second trouble. A server that
//! takes only what the legacy hello offers shows its certificate and is not asked.

mod share;
mod trust;

#[cfg(test)]
mod tests;

pub use share::Gateways;
pub use trust::Roots;

use super::attempt::slept;
use super::clock::Clock;
use super::connect::{STALL, Stream, close, connect, linger};
use super::counted::Counted;
use super::random::random;
use super::resolve::scope_id;
use super::seam::Names;
use super::socket::fault::is_silence;
use super::tls::{Until, classify, client_config, exchange, server_name, wants_another};
use crate::domain::sample::{
    ChainTrust, Connect, ConnectOutcome, Gateway, GatewayAnswer, GatewayHttp, GatewayTls, Hello,
    LocalFault, Misread, NameOutcome, TlsOutcome, TlsVersion,
};
use crate::domain::target::{Deadlines, GatewayAddress, Host, is_link_local};
use crate::proto::certificate;
use crate::proto::rdg;
use crate::proto::tls_hello::{FlightState, ServerFlight, client_hello};
use crate::proto::wire::Parse;
use rustls::pki_types::ServerName;
use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use trust::{Judge, Presented, judge_chain};

/// Addresses of the name that are tried until one opens.
const ADDRESSES: usize = 2;

/// Which gateway to ask, and by what means.
#[derive(Debug)]
pub(super) struct Asking<'a> {
    pub(super) address: &'a GatewayAddress,
    pub(super) names: &'a dyn Names,
    pub(super) deadlines: &'a Deadlines,
    pub(super) roots: Arc<Roots>,
    pub(super) clock: Clock,
}

/// Asks a gateway for nothing but who may come in. Every rung ends by its own deadline; TLS and
/// the answer share one.
///
/// When this process did not run for a while, whatever the peer made of its silence is no finding:
/// the name or the connection is a local fault then, and shows no higher rung.
pub(super) async fn gateway(asking: &Asking<'_>) -> Gateway {
    let started = asking.clock.now();
    let mut found = look(asking).await;
    let ended = asking.clock.now();
    found.elapsed = ended.mono.since(started.mono);
    if slept(started, ended) || stalled(&found, asking.deadlines) {
        match &mut found.connect {
            Some(connect) => {
                connect.outcome = ConnectOutcome::LocalError(LocalFault::Stalled);
                connect.icmp = None;
            }
            None => found.name = NameOutcome::Error,
        }
        found.tls = None;
        found.http = None;
    }
    found
}

/// Whether TLS and the answer took longer than their deadline lets them: a timer fired too late.
fn stalled(found: &Gateway, deadlines: &Deadlines) -> bool {
    let tls = found.tls.as_ref().map_or(Duration::ZERO, |tls| tls.elapsed);
    let http = found.http.as_ref().map_or(Duration::ZERO, |http| http.elapsed);
    tls.saturating_add(http) > deadlines.gateway.saturating_add(STALL)
}

async fn look(asking: &Asking<'_>) -> Gateway {
    let GatewayAddress { host, port, .. } = asking.address;
    let resolution = asking.names.resolve(host, asking.deadlines.resolve).await;
    let mut found = Gateway {
        host: host.to_string(),
        port: *port,
        name: resolution.outcome,
        connect: None,
        tls: None,
        http: None,
        elapsed: Duration::ZERO,
    };
    let Some((connect, stream)) = open(asking, &resolution.addresses).await else { return found };
    found.connect = Some(connect);
    if let Some(stream) = stream {
        let (tls, http) = ask(asking, &connect, stream).await;
        found.tls = Some(tls);
        found.http = http;
    }
    found
}

/// The first address that opens, else the first that was tried; a client goes on to the next too.
async fn open(asking: &Asking<'_>, addresses: &[IpAddr]) -> Option<(Connect, Option<Stream>)> {
    let scope = match &asking.address.host {
        Host::Address(_, Some(zone)) => scope_id(zone).unwrap_or(0),
        _ => 0,
    };
    let mut failed = None;
    for address in addresses.iter().take(ADDRESSES) {
        let to = socket_addr(*address, asking.address.port, scope);
        let (connect, stream) = connect(to, asking.deadlines.connect).await;
        if stream.is_some() {
            return Some((connect, stream));
        }
        failed.get_or_insert((connect, None));
    }
    failed
}

fn socket_addr(address: IpAddr, port: u16, scope: u32) -> SocketAddr {
    match address {
        IpAddr::V6(v6) if is_link_local(v6) => SocketAddrV6::new(v6, port, 0, scope).into(),
        address => SocketAddr::new(address, port),
    }
}

/// TLS, then the request, under one deadline.
async fn ask(
    asking: &Asking<'_>,
    connect: &Connect,
    stream: Stream,
) -> (GatewayTls, Option<GatewayHttp>) {
    let deadline = asking.deadlines.gateway;
    let name = server_name(asking.address.host.name(), connect.address.ip());
    let (tls, http) = modern(asking, &name, stream, linger(connect.elapsed)).await;
    if !wants_another(tls.outcome) {
        return (tls, http);
    }
    let left = deadline.saturating_sub(tls.elapsed);
    match timeout(left, legacy(asking, &name, connect.address)).await {
        Ok(Some(legacy)) => (legacy, None),
        Ok(None) | Err(_) => (tls, None),
    }
}

/// A whole handshake, and the request over it. The farewell may take `patience`.
async fn modern<S>(
    asking: &Asking<'_>,
    name: &ServerName<'static>,
    stream: S,
    patience: Duration,
) -> (GatewayTls, Option<GatewayHttp>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let clock = asking.clock;
    let deadline = asking.deadlines.gateway;
    let judge = Arc::new(Judge::new(Arc::clone(&asking.roots)));
    let mut stream = Counted::new(stream, Vec::new(), clock);
    stream.watch();
    let start = clock.mono();
    let verifier = Arc::clone(&judge);
    let Ok(config) = client_config(verifier) else {
        return (tls_of(TlsOutcome::Unsupported, None, None, Duration::ZERO), None);
    };
    let connecting = TlsConnector::from(Arc::new(config)).connect(name.clone(), &mut stream);
    let connected = timeout(deadline, connecting).await;
    let elapsed = clock.mono().since(start);
    let mut http = None;
    let (outcome, version) = match connected {
        Ok(Ok(mut session)) => {
            let (_, connection) = session.get_ref();
            let version = connection.protocol_version().map(|v| TlsVersion(u16::from(v)));
            let left = deadline.saturating_sub(elapsed);
            http = Some(request(&mut session, asking.address, left, clock).await);
            let _closed = timeout(patience, session.shutdown()).await;
            (TlsOutcome::Ok, version)
        }
        Ok(Err(error)) => (classify(&error, stream.flight(), stream.received()), None),
        Err(_) => (TlsOutcome::Timeout, None),
    };
    close(&mut stream, patience).await;
    (tls_of(outcome, version, judge.presented(), elapsed), http)
}

fn tls_of(
    outcome: TlsOutcome,
    version: Option<TlsVersion>,
    presented: Option<Presented>,
    elapsed: Duration,
) -> GatewayTls {
    let leaf = presented.as_ref().map(|presented| presented.leaf.as_slice());
    GatewayTls {
        outcome,
        hello: Hello::Modern,
        version,
        certificate: leaf.and_then(|leaf| certificate::summarize(leaf).ok()),
        presented: presented.as_ref().map_or(0, |presented| presented.count),
        trust: presented.map_or(ChainTrust::NotValidated, |presented| presented.trust),
        elapsed,
    }
}

/// The hand-made hello on a connection of its own, up to the certificate; `None` when that did not
/// come.
async fn legacy(
    asking: &Asking<'_>,
    name: &ServerName<'static>,
    to: SocketAddr,
) -> Option<GatewayTls> {
    let (connected, stream) = connect(to, asking.deadlines.connect).await;
    let mut stream = Counted::new(stream?, Vec::new(), asking.clock);
    let mut flight = ServerFlight::new();
    let start = asking.clock.mono();
    let hello = client_hello(&random(), asking.address.host.name());
    let mut head = Vec::new();
    let exchanged = exchange(&mut stream, &mut flight, &hello, Until::Certificate, &mut head);
    let outcome = exchanged.await;
    let elapsed = asking.clock.mono().since(start);
    close(&mut stream, linger(connected.elapsed)).await;
    let version = flight.version();
    let FlightState::Certificate { chain, .. } = flight.into_state() else { return None };
    Some(GatewayTls {
        outcome: outcome.ok()?,
        hello: Hello::Legacy,
        version,
        certificate: chain.first().and_then(|leaf| certificate::summarize(leaf).ok()),
        presented: chain.len(),
        trust: judge_chain(&asking.roots, &chain, name, Clock::wall()),
        elapsed,
    })
}

/// One request and the head of its answer, within `deadline`. Redirects are not followed, and what
/// follows the head is not read.
async fn request<S>(
    stream: &mut S,
    address: &GatewayAddress,
    deadline: Duration,
    clock: Clock,
) -> GatewayHttp
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let start = clock.mono();
    let mut received = Vec::with_capacity(1024);
    let bytes = rdg::request(&address.authority(), random());
    let answered = timeout(deadline, converse(stream, &bytes, &mut received)).await;
    let elapsed = clock.mono().since(start);
    let head = match answered {
        Ok(Ok(head)) => Ok(head),
        Ok(Err(ended)) => Err(ended),
        Err(_) => Err(GatewayAnswer::Timeout),
    };
    let received = received.len();
    match head {
        Ok(head) => GatewayHttp {
            answer: head.answer(),
            status: Some(head.status),
            schemes: head.schemes,
            location: head.location,
            received,
            elapsed,
        },
        Err(answer) => {
            let (schemes, location) = (Vec::new(), None);
            GatewayHttp { answer, status: None, schemes, location, received, elapsed }
        }
    }
}

/// Writes the request and reads until the head of the answer is decided.
async fn converse<S>(
    stream: &mut S,
    request: &[u8],
    received: &mut Vec<u8>,
) -> Result<rdg::Head, GatewayAnswer>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // What was said before a close is read even when our request did not get through.
    let written = async {
        stream.write_all(request).await?;
        stream.flush().await
    };
    let written = written.await;
    let mut chunk = [0_u8; 2048];
    loop {
        let room = rdg::MAX_HEAD.saturating_sub(received.len()).clamp(1, chunk.len());
        let room = chunk.get_mut(..room).unwrap_or_default();
        match stream.read(room).await {
            Ok(0) => return Err(GatewayAnswer::Closed),
            Ok(count) => received.extend_from_slice(room.get(..count).unwrap_or_default()),
            Err(error) => {
                return Err(ended(written.as_ref().err().unwrap_or(&error), received.len()));
            }
        }
        match rdg::parse_head(received) {
            Parse::NeedMore(_) => {}
            Parse::Done { value: Ok(head), .. } => return Ok(head),
            Parse::Done { value: Err(misread), .. } => {
                return Err(GatewayAnswer::Malformed(misread));
            }
        }
    }
}

/// What an I/O error on an established session means, after `offset` bytes of plaintext.
fn ended(error: &io::Error, offset: usize) -> GatewayAnswer {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match (inner, error.kind()) {
        (Some(rustls::Error::AlertReceived(_)), _) => GatewayAnswer::Closed,
        (Some(_), _) => {
            GatewayAnswer::Malformed(Misread { offset, reason: "bytes that are not TLS" })
        }
        (None, io::ErrorKind::FileTooLarge) => {
            GatewayAnswer::Malformed(Misread { offset, reason: "more than 48 KiB" })
        }
        (None, _) if is_silence(error) => GatewayAnswer::Timeout,
        (None, _) => GatewayAnswer::Closed,
    }
}
