//! What is learnt of a host that was woken.

use super::*;
use crate::domain::diagnose::fixture::{handshake, stopped_at_tcp};
use crate::domain::sample::{ConnectOutcome, TlsOutcome};
use crate::domain::target::Host;
use crate::domain::wake::{Reach, WakeDestination, WakeReceipt, WakeSend};
use std::net::IpAddr;
use std::time::Duration;

const ACCESS: Access =
    Access { echo_v4: EchoAccess::Datagram, echo_v6: EchoAccess::Datagram, neighbours: true };
const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 7));
const WAIT: Duration = Duration::from_mins(2);
const HOUR: u64 = 3_600;

fn sec(secs: u64) -> Now {
    let wall = WallTime::from_unix_secs(i64::try_from(secs).unwrap());
    Now { mono: MonoTime::from_secs(secs), wall }
}

fn server() -> Monitor {
    let mut monitor = Monitor::new(ACCESS, LocalState::default(), AlertSettings::default(), sec(0));
    let target = Target::new(TargetId(7), "srv-7", Host::Address(ADDRESS, None));
    monitor.add(target, TargetMemory::default(), sec(0));
    monitor
}

fn connect(monitor: &mut Monitor, secs: u64, works: bool) {
    let mut attempt =
        if works { handshake(TlsOutcome::Ok) } else { stopped_at_tcp(ConnectOutcome::Timeout) };
    attempt.connect.address = (ADDRESS, 3389).into();
    let sent_at = sec(secs);
    let observation = Observation::Attempt(Box::new(attempt));
    let target = TargetId(7);
    monitor.observe(
        &Sample { target, seq: secs, sent_at, ended_at: sent_at.mono, observation },
        sent_at,
    );
}

fn wake(monitor: &mut Monitor, secs: u64, packets: u32) {
    let send = WakeSend {
        interface: None,
        source: None,
        destination: WakeDestination::Udp(([198, 51, 100, 255], 9).into()),
        packets,
        error: None,
    };
    let receipt = WakeReceipt {
        at: sec(secs).wall,
        mac: "02:11:22:33:44:55".parse().unwrap(),
        reach: Some(Reach::OnLink),
        sends: vec![send],
        skipped: vec![],
        refused: None,
        relay: None,
    };
    let progress = WakeProgress::new(receipt, sec(secs), WAIT);
    monitor.set_wake(TargetId(7), progress, sec(secs).wall, "woken".to_owned());
}

/// Works at `start`, is silent for `silent` seconds, is woken with `packets`, and works `took` later.
fn night(monitor: &mut Monitor, start: u64, silent: u64, packets: u32, took: u64) {
    connect(monitor, start, true);
    (10..silent).step_by(60).for_each(|after| connect(monitor, start + after, false));
    wake(monitor, start + silent, packets);
    connect(monitor, start + silent + took, true);
}

fn sleeps(monitor: &Monitor) -> bool {
    monitor.target(TargetId(7)).unwrap().memory().sleeps
}

#[test]
fn a_server_that_is_woken_each_morning_is_one_that_sleeps() {
    let mut monitor = server();
    night(&mut monitor, 10, 8 * HOUR, 3, 45);
    assert!(!sleeps(&monitor), "once may be chance");
    night(&mut monitor, 24 * HOUR, 8 * HOUR, 3, 45);
    assert!(sleeps(&monitor));
    let told = |event: &&Event| event.text.starts_with("srv-7 is taken for one that sleeps");
    assert_eq!(monitor.events.iter().filter(told).count(), 1);
    night(&mut monitor, 48 * HOUR, 8 * HOUR, 3, 45);
    assert_eq!(monitor.events.iter().filter(told).count(), 1, "it is known");
}

#[test]
fn a_server_that_was_restarted_is_none_that_sleeps() {
    let mut monitor = server();
    // Woken out of impatience while it starts.
    (0..5).for_each(|time| night(&mut monitor, time * 24 * HOUR + 10, 300, 3, 45));
    assert!(!sleeps(&monitor));
    // The packet did not leave, or it came long after it had been given up.
    (5..8).for_each(|time| night(&mut monitor, time * 24 * HOUR + 10, 2 * HOUR, 0, 45));
    (8..11).for_each(|time| night(&mut monitor, time * 24 * HOUR + 10, 2 * HOUR, 3, HOUR));
    assert!(!sleeps(&monitor));
    // It came by itself.
    for time in 11..14 {
        connect(&mut monitor, time * 24 * HOUR + 10, true);
        connect(&mut monitor, time * 24 * HOUR + 70, false);
    }
    connect(&mut monitor, 15 * 24 * HOUR, true);
    assert!(!sleeps(&monitor));
}
