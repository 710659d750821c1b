//! DHCP leases: dnsmasq's file (a lease in a line) and ISC dhcpd's (`lease ADDRESS { … }`). They
//! tell hardware addresses. The address of a lease may be another one tomorrow: it is dialled only
//! where no name is known, and never expected.

use super::{Draft, Hosts, Lines, Wrong, quoted};
use crate::domain::mac::MacAddr;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Whether a line is one of dnsmasq's: expiry, hardware address, address, name, client.
pub(super) fn is_dnsmasq(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.next().is_some_and(|expiry| expiry.parse::<u64>().is_ok())
        && words.next().is_some_and(|mac| mac.parse::<MacAddr>().is_ok())
        && words.next().is_some_and(|address| address.parse::<IpAddr>().is_ok())
}

/// Whether a line begins a lease of dhcpd.
pub(super) fn is_dhcpd(line: &str) -> bool {
    dhcpd_address(line).is_some()
}

fn dhcpd_address(line: &str) -> Option<&str> {
    let address = line.trim().strip_prefix("lease ")?.strip_suffix('{')?.trim();
    address.parse::<IpAddr>().ok().map(|_| address)
}

/// Reads the leases, each hardware address once: of several leases the last.
pub(super) fn read(text: &str) -> Result<Hosts, Wrong> {
    let mut hosts = Hosts::default();
    let lines = Lines::of(text);
    let mut leases: BTreeMap<String, Draft> = BTreeMap::new();
    let mut open: Option<Draft> = None;
    let mut start = 0;
    for line in text.split('\n') {
        let at = start;
        start += line.len() + 1;
        let said = line.trim();
        let at = lines.place(at + line.len() - line.trim_start().len());
        if let Some(lease) = &mut open {
            if said == "}" {
                keep(open.take(), &mut leases);
            } else if let Some(mac) = said.strip_prefix("hardware ethernet ") {
                mac.trim_end_matches(';').clone_into(&mut lease.mac);
            } else if let Some(name) = said.strip_prefix("client-hostname ") {
                let name = name.trim_end_matches(';').trim_matches('"');
                name.clone_into(&mut lease.name);
            }
        } else if let Some(address) = dhcpd_address(said) {
            open = Some(Draft { at, host: address.to_owned(), ..Draft::default() });
        } else if is_dnsmasq(said) {
            let mut words = said.split_whitespace().skip(1).map(str::to_owned);
            let (mac, host) = (words.next(), words.next());
            let name = words.next().filter(|name| name != "*");
            let lease = Draft {
                at,
                mac: mac.unwrap_or_default(),
                host: host.unwrap_or_default(),
                name: name.unwrap_or_default(),
                ..Draft::default()
            };
            keep(Some(lease), &mut leases);
        } else if said.starts_with(|c: char| c.is_ascii_digit()) {
            let message = format!("{} is no lease, expected EXPIRY MAC ADDRESS NAME", quoted(said));
            hosts.wrong.push(Wrong::new(at, message));
        }
    }
    let mut leases: Vec<Draft> = leases.into_values().collect();
    leases.sort_by_key(|lease| lease.at);
    for mut lease in leases {
        if !lease.name.is_empty() {
            lease.host = std::mem::take(&mut lease.name);
        }
        hosts.take(lease)?;
    }
    Ok(hosts)
}

/// Keeps a lease in place of an older one of the same hardware address, or address.
fn keep(lease: Option<Draft>, leases: &mut BTreeMap<String, Draft>) {
    let Some(lease) = lease else { return };
    let key = if lease.mac.is_empty() { &lease.host } else { &lease.mac };
    leases.insert(key.to_lowercase(), lease);
}
