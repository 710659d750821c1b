//! The name leads somewhere else than expected: `dns-mismatch` to somebody else or to nobody,
//! `address-changed` to the same machine. Both stand on while it does so by turns.

use super::name::is_here;
use super::prelude::*;
use crate::domain::identity::{Compared, Presented, accepted_names};
use crate::domain::leads::ByTurns;
use crate::domain::sample::{NameOutcome, Resolution};
use crate::domain::time::WallTime;
use std::net::IpAddr;

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
    plain: "Its name leads to another address than it should.",
    explanation: "The name resolves, and none of its addresses is one that was listed as expected; \
        and at the address nobody answers, or a machine with another name on its certificate, or \
        one that cannot be identified. Stale records, DHCP leases given to somebody else and \
        split DNS over a VPN do this. A machine whose remembered certificate answers there, or \
        that presents the right name when none is remembered, has merely moved: address-changed. \
        A password typed at the wrong machine is given away. Where the expected address comes back \
        and the name leads elsewhere again, it does so at times: two resolvers with different \
        answers, or a round robin with a wrong record. That is one finding until every answer was \
        right for ten minutes; it is taken for the reason of nothing else while the expected \
        address is dialled.",
    disproof: "The expected address comes back and stays, or the certificate there is the \
        remembered one.",
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
        "name-path-broken",
        "dns-disagreement",
        "identity-mismatch",
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
    alerting: Alerting::PLAIN,
};

/// Who answers at the unexpected address.
enum Answerer {
    /// The same PC, and why that is known.
    Same(Confidence, String),
    /// Not looked yet.
    NotYet,
    /// Nobody.
    Nobody,
    /// A machine with other names.
    Another(String),
    /// A machine that presents the right name with a certificate that is not the remembered one.
    Claims(String),
    /// A machine that says nothing of itself.
    Unidentified,
}

impl Rule for DnsMismatch {
    fn card(&self) -> &'static RuleCard {
        &DNS_MISMATCH
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some(resolution) = view.resolution() else { return Judgement::NoEvidence };
        if resolution.outcome != NameOutcome::Ok
            || view.target.expect.is_empty()
            || leads_here(view, &resolution.addresses)
        {
            return Judgement::NoEvidence;
        }
        let turns = by_turns(view);
        if !is_elsewhere(view, resolution) {
            let led = |turns| Judgement::fires(led_elsewhere(view, &turns));
            return turns.map_or(Judgement::Clear, led);
        }
        let answerer = answerer(view);
        let (confidence, who, client) = match answerer {
            Answerer::Same(..) => return Judgement::Clear,
            Answerer::NotYet => return Judgement::NoEvidence,
            Answerer::Nobody if view.may_sleep() && !expected_answers(view) => {
                return Judgement::NoEvidence;
            }
            Answerer::Nobody => {
                (Confidence::Certain, "nobody answers there".to_owned(), client::CONNECT)
            }
            Answerer::Another(ref name) => (
                Confidence::Certain,
                format!("a machine that calls itself {name} answers there"),
                client::CERTIFICATE,
            ),
            Answerer::Claims(ref name) => (
                Confidence::Likely,
                format!(
                    "a machine answers there that calls itself {name}, with another certificate \
                     than before"
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
        let (title, leads) = match &turns {
            Some(turns) => (BY_TURNS, lead(turns)),
            None => ("name leads elsewhere", format!("leads to {to}")),
        };
        let sentence = format!(
            "The name {} {leads}, which is not expected, and {who} ({}).{warning} DNS team.",
            host(view),
            confidence.word(),
        );
        let mut evidence = Evidence::new(Severity::Critical, confidence, title, sentence)
            .line(format!("resolves to {to}, expected {}", list(&view.target.expect)))
            .line(who)
            .client(client)
            .since(elsewhere_since(view, turns.as_ref()));
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
        let expected = super::name::expected_lines(view);
        if !expected.iter().any(|(works, _)| *works) && expected_answers(view) {
            evidence = evidence.line("the expected address answers");
        }
        evidence = evidence.lines(expected.into_iter().map(|(_, line)| line));
        if !resolution.ptr.is_empty() {
            evidence = evidence
                .line(format!("reverse name: {}", list(resolution.ptr.iter().map(|n| quoted(n)))));
        }
        Judgement::fires(evidence)
    }

    fn may_be_why(&self, view: &TargetView<'_>) -> bool {
        view.dialled.is_none_or(|dialled| view.target.is_elsewhere(&[dialled]))
    }
}

/// What it is called while the name leads elsewhere by turns.
const BY_TURNS: &str = "name leads elsewhere at times";

fn is_elsewhere(view: &TargetView<'_>, resolution: &Resolution) -> bool {
    resolution.outcome == NameOutcome::Ok && leads_elsewhere(view, &resolution.addresses)
}

fn by_turns<'a>(view: &TargetView<'a>) -> Option<ByTurns<'a>> {
    view.leads.by_turns(|to| leads_elsewhere(view, to))
}

