//! What a host's finding says of the cause that several hosts have in common, with which it is told.

use super::barred::{PORT_BARRED_ID, word};
use super::common::{DNS_SERVER_FAILURE_ID, GATEWAY_FAILURE_ID, gateway_fails, servers_fail};
use super::dns_server_slow::{DNS_SERVER_SLOW_ID, answers_late};
use super::gateway_certificate::{GATEWAY_CERTIFICATE_ID, refused};
use super::line_degraded::{LINE_DEGRADED_ID, line_fails};
use super::names_to_one_address::{NAMES_TO_ONE_ADDRESS_ID, lead_to};
use super::prelude::*;
use super::service_failure::{SERVICE_FAILURE_ID, fails};
use super::sign_in_failure::{SIGN_IN_FAILURE_ID, refuse};
use crate::domain::common_cause::{CommonCause, How, Thing, Trouble};

/// The rule whose finding tells of it.
pub(crate) const fn told_as(thing: &Thing) -> RuleId {
    match thing {
        Thing::NameServers(_) => DNS_SERVER_FAILURE_ID,
        Thing::Gateway { .. } => GATEWAY_FAILURE_ID,
        Thing::GatewayCertificate { .. } => GATEWAY_CERTIFICATE_ID,
        Thing::Port(_) => PORT_BARRED_ID,
        Thing::Alike(trouble, _) => match trouble {
            Trouble::Line(_) | Trouble::LargePackets => LINE_DEGRADED_ID,
            Trouble::SlowNames(_) => DNS_SERVER_SLOW_ID,
            Trouble::LeadsTo(_) => NAMES_TO_ONE_ADDRESS_ID,
            Trouble::SignIn(_) => SIGN_IN_FAILURE_ID,
            Trouble::Service(_) => SERVICE_FAILURE_ID,
        },
    }
}

/// What a host's finding says of the cause that it is told with.
pub(crate) fn told_with(cause: &CommonCause) -> Option<String> {
    let what = match (&cause.thing, cause.how) {
        (Thing::NameServers(servers), How::Name(how)) => servers_fail(cause, servers, how),
        (Thing::Gateway { host, port }, How::Gateway(how)) => gateway_fails((host, *port), how),
        (Thing::GatewayCertificate { host, port }, _) => refused(cause, host, *port),
        (Thing::Port(port), How::Port(how)) => format!("Port {port} is {}", word(how)),
        (Thing::Alike(Trouble::Line(fault), _), _) => line_fails(Some(*fault)),
        (Thing::Alike(Trouble::LargePackets, _), _) => line_fails(None),
        (Thing::Alike(Trouble::SlowNames(server), _), _) => answers_late(*server),
        (Thing::Alike(Trouble::LeadsTo(address), _), _) => lead_to(*address),
        (Thing::Alike(Trouble::SignIn(status), _), _) => refuse(*status),
        (Thing::Alike(Trouble::Service(fault), _), _) => fails(*fault),
        _ => return None,
    };
    Some(format!(
        "{what} since {}, for other hosts as well: told once for all of them, as {}",
        clock(cause.since.wall),
        told_as(&cause.thing),
    ))
}
