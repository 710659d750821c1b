//! The note under an acknowledgement, and how long alerts are snoozed.

use super::motion::target_place;
use super::overlay::Reply;
use super::say;
use crate::ui::action::Action;
use crate::ui::alert_list;
use crate::ui::effect::Effect;
use crate::ui::state::{AlertKey, SNOOZES, UiState};
use crate::ui::world::World;
use std::time::Duration;

/// What a key does in the field of the note.
pub(super) fn note(
    state: &mut UiState,
    world: &World<'_>,
    action: Action,
    alerts: &[AlertKey],
    note: &str,
) -> Reply {
    match action {
        Action::Back => Reply::CLOSE,
        Action::Confirm => Reply::Close(acknowledge(state, world, alerts, note)),
        _ => Reply::STAY,
    }
}

/// What a key does in the list of lengths.
pub(super) fn length(
    state: &mut UiState,
    world: &World<'_>,
    action: Action,
    alerts: &[AlertKey],
    chosen: &mut usize,
) -> Reply {
    let place = match action {
        Action::Back => return Reply::CLOSE,
        Action::Confirm => *chosen,
        Action::Choose1 => 0,
        Action::Choose2 => 1,
        Action::Choose3 => 2,
        _ => {
            *chosen = target_place(action, *chosen, SNOOZES.len(), 1);
            return Reply::STAY;
        }
    };
    let Some((words, length)) = SNOOZES.get(place).copied() else { return Reply::CLOSE };
    Reply::Close(snooze(state, world, alerts, words, length))
}

pub(super) fn acknowledge(
    state: &mut UiState,
    world: &World<'_>,
    alerts: &[AlertKey],
    note: &str,
) -> Vec<Effect> {
    say(state, world, &format!("acknowledged {}", alert_list::named(world, alerts)));
    alerts
        .iter()
        .map(|(target, rule)| Effect::Acknowledge {
            target: *target,
            rule: *rule,
            note: note.to_owned(),
        })
        .collect()
}

pub(super) fn snooze(
    state: &mut UiState,
    world: &World<'_>,
    alerts: &[AlertKey],
    words: &str,
    length: Duration,
) -> Vec<Effect> {
    say(state, world, &format!("snoozed for {words}: {}", alert_list::named(world, alerts)));
    alerts
        .iter()
        .map(|(target, rule)| Effect::Snooze { target: *target, rule: *rule, length })
        .collect()
}
