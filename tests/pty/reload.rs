//! The configuration file changes while it is watched.

use super::session::Setup;

const CONFIG: &str = ".config/rdpwatch/config.toml";
const ONE: &str = "[[target]]\nname = \"office\"\nhost = \"127.0.0.1\"\nport = 9\n";

#[test]
fn a_changed_file_is_taken_over_and_a_wrong_one_is_not() {
    let mut session = Setup::watching(&[]).file(CONFIG, ONE).start();
    session.wait("it is measured", |s| s.row("office").is_some_and(|r| r.contains('\u{2716}')));
    let second = "[[target]]\nname = \"lab\"\nhost = \"127.0.0.1\"\nport = 10\n";
    session.write(CONFIG, &format!("{ONE}{second}"));
    session.wait_for("read again: 1 added");
    session.wait("both", |s| s.row("office").is_some() && s.row("lab").is_some());
    assert!(session.row("office").is_some_and(|row| row.contains('\u{2716}')), "it was forgotten");

    session.write(CONFIG, &format!("{ONE}{second}port = maybe\n"));
    session.wait_for("not read again: config.toml:9:8");
    session.wait("both stay", |s| s.row("office").is_some() && s.row("lab").is_some());

    session.write(CONFIG, &ONE.replace("office", "desk"));
    session.wait_for("read again: 1 changed, 1 removed");
    session.wait("renamed", |s| s.row("desk").is_some() && s.row("lab").is_none());
    assert!(session.row("desk").is_some_and(|row| row.contains('\u{2716}')), "it was forgotten");
    session.press("q");
    session.end().assert_code(0);
}

#[test]
fn a_file_that_is_gone_changes_nothing_and_one_that_appears_is_taken() {
    let mut session = Setup::watching(&[]).start();
    session.wait_for("watch a host");
    session.write(CONFIG, ONE);
    session.wait_for("read again: 1 added");
    session.press("\x1b");
    session.wait("it is watched", |s| s.row("office").is_some());
    session.remove(CONFIG);
    session.wait_for("not read again: config.toml: it is gone");
    session.wait("it is watched on", |s| s.row("office").is_some());
    session.press("q");
    session.end().assert_code(0);
}
