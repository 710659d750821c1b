//! The first minutes: what is pasted or dropped onto the dashboard, and saving what was added.

use super::import::read_file;
use crate::config::import::{self, Entry, Found, Plan};
use crate::config::{self, Config, ConfigError, Place};
use crate::domain::target::{Target, TargetId};
use crate::store;
use crate::ui::prompt::LONGEST;
use crate::ui::state::Mend;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What somebody dropped onto the terminal, which most terminals type as a path: in quotes, with
/// backslashes in front of blanks, or as a `file://` address. `None` where it names no file.
pub(super) fn dropped(text: &str) -> Option<PathBuf> {
    let text = text.trim();
    let bare = ['\'', '"'].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
    let mut ways = vec![bare.unwrap_or(text).to_owned()];
    if let Some(address) = text.strip_prefix("file://") {
        let path = address.find('/').map(|at| address.get(at..).unwrap_or_default());
        ways.extend(path.map(decoded));
    }
    if cfg!(unix) && text.contains('\\') {
        let mut plain = String::new();
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            plain.extend(if letter == '\\' { letters.next() } else { Some(letter) });
        }
        ways.push(plain);
    }
    ways.into_iter().map(PathBuf::from).find(|path| path.is_file())
}

/// `%20` and its like as the bytes that they stand for.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let hex = behind.get(..2).and_then(|pair| str::from_utf8(pair).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(byte) = byte.filter(|_| *first == b'%') {
            bytes.push(byte);
            rest = behind.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What a pasted text or a dropped file holds.
#[derive(Debug)]
pub(super) struct Hosts {
    pub(super) entries: Vec<Entry>,
    /// Lines that are no hosts.
    pub(super) wrong: Vec<Mend>,
    /// The lines of the text, where one could be typed.
    lines: Vec<String>,
    /// See [`Found::by_hand`].
    by_hand: bool,
}

/// Where a host stands, by its name in lower case.
pub(super) type Names = BTreeMap<String, String>;

/// The names of these targets.
pub(super) fn names(targets: &[Target]) -> Names {
    targets.iter().map(|target| (target.name.to_lowercase(), target.host.to_string())).collect()
}

impl Hosts {
    /// The targets of these hosts beside those of `config`, and the lines that are wrong: no host, or
    /// one that is called as another is.
    pub(super) fn told_apart(self, config: &Config) -> (Vec<Target>, Vec<Mend>) {
        let Self { entries, mut wrong, lines, by_hand } = self;
        let mut names = names(&config.targets);
        let mut hosts: BTreeSet<String> = config.targets.iter().map(store::key).collect();
        let mut targets = Vec::new();
        for entry in entries {
            let mut target = entry.target(TargetId::default(), config);
            if hosts.insert(store::key(&target)) {
                match (names.get(&target.name.to_lowercase()), entry.own_name()) {
                    (Some(other), Some(own)) if by_hand => {
                        let why = import::another_is_called(own, other);
                        wrong.push(mend(&lines, entry.line, why));
                        continue;
                    }
                    (Some(_), _) => {
                        target.name = import::free_name(&entry, |name| names.contains_key(name));
                    }
                    (None, _) => {}
                }
                names.insert(target.name.to_lowercase(), target.host.to_string());
            }
            targets.push(target);
        }
        wrong.sort_by_key(|mend| mend.line);
        (targets, wrong)
    }
}

/// Why a target that was typed cannot be called so beside those of these `names`; one without a name of
/// its own is called by its port as well.
pub(super) fn told_apart(target: &mut Target, names: &Names) -> Result<(), String> {
    let Some(other) = names.get(&target.name.to_lowercase()) else { return Ok(()) };
    let distinct = format!("{}:{}", target.name, target.port);
    let own = !target.name.eq_ignore_ascii_case(&target.host.to_string());
    if own || names.contains_key(&distinct.to_lowercase()) {
        return Err(import::another_is_called(&target.name, other));
    }
    target.name = distinct;
    Ok(())
}

/// The hosts of a dropped file.
///
/// # Errors
/// What it is wrong with as a whole.
pub(super) fn of_file(path: &Path) -> Result<Hosts, ConfigError> {
    let found = read_file(path)?;
    let limit = u64::try_from(import::MAX_BYTES).unwrap_or(u64::MAX);
    let text = config::read_bounded(path, limit).unwrap_or_default();
    Ok(sorted(found, &String::from_utf8_lossy(&text)))
}

/// The hosts of a pasted text.
///
/// # Errors
/// What it is wrong with as a whole.
pub(super) fn of_text(text: &str) -> Result<Hosts, ConfigError> {
    Ok(sorted(import::read(Path::new("pasted"), text.as_bytes())?, text))
}

/// The hosts, and the lines that are none.
fn sorted(found: Found, text: &str) -> Hosts {
    // An element of XML is no line that could be typed.
    let lines: Vec<&str> =
        if text.trim_start().starts_with('<') { Vec::new() } else { text.lines().collect() };
    let lines: Vec<String> = lines.into_iter().map(typed).collect();
    let wrong = found.wrong.into_iter();
    let wrong = wrong.map(|wrong| mend(&lines, wrong.line().max(1), wrong.message)).collect();
    Hosts { entries: found.entries, wrong, lines, by_hand: found.by_hand }
}

