//! A finding and its remedies in words, for the texts of `check`, the ticket and `explain`.

use super::words;
use crate::domain::finding::{ClientError, Finding, Remedy};
use crate::domain::text::printable;
use crate::domain::time::WallTime;

/// The word that stands for the target's host in remedies.
const PLACEHOLDER: &str = "HOST";

/// A remedy for one host, its texts ready to show.
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
    /// `remedy` with [`for_host`] applied to all its texts.
    #[must_use]
    pub fn new(remedy: &Remedy, host: &str) -> Self {
        let filled = |text: &'static str| for_host(text, host);
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

/// `text` with the word `HOST` replaced by `host`.
///
/// Only whole words are replaced (`\\HOST`, `/server:HOST`, not `LOCALHOST`), and only by a host
/// that means nothing to any shell: `[A-Za-z0-9._:-]`, not starting with a hyphen. For any other
/// host the placeholder stays, because people paste these lines.
#[must_use]
pub fn for_host(text: &str, host: &str) -> String {
    if !is_plain(host) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + host.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(PLACEHOLDER) {
        out.push_str(before);
        let starts_word = !out.ends_with(is_word);
        let ends_word = !after.starts_with(is_word);
        out.push_str(if starts_word && ends_word { host } else { PLACEHOLDER });
        rest = after;
    }
    out.push_str(rest);
    out
}

const fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn is_plain(host: &str) -> bool {
    !host.is_empty()
        && !host.starts_with('-')
        && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '-'))
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
pub fn lines(finding: &Finding, host: &str, now: WallTime) -> Vec<String> {
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
        let mut parts = RemedyText::new(remedy, host).lines().into_iter();
        push(format!("{number}. {}", parts.next().unwrap_or_default()));
        parts.for_each(|part| push(format!("   {part}")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_word_host_is_replaced() {
        for (text, expected) in [
            ("qwinsta /server:HOST", "qwinsta /server:pc-7.corp.lab"),
            (r"sc.exe \\HOST query HOST", r"sc.exe \\pc-7.corp.lab query pc-7.corp.lab"),
            ("HOST", "pc-7.corp.lab"),
            ("HOSTHOST LOCALHOST HOSTNAME HOST_OLD", "HOSTHOST LOCALHOST HOSTNAME HOST_OLD"),
            ("no word", "no word"),
        ] {
            assert_eq!(for_host(text, "pc-7.corp.lab"), expected);
        }
    }

    #[test]
    fn a_host_that_means_something_to_a_shell_is_never_pasted() {
        for host in ["", "-rf", "a;reboot", "a b", "$(id)", "fe80::1%eth0", "a\nb", "büro"] {
            assert_eq!(for_host("ping HOST", host), "ping HOST", "{host}");
        }
        assert_eq!(for_host("ping HOST", "fe80::1"), "ping fe80::1");
    }
}
