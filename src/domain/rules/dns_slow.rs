//! The answer to a name takes long: `dns-slow`.

use super::name::server_lines;
use super::prelude::*;
use crate::domain::sample::NameOutcome;

/// The answer to the name takes long.
#[derive(Debug)]
pub(super) struct DnsSlow;

static DNS_SLOW: RuleCard = RuleCard {
    id: RuleId("dns-slow"),
    title: "name resolves slowly",
    severities: &[Severity::Warning],
    owner: Owner::Dns,
    rung: Some(Rung::Name),
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Resolve],
    plain: "Its name is found slowly: connecting takes longer.",
    explanation: "At least three of the last five answers to the name took a second or more. That \
        is what a dead first DNS server looks like: every question waits for it before the second \
        is asked. Connecting is late by as much and may run into the client's own deadline.",
    disproof: "Three of five answers under the threshold.",
    remedies: &[
        Remedy {
            confirm: Some(
                "Get-DnsClientServerAddress; Measure-Command { Resolve-DnsName HOST -DnsOnly }",
            ),
            needs: Some("whoever hands out the DNS servers (DHCP, VPN)"),
            ..Remedy::new(
                "Find the server that is slow or dead and take it off the list, or put it last.",
                RunOn::Dns,
            )
        },
        remedies::FLUSH_NAMES,
        remedies::VPN_NAMES,
    ],
    explains: &[],
    low_risk: true,
    client_error: None,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for DnsSlow {
    fn card(&self) -> &'static RuleCard {
        &DNS_SLOW
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let limit = view.target.thresholds.dns_slow.warning;
        let newest: Vec<_> = view
            .resolve
            .recent()
            .take(5)
            .filter(|entry| entry.value.outcome == NameOutcome::Ok)
            .collect();
        let Some(last) = newest.first() else { return Judgement::NoEvidence };
        let slow: Vec<_> = newest.iter().filter(|entry| entry.value.elapsed >= limit).collect();
        if slow.len() < 3 {
            return Judgement::Clear;
        }
        let longest = slow.iter().map(|entry| entry.value.elapsed).max().unwrap_or_default();
        let sentence = format!(
            "Looking up {} takes up to {} (certain), {} of the last {} times: a DNS server in the \
             list is slow or dead. DNS team.",
            host(view),
            span(longest),
            slow.len(),
            newest.len(),
        );
        Judgement::fires(
            Evidence::new(
                Severity::Warning,
                Confidence::Certain,
                format!("name takes {}", span(longest)),
                sentence,
            )
            .line(format!(
                "{} of the last {} took {} or more",
                slow.len(),
                newest.len(),
                span(limit)
            ))
            .lines(server_lines(&last.value))
            .since(slow.last().map(|entry| entry.at.wall)),
        )
    }
}
