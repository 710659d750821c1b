//! The parts of the screen from the top down, and where what the view shows begins.

use super::{banner, footer, strip};
use crate::domain::look::PanelId;
use crate::ui::layout::Layout;
use crate::ui::state::UiState;
use crate::ui::view_model::ViewLine;
use crate::ui::world::World;

/// Where the view is, in lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Body {
    /// Above it.
    pub above: usize,
    /// Its own.
    pub height: usize,
}

/// Lines of a part besides the view, with room for it as the layout says.
fn height(world: &World<'_>, state: &UiState, panel: PanelId) -> usize {
    let (layout, panels) = (Layout::of(state.size), &state.panels);
    let keys = usize::from(panels.has(PanelId::Keys) && layout.foot > 0);
    match panel {
        PanelId::Banner => banner::height(world, state, layout),
        PanelId::Table | PanelId::Preview => 0,
        PanelId::Keys => keys,
        PanelId::Alerts => {
            usize::from(panels.has(PanelId::Alerts) && usize::from(layout.foot) > keys)
        }
    }
}

/// Where the view is on the screen.
#[must_use]
pub fn body(world: &World<'_>, state: &UiState) -> Body {
    let lines = |panel: PanelId| height(world, state, panel);
    let order = state.panels.in_order();
    let above = order.iter().take_while(|panel| **panel != PanelId::Table);
    let above = above.map(|panel| lines(*panel)).sum();
    let all: usize = order.iter().map(|panel| lines(*panel)).sum();
    let height = usize::from(state.size.height).saturating_sub(all);
    Body { above, height: height.saturating_sub(taken(world, state)) }
}

/// How many lines what cannot wait takes from the view, besides the line of the keys.
fn taken(world: &World<'_>, state: &UiState) -> usize {
    let keys = height(world, state, PanelId::Keys);
    footer::urgent_lines(world, state).saturating_sub(keys)
}

/// The whole screen around the lines of the view. `shown` targets pass the filter.
#[must_use]
pub fn around(
    world: &World<'_>,
    state: &UiState,
    mut view: Vec<ViewLine>,
    shown: usize,
) -> Vec<ViewLine> {
    view.resize(body(world, state).height, ViewLine::default());
    let mut urgent = footer::urgent(world, state, shown);
    if height(world, state, PanelId::Keys) == 0 {
        view.extend(urgent.drain(..).map(ViewLine::from));
    }
    let mut lines = Vec::new();
    for panel in state.panels.in_order().iter().copied() {
        match panel {
            PanelId::Banner => lines.extend(banner::lines(world, state, Layout::of(state.size))),
            PanelId::Table => lines.append(&mut view),
            PanelId::Alerts if height(world, state, panel) > 0 => {
                lines.push(strip::line(world, state).into());
            }
            PanelId::Keys if height(world, state, panel) > 0 => {
                if urgent.is_empty() {
                    urgent.push(footer::hints(world, state));
                }
                lines.extend(urgent.drain(..).map(ViewLine::from));
            }
            PanelId::Preview | PanelId::Alerts | PanelId::Keys => {}
        }
    }
    lines.truncate(usize::from(state.size.height));
    lines
}
