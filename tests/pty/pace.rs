//! A terminal that does not keep up, and one that changes its size all the time.

use super::session::Setup;
use std::time::Duration;

/// How long the terminal takes nothing.
const STALL: Duration = Duration::from_secs(4);

#[test]
fn a_terminal_that_stalls_is_drawn_less_often_is_told_so_and_recovers() {
    let mut session = Setup::demo().start();
    session.wait("the table", |s| s.row("rds-01").is_some());
    session.stall(true);
    // Each turns a whole screen over: more than a terminal holds back for its reader.
    session.press_for("\t", STALL);
    session.stall(false);
    session.wait_for("slow terminal, drawn every");
    session.wait_gone("slow terminal");
    session.press("1");
    session.wait("the table", |s| s.row("rds-01").is_some());
    session.press("q");
    let ended = session.end();
    ended.assert_code(0);
    ended.assert_restored();
}

#[test]
fn a_storm_of_resizes_ends_with_a_whole_frame() {
    let mut session = Setup::demo().sized(100, 30).start();
    session.wait("the table", |s| s.row("rds-01").is_some());
    session.press(" ");
    session.wait_for("paused");
    for nth in 0..99_u16 {
        session.resize(40 + nth * 37 % 120, 10 + nth * 13 % 40);
    }
    session.resize_and_settle(100, 30);
    let after = session.text();
    assert!(session.row("rds-01").is_some() && after.contains("paused"), "{after}");
    // A frame that was never disturbed, at the same size.
    session.resize_and_settle(120, 40);
    assert_ne!(session.text(), after);
    session.resize_and_settle(100, 30);
    assert_eq!(session.text(), after);
    assert!(session.rows().iter().all(|row| row.chars().count() <= 100));
    session.press("q");
    let ended = session.end();
    ended.assert_code(0);
    ended.assert_restored();
}

#[test]
fn the_rate_that_is_asked_for_is_the_rate_at_most() {
    let mut session = Setup::demo().argument("--fps").argument("1").start();
    session.wait("the table", |s| s.row("rds-01").is_some());
    let before = session.frames();
    session.count_for(Duration::from_secs(4));
    let frames = session.frames() - before;
    assert!((1..=5).contains(&frames), "{frames} frames in 4 s");
    session.press("q");
    session.end().assert_code(0);
}
