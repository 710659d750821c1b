//! Whatever is typed, clicked, resized or named: the screen stands.

use super::fixtures::{self, NOW};
use super::support::Screen;
use crossterm::event::{KeyCode, KeyModifiers};
use proptest::prelude::*;
use rdpwatch::domain::target::TargetId;
use rdpwatch::ui::dashboard::Options;
use rdpwatch::ui::input::{Input, Key};
use rdpwatch::ui::keymap::Keymap;
use rdpwatch::ui::state::{Size, UiState};
use rdpwatch::ui::theme::GlyphSet;
use rdpwatch::ui::view_model::ViewModel;
use rdpwatch::ui::world::{Places, World};
use std::sync::Arc;

fn bound_keys() -> Vec<Key> {
    Keymap::default().rows().iter().flat_map(|row| row.on.clone()).collect()
}

fn input() -> impl Strategy<Value = Input> {
    let bound = bound_keys();
    let quits = [Key::char('q'), Key::char('Q'), Key::ctrl('c')];
    let keys: Vec<Key> = bound.into_iter().filter(|key| !quits.contains(key)).collect();
    prop_oneof![
        12 => prop::sample::select(keys).prop_map(Input::Key),
        3 => any::<char>().prop_map(|c| Input::Key(Key::char(c))),
        1 => any::<u8>().prop_map(|n| Input::Key(Key {
            code: KeyCode::F(n),
            modifiers: KeyModifiers::CONTROL | KeyModifiers::ALT,
        })),
        2 => (0..210_u16, 0..70_u16).prop_map(|(x, y)| Input::Click { x, y }),
        1 => (-3..3_i32).prop_map(Input::Wheel),
        2 => (0..70_u16).prop_map(|y| Input::Drag { y }),
        1 => Just(Input::Drop),
        2 => prop::sample::select(vec![
            ":sort loss", ":goto o", ":theme light", ":filter loss>2", "/state:cr", ":snooze 1h",
        ])
        .prop_map(|text| Input::Paste(text.to_owned())),
        1 => ".{0,12}".prop_map(Input::Paste),
        2 => (0..220_u16, 0..70_u16).prop_map(|(w, h)| Input::Resize(w, h)),
        1 => (0..4_u16, 0..4_u16).prop_map(|(w, h)| Input::Resize(w, h)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_inputs_leaves_a_screen_that_can_be_drawn(
        inputs in prop::collection::vec(input(), 1..60),
        worlds in prop::collection::vec(0..5_u8, 1..4),
    ) {
        let mut screen = Screen::new(fixtures::mixed(), 80, 24);
        let mut worlds = worlds.into_iter().cycle();
        for (place, input) in inputs.into_iter().enumerate() {
            screen.dashboard.input(input, NOW);
            let size = screen.dashboard.state().size;
            let model = screen.dashboard.view_model(NOW);
            prop_assert!(model.lines.len() <= usize::from(size.height));
            for line in &model.lines {
                prop_assert!(line.line.width() <= usize::from(size.width), "{:?}", line.line);
            }
            let _ = screen.dashboard.frame(NOW);
            prop_assert!(screen.dashboard.frame(NOW).is_none(), "drawn twice");
            if place % 7 == 6 {
                let snapshot = match worlds.next() {
                    Some(0) => fixtures::healthy(),
                    Some(1) => fixtures::empty(),
                    Some(2) => fixtures::offline(),
                    Some(3) => fixtures::sited(60),
                    _ => fixtures::mixed(),
                };
                screen.dashboard.set_snapshot(Arc::new(snapshot));
            }
        }
    }

    #[test]
    fn no_name_or_verdict_reaches_the_terminal_raw(name in any::<String>(), text in any::<String>()) {
        let mut target = fixtures::office_pc(0);
        let mut config = (*target.target).clone();
        config.name.clone_from(&name);
        config.group = Some(text.clone());
        target.target = Arc::new(config);
        target.verdict.clone_from(&text);
        target.findings[0].evidence = vec![text.clone()];
        target.findings[0].title = text;
        let mut screen = Screen::new(fixtures::snapshot(vec![target]), 200, 60);
        for keys in ["1", "2", "x", "Esc", "o", "Esc", "3"] {
            screen.press(keys);
            for cell in &screen.buffer().content {
                let symbol = cell.symbol();
                let raw = symbol.chars().any(|c| c.is_control() || c == '\u{202e}');
                prop_assert!(!raw, "{:?}", symbol);
            }
        }
    }
}

#[test]
fn the_smallest_terminals_are_survived() {
    let mut screen = Screen::new(fixtures::mixed(), 80, 24);
    for width in 0..24 {
        for height in 0..8 {
            screen.press("Esc Esc Esc 1");
            screen.dashboard.input(Input::Resize(width, height), NOW);
            for keys in
                ["", "?", "Esc", "2", "x", "Esc", "3", "S", "Esc", "1", "W", "Esc", "/", "Esc", "A"]
            {
                screen.press(keys);
                let model = screen.dashboard.view_model(NOW);
                assert!(model.lines.len() <= usize::from(height), "{width}x{height} {keys}");
                for line in &model.lines {
                    assert!(line.line.width() <= usize::from(width), "{width}x{height} {keys}");
                }
            }
        }
    }
}

#[test]
fn every_size_has_one_line_per_row_and_none_too_long() {
    let mut screen = Screen::new(fixtures::mixed(), 80, 24);
    for width in (0..240).step_by(3) {
        for height in [0, 1, 5, 13, 14, 24, 31, 60] {
            screen.dashboard.input(Input::Resize(width, height), NOW);
            for keys in ["1", "2", "3"] {
                screen.press(keys);
                let model = screen.dashboard.view_model(NOW);
                assert!(model.lines.len() <= usize::from(height));
                for line in &model.lines {
                    assert!(line.line.width() <= usize::from(width), "{width}x{height} {keys}");
                }
            }
        }
    }
}

#[test]
fn only_the_rows_on_the_screen_are_formatted() {
    let snapshot = fixtures::many(1_000);
    let keymap = Keymap::default();
    let state = UiState {
        size: Size { width: 120, height: 40 },
        selected: Some(TargetId(997)),
        ..UiState::default()
    };
    let places = Places::of(&snapshot);
    let world = World {
        snapshot: &snapshot,
        places: &places,
        keymap: &keymap,
        now: NOW,
        glyphs: GlyphSet::Unicode,
    };
    let model = ViewModel::build(&world, &state);
    assert_eq!(model.lines.len(), 40);
    let shown = model.lines.iter().map(|line| line.line.plain()).collect::<String>();
    assert!(shown.contains("pc-0997") && !shown.contains("pc-0100"));
}

#[test]
fn a_screen_reused_after_a_resize_shows_what_a_new_one_shows() {
    let mut screen = Screen::with(fixtures::mixed(), 120, 40, Options::default());
    let _ = screen.dashboard.frame(NOW);
    screen.dashboard.input(Input::Resize(80, 24), NOW);
    let frame = screen.dashboard.frame(NOW).expect("drawn");
    assert!(frame.clear);
    assert_eq!(screen.dashboard.text(), Screen::new(fixtures::mixed(), 80, 24).text());
}
