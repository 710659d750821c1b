//! Hosts out of other programs' files: `.rdp`, `RDCMan`, `mRemoteNG`, hosts files, CSV,
//! DHCP leases and lists.
//!
//! [`read`] tells what a file holds, [`plan()`] what of it a configuration lacks. Both are pure.
//! Passwords are never read: only the names, addresses, ports, gateways and hardware addresses
//! that a target has are looked at.

mod heads;
mod hosts;
mod leases;
mod list;
mod mremoteng;
pub mod oracle;
mod plan;
mod rdcman;
mod table;
#[cfg(test)]
mod tests;
mod xml;

pub use plan::{Plan, another_is_called, free_name, plan};
pub use table::Rows;

use super::error::{ConfigError, Place};
use super::host::{parse_gateway, parse_host_port, parse_port};
use super::rdp_file::{RdpFile, decode};
use super::target_spec::{MAX_EXPECT, TargetSpec, mac_sentence, parse_name};
use super::{Config, MAX_TARGETS, default_expected, default_kind, host};
use crate::domain::mac::MacAddr;
use crate::domain::target::{
    DEFAULT_PORT, Expected, GatewayAddress, GatewayUsage, Host, Target, TargetId, TargetKind,
};
use crate::domain::text::{excerpt, printable};
use std::cell::Cell;
use std::net::IpAddr;
use std::path::Path;

/// Largest file that is read, in bytes.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Lines in which the first lease of dhcpd is looked for.
const LOOKED_AT: usize = 64;
/// Longest name that is made out of a file, in characters; one more is the ellipsis.
const NAME: usize = 63;

/// One host that a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its line in the file, from 1.
    pub line: usize,
    /// What it is called there.
    pub name: Option<String>,
    /// The host as written, without brackets and port.
    pub typed: String,
    /// Where it is.
    pub host: Host,
    /// The port, when it is not the usual one.
    pub port: Option<u16>,
    /// Addresses the name should have.
    pub expect: Vec<IpAddr>,
    /// Hardware address to wake it.
    pub mac: Option<MacAddr>,
    /// Other names of it.
    pub aliases: Vec<String>,
    /// The folder it is in, those around it in front.
    pub group: Option<String>,
    /// What its silence means.
    pub kind: Option<TargetKind>,
    /// When it should be up.
    pub expected: Option<Expected>,
    /// RD Gateway that its users go through.
    pub gateway: Option<GatewayAddress>,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// The hosts, in the order of the file.
    pub entries: Vec<Entry>,
    /// Entries that cannot be taken, each with its place.
    pub wrong: Vec<ConfigError>,
    /// What was passed over, in words.
    pub notes: Vec<String>,
    /// Its names were given by hand, line by line: two hosts of one name are a mistake there. Programs
    /// allow that, in folders of their own.
    pub by_hand: bool,
    /// It is a table with heads.
    pub is_table: bool,
}

/// A mistake and its place, line and column from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wrong {
    line: usize,
    column: usize,
    message: String,
}

impl Wrong {
    fn new((line, column): (usize, usize), message: impl std::fmt::Display) -> Self {
        Self { line, column, message: message.to_string() }
    }

    fn in_file(self, path: &Path) -> ConfigError {
        let Self { line, column, message } = self;
        let place = Place::Text { path: path.to_owned(), line, column, key: String::new() };
        ConfigError::new(place, message)
    }
}

/// What a reader of one format finds.
#[derive(Debug, Default)]
struct Hosts {
    entries: Vec<Entry>,
    wrong: Vec<Wrong>,
    notes: Vec<String>,
}

impl Hosts {
    /// Takes an entry, or notes what is wrong with it.
    ///
    /// # Errors
    /// More entries than can be watched.
    fn take(&mut self, draft: Draft) -> Result<(), Wrong> {
        let at = draft.at;
        match draft.finish() {
            Ok(entry) => self.entries.push(entry),
            Err(wrong) => self.wrong.push(wrong),
        }
        if self.entries.len() + self.wrong.len() > MAX_TARGETS {
            let message = format!("it holds more than {MAX_TARGETS} hosts, expected fewer");
            return Err(Wrong::new(at, message));
        }
        Ok(())
    }
}

