//! xrdp with certificates that are wrong in one way each.

use super::{Case, NAME, Pair};
use crate::certificate::{self, Files};
use crate::program::check;
use crate::xrdp::{self, Settings};
use serde_json::{Value, json};
use std::path::Path;

pub(super) const CASES: &[Case] = &[
    Case::new("certificate::expired", &["xrdp"], expired),
    Case::new("certificate::expired_today", &["xrdp"], expired_today),
    Case::new("certificate::not_yet_valid", &["xrdp"], not_yet_valid),
    Case::new("certificate::issued_and_fine", &["xrdp"], issued_and_fine),
    Case::new("certificate::issued_for_another_name", &["xrdp"], issued_for_another_name),
    Case::new("certificate::issued_and_due", &["xrdp"], issued_and_due),
    Case::new("certificate::issued_and_due_in_weeks", &["xrdp"], issued_and_due_in_weeks),
    Case::new("certificate::self_signed_and_due", &["xrdp"], self_signed_and_due),
    Case::new("certificate::weak", &["xrdp", "openssl"], weak),
];

/// The handshake works with this certificate, and this is what is said of it.
fn with(make: impl Fn(&Path) -> Files, expected: &Value) {
    let pair = Pair::new();
    let _xrdp = xrdp::start(&pair.host, &Settings::new(make(&pair.host.folder)));
    let report = check(&pair.monitor, &[NAME]);
    report.is(expected).is(&json!({
        "availability": "up",
        "echo": {"received": 10},
        "tcp": {"outcome": "open"},
        "x224": {"outcome": "confirmed", "selected": "ssl"},
        "tls": {"outcome": "ok"},
    }));
}

fn expired() {
    with(
        |folder| certificate::windows(folder, "HOST", -9),
        &json!({
            "state": "critical", "risk": "high",
            "tls": {"certificate": {"days_left": -9}},
            "findings": [{
                "id": "certificate-expired", "severity": "critical", "confidence": "certain",
                "owner": "server",
            }],
        }),
    );
}

fn expired_today() {
    with(
        |folder| certificate::windows(folder, "HOST", -1),
        &json!({
            "state": "warning", "risk": "elevated",
            "tls": {"certificate": {"days_left": -1}},
            "findings": [{"id": "certificate-expired", "severity": "warning"}],
        }),
    );
}

fn not_yet_valid() {
    with(
        |folder| certificate::future(folder, "HOST", 2),
        &json!({
            "state": "warning", "risk": "elevated",
            "findings": [{"id": "certificate-not-yet-valid", "severity": "warning"}],
        }),
    );
}

fn issued_and_fine() {
    with(
        |folder| certificate::issued(folder, NAME, 300),
        &json!({
            "state": "ok", "risk": "none", "findings": [],
            "tls": {"certificate": {
                "issuer": "CN=Lab Issuing CA", "self_signed": false, "names": [NAME],
                "name_matches": true, "days_left": 300,
            }},
        }),
    );
}

fn issued_for_another_name() {
    with(
        |folder| certificate::issued(folder, "other.lab", 300),
        &json!({
            "state": "ok", "risk": "none",
            "tls": {"certificate": {"names": ["other.lab"], "name_matches": false}},
            "findings": [{"id": "certificate-name-mismatch", "severity": "notice"}],
        }),
    );
}

fn issued_and_due() {
    with(
        |folder| certificate::issued(folder, NAME, 5),
        &json!({
            "state": "warning", "risk": "low",
            "findings": [{"id": "certificate-expiring", "severity": "warning"}],
        }),
    );
}

fn issued_and_due_in_weeks() {
    with(
        |folder| certificate::issued(folder, NAME, 15),
        &json!({
            "state": "ok", "risk": "none",
            "findings": [{"id": "certificate-expiring", "severity": "notice"}],
        }),
    );
}

fn self_signed_and_due() {
    with(
        |folder| certificate::windows(folder, "HOST", 5),
        &json!({"state": "ok", "risk": "none", "findings": []}),
    );
    with(
        |folder| certificate::windows(folder, "HOST", 2),
        &json!({
            "state": "ok", "risk": "none",
            "findings": [{"id": "certificate-expiring", "severity": "notice"}],
        }),
    );
}

fn weak() {
    with(
        |folder| certificate::weak(folder, "HOST"),
        &json!({
            "state": "warning", "risk": "low",
            "tls": {"certificate": {"key": "RSA-1024", "signature": "sha1WithRSAEncryption"}},
            "findings": [{"id": "certificate-weak", "severity": "warning"}],
        }),
    );
}
