//! What the demonstration puts behind the seams of the edge.

use crate::demo::path::Path;
use crate::demo::sleeper::Power;
use crate::domain::local::LocalState;
use crate::domain::mac::MacAddr;
use crate::domain::sample::{Neighbour, NeighbourState};
use crate::domain::target::{TargetId, WakeSettings};
use crate::domain::wake::{WakeDestination, WakeReceipt, WakeSend};
use crate::probe::clock::Clock;
use crate::probe::seam::{Neighbours, Pending, Waker};
use crate::proto::magic_packet;
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

#[expect(clippy::disallowed_types, reason = "an edge of its own: wake packets on loopback")]
type UdpSocket = tokio::net::UdpSocket;

/// What the simulations know of a target's machine.
pub(super) struct Machine {
    pub(super) path: Path,
    pub(super) mac: MacAddr,
    /// The address that its name leads to.
    pub(super) dialled: IpAddr,
    pub(super) power: Option<Box<dyn Fn() -> Power + Send + Sync>>,
}

impl std::fmt::Debug for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Machine").field("mac", &self.mac).finish_non_exhaustive()
    }
}

impl Machine {
    pub(super) fn power(&self) -> Power {
        self.power.as_ref().map_or(Power::Up, |power| power())
    }
}

/// A neighbour table on which every machine of the demonstration is on-link.
#[derive(Debug, Clone)]
pub struct DemoNeighbours {
    machines: Arc<BTreeMap<TargetId, Machine>>,
}

impl DemoNeighbours {
    pub(super) const fn new(machines: Arc<BTreeMap<TargetId, Machine>>) -> Self {
        Self { machines }
    }

    /// What it says of one address.
    #[must_use]
    pub fn get(&self, address: IpAddr) -> Neighbour {
        let mut here = self.machines.values().filter(|machine| machine.dialled == address);
        let (machine, other) = (here.next(), here.next());
        let (state, mac) = match (machine, other) {
            (Some(machine), None) if machine.power() >= Power::Neighbour => {
                (NeighbourState::Reachable, Some(machine.mac))
            }
            (Some(_), None) => (NeighbourState::Failed, None),
            (None, _) => (NeighbourState::None, None),
            // Where all machines share an address, nothing can be said of any.
            (Some(_), Some(_)) => (NeighbourState::Unknown, None),
        };
        Neighbour { address, state, mac }
    }
}

impl Neighbours for DemoNeighbours {
    fn look_up(&self, addresses: &[IpAddr], _: &LocalState) -> Vec<Neighbour> {
        addresses.iter().map(|address| self.get(*address)).collect()
    }

    fn readable(&self) -> bool {
        true
    }
}

/// Sends real magic packets to the sleepers of the demonstration, over UDP on loopback, and to
/// nobody else.
#[derive(Debug, Clone)]
pub struct DemoWaker {
    sleepers: BTreeMap<MacAddr, SocketAddr>,
}

impl DemoWaker {
    pub(super) const fn new(sleepers: BTreeMap<MacAddr, SocketAddr>) -> Self {
        Self { sleepers }
    }

    async fn send(&self, mac: MacAddr) -> WakeReceipt {
        let mut receipt = WakeReceipt {
            at: Clock::wall(),
            mac,
            on_link: Some(true),
            sends: Vec::new(),
            skipped: Vec::new(),
            refused: None,
        };
        if let Some(there) = self.sleepers.get(&mac) {
            receipt.sends.push(sent(*there, datagram(mac, *there).await));
        } else {
            receipt.on_link = None;
            receipt.refused = Some("the demonstration only wakes its own PCs".to_owned());
        }
        receipt
    }
}

impl Waker for DemoWaker {
    fn wake<'a>(
        &'a self,
        mac: MacAddr,
        _: &'a WakeSettings,
        _: &'a LocalState,
        _: Option<IpAddr>,
    ) -> Pending<'a, WakeReceipt> {
        Box::pin(self.send(mac))
    }
}

async fn datagram(mac: MacAddr, there: SocketAddr) -> io::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    socket.send_to(&magic_packet::encode(mac, None), there).await?;
    Ok(())
}

fn sent(there: SocketAddr, result: io::Result<()>) -> WakeSend {
    WakeSend {
        interface: None,
        source: Some(Ipv4Addr::LOCALHOST.into()),
        destination: WakeDestination::Udp(there),
        packets: u32::from(result.is_ok()),
        error: result.err().map(|error| error.to_string()),
    }
}
