//! A certificate that a security product made: `certificate-intercepted`.

use super::certificate_dates::{certificate_lines, presented};
use super::prelude::*;
use crate::domain::certificate::CertificateSummary;

/// Issued by a product that opens TLS.
#[derive(Debug)]
pub(super) struct CertificateIntercepted;

/// Security products and the words by which their own authorities are known in the organisation
/// or common name of an issuer (vendors' documentation of TLS inspection). Case does not matter;
/// the words must stand whole and in this order. Names that are also ordinary words or places
/// stand with a second word.
const PRODUCTS: &[(&str, &[&str])] = &[
    ("Avast", &["avast! web/mail shield", "avast web/mail shield", "avast antivirus"]),
    ("AVG", &["avg web/mail shield", "avg technologies"]),
    ("Barracuda", &["barracuda networks"]),
    ("Bitdefender", &["bitdefender"]),
    ("Blue Coat", &["blue coat", "bluecoat", "proxysg"]),
    ("Check Point", &["check point software", "checkpoint software"]),
    ("Cisco Umbrella", &["cisco umbrella", "opendns"]),
    ("Cisco Secure Firewall", &["cisco secure firewall", "cisco firepower"]),
    ("Cloudflare Gateway", &["cloudflare gateway", "gateway ca - cloudflare managed g1"]),
    ("Dr.Web", &["dr.web", "doctor web"]),
    ("ESET", &["eset ssl filter ca", "eset, spol"]),
    ("Forcepoint", &["forcepoint", "websense"]),
    ("Fortinet", &["fortinet", "fortigate ca"]),
    ("Kaspersky", &["kaspersky", "ao kaspersky lab"]),
    ("McAfee or Skyhigh", &["mcafee web gateway", "skyhigh security"]),
    ("Netskope", &["netskope"]),
    ("Palo Alto Networks", &["palo alto networks"]),
    ("SonicWall", &["sonicwall", "sonicwall firewall dpi-ssl"]),
    ("Sophos", &["sophos"]),
    ("Trend Micro", &["trend micro"]),
    ("WatchGuard", &["watchguard"]),
    ("Zscaler", &["zscaler"]),
];

static CERTIFICATE_INTERCEPTED: RuleCard = RuleCard {
    id: RuleId("certificate-intercepted"),
    title: "certificate of a security product",
    severities: &[Severity::Critical],
    owner: Owner::Security,
    rung: Some(Rung::Tls),
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Tls],
    plain: "A security product opens the connection on the way: signing in fails then.",
    explanation: "The certificate names a product that inspects TLS as its issuer: something \
        between this machine and the host, or on one of the two, opens the connection and makes \
        certificates of its own. Sign-in with NLA is bound to the host's key and fails then, \
        and what opens the connection can read it. Only whole words of the issuer's organisation \
        and common name count, and authorities of Active Directory (with DC= in their names) do \
        not. Whether another place sees the host's own certificate is not looked at here.",
    disproof: "The host's own store holds the very certificate that is shown here (certlm.msc, \
        Remote Desktop).",
    remedies: &[
        Remedy {
            confirm: Some(
                "Invoke-Command HOST { certutil -store 'Remote Desktop'; certutil -store My }",
            ),
            needs: Some("administrator rights on HOST; PowerShell remoting"),
            ..Remedy::new(
                "Compare the certificate in the host's own store with the one shown here: when \
                 they differ, do not type a password there.",
                RunOn::Host,
            )
        },
        remedies::TEST_FROM_NEAR,
        remedies::EXCLUDE_FROM_SCANNING,
    ],
    explains: &["certificate-changed", "certificate-name-mismatch"],
    low_risk: false,
    client_error: client::CERTIFICATE,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for CertificateIntercepted {
    fn card(&self) -> &'static RuleCard {
        &CERTIFICATE_INTERCEPTED
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some((certificate, _)) = presented(view) else { return Judgement::NoEvidence };
        let Some(product) = product(certificate) else { return Judgement::Clear };
        let issuer = quoted(&certificate.issuer);
        let sentence = format!(
            "The certificate of {} was issued by {issuer} (certain): {product} opens the \
             connection on the way, or on the host (likely). Do not type a password there before \
             this is explained. Security team: exclude Remote Desktop from inspection.",
            name(view)
        );
        Judgement::fires(
            Evidence::new(
                Severity::Critical,
                Confidence::Likely,
                format!("certificate of {product}"),
                sentence,
            )
            .lines(certificate_lines(certificate)),
        )
    }
}

