//! What this machine lets the program do: raw sockets, ICMP datagrams, or neither.

use super::{Case, NAME, Pair};
use crate::lab::{HOST, Net};
use crate::program::{User, check_as};
use serde_json::json;

const NEEDS: &[&str] = &["xrdp", "setpriv"];

/// Groups that may open ICMP datagram sockets: nobody, and everybody.
const CLOSED: &str = "1 0";
const OPEN: &str = "0 2147483647";
const KEY: &str = "net/ipv4/ping_group_range";

pub(super) const CASES: &[Case] = &[
    Case::new("echo::raw_as_root", NEEDS, raw_as_root),
    Case::new("echo::datagrams_without_rights", NEEDS, datagrams_without_rights),
    Case::new("echo::tcp_without_rights", NEEDS, tcp_without_rights),
];

fn raw_as_root() {
    let (pair, _xrdp) = Pair::with_xrdp();
    pair.monitor.set(KEY, CLOSED);
    icmp(User::Root, &pair);
}

fn datagrams_without_rights() {
    let (pair, _xrdp) = Pair::with_xrdp();
    pair.monitor.set(KEY, OPEN);
    icmp(User::Nobody, &pair);
}

fn icmp(user: User, pair: &Pair) {
    for target in [NAME, &Net::Near.v6(HOST)] {
        check_as(user, &pair.monitor, &[target]).is(&json!({
            "availability": "up", "state": "ok", "risk": "none", "findings": [],
            "echo": {"method": "icmp", "sent": 10, "received": 10, "loss_pct": 0.0},
            "tls": {"outcome": "ok"},
            "neighbour": {"mac": Net::Near.mac(HOST), "state": "reachable"},
        }));
    }
}

fn tcp_without_rights() {
    let (pair, _xrdp) = Pair::with_xrdp();
    pair.monitor.set(KEY, CLOSED);
    let report = check_as(User::Nobody, &pair.monitor, &[NAME]);
    report.on_limited_machine(&json!({
        "availability": "up", "state": "ok", "risk": "none", "findings": [],
        "echo": {"method": "tcp", "sent": 10, "received": 10, "loss_pct": 0.0},
        "tls": {"outcome": "ok"},
        "neighbour": {"mac": Net::Near.mac(HOST), "state": "reachable"},
    }));
    report.monitor(&json!({
        "state": "limited", "findings": [{"id": "probe-limited", "severity": "notice"}],
    }));
}
