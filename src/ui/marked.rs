//! Which line is marked, and so what keys are about: what was chosen, as long as it is listed; until
//! something was chosen the first line. Nothing takes the place of what is gone.

use super::alert_list;
use super::layout::{Class, Layout};
use super::order::{self, Entry};
use super::state::{Overlay, Screen, UiState};
use super::view::small;
use super::world::World;
use crate::domain::snapshot::TargetSnapshot;
use crate::domain::target::TargetId;
use std::borrow::Cow;

/// Whose choice the marked line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lead {
    /// Nobody's: with each frame the mark goes to the first line.
    #[default]
    First,
    /// The user's: it stays on what they chose.
    User,
}

impl UiState {
    /// The user chose this target.
    pub fn choose(&mut self, id: TargetId) {
        self.selected = Some(id);
        self.groups.header = None;
        self.lead = Lead::User;
    }

    /// The user chose the heading of this group.
    pub fn choose_heading(&mut self, name: &str) {
        self.groups.header = Some(name.to_owned());
        self.lead = Lead::User;
    }

    /// The user chose this line of the alerts.
    pub fn choose_alert(&mut self, place: alert_list::Place) {
        self.alerts.chosen = Some(place);
        self.alerts.lead = Lead::User;
    }

    /// The target that the user chose; `None` while the mark goes to the first line.
    #[must_use]
    pub fn chosen(&self) -> Option<TargetId> {
        self.selected.filter(|_| self.lead == Lead::User)
    }
}

/// The marked line of the table: the heading or the target that is selected, or the heading above a
/// target that is folded away. `None` when it is not listed.
#[must_use]
pub fn entry(entries: &[Entry<'_>], state: &UiState) -> Option<usize> {
    if let Some(header) = state.groups.header.as_deref().filter(|_| state.groups.on) {
        let is = |e: &Entry<'_>| matches!(e, Entry::Group { name, .. } if *name == header);
        return entries.iter().position(is);
    }
    let id = state.selected?;
    let own =
        entries.iter().position(|e| matches!(e, Entry::Target(target) if target.target.id == id));
    own.or_else(|| {
        entries.iter().position(|entry| match entry {
            Entry::Group { of, folded: true, .. } => of.iter().any(|t| t.target.id == id),
            _ => false,
        })
    })
}

/// The marked row; `None` when it is not listed.
#[must_use]
pub fn row(rows: &[&TargetSnapshot], selected: Option<TargetId>) -> Option<usize> {
    let id = selected?;
    rows.iter().position(|target| target.target.id == id)
}

/// The heading of the table that is marked.
#[must_use]
pub fn heading<'a>(state: &UiState, world: &World<'a>) -> Option<&'a str> {
    if state.screen != Screen::Table || !state.groups.on {
        return None;
    }
    let entries = order::entries(&order::rows(world.snapshot, state), state);
    match entries.get(entry(&entries, state)?)? {
        Entry::Group { name, .. } => Some(name),
        Entry::Target(_) => None,
    }
}

/// The hosts that the marked heading of the table stands for; empty where none is marked.
#[must_use]
pub fn under_heading<'a>(state: &UiState, world: &World<'a>) -> Vec<&'a TargetSnapshot> {
    if state.screen != Screen::Table || !state.groups.on {
        return Vec::new();
    }
    let mut entries = order::entries(&order::rows(world.snapshot, state), state);
    let place = entry(&entries, state).filter(|place| *place < entries.len());
    match place.map(|place| entries.swap_remove(place)) {
        Some(Entry::Group { of, .. }) => of,
        Some(Entry::Target(_)) | None => Vec::new(),
    }
}

