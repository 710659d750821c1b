//! However it ends, the terminal is left as it was found.

use super::session::{Session, Setup, assert_restored};
use nix::sys::signal::Signal;

fn running() -> Session {
    let mut session = Setup::demo().start();
    session.wait("the table", |s| s.row("rds-01").is_some());
    assert!(session.screen().alternate_screen() && session.screen().hide_cursor());
    assert!(session.screen().bracketed_paste());
    assert_ne!(session.screen().mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    assert!(!session.is_cooked());
    session
}

#[test]
fn q_and_ctrl_c_end_it() {
    for key in ["q", "\x03"] {
        let mut session = running();
        session.press(key);
        let ended = session.end();
        ended.assert_code(0);
        ended.assert_restored();
        assert_eq!(ended.text().trim(), "", "nothing is left on the normal screen");
    }
}

#[test]
fn the_last_frame_is_kept_when_asked_for() {
    let mut session = running();
    session.wait("a verdict", |s| s.row("files-01").is_some_and(|row| row.contains("high")));
    session.press("Q");
    let ended = session.end();
    ended.assert_code(0);
    ended.assert_restored();
    for words in ["TARGET", "rds-01", "files-01", "127.77.1.20"] {
        assert!(ended.text().contains(words), "{words} in {}", ended.text());
    }
}

#[test]
fn signals_end_it() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT] {
        let session = running();
        session.signal(signal);
        let ended = session.end();
        ended.assert_code(0);
        ended.assert_restored();
        assert_eq!(ended.text().trim(), "", "{signal}");
    }
}

#[test]
fn a_terminal_that_goes_away_ends_it() {
    let status = Setup::demo().start_and_hang_up();
    assert_eq!(status.exit_code(), 0, "{status:?}");
}

#[test]
fn it_stops_as_a_job_and_goes_on() {
    for stop in [Stop::Signal, Stop::Key] {
        let mut session = running();
        match stop {
            Stop::Signal => session.signal(Signal::SIGTSTP),
            Stop::Key => session.press("\x1a"),
        }
        session.wait("the normal screen", |s| !s.screen().alternate_screen());
        session.wait_until("stopped", Session::is_stopped);
        assert_restored(session.screen());
        assert!(session.is_cooked(), "the shell has its line discipline");
        session.resize(100, 30);
        session.signal(Signal::SIGCONT);
        session.wait("the table", |s| s.screen().alternate_screen() && s.row("rds-01").is_some());
        assert!(!session.is_cooked() && session.screen().hide_cursor());
        session.press("?");
        session.wait_for("\u{2500} keys \u{2500}");
        session.press("q");
        session.wait_gone("\u{2500} keys \u{2500}");
        session.press("q");
        let ended = session.end();
        ended.assert_code(0);
        ended.assert_restored();
    }
}

enum Stop {
    Signal,
    Key,
}

#[test]
fn storms_of_resizes_leave_a_whole_screen() {
    let mut session = running();
    for step in 0..100_u16 {
        let (width, height) = match step % 5 {
            0 => (1, 1),
            1 => (7 * step % 300 + 1, 3 * step % 90 + 1),
            2 => (300, 2),
            3 => (2, 100),
            _ => (80, 24),
        };
        session.resize(width, height);
        if step % 10 == 0 {
            session.press("\t");
        }
    }
    session.resize(110, 45);
    session.press("1?");
    session.wait_for("\u{2500} keys \u{2500}");
    session.press("q");
    session.wait("the table", |s| {
        s.row("rds-01").is_some() && s.rows().last().is_some_and(|row| row.contains("q quit"))
    });
    session.press("q");
    let ended = session.end();
    ended.assert_code(0);
    ended.assert_restored();
    assert!(!ended.written().contains("panicked"), "{}", ended.written());
}
