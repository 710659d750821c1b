//! Narrowing the table.

use crate::domain::rules::RULES;
use crate::domain::snapshot::{TargetSnapshot, TargetState};
use crate::domain::text::excerpt;

/// Characters of a word that are repeated when it is not understood.
const SHOWN: usize = 24;

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

/// What may stand before a colon.
const KEYS: [&str; 3] = ["state", "group", "finding"];

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

    /// What of it was hardly meant, in a few words: a key that there is none of, a state that there
    /// is none of, or a finding. `None` while it may still become something.
    #[must_use]
    pub fn doubt(&self) -> Option<String> {
        self.text.split_whitespace().find_map(|word| {
            let (key, rest) = word.split_once(':')?;
            let lower = rest.to_lowercase();
            let start = lower.trim_end_matches('*');
            match key.to_lowercase().as_str() {
                "state" => {
                    let words: Vec<&str> = TargetState::ALL
                        .iter()
                        .map(|state| state_word(*state))
                        .chain([MAINTENANCE])
                        .collect();
                    let known = words.iter().any(|word| word.starts_with(lower.as_str()));
                    (!known).then(|| unknown(word, "state", rest, &words))
                }
                "finding" => {
                    let ids: Vec<&str> = RULES.iter().map(|rule| rule.card().id.0).collect();
                    let known = ids.iter().any(|id| id.starts_with(start));
                    (!known).then(|| unknown(word, "finding", rest, &ids))
                }
                "group" => None,
                // An address of IPv6, or a host with its port.
                _ if is_place(key, rest) => None,
                _ => Some(unknown(word, "key", key, &KEYS)),
            }
        })
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

/// Whether a word with a colon is a part of an address or a host with its port.
fn is_place(key: &str, rest: &str) -> bool {
    let hex =
        |text: &str| text.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, ':' | '.' | '%'));
    (hex(key) && hex(rest)) || (!rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit()))
}

/// `stat:ok: no key "stat", did you mean "state"?`.
fn unknown(word: &str, what: &str, given: &str, known: &[&str]) -> String {
    let folded = given.to_lowercase();
    let likeness = |known: &str| strsim::jaro_winkler(known, &folded);
    let nearest = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let nearest = nearest.copied().unwrap_or_default();
    format!(
        "{}: no {what} \"{}\", did you mean \"{nearest}\"?",
        excerpt(word, SHOWN),
        excerpt(given, SHOWN)
    )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_none_is_told_with_the_nearest_and_what_may_become_one_is_not() {
        let doubt = |text: &str| Filter::parse(text).doubt();
        for fine in [
            "",
            "berlin",
            "state:",
            "state:crit",
            "state:CRITICAL",
            "state:maint",
            "group:any thing",
            "finding:dns-*",
            "finding:wifi",
            "fd00::21",
            "10.0.0.21:3389",
            "pc:3389",
            "02:11:22",
        ] {
            assert_eq!(doubt(fine), None, "{fine}");
        }
        for (text, told) in [
            ("stat:ok", "stat:ok: no key \"stat\", did you mean \"state\"?"),
            ("berlin grp:a", "grp:a: no key \"grp\", did you mean \"group\"?"),
            ("state:criticl", "state:criticl: no state \"criticl\", did you mean \"critical\"?"),
            (
                "finding:dns-slw",
                "finding:dns-slw: no finding \"dns-slw\", did you mean \"dns-slow\"?",
            ),
        ] {
            assert_eq!(doubt(text).as_deref(), Some(told));
        }
        assert!(doubt(&format!("x{}:y", "z".repeat(500))).is_some_and(|told| told.len() < 120));
    }
}
