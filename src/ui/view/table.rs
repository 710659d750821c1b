//! What exactly: one row per target.

use super::{findings, heading};
use crate::domain::look::PanelId;
use crate::domain::snapshot::{TargetSnapshot, TargetState};
use crate::ui::action::Action;
use crate::ui::columns::{self, OverTcp, Row, row_role};
use crate::ui::keymap::Layer;
use crate::ui::layout::{Class, Layout};
use crate::ui::line::Line;
use crate::ui::marked;
use crate::ui::order::{self, Entry};
use crate::ui::state::UiState;
use crate::ui::theme::Role;
use crate::ui::view_model::ViewLine;
use crate::ui::world::World;

/// Lines that the preview below the table needs.
const PREVIEW: usize = 9;

/// Headings and the rows around the selected one; where rows leave room, a preview of it.
#[must_use]
pub fn lines(
    world: &World<'_>,
    state: &UiState,
    rows: &[&TargetSnapshot],
    height: usize,
) -> Vec<ViewLine> {
    let width = state.size.width;
    let placed = columns::place(width, &state.columns, state.longest_name);
    let mut heading = Line::of(Role::Heading, "");
    let over_tcp = OverTcp::of(rows);
    for column in &placed {
        heading = heading.pad_to(usize::from(column.heading_x()));
        heading.push(Role::Heading, &column.heading(state, over_tcp));
    }
    let mut lines: Vec<ViewLine> = Vec::new();
    if rows.is_empty() {
        let text = format!("   No target matches \u{201c}{}\u{201d}.", state.filter.text());
        lines.push(heading.cut(usize::from(width)).into());
        lines.push(Line::of(Role::Text, &text).cut(usize::from(width)).into());
        return lines;
    }
    let entries = order::entries(rows, state);
    let selected = marked::entry(&entries, state);
    let mut below = preview_lines(world, state, &entries, height);
    let page = height.saturating_sub(1 + below.len());
    if is_above(state) {
        lines.append(&mut below);
    }
    lines.push(heading.cut(usize::from(width)).into());
    let seen = world.snapshot.seen_to();
    let top = top_row(state.top, selected, page, entries.len());
    for (place, entry) in entries.iter().enumerate().skip(top).take(page) {
        let marked = selected == Some(place);
        let mut line = Line::new();
        line = if marked { line.glyph(Role::Selection) } else { line.text(Role::Text, " ") };
        line = match entry {
            Entry::Target(target) => {
                let row = Row { snapshot: world.snapshot, target, state };
                let seen = target.is_in_trouble() && seen.contains_key(&target.target.id);
                let role = if seen { Role::StateMuted } else { row_role(target) };
                line = line.glyph(role).join(pin(state, target));
                placed.iter().fold(line, |line, column| {
                    line.pad_to(usize::from(column.x)).join(column.cell(&row))
                })
            }
            Entry::Group { name, folded, of } => {
                let room = usize::from(width).saturating_sub(line.width());
                line.join(heading::line(name, *folded, of, &seen, room))
            }
        };
        lines.push(ViewLine {
            line: line.cut(usize::from(width)),
            base: marked.then_some(Role::Selection),
        });
    }
    if !below.is_empty() {
        lines.resize(height.saturating_sub(below.len()), ViewLine::default());
        lines.extend(below);
    }
    lines
}

/// The mark of a pinned row, or a blank.
pub(super) fn pin(state: &UiState, target: &TargetSnapshot) -> Line {
    let mark = if state.pinned.contains(&target.target.id) { "*" } else { " " };
    Line::of(Role::Key, mark)
}

