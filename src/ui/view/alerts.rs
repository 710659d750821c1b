//! What fires, what is about to, what is over, and what else happened lately.

use super::footer::severity_role;
use crate::domain::alert::{Alert, AlertState};
use crate::domain::rules::card;
use crate::domain::sink::{SinkStatus, incident_id, whose};
use crate::domain::snapshot::Event;
use crate::domain::time::WallTime;
use crate::ui::action::Action;
use crate::ui::alert_list::{self, Cause, Entry, Place};
use crate::ui::causes;
use crate::ui::format;
use crate::ui::keymap::Layer;
use crate::ui::line::{Line, fit_name, left, right, wrap};
use crate::ui::state::UiState;
use crate::ui::theme::Role;
use crate::ui::view::table::first_row;
use crate::ui::view_model::ViewLine;
use crate::ui::world::World;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

/// Lines of the event log that are shown.
const LATELY: usize = 30;
/// Events of one text that are so close are told together.
const TOGETHER: Duration = Duration::from_mins(1);
/// Width of a target's name in front of an event.
const NAME: usize = 18;
/// Lines that one event takes.
const MOST_LINES: usize = 4;
/// Cells that a text is wrapped into at least; narrower ones cut it.
const LEAST: usize = 20;
/// Width from which on a row has room for the note of an acknowledgement.
const ROOMY: usize = 140;
/// Hosts that the line of a shared cause names, as far as it is wide.
const NAMES: usize = 12;

/// The part around the chosen line, or as far below it as was scrolled.
#[must_use]
pub fn lines(world: &World<'_>, state: &UiState, height: usize) -> Vec<ViewLine> {
    let document = Document::of(world, state);
    let width = usize::from(state.size.width);
    let top = document.top(height, state.alerts.beyond);
    let rest = document.lines.len().saturating_sub(top + height);
    let below = (rest > 0 && height > 2).then(|| document.below(top + height - 1, width));
    let mut shown: Vec<ViewLine> =
        document.lines.into_iter().skip(top).take(height).map(|(_, line)| line).collect();
    if let (Some(last), Some(below)) = (shown.last_mut(), below) {
        *last = below;
    }
    shown
}

/// The line that can be chosen on a line of the body, for the mouse.
#[must_use]
pub fn place_at(world: &World<'_>, state: &UiState, height: usize, line: usize) -> Option<Place> {
    let document = Document::of(world, state);
    let top = document.top(height, state.alerts.beyond);
    document.lines.get(top + line).and_then(|(place, _)| *place)
}

/// Lines below what is on the screen.
#[must_use]
pub fn rest(world: &World<'_>, state: &UiState, height: usize) -> usize {
    let document = Document::of(world, state);
    document.lines.len().saturating_sub(document.top(height, state.alerts.beyond) + height)
}

/// Every line, those that can be chosen with what they are.
#[derive(Default)]
struct Document {
    lines: Vec<(Option<Place>, ViewLine)>,
    /// Which line is chosen.
    at: usize,
    /// The headings: on which line, which words.
    headings: Vec<(usize, String)>,
}

