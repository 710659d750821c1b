//! What the host is willing to negotiate: `legacy-security`, `security-layer-mismatch`,
//! `entra-required`.

use super::prelude::*;
use super::service::negotiated;
use crate::domain::sample::{Negotiate, NegotiateOutcome};
use crate::domain::security::{FailureCode, SecurityProtocol};

/// Only Standard RDP Security.
#[derive(Debug)]
pub(super) struct LegacySecurity;

static LEGACY_SECURITY: RuleCard = RuleCard {
    id: RuleId("legacy-security"),
    title: "only Standard RDP Security",
    severities: &[Severity::Warning, Severity::Critical],
    owner: Owner::Server,
    rung: Some(Rung::X224),
    hysteresis: Hysteresis::TWICE,
    fed_by: CONNECTIONS,
    plain: "It secures connections in a very old way only, which clients may refuse.",
    explanation: "The host takes neither TLS nor NLA: it chooses plain RDP, sends no negotiation \
        data as very old systems do, or refuses TLS outright (RDP negotiation failure 2). Current \
        clients and proxies may hang up, which shows as 0x904, and nothing proves to the user \
        which machine answers. A server that cannot read its private key may fall back to this.",
    disproof: "An X.224 answer that selects TLS or NLA.",
    remedies: &[
        remedies::CERTIFICATE_EVENTS,
        remedies::KEY_PERMISSIONS,
        remedies::RAISE_SECURITY_LAYER,
        remedies::UPDATE_BOTH,
    ],
    explains: &[],
    low_risk: false,
    client_error: client::MAYBE_CLOSED,
    reviewed_when_found: true,
    alerting: Alerting::PLAIN,
};

impl Rule for LegacySecurity {
    fn card(&self) -> &'static RuleCard {
        &LEGACY_SECURITY
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some((_, negotiate)) = negotiated(view) else { return Judgement::NoEvidence };
        let Some((severity, how)) = legacy(negotiate) else { return Judgement::Clear };
        let sentence = format!(
            "{} offers only Standard RDP Security (certain): {how}. Current clients may hang up \
             with 0x904 ({}). Server team: let it use TLS.",
            name(view),
            if severity == Severity::Critical { "likely" } else { "possible" },
        );
        let evidence =
            Evidence::new(severity, Confidence::Certain, "only Standard RDP Security", sentence)
                .line(format!("asked for {}, {how}", asked(negotiate.asked)))
                .since(
                    view.attempts
                        .since(|one| one.negotiate.as_ref().is_some_and(|n| legacy(n).is_some()))
                        .map(|at| at.wall),
                );
        Judgement::fires(if severity == Severity::Critical {
            evidence.client(client::CLOSED)
        } else {
            evidence
        })
    }
}

fn legacy(negotiate: &Negotiate) -> Option<(Severity, &'static str)> {
    match negotiate.outcome {
        NegotiateOutcome::NoNegotiation => {
            Some((Severity::Warning, "its answer carries no negotiation data"))
        }
        NegotiateOutcome::Confirmed { selected: SecurityProtocol::RDP, .. } => {
            Some((Severity::Warning, "it chose plain RDP although TLS and NLA were offered"))
        }
        NegotiateOutcome::Failure(FailureCode::SSL_NOT_ALLOWED) => Some((
            Severity::Critical,
            "it refuses TLS and NLA (SSL_NOT_ALLOWED_BY_SERVER, failure 2)",
        )),
        _ => None,
    }
}

/// The names of the protocols asked for.
fn asked(protocols: SecurityProtocol) -> String {
    let names: Vec<&str> = [1_u32, 2, 4, 8, 0x10]
        .into_iter()
        .filter(|bit| protocols.0 & bit != 0)
        .filter_map(|bit| SecurityProtocol(bit).name())
        .collect();
    if names.is_empty() { "plain RDP".to_owned() } else { list(names) }
}

/// The host wants something that a current client does not offer.
#[derive(Debug)]
pub(super) struct SecurityLayerMismatch;

