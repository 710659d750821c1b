//! `restarted-together`: hosts fell silent as behind a path that is down, and came back as machines
//! that start.

use super::outage::{HIDDEN, evidence, how, told, whose};
use super::prelude::*;
use super::several::and_more;
use crate::domain::outage::Outage;
use std::sync::Arc;

/// The rule's id: its finding of a target is told with that of this machine and never by itself.
pub(crate) const RESTARTED_TOGETHER_ID: RuleId = RuleId("restarted-together");

/// Several hosts were started anew at one time.
#[derive(Debug)]
pub(super) struct RestartedTogether;

static RESTARTED_TOGETHER: RuleCard = RuleCard {
    id: RESTARTED_TOGETHER_ID,
    title: "restarted together",
    severities: &[Severity::Notice, Severity::Critical],
    owner: Owner::Server,
    rung: None,
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Echo, ProbeKind::Negotiate, ProbeKind::Tls],
    plain: "Several hosts went away together and were started anew, likely: sessions on them ended.",
    explanation: "At least three hosts fell silent together, as for `path-outage`, and three of them \
        came back and refused their port, which worked before, within the three minutes that a host \
        may take to start (`[thresholds.port-closed] starting`). A path that is \
        down brings its hosts back as they were; machines that start answer before Remote Desktop \
        does. So it is an update, a policy, a hypervisor or the power that they share, and no path: \
        the alert of `path-outage` ends with it. Critical while so many are away still that a path \
        would be down, since not all need come back; then a notice for ten minutes. Who stays away \
        longer is told by itself. Hosts whose port is closed on purpose while the path to them is down \
        look the same.",
    disproof: "The uptime of the hosts is longer than the outage is ago: then their path was down.",
    remedies: &[
        Remedy {
            needs: Some("whoever plans updates and runs the hypervisor; the logs of both"),
            ..Remedy::new(
                "Ask who restarts them at one time: an update, a policy, a hypervisor, the power of \
                 the site.",
                RunOn::Host,
            )
        },
        remedies::WHY_RESTARTED,
        remedies::LOOK_AT_HOST,
    ],
    explains: HIDDEN,
    low_risk: false,
    client_error: client::CONNECT,
    reviewed_when_found: false,
    alerting: Alerting { state_of: Some("hosts that are silent together"), ..Alerting::SEVERAL },
};

impl Rule for RestartedTogether {
    fn card(&self) -> &'static RuleCard {
        &RESTARTED_TOGETHER
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        if view.around.outages.is_empty() {
            return Judgement::NoEvidence;
        }
        let holds = |outage: &&Arc<Outage>| outage.is_restart() && outage.holds(view.target.id);
        let Some(outage) = view.around.outages.iter().find(holds) else {
            return Judgement::Clear;
        };
        let others = u32::try_from(outage.members.len()).unwrap_or(u32::MAX).saturating_sub(1);
        let sentence = format!(
            "{} fell silent with {} (certain), which restarted and came back before it (likely). {FIRST}",
            name(view),
            count(others, "other host"),
        );
        let title = "away with others that restarted";
        Judgement::fires(evidence(outage, title, sentence).owned_by(Owner::Server))
    }

    fn judge_monitor(&self, around: &Surroundings) -> Judgement {
        let mut all: Vec<&Outage> = told(around).filter(|one| one.is_restart()).collect();
        all.sort_by_key(|outage| outage.ended.is_none());
        // The newest: of the others somebody was told before.
        let Some((newest, others)) = all.split_last() else { return Judgement::Clear };
        let title =
            and_more(format!("restarted together: {}", whose(newest)), others.len(), "restart");
        let sentence = format!(
            "{} restarted together at {} (likely): they {}, and {} of them came back and refused the \
             port of Remote Desktop at first, which worked before. {FIRST}",
            whose(newest),
            clock(newest.since.wall),
            how(newest),
            newest.returns.refused.len(),
        );
        let more = others.iter().map(|outage| format!("restarted too: {}", whose(outage)));
        let stands = all.iter().any(|outage| outage.ended.is_none());
        let evidence = evidence(newest, title, sentence).lines(more).owned_by(Owner::Server);
        Judgement::fires(Evidence {
            severity: if stands { Severity::Critical } else { Severity::Notice },
            faults: all.iter().map(|outage| outage.number).max().unwrap_or_default(),
            ..evidence
        })
    }
}

/// Whom to ask first.
const FIRST: &str = "Server team: look at who restarts them first (an update, a policy, power).";
