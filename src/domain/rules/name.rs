//! The name rung: `dns-failure`, `name-is-self`, `address-dead`.

use super::detour::{Detour, detour};
use super::prelude::*;
use super::way_down::{Known, known};
use crate::domain::leads::ByTurns;
use crate::domain::local::LocalState;
use crate::domain::sample::{Connect, NameOutcome, NameSource, Resolution};
use crate::domain::target::Target;
use crate::domain::time::Now;
use crate::domain::tunnel::TUNNEL;
use std::net::IpAddr;

/// Whether somebody said that there is no address. Where no server gives an answer nobody knows.
const fn is_said(outcome: NameOutcome) -> bool {
    !matches!(
        outcome,
        NameOutcome::Timeout
            | NameOutcome::ServFail
            | NameOutcome::Refused
            | NameOutcome::Malformed
    )
}

/// One line per DNS server asked.
pub(super) fn server_lines(resolution: &Resolution) -> Vec<String> {
    resolution
        .servers
        .iter()
        .take(6)
        .map(|answer| {
            let what = match answer.outcome {
                NameOutcome::Ok => list(&answer.addresses),
                outcome => outcome.word().to_owned(),
            };
            format!("DNS server {}: {what} after {}", answer.server.ip(), span(answer.elapsed))
        })
        .collect()
}

/// The name has no address.
#[derive(Debug)]
pub(super) struct DnsFailure;

static DNS_FAILURE: RuleCard = RuleCard {
    id: RuleId("dns-failure"),
    title: "name does not resolve",
    severities: &[Severity::Notice, Severity::Warning, Severity::Critical],
    owner: Owner::Dns,
    rung: Some(Rung::Name),
    hysteresis: Hysteresis::TWICE,
    fed_by: &[ProbeKind::Resolve],
    plain: "No address is found for its name.",
    explanation: "The operating system finds no address for the name that users dial. Its answer \
        is the truth that users live with: it includes the hosts file, search suffixes, VPN rules \
        and neighbours on the link. Every configured DNS server is asked beside it, to say why: \
        the name does not exist, has no address, or the server failed, refused or was silent. \
        Over a VPN it usually means that the VPN's DNS servers are not asked for this name. A \
        target that may sleep and was silent before its record went is asleep or off: DHCP and \
        scavenging take away the records of machines that are away. While the VPN or the line to a \
        host is down, and its name fails since then, that is told and not its name. \
        Where users take an RD Gateway when the direct way fails, and it answers, this is a notice of \
        a host that never answered directly, and else a warning.",
    disproof: "The same name resolves on this machine by any other program.",
    remedies: &[
        remedies::FLUSH_NAMES,
        remedies::VPN_NAMES,
        remedies::DIAL_ADDRESS,
        remedies::FIX_RECORD,
    ],
    explains: &["dns-slow", "host-unreachable", "host-asleep", "name-path-broken"],
    low_risk: false,
    client_error: client::NAME,
    reviewed_when_found: false,
    alerting: Alerting::state_of("name"),
};

