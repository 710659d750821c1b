//! What the core reaches the outside through: the real things, or those of the demonstration.

use crate::domain::local::{EchoAccess, EchoCounts, EchoFacts, LocalState};
use crate::monitor::Access;
use crate::probe::client_log::ClientLogSource;
use crate::probe::clock::Clock;
use crate::probe::echo::EchoEngine;
use crate::probe::gateway::Gateways;
use crate::probe::seam::{LocalSource, Names, Neighbours, Waker};
use crate::probe::sessions::SessionSource;
use std::net::IpAddr;
use std::sync::Arc;

/// What is not real.
#[derive(Debug, Clone, Copy)]
pub(super) struct Simulation {
    /// In a few words, for every screen.
    pub label: &'static str,
    /// In a sentence, for the event log.
    pub sentence: &'static str,
}

/// Everything outside, behind its seams.
pub(super) struct Edge {
    /// The clocks.
    pub clock: Clock,
    /// Names.
    pub names: Arc<dyn Names>,
    /// RD Gateways.
    pub gateways: Arc<Gateways>,
    /// Echo requests.
    pub echo: Arc<dyn EchoEngine>,
    /// The neighbour table.
    pub neighbours: Arc<dyn Neighbours>,
    /// This machine's own sessions.
    pub sessions: Arc<dyn SessionSource>,
    /// The log of this machine's own client, where there is one.
    pub client_log: Option<Arc<dyn ClientLogSource>>,
    /// Magic packets.
    pub waker: Arc<dyn Waker>,
    /// This machine.
    pub local: Arc<dyn LocalSource>,
    /// Seeds the jitter of probe times.
    pub seed: u64,
    /// What of this is simulated, for every screen to show.
    pub simulated: Option<Simulation>,
}

impl std::fmt::Debug for Edge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Edge").field("simulated", &self.simulated).finish_non_exhaustive()
    }
}

impl Edge {
    /// What the probes may do here.
    #[must_use]
    pub(super) fn access(&self) -> Access {
        Access {
            echo_v4: self.echo.access(false),
            echo_v6: self.echo.access(true),
            neighbours: self.neighbours.readable(),
        }
    }

    /// Whether echo over ICMP to `address` is possible.
    #[must_use]
    pub(super) fn may_ping(&self, address: IpAddr) -> bool {
        can_ping(self.echo.access(address.is_ipv6()))
    }

    /// What sends echo and what it counted, unless nothing is sent or all of it is simulated.
    #[must_use]
    pub(super) fn engine(&self) -> Option<(EchoFacts, Option<EchoCounts>)> {
        let sends = can_ping(self.echo.access(false)) || can_ping(self.echo.access(true));
        (sends && self.simulated.is_none()).then(|| (self.echo.facts(), self.echo.counts()))
    }

    /// This machine as it is now. Blocks for some milliseconds.
    #[must_use]
    pub(super) fn local_state(&self) -> LocalState {
        self.local.observe()
    }
}

/// Whether echo over ICMP is possible at all.
#[must_use]
pub(super) const fn can_ping(access: EchoAccess) -> bool {
    matches!(access, EchoAccess::Datagram | EchoAccess::Raw)
}
