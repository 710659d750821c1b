//! Every screen at every size, with styles.

use super::fixtures;
use super::support::Screen;
use rdpwatch::domain::snapshot::Snapshot;
use rdpwatch::ui::dashboard::Options;
use rdpwatch::ui::state::{Access, Suggestion, Unsaved};
use rdpwatch::ui::theme::{GlyphSet, Theme};
use unicode_width::UnicodeWidthStr;

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (200, 60), (40, 12)];

fn worlds() -> [(&'static str, Snapshot); 4] {
    [
        ("healthy", fixtures::healthy()),
        ("mixed", fixtures::mixed()),
        ("empty", fixtures::empty()),
        ("offline", fixtures::offline()),
    ]
}

fn pictures(screen: &str, keys: &str) {
    for (world, snapshot) in worlds() {
        for (width, height) in SIZES {
            let mut shown = Screen::new(snapshot.clone(), width, height);
            if world == "empty" {
                shown.press("Esc");
            }
            shown.press(keys);
            insta::assert_snapshot!(format!("{screen}_{world}_{width}x{height}"), shown.picture());
        }
    }
}

#[test]
fn table() {
    pictures("table", "");
}

#[test]
fn a_path_that_is_down_stands_above_its_hosts() {
    for (width, height) in SIZES {
        let mut shown = Screen::new(fixtures::outage(), width, height);
        insta::assert_snapshot!(format!("table_outage_{width}x{height}"), shown.picture());
        shown.press("3");
        insta::assert_snapshot!(format!("alerts_outage_{width}x{height}"), shown.picture());
    }
}

#[test]
fn detail_of_the_worst() {
    pictures("detail", "2");
}

#[test]
fn detail_of_a_waking_pc() {
    for (width, height) in [(80, 60), (200, 60)] {
        let snapshot = fixtures::snapshot(vec![fixtures::waking(0)]);
        let mut shown = Screen::new(snapshot, width, height);
        shown.press("2");
        insta::assert_snapshot!(format!("waking_{width}x{height}"), shown.picture());
    }
}

#[test]
fn alerts() {
    pictures("alerts", "3");
}

#[test]
fn wall() {
    pictures("wall", "4");
    for (width, height) in SIZES {
        let mut shown = Screen::new(fixtures::sited(500), width, height);
        shown.press("4");
        insta::assert_snapshot!(format!("wall_500_{width}x{height}"), shown.picture());
        shown.press("l");
        insta::assert_snapshot!(format!("wall_held_{width}x{height}"), shown.picture());
    }
}

#[test]
fn path() {
    pictures("path", "5");
    for (width, height) in SIZES {
        let mut shown = Screen::new(fixtures::tunnelled(), width, height);
        shown.press("] 5");
        insta::assert_snapshot!(format!("path_tunnel_{width}x{height}"), shown.picture());
    }
}

#[test]
fn timeline() {
    pictures("timeline", "6");
    for (width, height) in SIZES {
        let mut shown = Screen::new(fixtures::hours(), width, height);
        shown.press("t");
        insta::assert_snapshot!(format!("timeline_hours_{width}x{height}"), shown.picture());
        shown.press("[");
        insta::assert_snapshot!(format!("timeline_moment_{width}x{height}"), shown.picture());
    }
}

#[test]
fn simple() {
    pictures("simple", "v");
    for (width, height) in SIZES {
        let mut shown = Screen::new(fixtures::snapshot(vec![fixtures::home_pc(0)]), width, height);
        shown.press("v");
        insta::assert_snapshot!(format!("simple_asleep_{width}x{height}"), shown.picture());
    }
}

#[test]
fn every_view_in_every_theme() {
    for name in Theme::names() {
        let theme = Theme::built_in(name).expect("built in");
        let options = Options { theme, ..Options::default() };
        let mut shown = Screen::with(fixtures::mixed(), 120, 40, options);
        let pages = ["1", "2", "3", "4", "5", "6", "7"].map(|key| {
            shown.press(key);
            shown.picture()
        });
        insta::assert_snapshot!(format!("theme_{name}"), pages.join("\n"));
    }
}

#[test]
fn a_screen_of_one_cell_is_drawn() {
    for (_, snapshot) in worlds() {
        let mut shown = Screen::new(snapshot, 1, 1);
        shown.press("Esc");
        for key in ["1", "2", "3", "4", "5", "6", "7", "?"] {
            shown.press(key);
            assert_eq!(shown.text().lines().count(), 1, "{key}");
        }
    }
}

#[test]
fn maintenance() {
    for (width, height) in SIZES {
        for (name, keys) in
            [("table", ""), ("detail", "/ o f f i c e Enter 2"), ("alerts", "3"), ("box", "m Down")]
        {
            let mut shown = Screen::new(fixtures::maintenance(), width, height);
            shown.press(keys);
            insta::assert_snapshot!(
                format!("maintenance_{name}_{width}x{height}"),
                shown.picture()
            );
        }
    }
}

#[test]
fn review() {
    for (width, height) in SIZES {
        let mut shown = Screen::new(fixtures::review(), width, height);
        shown.press("B");
        insta::assert_snapshot!(format!("review_{width}x{height}"), shown.picture());
    }
}

#[test]
fn overlays() {
    for (name, keys) in [
        ("help", "?"),
        ("help_search", "? / w a k"),
        ("explain", "x"),
        ("ticket", "o"),
        ("transcript", "T"),
        ("snooze", "S"),
        ("wake_all", "W"),
        ("filter", "/ b e r l"),
    ] {
        for (width, height) in [(80, 24), (40, 12)] {
            let mut shown = Screen::new(fixtures::mixed(), width, height);
            shown.press(keys);
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), shown.picture());
        }
    }
}

