//! The question whether what was added on the screen goes into the configuration file, and which
//! keys answer a question.

use super::panel::{centred, keys, text_room};
use crate::ui::action::Action;
use crate::ui::keymap::Layer;
use crate::ui::line::{Line, wrap};
use crate::ui::state::{Question, UiState, Unsaved};
use crate::ui::theme::Role;
use crate::ui::view_model::{Panel, ViewLine};
use crate::ui::world::World;

/// The panel of the question.
pub(super) fn panel(world: &World<'_>, state: &UiState, unsaved: &Unsaved) -> Panel {
    let width = text_room(state.size).0.min(60);
    let what = match unsaved.targets {
        1 => "Save it as configuration?".to_owned(),
        count => format!("Save these {count} as configuration?"),
    };
    let mut lines = vec![Line::of(Role::Strong, &what)];
    let told = [
        unsaved.file.clone(),
        "They are watched either way; saved, they are there at the next start.".to_owned(),
    ];
    for text in told {
        let wrapped = wrap(&text, usize::from(width));
        lines.extend(wrapped.iter().map(|line| Line::of(Role::Text, line)));
    }
    let hint = answers(world, &Question::Save(unsaved.clone()));
    centred(state.size, width, "save", hint, lines.into_iter().map(ViewLine::from).collect())
}

/// `y yes, save  n no`: the keys that answer a question.
#[must_use]
pub fn answers(world: &World<'_>, question: &Question) -> Line {
    let yes = match question {
        Question::WakeMany(_) => "yes, wake",
        Question::Remove(_) => "yes, remove",
        Question::Save(_) => "yes, save",
    };
    keys(world, Layer::Confirm, &[(Action::Confirm, yes), (Action::Back, "no")])
}
