//! CredSSP: what real servers answer, and what tshark makes of our bytes.

use super::security::SHADOW;
use super::{Case, NAME, Pair, good_certificate, good_xrdp};
use crate::program::{User, check, run};
use crate::xrdp::{self, Settings};
use crate::{capture, shadow};
use rdpwatch::demo::script::NtlmScript;
use rdpwatch::domain::time::WallTime;
use rdpwatch::proto::credssp;
use serde_json::json;

pub(super) const CASES: &[Case] = &[
    Case::new("credssp::shadow_challenges", SHADOW, shadow_challenges),
    Case::new("credssp::shadow_without_nla_is_not_asked", SHADOW, shadow_without_nla),
    Case::new("credssp::xrdp_is_not_asked", &["xrdp"], xrdp_is_not_asked),
    Case::new("credssp::old_tls_keeps_the_challenge", &["xrdp"], old_tls),
    Case::new("credssp::tshark_reads_our_bytes", &["tshark"], tshark_reads_our_bytes),
];

/// freerdp-shadow challenges with version 6, its names and `WinPR`'s constant build, which is not
/// taken for a Windows; its clock is ours.
fn shadow_challenges() {
    let pair = Pair::new();
    let shadow = shadow::start(&pair.host, "nla");
    let report = check(&pair.monitor, &[NAME]);
    report.is(&json!({
        "state": "ok", "risk": "none", "findings": [],
        "nla": {
            "outcome": "challenge", "credssp_version": 6, "error_code": null,
            "os_build": "6.1.7601",
        },
    }));
    let names = ["computer", "dns_computer", "domain"].map(|key| &report.target()["nla"][key]);
    assert!(names.iter().all(|name| name.as_str().is_some_and(|name| !name.is_empty())));
    let skew = report.number("/nla/clock_skew_s");
    assert!(skew.abs() < 2.0, "{skew}");
    let text = run(User::Root, &pair.monitor, &["check", "-v", NAME]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("6.1.7601") && !text.contains("Windows 7"), "{text}");
    // The server logs no sign-in, only a connection that ended.
    drop(shadow);
    let log = std::fs::read_to_string(pair.host.path("shadow.out")).unwrap();
    assert!(!log.contains("AUTHENTICATE"), "{log}");
}

fn shadow_without_nla() {
    let pair = Pair::new();
    let _shadow = shadow::start(&pair.host, "tls");
    check(&pair.monitor, &[NAME])
        .is(&json!({"state": "ok", "findings": [], "nla": {"outcome": "not_offered"}}));
}

fn xrdp_is_not_asked() {
    let pair = Pair::new();
    let _xrdp = good_xrdp(&pair.host, "HOST");
    check(&pair.monitor, &[NAME]).is(&json!({
        "state": "ok", "findings": [],
        "nla": {
            "outcome": "not_offered", "credssp_version": null, "computer": null,
            "clock_skew_s": null,
        },
    }));
}

/// The hand-made hello reads a certificate and cannot go on.
fn old_tls() {
    let pair = Pair::new();
    let settings = Settings::new(good_certificate(&pair.host, "HOST")).protocols("TLSv1.1");
    let _xrdp = xrdp::start(&pair.host, &settings);
    check(&pair.monitor, &[NAME]).is(&json!({
        "tls": {"outcome": "ok", "hello": "legacy"},
        "findings": [{"id": "tls-outdated"}],
    }));
}

/// What goes over TLS, as plaintext: tshark's CredSSP reads it to its end.
fn tshark_reads_our_bytes() {
    let challenge = NtlmScript::windows("rds-01.corp.lab").answer(WallTime::from_unix_secs(1));
    let early = credssp::TsRequest {
        version: 6,
        error: Some(0xc000_005e),
        ..credssp::TsRequest::default()
    };
    let packets = [credssp::request(), challenge, early.encode().unwrap()];
    let fields = [
        "frame.number",
        "credssp.version",
        "ntlmssp.messagetype",
        "ntlmssp.challenge.target_info.dns_computer_name",
        "credssp.errorCode",
    ];
    let seen = capture::dissect("credssp", &packets, "", &fields);
    let rows: Vec<Vec<&str>> = seen.iter().map(|line| line.split('\t').collect()).collect();
    assert_eq!(rows.len(), 3, "{seen:?}");
    assert_eq!(rows[0], ["1", "6", "0x00000001", "", ""]);
    assert_eq!(rows[1], ["2", "6", "0x00000002", "rds-01.corp.lab", ""]);
    assert_eq!(rows[2][..2], ["3", "6"]);
    let malformed = capture::dissect("credssp", &packets, "_ws.malformed", &["frame.number"]);
    assert_eq!(malformed, Vec::<String>::new());
    // The measure measures: what is cut short is malformed.
    let cut = [credssp::request()[..50].to_vec()];
    assert_eq!(capture::dissect("credssp", &cut, "_ws.malformed", &["frame.number"]).len(), 1);
}
