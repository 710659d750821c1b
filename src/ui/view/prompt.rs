//! A text field in the last line: what is typed, what is wrong with it, what could follow.

use super::footer::{self, key_name, text_field};
use crate::ui::action::Action;
use crate::ui::command;
use crate::ui::filter::{self, Fault};
use crate::ui::keymap::Layer;
use crate::ui::line::Line;
use crate::ui::prompt::{Offer, Prompt};
use crate::ui::state::{CommandLine, Size, UiState};
use crate::ui::theme::Role;
use crate::ui::world::World;
use tui_input::Input as TextField;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The filter that is being typed, with how many it lets through.
#[must_use]
pub fn filter(world: &World<'_>, state: &UiState, prompt: &Prompt, shown: usize) -> Vec<Line> {
    let width = usize::from(state.size.width);
    let total = world.snapshot.targets.len();
    let fault =
        state.filter.fault().cloned().or_else(|| state.filter.stranger(&world.snapshot.targets));
    let count = format!("  {shown} of {total}");
    let line = field("/", prompt, width).text(Role::Text, &count);
    if let Some(fault) = fault {
        return wrong(line, &fault, state.size);
    }
    // Where a next word would begin, another filter could.
    let another = prompt.before().ends_with(' ') && !state.filter.is_empty();
    let line = if prompt.before().trim_end().ends_with('|') {
        line.text(Role::Dim, "  or what?")
    } else if another {
        line.text(Role::Key, "  |").text(Role::Dim, " or")
    } else {
        line
    };
    let offered = offered(world, prompt, |before| filter::offer(before, &world.snapshot.targets));
    match state.filter.unfinished().filter(|_| offered.0.is_empty()) {
        Some(missing) => {
            let (words, brief) = (missing.to_string(), missing.within(width));
            beside_or_above(line, Role::Dim, &words, &brief, state.size)
        }
        None => vec![line.join(offered)],
    }
}

/// The command that is being typed.
#[must_use]
pub fn command(world: &World<'_>, state: &UiState, typed: &CommandLine) -> Vec<Line> {
    let width = usize::from(state.size.width);
    let line = field(":", &typed.prompt, width);
    let value = typed.prompt.value();
    match command::read(value, world) {
        Err(refusal) if typed.refused || !refusal.unfinished => {
            wrong(line, &refusal.fault, state.size)
        }
        _ => {
            let offered = offered(world, &typed.prompt, |before| command::offer(before, world));
            match command::usage(value).filter(|_| offered.0.is_empty()) {
                Some(usage) => beside_or_above(line, Role::Dim, &usage, &usage, state.size),
                None => vec![line.join(offered)],
            }
        }
    }
}

/// What is wrong, beside the field or above it; in fewer words where there is one line.
fn wrong(line: Line, fault: &Fault, size: Size) -> Vec<Line> {
    let room = usize::from(size.width).saturating_sub(line.width() + 2);
    beside_or_above(line, Role::StateWarning, &fault.to_string(), &fault.within(room), size)
}

/// Words behind the field where they fit, else above it; in brief where there is one line.
fn beside_or_above(line: Line, role: Role, words: &str, brief: &str, size: Size) -> Vec<Line> {
    let width = usize::from(size.width);
    let most = footer::most_lines(size);
    if line.width() + 2 + words.width() <= width || most == 1 {
        return vec![line.text(role, &format!("  {brief}"))];
    }
    let mut lines = footer::paragraph(&Line::of(role, words), width);
    lines.truncate(most - 1);
    lines.push(line);
    lines
}

/// The mark and the field, which takes two thirds of the line at most.
#[must_use]
pub fn field(mark: &str, prompt: &Prompt, width: usize) -> Line {
    Line::of(Role::Key, mark).join(window(prompt.field(), (width * 2 / 3).max(8)))
}

/// As much of a field as fits, with its cursor.
fn window(field: &TextField, width: usize) -> Line {
    let cells = |c: char| c.width().unwrap_or(1);
    let chars: Vec<char> = field.value().chars().collect();
    let cursor = field.cursor().min(chars.len());
    let all: usize = chars.iter().copied().map(cells).sum();
    if all < width {
        return text_field(field);
    }
    let mut first = cursor;
    let mut used = 1;
    while let Some(before) = first.checked_sub(1)
        && let Some(c) = chars.get(before)
        && used + cells(*c) < width
    {
        used += cells(*c);
        first = before;
    }
    let part: String = chars.iter().skip(first).collect();
    let part = TextField::new(part).with_cursor(cursor - first);
    text_field(&part).cut(width)
}

/// What `Tab` puts there, in turns.
#[must_use]
pub fn offered(world: &World<'_>, prompt: &Prompt, offer: impl FnOnce(&str) -> Offer) -> Line {
    let key = key_name(world, Layer::Input, Action::Complete);
    if key.is_empty() {
        return Line::new();
    }
    let (words, place) = match prompt.turning() {
        Some((words, place)) => (words.to_vec(), Some(place)),
        None => (offer(&prompt.before()).words, None),
    };
    if words.is_empty() {
        return Line::new();
    }
    let mut line = Line::of(Role::Text, "  ").text(Role::Key, &key);
    // The word whose turn it is stays on the screen.
    let first = place.map_or(0, |place| place.saturating_sub(2));
    for (at, word) in words.iter().enumerate().skip(first).take(24) {
        let role = if Some(at) == place { Role::Strong } else { Role::Dim };
        line = line.text(Role::Text, " ").text(role, word);
    }
    line
}
