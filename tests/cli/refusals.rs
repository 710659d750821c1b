//! What is refused, with which exit code, and that nothing is half done.

use super::program::{Done, Home, run};

#[test]
fn usage_errors_go_to_standard_error() {
    for (line, code) in [
        (&["--bogus"][..], 2),
        (&["wake"], 2),
        (&["explain"], 2),
        (&["config", "nonsense"], 2),
        (&["config"], 2),
        (&["completions", "nosh"], 2),
        (&["--interval", "soon", "127.0.0.1"], 2),
        (&["-4", "-6", "127.0.0.1"], 2),
        (&["check", "--bogus"], 3),
        (&["check", "--count", "0", "127.0.0.1"], 3),
        (&["check", "--format", "xml", "127.0.0.1"], 3),
        (&["check", "--dns", "300.1.1.1", "127.0.0.1"], 3),
        (&["--no-icmp", "check", "--timeout", "never", "127.0.0.1"], 3),
    ] {
        let done = run(line);
        assert_eq!((done.code, done.out.as_str()), (Some(code), ""), "{line:?}: {done:?}");
        assert!(!done.err.is_empty() && !done.err.contains('\x1b'), "{line:?}: {done:?}");
    }
}

/// A TARGET that is refused is refused by every command that takes one, before anything is sent
/// to the others.
#[test]
fn one_bad_target_stops_all() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.set_nonblocking(true).expect("a socket");
    let good = listener.local_addr().expect("its address").to_string();
    for (bad, words) in [
        ("me@host", "looks like a user"),
        ("host:0", "port 0 cannot be connected to, expected 1 to 65535"),
        ("host:65536", "1 to 65535"),
        ("host#00:11:22:33:44", "not a MAC address"),
        ("host#G0:11:22:33:44:55", "not a MAC address"),
        ("[::1", "bracket"),
        ("1.2.3.256", "not an IPv4 address"),
        ("http://host", "URL"),
        ("ho st", "white space"),
        ("", "empty"),
        ("missing.rdp", "missing.rdp"),
    ] {
        for (command, code) in [("check", 3), ("watch", 2), ("wake", 2)] {
            let sentence = run(&[command, "--no-icmp", &good, bad]).sentence(code);
            assert!(sentence.contains(words), "{command} {bad}: {sentence}");
        }
    }
    assert!(listener.accept().is_err(), "nobody was connected to");
}

#[test]
fn escape_sequences_in_arguments_never_reach_a_terminal() {
    for line in [&["check", "a\x1b[2Jb"][..], &["wake", "\x1b]0;x\x07"], &["explain", "\x1b[31m"]] {
        let done = run(line);
        assert!(!done.err.contains('\x1b') && !done.out.contains('\x1b'), "{done:?}");
        assert_ne!(done.code, Some(0));
    }
}

#[test]
fn an_interface_that_is_not_there_is_no_panic() {
    let line = ["check", "--no-icmp", "--count", "1", "fe80::1%nosuch0", "--timeout", "500ms"];
    let done = run(&line);
    assert!(!done.err.contains("panicked"), "{done:?}");
    assert!(matches!(done.code, Some(2 | 3)), "{done:?}");
}

#[test]
fn nothing_to_check_is_unknown() {
    let sentence = run(&["check"]).sentence(3);
    assert!(sentence.starts_with("nothing to check: name a TARGET"), "{sentence}");
}

#[test]
fn a_bad_file_is_named_with_what_was_expected() {
    for (text, words) in [
        ("[ui]\nfsp = 10\n", "fsp"),
        ("[[target]]\nname = \"a\"\n", "host"),
        ("[[target]]\nhost = \"a\"\nport = 70000\n", "70000"),
        ("[[target]]\nhost = \"a\"\nmac = \"zz\"\n", "MAC"),
        ("this is no toml", "expected"),
    ] {
        let home = Home::new();
        let path = home.write("own.toml", text);
        for (line, code) in [
            (&["config", "check"][..], 2),
            (&["config", "show"], 2),
            (&["check", "127.0.0.1"], 3),
            (&["watch", "127.0.0.1"], 2),
        ] {
            let sentence = home.run(&[line, &["-c", &path]].concat()).sentence(code);
            assert!(sentence.contains("own.toml") && sentence.contains(words), "{sentence}");
        }
    }
    let sentence = run(&["check", "-c", "/nonexistent/rdpwatch.toml", "127.0.0.1"]).sentence(3);
    assert!(sentence.contains("/nonexistent/rdpwatch.toml: cannot be read"), "{sentence}");
}

