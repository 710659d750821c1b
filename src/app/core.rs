//! The loop that owns the monitor and the schedule: due probes go out, samples come in, snapshots
//! are published. It never waits for a screen, a disk or a sink.

use super::edge::Edge;
use crate::config::Config;
use crate::domain::alert::{AlertEvent, AlertSettings};
use crate::domain::finding::RuleId;
use crate::domain::local::LocalState;
use crate::domain::sample::{Echo, EchoMethod, EchoOutcome, Observation, ProbeKind, Sample};
use crate::domain::snapshot::Snapshot;
use crate::domain::target::{Host, Target, TargetId};
use crate::domain::time::{MonoTime, WallTime};
use crate::domain::wake::WakeProgress;
use crate::monitor::{Budget, Change, Monitor, Tracked};
use crate::probe::attempt::{AttemptPlan, attempt};
use crate::probe::connect::connect;
use crate::probe::echo::EchoRequest;
use crate::probe::path_mtu::path_mtu;
use crate::probe::resolve::{has_route, scope_id};
use crate::probe::sweep::sweep;
use crate::probe::udp::udp;
use crate::schedule::{ProbeRequest, Schedule, Settings};
use crate::store::{self, MemoryStore, State, StateStore};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

/// Between snapshots at the most often.
const PUBLISH: Duration = Duration::from_millis(200);
/// Between judgements of what ages.
const TICK: Duration = Duration::from_millis(500);
/// Between looks at this machine.
const LOCAL: Duration = Duration::from_secs(2);
/// Between saves of what is remembered, when something changed.
const SAVE: Duration = Duration::from_secs(30);
/// Between connections to a target that is being woken.
const WAKING: Duration = Duration::from_secs(2);
/// Between ICMP echoes to a target whose echo is measured over TCP.
const ICMP_RETRY: Duration = Duration::from_mins(1);
/// Numbers of those echoes begin here, above all that the schedule gives.
const ICMP_RETRY_SEQ: u64 = 1 << 48;
/// Probes started in one go.
const DUE: usize = 512;
/// Room for reports on their way in.
const REPORTS: usize = 8_192;
/// Reports taken in one go.
const BATCH: usize = 1_024;
/// How long a control may take to answer.
const CONTROL_DEADLINE: Duration = Duration::from_secs(2);
/// Control addresses are numbered from here down; targets are numbered from 0 up.
const FIRST_CONTROL: u32 = u32::MAX;
/// How many controls are followed.
const CONTROLS: u32 = 4;

/// What a person asks for.
#[derive(Debug, Clone)]
pub(super) enum Command {
    /// Send magic packets to these and follow them up, for at most so long.
    Wake(Vec<TargetId>, Duration),
    /// Probe everything of this target at once.
    ProbeNow(TargetId),
    /// Forget the statistics of echo.
    ResetStatistics,
    /// Somebody has seen this alert.
    Acknowledge(Option<TargetId>, RuleId),
    /// Silence this alert until then.
    Snooze(Option<TargetId>, RuleId, WallTime),
    /// This target is being looked at.
    LookAt(Option<TargetId>),
    /// Watch one more.
    Add(Box<Target>),
    /// What was there on first sight is fine.
    AcceptAsFound(TargetId),
}

/// What comes back from a task.
#[derive(Debug)]
enum Report {
    Sample(Box<Sample>),
    Finished(TargetId, ProbeKind),
    Local(Box<LocalState>),
    Woken(TargetId, Box<WakeProgress>, String),
}

/// The loop's own state.
pub(super) struct Core {
    monitor: Monitor,
    schedule: Schedule,
    edge: Edge,
    read_only: bool,
    reports: mpsc::Sender<Report>,
    inbox: mpsc::Receiver<Report>,
    echoes: mpsc::Sender<Sample>,
    echo_inbox: mpsc::Receiver<Sample>,
    tasks: JoinSet<()>,
    store: Arc<dyn StateStore>,
    remembered: State,
    saving: Option<tokio::task::JoinHandle<bool>>,
    unsaved: bool,
    controls: BTreeMap<TargetId, IpAddr>,
    control_seq: u64,
    waking: BTreeMap<TargetId, MonoTime>,
    looking_at_local: Option<AbortHandle>,
    dirty: bool,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("monitor", &self.monitor).finish_non_exhaustive()
    }
}

