//! What is remembered between runs, behind one small seam.

mod file;
mod foreign;
mod marks;
mod memory;
mod merge;
mod tellings;

pub use file::FileStore;
pub use memory::MemoryStore;
pub use tellings::Step;

use crate::domain::mark::Mark;
use crate::domain::memory::TargetMemory;
use crate::domain::said::Word;
use crate::domain::target::{Host, Target};
use crate::domain::time::WallTime;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Everything that is remembered: the memory of each target under its [`key`], and that of this
/// machine under [`MONITOR`].
pub type State = BTreeMap<String, TargetMemory>;

/// The name under which this machine is remembered; a target's [`key`] ends in its port.
pub const MONITOR: &str = "monitor";

/// How long a mark stays after it was first taken.
pub const LINGER: Duration = Duration::from_secs(10);

/// What was read at start.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Loaded {
    /// What earlier runs knew; empty when there was nothing, or nothing readable.
    pub state: State,
    /// One sentence for the user when something could not be read and was kept aside.
    pub warning: Option<String>,
}

/// A host of which others saved something else than this process knows of.
#[derive(Debug, Clone, PartialEq)]
pub struct Apart {
    /// The name under which it is remembered.
    pub host: String,
    /// What this process loaded or saved last, or agreed to since.
    pub before: TargetMemory,
    /// What is saved.
    pub theirs: TargetMemory,
}

/// Keeps state between runs. The calls block: keep them off the loop that probes.
pub trait StateStore: fmt::Debug + Send + Sync {
    /// Reads the state. What cannot be understood is kept aside, never lost; what a newer version
    /// wrote is left where it is.
    ///
    /// # Errors
    /// [`StoreError`] when it is there and could be neither read nor kept aside, or is newer. Saving would then
    /// destroy it: do not.
    fn load(&self) -> Result<Loaded, StoreError>;

    /// Adds what is known of the own targets to what others saved of theirs, as one step that no
    /// other process comes between.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be read or written; the old state is then untouched.
    fn add(&self, own: State) -> Result<(), StoreError>;

    /// The hosts of `own` of which people said something else in the meantime, by what others saved; empty
    /// where nothing was saved since the last call, unless it is to look `afresh`. What cannot be understood is
    /// left where it is. A store that nobody shares has no others.
    ///
    /// # Errors
    /// [`StoreError`] when it is there and cannot be read.
    fn look_at_others(
        &self,
        _own: &dyn Fn(&str) -> bool,
        _afresh: bool,
        _now: WallTime,
    ) -> Result<Vec<Apart>, StoreError> {
        Ok(Vec::new())
    }

    /// This process knows what others said there; `fires`: the alert that it is about fires here too. Does
    /// not block.
    fn agree(&self, _apart: &Apart, _word: &Word, _fires: bool) {}

    /// Leaves a mark for the program that watches its target, which may be another one.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be written, or too many wait already.
    fn leave_mark(&self, mark: &Mark) -> Result<(), StoreError>;

    /// Takes the marks that are `wanted`. They stay until [`LINGER`] after the first took them, for
    /// other programs that watch the same target: whoever took one knows it by its
    /// number. Does not wait for another process that is at it.
    ///
    /// # Errors
    /// [`StoreError`] when they could be neither read nor taken.
    fn take_marks(
        &self,
        wanted: &dyn Fn(&Mark) -> bool,
        now: WallTime,
    ) -> Result<Vec<Mark>, StoreError>;

    /// Makes room for the answer to a mark, under this number.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be made.
    fn expect_answer(&self, number: u64) -> Result<(), StoreError>;

    /// Answers who waits under this number; nobody does when there is no room for it.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be written.
    fn answer(&self, number: u64, lines: &[String]) -> Result<(), StoreError>;

    /// The answer, unescaped, once it is there whole.
    fn answered(&self, number: u64) -> Option<Vec<String>>;

    /// Waits no longer: takes the room away.
    fn forget_answer(&self, number: u64);

    /// One step on what programs that share this state told whom, which no other process comes
    /// between; by its time, `now`, other processes see that this one is not stopped. A store that
    /// nobody shares takes none.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be taken, another process hangs in one, or a newer version
    /// wrote what is there.
    fn tell_together(&self, _now: WallTime, _step: &mut Step<'_>) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Why state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file operation failed.
    #[error("cannot {operation} {}: {source}", path.display())]
    Io {
        /// What was tried: `read`, `write`, `replace`.
        operation: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A newer version keeps its state there, in a layout that this one does not know.
    #[error(
        "{} is of a newer rdpwatch (layout {version}; this one knows up to {known}): nothing of it is \
         remembered here, and it is left as it is",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its layout.
        version: u64,
        /// The newest layout that is known.
        known: u64,
    },
    /// The state is larger than what would be read again.
    #[error("the state to remember is {bytes} bytes, more than the {limit} that are read back")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The bound.
        limit: usize,
    },
    /// So many marks wait that nobody seems to take them.
    #[error("{} is full: no rdpwatch takes the marks; delete it", path.display())]
    Full {
        /// Where they wait.
        path: PathBuf,
    },
    /// The state does not serialize.
    #[error("the state to remember cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl From<crate::files::Failed> for StoreError {
    fn from(failed: crate::files::Failed) -> Self {
        let crate::files::Failed { operation, path, source } = failed;
        Self::Io { operation, path, source }
    }
}

/// The name under which a target is remembered: `host:port`, `[v6]:port`; names in lower case.
#[must_use]
pub fn key(target: &Target) -> String {
    match &target.host {
        Host::Address(std::net::IpAddr::V6(_), _) => format!("[{}]:{}", target.host, target.port),
        Host::Address(..) => format!("{}:{}", target.host, target.port),
        Host::Name(name) => {
            format!("{}:{}", name.trim_end_matches('.').to_ascii_lowercase(), target.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::target::TargetId;

    #[test]
    fn a_target_is_remembered_by_host_and_port() {
        let of = |host| key(&Target::new(TargetId(0), "any", host));
        let address = |text: &str| text.parse().expect("an address");
        assert_eq!(of(Host::Name("Office-PC.corp.lab.".into())), "office-pc.corp.lab:3389");
        assert_eq!(of(Host::Address(address("10.0.0.21"), None)), "10.0.0.21:3389");
        assert_eq!(
            of(Host::Address(address("fe80::1"), Some("eth0".into()))),
            "[fe80::1%eth0]:3389"
        );
    }
}
