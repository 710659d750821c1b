//! Moving about.

use super::{alerts, say, timeline, wall};
use crate::domain::snapshot::TargetSnapshot;
use crate::ui::action::Action;
use crate::ui::causes::{self, Problem};
use crate::ui::effect::Effect;
use crate::ui::layout::Layout;
use crate::ui::line::Line;
use crate::ui::marked;
use crate::ui::order::{self, Entry};
use crate::ui::state::{Screen, UiState};
use crate::ui::theme::Role;
use crate::ui::view::{detail, frame, table};
use crate::ui::world::World;

/// Where `action` leads from `place` among `count`, with `page` at a time.
pub(super) fn target_place(action: Action, place: usize, count: usize, page: usize) -> usize {
    let last = count.saturating_sub(1);
    match action {
        Action::Down => (place + 1).min(last),
        Action::Up => place.saturating_sub(1),
        Action::First => 0,
        Action::Last => last,
        Action::PageDown => place.saturating_add(page).min(last),
        Action::PageUp => place.saturating_sub(page),
        _ => place,
    }
}

/// Down, up and their like.
pub(super) fn step(state: &mut UiState, action: Action, world: &World<'_>) -> Vec<Effect> {
    let layout = Layout::of(state.size);
    let page = usize::from(layout.table_rows(state.size)).max(1);
    match state.screen {
        Screen::Table => {
            let entries = order::entries(&order::rows(world.snapshot, state), state);
            let place = moved(action, marked::entry(&entries, state), entries.len(), page);
            select_entry(state, &entries, place);
        }
        Screen::Timeline => {
            let rows = order::rows(world.snapshot, state);
            let place = moved(action, marked::row(&rows, state.selected), rows.len(), page);
            if let Some(target) = rows.get(place) {
                state.choose(target.target.id);
                state.top = table::first_row(state.top, place, page, rows.len());
            }
        }
        Screen::Detail => {
            let rows = order::rows(world.snapshot, state);
            let target = order::chosen(world, state, &rows);
            let height = frame::body(world, state).height.max(1);
            let lines = target.map_or(0, |target| detail::document(world, state, target).len());
            let count = lines.saturating_sub(height) + 1;
            let place = state.scroll.min(count - 1);
            state.scroll = target_place(action, place, count, height.saturating_sub(2).max(1));
        }
        Screen::Alerts => alerts::step(state, action, world),
        Screen::Wall => wall::step(state, action, world),
        Screen::Path | Screen::Simple => {
            let by = if matches!(action, Action::Up | Action::PageUp) { -1 } else { 1 };
            return neighbour(state, world, by);
        }
    }
    Vec::new()
}

/// To a screen. The target whose detail is open is looked at.
pub(super) fn go(state: &mut UiState, screen: Screen, world: &World<'_>) -> Vec<Effect> {
    let before = state.screen;
    if screen == Screen::Detail {
        let first = || order::rows(world.snapshot, state).first().map(|target| target.target.id);
        let id = super::subject(state, world).map(|target| target.target.id);
        let id = id.or(state.selected).or_else(first);
        if before != Screen::Detail {
            state.scroll = 0;
        }
        state.screen = screen;
        if let Some(id) = id {
            state.choose(id);
        }
        return vec![Effect::LookAt(state.selected)];
    }
    if screen == Screen::Alerts {
        alerts::enter(state, world);
    }
    state.screen = screen;
    if before == Screen::Detail { vec![Effect::LookAt(None)] } else { Vec::new() }
}

/// To the view `by` further.
pub(super) fn turn_view(state: &mut UiState, world: &World<'_>, by: isize) -> Vec<Effect> {
    let screens = Screen::WORDS.map(|(_, screen)| screen);
    let place = screens.iter().position(|screen| *screen == state.screen).unwrap_or_default();
    let next = turned(place, by, screens.len());
    screens.get(next).map_or_else(Vec::new, |screen| go(state, *screen, world))
}

/// `place` moved by `by` in a ring of `count`.
pub(super) fn turned(place: usize, by: isize, count: usize) -> usize {
    match count {
        0 => 0,
        _ if by < 0 => (place + count - 1) % count,
        _ => (place + 1) % count,
    }
}

/// Where `action` leads from the marked line; where none is, one step leads to the first.
fn moved(action: Action, marked: Option<usize>, count: usize, page: usize) -> usize {
    match (marked, action) {
        (None, Action::Down | Action::Up) => 0,
        (place, _) => target_place(action, place.unwrap_or_default(), count, page),
    }
}

/// The line beside the marked one in a ring of `count`; where none is marked, the first or last.
fn next(marked: Option<usize>, by: isize, count: usize) -> usize {
    match marked {
        Some(place) => turned(place, by, count),
        None if by < 0 => count.saturating_sub(1),
        None => 0,
    }
}

