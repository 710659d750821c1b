//! What lies over the screen and takes the keys.

use super::alert_list::Cause;
use super::copying::{CopyBox, Page};
use super::filter::Filter;
use super::form::Form;
use super::keymap::Layer;
use super::prompt::Prompt;
use super::state::{AlertKey, SNOOZES};
use crate::domain::target::TargetId;
use tui_input::Input as TextField;

/// A question before something is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Wake these?
    WakeMany(Vec<TargetId>),
    /// Remove this target?
    Remove(TargetId),
    /// Write what was added on the screen into the configuration file?
    Save(Unsaved),
}

/// What was added on the screen and stands in no file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsaved {
    /// What they are called, escaped when they are drawn.
    pub names: Vec<String>,
    /// The configuration file, escaped when it is drawn.
    pub file: String,
    /// Whether there is no such file yet.
    pub is_new: bool,
}

/// A line of what was pasted that is no host, to be mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mend {
    /// Its number in the text, from 1.
    pub line: usize,
    /// As it stands there, cut to what a field takes.
    pub text: String,
    /// The heads above it, where it is a row of a table.
    pub heads: Option<String>,
    /// Why it was not taken.
    pub why: String,
}

/// The search in the help.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// What is looked for; empty: everything is shown.
    pub text: TextField,
    /// Whether it is being typed.
    pub typing: bool,
}

/// What lies over the screen and takes the keys.
#[derive(Debug, Clone)]
pub enum Overlay {
    /// Every key. Holds the first line shown.
    Help(usize),
    /// What a finding means: whose (`None` is this machine), which in its list, first line shown.
    Explain(Option<TargetId>, usize, usize),
    /// Text for a ticket: whose, first line shown.
    Ticket(TargetId, usize),
    /// What many hosts share: which cause, what of it, first line shown.
    Shared(Cause, SharedText, usize),
    /// What its newest connections said and heard: whose, first line shown.
    Transcript(TargetId, usize),
    /// The filter being typed, and what it was before.
    Filter(Prompt, Filter),
    /// A command being typed.
    Command(CommandLine),
    /// A target being typed, and the suggestion chosen instead.
    AddTarget(TextField, Option<usize>),
    /// A question.
    Confirm(Question),
    /// How long to snooze which, or the end of that.
    Snooze(SnoozeMenu),
    /// For whom alerts are held back, and for how long, being typed.
    Maintenance(MaintenanceBox),
    /// What was there on first sight, and which of it is chosen.
    Review(ReviewPlace),
    /// The name of the file that is written, being typed.
    Export(TextField),
    /// A target being changed.
    Form(Form),
    /// What to copy.
    Copy(CopyBox),
    /// A text that fills the terminal, without anything around it.
    Page(Page),
    /// The note under an acknowledgement of these, being typed.
    Acknowledge(Vec<AlertKey>, TextField),
}

/// What is shown of a cause that many hosts share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedText {
    /// What it means and what to do.
    Why,
    /// The text for one ticket of all of them.
    Ticket,
}

/// Where the user is among what was there on first sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReviewPlace {
    /// The chosen one.
    pub key: AlertKey,
    /// Where it was last seen, to go on from when it is gone.
    pub at: usize,
}

/// The command line.
#[derive(Debug, Clone, Default)]
pub struct CommandLine {
    /// What is typed.
    pub prompt: Prompt,
    /// Which of the earlier lines is shown; `None`: what is being typed.
    pub place: Option<usize>,
    /// What was being typed while an earlier one is shown.
    pub draft: String,
    /// It was to be carried out as it stands, and is no command.
    pub refused: bool,
    /// The alerts that were marked when the line was opened: no others are acknowledged or snoozed.
    pub alerts: Vec<AlertKey>,
}

/// A line of the menu of snoozing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnoozeChoice {
    /// Keep the alerts quiet for one of [`SNOOZES`].
    For(usize),
    /// End the snooze of those that are snoozed.
    End,
    /// Withdraw the acknowledgement of those that are acknowledged.
    Withdraw,
}

