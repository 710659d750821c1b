use super::*;
use crate::domain::alert::RememberedAlert;
use crate::domain::clocks::Clocks;
use crate::domain::diagnose::fixture::{confirmed, handshake, stopped_at_tcp};
use crate::domain::finding::Severity;
use crate::domain::local::Interface;
use crate::domain::sample::{
    Attempt, ConnectOutcome, Echo, EchoOutcome, Nla, Observation, PathMtu, PathOutcome, TlsOutcome,
    Udp, UdpOutcome,
};
use crate::domain::security::SecurityProtocol;
use crate::domain::sink::SinkEvent;
use crate::domain::snapshot::TargetState;
use crate::domain::target::Host;
use crate::domain::time::MonoTime;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::time::Duration;

const ACCESS: Access =
    Access { echo_v4: EchoAccess::Datagram, echo_v6: EchoAccess::Datagram, neighbours: true };

fn at(ms: u64) -> Now {
    let wall = WallTime::from_unix_millis(i64::try_from(ms).unwrap());
    Now { mono: MonoTime::from_millis(ms), wall }
}

fn address(id: u32) -> IpAddr {
    IpAddr::from([192, 0, 2, u8::try_from(id).unwrap()])
}

/// Two targets with an address each, seen once at 0.
fn two() -> Monitor {
    let mut monitor = Monitor::new(ACCESS, LocalState::default(), AlertSettings::default(), at(0));
    for id in [1, 2] {
        let host = Host::Address(address(id), None);
        let target = Target::new(TargetId(id), format!("pc-{id}"), host);
        monitor.add(target, TargetMemory::default(), at(0));
    }
    monitor
}

fn reply(id: u32, seq: u64, sent: Now) -> Sample {
    let rtt = Duration::from_millis(3);
    let echo = Echo {
        method: EchoMethod::Icmp,
        address: address(id),
        outcome: EchoOutcome::Reply { rtt, ttl: None },
    };
    let (target, ended_at) = (TargetId(id), sent.mono.plus(rtt));
    Sample { target, seq, sent_at: sent, ended_at, observation: Observation::Echo(echo) }
}

/// Which of the two pictures differ from those of `before`.
fn renewed(before: &Snapshot, after: &Snapshot) -> Vec<bool> {
    before.targets.iter().zip(&after.targets).map(|(a, b)| !Arc::ptr_eq(a, b)).collect()
}

#[test]
fn a_picture_is_taken_anew_when_something_changed_or_after_a_second() {
    let mut monitor = two();
    let snapshot = |monitor: &mut Monitor, ms| monitor.snapshot(at(ms), 0, |_| Budget::default());
    let first = snapshot(&mut monitor, 0);
    let idle = snapshot(&mut monitor, 200);
    assert_eq!(renewed(&first, &idle), [false, false]);

    monitor.observe(&reply(2, 0, at(300)), at(303));
    let measured = snapshot(&mut monitor, 400);
    assert_eq!(renewed(&idle, &measured), [false, true]);
    assert_eq!(measured.targets[1].last_rtt(), Some(Duration::from_millis(3)));
    assert_eq!(measured.targets[1].at, at(400));

    let aged = snapshot(&mut monitor, 1_000);
    assert_eq!(renewed(&measured, &aged), [true, false], "the second one is 600 ms old");

    monitor.reset_statistics(at(1_050));
    let reset = snapshot(&mut monitor, 1_100);
    assert_eq!(renewed(&aged, &reset), [true, true]);
    assert_eq!(reset.targets[1].echo_total.sent, 0);
}

#[test]
fn what_an_earlier_run_saw_begin_lasts_since_then() {
    let began = at(1_000).wall;
    let closed = RememberedAlert {
        told: Some(began),
        ..RememberedAlert::firing("port 3389 closed", Severity::Critical, began, at(50_000).wall)
    };
    let mut monitor = Monitor::new(ACCESS, LocalState::default(), <_>::default(), at(60_000));
    for id in [1, 2] {
        let alerts =
            if id == 1 { vec![("port-closed".to_owned(), closed.clone())] } else { vec![] };
        let memory =
            TargetMemory { alerts: alerts.into_iter().collect(), ..TargetMemory::default() };
        let host = Host::Address(address(id), None);
        monitor.add(Target::new(TargetId(id), format!("pc-{id}"), host), memory, at(60_000));
        for seq in 0..4 {
            let sent = at(61_000 + 1_000 * seq);
            let mut refused = stopped_at_tcp(ConnectOutcome::Refused);
            refused.connect.address = SocketAddr::new(address(id), 3389);
            let observation = Observation::Attempt(Box::new(refused));
            let target = TargetId(id);
            let sample = Sample { target, seq, sent_at: sent, ended_at: sent.mono, observation };
            monitor.observe(&sample, sent);
        }
    }
    let snapshot = monitor.snapshot(at(65_000), 0, |_| Budget::default());
    let since = |index: usize| {
        let target = &snapshot.targets[index];
        assert_eq!(target.state, TargetState::Critical);
        (target.state_since, target.findings[0].since)
    };
    assert_eq!(since(0), (began, began));
    let (state, finding) = since(1);
    assert!(state >= at(61_000).wall && finding >= at(61_000).wall, "nothing is known of before");
    assert_eq!(state, finding, "one trouble begins once");
}

