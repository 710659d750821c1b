//! Remote Desktop fails at several hosts in the same way: `service-failure`.

use super::Unheard;
use super::outage::{silent, unheard};
use super::prelude::*;
use super::several::{Several, hosts, names, well, whom};
use crate::domain::common_cause::{ServiceFault, Thing, Trouble};

/// Remote Desktop at several hosts.
#[derive(Debug)]
pub(super) struct ServiceFailure;

/// The rule about Remote Desktop at several hosts.
pub(super) const SERVICE_FAILURE_ID: RuleId = RuleId("service-failure");

static SERVICE_FAILURE: RuleCard = RuleCard {
    id: SERVICE_FAILURE_ID,
    title: "Remote Desktop fails at several hosts",
    severities: &[Severity::Warning, Severity::Critical],
    owner: Owner::Network,
    rung: None,
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: CONNECTIONS,
    plain: "Remote Desktop fails at several computers at once: likely something that they share.",
    explanation: "At least three hosts refuse connections, take them and say nothing, fail some of \
        them, or are slow, all in the same way since within 90 seconds of each other, and so do at least \
        four of five of those that share a tunnel, a group, the router or only this machine and were tried \
        since. Services do not do so by chance: what stands in front of them (a connector, a proxy, a \
        firewall, the sign-in page of a guest network), what they run on, or a change that was rolled out \
        to them is at fault. It is one alert for all of them; each host keeps its finding and does not \
        alert by itself. Hosts that are starting do not count. It is over when fewer than three are left, \
        or too few of all, for a minute; those are told by themselves.",
    disproof: "Hosts that share it take a connection that is tried at the same time.",
    remedies: &[
        Remedy {
            needs: Some("whoever runs the connector, proxy or firewall; its logs"),
            ..Remedy::new(
                "Look at what stands in front of all of these hosts, and at what was rolled out to \
                 them at the time shown.",
                RunOn::Network,
            )
        },
        remedies::TEST_FROM_NEAR,
        Remedy::new(
            "In a hotel or guest network open any web page in a browser, and sign in to the network \
             first.",
            RunOn::Client,
        ),
        remedies::RDP_EVENTS,
    ],
    explains: &[],
    low_risk: false,
    client_error: client::CONNECT,
    reviewed_when_found: false,
    alerting: Alerting::SEVERAL,
};

impl Rule for ServiceFailure {
    fn card(&self) -> &'static RuleCard {
        &SERVICE_FAILURE
    }

    fn unheard(&self, around: &Surroundings) -> Option<Unheard> {
        unheard(around, silent(around))
    }

    fn judge_monitor(&self, around: &Surroundings) -> Judgement {
        let failing = around.common.iter().filter_map(|cause| match &cause.thing {
            Thing::Alike(Trouble::Service(fault), shared) => Some((cause, (*fault, shared))),
            _ => None,
        });
        let failing = match Several::beside(around, silent(around), failing) {
            Ok(failing) => failing,
            Err(none) => return none,
        };
        let (cause, (fault, shared)) = failing.first;
        let (owner, why) = why(fault);
        let sentence = format!(
            "Remote Desktop at {} {} since {} (certain), {}: {why}.",
            whom(cause, shared),
            how(fault),
            clock(cause.since.wall),
            names(cause),
        );
        let title = format!("{}: {}", fails(fault), whom(cause, shared));
        let evidence = failing.evidence(title, sentence, |(cause, (fault, _))| {
            format!("{}: {}", fails(fault), hosts(cause.told().count()))
        });
        let evidence = Evidence { confidence: Confidence::Likely, ..evidence };
        Judgement::fires(evidence.lines(well(cause)).owned_by(owner))
    }
}

/// What they share, and who looks there first.
const fn why(fault: ServiceFault) -> (Owner, &'static str) {
    match fault {
        ServiceFault::Refused => (
            Owner::Network,
            "a firewall or the sign-in page of a guest network answers for them, or Remote Desktop was \
             switched off on all (likely). Network team: ask who changed what then first",
        ),
        ServiceFault::Silent => (
            Owner::Network,
            "the connector, proxy or firewall in front of them, or a change that was rolled out to them \
             (likely). Network team: look at what is in front of them first",
        ),
        ServiceFault::InTurns => (
            Owner::Network,
            "a firewall or balancer in front of them that lets only some connections pass (likely). \
             Network team: look at what is in front of them first",
        ),
        ServiceFault::Slow => (
            Owner::Server,
            "what they run on, a store or a machine, or what they sign in with (likely). Server team: \
             look at what they share first",
        ),
    }
}

const fn how(fault: ServiceFault) -> &'static str {
    match fault {
        ServiceFault::Refused => "is refused",
        ServiceFault::Silent => "says nothing",
        ServiceFault::InTurns => "fails some of the time",
        ServiceFault::Slow => "is slow",
    }
}

/// `Remote Desktop says nothing`.
pub(super) fn fails(fault: ServiceFault) -> String {
    format!("Remote Desktop {}", how(fault))
}
