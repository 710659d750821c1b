//! A server's first flight and alerts, encoded for demo and lab hosts.

use super::{handshake, record};
use crate::domain::sample::{CipherSuite, TlsVersion};
use crate::proto::wire::{Unencodable, put_vector8, put_vector16, put_vector24};

/// `level` of an alert (RFC 5246 7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertLevel {
    /// The handshake may go on.
    Warning,
    /// It may not.
    Fatal,
}

/// An alert in one record.
#[must_use]
pub const fn alert(version: TlsVersion, level: AlertLevel, description: u8) -> [u8; 7] {
    let [major, minor] = version.0.to_be_bytes();
    let level = match level {
        AlertLevel::Warning => 1,
        AlertLevel::Fatal => 2,
    };
    [record::ALERT, major, minor, 0, 2, level, description]
}

/// `ServerHello`, Certificate and `ServerHelloDone` at `version`, TLS 1.2 or below, as few records
/// as they fit in: what a server says before it needs a key.
///
/// # Errors
/// A chain that does not fit the message's 16 MiB.
pub fn server_flight(
    version: TlsVersion,
    cipher: CipherSuite,
    random: &[u8; 32],
    chain: &[&[u8]],
) -> Result<Vec<u8>, Unencodable> {
    let mut hello = version.0.to_be_bytes().to_vec();
    hello.extend_from_slice(random);
    put_vector8(&mut hello, &[]);
    hello.extend_from_slice(&cipher.0.to_be_bytes());
    hello.push(0);

    let mut list = Vec::new();
    for certificate in chain {
        put_vector24(&mut list, certificate)?;
    }
    let mut certificate = Vec::new();
    put_vector24(&mut certificate, &list)?;

    let mut messages = Vec::new();
    for (kind, body) in [
        (handshake::SERVER_HELLO, hello.as_slice()),
        (handshake::CERTIFICATE, certificate.as_slice()),
        (handshake::SERVER_HELLO_DONE, &[]),
    ] {
        messages.push(kind);
        put_vector24(&mut messages, body)?;
    }
    let mut out = Vec::new();
    for fragment in messages.chunks(record::MAX_PLAINTEXT) {
        out.push(record::HANDSHAKE);
        out.extend_from_slice(&version.0.to_be_bytes());
        put_vector16(&mut out, fragment);
    }
    Ok(out)
}
