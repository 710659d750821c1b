//! The client's hello, encoded for the probe and decoded for demo and lab hosts.

use super::{TLS1_0, TLS1_2, TLS1_3, extension, first_record, handshake, record};
use crate::domain::sample::{CipherSuite, TlsVersion};
use crate::proto::wire::{Malformed, Parse, Reader, be24, put_vector8, put_vector16};
use std::net::IpAddr;

/// The longest stream of records taken for a `ClientHello`, in bytes.
pub const MAX_CLIENT_HELLO: usize = 1 << 14;

/// What the legacy hello offers, in its order of preference: forward secrecy first, then the
/// static RSA and CBC suites of Windows before 10, then 3DES of Windows XP and Server 2003. The
/// last is the signal for secure renegotiation (RFC 5746 3.3).
pub const OFFERED_SUITES: [CipherSuite; 27] = [
    CipherSuite(0xc02c),
    CipherSuite(0xc030),
    CipherSuite(0xc02b),
    CipherSuite(0xc02f),
    CipherSuite(0x009f),
    CipherSuite(0x009e),
    CipherSuite(0xc024),
    CipherSuite(0xc028),
    CipherSuite(0xc023),
    CipherSuite(0xc027),
    CipherSuite(0xc00a),
    CipherSuite(0xc014),
    CipherSuite(0xc009),
    CipherSuite(0xc013),
    CipherSuite(0x006b),
    CipherSuite(0x0067),
    CipherSuite(0x0039),
    CipherSuite(0x0033),
    CipherSuite(0x009d),
    CipherSuite(0x009c),
    CipherSuite(0x003d),
    CipherSuite(0x003c),
    CipherSuite(0x0035),
    CipherSuite(0x002f),
    CipherSuite(0xc012),
    CipherSuite(0x000a),
    CipherSuite(0x00ff),
];

/// What a current Windows offers at TLS 1.2: the default list of Windows 11 (Schannel, "TLS Cipher
/// Suites in Windows 11").
pub const WINDOWS_SUITES: [CipherSuite; 20] = [
    CipherSuite(0xc02c),
    CipherSuite(0xc02b),
    CipherSuite(0xc030),
    CipherSuite(0xc02f),
    CipherSuite(0x009f),
    CipherSuite(0x009e),
    CipherSuite(0xc024),
    CipherSuite(0xc023),
    CipherSuite(0xc028),
    CipherSuite(0xc027),
    CipherSuite(0xc00a),
    CipherSuite(0xc009),
    CipherSuite(0xc014),
    CipherSuite(0xc013),
    CipherSuite(0x009d),
    CipherSuite(0x009c),
    CipherSuite(0x003d),
    CipherSuite(0x003c),
    CipherSuite(0x0035),
    CipherSuite(0x002f),
];

/// Static RSA, and CBC behind ECDHE: what is left on a server without AES-GCM behind ECDHE, which
/// a hello of modern suites alone does not reach.
pub const STATIC_RSA_AND_CBC_SUITES: [CipherSuite; 14] = [
    CipherSuite(0x009d),
    CipherSuite(0x009c),
    CipherSuite(0xc024),
    CipherSuite(0xc028),
    CipherSuite(0xc023),
    CipherSuite(0xc027),
    CipherSuite(0xc00a),
    CipherSuite(0xc014),
    CipherSuite(0xc009),
    CipherSuite(0xc013),
    CipherSuite(0x003d),
    CipherSuite(0x003c),
    CipherSuite(0x0035),
    CipherSuite(0x002f),
];

/// The suites of TLS 1.3 that Schannel and OpenSSL know (RFC 8446 B.4).
pub const TLS13_SUITES: [CipherSuite; 3] =
    [CipherSuite(0x1302), CipherSuite(0x1301), CipherSuite(0x1303)];

/// x25519, secp256r1, secp384r1, secp521r1.
const GROUPS: [u16; 4] = [29, 23, 24, 25];

/// x25519: the group of the only key share.
const X25519: u16 = 29;

/// RSA PKCS#1, PSS and ECDSA over SHA-256, 384, 512, then SHA-1: nothing is verified, so
/// whatever the server can sign with may be chosen.
const SIGNATURES: [u16; 11] =
    [0x0401, 0x0501, 0x0601, 0x0804, 0x0805, 0x0806, 0x0403, 0x0503, 0x0603, 0x0201, 0x0203];

/// The longest name that DNS allows, in bytes.
const MAX_NAME: usize = 253;

