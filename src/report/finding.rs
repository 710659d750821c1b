//! A finding and its remedies in words, for the texts of `check`, the ticket and `explain`.

use super::words;
use crate::domain::finding::{ClientError, Finding, Remedy};
use crate::domain::placeholder::Placeholders;
use crate::domain::text::printable;
use crate::domain::time::WallTime;

/// A remedy for one target, its texts ready to show.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RemedyText {
    /// What to do.
    pub text: String,
    /// Where: `host`, `client`, …
    pub run_on: &'static str,
    /// A read-only command that proves the diagnosis first.
    pub confirm: Option<String>,
    /// The commands, in order.
    pub commands: Vec<String>,
    /// Rights and tools it needs.
    pub needs: Option<String>,
    /// What it disturbs.
    pub impact: Option<String>,
    /// How to take it back.
    pub undo: Option<String>,
    /// It lowers security.
    pub weakens_security: bool,
}

impl RemedyText {
    /// `remedy` with `values` filled into all its texts.
    #[must_use]
    pub fn new(remedy: &Remedy, values: &Placeholders) -> Self {
        let filled = |text: &'static str| values.fill(text);
        Self {
            text: filled(remedy.text),
            run_on: remedy.run_on.word(),
            confirm: remedy.confirm.map(filled),
            commands: remedy.commands.iter().copied().map(filled).collect(),
            needs: remedy.needs.map(filled),
            impact: remedy.impact.map(filled),
            undo: remedy.undo.map(filled),
            weakens_security: remedy.weakens_security,
        }
    }

    /// One line per part, not indented; commands begin with `> `.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let warning = if self.weakens_security { " (WEAKENS SECURITY)" } else { "" };
        let mut lines = vec![format!("{} [on the {}]{warning}", self.text, self.run_on)];
        lines.extend(self.confirm.iter().map(|text| format!("first confirm: {text}")));
        lines.extend(self.commands.iter().map(|text| format!("> {text}")));
        lines.extend(self.needs.iter().map(|text| format!("needs: {text}")));
        lines.extend(self.impact.iter().map(|text| format!("impact: {text}")));
        lines.extend(self.undo.iter().map(|text| format!("undo: {text}")));
        lines
    }
}

/// `0x904/0x7 "Socket closed" (likely)`: what the user's client would show.
#[must_use]
pub fn client_error(error: &ClientError) -> String {
    let extended = error.extended.map_or_else(String::new, |code| format!("/0x{code:x}"));
    let likelihood = error.likelihood.word();
    format!("0x{:x}{extended} \"{}\" ({likelihood})", error.code, printable(error.text))
}

/// A finding for reading, one line per element, indented below its first line.
#[must_use]
pub fn lines(finding: &Finding, values: &Placeholders, now: WallTime) -> Vec<String> {
    let mut lines = vec![format!(
        "{} ({}, {}): {}",
        finding.rule,
        finding.severity.word(),
        finding.confidence.word(),
        printable(&finding.title)
    )];
    let mut push = |text: String| lines.push(format!("  {text}"));
    push(printable(&finding.sentence).into_owned());
    push(format!(
        "since {} ({}), who can fix it: {}",
        words::utc(finding.since),
        words::span(now.since(finding.since)),
        finding.owner.team()
    ));
    for line in &finding.evidence {
        push(format!("- {}", printable(line)));
    }
    if let Some(error) = &finding.client_error {
        push(format!("the client would show {}", client_error(error)));
    }
    push(format!("what would show that it is wrong: {}", printable(finding.disproof)));
    for (number, remedy) in (1_u32..).zip(finding.remedies) {
        let mut parts = RemedyText::new(remedy, values).lines().into_iter();
        push(format!("{number}. {}", parts.next().unwrap_or_default()));
        parts.for_each(|part| push(format!("   {part}")));
    }
    lines
}