#[test]
fn a_host_that_answered_and_falls_silent_stopped_and_one_that_never_answered_did_not() {
    let mut monitor = two();
    let mut tried = |id: u32, seq: u64, mut attempt: Attempt| {
        attempt.connect.address = SocketAddr::new(address(id), 3389);
        let sent_at = at(1_000 * seq);
        let observation = Observation::Attempt(Box::new(attempt));
        let target = TargetId(id);
        let sample = Sample { target, seq, sent_at, ended_at: sent_at.mono, observation };
        monitor.observe(&sample, sent_at);
        monitor.snapshot(sent_at, 0, |_| Budget::default())
    };
    tried(1, 1, confirmed(SecurityProtocol::HYBRID));
    tried(1, 2, stopped_at_tcp(ConnectOutcome::Timeout));
    let snapshot = tried(2, 3, stopped_at_tcp(ConnectOutcome::Timeout));
    let [one, other] = snapshot.targets.as_slice() else { panic!("two targets") };
    assert_eq!([one.state, other.state], [TargetState::NotMeasured; 2]);
    assert_eq!(one.fell_silent(), Some(at(2_000).wall));
    assert_eq!(one.unconfirmed().as_deref(), Some("stopped answering"));
    assert_eq!((other.fell_silent(), other.unconfirmed()), (None, None));
    let again = tried(1, 4, confirmed(SecurityProtocol::HYBRID));
    assert_eq!(again.targets[0].fell_silent(), None);
    assert_eq!(again.targets[0].state, TargetState::Ok);
}

#[test]
fn who_is_judged_is_seen_at_once() {
    let mut monitor = two();
    monitor.observe(&reply(1, 0, at(10)), at(13));
    let online = monitor.snapshot(at(20), 0, |_| Budget::default());
    assert_eq!(online.targets[0].state, TargetState::NotMeasured, "echo alone is not green");
    // No interface is up: two of the documentation's addresses cannot be judged.
    monitor.tick(at(30));
    let offline = monitor.snapshot(at(40), 0, |_| Budget::default());
    assert_eq!(offline.monitor.offline, Offline::NoInterface);
    assert_eq!(offline.targets[0].state, TargetState::Unknown);
}

#[test]
fn a_gateway_is_looked_at_again_when_it_fails_at_first_sight_or_changes() {
    use crate::domain::diagnose::fixture::looked;
    use crate::domain::sample::{ChainTrust, GatewayAnswer};
    use crate::domain::target::{GatewayAddress, GatewayUsage};
    let host = Host::Name("gw.corp.lab".to_owned());
    let gateway = GatewayAddress { host, port: 443, usage: GatewayUsage::Always };
    let target = Target {
        gateway: Some(gateway),
        ..Target::new(TargetId(1), "pc-1", Host::Address(address(1), None))
    };
    let mut monitor = Monitor::new(ACCESS, LocalState::default(), AlertSettings::default(), at(0));
    monitor.add(target, TargetMemory::default(), at(0));
    let mut changes = Vec::new();
    for (seq, answer) in [
        GatewayAnswer::Unavailable,
        GatewayAnswer::Unavailable,
        GatewayAnswer::Challenge,
        GatewayAnswer::Challenge,
        GatewayAnswer::NotFound,
    ]
    .into_iter()
    .enumerate()
    {
        let found = Observation::Gateway(Box::new(looked(answer, ChainTrust::Trusted)));
        let seq = u64::try_from(seq).unwrap();
        let sent_at = at(1_000 * seq);
        let sample = Sample {
            target: TargetId(1),
            seq,
            sent_at,
            ended_at: sent_at.mono,
            observation: found,
        };
        let change = monitor.observe(&sample, sent_at);
        assert!(!change.ladder, "the direct way is not hurried for it");
        changes.push(change.gateway);
    }
    assert_eq!(changes, [true, false, true, false, true]);
}

