//! Every view in every state at every size: one picture a state and size, and what holds of all.

use super::fixtures;
use super::support::Screen;
use rdpwatch::domain::snapshot::Snapshot;
use rdpwatch::domain::target::Target;
use std::sync::Arc;
use unicode_width::UnicodeWidthStr;

const SIZES: [(u16, u16); 5] = [(80, 24), (120, 40), (200, 60), (40, 12), (1, 1)];

/// Every view, and the table in groups, with a pinned row and with a line that is typed.
const VIEWS: [&str; 11] =
    ["1", "2", "3", "4", "5", "6", "7", "1 j P", "b", "F", "F : s o r t Space Tab"];

/// The mixed world with names of 200 characters, and of wide ones.
fn named() -> Snapshot {
    let mut snapshot = fixtures::mixed();
    let names = ["x".repeat(200), "\u{6771}\u{4eac}".repeat(100), "e\u{301}".repeat(100)];
    for (place, shown) in snapshot.targets.iter_mut().enumerate() {
        let shown = Arc::make_mut(shown);
        let mut target = Target::clone(&shown.target);
        let Some(name) = names.get(place % names.len()) else { continue };
        target.name.clone_from(name);
        target.group = (place % 2 == 0).then(|| name.clone());
        shown.target = Arc::new(target);
    }
    snapshot
}

fn worlds() -> [(&'static str, Snapshot); 5] {
    [
        ("healthy", fixtures::healthy()),
        ("mixed", fixtures::mixed()),
        ("outage", fixtures::outage()),
        ("500", fixtures::sited(500)),
        ("named", named()),
    ]
}

#[test]
fn no_view_is_wider_or_higher_than_its_screen() {
    for (world, snapshot) in worlds() {
        for (width, height) in SIZES {
            let mut screen = Screen::new(snapshot.clone(), width, height);
            for keys in VIEWS {
                screen.press(keys);
                let model = screen.dashboard.view_model(screen.now);
                assert!(model.lines.len() <= usize::from(height), "{world} {width} {keys}");
                for line in &model.lines {
                    let wide = line.line.width();
                    assert!(wide <= usize::from(width), "{world} {width} {keys}: {:?}", line.line);
                }
                for line in screen.text().lines() {
                    assert!(line.width() <= usize::from(width), "{world} {width} {keys}: {line}");
                }
            }
        }
    }
}

#[test]
fn the_worst_is_first_in_every_state() {
    for (world, snapshot) in worlds() {
        let worst = snapshot.targets.iter().map(|t| t.state).max();
        for (width, height) in SIZES.into_iter().filter(|(width, _)| *width > 1) {
            let mut screen = Screen::new(snapshot.clone(), width, height);
            screen.press("j k g");
            let id = screen.dashboard.state().selected.expect("one is selected");
            let first = snapshot.targets.iter().find(|t| t.target.id == id).map(|t| t.state);
            assert_eq!(first, worst, "{world} {width}");
        }
    }
}

/// The states and sizes that no other picture shows: one file for all views of each.
#[test]
fn pictures_of_every_view() {
    for (world, snapshot) in worlds() {
        for (width, height) in [(80, 24), (40, 12)] {
            let mut screen = Screen::new(snapshot.clone(), width, height);
            let pages = VIEWS.map(|keys| {
                screen.press(keys);
                screen.picture()
            });
            insta::assert_snapshot!(format!("every_{world}_{width}x{height}"), pages.join("\n"));
        }
    }
}

/// The large sizes and the smallest: the text, and of its styles a number that they make.
#[test]
fn texts_of_every_view() {
    for (world, snapshot) in worlds() {
        for (width, height) in [(120, 40), (200, 60), (1, 1)] {
            let mut screen = Screen::new(snapshot.clone(), width, height);
            let pages = VIEWS.map(|keys| {
                screen.press(keys);
                let text = screen.text();
                let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
                let styles = fnv(screen.picture().as_bytes());
                format!("== {keys}, styles {styles:016x}\n{}", lines.join("\n").trim_end())
            });
            insta::assert_snapshot!(format!("text_{world}_{width}x{height}"), pages.join("\n"));
        }
    }
}

/// FNV-1a of 64 bits (draft-eastlake-fnv): the same on every machine.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
