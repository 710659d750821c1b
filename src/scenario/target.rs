//! The target of a scenario, and what is remembered of it.

use super::START;
use super::rung::print;
use super::word::{parse, pick, span};
use super::wrong::Wrong;
use crate::domain::client_settings::{Authentication, ClientSettings};
use crate::domain::drops::{RememberedDrop, Spell};
use crate::domain::hours::Hours;
use crate::domain::identity::RememberedIdentity;
use crate::domain::memory::TargetMemory;
use crate::domain::target::{
    Expected, GatewayAddress, GatewayUsage, Host, Target, TargetId, TargetKind,
};
use crate::domain::time::WallTime;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TargetTable {
    host: Option<String>,
    kind: Option<String>,
    expected: Option<String>,
    /// With `expected = "hours"`: when, in UTC.
    #[serde(default)]
    hours: Vec<String>,
    expect: Vec<IpAddr>,
    mac: Option<String>,
    aliases: Vec<String>,
    /// Controls at its site, by address or name.
    controls: Vec<String>,
    /// The RD Gateway's host; port 443.
    gateway: Option<String>,
    gateway_usage: Option<String>,
    /// What a connection file asks for.
    client: ClientTable,
    /// Remembered from earlier runs.
    sleeps: bool,
    /// Remembered thumbprints: the byte they repeat, and days ago.
    thumbprints: BTreeMap<String, u16>,
    remembered_mac: Option<String>,
    /// Remembered: its UDP transport answered so many days ago, at 10.0.0.21.
    udp_answered: Option<u16>,
    /// Remembered: it answered echo so long before the start.
    echo_answered: Option<String>,
    /// Who answered in earlier runs.
    remembered: Option<RememberedTable>,
    /// Drops of earlier runs: `61m` before the start, `61m lived=1h tunnel`, `61m marked`.
    drops: Vec<String>,
    /// Sessions of earlier runs that did not drop: `3h-1h` before the start.
    outlived: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RememberedTable {
    computer: Option<String>,
    dns: Option<String>,
    common_name: Option<String>,
    mac: Option<String>,
    address: Option<IpAddr>,
    #[serde(default)]
    rightful: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ClientTable {
    credssp: Option<bool>,
    /// `authentication level` of the file.
    authentication: Option<i64>,
    entra: Option<bool>,
}

fn days_ago(days: u16) -> WallTime {
    START.minus(Duration::from_hours(24 * u64::from(days)))
}

fn host(text: &str) -> Host {
    text.parse()
        .map_or_else(|_| Host::Name(text.to_owned()), |address| Host::Address(address, None))
}

impl TargetTable {
    pub(super) fn target(&self) -> Result<Target, Wrong> {
        let named = host(self.host.as_deref().unwrap_or("office-pc.corp.lab"));
        let mut target = Target::new(TargetId(0), "office-pc", named);
        target.kind = pick(&TargetKind::WORDS, self.kind.as_deref().unwrap_or("server"))?;
        target.expected = pick(&Expected::WORDS, self.expected.as_deref().unwrap_or("always"))?;
        if !self.hours.is_empty() {
            let spans: Result<_, Wrong> =
                self.hours.iter().map(|text| parse(text, "hours")).collect();
            target.hours = Some(Hours { spans: spans?, zone: None });
        }
        target.expect.clone_from(&self.expect);
        target.aliases.clone_from(&self.aliases);
        if let Some(gateway) = &self.gateway {
            let usage = self.gateway_usage.as_deref().unwrap_or("always");
            let usage = pick(&GatewayUsage::WORDS, usage)?;
            target.gateway = Some(GatewayAddress { host: host(gateway), port: 443, usage });
        }
        target.controls = self.controls.iter().map(|text| host(text)).collect();
        target.mac = mac(self.mac.as_deref())?;
        target.client = Some(self.client.asked()).filter(ClientSettings::says_something);
        Ok(target)
    }

    pub(super) fn memory(&self) -> Result<TargetMemory, Wrong> {
        let mut memory = TargetMemory { sleeps: self.sleeps, ..TargetMemory::default() };
        memory.mac = mac(self.remembered_mac.as_deref())?;
        if let Some(before) = &self.remembered {
            let seen = days_ago(1);
            memory.identity = Some(RememberedIdentity {
                computer: before.computer.clone(),
                dns_computer: before.dns.clone(),
                common_name: before.common_name.clone(),
                mac: mac(before.mac.as_deref())?,
                rightful: before.rightful,
                seen,
            });
            memory.addresses.extend(before.address.map(|address| (address, seen)));
        }
        for (byte, days) in &self.thumbprints {
            memory.thumbprints.insert(print(byte)?, days_ago(*days));
        }
        let echo = self.echo_answered.as_deref().map(span).transpose()?;
        memory.echo_answered = echo.map(|ago| START.minus(ago));
        memory.udp_answered = self.udp_answered.map(days_ago);
        memory.udp_address = self.udp_answered.map(|_| super::round::ADDRESS);
        for text in &self.drops {
            memory.drops.add(drop(text)?);
        }
        for text in &self.outlived {
            memory.drops.outlived(spell(text)?);
        }
        Ok(memory)
    }
}

/// `61m lived=1h tunnel`: so long before the start.
fn drop(text: &str) -> Result<RememberedDrop, Wrong> {
    let mut words = text.split(' ');
    let at = START.minus(span(words.next().unwrap_or_default())?);
    let mut drop = RememberedDrop { at, seen: true, ..RememberedDrop::default() };
    for word in words {
        match word.split_once('=') {
            Some(("lived", age)) => drop.lived_s = u32::try_from(span(age)?.as_secs()).ok(),
            None if word == "tunnel" => drop.tunnel = true,
            None if word == "marked" => (drop.seen, drop.marked) = (false, true),
            _ => return Err(Wrong::expected(word, "lived=SPAN, tunnel or marked")),
        }
    }
    Ok(drop)
}

/// `3h-1h`: from and until so long before the start.
fn spell(text: &str) -> Result<Spell, Wrong> {
    let (since, until) =
        text.split_once('-').ok_or_else(|| Wrong::expected(text, "two spans such as 3h-1h"))?;
    Ok(Spell { since: START.minus(span(since)?), until: START.minus(span(until)?) })
}

fn mac<T: std::str::FromStr>(text: Option<&str>) -> Result<Option<T>, Wrong> {
    text.map(|text| parse(text, "a MAC address")).transpose()
}

impl ClientTable {
    fn asked(&self) -> ClientSettings {
        ClientSettings {
            credssp: self.credssp,
            authentication: self.authentication.and_then(Authentication::of),
            entra: self.entra,
        }
    }
}
