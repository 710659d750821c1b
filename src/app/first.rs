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
    /// What of the text is not used, in words.
    pub(super) notes: Vec<String>,
    /// The lines of the text, where one could be typed.
    lines: Lines,
    /// See [`Found::by_hand`].
    by_hand: bool,
}

/// The lines of a text as they can be typed.
#[derive(Debug)]
enum Lines {
    /// Each by itself.
    Plain(Vec<String>),
    /// Rows below heads.
    Table(import::Rows),
}

impl Lines {
    /// A line to be mended.
    fn mend(&self, line: usize, why: String) -> Mend {
        let (text, heads) = match self {
            Self::Plain(lines) => (lines.get(line.saturating_sub(1)), None),
            Self::Table(table) => (table.rows.get(&line), Some(table.heads.clone())),
        };
        let text = text.cloned().unwrap_or_default();
        let cut: String = text.chars().take(LONGEST).collect();
        let why = if cut.len() < text.len() {
            format!("{why}; the field does not take all of it: its end is cut")
        } else {
            why
        };
        Mend { line, text: cut, heads, why }
    }
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
        let Self { entries, mut wrong, lines, by_hand, .. } = self;
        let mut names = names(&config.targets);
        let mut hosts: BTreeSet<String> = config.targets.iter().map(store::key).collect();
        let mut targets = Vec::new();
        for entry in entries {
            let mut target = entry.target(TargetId::default(), config);
            if hosts.insert(store::key(&target)) {
                match (names.get(&target.name.to_lowercase()), entry.own_name()) {
                    (Some(other), Some(own)) if by_hand => {
                        let why = import::another_is_called(own, other);
                        wrong.push(lines.mend(entry.line, why));
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
    Ok(sorted(found, &import::text(&text).unwrap_or_default()))
}

/// The hosts of a row that was typed below the heads of its table; `None` where it is no row.
pub(super) fn of_row(heads: &str, row: &str) -> Option<Result<Hosts, ConfigError>> {
    let found = import::read_row(heads, row)?;
    Some(found.map(|found| sorted(found, &format!("{heads}\n{row}\n"))))
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
    let lines = if found.is_table {
        Lines::Table(import::rows(text))
    } else if text.trim_start().starts_with('<') {
        // An element of XML is no line that could be typed.
        Lines::Plain(Vec::new())
    } else {
        Lines::Plain(text.lines().map(typed).collect())
    };
    let wrong = found.wrong.into_iter();
    let wrong = wrong.map(|wrong| lines.mend(wrong.line().max(1), wrong.message)).collect();
    let Found { entries, notes, by_hand, .. } = found;
    Hosts { entries, wrong, notes, lines, by_hand }
}

/// A line as it can be typed.
fn typed(line: &str) -> String {
    let said = line.trim().replace('\t', " ");
    said.chars().filter(|c| !c.is_control()).collect()
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
        let csv = of_text("name,host,notes\nfront,office-pc,\n").expect("taken");
        assert!(csv.notes[0].starts_with("column \"notes\" is not used"), "{:?}", csv.notes);
    }

    /// A row was read without its heads once it was mended: its group, port and MAC were gone.
    #[test]
    fn a_mended_row_of_a_table_keeps_its_other_columns() {
        let rest = "3390\tBerlin\t02:11:22:33:44:55";
        let tabs = format!("name\thost\tport\tgroup\tmac\npc\t10.0.0.300\t{rest}\n");
        for text in [tabs.clone(), tabs.replace('\t', ";"), tabs.replace('\t', ",")] {
            let hosts = of_text(&text).expect("taken");
            let [wrong] = hosts.wrong.as_slice() else { panic!("{hosts:?}") };
            let heads = wrong.heads.as_deref().expect("a table has heads");
            assert!(!wrong.text.contains('\t') && wrong.text.contains("10.0.0.300"), "{wrong:?}");
            let row = wrong.text.replace("10.0.0.300", "10.0.0.30");
            let mended = of_row(heads, &row).expect("a row").expect("taken");
            let [entry] = mended.entries.as_slice() else { panic!("{mended:?}") };
            let target = entry.target(TargetId::default(), &Config::default());
            assert_eq!((target.name.as_str(), target.port), ("pc", 3390));
            assert_eq!(target.group.as_deref(), Some("Berlin"));
            assert_eq!(target.mac.map(|mac| mac.to_string()).as_deref(), Some("02:11:22:33:44:55"));
            let again = of_row(heads, &wrong.text).expect("a row").expect("read");
            assert_eq!((again.entries.len(), &again.wrong[0].why), (0, &wrong.why));
            assert!(of_row(heads, "pc=10.0.0.30").is_none(), "one host as it is typed anywhere");
        }
        // Over two lines, in UTF-16 as spreadsheets write it, and with a row that no field takes.
        let text =
            format!("\u{feff}name,host,group\n\"a\nb\",x y,\"c, d\"\n{},x y,e\n", "n".repeat(300));
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("hosts.csv");
        fs::write(&path, bytes).expect("written");
        let hosts = of_file(&path).expect("taken");
        let [two, long] = hosts.wrong.as_slice() else { panic!("{hosts:?}") };
        assert_eq!((two.line, &*two.text), (2, "a b,x y,\"c, d\""));
        assert_eq!((long.line, long.text.chars().count()), (4, LONGEST));
        assert!(long.why.ends_with("its end is cut"), "{}", long.why);
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
