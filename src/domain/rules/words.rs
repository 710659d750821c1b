//! Text from outside in sentences: escaped and cut.

use crate::domain::text::excerpt;
use crate::domain::view::TargetView;

/// Longest name that a sentence carries.
const NAME: usize = 60;

/// The target's name, escaped.
pub(super) fn name(view: &TargetView<'_>) -> String {
    excerpt(&view.target.name, NAME)
}

/// The host as it is dialled, escaped.
pub(super) fn host(view: &TargetView<'_>) -> String {
    excerpt(&view.target.host.to_string(), NAME)
}

/// Text from outside in a sentence: escaped and cut.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", excerpt(text, NAME))
}
