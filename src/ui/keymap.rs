//! Which key does what, as data. The default is `config/keymap.toml`; the help is made from it.

use super::action::Action;
use super::input::{Key, KeyError};
use super::toml_error;

/// A set of keys that are active together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layer {
    /// Behind everything.
    Always,
    /// Behind every screen.
    Global,
    /// The table.
    Table,
    /// The detail.
    Detail,
    /// The alerts.
    Alerts,
    /// The wall.
    Wall,
    /// The way to one target.
    Path,
    /// The timeline.
    Timeline,
    /// One target in plain words.
    Simple,
    /// Texts that scroll: help, explain, ticket.
    Text,
    /// A list to choose from.
    Menu,
    /// What was there on first sight.
    Review,
    /// A question.
    Confirm,
    /// A text field.
    Input,
}

impl Layer {
    /// Every layer with its name in key maps and its heading in the help.
    pub const TABLE: &[(Self, &str, &str)] = &[
        (Self::Table, "table", "TABLE"),
        (Self::Detail, "detail", "DETAIL"),
        (Self::Global, "global", "EVERYWHERE"),
        (Self::Always, "always", "ALWAYS"),
        (Self::Alerts, "alerts", "ALERTS"),
        (Self::Wall, "wall", "WALL"),
        (Self::Path, "path", "PATH"),
        (Self::Timeline, "timeline", "TIMELINE"),
        (Self::Simple, "simple", "SIMPLE"),
        (Self::Text, "text", "HELP, EXPLAIN, TICKET"),
        (Self::Menu, "menu", "MENUS"),
        (Self::Review, "review", "THERE ON FIRST SIGHT"),
        (Self::Confirm, "confirm", "QUESTIONS"),
        (Self::Input, "input", "TEXT FIELDS"),
    ];

    /// Where a key is looked up when this layer is in front, in this order.
    #[must_use]
    pub const fn chain(self) -> &'static [Self] {
        match self {
            Self::Always => &[Self::Always],
            Self::Global => &[Self::Global, Self::Always],
            Self::Table => &[Self::Table, Self::Global, Self::Always],
            Self::Detail => &[Self::Detail, Self::Global, Self::Always],
            Self::Alerts => &[Self::Alerts, Self::Global, Self::Always],
            Self::Wall => &[Self::Wall, Self::Global, Self::Always],
            Self::Path => &[Self::Path, Self::Global, Self::Always],
            Self::Timeline => &[Self::Timeline, Self::Global, Self::Always],
            Self::Simple => &[Self::Simple, Self::Global, Self::Always],
            Self::Text => &[Self::Text, Self::Always],
            Self::Menu => &[Self::Menu, Self::Always],
            Self::Review => &[Self::Review, Self::Always],
            Self::Confirm => &[Self::Confirm, Self::Always],
            Self::Input => &[Self::Input, Self::Always],
        }
    }
}

/// A row of a key map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Where it holds.
    pub layer: Layer,
    /// The keys.
    pub on: Vec<Key>,
    /// What they do.
    pub run: Action,
    /// In words, for the help.
    pub desc: String,
}

/// Why a key map was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    /// Not TOML, or not the shape of a key map; with the parser's words.
    #[error("key map: {0}")]
    Toml(String),
    /// No such action; with the nearest one.
    #[error("key map: line {line}: no action \"{given}\", did you mean \"{nearest}\"?")]
    Action {
        /// Line of the row, from 1.
        line: usize,
        /// What was written.
        given: String,
        /// The nearest name.
        nearest: &'static str,
    },
    /// Not a key.
    #[error("key map: line {line}: {error}")]
    Key {
        /// Line of the row, from 1.
        line: usize,
        /// What was written.
        error: KeyError,
    },
    /// One key twice in one layer.
    #[error("key map: line {line}: {key} is bound twice in this layer")]
    Twice {
        /// Line of the second row, from 1.
        line: usize,
        /// The key.
        key: Key,
    },
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    on: Vec<toml::Spanned<String>>,
    run: toml::Spanned<String>,
    desc: Option<String>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    always: Vec<Row>,
    global: Vec<Row>,
    table: Vec<Row>,
    detail: Vec<Row>,
    alerts: Vec<Row>,
    wall: Vec<Row>,
    path: Vec<Row>,
    timeline: Vec<Row>,
    simple: Vec<Row>,
    text: Vec<Row>,
    menu: Vec<Row>,
    review: Vec<Row>,
    confirm: Vec<Row>,
    input: Vec<Row>,
}

/// Which key does what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    rows: Vec<Binding>,
}

/// The key map inside the binary.
const DEFAULT: &str = include_str!("../../config/keymap.toml");

impl Default for Keymap {
    fn default() -> Self {
        Self::parse(DEFAULT).unwrap_or(Self { rows: Vec::new() })
    }
}

impl Keymap {
    /// Reads a key map.
    ///
    /// # Errors
    /// [`KeymapError`], naming the line and what was expected.
    pub fn parse(text: &str) -> Result<Self, KeymapError> {
        let file: File = toml::from_str(text)
            .map_err(|error| KeymapError::Toml(toml_error::sentence(text, &error)))?;
        let layers = [
            (Layer::Always, file.always),
            (Layer::Global, file.global),
            (Layer::Table, file.table),
            (Layer::Detail, file.detail),
            (Layer::Alerts, file.alerts),
            (Layer::Wall, file.wall),
            (Layer::Path, file.path),
            (Layer::Timeline, file.timeline),
            (Layer::Simple, file.simple),
            (Layer::Text, file.text),
            (Layer::Menu, file.menu),
            (Layer::Review, file.review),
            (Layer::Confirm, file.confirm),
            (Layer::Input, file.input),
        ];
        let mut rows: Vec<Binding> = Vec::new();
        for (layer, row) in
            layers.into_iter().flat_map(|(l, rows)| rows.into_iter().map(move |r| (l, r)))
        {
            let binding = binding(text, layer, row, &rows)?;
            rows.push(binding);
        }
        Ok(Self { rows })
    }

