//! What one attempt said and heard, step by step.

use crate::domain::finding::Rung;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// Steps kept of one attempt; later ones are counted.
pub const MAX_STEPS: usize = 48;

/// Bytes kept of what was sent or received in the clear, from the first on.
pub const MAX_HEAD: usize = 32;

/// One attempt, step by step, over every connection that it took. A clone shares the steps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Transcript {
    /// In the order they happened, at most [`MAX_STEPS`].
    pub steps: Arc<[Step]>,
    /// Steps beyond those.
    pub left_out: u32,
}

impl Transcript {
    /// Whether nothing was recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// One step of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// From the start of the attempt.
    pub at: Duration,
    /// Which of its connections, counted from one.
    pub connection: u8,
    /// The rung it belongs to.
    pub rung: Rung,
    /// Who acted.
    pub way: Way,
    /// In a few words, no full stop. Unescaped.
    pub what: Cow<'static, str>,
    /// How many bytes, 0 for an event.
    pub bytes: usize,
    /// The first of them where they are in the clear and known, at most [`MAX_HEAD`].
    pub head: Box<[u8]>,
}

/// Who acted in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// The probe said something.
    Sent,
    /// The host said something.
    Received,
    /// A connection opened or ended, or nothing came.
    Event,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thousand targets hold up to three transcripts each.
    #[test]
    fn a_transcript_is_small() {
        let step = size_of::<Step>();
        assert!(step <= 80, "{step} bytes");
        assert!((step + MAX_HEAD) * MAX_STEPS <= 6 * 1024);
    }
}
