//! The field in which a target is typed, and the suggestions below it.

use super::overlay::Reply;
use crate::ui::action::Action;
use crate::ui::effect::Effect;
use crate::ui::line::Line;
use crate::ui::state::{Suggestion, UiState};
use crate::ui::theme::Role;
use crate::ui::world::World;
use tui_input::Input as TextField;

/// What a key does in it while what was pasted is mended: nothing in it leaves the line out.
pub(super) fn mend(
    state: &mut UiState,
    world: &World<'_>,
    action: Action,
    field: &mut TextField,
) -> Reply {
    let spec = field.value().trim().to_owned();
    match action {
        Action::Confirm if spec.is_empty() => {
            state.mend.remove(0);
            let Some(next) = state.mend.first() else { return Reply::Close(vec![Effect::Mended]) };
            *field = next.text.clone().into();
        }
        Action::Confirm => {
            let heads = state.mend.first().and_then(|mend| mend.heads.clone());
            return Reply::Close(vec![match heads {
                Some(heads) => Effect::AddRow { heads, row: spec },
                None => Effect::AddTarget(spec),
            }]);
        }
        Action::Back => {
            let told = match std::mem::take(&mut state.mend).as_slice() {
                [one] => format!("line {} left out", one.line),
                many => format!("{} lines left out", many.len()),
            };
            state.tell(Line::of(Role::Message, &told), world.now);
            return Reply::Close(vec![Effect::Mended]);
        }
        _ => {}
    }
    Reply::STAY
}

/// What a key does in the field of a target.
pub(super) fn update(
    suggestions: &[Suggestion],
    action: Action,
    field: &TextField,
    chosen: &mut Option<usize>,
) -> Reply {
    let count = suggestions.len();
    match action {
        Action::Back => return Reply::CLOSE,
        Action::Confirm => {
            let suggestion = chosen.and_then(|place| suggestions.get(place));
            let spec =
                suggestion.map_or_else(|| field.value().trim().to_owned(), |s| s.spec.clone());
            if !spec.is_empty() {
                return Reply::Close(vec![Effect::AddTarget(spec)]);
            }
        }
        Action::Complete => {
            let suggestion = chosen.and_then(|place| suggestions.get(place));
            let spec =
                suggestion.map_or_else(|| field.value().trim().to_owned(), |s| s.spec.clone());
            return Reply::Stay(vec![Effect::AskForNewTarget(spec)]);
        }
        Action::Down if count > 0 => {
            *chosen = Some(chosen.map_or(0, |place| (place + 1).min(count - 1)));
        }
        Action::Up => *chosen = chosen.and_then(|place| place.checked_sub(1)),
        _ => {}
    }
    Reply::STAY
}
