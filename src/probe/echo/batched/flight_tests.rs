use super::super::super::outbox;
use super::*;
use crate::domain::sample::Observation;
use crate::domain::target::TargetId;
use crate::domain::time::WallTime;

const COOKIE: u64 = 0xfeed;
const DEADLINE: Duration = Duration::from_secs(2);
/// The wall clock, in nanoseconds, when the other one is at zero.
const EPOCH: u64 = 1_700_000_000_000_000_000;
const SOON: Duration = Duration::from_millis(10);

/// A flight with its channel, on a clock that the test moves.
struct Bench {
    flight: Flight,
    out: Outbox,
}

fn at(millis: u64) -> MonoTime {
    MonoTime::from_millis(10_000 + millis)
}

fn wall(millis: u64) -> u64 {
    EPOCH + at(millis).as_nanos()
}

fn address(target: u32) -> IpAddr {
    IpAddr::from([10, 0, 0, u8::try_from(target % 250).unwrap()])
}

impl Bench {
    fn new() -> Self {
        // The numbers wrap in the first test that sends two.
        Self { flight: Flight::new(COOKIE, u32::MAX), out: outbox(1).0 }
    }

    fn send(&mut self, target: u32, millis: u64) -> Tag {
        let request = EchoRequest {
            target: TargetId(target),
            seq: millis,
            address: address(target),
            scope: 0,
            deadline: DEADLINE,
        };
        let sent_at = Now { mono: at(millis), wall: WallTime::default() };
        self.flight.launch(request, self.out.clone(), sent_at, wall(millis))
    }

    /// A reply that arrived at `arrived` and was read at `read`.
    fn reply(&mut self, tag: Tag, arrived: u64, read: u64) {
        let reply =
            Reply { tag, from: address(tag.target), stamp: Some(wall(arrived)), ttl: Some(64) };
        self.flight.replied(&reply, at(read), SOON);
    }

    fn expire(&mut self, millis: u64) {
        self.flight.expire(at(millis), |_| None);
    }

    fn outcomes(&mut self) -> Vec<(u64, EchoOutcome)> {
        let told = self.flight.told.drain(..);
        told.map(|(_, sample)| {
            let Observation::Echo(echo) = sample.observation else { panic!("{sample:?}") };
            assert_eq!(sample.sent_at.mono, at(sample.seq));
            (sample.seq, echo.outcome)
        })
        .collect()
    }
}

const fn reply(millis: u64) -> EchoOutcome {
    EchoOutcome::Reply { rtt: Duration::from_millis(millis), ttl: Some(64) }
}

const STALLED: EchoOutcome = EchoOutcome::Void(LocalFault::Stalled);

#[test]
fn a_reply_is_timed_by_the_kernel_and_not_by_who_reads_it() {
    let mut bench = Bench::new();
    let tag = bench.send(1, 0);
    let next = bench.send(2, 1);
    assert_eq!((tag.seq, next.seq), (u32::MAX, 0), "numbers wrap");
    bench.flight.left(tag.slot, tag.seq, wall(2));
    bench.reply(tag, 14, 900);
    assert_eq!(bench.outcomes(), [(0, reply(12))]);
    // Without a stamp of the sending it counts from before it.
    bench.reply(next, 14, 900);
    assert_eq!(bench.outcomes(), [(1, reply(13))]);
    assert!(bench.flight.is_empty());
    assert_eq!(bench.flight.counts.sent, 2);
}

#[test]
fn a_stamp_of_another_packet_is_not_taken() {
    let mut bench = Bench::new();
    let tag = bench.send(1, 100);
    bench.flight.left(tag.slot, tag.seq, wall(40));
    bench.flight.left(tag.slot, tag.seq.wrapping_add(1), wall(105));
    bench.reply(tag, 110, 120);
    assert_eq!(bench.outcomes(), [(100, reply(10))]);
}

#[test]
fn silence_is_lost_at_the_deadline_and_a_late_reply_amends_it() {
    let mut bench = Bench::new();
    let tag = bench.send(1, 0);
    bench.expire(1_999);
    assert_eq!(bench.outcomes(), []);
    bench.expire(2_000);
    assert_eq!(bench.outcomes(), [(0, EchoOutcome::Lost)]);
    bench.expire(2_500);
    bench.reply(tag, 3_500, 3_510);
    let rtt = Duration::from_millis(3_500);
    assert_eq!(bench.outcomes(), [(0, EchoOutcome::Late { rtt })]);
    assert!(bench.flight.is_empty());
    let tag = bench.send(1, 10_000);
    bench.expire(12_000);
    bench.expire(16_000);
    assert_eq!(bench.outcomes(), [(10_000, EchoOutcome::Lost)]);
    assert!(bench.flight.is_empty(), "patience has ended");
    bench.reply(tag, 16_001, 16_010);
    assert_eq!(bench.outcomes(), []);
    assert_eq!((bench.flight.counts.late, bench.flight.counts.too_late), (1, 1));
}

