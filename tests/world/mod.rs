//! A world in virtual time for the real [`Monitor`] and the real [`Schedule`]: no sockets, no
//! runtime, no clock. It does what the loop of the program does, in the same order.

pub(crate) mod dice;
pub(crate) mod fleet;
pub(crate) mod host;
mod transport;

use dice::Dice;
use host::{COMPANY_DNS, GATEWAY, Moment, OWN, SimHost};
use rdpwatch::domain::alert::{AlertEvent, AlertSettings};
use rdpwatch::domain::local::{EchoAccess, Interface, LocalState};
use rdpwatch::domain::memory::TargetMemory;
use rdpwatch::domain::sample::{
    ConnectOutcome, Echo, EchoMethod, EchoOutcome, LocalFault, Observation, ProbeKind, Sample,
};
use rdpwatch::domain::snapshot::Snapshot;
use rdpwatch::domain::target::TargetId;
use rdpwatch::domain::time::{MonoTime, Now, WallTime};
use rdpwatch::domain::wireless::Radio;
use rdpwatch::monitor::{Access, Budget, Change, Monitor};
use rdpwatch::schedule::{ProbeRequest, Schedule, Settings};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::ops::Range;
use std::time::Duration;

/// 2026-11-21T00:00:00Z: the wall clock when the night begins.
pub(crate) const MIDNIGHT: WallTime = WallTime::from_unix_secs(1_795_219_200);

/// Between looks at the controls.
const CONTROL: Duration = Duration::from_secs(2);
/// Between ICMP echoes to a target whose echo is measured over TCP.
const ICMP_RETRY: Duration = Duration::from_mins(1);
/// Numbers of those echoes begin here.
const ICMP_RETRY_SEQ: u64 = 1 << 48;

/// How finely a world is played.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grain {
    /// Between ticks of the monitor.
    tick: Duration,
    /// One host in so many is probed as usual, the others no more often than this:
    exact: u32,
    echo: Duration,
    neighbour: Duration,
    resolve: Duration,
    negotiate: Duration,
}

impl Grain {
    pub(crate) const fn is_coarse(&self) -> bool {
        self.exact > 1
    }
}

/// As the program does it.
pub(crate) const REAL: Grain = Grain {
    tick: Duration::from_millis(500),
    exact: 1,
    echo: Duration::ZERO,
    neighbour: Duration::ZERO,
    resolve: Duration::ZERO,
    negotiate: Duration::ZERO,
};

/// With fewer probes of most hosts, for a build that is not optimised.
pub(crate) const COARSE: Grain = Grain {
    tick: Duration::from_mins(1),
    exact: 200,
    echo: Duration::from_mins(3),
    neighbour: Duration::from_mins(10),
    resolve: Duration::from_mins(6),
    negotiate: Duration::from_mins(6),
};

/// What is on its way in.
#[derive(Debug)]
enum Arrival {
    Sample(Box<Sample>),
    Finished(TargetId, ProbeKind),
    Control(IpAddr, bool),
}

/// Everything.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) monitor: Monitor,
    pub(crate) schedule: Schedule,
    pub(crate) hosts: Vec<SimHost>,
    /// This machine's line is cut: nothing answers, the controls neither.
    pub(crate) cuts: Vec<Range<MonoTime>>,
    /// When this machine is on a Wi-Fi that hardly reaches it: the controls lose every eighth request.
    pub(crate) weak_wifi: Option<Range<MonoTime>>,
    /// This process does not run.
    pub(crate) stalls: Vec<Range<MonoTime>>,
    /// The wall clock is set, by milliseconds.
    pub(crate) clock_set: Vec<(MonoTime, i64)>,
    /// What was told, and when.
    pub(crate) told: Vec<(MonoTime, AlertEvent)>,
    /// Probes sent, for the record.
    pub(crate) sent: BTreeMap<ProbeKind, u64>,
    echo: EchoAccess,
    grain: Grain,
    dice: Dice,
    mono: MonoTime,
    arrivals: BTreeMap<(MonoTime, u64), Arrival>,
    order: u64,
    next_tick: MonoTime,
    next_control: MonoTime,
    next_retry: MonoTime,
    retries: u64,
}