/// What a hand-made hello offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// TLS 1.0 to 1.2: the highest version, with all below it. TLS 1.3: that alone.
    pub version: TlsVersion,
    /// The suites, in order of preference.
    pub suites: &'static [CipherSuite],
}

impl Offer {
    /// The legacy hello: everything up to TLS 1.2 that Windows has ever preferred.
    pub const LEGACY: Self = Self { version: TLS1_2, suites: &OFFERED_SUITES };
}

/// The legacy hello in one record: at most TLS 1.2, no `supported_versions`, no session.
///
/// `random` and `server_name` as in [`hello`].
#[must_use]
pub fn client_hello(random: &[u8; 32], server_name: Option<&str>) -> Vec<u8> {
    hello(random, server_name, Offer::LEGACY)
}

/// A hello in one record that offers this and no more, without a session.
///
/// `random` should be random: it is all that tells two hellos apart, and at TLS 1.3 also the key
/// share, whose private half nobody knows. `server_name` becomes SNI when it can (a DNS name in
/// ASCII, no address; RFC 6066 section 3), a final dot left out. Below TLS 1.2 there is no
/// `signature_algorithms` (RFC 5246 7.4.1.4.1).
#[must_use]
pub fn hello(random: &[u8; 32], server_name: Option<&str>, offer: Offer) -> Vec<u8> {
    let mut extensions = Vec::new();
    if let Some(name) = server_name.and_then(sni_name) {
        put_extension(&mut extensions, extension::SERVER_NAME, &server_name_list(name));
    }
    let mut groups = Vec::new();
    put_vector16(&mut groups, &GROUPS.map(u16::to_be_bytes).concat());
    put_extension(&mut extensions, extension::SUPPORTED_GROUPS, &groups);
    if offer.version < TLS1_3 {
        put_extension(&mut extensions, extension::EC_POINT_FORMATS, &[1, 0]);
    }
    if offer.version >= TLS1_2 {
        let mut signatures = Vec::new();
        put_vector16(&mut signatures, &SIGNATURES.map(u16::to_be_bytes).concat());
        put_extension(&mut extensions, extension::SIGNATURE_ALGORITHMS, &signatures);
    }
    if offer.version >= TLS1_3 {
        let mut versions = Vec::new();
        put_vector8(&mut versions, &offer.version.0.to_be_bytes());
        put_extension(&mut extensions, extension::SUPPORTED_VERSIONS, &versions);
        let mut share = X25519.to_be_bytes().to_vec();
        put_vector16(&mut share, random);
        let mut shares = Vec::new();
        put_vector16(&mut shares, &share);
        put_extension(&mut extensions, extension::KEY_SHARE, &shares);
    }

    let mut body = offer.version.min(TLS1_2).0.to_be_bytes().to_vec();
    body.extend_from_slice(random);
    put_vector8(&mut body, &[]);
    let suites: Vec<u8> = offer.suites.iter().flat_map(|suite| suite.0.to_be_bytes()).collect();
    put_vector16(&mut body, &suites);
    put_vector8(&mut body, &[0]);
    put_vector16(&mut body, &extensions);

    // The upper byte of the message's three-byte length is zero: names are short.
    let mut message = vec![handshake::CLIENT_HELLO, 0];
    put_vector16(&mut message, &body);
    let mut out = vec![record::HANDSHAKE];
    out.extend_from_slice(&TLS1_0.0.to_be_bytes());
    put_vector16(&mut out, &message);
    out
}

/// `name` as SNI carries it, or `None` when it may not.
fn sni_name(name: &str) -> Option<&str> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let fits = !name.is_empty()
        && name.len() <= MAX_NAME
        && name.bytes().all(|byte| byte.is_ascii_graphic())
        && name.parse::<IpAddr>().is_err();
    fits.then_some(name)
}

fn server_name_list(name: &str) -> Vec<u8> {
    let mut entry = vec![0];
    put_vector16(&mut entry, name.as_bytes());
    let mut list = Vec::new();
    put_vector16(&mut list, &entry);
    list
}

fn put_extension(out: &mut Vec<u8>, kind: u16, body: &[u8]) {
    out.extend_from_slice(&kind.to_be_bytes());
    put_vector16(out, body);
}