impl Core {
    /// A core with the configured targets; nothing is sent before [`Core::run`].
    #[must_use]
    pub(super) fn new(
        config: &Config,
        edge: Edge,
        store: Arc<dyn StateStore>,
        local: LocalState,
    ) -> Self {
        let now = edge.clock.now();
        let mut monitor = Monitor::new(edge.access(), local, AlertSettings::default(), now);
        if let Some(simulation) = edge.simulated {
            monitor.set_simulated(Some(simulation.label));
            monitor.log(None, now.wall, simulation.sentence.to_owned());
        }
        let (reports, inbox) = mpsc::channel(REPORTS);
        let (echoes, echo_inbox) = mpsc::channel(REPORTS);
        let mut store = store;
        // What cannot be read must not be overwritten: this run remembers nothing beyond itself.
        let remembered = match store.load() {
            Ok(loaded) => {
                if let Some(warning) = loaded.warning {
                    monitor.log(None, now.wall, warning);
                }
                loaded.state
            }
            Err(error) => {
                monitor.log(None, now.wall, error.to_string());
                store = Arc::new(MemoryStore::default());
                State::default()
            }
        };
        let mut core = Self {
            monitor,
            schedule: Schedule::new(Settings {
                seed: edge.seed,
                deep: config.deep,
                ..Settings::default()
            }),
            edge,
            read_only: config.read_only,
            reports,
            inbox,
            echoes,
            echo_inbox,
            tasks: JoinSet::new(),
            store,
            remembered,
            saving: None,
            unsaved: false,
            controls: BTreeMap::new(),
            control_seq: 0,
            waking: BTreeMap::new(),
            looking_at_local: None,
            dirty: true,
        };
        for target in &config.targets {
            core.add(target.clone());
        }
        core
    }

    /// The picture before anything was measured.
    pub(super) fn first_snapshot(&mut self) -> Arc<Snapshot> {
        Arc::new(self.snapshot())
    }

    /// Runs until `stop`, then saves what is remembered.
    pub(super) async fn run(
        mut self,
        mut commands: mpsc::Receiver<Command>,
        snapshots: watch::Sender<Arc<Snapshot>>,
        alerts: mpsc::Sender<AlertEvent>,
        stop: CancellationToken,
    ) {
        let mut publish = ticker(PUBLISH);
        let mut tick = ticker(TICK);
        let mut local = ticker(LOCAL);
        let mut save = ticker(SAVE);
        let mut icmp = ticker(ICMP_RETRY);
        loop {
            let due = self.schedule.next_due();
            let due = due.unwrap_or_else(|| self.edge.clock.mono().plus(TICK));
            let due = Instant::from_std(self.edge.clock.instant_of(due));
            tokio::select! {
                () = stop.cancelled() => break,
                Some(command) = commands.recv() => self.execute(command),
                Some(report) = self.inbox.recv() => self.take_reports(report),
                Some(sample) = self.echo_inbox.recv() => self.take_echoes(sample),
                () = sleep_until(due) => self.start_due(),
                _ = publish.tick() => self.publish(&snapshots),
                _ = tick.tick() => self.tick(&alerts),
                _ = local.tick() => self.look_at_local(),
                _ = save.tick() => self.save_aside().await,
                _ = icmp.tick() => self.retry_icmp(),
                Some(_) = self.tasks.join_next() => {}
            }
        }
        self.tasks.abort_all();
        self.save_last().await;
    }

    fn add(&mut self, target: Target) {
        let now = self.edge.clock.now();
        let memory = self.remembered.get(&store::key(&target)).cloned().unwrap_or_default();
        let id = target.id;
        self.schedule.add(&target, now.mono);
        self.monitor.add(target, memory, now);
        self.sync(id);
        self.dirty = true;
    }