impl World {
    /// Hosts, and a machine that watches them and may do everything.
    pub(crate) fn new(seed: u64, grain: Grain, hosts: Vec<SimHost>) -> Self {
        Self::with_echo(EchoAccess::Datagram, seed, grain, hosts)
    }

    /// Hosts, and a machine that may send echo requests or not.
    pub(crate) fn with_echo(
        echo: EchoAccess,
        seed: u64,
        grain: Grain,
        hosts: Vec<SimHost>,
    ) -> Self {
        let start = Now { mono: MonoTime::ZERO, wall: MIDNIGHT };
        let access = Access { echo_v4: echo, echo_v6: echo, neighbours: true };
        let mut world = Self {
            monitor: Monitor::new(access, local(), AlertSettings::default(), start),
            schedule: Schedule::new(Settings { seed, ..Settings::default() }),
            hosts: Vec::new(),
            cuts: Vec::new(),
            weak_wifi: None,
            stalls: Vec::new(),
            clock_set: Vec::new(),
            told: Vec::new(),
            sent: BTreeMap::new(),
            echo,
            grain,
            dice: Dice::new(seed),
            mono: MonoTime::ZERO,
            arrivals: BTreeMap::new(),
            order: 0,
            next_tick: MonoTime::ZERO,
            next_control: MonoTime::ZERO,
            next_retry: MonoTime::ZERO,
            retries: 0,
        };
        for (number, mut host) in (0..).zip(hosts) {
            host.target.id = TargetId(number);
            if number % grain.exact != 0 {
                let cadence = &mut host.target.cadence;
                cadence.echo = cadence.echo.max(grain.echo);
                cadence.neighbour = cadence.neighbour.max(grain.neighbour);
                cadence.resolve = cadence.resolve.max(grain.resolve);
                cadence.negotiate = cadence.negotiate.max(grain.negotiate);
            }
            let target = host.target.clone();
            world.hosts.push(host);
            world.schedule.add(&target, start.mono);
            let id = target.id;
            world.monitor.add(target, TargetMemory::default(), start);
            world.sync(id);
        }
        world
    }

    /// Both clocks at this moment.
    pub(crate) fn now(&self) -> Now {
        self.clocks(self.mono)
    }

    fn clocks(&self, mono: MonoTime) -> Now {
        let true_time = MIDNIGHT.plus(mono.since(MonoTime::ZERO)).unix_millis();
        let wall = true_time + self.own_clock(mono);
        Now { mono, wall: WallTime::from_unix_millis(wall) }
    }

    /// How far this machine's clock is set ahead, in milliseconds.
    fn own_clock(&self, mono: MonoTime) -> i64 {
        self.clock_set.iter().filter(|(at, _)| *at <= mono).map(|(_, by)| by).sum()
    }

    /// Lets time pass until `end` after the beginning.
    pub(crate) fn run(&mut self, end: Duration) {
        let end = MonoTime::ZERO.plus(end);
        loop {
            let next = [
                self.schedule.next_due(),
                self.arrivals.keys().next().map(|(at, _)| *at),
                Some(self.next_tick),
                Some(self.next_control),
                Some(self.next_retry),
            ]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(end);
            let next = next.max(self.mono);
            if next >= end {
                self.mono = self.mono.max(end);
                return;
            }
            self.mono = next;
            self.stall();
            self.step();
        }
    }

