//! What it says of a thing that other targets need as well.

use super::Tracked;
use crate::domain::common_cause::{
    Barred, Example, GatewayFault, How, LOOKED_AT, Lookups, Thing, Witness, Word,
};
use crate::domain::diagnose::Stands;
use crate::domain::finding::{RuleId, Severity};
use crate::domain::history::Timed;
use crate::domain::sample::{
    Attempt, Connect, ConnectOutcome, Gateway, GatewayStage, NameOutcome, Resolution, ServerAnswer,
    Unreached,
};
use crate::domain::surroundings::Surroundings;
use crate::domain::target::GatewayAddress;
use crate::domain::time::{MonoTime, Now};
use crate::domain::view::{Beside, Mode};
use std::net::IpAddr;
use std::sync::Arc;

/// Its finding when a name has no address.
const DNS_FAILURE: RuleId = RuleId("dns-failure");
/// Its findings when the gateway in front of it fails.
const GATEWAY: [RuleId; 2] = [RuleId("gateway-unreachable"), RuleId("gateway-not-answering")];
/// Its finding when clients refuse the certificate of the gateway in front of it.
const CERTIFICATE: RuleId = RuleId("gateway-certificate");
/// Its findings when its port is not reached while it answers otherwise.
pub(in crate::monitor) const BARRED: [RuleId; 2] =
    [RuleId("port-filtered"), RuleId("port-rejected")];
