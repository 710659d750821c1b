//! Whole nights in virtual time: what 400 hosts come to when nothing is wrong, and what each
//! fault comes to in the same world.
//!
//! The real [`Monitor`](rdpwatch::monitor::Monitor) and the real
//! [`Schedule`](rdpwatch::schedule::Schedule) are driven as the program drives them.

mod world;

use rdpwatch::domain::local::EchoAccess;
use rdpwatch::domain::sample::{NlaOutcome, ProbeKind};
use rdpwatch::domain::snapshot::TargetState;
use rdpwatch::domain::target::{Expected, TargetKind};
use rdpwatch::domain::time::MonoTime;
use std::net::IpAddr;
use std::ops::Range;
use std::time::Duration;
use world::fleet::{NIGHT, company, laptop, servers};
use world::host::{SimHost, Trouble, certificate};
use world::{COARSE, Grain, MIDNIGHT, REAL, World};

const fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn span(from: Duration, until: Duration) -> Range<MonoTime> {
    MonoTime::ZERO.plus(from)..MonoTime::ZERO.plus(until)
}

// ---------------------------------------------------------------- nothing is wrong

/// Plays a night in which nothing is wrong and asserts that nobody is told anything.
fn quiet_night(seed: u64, grain: Grain) -> World {
    let mut world = World::new(seed, grain, company(seed));
    // The machine is busy for three seconds, once.
    world.stalls.push(span(minutes(100), minutes(100) + seconds(3)));
    world.run(minutes(120));
    let early = world.holds();
    world.run(NIGHT);
    assert_eq!(world.lines(), Vec::<String>::new(), "seed {seed}");
    // What is kept exactly is full after two hours; all that comes later is folded.
    let late = world.holds();
    assert!(late < 8_000_000, "{late}");
    assert!(grain.is_coarse() || late < early * 5 / 4, "{early} became {late}");

    let now = world.now();
    let snapshot = world.snapshot();
    let mut wrong = Vec::new();
    for (host, target) in world.hosts.iter().zip(&snapshot.targets) {
        let asleep = host.is_silent(now.mono);
        let expected = if asleep { TargetState::Asleep } else { TargetState::Ok };
        let found: Vec<&str> = target
            .findings
            .iter()
            .filter(|finding| !finding.as_found)
            .map(|finding| finding.rule.0)
            .filter(|rule| !matches!(*rule, "host-asleep" | "mac-unknown" | "certificate-changed"))
            .collect();
        // What was there on first sight is listed, in its colour, until it is accepted.
        let reviewed = target.findings.iter().any(|finding| finding.as_found);
        if !found.is_empty() || target.state != expected && !reviewed {
            wrong.push(format!("{}: {:?}, {found:?}", host.target.name, target.state));
        }
    }
    assert!(wrong.is_empty(), "seed {seed}: {}", wrong.join("\n"));
    assert!(!snapshot.alerts.as_found.is_empty(), "some were found with something to review");
    world
}

#[test]
fn a_quiet_night_wakes_nobody() {
    let world = quiet_night(1, COARSE);
    assert!(world.sent.values().sum::<u64>() > 150_000, "{:?}", world.sent);
}

#[test]
fn half_an_hour_at_full_cadence_wakes_nobody() {
    let hosts = company(4).into_iter().step_by(9).collect();
    let mut world = World::new(4, REAL, hosts);
    world.run(minutes(30));
    assert_eq!(world.lines(), Vec::<String>::new());
}

#[test]
#[ignore = "minutes in a build that is not optimised"]
fn quiet_nights_at_full_cadence_wake_nobody() {
    for seed in 1..=3 {
        let world = quiet_night(seed, REAL);
        assert!(world.sent.values().sum::<u64>() > 7_000_000, "{:?}", world.sent);
    }
}

// ---------------------------------------------------------------- one thing is wrong

/// Six healthy servers and two laptops, of which one sleeps, and then what `change` makes of them.
fn small(change: impl Fn(&mut [SimHost])) -> Vec<SimHost> {
    let mut hosts = servers(6);
    hosts.push(laptop(1));
    hosts.push(laptop(2).trouble(Duration::ZERO, NIGHT, Trouble::Silent));
    change(&mut hosts);
    hosts
}

/// Plays one world for several seeds.
fn play(end: Duration, hosts: impl Fn() -> Vec<SimHost>, check: impl Fn(&World)) {
    for seed in 1..=3 {
        let mut world = World::new(seed, REAL, hosts());
        world.run(end);
        check(&world);
    }
}

