//! The columns of the table, as a table.

use super::format::{self, NOT_MEASURED};
use super::line::{Line, fit, fit_middle, fit_name, left, right};
use super::state::{Naming, SortKey, UiState};
use super::theme::Role;
use super::view::maintenance;
use super::widget::{ladder, spark};
use crate::domain::finding::{Finding, Risk};
pub use crate::domain::look::ColumnId;
use crate::domain::sample::{ConnectOutcome, EchoMethod};
use crate::domain::snapshot::{Snapshot, TargetSnapshot, TargetState};
use crate::domain::stats::EchoStats;
use std::time::Duration;
use unicode_width::UnicodeWidthStr as _;

/// What a column needs to fill a cell.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Everything.
    pub snapshot: &'a Snapshot,
    /// Whose row.
    pub target: &'a TargetSnapshot,
    /// Naming, zoom, zone.
    pub state: &'a UiState,
}

impl Row<'_> {
    /// The role of ordinary text: healthy rows are dim.
    fn plain(&self) -> Role {
        match self.target.state {
            _ if self.target.maintenance.is_some() => Role::Dim,
            TargetState::Warning | TargetState::Critical | TargetState::Unknown => Role::Text,
            _ => Role::Dim,
        }
    }

    /// The ladder and the sparkline of a host that is asleep or not judged are no reason to look.
    fn calmed(&self, line: Line) -> Line {
        match self.target.state {
            TargetState::Warning | TargetState::Critical if self.target.maintenance.is_none() => {
                line
            }
            _ => line.quiet(),
        }
    }
}

/// A column.
#[derive(Debug)]
pub struct Column {
    /// Which.
    pub id: ColumnId,
    /// Its heading, unit included.
    pub header: &'static str,
    /// Shown on screens at least this wide: the smaller, the more important.
    pub from: u16,
    /// Not shown on screens this wide or wider, because a richer one takes its place.
    pub until: u16,
    /// Cells, before any room that is left is given out.
    pub width: u16,
    /// Headings and values stand at the right end.
    pub align: Align,
    /// What a click on the heading sorts by.
    pub sort: Option<SortKey>,
    /// Fills a cell of the given width.
    pub value: fn(&Row<'_>, usize) -> Line,
}

impl Column {
    /// What a click on the heading sorts by: names and addresses change places with what the column
    /// shows.
    #[must_use]
    pub const fn sorts_by(&self, naming: Naming) -> Option<SortKey> {
        match (naming, self.sort) {
            (Naming::Addresses, Some(SortKey::Name)) => Some(SortKey::Address),
            (Naming::Addresses, Some(SortKey::Address)) => Some(SortKey::Name),
            (_, sort) => sort,
        }
    }
}

/// Where a text stands in its cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// At the left end.
    Left,
    /// At the right end.
    Right,
}

/// Cells before the first column: selection mark, state glyph, blank.
pub const LEAD: u16 = 3;

const ALWAYS: u16 = u16::MAX;

macro_rules! column {
    ($id:ident, $header:literal, $from:expr, $until:expr, $width:literal, $align:ident, $sort:expr, $value:expr) => {
        Column {
            id: ColumnId::$id,
            header: $header,
            from: $from,
            until: $until,
            width: $width,
            align: Align::$align,
            sort: $sort,
            value: $value,
        }
    };
}

