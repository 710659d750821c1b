//! A TARGET in each line, or a name and its address, as somebody pastes them; what begins with `#`
//! is a comment.

use super::{Draft, Entry, Hosts, MAX_TARGETS, Wrong};
use crate::config::target_spec::{TargetError, TargetSpec, parse_name};
use std::net::IpAddr;

/// What stands between the words of a line.
const SEPARATORS: [char; 4] = [' ', '\t', ';', ','];

/// Reads the lines.
pub(super) fn read(text: &str) -> Result<Hosts, Wrong> {
    let mut hosts = Hosts::default();
    for (line, number) in text.lines().zip(1..) {
        take(&mut hosts, line, number)?;
    }
    Ok(hosts)
}

/// Takes the hosts of one line, or notes what is wrong with it.
///
/// # Errors
/// More hosts than can be watched.
pub(super) fn take(hosts: &mut Hosts, line: &str, number: usize) -> Result<(), Wrong> {
    let column = line.chars().take_while(|c| c.is_whitespace()).count() + 1;
    let said = without_comment(line).trim().trim_end_matches([',', ';']).trim_end();
    if said.is_empty() {
        return Ok(());
    }
    match entries(said, number, column) {
        Ok(found) => hosts.entries.extend(found),
        Err(wrong) => hosts.wrong.push(wrong),
    }
    if hosts.entries.len() + hosts.wrong.len() > MAX_TARGETS {
        let message = format!("it holds more than {MAX_TARGETS} hosts, expected fewer");
        return Err(Wrong::new((number, 1), message));
    }
    Ok(())
}

/// A `#` at the beginning or behind a blank; elsewhere it stands before a hardware address.
fn without_comment(line: &str) -> &str {
    let begins = |(at, _): &(usize, &str)| {
        line.get(..*at).is_some_and(|before| before.is_empty() || before.ends_with([' ', '\t']))
    };
    let comment = line.match_indices('#').find(begins);
    comment.and_then(|(at, _)| line.get(..at)).unwrap_or(line)
}

/// The hosts of a line: a TARGET, a name with its address, an address with its names, or several
/// TARGETs.
fn entries(said: &str, line: usize, column: usize) -> Result<Vec<Entry>, Wrong> {
    let at = (line, column);
    let error = match said.parse::<TargetSpec>() {
        Ok(spec) => return Ok(vec![Entry::from((line, spec))]),
        Err(error) => error,
    };
    if let Some(entry) = named(said, line).or_else(|| addressed(said, at)) {
        return Ok(vec![entry]);
    }
    if said.contains('=') || !said.contains(SEPARATORS) {
        return Err(Wrong::new(at, error));
    }
    let separators: &[char] = if said.contains('@') { &SEPARATORS[..3] } else { &SEPARATORS };
    let words = said.split(separators).map(|word| word.trim_matches([',', '"']));
    let specs: Result<Vec<TargetSpec>, TargetError> =
        words.filter(|word| !word.is_empty()).map(str::parse).collect();
    let specs = specs.map_err(|error| Wrong::new(at, error))?;
    Ok(specs.into_iter().map(|spec| Entry::from((line, spec))).collect())
}

fn address(word: &str) -> Option<IpAddr> {
    word.trim_matches('"').parse().ok()
}

/// `office-pc<TAB>10.0.0.21`, `office-pc,10.0.0.21`, `Front desk;10.0.0.21`: the first is a host that
/// should have the address, or, where no host can be called like that, a name for it.
fn named(said: &str, line: usize) -> Option<Entry> {
    let (name, found) = said.rsplit_once(SEPARATORS)?;
    let found = address(found)?;
    let name = name.trim_end_matches(SEPARATORS).trim_matches('"');
    if name.is_empty() || name.contains(['\t', ';', ',', '@']) || address(name).is_some() {
        return None;
    }
    let spec = match name.parse::<TargetSpec>() {
        Ok(spec) => TargetSpec { expect: vec![found], ..spec },
        Err(_) if name.contains(' ') && said.contains(['\t', ';', ',']) => {
            parse_name(name).ok()?;
            format!("{name}={found}").parse().ok()?
        }
        Err(_) => return None,
    };
    Some(Entry::from((line, spec)))
}

/// `10.0.0.21<TAB>office-pc front`, as a hosts file has it: the first name is the host, the others
/// are other names of it.
fn addressed(said: &str, at: (usize, usize)) -> Option<Entry> {
    let mut words = said.split(SEPARATORS).filter(|word| !word.is_empty());
    let first = words.next()?;
    address(first)?;
    let names: Vec<&str> = words.map(|word| word.trim_matches('"')).collect();
    let (host, aliases) = names.split_first()?;
    let strange = |name: &&str| address(name).is_some() || name.contains(['@', '=', '[', '#']);
    if names.iter().any(strange) {
        return None;
    }
    let expect = vec![first.trim_matches('"').to_owned()];
    let aliases = aliases.iter().map(|name| (*name).to_owned()).collect();
    Draft { at, host: (*host).to_owned(), expect, aliases, ..Draft::default() }.finish().ok()
}
