//! CSV (RFC 4180) with a row of heads: the keys of a target, or what people call them. Commas,
//! semicolons or tabs separate, whichever the heads have.

use super::heads::{Column, column, keys};
use super::{Draft, Hosts, Lines, Wrong, quoted};
use crate::config::value::nearest;
use csv::{ReaderBuilder, StringRecord, WriterBuilder};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Heads that one note names.
const TOLD: usize = 16;

fn separator(heads: &str) -> u8 {
    let of = |byte: u8| heads.bytes().filter(|found| *found == byte).count();
    [b',', b';', b'\t'].into_iter().max_by_key(|byte| (of(*byte), *byte == b',')).unwrap_or(b',')
}

/// Whether a line is a row of heads: it names at least where hosts are.
pub(super) fn has_heads(line: &str) -> bool {
    let heads = line.split(char::from(separator(line)));
    let mut heads = heads.map(|head| head.trim().trim_matches('"'));
    // A host may be called like a head: `server,10.0.0.21`.
    !heads.clone().any(|head| head.parse::<IpAddr>().is_ok())
        && heads
            .any(|head| matches!(column(head), Some(Column::Host | Column::Address | Column::Name)))
}

/// The records of a table, the heads first, and what separates their cells.
fn records(text: &str) -> (csv::Reader<&[u8]>, u8) {
    let heads = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let separator = separator(heads);
    let mut builder = ReaderBuilder::new();
    let builder = builder.delimiter(separator).has_headers(false).flexible(true);
    (builder.from_reader(text.as_bytes()), separator)
}

/// Reads the rows below the heads.
pub(super) fn read(text: &str) -> Result<Hosts, Wrong> {
    let lines = Lines::of(text);
    let (mut reader, _) = records(text);
    let mut rows = reader.records();
    let failed = |error: &csv::Error| {
        let at = error
            .position()
            .map_or((1, 1), |at| lines.place(usize::try_from(at.byte()).unwrap_or(usize::MAX)));
        Wrong::new(at, format!("the CSV is broken: {error}"))
    };
    let Some(heads) = rows.next().transpose().map_err(|error| failed(&error))? else {
        return Err(Wrong::new((1, 1), "it is empty, expected a row of heads such as name,host"));
    };
    let columns: Vec<Option<Column>> = heads.iter().map(column).collect();
    let has = |wanted| columns.contains(&Some(wanted));
    if !(has(Column::Host) || has(Column::Address) || has(Column::Name)) {
        return Err(Wrong::new((1, 1), no_host(&heads)));
    }
    let mut hosts = Hosts::default();
    hosts.notes.extend(unknown(&heads, &columns));
    hosts.notes.extend(doubled(&heads, &columns));
    for row in rows {
        let row = row.map_err(|error| failed(&error))?;
        if row.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let at = place(&row, text, &lines);
        if row.len() > heads.len() {
            let message = format!("{} cells stand under {} heads", row.len(), heads.len());
            hosts.wrong.push(Wrong::new(at, message));
            continue;
        }
        hosts.take(draft(at, &columns, &row))?;
    }
    Ok(hosts)
}

/// The columns that stand for nothing, and what else they could be called.
fn unknown(heads: &StringRecord, columns: &[Option<Column>]) -> Option<String> {
    let heads = heads.iter().zip(columns).filter(|(_, column)| column.is_none());
    let unknown = heads.map(|(head, _)| head).filter(|head| !head.trim().is_empty());
    let mut names: Vec<String> = unknown.clone().take(TOLD).map(quoted).collect();
    let more = unknown.skip(TOLD).count();
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    let are = match names.as_slice() {
        [] => return None,
        [_] => "column {} is",
        _ => "columns {} are",
    };
    let are = are.replace("{}", &names.join(", "));
    Some(format!("{are} not used; known: {}", keys()))
}

/// Columns of one meaning: of each row the first is taken that says something.
fn doubled(heads: &StringRecord, columns: &[Option<Column>]) -> Option<String> {
    let has_host = columns.contains(&Some(Column::Host));
    let name = |at: usize| quoted(heads.get(at).unwrap_or_default());
    let mut told = Vec::new();
    for (at, column) in (0..).zip(columns) {
        let Some(column) = column.filter(|column| !column.takes_all(has_host)) else { continue };
        let first = columns.iter().position(|other| *other == Some(column));
        if let Some(first) = first.filter(|first| *first < at) {
            told.push(format!("{} is used only where {} is empty", name(at), name(first)));
        }
        if told.len() == TOLD {
            break;
        }
    }
    (!told.is_empty()).then(|| format!("column {}", told.join(", column ")))
}

