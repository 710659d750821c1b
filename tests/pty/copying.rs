//! The page to select from: the mouse is the terminal's as long as it is open.

use super::session::Setup;
use super::views::detail;
use vt100::MouseProtocolMode;

#[test]
fn a_copied_command_is_shown_bare_and_the_mouse_selects_it() {
    let mut session = detail(Setup::demo(), "files-01");
    session.wait_for("port-closed");
    assert_ne!(session.screen().mouse_protocol_mode(), MouseProtocolMode::None);
    session.press("Y");
    session.wait_for("show it plain");
    session.press("1");
    session.wait_for("not there? X shows it");
    session.press("X");
    session.wait_for("[any key: back]");
    session
        .wait("the mouse is free", |s| s.screen().mouse_protocol_mode() == MouseProtocolMode::None);
    assert!(!session.text().contains('\u{2502}') && !session.text().contains("LADDER"));
    session.press("k");
    session.wait_for("LADDER");
    assert_ne!(session.screen().mouse_protocol_mode(), MouseProtocolMode::None);
    session.press("q");
    session.end().assert_restored();
}