/// To somebody else: what leads to this machine is told as that.
fn leads_elsewhere(view: &TargetView<'_>, to: &[IpAddr]) -> bool {
    view.target.is_elsewhere(to) && !leads_here(view, to)
}

fn leads_here(view: &TargetView<'_>, to: &[IpAddr]) -> bool {
    to.first().is_some_and(|first| is_here(view.target, &view.around.local, *first))
}

/// `leads to 10.0.0.99 in 8 of the last 16 answers`.
fn lead(turns: &ByTurns<'_>) -> String {
    let ByTurns { elsewhere, of, to, .. } = turns;
    format!("leads to {} in {elsewhere} of the last {of} answers", list(to))
}

fn elsewhere_since(view: &TargetView<'_>, turns: Option<&ByTurns<'_>>) -> Option<WallTime> {
    let in_a_row = || view.resolve.since(|one| is_elsewhere(view, one));
    turns.map(|turns| turns.since).or_else(in_a_row).map(|at| at.wall)
}

/// What is said of a name that leads elsewhere by turns while it leads where it should. Who answers
/// there is not asked now, so it only keeps what stands.
fn led_elsewhere(view: &TargetView<'_>, turns: &ByTurns<'_>) -> Evidence {
    let sentence = format!(
        "The name {} {}, which is not expected (certain). Do not type your password there. DNS \
         team.",
        host(view),
        lead(turns),
    );
    Evidence::new(Severity::Critical, Confidence::Certain, BY_TURNS, sentence)
        .line(expected_again(view, turns))
        .lines(super::name::expected_lines(view).into_iter().map(|(_, line)| line))
        .since(Some(turns.since.wall))
        .anew(false)
}

/// `led to 10.0.0.99 last at 02:41:40Z, expected 10.0.0.21`.
fn expected_again(view: &TargetView<'_>, turns: &ByTurns<'_>) -> String {
    let newest = turns.newest;
    format!(
        "led to {} last at {}, expected {}",
        list(&newest.addresses),
        clock(newest.last.wall),
        list(&view.target.expect)
    )
}

/// Whether one of the expected addresses, tried beside, answers.
fn expected_answers(view: &TargetView<'_>) -> bool {
    view.alternatives.iter().any(|(address, other)| {
        view.target.expect.contains(address) && other.newest.value.outcome.answered()
    })
}

