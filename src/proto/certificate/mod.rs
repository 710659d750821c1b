//! A server certificate, reduced to what a person or a rule wants to know (RFC 5280).

mod name;
#[cfg(test)]
mod tests;

use crate::domain::certificate::{CertificateSummary, KeyKind, Thumbprint};
use crate::domain::text::excerpt;
use crate::domain::time::WallTime;
use std::net::{Ipv4Addr, Ipv6Addr};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

/// The largest certificate looked at, in bytes.
pub const MAX_CERTIFICATE: usize = 1 << 16;
/// How many names of subjectAltName are kept.
pub const MAX_NAMES: usize = 100;
/// How many characters of one name are kept; DNS allows 253.
const MAX_NAME: usize = 255;

/// Why no summary could be made of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Above [`MAX_CERTIFICATE`].
    #[error("certificate of {0} bytes is above 64 KiB")]
    TooLarge(usize),
    /// Not the DER encoding of a certificate, or one with impossible dates.
    #[error("not an X.509 certificate in DER")]
    Malformed,
}

/// Signature algorithms by dotted OID (RFC 3279, 4055, 5758, 8410; the 1.3.14 ones are older
/// than PKCS #1 and still made by some tools).
const SIGNATURES: [(&str, &str); 20] = [
    ("1.2.840.113549.1.1.2", "md2WithRSAEncryption"),
    ("1.2.840.113549.1.1.4", "md5WithRSAEncryption"),
    ("1.2.840.113549.1.1.5", "sha1WithRSAEncryption"),
    ("1.2.840.113549.1.1.10", "RSASSA-PSS"),
    ("1.2.840.113549.1.1.11", "sha256WithRSAEncryption"),
    ("1.2.840.113549.1.1.12", "sha384WithRSAEncryption"),
    ("1.2.840.113549.1.1.13", "sha512WithRSAEncryption"),
    ("1.2.840.113549.1.1.14", "sha224WithRSAEncryption"),
    ("1.2.840.10045.4.1", "ecdsa-with-SHA1"),
    ("1.2.840.10045.4.3.1", "ecdsa-with-SHA224"),
    ("1.2.840.10045.4.3.2", "ecdsa-with-SHA256"),
    ("1.2.840.10045.4.3.3", "ecdsa-with-SHA384"),
    ("1.2.840.10045.4.3.4", "ecdsa-with-SHA512"),
    ("1.2.840.10040.4.3", "dsa-with-sha1"),
    ("2.16.840.1.101.3.4.3.2", "dsa-with-sha256"),
    ("1.3.14.3.2.3", "md5WithRSA"),
    ("1.3.14.3.2.27", "dsaWithSHA1"),
    ("1.3.14.3.2.29", "sha1WithRSA"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
];

/// Named curves by dotted OID and their field size in bits (RFC 5480, RFC 5639).
const CURVES: [(&str, u32); 8] = [
    ("1.2.840.10045.3.1.1", 192),
    ("1.2.840.10045.3.1.7", 256),
    ("1.3.132.0.33", 224),
    ("1.3.132.0.34", 384),
    ("1.3.132.0.35", 521),
    ("1.3.36.3.3.2.8.1.1.7", 256),
    ("1.3.36.3.3.2.8.1.1.11", 384),
    ("1.3.36.3.3.2.8.1.1.13", 512),
];

const ED25519: &str = "1.3.101.112";

/// Decodes a certificate, of any version and whether valid or not.
///
/// Every text comes out without control, bidirectional or zero-width characters, and bounded:
/// distinguished names as RFC 4514 writes them with `, ` between the parts (`CN=pc, O=Example`),
/// at most [`MAX_NAMES`] names of at most 255 characters. Bytes behind the certificate are
/// ignored and not part of its thumbprint.
///
/// # Errors
/// [`CertificateError`]; nothing is verified.
pub fn summarize(der: &[u8]) -> Result<CertificateSummary, CertificateError> {
    if der.len() > MAX_CERTIFICATE {
        return Err(CertificateError::TooLarge(der.len()));
    }
    let (_, certificate) =
        X509Certificate::from_der(der).map_err(|_| CertificateError::Malformed)?;
    let (subject, issuer) = (certificate.subject(), certificate.issuer());
    let common_name = name::common_name(subject);
    let mut names = alternative_names(&certificate);
    if names.is_empty() {
        names.extend(common_name.clone());
    }
    let digest = ring::digest::digest(&ring::digest::SHA256, certificate.as_raw());
    let sha256 = digest.as_ref().try_into().map_err(|_| CertificateError::Malformed)?;
    Ok(CertificateSummary {
        subject: name::distinguished(subject),
        common_name,
        issuer: name::distinguished(issuer),
        self_signed: subject.as_raw() == issuer.as_raw(),
        not_before: WallTime::from_unix_secs(certificate.validity().not_before.timestamp()),
        not_after: WallTime::from_unix_secs(certificate.validity().not_after.timestamp()),
        names,
        key: key_kind(certificate.public_key()),
        signature: signature_name(&certificate.signature_algorithm.algorithm.to_id_string()),
        sha256: Thumbprint(sha256),
    })
}

/// DNS names and addresses of subjectAltName; nothing of one that does not parse.
fn alternative_names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let lists = certificate.extensions().iter().filter_map(|extension| {
        match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(list) => Some(&list.general_names),
            _ => None,
        }
    });
    lists.flatten().filter_map(alternative_name).take(MAX_NAMES).collect()
}

fn alternative_name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(excerpt(name, MAX_NAME)),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(|octets| Ipv4Addr::from(octets).to_string());
            let v6 =
                || <[u8; 16]>::try_from(*bytes).map(|octets| Ipv6Addr::from(octets).to_string());
            v4.or_else(|_| v6()).ok()
        }
        _ => None,
    }
}

fn key_kind(key: &SubjectPublicKeyInfo<'_>) -> KeyKind {
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => bits_of(rsa.modulus).map_or(KeyKind::Other, KeyKind::Rsa),
        Ok(PublicKey::EC(point)) => {
            let parameters = key.algorithm.parameters.as_ref();
            let curve = parameters.and_then(|curve| curve.as_oid().ok());
            let known = curve.and_then(|curve| lookup(&CURVES, &curve.to_id_string()));
            let measured = || u32::try_from(point.key_size()).ok().filter(|bits| *bits > 0);
            known.or_else(measured).map_or(KeyKind::Other, KeyKind::Ec)
        }
        _ if key.algorithm.algorithm.to_id_string() == ED25519 => KeyKind::Ed25519,
        _ => KeyKind::Other,
    }
}

/// Bits of a big-endian number, leading zeros not counted; `None` for zero.
fn bits_of(number: &[u8]) -> Option<u32> {
    let significant = number.iter().skip_while(|byte| **byte == 0);
    let first = significant.clone().next()?;
    let bytes = u32::try_from(significant.count()).ok()?;
    bytes.checked_mul(8)?.checked_sub(first.leading_zeros())
}

fn signature_name(oid: &str) -> String {
    lookup(&SIGNATURES, oid).map_or_else(|| excerpt(oid, MAX_NAME), str::to_owned)
}

fn lookup<T: Copy>(table: &[(&str, T)], oid: &str) -> Option<T> {
    table.iter().find(|(known, _)| *known == oid).map(|(_, value)| *value)
}
