//! The form over a target, and the question before one is removed.

use super::footer::text_field;
use super::panel::{centred, keys, text_room};
use super::save::answers;
use super::table::first_row;
use crate::domain::target::TargetId;
use crate::ui::action::Action;
use crate::ui::form::{Form, Wrong};
use crate::ui::keymap::Layer;
use crate::ui::line::{Line, wrap};
use crate::ui::state::{Question, UiState};
use crate::ui::theme::Role;
use crate::ui::view_model::{Panel, ViewLine};
use crate::ui::world::World;

/// Most lines below those of the form.
const BELOW: usize = 6;

/// The lines of the form, and below them what the one in front is, or why it was not taken.
pub(super) fn panel(world: &World<'_>, state: &UiState, form: &Form) -> Panel {
    let (width, height) = text_room(state.size);
    let (width, height) = (width.min(72), usize::from(height));
    let inner = usize::from(width);
    let about = form.fields.get(form.chosen).map_or("", |field| field.about);
    // What is wrong with the line in front comes first.
    let mut wrong: Vec<&Wrong> = form.wrong.iter().collect();
    wrong.sort_by_key(|one| one.field != Some(form.chosen));
    let (role, mut below) = if wrong.is_empty() {
        (Role::Dim, wrap(about, inner))
    } else {
        let lines = wrong.iter().flat_map(|one| wrap(&one.words, inner));
        (Role::StateWarning, lines.collect())
    };
    below.truncate(height.saturating_sub(2).clamp(1, BELOW));
    let page = height.saturating_sub(below.len()).clamp(1, form.fields.len().max(1));
    let top = first_row(0, form.chosen, page, form.fields.len());
    let shown = form.fields.iter().enumerate().skip(top).take(page);
    let mut lines: Vec<ViewLine> = shown
        .map(|(place, field)| {
            let front = place == form.chosen;
            let mark =
                if front { Line::new().glyph(Role::Selection) } else { Line::of(Role::Text, " ") };
            let mark = if form.is_wrong(place) {
                mark.glyph(Role::StateWarning)
            } else {
                mark.text(Role::Text, " ")
            };
            let line = mark.text(Role::Heading, &format!("{:<10}", field.label()));
            let text = &field.text;
            let line = if front {
                line.join(text_field(text))
            } else {
                line.text(Role::Text, text.value())
            };
            line.cut(inner).into()
        })
        .collect();
    lines.extend(below.iter().map(|line| Line::of(role, line).cut(inner).into()));
    let hint = keys(
        world,
        Layer::Input,
        &[(Action::Confirm, "save"), (Action::Down, "next"), (Action::Back, "leave it")],
    );
    let title = if form.is_new { "a new host".to_owned() } else { format!("change {}", form.name) };
    centred(state.size, width, &title, hint, lines)
}

/// The question before a target is removed.
pub(super) fn removal(world: &World<'_>, state: &UiState, id: TargetId) -> Panel {
    let width = text_room(state.size).0.min(60);
    let name = world.name(Some(id));
    let mut lines = vec![Line::of(Role::Strong, &format!("Remove {name}?"))];
    let host = world.target(id).map_or_else(String::new, |target| {
        format!("{}:{} is watched no more. ", target.target.host, target.target.port)
    });
    let text = format!(
        "{host}Its [[target]] is taken out of the configuration file, with its own settings and \
         the comment above it."
    );
    lines.extend(wrap(&text, usize::from(width)).iter().map(|line| Line::of(Role::Text, line)));
    let hint = answers(world, &Question::Remove(id));
    centred(state.size, width, "remove", hint, lines.into_iter().map(ViewLine::from).collect())
}
