//! `rdpwatch check` against every kind of host, as a script runs it.

use crate::kinds::{Kind, kinds};
use rdpwatch::demo::dns::{DnsServer, Reply, Table};
use rdpwatch::demo::host::Host;
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr};
use tokio::task::spawn_blocking;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The exit code and the document of `check` with `arguments`.
async fn check(arguments: Vec<String>) -> (Option<i32>, Value) {
    check_with(arguments, &[]).await
}

/// The same, with these variables.
pub(crate) async fn check_with(
    arguments: Vec<String>,
    environment: &[(&'static str, String)],
) -> (Option<i32>, Value) {
    let environment = environment.to_vec();
    let home = tempfile::tempdir().expect("a folder for this run");
    let run = move || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_rdpwatch"));
        command.arg("check").args(["--format", "json", "--count", "2"]).args(arguments);
        for variable in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            command.env(variable, home.path());
        }
        command.envs(environment).output()
    };
    let output = spawn_blocking(run).await.expect("it runs").expect("it starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    let document = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("stdout is no JSON: {error}; stderr: {errors}"))
        .expect("a document");
    (output.status.code(), document)
}

/// What differs between the report on `kind` and what it must say.
fn differences(kind: &Kind, report: &Value) -> Vec<String> {
    let sees = kind.again.as_ref().unwrap_or(&kind.sees);
    let text = |word: Option<&str>| word.filter(|word| !word.is_empty()).map(str::to_owned);
    let read = |pointer: &str| report.pointer(pointer).and_then(Value::as_str);
    let one_close =
        |word: Option<&str>| text(word.map(|word| if word == "reset" { "closed" } else { word }));
    let mut findings: Vec<&str> = report["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|finding| finding["id"].as_str())
        .collect();
    findings.sort_unstable();
    let rows = [
        ("state", text(read("/state")), text(Some(kind.state))),
        ("tcp", text(read("/tcp/outcome")), text(Some(sees.tcp))),
        ("x224", one_close(read("/x224/outcome")), text(sees.x224)),
        ("failure", text(read("/x224/failure")), text(sees.failure)),
        ("selected", text(read("/x224/selected")), text(sees.selected)),
        ("other", text(read("/x224/other_protocol")), text(sees.other)),
        ("tls", one_close(read("/tls/outcome")), text(sees.tls)),
        ("version", text(read("/tls/version")), text(sees.version)),
        ("hello", text(read("/tls/hello")), text(sees.hello)),
        ("nla", one_close(read("/nla/outcome")), text(sees.nla)),
        ("findings", Some(findings.join(" ")), Some(kind.findings.join(" "))),
    ];
    rows.into_iter()
        .filter(|(_, seen, expected)| seen != expected)
        .map(|(what, seen, expected)| {
            format!("{}: {what} is {seen:?}, expected {expected:?}", kind.name)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_host_is_reported_as_it_is() {
    let kinds = kinds();
    let names = kinds.iter().filter_map(|kind| kind.dial);
    let table: Table =
        names.map(|name| (name.to_owned(), Reply::Addresses(vec![LOOPBACK]).into())).collect();
    let dns = DnsServer::start(&table, LOOPBACK).await.expect("it starts");
    let mut arguments = vec!["--dns".to_owned(), dns.address().to_string()];
    let mut hosts = Vec::new();
    for kind in &kinds {
        let host = Host::start(&kind.script, (LOOPBACK, 0).into()).await.expect("it starts");
        let port = host.address().port();
        arguments.push(match kind.dial {
            Some(name) => format!("{}={name}:{port}@{LOOPBACK}", kind.name),
            None => format!("{}={LOOPBACK}:{port}", kind.name),
        });
        hosts.push(host);
    }
    let (code, document) = check(arguments).await;
    assert_eq!(document["schema"], "rdpwatch.check/1");
    let reports = document["targets"].as_array().expect("targets are a list");
    assert_eq!(reports.len(), kinds.len());
    let mut wrong = Vec::new();
    for (kind, report) in kinds.iter().zip(reports) {
        assert_eq!(report["name"], kind.name, "the order is that of the arguments");
        if kind.needs_icmp && report["echo"]["method"] != "icmp" {
            skipped(kind.name);
            continue;
        }
        wrong.extend(differences(kind, report));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(code, Some(2), "the worst is critical");
}

#[expect(clippy::print_stderr, reason = "a skipped check must be seen")]
fn skipped(what: &str) {
    eprintln!("SKIPPED {what}: this machine permits no ICMP echo");
}

/// The demonstration, seen with real echo requests: what is simulated there is left out here.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demonstration_shows_what_it_means_to() {
    let demo = rdpwatch::demo::scenario::start(1).await.expect("it starts");
    let mut arguments = vec!["--dns".to_owned(), demo.dns.to_string()];
    let watched: Vec<_> = demo.targets.iter().filter(|target| target.mac.is_none()).collect();
    for target in &watched {
        let expect: Vec<String> = target.expect.iter().map(ToString::to_string).collect();
        let (name, host, port) = (&target.name, &target.host, target.port);
        arguments.push(format!("{name}={host}:{port}@{}", expect.join(",")));
    }
    let (_, document) = check(arguments).await;
    let reports = document["targets"].as_array().expect("targets are a list");
    let mut wrong = Vec::new();
    for (target, report) in watched.iter().zip(reports) {
        let expected = match target.name.as_str() {
            "rds-07" => "certificate-expired",
            "rds-08" => "certificate-name-mismatch",
            "rds-09" => "certificate-missing",
            "files-01" => "port-closed",
            "vie-rds-02" => "tls-handshake-failed",
            "vie-rds-03" => "rdp-silent",
            "vie-legacy" => "tls-outdated",
            // Asked without its gateway, vie-rds-07 is only a host that drops.
            "vie-rds-06" | "vie-rds-07" if report["echo"]["method"] == "icmp" => "port-filtered",
            "vie-rds-06" | "vie-rds-07" => "host-unreachable",
            "fin-pc-07" => "dns-mismatch",
            "dev-pc-12" => "dns-failure",
            // Two good connections, then one that is dropped: over TCP, echo takes some of them.
            "rds-10" => continue,
            _ => "",
        };
        let ids: Vec<&str> = report["findings"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|finding| finding["id"].as_str())
            .collect();
        if ids.join(" ") != expected {
            wrong.push(format!("{}: {ids:?}, expected {expected:?}", target.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// An address was dialled: no name led there, and none is to be looked up or forgotten.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_to_do_about_an_address_is_not_about_a_name() {
    let kinds = kinds();
    let kind = kinds.iter().find(|kind| kind.name == "http").expect("a web server");
    let host = Host::start(&kind.script, (LOOPBACK, 0).into()).await.expect("it starts");
    let (_, document) = check(vec![host.address().to_string()]).await;
    let finding = &document["targets"][0]["findings"][0];
    assert_eq!(finding["id"], "not-rdp");
    let remedies = finding["remedies"].as_array().expect("remedies");
    assert_eq!(remedies.len(), 3, "{remedies:?}");
    assert!(!finding["remedies"].to_string().contains("Resolve-DnsName"), "{remedies:?}");
}
