//! Words before numbers: the table on a screen too small for one.

use super::footer::key_name;
use crate::domain::snapshot::{TargetSnapshot, TargetState};
use crate::ui::action::Action;
use crate::ui::columns::{name_role, row_role};
use crate::ui::format;
use crate::ui::keymap::Layer;
use crate::ui::line::{Line, fit, left};
use crate::ui::order;
use crate::ui::state::UiState;
use crate::ui::theme::Role;
use crate::ui::view::table::first_row;
use crate::ui::view_model::ViewLine;
use crate::ui::world::World;

/// The rows on the screen with their places, and how many healthy ones are only counted.
fn visible<'a>(
    state: &UiState,
    rows: &[&'a TargetSnapshot],
    height: usize,
) -> (Vec<(usize, &'a TargetSnapshot)>, Option<usize>) {
    let selected = order::selected_row(rows, state.selected);
    let quiet =
        |target: &TargetSnapshot| target.state == TargetState::Ok && target.maintenance.is_none();
    let among_healthy = state.selected.is_some() && rows.get(selected).is_some_and(|t| quiet(t));
    let healthy = rows.iter().filter(|target| quiet(target)).count();
    let collapse = (!among_healthy && healthy > 1).then_some(healthy);
    let listed: Vec<(usize, &TargetSnapshot)> = rows
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, target)| collapse.is_none() || !quiet(target))
        .collect();
    let page = height.saturating_sub(usize::from(collapse.is_some())).max(1);
    let place = listed.iter().position(|(place, _)| *place == selected).unwrap_or_default();
    let top = first_row(state.top, place, page, listed.len());
    (listed.into_iter().skip(top).take(page).collect(), collapse)
}

/// The place of the row on a line of the body, for the mouse.
#[must_use]
pub fn row_at(
    state: &UiState,
    rows: &[&TargetSnapshot],
    height: usize,
    line: usize,
) -> Option<usize> {
    visible(state, rows, height).0.get(line).map(|(place, _)| *place)
}

/// Hosts in trouble with their trouble in words; the healthy ones as a number, unless the user
/// goes there.
#[must_use]
pub fn lines(
    world: &World<'_>,
    state: &UiState,
    rows: &[&TargetSnapshot],
    height: usize,
) -> Vec<ViewLine> {
    let width = usize::from(state.size.width);
    if rows.is_empty() {
        return vec![Line::of(Role::Text, "No target matches.").cut(width).into()];
    }
    let selected = order::selected_row(rows, state.selected);
    let (listed, collapsed) = visible(state, rows, height);
    let mut lines: Vec<ViewLine> = listed
        .iter()
        .map(|(place, target)| {
            row(world, target, state.selected.is_some() && *place == selected, width)
        })
        .collect();
    if let Some(healthy) = collapsed {
        let others = if listed.is_empty() { "targets" } else { "others" };
        let line =
            Line::new().glyph(Role::StateOk).text(Role::Dim, &format!(" {healthy} {others} ok"));
        lines.push(line.cut(width).into());
    }
    lines
}

fn row(world: &World<'_>, target: &TargetSnapshot, selected: bool, width: usize) -> ViewLine {
    let role = row_role(target);
    let name_width = (width / 3).clamp(4, 20);
    let line = Line::new()
        .glyph(role)
        .text(Role::Text, " ")
        .text(name_role(target), &left(&target.target.name, name_width))
        .text(Role::Text, " ")
        .text(Role::Text, &words(world, target));
    ViewLine { line: line.cut(width), base: selected.then_some(Role::Selection) }
}

/// How it fares, in a few words.
pub(super) fn words(world: &World<'_>, target: &TargetSnapshot) -> String {
    match (target.state, target.worst()) {
        (_, Some(finding)) if target.maintenance.is_some() => {
            fit(&format!("maint.: {}", finding.title), 80)
        }
        _ if target.maintenance.is_some() => "maintenance".to_owned(),
        (TargetState::Asleep, _) if target.mac.is_some() => {
            let key = key_name(world, Layer::Table, Action::Wake);
            format!("asleep {key}=wake")
        }
        (TargetState::Asleep, _) => "asleep".to_owned(),
        (TargetState::Waking, _) => "waking".to_owned(),
        (TargetState::Unknown, _) => "cannot judge".to_owned(),
        (TargetState::NotMeasured, _) => "not measured yet".to_owned(),
        (TargetState::Warning | TargetState::Critical, Some(finding)) => fit(&finding.title, 80),
        (TargetState::Warning | TargetState::Critical, None) => target.verdict.clone(),
        (TargetState::Ok, _) => {
            format!("ok {} ms", format::ms_or_dash(target.echo_minute.median))
        }
    }
}
