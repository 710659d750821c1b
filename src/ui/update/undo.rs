//! Undo: what was last changed of the looks of the screen, what was last asked of the monitor, and
//! changes of the configuration file. What was sent cannot be undone, and that is said.

mod before;

use super::say;
use crate::domain::target::TargetId;
use crate::domain::time::WallTime;
use crate::ui::effect::{Effect, FileChange};
use crate::ui::filter::Filter;
use crate::ui::state::{Direction, Groups, Overlay, SortKey, UiState};
use crate::ui::world::World;
use before::{Asked, Before};
use std::collections::BTreeSet;

/// What can be undone, the newest last.
#[derive(Debug, Clone, Default)]
pub struct UndoStack {
    /// How the screen looked when it was last at rest.
    look: Look,
    steps: Vec<Step>,
    /// The effects that follow undo something.
    undoing: bool,
}

/// Steps that are kept.
pub const KEPT: usize = 50;

#[derive(Debug, Clone)]
enum Step {
    /// It looked like that before.
    Look(Look, String),
    /// This stood before.
    Ask(Vec<Before>, String),
    /// The configuration file was changed: whoever undoes that says how it ended.
    File(FileChange),
    /// These are watched since then, and stand in no file by that.
    Added(Vec<TargetId>),
    /// This was sent, or forgotten.
    Gone(String),
}

/// How the table looks.
#[derive(Debug, Clone, Default, PartialEq)]
struct Look {
    sort: SortKey,
    direction: Direction,
    filter: Filter,
    theme: Option<&'static str>,
    pinned: BTreeSet<TargetId>,
    grouped: bool,
    folded: BTreeSet<String>,
}

impl Look {
    fn of(state: &UiState) -> Self {
        Self {
            sort: state.sort,
            direction: state.direction,
            filter: state.filter.clone(),
            theme: state.theme,
            pinned: state.pinned.clone(),
            grouped: state.groups.on,
            folded: state.groups.folded.clone(),
        }
    }

    fn is_of(&self, state: &UiState) -> bool {
        let Groups { on, folded, .. } = &state.groups;
        self.sort == state.sort
            && self.direction == state.direction
            && self.filter == state.filter
            && self.theme == state.theme
            && self.pinned == state.pinned
            && self.grouped == *on
            && self.folded == *folded
    }

    fn put(self, state: &mut UiState) {
        state.sort = self.sort;
        state.direction = self.direction;
        state.filter = self.filter;
        state.theme = self.theme;
        state.pinned = self.pinned;
        state.groups.on = self.grouped;
        state.groups.folded = self.folded;
    }

    /// What a change from this one to `after` was, in words.
    fn change(&self, after: &Self, world: &World<'_>) -> String {
        let mut words: Vec<String> = Vec::new();
        if self.filter != after.filter {
            words.push(match after.filter.text() {
                "" => format!("the filter \"{}\" was cleared", self.filter.text()),
                text => format!("the filter \"{text}\""),
            });
        }
        if self.sort != after.sort {
            words.push(format!("sorted by {}", after.sort.word()));
        } else if self.direction != after.direction {
            words.push("the order was turned round".to_owned());
        }
        if self.theme != after.theme {
            words.push(format!("the theme {}", after.theme.unwrap_or("of the start")));
        }
        for id in after.pinned.difference(&self.pinned) {
            words.push(format!("the pin of {}", world.name(Some(*id))));
        }
        for id in self.pinned.difference(&after.pinned) {
            words.push(format!("the end of the pin of {}", world.name(Some(*id))));
        }
        if self.grouped != after.grouped {
            words.push(if after.grouped { "rows in groups" } else { "rows without groups" }.into());
        }
        let folded = after.folded.difference(&self.folded).count();
        let unfolded = self.folded.difference(&after.folded).count();
        match (folded, unfolded) {
            (0, 0) => {}
            (0, many) => words.push(format!("{} unfolded", groups(many))),
            (many, _) => words.push(format!("{} folded", groups(many))),
        }
        words.truncate(3);
        words.join(", ")
    }
}

fn groups(many: usize) -> String {
    if many == 1 { "a group was".to_owned() } else { format!("{many} groups were") }
}

fn of(world: &World<'_>, whose: &BTreeSet<Option<TargetId>>, what: &str) -> String {
    match whose.first() {
        Some(one) if whose.len() == 1 => format!("{what} of {}", world.name(*one)),
        _ => format!("{what} of {} targets", whose.len()),
    }
}

