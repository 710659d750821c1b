//! dnsmasq and what its answers lead to.

use super::{Case, NAME, Pair, good_xrdp};
use crate::lab::{DNS, HOST, Lab, MONITOR, Machine, NOBODY, Net, OTHER};
use crate::process::Daemon;
use crate::program::check;
use crate::{dns, firewall};
use serde_json::{Value, json};

const BOTH: &[&str] = &["xrdp", "dnsmasq"];

pub(super) const CASES: &[Case] = &[
    Case::new("name::right_as_expected", BOTH, right_as_expected),
    Case::new("name::leads_to_another_machine", BOTH, leads_to_another_machine),
    Case::new("name::leads_to_the_same_machine", BOTH, leads_to_the_same_machine),
    Case::new("name::leads_to_nobody", BOTH, leads_to_nobody),
    Case::new("name::leads_to_this_machine", &["dnsmasq"], leads_to_this_machine),
    Case::new("name::does_not_exist", BOTH, does_not_exist),
    Case::new("name::has_no_address_of_that_family", &["dnsmasq"], has_no_address),
    Case::new("name::is_refused", &["dnsmasq"], is_refused),
    Case::new("name::server_fails", &[], server_fails),
    Case::new("name::server_is_silent", &["dnsmasq", "nft"], server_is_silent),
    Case::new("name::first_server_is_silent", &["xrdp", "dnsmasq", "nft"], first_is_silent),
    Case::new("name::one_address_is_dead", BOTH, one_address_is_dead),
    Case::new("name::in_the_hosts_file", &["xrdp"], in_the_hosts_file),
    Case::new("name::from_a_given_server", BOTH, from_a_given_server),
];

/// A monitor that asks dnsmasq.
pub(super) struct Named {
    pub(super) monitor: Machine,
    pub(super) server: Machine,
    dns: Option<Daemon>,
    pub(super) lab: Lab,
}

impl Named {
    pub(super) fn new(records: &[String]) -> Self {
        let mut lab = Lab::new();
        let (monitor, server) = (lab.monitor(), lab.machine("dns", DNS));
        let records: Vec<&str> = records.iter().map(String::as_str).collect();
        let dns = dns::start(&server, &records);
        monitor.use_dns(&[Net::Near.v4(DNS)]);
        Self { monitor, server, dns: Some(dns), lab }
    }

    /// The server has other records from here on.
    pub(super) fn change(&mut self, records: &[&str]) {
        // The port must be free before.
        self.dns = None;
        self.dns = Some(dns::start(&self.server, records));
    }

    /// The name leads to the machine with this number.
    pub(super) fn leading_to(number: u8) -> Self {
        Self::new(&[format!("{NAME},{}", Net::Near.v4(number))])
    }
}

/// The name with the address it should have.
pub(super) fn expecting_host() -> String {
    format!("{NAME}@{}", Net::Near.v4(HOST))
}

fn right_as_expected() {
    let mut named = Named::leading_to(HOST);
    let host = named.lab.host();
    let _xrdp = good_xrdp(&host, "HOST");
    let address = Net::Near.v4(HOST);
    check(&named.monitor, &[&expecting_host()]).is(&json!({
        "state": "ok", "findings": [], "address": address,
        "dns": {"outcome": "ok", "source": "dns", "addresses": [address], "expected": [address]},
        "addresses": [{
            "address": address, "tcp": "open", "x224": "confirmed", "tls": "ok",
            "expected": true, "published": true,
        }],
    }));
}

