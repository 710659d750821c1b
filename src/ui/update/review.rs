//! The list of what was there on first sight: accepted one by one, or several at a time.

use super::motion::target_place;
use super::overlay::Reply;
use super::{open, say, subject};
use crate::domain::alert::AsFound;
use crate::ui::action::Action;
use crate::ui::alert_list;
use crate::ui::effect::Effect;
use crate::ui::state::{AlertKey, Overlay, ReviewPlace, UiState};
use crate::ui::view::review;
use crate::ui::world::World;
use std::collections::BTreeSet;

/// Opens the list at the selected target.
pub(super) fn open_list(state: &mut UiState, world: &World<'_>) -> Vec<Effect> {
    let found = &world.snapshot.alerts.as_found;
    let selected = subject(state, world).map(|target| target.target.id);
    let place = found.iter().position(|one| selected.is_some() && one.target == selected);
    let at = place.unwrap_or_default();
    match found.get(at) {
        Some(one) => open(state, Overlay::Review(ReviewPlace { key: key(one), at })),
        None => say(state, world, "nothing is listed that was there on first sight"),
    }
}

/// What a key does in it.
pub(super) fn update(
    state: &mut UiState,
    world: &World<'_>,
    action: Action,
    chosen: &mut ReviewPlace,
) -> Reply {
    let found = &world.snapshot.alerts.as_found;
    let here = review::place(found, *chosen);
    chosen.at = here.unwrap_or(chosen.at).min(found.len().saturating_sub(1));
    Reply::Stay(match action {
        Action::Back => return Reply::CLOSE,
        Action::Confirm if found.is_empty() => return Reply::CLOSE,
        Action::Confirm if here.is_none() => {
            let gone = alert_list::gone(world, &[chosen.key]);
            say(state, world, &gone)
        }
        Action::Confirm => accept(state, world, chosen, vec![chosen.key], 0),
        Action::AcceptOfTarget => {
            let of = chosen.key.0;
            in_bulk(state, world, chosen, found.iter().filter(|one| one.target == of))
        }
        Action::AcceptAll => in_bulk(state, world, chosen, found.iter()),
        _ => {
            let page = review::rows(state.size);
            let at = match (here, action) {
                // What was chosen is gone: the one in its place is next.
                (None, Action::Down | Action::Up) => chosen.at,
                _ => target_place(action, chosen.at, found.len(), page),
            };
            go(chosen, found, at);
            Vec::new()
        }
    })
}

fn go(chosen: &mut ReviewPlace, found: &[AsFound], at: usize) {
    if let Some(one) = found.get(at) {
        *chosen = ReviewPlace { key: key(one), at };
    }
}

const fn key(one: &AsFound) -> AlertKey {
    (one.target, one.rule)
}

/// Accepts all of these that may be accepted without a look at each.
fn in_bulk<'f>(
    state: &mut UiState,
    world: &World<'_>,
    chosen: &mut ReviewPlace,
    found: impl Iterator<Item = &'f AsFound>,
) -> Vec<Effect> {
    let (bulk, alone): (Vec<&AsFound>, Vec<&AsFound>) = found.partition(|one| one.in_bulk());
    accept(state, world, chosen, bulk.into_iter().map(key).collect(), alone.len())
}

/// Accepts these; the next that is left is chosen then.
fn accept(
    state: &mut UiState,
    world: &World<'_>,
    chosen: &mut ReviewPlace,
    keys: Vec<AlertKey>,
    left: usize,
) -> Vec<Effect> {
    let named = |key: &AlertKey| format!("{}: {}", world.name(key.0), key.1);
    let mut words = match keys.as_slice() {
        [] => "nothing accepted".to_owned(),
        [one] => format!("accepted as found: {}", named(one)),
        many => format!("accepted as found: {} findings", many.len()),
    };
    if left > 0 {
        words.push_str("; that another machine answers is accepted one by one");
    }
    say(state, world, &words);
    if keys.is_empty() {
        return Vec::new();
    }
    let found = &world.snapshot.alerts.as_found;
    let accepted: BTreeSet<AlertKey> = keys.iter().copied().collect();
    let stays = |at: &usize| found.get(*at).is_some_and(|one| !accepted.contains(&key(one)));
    let next = (chosen.at..found.len()).find(stays);
    if let Some(at) = next.or_else(|| (0..chosen.at).rev().find(stays)) {
        go(chosen, found, at);
    }
    vec![Effect::AcceptAsFound(keys)]
}
