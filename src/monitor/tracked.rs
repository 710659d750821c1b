//! Everything known of one target: its measurements, its findings, its memory.

mod alike;
mod among_others;
mod dialling;
mod judge;
mod picture;
mod record;
mod remember;
mod waking;
mod witness;

pub(super) use alike::{Ailment, Ails};
pub use dialling::Other;
pub use picture::Budget;
pub use record::Change;
pub(super) use witness::BARRED;

use crate::domain::alert::AcceptedLook;
use crate::domain::alternative::Alternative;
use crate::domain::course::Course;
use crate::domain::diagnose::Diagnosis;
use crate::domain::echo_series::EchoSeries;
use crate::domain::finding::RuleId;
use crate::domain::flip::Flips;
use crate::domain::heard::Heard;
use crate::domain::history::{History, Timed};
use crate::domain::lane::Lane;
use crate::domain::leads::Leads;
use crate::domain::mac::MacAddr;
use crate::domain::maintenance::Maintained;
use crate::domain::memory::TargetMemory;
use crate::domain::outage::Outage;
use crate::domain::rules::RULES;
use crate::domain::sample::{
    Attempt, ConnectOutcome, EchoMethod, Gateway, LocalFault, Neighbour, Nla, Observation, PathMtu,
    Resolution, Sample, TcpFacts, Tls, TlsSweep, Udp,
};
use crate::domain::session::Sessions;
use crate::domain::snapshot::{TargetSnapshot, TargetState};
use crate::domain::surroundings::{Offline, Surroundings};
use crate::domain::target::Target;
use crate::domain::time::{MonoTime, Now, WallTime};
use crate::domain::transcripts::Transcripts;
use crate::domain::turns::Visitors;
use crate::domain::usual::Usual;
use crate::domain::wake::WakeProgress;
use judge::fed_by;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// How many answers to the name, and connections, are kept.
pub(super) const KEPT: usize = 16;
/// How many answers of the UDP transport, of the path and of the gateway are kept.
pub(super) const KEPT_DEEP: usize = 8;
/// How many service times make the baseline.
pub(super) const SERVICE_TIMES: usize = 64;
/// So many whole TLS handshakes in a row that are quick make a host that is.
pub(super) const QUICK_TLS: usize = 3;
/// One target with everything measured of it.
#[derive(Debug)]
pub struct Tracked {
    target: Arc<Target>,
    dialled: Option<IpAddr>,
    resolve: History<Resolution>,
    flips: Flips,
    leads: Leads,
    method: EchoMethod,
    echo: EchoSeries,
    attempts: History<Attempt>,
    tls: Option<Timed<Tls>>,
    handshake: Option<Timed<TcpFacts>>,
    nla: Option<Timed<Nla>>,
    sweep: Option<Timed<TlsSweep>>,
    udp: History<Udp>,
    path: History<PathMtu>,
    gateway: History<Gateway>,
    transcripts: Transcripts,
    service_times: History<Duration>,
    tls_times: History<Duration>,
    usual: Usual,
    course: Box<Course>,
    heard: Box<Heard>,
    alternatives: BTreeMap<IpAddr, Alternative>,
    neighbour: Option<Timed<Neighbour>>,
    /// Another machine than the remembered one presented the newest certificate.
    stranger: bool,
    visitors: Visitors,
    memory: TargetMemory,
    wake: Option<WakeProgress>,
    /// The long silence that it is being woken from.
    slept: Option<Now>,
    sessions: Sessions,
    diagnosis: Diagnosis,
    ticked: Option<MonoTime>,
    maintained: Option<Maintained>,
    /// The silence that stood when work on it ended, by its first request.
    excused: Option<Now>,
    state: TargetState,
    state_since: WallTime,
    started: WallTime,
    lane: Lane,
    picture: Option<Arc<TargetSnapshot>>,
    /// Something that `picture` shows is not what it was.
    changed: bool,
}

impl Tracked {
    /// A target of which nothing is measured yet.
    #[must_use]
    pub fn new(target: Arc<Target>, memory: TargetMemory, method: EchoMethod, now: Now) -> Self {
        let dialled = target.host.address();
        Self {
            target,
            dialled,
            resolve: History::new(KEPT),
            flips: Flips::default(),
            leads: Leads::default(),
            method,
            echo: EchoSeries::default(),
            attempts: History::new(KEPT),
            tls: None,
            handshake: None,
            nla: None,
            sweep: None,
            udp: History::new(KEPT_DEEP),
            path: History::new(KEPT_DEEP),
            gateway: History::new(KEPT_DEEP),
            transcripts: Transcripts::default(),
            service_times: History::new(SERVICE_TIMES),
            tls_times: History::new(QUICK_TLS),
            usual: Usual::default(),
            course: Box::default(),
            heard: Box::new(Heard::after(memory.port_fails(now.wall))),
            alternatives: BTreeMap::new(),
            neighbour: None,
            stranger: false,
            visitors: Visitors::default(),
            memory,
            wake: None,
            slept: None,
            sessions: Sessions::default(),
            diagnosis: Diagnosis::default(),
            ticked: None,
            maintained: None,
            excused: None,
            state: TargetState::NotMeasured,
            state_since: now.wall,
            started: now.wall,
            lane: Lane::default(),
            picture: None,
            changed: true,
        }
    }

    /// Its configuration.
    #[must_use]
    pub const fn target(&self) -> &Arc<Target> {
        &self.target
    }

    /// Waits for a word on rules whose alerts fired in an earlier run, since then.
    pub fn wait_for(&mut self, rules: Vec<(RuleId, WallTime)>) {
        self.diagnosis.wait_for(rules);
    }