fn answerer(view: &TargetView<'_>) -> Answerer {
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
    let presented = Presented {
        certificate: tls.and_then(|tls| tls.certificate.as_ref()),
        ntlm: view.nla.and_then(|nla| nla.value.identity.as_ref()),
    };
    if let Some(answerer) = identified(view, &presented) {
        return answerer;
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

/// Who it is by its own word: by the certificate where that is remembered, else by its NTLM name,
/// else by the name on the certificate.
fn identified(view: &TargetView<'_>, presented: &Presented<'_>) -> Option<Answerer> {
    let name = presented.name().map(quoted)?;
    let remembered = &view.memory.thumbprints;
    let print = presented.certificate.map(|certificate| certificate.sha256);
    if print.is_some_and(|print| remembered.contains_key(&print)) {
        return Some(Answerer::Same(Confidence::Certain, "the remembered certificate".to_owned()));
    }
    let accepted = accepted_names(view);
    let ntlm = Presented { certificate: None, ..*presented };
    let as_before = view
        .memory
        .identity
        .as_ref()
        .is_some_and(|before| ntlm.ntlm_against(before) == Compared::Same);
    if as_before || ntlm.claims(&accepted) {
        return Some(Answerer::Same(Confidence::Certain, format!("its NTLM name, {name}")));
    }
    if ntlm.ntlm_names().next().is_some() {
        return Some(Answerer::Another(name));
    }
    let certificate = presented.certificate?;
    Some(if !presented.claims(&accepted) {
        Answerer::Another(name)
    } else if remembered.is_empty() || !certificate.self_signed {
        Answerer::Same(Confidence::Likely, format!("the name on its certificate, {name}"))
    } else {
        Answerer::Claims(name)
    })
}

/// The name leads to a new address, and the same PC is there.
#[derive(Debug)]
pub(super) struct AddressChanged;

/// The rule of a machine that has merely moved.
pub(crate) const ADDRESS_CHANGED_ID: RuleId = RuleId("address-changed");

static ADDRESS_CHANGED: RuleCard = RuleCard {
    id: ADDRESS_CHANGED_ID,
    title: "address has changed",
    severities: &[Severity::Notice],
    owner: Owner::Network,
    rung: None,
    hysteresis: Hysteresis::TWICE,
    fed_by: &[ProbeKind::Resolve, ProbeKind::Negotiate, ProbeKind::Tls],
    plain: "It has a new address, and is the same machine.",
    explanation: "The name resolves, to none of the addresses that were listed as expected, and \
        the machine there is the same PC: it presents the remembered certificate, or says its \
        name. That is what DHCP does, and nothing is wrong with it but the list. Without listed \
        addresses there is nothing to compare, and a new address is no news.",
    disproof: "The expected address comes back, or another machine answers at the new one.",
    remedies: &[
        Remedy {
            confirm: Some("rdpwatch check HOST"),
            impact: Some("none"),
            ..Remedy::new(
                "If it has rightly moved, put the new address in `expect` of the target, or leave \
                 `expect` out where DHCP gives the address.",
                RunOn::Monitor,
            )
        },
        Remedy {
            needs: Some("whoever runs the DHCP server"),
            ..Remedy::new(
                "If people dial the address, reserve it for this PC on the DHCP server.",
                RunOn::Network,
            )
        },
    ],
    explains: &[],
    low_risk: false,
    client_error: None,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for AddressChanged {
    fn card(&self) -> &'static RuleCard {
        &ADDRESS_CHANGED
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some(resolution) = view.resolution() else { return Judgement::NoEvidence };
        if resolution.outcome != NameOutcome::Ok
            || view.target.expect.is_empty()
            || leads_here(view, &resolution.addresses)
        {
            return Judgement::NoEvidence;
        }
        let turns = by_turns(view);
        if !is_elsewhere(view, resolution) {
            let moved = |turns| Judgement::fires(moved_by_turns(view, &turns));
            return turns.map_or(Judgement::Clear, moved);
        }
        let (confidence, proof) = match answerer(view) {
            Answerer::Same(confidence, proof) => (confidence, proof),
            Answerer::NotYet => return Judgement::NoEvidence,
            _ => return Judgement::Clear,
        };
        let (to, expected) = (list(&resolution.addresses), list(&view.target.expect));
        let (title, moves) = match &turns {
            Some(turns) => (CHANGES, lead(turns)),
            None => ("address has changed", format!("has moved to {to}")),
        };
        let sentence = format!(
            "{} {moves} ({}, by {proof}); {expected} is expected. Update the expected \
             address.",
            host(view),
            confidence.word(),
        );
        Judgement::fires(
            Evidence::new(Severity::Notice, confidence, title, sentence)
                .line(format!("resolves to {to}, expected {expected}"))
                .line(format!("it is the same PC by {proof}"))
                .lines(super::name::expected_lines(view).into_iter().map(|(_, line)| line))
                .since(elsewhere_since(view, turns.as_ref())),
        )
    }
}

/// What it is called while the name leads there by turns.
const CHANGES: &str = "address changes at times";

/// What is said of it while the name leads where it should.
fn moved_by_turns(view: &TargetView<'_>, turns: &ByTurns<'_>) -> Evidence {
    let sentence = format!(
        "{} {} (certain), and the same PC answered there; {} is expected. Update the expected \
         address.",
        host(view),
        lead(turns),
        list(&view.target.expect),
    );
    Evidence::new(Severity::Notice, Confidence::Certain, CHANGES, sentence)
        .line(expected_again(view, turns))
        .since(Some(turns.since.wall))
        .anew(false)
}
