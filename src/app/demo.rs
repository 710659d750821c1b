//! `demo`: the dashboard over hosts that this process starts itself on loopback.

use super::edge::{Edge, Simulation};
use super::{FAILED, Failure, runtime, watch};
use crate::config::Config;
use crate::demo::scenario::{self, Demo, SIMULATED, SIMULATED_SENTENCE};
use crate::domain::local::LocalState;
use crate::domain::mac::MacAddr;
use crate::domain::sample::Neighbour;
use crate::domain::target::WakeSettings;
use crate::domain::wake::{Reach, WakeDestination, WakeReceipt, WakeSend};
use crate::probe::clock::Clock;
use crate::probe::echo::{Paced, Simulated};
use crate::probe::gateway::{Gateways, Roots};
use crate::probe::resolve::{Resolver, ResolverSettings, SystemDns};
use crate::probe::seam::{LocalSource, Neighbours, Pending, SystemLocal, Waker};
use crate::probe::sessions::NoSessions;
use crate::store::MemoryStore;
use std::net::IpAddr;
use std::sync::Arc;

/// Seeds everything random in the demonstration: every run shows the same.
const SEED: u64 = 0x0904_0007;

/// Runs the demonstration until the user quits. Nothing is remembered.
pub(super) fn demo(config: &Config) -> Result<u8, Failure> {
    let runtime = runtime()?;
    let ended = runtime.block_on(async {
        let demo = scenario::start(SEED).await.map_err(|error| Failure::new(FAILED, error))?;
        // Nobody is told of trouble that is made up.
        let config = Config { targets: demo.targets.clone(), sinks: Vec::new(), ..config.clone() };
        let edge = edge(Arc::new(demo))?;
        watch::show(Arc::new(config), edge, Arc::new(MemoryStore::default()), None).await
    });
    runtime.shutdown_background();
    ended
}

/// Real connections, names and wake packets on loopback; simulated echo and neighbours.
fn edge(demo: Arc<Demo>) -> Result<Edge, Failure> {
    let clock = Clock::start();
    let settings = ResolverSettings { servers: Some(vec![demo.dns]), ..Default::default() };
    let names =
        Resolver::new(settings, SystemDns::read()).map_err(|error| Failure::new(FAILED, error))?;
    Ok(Edge {
        clock,
        echo: Arc::new(Paced::start(Simulated::new(demo.echo()), clock)),
        local: Arc::new(DemoLocal(SystemLocal::new(clock, names.clone()))),
        names: Arc::new(names),
        gateways: Arc::new(Gateways::trusting(Roots::of([demo.authority.clone()]))),
        neighbours: Arc::new(DemoNeighbours(Box::new(demo.neighbours()))),
        sessions: Arc::new(NoSessions),
        client_log: None,
        waker: Arc::new(DemoWaker(demo)),
        seed: SEED,
        simulated: Some(Simulation { label: SIMULATED, sentence: SIMULATED_SENTENCE }),
    })
}

/// This machine, with the watched hosts on its loopback.
struct DemoLocal(SystemLocal);

impl LocalSource for DemoLocal {
    fn observe(&self) -> LocalState {
        LocalState { hosts_on_loopback: true, ..self.0.observe() }
    }
}

/// The simulated neighbour table.
struct DemoNeighbours(Box<dyn Fn(IpAddr) -> Neighbour + Send + Sync>);

impl std::fmt::Debug for DemoNeighbours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DemoNeighbours")
    }
}

impl Neighbours for DemoNeighbours {
    fn look_up(&self, addresses: &[IpAddr], _local: &LocalState) -> Vec<Neighbour> {
        addresses.iter().map(|address| (self.0)(*address)).collect()
    }

    fn readable(&self) -> bool {
        true
    }
}

/// Real magic packets, to the demonstration's own sleepers and nowhere else.
#[derive(Debug)]
struct DemoWaker(Arc<Demo>);

impl Waker for DemoWaker {
    fn wake<'a>(
        &'a self,
        mac: MacAddr,
        _settings: &'a WakeSettings,
        _local: &'a LocalState,
        _address: Option<IpAddr>,
    ) -> Pending<'a, WakeReceipt> {
        Box::pin(async move {
            let (sends, refused) = match self.0.wake(mac).await {
                Ok(Some(there)) => (vec![sent(WakeDestination::Udp(there))], None),
                Ok(None) => (Vec::new(), Some("nobody here has this MAC address".to_owned())),
                Err(error) => (Vec::new(), Some(error.to_string())),
            };
            WakeReceipt {
                at: Clock::wall(),
                mac,
                reach: Some(Reach::OnLink),
                relay: None,
                sends,
                skipped: Vec::new(),
                refused,
            }
        })
    }
}

fn sent(destination: WakeDestination) -> WakeSend {
    let interface = Some("loopback".to_owned());
    WakeSend { interface, source: None, destination, packets: 1, error: None }
}
