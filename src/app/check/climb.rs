//! Every probe of one target, once, and once more where something looks wrong.

use super::ECHO_ROOM;
use crate::app::edge::Edge;
use crate::domain::local::LocalState;
use crate::domain::sample::{
    Attempt, ConnectOutcome, EchoOutcome, NegotiateOutcome, Neighbour, Observation, PathOutcome,
    ProbeKind, Resolution, Sample, TlsOutcome,
};
use crate::domain::target::{Host, Target};
use crate::domain::time::Now;
use crate::probe::attempt::{AttemptPlan, attempt};
use crate::probe::connect::connect;
use crate::probe::echo::{EchoRequest, echo_from_connect, outbox};
use crate::probe::path_mtu::path_mtu;
use crate::probe::resolve::{has_route, scope_id};
use crate::probe::udp::udp;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{interval, sleep};

/// Between echo requests.
const ECHO_SPACING: Duration = Duration::from_millis(200);
/// An answer of a gateway is good for the whole run.
const A_RUN: Duration = Duration::from_hours(24);
/// Before a probe that found something wrong runs again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// One target, what it is measured with, and where the samples go as they come.
pub(super) struct Climb<'a> {
    pub(super) target: &'a Target,
    pub(super) edge: &'a Edge,
    pub(super) local: &'a LocalState,
    /// Echo requests to send.
    pub(super) count: u32,
    /// Whether to climb beyond X.224.
    pub(super) deep: bool,
    pub(super) out: mpsc::Sender<Sample>,
}

