//! The box of maintenance: for whom and for how long alerts are held back.

use super::motion::target_place;
use super::overlay::Reply;
use super::{USUAL_MAINTENANCE, open, say, subject};
use crate::domain::maintenance::parse_length;
use crate::domain::snapshot::TargetSnapshot;
use crate::domain::target::TargetId;
use crate::domain::text::printable;
use crate::ui::action::Action;
use crate::ui::effect::Effect;
use crate::ui::line::Line;
use crate::ui::marked;
use crate::ui::order;
use crate::ui::state::{Flow, MaintenanceBox, MaintenanceChoice, Overlay, UiState};
use crate::ui::theme::Role;
use crate::ui::world::World;
use std::time::Duration;

/// Opens the box: for the selected target, its group, those that the filter shows, or all. What
/// somebody asked for is ended first.
pub(super) fn open_box(state: &mut UiState, world: &World<'_>) -> Vec<Effect> {
    let targets: Vec<&TargetSnapshot> = world.snapshot.targets.iter().map(AsRef::as_ref).collect();
    if targets.is_empty() {
        return say(state, world, "nothing is watched yet");
    }
    if let Some(words) = marked::gone(state, world) {
        return say(state, world, &words);
    }
    let mut choices = Vec::new();
    if let Some(target) = subject(state, world) {
        let name = printable(&target.target.name).into_owned();
        if target.maintenance.as_ref().is_some_and(|m| m.asked.is_some()) {
            choices.push(ends(format!("end it for {name}"), &[target]));
        }
        choices.push(begins(name, &[target]));
        if let Some(group) = &target.target.group {
            let members: Vec<&TargetSnapshot> = targets
                .iter()
                .copied()
                .filter(|other| other.target.group.as_ref() == Some(group))
                .collect();
            let group = printable(group);
            choices.push(begins(format!("group {group}, {}", count(members.len())), &members));
        }
    }
    if let Some(heading) = marked::heading(state, world).filter(|heading| !heading.is_empty()) {
        let of = |target: &&TargetSnapshot| order::group_of(target) == heading;
        let members: Vec<&TargetSnapshot> = targets.iter().copied().filter(of).collect();
        choices.push(begins(
            format!("group {}, {}", printable(heading), count(members.len())),
            &members,
        ));
    }
    let shown = order::rows(world.snapshot, state);
    let filtered = shown.len() < targets.len();
    if filtered && !shown.is_empty() {
        let label = format!("those that the filter shows, {}", count(shown.len()));
        choices.push(begins(label, &shown));
    }
    let hidden = if filtered { ", hidden ones too" } else { "" };
    choices.push(begins(format!("all, {}{hidden}", count(targets.len())), &targets));
    let asked: Vec<&TargetSnapshot> = targets
        .into_iter()
        .filter(|target| target.maintenance.as_ref().is_some_and(|m| m.asked.is_some()))
        .collect();
    if !asked.is_empty() {
        choices.push(ends(format!("end it for all, {}", count(asked.len())), &asked));
    }
    let length = tui_input::Input::default();
    open(state, Overlay::Maintenance(MaintenanceBox { choices, chosen: 0, length }))
}

fn count(targets: usize) -> String {
    if targets == 1 { "1 target".to_owned() } else { format!("{targets} targets") }
}

fn begins(label: String, targets: &[&TargetSnapshot]) -> MaintenanceChoice {
    MaintenanceChoice { label, targets: ids(targets), ends: false }
}

fn ends(label: String, targets: &[&TargetSnapshot]) -> MaintenanceChoice {
    MaintenanceChoice { label, targets: ids(targets), ends: true }
}

fn ids(targets: &[&TargetSnapshot]) -> Vec<TargetId> {
    targets.iter().map(|target| target.target.id).collect()
}