/// Asserts that exactly this was told: whose, which rule, how bad, and the span it came in.
fn told(
    events: &[(String, &'static str, &'static str, Duration)],
    wanted: &[(&str, &str, &str, Range<Duration>)],
    world: &World,
) {
    let is = events.len() == wanted.len()
        && events.iter().zip(wanted).all(|(event, (name, rule, severity, within))| {
            (event.0.as_str(), event.1, event.2) == (*name, *rule, *severity)
                && within.contains(&event.3)
        });
    assert!(is, "wanted {wanted:?}, told:\n{}", world.lines().join("\n"));
}

#[test]
fn a_dead_server_is_one_alert_that_ends_when_it_is_back() {
    let dead = |hosts: &mut [SimHost]| {
        hosts[2].add_trouble(minutes(10), minutes(25), Trouble::Silent);
    };
    play(
        minutes(30),
        || small(dead),
        |world| {
            // A connection a minute when quiet, then three of four, five seconds of silence each.
            let within = minutes(10)..minutes(10) + seconds(100);
            told(&world.fired(), &[("server-3", "host-unreachable", "critical", within)], world);
            let within = minutes(26)..minutes(28) + seconds(30);
            told(&world.resolved(), &[("server-3", "host-unreachable", "critical", within)], world);
        },
    );
}

/// A VPN begins to swallow large packets: the next measurement sees it, and another one at once.
#[test]
fn a_path_that_swallows_large_packets_is_one_alert() {
    let holed = |hosts: &mut [SimHost]| {
        // Its path carries 1500 bytes, and its pings are answered.
        hosts[2].target.cadence.path_mtu = minutes(5);
        hosts[2].add_trouble(minutes(10), minutes(40), Trouble::Swallows(1_280, 1_380));
    };
    play(
        minutes(50),
        || small(holed),
        |world| {
            let within = minutes(10)..minutes(17);
            told(&world.fired(), &[("server-3", "mtu-black-hole", "critical", within)], world);
            let within = minutes(40)..minutes(47);
            told(&world.resolved(), &[("server-3", "mtu-black-hole", "critical", within)], world);
        },
    );
}

#[test]
fn a_laptop_that_should_always_be_up_is_a_warning() {
    let silent = |hosts: &mut [SimHost]| {
        hosts[6].target.expected = Expected::Always;
        hosts[6].add_trouble(minutes(10), NIGHT, Trouble::Silent);
    };
    play(
        minutes(20),
        || small(silent),
        |world| {
            let within = minutes(10)..minutes(13);
            told(&world.fired(), &[("laptop-1", "host-asleep", "warning", within)], world);
            assert_eq!(world.resolved(), []);
        },
    );
}

#[test]
fn a_port_that_closes_is_told_once() {
    let closed = |hosts: &mut [SimHost]| {
        hosts[4].add_trouble(minutes(10), minutes(25), Trouble::PortClosed);
    };
    play(
        minutes(30),
        || small(closed),
        |world| {
            let within = minutes(10)..minutes(11) + seconds(20);
            told(&world.fired(), &[("server-5", "port-closed", "critical", within)], world);
            let within = minutes(26)..minutes(28);
            told(&world.resolved(), &[("server-5", "port-closed", "critical", within)], world);
        },
    );
}

#[test]
fn a_port_that_flaps_is_not_told_again_and_again() {
    let flaps = |hosts: &mut [SimHost]| {
        for turn in 0..10 {
            let from = minutes(10) + seconds(50 * turn);
            hosts[4].add_trouble(from, from + seconds(25), Trouble::PortClosed);
        }
    };
    play(
        minutes(30),
        || small(flaps),
        |world| {
            let fired = world.fired();
            let ports = fired.iter().filter(|event| event.1 == "port-closed").count();
            let flapping = fired.iter().filter(|event| event.1 == "connection-flapping").count();
            assert_eq!(fired.len(), ports + flapping, "{:#?}", world.lines());
            assert!(ports <= 1 && flapping <= 1 && !fired.is_empty(), "{:#?}", world.lines());
            assert_eq!(world.resolved().len(), fired.len(), "{:#?}", world.lines());
        },
    );
}

#[test]
fn a_short_blackout_of_one_server_is_told_as_what_a_session_would_have_made_of_it() {
    let dark = |hosts: &mut [SimHost]| {
        hosts[2].add_trouble(minutes(10), minutes(10) + seconds(13), Trouble::Silent);
    };
    play(
        minutes(20),
        || small(dark),
        |world| {
            // The next connection comes within a minute or so, and a warning waits for half of one.
            let within = minutes(10) + seconds(12)..minutes(12);
            let drop = "session-would-drop";
            told(&world.fired(), &[("server-3", drop, "warning", within)], world);
            let within = minutes(15)..minutes(17);
            told(&world.resolved(), &[("server-3", drop, "warning", within)], world);
        },
    );
}

