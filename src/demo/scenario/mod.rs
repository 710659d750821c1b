//! The set of hosts that `rdpwatch demo` watches, and everything around them.

mod hosts;
mod machine;

use super::certificate::authority;
use super::dns::{DnsServer, Reply, Table};
use super::host::{DemoError, Host};
use super::path::Path;
use super::sleeper::{Power, SleepScript, Sleeper};
use crate::domain::mac::MacAddr;
use crate::domain::sample::Neighbour;
use crate::domain::target::{
    self, Cadence, Expected, GatewayAddress, GatewayUsage, Target, TargetId, WakeSettings,
};
use crate::probe::clock::Clock;
use crate::probe::echo::{EchoRequest, Simulated, WireEnd};
use crate::proto::magic_packet;
use hosts::{Is, NameIs, ROWS, Row};
use machine::Machine;
use rustls::pki_types::CertificateDer;
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// What is not real about the demonstration, in the few words that fit every screen.
pub const SIMULATED: &str = "echo, loss, neighbours";

/// The same in a sentence, for the event log.
pub const SIMULATED_SENTENCE: &str = "echo, delay, loss and neighbours are simulated; connections, \
                                      names, certificates and wake packets are real, on loopback";

/// The domain of every name.
const DOMAIN: &str = "demo.test";
/// From the magic packet to the neighbour table, to echo, to TCP, to X.224.
const WAKING: [Duration; 4] = [
    Duration::from_millis(600),
    Duration::from_millis(1_800),
    Duration::from_millis(2_500),
    Duration::from_secs(2),
];
/// A woken PC falls asleep again after this long.
const AWAKE: Duration = Duration::from_mins(3);

#[expect(clippy::disallowed_types, reason = "an edge of its own: wake packets on loopback")]
type UdpSocket = tokio::net::UdpSocket;

/// The running demonstration. Its hosts end when it is dropped.
#[derive(Debug)]
pub struct Demo {
    /// What to watch. Ports differ from run to run.
    pub targets: Vec<Target>,
    /// The only DNS server to ask; answers over UDP and TCP.
    pub dns: SocketAddr,
    /// The only authority that RD Gateways are held against.
    pub authority: CertificateDer<'static>,
    seed: u64,
    machines: Arc<BTreeMap<TargetId, Machine>>,
    hosts: Vec<Host>,
    sleepers: Vec<Sleeper>,
    _dns: DnsServer,
}

/// Starts every host of the demonstration.
///
/// # Errors
/// [`DemoError`] when a port is not to be had or a certificate cannot be made.
pub async fn start(seed: u64) -> Result<Demo, DemoError> {
    let (mut targets, mut table) = (Vec::new(), Table::new());
    let (mut hosts, mut sleepers, mut machines) = (Vec::new(), Vec::new(), BTreeMap::new());
    let (gateway, host) = start_gateway(&mut table).await?;
    hosts.push(host);
    for (index, row) in (0..).zip(ROWS) {
        let mut target = watched(TargetId(index), row);
        target.gateway = row.via_gateway.then(|| gateway.clone());
        let own = loopback(row.address);
        let mut dialled = own;
        let mut power: Option<Box<dyn Fn() -> Power + Send + Sync>> = None;
        match row.is {
            Is::Host(script) => {
                let host = Host::start(&script(), (own, 0).into()).await?;
                target.port = host.address().port();
                hosts.push(host);
            }
            Is::Sleeper(script) => {
                let sleeper = Sleeper::start(sleep_script(row, script()), own).await?;
                target.port = sleeper.address().port();
                let wake = sleeper.wake_address();
                target.wake.ports = vec![wake.port()];
                target.wake.address = Some(wake.ip());
                power = Some(Box::new(sleeper.watch()));
                sleepers.push(sleeper);
            }
        }
        let name = format!("{}.{DOMAIN}", row.name);
        match row.name_is {
            NameIs::Right => {
                target.expect = vec![own];
                table.insert(name, Reply::Addresses(vec![own]).into());
            }
            NameIs::Elsewhere(address) => {
                dialled = loopback(address);
                target.expect = vec![own];
                // Another machine on the same port, where addresses can differ.
                if dialled != own {
                    let there = SocketAddr::from((dialled, target.port));
                    hosts.push(Host::start(&hosts::imposter(), there).await?);
                }
                table.insert(name, Reply::Addresses(vec![dialled]).into());
            }
            NameIs::Gone => {
                target.expect = vec![own];
                table.insert(name, Reply::NxDomain.into());
            }
        }
        let machine = Machine { path: row.path, mac: mac(row), dialled, power };
        machines.insert(target.id, machine);
        targets.push(target);
    }
    let dns = DnsServer::start(&table, IpAddr::V4(Ipv4Addr::LOCALHOST)).await?;
    let (authority, _) = authority(hosts::AUTHORITY, Clock::wall())?;
    Ok(Demo {
        targets,
        dns: dns.address(),
        authority: authority.into(),
        seed,
        machines: Arc::new(machines),
        hosts,
        sleepers,
        _dns: dns,
    })
}

