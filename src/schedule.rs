//! When each probe is due. Pure: the clock is an argument.
//!
//! Echo is cheap and regular. Everything that leaves an event in a host's log is rare: one
//! connection climbs TCP and X.224 every minute when quiet, every ten seconds after trouble, and
//! once in half an hour the same connection goes on to the certificate, once a day to the NLA
//! challenge. Deep probes never overlap themselves, all of them together are capped, and one that
//! finds no free place waits in a queue.
//! A caller that was stalled gets one echo per target, not the missed ones.

mod plan;
#[cfg(test)]
mod tests;

use crate::domain::sample::{EchoMethod, ProbeKind, TlsSweep};
use crate::domain::target::{Target, TargetId};
use crate::domain::time::MonoTime;
use plan::{Lane, Next, Plan};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::time::Duration;

/// With at most this many targets all of them are probed as the one that is looked at.
const FEW: usize = 3;

/// First connections and lookups are spread over this span, and ten milliseconds per target.
const SPREAD: Duration = Duration::from_secs(1);

/// Before a certificate that another machine seems to present is read again.
const LOOK_AGAIN: Duration = Duration::from_secs(20);

/// "All at once" after a change of state happens at most this often per target.
const CHANGE_REST: Duration = Duration::from_mins(1);

/// The same after it came back from silence, for then the last change was that it fell silent; this at
/// most once per [`CHANGE_REST`].
const BACK_REST: Duration = Duration::from_secs(10);

/// Between the connections of a target that comes back from silence.
const BACK_AGAIN: Duration = Duration::from_secs(2);

/// "All at once" because somebody asked happens at most this often per target.
const ASK_REST: Duration = Duration::from_secs(5);

/// At most this many targets are under suspicion at a time: a broken path is no reason to send
/// ten times the traffic.
const SUSPECTS: usize = 32;

/// One probe to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeRequest {
    /// Whom to probe.
    pub target: TargetId,
    /// What to look at. [`ProbeKind::Connect`] means one alternative address: number
    /// `seq % alternatives`.
    pub kind: ProbeKind,
    /// Counts the probes of one kind for one target, from 0.
    pub seq: u64,
}

/// Bounds and choices that hold for all targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Decides the jitter; equal seeds give equal schedules.
    pub seed: u64,
    /// At most this many connection probes at a time.
    pub connections: usize,
    /// At most this many lookups at a time.
    pub lookups: usize,
    /// At most this many sweeps, UDP and path MTU probes at a time. They may be silent for seconds,
    /// and no connection waits for them.
    pub aside: usize,
    /// Whether connections may go on to the certificate (`--no-deep` says no).
    pub deep: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { seed: 0, connections: 64, lookups: 32, aside: 32, deep: true }
    }
}

/// Probes that share a cap and the queue behind it.
#[derive(Debug, Clone, Default)]
struct Pool {
    cap: usize,
    in_flight: usize,
    queue: VecDeque<(TargetId, Lane)>,
}

impl Pool {
    const fn has_room(&self) -> bool {
        self.in_flight < self.cap
    }
}

/// The schedule of every target.
///
/// Drive it so: run what [`Self::due`] returns, report each but echo with [`Self::finished`], and
/// sleep until [`Self::next_due`] or until something is reported, whichever is first.
#[derive(Debug, Clone)]
pub struct Schedule {
    settings: Settings,
    plans: BTreeMap<TargetId, Plan>,
    heap: BinaryHeap<Reverse<(MonoTime, TargetId, Lane, u32)>>,
    connections: Pool,
    lookups: Pool,
    aside: Pool,
    looked_at: Option<TargetId>,
    /// When each suspicion ends.
    suspects: Vec<MonoTime>,
    paused: bool,
    /// The latest moment that the caller told.
    now: MonoTime,
}

