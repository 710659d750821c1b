//! The configuration file changed from the dashboard, and changed back.

use super::{first, reload};
use crate::config::edit::{FIELDS, Mistake, NewGroup, added, changed, fields, without};
use crate::config::{self, ConfigError, Place};
use crate::domain::target::{DEFAULT_PORT, Host, Target, TargetId};
use crate::ui::effect::FileChange;
use crate::ui::form::{Form, Wrong};
use crate::ui::update::undo;
use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

/// Largest configuration that is changed, in bytes.
const MAX_CONFIG: u64 = 1024 * 1024;
/// Changes that can be undone: as many as steps of the screen.
const KEPT: usize = undo::KEPT;
/// Most bytes that they hold together.
const ROOM: usize = 16 * 1024 * 1024;

/// What the file said around one change.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Texts {
    change: FileChange,
    before: String,
    after: String,
    /// Targets that were watched before the file had them.
    saved: BTreeSet<TargetId>,
}

/// How undoing a change ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Undone {
    /// The file says what it said before. These targets were watched without it.
    Done(BTreeSet<TargetId>),
    /// Somebody else changed the file since.
    Overtaken,
    /// What the file said before is not known any more.
    Forgotten,
}

/// Writes the configuration file and remembers what it said.
#[derive(Debug, Default)]
pub(super) struct Editor {
    path: Option<PathBuf>,
    /// What the file said when the form was opened.
    opened: Option<String>,
    /// The group that the form named and the file does not have: named again, it is made.
    new_group: Option<String>,
    /// What this program wrote there last.
    wrote: Option<String>,
    /// The newest last.
    changes: VecDeque<Texts>,
    /// How many were made.
    made: u64,
}

impl Editor {
    pub(super) const fn new(path: Option<PathBuf>) -> Self {
        Self { path, opened: None, new_group: None, wrote: None, changes: VecDeque::new(), made: 0 }
    }

