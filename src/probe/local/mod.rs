//! What this machine knows of itself. Nothing is sent and no name is resolved.

mod changes;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;
mod process;
#[cfg(target_os = "linux")]
mod wifi;

pub use changes::Changes;
#[cfg(target_os = "linux")]
use linux::Network;
#[cfg(not(target_os = "linux"))]
use other::Network;

use crate::domain::local::{Interface, LocalState};
use crate::domain::route::Route;
use crate::probe::clock::Clock;
use crate::probe::resolve::SystemDnsReader;
use process::ProcessMeter;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// Interfaces and the way out, as one platform tells them.
#[derive(Debug, Clone, Default)]
struct Links {
    interfaces: Vec<Interface>,
    gateway: Option<IpAddr>,
    gateway_interface: Option<String>,
    routes: Arc<[Route]>,
}

/// Looks at this machine over and over.
///
/// [`observe`](Self::observe) blocks: on Linux for a fraction of a millisecond (four rtnetlink
/// dumps, two small files, one line of `/proc`, and two dumps of nl80211 where there is Wi-Fi); elsewhere longer, and on Windows for seconds while
/// the gateway is dead. Call it where blocking is allowed.
pub struct LocalObserver {
    network: Network,
    dns: SystemDnsReader,
    process: ProcessMeter,
}

impl LocalObserver {
    /// An observer whose CPU measurement begins here.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            network: Network::new(clock),
            dns: SystemDnsReader::default(),
            process: ProcessMeter::start(clock),
        }
    }

    /// This machine at this moment. What cannot be read is absent.
    ///
    /// `cpu_pct` is the use since the look before last at the latest, `None` at the first.
    #[must_use]
    pub fn observe(&mut self) -> LocalState {
        let links = self.network.read();
        let dns_servers = self.dns.read().servers.iter().map(std::net::SocketAddr::ip).collect();
        let (cpu_pct, memory_bytes) = self.process.read();
        LocalState {
            interfaces: links.interfaces,
            gateway: links.gateway,
            gateway_interface: links.gateway_interface,
            dns_servers,
            routes: links.routes,
            former_endpoints: None,
            cpu_pct,
            memory_bytes,
            hosts_on_loopback: false,
        }
    }
}

impl fmt::Debug for LocalObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalObserver").field("dns", &self.dns).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_loopback_interface_and_uses_memory() {
        let mut observer = LocalObserver::new(Clock::start());
        let state = observer.observe();
        let loopback = state.interfaces.iter().find(|interface| interface.loopback);
        assert!(loopback.is_some_and(|interface| !interface.tunnel && interface.index > 0));
        assert!(state.memory_bytes.is_some_and(|bytes| bytes > 100_000));
        assert_eq!(state.cpu_pct, None, "nothing to compare with yet");
    }
}
