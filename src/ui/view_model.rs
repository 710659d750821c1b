//! What is on the screen, as lines of styled text. Equal view models need no drawing.

use super::copying;
use super::layout::Layout;
use super::line::Line;
use super::order;
use super::state::{Overlay, Screen, Size, UiState};
use super::theme::Role;
use super::view::{
    alerts, detail, empty, frame, panel, path, simple, small, table, timeline, wall,
};
use super::world::World;
use crate::domain::snapshot::TargetSnapshot;

/// One line of the screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ViewLine {
    /// Its text.
    pub line: Line,
    /// The role behind the whole line, when it has one: selection, offline.
    pub base: Option<Role>,
}

impl From<Line> for ViewLine {
    fn from(line: Line) -> Self {
        Self { line, base: None }
    }
}

/// A framed box over the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panel {
    /// Left edge.
    pub x: u16,
    /// Upper edge.
    pub y: u16,
    /// Cells, frame included.
    pub width: u16,
    /// Lines, frame included.
    pub height: u16,
    /// In the upper edge.
    pub title: String,
    /// In the lower edge: keys, and how much more there is.
    pub hint: Line,
    /// Inside.
    pub lines: Vec<ViewLine>,
}

/// What is on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewModel {
    /// The terminal.
    pub size: Size,
    /// At most one per row of the terminal.
    pub lines: Vec<ViewLine>,
    /// What lies over them.
    pub panel: Option<Panel>,
    /// A text in place of all of that, which the terminal itself wraps.
    pub page: Option<String>,
}

impl ViewModel {
    /// Everything that is visible, and nothing else: rows that are scrolled out are not formatted.
    #[must_use]
    pub fn build(world: &World<'_>, state: &UiState) -> Self {
        Self::of(world, state, &order::rows(world.snapshot, state))
    }

    /// The same with the rows of this state, which need not be sorted again.
    #[must_use]
    pub fn of(world: &World<'_>, state: &UiState, rows: &[&TargetSnapshot]) -> Self {
        let size = state.size;
        if let Some(Overlay::Page(page)) = &state.overlay {
            let page = Some(copying::part(page, size).0);
            return Self { size, lines: Vec::new(), panel: None, page };
        }
        let layout = Layout::of(size);
        let body_height = frame::body(world, state).height;
        let body = if world.snapshot.targets.is_empty() {
            empty::lines(world, state, body_height)
        } else {
            match state.screen {
                Screen::Table if layout.class == super::layout::Class::Small => {
                    small::lines(world, state, rows, body_height)
                }
                Screen::Table => table::lines(world, state, rows, body_height),
                Screen::Detail => of_one(detail::lines, world, state, rows, body_height),
                Screen::Alerts => alerts::lines(world, state, body_height),
                Screen::Wall => wall::lines(world, state, body_height),
                Screen::Timeline => timeline::lines(world, state, rows, body_height),
                Screen::Simple => of_one(simple::lines, world, state, rows, body_height),
                Screen::Path => of_one(path::lines, world, state, rows, body_height),
            }
        };
        let lines = frame::around(world, state, body, rows.len());
        Self { size, lines, panel: panel::build(world, state), page: None }
    }
}

/// A screen about one target.
fn of_one(
    lines: fn(&World<'_>, &UiState, &TargetSnapshot, usize) -> Vec<ViewLine>,
    world: &World<'_>,
    state: &UiState,
    rows: &[&TargetSnapshot],
    height: usize,
) -> Vec<ViewLine> {
    if let Some(target) = order::chosen(world, state, rows) {
        return lines(world, state, target, height);
    }
    let width = usize::from(state.size.width);
    let words = match state.selected {
        Some(_) => "   The host that was shown here is not watched any more.",
        None => "   No target matches the filter.",
    };
    vec![Line::of(Role::Text, words).cut(width).into()]
}
