//! A port that opens and a conversation that does not go on: a hung service, and what a network
//! security product does to connections that it dislikes.

use super::{Case, NAME, Pair};
use crate::firewall;
use crate::program::check;
use serde_json::{Value, json};

const FIREWALL: &[&str] = &["xrdp", "nft"];

pub(super) const CASES: &[Case] = &[
    Case::new("service::hangs", &["xrdp"], hangs),
    Case::new("service::reset_at_the_first_byte", FIREWALL, reset_at_the_first_byte),
    Case::new("service::reset_at_the_client_hello", FIREWALL, reset_at_the_client_hello),
    Case::new("service::silent_at_the_client_hello", FIREWALL, silent_at_the_client_hello),
    Case::new("service::every_second_connection_fails", FIREWALL, every_second_fails),
];

/// The first byte of a segment is that of a TLS handshake record. Twelve bytes of options
/// (timestamps) stand before it.
const CLIENT_HELLO: &str = "tcp dport 3389 tcp flags & psh == psh @th,256,8 0x16";

/// A stopped process: its backlog goes on accepting.
fn hangs() {
    let (pair, xrdp) = Pair::with_xrdp();
    xrdp.stop();
    check(&pair.monitor, &[NAME]).is(&json!({
        "availability": "up", "state": "critical", "risk": "high",
        "tcp": {"outcome": "open"},
        "x224": {"outcome": "timeout", "selected": null, "failure": null},
        "tls": null,
        "expected_client_error": {"code": "0x704"},
        "findings": [{"id": "rdp-silent", "severity": "critical", "owner": "server"}],
    }));
    xrdp.go_on();
    check(&pair.monitor, &[NAME]).is(&json!({"state": "ok", "findings": []}));
}

/// xrdp runs, `rule` stands before it, and this is what is said.
fn behind(rule: &str, expected: &Value) {
    let (pair, _xrdp) = Pair::with_xrdp();
    firewall::filter(&pair.host, &[rule]);
    check(&pair.monitor, &[NAME]).is(expected).is(&json!({
        "availability": "up", "state": "critical", "risk": "high",
        "echo": {"method": "icmp", "received": 10}, "tcp": {"outcome": "open"},
    }));
}

fn reset_at_the_first_byte() {
    behind(
        "tcp dport 3389 tcp flags & psh == psh reject with tcp reset",
        &json!({
            "x224": {"outcome": "reset", "selected": null}, "tls": null,
            "expected_client_error": {"code": "0x904", "extended": "0x7"},
            "findings": [{"id": "connection-dropped", "severity": "critical"}],
        }),
    );
}

fn reset_at_the_client_hello() {
    behind(
        &format!("{CLIENT_HELLO} reject with tcp reset"),
        &json!({
            "x224": {"outcome": "confirmed", "selected": "ssl"},
            "tls": {"outcome": "reset", "hello": "legacy", "version": null, "certificate": null},
            "expected_client_error": {"code": "0x904", "extended": "0x7"},
            "findings": [{"id": "tls-handshake-failed", "severity": "critical"}],
        }),
    );
}

fn silent_at_the_client_hello() {
    behind(
        &format!("{CLIENT_HELLO} drop"),
        &json!({
            "x224": {"outcome": "confirmed", "selected": "ssl"},
            "tls": {"outcome": "timeout", "certificate": null},
            "expected_client_error": {"code": "0x704"},
            "findings": [{"id": "tls-handshake-failed", "severity": "critical"}],
        }),
    );
}

/// The retry disagrees with the first attempt.
fn every_second_fails() {
    behind(
        "tcp dport 3389 tcp flags & (syn | ack) == syn numgen inc mod 2 < 1 reject with tcp reset",
        &json!({
            "x224": {"outcome": "confirmed"}, "tls": {"outcome": "ok"},
            "findings": [{"id": "connection-flapping", "severity": "critical"}],
        }),
    );
}
