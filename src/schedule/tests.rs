use super::*;
use crate::domain::target::Host;
use proptest::prelude::*;
use std::net::IpAddr;

const MILLI: u64 = 1_000_000;

fn secs(secs: u64) -> MonoTime {
    MonoTime::from_secs(secs)
}

fn literal(id: u32) -> Target {
    let address = IpAddr::from([10, 0, 0, 1]);
    Target::new(TargetId(id), "t", Host::Address(address, None))
}

fn named(id: u32) -> Target {
    Target::new(TargetId(id), "t", Host::Name("office-pc".into()))
}

fn schedule(targets: u32) -> Schedule {
    let mut schedule = Schedule::new(Settings::default());
    (0..targets).for_each(|id| schedule.add(&literal(id), MonoTime::ZERO));
    schedule
}

/// Runs until `end`, waking exactly when told; every probe takes `takes`.
fn run(schedule: &mut Schedule, end: MonoTime, takes: Duration) -> Vec<(MonoTime, ProbeRequest)> {
    let mut log = Vec::new();
    let mut running: VecDeque<(MonoTime, ProbeRequest)> = VecDeque::new();
    loop {
        let ends = running.front().map(|(at, _)| *at);
        let Some(now) = schedule.next_due().into_iter().chain(ends).min().filter(|at| *at < end)
        else {
            return log;
        };
        while let Some((at, request)) = running.pop_front_if(|(at, _)| *at <= now) {
            schedule.finished(request.target, request.kind, at);
        }
        for request in schedule.due(now, 7) {
            log.push((now, request));
            if request.kind != ProbeKind::Echo {
                running.push_back((now.plus(takes), request));
            }
        }
    }
}

const QUICKLY: Duration = Duration::from_millis(30);

fn times(log: &[(MonoTime, ProbeRequest)], id: u32, kinds: &[ProbeKind]) -> Vec<MonoTime> {
    log.iter()
        .filter(|(_, request)| request.target == TargetId(id) && kinds.contains(&request.kind))
        .map(|(at, _)| *at)
        .collect()
}

fn gaps(times: &[MonoTime]) -> Vec<Duration> {
    times.windows(2).map(|pair| pair[1].since(pair[0])).collect()
}

const CONNECTION: [ProbeKind; 3] = [ProbeKind::Negotiate, ProbeKind::Tls, ProbeKind::Nla];

/// Connections that read the certificate.
const CERTIFICATE: [ProbeKind; 2] = [ProbeKind::Tls, ProbeKind::Nla];

#[track_caller]
fn assert_every(times: &[MonoTime], from: Duration, to: Duration) {
    assert!(times.len() > 1, "{times:?}");
    for gap in gaps(times) {
        assert!(gap >= from && gap <= to, "{gap:?} is not within {from:?} and {to:?}");
    }
}

#[test]
fn echo_keeps_the_beat_and_starts_are_spread() {
    let mut schedule = schedule(100);
    let log = run(&mut schedule, secs(20), QUICKLY);
    let mut firsts = Vec::new();
    for id in 0..100 {
        let echoes = times(&log, id, &[ProbeKind::Echo]);
        assert_eq!(echoes.len(), 20);
        assert!(gaps(&echoes).iter().all(|gap| *gap == Duration::from_secs(1)));
        firsts.push(echoes[0].as_nanos() / (100 * MILLI));
    }
    for tenth in 0..10 {
        let share = firsts.iter().filter(|first| **first == tenth).count();
        assert!((3..=20).contains(&share), "{share} of 100 start in tenth {tenth}");
    }
}

#[test]
fn every_kind_counts_its_own_probes_from_zero() {
    let mut schedule = schedule(1);
    let log = run(&mut schedule, secs(7_200), QUICKLY);
    for kind in ProbeKind::ALL {
        let seqs: Vec<u64> = log
            .iter()
            .filter(|(_, request)| request.kind == kind)
            .map(|(_, request)| request.seq)
            .collect();
        assert_eq!(seqs, (0..seqs.len() as u64).collect::<Vec<_>>(), "{kind:?}");
        let rests = matches!(kind, ProbeKind::Connect | ProbeKind::Gateway);
        assert_eq!(seqs.is_empty(), rests, "{kind:?}");
    }
}

#[test]
fn a_connection_is_rare_when_quiet_and_goes_up_to_the_certificate_twice_an_hour() {
    let mut schedule = schedule(4);
    let log = run(&mut schedule, secs(7_200), QUICKLY);
    let minute = Duration::from_mins(1);
    for id in 0..4 {
        let connections = times(&log, id, &CONNECTION);
        assert_every(&connections, minute, minute * 11 / 10);
        let tls = times(&log, id, &CERTIFICATE);
        assert_eq!(tls[0], connections[0], "the first connection goes all the way");
        assert_eq!(times(&log, id, &[ProbeKind::Nla]), tls[..1], "and only it asks for NLA");
        assert_every(&tls, minute * 30, minute * 35);
    }
    assert_eq!(schedule.connections_per_day(TargetId(0)), 1_440 + 7);
}

