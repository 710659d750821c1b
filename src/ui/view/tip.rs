//! The hint line of a newcomer: one key that was not used yet, in the words of the key map.

use crate::ui::action::Action;
use crate::ui::keymap::Layer;
use crate::ui::line::Line;
use crate::ui::state::{Screen, UiState};
use crate::ui::theme::Role;
use crate::ui::world::World;

/// The line; `None` where nothing is taught: elsewhere than over the table, and after the last key.
pub(super) fn line(world: &World<'_>, state: &UiState) -> Option<Line> {
    if state.screen != Screen::Table || world.snapshot.targets.is_empty() {
        return None;
    }
    let action = state.lessons.next()?;
    let row = world.keymap.rows().iter().find(|row| row.run == action)?;
    let key = row.on.first()?.to_string();
    let line = Line::of(Role::Dim, "  try ")
        .text(Role::Key, &key)
        .text(Role::Text, &format!(" {}", row.desc))
        .text(Role::Dim, "    ");
    let always = [(Action::Help, "help"), (Action::Quit, "quit")];
    let always: Vec<_> = always.into_iter().filter(|(other, _)| *other != action).collect();
    Some(line.join(super::panel::keys(world, Layer::Table, &always)))
}