impl Climb<'_> {
    /// Runs every probe. Cancelled by dropping.
    pub(super) async fn run(&self) {
        tokio::join!(Box::pin(self.directly()), Box::pin(self.gateway()));
    }

    /// Asks the RD Gateway, once for all targets behind it; one that does not answer as it should
    /// is asked once more, so that both agree.
    async fn gateway(&self) {
        let Some(address) = self.target.gateway.as_ref().filter(|_| self.deep) else { return };
        let (names, deadlines) = (self.edge.names.as_ref(), &self.target.deadlines);
        for seq in 0..2 {
            let gateways = &self.edge.gateways;
            let clock = self.edge.clock;
            let asking = gateways.ask(self.target.id, address, A_RUN, names, deadlines, clock);
            let (sent_at, found) = asking.await;
            let answers = found.answers();
            let found = Observation::Gateway(Box::new(found));
            self.send(seq, sent_at, found).await;
            if answers || seq > 0 {
                break;
            }
            sleep(RETRY_AFTER).await;
        }
    }

    /// The name, then every address that it leads to or should lead to.
    async fn directly(&self) {
        let sent_at = self.edge.clock.now();
        let resolution =
            self.edge.names.resolve(&self.target.host, self.target.deadlines.resolve).await;
        let addresses = resolution.addresses.clone();
        let disagree = servers_disagree(&resolution);
        self.send(0, sent_at, Observation::Resolve(resolution)).await;
        let Some(address) = addresses.first().copied() else {
            self.try_others(&self.target.expect, self.full(), false).await;
            return;
        };
        let scope = match &self.target.host {
            Host::Address(_, Some(zone)) => scope_id(zone).unwrap_or(0),
            _ => 0,
        };
        let is_other = |other: &IpAddr| *other != address;
        let expected: Vec<IpAddr> = self.target.expect.iter().copied().filter(is_other).collect();
        let published: Vec<IpAddr> = addresses
            .iter()
            .copied()
            .filter(|other| is_other(other) && !expected.contains(other))
            .collect();
        let (found, living, alive, ()) = tokio::join!(
            self.all_of(address, scope),
            self.try_others(&published, ProbeKind::Connect, true),
            self.try_others(&expected, self.full(), false),
            self.ask_again(disagree),
        );
        let mut dialled = address;
        if found.connect.outcome != ConnectOutcome::Open {
            // A client takes the next one that accepts.
            let accepts = |other: &&IpAddr| living.contains(other) || alive.contains(other);
            if let Some(next) = addresses.iter().find(accepts).copied() {
                self.all_of(next, 0).await;
                dialled = next;
            }
        } else if !found.works_up_to_tls() {
            self.try_others(&living, self.full(), true).await;
            if self.target.host.name().is_some() && found.encrypted() == Some(false) {
                self.try_others(&[address], self.full(), false).await;
            }
        }
        self.neighbour(dialled).await;
    }

    /// How far another address is climbed.
    const fn full(&self) -> ProbeKind {
        if self.deep { ProbeKind::Tls } else { ProbeKind::Negotiate }
    }

    /// Every probe of one address. Returns the newest connection.
    async fn all_of(&self, address: IpAddr, scope: u32) -> Attempt {
        let ((), found, (), ()) = tokio::join!(
            self.echo(address, scope),
            self.ladder(address, scope),
            self.udp(address, scope),
            self.path_mtu(address, scope),
        );
        found
    }

    /// DNS servers that contradict each other are asked once more: round robin looks alike once.
    async fn ask_again(&self, disagree: bool) {
        if !disagree {
            return;
        }
        sleep(RETRY_AFTER).await;
        let sent_at = self.edge.clock.now();
        let again = self.edge.names.resolve(&self.target.host, self.target.deadlines.resolve).await;
        self.send(1, sent_at, Observation::Resolve(again)).await;
    }

    /// Every rung once; a failed ladder is climbed once more, so that both agree.
    async fn ladder(&self, address: IpAddr, scope: u32) -> Attempt {
        let plan = AttemptPlan {
            address: self.target.socket_addr(address, scope),
            name: self.target.host.name().map(str::to_owned),
            depth: if self.deep { ProbeKind::Nla } else { ProbeKind::Negotiate },
            deadlines: self.target.deadlines,
        };
        let mut seq = 0;
        loop {
            let sent_at = self.edge.clock.now();
            let found = attempt(&plan, self.edge.clock).await;
            let sample = Observation::Attempt(Box::new(found.clone()));
            self.send(seq, sent_at, sample).await;
            if seq > 0 || reached_the_top(&found) {
                return found;
            }
            seq += 1;
            sleep(RETRY_AFTER).await;
        }
    }

    /// The UDP transport, which repeats its own question.
    async fn udp(&self, address: IpAddr, scope: u32) {
        if !self.deep {
            return;
        }
        let where_to = self.target.socket_addr(address, scope);
        let sent_at = self.edge.clock.now();
        let found = udp(where_to, self.target.deadlines.udp, self.edge.clock).await;
        self.send(0, sent_at, Observation::Udp(found)).await;
    }

    /// The path MTU; what speaks against the path is measured once more, so that both agree.
    async fn path_mtu(&self, address: IpAddr, scope: u32) {
        let where_to = self.target.socket_addr(address, scope);
        for seq in 0..2 {
            let sent_at = self.edge.clock.now();
            let found = path_mtu(where_to, self.target.deadlines.udp, self.edge.clock).await;
            let narrow = match found.outcome {
                PathOutcome::BlackHole => true,
                PathOutcome::Lowered => found.mtu.is_some_and(|mtu| mtu < found.needed()),
                _ => false,
            };
            self.send(seq, sent_at, Observation::PathMtu(found)).await;
            if !narrow {
                break;
            }
            sleep(RETRY_AFTER).await;
        }
    }

    /// Echo over ICMP where that is possible; over TCP where it is not, or is not answered by a
    /// host whose TCP answers.
    async fn echo(&self, address: IpAddr, scope: u32) {
        let answered =
            if self.edge.may_ping(address) { self.echo_icmp(address, scope).await } else { false };
        if !answered {
            self.echo_tcp(address, scope).await;
        }
    }

    /// As many echo requests as wanted. Whether any was answered.
    async fn echo_icmp(&self, address: IpAddr, scope: u32) -> bool {
        let (sender, mut samples) = outbox(ECHO_ROOM);
        let mut spacing = interval(ECHO_SPACING);
        let deadline = self.target.deadlines.echo;
        let mut outstanding = 0_u32;
        let mut answered = false;
        let mut sent = 0;
        let mut note = |sample: &Sample| {
            if let Observation::Echo(echo) = &sample.observation {
                answered |= matches!(echo.outcome, EchoOutcome::Reply { .. });
            }
        };
        while sent < self.count || outstanding > 0 {
            tokio::select! {
                Some(sample) = samples.recv() => {
                    // A late reply is the second sample of its request.
                    outstanding = outstanding.saturating_sub(u32::from(!is_late(&sample)));
                    note(&sample);
                    let _gone = self.out.send(sample).await;
                }
                _ = spacing.tick(), if sent < self.count => {
                    let request = EchoRequest {
                        target: self.target.id, seq: u64::from(sent), address, scope, deadline,
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
    async fn echo_tcp(&self, address: IpAddr, scope: u32) {
        let where_to = self.target.socket_addr(address, scope);
        let (first, _stream) = connect(where_to, self.target.deadlines.echo).await;
        if !first.outcome.answered() {
            return;
        }
        let mut spacing = interval(ECHO_SPACING);
        for seq in 0..self.count {
            spacing.tick().await;
            let sent_at = self.edge.clock.now();
            let (found, _stream) = connect(where_to, self.target.deadlines.echo).await;
            let echo = Observation::Echo(echo_from_connect(&found));
            self.send(u64::from(seq), sent_at, echo).await;
        }
    }

    /// Climbs other addresses, by the name or as addresses. Returns those that accept connections.
    async fn try_others(&self, others: &[IpAddr], depth: ProbeKind, by_name: bool) -> Vec<IpAddr> {
        let trying = others.iter().filter(|address| has_route(**address)).map(|address| async {
            let plan = AttemptPlan {
                address: self.target.socket_addr(*address, 0),
                name: self.target.host.name().filter(|_| by_name).map(str::to_owned),
                depth,
                deadlines: self.target.deadlines,
            };
            let sent_at = self.edge.clock.now();
            let mut found = attempt(&plan, self.edge.clock).await;
            let accepts = found.connect.outcome == ConnectOutcome::Open;
            if accepts && depth != ProbeKind::Connect && !found.works_up_to_tls() {
                sleep(RETRY_AFTER).await;
                found = attempt(&plan, self.edge.clock).await;
            }
            let found = Observation::Alternative(Box::new(found));
            self.send(0, sent_at, found).await;
            accepts.then_some(*address)
        });
        futures_util::future::join_all(trying).await.into_iter().flatten().collect()
    }

    async fn neighbour(&self, address: IpAddr) {
        let neighbours = Arc::clone(&self.edge.neighbours);
        let local = self.local.clone();
        let sent_at = self.edge.clock.now();
        let looked =
            tokio::task::spawn_blocking(move || neighbours.look_up(&[address], &local)).await;
        let found: Option<Neighbour> = looked.unwrap_or_default().into_iter().next();
        if let Some(found) = found {
            self.send(0, sent_at, Observation::Neighbour(found)).await;
        }
    }

    async fn send(&self, seq: u64, sent_at: Now, observation: Observation) {
        let ended_at = self.edge.clock.mono();
        let sample = Sample { target: self.target.id, seq, sent_at, ended_at, observation };
        let _gone = self.out.send(sample).await;
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
            if matches!(echo.outcome, EchoOutcome::Late { .. })
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
