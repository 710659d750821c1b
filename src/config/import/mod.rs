//! Hosts out of other programs' files: `.rdp`, `RDCMan`, `mRemoteNG`, hosts files, CSV,
//! DHCP leases and lists.
//!
//! [`read`] tells what a file holds, [`plan()`] what of it a configuration lacks. Both are pure.
//! Passwords are never read: only the names, addresses, ports, gateways and hardware addresses
//! that a target has are looked at.

mod entry;
mod heads;
mod hosts;
mod leases;
mod lines;
mod list;
mod mremoteng;
pub mod oracle;
mod plan;
mod rdcman;
mod shape;
mod table;
#[cfg(test)]
mod tests;
mod xml;

pub use entry::Entry;
pub use plan::{Plan, another_is_called, free_name, plan};
pub use table::Rows;

use super::error::{ConfigError, Place};
use super::rdp_file::RdpFile;
use super::{MAX_TARGETS, host};
use crate::domain::text::{excerpt, printable};
use entry::Draft;
use lines::Lines;
use shape::{Shape, is_hosts_file, shape, text_of, unmarked};
use std::path::Path;

/// Largest file that is read, in bytes.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

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

/// A word of a file in quotes, safe to show.
fn quoted(text: &str) -> String {
    format!("\"{}\"", excerpt(printable(text).trim(), host::SHOWN))
}
