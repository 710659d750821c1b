//! What a rule may look at.

use super::echo_series::EchoSeries;
use super::history::{History, Timed};
use super::local::{EchoAccess, LocalState};
use super::memory::TargetMemory;
use super::sample::{Attempt, Connect, Negotiate, Neighbour, Resolution, Tls};
use super::target::Target;
use super::time::Now;
use super::wake::WakeProgress;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Why findings are being made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The dashboard: over time, with raise and clear.
    Watch,
    /// `check`: this moment, from two attempts and a handful of echoes.
    Moment,
}

/// One target's measurements, read-only.
#[derive(Debug, Clone, Copy)]
pub struct TargetView<'a> {
    /// Whose.
    pub target: &'a Target,
    /// The moment of judgement.
    pub now: Now,
    /// Why.
    pub mode: Mode,
    /// The address that is dialled, once known.
    pub dialled: Option<IpAddr>,
    /// Answers to the name, newest last.
    pub resolve: &'a History<Resolution>,
    /// Echo requests.
    pub echo: &'a EchoSeries,
    /// Connections to the dialled address, newest last.
    pub attempts: &'a History<Attempt>,
    /// The newest attempt that went as far as TLS, however long ago.
    pub tls: Option<&'a Timed<Tls>>,
    /// Service times of earlier X.224 answers, newest last, for the baseline.
    pub service_times: &'a History<std::time::Duration>,
    /// Other addresses: published besides the dialled one, or expected and not published.
    pub alternatives: &'a BTreeMap<IpAddr, Timed<Connect>>,
    /// The neighbour table's word on the dialled address.
    pub neighbour: Option<&'a Timed<Neighbour>>,
    /// What earlier runs knew; this run's observations are added after judgement.
    pub memory: &'a TargetMemory,
    /// The latest attempt to wake it.
    pub wake: Option<&'a WakeProgress>,
    /// Everything that is not about this target alone.
    pub around: &'a Surroundings,
}

/// What is not about one target alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Surroundings {
    /// This machine.
    pub local: LocalState,
    /// Whether this machine is offline, or every control that used to answer is gone.
    pub offline: Offline,
    /// What echo over IPv4 may do.
    pub echo_v4: EchoAccess,
    /// What echo over IPv6 may do.
    pub echo_v6: EchoAccess,
    /// Whether the neighbour table can be read.
    pub neighbours_readable: bool,
    /// Targets, other than those known to sleep, that answered something in the last 15 s.
    pub peers_answering: u32,
    /// Targets, other than those known to sleep, that answered nothing in the last 15 s although
    /// they did before.
    pub peers_silent: u32,
}

/// Whether this monitor can judge anybody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Offline {
    /// It can.
    #[default]
    Online,
    /// No interface is up: only loopback targets are judged.
    NoInterface,
    /// Controls that answered ten of ten are silent, all of them: nobody beyond this machine's
    /// own links is judged. Holds the controls.
    ControlsGone(Vec<IpAddr>),
}

impl Default for Surroundings {
    fn default() -> Self {
        Self {
            local: LocalState::default(),
            offline: Offline::default(),
            echo_v4: EchoAccess::Off,
            echo_v6: EchoAccess::Off,
            neighbours_readable: false,
            peers_answering: 0,
            peers_silent: 0,
        }
    }
}

impl<'a> TargetView<'a> {
    /// The newest connection to the dialled address.
    #[must_use]
    pub fn attempt(&self) -> Option<&'a Attempt> {
        self.attempts.last().map(|entry| &entry.value)
    }

    /// The newest TCP outcome.
    #[must_use]
    pub fn connect(&self) -> Option<&'a Connect> {
        self.attempt().map(|attempt| &attempt.connect)
    }

    /// The newest X.224 outcome, `None` when the newest attempt did not get there.
    #[must_use]
    pub fn negotiate(&self) -> Option<&'a Negotiate> {
        self.attempt().and_then(|attempt| attempt.negotiate.as_ref())
    }

    /// The newest answer to the name.
    #[must_use]
    pub fn resolution(&self) -> Option<&'a Resolution> {
        self.resolve.last().map(|entry| &entry.value)
    }

    /// Whether the target is an address of this machine.
    #[must_use]
    pub fn is_self(&self) -> bool {
        self.dialled.is_some_and(|address| self.around.local.owns(address))
    }
}
