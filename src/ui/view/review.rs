//! The list of what was there on first sight.

use super::footer::severity_role;
use super::panel::{centred, keys, text_room};
use super::table::first_row;
use crate::domain::alert::AsFound;
use crate::domain::finding::Finding;
use crate::ui::action::Action;
use crate::ui::keymap::Layer;
use crate::ui::line::{Line, left, right, wrap};
use crate::ui::state::{ReviewPlace, Size, UiState};
use crate::ui::theme::Role;
use crate::ui::view_model::{Panel, ViewLine};
use crate::ui::world::World;

/// Lines for the sentence of the chosen one, where there is room.
const SENTENCE: usize = 3;

/// Rows of the list on a screen of this size.
#[must_use]
pub fn rows(size: Size) -> usize {
    let height = usize::from(text_room(size).1);
    if height > SENTENCE + 4 { height - SENTENCE - 1 } else { height.max(1) }
}

/// Where the chosen one stands; `None` when it is not listed any more.
#[must_use]
pub fn place(found: &[AsFound], chosen: ReviewPlace) -> Option<usize> {
    found.iter().position(|one| (one.target, one.rule) == chosen.key)
}

/// The list around the chosen one, and its sentence below.
pub(super) fn panel(world: &World<'_>, state: &UiState, chosen: ReviewPlace) -> Panel {
    let (width, height) = text_room(state.size);
    let inner = usize::from(width);
    let found = &world.snapshot.alerts.as_found;
    let marked = place(found, chosen);
    let at = marked.unwrap_or(chosen.at).min(found.len().saturating_sub(1));
    let page = rows(state.size).min(found.len()).max(1);
    let top = first_row(0, at, page, found.len());
    let shown = found.iter().enumerate().skip(top).take(page);
    let mut lines: Vec<ViewLine> =
        shown.map(|(place, one)| row(world, state, one, marked == Some(place), inner)).collect();
    match marked.and_then(|at| found.get(at)) {
        None if !found.is_empty() => {}
        None => lines.push(Line::of(Role::Dim, "Nothing is left to review.").cut(inner).into()),
        Some(one) if usize::from(height) > SENTENCE + 4 => {
            lines.push(ViewLine::default());
            let words = sentence(world, one).unwrap_or(&one.title);
            let mut below = wrap(words, inner);
            below.resize(SENTENCE, String::new());
            lines.extend(below.iter().map(|line| Line::of(Role::Text, line).cut(inner).into()));
        }
        Some(_) => {}
    }
    let hint = keys(
        world,
        Layer::Review,
        &[
            (Action::Confirm, "accept"),
            (Action::AcceptOfTarget, "all of it"),
            (Action::AcceptAll, "all"),
            (Action::Back, "close"),
        ],
    );
    let title = format!("{} there on first sight, never alerted", found.len());
    centred(state.size, width, &title, hint, lines)
}

/// What a help desk would read aloud, as long as the finding stands and is told.
fn sentence<'w>(world: &World<'w>, one: &AsFound) -> Option<&'w str> {
    let findings: &[Finding] = match one.target {
        Some(id) => &world.target(id)?.findings,
        None => &world.snapshot.monitor.findings,
    };
    let same = findings.iter().find(|finding| finding.rule == one.rule);
    same.map(|finding| finding.sentence.as_str())
}

fn row(world: &World<'_>, state: &UiState, one: &AsFound, marked: bool, width: usize) -> ViewLine {
    let mut line =
        if marked { Line::new().glyph(Role::Selection) } else { Line::of(Role::Text, " ") };
    line = line.glyph(severity_role(one.severity)).text(Role::Text, " ");
    let name_width = if width < 60 { 12 } else { 18 };
    line.push(Role::Strong, &left(world.name(one.target), name_width));
    if width >= 60 {
        line.push(Role::Text, &format!(" {}", left(one.rule.0, 26)));
    }
    if width >= 90 {
        let since = state.zone.moment(one.since, world.snapshot.now.wall);
        line.push(Role::Dim, &format!(" {}", right(&since, 11)));
    }
    line.push(Role::Text, &format!(" {}", one.title));
    ViewLine { line: line.cut(width), base: marked.then_some(Role::Selection) }
}
