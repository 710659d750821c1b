//! Help, explanations, tickets and transcripts over the screen.

use super::copying;
use super::motion::{target_place, turned};
use crate::ui::action::Action;
use crate::ui::copying::of_overlay;
use crate::ui::effect::Effect;
use crate::ui::state::{Overlay, Search, UiState};
use crate::ui::view::{explain, panel};
use crate::ui::world::World;

/// Help, explain, ticket, transcript: scrolling, copying, the next finding.
pub(super) fn update(
    state: &mut UiState,
    mut overlay: Overlay,
    action: Action,
    world: &World<'_>,
) -> Vec<Effect> {
    let searched = state.search.typing || !state.search.text.value().is_empty();
    if let Overlay::Help(first) = &mut overlay {
        let search = &mut state.search;
        match action {
            Action::Filter => search.typing = true,
            Action::Confirm => search.typing = false,
            Action::Back if searched => {
                *search = Search::default();
                *first = 0;
            }
            _ => {}
        }
        if matches!(action, Action::Filter | Action::Confirm | Action::Back) {
            let closes = action == Action::Back && !searched;
            state.overlay = Some(overlay).filter(|_| !closes);
            return Vec::new();
        }
    }
    if action == Action::Back {
        return Vec::new();
    }
    if let Overlay::Explain(target, index, first) = &mut overlay
        && matches!(action, Action::NextProblem | Action::PreviousProblem)
    {
        let by = if action == Action::NextProblem { 1 } else { -1 };
        let count = explain::findings(world, *target).len();
        *index = turned((*index).min(count.saturating_sub(1)), by, count);
        *first = 0;
    }
    state.overlay = Some(overlay);
    if action == Action::Copy {
        let text = of_overlay(world, state).unwrap_or_default();
        return copying::copy(state, world, "", &text);
    }
    if action == Action::CopyCommand {
        return copying::ask(state, world);
    }
    if action == Action::PlainPage {
        return copying::page(state, world);
    }
    let last = panel::last_first(world, state);
    let page = panel::page(state.size);
    if let Some(
        Overlay::Help(first)
        | Overlay::Explain(_, _, first)
        | Overlay::Ticket(_, first)
        | Overlay::Shared(_, _, first)
        | Overlay::Transcript(_, first),
    ) = &mut state.overlay
    {
        *first = target_place(action, (*first).min(last), last + 1, page);
    }
    Vec::new()
}