    /// Skips a span in which this process does not run. What would have come in comes when it runs
    /// again: echoes are void, as the engine reports them, and so are connections that had to wait
    /// beyond their deadline.
    fn stall(&mut self) {
        let Some(stall) = self.stalls.iter().find(|stall| stall.contains(&self.mono)).cloned()
        else {
            return;
        };
        self.mono = stall.end;
        let during: Vec<_> = self.arrivals.range(..(stall.end, 0)).map(|(key, _)| *key).collect();
        let long = stall.end.since(stall.start) > Duration::from_secs(5);
        for key in during {
            let Some(mut arrival) = self.arrivals.remove(&key) else { continue };
            if let Arrival::Sample(sample) = &mut arrival {
                sample.ended_at = stall.end;
                match &mut sample.observation {
                    Observation::Echo(echo) => {
                        echo.outcome = EchoOutcome::Void(LocalFault::Stalled);
                    }
                    Observation::Attempt(attempt) if long => {
                        attempt.connect.outcome = ConnectOutcome::LocalError(LocalFault::Stalled);
                        attempt.negotiate = None;
                        attempt.tls = None;
                        attempt.nla = None;
                    }
                    Observation::Attempt(attempt) => {
                        attempt.connect.elapsed += stall.end.since(stall.start);
                    }
                    _ => {}
                }
            } else if let Arrival::Control(..) = arrival {
                continue;
            }
            self.arrivals.insert((stall.end, key.1), arrival);
        }
    }

    fn step(&mut self) {
        while let Some(entry) = self.arrivals.first_entry()
            && entry.key().0 <= self.mono
        {
            match entry.remove() {
                Arrival::Sample(sample) => self.take(&sample),
                Arrival::Finished(id, kind) => self.schedule.finished(id, kind, self.mono),
                Arrival::Control(address, answered) => {
                    let answer = answered.then_some(Duration::from_millis(1));
                    self.monitor.observe_control(address, answer);
                }
            }
        }
        for request in self.schedule.due(self.mono, 512) {
            self.send(request);
        }
        if self.next_tick <= self.mono {
            self.next_tick = self.mono.plus(self.grain.tick);
            let told = self.monitor.tick(self.now());
            self.told.extend(told.into_iter().map(|event| (self.mono, event)));
        }
        if self.next_control <= self.mono {
            self.next_control = self.mono.plus(CONTROL);
            self.look_at_controls();
        }
        if self.next_retry <= self.mono {
            self.next_retry = self.mono.plus(ICMP_RETRY);
            self.retry_icmp();
        }
    }

    // ------------------------------------------------------------ out

    fn send(&mut self, request: ProbeRequest) {
        *self.sent.entry(request.kind).or_default() += 1;
        let Some(tracked) = self.monitor.target(request.target) else { return };
        let (dialled, others) = (tracked.dialled(), tracked.others(self.mono, true));
        let index = usize::try_from(request.target.0).unwrap_or(usize::MAX);
        let Some(host) = self.hosts.get(index) else { return };
        let cut = self.cuts.iter().any(|cut| cut.contains(&self.mono));
        let own_clock = self.own_clock(self.mono);
        let mut moment = Moment { at: self.mono, own_clock, cut, dice: &mut self.dice };
        // Dice of their own: what else happens in a night does not depend on them.
        let mut own_dice = Dice::new(self.mono.as_nanos() ^ u64::from(request.target.0));
        let mut late = None;
        let (observation, took) = match (request.kind, dialled) {
            (ProbeKind::Resolve, _) => {
                let resolution = host.resolution(request.seq, &mut moment);
                let took = resolution.elapsed;
                (Observation::Resolve(resolution), took)
            }
            (ProbeKind::Echo, Some(address)) => {
                let (outcome, took, after) = host.echo(address, &mut moment);
                let echo = |outcome| {
                    Observation::Echo(Echo { method: EchoMethod::Icmp, address, outcome })
                };
                late = after.map(|rtt| (echo(EchoOutcome::Late { rtt }), rtt));
                (echo(outcome), took)
            }
            (ProbeKind::Negotiate | ProbeKind::Tls | ProbeKind::Nla, Some(address)) => {
                let (attempt, took) = host.attempt(address, request.kind, &mut moment);
                (Observation::Attempt(Box::new(attempt)), took)
            }
            (ProbeKind::Connect, _) => {
                let turn = usize::try_from(request.seq).unwrap_or(0) % others.len().max(1);
                // This machine has no route for IPv6.
                match others.get(turn).filter(|other| other.address.is_ipv4()) {
                    Some(other) => {
                        let (attempt, took) = host.attempt(other.address, other.depth, &mut moment);
                        (Observation::Alternative(Box::new(attempt)), took)
                    }
                    None => return self.schedule.finished(request.target, request.kind, self.mono),
                }
            }
            (ProbeKind::Neighbour, Some(address)) => {
                (Observation::Neighbour(host.neighbour(address, self.mono)), Duration::ZERO)
            }
            (ProbeKind::Udp, Some(address)) => {
                moment.dice = &mut own_dice;
                let (udp, took) = host.udp(address, &mut moment);
                (Observation::Udp(udp), took)
            }
            (ProbeKind::PathMtu, Some(address)) => {
                moment.dice = &mut own_dice;
                let (path, took) = host.path(address, &mut moment);
                (Observation::PathMtu(path), took)
            }
            (ProbeKind::Sweep | ProbeKind::Gateway, Some(_)) | (_, None) => {
                return self.schedule.finished(request.target, request.kind, self.mono);
            }
        };
        self.bring(request, observation, took);
        if let Some((observation, rtt)) = late {
            self.bring(request, observation, rtt);
        }
        if request.kind != ProbeKind::Echo {
            let finished = Arrival::Finished(request.target, request.kind);
            self.arrive(self.mono.plus(took), finished);
        }
    }

