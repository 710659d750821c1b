//! The same behaviour of both echo engines, and where one of them is excused from a rule.

use super::{Case, Pair};
use crate::echoer::{Answer, Echoer, Plan, Rights};
use crate::lab::{HOST, Lab, MONITOR, Machine, Net, OTHER, ROUTER};
use crate::process::{READY, run};
use crate::{capture, firewall, flood, wait};
use nix::sys::signal::Signal;
use rdpwatch::domain::local::EchoKind::{self, Batched, Surge};
use std::collections::HashMap;
use std::time::Duration;

pub(super) const CASES: &[Case] = &[
    Case::new("engine::batched::loss", &["nft"], || loss(Batched)),
    Case::new("engine::surge::loss", &["nft"], || loss(Surge)),
    Case::new("engine::batched::delay", WIRED, || delay(Batched)),
    Case::new("engine::surge::delay", WIRED, || delay(Surge)),
    Case::new("engine::batched::order", &["python3"], || order(Batched)),
    Case::new("engine::surge::order", &["python3"], || order(Surge)),
    Case::new("engine::batched::refusals", &["nft", "setpriv"], || refusals(Batched)),
    Case::new("engine::surge::refusals", &["nft", "setpriv"], || refusals(Surge)),
    Case::new("engine::batched::ways", &[], || ways(Batched)),
    Case::new("engine::surge::ways", &[], || ways(Surge)),
    Case::new("engine::batched::flood", &[], || flooded(Batched)),
    Case::new("engine::surge::flood", &[], || flooded(Surge)),
    Case::new("engine::batched::rights", &["setpriv"], || rights(Batched)),
    Case::new("engine::surge::rights", &["setpriv"], || rights(Surge)),
    Case::new("engine::batched::many", &[], || many(Batched)),
    Case::new("engine::surge::many", &[], || many(Surge)),
    Case::new("engine::batched::stall", &[], || stall(Batched)),
    Case::new("engine::surge::stall", &[], || stall(Surge)),
    Case::new("engine::batched::full_queue", &["tc"], || full_queue(Batched)),
    Case::new("engine::surge::full_queue", &["tc"], || full_queue(Surge)),
    Case::new("engine::batched::overflow", &["python3"], || overflow(Batched)),
    Case::new("engine::surge::overflow", &["python3"], || overflow(Surge)),
];

const WIRED: &[&str] = &["python3", "tcpdump", "tshark"];

/// A rule that an engine may be excused from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    RoundTripsAreTrue,
    DuplicatesAreCounted,
    OvertakersAreCounted,
    ErrorsWithoutPrivilege,
    HopLimitsAreSeen,
    FloodsOfOthersAreHarmless,
    StallsLoseNothing,
    SeventyThousandTargets,
    FullQueuesLoseNothing,
    OverflowsLoseNothing,
}

/// What surge-ping 0.9 cannot do, and why. The batched engine is excused from nothing.
const EXCUSED: &[(Rule, &str)] = &[
    (
        Rule::RoundTripsAreTrue,
        "it reads its clock in the program: a busy machine is in the round trip",
    ),
    (Rule::DuplicatesAreCounted, "the second reply finds no request and vanishes in the library"),
    (Rule::OvertakersAreCounted, "each reply wakes a task of its own; the order is not kept"),
    (
        Rule::ErrorsWithoutPrivilege,
        "it reads no error queue: over datagram sockets they are losses",
    ),
    (Rule::HopLimitsAreSeen, "it reads no control messages: over datagram sockets there is none"),
    (
        Rule::FloodsOfOthersAreHarmless,
        "its raw socket has no filter: others' replies fill the buffer",
    ),
    (Rule::StallsLoseNothing, "a timer may fire before the reply that waits is read"),
    (
        Rule::SeventyThousandTargets,
        "a task and two system calls each: 5 000 are asked in its place",
    ),
    (
        Rule::FullQueuesLoseNothing,
        "the kernel tells only who asked for errors that its queue was full",
    ),
    (Rule::OverflowsLoseNothing, "it does not ask what its socket dropped"),
];

fn excused(kind: EchoKind, rule: Rule) -> bool {
    kind == Surge && EXCUSED.iter().any(|(excused, _)| *excused == rule)
}

const CLOSED: &str = "1 0";
const OPEN: &str = "0 2147483647";
const RANGE: &str = "net/ipv4/ping_group_range";

