//! What is worth knowing of a server certificate.

use super::time::WallTime;
use std::fmt;

/// SHA-256 of a certificate's DER bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Thumbprint(pub [u8; 32]);

impl fmt::Display for Thumbprint {
    /// Lower-case hex without separators.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Thumbprint {
    /// The first four bytes with colons, for a screen: `3f:9a:01:c4…`.
    #[must_use]
    pub fn short(&self) -> String {
        let [a, b, c, d, ..] = self.0;
        format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}\u{2026}")
    }

    /// Reads back what `Display` writes; `None` for anything else.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 64 || !bytes.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let mut out = [0_u8; 32];
        for (slot, pair) in out.iter_mut().zip(bytes.chunks(2)) {
            *slot = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(out))
    }
}

impl serde::Serialize for Thumbprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Thumbprint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_hex(&text).ok_or_else(|| serde::de::Error::custom("expected 64 hex digits"))
    }
}

/// A server's leaf certificate, decoded (RFC 5280). Text fields are as the certificate spells
/// them: hostile until escaped by whoever shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateSummary {
    /// Distinguished name of the subject, `CN=office-pc`.
    pub subject: String,
    /// Common name of the subject, when there is one.
    pub common_name: Option<String>,
    /// Distinguished name of the issuer.
    pub issuer: String,
    /// Subject and issuer are the same name (what Windows makes for itself).
    pub self_signed: bool,
    /// Start of validity.
    pub not_before: WallTime,
    /// End of validity.
    pub not_after: WallTime,
    /// DNS names and addresses of subjectAltName; the common name when there are none.
    pub names: Vec<String>,
    /// Public key family and size.
    pub key: KeyKind,
    /// Signature algorithm as the field names it, `sha256WithRSAEncryption`; a dotted OID when unknown.
    pub signature: String,
    /// SHA-256 over the DER bytes.
    pub sha256: Thumbprint,
}

/// Public key family and size in bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA, modulus size in bits.
    Rsa(u32),
    /// Elliptic curve, field size in bits.
    Ec(u32),
    /// Ed25519.
    Ed25519,
    /// Anything else.
    Other,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(bits) => write!(f, "RSA-{bits}"),
            Self::Ec(bits) => write!(f, "EC-{bits}"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Other => f.write_str("other"),
        }
    }
}

impl CertificateSummary {
    /// Whole days of validity left at `now`, negative once expired.
    #[must_use]
    pub const fn days_left(&self, now: WallTime) -> i64 {
        now.days_until(self.not_after)
    }

    /// RSA below 2048 bits, or a signature over SHA-1 or MD5.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        let signature = self.signature.to_ascii_lowercase();
        matches!(self.key, KeyKind::Rsa(bits) if bits < 2048)
            || signature.contains("sha1")
            || signature.contains("md5")
    }

    /// Whether the certificate is for `dialled`.
    ///
    /// Case-blind; a full match, a wildcard for the first label, or the same first label where
    /// one side has only that (Windows' own certificates carry the NetBIOS or short name, cut at
    /// 15 characters). Names with two different domains do not match.
    #[must_use]
    pub fn covers(&self, dialled: &str) -> bool {
        self.names.iter().any(|name| name_covers(name, dialled))
    }
}

impl CertificateSummary {
    /// Whether the certificate is for `dialled` as a web client compares it (RFC 6125 section 6.4):
    /// the whole name, or one wildcard in place of the first label; an address by its value.
    #[must_use]
    pub fn names_host(&self, dialled: &str) -> bool {
        let address: Option<std::net::IpAddr> = dialled.parse().ok();
        let lower = |name: &str| name.trim_end_matches('.').to_ascii_lowercase();
        let dialled = lower(dialled);
        self.names.iter().any(|name| {
            if let Some(address) = address {
                return name.parse() == Ok(address);
            }
            let name = lower(name);
            let wild = name.strip_prefix("*.").filter(|domain| !domain.is_empty());
            name == dialled || (wild.is_some() && wild == split_label(&dialled).1)
        })
    }
}

/// Whether a name that a machine or its certificate has for itself is `dialled`, as
/// [`CertificateSummary::covers`] compares.
#[must_use]
pub fn name_covers(name: &str, dialled: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let dialled = dialled.trim_end_matches('.').to_ascii_lowercase();
    if name == dialled {
        return true;
    }
    let (name_label, name_domain) = split_label(&name);
    let (dialled_label, dialled_domain) = split_label(&dialled);
    if name_label == "*" {
        return name_domain.is_some() && name_domain == dialled_domain;
    }
    let one_is_short = name_domain.is_none() || dialled_domain.is_none();
    one_is_short && (name_label == dialled_label || netbios(name_label) == netbios(dialled_label))
}

fn split_label(name: &str) -> (&str, Option<&str>) {
    name.split_once('.').map_or((name, None), |(label, domain)| (label, Some(domain)))
}

/// The first 15 characters: all that a NetBIOS computer name keeps.
fn netbios(label: &str) -> &str {
    label.char_indices().nth(15).map_or(label, |(end, _)| &label[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_covers_its_names_as_windows_users_dial_them() {
        for (name, dialled, expected) in [
            ("office-pc.corp.lab", "OFFICE-PC.corp.lab", true),
            ("office-pc.corp.lab", "office-pc.corp.lab.", true),
            ("OFFICE-PC", "office-pc.corp.lab", true),
            ("office-pc.corp.lab", "office-pc", true),
            ("*.corp.lab", "office-pc.corp.lab", true),
            ("*.corp.lab", "corp.lab", false),
            ("*.corp.lab", "a.b.corp.lab", false),
            ("office-pc.corp.lab", "office-pc.evil.test", false),
            ("berlin-12", "office-pc.corp.lab", false),
            ("ACCOUNTING-TERM", "accounting-terminal-07.corp.lab", true),
        ] {
            assert_eq!(name_covers(name, dialled), expected, "{name} for {dialled}");
        }
    }

    #[test]
    fn a_gateway_is_named_as_web_clients_compare() {
        for (name, dialled, expected) in [
            ("gw.corp.lab", "GW.corp.lab.", true),
            ("*.corp.lab", "gw.corp.lab", true),
            ("*.corp.lab", "a.gw.corp.lab", false),
            ("*.corp.lab", "corp.lab", false),
            ("*.", "corp", false),
            ("gw", "gw.corp.lab", false),
            ("gw.corp.lab", "gw", false),
            ("10.0.0.7", "10.0.0.7", true),
            ("2001:db8::7", "2001:db8:0::7", true),
            ("*.0.0.7", "10.0.0.7", false),
        ] {
            let certificate = CertificateSummary {
                subject: String::new(),
                common_name: None,
                issuer: String::new(),
                self_signed: false,
                not_before: WallTime::from_unix_secs(0),
                not_after: WallTime::from_unix_secs(1),
                names: vec!["other.lab".to_owned(), name.to_owned()],
                key: KeyKind::Rsa(2048),
                signature: String::new(),
                sha256: Thumbprint([0; 32]),
            };
            assert_eq!(certificate.names_host(dialled), expected, "{name} for {dialled}");
        }
    }

    #[test]
    fn a_thumbprint_reads_back_what_it_writes() {
        let print = Thumbprint([0xa7; 32]);
        assert_eq!(Thumbprint::from_hex(&print.to_string()), Some(print));
        assert_eq!(Thumbprint::from_hex("a7"), None);
        assert_eq!(Thumbprint::from_hex(&"+7".repeat(32)), None);
    }
}
