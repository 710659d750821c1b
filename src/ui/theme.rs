//! Themes: what each role looks like. Data in `config/themes/`, one file per theme.

use super::palette;
use crate::report::doctor::Colours;
use ratatui::style::{Color, Modifier, Style};
use std::collections::BTreeMap;
use unicode_width::UnicodeWidthStr;

/// What a piece of the screen means; a theme decides how that looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Ordinary text.
    Text,
    /// Text that needs no attention: healthy rows, labels.
    Dim,
    /// Text with weight: names of hosts in trouble.
    Strong,
    /// Headings of columns and sections.
    Heading,
    /// Rules, frames, axes.
    Border,
    /// Keys in hints.
    Key,
    /// The background of the selected row.
    Selection,
    /// The cursor of a text field.
    Cursor,
    /// A line that answers a key.
    Message,
    /// The background of overlays.
    Panel,
    /// What is simulated, paused or read-only.
    Label,
    /// A warning about the advice itself: it weakens security, it disconnects people.
    Caution,
    /// The monitor is offline and judges nobody.
    Offline,
    /// Healthy.
    StateOk,
    /// Warning, or slow.
    StateWarning,
    /// Critical, or broken.
    StateCritical,
    /// Asleep, likely.
    StateAsleep,
    /// Being woken.
    StateWaking,
    /// The monitor cannot judge.
    StateUnknown,
    /// Not measured.
    StateNotMeasured,
    /// Not established, no fault.
    StateNotEstablished,
    /// Acknowledged, snoozed or in maintenance.
    StateMuted,
    /// A sparkline or chart below the warning threshold.
    Spark,
    /// The same at or above the warning threshold.
    SparkSlow,
    /// The same at or above the critical threshold.
    SparkVerySlow,
    /// A lost sample.
    SparkLost,
    /// A lost sample of a host that is asleep or not judged: no reason to look.
    SparkLostQuiet,
    /// A broken rung of such a host.
    BrokenQuiet,
    /// A sample answered late.
    SparkLate,
    /// A tile of the wall whose worst is healthy.
    TileOk,
    /// A tile whose worst warns.
    TileWarning,
    /// A tile whose worst is critical.
    TileCritical,
    /// A tile that says neither good nor bad: asleep, not measured, not judged, in maintenance.
    TileQuiet,
}

