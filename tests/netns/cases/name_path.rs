//! The ladder by name against the ladder by address, with several machines and several servers.

use super::names::{Named, expecting_host};
use super::{Case, NAME, good_xrdp};
use crate::lab::{HOST, NOBODY, Net, OTHER};
use crate::program::check;
use crate::{dns, firewall, terminal};
use serde_json::json;

const BOTH: &[&str] = &["xrdp", "dnsmasq"];

pub(super) const CASES: &[Case] = &[
    Case::new("name_path::moved_to_another_live_host", BOTH, moved_to_another),
    Case::new("name_path::broken_by_name_only", &["xrdp", "dnsmasq", "nft"], broken_by_name),
    Case::new("name_path::broken_by_address_only", &["xrdp", "dnsmasq", "nft"], broken_by_address),
    Case::new("name_path::servers_disagree", BOTH, servers_disagree),
    Case::new("name_path::one_server_knows_no_internal_name", BOTH, split_dns),
    Case::new("name_path::alias_of_another_name", BOTH, alias),
    Case::new("name_path::dead_ipv6_address", BOTH, dead_ipv6),
    Case::new("name_path::first_address_is_dead", BOTH, first_is_dead),
    Case::new("name_path::dashboard_dials_the_next", BOTH, dashboard_dials_the_next),
];

/// The number of a machine whose address comes before the host's: it shares more bits with the
/// monitor's (RFC 6724 rule 9).
const FIRST: u8 = 3;

fn record(addresses: &[&str]) -> String {
    format!("{NAME},{}", addresses.join(","))
}

/// Nothing says where it should be; the dashboard has remembered who answered. Then the record
/// leads to another machine that is as alive.
fn moved_to_another() {
    let mut named = Named::leading_to(HOST);
    let (host, other) = (named.lab.host(), named.lab.machine("other", OTHER));
    let _xrdp = (good_xrdp(&host, "OFFICE-PC"), good_xrdp(&other, "BERLIN-12"));
    let session = terminal::start(&named.monitor, &[NAME]);
    session.wait("certificate", |screen| screen.contains(NAME) && screen.contains("170d"));
    session.quit();
    check(&named.monitor, &[NAME]).is(&json!({"state": "ok", "findings": []}));
    named.change(&[&record(&[&Net::Near.v4(OTHER)])]);
    check(&named.monitor, &[NAME]).is(&json!({
        "state": "warning", "address": Net::Near.v4(OTHER), "x224": {"outcome": "confirmed"},
        "tls": {"certificate": {"names": ["BERLIN-12"]}},
        "findings": [{
            "id": "identity-mismatch", "severity": "warning", "confidence": "likely",
            "owner": "dns",
        }],
    }));
}

fn broken_by_name() {
    let (first, right) = (Net::Near.v4(FIRST), Net::Near.v4(HOST));
    let mut named = Named::new(&[record(&[&first]), record(&[&right])]);
    let (host, other) = (named.lab.host(), named.lab.machine("other", FIRST));
    let _xrdp = (good_xrdp(&host, "HOST"), good_xrdp(&other, "HOST"));
    firewall::filter(&other, &["tcp dport 3389 tcp flags & psh == psh reject with tcp reset"]);
    check(&named.monitor, &[&expecting_host()]).is(&json!({
        "state": "critical", "risk": "high", "address": first,
        "dns": {"addresses": [first, right]}, "x224": {"outcome": "reset"},
        "addresses": [
            {
                "address": first, "tcp": "open", "x224": "reset", "tls": null,
                "expected": false, "published": true,
            },
            {
                "address": right, "tcp": "open", "x224": "confirmed", "tls": "ok",
                "expected": true, "published": true,
            },
        ],
        "findings": [{
            "id": "name-path-broken", "severity": "critical", "confidence": "certain",
            "owner": "dns",
        }],
    }));
}

/// The reverse: users of the name are well, and whoever dials the address is not.
fn broken_by_address() {
    let (first, expected) = (Net::Near.v4(FIRST), Net::Near.v4(HOST));
    let mut named = Named::new(&[record(&[&first]), record(&[&expected])]);
    let (host, other) = (named.lab.host(), named.lab.machine("other", FIRST));
    let _xrdp = (good_xrdp(&host, "HOST"), good_xrdp(&other, "HOST"));
    firewall::filter(&host, &["tcp dport 3389 tcp flags & psh == psh reject with tcp reset"]);
    check(&named.monitor, &[&expecting_host()]).is(&json!({
        "state": "warning", "address": first, "tls": {"outcome": "ok"},
        "findings": [{"id": "name-path-broken", "severity": "warning", "owner": "server"}],
    }));
}

