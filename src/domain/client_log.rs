//! What this machine's own Remote Desktop client writes down of its connections.
//!
//! Windows keeps it in the channel `Microsoft-Windows-TerminalServices-RDPClient/Operational`.
//! Events go in; which connections began, failed and ended comes out. What belongs to no
//! connection that can be told is left out: one program may hold several.

use super::target::{DEFAULT_PORT, Target};
use super::time::WallTime;
use std::collections::VecDeque;
use std::net::IpAddr;

/// Connections followed at once.
const MOST: usize = 64;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientEvent {
    /// Its number in the channel (`EventRecordID`).
    pub record: u64,
    /// When it was written.
    pub at: WallTime,
    /// The process that wrote it.
    pub process: u32,
    /// The connection that it belongs to (`ActivityID`); `None` where it is not said.
    pub activity: Option<u128>,
    /// What happened.
    pub news: ClientNews,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientNews {
    /// It connects to this host, as the user named it; unescaped (1024).
    Connecting(String),
    /// It has connected (1025).
    Connected,
    /// It is disconnected, with the reason of `IMsTscAxEvents::OnDisconnected` (1026).
    Ended(u32),
}

/// What came of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientTurn {
    /// It is up.
    Began {
        /// The host as the user named it.
        server: String,
        /// Since when.
        since: WallTime,
    },
    /// It never came up.
    Failed {
        /// The host as the user named it.
        server: String,
        /// The reason that the client gives.
        reason: u32,
    },
    /// It is over.
    Ended {
        /// The host as the user named it.
        server: String,
        /// When it came up.
        since: WallTime,
        /// When it was over.
        at: WallTime,
        /// The reason that the client gives.
        reason: u32,
    },
}

/// Why the client ended a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientReason {
    /// The reason of `IMsTscAxEvents::OnDisconnected`.
    pub code: u32,
    /// What it says, in a short phrase; empty where nobody knows.
    pub words: &'static str,
}

/// Reasons with which a session breaks off under its client: the transport was lost, or connecting
/// once more failed, for which its name is looked up again.
const BROKE: [u32; 14] = [
    0x104, 0x108, 0x204, 0x208, 0x304, 0x404, 0x508, 0x604, 0x704, 0x904, 0xb04, 0xb06, 0xc06,
    0xe08,
];

impl ClientReason {
    /// Whether the session broke off, and nobody ended it.
    #[must_use]
    pub fn broke(&self) -> bool {
        BROKE.contains(&self.code)
    }

    /// Whether the user of this machine ended it (`disconnectReasonLocalNotError`).
    #[must_use]
    pub const fn by_user(&self) -> bool {
        self.code == 1
    }

    /// Whether the host ended it, or the user there (`disconnectReasonRemoteByUser`,
    /// `disconnectReasonByServer`).
    #[must_use]
    pub const fn by_host(&self) -> bool {
        matches!(self.code, 2 | 3)
    }

    /// `0x904, "Socket closed"`.
    #[must_use]
    pub fn text(&self) -> String {
        match self.words {
            "" => format!("{:#x}", self.code),
            words => format!("{:#x}, \"{words}\"", self.code),
        }
    }
}

/// The connections that the channel tells of.
#[derive(Debug, Clone, Default)]
pub struct ClientLog {
    newest: Option<(u64, WallTime)>,
    open: VecDeque<Connection>,
}

#[derive(Debug, Clone)]
struct Connection {
    process: u32,
    activity: Option<u128>,
    server: String,
    since: Option<WallTime>,
}

impl ClientLog {
    /// The number of the newest event that is known.
    #[must_use]
    pub fn newest(&self) -> Option<u64> {
        self.newest.map(|(record, _)| record)
    }

    /// Takes in what was read, in any order; what is known already changes nothing. The first
    /// reading only shows which connections there are: nothing of it is news.
    pub fn observe(&mut self, mut events: Vec<ClientEvent>) -> Vec<ClientTurn> {
        let first = self.newest.is_none();
        events.sort_by_key(|event| event.record);
        let mut turns = Vec::new();
        for event in events {
            let (record, at) = self.newest.unwrap_or_default();
            // A channel that was cleared numbers anew.
            if event.record > record || event.at > at {
                self.newest = Some((event.record, event.at.max(at)));
                turns.extend(self.turn(event));
            }
        }
        // A channel that is empty has been read as well.
        self.newest.get_or_insert_default();
        if first { Vec::new() } else { turns }
    }

