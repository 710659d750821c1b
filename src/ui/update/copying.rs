//! Copying, and the page to select from.

use super::motion::target_place;
use super::{missing, open, say, subject};
use crate::ui::action::Action;
use crate::ui::alert_list::Entry;
use crate::ui::copying::{
    CopyBox, Page, Piece, clean, of_explained, of_overlay, of_shared, of_target, part, told,
};
use crate::ui::effect::Effect;
use crate::ui::input::Key;
use crate::ui::state::{Overlay, Screen, UiState};
use crate::ui::view::footer::key_name;
use crate::ui::world::World;
use crossterm::event::KeyCode;

/// Sends text to the clipboard and says so; `what` names it.
pub(super) fn copy(state: &mut UiState, world: &World<'_>, what: &str, text: &str) -> Vec<Effect> {
    let text = clean(text);
    let key = key_name(world, state.layer(), Action::PlainPage);
    let said = told(state, what, &text, &key);
    say(state, world, &said);
    state.copied = Some(text.clone());
    vec![Effect::CopyText(text)]
}

/// Asks what to copy: a command of the selected target's findings, or its ticket. In an
/// explanation, a command of that finding.
pub(super) fn ask(state: &mut UiState, world: &World<'_>) -> Vec<Effect> {
    let pieces = match &state.overlay {
        Some(Overlay::Explain(target, index, _)) => of_explained(world, *target, *index),
        Some(Overlay::Shared(cause, ..)) => of_shared(world, state, *cause),
        _ => match subject(state, world) {
            Some(target) => of_target(world, state, target),
            None => shared(state, world),
        },
    };
    if pieces.is_empty() {
        return match &state.overlay {
            Some(Overlay::Explain(..)) => say(state, world, "no remedy here has a command"),
            _ => missing(state, world),
        };
    }
    open(state, Overlay::Copy(CopyBox { pieces, chosen: 0 }))
}

/// What can be copied of a line of the alerts that many hosts share.
fn shared(state: &UiState, world: &World<'_>) -> Vec<Piece> {
    if state.screen != Screen::Alerts {
        return Vec::new();
    }
    match super::alerts::chosen(state, world) {
        Some(Entry::Cause(cause, _)) => of_shared(world, state, cause),
        _ => Vec::new(),
    }
}

/// What a key does in the box or on the page.
pub(super) fn in_front(
    state: &mut UiState,
    world: &World<'_>,
    action: Action,
    overlay: Overlay,
) -> Vec<Effect> {
    if let Overlay::Copy(asked) = overlay {
        return choose(state, world, action, asked);
    }
    state.overlay = Some(overlay);
    turn(state, action == Action::Down);
    Vec::new()
}

/// What a key does in the box; the overlay is put back unless it was taken.
fn choose(
    state: &mut UiState,
    world: &World<'_>,
    action: Action,
    mut asked: CopyBox,
) -> Vec<Effect> {
    let place = match action {
        Action::Back => return Vec::new(),
        Action::Confirm | Action::PlainPage | Action::Copy => Some(asked.chosen),
        Action::Choose1 => Some(0),
        Action::Choose2 => Some(1),
        Action::Choose3 => Some(2),
        _ => {
            asked.chosen = target_place(action, asked.chosen, asked.pieces.len(), 1);
            None
        }
    };
    let Some(piece) = place.and_then(|place| asked.pieces.get(place)).cloned() else {
        return open(state, Overlay::Copy(asked));
    };
    if action == Action::PlainPage {
        return open(state, Overlay::Page(Page { text: piece.text, first: 0 }));
    }
    let what = if piece.run_on.is_some() { "command" } else { "ticket text" };
    copy(state, world, what, &piece.text)
}

/// Opens the page: with what was copied by the key before, else with what would be copied here.
pub(super) fn page(state: &mut UiState, world: &World<'_>) -> Vec<Effect> {
    let copied = state.copied.take().or_else(|| of_overlay(world, state));
    let text = copied.or_else(|| {
        let Some(target) = subject(state, world) else {
            return shared(state, world).pop().map(|piece| piece.text);
        };
        Some(clean(&world.ticket(target, &state.zone)))
    });
    match text {
        Some(text) => open(state, Overlay::Page(Page { text, first: 0 })),
        None => missing(state, world),
    }
}

/// What a key does on the page: on with those that go on, back with every other.
pub(super) fn turn(state: &mut UiState, on: bool) {
    let Some(Overlay::Page(page)) = &mut state.overlay else { return };
    match part(page, state.size).1.filter(|_| on) {
        Some(next) => page.first = next,
        None => state.overlay = None,
    }
}

/// Whether a key that no binding took goes on to the next part of a page.
pub(super) const fn goes_on(key: Key) -> bool {
    matches!(key.code, KeyCode::Char(' ') | KeyCode::PageDown | KeyCode::Down)
}
