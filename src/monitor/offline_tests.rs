//! Whether this machine itself is offline.

use super::*;
use crate::domain::local::Interface;
use crate::domain::sample::EchoOutcome;
use crate::domain::sample::{Echo, Observation};
use crate::domain::target::{Host, TargetId};
use crate::domain::time::MonoTime;
use std::net::IpAddr;
use std::time::Duration;

const GATEWAY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
const NEAR: [u8; 4] = [10, 0, 0, 21];
const FAR: [u8; 4] = [192, 0, 2, 21];

fn at(secs: u64) -> Now {
    let wall = WallTime::from_unix_secs(i64::try_from(secs).unwrap());
    Now { mono: MonoTime::from_secs(secs), wall }
}

fn monitor(addresses: &[[u8; 4]]) -> Monitor {
    let access =
        Access { echo_v4: EchoAccess::Datagram, echo_v6: EchoAccess::Datagram, neighbours: true };
    let interface = Interface::up(2, "eth0", vec![([10, 0, 0, 5].into(), 24)]);
    let local = LocalState { interfaces: vec![interface], ..LocalState::default() };
    let mut monitor = Monitor::new(access, local, AlertSettings::default(), at(0));
    for (id, address) in (0..).zip(addresses) {
        let target = Target::new(TargetId(id), "host", Host::Address((*address).into(), None));
        monitor.add(target, TargetMemory::default(), at(0));
    }
    monitor
}

/// One second of echoes: `answered` for each target in turn, and for the control.
fn second(monitor: &mut Monitor, secs: u64, answered: &[bool], control: bool) -> Vec<AlertEvent> {
    for (id, answered) in (0..).zip(answered) {
        let address = monitor.target(TargetId(id)).and_then(Tracked::dialled).unwrap();
        let outcome = if *answered {
            EchoOutcome::Reply { rtt: Duration::from_millis(1), ttl: None }
        } else {
            EchoOutcome::Lost
        };
        let echo = Echo { method: EchoMethod::Icmp, address, outcome };
        let sample = Sample {
            target: TargetId(id),
            seq: secs,
            sent_at: at(secs),
            ended_at: at(secs).mono,
            observation: Observation::Echo(echo),
        };
        monitor.observe(&sample, at(secs));
    }
    monitor.observe_control(GATEWAY, control.then_some(Duration::from_millis(1)));
    monitor.tick(at(secs))
}

#[test]
fn an_answering_neighbour_does_not_hide_that_the_gateway_is_gone() {
    let mut monitor = monitor(&[NEAR, FAR]);
    (1..20).for_each(|secs| drop(second(&mut monitor, secs, &[true, true], true)));
    assert_eq!(monitor.around.offline, Offline::Online);
    let gone = Offline::ControlsGone(vec![GATEWAY]);
    for secs in 20..120 {
        second(&mut monitor, secs, &[true, false], false);
        assert!(secs < 40 || monitor.around.offline == gone, "{secs}");
    }
    second(&mut monitor, 120, &[true, true], false);
    assert_eq!(monitor.around.offline, Offline::Online, "the way out is proven");
}

#[test]
fn a_gateway_that_drops_ping_is_no_offline_monitor_while_neighbours_answer() {
    let mut monitor = monitor(&[NEAR]);
    (1..20).for_each(|secs| drop(second(&mut monitor, secs, &[true], true)));
    (20..60).for_each(|secs| drop(second(&mut monitor, secs, &[true], false)));
    assert_eq!(monitor.around.offline, Offline::Online);
}

#[test]
fn a_machine_whose_interfaces_cannot_be_read_for_once_is_not_offline() {
    let mut monitor = monitor(&[FAR]);
    monitor.observe_local(LocalState::default(), at(2));
    monitor.tick(at(2));
    assert_eq!(monitor.around.offline, Offline::Online);
    let down = monitor
        .local()
        .interfaces
        .iter()
        .map(|interface| Interface { up: false, ..interface.clone() });
    let local = LocalState { interfaces: down.collect(), ..LocalState::default() };
    monitor.observe_local(local, at(4));
    monitor.tick(at(4));
    assert_eq!(monitor.around.offline, Offline::NoInterface);
}

/// Five servers on the own link, and their router died: "this machine is cut off", and a server that
/// died then was told by nobody.
#[test]
fn who_is_on_the_own_link_is_judged_while_the_router_is_dead() {
    let mut monitor = monitor(&[NEAR, [10, 0, 0, 22], FAR]);
    let mut fired = Vec::new();
    for secs in 1..260 {
        let up = [secs < 120, true, secs < 60];
        second(&mut monitor, secs, &up, secs < 60);
        let silent = crate::domain::diagnose::fixture::stopped_at_tcp(
            crate::domain::sample::ConnectOutcome::Timeout,
        );
        if secs >= 120 && secs % 10 == 0 {
            let address = std::net::SocketAddr::from((NEAR, 3389));
            let connect = crate::domain::sample::Connect { address, ..silent.connect };
            let attempt = crate::domain::sample::Attempt { connect, ..silent };
            let sample = Sample {
                target: TargetId(0),
                seq: 1_000 + secs,
                sent_at: at(secs),
                ended_at: at(secs).mono,
                observation: Observation::Attempt(Box::new(attempt)),
            };
            monitor.observe(&sample, at(secs));
        }
        fired = monitor
            .alerts
            .snapshot(at(secs))
            .firing
            .iter()
            .map(|alert| (alert.target, alert.rule.0, alert.title.clone()))
            .collect();
    }
    let titles: Vec<&str> = fired.iter().map(|(_, _, title)| title.as_str()).collect();
    assert!(titles.contains(&"router or line down"), "{fired:?}");
    let server = |(target, rule, _): &(Option<TargetId>, &str, String)| {
        *target == Some(TargetId(0)) && *rule == "host-unreachable"
    };
    assert!(fired.iter().any(server), "{fired:?}");
    assert!(!fired.iter().any(|(target, ..)| *target == Some(TargetId(2))), "{fired:?}");
}

#[test]
fn other_alert_settings_reach_the_alerts_of_this_machine() {
    let mut monitor = monitor(&[FAR]);
    let mut reminded = 0;
    let mut watch = |monitor: &mut Monitor, seconds: std::ops::Range<u64>| {
        for secs in seconds {
            let told = second(monitor, secs, &[secs < 20], secs < 20);
            reminded +=
                told.iter().filter(|event| matches!(event, AlertEvent::Reminded(_))).count();
        }
        reminded
    };
    assert_eq!(watch(&mut monitor, 1..200), 0);
    assert!(monitor.alerts.told_of(None, RuleId("monitor-offline")));
    let every = AlertSettings { remind_every: Duration::from_mins(1), ..<_>::default() };
    monitor.settle_own_alerts(every);
    assert_eq!(watch(&mut monitor, 200..330), 3);
}
