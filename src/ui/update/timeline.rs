//! Moving through time.

use super::say;
use crate::ui::effect::Effect;
use crate::ui::state::UiState;
use crate::ui::view::timeline::{Span, moments};
use crate::ui::world::World;

/// Moves the cursor by so many cells; past the newest it follows again.
pub(super) fn step(state: &mut UiState, world: &World<'_>, by: i64) -> Vec<Effect> {
    state.moment = Span::of(world, state).moved(world, state, by);
    Vec::new()
}

/// To the next or previous moment at which something happened.
pub(super) fn problem(state: &mut UiState, world: &World<'_>, by: isize) -> Vec<Effect> {
    let cell = Span::of(world, state).cell();
    let moments = moments(world, super::subject(state, world), cell);
    let from = state.moment.unwrap_or(world.snapshot.now.wall);
    let found = if by < 0 {
        moments.iter().rev().find(|at| **at < from)
    } else {
        moments.iter().find(|at| **at > from)
    };
    match found {
        Some(at) => {
            state.moment = Some(*at);
            Vec::new()
        }
        None if by < 0 => say(state, world, "nothing happened before, as far as is kept"),
        None => {
            state.moment = None;
            say(state, world, "nothing happened after; the present is shown")
        }
    }
}
