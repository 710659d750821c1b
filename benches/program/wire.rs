//! What is watched: addresses of 127.0.0.0/8, with a scripted host on all of them; and what of it
//! is seen on the loopback interface.

use anyhow::Context;
use rdpwatch::demo::certificate::CertificateSpec;
use rdpwatch::demo::host::Host;
use rdpwatch::demo::script::HostScript;
use rdpwatch::probe::clock::Clock;
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::BTreeMap;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::runtime::Runtime;

/// The first `count` addresses from 127.1.0.1 on.
pub(crate) fn addresses(count: u32) -> impl Iterator<Item = Ipv4Addr> {
    let first = u32::from(Ipv4Addr::new(127, 1, 0, 1));
    (first..first + count).map(Ipv4Addr::from)
}

/// A healthy Windows on every address of this machine.
#[derive(Debug)]
pub(crate) struct Healthy {
    host: Host,
    _runtime: Runtime,
}

impl Healthy {
    /// Starts it on a free port.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let script = HostScript::windows(CertificateSpec::windows("BENCH", 100));
        let anywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let host = runtime.block_on(Host::start(&script, anywhere))?;
        Ok(Self { host, _runtime: runtime })
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        self.host.address().port()
    }

    /// Connections accepted so far.
    pub(crate) fn connections(&self) -> u64 {
        self.host.connections()
    }

    /// `count` targets of it, as arguments.
    pub(crate) fn targets(&self, count: u32) -> Vec<String> {
        addresses(count).map(|ip| format!("{ip}:{}", self.port())).collect()
    }
}

/// Echo requests seen on the loopback interface.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Requests per address.
    pub(crate) requests: BTreeMap<Ipv4Addr, u32>,
    /// Seconds between two requests to one address, of all addresses, sorted.
    pub(crate) gaps: Vec<f64>,
}

/// Reads every ICMP echo request to the [`addresses`] for so long. Needs root.
pub(crate) fn listen(length: Duration) -> anyhow::Result<Seen> {
    let mut socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4))
        .context("a raw socket needs root")?;
    socket.set_recv_buffer_size(8 << 20)?;
    socket.set_read_timeout(Some(Duration::from_millis(50)))?;
    let clock = Clock::start();
    let mut packet = [0; 2_048];
    let mut last = BTreeMap::new();
    let mut seen = Seen { requests: BTreeMap::new(), gaps: Vec::new() };
    while clock.mono().since(rdpwatch::domain::time::MonoTime::ZERO) < length {
        let Ok(bytes) = socket.read(&mut packet) else { continue };
        let Some(to) = echo_request(packet.get(..bytes).unwrap_or_default()) else { continue };
        let now = clock.mono();
        *seen.requests.entry(to).or_default() += 1;
        if let Some(before) = last.insert(to, now) {
            seen.gaps.push(now.since(before).as_secs_f64());
        }
    }
    seen.gaps.sort_by(f64::total_cmp);
    Ok(seen)
}

/// The destination of an echo request to 127.1.0.0/16 (RFC 791 section 3.1, RFC 792).
fn echo_request(packet: &[u8]) -> Option<Ipv4Addr> {
    let header = usize::from(packet.first()? & 0x0f) * 4;
    let to: [u8; 4] = packet.get(16..20)?.try_into().ok()?;
    let to = Ipv4Addr::from(to);
    (*packet.get(header)? == 8 && matches!(to.octets(), [127, 1, ..])).then_some(to)
}
