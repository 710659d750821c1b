//! An engine over any wire: one task that paces the sends and follows what is in flight.

use super::follow::{HEARTBEAT, PATIENCE, ReadClock, Stalls, follow};
use super::pace::Pacer;
use super::{EchoEngine, EchoRequest, Wire};
use crate::domain::local::EchoAccess;
use crate::domain::sample::Sample;
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
#[derive(Debug)]
pub struct Paced<W> {
    wire: Arc<W>,
    queue: mpsc::Sender<EchoRequest>,
}

impl<W: Wire> Paced<W> {
    /// Starts an engine whose samples go to `out`. Must be called inside a runtime.
    ///
    /// When `out` is full the engine waits, and the samples of that time may be void.
    #[must_use]
    pub fn start(wire: W, clock: Clock, out: mpsc::Sender<Sample>) -> Self {
        Self::with_clock(wire, Arc::new(move || clock.now()), out)
    }

    fn with_clock(wire: W, clock: ReadClock, out: mpsc::Sender<Sample>) -> Self {
        let wire = Arc::new(wire);
        let (queue, requests) = mpsc::channel(QUEUE);
        tokio::spawn(drive(Arc::clone(&wire), requests, clock, out));
        Self { wire, queue }
    }
}

impl<W: Wire> EchoEngine for Paced<W> {
    fn access(&self, v6: bool) -> EchoAccess {
        self.wire.access(v6)
    }

    fn submit(&self, request: EchoRequest) -> Result<(), EchoRequest> {
        self.queue.try_send(request).map_err(|full| match full {
            mpsc::error::TrySendError::Full(request)
            | mpsc::error::TrySendError::Closed(request) => request,
        })
    }

    fn receive_buffer(&self, v6: bool) -> Option<usize> {
        self.wire.receive_buffer(v6)
    }
}

async fn drive<W: Wire>(
    wire: Arc<W>,
    mut requests: mpsc::Receiver<EchoRequest>,
    clock: ReadClock,
    out: mpsc::Sender<Sample>,
) {
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
            request = requests.recv(), if room && pause.is_none() => {
                let Some(request) = request else { break };
                pacer.sent();
                let answer = wire.send(request, request.deadline.saturating_mul(PATIENCE));
                let (clock, stalls) = (Arc::clone(&clock), Arc::clone(&stalls));
                in_flight.push(follow(request, answer, clock, stalls, out.clone()));
            }
            _ = heartbeat.tick(), if !idle => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Simulated, WireEnd};
    use super::*;
    use crate::domain::sample::{EchoOutcome, Observation};
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
        let (out, mut samples) = mpsc::channel(64);
        let engine = Paced::with_clock(wire, paused_clock(), out);
        let feeder = tokio::spawn(async move {
            for seq in 0..10 {
                for target in 0..1000 {
                    engine.submit(request(target, seq)).unwrap();
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
    async fn a_full_engine_gives_the_request_back() {
        let wire = Simulated::new(|_| (Duration::MAX, WireEnd::Silence));
        let (out, _samples) = mpsc::channel(4);
        let engine = Paced::with_clock(wire, paused_clock(), out);
        // Nothing is taken out of the queue while this test does not yield.
        for seq in 0..QUEUE as u64 {
            engine.submit(request(1, seq)).unwrap();
        }
        let refused = request(1, QUEUE as u64);
        assert_eq!(engine.submit(refused), Err(refused));
    }
}
