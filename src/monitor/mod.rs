//! The single owner of all state between samples and snapshots.
//!
//! It is driven from outside: samples, the state of this machine and the passing of time go in,
//! [`Snapshot`]s come out. It reads no clock and does no I/O.

mod alerts;
mod bound;
mod client_log;
mod common_causes;
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
mod opening;
mod others;
#[cfg(test)]
mod others_tests;
mod outages;
mod peers;
#[cfg(test)]
mod pingless_tests;
mod pins;
#[cfg(test)]
mod restart_tests;
mod roster;
mod sessions;
mod shared_certificates;
mod siblings;
mod surroundings;
#[cfg(test)]
mod tests;
mod timekeeping;
mod tracked;
mod tunnels;
#[cfg(test)]
mod waking_tests;

pub use bound::bytes_per_target;
pub use opening::opening;
pub use shared_certificates::shared_certificates;
pub use siblings::sibling_contrasts;
pub use surroundings::clocks;
pub use tracked::{Budget, Change, Other, Tracked};

use crate::domain::alert::{AlertBook, AlertEvent, AlertSettings};
use crate::domain::common_cause::{CommonCauses, Signs};
use crate::domain::diagnose::MonitorDiagnosis;
use crate::domain::finding::{Finding, RuleId};
use crate::domain::incident::Incident;
use crate::domain::load::Beats;
use crate::domain::local::{EchoAccess, LocalState};
use crate::domain::memory::TargetMemory;
use crate::domain::outage::{Outages, Scope};
use crate::domain::rules::{HOST_ASLEEP_ID, RULES, alerting_once, explained_by, told_as, unheard};
use crate::domain::sample::{EchoMethod, Observation, Sample};
use crate::domain::snapshot::{Event, MonitorSnapshot, Snapshot};
use crate::domain::surroundings::{Offline, Surroundings};
use crate::domain::target::{Target, TargetId};
use crate::domain::text::printable;
use crate::domain::thresholds::Thresholds;
use crate::domain::time::{MonoTime, Now, WallTime};
use crate::domain::usual::Settled;
use crate::domain::view::Mode;
use crate::domain::wake::WakeProgress;
use crate::domain::words::millis;
use controls::Controls;
use link::LinkRecorder;
use maintenance::Maintenance;
use outages::Unsteady;
use siblings::Siblings;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use timekeeping::Timekeeping;

