//! Moving about on the wall: from tile to tile, and the page that is seen stays.

use super::motion::target_place;
use crate::ui::action::Action;
use crate::ui::state::UiState;
use crate::ui::view::frame;
use crate::ui::view::wall::Wall;
use crate::ui::world::World;

/// The wall as it is on the screen.
pub(super) fn of<'a>(state: &UiState, world: &World<'a>) -> Wall<'a> {
    Wall::new(world, state, frame::body(world, state).height)
}

/// Selects the worst of the tile where `action` leads.
pub(super) fn step(state: &mut UiState, action: Action, world: &World<'_>) {
    let wall = of(state, world);
    let worst = wall.worst();
    let last = worst.len().saturating_sub(1);
    let place = wall.place(state.chosen());
    let from = place.unwrap_or_else(|| wall.beginning(state, world));
    let to = match action {
        Action::NextTarget | Action::PreviousTarget | Action::Down | Action::Up
            if place.is_none() =>
        {
            from
        }
        Action::NextTarget => (from + 1).min(last),
        Action::PreviousTarget => from.saturating_sub(1),
        Action::Down => from.saturating_add(wall.columns()).min(last),
        Action::Up => from.saturating_sub(wall.columns()),
        _ => target_place(action, from, worst.len(), wall.page()),
    };
    if let Some(id) = worst.get(to) {
        state.choose(*id);
    }
    state.wall_page = Some(to / wall.page());
}

/// Keeps the page with the selected target on the screen.
pub(super) fn hold(state: &mut UiState, world: &World<'_>) {
    let wall = of(state, world);
    state.wall_page = wall.place(state.selected).map(|place| place / wall.page());
}
