//! One firewall that bars one port of several hosts: `port-barred`.

use super::Unheard;
use super::outage::{silent, unheard};
use super::prelude::*;
use super::several::{Several, hosts, names, some_of};
use crate::domain::common_cause::{Barred, CommonCause, How, Thing};

/// A port of several hosts, which answer otherwise.
#[derive(Debug)]
pub(super) struct PortBarred;

/// The rule about a port of several hosts.
pub(super) const PORT_BARRED_ID: RuleId = RuleId("port-barred");

static PORT_BARRED: RuleCard = RuleCard {
    id: PORT_BARRED_ID,
    title: "port barred for several hosts",
    severities: &[Severity::Critical],
    owner: Owner::Network,
    rung: None,
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: CONNECTIONS,
    plain: "Something keeps Remote Desktop out, for others too: likely a firewall on the way, or \
        a rule on them.",
    explanation: "At least three hosts that were reached at the same port before are filtered or \
        rejected at it, twice in a row each, since within 90 seconds of each other, and all of them \
        answer ping. Hosts do not do so by chance: a firewall on the way was changed, or a policy was \
        pushed to the hosts' own firewalls. It is one alert for all of them; each host keeps its finding \
        and does not alert by itself. So that the first ones do not either, a port that has just begun \
        to be barred alerts once enough others were tried since, and after 90 seconds at the latest. \
        Hosts that never opened the port, those that are starting, and a RST, which is a service that \
        restarts as well, do not count. It is over when fewer than three are left; those are told by \
        themselves.",
    disproof: "The port of these hosts opens from this machine.",
    remedies: &[
        Remedy {
            needs: Some("whoever changes firewalls, security groups and policies; their logs"),
            ..Remedy::new(
                "Ask who changed a firewall, a security group or a firewall policy at the time shown, \
                 and have the change taken back or this port allowed.",
                RunOn::Network,
            )
        },
        remedies::TEST_FROM_NEAR,
        remedies::NETWORK_FIREWALL,
        remedies::HOST_FIREWALL,
    ],
    explains: &[],
    low_risk: false,
    client_error: client::CONNECT,
    reviewed_when_found: false,
    alerting: Alerting::SEVERAL,
};

impl Rule for PortBarred {
    fn card(&self) -> &'static RuleCard {
        &PORT_BARRED
    }

    fn unheard(&self, around: &Surroundings) -> Option<Unheard> {
        unheard(around, silent(around))
    }

    fn judge_monitor(&self, around: &Surroundings) -> Judgement {
        let bars = around.common.iter().filter_map(|cause| match (&cause.thing, cause.how) {
            (Thing::Port(port), How::Port(how)) => Some((cause, (*port, how))),
            _ => None,
        });
        let Some(bars) = Several::of(bars) else {
            return if around.serving.ports { Judgement::Clear } else { Judgement::NoEvidence };
        };
        let (cause, (port, how)) = bars.first;
        let number = cause.told().count();
        let whose = || format!("{number} of {}", hosts(cause.of.max(cause.members.len())));
        let (why, whom) = match how {
            Barred::Rejected(Some(firewall)) => {
                (format!("the firewall at {firewall} refuses it"), "who changed that firewall")
            }
            _ => (
                "a firewall between bars it, or a policy was pushed to them (likely)".to_owned(),
                "who changed a firewall or a policy then",
            ),
        };
        let sentence = format!(
            "Port {port} of {} is {} since {}, {}: all answer ping, so {why}. Network team: ask {whom} \
             first.",
            whose(),
            word(how),
            clock(cause.since.wall),
            names(cause),
        );
        let so_far = if untried(cause) > 0 { " so far" } else { "" };
        let title = format!("port {port} {}: {}{so_far}", word(how), whose());
        let evidence = bars.evidence(title, sentence, |(cause, (port, how))| {
            format!("port {port} of {} {}", hosts(cause.told().count()), word(how))
        });
        let evidence = Evidence { confidence: Confidence::Likely, ..evidence };
        Judgement::fires(evidence.lines(spared(cause, port)).lines(left_to_try(cause, port)))
    }
}

/// `filtered`.
pub(super) const fn word(how: Barred) -> &'static str {
    match how {
        Barred::Filtered => "filtered",
        Barred::Rejected(_) => "rejected",
    }
}

/// Who is still reached at the port.
fn spared(cause: &CommonCause, port: u16) -> Option<String> {
    let some = some_of(&cause.spared)?;
    Some(format!("port {port} of {} opens since: {some}", hosts(cause.spared.number)))
}

/// How many were not tried since.
fn untried(cause: &CommonCause) -> usize {
    cause.of.saturating_sub(cause.members.len()).saturating_sub(cause.spared.number)
}

fn left_to_try(cause: &CommonCause, port: u16) -> Option<String> {
    let number = untried(cause);
    (number > 0).then(|| format!("port {port} of {} more was not tried since", hosts(number)))
}
