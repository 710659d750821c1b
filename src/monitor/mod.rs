//! The single owner of all state between samples and snapshots.
//!
//! It is driven from outside: samples, the state of this machine and the passing of time go in,
//! [`Snapshot`]s come out. It reads no clock and does no I/O.

mod acknowledged;
mod bound;
mod controls;
#[cfg(test)]
mod dialling_tests;
mod link;
mod maintenance;
#[cfg(test)]
mod maintenance_tests;
mod marks;
mod notice;
#[cfg(test)]
mod offline_tests;
mod roster;
mod sessions;
mod shared_certificates;
mod siblings;
#[cfg(test)]
mod tests;
mod timekeeping;
mod tracked;

pub use bound::bytes_per_target;
pub use shared_certificates::shared_certificates;
pub use siblings::sibling_contrasts;
pub use tracked::{Budget, Change, Other, Tracked};

use crate::domain::alert::{AlertBook, AlertEvent, AlertSettings, Signature};
use crate::domain::clocks::{Clocks, clock_skew};
use crate::domain::diagnose::MonitorDiagnosis;
use crate::domain::echo_series::EchoPoint;
use crate::domain::finding::{Finding, RuleId};
use crate::domain::incident::Incident;
use crate::domain::load::Beats;
use crate::domain::local::{EchoAccess, LocalState};
use crate::domain::memory::TargetMemory;
use crate::domain::outage::{Ground, Member, OutageEvent, Outages};
use crate::domain::rules::{HOST_ASLEEP_ID, RULES, alerting_once};
use crate::domain::sample::{EchoMethod, EchoOutcome, LocalFault, Observation, Sample};
use crate::domain::snapshot::{Event, MonitorSnapshot, Snapshot};
use crate::domain::target::{Target, TargetId};
use crate::domain::text::printable;
use crate::domain::thresholds::Thresholds;
use crate::domain::time::{MonoTime, Now, WallTime};
use crate::domain::view::{Mode, Offline, Surroundings, TunnelChange};
use crate::domain::wake::WakeProgress;
use controls::Controls;
use link::LinkRecorder;
use maintenance::Maintenance;
use siblings::Siblings;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use timekeeping::Timekeeping;

/// How many lines of the event log are kept.
const EVENTS: usize = 500;
/// How many changes of tunnels are kept.
const TUNNEL_CHANGES: usize = 32;
/// Losses older than this are not this machine's, however long everything was silent.
const LONG_SILENCE: Duration = Duration::from_mins(1);
/// How recent an answer must be for a peer to count as answering.
const PEER_WINDOW: Duration = Duration::from_secs(15);

/// What the probes may do on this machine, found out at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Echo over IPv4.
    pub echo_v4: EchoAccess,
    /// Echo over IPv6.
    pub echo_v6: EchoAccess,
    /// The neighbour table can be read.
    pub neighbours: bool,
}

/// All targets, the alerts and the event log.
#[derive(Debug)]
pub struct Monitor {
    targets: BTreeMap<TargetId, Tracked>,
    around: Surroundings,
    controls: Controls,
    /// When this machine was last seen to be online again.
    online_since: Option<MonoTime>,
    beats: Beats,
    outages: Outages,
    diagnosis: MonitorDiagnosis,
    alerts: AlertBook,
    events: VecDeque<Event>,
    started: Now,
    revision: u64,
    simulated: Option<&'static str>,
    /// A certificate or a name was read since certificates were compared.
    compare_certificates: bool,
    siblings: Siblings,
    link: LinkRecorder,
    maintenance: Maintenance,
    timekeeping: Timekeeping,
    /// What a scenario says of the surroundings.
    given: Option<Box<Surroundings>>,
    /// Something that a later run must not know any more ended without an event.
    forgot: bool,
}

/// How many targets answer lately, and how many ceased to; this machine itself is none of them.
#[derive(Debug, Clone, Copy, Default)]
struct Peers {
    answering: u32,
    /// Of those, the ones behind a router.
    answering_beyond: u32,
    /// Without those that may sleep or are in maintenance.
    silent: u32,
    /// Behind a router, those that may sleep included.
    silent_beyond: u32,
}

