//! The field in which a target is typed, and the suggestions below it.

use super::overlay::Reply;
use crate::ui::action::Action;
use crate::ui::effect::Effect;
use crate::ui::state::Suggestion;
use tui_input::Input as TextField;

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