    fn bring(&mut self, request: ProbeRequest, observation: Observation, took: Duration) {
        let ended_at = self.mono.plus(took);
        let sample = Sample {
            target: request.target,
            seq: request.seq,
            sent_at: self.now(),
            ended_at,
            observation,
        };
        self.arrive(ended_at, Arrival::Sample(Box::new(sample)));
    }

    fn arrive(&mut self, at: MonoTime, arrival: Arrival) {
        self.order += 1;
        self.arrivals.insert((at, self.order), arrival);
    }

    fn look_at_controls(&mut self) {
        if self.echo == EchoAccess::Denied {
            self.monitor.observe_local(self.local(), self.now());
            return;
        }
        let cut = self.cuts.iter().any(|cut| cut.contains(&self.mono));
        for control in [GATEWAY, COMPANY_DNS] {
            let lost = self.dice.one_in(if self.is_weak() { 8 } else { 500 });
            let answered = !cut && !lost;
            let took = Duration::from_millis(if answered { 1 } else { 2_000 });
            self.arrive(self.mono.plus(took), Arrival::Control(control, answered));
        }
        self.monitor.observe_local(self.local(), self.now());
    }

    fn is_weak(&self) -> bool {
        self.weak_wifi.as_ref().is_some_and(|weak| weak.contains(&self.mono))
    }

    fn local(&self) -> LocalState {
        let mut local = local();
        if let (Some(_), [own]) = (&self.weak_wifi, local.interfaces.as_mut_slice()) {
            let signal_dbm = Some(if self.is_weak() { -82 } else { -56 });
            own.radio = Some(Radio { signal_dbm, access_point: None });
        }
        local
    }

    fn retry_icmp(&mut self) {
        if self.echo == EchoAccess::Denied {
            return;
        }
        self.retries += 1;
        let seq = ICMP_RETRY_SEQ + self.retries;
        let over_tcp: Vec<TargetId> = self
            .monitor
            .targets()
            .filter(|(_, tracked)| tracked.echo_method() == EchoMethod::Tcp)
            .map(|(id, _)| *id)
            .collect();
        for target in over_tcp {
            self.send(ProbeRequest { target, kind: ProbeKind::Echo, seq });
        }
    }

    // ------------------------------------------------------------ in