impl Document {
    fn of(world: &World<'_>, state: &UiState) -> Self {
        let width = usize::from(state.size.width);
        let alerts = &world.snapshot.alerts;
        let mut all = Self::default();
        let opened = &state.alerts.opened;
        let entries = alert_list::entries(alerts, opened);
        let chosen = alert_list::chosen(&entries, state.alerts.chosen);
        let fires = |entry: &Entry<'_>| {
            entry.alerts().first().is_some_and(|alert| alert.state == AlertState::Firing)
        };
        let firing = entries.iter().take_while(|entry| fires(entry)).count();
        all.heading("FIRING", alerts.firing.len(), width);
        for (place, entry) in entries.iter().enumerate() {
            if place == firing {
                all.heading("PENDING", alerts.pending.len(), width);
            }
            if chosen == Some(place) {
                all.at = all.lines.len();
            }
            all.entry(world, state, entry, chosen == Some(place));
        }
        if firing == entries.len() {
            all.heading("PENDING", alerts.pending.len(), width);
        }
        incidents(&mut all, world, state);
        all.heading("RESOLVED", alerts.resolved.len(), width);
        for (alert, ended) in &alerts.resolved {
            all.push(row(world, state, alert, Some(*ended), false));
        }
        sinks(&mut all, world, state);
        if !alerts.as_found.is_empty() {
            all.push(ViewLine::default());
            let key = super::footer::key_name(world, Layer::Alerts, Action::Review);
            let text = format!(
                " {} there on first sight and never alerted; {key} lists them",
                alerts.as_found.len()
            );
            all.push(Line::of(Role::Dim, &text).cut(width));
        }
        lately(&mut all, world, state);
        all
    }

    fn push(&mut self, line: impl Into<ViewLine>) {
        self.lines.push((None, line.into()));
    }

    fn heading(&mut self, title: &str, count: usize, width: usize) {
        if !self.lines.is_empty() {
            self.push(ViewLine::default());
        }
        let words = if count == 0 { "none".to_owned() } else { count.to_string() };
        if count > 0 {
            self.headings.push((self.lines.len(), format!("{title} {count}")));
        }
        let line = Line::of(Role::Heading, &format!(" {title}"));
        self.push(line.text(Role::Dim, &format!("  {words}")).cut(width));
    }

    /// More words on the last line.
    fn note(&mut self, words: &str, width: usize) {
        if let Some((_, last)) = self.lines.last_mut() {
            last.line = std::mem::take(&mut last.line).text(Role::Dim, words).cut(width);
        }
    }

    /// A line that can be chosen, and below it the note of an acknowledgement.
    fn entry(&mut self, world: &World<'_>, state: &UiState, entry: &Entry<'_>, marked: bool) {
        let place = Some(entry.place());
        match entry {
            Entry::Cause(cause, of) => {
                self.lines.push((place, shared(world, state, *cause, of, marked)));
            }
            Entry::Alert(alert, _) => {
                self.lines.push((place, row(world, state, alert, None, marked)));
                if let Some(line) = note(world, state, alert) {
                    self.lines.push((place, line.into()));
                }
            }
        }
    }

    /// The first line on the screen.
    fn top(&self, height: usize, beyond: usize) -> usize {
        let last = self.lines.len().saturating_sub(height);
        // The last line of the screen says what is below.
        let room = height.saturating_sub(1).max(1);
        let top = if self.at < room { 0 } else { first_row(0, self.at, room, self.lines.len()) };
        top.saturating_add(beyond).min(last)
    }

    /// ` ↓ 31 more: RESOLVED 3, LATELY 20`: what is below the screen, from this line on.
    fn below(&self, first: usize, width: usize) -> ViewLine {
        let hidden = self.headings.iter().filter(|(at, _)| *at >= first);
        let hidden: Vec<&str> = hidden.map(|(_, words)| words.as_str()).collect();
        let many = self.lines.len().saturating_sub(first);
        let colon = if hidden.is_empty() { "" } else { ": " };
        let words = format!(" \u{2193} {many} more{colon}{}", hidden.join(", "));
        Line::of(Role::Dim, &words).cut(width).into()
    }
}

/// Many hosts with one cause, in one line: ` ✖+495 hosts  port-closed  2m to 5m  port closed: a, b, …`.
fn shared(
    world: &World<'_>,
    state: &UiState,
    cause: Cause,
    of: &[&Alert],
    marked: bool,
) -> ViewLine {
    let width = usize::from(state.size.width);
    let open = state.alerts.opened.contains(&cause);
    let (text, strong) =
        if cause.muted { (Role::Dim, Role::Dim) } else { (Role::Text, Role::Strong) };
    let role = if cause.muted { Role::StateMuted } else { severity_role(cause.severity) };
    let mark = if marked { Line::new().glyph(Role::Selection) } else { Line::of(Role::Text, " ") };
    let mut line = mark.glyph(role).text(Role::Key, if open { "-" } else { "+" });
    let name_width = if width < 60 { 13 } else { 18 };
    line.push(strong, &left(&format!("{} hosts", of.len()), name_width));
    if width >= 60 {
        line.push(text, &format!(" {}", left(cause.rule.0, 26)));
    }
    let ages = ages(of, world.snapshot.now.wall);
    line.push(Role::Dim, &format!(" {ages:>5}  "));
    let title = causes::words(cause.rule, of.iter().map(|alert| alert.title.as_str()));
    line.push(text, title);
    let names: Vec<&str> = of.iter().take(NAMES).map(|alert| world.subject(alert)).collect();
    line.push(Role::Dim, &format!(": {}", names.join(", ")));
    ViewLine { line: line.cut(width), base: marked.then_some(Role::Selection) }
}

