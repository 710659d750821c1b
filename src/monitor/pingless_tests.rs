//! What the connections of a host that answers no ping say of the way to it.

use super::*;
use crate::domain::diagnose::fixture::{at, handshake, ms, stopped_at_tcp};
use crate::domain::local::Interface;
use crate::domain::sample::{ConnectOutcome, Observation, TlsOutcome};
use crate::domain::target::Host;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::time::Duration;

const ACCESS: Access =
    Access { echo_v4: EchoAccess::Denied, echo_v6: EchoAccess::Denied, neighbours: true };
const HOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 7));
const ID: TargetId = TargetId(1);
/// What a line that loses or is slow would be told as.
const OF_THE_LINE: [&str; 3] = ["packet-loss", "high-latency", "high-jitter"];

/// How a connection fares.
#[derive(Debug, Clone, Copy)]
enum Fares {
    Opens(u64),
    /// `untimed`: by a system that asks again where it is refused.
    Refused {
        took: u64,
        untimed: bool,
    },
    Unanswered,
}

/// One host, asked so often.
fn watched(every: Duration) -> Monitor {
    let interface = Interface::up(2, "eth0", vec![([10, 0, 0, 5].into(), 24)]);
    let local = LocalState { interfaces: vec![interface], ..LocalState::default() };
    let mut monitor = Monitor::new(ACCESS, local, AlertSettings::default(), at(0));
    let mut target = Target::new(ID, "pc", Host::Address(HOST, None));
    target.cadence.echo_tcp = every;
    target.cadence.negotiate = target.cadence.negotiate.max(every);
    monitor.add(target, TargetMemory::default(), at(0));
    monitor
}

/// Its connections with these numbers, and everything that is found meanwhile, told or not.
fn connects(
    monitor: &mut Monitor,
    every: u64,
    numbers: Range<u64>,
    fares: impl Fn(u64) -> Fares,
) -> BTreeSet<&'static str> {
    let mut found = BTreeSet::new();
    for seq in numbers {
        let (mut attempt, took) = match fares(seq) {
            Fares::Opens(took) => (handshake(TlsOutcome::Ok), took),
            Fares::Refused { took, .. } => (stopped_at_tcp(ConnectOutcome::Refused), took),
            Fares::Unanswered => (stopped_at_tcp(ConnectOutcome::Timeout), 3_000),
        };
        attempt.connect.address = SocketAddr::new(HOST, 3_389);
        attempt.connect.elapsed = ms(took);
        attempt.connect.untimed = matches!(fares(seq), Fares::Refused { untimed: true, .. });
        let sent_at = at(seq * every);
        let ended_at = sent_at.mono.plus(ms(took));
        let observation = Observation::Attempt(Box::new(attempt));
        let sample = Sample { target: ID, seq, sent_at, ended_at, observation };
        monitor.observe(&sample, at(seq * every + 4));
        for secs in (4..every).step_by(11) {
            let now = at(seq * every + secs);
            monitor.tick(now);
            found.extend(stands(monitor, now));
        }
    }
    found
}

fn stands(monitor: &Monitor, now: Now) -> BTreeSet<&'static str> {
    let diagnosed = monitor.targets[&ID].diagnosed(&monitor.around, now);
    let told = diagnosed.findings.iter().map(|finding| finding.rule);
    told.chain(diagnosed.withheld).map(|rule| rule.0).collect()
}

fn of_the_line(found: &BTreeSet<&'static str>) -> Vec<&'static str> {
    found.iter().copied().filter(|rule| OF_THE_LINE.contains(rule)).collect()
}

/// Windows sends a SYN that is refused twice more, half a second apart: that was taken for delay.
#[test]
fn a_port_that_refuses_after_two_seconds_of_asking_again_is_no_slow_line() {
    let refuses = |untimed| {
        let mut monitor = watched(Duration::from_secs(15));
        assert_eq!(connects(&mut monitor, 15, 1..41, |_| Fares::Opens(20)), BTreeSet::new());
        connects(&mut monitor, 15, 41..101, |_| Fares::Refused { took: 2_030, untimed })
    };
    let found = refuses(true);
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["port-closed"]);
    let measured = refuses(false);
    assert!(of_the_line(&measured).contains(&"high-latency"), "{measured:?}");
}

/// Half of what it asks again takes one second: that was taken for a SYN that was lost.
#[test]
fn a_port_that_refuses_now_and_then_after_a_second_of_asking_again_loses_nothing() {
    let refuses = |untimed| {
        let mut monitor = watched(Duration::from_secs(15));
        let fares = |seq: u64| match seq % 6 {
            0 => Fares::Refused { took: 1_015, untimed },
            _ => Fares::Opens(20),
        };
        connects(&mut monitor, 15, 1..101, fares)
    };
    assert_eq!(of_the_line(&refuses(true)), [""; 0]);
    assert_eq!(of_the_line(&refuses(false)), ["packet-loss"]);
}

/// Who refuses is there, however long that took.
#[test]
fn a_port_that_refuses_after_asking_again_ends_a_silence_as_any_answer() {
    let mut monitor = watched(Duration::from_secs(15));
    connects(&mut monitor, 15, 1..20, |_| Fares::Opens(20));
    let silent = connects(&mut monitor, 15, 20..40, |_| Fares::Unanswered);
    assert!(silent.contains("host-unreachable"), "{silent:?}");
    let refused = |_| Fares::Refused { took: 2_030, untimed: true };
    connects(&mut monitor, 15, 40..60, refused);
    let now = at(59 * 15 + 4);
    assert_eq!(stands(&monitor, now).into_iter().collect::<Vec<_>>(), ["port-closed"]);
    let echo = monitor.targets[&ID].echo();
    assert_eq!(echo.trailing_losses().0, 0);
    assert_eq!(echo.last_answered(), Some(at(59 * 15)));
    let lately = echo.window(now.mono, Duration::from_mins(1));
    assert_eq!((lately.sent, lately.received, lately.lost), (4, 4, 0));
    assert_eq!((lately.last, lately.median, lately.mean, lately.jitter), (None, None, None, None));
}

/// That a SYN was sent again is known with the next answer, a minute later: the loss was not of this
/// moment any more by then, and never told.
#[test]
fn loss_of_a_host_that_is_asked_once_a_minute_is_found_and_over() {
    let mut monitor = watched(Duration::from_mins(1));
    let late = |seq: u64| Fares::Opens(if seq.is_multiple_of(6) { 1_015 } else { 20 });
    assert_eq!(connects(&mut monitor, 60, 1..30, |_| Fares::Opens(20)), BTreeSet::new());
    let found = connects(&mut monitor, 60, 30..150, late);
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["packet-loss"]);
    assert!(stands(&monitor, at(149 * 60 + 50)).contains("packet-loss"));
    connects(&mut monitor, 60, 150..300, |_| Fares::Opens(20));
    assert_eq!(stands(&monitor, at(299 * 60 + 50)), BTreeSet::new());
}
