//! The life of one request: until its deadline, and a while longer for a late reply.

use super::{EchoRequest, Outbox, WireEnd};
use crate::domain::sample::{EchoOutcome, LocalFault};
use crate::domain::time::{MonoTime, Now};
use crate::probe::connect::STALL;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How many deadlines a reply is waited for, the first included.
pub const PATIENCE: u32 = 3;

/// Between two looks at our own scheduling while requests are in flight.
pub(super) const HEARTBEAT: Duration = Duration::from_millis(100);

/// Replies that waited in the socket while we were stalled are all read within this.
const AFTERMATH: Duration = Duration::from_millis(20);

/// Reads both clocks.
pub(super) type ReadClock = Arc<dyn Fn() -> Now + Send + Sync>;

/// The last time that this process did not run when it should have.
#[derive(Debug, Default)]
pub(super) struct Stalls {
    beat: AtomicU64,
    from: AtomicU64,
    until: AtomicU64,
}

impl Stalls {
    /// Notes that the engine runs. `idle`: it had no reason to since the last call.
    pub(super) fn beat(&self, now: MonoTime, idle: bool) {
        let last = MonoTime::from_nanos(self.beat.swap(now.as_nanos(), Ordering::Relaxed));
        if !idle && now.since(last) > HEARTBEAT + STALL {
            self.from.store(last.as_nanos(), Ordering::Relaxed);
            self.until.store(now.as_nanos(), Ordering::Relaxed);
        }
    }

    /// Whether a reply to a request of `sent`, read at `received`, may have waited for us.
    fn blurs(&self, sent: MonoTime, received: MonoTime) -> bool {
        let from = MonoTime::from_nanos(self.from.load(Ordering::Relaxed));
        let until = MonoTime::from_nanos(self.until.load(Ordering::Relaxed));
        sent < until && received > from && received <= until.plus(AFTERMATH)
    }
}

