//! A DNS server because of which the names of several hosts are answered late: `dns-server-slow`.

use super::prelude::*;
use super::several::{Several, hosts, names, well, whom};
use crate::domain::common_cause::{Shared, Thing, Trouble};
use std::net::IpAddr;

/// A DNS server that is waited for.
#[derive(Debug)]
pub(super) struct DnsServerSlow;

/// The rule about a DNS server that is waited for.
pub(super) const DNS_SERVER_SLOW_ID: RuleId = RuleId("dns-server-slow");

static DNS_SERVER_SLOW: RuleCard = RuleCard {
    id: DNS_SERVER_SLOW_ID,
    title: "DNS server is waited for",
    severities: &[Severity::Warning],
    owner: Owner::Dns,
    rung: None,
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Resolve],
    plain: "The directory of names is slow, for others too.",
    explanation: "The names of at least three hosts take a second or more since within 90 seconds of \
        each other, and so do at least four of five of those that ask the same DNS server and were looked \
        up since. The server is the first of the list that fails, or the one that takes longest: each \
        question waits for it before the next one is asked. It is one alert for all of them; each host \
        keeps its finding and does not alert by itself.",
    disproof: "The server answers at once, or names that it is asked for are quick.",
    remedies: &[
        Remedy {
            confirm: Some("Resolve-DnsName HOST -Server DNS-SERVER -DnsOnly"),
            needs: Some("whoever hands out the DNS servers (DHCP, VPN)"),
            ..Remedy::new(
                "See whether the server is up; until it is, take it off the list or put it last.",
                RunOn::Dns,
            )
        },
        remedies::VPN_NAMES,
    ],
    explains: &[],
    low_risk: false,
    client_error: None,
    reviewed_when_found: false,
    alerting: Alerting::SEVERAL,
};

impl Rule for DnsServerSlow {
    fn card(&self) -> &'static RuleCard {
        &DNS_SERVER_SLOW
    }

    fn judge_monitor(&self, around: &Surroundings) -> Judgement {
        let slow = around.common.iter().filter_map(|cause| match &cause.thing {
            Thing::Alike(Trouble::SlowNames(server), shared) => Some((cause, (*server, shared))),
            _ => None,
        });
        let Some(slow) = Several::<(IpAddr, &Shared)>::of(slow) else {
            return if around.serving.names { Judgement::Clear } else { Judgement::NoEvidence };
        };
        let (cause, (server, shared)) = slow.first;
        let sentence = format!(
            "The names of {} are answered late since {} (certain), {}: DNS server {server} is slow or \
             dead, and is waited for (likely). DNS team: look at that server first.",
            whom(cause, shared),
            clock(cause.since.wall),
            names(cause),
        );
        let title = format!("DNS server {server} is waited for: {}", whom(cause, shared));
        let evidence = slow.evidence(title, sentence, |(cause, (server, _))| {
            format!("{}: {}", answers_late(server), hosts(cause.told().count()))
        });
        let evidence = Evidence { confidence: Confidence::Likely, ..evidence };
        let example = cause.says.as_ref().map(|one| one.title.clone());
        Judgement::fires(evidence.lines(example).lines(well(cause)))
    }
}

/// `DNS server 10.0.0.53 is waited for`.
pub(super) fn answers_late(server: IpAddr) -> String {
    format!("DNS server {server} is waited for")
}
