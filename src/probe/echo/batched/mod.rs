//! The batched engine of Linux: a thread of its own that wakes 20 to 100 times a second, sends
//! what is due in one system call and reads what came in another. The kernel notes when packets
//! leave and arrive, so that a reply may be read late and its round trip is true all the same.
//!
//! What it tells apart: a request whose answer was not there at the deadline, with everything read
//! that had arrived, is lost. When this thread came more than [`STALL`](crate::probe::connect::STALL) too late to look, when the
//! socket dropped something, or when the wall clock jumped or the machine slept meanwhile, the
//! request is void.

mod flight;
mod port;

use super::{EchoEngine, EchoRequest, Outbox};
use crate::domain::local::{EchoAccess, EchoCounts, EchoFacts, EchoKind};
use crate::domain::sample::{EchoOutcome, LocalFault};
use crate::domain::time::MonoTime;
use crate::probe::clock::Clock;
use crate::probe::random::random;
use crate::proto::icmp_echo::Icmp;
use flight::{Flight, Reply, Told};
use port::{Job, Port, Unopened};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Requests that may wait to be sent.
const QUEUE: usize = 1 << 17;

/// The slowest and the fastest that the thread looks, in times a second.
const LOOKS: (u32, u32) = (20, 100);

/// Requests a second for one look a second more.
const PER_LOOK: u32 = 50;

/// Of what waits to be sent, this part leaves at each look: all targets may be due at once, the
/// network must not notice.
const SPREAD: usize = 5;

/// Requests that may leave together, at the least and at the most.
const TOGETHER: (usize, usize) = (64, 1_024);

/// Beyond this the wall clock has jumped: slewing moves it by 0.05 % at the most.
const JUMP: u64 = 500_000;

/// Samples that nobody takes before requests are refused.
const UNTOLD: usize = 1 << 16;

/// The batched engine. Dropping it ends its thread.
pub struct Batched {
    shared: Arc<Shared>,
    clock: Clock,
    access: [EchoAccess; 2],
    receive_buffer: [Option<usize>; 2],
    stamps_sends: bool,
}

/// What the thread and the engine's users share.
#[derive(Default)]
struct Shared {
    inbox: Mutex<Inbox>,
    /// Rung when the engine has rested and there is work, and when it is dropped.
    bell: Condvar,
    counts: Mutex<EchoCounts>,
}

#[derive(Default)]
struct Inbox {
    jobs: VecDeque<Job>,
    resting: bool,
    closed: bool,
}

impl Shared {
    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Batched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batched").field("access", &self.access).finish_non_exhaustive()
    }
}

impl Batched {
    /// Opens what this machine permits, for each family, and starts the thread.
    ///
    /// # Errors
    /// In words, when this machine's sockets or threads do not suffice. That they are forbidden is
    /// no error, but [`EchoAccess::Denied`].
    pub fn start(clock: Clock) -> Result<Self, String> {
        let cookie = u64::from_be_bytes(random());
        let id = u16::from_be_bytes(random());
        let open = |icmp| match Port::open(icmp, id, cookie) {
            Ok(port) => Ok(Some(port)),
            Err(Unopened::NoSocket(error)) => {
                tracing::info!(?icmp, %error, "no ICMP socket");
                Ok(None)
            }
            Err(Unopened::Unfit(error)) => Err(format!("its socket is not fit: {error}")),
        };
        let ports = [open(Icmp::V4)?, open(Icmp::V6)?];
        let access =
            ports.each_ref().map(|port| port.as_ref().map_or(EchoAccess::Denied, Port::access));
        let receive_buffer =
            ports.each_ref().map(|port| port.as_ref().map(|port| port.receive_buffer));
        let stamps_sends = ports.iter().flatten().all(Port::stamps_sends);
        tracing::debug!(?access, ?receive_buffer, stamps_sends, "ICMP sockets open");
        let shared = Arc::new(Shared::default());
        let engine = Engine {
            shared: Arc::clone(&shared),
            clock,
            ports,
            flight: Flight::new(cookie, u32::from_be_bytes(random())),
            jobs: [VecDeque::new(), VecDeque::new()],
            replies: Vec::new(),
            offset: Offset::new(clock),
            rate: 0,
        };
        std::thread::Builder::new()
            .name("echo".to_owned())
            .spawn(move || engine.run())
            .map_err(|error| format!("no thread: {error}"))?;
        Ok(Self { shared, clock, access, receive_buffer, stamps_sends })
    }
}