impl Rule for DnsFailure {
    fn card(&self) -> &'static RuleCard {
        &DNS_FAILURE
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some(resolution) = view.resolution() else { return Judgement::NoEvidence };
        let asked = resolution
            .servers
            .iter()
            .any(|answer| !matches!(answer.outcome, NameOutcome::Error | NameOutcome::NotNeeded));
        match resolution.outcome {
            NameOutcome::NotNeeded => return Judgement::NoEvidence,
            NameOutcome::Ok => return Judgement::Clear,
            NameOutcome::Error if !asked => return Judgement::NoEvidence,
            _ if record_gone(view).is_some() => return Judgement::Clear,
            _ if fails_with_the_way(view).is_some() => return Judgement::Clear,
            _ => {}
        }
        let why = resolution.outcome.why_no_address();
        let known = resolution.servers.iter().find(|answer| answer.outcome == NameOutcome::Ok);
        let (confidence, hint) = match known {
            Some(answer) => (
                Confidence::Certain,
                format!(
                    " The DNS server {} does know it: this machine does not ask that server for \
                     this name (VPN or split DNS).",
                    answer.server.ip()
                ),
            ),
            None => (Confidence::Certain, String::new()),
        };
        let by_address = expected_lines(view);
        let works = match by_address.iter().find(|(works, _)| *works) {
            Some(_) => " By its expected address everything that was tried works.",
            None => "",
        };
        let silent = resolution.servers.iter().find(|one| one.outcome == NameOutcome::Timeout);
        let whose = silent
            .filter(|_| resolution.outcome == NameOutcome::Timeout && known.is_none())
            .and_then(|one| super::whose::of_name_server(view.around, one.server.ip()));
        let tunnel = tunnel_about(view);
        let owner = match &whose {
            Some(whose) => whose.owner,
            None if known.is_some() || tunnel.is_some() => Owner::Vpn,
            None => Owner::Dns,
        };
        let fails = if is_said(resolution.outcome) || known.is_some() {
            "leads nowhere"
        } else {
            "cannot be looked up"
        };
        let sentence = format!(
            "The name {} {fails}: {why} ({}).{}{hint}{}{works} {} team.",
            host(view),
            confidence.word(),
            tunnel.as_ref().map_or("", |tunnel| &tunnel.sentence),
            whose.as_ref().map_or("", |whose| &whose.sentences),
            match owner {
                Owner::Vpn => "VPN",
                Owner::Dns => "DNS",
                _ => "Network",
            },
        );
        let title = resolution.outcome.brief();
        let detour = detour(view);
        let severity = detour.as_ref().map_or(Severity::Critical, Detour::severity);
        let sentence = match detour {
            Some(detour) if detour.never_direct => format!(
                "The name {} is not known here: from here only through {} (likely).",
                host(view),
                detour.words()
            ),
            Some(detour) => format!("{sentence} Meanwhile users come through {}.", detour.words()),
            None => sentence,
        };
        let evidence = Evidence::new(severity, confidence, title, sentence)
            .lines(resolution.by_system.then(|| {
                let outcome = resolution.outcome.word();
                format!("the operating system: {outcome} after {}", span(resolution.elapsed))
            }))
            .lines(tunnel.map(|tunnel| tunnel.line))
            .lines(server_lines(resolution))
            .lines(by_address.into_iter().map(|(_, line)| line))
            .since(view.resolve.since(failed).map(|at| at.wall));
        let evidence = evidence.lines(whose.into_iter().flat_map(|whose| whose.lines));
        Judgement::fires(evidence.owned_by(owner))
    }
}

/// A tunnel that changed when the name failed.
struct Tunnel {
    sentence: String,
    line: String,
}

fn tunnel_about(view: &TargetView<'_>) -> Option<Tunnel> {
    let failing = view.flips.failing()?;
    let change = failing.with.as_ref()?;
    let at = clock(change.at.wall);
    Some(Tunnel {
        sentence: format!(
            " {} at {at}, and the VPN's DNS servers went along with it (likely).",
            change.what
        ),
        line: format!(
            "{} at {at}; the name fails since {}",
            change.what,
            clock(failing.since.wall)
        ),
    })
}

/// Since when DNS holds no record of a target that may sleep and was silent before it went.
pub(super) fn record_gone(view: &TargetView<'_>) -> Option<Now> {
    let outcome = view.resolution()?.outcome;
    if !view.may_sleep() || !matches!(outcome, NameOutcome::NxDomain | NameOutcome::NoData) {
        return None;
    }
    let since = view.flips.failing()?.since;
    let Presence::Silent(silence) = view.presence() else { return None };
    (silence.since.mono < since.mono).then_some(since)
}

/// Since when the name of a host fails to whom the way broke then, or before: what finds names for
/// it is behind the same way, or was asked elsewhere from then on.
pub(super) fn fails_with_the_way(view: &TargetView<'_>) -> Option<Now> {
    let since = view.flips.failing()?.since;
    let Presence::Silent(silence) = view.presence() else { return None };
    let with = since.mono.plus(TUNNEL) >= silence.since.mono;
    (with && matches!(known(view, &silence), Known::Broken(_))).then_some(since)
}

/// What the expected addresses answer, and whether everything tried there works.
pub(super) fn expected_lines(view: &TargetView<'_>) -> Vec<(bool, String)> {
    view.alternatives
        .iter()
        .filter(|(address, _)| view.target.expect.contains(address))
        .map(|(address, other)| match &other.climb {
            Some(climb) if climb.value.connect.outcome == ConnectOutcome::Open => {
                let how = super::name_path::climbed(&climb.value);
                (other.works().is_some(), format!("expected address {address}: {how}"))
            }
            _ => {
                let word = other.newest.value.outcome.word().replace('_', " ");
                (false, format!("expected address {address}: TCP {word}"))
            }
        })
        .collect()
}

fn failed(resolution: &Resolution) -> bool {
    !matches!(resolution.outcome, NameOutcome::Ok | NameOutcome::NotNeeded)
}

/// The name leads back to this machine.
#[derive(Debug)]
pub(super) struct NameIsSelf;

