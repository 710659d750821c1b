//! The command line: typing it, and what it asks for.

use super::overlay::Reply;
use super::{alerts, attend, missing, open, say, subject};
use crate::domain::alert::Alert;
use crate::domain::snapshot::TargetSnapshot;
use crate::domain::target::TargetId;
use crate::ui::action::Action;
use crate::ui::alert_list;
use crate::ui::command::{self, KEPT, Order, Whom};
use crate::ui::effect::Effect;
use crate::ui::filter::Filter;
use crate::ui::line::Line;
use crate::ui::marked;
use crate::ui::order;
use crate::ui::prompt::Prompt;
use crate::ui::state::{AlertKey, CommandLine, Overlay, Screen, UiState};
use crate::ui::theme::Role;
use crate::ui::world::World;
use std::collections::BTreeSet;
use std::time::Duration;

/// Opens the line. What is marked now is what it is about, whatever comes and goes meanwhile.
pub(super) fn open_line(state: &mut UiState, world: &World<'_>) -> Vec<Effect> {
    let alerts = alerts::attended(state, world, Action::Snooze);
    open(state, Overlay::Command(CommandLine { alerts, ..CommandLine::default() }))
}

/// What a key does in it.
pub(super) fn update(
    state: &mut UiState,
    world: &World<'_>,
    action: Action,
    line: &mut CommandLine,
) -> Reply {
    match action {
        Action::Back => return Reply::CLOSE,
        Action::Confirm => match command::read(line.prompt.value(), world) {
            Ok(order) => {
                keep(&mut state.commands, line.prompt.value());
                let done = order.map(|order| carry_out(state, world, order, &line.alerts));
                return Reply::Close(done.unwrap_or_default());
            }
            // What is not understood stays to be mended; why is told beside it.
            Err(_) => line.refused = true,
        },
        Action::Complete | Action::CompleteBack => {
            let by = if action == Action::Complete { 1 } else { -1 };
            line.refused = false;
            line.prompt.complete(by, |before| command::offer(before, world));
        }
        Action::Up | Action::Down => turn(&state.commands, line, action == Action::Up),
        _ => {}
    }
    Reply::STAY
}

/// Through the earlier lines; behind the newest stands what was being typed.
fn turn(kept: &[String], line: &mut CommandLine, back: bool) {
    let place = line.place.unwrap_or(kept.len());
    let to = if back { place.checked_sub(1) } else { Some(place + 1) };
    let Some(to) = to.filter(|to| *to <= kept.len()) else { return };
    if line.place.is_none() {
        line.prompt.value().clone_into(&mut line.draft);
    }
    let text = kept.get(to).unwrap_or(&line.draft);
    line.prompt = Prompt::new(text);
    line.refused = false;
    line.place = (to < kept.len()).then_some(to);
}

fn keep(kept: &mut Vec<String>, line: &str) {
    let line = line.trim();
    if line.is_empty() || kept.last().is_some_and(|last| last == line) {
        return;
    }
    if kept.len() >= KEPT {
        kept.remove(0);
    }
    kept.push(line.to_owned());
}

/// Does what the line asks for. These `alerts` were marked when it was opened.
fn carry_out(
    state: &mut UiState,
    world: &World<'_>,
    order: Order,
    alerts: &[AlertKey],
) -> Vec<Effect> {
    match order {
        Order::Act(action) => super::update(state, action, world),
        Order::Sort(key, direction) => {
            state.sort = key;
            state.direction = direction.unwrap_or_default();
            Vec::new()
        }
        Order::View(screen) => super::motion::go(state, screen, world),
        Order::Theme(name) => {
            state.theme = Some(name);
            say(state, world, &format!("theme {name}, until you quit"))
        }
        Order::Filter(filter) => {
            state.filter = filter;
            state.top = 0;
            if matches!(state.screen, Screen::Wall | Screen::Timeline | Screen::Table) {
                return Vec::new();
            }
            super::motion::go(state, Screen::Table, world)
        }
        Order::Goto(id) => go_to(state, world, id),
        Order::Acknowledge(note) => {
            let keys = still(state, world, alerts, Action::Acknowledge);
            if keys.is_empty() {
                return over(state, world, alerts);
            }
            attend::acknowledge(state, world, &keys, &note)
        }
        Order::Snooze(length) => {
            let keys = still(state, world, alerts, Action::Snooze);
            if keys.is_empty() {
                return over(state, world, alerts);
            }
            attend::snooze(state, world, &keys, &words(length), length)
        }
        Order::EndSnooze | Order::Withdraw if alerts.is_empty() => alerts::none(state, world),
        Order::EndSnooze => attend::end_snooze(state, world, alerts),
        Order::Withdraw => attend::withdraw(state, world, alerts),
        Order::Mark(note) => super::mark(state, world, &note),
        Order::Maintain(whom, length) => maintain(state, world, &whom, length),
    }
}