fn servers_disagree() {
    let right = Net::Near.v4(HOST);
    let mut named = Named::new(&[record(&[&right])]);
    let (host, second) = (named.lab.host(), named.lab.machine("second", OTHER));
    let _xrdp = good_xrdp(&host, "HOST");
    let _dns = dns::start(&second, &[&record(&[&Net::Near.v4(NOBODY)])]);
    named.monitor.use_dns(&[Net::Near.v4(crate::lab::DNS), Net::Near.v4(OTHER)]);
    check(&named.monitor, &[NAME]).is(&json!({
        "state": "warning", "address": right, "tls": {"outcome": "ok"},
        "dns": {"servers": [{"addresses": [right]}, {"addresses": [Net::Near.v4(NOBODY)]}]},
        "findings": [{
            "id": "dns-disagreement", "severity": "warning", "confidence": "certain",
            "owner": "dns",
        }],
    }));
}

/// The near miss: a server that does not know the name is what split DNS looks like.
fn split_dns() {
    let right = Net::Near.v4(HOST);
    let mut named = Named::new(&[record(&[&right])]);
    let (host, second) = (named.lab.host(), named.lab.machine("second", OTHER));
    let _xrdp = good_xrdp(&host, "HOST");
    let _dns = dns::start(&second, &[]);
    named.monitor.use_dns(&[Net::Near.v4(crate::lab::DNS), Net::Near.v4(OTHER)]);
    check(&named.monitor, &[NAME]).is(&json!({
        "state": "ok", "address": right, "findings": [],
        "dns": {"servers": [{"outcome": "ok"}, {"outcome": "nxdomain"}]},
    }));
}

/// A CNAME: the machine calls itself as the record behind it, and an authority says so.
fn alias() {
    let right = Net::Near.v4(HOST);
    let mut named =
        Named::new(&[format!("srv-07.lab,{right}"), "--cname=host.lab,srv-07.lab".into()]);
    let host = named.lab.host();
    let _xrdp = good_xrdp(&host, "SRV-07");
    check(&named.monitor, &[NAME]).is(&json!({
        "state": "ok", "address": right, "findings": [],
        "dns": {"addresses": [right], "canonical": ["srv-07.lab"]},
        "tls": {"certificate": {"names": ["SRV-07"], "name_matches": false}},
    }));
    // It moves, and the name behind the alias says that it is the same.
    named.change(&[&format!("srv-07.lab,{}", Net::Near.v4(OTHER)), "--cname=host.lab,srv-07.lab"]);
    let moved = named.lab.machine("moved", OTHER);
    let _xrdp = good_xrdp(&moved, "SRV-07");
    check(&named.monitor, &[&expecting_host()]).is(&json!({
        "state": "ok", "address": Net::Near.v4(OTHER),
        "findings": [{"id": "address-changed", "severity": "notice"}],
    }));
}

/// Dual stack, and nobody has the IPv6 address, which clients try first: they go on to the other.
fn dead_ipv6() {
    let (live, dead) = (Net::Near.v4(HOST), Net::Near.v6(NOBODY));
    let mut named = Named::new(&[record(&[&live, &dead])]);
    let host = named.lab.host();
    let _xrdp = good_xrdp(&host, "HOST");
    check(&named.monitor, &[NAME]).is(&json!({
        "state": "warning", "risk": "low", "availability": "up", "address": live,
        "dns": {"outcome": "ok", "addresses": [dead, live]},
        "echo": {"method": "icmp", "received": 10},
        "tcp": {"outcome": "open"}, "tls": {"outcome": "ok"},
        "neighbour": {"mac": Net::Near.mac(HOST)},
        "addresses": [
            {"address": live, "tcp": "open", "tls": "ok", "published": true},
            {"address": dead, "tcp": "unreachable", "x224": null, "published": true},
        ],
        "findings": [{"id": "address-dead", "severity": "warning", "owner": "dns"}],
    }));
}

fn first_is_dead() {
    let (live, dead) = (Net::Near.v4(HOST), Net::Near.v4(FIRST));
    let mut named = Named::new(&[record(&[&live]), record(&[&dead])]);
    let host = named.lab.host();
    let _xrdp = good_xrdp(&host, "HOST");
    check(&named.monitor, &[NAME]).is(&json!({
        "state": "warning", "availability": "up", "address": live,
        "dns": {"addresses": [dead, live]},
        "echo": {"sent": 10, "received": 10}, "tls": {"outcome": "ok"},
        "findings": [{"id": "address-dead", "severity": "warning"}],
    }));
}

/// The dashboard goes on to the next address; the dead one is listed.
fn dashboard_dials_the_next() {
    let (live, dead) = (Net::Near.v4(HOST), Net::Near.v4(FIRST));
    let mut named = Named::new(&[record(&[&live]), record(&[&dead])]);
    let host = named.lab.host();
    let _xrdp = good_xrdp(&host, "HOST");
    let mut session = terminal::start(&named.monitor, &[NAME]);
    session.wait("certificate of the living one", |screen| {
        screen.contains(&live) && screen.contains("170d") && screen.contains("everything works")
    });
    session.press("2");
    session.wait("the dead one", |screen| screen.contains(&format!("{dead} unreachable")));
    session.quit();
}