/// How many lines of the event log are kept.
const EVENTS: usize = 500;
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
    common: CommonCauses,
    /// Findings that may be told with those of others, which is not known yet.
    undecided: BTreeSet<(TargetId, RuleId)>,
    signs: Signs,
    /// When tunnels changed lately, and which, unescaped.
    tunnels_changed: Vec<(MonoTime, BTreeSet<String>)>,
    /// Paths that break again and again.
    unsteady: BTreeMap<Scope, Unsteady>,
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
    client: client_log::Reading,
    maintenance: Maintenance,
    timekeeping: Timekeeping,
    /// What a scenario says of the surroundings.
    given: Option<Box<Surroundings>>,
    /// Something that a later run must not know any more ended without an event.
    forgot: bool,
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
            common: CommonCauses::default(),
            undecided: BTreeSet::new(),
            signs: Signs::default(),
            tunnels_changed: Vec::new(),
            unsteady: BTreeMap::new(),
            diagnosis: MonitorDiagnosis::default(),
            alerts: AlertBook::new(alerts),
            events: VecDeque::new(),
            started: now,
            revision: 0,
            simulated: None,
            compare_certificates: false,
            siblings: Siblings::default(),
            link: LinkRecorder::default(),
            client: client_log::Reading::default(),
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

    /// When findings of the whole machine fire.
    pub fn limit(&mut self, limits: Thresholds) {
        self.around.limits = limits;
    }

    /// When the alerts of this machine itself fire, and are told again, from here on.
    pub const fn settle_own_alerts(&mut self, alerts: AlertSettings) {
        self.alerts.change_settings(alerts);
    }

    /// Adds a target.
    pub fn add(&mut self, target: Target, mut memory: TargetMemory, now: Now) {
        memory.forget_accepted(now.wall);
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
        let blind = self.around.offline != Offline::Online || self.online_since.is_some_and(before);
        if blind && !tracked.is_on_living_link(&self.around) {
            tracked.void_losses_since(sample.sent_at.mono);
        }
        if let Some(echo) = tracked.echo_of(sample) {
            tracked.observe(&echo, &self.around, now);
        }
        let name = printable(&tracked.target().name);
        let dialled = || tracked.dialled().map_or_else(String::new, |address| address.to_string());
        let settled = |Settled { before, usual }: Settled| {
            let (before, usual) = (millis(before), millis(usual));
            format!(
                "{name}: a round trip of {usual} is usual now, it stood for a day; {before} was before"
            )
        };
        let sleeps = || format!("{name} is taken for one that sleeps: {}", TargetMemory::WOKEN);
        let texts = [
            change.dialled.then(|| format!("{name} is now dialled at {}", dialled())),
            change.sleeps.then(sleeps),
            change.settled.map(settled),
        ];
        for text in texts.into_iter().flatten() {
            self.log(Some(sample.target), sample.sent_at.wall, text);
        }
        change
    }

    /// Judges what ages, this machine, and the alerts. Returns what is worth telling.
    pub fn tick(&mut self, now: Now) -> Vec<AlertEvent> {
        if let Some(text) = self.timekeeping.look(now) {
            self.log(None, now.wall, text);
        }
        self.judge_surroundings(now);
        self.look_for_maintenance(now);
        let shared: Vec<RuleId> = alerting_once().collect();
        let mut own = self.diagnosis.diagnosed(RULES);
        let unheard = |rule| Some((rule, unheard(rule, &self.around)?));
        own.unheard = self.alerts.recalled_of_several().filter_map(unheard).collect();
        let told = |cause: RuleId| own.findings.iter().any(|finding| finding.rule == cause);
        let (mut events, mut outlived) = (Vec::new(), Vec::new());
        for (id, tracked) in &mut self.targets {
            tracked.tick_if_due(&self.around, now);
            let mut diagnosed = tracked.diagnosed(&self.around, now);
            let is_shared = |finding: &mut Finding| shared.contains(&finding.rule);
            let causes = diagnosed.findings.extract_if(.., is_shared);
            diagnosed.shadowed = causes.flat_map(|cause| explained_by(cause.rule)).collect();
            for cause in &self.around.common {
                let shared = told_as(&cause.thing);
                diagnosed.withhold(shared, told(shared), |rule| cause.tells(*id, rule));
            }
            let undecided = self.undecided.range((*id, RuleId(""))..);
            let undecided = undecided.take_while(|(target, _)| target == id);
            diagnosed.undecided.extend(undecided.map(|(_, rule)| *rule));
            events.extend(self.alerts.apply(Some(*id), &diagnosed, now));
            self.forgot |= alerts::forget_acknowledgements(tracked, &self.alerts, now);
            let gone = alerts::outlive_accepted_of(tracked, &mut self.alerts);
            outlived.extend(gone.into_iter().map(|rule| (*id, rule)));
        }
        events.extend(self.alerts.apply(None, &own, now));
        for event in &events {
            self.log_alert(event);
        }
        self.forgot |= self.alerts.take_ended_unheard();
        self.outlive_accepted(outlived, now);
        events
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
        self.events.push_back(Event { at, target, gone: None, text });
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
                incidents: self.around.outages.iter().map(|outage| Incident::of(outage)).collect(),
                in_flight,
                sinks: Vec::new(),
            },
            targets,
            alerts: Arc::new(alerts),
            events: Arc::new(self.events.iter().cloned().collect()),
            pinned: Some(self.pinned()),
            simulated: self.simulated,
        }
    }
}
