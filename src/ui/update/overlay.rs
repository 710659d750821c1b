//! What keys do while something lies over the screen.

use super::motion::{target_place, turned};
use super::{command, copying, maintenance, review, say};
use crate::ui::action::Action;
use crate::ui::alert_list;
use crate::ui::copying::of_overlay;
use crate::ui::effect::Effect;
use crate::ui::export;
use crate::ui::filter::{self, Filter};
use crate::ui::form::Form;
use crate::ui::input::Key;
use crate::ui::line::Line;
use crate::ui::prompt::{LONGEST, Prompt, bounded};
use crate::ui::state::{AlertKey, Overlay, Question, SNOOZES, Search, Suggestion, UiState};
use crate::ui::theme::Role;
use crate::ui::view::{explain, panel, save};
use crate::ui::world::World;
use crossterm::event::{KeyCode, KeyModifiers};
use std::time::Duration;
use tui_input::{Input as TextField, InputRequest};

pub(super) fn update(state: &mut UiState, action: Action, world: &World<'_>) -> Vec<Effect> {
    let Some(mut overlay) = state.overlay.take() else { return Vec::new() };
    let effects = match &mut overlay {
        Overlay::Help(_) | Overlay::Explain(..) | Overlay::Ticket(..) | Overlay::Transcript(..) => {
            return text(state, overlay, action, world);
        }
        Overlay::Copy(_) | Overlay::Page(_) => {
            return copying::in_front(state, world, action, overlay);
        }
        Overlay::Filter(prompt, before) => {
            match action {
                // What is not understood stays to be mended; why is told beside it.
                Action::Confirm if state.filter.finish() => return Vec::new(),
                Action::Back => {
                    state.filter = before.clone();
                    return Vec::new();
                }
                Action::Complete | Action::CompleteBack => {
                    let by = if action == Action::Complete { 1 } else { -1 };
                    prompt.complete(by, |before| filter::offer(before, &world.snapshot.targets));
                    narrow(&mut state.filter, &mut state.top, prompt);
                }
                _ => {}
            }
            Vec::new()
        }
        Overlay::Command(line) => match command::update(state, world, action, line) {
            Ok(()) => Vec::new(),
            Err(None) => return Vec::new(),
            Err(Some(order)) => return command::carry_out(state, world, order),
        },
        Overlay::AddTarget(field, chosen) => {
            match add_target(&state.suggestions, action, field, chosen) {
                Ok(()) => Vec::new(),
                Err(effects) => return effects,
            }
        }
        Overlay::Confirm(Question::WakeMany(targets)) => match action {
            Action::Confirm => {
                let ids = std::mem::take(targets);
                say(state, world, &format!("waking {}\u{2026}", ids.len()));
                return vec![Effect::WakeMany(ids)];
            }
            Action::Back => return Vec::new(),
            _ => Vec::new(),
        },
        Overlay::Confirm(Question::Remove(id)) => match action {
            Action::Confirm => return vec![Effect::RemoveTarget(*id)],
            Action::Back => return Vec::new(),
            _ => Vec::new(),
        },
        Overlay::Form(_) | Overlay::Export(_) => match typed(&mut overlay, action) {
            Some(effects) => effects,
            None => return Vec::new(),
        },
        Overlay::Confirm(Question::Save(_)) => match action {
            Action::Confirm => return vec![Effect::SaveTargets],
            Action::Back => return vec![Effect::LeaveUnsaved],
            _ => Vec::new(),
        },
        Overlay::Acknowledge(alerts, field) => match action {
            Action::Back => return Vec::new(),
            Action::Confirm => return acknowledge(state, world, alerts, field.value().trim()),
            _ => Vec::new(),
        },
        Overlay::Review(chosen) => match review::update(state, world, action, chosen) {
            Some(effects) => effects,
            None => return Vec::new(),
        },
        Overlay::Maintenance(asked) => match action {
            Action::Back => return Vec::new(),
            Action::Confirm => match maintenance::confirm(state, world, asked) {
                Some(effects) => return effects,
                None => Vec::new(),
            },
            _ => {
                asked.chosen = target_place(action, asked.chosen, asked.choices.len(), 1);
                Vec::new()
            }
        },
        Overlay::Snooze(alerts, chosen) => {
            let place = match action {
                Action::Back => return Vec::new(),
                Action::Confirm => Some(*chosen),
                Action::Choose1 => Some(0),
                Action::Choose2 => Some(1),
                Action::Choose3 => Some(2),
                _ => {
                    *chosen = target_place(action, *chosen, SNOOZES.len(), 1);
                    None
                }
            };
            if let Some(place) = place {
                let Some((words, length)) = SNOOZES.get(place).copied() else { return Vec::new() };
                return snooze(state, world, alerts, words, length);
            }
            Vec::new()
        }
    };
    state.overlay = Some(overlay);
    effects
}