    /// Tells the schedule what it must know of a target to plan its probes.
    fn sync(&mut self, id: TargetId) {
        let now = self.edge.clock.mono();
        let Some(tracked) = self.monitor.target(id) else { return };
        let others = u32::try_from(tracked.other_addresses().len()).unwrap_or(u32::MAX);
        self.schedule.set_ready(id, tracked.dialled().is_some(), now);
        self.schedule.set_echo_method(id, tracked.echo_method(), now);
        self.schedule.set_alternatives(id, others, now);
    }

    fn execute(&mut self, command: Command) {
        let now = self.edge.clock.now();
        match command {
            Command::Wake(ids, wait) => {
                for id in ids {
                    self.wake(id, wait);
                }
            }
            Command::ProbeNow(id) => {
                self.schedule.probe_now(id, now.mono);
            }
            Command::ResetStatistics => self.monitor.reset_statistics(now),
            Command::Acknowledge(id, rule) => {
                self.monitor.acknowledge(id, rule, now);
                self.unsaved = true;
            }
            Command::Snooze(id, rule, until) => self.monitor.snooze(id, rule, until),
            Command::LookAt(id) => self.schedule.look_at(id, now.mono),
            Command::Add(target) => self.add(*target),
            Command::AcceptAsFound(id) => {
                self.monitor.accept_as_found(id, now);
                self.unsaved = true;
            }
        }
        self.dirty = true;
    }

    // ------------------------------------------------------------ out

    fn start_due(&mut self) {
        let now = self.edge.clock.mono();
        let mut neighbours = BTreeSet::new();
        for request in self.schedule.due(now, DUE) {
            match request.kind {
                ProbeKind::Neighbour => {
                    neighbours.insert(request.target);
                }
                ProbeKind::Echo => self.start_echo(request),
                ProbeKind::Resolve => self.start_resolve(request),
                ProbeKind::Negotiate | ProbeKind::Tls | ProbeKind::Nla => {
                    self.start_attempt(request);
                }
                ProbeKind::Connect => self.start_alternative(request),
                ProbeKind::Sweep => self.start_sweep(request),
                ProbeKind::Udp => self.start_udp(request),
                ProbeKind::PathMtu => self.start_path_mtu(request),
                ProbeKind::Gateway => self.start_gateway(request),
            }
        }
        self.start_neighbours(&neighbours);
    }

    fn start_echo(&mut self, request: ProbeRequest) {
        let Some((target, address, scope)) = self.dialled(request.target) else { return };
        let deadline = target.deadlines.echo;
        let request = EchoRequest { target: target.id, seq: request.seq, address, scope, deadline };
        self.edge.echo.send(request, self.echoes.clone());
    }

    /// One ICMP echo a minute to each target whose echo is measured over TCP: the first reply
    /// brings ICMP back.
    fn retry_icmp(&mut self) {
        self.control_seq += 1;
        let over_tcp: Vec<TargetId> = self
            .monitor
            .targets()
            .filter(|(_, tracked)| tracked.echo_method() == EchoMethod::Tcp)
            .filter(|(_, tracked)| tracked.dialled().is_some_and(|ip| self.edge.may_ping(ip)))
            .map(|(id, _)| *id)
            .collect();
        for target in over_tcp {
            let kind = ProbeKind::Echo;
            self.start_echo(ProbeRequest { target, kind, seq: ICMP_RETRY_SEQ + self.control_seq });
        }
    }

    fn start_resolve(&mut self, request: ProbeRequest) {
        let Some(tracked) = self.monitor.target(request.target) else { return };
        let target = Arc::clone(tracked.target());
        let names = Arc::clone(&self.edge.names);
        let clock = self.edge.clock;
        self.spawn(request, async move {
            let sent_at = clock.now();
            let resolution = names.resolve(&target.host, target.deadlines.resolve).await;
            vec![sample(request, sent_at, clock.mono(), Observation::Resolve(resolution))]
        });
    }