/// A line as it can be typed.
fn typed(line: &str) -> String {
    let said = line.trim().replace('\t', " ");
    said.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

fn mend(lines: &[String], line: usize, why: String) -> Mend {
    let text = lines.get(line.saturating_sub(1)).cloned().unwrap_or_default();
    Mend { line, text, why }
}

/// The configuration with targets that were added on the screen behind its end; `before` is what
/// the file says, `None` where there is none.
///
/// # Errors
/// What is wrong with the text that it would become.
pub(super) fn behind(
    path: &Path,
    before: Option<&str>,
    targets: &[&Target],
) -> Result<Plan, ConfigError> {
    let entries = targets.iter().map(|target| Entry::from(*target)).collect();
    let found = Found { entries, by_hand: true, ..Found::default() };
    let plan = import::plan(path, before, &[(PathBuf::new(), found)])?;
    match plan.wrong.first() {
        Some(wrong) => Err(ConfigError::new(Place::File(path.to_owned()), wrong.message.as_str())),
        None => Ok(plan),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_dropped_file_is_found_however_the_terminal_writes_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("my lab\u{e9}.rdg");
        fs::write(&file, "").expect("written");
        let path = file.to_str().expect("a name");
        let address = path.replace(' ', "%20").replace('\u{e9}', "%C3%A9");
        let mut ways = vec![
            path.to_owned(),
            format!(" '{path}' "),
            format!("\"{path}\""),
            format!("file://{address}"),
            format!("file://localhost{address}"),
        ];
        if cfg!(unix) {
            ways.push(path.replace(' ', "\\ "));
        }
        for way in ways {
            assert_eq!(dropped(&way).as_deref(), Some(file.as_path()), "{way}");
        }
        for none in ["office-pc", "", "'", "file://", "file:///%", "\\", "/nonexistent/a.rdp"] {
            assert_eq!(dropped(none), None, "{none}");
        }
    }

    #[test]
    fn of_a_pasted_text_the_good_lines_are_taken_and_the_others_named() {
        let hosts = of_text("office-pc\nhome=10.0.0.5\n").expect("taken");
        assert_eq!((hosts.entries.len(), hosts.wrong.len()), (2, 0));
        let hosts = of_text("office-pc\n  me@host \nhome-pc\t10.0.0.7\npc:0\n").expect("taken");
        assert_eq!(hosts.entries.len(), 2);
        let [user, port] = hosts.wrong.as_slice() else { panic!("{hosts:?}") };
        assert_eq!((user.line, user.text.as_str()), (2, "me@host"));
        assert!(user.why.starts_with("\"me\" looks like a user"), "{}", user.why);
        assert_eq!((port.line, port.text.as_str()), (4, "pc:0"));
        let csv = of_text("name,host\nfront,office-pc\n").expect("taken");
        assert_eq!(csv.entries[0].name.as_deref(), Some("front"));
    }

    #[test]
    fn a_line_that_gives_a_host_the_name_of_another_is_one_to_be_mended() {
        let config = Config::default();
        let text = "wa=127.0.9.4\nme@host\nWA=127.0.9.77\npc\npc:3390\nwa=127.0.9.4\n";
        let (targets, wrong) = of_text(text).expect("taken").told_apart(&config);
        let names: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
        assert_eq!(names, ["wa", "pc", "pc:3390", "wa"], "the last is the first once more");
        let [user, called] = wrong.as_slice() else { panic!("{wrong:?}") };
        assert_eq!((user.line, called.line, called.text.as_str()), (2, 3, "WA=127.0.9.77"));
        let why = "another host is called \"WA\" (127.0.9.4), expected a name of its own";
        assert_eq!(called.why, why);
        let watched = Config { targets, ..config };
        let (none, wrong) = of_text("wa=127.0.9.5").expect("taken").told_apart(&watched);
        assert_eq!((none.len(), wrong.len()), (0, 1));
    }

    #[test]
    fn what_was_added_is_saved_behind_what_stands_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new/config.toml");
        let text = "Front desk=office-pc:3390@10.0.0.21#02:11:22:33:44:55\n10.0.0.31\n";
        let config = Config::default();
        let entries = of_text(text).expect("taken").entries;
        let targets: Vec<Target> =
            entries.iter().map(|entry| entry.target(TargetId::default(), &config)).collect();
        let all: Vec<&Target> = targets.iter().collect();
        let saved = behind(&path, None, &all).expect("planned");
        let expected = "\
# Imported from the dashboard.

[[target]]
name = \"Front desk\"
host = \"office-pc\"
port = 3390
expect = [\"10.0.0.21\"]
mac = \"02:11:22:33:44:55\"

[[target]]
host = \"10.0.0.31\"
";
        assert_eq!((saved.added, saved.after.as_str()), (2, expected));
        let again = Config::from_text(&path, expected).expect("it reads");
        for (read, added) in again.targets.iter().zip(&targets) {
            assert_eq!(read, &Target { id: read.id, ..added.clone() });
        }
        let again = behind(&path, Some(expected), &all).expect("planned");
        assert_eq!((again.added, again.after.as_str()), (0, expected));
        assert!(behind(&path, Some("deep = 1"), &all).is_err());
    }
}