#[test]
fn a_late_reply_that_is_read_at_once_with_the_deadline_is_lost_and_late() {
    let mut bench = Bench::new();
    let tag = bench.send(1, 0);
    bench.reply(tag, 2_010, 2_020);
    let rtt = Duration::from_millis(2_010);
    assert_eq!(bench.outcomes(), [(0, EchoOutcome::Lost), (0, EchoOutcome::Late { rtt })]);
}

#[test]
fn a_stall_makes_void_what_is_unanswered_and_keeps_what_was_answered() {
    let mut bench = Bench::new();
    let (answered, silent, long_ago) = (bench.send(1, 0), bench.send(2, 0), bench.send(3, 0));
    // Nobody looked for two seconds and a half.
    bench.reply(answered, 7, 2_500);
    bench.reply(long_ago, 2_400, 2_500);
    bench.expire(2_500);
    let rtt = Duration::from_millis(2_400);
    assert_eq!(
        bench.outcomes(),
        [(0, reply(7)), (0, EchoOutcome::Lost), (0, EchoOutcome::Late { rtt }), (0, STALLED)]
    );
    let _ = silent;
    bench.send(2, 10_000);
    bench.expire(12_240);
    assert_eq!(bench.outcomes(), [(10_000, EchoOutcome::Lost)], "240 ms is a busy machine");
}

#[test]
fn what_a_full_buffer_may_have_dropped_is_void() {
    let mut bench = Bench::new();
    bench.send(1, 0);
    bench.send(2, 500);
    bench.flight.expire(at(2_500), |v6| (!v6).then(|| at(400)));
    assert_eq!(bench.outcomes(), [(0, STALLED), (500, EchoOutcome::Lost)]);
}

#[test]
fn a_wall_clock_that_jumps_makes_a_gap_and_no_round_trip() {
    let day = 86_400_000_000_000;
    for jumped in [wall(10) + day, wall(10) - day, wall(1)] {
        let mut bench = Bench::new();
        let (tag, silent) = (bench.send(1, 0), bench.send(2, 0));
        bench.flight.clock_jumped();
        let reply = Reply { tag, from: address(1), stamp: Some(jumped), ttl: None };
        bench.flight.replied(&reply, at(20), SOON);
        bench.expire(2_000);
        let void = EchoOutcome::Void(LocalFault::Other);
        assert_eq!(bench.outcomes(), [(0, void), (0, STALLED)]);
        let _ = silent;
        // And then all is as it was.
        let tag = bench.send(1, 3_000);
        bench.reply(tag, 3_005, 3_010);
        assert_eq!(bench.outcomes(), [(3_000, self::reply(5))]);
    }
}

#[test]
fn a_stamp_from_the_future_is_not_believed() {
    let mut bench = Bench::new();
    let tag = bench.send(1, 0);
    bench.reply(tag, 500, 20);
    assert_eq!(bench.outcomes(), [(0, EchoOutcome::Void(LocalFault::Other))]);
}

#[test]
fn a_reply_without_a_stamp_is_measured_only_where_it_was_read_soon() {
    for (unseen, expected) in [(5, reply(20)), (6, EchoOutcome::Void(LocalFault::Other))] {
        let mut bench = Bench::new();
        let tag = bench.send(1, 0);
        let reply = Reply { tag, from: address(1), stamp: None, ttl: Some(64) };
        bench.flight.replied(&reply, at(20), Duration::from_millis(unseen));
        assert_eq!(bench.outcomes(), [(0, expected)]);
    }
}

#[test]
fn foreign_and_forged_replies_change_nothing() {
    let mut bench = Bench::new();
    let tag = bench.send(1, 0);
    let from = address(1);
    let forged =
        [(Tag { cookie: 1, ..tag }, from), (Tag { target: 2, ..tag }, from), (tag, address(2))];
    for (tag, from) in forged {
        let reply = Reply { tag, from, stamp: Some(wall(1)), ttl: None };
        bench.flight.replied(&reply, at(2), SOON);
    }
    assert_eq!(bench.flight.counts.foreign, 3);
    for tag in [Tag { slot: 7, ..tag }, Tag { slot: u32::MAX, ..tag }, Tag { seq: 7, ..tag }] {
        bench.reply(tag, 1, 2);
    }
    assert_eq!(bench.outcomes(), []);
    bench.reply(tag, 9, 10);
    assert_eq!(bench.outcomes(), [(0, reply(9))]);
}

#[test]
fn duplicates_and_overtakers_are_counted_and_change_nothing() {
    let mut bench = Bench::new();
    let (first, second) = (bench.send(1, 0), bench.send(1, 10));
    let other = bench.send(2, 10);
    bench.reply(second, 20, 30);
    bench.reply(first, 25, 30);
    bench.reply(first, 26, 30);
    bench.reply(second, 27, 30);
    bench.reply(other, 28, 30);
    assert_eq!(bench.outcomes(), [(10, reply(10)), (0, reply(25)), (10, reply(18))]);
    let counts = bench.flight.counts;
    assert_eq!((counts.duplicates, counts.reordered, counts.foreign), (2, 1, 0));
    // A number is remembered for so many requests, and then it is free again.
    for _ in 0..=REMEMBERED {
        let tag = bench.send(3, 40);
        bench.reply(tag, 41, 42);
    }
    bench.reply(first, 50, 51);
    assert_eq!((bench.flight.counts.duplicates, bench.flight.counts.too_late), (2, 1));
}

