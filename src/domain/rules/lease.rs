//! Another device has the address of the host: its lease was given away.

use super::prelude::*;
use crate::domain::view::OtherCard;

/// Another device answers at the address of the host, which says nothing itself; `wake` says whether
/// it can be woken.
pub(super) fn given_away(
    view: &TargetView<'_>,
    card: OtherCard,
    severity: Severity,
    wake: Option<&str>,
) -> Evidence {
    let OtherCard { address, answers, remembered } = card;
    let by_name = view.target.host.name().is_some();
    let (owner, team) = if by_name {
        (Owner::Dns, "DNS team: look whom the name should lead to.")
    } else {
        (Owner::Network, "Network team: look whom the address was given to.")
    };
    let state = if view.may_sleep() { "asleep or off" } else { "off or cut off" };
    let wake = wake.map_or_else(String::new, |words| format!(" {words}"));
    let sentence = format!(
        "Another device has the address of {} (likely): the network card that answers at {address} \
         is {answers}, and no Remote Desktop does. Its lease was given away, or its card was \
         replaced; the host itself is {state}, as far as can be told. {team}{wake}",
        name(view),
    );
    let connect = view.connect().map(super::port::connect_line);
    let title = "another device has its address";
    Evidence::new(severity, Confidence::Likely, title, sentence)
        .line(format!(
            "neighbour table: {address} is at {answers}; remembered of the host: {remembered}"
        ))
        .lines(connect)
        .owned_by(owner)
        .remedied(Some(LEASE))
}

/// What mends an address that somebody else has.
const LEASE: &[Remedy] = &[
    Remedy {
        confirm: Some(
            "Get-DhcpServerv4Lease -IPAddress ADDRESS; Resolve-DnsName HOST -DnsOnly; arp -a",
        ),
        needs: Some("whoever runs DHCP and DNS"),
        ..Remedy::new(
            "Look whom the address was given to. Reserve it for the host, or let its DNS record \
             follow its lease.",
            RunOn::Dns,
        )
    },
    remedies::WAKE,
    remedies::LOOK_AT_HOST,
];