/// One row of the table of roles.
struct RoleRow(Role, &'static str, Option<Role>, &'static str, &'static str);

/// Every role: its name in theme files, the role it falls back to, its glyph, its ASCII glyph.
const ROLES: &[RoleRow] = &[
    RoleRow(Role::Text, "text", None, " ", " "),
    RoleRow(Role::Dim, "text.dim", Some(Role::Text), " ", " "),
    RoleRow(Role::Strong, "text.strong", Some(Role::Text), " ", " "),
    RoleRow(Role::Heading, "heading", Some(Role::Dim), " ", " "),
    RoleRow(Role::Border, "border", Some(Role::Dim), "\u{2500}", "-"),
    RoleRow(Role::Key, "key", Some(Role::Strong), " ", " "),
    RoleRow(Role::Selection, "selection", None, "\u{25b8}", ">"),
    RoleRow(Role::Cursor, "cursor", Some(Role::Selection), " ", " "),
    RoleRow(Role::Message, "message", Some(Role::Strong), " ", " "),
    RoleRow(Role::Panel, "panel", Some(Role::Text), " ", " "),
    RoleRow(Role::Label, "label", Some(Role::StateWarning), "\u{2016}", "="),
    RoleRow(Role::Caution, "caution", Some(Role::StateWarning), "\u{25b2}", "!"),
    RoleRow(Role::Offline, "offline", Some(Role::StateCritical), "?", "?"),
    RoleRow(Role::StateOk, "state.ok", Some(Role::Text), "\u{25cf}", "o"),
    RoleRow(Role::StateWarning, "state.warning", Some(Role::Strong), "\u{25b2}", "!"),
    RoleRow(Role::StateCritical, "state.critical", Some(Role::StateWarning), "\u{2716}", "x"),
    RoleRow(Role::StateAsleep, "state.asleep", Some(Role::Text), "\u{263e}", "z"),
    RoleRow(Role::StateWaking, "state.waking", Some(Role::StateAsleep), "\u{25d0}", "w"),
    RoleRow(Role::StateUnknown, "state.unknown", Some(Role::Text), "?", "?"),
    RoleRow(Role::StateNotMeasured, "state.not-measured", Some(Role::Dim), "\u{2013}", "-"),
    RoleRow(Role::StateNotEstablished, "state.not-established", Some(Role::Dim), "\u{25cb}", "."),
    RoleRow(Role::StateMuted, "state.muted", Some(Role::Dim), "\u{2016}", "="),
    RoleRow(Role::Spark, "spark", Some(Role::Text), " ", " "),
    RoleRow(Role::SparkSlow, "spark.slow", Some(Role::StateWarning), " ", " "),
    RoleRow(Role::SparkVerySlow, "spark.very-slow", Some(Role::StateCritical), " ", " "),
    RoleRow(Role::SparkLost, "spark.lost", Some(Role::StateCritical), "\u{d7}", "x"),
    RoleRow(Role::SparkLostQuiet, "spark.lost.quiet", Some(Role::Dim), "\u{d7}", "x"),
    RoleRow(Role::BrokenQuiet, "broken.quiet", Some(Role::Dim), "\u{2716}", "x"),
    RoleRow(Role::SparkLate, "spark.late", Some(Role::StateWarning), "~", "~"),
    RoleRow(Role::TileOk, "tile.ok", Some(Role::StateOk), " ", " "),
    RoleRow(Role::TileWarning, "tile.warning", Some(Role::StateWarning), " ", " "),
    RoleRow(Role::TileCritical, "tile.critical", Some(Role::StateCritical), " ", " "),
    RoleRow(Role::TileQuiet, "tile.quiet", Some(Role::StateNotMeasured), " ", " "),
];

impl Role {
    /// Every role.
    pub fn all() -> impl Iterator<Item = Self> {
        ROLES.iter().map(|row| row.0)
    }

    /// The name in theme files.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().map_or("", |row| row.1)
    }

    /// The glyph when the theme gives none.
    #[must_use]
    pub fn glyph(self) -> &'static str {
        self.row().map_or(" ", |row| row.3)
    }

    /// The role with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        ROLES.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    fn row(self) -> Option<&'static RoleRow> {
        ROLES.iter().find(|row| row.0 == self)
    }
}

/// Which glyphs the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GlyphSet {
    /// Unicode.
    #[default]
    Unicode,
    /// ASCII only (`--ascii`, the Linux console, old fonts).
    Ascii,
}

/// A role's look in a theme file.
#[derive(Debug, Clone, Default, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key of the file, named as terminals do"
)]
struct Look {
    fg: Option<String>,
    bg: Option<String>,
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
    reverse: bool,
    glyph: Option<String>,
    ascii: Option<String>,
}

/// A theme file.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ThemeFile {
    name: String,
    roles: BTreeMap<String, Look>,
}

/// Why a theme file was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ThemeError {
    /// Not TOML, or not the shape of a theme; with the parser's words.
    #[error("theme: {0}")]
    Toml(String),
    /// No such role; with the nearest one.
    #[error("theme: no role \"{0}\", did you mean \"{1}\"?")]
    Role(String, &'static str),
    /// Not a colour.
    #[error("theme: role \"{0}\": \"{1}\" is not a colour, expected a name, #rrggbb or 0 to 255")]
    Colour(String, String),
    /// A glyph that is not one cell wide, or an ASCII glyph outside ASCII.
    #[error("theme: role \"{0}\": glyph \"{1}\" must be one cell wide (and ASCII for \"ascii\")")]
    Glyph(String, String),
}

