//! What clients make of the gateway's certificate: `gateway-certificate`.

use super::certificate_dates::{certificate_lines, days};
use super::common::shown;
use super::gateway::{GATEWAYS, looked, severity, unseen, usage_lines};
use super::gateway_remedies as steps;
use super::prelude::*;
use super::several::{Several, hosts, names};
use crate::domain::certificate::CertificateSummary;
use crate::domain::clocks::wall_by_most;
use crate::domain::common_cause::{CommonCause, Thing};
use crate::domain::finding::ClientError;
use crate::domain::sample::{ChainTrust, GatewayTls, TlsOutcome};
use crate::domain::target::{GatewayAddress, Host};
use crate::domain::text::excerpt;

const DAY: Duration = Duration::from_hours(24);

/// Clients refuse the gateway's certificate, or soon will.
#[derive(Debug)]
pub(super) struct GatewayCertificate;

/// The rule about the certificate of a gateway.
pub(super) const GATEWAY_CERTIFICATE_ID: RuleId = RuleId("gateway-certificate");

static GATEWAY_CERTIFICATE: RuleCard = RuleCard {
    id: GATEWAY_CERTIFICATE_ID,
    title: "RD Gateway's certificate",
    severities: &[Severity::Notice, Severity::Warning, Severity::Critical],
    owner: Owner::Server,
    rung: None,
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: GATEWAYS,
    plain: "The gateway that leads to it cannot prove itself: clients may refuse it.",
    explanation: "Clients refuse an RD Gateway whose certificate is expired, not yet valid, not for \
        the name they dial, or from an authority that they do not trust; unlike at a host they offer \
        no way on. The chain is validated as a client does, against this machine's authorities. One \
        that leads to none of them is critical when it is self-signed, and a warning otherwise: the \
        clients may know an authority of your own that this machine does not, or fetch an \
        intermediate certificate that the gateway does not send. Where this machine has no \
        authorities at all, only dates and names are judged. Revocation is not looked up. Three weeks \
        before its end it is a notice, one week before a warning. Where the gateway is in front of at \
        least three hosts it is one alert for all of them.",
    disproof: "A client without a saved decision connects through the gateway without a warning.",
    remedies: &[steps::RENEW, steps::INTERMEDIATE, steps::TRUST_HERE, steps::CLOCKS],
    explains: &[],
    low_risk: false,
    client_error: client::GATEWAY_CERTIFICATE,
    reviewed_when_found: true,
    alerting: Alerting { several: true, ..Alerting::PLAIN },
};

impl Rule for GatewayCertificate {
    fn card(&self) -> &'static RuleCard {
        &GATEWAY_CERTIFICATE
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some((gateway, entry)) = looked(view) else { return unseen(view) };
        let Some(tls) = &entry.value.tls else { return Judgement::NoEvidence };
        let Some(certificate) = &tls.certificate else { return Judgement::NoEvidence };
        let claim = match claim(view, gateway, tls, certificate) {
            Verdict::Bad(claim) => claim,
            Verdict::Good => return Judgement::Clear,
            Verdict::Unknown => return Judgement::NoEvidence,
        };
        let sentence = format!(
            "The certificate of the gateway {} of {} {}",
            excerpt(&gateway.to_string(), 60),
            name(view),
            claim.sentence
        );
        let worst = severity(view);
        let evidence = Evidence::new(
            claim.severity.min(worst),
            claim.confidence,
            format!("{TITLE}{}", claim.title),
            sentence,
        );
        let client = match claim.severity {
            Severity::Critical | Severity::Warning => claim.client,
            Severity::Notice => None,
        };
        Judgement::fires(
            evidence
                .lines(certificate_lines(certificate))
                .line(presented_line(tls))
                .lines(name_line(gateway, certificate))
                .lines(usage_lines(view, gateway))
                .client(client),
        )
    }

    fn judge_monitor(&self, around: &Surroundings) -> Judgement {
        let refused_by_many = around.common.iter().filter_map(|cause| match &cause.thing {
            Thing::GatewayCertificate { host, port } => Some((cause, (&**host, *port))),
            _ => None,
        });
        let Some(all) = Several::of(refused_by_many) else {
            let good = around.serving.certificates;
            return if good { Judgement::Clear } else { Judgement::NoEvidence };
        };
        let (cause, (host, port)) = all.first;
        let sure = cause.says.as_ref().map_or(Confidence::Likely, |one| one.sure);
        let sentence = format!(
            "{} ({}): it is in front of {}, {}. Not the hosts. Server team: look at its certificate \
             first.",
            refused(cause, host, port),
            sure.word(),
            hosts(cause.told().count()),
            names(cause),
        );
        let says = cause.says.as_ref().map_or(TITLE.trim_end(), |one| &one.title);
        let title = format!("{}: {says}", shown((host, port)));
        let evidence = all.evidence(title, sentence, |(cause, (host, port))| {
            format!("{}, in front of {}", refused(cause, host, port), hosts(cause.told().count()))
        });
        // What was there on first sight is listed for review host by host, and makes no cause.
        Judgement::fires(Evidence { confidence: sure, ..evidence }.changed(true))
    }
}