#[test]
fn few_targets_and_the_one_looked_at_are_probed_quickly() {
    let ten = Duration::from_secs(10);
    let mut few = schedule(3);
    let log = run(&mut few, secs(600), QUICKLY);
    assert_every(&times(&log, 2, &CONNECTION), ten, ten * 11 / 10);
    assert_eq!(few.connections_per_day(TargetId(2)), 8_640 + 7);

    let mut many = schedule(20);
    run(&mut many, secs(100), QUICKLY);
    many.look_at(Some(TargetId(7)), secs(100));
    let log = run(&mut many, secs(200), QUICKLY);
    let looked_at = times(&log, 7, &CONNECTION);
    assert!(looked_at[0] <= secs(110), "{looked_at:?}");
    assert_every(&looked_at, ten, ten * 11 / 10);
    assert!(times(&log, 8, &CONNECTION).len() <= 2);
    many.look_at(None, secs(200));
    let log = run(&mut many, secs(400), QUICKLY);
    assert_every(&times(&log, 7, &CONNECTION)[1..], ten * 6, ten * 66 / 10);
}

#[test]
fn trouble_quickens_connections_for_two_minutes() {
    let mut schedule = schedule(10);
    run(&mut schedule, secs(300), QUICKLY);
    schedule.note_trouble(TargetId(3), secs(300));
    let log = run(&mut schedule, secs(900), QUICKLY);
    let connections = times(&log, 3, &CONNECTION);
    let quick = connections.iter().filter(|at| **at < secs(420)).count();
    assert!((11..=13).contains(&quick), "{quick}");
    let later: Vec<_> = connections.into_iter().filter(|at| *at > secs(440)).collect();
    assert_every(&later, Duration::from_mins(1), Duration::from_secs(66));
}

#[test]
fn a_change_runs_everything_at_once_and_at_most_once_a_minute() {
    let mut schedule = schedule(10);
    schedule.set_alternatives(TargetId(3), 1, MonoTime::ZERO);
    run(&mut schedule, secs(300), QUICKLY);
    schedule.note_change(TargetId(3), secs(300));
    let log = run(&mut schedule, secs(301), QUICKLY);
    for kind in [ProbeKind::Resolve, ProbeKind::Nla, ProbeKind::Neighbour, ProbeKind::PathMtu] {
        assert_eq!(times(&log, 3, &[kind]).first(), Some(&secs(300)), "{kind:?}");
    }
    assert!(times(&log, 4, &CERTIFICATE).is_empty());

    let mut tls = 0;
    for second in 301..421 {
        schedule.note_change(TargetId(3), secs(second));
        let log = run(&mut schedule, secs(second + 1), QUICKLY);
        tls += times(&log, 3, &CERTIFICATE).len();
    }
    assert_eq!(tls, 2);
}

/// Rows stayed critical for up to 25 s although their hosts answered again.
#[test]
fn a_target_that_comes_back_is_connected_to_at_once_and_again_when_that_is_news() {
    let mut schedule = schedule(10);
    run(&mut schedule, secs(300), QUICKLY);
    schedule.note_change(TargetId(3), secs(300));
    run(&mut schedule, secs(330), QUICKLY);
    let last = |log: &[_]| *times(log, 3, &CONNECTION).last().unwrap();
    schedule.note_change(TargetId(3), secs(330));
    let quiet = run(&mut schedule, secs(331), QUICKLY);
    assert!(times(&quiet, 3, &CERTIFICATE).is_empty(), "it changed half a minute ago");
    schedule.note_back(TargetId(3), secs(340));
    let log = run(&mut schedule, secs(341), QUICKLY);
    assert_eq!(last(&log), secs(340));
    schedule.note_change(TargetId(3), secs(341));
    let log = run(&mut schedule, secs(342), QUICKLY);
    assert_eq!(times(&log, 3, &CERTIFICATE), [secs(341)]);
    // One that comes and goes is not asked for everything each time.
    let mut tls = 0;
    for second in 343..403 {
        schedule.note_back(TargetId(3), secs(second));
        schedule.note_change(TargetId(3), secs(second));
        let log = run(&mut schedule, secs(second + 1), QUICKLY);
        tls += times(&log, 3, &CERTIFICATE).len();
    }
    assert_eq!(tls, 1, "once a minute");
}

#[test]
fn somebody_may_ask_again_after_five_seconds() {
    let mut schedule = schedule(10);
    run(&mut schedule, secs(300), QUICKLY);
    assert!(schedule.probe_now(TargetId(3), secs(300)));
    assert!(!schedule.probe_now(TargetId(3), secs(304)));
    assert!(schedule.probe_now(TargetId(3), secs(305)));
    assert!(!schedule.probe_now(TargetId(99), secs(305)));
}

