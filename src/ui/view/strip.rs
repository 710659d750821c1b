//! The alerts that nobody has seen to, in one line: each by itself, and together where many hosts
//! share a cause.

use super::footer::severity_role;
use crate::domain::alert::{Alert, AlertState};
use crate::ui::alert_list::{self, Entry};
use crate::ui::format;
use crate::ui::line::Line;
use crate::ui::state::UiState;
use crate::ui::theme::Role;
use crate::ui::world::World;
use std::collections::BTreeSet;

/// Cells for how many alerts there is no room for.
const REST: usize = 6;

/// ` ALERTS ✖ odd-pc not-rdp 1m  ✖ 499 hosts port-closed 1m  +3`: what fires, then what is pending.
pub(super) fn line(world: &World<'_>, state: &UiState) -> Line {
    let width = usize::from(state.size.width);
    let mut line = Line::of(Role::Heading, " ALERTS ");
    let entries = entries(world);
    if entries.is_empty() {
        return line.text(Role::Dim, "none that nobody has seen").cut(width);
    }
    let mut left: usize = entries.iter().map(|entry| entry.alerts().len()).sum();
    for (place, entry) in entries.iter().enumerate() {
        let gap = if place == 0 { "" } else { "  " };
        let next = Line::of(Role::Text, gap).join(told(world, entry));
        if line.width() + next.width() + REST > width {
            return line.text(Role::Dim, &format!("  +{left}")).cut(width);
        }
        left -= entry.alerts().len();
        line = line.join(next);
    }
    line
}

fn entries<'a>(world: &World<'a>) -> Vec<Entry<'a>> {
    let alerts = &world.snapshot.alerts;
    let unseen = |alert: &&Alert| alert.acknowledged.is_none() && alert.snoozed_until.is_none();
    let held = |alert: &&Alert| alert.held_until.is_some();
    let firing = alerts.firing.iter().filter(|alert| unseen(alert) && !held(alert));
    let pending = alerts.pending.iter().filter(|alert| !held(alert));
    let none = BTreeSet::new();
    let mut entries = alert_list::of(firing, &none);
    entries.extend(alert_list::of(pending, &none));
    entries
}

/// ` ✖ 499 hosts port-closed 1m`.
fn told(world: &World<'_>, entry: &Entry<'_>) -> Line {
    let Some(first) = entry.alerts().iter().min_by_key(|alert| alert.since) else {
        return Line::new();
    };
    let age = format::age(world.snapshot.now.wall.since(first.since));
    let mut line = Line::new().glyph(severity_role(first.severity));
    match entry {
        Entry::Alert(alert, _) => line.push(Role::Text, &format!(" {} ", world.subject(alert))),
        Entry::Cause(_, of) => line.push(Role::Text, &format!(" {} hosts ", of.len())),
    }
    line.push(Role::Dim, &format!("{} {age}", first.rule));
    if first.state == AlertState::Pending {
        line.push(Role::Dim, " (pending)");
    } else if entry.alerts().iter().all(|alert| alert.explained_by.is_some()) {
        line.push(Role::Dim, " (explained)");
    } else if entry.alerts().iter().all(|alert| world.is_clearing(alert)) {
        line.push(Role::Dim, " (clearing)");
    }
    line
}
