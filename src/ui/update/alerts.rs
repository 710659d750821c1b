//! What keys do among the alerts.

use super::motion::{self, target_place};
use super::{attend, missing, open, say, subject};
use crate::domain::alert::Alert;
use crate::domain::snapshot::TargetSnapshot;
use crate::domain::target::TargetId;
use crate::ui::action::Action;
use crate::ui::alert_list::{self, Entry, Place, is_muted};
use crate::ui::copying;
use crate::ui::effect::Effect;
use crate::ui::format::Zone;
use crate::ui::marked::{self, Lead};
use crate::ui::state::{AlertKey, Overlay, Screen, SharedText, SnoozeMenu, UiState};
use crate::ui::view::{alerts, explain, frame};
use crate::ui::world::World;
use std::collections::BTreeSet;

/// What is said where nothing is to be seen to.
const NONE: &str = "no alert stands here";

fn entries<'a>(state: &UiState, world: &World<'a>) -> Vec<Entry<'a>> {
    alert_list::entries(&world.snapshot.alerts, &state.alerts.opened)
}

/// The chosen line.
pub(super) fn chosen<'a>(state: &UiState, world: &World<'a>) -> Option<Entry<'a>> {
    let mut entries = entries(state, world);
    let place = alert_list::chosen(&entries, state.alerts.chosen)?;
    (place < entries.len()).then(|| entries.swap_remove(place))
}

/// The target of the chosen line; `None` where it stands for many or for this machine.
pub(super) fn target<'a>(state: &UiState, world: &World<'a>) -> Option<&'a TargetSnapshot> {
    match chosen(state, world)? {
        Entry::Alert(alert, _) => world.target(alert.target?),
        Entry::Cause(..) => None,
    }
}

/// Up and down: among the lines that can be chosen, and below the last of them through the rest.
pub(super) fn step(state: &mut UiState, action: Action, world: &World<'_>) {
    let height = frame::body(world, state).height;
    let page = height.saturating_sub(2).max(1);
    let entries = entries(state, world);
    let last = entries.len().saturating_sub(1);
    let marked = alert_list::chosen(&entries, state.alerts.chosen);
    let place = marked.unwrap_or_default();
    let beyond = state.alerts.beyond;
    let (place, beyond) = match action {
        // What was marked is gone: the first line is next.
        Action::Down | Action::Up if marked.is_none() && last > 0 => (0, 0),
        Action::Down if place == last => (place, beyond + 1),
        Action::PageDown if place == last => (place, beyond + page),
        Action::Up if beyond > 0 => (place, beyond - 1),
        Action::PageUp if beyond > 0 => (place, beyond.saturating_sub(page)),
        Action::Last => (last, usize::MAX),
        _ => (target_place(action, place, entries.len(), page), 0),
    };
    if let Some(entry) = entries.get(place) {
        state.choose_alert(entry.place());
    }
    state.alerts.beyond = 0;
    state.alerts.beyond = beyond.min(alerts::rest(world, state, height));
}

/// To the alerts, with the cursor on one of the host that was selected. Where nobody chose it and many
/// share its cause, on the first that nobody has seen to: the odd host before the many.
pub(super) fn enter(state: &mut UiState, world: &World<'_>) {
    let selected = subject(state, world).map(|target| target.target.id);
    let entries = entries(state, world);
    let place = selected.and_then(|id| alert_list::of_target(&entries, id));
    let place = match place {
        Some(Place::Cause(_)) if state.lead == Lead::First => {
            let unseen = |entry: &&Entry<'_>| !entry.alerts().iter().all(|one| is_muted(one));
            entries.iter().find(unseen).map(Entry::place).or(place)
        }
        place => place,
    };
    if let Some(place) = place.filter(|_| state.screen != Screen::Alerts) {
        state.choose_alert(place);
        state.alerts.beyond = 0;
    }
}

/// Opens the detail of the chosen alert's target, or the line of a shared cause.
pub(super) fn open_chosen(state: &mut UiState, world: &World<'_>) -> Vec<Effect> {
    match chosen(state, world) {
        Some(Entry::Cause(..)) => fold(state, world),
        Some(Entry::Alert(Alert { target: Some(id), .. }, _)) => {
            state.choose(*id);
            motion::go(state, Screen::Detail, world)
        }
        Some(Entry::Alert(..)) => explain(state, world),
        None => none(state, world),
    }
}

/// Lists every host of the chosen cause, or no more.
pub(super) fn fold(state: &mut UiState, world: &World<'_>) -> Vec<Effect> {
    let Some(cause) = chosen(state, world).and_then(|entry| entry.cause()) else {
        return match alert_list::missing(state, world) {
            Some(words) => say(state, world, &words),
            None => say(state, world, "this alert shares its line with no other"),
        };
    };
    if !state.alerts.opened.remove(&cause) {
        // Causes of which no line is left are forgotten.
        let shared: Vec<_> = entries(state, world).iter().filter_map(Entry::cause).collect();
        state.alerts.opened.retain(|cause| shared.contains(cause));
        state.alerts.opened.insert(cause);
    }
    state.choose_alert(Place::Cause(cause));
    state.alerts.beyond = 0;
    Vec::new()
}

/// Lists the hosts of every cause, or of none.
pub(super) fn fold_all(state: &mut UiState, world: &World<'_>) -> Vec<Effect> {
    let shared: Vec<_> = entries(state, world).iter().filter_map(Entry::cause).collect();
    let all = shared.iter().all(|cause| state.alerts.opened.contains(cause));
    state.alerts.opened = if all { Vec::new() } else { shared }.into_iter().collect();
    state.alerts.beyond = 0;
    Vec::new()
}

