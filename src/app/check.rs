//! `check`: one full ladder per target, then a verdict.

use super::edge::{Edge, can_ping};
use super::{Failure, real_edge, runtime, written};
use crate::cli::Format;
use crate::config::Config;
use crate::domain::diagnose::{Weighed, judge_monitor_moment};
use crate::domain::memory::TargetMemory;
use crate::domain::rules::RULES;
use crate::domain::sample::{
    Attempt, ConnectOutcome, EchoMethod, NegotiateOutcome, Neighbour, Observation, PathOutcome,
    ProbeKind, Resolution, Sample, TlsOutcome,
};
use crate::domain::snapshot::{MonitorSnapshot, TargetSnapshot};
use crate::domain::target::{Host, Target};
use crate::domain::time::Now;
use crate::domain::view::{Mode, Offline, Surroundings};
use crate::monitor::{Budget, Tracked, clocks, shared_certificates};
use crate::probe::attempt::{AttemptPlan, attempt};
use crate::probe::connect::connect;
use crate::probe::echo::{EchoRequest, echo_from_connect};
use crate::probe::path_mtu::path_mtu;
use crate::probe::resolve::{has_route, scope_id};
use crate::probe::udp::udp;
use crate::proto::cipher::cipher_name;
use crate::report::check_json::CheckInput;
use crate::report::{check_json, check_text};
use crate::store::{self, State};
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{interval, sleep, timeout};

/// All of a target's ladder, retry included.
const WHOLE: Duration = Duration::from_secs(30);
/// Between echo requests.
const ECHO_SPACING: Duration = Duration::from_millis(200);
/// An answer of a gateway is good for the whole run.
const A_RUN: Duration = Duration::from_hours(24);
/// Before a failed ladder is climbed again.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Targets checked at the same time.
const AT_ONCE: usize = 64;
/// How long after the last echo its late reply is waited for is none: it counts as lost.
const ECHO_ROOM: usize = 4_096;

/// Checks every target and prints the result. Returns the exit code of the worst.
pub(super) fn check(
    config: &Config,
    format: Format,
    count: u32,
    remembered: &State,
) -> Result<u8, Failure> {
    if config.targets.is_empty() {
        return Err(Failure::new(
            check_text::EXIT_UNKNOWN,
            "nothing to check: name a TARGET, or add targets to the configuration file",
        ));
    }
    let runtime = runtime()?;
    let (monitor, targets) = runtime.block_on(async {
        let edge = real_edge(config)?;
        Ok::<_, Failure>(check_all(config, edge, count, remembered).await)
    })?;
    let now = crate::probe::clock::Clock::wall();
    let input = CheckInput { checked_at: now, monitor: &monitor, targets: &targets, cipher_name };
    let text = match format {
        Format::Json => check_json::document(&input),
        Format::Text => check_text::text(&input, config.verbosity > 0),
    };
    written(text.as_bytes())?;
    Ok(check_text::exit_code(&targets))
}

/// Every target's snapshot, in the order of the configuration.
pub(super) async fn check_all(
    config: &Config,
    edge: Edge,
    count: u32,
    remembered: &State,
) -> (MonitorSnapshot, Vec<TargetSnapshot>) {
    let (monitor, targets) = check_and_weigh(config, edge, count, remembered).await;
    (monitor, targets.into_iter().map(|(snapshot, _)| snapshot).collect())
}

