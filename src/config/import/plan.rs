//! What of the imported hosts a configuration lacks, and its text with them.

use super::{Entry, Found};
use crate::config::error::{ConfigError, Place};
use crate::config::file::target_lines;
use crate::config::paths::MAX_CONFIG;
use crate::config::show::{header, line, list, text};
use crate::config::target_spec::parse_name;
use crate::config::{Config, default_kind};
use crate::domain::target::{DEFAULT_PORT, GatewayUsage, Target};
use crate::domain::text::{excerpt, printable};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Lines of the file that a difference repeats in front of what is added.
const CONTEXT: usize = 3;

/// What an import would do. Nothing is done by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The configuration file.
    pub path: PathBuf,
    /// Its text; `None` where there is no such file.
    pub before: Option<String>,
    /// Its text with the hosts that it lacks: `before` and what is added behind it.
    pub after: String,
    /// How many hosts are added.
    pub added: usize,
    /// Hosts that stand there already, each in a line that says where.
    pub known: Vec<String>,
    /// What was passed over, each in a line that says where.
    pub left_out: Vec<String>,
    /// Entries that are wrong, in the order of the sources; `after` does without them.
    pub wrong: Vec<ConfigError>,
}

impl Plan {
    /// What is added as a difference that `patch` takes, hosts that are left out in front of it as
    /// comments. Safe to show.
    #[must_use]
    pub fn difference(&self) -> String {
        let mut out = String::new();
        for known in self.known.iter().chain(&self.left_out) {
            let _infallible = writeln!(out, "# {}", printable(known));
        }
        let before = self.before.as_deref().unwrap_or_default();
        if self.after == before {
            return out;
        }
        let name = printable(&self.path.display().to_string()).into_owned();
        let old_name = if self.before.is_some() { name.as_str() } else { "/dev/null" };
        let _infallible = writeln!(out, "--- {old_name}\n+++ {name}");
        let old: Vec<&str> = before.split_inclusive('\n').collect();
        let new: Vec<&str> = self.after.split_inclusive('\n').collect();
        let open = old.last().is_some_and(|last| !last.ends_with('\n'));
        // A last line without a line break is another line once something follows it.
        let same = old.len() - usize::from(open);
        let context = same.saturating_sub(CONTEXT);
        let range = |from: usize, to: usize| match to - from {
            0 => format!("{to},0"),
            count => format!("{},{count}", from + 1),
        };
        let _infallible =
            writeln!(out, "@@ -{} +{} @@", range(context, old.len()), range(context, new.len()));
        let mut put = |sign: char, line: &str| {
            let shown = printable(line.trim_end_matches(['\n', '\r']));
            let _infallible = writeln!(out, "{sign}{shown}");
            if !line.ends_with('\n') {
                let _infallible = writeln!(out, "\\ No newline at end of file");
            }
        };
        old.iter().take(same).skip(context).for_each(|line| put(' ', line));
        old.iter().skip(same).for_each(|line| put('-', line));
        new.iter().skip(same).for_each(|line| put('+', line));
        out
    }

    /// How much is added and how much is not, in a few words.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = format!("{} to add", self.added);
        if !self.known.is_empty() {
            let _infallible = write!(words, ", {} there already", self.known.len());
        }
        match self.wrong.len() {
            0 => {}
            1 => words.push_str(", 1 mistake"),
            many => {
                let _infallible = write!(words, ", {many} mistakes");
            }
        }
        words
    }
}

/// What the configuration says already, and what is added to it.
struct Stock {
    /// Where each host stands and whether with a hardware address, by host and port.
    hosts: BTreeMap<(String, u16), (String, bool)>,
    /// Where each name stands, in lower case.
    names: BTreeMap<String, String>,
    /// Groups by their name in lower case.
    groups: BTreeMap<String, String>,
    new_groups: Vec<String>,
}

/// What becomes of an entry.
enum Taken {
    /// Its host stands there already: where, in words.
    Known(String),
    /// Another host has the name that somebody gave it.
    Clash(ConfigError),
    /// It is added.
    New {
        name: String,
        group: Option<String>,
        /// That it is not called as the file says, in words.
        renamed: Option<String>,
    },
}

