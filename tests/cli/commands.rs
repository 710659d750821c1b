//! The commands that send nothing.

use super::program::{Done, Home, run, run_into_closed_pipe};
#[cfg(unix)]
use std::io::{BufRead, BufReader, Read};
#[cfg(unix)]
use std::process::Stdio;
#[cfg(unix)]
use std::time::Duration;

#[cfg(unix)]
#[test]
fn alert_test_tells_every_sink_and_says_what_came_of_it() {
    let home = Home::new();
    let file = home.write(
        "sinks.toml",
        "[[sink]]\ntype = 'file'\npath = 'alerts.jsonl'\n\
         [[sink]]\ntype = 'exec'\ncommand = ['sh', '-c', 'echo no modem >&2; exit 3']\n\
         [[sink]]\ntype = 'webhook'\nurl_env = 'RDPWATCH_NO_SUCH_THING'\n",
    );
    let done = home.run(&["alert", "test", "-c", &file]);
    assert_eq!(done.code, Some(1), "{done:?}");
    let lines: Vec<&str> = done.out.lines().collect();
    assert_eq!(
        lines,
        [
            "file (file): told",
            "exec (exec): not told: exit status: 3: no modem",
            "webhook (webhook): not told: the environment variable RDPWATCH_NO_SUCH_THING is not set",
        ]
    );
    let told = std::fs::read_to_string(home.path().join("alerts.jsonl")).expect("a file");
    assert!(told.contains("\"event\":\"test\""), "{told}");
    assert_eq!(home.run(&["alert", "test", "FILE", "-c", &file]).code, Some(0));
    let sentence = home.run(&["alert", "test", "pager", "-c", &file]).sentence(2);
    assert_eq!(sentence, "there is no sink \"pager\", expected one of file, exec, webhook");
    let sentence = home.run(&["alert", "test"]).sentence(2);
    assert!(sentence.contains("no [[sink]]"), "{sentence}");
    let sentence = home.run(&["alert", "test", "--read-only", "-c", &file]).sentence(1);
    assert!(sentence.contains("--read-only"), "{sentence}");
}

#[cfg(unix)]
#[test]
fn a_relay_is_asked_in_place_of_this_machine() {
    let home = Home::new();
    let target = "[[target]]\nhost = '127.0.0.1'\nport = 9\nmac = '02:77:1a:00:00:01'\n";
    let wake = |via: &str| {
        let file = home.write("relay.toml", &format!("{target}wake.via = {via}"));
        home.run(&["wake", "-c", &file, "127.0.0.1", "--wait", "1s"])
    };
    let done = wake("['touch', 'asked for {mac} $(id)']");
    assert!(done.out.starts_with("the relay touch was asked to wake it\n"), "{done:?}");
    assert!(home.path().join("asked for 02:77:1a:00:00:01 $(id)").exists(), "no shell reads it");
    assert_eq!(done.code, Some(1), "it did not come up: {done:?}");
    let done = wake("['sh', '-c', 'echo no such host >&2; exit 255', '{mac}']");
    let failed = "the relay sh failed: exit status: 255: no such host\n";
    assert_eq!((done.out.as_str(), done.code), (failed, Some(1)));
}

/// It has a process group of its own, which Ctrl-C and what ends a session do not reach.
#[cfg(unix)]
#[test]
fn a_relay_ends_with_wake() {
    use nix::sys::signal::Signal::{SIGHUP, SIGINT, SIGTERM};
    [SIGINT, SIGTERM, SIGHUP].into_iter().for_each(relay_ends_by);
}

#[cfg(unix)]
fn relay_ends_by(signal: nix::sys::signal::Signal) {
    let home = Home::new();
    let fifo = home.path().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).expect("a FIFO");
    let file = home.write(
        "relay.toml",
        "[[target]]\nhost = '127.0.0.1'\nport = 9\nmac = '02:77:1a:00:00:01'\n\
         wake.via = ['sh', '-c', 'exec 3>fifo; echo up >&3; sleep 4711; true', '{mac}']\n",
    );
    let mut wake = home.command(&["wake", "-c", &file, "127.0.0.1"]);
    let mut wake = wake.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
    let (sender, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut reader = BufReader::new(std::fs::File::open(fifo).expect("the FIFO"));
        let (mut line, mut rest) = (String::new(), String::new());
        reader.read_line(&mut line).expect("a line");
        sender.send(line).expect("it is waited for");
        // It ends when nobody holds the other end open.
        reader.read_to_string(&mut rest).expect("text");
        sender.send(rest).expect("it is waited for");
    });
    let next = || heard.recv_timeout(Duration::from_mins(1));
    assert_eq!(next().as_deref(), Ok("up\n"));
    let pid = nix::unistd::Pid::from_raw(wake.id().try_into().expect("a process id"));
    nix::sys::signal::kill(pid, signal).expect("it is alive");
    assert_eq!(next().as_deref(), Ok(""), "the relay goes on");
    assert_eq!(wake.wait().expect("it was started").code(), Some(1));
}

