//! What fails several hosts at once: `dns-server-failure`, `gateway-failure`, and the words that all such
//! causes share.

use super::barred::PORT_BARRED_ID;
use super::gateway_certificate::GATEWAY_CERTIFICATE_ID;
use super::gateway_remedies as steps;
use super::prelude::*;
use crate::domain::common_cause::{CommonCause, How, Thing};
use crate::domain::sample::NameOutcome;
use crate::domain::target::GATEWAY_PORT;
use crate::domain::text::excerpt;
use std::net::IpAddr;

const DNS_SERVER_FAILURE_ID: RuleId = RuleId("dns-server-failure");
const GATEWAY_FAILURE_ID: RuleId = RuleId("gateway-failure");

/// DNS servers that answer nobody.
#[derive(Debug)]
pub(super) struct DnsServerFailure;

static DNS_SERVER_FAILURE: RuleCard = RuleCard {
    id: DNS_SERVER_FAILURE_ID,
    title: "DNS server fails",
    severities: &[Severity::Critical],
    owner: Owner::Dns,
    rung: None,
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Resolve],
    plain: "The directory of names does not answer as it should, for others too.",
    explanation: "The names of at least three hosts lead nowhere because the same DNS server (or \
        all of several) is silent, fails, refuses or cannot be asked; they began to within 90 seconds \
        of each other, and of the hosts whose names it was asked for since, at least four of five fare \
        so. So it is the server or the way to it, and no single name. It is one alert for all of \
        them; each host keeps its finding and does not alert by itself. A server that says that a \
        name does not exist has answered, and the name is at fault. It is over when more names are \
        answered than not; a name that fails on then is told by itself. A server that answers some \
        lookups and fails others in turns, for at least three hosts within five minutes and at least \
        one of five lookups, is told so as well, until all were answered for two and a half minutes.",
    disproof: "The server answers for other names, or from another machine.",
    remedies: &[
        Remedy {
            confirm: Some("Resolve-DnsName HOST -Server DNS-SERVER -DnsOnly"),
            needs: Some("whoever runs the DNS server"),
            ..Remedy::new(
                "Ask the server from another machine. If it is silent there too, see whether the \
                 machine is up and its DNS service runs; if it answers there, look at the way to it.",
                RunOn::Dns,
            )
        },
        remedies::VPN_NAMES,
        Remedy::new(
            "Meanwhile dial by address, or name a second DNS server that knows these names.",
            RunOn::Client,
        ),
    ],
    explains: &[],
    low_risk: false,
    client_error: client::NAME,
    reviewed_when_found: false,
    alerting: Alerting::ONCE,
};

impl Rule for DnsServerFailure {
    fn card(&self) -> &'static RuleCard {
        &DNS_SERVER_FAILURE
    }

    fn judge_monitor(&self, around: &Surroundings) -> Judgement {
        let fails = around.common.iter().filter_map(|cause| match &cause.thing {
            Thing::NameServers(servers) => Some((cause, servers)),
            _ => None,
        });
        let Some(fails) = Several::of(fails) else {
            return if around.serving.names { Judgement::Clear } else { Judgement::NoEvidence };
        };
        let (cause, servers) = fails.first;
        let whose = match cause.how {
            How::Name(NameOutcome::Timeout) => {
                servers.iter().find_map(|server| super::whose::of_name_server(around, *server))
            }
            _ => None,
        };
        let owner = whose.as_ref().map_or(Owner::Dns, |whose| whose.owner);
        let sentence = format!(
            "{} {} since {} (certain): {}.{} {}",
            spoken(servers),
            failing(cause, servers.len()),
            clock(cause.since.wall),
            nowhere(cause),
            whose.as_ref().map_or(" No single name is at fault.", |whose| &whose.sentences),
            match owner {
                Owner::Client => "Look at this machine's own network first.",
                Owner::Vpn => "VPN team: look at the tunnel first.",
                Owner::Network => "Network team: look at the way to the server first.",
                _ => "DNS team: look at the server first.",
            },
        );
        let short = if cause.in_turns.is_some() { "answers only some" } else { word(cause.how) };
        let title = format!("{} {short}", spoken(servers));
        let evidence = fails.evidence(title, sentence, |(cause, servers)| {
            format!("{} {}: {}", spoken(servers), failing(cause, servers.len()), nowhere(cause))
        });
        let evidence = evidence.lines(fails.first.0.in_turns.map(|(failed, of)| {
            let last = clock(cause.until.wall);
            format!("{failed} of {of} lookups failed in the last 5 min, the last at {last}")
        }));
        let evidence = evidence.lines(whose.into_iter().flat_map(|whose| whose.lines));
        Judgement::fires(evidence.owned_by(owner))
    }
}

/// A gateway that lets nobody in.
#[derive(Debug)]
pub(super) struct GatewayFailure;