/// How long these are there: `5m`, or from the newest to the oldest, `2m to 14m`.
fn ages(of: &[&Alert], now: WallTime) -> String {
    let age = |since: Option<WallTime>| format::age(now.since(since.unwrap_or(now)));
    let newest = age(of.iter().map(|alert| alert.since).max());
    let oldest = age(of.iter().map(|alert| alert.since).min());
    if newest == oldest { oldest } else { format!("{newest} to {oldest}") }
}

/// The note of an acknowledgement in a line of its own, where the row has no room for it.
fn note(world: &World<'_>, state: &UiState, alert: &Alert) -> Option<Line> {
    let width = usize::from(state.size.width);
    let at = alert.acknowledged.filter(|_| width < ROOMY)?;
    let note = alert.signed.note()?;
    let moment = state.zone.moment(at, world.snapshot.now.wall);
    let by = alert.signed.who().map(|who| format!(" by {who}")).unwrap_or_default();
    let words = if width < 60 { note.to_owned() } else { format!("{moment}{by}: {note}") };
    Some(Line::of(Role::Dim, &format!("     {words}")).cut(width))
}

/// Hosts that are silent together or were lately, each under its id. Nothing at all where none is.
fn incidents(all: &mut Document, world: &World<'_>, state: &UiState) {
    let incidents = &world.snapshot.monitor.incidents;
    if incidents.is_empty() {
        return;
    }
    let (width, now) = (usize::from(state.size.width), world.snapshot.now.wall);
    all.heading("INCIDENTS", incidents.len(), width);
    for incident in incidents {
        let role = if incident.ended.is_some() { Role::StateOk } else { Role::StateCritical };
        let since = state.zone.moment(incident.since, now);
        let fares = match incident.ended {
            Some(ended) => format!("over since {}", state.zone.moment(ended, now)),
            None => format!("{} of {} back", incident.back, incident.members.len()),
        };
        let what = if incident.restart { "restarted together" } else { "path down" };
        let line = Line::of(Role::Text, " ")
            .glyph(role)
            .text(Role::Dim, &format!(" {} {since}  {fares}  ", incident.id))
            .text(Role::Text, &format!("{what}: {}", incident.whose));
        all.push(line.cut(width));
    }
}

/// Whether somebody may not have been told something.
const fn ails(sink: &SinkStatus) -> bool {
    sink.error.is_some() || sink.failed > 0 || sink.dropped > 0
}

/// The sinks that are not told, or were not. Nothing at all where there is none.
fn sinks(all: &mut Document, world: &World<'_>, state: &UiState) {
    let width = usize::from(state.size.width);
    let ailing: Vec<&SinkStatus> =
        world.snapshot.monitor.sinks.iter().filter(|sink| ails(sink)).collect();
    if ailing.is_empty() {
        return;
    }
    all.heading("SINKS IN TROUBLE", ailing.len(), width);
    for sink in ailing {
        all.push(sink_line(world, state, sink).cut(width));
    }
}

/// ` ✖ on-call gets no alerts: the server answered 500; 2 wait, next try at 14:03:20; 3 told before, 1
/// given up after several tries`.
fn sink_line(world: &World<'_>, state: &UiState, sink: &SinkStatus) -> Line {
    let (role, word) = match &sink.error {
        Some(error) => (Role::StateCritical, format!("{} gets no alerts: {error}", sink.name)),
        None => (Role::StateWarning, format!("{} did not get every alert", sink.name)),
    };
    let verb = if sink.waiting == 1 { "waits" } else { "wait" };
    let waiting = match (sink.waiting, sink.next_try) {
        (0, _) => String::new(),
        (some, None) => format!("; {some} {verb}"),
        (some, Some(left)) => {
            let at = state.zone.seconds(world.snapshot.now.wall.plus(left));
            format!("; {some} {verb}, next try at {at}")
        }
    };
    let counts = [
        (sink.told, "told before"),
        (sink.failed, "given up after several tries"),
        (sink.dropped, "put off, as too many waited"),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, what)| format!("; {count} {what}")).collect();
    Line::of(Role::Text, " ")
        .glyph(role)
        .text(Role::Text, &format!(" {word}{waiting}"))
        .text(Role::Dim, &counts.concat())
}

