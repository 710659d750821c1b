//! What it says of a thing that other targets need as well.

use super::Tracked;
use crate::domain::common_cause::{How, Thing, Witness, Word};
use crate::domain::finding::{RuleId, Severity};
use crate::domain::sample::{
    Attempt, ConnectOutcome, Gateway, GatewayStage, NameOutcome, Resolution, ServerAnswer,
};
use crate::domain::time::Now;
use std::net::IpAddr;

/// Its finding when a name has no address.
const DNS_FAILURE: RuleId = RuleId("dns-failure");
/// Its findings when the gateway in front of it fails.
const GATEWAY: [RuleId; 2] = [RuleId("gateway-unreachable"), RuleId("gateway-not-answering")];

impl Tracked {
    /// Whether its name has an address.
    #[must_use]
    pub fn resolves(&self) -> bool {
        self.resolution().is_some_and(|answer| answer.outcome == NameOutcome::Ok)
    }

    /// Whether its gateway asks for sign-in.
    #[must_use]
    pub fn gateway_answers(&self) -> bool {
        self.gateway.last().is_some_and(|look| look.value.answers())
    }

    /// What fails it that may fail others as well.
    pub fn failed_by(&self) -> impl Iterator<Item = Thing> {
        [self.failed_by_servers(), self.failed_by_gateway()].into_iter().flatten()
    }

    fn failed_by_servers(&self) -> Option<Thing> {
        let answer =
            self.resolution().filter(|answer| self.misses(answer) && !is_by_word(answer))?;
        let mut servers: Vec<IpAddr> = Vec::new();
        for one in answer.servers.iter().filter(|one| is_fault(one.outcome)) {
            if !servers.contains(&one.server.ip()) {
                servers.push(one.server.ip());
            }
        }
        (!servers.is_empty()).then_some(Thing::NameServers(servers))
    }

    fn failed_by_gateway(&self) -> Option<Thing> {
        let look = &self.gateway.last()?.value;
        fault(look)?;
        Some(Thing::Gateway { host: look.host.clone(), port: look.port })
    }

    /// What it says of `thing`; nothing where it does not need it, or was not asked yet, or is worked
    /// on.
    #[must_use]
    pub fn witness(&self, thing: &Thing) -> Option<Witness<'_>> {
        let (at, word) = match thing {
            Thing::NameServers(servers) => self.of_servers(servers)?,
            Thing::Gateway { host, port } => self.of_gateway(host, *port)?,
        };
        let fails = matches!(word, Word::Fails { .. });
        if fails && self.maintained.is_some() {
            return None;
        }
        Some(Witness { target: self.target.id, name: &self.target.name, word, at })
    }

    fn of_servers(&self, servers: &[IpAddr]) -> Option<(Now, Word)> {
        let newest = self.resolve.last()?;
        let word = match said(&newest.value, servers) {
            Said::Serve => Word::Works,
            Said::Fail(how) if self.misses(&newest.value) && !is_by_word(&newest.value) => {
                let fail = |answer: &Resolution| {
                    matches!(said(answer, servers), Said::Fail(_)) && self.misses(answer)
                };
                Word::Fails {
                    how: How::Name(how),
                    severity: Severity::Critical,
                    since: self.resolve.since(fail).unwrap_or(newest.at),
                    stands: self.diagnosis.stands(DNS_FAILURE),
                }
            }
            // It gets along by another server; or the operating system remembers the answer.
            Said::Fail(_) if is_by_word(&newest.value) && !self.misses(&newest.value) => {
                Word::Works
            }
            Said::Fail(_) | Said::Nothing => Word::Without,
        };
        Some((newest.at, word))
    }

    fn of_gateway(&self, host: &str, port: u16) -> Option<(Now, Word)> {
        let newest = self.gateway.last()?;
        if newest.value.host != host || newest.value.port != port {
            return None;
        }
        let word = match fault(&newest.value) {
            Some(how) => Word::Fails {
                how,
                severity: self.needs_gateway(),
                since: self.gateway.since(|look| fault(look).is_some()).unwrap_or(newest.at),
                stands: GATEWAY.into_iter().any(|rule| self.diagnosis.stands(rule)),
            },
            None if newest.value.answers() => Word::Works,
            None => return None,
        };
        Some((newest.at, word))
    }

    /// How bad it is that its gateway fails.
    fn needs_gateway(&self) -> Severity {
        let directly = !self.target.via_gateway() && self.attempt().is_some_and(Attempt::works);
        if directly { Severity::Warning } else { Severity::Critical }
    }

    /// Whether the missing address is missed: not where all go through a gateway.
    fn misses(&self, answer: &Resolution) -> bool {
        !matches!(answer.outcome, NameOutcome::Ok | NameOutcome::NotNeeded)
            && !self.target.via_gateway()
    }
}

/// Whether some server knew, or knew that there is nothing: then no other that fails is to blame.
fn is_by_word(answer: &Resolution) -> bool {
    answer.servers.iter().any(|one| !is_fault(one.outcome))
}

/// What DNS servers said in one answer.
enum Said {
    /// One of them knew, or knew that there is nothing.
    Serve,
    /// All failed, the first of them in this way.
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

/// How a gateway fails, when it does.
fn fault(look: &Gateway) -> Option<How> {
    match look.stage() {
        GatewayStage::NotMeasured => None,
        GatewayStage::NoName => Some(How::GatewayName),
        GatewayStage::NoTcp => Some(match look.connect.as_ref().map(|connect| connect.outcome) {
            Some(ConnectOutcome::Refused) => How::GatewayRefuses,
            Some(ConnectOutcome::Prohibited | ConnectOutcome::Unreachable) => How::GatewayCutOff,
            _ => How::GatewaySilent,
        }),
        GatewayStage::NoTls | GatewayStage::OldTls => Some(How::GatewayTls),
        GatewayStage::Answered(_) => (!look.answers()).then_some(How::GatewayAnswer),
    }
}
