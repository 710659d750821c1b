//! When a certificate is valid: `certificate-expired`, `certificate-not-yet-valid`,
//! `certificate-expiring`.

use super::prelude::*;
use super::tls::does_without_tls;
use crate::domain::certificate::CertificateSummary;
use crate::domain::clocks::{Clocks, wall_by_most, was_set};
use crate::domain::time::WallTime;

const DAY: Duration = Duration::from_hours(24);

/// The certificate that the host presented last, with the time it did.
pub(super) fn presented<'a>(view: &TargetView<'a>) -> Option<(&'a CertificateSummary, WallTime)> {
    let entry = view.tls?;
    Some((entry.value.certificate.as_ref()?, entry.at.wall))
}

/// What is said of the certificate of a host that presents none: it has none to fail while it
/// does without TLS.
pub(super) fn without_certificate(view: &TargetView<'_>) -> Judgement {
    if does_without_tls(view) { Judgement::Clear } else { Judgement::NoEvidence }
}

/// The time that dates are held against: a wrong clock of this machine ends no certificate. `None`
/// when it was set, or the machine slept, since the certificate or most clocks were last read:
/// then nobody has confirmed it yet.
fn right_time(view: &TargetView<'_>) -> Option<WallTime> {
    let unconfirmed = view.around.clocks == Clocks::Outdated
        || view.tls.is_some_and(|entry| was_set(entry.at, view.now));
    (!unconfirmed).then(|| wall_by_most(view.around.clocks, view.now.wall))
}

/// The lines that say which certificate it is.
pub(super) fn certificate_lines(certificate: &CertificateSummary) -> Vec<String> {
    vec![
        format!(
            "{}, {}",
            quoted(&certificate.subject),
            if certificate.self_signed {
                "self-signed".to_owned()
            } else {
                format!("issued by {}", quoted(&certificate.issuer))
            }
        ),
        format!(
            "valid from {} to {}",
            moment(certificate.not_before),
            moment(certificate.not_after)
        ),
        format!("thumbprint {}", certificate.sha256.short()),
    ]
}

/// `9 days`, or less than one in words.
pub(super) fn days(span_left: Duration) -> String {
    match span_left.as_secs() / 86_400 {
        0 => span(span_left),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

/// Past its end.
#[derive(Debug)]
pub(super) struct CertificateExpired;

static CERTIFICATE_EXPIRED: RuleCard = RuleCard {
    id: RuleId("certificate-expired"),
    title: "certificate expired",
    severities: &[Severity::Warning, Severity::Critical],
    owner: Owner::Server,
    rung: Some(Rung::Tls),
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Tls],
    plain: "What it proves itself with is out of date: you may be warned or refused.",
    explanation: "The certificate that the host presents is past its end. Windows makes a new \
        self-signed one by itself when the old one expires; one that stays expired means that it \
        cannot, usually because the rights on its key file are wrong. That it expired is certain; \
        that clients refuse it is possible: many only warn. Expired and not renewed for a day it \
        is critical, because it will not mend itself.",
    disproof: "A new thumbprint, or a later end, at the next TLS probe.",
    remedies: &[
        remedies::CERTIFICATE_EVENTS,
        remedies::RENEW_ISSUED,
        remedies::KEY_PERMISSIONS,
        remedies::RECREATE_CERTIFICATE,
        remedies::RENAME_MACHINE_KEYS,
    ],
    explains: &["certificate-expiring"],
    low_risk: false,
    client_error: client::MAYBE_CLOSED,
    reviewed_when_found: true,
    alerting: Alerting::PLAIN,
};

impl Rule for CertificateExpired {
    fn card(&self) -> &'static RuleCard {
        &CERTIFICATE_EXPIRED
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some((certificate, _)) = presented(view) else { return without_certificate(view) };
        let Some(now) = right_time(view) else { return Judgement::NoEvidence };
        if now <= certificate.not_after {
            return Judgement::Clear;
        }
        let past = now.since(certificate.not_after);
        let limit = view.target.thresholds.certificate_expired.critical_after;
        let severity = if past >= limit { Severity::Critical } else { Severity::Warning };
        let ago = days(past);
        let (who, first) = if certificate.self_signed {
            ("Windows has not replaced it", "check events 1057/1058 first")
        } else {
            ("it was not renewed", "renew it at the authority and bind it")
        };
        let sentence = format!(
            "The certificate of {} expired {ago} ago and {who} (certain). Handshakes still work; \
             sign-ins may fail with 0x904 (possible). Server team: {first}.",
            name(view)
        );
        Judgement::fires(
            Evidence::new(
                severity,
                Confidence::Certain,
                format!("certificate expired {ago} ago"),
                sentence,
            )
            .lines(certificate_lines(certificate))
            .since(Some(certificate.not_after)),
        )
    }
}