/// Starts the RD Gateway, and says where it is.
async fn start_gateway(table: &mut Table) -> Result<(GatewayAddress, Host), DemoError> {
    let (label, address) = hosts::GATEWAY;
    let (name, own) = (format!("{label}.{DOMAIN}"), loopback(address));
    let host = Host::start(&hosts::gateway(&name), (own, 0).into()).await?;
    table.insert(name.clone(), Reply::Addresses(vec![own]).into());
    let address = GatewayAddress {
        host: target::Host::Name(name),
        port: host.address().port(),
        usage: GatewayUsage::Always,
    };
    Ok((address, host))
}

fn watched(id: TargetId, row: &Row) -> Target {
    let host = target::Host::Name(format!("{}.{DOMAIN}", row.name));
    let mut target = Target::new(id, row.name, host);
    target.group = Some(row.group.to_owned());
    target.kind = row.kind;
    if row.kind.sleeps() {
        target.expected = Expected::OnDemand;
    }
    target.mac = matches!(row.is, Is::Sleeper(_)).then(|| mac(row));
    target.wake = WakeSettings::default();
    // Loopback costs nobody anything: changes are to be seen while one looks.
    target.cadence = Cadence {
        resolve: Duration::from_secs(10),
        negotiate: Duration::from_secs(10),
        negotiate_alert: Duration::from_secs(5),
        tls: Duration::from_secs(30),
        neighbour: Duration::from_secs(2),
        ..Cadence::default()
    };
    target
}

fn sleep_script(row: &Row, host: super::script::HostScript) -> SleepScript {
    SleepScript { mac: mac(row), steps: WAKING, awake: Some(AWAKE), host }
}

/// An address of its own for each machine where all of 127.0.0.0/8 is this machine's; elsewhere
/// only their ports differ.
fn loopback([third, fourth]: [u8; 2]) -> IpAddr {
    if cfg!(target_os = "linux") {
        IpAddr::from([127, 77, third, fourth])
    } else {
        IpAddr::V4(Ipv4Addr::LOCALHOST)
    }
}

/// Locally administered, and made of the address.
const fn mac(row: &Row) -> MacAddr {
    let [third, fourth] = row.address;
    MacAddr([0x02, 0x77, 0x1a, 0x00, third, fourth])
}

impl Demo {
    /// The script of [`Simulated`]: when and how each echo request ends.
    pub fn echo(
        &self,
    ) -> impl Fn(&EchoRequest) -> (Duration, WireEnd) + Send + Sync + 'static + use<> {
        let (machines, seed) = (Arc::clone(&self.machines), self.seed);
        move |request| match machines.get(&request.target) {
            Some(machine) if machine.power() >= Power::Echo => {
                let seed = seed ^ u64::from(request.target.0) << 32;
                machine.path.answer(seed, request.seq)
            }
            Some(_) => Simulated::silence(),
            // Controls and expected addresses: this machine itself.
            None => Simulated::reply(Path::LAN.base),
        }
    }

    /// What the simulated neighbour table says of an address: every machine is on-link.
    pub fn neighbours(&self) -> impl Fn(IpAddr) -> Neighbour + Send + Sync + 'static + use<> {
        let machines = Arc::clone(&self.machines);
        move |address| machine::neighbour(machines.values(), address)
    }

    /// Sends one magic packet to the sleeper with this hardware address, over UDP on loopback and
    /// nowhere else. Says where it went; `None` when no sleeper has that address.
    ///
    /// # Errors
    /// That of the socket.
    pub async fn wake(&self, mac: MacAddr) -> io::Result<Option<SocketAddr>> {
        let Some(sleeper) = self.sleepers.iter().find(|sleeper| sleeper.mac() == mac) else {
            return Ok(None);
        };
        let there = sleeper.wake_address();
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        socket.send_to(&magic_packet::encode(mac, None), there).await?;
        Ok(Some(there))
    }

    /// The PCs that sleep.
    #[must_use]
    pub fn sleepers(&self) -> &[Sleeper] {
        &self.sleepers
    }

    /// How many connections all hosts have accepted.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.hosts.iter().map(Host::connections).sum()
    }
}

#[cfg(test)]
mod tests;
