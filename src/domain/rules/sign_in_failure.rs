//! Several hosts refuse NLA with the same code: `sign-in-failure`.

use super::Unheard;
use super::outage::{silent, unheard};
use super::prelude::*;
use super::several::{Several, hosts, names, well, whom};
use crate::domain::common_cause::{Shared, Thing, Trouble};
use crate::domain::sample::NtStatus;

/// What several hosts sign in with.
#[derive(Debug)]
pub(super) struct SignInFailure;

/// The rule about several hosts that refuse NLA.
pub(super) const SIGN_IN_FAILURE_ID: RuleId = RuleId("sign-in-failure");

static SIGN_IN_FAILURE: RuleCard = RuleCard {
    id: SIGN_IN_FAILURE_ID,
    title: "several hosts refuse NLA",
    severities: &[Severity::Critical],
    owner: Owner::Server,
    rung: None,
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: NLA,
    plain: "Nobody can sign in at several computers: what they check passwords with is likely away.",
    explanation: "At least three hosts answer NLA with the same error code of Windows since within 90 \
        seconds of each other, and so do at least four of five of those that were asked since, of all or \
        of a group. Hosts share a domain controller and policies: STATUS_NO_LOGON_SERVERS says that \
        they reach no domain controller; another code says that their domain or a policy that was \
        rolled out is at fault. It is one alert for all of them; each host keeps its finding and does \
        not alert by itself. A host that refuses for a reason of its own is told by itself.",
    disproof: "Hosts of the same domain answer NLA with a challenge.",
    remedies: &[
        Remedy {
            confirm: Some("nltest /dsgetdc:DOMAIN"),
            needs: Some("whoever runs the domain controllers"),
            ..Remedy::new(
                "See whether the domain controllers of these hosts are up, and whether the hosts \
                 reach them.",
                RunOn::Host,
            )
        },
        Remedy {
            confirm: Some("Invoke-Command HOST { nltest /sc_verify:$env:USERDNSDOMAIN }"),
            needs: Some("administrator rights on HOST; PowerShell remoting"),
            ..Remedy::new("Check that a host trusts its domain.", RunOn::Host)
        },
        remedies::SYNC_CLOCKS,
    ],
    explains: &[],
    low_risk: false,
    client_error: client::MAYBE_CLOSED,
    reviewed_when_found: false,
    alerting: Alerting::SEVERAL,
};

impl Rule for SignInFailure {
    fn card(&self) -> &'static RuleCard {
        &SIGN_IN_FAILURE
    }

    fn unheard(&self, around: &Surroundings) -> Option<Unheard> {
        unheard(around, silent(around))
    }

    fn judge_monitor(&self, around: &Surroundings) -> Judgement {
        let refused = around.common.iter().filter_map(|cause| match &cause.thing {
            Thing::Alike(Trouble::SignIn(status), shared) => Some((cause, (*status, shared))),
            _ => None,
        });
        let Some(refused) = Several::<(NtStatus, &Shared)>::of(refused) else {
            return if around.serving.measured { Judgement::Clear } else { Judgement::NoEvidence };
        };
        let (cause, (status, shared)) = refused.first;
        let (why, first) = if status == NtStatus::NO_LOGON_SERVERS {
            ("they reach no domain controller (likely)", "look at the domain controllers first")
        } else {
            (
                "their domain, or a policy that was rolled out (likely)",
                "look at what they share first",
            )
        };
        let sentence = format!(
            "{} refuse NLA with {status} since {} (certain), {}: {why}. No single host is at fault. \
             Server team: {first}.",
            whom(cause, shared),
            clock(cause.since.wall),
            names(cause),
        );
        let title = format!("{} refuse NLA", whom(cause, shared));
        let evidence = refused.evidence(title, sentence, |(cause, (status, _))| {
            format!("{}: {}", refuse(status), hosts(cause.told().count()))
        });
        let meaning = status.meaning().map(|meaning| format!("{status}: {meaning}"));
        let evidence = Evidence { confidence: Confidence::Likely, ..evidence };
        Judgement::fires(evidence.lines(meaning).lines(well(cause)))
    }
}

/// `NLA is refused with STATUS_NO_LOGON_SERVERS`.
pub(super) fn refuse(status: NtStatus) -> String {
    format!("NLA is refused with {status}")
}
