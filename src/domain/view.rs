//! What a rule may look at.

mod card;
mod presence;

pub use card::OtherCard;
pub use presence::{Beside, EchoWord, Presence, Silence};

use super::alternative::Alternative;
use super::echo_series::EchoSeries;
use super::flip::Flips;
use super::heard::Heard;
use super::history::{History, Timed};
use super::leads::Leads;
use super::memory::TargetMemory;
use super::sample::{
    Attempt, Connect, ConnectOutcome, EchoOutcome, Gateway, GatewayStage, IcmpError, Neighbour,
    NeighbourState, Nla, PathMtu, Resolution, TcpFacts, Tls, TlsSweep, Udp,
};
use super::session::Sessions;
use super::surroundings::{Offline, Surroundings};
use super::target::{Expected, Target};
use super::time::Now;
use super::usual::Usual;
use super::wake::WakeProgress;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

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
    /// Whether the answer changed with a tunnel.
    pub flips: &'a Flips,
    /// Where the name led, further back than whole answers are kept.
    pub leads: &'a Leads,
    /// Echo requests.
    pub echo: &'a EchoSeries,
    /// Connections to the dialled address, newest last.
    pub attempts: &'a History<Attempt>,
    /// When it was tried and heard, further back than whole connections are kept.
    pub heard: &'a Heard,
    /// The newest attempt that went as far as TLS, however long ago.
    pub tls: Option<&'a Timed<Tls>>,
    /// What the kernel counted on the newest connection that went as far as TLS.
    pub handshake: Option<&'a Timed<TcpFacts>>,
    /// The newest attempt that went as far as CredSSP, however long ago.
    pub nla: Option<&'a Timed<Nla>>,
    /// The newest sweep of TLS versions and suites.
    pub sweep: Option<&'a Timed<TlsSweep>>,
    /// Answers of the UDP transport, newest last.
    pub udp: &'a History<Udp>,
    /// Measurements of the path MTU, newest last.
    pub path: &'a History<PathMtu>,
    /// Answers of the RD Gateway, newest last.
    pub gateway: &'a History<Gateway>,
    /// Service times of earlier X.224 answers, newest last, for the baseline.
    pub service_times: &'a History<Duration>,
    /// How long the newest whole TLS handshakes took beyond the network, newest last.
    pub tls_times: &'a History<Duration>,
    /// What was usual before a finding stood that compares with it.
    pub usual: Usual,
    /// Other addresses: published besides the dialled one, or expected and not published.
    /// Under the dialled one: a climb without the name.
    pub alternatives: &'a BTreeMap<IpAddr, Alternative>,
    /// The neighbour table's word on the dialled address.
    pub neighbour: Option<&'a Timed<Neighbour>>,
    /// What earlier runs knew; this run's observations are added after judgement.
    pub memory: &'a TargetMemory,
    /// The latest attempt to wake it.
    pub wake: Option<&'a WakeProgress>,
    /// This machine's own sessions on it.
    pub sessions: &'a Sessions,
    /// Everything that is not about this target alone.
    pub around: &'a Surroundings,
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

    /// The newest connection, unless this machine could not try it or it went to an address that
    /// is not dialled any more.
    #[must_use]
    pub fn measured(&self) -> Option<&'a Timed<Attempt>> {
        self.attempts.last().filter(|entry| {
            let connect = &entry.value.connect;
            !matches!(connect.outcome, ConnectOutcome::LocalError(_))
                && self.dialled.is_none_or(|dialled| dialled == connect.address.ip())
        })
    }

    /// The newest connection where its outcome may be taken at its word: in a single moment the
    /// first try and the retry must agree.
    #[must_use]
    pub fn settled(&self) -> Option<&'a Timed<Attempt>> {
        self.measured().filter(|_| !self.tries_disagree())
    }

    /// In a single moment: one try went through and the other did not.
    #[must_use]
    pub fn tries_disagree(&self) -> bool {
        let mut tries =
            self.attempts.recent().map(|entry| &entry.value).filter(|attempt| {
                !matches!(attempt.connect.outcome, ConnectOutcome::LocalError(_))
            });
        let pair = (tries.next(), tries.next());
        let (Mode::Moment, (Some(last), Some(before))) = (self.mode, pair) else {
            return false;
        };
        last.works() != before.works()
    }

    /// The newest look at the RD Gateway that may be taken at its word: this machine could look,
    /// was not offline, and in a single moment the first try and the retry agree.
    #[must_use]
    pub fn gateway_measured(&self) -> Option<&'a Timed<Gateway>> {
        self.target.gateway.as_ref()?;
        let measured =
            |entry: &&'a Timed<Gateway>| entry.value.stage() != GatewayStage::NotMeasured;
        let mut looks = self.gateway.recent().filter(measured);
        let newest = looks.next()?;
        let wavers = self.mode == Mode::Moment
            && looks.next().is_some_and(|before| before.value.answers() != newest.value.answers());
        let local = &self.around.local;
        let at_home = newest.value.connect.is_some_and(|connect| local.owns(connect.address.ip()));
        (!wavers && (self.around.offline == Offline::Online || at_home)).then_some(newest)
    }

    /// Addresses that the name has besides the dialled one, with how they answered.
    pub fn published_alternatives(
        &self,
    ) -> impl Iterator<Item = (IpAddr, &'a Timed<Connect>)> + use<'a> {
        let published: &'a [IpAddr] =
            self.resolution().map_or(&[], |resolution| resolution.addresses.as_slice());
        let dialled = self.dialled;
        self.alternatives
            .iter()
            .map(|(address, other)| (*address, &other.newest))
            .filter(move |(address, _)| published.contains(address) && Some(*address) != dialled)
    }

    /// Whether silence of this target is taken as sleep: its kind, its hours, or what was seen.
    #[must_use]
    pub fn may_sleep(&self) -> bool {
        self.target.may_sleep_as(self.expected(), self.memory)
    }

    /// What is expected of the target at this moment; of a single moment, hours say nothing.
    #[must_use]
    pub fn expected(&self) -> Expected {
        match self.mode {
            Mode::Watch => self.target.expected_at(self.now.wall, &self.around.zone),
            Mode::Moment => self.target.expected,
        }
    }

    /// Whether `connect` failed at this machine's gateway: the kernel found no neighbour to send
    /// to, and the host itself is none.
    #[must_use]
    pub fn gateway_is_silent(&self, connect: &Connect) -> bool {
        connect.outcome == ConnectOutcome::Unreachable
            && connect.icmp_is_ours
            && self.neighbour.is_some_and(|entry| entry.value.state == NeighbourState::NotOnLink)
    }

    fn is_echo_answer(&self, outcome: &EchoOutcome) -> bool {
        match outcome {
            EchoOutcome::Reply { .. } | EchoOutcome::Answered | EchoOutcome::Late { .. } => true,
            EchoOutcome::Unreachable(error) => self.said_by_host(error),
            EchoOutcome::Lost | EchoOutcome::Void(_) => false,
        }
    }

    fn said_by_host(&self, error: &IcmpError) -> bool {
        error.from.is_some()
            && error.from == self.dialled
            && error.from.is_some_and(|from| !self.around.local.owns(from))
    }
}