impl Batched {
    fn queue(&self, mut inbox: MutexGuard<'_, Inbox>, request: EchoRequest, out: Outbox) {
        if inbox.jobs.len() < QUEUE {
            inbox.jobs.push_back((request, out));
            let rests = std::mem::take(&mut inbox.resting);
            drop(inbox);
            if rests {
                self.shared.bell.notify_one();
            }
            return;
        }
        drop(inbox);
        let now = self.clock.now();
        let void = EchoOutcome::Void(LocalFault::Stalled);
        // Where that does not fit it is the same overload: nothing was measured either way.
        out.offer(request.sample(now, now.mono, void));
    }
}

impl Drop for Batched {
    fn drop(&mut self) {
        self.shared.inbox().closed = true;
        self.shared.bell.notify_all();
    }
}

impl EchoEngine for Batched {
    fn access(&self, v6: bool) -> EchoAccess {
        let [v4_access, v6_access] = self.access;
        if v6 { v6_access } else { v4_access }
    }

    fn send(&self, request: EchoRequest, out: Outbox) {
        self.queue(self.shared.inbox(), request, out);
    }

    fn receive_buffer(&self, v6: bool) -> Option<usize> {
        let [v4_buffer, v6_buffer] = self.receive_buffer;
        if v6 { v6_buffer } else { v4_buffer }
    }

    fn facts(&self) -> EchoFacts {
        EchoFacts { stamps_sends: self.stamps_sends, ..EchoFacts::of(EchoKind::Batched) }
    }