    fn take(&mut self, sample: &Sample) {
        let now = self.now();
        if let Observation::Echo(Echo { outcome, method: EchoMethod::Icmp, .. }) =
            sample.observation
            && !matches!(outcome, EchoOutcome::Void(_) | EchoOutcome::Late { .. })
        {
            let lost = !matches!(outcome, EchoOutcome::Reply { .. });
            self.schedule.note_echo(sample.target, sample.sent_at.mono, lost, now.mono);
        }
        let change: Change = self.monitor.observe(sample, now);
        if let Some(sound) = change.nla {
            self.schedule.note_nla(sample.target, sound, now.mono);
        }
        if change.ladder || change.dialled {
            self.schedule.note_change(sample.target, now.mono);
        }
        if change.slow_tls {
            self.schedule.note_slow_tls(sample.target, now.mono);
        }
        if change.stranger {
            self.schedule.look_again(sample.target, now.mono);
        }
        let resolved = matches!(sample.observation, Observation::Resolve(_));
        if change.method || change.dialled || resolved {
            self.sync(sample.target);
        }
    }

    fn sync(&mut self, id: TargetId) {
        let Some(tracked) = self.monitor.target(id) else { return };
        let others = u32::try_from(tracked.others(self.mono, true).len()).unwrap_or(u32::MAX);
        self.schedule.set_ready(id, tracked.dialled().is_some(), self.mono);
        self.schedule.set_echo_method(id, tracked.echo_method(), self.mono);
        self.schedule.set_alternatives(id, others, self.mono);
    }

    // ------------------------------------------------------------ what came of it

    pub(crate) fn snapshot(&mut self) -> Snapshot {
        let now = self.now();
        self.monitor.snapshot(now, 0, |_| Budget::default())
    }

    /// Everything that was told, one line each: `03:00:35 fired server-3 port-closed critical`.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.told
            .iter()
            .map(|(at, event)| {
                let (word, alert) = match event {
                    AlertEvent::Fired(alert) => ("fired", alert),
                    AlertEvent::Reminded(alert) => ("reminded", alert),
                    AlertEvent::Resolved(alert, _) => ("resolved", alert),
                };
                let secs = at.as_nanos() / 1_000_000_000;
                format!(
                    "{:02}:{:02}:{:02} {word} {} {} {} ({})",
                    secs / 3_600,
                    secs / 60 % 60,
                    secs % 60,
                    self.name(alert.target),
                    alert.rule,
                    alert.severity.word(),
                    alert.title,
                )
            })
            .collect()
    }

    /// What fired: whose, which rule, how bad, and how long after the beginning.
    pub(crate) fn fired(&self) -> Vec<(String, &'static str, &'static str, Duration)> {
        self.events(|event| matches!(event, AlertEvent::Fired(_)))
    }

    /// What was resolved.
    pub(crate) fn resolved(&self) -> Vec<(String, &'static str, &'static str, Duration)> {
        self.events(|event| matches!(event, AlertEvent::Resolved(..)))
    }

    fn events(
        &self,
        wanted: impl Fn(&AlertEvent) -> bool,
    ) -> Vec<(String, &'static str, &'static str, Duration)> {
        self.told
            .iter()
            .filter(|(_, event)| wanted(event))
            .map(|(at, event)| {
                let alert = event.alert();
                let name = self.name(alert.target);
                (name, alert.rule.0, alert.severity.word(), at.since(MonoTime::ZERO))
            })
            .collect()
    }

    fn name(&self, id: Option<TargetId>) -> String {
        let Some(id) = id else { return "monitor".to_owned() };
        self.monitor.target(id).map_or_else(String::new, |tracked| tracked.target().name.clone())
    }

    /// How much the monitor and the schedule hold, in characters of their debug output. Every
    /// tenth target stands for all.
    pub(crate) fn holds(&self) -> usize {
        let mut size = Size(0);
        for (_, tracked) in self.monitor.targets().step_by(10) {
            let _ = write!(size, "{tracked:?}");
        }
        let _ = write!(size, "{:?}", self.schedule);
        size.0
    }
}

struct Size(usize);

impl std::fmt::Write for Size {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

/// This machine, on a link of its own with a gateway.
fn local() -> LocalState {
    LocalState {
        interfaces: vec![Interface::up(2, "eth0", vec![(OWN, 24)])],
        gateway: Some(GATEWAY),
        gateway_interface: Some("eth0".to_owned()),
        dns_servers: vec![COMPANY_DNS],
        ..LocalState::default()
    }
}
