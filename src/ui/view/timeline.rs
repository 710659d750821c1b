//! What happened when: a lane per target, time to the right, and what was known at the cursor.

use crate::domain::lane::{self, Minute};
use crate::domain::snapshot::{Event, TargetSnapshot, TargetState};
use crate::domain::stats::Spark;
use crate::domain::target::TargetId;
use crate::domain::time::WallTime;
use crate::ui::columns::name_role;
use crate::ui::filter::state_word;
use crate::ui::format;
use crate::ui::line::{Line, fit_name, left, wrap};
use crate::ui::marked;
use crate::ui::state::UiState;
use crate::ui::theme::Role;
use crate::ui::view::table::top_row;
use crate::ui::view_model::ViewLine;
use crate::ui::widget::spark;
use crate::ui::world::World;
use std::time::Duration;

/// Seconds of a minute.
const MINUTE: i64 = 60;
/// Lines below the lanes: a rule, what was known, events.
const BELOW: usize = 7;
/// Cells between two marks of the axis.
const MARKS: i64 = 15;

/// The stretch of time on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// When the first cell begins, in seconds since the epoch.
    first: i64,
    /// How many cells.
    cells: usize,
    /// Seconds of a cell.
    cell: i64,
}

impl Span {
    /// What is on the screen: up to now, or around the cursor.
    #[must_use]
    pub fn of(world: &World<'_>, state: &UiState) -> Self {
        let cells = usize::from(state.size.width).saturating_sub(names(state) + 2).max(1);
        let cell = i64::try_from(state.zoom.seconds()).unwrap_or(1) * MINUTE;
        let count = i64::try_from(cells).unwrap_or(1);
        // The cell of the present is the last.
        let now = world.snapshot.now.wall.unix_secs().div_euclid(cell);
        let newest = now - count + 1;
        let first = match state.moment {
            Some(cursor) => {
                let cursor = cursor.unix_secs().div_euclid(cell);
                if cursor >= newest { newest } else { (cursor - count / 2).min(newest) }
            }
            None => newest,
        };
        Self { first: first * cell, cells, cell }
    }

    /// When a cell begins.
    fn begins(self, place: usize) -> WallTime {
        let place = i64::try_from(place).unwrap_or(0);
        WallTime::from_unix_secs(self.first.saturating_add(place.saturating_mul(self.cell)))
    }

    /// The cell of a moment, when it is on the screen.
    fn place(self, at: WallTime) -> Option<usize> {
        let place = at.unix_secs().checked_sub(self.first)?.div_euclid(self.cell);
        usize::try_from(place).ok().filter(|place| *place < self.cells)
    }

    /// How long a cell is.
    #[must_use]
    pub const fn cell(self) -> Duration {
        Duration::from_secs(self.cell.unsigned_abs())
    }

    /// The moment `by` cells from the cursor, not after now.
    #[must_use]
    pub fn moved(self, world: &World<'_>, state: &UiState, by: i64) -> Option<WallTime> {
        let now = world.snapshot.now.wall;
        let from = state.moment.unwrap_or(now).unix_secs().div_euclid(self.cell);
        let to = WallTime::from_unix_secs((from + by).saturating_mul(self.cell));
        (to.unix_secs() + self.cell <= now.unix_secs()).then_some(to)
    }
}

/// Cells of the names before the lanes.
fn names(state: &UiState) -> usize {
    usize::from(state.size.width / 6).clamp(8, 22)
}

/// The lanes around the selected target, and what was known at the cursor.
#[must_use]
pub fn lines(
    world: &World<'_>,
    state: &UiState,
    rows: &[&TargetSnapshot],
    height: usize,
) -> Vec<ViewLine> {
    let width = usize::from(state.size.width);
    let span = Span::of(world, state);
    let below = BELOW.min(height / 3);
    let page = height.saturating_sub(below + 3).max(1);
    let selected = marked::row(rows, state.selected);
    let top = top_row(state.top, selected, page, rows.len());
    let mut lines: Vec<ViewLine> = vec![axis(state, span).cut(width).into()];
    let own = events_lane(world, state, span, "this machine", &|id| id.is_none());
    let others = events_lane(world, state, span, "targets", &|id| id.is_some());
    lines.extend([own, others].map(|line| line.cut(width).into()));
    for (place, target) in rows.iter().enumerate().skip(top).take(page) {
        let chosen = selected == Some(place);
        let base = chosen.then_some(Role::Selection);
        lines.push(ViewLine { line: lane(target, state, span, chosen).cut(width), base });
    }
    lines.resize(height.saturating_sub(below), ViewLine::default());
    let known = known(world, state, span, selected.and_then(|place| rows.get(place)).copied());
    lines.extend(known.into_iter().take(below).map(|line| ViewLine::from(line.cut(width))));
    lines.truncate(height);
    lines
}

