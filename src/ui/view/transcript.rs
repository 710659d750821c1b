//! What the newest connections of a target said and heard.

use crate::domain::transcripts::Told;
use crate::report::transcript::lines;
use crate::ui::line::{Line, wrap};
use crate::ui::state::UiState;
use crate::ui::theme::Role;
use crate::ui::world::World;

/// The transcripts, newest first, in lines of at most `width` cells.
#[must_use]
pub fn document(world: &World<'_>, state: &UiState, told: &[Told], width: usize) -> Vec<Line> {
    let now = world.snapshot.now.wall;
    let mut out = Vec::new();
    for told in told {
        if !out.is_empty() {
            out.push(Line::new());
        }
        let text = lines(told, &state.zone.moment(told.at.wall, now));
        for (place, line) in text.iter().enumerate() {
            let role = match place {
                0 if told.works => Role::Strong,
                0 => Role::StateCritical,
                _ if line.starts_with("connection") => Role::Heading,
                _ => Role::Text,
            };
            out.extend(wrap(line, width).iter().map(|line| Line::of(role, line).cut(width)));
        }
    }
    if out.is_empty() {
        out.push(Line::of(Role::Text, "No connection was made yet."));
    }
    out
}
