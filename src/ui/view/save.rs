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

/// Names that are listed.
const LISTED: usize = 6;

/// The panel of the question.
pub(super) fn panel(world: &World<'_>, state: &UiState, unsaved: &Unsaved) -> Panel {
    let width = text_room(state.size).0.min(60);
    let hosts = match unsaved.names.as_slice() {
        [one] => one.clone(),
        many => format!("these {} hosts", many.len()),
    };
    let question = format!("Write {hosts} into the configuration file?");
    let alone = unsaved.names.len() == 1;
    let (it, each, stays) = if alone {
        ("it", "one [[target]] is", "it is watched until you quit")
    } else {
        ("them", "a [[target]] for each is", "they are watched until you quit")
    };
    let place = if unsaved.is_new { "is made" } else { "stays as it is, with this behind its end" };
    let undo = super::footer::key_name(world, Layer::Table, Action::Undo);
    let undo =
        if undo.is_empty() { String::new() } else { format!("; {undo} takes {it} out again") };
    let rows = [
        ("file", format!("{} {place}", unsaved.file)),
        ("yes", format!("{each} written, watched again at every start{undo}")),
        ("no", format!("nothing is written or asked again; {stays}")),
    ];
    let mut lines = Vec::new();
    let strong = wrap(&question, usize::from(width));
    lines.extend(strong.iter().map(|line| Line::of(Role::Strong, line)));
    if !alone && state.size.height >= 20 {
        let mut names: Vec<&str> = unsaved.names.iter().take(LISTED).map(String::as_str).collect();
        let more = format!("and {} more", unsaved.names.len().saturating_sub(LISTED));
        if unsaved.names.len() > LISTED {
            names.push(&more);
        }
        let listed = wrap(&names.join(", "), usize::from(width));
        lines.extend(listed.iter().map(|line| Line::of(Role::Text, line)));
    }
    for (head, text) in rows {
        let wrapped = wrap(&text, usize::from(width).saturating_sub(6));
        for (place, line) in wrapped.iter().enumerate() {
            let head = if place == 0 { head } else { "" };
            lines.push(Line::of(Role::Dim, &format!("{head:<6}")).text(Role::Text, line));
        }
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
