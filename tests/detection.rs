//! How long a fault stands before somebody is told, in virtual time: the real monitor and the real
//! schedule against what `docs/RULES.md` says of rules that have a window of their own.

#![expect(clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "a part of the simulated world is enough")]
mod world;

use rdpwatch::domain::finding::Severity;
use rdpwatch::domain::session::{SeenSocket, SessionLook, SocketState};
use rdpwatch::domain::target::TargetId;
use rdpwatch::domain::time::MonoTime;
use std::time::Duration;
use world::fleet::servers;
use world::host::{SimHost, Trouble};
use world::{REAL, World};

const BEGINS: Duration = Duration::from_mins(10);
const ENDS: Duration = Duration::from_mins(16);

/// How long until the finding of a server that has this trouble stands, and until it is over, for
/// several seeds; nothing else may stand, and nobody else be told.
fn times(rule: &str, trouble: &Trouble) -> Vec<(Duration, Duration)> {
    (1..=9)
        .map(|seed| {
            let mut hosts: Vec<SimHost> = servers(6);
            hosts[2].add_trouble(BEGINS, ENDS, trouble.clone());
            let mut world = World::new(seed, REAL, hosts);
            let (mut raised, mut over) = (None, None);
            let mut at = BEGINS;
            while at < ENDS + Duration::from_mins(10) {
                world.run(at);
                let now = world.now();
                let snapshot = world.snapshot();
                let found: Vec<&str> = snapshot.targets[2]
                    .findings
                    .iter()
                    .filter(|found| found.severity > Severity::Notice && !found.as_found)
                    .map(|found| found.rule.0)
                    .collect();
                assert!(found.iter().all(|id| *id == rule), "seed {seed} at {now:?}: {found:?}");
                if found.is_empty() {
                    over = over.or_else(|| (at >= ENDS).then(|| at.saturating_sub(ENDS)));
                } else {
                    raised = raised.or(Some(at.saturating_sub(BEGINS)));
                    over = None;
                }
                at += Duration::from_millis(500);
            }
            let strange = world.fired().into_iter().find(|event| event.0 != "server-3");
            assert_eq!(strange, None, "{}", world.lines().join("\n"));
            let told = world.lines().join("\n");
            (
                raised.unwrap_or_else(|| panic!("seed {seed}: not found\n{told}")),
                over.unwrap_or_else(|| panic!("seed {seed}: not over\n{told}")),
            )
        })
        .collect()
}

/// The middle one, and the worst.
fn middle_and_worst(mut spans: Vec<Duration>) -> (Duration, Duration) {
    spans.sort_unstable();
    (spans[spans.len() / 2], spans[spans.len() - 1])
}

/// The middle one of the seeds is told within `usually`, the worst within `at_worst`, and all are
/// over within `clear`. Loss is drawn by chance: what is lost first decides when it is suspected.
fn assert_within(rule: &str, trouble: &Trouble, [usually, at_worst, clear]: [u64; 3]) {
    let (raised, cleared): (Vec<_>, Vec<_>) = times(rule, trouble).into_iter().unzip();
    let (middle, worst) = middle_and_worst(raised.clone());
    assert!(middle <= Duration::from_secs(usually), "{rule}, {trouble:?}: {raised:?}");
    assert!(worst <= Duration::from_secs(at_worst), "{rule}, {trouble:?}: {raised:?}");
    let (_, worst) = middle_and_worst(cleared.clone());
    assert!(worst <= Duration::from_secs(clear), "{rule}, {trouble:?}: over {cleared:?}");
}

#[test]
fn ten_percent_of_loss_is_usually_found_within_half_a_minute() {
    assert_within("packet-loss", &Trouble::Loss(100), [30, 90, 360]);
}

#[test]
fn five_percent_of_loss_is_found_within_four_minutes() {
    assert_within("packet-loss", &Trouble::Loss(50), [90, 240, 360]);
}

