//! Keys that a newcomer is taught, one at a time, each until it was used.

use super::action::Action;

/// What is taught, in this order.
const TAUGHT: [Action; 10] = [
    Action::Open,
    Action::Help,
    Action::ProbeNow,
    Action::NextView,
    Action::Filter,
    Action::Ticket,
    Action::Sort,
    Action::NextProblem,
    Action::AddTarget,
    Action::Mark,
];

/// What is taught, and what was used already.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lessons {
    left: Vec<Action>,
}

impl Lessons {
    /// All of them, or none.
    #[must_use]
    pub fn new(teach: bool) -> Self {
        Self { left: if teach { TAUGHT.to_vec() } else { Vec::new() } }
    }

    /// Takes in what was done: it need not be taught any more.
    pub fn learn(&mut self, action: Action) {
        self.left.retain(|left| *left != action);
    }

    /// What is taught next; `None` when nothing is left.
    #[must_use]
    pub fn next(&self) -> Option<Action> {
        self.left.first().copied()
    }
}