static NAME_IS_SELF: RuleCard = RuleCard {
    id: RuleId("name-is-self"),
    title: "name leads to this machine",
    severities: &[Severity::Critical],
    owner: Owner::Dns,
    rung: Some(Rung::Name),
    hysteresis: Hysteresis::TWICE,
    fed_by: &[ProbeKind::Resolve],
    plain: "Its name leads to this very machine.",
    explanation: "The name resolves to an address of the very machine that dials: a stale record \
        whose address was handed to this machine, a hosts file line, or a blocking DNS server that \
        answers with loopback. Windows refuses to connect to itself with 0x708, \"another console \
        session is in progress\". Targets dialled by address, localhost, and those expected at an \
        address of this machine are left alone. Where another address comes back and the name leads \
        here again, it does so at times: that is one finding until every answer led elsewhere for ten \
        minutes, and it is taken for the reason of nothing else while another address is dialled.",
    disproof: "The name resolves to an address that this machine does not have, and goes on to.",
    remedies: &[remedies::FLUSH_NAMES, remedies::FIX_RECORD, remedies::DIAL_ADDRESS],
    explains: &[
        "dns-mismatch",
        "name-path-broken",
        "address-changed",
        "identity-mismatch",
        "port-closed",
        "certificate-changed",
        "certificate-name-mismatch",
        "proxied",
    ],
    low_risk: false,
    client_error: client::CONSOLE,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for NameIsSelf {
    fn card(&self) -> &'static RuleCard {
        &NAME_IS_SELF
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some(resolution) = view.resolution() else { return Judgement::NoEvidence };
        if view.target.host.name().is_none() {
            return Judgement::NoEvidence;
        }
        let Some(first) = resolution.addresses.first().copied() else {
            return Judgement::NoEvidence;
        };
        let here = |address| is_here(view.target, &view.around.local, address);
        let turns = view.leads.by_turns(|to| to.first().is_some_and(|first| here(*first)));
        if !here(first) {
            let led = |turns| Judgement::fires(led_here(view, &turns));
            return turns.map_or(Judgement::Clear, led);
        }
        let (title, leads) = match &turns {
            Some(turns) => (HERE_BY_TURNS, format!("{}, this very machine,", lead_here(turns))),
            None => ("name is this machine", format!("{first}, which is this very machine")),
        };
        let sentence = format!(
            "The name {} leads to {leads} (certain): the record is stale. DNS team: correct it.",
            host(view)
        );
        let in_a_row = || view.resolve.since(|one| one.addresses.first() == Some(&first));
        let since = turns.as_ref().map(|turns| turns.since).or_else(in_a_row);
        Judgement::fires(
            Evidence::new(Severity::Critical, Confidence::Certain, title, sentence)
                .line(format!("{} resolves to {}", host(view), list(&resolution.addresses)))
                .lines(source_line(resolution))
                .lines(server_lines(resolution))
                .since(since.map(|at| at.wall)),
        )
    }

    fn may_be_why(&self, view: &TargetView<'_>) -> bool {
        let here = |dialled| is_here(view.target, &view.around.local, dialled);
        view.dialled.is_none_or(here)
    }
}

/// What it is called while the name leads here by turns.
const HERE_BY_TURNS: &str = "name is this machine at times";

/// `10.0.0.5 in 8 of the last 16 answers`.
fn lead_here(turns: &ByTurns<'_>) -> String {
    let ByTurns { elsewhere, of, to, .. } = turns;
    format!("{} in {elsewhere} of the last {of} answers", list(to))
}

/// What is said of a name that leads here by turns while it leads elsewhere: it only keeps what stands.
fn led_here(view: &TargetView<'_>, turns: &ByTurns<'_>) -> Evidence {
    let sentence = format!(
        "The name {} leads to {}, this very machine (certain): a record is stale. DNS team: correct it.",
        host(view),
        lead_here(turns)
    );
    let newest = turns.newest;
    let last = format!("led to {} last at {}", list(&newest.addresses), clock(newest.last.wall));
    Evidence::new(Severity::Critical, Confidence::Certain, HERE_BY_TURNS, sentence)
        .line(last)
        .since(Some(turns.since.wall))
        .anew(false)
}

/// Whether a name that leads to `address` leads to this very machine, by mistake.
pub(crate) fn is_here(target: &Target, local: &LocalState, address: IpAddr) -> bool {
    let lives_here = || target.expect.iter().any(|expected| local.owns(*expected));
    let by_mistake = target.host.name().is_some_and(|name| !is_localhost(name));
    (local.owns(address) || address.is_unspecified()) && by_mistake && !lives_here()
}

fn source_line(resolution: &Resolution) -> Option<String> {
    (resolution.source == NameSource::Hosts).then(|| "the answer is in the hosts file".to_owned())
}

/// `localhost` and names under it (RFC 6761 section 6.3), with their usual variants.
fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || matches!(
            name.as_str(),
            "localhost.localdomain"
                | "localhost4"
                | "localhost6"
                | "ip6-localhost"
                | "ip6-loopback"
        )
}

/// One of several addresses does not answer.
#[derive(Debug)]
pub(super) struct AddressDead;

