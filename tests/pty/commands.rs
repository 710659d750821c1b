//! Filters, commands, groups and the mouse, in the real program.

use super::session::{Session, Setup};
use std::time::{Duration, Instant};

fn demo() -> Session {
    let mut session = Setup::demo().start();
    session.wait("hosts of two groups", |s| {
        ["rds-01", "vie-legacy", "home-pc"].iter().all(|host| s.row(host).is_some())
    });
    session
}

#[test]
fn a_filter_is_completed_and_its_mistakes_are_told() {
    let mut session = demo();
    session.press("/");
    session.wait_for("of 18");
    session.press("los>2");
    session.wait_for("column 1: no key \"los\", did you mean \"loss\"?");
    session.press("\x15grou\tB\t");
    session.wait_for("/group:Berlin");
    session.wait("only that group", |s| s.row("rds-01").is_some() && s.row("vie-rds-01").is_none());
    session.press("\r");
    session.wait_for("filter group:Berlin");
}

#[test]
fn commands_sort_go_and_are_taken_back() {
    let mut session = demo();
    session.press(":sort name\r");
    session.wait_for("TARGET\u{2193}");
    session.press(":goto vie-leg\t\r");
    session
        .wait("it is selected", |s| s.row("vie-legacy").is_some_and(|r| r.starts_with('\u{25b8}')));
    session.press("P");
    session.wait_for("pinned above every order: vie-legacy");
    session.press("uu");
    session.wait_for("undone: sorted by name");
    session.press("p");
    session.wait_for("probing");
    session.press("u");
    session.wait_for("vie-legacy was probed: that cannot be undone");
    session.press(":theme lihgt\r");
    session.wait_for("no theme \"lihgt\", did you mean \"light\"?");
    session.press("\x1b");
    session.wait("the line is gone", |s| !s.text().contains("no theme"));
    session.press(":q\r");
    let ended = session.end();
    ended.assert_code(0);
    ended.assert_restored();
}

#[test]
fn groups_fold_and_the_panel_is_dragged() {
    let mut session = demo();
    session.press("bF");
    session.wait("five headings", |s| {
        ["+Berlin", "+Vienna", "+Home offices"].iter().all(|name| s.text().contains(name))
    });
    session.press("F");
    session.wait_for("-Vienna");
    session.press("b");
    session.wait("no headings", |s| !s.text().contains("-Vienna"));
    let edge = session.text().lines().position(|l| l.starts_with("\u{2500}\u{2500} "));
    let edge = edge.expect("the lower panel") + 1;
    session.press(&format!("\x1b[<0;20;{edge}M\x1b[<32;20;{0}M\x1b[<0;20;{0}m", edge + 4));
    session.wait("it is lower", |s| {
        s.text().lines().position(|l| l.starts_with("\u{2500}\u{2500} ")) == Some(edge + 3)
    });
}

#[test]
fn any_mix_of_keys_mouse_and_sizes_leaves_the_terminal_as_it_was() {
    let keys = [
        ":sort loss desc\r",
        "bF",
        "\x1b[<0;9;5M\x1b[<32;9;30M\x1b[<0;9;30m",
        "/loss>\t2\r",
        "PuI",
        ":the\tli\t\r",
        "\x1b[<65;9;5M",
        "3",
        "4l",
        ":goto rds\t\t\r",
        "6[",
        "fu",
        "\x1b",
        "1n",
        "s",
        "?/pin\r\x1b\x1b",
        ":\x1b[A\x1b[A\x1b[B\r",
        "uuu",
        "\x1b[<0;30;3M",
        "v",
        "x]\x1b",
        "FFb",
    ];
    let sizes = [(80, 24), (40, 12), (1, 1), (200, 60), (60, 14), (120, 40)];
    for turn in 0..2 {
        let mut session = demo();
        for (place, keys) in keys.iter().cycle().skip(turn * 7).take(keys.len() * 2).enumerate() {
            let (width, height) = sizes[(place + turn) % sizes.len()];
            session.resize(width, height);
            session.press(keys);
        }
        // Alone: behind an Escape it would be another key.
        session.resize(120, 40);
        session.wait_for("simulated: echo");
        session.press("\x03");
        let ended = session.end();
        ended.assert_code(0);
        ended.assert_restored();
    }
}

#[test]
fn a_pin_holds_in_the_next_run() {
    const STATE: &str = ".state/rdpwatch/state.json";
    let targets = ["first=127.0.0.1:9", "second=127.0.0.1:10"];
    // Whether the first one stands above the second; `None` while there is no table.
    let above = |s: &Session| {
        let rows = s.rows().into_iter().skip_while(|row| !row.contains("TARGET"));
        let table: Vec<String> = rows.collect();
        let place = |name: &str| table.iter().position(|row| row.contains(name));
        Some(place("first")? < place("second")?)
    };
    let mut session = Setup::watching(&targets).start();
    session.wait("in their order", |s| above(s) == Some(true));
    session.press("jP");
    session.wait_for("pinned above every order: second");
    session.press("q");
    let pinned = |state: &str| state.contains("\"pinned\":true");
    session.wait_until("remembered", |s| s.read(STATE).as_deref().is_some_and(pinned));
    let state = session.read(STATE).expect("just read");
    session.end().assert_code(0);

    let mut session = Setup::watching(&targets).file(STATE, state.leak()).start();
    session.wait("the pinned one first", |s| above(s) == Some(false));
    session.press("q");
    session.end().assert_code(0);
}

#[test]
fn what_a_person_said_is_on_disk_at_once_and_outlives_a_kill() {
    const STATE: &str = ".state/rdpwatch/state.json";
    let mut session = Setup::watching(&["first=127.0.0.1:9", "second=127.0.0.1:10"]).start();
    session.wait_for("second");
    session.press("jP");
    session.wait_for("pinned above every order: second");
    // What is measured is saved every half minute.
    let said = Instant::now();
    let pinned = |state: &str| state.contains("\"pinned\":true");
    session.wait_until("remembered", |s| s.read(STATE).as_deref().is_some_and(pinned));
    assert!(said.elapsed() < Duration::from_secs(15), "{:?}", said.elapsed());
    session.signal(nix::sys::signal::Signal::SIGKILL);
}
