//! What is wrong with a scenario file, and where.

use crate::domain::text::{excerpt, printable};
use std::fmt;

/// How alike a word must be to a known one to be taken for it, 0 to 1.
const ALIKE: f64 = 0.75;

/// One mistake, without its place. Safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong(String);

impl Wrong {
    /// A mistake. Whatever `message` repeats from the file is made safe to show.
    pub(super) fn new(message: impl fmt::Display) -> Self {
        Self(printable(&message.to_string()).into_owned())
    }

    /// A word that is none of the `known` ones, with the nearest of them, or all.
    pub(super) fn word<'k>(text: &str, known: impl IntoIterator<Item = &'k str>) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        let likeness = |word: &&str| strsim::jaro_winkler(word, text);
        let nearest = known
            .iter()
            .copied()
            .map(|word| (likeness(&word), word))
            .max_by(|one, other| one.0.total_cmp(&other.0));
        let shown = excerpt(text, 40);
        match nearest {
            Some((alike, word)) if alike >= ALIKE => {
                Self::new(format!("\"{shown}\" is not known here; did you mean \"{word}\"?"))
            }
            _ => {
                let known = known.join(", ");
                Self::new(format!("\"{shown}\" is not known here, expected one of {known}"))
            }
        }
    }

    /// A text that is not what it should be.
    pub(super) fn expected(text: &str, what: &str) -> Self {
        Self::new(format!("\"{}\" is not {what}", excerpt(text, 40)))
    }

    /// The same, said of a part of the file.
    pub(super) fn within(self, part: impl fmt::Display) -> Self {
        Self(format!("{}: {}", printable(&part.to_string()), self.0))
    }
}

/// A scenario file that cannot be played, in one sentence with its line. Safe to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ScenarioError {
    /// Counted from 1; `None` for the file as a whole.
    pub line: Option<usize>,
    /// What is wrong, and the nearest valid word where there is one.
    pub message: String,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl ScenarioError {
    /// A mistake in the part of `text` that begins at byte `offset`.
    pub(super) fn at(text: &str, offset: Option<usize>, wrong: Wrong) -> Self {
        let before = offset.and_then(|offset| text.get(..offset));
        let line = before.map(|before| before.matches('\n').count() + 1);
        Self { line, message: wrong.0 }
    }

    /// What TOML itself, or the tables of the file, say.
    pub(super) fn of_toml(text: &str, error: &toml::de::Error) -> Self {
        Self::at(text, error.span().map(|span| span.start), Wrong::new(error.message()))
    }
}