/// A host with many addresses, all of 10.96.0.0/12, which the monitor reaches over the switch.
fn host_of_many() -> Pair {
    let pair = Pair::new();
    pair.host.ip(&["route add local 10.96.0.0/12 dev lo"]);
    pair.monitor.ip(&[&format!("route add 10.96.0.0/12 via {}", Net::Near.v4(HOST))]);
    pair
}

/// The engine on this machine as root, over raw sockets.
fn raw(machine: &Machine, kind: EchoKind) -> Echoer {
    machine.set(RANGE, CLOSED);
    let echoer = Echoer::start(machine, kind, Rights::Root);
    assert_eq!(echoer.access, ("raw".to_owned(), "raw".to_owned()));
    echoer
}

/// The engine on this machine as nobody, over datagram sockets.
fn datagram(machine: &Machine, kind: EchoKind) -> Echoer {
    machine.set(RANGE, OPEN);
    let echoer = Echoer::start(machine, kind, Rights::None);
    assert_eq!(echoer.access, ("datagram".to_owned(), "datagram".to_owned()));
    echoer
}

/// A fifth is dropped by lot: exactly what was dropped is lost.
fn loss(kind: EchoKind) {
    let pair = host_of_many();
    let rule = "icmp type echo-request numgen random mod 5 < 1 counter drop";
    firewall::filter(&pair.host, &[rule]);
    let mut plan = Plan::to_range([10, 99, 0, 1], 250, 8, 100);
    plan.deadline = 1_000;
    let answer = raw(&pair.monitor, kind).ask(&plan);
    let table = run(pair.host.command("nft").args(["list", "table", "inet", "lab"]));
    let counted = table.split("counter packets ").nth(1).unwrap();
    let dropped: usize = counted.split(' ').next().unwrap().parse().unwrap();
    // Five standard deviations of 2 000 draws.
    assert!((310..=490).contains(&dropped), "{dropped}");
    assert_eq!((answer.count("lost"), answer.count("reply")), (dropped, 2_000 - dropped));
    assert_eq!(answer.rows.len(), 2_000);
}

/// A cable of 15 ms each way: every round trip is what tcpdump saw of it, within a millisecond.
fn delay(kind: EchoKind) {
    const PROBES: usize = 100;
    let mut lab = Lab::new();
    let monitor = lab.monitor();
    let (_host, wire) = lab.machine_on_a_wire("host", HOST);
    wire.slow(15, 0);
    let mut echoer = raw(&monitor, kind);
    let host = Net::Near.v4(HOST);
    // The neighbour is found first.
    echoer.ask(&Plan::to(&[&host], 1, 1)).all(1, "reply");
    let capture = capture::start(&monitor, "icmp");
    let answer = echoer.ask(&Plan::to(&[&host], PROBES.try_into().unwrap(), 20));
    answer.all(PROBES, "reply");
    let seen = wait::until("all packets", READY, || {
        let fields = ["icmp.type", "icmp.seq", "frame.time_epoch"];
        let seen = capture.fields("icmp", &fields);
        (seen.len() == 2 * PROBES).then_some(seen)
    });
    let (mut asked, mut answered) = (Vec::new(), HashMap::new());
    for line in seen {
        let words: Vec<&str> = line.split('\t').collect();
        let [kind, number, time] = words.as_slice() else { panic!("{line}") };
        let time: f64 = time.parse().unwrap();
        if *kind == "8" {
            asked.push(((*number).to_owned(), time));
        } else {
            answered.insert((*number).to_owned(), time);
        }
    }
    let mut rows = answer.rows;
    rows.sort_by_key(|row| row.round);
    for (row, (number, sent)) in rows.iter().zip(asked) {
        let truth = (answered[&number] - sent) * 1e3;
        let told = Duration::from_micros(row.micros).as_secs_f64() * 1e3;
        assert!(truth >= 30.0, "{truth} ms");
        if !excused(kind, Rule::RoundTripsAreTrue) {
            assert!((told - truth).abs() <= 1.0, "{told} ms told, {truth} ms true");
        }
    }
}