/// Every column in the order of the screen:
/// id, heading, from and until which screen width, cells, alignment, sort key, value.
pub const COLUMNS: &[Column] = &[
    column!(Name, "TARGET", 0, ALWAYS, 14, Left, Some(SortKey::Name), name),
    column!(Address, "ADDRESS", 110, ALWAYS, 15, Left, Some(SortKey::Address), address),
    column!(Group, "GROUP", 160, ALWAYS, 10, Left, Some(SortKey::Group), group),
    column!(Loss, "LOSS%", 0, 110, 5, Right, Some(SortKey::Loss), loss),
    column!(LossBoth, "LOSS% 1m/all", 110, ALWAYS, 12, Right, Some(SortKey::Loss), loss_both),
    column!(Last, "LAST", 110, ALWAYS, 5, Right, Some(SortKey::Last), |row, _| {
        latency(row, row.target.last_rtt())
    }),
    column!(Median, "MED", 160, ALWAYS, 5, Right, Some(SortKey::Median), |row, _| {
        latency(row, row.target.echo_minute.median)
    }),
    column!(P95, "P95", 0, ALWAYS, 5, Right, Some(SortKey::P95), |row, _| {
        latency(row, row.target.echo_minute.p95)
    }),
    column!(Best, "BEST", 180, ALWAYS, 5, Right, None, |row, _| {
        latency(row, row.target.echo_total.min)
    }),
    column!(Worst, "WRST", 180, ALWAYS, 5, Right, None, |row, _| {
        latency(row, row.target.echo_total.max)
    }),
    column!(Deviation, "STDEV", 180, ALWAYS, 5, Right, None, |row, _| {
        Line::of(row.plain(), &format::ms_or_dash(row.target.echo_total.stddev))
    }),
    column!(Jitter, "JTTR", 110, ALWAYS, 5, Right, Some(SortKey::Jitter), jitter),
    column!(Spark, "LAST", 0, ALWAYS, 10, Left, None, sparkline),
    column!(Ladder, "DPTXSNU", 0, 160, 7, Left, None, |row, _| {
        row.calmed(ladder::cells(&row.target.ladder, 0))
    }),
    column!(LadderWide, "D P T X S N U", 160, ALWAYS, 13, Left, None, |row, _| {
        row.calmed(ladder::cells(&row.target.ladder, 1))
    }),
    column!(Certificate, "CERT", 72, ALWAYS, 5, Right, Some(SortKey::Certificate), certificate),
    column!(Since, "SINCE", 120, ALWAYS, 5, Right, Some(SortKey::Since), since),
    column!(Risk, "RISK", 0, ALWAYS, 8, Left, Some(SortKey::Worst), risk),
    column!(Why, "WHY", 190, ALWAYS, 20, Left, None, why),
];

/// So far apart a cause and the state that it is told beside began at two times.
const APART: Duration = Duration::from_mins(1);

/// Most that the first column grows for a long name.
const LONG_NAME: u16 = 32;

/// Cells of the longest name, as far as the first column grows for it.
#[must_use]
pub fn longest_name(snapshot: &Snapshot) -> u16 {
    let widths = snapshot.targets.iter().map(|target| target.target.name.width());
    let longest = widths.max().unwrap_or_default();
    u16::try_from(longest).unwrap_or(LONG_NAME).min(LONG_NAME)
}

/// How far a column grows into the room that is left.
#[derive(Debug, Clone, Copy)]
enum Growth {
    /// To so many cells.
    To(u16),
    /// To so many cells where a name is as long.
    ForNames(u16),
}

/// Who gets the cells that are left, up to which width, in this order.
const GROWTH: &[(ColumnId, Growth)] = &[
    (ColumnId::Name, Growth::To(16)),
    (ColumnId::Name, Growth::ForNames(20)),
    (ColumnId::Spark, Growth::To(24)),
    (ColumnId::Name, Growth::ForNames(LONG_NAME)),
    (ColumnId::Spark, Growth::To(30)),
    (ColumnId::Why, Growth::To(36)),
    (ColumnId::Name, Growth::To(24)),
    (ColumnId::Spark, Growth::To(60)),
    (ColumnId::Address, Growth::To(39)),
    (ColumnId::Why, Growth::To(80)),
    (ColumnId::Spark, Growth::To(120)),
];

/// A column on the screen.
#[derive(Debug, Clone, Copy)]
pub struct Placed {
    /// Which.
    pub column: &'static Column,
    /// Its first cell.
    pub x: u16,
    /// Its cells.
    pub width: u16,
}

/// The columns of a screen this wide: the chosen ones, as far as there is room; without a choice
/// those made for the width. They depend on nothing else but the longest name, so they do not jump.
#[must_use]
pub fn place(width: u16, chosen: &[ColumnId], longest_name: u16) -> Vec<Placed> {
    let placed = |column| Placed { column, x: 0, width: column.width };
    let fitting = COLUMNS.iter().filter(|column| (column.from..column.until).contains(&width));
    let mut placed: Vec<Placed> = if chosen.is_empty() {
        fitting.map(placed).collect()
    } else {
        let find = |id: &ColumnId| COLUMNS.iter().find(|column| column.id == *id);
        chosen.iter().filter_map(find).map(placed).collect()
    };
    while used(&placed) > width && placed.len() > 1 {
        let widest_screen = placed.iter().enumerate().max_by_key(|(_, p)| p.column.from);
        let Some(place) = widest_screen.map(|(place, _)| place) else { break };
        placed.remove(place);
    }
    let mut left = width.saturating_sub(used(&placed));
    for (id, most) in GROWTH {
        let most = match *most {
            Growth::To(cells) => cells,
            Growth::ForNames(cells) => cells.min(longest_name),
        };
        if let Some(column) = placed.iter_mut().find(|p| p.column.id == *id) {
            let more = left.min(most.saturating_sub(column.width));
            column.width += more;
            left -= more;
        }
    }
    let mut x = LEAD;
    for column in &mut placed {
        x += gap(column.column.id);
        column.x = x;
        x += column.width;
    }
    placed
}