/// Without ICMP it named the connections of a machine that has it, a quarter of them.
#[test]
fn doctor_counts_the_connections_that_stand_in_for_echo() {
    let home = Home::new();
    let targets = (1..=5).map(|i| format!("[[target]]\nname = 'dc{i}'\nhost = '127.0.0.{i}'\n"));
    let file = home.write("five.toml", &targets.collect::<String>());
    let told = home.run(&["doctor", "--no-icmp", "-c", &file]).out;
    let lines = told.lines().filter_map(|line| line.strip_suffix("  5 targets, each"));
    let budget: Vec<u32> =
        lines.filter_map(|line| line.split_whitespace().last()?.parse().ok()).collect();
    assert!(matches!(budget[..], [5_760..5_800]), "every 15 s: {told}");
}

#[test]
fn a_client_error_is_explained() {
    let text = run(&["explain", "0x904", "0x7"]).data();
    for words in ["0x904 (2308)", "Socket closed", "0x7", "tls-handshake-failed"] {
        assert!(text.contains(words), "{words} in {text}");
    }
    assert_eq!(run(&["explain", "2308", "7"]).data(), text, "decimal, as Windows logs it");
    let guessed = run(&["explain", "904", "0x7"]).data();
    assert!(guessed.contains("0x904 (2308)"), "as it is spoken: {guessed}");
}

#[test]
fn an_unknown_code_is_no_success() {
    for code in ["0xffff", "nonsense"] {
        let done = run(&["explain", code]);
        assert_eq!(done.code, Some(1), "{done:?}");
        assert!(done.out.contains(code), "{done:?}");
    }
}

#[test]
fn a_configuration_file_is_made_once_and_is_valid() {
    let home = Home::new();
    let named = home.run(&["config", "path"]).data();
    let path = named.trim_end();
    assert!(!std::path::Path::new(path).exists());
    assert!(home.run(&["config", "check"]).data().starts_with("no configuration file"));
    assert_eq!(home.run(&["config", "init"]).data(), named);
    let written = std::fs::read_to_string(path).expect("it was written");
    assert_eq!(written, rdpwatch::config::DEFAULT_TOML);
    assert_eq!(home.run(&["config", "check"]).data(), format!("{path}: ok, 0 targets\n"));
    std::fs::write(path, "# mine\n").expect("a file");
    let sentence = home.run(&["config", "init"]).sentence(1);
    assert!(sentence.contains("exists already"), "{sentence}");
    assert_eq!(std::fs::read_to_string(path).expect("it is there"), "# mine\n");
}

#[test]
fn a_file_of_ones_own_is_used() {
    let home = Home::new();
    let text = "[[target]]\nname = \"a\"\nhost = \"127.0.0.1\"\n";
    let path = home.write("elsewhere/own.toml", text);
    assert_eq!(home.run(&["config", "path", "-c", &path]).data(), format!("{path}\n"));
    let checked = home.run(&["config", "check", "-c", &path]).data();
    assert_eq!(checked, format!("{path}: ok, 1 target\n"));
}