/// To the next or previous row.
pub(super) fn neighbour(state: &mut UiState, world: &World<'_>, by: isize) -> Vec<Effect> {
    if state.screen == Screen::Wall {
        wall::step(state, if by < 0 { Action::PreviousTarget } else { Action::NextTarget }, world);
        return Vec::new();
    }
    let rows = order::rows(world.snapshot, state);
    let place = next(marked::row(&rows, state.selected), by, rows.len());
    select(state, world, place)
}

/// To the next or previous problem: a cause that many share is one of them.
pub(super) fn problem(state: &mut UiState, world: &World<'_>, by: isize) -> Vec<Effect> {
    if state.screen == Screen::Timeline {
        return timeline::problem(state, world, by);
    }
    if state.screen == Screen::Alerts {
        return step(state, if by < 0 { Action::Up } else { Action::Down }, world);
    }
    let rows = order::rows(world.snapshot, state);
    let problems = causes::problems(&rows, world.snapshot);
    if !problems.is_empty() {
        let at = marked::row(&rows, state.selected);
        let to = other_problem(&problems, at, by);
        let words = told(&problems, &rows, to);
        let stays = at.is_some_and(|at| problems.get(to).is_some_and(|p| p.rows.contains(&at)));
        let place = problems.get(to).and_then(|problem| problem.rows.first());
        let effects = match place.filter(|_| !stays) {
            Some(place) => select(state, world, *place),
            None => Vec::new(),
        };
        state.tell(Line::of(Role::Message, &words), world.now);
        return effects;
    }
    let others = world.snapshot.targets.iter().filter(|target| target.is_in_trouble()).count();
    let words = match others {
        0 => "no target is in trouble".to_owned(),
        many => format!("{many} in trouble, hidden by the filter"),
    };
    say(state, world, &words)
}

/// Which problem comes `by` further than the one at row `at`, in a ring; where there is none, the
/// first behind or in front of it.
fn other_problem(problems: &[Problem<'_>], at: Option<usize>, by: isize) -> usize {
    let Some(at) = at else { return if by < 0 { problems.len().saturating_sub(1) } else { 0 } };
    if let Some(own) = problems.iter().position(|problem| problem.rows.contains(&at)) {
        return turned(own, by, problems.len());
    }
    let first = |problem: &Problem<'_>| problem.rows.first().copied().unwrap_or_default();
    let behind = problems.iter().position(|problem| first(problem) > at);
    let last = problems.len().saturating_sub(1);
    if by < 0 {
        behind.map_or(last, |place| place.checked_sub(1).unwrap_or(last))
    } else {
        behind.unwrap_or(0)
    }
}

/// `problem 2 of 7: port 3389 closed, on 499 hosts`.
fn told(problems: &[Problem<'_>], rows: &[&TargetSnapshot], place: usize) -> String {
    let Some(problem) = problems.get(place) else { return String::new() };
    let first = problem.rows.first().and_then(|place| rows.get(*place));
    let whom = match problem.rows.len() {
        1 => first.map_or_else(String::new, |target| target.target.name.clone()),
        many => format!("{many} hosts share it"),
    };
    let which = match problems.len() {
        1 => "the only problem".to_owned(),
        many => format!("problem {} of {many}", place + 1),
    };
    let gap = if problem.title.is_empty() { "" } else { ": " };
    format!("{which}{gap}{}, {whom}", problem.title)
}

/// Selects a line of the table.
pub(super) fn select_entry(state: &mut UiState, entries: &[Entry<'_>], place: usize) {
    match entries.get(place) {
        Some(Entry::Target(target)) => {
            state.choose(target.target.id);
        }
        Some(Entry::Group { name, .. }) => state.choose_heading(name),
        None => return,
    }
    scroll(state, place, entries.len());
}

fn scroll(state: &mut UiState, place: usize, count: usize) {
    let page = usize::from(Layout::of(state.size).table_rows(state.size)).max(1);
    state.top = table::first_row(state.top, place, page, count);
}

/// Selects a row, and unfolds its group; in the detail it is looked at.
pub(super) fn select(state: &mut UiState, world: &World<'_>, place: usize) -> Vec<Effect> {
    let rows = order::rows(world.snapshot, state);
    let Some(target) = rows.get(place) else { return Vec::new() };
    state.choose(target.target.id);
    if !state.pinned.contains(&target.target.id) {
        state.groups.folded.remove(order::group_of(target));
    }
    let entries = order::entries(&rows, state);
    scroll(state, marked::entry(&entries, state).unwrap_or_default(), entries.len());
    match state.screen {
        Screen::Detail => {
            state.scroll = 0;
            return vec![Effect::LookAt(state.selected)];
        }
        Screen::Wall => wall::hold(state, world),
        Screen::Table | Screen::Alerts | Screen::Path | Screen::Timeline | Screen::Simple => {}
    }
    Vec::new()
}
