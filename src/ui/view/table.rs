//! What exactly: one row per target.

use super::findings;
use crate::domain::snapshot::{TargetSnapshot, TargetState};
use crate::ui::action::Action;
use crate::ui::columns::{self, Row, row_role};
use crate::ui::keymap::Layer;
use crate::ui::layout::{Class, Layout};
use crate::ui::line::Line;
use crate::ui::order;
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
    let placed = columns::place(width, &state.columns);
    let mut heading = Line::of(Role::Heading, "");
    for column in &placed {
        heading = heading.pad_to(usize::from(column.heading_x()));
        heading.push(Role::Heading, &column.heading(state));
    }
    let mut lines: Vec<ViewLine> = vec![heading.cut(usize::from(width)).into()];
    if rows.is_empty() {
        let text = format!("   No target matches \u{201c}{}\u{201d}.", state.filter.text());
        lines.push(Line::of(Role::Text, &text).cut(usize::from(width)).into());
        return lines;
    }
    let selected = order::selected_row(rows, state.selected);
    let page = height.saturating_sub(1);
    let top = first_row(state.top, selected, page, rows.len());
    for (place, target) in rows.iter().enumerate().skip(top).take(page) {
        let row = Row { snapshot: world.snapshot, target, state };
        let marked = place == selected;
        let mut line = Line::new();
        line = if marked { line.glyph(Role::Selection) } else { line.text(Role::Text, " ") };
        line = line.glyph(row_role(target));
        for column in &placed {
            line = line.pad_to(usize::from(column.x)).join(column.cell(&row));
        }
        lines.push(ViewLine {
            line: line.cut(usize::from(width)),
            base: marked.then_some(Role::Selection),
        });
    }
    let class = Layout::of(state.size).class;
    if class >= Class::Medium
        && page >= rows.len() + PREVIEW
        && let Some(target) = rows.get(selected)
    {
        let room = height - lines.len() - 1;
        let mut below = preview(world, state, target, room.min(PREVIEW + 5));
        lines.resize(height.saturating_sub(below.len()), ViewLine::default());
        lines.append(&mut below);
    }
    lines
}

/// The first row on the screen: `top`, moved so that the selected row is visible and no line is
/// wasted.
#[must_use]
pub fn first_row(top: usize, selected: usize, page: usize, rows: usize) -> usize {
    let lowest = (selected + 1).saturating_sub(page);
    top.clamp(lowest, selected.max(lowest)).min(rows.saturating_sub(page))
}

/// The selected target in a few lines.
fn preview(
    world: &World<'_>,
    state: &UiState,
    target: &TargetSnapshot,
    height: usize,
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
