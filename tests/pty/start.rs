//! The start: what stops it, and what it asks for.

use super::session::Setup;
use std::net::TcpListener;

/// What is said, in one sentence, before the screen is taken.
fn refused(setup: Setup, code: u32) -> String {
    let ended = setup.start().end();
    ended.assert_code(code);
    ended.assert_restored();
    let text = ended.written();
    assert!(!text.contains('\x1b'), "the screen was taken: {text:?}");
    assert_eq!(text.matches('\n').count(), 1, "{text:?}");
    assert!(text.starts_with("rdpwatch: "), "{text:?}");
    text
}

#[test]
fn a_theme_that_is_not_there_is_refused() {
    let text = refused(Setup::demo().argument("--theme").argument("./nope.toml"), 2);
    assert!(text.contains("nope.toml: "), "{text}");
}

#[test]
fn bad_targets_are_refused() {
    for (target, words) in [
        ("me@host", "\"me\" looks like a user"),
        ("host:0", "port 0 cannot be connected to"),
        ("host#00:11", "\"00:11\" is not a MAC address"),
    ] {
        let text = refused(Setup::watching(&["127.0.0.1:9", target]), 2);
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn without_a_target_it_asks_for_one_and_takes_it() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let mut session = Setup::watching(&[]).start();
    session.wait_for("Nothing is watched yet.");
    session.wait_for("watch a host");
    session.press(&format!("here=127.0.0.1:{port}\r"));
    session.wait_for("into the configuration file?");
    session.press("n");
    session.wait("it is watched", |s| s.row("here").is_some_and(|r| r.contains("127.0.0.1")));
    session.wait("it is probed", |s| s.row("here").is_some_and(|r| !r.contains("  \u{2013} / ")));
    listener.set_nonblocking(true).expect("a socket");
    assert!(listener.accept().is_ok(), "it was connected to");
    session.press("q");
    session.end().assert_code(0);
}

#[test]
fn a_mistyped_target_is_answered_with_a_sentence() {
    let mut session = Setup::watching(&[]).start();
    session.wait_for("watch a host");
    session.press("me@host\r");
    session.wait_for("\"me\" looks like a user");
    session.wait_for("Nothing is watched yet.");
    session.press("\x03");
    session.end().assert_code(0);
}

#[test]
fn targets_of_a_file_are_watched() {
    let setup = Setup::watching(&[]).file(
        ".config/rdpwatch/config.toml",
        "[[target]]\nname = \"office\"\nhost = \"127.0.0.1\"\nport = 9\n",
    );
    let mut session = setup.start();
    session.wait("the target", |s| s.row("office").is_some());
    session.press("q");
    session.end().assert_code(0);
}

#[test]
fn a_mistake_in_the_file_is_named_with_its_place() {
    let text =
        refused(Setup::watching(&[]).file(".config/rdpwatch/config.toml", "[ui]\nfsp = 10\n"), 2);
    assert!(text.contains("config.toml") && text.contains("fsp"), "{text}");
}
