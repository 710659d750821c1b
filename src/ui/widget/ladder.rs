//! The seven cells.

use crate::domain::ladder::{Cell, Ladder};
use crate::ui::line::Line;
use crate::ui::theme::Role;

/// What a cell looks like.
#[must_use]
pub const fn role(cell: Cell) -> Role {
    match cell {
        Cell::NotMeasured => Role::StateNotMeasured,
        Cell::Ok => Role::StateOk,
        Cell::Warning => Role::StateWarning,
        Cell::Broken => Role::StateCritical,
        Cell::NotEstablished => Role::StateNotEstablished,
    }
}

/// The cells in a row, `gap` blanks between them.
#[must_use]
pub fn cells(ladder: &Ladder, gap: usize) -> Line {
    let mut line = Line::new();
    for (place, rung) in ladder.iter().enumerate() {
        if place > 0 {
            line.push(Role::Text, &" ".repeat(gap));
        }
        line = line.glyph(role(rung.cell));
    }
    line
}
