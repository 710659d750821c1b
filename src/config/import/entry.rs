//! One host out of a file, as the file words it and as it is taken.

use super::Wrong;
use crate::config::host::{self, parse_gateway, parse_host_port, parse_port};
use crate::config::target_spec::{MAX_EXPECT, TargetSpec, mac_sentence, parse_name};
use crate::config::{Config, default_expected, default_kind, value};
use crate::domain::mac::MacAddr;
use crate::domain::target::{
    DEFAULT_PORT, Expected, GatewayAddress, GatewayUsage, Host, Target, TargetId, TargetKind,
};
use crate::domain::text::excerpt;
use std::net::IpAddr;

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

/// An entry as a file words it; what is empty is not said.
#[derive(Debug, Default, Clone)]
pub(super) struct Draft {
    /// Line and column, from 1.
    pub(super) at: (usize, usize),
    pub(super) name: String,
    /// `host` or `host:port`.
    pub(super) host: String,
    pub(super) port: String,
    pub(super) expect: Vec<String>,
    pub(super) mac: String,
    pub(super) aliases: Vec<String>,
    pub(super) group: Vec<String>,
    pub(super) kind: String,
    pub(super) expected: String,
    pub(super) gateway: String,
    pub(super) gateway_usage: String,
}

impl Draft {
    /// The host, where all that is said of it can be taken.
    ///
    /// # Errors
    /// What cannot.
    pub(super) fn finish(self) -> Result<Entry, Wrong> {
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
    value::parse_word(&text, words).map(Some)
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