/// The lines of the panel below the rows, which begin with its upper edge; none where there is no
/// room, unless it was dragged there.
fn preview_lines(
    world: &World<'_>,
    state: &UiState,
    entries: &[Entry<'_>],
    height: usize,
) -> Vec<ViewLine> {
    let marked = marked::entry(entries, state).and_then(|place| entries.get(place));
    let target = marked.and_then(Entry::worst);
    let Some(target) = target else { return Vec::new() };
    let shown = state.panels.has(PanelId::Preview);
    if Layout::of(state.size).class < Class::Medium || !shown {
        return Vec::new();
    }
    // Headings, and a row above the panel.
    let most = height.saturating_sub(4);
    let share = |share: u8| (height * usize::from(share) / 100).max(2);
    let dragged = state.preview.lines.map(usize::from);
    if let Some(lines) = dragged.or_else(|| state.panels.preview.map(share)) {
        let lines = lines.min(most);
        return if lines < 2 { Vec::new() } else { preview(world, state, target, lines, lines) };
    }
    let room = height.saturating_sub(entries.len() + 2);
    if room + 1 < PREVIEW {
        return Vec::new();
    }
    preview(world, state, target, room.min(PREVIEW + 5), room)
}

/// Whether the panel stands above the rows.
fn is_above(state: &UiState) -> bool {
    state.panels.is_above(PanelId::Preview, PanelId::Table)
}

/// The line of the body with the headings, for the mouse.
#[must_use]
pub fn heading(
    world: &World<'_>,
    state: &UiState,
    rows: &[&TargetSnapshot],
    height: usize,
) -> usize {
    if is_above(state) && !rows.is_empty() {
        preview_lines(world, state, &order::entries(rows, state), height).len()
    } else {
        0
    }
}

/// The line of the body that is the upper edge of a panel below the rows, for the mouse.
#[must_use]
pub fn edge(
    world: &World<'_>,
    state: &UiState,
    rows: &[&TargetSnapshot],
    height: usize,
) -> Option<usize> {
    let below = preview_lines(world, state, &order::entries(rows, state), height).len();
    (below > 0 && !is_above(state)).then(|| height.saturating_sub(below))
}

/// The first row on the screen, and how many there are, for the mouse.
#[must_use]
pub fn window(
    world: &World<'_>,
    state: &UiState,
    rows: &[&TargetSnapshot],
    height: usize,
) -> (usize, usize) {
    let entries = order::entries(rows, state);
    let selected = marked::entry(&entries, state);
    let below = preview_lines(world, state, &entries, height).len();
    let page = height.saturating_sub(1 + below);
    (top_row(state.top, selected, page, entries.len()), page)
}

/// The first row on the screen: `top`, moved so that the selected row is visible and no line is
/// wasted.
#[must_use]
pub fn first_row(top: usize, selected: usize, page: usize, rows: usize) -> usize {
    let lowest = (selected + 1).saturating_sub(page);
    top.clamp(lowest, selected.max(lowest)).min(rows.saturating_sub(page))
}

/// The same, where nothing may be selected.
#[must_use]
pub fn top_row(top: usize, selected: Option<usize>, page: usize, rows: usize) -> usize {
    match selected {
        Some(selected) => first_row(top, selected, page, rows),
        None => top.min(rows.saturating_sub(page)),
    }
}

/// The selected target in `height` lines, or in up to `most` when that cuts it.
fn preview(
    world: &World<'_>,
    state: &UiState,
    target: &TargetSnapshot,
    height: usize,
    most: usize,
) -> Vec<ViewLine> {
    let width = usize::from(state.size.width);
    let mut title = Line::of(Role::Border, "\u{2500}\u{2500} ")
        .text(columns::name_role(target), &target.target.name)
        .text(Role::Border, " ");
    title.push(Role::Border, &"\u{2500}".repeat(width.saturating_sub(title.width())));
    let mut lines: Vec<ViewLine> = vec![title.cut(width).into()];
    let inner = width.saturating_sub(2);
    let mut text = Vec::new();
    match target.findings.first() {
        Some(finding) if target.state >= TargetState::Warning => {
            findings::block(&mut text, world, state, target, 0, finding, inner);
        }
        _ => {
            let verdict = crate::ui::line::wrap(&target.verdict, inner.saturating_sub(1));
            text.extend(verdict.iter().map(|line| Line::of(Role::Text, &format!(" {line}"))));
        }
    }
    let height = (text.len() + 1).clamp(height, most.max(height));
    let cut = text.len() > height.saturating_sub(1);
    text.truncate(height.saturating_sub(1 + usize::from(cut)));
    if cut {
        let key = super::footer::key_name(world, Layer::Table, Action::Open);
        text.push(Line::of(Role::Key, &format!("   {key}")).text(Role::Dim, " more"));
    }
    text.resize(height.saturating_sub(1), Line::new());
    lines.extend(text.into_iter().map(ViewLine::from));
    lines
}

#[cfg(test)]
mod tests {
    use super::first_row;

    #[test]
    fn the_selected_row_is_always_on_the_screen() {
        for rows in 0..30_usize {
            for page in 1..12 {
                for selected in 0..rows.max(1) {
                    for top in 0..30 {
                        let first = first_row(top, selected, page, rows);
                        assert!(first <= selected && selected < first + page);
                        assert!(rows <= page || first + page <= rows);
                    }
                }
            }
        }
        assert_eq!(first_row(5, 7, 4, 20), 5);
    }
}
