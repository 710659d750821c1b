//! What was told to whom, in a file beside the state, and which programs that tell run: each holds
//! the lock of a file with its name, which the system gives back when it ends, however it does.

use super::StoreError;
use super::file::{failed, overwrite, wait_for};
use crate::domain::telling::Tellings;
use crate::files::private;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Most bytes that are read.
const LIMIT: u64 = 4 << 20;
/// So many names are tried.
const NAMES: u32 = 1_000;
/// Most files that are looked at for programs that are gone.
const SWEPT: usize = 1_024;

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
    pub(super) fn step(&self, folder: &Path, step: &mut Step<'_>) -> Result<(), StoreError> {
        let path = folder.join("tellings.json");
        let mut options = private();
        let options = options.create(true).truncate(false).read(true).write(true);
        let mut file = options.open(&path).map_err(failed("write", &path))?;
        // Held until the end.
        if !wait_for(&file).map_err(failed("lock", &path))? {
            return Err(failed("lock", &path)(io::ErrorKind::WouldBlock.into()));
        }
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        let name = match &*own {
            Some((name, _)) => name.clone(),
            None => own.insert(join(folder)?).0.clone(),
        };
        let mut bytes = Vec::new();
        (&file).take(LIMIT).read_to_end(&mut bytes).map_err(failed("read", &path))?;
        let before: Tellings = serde_json::from_slice(&bytes).unwrap_or_default();
        let mut after = before.clone();
        step(&mut after, &name, &|name| runs(folder, name));
        if after != before {
            let bytes = serde_json::to_vec(&after)?;
            overwrite(&mut file, &bytes).map_err(failed("replace", &path))?;
        }
        Ok(())
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // The lock ends with the file; its name may be taken away by anybody who comes later.
        self.own.get_mut().unwrap_or_else(PoisonError::into_inner).take();
    }
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

/// Whether the program of this name runs. Names come from a file: only digits and a hyphen are one.
fn runs(folder: &Path, name: &str) -> bool {
    let sound = name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    sound && is_locked(&place(folder, name))
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
        if name.is_some_and(|name| !runs(folder, name)) {
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
    use crate::domain::time::WallTime;

    fn claim(desk: &Desk, folder: &Path, id: &str) -> Claim {
        let now = WallTime::from_unix_secs(100);
        let event = SinkEvent::Fired;
        let notice = Notice { id: id.to_owned(), event, ..Notice::test(now) };
        let wanted = Wanted { sink: "pager", ends: true, notice: &notice };
        let mut claimed = None;
        desk.step(folder, &mut |tellings, name, runs| {
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
        assert_eq!(locks, 3, "the file, and two that run");
    }

    #[test]
    fn what_cannot_be_read_is_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("tellings.json"), "[{\"sink\":").expect("written");
        let desk = Desk::default();
        assert_eq!(claim(&desk, folder.path(), "1"), Claim::Tell("1".to_owned()));
        let other = Desk::default();
        assert_eq!(claim(&other, folder.path(), "2"), Claim::Wait);
    }
}
