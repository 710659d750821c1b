//! `identity-mismatch`: the machine that answers is not the one that should.

use super::prelude::*;
use crate::domain::certificate::name_covers;
use crate::domain::identity::{Compared, Presented, accepted_names};
use crate::domain::sample::NameSource;
use crate::domain::target::TargetKind;
use crate::domain::turns::{is_member, take_turns};

/// The machine that answers is not the remembered one, or not the one of that name.
#[derive(Debug)]
pub(super) struct IdentityMismatch;

static IDENTITY_MISMATCH: RuleCard = RuleCard {
    id: RuleId("identity-mismatch"),
    title: "another machine answers",
    severities: &[Severity::Notice, Severity::Warning],
    owner: Owner::Dns,
    rung: Some(Rung::Tls),
    hysteresis: Hysteresis::TWICE,
    fed_by: &[ProbeKind::Tls, ProbeKind::Nla],
    plain: "Another machine than before seems to answer in its place.",
    explanation: "The machine that answers is not the one remembered for this target, by the name \
        in its NTLM challenge, or by the common name of its certificate where no challenge could \
        be read; or it belongs to the domain of the dialled name and calls itself otherwise. \
        Stale records, leases given to somebody else and two machines with one address do this. \
        Whatever claims the dialled name, an alias of the configuration or the name behind a CNAME \
        is fine, and so is a machine whose certificate, NTLM name or hardware address is known: it \
        was renewed or renamed. Names are compared without case, and as NetBIOS cuts them at 15 \
        characters. The reverse name is shown and never counts. Farms are left alone. Where the remembered \
        machine comes back within a day, both took turns, as members of a farm or behind a load \
        balancer do: that is a notice, and the members are known from then on. None of \
        these names is proof against somebody who wants to deceive: only the sign-in proves who \
        is there, and by then the password is typed.",
    disproof: "The remembered certificate or NTLM name answers again, or the name that answers is \
        a rightful alias.",
    remedies: &[
        Remedy {
            confirm: Some("Resolve-DnsName HOST; arp -a; nbtstat -A ADDRESS"),
            ..Remedy::new(
                "Do not type a password there until it is clear which machine answers. If it was \
                 rightly replaced or renamed, add its name to `aliases` of the target.",
                RunOn::Client,
            )
        },
        remedies::FLUSH_NAMES,
        remedies::FIX_RECORD,
        remedies::VPN_NAMES,
    ],
    explains: &["certificate-changed", "certificate-name-mismatch"],
    low_risk: false,
    client_error: client::CERTIFICATE,
    reviewed_when_found: true,
    alerting: Alerting::ALONE,
};

/// How far the machine is from the one that should answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// Nothing was read that says who it is.
    NotKnown,
    /// It is the right one, as far as can be told.
    Right,
    /// It was another one before.
    Changed(Confidence),
    /// It says that it is a machine of another name.
    Contradicts,
}

impl Rule for IdentityMismatch {
    fn card(&self) -> &'static RuleCard {
        &IDENTITY_MISMATCH
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        // A connection that ended before the certificate does not make one look two.
        if view.attempt().is_some_and(|attempt| attempt.tls.is_none()) {
            return Judgement::NoEvidence;
        }
        let word = word(view);
        let (confidence, before) = match word {
            Word::NotKnown => return Judgement::NoEvidence,
            Word::Right => return in_turns(view),
            Word::Contradicts => (Confidence::Certain, None),
            Word::Changed(confidence) => (confidence, view.memory.identity.as_ref()),
        };
        let presented = Presented::of(view);
        let now = presented.name().map_or_else(|| "another machine".to_owned(), quoted);
        let was = before.and_then(|before| before.name()).map(quoted);
        let by_name = view.target.host.name().is_some();
        let team = if by_name { "DNS team" } else { "Network team" };
        let sentence = match &was {
            Some(was) => format!(
                "{} leads to {now}, where {was} used to answer ({}). Do not type your password \
                 there. {team}.",
                host(view),
                confidence.word(),
            ),
            None => format!(
                "{} leads to a machine that calls itself {now} ({}). Do not type your password \
                 there until it is clear that this is right. {team}.",
                host(view),
                confidence.word(),
            ),
        };
        let evidence =
            Evidence::new(Severity::Warning, confidence, "another machine answers", sentence)
                .changed(was.is_some())
                .lines(identity_lines(view, &presented))
                .lines(before.map(|before| {
                    let at = view.memory.addresses.keys();
                    let seen = moment(before.seen);
                    match view.memory.addresses.len() {
                        0 => format!("before, until {seen}: {}", was.clone().unwrap_or_default()),
                        _ => format!(
                            "before, until {seen}: {} at {}",
                            was.clone().unwrap_or_default(),
                            list(at)
                        ),
                    }
                }));
        Judgement::fires(if by_name { evidence } else { evidence.owned_by(Owner::Network) })
    }
}

