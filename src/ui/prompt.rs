//! A text field whose words can be completed.

use tui_input::{Input as TextField, InputRequest};

/// Longest text of a field, in characters.
pub const LONGEST: usize = 256;

/// What can stand at the end of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offer {
    /// Characters of the text that stay.
    pub keep: usize,
    /// What can follow them.
    pub words: Vec<String>,
}

/// A text field, and what was offered at the last `Tab`.
#[derive(Debug, Clone, Default)]
pub struct Prompt {
    field: TextField,
    round: Option<Round>,
}

/// Words that take turns.
#[derive(Debug, Clone)]
struct Round {
    /// Before them.
    before: String,
    /// Behind the cursor.
    behind: String,
    words: Vec<String>,
    place: usize,
}

impl Prompt {
    /// A field that holds `text`, with the cursor behind it.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self { field: text.into(), round: None }
    }

    /// The field.
    #[must_use]
    pub const fn field(&self) -> &TextField {
        &self.field
    }

    /// The field, to be edited; words take turns no longer.
    pub fn field_mut(&mut self) -> &mut TextField {
        self.round = None;
        &mut self.field
    }

    /// What was typed.
    #[must_use]
    pub fn value(&self) -> &str {
        self.field.value()
    }

    /// What was typed up to the cursor.
    #[must_use]
    pub fn before(&self) -> String {
        self.field.value().chars().take(self.field.cursor()).collect()
    }

    /// Edits it; more than [`LONGEST`] characters are not taken.
    pub fn edit(&mut self, request: InputRequest) {
        bounded(self.field_mut(), request);
    }

    /// The words that take turns, and which of them is in the field.
    #[must_use]
    pub fn turning(&self) -> Option<(&[String], usize)> {
        self.round.as_ref().map(|round| (round.words.as_slice(), round.place))
    }

    /// Puts the next of what is offered in the place of the last word; `by` is 1 or -1. `offer` is
    /// asked with the text up to the cursor. A single word is taken at once.
    pub fn complete(&mut self, by: isize, offer: impl FnOnce(&str) -> Offer) {
        let mut round = if let Some(mut round) = self.round.take() {
            let count = round.words.len().max(1);
            round.place = if by < 0 { round.place + count - 1 } else { round.place + 1 } % count;
            round
        } else {
            let before = self.before();
            let Offer { keep, words } = offer(&before);
            Round {
                place: if by < 0 { words.len().saturating_sub(1) } else { 0 },
                before: before.chars().take(keep).collect(),
                behind: self.field.value().chars().skip(self.field.cursor()).collect(),
                words,
            }
        };
        let Some(word) = round.words.get(round.place) else { return };
        let upto = format!("{}{word}", round.before);
        let cursor = upto.chars().count();
        if cursor + round.behind.chars().count() > LONGEST {
            return;
        }
        self.field = TextField::new(upto + &round.behind).with_cursor(cursor);
        round.words.truncate(LONGEST);
        self.round = (round.words.len() > 1).then_some(round);
    }
}

/// Edits a field; more than [`LONGEST`] characters are not taken.
pub fn bounded(field: &mut TextField, request: InputRequest) {
    let grows = matches!(request, InputRequest::InsertChar(_) | InputRequest::Yank);
    if !grows || field.value().chars().count() < LONGEST {
        field.handle(request);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(words: &[&str]) -> impl Fn(&str) -> Offer {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        move |before| Offer { keep: before.rfind(' ').map_or(0, |at| at + 1), words: words.clone() }
    }

    #[test]
    fn words_take_turns_both_ways_until_something_is_typed() {
        let mut prompt = Prompt::new("x s");
        let offer = offers(&["state:", "since:"]);
        prompt.complete(1, &offer);
        assert_eq!(prompt.value(), "x state:");
        prompt.complete(1, &offer);
        assert_eq!(prompt.value(), "x since:");
        prompt.complete(1, &offer);
        assert_eq!(prompt.value(), "x state:");
        prompt.complete(-1, &offer);
        assert_eq!(prompt.value(), "x since:");
        prompt.edit(InputRequest::InsertChar('a'));
        assert_eq!((prompt.value(), prompt.turning().is_none()), ("x since:a", true));
    }

    #[test]
    fn a_single_word_is_taken_and_the_text_behind_the_cursor_stays() {
        let mut prompt = Prompt::new("s tail");
        for _ in 0..5 {
            prompt.edit(InputRequest::GoToPrevChar);
        }
        prompt.complete(1, offers(&["state:"]));
        assert_eq!((prompt.value(), prompt.before().as_str()), ("state: tail", "state:"));
        assert!(prompt.turning().is_none());
        prompt.complete(1, offers(&[]));
        assert_eq!(prompt.value(), "state: tail");
    }

    #[test]
    fn no_field_grows_without_end() {
        let mut prompt = Prompt::new(&"x".repeat(LONGEST));
        prompt.edit(InputRequest::InsertChar('y'));
        prompt.complete(1, |before| Offer { keep: before.len(), words: vec!["z".to_owned()] });
        assert_eq!(prompt.value().chars().count(), LONGEST);
    }
}
