//! nftables before the port: how each way to refuse is told apart.

use super::{Case, NAME, Pair, good_xrdp};
use crate::firewall;
use crate::lab::{HOST, Lab, Net, ROUTER};
use crate::program::check;
use serde_json::{Value, json};

const FIREWALL: &[&str] = &["xrdp", "nft"];

pub(super) const CASES: &[Case] = &[
    Case::new("port::closed", &[], closed),
    Case::new("port::dropped", FIREWALL, dropped),
    Case::new("port::reset_by_a_firewall", FIREWALL, reset_by_a_firewall),
    Case::new("port::prohibited", FIREWALL, prohibited),
    Case::new("port::unreachable", FIREWALL, unreachable),
    Case::new("port::prohibited_over_ipv6", FIREWALL, prohibited_over_ipv6),
    Case::new("port::unreachable_over_ipv6", FIREWALL, unreachable_over_ipv6),
    Case::new("port::prohibited_by_the_router", FIREWALL, prohibited_by_the_router),
    Case::new("port::everything_dropped_but_arp", FIREWALL, everything_dropped_but_arp),
    Case::new("port::only_ping_dropped", FIREWALL, only_ping_dropped),
];

/// xrdp runs, `rule` stands before it, and this is what is said when `target` is checked.
fn behind(rule: &str, target: &str, expected: &Value) {
    let (pair, _xrdp) = Pair::with_xrdp();
    firewall::filter(&pair.host, &[rule]);
    check(&pair.monitor, &[target]).is(expected).is(&json!({
        "state": "critical", "risk": "high", "x224": null, "tls": null,
        "neighbour": {"mac": Net::Near.mac(HOST), "state": "reachable"},
    }));
}

/// What a host that answers echo and refuses the port looks like.
fn refused(outcome: &str, icmp: Option<&str>, from: Option<&str>, finding: &Value) -> Value {
    json!({
        "availability": "up",
        "echo": {"method": "icmp", "sent": 10, "received": 10},
        "tcp": {"outcome": outcome, "icmp": icmp, "from": from},
        "expected_client_error": {"code": "0x204"},
        "findings": [finding],
    })
}

fn port_closed() -> Value {
    let finding = json!({"id": "port-closed", "severity": "critical", "owner": "server"});
    refused("refused", None, None, &finding)
}

fn rejected_by_the_host(outcome: &str, icmp: &str, from: &str) -> Value {
    let finding = json!({
        "id": "port-rejected", "severity": "critical", "confidence": "certain", "owner": "server",
    });
    refused(outcome, Some(icmp), Some(from), &finding)
}

fn closed() {
    let pair = Pair::new();
    check(&pair.monitor, &[NAME]).is(&port_closed()).is(&json!({"state": "critical"}));
}

fn dropped() {
    let finding = json!({"id": "port-filtered", "severity": "critical", "confidence": "certain"});
    behind("tcp dport 3389 drop", NAME, &refused("timeout", None, None, &finding));
}

fn reset_by_a_firewall() {
    behind("tcp dport 3389 reject with tcp reset", NAME, &port_closed());
}

fn prohibited() {
    let host = Net::Near.v4(HOST);
    behind(
        "tcp dport 3389 reject with icmpx admin-prohibited",
        NAME,
        &rejected_by_the_host("prohibited", "3/13", &host),
    );
}

fn unreachable() {
    let host = Net::Near.v4(HOST);
    behind(
        "tcp dport 3389 reject with icmpx port-unreachable",
        NAME,
        &rejected_by_the_host("refused", "3/3", &host),
    );
}

fn prohibited_over_ipv6() {
    let host = Net::Near.v6(HOST);
    behind(
        "tcp dport 3389 reject with icmpx admin-prohibited",
        &host,
        &rejected_by_the_host("prohibited", "1/1", &host),
    );
}

fn unreachable_over_ipv6() {
    let host = Net::Near.v6(HOST);
    behind(
        "tcp dport 3389 reject with icmpx port-unreachable",
        &host,
        &rejected_by_the_host("refused", "1/4", &host),
    );
}

fn prohibited_by_the_router() {
    let mut lab = Lab::new();
    let monitor = lab.monitor();
    let router = lab.router(&monitor);
    let host = lab.far_machine("host", HOST);
    let _xrdp = good_xrdp(&host, "HOST");
    firewall::filter(&router, &["tcp dport 3389 reject with icmpx admin-prohibited"]);
    let finding = json!({"id": "port-rejected", "severity": "critical", "owner": "network"});
    let from = Net::Near.v4(ROUTER);
    check(&monitor, &[&Net::Far.v4(HOST)])
        .is(&refused("prohibited", Some("3/13"), Some(&from), &finding))
        .is(&json!({"state": "critical", "neighbour": {"mac": null, "state": "not_on_link"}}));
}

/// Nothing answers but the network card: a firewall, or a machine that hangs.
fn everything_dropped_but_arp() {
    behind(
        "meta l4proto != icmpv6 drop",
        NAME,
        &json!({
            "echo": {"received": 0, "loss_pct": 100.0},
            "tcp": {"outcome": "timeout", "icmp": null},
            "findings": [{
                "id": "port-filtered", "severity": "critical", "confidence": "likely",
            }],
        }),
    );
}

/// What Windows' own firewall does by default is no fault: echo is measured over TCP.
fn only_ping_dropped() {
    let (pair, _xrdp) = Pair::with_xrdp();
    firewall::filter(&pair.host, &["icmp type echo-request drop"]);
    check(&pair.monitor, &[NAME]).is(&json!({
        "availability": "up", "state": "ok", "risk": "none", "findings": [],
        "echo": {"method": "tcp", "sent": 10, "received": 10, "loss_pct": 0.0},
        "tls": {"outcome": "ok"},
    }));
    firewall::open(&pair.host);
    check(&pair.monitor, &[NAME]).is(&json!({"echo": {"method": "icmp", "received": 10}}));
}
