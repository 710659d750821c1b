//! Why and what to do: one target.

use super::{facts, findings, maintenance};
use crate::domain::alert::Alert;
use crate::domain::finding::Risk;
use crate::domain::ladder::Cell;
use crate::domain::placeholder::Placeholders;
use crate::domain::snapshot::{TargetSnapshot, TargetState};
use crate::domain::time::WallTime;
use crate::domain::verdict::risk_factors;
use crate::ui::columns::{self, state_role};
use crate::ui::format;
use crate::ui::layout::{ChartPlace, Layout};
use crate::ui::line::{Line, fit_name, right, wrap};
use crate::ui::state::UiState;
use crate::ui::theme::Role;
use crate::ui::view_model::ViewLine;
use crate::ui::widget::{chart, ladder, spark};
use crate::ui::world::World;

/// Cells of the ladder when the chart stands beside it.
const LADDER: usize = 62;

/// Heights of screens that have room for the head of a target, and not for its first finding.
const BRIEF: std::ops::Range<u16> = 16..32;

/// The visible part of the selected target's detail.
#[must_use]
pub fn lines(
    world: &World<'_>,
    state: &UiState,
    target: &TargetSnapshot,
    height: usize,
) -> Vec<ViewLine> {
    let width = usize::from(state.size.width);
    let all = document(world, state, target);
    let top = state.scroll.min(all.len().saturating_sub(height));
    let more = all.len().saturating_sub(top + height);
    let mut shown: Vec<ViewLine> =
        all.into_iter().skip(top).take(height).map(ViewLine::from).collect();
    if more > 0 && height > 3 {
        shown.pop();
        let text = format!("   \u{2193} {} more lines", more + 1);
        shown.push(Line::of(Role::Dim, &text).cut(width).into());
    }
    shown
}

/// The whole detail, as long as it is.
#[must_use]
pub fn document(world: &World<'_>, state: &UiState, target: &TargetSnapshot) -> Vec<Line> {
    let width = usize::from(state.size.width);
    let layout = Layout::of(state.size);
    let mut out = head(world, state, target, width);
    if layout.chart == ChartPlace::Pane {
        let left_width = (width * 11 / 20).min(120);
        let right_width = width - left_width - 2;
        let mut left = Vec::new();
        ladder_lines(&mut left, target, left_width);
        why(&mut left, world, state, target, left_width);
        let mut pane = Vec::new();
        chart_lines(&mut pane, state, target, right_width, 11);
        background(&mut pane, world, state, target, right_width);
        let rows = left.len().max(pane.len());
        left.resize(rows, Line::new());
        pane.resize(rows, Line::new());
        out.push(Line::new());
        out.extend(left.into_iter().zip(pane).map(|(left, pane)| {
            left.pad_to(left_width).text(Role::Border, "\u{2502} ").join(pane)
        }));
        return out;
    }
    out.push(Line::new());
    let mut rungs = Vec::new();
    if layout.chart == ChartPlace::Beside {
        ladder_lines(&mut rungs, target, LADDER);
        let mut beside = Vec::new();
        chart_lines(&mut beside, state, target, width - LADDER - 2, 7);
        rungs.resize(rungs.len().max(beside.len()), Line::new());
        beside.resize(rungs.len(), Line::new());
        out.extend(
            rungs.into_iter().zip(beside).map(|(rung, chart)| rung.pad_to(LADDER + 2).join(chart)),
        );
    } else {
        ladder_lines(&mut rungs, target, width);
        out.append(&mut rungs);
    }
    why(&mut out, world, state, target, width);
    let mut rest = Vec::new();
    background(&mut rest, world, state, target, width);
    if layout.chart == ChartPlace::Below {
        out.push(Line::new());
        chart_lines(&mut out, state, target, width, 7);
    }
    out.push(Line::new());
    out.append(&mut rest);
    out
}