#[test]
fn every_mistake_of_a_configuration_file_is_told_at_once_and_what_is_hardly_meant_is_noted() {
    let home = Home::new();
    let path = home.write("c.toml", "famly = 1\n[ui]\ntheme = 'drak'\n[[target]]\nport = 1\n");
    let done = home.run(&["config", "check", "-c", &path]);
    let lines: Vec<&str> = done.err.lines().collect();
    assert_eq!((lines.len(), done.code), (3, Some(2)), "{done:?}");
    for (line, part) in lines.iter().zip([
        "c.toml:1:1: unknown key \"famly\", did you mean \"family\"?",
        "c.toml:3:9: ui.theme: unknown theme \"drak\", did you mean \"dark\"?",
        "c.toml:4:1: target: the key \"host\" is missing",
    ]) {
        assert!(line.starts_with("rdpwatch: ") && line.contains(part), "{line}");
    }
    let path = home.write("d.toml", "[[target]]\nhost = 'pc'\nwake.at = ['Mon-Fri 07:30']\n");
    let done = home.run(&["config", "check", "-c", &path]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(
        done.err.contains("note: target \"pc\": wake.at has times and there is no mac"),
        "{done:?}"
    );
}

/// What is shown is a configuration file with the same meaning.
#[test]
fn the_effective_configuration_reads_back() {
    let home = Home::new();
    let text = "read_only = true\n[[target]]\nname = \"a\"\nhost = \"127.0.0.1\"\nport = 3390\n";
    let path = home.write("own.toml", text);
    let shown = home.run(&["config", "show", "-c", &path]).data();
    assert!(shown.contains("read_only = true") && shown.contains("3390"), "{shown}");
    let again = home.write("again.toml", &shown);
    assert_eq!(home.run(&["config", "show", "-c", &again]).data(), shown);
}

#[test]
fn the_command_line_wins_over_the_environment_over_the_file() {
    let home = Home::new();
    let path = home.write("own.toml", "[ui]\ntheme = \"dark\"\n");
    let theme = |arguments: &[&str], variable: Option<&str>| {
        let line = [&["config", "show", "-c", &path], arguments].concat();
        let mut command = home.command(&line);
        command.envs(variable.map(|value| ("RDPWATCH_THEME", value)));
        let shown = Done::of(&mut command).data();
        shown.lines().find(|line| line.starts_with("theme")).map(str::to_owned)
    };
    assert_eq!(theme(&[], None).as_deref(), Some("theme = \"dark\""));
    assert_eq!(theme(&[], Some("mono")).as_deref(), Some("theme = \"mono\""));
    assert_eq!(theme(&["--theme", "light"], Some("mono")).as_deref(), Some("theme = \"light\""));
}

#[test]
fn the_schema_is_json() {
    let schema: serde_json::Value =
        serde_json::from_str(&run(&["config", "schema"]).data()).expect("JSON");
    assert!(schema["properties"]["target"].is_object(), "{schema}");
}

const COMMANDS: [&str; 10] = [
    "watch",
    "check",
    "wake",
    "explain",
    "config",
    "alert",
    "demo",
    "doctor",
    "completions",
    "man",
];

#[test]
fn help_completions_and_manual_know_every_command() {
    let help = run(&["--help"]).data();
    let script = run(&["completions", "bash"]).data();
    let page = run(&["man"]).data();
    for command in COMMANDS {
        assert!(help.contains(&format!("\n  {command} ")), "{command} in {help}");
        assert!(script.contains(command) && page.contains(command), "{command}");
        assert!(run(&[command, "--help"]).data().contains("Usage: rdpwatch"), "{command}");
    }
    for shell in ["zsh", "fish", "powershell", "elvish"] {
        assert!(run(&["completions", shell]).data().contains("rdpwatch"), "{shell}");
    }
    let version = run(&["--version"]).data();
    assert_eq!(version, concat!("rdpwatch ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn nothing_is_coloured_on_a_pipe() {
    let home = Home::new();
    for line in [&["--help"][..], &["check", "--help"], &["explain", "0x904"], &["--bogus"]] {
        for no_color in [None, Some("1")] {
            let mut command = home.command(line);
            command.envs(no_color.map(|value| ("NO_COLOR", value)));
            let done = Done::of(&mut command);
            assert!(!done.out.contains('\x1b') && !done.err.contains('\x1b'), "{done:?}");
        }
    }
}

#[test]
fn a_reader_that_went_away_is_no_panic() {
    for line in [
        &["--help"][..],
        &["man"],
        &["completions", "bash"],
        &["config", "schema"],
        &["config", "show"],
        &["explain", "0x904"],
        &["check", "--no-icmp", "--count", "1", "--format", "json", "127.0.0.1:9"],
    ] {
        let done = run_into_closed_pipe(line);
        assert_eq!(done.err, "", "{line:?}: {done:?}");
        assert!(done.code.is_some(), "{line:?}: killed by a signal");
    }
}

#[test]
fn a_mark_waits_for_who_watches_and_what_cannot_be_is_refused() {
    let home = Home::new();
    let file = home.write("two.toml", "[[target]]\nname = 'office'\nhost = 'office-pc.corp.lab'\n");
    let said =
        home.run(&["mark", "-c", &file, "Office", "--at", "5m", "it\u{1b}[2J", "froze"]).data();
    assert!(said.contains(" on office-pc.corp.lab:3389: it\u{fffd}[2J froze\n"), "{said}");
    let said = home.run(&["mark", "-c", &file, "no", "such", "host"]).data();
    assert!(
        said.contains("Z on no host in particular: no such host\nNo running rdpwatch took it"),
        "{said}"
    );
    let said = home.run(&["mark", "-c", &file, "slow"]).data();
    assert!(said.contains("\"slow\" is the note: no target is known by that name."), "{said}");
    let files = std::fs::read_dir(home.path().join("state/rdpwatch")).expect("a folder").count();
    assert_eq!(files, 1, "nothing is left but the marks");
    let waiting = std::fs::read_to_string(home.path().join("state/rdpwatch/marks.jsonl"));
    let waiting = waiting.expect("marks");
    let lines: Vec<&str> = waiting.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 3, "{waiting:?}");
    assert!(lines[0].contains("\"target\":\"office-pc.corp.lab:3389\""), "{waiting:?}");
    for (arguments, words) in [
        (vec!["mark", "--at", "noon"], "\"noon\" is no time"),
        (vec!["mark", "--at", "2999-01-01T00:00:00Z"], "is still to come"),
        (vec!["mark", &"x".repeat(201)], "at most 200 characters"),
        (vec!["mark", "-c", &file, "offce", "froze"], "did you mean office?"),
    ] {
        let sentence = home.run(&arguments).sentence(2);
        assert!(sentence.contains(words), "{sentence}");
    }
}

#[test]
fn a_scenario_is_played_and_held_against_what_it_expects() {
    let home = Home::new();
    let scenario = |word: &str, expected: &str| {
        let text = format!(
            "[[scenario]]\nname = 'a refused port'\nexpect = [{{ at = '60s', findings = [{expected}] }}]\n\
             [[scenario.round]]\nat = '1s'\ntimes = 5\nevery = '10s'\nconnect = '{word}'\n\
             [[scenario]]\nname = 'another'\nexpect = [{{ findings = [] }}]\n"
        );
        home.write("scenario.toml", &text)
    };
    let play = |file: &str, more: &[&str]| {
        home.run(&[&["demo", "--scenario", file, "--print"], more].concat())
    };
    let file = scenario("refused", "'port-closed:critical'");
    let done = play(&file, &["--only", "REFUSED"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let lines: Vec<&str> = done.out.lines().collect();
    assert_eq!(lines.first(), Some(&"a refused port"));
    let last = "  2026-11-21T07:01:00Z as the scenario expects: port-closed:critical";
    assert_eq!(lines.last(), Some(&last), "{done:?}");
    assert!(!done.out.contains("another"), "{done:?}");

    let done = play(&scenario("refused", ""), &[]);
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.out.contains("not as the scenario expects: at 60 s expected []"), "{done:?}");

    let file = scenario("refusd", "");
    let sentence = play(&file, &[]).sentence(2);
    let wrong = ":4: connect: \"refusd\" is not known here; did you mean \"refused\"?";
    assert_eq!(sentence, format!("{file}{wrong}"));
    let sentence = play("nowhere.toml", &[]).sentence(2);
    assert!(sentence.starts_with("nowhere.toml: "), "{sentence}");
    let done = play(&scenario("open", ""), &["--only", "third"]);
    assert_eq!(done.code, Some(2));
    assert!(
        done.err.contains("is called \"third\"; there are\n  a refused port\n  another"),
        "{done:?}"
    );
    assert_eq!(home.run(&["demo", "--print"]).code, Some(2), "--print needs --scenario");
    let sentence = home.run(&["demo", "--scenario", &scenario("open", "")]).sentence(1);
    assert!(sentence.contains("needs a terminal"), "{sentence}");
}
