//! Below the body: alerts in one line, then the answer to the last key, or which keys there are.

use super::prompt;
use crate::domain::finding::Severity;
use crate::domain::look::PanelId;
use crate::ui::action::Action;
use crate::ui::keymap::Layer;
use crate::ui::line::{Line, fit};
use crate::ui::order;
use crate::ui::state::{Overlay, Screen, Size, UiState, layer_of};
use crate::ui::theme::Role;
use crate::ui::world::World;

/// The hints of each screen: what a newcomer needs first.
const HINTS: [(Screen, &[(Action, &str)]); 7] = [
    (
        Screen::Table,
        &[
            (Action::Open, "why"),
            (Action::Filter, "filter"),
            (Action::Sort, "sort"),
            (Action::Wake, "wake"),
            (Action::Help, "help"),
            (Action::ProbeNow, "probe now"),
            (Action::Acknowledge, "acknowledge"),
            (Action::Ticket, "ticket"),
            (Action::NextView, "views"),
            (Action::Quit, "quit"),
        ],
    ),
    (
        Screen::Detail,
        &[
            (Action::Back, "back"),
            (Action::Explain, "all steps"),
            (Action::NextProblem, "next problem"),
            (Action::ProbeNow, "probe now"),
            (Action::Wake, "wake"),
            (Action::Ticket, "ticket"),
            (Action::Transcript, "transcript"),
            (Action::Copy, "copy"),
            (Action::Help, "help"),
        ],
    ),
    (
        Screen::Alerts,
        &[
            (Action::Back, "back"),
            (Action::Open, "why"),
            (Action::Acknowledge, "acknowledge"),
            (Action::Snooze, "snooze"),
            (Action::Explain, "explain"),
            (Action::Help, "help"),
        ],
    ),
    (
        Screen::Wall,
        &[
            (Action::Open, "why"),
            (Action::NextTarget, "next tile"),
            (Action::PageDown, "next page"),
            (Action::NextProblem, "next problem"),
            (Action::NextView, "views"),
            (Action::Help, "help"),
        ],
    ),
    (
        Screen::Path,
        &[
            (Action::Back, "back"),
            (Action::Open, "why"),
            (Action::NextTarget, "next target"),
            (Action::NextProblem, "next problem"),
            (Action::NextView, "views"),
            (Action::Help, "help"),
        ],
    ),
    (
        Screen::Timeline,
        &[
            (Action::PreviousProblem, "what happened before"),
            (Action::Earlier, "earlier"),
            (Action::Later, "later"),
            (Action::ZoomOut, "zoom out"),
            (Action::Open, "detail"),
            (Action::NextView, "views"),
            (Action::Help, "help"),
        ],
    ),
    (
        Screen::Simple,
        &[
            (Action::ViewSimple, "every target"),
            (Action::Open, "detail"),
            (Action::Mark, "it dropped now"),
            (Action::Wake, "wake"),
            (Action::Ticket, "ticket"),
            (Action::Copy, "copy"),
            (Action::Help, "help"),
        ],
    ),
];

/// The hints while nothing is watched.
const NO_TARGETS: &[(Action, &str)] =
    &[(Action::AddTarget, "watch a host"), (Action::Help, "help"), (Action::Quit, "quit")];

/// What cannot wait: a text field, a message, or the filter that hides rows. As many lines as that
/// takes, and no more than the screen has to give; none where nothing does.
pub(super) fn urgent(world: &World<'_>, state: &UiState, shown: usize) -> Vec<Line> {
    let width = usize::from(state.size.width);
    let mut lines = unbounded(world, state, shown);
    lines.truncate(most_lines(state.size));
    lines.into_iter().map(|line| line.cut(width)).collect()
}

/// How many lines what cannot wait may take.
pub(super) fn most_lines(size: Size) -> usize {
    usize::from(size.height / 3).clamp(1, 4)
}

fn unbounded(world: &World<'_>, state: &UiState, shown: usize) -> Vec<Line> {
    if let Some(Overlay::Filter(field, _)) = &state.overlay {
        return prompt::filter(world, state, field, shown);
    }
    if let Some(Overlay::Command(line)) = &state.overlay {
        return prompt::command(world, state, line);
    }
    let width = usize::from(state.size.width);
    let message = state.message.as_ref().filter(|message| world.now < message.until);
    let held = message.filter(|message| message.is_held()).map(|message| &message.line);
    let stays = held.or(state.config_refused.as_ref().filter(|_| message.is_none()));
    match (message, narrows(state)) {
        (_, true) if let Some(line) = stays => {
            beside(line, &label(world, state, shown, width / 2), state.size)
        }
        (None, false) if let Some(line) = stays => paragraph(line, width),
        (Some(message), _) => answered(&message.line, state),
        (None, true) => vec![match state.screen {
            Screen::Table | Screen::Wall | Screen::Timeline => label(world, state, shown, width)
                .text(Role::Text, "   ")
                .text(Role::Key, "Esc")
                .text(Role::Dim, " clears"),
            _ => {
                let label = label(world, state, shown, width);
                let room = width.saturating_sub(label.width());
                label.join(usual(world, state, room))
            }
        }],
        (None, false) => Vec::new(),
    }
}

/// The answer to a key, and below it what stays, as far as there are lines for both.
fn answered(message: &Line, state: &UiState) -> Vec<Line> {
    let width = usize::from(state.size.width);
    let mut lines = paragraph(message, width);
    let most = most_lines(state.size);
    if let Some(why) = state.config_refused.as_ref().filter(|_| most > 1) {
        lines.truncate(most - 1);
        lines.extend(paragraph(why, width));
    }
    lines
}