/// What a server wants to know of a `ClientHello`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientHello {
    /// `legacy_version`: the highest version of a client below TLS 1.3.
    pub legacy_version: TlsVersion,
    /// `supported_versions` as listed, empty without that extension.
    pub supported_versions: Vec<TlsVersion>,
    /// `random`.
    pub random: [u8; 32],
    /// Offered suites in the client's order, unknown ones included.
    pub suites: Vec<CipherSuite>,
    /// The first host name of `server_name`. Unescaped.
    pub server_name: Option<String>,
}

impl ClientHello {
    /// Whether the client can speak `version`.
    #[must_use]
    pub fn offers(&self, version: TlsVersion) -> bool {
        if self.supported_versions.is_empty() {
            version <= self.legacy_version
        } else {
            self.supported_versions.contains(&version)
        }
    }
}

/// Reads a `ClientHello` from a growing buffer; it may span several records.
///
/// # Errors
/// Anything that is not one, and one above [`MAX_CLIENT_HELLO`].
pub fn parse_client_hello(bytes: &[u8]) -> Result<Parse<ClientHello>, Malformed> {
    let mut message: Vec<u8> = Vec::new();
    let mut offset = 0;
    loop {
        let rest = bytes.get(offset..).unwrap_or_default();
        let shift = |fault: Malformed| Malformed::at(offset + fault.offset, fault.reason);
        if rest.first().is_some_and(|kind| *kind != record::HANDSHAKE) {
            return Err(Malformed::at(offset, "not a TLS handshake record"));
        }
        let Some((_, payload)) = first_record(rest).map_err(shift)? else {
            return Ok(Parse::NeedMore(offset + record_length(rest)));
        };
        let start = offset;
        offset += record::HEADER + payload.len();
        if offset > MAX_CLIENT_HELLO {
            return Err(Malformed::at(start, "ClientHello is too long"));
        }
        message.extend_from_slice(payload);
        if message.first() != Some(&handshake::CLIENT_HELLO) {
            return Err(Malformed::at(start, "not a ClientHello"));
        }
        let [_, high, middle, low, body @ ..] = message.as_slice() else { continue };
        let length = be24([*high, *middle, *low]);
        if length > MAX_CLIENT_HELLO {
            return Err(Malformed::at(start, "ClientHello is too long"));
        }
        if body.len() > length {
            return Err(Malformed::at(start, "data behind the ClientHello"));
        }
        if body.len() == length {
            let value = parse_body(body).ok_or(Malformed::at(start, "ClientHello is broken"))?;
            return Ok(Parse::Done { value, consumed: offset });
        }
    }
}

/// How long the record at the front of `bytes` is, as far as that is known: its header first.
fn record_length(bytes: &[u8]) -> usize {
    match bytes {
        [] => 1,
        [_] => 2,
        [_, _, _, high, low, ..] => record::HEADER + usize::from(u16::from_be_bytes([*high, *low])),
        _ => record::HEADER,
    }
}

fn parse_body(body: &[u8]) -> Option<ClientHello> {
    let mut reader = Reader::new(body);
    let legacy_version = TlsVersion(reader.be16()?);
    let random = reader.array()?;
    let session = reader.vector8()?;
    let suites = all_u16(reader.vector16()?)?.into_iter().map(CipherSuite).collect();
    let compression = reader.vector8()?;
    if session.rest().len() > 32 || compression.is_empty() {
        return None;
    }
    let mut hello = ClientHello {
        legacy_version,
        supported_versions: Vec::new(),
        random,
        suites,
        server_name: None,
    };
    if reader.is_empty() {
        return Some(hello);
    }
    let mut extensions = reader.vector16()?;
    while !extensions.is_empty() {
        let (kind, mut value) = (extensions.be16()?, extensions.vector16()?);
        match kind {
            extension::SERVER_NAME => hello.server_name = parse_server_name(value),
            extension::SUPPORTED_VERSIONS => {
                let versions = all_u16(value.vector8()?)?;
                hello.supported_versions = versions.into_iter().map(TlsVersion).collect();
            }
            _ => {}
        }
    }
    reader.is_empty().then_some(hello)
}

fn parse_server_name(mut value: Reader<'_>) -> Option<String> {
    let mut list = value.vector16()?;
    let (kind, name) = (list.u8()?, list.vector16()?);
    let name = str::from_utf8(name.rest()).ok()?;
    (kind == 0).then(|| name.to_owned())
}

fn all_u16(mut reader: Reader<'_>) -> Option<Vec<u16>> {
    let mut values = Vec::with_capacity(reader.rest().len() / 2);
    while !reader.is_empty() {
        values.push(reader.be16()?);
    }
    Some(values)
}