    /// What the diagnosis says of a rule whose finding somebody accepted.
    pub(super) fn look(&self, rule: RuleId) -> AcceptedLook {
        self.diagnosis.look(rule)
    }

    /// Its last hours, by the minute.
    #[must_use]
    pub const fn lane(&self) -> &Lane {
        &self.lane
    }

    /// Takes over a changed configuration of the same host and port.
    pub(super) fn set_target(&mut self, target: Arc<Target>) {
        if self.target.gateway != target.gateway {
            self.gateway = History::new(KEPT_DEEP);
        }
        self.target = target;
        self.ticked = None;
        self.changed = true;
    }

    /// The address that is dialled, once known.
    #[must_use]
    pub const fn dialled(&self) -> Option<IpAddr> {
        self.dialled
    }

    /// What is worth remembering of it.
    #[must_use]
    pub const fn memory(&self) -> &TargetMemory {
        &self.memory
    }

    /// What is worth remembering of it, to be amended.
    pub const fn memory_mut(&mut self) -> &mut TargetMemory {
        self.changed = true;
        &mut self.memory
    }

    /// Its echo requests.
    #[must_use]
    pub const fn echo(&self) -> &EchoSeries {
        &self.echo
    }

    /// The newest answer to its name.
    #[must_use]
    pub fn resolution(&self) -> Option<&Resolution> {
        self.resolve.last().map(|entry| &entry.value)
    }

    /// The newest connection.
    #[must_use]
    pub fn attempt(&self) -> Option<&Attempt> {
        self.attempts.last().map(|entry| &entry.value)
    }

    /// Hardware address to wake: the configured one, else the learnt one.
    #[must_use]
    pub fn mac(&self) -> Option<MacAddr> {
        self.target.mac.or(self.memory.mac)
    }

    /// The newest answer to CredSSP.
    #[must_use]
    pub const fn nla(&self) -> Option<&Timed<Nla>> {
        self.nla.as_ref()
    }

    /// Forgets the statistics of echo, and what was usual; not what was found.
    pub fn reset_statistics(&mut self) {
        self.changed = true;
        self.usual = Usual::default();
        self.echo.reset();
    }

    /// Takes in a sample and judges what it feeds.
    pub fn observe(&mut self, sample: &Sample, around: &Surroundings, now: Now) -> Change {
        self.changed = true;
        let sleeps = self.follow_wake(sample, around);
        let mut change = self.record(sample);
        self.hear(sample);
        if let Observation::Resolve(answer) = &sample.observation {
            self.flips.observe(sample.sent_at, answer, &around.tunnel_changes);
            if self.target.host.name().is_some() {
                self.leads.observe(sample.sent_at, answer);
            }
        }
        if let Observation::Attempt(attempt) = &sample.observation
            && (around.offline == Offline::Online || self.is_on_living_link(around))
            && !self.is_not_dialled(attempt.connect.address.ip())
        {
            change.course = self.course.observe(sample.sent_at, attempt);
        }
        if change.dialled {
            self.diagnosis.another_address(RULES);
            *self.course = Course::default();
            self.usual = Usual::default();
            *self.heard = Heard::default();
        }
        let settled = self.judge(fed_by(&sample.observation), around, now);
        let stranger = self.meet_stranger(sample, around, now);
        Change { memory: self.remember(sample) || sleeps, sleeps, stranger, settled, ..change }
    }

    /// Makes every loss since `start` void, also of connections, and what was not decided yet: this
    /// machine was offline.
    pub fn void_losses_since(&mut self, start: MonoTime) {
        self.changed = true;
        self.echo.void_losses_since(start);
        for entry in self.attempts.recent_mut().take_while(|entry| entry.at.mono >= start) {
            if matches!(
                entry.value.connect.outcome,
                ConnectOutcome::Timeout | ConnectOutcome::Unreachable
            ) {
                entry.value.connect.outcome = ConnectOutcome::LocalError(LocalFault::Offline);
            }
        }
        self.diagnosis.forget_undecided();
        self.course.void_since(start);
        self.heard.void_since(start);
    }

    /// Whatever it was silent for in `outage` was the path's silence.
    pub fn came_through(&mut self, outage: &Outage) {
        let id = self.target.id;
        self.course.forget_silence(|since| outage.lost(id, since));
    }

    /// Notes when the dialled address was tried and heard.
    fn hear(&mut self, sample: &Sample) {
        match &sample.observation {
            Observation::Attempt(attempt) if !self.is_not_dialled(attempt.connect.address.ip()) => {
                self.heard.observe_attempt(sample.sent_at, attempt, &self.echo);
                self.flips.observe_attempt(sample.sent_at, attempt);
            }
            Observation::Echo(echo) if !self.is_not_dialled(echo.address) => {
                self.heard.observe_echo(sample.sent_at, echo);
            }
            _ => {}
        }
    }

    /// What its echo is measured by.
    #[must_use]
    pub const fn echo_method(&self) -> EchoMethod {
        self.method
    }

    /// Its surroundings changed: the next picture is a new one.
    pub const fn set_changed(&mut self) {
        self.changed = true;
    }

    /// Whether work is planned on it.
    #[must_use]
    pub const fn maintained(&self) -> Option<&Maintained> {
        self.maintained.as_ref()
    }

    /// Says whether work is planned on it.
    pub fn set_maintained(&mut self, maintained: Option<Maintained>) {
        if self.maintained != maintained {
            if maintained.is_none() {
                self.excused = self.echo.trailing_losses().1;
            }
            self.maintained = maintained;
            self.changed = true;
        }
    }
}