/// The product whose authority issued `certificate`.
fn product(certificate: &CertificateSummary) -> Option<&'static str> {
    if certificate.self_signed {
        return None;
    }
    let attributes = attributes(&certificate.issuer);
    if attributes.iter().any(|(kind, _)| kind == "DC") {
        return None;
    }
    let named = attributes.iter().filter(|(kind, _)| matches!(kind.as_str(), "O" | "CN"));
    let values: Vec<String> = named.map(|(_, value)| value.to_lowercase()).collect();
    PRODUCTS
        .iter()
        .find(|(_, phrases)| {
            values.iter().any(|value| phrases.iter().any(|phrase| has_words(value, phrase)))
        })
        .map(|(product, _)| *product)
}

/// Whether `phrase` stands in `text` with neither a letter, a digit nor a hyphen at its ends: an
/// authority of Windows is named after its server, as in `corp-SOPHOS-CA`.
fn has_words(text: &str, phrase: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    text.match_indices(phrase).any(|(start, _)| {
        let before = text.get(..start).unwrap_or_default().chars().next_back();
        let after = text.get(start + phrase.len()..).unwrap_or_default().chars().next();
        !part(before) && !part(after)
    })
}

/// The attributes of a distinguished name as `CN=office-pc, O=Example\\, Inc.` writes it, without
/// the backslashes.
fn attributes(name: &str) -> Vec<(String, String)> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in name.chars() {
        match c {
            '\\' if !escaped => escaped = true,
            ',' | '+' if !escaped => parts.push(String::new()),
            _ => {
                if let Some(part) = parts.last_mut() {
                    part.push(c);
                }
                escaped = false;
            }
        }
    }
    parts
        .iter()
        .filter_map(|part| part.split_once('='))
        .map(|(kind, value)| (kind.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::certificate::{KeyKind, Thumbprint};
    use crate::domain::time::WallTime;

    fn issued_by(issuer: &str) -> Option<&'static str> {
        product(&CertificateSummary {
            subject: "CN=office-pc".to_owned(),
            common_name: None,
            issuer: issuer.to_owned(),
            self_signed: issuer == "CN=office-pc",
            not_before: WallTime::from_unix_secs(0),
            not_after: WallTime::from_unix_secs(1),
            names: Vec::new(),
            key: KeyKind::Rsa(2048),
            signature: String::new(),
            sha256: Thumbprint([0; 32]),
        })
    }

    #[test]
    fn authorities_of_security_products_are_known() {
        for (issuer, expected) in [
            ("CN=Zscaler Intermediate Root CA (zscaler.net), O=Zscaler Inc., C=US", "Zscaler"),
            ("CN=ESET SSL Filter CA, O=ESET\\, spol. s r. o., C=SK", "ESET"),
            ("CN=Bitdefender Personal CA.Net-Defender, OU=IDS, O=Bitdefender", "Bitdefender"),
            ("emailAddress=support@fortinet.com, CN=FG100F, O=Fortinet", "Fortinet"),
            ("CN=Kaspersky Anti-Virus Personal Root Certificate, O=AO Kaspersky Lab", "Kaspersky"),
            ("CN=Cisco Umbrella Secondary SubCA, O=Cisco", "Cisco Umbrella"),
            ("CN=Sophos SSL CA_C0123, O=Sophos", "Sophos"),
            ("CN=avast! Web/Mail Shield Root, O=avast! Web/Mail Shield", "Avast"),
        ] {
            assert_eq!(issued_by(issuer), Some(expected), "{issuer}");
        }
    }

    #[test]
    fn a_corporate_authority_that_sounds_alike_is_not_one() {
        for issuer in [
            "CN=office-pc",
            "CN=corp-SOPHOS-CA, DC=corp, DC=lab",
            "CN=Sophos Issuing CA, DC=corp, DC=lab",
            "CN=Umbrella Corporation CA, O=Umbrella Corporation",
            "CN=City of Palo Alto Issuing CA",
            "CN=Avastar Issuing CA, O=Avastar",
            "CN=corp-FORTINET-CA",
            "OU=Zscaler, CN=Example CA, O=Example",
            "CN=Checkpoint Charlie CA",
            "",
        ] {
            assert_eq!(issued_by(issuer), None, "{issuer}");
        }
    }
}
