//! A tunnel that is up and dead inside.

use super::Case;
use crate::lab::{HOST, Lab, MONITOR, Net, ROUTER};
use crate::{firewall, scripted, terminal, tunnel};

pub(super) const CASES: &[Case] =
    &[Case::new("vpn::dead_inside_while_its_endpoint_answers", &["socat", "nft"], dead_inside)];

/// The VPN's server, seen from outside and inside.
const INSIDE: &str = "10.8.0.1";
/// Hosts behind it.
const HOSTS: [&str; 3] = ["10.99.0.21", "10.99.0.22", "10.99.0.23"];

/// Three hosts behind a tunnel, whose packets are dropped from some moment on; its interface stays
/// up, and its server answers outside of it: it is the VPN, told once.
fn dead_inside() {
    let mut lab = Lab::new();
    let monitor = lab.monitor();
    let _router = lab.router(&monitor);
    let server = lab.far_machine("server", HOST);
    let (here, there) = (Net::Near.v4(MONITOR), Net::Far.v4(HOST));
    let _far_end = tunnel::end(&server, (INSIDE, "10.8.0.2"), (&there, &here));
    let _near_end = tunnel::end(&monitor, ("10.8.0.2", INSIDE), (&here, &there));
    for host in HOSTS {
        server.ip(&[&format!("addr add {host}/32 dev lo")]);
    }
    monitor.ip(&[
        "route add 10.99.0.0/24 dev tun0",
        &format!("route add {there}/32 via {}", Net::Near.v4(ROUTER)),
    ]);
    let _hosts = scripted::start(&server, scripted::Udp::Silent);
    let told = monitor.path("alerts.jsonl");
    let config = format!(
        "[alert]\nkeep_firing_for = '5s'\n[[sink]]\ntype = 'file'\npath = '{}'\n",
        told.display()
    );
    let file = monitor.path("rdpwatch.toml");
    std::fs::write(&file, config).unwrap();
    let file = file.display().to_string();
    let mut session = terminal::start(&monitor, &[&["-c", &file], &HOSTS[..]].concat());
    session.wait("healthy hosts", |screen| screen.contains("3 ok"));
    // Controls prove themselves with ten answers, one every two seconds.
    session.press("2");
    session.press("G");
    session.wait("half a minute of echoes", |screen| {
        let sent = screen.split_once("ICMP: ").map(|(_, rest)| rest.split(' ').next());
        sent.flatten().and_then(|count| count.parse().ok()).is_some_and(|count: u32| count >= 30)
    });
    session.press("1");
    firewall::filter(&server, &[&format!("udp dport {} drop", tunnel::PORT)]);
    session.wait("whose fault it is", |screen| {
        let text = screen.split_whitespace().collect::<Vec<_>>().join(" ");
        text.contains("Your VPN is down since")
    });
    session.press("3");
    session.wait("one alert", |screen| screen.contains("FIRING  1"));
    firewall::open(&server);
    session.press("1");
    session.wait("its end", |screen| screen.contains("3 ok"));
    session.press("3");
    session.wait("the end of its alert", |screen| screen.contains("FIRING  none"));
    session.quit();
    let told = std::fs::read_to_string(&told).unwrap();
    let told: Vec<serde_json::Value> =
        told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let rules: Vec<_> =
        told.iter().map(|line| (line["event"].as_str(), line["rule"].as_str())).collect();
    let event = |event| (Some(event), Some("path-outage"));
    assert_eq!(rules, [event("fired"), event("resolved")], "{told:?}");
    let said = told[0].to_string();
    for text in [
        "3 of 3 hosts behind the VPN",
        &format!("the VPN's far end {INSIDE} and"),
        &format!("your VPN's public endpoint {there} answers"),
        "Your Wi-Fi and your Internet line are fine",
    ] {
        assert!(said.contains(text), "{text}: {said}");
    }
}
