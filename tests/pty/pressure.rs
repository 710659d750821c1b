//! A terminal that nobody reads any more, and those that can or cannot take a frame as a whole.

use super::session::{Session, Setup};
use nix::sys::signal::Signal;
use std::time::Duration;

fn running(setup: Setup) -> Session {
    let mut session = setup.start();
    session.wait("the table", |s| s.row("rds-01").is_some());
    session
}

#[test]
fn it_ends_also_when_nobody_reads() {
    let mut session = running(Setup::demo().sized(200, 60));
    session.stall(true);
    // Opens and closes the help: two whole screens.
    session.press_for("?q", Duration::from_secs(3));
    session.signal(Signal::SIGTERM);
    assert!(session.ends_unread(), "it waits for a terminal that takes nothing");
    session.stall(false);
    let ended = session.end();
    ended.assert_code(0);
    ended.assert_restored();
}

#[test]
fn a_terminal_that_does_not_know_whole_frames_gets_no_marks() {
    let mut session = Setup::demo().start();
    session.press("\x1b[?2026;0$y\x1b[?62;c");
    session.wait("the table", |s| s.row("rds-01").is_some());
    session.press("?");
    session.wait_for(" keys ");
    assert_eq!(session.frames(), 0);
    session.press("qq");
    let ended = session.end();
    ended.assert_code(0);
    ended.assert_restored();
}

#[test]
fn a_terminal_that_knows_whole_frames_gets_them_and_keys_are_not_lost() {
    let mut session = Setup::demo().start();
    session.press("?\x1b[?2026;2$y\x1b[?62;c");
    session.wait_for(" keys ");
    assert!(session.frames() > 0);
    session.press("qq");
    session.end().assert_code(0);
}

#[test]
fn an_answer_that_comes_late_is_no_key() {
    let mut session = running(Setup::demo());
    session.press("\x1b[?2026;2$y\x1b[?62;c?");
    session.wait_for(" keys ");
    session.press("q");
    session.wait_gone(" keys ");
    session.press("q");
    session.end().assert_code(0);
}
