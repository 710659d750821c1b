//! The box of maintenance, and how a target in maintenance is told.

use super::footer::text_field;
use super::panel::{centred, choice, keys, text_room};
use crate::domain::maintenance::{Maintained, parse_length};
use crate::domain::time::WallTime;
use crate::ui::action::Action;
use crate::ui::keymap::Layer;
use crate::ui::line::Line;
use crate::ui::state::{MaintenanceBox, UiState};
use crate::ui::theme::Role;
use crate::ui::update::USUAL_MAINTENANCE;
use crate::ui::view_model::{Panel, ViewLine};
use crate::ui::world::World;

/// `maintenance until 18:30, patches`.
#[must_use]
pub fn words(maintained: &Maintained, state: &UiState, now: WallTime) -> String {
    let until = state.zone.moment(maintained.until(), now);
    match &maintained.window {
        Some((name, end)) if *end == maintained.until() => {
            format!("maintenance until {until}, {name}")
        }
        _ => format!("maintenance until {until}"),
    }
}

/// The box: for whom, and for how long.
pub(super) fn panel(world: &World<'_>, state: &UiState, asked: &MaintenanceBox) -> Panel {
    let width = text_room(state.size).0.min(60);
    let room = usize::from(state.size.height).saturating_sub(7).clamp(1, 6);
    let top = (asked.chosen + 1).saturating_sub(room);
    let shown = asked.choices.iter().enumerate().skip(top).take(room);
    let mut lines: Vec<ViewLine> =
        shown.map(|(place, of)| choice(&of.label, place == asked.chosen)).collect();
    let ends = asked.choices.get(asked.chosen).is_some_and(|choice| choice.ends);
    let (typed, below) = (asked.length.value().trim(), usize::from(width));
    if ends {
        lines.push(Line::of(Role::Dim, "what still stands is told at once").cut(below).into());
    } else {
        lines.push(Line::of(Role::Dim, "for > ").join(text_field(&asked.length)).into());
        let length = if typed.is_empty() { USUAL_MAINTENANCE } else { typed };
        let words = match parse_length(length) {
            Ok(length) => {
                let until = state.zone.moment(world.now.plus(length), world.now);
                format!("until {until}; what still stands then is told then")
            }
            Err(error) => error.to_string(),
        };
        lines.push(Line::of(Role::Dim, &words).cut(below).into());
    }
    let verb = if ends { "end it" } else { "begin" };
    let hint = keys(
        world,
        Layer::Input,
        &[(Action::Confirm, verb), (Action::Down, "choose"), (Action::Back, "cancel")],
    );
    centred(state.size, width, "maintenance: nobody is alerted", hint, lines)
}
