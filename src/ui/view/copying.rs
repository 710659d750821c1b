//! The box that asks what to copy.

use super::panel::{centred, choice, keys, text_room};
use super::table::first_row;
use crate::ui::action::Action;
use crate::ui::copying::CopyBox;
use crate::ui::keymap::Layer;
use crate::ui::line::{Line, fit, wrap};
use crate::ui::state::UiState;
use crate::ui::theme::Role;
use crate::ui::view_model::{Panel, ViewLine};
use crate::ui::world::World;

/// Lines about the chosen one, where there is room.
const ABOUT: usize = 5;

/// The commands, and below them what the chosen one does.
pub(super) fn panel(world: &World<'_>, state: &UiState, asked: &CopyBox) -> Panel {
    let (width, height) = text_room(state.size);
    let inner = usize::from(width);
    let height = usize::from(height);
    let about = if height > ABOUT + 4 { ABOUT } else { height.saturating_sub(3).min(2) };
    let count = asked.pieces.len();
    let chosen = asked.chosen.min(count.saturating_sub(1));
    let page = height.saturating_sub(about + 1).clamp(1, count.max(1));
    let top = first_row(0, chosen, page, count);
    let mut lines: Vec<ViewLine> = asked
        .pieces
        .iter()
        .enumerate()
        .skip(top)
        .take(page)
        .map(|(place, piece)| choice(&fit(&piece.label, inner.saturating_sub(2)), place == chosen))
        .collect();
    if let Some(piece) = asked.pieces.get(chosen).filter(|_| about > 0) {
        let mut told = Vec::new();
        let mut put = |role, text: &str| {
            told.extend(wrap(text, inner).iter().map(|line| Line::of(role, line).cut(inner)));
        };
        if piece.weakens_security {
            put(Role::Caution, "THIS WEAKENS SECURITY");
        }
        if let Some(impact) = &piece.impact {
            put(Role::Caution, &format!("impact: {impact}"));
        }
        put(Role::Text, &piece.purpose);
        if let Some(run_on) = piece.run_on {
            put(Role::Dim, &format!("on: {}", run_on.word()));
        }
        told.resize(about, Line::new());
        lines.push(ViewLine::default());
        lines.extend(told.into_iter().map(ViewLine::from));
    }
    let hint = keys(
        world,
        Layer::Menu,
        &[
            (Action::Confirm, "copy"),
            (Action::PlainPage, "show it plain"),
            (Action::Back, "cancel"),
        ],
    );
    centred(state.size, width, "copy", hint, lines)
}
