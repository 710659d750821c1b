//! Whose certificate it is, and what it is made of: `certificate-missing`,
//! `certificate-name-mismatch`, `certificate-weak`, `certificate-changed`.

use super::certificate_dates::{certificate_lines, presented, without_certificate};
use super::prelude::*;
use super::service::negotiated;
use crate::domain::sample::NegotiateOutcome;
use crate::domain::security::FailureCode;
use crate::domain::target::TargetKind;

/// The host says that it has none.
#[derive(Debug)]
pub(super) struct CertificateMissing;

static CERTIFICATE_MISSING: RuleCard = RuleCard {
    id: RuleId("certificate-missing"),
    title: "no usable certificate",
    severities: &[Severity::Critical],
    owner: Owner::Server,
    rung: Some(Rung::X224),
    hysteresis: Hysteresis::TWICE,
    fed_by: CONNECTIONS,
    plain: "Remote Desktop on it has nothing to prove itself with, and refuses everybody.",
    explanation: "The host refuses with SSL_CERT_NOT_ON_SERVER (RDP negotiation failure 3): it has \
        no certificate that it could use, or cannot read the private key. A damaged key store, \
        wrong rights in MachineKeys, or a certificate bound by thumbprint that was deleted do \
        this; it is the cause most often named for 0x904.",
    disproof: "An X.224 answer that selects TLS or NLA.",
    remedies: &[
        remedies::CERTIFICATE_EVENTS,
        remedies::RENEW_ISSUED,
        remedies::KEY_PERMISSIONS,
        remedies::RECREATE_CERTIFICATE,
        remedies::RENAME_MACHINE_KEYS,
        remedies::LOWER_SECURITY_LAYER,
    ],
    explains: &[],
    low_risk: false,
    client_error: client::CLOSED,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for CertificateMissing {
    fn card(&self) -> &'static RuleCard {
        &CERTIFICATE_MISSING
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some((entry, negotiate)) = negotiated(view) else { return Judgement::NoEvidence };
        if !is_missing(&entry.value) {
            return Judgement::Clear;
        }
        let sentence = format!(
            "{} says that it has no usable certificate (certain): its private key is damaged or \
             cannot be read (likely). Users see 0x904. Server team: check events 1057/1058 first.",
            name(view)
        );
        Judgement::fires(
            Evidence::new(
                Severity::Critical,
                Confidence::Certain,
                "no usable certificate",
                sentence,
            )
            .line(format!(
                "X.224: SSL_CERT_NOT_ON_SERVER (failure 3) after {}",
                span(negotiate.elapsed)
            ))
            .since(view.attempts.since(is_missing).map(|at| at.wall)),
        )
    }
}

fn is_missing(attempt: &Attempt) -> bool {
    attempt.negotiate.as_ref().is_some_and(|negotiate| {
        negotiate.outcome == NegotiateOutcome::Failure(FailureCode::SSL_CERT_NOT_ON_SERVER)
    })
}

/// An authority's certificate for other names.
#[derive(Debug)]
pub(super) struct CertificateNameMismatch;

static CERTIFICATE_NAME_MISMATCH: RuleCard = RuleCard {
    id: RuleId("certificate-name-mismatch"),
    title: "certificate is for another name",
    severities: &[Severity::Notice],
    owner: Owner::Client,
    rung: Some(Rung::Tls),
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Tls],
    plain: "What it proves itself with is made out for another name: you may be warned.",
    explanation: "An authority issued the certificate, and the name that is dialled is not among \
        its names, nor is any alias that was configured: clients warn until the right name is \
        dialled. Names are compared without case; a short name stands for itself in any domain; \
        what NetBIOS cuts at 15 characters matches. Self-signed certificates are trusted by \
        nobody by name, so they are left alone, and so are targets dialled by address.",
    disproof: "A certificate that lists the dialled name.",
    remedies: &[
        Remedy {
            confirm: Some("rdpwatch check --format json HOST:PORT"),
            commands: &["mstsc /v:NAME:PORT"],
            ..Remedy::new(
                "Dial one of the names that the certificate lists (in place of NAME).",
                RunOn::Client,
            )
        },
        remedies::RENEW_ISSUED,
    ],
    explains: &[],
    low_risk: false,
    client_error: client::CERTIFICATE,
    reviewed_when_found: true,
    alerting: Alerting::PLAIN,
};

impl Rule for CertificateNameMismatch {
    fn card(&self) -> &'static RuleCard {
        &CERTIFICATE_NAME_MISMATCH
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some((certificate, _)) = presented(view) else { return without_certificate(view) };
        let Some(dialled) = view.target.host.name() else { return Judgement::Clear };
        let covered = std::iter::once(dialled)
            .chain(view.target.aliases.iter().map(String::as_str))
            .any(|name| certificate.covers(name));
        if certificate.self_signed || covered || certificate.names.is_empty() {
            return Judgement::Clear;
        }
        let names = list(certificate.names.iter().map(|name| quoted(name)));
        let sentence = format!(
            "The certificate of {} is for {names}, not for {} (certain): clients warn. Dial one of \
             those names.",
            name(view),
            host(view)
        );
        Judgement::fires(
            Evidence::new(
                Severity::Notice,
                Confidence::Certain,
                "certificate is for another name",
                sentence,
            )
            .line(format!("dialled {}, certificate for {names}", host(view)))
            .lines(certificate_lines(certificate)),
        )
    }
}