#[test]
fn five_percent_of_loss_is_told_once() {
    let lossy = |hosts: &mut [SimHost]| {
        hosts[0].add_trouble(minutes(10), minutes(15), Trouble::Loss(50));
    };
    play(
        minutes(25),
        || small(lossy),
        |world| {
            let within = minutes(10)..minutes(15);
            told(&world.fired(), &[("server-1", "packet-loss", "warning", within)], world);
            let within = minutes(15)..minutes(23);
            told(&world.resolved(), &[("server-1", "packet-loss", "warning", within)], world);
        },
    );
}

#[test]
fn a_certificate_that_expires_at_three_is_told_then() {
    let three = minutes(180);
    let expires = |hosts: &mut [SimHost]| {
        hosts[1].certificate =
            certificate("SERVER-2", 2, true, MIDNIGHT, MIDNIGHT.plus(minutes(180)));
    };
    let mut world = World::new(1, REAL, small(expires));
    world.run(three + minutes(20));
    let within = three..three + seconds(45);
    told(&world.fired(), &[("server-2", "certificate-expired", "warning", within)], &world);
}

#[test]
fn a_name_that_flips_to_another_machine_is_told_as_that() {
    for (answers, expect) in [(true, true), (false, true), (true, false)] {
        let elsewhere = IpAddr::from([10, 99, 0, 9]);
        let flips = |hosts: &mut [SimHost]| {
            let host = &mut hosts[3];
            if expect {
                host.target.expect.push(host.address);
            }
            host.add_trouble(minutes(10), minutes(30), Trouble::Elsewhere(elsewhere, answers));
        };
        play(
            minutes(40),
            || small(flips),
            |world| {
                // Where nothing says where it should be, the machine is known by its name.
                let wanted = if expect {
                    ("server-4", "dns-mismatch", "critical")
                } else {
                    ("server-4", "identity-mismatch", "warning")
                };
                let (name, rule, severity) = wanted;
                let within = minutes(10)..minutes(13);
                told(&world.fired(), &[(name, rule, severity, within)], world);
                let within = minutes(30)..minutes(33);
                told(&world.resolved(), &[(name, rule, severity, within)], world);
            },
        );
    }
}

#[test]
fn a_host_that_begins_to_close_after_tls_is_told_once_two_answers_agree() {
    let closes = |hosts: &mut [SimHost]| {
        hosts[2].target.cadence.nla = minutes(5);
        hosts[2].add_trouble(minutes(10), minutes(50), Trouble::Nla(NlaOutcome::Closed));
    };
    play(
        minutes(70),
        || small(closes),
        |world| {
            // The next turn of CredSSP, and the connection after it.
            let within = minutes(10)..minutes(17);
            let dropped = "connection-dropped";
            told(&world.fired(), &[("server-3", dropped, "critical", within)], world);
            let within = minutes(50)..minutes(57);
            told(&world.resolved(), &[("server-3", dropped, "critical", within)], world);
        },
    );
}

#[test]
fn a_host_that_loses_its_update_is_told_by_the_next_answer() {
    let outdated = |hosts: &mut [SimHost]| {
        hosts[1].target.cadence.nla = minutes(5);
        hosts[1].add_trouble(minutes(10), NIGHT, Trouble::CredSsp(4));
    };
    play(
        minutes(20),
        || small(outdated),
        |world| {
            let within = minutes(10)..minutes(17);
            told(&world.fired(), &[("server-2", "credssp-outdated", "critical", within)], world);
        },
    );
}

#[test]
fn a_clock_that_is_wrong_is_told_and_its_owner_is_right() {
    let ahead = |hosts: &mut [SimHost]| {
        hosts[5].add_trouble(Duration::ZERO, NIGHT, Trouble::Clock(180_000));
        hosts[4].add_trouble(Duration::ZERO, NIGHT, Trouble::Clock(-600_000));
    };
    play(
        minutes(20),
        || small(ahead),
        |world| {
            // The warning was there on first sight: it is listed and not told.
            let within = Duration::ZERO..minutes(5);
            told(&world.fired(), &[("server-5", "clock-skew", "critical", within)], world);
        },
    );
}

// ---------------------------------------------------------------- this machine is the cause

#[test]
fn a_wrong_clock_of_this_machine_is_not_the_hosts_fault() {
    let often = |hosts: &mut [SimHost]| {
        for host in hosts {
            host.target.cadence.nla = minutes(3);
        }
    };
    for by in [-600_000, 86_400_000] {
        for seed in 1..=3 {
            let mut world = World::new(seed, REAL, small(often));
            world.clock_set.push((MonoTime::ZERO.plus(minutes(10)), by));
            world.clock_set.push((MonoTime::ZERO.plus(minutes(30)), -by));
            world.run(minutes(60));
            let within = minutes(10)..minutes(20);
            told(&world.fired(), &[("monitor", "clock-skew", "critical", within)], &world);
            let within = minutes(30)..minutes(40);
            told(&world.resolved(), &[("monitor", "clock-skew", "critical", within)], &world);
        }
    }
}