impl Peers {
    /// Whether the answers show that this machine is online, whatever its controls do. A neighbour
    /// on the own link shows that only as long as nothing behind the router fell silent.
    const fn prove_the_way_out(self) -> bool {
        self.answering_beyond > 0 || (self.answering > 0 && self.silent_beyond == 0)
    }
}

/// What the clocks of `targets` together say of this machine's; those that are this machine say
/// nothing.
pub fn clocks<'a>(
    targets: impl IntoIterator<Item = &'a Tracked>,
    local: &LocalState,
    now: Now,
) -> Clocks {
    // Targets at one address are one host, which has one say.
    let mut told = BTreeMap::new();
    for tracked in targets {
        let Some(address) = tracked.dialled().filter(|address| !local.owns(*address)) else {
            continue;
        };
        if tracked.nla().is_some_and(|entry| entry.value.clock_skew_ms.is_some()) {
            let skew = told.entry(address).or_insert(None);
            *skew = skew.or_else(|| clock_skew(tracked.nla(), now));
        }
    }
    Clocks::compare(told.len(), told.into_values().flatten().collect())
}

impl Monitor {
    /// A monitor without targets.
    #[must_use]
    pub fn new(access: Access, local: LocalState, alerts: AlertSettings, now: Now) -> Self {
        let around = Surroundings {
            local,
            echo_v4: access.echo_v4,
            echo_v6: access.echo_v6,
            neighbours_readable: access.neighbours,
            ..Surroundings::default()
        };
        let mut monitor = Self {
            targets: BTreeMap::new(),
            around,
            controls: Controls::default(),
            online_since: None,
            beats: Beats::default(),
            outages: Outages::default(),
            diagnosis: MonitorDiagnosis::default(),
            alerts: AlertBook::new(alerts),
            events: VecDeque::new(),
            started: now,
            revision: 0,
            simulated: None,
            compare_certificates: false,
            siblings: Siblings::default(),
            link: LinkRecorder::default(),
            maintenance: Maintenance::default(),
            timekeeping: Timekeeping::default(),
            given: None,
            forgot: false,
        };
        monitor.diagnosis.observe(RULES, &monitor.around, now);
        monitor
    }

    /// Says what is simulated behind the seams; every screen shows it.
    pub fn set_simulated(&mut self, what: Option<&'static str>) {
        self.simulated = what;
    }

    /// Says what is around the targets, in place of what would be found out: a scenario is about
    /// one target and tells the rest. This machine's own state still comes from outside.
    pub fn set_given(&mut self, around: Surroundings, now: Now) {
        self.given = Some(Box::new(around));
        self.stand_in();
        self.diagnosis.observe(RULES, &self.around, now);
    }

    /// When findings of the whole machine fire.
    pub fn limit(&mut self, limits: Thresholds) {
        self.around.limits = limits;
    }

    /// What is given in place of what was found out.
    fn stand_in(&mut self) {
        let Some(given) = &self.given else { return };
        self.around = Surroundings {
            local: self.around.local.clone(),
            looked_at: self.around.looked_at,
            zone: self.around.zone.clone(),
            limits: self.around.limits.clone(),
            siblings: std::mem::take(&mut self.around.siblings),
            ..(**given).clone()
        };
    }

    /// Adds a target.
    pub fn add(&mut self, target: Target, memory: TargetMemory, now: Now) {
        let method = match self.access_for(target.host.address()) {
            EchoAccess::Datagram | EchoAccess::Raw => EchoMethod::Icmp,
            EchoAccess::Denied | EchoAccess::Off => EchoMethod::Tcp,
        };
        let id = target.id;
        self.alerts.settle(id, target.alert);
        let recalled = self.alerts.recall(Some(id), &memory, now);
        let mut tracked = Tracked::new(Arc::new(target), memory, method, now);
        tracked.wait_for(recalled);
        self.targets.insert(id, tracked);
        self.look_anew(id);
    }

    fn access_for(&self, address: Option<IpAddr>) -> EchoAccess {
        match address {
            Some(IpAddr::V6(_)) => self.around.echo_v6,
            _ => self.around.echo_v4,
        }
    }

    /// One target.
    #[must_use]
    pub fn target(&self, id: TargetId) -> Option<&Tracked> {
        self.targets.get(&id)
    }

