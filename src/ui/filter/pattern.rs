//! A text in which `*` stands for anything.

/// What is looked for, in small letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    /// What stands between the stars; one part where there is none.
    parts: Vec<String>,
}

impl Pattern {
    /// A pattern of characters, each with whether it stood in quotes, where a star is a star.
    pub(super) fn of(chars: &[(char, bool)]) -> Self {
        let parts = chars
            .split(|(c, quoted)| *c == '*' && !quoted)
            .map(|part| part.iter().map(|(c, _)| *c).collect::<String>().to_lowercase())
            .collect();
        Self { parts }
    }

    /// As it was written, in small letters.
    pub(super) fn written(&self) -> String {
        self.parts.join("*")
    }

    /// Whether it has so many letters.
    pub(super) fn is_long(&self, letters: usize) -> bool {
        self.parts.iter().map(|part| part.chars().count()).sum::<usize>() >= letters
    }

    /// The same, of which anything may follow.
    pub(super) fn cut_short(mut self) -> Self {
        self.parts.push(String::new());
        self
    }

    /// Whether it holds this.
    pub(super) fn holds(&self, c: char) -> bool {
        self.parts.iter().any(|part| part.contains(c))
    }

    /// Whether it asks for nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.parts.iter().all(String::is_empty) && self.parts.len() < 2
    }

    /// Whether all of `text` is it.
    pub(super) fn is(&self, text: &str) -> bool {
        match self.parts.as_slice() {
            [] => text.is_empty(),
            [only] => text == only,
            [first, middle @ .., last] => text
                .strip_prefix(first.as_str())
                .and_then(|rest| through(rest, middle))
                .is_some_and(|rest| rest.ends_with(last.as_str())),
        }
    }

    /// Whether `text` begins with it.
    pub(super) fn begins(&self, text: &str) -> bool {
        match self.parts.as_slice() {
            [] => true,
            [first, middle @ ..] => {
                text.strip_prefix(first.as_str()).and_then(|rest| through(rest, middle)).is_some()
            }
        }
    }

    /// Whether it is somewhere in `text`; with a star, whether it is all of it.
    pub(super) fn is_in(&self, text: &str) -> bool {
        match self.parts.as_slice() {
            [only] => text.contains(only.as_str()),
            _ => self.is(text),
        }
    }
}

/// What is left of `text` after these, one after the other, as early as they stand.
fn through<'t>(text: &'t str, parts: &[String]) -> Option<&'t str> {
    parts.iter().try_fold(text, |rest, part| rest.split_once(part.as_str()).map(|(_, after)| after))
}
