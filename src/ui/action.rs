//! What a key can do.

/// One thing a key can do. What it means depends on the screen; see [`super::update`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// Leave; the screen is restored to what it was.
    Quit,
    /// Leave, and print the last frame where the user can copy it.
    QuitKeepScreen,
    /// Stop as a job of the shell (SIGTSTP).
    Suspend,
    /// One step back: close an overlay, clear the filter, leave a screen. Never quits.
    Back,
    /// Show every key.
    Help,
    /// Narrow the table.
    Filter,
    /// Type a command.
    Command,
    /// Take back what was last done.
    Undo,
    /// Keep the selected target above every order, or no more.
    Pin,
    /// Rows in groups, or not.
    Group,
    /// Fold or unfold the group.
    Fold,
    /// Fold or unfold every group.
    FoldAll,
    /// Down a row or a line.
    Down,
    /// Up a row or a line.
    Up,
    /// To the first row or line.
    First,
    /// To the last row or line.
    Last,
    /// Down a page.
    PageDown,
    /// Up a page.
    PageUp,
    /// To the next view.
    NextView,
    /// To the previous view.
    PreviousView,
    /// To the table.
    ViewTable,
    /// To the detail of the selected target.
    ViewDetail,
    /// To the alerts.
    ViewAlerts,
    /// To the wall.
    ViewWall,
    /// To the way to the selected target.
    ViewPath,
    /// To the timeline.
    ViewTimeline,
    /// To one target in plain words, and back.
    ViewSimple,
    /// A cell earlier on the timeline.
    Earlier,
    /// A cell later on the timeline.
    Later,
    /// Fifteen cells earlier.
    MuchEarlier,
    /// Fifteen cells later.
    MuchLater,
    /// Open what is selected.
    Open,
    /// Detail of the next target.
    NextTarget,
    /// Detail of the previous target.
    PreviousTarget,
    /// To the next target in trouble; in `explain` to the next finding.
    NextProblem,
    /// To the previous target in trouble; in `explain` to the previous finding.
    PreviousProblem,
    /// Sort by the next column.
    Sort,
    /// Turn the order round.
    SortInvert,
    /// Freeze and thaw the screen. Probing goes on.
    Pause,
    /// Forget the echo statistics.
    ResetStatistics,
    /// Fewer seconds per cell of a chart.
    ZoomIn,
    /// More seconds per cell of a chart.
    ZoomOut,
    /// Names or addresses in the first column.
    NamesAddresses,
    /// Wake the selected target.
    Wake,
    /// Wake every target that is asleep; asks first.
    WakeAll,
    /// Probe the selected target at once.
    ProbeNow,
    /// Acknowledge the alerts of the selected target, or the selected alert.
    Acknowledge,
    /// Silence them for a while.
    Snooze,
    /// Hold back every alert of a target while work is planned.
    Maintenance,
    /// List what was there on first sight.
    Review,
    /// Accept everything of the selected target that was there on first sight.
    AcceptOfTarget,
    /// Accept everything that was there on first sight.
    AcceptAll,
    /// Say that a session on the selected target dropped at this moment.
    Mark,
    /// Text for a ticket.
    Ticket,
    /// What the newest connections said and heard.
    Transcript,
    /// Copy to the clipboard of the terminal.
    Copy,
    /// Choose a command of a remedy, or the ticket, and copy it.
    CopyCommand,
    /// Show a text without anything around it, to select from with the terminal's own mouse.
    PlainPage,
    /// What a finding means and every remedy.
    Explain,
    /// Type a new target.
    AddTarget,
    /// Change the selected target in the configuration file.
    EditTarget,
    /// Take the selected target out of the configuration file; asks first.
    RemoveTarget,
    /// Write what is on the screen to a file.
    Export,
    /// Yes, or this one.
    Confirm,
    /// The next of what could stand at the end of a text.
    Complete,
    /// The one before.
    CompleteBack,
    /// The first choice of a menu.
    Choose1,
    /// The second choice of a menu.
    Choose2,
    /// The third choice of a menu.
    Choose3,
}