/// Every target's snapshot with what its measurements say of every rule, in the order of the
/// configuration.
pub(super) async fn check_and_weigh(
    config: &Config,
    edge: Edge,
    count: u32,
    remembered: &State,
) -> (MonitorSnapshot, Vec<(TargetSnapshot, Vec<Weighed>)>) {
    let local = edge.local_state();
    let access = edge.access();
    let around = Surroundings {
        offline: if local.online() { Offline::Online } else { Offline::NoInterface },
        local,
        echo_v4: access.echo_v4,
        echo_v6: access.echo_v6,
        neighbours_readable: access.neighbours,
        ..Surroundings::default()
    };
    let checker = Arc::new(Checker {
        edge,
        around,
        count,
        deep: config.deep,
        slots: Semaphore::new(AT_ONCE),
    });
    let mut running: FuturesOrdered<_> = config
        .targets
        .iter()
        .map(|target| {
            let checker = Arc::clone(&checker);
            let memory = remembered.get(&store::key(target)).cloned().unwrap_or_default();
            let target = Arc::new(target.clone());
            async move { Box::pin(checker.one(target, memory)).await }
        })
        .collect();
    let mut ended = Vec::new();
    while let Some(one) = running.next().await {
        ended.push(one);
    }
    // Whose clock is wrong, and who shares a key, is known once all have told theirs.
    let now = checker.edge.clock.now();
    let local = &checker.around.local;
    let clocks = clocks(ended.iter().map(|(tracked, _)| tracked), local, now);
    let shared_certificates = shared_certificates(ended.iter().map(|(tracked, _)| tracked));
    let around = Surroundings { shared_certificates, clocks, ..checker.around.clone() };
    let picture = |(mut tracked, at): (Tracked, Now)| {
        let weighed = tracked.weigh(&around, at);
        (tracked.snapshot(Mode::Moment, &around, at, &Budget::default()), weighed)
    };
    let targets = ended.into_iter().map(picture).collect();
    let monitor = MonitorSnapshot {
        offline: around.offline.clone(),
        findings: judge_monitor_moment(RULES, &around, now),
        local: around.local.clone(),
        echo: Some((around.echo_v4, around.echo_v6)),
        ..MonitorSnapshot::default()
    };
    (monitor, targets)
}

/// What every target's check shares.
struct Checker {
    edge: Edge,
    around: Surroundings,
    count: u32,
    deep: bool,
    slots: Semaphore,
}

impl Checker {
    /// Measures one target; with the moment at which its ladder ended.
    async fn one(&self, target: Arc<Target>, memory: TargetMemory) -> (Tracked, Now) {
        let _slot = self.slots.acquire().await;
        let started = self.edge.clock.now();
        let method = if can_ping(self.around.echo_v4) || can_ping(self.around.echo_v6) {
            EchoMethod::Icmp
        } else {
            EchoMethod::Tcp
        };
        let mut tracked = Tracked::new(Arc::clone(&target), memory, method, started);
        let (sender, mut samples) = mpsc::channel(ECHO_ROOM);
        let climbing = timeout(WHOLE, self.climb(&target, sender));
        tokio::pin!(climbing);
        loop {
            tokio::select! {
                biased;
                Some(sample) = samples.recv() => {
                    tracked.observe(&sample, &self.around, self.edge.clock.now());
                }
                _ = &mut climbing => break,
            }
        }
        while let Ok(sample) = samples.try_recv() {
            tracked.observe(&sample, &self.around, self.edge.clock.now());
        }
        let now = self.edge.clock.now();
        (tracked, now)
    }

    /// Climbs the whole ladder of one target, and looks at its gateway; samples go out as they come.
    async fn climb(&self, target: &Target, out: mpsc::Sender<Sample>) {
        let directly = Box::pin(self.directly(target, out.clone()));
        tokio::join!(directly, Box::pin(self.gateway(target, &out)));
    }

    /// Asks the RD Gateway, once for all targets behind it; one that does not answer as it should
    /// is asked once more, so that both agree.
    async fn gateway(&self, target: &Target, out: &mpsc::Sender<Sample>) {
        let Some(address) = target.gateway.as_ref().filter(|_| self.deep) else { return };
        let (names, deadlines) = (self.edge.names.as_ref(), &target.deadlines);
        for seq in 0..2 {
            let gateways = &self.edge.gateways;
            let clock = self.edge.clock;
            let asking = gateways.ask(target.id, address, A_RUN, names, deadlines, clock);
            let (sent_at, found) = asking.await;
            let answers = found.answers();
            let found = Observation::Gateway(Box::new(found));
            self.send(out, target, seq, sent_at, found).await;
            if answers {
                break;
            }
            if seq == 0 {
                sleep(RETRY_AFTER).await;
            }
        }
    }

