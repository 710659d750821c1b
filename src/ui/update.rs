//! What an action changes, and what it asks of `app`. Pure: state and world in, effects out.

use super::action::Action;
use super::effect::{self, Effect};
use super::line::Line;
use super::marked;
use super::order::{self, Entry};
use super::prompt::Prompt;
use super::state::{
    Access, Flow, Naming, Overlay, Question, Screen, Search, SortKey, UiState, Zoom,
};
use super::theme::Role;
use super::view::footer::key_name;
use super::world::World;
use crate::domain::snapshot::{Availability, TargetSnapshot, TargetState};
use crate::domain::target::TargetId;
use crate::domain::wake::WakePolicy;
use crate::ui::filter::Filter;

mod add_target;
mod alerts;
mod attend;
mod command;
mod copying;
mod form;
mod group;
mod maintenance;
mod motion;
mod overlay;
mod pointer;
mod question;
mod review;
mod text;
mod timeline;
mod typing;
pub mod undo;
mod wall;

pub use typing::{is_full, paste, type_key};

/// The length of maintenance that an empty field means.
pub const USUAL_MAINTENANCE: &str = "1h";
pub use pointer::{click, drag, let_go, wheel};

/// Changes the state as the action says.
pub fn update(state: &mut UiState, action: Action, world: &World<'_>) -> Vec<Effect> {
    match action {
        Action::Quit => return vec![Effect::Quit { keep_screen: false }],
        Action::Suspend => return vec![Effect::Suspend],
        _ => {}
    }
    if action != Action::PlainPage {
        state.copied = None;
    }
    if state.overlay.is_some() {
        return overlay::update(state, action, world);
    }
    if state.selected.is_none() && state.groups.header.is_none() {
        // No frame was drawn yet.
        let rows = order::rows(world.snapshot, state);
        marked::follow(state, world, &rows);
    }
    state.lessons.learn(action);
    match action {
        Action::QuitKeepScreen => vec![Effect::Quit { keep_screen: true }],
        Action::Back => back(state),
        Action::Help => {
            state.search = Search::default();
            open(state, Overlay::Help(0))
        }
        Action::Down
        | Action::Up
        | Action::First
        | Action::Last
        | Action::PageDown
        | Action::PageUp => motion::step(state, action, world),
        Action::NextTarget => motion::neighbour(state, world, 1),
        Action::PreviousTarget => motion::neighbour(state, world, -1),
        Action::NextProblem => motion::problem(state, world, 1),
        Action::PreviousProblem => motion::problem(state, world, -1),
        Action::NextView => motion::turn_view(state, world, 1),
        Action::PreviousView => motion::turn_view(state, world, -1),
        Action::ViewTable => motion::go(state, Screen::Table, world),
        Action::ViewDetail => motion::go(state, Screen::Detail, world),
        Action::ViewAlerts => motion::go(state, Screen::Alerts, world),
        Action::ViewWall => motion::go(state, Screen::Wall, world),
        Action::ViewPath => motion::go(state, Screen::Path, world),
        Action::ViewTimeline => motion::go(state, Screen::Timeline, world),
        Action::ViewSimple => {
            let there = state.screen == Screen::Simple;
            motion::go(state, if there { Screen::Table } else { Screen::Simple }, world)
        }
        Action::Earlier => timeline::step(state, world, -1),
        Action::Later => timeline::step(state, world, 1),
        Action::MuchEarlier => timeline::step(state, world, -15),
        Action::MuchLater => timeline::step(state, world, 15),
        Action::Open => open_selected(state, world),
        Action::Filter
        | Action::Sort
        | Action::SortInvert
        | Action::Pause
        | Action::ZoomIn
        | Action::ZoomOut
        | Action::NamesAddresses => look(state, action),
        Action::Command => command::open_line(state, world),
        Action::Undo => undo::undo(state, world),
        Action::Pin => group::pin(state, world),
        Action::Group => group::turn(state, world),
        Action::Fold if state.screen == Screen::Alerts => alerts::fold(state, world),
        Action::FoldAll if state.screen == Screen::Alerts => alerts::fold_all(state, world),
        Action::Fold => group::fold(state, world),
        Action::FoldAll => group::fold_all(state, world),
        Action::AddTarget => open(state, Overlay::AddTarget(tui_input::Input::default(), None)),
        Action::Export => {
            let name = super::export::default_name(&state.zone, world.now);
            open(state, Overlay::Export(name.into()))
        }
        Action::EditTarget | Action::RemoveTarget => configure(state, action, world),
        Action::Wake => wake(state, world),
        Action::WakeAll => wake_all(state, world),
        Action::Acknowledge | Action::Snooze => alerts::attend(state, action, world),
        Action::Maintenance => maintenance::open_box(state, world),
        Action::Review => review::open_list(state, world),
        Action::CopyCommand => copying::ask(state, world),
        Action::PlainPage => copying::page(state, world),
        Action::ProbeNow
        | Action::ResetStatistics
        | Action::Mark
        | Action::Ticket
        | Action::Transcript
        | Action::Copy
        | Action::Explain => ask(state, action, world),
        // Answered above, or without a meaning outside overlays.
        Action::Quit
        | Action::Suspend
        | Action::Confirm
        | Action::Complete
        | Action::CompleteBack
        | Action::Choose1
        | Action::Choose2
        | Action::Choose3
        | Action::AcceptOfTarget
        | Action::AcceptAll => Vec::new(),
    }
}