fn leads_to_another_machine() {
    let mut named = Named::leading_to(OTHER);
    let (host, other) = (named.lab.host(), named.lab.machine("other", OTHER));
    let _xrdp = (good_xrdp(&host, "HOST"), good_xrdp(&other, "BERLIN-12"));
    let (right, wrong) = (Net::Near.v4(HOST), Net::Near.v4(OTHER));
    check(&named.monitor, &[&expecting_host()]).is(&json!({
        "state": "critical", "risk": "high", "address": wrong,
        "dns": {"outcome": "ok", "addresses": [wrong], "expected": [right]},
        "x224": {"outcome": "confirmed"},
        "tls": {"certificate": {"names": ["BERLIN-12"], "name_matches": false}},
        "addresses": [
            {"address": wrong, "tls": "ok", "expected": false, "published": true},
            {
                "address": right, "tcp": "open", "x224": "confirmed", "tls": "ok",
                "expected": true, "published": false,
            },
        ],
        "findings": [{
            "id": "dns-mismatch", "severity": "critical", "confidence": "certain", "owner": "dns",
        }],
    }));
}

/// The machine has moved, as with DHCP, and its certificate says who it is: no more than a notice.
fn leads_to_the_same_machine() {
    let mut named = Named::leading_to(OTHER);
    let moved = named.lab.machine("moved", OTHER);
    let _xrdp = good_xrdp(&moved, "HOST");
    check(&named.monitor, &[&expecting_host()]).is(&json!({
        "state": "ok", "address": Net::Near.v4(OTHER), "x224": {"outcome": "confirmed"},
        "findings": [{"id": "address-changed", "severity": "notice", "confidence": "likely"}],
    }));
}

fn leads_to_nobody() {
    let mut named = Named::leading_to(NOBODY);
    let host = named.lab.host();
    let _xrdp = good_xrdp(&host, "HOST");
    check(&named.monitor, &[&expecting_host()]).is(&json!({
        "state": "critical", "address": Net::Near.v4(NOBODY),
        "tcp": {"outcome": "unreachable"}, "x224": null, "tls": null,
        "addresses": [
            {"address": Net::Near.v4(NOBODY), "tcp": "unreachable"},
            {"address": Net::Near.v4(HOST), "tcp": "open"},
        ],
        "findings": [{"id": "dns-mismatch", "severity": "critical", "confidence": "certain"}],
    }));
}

fn leads_to_this_machine() {
    let named = Named::leading_to(MONITOR);
    check(&named.monitor, &[NAME]).is(&json!({
        "state": "critical", "address": Net::Near.v4(MONITOR),
        "expected_client_error": {"code": "0x708"},
        "neighbour": {"mac": null, "state": "not_on_link"},
        "findings": [{"id": "name-is-self", "severity": "critical", "owner": "dns"}],
    }));
}

/// No name, no ladder.
fn nowhere(outcome: &str) -> Value {
    json!({
        "state": "critical", "risk": "high", "availability": "unknown", "address": null,
        "dns": {
            "outcome": outcome, "source": null, "addresses": [], "system": [], "ptr": [],
            "servers": [{"server": Net::Near.v4(DNS), "outcome": outcome, "addresses": []}],
        },
        "echo": null, "tcp": null, "x224": null, "tls": null, "neighbour": null,
        "expected_client_error": {"code": "0x104"},
        "findings": [{
            "id": "dns-failure", "severity": "critical", "confidence": "certain", "owner": "dns",
        }],
    })
}

fn does_not_exist() {
    let mut named = Named::new(&[]);
    let host = named.lab.host();
    let _xrdp = good_xrdp(&host, "HOST");
    check(&named.monitor, &[NAME]).is(&nowhere("nxdomain")).is(&json!({"addresses": []}));
    // The expected address is tried all the same.
    check(&named.monitor, &[&expecting_host()]).is(&nowhere("nxdomain")).is(
        &json!({"addresses": [{
            "address": Net::Near.v4(HOST), "tcp": "open", "x224": "confirmed", "tls": "ok",
            "expected": true, "published": false,
        }]}),
    );
}

fn has_no_address() {
    let named = Named::leading_to(HOST);
    check(&named.monitor, &["-6", NAME]).is(&nowhere("no_data"));
}