    async fn directly(&self, target: &Target, out: mpsc::Sender<Sample>) {
        let sent_at = self.edge.clock.now();
        let resolution = self.edge.names.resolve(&target.host, target.deadlines.resolve).await;
        let addresses = resolution.addresses.clone();
        let disagree = servers_disagree(&resolution);
        self.send(&out, target, 0, sent_at, Observation::Resolve(resolution)).await;
        let Some(address) = addresses.first().copied() else {
            self.try_others(target, &target.expect, self.full(), false, &out).await;
            return;
        };
        let scope = match &target.host {
            Host::Address(_, Some(zone)) => scope_id(zone).unwrap_or(0),
            _ => 0,
        };
        let is_other = |other: &IpAddr| *other != address;
        let expected: Vec<IpAddr> = target.expect.iter().copied().filter(is_other).collect();
        let published: Vec<IpAddr> = addresses
            .iter()
            .copied()
            .filter(|other| is_other(other) && !expected.contains(other))
            .collect();
        let (found, living, alive, ()) = tokio::join!(
            self.all_of(target, address, scope, &out),
            self.try_others(target, &published, ProbeKind::Connect, true, &out),
            self.try_others(target, &expected, self.full(), false, &out),
            self.ask_again(target, disagree, &out),
        );
        let mut dialled = address;
        if found.connect.outcome != ConnectOutcome::Open {
            // A client takes the next one that accepts.
            let accepts = |other: &&IpAddr| living.contains(other) || alive.contains(other);
            if let Some(next) = addresses.iter().find(accepts).copied() {
                self.all_of(target, next, 0, &out).await;
                dialled = next;
            }
        } else if !found.works_up_to_tls() {
            self.try_others(target, &living, self.full(), true, &out).await;
            if target.host.name().is_some() && found.encrypted() == Some(false) {
                self.try_others(target, &[address], self.full(), false, &out).await;
            }
        }
        self.neighbour(target, dialled, &out).await;
    }

    /// How far another address is climbed.
    const fn full(&self) -> ProbeKind {
        if self.deep { ProbeKind::Tls } else { ProbeKind::Negotiate }
    }

    /// Every probe of one address. Returns the newest connection.
    async fn all_of(
        &self,
        target: &Target,
        address: IpAddr,
        scope: u32,
        out: &mpsc::Sender<Sample>,
    ) -> Attempt {
        let ((), found, (), ()) = tokio::join!(
            self.echo(target, address, scope, out),
            self.ladder(target, address, scope, out),
            self.udp(target, address, scope, out),
            self.path_mtu(target, address, scope, out),
        );
        found
    }

    /// DNS servers that contradict each other are asked once more: round robin looks alike once.
    async fn ask_again(&self, target: &Target, disagree: bool, out: &mpsc::Sender<Sample>) {
        if !disagree {
            return;
        }
        sleep(RETRY_AFTER).await;
        let sent_at = self.edge.clock.now();
        let again = self.edge.names.resolve(&target.host, target.deadlines.resolve).await;
        self.send(out, target, 1, sent_at, Observation::Resolve(again)).await;
    }

    /// Every rung once; a failed ladder is climbed once more, so that both agree.
    async fn ladder(
        &self,
        target: &Target,
        address: IpAddr,
        scope: u32,
        out: &mpsc::Sender<Sample>,
    ) -> Attempt {
        let plan = AttemptPlan {
            address: target.socket_addr(address, scope),
            name: target.host.name().map(str::to_owned),
            depth: if self.deep { ProbeKind::Nla } else { ProbeKind::Negotiate },
            deadlines: target.deadlines,
        };
        let mut seq = 0;
        loop {
            let sent_at = self.edge.clock.now();
            let found = attempt(&plan, self.edge.clock).await;
            let sample = Observation::Attempt(Box::new(found.clone()));
            self.send(out, target, seq, sent_at, sample).await;
            if seq > 0 || reached_the_top(&found) {
                return found;
            }
            seq += 1;
            sleep(RETRY_AFTER).await;
        }
    }