static GATEWAY_FAILURE: RuleCard = RuleCard {
    id: GATEWAY_FAILURE_ID,
    title: "RD Gateway fails",
    severities: &[Severity::Warning, Severity::Critical],
    owner: Owner::Server,
    rung: None,
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Gateway],
    plain: "The gateway that all go through fails, for others too.",
    explanation: "The RD Gateway in front of at least three hosts cannot be reached, fails TLS or does \
        not ask for sign-in, twice in a row, and of the looks at it that were taken since for other \
        hosts at least four of five find the same. It is one alert for all hosts behind it, also for \
        those for which it was not looked at since; each keeps its finding and does not alert by \
        itself. Where clients get through to all of those hosts directly it is a warning.",
    disproof: "The gateway asks for sign-in from this machine, or from where the users are.",
    remedies: steps::REACH,
    explains: &[],
    low_risk: false,
    client_error: client::GATEWAY_UNREACHABLE,
    reviewed_when_found: false,
    alerting: Alerting::ONCE,
};

impl Rule for GatewayFailure {
    fn card(&self) -> &'static RuleCard {
        &GATEWAY_FAILURE
    }

    fn judge_monitor(&self, around: &Surroundings) -> Judgement {
        let fails = around.common.iter().filter_map(|cause| match &cause.thing {
            Thing::Gateway { host, port } => Some((cause, (&**host, *port))),
            _ => None,
        });
        let Some(fails) = Several::of(fails) else {
            return if around.serving.gateways { Judgement::Clear } else { Judgement::NoEvidence };
        };
        let (cause, gateway) = fails.first;
        let what = |(cause, gateway): (&CommonCause, (&str, u16))| {
            format!("{} {}", the_gateway(gateway), words(cause.how, 1))
        };
        let (owner, first) = match cause.how {
            How::GatewayName => {
                (Owner::Dns, "DNS team: look its name up where the users are first.")
            }
            How::GatewayCutOff | How::GatewaySilent => {
                (Owner::Network, "Network team: try it from where the users are first.")
            }
            _ => (Owner::Server, "Server team: look at its services first."),
        };
        let sentence = format!(
            "{} since {} (certain): it is in front of {}, {}. Not the hosts. {first}",
            what(fails.first),
            clock(cause.since.wall),
            hosts(cause.told().count()),
            names(cause),
        );
        let title = format!("gateway {} {}", shown(gateway), word(cause.how));
        let evidence = fails.evidence(title, sentence, |(cause, gateway)| {
            format!("{}, in front of {}", what((cause, gateway)), hosts(cause.told().count()))
        });
        Judgement::fires(evidence.owned_by(owner))
    }
}

/// The rule whose finding tells of it.
pub(crate) const fn told_as(thing: &Thing) -> RuleId {
    match thing {
        Thing::NameServers(_) => DNS_SERVER_FAILURE_ID,
        Thing::Gateway { .. } => GATEWAY_FAILURE_ID,
        Thing::GatewayCertificate { .. } => GATEWAY_CERTIFICATE_ID,
        Thing::Port(_) => PORT_BARRED_ID,
    }
}

/// What a host's finding says of the cause that it is told with.
pub(crate) fn told_with(cause: &CommonCause) -> String {
    let what = match &cause.thing {
        Thing::NameServers(servers) => {
            format!("{} {}", spoken(servers), failing(cause, servers.len()))
        }
        Thing::Gateway { host, port } => {
            format!("{} {}", the_gateway((host, *port)), words(cause.how, 1))
        }
        Thing::GatewayCertificate { host, port } => {
            super::gateway_certificate::refused(cause, host, *port)
        }
        Thing::Port(port) => format!("Port {port} is {}", word(cause.how)),
    };
    format!(
        "{what} since {}, for other hosts as well: told once for all of them, as {}",
        clock(cause.since.wall),
        told_as(&cause.thing),
    )
}