#[test]
fn a_start_without_targets_offers_what_was_found() {
    let suggestions = ["office-pc", "berlin-07"]
        .map(|name| Suggestion {
            label: format!("{name}  (recent connections)"),
            spec: name.to_owned(),
        })
        .to_vec();
    let options = Options { suggestions, ..Options::default() };
    let mut shown = Screen::with(fixtures::empty(), 80, 24, options);
    shown.press("Down");
    insta::assert_snapshot!("start_80x24", shown.picture());
}

#[test]
fn a_newcomer_is_taught_a_key_and_asked_whether_to_save() {
    let options = Options { teach: true, ..Options::default() };
    let mut shown = Screen::with(fixtures::mixed(), 80, 24, options);
    insta::assert_snapshot!("taught_80x24", shown.picture());
    let file = "/home/me/.config/rdpwatch/config.toml".to_owned();
    shown.dashboard.ask_to_save(Unsaved {
        names: ["pc-1", "pc-2", "pc-3"][..3].iter().map(ToString::to_string).collect(),
        is_new: false,
        file,
    });
    insta::assert_snapshot!("save_80x24", shown.picture());
}

#[test]
fn labels_are_on_every_screen() {
    for (width, height) in SIZES {
        let mut snapshot = fixtures::mixed();
        snapshot.simulated = Some("echo, neighbours");
        let options = Options { access: Access::ReadOnly, ..Options::default() };
        let mut shown = Screen::with(snapshot, width, height, options);
        for keys in ["1", "2", "3", "4", "5", "6", "7"] {
            shown.press(keys);
            let text = shown.text();
            assert!(text.contains("simulated: echo"), "{width}x{height} {keys}\n{text}");
            if width >= 60 {
                assert!(text.contains("read-only"), "{text}");
            }
        }
        shown.press("Space");
        assert!(shown.text().contains('\u{2016}'), "{width}x{height}: paused");
    }
}

#[test]
fn ascii_mode_has_only_ascii() {
    let theme = Theme::default().with_glyphs(GlyphSet::Ascii);
    for (world, snapshot) in worlds() {
        for (width, height) in SIZES {
            let options = Options { theme: theme.clone(), ..Options::default() };
            let mut shown = Screen::with(snapshot.clone(), width, height, options);
            for keys in ["Esc", "2", "x", "Esc", "3", "4", "5", "6", "7", "?", "Esc", "1 /"] {
                shown.press(keys);
                let text = shown.text();
                assert!(text.is_ascii(), "{world} {width}x{height} {keys}\n{text}");
            }
        }
    }
    let options = Options { theme, ..Options::default() };
    let shown = Screen::with(fixtures::mixed(), 120, 40, options);
    insta::assert_snapshot!("ascii_120x40", shown.text());
}

#[test]
fn without_colours_nothing_is_coloured() {
    for name in Theme::names() {
        let theme = Theme::built_in(name).expect("built in").without_colours();
        let options = Options { theme, ..Options::default() };
        let mut shown = Screen::with(fixtures::mixed(), 120, 40, options);
        for keys in ["1", "2", "3", "4", "5", "6", "7", "?"] {
            shown.press(keys);
            for cell in &shown.buffer().content {
                use ratatui::style::Color::Reset;
                assert_eq!((cell.fg, cell.bg), (Reset, Reset), "{name} {keys}");
            }
        }
    }
}

#[test]
fn wide_names_are_cut_by_cells_and_move_no_column() {
    let shown = Screen::new(fixtures::mixed(), 80, 24);
    let text = shown.text();
    let row = text.lines().find(|line| line.contains("東京")).expect("its row");
    assert!(row.contains('\u{2026}'), "{row}");
    let ladder = |line: &str| line.find("\u{25cf}\u{25cf}\u{25cf}").map(|at| line[..at].width());
    let other = text.lines().find(|line| line.contains("rds-02")).expect("its row");
    assert_eq!(ladder(row), ladder(other));
}