/// What a key does in the box.
pub(super) fn update(
    state: &mut UiState,
    world: &World<'_>,
    action: Action,
    asked: &mut MaintenanceBox,
) -> Reply {
    match action {
        Action::Back => Reply::CLOSE,
        Action::Confirm => confirm(state, world, asked).map_or(Reply::STAY, Reply::Close),
        _ => {
            asked.chosen = target_place(action, asked.chosen, asked.choices.len(), 1);
            Reply::STAY
        }
    }
}

/// Carries out what was chosen; `None` keeps the box open, for the length is none.
fn confirm(state: &mut UiState, world: &World<'_>, asked: &MaintenanceBox) -> Option<Vec<Effect>> {
    let choice = asked.choices.get(asked.chosen)?;
    let targets = choice.targets.clone();
    let length = if choice.ends {
        None
    } else {
        let typed = asked.length.value().trim();
        let typed = if typed.is_empty() { USUAL_MAINTENANCE } else { typed };
        match parse_length(typed) {
            Ok(length) => Some(length),
            Err(error) => {
                state.tell(Line::of(Role::StateWarning, &error.to_string()), world.now);
                return None;
            }
        }
    };
    Some(carry_out(state, world, targets, length))
}

/// Begins maintenance of these, or ends it.
pub(super) fn hold(
    state: &mut UiState,
    world: &World<'_>,
    targets: &[&TargetSnapshot],
    length: Option<Duration>,
) -> Vec<Effect> {
    carry_out(state, world, ids(targets), length)
}

/// `, 109 of them hidden,`: how many of several the filter does not show.
fn hidden(state: &UiState, world: &World<'_>, targets: &[TargetId]) -> String {
    let hides =
        |id: &&TargetId| world.target(**id).is_some_and(|t| !marked::admits(state, world, t));
    match targets.iter().filter(hides).count() {
        hidden if hidden > 0 && targets.len() > 1 => format!(", {hidden} of them hidden,"),
        _ => String::new(),
    }
}

/// Those of `targets` whose maintenance somebody asked for; `None` where there is none. A frozen
/// picture does not know: there it is all.
fn ending(state: &UiState, world: &World<'_>, targets: &[TargetId]) -> Option<Vec<TargetId>> {
    if state.flow == Flow::Paused {
        return Some(targets.to_vec());
    }
    let held = |id: &&TargetId| {
        let maintained = world.target(**id).and_then(|target| target.maintenance.as_ref());
        maintained.is_some_and(|maintained| maintained.asked.is_some())
    };
    let held: Vec<TargetId> = targets.iter().filter(held).copied().collect();
    (!held.is_empty()).then_some(held)
}

/// Why there is none to end: a window of the configuration goes on.
fn nothing_to_end(world: &World<'_>, targets: &[TargetId]) -> String {
    let window =
        targets.iter().find_map(|id| world.target(*id)?.maintenance.as_ref()?.window.as_ref());
    match (window, targets) {
        (Some((name, _)), _) => {
            format!("nothing to end: \"{name}\" stands in the configuration, and goes on")
        }
        (None, [one]) => {
            format!("nothing to end: {} is not in maintenance", world.name(Some(*one)))
        }
        (None, many) => format!("nothing to end: none of {} is in maintenance", count(many.len())),
    }
}

fn carry_out(
    state: &mut UiState,
    world: &World<'_>,
    targets: Vec<TargetId>,
    length: Option<Duration>,
) -> Vec<Effect> {
    let named = |targets: &[TargetId]| match targets {
        [one] => world.name(Some(*one)).to_owned(),
        many => count(many.len()),
    };
    let many = named(&targets);
    let words = match length {
        None => match ending(state, world, &targets) {
            Some(of) => format!("maintenance is ended for {}", named(&of)),
            None => nothing_to_end(world, &targets),
        },
        Some(length) => {
            let until = state.zone.moment(world.now.plus(length), world.now);
            let hidden = hidden(state, world, &targets);
            format!("{many}{hidden} in maintenance until {until}: nobody is alerted")
        }
    };
    say(state, world, &words);
    vec![Effect::Maintain { targets, length }]
}
