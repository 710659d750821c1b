//! An earlier run's outages and alerts, met again by this one.

use super::*;
use crate::domain::alert::{AlertEvent, AlertState, RememberedAlert};
use crate::domain::diagnose::fixture::{handshake, stopped_at_tcp};
use crate::domain::finding::{RuleId, Severity};
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
    connection_that_took(id, secs, failure, None)
}

fn connection_that_took(
    id: u32,
    secs: u64,
    failure: Option<ConnectOutcome>,
    took: Option<Duration>,
) -> Sample {
    let mut attempt = failure.map_or_else(|| handshake(TlsOutcome::Ok), stopped_at_tcp);
    attempt.connect.address = SocketAddr::new(address(id), 3389);
    attempt.connect.elapsed = took.unwrap_or(attempt.connect.elapsed);
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
    begun(START, own, |id| {
        let answered = sec(if id <= 6 { silent } else { START - 1 }).wall;
        TargetMemory {
            echo_answered: Some(answered),
            last_answer: Some(answered),
            ..TargetMemory::default()
        }
    })
}

/// The same of a run that begins at `at`, and what it remembers of each.
fn begun(at: u64, own: &TargetMemory, memory: impl Fn(u32) -> TargetMemory) -> Monitor {
    let mut monitor = Monitor::new(ACCESS, local(), AlertSettings::default(), sec(at));
    monitor.recall_own(own, sec(at));
    for id in 1..=12 {
        let mut target =
            Target::new(TargetId(id), format!("pc-{id}"), Host::Address(address(id), None));
        target.group = Some(if id <= 6 { "berlin" } else { "vienna" }.to_owned());
        monitor.add(target, memory(id), sec(at));
    }
    monitor
}

/// A run that knows at `at` what `before` knew.
fn again(before: &Monitor, at: u64) -> Monitor {
    let saved = |id| before.remembered(id, sec(at - 1));
    begun(at, &saved(None), |id| saved(Some(TargetId(id))))
}

/// How the hosts of a site fare.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Site {
    Well,
    /// They answer, and refuse the port.
    Refuses,
    /// One in eight requests is lost, and every second connection opens late.
    Loses,
    Away,
}

impl Site {
    const fn answers(self, secs: u64) -> bool {
        match self {
            Self::Away => false,
            Self::Loses => !secs.is_multiple_of(8),
            Self::Well | Self::Refuses => true,
        }
    }

    fn took(self, secs: u64) -> Option<Duration> {
        let late = self == Self::Loses && secs.is_multiple_of(20);
        late.then_some(Duration::from_millis(1_020))
    }

    const fn failure(self) -> Option<ConnectOutcome> {
        match self {
            Self::Away => Some(ConnectOutcome::Timeout),
            Self::Refuses => Some(ConnectOutcome::Refused),
            Self::Well | Self::Loses => None,
        }
    }
}

/// What is told in those seconds, while Berlin answers or does not.
fn told(monitor: &mut Monitor, seconds: std::ops::Range<u64>, berlin: bool) -> Vec<String> {
    let berlin = if berlin { Site::Well } else { Site::Away };
    told_of(monitor, seconds, berlin, Site::Well)
}

/// The same, while the hosts of Berlin and Vienna fare so.
fn told_of(
    monitor: &mut Monitor,
    seconds: std::ops::Range<u64>,
    berlin: Site,
    vienna: Site,
) -> Vec<String> {
    let mut told = Vec::new();
    for secs in seconds {
        for id in 1..=12 {
            let site = if id <= 6 { berlin } else { vienna };
            monitor.observe(&echo(id, secs, site.answers(secs)), sec(secs));
            if secs % 10 == 0 {
                let took = site.took(secs);
                monitor.observe(&connection_that_took(id, secs, site.failure(), took), sec(secs));
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

/// When the way to Berlin breaks, the run that saw it ends, and the way is back.
const BREAKS: u64 = START + 500;
const ENDS: u64 = BREAKS + 40;
const BACK: u64 = ENDS + 700;

/// A run that ended while the way to Berlin was down, and saw how the hosts of one site failed before.
fn ended_while_down(berlin: Site, vienna: Site, alert: &str) -> Monitor {
    let mut first = restarted(&TargetMemory::default(), START - 1);
    assert_eq!(told(&mut first, START + 1..START + 100, true), [""; 0]);
    let failing = told_of(&mut first, START + 100..BREAKS, berlin, vienna);
    assert_eq!(failing, [format!("fired {alert}")]);
    let broken = told_of(&mut first, BREAKS..ENDS, Site::Away, vienna);
    assert_eq!(broken, ["fired path-outage"]);
    first
}

/// What is said of the alert of `rule`.
fn standing(monitor: &mut Monitor, rule: &str, secs: u64) -> (AlertState, Option<RuleId>) {
    let alerts = monitor.snapshot(sec(secs), 0, |_| Budget::default()).alerts.clone();
    let all = alerts.firing.iter().chain(&alerts.pending);
    let mut all = all.filter(|alert| alert.rule.0 == rule);
    let alert = all.next().expect("it is there");
    (alert.state, alert.explained_by)
}

/// It was over ten minutes after the start, and fired anew when the way was back.
#[test]
fn what_fails_several_hosts_behind_a_path_that_was_down_over_a_restart_is_told_once() {
    let path = Some(RuleId("path-outage"));
    for (failing, alert) in [(Site::Refuses, "service-failure"), (Site::Loses, "line-degraded")] {
        let first = ended_while_down(failing, Site::Well, alert);
        let mut later = again(&first, ENDS);
        let soon = told_of(&mut later, ENDS + 1..ENDS + 60, Site::Away, Site::Well);
        // A run that ends before the way is back hands on what it was handed.
        let mut last = again(&later, ENDS + 60);
        let away = told_of(&mut last, ENDS + 61..BACK, Site::Away, Site::Well);
        assert_eq!((soon.as_slice(), away.as_slice()), (&[][..], &[][..]), "{alert}");
        assert_eq!(standing(&mut last, alert, BACK), (AlertState::Recalled, path));
        let back = told_of(&mut last, BACK..BACK + 400, failing, Site::Well);
        assert_eq!(back, ["over path-outage"], "{alert}");
        assert_eq!(standing(&mut last, alert, BACK + 400), (AlertState::Firing, None));
    }
}

#[test]
fn what_failed_several_hosts_and_is_well_when_their_path_is_back_is_over_ten_minutes_later() {
    let first = ended_while_down(Site::Refuses, Site::Well, "service-failure");
    let mut later = again(&first, ENDS);
    assert_eq!(told_of(&mut later, ENDS + 1..BACK, Site::Away, Site::Well), [""; 0]);
    let back = told_of(&mut later, BACK..BACK + 590, Site::Well, Site::Well);
    assert_eq!(back, ["over path-outage"]);
    let over = told_of(&mut later, BACK + 590..BACK + 700, Site::Well, Site::Well);
    assert_eq!(over, ["over service-failure"]);
}

#[test]
fn what_failed_hosts_that_are_not_on_the_path_that_is_down_is_over_ten_minutes_after_a_restart() {
    let first = ended_while_down(Site::Well, Site::Refuses, "service-failure");
    let mut later = again(&first, ENDS);
    let soon = told_of(&mut later, ENDS + 1..ENDS + 590, Site::Away, Site::Well);
    assert_eq!(soon, [""; 0]);
    let over = told_of(&mut later, ENDS + 590..ENDS + 620, Site::Away, Site::Well);
    assert_eq!(over, ["over service-failure"]);
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
