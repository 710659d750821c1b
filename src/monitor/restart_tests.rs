//! An earlier run's outages and alerts, met again by this one.

use super::*;
use crate::domain::alert::{AlertEvent, RememberedAlert};
use crate::domain::diagnose::fixture::{handshake, stopped_at_tcp};
use crate::domain::finding::Severity;
use crate::domain::local::Interface;
use crate::domain::outage::RememberedOutage;
use crate::domain::sample::{ConnectOutcome, Echo, EchoOutcome, Observation, TlsOutcome};
use crate::domain::target::Host;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

const ACCESS: Access =
    Access { echo_v4: EchoAccess::Datagram, echo_v6: EchoAccess::Datagram, neighbours: true };
/// When Berlin fell silent, and when this run began, in seconds.
const BEGAN: u64 = 10_000;
const START: u64 = 12_000;

fn sec(secs: u64) -> Now {
    let wall = WallTime::from_unix_secs(i64::try_from(secs).unwrap());
    Now { mono: MonoTime::from_secs(secs), wall }
}

fn local() -> LocalState {
    let interface = Interface::up(2, "eth0", vec![([10, 0, 0, 5].into(), 24)]);
    LocalState { interfaces: vec![interface], ..LocalState::default() }
}

fn address(id: u32) -> IpAddr {
    IpAddr::from([198, 51, 100, u8::try_from(id).unwrap()])
}

fn sample(id: u32, secs: u64, observation: Observation) -> Sample {
    let sent_at = sec(secs);
    Sample { target: TargetId(id), seq: secs, sent_at, ended_at: sent_at.mono, observation }
}

fn echo(id: u32, secs: u64, answers: bool) -> Sample {
    let rtt = Duration::from_millis(3);
    let outcome = if answers { EchoOutcome::Reply { rtt, ttl: None } } else { EchoOutcome::Lost };
    let echo = Echo { method: EchoMethod::Icmp, address: address(id), outcome };
    sample(id, secs, Observation::Echo(echo))
}

fn connection(id: u32, secs: u64, failure: Option<ConnectOutcome>) -> Sample {
    let mut attempt = failure.map_or_else(|| handshake(TlsOutcome::Ok), stopped_at_tcp);
    attempt.connect.address = SocketAddr::new(address(id), 3389);
    sample(id, secs, Observation::Attempt(Box::new(attempt)))
}

/// A row stayed critical until the next connection although its host answered again.
#[test]
fn an_answer_after_silence_is_news_while_the_port_did_not_answer() {
    let back = |lost: u64, failure, answers| {
        let mut monitor = restarted(&TargetMemory::default(), START - 1);
        monitor.observe(&echo(1, START, true), sec(START));
        for secs in 1..=lost {
            monitor.observe(&echo(1, START + secs, false), sec(START + secs));
        }
        let then = START + lost + 1;
        monitor.observe(&connection(1, then, failure), sec(then));
        monitor.observe(&echo(1, then + 1, answers), sec(then + 1)).back
    };
    assert!(back(6, Some(ConnectOutcome::Timeout), true));
    assert!(!back(6, Some(ConnectOutcome::Timeout), false), "still silent");
    assert!(!back(6, None, true), "the port answers");
    assert!(!back(2, Some(ConnectOutcome::Timeout), true), "two are loss, and no silence");
}

/// What an earlier run of this machine knows: Berlin's path is down since [`BEGAN`].
fn berlin_down() -> TargetMemory {
    let path = RememberedAlert {
        told: Some(sec(BEGAN).wall),
        ..RememberedAlert::firing(
            "path down: 6 of 6 hosts of berlin",
            Severity::Critical,
            sec(BEGAN).wall,
            sec(START - 5).wall,
        )
    };
    TargetMemory {
        alerts: [("path-outage".to_owned(), path)].into(),
        outages: vec![RememberedOutage { since: sec(BEGAN).wall, until: sec(BEGAN + 2).wall }],
        ..TargetMemory::default()
    }
}

/// Twelve hosts behind a router after a start: 1 to 6 are Berlin's and answered for the last time
/// at `silent`, the others are Vienna's and answered just before.
fn restarted(own: &TargetMemory, silent: u64) -> Monitor {
    let mut monitor = Monitor::new(ACCESS, local(), AlertSettings::default(), sec(START));
    monitor.recall_own(own, sec(START));
    for id in 1..=12 {
        let mut target =
            Target::new(TargetId(id), format!("pc-{id}"), Host::Address(address(id), None));
        target.group = Some(if id <= 6 { "berlin" } else { "vienna" }.to_owned());
        let answered = sec(if id <= 6 { silent } else { START - 1 }).wall;
        let memory = TargetMemory {
            echo_answered: Some(answered),
            last_answer: Some(answered),
            ..TargetMemory::default()
        };
        monitor.add(target, memory, sec(START));
    }
    monitor
}