/// Cells of these columns before any room that is left is given out.
fn used(placed: &[Placed]) -> u16 {
    placed.iter().map(|p| p.width + gap(p.column.id)).sum::<u16>() + LEAD
}

/// Blanks before a column.
const fn gap(id: ColumnId) -> u16 {
    match id {
        ColumnId::Name => 0,
        ColumnId::Spark => 2,
        _ => 1,
    }
}

/// Of how many rows echo is measured by connections: seldom, and by none of its own requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OverTcp {
    /// Of none.
    #[default]
    None,
    /// Of some.
    Some,
    /// Of all.
    All,
}

impl OverTcp {
    /// Of these rows.
    #[must_use]
    pub fn of(rows: &[&TargetSnapshot]) -> Self {
        let tcp = |row: &&&TargetSnapshot| row.echo_minute.method == Some(EchoMethod::Tcp);
        match rows.iter().filter(tcp).count() {
            0 => Self::None,
            all if all == rows.len() => Self::All,
            _ => Self::Some,
        }
    }

    /// What it adds to a heading.
    const fn words(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Some => ", SOME TCP",
            Self::All => ", TCP",
        }
    }
}

impl Placed {
    /// The first cell of the heading: that of right-aligned columns begins in the gap before
    /// them, so that the mark of the order has room.
    #[must_use]
    pub const fn heading_x(&self) -> u16 {
        match self.column.align {
            Align::Left => self.x,
            Align::Right => self.x.saturating_sub(1),
        }
    }

    /// The heading, from [`Placed::heading_x`] to the end of the column.
    #[must_use]
    pub fn heading(&self, state: &UiState, over_tcp: OverTcp) -> String {
        let sorted = self.column.sorts_by(state.naming).is_some_and(|key| key == state.sort);
        let mark = match (sorted, state.direction) {
            (false, _) => "",
            (true, super::state::Direction::Usual) => "\u{2193}",
            (true, super::state::Direction::Inverted) => "\u{2191}",
        };
        let text = match self.column.id {
            ColumnId::Spark => {
                let cells = usize::from(self.width) - usize::from(state.in_place);
                let seconds = cells * state.zoom.seconds();
                let words = over_tcp.words();
                let long = format!("LAST {seconds} S{words}");
                let brief = format!("{seconds} S{words}");
                let fits = |text: &String| text.len() <= usize::from(self.width);
                let last = words.trim_start_matches(", ").to_owned();
                let fitting =
                    [long, brief, last].into_iter().find(|text| !text.is_empty() && fits(text));
                fitting.unwrap_or_else(|| format!("LAST {seconds} S"))
            }
            ColumnId::Name if state.naming == Naming::Addresses => format!("ADDRESS{mark}"),
            ColumnId::Address if state.naming == Naming::Addresses => format!("TARGET{mark}"),
            _ => format!("{}{mark}", self.column.header),
        };
        let width = usize::from(self.width);
        match self.column.align {
            Align::Left => left(&text, width),
            Align::Right => right(&format!("{mark}{}", self.column.header), width + 1),
        }
    }

    /// A row's value, in its cells.
    #[must_use]
    pub fn cell(&self, row: &Row<'_>) -> Line {
        let width = usize::from(self.width);
        let value = (self.column.value)(row, width).cut(width);
        match self.column.align {
            Align::Left => value.pad_to(width),
            Align::Right => {
                Line::of(Role::Text, &" ".repeat(width.saturating_sub(value.width()))).join(value)
            }
        }
    }
}

/// The role of a target's state.
#[must_use]
pub const fn state_role(state: TargetState) -> Role {
    match state {
        TargetState::NotMeasured => Role::StateNotMeasured,
        TargetState::Ok => Role::StateOk,
        TargetState::Asleep => Role::StateAsleep,
        TargetState::Waking => Role::StateWaking,
        TargetState::Unknown => Role::StateUnknown,
        TargetState::Warning => Role::StateWarning,
        TargetState::Critical => Role::StateCritical,
    }
}

