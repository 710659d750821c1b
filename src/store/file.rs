//! State in one JSON file, replaced atomically.

use super::foreign::Foreign;
use super::marks::Spool;
use super::merge::Base;
use super::tellings::{Desk, Step};
use super::{Apart, Loaded, State, StateStore, StoreError};
use crate::domain::mark::Mark;
use crate::domain::said::Word;
use crate::domain::time::WallTime;
use crate::files::{private, replace};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek as _, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Version of the file's layout: higher where an older program would misread it. A field more makes no
/// other version; what is not known of it goes back as it was.
const VERSION: u64 = 2;

/// Older layouts that are read: 1 lacks who answered, and where.
const READ: std::ops::RangeInclusive<u64> = 1..=VERSION;

/// Most bytes that are read or written: 16 MiB.
const LIMIT: usize = 16 << 20;

/// Between two looks at the lock.
const LOOK: Duration = Duration::from_millis(5);
/// How often it is looked at: a save takes milliseconds, and whoever holds the lock for two seconds
/// hangs.
const LOOKS: u32 = 400;

/// So many unreadable files are kept beside the state.
const KEPT_ASIDE: u32 = 1_000;

/// `state.json`: `{"version":2,"targets":{"host:port":{…}}}`.
///
/// Written to a temporary file in the same folder, flushed to the disk and renamed into place, so
/// that the file is always whole. Processes that add to it wait for each other. The file is readable
/// by its owner only (on Unix).
#[derive(Debug)]
pub struct FileStore {
    path: PathBuf,
    base: Base,
    desk: Desk,
    /// Which file others were last looked for in. Whoever holds it is alone in this process between the file
    /// and what is known of it.
    looked: Mutex<Option<Stamp>>,
}

/// What tells a file that was replaced from the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    #[cfg(unix)]
    inode: u64,
}

impl Stamp {
    fn of(file: &fs::Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt as _;
        Self {
            modified: file.modified().ok(),
            length: file.len(),
            #[cfg(unix)]
            inode: file.ino(),
        }
    }
}

/// The file as it is read.
#[derive(Deserialize)]
struct Contents {
    #[expect(dead_code, reason = "checked before the rest is read")]
    version: u64,
    #[serde(default)]
    targets: State,
}

/// As much of any version's file as has to be known first.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

/// The file as it is written.
#[derive(Serialize)]
struct Written<'a> {
    version: u64,
    targets: &'a State,
}

impl FileStore {
    /// State in the file at `path`; its folder is made when it is first saved.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let (base, desk, looked) = <_>::default();
        Self { path: path.into(), base, desk, looked }
    }

    /// Where the state is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Moves a file that cannot be understood out of the way, under a name that is free.
    fn keep_aside(&self) -> Result<PathBuf, StoreError> {
        for number in 1..=KEPT_ASIDE {
            let aside = self.beside(&format!(".bad-{number}"));
            match OpenOptions::new().write(true).create_new(true).open(&aside) {
                Ok(_) => {
                    fs::rename(&self.path, &aside).map_err(|error| {
                        // The name was only reserved; without the file it says nothing.
                        let _ = fs::remove_file(&aside);
                        failed("rename", &self.path)(error)
                    })?;
                    return Ok(aside);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed("write", &aside)(error)),
            }
        }
        let full = io::Error::other("too many unreadable files are kept beside it");
        Err(failed("keep aside", &self.path)(full))
    }

    /// The file's own name with `suffix`.
    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.file_name().map_or_else(OsString::new, OsString::from);
        name.push(suffix);
        self.path.with_file_name(name)
    }

    /// Waits until no other process is between its reading and its writing, but not for one that
    /// hangs there: then this one goes on without. The lock is that of an empty file which stays, and
    /// ends with the file's handle.
    fn lock(&self) -> Result<File, StoreError> {
        let path = self.beside(".lock");
        let file =
            private().create(true).append(true).open(&path).map_err(failed("write", &path))?;
        wait_for(&file).map_err(failed("lock", &path))?;
        Ok(file)
    }

    fn spool(&self) -> Spool {
        Spool::at(self.path.with_file_name("marks.jsonl"))
    }

    fn folder(&self) -> Option<&Path> {
        self.path.parent().filter(|folder| !folder.as_os_str().is_empty())
    }

    fn make_folder(&self) -> Result<(), StoreError> {
        let Some(folder) = self.folder() else { return Ok(()) };
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::DirBuilderExt;
            builder.mode(0o700);
        }
        builder.create(folder).map_err(failed("make", folder))
    }

    /// What the file holds, and its bytes; what cannot be understood is kept aside, unless a newer
    /// version may still use it.
    fn read(&self) -> Result<(Loaded, Vec<u8>), StoreError> {
        let bytes = match File::open(&self.path).and_then(bounded) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(<_>::default()),
            Err(error) => return Err(failed("read", &self.path)(error)),
        };
        match parse(&bytes) {
            Ok(state) => Ok((Loaded { state, warning: None }, bytes)),
            Err(Unread::Newer(version)) => {
                Err(StoreError::Newer { path: self.path.clone(), version, known: VERSION })
            }
            Err(Unread::Bad(reason)) => {
                let aside = self.keep_aside()?;
                let warning = format!(
                    "{} {reason}; it is kept as {} and rdpwatch starts without memory",
                    self.path.display(),
                    aside.display()
                );
                Ok((Loaded { state: State::new(), warning: Some(warning) }, Vec::new()))
            }
        }
    }

    /// Replaces the state as a whole: a reader sees the old one or the new one, never a part. Where it
    /// could not be written the old one is untouched.
    fn save(&self, state: &State, foreign: Option<&Foreign>) -> Result<(), StoreError> {
        let bytes = match foreign {
            None => in_bytes(state)?,
            Some(foreign) => {
                let mut value = serde_json::to_value(Written { version: VERSION, targets: state })?;
                foreign.put_into(&mut value);
                serde_json::to_vec(&value)?
            }
        };
        if bytes.len() > LIMIT {
            return Err(StoreError::TooLarge { bytes: bytes.len(), limit: LIMIT });
        }
        self.make_folder()?;
        Ok(replace(&self.path, &bytes)?)
    }
}

