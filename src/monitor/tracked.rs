//! Everything known of one target: its measurements, its findings, its memory.

mod dialling;
mod remember;

pub use dialling::Other;

use crate::domain::alternative::Alternative;
use crate::domain::certificate::Thumbprint;
use crate::domain::course::Course;
use crate::domain::diagnose::{Diagnosed, Diagnosis, Weighed, judge_moment, weigh};
use crate::domain::drops::Spell;
use crate::domain::echo_series::EchoSeries;
use crate::domain::finding::{Finding, RuleId};
use crate::domain::history::{History, Timed};
use crate::domain::ladder::ladder;
use crate::domain::lane::Lane;
use crate::domain::mac::MacAddr;
use crate::domain::maintenance::Maintained;
use crate::domain::memory::TargetMemory;
use crate::domain::outage::Member;
use crate::domain::rules::{RULES, drop_of};
use crate::domain::sample::{
    Attempt, Echo, EchoMethod, EchoOutcome, Gateway, Neighbour, Nla, NlaOutcome, Observation,
    PathMtu, PathOutcome, ProbeKind, Resolution, Sample, TcpFacts, Tls, TlsOutcome, TlsSweep, Udp,
    UdpOutcome, echo_from_connect,
};
use crate::domain::session::{SessionEnd, SessionEvent, SessionLook, Sessions};
use crate::domain::siblings::Sibling;
use crate::domain::snapshot::{SPARK_SLOTS, TargetSnapshot, TargetState};
use crate::domain::target::{Expected, Host, Target};
use crate::domain::time::{MonoTime, Now, WallTime};
use crate::domain::transcripts::Transcripts;
use crate::domain::verdict;
use crate::domain::view::{Mode, Offline, Surroundings, TargetView};
use crate::domain::wake::{WakeProgress, WakeRung};
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
/// Unanswered ICMP echoes, from the start, before TCP is used in their place.
const ICMP_GIVEN_UP_AFTER: u32 = 10;
/// Between judgements of what ages.
const TICK: Duration = Duration::from_secs(10);
/// What ages without a sample is shown at most this old.
const PICTURE: Duration = Duration::from_secs(1);
/// How far back drops are shown.
const DAY: Duration = Duration::from_hours(24);
/// The window of the screen.
const MINUTE: Duration = Duration::from_mins(1);

/// One target with everything measured of it.
#[derive(Debug)]
pub struct Tracked {
    target: Arc<Target>,
    dialled: Option<IpAddr>,
    resolve: History<Resolution>,
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
    course: Box<Course>,
    alternatives: BTreeMap<IpAddr, Alternative>,
    neighbour: Option<Timed<Neighbour>>,
    /// Another machine than the remembered one presented the newest certificate.
    stranger: bool,
    memory: TargetMemory,
    wake: Option<WakeProgress>,
    sessions: Sessions,
    diagnosis: Diagnosis,
    ticked: Option<MonoTime>,
    maintained: Option<Maintained>,
    state: TargetState,
    state_since: WallTime,
    started: WallTime,
    lane: Lane,
    picture: Option<Arc<TargetSnapshot>>,
    /// Something that `picture` shows is not what it was.
    changed: bool,
}

/// What a sample changed, for whoever schedules and remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, not modes")]
pub struct Change {
    /// A lower rung began or ceased to work.
    pub ladder: bool,
    /// Another address is dialled.
    pub dialled: bool,
    /// Something worth remembering between runs.
    pub memory: bool,
    /// Echo is measured by the other method.
    pub method: bool,
    /// Another machine than the remembered one began to answer.
    pub stranger: bool,
    /// A rung of its connection began to work or to fail.
    pub course: bool,
    /// Its gateway answers otherwise than before, or fails at first sight.
    pub gateway: bool,
    /// Whether CredSSP was answered as by a sound host; `None` when it was not asked.
    pub nla: Option<bool>,
    /// Whether the UDP transport is silent where it answered lately; `None` when it was not asked.
    pub udp_missed: Option<bool>,
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
            course: Box::default(),
            alternatives: BTreeMap::new(),
            neighbour: None,
            stranger: false,
            memory,
            wake: None,
            sessions: Sessions::default(),
            diagnosis: Diagnosis::default(),
            ticked: None,
            maintained: None,
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