/// A message in lines with a blank before each.
pub(super) fn paragraph(message: &Line, width: usize) -> Vec<Line> {
    let lines = message.clone().wrapped(width.saturating_sub(1).max(1));
    lines.into_iter().map(|line| Line::of(Role::Text, " ").join(line)).collect()
}

/// How many lines there are of what cannot wait.
pub(super) fn urgent_lines(world: &World<'_>, state: &UiState) -> usize {
    let filtered = matches!(state.overlay, Some(Overlay::Filter(..))) || narrows(state);
    let shown = if filtered { order::rows(world.snapshot, state).len() } else { 0 };
    urgent(world, state, shown).len()
}

/// Whether a filter hides targets that this screen would show or lead to.
fn narrows(state: &UiState) -> bool {
    state.screen != Screen::Alerts && !state.filter.is_empty()
}

/// ` filter state:ok: 3 of 400`; of a long filter the beginning, so that the count is seen.
fn label(world: &World<'_>, state: &UiState, shown: usize, width: usize) -> Line {
    const WORD: &str = " filter ";
    let counts = format!(": {shown} of {}", world.snapshot.targets.len());
    let room = width.saturating_sub(WORD.len() + counts.len()).max(4);
    Line::of(Role::Text, WORD)
        .text(Role::Strong, &fit(state.filter.text(), room))
        .text(Role::Text, &counts)
}

/// A message that stays, and the label of the filter behind it: where a line is all there is, as much
/// of the message as leaves room for that.
fn beside(message: &Line, label: &Line, size: Size) -> Vec<Line> {
    let width = usize::from(size.width);
    let before = width.saturating_sub(label.width() + 1);
    let mut lines = paragraph(message, width);
    lines.truncate(most_lines(size));
    let Some(last) = lines.pop() else { return vec![label.clone()] };
    if last.width() <= before || lines.len() + 1 == most_lines(size) {
        let line =
            if lines.is_empty() { Line::of(Role::Text, " ").join(message.clone()) } else { last };
        lines.push(line.cut(before).text(Role::Text, " ").join(label.clone()));
    } else {
        lines.extend([last, label.clone()]);
    }
    lines
}

/// A text field with its cursor as a reversed cell.
#[must_use]
pub fn text_field(field: &tui_input::Input) -> Line {
    let before: String = field.value().chars().take(field.cursor()).collect();
    let mut rest = field.value().chars().skip(field.cursor());
    let under = rest.next().unwrap_or(' ').to_string();
    let after: String = rest.collect();
    Line::of(Role::Strong, &before).text(Role::Cursor, &under).text(Role::Strong, &after)
}

/// The first key that does `action` when `layer` is in front; empty when none does.
#[must_use]
pub fn key_name(world: &World<'_>, layer: Layer, action: Action) -> String {
    world.keymap.key_for(layer, action).map_or_else(String::new, |key| key.to_string())
}

/// Which keys there are; none below a box, which has its own in its frame, but how to quit while a
/// first host is typed.
pub(super) fn hints(world: &World<'_>, state: &UiState) -> Line {
    if state.overlay.is_some() && !world.snapshot.targets.is_empty() {
        return Line::new();
    }
    let usual = || usual(world, state, usize::from(state.size.width));
    super::tip::line(world, state).unwrap_or_else(usual)
}

/// The keys that a screen without a line for keys has beside its clock, as far as there is room: how to
/// get help and out. None below a box, which has its own.
pub(super) fn always(world: &World<'_>, state: &UiState, width: usize) -> Line {
    if state.overlay.is_some() || !state.panels.has(PanelId::Keys) {
        return Line::new();
    }
    let layer = layer_of(state.screen);
    let mut line = Line::new();
    for (action, words) in [(Action::Help, "help"), (Action::Quit, "quit")] {
        let key = key_name(world, layer, action);
        let hint = Line::of(Role::Key, &key).text(Role::Dim, &format!(" {words}  "));
        if !key.is_empty() && line.width() + hint.width() <= width {
            line = line.join(hint);
        }
    }
    line
}

/// As many of the hints of the screen as there is room for.
fn usual(world: &World<'_>, state: &UiState, width: usize) -> Line {
    // While a first host is typed, letters are text.
    let typing = matches!(state.overlay, Some(Overlay::AddTarget(..)));
    let layer = if typing { Layer::Input } else { layer_of(state.screen) };
    let hints = HINTS
        .iter()
        .find(|(screen, _)| *screen == state.screen && !world.snapshot.targets.is_empty())
        .map_or(NO_TARGETS, |(_, hints)| *hints);
    let all: Vec<Line> = hints
        .iter()
        .map(|(action, words)| (key_name(world, layer, *action), words))
        .filter(|(key, _)| !key.is_empty())
        .map(|(key, words)| {
            let line = Line::of(Role::Text, "  ").text(Role::Key, &key);
            line.text(Role::Dim, &format!(" {words}"))
        })
        .collect();
    let mut line = Line::new();
    let last: usize = all.iter().rev().take(1).map(Line::width).sum();
    for (place, hint) in all.iter().enumerate() {
        let is_last = place + 1 == all.len();
        if line.width() + hint.width() + if is_last { 0 } else { last } > width {
            continue;
        }
        line = line.join(hint.clone());
    }
    line
}

/// The role of a severity.
#[must_use]
pub const fn severity_role(severity: Severity) -> Role {
    match severity {
        Severity::Critical => Role::StateCritical,
        Severity::Warning => Role::StateWarning,
        Severity::Notice => Role::StateNotEstablished,
    }
}
