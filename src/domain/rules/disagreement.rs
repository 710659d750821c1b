//! `dns-disagreement`: DNS servers that say different things of one name.

use super::prelude::*;
use crate::domain::flip::Flip;
use crate::domain::history::Timed;
use crate::domain::sample::{NameOutcome, Resolution, ServerAnswer};
use crate::domain::target::TargetKind;
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

/// Two servers that the system would use for the name give addresses that have nothing in common.
#[derive(Debug)]
pub(super) struct DnsDisagreement;

static DNS_DISAGREEMENT: RuleCard = RuleCard {
    id: RuleId("dns-disagreement"),
    title: "DNS servers disagree",
    severities: &[Severity::Warning],
    owner: Owner::Dns,
    rung: None,
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Resolve],
    plain: "Its name leads to different addresses, depending on who is asked.",
    explanation: "Two DNS servers that this machine uses give addresses for the name that have \
        nothing in common, twice in a row; which of them is dialled depends on which server answers \
        first. A zone that is not transferred, a stale cache, and a public server beside an \
        internal one do this. Answers that ever had an address in common are round robin and fine, \
        a server that does not know the name is split DNS and fine, and servers on different \
        sides of a VPN may differ. Or: the answer changed within seconds of a tunnel that came up \
        or went down, and what it leads to now does not work: the VPN's DNS took the name along.",
    disproof: "The servers give an address in common, or what the new answer leads to works.",
    remedies: &[
        Remedy {
            confirm: Some(
                "Get-DnsClientServerAddress; Resolve-DnsName HOST -Server SERVER -DnsOnly",
            ),
            needs: Some("whoever runs the DNS servers; each server shown in place of SERVER"),
            ..Remedy::new(
                "Ask each server for the name, correct the one that is wrong (zone transfer, \
                 conditional forwarder, cache), and take servers off the list that do not know \
                 the internal zone.",
                RunOn::Dns,
            )
        },
        remedies::FLUSH_NAMES,
        remedies::VPN_NAMES,
        remedies::DIAL_ADDRESS,
    ],
    explains: &[],
    low_risk: false,
    client_error: None,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for DnsDisagreement {
    fn card(&self) -> &'static RuleCard {
        &DNS_DISAGREEMENT
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some(resolution) = view.resolution() else { return Judgement::NoEvidence };
        if resolution.outcome != NameOutcome::Ok || view.target.kind == TargetKind::Farm {
            return Judgement::NoEvidence;
        }
        if let Some(flip) = flip(view) {
            return flipped(view, flip);
        }
        match disagreeing(view, resolution) {
            Some(pair) => disagree(view, resolution, pair),
            None => Judgement::Clear,
        }
    }
}

/// The first two servers on the same side that never had an address in common.
fn disagreeing<'a>(
    view: &TargetView<'_>,
    resolution: &'a Resolution,
) -> Option<(&'a ServerAnswer, &'a ServerAnswer)> {
    let knows: Vec<&ServerAnswer> =
        resolution.servers.iter().filter(|answer| answer.outcome == NameOutcome::Ok).collect();
    knows.iter().enumerate().find_map(|(index, one)| {
        let other = knows.iter().skip(index + 1).find(|other| {
            same_side(view, one.server.ip(), other.server.ip())
                && are_disjoint(&set(&one.addresses), &set(&other.addresses))
                && both_answered_twice(view, one.server, other.server)
                && are_disjoint(&said(view, one.server), &said(view, other.server))
        })?;
        Some((*one, *other))
    })
}

fn set(addresses: &[IpAddr]) -> BTreeSet<IpAddr> {
    addresses.iter().copied().collect()
}

/// One answer of each may be chance: the next may be the other's.
fn both_answered_twice(view: &TargetView<'_>, one: SocketAddr, other: SocketAddr) -> bool {
    let answers = |resolution: &Resolution, server| {
        let mut servers = resolution.servers.iter();
        servers.any(|answer| answer.server == server && answer.outcome == NameOutcome::Ok)
    };
    let both =
        |entry: &&Timed<Resolution>| answers(&entry.value, one) && answers(&entry.value, other);
    view.resolve.iter().filter(both).take(2).count() == 2
}

/// Every address that a server gave lately.
fn said(view: &TargetView<'_>, server: SocketAddr) -> BTreeSet<IpAddr> {
    let answers = view.resolve.iter().flat_map(|entry| &entry.value.servers);
    answers
        .filter(|answer| answer.server == server)
        .flat_map(|answer| answer.addresses.iter().copied())
        .collect()
}

/// Whether two answers contradict each other: both know addresses of one family, and none in
/// common.
fn are_disjoint(one: &BTreeSet<IpAddr>, other: &BTreeSet<IpAddr>) -> bool {
    let both = |v6: bool| {
        let has = |set: &BTreeSet<IpAddr>| set.iter().any(|address| address.is_ipv6() == v6);
        has(one) && has(other)
    };
    one.is_disjoint(other) && (both(false) || both(true))
}

/// Whether the system would ask either for the same names. While a tunnel is up only servers on
/// one and the same link are known to be.
fn same_side(view: &TargetView<'_>, one: IpAddr, other: IpAddr) -> bool {
    let local = &view.around.local;
    let tunnel_up = local.interfaces.iter().any(|interface| interface.up && interface.tunnel);
    if !tunnel_up {
        return true;
    }
    let link = |server| local.on_link(server).map(|interface| interface.index);
    link(one).is_some() && link(one) == link(other)
}

fn disagree(
    view: &TargetView<'_>,
    resolution: &Resolution,
    (one, other): (&ServerAnswer, &ServerAnswer),
) -> Judgement {
    let sentence = format!(
        "DNS servers disagree about {}: {} says {}, {} says {} (certain). Which one is dialled is \
         chance. DNS team.",
        host(view),
        one.server.ip(),
        list(&one.addresses),
        other.server.ip(),
        list(&other.addresses),
    );
    let disagree = |one: &Resolution| disagreeing(view, one).is_some();
    Judgement::fires(
        Evidence::new(Severity::Warning, Confidence::Certain, "DNS servers disagree", sentence)
            .lines(super::name::server_lines(resolution))
            .since(view.resolve.since(disagree).map(|at| at.wall)),
    )
}

/// The latest change of the answer, if a tunnel changed just before and what it leads to now does
/// not work.
fn flip<'a>(view: &TargetView<'a>) -> Option<&'a Flip> {
    let flip = view.flips.with_a_tunnel()?;
    let newest = view.settled()?;
    let broken = newest.at.mono >= flip.at.mono && !newest.value.works();
    broken.then_some(flip)
}

fn flipped(view: &TargetView<'_>, flip: &Flip) -> Judgement {
    let (before, after) = (list(&flip.before), list(&flip.after));
    let Some((tunnel, after_tunnel)) = flip.tunnel() else { return Judgement::NoEvidence };
    let sentence = format!(
        "The answer to {} changed from {before} to {after} {} after {} (certain), and what it \
         leads to now does not work: the VPN's DNS took the name along (likely). VPN team.",
        host(view),
        span(after_tunnel),
        tunnel,
    );
    Judgement::fires(
        Evidence::new(Severity::Warning, Confidence::Likely, "VPN DNS flip", sentence)
            .line(format!("{before} became {after} at {}", moment(flip.at.wall)))
            .line(format!("{tunnel}, {} before", span(after_tunnel)))
            .owned_by(Owner::Vpn)
            .since(Some(flip.at.wall)),
    )
}
