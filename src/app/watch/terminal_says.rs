//! What the terminal and the configuration say of the looks of the screen.

use super::super::doctor::colours_of;
use super::super::looks::Looks;
use super::super::suggest::suggestions;
use super::Failure;
use crate::config::{ColorMode, Config, process_environment};
use crate::domain::local::LocalState;
use crate::report::doctor::Colours;
use crate::ui::dashboard::Options;
use crate::ui::format::Zone;
use crate::ui::state::Access;
use crate::ui::terminal::{Mouse, Terminal};
use crate::ui::theme::GlyphSet;

/// A variable of the environment that says something.
fn set(name: &str) -> Option<String> {
    process_environment(name)
        .and_then(|value| value.into_string().ok())
        .filter(|value| !value.is_empty())
}

/// GNU screen holds `Esc` back until the next key while it reports the mouse (seen with 4.9.0), and
/// sets this variable.
pub(super) fn mouse() -> Mouse {
    if set("STY").is_some() { Mouse::Free } else { Mouse::Captured }
}

/// Whether the terminal says that it can nothing else, or the locale that it is not told UTF-8. The
/// fonts of the Linux console lack most signs.
fn shows_ascii_only(set: &dyn Fn(&str) -> Option<String>) -> bool {
    let vt = |term: &str| {
        term.strip_prefix("vt").is_some_and(|model| model.starts_with(|c: char| c.is_ascii_digit()))
    };
    let plain = |term: &str| matches!(term, "dumb" | "linux") || vt(term);
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    let utf8 = |locale: String| locale.to_ascii_lowercase().replace('-', "").contains("utf8");
    set("TERM").is_some_and(|term| plain(&term)) || !locale.is_none_or(utf8)
}

/// What the dashboard begins with.
pub(super) fn options(config: &Config, local: &LocalState) -> Result<Options, Failure> {
    let Looks { mut theme, keymap } =
        Looks::read(config).map_err(|message| Failure::new(2, message))?;
    if config.ui.ascii.unwrap_or_else(|| shows_ascii_only(&set)) {
        theme = theme.with_glyphs(GlyphSet::Ascii);
    }
    let colours = match config.ui.color {
        ColorMode::Never => Colours::None,
        ColorMode::Auto => colours_of(&set),
        // What was asked for outweighs NO_COLOR and a terminal that says nothing of itself.
        ColorMode::Always => match colours_of(&|name| set(name).filter(|_| name != "NO_COLOR")) {
            Colours::None => Colours::Sixteen,
            more => more,
        },
    };
    theme = theme.reduced_to(colours);
    Ok(Options {
        theme,
        colours,
        keymap,
        view: config.ui.view,
        columns: config.ui.columns.clone(),
        panels: config.ui.panels.clone(),
        access: if config.read_only { Access::ReadOnly } else { Access::Full },
        zone: Zone(jiff::tz::TimeZone::system()),
        size: Terminal::size().unwrap_or_default(),
        suggestions: if config.targets.is_empty() { suggestions(local) } else { Vec::new() },
        teach: false,
        relayed: set("TMUX").is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_terminal_that_says_so_gets_ascii() {
        let ascii = |pairs: &[(&str, &str)]| {
            let set = |name: &str| {
                let found = pairs.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            shows_ascii_only(&set)
        };
        let xterm = ("TERM", "xterm-256color");
        assert!(!ascii(&[xterm]), "nothing is said of the locale");
        assert!(!ascii(&[xterm, ("LANG", "de_AT.UTF-8")]));
        assert!(!ascii(&[xterm, ("LC_ALL", "C.utf8"), ("LANG", "C")]));
        assert!(ascii(&[xterm, ("LANG", "C")]));
        assert!(ascii(&[xterm, ("LC_ALL", "de_AT.ISO-8859-1"), ("LANG", "de_AT.UTF-8")]));
        assert!(ascii(&[("TERM", "dumb")]) && ascii(&[("TERM", "linux"), ("LANG", "C.UTF-8")]));
        assert!(ascii(&[("TERM", "vt100")]) && !ascii(&[("TERM", "vte-256color")]));
    }
}