/// Who it is, how it fares, what a help desk can read aloud.
fn head(world: &World<'_>, state: &UiState, target: &TargetSnapshot, width: usize) -> Vec<Line> {
    let config = &target.target;
    let address = target.address.map_or_else(|| format::NOT_MEASURED.to_owned(), |a| a.to_string());
    let expected = match (config.expect.is_empty(), target.address) {
        (false, Some(address)) if config.expect.contains(&address) => " (expected)",
        (false, Some(_)) => " (NOT expected)",
        _ => "",
    };
    let who = Line::of(Role::Strong, &format!(" {}", fit_name(&config.name, 32))).text(
        Role::Dim,
        &format!("   {}:{} \u{2192} {address}{expected}", config.host, config.port),
    );
    let now = world.snapshot.now.wall;
    let unconfirmed = columns::unconfirmed(target);
    let role = if unconfirmed.is_some() { Role::StateWarning } else { state_role(target.state) };
    let words = match target.state {
        TargetState::Ok if target.risk == Risk::None => " no risk seen".to_owned(),
        TargetState::Ok | TargetState::Warning | TargetState::Critical => {
            format!(" {} risk", target.risk.word())
        }
        TargetState::NotMeasured => {
            let words = match target.woke() {
                Some(ago) => format!("woke {} s ago, not judged yet", ago.as_secs()),
                None if target.has_measurements() => "not judged yet".to_owned(),
                None => "not measured yet".to_owned(),
            };
            format!(" {}", unconfirmed.as_deref().unwrap_or(&words))
        }
        other => format!(" {}", crate::ui::filter::state_word(other)),
    };
    let mut fares = Line::new().glyph(role).text(role, &words);
    let since = match target.state {
        TargetState::NotMeasured => target.fell_silent(),
        _ => Some(target.state_since),
    };
    if let Some(began) = since {
        let since = state.zone.moment(began, now);
        let age = format::age_in_words(now.since(began));
        fares.push(Role::Dim, &format!(" since {since} ({age})"));
    }
    let mut out = Vec::new();
    if who.width() + fares.width() + 4 <= width {
        let room = width - fares.width() - 1;
        out.push(who.pad_to(room).join(fares));
    } else {
        out.push(who.cut(width));
        out.push(Line::of(Role::Text, " ").join(fares).cut(width));
    }
    if let Some(maintained) = &target.maintenance {
        let words = maintenance::words(maintained, state, now);
        let line = Line::of(Role::Text, " ")
            .glyph(Role::StateMuted)
            .text(Role::StateMuted, &format!(" {words}: nobody is alerted"));
        out.push(line.cut(width));
    }
    if let Some(alert) = world.snapshot.seen_to().get(&target.target.id) {
        let line = Line::of(Role::Text, " ")
            .glyph(Role::StateMuted)
            .text(Role::StateMuted, &format!(" {}", seen_to(alert, state, now)));
        out.push(line.cut(width));
    }
    let mut words = target.verdict.clone();
    if let Some(error) = target.worst().and_then(|finding| finding.client_error.as_ref())
        && !words.contains("Users see")
        && target.turned().is_none()
    {
        let error = findings::client_error_words(error);
        let error = match target.state {
            TargetState::Ok => error.replacen("Users see", "Users may have seen", 1),
            _ => error,
        };
        words = format!("{words} {error}");
    }
    let weight = if target.state >= TargetState::Warning { Role::Strong } else { Role::Text };
    for line in wrap(&words, width.saturating_sub(2)) {
        out.push(Line::of(weight, &format!(" {line}")).cut(width));
    }
    out.extend(first_step(state, target, width));
    // One alone is told by its finding below; a narrow screen has no room to repeat them.
    if let factors @ [_, _, ..] = risk_factors(&target.findings).as_slice()
        && width >= 60
    {
        let words = factors
            .iter()
            .map(|factor| format!("{} ({})", factor.rule, factor.weight.word()))
            .collect::<Vec<_>>()
            .join(", ");
        for line in wrap(&format!("Risk from {words}"), width.saturating_sub(2)) {
            out.push(Line::of(Role::Dim, &format!(" {line}")).cut(width));
        }
    }
    out
}

/// The first remedy, on screens whose first page ends before the finding that has it.
fn first_step(state: &UiState, target: &TargetSnapshot, width: usize) -> Vec<Line> {
    let stands = target.state >= TargetState::Warning && target.turned().is_none();
    let brief = BRIEF.contains(&state.size.height);
    let worst = target.worst().filter(|_| stands && brief);
    let Some(remedy) = worst.and_then(|finding| finding.remedies.first()) else {
        return Vec::new();
    };
    let step = findings::remedy_line(remedy, &Placeholders::of(target));
    let line = Line::of(Role::Heading, "do: ").join(step);
    let lines = line.wrapped(width.saturating_sub(2).max(1)).into_iter();
    lines.map(|line| Line::of(Role::Text, " ").join(line).cut(width)).collect()
}