/// What the title of a finding begins with.
const TITLE: &str = "gateway's certificate ";

/// `The certificate of the gateway gw.corp.lab expired 9 days ago`.
pub(super) fn refused(cause: &CommonCause, host: &str, port: u16) -> String {
    let says = cause.says.as_ref().map_or("is refused", |one| one.title.trim_start_matches(TITLE));
    format!("The certificate of the gateway {} {says}", shown((host, port)))
}

/// What is wrong with a certificate.
struct Claim {
    severity: Severity,
    confidence: Confidence,
    title: String,
    /// What follows "The certificate of the gateway …".
    sentence: String,
    client: Option<ClientError>,
}

enum Verdict {
    Good,
    Unknown,
    Bad(Claim),
}

fn claim(
    view: &TargetView<'_>,
    gateway: &GatewayAddress,
    tls: &GatewayTls,
    certificate: &CertificateSummary,
) -> Verdict {
    let now = wall_by_most(view.around.clocks, view.now.wall);
    let dated = matches!(tls.trust, ChainTrust::Expired | ChainTrust::NotYetValid);
    if dated
        && now != view.now.wall
        && (certificate.not_before..=certificate.not_after).contains(&now)
    {
        // Only this machine's clock says so, which is wrong.
        return Verdict::Unknown;
    }
    let critical = |title: &str, sentence: String, client| Claim {
        severity: Severity::Critical,
        confidence: Confidence::Certain,
        title: title.to_owned(),
        sentence,
        client,
    };
    let bad = match tls.trust {
        // What was good when it was looked at may have ended since.
        ChainTrust::Expired | ChainTrust::Trusted | ChainTrust::NotValidated
            if now > certificate.not_after =>
        {
            let ago = days(now.since(certificate.not_after));
            critical(
                &format!("expired {ago} ago"),
                format!("expired {ago} ago (certain): clients refuse it. Server team: renew it."),
                client::GATEWAY_EXPIRED,
            )
        }
        ChainTrust::Expired => critical(
            "has an expired chain",
            "comes with a certificate in its chain that has expired (certain): clients refuse it. \
             Server team: renew the chain."
                .to_owned(),
            client::GATEWAY_EXPIRED,
        ),
        ChainTrust::NotYetValid => Claim {
            confidence: Confidence::Likely,
            ..critical(
                "is not yet valid",
                format!(
                    "begins only on {} by this machine's clock (certain): clients refuse it, unless \
                     this clock is behind (likely). Compare the clocks first.",
                    date(certificate.not_before)
                ),
                client::GATEWAY_CERTIFICATE,
            )
        },
        ChainTrust::WrongName => wrong_name(gateway, certificate),
        ChainTrust::UnknownIssuer if certificate.self_signed => Claim {
            confidence: Confidence::Likely,
            ..critical(
                "is self-signed",
                "is self-signed and this machine does not know it: clients refuse it unless it was \
                 installed on each of them (likely). Server team: get one from an authority."
                    .to_owned(),
                client::GATEWAY_CERTIFICATE,
            )
        },
        ChainTrust::UnknownIssuer => Claim {
            severity: Severity::Warning,
            confidence: Confidence::Possible,
            ..critical(
                "is from an unknown authority",
                "leads to no authority that this machine trusts (certain): clients that do not know \
                 the authority either refuse it (possible). Server team: check that the whole chain \
                 is sent."
                    .to_owned(),
                client::GATEWAY_CERTIFICATE,
            )
        },
        ChainTrust::Invalid => Claim {
            severity: Severity::Warning,
            confidence: Confidence::Likely,
            ..critical(
                "is not acceptable",
                "is not acceptable for a web server: not for this use, damaged, too weak, or its key \
                 does not fit (likely). Server team: bind another."
                    .to_owned(),
                client::GATEWAY_CERTIFICATE,
            )
        },
        ChainTrust::Trusted | ChainTrust::NotValidated => {
            return match ending(view, certificate) {
                Some(claim) => Verdict::Bad(claim),
                None if tls.trust == ChainTrust::NotValidated => Verdict::Unknown,
                None => Verdict::Good,
            };
        }
    };
    Verdict::Bad(bad)
}