#[test]
fn a_name_is_only_resolved_until_there_is_an_address() {
    let mut schedule = Schedule::new(Settings::default());
    schedule.add(&named(0), MonoTime::ZERO);
    let log = run(&mut schedule, secs(100), QUICKLY);
    assert!(log.len() >= 3 && log.iter().all(|(_, r)| r.kind == ProbeKind::Resolve), "{log:?}");
    assert_eq!(schedule.connections_per_day(TargetId(0)), 0);
    schedule.set_ready(TargetId(0), true, secs(100));
    let log = run(&mut schedule, secs(110), QUICKLY);
    assert!(times(&log, 0, &[ProbeKind::Echo]).len() >= 9);
    assert_eq!(times(&log, 0, &[ProbeKind::Nla]).len(), 1);
    schedule.set_ready(TargetId(0), false, secs(110));
    let log = run(&mut schedule, secs(200), QUICKLY);
    assert!(log.iter().all(|(_, request)| request.kind == ProbeKind::Resolve));
}

#[test]
fn a_stalled_caller_gets_one_echo_and_not_the_missed_ones() {
    let mut schedule = schedule(5);
    run(&mut schedule, secs(10), QUICKLY);
    let burst = schedule.due(secs(3_600), 1_000);
    for id in 0..5 {
        for kind in ProbeKind::ALL {
            let of = |r: &&ProbeRequest| r.target == TargetId(id) && r.kind == kind;
            assert!(burst.iter().filter(of).count() <= 1, "{burst:?}");
        }
    }
    assert!(schedule.due(secs(3_600), 1_000).is_empty());
    let log = run(&mut schedule, secs(3_602), QUICKLY);
    assert!(log.iter().filter(|(_, r)| r.kind == ProbeKind::Echo).count() <= 10);
}

#[test]
fn paused_sends_nothing_and_does_not_catch_up() {
    let mut schedule = schedule(2);
    run(&mut schedule, secs(10), QUICKLY);
    schedule.pause();
    assert_eq!((schedule.next_due(), schedule.due(secs(100), 9).len()), (None, 0));
    schedule.resume();
    let echoes = schedule.due(secs(100), 99);
    assert_eq!(echoes.iter().filter(|r| r.kind == ProbeKind::Echo).count(), 2);
}

#[test]
fn a_probe_in_flight_is_not_overlapped_and_what_it_held_up_follows_it() {
    let mut schedule = schedule(1);
    let started: Vec<_> = run(&mut schedule, secs(3), Duration::from_secs(100))
        .into_iter()
        .filter(|(_, request)| CONNECTION.contains(&request.kind))
        .collect();
    assert_eq!(started.len(), 1);
    for second in 3..60 {
        let due = schedule.due(secs(second), 100);
        assert!(!due.iter().any(|request| CONNECTION.contains(&request.kind)), "{due:?}");
    }
    schedule.finished(TargetId(0), ProbeKind::Nla, secs(60));
    let due = schedule.due(secs(60), 100);
    assert_eq!(due.iter().filter(|request| CONNECTION.contains(&request.kind)).count(), 1);
}

#[test]
fn a_probe_that_is_never_reported_is_given_up() {
    let mut schedule = schedule(1);
    let log = run(&mut schedule, secs(600), Duration::from_secs(1_000_000));
    let patience = Duration::from_secs(30 + 4 * (5 + 5 + 5 + 8 + 5 + 2 + 8));
    assert_every(&times(&log, 0, &CONNECTION), patience, patience * 2);
}

#[test]
fn a_probe_that_is_given_up_makes_room_at_once() {
    let settings = Settings { connections: 1, ..Settings::default() };
    let mut schedule = Schedule::new(settings);
    (0..3).for_each(|id| schedule.add(&literal(id), MonoTime::ZERO));
    assert_eq!(schedule.due(secs(2), 100).iter().filter(|r| r.kind == ProbeKind::Nla).count(), 1);
    let later = schedule.due(secs(1_000), 100);
    assert_eq!(later.iter().filter(|r| r.kind == ProbeKind::Nla).count(), 1);
    assert!(schedule.due(secs(1_000), 100).is_empty());
}

#[test]
fn connections_are_capped_and_wait_their_turn() {
    let settings = Settings { connections: 2, lookups: 1, ..Settings::default() };
    let mut schedule = Schedule::new(settings);
    (0..10).for_each(|id| schedule.add(&literal(id), MonoTime::ZERO));
    let mut in_flight = VecDeque::new();
    let mut order = Vec::new();
    for second in 2..10 {
        for request in schedule.due(secs(second), 1_000) {
            if CONNECTION.contains(&request.kind) {
                order.push(request.target.0);
                in_flight.push_back(request);
            } else {
                schedule.finished(request.target, request.kind, secs(second));
            }
        }
        assert!(in_flight.len() <= 2);
        assert!(!order.is_empty());
        if let Some(request) = in_flight.pop_front() {
            schedule.finished(request.target, request.kind, secs(second));
            assert_eq!(schedule.next_due(), Some(secs(second)));
        }
    }
    order.extend(
        schedule
            .due(secs(12), 100)
            .iter()
            .filter_map(|request| CONNECTION.contains(&request.kind).then_some(request.target.0)),
    );
    order.sort_unstable();
    order.dedup();
    assert_eq!(order, (0..10).collect::<Vec<_>>(), "everybody had a turn");
}