/// Puts the mark on the first line, for the frame that is drawn next, while nobody chose another. It
/// stays where it is while a command is typed, for that is about what was marked at its beginning.
/// `rows` are those of this state.
pub fn follow(state: &mut UiState, world: &World<'_>, rows: &[&TargetSnapshot]) {
    if matches!(state.overlay, Some(Overlay::Command(_))) {
        return;
    }
    if state.lead == Lead::First {
        (state.selected, state.groups.header) = first(state, rows);
    }
    if state.alerts.lead == Lead::First && state.screen == Screen::Alerts {
        let entries = alert_list::entries(&world.snapshot.alerts, &state.alerts.opened);
        state.alerts.chosen = entries.first().map(alert_list::Entry::place);
    }
}

/// The state as the frame that is drawn next shows it.
#[must_use]
pub fn followed<'s>(state: &'s UiState, world: &World<'_>) -> Cow<'s, UiState> {
    let leads = [state.lead, state.alerts.lead];
    if !leads.contains(&Lead::First) {
        return Cow::Borrowed(state);
    }
    let mut followed = state.clone();
    follow(&mut followed, world, &order::rows(world.snapshot, state));
    Cow::Owned(followed)
}

/// The first line: a target, or a heading. On the wall, whose pages turn, no tile.
fn first(state: &UiState, rows: &[&TargetSnapshot]) -> (Option<TargetId>, Option<String>) {
    if state.screen == Screen::Wall {
        return (None, None);
    }
    if state.screen != Screen::Table {
        return (rows.first().map(|target| target.target.id), None);
    }
    let entries = if Layout::of(state.size).class == Class::Small {
        small::listed_first(state, rows).into_iter().collect()
    } else {
        order::entries(rows, state)
    };
    match entries.first() {
        Some(Entry::Target(target)) => (Some(target.target.id), None),
        Some(Entry::Group { name, .. }) => (None, Some((*name).to_owned())),
        None => (None, None),
    }
}

/// Whether the filter lets a target through.
#[must_use]
pub fn admits(state: &UiState, world: &World<'_>, target: &TargetSnapshot) -> bool {
    state.filter.over(&world.snapshot.alerts).admits(target)
}

/// Lets go of what the user chose when their own filter hides it: the first line is marked again.
pub fn let_go_if_hidden(state: &mut UiState, world: &World<'_>) {
    let hides = |id: TargetId| world.target(id).is_some_and(|target| !admits(state, world, target));
    if state.screen != Screen::Detail && state.chosen().is_some_and(hides) {
        state.lead = Lead::First;
    }
}

/// Why there is no target to do something with.
#[must_use]
pub fn missing(state: &UiState, world: &World<'_>) -> String {
    let other = || {
        let words = match state.screen {
            Screen::Alerts => "no single host is selected",
            _ if heading(state, world).is_some() => "a group is selected, and no target",
            _ => "nothing is selected",
        };
        words.to_owned()
    };
    gone(state, world).unwrap_or_else(other)
}

/// That what was marked is not listed any more; `None` where it is, or where nothing was.
#[must_use]
pub fn gone(state: &UiState, world: &World<'_>) -> Option<String> {
    if state.screen == Screen::Alerts {
        return alert_list::missing(state, world);
    }
    let table = state.screen == Screen::Table;
    if table {
        let entries = order::entries(&order::rows(world.snapshot, state), state);
        if entry(&entries, state).is_some() {
            return None;
        }
    }
    let header = state.groups.header.as_deref().filter(|_| table && state.groups.on);
    let target = state.selected.map(|id| world.target(id));
    if header.is_none() && target.is_none() {
        return None;
    }
    match (header, target.flatten()) {
        (Some(""), _) => Some("the heading is not listed any more".to_owned()),
        (Some(name), _) => Some(format!("group {name} is not listed any more")),
        (None, None) => Some("the selected host is not watched any more".to_owned()),
        (None, Some(target)) => {
            let shown = !table && (of_one(state.screen) || admits(state, world, target));
            (!shown).then(|| format!("{} is not listed any more", target.target.name))
        }
    }
}

/// Whether a screen shows one host, whatever the filter lets through.
const fn of_one(screen: Screen) -> bool {
    matches!(screen, Screen::Detail | Screen::Path | Screen::Simple)
}
