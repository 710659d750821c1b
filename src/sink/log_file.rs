//! A JSON line in a file that is kept small: one older file stands beside it.

use super::aside;
use crate::domain::sink::Notice;
use crate::report::notice::object;
#[cfg(unix)]
use nix::fcntl::OFlag;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
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
    let before = file.metadata()?;
    regular(&before)?;
    let torn = before.len() > 0 && is_torn(path).unwrap_or(false);
    let line = if torn { format!("\n{line}") } else { line.to_owned() };
    let (written, ended) = put(&mut file, line.as_bytes());
    if ended.is_err() {
        take_back(&file, before.len(), written)?;
    }
    ended
}

/// Whether the last line has no end: the disk was full, or the machine went down.
fn is_torn(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != [b'\n'])
}

/// Writes all of it. How many bytes were written, also when it fails.
fn put(file: &mut impl Write, bytes: &[u8]) -> (usize, io::Result<()>) {
    let mut written = 0;
    while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
        match file.write(rest) {
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(more) => written += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (written, Err(error)),
        }
    }
    (written, Ok(()))
}

/// Takes the first part of a line off the end of a file that was `before` bytes long, unless
/// another program has written behind it.
fn take_back(file: &File, before: u64, written: usize) -> io::Result<()> {
    let after = before.saturating_add(u64::try_from(written).unwrap_or(u64::MAX));
    if written > 0 && file.metadata()?.len() == after { file.set_len(before) } else { Ok(()) }
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
    fn a_line_behind_half_a_line_is_a_line_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alerts.jsonl");
        fs::write(&path, "{\"a\":1}\n{\"b\":").unwrap();
        for line in ["{\"c\":3}\n", "{\"d\":4}\n"] {
            write(&path, line, FULL).unwrap();
        }
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, "{\"a\":1}\n{\"b\":\n{\"c\":3}\n{\"d\":4}\n");
    }

    /// Takes so many bytes and is full then.
    struct Disk<'file>(&'file mut File, usize);

    impl Write for Disk<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let fits = bytes.len().min(self.1);
            if fits == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.1 -= fits;
            self.0.write(&bytes[..fits])
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_leaves_no_half_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alerts.jsonl");
        fs::write(&path, "a\n").unwrap();
        let text = || fs::read_to_string(&path).unwrap();
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        let (written, ended) = put(&mut Disk(&mut file, 3), b"bcdef\n");
        assert_eq!((written, ended.unwrap_err().kind()), (3, io::ErrorKind::StorageFull));
        assert_eq!(text(), "a\nbcd");
        take_back(&file, 2, written).unwrap();
        assert_eq!(text(), "a\n");
        // Another program's line is behind it.
        put(&mut file, b"bc\nd\n").1.unwrap();
        take_back(&file, 2, 2).unwrap();
        assert_eq!(text(), "a\nbc\nd\n");
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