/// Plans to add what `sources` hold to the configuration `before`, read from `path`; `None` where
/// there is no file yet. It does without the entries that are wrong, and names them.
///
/// # Errors
/// What is wrong with the configuration, or with what it would become: then there is no plan.
pub fn plan(
    path: &Path,
    before: Option<&str>,
    sources: &[(PathBuf, Found)],
) -> Result<Plan, ConfigError> {
    let text = before.unwrap_or_default();
    let config = Config::from_text(path, text)?;
    let mut wrong: Vec<ConfigError> = Vec::new();
    let mut left_out = Vec::new();
    let mut stock = Stock::of(path, &config, text);
    let mut known = Vec::new();
    let mut tables = String::new();
    let mut added = 0;
    for (source, found) in sources {
        let shown = excerpt(&source.display().to_string(), 200);
        left_out.extend(found.notes.iter().map(|note| format!("{shown}: {note}")));
        let mut heading = false;
        let mut mistakes = found.wrong.clone();
        for entry in &found.entries {
            match stock.take(source, entry, found.by_hand) {
                Taken::Known(stands) => known.push(stands),
                Taken::Clash(error) => mistakes.push(error),
                Taken::New { name, group, renamed } => {
                    left_out.extend(renamed);
                    if !std::mem::replace(&mut heading, true) {
                        let from = match source.file_name() {
                            Some(file) => excerpt(&file.to_string_lossy(), 100),
                            None => "the dashboard".to_owned(),
                        };
                        let _infallible = writeln!(tables, "\n# Imported from {from}.");
                    }
                    put(&mut tables, entry, &name, group.as_deref());
                    added += 1;
                }
            }
        }
        mistakes.sort_by_key(ConfigError::line);
        left_out.extend(mistakes.iter().map(|wrong| format!("{wrong}; left out")));
        wrong.extend(mistakes);
    }
    let after = grown(text, &stock.new_groups, &tables, added);
    if u64::try_from(after.len()).unwrap_or(u64::MAX) > MAX_CONFIG {
        let message = format!("with {added} more hosts it would be larger than 1 MiB");
        return Err(ConfigError::new(Place::File(path.to_owned()), message));
    }
    // What cannot be read again must not be written: targets that are an inline list, for one.
    Config::from_text(path, &after).map_err(|error| {
        let message = format!(
            "{added} hosts cannot be added behind its end: {}; expected [[target]] and [group.NAME] tables",
            error.message
        );
        ConfigError::new(Place::File(path.to_owned()), message)
    })?;
    Ok(Plan {
        path: path.to_owned(),
        before: before.map(str::to_owned),
        after,
        added,
        known,
        left_out,
        wrong,
    })
}

/// The text with groups and targets behind it, in its own line breaks.
fn grown(before: &str, groups: &[String], tables: &str, added: usize) -> String {
    if added == 0 {
        return before.to_owned();
    }
    let mut tail = String::new();
    for group in groups {
        header(&mut tail, &format!("[group.{}]", text(group)));
    }
    tail.push_str(tables);
    let crlf = before.contains("\r\n");
    let mut after = before.to_owned();
    if !before.is_empty() && !before.ends_with('\n') {
        after.push_str(if crlf { "\r\n" } else { "\n" });
    }
    let tail = if before.is_empty() { tail.trim_start() } else { &tail };
    after.push_str(&if crlf { tail.replace('\n', "\r\n") } else { tail.to_owned() });
    after
}

impl Stock {
    fn of(path: &Path, config: &Config, text: &str) -> Self {
        let lines = target_lines(text);
        let place = |line: Option<&usize>| {
            let line = line.map_or_else(String::new, |line| format!(":{line}"));
            format!("{}{line}", excerpt(&path.display().to_string(), 200))
        };
        let stands = |target: &Target, line: Option<&usize>| {
            format!("{} as \"{}\"", place(line), printable(&target.name))
        };
        let key = |target: &Target| (target.host.to_string().to_lowercase(), target.port);
        let targets = config.targets.iter().zip((0..).map(|index| lines.get(index)));
        Self {
            hosts: targets
                .clone()
                .map(|(target, line)| (key(target), (stands(target, line), target.mac.is_some())))
                .collect(),
            names: targets
                .map(|(target, line)| (target.name.to_lowercase(), place(line)))
                .collect(),
            groups: config.groups.iter().map(|name| (name.to_lowercase(), name.clone())).collect(),
            new_groups: Vec::new(),
        }
    }

