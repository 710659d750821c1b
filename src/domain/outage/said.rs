//! What machines on the way say of hosts that are silent together.

use super::{Member, Outage};
use crate::domain::sample::{Connect, ConnectOutcome, IcmpError};
use crate::domain::together::is_share;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// It says so of so many of them, in percent.
const MOST: u32 = 51;

/// What a machine on the way says of a host that it does not deliver to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// As it came: the newest.
    pub error: IcmpError,
    /// A rule forbids it; else there is no way on from there.
    pub prohibited: bool,
}

impl Said {
    /// What a connection that came to nothing brought from the way; `None` when neither a router nor a
    /// firewall said anything, or this machine or the host itself did.
    #[must_use]
    pub fn of(connect: &Connect) -> Option<Self> {
        let prohibited = match connect.outcome {
            ConnectOutcome::Prohibited => true,
            ConnectOutcome::Unreachable => false,
            _ => return None,
        };
        let error = connect.icmp.filter(|_| !connect.icmp_is_ours)?;
        (error.from != Some(connect.address.ip())).then_some(Self { error, prohibited })
    }

    const fn key(&self) -> (Option<IpAddr>, bool) {
        (self.error.from, self.prohibited)
    }
}

impl Outage {
    /// Takes in what is said of most of its members while nobody is back.
    pub(super) fn hear(&mut self, own: &[&Member<'_>]) {
        let mut heard: BTreeMap<_, (usize, Said)> = BTreeMap::new();
        for said in own.iter().filter_map(|member| member.said) {
            heard.entry(said.key()).or_insert((0, said)).0 += 1;
        }
        let most = heard.into_values().max_by_key(|(count, _)| *count);
        let most = most.filter(|(count, _)| is_share(*count, self.members.len(), MOST));
        self.said = most.map(|(_, said)| said).or(self.said);
    }
}
