//! What speaks on the port when it is not RDP.

use super::answer::not_rdp;
use crate::domain::sample::{NotRdp, OtherProtocol};
use crate::proto::tpkt;
use crate::proto::wire::{Malformed, Parse};

/// The fault of every answer that does not begin like TPKT.
pub(super) const NOT_TPKT: &str = "not a TPKT header";

const DIGIT: &[u8] = b"0123456789";

/// How the banner of each protocol begins: the bytes allowed at each place.
const SIGNATURES: [(OtherProtocol, &[&[u8]]); 6] = [
    (OtherProtocol::Http, &[b"H", b"T", b"T", b"P", b"/"]),
    // A web server that answers with a bare page: `<html`, `<!DOCTYPE`.
    (OtherProtocol::Http, &[b"<", b"!hH", b"dDtT", b"oOmM"]),
    (OtherProtocol::Ssh, &[b"S", b"S", b"H", b"-"]),
    (OtherProtocol::Vnc, &[b"R", b"F", b"B", b" "]),
    // Record type, then versions SSL 3.0 to TLS 1.3 (RFC 8446 5.1).
    (OtherProtocol::Tls, &[b"\x14\x15\x16\x17", b"\x03", b"\x00\x01\x02\x03\x04"]),
    (OtherProtocol::Greeting, &[b"12345", DIGIT, DIGIT, b" -"]),
];

/// How many bytes of a banner name it when the rest never came.
const ENOUGH: usize = 3;

/// Names the protocol of bytes that do not begin like TPKT. No two signatures begin alike, so
/// what is decided stays decided.
pub(super) fn identify(bytes: &[u8]) -> Parse<OtherProtocol> {
    match candidate(bytes) {
        Some((_, signature)) if bytes.len() < signature.len() => {
            Parse::NeedMore(bytes.len().saturating_add(1))
        }
        Some((protocol, _)) => Parse::Done { value: protocol, consumed: 0 },
        None => Parse::Done { value: OtherProtocol::Unknown, consumed: 0 },
    }
}

/// Says what was received when the peer closed, reset or fell silent while
/// [`parse_answer`](super::parse_answer) still needed more.
///
/// `None` for nothing at all and for the beginning of an RDP answer: then the way it ended is the
/// outcome. Otherwise the bytes are no RDP, named as well as they can be.
#[must_use]
pub fn classify_partial(bytes: &[u8]) -> Option<NotRdp> {
    if *bytes.first()? == tpkt::VERSION {
        return None;
    }
    let protocol = match candidate(bytes) {
        Some((protocol, _)) if bytes.len() >= ENOUGH => protocol,
        _ => OtherProtocol::Unknown,
    };
    Some(not_rdp(bytes, protocol, Malformed::at(0, NOT_TPKT)))
}

/// The signature that `bytes` agree with as far as both go.
fn candidate(bytes: &[u8]) -> Option<(OtherProtocol, &'static [&'static [u8]])> {
    SIGNATURES.into_iter().find(|(_, signature)| {
        signature.iter().zip(bytes).all(|(allowed, byte)| allowed.contains(byte))
    })
}
