//! What the screen looks like and which keys it takes: the files that the configuration names.

use crate::config::Config;
use crate::domain::text::excerpt;
use crate::ui::keymap::Keymap;
use crate::ui::theme::Theme;
use std::path::{Path, PathBuf};

/// A key map or a theme is smaller than this, in bytes.
const MAX_BYTES: u64 = 256 * 1024;

/// Cells of what was written that an error repeats.
const SHOWN: usize = 60;

/// What the configuration says of the screen, read.
#[derive(Debug)]
pub(super) struct Looks {
    /// The theme.
    pub(super) theme: Theme,
    /// The key map: the built-in one, with the rows of the user's in place of those it replaces.
    pub(super) keymap: Keymap,
}

impl Looks {
    /// Reads the theme and the key map that the configuration names.
    ///
    /// # Errors
    /// A sentence with the file, the place and what was expected.
    pub(super) fn read(config: &Config) -> Result<Self, String> {
        Ok(Self { theme: theme(config)?, keymap: keymap(config)? })
    }
}

/// A built-in theme by its name, else a file: the configuration takes no other names.
fn theme(config: &Config) -> Result<Theme, String> {
    if let Some(theme) = Theme::built_in(&config.ui.theme) {
        return Ok(theme);
    }
    let (path, text) = read(config, Path::new(&config.ui.theme))?;
    Theme::parse(&text).map_err(|error| at(&path, &error.to_string()))
}

fn keymap(config: &Config) -> Result<Keymap, String> {
    let Some(path) = &config.ui.keymap else { return Ok(Keymap::default()) };
    let (path, text) = read(config, path)?;
    let own = Keymap::parse(&text).map_err(|error| at(&path, &error.to_string()))?;
    Ok(Keymap::default().overridden_by(own))
}

/// A file beside the configuration, or anywhere by its whole path.
fn read(config: &Config, path: &Path) -> Result<(PathBuf, String), String> {
    let folder = config.file.as_deref().and_then(Path::parent);
    let path = folder.map_or_else(|| path.to_owned(), |folder| folder.join(path));
    let bytes = crate::config::read_bounded(&path, MAX_BYTES)
        .map_err(|error| at(&path, &error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| at(&path, "not UTF-8 text"))?;
    Ok((path, text))
}

fn at(path: &Path, what: &str) -> String {
    format!("{}: {what}", excerpt(&path.display().to_string(), SHOWN))
}