/// What every role looks like.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    /// Its name.
    pub name: String,
    glyphs: GlyphSet,
    looks: BTreeMap<Role, (Style, String, String)>,
}

/// The themes inside the binary, by name.
const BUILT_IN: [(&str, &str); 5] = [
    ("dark", include_str!("../../config/themes/dark.toml")),
    ("light", include_str!("../../config/themes/light.toml")),
    ("mono", include_str!("../../config/themes/mono.toml")),
    ("high-contrast", include_str!("../../config/themes/high-contrast.toml")),
    ("colour-blind", include_str!("../../config/themes/colour-blind.toml")),
];

impl Theme {
    /// Names of the themes inside the binary.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// The built-in theme with this name.
    #[must_use]
    pub fn built_in(name: &str) -> Option<Self> {
        let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        Self::parse(text).ok()
    }

    /// Reads a theme file.
    ///
    /// # Errors
    /// [`ThemeError`], naming the role and what was expected.
    pub fn parse(text: &str) -> Result<Self, ThemeError> {
        let file: ThemeFile = toml::from_str(text)
            .map_err(|error| ThemeError::Toml(super::toml_error::sentence(text, &error)))?;
        let mut given = BTreeMap::new();
        for (name, look) in &file.roles {
            let role = Role::named(name)
                .ok_or_else(|| ThemeError::Role(name.clone(), nearest_role(name)))?;
            given.insert(role, (style_of(name, look)?, look));
            check_glyph(name, look.glyph.as_deref(), false)?;
            check_glyph(name, look.ascii.as_deref(), true)?;
        }
        let looks = ROLES
            .iter()
            .map(|row| {
                let own = given.get(&row.0).map(|(_, look)| *look);
                let glyph = own.and_then(|look| look.glyph.clone()).unwrap_or(row.3.to_owned());
                let ascii = own.and_then(|look| look.ascii.clone()).unwrap_or(row.4.to_owned());
                (row.0, (inherited(row.0, &given), glyph, ascii))
            })
            .collect();
        Ok(Self { name: file.name, glyphs: GlyphSet::Unicode, looks })
    }

    /// This theme with another glyph set.
    #[must_use]
    pub fn with_glyphs(mut self, glyphs: GlyphSet) -> Self {
        self.glyphs = glyphs;
        self
    }

    /// This theme without colours (`NO_COLOR`): weight, underline and reversal stay.
    #[must_use]
    pub fn without_colours(mut self) -> Self {
        for (style, ..) in self.looks.values_mut() {
            if style.bg.is_some() {
                style.add_modifier |= Modifier::REVERSED;
            }
            style.fg = None;
            style.bg = None;
        }
        self
    }

    /// This theme with the colours that the terminal has.
    #[must_use]
    pub fn reduced_to(mut self, colours: Colours) -> Self {
        if colours == Colours::None {
            return self.without_colours();
        }
        for (style, ..) in self.looks.values_mut() {
            *style = palette::reduced(*style, colours);
        }
        self
    }

    /// The style of a role.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        self.looks.get(&role).map_or_else(Style::default, |(style, ..)| *style)
    }

    /// The glyph of a role in the chosen set.
    #[must_use]
    pub fn glyph(&self, role: Role) -> &str {
        self.looks.get(&role).map_or(" ", |(_, glyph, ascii)| match self.glyphs {
            GlyphSet::Unicode => glyph,
            GlyphSet::Ascii => ascii,
        })
    }

    /// Which glyphs may be used.
    #[must_use]
    pub const fn glyphs(&self) -> GlyphSet {
        self.glyphs
    }
}

impl Default for Theme {
    /// The built-in dark theme.
    fn default() -> Self {
        Self::built_in("dark").unwrap_or(Self {
            name: String::new(),
            glyphs: GlyphSet::Unicode,
            looks: BTreeMap::new(),
        })
    }
}

