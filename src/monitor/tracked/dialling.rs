//! Which address is dialled, which others are tried beside it, and how far each climbs.
//!
//! A client takes the first address of a name that accepts the connection. Here an address is
//! kept as long as the name has it, so that statistics are about one machine, and given up for
//! the next when it failed twice in a row while that one accepts.

use super::{KEPT, KEPT_DEEP, QUICK_TLS, SERVICE_TIMES, Tracked};
use crate::domain::alternative::Alternative;
use crate::domain::history::{History, Timed};
use crate::domain::rules::is_here;
use crate::domain::sample::{Attempt, ConnectOutcome, NameOutcome, ProbeKind, Resolution};
use crate::domain::surroundings::Surroundings;
use crate::domain::time::{MonoTime, Now};
use std::net::IpAddr;
use std::time::Duration;

/// How many other addresses of one target are followed.
const ALTERNATIVES: usize = 16;
/// Failures in a row before the next address is dialled.
const FAILURES: usize = 2;
/// How much earlier than the first of them the next address may have accepted.
const BESIDE: Duration = Duration::from_mins(2);
/// Between climbs of other addresses, which may all be the same host: together with the dialled
/// one's connections they stay within its budget.
const CLIMB_REST: Duration = Duration::from_mins(10);

/// An address to try besides the dialled one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Other {
    /// The address; the dialled one itself when it is to be tried without the name.
    pub address: IpAddr,
    /// How far to climb; [`ProbeKind::Connect`] carries no data.
    pub depth: ProbeKind,
    /// The name is used as if it were dialled; an expected address is dialled as an address.
    pub by_name: bool,
}

impl Tracked {
    /// What to try besides the dialled address at `now`, and how far each climbs. `deep` says
    /// whether anything may climb beyond X.224.
    ///
    /// A bare connection says that an address lives. Only where something is wrong does one carry
    /// data: an expected address, when the dialled one is broken or not expected; another published
    /// one, when the dialled one is broken; the dialled one without the name, when TLS breaks.
    #[must_use]
    pub fn others(&self, now: MonoTime, deep: bool) -> Vec<Other> {
        let full = if deep { ProbeKind::Tls } else { ProbeKind::Negotiate };
        let mut others: Vec<Other> = self
            .other_addresses()
            .into_iter()
            .map(|address| {
                let expected = self.target.expect.contains(&address);
                let climbs = self.is_broken() || expected && self.is_unexpected();
                let depth = if climbs { full } else { ProbeKind::Connect };
                Other { address, depth, by_name: !expected }
            })
            .collect();
        if let Some(address) = self.dialled.filter(|_| self.tls_is_broken() && deep)
            && self.target.host.name().is_some()
        {
            others.push(Other { address, depth: full, by_name: false });
        }
        let climbing = others.iter().filter(|other| other.depth == full).count();
        let rest = CLIMB_REST.saturating_mul(u32::try_from(climbing).unwrap_or(u32::MAX));
        let rests = |address: &IpAddr| {
            let climb = self.alternatives.get(address).and_then(|other| other.climb.as_ref());
            climb.is_some_and(|climb| now.since(climb.at.mono) < rest)
        };
        for other in &mut others {
            if rests(&other.address) {
                other.depth = ProbeKind::Connect;
            }
        }
        others.retain(|other| Some(other.address) != self.dialled || other.depth == full);
        others
    }

    /// Addresses to try besides the dialled one: published, and expected but not published.
    #[must_use]
    pub fn other_addresses(&self) -> Vec<IpAddr> {
        let published = self.resolution().into_iter().flat_map(|r| r.addresses.iter().copied());
        let mut others: Vec<IpAddr> = Vec::new();
        for address in published.chain(self.target.expect.iter().copied()) {
            if Some(address) != self.dialled
                && !others.contains(&address)
                && others.len() < ALTERNATIVES
            {
                others.push(address);
            }
        }
        // Nothing is dialled while the name leads nowhere, but what was may still be expected.
        if let Some(dialled) = self.dialled.filter(|_| self.leads_nowhere())
            && self.target.expect.contains(&dialled)
        {
            others.push(dialled);
        }
        others
    }

    /// Other addresses with what they answered.
    pub(super) fn others_tried(&self) -> Vec<(IpAddr, Alternative)> {
        self.alternatives
            .iter()
            .filter(|(address, _)| Some(**address) != self.dialled || self.leads_nowhere())
            .map(|(address, other)| (*address, other.clone()))
            .collect()
    }

    fn leads_nowhere(&self) -> bool {
        self.resolution().is_some_and(|resolution| {
            !matches!(resolution.outcome, NameOutcome::Ok | NameOutcome::NotNeeded)
        })
    }

