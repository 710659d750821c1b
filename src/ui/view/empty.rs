//! Nothing is watched yet: what this is, and how to begin.

use super::footer::key_name;
use crate::ui::action::Action;
use crate::ui::keymap::Layer;
use crate::ui::line::{Line, wrap};
use crate::ui::state::{Overlay, UiState};
use crate::ui::theme::Role;
use crate::ui::view_model::ViewLine;
use crate::ui::world::World;

const WHAT: &str = "rdpwatch watches Remote Desktop hosts and says, live and in plain words, why \
    a session fails or drops (error 0x904): on which machine, since when, with what proof, and \
    how to fix it. It needs no account on the hosts and installs nothing there.";

const PASTE: &str =
    "Paste a list of hosts, or drop a file here: .rdp, RDCMan, mRemoteNG, hosts, CSV.";

const EXAMPLES: [&str; 2] = [
    "Or start with:       rdpwatch office-pc 10.0.0.21 home-pc#02:11:22:33:44:55",
    "Without a network:   rdpwatch demo",
];

/// The screen without targets.
#[must_use]
pub fn lines(world: &World<'_>, state: &UiState, height: usize) -> Vec<ViewLine> {
    let width = usize::from(state.size.width);
    let inner = width.saturating_sub(4).min(76);
    let typing = matches!(state.overlay, Some(Overlay::AddTarget(..)));
    let layer = if typing { Layer::Input } else { Layer::Table };
    let keyed = |action, words: &str| {
        let key = key_name(world, layer, action);
        Line::of(Role::Text, "  ").text(Role::Key, &key).text(Role::Text, words)
    };
    let what = wrap(WHAT, inner);
    let keys = [keyed(Action::AddTarget, " type a host to watch"), keyed(Action::Quit, " quit")];
    let mut lines = vec![Line::new()];
    if height > what.len() + 4 {
        lines.extend(what.iter().map(|line| Line::of(Role::Text, &format!("  {line}"))));
    } else {
        lines.push(Line::of(Role::Text, "  Nothing is watched yet."));
    }
    lines.push(Line::new());
    if typing {
        let paste = wrap(PASTE, inner);
        lines.extend(paste.iter().map(|line| Line::of(Role::Text, &format!("  {line}"))));
    }
    lines.extend(keys.into_iter().skip(usize::from(typing)));
    if height > lines.len() + 3 {
        lines.push(Line::new());
        for example in EXAMPLES {
            lines.push(Line::of(Role::Dim, &format!("  {example}")));
        }
    }
    lines.into_iter().take(height).map(|line| line.cut(width).into()).collect()
}
