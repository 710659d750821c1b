//! Faults on a live path, each watched from before it begins until it is over: it is told by its
//! name, nothing else is, and it ends.

use super::names::Named;
use super::{Case, NAME, Pair, good_xrdp};
use crate::firewall;
use crate::lab::{HOST, Lab, Net, OTHER, Wire};
use crate::process::Daemon;
use crate::scripted::{self, Udp};
use crate::watched::Watched;
use std::time::Duration;

pub(super) const CASES: &[Case] = &[
    Case::new("live::a_tenth_is_lost", &["nft"], a_tenth_is_lost),
    Case::new("live::slow_line", &["python3"], slow_line),
    Case::new("live::uneven_line", &["python3"], uneven_line),
    Case::new("live::pc_falls_asleep", &[], pc_falls_asleep),
    Case::new("live::resolver_dies", &["dnsmasq"], resolver_dies),
    Case::new("live::name_moves", &["dnsmasq", "xrdp"], name_moves),
    Case::new("live::large_packets_vanish", &["nft"], large_packets_vanish),
    Case::new("live::slow_service", &[], slow_service),
    Case::new("live::healthy", &["dnsmasq"], healthy),
];

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A target of the configuration.
fn target(name: &str, number: u8) -> String {
    format!("[[target]]\nname = '{name}'\nhost = '{}'\n", Net::Near.v4(number))
}

/// A host on a cable that can be slow, another beside it, and the dashboard over both.
struct Wired {
    watched: Watched,
    wire: Wire,
    _hosts: [Daemon; 2],
    _lab: Lab,
}

impl Wired {
    fn new() -> Self {
        let mut lab = Lab::new();
        let monitor = lab.monitor();
        let (host, wire) = lab.machine_on_a_wire("host", HOST);
        let other = lab.machine("other", OTHER);
        let hosts = [&host, &other].map(|machine| scripted::start(machine, Udp::Silent));
        let config = [target("wired", HOST), target("other", OTHER)].concat();
        let mut watched = Watched::start(&monitor, &config);
        watched.settle(2);
        Self { watched, wire, _hosts: hosts, _lab: lab }
    }

    /// The line is like this; it is told as `rule`, and is over once the line is good.
    fn suffers(self, delay: u32, jitter: u32, rule: &str) {
        self.wire.slow(delay, jitter);
        let fired = ("fired", rule, "wired");
        self.watched.wait(seconds(90), &[fired]);
        self.wire.slow(0, 0);
        self.watched.wait(seconds(120), &[fired, ("resolved", rule, "wired")]);
        self.watched.session.quit();
    }
}

/// 150 ms more, there and back together.
fn slow_line() {
    Wired::new().suffers(75, 0, "high-latency");
}

fn uneven_line() {
    Wired::new().suffers(0, 200, "high-jitter");
}

/// Every tenth request of one host is dropped. It is over a window of a minute later.
fn a_tenth_is_lost() {
    let mut lab = Lab::new();
    let monitor = lab.monitor();
    let (host, other) = (lab.host(), lab.machine("other", OTHER));
    let _hosts = [&host, &other].map(|machine| scripted::start(machine, Udp::Silent));
    let window = "[thresholds.packet-loss]\nwarning_window = '60s'\n";
    let config = [window.to_owned(), target("lossy", HOST), target("other", OTHER)].concat();
    let mut watched = Watched::start(&monitor, &config);
    watched.settle(2);
    // Each protocol has its own count, so that connections are disturbed as well.
    firewall::filter(
        &host,
        &[
            "icmp type echo-request numgen inc mod 10 == 9 drop",
            "tcp dport 3389 numgen inc mod 10 == 9 drop",
        ],
    );
    let fired = ("fired", "packet-loss", "lossy");
    watched.wait(seconds(45), &[fired]);
    firewall::open(&host);
    watched.wait(seconds(120), &[fired, ("resolved", "packet-loss", "lossy")]);
    watched.session.quit();
}

/// A PC falls asleep: the screen says so, and nobody is alarmed.
fn pc_falls_asleep() {
    let mut lab = Lab::new();
    let monitor = lab.monitor();
    let (host, other) = (lab.host(), lab.machine("other", OTHER));
    let _hosts = [&host, &other].map(|machine| scripted::start(machine, Udp::Silent));
    let pc = format!("{}mac = '{}'\n", target("pc", HOST), Net::Near.mac(HOST));
    let mut watched = Watched::start(&monitor, &[pc, target("other", OTHER)].concat());
    watched.settle(2);
    host.fall_asleep();
    watched.session.wait("a PC that sleeps", |screen| screen.contains("1 asleep"));
    host.wake_up(HOST);
    watched.session.wait("a PC that is back", |screen| screen.contains("2 ok"));
    assert_eq!(watched.told(), [], "{}", watched.session.text());
    watched.session.quit();
}

