//! What is worth remembering of a target between runs.

use super::alert::{RememberedAlert, RememberedResolved};
use super::certificate::Thumbprint;
use super::drops::Drops;
use super::identity::RememberedIdentity;
use super::mac::MacAddr;
use super::outage::{PathBreaks, RememberedOutage};
use super::time::WallTime;
use super::untold::Untold;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

/// How many thumbprints of one target are kept: a farm has several, an attacker many.
const THUMBPRINTS: usize = 16;

/// How many wake-ups of one target are kept.
const WAKINGS: usize = 5;

/// A UDP transport that stayed silent this long is switched off, and no longer expected.
const UDP_EXPECTED: Duration = Duration::from_hours(14 * 24);

/// A host that answered echo this long ago is one that answers echo.
const ECHO_EXPECTED: Duration = Duration::from_hours(24);

/// A host that was woken so often out of a long silence is one that sleeps.
const SLEEPER: u8 = 2;

/// A handshake that was quick this long ago is one that is quick.
const QUICK_EXPECTED: Duration = Duration::from_hours(14 * 24);

/// What was accepted of a host that has not answered for this long is so no more.
const ACCEPTED: Duration = Duration::from_hours(30 * 24);

/// What fired so long ago says nothing of the port any more.
const PORT_FAILED: Duration = Duration::from_hours(24);

/// What says that the port of a target fails, or the ports of several.
const OF_THE_PORT: [&str; 8] = [
    "port-closed",
    "port-filtered",
    "port-rejected",
    "port-barred",
    "rdp-silent",
    "not-rdp",
    "connection-dropped",
    "service-failure",
];

/// How many addresses of one target are kept.
const ADDRESSES: usize = 8;

/// One target's memory. Persisted by the store under the target's host and port.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct TargetMemory {
    /// Hardware address learnt while the PC was up.
    pub mac: Option<MacAddr>,
    /// Address the MAC was learnt at.
    pub mac_address: Option<IpAddr>,
    /// Certificates seen, with the time each was first seen.
    pub thumbprints: BTreeMap<Thumbprint, WallTime>,
    /// Who answered last, by its own word.
    pub identity: Option<RememberedIdentity>,
    /// Machines that took turns there, the one that answered last at the end; none where one answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<RememberedIdentity>,
    /// Addresses where that machine answered, with the last time each did.
    pub addresses: BTreeMap<IpAddr, WallTime>,
    /// Last time the whole ladder was healthy.
    pub last_healthy: Option<WallTime>,
    /// Last time anything answered.
    pub last_answer: Option<WallTime>,
    /// Last time it answered an echo request over ICMP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub echo_answered: Option<WallTime>,
    /// Last time its UDP transport answered.
    pub udp_answered: Option<WallTime>,
    /// Address that it answered at.
    pub udp_address: Option<IpAddr>,
    /// Rules whose findings were there on first sight, and when they were accepted.
    pub accepted: BTreeMap<String, WallTime>,
    /// Of these: since when those are gone that are.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub accepted_clear: BTreeMap<String, WallTime>,
    /// Until when its alerts are held back, as somebody asked for on the screen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintenance_until: Option<WallTime>,
    /// Rules whose alerts somebody acknowledged, and when.
    pub acknowledged: BTreeMap<String, WallTime>,
    /// Rules whose alerts fire.
    pub alerts: BTreeMap<String, RememberedAlert>,
    /// Rules whose alerts of several hosts, which fire, concern it.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub concerned_by: BTreeSet<String>,
    /// Alerts that are over, the oldest first, as many as the book of alerts keeps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resolved: Vec<RememberedResolved>,
    /// What sinks were not told of its alerts yet, each alert's in its order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub untold: Vec<Untold>,
    /// Of this machine: outages that alerted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outages: Vec<RememberedOutage>,
    /// Of this machine: when paths broke.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub breaks: Vec<PathBreaks>,
    /// Seconds from the wake packet until RDP answered, newest last.
    pub waking_s: Vec<u32>,
    /// When its TCP and TLS were last quick.
    #[serde(skip_serializing_if = "Quick::is_unknown")]
    pub quick: Quick,
    /// When sessions on it dropped.
    pub drops: Drops,
    /// How often it was woken out of a long silence, up to [`Self::sleeps`].
    #[serde(skip_serializing_if = "is_zero")]
    pub slept: u8,
    /// It was woken out of a long silence more than once: it is one that sleeps.
    pub sleeps: bool,
    /// Its row stands above every order of the table.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
}

/// When the handshakes of a target were last quick, several times in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Quick {
    /// The TCP handshake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp: Option<WallTime>,
    /// The TLS handshake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<WallTime>,
}

impl Quick {
    const fn is_unknown(&self) -> bool {
        self.tcp.is_none() && self.tls.is_none()
    }

