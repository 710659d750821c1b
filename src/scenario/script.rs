//! A scenario or an incident, ready to be played: everything in it was understood.

use super::air::Heard;
use super::around::Load;
use super::expect::Expected;
use super::now;
use super::session::Session;
use super::word::{milliseconds, span, split};
use super::wrong::Wrong;
use crate::domain::local::{EchoAccess, LocalState};
use crate::domain::memory::TargetMemory;
use crate::domain::route::Route;
use crate::domain::sample::Sample;
use crate::domain::surroundings::Surroundings;
use crate::domain::target::Target;
use crate::domain::time::{MonoTime, Now, WallTime};
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
    /// This machine's wall clock.
    pub clock: Clock,
    /// A magic packet and when it is sent.
    pub wake: Option<(MonoTime, WakeProgress)>,
    /// A session of this machine on target 0.
    pub session: Option<Session>,
    /// Between two ticks of the monitor.
    pub(super) tick: Duration,
}

/// Both clocks of this machine; the wall clock may be set once.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    /// When, and by how many milliseconds.
    set: Option<(MonoTime, i64)>,
}

impl Clock {
    /// `60s 480h`: when, and by how much; `60s -10m` sets it back.
    pub(super) fn read(text: &str) -> Result<Self, Wrong> {
        let (at, by) = split(text, " ", "WHEN HOW-MUCH, such as 60s -10m")?;
        Ok(Self { set: Some((MonoTime::ZERO.plus(span(at)?), milliseconds(by)?)) })
    }

    /// What they show at a moment.
    #[must_use]
    pub fn now(&self, mono: MonoTime) -> Now {
        let mut now = now(mono);
        if let Some((_, by)) = self.set.filter(|(at, _)| mono >= *at) {
            now.wall = WallTime::from_unix_millis(now.wall.unix_millis().saturating_add(by));
        }
        now
    }
}

/// What is around the targets.
#[derive(Debug, Clone)]
pub enum Ground {
    /// As the rules see it, in place of what a monitor would find out itself.
    Given(Box<Surroundings>),
    /// What a monitor finds out from this machine and its controls.
    Found(Box<Own>),
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
    /// What its interfaces carry.
    pub(super) traffic: Vec<Load>,
    /// How strongly its Wi-Fi hears its access point; without, it has none.
    pub(super) heard: Vec<Heard>,
    /// When every so many-th echo request to a control is lost.
    pub(super) control_loses: BTreeMap<IpAddr, (Range<MonoTime>, u64)>,
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