#[test]
fn a_loss_is_looked_into_and_two_within_twenty_seconds_are_a_suspicion_once() {
    let mut schedule = schedule(1);
    run(&mut schedule, secs(10), QUICKLY);
    let echoes_in = |schedule: &mut Schedule, from: u64, to: u64| {
        let log = run(schedule, secs(to), QUICKLY);
        assert!(log.iter().all(|(at, _)| *at >= secs(from)));
        times(&log, 0, &[ProbeKind::Echo]).len() as u64
    };
    schedule.note_echo(TargetId(0), secs(10), true, secs(10));
    schedule.note_echo(TargetId(0), secs(10), true, secs(10));
    assert_eq!(echoes_in(&mut schedule, 10, 20), 10, "never answered anything");
    schedule.note_echo(TargetId(0), secs(20), false, secs(20));
    assert_eq!(echoes_in(&mut schedule, 20, 31), 11);
    schedule.note_echo(TargetId(0), secs(31), true, secs(31));
    let glance = echoes_in(&mut schedule, 31, 41);
    assert!((18..=20).contains(&glance), "one loss, the one before too long ago: {glance}");
    schedule.note_echo(TargetId(0), secs(41), true, secs(41));
    assert_eq!(echoes_in(&mut schedule, 41, 42), 1, "nothing was answered since");
    schedule.note_echo(TargetId(0), secs(42), false, secs(42));
    schedule.note_echo(TargetId(0), secs(42), true, secs(42));
    let burst = echoes_in(&mut schedule, 42, 62);
    assert!((195..=205).contains(&burst), "{burst}");
    let after = echoes_in(&mut schedule, 62, 72);
    assert!((10..=11).contains(&after), "{after}");
    for second in 72..300 {
        schedule.note_echo(TargetId(0), secs(second), true, secs(second));
        assert!(echoes_in(&mut schedule, second, second + 1) <= 2, "silent for good");
    }
}

/// A firewall that answers two echo requests a second, and one packet that is lost by chance.
#[test]
fn a_limit_of_the_rate_of_echo_is_not_asked_quickly_for_long_nor_again_for_an_hour() {
    let mut schedule = schedule(1);
    let (mut sent, mut from) = (Vec::new(), secs(0));
    let mut live = |schedule: &mut Schedule, until: u64, lost: &dyn Fn(u64) -> bool| {
        let mut quick = 0;
        for tenth in from.since(MonoTime::ZERO).as_secs() * 10..until * 10 {
            let now = MonoTime::ZERO.plus(Duration::from_millis(100 * tenth));
            let log = run(schedule, now, QUICKLY);
            let echoes = times(&log, 0, &[ProbeKind::Echo]);
            for at in echoes {
                let second = at.since(MonoTime::ZERO).as_secs();
                let passed = sent.iter().filter(|(of, passed)| *of == second && *passed).count();
                let passes = passed < 2 && !lost(second);
                quick += usize::from(passed >= 2);
                sent.push((second, passes));
                schedule.note_echo(TargetId(0), at, !passes, now);
            }
        }
        from = secs(until);
        quick
    };
    assert_eq!(live(&mut schedule, 30, &|_| false), 0);
    let beyond = live(&mut schedule, 100, &|second| second == 30);
    assert!((1..=20).contains(&beyond), "{beyond}");
    assert_eq!(live(&mut schedule, 3_600, &|second| second % 300 == 0), 0, "it is known");
}

#[test]
fn a_broken_path_does_not_raise_the_traffic_tenfold() {
    let mut schedule = schedule(200);
    run(&mut schedule, secs(10), QUICKLY);
    for id in 0..200 {
        schedule.note_echo(TargetId(id), secs(10), false, secs(10));
        schedule.note_echo(TargetId(id), secs(10), true, secs(10));
        schedule.note_echo(TargetId(id), secs(10), false, secs(10));
        schedule.note_echo(TargetId(id), secs(10), true, secs(10));
    }
    let log = run(&mut schedule, secs(20), QUICKLY);
    let echoes = log.iter().filter(|(_, request)| request.kind == ProbeKind::Echo).count();
    let expected = 168 * 10 + SUSPECTS * 100;
    assert!(echoes.abs_diff(expected) < expected / 20, "{echoes}, expected {expected}");
}

#[test]
fn echo_over_tcp_is_the_connection_probe() {
    let mut schedule = schedule(10);
    run(&mut schedule, secs(100), QUICKLY);
    schedule.set_echo_method(TargetId(3), EchoMethod::Tcp, secs(100));
    let log = run(&mut schedule, secs(400), QUICKLY);
    assert!(times(&log, 3, &[ProbeKind::Echo]).is_empty());
    let fifteen = Duration::from_secs(15);
    assert_every(&times(&log, 3, &CONNECTION), fifteen, fifteen * 11 / 10);
    assert_eq!(schedule.connections_per_day(TargetId(3)), 5_760 + 7);
    schedule.set_echo_method(TargetId(3), EchoMethod::Icmp, secs(400));
    let log = run(&mut schedule, secs(410), QUICKLY);
    assert!(times(&log, 3, &[ProbeKind::Echo]).len() >= 9);
}