/// The field of a target; `Err` closes it.
fn add_target(
    suggestions: &[Suggestion],
    action: Action,
    field: &TextField,
    chosen: &mut Option<usize>,
) -> Result<(), Vec<Effect>> {
    let count = suggestions.len();
    match action {
        Action::Back => return Err(Vec::new()),
        Action::Confirm => {
            let suggestion = chosen.and_then(|place| suggestions.get(place));
            let spec =
                suggestion.map_or_else(|| field.value().trim().to_owned(), |s| s.spec.clone());
            if !spec.is_empty() {
                return Err(vec![Effect::AddTarget(spec)]);
            }
        }
        Action::Down if count > 0 => {
            *chosen = Some(chosen.map_or(0, |place| (place + 1).min(count - 1)));
        }
        Action::Up => *chosen = chosen.and_then(|place| place.checked_sub(1)),
        _ => {}
    }
    Ok(())
}

/// What a key does in a form or in the name of a file; `None` closes it.
fn typed(overlay: &mut Overlay, action: Action) -> Option<Vec<Effect>> {
    match overlay {
        Overlay::Form(form) => fill_in(form, action),
        Overlay::Export(field) => name_file(field, action),
        _ => None,
    }
}

/// What a key does in the name of a file; `None` closes it.
fn name_file(field: &mut tui_input::Input, action: Action) -> Option<Vec<Effect>> {
    Some(match action {
        Action::Back => return None,
        Action::Confirm => vec![Effect::Export(field.value().trim().to_owned())],
        Action::Complete | Action::CompleteBack => {
            *field = export::turned(field.value(), action == Action::CompleteBack).into();
            Vec::new()
        }
        _ => Vec::new(),
    })
}

/// What a key does in a form; `None` closes it.
fn fill_in(form: &mut Form, action: Action) -> Option<Vec<Effect>> {
    Some(match action {
        Action::Back => return None,
        // It stays until `app` has taken it.
        Action::Confirm => {
            vec![Effect::ChangeTarget { name: form.name.clone(), texts: form.texts() }]
        }
        Action::Down | Action::Complete | Action::Up | Action::CompleteBack => {
            form.step(matches!(action, Action::Up | Action::CompleteBack));
            Vec::new()
        }
        _ => Vec::new(),
    })
}

pub(super) fn acknowledge(
    state: &mut UiState,
    world: &World<'_>,
    alerts: &[AlertKey],
    note: &str,
) -> Vec<Effect> {
    say(state, world, &format!("acknowledged {}", alert_list::named(world, alerts)));
    alerts
        .iter()
        .map(|(target, rule)| Effect::Acknowledge {
            target: *target,
            rule: *rule,
            note: note.to_owned(),
        })
        .collect()
}

pub(super) fn snooze(
    state: &mut UiState,
    world: &World<'_>,
    alerts: &[AlertKey],
    words: &str,
    length: Duration,
) -> Vec<Effect> {
    say(state, world, &format!("snoozed for {words}: {}", alert_list::named(world, alerts)));
    alerts
        .iter()
        .map(|(target, rule)| Effect::Snooze { target: *target, rule: *rule, length })
        .collect()
}