#[test]
fn an_error_is_whose_packet_it_quotes() {
    let router = Some(IpAddr::from([10, 0, 0, 254]));
    let error = IcmpError { v6: false, kind: 3, code: 13, from: router };
    let number = |tag: Tag| EchoNumber { id: 1, seq: tag.short_seq() };
    let mut bench = Bench::new();
    let (whole, head, kept) = (bench.send(1, 0), bench.send(2, 0), bench.send(3, 0));
    let quoted = Quoted { number: number(whole), tag: Some(whole) };
    for (quoted, about) in [
        (quoted, Some(address(2))),
        (Quoted { tag: Some(Tag { cookie: 1, ..whole }), ..quoted }, Some(address(1))),
        (Quoted { tag: Some(Tag { target: 9, ..whole }), ..quoted }, Some(address(1))),
        (Quoted { number: number(whole), tag: None }, Some(address(9))),
        (Quoted { number: EchoNumber { id: 1, seq: 77 }, tag: None }, Some(address(3))),
        (Quoted { number: number(whole), tag: None }, None),
    ] {
        assert!(!bench.flight.refused(&quoted, about, error, at(5)), "{quoted:?}");
    }
    assert_eq!(bench.outcomes(), []);
    assert!(bench.flight.refused(&quoted, Some(address(1)), error, at(5)));
    let quoted = Quoted { number: number(head), tag: None };
    assert!(bench.flight.refused(&quoted, Some(address(2)), error, at(6)));
    let unreachable = EchoOutcome::Unreachable(error);
    assert_eq!(bench.outcomes(), [(0, unreachable), (0, unreachable)]);
    bench.reply(kept, 7, 8);
    assert_eq!(bench.outcomes(), [(0, reply(7))]);
}

#[test]
fn an_error_after_the_deadline_says_no_more() {
    let mut bench = Bench::new();
    let tag = bench.send(1, 0);
    bench.expire(2_000);
    let quoted = Quoted { number: EchoNumber { id: 1, seq: tag.short_seq() }, tag: Some(tag) };
    let error = IcmpError { v6: false, kind: 3, code: 1, from: None };
    assert!(bench.flight.refused(&quoted, None, error, at(3_000)));
    assert_eq!(bench.outcomes(), [(0, EchoOutcome::Lost)]);
    assert!(bench.flight.is_empty());
}

#[test]
fn without_a_way_there_nothing_is_lost() {
    let mut bench = Bench::new();
    bench.send(1, 0);
    let gone = bench.send(1, 1_000);
    bench.flight.failed(gone.slot, gone.seq, LocalFault::NoRoute, at(1_000));
    bench.send(1, 1_500);
    bench.expire(2_000);
    bench.expire(3_500);
    let no_route = EchoOutcome::Void(LocalFault::NoRoute);
    assert_eq!(bench.outcomes(), [(1_000, no_route), (0, no_route), (1_500, EchoOutcome::Lost)]);
    assert_eq!(bench.flight.counts.sent, 2, "one did not leave");
}

#[test]
fn every_request_of_many_ends_once() {
    let mut bench = Bench::new();
    let mut tags = Vec::new();
    for round in 0..20_u64 {
        for target in 0..5_000 {
            tags.push(bench.send(target, round));
        }
    }
    // Every tenth is lost, the rest come back to front.
    for tag in tags.iter().rev().filter(|tag| tag.seq % 10 != 0) {
        bench.reply(*tag, 500, 600);
    }
    bench.expire(2_100);
    let outcomes = bench.outcomes();
    let lost = outcomes.iter().filter(|(_, outcome)| *outcome == EchoOutcome::Lost).count();
    let silent = tags.iter().filter(|tag| tag.seq % 10 == 0).count();
    assert_eq!((outcomes.len(), lost), (100_000, silent));
    assert!(bench.flight.slots.len() <= 100_000);
    bench.expire(10_000);
    assert!(bench.flight.is_empty());
    assert_eq!(bench.outcomes(), []);
}

#[test]
fn only_what_is_under_way_is_due_and_awaited() {
    let mut bench = Bench::new();
    let answered = bench.send(1, 0);
    let silent = bench.send(2, 5);
    assert!(bench.flight.awaits(false) && !bench.flight.awaits(true));
    bench.reply(answered, 3, 10);
    assert!(!bench.flight.has_due(at(2_004)), "what was answered has no deadline any more");
    assert!(bench.flight.has_due(at(2_005)));
    bench.expire(2_005);
    assert_eq!(bench.outcomes(), [(0, reply(3)), (5, EchoOutcome::Lost)]);
    assert!(bench.flight.awaits(false), "a late reply is still waited for");
    bench.reply(silent, 2_100, 2_101);
    assert!(!bench.flight.awaits(false));
    assert!(!bench.flight.has_due(at(60_000)));
}
