//! The mouse.

use super::motion::select_entry;
use super::{alerts, update, wall};
use crate::ui::action::Action;
use crate::ui::columns;
use crate::ui::effect::Effect;
use crate::ui::layout::{Class, Layout};
use crate::ui::marked::{self, Lead};
use crate::ui::order;
use crate::ui::state::{Direction, Screen, UiState};
use crate::ui::view::frame::{self, Body};
use crate::ui::view::{small, table};
use crate::ui::world::World;

/// Rows per notch of the wheel.
const NOTCH: usize = 3;

/// A click: on a heading to sort, on a row to select it, on the selected row to open it.
pub fn click(state: &mut UiState, x: u16, y: u16, world: &World<'_>) -> Vec<Effect> {
    if state.overlay.is_some() {
        return Vec::new();
    }
    let layout = Layout::of(state.size);
    let Body { above, height } = frame::body(world, state);
    let Some(line) = usize::from(y).checked_sub(above).filter(|line| *line < height) else {
        return Vec::new();
    };
    match state.screen {
        Screen::Detail | Screen::Path | Screen::Timeline | Screen::Simple => Vec::new(),
        Screen::Alerts => alerts::click(state, world, height, line),
        Screen::Wall => {
            let wall = wall::of(state, world);
            let hit = wall.tile_at(world, state, line, usize::from(x));
            let Some(id) = hit.and_then(|place| wall.worst().get(place).copied()) else {
                return Vec::new();
            };
            if wall.place(state.chosen()) == hit {
                return update(state, Action::Open, world);
            }
            state.choose(id);
            wall::hold(state, world);
            Vec::new()
        }
        Screen::Table => {
            let rows = order::rows(world.snapshot, state);
            let entries = order::entries(&rows, state);
            let selected = marked::entry(&entries, state);
            let small = layout.class == Class::Small;
            let heading = table::heading(world, state, &rows, height);
            let place = if small {
                small::entry_at(state, &rows, height, line)
            } else if line == heading {
                sort(state, x);
                None
            } else if table::edge(world, state, &rows, height) == Some(line) {
                state.preview.dragged = true;
                None
            } else {
                let (top, page) = table::window(world, state, &rows, height);
                let row = line.checked_sub(heading + 1).filter(|row| *row < page);
                row.map(|row| top + row).filter(|place| *place < entries.len())
            };
            let Some(place) = place else { return Vec::new() };
            if state.lead == Lead::User && selected == Some(place) {
                return update(state, Action::Open, world);
            }
            select_entry(state, &entries, place);
            Vec::new()
        }
    }
}

/// Drags the upper edge of the panel below the table to a row of the screen.
pub fn drag(state: &mut UiState, y: u16, world: &World<'_>) -> Vec<Effect> {
    if state.preview.dragged && state.screen == Screen::Table && state.overlay.is_none() {
        let Body { above, height } = frame::body(world, state);
        let lines = u16::try_from((above + height).saturating_sub(usize::from(y)));
        let lines = lines.unwrap_or(u16::MAX);
        let most = u16::try_from(height.saturating_sub(4)).unwrap_or(u16::MAX);
        state.preview.lines = Some(lines.clamp(2, most.max(2)));
    }
    Vec::new()
}

/// Ends dragging.
pub fn let_go(state: &mut UiState) -> Vec<Effect> {
    state.preview.dragged = false;
    Vec::new()
}

/// Sorts by the column whose heading is at `x`; a second click turns the order round.
fn sort(state: &mut UiState, x: u16) {
    let placed = columns::place(state.size.width, &state.columns, state.longest_name);
    let hit = placed.iter().find(|p| (p.heading_x()..p.x + p.width).contains(&x));
    let Some(key) = hit.and_then(|placed| placed.column.sorts_by(state.naming)) else { return };
    if state.sort == key {
        state.direction = state.direction.turned();
    } else {
        state.sort = key;
        state.direction = Direction::default();
    }
}

/// The wheel: down is positive.
pub fn wheel(state: &mut UiState, notches: i32, world: &World<'_>) -> Vec<Effect> {
    let action = if notches < 0 { Action::Up } else { Action::Down };
    let times = usize::try_from(notches.unsigned_abs()).unwrap_or(1).min(10) * NOTCH;
    (0..times).flat_map(|_| update(state, action, world)).collect()
}