/// Clients that dial a name refuse a certificate for another. Whether they dial an address, as
/// this program was told to, is theirs to know.
fn wrong_name(gateway: &GatewayAddress, certificate: &CertificateSummary) -> Claim {
    let names = list(certificate.names.iter().map(|name| quoted(name)));
    let claim = |severity, confidence, sentence: String| Claim {
        severity,
        confidence,
        title: "is for another name".to_owned(),
        sentence,
        client: client::GATEWAY_NAME,
    };
    match gateway.host {
        Host::Name(_) => claim(
            Severity::Critical,
            Confidence::Certain,
            format!(
                "is for {names} and not for the name that clients dial (certain): they refuse it. \
                 Server team: bind one with the right name."
            ),
        ),
        Host::Address(..) => claim(
            Severity::Warning,
            Confidence::Possible,
            format!(
                "is for {names}, and the gateway is configured by its address: clients that dial it \
                 so refuse it (possible). Configure the name that clients dial."
            ),
        ),
    }
}

/// The end draws near.
fn ending(view: &TargetView<'_>, certificate: &CertificateSummary) -> Option<Claim> {
    let left = certificate.not_after.since(view.now.wall);
    let limits = &view.target.thresholds.certificate_expiring;
    let within = |days: u32| left <= DAY.saturating_mul(days);
    let severity = if within(limits.warning_days) {
        Severity::Warning
    } else if within(limits.notice_days) {
        Severity::Notice
    } else {
        return None;
    };
    let left = days(left);
    Some(Claim {
        severity,
        confidence: Confidence::Certain,
        title: format!("expires in {left}"),
        sentence: format!("expires in {left} (certain). Server team: renew it."),
        client: client::GATEWAY_EXPIRED,
    })
}

fn presented_line(tls: &GatewayTls) -> String {
    let sent = u64::try_from(tls.presented).unwrap_or(u64::MAX);
    let how = if tls.outcome == TlsOutcome::Ok { "" } else { ", and the handshake failed" };
    format!("the gateway sent {}{how}", count(sent, "certificate"))
}

/// A second trouble behind the first.
fn name_line(gateway: &GatewayAddress, certificate: &CertificateSummary) -> Option<String> {
    let host = gateway.host.name()?;
    let names = list(certificate.names.iter().map(|name| quoted(name)));
    (!certificate.names_host(host)).then(|| format!("it is for {names}"))
}
