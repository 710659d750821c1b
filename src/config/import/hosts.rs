//! Files in the shape of `/etc/hosts`: an address and its names, `#` begins a comment.

use super::{Draft, Hosts, Lines, Wrong, list, quoted};
use crate::config::target_spec::MAX_EXPECT;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Reads the names, each once with all its addresses; those of this machine itself and of
/// networks are left out. In a `mixed` text a line that is none of a hosts file is one of a list.
pub(super) fn read(text: &str, mixed: bool) -> Result<Hosts, Wrong> {
    let mut hosts = Hosts::default();
    let lines = Lines::of(text);
    let mut drafts: Vec<Draft> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let (mut own, mut start) = (0_usize, 0);
    for (line, number) in text.split('\n').zip(1..) {
        let at = start;
        start += line.len() + 1;
        if mixed && !is_of_hosts(line) {
            list::take(&mut hosts, line.trim_end_matches('\r'), number)?;
            continue;
        }
        let said = line.split('#').next().unwrap_or_default();
        let at = lines.place(at + said.len() - said.trim_start().len());
        let mut words = said.split_whitespace();
        let Some(address) = words.next() else { continue };
        let bare = address.split('%').next().unwrap_or_default();
        let Ok(parsed) = bare.parse::<IpAddr>() else {
            let message = format!("{} is not an address, expected ADDRESS NAME", quoted(address));
            hosts.wrong.push(Wrong::new(at, message));
            continue;
        };
        let Some(name) = words.next() else {
            let message = format!("no name stands after {parsed}, expected ADDRESS NAME");
            hosts.wrong.push(Wrong::new(at, message));
            continue;
        };
        if is_own(parsed) {
            own += 1;
            continue;
        }
        let place = *known.entry(name.to_lowercase()).or_insert(drafts.len());
        if place == drafts.len() {
            drafts.push(Draft { at, host: name.to_owned(), ..Draft::default() });
        }
        if let Some(draft) = drafts.get_mut(place) {
            if draft.expect.len() <= MAX_EXPECT {
                draft.expect.push(address.to_owned());
            }
            for alias in words {
                if draft.aliases.len() >= MAX_EXPECT {
                    break;
                }
                if !draft.aliases.iter().any(|known| known.eq_ignore_ascii_case(alias)) {
                    draft.aliases.push(alias.to_owned());
                }
            }
        }
    }
    for draft in drafts {
        hosts.take(draft)?;
    }
    if own > 0 {
        hosts.notes.push(format!("lines of this machine and of networks left out: {own}"));
    }
    if mixed {
        hosts.entries.sort_by_key(|entry| entry.line);
    }
    Ok(hosts)
}

/// Whether a line has an address and a name behind it.
fn is_of_hosts(line: &str) -> bool {
    let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
    let is_address =
        |word: &str| word.split('%').next().is_some_and(|bare| bare.parse::<IpAddr>().is_ok());
    words.next().is_some_and(is_address) && words.next().is_some_and(|word| !is_address(word))
}

/// Loopback, nothing, and what belongs to many.
fn is_own(address: IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    // `fe00::0 ip6-localnet` stands in the hosts file of Debian.
    let local_net =
        matches!(address, IpAddr::V6(v6) if v6.segments() == [0xfe00, 0, 0, 0, 0, 0, 0, 0]);
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || broadcast
        || local_net
}
