//! What is wrong with a configuration, and where.

use crate::domain::text::{excerpt, printable};
use std::fmt;
use std::path::{Path, PathBuf};

/// Where a mistake is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a file, at a line and column (both from 1, the column in characters) and under a key.
    Text {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// Dotted path of the key; empty at the top.
        key: String,
    },
    /// A file as a whole.
    File(PathBuf),
    /// A command line option, such as `--interval`.
    Option(&'static str),
    /// An environment variable.
    Variable(String),
    /// A TARGET argument.
    Target(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { path, line, column, key } => {
                write!(f, "{}:{line}:{column}", shown(path))?;
                if key.is_empty() { Ok(()) } else { write!(f, ": {}", printable(key)) }
            }
            Self::File(path) => f.write_str(&shown(path)),
            Self::Option(name) => f.write_str(name),
            Self::Variable(name) => f.write_str(&printable(name)),
            Self::Target(text) => write!(f, "target \"{}\"", excerpt(text, 80)),
        }
    }
}

fn shown(path: &Path) -> String {
    excerpt(&path.to_string_lossy(), 200)
}

/// One mistake in one sentence, safe to show: where, what was found, what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct ConfigError {
    /// Where it is.
    pub place: Place,
    /// What is wrong, what was expected, and the nearest valid form.
    pub message: String,
}

impl ConfigError {
    /// A mistake at `place`. Whatever `message` repeats from outside is made safe to show.
    pub(crate) fn new(place: Place, message: impl fmt::Display) -> Self {
        Self { place, message: printable(&message.to_string()).into_owned() }
    }

    /// Its line in a file, from 1; 0 where it is about more than a line.
    #[must_use]
    pub(crate) const fn line(&self) -> usize {
        match self.place {
            Place::Text { line, .. } => line,
            _ => 0,
        }
    }
}
