//! Hosts that are not there, and routers that say so.

use super::{Case, NAME, Pair, good_xrdp};
use crate::firewall;
use crate::lab::{HOST, Lab, MONITOR, Machine, NOBODY, Net, ROUTER};
use crate::program::check;
use serde_json::json;

pub(super) const CASES: &[Case] = &[
    Case::new("path::nobody_on_the_link", &[], nobody_on_the_link),
    Case::new("path::nobody_on_the_link_over_ipv6", &[], nobody_over_ipv6),
    Case::new("path::pc_asleep_on_the_link", &[], pc_asleep),
    Case::new("path::two_hops_and_healthy", &["xrdp"], two_hops),
    Case::new("path::nobody_behind_the_router", &[], nobody_behind_the_router),
    Case::new("path::router_without_a_route", &[], router_without_a_route),
    Case::new("path::gateway_is_gone", &[], gateway_is_gone),
    Case::new("path::silence_behind_the_router", &["xrdp", "nft"], silence_behind_the_router),
    Case::new("path::pc_asleep_behind_the_router", &["nft"], pc_asleep_behind_the_router),
    Case::new("path::this_machine_has_no_route", &[], no_route),
    Case::new("path::this_machine_is_offline", &[], offline),
];

struct Routed {
    monitor: Machine,
    router: Machine,
    lab: Lab,
}

impl Routed {
    fn new() -> Self {
        let mut lab = Lab::new();
        let monitor = lab.monitor();
        let router = lab.router(&monitor);
        Self { monitor, router, lab }
    }
}

fn nobody_on_the_link() {
    let pair = Pair::new();
    check(&pair.monitor, &[&Net::Near.v4(NOBODY)]).is(&json!({
        "kind": "server", "availability": "down", "state": "critical", "risk": "high",
        "echo": {"received": 0, "loss_pct": 100.0},
        "tcp": {"outcome": "unreachable", "icmp": "3/1", "from": Net::Near.v4(MONITOR)},
        "x224": null, "tls": null, "neighbour": {"mac": null, "state": "failed"},
        "expected_client_error": {"code": "0x204"},
        "findings": [{
            "id": "host-unreachable", "severity": "critical", "confidence": "certain",
            "owner": "server",
        }],
    }));
}

fn nobody_over_ipv6() {
    let pair = Pair::new();
    check(&pair.monitor, &[&Net::Near.v6(NOBODY)]).is(&json!({
        "availability": "down", "state": "critical",
        "tcp": {"outcome": "unreachable", "icmp": "1/3", "from": Net::Near.v6(MONITOR)},
        "neighbour": {"mac": null, "state": "failed"},
        "findings": [{"id": "host-unreachable", "severity": "critical", "owner": "server"}],
    }));
}

fn pc_asleep() {
    let pair = Pair::new();
    let target = format!("{}#{}", Net::Near.v4(NOBODY), Net::Near.mac(NOBODY));
    check(&pair.monitor, &[&target]).is(&json!({
        "kind": "pc", "availability": "asleep", "state": "ok", "risk": "elevated",
        "tcp": {"outcome": "unreachable", "icmp": "3/1"},
        "neighbour": {"mac": null, "state": "failed"},
        "findings": [{"id": "host-asleep", "severity": "notice", "confidence": "likely"}],
    }));
}

fn two_hops() {
    let mut routed = Routed::new();
    let host = routed.lab.far_machine("host", HOST);
    let _xrdp = good_xrdp(&host, "HOST");
    for target in [Net::Far.v4(HOST), Net::Far.v6(HOST)] {
        // The router's hardware address is not the host's.
        check(&routed.monitor, &[&target]).is(&json!({
            "availability": "up", "state": "ok", "risk": "none", "findings": [],
            "echo": {"method": "icmp", "received": 10},
            "tls": {"outcome": "ok"},
            "neighbour": {"mac": null, "state": "not_on_link"},
        }));
    }
}

