//! What fires, what is about to, what is over, and what else happened lately.

use super::footer::severity_role;
use crate::domain::alert::{Alert, AlertState};
use crate::domain::sink::{SinkStatus, incident_id, whose};
use crate::domain::snapshot::Snapshot;
use crate::domain::time::WallTime;
use crate::ui::action::Action;
use crate::ui::format;
use crate::ui::keymap::Layer;
use crate::ui::line::{Line, left, right};
use crate::ui::state::{AlertKey, UiState};
use crate::ui::theme::Role;
use crate::ui::view::table::first_row;
use crate::ui::view_model::ViewLine;
use crate::ui::world::World;

/// Lines of the event log that are shown.
const LATELY: usize = 30;
/// Width of a target's name in front of an event.
const NAME: usize = 18;

/// Every alert that can be selected, in the order of the screen.
#[must_use]
pub fn selectable(snapshot: &Snapshot) -> Vec<AlertKey> {
    let alerts = &snapshot.alerts;
    alerts.firing.iter().chain(&alerts.pending).map(|alert| (alert.target, alert.rule)).collect()
}

/// The place of the selected alert among those; the first when none, or one that is over.
#[must_use]
pub fn selected_place(keys: &[AlertKey], selected: Option<AlertKey>) -> usize {
    selected.and_then(|key| keys.iter().position(|known| *known == key)).unwrap_or_default()
}

/// The part around the selected alert.
#[must_use]
pub fn lines(world: &World<'_>, state: &UiState, height: usize) -> Vec<ViewLine> {
    visible(world, state, height).into_iter().map(|(_, line)| line).collect()
}

/// The alert on a line of the body, for the mouse.
#[must_use]
pub fn alert_at(
    world: &World<'_>,
    state: &UiState,
    height: usize,
    line: usize,
) -> Option<AlertKey> {
    visible(world, state, height).get(line).and_then(|(key, _)| *key)
}

/// Lines on the screen, those of alerts that can be selected with their key.
fn visible(world: &World<'_>, state: &UiState, height: usize) -> Vec<(Option<AlertKey>, ViewLine)> {
    let width = usize::from(state.size.width);
    let alerts = &world.snapshot.alerts;
    let keys = selectable(world.snapshot);
    let selected = keys.get(selected_place(&keys, state.alert)).copied();
    let mut all: Vec<(Option<AlertKey>, ViewLine)> = Vec::new();
    let mut at = 0;
    for (title, alerts) in [("FIRING", &alerts.firing), ("PENDING", &alerts.pending)] {
        heading(&mut all, title, alerts.len(), width);
        for alert in alerts {
            let key = Some((alert.target, alert.rule));
            if selected == key {
                at = all.len();
            }
            all.push((key, row(world, state, alert, None, selected == key)));
        }
    }
    incidents(&mut all, world, state);
    heading(&mut all, "RESOLVED", alerts.resolved.len(), width);
    for (alert, ended) in &alerts.resolved {
        all.push((None, row(world, state, alert, Some(*ended), false)));
    }
    for sink in world.snapshot.monitor.sinks.iter().filter(|sink| ails(sink)) {
        all.push((None, ViewLine::default()));
        all.push((None, sink_line(sink).cut(width).into()));
    }
    if !alerts.as_found.is_empty() {
        all.push((None, ViewLine::default()));
        let key = super::footer::key_name(world, Layer::Alerts, Action::Review);
        let text = format!(
            " {} there on first sight and never alerted; {key} lists them",
            alerts.as_found.len()
        );
        all.push((None, Line::of(Role::Dim, &text).cut(width).into()));
    }
    lately(&mut all, world, state);
    let top = if at < height { 0 } else { first_row(0, at, height, all.len()) };
    all.into_iter().skip(top).take(height).collect()
}

/// Paths that are down or were lately, each under its id. Nothing at all where none is.
fn incidents(all: &mut Vec<(Option<AlertKey>, ViewLine)>, world: &World<'_>, state: &UiState) {
    let incidents = &world.snapshot.monitor.incidents;
    if incidents.is_empty() {
        return;
    }
    let (width, now) = (usize::from(state.size.width), world.snapshot.now.wall);
    heading(all, "INCIDENTS", incidents.len(), width);
    for incident in incidents {
        let role = if incident.ended.is_some() { Role::StateOk } else { Role::StateCritical };
        let since = state.zone.moment(incident.since, now);
        let fares = match incident.ended {
            Some(ended) => format!("over since {}", state.zone.moment(ended, now)),
            None => format!("{} of {} back", incident.back, incident.members.len()),
        };
        let line = Line::of(Role::Text, " ")
            .glyph(role)
            .text(Role::Dim, &format!(" {} {since}  {fares}  ", incident.id))
            .text(Role::Text, &format!("path down: {}", incident.whose));
        all.push((None, line.cut(width).into()));
    }
}

/// Whether somebody may not have been told something.
const fn ails(sink: &SinkStatus) -> bool {
    sink.error.is_some() || sink.failed > 0 || sink.dropped > 0
}

