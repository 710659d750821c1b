//! A form over a target as it stands in the configuration file.

use tui_input::Input as TextField;

/// One line of a form.
#[derive(Debug, Clone)]
pub struct Field {
    /// What is typed there, as the file calls it.
    pub key: &'static str,
    /// In a few words.
    pub about: &'static str,
    /// As typed.
    pub text: TextField,
}

/// Keys that would be mistaken for each other are called by what they hold.
const CALLED: [(&str, &str); 2] = [("expect", "addresses"), ("expected", "up")];

impl Field {
    /// What stands in front of it.
    #[must_use]
    pub fn label(&self) -> &'static str {
        CALLED.iter().find(|(key, _)| *key == self.key).map_or(self.key, |(_, called)| called)
    }
}

/// Why a form was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Which line it is about; `None` where it is about no line alone.
    pub field: Option<usize>,
    /// What is wrong.
    pub words: String,
}

/// A target being changed.
#[derive(Debug, Clone)]
pub struct Form {
    /// What the target is called in the file.
    pub name: String,
    /// Whether it is a target that no file has yet.
    pub is_new: bool,
    /// Its lines; never empty.
    pub fields: Vec<Field>,
    /// The line in front.
    pub chosen: usize,
    /// Why it was not taken, as far as what is wrong was not typed anew.
    pub wrong: Vec<Wrong>,
}

impl Form {
    /// A form that holds `texts`, one per key.
    #[must_use]
    pub fn new(name: &str, keys: &[(&'static str, &'static str)], texts: Vec<String>) -> Self {
        let fields = keys
            .iter()
            .zip(texts)
            .map(|((key, about), text)| Field { key, about, text: text.into() })
            .collect();
        Self { name: name.to_owned(), is_new: false, fields, chosen: 0, wrong: Vec::new() }
    }

    /// What was typed, line by line.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.fields.iter().map(|field| field.text.value().trim().to_owned()).collect()
    }

    /// The line in front.
    #[must_use]
    pub fn field(&self) -> Option<&TextField> {
        self.fields.get(self.chosen).map(|field| &field.text)
    }

    /// It was not taken: the first line that is wrong is in front.
    pub fn refuse(&mut self, wrong: Vec<Wrong>) {
        if let Some(first) = wrong.iter().find_map(|one| one.field) {
            self.chosen = first.min(self.fields.len().saturating_sub(1));
        }
        self.wrong = wrong;
    }

    /// Whether that line is wrong.
    #[must_use]
    pub fn is_wrong(&self, field: usize) -> bool {
        self.wrong.iter().any(|one| one.field == Some(field))
    }

    /// The line in front, to be edited; what is wrong with it is said until then.
    pub fn field_mut(&mut self) -> Option<&mut TextField> {
        let chosen = self.chosen;
        self.wrong.retain(|one| one.field.is_some_and(|field| field != chosen));
        self.fields.get_mut(self.chosen).map(|field| &mut field.text)
    }

    /// To the line before or behind, in a ring.
    pub fn step(&mut self, back: bool) {
        let count = self.fields.len().max(1);
        self.chosen = (self.chosen + if back { count - 1 } else { 1 }) % count;
    }
}