    /// Whether the dialled ladder fails, or there is none to climb.
    fn is_broken(&self) -> bool {
        let newest = self.tried().next();
        self.leads_nowhere()
            || self.tls_is_broken()
            || newest.is_some_and(|entry| !entry.value.works_up_to_tls())
    }

    fn tls_is_broken(&self) -> bool {
        let read = |attempt: &Attempt| attempt.encrypted();
        self.tried().find_map(|entry| read(&entry.value)) == Some(false)
    }

    /// Whether the name leads to an address that is not expected.
    fn is_unexpected(&self) -> bool {
        self.target.host.name().is_some() && self.is_dialled_elsewhere()
    }

    /// Whether the dialled address is none of those where it should be.
    pub(super) fn is_dialled_elsewhere(&self) -> bool {
        self.dialled.is_some_and(|dialled| self.target.is_elsewhere(&[dialled]))
    }

    /// Whether its name leads to another machine, so that it cannot be measured itself.
    pub(super) fn is_astray(&self, around: &Surroundings) -> bool {
        let here = |dialled| is_here(&self.target, &around.local, dialled);
        self.is_dialled_elsewhere() || self.dialled.is_some_and(here)
    }

    /// Connections to the dialled address that this machine could try, newest first.
    fn tried(&self) -> impl Iterator<Item = &Timed<Attempt>> {
        let local =
            |attempt: &Attempt| matches!(attempt.connect.outcome, ConnectOutcome::LocalError(_));
        self.attempts.recent().filter(move |entry| !local(&entry.value))
    }

    /// Whether what was measured at `address` belongs to one that is not dialled any more.
    pub(super) fn is_not_dialled(&self, address: IpAddr) -> bool {
        self.dialled.is_some_and(|dialled| dialled != address)
    }

    pub(super) fn record_alternative(&mut self, at: Now, attempt: &Attempt) {
        let address = attempt.connect.address.ip();
        if let Some(other) = self.alternatives.get_mut(&address) {
            other.observe(at, attempt);
        } else if self.alternatives.len() < ALTERNATIVES {
            self.alternatives.insert(address, Alternative::new(at, attempt));
        }
    }

    /// Keeps dialling the same address while the name still has it; an answer without addresses
    /// changes nothing. Otherwise the first that is not known to be dead. Whether another address
    /// is dialled than before.
    pub(super) fn dial_from(&mut self, resolution: &Resolution) -> bool {
        let published = &resolution.addresses;
        if self.dialled.is_some_and(|dialled| published.contains(&dialled)) {
            return false;
        }
        let dead = |address: &&IpAddr| {
            let other = self.alternatives.get(*address);
            other.is_some_and(|other| other.newest.value.outcome != ConnectOutcome::Open)
        };
        let living = published.iter().find(|address| !dead(address));
        let Some(next) = living.or(published.first()).copied() else { return false };
        let expect = &self.target.expect;
        self.alternatives
            .retain(|address, _| published.contains(address) || expect.contains(address));
        self.dial(next)
    }

    /// Dials the next address of the name when this one does not accept connections and that one
    /// does, as a client would. Whether it did.
    pub(super) fn dial_next(&mut self) -> bool {
        let Some(published) = self.resolution().map(|found| found.addresses.clone()) else {
            return false;
        };
        let Some(dialled) = self.dialled.filter(|dialled| published.contains(dialled)) else {
            return false;
        };
        let failures: Vec<&Timed<Attempt>> = self
            .tried()
            .take_while(|entry| entry.value.connect.outcome != ConnectOutcome::Open)
            .take(FAILURES)
            .collect();
        let (Some(newest), Some(first)) = (failures.first(), failures.get(FAILURES - 1)) else {
            return false;
        };
        let since = first.at.mono.minus(BESIDE);
        let accepts = |address: &&IpAddr| {
            **address != dialled
                && self.alternatives.get(*address).is_some_and(|other| {
                    other.newest.value.outcome == ConnectOutcome::Open
                        && other.newest.at.mono >= since
                })
        };
        let Some(next) = published.iter().find(accepts).copied() else { return false };
        let (at, left) = (newest.at, newest.value.clone());
        self.dial(next);
        self.record_alternative(at, &left);
        true
    }

    /// Dials `next`. What was measured of another address is forgotten: it may be another machine.
    fn dial(&mut self, next: IpAddr) -> bool {
        let changed = self.dialled.is_some();
        self.alternatives.remove(&next);
        self.neighbour = None;
        self.stranger = false;
        self.tls = None;
        self.handshake = None;
        self.nla = None;
        self.sweep = None;
        self.tls_times = History::new(QUICK_TLS);
        self.udp = History::new(KEPT_DEEP);
        self.path = History::new(KEPT_DEEP);
        if changed {
            self.echo.reset();
            self.attempts = History::new(KEPT);
            self.service_times = History::new(SERVICE_TIMES);
        }
        self.dialled = Some(next);
        changed
    }
}