/// A measurement of target 1, and what it changed.
fn observe(monitor: &mut Monitor, secs: u64, observation: Observation) -> Change {
    let sent = at(secs * 1_000);
    let sample =
        Sample { target: TargetId(1), seq: secs, sent_at: sent, ended_at: sent.mono, observation };
    monitor.observe(&sample, sent)
}

/// A slow handshake is news for once: two in a row are a finding, and nobody need wait for the second.
#[test]
fn a_tls_handshake_that_is_slow_is_news_until_the_next_one_is_slow_too() {
    let mut monitor = Monitor::new(ACCESS, LocalState::default(), AlertSettings::default(), at(0));
    let target = Target::new(TargetId(1), "pc-1", Host::Address(address(1), None));
    monitor.add(target, TargetMemory::default(), at(0));
    let mut took = |secs: u64, millis: u64| {
        let mut attempt = handshake(TlsOutcome::Ok);
        attempt.connect.address = (address(1), 3389).into();
        if let Some(tls) = &mut attempt.tls {
            tls.elapsed = Duration::from_millis(millis);
        }
        observe(&mut monitor, secs, Observation::Attempt(Box::new(attempt))).slow_tls
    };
    let news: Vec<bool> =
        (1..).zip([30, 1_500, 1_600, 1_700, 30, 1_500]).map(|(at, ms)| took(at, ms)).collect();
    assert_eq!(news, [false, true, false, false, false, true]);
}

fn udp(outcome: UdpOutcome) -> Observation {
    let answered = (outcome == UdpOutcome::SynAck).then_some(1_232);
    Observation::Udp(Udp {
        address: (address(1), 3389).into(),
        outcome,
        version: None,
        mtu_up: answered,
        mtu_down: answered,
        answered_at: answered,
        sent: 1,
        elapsed: Duration::from_millis(3),
    })
}

/// An answer is remembered for later runs with its address; silence forgets nothing, and is worth
/// asking again once where an answer went before.
#[test]
fn an_answer_over_udp_is_remembered_and_its_end_is_news() {
    let mut monitor = two();
    let silent = observe(&mut monitor, 1, udp(UdpOutcome::Silent));
    assert_eq!((silent.memory, silent.ladder), (false, false), "it never answered");
    let answered = observe(&mut monitor, 60, udp(UdpOutcome::SynAck));
    assert_eq!((answered.memory, answered.ladder), (true, false));
    let again = observe(&mut monitor, 120, udp(UdpOutcome::SynAck));
    assert!(!again.memory, "known by now");
    let gone = observe(&mut monitor, 180, udp(UdpOutcome::Silent));
    assert_eq!((gone.memory, gone.ladder), (false, true));
    let still = observe(&mut monitor, 240, udp(UdpOutcome::Silent));
    assert!(!still.ladder, "no news");
    let memory = monitor.target(TargetId(1)).unwrap().memory();
    assert_eq!(memory.udp_answered, Some(at(120_000).wall));
    assert_eq!(memory.udp_address, Some(address(1)));
}

/// A path that swallows packets is measured again at once, and so is one that changes; the usual
/// path of a VPN is no news, and neither is a measurement without a verdict.
#[test]
fn a_path_that_changes_is_news() {
    let path = |outcome, mtu| {
        Observation::PathMtu(PathMtu {
            address: address(1),
            outcome,
            mtu,
            first_hop: Some(1_500),
            swallowed: None,
            from: None,
            tries: 0,
            elapsed: Duration::from_millis(9),
        })
    };
    for first in
        [path(PathOutcome::BlackHole, Some(1_280)), path(PathOutcome::Lowered, Some(1_200))]
    {
        assert!(observe(&mut two(), 1, first.clone()).ladder, "{first:?}");
    }
    let mut monitor = two();
    for (secs, outcome, mtu, news) in [
        (1, PathOutcome::Unknown, None, false),
        (2, PathOutcome::Lowered, Some(1_400), false),
        (3, PathOutcome::Lowered, Some(1_400), false),
        (4, PathOutcome::Unknown, None, false),
        (5, PathOutcome::Lowered, Some(1_380), true),
        (6, PathOutcome::BlackHole, Some(1_280), true),
        (7, PathOutcome::BlackHole, Some(1_280), false),
        (8, PathOutcome::Full, Some(1_500), true),
    ] {
        let change = observe(&mut monitor, secs, path(outcome, mtu));
        assert_eq!(change.ladder, news, "{secs}: {outcome:?}");
    }
}