#[test]
fn each_alternative_address_is_tried_at_most_once_a_minute() {
    let mut schedule = schedule(1);
    for (count, shortest) in [(1, 60), (2, 30), (5, 30)] {
        schedule.set_alternatives(TargetId(0), 0, schedule.now);
        let from = schedule.now;
        schedule.set_alternatives(TargetId(0), count, from);
        let log = run(&mut schedule, from.plus(Duration::from_mins(10)), QUICKLY);
        let shortest = Duration::from_secs(shortest);
        assert_every(&times(&log, 0, &[ProbeKind::Connect]), shortest, shortest * 11 / 10);
    }
}

#[test]
fn without_deep_probes_no_connection_goes_on_to_the_certificate() {
    let mut schedule = Schedule::new(Settings { deep: false, ..Settings::default() });
    schedule.add(&literal(0), MonoTime::ZERO);
    let log = run(&mut schedule, secs(7_200), QUICKLY);
    let deep = [&CERTIFICATE[..], &[ProbeKind::Sweep, ProbeKind::Udp]].concat();
    assert!(times(&log, 0, &deep).is_empty());
    assert!(times(&log, 0, &[ProbeKind::Negotiate]).len() > 600);
    assert_eq!(schedule.connections_per_day(TargetId(0)), 8_640);
    assert_eq!(schedule.next_of(TargetId(0), ProbeKind::Tls), None);
}

#[test]
fn deep_probes_that_are_allowed_later_begin_within_a_minute_and_go_on_as_usual() {
    let mut schedule = Schedule::new(Settings { deep: false, ..Settings::default() });
    (0..200).for_each(|id| schedule.add(&literal(id), MonoTime::ZERO));
    let deep = [&CERTIFICATE[..], &[ProbeKind::Sweep, ProbeKind::Udp]].concat();
    let log = run(&mut schedule, secs(600), QUICKLY);
    assert!((0..200).all(|id| times(&log, id, &deep).is_empty()));
    schedule.allow_deep(secs(600));
    let budget = schedule.connections_per_day(TargetId(0));
    let log = run(&mut schedule, secs(4_200), QUICKLY);
    for id in 0..200 {
        let read = times(&log, id, &CERTIFICATE);
        assert!((2..=4).contains(&read.len()), "{id}: {read:?}");
        assert!(read[0] <= secs(672), "{id}: {read:?}");
        assert_eq!(times(&log, id, &[ProbeKind::Udp]).len(), 1, "{id}");
        assert!(!times(&log, id, &[ProbeKind::Sweep]).is_empty(), "{id}");
    }
    // Not all of them at one moment.
    let first = (0..200).map(|id| times(&log, id, &CERTIFICATE)[0]);
    let mut first: Vec<MonoTime> = first.collect();
    first.sort_unstable();
    let busiest = first.windows(40).map(|some| some[39].since(some[0])).min();
    assert!(busiest >= Some(Duration::from_secs(1)), "{busiest:?}");
    let mut usual = self::schedule(200);
    run(&mut usual, secs(1), QUICKLY);
    assert_eq!(budget, usual.connections_per_day(TargetId(0)));
}

#[test]
fn a_host_is_asked_for_udp_once_a_day_and_at_most_once_a_minute_after_changes() {
    let mut schedule = schedule(4);
    let log = run(&mut schedule, secs(80_000), QUICKLY);
    assert_eq!(times(&log, 0, &[ProbeKind::Udp]).len(), 1);
    let mut asked = Vec::new();
    for second in 80_000..80_600 {
        schedule.note_change(TargetId(0), secs(second));
        schedule.probe_now(TargetId(0), secs(second));
        let log = run(&mut schedule, secs(second + 1), QUICKLY);
        asked.extend(times(&log, 0, &[ProbeKind::Udp]));
    }
    assert_eq!(asked.first(), Some(&secs(80_000)));
    assert!(asked.len() >= 9, "{asked:?}");
    assert!(gaps(&asked).iter().all(|gap| *gap >= plan::UDP_REST), "{asked:?}");
}

#[test]
fn sweeps_are_daily_whatever_changes() {
    let mut schedule = schedule(4);
    let mut swept = times(&run(&mut schedule, secs(3_600), QUICKLY), 0, &[ProbeKind::Sweep]);
    for second in 3_600..4_200 {
        schedule.note_change(TargetId(0), secs(second));
        swept.extend(times(&run(&mut schedule, secs(second + 1), QUICKLY), 0, &[ProbeKind::Sweep]));
    }
    assert_eq!(swept.len(), 1);
}

#[test]
fn connections_do_not_wait_for_silent_datagrams() {
    let settings = Settings { aside: 1, ..Settings::default() };
    let mut schedule = Schedule::new(settings);
    (0..20).for_each(|id| schedule.add(&literal(id), MonoTime::ZERO));
    let log = run(&mut schedule, secs(300), Duration::from_secs(6));
    for id in 0..20 {
        assert!(times(&log, id, &CONNECTION)[0] <= secs(2), "{id}");
    }
}