/// The role of a target's glyph: its state, or that work is planned on it.
#[must_use]
pub fn row_role(target: &TargetSnapshot) -> Role {
    match target.state {
        _ if target.maintenance.is_some() => Role::StateMuted,
        TargetState::NotMeasured if target.unconfirmed().is_some() => Role::StateWarning,
        state => state_role(state),
    }
}

/// The role of a target's name.
#[must_use]
pub fn name_role(target: &TargetSnapshot) -> Role {
    match target.state {
        _ if target.maintenance.is_some() => Role::Dim,
        TargetState::NotMeasured if target.unconfirmed().is_some() => Role::Text,
        TargetState::Ok | TargetState::NotMeasured => Role::Dim,
        TargetState::Warning | TargetState::Critical => Role::Strong,
        _ => Role::Text,
    }
}

fn address_text(target: &TargetSnapshot) -> String {
    target.address.map_or_else(|| NOT_MEASURED.to_owned(), |address| address.to_string())
}

/// What a target is called in the first column, in at most `width` cells; one without an address by its
/// name behind that.
#[must_use]
pub fn called(target: &TargetSnapshot, naming: Naming, width: usize) -> String {
    match (naming, target.address) {
        (Naming::Names, _) => fit_name(&target.target.name, width),
        (Naming::Addresses, Some(address)) => fit_middle(&address.to_string(), width),
        (Naming::Addresses, None) => {
            let name = fit_name(&target.target.name, width.saturating_sub(2));
            fit(&format!("{NOT_MEASURED} {name}"), width)
        }
    }
}

fn name(row: &Row<'_>, width: usize) -> Line {
    Line::of(name_role(row.target), &called(row.target, row.state.naming, width))
}

fn address(row: &Row<'_>, width: usize) -> Line {
    let text = match row.state.naming {
        Naming::Names => fit_middle(&address_text(row.target), width),
        Naming::Addresses => fit_name(&row.target.target.name, width),
    };
    Line::of(row.plain(), &text)
}

fn group(row: &Row<'_>, width: usize) -> Line {
    let target = &row.target.target;
    Line::of(row.plain(), &fit(target.group.as_deref().unwrap_or_default(), width))
}

/// Loss with weight only where the count, too, says that it is no accident.
fn loss_role(row: &Row<'_>, stats: &EchoStats) -> Role {
    let pct = stats.loss().unwrap_or_default() * 100.0;
    let thresholds = &row.target.target.thresholds.packet_loss;
    if row.target.state <= TargetState::Asleep || stats.lost < 2 {
        row.plain()
    } else if pct >= thresholds.critical_pct {
        Role::StateCritical
    } else if pct >= thresholds.warning_pct {
        Role::StateWarning
    } else {
        row.plain()
    }
}

fn loss(row: &Row<'_>, _: usize) -> Line {
    let stats = &row.target.echo_minute;
    Line::of(loss_role(row, stats), &format::percent_or_dash(stats.loss()))
}

fn loss_both(row: &Row<'_>, _: usize) -> Line {
    let (minute, total) = (&row.target.echo_minute, &row.target.echo_total);
    Line::of(loss_role(row, minute), &format::percent_or_dash(minute.loss()))
        .text(row.plain(), &format!(" /{}", right(&format::percent_or_dash(total.loss()), 5)))
}

fn latency(row: &Row<'_>, rtt: Option<Duration>) -> Line {
    let thresholds = &row.target.target.thresholds.high_latency;
    let role = match rtt {
        Some(rtt) if rtt >= thresholds.critical => Role::StateCritical,
        Some(rtt) if rtt >= thresholds.warning => Role::StateWarning,
        _ => row.plain(),
    };
    Line::of(role, &format::ms_or_dash(rtt))
}

fn jitter(row: &Row<'_>, _: usize) -> Line {
    let jitter = row.target.echo_minute.jitter;
    let thresholds = &row.target.target.thresholds.high_jitter;
    let role = match jitter {
        Some(jitter) if jitter >= thresholds.critical => Role::StateCritical,
        Some(jitter) if jitter >= thresholds.warning => Role::StateWarning,
        _ => row.plain(),
    };
    Line::of(role, &format::ms_or_dash(jitter))
}