/// Follows one request and reports its outcome to `out`.
///
/// The timer counts from `sent_at`. When it fires more than [`STALL`] late, or a reply was read in
/// the wake of a stall, the sample is void: neither loss nor RTT would be the host's.
pub(super) async fn follow(
    request: EchoRequest,
    answer: impl Future<Output = WireEnd> + Send,
    clock: ReadClock,
    stalls: Arc<Stalls>,
    out: Outbox,
) {
    let sent_at = clock();
    let report = |outcome| {
        let sample = request.sample(sent_at, clock().mono, outcome);
        out.send(sample)
    };
    let due = sent_at.mono.plus(request.deadline);
    let timer = tokio::time::sleep(request.deadline);
    tokio::pin!(answer, timer);
    let end = tokio::select! {
        biased;
        end = &mut answer => Some(end),
        () = &mut timer => None,
    };
    let overdue = clock().mono.since(due) > STALL;
    match end {
        Some(WireEnd::Icmp(error)) => report(EchoOutcome::Unreachable(error)).await,
        Some(WireEnd::Fault(fault)) => report(EchoOutcome::Void(fault)).await,
        Some(WireEnd::Reply { rtt, .. })
            if stalls.blurs(sent_at.mono, sent_at.mono.plus(rtt))
                || (rtt > request.deadline && overdue) =>
        {
            report(EchoOutcome::Void(LocalFault::Stalled)).await;
        }
        Some(WireEnd::Reply { rtt, .. }) if rtt > request.deadline => {
            report(EchoOutcome::Lost).await;
            report(EchoOutcome::Late { rtt }).await;
        }
        Some(WireEnd::Reply { rtt, ttl }) => report(EchoOutcome::Reply { rtt, ttl }).await,
        None if overdue => report(EchoOutcome::Void(LocalFault::Stalled)).await,
        Some(WireEnd::Silence) => {
            timer.await;
            report(EchoOutcome::Lost).await;
        }
        None => {
            report(EchoOutcome::Lost).await;
            if let WireEnd::Reply { rtt, .. } = answer.await {
                report(EchoOutcome::Late { rtt }).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::outbox;
    use super::*;
    use crate::domain::sample::{IcmpError, Observation};
    use crate::domain::target::TargetId;
    use crate::domain::time::WallTime;
    use std::net::IpAddr;
    use tokio::time::{Instant, sleep};

    const DEADLINE: Duration = Duration::from_secs(2);

    /// Runs `follow` on a clock `skew` ahead of the paused runtime once `after` has passed: the
    /// difference is the time that this process was not scheduled.
    async fn outcomes(
        delay: Duration,
        end: WireEnd,
        stall: Option<(Duration, Duration)>,
    ) -> Vec<EchoOutcome> {
        let began = Instant::now();
        let clock: ReadClock = Arc::new(move || {
            let passed = began.elapsed();
            let skew = stall.filter(|(at, _)| passed >= *at).map_or(Duration::ZERO, |(_, by)| by);
            Now { mono: MonoTime::from_secs(10).plus(passed + skew), wall: WallTime::default() }
        });
        let request = EchoRequest {
            target: TargetId(3),
            seq: 70_000,
            address: IpAddr::from([127, 0, 0, 1]),
            scope: 0,
            deadline: DEADLINE,
        };
        let (out, mut samples) = outbox(4);
        let answer = async move {
            sleep(delay).await;
            end
        };
        follow(request, answer, clock, Arc::default(), out).await;
        let mut outcomes = Vec::new();
        while let Some(sample) = samples.recv().await {
            assert_eq!((sample.target, sample.seq), (TargetId(3), 70_000));
            assert_eq!(sample.sent_at.mono, MonoTime::from_secs(10));
            let Observation::Echo(echo) = sample.observation else { panic!("{sample:?}") };
            outcomes.push(echo.outcome);
        }
        outcomes
    }

    const fn reply(millis: u64) -> WireEnd {
        WireEnd::Reply { rtt: Duration::from_millis(millis), ttl: Some(64) }
    }

    #[tokio::test(start_paused = true)]
    async fn a_reply_inside_the_deadline_is_one_sample() {
        let rtt = Duration::from_millis(12);
        assert_eq!(
            outcomes(rtt, reply(12), None).await,
            [EchoOutcome::Reply { rtt, ttl: Some(64) }]
        );
        assert_eq!(
            outcomes(Duration::ZERO, reply(0), None).await,
            [EchoOutcome::Reply { rtt: Duration::ZERO, ttl: Some(64) }]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_a_loss_at_the_deadline() {
        assert_eq!(
            outcomes(DEADLINE * PATIENCE, WireEnd::Silence, None).await,
            [EchoOutcome::Lost]
        );
        assert_eq!(outcomes(Duration::ZERO, WireEnd::Silence, None).await, [EchoOutcome::Lost]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_reply_amends_the_loss() {
        let rtt = Duration::from_millis(3500);
        assert_eq!(
            outcomes(rtt, reply(3500), None).await,
            [EchoOutcome::Lost, EchoOutcome::Late { rtt }]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_icmp_error_and_a_local_fault_are_told_apart() {
        let error = IcmpError { v6: false, kind: 3, code: 1, from: None };
        let soon = Duration::from_millis(5);
        assert_eq!(
            outcomes(soon, WireEnd::Icmp(error), None).await,
            [EchoOutcome::Unreachable(error)]
        );
        assert_eq!(
            outcomes(soon, WireEnd::Fault(LocalFault::NoRoute), None).await,
            [EchoOutcome::Void(LocalFault::NoRoute)]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_that_fires_far_too_late_is_our_stall() {
        for (by, expected) in [
            (Duration::from_millis(240), EchoOutcome::Lost),
            (Duration::from_millis(260), EchoOutcome::Void(LocalFault::Stalled)),
        ] {
            let stall = Some((Duration::from_secs(1), by));
            assert_eq!(outcomes(DEADLINE * PATIENCE, WireEnd::Silence, stall).await, [expected]);
        }
    }

    #[test]
    fn replies_read_in_the_wake_of_a_stall_are_blurred() {
        let at = MonoTime::from_millis;
        let stalls = Stalls::default();
        assert!(!stalls.blurs(at(0), at(5)), "before anything happened");
        stalls.beat(at(60_000), true);
        stalls.beat(at(60_100), false);
        stalls.beat(at(60_400), false);
        assert!(!stalls.blurs(at(60_090), at(60_400)), "300 ms is a busy machine");
        stalls.beat(at(61_000), false);
        for (sent, received, blurred) in [
            (60_300, 60_350, false),
            (60_300, 60_990, true),
            (60_300, 61_010, true),
            (60_300, 61_030, false),
            (61_001, 61_010, false),
        ] {
            assert_eq!(stalls.blurs(at(sent), at(received)), blurred, "{sent} {received}");
        }
        stalls.beat(at(90_000), true);
        assert!(!stalls.blurs(at(80_000), at(90_001)), "idle is not a stall");
    }
}