fn open(state: &mut UiState, overlay: Overlay) -> Vec<Effect> {
    state.overlay = Some(overlay);
    Vec::new()
}

/// Answers with a message.
fn say(state: &mut UiState, world: &World<'_>, text: &str) -> Vec<Effect> {
    state.tell(Line::of(Role::Message, text), world.now);
    Vec::new()
}

/// The target that target actions are about: what is marked, and nothing in its place.
fn subject<'a>(state: &UiState, world: &World<'a>) -> Option<&'a TargetSnapshot> {
    match state.screen {
        Screen::Alerts => alerts::target(state, world),
        Screen::Detail | Screen::Path | Screen::Simple => world.target(state.selected?),
        Screen::Table => {
            let entries = order::entries(&order::rows(world.snapshot, state), state);
            match entries.get(marked::entry(&entries, state)?)? {
                Entry::Target(target) => Some(target),
                Entry::Group { .. } => None,
            }
        }
        Screen::Wall | Screen::Timeline => {
            let target = world.target(state.selected?)?;
            marked::admits(state, world, target).then_some(target)
        }
    }
}

/// Says why there is no target to do something with.
fn missing(state: &mut UiState, world: &World<'_>) -> Vec<Effect> {
    let words = marked::missing(state, world);
    say(state, world, &words)
}

/// One step back; from the table's own filter to the whole table, never out.
fn back(state: &mut UiState) -> Vec<Effect> {
    if let Some(message) = state.message.take()
        && (message.is_held() || (state.screen == Screen::Table && state.filter.is_empty()))
    {
        return Vec::new();
    }
    match state.screen {
        Screen::Table => {
            state.filter = Filter::default();
            Vec::new()
        }
        Screen::Detail => {
            state.screen = Screen::Table;
            vec![Effect::LookAt(None)]
        }
        Screen::Wall if state.wall_page.take().is_some() => Vec::new(),
        Screen::Timeline if state.moment.take().is_some() => Vec::new(),
        Screen::Wall | Screen::Timeline if !state.filter.is_empty() => {
            state.filter = Filter::default();
            Vec::new()
        }
        Screen::Alerts | Screen::Wall | Screen::Path | Screen::Timeline | Screen::Simple => {
            state.screen = Screen::Table;
            Vec::new()
        }
    }
}

fn open_selected(state: &mut UiState, world: &World<'_>) -> Vec<Effect> {
    if world.snapshot.targets.is_empty() {
        return open(state, Overlay::AddTarget(tui_input::Input::default(), None));
    }
    if state.screen == Screen::Alerts {
        return alerts::open_chosen(state, world);
    }
    match subject(state, world) {
        Some(target) => {
            state.choose(target.target.id);
            motion::go(state, Screen::Detail, world)
        }
        None if marked::heading(state, world).is_some() => group::fold(state, world),
        None if state.screen == Screen::Wall && state.selected.is_none() => {
            motion::go(state, Screen::Detail, world)
        }
        None => missing(state, world),
    }
}

/// How the table looks.
fn look(state: &mut UiState, action: Action) -> Vec<Effect> {
    match action {
        Action::Filter => {
            let field = Prompt::new(state.filter.text());
            if !matches!(state.screen, Screen::Wall | Screen::Timeline) {
                state.screen = Screen::Table;
            }
            return open(state, Overlay::Filter(field, state.filter.clone()));
        }
        Action::Sort => {
            let shown = super::columns::place(state.size.width, &state.columns, state.longest_name);
            let sorts = SortKey::WORDS.map(|(_, key)| key);
            let offered = |key: &&SortKey| {
                shown.iter().any(|p| p.column.sorts_by(state.naming) == Some(**key))
            };
            let place = sorts.iter().position(|key| *key == state.sort).unwrap_or_default();
            let next = sorts.iter().cycle().skip(place + 1).take(sorts.len()).find(offered);
            state.sort = next.copied().unwrap_or_default();
            state.direction = super::state::Direction::default();
        }
        Action::SortInvert => state.direction = state.direction.turned(),
        Action::Pause => {
            state.flow = match state.flow {
                Flow::Live => Flow::Paused,
                Flow::Paused => Flow::Live,
            };
            return vec![Effect::Pause(state.flow == Flow::Paused)];
        }
        Action::ZoomIn => {
            state.zoom = if state.zoom == Zoom::Four { Zoom::Two } else { Zoom::One };
        }
        Action::ZoomOut => {
            state.zoom = if state.zoom == Zoom::One { Zoom::Two } else { Zoom::Four };
        }
        Action::NamesAddresses => {
            state.naming = match state.naming {
                Naming::Names => Naming::Addresses,
                Naming::Addresses => Naming::Names,
            };
            // An order that nothing on the screen shows would be none to the eye.
            let shown = super::columns::place(state.size.width, &state.columns, state.longest_name);
            let seen = shown.iter().any(|p| p.column.sorts_by(state.naming) == Some(state.sort));
            state.sort = match state.sort {
                SortKey::Name if !seen => SortKey::Address,
                SortKey::Address if !seen => SortKey::Name,
                sort => sort,
            };
        }
        _ => {}
    }
    Vec::new()
}

