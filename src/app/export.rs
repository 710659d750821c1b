//! What is on the screen, written to a file that was not there before.

use crate::domain::text::excerpt;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

/// Writes `text` to a new file called `name`; returns what was done. Its rights are those of any
/// new file of this user.
///
/// # Errors
/// A sentence: the file is there already, or cannot be written.
pub(super) fn write(name: &str, text: &str) -> Result<String, String> {
    let shown = excerpt(name, 120);
    let path = Path::new(name);
    let failed = |error: &std::io::Error| match error.kind() {
        ErrorKind::AlreadyExists => {
            format!("{shown} is there already and was left as it is, expected a new name")
        }
        ErrorKind::NotFound => format!("{shown} cannot be written: there is no such folder"),
        _ => format!("{shown} cannot be written: {error}"),
    };
    let opened = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = opened.map_err(|error| failed(&error))?;
    if let Err(error) = file.write_all(text.as_bytes()).and_then(|()| file.sync_all()) {
        // Half a file is none.
        let _gone = fs::remove_file(path);
        return Err(failed(&error));
    }
    Ok(format!("saved to {shown}, {} kB", text.len().div_ceil(1_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_once_and_never_over_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let name = folder.path().join("a.txt");
        let name = name.to_str().expect("a name");
        assert!(write(name, "one").expect("written").ends_with("a.txt, 1 kB"));
        assert!(write(name, "two").is_err_and(|why| why.contains("is there already")));
        assert_eq!(fs::read_to_string(name).expect("there"), "one");
        let nowhere = folder.path().join("none/a.txt");
        let why = write(nowhere.to_str().expect("a name"), "").expect_err("no folder");
        assert!(why.contains("no such folder"), "{why}");
    }
}
