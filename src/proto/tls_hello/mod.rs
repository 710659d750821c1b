//! A TLS handshake as far as the server's certificate, without any cryptography
//! (RFC 5246, RFC 8446).
//!
//! The legacy hello offers at most TLS 1.2 and every suite that Windows has ever preferred, so a
//! server of any age answers with its version, its suite and its certificate in the clear. A
//! server of TLS 1.3 alone answers it with alert 70 (measured on OpenSSL).

mod client_hello;
mod server_flight;
mod server_hello;
#[cfg(test)]
mod tests;

pub use client_hello::{
    ClientHello, MAX_CLIENT_HELLO, OFFERED_SUITES, Offer, STATIC_RSA_AND_CBC_SUITES, TLS13_SUITES,
    WINDOWS_SUITES, client_hello, hello, parse_client_hello,
};
pub use server_flight::{FlightState, MAX_CHAIN, MAX_FLIGHT, ServerFlight};
pub use server_hello::{AlertLevel, alert, server_flight};

use super::wire::Malformed;
use crate::domain::sample::TlsVersion;

/// TLS 1.0, which is also the version of the records around a first hello.
pub const TLS1_0: TlsVersion = TlsVersion(0x0301);
/// TLS 1.1.
pub const TLS1_1: TlsVersion = TlsVersion(0x0302);
/// TLS 1.2.
pub const TLS1_2: TlsVersion = TlsVersion(0x0303);
/// TLS 1.3.
pub const TLS1_3: TlsVersion = TlsVersion(0x0304);

/// Record types (RFC 8446 5.1).
mod record {
    pub(super) const CHANGE_CIPHER_SPEC: u8 = 20;
    pub(super) const ALERT: u8 = 21;
    pub(super) const HANDSHAKE: u8 = 22;
    pub(super) const APPLICATION_DATA: u8 = 23;
    /// Type, version and length.
    pub(super) const HEADER: usize = 5;
    /// The most that a sender puts into one plaintext record.
    pub(super) const MAX_PLAINTEXT: usize = 1 << 14;
    /// The most that a protected record may hold (RFC 5246 6.2.3).
    pub(super) const MAX_PROTECTED: usize = MAX_PLAINTEXT + 2048;
}

/// Handshake message types (RFC 8446 4).
mod handshake {
    pub(super) const HELLO_REQUEST: u8 = 0;
    pub(super) const CLIENT_HELLO: u8 = 1;
    pub(super) const SERVER_HELLO: u8 = 2;
    pub(super) const CERTIFICATE: u8 = 11;
    pub(super) const SERVER_HELLO_DONE: u8 = 14;
}

/// Extension types (IANA TLS `ExtensionType`).
mod extension {
    pub(super) const SERVER_NAME: u16 = 0;
    pub(super) const SUPPORTED_GROUPS: u16 = 10;
    pub(super) const EC_POINT_FORMATS: u16 = 11;
    pub(super) const SIGNATURE_ALGORITHMS: u16 = 13;
    pub(super) const SUPPORTED_VERSIONS: u16 = 43;
    pub(super) const KEY_SHARE: u16 = 51;
}

/// One record at the front of `bytes`: its type and its payload.
///
/// `None` while it is not all there; offsets count from the front of `bytes`.
fn first_record(bytes: &[u8]) -> Result<Option<(u8, &[u8])>, Malformed> {
    let kinds = record::CHANGE_CIPHER_SPEC..=record::APPLICATION_DATA;
    let Some(kind) = bytes.first() else { return Ok(None) };
    if !kinds.contains(kind) {
        return Err(Malformed::at(0, "not a TLS record"));
    }
    if bytes.get(1).is_some_and(|major| *major != 3) {
        return Err(Malformed::at(1, "not a TLS version"));
    }
    let [_, _, _, high, low, rest @ ..] = bytes else { return Ok(None) };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let limit = match *kind {
        record::APPLICATION_DATA => record::MAX_PROTECTED,
        _ => record::MAX_PLAINTEXT,
    };
    if length > limit {
        return Err(Malformed::at(3, "TLS record is too long"));
    }
    if length == 0 && *kind != record::APPLICATION_DATA {
        return Err(Malformed::at(3, "TLS record is empty"));
    }
    Ok(rest.get(..length).map(|payload| (*kind, payload)))
}
