//! Words before numbers: the table on a screen too small for one.

use super::footer::key_name;
use super::heading;
use crate::domain::finding::Finding;
use crate::domain::snapshot::{TargetSnapshot, TargetState};
use crate::ui::action::Action;
use crate::ui::columns::{called, name_role, row_role, unconfirmed};
use crate::ui::format;
use crate::ui::keymap::Layer;
use crate::ui::line::{Line, fit, left};
use crate::ui::marked::{self, Lead};
use crate::ui::order::{self, Entry};
use crate::ui::state::UiState;
use crate::ui::theme::Role;
use crate::ui::view::table::{pin, top_row};
use crate::ui::view_model::ViewLine;
use crate::ui::world::World;
use unicode_width::UnicodeWidthStr;

/// The finding whose number is shown as the filter `loss` counts it.
const PACKET_LOSS: &str = "packet-loss";

/// What of the table is on a small screen.
struct Visible<'a> {
    /// The lines with their places among all.
    listed: Vec<(usize, Entry<'a>)>,
    /// How many healthy ones are only counted.
    healthy: Option<usize>,
    /// How many in trouble are scrolled out above and below.
    hidden: (usize, usize),
}

/// The lines on the screen. The last is kept for what is only counted.
fn visible<'a>(state: &UiState, rows: &[&'a TargetSnapshot], height: usize) -> Visible<'a> {
    let entries = order::entries(rows, state);
    let selected = marked::entry(&entries, state);
    let (healthy, listed) = listed(state, entries);
    let place = selected.and_then(|at| listed.iter().position(|(place, _)| *place == at));
    let troubled = |lines: &[(usize, Entry<'_>)]| -> usize { lines.iter().map(in_trouble).sum() };
    let window = |page: usize| {
        let page = page.max(1);
        let top = top_row(state.top, place, page, listed.len());
        let above = listed.get(..top).map_or(0, troubled);
        let below = listed.get(top + page..).map_or(0, troubled);
        (top, page, (above, below))
    };
    let (mut top, mut page, mut hidden) =
        window(height - usize::from(healthy.is_some()).min(height));
    if healthy.is_none() && hidden != (0, 0) && height > 1 {
        (top, page, hidden) = window(height - 1);
    }
    Visible { listed: listed.into_iter().skip(top).take(page).collect(), healthy, hidden }
}

/// The lines that are listed with their places among all, and how many healthy ones are only counted:
/// none while the user is among them.
fn listed<'a>(
    state: &UiState,
    entries: Vec<Entry<'a>>,
) -> (Option<usize>, Vec<(usize, Entry<'a>)>) {
    let quiet =
        |target: &TargetSnapshot| target.state == TargetState::Ok && target.maintenance.is_none();
    let counted = |entry: &Entry<'_>| match entry {
        Entry::Target(target) => quiet(target) && !state.pinned.contains(&target.target.id),
        Entry::Group { .. } => false,
    };
    let chosen = marked::entry(&entries, state).filter(|_| state.lead == Lead::User);
    let among_healthy = chosen.and_then(|place| entries.get(place)).is_some_and(counted);
    let healthy = entries.iter().filter(|entry| counted(entry)).count();
    let healthy = (!among_healthy && healthy > 1 && !state.groups.on).then_some(healthy);
    let all = entries.into_iter().enumerate();
    (healthy, all.filter(|(_, entry)| healthy.is_none() || !counted(entry)).collect())
}

/// The first line that is listed.
pub(in crate::ui) fn listed_first<'a>(
    state: &UiState,
    rows: &[&'a TargetSnapshot],
) -> Option<Entry<'a>> {
    listed(state, order::entries(rows, state)).1.into_iter().next().map(|(_, entry)| entry)
}

