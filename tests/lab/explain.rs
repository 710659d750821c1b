//! `rdpwatch explain CODE EXT TARGET` against hosts of which it is known what is wrong.

use crate::kinds::{Kind, kinds};
use rdpwatch::demo::host::Host;
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr};
use tokio::task::spawn_blocking;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// What `explain` prints for a target.
async fn explain(arguments: Vec<String>) -> (Option<i32>, String) {
    let home = tempfile::tempdir().expect("a folder for this run");
    let run = move || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_rdpwatch"));
        command.arg("explain").args(arguments);
        for variable in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            command.env(variable, home.path());
        }
        command.output()
    };
    let output = spawn_blocking(run).await.expect("it runs").expect("it starts");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The word for each cause or rule of a list in the document.
fn words<'a>(list: &'a Value, key: &str) -> Vec<(&'a str, &'a str)> {
    let entries = list.as_array().into_iter().flatten();
    entries.filter_map(|entry| Some((entry[key].as_str()?, entry["word"].as_str()?))).collect()
}

async fn document(kind: &Kind) -> Value {
    let host = Host::start(&kind.script, (LOOPBACK, 0).into()).await.expect("it starts");
    let target = format!("{}={LOOPBACK}:{}", kind.name, host.address().port());
    let arguments = ["0x904", "0x7", &target, "--format", "json"];
    let (code, text) = explain(arguments.map(str::to_owned).into()).await;
    assert_eq!(code, Some(0), "{text}");
    serde_json::from_str(&text).expect("a document")
}

/// A finding of `check` is a supported rule of `explain`, and its cause leads the list.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_supported_with_its_measurement() {
    let mut seen = 0;
    for kind in kinds().iter().filter(|kind| kind.dial.is_none() && !kind.needs_icmp) {
        let [finding] = kind.findings else { continue };
        let wanted = ["certificate-missing", "rdp-silent", "not-rdp", "tls-handshake-failed"];
        if !wanted.contains(finding) || seen >= 6 {
            continue;
        }
        seen += 1;
        let document = document(kind).await;
        assert_eq!(document["schema"], "rdpwatch.explain/1");
        let causes = words(&document["causes"], "title");
        let (first, word) = causes.first().expect("causes");
        assert_eq!(*word, "supported", "{}: {first}", kind.name);
        let entry = document["causes"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|cause| cause["word"] == "supported")
            .flat_map(|cause| cause["rules"].as_array().into_iter().flatten())
            .find(|rule| rule["id"] == **finding)
            .unwrap_or_else(|| panic!("{}: {finding} is not supported", kind.name));
        assert_eq!(entry["word"], "supported", "{}", kind.name);
        assert!(entry["measured"][0].is_string(), "{}: without a measurement", kind.name);
    }
    assert!(seen >= 3, "only {seen} kinds");
}

/// A sound host supports nothing, and contradicts with the measurement that says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sound_host_supports_no_cause() {
    let all = kinds();
    let sound = |kind: &&Kind| {
        kind.findings.is_empty() && kind.dial.is_none() && kind.sees.nla == Some("challenge")
    };
    let kind = all.iter().find(sound).expect("a sound host");
    let document = document(kind).await;
    let supported: Vec<_> = words(&document["causes"], "title")
        .into_iter()
        .filter(|(_, word)| *word == "supported")
        .collect();
    assert_eq!(supported, []);
    let rules = words(&document["rules"], "id");
    assert!(rules.contains(&("certificate-missing", "contradicted")), "{rules:?}");
    assert!(rules.contains(&("tls-handshake-failed", "contradicted")), "{rules:?}");
    let entry = document["rules"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|rule| rule["id"] == "tls-handshake-failed")
        .expect("the rule");
    assert!(entry["measured"][0].as_str().is_some_and(|text| text.starts_with("tls: ")), "{entry}");
    assert!(document["not_observable"].as_array().is_some_and(|list| list.len() > 3));
}

#[tokio::test]
async fn a_group_of_targets_and_a_host_that_is_none_are_refused() {
    let (code, _) = explain(vec!["0x904".into(), "http://x/".into()]).await;
    assert_eq!(code, Some(2));
    // A word in the place of the extended code that is no code is the target.
    let (code, text) = explain(vec!["0x204".into(), "127.0.0.1:9".into()]).await;
    assert_eq!(code, Some(0));
    assert!(text.contains("supported: port-closed"), "{text}");
}
