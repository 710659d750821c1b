//! Distinguished names as readable, harmless text (RFC 4514).

use crate::domain::text::excerpt;
use std::fmt::Write;
use x509_parser::der_parser::asn1_rs::Tag;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

/// How many characters of one attribute are kept; RFC 5280 allows 64 for a common name.
const MAX_VALUE: usize = 255;
/// How many attributes of a name are kept.
const MAX_ATTRIBUTES: usize = 32;

const COMMON_NAME: &str = "2.5.4.3";

/// Attribute types by dotted OID and their short names (RFC 4514 section 3, RFC 4519).
const TYPES: [(&str, &str); 14] = [
    (COMMON_NAME, "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "STREET"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "title"),
    ("2.5.4.42", "GN"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
];

/// The most specific common name, unescaped but printable; `None` when absent, empty or no text.
pub(super) fn common_name(name: &X509Name<'_>) -> Option<String> {
    let attributes = name.iter_common_name().filter_map(text);
    attributes.last().map(|value| excerpt(&value, MAX_VALUE)).filter(|value| !value.is_empty())
}

/// `name` with its most specific part first and what would be ambiguous escaped:
/// `CN=office-pc, O=Example\, Inc.`. Empty for an empty name.
pub(super) fn distinguished(name: &X509Name<'_>) -> String {
    let mut parts: Vec<String> = name
        .iter_rdn()
        .map(|parts| parts.iter().map(attribute).collect::<Vec<_>>().join("+"))
        .take(MAX_ATTRIBUTES)
        .collect();
    parts.reverse();
    parts.join(", ")
}

fn attribute(attribute: &AttributeTypeAndValue<'_>) -> String {
    let oid = attribute.attr_type().to_id_string();
    let known = TYPES.iter().find(|(known, _)| *known == oid);
    let kind = known.map_or_else(|| excerpt(&oid, MAX_VALUE), |(_, name)| (*name).to_owned());
    let value = text(attribute)
        .map_or_else(|| hex(attribute.as_slice()), |value| escape(&excerpt(&value, MAX_VALUE)));
    format!("{kind}={value}")
}

/// The value as text, by its ASN.1 string type. What does not decode is replaced, not refused.
fn text(attribute: &AttributeTypeAndValue<'_>) -> Option<String> {
    let bytes = attribute.as_slice();
    match attribute.attr_value().tag() {
        Tag::Utf8String
        | Tag::PrintableString
        | Tag::Ia5String
        | Tag::NumericString
        | Tag::VisibleString => Some(String::from_utf8_lossy(bytes).into_owned()),
        Tag::BmpString => {
            let (units, _) = bytes.as_chunks::<2>();
            let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
            Some(String::from_utf16_lossy(&units))
        }
        Tag::UniversalString => {
            let (units, _) = bytes.as_chunks::<4>();
            let scalar = |unit: &[u8; 4]| char::from_u32(u32::from_be_bytes(*unit));
            Some(units.iter().map(|unit| scalar(unit).unwrap_or('\u{fffd}')).collect())
        }
        // Everybody who writes T.61 means Latin-1.
        Tag::T61String => Some(bytes.iter().map(|byte| char::from(*byte)).collect()),
        _ => None,
    }
}

/// A value that is no text, as RFC 4514 section 2.4 writes it, cut short.
fn hex(bytes: &[u8]) -> String {
    let mut out = String::from("#");
    for byte in bytes.iter().take(MAX_VALUE / 8) {
        let _infallible = write!(out, "{byte:02x}");
    }
    out
}

/// Backslashes before what separates parts, and before a leading `#` or space (RFC 4514 2.4).
fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for (index, c) in value.chars().enumerate() {
        let separates = matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=');
        if separates || index == 0 && matches!(c, '#' | ' ') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