fn sparkline(row: &Row<'_>, width: usize) -> Line {
    let now_s = row.target.at.mono.as_nanos() / 1_000_000_000;
    let seconds = row.state.zoom.seconds();
    let slots = spark::fold(&row.target.spark, seconds, now_s);
    let thresholds = &row.target.target.thresholds.high_latency;
    row.calmed(if row.state.in_place {
        spark::ring(&slots, width, now_s / seconds.max(1) as u64, thresholds)
    } else {
        spark::line(&slots, width, thresholds)
    })
}

fn certificate(row: &Row<'_>, _: usize) -> Line {
    let thresholds = &row.target.target.thresholds.certificate_expiring;
    match row.target.certificate_days {
        None => Line::of(row.plain(), NOT_MEASURED),
        Some(days) => {
            let role = if days < 0 {
                Role::StateCritical
            } else if days <= i64::from(thresholds.self_signed_days) {
                Role::StateWarning
            } else {
                row.plain()
            };
            // `days_left` floors: -1 is a certificate that expired within the last day.
            let text = match days {
                -1 => "exp".to_owned(),
                -1_000..0 => format!("{}d", days + 1),
                0..1_000 => format!("{days}d"),
                _ => format!("{}y", days / 365),
            };
            Line::of(role, &text)
        }
    }
}

fn since(row: &Row<'_>, _: usize) -> Line {
    let since = match row.target.state {
        TargetState::NotMeasured => row.target.fell_silent(),
        _ => Some(row.target.state_since),
    };
    let age = since.map(|since| format::age(row.snapshot.now.wall.since(since)));
    let text = age.unwrap_or_else(|| NOT_MEASURED.to_owned());
    Line::of(row.plain(), &text)
}

/// The risk in a word; for sleepers, what they are.
#[must_use]
pub fn risk_word(target: &TargetSnapshot) -> (Role, &'static str) {
    match (target.state, target.risk) {
        _ if target.maintenance.is_some() => (Role::StateMuted, "maint."),
        (TargetState::Asleep, _) => (Role::StateAsleep, "asleep"),
        (TargetState::Waking, _) => (Role::StateWaking, "waking"),
        (TargetState::NotMeasured, _) if target.fell_silent().is_some() => {
            (Role::StateWarning, "silent")
        }
        (TargetState::NotMeasured, _) if target.unconfirmed().is_some() => {
            (Role::StateWarning, if refuses(target) { "refused" } else { "fails" })
        }
        (TargetState::NotMeasured, _) => (Role::StateNotMeasured, NOT_MEASURED),
        (_, Risk::Unknown) => (Role::StateUnknown, "unknown"),
        (_, Risk::None) => (Role::Dim, "none"),
        (_, Risk::Low) => (Role::Text, "low"),
        (_, Risk::Elevated) => (Role::StateWarning, "elevated"),
        (_, Risk::High) => (Role::StateCritical, "high"),
    }
}

/// Whether its port refused the newest connection.
fn refuses(target: &TargetSnapshot) -> bool {
    target.attempt.as_ref().is_some_and(|a| a.connect.outcome == ConnectOutcome::Refused)
}

fn risk(row: &Row<'_>, _: usize) -> Line {
    let (role, word) = risk_word(row.target);
    Line::of(role, word)
}

/// What failed and is asked again before it is called trouble.
#[must_use]
pub fn unconfirmed(target: &TargetSnapshot) -> Option<String> {
    target.unconfirmed().map(|what| format!("{what}, asked again"))
}

/// The cause, and how long it is there where that is not as long as the state, which has a column of its
/// own.
fn cause(row: &Row<'_>, finding: &Finding) -> String {
    let (began, state) = (finding.since, row.target.state_since);
    let title = &finding.title;
    if began.since(state).max(state.since(began)) < APART {
        return title.clone();
    }
    format!("{title}, for {}", format::age(row.snapshot.now.wall.since(began)))
}

