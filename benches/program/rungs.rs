//! CPU of one connection: up to X.224 beside a bare TCP connect, up to the certificate beside
//! `blackbox_exporter`.

#![expect(
    clippy::disallowed_types,
    reason = "a peer is a bare connection, and blackbox_exporter is asked over HTTP"
)]

use crate::table::{Row, largest, median, say};
use crate::usage::{cpu_of, thread_cpu};
use crate::wire::Healthy;
use anyhow::{Context, ensure};
use rdpwatch::domain::sample::{NegotiateOutcome, ProbeKind, TlsOutcome};
use rdpwatch::domain::security::SecurityProtocol;
use rdpwatch::domain::target::Deadlines;
use rdpwatch::probe::attempt::{AttemptPlan, attempt};
use rdpwatch::probe::clock::Clock;
use rdpwatch::probe::connect::connect;
use rdpwatch::proto::x224::connection_request;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::TlsAcceptor;

const RUNS: usize = 3;
const CONNECTIONS: u32 = 500;
const HANDSHAKES: u32 = 200;
const DEEP: u32 = 50;

/// Medians of interleaved runs, in microseconds of CPU on the probing side.
pub(crate) fn measure() -> anyhow::Result<Vec<Row>> {
    let healthy = Healthy::start()?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, healthy.port()));
    let blackbox = Blackbox::start()?;
    let (mut bare, mut plain, mut dialled, mut x224, mut tls, mut peer) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        bare.push(bare_connect(address)?);
        plain.push(plain_client(address)?);
        dialled.push(dial(address)?);
        x224.push(climb(address, ProbeKind::Negotiate, CONNECTIONS)?);
        tls.push(climb(address, ProbeKind::Tls, HANDSHAKES)?);
        if let Some(blackbox) = &blackbox {
            peer.push(blackbox.probe()?);
        }
    }
    let us = |runs: Vec<f64>| format!("{:.0}", median(runs));
    let peer = if blackbox.is_some() {
        format!("blackbox_exporter {}", us(peer))
    } else {
        "no blackbox_exporter".to_owned()
    };
    let deep = deep_ladder(address)?;
    Ok(vec![
        Row::new("whole deep ladder of a healthy host, to the end of its farewell, ms wall", deep)
            .target("150"),
        Row::new("connection up to X.224, µs CPU", us(x224)).target("60").peer(format!(
            "bare connect and close {}, a blocking client that says and hears the same {}",
            us(bare),
            us(plain)
        )),
        Row::new("of it the TCP rung, µs CPU", us(dialled)),
        Row::new("connection up to the certificate, µs CPU", us(tls))
            .target("0.25 x blackbox_exporter")
            .peer(peer),
    ])
}

fn per_round(cpu: Duration, rounds: u32) -> f64 {
    cpu.as_secs_f64() * 1e6 / f64::from(rounds)
}

fn bare_connect(address: SocketAddr) -> anyhow::Result<f64> {
    let before = thread_cpu()?;
    for _ in 0..CONNECTIONS {
        drop(TcpStream::connect(address)?);
    }
    Ok(per_round(thread_cpu()?.saturating_sub(before), CONNECTIONS))
}

/// The same bytes from blocking sockets without a deadline: as little as it can cost.
fn plain_client(address: SocketAddr) -> anyhow::Result<f64> {
    let request = connection_request(SecurityProtocol::OFFERED);
    let mut answer = [0; 64];
    let before = thread_cpu()?;
    for _ in 0..CONNECTIONS {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(&request)?;
        ensure!(stream.read(&mut answer)? == 19, "no confirm");
        stream.shutdown(std::net::Shutdown::Write)?;
        ensure!(stream.read(&mut answer)? == 0, "no end");
    }
    Ok(per_round(thread_cpu()?.saturating_sub(before), CONNECTIONS))
}

fn dial(address: SocketAddr) -> anyhow::Result<f64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let before = thread_cpu()?;
        for _ in 0..CONNECTIONS {
            let (outcome, _stream) = connect(address, Duration::from_secs(5)).await;
            ensure!(outcome.outcome.answered(), "not connected");
        }
        Ok(per_round(thread_cpu()?.saturating_sub(before), CONNECTIONS))
    })
}

