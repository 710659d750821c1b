//! `check`: states, exit codes, order, streams.

use super::program::{Done, Home, run};
use rdpwatch::demo::certificate::CertificateSpec;
use rdpwatch::demo::host::Host;
use rdpwatch::demo::script::{HostScript, TlsScript, Turn};
use rdpwatch::domain::security::FailureCode;
use serde_json::Value;
use tokio::runtime::Runtime;

/// Hosts on loopback, for as long as this lives.
pub(crate) struct Lab {
    runtime: Runtime,
    hosts: Vec<Host>,
}

impl Lab {
    pub(crate) fn new() -> Self {
        Self { runtime: Runtime::new().expect("a runtime"), hosts: Vec::new() }
    }

    /// Starts a host; its TARGET with a name.
    pub(crate) fn host(&mut self, name: &str, script: &HostScript) -> String {
        let loopback = ([127, 0, 0, 1], 0).into();
        let host = self.runtime.block_on(Host::start(script, loopback)).expect("a host");
        let target = format!("{name}={}", host.address());
        self.hosts.push(host);
        target
    }
}

pub(crate) fn healthy() -> HostScript {
    HostScript::windows(CertificateSpec::windows("HEALTHY", 120))
}

fn missing() -> HostScript {
    HostScript::always(Turn::fails(FailureCode::SSL_CERT_NOT_ON_SERVER))
}

/// Without ICMP, and with a closed port of this machine as the only DNS server.
const HERMETIC: &[&str] = &["check", "--no-icmp", "--count", "2", "--dns", "127.0.0.1:9"];

pub(crate) fn check(more: &[&str]) -> Done {
    run(&[HERMETIC, more].concat())
}

pub(crate) fn json(done: &Done) -> Value {
    assert_eq!(done.err, "");
    serde_json::from_str(&done.out).expect("JSON")
}

#[test]
fn a_healthy_host_is_ok() {
    let mut lab = Lab::new();
    let target = lab.host("good", &healthy());
    let done = check(&[&target]);
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{done:?}");
    assert!(done.out.starts_with("OK good: ") && done.out.contains(" | 'loss'=0"), "{done:?}");
    assert_eq!(done.out.lines().count(), 1);
    let done = check(&[&target, "--format", "json"]);
    assert_eq!(done.code, Some(0));
    let target = &json(&done)["targets"][0];
    assert_eq!(target["state"], "ok");
    assert_eq!(target["availability"], "up");
    assert_eq!(target["x224"]["outcome"], "confirmed");
    assert_eq!(target["tls"]["outcome"], "ok");
    assert_eq!(target["tls"]["certificate"]["self_signed"], true);
    assert_eq!(target["tls"]["certificate"]["name_matches"], Value::Null, "dialled by address");
    assert_eq!(target["dns"]["source"], "literal");
    assert_eq!(target["echo"]["method"], "tcp");
    assert_eq!((&target["echo"]["sent"], &target["echo"]["received"]), (&2.into(), &2.into()));
}

#[test]
fn a_closed_port_is_critical() {
    let mut lab = Lab::new();
    let target = lab.host("shut", &HostScript::closed());
    let done = check(&[&target]);
    assert_eq!((done.code, done.err.as_str()), (Some(2), ""), "{done:?}");
    assert!(done.out.starts_with("CRITICAL shut: ") && done.out.contains("refuses port"));
    let document = json(&check(&[&target, "--format", "json"]));
    let target = &document["targets"][0];
    assert_eq!(target["tcp"]["outcome"], "refused");
    assert_eq!((&target["x224"], &target["tls"]), (&Value::Null, &Value::Null));
    assert_eq!(target["findings"][0]["id"], "port-closed");
    assert_eq!(target["findings"][0]["severity"], "critical");
    assert_eq!(target["risk"], "high");
    assert_eq!(target["findings"].as_array().map(Vec::len), Some(1), "the lowest rung only");
}