    /// The self-signed certificate that it presents, and the NTLM name beside it; `None` for
    /// `FreeRDP`, whose name is that of a Unix machine.
    #[must_use]
    pub fn self_signed(&self) -> Option<(Thumbprint, &str)> {
        let certificate = self.tls.as_ref()?.value.certificate.as_ref()?;
        let identity = self.nla.as_ref()?.value.identity.as_ref().filter(|ntlm| !ntlm.winpr)?;
        let name = identity.computer.as_deref().or(identity.dns_computer.as_deref())?;
        certificate.self_signed.then_some((certificate.sha256, name))
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

    /// Its wake-up under way or last ended.
    #[must_use]
    pub const fn wake(&self) -> Option<&WakeProgress> {
        self.wake.as_ref()
    }

    /// What it is to an outage of a path; `None` for this machine itself, and before it answered
    /// an echo request.
    #[must_use]
    pub fn member<'a>(&'a self, around: &'a Surroundings, now: WallTime) -> Option<Member<'a>> {
        let local = &around.local;
        let address = self.dialled().filter(|address| !local.owns(*address))?;
        let remembered = || {
            let first = self.echo.points().next();
            self.method == EchoMethod::Icmp
                && first.is_some_and(|first| self.memory.expects_echo(first.at.wall))
        };
        if !self.echo.ever_answered() && !remembered() {
            return None;
        }
        let enough = if self.method == EchoMethod::Icmp { 3 } else { 2 };
        let (lost, since) = self.echo.trailing_losses();
        // Whoever takes connections meanwhile is reached: only its echo is not answered.
        let connects = |silent: &Now| {
            let since = |entry: &&Timed<Attempt>| entry.at.mono >= silent.mono;
            self.attempts
                .recent()
                .take_while(since)
                .any(|entry| entry.value.connect.outcome.answered())
        };
        let tunnel = local.tunnel_of(address).map(|tunnel| &*tunnel.name);
        Some(Member {
            target: self.target.id,
            address,
            group: self.target.group.as_deref(),
            routed: tunnel.is_some() || local.on_link(address).is_none(),
            tunnel,
            sleeps: self.may_sleep(self.expected(around, now)) || self.maintained.is_some(),
            silent_since: since.filter(|since| lost >= enough && !connects(since)),
        })
    }

    /// What is expected of it at this hour.
    #[must_use]
    pub fn expected(&self, around: &Surroundings, now: WallTime) -> Expected {
        self.target.expected_at(now, &around.zone)
    }

    /// Whether its silence may be sleep, as it is `expected`.
    #[must_use]
    pub fn may_sleep(&self, expected: Expected) -> bool {
        self.target.may_sleep_as(expected, &self.memory)
    }

    /// What it is to the others of its group, which comes first; `None` without one, where all go
    /// through a gateway, and while its silence may be sleep, as it is `expected`.
    #[must_use]
    pub fn sibling(&self, expected: Expected) -> Option<(&str, Sibling<'_>)> {
        let group = self.target.group.as_deref()?;
        let asleep = self.course.is_silent() && self.may_sleep(expected);
        if asleep || self.target.via_gateway() {
            return None;
        }
        let (target, name, address) = (self.target.id, &*self.target.name, self.dialled?);
        Some((group, Sibling { target, name, address, course: &self.course }))
    }

    /// Starts to follow a wake-up, or amends the one under way.
    pub fn set_wake(&mut self, wake: WakeProgress) {
        self.changed = true;
        self.wake = Some(wake);
    }

    /// A connection taken as an echo request, where echo is measured over TCP.
    #[must_use]
    pub fn echo_of(&self, sample: &Sample) -> Option<Sample> {
        let Observation::Attempt(attempt) = &sample.observation else { return None };
        (self.method == EchoMethod::Tcp).then(|| Sample {
            observation: Observation::Echo(echo_from_connect(&attempt.connect)),
            ..sample.clone()
        })
    }

    /// Forgets the statistics of echo, not what was found.
    pub fn reset_statistics(&mut self) {
        self.changed = true;
        self.echo.reset();
    }

    /// Takes in a sample and judges what it feeds.
    pub fn observe(&mut self, sample: &Sample, around: &Surroundings, now: Now) -> Change {
        self.changed = true;
        if let Some(wake) = &mut self.wake {
            let was_up = wake.is_up();
            wake.observe(sample);
            if let Some(took) = wake.seen(WakeRung::X224).filter(|_| !was_up) {
                self.memory.remember_waking(took);
            }
        }
        let mut change = self.record(sample);
        if let Observation::Attempt(attempt) = &sample.observation
            && around.offline == Offline::Online
            && !self.is_not_dialled(attempt.connect.address.ip())
        {
            change.course = self.course.observe(sample.sent_at, attempt);
        }
        if change.dialled {
            self.diagnosis.another_address(RULES);
            *self.course = Course::default();
        }
        self.judge(fed_by(&sample.observation), around, now);
        let stranger = self.meet_stranger(sample, around, now);
        Change { memory: self.remember(sample), stranger, ..change }
    }

    /// Makes every loss since `start` void: this machine was offline.
    pub fn void_losses_since(&mut self, start: MonoTime) {
        self.changed = true;
        self.echo.void_losses_since(start);
        self.course.void_since(start);
    }

    /// Judges again what ages without a sample, a few times a minute.
    pub fn tick_if_due(&mut self, around: &Surroundings, now: Now) {
        if self.ticked.is_some_and(|ticked| now.mono.since(ticked) < TICK) {
            return;
        }
        self.ticked = Some(now.mono);
        self.tick(around, now);
    }

    /// Judges again what ages without a sample.
    pub fn tick(&mut self, around: &Surroundings, now: Now) {
        self.changed = true;
        let mut diagnosis = std::mem::take(&mut self.diagnosis);
        diagnosis.tick(RULES, &self.view(Mode::Watch, around, now));
        self.diagnosis = diagnosis;
    }

    /// Takes in a look at this machine's own sockets to it. Judges at once when a session ended.
    pub fn observe_sessions(
        &mut self,
        look: &SessionLook,
        around: &Surroundings,
        now: Now,
    ) -> Vec<SessionEvent> {
        let limits = &self.target.thresholds.session_dropped;
        let events = self.sessions.observe(look, limits, now);
        for event in &events {
            let SessionEvent::Ended(ended) = event else { continue };
            match drop_of(&self.view(Mode::Watch, around, now), ended) {
                Some(drop) => self.memory.drops.add(drop),
                None if ended.how != SessionEnd::Vanished => {
                    self.memory.drops.outlived(Spell { since: ended.since.wall, until: now.wall });
                }
                None => {}
            }
        }
        if !events.is_empty() {
            self.tick(around, now);
        }
        events
    }

    fn judge(&mut self, fed: ProbeKind, around: &Surroundings, now: Now) {
        let mut diagnosis = std::mem::take(&mut self.diagnosis);
        diagnosis.observe(RULES, fed, &self.view(Mode::Watch, around, now));
        self.diagnosis = diagnosis;
    }

    fn record(&mut self, sample: &Sample) -> Change {
        let mut change = Change::default();
        match &sample.observation {
            Observation::Resolve(resolution) => {
                change.dialled = self.dial_from(resolution);
                self.resolve.push(sample.sent_at, resolution.clone());
            }
            Observation::Echo(echo) => {
                change.method = self.record_echo(sample.seq, sample.sent_at, *echo);
            }
            Observation::Attempt(attempt) if self.is_not_dialled(attempt.connect.address.ip()) => {
                self.record_alternative(sample.sent_at, attempt);
            }
            Observation::Attempt(attempt) => {
                change.nla = attempt.nla.as_ref().map(|nla| self.is_sound(nla));
                change.ladder = self.record_attempt(sample, attempt);
                change.dialled = self.dial_next();
            }
            Observation::Alternative(attempt) => {
                self.record_alternative(sample.sent_at, attempt);
                change.dialled = self.dial_next();
            }
            Observation::Sweep(sweep) => {
                self.sweep = Some(Timed { at: sample.sent_at, value: (**sweep).clone() });
            }
            Observation::Udp(udp) if self.is_not_dialled(udp.address.ip()) => {}
            Observation::PathMtu(path) if self.is_not_dialled(path.address) => {}
            Observation::Neighbour(entry) if self.is_not_dialled(entry.address) => {}
            Observation::Udp(udp) => {
                change.ladder = self.udp_stopped(udp);
                let expected = self.memory.expects_udp(udp.address.ip(), sample.sent_at.wall);
                let answers = udp.outcome == UdpOutcome::SynAck;
                change.udp_missed = Some(expected && !answers);
                self.udp.push(sample.sent_at, *udp);
            }
            Observation::PathMtu(path) => {
                change.ladder = self.path_changed(path);
                self.path.push(sample.sent_at, *path);
            }
            Observation::Gateway(gateway) => {
                let before = self.gateway.last().map(|entry| entry.value.stage());
                change.gateway = match before {
                    Some(before) => before != gateway.stage(),
                    None => !gateway.answers(),
                };
                self.gateway.push(sample.sent_at, (**gateway).clone());
            }
            Observation::Neighbour(neighbour) => {
                self.neighbour = Some(Timed { at: sample.sent_at, value: *neighbour });
            }
        }
        change
    }

    /// Whether the UDP transport falls silent that answered before: worth asking again soon.
    fn udp_stopped(&self, udp: &Udp) -> bool {
        let answers = |udp: &Udp| udp.outcome == UdpOutcome::SynAck;
        let before = self.udp.last().map_or_else(
            || self.memory.udp_address == Some(udp.address.ip()),
            |entry| answers(&entry.value),
        );
        before && matches!(udp.outcome, UdpOutcome::Silent | UdpOutcome::Unreachable(_))
    }

    /// Whether the path is another than it was, or swallows packets: worth measuring again soon.
    fn path_changed(&self, path: &PathMtu) -> bool {
        let decided = |path: &PathMtu| {
            let known = [PathOutcome::Full, PathOutcome::Lowered, PathOutcome::BlackHole];
            known.contains(&path.outcome).then_some((path.outcome, path.mtu))
        };
        let Some(now) = decided(path) else { return false };
        match self.path.recent().find_map(|entry| decided(&entry.value)) {
            None => {
                now.0 == PathOutcome::BlackHole || path.mtu.is_some_and(|mtu| mtu < path.needed())
            }
            Some(before) => before != now,
        }
    }

    fn record_attempt(&mut self, sample: &Sample, attempt: &Attempt) -> bool {
        let reached = |attempt: &Attempt| {
            (attempt.connect.outcome, attempt.negotiate.as_ref().map(|n| n.outcome.word()))
        };
        let handshake = self.tls.as_ref().map(|entry| entry.value.outcome);
        let another = self.presents_another(attempt);
        if another && attempt.nla.is_none() {
            // What the challenge said belongs to the certificate beside it.
            self.nla = None;
        }
        let changed = another
            || self.attempt().is_some_and(|last| reached(last) != reached(attempt))
            || attempt.tls.as_ref().is_some_and(|tls| {
                handshake.is_some_and(|before| before != tls.outcome)
                    || (handshake.is_none() && tls.outcome != TlsOutcome::Ok)
            })
            || attempt.nla.as_ref().is_some_and(|nla| self.nla_changed(nla.outcome));
        if let Some(negotiate) = &attempt.negotiate
            && negotiate.outcome.selected().is_some()
        {
            let service = negotiate.elapsed.saturating_sub(attempt.connect.elapsed);
            self.service_times.push(sample.sent_at, service);
        }
        self.give_up_layers(sample.sent_at, attempt);
        if let Some(tls) = &attempt.tls {
            self.tls = Some(Timed { at: sample.sent_at, value: tls.clone() });
            self.handshake = attempt.socket.map(|value| Timed { at: sample.sent_at, value });
        }
        if let Some(nla) = &attempt.nla {
            self.nla = Some(Timed { at: sample.sent_at, value: nla.clone() });
        }
        let mut attempt = attempt.clone();
        self.transcripts.take(sample.sent_at, &mut attempt);
        self.attempts.push(sample.sent_at, attempt);
        changed
    }

    /// What was said on a layer that the host does without now says nothing of it any more.
    fn give_up_layers(&mut self, at: Now, attempt: &Attempt) {
        let negotiated = attempt.negotiate.as_ref();
        let Some(selected) = negotiated.and_then(|negotiate| negotiate.outcome.selected()) else {
            return;
        };
        if !selected.starts_tls() {
            self.tls = None;
            self.handshake = None;
        }
        if !selected.starts_nla() && self.nla.is_some() {
            self.nla = Some(Timed { at, value: Nla::not_offered() });
        }
    }

    /// Whether CredSSP was answered as by a sound host, whose clock is right too: of what is not,
    /// the end shall be seen before a day is over.
    fn is_sound(&self, nla: &Nla) -> bool {
        let skew = nla.clock_skew_ms.map(|skew| Duration::from_millis(skew.unsigned_abs()));
        let apart = skew.is_some_and(|skew| skew >= self.target.thresholds.clock_skew.warning);
        let outdated = nla.version.is_some_and(|version| version < Nla::PATCHED);
        is_sound(nla.outcome) && !apart && !outdated
    }

    /// Whether CredSSP ends otherwise than the last time, or badly the first time. Closes are one
    /// class.
    fn nla_changed(&self, outcome: NlaOutcome) -> bool {
        match self.nla.as_ref().map(|entry| entry.value.outcome) {
            None => !is_sound(outcome),
            Some(before) => {
                before.word() != outcome.word() && !(before.hung_up() && outcome.hung_up())
            }
        }
    }

    /// What rules may look at.
    #[must_use]
    pub fn view<'a>(&'a self, mode: Mode, around: &'a Surroundings, now: Now) -> TargetView<'a> {
        TargetView {
            target: &self.target,
            now,
            mode,
            dialled: self.dialled,
            resolve: &self.resolve,
            echo: &self.echo,
            attempts: &self.attempts,
            tls: self.tls.as_ref(),
            handshake: self.handshake.as_ref(),
            nla: self.nla.as_ref(),
            sweep: self.sweep.as_ref(),
            udp: &self.udp,
            path: &self.path,
            gateway: &self.gateway,
            service_times: &self.service_times,
            alternatives: &self.alternatives,
            neighbour: self.neighbour.as_ref(),
            memory: &self.memory,
            wake: self.wake.as_ref(),
            sessions: &self.sessions,
            around,
        }
    }

    /// What stands against it, and what is withheld.
    #[must_use]
    pub fn diagnosed(&self, around: &Surroundings, now: Now) -> Diagnosed {
        self.diagnosis.diagnosed(RULES, &self.view(Mode::Watch, around, now))
    }

    /// What stands against it.
    #[must_use]
    pub fn findings(&self, mode: Mode, around: &Surroundings, now: Now) -> Vec<Finding> {
        let view = self.view(mode, around, now);
        match mode {
            Mode::Watch => self.diagnosis.findings(RULES, &view),
            Mode::Moment => judge_moment(RULES, &view),
        }
    }

    /// What the measurements of one moment say of every rule.
    #[must_use]
    pub fn weigh(&self, around: &Surroundings, now: Now) -> Vec<Weighed> {
        weigh(RULES, &self.view(Mode::Moment, around, now))
    }

    /// What its echo is measured by.
    #[must_use]
    pub const fn echo_method(&self) -> EchoMethod {
        self.method
    }

    /// Takes an echo outcome in, and changes the method where that is due: to TCP once ICMP went
    /// unanswered often enough, from the start, by a host whose TCP answers; back to ICMP with the
    /// first reply. Statistics of the two are never mixed.
    /// An answer from an address that is not dialled any more belongs to none of them.
    fn record_echo(&mut self, seq: u64, at: Now, echo: Echo) -> bool {
        if self.is_not_dialled(echo.address) {
            return false;
        }
        let replied = matches!(echo.outcome, EchoOutcome::Reply { .. });
        match (self.method, echo.method) {
            (EchoMethod::Tcp, EchoMethod::Icmp) if replied => {
                self.method = EchoMethod::Icmp;
                self.echo.reset();
                self.echo.push(seq, at, echo);
                true
            }
            (EchoMethod::Icmp, EchoMethod::Tcp) if !self.echo.ever_answered() => {
                self.method = EchoMethod::Tcp;
                self.echo.reset();
                self.echo.push(seq, at, echo);
                true
            }
            (EchoMethod::Tcp, EchoMethod::Icmp) | (EchoMethod::Icmp, EchoMethod::Tcp) => false,
            _ => {
                self.echo.push(seq, at, echo);
                let give_up = self.method == EchoMethod::Icmp
                    && !self.echo.ever_answered()
                    && self.echo.trailing_losses().0 >= ICMP_GIVEN_UP_AFTER
                    && self.attempt().is_some_and(|a| a.connect.outcome.answered());
                if give_up {
                    self.method = EchoMethod::Tcp;
                    self.echo.reset();
                }
                give_up
            }
        }
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
            self.maintained = maintained;
            self.changed = true;
        }
    }

