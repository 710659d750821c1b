//! Hosts that work: every rung is measured, and nothing is found.

use super::{Case, NAME, Pair, good_xrdp};
use crate::dns;
use crate::lab::{DNS, HOST, Lab, NOBODY, Net};
use crate::program::{User, check, folders, run};
use serde_json::{Value, json};

pub(super) const CASES: &[Case] = &[
    Case::new("healthy::xrdp_by_name", &["xrdp", "dnsmasq"], by_name),
    Case::new("healthy::xrdp_on_both_families", &["xrdp", "dnsmasq"], on_both_families),
    Case::new("healthy::xrdp_by_ipv6_address", &["xrdp"], by_ipv6_address),
    Case::new("healthy::xrdp_by_link_local_address", &["xrdp"], by_link_local_address),
    Case::new("healthy::without_icmp_and_tls", &["xrdp"], without_icmp_and_tls),
    Case::new("healthy::nothing_is_remembered_by_check", &["xrdp"], nothing_is_remembered),
    Case::new("healthy::several_targets_in_order", &["xrdp"], several_targets),
];

fn by_name() {
    let mut lab = Lab::new();
    let (monitor, host, server) = (lab.monitor(), lab.host(), lab.machine("dns", DNS));
    let address = Net::Near.v4(HOST);
    let _dns = dns::start(&server, &[&format!("{NAME},{address}")]);
    monitor.use_dns(&[Net::Near.v4(DNS)]);
    let _xrdp = good_xrdp(&host, "HOST");
    check(&monitor, &[NAME]).is(&json!({
        "name": NAME, "host": NAME, "port": 3389, "address": address, "kind": "server",
        "availability": "up", "state": "ok", "expected_client_error": null,
        "dns": {
            "outcome": "ok", "source": "dns", "addresses": [address], "expected": [],
            "server": Net::Near.v4(DNS), "ttl_s": dns::TTL, "ptr": [NAME], "system": [address],
            "servers": [{"server": Net::Near.v4(DNS), "outcome": "ok", "addresses": [address]}],
        },
        "echo": {"method": "icmp", "sent": 10, "received": 10, "loss_pct": 0.0, "late": 0},
        "tcp": {"outcome": "open", "icmp": null, "from": null},
        "x224": {
            "outcome": "confirmed", "selected": "ssl", "failure": null, "other_protocol": null,
        },
        "tls": {
            "outcome": "ok", "alert": null, "version": "TLS1.3", "hello": "modern",
            "cipher": "TLS13_AES_256_GCM_SHA384",
            "certificate": {
                "subject": "CN=HOST", "issuer": "CN=HOST", "self_signed": true, "days_left": 170,
                "names": ["HOST"], "name_matches": true, "key": "RSA-2048",
                "signature": "sha256WithRSAEncryption",
            },
        },
        "neighbour": {"mac": Net::Near.mac(HOST), "state": "reachable"},
        "addresses": [{"address": address, "tcp": "open"}],
        "risk": "none", "findings": [],
    }));
}

fn on_both_families() {
    let mut lab = Lab::new();
    let (monitor, host, server) = (lab.monitor(), lab.host(), lab.machine("dns", DNS));
    let (v4, v6) = (Net::Near.v4(HOST), Net::Near.v6(HOST));
    let _dns = dns::start(&server, &[&format!("{NAME},{v4},{v6}")]);
    monitor.use_dns(&[Net::Near.v4(DNS)]);
    let _xrdp = good_xrdp(&host, "HOST");
    check(&monitor, &[NAME]).is(&json!({
        "address": v6, "state": "ok", "risk": "none", "findings": [],
        "dns": {"outcome": "ok", "source": "dns", "addresses": [v6, v4], "system": [v6, v4]},
        "neighbour": {"mac": Net::Near.mac(HOST), "state": "reachable"},
        "addresses": [{"address": v6, "tcp": "open"}, {"address": v4, "tcp": "open"}],
    }));
    for (flag, address) in [("-4", v4), ("-6", v6)] {
        check(&monitor, &[flag, NAME]).is(&json!({
            "address": address, "state": "ok", "findings": [],
            "dns": {"addresses": [address]}, "addresses": [{"address": address, "tcp": "open"}],
        }));
    }
}

fn by_ipv6_address() {
    let (pair, _xrdp) = Pair::with_xrdp();
    let address = Net::Near.v6(HOST);
    check(&pair.monitor, &[&format!("[{address}]:3389")]).is(&json!({
        "host": address, "address": address, "state": "ok", "findings": [],
        "dns": {"outcome": "not_needed", "source": "literal", "server": null},
        "echo": {"method": "icmp", "sent": 10, "received": 10},
        "tcp": {"outcome": "open"},
        "x224": {"outcome": "confirmed", "selected": "ssl"},
        "tls": {"outcome": "ok", "certificate": {"name_matches": null}},
        "neighbour": {"mac": Net::Near.mac(HOST), "state": "reachable"},
    }));
}

fn by_link_local_address() {
    let (pair, _xrdp) = Pair::with_xrdp();
    // Made of the hardware address (RFC 4291 appendix A).
    let address = format!("fe80::77:4dff:fe00:{HOST:x}");
    check(&pair.monitor, &[&format!("{address}%eth0")]).is(&json!({
        "host": format!("{address}%eth0"), "address": address, "state": "ok", "findings": [],
        "echo": {"method": "icmp", "sent": 10, "received": 10},
        "tls": {"outcome": "ok"},
        "neighbour": {"mac": Net::Near.mac(HOST), "state": "reachable"},
    }));
}

fn without_icmp_and_tls() {
    let (pair, _xrdp) = Pair::with_xrdp();
    check(&pair.monitor, &["--no-icmp", "--no-deep", NAME]).is(&json!({
        "availability": "up", "state": "ok", "risk": "none", "findings": [],
        "echo": {"method": "tcp", "sent": 10, "received": 10},
        "x224": {"outcome": "confirmed", "selected": "ssl"}, "tls": null,
    }));
}

fn nothing_is_remembered() {
    let (pair, _xrdp) = Pair::with_xrdp();
    check(&pair.monitor, &[NAME]).is(&json!({"state": "ok", "findings": []}));
    for (name, folder) in folders(&pair.monitor) {
        let written: Vec<_> = folder.read_dir().unwrap().flatten().map(|one| one.path()).collect();
        assert!(written.is_empty(), "{name}: {written:?}");
    }
}

fn several_targets() {
    let (pair, _xrdp) = Pair::with_xrdp();
    let nobody = Net::Near.v4(NOBODY);
    let arguments = ["check", "--format", "json", &nobody, &format!("office={NAME}")];
    let output = run(User::Root, &pair.monitor, &arguments);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let targets = document["targets"].as_array().unwrap();
    let shown = |key: &str| targets.iter().map(|one| one[key].clone()).collect::<Vec<_>>();
    assert_eq!(shown("name"), [json!(nobody), json!("office")]);
    assert_eq!(shown("state"), [json!("critical"), json!("ok")]);
    assert_eq!(output.status.code(), Some(2));
    let text = run(User::Root, &pair.monitor, &["check", &nobody, NAME]);
    assert_eq!(text.status.code(), Some(2));
    let text = String::from_utf8(text.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let [first, second] = lines.as_slice() else { panic!("not two lines: {text}") };
    assert!(first.starts_with(&format!("CRITICAL {nobody}: ")), "{text}");
    assert!(second.starts_with(&format!("OK {NAME}: ")), "{text}");
}