/// Before its beginning.
#[derive(Debug)]
pub(super) struct CertificateNotYetValid;

static CERTIFICATE_NOT_YET_VALID: RuleCard = RuleCard {
    id: RuleId("certificate-not-yet-valid"),
    title: "certificate not yet valid",
    severities: &[Severity::Warning],
    owner: Owner::Server,
    rung: Some(Rung::Tls),
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Tls],
    plain: "What it proves itself with is not valid yet: you may be warned or refused.",
    explanation: "The certificate begins in the future, by this machine's clock. Either the host's \
        clock is ahead and it made the certificate by it, or this machine's clock is behind. \
        Clients whose clock agrees with this one warn or refuse.",
    disproof: "The clocks agree and the beginning is in the past.",
    remedies: &[
        remedies::SYNC_CLOCKS,
        remedies::CERTIFICATE_EVENTS,
        remedies::RECREATE_CERTIFICATE,
    ],
    explains: &[],
    low_risk: false,
    client_error: client::CERTIFICATE_DATES,
    reviewed_when_found: true,
    alerting: Alerting::PLAIN,
};

impl Rule for CertificateNotYetValid {
    fn card(&self) -> &'static RuleCard {
        &CERTIFICATE_NOT_YET_VALID
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some((certificate, _)) = presented(view) else { return without_certificate(view) };
        let Some(now) = right_time(view) else { return Judgement::NoEvidence };
        if now >= certificate.not_before {
            return Judgement::Clear;
        }
        let ahead = days(certificate.not_before.since(now));
        let sentence = format!(
            "The certificate of {} begins only in {ahead} by this machine's clock (certain): one \
             of the two clocks is wrong. Compare them first.",
            name(view)
        );
        Judgement::fires(
            Evidence::new(
                Severity::Warning,
                Confidence::Certain,
                format!("certificate begins in {ahead}"),
                sentence,
            )
            .lines(certificate_lines(certificate))
            .line(format!("this machine's clock: {}", moment(view.now.wall))),
        )
    }
}

/// Near its end.
#[derive(Debug)]
pub(super) struct CertificateExpiring;

static CERTIFICATE_EXPIRING: RuleCard = RuleCard {
    id: RuleId("certificate-expiring"),
    title: "certificate expires soon",
    severities: &[Severity::Notice, Severity::Warning],
    owner: Owner::Server,
    rung: Some(Rung::Tls),
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Tls],
    plain: "What it proves itself with is soon out of date.",
    explanation: "The certificate ends soon. One from an authority must be renewed by somebody: \
        three weeks ahead it is a notice, one week ahead a warning. A self-signed one is renewed \
        by Windows itself when it ends, so it is only mentioned three days ahead, to see that it \
        happens.",
    disproof: "A certificate with a later end at the next TLS probe.",
    remedies: &[remedies::RENEW_ISSUED, remedies::CERTIFICATE_EVENTS],
    explains: &[],
    low_risk: true,
    client_error: None,
    reviewed_when_found: true,
    alerting: Alerting::PLAIN,
};

impl Rule for CertificateExpiring {
    fn card(&self) -> &'static RuleCard {
        &CERTIFICATE_EXPIRING
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some((certificate, _)) = presented(view) else { return without_certificate(view) };
        let Some(now) = right_time(view) else { return Judgement::NoEvidence };
        if now > certificate.not_after {
            return Judgement::Clear;
        }
        let left = certificate.not_after.since(now);
        let limits = &view.target.thresholds.certificate_expiring;
        let within = |days: u32| left <= DAY.saturating_mul(days);
        let severity = match certificate.self_signed {
            true if within(limits.self_signed_days) => Severity::Notice,
            false if within(limits.warning_days) => Severity::Warning,
            false if within(limits.notice_days) => Severity::Notice,
            _ => return Judgement::Clear,
        };
        let left = days(left);
        let next = if certificate.self_signed {
            "Windows should replace it by itself; look again after that."
        } else {
            "Server team: renew it."
        };
        let sentence =
            format!("The certificate of {} expires in {left} (certain). {next}", name(view));
        Judgement::fires(
            Evidence::new(
                severity,
                Confidence::Certain,
                format!("certificate expires in {left}"),
                sentence,
            )
            .lines(certificate_lines(certificate)),
        )
    }
}