    /// What a connection needs to know; `None` before the name resolved, and the request is over.
    fn attempt_plan(&mut self, request: ProbeRequest) -> Option<AttemptPlan> {
        let Some((target, address, scope)) = self.dialled(request.target) else {
            self.schedule.finished(request.target, request.kind, self.edge.clock.mono());
            return None;
        };
        Some(AttemptPlan {
            address: target.socket_addr(address, scope),
            name: target.host.name().map(str::to_owned),
            depth: request.kind,
            deadlines: target.deadlines,
        })
    }

    fn start_attempt(&mut self, request: ProbeRequest) {
        let Some(plan) = self.attempt_plan(request) else { return };
        let clock = self.edge.clock;
        self.spawn(request, async move {
            let sent_at = clock.now();
            let found = Observation::Attempt(Box::new(attempt(&plan, clock).await));
            vec![sample(request, sent_at, clock.mono(), found)]
        });
    }

    fn start_sweep(&mut self, request: ProbeRequest) {
        let Some(plan) = self.attempt_plan(request) else { return };
        let clock = self.edge.clock;
        self.spawn(request, async move {
            let sent_at = clock.now();
            let found = Observation::Sweep(Box::new(sweep(&plan, clock).await));
            vec![sample(request, sent_at, clock.mono(), found)]
        });
    }

    fn start_udp(&mut self, request: ProbeRequest) {
        let Some(plan) = self.attempt_plan(request) else { return };
        let clock = self.edge.clock;
        self.spawn(request, async move {
            let sent_at = clock.now();
            let found = Observation::Udp(udp(plan.address, plan.deadlines.udp, clock).await);
            vec![sample(request, sent_at, clock.mono(), found)]
        });
    }

    fn start_path_mtu(&mut self, request: ProbeRequest) {
        let Some(plan) = self.attempt_plan(request) else { return };
        let clock = self.edge.clock;
        self.spawn(request, async move {
            let sent_at = clock.now();
            let found = path_mtu(plan.address, plan.deadlines.udp, clock).await;
            vec![sample(request, sent_at, clock.mono(), Observation::PathMtu(found))]
        });
    }

    fn start_gateway(&mut self, request: ProbeRequest) {
        let target =
            self.monitor.target(request.target).map(|tracked| Arc::clone(tracked.target()));
        let names = Arc::clone(&self.edge.names);
        let gateways = Arc::clone(&self.edge.gateways);
        let clock = self.edge.clock;
        self.spawn(request, async move {
            let Some(target) = target else { return Vec::new() };
            let Some(address) = &target.gateway else { return Vec::new() };
            let fresh = target.cadence.gateway / 2;
            let (names, deadlines) = (names.as_ref(), &target.deadlines);
            let asking = gateways.ask(target.id, address, fresh, names, deadlines, clock);
            let (sent_at, found) = asking.await;
            vec![sample(request, sent_at, clock.mono(), Observation::Gateway(Box::new(found)))]
        });
    }

    /// A bare TCP connect to one other address, in turn, of a family that this machine has a
    /// route for.
    fn start_alternative(&mut self, request: ProbeRequest) {
        let Some(tracked) = self.monitor.target(request.target) else { return };
        let target = Arc::clone(tracked.target());
        let others = tracked.other_addresses();
        let turn = usize::try_from(request.seq).unwrap_or(0) % others.len().max(1);
        let address = others.get(turn).copied().filter(|address| has_route(*address));
        let clock = self.edge.clock;
        self.spawn(request, async move {
            let Some(address) = address else { return Vec::new() };
            let sent_at = clock.now();
            let where_to = target.socket_addr(address, 0);
            let (outcome, _stream) = connect(where_to, target.deadlines.connect).await;
            let found = Observation::Alternative(outcome);
            vec![sample(request, sent_at, clock.mono(), found)]
        });
    }

