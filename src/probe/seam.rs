//! The seams of the edge: what `demo` and tests put their own things behind.

use super::clock::Clock;
use super::local::LocalObserver;
use super::neighbour::NeighbourTable;
use super::resolve::Resolver;
use super::wake::wake;
use crate::domain::local::LocalState;
use crate::domain::mac::MacAddr;
use crate::domain::sample::{Neighbour, Resolution};
use crate::domain::target::{Host, WakeSettings};
use crate::domain::wake::WakeReceipt;
use crate::probe::local::Changes;
use std::fmt::Debug;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A future behind a seam.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where names are resolved.
pub trait Names: Debug + Send + Sync {
    /// The name rung of `host`, decided within `deadline`.
    fn resolve<'a>(&'a self, host: &'a Host, deadline: Duration) -> Pending<'a, Resolution>;
}

impl Names for Resolver {
    fn resolve<'a>(&'a self, host: &'a Host, deadline: Duration) -> Pending<'a, Resolution> {
        Box::pin(Self::resolve(self, host, deadline))
    }
}

/// Where the neighbour table is read.
pub trait Neighbours: Debug + Send + Sync {
    /// What the table says of each address. Blocks for a system call or two.
    fn look_up(&self, addresses: &[IpAddr], local: &LocalState) -> Vec<Neighbour>;

    /// Whether there is a table to be read at all.
    fn readable(&self) -> bool;
}

/// The neighbour table of the operating system.
#[derive(Debug, Clone, Copy)]
pub struct SystemNeighbours;

impl Neighbours for SystemNeighbours {
    fn look_up(&self, addresses: &[IpAddr], local: &LocalState) -> Vec<Neighbour> {
        let mut table = NeighbourTable::read(local);
        addresses.iter().map(|address| table.get(*address)).collect()
    }

    fn readable(&self) -> bool {
        cfg!(target_os = "linux")
    }
}

/// Where this machine is looked at.
pub trait LocalSource: Send + Sync {
    /// Interfaces, addresses, gateway, DNS servers, counters, own CPU and memory. Blocks for some
    /// milliseconds.
    fn observe(&self) -> LocalState;

    /// Tells when something of it changed, as far as the operating system does.
    fn changes(&self, clock: Clock) -> Changes {
        Changes::listen(clock)
    }
}

/// The operating system's own tables.
#[derive(Debug)]
pub struct SystemLocal {
    observer: Mutex<LocalObserver>,
    names: Resolver,
}

impl SystemLocal {
    /// An observer whose CPU figure starts now. It keeps `names` up to date with the DNS servers
    /// that the operating system uses.
    #[must_use]
    pub fn new(clock: Clock, names: Resolver) -> Self {
        Self { observer: Mutex::new(LocalObserver::new(clock)), names }
    }
}

impl LocalSource for SystemLocal {
    fn observe(&self) -> LocalState {
        if let Err(error) = self.names.refresh() {
            tracing::warn!(%error, "the DNS servers of the operating system cannot be used");
        }
        self.observer.lock().unwrap_or_else(PoisonError::into_inner).observe()
    }
}

/// Where magic packets leave.
pub trait Waker: Debug + Send + Sync {
    /// Sends them and says what was sent.
    fn wake<'a>(
        &'a self,
        mac: MacAddr,
        settings: &'a WakeSettings,
        local: &'a LocalState,
        address: Option<IpAddr>,
    ) -> Pending<'a, WakeReceipt>;
}

/// The network interfaces of this machine, and the programs of relays.
#[derive(Debug, Clone, Default)]
pub struct SystemWaker {
    hidden: Vec<String>,
}

impl SystemWaker {
    /// Relays do not see the environment variables in `hidden`, which hold secrets of others.
    #[must_use]
    pub const fn hiding(hidden: Vec<String>) -> Self {
        Self { hidden }
    }
}

impl Waker for SystemWaker {
    fn wake<'a>(
        &'a self,
        mac: MacAddr,
        settings: &'a WakeSettings,
        local: &'a LocalState,
        address: Option<IpAddr>,
    ) -> Pending<'a, WakeReceipt> {
        Box::pin(wake(mac, settings, local, address, &self.hidden))
    }
}