    /// Every target.
    pub fn targets(&self) -> impl Iterator<Item = (&TargetId, &Tracked)> {
        self.targets.iter()
    }

    /// This machine, as last seen.
    #[must_use]
    pub const fn local(&self) -> &LocalState {
        &self.around.local
    }

    /// Takes in a sample. Samples of targets that are gone change nothing.
    pub fn observe(&mut self, sample: &Sample, now: Now) -> Change {
        let Some(tracked) = self.targets.get_mut(&sample.target) else {
            return Change::default();
        };
        let change = tracked.observe(sample, &self.around, now);
        if let Observation::Attempt(attempt) = &sample.observation {
            self.compare_certificates |= attempt.tls.is_some();
            if change.course {
                self.siblings.changed(tracked.target().group.as_deref());
            }
        }
        // What was sent before this machine was online again says nothing of the host either.
        let before = |online: MonoTime| sample.sent_at.mono < online;
        if self.around.offline != Offline::Online || self.online_since.is_some_and(before) {
            tracked.void_losses_since(sample.sent_at.mono);
        }
        if let Some(echo) = tracked.echo_of(sample) {
            tracked.observe(&echo, &self.around, now);
        }
        if change.dialled {
            let text = format!(
                "{} is now dialled at {}",
                printable(&tracked.target().name),
                tracked.dialled().map_or_else(String::new, |address| address.to_string())
            );
            self.log(Some(sample.target), sample.sent_at.wall, text);
        }
        change
    }

    /// Takes in the state of this machine. One without any interface could not be read (loopback
    /// is always there), and what was known stands. Whether targets may be reached by another way
    /// than before: a tunnel came or went, or the default gateway is another.
    pub fn observe_local(&mut self, mut local: LocalState, now: Now) -> bool {
        if local.interfaces.is_empty() {
            let before = &self.around.local;
            local.interfaces.clone_from(&before.interfaces);
            local.gateway = before.gateway;
            local.gateway_interface.clone_from(&before.gateway_interface);
            local.routes = Arc::clone(&before.routes);
        }
        let differences = link::differences(&self.around.local, &local);
        if !differences.is_empty() || self.around.local.interfaces.is_empty() {
            self.targets.values_mut().for_each(Tracked::set_changed);
        }
        for text in self.link.record(differences, now) {
            self.log(None, now.wall, text);
        }
        let known_before = !self.around.local.interfaces.is_empty();
        let mut another_way = known_before && self.around.local.gateway != local.gateway;
        if let Some(what) = controls::tunnels_changed(&self.around.local, &local) {
            another_way = true;
            if self.around.tunnel_changes.len() >= TUNNEL_CHANGES {
                self.around.tunnel_changes.remove(0);
            }
            self.around.tunnel_changes.push(TunnelChange { at: now, what });
        }
        self.around.traffic.observe(&local, now);
        self.around.air.observe(&local, now);
        self.around.local = local;
        another_way
    }

    /// Says which control addresses are followed from here on.
    pub fn follow_controls(&mut self, wanted: &BTreeSet<IpAddr>) {
        self.controls.follow(wanted);
    }

    /// What the names of controls lead to, as far as is known.
    #[must_use]
    pub const fn control_names(&self) -> &BTreeMap<String, IpAddr> {
        &self.around.control_names
    }

    /// Says what the names of controls lead to.
    pub fn set_control_names(&mut self, names: BTreeMap<String, IpAddr>) {
        self.around.control_names = names;
    }

    /// Takes in the round trip of an echo request to a control address, or that none came back.
    pub fn observe_control(&mut self, address: IpAddr, answer: Option<Duration>) {
        let at = self.around.looked_at.map(|at| at.mono);
        self.controls.observe(address, answer, at);
    }

    /// Takes in how late a regular beat of the program came: whoever comes late measures itself.
    pub fn observe_beat(&mut self, lag: Duration, now: Now) {
        self.beats.observe(now.mono, lag);
        self.around.punctuality = self.beats.punctuality();
    }

