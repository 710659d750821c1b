//! How files are made and replaced.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// What is made with these is readable by its owner only (on Unix): it may hold secrets, and says
/// who is watched.
#[must_use]
pub fn private() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "there is no mode to set"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

/// A step that could not be taken.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {}", path.display())]
pub struct Failed {
    /// What was tried: `write`, `replace`.
    pub operation: &'static str,
    /// With which file.
    pub path: PathBuf,
    /// What the operating system said.
    pub source: io::Error,
}

impl Failed {
    fn to(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self { operation, path, source }
    }
}

/// Replaces the file at `path` as a whole: a reader sees the old one or the new one, never a part,
/// also after a power cut. The new one is readable by its owner only. There need not be an old one,
/// but its folder.
///
/// # Errors
/// A file that cannot be written or replaced; the old one is untouched then, and nothing is left
/// beside it.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failed> {
    replace_if(path, bytes, |_| Ok(true)).map(|_| ())
}

/// The same, if `ready` says so of the draft, which is whole by then. Whether it did.
///
/// # Errors
/// Those of [`replace`], and that of `ready`.
pub fn replace_if(
    path: &Path,
    bytes: &[u8],
    ready: impl FnOnce(&Path) -> io::Result<bool>,
) -> Result<bool, Failed> {
    let draft = draft(path, &mut private(), bytes)?;
    let replaced = ready(&draft).map_err(Failed::to("write", path)).and_then(|is_ready| {
        if is_ready {
            fs::rename(&draft, path).map_err(Failed::to("replace", path))?;
        }
        Ok(is_ready)
    });
    if matches!(replaced, Ok(true)) {
        flush_folder(path);
    } else {
        // The error of the replacement says more than the error of the cleaning up.
        let _ = fs::remove_file(&draft);
    }
    replaced
}

/// Writes a new file beside `path`, under a name that is free, and flushes it to the disk. Where it
/// is.
///
/// # Errors
/// A file that cannot be written; nothing is left of it then.
pub fn draft(path: &Path, options: &mut OpenOptions, bytes: &[u8]) -> Result<PathBuf, Failed> {
    let (draft, mut file) = open_beside(path, options)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(|error| {
        let _ = fs::remove_file(&draft);
        Failed::to("write", &draft)(error)
    })?;
    Ok(draft)
}

/// A fresh file in the same folder.
fn open_beside(path: &Path, options: &mut OpenOptions) -> Result<(PathBuf, File), Failed> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}-{number}.tmp", std::process::id()));
        let draft = path.with_file_name(name);
        match options.write(true).create_new(true).open(&draft) {
            Ok(file) => return Ok((draft, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Failed::to("write", &draft)(error)),
        }
    }
}

/// Makes the rename itself last through a power cut, where a folder can be flushed.
fn flush_folder(path: &Path) {
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Ok(folder) = File::open(folder.unwrap_or(Path::new("."))) {
            // The file is in place already; a folder that cannot be flushed takes nothing away.
            let _ = folder.sync_all();
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        entries.map(|one| one.expect("one").file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_replaced_file_is_whole_and_stands_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state.json");
        replace(&path, b"one").expect("made");
        replace(&path, b"two").expect("replaced");
        assert_eq!(fs::read(&path).expect("read"), b"two");
        assert!(!replace_if(&path, b"three", |_| Ok(false)).expect("asked"));
        let refused = replace_if(&path, b"four", |_| Err(io::ErrorKind::PermissionDenied.into()));
        assert_eq!(refused.expect_err("refused").source.kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(
            (fs::read(&path).expect("read"), names(folder.path())),
            (b"two".to_vec(), vec!["state.json".to_owned()],)
        );
    }

    /// What cannot be put in place leaves nothing beside it.
    #[test]
    fn a_replacement_that_fails_leaves_no_draft() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("in-the-way");
        fs::create_dir(&path).expect("a folder in its place");
        let failed = replace(&path, b"one").expect_err("a folder is in the way");
        assert_eq!((failed.operation, failed.path), ("replace", path));
        assert_eq!(names(folder.path()), ["in-the-way"]);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_a_private_draft() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.toml");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        let draft = draft(&path, &mut private(), b"token").expect("written");
        replace(&path, b"token").expect("written");
        assert_eq!((mode(&draft), mode(&path)), (0o600, 0o600));
    }
}
