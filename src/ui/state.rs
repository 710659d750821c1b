//! Where the user is: screen, overlay, selection. Changed only by [`super::update`].

use super::alert_list::AlertsPlace;
use super::filter::Filter;
use super::format::Zone;
use super::keymap::Layer;
use super::lessons::Lessons;
use super::line::Line;
use super::marked::Lead;
pub use super::overlay::{
    CommandLine, MaintenanceBox, MaintenanceChoice, Mend, Overlay, Question, ReviewPlace, Search,
    SharedText, SnoozeChoice, SnoozeMenu, Unsaved,
};
use super::update::undo::UndoStack;
use crate::domain::finding::RuleId;
pub use crate::domain::look::Screen;
use crate::domain::look::{ColumnId, Panels};
use crate::domain::target::TargetId;
use crate::domain::time::WallTime;
use std::collections::BTreeSet;
use std::time::Duration;
use tui_input::Input as TextField;

/// A screen's layer of the key map.
#[must_use]
pub const fn layer_of(screen: Screen) -> Layer {
    match screen {
        Screen::Table => Layer::Table,
        Screen::Detail => Layer::Detail,
        Screen::Alerts => Layer::Alerts,
        Screen::Wall => Layer::Wall,
        Screen::Path => Layer::Path,
        Screen::Timeline => Layer::Timeline,
        Screen::Simple => Layer::Simple,
    }
}

/// Which alert: whose, and of which rule.
pub type AlertKey = (Option<TargetId>, RuleId);

/// The rows of the table in groups.
#[derive(Debug, Clone, Default)]
pub struct Groups {
    /// Whether they are.
    pub on: bool,
    /// Groups of which only the heading is shown; the empty name is for targets without one.
    pub folded: BTreeSet<String>,
    /// The heading that is selected, in place of a target.
    pub header: Option<String>,
}

/// The lower panel of the table.
#[derive(Debug, Clone, Copy, Default)]
pub struct Preview {
    /// Its lines, as it was dragged; `None`: as many as it needs, where there is room.
    pub lines: Option<u16>,
    /// Its upper edge is being dragged.
    pub dragged: bool,
}

/// The lengths that alerts can be snoozed for.
pub const SNOOZES: [(&str, Duration); 3] = [
    ("1 hour", Duration::from_hours(1)),
    ("8 hours", Duration::from_hours(8)),
    ("24 hours", Duration::from_hours(24)),
];

/// By what the table is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SortKey {
    /// Worst first.
    #[default]
    Worst,
    /// By name.
    Name,
    /// By address.
    Address,
    /// By group.
    Group,
    /// Most loss in the last minute first.
    Loss,
    /// Slowest first, by the newest RTT.
    Last,
    /// Slowest first, by the median.
    Median,
    /// Slowest first, by the 95th percentile.
    P95,
    /// Most jitter first.
    Jitter,
    /// Certificate that ends soonest first.
    Certificate,
    /// Newest change of state first.
    Since,
}

/// Which way the table is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Direction {
    /// As the sort key says.
    #[default]
    Usual,
    /// The other way round.
    Inverted,
}

impl SortKey {
    /// Every order by its name, in the order of `s`.
    pub const WORDS: [(&'static str, Self); 11] = [
        ("state", Self::Worst),
        ("name", Self::Name),
        ("address", Self::Address),
        ("group", Self::Group),
        ("loss", Self::Loss),
        ("last", Self::Last),
        ("median", Self::Median),
        ("p95", Self::P95),
        ("jitter", Self::Jitter),
        ("cert", Self::Certificate),
        ("since", Self::Since),
    ];

    /// Its name.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, key)| *key == self).map_or("", |(word, _)| word)
    }

    /// Whether its usual way begins with the largest.
    #[must_use]
    pub const fn descends(self) -> bool {
        !matches!(self, Self::Name | Self::Address | Self::Group | Self::Certificate)
    }
}

impl Direction {
    /// The other one.
    #[must_use]
    pub const fn turned(self) -> Self {
        match self {
            Self::Usual => Self::Inverted,
            Self::Inverted => Self::Usual,
        }
    }
}

/// What the first column shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Naming {
    /// What the user calls a target.
    #[default]
    Names,
    /// The address that is dialled.
    Addresses,
}

/// Seconds per cell of a sparkline or chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Zoom {
    /// One.
    #[default]
    One,
    /// Two.
    Two,
    /// Four.
    Four,
}

impl Zoom {
    /// Seconds per cell.
    #[must_use]
    pub const fn seconds(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
        }
    }
}

/// Whether the screen follows the monitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Flow {
    /// It does.
    #[default]
    Live,
    /// It is frozen.
    Paused,
}

/// What the user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Access {
    /// Everything.
    #[default]
    Full,
    /// Nothing is sent but probes (`--read-only`).
    ReadOnly,
}

