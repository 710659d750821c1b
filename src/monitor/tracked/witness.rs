//! What it says of a thing that other targets need as well.

use super::Tracked;
use crate::domain::common_cause::{How, Thing, Witness, Word};
use crate::domain::finding::RuleId;
use crate::domain::sample::{NameOutcome, Resolution, ServerAnswer};
use std::net::IpAddr;

/// Its finding when a name has no address.
const DNS_FAILURE: RuleId = RuleId("dns-failure");

impl Tracked {
    /// Whether its name has an address.
    #[must_use]
    pub fn resolves(&self) -> bool {
        self.resolution().is_some_and(|answer| answer.outcome == NameOutcome::Ok)
    }

    /// What fails it that may fail others as well.
    #[must_use]
    pub fn failed_by(&self) -> Option<Thing> {
        let answer = self.resolution().filter(|answer| self.misses(answer))?;
        let mut servers: Vec<IpAddr> = Vec::new();
        for one in answer.servers.iter().filter(|one| is_fault(one.outcome)) {
            if !servers.contains(&one.server.ip()) {
                servers.push(one.server.ip());
            }
        }
        (!servers.is_empty()).then_some(Thing::NameServers(servers))
    }

    /// What it says of `thing`; nothing where it does not need it, or was not asked yet, or is worked
    /// on.
    #[must_use]
    pub fn witness(&self, thing: &Thing) -> Option<Witness<'_>> {
        let Thing::NameServers(servers) = thing;
        let newest = self.resolve.last()?;
        let word = match said(&newest.value, servers) {
            Said::Serve => Word::Works,
            Said::Fail(how) if self.misses(&newest.value) => {
                let fail = |answer: &Resolution| matches!(said(answer, servers), Said::Fail(_));
                let since = self.resolve.since(fail).unwrap_or(newest.at);
                let stands = self.diagnosis.stands(DNS_FAILURE);
                Word::Fails { how: How::Name(how), since, stands }
            }
            // It gets along by another server; or the operating system remembers the answer.
            Said::Fail(_) if newest.value.servers.iter().any(|one| !is_fault(one.outcome)) => {
                Word::Works
            }
            Said::Fail(_) | Said::Nothing => Word::Without,
        };
        let fails = matches!(word, Word::Fails { .. });
        if fails && self.maintained.is_some() {
            return None;
        }
        Some(Witness { target: self.target.id, name: &self.target.name, word, at: newest.at })
    }

    /// Whether the missing address is missed: not where all go through a gateway.
    fn misses(&self, answer: &Resolution) -> bool {
        !matches!(answer.outcome, NameOutcome::Ok | NameOutcome::NotNeeded)
            && !self.target.via_gateway()
    }
}

/// What DNS servers said in one answer.
enum Said {
    /// One of them knew, or knew that there is nothing.
    Serve,
    /// All failed, most in this way.
    Fail(NameOutcome),
    /// They were not asked, or not all of them.
    Nothing,
}

fn said(answer: &Resolution, servers: &[IpAddr]) -> Said {
    let mut how = None;
    for server in servers {
        let of = |one: &&ServerAnswer| one.server.ip() == *server;
        let Some(one) = answer.servers.iter().find(of) else { return Said::Nothing };
        if !is_fault(one.outcome) {
            return Said::Serve;
        }
        how = how.or(Some(one.outcome));
    }
    how.map_or(Said::Nothing, Said::Fail)
}

/// Whether it is a fault of the server, whatever the name.
const fn is_fault(outcome: NameOutcome) -> bool {
    match outcome {
        NameOutcome::ServFail
        | NameOutcome::Refused
        | NameOutcome::Timeout
        | NameOutcome::Malformed
        | NameOutcome::Error => true,
        NameOutcome::Ok | NameOutcome::NoData | NameOutcome::NxDomain | NameOutcome::NotNeeded => {
            false
        }
    }
}