/// Help, explain, ticket, transcript: scrolling, copying, the next finding.
fn text(
    state: &mut UiState,
    mut overlay: Overlay,
    action: Action,
    world: &World<'_>,
) -> Vec<Effect> {
    let searched = state.search.typing || !state.search.text.value().is_empty();
    if let Overlay::Help(first) = &mut overlay {
        let search = &mut state.search;
        match action {
            Action::Filter => search.typing = true,
            Action::Confirm => search.typing = false,
            Action::Back if searched => {
                *search = Search::default();
                *first = 0;
            }
            _ => {}
        }
        if matches!(action, Action::Filter | Action::Confirm | Action::Back) {
            let closes = action == Action::Back && !searched;
            state.overlay = Some(overlay).filter(|_| !closes);
            return Vec::new();
        }
    }
    if action == Action::Back {
        return Vec::new();
    }
    if let Overlay::Explain(target, index, first) = &mut overlay
        && matches!(action, Action::NextProblem | Action::PreviousProblem)
    {
        let by = if action == Action::NextProblem { 1 } else { -1 };
        let count = explain::findings(world, *target).len();
        *index = turned((*index).min(count.saturating_sub(1)), by, count);
        *first = 0;
    }
    state.overlay = Some(overlay);
    if action == Action::Copy {
        let text = of_overlay(world, state).unwrap_or_default();
        return copying::copy(state, world, "", &text);
    }
    if action == Action::CopyCommand {
        return copying::ask(state, world);
    }
    if action == Action::PlainPage {
        return copying::page(state, world);
    }
    let last = panel::last_first(world, state);
    let page = panel::page(state.size);
    if let Some(
        Overlay::Help(first)
        | Overlay::Explain(_, _, first)
        | Overlay::Ticket(_, first)
        | Overlay::Transcript(_, first),
    ) = &mut state.overlay
    {
        *first = target_place(action, (*first).min(last), last + 1, page);
    }
    Vec::new()
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
    apply(state, request);
}

/// Adds pasted text to the text field in front, printable characters only. Several lines in the
/// field of a target are a list.
pub fn paste(state: &mut UiState, text: &str) -> Vec<Effect> {
    let says = |line: &&str| line.chars().any(|c| !c.is_control() && !c.is_whitespace());
    let mut lines = text.split(['\r', '\n']).filter(says);
    if matches!(state.overlay, Some(Overlay::AddTarget(..))) && lines.nth(1).is_some() {
        state.overlay = None;
        return vec![Effect::AddPasted(text.replace("\r\n", "\n").replace('\r', "\n"))];
    }
    for c in text.chars().filter(|c| !c.is_control()).take(LONGEST) {
        apply(state, InputRequest::InsertChar(c));
    }
    Vec::new()
}

/// Whether the text field in front takes nothing more.
#[must_use]
pub fn is_full(state: &UiState) -> bool {
    let value = match &state.overlay {
        Some(Overlay::Filter(prompt, _)) => prompt.value(),
        Some(Overlay::Command(line)) => line.prompt.value(),
        Some(Overlay::Acknowledge(_, field) | Overlay::AddTarget(field, _)) => field.value(),
        Some(Overlay::Maintenance(asked)) => asked.length.value(),
        Some(Overlay::Help(_)) if state.search.typing => state.search.text.value(),
        _ => return false,
    };
    value.chars().count() >= LONGEST
}

fn apply(state: &mut UiState, request: InputRequest) {
    match &mut state.overlay {
        Some(Overlay::Filter(field, _)) => {
            field.edit(request);
            narrow(&mut state.filter, &mut state.top, field);
        }
        Some(Overlay::Command(line)) => {
            line.refused = false;
            line.prompt.edit(request);
        }
        Some(Overlay::Help(first)) if state.search.typing => {
            *first = 0;
            bounded(&mut state.search.text, request);
        }
        Some(Overlay::Acknowledge(_, field) | Overlay::Export(field)) => bounded(field, request),
        Some(Overlay::Form(form)) => form.edit(request),
        Some(Overlay::Maintenance(asked)) => bounded(&mut asked.length, request),
        Some(Overlay::AddTarget(field, chosen)) => {
            *chosen = None;
            bounded(field, request);
        }
        _ => {}
    }
}

/// The table shows what the filter lets through while it is typed.
fn narrow(filter: &mut Filter, top: &mut usize, prompt: &Prompt) {
    *filter = Filter::parse(prompt.value());
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