#[test]
fn a_host_that_three_targets_name_has_one_say_about_the_clocks() {
    let mut monitor = two();
    let skewed = |target: u32, at_address: u32, skew: i64| {
        let mut attempt = handshake(TlsOutcome::Ok);
        attempt.connect.address = SocketAddr::new(address(at_address), 3389);
        attempt.nla = Some(Nla { clock_skew_ms: Some(skew), ..Nla::not_offered() });
        let observation = Observation::Attempt(Box::new(attempt));
        let sent_at = at(100);
        Sample { target: TargetId(target), seq: 0, sent_at, ended_at: sent_at.mono, observation }
    };
    for id in [3, 4] {
        let host = Host::Address(address(1), None);
        let target = Target::new(TargetId(id), format!("alias-{id}"), host);
        monitor.add(target, TargetMemory::default(), at(0));
    }
    for (target, at_address, skew) in
        [(1, 1, 3_600_000), (3, 1, 3_600_000), (4, 1, 3_600_000), (2, 2, 0)]
    {
        monitor.observe(&skewed(target, at_address, skew), at(200));
    }
    let local = LocalState::default();
    let of =
        |monitor: &Monitor| clocks(monitor.targets().map(|(_, tracked)| tracked), &local, at(300));
    assert_eq!(of(&monitor), Clocks::TooFew);
    let host = Host::Address(address(5), None);
    monitor.add(Target::new(TargetId(5), "pc-5".to_owned(), host), TargetMemory::default(), at(0));
    monitor.observe(&skewed(5, 5, 0), at(400));
    assert_eq!(of(&monitor), Clocks::Agree(0));
}

#[test]
fn another_gateway_or_tunnel_is_another_way_and_the_first_look_is_none() {
    let mut monitor = two();
    let with = |gateway: [u8; 4], tunnel: bool| {
        let name = if tunnel { "wg0" } else { "eth0" };
        let interface = |name: &str| Interface {
            tunnel: name == "wg0",
            ..Interface::up(2, name, vec![(IpAddr::from([10, 8, 0, 2]), 24)])
        };
        let interfaces = vec![interface("eth0"), interface(name)];
        LocalState { interfaces, gateway: Some(gateway.into()), ..LocalState::default() }
    };
    let home = [192, 168, 1, 1];
    assert!(!monitor.observe_local(with(home, false), at(0)), "nothing was known before");
    assert!(!monitor.observe_local(with(home, false), at(10)));
    assert!(monitor.observe_local(with(home, true), at(20)));
    assert!(monitor.observe_local(with([10, 0, 0, 1], true), at(30)));
    assert!(!monitor.observe_local(LocalState::default(), at(40)), "it could not be read");
}

