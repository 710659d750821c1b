//! The dashboard over a real host that breaks, mends, falls asleep and is woken.

use super::{Case, NAME, Pair};
use crate::lab::{HOST, Lab, Machine, Net};
use crate::program::{User, start};
use crate::{capture, firewall, scripted, terminal};

pub(super) const CASES: &[Case] = &[
    Case::new("dashboard::fault_comes_and_goes", &["xrdp", "nft"], fault_comes_and_goes),
    Case::new(
        "dashboard::learnt_address_wakes_the_host",
        &["xrdp", "tcpdump", "tshark"],
        learnt_address_wakes,
    ),
    Case::new("dashboard::a_blackout_is_one_incident", &["nft"], blackout),
];

/// The banner over hosts that work.
const FINE: &str = "Nothing is wrong";

fn fault_comes_and_goes() {
    let (pair, _xrdp) = Pair::with_xrdp();
    let mut session = terminal::start(&pair.monitor, &[NAME]);
    session.wait("healthy host", |screen| screen.contains(NAME) && screen.contains(FINE));
    firewall::filter(&pair.host, &["tcp dport 3389 reject with tcp reset"]);
    session.press("p");
    session.wait("alert", |screen| screen.contains("✖ host.lab port-closed"));
    firewall::open(&pair.host);
    session.press("p");
    session.wait("end of the alert", |screen| screen.contains(FINE));
    session.quit();
}

/// Four hosts behind a router are silent for a while: one path is down, and nothing else is told.
fn blackout() {
    let mut lab = Lab::new();
    let monitor = lab.monitor();
    let router = lab.router(&monitor);
    let numbers = [HOST, HOST + 1, HOST + 2, HOST + 3];
    let hosts: Vec<Machine> =
        numbers.iter().map(|number| lab.far_machine(&format!("far{number}"), *number)).collect();
    let _daemons: Vec<_> =
        hosts.iter().map(|host| scripted::start(host, scripted::Udp::Silent)).collect();
    let targets = numbers.map(|number| Net::Far.v4(number));
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    let folder = monitor.path("alerts.jsonl");
    let sink = format!("[[sink]]\ntype = 'file'\npath = '{}'\n", folder.display());
    let config = format!("[alert]\nkeep_firing_for = '5s'\n{sink}");
    let file = monitor.path("rdpwatch.toml");
    std::fs::write(&file, config).unwrap();
    let file = file.display().to_string();
    let mut session = terminal::start(&monitor, &[&["-c", &file], targets.as_slice()].concat());
    session.wait("healthy hosts", |screen| screen.contains(FINE) && screen.contains("4 ok"));
    // The router proves itself as a control with ten answers, one every two seconds.
    session.press("2");
    session.press("G");
    session.wait("half a minute of echoes", |screen| {
        let sent = screen.split_once("ICMP: ").map(|(_, rest)| rest.split(' ').next());
        sent.flatten().and_then(|count| count.parse().ok()).is_some_and(|count: u32| count >= 30)
    });
    session.press("1");
    firewall::filter(&router, &[&format!("ip daddr {}/24 drop", Net::Far.v4(0))]);
    session.wait("one incident", |screen| {
        screen.contains("The way to 4 of 4 hosts behind the router is down")
    });
    session.press("3");
    session.wait("its alert", |screen| screen.contains("FIRING  1"));
    firewall::open(&router);
    session.wait("its end", |screen| screen.contains(FINE));
    session.wait("the end of its alert", |screen| screen.contains("FIRING  none"));
    session.quit();
    let told = std::fs::read_to_string(&folder).unwrap();
    let rules: Vec<_> = told
        .lines()
        .map(|line| {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            let word = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
            (word("event"), word("rule"))
        })
        .collect();
    let event = |event: &str| (event.to_owned(), "path-outage".to_owned());
    assert_eq!(rules, [event("fired"), event("resolved")], "{told}");
}

/// What the dashboard saw while the host was up is enough to wake it later.
fn learnt_address_wakes() {
    let (pair, _xrdp) = Pair::with_xrdp();
    let mut session = terminal::start(&pair.monitor, &[NAME]);
    session.wait("healthy host", |screen| screen.contains(NAME) && screen.contains(FINE));
    session.press("2");
    session.wait("hardware address", |screen| screen.contains(&Net::Near.mac(HOST)));
    session.quit();
    pair.host.fall_asleep();
    let card = capture::start(&pair.host, "ether proto 0x0842 or udp");
    let waking = start(User::Root, &pair.monitor, &["wake", NAME, "--wait", "60s"]);
    card.wait();
    pair.host.wake_up(HOST);
    let output = waking.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains(&format!("magic packets for {}", Net::Near.mac(HOST))), "{said}");
}