    /// The UDP transport, which repeats its own question.
    async fn udp(&self, target: &Target, address: IpAddr, scope: u32, out: &mpsc::Sender<Sample>) {
        if !self.deep {
            return;
        }
        let where_to = target.socket_addr(address, scope);
        let sent_at = self.edge.clock.now();
        let found = udp(where_to, target.deadlines.udp, self.edge.clock).await;
        self.send(out, target, 0, sent_at, Observation::Udp(found)).await;
    }

    /// The path MTU; what speaks against the path is measured once more, so that both agree.
    async fn path_mtu(
        &self,
        target: &Target,
        address: IpAddr,
        scope: u32,
        out: &mpsc::Sender<Sample>,
    ) {
        let where_to = target.socket_addr(address, scope);
        for seq in 0..2 {
            let sent_at = self.edge.clock.now();
            let found = path_mtu(where_to, target.deadlines.udp, self.edge.clock).await;
            let narrow = match found.outcome {
                PathOutcome::BlackHole => true,
                PathOutcome::Lowered => found.mtu.is_some_and(|mtu| mtu < found.needed()),
                _ => false,
            };
            self.send(out, target, seq, sent_at, Observation::PathMtu(found)).await;
            if !narrow {
                break;
            }
            sleep(RETRY_AFTER).await;
        }
    }

    /// Echo over ICMP where that is possible; over TCP where it is not, or is not answered by a
    /// host whose TCP answers.
    async fn echo(&self, target: &Target, address: IpAddr, scope: u32, out: &mpsc::Sender<Sample>) {
        let answered = if self.edge.may_ping(address) {
            self.echo_icmp(target, address, scope, out).await
        } else {
            false
        };
        if !answered {
            self.echo_tcp(target, address, scope, out).await;
        }
    }

    async fn echo_icmp(
        &self,
        target: &Target,
        address: IpAddr,
        scope: u32,
        out: &mpsc::Sender<Sample>,
    ) -> bool {
        let (sender, mut samples) = mpsc::channel(ECHO_ROOM);
        let mut spacing = interval(ECHO_SPACING);
        let deadline = target.deadlines.echo;
        let mut outstanding = 0_u32;
        let mut answered = false;
        let mut sent = 0;
        let mut note = |sample: &Sample| {
            if let Observation::Echo(echo) = &sample.observation {
                answered |=
                    matches!(echo.outcome, crate::domain::sample::EchoOutcome::Reply { .. });
            }
        };
        while sent < self.count || outstanding > 0 {
            tokio::select! {
                Some(sample) = samples.recv() => {
                    // A late reply is the second sample of its request.
                    outstanding = outstanding.saturating_sub(u32::from(!is_late(&sample)));
                    note(&sample);
                    let _gone = out.send(sample).await;
                }
                _ = spacing.tick(), if sent < self.count => {
                    let request = EchoRequest {
                        target: target.id, seq: u64::from(sent), address, scope, deadline,
                    };
                    sent += 1;
                    self.edge.echo.send(request, sender.clone());
                    outstanding += 1;
                }
                () = sleep(deadline * 2), if sent >= self.count => break,
            }
        }
        answered
    }

    /// Connections that carry no byte, as far apart as echo requests: a host logs nothing of them.
    async fn echo_tcp(
        &self,
        target: &Target,
        address: IpAddr,
        scope: u32,
        out: &mpsc::Sender<Sample>,
    ) {
        let where_to = target.socket_addr(address, scope);
        let (first, _stream) = connect(where_to, target.deadlines.echo).await;
        if !first.outcome.answered() {
            return;
        }
        let mut spacing = interval(ECHO_SPACING);
        for seq in 0..self.count {
            spacing.tick().await;
            let sent_at = self.edge.clock.now();
            let (found, _stream) = connect(where_to, target.deadlines.echo).await;
            let echo = Observation::Echo(echo_from_connect(&found));
            self.send(out, target, u64::from(seq), sent_at, echo).await;
        }
    }

