//! Pinned rows, and rows in groups that fold.

use super::motion::select_entry;
use super::{missing, say, subject};
use crate::ui::effect::Effect;
use crate::ui::marked;
use crate::ui::order::{self, Entry};
use crate::ui::state::UiState;
use crate::ui::world::World;
use std::collections::BTreeSet;

/// Pins the selected target above every order, or no more. Pins of targets that are gone go too.
pub(super) fn pin(state: &mut UiState, world: &World<'_>) -> Vec<Effect> {
    let Some(target) = subject(state, world) else {
        return missing(state, world);
    };
    let (id, name) = (target.target.id, &target.target.name);
    state.pinned.retain(|pinned| world.target(*pinned).is_some());
    state.choose(id);
    if state.pinned.remove(&id) {
        return say(state, world, &format!("no longer pinned: {name}"));
    }
    state.pinned.insert(id);
    say(state, world, &format!("pinned above every order: {name}"))
}

/// Rows in groups, or not.
pub(super) fn turn(state: &mut UiState, world: &World<'_>) -> Vec<Effect> {
    let selected = subject(state, world).map(|target| target.target.id);
    state.groups.on = !state.groups.on;
    state.groups.header = None;
    if let Some(id) = selected {
        state.choose(id);
    }
    if world.snapshot.targets.iter().all(|target| target.target.group.is_none()) {
        state.groups.on = false;
        return say(state, world, "no target is in a group");
    }
    Vec::new()
}

/// Folds or unfolds the group of the selected line; its heading is selected then.
pub(super) fn fold(state: &mut UiState, world: &World<'_>) -> Vec<Effect> {
    if !state.groups.on {
        turn(state, world);
        if !state.groups.on {
            return Vec::new();
        }
    }
    let rows = order::rows(world.snapshot, state);
    let entries = order::entries(&rows, state);
    let Some(place) = marked::entry(&entries, state) else { return missing(state, world) };
    let name = match entries.get(place) {
        Some(Entry::Group { name, .. }) => *name,
        Some(Entry::Target(target)) if !state.pinned.contains(&target.target.id) => {
            order::group_of(target)
        }
        _ => return say(state, world, "pinned rows stand above the groups"),
    };
    if !state.groups.folded.remove(name) {
        state.groups.folded.insert(name.to_owned());
    }
    select_heading(state, &order::entries(&rows, state), name);
    Vec::new()
}

/// Folds every group, or unfolds all when all are folded.
pub(super) fn fold_all(state: &mut UiState, world: &World<'_>) -> Vec<Effect> {
    if !state.groups.on {
        turn(state, world);
        if !state.groups.on {
            return Vec::new();
        }
    }
    let rows = order::rows(world.snapshot, state);
    let entries = order::entries(&rows, state);
    let of = match marked::entry(&entries, state).and_then(|place| entries.get(place)) {
        Some(Entry::Group { name, .. }) => Some(*name),
        Some(Entry::Target(target)) if !state.pinned.contains(&target.target.id) => {
            Some(order::group_of(target))
        }
        _ => None,
    };
    let names: BTreeSet<String> = entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Group { name, .. } => Some((*name).to_owned()),
            Entry::Target(_) => None,
        })
        .collect();
    let all = names.iter().all(|name| state.groups.folded.contains(name));
    state.groups.folded = if all { BTreeSet::new() } else { names };
    if let Some(name) = of {
        select_heading(state, &order::entries(&rows, state), name);
    }
    Vec::new()
}

fn select_heading(state: &mut UiState, entries: &[Entry<'_>], heading: &str) {
    let place =
        entries.iter().position(|e| matches!(e, Entry::Group { name, .. } if *name == heading));
    if let Some(place) = place {
        select_entry(state, entries, place);
    }
}