    /// This key map with the rows of `other` in place of those with the same layer and key.
    #[must_use]
    pub fn overridden_by(mut self, other: Self) -> Self {
        for row in &mut self.rows {
            row.on.retain(|key| {
                !other.rows.iter().any(|new| new.layer == row.layer && new.on.contains(key))
            });
        }
        self.rows.retain(|row| !row.on.is_empty());
        self.rows.extend(other.rows);
        self
    }

    /// What `key` does when `layer` is in front.
    #[must_use]
    pub fn action(&self, layer: Layer, key: Key) -> Option<Action> {
        layer.chain().iter().find_map(|layer| {
            self.rows
                .iter()
                .find(|row| row.layer == *layer && row.on.contains(&key))
                .map(|row| row.run)
        })
    }

    /// The first key that does `action` when `layer` is in front, for a hint.
    #[must_use]
    pub fn key_for(&self, layer: Layer, action: Action) -> Option<Key> {
        layer.chain().iter().find_map(|layer| {
            let row = self.rows.iter().find(|row| row.layer == *layer && row.run == action)?;
            row.on.first().copied()
        })
    }

    /// Every row, in the order of the file.
    #[must_use]
    pub fn rows(&self) -> &[Binding] {
        &self.rows
    }
}

fn binding(text: &str, layer: Layer, row: Row, known: &[Binding]) -> Result<Binding, KeymapError> {
    let run = Action::named(row.run.get_ref()).ok_or_else(|| KeymapError::Action {
        line: toml_error::line_of(text, row.run.span().start),
        given: row.run.get_ref().clone(),
        nearest: Action::nearest(row.run.get_ref()),
    })?;
    let mut on: Vec<Key> = Vec::new();
    for spanned in &row.on {
        let line = toml_error::line_of(text, spanned.span().start);
        let key: Key =
            spanned.get_ref().parse().map_err(|error| KeymapError::Key { line, error })?;
        let twice = on.contains(&key)
            || known.iter().any(|other| other.layer == layer && other.on.contains(&key));
        if twice {
            return Err(KeymapError::Twice { line, key });
        }
        on.push(key);
    }
    let desc = row.desc.unwrap_or_else(|| run.id().replace('-', " "));
    Ok(Binding { layer, on, run, desc })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_parses_without_duplicates() {
        let keymap = Keymap::parse(DEFAULT).unwrap_or_else(|error| panic!("{error}"));
        assert!(keymap.rows().iter().all(|row| !row.desc.is_empty()));
    }

    #[test]
    fn every_action_is_bound_and_named_once() {
        let keymap = Keymap::default();
        for (action, id) in Action::TABLE {
            assert!(keymap.rows().iter().any(|row| row.run == *action), "{id} has no key");
            assert_eq!(Action::named(id), Some(*action));
            assert_eq!(action.id(), *id);
        }
    }

    #[test]
    fn the_layer_in_front_wins_and_text_fields_take_letters() {
        let keymap = Keymap::default();
        let enter = Key::plain(crossterm::event::KeyCode::Enter);
        assert_eq!(keymap.action(Layer::Table, enter), Some(Action::Open));
        assert_eq!(keymap.action(Layer::Detail, enter), Some(Action::Explain));
        assert_eq!(keymap.action(Layer::Alerts, Key::char('q')), Some(Action::Quit));
        assert_eq!(keymap.action(Layer::Input, Key::char('q')), None);
        for (layer, ..) in Layer::TABLE {
            assert_eq!(keymap.action(*layer, Key::ctrl('c')), Some(Action::Quit), "{layer:?}");
        }
    }

    #[test]
    fn esc_never_quits() {
        let keymap = Keymap::default();
        let esc = Key::plain(crossterm::event::KeyCode::Esc);
        for (layer, ..) in Layer::TABLE.iter().filter(|(layer, ..)| *layer != Layer::Always) {
            assert_eq!(keymap.action(*layer, esc), Some(Action::Back), "{layer:?}");
        }
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        let parse = |text: &str| Keymap::parse(text).expect_err("refused").to_string();
        assert_eq!(
            parse("global = [\n  { on = [\"w\"], run = \"wake-al\" },\n]"),
            "key map: line 2: no action \"wake-al\", did you mean \"wake-all\"?"
        );
        assert!(parse("global = [{ on = [\"Strg-w\"], run = \"wake\" }]").contains("not a key"));
        assert_eq!(
            parse(
                "table = [\n{ on = [\"w\"], run = \"wake\" },\n{ on = [\"w\"], run = \"help\" }]"
            ),
            "key map: line 3: w is bound twice in this layer"
        );
        assert!(parse("tabel = []").starts_with("key map: "));
    }

    #[test]
    fn a_key_map_of_the_users_own_replaces_single_keys() {
        let own = Keymap::parse("global = [{ on = [\"j\"], run = \"wake\" }]").expect("parses");
        let keymap = Keymap::default().overridden_by(own);
        assert_eq!(keymap.action(Layer::Table, Key::char('j')), Some(Action::Wake));
        let down = Key::plain(crossterm::event::KeyCode::Down);
        assert_eq!(keymap.action(Layer::Table, down), Some(Action::Down));
    }
}
