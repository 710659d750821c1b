//! The form over a target, and the name of a file that is written.

use super::overlay::Reply;
use crate::ui::action::Action;
use crate::ui::effect::Effect;
use crate::ui::export;
use crate::ui::form::Form;
use tui_input::Input as TextField;

/// What a key does in the name of a file.
pub(super) fn name_file(field: &mut TextField, action: Action) -> Reply {
    Reply::Stay(match action {
        Action::Back => return Reply::CLOSE,
        Action::Confirm => vec![Effect::Export(field.value().trim().to_owned())],
        Action::Complete | Action::CompleteBack => {
            *field = export::turned(field.value(), action == Action::CompleteBack).into();
            Vec::new()
        }
        _ => Vec::new(),
    })
}

/// What a key does in a form.
pub(super) fn fill_in(form: &mut Form, action: Action) -> Reply {
    Reply::Stay(match action {
        Action::Back => return Reply::CLOSE,
        // It stays until `app` has taken it.
        Action::Confirm => {
            let texts = form.texts();
            vec![if form.is_new {
                Effect::NewTarget(texts)
            } else {
                Effect::ChangeTarget { name: form.name.clone(), texts }
            }]
        }
        Action::Down | Action::Complete | Action::Up | Action::CompleteBack => {
            form.step(matches!(action, Action::Up | Action::CompleteBack));
            Vec::new()
        }
        _ => Vec::new(),
    })
}
