//! Every remedy of a finding with everything one must know before trying it, and what the finding
//! means: the steps come first, the detail behind it has the rest in short.

use super::findings::{circumstances, client_error_words};
use crate::domain::finding::{Finding, Remedy};
use crate::domain::placeholder::Placeholders;
use crate::domain::rules;
use crate::domain::snapshot::TargetSnapshot;
use crate::domain::target::TargetId;
use crate::ui::alert_list::{self, Cause};
use crate::ui::causes;
use crate::ui::line::{Line, wrap};
use crate::ui::state::UiState;
use crate::ui::theme::Role;
use crate::ui::world::World;

/// The findings that can be explained: a target's, or this machine's.
#[must_use]
pub fn findings<'a>(world: &World<'a>, target: Option<TargetId>) -> &'a [Finding] {
    match target {
        None => &world.snapshot.monitor.findings,
        Some(id) => world.target(id).map_or(&[], |target| &target.findings),
    }
}

/// The explanation in lines of at most `width` cells.
#[must_use]
pub fn document(
    world: &World<'_>,
    state: &UiState,
    target: Option<TargetId>,
    index: usize,
    width: usize,
) -> Vec<Line> {
    let findings = findings(world, target);
    let Some(finding) = findings.get(index.min(findings.len().saturating_sub(1))) else {
        return vec![Line::of(Role::Text, "This finding is over.")];
    };
    let values = target.and_then(|id| world.target(id)).map(Placeholders::of).unwrap_or_default();
    let mut out = Vec::new();
    let mut text = |role, text: &str, indent: usize| {
        let pad = " ".repeat(indent);
        out.extend(
            wrap(text, width.saturating_sub(indent))
                .iter()
                .map(|line| Line::of(role, &format!("{pad}{line}")).cut(width)),
        );
    };
    text(Role::Strong, &finding.title, 0);
    let severity = finding.severity.word();
    text(Role::Dim, &format!("{severity}, {}", circumstances(world, state, finding)), 0);
    text(Role::Text, "", 0);
    text(Role::Heading, "WHAT TO DO, SAFE FIRST", 0);
    if finding.remedies.is_empty() {
        text(Role::Text, "Nothing is known to mend it.", 2);
    }
    // The table lists weakening remedies last; the order is not left to it.
    let (safe, weakening): (Vec<&Remedy>, Vec<&Remedy>) =
        finding.remedies.iter().partition(|remedy| !remedy.weakens_security);
    for (place, remedy) in safe.into_iter().chain(weakening).enumerate() {
        self::remedy(&mut text, place, remedy, &values, width);
    }
    text(Role::Text, "", 0);
    text(Role::Text, &finding.sentence, 0);
    if let Some(error) = &finding.client_error {
        text(Role::Text, &client_error_words(error), 0);
    }
    if let Some(rule) = rules::rule(finding.rule.0) {
        text(Role::Text, "", 0);
        text(Role::Heading, "WHAT IT MEANS", 0);
        text(Role::Text, rule.card().explanation, 2);
    }
    text(Role::Text, "", 0);
    text(Role::Heading, "SEEN", 0);
    finding.evidence.iter().for_each(|line| text(Role::Text, line, 2));
    text(Role::Text, "", 0);
    text(Role::Heading, "WHAT WOULD DISPROVE IT", 0);
    text(Role::Text, finding.disproof, 2);
    out
}

/// Said of a cause that was shared by many hosts.
pub const SHARED_NO_MORE: &str = "This cause is shared by many hosts no more.";

/// The explanation of what many hosts share, of none of them alone: the words for a host in a remedy
/// stay open.
#[must_use]
pub fn of_many(world: &World<'_>, state: &UiState, cause: Cause, width: usize) -> Vec<Line> {
    let alerts = alert_list::sharing(world, cause);
    let hosts: Vec<(&TargetSnapshot, &Finding)> = alerts
        .iter()
        .filter_map(|alert| {
            let host = world.target(alert.target?)?;
            Some((host, host.findings.iter().find(|finding| finding.rule == cause.rule)?))
        })
        .collect();
    let mut out = Vec::new();
    let mut text = |role, text: &str, indent: usize| {
        let pad = " ".repeat(indent);
        let lines = wrap(text, width.saturating_sub(indent));
        out.extend(lines.iter().map(|line| Line::of(role, &format!("{pad}{line}")).cut(width)));
    };
    let Some((one, finding)) = hosts.first().copied() else {
        text(Role::Text, SHARED_NO_MORE, 0);
        return out;
    };
    let title = causes::words(cause.rule, alerts.iter().map(|alert| alert.title.as_str()));
    text(Role::Strong, &format!("{} hosts: {title}", alerts.len()), 0);
    let first = alerts.iter().map(|alert| alert.since).min().unwrap_or(finding.since);
    let since = state.zone.moment(first, world.snapshot.now.wall);
    let (severity, rule) = (cause.severity.word(), cause.rule.0);
    text(Role::Dim, &format!("{severity}, {rule}, the first since {since}"), 0);
    text(Role::Text, "", 0);
    text(Role::Heading, "WHAT TO DO, SAFE FIRST", 0);
    text(Role::Dim, "HOST stands for each of them.", 2);
    let (safe, weakening): (Vec<&Remedy>, Vec<&Remedy>) =
        finding.remedies.iter().partition(|remedy| !remedy.weakens_security);
    for (place, remedy) in safe.into_iter().chain(weakening).enumerate() {
        self::remedy(&mut text, place, remedy, &Placeholders::default(), width);
    }
    text(Role::Text, "", 0);
    text(Role::Heading, "WHICH", 0);
    let names: Vec<&str> = alerts.iter().map(|alert| world.subject(alert)).collect();
    text(Role::Text, &names.join(", "), 2);
    if let Some(rule) = rules::rule(cause.rule.0) {
        text(Role::Text, "", 0);
        text(Role::Heading, "WHAT IT MEANS", 0);
        text(Role::Text, rule.card().explanation, 2);
    }
    text(Role::Text, "", 0);
    text(Role::Heading, &format!("SEEN AT {}, ONE OF THEM", one.target.name), 0);
    text(Role::Text, &finding.sentence, 2);
    finding.evidence.iter().for_each(|line| text(Role::Text, line, 2));
    out
}

fn remedy(
    text: &mut impl FnMut(Role, &str, usize),
    place: usize,
    remedy: &Remedy,
    values: &Placeholders,
    width: usize,
) {
    for (row, line) in wrap(&values.fill(remedy.text), width.saturating_sub(3)).iter().enumerate() {
        let number = if row == 0 { format!("{}. ", place + 1) } else { "   ".to_owned() };
        text(Role::Strong, &format!("{number}{line}"), 0);
    }
    if remedy.weakens_security {
        text(Role::Caution, "THIS WEAKENS SECURITY", 3);
    }
    text(Role::Dim, &format!("on: {}", remedy.run_on.word()), 3);
    if let Some(confirm) = remedy.confirm {
        text(Role::Text, &format!("check first: {}", values.fill(confirm)), 3);
    }
    for command in remedy.commands {
        text(Role::Key, &values.fill(command), 3);
    }
    for (label, words, role) in [
        ("needs", remedy.needs, Role::Dim),
        ("impact", remedy.impact, Role::Caution),
        ("undo", remedy.undo, Role::Dim),
    ] {
        if let Some(words) = words {
            text(role, &format!("{label}: {}", values.fill(words)), 3);
        }
    }
}