#[test]
fn each_broken_rung_has_a_finding_of_its_own() {
    let mut lab = Lab::new();
    let expired = HostScript::windows(CertificateSpec::windows("OLD", -9));
    for (script, id, rung, outcomes) in [
        (missing(), "certificate-missing", "x224", &["failure"][..]),
        (HostScript::tls(TlsScript::Rst), "tls-handshake-failed", "tls", &["reset", "closed"]),
        (expired, "certificate-expired", "tls", &["ok"]),
    ] {
        let target = lab.host("host", &script);
        let done = check(&[&target, "--format", "json"]);
        let document = json(&done);
        let target = &document["targets"][0];
        assert_eq!(target["findings"][0]["id"], id, "{done:?}");
        let found = target[rung]["outcome"].as_str().expect("an outcome");
        assert!(outcomes.contains(&found), "{id}: {found}");
        assert_eq!(done.code, Some(2), "{id}");
    }
}

#[test]
fn targets_keep_their_order_and_the_worst_decides() {
    let mut lab = Lab::new();
    let shut = lab.host("shut", &HostScript::closed());
    let good = lab.host("good", &healthy());
    let more = lab.host("more", &healthy());
    let done = check(&[&shut, &good, &more]);
    let names: Vec<&str> =
        done.out.lines().filter_map(|line| line.split([' ', ':']).nth(1)).collect();
    assert_eq!(names, ["shut", "good", "more"], "{done:?}");
    assert_eq!(done.code, Some(2));
    assert_eq!(check(&[&good, &more]).code, Some(0));
}

#[test]
fn a_name_that_does_not_resolve_leaves_the_later_rungs_untold() {
    let mut lab = Lab::new();
    let good = lab.host("good", &healthy());
    let shut = lab.host("shut", &HostScript::closed());
    let gone = "gone=nosuch.invalid";
    let done = check(&[gone, &good, "--format", "json", "--timeout", "1s"]);
    let document = json(&done);
    let target = &document["targets"][0];
    assert_eq!(target["name"], "gone");
    for rung in ["tcp", "x224", "tls"] {
        assert!(target[rung].is_null(), "{rung}");
    }
    assert_eq!(document["targets"][1]["state"], "ok");
    let code = match target["state"].as_str() {
        Some("critical") => 2,
        Some("warning") => 1,
        Some("unknown") => 3,
        other => panic!("a name that does not resolve is {other:?}"),
    };
    assert_eq!(done.code, Some(code));
    assert_eq!(check(&[gone, &shut, "--timeout", "1s"]).code, Some(2), "critical comes first");
}

#[test]
fn shallow_means_no_tls() {
    let mut lab = Lab::new();
    let target = lab.host("good", &healthy());
    let done = check(&[&target, "--no-deep", "--format", "json"]);
    let document = json(&done);
    assert_eq!(document["targets"][0]["x224"]["outcome"], "confirmed");
    assert_eq!(document["targets"][0]["tls"], Value::Null);
    assert_eq!(done.code, Some(0), "{done:?}");
}

#[test]
fn targets_and_groups_of_the_file_are_checked_and_nothing_is_remembered() {
    let mut lab = Lab::new();
    let mut port = |name: &str, script: &HostScript| {
        lab.host(name, script).rsplit(':').next().expect("a port").to_owned()
    };
    let (one, two) = (port("one", &healthy()), port("two", &HostScript::closed()));
    let home = Home::new();
    let text = format!(
        "[group.up]\n[[target]]\nname = \"one\"\nhost = \"127.0.0.1\"\nport = {one}\ngroup = \"up\"\n\
         [[target]]\nname = \"two\"\nhost = \"127.0.0.1\"\nport = {two}\n"
    );
    let path = home.write("own.toml", &text);
    let check = |more: &[&str]| home.run(&[HERMETIC, &["-c", &path], more].concat());
    let all = check(&[]);
    assert!(all.out.contains("OK one: ") && all.out.contains("CRITICAL two: "), "{all:?}");
    for selected in ["one", "up"] {
        let done = check(&[selected]);
        assert_eq!((done.code, done.out.lines().count()), (Some(0), 1), "{done:?}");
    }
    assert!(!home.path().join("state").exists(), "check writes no state");
}

#[test]
fn options_can_come_from_the_environment() {
    let mut lab = Lab::new();
    let target = lab.host("good", &healthy());
    let home = Home::new();
    let mut command = home.command(&["check", &target]);
    command.envs([
        ("RDPWATCH_FORMAT", "json"),
        ("RDPWATCH_NO_ICMP", "1"),
        ("RDPWATCH_COUNT", "1"),
        ("RDPWATCH_DNS", "127.0.0.1:9"),
    ]);
    let document = json(&Done::of(&mut command));
    assert_eq!(document["targets"][0]["echo"]["sent"], 1);
}

