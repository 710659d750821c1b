//! The way that several hosts share loses packets or takes long: `line-degraded`.

use super::Unheard;
use super::outage::{unheard, unsteady};
use super::prelude::*;
use super::several::{Several, and_more, names, well, whom};
use super::whose;
use crate::domain::common_cause::{CommonCause, LineFault, Shared, Thing, Trouble};
use crate::domain::text::excerpt;

/// The way to several hosts.
#[derive(Debug)]
pub(super) struct LineDegraded;

/// The rule about the way to several hosts.
pub(super) const LINE_DEGRADED_ID: RuleId = RuleId("line-degraded");

static LINE_DEGRADED: RuleCard = RuleCard {
    id: LINE_DEGRADED_ID,
    title: "shared line is bad",
    severities: &[Severity::Warning, Severity::Critical],
    owner: Owner::Network,
    rung: None,
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Echo, ProbeKind::PathMtu],
    plain: "The line is bad, for others too.",
    explanation: "At least three hosts that share a tunnel, a group, the router or only this machine \
        fail alike, by loss, by slow or uneven round trips or by lost large packets, since within 90 \
        seconds of each other, and at least four of five of those that share it and were measured since \
        fail so or show signs of it. So it is what they share and no single host. It is one alert for \
        all of them; each host keeps its finding and does not alert by itself, and one that is alone is \
        told at once. Where a line is bad in one way, one host that fails in another, and no worse, is \
        enough if nearly all show signs of that as well; what only one has is told of that one. Where \
        controls answer, they tell on which stretch it begins. A weak Wi-Fi or a full line of this \
        machine explains it. It is over when fewer than three have it, or too few of all, for a \
        minute; who still has it is told by itself.",
    disproof: "Hosts that share the way are well, measured at the same time.",
    remedies: &[
        remedies::FIND_HOP,
        remedies::USE_CABLE,
        remedies::OTHER_VPN_NODE,
        remedies::VPN_MTU,
    ],
    explains: &[],
    low_risk: false,
    client_error: client::LINE,
    reviewed_when_found: false,
    alerting: Alerting::SEVERAL,
};

/// How the line fails; `None` for large packets.
type Line<'a> = (Option<LineFault>, &'a Shared);

impl Rule for LineDegraded {
    fn card(&self) -> &'static RuleCard {
        &LINE_DEGRADED
    }

    fn unheard(&self, around: &Surroundings) -> Option<Unheard> {
        unheard(around, unsteady(around))
    }

    fn judge_monitor(&self, around: &Surroundings) -> Judgement {
        let lines = around.common.iter().filter_map(|cause| match &cause.thing {
            Thing::Alike(Trouble::Line(fault), shared) => Some((cause, (Some(*fault), shared))),
            Thing::Alike(Trouble::LargePackets, shared) => Some((cause, (None, shared))),
            _ => None,
        });
        let lines = match Several::beside(around, unsteady(around), lines) {
            Ok(lines) => lines,
            Err(none) => return none,
        };
        let (cause, (fault, shared)) = lines.first;
        let whose = fault
            .zip(cause.says.as_ref())
            .and_then(|(fault, says)| whose::of_line(around, fault, says));
        let (owner, first) = match (&whose, fault, shared) {
            (Some(whose), ..) => (whose.owner, whose.sentences.clone()),
            (None, _, Shared::Tunnel(name)) => {
                let name = excerpt(name, 32);
                (Owner::Vpn, format!("VPN team: look at {name} and its node first."))
            }
            (None, None, _) => {
                (Owner::Network, "Network team: look at the MTU of the way first.".to_owned())
            }
            (None, Some(_), _) => {
                (Owner::Network, "Network team: find where on the way it begins.".to_owned())
            }
        };
        let sentence = format!(
            "The line to {} {} since {} (certain), {}: no single host is at fault. {first}",
            whom(cause, shared),
            verb(fault),
            clock(cause.since.wall),
            names(cause),
        );
        let same = lines.others(|(_, other)| *other == shared);
        let faults = std::iter::once(fault).chain(same.iter().map(|(fault, _)| *fault));
        let title = format!("line {}: {}", verbs(faults), whom(cause, shared));
        let elsewhere = lines.others(|(_, other)| *other != shared).len();
        let evidence = lines.evidence_titled(and_more(title, elsewhere, "line"), sentence, also);
        let example = cause.says.as_ref().map(|one| format!("the worst of them: {}", one.title));
        let lines = whose.into_iter().flat_map(|whose| whose.lines);
        Judgement::fires(evidence.lines(example).lines(well(cause)).lines(lines).owned_by(owner))
    }
}

fn also((cause, (fault, shared)): (&CommonCause, Line<'_>)) -> String {
    let since = clock(cause.since.wall);
    format!("the line {} since {since}: {}", verb(fault), whom(cause, shared))
}

const fn verb(fault: Option<LineFault>) -> &'static str {
    match fault {
        Some(LineFault::Loses) => "loses packets",
        Some(LineFault::Slow) => "is slow",
        Some(LineFault::Jumps) => "is uneven",
        None => "loses large packets",
    }
}

/// `loses packets, is slow and uneven`.
fn verbs(faults: impl Iterator<Item = Option<LineFault>>) -> String {
    let mut is = false;
    list(faults.map(verb).map(|verb| match verb.strip_prefix("is ") {
        Some(how) if is => how,
        how => {
            is |= how.is_some();
            verb
        }
    }))
}

/// `The line loses packets`.
pub(super) fn line_fails(fault: Option<LineFault>) -> String {
    format!("The line {}", verb(fault))
}
