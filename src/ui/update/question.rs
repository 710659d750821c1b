//! The answer to a question.

use super::overlay::Reply;
use super::say;
use crate::ui::action::Action;
use crate::ui::effect::Effect;
use crate::ui::state::{Question, UiState};
use crate::ui::world::World;

/// What a key does while it is asked.
pub(super) fn update(
    state: &mut UiState,
    world: &World<'_>,
    action: Action,
    asked: &mut Question,
) -> Reply {
    match (asked, action) {
        (Question::WakeMany(targets), Action::Confirm) => {
            let ids = std::mem::take(targets);
            let whom = match ids.as_slice() {
                [one] => world.name(Some(*one)).to_owned(),
                many => many.len().to_string(),
            };
            say(state, world, &format!("waking {whom}\u{2026}"));
            Reply::Close(vec![Effect::WakeMany(ids)])
        }
        (Question::Remove(id), Action::Confirm) => Reply::Close(vec![Effect::RemoveTarget(*id)]),
        (Question::Save(_), Action::Confirm) => Reply::Close(vec![Effect::SaveTargets]),
        (Question::Save(_), Action::Back) => Reply::Close(vec![Effect::LeaveUnsaved]),
        (_, Action::Back) => Reply::CLOSE,
        _ => Reply::STAY,
    }
}