#[test]
fn a_restart_tells_nobody_again_of_this_machine_and_keeps_the_incident() {
    let mut first = two();
    let told: Vec<AlertEvent> = (1..120).flat_map(|secs| first.tick(at(1_000 * secs))).collect();
    let [AlertEvent::Fired(alert)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(alert.target, None);
    assert!(first.alerts_fire());
    let memory = first.remembered(None, at(120_000));
    let mut later = two();
    later.recall_own(&memory, at(130_000));
    let again: Vec<AlertEvent> = (130..300).flat_map(|secs| later.tick(at(1_000 * secs))).collect();
    assert_eq!(again, []);
    let before = first.snapshot(at(120_000), 0, |_| Budget::default());
    let after = later.snapshot(at(300_000), 0, |_| Budget::default());
    let incident = |snapshot: &Snapshot| {
        let firing = &snapshot.alerts.firing;
        firing.iter().map(|alert| crate::domain::sink::incident_id(alert, None)).collect::<Vec<_>>()
    };
    assert_eq!(incident(&before).len(), 1);
    assert_eq!(incident(&before), incident(&after));
}

#[test]
fn what_fires_can_be_told_anew_by_its_id_and_is_known_to_be_snoozed() {
    let mut monitor = two();
    let told: Vec<AlertEvent> = (1..120).flat_map(|secs| monitor.tick(at(1_000 * secs))).collect();
    let [fired @ AlertEvent::Fired(alert)] = told.as_slice() else { panic!("{told:?}") };
    let now = at(120_000);
    let first = monitor.notice(fired, now);
    let ids = |id: &str| BTreeSet::from([id.to_owned()]);
    assert_eq!(monitor.notices_of(&ids(&first.id), now), std::slice::from_ref(&first));
    assert_eq!(monitor.notices_of(&ids("another"), now), []);
    let silenced = |monitor: &Monitor| {
        let alerts = monitor.alerts_of(&ids(&first.id), now);
        alerts.values().map(crate::domain::alert::Alert::is_silenced).collect::<Vec<_>>()
    };
    assert_eq!(silenced(&monitor), [false]);
    monitor.snooze(None, alert.rule, at(9_000_000).wall);
    assert_eq!(silenced(&monitor), [true]);
    assert_eq!(monitor.notices_of(&ids(&first.id), now).len(), 1, "a later run is to tell it");
}

#[test]
fn an_alert_that_was_told_is_over_when_its_target_is_watched_no_more() {
    let told = RememberedAlert {
        told: Some(at(2_000).wall),
        ..RememberedAlert::firing(
            "port 3389 closed",
            Severity::Critical,
            at(1_000).wall,
            at(50_000).wall,
        )
    };
    let untold = RememberedAlert { told: None, ..told.clone() };
    let rules = [("port-closed", told), ("host-unreachable", untold)];
    let alerts = rules.map(|(rule, alert)| (rule.to_owned(), alert)).into();
    let memory = TargetMemory { alerts, ..TargetMemory::default() };
    let mut monitor = Monitor::new(ACCESS, LocalState::default(), <_>::default(), at(60_000));
    let mut target = Target::new(TargetId(7), "pc-7".to_owned(), Host::Address(address(7), None));
    target.group = Some("berlin".to_owned());
    monitor.add(target, memory, at(60_000));
    let (memory, notices) = monitor.remove(TargetId(7), at(70_000)).unwrap();
    let [over] = notices.as_slice() else { panic!("{notices:?}") };
    assert_eq!((over.event, over.rule.0), (SinkEvent::Resolved, "port-closed"));
    assert_eq!(over.title, "port 3389 closed (no longer watched)");
    assert_eq!(over.sentence, over.title);
    assert_eq!((over.target.as_deref(), over.group.as_deref()), (Some("pc-7"), Some("berlin")));
    assert_eq!(over.ended, Some(at(70_000).wall));
    assert!(memory.alerts.is_empty(), "it begins anew when the target is watched again");
}

#[test]
fn another_configuration_keeps_what_was_measured_and_what_goes_is_remembered() {
    let mut monitor = two();
    monitor.observe(&reply(1, 0, at(300)), at(303));
    monitor.observe(&reply(2, 0, at(300)), at(303));
    monitor.log(Some(TargetId(2)), at(303).wall, "fell".to_owned());
    let mut target = monitor.target(TargetId(1)).unwrap().target().as_ref().clone();
    target.name = "renamed".to_owned();
    target.expected = crate::domain::target::Expected::OnDemand;
    monitor.reconfigure(target);
    let (memory, notices) = monitor.remove(TargetId(2), at(400)).unwrap();
    assert_eq!((memory.mac, notices), (None, Vec::new()));
    assert!(monitor.remove(TargetId(2), at(400)).is_none(), "only once");
    let snapshot = monitor.snapshot(at(400), 0, |_| Budget::default());
    let [kept] = snapshot.targets.as_slice() else { panic!("{snapshot:?}") };
    assert_eq!(kept.target.name, "renamed");
    assert_eq!(monitor.target(TargetId(1)).unwrap().echo().total().received, 1);
    let event = snapshot.events.iter().find(|event| event.text.ends_with("fell")).unwrap();
    assert_eq!((event.target, event.gone.as_deref()), (None, Some("pc-2")));
    assert!(!monitor.observe(&reply(2, 1, at(500)), at(503)).memory, "a late answer is nobody's");
}

#[test]
fn alerts_of_rules_that_another_version_knows_are_remembered_on() {
    let alert = RememberedAlert::firing("x", Severity::Warning, at(1_000).wall, at(2_000).wall);
    let alerts = [("of-tomorrow".to_owned(), alert.clone())].into_iter().collect();
    let mut monitor = Monitor::new(ACCESS, LocalState::default(), <_>::default(), at(3_000));
    let host = Host::Address(address(1), None);
    let memory = TargetMemory { alerts, ..TargetMemory::default() };
    monitor.add(Target::new(TargetId(1), "pc-1", host), memory, at(3_000));
    let kept = monitor.remembered(Some(TargetId(1)), at(4_000)).alerts;
    assert_eq!(kept.get("of-tomorrow"), Some(&alert));
}
