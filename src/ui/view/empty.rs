//! Nothing is watched yet: what this is, and how to begin.

use super::footer::key_name;
use crate::ui::action::Action;
use crate::ui::line::{Line, wrap};
use crate::ui::state::UiState;
use crate::ui::theme::Role;
use crate::ui::view_model::ViewLine;
use crate::ui::world::World;

const WHAT: &str = "rdpwatch watches Remote Desktop hosts and says, live and in plain words, why \
    a session fails or drops (error 0x904): on which machine, since when, with what proof, and \
    how to fix it. It needs no account on the hosts and installs nothing there.";

/// The screen without targets.
#[must_use]
pub fn lines(world: &World<'_>, state: &UiState, height: usize) -> Vec<ViewLine> {
    let width = usize::from(state.size.width);
    let inner = width.saturating_sub(4).min(76);
    let key =
        |action| world.keymap.key_for(state.layer(), action).map(key_name).unwrap_or_default();
    let mut lines: Vec<Line> = vec![Line::new()];
    lines.push(Line::of(Role::Strong, "  Nothing is watched yet."));
    lines.push(Line::new());
    if height >= 10 {
        lines.extend(wrap(WHAT, inner).iter().map(|l| Line::of(Role::Text, &format!("  {l}"))));
        lines.push(Line::new());
    }
    let add = Line::of(Role::Text, "  ").text(Role::Key, &key(Action::AddTarget));
    lines.push(add.text(Role::Text, " type a host to watch"));
    let quit = Line::of(Role::Text, "  ").text(Role::Key, &key(Action::Quit));
    lines.push(quit.text(Role::Text, " quit"));
    if height >= 14 {
        lines.push(Line::new());
        lines.push(Line::of(
            Role::Dim,
            "  Or start with: rdpwatch office-pc 10.0.0.21 home-pc#02:11:22:33:44:55",
        ));
        lines.push(Line::of(Role::Dim, "  Without a network: rdpwatch demo"));
    }
    lines.into_iter().take(height).map(|line| line.cut(width).into()).collect()
}