/// Causes of one kind that stand, of which one alert tells.
pub(super) struct Several<'a, T> {
    pub(super) first: (&'a CommonCause, T),
    others: Vec<(&'a CommonCause, T)>,
}

impl<'a, T: Copy> Several<'a, T> {
    /// The one that fails most hosts, then the others; without those that fail only hosts that are
    /// worked on, unless all do.
    pub(super) fn of(causes: impl Iterator<Item = (&'a CommonCause, T)>) -> Option<Self> {
        let mut all: Vec<(&CommonCause, T)> = causes.collect();
        if all.iter().any(|(cause, _)| !cause.is_maintained()) {
            all.retain(|(cause, _)| !cause.is_maintained());
        }
        all.sort_by_key(|(cause, _)| std::cmp::Reverse(cause.told().count()));
        let mut all = all.into_iter();
        Some(Self { first: all.next()?, others: all.collect() })
    }

    pub(super) fn evidence(
        &self,
        title: String,
        sentence: String,
        more: impl Fn((&CommonCause, T)) -> String,
    ) -> Evidence {
        let (cause, _) = self.first;
        let title = match self.others.len() {
            0 => title,
            others => format!("{title}, and {others} more"),
        };
        let all = || std::iter::once(&self.first).chain(&self.others);
        let newest = all().map(|(cause, _)| cause.number).max().unwrap_or_default();
        let worst = all().map(|(cause, _)| cause.severity).max().unwrap_or(cause.severity);
        Evidence::new(worst, Confidence::Certain, title, sentence)
            .line(format!(
                "{} of {} {} by it: {}",
                cause.told().count(),
                hosts(cause.of.max(cause.members.len())),
                if cause.in_turns.is_some() { "failed" } else { "fail" },
                names(cause),
            ))
            .lines(worked_on(cause))
            .lines(self.others.iter().map(|other| format!("also: {}", more(*other))))
            .since(Some(cause.since.wall))
            .of_faults(newest)
    }
}

/// `3 hosts more that fail by it are in maintenance`.
fn worked_on(cause: &CommonCause) -> Option<String> {
    let number = cause.members.len().saturating_sub(cause.told().count());
    let are = if number == 1 { "is" } else { "are" };
    (number > 0).then(|| format!("{} more that fail by it {are} in maintenance", hosts(number)))
}

pub(super) fn hosts(number: usize) -> String {
    count(u64::try_from(number).unwrap_or(u64::MAX), "host")
}

/// The names of who fails by it, escaped.
pub(super) fn names(cause: &CommonCause) -> String {
    list(cause.told().map(|name| excerpt(name, 40)))
}

/// `the names of 12 hosts lead nowhere`.
fn nowhere(cause: &CommonCause) -> String {
    let lead = if cause.in_turns.is_some() { "lead nowhere at times" } else { "lead nowhere" };
    format!("the names of {} {lead}, {}", hosts(cause.told().count()), names(cause))
}

/// How DNS servers fail.
fn failing(cause: &CommonCause, servers: usize) -> &'static str {
    match (cause.in_turns, servers) {
        (None, _) => words(cause.how, servers),
        (Some(_), 1) => "answers only some lookups",
        (Some(_), _) => "answer only some lookups",
    }
}

fn spoken(servers: &[IpAddr]) -> String {
    match servers {
        [one] => format!("DNS server {one}"),
        many => format!("DNS servers {}", list(many)),
    }
}

/// `gw.corp.lab`, with its port unless that is 443; escaped.
pub(super) fn shown((host, port): (&str, u16)) -> String {
    let host = excerpt(host, 60);
    if port == GATEWAY_PORT { host } else { format!("{host} port {port}") }
}

fn the_gateway(gateway: (&str, u16)) -> String {
    format!("The gateway {}", shown(gateway))
}

pub(super) const fn word(how: How) -> &'static str {
    match how {
        How::Name(NameOutcome::Timeout) | How::GatewaySilent => "silent",
        How::Name(NameOutcome::Refused) => "refuses",
        How::Name(NameOutcome::Error) => "cannot be asked",
        How::GatewayName => "not found",
        How::GatewayRefuses => "refuses connections",
        How::GatewayCutOff => "cut off",
        How::GatewayAnswer => "does not ask for sign-in",
        How::Name(_) | How::GatewayTls => "fails",
        How::GatewayCertificate => "certificate",
        How::PortFiltered => "filtered",
        How::PortRejected(_) => "rejected",
    }
}

const fn words(how: How, servers: usize) -> &'static str {
    match (how, servers) {
        (How::Name(NameOutcome::Timeout), 1) | (How::GatewaySilent, _) => "does not answer",
        (How::Name(NameOutcome::Timeout), _) => "do not answer",
        (How::Name(NameOutcome::Refused), 1) => "refuses to answer",
        (How::Name(NameOutcome::Refused), _) => "refuse to answer",
        (How::Name(NameOutcome::ServFail), 1) => "answers that it failed (SERVFAIL)",
        (How::Name(NameOutcome::ServFail), _) => "answer that they failed (SERVFAIL)",
        (How::Name(NameOutcome::Error), _) => "cannot be asked",
        (How::GatewayName, _) => "cannot be found: its name leads nowhere",
        (How::GatewayRefuses, _) => "refuses connections",
        (How::GatewayCutOff, _) => "cannot be reached: a router or firewall says so",
        (How::GatewayTls, _) => "fails TLS",
        (How::GatewayAnswer, _) => "does not ask for sign-in",
        (How::GatewayCertificate, _) => "presents a certificate that clients refuse",
        (How::PortFiltered, _) => "is filtered",
        (How::PortRejected(_), _) => "is rejected",
        (How::Name(_), 1) => "gives no answer that can be read",
        (How::Name(_), _) => "give no answer that can be read",
    }
}
