//! The names of several hosts lead to one and the same address: `names-to-one-address`.

use super::prelude::*;
use super::several::{Several, hosts, names, well};
use crate::domain::common_cause::{Thing, Trouble};
use std::net::IpAddr;

/// One address in place of many.
#[derive(Debug)]
pub(super) struct NamesToOneAddress;

/// The rule about names that lead to one address.
pub(super) const NAMES_TO_ONE_ADDRESS_ID: RuleId = RuleId("names-to-one-address");

static NAMES_TO_ONE_ADDRESS: RuleCard = RuleCard {
    id: NAMES_TO_ONE_ADDRESS_ID,
    title: "many names lead to one address",
    severities: &[Severity::Critical],
    owner: Owner::Dns,
    rung: None,
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Resolve],
    plain: "The names of several computers lead to one wrong place: perhaps a sign-in page of this network.",
    explanation: "The names of at least three hosts lead to one and the same address since within 90 \
        seconds of each other, which is expected of none of them and where none of them answers. That \
        is what the sign-in page of a hotel or a guest network does, which answers every name with its \
        own address, and a DNS server with a catch-all record. It is one alert for all of them; each host \
        keeps its finding and does not alert by itself.",
    disproof: "The names lead to the expected addresses, asked from this machine.",
    remedies: &[
        Remedy::new(
            "Open any web page in a browser: where a sign-in page comes, sign in to the network first. \
             Do not type a password of the hosts there.",
            RunOn::Client,
        ),
        remedies::VPN_NAMES,
        remedies::FLUSH_NAMES,
        remedies::FIX_RECORD,
    ],
    explains: &[],
    low_risk: false,
    client_error: client::CONNECT,
    reviewed_when_found: false,
    alerting: Alerting::SEVERAL,
};

impl Rule for NamesToOneAddress {
    fn card(&self) -> &'static RuleCard {
        &NAMES_TO_ONE_ADDRESS
    }

    fn judge_monitor(&self, around: &Surroundings) -> Judgement {
        let lead = around.common.iter().filter_map(|cause| match cause.thing {
            Thing::Alike(Trouble::LeadsTo(address), _) => Some((cause, address)),
            _ => None,
        });
        let Some(lead) = Several::of(lead) else {
            return if around.serving.names { Judgement::Clear } else { Judgement::NoEvidence };
        };
        let (cause, address) = lead.first;
        let number = hosts(cause.told().count());
        let sentence = format!(
            "The names of {number} lead to one and the same address {address} since {} (certain), {}: \
             the sign-in page of a guest network, or a DNS server that answers wrongly (likely). Do not \
             type your password there. Open a web page first, then ask the DNS team.",
            clock(cause.since.wall),
            names(cause),
        );
        let title = format!("the names of {number} lead to {address}");
        let evidence = lead.evidence(title, sentence, |(cause, address)| {
            format!("{}: {}", lead_to(address), hosts(cause.told().count()))
        });
        let evidence = Evidence { confidence: Confidence::Likely, ..evidence };
        Judgement::fires(evidence.lines(well(cause)))
    }
}

/// `The name leads to 10.1.1.1`.
pub(super) fn lead_to(address: IpAddr) -> String {
    format!("The name leads to {address}")
}
