//! `dns-mismatch`: the name leads somewhere else than expected.

use super::prelude::*;
use crate::domain::certificate::CertificateSummary;
use crate::domain::sample::{NameOutcome, Resolution};

/// How long the certificate behind an unexpected address may take to arrive before the machine
/// there counts as not to be identified.
const PATIENCE: Duration = Duration::from_mins(2);

/// No resolved address is an expected one.
#[derive(Debug)]
pub(super) struct DnsMismatch;

static DNS_MISMATCH: RuleCard = RuleCard {
    id: RuleId("dns-mismatch"),
    title: "name leads to an unexpected address",
    severities: &[Severity::Critical],
    owner: Owner::Dns,
    rung: Some(Rung::Name),
    hysteresis: Hysteresis::TWICE,
    fed_by: &[ProbeKind::Resolve, ProbeKind::Negotiate, ProbeKind::Tls],
    explanation: "The name resolves, and none of its addresses is one that was listed as expected; \
        and at the address nobody answers, or a machine with another name on its certificate, or \
        one that cannot be identified. Stale records, DHCP leases given to somebody else and \
        split DNS over a VPN do this. A machine whose remembered certificate answers there, or \
        that presents the right name when none is remembered, has merely moved, and is no finding. \
        A password typed at the wrong machine is given away.",
    disproof: "The expected address comes back, or the certificate there is the remembered one.",
    remedies: &[
        Remedy {
            confirm: Some("Resolve-DnsName HOST; arp -a"),
            ..Remedy::new(
                "Do not type a password there until it is clear which machine answers. If the PC \
                 has rightly moved, update the expected addresses.",
                RunOn::Client,
            )
        },
        remedies::FLUSH_NAMES,
        remedies::FIX_RECORD,
        remedies::VPN_NAMES,
        remedies::DIAL_ADDRESS,
    ],
    explains: &[
        "certificate-changed",
        "certificate-name-mismatch",
        "certificate-expired",
        "certificate-expiring",
        "certificate-weak",
        "host-unreachable",
        "host-asleep",
        "port-closed",
        "port-filtered",
        "port-rejected",
    ],
    low_risk: false,
    client_error: client::CONNECT,
    reviewed_when_found: false,
};

/// Who answers at the unexpected address.
enum Answerer<'a> {
    /// The same PC.
    Same,
    /// Not looked yet.
    NotYet,
    /// Nobody.
    Nobody,
    /// A machine with other names on its certificate.
    Another(&'a CertificateSummary),
    /// A machine that presents the right name with a certificate that is not the remembered one.
    Claims(&'a CertificateSummary),
    /// A machine without a certificate to read.
    Unidentified,
}

impl Rule for DnsMismatch {
    fn card(&self) -> &'static RuleCard {
        &DNS_MISMATCH
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some(resolution) = view.resolution() else { return Judgement::NoEvidence };
        if resolution.outcome != NameOutcome::Ok || view.target.expect.is_empty() {
            return Judgement::NoEvidence;
        }
        if !is_elsewhere(view, resolution) {
            return Judgement::Clear;
        }
        let answerer = answerer(view);
        let (confidence, who, client) = match answerer {
            Answerer::Same => return Judgement::Clear,
            Answerer::NotYet => return Judgement::NoEvidence,
            Answerer::Nobody if view.may_sleep() && !expected_answers(view) => {
                return Judgement::NoEvidence;
            }
            Answerer::Nobody => {
                (Confidence::Certain, "nobody answers there".to_owned(), client::CONNECT)
            }
            Answerer::Another(certificate) => (
                Confidence::Certain,
                format!("a machine that calls itself {} answers there", names(certificate)),
                client::CERTIFICATE,
            ),
            Answerer::Claims(certificate) => (
                Confidence::Likely,
                format!(
                    "a machine answers there that calls itself {}, with another certificate than \
                     before",
                    names(certificate)
                ),
                client::CERTIFICATE,
            ),
            Answerer::Unidentified => (
                Confidence::Likely,
                "a machine that cannot be identified answers there".to_owned(),
                client::MAYBE_CLOSED,
            ),
        };
        let to = list(&resolution.addresses);
        let warning = if matches!(answerer, Answerer::Nobody) {
            ""
        } else {
            " Do not type your password there."
        };
        let sentence = format!(
            "The name {} leads to {to}, which is not expected, and {who} ({}).{warning} DNS team.",
            host(view),
            confidence.word(),
        );
        let mut evidence =
            Evidence::new(Severity::Critical, confidence, "name leads elsewhere", sentence)
                .line(format!("resolves to {to}, expected {}", list(&view.target.expect)))
                .line(who)
                .client(client)
                .since(view.resolve.since(|one| is_elsewhere(view, one)).map(|at| at.wall));
        if let Some(answer) = resolution.answering_server() {
            evidence = evidence.line(format!(
                "DNS server {}: {}",
                answer.server.ip(),
                if answer.outcome == NameOutcome::Ok {
                    list(&answer.addresses)
                } else {
                    answer.outcome.word().to_owned()
                }
            ));
        }
        if expected_answers(view) {
            evidence = evidence.line("the expected address answers");
        }
        if !resolution.ptr.is_empty() {
            evidence = evidence
                .line(format!("reverse name: {}", list(resolution.ptr.iter().map(|n| quoted(n)))));
        }
        Judgement::fires(evidence)
    }
}

