//! Whole incidents in virtual time: many hosts, one thing that happens to all of them, and what is
//! told of it. The real monitor and the real schedule, driven as the program drives them.

#[expect(dead_code, reason = "a part of the simulated world is enough")]
mod world;

use rdpwatch::domain::snapshot::TargetState;
use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;
use world::fleet::servers;
use world::host::{SimHost, Trouble};
use world::{REAL, World};

const fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

/// Twelve servers behind the same route, to which all of this happens.
fn twelve(troubles: &[(Duration, Duration, Trouble)]) -> Vec<SimHost> {
    let mut hosts = servers(12);
    for host in &mut hosts {
        for (from, until, trouble) in troubles {
            host.add_trouble(*from, *until, trouble.clone());
        }
    }
    hosts
}

fn played(seed: u64, hosts: Vec<SimHost>, end: Duration) -> World {
    let mut world = World::new(seed, REAL, hosts);
    world.run(end);
    world
}

/// A tunnel that drops three times for twelve seconds: too short for any host to be called gone,
/// asleep or closed. What is told is the loss, and it ends.
#[test]
fn a_vpn_that_flaps_has_none_of_its_twelve_hosts_called_gone() {
    let flap =
        |minute| (minutes(minute), minutes(minute) + Duration::from_secs(12), Trouble::Silent);
    for seed in 1..=2 {
        let mut world = played(seed, twelve(&[flap(10), flap(13), flap(16)]), minutes(30));
        let allowed = ["packet-loss", "path-outage", "vpn-flap"];
        let told = world.fired();
        assert!(told.iter().all(|event| allowed.contains(&event.1)), "{told:?}");
        assert!(told.len() <= 12, "three flaps, and each host is told once: {told:?}");
        let snapshot = world.snapshot();
        assert!(snapshot.targets.iter().all(|target| target.state == TargetState::Ok));
    }
}

/// Windows updates all of them in the same night, one after the other: each is down for four
/// minutes, is told as gone, and as back; nobody else is blamed.
#[test]
fn a_night_of_updates_is_told_host_by_host_and_ends() {
    let mut hosts = servers(4);
    for (index, host) in (0_u64..).zip(&mut hosts) {
        let from = minutes(10 + 8 * index);
        host.add_trouble(from, from + minutes(4), Trouble::Silent);
    }
    let mut world = played(1, hosts, minutes(50));
    let fired = world.fired();
    assert!(fired.iter().all(|event| event.1 == "host-unreachable"), "{:?}", world.lines());
    assert_eq!(fired.len(), 4, "{:?}", world.lines());
    assert_eq!(world.resolved().len(), 4, "{:?}", world.lines());
    let snapshot = world.snapshot();
    assert!(snapshot.targets.iter().all(|target| target.state == TargetState::Ok));
}

/// A line that loses a tenth of everything: every host shows the same loss, and that is told once.
#[test]
fn a_lossy_line_is_told_once_for_every_host_and_nothing_else() {
    let lossy = [(minutes(10), minutes(20), Trouble::Loss(100))];
    let world = played(1, twelve(&lossy), minutes(30));
    let fired = world.fired();
    let shared = fired.iter().filter(|event| event.1 == "line-degraded").count();
    assert_eq!(shared, 1, "{:?}", world.lines());
    // Whoever loses first may be told before the others are known to.
    assert!(fired.len() <= 3, "{:?}", world.lines());
    assert!(
        fired.iter().all(|event| ["packet-loss", "line-degraded"].contains(&event.1)),
        "{:?}",
        world.lines()
    );
    assert_eq!(world.resolved().len(), fired.len(), "each ends: {:?}", world.lines());
}

/// Six servers that answer ping, and six behind the same route that do not; some of them lose.
fn half_without_ping(lossy: Range<usize>, thousandths: u32) -> Vec<SimHost> {
    let mut hosts = servers(12);
    for host in hosts.iter_mut().skip(6) {
        host.drops_ping = true;
    }
    for host in hosts.iter_mut().skip(lossy.start).take(lossy.len()) {
        host.add_trouble(minutes(12), minutes(45), Trouble::Loss(thousandths));
    }
    hosts
}

/// Of whom which cause was told, each once however much worse it became.
fn causes(world: &World) -> BTreeSet<(String, &'static str)> {
    world.fired().into_iter().map(|(of, cause, ..)| (of, cause)).collect()
}

/// A SYN that is sent again is no sign that a line is well.
#[test]
fn hosts_without_ping_on_a_lossy_line_do_not_speak_against_it() {
    for (seed, thousandths) in [(1, 40), (3, 150)] {
        let world = played(seed, half_without_ping(0..12, thousandths), minutes(65));
        let told = causes(&world);
        let shared = told.iter().filter(|(_, cause)| *cause == "line-degraded").count();
        assert_eq!(shared, 1, "{seed}: {:?}", world.lines());
        // Of twelve, two at most are told of before it is known to be the line.
        assert!(told.len() <= 3, "{seed}: {:?}", world.lines());
        assert_eq!(world.resolved().len(), told.len(), "{seed}: {:?}", world.lines());
    }
}

/// They show by many connections in a row that they lose nothing.
#[test]
fn hosts_without_ping_that_lose_nothing_say_so_in_the_end() {
    let mut world = World::new(1, REAL, half_without_ping(0..6, 80));
    world.run(minutes(44));
    let firing = world.snapshot().alerts.firing.clone();
    let lose = firing.iter().filter(|alert| alert.rule.0 == "packet-loss").count();
    assert_eq!((lose, firing.len()), (6, 6), "{:?}", world.lines());
}

/// It is seen by the connections that open late, and called loss and not jitter.
#[test]
fn a_host_without_ping_that_loses_packets_is_told_to() {
    for seed in 1..=3 {
        let mut hosts = servers(1);
        hosts[0].drops_ping = true;
        hosts[0].add_trouble(minutes(20), minutes(60), Trouble::Loss(200));
        let world = played(seed, hosts, minutes(90));
        let told: Vec<&str> = causes(&world).into_iter().map(|(_, cause)| cause).collect();
        assert_eq!(told, ["packet-loss"], "{seed}: {:?}", world.lines());
        assert_eq!(world.resolved().len(), world.fired().len(), "{seed}: {:?}", world.lines());
    }
}