fn head(name: &str, role: Role, state: &UiState, chosen: bool) -> Line {
    let cells = names(state);
    let line = if chosen { Line::new().glyph(Role::Selection) } else { Line::of(Role::Text, " ") };
    line.text(role, &left(name, cells)).text(Role::Text, " ")
}

/// The clock above the lanes; the cursor is a mark on it.
fn axis(state: &UiState, span: Span) -> Line {
    let mut cells: Vec<char> = vec![' '; span.cells];
    let mut place = 0;
    while place + 5 <= span.cells {
        let on = span.begins(place).unix_secs().div_euclid(span.cell).rem_euclid(MARKS) == 0;
        if on {
            let clock = state.zone.clock(span.begins(place));
            for (cell, digit) in cells.iter_mut().skip(place).zip(clock.chars()) {
                *cell = digit;
            }
            place += 5;
        }
        place += 1;
    }
    let cursor = state.moment.and_then(|at| span.place(at));
    let minutes = span.cell / MINUTE;
    let a_cell = if names(state) < "60 min a cell".len() { "" } else { " a cell" };
    let unit = format!("{minutes} min{a_cell}");
    let mut line = head(&unit, Role::Heading, state, false);
    for (place, cell) in cells.iter().enumerate() {
        let role = if cursor == Some(place) { Role::Cursor } else { Role::Heading };
        line.push(role, &cell.to_string());
    }
    line
}

/// When something happened.
fn events_lane(
    world: &World<'_>,
    state: &UiState,
    span: Span,
    name: &str,
    whose: &dyn Fn(Option<TargetId>) -> bool,
) -> Line {
    let mut busy = vec![false; span.cells];
    for event in world.snapshot.events.iter().filter(|event| whose(event.target)) {
        if let Some(cell) = span.place(event.at).and_then(|place| busy.get_mut(place)) {
            *cell = true;
        }
    }
    let started = span.place(world.snapshot.started.wall);
    let before = world.snapshot.started.wall >= span.begins(0);
    busy.iter().enumerate().fold(head(name, Role::Dim, state, false), |line, (place, busy)| {
        let watched = !before || started.is_some_and(|started| place >= started);
        match (busy, watched) {
            (true, _) => line.text(Role::Strong, "\u{253c}"),
            (false, true) => line.text(Role::Border, "\u{2500}"),
            (false, false) => line.text(Role::Border, " "),
        }
    })
}

fn lane(target: &TargetSnapshot, state: &UiState, span: Span, chosen: bool) -> Line {
    let thresholds = &target.target.thresholds;
    let mut line =
        head(&fit_name(&target.target.name, names(state)), name_role(target), state, chosen);
    for place in 0..span.cells {
        let minute = target.lane.between(span.begins(place), span.begins(place + 1));
        line =
            line.join(cell(minute, thresholds.packet_loss.warning_pct, &thresholds.high_latency));
    }
    line
}

/// One cell: loss before trouble before time; nothing where nothing was measured.
fn cell(
    minute: Option<Minute>,
    loss_pct: f64,
    latency: &crate::domain::thresholds::LatencyThresholds,
) -> Line {
    let Some(minute) = minute else { return Line::of(Role::Text, " ") };
    let quiet =
        matches!(minute.state, TargetState::Asleep | TargetState::Waking | TargetState::Unknown);
    let lost = minute.loss.unwrap_or_default();
    match (minute.rtt, minute.state) {
        (_, TargetState::Unknown) => Line::new().glyph(Role::StateUnknown),
        (_, TargetState::Asleep) if minute.rtt.is_none() => Line::new().glyph(Role::StateAsleep),
        _ if lost > 0.0 && quiet => Line::new().glyph(Role::SparkLostQuiet),
        _ if lost * 100.0 >= loss_pct => Line::new().glyph(Role::SparkLost),
        _ if lost > 0.0 => Line::new().glyph(Role::SparkLate),
        (_, TargetState::Critical) => Line::new().glyph(Role::StateCritical),
        (Some(rtt), _) => spark::line(&[Spark::Rtt(rtt)], 1, latency),
        (None, _) => Line::of(Role::Text, " "),
    }
}

