//! Copying, and the page to select from.

use super::fixtures::{self, NOW};
use super::support::Screen;
use rdpwatch::ui::dashboard::Options;
use rdpwatch::ui::effect::Effect;
use rdpwatch::ui::input::{Input, Key};
use rdpwatch::ui::terminal::encode;

fn mixed(width: u16, height: u16) -> Screen {
    Screen::new(fixtures::mixed(), width, height)
}

fn copied(effects: &[Effect]) -> &str {
    let [Effect::CopyText(text)] = effects else { panic!("{effects:?}") };
    text
}

/// What the terminal is sent next.
fn sent(screen: &mut Screen) -> Option<String> {
    let frame = screen.dashboard.frame(NOW)?;
    let mut bytes = Vec::new();
    encode(&frame, &mut bytes).expect("into memory");
    Some(String::from_utf8(bytes).expect("text"))
}

#[test]
fn a_command_is_chosen_with_what_it_disturbs_and_copied_filled_in() {
    let mut screen = mixed(120, 60);
    screen.press("2 Y");
    let text = screen.text();
    assert!(text.contains("impact: DISCONNECTS EVERY SESSION"), "{text}");
    let first = screen.press("1");
    assert!(!copied(&first).contains("HOST"), "{first:?}");
    let all = screen.text();
    assert!(all.contains("command sent to the terminal's clipboard; not there? X shows it"));
    // The last of the list is the ticket.
    let mut shown = mixed(120, 60);
    for _ in 0..100 {
        shown.press(if shown.dashboard.state().overlay.is_some() { "Down" } else { "Y" });
    }
    let ticket = shown.press("Enter");
    assert!(copied(&ticket).contains("tls-handshake-failed"), "{ticket:?}");
    screen.press("Y Esc");
    assert!(screen.dashboard.state().overlay.is_none());
}

#[test]
fn the_page_is_what_was_copied_as_bare_text_that_the_terminal_wraps() {
    let mut screen = mixed(40, 12);
    screen.press("2 Y");
    let effects = screen.press("1");
    let command = copied(&effects).to_owned();
    let _ = sent(&mut screen);
    screen.press("X");
    let bytes = sent(&mut screen).expect("drawn");
    let bare = bytes.replace("\r\n", "\n");
    assert!(bare.contains(&command), "in one piece: {bytes:?}");
    assert!(!bytes.contains('\u{2502}') && !bytes.contains("\x1b[38"), "{bytes:?}");
    assert_eq!(sent(&mut screen), None, "nothing changes on it");
    screen.press("z");
    assert!(screen.dashboard.state().overlay.is_none());
    let whole = sent(&mut screen).expect("drawn");
    assert!(whole.contains("\x1b[2J") && whole.contains("office-pc"), "everything is drawn anew");
    // Some other key was pressed since: the page is about what is selected.
    screen.press("X");
    assert!(sent(&mut screen).expect("drawn").contains("Remote Desktop: office-pc"));
}

#[test]
fn a_long_page_is_turned_and_comes_to_its_end() {
    let mut screen = mixed(40, 12);
    screen.press("X");
    let mut seen = String::new();
    let mut parts = 0;
    while screen.dashboard.state().overlay.is_some() {
        seen.push_str(&sent(&mut screen).expect("drawn"));
        screen.dashboard.input(Input::Key(Key::char(' ')), NOW);
        parts += 1;
        assert!(parts < 100);
    }
    assert!(parts > 3 && seen.contains("[Space: more, any other key: back]"), "{parts}");
    assert!(seen.contains("[any key: back]"));
}

#[test]
fn inside_tmux_it_is_said_what_tmux_needs() {
    let options = Options { relayed: true, ..Options::default() };
    let mut screen = Screen::with(fixtures::mixed(), 120, 40, options);
    screen.press("y");
    assert!(
        screen.text().contains("sent through tmux, which needs set-clipboard on; not there? X")
    );
}

#[test]
fn a_panel_that_fills_the_screen_still_answers() {
    let mut screen = mixed(40, 12);
    screen.press("o y");
    assert!(screen.text().contains("sent to the terminal's clip"), "{}", screen.text());
}

#[test]
fn boxes() {
    for (width, height) in [(80, 24), (40, 12), (120, 40)] {
        let mut screen = mixed(width, height);
        screen.press("2 Y Down");
        insta::assert_snapshot!(format!("copy_box_{width}x{height}"), screen.picture());
    }
}