/// The dashboard over a host by its name, which should lead to it.
fn by_name(named: &mut Named) -> (Watched, [Daemon; 2]) {
    let (host, other) = (named.lab.host(), named.lab.machine("other", OTHER));
    let hosts = [&host, &other].map(|machine| scripted::start(machine, Udp::Silent));
    let config = format!(
        "[[target]]\nname = 'named'\nhost = '{NAME}'\nexpect = ['{}']\n[cadence]\nresolve = '5s'\n",
        Net::Near.v4(HOST)
    );
    let mut watched = Watched::start(&named.monitor, &config);
    watched.settle(1);
    (watched, hosts)
}

/// The only DNS server dies for a while; the host goes on, and is reached by its known address.
fn resolver_dies() {
    let mut named = Named::leading_to(HOST);
    let (watched, _hosts) = by_name(&mut named);
    firewall::filter(&named.server, &["udp dport 53 drop", "tcp dport 53 drop"]);
    // The screen knows before the alert is told: a server that came back in between tells nothing.
    watched.session.wait("a name that leads nowhere", |screen| {
        screen.contains("1 critical") && !watched.told().is_empty()
    });
    firewall::open(&named.server);
    watched.session.wait("the end of it", |screen| screen.contains("1 ok"));
    watched.session.wait("the end of its alert", |_| {
        let told = watched.told();
        let count = |event: &str| told.iter().filter(|told| told.0 == event).count();
        count("fired") > 0 && count("fired") == count("resolved")
    });
    // By the address it goes on: once that was tried, the second takes the place of the first.
    let names = ["dns-failure", "name-path-broken"];
    let told = watched.told();
    assert!(told.iter().all(|told| names.contains(&told.1.as_str())), "{told:?}");
    watched.session.quit();
}

/// A machine with a certificate of its own.
const STRANGER: u8 = 23;

/// The name leads to another machine for a while.
fn name_moves() {
    let mut named = Named::leading_to(HOST);
    let stranger = named.lab.machine("stranger", STRANGER);
    let _xrdp = good_xrdp(&stranger, "STRANGER");
    let (watched, _hosts) = by_name(&mut named);
    let record = |number| format!("{NAME},{}", Net::Near.v4(number));
    named.change(&[&record(STRANGER)]);
    let fired = ("fired", "dns-mismatch", "named");
    watched.wait(seconds(60), &[fired]);
    named.change(&[&record(HOST)]);
    watched.wait(seconds(60), &[fired, ("resolved", "dns-mismatch", "named")]);
    watched.session.quit();
}

/// A router lets no packet above 1300 bytes through and says nothing of it.
fn large_packets_vanish() {
    let mut lab = Lab::new();
    let monitor = lab.monitor();
    let router = lab.router(&monitor);
    let host = lab.far_machine("host", HOST);
    let _host = scripted::start(&host, Udp::Silent);
    let config = format!("[[target]]\nname = 'far'\nhost = '{}'\n", Net::Far.v4(HOST));
    let mut watched = Watched::start(&monitor, &config);
    watched.settle(1);
    firewall::filter(&router, &["meta length > 1300 drop"]);
    let fired = ("fired", "mtu-black-hole", "far");
    watched.measure_until(&[fired]);
    firewall::open(&router);
    watched.measure_until(&[fired, ("resolved", "mtu-black-hole", "far")]);
    watched.session.quit();
}

/// Environment variable: how many minutes nothing happens in [`healthy`], for a longer look by hand.
const MINUTES: &str = "RDPWATCH_HEALTHY_MINUTES";

/// Sound hosts, by name and by address: nobody is told of anything.
fn healthy() {
    let minutes = std::env::var(MINUTES).ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let mut named = Named::leading_to(HOST);
    let (host, other) = (named.lab.host(), named.lab.machine("other", OTHER));
    let _hosts = [&host, &other].map(|machine| scripted::start(machine, Udp::Silent));
    let config = format!(
        "[[target]]\nname = 'named'\nhost = '{NAME}'\nexpect = ['{}']\n{}",
        Net::Near.v4(HOST),
        target("other", OTHER)
    );
    let mut watched = Watched::start(&named.monitor, &config);
    watched.settle(2);
    for _ in 0..minutes * 60 {
        pause(seconds(1));
        assert_eq!(watched.told(), [], "{}", watched.session.text());
    }
    watched.session.wait("hosts that are still sound", |screen| screen.contains("2 ok"));
    watched.session.quit();
}

/// The service answers late, the network does not: its process gets a turn every two seconds.
fn slow_service() {
    let pair = Pair::new();
    let host = scripted::start(&pair.host, Udp::Silent);
    let mut watched = Watched::start(&pair.monitor, &target("slow", HOST));
    watched.settle(1);
    let fired = ("fired", "rdp-slow", "slow");
    let mut turns = 0..60;
    crate::wait::until("an alert", seconds(120), || {
        host.stop();
        pause(Duration::from_millis(1_900));
        host.go_on();
        pause(Duration::from_millis(60));
        (turns.next().is_none() || !watched.told().is_empty()).then_some(())
    });
    watched.wait(seconds(1), &[fired]);
    watched.wait(seconds(180), &[fired, ("resolved", "rdp-slow", "slow")]);
    watched.session.quit();
}

#[expect(
    clippy::disallowed_methods,
    reason = "a service is kept waiting, or nothing happens, for so long"
)]
fn pause(length: Duration) {
    std::thread::sleep(length);
}
