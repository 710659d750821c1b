//! A scenario or an incident, ready to be played: everything in it was understood.

use super::expect::Expected;
use super::session::Session;
use crate::domain::local::{EchoAccess, LocalState};
use crate::domain::memory::TargetMemory;
use crate::domain::route::Route;
use crate::domain::sample::Sample;
use crate::domain::target::Target;
use crate::domain::time::MonoTime;
use crate::domain::view::Surroundings;
use crate::domain::wake::WakeProgress;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// What happens to one target or to many, and what should be told of it.
#[derive(Debug, Clone)]
pub struct Script {
    /// What happens, in words.
    pub name: String,
    /// One `check` rather than a course over time.
    pub moment: bool,
    /// The targets and what earlier runs knew of them.
    pub targets: Vec<(Target, TargetMemory)>,
    /// Every sample, in the order they end in.
    pub samples: Vec<Sample>,
    /// What is expected at which moments.
    pub expected: Vec<Expected>,
    /// What is around the targets: of a scenario, all of it as the rules see it.
    pub around: Ground,
    /// A magic packet and when it is sent.
    pub wake: Option<(MonoTime, WakeProgress)>,
    /// A session of this machine on target 0.
    pub session: Option<Session>,
    /// Between two ticks of the monitor.
    pub(super) tick: Duration,
}

/// What is around the targets.
#[derive(Debug, Clone)]
pub enum Ground {
    /// As the rules see it, in place of what a monitor would find out itself.
    Given(Box<Surroundings>),
    /// What a monitor finds out from this machine and its controls.
    Found(Own),
}

/// This machine's side of an incident.
#[derive(Debug, Clone)]
pub struct Own {
    /// Control addresses.
    pub controls: Vec<IpAddr>,
    /// When they are silent.
    pub(super) controls_silent: Option<Range<MonoTime>>,
    /// When one of them alone is.
    pub(super) control_silent: BTreeMap<IpAddr, Range<MonoTime>>,
    /// This machine's router.
    pub(super) gateway: Option<IpAddr>,
    /// DNS servers of this machine.
    pub(super) dns: Vec<IpAddr>,
    /// Its routes.
    pub(super) routes: Arc<[Route]>,
    /// When the tunnel wg0 is down; without it there is none.
    pub(super) tunnel_down: Option<Range<MonoTime>>,
}

impl Ground {
    /// This machine at a moment.
    #[must_use]
    pub fn local(&self, at: MonoTime) -> LocalState {
        match self {
            Self::Given(around) => around.local.clone(),
            Self::Found(own) => own.local(at),
        }
    }

    /// What echo may do over IPv4 and IPv6, and whether neighbours can be read.
    #[must_use]
    pub fn access(&self) -> (EchoAccess, EchoAccess, bool) {
        match self {
            Self::Given(around) => (around.echo_v4, around.echo_v6, around.neighbours_readable),
            Self::Found(_) => (EchoAccess::Datagram, EchoAccess::Datagram, true),
        }
    }
}

impl Script {
    /// When the last sample has ended.
    #[must_use]
    pub fn last_sample(&self) -> MonoTime {
        self.samples.last().map_or(MonoTime::ZERO, |sample| sample.ended_at)
    }

    /// When everything has happened and was looked at.
    #[must_use]
    pub fn end(&self) -> MonoTime {
        let looked = self.expected.iter().map(Expected::at).max();
        self.last_sample().max(looked.unwrap_or_default())
    }
}