fn is_elsewhere(view: &TargetView<'_>, resolution: &Resolution) -> bool {
    resolution.outcome == NameOutcome::Ok
        && !resolution.addresses.iter().any(|address| view.target.expect.contains(address))
}

/// Whether one of the expected addresses, tried beside, answers.
fn expected_answers(view: &TargetView<'_>) -> bool {
    view.alternatives.iter().any(|(address, connect)| {
        view.target.expect.contains(address) && connect.value.outcome.answered()
    })
}

fn answerer<'a>(view: &TargetView<'a>) -> Answerer<'a> {
    let Some(dialled) = view.dialled else { return Answerer::NotYet };
    if view.target.expect.contains(&dialled) {
        return Answerer::NotYet;
    }
    let mut there = view.attempts.recent().filter(|entry| {
        entry.value.connect.address.ip() == dialled
            && !matches!(entry.value.connect.outcome, ConnectOutcome::LocalError(_))
    });
    let Some(newest) = there.next() else { return Answerer::NotYet };
    let tls =
        newest.value.tls.as_ref().or_else(|| there.find_map(|entry| entry.value.tls.as_ref()));
    if let Some(certificate) = tls.and_then(|tls| tls.certificate.as_ref()) {
        let remembered = &view.memory.thumbprints;
        let named = right_name(view, certificate);
        return if remembered.contains_key(&certificate.sha256)
            || named && (remembered.is_empty() || !certificate.self_signed)
        {
            Answerer::Same
        } else if named {
            Answerer::Claims(certificate)
        } else {
            Answerer::Another(certificate)
        };
    }
    if !newest.value.connect.outcome.answered() {
        return Answerer::Nobody;
    }
    let may_follow = newest
        .value
        .negotiate
        .as_ref()
        .and_then(|negotiate| negotiate.outcome.selected())
        .is_some_and(crate::domain::security::SecurityProtocol::starts_tls);
    let fresh = view
        .resolve
        .since(|one| is_elsewhere(view, one))
        .is_none_or(|since| view.now.mono.since(since.mono) < PATIENCE);
    if view.mode == Mode::Watch && tls.is_none() && may_follow && fresh {
        Answerer::NotYet
    } else {
        Answerer::Unidentified
    }
}

/// A wildcard names a whole domain and so identifies nobody.
fn right_name(view: &TargetView<'_>, certificate: &CertificateSummary) -> bool {
    if certificate.names.iter().any(|name| name.starts_with('*')) {
        return false;
    }
    view.target
        .host
        .name()
        .into_iter()
        .chain(view.target.aliases.iter().map(String::as_str))
        .any(|name| certificate.covers(name))
}

fn names(certificate: &CertificateSummary) -> String {
    certificate.names.first().map_or_else(|| quoted(&certificate.subject), |name| quoted(name))
}
