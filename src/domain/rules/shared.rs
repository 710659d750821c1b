//! `certificate-shared`: two machines with one key.

use super::certificate_dates::{certificate_lines, presented};
use super::prelude::*;
use crate::domain::target::TargetKind;

/// Until then the other machines' certificates may not have been read.
const COMPARED: Duration = Duration::from_mins(10);

/// Another machine presents the same self-signed certificate.
#[derive(Debug)]
pub(super) struct CertificateShared;

static CERTIFICATE_SHARED: RuleCard = RuleCard {
    id: RuleId("certificate-shared"),
    title: "certificate is shared",
    severities: &[Severity::Warning],
    owner: Owner::Server,
    rung: Some(Rung::Tls),
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Tls, ProbeKind::Nla],
    plain: "Another machine proves itself with the very same: one is a copy of the other.",
    explanation: "Two machines that call themselves differently in their NTLM challenge present \
        the same self-signed certificate: one was cloned from the other, or both from an image, \
        without making the keys anew. Whoever holds the key of one can pose as the other, and a \
        key store that was copied is a known cause of keys that cannot be read. Windows makes a \
        certificate for each machine by itself. One machine under two names, certificates of an \
        authority, and farms are left alone; so is whatever says no Windows name.",
    disproof: "The machines present different certificates, or are one and the same.",
    remedies: &[remedies::CERTIFICATE_EVENTS, remedies::RECREATE_CERTIFICATE],
    explains: &[],
    low_risk: true,
    client_error: None,
    reviewed_when_found: true,
    alerting: Alerting::PLAIN,
};

impl Rule for CertificateShared {
    fn card(&self) -> &'static RuleCard {
        &CERTIFICATE_SHARED
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some((certificate, _)) = presented(view) else { return Judgement::NoEvidence };
        if view.target.kind == TargetKind::Farm {
            return Judgement::Clear;
        }
        let Some(machines) = view.around.shared_certificates.get(&certificate.sha256) else {
            let read = view.tls.map_or(view.now.mono, |tls| tls.at.mono);
            let compared = view.mode == Mode::Moment || view.now.mono.since(read) >= COMPARED;
            return if compared { Judgement::Clear } else { Judgement::NoEvidence };
        };
        let names = list(machines.iter().take(6).map(|machine| quoted(machine)));
        let sentence = format!(
            "{} presents the same certificate as another machine: {names} (certain). One was \
             cloned from the other (likely). Server team: let it make its own.",
            name(view)
        );
        Judgement::fires(
            Evidence::new(
                Severity::Warning,
                Confidence::Certain,
                "certificate is shared",
                sentence,
            )
            .line(format!("{} machines present it: {names}", machines.len()))
            .lines(certificate_lines(certificate)),
        )
    }
}
