//! Whose alerts are held back, from the samples to what is told.

use super::*;
use crate::domain::alert::Signature;
use crate::domain::diagnose::fixture::{confirmed, stopped_at_tcp};
use crate::domain::local::Interface;
use crate::domain::maintenance::{Calendar, Maintained, Times, Window};
use crate::domain::sample::EchoOutcome;
use crate::domain::sample::{Attempt, Connect, ConnectOutcome};
use crate::domain::security::SecurityProtocol;
use crate::domain::target::Host;
use crate::domain::time::MonoTime;
use std::net::IpAddr;
use std::time::Duration;

const ID: TargetId = TargetId(0);
const ACCESS: Access =
    Access { echo_v4: EchoAccess::Datagram, echo_v6: EchoAccess::Datagram, neighbours: true };

fn at(secs: u64) -> Now {
    let wall = WallTime::from_unix_secs(i64::try_from(secs).unwrap());
    Now { mono: MonoTime::from_secs(secs), wall }
}

fn host() -> IpAddr {
    [192, 0, 2, 7].into()
}

/// A machine with one interface, which is not on the targets' network.
fn local() -> LocalState {
    let interface = Interface::up(2, "eth0", vec![(IpAddr::from([10, 8, 0, 2]), 24)]);
    LocalState { interfaces: vec![interface], ..LocalState::default() }
}

fn target() -> Target {
    Target {
        group: Some("office".to_owned()),
        ..Target::new(ID, "pc", Host::Address(host(), None))
    }
}

/// A window of a group that holds from second 300 to second 600.
fn calendar(group: &str) -> Calendar {
    let moment = |text: &str| text.parse().expect("a moment");
    let times = Times::Once(moment("1970-01-01T00:05:00Z"), moment("1970-01-01T00:10:00Z"));
    let groups = vec![group.to_owned()];
    let window =
        Window { name: "patches".to_owned(), targets: Vec::new(), groups, times, zone: None };
    Calendar::from(vec![window])
}

fn watching(calendar: Calendar, memory: TargetMemory, start: u64) -> Monitor {
    let mut monitor = Monitor::new(ACCESS, local(), AlertSettings::default(), at(start));
    monitor.plan(calendar);
    monitor.add(target(), memory, at(start));
    monitor
}

/// A connection every ten seconds, which is refused where `refused` says so, and a tick a second.
fn run(
    monitor: &mut Monitor,
    seconds: std::ops::Range<u64>,
    refused: impl Fn(u64) -> bool,
) -> Vec<(u64, char)> {
    let mut told = Vec::new();
    for second in seconds {
        if second % 10 == 0 {
            let attempt = if refused(second) {
                stopped_at_tcp(ConnectOutcome::Refused)
            } else {
                confirmed(SecurityProtocol::HYBRID)
            };
            let connect = Connect { address: (host(), 3389).into(), ..attempt.connect };
            let observation = Observation::Attempt(Box::new(Attempt { connect, ..attempt }));
            let (sent_at, ended_at) = (at(second), at(second).mono);
            let sample = Sample { target: ID, seq: second, sent_at, ended_at, observation };
            monitor.observe(&sample, at(second));
        }
        for event in monitor.tick(at(second)) {
            let letter = match event {
                AlertEvent::Fired(_) => 'F',
                AlertEvent::Reminded(_) => 'r',
                AlertEvent::Resolved(..) => 'R',
            };
            told.push((second, letter));
        }
    }
    told
}

fn maintained(monitor: &mut Monitor, now: u64) -> Option<Maintained> {
    let snapshot = monitor.snapshot(at(now), 0, |_| Budget::default());
    snapshot.targets[0].maintenance.clone()
}

fn lines(monitor: &mut Monitor) -> Vec<String> {
    let snapshot = monitor.snapshot(at(9_999), 0, |_| Budget::default());
    let about = snapshot.events.iter().filter(|event| event.text.contains("maintenance"));
    about.map(|event| event.text.clone()).collect()
}

#[test]
fn what_breaks_in_a_window_is_shown_and_told_at_its_end_if_it_still_stands() {
    let mut monitor = watching(calendar("Office"), TargetMemory::default(), 0);
    let told = run(&mut monitor, 0..500, |second| second > 320);
    assert_eq!(told, []);
    let window = Some(("patches".to_owned(), at(600).wall));
    assert_eq!(maintained(&mut monitor, 500), Some(Maintained { window, asked: None }));
    let snapshot = monitor.snapshot(at(500), 0, |_| Budget::default());
    assert_eq!(snapshot.targets[0].findings[0].rule.0, "port-closed");
    assert_eq!(snapshot.alerts.pending[0].held_until, Some(at(600).wall));
    assert_eq!(run(&mut monitor, 500..700, |_| true), [(600, 'F')]);
    assert_eq!(maintained(&mut monitor, 700), None);
    assert_eq!(
        lines(&mut monitor),
        ["maintenance \"patches\" began", "maintenance \"patches\" is over"]
    );
}

