//! A bounded memory of recent outcomes.

use super::time::Now;
use std::collections::VecDeque;

/// An outcome with the time its probe began.
#[derive(Debug, Clone, PartialEq)]
pub struct Timed<T> {
    /// When the probe began.
    pub at: Now,
    /// What it found.
    pub value: T,
}

/// The last few outcomes of one kind, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct History<T> {
    entries: VecDeque<Timed<T>>,
    capacity: usize,
}

impl<T> History<T> {
    /// An empty history that keeps the last `capacity` outcomes (at least one).
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { entries: VecDeque::new(), capacity: capacity.max(1) }
    }

    /// Adds an outcome and forgets the oldest beyond the capacity.
    pub fn push(&mut self, at: Now, value: T) {
        while self.entries.len() >= self.capacity {
            self.entries.pop_front();
        }
        self.entries.push_back(Timed { at, value });
    }

    /// The newest outcome.
    #[must_use]
    pub fn last(&self) -> Option<&Timed<T>> {
        self.entries.back()
    }

    /// Oldest first.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Timed<T>> {
        self.entries.iter()
    }

    /// Newest first.
    pub fn recent(&self) -> impl Iterator<Item = &Timed<T>> {
        self.entries.iter().rev()
    }

    /// The newest first, to be amended.
    pub fn recent_mut(&mut self) -> impl Iterator<Item = &mut Timed<T>> {
        self.entries.iter_mut().rev()
    }

    /// How many are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The start of the unbroken run of newest outcomes that satisfy `holds`.
    pub fn since(&self, holds: impl Fn(&T) -> bool) -> Option<Now> {
        self.recent().take_while(|entry| holds(&entry.value)).last().map(|entry| entry.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{MonoTime, WallTime};

    fn at(secs: u64) -> Now {
        Now { mono: MonoTime::from_secs(secs), wall: WallTime::default() }
    }

    #[test]
    fn keeps_the_newest_and_finds_where_a_run_began() {
        let mut history = History::new(3);
        for (secs, value) in [(1, 'x'), (2, 'a'), (3, 'x'), (4, 'x')] {
            history.push(at(secs), value);
        }
        assert_eq!(history.iter().map(|entry| entry.value).collect::<String>(), "axx");
        assert_eq!(history.since(|value| *value == 'x'), Some(at(3)));
        assert_eq!(history.since(|value| *value == 'a'), None);
    }
}
