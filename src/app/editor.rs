//! The configuration file changed from the dashboard, and changed back.

use crate::config::edit::{FIELDS, changed, fields, without};
use crate::config::{self, ConfigError, Place};
use crate::ui::form::Form;
use std::path::{Path, PathBuf};

/// Largest configuration that is changed, in bytes.
const MAX_CONFIG: u64 = 1024 * 1024;
/// Changes that can be taken back.
const KEPT: usize = 16;

/// One change of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    /// What was done, as it was told.
    what: String,
    before: String,
    after: String,
}

/// Writes the configuration file and remembers what it said.
#[derive(Debug, Default)]
pub(super) struct Editor {
    path: Option<PathBuf>,
    /// What the file said when the form was opened.
    opened: Option<String>,
    changes: Vec<Change>,
}

impl Editor {
    pub(super) const fn new(path: Option<PathBuf>) -> Self {
        Self { path, opened: None, changes: Vec::new() }
    }

    /// The file, or where it would be.
    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// A form over the target called `name`; `None` where no file has it.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn open(&mut self, name: &str) -> Result<Option<Form>, ConfigError> {
        let Some((path, text)) = self.read()? else { return Ok(None) };
        let form = fields(&path, &text, name)?.map(|texts| Form::new(name, &FIELDS, texts));
        self.opened = Some(text);
        Ok(form)
    }

    /// Writes what the form says; returns what was done, `None` where nothing differs.
    ///
    /// # Errors
    /// The first mistake, with its place and the nearest valid; a file that was changed since the
    /// form was opened.
    pub(super) fn change(
        &mut self,
        name: &str,
        texts: &[String],
    ) -> Result<Option<String>, ConfigError> {
        let (path, before) = match (&self.path, &self.opened) {
            (Some(path), Some(text)) => (path.clone(), text.clone()),
            _ => return Err(gone(self.path.as_deref())),
        };
        let after = changed(&path, &before, name, texts)?;
        if after == before {
            return Ok(None);
        }
        let what = format!("{name} changed in {}", short(&path));
        self.write(&path, before, after, what).map(Some)
    }

    /// Takes the target called `name` out of the file; `None` where no file has it.
    ///
    /// # Errors
    /// What the file would lack without it, or one that cannot be written.
    pub(super) fn remove(&mut self, name: &str) -> Result<Option<String>, ConfigError> {
        let Some((path, before)) = self.read()? else { return Ok(None) };
        if fields(&path, &before, name)?.is_none() {
            return Ok(None);
        }
        let after = without(&path, &before, name)?;
        let what = format!("{name} removed from {}", short(&path));
        self.write(&path, before, after, what).map(Some)
    }

    /// Writes back what the file said before the newest change; returns what was done. `None`
    /// where there is nothing to take back.
    ///
    /// # Errors
    /// A file that says something else by now, or cannot be written; the change is kept.
    pub(super) fn take_back(&mut self) -> Result<Option<String>, ConfigError> {
        let (Some(path), Some(change)) = (self.path.clone(), self.changes.last()) else {
            return Ok(None);
        };
        replace(&path, &change.after, &change.before)?;
        let told = format!("undone: {}", change.what);
        self.changes.pop();
        Ok(Some(told))
    }

    fn read(&self) -> Result<Option<(PathBuf, String)>, ConfigError> {
        let Some(path) = &self.path else { return Ok(None) };
        let failed = |message: String| ConfigError { place: Place::File(path.clone()), message };
        match config::read_bounded(path, MAX_CONFIG) {
            Ok(bytes) => {
                let text = String::from_utf8(bytes)
                    .map_err(|_| failed("it is not UTF-8, expected a TOML text".to_owned()))?;
                Ok(Some((path.clone(), text)))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(format!("cannot be read: {error}"))),
        }
    }

    fn write(
        &mut self,
        path: &Path,
        before: String,
        after: String,
        what: String,
    ) -> Result<String, ConfigError> {
        replace(path, &before, &after)?;
        self.opened = None;
        if self.changes.len() == KEPT {
            self.changes.remove(0);
        }
        self.changes.push(Change { what: what.clone(), before, after });
        Ok(what)
    }
}

/// [`config::replace`] in the words of the screen.
fn replace(path: &Path, before: &str, after: &str) -> Result<(), ConfigError> {
    config::replace(path, Some(before), after).map_err(|mut error| {
        if std::fs::read(path).is_ok_and(|said| said != before.as_bytes()) {
            "it was changed by somebody else meanwhile, nothing was written"
                .clone_into(&mut error.message);
        }
        error
    })
}

fn gone(path: Option<&Path>) -> ConfigError {
    let place = Place::File(path.unwrap_or(Path::new("the configuration")).to_owned());
    ConfigError { place, message: "it was not opened, nothing was written".to_owned() }
}

fn short(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const TEXT: &str = "# Ours.\n[[target]]\nhost = \"a\"\n\n[[target]]\nhost = \"b\" # two\n";

    #[test]
    fn a_change_is_written_and_taken_back_and_refused_when_somebody_else_wrote() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.toml");
        fs::write(&path, TEXT).expect("written");
        let said = || fs::read_to_string(&path).expect("there");
        let mut editor = Editor::new(Some(path.clone()));
        let form = editor.open("B").expect("reads").expect("there");
        let mut new = form.texts();
        new[5] = "02:11:22:33:44:zz".to_owned();
        let wrong = editor.change("b", &new).expect_err("no MAC").to_string();
        assert!(wrong.contains("target.mac") && said() == TEXT, "{wrong}");
        new[5] = "02:11:22:33:44:55".to_owned();
        assert_eq!(
            editor.change("b", &new).expect("taken").as_deref(),
            Some("b changed in config.toml")
        );
        assert_eq!(said(), format!("{TEXT}mac = \"02:11:22:33:44:55\"\n"));
        let told = editor.remove("a").expect("out").expect("it was there");
        assert_eq!(told, "a removed from config.toml");
        assert_eq!(editor.remove("a").expect("reads"), None);
        assert!(!said().contains("\"a\""));
        assert_eq!(
            editor.take_back().expect("back").as_deref(),
            Some("undone: a removed from config.toml")
        );
        assert!(said().starts_with(TEXT));
        assert!(editor.open("a").expect("reads").is_some());
        fs::write(&path, "deep = true\n").expect("written");
        let own = vec!["c".to_owned(), "c".to_owned()];
        let late = editor.change("a", &own).expect_err("changed").to_string();
        assert!(late.contains("changed by somebody else meanwhile"), "{late}");
        assert!(editor.take_back().is_err(), "not over what somebody else wrote");
        assert_eq!(said(), "deep = true\n");
        assert_eq!(Editor::new(None).take_back(), Ok(None));
    }

    #[cfg(unix)]
    #[test]
    fn links_and_rights_stay() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let (real, link) = (folder.path().join("real.toml"), folder.path().join("config.toml"));
        fs::write(&real, TEXT).expect("written");
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).expect("set");
        std::os::unix::fs::symlink(&real, &link).expect("linked");
        let mut editor = Editor::new(Some(link.clone()));
        assert!(editor.remove("a").expect("out").is_some());
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(fs::metadata(&real).expect("there").permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2, "no draft is left");
    }
}
