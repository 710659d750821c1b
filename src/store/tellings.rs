//! What was told to whom, in a file beside the state, and which programs that tell run: each holds
//! the lock of a file with its name, which the system gives back when it ends, however it does, and
//! gives that file the present time whenever it takes a step, so that one which is stopped is not
//! taken for one that sees.

use super::StoreError;
use super::file::{failed, wait_for};
use crate::domain::telling::Tellings;
use crate::domain::time::WallTime;
use crate::files::{private, replace};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Version of the file's layout.
const VERSION: u64 = 1;

/// Most bytes that are read or written.
const LIMIT: u64 = 4 << 20;
/// So many names are tried.
const NAMES: u32 = 1_000;
/// Most files that are looked at for programs that are gone.
const SWEPT: usize = 1_024;
/// Whoever took no step for so long is stopped or hangs: three steps of those that see something.
const SILENT: Duration = Duration::from_mins(3);

/// As much of any version's file as has to be known first.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

/// The file.
#[derive(Serialize, Deserialize)]
struct Contents<T> {
    version: u64,
    tellings: T,
}

/// One step on what was told: the name of this program, and whether one of another name runs.
pub type Step<'a> = dyn FnMut(&mut Tellings, &str, &dyn Fn(&str) -> bool) + 'a;

/// This program among those that tell.
#[derive(Debug, Default)]
pub(super) struct Desk {
    /// Its name, and the file whose lock it holds.
    own: Mutex<Option<(String, File)>>,
}

impl Desk {
    /// One step, with what is in the file of `folder`. What cannot be read is nothing: then
    /// somebody is told twice.
    pub(super) fn step(
        &self,
        folder: &Path,
        now: WallTime,
        step: &mut Step<'_>,
    ) -> Result<(), StoreError> {
        let now = system(now);
        let path = folder.join("tellings.lock");
        // Held until the end.
        let lock = private().create(true).append(true).open(&path);
        let lock = lock.map_err(failed("write", &path))?;
        if !wait_for(&lock).map_err(failed("lock", &path))? {
            return Err(failed("lock", &path)(io::ErrorKind::WouldBlock.into()));
        }
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        let (name, file) = match &mut *own {
            Some(own) => own,
            None => own.insert(join(folder)?),
        };
        file.set_modified(now).map_err(failed("write", &place(folder, name)))?;
        let before = read(folder)?;
        let mut after = before.clone();
        step(&mut after, name, &|name| runs(folder, name, now));
        if after == before { Ok(()) } else { write(folder, &after) }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // The lock ends with the file; its name may be taken away by anybody who comes later.
        self.own.get_mut().unwrap_or_else(PoisonError::into_inner).take();
    }
}

fn file_of(folder: &Path) -> PathBuf {
    folder.join("tellings.json")
}

/// What is in the file; nothing where it is damaged. One of a newer layout is another program's.
fn read(folder: &Path) -> Result<Tellings, StoreError> {
    let path = file_of(folder);
    let mut bytes = Vec::new();
    match File::open(&path) {
        Ok(file) => file.take(LIMIT).read_to_end(&mut bytes).map_err(failed("read", &path))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(failed("read", &path)(error)),
    };
    let version = serde_json::from_slice::<Versioned>(&bytes).map(|file| file.version);
    if version.is_ok_and(|version| version > VERSION) {
        return Err(failed("read", &path)(io::Error::other("a newer rdpwatch wrote it")));
    }
    let contents = serde_json::from_slice::<Contents<Tellings>>(&bytes);
    Ok(contents.map(|contents| contents.tellings).unwrap_or_default())
}

/// Replaces the file at once: whoever is stopped in between leaves what was there. The caller holds
/// the lock.
fn write(folder: &Path, tellings: &Tellings) -> Result<(), StoreError> {
    let bytes = serde_json::to_vec(&Contents { version: VERSION, tellings })?;
    let limit = usize::try_from(LIMIT).unwrap_or(usize::MAX);
    if bytes.len() > limit {
        return Err(StoreError::TooLarge { bytes: bytes.len(), limit });
    }
    Ok(replace(&file_of(folder), &bytes)?)
}

fn place(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("telling-{name}.lock"))
}

/// Takes a name, and takes away those of programs that are gone. The caller holds the lock.
fn join(folder: &Path) -> Result<(String, File), StoreError> {
    sweep(folder);
    for number in 0..NAMES {
        let name = format!("{}-{number}", std::process::id());
        let path = place(folder, &name);
        match private().write(true).create_new(true).open(&path) {
            Ok(file) => {
                file.lock().map_err(failed("lock", &path))?;
                return Ok((name, file));
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed("write", &path)(error)),
        }
    }
    Err(failed("write", folder)(io::ErrorKind::AlreadyExists.into()))
}

/// Whether the program of this name runs, and is not stopped.
fn runs(folder: &Path, name: &str, now: SystemTime) -> bool {
    let file = || fs::metadata(place(folder, name)).and_then(|file| file.modified());
    exists(folder, name) && file().is_ok_and(|at| is_fresh(at, now))
}

/// Whether there is a program of this name. Names come from a file: only digits and a hyphen are one.
fn exists(folder: &Path, name: &str) -> bool {
    let sound = name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    sound && is_locked(&place(folder, name))
}

