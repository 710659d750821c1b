//! A server that fails several hosts at once: `dns-server-failure`, `gateway-failure`.

use super::gateway_remedies as steps;
use super::prelude::*;
use super::several::{Several, hosts, names};
use crate::domain::common_cause::{CommonCause, GatewayFault, How, Thing};
use crate::domain::sample::NameOutcome;
use crate::domain::target::GATEWAY_PORT;
use crate::domain::text::excerpt;
use std::net::IpAddr;

/// The rule about DNS servers.
pub(super) const DNS_SERVER_FAILURE_ID: RuleId = RuleId("dns-server-failure");
/// The rule about gateways.
pub(super) const GATEWAY_FAILURE_ID: RuleId = RuleId("gateway-failure");

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
    explains: &["dns-server-slow"],
    low_risk: false,
    client_error: client::NAME,
    reviewed_when_found: false,
    alerting: Alerting::SEVERAL,
};

impl Rule for DnsServerFailure {
    fn card(&self) -> &'static RuleCard {
        &DNS_SERVER_FAILURE
    }

    fn judge_monitor(&self, around: &Surroundings) -> Judgement {
        let fails = around.common.iter().filter_map(|cause| match (&cause.thing, cause.how) {
            (Thing::NameServers(servers), How::Name(how)) => Some((cause, (servers, how))),
            _ => None,
        });
        let Some(fails) = Several::of(fails) else {
            return if around.serving.names { Judgement::Clear } else { Judgement::NoEvidence };
        };
        let (cause, (servers, how)) = fails.first;
        let whose = match how {
            NameOutcome::Timeout => {
                servers.iter().find_map(|server| super::whose::of_name_server(around, *server))
            }
            _ => None,
        };
        let owner = whose.as_ref().map_or(Owner::Dns, |whose| whose.owner);
        let sentence = format!(
            "{} {} since {} (certain): {}.{} {}",
            spoken(servers),
            name_words(cause, how, servers.len()),
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
        let short = if cause.in_turns.is_some() { "answers only some" } else { name_word(how) };
        let title = format!("{} {short}", spoken(servers));
        let evidence = fails.evidence(title, sentence, |(cause, (servers, how))| {
            format!("{}: {}", servers_fail(cause, servers, how), nowhere(cause))
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
    alerting: Alerting::SEVERAL,
};

impl Rule for GatewayFailure {
    fn card(&self) -> &'static RuleCard {
        &GATEWAY_FAILURE
    }

    fn judge_monitor(&self, around: &Surroundings) -> Judgement {
        let fails = around.common.iter().filter_map(|cause| match (&cause.thing, cause.how) {
            (Thing::Gateway { host, port }, How::Gateway(how)) => {
                Some((cause, (&**host, *port, how)))
            }
            _ => None,
        });
        let Some(fails) = Several::of(fails) else {
            return if around.serving.gateways { Judgement::Clear } else { Judgement::NoEvidence };
        };
        let (cause, (host, port, how)) = fails.first;
        let (owner, first) = match how {
            GatewayFault::Name => {
                (Owner::Dns, "DNS team: look its name up where the users are first.")
            }
            GatewayFault::CutOff | GatewayFault::Silent => {
                (Owner::Network, "Network team: try it from where the users are first.")
            }
            _ => (Owner::Server, "Server team: look at its services first."),
        };
        let sentence = format!(
            "{} since {} (certain): it is in front of {}, {}. Not the hosts. {first}",
            gateway_fails((host, port), how),
            clock(cause.since.wall),
            hosts(cause.told().count()),
            names(cause),
        );
        let title = format!("gateway {} {}", shown((host, port)), gateway_word(how));
        let evidence = fails.evidence(title, sentence, |(cause, (host, port, how))| {
            let in_front = hosts(cause.told().count());
            format!("{}, in front of {in_front}", gateway_fails((host, port), how))
        });
        Judgement::fires(evidence.owned_by(owner))
    }
}

/// `the names of 12 hosts lead nowhere`.
fn nowhere(cause: &CommonCause) -> String {
    let lead = if cause.in_turns.is_some() { "lead nowhere at times" } else { "lead nowhere" };
    format!("the names of {} {lead}, {}", hosts(cause.told().count()), names(cause))
}

/// `DNS server 10.0.0.53 does not answer`.
pub(super) fn servers_fail(cause: &CommonCause, servers: &[IpAddr], how: NameOutcome) -> String {
    format!("{} {}", spoken(servers), name_words(cause, how, servers.len()))
}

/// `The gateway gw.corp.lab does not answer`; escaped.
pub(super) fn gateway_fails(gateway: (&str, u16), how: GatewayFault) -> String {
    format!("The gateway {} {}", shown(gateway), gateway_words(how))
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

const fn name_word(how: NameOutcome) -> &'static str {
    match how {
        NameOutcome::Timeout => "silent",
        NameOutcome::Refused => "refuses",
        NameOutcome::Error => "cannot be asked",
        _ => "fails",
    }
}

const fn name_words(cause: &CommonCause, how: NameOutcome, servers: usize) -> &'static str {
    match (how, servers) {
        (_, 1) if cause.in_turns.is_some() => "answers only some lookups",
        _ if cause.in_turns.is_some() => "answer only some lookups",
        (NameOutcome::Timeout, 1) => "does not answer",
        (NameOutcome::Timeout, _) => "do not answer",
        (NameOutcome::Refused, 1) => "refuses to answer",
        (NameOutcome::Refused, _) => "refuse to answer",
        (NameOutcome::ServFail, 1) => "answers that it failed (SERVFAIL)",
        (NameOutcome::ServFail, _) => "answer that they failed (SERVFAIL)",
        (NameOutcome::Error, _) => "cannot be asked",
        (_, 1) => "gives no answer that can be read",
        _ => "give no answer that can be read",
    }
}

const fn gateway_word(how: GatewayFault) -> &'static str {
    match how {
        GatewayFault::Name => "not found",
        GatewayFault::Refuses => "refuses connections",
        GatewayFault::CutOff => "cut off",
        GatewayFault::Silent => "silent",
        GatewayFault::Tls => "fails",
        GatewayFault::Answer => "does not ask for sign-in",
    }
}

const fn gateway_words(how: GatewayFault) -> &'static str {
    match how {
        GatewayFault::Name => "cannot be found: its name leads nowhere",
        GatewayFault::Refuses => "refuses connections",
        GatewayFault::CutOff => "cannot be reached: a router or firewall says so",
        GatewayFault::Silent => "does not answer",
        GatewayFault::Tls => "fails TLS",
        GatewayFault::Answer => "does not ask for sign-in",
    }
}