static ADDRESS_DEAD: RuleCard = RuleCard {
    id: RuleId("address-dead"),
    title: "a published address is dead",
    severities: &[Severity::Warning],
    owner: Owner::Dns,
    rung: None,
    hysteresis: Hysteresis { raise: 2, of: 2, clear: 2 },
    fed_by: &[ProbeKind::Connect],
    plain: "One of its addresses is dead: connecting works sometimes, or late.",
    explanation: "The name has several addresses, and one does not answer while another does: an \
        IPv6 address without a way to it, a farm member that is down, an old network card left in \
        DNS. Clients that try the dead one first wait for it, and sessions start sometimes and \
        sometimes not. Addresses of a family that this machine has no way to are left out.",
    disproof: "The address answers, or is no longer published.",
    remedies: &[
        Remedy {
            confirm: Some("Resolve-DnsName HOST -Type A_AAAA -DnsOnly"),
            needs: Some("whoever runs the zone"),
            ..Remedy::new(
                "Take the dead address out of DNS, or mend what it belongs to.",
                RunOn::Dns,
            )
        },
        remedies::DIAL_ADDRESS,
        remedies::TEST_FROM_NEAR,
    ],
    explains: &[],
    low_risk: true,
    client_error: None,
    reviewed_when_found: true,
    alerting: Alerting::PLAIN,
};

impl Rule for AddressDead {
    fn card(&self) -> &'static RuleCard {
        &ADDRESS_DEAD
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some(newest) = view.settled() else { return Judgement::NoEvidence };
        if view.published_alternatives().next().is_none() {
            return Judgement::NoEvidence;
        }
        let dialled = &newest.value.connect;
        let turned = turned(view, dialled);
        let (stale, beside): (Vec<_>, Vec<_>) = view
            .published_alternatives()
            .map(|(_, entry)| entry)
            .partition(|entry| turned.is_some_and(|turned| entry.at.mono <= turned.mono));
        let mut outcomes: Vec<&Connect> = vec![dialled];
        outcomes.extend(beside.into_iter().map(|entry| &entry.value));
        outcomes.retain(|connect| can_dial(view, connect.address.ip()));
        let (alive, rest): (Vec<&Connect>, Vec<&Connect>) =
            outcomes.into_iter().partition(|connect| connect.outcome.answered());
        let dead: Vec<&Connect> = rest
            .into_iter()
            .filter(|connect| !matches!(connect.outcome, ConnectOutcome::LocalError(_)))
            .collect();
        if alive.is_empty() {
            return Judgement::NoEvidence;
        }
        let Some(first) = dead.first() else {
            let known = stale.iter().all(|entry| entry.value.outcome.answered());
            return if known { Judgement::Clear } else { Judgement::NoEvidence };
        };
        let sentence = format!(
            "{} has {} addresses and {} {} not answer while {} does (certain): clients that try it \
             first wait or fail. DNS team.",
            host(view),
            dead.len() + alive.len(),
            list(dead.iter().map(|connect| connect.address.ip())),
            if dead.len() == 1 { "does" } else { "do" },
            list(alive.iter().take(1).map(|connect| connect.address.ip())),
        );
        let title = format!("{} dead", first.address.ip());
        Judgement::fires(
            Evidence::new(Severity::Warning, Confidence::Certain, title, sentence)
                .lines(dead.iter().chain(&alive).map(|connect| super::port::connect_line(connect))),
        )
    }
}

/// When the dialled address last did otherwise than `dialled`, the newest connection to it: what
/// another address did until then, in an outage or before one, is no comparison.
fn turned(view: &TargetView<'_>, dialled: &Connect) -> Option<Now> {
    let answers = dialled.outcome.answered();
    let tried = |connect: &Connect| !matches!(connect.outcome, ConnectOutcome::LocalError(_));
    view.attempts
        .recent()
        .filter(|entry| view.mode == Mode::Watch && tried(&entry.value.connect))
        .find(|entry| entry.value.connect.outcome.answered() != answers)
        .map(|entry| entry.at)
}

/// Whether this machine has an address of the same family to dial from. Unknown counts as yes.
fn can_dial(view: &TargetView<'_>, address: IpAddr) -> bool {
    let interfaces = &view.around.local.interfaces;
    interfaces.is_empty()
        || address.is_loopback()
        || interfaces.iter().any(|interface| {
            interface.up
                && !interface.loopback
                && interface.addresses.iter().any(|(own, _)| match (own, address) {
                    (IpAddr::V4(_), IpAddr::V4(_)) => true,
                    (IpAddr::V6(own), IpAddr::V6(to)) => {
                        !crate::domain::target::is_link_local(*own)
                            || crate::domain::target::is_link_local(to)
                    }
                    _ => false,
                })
        })
}
