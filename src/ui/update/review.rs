//! The list of what was there on first sight: accepted one by one, or several at a time.

use super::motion::target_place;
use super::overlay::Reply;
use super::{open, say, subject};
use crate::domain::alert::AsFound;
use crate::ui::action::Action;
use crate::ui::effect::Effect;
use crate::ui::state::{AlertKey, Overlay, UiState};
use crate::ui::view::review;
use crate::ui::world::World;

/// Opens the list at the selected target.
pub(super) fn open_list(state: &mut UiState, world: &World<'_>) -> Vec<Effect> {
    let found = &world.snapshot.alerts.as_found;
    if found.is_empty() {
        return say(state, world, "nothing is listed that was there on first sight");
    }
    let selected = subject(state, world).map(|target| target.target.id);
    let place = found.iter().position(|one| selected.is_some() && one.target == selected);
    open(state, Overlay::Review(place.unwrap_or_default()))
}

/// What a key does in it.
pub(super) fn update(
    state: &mut UiState,
    world: &World<'_>,
    action: Action,
    chosen: &mut usize,
) -> Reply {
    let found = &world.snapshot.alerts.as_found;
    *chosen = (*chosen).min(found.len().saturating_sub(1));
    let here = found.get(*chosen);
    Reply::Stay(match action {
        Action::Back => return Reply::CLOSE,
        Action::Confirm => match here {
            Some(one) => accept(state, world, vec![key(one)], 0),
            None => return Reply::CLOSE,
        },
        Action::AcceptOfTarget => {
            let of = here.map(|one| one.target);
            in_bulk(state, world, found.iter().filter(|one| Some(one.target) == of))
        }
        Action::AcceptAll => in_bulk(state, world, found.iter()),
        _ => {
            let page = review::rows(state.size);
            *chosen = target_place(action, *chosen, found.len(), page);
            Vec::new()
        }
    })
}

const fn key(one: &AsFound) -> AlertKey {
    (one.target, one.rule)
}

/// Accepts all of these that may be accepted without a look at each.
fn in_bulk<'f>(
    state: &mut UiState,
    world: &World<'_>,
    found: impl Iterator<Item = &'f AsFound>,
) -> Vec<Effect> {
    let (bulk, alone): (Vec<&AsFound>, Vec<&AsFound>) = found.partition(|one| one.in_bulk());
    accept(state, world, bulk.into_iter().map(key).collect(), alone.len())
}

fn accept(state: &mut UiState, world: &World<'_>, keys: Vec<AlertKey>, left: usize) -> Vec<Effect> {
    let mut words = match keys.as_slice() {
        [] => "nothing accepted".to_owned(),
        [(_, rule)] => format!("accepted as found: {rule}"),
        many => format!("accepted as found: {} findings", many.len()),
    };
    if left > 0 {
        words.push_str("; that another machine answers is accepted one by one");
    }
    say(state, world, &words);
    if keys.is_empty() { Vec::new() } else { vec![Effect::AcceptAsFound(keys)] }
}
