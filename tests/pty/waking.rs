//! Waking: the demonstration's `home-pc` sleeps until a magic packet arrives on its port.

use super::session::Setup;
use super::views::{detail, narrow};

#[test]
fn a_sleeping_pc_is_woken_and_followed_up_its_ladder() {
    let mut session = detail(Setup::demo().sized(120, 80), "home-pc");
    session.wait_for("02:77:1a:00:03:01 (configured)");
    session.press("w");
    session.wait_for("waking home-pc");
    session.wait("every rung of the ladder", |s| {
        let rows = s.rows();
        let ladder = rows.iter().find(|row| row.starts_with("   ladder "));
        let rungs = ["network card", "ping", "RDP port", "RDP"];
        ladder
            .is_some_and(|row| rungs.iter().all(|rung| row.contains(&format!("\u{25cf} {rung} "))))
    });
    session.wait_for("after the wake packet");
    session.press("\x1b");
    session.wait("healthy", |s| s.row("home-pc").is_some_and(|row| row.contains("none")));
}

#[test]
fn waking_all_asks_first() {
    let mut session = detail(Setup::demo(), "home-pc");
    session.wait_for("host-asleep");
    session.press("W");
    session.wait_for("home-pc");
    session.wait_for("y yes");
    session.press("n");
    session.wait_gone("y yes");
    session.press("W");
    session.wait_for("y yes");
    session.press("y");
    session.wait_for("waking home-pc");
    session.wait_gone("host-asleep");
}

#[test]
fn read_only_wakes_nobody() {
    let mut session = Setup::demo().argument("--read-only").start();
    session.wait("home-pc", |s| s.row("home-pc").is_some());
    assert!(session.text().contains("read-only"), "{}", session.text());
    narrow(&mut session, "home-pc");
    for key in ["w", "W"] {
        session.press(key);
        session.wait_for("read-only: no magic packets are sent");
        session.press("I");
        session.press("p");
        session.wait_for("probing home-pc");
    }
}