/// The style of the nearest role up the fallback chain that the theme mentions.
fn inherited(role: Role, given: &BTreeMap<Role, (Style, &Look)>) -> Style {
    let mut at = Some(role);
    while let Some(role) = at {
        if let Some((style, _)) = given.get(&role) {
            return *style;
        }
        at = role.row().and_then(|row| row.2);
    }
    Style::default()
}

fn nearest_role(name: &str) -> &'static str {
    ROLES
        .iter()
        .min_by_key(|row| strsim::damerau_levenshtein(row.1, name))
        .map_or("text", |row| row.1)
}

fn style_of(name: &str, look: &Look) -> Result<Style, ThemeError> {
    let mut style = Style {
        fg: look.fg.as_deref().map(|text| colour(name, text)).transpose()?,
        bg: look.bg.as_deref().map(|text| colour(name, text)).transpose()?,
        ..Style::default()
    };
    for (on, modifier) in [
        (look.bold, Modifier::BOLD),
        (look.dim, Modifier::DIM),
        (look.italic, Modifier::ITALIC),
        (look.underline, Modifier::UNDERLINED),
        (look.reverse, Modifier::REVERSED),
    ] {
        if on {
            style = style.add_modifier(modifier);
        }
    }
    Ok(style)
}

fn colour(role: &str, text: &str) -> Result<Color, ThemeError> {
    text.parse().map_err(|_| ThemeError::Colour(role.to_owned(), text.to_owned()))
}

fn check_glyph(role: &str, glyph: Option<&str>, ascii: bool) -> Result<(), ThemeError> {
    match glyph {
        Some(glyph)
            if glyph.width() != 1
                || glyph.chars().any(char::is_control)
                || (ascii && !glyph.is_ascii()) =>
        {
            Err(ThemeError::Glyph(role.to_owned(), glyph.to_owned()))
        }
        _ => Ok(()),
    }
}

/// ASCII stand-ins for characters that views and findings use besides the roles' glyphs.
const STAND_INS: &[(char, &str)] = &[
    ('\u{2500}', "-"),
    ('\u{2502}', "|"),
    ('\u{2508}', "."),
    ('\u{250c}', "+"),
    ('\u{2510}', "+"),
    ('\u{2514}', "+"),
    ('\u{2518}', "+"),
    ('\u{251c}', "+"),
    ('\u{2524}', "+"),
    ('\u{253c}', "+"),
    ('\u{256d}', "+"),
    ('\u{256e}', "+"),
    ('\u{256f}', "+"),
    ('\u{2570}', "+"),
    ('\u{2581}', "_"),
    ('\u{2582}', ","),
    ('\u{2583}', ":"),
    ('\u{2584}', ";"),
    ('\u{2585}', "i"),
    ('\u{2586}', "I"),
    ('\u{2587}', "H"),
    ('\u{2588}', "#"),
    ('\u{2026}', "~"),
    ('\u{2192}', ">"),
    ('\u{2190}', "<"),
    ('\u{2191}', "^"),
    ('\u{2193}', "v"),
    ('\u{23ce}', "^"),
    ('\u{b7}', "-"),
    ('\u{2013}', "-"),
    ('\u{2014}', "-"),
    ('\u{d7}', "x"),
    ('\u{25cf}', "o"),
    ('\u{25b2}', "!"),
    ('\u{2716}', "x"),
    ('\u{25cb}', "."),
    ('\u{263e}', "z"),
    ('\u{25d0}', "w"),
    ('\u{2016}', "="),
    ('\u{25b8}', ">"),
    ('\u{2265}', ">"),
    ('\u{2264}', "<"),
    ('\u{2018}', "'"),
    ('\u{2019}', "'"),
    ('\u{201c}', "\""),
    ('\u{201d}', "\""),
    ('\u{a0}', " "),
];

