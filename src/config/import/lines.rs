//! Where in a text something stands.

use std::cell::Cell;

/// Places of bytes in a text. Asked for in the order of the text, all of them together take one
/// pass, however long its lines are.
pub(super) struct Lines<'t> {
    text: &'t str,
    /// A byte, its line and its column, from which on is counted.
    last: Cell<(usize, usize, usize)>,
}

impl<'t> Lines<'t> {
    pub(super) const fn of(text: &'t str) -> Self {
        Self { text, last: Cell::new((0, 1, 1)) }
    }

    /// Line and column of a byte, both from 1, the column in characters.
    pub(super) fn place(&self, at: usize) -> (usize, usize) {
        let (last, mut line, mut column) = match self.last.get() {
            (last, ..) if last > at => (0, 1, 1),
            last => last,
        };
        let at = at.min(self.text.len());
        for letter in self.text.get(last..at).unwrap_or_default().chars() {
            (line, column) = if letter == '\n' { (line + 1, 1) } else { (line, column + 1) };
        }
        self.last.set((at, line, column));
        (line, column)
    }
}