/// ` ✖ on-call is not told: the server answered 500; 3 told, 1 given up, 0 dropped`.
fn sink_line(sink: &SinkStatus) -> Line {
    let (role, word) = match &sink.error {
        Some(error) => (Role::StateCritical, format!("{} is not told: {error}", sink.name)),
        None => (Role::StateWarning, format!("{} was not told everything", sink.name)),
    };
    let counts =
        format!("; {} told, {} given up, {} dropped", sink.told, sink.failed, sink.dropped);
    Line::of(Role::Text, " ")
        .glyph(role)
        .text(Role::Text, &format!(" {word}"))
        .text(Role::Dim, &counts)
}

/// The newest lines of the event log, the newest first: what changed on this machine and its
/// targets besides alerts. Nothing at all where nothing happened.
fn lately(all: &mut Vec<(Option<AlertKey>, ViewLine)>, world: &World<'_>, state: &UiState) {
    let events = &world.snapshot.events;
    if events.is_empty() {
        return;
    }
    let width = usize::from(state.size.width);
    heading(all, "LATELY", events.len(), width);
    for event in events.iter().rev().take(LATELY) {
        let moment = state.zone.moment(event.at, world.snapshot.now.wall);
        let line = Line::of(Role::Dim, &format!("   {moment}  "))
            .text(Role::Text, &left(world.name(event.target), NAME))
            .text(Role::Text, &event.text);
        all.push((None, line.cut(width).into()));
    }
}

fn heading(all: &mut Vec<(Option<AlertKey>, ViewLine)>, title: &str, count: usize, width: usize) {
    if !all.is_empty() {
        all.push((None, ViewLine::default()));
    }
    let line = Line::of(Role::Heading, &format!(" {title}"))
        .text(Role::Dim, &if count == 0 { "  none".to_owned() } else { format!("  {count}") });
    all.push((None, line.cut(width).into()));
}

/// When it was acknowledged, by whom, and their note where there is room for it.
fn acknowledged(alert: &Alert, moment: &str, width: usize) -> String {
    let by = alert.signed.who().map(|who| format!(" by {who}")).unwrap_or_default();
    let note = alert.signed.note().filter(|_| width >= 100);
    let note = note.map(|note| format!(": {note}")).unwrap_or_default();
    format!("acknowledged {moment}{by}{note}")
}

fn row(
    world: &World<'_>,
    state: &UiState,
    alert: &Alert,
    ended: Option<WallTime>,
    marked: bool,
) -> ViewLine {
    let width = usize::from(state.size.width);
    let now = world.snapshot.now.wall;
    let muted = ended.is_some() || alert.acknowledged.is_some() || alert.snoozed_until.is_some();
    let muted = muted || alert.held_until.is_some();
    let role = match (ended, muted) {
        (Some(_), _) => Role::StateOk,
        (None, true) => Role::StateMuted,
        (None, false) => severity_role(alert.severity),
    };
    let text = if muted { Role::Dim } else { Role::Text };
    let name = if muted { Role::Dim } else { Role::Strong };
    let mut line = Line::new();
    line = if marked { line.glyph(Role::Selection) } else { line.text(Role::Text, " ") };
    line = line.glyph(role).text(Role::Text, " ");
    let name_width = if width < 60 { 12 } else { 18 };
    line.push(name, &left(world.name(alert.target), name_width));
    let age = format::age(ended.unwrap_or(now).since(alert.since));
    let mark = if let Some(ended) = ended {
        format!("over since {}", state.zone.moment(ended, now))
    } else if let Some(until) = alert.held_until {
        format!("maintenance until {}", state.zone.moment(until, now))
    } else if let Some(until) = alert.snoozed_until {
        format!("snoozed until {}", state.zone.moment(until, now))
    } else if let Some(at) = alert.acknowledged {
        acknowledged(alert, &state.zone.moment(at, now), width)
    } else if alert.state == AlertState::Recalled {
        "of an earlier run, not seen since".to_owned()
    } else {
        String::new()
    };
    let returned = match alert.returns {
        0 => String::new(),
        1 => "came back once".to_owned(),
        times => format!("came back {times} times"),
    };
    if width >= 60 {
        line.push(text, &format!(" {}", left(alert.rule.0, 26)));
    }
    if width >= 120 {
        let host = alert.target.and_then(|id| world.target(id)).map(|found| whose(&found.target));
        line.push(Role::Dim, &format!(" {}", incident_id(alert, host.as_deref())));
    }
    if width >= 100 {
        let since = state.zone.moment(alert.since, now);
        line.push(Role::Dim, &format!(" {}", right(&since, 11)));
    }
    line.push(Role::Dim, &format!(" {}  ", right(&age, 5)));
    if !mark.is_empty() && width >= 60 {
        line.push(Role::Dim, &format!("{mark}  "));
    }
    if !returned.is_empty() && width >= 100 {
        line.push(Role::Dim, &format!("{returned}  "));
    }
    line.push(text, &alert.title);
    ViewLine { line: line.cut(width), base: marked.then_some(Role::Selection) }
}