#[test]
fn only_targets_behind_a_gateway_ask_one() {
    let mut schedule = schedule(4);
    let mut target = literal(2);
    let host = Host::Name("gw.example".into());
    let usage = crate::domain::target::GatewayUsage::Always;
    target.gateway = Some(crate::domain::target::GatewayAddress { host, port: 443, usage });
    schedule.add(&target, MonoTime::ZERO);
    let log = run(&mut schedule, secs(3_600), QUICKLY);
    assert!(times(&log, 1, &[ProbeKind::Gateway]).is_empty());
    let five = Duration::from_mins(5);
    assert_every(&times(&log, 2, &[ProbeKind::Gateway]), five, five * 11 / 10);
}

#[test]
fn a_gateway_that_changed_is_asked_again_after_a_rest() {
    let mut target = literal(0);
    let host = Host::Name("gw.example".into());
    let usage = crate::domain::target::GatewayUsage::Always;
    target.gateway = Some(crate::domain::target::GatewayAddress { host, port: 443, usage });
    let mut schedule = Schedule::new(Settings::default());
    schedule.add(&target, MonoTime::ZERO);
    let first = times(&run(&mut schedule, secs(30), QUICKLY), 0, &[ProbeKind::Gateway]);
    assert_eq!(first.len(), 1);
    schedule.note_gateway(TargetId(0), secs(30));
    let log = run(&mut schedule, secs(60), QUICKLY);
    assert_eq!(times(&log, 0, &[ProbeKind::Gateway]), [secs(30)], "its rest is over");
    // The others are not hurried for it.
    assert!(times(&log, 0, &[ProbeKind::Tls, ProbeKind::PathMtu]).is_empty());
}

#[test]
fn a_gateway_is_never_asked_more_often_than_its_rest_allows() {
    let mut target = literal(0);
    let host = Host::Name("gw.example".into());
    let usage = crate::domain::target::GatewayUsage::Always;
    target.gateway = Some(crate::domain::target::GatewayAddress { host, port: 443, usage });
    let mut schedule = Schedule::new(Settings::default());
    schedule.add(&target, MonoTime::ZERO);
    let mut asked = Vec::new();
    for second in 0..300 {
        schedule.note_gateway(TargetId(0), secs(second));
        schedule.note_change(TargetId(0), secs(second));
        schedule.probe_now(TargetId(0), secs(second));
        let log = run(&mut schedule, secs(second + 1), QUICKLY);
        asked.extend(times(&log, 0, &[ProbeKind::Gateway]));
    }
    assert!(asked.len() >= 25, "{asked:?}");
    assert!(gaps(&asked).iter().all(|gap| *gap >= plan::GATEWAY_REST), "{asked:?}");
}

#[test]
fn the_next_certificate_is_announced() {
    let mut schedule = schedule(10);
    run(&mut schedule, secs(100), QUICKLY);
    let announced = schedule.next_of(TargetId(0), ProbeKind::Tls).expect("planned");
    let log = run(&mut schedule, secs(3_000), QUICKLY);
    let tls = times(&log, 0, &[ProbeKind::Tls])[0];
    let off = tls.since(announced).max(announced.since(tls));
    assert!(off < Duration::from_mins(3), "{off:?}");
}

#[test]
fn a_removed_target_is_gone_and_gives_back_its_places() {
    let mut schedule = schedule(2);
    let requests = schedule.due(secs(2), 100);
    assert!(requests.iter().any(|request| request.target == TargetId(1)));
    let before = schedule.in_flight();
    schedule.remove(TargetId(1));
    let of_one = |r: &&ProbeRequest| r.target == TargetId(1) && r.kind != ProbeKind::Echo;
    let gave_back = requests.iter().filter(of_one).count();
    assert!(gave_back >= 3, "{requests:?}");
    assert_eq!(before - schedule.in_flight(), gave_back);
    schedule.finished(TargetId(1), ProbeKind::Nla, secs(3));
    assert_eq!(before - schedule.in_flight(), gave_back);
    let log = run(&mut schedule, secs(100), QUICKLY);
    assert!(times(&log, 1, &ProbeKind::ALL).is_empty());
    schedule.add(&literal(1), secs(100));
    let log = run(&mut schedule, secs(110), QUICKLY);
    assert!(times(&log, 1, &[ProbeKind::Echo]).len() <= 10);
}

#[test]
fn a_shorter_cadence_takes_effect_at_once() {
    let mut schedule = schedule(10);
    run(&mut schedule, secs(100), QUICKLY);
    let mut target = literal(3);
    target.cadence.resolve = Duration::from_secs(2);
    target.cadence.negotiate = Duration::from_secs(5);
    schedule.add(&target, secs(100));
    let log = run(&mut schedule, secs(160), QUICKLY);
    assert!(times(&log, 3, &CONNECTION).len() >= 10);
}

#[test]
fn ten_thousand_targets_keep_their_beat_in_a_bounded_heap() {
    let mut schedule = schedule(10_000);
    let mut echoes = 0;
    let mut now = MonoTime::ZERO;
    while now < secs(5) {
        for request in schedule.due(now, usize::MAX) {
            if request.kind == ProbeKind::Echo {
                echoes += 1;
                schedule.note_trouble(request.target, now);
            } else {
                schedule.finished(request.target, request.kind, now);
            }
        }
        now = now.plus(Duration::from_millis(10));
    }
    assert!((49_000..=50_000).contains(&echoes), "{echoes}");
    assert!(schedule.heap.len() <= 64 + 10_000 * 5 * 4);
}

