//! What keys do while something lies over the screen: to which part each goes.

use super::{
    add_target, attend, command, copying, form, maintenance, question, review, text, typing,
};
use crate::ui::action::Action;
use crate::ui::effect::Effect;
use crate::ui::state::{Overlay, UiState};
use crate::ui::world::World;

/// What becomes of an overlay after a key.
#[derive(Debug)]
pub(super) enum Reply {
    /// It stays, and this is asked of `app`.
    Stay(Vec<Effect>),
    /// It closes, and this is asked of `app`.
    Close(Vec<Effect>),
}

impl Reply {
    /// It stays as it is.
    pub(super) const STAY: Self = Self::Stay(Vec::new());
    /// It closes, and nothing is asked.
    pub(super) const CLOSE: Self = Self::Close(Vec::new());
}

pub(super) fn update(state: &mut UiState, action: Action, world: &World<'_>) -> Vec<Effect> {
    let Some(mut overlay) = state.overlay.take() else { return Vec::new() };
    let reply = match &mut overlay {
        Overlay::Help(_)
        | Overlay::Explain(..)
        | Overlay::Ticket(..)
        | Overlay::Shared(..)
        | Overlay::Transcript(..) => {
            return text::update(state, overlay, action, world);
        }
        Overlay::Copy(_) | Overlay::Page(_) => {
            return copying::in_front(state, world, action, overlay);
        }
        Overlay::Filter(prompt, before) => typing::filter(state, world, action, prompt, before),
        Overlay::Command(line) => command::update(state, world, action, line),
        Overlay::AddTarget(field, _) if !state.mend.is_empty() => {
            add_target::mend(state, world, action, field)
        }
        Overlay::AddTarget(field, chosen) => {
            add_target::update(&state.suggestions, action, field, chosen)
        }
        Overlay::Confirm(asked) => question::update(state, world, action, asked),
        Overlay::Form(asked) => form::fill_in(asked, action),
        Overlay::Export(field) => form::name_file(field, action),
        Overlay::Acknowledge(alerts, field) => {
            attend::note(state, world, action, alerts, field.value().trim())
        }
        Overlay::Snooze(menu) => attend::menu(state, world, action, menu),
        Overlay::Review(chosen) => review::update(state, world, action, chosen),
        Overlay::Maintenance(asked) => maintenance::update(state, world, action, asked),
    };
    match reply {
        Reply::Stay(effects) => {
            state.overlay = Some(overlay);
            effects
        }
        Reply::Close(effects) => effects,
    }
}
