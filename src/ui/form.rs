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
    /// Why it was not taken.
    pub refused: Option<String>,
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
        Self { name: name.to_owned(), is_new: false, fields, chosen: 0, refused: None }
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

    /// The line in front, to be edited; why it was not taken is said until then.
    pub fn field_mut(&mut self) -> Option<&mut TextField> {
        self.refused = None;
        self.fields.get_mut(self.chosen).map(|field| &mut field.text)
    }

    /// To the line before or behind, in a ring.
    pub fn step(&mut self, back: bool) {
        let count = self.fields.len().max(1);
        self.chosen = (self.chosen + if back { count - 1 } else { 1 }) % count;
    }
}