    /// Judges what ages, this machine, and the alerts. Returns what is worth telling.
    pub fn tick(&mut self, now: Now) -> Vec<AlertEvent> {
        if let Some(text) = self.timekeeping.look(now) {
            self.log(None, now.wall, text);
        }
        self.judge_surroundings(now);
        self.look_for_maintenance(now);
        let shared: Vec<RuleId> = alerting_once().collect();
        let mut events = Vec::new();
        for (id, tracked) in &mut self.targets {
            tracked.tick_if_due(&self.around, now);
            let mut diagnosed = tracked.diagnosed(&self.around, now);
            diagnosed.findings.retain(|finding| !shared.contains(&finding.rule));
            events.extend(self.alerts.apply(Some(*id), &diagnosed, now));
        }
        let own = self.diagnosis.diagnosed(RULES);
        events.extend(self.alerts.apply(None, &own, now));
        for event in &events {
            self.log_alert(event);
        }
        self.forget_acknowledgements(now);
        events
    }

    fn judge_surroundings(&mut self, now: Now) {
        self.around.looked_at = Some(now);
        let peers = self.count_peers(now);
        self.around.peers_answering = peers.answering;
        self.around.peers_silent = peers.silent;
        self.around.clocks = clocks(self.targets.values(), &self.around.local, now);
        let was = self.around.offline.clone();
        self.around.offline = if !self.around.local.online() && !self.only_own_addresses() {
            Offline::NoInterface
        } else if peers.prove_the_way_out() {
            Offline::Online
        } else {
            self.controls.verdict()
        };
        if was != self.around.offline && was == Offline::Online {
            // What was lost while nobody knew yet.
            let noticed = now.mono.minus(controls::NOTICED_AFTER);
            let answered = self.last_answer().map_or(noticed, |at| at.min(noticed));
            let start = answered.max(now.mono.minus(LONG_SILENCE));
            self.targets.values_mut().for_each(|tracked| tracked.void_losses_since(start));
        }
        if was != self.around.offline {
            self.online_since = (self.around.offline == Offline::Online).then_some(now.mono);
            self.targets.values_mut().for_each(Tracked::set_changed);
            let text = match self.around.offline {
                Offline::Online => "this monitor is online again",
                Offline::NoInterface => "this monitor is offline: no interface is up",
                Offline::ControlsGone(_) => "this monitor is offline: its controls are silent",
            };
            self.log(None, now.wall, text.to_owned());
        }
        self.around.controls = self.controls.stats(&self.around.local);
        if self.around.offline == Offline::Online {
            self.look_for_outages(now);
        }
        link::look_for_saturation(&self.targets, &mut self.around, now);
        self.around.wifi = link::on_weak_wifi(self.targets.values(), &self.around, now);
        self.around.lost_in_the_air.observe(&self.around.wifi, now.mono);
        if std::mem::take(&mut self.compare_certificates) {
            self.around.shared_certificates = shared_certificates(self.targets.values());
        }
        let mut told = std::mem::take(&mut self.around.siblings);
        self.siblings.look(&self.targets, &mut told, &self.around, now);
        self.around.siblings = told;
        self.stand_in();
        self.diagnosis.observe(RULES, &self.around, now);
    }

    /// Looks whether targets fell silent together.
    fn look_for_outages(&mut self, now: Now) {
        let members: Vec<Member<'_>> = self
            .targets
            .values()
            .filter_map(|tracked| tracked.member(&self.around, now.wall))
            .collect();
        let mut nearer = self.controls.answering().map(|address| address.to_string());
        if nearer.is_none() {
            nearer = self.answering_target(now);
        }
        let latest = self.around.tunnel_changes.last();
        let tunnel = latest.map(|change| (change.at, change.what.clone()));
        let change = self.link.latest().cloned();
        let ways = self.controls.ways(&self.around.local, &members);
        let limits = self.around.limits.path_outage;
        let ground = Ground { nearer, tunnel, change, limits, ways };
        let events = self.outages.observe(&members, &ground, now);
        self.around.outages = self.outages.lately();
        for event in events {
            let (outage, text) = match event {
                OutageEvent::Began(outage) => {
                    let what = outage.tunnel.iter().chain(&outage.change).next();
                    let what = what.map_or_else(String::new, |what| format!("; {what}"));
                    let text = format!("{} hosts fell silent together{what}", outage.members.len());
                    (outage, text)
                }
                OutageEvent::Ended(outage) => {
                    let text = format!(
                        "the path is back: {} of {} hosts answer",
                        outage.back.len(),
                        outage.members.len()
                    );
                    (outage, text)
                }
            };
            for id in &outage.members {
                if let Some(tracked) = self.targets.get_mut(id) {
                    tracked.tick(&self.around, now);
                }
            }
            self.log(None, now.wall, text);
        }
    }