/// Those of `alerts` that still stand and that the action is for.
fn still(state: &UiState, world: &World<'_>, alerts: &[AlertKey], action: Action) -> Vec<AlertKey> {
    let all = &world.snapshot.alerts;
    let wanted = |alert: &&Alert| {
        action == Action::Snooze || state.screen == Screen::Alerts || alert.acknowledged.is_none()
    };
    let standing = all.firing.iter().chain(&all.pending).filter(wanted);
    let standing: BTreeSet<AlertKey> = standing.map(|alert| (alert.target, alert.rule)).collect();
    alerts.iter().copied().filter(|key| standing.contains(key)).collect()
}

/// Says why none of `alerts` can be seen to.
fn over(state: &mut UiState, world: &World<'_>, alerts: &[AlertKey]) -> Vec<Effect> {
    if alerts.is_empty() || !still(state, world, alerts, Action::Snooze).is_empty() {
        return alerts::none(state, world);
    }
    say(state, world, &alert_list::gone(world, alerts))
}

/// `1 h 30 min`.
fn words(length: Duration) -> String {
    let minutes = length.as_secs() / 60;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// Selects a target; a filter that hides it is cleared.
fn go_to(state: &mut UiState, world: &World<'_>, id: TargetId) -> Vec<Effect> {
    if world.target(id).is_some_and(|target| !marked::admits(state, world, target)) {
        state.filter = Filter::default();
        state.tell(Line::of(Role::Message, "the filter hid it and is cleared"), world.now);
    }
    if state.screen == Screen::Alerts {
        state.screen = Screen::Table;
    }
    let rows = order::rows(world.snapshot, state);
    match marked::row(&rows, Some(id)) {
        Some(place) => super::motion::select(state, world, place),
        None => Vec::new(),
    }
}

fn maintain(
    state: &mut UiState,
    world: &World<'_>,
    whom: &Whom,
    length: Option<Duration>,
) -> Vec<Effect> {
    let all = || world.snapshot.targets.iter().map(AsRef::as_ref);
    let chosen = subject(state, world);
    let heading = marked::heading(state, world);
    let others = matches!(whom, Whom::All | Whom::Shown | Whom::Named(_));
    if chosen.is_none() && heading.is_none() && !others {
        return missing(state, world);
    }
    let targets: Vec<&TargetSnapshot> = match whom {
        Whom::All => all().collect(),
        Whom::Shown => order::rows(world.snapshot, state),
        Whom::Named(ids) => all().filter(|target| ids.contains(&target.target.id)).collect(),
        Whom::Selected => chosen.into_iter().collect(),
        Whom::Group => {
            let group = chosen.map_or(heading, |target| target.target.group.as_deref());
            let Some(group) = group.filter(|group| !group.is_empty()) else {
                return say(state, world, "the selected host is in no group");
            };
            all().filter(|target| target.target.group.as_deref() == Some(group)).collect()
        }
    };
    if targets.is_empty() && *whom == Whom::Shown {
        return say(state, world, "the filter shows no target");
    }
    if targets.is_empty() {
        return missing(state, world);
    }
    super::maintenance::hold(state, world, &targets, length)
}