/// Several machines answer in turns, unless each has a right to.
fn in_turns(view: &TargetView<'_>) -> Judgement {
    let accepted = accepted_names(view);
    let members: Vec<_> = view.memory.members.iter().collect();
    let is_rightful = |name: &str| accepted.iter().any(|own| name_covers(name, own));
    let strange = members.iter().any(|one| !one.name().is_some_and(is_rightful));
    if view.target.kind == TargetKind::Farm
        || !strange
        || !take_turns(&view.memory.members, view.now.wall)
    {
        return Judgement::Clear;
    }
    let names = members.iter().rev().filter_map(|one| one.name()).map(quoted);
    let sentence = format!(
        "Several machines answer at {} in turns (likely): {}. If they are one farm, say kind = \
         \"farm\", or give their names as `aliases`. If there should be one machine only, do not \
         type your password there.",
        host(view),
        list(names),
    );
    let lines = members.iter().rev().filter_map(|one| {
        Some(format!("{} answered last {}", quoted(one.name()?), moment(one.seen)))
    });
    let title = "several machines answer";
    let evidence = Evidence::new(Severity::Notice, Confidence::Likely, title, sentence);
    let evidence = evidence.lines(lines);
    let by_name = view.target.host.name().is_some();
    Judgement::fires(if by_name { evidence } else { evidence.owned_by(Owner::Network) })
}

/// Whether another machine answers than the one that is remembered. Nothing is learnt from it.
pub(crate) fn is_another_machine(view: &TargetView<'_>) -> bool {
    matches!(word(view), Word::Changed(_))
}

fn word(view: &TargetView<'_>) -> Word {
    let presented = Presented::of(view);
    let tunnelled = view
        .dialled
        .is_some_and(|address| address.is_loopback() && !view.around.local.hosts_on_loopback);
    if presented.certificate.is_none() && presented.ntlm_names().next().is_none() {
        return Word::NotKnown;
    }
    let accepted = accepted_names(view);
    let issued_for_it = presented.certificate.is_some_and(|certificate| {
        !certificate.self_signed && accepted.iter().any(|name| certificate.covers(name))
    });
    if view.target.kind == TargetKind::Farm
        || tunnelled
        || issued_for_it
        || presented.claims(&accepted)
    {
        return Word::Right;
    }
    match against_the_past(view, &presented) {
        Some(confidence) => Word::Changed(confidence),
        None if contradicts(view, &presented) => Word::Contradicts,
        None => Word::Right,
    }
}

/// How sure it is that another machine answered before.
fn against_the_past(view: &TargetView<'_>, presented: &Presented<'_>) -> Option<Confidence> {
    let remembered = view.memory.identity.as_ref()?;
    let print = presented.certificate.map(|certificate| certificate.sha256);
    let known_print = print.is_some_and(|print| view.memory.thumbprints.contains_key(&print));
    let mac = view.neighbour.and_then(|neighbour| neighbour.value.mac);
    let known_card = mac.is_some() && mac == remembered.mac;
    if known_print || known_card || is_member(&view.memory.members, presented) {
        return None;
    }
    match (presented.ntlm_against(remembered), presented.common_name_against(remembered)) {
        (Compared::Different, _) => Some(Confidence::Certain),
        (Compared::Unknown, Compared::Different) => Some(Confidence::Likely),
        _ => None,
    }
}

/// Whether a Windows machine of the dialled name's own domain calls itself otherwise. A name of
/// another domain, or one that the hosts file gives, is somebody's choice.
fn contradicts(view: &TargetView<'_>, presented: &Presented<'_>) -> bool {
    let Some(dialled) = view.target.host.name() else { return false };
    if view.memory.identity.as_ref().is_some_and(|before| before.rightful) {
        return false;
    }
    let Some(ntlm) = presented.ntlm.filter(|_| !presented.is_winpr()) else { return false };
    if presented.ntlm_names().next().is_none()
        || view.resolution().is_some_and(|resolution| resolution.source == NameSource::Hosts)
    {
        return false;
    }
    let dialled = dialled.trim_end_matches('.');
    match dialled.split_once('.') {
        None => true,
        Some((_, domain)) => {
            let own = ntlm.dns_domain.as_deref().map(|own| own.trim_end_matches('.'));
            own.is_some_and(|own| own.eq_ignore_ascii_case(domain))
        }
    }
}

/// Every name that the machine has, by who says it.
fn identity_lines(view: &TargetView<'_>, presented: &Presented<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    let ntlm: Vec<String> = presented.ntlm_names().map(quoted).collect();
    if !ntlm.is_empty() {
        lines.push(format!("NTLM challenge: {}", list(ntlm)));
    }
    if let Some(certificate) = presented.certificate {
        let names = list(certificate.names.iter().map(|name| quoted(name)));
        lines.push(format!("certificate: {names}, {}", certificate.sha256.short()));
    }
    if let Some(mac) = view.neighbour.and_then(|neighbour| neighbour.value.mac) {
        lines.push(format!("hardware address {mac}"));
    }
    if let Some(resolution) = view.resolution().filter(|resolution| !resolution.ptr.is_empty()) {
        let names = list(resolution.ptr.iter().map(|name| quoted(name)));
        lines.push(format!("reverse name: {names} (does not count)"));
    }
    lines
}