#[test]
fn what_breaks_and_is_mended_in_a_window_is_never_told() {
    let mut monitor = watching(calendar("office"), TargetMemory::default(), 0);
    let told = run(&mut monitor, 0..900, |second| (320..500).contains(&second));
    assert_eq!(told, []);
    let mut another = watching(calendar("home"), TargetMemory::default(), 0);
    let told = run(&mut another, 0..900, |second| (320..500).contains(&second));
    assert_eq!(told.iter().map(|(_, letter)| *letter).collect::<String>(), "FR");
}

#[test]
fn an_acknowledgement_goes_with_its_alert_even_when_it_ends_unheard() {
    let rule = RuleId("port-closed");
    let mut monitor = watching(calendar("office"), TargetMemory::default(), 0);
    monitor.acknowledge(Some(ID), rule, Signature::default(), at(0));
    assert!(monitor.remembered(Some(ID), at(0)).acknowledged.is_empty(), "there is no such alert");
    run(&mut monitor, 0..400, |second| second > 320);
    monitor.acknowledge(Some(ID), rule, Signature::default(), at(400));
    assert_eq!(monitor.remembered(Some(ID), at(400)).acknowledged[rule.0], at(400).wall);
    monitor.take_forgot();
    assert_eq!(run(&mut monitor, 400..560, |_| false), [], "held back, and never told");
    let memory = monitor.remembered(Some(ID), at(560));
    assert!(memory.acknowledged.is_empty() && memory.alerts.is_empty(), "{memory:?}");
    assert!(monitor.take_forgot(), "it is to be saved");
    assert!(!monitor.take_forgot());

    let mut later = watching(calendar("office"), memory, 600);
    assert_eq!(run(&mut later, 600..800, |second| second > 650).len(), 1);
    let firing = later.snapshot(at(800), 0, |_| Budget::default()).alerts.firing.clone();
    assert_eq!((firing.len(), firing[0].acknowledged), (1, None));
}

#[test]
fn a_restart_in_a_window_tells_it_once_at_the_end() {
    let mut monitor = watching(calendar("office"), TargetMemory::default(), 0);
    run(&mut monitor, 0..400, |second| second > 320);
    let memory = monitor.remembered(Some(ID), at(400));
    let mut later = watching(calendar("office"), memory, 410);
    assert_eq!(run(&mut later, 410..800, |_| true), [(600, 'F')]);
}

#[test]
fn what_somebody_asked_for_holds_over_a_restart_and_can_be_ended() {
    let none = Calendar::default;
    let mut monitor = watching(none(), TargetMemory::default(), 0);
    run(&mut monitor, 0..100, |_| false);
    assert!(monitor.maintain(&[ID], Some(at(1_000).wall), at(100)));
    assert_eq!(run(&mut monitor, 100..400, |second| second > 120), []);
    let memory = monitor.remembered(Some(ID), at(400));
    assert_eq!(memory.maintenance_until, Some(at(1_000).wall));

    let mut later = watching(none(), memory.clone(), 410);
    assert_eq!(run(&mut later, 410..1_100, |_| true), [(1_000, 'F')]);
    assert_eq!(lines(&mut later), ["maintenance is over"]);
    assert_eq!(later.remembered(Some(ID), at(1_100)).maintenance_until, None);

    let mut ended = watching(none(), memory, 410);
    assert_eq!(run(&mut ended, 410..500, |_| true), []);
    assert!(ended.maintain(&[ID], None, at(500)));
    assert!(!ended.maintain(&[ID], None, at(500)), "there is none any more");
    assert_eq!(run(&mut ended, 500..520, |_| true), [(500, 'F')]);
    assert!(!ended.maintain(&[TargetId(9)], Some(at(900).wall), at(520)), "no such target");
}

