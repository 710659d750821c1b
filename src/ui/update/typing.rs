//! Keys that edit the text field in front.

use super::copying;
use super::overlay::Reply;
use super::say;
use crate::ui::action::Action;
use crate::ui::effect::Effect;
use crate::ui::filter::{self, Filter};
use crate::ui::input::Key;
use crate::ui::keymap::Layer;
use crate::ui::line::Line;
use crate::ui::prompt::{LONGEST, Prompt, bounded};
use crate::ui::state::{Overlay, UiState};
use crate::ui::theme::Role;
use crate::ui::view::footer::key_name;
use crate::ui::view::save;
use crate::ui::world::World;
use crossterm::event::{KeyCode, KeyModifiers};
use tui_input::InputRequest;

/// What a key does in the field of the filter.
pub(super) fn filter(
    state: &mut UiState,
    world: &World<'_>,
    action: Action,
    prompt: &mut Prompt,
    before: &Filter,
) -> Reply {
    match action {
        // What is not understood stays to be mended; why is told beside it.
        Action::Confirm
            if state.filter.finish()
                && state.filter.stranger(&world.snapshot.targets).is_none() =>
        {
            return Reply::CLOSE;
        }
        Action::Back => {
            state.filter = before.clone();
            return Reply::CLOSE;
        }
        Action::Complete | Action::CompleteBack => {
            let by = if action == Action::Complete { 1 } else { -1 };
            prompt.complete(by, |before| filter::offer(before, &world.snapshot.targets));
            narrow(&mut state.filter, &mut state.top, prompt, world);
        }
        _ => {}
    }
    Reply::STAY
}

/// Edits the text field in front with a key that no binding took. A question says which keys
/// answer it.
pub fn type_key(state: &mut UiState, key: Key, world: &World<'_>) {
    if let Some(Overlay::Confirm(question)) = &state.overlay {
        let words = save::answers(world, question);
        state.tell(Line::of(Role::Message, "this question takes ").join(words), world.now);
        return;
    }
    copying::turn(state, copying::goes_on(key));
    let Some(request) = edit(key) else { return };
    apply(state, request, world);
}

/// Adds pasted text to the text field in front, printable characters only; a tab or a break of lines
/// is a blank. Several lines, or words with a tab between, in the field of a target or in an empty
/// form are a list.
pub fn paste(state: &mut UiState, text: &str, world: &World<'_>) -> Vec<Effect> {
    let says = |line: &&str| line.chars().any(|c| !c.is_control() && !c.is_whitespace());
    let lines = text.split(['\r', '\n']).filter(says).count();
    if state.field().is_none() && lines > 0 {
        let key = key_name(world, Layer::Table, Action::AddTarget);
        return say(
            state,
            world,
            &format!("no field is open: {key} takes a host, or a list of them"),
        );
    }
    let takes_lists = match &state.overlay {
        Some(Overlay::AddTarget(..)) => true,
        Some(Overlay::Form(form)) => form.is_new && form.texts().iter().all(String::is_empty),
        _ => false,
    };
    if takes_lists && (lines > 1 || text.trim().contains('\t')) {
        state.overlay = None;
        return vec![Effect::AddPasted(text.replace("\r\n", "\n").replace('\r', "\n"))];
    }
    let text = text.trim_matches(['\r', '\n', '\t']).replace("\r\n", "\n");
    let blank = |c: char| if matches!(c, '\r' | '\n' | '\t') { ' ' } else { c };
    for c in text.chars().map(blank).filter(|c| !c.is_control()).take(LONGEST) {
        apply(state, InputRequest::InsertChar(c), world);
    }
    Vec::new()
}

/// Whether the text field in front takes nothing more.
#[must_use]
pub fn is_full(state: &UiState) -> bool {
    state.field().is_some_and(|field| field.value().chars().count() >= LONGEST)
}

fn apply(state: &mut UiState, request: InputRequest, world: &World<'_>) {
    let Some(field) = state.field_mut() else { return };
    bounded(field, request);
    match &mut state.overlay {
        Some(Overlay::Filter(prompt, _)) => {
            narrow(&mut state.filter, &mut state.top, prompt, world);
        }
        Some(Overlay::Help(first)) => *first = 0,
        // Why it was refused is no word about what is typed in its place.
        Some(Overlay::AddTarget(..)) => match state.mend.first_mut() {
            Some(mend) => mend.why.clear(),
            None => state.message = None,
        },
        _ => {}
    }
}

/// The table shows what the filter lets through while it is typed.
fn narrow(filter: &mut Filter, top: &mut usize, prompt: &Prompt, world: &World<'_>) {
    *filter = Filter::typed(prompt.value(), filter, &world.snapshot.targets);
    *top = 0;
}

/// What a key does in a text field, as in a shell.
fn edit(key: Key) -> Option<InputRequest> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match (key.code, control) {
        (KeyCode::Char(c), false) if !key.modifiers.contains(KeyModifiers::ALT) => {
            InputRequest::InsertChar(c)
        }
        (KeyCode::Backspace, false) | (KeyCode::Char('h'), true) => InputRequest::DeletePrevChar,
        (KeyCode::Delete, _) => InputRequest::DeleteNextChar,
        (KeyCode::Left, false) => InputRequest::GoToPrevChar,
        (KeyCode::Right, false) => InputRequest::GoToNextChar,
        (KeyCode::Left, true) => InputRequest::GoToPrevWord,
        (KeyCode::Right, true) => InputRequest::GoToNextWord,
        (KeyCode::Home, _) | (KeyCode::Char('a'), true) => InputRequest::GoToStart,
        (KeyCode::End, _) | (KeyCode::Char('e'), true) => InputRequest::GoToEnd,
        (KeyCode::Char('w') | KeyCode::Backspace, true) => InputRequest::DeletePrevWord,
        (KeyCode::Char('u'), true) => InputRequest::DeleteFromStart,
        (KeyCode::Char('k'), true) => InputRequest::DeleteTillEnd,
        _ => return None,
    })
}
