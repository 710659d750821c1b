//! The note under an acknowledgement, how long alerts are snoozed, and the end of both.

use super::motion::target_place;
use super::overlay::Reply;
use super::say;
use crate::domain::alert::Alert;
use crate::domain::words::count;
use crate::ui::action::Action;
use crate::ui::alert_list;
use crate::ui::effect::Effect;
use crate::ui::state::{AlertKey, Flow, SNOOZES, SnoozeChoice, SnoozeMenu, UiState};
use crate::ui::world::World;
use std::collections::BTreeSet;
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

/// What a key does in the menu of snoozing.
pub(super) fn menu(
    state: &mut UiState,
    world: &World<'_>,
    action: Action,
    menu: &mut SnoozeMenu,
) -> Reply {
    let place = match action {
        Action::Back => return Reply::CLOSE,
        Action::Confirm => menu.chosen,
        Action::Choose1 => 0,
        Action::Choose2 => 1,
        Action::Choose3 => 2,
        _ => {
            menu.chosen = target_place(action, menu.chosen, menu.choices.len(), 1);
            return Reply::STAY;
        }
    };
    let done = match menu.choices.get(place).copied() {
        None => return Reply::CLOSE,
        Some(SnoozeChoice::End) => end_snooze(state, world, &menu.alerts),
        Some(SnoozeChoice::Withdraw) => withdraw(state, world, &menu.alerts),
        Some(SnoozeChoice::For(length)) => match SNOOZES.get(length).copied() {
            Some((words, length)) => snooze(state, world, &menu.alerts, words, length),
            None => return Reply::CLOSE,
        },
    };
    Reply::Close(done)
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

/// Those of `alerts` that stand and are as `wanted` says.
pub(super) fn such(
    world: &World<'_>,
    alerts: &[AlertKey],
    wanted: impl Fn(&Alert) -> bool,
) -> Vec<AlertKey> {
    let all = &world.snapshot.alerts;
    let standing = all.firing.iter().chain(&all.pending).filter(|alert| wanted(alert));
    let standing: BTreeSet<AlertKey> = standing.map(|alert| (alert.target, alert.rule)).collect();
    alerts.iter().copied().filter(|key| standing.contains(key)).collect()
}

/// Whether it is kept quiet for a while.
pub(super) const fn is_snoozed(alert: &Alert) -> bool {
    alert.snoozed_until.is_some()
}

/// Whether somebody said that they have seen it.
pub(super) const fn is_acknowledged(alert: &Alert) -> bool {
    alert.acknowledged.is_some()
}

/// Those of `alerts` of which something is ended. A frozen picture does not know: there it is all.
fn ending(
    state: &UiState,
    world: &World<'_>,
    alerts: &[AlertKey],
    wanted: impl Fn(&Alert) -> bool,
) -> Vec<AlertKey> {
    if state.flow == Flow::Paused { alerts.to_vec() } else { such(world, alerts, wanted) }
}

/// Ends the snooze of those that are snoozed.
pub(super) fn end_snooze(
    state: &mut UiState,
    world: &World<'_>,
    alerts: &[AlertKey],
) -> Vec<Effect> {
    let snoozed = ending(state, world, alerts, is_snoozed);
    if snoozed.is_empty() {
        return say(state, world, &format!("{}: nothing is snoozed", whose(world, alerts)));
    }
    say(state, world, &format!("snooze ended: {}", alert_list::named(world, &snoozed)));
    snoozed.into_iter().map(|(target, rule)| Effect::Unsnooze { target, rule }).collect()
}

/// Withdraws the acknowledgement of those that are acknowledged.
pub(super) fn withdraw(state: &mut UiState, world: &World<'_>, alerts: &[AlertKey]) -> Vec<Effect> {
    let seen = ending(state, world, alerts, is_acknowledged);
    if seen.is_empty() {
        return say(state, world, &format!("{}: nothing is acknowledged", whose(world, alerts)));
    }
    say(state, world, &format!("acknowledgement withdrawn: {}", alert_list::named(world, &seen)));
    seen.into_iter().map(|(target, rule)| Effect::Unacknowledge { target, rule }).collect()
}

/// Whose alerts these are, in a word or two.
fn whose(world: &World<'_>, alerts: &[AlertKey]) -> String {
    let whose: BTreeSet<_> = alerts.iter().map(|(target, _)| *target).collect();
    match whose.first() {
        Some(one) if whose.len() == 1 => world.name(*one).to_owned(),
        _ => count(u64::try_from(whose.len()).unwrap_or(u64::MAX), "host"),
    }
}
