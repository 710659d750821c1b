//! What is due goes out: each probe as a task of its own.

use super::{Core, DUE, ICMP_RETRY_SEQ, Report};
use crate::domain::sample::{EchoMethod, Observation, ProbeKind, Sample};
use crate::domain::target::{Host, Target, TargetId};
use crate::domain::time::{MonoTime, Now};
use crate::probe::attempt::{AttemptPlan, attempt};
use crate::probe::echo::EchoRequest;
use crate::probe::path_mtu::path_mtu;
use crate::probe::resolve::{has_route, scope_id};
use crate::probe::sweep::sweep;
use crate::probe::udp::udp;
use crate::schedule::ProbeRequest;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

impl Core {
    pub(super) fn start_due(&mut self) {
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
    pub(super) fn retry_icmp(&mut self) {
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
        self.spawn_now(request, async move {
            Observation::Resolve(names.resolve(&target.host, target.deadlines.resolve).await)
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
        self.spawn_now(request, async move {
            Observation::Attempt(Box::new(attempt(&plan, clock).await))
        });
    }

    fn start_sweep(&mut self, request: ProbeRequest) {
        let Some(plan) = self.attempt_plan(request) else { return };
        let clock = self.edge.clock;
        self.spawn_now(
            request,
            async move { Observation::Sweep(Box::new(sweep(&plan, clock).await)) },
        );
    }

    fn start_udp(&mut self, request: ProbeRequest) {
        let Some(AttemptPlan { address, deadlines, .. }) = self.attempt_plan(request) else {
            return;
        };
        let clock = self.edge.clock;
        self.spawn_now(request, async move {
            Observation::Udp(udp(address, deadlines.udp, clock).await)
        });
    }

    fn start_path_mtu(&mut self, request: ProbeRequest) {
        let Some(AttemptPlan { address, deadlines, .. }) = self.attempt_plan(request) else {
            return;
        };
        let clock = self.edge.clock;
        self.spawn_now(request, async move {
            Observation::PathMtu(path_mtu(address, deadlines.udp, clock).await)
        });
    }

    fn start_gateway(&mut self, request: ProbeRequest) {
        let target =
            self.monitor.target(request.target).map(|tracked| Arc::clone(tracked.target()));
        let names = Arc::clone(&self.edge.names);
        let gateways = Arc::clone(&self.edge.gateways);
        let clock = self.edge.clock;
        self.spawn(request, async move {
            let target = target?;
            let address = target.gateway.as_ref()?;
            let fresh = target.cadence.gateway / 2;
            let (names, deadlines) = (names.as_ref(), &target.deadlines);
            let asking = gateways.ask(target.id, address, fresh, names, deadlines, clock);
            let (sent_at, found) = asking.await;
            Some(sample(request, sent_at, clock.mono(), Observation::Gateway(Box::new(found))))
        });
    }

    /// One other address, in turn, of a family that this machine has a route for: a bare TCP
    /// connect, or a climb where something is wrong.
    fn start_alternative(&mut self, request: ProbeRequest) {
        let Some(tracked) = self.monitor.target(request.target) else { return };
        let target = Arc::clone(tracked.target());
        let others = tracked.others(self.edge.clock.mono(), self.schedule.climbs());
        let turn = usize::try_from(request.seq).unwrap_or(0) % others.len().max(1);
        let other = others.get(turn).copied().filter(|other| has_route(other.address));
        let clock = self.edge.clock;
        self.spawn(request, async move {
            let other = other?;
            let plan = AttemptPlan {
                address: target.socket_addr(other.address, 0),
                name: target.host.name().filter(|_| other.by_name).map(str::to_owned),
                depth: other.depth,
                deadlines: target.deadlines,
            };
            let sent_at = clock.now();
            let found = Observation::Alternative(Box::new(attempt(&plan, clock).await));
            Some(sample(request, sent_at, clock.mono(), found))
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

    /// Runs a probe that sends at once.
    fn spawn_now(
        &mut self,
        request: ProbeRequest,
        probe: impl Future<Output = Observation> + Send + 'static,
    ) {
        let clock = self.edge.clock;
        self.spawn(request, async move {
            let sent_at = clock.now();
            let found = probe.await;
            Some(sample(request, sent_at, clock.mono(), found))
        });
    }

    /// Runs a probe, and reports its sample, if there is one, and its end.
    fn spawn(
        &mut self,
        request: ProbeRequest,
        probe: impl Future<Output = Option<Sample>> + Send + 'static,
    ) {
        let reports = self.reports.clone();
        self.tasks.spawn(async move {
            if let Some(sample) = probe.await {
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
}

fn sample(
    request: ProbeRequest,
    sent_at: Now,
    ended_at: MonoTime,
    observation: Observation,
) -> Sample {
    Sample { target: request.target, seq: request.seq, sent_at, ended_at, observation }
}