/// A table whose rows can be typed one by one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// Its heads, in one line.
    pub heads: String,
    /// Each row in one line, by its place in the text. What separates is no tab, which cannot be typed.
    pub rows: BTreeMap<usize, String>,
}

/// The rows of a table as they can be typed; those behind the place where the CSV breaks are left out.
pub(super) fn rows(text: &str) -> Rows {
    let lines = Lines::of(text);
    let (mut reader, separator) = records(text);
    let to = if separator == b'\t' { b',' } else { separator };
    let mut found = reader.records().map_while(Result::ok).map(|row| {
        let at = place(&row, text, &lines).0;
        (at, typed(&row, to))
    });
    let heads = found.next().map(|(_, heads)| heads).unwrap_or_default();
    Rows { heads, rows: found.collect() }
}

/// Whether a line can be a row below these heads: it has more than one cell.
pub(super) fn is_row(heads: &str, line: &str) -> bool {
    line.contains(char::from(separator(heads)))
}

/// Cells in one line.
fn typed(row: &StringRecord, separator: u8) -> String {
    let cell = |cell: &str| cell.trim().replace(char::is_control, " ");
    let mut writer = WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
    let written = writer.write_record(row.iter().map(cell));
    let bytes = written.ok().and_then(|()| writer.into_inner().ok()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned()
}

/// Line and column of a row.
fn place(row: &StringRecord, text: &str, lines: &Lines<'_>) -> (usize, usize) {
    let at = row.position().map_or(0, csv::Position::byte);
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    // The position is behind the carriage return of the row before, and in front of empty rows.
    let rest = text.get(at..).unwrap_or_default();
    lines.place(at.saturating_add(rest.len() - rest.trim_start_matches(['\r', '\n']).len()))
}

fn no_host(heads: &StringRecord) -> String {
    let near = heads
        .iter()
        .find_map(|head| nearest(head, &["host", "address", "name"]).map(|n| (head, n)));
    match near {
        Some((head, near)) => {
            format!("no column tells the host: {} is unknown, did you mean {near}?", quoted(head))
        }
        None => {
            "no column tells the host, expected a row of heads such as name,host,port".to_owned()
        }
    }
}

fn draft(at: (usize, usize), columns: &[Option<Column>], row: &StringRecord) -> Draft {
    let mut draft = Draft { at, ..Draft::default() };
    let mut addresses = Vec::new();
    for (column, cell) in columns.iter().zip(row.iter()) {
        let cell = cell.trim();
        let many = || -> Vec<String> {
            let parts = cell.split([',', ';', '|', ' ']).filter(|part| !part.is_empty());
            parts.map(str::to_owned).collect()
        };
        let text = match column {
            None => continue,
            Some(Column::Expect) => {
                draft.expect.extend(many());
                continue;
            }
            Some(Column::Aliases) => {
                draft.aliases.extend(many());
                continue;
            }
            Some(Column::Group) => {
                if draft.group.is_empty() && !cell.is_empty() {
                    draft.group.push(cell.to_owned());
                }
                continue;
            }
            Some(Column::Address) => {
                addresses.extend(Some(cell.to_owned()).filter(|cell| !cell.is_empty()));
                continue;
            }
            Some(Column::Name) => &mut draft.name,
            Some(Column::Host) => &mut draft.host,
            Some(Column::Port) => &mut draft.port,
            Some(Column::Mac) => &mut draft.mac,
            Some(Column::Kind) => &mut draft.kind,
            Some(Column::Expected) => &mut draft.expected,
            Some(Column::Gateway) => &mut draft.gateway,
            Some(Column::GatewayUsage) => &mut draft.gateway_usage,
        };
        if text.is_empty() {
            cell.clone_into(text);
        }
    }
    if !draft.host.is_empty() {
        draft.expect.extend(addresses);
    } else if let Some(address) = addresses.into_iter().next() {
        draft.host = address;
    } else {
        draft.host.clone_from(&draft.name);
    }
    draft
}