    /// When the last request that any control or target answered was sent; a control's to the tick.
    fn last_answer(&self) -> Option<MonoTime> {
        let others = self.targets.values().filter(|tracked| {
            tracked.dialled().is_some_and(|address| !self.around.local.owns(address))
        });
        let answered = |tracked: &Tracked| {
            let answered = tracked.echo().points().rev().find(|point| point.rtt().is_some());
            answered.map(|point| point.at.mono)
        };
        others.filter_map(answered).chain(self.controls.last_answer()).max()
    }

    /// The name of a target that answered lately and is not this machine, escaped.
    fn answering_target(&self, now: Now) -> Option<String> {
        let answers = |tracked: &&Tracked| {
            let other = tracked.dialled().is_some_and(|ip| !self.around.local.owns(ip));
            let recent = tracked.echo().newest_within(now.mono, PEER_WINDOW).next();
            other && recent.is_some_and(|point| point.rtt().is_some())
        };
        let name = |tracked: &Tracked| printable(&tracked.target().name).into_owned();
        self.targets.values().find(answers).map(name)
    }

    /// Whether every target is this machine itself: then no interface is needed.
    fn only_own_addresses(&self) -> bool {
        !self.targets.is_empty()
            && self.targets.values().all(|tracked| {
                tracked.dialled().is_some_and(|address| self.around.local.owns(address))
            })
    }

    fn count_peers(&self, now: Now) -> Peers {
        let mut peers = Peers::default();
        for tracked in self.targets.values() {
            let Some(address) = tracked.dialled() else { continue };
            if self.around.local.owns(address) {
                continue;
            }
            let recent = || tracked.echo().newest_within(now.mono, PEER_WINDOW);
            let beyond = self.around.local.on_link(address).is_none();
            if recent().any(|point| point.rtt().is_some()) {
                peers.answering += 1;
                peers.answering_beyond += u32::from(beyond);
            } else if tracked.echo().ever_answered() {
                let lost = recent().any(EchoPoint::is_loss);
                let expected = tracked.expected(&self.around, now.wall);
                let excused = tracked.may_sleep(expected) || tracked.maintained().is_some();
                peers.silent += u32::from(lost && !excused);
                // Losses are void while this machine counts as offline; silence they are.
                let void =
                    recent().any(|point| point.outcome == EchoOutcome::Void(LocalFault::Offline));
                peers.silent_beyond += u32::from(beyond && (lost || void));
            }
        }
        peers
    }

    /// Follows a wake-up of a target.
    pub fn set_wake(&mut self, id: TargetId, wake: WakeProgress, at: WallTime, text: String) {
        if let Some(tracked) = self.targets.get_mut(&id) {
            tracked.set_wake(wake);
        }
        self.log(Some(id), at, text);
    }

    /// Forgets the statistics of echo of every target.
    pub fn reset_statistics(&mut self, now: Now) {
        self.targets.values_mut().for_each(Tracked::reset_statistics);
        self.log(None, now.wall, "statistics reset".to_owned());
    }

    /// Notes that somebody has seen an alert.
    pub fn acknowledge(&mut self, id: Option<TargetId>, rule: RuleId, signed: Signature, now: Now) {
        if self.alerts.acknowledge(id, rule, signed, now)
            && let Some(tracked) = id.and_then(|id| self.targets.get_mut(&id))
        {
            tracked.memory_mut().acknowledged.insert(rule.0.to_owned(), now.wall);
        }
    }

    /// Silences an alert until a time.
    pub fn snooze(&mut self, id: Option<TargetId>, rule: RuleId, until: WallTime) {
        self.alerts.snooze(id, rule, until);
    }

    /// Takes an acknowledgement back.
    pub fn unacknowledge(&mut self, id: Option<TargetId>, rule: RuleId) {
        self.alerts.unacknowledge(id, rule);
        if let Some(tracked) = id.and_then(|id| self.targets.get_mut(&id)) {
            tracked.memory_mut().acknowledged.remove(rule.0);
        }
    }