fn nobody_behind_the_router() {
    let routed = Routed::new();
    check(&routed.monitor, &[&Net::Far.v4(NOBODY)]).is(&json!({
        "availability": "down", "state": "critical",
        "tcp": {"outcome": "unreachable", "icmp": "3/1", "from": Net::Near.v4(ROUTER)},
        "neighbour": {"mac": null, "state": "not_on_link"},
        "findings": [{"id": "host-unreachable", "severity": "critical", "owner": "server"}],
    }));
}

fn router_without_a_route() {
    let routed = Routed::new();
    check(&routed.monitor, &["10.99.0.5"]).is(&json!({
        "availability": "unknown", "state": "critical",
        "tcp": {"outcome": "unreachable", "icmp": "3/0", "from": Net::Near.v4(ROUTER)},
        "findings": [{"id": "host-unreachable", "severity": "critical", "owner": "network"}],
    }));
}

/// The neighbour that does not answer is this machine's own gateway: nothing is known of the host,
/// whatever its kind.
fn gateway_is_gone() {
    let mut routed = Routed::new();
    routed.lab.far_machine("host", HOST);
    routed.router.ip(&["link set eth0 down"]);
    let address = Net::Far.v4(HOST);
    for target in [address.clone(), format!("{address}#{}", Net::Far.mac(HOST))] {
        check(&routed.monitor, &[&target]).is(&json!({
            "state": "critical",
            "tcp": {"outcome": "unreachable", "icmp": "3/1", "from": Net::Near.v4(MONITOR)},
            "neighbour": {"mac": null, "state": "not_on_link"},
            "findings": [{
                "id": "host-unreachable", "severity": "critical", "confidence": "certain",
                "owner": "network",
            }],
        }));
    }
}

fn silence_behind_the_router() {
    let mut routed = Routed::new();
    let host = routed.lab.far_machine("host", HOST);
    let _xrdp = good_xrdp(&host, "HOST");
    firewall::filter(&routed.router, &[&format!("ip daddr {} drop", Net::Far.v4(HOST))]);
    check(&routed.monitor, &[&Net::Far.v4(HOST)]).is(&json!({
        "availability": "down", "state": "critical",
        "echo": {"received": 0}, "tcp": {"outcome": "timeout", "icmp": null, "from": null},
        "findings": [{
            "id": "host-unreachable", "severity": "critical", "confidence": "likely",
        }],
    }));
}

fn pc_asleep_behind_the_router() {
    let routed = Routed::new();
    firewall::filter(&routed.router, &[&format!("ip daddr {} drop", Net::Far.v4(HOST))]);
    let target = format!("{}#{}", Net::Far.v4(HOST), Net::Far.mac(HOST));
    check(&routed.monitor, &[&target]).is(&json!({
        "kind": "pc", "availability": "asleep", "state": "ok", "risk": "elevated",
        "tcp": {"outcome": "timeout"}, "neighbour": {"mac": null, "state": "not_on_link"},
        "findings": [{"id": "host-asleep", "severity": "notice"}],
    }));
}

/// This machine could not even try: nothing is said of the host.
fn no_route() {
    let pair = Pair::new();
    check(&pair.monitor, &["10.99.0.5"]).is(&json!({
        "availability": "unknown", "state": "unknown", "risk": "unknown",
        "tcp": {"outcome": "local_error", "icmp": null, "from": null},
        "x224": null, "tls": null, "expected_client_error": null, "findings": [],
    }));
}

/// The link is down: nobody is judged.
fn offline() {
    let pair = Pair::new();
    pair.monitor.ip(&["link set eth0 down"]);
    let report = check(&pair.monitor, &[NAME]);
    report.on_limited_machine(&json!({
        "availability": "unknown", "state": "unknown", "risk": "unknown", "findings": [],
    }));
    report.monitor(&json!({
        "state": "offline",
        "findings": [{"id": "monitor-offline", "severity": "critical"}],
    }));
}