/// Acknowledges or snoozes: the chosen line, or every firing alert of the selected target or group.
pub(super) fn attend(state: &mut UiState, action: Action, world: &World<'_>) -> Vec<Effect> {
    let keys = attended(state, world, action);
    if keys.is_empty() {
        return none(state, world);
    }
    if action == Action::Snooze {
        let snoozed = !attend::such(world, &keys, attend::is_snoozed).is_empty();
        let seen = !attend::such(world, &keys, attend::is_acknowledged).is_empty();
        return open(state, Overlay::Snooze(SnoozeMenu::new(keys, snoozed, seen)));
    }
    open(state, Overlay::Acknowledge(keys, tui_input::Input::default()))
}

/// Says why there is no alert to do something with.
pub(super) fn none(state: &mut UiState, world: &World<'_>) -> Vec<Effect> {
    if state.screen == Screen::Alerts {
        let words = alert_list::missing(state, world);
        return say(state, world, words.as_deref().unwrap_or(NONE));
    }
    match (subject(state, world), marked::heading(state, world)) {
        (Some(target), _) => {
            let words = match acknowledged(world, &state.zone, target.target.id) {
                Some(words) => format!("{}: {words}", target.target.name),
                None => format!("{}: {NONE}", target.target.name),
            };
            say(state, world, &words)
        }
        (None, Some("")) => say(state, world, &format!("hosts without a group: {NONE}")),
        (None, Some(group)) => say(state, world, &format!("group {group}: {NONE}")),
        (None, None) => missing(state, world),
    }
}

/// `already acknowledged by ada at 10:54, snoozed until 11:24`: the newest alert of this target that
/// somebody saw.
fn acknowledged(world: &World<'_>, zone: &Zone, id: TargetId) -> Option<String> {
    let alerts = &world.snapshot.alerts;
    let own = alerts.firing.iter().chain(&alerts.pending).filter(|alert| alert.target == Some(id));
    let alert = own.max_by_key(|alert| alert.acknowledged)?;
    let at = zone.moment(alert.acknowledged?, world.now);
    let by = alert.signed.who().map_or_else(String::new, |who| format!(" by {who}"));
    let until = alert.snoozed_until.filter(|until| *until > world.now);
    let until = until.map_or_else(String::new, |until| {
        format!(", snoozed until {}", zone.moment(until, world.now))
    });
    Some(format!("already acknowledged{by} at {at}{until}"))
}

/// The alerts that are acknowledged or snoozed.
pub(super) fn attended(state: &UiState, world: &World<'_>, action: Action) -> Vec<AlertKey> {
    if state.screen == Screen::Alerts {
        return chosen(state, world).map_or_else(Vec::new, |entry| entry.keys());
    }
    let alerts = &world.snapshot.alerts;
    let of: BTreeSet<Option<TargetId>> = match subject(state, world) {
        Some(target) => BTreeSet::from([Some(target.target.id)]),
        None => marked::under_heading(state, world).iter().map(|t| Some(t.target.id)).collect(),
    };
    let own = alerts.firing.iter().chain(&alerts.pending);
    own.filter(|alert| of.contains(&alert.target))
        .filter(|alert| action == Action::Snooze || alert.acknowledged.is_none())
        .map(|alert| (alert.target, alert.rule))
        .collect()
}

/// The ticket of the chosen line where many hosts share it, to be shown or copied; `None` elsewhere.
pub(super) fn shared_ticket(
    state: &mut UiState,
    world: &World<'_>,
    action: Action,
) -> Option<Vec<Effect>> {
    let on_many = state.screen == Screen::Alerts;
    let Some(Entry::Cause(cause, of)) = chosen(state, world).filter(|_| on_many) else {
        return None;
    };
    match action {
        Action::Ticket => Some(open(state, Overlay::Shared(cause, SharedText::Ticket, 0))),
        Action::Copy => {
            let text = copying::shared_ticket(world, state, cause)?;
            let what = format!("{} hosts: ticket text", of.len());
            Some(super::copying::copy(state, world, &what, &text))
        }
        _ => None,
    }
}

/// Explains the chosen alert, or what many hosts share.
pub(super) fn explain(state: &mut UiState, world: &World<'_>) -> Vec<Effect> {
    if let Some(Entry::Cause(cause, _)) = chosen(state, world) {
        return open(state, Overlay::Shared(cause, SharedText::Why, 0));
    }
    let keys = chosen(state, world).map_or_else(Vec::new, |entry| entry.keys());
    let Some((target, rule)) = keys.first().copied() else {
        return none(state, world);
    };
    let findings = explain::findings(world, target);
    match findings.iter().position(|finding| finding.rule == rule) {
        Some(index) => open(state, Overlay::Explain(target, index, 0)),
        None => say(state, world, "this finding is over"),
    }
}

/// A click on a line.
pub(super) fn click(
    state: &mut UiState,
    world: &World<'_>,
    height: usize,
    line: usize,
) -> Vec<Effect> {
    let Some(place) = alerts::place_at(world, state, height, line) else { return Vec::new() };
    if state.alerts.chosen == Some(place) && matches!(place, Place::Cause(_)) {
        return fold(state, world);
    }
    state.choose_alert(place);
    Vec::new()
}