#[test]
fn a_bad_variable_is_named() {
    for (name, value) in
        [("RDPWATCH_TIMEOUT", "never"), ("RDPWATCH_COUNT", "0"), ("RDPWATCH_FORMAT", "xml")]
    {
        let home = Home::new();
        let done = Done::of(home.command(&["check", "127.0.0.1"]).env(name, value));
        let sentence = done.sentence(3);
        assert!(sentence.contains(name) && sentence.contains(value), "{sentence}");
    }
}

#[test]
fn waking_needs_the_address_of_the_card() {
    let sentence = run(&["wake", "127.0.0.1"]).sentence(2);
    let expected = "no MAC address is known for 127.0.0.1: give it as";
    assert!(sentence.starts_with(expected), "{sentence}");
    run(&["wake", "02:77:1a:00:00"]).sentence(2);
    let sentence = run(&["wake", "--read-only", "02:77:1a:00:00:01"]).sentence(1);
    assert!(sentence.contains("--read-only"), "{sentence}");
}

#[test]
fn a_target_whose_policy_is_never_is_not_woken() {
    let home = Home::new();
    let file = home.write("r.toml", "[[target]]\nhost = '127.0.0.1'\nwake.policy = 'never'");
    let sentence = home.run(&["wake", "-c", &file, "127.0.0.1"]).sentence(1);
    assert_eq!(sentence, "127.0.0.1 is not woken: its wake policy is \"never\"");
}

#[test]
fn the_dashboard_needs_a_terminal() {
    for line in [&["127.0.0.1"][..], &["demo"], &[]] {
        let sentence = run(line).sentence(1);
        assert!(sentence.contains("needs a terminal"), "{sentence}");
    }
}

#[test]
fn what_the_screen_cannot_be_is_named_with_the_nearest() {
    for (ui, file, words) in [
        ("theme = 'drak'", "", "did you mean \"dark\"?"),
        (
            "theme = './mine.toml'",
            "name = 'm'\n[roles]\n'state.okay' = {}\n",
            "did you mean \"state.ok\"?",
        ),
        ("theme = './gone.toml'", "", "gone.toml"),
        (
            "keymap = 'mine.toml'",
            "table = [{ on = ['z'], run = 'sotr' }]",
            "did you mean \"sort\"?",
        ),
        ("keymap = 'mine.toml'", "tabel = []", "tabel"),
        ("columns = ['target', 'jiter']", "", "\"jitter\""),
        ("columns = ['loss']", "", "\"target\" is missing: no screen goes without it"),
        ("columns = ['target', 'loss', 'loss']", "", "\"loss\" stands twice"),
        ("view = 'wal'", "", "\"wall\""),
    ] {
        let home = Home::new();
        home.write("mine.toml", file);
        let path = home.write("own.toml", &format!("[ui]\n{ui}\n"));
        let sentence = home.run(&["config", "check", "-c", &path]).sentence(2);
        assert!(sentence.contains(words), "{ui}: {sentence}");
    }
    let done = run(&["watch", "--view", "tabel"]);
    assert!(done.code == Some(2) && done.err.contains("did you mean \"table\"?"), "{done:?}");
}

#[test]
fn a_mistyped_command_or_variable_is_not_taken_for_something_else() {
    let sentence = run(&["chekc"]).sentence(2);
    let expected =
        "\"chekc\" is no command, did you mean check? A host of that name: rdpwatch watch chekc";
    assert_eq!(sentence, expected);
    let home = Home::new();
    let done = Done::of(home.command(&["config", "path"]).env("RDPWATCH_TIMEOUTT", "3s"));
    let told =
        "rdpwatch: the variable RDPWATCH_TIMEOUTT is not known, did you mean RDPWATCH_TIMEOUT?\n";
    assert_eq!((done.code, done.err.as_str()), (Some(0), told));
}
