//! An engine over any wire: one task that paces the sends and follows what is in flight.

use super::follow::{HEARTBEAT, PATIENCE, ReadClock, Stalls, follow};
use super::pace::Pacer;
use super::{EchoEngine, EchoRequest, Outbox, Wire};
use crate::domain::local::{EchoAccess, EchoFacts, EchoKind};
use crate::domain::sample::{EchoOutcome, LocalFault};
use crate::probe::clock::Clock;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// Requests that may wait to be sent.
const QUEUE: usize = 16_384;

/// Requests that may be in flight: a target has at most `PATIENCE * deadline / interval`.
const IN_FLIGHT: usize = 65_536;

/// An echo engine over a wire.
///
/// Everything runs in one task of the runtime, whatever the number of targets; dropping the
/// engine ends it. Memory is bounded by the queue and the number in flight.
pub struct Paced<W> {
    wire: Arc<W>,
    clock: ReadClock,
    queue: mpsc::Sender<Job>,
    instead: Option<String>,
}

/// A request and where its samples go.
type Job = (EchoRequest, Outbox);

impl<W: Wire> std::fmt::Debug for Paced<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Paced").field(&self.wire).finish()
    }
}

impl<W: Wire> Paced<W> {
    /// Starts an engine. Must be called inside a runtime.
    ///
    /// It waits while an outbox is full, and the samples of that time may be void.
    #[must_use]
    pub fn start(wire: W, clock: Clock) -> Self {
        Self::with_clock(wire, Arc::new(move || clock.now()))
    }

    fn with_clock(wire: W, clock: ReadClock) -> Self {
        let wire = Arc::new(wire);
        let (queue, requests) = mpsc::channel(QUEUE);
        tokio::spawn(drive(Arc::clone(&wire), requests, Arc::clone(&clock)));
        Self { wire, clock, queue, instead: None }
    }

    /// The same engine, which says why it runs in place of the batched one.
    #[must_use]
    pub fn instead_of(mut self, why: String) -> Self {
        self.instead = Some(why);
        self
    }
}

impl<W: Wire> EchoEngine for Paced<W> {
    fn access(&self, v6: bool) -> EchoAccess {
        self.wire.access(v6)
    }

    fn send(&self, request: EchoRequest, out: Outbox) {
        if let Err(error) = self.queue.try_send((request, out)) {
            let (request, out) = error.into_inner();
            let now = (self.clock)();
            let void = EchoOutcome::Void(LocalFault::Stalled);
            // Where that does not fit it is the same overload: nothing was measured either way.
            out.offer(request.sample(now, now.mono, void));
        }
    }

    fn receive_buffer(&self, v6: bool) -> Option<usize> {
        self.wire.receive_buffer(v6)
    }

    fn facts(&self) -> EchoFacts {
        EchoFacts { instead: self.instead.clone(), ..EchoFacts::of(EchoKind::Surge) }
    }
}

async fn drive<W: Wire>(wire: Arc<W>, mut requests: mpsc::Receiver<Job>, clock: ReadClock) {
    let stalls = Arc::new(Stalls::default());
    let mut pacer = Pacer::new(clock().mono);
    let mut in_flight = FuturesUnordered::new();
    let mut heartbeat = interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let pause = pacer.pause(clock().mono);
        let idle = in_flight.is_empty();
        let room = in_flight.len() < IN_FLIGHT;
        tokio::select! {
            biased;
            // Runs at every poll, before anything that has waited is looked at.
            () = poll_fn(|_| { stalls.beat(clock().mono, idle); Poll::Pending }) => {}
            _ = in_flight.next(), if !idle => {}
            () = sleep(pause.unwrap_or_default()), if pause.is_some() => {}
            job = requests.recv(), if room && pause.is_none() => {
                let Some((request, out)) = job else { break };
                pacer.sent();
                let answer = wire.send(request, request.deadline.saturating_mul(PATIENCE));
                let (clock, stalls) = (Arc::clone(&clock), Arc::clone(&stalls));
                in_flight.push(follow(request, answer, clock, stalls, out));
            }
            _ = heartbeat.tick(), if !idle => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Simulated, WireEnd, outbox};
    use super::*;
    use crate::domain::sample::{Observation, Sample};
    use crate::domain::target::TargetId;
    use crate::domain::time::{MonoTime, Now, WallTime};
    use std::net::IpAddr;
    use std::time::Duration;
    use tokio::time::Instant;

    fn paused_clock() -> ReadClock {
        let began = Instant::now();
        Arc::new(move || Now {
            mono: MonoTime::from_secs(1).plus(began.elapsed()),
            wall: WallTime::default(),
        })
    }

    fn request(target: u32, seq: u64) -> EchoRequest {
        EchoRequest {
            target: TargetId(target),
            seq,
            address: IpAddr::from([127, 0, 0, 1]),
            scope: 0,
            deadline: Duration::from_secs(2),
        }
    }

    fn outcome(sample: &Sample) -> EchoOutcome {
        let Observation::Echo(echo) = &sample.observation else { panic!("{sample:?}") };
        echo.outcome
    }

    #[tokio::test(start_paused = true)]
    async fn a_thousand_targets_lose_exactly_what_the_network_lost() {
        // Every tenth request is lost, every tenth plus one is late, the rest take `target` ms.
        let wire = Simulated::new(|request| match request.seq % 10 {
            0 => (Duration::MAX, WireEnd::Silence),
            1 => Simulated::reply(Duration::from_millis(2500)),
            _ => Simulated::reply(Duration::from_millis(u64::from(request.target.0))),
        });
        let (out, mut samples) = outbox(64);
        let engine = Paced::with_clock(wire, paused_clock());
        let feeder = tokio::spawn(async move {
            for seq in 0..10 {
                for target in 0..1000 {
                    engine.send(request(target, seq), out.clone());
                }
                sleep(Duration::from_secs(1)).await;
            }
            sleep(Duration::from_secs(10)).await;
            drop(engine);
        });
        let (mut replies, mut lost, mut late, mut first) = (0, 0, 0, Vec::new());
        while let Some(sample) = samples.recv().await {
            match outcome(&sample) {
                EchoOutcome::Reply { rtt, .. } => {
                    assert_eq!(rtt, Duration::from_millis(u64::from(sample.target.0)));
                    replies += 1;
                }
                EchoOutcome::Lost => {
                    assert_eq!(sample.ended_at.since(sample.sent_at.mono).as_secs(), 2);
                    lost += 1;
                }
                EchoOutcome::Late { .. } => late += 1,
                other => panic!("{other:?}"),
            }
            if sample.seq == 2 {
                first.push(sample.sent_at.mono);
            }
        }
        feeder.await.unwrap();
        assert_eq!((replies, lost, late), (8000, 2000, 1000));
        let spread = first.iter().max().unwrap().since(*first.iter().min().unwrap());
        assert!(spread >= Duration::from_millis(40), "a burst of all at once: {spread:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_engine_says_that_it_is_full() {
        let wire = Simulated::new(|_| (Duration::MAX, WireEnd::Silence));
        let (out, mut samples) = outbox(4);
        let engine = Paced::with_clock(wire, paused_clock());
        // Nothing is taken out of the queue while this test does not yield.
        for seq in 0..QUEUE as u64 {
            engine.send(request(1, seq), out.clone());
        }
        assert!(samples.try_recv().is_none());
        engine.send(request(1, QUEUE as u64), out);
        let sample = samples.try_recv().unwrap();
        assert_eq!(outcome(&sample), EchoOutcome::Void(LocalFault::Stalled));
        assert_eq!(sample.seq, QUEUE as u64);
    }
}
