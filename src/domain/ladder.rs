//! The seven cells that say how far up a connection gets.

use super::finding::Rung;
use std::time::Duration;

/// One rung's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Cell {
    /// Not measured, or not reached.
    #[default]
    NotMeasured,
    /// Works.
    Ok,
    /// Works, with a warning.
    Warning,
    /// Broken.
    Broken,
    /// Not established and no fault: an optional rung that does not answer.
    NotEstablished,
}

/// One rung as the detail screen shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RungLine {
    /// Which rung.
    pub rung: Rung,
    /// Its state.
    pub cell: Cell,
    /// The newest time, of this rung alone.
    pub last: Option<Duration>,
    /// The median of the same target's earlier times.
    pub usual: Option<Duration>,
    /// How it ended, one line, escaped.
    pub text: String,
}

/// The ladder of one target, bottom first.
pub type Ladder = [RungLine; 7];