    /// The picture of it, taken anew when something changed or the last one is a second old.
    pub fn picture(
        &mut self,
        around: &Surroundings,
        now: Now,
        schedule: impl FnOnce() -> Budget,
    ) -> Arc<TargetSnapshot> {
        let fresh = |picture: &&Arc<TargetSnapshot>| now.mono.since(picture.at.mono) < PICTURE;
        if let Some(picture) = self.picture.as_ref().filter(fresh).filter(|_| !self.changed) {
            return Arc::clone(picture);
        }
        let picture = Arc::new(self.snapshot(Mode::Watch, around, now, &schedule()));
        self.picture = Some(Arc::clone(&picture));
        self.changed = false;
        picture
    }

    /// The picture of it at this moment. Updates the state and since when it holds.
    pub fn snapshot(
        &mut self,
        mode: Mode,
        around: &Surroundings,
        now: Now,
        schedule: &Budget,
    ) -> TargetSnapshot {
        let findings = self.findings(mode, around, now);
        let view = self.view(mode, around, now);
        let waking =
            self.wake.as_ref().is_some_and(|wake| !wake.is_up() && !wake.is_over(now.mono));
        let state = verdict::state_of(&view, &findings, waking);
        let summary = verdict::verdict(&view, &findings);
        let availability = verdict::availability_of(&view, &findings);
        let risk = verdict::risk_of(&view, &findings);
        let rungs = ladder(&view, &findings);
        let began = verdict::headline(&view, &findings).map(|worst| worst.since);
        if state != self.state {
            self.state = state;
            // What began before this run lasts since then.
            self.state_since = began.filter(|began| *began < self.started).unwrap_or(now.wall);
        }
        let echo_minute = self.echo.window(now.mono, MINUTE);
        self.lane.observe(now.wall, state, &echo_minute);
        let tls = self.tls.as_ref().map(|entry| entry.value.clone());
        let certificate = tls.as_ref().and_then(|tls| tls.certificate.as_ref());
        let certificate_days = certificate.map(|certificate| certificate.days_left(now.wall));
        let name_matches = match &self.target.host {
            Host::Name(name) => certificate.map(|certificate| certificate.covers(name)),
            Host::Address(..) => None,
        };
        TargetSnapshot {
            at: now,
            target: Arc::clone(&self.target),
            address: self.dialled,
            state,
            state_since: self.state_since,
            maintenance: self.maintained.clone(),
            availability,
            verdict: summary,
            risk,
            findings,
            ladder: rungs,
            echo_minute,
            echo_total: self.echo.total(),
            spark: self.echo.spark(now.mono, SPARK_SLOTS),
            lane: self.lane.clone(),
            drops: self.memory.drops.within(DAY, now.wall),
            resolution: self.resolution().cloned(),
            attempt: self.attempt().cloned(),
            transcripts: self.transcripts.kept(),
            certificate_days,
            name_matches,
            tls,
            nla: self.nla.as_ref().map(|entry| entry.value.clone()),
            sweep: self.sweep.as_ref().map(|entry| entry.value.clone()),
            udp: self.udp.last().map(|entry| entry.value),
            path: self.path.last().map(|entry| entry.value),
            gateway: self.gateway.last().map(|entry| entry.value.clone()),
            neighbour: self.neighbour.as_ref().map(|entry| entry.value),
            alternatives: self.others_tried(),
            mac: self.mac(),
            wake: self.wake.clone(),
            usual_waking: self.memory.usual_waking(),
            next_tls: schedule.next_tls,
            connections_per_day: schedule.connections_per_day,
        }
    }
}

/// What the scheduler knows of a target that the screen shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Budget {
    /// When the next connection up to the certificate is due.
    pub next_tls: Option<MonoTime>,
    /// Connections that carry data, per day, at the present cadence.
    pub connections_per_day: u32,
}

/// Whether CredSSP ended as with a sound host, so that it need not be asked again soon.
const fn is_sound(outcome: NlaOutcome) -> bool {
    matches!(outcome, NlaOutcome::Challenge | NlaOutcome::NotOffered)
}

/// The kinds of evidence that an observation is.
const fn fed_by(observation: &Observation) -> ProbeKind {
    match observation {
        Observation::Resolve(_) => ProbeKind::Resolve,
        Observation::Echo(_) => ProbeKind::Echo,
        Observation::Alternative(_) => ProbeKind::Connect,
        Observation::Attempt(attempt) => attempt.depth,
        Observation::Sweep(_) => ProbeKind::Sweep,
        Observation::Udp(_) => ProbeKind::Udp,
        Observation::PathMtu(_) => ProbeKind::PathMtu,
        Observation::Gateway(_) => ProbeKind::Gateway,
        Observation::Neighbour(_) => ProbeKind::Neighbour,
    }
}