/// A cable that doubles every reply, and then one that swaps each pair of them.
fn order(kind: EchoKind) {
    const PROBES: usize = 60;
    let mut lab = Lab::new();
    let monitor = lab.monitor();
    let (_host, wire) = lab.machine_on_a_wire("host", HOST);
    let mut echoer = raw(&monitor, kind);
    let host = Net::Near.v4(HOST);
    let counted = |answer: &Answer, what| answer.counted(what).unwrap_or(0);
    echoer.ask(&Plan::to(&[&host], 1, 1)).all(1, "reply");
    for (trouble, rule, what) in [
        ("twice", Rule::DuplicatesAreCounted, "duplicates"),
        ("swap", Rule::OvertakersAreCounted, "reordered"),
    ] {
        wire.trouble(trouble);
        let plan = Plan::to(&[&host], PROBES.try_into().unwrap(), 10);
        let before = counted(&echoer.ask(&Plan::to(&["127.0.0.1"], 1, 1)), what);
        let answer = echoer.ask(&plan);
        answer.all(PROBES, "reply");
        if !excused(kind, rule) {
            // The last duplicate may come after the last reply was told.
            let found = wait::until("the last of them", READY, || {
                let after = counted(&echoer.ask(&Plan::to(&["127.0.0.1"], 1, 1)), what);
                let expected = if trouble == "twice" { PROBES } else { PROBES / 2 };
                (after - before >= u64::try_from(expected).unwrap()).then_some(after - before)
            });
            assert!(found <= u64::try_from(PROBES).unwrap(), "{found} {what}");
        }
    }
}

/// What a router says of a packet that it does not deliver, over raw and over datagram sockets.
fn refusals(kind: EchoKind) {
    let mut lab = Lab::new();
    let monitor = lab.monitor();
    let router = lab.router(&monitor);
    let kinds = [
        ("ip", 31, "icmp type net-unreachable", "3/0"),
        ("ip", 32, "icmp type host-unreachable", "3/1"),
        ("ip", 33, "icmp type port-unreachable", "3/3"),
        ("ip", 34, "icmp type host-prohibited", "3/10"),
        ("ip", 35, "icmp type admin-prohibited", "3/13"),
        ("ip6", 31, "icmpv6 type no-route", "1/0"),
        ("ip6", 32, "icmpv6 type admin-prohibited", "1/1"),
        ("ip6", 33, "icmpv6 type addr-unreachable", "1/3"),
        ("ip6", 34, "icmpv6 type port-unreachable", "1/4"),
    ];
    let place = |family: &str, number: u8| {
        if family == "ip" { Net::Far.v4(number) } else { Net::Far.v6(number) }
    };
    let rules: Vec<String> = kinds
        .iter()
        .map(|(family, number, how, _)| {
            format!("{family} daddr {} reject with {how}", place(family, *number))
        })
        .collect();
    firewall::filter(&router, &rules.iter().map(String::as_str).collect::<Vec<_>>());
    let (four, six) = (Net::Near.v4(ROUTER), Net::Near.v6(ROUTER));
    for open in [raw, datagram] {
        let mut echoer = open(&monitor, kind);
        let blind = echoer.access.0 == "datagram" && excused(kind, Rule::ErrorsWithoutPrivilege);
        // Good ones among the bad: nobody's error is another's.
        let mut addresses = vec![four.clone(), six.clone()];
        let mut expected = vec!["reply".to_owned(), "reply".to_owned()];
        for (family, number, _, code) in kinds {
            addresses.push(place(family, number));
            let from = if family == "ip" { &four } else { &six };
            expected.push(format!("{code} {from}"));
        }
        let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
        let answer = echoer.ask(&Plan::to(&addresses, 3, 50));
        assert_eq!(answer.rows.len(), 3 * addresses.len());
        for row in &answer.rows {
            let expected = &expected[usize::try_from(row.target).unwrap()];
            let lost = blind && expected != "reply";
            assert_eq!(&row.what, if lost { "lost" } else { expected }, "{row:?}");
        }

        // Packets that live for one hop.
        monitor.set("net/ipv4/ip_default_ttl", "1");
        monitor.set("net/ipv6/conf/eth0/hop_limit", "1");
        let answer = echoer.ask(&Plan::to(&[&Net::Far.v4(40), &Net::Far.v6(40)], 2, 50));
        assert_eq!(answer.rows.len(), 4);
        for row in &answer.rows {
            let expected =
                if row.target == 0 { format!("11/0 {four}") } else { format!("3/0 {six}") };
            assert_eq!(row.what, if blind { "lost".to_owned() } else { expected }, "{row:?}");
        }
        monitor.set("net/ipv4/ip_default_ttl", "64");
        monitor.set("net/ipv6/conf/eth0/hop_limit", "64");
    }
}