    fn counts(&self) -> Option<EchoCounts> {
        Some(*self.shared.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The thread.
struct Engine {
    shared: Arc<Shared>,
    clock: Clock,
    /// IPv4, IPv6.
    ports: [Option<Port>; 2],
    flight: Flight,
    /// What leaves at this look, by family.
    jobs: [VecDeque<Job>; 2],
    replies: Vec<Reply>,
    offset: Offset,
    /// Requests a second, smoothed.
    rate: u32,
}

impl Engine {
    fn run(mut self) {
        for port in self.ports.iter_mut().flatten() {
            port.warm_up(&mut self.flight, self.clock);
        }
        let mut looked = self.clock.mono();
        while self.wait(looked) {
            let now = self.clock.mono();
            let passed = now.since(looked);
            looked = now;
            self.read(now, passed);
            self.expire(now);
            let sent = self.send();
            self.note_rate(sent, passed);
            self.tell();
        }
    }

    /// Waits for the next look, or for work after a rest; false when the engine is dropped.
    fn wait(&self, looked: MonoTime) -> bool {
        let mut inbox = self.shared.inbox();
        let rests = self.flight.is_empty() && self.flight.told.is_empty();
        if rests && inbox.jobs.is_empty() {
            inbox.resting = true;
            inbox = self
                .shared
                .bell
                .wait_while(inbox, |inbox| inbox.jobs.is_empty() && !inbox.closed)
                .unwrap_or_else(PoisonError::into_inner);
            inbox.resting = false;
            return !inbox.closed;
        }
        let pause = self.pause().saturating_sub(self.clock.mono().since(looked));
        let (inbox, _) = self
            .shared
            .bell
            .wait_timeout_while(inbox, pause, |inbox| !inbox.closed)
            .unwrap_or_else(PoisonError::into_inner);
        !inbox.closed
    }

    /// Between two looks.
    fn pause(&self) -> Duration {
        let (slowest, fastest) = LOOKS;
        Duration::from_secs(1) / (self.rate / PER_LOOK).clamp(slowest, fastest)
    }

    /// Reads everything that has arrived since the last look, `passed` ago.
    fn read(&mut self, now: MonoTime, passed: Duration) {
        self.replies.clear();
        for port in self.ports.iter_mut().flatten() {
            if port.rests(&self.flight, now) {
                continue;
            }
            if !port.read(&mut self.flight, &mut self.replies, now) {
                // What is still unread at a deadline might be the answer.
                port.overflowed = Some(now);
            }
        }
        if self.offset.jumped(self.clock) {
            tracing::info!("the wall clock jumped, or this machine slept");
            self.flight.clock_jumped();
        }
        let read_at = self.clock.mono();
        for reply in self.replies.drain(..) {
            self.flight.replied(&reply, read_at, passed + read_at.since(now));
        }
    }

    fn expire(&mut self, now: MonoTime) {
        if !self.flight.has_due(now) {
            return;
        }
        let [v4, v6] = &mut self.ports;
        for port in [&mut *v4, &mut *v6].into_iter().flatten() {
            port.look_for_drops(&mut self.flight, now);
        }
        let at = |port: &Option<Port>| port.as_ref().and_then(|port| port.overflowed);
        let (v4, v6) = (at(v4), at(v6));
        self.flight.expire(now, |is_v6| if is_v6 { v6 } else { v4 });
    }

    /// Sends a part of what is due. How many.
    fn send(&mut self) -> usize {
        let room = self.flight.room().min(UNTOLD.saturating_sub(self.flight.told.len()));
        let mut inbox = self.shared.inbox();
        let (least, most) = TOGETHER;
        let part = inbox.jobs.len().div_ceil(SPREAD).clamp(least, most);
        let count = part.min(inbox.jobs.len()).min(room);
        let [v4, v6] = &mut self.jobs;
        for job in inbox.jobs.drain(..count) {
            if job.0.address.is_ipv6() { v6.push_back(job) } else { v4.push_back(job) }
        }
        if inbox.jobs.is_empty() && inbox.jobs.capacity() > QUEUE / 16 {
            inbox.jobs.shrink_to_fit();
        }
        drop(inbox);
        for (port, jobs) in self.ports.iter_mut().zip(&mut self.jobs) {
            if let Some(port) = port {
                port.send(jobs, &mut self.flight, self.clock);
            }
            // What is left: no socket, or no more room in it.
            let fault =
                if port.is_some() { LocalFault::NoBuffers } else { LocalFault::NotPermitted };
            for (request, out) in jobs.drain(..) {
                let now = self.clock.now();
                let void = request.sample(now, now.mono, EchoOutcome::Void(fault));
                self.flight.told.push_back((out, void));
            }
        }
        count
    }

    fn note_rate(&mut self, sent: usize, passed: Duration) {
        let micros = passed.as_micros().max(1);
        let rate = u128::try_from(sent).unwrap_or(0).saturating_mul(1_000_000) / micros;
        let rate = u32::try_from(rate).unwrap_or(u32::MAX);
        // A tenth of the difference: about a second at ten looks.
        let weight = 10;
        self.rate = (u64::from(self.rate) * (weight - 1) + u64::from(rate))
            .div_euclid(weight)
            .try_into()
            .unwrap_or(u32::MAX);
    }

    /// Hands samples out, all that go the same way together. What does not fit waits, in order.
    fn tell(&mut self) {
        let told = &mut self.flight.told;
        let mut kept: VecDeque<Told> = VecDeque::new();
        while let Some((out, sample)) = told.pop_front() {
            let mut batch = vec![sample];
            while let Some((_, sample)) = told.pop_front_if(|(next, _)| next.same_way(&out)) {
                batch.push(sample);
            }
            let full = kept.back().is_some_and(|(full, _)| full.same_way(&out));
            let rest = if full { batch } else { out.put(batch) };
            kept.extend(rest.into_iter().map(|sample| (out.clone(), sample)));
        }
        self.flight.told = kept;
        *self.shared.counts.lock().unwrap_or_else(PoisonError::into_inner) = self.flight.counts;
    }
}

/// How far the wall clock is ahead of this process' own, and whether that changed at once.
struct Offset(u64);

impl Offset {
    fn new(clock: Clock) -> Self {
        Self(Self::read(clock))
    }

    fn read(clock: Clock) -> u64 {
        let (mono, wall) = clock.at_once();
        wall.wrapping_sub(mono.as_nanos())
    }

    fn jumped(&mut self, clock: Clock) -> bool {
        let before = std::mem::replace(&mut self.0, Self::read(clock));
        self.0.wrapping_sub(before).min(before.wrapping_sub(self.0)) > JUMP
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