/// What is told in those seconds, while Berlin answers or does not.
fn told(monitor: &mut Monitor, seconds: std::ops::Range<u64>, berlin: bool) -> Vec<String> {
    let mut told = Vec::new();
    for secs in seconds {
        for id in 1..=12 {
            let answers = berlin || id > 6;
            monitor.observe(&echo(id, secs, answers), sec(secs));
            if secs % 10 == 0 {
                let failure = (!answers).then_some(ConnectOutcome::Timeout);
                monitor.observe(&connection(id, secs, failure), sec(secs));
            }
        }
        told.extend(monitor.tick(sec(secs)).iter().map(|event| {
            let word = match event {
                AlertEvent::Fired(_) => "fired",
                AlertEvent::Reminded(_) => "still",
                AlertEvent::Resolved(..) => "over",
            };
            format!("{word} {}", event.alert().rule.0)
        }));
    }
    told
}

#[test]
fn a_path_that_was_down_before_a_restart_is_down_after_it_and_is_told_once() {
    let mut monitor = restarted(&berlin_down(), BEGAN - 1);
    assert_eq!(told(&mut monitor, START + 1..START + 1_200, false), [""; 0]);
    let outages = monitor.remembered(None, sec(START + 1_200)).outages;
    assert_eq!(outages, berlin_down().outages, "and the run after this one knows since when");
    let over = told(&mut monitor, START + 1_200..START + 1_400, true);
    assert_eq!(over, ["over path-outage"]);
}

#[test]
fn hosts_that_were_off_long_before_the_remembered_outage_are_none_of_it() {
    let mut monitor = restarted(&berlin_down(), BEGAN - 600);
    let told = told(&mut monitor, START + 1..START + 120, false);
    assert_eq!(told, ["fired host-unreachable"; 6]);
}

#[test]
fn a_target_that_is_taken_out_and_put_back_has_its_ended_alerts_once() {
    let mut monitor = Monitor::new(ACCESS, local(), AlertSettings::default(), sec(0));
    let target = |id| Target::new(TargetId(id), "pc-1", Host::Address(address(1), None));
    monitor.add(target(1), TargetMemory::default(), sec(0));
    for secs in 1..300 {
        let failure = (20..100).contains(&secs).then_some(ConnectOutcome::Refused);
        monitor.observe(&connection(1, secs, failure), sec(secs));
        monitor.tick(sec(secs));
    }
    for round in 1..4 {
        let (memory, _) = monitor.remove(TargetId(round), sec(300)).expect("it is watched");
        monitor.add(target(round + 1), memory, sec(300));
        let resolved = monitor.snapshot(sec(301), 0, |_| Budget::default()).alerts.resolved.clone();
        let of: Vec<_> = resolved.iter().map(|(alert, _)| alert.target).collect();
        assert_eq!(of, [Some(TargetId(round + 1))]);
    }
}

#[test]
fn what_an_earlier_run_snoozed_and_acknowledged_can_be_ended_in_this_one() {
    let until = sec(START + 3_600).wall;
    let closed = |snoozed: bool| RememberedAlert {
        acknowledged: (!snoozed).then(|| sec(BEGAN).wall),
        snoozed_until: snoozed.then_some(until),
        title: "port 3389 closed".to_owned(),
        ..berlin_down().alerts["path-outage"].clone()
    };
    let mut monitor = Monitor::new(ACCESS, local(), AlertSettings::default(), sec(START));
    for id in [1, 2] {
        let memory = TargetMemory {
            alerts: [("port-closed".to_owned(), closed(id == 1))].into(),
            acknowledged: (id == 2)
                .then(|| ("port-closed".to_owned(), sec(BEGAN).wall))
                .into_iter()
                .collect(),
            ..TargetMemory::default()
        };
        let host = Host::Address(address(id), None);
        monitor.add(Target::new(TargetId(id), format!("pc-{id}"), host), memory, sec(START));
    }
    let muted = |monitor: &mut Monitor| {
        let alerts = monitor.snapshot(sec(START + 1), 0, |_| Budget::default()).alerts.clone();
        let all: Vec<_> = alerts.firing.iter().chain(&alerts.pending).cloned().collect();
        assert_eq!(all.len(), 2, "{all:?}");
        let of = |id: u32| all.iter().find(|alert| alert.target == Some(TargetId(id))).cloned();
        (of(1).unwrap().snoozed_until, of(2).unwrap().acknowledged)
    };
    assert_eq!(muted(&mut monitor), (Some(until), Some(sec(BEGAN).wall)));
    let rule = monitor.snapshot(sec(START), 0, |_| Budget::default()).alerts.pending[0].rule;
    monitor.unsnooze(Some(TargetId(1)), rule);
    monitor.unacknowledge(Some(TargetId(2)), rule);
    assert_eq!(muted(&mut monitor), (None, None));
    let later = |id| monitor.remembered(Some(TargetId(id)), sec(START + 2)).alerts;
    assert_eq!(later(1)["port-closed"].snoozed_until, None, "the run after this one knows");
    assert_eq!(later(2)["port-closed"].acknowledged, None);
}