/// What a caller may do between two looks.
#[derive(Debug, Clone)]
enum Step {
    Sleep(u64),
    Finish,
    Trouble(u32),
    Change(u32),
    Lost(u32),
    Answered(u32),
    Look(Option<u32>),
    Ready(u32, bool),
    Method(u32, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let id = || 0_u32..6;
    prop_oneof![
        6 => (1_u64..3_000).prop_map(Step::Sleep),
        1 => (10_000_u64..100_000).prop_map(Step::Sleep),
        6 => Just(Step::Finish),
        1 => id().prop_map(Step::Trouble),
        1 => id().prop_map(Step::Change),
        1 => id().prop_map(Step::Lost),
        1 => id().prop_map(Step::Answered),
        1 => proptest::option::of(id()).prop_map(Step::Look),
        1 => (id(), any::<bool>()).prop_map(|(id, ready)| Step::Ready(id, ready)),
        1 => (id(), any::<bool>()).prop_map(|(id, tcp)| Step::Method(id, tcp)),
    ]
}

/// Plays the steps, checks what must hold at every moment, and returns what was started.
fn play(steps: &[Step], seed: u64) -> Vec<(MonoTime, ProbeRequest)> {
    let mut schedule =
        Schedule::new(Settings { seed, connections: 3, lookups: 2, ..Settings::default() });
    (0..6).for_each(|id| schedule.add(&literal(id), MonoTime::ZERO));
    let mut now = MonoTime::ZERO;
    let mut running: Vec<(MonoTime, ProbeRequest)> = Vec::new();
    let mut log = Vec::new();
    for step in steps {
        match *step {
            Step::Sleep(millis) => now = now.plus(Duration::from_millis(millis)),
            Step::Finish => {
                for (_, request) in running.drain(..) {
                    schedule.finished(request.target, request.kind, now);
                }
            }
            Step::Trouble(id) => schedule.note_trouble(TargetId(id), now),
            Step::Change(id) => schedule.note_change(TargetId(id), now),
            Step::Lost(id) => schedule.note_echo(TargetId(id), now, true, now),
            Step::Answered(id) => schedule.note_echo(TargetId(id), now, false, now),
            Step::Look(id) => schedule.look_at(id.map(TargetId), now),
            Step::Ready(id, ready) => schedule.set_ready(TargetId(id), ready, now),
            Step::Method(id, tcp) => {
                let method = if tcp { EchoMethod::Tcp } else { EchoMethod::Icmp };
                schedule.set_echo_method(TargetId(id), method, now);
            }
        }
        running.retain(|(at, _)| now.since(*at) < Duration::from_mins(1));
        for request in schedule.due(now, 100) {
            let same = |(_, other): &(MonoTime, ProbeRequest)| {
                other.target == request.target && Lane::of(other.kind) == Lane::of(request.kind)
            };
            assert!(!running.iter().any(same), "{request:?} overlaps itself");
            if request.kind != ProbeKind::Echo {
                running.push((now, request));
            }
            log.push((now, request));
        }
        assert!(schedule.connections.in_flight <= 3 && schedule.lookups.in_flight <= 2);
        assert!(schedule.due(now, 100).is_empty());
    }
    log
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_earlier_than_its_cadence(steps in prop::collection::vec(step(), 1..200)) {
        let log = play(&steps, 7);
        for id in 0..6 {
            for (kinds, shortest) in [
                (&[ProbeKind::Echo][..], Duration::from_millis(50)),
                (&[ProbeKind::Neighbour], Duration::ZERO),
                (&[ProbeKind::Resolve], Duration::ZERO),
                (&CONNECTION, Duration::ZERO),
            ] {
                let times = times(&log, id, kinds);
                prop_assert!(gaps(&times).iter().all(|gap| *gap >= shortest), "{:?}", kinds);
            }
            // Only a change of state brings a connection forward, and only once a minute.
            let changes = steps.iter().filter(|step| matches!(step, Step::Change(of) if *of == id));
            let early = gaps(&times(&log, id, &CONNECTION))
                .into_iter()
                .filter(|gap| *gap < Duration::from_secs(10))
                .count();
            let restarts = steps.iter().filter(|step| matches!(step, Step::Ready(of, _) if *of == id));
            prop_assert!(early <= changes.count() + restarts.count());
        }
    }

    #[test]
    fn equal_seeds_give_equal_schedules(
        steps in prop::collection::vec(step(), 1..60),
        seed in any::<u64>(),
    ) {
        prop_assert_eq!(play(&steps, seed), play(&steps, seed));
    }

    #[test]
    fn nobody_starves(targets in 1_u32..40, cap in 1_usize..5, takes_ms in 1_u64..1_500) {
        let mut schedule =
            Schedule::new(Settings { connections: cap, lookups: cap, ..Settings::default() });
        (0..targets).for_each(|id| schedule.add(&literal(id), MonoTime::ZERO));
        let takes = Duration::from_millis(takes_ms);
        let log = run(&mut schedule, secs(300), takes);
        for id in 0..targets {
            for (kinds, at_least) in [
                (&[ProbeKind::Echo][..], 299),
                (&[ProbeKind::Neighbour], 40),
                (&[ProbeKind::Resolve], 1),
                (&CONNECTION, 3),
            ] {
                let count = times(&log, id, kinds).len();
                prop_assert!(count >= at_least, "{count} of {kinds:?} for target {id}");
            }
        }
    }
}

#[test]
fn credssp_that_ails_is_asked_again_at_once_and_then_with_the_certificate() {
    let mut schedule = Schedule::new(Settings::default());
    let target = literal(0);
    let id = target.id;
    schedule.add(&target, MonoTime::ZERO);
    let mut climbs = Vec::new();
    let mut ails = false;
    let mut second = 0;
    // Sound for an hour, ails for three, sound again.
    while second < 6 * 3_600 {
        let now = MonoTime::from_secs(second);
        for request in schedule.due(now, 16) {
            if request.kind == ProbeKind::Nla {
                climbs.push(second);
                schedule.note_nla(id, !ails, now);
            }
            schedule.finished(id, request.kind, now);
        }
        if second == 3_600 {
            ails = true;
            schedule.probe_now(id, now);
        }
        ails &= second < 4 * 3_600;
        second += 1;
    }
    let within =
        |from: u64, until: u64| climbs.iter().filter(|at| (from..until).contains(*at)).count();
    assert_eq!(within(0, 3_600), 1, "once a day: {climbs:?}");
    assert_eq!(within(3_600, 3_725), 2, "what ails is asked at once again: {climbs:?}");
    // Every half an hour, stretched a little.
    assert!((4..=7).contains(&within(3_725, 4 * 3_600)), "{climbs:?}");
    assert!((1..=3).contains(&within(4 * 3_600, 6 * 3_600)), "{climbs:?}");
}

/// A slow handshake was found when the certificate was read again, up to an hour later.
#[test]
fn tls_that_was_slow_is_tried_again_within_minutes_once_and_not_by_all_at_once() {
    let mut schedule = schedule(100);
    run(&mut schedule, secs(100), QUICKLY);
    (0..50).for_each(|id| schedule.note_slow_tls(TargetId(id), secs(100)));
    let log = run(&mut schedule, secs(1_500), QUICKLY);
    let mut seconds = BTreeMap::<u64, usize>::new();
    for id in 0..50 {
        let [again] = times(&log, id, &CERTIFICATE)[..] else { panic!("once") };
        assert!(again >= secs(120) && again <= secs(230), "{again:?}");
        *seconds.entry(again.as_nanos() / (1_000 * MILLI)).or_default() += 1;
    }
    assert!(seconds.values().all(|count| *count <= 8), "{seconds:?}");
    assert_eq!(times(&log, 60, &CERTIFICATE), []);
}

#[test]
fn a_udp_transport_that_is_missed_is_asked_for_each_hour_until_it_is_back() {
    let mut schedule = Schedule::new(Settings::default());
    let target = literal(0);
    let id = target.id;
    schedule.add(&target, MonoTime::ZERO);
    let mut asked = Vec::new();
    for second in 0..24 * 3_600 {
        let now = MonoTime::from_secs(second);
        for request in schedule.due(now, 16) {
            if request.kind == ProbeKind::Udp {
                asked.push(second);
                // Missed for the first five hours.
                schedule.note_udp(id, second < 5 * 3_600, now);
            }
            schedule.finished(id, request.kind, now);
        }
    }
    let within =
        |from: u64, until: u64| asked.iter().filter(|at| (from..until).contains(*at)).count();
    assert!((4..=6).contains(&within(0, 5 * 3_600)), "{asked:?}");
    // The next was planned before the answer came.
    assert_eq!(within(5 * 3_600, 24 * 3_600), 2, "{asked:?}");
}

#[test]
fn a_path_that_may_be_another_is_measured_again_and_at_most_once_a_minute() {
    let mut schedule = Schedule::new(Settings::default());
    for id in 0..3 {
        schedule.add(&literal(id), MonoTime::ZERO);
    }
    let mut asked = Vec::new();
    for second in 0..1_500 {
        let now = MonoTime::from_secs(second);
        // A VPN that comes and goes every ten seconds for ten minutes.
        if (600..1_200).contains(&second) && second % 10 == 0 {
            schedule.note_another_way(now);
        }
        for request in schedule.due(now, 64) {
            if request.kind == ProbeKind::PathMtu {
                asked.push((request.target, second));
            }
            schedule.finished(request.target, request.kind, now);
        }
    }
    for id in 0..3 {
        let of = |from: u64, until: u64| {
            let mine = |(target, at): &&(TargetId, u64)| {
                *target == TargetId(id) && (from..until).contains(at)
            };
            asked.iter().filter(mine).count()
        };
        assert_eq!(of(600, 601), 1, "{asked:?}");
        assert!((9..=11).contains(&of(600, 1_300)), "{asked:?}");
    }
}