/// What was known at the cursor: of the selected target, and what happened in that cell; without a
/// cursor, what happened last.
fn known(
    world: &World<'_>,
    state: &UiState,
    span: Span,
    target: Option<&TargetSnapshot>,
) -> Vec<Line> {
    let width = usize::from(state.size.width);
    let now = world.snapshot.now.wall;
    let title = match state.moment {
        Some(at) => format!("\u{2500}\u{2500} at {} ", state.zone.moment(at, now)),
        None => "\u{2500}\u{2500} lately, newest first ".to_owned(),
    };
    let mut rule = Line::of(Role::Border, &title);
    rule.push(Role::Border, &"\u{2500}".repeat(width.saturating_sub(rule.width())));
    let mut lines = vec![rule];
    if let (Some(at), Some(target)) = (state.moment, target) {
        lines.push(Line::of(
            Role::Text,
            &format!(" {}", of_target(target, at, at.plus(span.cell()), now)),
        ));
    }
    let in_cell = |event: &&Event| {
        state.moment.is_none_or(|at| event.at >= at && event.at < at.plus(span.cell()))
    };
    let events = world.snapshot.newest_events();
    for event in events.into_iter().filter(in_cell).take(BELOW) {
        let who = fit_name(world.whose(event), 24);
        let text = format!("{}  {who}: {}", state.zone.instant(event.at, now), event.text);
        let wrapped = wrap(&text, width.saturating_sub(2).max(1));
        lines.extend(wrapped.iter().map(|text| Line::of(Role::Dim, &format!(" {text}"))));
    }
    if lines.len() == 1 {
        lines.push(Line::of(Role::Dim, " nothing happened"));
    }
    lines
}

fn of_target(target: &TargetSnapshot, from: WallTime, until: WallTime, now: WallTime) -> String {
    let name = &target.target.name;
    let Some(minute) = target.lane.between(from, until) else {
        let why = if until > now {
            "this minute is not over yet"
        } else {
            "nothing is kept of this moment"
        };
        return format!("{name}: {why}");
    };
    let rtt = minute.rtt.map_or_else(
        || "no round trip".to_owned(),
        |rtt| format!("95 % of round trips within {} ms", format::ms(rtt)),
    );
    let loss = minute.loss.map_or_else(
        || "nothing measured".to_owned(),
        |loss| format!("{} % lost", format::percent(loss)),
    );
    format!("{name}: {}, {rtt}, {loss}", state_word(minute.state))
}

/// The moments that `[` and `]` lead to, oldest first: something happened, or the selected target
/// got into trouble. None before the hours that lanes keep: nothing could be shown of it.
#[must_use]
pub fn moments(
    world: &World<'_>,
    target: Option<&TargetSnapshot>,
    cell: Duration,
) -> Vec<WallTime> {
    let seconds = i64::try_from(cell.as_secs()).unwrap_or(MINUTE).max(1);
    let whole = |at: WallTime| {
        WallTime::from_unix_secs(at.unix_secs().div_euclid(seconds).saturating_mul(seconds))
    };
    let kept = i64::try_from(lane::MINUTES).unwrap_or(i64::MAX).saturating_mul(MINUTE);
    let oldest = world.snapshot.now.wall.unix_secs().saturating_sub(kept);
    let events = world.snapshot.events.iter().filter(|event| event.at.unix_secs() >= oldest);
    let mut moments: Vec<WallTime> = events.map(|event| whole(event.at)).collect();
    if let Some(target) = target {
        let mut minutes: Vec<_> = target.lane.minutes().collect();
        minutes.reverse();
        let troubled = |minute: &Minute| minute.state >= TargetState::Warning;
        moments.extend(
            minutes
                .windows(2)
                .filter_map(|pair| pair.first().zip(pair.last()))
                .filter(|((_, before), (_, after))| !troubled(before) && troubled(after))
                .map(|(_, (at, _))| whole(*at)),
        );
    }
    moments.sort_unstable();
    moments.dedup();
    moments
}
