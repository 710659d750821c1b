//! Narrowing the table.

use crate::domain::snapshot::{TargetSnapshot, TargetState};

/// Words that must all hold: a part of the name, address, group, state or a finding, or
/// `state:critical`, `group:berlin`, `finding:dns-*`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    text: String,
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    Anything(String),
    State(String),
    Group(String),
    Finding(String),
}

/// The words for states, in filters and in sentences.
#[must_use]
pub const fn state_word(state: TargetState) -> &'static str {
    match state {
        TargetState::NotMeasured => "unmeasured",
        TargetState::Ok => "ok",
        TargetState::Asleep => "asleep",
        TargetState::Waking => "waking",
        TargetState::Unknown => "unknown",
        TargetState::Warning => "warning",
        TargetState::Critical => "critical",
    }
}

/// The word for targets that work is planned on, whatever their state.
const MAINTENANCE: &str = "maintenance";

impl Filter {
    /// Reads a filter; every text is one.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let terms = text
            .split_whitespace()
            .map(|word| {
                let word = word.to_lowercase();
                match word.split_once(':') {
                    Some(("state", rest)) => Term::State(rest.to_owned()),
                    Some(("group", rest)) => Term::Group(rest.to_owned()),
                    Some(("finding", rest)) => Term::Finding(rest.to_owned()),
                    _ => Term::Anything(word),
                }
            })
            .collect();
        Self { text: text.trim().to_owned(), terms }
    }

    /// As it was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it lets everything through.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether it lets this target through.
    #[must_use]
    pub fn admits(&self, target: &TargetSnapshot) -> bool {
        self.terms.iter().all(|term| term.holds(target))
    }
}

impl Term {
    fn holds(&self, target: &TargetSnapshot) -> bool {
        let group = || target.target.group.as_deref().unwrap_or_default().to_lowercase();
        let state = state_word(target.state);
        let maintained = target.maintenance.is_some();
        match self {
            Self::State(word) => {
                state.starts_with(word.as_str())
                    || (maintained && MAINTENANCE.starts_with(word.as_str()))
            }
            Self::Group(pattern) => matches(&group(), pattern),
            Self::Finding(pattern) => {
                target.findings.iter().any(|finding| matches(finding.rule.0, pattern))
            }
            Self::Anything(word) => {
                let word = word.as_str();
                target.target.name.to_lowercase().contains(word)
                    || target.target.host.to_string().to_lowercase().contains(word)
                    || target.address.is_some_and(|address| address.to_string().contains(word))
                    || group().contains(word)
                    || state.contains(word)
                    || (maintained && MAINTENANCE.contains(word))
                    || target.findings.iter().any(|finding| finding.rule.0.contains(word))
            }
        }
    }
}

/// Whether `text` is `pattern`, where a trailing `*` stands for anything.
fn matches(text: &str, pattern: &str) -> bool {
    pattern.strip_suffix('*').map_or(text == pattern, |start| text.starts_with(start))
}