/// Places of bytes in a text. Asked for in the order of the text, all of them together take one
/// pass, however long its lines are.
struct Lines<'t> {
    text: &'t str,
    /// A byte, its line and its column, from which on is counted.
    last: Cell<(usize, usize, usize)>,
}

impl<'t> Lines<'t> {
    const fn of(text: &'t str) -> Self {
        Self { text, last: Cell::new((0, 1, 1)) }
    }

    /// Line and column of a byte, both from 1, the column in characters.
    fn place(&self, at: usize) -> (usize, usize) {
        let (last, mut line, mut column) = match self.last.get() {
            (last, ..) if last > at => (0, 1, 1),
            last => last,
        };
        let at = at.min(self.text.len());
        for letter in self.text.get(last..at).unwrap_or_default().chars() {
            (line, column) = if letter == '\n' { (line + 1, 1) } else { (line, column + 1) };
        }
        self.last.set((at, line, column));
        (line, column)
    }
}

/// An entry as a file words it; what is empty is not said.
#[derive(Debug, Default, Clone)]
struct Draft {
    /// Line and column, from 1.
    at: (usize, usize),
    name: String,
    /// `host` or `host:port`.
    host: String,
    port: String,
    expect: Vec<String>,
    mac: String,
    aliases: Vec<String>,
    group: Vec<String>,
    kind: String,
    expected: String,
    gateway: String,
    gateway_usage: String,
}

impl Draft {
    fn finish(self) -> Result<Entry, Wrong> {
        let wrong = |message: String| Wrong::new(self.at, message);
        let under = |key: &str, message: String| wrong(format!("{key}: {message}"));
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let (typed, host, own_port) =
            parse_host_port(self.host.trim()).map_err(|error| under("host", error.to_string()))?;
        let port = given(&self.port).map(|port| parse_port(&port)).transpose();
        let port = port.map_err(|error| under("port", error.to_string()))?;
        let mut expect = Vec::new();
        for text in self.expect.iter().filter_map(|text| given(text)) {
            match host::parse_address(&text) {
                Ok(address) if expect.contains(&address) || expect.len() == MAX_EXPECT => {}
                Ok(address) => expect.push(address),
                Err(error) => {
                    let message = error.map_or_else(
                        || format!("\"{}\" is not an address", excerpt(&text, host::SHOWN)),
                        |error| error.to_string(),
                    );
                    return Err(under("expect", message));
                }
            }
        }
        let mac = given(&self.mac).map(|mac| mac.parse::<MacAddr>()).transpose();
        let mac = mac.map_err(|error| under("mac", mac_sentence(&error)))?;
        let gateway = given(&self.gateway).map(|gateway| parse_gateway(&gateway)).transpose();
        let gateway = gateway.map_err(|error| under("gateway", error.to_string()))?;
        let usage = word(&self.gateway_usage, &GATEWAY_USAGES)
            .map_err(|message| under("gateway_usage", message))?;
        let gateway = match usage {
            Some(None) => None,
            Some(Some(usage)) => gateway.map(|gateway| GatewayAddress { usage, ..gateway }),
            None => gateway,
        };
        let name_of = |text: &str| parse_name(&excerpt(text.trim(), NAME)).ok();
        Ok(Entry {
            line: self.at.0,
            name: name_of(&self.name),
            typed: typed.to_owned(),
            host,
            port: own_port.or(port).filter(|port| *port != DEFAULT_PORT),
            expect,
            mac,
            aliases: self
                .aliases
                .iter()
                .filter_map(|alias| name_of(alias))
                .take(MAX_EXPECT)
                .collect(),
            group: group_name(&self.group),
            kind: word(&self.kind, &TargetKind::WORDS).map_err(|message| under("kind", message))?,
            expected: word(&self.expected, &Expected::WORDS)
                .map_err(|message| under("expected", message))?,
            gateway,
        })
    }
}

/// The words of a gateway's usage; `None` is never.
const GATEWAY_USAGES: [(&str, Option<GatewayUsage>); 3] = [
    ("always", Some(GatewayUsage::Always)),
    ("when-direct-fails", Some(GatewayUsage::WhenDirectFails)),
    ("never", None),
];

/// One of these words in letters of any case, or nothing.
fn word<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<Option<T>, String> {
    let text = text.trim().to_lowercase();
    if text.is_empty() {
        return Ok(None);
    }
    super::value::parse_word(&text, words).map(Some)
}