/// The socket of a session that begins after five minutes, goes silent after ten, and is given up
/// by the system after `given_up`; nothing before and after.
fn session(at: Duration, given_up: Duration) -> SessionLook {
    let silent = at.saturating_sub(BEGINS);
    let socket = SeenSocket {
        local: ([10, 0, 0, 5], 50_000).into(),
        state: SocketState::Established,
        // Each repetition waits twice as long as the one before it, from 0.2 s on.
        unanswered: (0..15)
            .take_while(|n| Duration::from_millis(200 << n) <= silent)
            .fold(0, |n, _| n + 1),
        heard_ago: silent,
        received: true,
    };
    let lives = at >= BEGINS / 2 && silent < given_up;
    let sockets = if lives { vec![socket] } else { Vec::new() };
    SessionLook { peer: ([10, 0, 1, 3], 3_389).into(), sockets }
}

/// Only the session is cut off, as by a firewall that forgot it: echo and new connections pass.
#[test]
fn a_session_that_drops_is_told_within_two_seconds_of_its_end() {
    for seed in 1..=5 {
        for given_up in [Duration::from_secs(9), Duration::from_secs(924)] {
            let mut world = World::new(seed, REAL, servers(4));
            let over = BEGINS + given_up;
            let mut told = None;
            // The looks of a second fall anywhere in it.
            let mut at = BEGINS / 2 + Duration::from_millis(150 * seed);
            while told.is_none() && at < over + Duration::from_mins(1) {
                world.run(at);
                let (now, look) = (world.now(), session(at, given_up));
                world.monitor.observe_sessions(TargetId(2), &look, now);
                for (id, tracked) in world.snapshot().targets.iter().enumerate() {
                    let found: Vec<&str> =
                        tracked.findings.iter().map(|found| found.rule.0).collect();
                    let expected = id == 2 && found == ["session-dropped"];
                    assert!(found.is_empty() || expected, "seed {seed} at {at:?}: {found:?}");
                    told = told.or(expected.then_some(at));
                }
                at += Duration::from_secs(1);
            }
            let told = told.unwrap_or_else(|| panic!("seed {seed}: not found"));
            let after = told.saturating_sub(over);
            assert!(told >= over && after <= Duration::from_secs(2), "{after:?}");
        }
    }
}

/// A Wi-Fi that hardly reaches this machine loses every eighth packet to everybody: one alert, this
/// machine's, as soon as the signal was weak for half a minute or the router lost enough.
#[test]
fn a_weak_wifi_is_told_within_ninety_seconds_and_is_over_within_two_minutes() {
    for seed in 1..=5 {
        let mut hosts: Vec<SimHost> = servers(4);
        for host in &mut hosts {
            host.add_trouble(BEGINS, ENDS, Trouble::Loss(125));
        }
        let mut world = World::new(seed, REAL, hosts);
        world.weak_wifi = Some(MonoTime::ZERO.plus(BEGINS)..MonoTime::ZERO.plus(ENDS));
        let (mut raised, mut over) = (None, None);
        let mut at = BEGINS;
        while at < ENDS + Duration::from_mins(10) {
            world.run(at);
            let snapshot = world.snapshot();
            let found: Vec<&str> =
                snapshot.monitor.findings.iter().map(|found| found.rule.0).collect();
            assert!(found.iter().all(|id| *id == "wifi-weak"), "seed {seed} at {at:?}: {found:?}");
            if found.is_empty() {
                over = over.or_else(|| (at >= ENDS).then(|| at.saturating_sub(ENDS)));
            } else {
                raised = raised.or(Some(at.saturating_sub(BEGINS)));
                over = None;
            }
            at += Duration::from_secs(1);
        }
        let told = world.lines().join("\n");
        assert!(raised.is_some_and(|raised| raised <= Duration::from_secs(90)), "{raised:?}");
        assert!(over.is_some_and(|over| over <= Duration::from_mins(2)), "{over:?}\n{told}");
        let others = world.fired().into_iter().filter(|event| event.1 != "wifi-weak").count();
        assert_eq!(others, 0, "seed {seed}:\n{told}");
    }
}