/// Servers behind a router that answered and fall silent together are a broken path; not when
/// work is planned on them.
#[test]
fn hosts_that_are_worked_on_together_are_no_broken_path() {
    for planned in [false, true] {
        let mut monitor = Monitor::new(ACCESS, local(), AlertSettings::default(), at(0));
        if planned {
            monitor.plan(calendar("office"));
        }
        for id in 0..5_u32 {
            let address = [192, 0, 2, u8::try_from(id).unwrap() + 1].into();
            let target = Target {
                group: Some(if id < 4 { "office" } else { "home" }.to_owned()),
                ..Target::new(TargetId(id), format!("pc-{id}"), Host::Address(address, None))
            };
            monitor.add(target, TargetMemory::default(), at(0));
        }
        let mut told = 0;
        for second in 0..400 {
            for id in 0..5_u32 {
                let answers = id == 4 || second < 310;
                let outcome = if answers {
                    EchoOutcome::Reply { rtt: Duration::from_millis(3), ttl: None }
                } else {
                    EchoOutcome::Lost
                };
                let echo = crate::domain::sample::Echo {
                    method: EchoMethod::Icmp,
                    address: [192, 0, 2, u8::try_from(id).unwrap() + 1].into(),
                    outcome,
                };
                let sample = Sample {
                    target: TargetId(id),
                    seq: second,
                    sent_at: at(second),
                    ended_at: at(second).mono,
                    observation: Observation::Echo(echo),
                };
                monitor.observe(&sample, at(second));
            }
            told += monitor.tick(at(second)).len();
        }
        let snapshot = monitor.snapshot(at(400), 0, |_| Budget::default());
        let path = snapshot.monitor.path_outage().is_some();
        assert_eq!((path, told > 0), (!planned, !planned), "planned {planned}");
    }
}

/// The gateway of four hosts fails from a second on; a window holds from 300 to 600 for the first so many
/// of them. Returns what was told and when, and the monitor at second 500.
fn gateway_fails(from: u64, planned: u32) -> (Vec<(u64, String)>, Snapshot) {
    use crate::domain::diagnose::fixture::looked;
    use crate::domain::sample::{ChainTrust, GatewayAnswer};
    use crate::domain::target::{GatewayAddress, GatewayUsage};
    let mut monitor = Monitor::new(ACCESS, local(), AlertSettings::default(), at(0));
    monitor.plan(calendar("office"));
    let host = Host::Name("gw.corp.lab".to_owned());
    let gateway = GatewayAddress { host, port: 443, usage: GatewayUsage::Always };
    for id in 0..4_u32 {
        let address = [192, 0, 2, u8::try_from(id).unwrap() + 1].into();
        let target = Target {
            group: Some(if id < planned { "office" } else { "home" }.to_owned()),
            gateway: Some(gateway.clone()),
            ..Target::new(TargetId(id), format!("pc-{id}"), Host::Address(address, None))
        };
        monitor.add(target, TargetMemory::default(), at(0));
    }
    let (mut told, mut seen) = (Vec::new(), None);
    for second in 0..700 {
        for id in (0..4_u32).filter(|_| second % 30 == 0) {
            let works = second < from;
            let answer = if works { GatewayAnswer::Challenge } else { GatewayAnswer::NotFound };
            let mut found = looked(answer, ChainTrust::Trusted);
            found.host = "gw.corp.lab".to_owned();
            let sample = Sample {
                target: TargetId(id),
                seq: second,
                sent_at: at(second),
                ended_at: at(second).mono,
                observation: Observation::Gateway(Box::new(found)),
            };
            monitor.observe(&sample, at(second));
        }
        for event in monitor.tick(at(second)) {
            told.push((second, event.alert().rule.0.to_owned()));
        }
        if second == 500 {
            seen = Some(monitor.snapshot(at(500), 0, |_| Budget::default()));
        }
    }
    (told, seen.expect("it was seen"))
}

/// It was told while everybody behind the gateway was worked on, and then once for each of them.
#[test]
fn what_fails_only_hosts_that_are_worked_on_is_told_at_the_end_as_one() {
    let one = |second| vec![(second, "gateway-failure".to_owned())];
    let (told, seen) = gateway_fails(310, 4);
    assert_eq!(told, one(600));
    assert_eq!(seen.alerts.pending[0].held_until, Some(at(600).wall));

    let (told, seen) = gateway_fails(210, 4);
    assert_eq!(told, one(240), "it stands before, during and after");
    assert_eq!(seen.alerts.firing[0].held_until, Some(at(600).wall));

    let (told, seen) = gateway_fails(310, 2);
    assert_eq!(told, one(360), "two are not worked on");
    let found = &seen.monitor.findings[0];
    assert!(found.sentence.contains("in front of 2 hosts, pc-2 and pc-3"), "{}", found.sentence);
    let all = found.evidence.join("\n");
    assert!(all.contains("2 hosts more that fail by it are in maintenance"), "{all}");
}