fn is_refused() {
    let named = Named::leading_to(HOST);
    check(&named.monitor, &["host.corp"]).is(&nowhere("refused"));
}

fn server_fails() {
    let mut lab = Lab::new();
    let (monitor, server) = (lab.monitor(), lab.machine("dns", DNS));
    let _dns = dns::start_failing(&server, 2);
    monitor.use_dns(&[Net::Near.v4(DNS)]);
    check(&monitor, &[NAME]).is(&nowhere("servfail"));
}

fn server_is_silent() {
    let named = Named::leading_to(HOST);
    firewall::filter(&named.server, &["udp dport 53 drop", "tcp dport 53 drop"]);
    let report = check(&named.monitor, &[NAME]);
    report.is(&nowhere("timeout"));
    // One try of two seconds at least, and the deadline of five at most.
    let took = report.number("/dns/elapsed_ms");
    assert!((1_900.0..6_000.0).contains(&took), "{took} ms");
}

fn first_is_silent() {
    let mut named = Named::leading_to(HOST);
    let (host, silent) = (named.lab.host(), named.lab.machine("silent", OTHER));
    firewall::filter(&silent, &["udp dport 53 drop", "tcp dport 53 drop"]);
    named.monitor.use_dns(&[Net::Near.v4(OTHER), Net::Near.v4(DNS)]);
    let _xrdp = good_xrdp(&host, "HOST");
    let address = Net::Near.v4(HOST);
    check(&named.monitor, &[NAME]).is(&json!({
        "state": "ok", "address": address, "findings": [],
        "dns": {
            "outcome": "ok", "source": "dns", "addresses": [address], "server": Net::Near.v4(DNS),
            "servers": [
                {"server": Net::Near.v4(OTHER), "outcome": "timeout", "addresses": []},
                {"server": Net::Near.v4(DNS), "outcome": "ok", "addresses": [address]},
            ],
        },
    }));
}

/// One of two published addresses belongs to nobody. The resolver of the system puts the one that
/// shares more bits with this machine's address first (RFC 6724 rule 9): the host.
fn one_address_is_dead() {
    let (live, dead) = (Net::Near.v4(HOST), Net::Near.v4(NOBODY));
    let mut named = Named::new(&[format!("{NAME},{live}"), format!("{NAME},{dead}")]);
    let host = named.lab.host();
    let _xrdp = good_xrdp(&host, "HOST");
    check(&named.monitor, &[NAME]).is(&json!({
        "state": "warning", "risk": "low", "availability": "up", "address": live,
        "dns": {"outcome": "ok", "addresses": [live, dead]},
        "tls": {"outcome": "ok"},
        "addresses": [
            {"address": live, "tcp": "open"}, {"address": dead, "tcp": "unreachable"},
        ],
        "findings": [{"id": "address-dead", "severity": "warning", "owner": "dns"}],
    }));
}

fn in_the_hosts_file() {
    let (pair, _xrdp) = Pair::with_xrdp();
    let address = Net::Near.v4(HOST);
    check(&pair.monitor, &[NAME]).is(&json!({
        "state": "ok", "address": address, "findings": [],
        "dns": {
            "outcome": "ok", "source": "hosts", "addresses": [address], "system": [address],
        },
    }));
}

fn from_a_given_server() {
    let mut named = Named::leading_to(HOST);
    let host = named.lab.host();
    let _xrdp = good_xrdp(&host, "HOST");
    // The system's own way leads elsewhere.
    named.monitor.file("hosts", &format!("{} {NAME}\n", Net::Near.v4(NOBODY)));
    let address = Net::Near.v4(HOST);
    check(&named.monitor, &["--dns", &Net::Near.v4(DNS), NAME]).is(&json!({
        "state": "ok", "address": address, "findings": [],
        "dns": {
            "outcome": "ok", "source": "dns", "addresses": [address], "system": [],
            "server": Net::Near.v4(DNS),
        },
    }));
}