fn why(row: &Row<'_>, width: usize) -> Line {
    let target = row.target;
    if let Some(maintained) = &target.maintenance {
        let words = maintenance::words(maintained, row.state, row.snapshot.now.wall);
        let found = target.worst().map(|finding| format!(" \u{b7} {}", finding.title));
        let text = format!("{words}{}", found.unwrap_or_default());
        return Line::of(row.plain(), &fit(&text, width));
    }
    if let Some(words) = unconfirmed(target) {
        return Line::of(Role::Text, &fit(&words, width));
    }
    let text = match (target.state, target.worst()) {
        (TargetState::Asleep, _) if target.mac.is_some() => "asleep, likely \u{b7} w wakes",
        (TargetState::Asleep, _) => "asleep, likely",
        (TargetState::Waking, _) => {
            let now = row.snapshot.now.mono;
            let text = target.wake.as_ref().map(|wake| wake.text(now)).unwrap_or_default();
            return Line::of(row.plain(), &fit(&text, width));
        }
        (TargetState::Warning | TargetState::Critical, Some(finding)) => {
            return Line::of(row.plain(), &fit(&cause(row, finding), width));
        }
        (TargetState::Unknown, _) => "this monitor cannot judge",
        _ if target.echo_minute.method == Some(EchoMethod::Tcp) => "echo over TCP",
        _ => "",
    };
    Line::of(row.plain(), &fit(text, width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fit_every_width_and_keep_their_order() {
        for width in 60..500 {
            let placed = place(width, &[], 0);
            let mut end = LEAD;
            for column in &placed {
                assert!(column.x >= end, "{width}: {:?}", column.column.id);
                assert!(column.width >= column.column.width);
                end = column.x + column.width;
            }
            assert!(end <= width, "{width}: {end}");
        }
    }

    #[test]
    fn one_of_each_pair_of_columns_is_shown() {
        let has = |width, id| place(width, &[], 0).iter().any(|p| p.column.id == id);
        for width in 60..300 {
            assert_ne!(has(width, ColumnId::Loss), has(width, ColumnId::LossBoth));
            assert_ne!(has(width, ColumnId::Ladder), has(width, ColumnId::LadderWide));
            assert!(has(width, ColumnId::Name) && has(width, ColumnId::Risk));
        }
        assert!(has(80, ColumnId::Certificate) && !has(71, ColumnId::Certificate));
    }

    #[test]
    fn headings_fit_their_columns() {
        for width in [60, 80, 120, 160, 200] {
            for placed in place(width, &[], 0) {
                let sort = placed.column.sort.unwrap_or_default();
                let state = UiState { sort, ..UiState::default() };
                for over_tcp in [OverTcp::None, OverTcp::Some, OverTcp::All] {
                    let heading = placed.heading(&state, over_tcp);
                    assert!(!heading.contains('\u{2026}'), "{width}: {heading}");
                }
            }
        }
    }

    /// Loss that is measured by a handful of connections is not to be read as that of ping.
    #[test]
    fn a_narrow_sparkline_still_says_that_echo_goes_over_tcp() {
        let spark = place(200, &[], 0).into_iter().find(|p| p.column.id == ColumnId::Spark);
        let spark = spark.expect("a sparkline");
        for width in 8..60 {
            let placed = Placed { width, ..spark };
            let heading = |over_tcp| placed.heading(&UiState::default(), over_tcp);
            assert!(heading(OverTcp::All).contains("TCP"), "{width}: {}", heading(OverTcp::All));
            assert!(heading(OverTcp::Some).contains("SOME TCP"), "{width}");
            assert!(!heading(OverTcp::None).trim().is_empty(), "{width}");
        }
    }

    #[test]
    fn chosen_columns_stand_in_their_order_as_far_as_there_is_room() {
        let ids = |width, chosen: &[ColumnId]| {
            place(width, chosen, 0).iter().map(|placed| placed.column.id).collect::<Vec<_>>()
        };
        let chosen = [ColumnId::Risk, ColumnId::Name, ColumnId::Worst];
        assert_eq!(ids(200, &chosen), chosen);
        assert_eq!(ids(80, &chosen), chosen, "a narrow screen takes what it has room for");
        assert_eq!(ids(28, &chosen), [ColumnId::Risk, ColumnId::Name], "the least needed goes");
        for width in 0..300 {
            let all: Vec<ColumnId> = COLUMNS.iter().map(|column| column.id).collect();
            let placed = place(width, &all, 0);
            assert!(used(&placed) <= width || placed.len() == 1, "{width}");
        }
    }

    #[test]
    fn every_column_has_a_name_for_configurations() {
        let named: Vec<ColumnId> = ColumnId::WORDS.iter().map(|(_, id)| *id).collect();
        let all: Vec<ColumnId> = COLUMNS.iter().map(|column| column.id).collect();
        assert_eq!(named, all);
    }
}
