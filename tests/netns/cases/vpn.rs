//! A tunnel that is up and dead inside.

use super::Case;
use crate::lab::{HOST, Lab, MONITOR, Machine, Net, ROUTER};
use crate::process::{Daemon, READY};
use crate::terminal::Session;
use crate::tunnel::{PORT, end};
use crate::{firewall, listener, scripted, terminal, wait};
use serde_json::Value;
use std::path::PathBuf;

pub(super) const CASES: &[Case] = &[
    Case::new("vpn::dead_inside_while_its_endpoint_answers", &["socat", "nft"], dead_inside),
    Case::new("vpn::tunnel_goes_down_and_breaks_what_is_behind_it", &["socat"], goes_down),
    Case::new("vpn::changes_are_heard_of_at_once_and_storms_are_bounded", &[], heard_of),
];

/// The VPN's server, seen from outside and inside.
const INSIDE: &str = "10.8.0.1";
/// Hosts behind it.
const HOSTS: [&str; 3] = ["10.99.0.21", "10.99.0.22", "10.99.0.23"];

/// A machine and three hosts behind a tunnel, all of them sound, on the dashboard.
struct Tunnelled {
    monitor: Machine,
    server: Machine,
    session: Session,
    told: PathBuf,
    /// The endpoint, outside.
    there: String,
    _running: (Daemon, Daemon, Daemon),
    _lab: Lab,
}

impl Tunnelled {
    fn new() -> Self {
        let mut lab = Lab::new();
        let monitor = lab.monitor();
        let _router = lab.router(&monitor);
        let server = lab.far_machine("server", HOST);
        let (here, there) = (Net::Near.v4(MONITOR), Net::Far.v4(HOST));
        let far_end = end(&server, (INSIDE, "10.8.0.2"), (&there, &here));
        let near_end = end(&monitor, ("10.8.0.2", INSIDE), (&here, &there));
        for host in HOSTS {
            server.ip(&[&format!("addr add {host}/32 dev lo")]);
        }
        monitor.ip(&[
            "route add 10.99.0.0/24 dev tun0",
            &format!("route add {there}/32 via {}", Net::Near.v4(ROUTER)),
        ]);
        let hosts = scripted::start(&server, scripted::Udp::Silent);
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
            sent.flatten()
                .and_then(|count| count.parse().ok())
                .is_some_and(|count: u32| count >= 30)
        });
        Self {
            monitor,
            server,
            session,
            told,
            there,
            _running: (far_end, near_end, hosts),
            _lab: lab,
        }
    }

    /// The alerts that were told, as JSON.
    fn told(&self) -> Vec<Value> {
        let told = std::fs::read_to_string(&self.told).unwrap_or_default();
        told.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// The packets of the tunnel are dropped from some moment on; its interface stays up, and its
/// server answers outside of it: it is the VPN, told once.
fn dead_inside() {
    let mut lab = Tunnelled::new();
    let (session, there) = (&mut lab.session, &lab.there);
    session.press("1");
    firewall::filter(&lab.server, &[&format!("udp dport {PORT} drop")]);
    session.wait("whose fault it is", |screen| {
        let text = screen.split_whitespace().collect::<Vec<_>>().join(" ");
        text.contains("Your VPN is down since")
    });
    session.press("3");
    session.wait("one alert", |screen| screen.contains("FIRING  1"));
    firewall::open(&lab.server);
    session.press("1");
    session.wait("its end", |screen| screen.contains("3 ok"));
    session.press("3");
    session.wait("the end of its alert", |screen| screen.contains("FIRING  none"));
    // The file is written beside the screen.
    let told = wait::until("its end in the file", READY, || {
        Some(lab.told()).filter(|told| told.len() > 1)
    });
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

/// The interface goes down: the outage says so, and when by the first request that was lost.
fn goes_down() {
    let mut lab = Tunnelled::new();
    lab.session.press("1");
    lab.monitor.ip(&["link set tun0 down"]);
    lab.session
        .wait("one alert", |screen| screen.contains("ALERTS") && screen.contains("path-outage"));
    let told = wait::until("alert in the file", READY, || {
        Some(lab.told()).filter(|told| !told.is_empty())
    });
    let said = told[0].to_string();
    let after = said.split_once("and tun0 went down ").map(|(_, rest)| rest).unwrap();
    // A request is sent every second: the first that was lost is at most so much younger. A look
    // every two seconds alone would see the change up to two seconds late.
    let (span, _) = after.split_once(" before").unwrap_or((after, ""));
    let late = span.strip_suffix(" ms").map(str::parse::<f64>);
    assert!(matches!(late, Some(Ok(0.0..=1_000.0))), "{said}");
}

fn heard_of() {
    let mut lab = Lab::new();
    listener::hold(&lab.monitor());
}
