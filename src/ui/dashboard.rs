//! State, snapshot, key map and renderer together, as `app` drives them.
//!
//! `app` hands in snapshots and inputs, carries out the effects, and writes the frames:
//!
//! ```text
//! snapshot changed -> dashboard.set_snapshot(snapshot)
//! terminal event   -> Input::of(event) -> dashboard.input(input, now) -> effects
//! at most fps      -> if let Some(frame) = dashboard.frame(now) { terminal.draw(&frame)? }
//! ```

use super::columns;
use super::effect::{Effect, FileChange};
use super::export::{self, Kind};
use super::form::{Form, Wrong};
use super::format::Zone;
use super::input::Input;
use super::keymap::Keymap;
use super::lessons::Lessons;
use super::line::Line;
use super::marked;
use super::order;
use super::pace::Pace;
use super::prompt::LONGEST;
use super::render::{self, Frame, Renderer};
use super::state::{
    Access, Flow, Mend, Overlay, Question, Screen, Size, Suggestion, UiState, Unsaved,
};
use super::theme::{Role, Theme};
use super::update::{self, undo};
use super::view_model::ViewModel;
use super::world::{Places, World};
use crate::domain::look::{ColumnId, Panels};
use crate::domain::snapshot::{Snapshot, TargetSnapshot};
use crate::domain::target::TargetId;
use crate::domain::time::WallTime;
use crate::report::doctor::Colours;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Longest text that is pasted, in characters.
const PASTED: usize = 1 << 20;

/// What the dashboard starts with.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Which key does what.
    pub keymap: Keymap,
    /// What it looks like, glyph set included.
    pub theme: Theme,
    /// The colours that the terminal has, for themes that are chosen later.
    pub colours: Colours,
    /// What the user may do.
    pub access: Access,
    /// The time zone for clocks.
    pub zone: Zone,
    /// The terminal.
    pub size: Size,
    /// What fills the screen at the start.
    pub view: Screen,
    /// The columns of the table, in this order; empty: what the width has room for.
    pub columns: Vec<ColumnId>,
    /// Targets that could be watched, for a start without any.
    pub suggestions: Vec<Suggestion>,
    /// Which parts of the screen there are.
    pub panels: Panels,
    /// Whether keys are taught, one at a time.
    pub teach: bool,
    /// Whether tmux stands between this program and the terminal.
    pub relayed: bool,
}

/// The screen.
#[derive(Debug)]
pub struct Dashboard {
    state: UiState,
    keymap: Keymap,
    renderer: Renderer,
    /// The theme of the start.
    first_theme: Theme,
    /// The one that was asked for and is drawn in.
    worn: Option<&'static str>,
    colours: Colours,
    /// What was pinned here, or no more, and is not so in a snapshot yet. What was not taken goes with
    /// the next snapshot, that says the same as the screen again.
    awaited: BTreeSet<TargetId>,
    /// What is marked and watched as another target from the next picture on that has it.
    successor: Option<(TargetId, TargetId)>,
    newest: Picture,
    shown: Picture,
}

/// A snapshot, and where its targets are.
#[derive(Debug, Clone)]
struct Picture {
    snapshot: Arc<Snapshot>,
    places: Arc<Places>,
}

impl Picture {
    fn new(snapshot: Arc<Snapshot>) -> Self {
        let places = Arc::new(Places::of(&snapshot));
        Self { snapshot, places }
    }

    /// The picture that comes after this one.
    fn next(&self, snapshot: Arc<Snapshot>) -> Self {
        Self { snapshot, places: Arc::new(self.places.next()) }
    }

    fn world<'a>(&'a self, keymap: &'a Keymap, theme: &Theme, now: WallTime) -> World<'a> {
        let glyphs = theme.glyphs();
        World { snapshot: &self.snapshot, places: &self.places, keymap, now, glyphs }
    }
}

/// Takes over what an earlier run pinned, and what people pin elsewhere. What was said here stands until the
/// monitor says the same.
fn follow_pins(state: &mut UiState, awaited: &mut BTreeSet<TargetId>, snapshot: &Snapshot) {
    let Some(pinned) = &snapshot.pinned else { return };
    awaited.retain(|id| pinned.contains(id) != state.pinned.contains(id));
    let apart = pinned.symmetric_difference(&state.pinned).filter(|id| !awaited.contains(id));
    let apart: Vec<TargetId> = apart.copied().collect();
    for id in apart {
        undo::follow_pin(state, id, pinned.contains(&id));
    }
}

