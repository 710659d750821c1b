use super::super::{Arrivals, outbox};
use super::*;
use crate::domain::sample::{Observation, Sample};
use crate::domain::target::TargetId;
use crate::probe::socket::skipped;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tokio::time::timeout;

/// Everything that is waited for comes within this, or the test has failed.
const PATIENT: Duration = Duration::from_secs(30);

fn request(address: IpAddr, target: u32, seq: u64) -> EchoRequest {
    let deadline = Duration::from_secs(10);
    EchoRequest { target: TargetId(target), seq, address, scope: 0, deadline }
}

async fn next(samples: &mut Arrivals) -> Sample {
    timeout(PATIENT, samples.recv()).await.expect("a sample in time").expect("an engine")
}

fn outcome(sample: &Sample) -> EchoOutcome {
    let Observation::Echo(echo) = &sample.observation else { panic!("{sample:?}") };
    echo.outcome
}

fn may_not(engine: &Batched, address: IpAddr) -> bool {
    let denied = engine.access(address.is_ipv6()) == EchoAccess::Denied;
    if denied {
        skipped(&format!("no ICMP socket for {address}"));
    }
    denied
}

#[tokio::test]
async fn this_machine_answers_on_both_families() {
    let addresses: [IpAddr; 3] = [
        Ipv4Addr::LOCALHOST.into(),
        Ipv4Addr::new(127, 9, 9, 9).into(),
        Ipv6Addr::LOCALHOST.into(),
    ];
    let engine = Batched::start(Clock::start()).unwrap();
    let (out, mut samples) = outbox(64);
    for address in addresses {
        if may_not(&engine, address) {
            continue;
        }
        assert!(engine.receive_buffer(address.is_ipv6()).is_some_and(|bytes| bytes >= 200_000));
        for seq in 0..20 {
            engine.send(request(address, 1, seq), out.clone());
        }
        let mut seen = BTreeSet::new();
        for _ in 0..20 {
            let sample = next(&mut samples).await;
            let EchoOutcome::Reply { rtt, ttl } = outcome(&sample) else { panic!("{sample:?}") };
            assert_eq!(ttl, Some(64), "{address}");
            assert!(rtt < Duration::from_secs(1) && sample.ended_at >= sample.sent_at.mono);
            assert!(seen.insert(sample.seq), "twice: {sample:?}");
        }
        assert_eq!(seen, (0..20).collect());
    }
    let counts = engine.counts().unwrap();
    assert_eq!((counts.duplicates, counts.foreign, counts.dropped), (0, 0, 0), "{counts:?}");
}

#[tokio::test]
async fn more_targets_than_sixteen_bits_tell_apart_are_not_mixed_up() {
    const TARGETS: u32 = 70_000;
    let engine = Batched::start(Clock::start()).unwrap();
    if may_not(&engine, Ipv4Addr::LOCALHOST.into()) {
        return;
    }
    let (out, mut samples) = outbox(4_096);
    for target in 0..TARGETS {
        let address = Ipv4Addr::from_bits(0x7f01_0000 + target);
        engine.send(request(address.into(), target, u64::from(target) + 7), out.clone());
    }
    let mut answered = 0;
    for _ in 0..TARGETS {
        let sample = next(&mut samples).await;
        let Observation::Echo(echo) = &sample.observation else { panic!("{sample:?}") };
        let expected = Ipv4Addr::from_bits(0x7f01_0000 + sample.target.0);
        assert_eq!((echo.address, sample.seq), (expected.into(), u64::from(sample.target.0) + 7));
        match echo.outcome {
            EchoOutcome::Reply { .. } => answered += 1,
            // Where the buffer may not be enlarged, it may overflow: void, never lost.
            EchoOutcome::Void(LocalFault::Stalled | LocalFault::NoBuffers) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(answered > TARGETS / 2, "{answered}");
    assert!(samples.try_recv().is_none(), "one sample each");
}

#[tokio::test]
async fn a_full_engine_says_that_it_is_full() {
    let engine = Batched::start(Clock::start()).unwrap();
    let (out, mut samples) = outbox(4);
    let (nowhere, _) = outbox(1);
    let request = |seq| request(Ipv4Addr::LOCALHOST.into(), 1, seq);
    {
        // Nothing is taken out of the queue while this holds it.
        let mut inbox = engine.shared.inbox();
        inbox.jobs.extend(std::iter::repeat_n((request(0), nowhere), QUEUE));
        engine.queue(inbox, request(77), out);
    }
    let sample = next(&mut samples).await;
    assert_eq!(sample.seq, 77);
    assert_eq!(outcome(&sample), EchoOutcome::Void(LocalFault::Stalled));
}

#[tokio::test]
async fn a_dropped_engine_ends_and_so_do_its_samples() {
    let engine = Batched::start(Clock::start()).unwrap();
    let (out, mut samples) = outbox(4);
    // An address for documentation: nobody answers.
    engine.send(request(Ipv4Addr::new(192, 0, 2, 1).into(), 1, 1), out);
    drop(engine);
    while timeout(PATIENT, samples.recv()).await.expect("an end").is_some() {}
}

#[tokio::test]
async fn what_cannot_be_sent_is_void_at_once_and_the_rest_goes_on() {
    let engine = Batched::start(Clock::start()).unwrap();
    if may_not(&engine, Ipv4Addr::LOCALHOST.into()) {
        return;
    }
    let (out, mut samples) = outbox(64);
    // Broadcast is not permitted, and 0.0.0.0/8 beside 0.0.0.0 has no route.
    for seq in 0..30 {
        let address = if seq % 3 == 0 { Ipv4Addr::BROADCAST } else { Ipv4Addr::LOCALHOST };
        engine.send(request(address.into(), 1, seq), out.clone());
    }
    for _ in 0..30 {
        let sample = next(&mut samples).await;
        match outcome(&sample) {
            EchoOutcome::Void(fault) => {
                assert_eq!(sample.seq % 3, 0, "{fault:?}");
                assert!(matches!(fault, LocalFault::NotPermitted | LocalFault::NoRoute));
            }
            EchoOutcome::Reply { .. } => assert_ne!(sample.seq % 3, 0),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_jump_is_told_from_two_readings_of_two_clocks() {
    let clock = Clock::start();
    let mut offset = Offset::new(clock);
    assert!(!offset.jumped(clock));
    for by in [JUMP * 2, 86_400_000_000_000] {
        offset.0 = offset.0.wrapping_add(by);
        assert!(offset.jumped(clock), "set back");
        assert!(!offset.jumped(clock));
        offset.0 = offset.0.wrapping_sub(by);
        assert!(offset.jumped(clock), "set ahead");
    }
}