    /// One read of the table for every target that is due.
    fn start_neighbours(&mut self, due: &BTreeSet<TargetId>) {
        if due.is_empty() {
            return;
        }
        let (ids, addresses): (Vec<TargetId>, Vec<IpAddr>) =
            due.iter().filter_map(|id| Some((*id, self.monitor.target(*id)?.dialled()?))).unzip();
        let due: Vec<TargetId> = due.iter().copied().collect();
        let local = self.monitor.local().clone();
        let neighbours = Arc::clone(&self.edge.neighbours);
        let clock = self.edge.clock;
        let reports = self.reports.clone();
        self.tasks.spawn(async move {
            let sent_at = clock.now();
            let looked =
                tokio::task::spawn_blocking(move || neighbours.look_up(&addresses, &local)).await;
            for (id, neighbour) in ids.into_iter().zip(looked.unwrap_or_default()) {
                let request = ProbeRequest { target: id, kind: ProbeKind::Neighbour, seq: 0 };
                let found = Observation::Neighbour(neighbour);
                let sample = sample(request, sent_at, clock.mono(), found);
                let _gone = reports.send(Report::Sample(Box::new(sample))).await;
            }
            for id in due {
                let _gone = reports.send(Report::Finished(id, ProbeKind::Neighbour)).await;
            }
        });
    }

    fn spawn(
        &mut self,
        request: ProbeRequest,
        probe: impl Future<Output = Vec<Sample>> + Send + 'static,
    ) {
        let reports = self.reports.clone();
        self.tasks.spawn(async move {
            for sample in probe.await {
                let _gone = reports.send(Report::Sample(Box::new(sample))).await;
            }
            let _gone = reports.send(Report::Finished(request.target, request.kind)).await;
        });
    }

    /// The target with the address to dial and its scope; `None` before the name resolved.
    fn dialled(&self, id: TargetId) -> Option<(Arc<Target>, IpAddr, u32)> {
        let tracked = self.monitor.target(id)?;
        let target = Arc::clone(tracked.target());
        let scope = match &target.host {
            Host::Address(_, Some(zone)) => scope_id(zone).unwrap_or(0),
            _ => 0,
        };
        Some((target, tracked.dialled()?, scope))
    }

    fn wake(&mut self, id: TargetId, wait: Duration) {
        let now = self.edge.clock.now();
        let Some(tracked) = self.monitor.target(id) else { return };
        let target = Arc::clone(tracked.target());
        let name = crate::domain::text::printable(&target.name).into_owned();
        if self.read_only {
            self.monitor.log(Some(id), now.wall, format!("{name} is not woken: read-only"));
            return;
        }
        let Some(mac) = tracked.mac() else {
            self.monitor.log(Some(id), now.wall, format!("{name} has no known MAC address"));
            return;
        };
        let address = tracked.dialled();
        let local = self.monitor.local().clone();
        let waker = Arc::clone(&self.edge.waker);
        let clock = self.edge.clock;
        let reports = self.reports.clone();
        self.tasks.spawn(async move {
            let started = clock.now();
            let receipt = waker.wake(mac, &target.wake, &local, address).await;
            let text = match receipt.packets() {
                0 => format!("no wake packet for {name} could be sent to {mac}"),
                _ => format!("wake packets for {name} sent to {mac}"),
            };
            let progress = WakeProgress::new(receipt, started, wait);
            let _gone = reports.send(Report::Woken(id, Box::new(progress), text)).await;
        });
    }

    // ------------------------------------------------------------ in

    fn take_reports(&mut self, first: Report) {
        let mut next = Some(first);
        for _ in 0..BATCH {
            let Some(report) = next else { break };
            self.take(report);
            next = self.inbox.try_recv().ok();
        }
        if let Some(report) = next {
            self.take(report);
        }
        self.dirty = true;
    }

    fn take(&mut self, report: Report) {
        let now = self.edge.clock.now();
        match report {
            Report::Sample(sample) => self.take_sample(&sample),
            Report::Finished(id, kind) => self.schedule.finished(id, kind, now.mono),
            Report::Local(local) => {
                self.follow_controls(&local);
                self.monitor.observe_local(*local, now);
            }
            Report::Woken(id, progress, text) => {
                self.monitor.set_wake(id, *progress, now.wall, text);
                self.waking.insert(id, now.mono);
                self.schedule.probe_now(id, now.mono);
            }
        }
    }

