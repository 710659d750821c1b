//! `monitor-blocked`: the port fell silent right after a probe that looks like a scan.

use super::prelude::*;
use crate::domain::view::Beside;

/// How soon after the probe the silence begins for the two to belong together.
const SOON: Duration = Duration::from_mins(2);

/// Something may have shut this machine out.
#[derive(Debug)]
pub(super) struct MonitorBlocked;

static MONITOR_BLOCKED: RuleCard = RuleCard {
    id: RuleId("monitor-blocked"),
    title: "this machine may be shut out",
    severities: &[Severity::Warning],
    owner: Owner::Security,
    rung: None,
    hysteresis: Hysteresis::TWICE,
    fed_by: CONNECTIONS,
    plain: "This machine may be shut out there; others may still get in.",
    explanation: "The port answered, then fell silent or was rejected within two minutes of the daily \
        sweep, which makes up to seven connections in a row, while the host still answers echo and \
        other hosts answer. An intrusion prevention system that takes the sweep for a scan looks like \
        this: it bans this machine for minutes or hours, and users notice nothing. From here a ban \
        cannot be told from a firewall that changed in that minute, which is why it is only possible.",
    disproof: "The port is silent from another machine too.",
    remedies: &[
        Remedy {
            confirm: Some("Test-NetConnection HOST -Port PORT"),
            ..Remedy::new(
                "Connect once from another machine: if that works, this one is shut out.",
                RunOn::Client,
            )
        },
        Remedy::new(
            "Ask whoever runs the intrusion prevention to list this machine as a monitor; with \
             --no-deep nothing is probed after X.224, and nothing is swept.",
            RunOn::Network,
        ),
    ],
    explains: &[],
    low_risk: true,
    client_error: None,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for MonitorBlocked {
    fn card(&self) -> &'static RuleCard {
        &MONITOR_BLOCKED
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some(entry) = view.settled() else { return Judgement::NoEvidence };
        if !shut_out(&entry.value) {
            return Judgement::Clear;
        }
        let (Some(sweep), Some(began)) = (view.sweep, view.attempts.since(shut_out)) else {
            return Judgement::NoEvidence;
        };
        let after = began.mono.since(sweep.at.mono);
        let worked = view.attempts.iter().any(|entry| {
            entry.at.mono <= sweep.at.mono && entry.value.connect.outcome == ConnectOutcome::Open
        });
        let beside = view.echo_beside(entry.at.mono);
        let follows = began.mono > sweep.at.mono && after <= SOON;
        if !follows || !worked || view.around.peers_silent > 0 {
            return Judgement::Clear;
        }
        if beside != Beside::Answers {
            return Judgement::NoEvidence;
        }
        let sentence = format!(
            "{} answers ping, and its port fell silent {} after the sweep of its TLS versions: \
             something may have shut out this machine, and users notice nothing (possible). Try from \
             another machine first.",
            name(view),
            span(after)
        );
        Judgement::fires(
            Evidence::new(
                Severity::Warning,
                Confidence::Possible,
                "this machine may be shut out",
                sentence,
            )
            .line(format!("sweep of TLS versions at {}", clock(sweep.at.wall)))
            .line(format!("no connection since {}, {} later", clock(began.wall), span(after)))
            .since(Some(began.wall)),
        )
    }
}

/// Dropped or rejected on the way: what a ban looks like.
fn shut_out(attempt: &Attempt) -> bool {
    matches!(attempt.connect.outcome, ConnectOutcome::Timeout | ConnectOutcome::Prohibited)
}
