//! A JSON line in a file that is kept small: one older file stands beside it.

use crate::domain::sink::Notice;
use crate::report::notice::object;
use std::fs::{self, OpenOptions};
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
    let path = path.to_owned();
    let written = tokio::task::spawn_blocking(move || {
        write(&path, &line, FULL).map_err(|error| format!("{}: {error}", path.display()))
    });
    written.await.map_err(|error| error.to_string())?
}

fn write(path: &Path, line: &str, full: u64) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|known| known.len() >= full) {
        fs::rename(path, older(path))?;
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)?.write_all(line.as_bytes())
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