    fn take_echoes(&mut self, first: Sample) {
        let mut next = Some(first);
        for _ in 0..BATCH {
            let Some(sample) = next else { break };
            self.take_sample(&sample);
            next = self.echo_inbox.try_recv().ok();
        }
        if let Some(sample) = next {
            self.take_sample(&sample);
        }
        self.dirty = true;
    }

    fn take_sample(&mut self, sample: &Sample) {
        if let Some(control) = self.controls.get(&sample.target) {
            // An answer may still be on its way when the number passes to another control.
            if let Observation::Echo(Echo { outcome, address, .. }) = sample.observation
                && address == *control
                && !matches!(outcome, EchoOutcome::Void(_) | EchoOutcome::Late { .. })
            {
                let answered = matches!(outcome, EchoOutcome::Reply { .. });
                self.monitor.observe_control(address, answered);
            }
            return;
        }
        let now = self.edge.clock.now();
        if let Observation::Echo(Echo { outcome, method: EchoMethod::Icmp, .. }) =
            sample.observation
            && !matches!(outcome, EchoOutcome::Void(_) | EchoOutcome::Late { .. })
        {
            let lost = !matches!(outcome, EchoOutcome::Reply { .. });
            self.schedule.note_echo(sample.target, lost, now.mono);
        }
        let change = self.monitor.observe(sample, now);
        self.follow(sample.target, change);
        if matches!(sample.observation, Observation::Resolve(_)) {
            self.sync(sample.target);
        }
    }

    fn follow(&mut self, id: TargetId, change: Change) {
        let now = self.edge.clock.mono();
        if change.ladder || change.dialled {
            self.schedule.note_change(id, now);
        }
        if change.gateway {
            self.schedule.note_gateway(id, now);
        }
        if change.method || change.dialled {
            self.sync(id);
        }
        if change.memory {
            self.unsaved = true;
        }
    }

    /// The default gateway and the DNS servers, as far as they are other machines.
    fn follow_controls(&mut self, local: &LocalState) {
        if local.hosts_on_loopback {
            return;
        }
        let wanted: BTreeSet<IpAddr> = local
            .gateway
            .into_iter()
            .chain(local.dns_servers.iter().copied())
            .filter(|address| !local.owns(*address))
            .filter(|address| self.edge.may_ping(*address))
            .collect();
        self.controls =
            (0..CONTROLS).map(|index| TargetId(FIRST_CONTROL - index)).zip(wanted).collect();
        self.monitor.follow_controls(&self.controls.values().copied().collect());
    }

    // ------------------------------------------------------------ time

    fn tick(&mut self, alerts: &mpsc::Sender<AlertEvent>) {
        let now = self.edge.clock.now();
        for event in self.monitor.tick(now) {
            // What was acknowledged of an alert that is over is forgotten.
            self.unsaved |= matches!(event, AlertEvent::Resolved(..));
            // A sink that does not keep up loses events, never the probes.
            let _full = alerts.try_send(event);
        }
        self.follow_waking(now.mono);
        self.dirty = true;
    }

    /// Quickens the probes of targets that are being woken, until they are up or given up.
    fn follow_waking(&mut self, now: MonoTime) {
        let mut over = Vec::new();
        for (id, probed) in &mut self.waking {
            let wake = self.monitor.target(*id).and_then(Tracked::wake);
            if wake.is_some_and(|wake| wake.is_up() || wake.is_over(now)) {
                over.push(*id);
            } else if now.since(*probed) >= WAKING {
                *probed = now;
                self.schedule.probe_now(*id, now);
            }
        }
        for id in over {
            self.waking.remove(&id);
        }
    }