/// Addresses, interfaces and routes come and go, and the socket stays the same.
fn ways(kind: EchoKind) {
    let mut lab = Lab::new();
    let (monitor, host) = (lab.monitor(), lab.host());
    let other = lab.machine("other", OTHER);
    let address = Net::Near.v4(HOST);
    for open in [raw, datagram] {
        let mut echoer = open(&monitor, kind);
        let sees_hops = echoer.access.0 == "raw" || !excused(kind, Rule::HopLimitsAreSeen);
        let plan = Plan::to(&[&address], 5, 10);
        let comes_back = |echoer: &mut Echoer| {
            wait::until("a reply", READY, || {
                (echoer.ask(&Plan::to(&[&address], 1, 1)).count("reply") == 1).then_some(())
            });
            echoer.ask(&plan).all(5, "reply");
        };
        comes_back(&mut echoer);
        monitor.fall_asleep();
        echoer.ask(&plan).all(5, "void NoRoute");
        monitor.wake_up(MONITOR);
        comes_back(&mut echoer);
        monitor.ip(&["link set eth0 down"]);
        echoer.ask(&plan).all(5, "void NoRoute");
        monitor.ip(&["link set eth0 up"]);
        comes_back(&mut echoer);

        // One address at two machines, told apart by the hop limit of their replies.
        for (machine, hops) in [(&host, "64"), (&other, "99")] {
            machine.ip(&["addr replace 10.99.0.1/32 dev lo"]);
            machine.set("net/ipv4/ip_default_ttl", hops);
        }
        for (number, hops) in [(HOST, 64), (OTHER, 99)] {
            monitor.ip(&[&format!("route replace 10.99.0.1 via {}", Net::Near.v4(number))]);
            let answer = echoer.ask(&Plan::to(&["10.99.0.1"], 5, 10));
            answer.all(5, "reply");
            if sees_hops {
                assert!(answer.rows.iter().all(|row| row.ttl == Some(hops)), "{answer:?}");
            }
        }
    }
}

/// Another process sends thousands of echo requests a second to the same host.
fn flooded(kind: EchoKind) {
    let pair = Pair::new();
    let host = Net::Near.v4(HOST);
    let mut echoer = raw(&pair.monitor, kind);
    let mut others = flood::start(&pair.monitor, &host);
    others.wait();
    let answer = echoer.ask(&Plan::to(&[&host], 200, 10));
    let sent = others.end();
    assert!(sent >= 5_000, "a flood of {sent}");
    assert_eq!(answer.rows.len(), 200);
    if !excused(kind, Rule::FloodsOfOthersAreHarmless) {
        answer.all(200, "reply");
        assert_eq!((answer.counted("foreign"), answer.counted("dropped")), (Some(0), Some(0)));
    }
}

/// Sockets that are permitted or not.
fn rights(kind: EchoKind) {
    let pair = Pair::new();
    let addresses = [Net::Near.v4(HOST), Net::Near.v6(HOST)];
    let addresses = addresses.each_ref().map(String::as_str);
    for (range, who, access, outcome) in [
        (CLOSED, Rights::Root, "raw", "reply"),
        (CLOSED, Rights::RawOnly, "raw", "reply"),
        (CLOSED, Rights::None, "denied", "void NotPermitted"),
        (OPEN, Rights::None, "datagram", "reply"),
        (OPEN, Rights::Root, "datagram", "reply"),
    ] {
        pair.monitor.set(RANGE, range);
        let mut echoer = Echoer::start(&pair.monitor, kind, who);
        assert_eq!(echoer.access, (access.to_owned(), access.to_owned()), "{range} {who:?}");
        echoer.ask(&Plan::to(&addresses, 3, 10)).all(6, outcome);
    }
}

/// More targets than a sequence number has values.
fn many(kind: EchoKind) {
    let pair = host_of_many();
    let targets = if excused(kind, Rule::SeventyThousandTargets) { 5_000 } else { 70_000 };
    let mut plan = Plan::to_range([10, 96, 0, 1], targets, 1, 1);
    plan.deadline = 10_000;
    let answer = raw(&pair.monitor, kind).ask(&plan);
    answer.all(usize::try_from(targets).unwrap(), "reply");
    let mut seen: Vec<u64> = answer.rows.iter().map(|row| row.target).collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), answer.rows.len());
}

/// The program is stopped for half a second while it sends: nothing is lost by that.
fn stall(kind: EchoKind) {
    let pair = host_of_many();
    let mut echoer = raw(&pair.monitor, kind);
    echoer.begin(&Plan::to_range([10, 96, 0, 1], 1_000, 3, 500));
    for _ in 0..2 {
        pause(Duration::from_millis(200));
        echoer.signal(Signal::SIGSTOP);
        pause(Duration::from_millis(500));
        echoer.signal(Signal::SIGCONT);
    }
    let answer = echoer.end();
    assert_eq!(answer.rows.len(), 3_000);
    if !excused(kind, Rule::StallsLoseNothing) {
        assert_eq!(answer.count("lost"), 0);
        answer.all(3_000, "reply");
    }
}