impl SnoozeChoice {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::For(place) => SNOOZES.get(place).map_or("", |(words, _)| words),
            Self::End => "end the snooze",
            Self::Withdraw => "withdraw the acknowledgement",
        }
    }
}

/// The menu of snoozing, with what it offered when it was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnoozeMenu {
    /// The alerts it is about.
    pub alerts: Vec<AlertKey>,
    /// Its lines.
    pub choices: Vec<SnoozeChoice>,
    /// The marked line.
    pub chosen: usize,
}

impl SnoozeMenu {
    /// About `alerts`, of which some are snoozed or acknowledged.
    #[must_use]
    pub fn new(alerts: Vec<AlertKey>, snoozed: bool, acknowledged: bool) -> Self {
        let mut choices: Vec<SnoozeChoice> = (0..SNOOZES.len()).map(SnoozeChoice::For).collect();
        choices.extend(snoozed.then_some(SnoozeChoice::End));
        choices.extend(acknowledged.then_some(SnoozeChoice::Withdraw));
        Self { alerts, choices, chosen: 0 }
    }
}

/// The box of maintenance.
#[derive(Debug, Clone)]
pub struct MaintenanceBox {
    /// What can be chosen; never empty.
    pub choices: Vec<MaintenanceChoice>,
    /// Which of them.
    pub chosen: usize,
    /// The length being typed; empty: an hour.
    pub length: TextField,
}

/// One choice of the box of maintenance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaintenanceChoice {
    /// In words, escaped.
    pub label: String,
    /// For whom.
    pub targets: Vec<TargetId>,
    /// Whether it ends what somebody asked for, rather than begins it.
    pub ends: bool,
}

impl Overlay {
    /// Its layer of the key map.
    #[must_use]
    pub const fn layer(&self) -> Layer {
        match self {
            Self::Help(_)
            | Self::Explain(..)
            | Self::Ticket(..)
            | Self::Shared(..)
            | Self::Transcript(..) => Layer::Text,
            Self::Filter(..)
            | Self::Command(_)
            | Self::AddTarget(..)
            | Self::Acknowledge(..)
            | Self::Maintenance(_)
            | Self::Form(_)
            | Self::Export(_)
            | Self::Page(_) => Layer::Input,
            Self::Confirm(_) => Layer::Confirm,
            Self::Snooze(..) | Self::Copy(_) => Layer::Menu,
            Self::Review(_) => Layer::Review,
        }
    }

    /// The text field that takes letters.
    #[must_use]
    pub fn field(&self) -> Option<&TextField> {
        match self {
            Self::Filter(prompt, _) => Some(prompt.field()),
            Self::Command(line) => Some(line.prompt.field()),
            Self::Form(form) => form.field(),
            Self::Maintenance(asked) => Some(&asked.length),
            Self::Acknowledge(_, field) | Self::Export(field) | Self::AddTarget(field, _) => {
                Some(field)
            }
            Self::Help(_)
            | Self::Explain(..)
            | Self::Ticket(..)
            | Self::Shared(..)
            | Self::Transcript(..)
            | Self::Confirm(_)
            | Self::Snooze(..)
            | Self::Review(_)
            | Self::Copy(_)
            | Self::Page(_) => None,
        }
    }

    /// The same, to be edited. What was said of the text so far is no longer said.
    pub fn field_mut(&mut self) -> Option<&mut TextField> {
        match self {
            Self::Filter(prompt, _) => Some(prompt.field_mut()),
            Self::Command(line) => {
                line.refused = false;
                Some(line.prompt.field_mut())
            }
            Self::Form(form) => form.field_mut(),
            Self::Maintenance(asked) => Some(&mut asked.length),
            Self::AddTarget(field, chosen) => {
                *chosen = None;
                Some(field)
            }
            Self::Acknowledge(_, field) | Self::Export(field) => Some(field),
            Self::Help(_)
            | Self::Explain(..)
            | Self::Ticket(..)
            | Self::Shared(..)
            | Self::Transcript(..)
            | Self::Confirm(_)
            | Self::Snooze(..)
            | Self::Review(_)
            | Self::Copy(_)
            | Self::Page(_) => None,
        }
    }
}