    /// Climbs other addresses, by the name or as addresses. Returns those that accept connections.
    async fn try_others(
        &self,
        target: &Target,
        others: &[IpAddr],
        depth: ProbeKind,
        by_name: bool,
        out: &mpsc::Sender<Sample>,
    ) -> Vec<IpAddr> {
        let trying = others.iter().filter(|address| has_route(**address)).map(|address| async {
            let plan = AttemptPlan {
                address: target.socket_addr(*address, 0),
                name: target.host.name().filter(|_| by_name).map(str::to_owned),
                depth,
                deadlines: target.deadlines,
            };
            let sent_at = self.edge.clock.now();
            let mut found = attempt(&plan, self.edge.clock).await;
            let accepts = found.connect.outcome == ConnectOutcome::Open;
            if accepts && depth != ProbeKind::Connect && !found.works_up_to_tls() {
                sleep(RETRY_AFTER).await;
                found = attempt(&plan, self.edge.clock).await;
            }
            let found = Observation::Alternative(Box::new(found));
            self.send(out, target, 0, sent_at, found).await;
            accepts.then_some(*address)
        });
        futures_util::future::join_all(trying).await.into_iter().flatten().collect()
    }

    async fn neighbour(&self, target: &Target, address: IpAddr, out: &mpsc::Sender<Sample>) {
        let neighbours = Arc::clone(&self.edge.neighbours);
        let local = self.around.local.clone();
        let sent_at = self.edge.clock.now();
        let looked =
            tokio::task::spawn_blocking(move || neighbours.look_up(&[address], &local)).await;
        let found: Option<Neighbour> = looked.unwrap_or_default().into_iter().next();
        if let Some(found) = found {
            self.send(out, target, 0, sent_at, Observation::Neighbour(found)).await;
        }
    }

    async fn send(
        &self,
        out: &mpsc::Sender<Sample>,
        target: &Target,
        seq: u64,
        sent_at: Now,
        observation: Observation,
    ) {
        let ended_at = self.edge.clock.mono();
        let sample = Sample { target: target.id, seq, sent_at, ended_at, observation };
        let _gone = out.send(sample).await;
    }
}

/// Whether two DNS servers gave addresses that have nothing in common.
fn servers_disagree(resolution: &Resolution) -> bool {
    let known: Vec<_> =
        resolution.servers.iter().filter(|answer| !answer.addresses.is_empty()).collect();
    known.iter().enumerate().any(|(index, one)| {
        known
            .iter()
            .skip(index + 1)
            .any(|other| !one.addresses.iter().any(|address| other.addresses.contains(address)))
    })
}

fn is_late(sample: &Sample) -> bool {
    matches!(
        &sample.observation,
        Observation::Echo(echo)
            if matches!(echo.outcome, crate::domain::sample::EchoOutcome::Late { .. })
    )
}

/// Whether a climb ended where it was meant to: a second one would show nothing new. What an old
/// TLS keeps from CredSSP was reached as far as it can be.
fn reached_the_top(attempt: &Attempt) -> bool {
    let Some(negotiate) = &attempt.negotiate else { return false };
    match (&negotiate.outcome, &attempt.tls, &attempt.nla) {
        (NegotiateOutcome::Confirmed { .. }, Some(_), Some(nla)) => nla.outcome.answered(),
        (NegotiateOutcome::Confirmed { .. }, Some(tls), None) => tls.outcome == TlsOutcome::Ok,
        (NegotiateOutcome::Confirmed { .. } | NegotiateOutcome::NoNegotiation, None, _) => true,
        _ => false,
    }
}
