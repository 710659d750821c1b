//! Which parts of the screen there are, and where.

use super::fixtures;
use super::support::Screen;
use rdpwatch::domain::look::{PanelId, Panels};
use rdpwatch::ui::dashboard::Options;
use rdpwatch::ui::input::Input;
use rdpwatch::ui::state::Access;
use rdpwatch::ui::theme::Role;
use rdpwatch::ui::view_model::ViewLine;

fn panels(order: &[PanelId], preview: Option<u8>) -> Options {
    let panels = Panels { order: order.to_vec(), preview };
    Options { panels, ..Options::default() }
}

fn screen(order: &[PanelId], preview: Option<u8>, width: u16, height: u16) -> Screen {
    Screen::with(fixtures::mixed(), width, height, panels(order, preview))
}

#[test]
fn layouts() {
    use PanelId::{Alerts, Banner, Keys, Preview, Table};
    for (name, order, preview) in [
        ("upside_down", &[Keys, Alerts, Preview, Table, Banner][..], Some(40)),
        ("bare", &[Banner, Table], None),
        ("alerts_on_top", &[Banner, Alerts, Table, Keys], None),
    ] {
        for (width, height) in [(120, 40), (80, 24), (40, 12)] {
            let picture = screen(order, preview, width, height).picture();
            insta::assert_snapshot!(format!("layout_{name}_{width}x{height}"), picture);
        }
    }
}

#[test]
fn the_usual_order_written_out_is_the_usual_screen() {
    let order = PanelId::WORDS.map(|(_, panel)| panel);
    for (width, height) in [(200, 60), (120, 40), (80, 24), (40, 12), (20, 5)] {
        for keys in ["", "3", "4", "5", "6", "/"] {
            let mut usual = Screen::new(fixtures::mixed(), width, height);
            let mut written = screen(&order, None, width, height);
            usual.press(keys);
            written.press(keys);
            assert_eq!(written.text(), usual.text(), "{keys} {width}x{height}");
        }
    }
}

#[test]
fn rows_are_clicked_where_they_stand() {
    use PanelId::{Alerts, Banner, Keys, Preview, Table};
    for order in [&[Keys, Alerts, Preview, Table, Banner][..], &[Banner, Table]] {
        let mut screen = screen(order, Some(30), 120, 40);
        let text = screen.text();
        let headings = text.lines().position(|line| line.contains("TARGET")).expect("a table");
        let row = text.lines().skip(headings).position(|line| line.contains("rds-02"));
        let y = u16::try_from(headings + row.expect("a row")).expect("on the screen");
        screen.dashboard.input(Input::Click { x: 5, y }, screen.now);
        let selected = screen.dashboard.state().selected.expect("a host");
        let host = fixtures::mixed().targets.iter().find(|t| t.target.id == selected).cloned();
        assert_eq!(host.expect("known").target.name, "rds-02", "{text}");
    }
}

#[test]
fn without_a_line_for_keys_what_is_typed_is_still_seen() {
    let mut screen = screen(&[PanelId::Banner, PanelId::Table], None, 80, 24);
    screen.press("/");
    screen.type_text("berlin");
    assert!(screen.text().lines().last().unwrap_or_default().starts_with("/berlin"));
}

#[test]
fn another_configuration_changes_the_screen_and_not_where_the_user_is() {
    let mut screen = Screen::new(fixtures::mixed(), 80, 24);
    screen.press("Down Down");
    let selected = screen.dashboard.state().selected;
    let access = Access::ReadOnly;
    let options = panels(&[PanelId::Keys, PanelId::Banner, PanelId::Table], None);
    screen.dashboard.change(Options { access, ..options });
    assert_eq!(screen.dashboard.state().selected, selected);
    let text = screen.text();
    assert!(text.lines().next().is_some_and(|line| line.contains("filter")), "{text}");
    screen.press("D");
    assert!(screen.text().contains("read-only"), "{}", screen.text());
}

#[test]
fn the_label_of_a_filter_covers_no_row() {
    use PanelId::{Banner, Table};
    for (panels, width, height) in [
        (Panels::default(), 40, 8),
        (Panels { order: vec![Banner, Table], preview: None }, 80, 8),
        (Panels { order: vec![Banner, Table], preview: None }, 80, 16),
    ] {
        let options = Options { panels, ..Options::default() };
        let mut screen = Screen::with(fixtures::many(400), width, height, options);
        screen.press("/");
        screen.type_text("!state:ok");
        screen.press("Enter");
        let (_, targets) = screen.dashboard.shown();
        for target in &targets {
            let model = screen.dashboard.view_model(screen.now);
            assert_eq!(model.lines.len(), usize::from(height));
            let is_marked = |line: &&ViewLine| line.base == Some(Role::Selection);
            let marked: Vec<_> = model.lines.iter().filter(is_marked).collect();
            let [marked] = marked.as_slice() else { panic!("{}", screen.text()) };
            assert_eq!(screen.dashboard.state().selected, Some(target.target.id));
            assert!(marked.line.plain().contains(&target.target.name), "{}", screen.text());
            let last = model.lines.last().expect("lines").line.plain();
            assert!(last.contains("filter !state:ok"), "{last}");
            screen.press("j");
        }
    }
}