    /// The file, or where it would be.
    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// A form over the target called `name`; `None` where no file has it.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn open(&mut self, target: &Target) -> Result<Option<Form>, ConfigError> {
        let Some((path, text)) = self.read()? else { return Ok(None) };
        let name = &*target.name;
        let texts = fields(&path, &text, name)?.filter(|texts| is_of(target, texts));
        let form = texts.map(|texts| Form::new(name, &FIELDS, texts));
        self.opened = Some(text);
        self.new_group = None;
        Ok(form)
    }

    /// Writes what the form says; returns what was done, `None` where nothing differs.
    ///
    /// # Errors
    /// Every mistake, with its line of the form and the nearest valid; a file that was changed since
    /// the form was opened.
    pub(super) fn change(
        &mut self,
        name: &str,
        texts: &[String],
    ) -> Result<Option<FileChange>, Vec<Wrong>> {
        let (path, before) = match (&self.path, &self.opened) {
            (Some(path), Some(text)) => (path.clone(), text.clone()),
            _ => return Err(not_written(&gone(self.path.as_deref()))),
        };
        let after = changed(&path, &before, name, texts, self.asked_again(texts))
            .map_err(|mistakes| self.refused(&mistakes, texts))?;
        if after == before {
            return Ok(None);
        }
        let what = format!("{name} changed in {}", short(&path));
        self.write(&path, before, after, what).map(Some).map_err(|error| not_written(&error))
    }

    /// What becomes of a new group: it is made where the form named it twice.
    fn asked_again(&self, texts: &[String]) -> NewGroup {
        match &self.new_group {
            Some(named) if Some(named.as_str()) == group(texts) => NewGroup::Made,
            _ => NewGroup::Refused,
        }
    }

    /// What is wrong, in the words of the form; a group that is new is offered to be made.
    fn refused(&mut self, mistakes: &[Mistake], texts: &[String]) -> Vec<Wrong> {
        let is_new = mistakes.iter().any(|mistake| mistake.is_new_group);
        self.new_group = group(texts).filter(|_| is_new).map(str::to_owned);
        let words = |mistake: &Mistake| match &self.new_group {
            Some(name) if mistake.is_new_group => {
                let meant = mistake.message.split_once(", did you mean ").map(|(_, near)| near);
                let near = meant.map_or_else(String::new, |near| format!(", did you mean {near}"));
                format!("group: there is no \"{name}\" yet{near}; save once more to make it")
            }
            _ => mistake.message.clone(),
        };
        mistakes.iter().map(|one| Wrong { field: one.field, words: words(one) }).collect()
    }

    /// A form for a target that no file has, with what is known of it.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn open_new(&mut self, texts: Vec<String>) -> Result<Option<Form>, ConfigError> {
        if self.path.is_none() {
            return Ok(None);
        }
        self.opened = self.read()?.map(|(_, text)| text);
        self.new_group = None;
        Ok(Some(Form { is_new: true, ..Form::new("", &FIELDS, texts) }))
    }

    /// Adds the target that the form says; the file is made where there is none.
    ///
    /// # Errors
    /// Every mistake, with its line of the form and the nearest valid; a file that was changed since
    /// the form was opened.
    pub(super) fn add(&mut self, texts: &[String]) -> Result<FileChange, Vec<Wrong>> {
        let Some(path) = self.path.clone() else { return Err(not_written(&gone(None))) };
        let before = self.opened.clone();
        let text = before.as_deref().unwrap_or_default();
        let after = added(&path, text, texts, self.asked_again(texts))
            .map_err(|mistakes| self.refused(&mistakes, texts))?;
        let named = texts.iter().take(2).find(|text| !text.is_empty());
        let what = format!("{} added to {}", named.map_or("", String::as_str), short(&path));
        if before.is_none() {
            config::replace(&path, None, "").map_err(|error| not_written(&error))?;
        }
        self.write(&path, before.unwrap_or_default(), after, what)
            .map_err(|error| not_written(&error))
    }

    /// Takes the target called `name` out of the file; `None` where no file has it.
    ///
    /// # Errors
    /// What the file would lack without it, or one that cannot be written.
    pub(super) fn remove(&mut self, target: &Target) -> Result<Option<FileChange>, ConfigError> {
        let Some((path, before)) = self.read()? else { return Ok(None) };
        let name = &*target.name;
        if !fields(&path, &before, name)?.is_some_and(|texts| is_of(target, &texts)) {
            return Ok(None);
        }
        let after = without(&path, &before, name)?;
        let what = format!("{name} removed from {}", short(&path));
        self.write(&path, before, after, what).map(Some)
    }

    /// Writes targets that were added on the screen behind the end of the file, or into a new one;
    /// `None` where they stand there already.
    ///
    /// # Errors
    /// A file that cannot be read or written; then nothing is written.
    pub(super) fn save(&mut self, targets: &[&Target]) -> Result<Option<FileChange>, ConfigError> {
        let Some(path) = self.path.clone() else { return Err(gone(None)) };
        let before = self.read()?.map(|(_, text)| text);
        let plan = first::behind(&path, before.as_deref(), targets)?;
        let whom = match targets {
            _ if plan.added == 0 => return Ok(None),
            [one] => one.name.clone(),
            _ => format!("{} hosts", plan.added),
        };
        if before.is_none() {
            config::replace(&path, None, "")?;
        }
        let what = format!("{whom} saved to {}", short(&path));
        let change = self.write(&path, before.unwrap_or_default(), plan.after, what)?;
        if let Some(newest) = self.changes.back_mut() {
            newest.saved = targets.iter().map(|target| target.id).collect();
        }
        Ok(Some(change))
    }

    /// Writes back what the file said before `change`.
    ///
    /// # Errors
    /// A file that cannot be read or written; the change is kept.
    pub(super) fn undo(&mut self, change: &FileChange) -> Result<Undone, ConfigError> {
        let said = self.read()?.map(|(_, text)| text);
        let newest = self.changes.back().filter(|texts| texts.change == *change);
        let Some((path, texts)) = self.path.as_deref().zip(newest) else {
            return Ok(Undone::Forgotten);
        };
        if said.as_deref() != Some(&*texts.after) {
            // Nor can what was before it.
            self.changes.clear();
            return Ok(Undone::Overtaken);
        }
        replace(path, &texts.after, &texts.before)?;
        self.wrote = Some(texts.before.clone());
        let saved = self.changes.pop_back().map(|texts| texts.saved);
        Ok(Undone::Done(saved.unwrap_or_default()))
    }

    /// Whether the file says what this program wrote there last: reading it again is no news.
    pub(super) fn is_own(&self) -> bool {
        let said = self.read().ok().flatten();
        self.wrote.is_some() && said.map(|(_, text)| text) == self.wrote
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
    ) -> Result<FileChange, ConfigError> {
        replace(path, &before, &after)?;
        self.wrote = Some(after.clone());
        self.opened = None;
        self.made += 1;
        let change = FileChange { number: self.made, what };
        self.changes.push_back(Texts {
            change: change.clone(),
            before,
            after,
            saved: BTreeSet::new(),
        });
        let held = |changes: &VecDeque<Texts>| -> usize {
            changes.iter().map(|texts| texts.before.len() + texts.after.len()).sum()
        };
        while self.changes.len() > KEPT || held(&self.changes) > ROOM {
            self.changes.pop_front();
        }
        Ok(change)
    }
}