/// Its finding when packets are lost: what is not answered may be lost.
const LOSS: RuleId = RuleId("packet-loss");

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

    /// Whether clients take the certificate of its gateway, as far as that was judged.
    #[must_use]
    pub fn certificate_is_good(&self) -> bool {
        let read = |look: &Gateway| look.tls.as_ref().is_some_and(|tls| tls.certificate.is_some());
        self.gateway.last().is_some_and(|look| read(&look.value))
            && !self.diagnosis.stands(CERTIFICATE)
    }

    /// Whether its port was open at the last connection.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.attempt().is_some_and(|attempt| attempt.connect.outcome == ConnectOutcome::Open)
    }

    /// Whether anything of it was measured.
    #[must_use]
    pub fn is_measured(&self) -> bool {
        self.echo.last().is_some() || self.attempt().is_some() || self.resolution().is_some()
    }

    /// What fails it that may fail others as well.
    pub fn failed_by(&self, around: &Surroundings, now: Now) -> impl Iterator<Item = Thing> {
        let port = || self.bars(around, now).map(|_| Thing::Port(self.target.port));
        [self.failed_by_servers(), self.failed_by_gateway(), self.failed_by_certificate(), port()]
            .into_iter()
            .flatten()
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

    fn failed_by_certificate(&self) -> Option<Thing> {
        self.bad_certificate()?;
        let look = &self.gateway.last()?.value;
        Some(Thing::GatewayCertificate { host: look.host.clone(), port: look.port })
    }

    /// Its finding about the gateway's certificate, unless it was there on first sight, to be looked
    /// through by somebody.
    fn bad_certificate(&self) -> Option<Stands<'_>> {
        let stands = self.diagnosis.standing(CERTIFICATE)?;
        (stands.severity >= Severity::Warning && !stands.as_found).then_some(stands)
    }

    /// What it says of `thing`; nothing where it does not need it, or nothing is known of it.
    #[must_use]
    pub fn witness(&self, thing: &Thing, around: &Surroundings, now: Now) -> Option<Witness<'_>> {
        let (at, word) = match thing {
            Thing::NameServers(servers) => self.of_servers(servers)?,
            Thing::Gateway { host, port } => self.of_gateway(host, *port, now)?,
            Thing::GatewayCertificate { host, port } => self.of_certificate(host, *port, now)?,
            Thing::Port(port) => self.of_port(*port, around, now)?,
            // See `fares`.
            Thing::Alike(..) => return None,
        };
        let says = match thing {
            Thing::GatewayCertificate { .. } => self.bad_certificate(),
            _ => None,
        };
        Some(Witness {
            target: self.target.id,
            name: &self.target.name,
            word,
            at,
            says: says.map(|stands| {
                Arc::new(Example {
                    title: stands.title.to_owned(),
                    sure: stands.confidence,
                    address: None,
                    beside: Vec::new(),
                    takes: None,
                })
            }),
            maintained: self.maintained.is_some(),
        })
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

    /// What came of its latest lookups by `servers`. What failed while this machine was offline, or
    /// together with the way to the host, says nothing.
    #[must_use]
    pub fn lookups(
        &self,
        servers: &[IpAddr],
        around: &Surroundings,
        online_since: Option<MonoTime>,
        now: Now,
    ) -> Lookups<'_> {
        let by_word = |answer: &Resolution| self.misses(answer) && is_by_word(answer);
        let nothing = self.resolution().is_some_and(by_word);
        let fails = |answer: &Resolution| match said(answer, servers) {
            Said::Serve => Some(None),
            Said::Fail(how) if self.misses(answer) && !is_by_word(answer) => {
                Some(Some(How::Name(how)))
            }
            Said::Fail(_) | Said::Nothing => None,
        };
        let counts = |at: MonoTime| {
            online_since.is_none_or(|online| at >= online)
                && !around.path_was_down(self.target.id, at)
        };
        let recent = |entry: &&Timed<Resolution>| now.mono.since(entry.at.mono) <= LOOKED_AT;
        let asked = self.resolve.iter().filter(recent).filter(|_| !nothing);
        let asked = asked.filter_map(|entry| Some((entry.at, fails(&entry.value)?)));
        Lookups {
            target: self.target.id,
            name: &self.target.name,
            asked: asked.filter(|(at, how)| how.is_none() || counts(at.mono)).collect(),
            stands: self.diagnosis.stands(DNS_FAILURE),
            maintained: self.maintained.is_some(),
        }
    }

    fn of_gateway(&self, host: &str, port: u16, now: Now) -> Option<(Now, Word)> {
        let Some(newest) = self.gateway.last() else { return self.awaits(host, port, now) };
        if newest.value.host != host || newest.value.port != port {
            return None;
        }
        let word = match fault(&newest.value) {
            Some(how) => Word::Fails {
                how: How::Gateway(how),
                severity: self.needs_gateway(),
                since: self.gateway.since(|look| fault(look).is_some()).unwrap_or(newest.at),
                stands: GATEWAY.into_iter().any(|rule| self.diagnosis.stands(rule)),
            },
            None if newest.value.answers() => Word::Works,
            None => return None,
        };
        Some((newest.at, word))
    }

    fn of_certificate(&self, host: &str, port: u16, now: Now) -> Option<(Now, Word)> {
        let Some(newest) = self.gateway.last() else { return self.awaits(host, port, now) };
        if newest.value.host != host || newest.value.port != port {
            return None;
        }
        let word = match self.bad_certificate() {
            Some(stands) => Word::Fails {
                how: How::Itself,
                severity: stands.severity,
                // What was good when it was looked at may have ended since.
                since: stands.since,
                stands: true,
            },
            None if self.certificate_is_good() => Word::Works,
            None => return None,
        };
        Some((newest.at, word))
    }

    /// Its gateway is this one, and was not looked at for it yet.
    fn awaits(&self, host: &str, port: u16, now: Now) -> Option<(Now, Word)> {
        let is_it =
            |gateway: &&GatewayAddress| gateway.port == port && gateway.host.to_string() == host;
        self.target.gateway.as_ref().filter(is_it)?;
        Some((now, Word::NotAsked))
    }

    fn of_port(&self, port: u16, around: &Surroundings, now: Now) -> Option<(Now, Word)> {
        if self.target.port != port || self.target.via_gateway() {
            return None;
        }
        let newest = self.attempts.last()?;
        if let Some((how, since)) = self.bars(around, now) {
            let told = BARRED.into_iter().find_map(|rule| self.diagnosis.standing(rule));
            let word = match told.map(|stands| stands.severity) {
                // It is starting.
                Some(severity) if severity < Severity::Critical => Word::Without,
                stands => Word::Fails {
                    how: How::Port(how),
                    severity: Severity::Critical,
                    since,
                    stands: stands.is_some(),
                },
            };
            return Some((newest.at, word));
        }
        match newest.value.connect.outcome {
            ConnectOutcome::Open => Some((newest.at, Word::Works)),
            // Whether the host is there is not known.
            _ if barred(&newest.value.connect).is_some() => None,
            _ => Some((newest.at, Word::Without)),
        }
    }

    /// How its port is barred that was open before, and since when, while it answers echo requests:
    /// not where a port is opened on demand, nor where packets are lost.
    fn bars(&self, around: &Surroundings, now: Now) -> Option<(Barred, Now)> {
        let entry = self.attempts.last()?;
        let how = barred(&entry.value.connect)?;
        let began = self.course.barred_since()?;
        if self.target.kind.port_is_policy()
            || self.target.via_gateway()
            || self.diagnosis.stands(LOSS)
            || self.is_not_dialled(entry.value.connect.address.ip())
        {
            return None;
        }
        let beside = self.view(Mode::Watch, around, now).echo_beside(entry.at.mono);
        let back = self.heard.back().map(|back| back.at);
        let since = back.filter(|back| back.mono > began.mono).unwrap_or(began);
        (beside == Beside::Answers).then_some((how, since))
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

/// How a firewall answers for a host, if that is what did. A RST is the host's own, as far as anybody
/// can tell.
fn barred(connect: &Connect) -> Option<Barred> {
    match connect.unreached()? {
        Unreached::TimedOut => Some(Barred::Filtered),
        Unreached::Rejected(firewall) | Unreached::Unreachable(firewall) => {
            Some(Barred::Rejected(firewall))
        }
        Unreached::Refused | Unreached::NoNeighbour => None,
    }
}

/// How a gateway fails, when it does.
fn fault(look: &Gateway) -> Option<GatewayFault> {
    match look.stage() {
        GatewayStage::NotMeasured => None,
        GatewayStage::NoName => Some(GatewayFault::Name),
        GatewayStage::NoTcp => Some(match look.connect.as_ref().map(|connect| connect.outcome) {
            Some(ConnectOutcome::Refused) => GatewayFault::Refuses,
            Some(ConnectOutcome::Prohibited | ConnectOutcome::Unreachable) => GatewayFault::CutOff,
            _ => GatewayFault::Silent,
        }),
        GatewayStage::NoTls | GatewayStage::OldTls => Some(GatewayFault::Tls),
        GatewayStage::Answered(_) => (!look.answers()).then_some(GatewayFault::Answer),
    }
}
