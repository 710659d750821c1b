//! Why and what to do: a finding with its proof and remedies.

use super::footer::{key_name, severity_role};
use crate::domain::finding::{ClientError, Finding, Remedy, Severity};
use crate::domain::placeholder::Placeholders;
use crate::domain::snapshot::TargetSnapshot;
use crate::ui::action::Action;
use crate::ui::format;
use crate::ui::keymap::Layer;
use crate::ui::line::{Line, wrap};
use crate::ui::state::UiState;
use crate::ui::theme::Role;
use crate::ui::world::World;

/// Cells before the text of a labelled line.
const INDENT: usize = 15;

/// How many remedies are listed before "all steps".
const REMEDIES: usize = 3;

/// `label` and `text`, wrapped, the text in a column of its own.
pub fn labelled(out: &mut Vec<Line>, label: &str, role: Role, text: &str, width: usize) {
    let room = width.saturating_sub(INDENT).max(10);
    for (place, part) in wrap(text, room).iter().enumerate() {
        let label = if place == 0 { label } else { "" };
        out.push(Line::of(Role::Heading, &format!("     {label:<10}")).text(role, part).cut(width));
    }
}

/// `since 09:12 (4 h 51 min), server team, certain`.
#[must_use]
pub fn circumstances(world: &World<'_>, state: &UiState, finding: &Finding) -> String {
    let now = world.snapshot.now.wall;
    let as_found = if finding.as_found { ", there on first sight" } else { "" };
    format!(
        "since {} ({}), {}, {}{as_found}",
        state.zone.moment(finding.since, now),
        format::age_in_words(now.since(finding.since)),
        finding.owner.team(),
        finding.confidence.word(),
    )
}

/// `Users see 0x904, extended 0x7: "socket closed" (likely).`
#[must_use]
pub fn client_error_words(error: &ClientError) -> String {
    let extended = error.extended.map_or_else(String::new, |code| format!(", extended {code:#x}"));
    format!(
        "Users see {:#x}{extended}: \u{201c}{}\u{201d} ({}).",
        error.code,
        error.text,
        error.likelihood.word()
    )
}

/// A remedy in one sentence with what must be known before trying it.
#[must_use]
pub fn remedy_line(remedy: &Remedy, values: &Placeholders) -> Line {
    let mut line = Line::of(Role::Text, &values.fill(remedy.text));
    if let Some(impact) = remedy.impact.filter(|impact| !impact.starts_with("none")) {
        line.push(Role::Caution, &format!("  [{}]", values.fill(impact)));
    }
    if remedy.weakens_security {
        line.push(Role::Caution, "  [weakens security]");
    }
    line
}

/// One finding of a ranked list; notices only in brief.
pub fn block(
    out: &mut Vec<Line>,
    world: &World<'_>,
    state: &UiState,
    target: &TargetSnapshot,
    place: usize,
    finding: &Finding,
    width: usize,
) {
    let role = severity_role(finding.severity);
    let heading = Line::of(Role::Dim, &format!(" {} ", place + 1))
        .glyph(role)
        .text(role, &format!(" {}", finding.rule))
        .text(Role::Dim, &format!("   {}", circumstances(world, state, finding)));
    out.push(heading.cut(width));
    for line in wrap(&finding.sentence, width.saturating_sub(6)) {
        out.push(Line::of(Role::Text, &format!("     {line}")).cut(width));
    }
    if finding.severity == Severity::Notice {
        return;
    }
    for (place, evidence) in finding.evidence.iter().enumerate() {
        labelled(out, if place == 0 { "seen" } else { "" }, Role::Text, evidence, width);
    }
    remedies(out, world, target, finding, width);
    labelled(out, "disproof", Role::Dim, finding.disproof, width);
}

fn remedies(
    out: &mut Vec<Line>,
    world: &World<'_>,
    target: &TargetSnapshot,
    finding: &Finding,
    width: usize,
) {
    let values = Placeholders::of(target);
    if let Some(confirm) = finding.remedies.first().and_then(|remedy| remedy.confirm) {
        labelled(out, "check", Role::Strong, &values.fill(confirm), width);
    }
    for (place, remedy) in finding.remedies.iter().take(REMEDIES).enumerate() {
        let label = if place == 0 { "do" } else { "" };
        let text = remedy_line(remedy, &values);
        let room = width.saturating_sub(INDENT + 2).max(10);
        // The sentence and its warnings are wrapped apart, so that warnings keep their weight.
        let mut lines = Vec::new();
        for piece in text.0 {
            if let crate::ui::line::Piece::Text(role, text) = piece {
                lines.extend(wrap(text.trim(), room).into_iter().map(|part| (role, part)));
            }
        }
        for (row, (role, part)) in lines.iter().enumerate() {
            let (label, number) = match row {
                0 => (label, format!("{} ", place + 1)),
                _ => ("", "  ".to_owned()),
            };
            let line = Line::of(Role::Heading, &format!("     {label:<10}"))
                .text(Role::Dim, &number)
                .text(*role, part);
            out.push(line.cut(width));
        }
    }
    let key = key_name(world, Layer::Detail, Action::Explain);
    let more = match finding.remedies.len().saturating_sub(REMEDIES) {
        0 => " all steps".to_owned(),
        1 => " all steps, 1 more way".to_owned(),
        more => format!(" all steps, {more} more ways"),
    };
    if !key.is_empty() {
        let line = Line::of(Role::Heading, &format!("     {:<10}", ""))
            .text(Role::Key, &key)
            .text(Role::Dim, &more);
        let copy = key_name(world, Layer::Detail, Action::CopyCommand);
        let line = if copy.is_empty() || finding.remedies.iter().all(|r| r.commands.is_empty()) {
            line
        } else {
            line.text(Role::Text, "  ").text(Role::Key, &copy).text(Role::Dim, " copies a command")
        };
        out.push(line.cut(width));
    }
}