/// Whether a step was taken lately. Whoever waited for the lock knows an earlier time than the one
/// that held it; one far in the future is of a clock that was set since.
fn is_fresh(step: SystemTime, now: SystemTime) -> bool {
    let apart = now.duration_since(step).unwrap_or_else(|ahead| ahead.duration());
    apart <= SILENT
}

fn system(time: WallTime) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(time.unix_millis()).unwrap_or(0))
}

fn is_locked(path: &Path) -> bool {
    let file = OpenOptions::new().read(true).write(true).open(path);
    file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}

fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten().take(SWEPT) {
        let name = entry.file_name();
        let name = name.to_str().unwrap_or_default();
        let name = name.strip_prefix("telling-").and_then(|name| name.strip_suffix(".lock"));
        if name.is_some_and(|name| !exists(folder, name)) {
            // What is gone already is what was wanted.
            let _gone = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sink::{Notice, SinkEvent};
    use crate::domain::telling::{Claim, Program, Wanted};

    fn claim(desk: &Desk, folder: &Path, id: &str) -> Claim {
        claim_at(100, desk, folder, id)
    }

    fn claim_at(second: i64, desk: &Desk, folder: &Path, id: &str) -> Claim {
        let now = WallTime::from_unix_secs(second);
        let event = SinkEvent::Fired;
        let notice = Notice { id: id.to_owned(), event, ..Notice::test(now) };
        let wanted = Wanted { sink: "pager", ends: true, notice: &notice };
        let mut claimed = None;
        desk.step(folder, now, &mut |tellings, name, runs| {
            claimed = Some(tellings.claim(wanted, &Program { name, runs, now }));
        })
        .expect("a step");
        claimed.expect("a claim")
    }

    #[test]
    fn a_program_that_ends_without_a_word_is_seen_to_be_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let (first, second) = (Desk::default(), Desk::default());
        let tell = |id: &str| Claim::Tell(id.to_owned());
        assert_eq!(claim(&first, folder.path(), "1"), tell("1"));
        assert_eq!(claim(&second, folder.path(), "2"), Claim::Wait);
        drop(first);
        assert_eq!(claim(&second, folder.path(), "2"), tell("2"));
        let third = Desk::default();
        assert_eq!(claim(&third, folder.path(), "3"), Claim::Wait);
        let locks = fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(locks, 4, "the file, its lock, and two that run");
    }

    #[test]
    fn what_cannot_be_read_is_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(file_of(folder.path()), "{\"version\":1,\"tellings\":[{\"sink\":")
            .expect("written");
        let desk = Desk::default();
        assert_eq!(claim(&desk, folder.path(), "1"), Claim::Tell("1".to_owned()));
        let other = Desk::default();
        assert_eq!(claim(&other, folder.path(), "2"), Claim::Wait);
    }

    #[test]
    fn what_a_newer_program_wrote_is_left_as_it_is_and_told_twice() {
        let folder = tempfile::tempdir().expect("a folder");
        let newer = "{\"version\":2,\"tellings\":{}}";
        fs::write(file_of(folder.path()), newer).expect("written");
        let error = Desk::default()
            .step(folder.path(), WallTime::from_unix_secs(100), &mut |_, _, _| {})
            .expect_err("newer");
        assert!(error.to_string().contains("a newer rdpwatch wrote it"), "{error}");
        let after = fs::read_to_string(file_of(folder.path())).expect("a file");
        assert_eq!(after, newer);
    }

    /// It would be read as nothing by the next step, and all of it be told twice.
    #[test]
    fn more_than_is_read_back_is_not_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let now = WallTime::from_unix_secs(100);
        let title = "x".repeat(5 << 20);
        let notice = Notice { event: SinkEvent::Fired, title, ..Notice::test(now) };
        let wanted = Wanted { sink: "pager", ends: true, notice: &notice };
        let desk = Desk::default();
        let step = &mut |tellings: &mut Tellings, name: &str, runs: &dyn Fn(&str) -> bool| {
            tellings.claim(wanted, &Program { name, runs, now });
        };
        let error = desk.step(folder.path(), now, step).expect_err("too large");
        assert!(matches!(error, StoreError::TooLarge { .. }), "{error}");
        assert!(!file_of(folder.path()).exists());
    }

    /// Its time was taken before it waited for the other one's step to end.
    #[test]
    fn a_program_whose_step_came_later_than_this_one_began_is_not_taken_for_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let (first, second) = (Desk::default(), Desk::default());
        assert_eq!(claim_at(100, &first, folder.path(), "1"), Claim::Tell("1".to_owned()));
        assert_eq!(claim_at(99, &second, folder.path(), "2"), Claim::Wait);
    }

    /// `Ctrl-Z`, and forgotten.
    #[test]
    fn a_program_that_is_stopped_is_not_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let (first, second) = (Desk::default(), Desk::default());
        let tell = |id: &str| Claim::Tell(id.to_owned());
        assert_eq!(claim(&first, folder.path(), "1"), tell("1"));
        let second_at = |at| claim_at(at, &second, folder.path(), "2");
        assert_eq!(second_at(110), Claim::Wait);
        assert_eq!(claim_at(270, &first, folder.path(), "1"), tell("1"));
        assert_eq!(second_at(280), Claim::Wait);
        assert_eq!(second_at(460), tell("2"), "nothing of the first for three minutes");
    }
}
