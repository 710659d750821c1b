//! `client-settings`: a connection file asks for what this host refuses.

use super::prelude::*;
use crate::domain::client_settings::{Authentication, ClientSettings};
use crate::domain::history::Timed;
use crate::domain::sample::NegotiateOutcome;
use crate::domain::security::FailureCode;
use crate::domain::target::Host;

/// The file and the host do not fit.
#[derive(Debug)]
pub(super) struct ClientSettingsMisfit;

static CLIENT_SETTINGS: RuleCard = RuleCard {
    id: RuleId("client-settings"),
    title: "connection file does not fit the host",
    severities: &[Severity::Notice, Severity::Warning],
    owner: Owner::Client,
    rung: None,
    hysteresis: Hysteresis::TWICE,
    fed_by: CONNECTIONS,
    plain: "The connection file on this machine does not fit it.",
    explanation: "The .rdp file that leads here asks for something that this host does not give: no \
        NLA (enablecredsspsupport:i:0) where the host chooses or demands it, no connection to a host \
        whose certificate cannot be verified (authentication level:i:1) where the certificate is \
        expired, for another name or self-signed, or no Entra sign-in where the host takes nothing \
        else. Others reach the host, and whoever opens this file does not. A client that proves the \
        host by Kerberos in place of the certificate connects all the same, so refusal is at most \
        likely. Only the file is looked at: what policies or the client itself add is not seen.",
    disproof: "The same file connects, or another client fails alike.",
    remedies: &[
        Remedy {
            confirm: Some(
                "findstr /i \"enablecredsspsupport authentication enablerdsaadauth\" FILE.rdp",
            ),
            undo: Some("put the old line back"),
            ..Remedy::new(
                "Let the file ask for what the host has: enablecredsspsupport:i:1, authentication \
                 level:i:2 (warn), enablerdsaadauth:i:1 where only Entra is taken.",
                RunOn::Client,
            )
        },
        remedies::RENEW_ISSUED,
    ],
    explains: &[],
    low_risk: true,
    client_error: None,
    reviewed_when_found: true,
    alerting: Alerting::PLAIN,
};

impl Rule for ClientSettingsMisfit {
    fn card(&self) -> &'static RuleCard {
        &CLIENT_SETTINGS
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some(asked) = view.target.client else { return Judgement::Moot };
        let Some(entry) = view.settled() else { return Judgement::NoEvidence };
        let Some(negotiate) = &entry.value.negotiate else { return Judgement::NoEvidence };
        let found = match &negotiate.outcome {
            NegotiateOutcome::Confirmed { selected, .. } => {
                nla(view, asked, selected.starts_nla()).or_else(|| certificate(view, asked, entry))
            }
            NegotiateOutcome::Failure(code) => refused(view, asked, *code),
            _ => return Judgement::NoEvidence,
        };
        found.map_or(Judgement::Clear, Judgement::fires)
    }
}

/// A file without NLA, and a host that chooses it where it is offered. It may take less.
fn nla(view: &TargetView<'_>, asked: ClientSettings, chosen: bool) -> Option<Evidence> {
    if asked.credssp != Some(false) || !chosen {
        return None;
    }
    let sentence = format!(
        "The connection file of {} turns NLA off, and the host chooses NLA where it is offered: if \
         it demands it, whoever opens the file is refused (possible). Set enablecredsspsupport:i:1.",
        name(view)
    );
    let title = "file turns NLA off";
    Some(
        Evidence::new(Severity::Notice, Confidence::Possible, title, sentence)
            .line("file: enablecredsspsupport:i:0")
            .line("X.224: the host selected NLA"),
    )
}

/// A file without what the host demands by name.
fn refused(view: &TargetView<'_>, asked: ClientSettings, code: FailureCode) -> Option<Evidence> {
    let who = name(view);
    let (title, line, sentence) = match code {
        FailureCode::HYBRID_REQUIRED if asked.credssp == Some(false) => (
            "file turns NLA off, host demands it",
            "file: enablecredsspsupport:i:0",
            format!(
                "{who} demands NLA, and the connection file turns it off (certain): whoever opens \
                 it is refused. Set enablecredsspsupport:i:1."
            ),
        ),
        FailureCode::ENTRA_AUTH_REQUIRED if asked.entra != Some(true) => (
            "file without Entra sign-in",
            "file: no enablerdsaadauth:i:1",
            format!(
                "{who} takes only Microsoft Entra sign-in, and the connection file does not ask \
                 for it (certain): whoever opens it is refused. Set enablerdsaadauth:i:1."
            ),
        ),
        _ => return None,
    };
    Some(
        Evidence::new(Severity::Warning, Confidence::Certain, title, sentence)
            .line(line)
            .line(format!("X.224: refused with {code}")),
    )
}

/// A file that refuses hosts which it cannot verify, and a certificate that cannot be.
fn certificate(
    view: &TargetView<'_>,
    asked: ClientSettings,
    entry: &Timed<Attempt>,
) -> Option<Evidence> {
    if asked.authentication != Some(Authentication::Refuse) {
        return None;
    }
    let newest = entry.value.tls.as_ref().or_else(|| view.tls.map(|tls| &tls.value));
    let certificate = newest?.certificate.as_ref()?;
    let by_address = matches!(view.target.host, Host::Address(..));
    let misnamed = match &view.target.host {
        Host::Name(dialled) => !certificate.covers(dialled),
        Host::Address(..) => false,
    };
    let why = if certificate.not_after < view.now.wall {
        "has expired"
    } else if certificate.self_signed {
        "is self-signed"
    } else if misnamed {
        "is for another name"
    } else {
        return None;
    };
    // A name can be proven by Kerberos in place of the certificate, an address cannot.
    let (severity, confidence) = if by_address {
        (Severity::Warning, Confidence::Likely)
    } else {
        (Severity::Notice, Confidence::Possible)
    };
    let sentence = format!(
        "The connection file of {} refuses hosts that it cannot verify, and the certificate there \
         {why}: whoever opens the file does not get in ({}). Set authentication level:i:2, or renew \
         the certificate.",
        name(view),
        confidence.word()
    );
    Some(
        Evidence::new(severity, confidence, "file refuses this certificate", sentence)
            .line("file: authentication level:i:1")
            .line(format!("the certificate {why}")),
    )
}
