//! A JSON line in a file that is kept small: one older file stands beside it.

use super::aside;
use crate::domain::sink::Notice;
use crate::report::notice::object;
#[cfg(unix)]
use nix::fcntl::OFlag;
use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file of this many bytes makes room for a new one.
const FULL: u64 = 8 << 20;

/// Appends one line, readable by its owner only (on Unix).
///
/// # Errors
/// That of the operating system, with the path.
pub(super) async fn append(path: &Path, notice: &Notice) -> Result<(), String> {
    let line = format!("{}\n", object(notice));
    let written = aside::at(path, move |path| {
        write(path, &line, FULL).map_err(|error| format!("{}: {error}", path.display()))
    });
    written.await?
}

fn write(path: &Path, line: &str, full: u64) -> io::Result<()> {
    if let Ok(known) = fs::metadata(path) {
        // To open a device may do something already.
        regular(&known)?;
        if known.len() >= full {
            fs::rename(path, older(path))?;
        }
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // A FIFO that took its place meanwhile must not hold this up.
        options.mode(0o600).custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits());
    }
    let mut file = options.open(path)?;
    regular(&file.metadata()?)?;
    file.write_all(line.as_bytes())
}

/// A FIFO, a device or a folder keeps no lines.
fn regular(known: &Metadata) -> io::Result<()> {
    if known.is_file() { Ok(()) } else { Err(io::Error::other("it is no regular file")) }
}

/// `alerts.jsonl.1` beside `alerts.jsonl`.
fn older(path: &Path) -> PathBuf {
    let mut name = path.file_name().map_or_else(Default::default, std::ffi::OsStr::to_owned);
    name.push(".1");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(unix)]
    use std::os::unix::fs::OpenOptionsExt as _;

    #[cfg(unix)]
    #[tokio::test]
    async fn what_is_no_regular_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let notice = Notice::test(crate::domain::time::WallTime::default());
        for path in [fifo.as_path(), Path::new("/dev/null"), folder.path()] {
            let error = append(path, &notice).await.unwrap_err();
            assert_eq!(error, format!("{}: it is no regular file", path.display()));
        }
        // Somebody reads it: nothing is written all the same.
        let reader = OpenOptions::new()
            .read(true)
            .custom_flags(OFlag::O_NONBLOCK.bits())
            .open(&fifo)
            .unwrap();
        assert!(append(&fifo, &notice).await.is_err());
        drop(reader);
        assert!(fifo.exists(), "it is not moved away either");
    }

    #[test]
    fn a_full_file_makes_room_and_one_older_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alerts.jsonl");
        for line in ["a\n", "b\n", "c\n", "d\n", "e\n"] {
            write(&path, line, 4).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "e\n");
        assert_eq!(fs::read_to_string(older(&path)).unwrap(), "c\nd\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