fn climb(address: SocketAddr, depth: ProbeKind, rounds: u32) -> anyhow::Result<f64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let plan = AttemptPlan { address, name: None, depth, deadlines: Deadlines::default() };
    let clock = Clock::start();
    runtime.block_on(async {
        let before = thread_cpu()?;
        for _ in 0..rounds {
            let climbed = attempt(&plan, clock).await;
            let confirmed = climbed.negotiate.as_ref().map(|negotiate| &negotiate.outcome);
            ensure!(
                matches!(confirmed, Some(NegotiateOutcome::Confirmed { .. })),
                "no confirm: {climbed:?}"
            );
            let shook = climbed.tls.is_some_and(|tls| tls.outcome == TlsOutcome::Ok);
            ensure!(shook == (depth == ProbeKind::Tls), "no handshake");
        }
        Ok(per_round(thread_cpu()?.saturating_sub(before), rounds))
    })
}

/// Median and worst wall time of an attempt up to NLA, its farewell included.
fn deep_ladder(address: SocketAddr) -> anyhow::Result<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let depth = ProbeKind::Nla;
    let plan = AttemptPlan { address, name: None, depth, deadlines: Deadlines::default() };
    let clock = Clock::start();
    let mut ms = Vec::new();
    runtime.block_on(async {
        for _ in 0..DEEP {
            let began = clock.mono();
            let climbed = attempt(&plan, clock).await;
            ensure!(climbed.nla.is_some(), "it did not get that far: {climbed:?}");
            ms.push(clock.mono().since(began).as_secs_f64() * 1e3);
        }
        Ok(())
    })?;
    Ok(format!("{:.1} (worst {:.1})", median(ms.clone()), largest(&ms)))
}

/// `blackbox_exporter`, with a TLS server for it to look at.
struct Blackbox {
    process: Child,
    exporter: SocketAddr,
    server: SocketAddr,
    _runtime: tokio::runtime::Runtime,
    _folder: tempfile::TempDir,
}

impl Blackbox {
    /// `None` where it is not installed.
    fn start() -> anyhow::Result<Option<Self>> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let server = runtime.block_on(tls_server())?;
        let folder = tempfile::tempdir()?;
        let config = folder.path().join("blackbox.yml");
        std::fs::write(
            &config,
            "modules:\n  tls:\n    prober: tcp\n    timeout: 5s\n    tcp:\n      tls: true\n\
             \x20     tls_config:\n        insecure_skip_verify: true\n",
        )?;
        // A port that was free a moment ago.
        let exporter = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let started = Command::new("prometheus-blackbox-exporter")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--web.listen-address={exporter}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let process = match started {
            Ok(process) => process,
            Err(error) => {
                say(&format!("blackbox_exporter: {error}"))?;
                return Ok(None);
            }
        };
        let this = Self { process, exporter, server, _runtime: runtime, _folder: folder };
        let clock = Clock::start();
        while this.ask().is_err() {
            ensure!(clock.mono().as_nanos() < 10_000_000_000, "blackbox_exporter does not answer");
            std::thread::yield_now();
        }
        Ok(Some(this))
    }

    /// Microseconds of its CPU per probe.
    fn probe(&self) -> anyhow::Result<f64> {
        let before = cpu_of(self.process.id())?;
        for _ in 0..HANDSHAKES {
            self.ask()?;
        }
        Ok(per_round(cpu_of(self.process.id())?.saturating_sub(before), HANDSHAKES))
    }

    fn ask(&self) -> anyhow::Result<()> {
        let mut stream = TcpStream::connect(self.exporter)?;
        write!(
            stream,
            "GET /probe?module=tls&target={} HTTP/1.0\r\nHost: localhost\r\n\r\n",
            self.server
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        ensure!(answer.contains("\nprobe_success 1"), "its probe failed: {answer}");
        Ok(())
    }
}

impl Drop for Blackbox {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A TLS server with a key like that of the scripted host, answering every handshake.
async fn tls_server() -> anyhow::Result<SocketAddr> {
    let made = rcgen::generate_simple_self_signed(vec!["bench".to_owned()])?;
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr().context("no address")?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    drop(tokio::io::copy(&mut stream, &mut tokio::io::sink()).await);
                }
            });
        }
    });
    Ok(address)
}
