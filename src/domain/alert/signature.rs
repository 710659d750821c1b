//! Who acknowledged an alert, and what they had to say.

use super::super::text::excerpt;

/// Longest name that is kept, in characters.
const NAME: usize = 40;

/// Longest note that is kept, in characters.
const NOTE: usize = 200;

/// A name and a note under an acknowledgement; either may be missing. Escaped and bounded.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Signature {
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    who: Option<String>,
    /// What they noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl Signature {
    /// A signature of texts as they were typed; empty ones are none.
    #[must_use]
    pub fn new(who: &str, note: &str) -> Self {
        let kept = |text: &str, limit| {
            let text = text.trim();
            (!text.is_empty()).then(|| excerpt(text, limit))
        };
        Self { who: kept(who, NAME), note: kept(note, NOTE) }
    }

    /// Who.
    #[must_use]
    pub fn who(&self) -> Option<&str> {
        self.who.as_deref()
    }

    /// What they noted.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Whether nobody signed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.who.is_none() && self.note.is_none()
    }

    /// The same, fit to be shown: what comes from a file may hold anything.
    pub(in crate::domain) fn escaped(&self) -> Self {
        Self::new(self.who().unwrap_or_default(), self.note().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_escaped_bounded_and_none_when_empty() {
        assert!(Signature::new(" ", "").is_empty());
        let signed = Signature::new(" ada ", "\x1b[2J");
        assert_eq!((signed.who(), signed.note()), (Some("ada"), Some("\u{fffd}[2J")));
        let long = Signature::new("", &"x".repeat(10_000));
        assert_eq!(long.note().map(|note| note.chars().count()), Some(NOTE + 1));
    }
}