impl Dashboard {
    /// A dashboard over a first snapshot. Without targets it begins with the text field for one.
    #[must_use]
    pub fn new(options: Options, snapshot: Arc<Snapshot>) -> Self {
        let overlay = snapshot
            .targets
            .is_empty()
            .then(|| Overlay::AddTarget(tui_input::Input::default(), None));
        let mut state = UiState {
            overlay,
            access: options.access,
            zone: options.zone,
            size: bounded(options.size),
            suggestions: options.suggestions,
            lessons: Lessons::new(options.teach),
            screen: options.view,
            columns: options.columns,
            panels: options.panels,
            relayed: options.relayed,
            ..UiState::default()
        };
        state.longest_name = columns::longest_name(&snapshot);
        let mut awaited = BTreeSet::new();
        follow_pins(&mut state, &mut awaited, &snapshot);
        let newest = Picture::new(snapshot);
        let world = newest.world(&options.keymap, &options.theme, newest.snapshot.now.wall);
        let rows = order::rows(world.snapshot, &state);
        marked::follow(&mut state, &world, &rows);
        Self {
            state,
            keymap: options.keymap,
            renderer: Renderer::new(options.theme.clone()),
            awaited,
            successor: None,
            first_theme: options.theme,
            worn: None,
            colours: options.colours,
            shown: newest.clone(),
            newest,
        }
    }

    /// Takes over what another configuration says of the screen. Where the user is stays, and what
    /// they chose on the screen: a theme, the height of the preview.
    pub fn change(&mut self, options: Options) {
        self.state.access = options.access;
        self.state.columns = options.columns;
        self.state.panels = options.panels;
        self.keymap = options.keymap;
        self.colours = options.colours;
        self.first_theme = options.theme;
        self.wear();
    }

    /// What the user changed here is watched as another target, of another address: the mark stays on
    /// it.
    pub const fn succeed(&mut self, before: TargetId, after: TargetId) {
        self.successor = Some((before, after));
    }

    /// What it looks like.
    #[must_use]
    pub const fn theme(&self) -> &Theme {
        self.renderer.theme()
    }

    /// Where the user is.
    #[must_use]
    pub const fn state(&self) -> &UiState {
        &self.state
    }

    /// Takes the newest picture; a frozen screen keeps its own.
    pub fn set_snapshot(&mut self, snapshot: Arc<Snapshot>) {
        self.newest = self.newest.next(snapshot);
        if self.state.flow == Flow::Live {
            self.show_newest();
        }
    }

    /// Takes what the user did; returns what `app` has to do.
    pub fn input(&mut self, input: Input, now: WallTime) -> Vec<Effect> {
        let world = self.shown.world(&self.keymap, &self.first_theme, now);
        let state = &mut self.state;
        let pinned = state.pinned.clone();
        let filter = state.filter.clone();
        let typing = is_typing_filter(state);
        let typed = matches!(input, Input::Key(_) | Input::Paste(_));
        let mut effects = match input {
            Input::Key(key) => {
                if let Some(action) = self.keymap.action(state.layer(), key) {
                    update::update(state, action, &world)
                } else {
                    update::type_key(state, key, &world);
                    Vec::new()
                }
            }
            Input::Click { x, y } => update::click(state, x, y, &world),
            Input::Drag { y } => update::drag(state, y, &world),
            Input::Drop => update::let_go(state),
            Input::Wheel(notches) => update::wheel(state, notches, &world),
            Input::Paste(text) => {
                let text: String = text.chars().take(PASTED).collect();
                update::paste(state, &text, &world)
            }
            Input::Resize(width, height) => {
                state.size = bounded(Size { width, height });
                // What a terminal leaves on a screen that changes its size is its own affair.
                self.renderer.invalidate();
                Vec::new()
            }
        };
        if typed && update::is_full(state) {
            let words = format!("a field takes {LONGEST} characters and no more");
            state.tell(Line::of(Role::Message, &words), now);
        }
        if !is_typing_filter(state) && (typing || filter != state.filter) {
            marked::let_go_if_hidden(state, &world);
        }
        undo::note(state, &self.newest.world(&self.keymap, &self.first_theme, now), &effects);
        undo::settle(state, &world);
        let pins = state.pinned.symmetric_difference(&pinned);
        let pins: BTreeMap<_, _> = pins.map(|id| (*id, state.pinned.contains(id))).collect();
        if !pins.is_empty() {
            self.awaited.extend(pins.keys());
            effects.push(Effect::Pin(pins));
        }
        self.put_on_theme();
        if self.state.flow == Flow::Live {
            self.show_newest();
        }
        effects
    }