/// Whether the file's target of that name is this one: one of the command line may be called like it
/// and be another.
fn is_of(target: &Target, texts: &[String]) -> bool {
    let said = |key: &str| {
        let place = FIELDS.iter().position(|(known, _)| *known == key);
        place.and_then(|place| texts.get(place)).map_or("", |text| text.trim())
    };
    let host = said("host");
    let same_host = match (&target.host, host.parse::<std::net::IpAddr>()) {
        (Host::Address(address, _), Ok(said)) => *address == said,
        (host_of_target, _) => host_of_target.to_string().eq_ignore_ascii_case(host),
    };
    let port = if said("port").is_empty() { Ok(DEFAULT_PORT) } else { said("port").parse() };
    same_host && port == Ok(target.port)
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

/// What a form says of its group.
fn group(texts: &[String]) -> Option<&str> {
    let place = FIELDS.iter().position(|(key, _)| *key == "group")?;
    texts.get(place).map(|text| text.trim()).filter(|text| !text.is_empty())
}

/// Why a file was not written, in the words of the form.
fn not_written(error: &ConfigError) -> Vec<Wrong> {
    vec![Wrong { field: None, words: reload::short(error) }]
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

    fn target(name: &str, port: u16) -> Target {
        let host = Host::Name(name.to_lowercase());
        Target { port, ..Target::new(TargetId(0), name, host) }
    }

    #[test]
    fn another_target_of_the_same_name_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.toml");
        fs::write(&path, TEXT).expect("written");
        let mut editor = Editor::new(Some(path.clone()));
        let typed = target("a", 3390);
        assert!(editor.open(&typed).expect("reads").is_none());
        assert_eq!(editor.remove(&typed).expect("reads"), None);
        let elsewhere = Target { host: Host::Name("b".to_owned()), ..target("a", 3389) };
        assert_eq!(editor.remove(&elsewhere).expect("reads"), None);
        assert_eq!(fs::read_to_string(&path).expect("there"), TEXT);
        assert!(editor.remove(&target("a", 3389)).expect("reads").is_some());
    }

    #[test]
    fn a_change_is_written_and_undone_and_refused_when_somebody_else_wrote() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.toml");
        fs::write(&path, TEXT).expect("written");
        let said = || fs::read_to_string(&path).expect("there");
        let mut editor = Editor::new(Some(path.clone()));
        let form = editor.open(&target("B", 3389)).expect("reads").expect("there");
        let mut new = form.texts();
        new[5] = "02:11:22:33:44:zz".to_owned();
        let wrong = editor.change("b", &new).expect_err("no MAC");
        assert!(wrong[0].words.starts_with("mac: ") && said() == TEXT, "{wrong:?}");
        new[5] = "02:11:22:33:44:55".to_owned();
        let first = editor.change("b", &new).expect("taken").expect("it differs");
        assert_eq!(first.what, "b changed in config.toml");
        assert_eq!(said(), format!("{TEXT}mac = \"02:11:22:33:44:55\"\n"));
        let told = editor.remove(&target("a", 3389)).expect("out").expect("it was there");
        assert_eq!(told.what, "a removed from config.toml");
        assert_eq!(editor.remove(&target("a", 3389)).expect("reads"), None);
        assert!(!said().contains("\"a\""));
        assert_eq!(editor.undo(&first), Ok(Undone::Forgotten), "another was made since");
        assert_eq!(editor.undo(&told), Ok(Undone::Done(BTreeSet::new())));
        assert_eq!(editor.undo(&told), Ok(Undone::Forgotten), "once");
        assert!(said().starts_with(TEXT));
        assert!(editor.open(&target("a", 3389)).expect("reads").is_some());
        fs::write(&path, "deep = true\n").expect("written");
        let own = vec!["c".to_owned(), "c".to_owned()];
        let late = editor.change("a", &own).expect_err("changed");
        assert!(late[0].words.contains("changed by somebody else meanwhile"), "{late:?}");
        assert_eq!(editor.undo(&first), Ok(Undone::Overtaken), "not over what somebody else wrote");
        assert_eq!(said(), "deep = true\n");
        assert_eq!(Editor::new(None).undo(&first), Ok(Undone::Forgotten));
    }

    #[test]
    fn a_group_that_the_file_does_not_have_is_made_when_it_is_saved_once_more() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.toml");
        fs::write(&path, TEXT).expect("written");
        let mut editor = Editor::new(Some(path.clone()));
        let form = editor.open(&target("b", 3389)).expect("reads").expect("there");
        let mut new = form.texts();
        new[3] = "berln".to_owned();
        let wrong = editor.change("b", &new).expect_err("new");
        let told = "group: there is no \"berln\" yet; save once more to make it";
        assert_eq!(wrong, [Wrong { field: Some(3), words: told.to_owned() }]);
        new[3] = "berlin".to_owned();
        assert!(editor.change("b", &new).is_err(), "another name is asked for again");
        editor.change("b", &new).expect("taken").expect("it differs");
        let said = fs::read_to_string(&path).expect("there");
        assert!(said.ends_with("group = \"berlin\"\n\n[group.berlin]\n"), "{said}");
    }

    #[test]
    fn what_was_written_from_here_is_no_news_when_it_is_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.toml");
        fs::write(&path, TEXT).expect("written");
        let mut editor = Editor::new(Some(path.clone()));
        assert!(!editor.is_own(), "nothing was written");
        let change = editor.remove(&target("a", 3389)).expect("out").expect("it was there");
        assert!(editor.is_own());
        editor.undo(&change).expect("undone");
        assert!(editor.is_own(), "what undo wrote, too");
        fs::write(&path, "deep = true\n").expect("written");
        assert!(!editor.is_own(), "somebody else wrote");
    }

    #[test]
    fn a_target_is_added_to_a_file_that_is_made_for_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("sub/config.toml");
        let mut editor = Editor::new(Some(path.clone()));
        let form = editor.open_new(vec![String::new(); FIELDS.len()]).expect("reads");
        assert!(form.expect("a form").is_new);
        let mut texts = vec![String::new(); FIELDS.len()];
        let wrong = editor.add(&texts).expect_err("no host");
        assert!(wrong[0].field == Some(1) && !path.exists(), "{wrong:?}");
        texts[1] = "h".to_owned();
        let change = editor.add(&texts).expect("added");
        assert_eq!(change.what, "h added to config.toml");
        assert_eq!(fs::read_to_string(&path).expect("there"), "[[target]]\nhost = \"h\"\n");
        assert_eq!(editor.undo(&change), Ok(Undone::Done(BTreeSet::new())));
        assert_eq!(fs::read_to_string(&path).expect("there"), "");
        assert!(matches!(Editor::new(None).open_new(Vec::new()), Ok(None)));
    }

    #[test]
    fn undo_walks_back_through_a_removal_and_a_save_to_the_very_bytes() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.toml");
        fs::write(&path, TEXT).expect("written");
        let said = || fs::read_to_string(&path).expect("there");
        let mut editor = Editor::new(Some(path.clone()));
        let removed = editor.remove(&target("a", 3389)).expect("out").expect("it was there");
        let without = said();
        let added = Target { id: TargetId(7), ..target("c", 3389) };
        let saved = editor.save(&[&added]).expect("saved").expect("it is new");
        assert_eq!(saved.what, "c saved to config.toml");
        assert_eq!(editor.save(&[&added]), Ok(None), "it stands there");
        assert_eq!(editor.undo(&saved), Ok(Undone::Done(BTreeSet::from([TargetId(7)]))));
        assert_eq!(said(), without);
        assert_eq!(editor.undo(&removed), Ok(Undone::Done(BTreeSet::new())));
        assert_eq!(said(), TEXT);
        // Another program's write between two of ours ends the way back there.
        let removed = editor.remove(&target("a", 3389)).expect("out").expect("it was there");
        let theirs = format!("{}# theirs\n", said());
        fs::write(&path, &theirs).expect("written");
        let saved = editor.save(&[&added]).expect("saved").expect("it is new");
        assert!(matches!(editor.undo(&saved), Ok(Undone::Done(_))));
        assert_eq!(editor.undo(&removed), Ok(Undone::Overtaken));
        assert_eq!(said(), theirs);
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
        assert!(editor.remove(&target("a", 3389)).expect("out").is_some());
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(fs::metadata(&real).expect("there").permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2, "no draft is left");
    }
}