    /// Whether what was quick at `at` was so lately: what is slow for longer is as it is.
    #[must_use]
    pub fn lately(at: Option<WallTime>, now: WallTime) -> bool {
        at.is_some_and(|at| now.since(at) <= QUICK_EXPECTED)
    }
}

impl TargetMemory {
    /// What shows that a host sleeps.
    pub const WOKEN: &str = "it was woken twice out of a silence of half an hour or more";

    /// Takes back what was accepted so long ago of a host that has not answered since.
    pub fn forget_accepted(&mut self, now: WallTime) {
        let answered = self.last_answer;
        self.accepted.retain(|_, at| now.since(answered.max(Some(*at)).unwrap_or(*at)) <= ACCEPTED);
    }

    /// Whether an alert that fired when this was saved, not long ago, says that its port fails.
    #[must_use]
    pub fn port_fails(&self, now: WallTime) -> bool {
        let lately = self.alerts.iter().filter(|(_, alert)| now.since(alert.seen) <= PORT_FAILED);
        let mut fire = lately.map(|(rule, _)| rule).chain(&self.concerned_by);
        fire.any(|rule| OF_THE_PORT.contains(&rule.as_str()))
    }

    /// Whether it answered echo lately, so that its silence is news.
    #[must_use]
    pub fn expects_echo(&self, now: WallTime) -> bool {
        // What lies ahead was heard with another clock, nobody knows when.
        self.echo_answered.is_some_and(|at| at <= now && now.since(at) <= ECHO_EXPECTED)
    }

    /// Whether the UDP transport at `address` answered lately, so that its silence is news.
    #[must_use]
    pub fn expects_udp(&self, address: IpAddr, now: WallTime) -> bool {
        self.udp_address == Some(address)
            && self.udp_answered.is_some_and(|before| now.since(before) <= UDP_EXPECTED)
    }

    /// Remembers where it answered; the one longest ago gives way beyond the bound. Whether the
    /// address is new.
    pub fn remember_address(&mut self, address: IpAddr, now: WallTime) -> bool {
        let known = self.addresses.insert(address, now).is_some();
        while self.addresses.len() > ADDRESSES {
            let oldest = self.addresses.iter().min_by_key(|(_, seen)| **seen).map(|(ip, _)| *ip);
            let Some(oldest) = oldest else { break };
            self.addresses.remove(&oldest);
        }
        !known
    }

    /// Remembers how long a wake-up took; the oldest gives way beyond the bound.
    pub fn remember_waking(&mut self, took: Duration) {
        self.waking_s.push(u32::try_from(took.as_secs()).unwrap_or(u32::MAX));
        let excess = self.waking_s.len().saturating_sub(WAKINGS);
        self.waking_s.drain(..excess);
    }

    /// Remembers that it was woken out of a long silence. Whether that makes it one that sleeps:
    /// once may be chance, or a server that somebody switched off.
    pub fn remember_sleep(&mut self) -> bool {
        self.slept = self.slept.saturating_add(1);
        let news = self.slept >= SLEEPER && !self.sleeps;
        self.sleeps |= news;
        news
    }

    /// How long it usually takes from the wake packet until RDP answers: the median of what is
    /// remembered.
    #[must_use]
    pub fn usual_waking(&self) -> Option<Duration> {
        let mut seconds = self.waking_s.clone();
        seconds.sort_unstable();
        seconds.get(seconds.len() / 2).map(|secs| Duration::from_secs(u64::from(*secs)))
    }

    /// Remembers a certificate; the oldest gives way beyond the bound.
    pub fn remember_thumbprint(&mut self, print: Thumbprint, now: WallTime) {
        self.thumbprints.entry(print).or_insert(now);
        while self.thumbprints.len() > THUMBPRINTS {
            let oldest = self.thumbprints.iter().min_by_key(|(_, seen)| **seen).map(|(p, _)| *p);
            let Some(oldest) = oldest else { break };
            self.thumbprints.remove(&oldest);
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_zero(number: &u8) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_accepted_is_so_no_more_of_a_host_that_has_not_answered_for_30_days() {
        let at = |days: i64| WallTime::from_unix_secs(days * 24 * 3_600);
        let left = |accepted, answered, now| {
            let accepted = BTreeMap::from([("nla-not-enforced".to_owned(), at(accepted))]);
            let mut memory =
                TargetMemory { accepted, last_answer: answered, ..TargetMemory::default() };
            memory.forget_accepted(at(now));
            memory.accepted.len()
        };
        assert_eq!(left(1, Some(at(9)), 39), 1);
        assert_eq!(left(1, Some(at(9)), 40), 0);
        assert_eq!(left(9, None, 39), 1);
        assert_eq!(left(9, Some(at(1)), 40), 0);
    }
}