/// A line that answers a key, for a few seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The words.
    pub line: Line,
    /// Shown until then.
    pub until: WallTime,
}

impl Message {
    /// Whether it stays until it is closed.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.until == HELD
    }
}

/// Until then a message is shown that stays.
const HELD: WallTime = WallTime::from_unix_millis(i64::MAX);

/// A target that could be watched, found by `app` (neighbours, recent connections, .rdp files).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// What to show; escaped when it is drawn.
    pub label: String,
    /// What is added, in the form of a TARGET.
    pub spec: String,
}

/// Size of the terminal in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Size {
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// Where the user is.
#[derive(Debug, Clone, Default)]
pub struct UiState {
    /// What fills the screen.
    pub screen: Screen,
    /// What lies over it.
    pub overlay: Option<Overlay>,
    /// The selected target, listed or not; `None` where nothing is.
    pub selected: Option<TargetId>,
    /// Who selected it.
    pub lead: Lead,
    /// First row of the table on the screen.
    pub top: usize,
    /// First line of the detail on the screen.
    pub scroll: usize,
    /// The page of the wall that stays; `None` while pages turn by themselves.
    pub wall_page: Option<usize>,
    /// The moment under the cursor of the timeline; `None` while it follows the present.
    pub moment: Option<WallTime>,
    /// Where they are among the alerts.
    pub alerts: AlertsPlace,
    /// What the table is narrowed to.
    pub filter: Filter,
    /// By what it is sorted.
    pub sort: SortKey,
    /// Which way.
    pub direction: Direction,
    /// The columns of the table, in this order; empty: what the width has room for.
    pub columns: Vec<ColumnId>,
    /// Cells of the longest name that is watched, as far as its column grows for it.
    pub longest_name: u16,
    /// Which parts of the screen there are.
    pub panels: Panels,
    /// What its first column shows.
    pub naming: Naming,
    /// Targets that stand above every order.
    pub pinned: BTreeSet<TargetId>,
    /// Its rows in groups.
    pub groups: Groups,
    /// The panel below it.
    pub preview: Preview,
    /// The theme that was asked for; `None`: that of the start.
    pub theme: Option<&'static str>,
    /// What can be taken back.
    pub undo: UndoStack,
    /// Lines that were carried out, the newest last.
    pub commands: Vec<String>,
    /// Seconds per cell.
    pub zoom: Zoom,
    /// Whether the screen follows the monitor.
    pub flow: Flow,
    /// How far frames are apart, while the terminal cannot keep up.
    pub slowed: Option<Duration>,
    /// Whether sparklines are overwritten in place: the terminal could not keep up lately.
    pub in_place: bool,
    /// What the user may do.
    pub access: Access,
    /// The answer to the last key.
    pub message: Option<Message>,
    /// Why the configuration file is not in force as it stands, for as long as that is so.
    pub config_refused: Option<Line>,
    /// The terminal.
    pub size: Size,
    /// Targets that could be watched.
    pub suggestions: Vec<Suggestion>,
    /// What was pasted and is no host; the first is in the field of a target.
    pub mend: Vec<Mend>,
    /// The search in the help.
    pub search: Search,
    /// Which keys are taught.
    pub lessons: Lessons,
    /// What the key before copied.
    pub copied: Option<String>,
    /// Whether tmux stands between this program and the terminal.
    pub relayed: bool,
    /// The time zone for clocks.
    pub zone: Zone,
}

impl UiState {
    /// The layer in front, for the key map.
    #[must_use]
    pub const fn layer(&self) -> Layer {
        match &self.overlay {
            Some(Overlay::Help(_)) if self.search.typing => Layer::Input,
            Some(overlay) => overlay.layer(),
            None => layer_of(self.screen),
        }
    }

    /// The text field in front.
    #[must_use]
    pub fn field(&self) -> Option<&TextField> {
        match &self.overlay {
            Some(Overlay::Help(_)) if self.search.typing => Some(&self.search.text),
            overlay => overlay.as_ref()?.field(),
        }
    }

    /// The text field in front, to be edited.
    pub fn field_mut(&mut self) -> Option<&mut TextField> {
        match &mut self.overlay {
            Some(Overlay::Help(_)) if self.search.typing => Some(&mut self.search.text),
            overlay => overlay.as_mut()?.field_mut(),
        }
    }

    /// How long a message stays.
    const MESSAGE: Duration = Duration::from_secs(6);

    /// Shows a message until it is closed or there is another.
    pub fn hold(&mut self, line: Line) {
        self.message = Some(Message { line, until: HELD });
    }

    /// Shows a message for a few seconds.
    pub fn tell(&mut self, line: Line, now: WallTime) {
        self.message = Some(Message { line, until: now.plus(Self::MESSAGE) });
    }
}
