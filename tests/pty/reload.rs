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

/// The dashboard's own text is no news when it is read again, and that the file had been wrong stayed
/// on the screen.
#[test]
fn a_wrong_file_that_says_again_what_the_dashboard_wrote_is_told_no_more() {
    let mut session = Setup::watching(&[]).file(CONFIG, ONE).start();
    session.wait("it is watched", |s| s.row("office").is_some());
    session.press("A127.0.0.1:11\t");
    session.wait_for("a new host");
    session.press("\r");
    session.wait_for("added to config.toml");
    session.press("u");
    session.wait_for("undone:");
    let own = session.read(CONFIG).expect("it is there");
    session.write(CONFIG, &format!("{own}bad = [\n"));
    session.wait_for("not read again: config.toml:");
    session.press("p");
    session.wait_for("probing");
    assert!(session.text().contains("not read again: config.toml:"), "{}", session.text());
    session.write(CONFIG, &own);
    session.wait_gone("not read again");
    session.wait("it is watched on", |s| s.row("office").is_some());
    session.press("q");
    session.end().assert_code(0);
}