/// The one-cell ASCII stand-in for a grapheme; `?` for what has none.
#[must_use]
pub fn ascii_stand_in(symbol: &str) -> &'static str {
    let mut chars = symbol.chars();
    let first = chars.next();
    STAND_INS.iter().find(|(known, _)| Some(*known) == first).map_or("?", |(_, ascii)| ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_theme_parses_and_is_named_after_its_file() {
        for (name, text) in BUILT_IN {
            let theme = Theme::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(theme.name, name);
        }
    }

    #[test]
    fn nothing_in_a_row_vanishes_when_the_row_is_selected() {
        for name in Theme::names() {
            let theme = Theme::built_in(name).expect("built in");
            let behind = theme.style(Role::Selection).bg;
            for role in Role::all().filter(|role| *role != Role::Border) {
                let front = theme.style(role).fg;
                assert!(front.is_none() || front != behind, "{name}: {}", role.name());
            }
        }
    }

    #[test]
    fn a_role_the_theme_leaves_out_looks_like_its_fallback() {
        let theme = Theme::parse(
            "name = \"t\"\n[roles]\n\"state.warning\" = { fg = \"yellow\", bold = true }\n",
        )
        .expect("parses");
        let warning = theme.style(Role::StateWarning);
        assert_eq!(warning.fg, Some(Color::Yellow));
        assert_eq!(theme.style(Role::StateCritical), warning);
        assert_eq!(theme.style(Role::SparkLost), warning);
        assert_eq!(theme.style(Role::StateOk), Style::default());
        assert_eq!(theme.glyph(Role::StateCritical), "\u{2716}");
    }

    #[test]
    fn mistakes_are_named() {
        let parse = |row: &str| Theme::parse(&format!("name = \"t\"\n[roles]\n{row}\n"));
        assert_eq!(
            parse("\"state.critcal\" = { }"),
            Err(ThemeError::Role("state.critcal".into(), "state.critical"))
        );
        assert_eq!(
            parse("key = { fg = \"mauve-ish\" }"),
            Err(ThemeError::Colour("key".into(), "mauve-ish".into()))
        );
        assert_eq!(
            parse("key = { glyph = \"東\" }"),
            Err(ThemeError::Glyph("key".into(), "東".into()))
        );
        assert!(matches!(parse("key = { blink = true }"), Err(ThemeError::Toml(_))));
    }

    #[test]
    fn no_colour_keeps_meaning_in_weight_and_glyph() {
        for name in Theme::names() {
            let theme = Theme::built_in(name).expect("built in").without_colours();
            for role in Role::all() {
                assert_eq!((theme.style(role).fg, theme.style(role).bg), (None, None));
            }
        }
        let mono = Theme::built_in("mono").expect("built in");
        assert_eq!(mono.clone().without_colours(), mono);
    }

    #[test]
    fn states_differ_by_glyph_in_both_sets() {
        let states = [
            Role::StateOk,
            Role::StateWarning,
            Role::StateCritical,
            Role::StateAsleep,
            Role::StateWaking,
            Role::StateUnknown,
            Role::StateNotMeasured,
            Role::StateNotEstablished,
            Role::StateMuted,
        ];
        for set in [GlyphSet::Unicode, GlyphSet::Ascii] {
            let theme = Theme::default().with_glyphs(set);
            let glyphs: std::collections::BTreeSet<&str> =
                states.iter().map(|role| theme.glyph(*role)).collect();
            assert_eq!(glyphs.len(), states.len(), "{set:?}");
            // A round trip looks like no state: a row of `-` is not measured.
            let levels: Vec<char> = ('\u{2581}'..='\u{2588}').collect();
            let level =
                |level: &char| STAND_INS.iter().find(|(c, _)| c == level).map(|(_, text)| *text);
            assert!(!levels.iter().filter_map(level).any(|text| glyphs.contains(text)));
        }
    }
}