/// Folders as one name, the outermost in front; those that do not fit are left out.
fn group_name(folders: &[String]) -> Option<String> {
    let mut name = String::new();
    for folder in folders.iter().rev() {
        let folder = excerpt(folder.trim(), NAME);
        if folder.is_empty() {
            continue;
        }
        let longer = if name.is_empty() { folder } else { format!("{folder}/{name}") };
        if longer.chars().count() > NAME + 1 {
            break;
        }
        name = longer;
    }
    parse_name(&name).ok()
}

impl From<&Target> for Entry {
    fn from(target: &Target) -> Self {
        Self {
            line: 1,
            name: Some(target.name.clone()),
            typed: target.host.to_string(),
            host: target.host.clone(),
            port: Some(target.port).filter(|port| *port != DEFAULT_PORT),
            expect: target.expect.clone(),
            mac: target.mac,
            aliases: target.aliases.clone(),
            group: target.group.clone(),
            kind: Some(target.kind),
            expected: Some(target.expected)
                .filter(|expected| *expected != default_expected(target.kind)),
            gateway: target.gateway.clone(),
        }
    }
}

impl Entry {
    /// The name that it was given, where that is not its host.
    #[must_use]
    pub fn own_name(&self) -> Option<&str> {
        self.name.as_deref().filter(|name| !name.eq_ignore_ascii_case(&self.typed))
    }

    /// The target that this describes, with the numbers of `config`. It is in its group by name
    /// only: what the members of the group inherit is for the file.
    #[must_use]
    pub fn target(&self, id: TargetId, config: &Config) -> Target {
        let kind = self.kind.unwrap_or_else(|| default_kind(self.mac));
        let settings = config.settings.clone();
        let name = self.name.as_deref().and_then(|name| parse_name(name).ok());
        let name = name.or_else(|| parse_name(&self.typed).ok());
        Target {
            port: self.port.unwrap_or(DEFAULT_PORT),
            expect: self.expect.clone(),
            mac: self.mac,
            aliases: self.aliases.clone(),
            group: self.group.clone(),
            kind,
            expected: self.expected.unwrap_or_else(|| default_expected(kind)),
            gateway: self.gateway.clone(),
            thresholds: settings.thresholds,
            cadence: settings.cadence,
            alert: settings.alert,
            deadlines: settings.deadlines,
            ..Target::new(id, name.unwrap_or_else(|| self.host.to_string()), self.host.clone())
        }
    }
}

impl From<(usize, TargetSpec)> for Entry {
    fn from((line, spec): (usize, TargetSpec)) -> Self {
        Self {
            line,
            name: spec.name,
            typed: spec.typed,
            host: spec.host,
            port: spec.port.filter(|port| *port != DEFAULT_PORT),
            expect: spec.expect,
            mac: spec.mac,
            aliases: Vec::new(),
            group: None,
            kind: None,
            expected: None,
            gateway: spec.gateway,
        }
    }
}

/// Reads a file's bytes; what it is shows in them, and in the ending of `path` where they do not.
///
/// # Errors
/// One sentence with its place when the file as a whole cannot be taken: too large, broken,
/// encrypted, or nothing that is known here.
pub fn read(path: &Path, bytes: &[u8]) -> Result<Found, ConfigError> {
    let whole = |message: String| ConfigError::new(Place::File(path.to_owned()), message);
    if bytes.len() > MAX_BYTES {
        return Err(whole(too_large()));
    }
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    let ending = ending.unwrap_or_default();
    if ending == "rdp" {
        return connection_file(path, bytes);
    }
    let text = text_of(bytes).map_err(|wrong| wrong.in_file(path))?;
    let text = unmarked(&text);
    let shape = shape(path, &ending, text);
    let hosts = match shape {
        Shape::Connection => return connection_file(path, bytes),
        Shape::Xml => xml::read(text),
        Shape::Hosts => hosts::read(text, !is_hosts_file(path)),
        Shape::Leases => leases::read(text),
        Shape::Table => table::read(text),
        Shape::List => list::read(text),
        Shape::Encrypted => {
            return Err(whole(
                "it is no XML: it is encrypted as a whole, or no connection file; \
                 expected one saved with only its passwords encrypted"
                    .to_owned(),
            ));
        }
        Shape::Binary => {
            return Err(whole(
                "it is no text, expected a .rdp, RDCMan, mRemoteNG, hosts, CSV or leases file"
                    .to_owned(),
            ));
        }
    };
    let hosts = hosts.map_err(|wrong| wrong.in_file(path))?;
    Ok(Found {
        entries: hosts.entries,
        wrong: hosts.wrong.into_iter().map(|wrong| wrong.in_file(path)).collect(),
        notes: hosts.notes,
        by_hand: matches!(shape, Shape::Hosts | Shape::Table | Shape::List),
        is_table: shape == Shape::Table,
    })
}

