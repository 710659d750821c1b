//! What a file is, by its bytes and its name, and its text.

use super::{Lines, Wrong, leases, table};
use crate::config::rdp_file::decode;
use std::net::IpAddr;
use std::path::Path;

/// Lines in which the first lease of dhcpd is looked for.
const LOOKED_AT: usize = 64;

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Connection,
    Xml,
    Hosts,
    Leases,
    Table,
    List,
    Encrypted,
    Binary,
}

/// What the text of a file with this ending is.
pub(super) fn shape(path: &Path, ending: &str, text: &str) -> Shape {
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

pub(super) fn is_hosts_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.eq_ignore_ascii_case("hosts"))
}

/// One long word of base64, as mRemoteNG writes a file that it encrypts as a whole.
fn looks_encrypted(text: &str) -> bool {
    let text = text.trim();
    let base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    text.len() >= 256 && text.bytes().all(base64)
}

/// UTF-8, or UTF-16 by its mark or its zeros.
pub(super) fn text_of(bytes: &[u8]) -> Result<String, Wrong> {
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
pub(super) fn unmarked(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}
