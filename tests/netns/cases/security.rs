//! What servers select, and what they refuse: xrdp and freerdp-shadow in their security layers.

use super::{Case, NAME, Pair, good_certificate};
use crate::capture;
use crate::program::check;
use crate::shadow;
use crate::xrdp::{self, Settings};
use serde_json::{Value, json};

const READERS: &[&str] = &["xrdp", "tcpdump", "tshark"];
pub(super) const SHADOW: &[&str] = &["freerdp-shadow-cli", "Xvfb"];

pub(super) const CASES: &[Case] = &[
    Case::new("security::xrdp_tls_without_a_key", &["xrdp"], tls_without_a_key),
    Case::new("security::xrdp_negotiates_without_a_key", &["xrdp"], negotiates_without_a_key),
    Case::new("security::xrdp_plain_rdp", &["xrdp"], plain_rdp),
    Case::new("security::xrdp_tls_1_0", &["xrdp"], tls_1_0),
    Case::new("security::xrdp_tls_1_1", &["xrdp"], tls_1_1),
    Case::new("security::xrdp_tls_1_2", &["xrdp"], tls_1_2),
    Case::new("security::xrdp_tls_1_3", &["xrdp"], tls_1_3),
    Case::new("security::xrdp_static_rsa", &["xrdp"], static_rsa),
    Case::new("security::xrdp_static_rsa_cbc", &["xrdp"], static_rsa_cbc),
    Case::new("security::xrdp_ecdhe_cbc", &["xrdp"], ecdhe_cbc),
    Case::new("security::xrdp_no_common_suite", &["xrdp"], no_common_suite),
    Case::new("security::packets_read_well_modern", READERS, packets_of_the_modern_hello),
    Case::new("security::packets_read_well_legacy", READERS, packets_of_the_legacy_hello),
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

fn static_rsa() {
    old_suites("AES256-GCM-SHA384:@SECLEVEL=0", "TLS_RSA_WITH_AES_256_GCM_SHA384");
}

fn static_rsa_cbc() {
    old_suites("AES128-SHA:@SECLEVEL=0", "TLS_RSA_WITH_AES_128_CBC_SHA");
}

fn ecdhe_cbc() {
    old_suites("ECDHE-RSA-AES256-SHA384:@SECLEVEL=0", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384");
}

/// What current Windows still takes, and a modern hello does not offer: no finding.
fn old_suites(ciphers: &'static str, name: &str) {
    xrdp_with(
        |settings| settings.suites(ciphers),
        &json!({
            "state": "ok", "risk": "none", "findings": [],
            "tls": {
                "outcome": "ok", "version": "TLS1.2", "hello": "legacy", "cipher": name,
                "certificate": {"subject": "CN=HOST", "days_left": 170},
            },
        }),
    );
}

/// A suite that no Windows has ever offered.
fn no_common_suite() {
    xrdp_with(
        |settings| settings.suites("CAMELLIA256-SHA:@SECLEVEL=0"),
        &json!({
            "state": "critical", "risk": "high",
            "tls": {"outcome": "alert", "alert": 40, "hello": "legacy", "certificate": null},
            "findings": [{
                "id": "tls-handshake-failed", "severity": "critical", "owner": "server",
            }],
        }),
    );
}

fn packets_of_the_modern_hello() {
    packets("TLSv1.2, TLSv1.3", &["0x0304,0x0303"]);
}

fn packets_of_the_legacy_hello() {
    packets("TLSv1", &["0x0304,0x0303", ""]);
}

/// tshark reads every packet that arrives, and finds fault with none; every connection ends with a
/// FIN of ours, and none with a RST.
fn packets(protocols: &'static str, supported: &[&str]) {
    let pair = Pair::new();
    let settings = Settings::new(good_certificate(&pair.host, "HOST")).protocols(protocols);
    let _xrdp = xrdp::start(&pair.host, &settings);
    let card = capture::start(&pair.host, "tcp port 3389");
    check(&pair.monitor, &["--count", "1", NAME]);
    card.wait();
    let ours = "tcp.dstport == 3389";
    let asked = "rdp.negReq.requestedProtocols";
    let requests = card.fields(&format!("{ours} && {asked}"), &[asked]);
    assert_eq!(requests, vec!["0x0000000b"; supported.len()], "one request for each hello");
    // tshark does not see by itself that TLS follows X.224.
    let tls = &["tcp.port==3389,tls"];
    let hellos = card.fields_as(
        tls,
        &format!("{ours} && tls.handshake.type == 1"),
        &["tls.handshake.version", "tls.handshake.extensions.supported_version"],
    );
    let read: Vec<&str> =
        hellos.iter().map(|line| line.split('\t').nth(1).unwrap_or_default()).collect();
    let first = |versions: &&str| versions.split(',').next().unwrap_or_default().to_owned();
    assert_eq!(read, supported.iter().map(first).collect::<Vec<_>>(), "{hellos:?}");
    let bad = "_ws.malformed || _ws.expert.severity == error";
    for ports in [&[][..], tls] {
        let filter = format!("{ours} && tls.handshake && ({bad})");
        let filter = if ports.is_empty() { format!("{ours} && rdp && ({bad})") } else { filter };
        assert_eq!(card.fields_as(ports, &filter, &["frame.number"]), [""; 0]);
    }
    assert_eq!(card.fields(&format!("{ours} && tcp.flags.reset == 1"), &["frame.number"]), [""; 0]);
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