/// The queue to the network is full: what this machine itself drops is void, and who is reached
/// another way hears nothing of it.
fn full_queue(kind: EchoKind) {
    const TARGETS: u32 = 300;
    let pair = host_of_many();
    let host = Net::Near.v4(HOST);
    let mut echoer = raw(&pair.monitor, kind);
    // The neighbour is found first.
    echoer.ask(&Plan::to(&[&host], 1, 1)).all(1, "reply");
    // Room for 20 of them, 800 of which take a second to leave.
    let queue = "qdisc add dev eth0 root tbf rate 600kbit burst 1600 limit 2000";
    run(pair.monitor.command("tc").args(queue.split(' ')));
    let many = Plan::to_range([10, 99, 0, 1], TARGETS, 1, 1);
    let here = Plan::to(&["127.0.0.1"], 10, 5);
    let answer = echoer.ask(&many);
    let (replies, void) = (answer.count("reply"), answer.count("void NoBuffers"));
    assert!(replies > 0, "{:?}", answer.rows.first());
    if !excused(kind, Rule::FullQueuesLoseNothing) {
        assert!(void > 0, "the queue was never full");
        assert_eq!((answer.count("lost"), replies + void), (0, answer.rows.len()));
    }
    let mut addresses: Vec<String> = (1..=250).map(|last| format!("10.99.1.{last}")).collect();
    addresses.push("127.0.0.1".to_owned());
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let answer = echoer.ask(&Plan::to(&addresses, 2, 100));
    let near = answer.rows.iter().filter(|row| row.target == 250);
    assert!(near.clone().count() == 2 && near.clone().all(|row| row.what == "reply"));
    run(pair.monitor.command("tc").args("qdisc del dev eth0 root".split(' ')));
    echoer.ask(&here).all(10, "reply");
    echoer.ask(&many).all(TARGETS.try_into().unwrap(), "reply");
}

/// Each of 300 replies comes a hundred times while the program stands still: more than its receive
/// buffer holds. What was dropped is void.
fn overflow(kind: EchoKind) {
    const TARGETS: u32 = 300;
    let mut lab = Lab::new();
    let monitor = lab.monitor();
    let (host, wire) = lab.machine_on_a_wire("host", HOST);
    host.ip(&["route add local 10.96.0.0/12 dev lo"]);
    monitor.ip(&[&format!("route add 10.96.0.0/12 via {}", Net::Near.v4(HOST))]);
    let mut echoer = raw(&monitor, kind);
    echoer.ask(&Plan::to(&["10.99.0.1"], 1, 1)).all(1, "reply");
    wire.flood(400);
    let asked = || {
        let counts = run(monitor.command("cat").arg("/proc/net/snmp"));
        let mut lines = counts.lines().filter(|line| line.starts_with("IcmpMsg:"));
        let (names, values) = (lines.next().unwrap(), lines.next().unwrap());
        let place = names.split(' ').position(|name| name == "OutType8").unwrap();
        values.split(' ').nth(place).unwrap().parse::<u32>().unwrap()
    };
    let before = asked();
    let mut plan = Plan::to_range([10, 99, 0, 1], TARGETS, 1, 1);
    plan.deadline = 8_000;
    echoer.begin(&plan);
    wait::until("all are asked", READY, || (asked() >= before + TARGETS).then_some(()));
    echoer.signal(Signal::SIGSTOP);
    pause(Duration::from_secs(3));
    echoer.signal(Signal::SIGCONT);
    let answer = echoer.end();
    assert_eq!(answer.rows.len(), usize::try_from(TARGETS).unwrap());
    if !excused(kind, Rule::OverflowsLoseNothing) {
        assert!(answer.counted("dropped").is_some_and(|dropped| dropped > 0), "{answer:?}");
        let (replies, void) = (answer.count("reply"), answer.count("void Stalled"));
        assert!(replies > 0 && void > 0, "{replies} replies, {void} void");
        assert_eq!(replies + void, answer.rows.len());
    }
    wire.slow(0, 0);
    echoer.ask(&Plan::to(&["10.99.0.1"], 5, 10)).all(5, "reply");
}

/// Lets time pass: when a stop falls does not matter to what has to hold.
#[expect(clippy::disallowed_methods, reason = "another process is to be stopped for a while")]
fn pause(length: Duration) {
    std::thread::sleep(length);
}