    fn look_at_local(&mut self) {
        self.control_seq += 1;
        for (id, address) in &self.controls {
            let request = EchoRequest {
                target: *id,
                seq: self.control_seq,
                address: *address,
                scope: 0,
                deadline: CONTROL_DEADLINE,
            };
            self.edge.echo.send(request, self.echoes.clone());
        }
        // A look that takes longer than the time between two is waited for, not doubled.
        if self.looking_at_local.as_ref().is_some_and(|looking| !looking.is_finished()) {
            return;
        }
        let local = Arc::clone(&self.edge.local);
        let reports = self.reports.clone();
        let looking = self.tasks.spawn(async move {
            let looked = tokio::task::spawn_blocking(move || local.observe()).await;
            if let Ok(state) = looked {
                let _gone = reports.send(Report::Local(Box::new(state))).await;
            }
        });
        self.looking_at_local = Some(looking);
    }

    fn publish(&mut self, snapshots: &watch::Sender<Arc<Snapshot>>) {
        if self.dirty {
            self.dirty = false;
            let snapshot = Arc::new(self.snapshot());
            snapshots.send_replace(snapshot);
        }
    }

    fn snapshot(&mut self) -> Snapshot {
        let now = self.edge.clock.now();
        let schedule = &self.schedule;
        let in_flight = u32::try_from(self.tasks.len()).unwrap_or(u32::MAX);
        self.monitor.snapshot(now, in_flight, |id| Budget {
            next_tls: schedule.next_of(id, ProbeKind::Tls),
            connections_per_day: schedule.connections_per_day(id),
        })
    }

    /// Collects what is to be remembered of the own targets; `None` when nothing changed since the
    /// last time.
    fn take_unsaved(&mut self) -> Option<State> {
        if !std::mem::take(&mut self.unsaved) {
            return None;
        }
        let memory = |tracked: &Tracked| (store::key(tracked.target()), tracked.memory().clone());
        Some(self.monitor.targets().map(|(_, tracked)| memory(tracked)).collect())
    }

    /// Saves beside the loop, one save at a time; what was not saved is tried again.
    async fn save_aside(&mut self) {
        if self.saving.as_ref().is_some_and(|saving| !saving.is_finished()) {
            return;
        }
        self.await_save().await;
        let Some(state) = self.take_unsaved() else { return };
        let store = Arc::clone(&self.store);
        self.saving = Some(tokio::task::spawn_blocking(move || save(store.as_ref(), state)));
    }

    /// Waits for a save under way.
    async fn await_save(&mut self) {
        if let Some(saving) = self.saving.take() {
            self.unsaved |= !saving.await.unwrap_or(false);
        }
    }

    /// Saves at the end, after a save under way.
    async fn save_last(&mut self) {
        self.await_save().await;
        if let Some(state) = self.take_unsaved() {
            save(self.store.as_ref(), state);
        }
    }
}

/// Saves what is known of the own targets, beside what others saved of theirs. Whether it was
/// saved.
fn save(store: &dyn StateStore, own: State) -> bool {
    let saved = store.load().and_then(|mut whole| {
        whole.state.extend(own);
        store.save(&whole.state)
    });
    if let Err(error) = &saved {
        tracing::error!(%error, "what is known of the targets was not saved");
    }
    saved.is_ok()
}

fn sample(
    request: ProbeRequest,
    sent_at: crate::domain::time::Now,
    ended_at: MonoTime,
    observation: Observation,
) -> Sample {
    Sample { target: request.target, seq: request.seq, sent_at, ended_at, observation }
}

fn ticker(period: Duration) -> tokio::time::Interval {
    let mut ticker = interval(period);
    ticker.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticker
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::memory::TargetMemory;

    #[test]
    fn two_dashboards_do_not_forget_what_the_other_learnt() {
        let store = MemoryStore::default();
        let knows = |name: &str, sleeps| {
            State::from([(name.to_owned(), TargetMemory { sleeps, ..TargetMemory::default() })])
        };
        assert!(save(&store, knows("a:3389", false)));
        assert!(save(&store, knows("b:3389", true)));
        assert!(save(&store, knows("a:3389", true)));
        let state = store.load().expect("loaded").state;
        assert_eq!(state.len(), 2);
        assert!(state.values().all(|memory| memory.sleeps));
    }
}