impl Schedule {
    /// An empty schedule.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let pool = |cap: usize| Pool { cap: cap.max(1), ..Pool::default() };
        Self {
            settings,
            plans: BTreeMap::new(),
            heap: BinaryHeap::new(),
            connections: pool(settings.connections),
            lookups: pool(settings.lookups),
            aside: pool(settings.aside),
            looked_at: None,
            suspects: Vec::new(),
            paused: false,
            now: MonoTime::ZERO,
        }
    }

    /// Adds a target, or takes over the changed configuration of one.
    ///
    /// A target that is a name is only resolved until [`Self::set_ready`] says that there is an
    /// address to probe.
    pub fn add(&mut self, target: &Target, now: MonoTime) {
        match self.plans.get_mut(&target.id) {
            Some(plan) => plan.configure(target),
            None => {
                self.plans.insert(target.id, Plan::new(target, self.settings.deep, now));
            }
        }
        self.switch_lanes(target.id, now);
        for lane in Lane::ALL {
            self.quicken(target.id, lane, now);
        }
    }

    /// Forgets a target. What it has in flight need not be reported.
    pub fn remove(&mut self, target: TargetId) {
        self.heap.retain(|Reverse((_, of, ..))| *of != target);
        if let Some(plan) = self.plans.remove(&target) {
            for lane in Lane::ALL {
                if plan.slot(lane).in_flight.is_some() {
                    self.release(lane);
                }
            }
        }
    }

    /// Whether there is an address to probe. Without one, echo, connections and the neighbour
    /// table rest.
    pub fn set_ready(&mut self, target: TargetId, ready: bool, now: MonoTime) {
        if let Some(plan) = self.plans.get_mut(&target)
            && plan.ready != ready
        {
            plan.ready = ready;
            self.switch_lanes(target, now);
        }
    }

    /// What stands for echo. With [`EchoMethod::Tcp`] no echo is sent: the connection probes run
    /// often enough to stand for it.
    pub fn set_echo_method(&mut self, target: TargetId, method: EchoMethod, now: MonoTime) {
        if let Some(plan) = self.plans.get_mut(&target)
            && plan.method != method
        {
            plan.method = method;
            self.switch_lanes(target, now);
            self.quicken(target, Lane::Connection, now);
        }
    }

    /// Whether connections may go on to the certificate.
    #[must_use]
    pub const fn climbs(&self) -> bool {
        self.settings.deep
    }

    /// From here on connections may go on to the certificate: each target's next one does, and what
    /// else is deep begins as with a new target.
    pub fn allow_deep(&mut self, now: MonoTime) {
        self.settings.deep = true;
        let targets: Vec<TargetId> = self.plans.keys().copied().collect();
        for target in targets {
            if let Some(plan) = self.plans.get_mut(&target) {
                plan.allow_deep();
            }
            self.switch_lanes(target, now);
        }
    }

    /// How many alternative addresses there are. Each is connected to at most once a minute.
    pub fn set_alternatives(&mut self, target: TargetId, count: u32, now: MonoTime) {
        if let Some(plan) = self.plans.get_mut(&target)
            && plan.alternatives != count
        {
            plan.alternatives = count;
            self.switch_lanes(target, now);
        }
    }

    /// Something is wrong with a target: its connection probe is quick for two minutes.
    pub fn note_trouble(&mut self, target: TargetId, now: MonoTime) {
        if let Some(plan) = self.plans.get_mut(&target) {
            plan.trouble(now);
            self.quicken(target, Lane::Connection, now);
        }
    }

    /// A target's state changed: as [`Self::note_trouble`], and everything runs at once, at most
    /// once a minute.
    pub fn note_change(&mut self, target: TargetId, now: MonoTime) {
        self.note_trouble(target, now);
        if let Some(plan) = self.plans.get_mut(&target)
            && plan.changed.is_none_or(|at| now.since(at) >= CHANGE_REST)
        {
            plan.changed = Some(now);
            self.all_at_once(target, now);
        }
    }

    /// A target that was silent answers echo requests again: its port is tried at once, and
    /// everything else when that is another than before.
    pub fn note_back(&mut self, target: TargetId, now: MonoTime) {
        self.note_trouble(target, now);
        if let Some(plan) = self.plans.get_mut(&target) {
            let changed = plan.changed.filter(|at| now.since(*at) < BACK_REST);
            let rests = plan.cut_short.is_some_and(|at| now.since(at) < CHANGE_REST);
            if !rests && changed != plan.changed {
                (plan.changed, plan.cut_short) = (changed, Some(now));
            }
            self.bring_forward_after(target, Lane::Connection, BACK_AGAIN, now);
        }
    }

    /// Another machine seems to answer: the certificate is read again after a rest, so that two
    /// looks agree.
    pub fn look_again(&mut self, target: TargetId, now: MonoTime) {
        if let Some(plan) = self.plans.get_mut(&target) {
            plan.tls_due = plan.tls_due.min(now.plus(LOOK_AGAIN));
            plan.trouble(now);
            self.quicken(target, Lane::Connection, now);
        }
    }

    /// The TLS handshake of a target was slow, for once: a connection within the next minutes reads
    /// the certificate again, so that nobody waits for the next one that is due to know.
    pub fn note_slow_tls(&mut self, target: TargetId, now: MonoTime) {
        if let Some(plan) = self.plans.get_mut(&target) {
            plan.tls_again(LOOK_AGAIN, &self.settings, now);
        }
    }

    /// The gateway in front of a target answers otherwise than before: it is asked again soon, so
    /// that both agree.
    pub fn note_gateway(&mut self, target: TargetId, now: MonoTime) {
        self.bring_forward_after(target, Lane::Gateway, plan::GATEWAY_REST, now);
    }

    /// Targets may be reached by another way than before: what was measured of the path is of the
    /// old one. Each path is measured again, at most once a minute.
    pub fn note_another_way(&mut self, now: MonoTime) {
        let targets: Vec<TargetId> = self.plans.keys().copied().collect();
        for target in targets {
            self.bring_forward_after(target, Lane::PathMtu, CHANGE_REST, now);
        }
    }

    /// CredSSP was asked, and answered as by a sound host or not. What changed is asked again with
    /// the next connection; what ails, as often as the certificate is read.
    pub fn note_nla(&mut self, target: TargetId, sound: bool, now: MonoTime) {
        if let Some(plan) = self.plans.get_mut(&target) {
            plan.note_nla(sound, now);
        }
    }

    /// The UDP transport was asked, and is silent where it answered lately or not. What is missed
    /// is asked for as often as the path is measured, so that its return is seen.
    pub fn note_udp(&mut self, target: TargetId, missed: bool, now: MonoTime) {
        if let Some(plan) = self.plans.get_mut(&target) {
            plan.udp_missed = missed;
            self.quicken(target, Lane::Udp, now);
        }
    }

    /// Somebody asks for everything at once. Whether it runs: not again within five seconds.
    pub fn probe_now(&mut self, target: TargetId, now: MonoTime) -> bool {
        let Some(plan) = self.plans.get_mut(&target) else { return false };
        if plan.asked.is_some_and(|at| now.since(at) < ASK_REST) {
            return false;
        }
        plan.asked = Some(now);
        self.all_at_once(target, now);
        true
    }

    /// Takes note of an ICMP echo's outcome: after a loss echo runs ten times a second for one
    /// second, after two within twenty seconds for twenty, so that real loss is proven quickly.
    ///
    /// Not for a host that answered nothing since the last time, not again within a minute, not
    /// where so many are lost that the pace itself may be why, and for at most 32 targets at a time.
    pub fn note_echo(&mut self, target: TargetId, sent: MonoTime, lost: bool, now: MonoTime) {
        let Some(plan) = self.plans.get_mut(&target) else { return };
        let before = plan.suspected_until();
        if plan.count_echo(sent, lost, now) {
            if let Some(place) = self.suspects.iter().position(|until| Some(*until) == before) {
                self.suspects.swap_remove(place);
            }
            return;
        }
        if !lost {
            return;
        }
        let Some(length) = plan.lost(now) else { return };
        // A glance that becomes a suspicion is not counted twice.
        let own = plan.suspected_until();
        self.suspects.retain(|until| now < *until);
        if let Some(place) = self.suspects.iter().position(|until| Some(*until) == own) {
            self.suspects.swap_remove(place);
        }
        if self.suspects.len() < SUSPECTS {
            self.suspects.push(plan.suspect(length, now));
            self.quicken(target, Lane::Echo, now);
        }
    }

    /// Which target somebody looks at: its connection probe is quick.
    pub fn look_at(&mut self, target: Option<TargetId>, now: MonoTime) {
        self.looked_at = target;
        if let Some(target) = target {
            self.quicken(target, Lane::Connection, now);
        }
    }

    /// Nothing is due until [`Self::resume`].
    pub const fn pause(&mut self) {
        self.paused = true;
    }

    /// Goes on, without catching up on what was missed.
    pub const fn resume(&mut self) {
        self.paused = false;
    }

    /// A probe ended, whatever its outcome. Echo need not be reported.
    pub fn finished(&mut self, target: TargetId, kind: ProbeKind, now: MonoTime) {
        let lane = Lane::of(kind);
        let Some(plan) = self.plans.get_mut(&target) else { return };
        let slot = plan.slot_mut(lane);
        if slot.in_flight.take().is_none() {
            return;
        }
        let owed = slot.next == Next::Owed;
        self.release(lane);
        if owed {
            self.plan_at(target, lane, now);
        }
    }

    /// At most `limit` probes that are due, in the order they fell due. Call again at once when
    /// `limit` were returned.
    pub fn due(&mut self, now: MonoTime, limit: usize) -> Vec<ProbeRequest> {
        self.now = self.now.max(now);
        let mut requests = Vec::new();
        if self.paused {
            return requests;
        }
        self.drain_queues(now, limit, &mut requests);
        while requests.len() < limit {
            let Some(Reverse((due, ..))) = self.heap.peek() else { break };
            if *due > now {
                break;
            }
            let Some(Reverse((due, target, lane, token))) = self.heap.pop() else { break };
            requests.extend(self.fall_due(target, lane, token, due, now));
        }
        // What was given up made room.
        self.drain_queues(now, limit, &mut requests);
        self.compact();
        requests
    }

    /// When [`Self::due`] should be called next if nothing is reported before. It may be early,
    /// never late; `None` while there is nothing to wait for.
    #[must_use]
    pub fn next_due(&self) -> Option<MonoTime> {
        if self.paused {
            return None;
        }
        let queued = [&self.connections, &self.lookups, &self.aside]
            .iter()
            .any(|pool| pool.has_room() && !pool.queue.is_empty());
        if queued {
            return Some(self.now);
        }
        self.heap.peek().map(|Reverse((due, ..))| *due)
    }

    /// When the next probe of this kind is due, as far as is planned. For [`ProbeKind::Tls`] and
    /// [`ProbeKind::Nla`] the first connection that goes so far.
    #[must_use]
    pub fn next_of(&self, target: TargetId, kind: ProbeKind) -> Option<MonoTime> {
        let plan = self.plans.get(&target)?;
        let lane = Lane::of(kind);
        let next = match plan.slot(lane).next {
            Next::Off => return None,
            Next::Due(due) => due,
            Next::Owed | Next::Waiting => self.now,
        };
        let climb = match kind {
            ProbeKind::Tls => plan.tls_due,
            ProbeKind::Nla => plan.nla_due,
            _ => return Some(next),
        };
        if !self.settings.deep {
            return None;
        }
        let interval = plan.interval(lane, self.is_quick(target), self.now);
        let turns = climb.since(next).as_nanos().div_ceil(interval.as_nanos().max(1));
        Some(next.plus(interval.saturating_mul(u32::try_from(turns).unwrap_or(u32::MAX))))
    }

    /// How many connections that carry data a target sees in a day at the present cadence: its
    /// budget. 0 for a target that is not watched or has no address.
    #[must_use]
    pub fn connections_per_day(&self, target: TargetId) -> u32 {
        let Some(plan) = self.plans.get(&target).filter(|plan| plan.runs(Lane::Connection)) else {
            return 0;
        };
        let mut interval = plan.interval(Lane::Connection, self.is_quick(target), self.now);
        let mut swept = 0;
        if self.settings.deep {
            interval = interval.min(plan.tls_interval()).min(plan.nla_interval());
            let sweep = plan.interval(Lane::Sweep, false, self.now);
            swept = a_day(sweep).saturating_mul(TlsSweep::MOST_CONNECTIONS);
        }
        a_day(interval).saturating_add(swept)
    }

    /// How many probes besides echo are in flight.
    #[must_use]
    pub const fn in_flight(&self) -> usize {
        self.connections.in_flight + self.lookups.in_flight + self.aside.in_flight
    }

    /// Whether the connection probe runs at its alert cadence although the target has no trouble.
    fn is_quick(&self, target: TargetId) -> bool {
        self.plans.len() <= FEW || self.looked_at == Some(target)
    }

    const fn pool(&mut self, lane: Lane) -> Option<&mut Pool> {
        match lane {
            Lane::Resolve => Some(&mut self.lookups),
            Lane::Connection | Lane::Alternatives => Some(&mut self.connections),
            Lane::Sweep | Lane::Udp | Lane::PathMtu => Some(&mut self.aside),
            // All targets behind a gateway wait for one connection, and gateways have a cap of
            // their own.
            Lane::Echo | Lane::Neighbour | Lane::Gateway => None,
        }
    }

    fn release(&mut self, lane: Lane) {
        if let Some(pool) = self.pool(lane) {
            pool.in_flight = pool.in_flight.saturating_sub(1);
        }
    }

    /// Starts lanes that run from here on, and stops those that do not.
    fn switch_lanes(&mut self, target: TargetId, now: MonoTime) {
        let targets = self.plans.len();
        let Some(plan) = self.plans.get_mut(&target) else { return };
        let mut starts = Vec::new();
        for lane in Lane::ALL {
            let phase = plan.phase(lane, &self.settings, targets);
            let runs = plan.runs(lane);
            let slot = plan.slot_mut(lane);
            if !runs {
                slot.next = Next::Off;
            } else if slot.next == Next::Off {
                starts.push((lane, now.plus(phase)));
            }
        }
        for (lane, due) in starts {
            self.plan_at(target, lane, due);
        }
    }

    fn plan_at(&mut self, target: TargetId, lane: Lane, due: MonoTime) {
        if let Some(plan) = self.plans.get_mut(&target)
            && plan.runs(lane)
        {
            let slot = plan.slot_mut(lane);
            slot.next = Next::Due(due);
            slot.token = slot.token.wrapping_add(1);
            self.heap.push(Reverse((due, target, lane, slot.token)));
        }
    }

    /// Brings a planned probe forward to `due`; never puts it off.
    fn bring_forward(&mut self, target: TargetId, lane: Lane, due: MonoTime) {
        let planned = self.plans.get(&target).map(|plan| plan.slot(lane).next);
        if matches!(planned, Some(Next::Due(later)) if due < later) {
            self.plan_at(target, lane, due);
        }
    }

    /// Brings a planned probe forward, to no sooner than `rest` after the one before.
    fn bring_forward_after(&mut self, target: TargetId, lane: Lane, rest: Duration, now: MonoTime) {
        let Some(plan) = self.plans.get(&target) else { return };
        let due = plan.slot(lane).last_start.map_or(now, |last| last.plus(rest).max(now));
        self.bring_forward(target, lane, due);
    }

    /// Brings a lane forward to what its present interval asks for.
    fn quicken(&mut self, target: TargetId, lane: Lane, now: MonoTime) {
        let quick = self.is_quick(target);
        let Some(plan) = self.plans.get(&target) else { return };
        if let Some(last) = plan.slot(lane).last_start {
            let due = last.plus(plan.interval(lane, quick, now)).max(now);
            self.bring_forward(target, lane, due);
        }
    }

    fn all_at_once(&mut self, target: TargetId, now: MonoTime) {
        if let Some(plan) = self.plans.get_mut(&target) {
            plan.tls_due = now;
            plan.nla_due = now;
        }
        for lane in [Lane::Resolve, Lane::Neighbour, Lane::Connection, Lane::PathMtu] {
            self.bring_forward(target, lane, now);
        }
        self.bring_forward_after(target, Lane::Gateway, plan::GATEWAY_REST, now);
        self.bring_forward_after(target, Lane::Udp, plan::UDP_REST, now);
        self.quicken(target, Lane::Alternatives, now);
    }

    /// A heap entry's time has come: runs the probe, or lets it wait for what it has to.
    fn fall_due(
        &mut self,
        target: TargetId,
        lane: Lane,
        token: u32,
        due: MonoTime,
        now: MonoTime,
    ) -> Option<ProbeRequest> {
        let plan = self.plans.get_mut(&target)?;
        let patience = plan.patience;
        let slot = plan.slot_mut(lane);
        if slot.token != token || !matches!(slot.next, Next::Due(_) | Next::Owed) {
            return None;
        }
        if let Some(started) = slot.in_flight {
            let given_up = started.plus(patience);
            if now < given_up {
                slot.next = Next::Owed;
                self.heap.push(Reverse((given_up, target, lane, token)));
                return None;
            }
            slot.in_flight = None;
            self.release(lane);
        }
        if let Some(pool) = self.pool(lane)
            && !(pool.has_room() && pool.queue.is_empty())
        {
            pool.queue.push_back((target, lane));
            if let Some(plan) = self.plans.get_mut(&target) {
                plan.slot_mut(lane).next = Next::Waiting;
            }
            return None;
        }
        self.start(target, lane, due, now)
    }

    fn drain_queues(&mut self, now: MonoTime, limit: usize, requests: &mut Vec<ProbeRequest>) {
        for pool in [Lane::Resolve, Lane::Connection, Lane::Sweep] {
            while requests.len() < limit {
                let Some(pool) = self.pool(pool).filter(|pool| pool.has_room()) else { break };
                let Some((target, lane)) = pool.queue.pop_front() else { break };
                let waits = self
                    .plans
                    .get(&target)
                    .is_some_and(|plan| plan.slot(lane).next == Next::Waiting);
                if waits {
                    requests.extend(self.start(target, lane, now, now));
                }
            }
        }
    }

    /// Runs a probe that was due at `due`, and plans the next one.
    fn start(
        &mut self,
        target: TargetId,
        lane: Lane,
        due: MonoTime,
        now: MonoTime,
    ) -> Option<ProbeRequest> {
        let quick = self.is_quick(target);
        let settings = self.settings;
        let plan = self.plans.get_mut(&target)?;
        let interval = plan.interval(lane, quick, now);
        let mut next = match lane {
            Lane::Echo => on_the_beat(due, interval, now),
            _ => now.plus(plan.stretched(lane, interval, &settings)),
        };
        let kind = match lane {
            Lane::Resolve => ProbeKind::Resolve,
            Lane::Echo => ProbeKind::Echo,
            Lane::Neighbour => ProbeKind::Neighbour,
            Lane::Alternatives => ProbeKind::Connect,
            Lane::Sweep => ProbeKind::Sweep,
            Lane::Udp => ProbeKind::Udp,
            Lane::PathMtu => ProbeKind::PathMtu,
            Lane::Gateway => ProbeKind::Gateway,
            Lane::Connection => plan.depth(now),
        };
        let seq = match kind {
            ProbeKind::Tls | ProbeKind::Nla => plan.climb(kind, &settings, now),
            _ => plan.slot_mut(lane).take_seq(),
        };
        if lane == Lane::Connection {
            next = plan.next_climb(interval).map_or(next, |climb| next.min(climb));
        }
        let slot = plan.slot_mut(lane);
        slot.last_start = Some(now);
        if lane != Lane::Echo {
            slot.in_flight = Some(now);
        }
        if let Some(pool) = self.pool(lane) {
            pool.in_flight += 1;
        }
        self.plan_at(target, lane, next);
        Some(ProbeRequest { target, kind, seq })
    }

    /// Drops heap entries that are out of date once they are the most of it.
    fn compact(&mut self) {
        if self.heap.len() > 64 + self.plans.len() * Lane::ALL.len() * 4 {
            let plans = &self.plans;
            self.heap.retain(|Reverse((_, target, lane, token))| {
                plans.get(target).is_some_and(|plan| plan.slot(*lane).token == *token)
            });
        }
    }
}

/// How often something happens in a day that happens every `interval`.
#[must_use]
pub fn a_day(interval: Duration) -> u32 {
    let day = Duration::from_hours(24).as_nanos();
    u32::try_from(day.div_ceil(interval.as_nanos().max(1))).unwrap_or(u32::MAX)
}

/// The next beat of a row that was due at `due`: regular when the caller is on time, and at least
/// half an interval away, whatever was missed.
fn on_the_beat(due: MonoTime, interval: Duration, now: MonoTime) -> MonoTime {
    let earliest = now.plus(interval / 2);
    let beats = earliest.since(due).as_nanos().div_ceil(interval.as_nanos().max(1)).max(1);
    let nanos = interval.as_nanos().saturating_mul(beats);
    due.plus(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
}