impl Action {
    /// Every action with its name in key maps.
    pub const TABLE: &[(Self, &str)] = &[
        (Self::Quit, "quit"),
        (Self::QuitKeepScreen, "quit-keep-screen"),
        (Self::Suspend, "suspend"),
        (Self::Back, "back"),
        (Self::Help, "help"),
        (Self::Filter, "filter"),
        (Self::Command, "command"),
        (Self::Undo, "undo"),
        (Self::Pin, "pin"),
        (Self::Group, "group"),
        (Self::Fold, "fold"),
        (Self::FoldAll, "fold-all"),
        (Self::Down, "down"),
        (Self::Up, "up"),
        (Self::First, "first"),
        (Self::Last, "last"),
        (Self::PageDown, "page-down"),
        (Self::PageUp, "page-up"),
        (Self::NextView, "next-view"),
        (Self::PreviousView, "previous-view"),
        (Self::ViewTable, "view-table"),
        (Self::ViewDetail, "view-detail"),
        (Self::ViewAlerts, "view-alerts"),
        (Self::ViewWall, "view-wall"),
        (Self::ViewPath, "view-path"),
        (Self::ViewTimeline, "view-timeline"),
        (Self::ViewSimple, "view-simple"),
        (Self::Earlier, "earlier"),
        (Self::Later, "later"),
        (Self::MuchEarlier, "much-earlier"),
        (Self::MuchLater, "much-later"),
        (Self::Open, "open"),
        (Self::NextTarget, "next-target"),
        (Self::PreviousTarget, "previous-target"),
        (Self::NextProblem, "next-problem"),
        (Self::PreviousProblem, "previous-problem"),
        (Self::Sort, "sort"),
        (Self::SortInvert, "sort-invert"),
        (Self::Pause, "pause"),
        (Self::ResetStatistics, "reset-statistics"),
        (Self::ZoomIn, "zoom-in"),
        (Self::ZoomOut, "zoom-out"),
        (Self::NamesAddresses, "names-addresses"),
        (Self::Wake, "wake"),
        (Self::WakeAll, "wake-all"),
        (Self::ProbeNow, "probe-now"),
        (Self::Acknowledge, "acknowledge"),
        (Self::Snooze, "snooze"),
        (Self::Maintenance, "maintenance"),
        (Self::Review, "review"),
        (Self::AcceptOfTarget, "accept-of-target"),
        (Self::AcceptAll, "accept-all"),
        (Self::Mark, "mark"),
        (Self::Ticket, "ticket"),
        (Self::Transcript, "transcript"),
        (Self::Copy, "copy"),
        (Self::CopyCommand, "copy-command"),
        (Self::PlainPage, "plain-page"),
        (Self::Explain, "explain"),
        (Self::AddTarget, "add-target"),
        (Self::EditTarget, "edit-target"),
        (Self::RemoveTarget, "remove-target"),
        (Self::Export, "export"),
        (Self::Confirm, "confirm"),
        (Self::Complete, "complete"),
        (Self::CompleteBack, "complete-back"),
        (Self::Choose1, "choose-1"),
        (Self::Choose2, "choose-2"),
        (Self::Choose3, "choose-3"),
    ];

    /// Whether it has a meaning in boxes and text fields only.
    #[must_use]
    pub const fn is_of_boxes(self) -> bool {
        matches!(
            self,
            Self::Command
                | Self::Confirm
                | Self::Complete
                | Self::CompleteBack
                | Self::Choose1
                | Self::Choose2
                | Self::Choose3
                | Self::AcceptOfTarget
                | Self::AcceptAll
        )
    }

    /// The name in key maps.
    #[must_use]
    pub fn id(self) -> &'static str {
        Self::TABLE.iter().find(|(action, _)| *action == self).map_or("", |(_, id)| id)
    }

    /// The action with this name.
    #[must_use]
    pub fn named(id: &str) -> Option<Self> {
        Self::TABLE.iter().find(|(_, known)| *known == id).map(|(action, _)| *action)
    }

    /// The name nearest to `id`, for an error message.
    #[must_use]
    pub fn nearest(id: &str) -> &'static str {
        Self::TABLE
            .iter()
            .min_by_key(|(_, known)| strsim::damerau_levenshtein(known, id))
            .map_or("", |(_, known)| known)
    }
}