/// `acknowledged 18:42 by dave: rebooting`, `snoozed until 19:42`, or both.
fn seen_to(alert: &Alert, state: &UiState, now: WallTime) -> String {
    let until = alert.snoozed_until.filter(|until| *until > now);
    let snoozed = until.map(|until| format!("snoozed until {}", state.zone.moment(until, now)));
    if let Some(at) = alert.acknowledged {
        let by = alert.signed.who().map(|who| format!(" by {who}")).unwrap_or_default();
        let note = alert.signed.note().map(|note| format!(": {note}")).unwrap_or_default();
        let acknowledged = format!("acknowledged {}{by}{note}", state.zone.moment(at, now));
        let both = [snoozed, Some(acknowledged)];
        return both.into_iter().flatten().collect::<Vec<_>>().join("; ");
    }
    snoozed.unwrap_or_default()
}

/// The ladder with timings and how each rung ended.
fn ladder_lines(out: &mut Vec<Line>, target: &TargetSnapshot, width: usize) {
    let narrow = width < 50;
    let heading =
        if narrow { " LADDER     LAST  ENDED" } else { " LADDER     LAST ms  USUAL  HOW IT ENDED" };
    out.push(Line::of(Role::Heading, heading).cut(width));
    for rung in &target.ladder {
        let role = ladder::role(rung.cell);
        let text = match rung.cell {
            Cell::Broken => Role::Strong,
            Cell::Warning | Cell::Ok => Role::Text,
            Cell::NotMeasured | Cell::NotEstablished => Role::Dim,
        };
        let line = Line::of(Role::Text, " ").glyph(role);
        let (letter, word) = (rung.rung.letter(), rung.rung.word());
        let last = format::ms_or_dash(rung.last);
        let timing = if narrow {
            format!(" {word:<7}{}  ", right(&last, 5))
        } else {
            let usual = format::ms_or_dash(rung.usual);
            format!(" {letter} {word:<6} {}  {}  ", right(&last, 7), right(&usual, 5))
        };
        out.push(line.text(text, &timing).text(text, &rung.text).cut(width));
    }
}

fn chart_lines(
    out: &mut Vec<Line>,
    state: &UiState,
    target: &TargetSnapshot,
    width: usize,
    height: usize,
) {
    let minute = &target.echo_minute;
    let title = format!(
        " RTT ms  median {}  p95 {}  jitter {}  loss {} %",
        format::ms_or_dash(minute.median),
        format::ms_or_dash(minute.p95),
        format::ms_or_dash(minute.jitter),
        format::percent_or_dash(minute.loss()),
    );
    let total = format!(
        " last minute; since start {} %",
        format::percent_or_dash(target.echo_total.loss())
    );
    let title = Line::of(Role::Heading, &title);
    let room = width.saturating_sub(title.width());
    let total = if total.len() <= room { total.as_str() } else { "" };
    out.push(title.text(Role::Dim, total).cut(width));
    let now_s = target.at.mono.as_nanos() / 1_000_000_000;
    let seconds = state.zoom.seconds();
    let slots = spark::fold(&target.spark, seconds, now_s);
    let thresholds = &target.target.thresholds.high_latency;
    out.extend(chart::lines(&slots, width, height, seconds, thresholds));
}

/// Findings, worst first.
fn why(
    out: &mut Vec<Line>,
    world: &World<'_>,
    state: &UiState,
    target: &TargetSnapshot,
    width: usize,
) {
    facts::heading(out, "WHY, RANKED", width);
    for (place, finding) in target.findings.iter().enumerate() {
        findings::block(out, world, state, target, place, finding, width);
    }
    if target.findings.is_empty() {
        let text = match target.state {
            TargetState::NotMeasured if target.fell_silent().is_some() => {
                "It answered before and has stopped; it is asked again before that is called trouble."
            }
            TargetState::NotMeasured if target.fails_unconfirmed() => {
                "A first attempt failed; it is asked again before anything is said of it."
            }
            TargetState::NotMeasured if target.has_measurements() => {
                "The next connections tell whether Remote Desktop answers."
            }
            TargetState::NotMeasured => "The first measurements are on their way.",
            TargetState::Unknown => "This monitor cannot judge it at present.",
            _ => "No finding stands.",
        };
        for line in wrap(text, width.saturating_sub(4)) {
            out.push(Line::of(Role::Text, &format!("   {line}")).cut(width));
        }
    }
}

fn background(
    out: &mut Vec<Line>,
    world: &World<'_>,
    state: &UiState,
    target: &TargetSnapshot,
    width: usize,
) {
    let sleeper = matches!(target.state, TargetState::Asleep | TargetState::Waking);
    if sleeper {
        facts::wake(out, world, state, target, width);
    }
    facts::names(out, target, width);
    facts::identity(out, state, target, width);
    if !sleeper {
        facts::wake(out, world, state, target, width);
    }
    facts::probing(out, world, target, width);
    facts::not_observable(out, width);
}