impl StateStore for FileStore {
    fn load(&self) -> Result<Loaded, StoreError> {
        let (loaded, _) = self.read()?;
        self.base.set(loaded.state.clone());
        Ok(loaded)
    }

    fn add(&self, own: State) -> Result<(), StoreError> {
        self.make_folder()?;
        // Both are held until the end.
        let _looking = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let _alone = self.lock()?;
        let (Loaded { state: mut whole, .. }, said) = self.read()?;
        let foreign = Foreign::between(&said, &in_bytes(&whole)?);
        self.base.merge(&mut whole, &own);
        self.save(&whole, foreign.as_ref())?;
        self.base.set(own);
        Ok(())
    }

    fn look_at_others(
        &self,
        own: &dyn Fn(&str) -> bool,
        afresh: bool,
        now: WallTime,
    ) -> Result<Vec<Apart>, StoreError> {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("read", &self.path)(error)),
        };
        let stamp = Stamp::of(&file.metadata().map_err(failed("read", &self.path))?);
        if !afresh && *looked == Some(stamp) {
            return Ok(Vec::new());
        }
        *looked = Some(stamp);
        let bytes = bounded(file).map_err(failed("read", &self.path))?;
        Ok(parse(&bytes).map(|whole| self.base.apart(whole, own, now)).unwrap_or_default())
    }

    fn agree(&self, apart: &Apart, word: &Word, fires: bool) {
        self.base.agree(apart, word, fires);
    }

    fn leave_mark(&self, mark: &Mark) -> Result<(), StoreError> {
        self.make_folder()?;
        self.spool().leave(mark)
    }

    fn take_marks(
        &self,
        wanted: &dyn Fn(&Mark) -> bool,
        now: WallTime,
    ) -> Result<Vec<Mark>, StoreError> {
        self.spool().take(wanted, now)
    }

    fn expect_answer(&self, number: u64) -> Result<(), StoreError> {
        self.make_folder()?;
        self.spool().expect(number)
    }

    fn answer(&self, number: u64, lines: &[String]) -> Result<(), StoreError> {
        self.spool().answer(number, lines)
    }

    fn answered(&self, number: u64) -> Option<Vec<String>> {
        self.spool().answered(number)
    }

    fn forget_answer(&self, number: u64) {
        self.spool().forget(number);
    }

    fn tell_together(&self, now: WallTime, step: &mut Step<'_>) -> Result<(), StoreError> {
        self.make_folder()?;
        self.desk.step(self.folder().unwrap_or(Path::new(".")), now, step)
    }
}

/// Takes the lock of a file, unless whoever holds it hangs. Whether it has it.
pub(super) fn wait_for(file: &File) -> io::Result<bool> {
    for _ in 0..LOOKS {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) => pause(LOOK),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(false)
}

#[expect(clippy::disallowed_methods, reason = "the calls of a store block, off the runtime")]
fn pause(length: Duration) {
    std::thread::sleep(length);
}

/// At most one byte more than the bound: enough to know that it is too large.
fn bounded(file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let bound = u64::try_from(LIMIT).unwrap_or(u64::MAX).saturating_add(1);
    file.take(bound).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The file of such a state, as this version writes it.
fn in_bytes(state: &State) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Written { version: VERSION, targets: state })
}

/// Why a file is not understood.
enum Unread {
    /// A newer version wrote it, in this layout.
    Newer(u64),
    /// Nobody would understand it; the rest of a sentence.
    Bad(String),
}

/// The state in `bytes`.
fn parse(bytes: &[u8]) -> Result<State, Unread> {
    if bytes.len() > LIMIT {
        return Err(Unread::Bad(format!("is larger than {LIMIT} bytes")));
    }
    let damaged = |error: serde_json::Error| Unread::Bad(format!("is damaged ({error})"));
    let Versioned { version } = serde_json::from_slice(bytes).map_err(damaged)?;
    if version > VERSION {
        return Err(Unread::Newer(version));
    }
    if !READ.contains(&version) {
        return Err(Unread::Bad(format!("has layout version {version}, which there never was")));
    }
    serde_json::from_slice::<Contents>(bytes).map(|contents| contents.targets).map_err(damaged)
}

/// Writes a file that several programs share anew, under its lock. Whoever is stopped in between
/// leaves the end of what was there before behind what is new.
pub(super) fn overwrite(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    file.rewind()?;
    file.write_all(bytes)?;
    file.set_len(u64::try_from(bytes.len()).unwrap_or(u64::MAX))
}

pub(super) fn failed(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io { operation, path, source }
}

#[cfg(test)]
mod tests;