/// The newest lines of the event log, the newest first: what changed on this machine and its
/// targets besides alerts. Nothing at all where nothing happened.
fn lately(all: &mut Document, world: &World<'_>, state: &UiState) {
    let events = world.snapshot.newest_events();
    if events.is_empty() {
        return;
    }
    let (width, now) = (usize::from(state.size.width), world.snapshot.now.wall);
    let told = told_together(&events);
    all.heading("LATELY", told.len().min(LATELY), width);
    if told.len() > LATELY {
        all.note(&format!(" of {}", told.len()), width);
    }
    all.note(", newest first", width);
    for of in told.iter().take(LATELY) {
        let Some(newest) = of.first() else { continue };
        let moment = state.zone.instant(newest.at, now);
        let (who, names) = match of.as_slice() {
            [one] => (world.whose(one).to_owned(), String::new()),
            many => {
                let names = many.iter().take(NAMES).map(|event| world.whose(event));
                let names: Vec<&str> = names.collect();
                (format!("{} hosts", many.len()), format!(": {}", names.join(", ")))
            }
        };
        let begun = Line::of(Role::Dim, &format!("   {moment}  "))
            .text(Role::Text, &left(&fit_name(&who, NAME), NAME));
        let (column, mut begun) = (begun.width(), Some(begun));
        // One alone is told to its end; of many, the names go on for as long as there is room.
        let room = if names.is_empty() { width.saturating_sub(column) } else { usize::MAX };
        let mut told = wrap(&newest.text, room.max(LEAST));
        told.truncate(MOST_LINES);
        for words in told {
            let line = begun.take().unwrap_or_else(|| Line::of(Role::Text, &" ".repeat(column)));
            all.push(line.text(Role::Text, &words).text(Role::Dim, &names).cut(width));
        }
    }
}

/// Events of hosts, each newest first: those that many hosts have in common, one soon after the other,
/// together, in the place of the newest.
fn told_together<'e>(events: &[&'e Event]) -> Vec<Vec<&'e Event>> {
    let mut runs: Vec<Vec<&'e Event>> = Vec::new();
    let mut open: BTreeMap<&'e str, usize> = BTreeMap::new();
    for event in events {
        let place = open.get(event.text.as_str()).copied().filter(|_| event.target.is_some());
        let run = place.and_then(|place| runs.get_mut(place));
        let joins = |run: &&mut Vec<&Event>| {
            run.last().is_some_and(|last| last.at.since(event.at) <= TOGETHER)
                && run.iter().all(|other| other.target != event.target)
        };
        if let Some(run) = run.filter(joins) {
            run.push(event);
            continue;
        }
        if event.target.is_some() {
            open.insert(&event.text, runs.len());
        }
        runs.push(vec![event]);
    }
    let mut told: Vec<Vec<&'e Event>> = Vec::new();
    for run in runs {
        match run.len() {
            many if many >= causes::MANY => told.push(run),
            _ => told.extend(run.into_iter().map(|event| vec![event])),
        }
    }
    let newest = |of: &Vec<&Event>| of.first().map(|event| Reverse(event.at));
    told.sort_by_key(newest);
    told
}

/// When it was acknowledged, by whom, and their note where there is room for it.
fn acknowledged(alert: &Alert, moment: &str, width: usize) -> String {
    let by = alert.signed.who().map(|who| format!(" by {who}")).unwrap_or_default();
    let note = alert.signed.note().filter(|_| width >= ROOMY);
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
    let name_width = if width < 60 { 13 } else { 18 };
    line.push(name, &left(&fit_name(world.subject(alert), name_width), name_width));
    let age = format::age(ended.unwrap_or(now).since(alert.since));
    let mark = if let Some(ended) = ended {
        format!("over since {}", state.zone.moment(ended, now))
    } else if let Some(until) = alert.held_until {
        format!("maintenance until {}", state.zone.moment(until, now))
    } else if let Some(until) = alert.snoozed_until {
        format!("snoozed until {}", state.zone.moment(until, now))
    } else if let Some(at) = alert.acknowledged {
        acknowledged(alert, &state.zone.moment(at, now), width)
    } else if let Some(cause) = alert.explained_by.and_then(|cause| card(cause.0)) {
        format!("explained by {}", cause.title)
    } else if alert.state == AlertState::Recalled {
        "of an earlier run, not seen since".to_owned()
    } else if world.is_clearing(alert) {
        "clearing: it is well now".to_owned()
    } else {
        String::new()
    };
    let returned = match alert.came_back() {
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
