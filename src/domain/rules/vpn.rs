//! `vpn-flap`: a tunnel of this machine comes and goes.

use super::prelude::*;
use crate::domain::outage::Outage;
use crate::domain::time::Now;
use std::sync::Arc;

/// A tunnel of this machine comes and goes.
#[derive(Debug)]
pub(super) struct VpnFlap;

static VPN_FLAP: RuleCard = RuleCard {
    id: RuleId("vpn-flap"),
    title: "VPN unsteady",
    severities: &[Severity::Warning],
    owner: Owner::Vpn,
    rung: None,
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: ProbeKind::ALL.as_slice(),
    plain: "The VPN of this machine keeps breaking and coming back.",
    explanation: "A tunnel interface of this machine went down or came up many times: at \
        the defaults four times within half an hour, so it broke and was made again at least twice. Sessions through it \
        freeze, reconnect or drop each time. How many broken paths came with a change is counted \
        beside it. A VPN that is switched off and on once is none.",
    disproof: "As long a time with fewer changes.",
    remedies: &[
        remedies::USE_CABLE,
        remedies::OTHER_VPN_NODE,
        Remedy::new(
            "Compare the times with the VPN client's own log: re-keying, idle limits and roaming \
             between networks leave a line there.",
            RunOn::Client,
        ),
    ],
    explains: &[],
    low_risk: false,
    client_error: client::LINE,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for VpnFlap {
    fn card(&self) -> &'static RuleCard {
        &VPN_FLAP
    }

    fn judge_monitor(&self, around: &Surroundings) -> Judgement {
        let limits = around.limits.vpn_flap;
        let Some(newest) = around.looked_at.or(around.tunnel_changes.last().map(|last| last.at))
        else {
            return Judgement::NoEvidence;
        };
        let lately: Vec<_> = around
            .tunnel_changes
            .iter()
            .filter(|change| newest.mono.since(change.at.mono) <= limits.within)
            .collect();
        let enough = usize::try_from(limits.changes).unwrap_or(usize::MAX).max(1);
        let (Some(first), Some(last)) = (lately.first(), lately.last()) else {
            return few(around, newest);
        };
        if lately.len() < enough {
            return few(around, newest);
        }
        let within = |outage: &&Arc<Outage>| newest.mono.since(outage.since.mono) <= limits.within;
        let breaks = around.outages.iter().filter(within).count();
        let with = around.outages.iter().filter(within).filter(|o| o.tunnel.is_some()).count();
        let correlated = match breaks {
            0 => String::new(),
            _ => format!("; {with} of {breaks} broken paths came with a change"),
        };
        let sentence = format!(
            "This machine's VPN changed {} times in {} (certain){correlated}. VPN team: look why \
             it breaks.",
            lately.len(),
            span(last.at.mono.since(first.at.mono).max(Duration::from_secs(1))),
        );
        let changes =
            lately.iter().map(|change| format!("{}: {}", clock(change.at.wall), change.what));
        Judgement::fires(
            Evidence::new(Severity::Warning, Confidence::Certain, "VPN unsteady", sentence)
                .lines(changes)
                .since(Some(first.at.wall)),
        )
    }
}

/// Few changes were seen: that is an answer once the whole span was watched.
fn few(around: &Surroundings, newest: Now) -> Judgement {
    let watched = around.began.map(|began| newest.mono.since(began.mono));
    if watched.is_some_and(|watched| watched >= around.limits.vpn_flap.within) {
        Judgement::Clear
    } else {
        Judgement::NoEvidence
    }
}