/// How many in trouble a line stands for that is not shown.
fn in_trouble((_, entry): &(usize, Entry<'_>)) -> usize {
    match entry {
        Entry::Target(target) => usize::from(target.is_in_trouble()),
        Entry::Group { folded: true, of, .. } => of.iter().filter(|t| t.is_in_trouble()).count(),
        Entry::Group { .. } => 0,
    }
}

/// The place among the lines of the table of what is on a line of the body, for the mouse.
#[must_use]
pub fn entry_at(
    state: &UiState,
    rows: &[&TargetSnapshot],
    height: usize,
    line: usize,
) -> Option<usize> {
    visible(state, rows, height).listed.get(line).map(|(place, _)| *place)
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
    let selected = marked::entry(&order::entries(rows, state), state);
    let Visible { listed, healthy, hidden } = visible(state, rows, height);
    let names = name_width(rows, state, width);
    let seen = world.snapshot.seen_to();
    let mut lines: Vec<ViewLine> = listed
        .iter()
        .map(|(place, entry)| {
            let line = match entry {
                Entry::Target(target) => {
                    let seen_to = target.is_in_trouble() && seen.contains_key(&target.target.id);
                    let role = if seen_to { Role::StateMuted } else { row_role(target) };
                    row(world, state, target, role, (names, width))
                }
                Entry::Group { name, folded, of } => heading::line(name, *folded, of, &seen, width),
            };
            ViewLine { line, base: (selected == Some(*place)).then_some(Role::Selection) }
        })
        .collect();
    let mut last = Line::new();
    if let Some(healthy) = healthy {
        let others = if listed.is_empty() { "targets" } else { "others" };
        last = last.glyph(Role::StateOk).text(Role::Dim, &format!(" {healthy} {others} ok"));
    }
    for (count, arrow) in [(hidden.0, "\u{2191}"), (hidden.1, "\u{2193}")] {
        if count > 0 {
            let gap = if last.0.is_empty() { "" } else { "  " };
            let words = format!("{gap}{count} more in trouble {arrow}");
            last = last.text(Role::StateWarning, &words);
        }
    }
    if !last.0.is_empty() {
        lines.truncate(height.saturating_sub(1));
        lines.push(last.cut(width).into());
    }
    lines
}

/// Cells of the names: no more than the longest needs, so that there is room for why.
fn name_width(rows: &[&TargetSnapshot], state: &UiState, width: usize) -> usize {
    let most = (width / 4).clamp(4, 20);
    let longest = rows.iter().map(|target| called(target, state.naming, most).width()).max();
    longest.unwrap_or_default().clamp(4, most)
}

fn row(
    world: &World<'_>,
    state: &UiState,
    target: &TargetSnapshot,
    role: Role,
    (name_width, width): (usize, usize),
) -> Line {
    Line::new()
        .glyph(role)
        .join(pin(state, target))
        .text(name_role(target), &left(&called(target, state.naming, name_width), name_width))
        .text(Role::Text, " ")
        .text(Role::Text, &words(world, target))
        .cut(width)
}

/// Whether `finding` is of packets that were lost before the last minute only.
pub(super) fn is_lost_no_more(target: &TargetSnapshot, finding: &Finding) -> bool {
    finding.rule.0 == PACKET_LOSS && target.echo_minute.loss().is_some_and(|share| share <= 0.0)
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
        (TargetState::NotMeasured, _) => {
            unconfirmed(target).unwrap_or_else(|| "not measured yet".to_owned())
        }
        (TargetState::Warning | TargetState::Critical, Some(finding)) => {
            match target.echo_minute.loss() {
                _ if is_lost_no_more(target, finding) => "no loss now, but before".to_owned(),
                Some(share) if finding.rule.0 == PACKET_LOSS => {
                    format!("loss {} % in 1 min", format::percent(share))
                }
                _ => fit(&finding.title, 80),
            }
        }
        (TargetState::Warning | TargetState::Critical, None) => target.verdict.clone(),
        (TargetState::Ok, _) => {
            format!("ok {} ms", format::ms_or_dash(target.echo_minute.median))
        }
    }
}