impl UndoStack {
    fn push(&mut self, step: Step) {
        if self.steps.len() >= KEPT {
            self.steps.remove(0);
        }
        self.steps.push(step);
    }
}

/// Remembers that the configuration file was changed, or that it still is: it could not be undone.
pub fn file_changed(state: &mut UiState, change: FileChange) {
    state.undo.push(Step::File(change));
}

/// Remembers that these targets were added on the screen.
pub fn added(state: &mut UiState, targets: Vec<TargetId>) {
    state.undo.push(Step::Added(targets));
}

/// What an earlier run or another program pinned was not changed here: undo leaves it.
pub fn follow_pin(state: &mut UiState, id: TargetId, pinned: bool) {
    let looks = state.undo.steps.iter_mut().filter_map(|step| match step {
        Step::Look(look, _) => Some(&mut look.pinned),
        _ => None,
    });
    for pins in looks.chain([&mut state.undo.look.pinned, &mut state.pinned]) {
        if pinned {
            pins.insert(id);
        } else {
            pins.remove(&id);
        }
    }
}

/// What was pinned here, or no more, and did not come to be: it stands as before, and there is nothing
/// of it to undo.
pub fn pin_not_taken(state: &mut UiState, id: TargetId, pinned: bool) {
    follow_pin(state, id, !pinned);
    let nothing = |step: &Step| matches!(step, Step::Look(look, _) if look.is_of(state));
    if state.undo.steps.last().is_some_and(nothing) {
        state.undo.steps.pop();
    }
}

/// Remembers what one input changed of the looks. A filter counts when it is no longer being typed.
pub fn settle(state: &mut UiState, world: &World<'_>) {
    if matches!(state.overlay, Some(Overlay::Filter(..))) || state.undo.look.is_of(state) {
        return;
    }
    let look = Look::of(state);
    let before = std::mem::replace(&mut state.undo.look, look);
    let words = before.change(&state.undo.look, world);
    state.undo.push(Step::Look(before, words));
}

/// Remembers how to undo what one input asked for. The world is the newest, also while the screen is
/// frozen: what stood before is what the monitor knew.
pub fn note(state: &mut UiState, world: &World<'_>, effects: &[Effect]) {
    if std::mem::take(&mut state.undo.undoing) {
        return;
    }
    for effect in effects {
        let gone = match effect {
            Effect::Wake(id) => Some(format!("a magic packet went to {}", world.name(Some(*id)))),
            Effect::WakeMany(ids) => Some(format!("magic packets went to {} targets", ids.len())),
            Effect::ProbeNow(id) => Some(format!("{} was probed", world.name(Some(*id)))),
            Effect::ResetStatistics => Some("the echo statistics were reset".to_owned()),
            Effect::Mark(id, _) => Some(format!("a drop of {} was marked", world.name(Some(*id)))),
            Effect::AcceptAsFound(_) => Some("findings were accepted as found".to_owned()),
            _ => None,
        };
        if let Some(words) = gone {
            state.undo.push(Step::Gone(words));
        }
    }
    if let Some(Asked { before, whose, what }) = before::of(world, effects) {
        let words = of(world, &whose, what);
        state.undo.push(Step::Ask(before, words));
    }
}

/// Undoes the newest step, and says which.
pub(super) fn undo(state: &mut UiState, world: &World<'_>) -> Vec<Effect> {
    let Some(step) = state.undo.steps.pop() else {
        return say(state, world, "there is nothing to undo");
    };
    match step {
        Step::Look(look, words) => {
            state.undo.look = look.clone();
            look.put(state);
            say(state, world, &format!("undone: {words}"))
        }
        Step::Ask(before, words) => {
            let over: Option<WallTime> = before.iter().filter_map(|b| b.over(world.now)).max();
            let words = match over.map(|over| state.zone.moment(over, world.now)) {
                Some(over) => format!("undone: {words}; what stood before is over since {over}"),
                None => format!("undone: {words}"),
            };
            say(state, world, &words);
            state.undo.undoing = true;
            before.into_iter().map(|before| before.asks(world.now)).collect()
        }
        Step::File(change) => vec![Effect::UndoFileChange(change)],
        Step::Added(targets) => vec![Effect::Unwatch(targets)],
        Step::Gone(words) => say(
            state,
            world,
            &format!("{words}: that cannot be undone; again undoes what was before"),
        ),
    }
}
