//! What servers select, and what they refuse: xrdp and freerdp-shadow in their security layers.

use super::{Case, NAME, Pair, good_certificate};
use crate::program::check;
use crate::shadow;
use crate::xrdp::{self, Settings};
use serde_json::{Value, json};

pub(super) const SHADOW: &[&str] = &["freerdp-shadow-cli", "Xvfb"];

pub(super) const CASES: &[Case] = &[
    Case::new("security::xrdp_tls_without_a_key", &["xrdp"], tls_without_a_key),
    Case::new("security::xrdp_negotiates_without_a_key", &["xrdp"], negotiates_without_a_key),
    Case::new("security::xrdp_plain_rdp", &["xrdp"], plain_rdp),
    Case::new("security::xrdp_tls_1_0", &["xrdp"], tls_1_0),
    Case::new("security::xrdp_tls_1_1", &["xrdp"], tls_1_1),
    Case::new("security::xrdp_tls_1_2", &["xrdp"], tls_1_2),
    Case::new("security::xrdp_tls_1_3", &["xrdp"], tls_1_3),
    Case::new("security::shadow_nla", SHADOW, shadow_nla),
    Case::new("security::shadow_tls", SHADOW, shadow_tls),
    Case::new("security::shadow_refuses_tls", SHADOW, shadow_refuses_tls),
];

fn xrdp_with(change: impl Fn(Settings) -> Settings, expected: &Value) {
    let pair = Pair::new();
    let settings = Settings::new(good_certificate(&pair.host, "HOST"));
    let _xrdp = xrdp::start(&pair.host, &change(settings));
    check(&pair.monitor, &[NAME]).is(expected);
}

fn tls_without_a_key() {
    xrdp_with(
        |settings| settings.layer("tls").without_key(),
        &json!({
            "availability": "up", "state": "critical", "risk": "high",
            "tcp": {"outcome": "open"},
            "x224": {
                "outcome": "failure", "selected": null, "failure": "SSL_CERT_NOT_ON_SERVER",
            },
            "tls": null,
            "expected_client_error": {"code": "0x904", "extended": "0x7"},
            "findings": [{
                "id": "certificate-missing", "severity": "critical", "confidence": "certain",
                "owner": "server",
            }],
        }),
    );
}

fn negotiates_without_a_key() {
    legacy(|settings| settings.layer("negotiate").without_key());
}

fn plain_rdp() {
    legacy(|settings| settings.layer("rdp"));
}

fn legacy(change: impl Fn(Settings) -> Settings) {
    xrdp_with(
        change,
        &json!({
            "availability": "up", "state": "warning", "risk": "elevated",
            "x224": {"outcome": "confirmed", "selected": "rdp", "failure": null},
            "tls": null,
            "findings": [{"id": "legacy-security", "severity": "warning"}],
        }),
    );
}

fn tls_1_0() {
    outdated("TLSv1", "TLS1.0");
}

fn tls_1_1() {
    outdated("TLSv1.1", "TLS1.1");
}

fn outdated(protocol: &'static str, version: &str) {
    xrdp_with(
        |settings| settings.protocols(protocol),
        &json!({
            "state": "critical", "risk": "high",
            "tls": {
                "outcome": "ok", "version": version, "hello": "legacy", "alert": null,
                "certificate": {"subject": "CN=HOST", "days_left": 170},
            },
            "findings": [{"id": "tls-outdated", "severity": "critical", "owner": "server"}],
        }),
    );
}

fn tls_1_2() {
    current("TLSv1.2", "TLS1.2");
}

fn tls_1_3() {
    current("TLSv1.3", "TLS1.3");
}

fn current(protocol: &'static str, version: &str) {
    xrdp_with(
        |settings| settings.protocols(protocol),
        &json!({
            "state": "ok", "risk": "none", "findings": [],
            "tls": {"outcome": "ok", "version": version, "hello": "modern"},
        }),
    );
}

fn shadow_with(security: &str, expected: &Value) {
    let pair = Pair::new();
    let _shadow = shadow::start(&pair.host, security);
    check(&pair.monitor, &[NAME]).is(expected);
}

fn shadow_nla() {
    shadow_with(
        "nla",
        &json!({
            "availability": "up", "state": "ok", "risk": "none", "findings": [],
            "x224": {"outcome": "confirmed", "selected": "hybrid", "failure": null},
            "tls": {"outcome": "ok", "certificate": {"self_signed": true, "key": "RSA-2048"}},
        }),
    );
}

fn shadow_tls() {
    shadow_with(
        "tls",
        &json!({
            "availability": "up", "state": "ok", "risk": "none", "findings": [],
            "x224": {"outcome": "confirmed", "selected": "ssl", "failure": null},
            "tls": {"outcome": "ok", "certificate": {"self_signed": true, "key": "RSA-2048"}},
        }),
    );
}

fn shadow_refuses_tls() {
    shadow_with(
        "rdp",
        &json!({
            "availability": "up", "state": "critical", "risk": "high",
            "x224": {
                "outcome": "failure", "selected": null, "failure": "SSL_NOT_ALLOWED_BY_SERVER",
            },
            "tls": null,
            "findings": [{"id": "legacy-security", "severity": "critical"}],
        }),
    );
}
