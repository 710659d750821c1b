//! Terminals that do not keep up, that cannot take a frame as a whole, and that change their size
//! all the time.

use super::session::{Session, Setup};
use nix::sys::signal::Signal;
use std::time::Duration;

const SYNC_BEGIN: &[u8] = b"\x1b[?2026h";

fn running(setup: Setup) -> Session {
    let mut session = setup.start();
    session.wait("the table", |s| s.row("rds-01").is_some());
    session
}

fn frames(bytes: &[u8]) -> usize {
    bytes.windows(SYNC_BEGIN.len()).filter(|at| *at == SYNC_BEGIN).count()
}

/// Opens and closes the help: two whole screens.
const BIG: &str = "?q";

#[test]
fn a_terminal_that_stalls_is_drawn_less_often_until_it_keeps_up() {
    let mut session = running(Setup::demo().sized(200, 60));
    assert!(!session.text().contains("slow terminal"));
    session.stalled(|session| session.press_for(BIG, Duration::from_secs(3)));
    session.wait_for("slow terminal: drawn every");
    session.wait_gone("slow terminal");
    session.press("q");
    let ended = session.end();
    ended.assert_code(0);
    ended.assert_restored();
}

#[test]
fn it_ends_also_when_nobody_reads() {
    let mut session = running(Setup::demo().sized(200, 60));
    let ended = session.stalled(|session| {
        session.press_for(BIG, Duration::from_secs(2));
        session.signal(Signal::SIGTERM);
        session.ends_unread()
    });
    assert!(ended, "it waits for a terminal that takes nothing");
    let ended = session.end();
    ended.assert_code(0);
    ended.assert_restored();
}

#[test]
fn no_more_frames_a_second_than_wanted() {
    let mut session = running(Setup::demo().argument("--fps").argument("1"));
    let before = frames(session.bytes());
    session.count_for(Duration::from_secs(4));
    let drawn = frames(session.bytes()) - before;
    assert!((1..=5).contains(&drawn), "{drawn} frames in 4 s");
}

#[test]
fn a_terminal_that_does_not_know_whole_frames_gets_no_marks() {
    let mut session = Setup::demo().start();
    session.press("\x1b[?2026;0$y\x1b[?62;c");
    session.wait("the table", |s| s.row("rds-01").is_some());
    session.press("?");
    session.wait_for(" keys ");
    assert_eq!(frames(session.bytes()), 0);
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
    assert!(frames(session.bytes()) > 0);
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

#[test]
fn a_storm_of_sizes_ends_with_the_right_frame() {
    let mut session = running(Setup::demo());
    session.press(" ");
    session.wait_for("paused");
    let before = session.text();
    for number in 0..100_u16 {
        session.resize(20 + number * 37 % 180, 5 + number * 23 % 55);
    }
    session.resize(120, 40);
    session.wait("the frame of before", |s| s.text() == before);
    session.press(" ");
    session.wait_gone("paused");
    session.press("q");
    let ended = session.end();
    ended.assert_code(0);
    ended.assert_restored();
}