static SECURITY_LAYER_MISMATCH: RuleCard = RuleCard {
    id: RuleId("security-layer-mismatch"),
    title: "security layers do not match",
    severities: &[Severity::Critical],
    owner: Owner::Server,
    rung: Some(Rung::X224),
    hysteresis: Hysteresis::TWICE,
    fed_by: CONNECTIONS,
    plain: "It and today's clients do not agree on how to secure the connection.",
    explanation: "Asked with everything that a current Windows client offers (TLS, NLA and NLA \
        with early authorization), the host still refuses: it wants another layer, a client \
        certificate, calls the request inconsistent, or gives a reason that the specification does \
        not know; or it chooses a layer that was not offered. A proxy that speaks TLS in front of \
        RDP does this too. That NLA is required is no fault: it is asked for.",
    disproof: "An X.224 answer that selects TLS or NLA.",
    remedies: &[
        remedies::RDP_EVENTS,
        remedies::WHO_LISTENS,
        remedies::UPDATE_BOTH,
        remedies::RAISE_SECURITY_LAYER,
        remedies::DISABLE_NLA,
        remedies::LOWER_SECURITY_LAYER,
    ],
    explains: &[],
    low_risk: false,
    client_error: client::CLOSED,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for SecurityLayerMismatch {
    fn card(&self) -> &'static RuleCard {
        &SECURITY_LAYER_MISMATCH
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some((_, negotiate)) = negotiated(view) else { return Judgement::NoEvidence };
        let Some(what) = mismatch(negotiate) else { return Judgement::Clear };
        let sentence = format!(
            "{} refuses what a current client offers (certain): {what}. Users see 0x904 (likely). \
             Server team: check its security layer.",
            name(view)
        );
        Judgement::fires(
            Evidence::new(
                Severity::Critical,
                Confidence::Certain,
                "security layers do not match",
                sentence,
            )
            .line(format!("asked for {}", asked(negotiate.asked)))
            .line(format!("answered: {what}"))
            .since(
                view.attempts
                    .since(|one| one.negotiate.as_ref().is_some_and(|n| mismatch(n).is_some()))
                    .map(|at| at.wall),
            ),
        )
    }
}

fn mismatch(negotiate: &Negotiate) -> Option<String> {
    match negotiate.outcome {
        NegotiateOutcome::Failure(
            FailureCode::SSL_NOT_ALLOWED
            | FailureCode::SSL_CERT_NOT_ON_SERVER
            | FailureCode::ENTRA_AUTH_REQUIRED,
        ) => None,
        NegotiateOutcome::Failure(FailureCode::HYBRID_REQUIRED)
            if negotiate.asked != SecurityProtocol::HYBRID =>
        {
            None
        }
        NegotiateOutcome::Failure(code) => Some(match code.name() {
            Some(name) => format!("{name}, failure {}", code.0),
            None => format!("failure code {}, which the specification does not know", code.0),
        }),
        NegotiateOutcome::Confirmed { selected, .. }
            if selected != SecurityProtocol::RDP
                && selected.0 & negotiate.asked.0 != selected.0 =>
        {
            Some(format!("it chose {selected}, which was not offered"))
        }
        _ => None,
    }
}

/// Only Entra sign-in.
#[derive(Debug)]
pub(super) struct EntraRequired;

static ENTRA_REQUIRED: RuleCard = RuleCard {
    id: RuleId("entra-required"),
    title: "only Entra sign-in",
    severities: &[Severity::Notice],
    owner: Owner::Server,
    rung: Some(Rung::X224),
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: CONNECTIONS,
    plain: "It takes only sign-in with a work account of the cloud.",
    explanation: "The host takes only sign-in with Microsoft Entra (RDP negotiation failure 7). \
        The probe does not offer that layer, because some servers hang up on it, so the host is \
        not judged further: it is there and answers Remote Desktop.",
    disproof: "An X.224 answer that selects TLS or NLA.",
    remedies: &[Remedy {
        commands: &["mstsc (Advanced > Use a web account to sign in to the remote computer)"],
        needs: Some("a client with Entra sign-in: Windows 10 20H2 or later"),
        ..Remedy::new(
            "Sign in with a web account; in a .rdp file, enablerdsaadauth:i:1.",
            RunOn::Client,
        )
    }],
    explains: &[],
    low_risk: false,
    client_error: client::MAYBE_CLOSED,
    reviewed_when_found: true,
    alerting: Alerting::PLAIN,
};

impl Rule for EntraRequired {
    fn card(&self) -> &'static RuleCard {
        &ENTRA_REQUIRED
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some((entry, _)) = negotiated(view) else { return Judgement::NoEvidence };
        if !wants_entra(&entry.value) {
            return Judgement::Clear;
        }
        let sentence = format!(
            "{} takes only Microsoft Entra sign-in (certain): it answers, and is not judged \
             further. Use a web account to sign in.",
            name(view)
        );
        Judgement::fires(
            Evidence::new(Severity::Notice, Confidence::Certain, "only Entra sign-in", sentence)
                .line("X.224: ENTRA_AUTH_REQUIRED_BY_SERVER (failure 7)")
                .since(view.attempts.since(wants_entra).map(|at| at.wall)),
        )
    }
}

fn wants_entra(attempt: &Attempt) -> bool {
    attempt.negotiate.as_ref().is_some_and(|negotiate| {
        negotiate.outcome == NegotiateOutcome::Failure(FailureCode::ENTRA_AUTH_REQUIRED)
    })
}