/// A short key or an old digest.
#[derive(Debug)]
pub(super) struct CertificateWeak;

static CERTIFICATE_WEAK: RuleCard = RuleCard {
    id: RuleId("certificate-weak"),
    title: "weak certificate",
    severities: &[Severity::Warning],
    owner: Owner::Server,
    rung: Some(Rung::Tls),
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Tls],
    plain: "What it proves itself with is weak: an update may end that it is accepted.",
    explanation: "The certificate's RSA key is shorter than 2048 bits, or it is signed with SHA-1 \
        or MD5. Current Windows still connects to most of these and says so; a policy or an update \
        may end that.",
    disproof: "A certificate with a longer key and a SHA-2 signature.",
    remedies: &[remedies::RENEW_ISSUED, remedies::RECREATE_CERTIFICATE],
    explains: &[],
    low_risk: true,
    client_error: None,
    reviewed_when_found: true,
    alerting: Alerting::PLAIN,
};

impl Rule for CertificateWeak {
    fn card(&self) -> &'static RuleCard {
        &CERTIFICATE_WEAK
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some((certificate, _)) = presented(view) else { return without_certificate(view) };
        if !certificate.is_weak() {
            return Judgement::Clear;
        }
        let made_of = format!("{}, {}", certificate.key, quoted(&certificate.signature));
        let sentence = format!(
            "The certificate of {} is weak ({made_of}; certain): clients may refuse it one day. \
             Server team: replace it.",
            name(view)
        );
        Judgement::fires(
            Evidence::new(Severity::Warning, Confidence::Certain, "weak certificate", sentence)
                .line(format!("key and signature: {made_of}"))
                .lines(certificate_lines(certificate)),
        )
    }
}

/// Not one of those seen before.
#[derive(Debug)]
pub(super) struct CertificateChanged;

/// So many new certificates in a week are a template that re-issues daily.
const TOO_MANY: usize = 4;
const WEEK: Duration = Duration::from_hours(7 * 24);

static CERTIFICATE_CHANGED: RuleCard = RuleCard {
    id: RuleId("certificate-changed"),
    title: "certificate changed",
    severities: &[Severity::Notice],
    owner: Owner::Server,
    rung: Some(Rung::Tls),
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Tls],
    plain: "It proves itself with something new.",
    explanation: "The host presents a certificate that was not seen there before. Renewal does \
        this rightly; so does another machine that took over the name or address, and a product \
        that intercepts TLS. A beginning of validity close to the change speaks for a renewal. New \
        ones every day point to an authority's template that re-issues instead of renewing. Farms, \
        where every member has its own, are left alone.",
    disproof: "The host's own record of a renewal at that time (certlm.msc, Remote Desktop).",
    remedies: &[
        Remedy {
            confirm: Some(
                "Invoke-Command HOST { certutil -store 'Remote Desktop'; certutil -store My }",
            ),
            needs: Some("administrator rights on HOST; PowerShell remoting"),
            ..Remedy::new(
                "Compare the certificate in the host's own store with the one shown here. If they \
                 differ, another machine or an interception answers: do not type a password there.",
                RunOn::Host,
            )
        },
        Remedy {
            confirm: Some("certutil -template"),
            needs: Some("whoever runs the certificate authority"),
            ..Remedy::new(
                "If it changes every day: make the template renew with the same subject, and \
                 publish it in Active Directory.",
                RunOn::Host,
            )
        },
    ],
    explains: &[],
    low_risk: false,
    client_error: client::CERTIFICATE,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for CertificateChanged {
    fn card(&self) -> &'static RuleCard {
        &CERTIFICATE_CHANGED
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some((certificate, seen)) = presented(view) else { return Judgement::NoEvidence };
        if view.target.kind == TargetKind::Farm {
            return Judgement::NoEvidence;
        }
        let known: Vec<_> =
            view.memory.thumbprints.iter().filter(|(_, first)| **first < seen).collect();
        if known.is_empty() {
            return Judgement::NoEvidence;
        }
        if known.iter().any(|(print, _)| **print == certificate.sha256) {
            return Judgement::Clear;
        }
        let renewed = certificate.not_before <= view.now.wall
            && view.now.wall.since(certificate.not_before) <= WEEK;
        let lately =
            known.iter().filter(|(_, first)| view.now.wall.since(**first) <= WEEK).count() + 1;
        let reading = if lately >= TOO_MANY {
            format!("the {lately}th in a week: its template re-issues instead of renewing (likely)")
        } else if renewed {
            format!("made on {}: renewed (likely)", date(certificate.not_before))
        } else {
            "and it is not a new one: another machine may answer, or something in between \
             (possible)"
                .to_owned()
        };
        let sentence = format!(
            "{} presents a certificate not seen there before (certain), {reading}. Compare it with \
             the host's own store.",
            name(view)
        );
        let previous = known.iter().max_by_key(|(_, first)| **first);
        let mut evidence =
            Evidence::new(Severity::Notice, Confidence::Certain, "certificate changed", sentence)
                .lines(certificate_lines(certificate))
                .since(Some(seen));
        if let Some((print, first)) = previous {
            evidence = evidence.line(format!(
                "known until then: {}, first seen {}",
                print.short(),
                moment(**first)
            ));
        }
        Judgement::fires(evidence)
    }
}