/// Ctrl-C while a host is silent: what was cut short is told, and nothing looks like a result.
#[test]
#[cfg(unix)]
fn a_check_that_is_interrupted_says_so() {
    let home = Home::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    for (targets, told) in [
        (
            vec![format!("pc=127.0.0.1:{port}")],
            "rdpwatch: interrupted: the check of pc; nothing is judged\n",
        ),
        (
            vec![format!("pc=127.0.0.1:{port}"), format!("127.0.0.1:{port}")],
            "rdpwatch: interrupted: the check of 2 targets, 0 of them were measured; nothing is judged\n",
        ),
    ] {
        let arguments: Vec<&str> =
            ["check", "--no-icmp"].into_iter().chain(targets.iter().map(String::as_str)).collect();
        let child = home
            .command(&arguments)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("it starts");
        let held = listener.accept().expect("it measures");
        let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).expect("a process"));
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).expect("it runs");
        let ended = child.wait_with_output().expect("it ends");
        drop(held);
        assert_eq!(String::from_utf8_lossy(&ended.stderr), told);
        assert_eq!((ended.status.code(), ended.stdout.as_slice()), (Some(130), &b""[..]));
        // What the first left waiting is not the second's.
        listener.set_nonblocking(true).expect("a listener");
        while listener.accept().is_ok() {}
        listener.set_nonblocking(false).expect("a listener");
    }
}

/// What this machine cannot try says nothing of the host.
#[cfg(target_os = "linux")]
#[test]
fn a_machine_out_of_descriptors_blames_no_host() {
    let home = Home::new();
    let addresses: Vec<String> = (1..=12).map(|number| format!("127.0.0.{number}:9")).collect();
    let limited = home.command(&[]);
    let shell = format!(
        "ulimit -n 12; exec '{}' check --count 1 {}",
        env!("CARGO_BIN_EXE_rdpwatch"),
        addresses.join(" ")
    );
    let mut command = std::process::Command::new("sh");
    command.args(["-c", &shell]).current_dir(home.path());
    for (name, value) in limited.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let done = Done::of(&mut command);
    let lines: Vec<&str> = done.out.lines().collect();
    assert_eq!(lines.len(), addresses.len(), "{done:?}");
    let untried = |line: &&&str| {
        line.starts_with("UNKNOWN ") && line.contains("this machine ran out of file descriptors")
    };
    let refused = |line: &&&str| line.starts_with("CRITICAL ") && line.contains("refuses port 9");
    assert!(lines.iter().any(|line| untried(&line)), "{done:?}");
    assert!(lines.iter().all(|line| untried(&line) || refused(&line)), "{done:?}");
}

#[test]
fn the_log_file_holds_what_was_checked_and_the_streams_nothing_of_it() {
    let mut lab = Lab::new();
    let home = Home::new();
    let (good, bad) = (lab.host("good", &healthy()), lab.host("bad", &missing()));
    let log = home.path().join("check.log");
    let path = log.to_str().expect("a name");
    let logged = [HERMETIC, &["--log-file", path]].concat();
    let done = home.run(&[&logged[..], &[&good, &bad]].concat());
    assert_eq!((done.code, done.err.as_str()), (Some(2), ""), "{done:?}");
    assert_eq!(done.out.lines().count(), 2, "data and nothing else: {done:?}");
    let read = || std::fs::read_to_string(&log).expect("the log");
    let text = read();
    for (name, state) in [("good", "OK"), ("bad", "CRITICAL")] {
        let told = |line: &&str| line.contains(" INFO ") && line.contains("checked");
        let line = text.lines().filter(told).find(|line| line.contains(&format!("target={name}")));
        let line = line.unwrap_or_else(|| panic!("{name}\n{text}"));
        assert!(
            line.contains(&format!("state=\"{state}\"")) && line.contains("verdict="),
            "{line}"
        );
    }
    assert!(!text.contains('\u{1b}'), "{text}");
    // Another run is told behind it.
    home.run(&[&logged[..], &[&good]].concat());
    assert!(read().starts_with(&text) && read().len() > text.len());
    let folder = home.path().to_str().expect("a name");
    let refused = home.run(&[HERMETIC, &["--log-file", folder, &good]].concat());
    let why = refused.sentence(3);
    assert!(why.contains(&format!("cannot write the log file {folder}")), "{why}");
}