    /// The name and group that an entry gets, where its host stands already, or who has its name
    /// where that was given `by_hand`.
    fn take(&mut self, source: &Path, entry: &Entry, by_hand: bool) -> Taken {
        let port = entry.port.unwrap_or(DEFAULT_PORT);
        let here = format!("{}:{}", excerpt(&source.display().to_string(), 200), entry.line);
        let host = entry.host.to_string();
        let name = entry.name.as_deref().unwrap_or(&entry.typed);
        if let Some((stands, has_mac)) = self.hosts.get(&(host.to_lowercase(), port)) {
            let name = excerpt(name, 64);
            let lacks = entry.mac.filter(|_| !has_mac);
            let lacks = lacks.map_or_else(String::new, |mac| format!(", without mac = \"{mac}\""));
            let words = format!("{here}: \"{name}\" ({host}:{port}) stands at {stands}{lacks}");
            return Taken::Known(words);
        }
        let other = self.names.get(&name.to_lowercase());
        if by_hand && let (Some(other), Some(own)) = (other, entry.own_name()) {
            let place = Place::Text {
                path: source.to_owned(),
                line: entry.line,
                column: 1,
                key: String::new(),
            };
            return Taken::Clash(ConfigError::new(place, another_is_called(own, other)));
        }
        let wanted = excerpt(name, 64);
        let other = other.cloned();
        let name = free_name(entry, |name| self.names.contains_key(name));
        self.names.insert(name.to_lowercase(), here.clone());
        let renamed = other.map(|other| {
            let name = printable(&name);
            format!("{here}: another host is called \"{wanted}\" ({other}); taken as \"{name}\"")
        });
        let stands = (format!("{here} as \"{name}\""), entry.mac.is_some());
        self.hosts.insert((host.to_lowercase(), port), stands);
        let group = entry.group.as_ref().map(|group| {
            let known = self.groups.entry(group.to_lowercase());
            known
                .or_insert_with(|| {
                    self.new_groups.push(group.clone());
                    group.clone()
                })
                .clone()
        });
        Taken::New { name, group, renamed }
    }
}

/// The sentence for a name that another host has, which stands at `other`.
#[must_use]
pub fn another_is_called(name: &str, other: &str) -> String {
    let name = excerpt(name, 60);
    format!("another host is called \"{name}\" ({other}), expected a name of its own")
}

/// What an entry is called where no other target has that name, else a name that none has. `taken`
/// is asked in lower case.
#[must_use]
pub fn free_name(entry: &Entry, taken: impl Fn(&str) -> bool) -> String {
    let port = entry.port.unwrap_or(DEFAULT_PORT);
    let name = entry.name.as_deref().unwrap_or(&entry.typed);
    let wanted =
        parse_name(&excerpt(name, 63)).unwrap_or_else(|_| excerpt(&entry.host.to_string(), 63));
    let short = excerpt(&wanted, 50);
    let others = [excerpt(&entry.typed, 63), format!("{short}:{port}")];
    let counted = (2_u32..).map(|number| format!("{short} {number}"));
    let free = std::iter::once(wanted.clone())
        .chain(others)
        .chain(counted)
        .find(|name| parse_name(name).is_ok() && !taken(&name.to_lowercase()));
    free.unwrap_or(wanted)
}

/// One `[[target]]` with what it does not have by default.
fn put(out: &mut String, entry: &Entry, name: &str, group: Option<&str>) {
    header(out, "[[target]]");
    if name != entry.typed {
        line(out, "name", text(name));
    }
    line(out, "host", text(&entry.typed));
    if let Some(port) = entry.port {
        line(out, "port", port);
    }
    if !entry.expect.is_empty() {
        line(out, "expect", list(entry.expect.iter().map(|address| text(&address.to_string()))));
    }
    if let Some(mac) = entry.mac {
        line(out, "mac", text(&mac.to_string()));
    }
    if !entry.aliases.is_empty() {
        line(out, "aliases", list(entry.aliases.iter().map(|alias| text(alias))));
    }
    if let Some(group) = group {
        line(out, "group", text(group));
    }
    if let Some(kind) = entry.kind.filter(|kind| *kind != default_kind(entry.mac)) {
        line(out, "kind", text(kind.word()));
    }
    if let Some(expected) = entry.expected {
        line(out, "expected", text(expected.word()));
    }
    if let Some(gateway) = &entry.gateway {
        line(out, "gateway", text(&gateway.to_string()));
        if gateway.usage != GatewayUsage::default() {
            line(out, "gateway_usage", text(gateway.usage.word()));
        }
    }
}