/// The text of a file that is one, without the mark at its beginning.
#[must_use]
pub fn text(bytes: &[u8]) -> Option<String> {
    let text = text_of(bytes).ok()?;
    Some(unmarked(&text).to_owned())
}

/// The rows of a table as they can be typed.
#[must_use]
pub fn rows(text: &str) -> Rows {
    table::rows(text)
}

/// What a row that was typed below these heads holds; `None` where it is no row, but one host as it is
/// typed anywhere.
#[must_use]
pub fn read_row(heads: &str, row: &str) -> Option<Result<Found, ConfigError>> {
    let is_row = table::is_row(heads, row);
    is_row.then(|| read(Path::new("typed.csv"), format!("{heads}\n{row}\n").as_bytes()))
}

/// The sentence for a file that is too large.
#[must_use]
pub fn too_large() -> String {
    format!("it is larger than {} MiB, expected a list of hosts", MAX_BYTES >> 20)
}

fn connection_file(path: &Path, bytes: &[u8]) -> Result<Found, ConfigError> {
    let spec = RdpFile::parse(bytes)
        .and_then(|file| file.target(path))
        .map_err(|error| ConfigError::new(Place::File(path.to_owned()), error))?;
    Ok(Found { entries: vec![Entry::from((1, spec))], ..Found::default() })
}

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Connection,
    Xml,
    Hosts,
    Leases,
    Table,
    List,
    Encrypted,
    Binary,
}

fn shape(path: &Path, ending: &str, text: &str) -> Shape {
    if text.trim_start().starts_with('<') {
        return Shape::Xml;
    }
    if matches!(ending, "xml" | "rdg") || looks_encrypted(text) {
        return Shape::Encrypted;
    }
    if text.contains('\0') {
        return Shape::Binary;
    }
    if matches!(ending, "csv" | "tsv") {
        return Shape::Table;
    }
    let mut lines = text.lines().map(str::trim);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default();
    let mut property = first.splitn(3, ':').skip(1);
    let mut words = first.split_whitespace();
    if property.next().is_some_and(|kind| matches!(kind, "s" | "i" | "b")) {
        Shape::Connection
    } else if is_hosts_file(path)
        || words.next().is_some_and(|word| word.parse::<IpAddr>().is_ok()) && words.next().is_some()
    {
        Shape::Hosts
    } else if leases::is_dnsmasq(first) || text.lines().take(LOOKED_AT).any(leases::is_dhcpd) {
        Shape::Leases
    } else if table::has_heads(first) {
        Shape::Table
    } else {
        Shape::List
    }
}

fn is_hosts_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.eq_ignore_ascii_case("hosts"))
}

/// One long word of base64, as mRemoteNG writes a file that it encrypts as a whole.
fn looks_encrypted(text: &str) -> bool {
    let text = text.trim();
    let base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    text.len() >= 256 && text.bytes().all(base64)
}

/// UTF-8, or UTF-16 by its mark or its zeros.
fn text_of(bytes: &[u8]) -> Result<String, Wrong> {
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Ok(decode(bytes)),
        [first, 0, ..] | [0, first, ..] if *first != 0 => Ok(decode(bytes)),
        _ => match str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => {
                let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let place = Lines::of(str::from_utf8(before).unwrap_or_default());
                let at = place.place(before.len());
                Err(Wrong::new(at, "this is not UTF-8, expected a file saved as UTF-8"))
            }
        },
    }
}

/// A text without the mark at its beginning.
fn unmarked(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// A word of a file in quotes, safe to show.
fn quoted(text: &str) -> String {
    format!("\"{}\"", excerpt(printable(text).trim(), host::SHOWN))
}