#[test]
fn an_offline_monitor_blames_nobody() {
    for seed in 1..=3 {
        let mut world = World::new(seed, REAL, small(|_| {}));
        world.cuts.push(span(minutes(10), minutes(20)));
        world.run(minutes(15));
        for (id, tracked) in world.monitor.targets().filter(|(id, _)| id.0 < 6) {
            let since = MonoTime::ZERO.plus(minutes(10));
            let lost = tracked.echo().points().filter(|point| point.is_loss());
            let lost = lost.filter(|point| point.at.mono >= since).count();
            assert_eq!(lost, 0, "seed {seed}, {id:?}: what this machine lost is nobody's loss");
        }
        world.run(minutes(40));
        let within = minutes(10)..minutes(10) + seconds(20);
        told(&world.fired(), &[("monitor", "monitor-offline", "critical", within)], &world);
        let within = minutes(20)..minutes(21) + seconds(20);
        told(&world.resolved(), &[("monitor", "monitor-offline", "critical", within)], &world);
        for (_, tracked) in world.monitor.targets().filter(|(id, _)| id.0 < 6) {
            let stats = tracked.echo().total();
            assert!(stats.lost < 15, "seed {seed}: {stats:?}");
        }
    }
}

#[test]
fn a_monitor_that_was_suspended_for_an_hour_tells_nothing() {
    for seed in 1..=3 {
        let mut world = World::new(seed, REAL, small(|_| {}));
        world.stalls.push(span(minutes(10), minutes(70)));
        world.run(minutes(90));
        assert_eq!(world.lines(), Vec::<String>::new(), "seed {seed}");
        for (_, tracked) in world.monitor.targets().filter(|(id, _)| id.0 < 6) {
            let stats = tracked.echo().total();
            assert!(stats.lost < 15 && stats.sent < 2_400, "{stats:?}");
        }
    }
}

#[test]
fn a_wall_clock_that_jumps_a_day_changes_no_measurement() {
    const DAY: i64 = 86_400_000;
    for by in [DAY, -DAY] {
        let hosts = small(|hosts| {
            let soon = MIDNIGHT.plus(Duration::from_hours(12));
            let before = MIDNIGHT.minus(Duration::from_hours(24 * 100));
            hosts[1].certificate = certificate("SERVER-2", 2, true, before, soon);
        });
        let mut world = World::new(1, REAL, hosts);
        world.clock_set.push((MonoTime::ZERO.plus(minutes(10)), by));
        world.clock_set.push((MonoTime::ZERO.plus(minutes(20)), -by));
        world.run(minutes(40));
        // Until a host has told the time, no date is held against such a clock.
        assert_eq!(world.lines(), Vec::<String>::new());
    }
}

// ---------------------------------------------------------------- other ways to look

#[test]
fn without_icmp_a_night_is_as_quiet_and_a_dead_server_is_still_found() {
    for seed in 1..=3 {
        let hosts = small(|hosts| {
            hosts[2].add_trouble(minutes(60), minutes(80), Trouble::Silent);
            hosts[6].add_trouble(minutes(30), minutes(90), Trouble::Silent);
        });
        let mut world = World::with_echo(EchoAccess::Denied, seed, REAL, hosts);
        world.stalls.push(span(minutes(20), minutes(20) + seconds(3)));
        world.run(minutes(120));
        let within = minutes(60)..minutes(60) + seconds(60);
        told(&world.fired(), &[("server-3", "host-unreachable", "critical", within)], &world);
    }
}

#[test]
fn a_name_with_another_address_each_time_alerts_nobody() {
    let addresses: Vec<IpAddr> = (21..24).map(|last| IpAddr::from([10, 12, 0, last])).collect();
    let robin = |hosts: &mut [SimHost]| {
        hosts[0].target.kind = TargetKind::Farm;
        hosts[0].add_trouble(Duration::ZERO, NIGHT, Trouble::RoundRobin(addresses.clone()));
    };
    play(minutes(60), || small(robin), |world| told(&world.fired(), &[], world));
}

/// The budget of a quiet host: a connection a minute, and one in half an hour goes on to the
/// certificate.
#[test]
fn healthy_hosts_are_probed_politely() {
    let mut world = World::new(1, REAL, servers(6));
    world.run(Duration::from_hours(1));
    let count = |kind| world.sent.get(&kind).copied().unwrap_or(0);
    let deep = count(ProbeKind::Tls);
    assert!(deep <= 6 * 3, "{deep} certificates read in an hour");
    let connections = count(ProbeKind::Negotiate);
    assert!(connections <= 6 * 62, "{connections} connections in an hour");
}