    /// Ends a snooze.
    pub fn unsnooze(&mut self, id: Option<TargetId>, rule: RuleId) {
        self.alerts.unsnooze(id, rule);
    }

    /// Whether an alert fires.
    #[must_use]
    pub fn alerts_fire(&self) -> bool {
        self.alerts.fires()
    }

    /// Takes over what an earlier run knew of the alerts of this machine.
    pub fn recall_own(&mut self, memory: &TargetMemory, now: Now) {
        let recalled = self.alerts.recall(None, memory, now);
        self.diagnosis.wait_for(recalled);
    }

    /// What a later run must know of a target; `None`: of this machine.
    #[must_use]
    pub fn remembered(&self, id: Option<TargetId>, now: Now) -> TargetMemory {
        let memory = id.and_then(|id| self.targets.get(&id)).map(Tracked::memory);
        let own = || TargetMemory { accepted: self.alerts.accepted(None), ..<_>::default() };
        TargetMemory {
            alerts: self.alerts.remember(id, now),
            resolved: self.alerts.remember_resolved(id),
            ..memory.cloned().unwrap_or_else(own)
        }
    }

    /// Accepts findings that were there on first sight. How many of them were listed for review.
    pub fn accept_as_found(&mut self, findings: &[(Option<TargetId>, RuleId)], now: Now) -> usize {
        let mut accepted = 0;
        for (id, rule) in findings {
            if !self.alerts.accept(*id, *rule, now.wall) {
                continue;
            }
            accepted += 1;
            if let Some(tracked) = id.and_then(|id| self.targets.get_mut(&id)) {
                tracked.memory_mut().accepted.insert(rule.0.to_owned(), now.wall);
                tracked.set_changed();
            }
            self.log(*id, now.wall, format!("accepted as found: {}", rule.0));
        }
        accepted
    }

    /// Whether a target is found to be asleep.
    #[must_use]
    pub fn is_asleep(&self, id: TargetId, now: Now) -> bool {
        let findings = |tracked: &Tracked| tracked.findings(Mode::Watch, &self.around, now);
        let asleep = |finding: &Finding| finding.rule == HOST_ASLEEP_ID;
        self.targets.get(&id).is_some_and(|tracked| findings(tracked).iter().any(asleep))
    }

    /// Adds a line to the event log.
    pub fn log(&mut self, target: Option<TargetId>, at: WallTime, text: String) {
        tracing::info!(target = target.map(|id| id.0), "{text}");
        if self.events.len() >= EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(Event { at, target, text });
    }

    fn log_alert(&mut self, event: &AlertEvent) {
        let (alert, at, text) = match event {
            AlertEvent::Fired(alert) => (alert, alert.since, alert.title.clone()),
            AlertEvent::Reminded(_) => return,
            AlertEvent::Resolved(alert, at) => (alert, *at, format!("over: {}", alert.title)),
        };
        self.log(alert.target, at, text);
    }

    /// The picture of this moment.
    pub fn snapshot(
        &mut self,
        now: Now,
        in_flight: u32,
        budget: impl Fn(TargetId) -> Budget,
    ) -> Snapshot {
        self.revision += 1;
        let around = &self.around;
        let targets: Vec<_> = self
            .targets
            .iter_mut()
            .map(|(id, tracked)| tracked.picture(around, now, || budget(*id)))
            .collect();
        let alerts = self.alerts.snapshot(now);
        Snapshot {
            revision: self.revision,
            now,
            started: self.started,
            monitor: MonitorSnapshot {
                offline: self.around.offline.clone(),
                findings: self.diagnosis.findings(RULES),
                local: self.around.local.clone(),
                echo: Some((self.around.echo_v4, self.around.echo_v6)),
                engine: None,
                controls: self.controls.words(&self.around.local),
                control_names: self.around.control_names.clone(),
                incidents: self.around.outages.iter().map(Incident::of).collect(),
                in_flight,
                sinks: Vec::new(),
            },
            targets,
            alerts: Arc::new(alerts),
            events: Arc::new(self.events.iter().cloned().collect()),
            simulated: self.simulated,
        }
    }
}