    fn turn(&mut self, event: ClientEvent) -> Option<ClientTurn> {
        if let ClientNews::Connecting(server) = event.news {
            let ClientEvent { process, activity, .. } = event;
            let same = |one: &Connection| one.process == process && one.activity == activity;
            // Without an activity, one that is up goes on beside the new one.
            let over = |one: &Connection| activity.is_some() || one.since.is_none();
            self.open.retain(|one| !(same(one) && over(one)));
            if self.open.len() >= MOST {
                self.open.pop_front();
            }
            self.open.push_back(Connection { process, activity, server, since: None });
            return None;
        }
        let index = self.connection_of(&event)?;
        match event.news {
            ClientNews::Connecting(_) => None,
            ClientNews::Connected => {
                let connection = self.open.get_mut(index)?;
                let again = connection.since.replace(event.at).is_some();
                let server = connection.server.clone();
                (!again).then_some(ClientTurn::Began { server, since: event.at })
            }
            ClientNews::Ended(reason) => {
                let Connection { server, since, .. } = self.open.remove(index)?;
                Some(match since {
                    Some(since) => ClientTurn::Ended { server, since, at: event.at, reason },
                    None => ClientTurn::Failed { server, reason },
                })
            }
        }
    }

    /// The connection of this activity, else the only one of this process that may have it.
    fn connection_of(&self, event: &ClientEvent) -> Option<usize> {
        let of_process = |one: &Connection| one.process == event.process;
        let same = |one: &Connection| of_process(one) && one.activity == event.activity;
        if event.activity.is_some()
            && let Some(index) = self.open.iter().position(same)
        {
            return Some(index);
        }
        let may = |one: &Connection| event.activity.is_none() || one.activity.is_none();
        let of_process = |(_, one): &(usize, &Connection)| of_process(one) && may(one);
        only(self.open.iter().enumerate().filter(of_process).map(|(at, _)| at))
    }
}

/// The target that a connection of the client leads to: the one of this name or address, else the
/// only one that a name without a domain can mean.
#[must_use]
pub fn led_to<'a, T: Copy>(
    server: &str,
    targets: impl Iterator<Item = (T, &'a Target, Option<IpAddr>)> + Clone,
) -> Option<T> {
    let (host, port) = split(server);
    let host = host.trim_end_matches('.');
    let address: Option<IpAddr> = host.parse().ok();
    let named = |target: &Target| target.host.to_string().trim_end_matches('.').to_owned();
    let exact = targets.clone().filter(|(_, target, dialled)| match address {
        Some(address) => target.host.address() == Some(address) || *dialled == Some(address),
        None => named(target).eq_ignore_ascii_case(host),
    });
    if exact.clone().next().is_some() {
        // Of several on one host, the client without a port leads to that of Remote Desktop.
        let at = |wanted: u16| exact.clone().filter(move |(_, target, _)| target.port == wanted);
        let ids = |wanted| only(at(wanted).map(|(id, ..)| id));
        return match port {
            Some(port) => ids(port),
            None => ids(DEFAULT_PORT).or_else(|| only(exact.clone().map(|(id, ..)| id))),
        };
    }
    let short = |name: &str| name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let fits = |target: &Target| {
        let name = named(target);
        let one_is_short = !name.contains('.') || !host.contains('.');
        one_is_short && target.host.name().is_some() && short(&name) == short(host)
    };
    let alike = targets.filter(|(_, target, _)| {
        address.is_none() && fits(target) && port.is_none_or(|port| port == target.port)
    });
    only(alike.map(|(id, ..)| id))
}

/// `host:3390` and `[2001:db8::1]:3390`, with the port where there is one.
fn split(server: &str) -> (&str, Option<u16>) {
    let bare = |host: &'_ str| host.starts_with('[') || !host.contains(':');
    if let Some((host, port)) = server.rsplit_once(':')
        && bare(host)
        && let Ok(port) = port.parse()
    {
        return (host.trim_start_matches('[').trim_end_matches(']'), Some(port));
    }
    (server.trim_start_matches('[').trim_end_matches(']'), None)
}

/// The only one; none of several.
fn only<T>(mut candidates: impl Iterator<Item = T>) -> Option<T> {
    let first = candidates.next()?;
    candidates.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests;