const NO_WAKE: &str = "read-only: no magic packets are sent";

fn wake(state: &mut UiState, world: &World<'_>) -> Vec<Effect> {
    let Some(target) = subject(state, world) else {
        return missing(state, world);
    };
    let name = &target.target.name;
    if state.access == Access::ReadOnly {
        return say(state, world, NO_WAKE);
    }
    if target.availability == Availability::Up {
        return say(state, world, &format!("{name} is awake"));
    }
    if target.mac.is_none() {
        let text = format!("{name}: no hardware address is known; give it as HOST#MAC");
        return say(state, world, &text);
    }
    let (id, policy) = (target.target.id, target.target.wake.policy);
    if policy == WakePolicy::Never {
        return say(state, world, &format!("{name} is not woken: its wake policy is \"never\""));
    }
    let reach = target.wake_reach(&world.snapshot.monitor.local);
    let doubtful = reach.is_some_and(|reach| !reach.is_direct());
    if doubtful || policy == WakePolicy::Ask {
        return open(state, Overlay::Confirm(Question::WakeMany(vec![id])));
    }
    say(state, world, &format!("waking {name}\u{2026}"));
    vec![Effect::Wake(id)]
}

/// Changes or removes the selected target.
fn configure(state: &mut UiState, action: Action, world: &World<'_>) -> Vec<Effect> {
    if state.access == Access::ReadOnly {
        return say(state, world, effect::READ_ONLY);
    }
    let Some(target) = subject(state, world) else {
        return missing(state, world);
    };
    let id = target.target.id;
    match action {
        Action::EditTarget => vec![Effect::EditTarget(id)],
        _ => open(state, Overlay::Confirm(Question::Remove(id))),
    }
}

fn wake_all(state: &mut UiState, world: &World<'_>) -> Vec<Effect> {
    if state.access == Access::ReadOnly {
        return say(state, world, NO_WAKE);
    }
    // A silent one that is expected to be up always is asleep too, although its state warns.
    let asleep = world.snapshot.targets.iter().filter(|target| {
        target.availability == Availability::Asleep
            && target.state != TargetState::Waking
            && target.target.wake.policy != WakePolicy::Never
    });
    let (known, unknown): (Vec<_>, Vec<_>) = asleep.partition(|target| target.mac.is_some());
    if known.is_empty() {
        let text = match unknown.len() {
            0 => "nothing is asleep".to_owned(),
            count => format!("{count} asleep, and no hardware address is known"),
        };
        return say(state, world, &text);
    }
    let ids: Vec<TargetId> = known.iter().map(|target| target.target.id).collect();
    open(state, Overlay::Confirm(Question::WakeMany(ids)))
}

/// Notes that a session on the selected target dropped at this moment.
fn mark(state: &mut UiState, world: &World<'_>, note: &str) -> Vec<Effect> {
    let Some(target) = subject(state, world) else { return missing(state, world) };
    let place = match key_name(world, state.layer(), Action::ViewAlerts) {
        key if key.is_empty() => "the alerts".to_owned(),
        key => format!("the alerts ({key})"),
    };
    let noted = if note.is_empty() { "" } else { ", with the note" };
    let name = &target.target.name;
    let text = format!(
        "{name}: drop marked{noted}; what was measured around it is under LATELY in {place}"
    );
    say(state, world, &text);
    vec![Effect::Mark(target.target.id, note.to_owned())]
}

/// What is asked about the selected target.
fn ask(state: &mut UiState, action: Action, world: &World<'_>) -> Vec<Effect> {
    if action == Action::ResetStatistics {
        say(state, world, "echo statistics were reset");
        return vec![Effect::ResetStatistics];
    }
    if action == Action::Explain && state.screen == Screen::Alerts {
        return alerts::explain(state, world);
    }
    let Some(target) = subject(state, world) else {
        let shared = alerts::shared_ticket(state, world, action);
        return shared.unwrap_or_else(|| missing(state, world));
    };
    let (id, name) = (target.target.id, target.target.name.as_str());
    match action {
        Action::ProbeNow => {
            say(state, world, &format!("probing {name}\u{2026}"));
            vec![Effect::ProbeNow(id)]
        }
        Action::Mark => mark(state, world, ""),
        Action::Ticket => open(state, Overlay::Ticket(id, 0)),
        Action::Transcript => open(state, Overlay::Transcript(id, 0)),
        Action::Copy => {
            let text = world.ticket(target, &state.zone);
            copying::copy(state, world, &format!("{name}: ticket text"), &text)
        }
        _ if target.findings.is_empty() => {
            say(state, world, &format!("{name}: no finding to explain"))
        }
        _ => open(state, Overlay::Explain(Some(id), 0, 0)),
    }
}