    /// The theme that was asked for, with the glyphs and colours of the terminal.
    fn put_on_theme(&mut self) {
        if self.worn == self.state.theme {
            return;
        }
        self.wear();
    }

    fn wear(&mut self) {
        self.worn = self.state.theme;
        let glyphs = self.first_theme.glyphs();
        let chosen = self.worn.and_then(Theme::built_in);
        let chosen = chosen.map(|theme| theme.with_glyphs(glyphs).reduced_to(self.colours));
        self.renderer.put_on(chosen.unwrap_or_else(|| self.first_theme.clone()));
    }

    fn show_newest(&mut self) {
        self.shown = self.newest.clone();
        follow_pins(&mut self.state, &mut self.awaited, &self.shown.snapshot);
        let is_there = |id| self.shown.snapshot.targets.iter().any(|one| one.target.id == id);
        if let Some((before, after)) = self.successor.take_if(|(_, after)| is_there(*after))
            && self.state.selected == Some(before)
        {
            self.state.selected = Some(after);
        }
        self.state.longest_name = columns::longest_name(&self.shown.snapshot);
    }

    /// What has to be written; `None` when the terminal is up to date.
    pub fn frame(&mut self, now: WallTime) -> Option<Frame<'_>> {
        let world = self.shown.world(&self.keymap, &self.first_theme, now);
        let rows = order::rows(world.snapshot, &self.state);
        marked::follow(&mut self.state, &world, &rows);
        let model = ViewModel::of(&world, &self.state, &rows);
        self.renderer.frame(model)
    }

    /// What a frame at `now` shows.
    #[must_use]
    pub fn view_model(&self, now: WallTime) -> ViewModel {
        let world = self.shown.world(&self.keymap, &self.first_theme, now);
        ViewModel::build(&world, &marked::followed(&self.state, &world))
    }

    /// The last frame as text, for a screen that is kept.
    #[must_use]
    pub fn text(&self) -> String {
        self.renderer.text()
    }

    /// How the terminal keeps up: that decides what is told and how sparklines go on.
    pub fn keep_pace(&mut self, pace: &Pace) {
        self.state.slowed = pace.told();
        self.state.in_place = pace.is_in_place();
    }

    /// The terminal's content is not known any more (resumed, or written to by others).
    pub fn invalidate(&mut self) {
        self.renderer.invalidate();
    }

    /// Asks for a target again, with what was typed and why it was refused.
    pub fn ask_again(&mut self, typed: &str, why: &str, now: WallTime) {
        self.state.overlay = Some(Overlay::AddTarget(typed.into(), None));
        match self.state.mend.first_mut() {
            Some(mend) => why.clone_into(&mut mend.why),
            None => self.tell(why, now),
        }
    }

    /// What was in the field of a target is watched: it need not be mended any more.
    pub fn mended(&mut self) {
        if !self.state.mend.is_empty() {
            self.state.mend.remove(0);
        }
    }

    /// Asks for the next of these lines, and of those before them, to be mended. False when there is
    /// none.
    pub fn ask_to_mend(&mut self, lines: Vec<Mend>) -> bool {
        self.state.mend.extend(lines);
        let next = self.state.mend.first().map(|mend| mend.text.clone());
        let more = next.is_some();
        if let Some(text) = next {
            self.state.overlay = Some(Overlay::AddTarget(text.into(), None));
        }
        more
    }

    /// Says that these targets are watched, which can be undone.
    pub fn added(&mut self, targets: Vec<TargetId>, what: &str, now: WallTime) {
        self.tell(what, now);
        undo::added(&mut self.state, targets);
    }

    /// Says what was changed in the configuration file, which can be undone.
    pub fn file_changed(&mut self, change: FileChange, now: WallTime) {
        self.tell(&change.what, now);
        undo::file_changed(&mut self.state, change);
    }

    /// A change of the configuration file could not be undone: it is the next to be undone again.
    pub fn not_undone(&mut self, change: FileChange) {
        undo::file_changed(&mut self.state, change);
    }

    /// What is on the screen below what lies over it, as a file of this kind holds it; `None` for
    /// JSON, which is not the screen's to write.
    #[must_use]
    pub fn export(&self, kind: Kind, now: WallTime) -> Option<String> {
        let state = UiState { overlay: None, message: None, ..self.state.clone() };
        let world = self.shown.world(&self.keymap, &self.first_theme, now);
        if kind == Kind::Csv {
            let rows = order::rows(&self.shown.snapshot, &state);
            return Some(export::csv(&rows, &self.shown.snapshot.seen_to()));
        }
        let model = ViewModel::build(&world, &state);
        let mut buffer = Buffer::empty(Rect::new(0, 0, model.size.width, model.size.height));
        render::paint(&model, self.renderer.theme(), &mut buffer);
        match kind {
            Kind::Text => Some(render::text(&buffer)),
            Kind::Html => {
                let title =
                    format!("rdpwatch {} {}", state.zone.date(now), state.zone.seconds(now));
                Some(export::html(&buffer, &title))
            }
            Kind::Json | Kind::Csv => None,
        }
    }

    /// The picture that is shown, and its targets in the order of the screen.
    #[must_use]
    pub fn shown(&self) -> (Arc<Snapshot>, Vec<TargetSnapshot>) {
        let rows = order::rows(&self.shown.snapshot, &self.state);
        (Arc::clone(&self.shown.snapshot), rows.into_iter().cloned().collect())
    }

    /// The monitor did not take what was asked for: pins stand as they did before.
    pub fn not_taken(&mut self, pins: &BTreeMap<TargetId, bool>, now: WallTime) {
        for (id, pinned) in pins {
            undo::pin_not_taken(&mut self.state, *id, *pinned);
        }
        let words = match pins.values().next() {
            Some(true) => "not pinned: the monitor is busy, try again",
            Some(false) => "still pinned: the monitor is busy, try again",
            None => "nothing was done: the monitor is busy, try again",
        };
        self.tell(words, now);
    }

    /// Closes what lies over the screen.
    pub fn close(&mut self) {
        self.state.overlay = None;
    }

    /// Opens the form over a target.
    pub fn open_form(&mut self, form: Form) {
        self.state.overlay = Some(Overlay::Form(form));
    }

    /// Says in the form why it was not taken; where nothing is wrong it was, and the form closes.
    pub fn answer_form(&mut self, wrong: Vec<Wrong>) {
        match &mut self.state.overlay {
            Some(Overlay::Form(_)) if wrong.is_empty() => self.state.overlay = None,
            Some(Overlay::Form(form)) => form.refuse(wrong),
            _ => {}
        }
    }

    /// Asks whether what was added on the screen goes into the configuration file.
    pub fn ask_to_save(&mut self, unsaved: Unsaved) {
        self.state.overlay = Some(Overlay::Confirm(Question::Save(unsaved)));
    }

    /// Shows a message until the user closes it or there is another.
    pub fn hold(&mut self, text: &str) {
        self.state.hold(Line::of(Role::Message, text));
    }

    /// Says, for as long as it is so, why the configuration file is not read again; `None` once it
    /// is. Whether anything was said before.
    pub fn config_refused(&mut self, why: Option<&str>) -> bool {
        let line = why.map(|why| Line::of(Role::Message, why));
        std::mem::replace(&mut self.state.config_refused, line).is_some()
    }

    /// Shows a message for a few seconds: how an effect ended, why a file was refused.
    pub fn tell(&mut self, text: &str, now: WallTime) {
        self.state.tell(Line::of(Role::Message, text), now);
    }
}

/// Whether a filter is being typed: what it hides is not given up yet.
const fn is_typing_filter(state: &UiState) -> bool {
    matches!(state.overlay, Some(Overlay::Filter(..)))
}

/// No screen is larger; what a terminal claims is not believed without bound.
fn bounded(size: Size) -> Size {
    Size { width: size.width.min(2_000), height: size.height.min(1_000) }
}
