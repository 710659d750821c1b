//! One scripted host on loopback: a real port, real connections.

mod door;
mod serve;
mod tls;

use super::certificate::CertificateError;
use super::script::{HostScript, Port, Then, Turn};
use super::udp;
use crate::domain::time::WallTime;
use crate::probe::clock::Clock;
use crate::probe::connect::Stream;
pub(super) use door::{bind, fill, open, reopen};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tls::TlsSide;
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

/// Connections served at once; the next ones wait in the backlog.
const MAX_CONNECTIONS: usize = 32;
/// A connection is dropped after this long, whatever it does.
const LIFETIME: Duration = Duration::from_mins(1);
/// TCP and UDP must share a port: how many are tried.
const PORTS_TRIED: u8 = 16;
/// After an accept that failed: out of file descriptors, usually.
const BREATH: Duration = Duration::from_millis(50);

/// Why a host or server of the demonstration did not start.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// No port to be had.
    #[error("cannot listen on {0}: {1}")]
    Bind(SocketAddr, #[source] io::Error),
    /// Its certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A name that DNS cannot carry.
    #[error("\"{0}\" is not a DNS name")]
    Name(String),
}

/// A running host. It ends when this is dropped.
#[derive(Debug)]
pub struct Host {
    address: SocketAddr,
    connections: Arc<AtomicU64>,
    datagrams: Arc<AtomicU64>,
    task: AbortOnDrop,
    udp: AbortOnDrop,
}

impl Host {
    /// Starts a host on `address`, where port 0 takes a free one.
    ///
    /// # Errors
    /// [`DemoError`] when the port is not to be had or a certificate cannot be made.
    pub async fn start(script: &HostScript, address: SocketAddr) -> Result<Self, DemoError> {
        let failed = |error| DemoError::Bind(address, error);
        let scene = Scene::prepare(script, Clock::wall())?;
        let connections = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&connections);
        let (socket, udp) = bind_both(script, address).map_err(failed)?;
        let datagrams = Arc::new(AtomicU64::new(0));
        let answering = udp::serve(udp, script.udp.clone(), Arc::clone(&datagrams));
        let udp = AbortOnDrop(tokio::spawn(answering).abort_handle());
        let (address, task) = match script.port {
            Port::Closed => {
                let address = socket.local_addr().ok().and_then(|own| own.as_socket());
                let held = tokio::spawn(async move {
                    let _held = socket;
                    std::future::pending::<()>().await;
                });
                (address, held)
            }
            Port::Filtered => {
                let listener = open(socket).map_err(failed)?;
                let address = listener.local_addr().ok();
                let stuffing = fill(&listener).await.map_err(failed)?;
                let held = tokio::spawn(async move {
                    let _held = (listener, stuffing);
                    std::future::pending::<()>().await;
                });
                (address, held)
            }
            Port::Open => {
                let listener = open(socket).map_err(failed)?;
                let address = listener.local_addr().ok();
                let task = tokio::spawn(async move { accept(&listener, &scene, &counter).await });
                (address, task)
            }
        };
        let task = AbortOnDrop(task.abort_handle());
        let address = address.ok_or_else(|| failed(io::ErrorKind::AddrNotAvailable.into()))?;
        Ok(Self { address, connections, datagrams, task, udp })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections it has accepted.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// How many datagrams have come to its UDP port.
    #[must_use]
    pub fn datagrams(&self) -> u64 {
        self.datagrams.load(Ordering::Relaxed)
    }

    /// Ends it and everything it serves. The port is free a moment later.
    pub fn stop(&self) {
        self.task.0.abort();
        self.udp.0.abort();
    }
}

/// Holds a TCP port and, where the script wants it, the UDP port of the same number: a free one
/// is looked for again when the other protocol's is taken.
fn bind_both(
    script: &HostScript,
    address: SocketAddr,
) -> io::Result<(socket2::Socket, Option<udp::Socket>)> {
    let mut tries = if address.port() == 0 { PORTS_TRIED } else { 1 };
    loop {
        let socket = bind(address)?;
        let own = socket.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
        tries -= 1;
        match udp::bind(&script.udp, own) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && tries > 0 => {}
            udp => return Ok((socket, udp?)),
        }
    }
}

/// A task that ends with its owner.
#[derive(Debug)]
pub(super) struct AbortOnDrop(pub(super) AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A script with everything made that it needs.
#[derive(Debug)]
pub(super) struct Scene {
    turns: Vec<Arc<Prepared>>,
}

/// A turn, with the server's side of its TLS.
#[derive(Debug)]
struct Prepared {
    turn: Turn,
    tls: Option<TlsSide>,
}

impl Scene {
    /// Makes the certificates of `script` as of `now`.
    pub(super) fn prepare(script: &HostScript, now: WallTime) -> Result<Self, DemoError> {
        let prepare = |turn: &Turn| {
            let tls = match &turn.then {
                Then::Tls(tls) => Some(TlsSide::prepare(tls, now)?),
                Then::Fin | Then::Rst | Then::Silence => None,
            };
            Ok::<_, DemoError>(Arc::new(Prepared { turn: turn.clone(), tls }))
        };
        let turns = script.turns.iter().map(prepare).collect::<Result<_, _>>()?;
        Ok(Self { turns })
    }
}

/// Accepts and serves until dropped; what is being served ends with it.
pub(super) async fn accept(listener: &TcpListener, scene: &Scene, connections: &AtomicU64) {
    let mut serving = JoinSet::new();
    let mut turns = scene.turns.iter().cycle();
    loop {
        while serving.len() >= MAX_CONNECTIONS {
            serving.join_next().await;
        }
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = serving.join_next() => continue,
        };
        let Ok((stream, _)) = accepted else {
            sleep(BREATH).await;
            continue;
        };
        connections.fetch_add(1, Ordering::Relaxed);
        if let Some(turn) = turns.next() {
            serving.spawn(serve_for_a_while(stream, Arc::clone(turn)));
        }
    }
}

async fn serve_for_a_while(stream: Stream, turn: Arc<Prepared>) {
    // How a connection ends is the client's to measure: nothing is to be done about an error here.
    let _ended = timeout(LIFETIME, serve::serve(stream, &turn)).await;
}
