//! What the screen asks `app` to do. The screen itself does nothing but draw.

use crate::domain::alert::Signature;
use crate::domain::finding::RuleId;
use crate::domain::target::TargetId;
use crate::domain::time::WallTime;
use std::collections::BTreeMap;
use std::time::Duration;

/// One change that was made of the configuration file here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Which: counted from 1.
    pub number: u64,
    /// What was done, as it was told.
    pub what: String,
}

/// What is said in place of a change of the configuration file.
pub const READ_ONLY: &str = "read-only: the configuration is not changed";

/// A wish of the user, for `app` to carry out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send magic packets to one target.
    Wake(TargetId),
    /// Send magic packets to several targets; the user confirmed it.
    WakeMany(Vec<TargetId>),
    /// Probe every rung of a target at once.
    ProbeNow(TargetId),
    /// Forget the echo statistics of every target.
    ResetStatistics,
    /// Somebody saw this alert. `None` is this machine.
    Acknowledge {
        /// Whose.
        target: Option<TargetId>,
        /// Which rule.
        rule: RuleId,
        /// As it was typed; empty: none.
        note: String,
    },
    /// This alert is acknowledged as it was before. `None` is this machine.
    Reacknowledge {
        /// Whose.
        target: Option<TargetId>,
        /// Which rule.
        rule: RuleId,
        /// When it was acknowledged.
        at: WallTime,
        /// By whom, with their note.
        signed: Signature,
    },
    /// Keep this alert quiet for a while. `None` is this machine.
    Snooze {
        /// Whose.
        target: Option<TargetId>,
        /// Which rule.
        rule: RuleId,
        /// For how long.
        length: Duration,
    },
    /// Nobody saw this alert after all. `None` is this machine.
    Unacknowledge {
        /// Whose.
        target: Option<TargetId>,
        /// Which rule.
        rule: RuleId,
    },
    /// Keep this alert quiet no longer. `None` is this machine.
    Unsnooze {
        /// Whose.
        target: Option<TargetId>,
        /// Which rule.
        rule: RuleId,
    },
    /// Hold back the alerts of these targets, because work is planned.
    Maintain {
        /// Whose.
        targets: Vec<TargetId>,
        /// For how long from here on; `None`: no longer.
        length: Option<Duration>,
    },
    /// Of these targets, whether they are pinned; that is remembered.
    Pin(BTreeMap<TargetId, bool>),
    /// The target whose detail is open: it is probed more often. `None` when none is.
    LookAt(Option<TargetId>),
    /// Watch one more target; the text is as typed and not yet parsed.
    AddTarget(String),
    /// Watch what a mended row of a table says below its heads.
    AddRow {
        /// The heads.
        heads: String,
        /// The row, as it was typed.
        row: String,
    },
    /// Watch what a pasted text holds: a list, or a file's content, as it is.
    AddPasted(String),
    /// Nothing of what was pasted is left to be mended.
    Mended,
    /// Open the form over a target, as it stands in the configuration file.
    EditTarget(TargetId),
    /// Open the form for one more target; the text is as typed so far and not yet parsed.
    AskForNewTarget(String),
    /// Write one more target, as the form says it, into the configuration file.
    NewTarget(Vec<String>),
    /// Write a target as the form says it into the configuration file.
    ChangeTarget {
        /// What the file calls it.
        name: String,
        /// As typed, line by line.
        texts: Vec<String>,
    },
    /// Watch a target no more, and take it out of the configuration file; the user confirmed it.
    RemoveTarget(TargetId),
    /// These were added on the screen, and are watched no more, as far as no file has them.
    Unwatch(Vec<TargetId>),
    /// Write back what the configuration file said before this change.
    UndoFileChange(FileChange),
    /// Write what is on the screen to a file of this name.
    Export(String),
    /// Write what was added on the screen into the configuration file.
    SaveTargets,
    /// Do not: it is not asked again in this run.
    LeaveUnsaved,
    /// Put text on the clipboard (OSC 52).
    CopyText(String),
    /// The screen was frozen (`true`) or thawed. Probing goes on; nothing has to be done.
    Pause(bool),
    /// These findings were there on first sight, and are fine. `None` is this machine.
    AcceptAsFound(Vec<(Option<TargetId>, RuleId)>),
    /// A session on this target dropped at this moment, says the user, and what they note of it.
    Mark(TargetId, String),
    /// Restore the terminal and stop as a job of the shell.
    Suspend,
    /// End.
    Quit {
        /// Print the last frame after the terminal is restored.
        keep_screen: bool,
    },
}

impl Effect {
    /// Whether it writes the configuration file, or leads to that.
    #[must_use]
    pub const fn changes_configuration(&self) -> bool {
        matches!(
            self,
            Self::EditTarget(_)
                | Self::AskForNewTarget(_)
                | Self::NewTarget(_)
                | Self::ChangeTarget { .. }
                | Self::RemoveTarget(_)
                | Self::UndoFileChange(_)
                | Self::SaveTargets
        )
    }
}
