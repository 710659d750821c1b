//! The server's side of the negotiation, decoded and encoded.

use super::other;
use super::{FIXED_PART, MAX_PACKET, code, negotiation};
use crate::domain::sample::{NegotiateOutcome, NotRdp, OtherProtocol};
use crate::domain::security::{FailureCode, SecurityProtocol};
use crate::proto::tpkt;
use crate::proto::wire::{Malformed, Parse, Reader};

/// How many bytes of a foreign answer are kept to show.
const HEAD: usize = 32;

/// MCS Disconnect Provider Ultimatum in X.224 data (T.125 section 11.15): choice 8 in the upper
/// six bits, the upper bits of the reason below.
const DISCONNECT_CHOICE: u8 = 0x20;
const CHOICE_MASK: u8 = 0xfc;

/// The MCS Disconnect Provider Ultimatum with reason `rn-user-requested`, as xrdp sends it to end
/// a negotiation (T.125 section 11.15).
pub const DISCONNECT_PROVIDER_ULTIMATUM: [u8; 9] =
    [3, 0, 0, 9, 2, code::DATA, 0x80, DISCONNECT_CHOICE | 1, 0x80];

/// Reads the answer to a Connection Request from a growing buffer.
///
/// A Connection Confirm with and without negotiation data, an RDP Negotiation Failure, an MCS
/// Disconnect Provider Ultimatum and an X.224 Disconnect Request are answers of RDP; anything else
/// is [`NegotiateOutcome::Malformed`], decided as early as the bytes allow. Bytes behind an answer
/// are not looked at: xrdp sends a disconnect behind a failure. Bytes behind the negotiation
/// structure inside its TPDU are ignored. `consumed` is 0 when the answer is malformed.
#[must_use]
pub fn parse_answer(bytes: &[u8]) -> Parse<NegotiateOutcome> {
    if bytes.first().is_some_and(|first| *first != tpkt::VERSION) {
        return match other::identify(bytes) {
            Parse::NeedMore(total) => Parse::NeedMore(total),
            Parse::Done { value, .. } => malformed(bytes, value, Malformed::at(0, other::NOT_TPKT)),
        };
    }
    match parse_packet(bytes) {
        Ok(parse) => parse,
        Err((protocol, fault)) => malformed(bytes, protocol, fault),
    }
}

fn malformed(bytes: &[u8], protocol: OtherProtocol, fault: Malformed) -> Parse<NegotiateOutcome> {
    let value = NegotiateOutcome::Malformed(not_rdp(bytes, protocol, fault));
    Parse::Done { value, consumed: 0 }
}

pub(super) fn not_rdp(bytes: &[u8], protocol: OtherProtocol, fault: Malformed) -> NotRdp {
    let head = bytes.iter().copied().take(HEAD).collect();
    NotRdp { protocol, offset: fault.offset, reason: fault.reason, head }
}

type Fault = (OtherProtocol, Malformed);

const fn bad_length(offset: usize, reason: &'static str) -> Fault {
    (OtherProtocol::BadTpkt, Malformed::at(offset, reason))
}

const fn unknown(offset: usize, reason: &'static str) -> Fault {
    (OtherProtocol::Unknown, Malformed::at(offset, reason))
}

fn parse_packet(bytes: &[u8]) -> Result<Parse<NegotiateOutcome>, Fault> {
    let header =
        tpkt::parse_header(bytes, MAX_PACKET).map_err(|fault| (OtherProtocol::BadTpkt, fault))?;
    let length = match header {
        Parse::NeedMore(total) => return Ok(Parse::NeedMore(total)),
        Parse::Done { value, .. } => value,
    };
    let [_, _, _, _, indicator, tpdu, ..] = bytes else { return Ok(Parse::NeedMore(6)) };
    let fills_packet = usize::from(*indicator) + tpkt::HEADER + 1 == length;
    match *tpdu {
        code::CONNECTION_CONFIRM | code::DISCONNECT_REQUEST if length < FIXED_PART => {
            return Err(bad_length(2, "TPKT length is below that of its X.224 packet"));
        }
        code::CONNECTION_CONFIRM | code::DISCONNECT_REQUEST if !fills_packet => {
            return Err(bad_length(4, "X.224 length indicator contradicts the TPKT length"));
        }
        code::DATA if length == tpkt::MIN => {
            return Err(bad_length(2, "X.224 data packet is empty"));
        }
        code::DATA if *indicator != 2 => {
            return Err(bad_length(4, "X.224 data header is not two bytes long"));
        }
        code::CONNECTION_CONFIRM | code::DISCONNECT_REQUEST | code::DATA => {}
        _ => return Err(unknown(5, "not an X.224 connection confirm")),
    }
    let Some(packet) = bytes.get(..length) else { return Ok(Parse::NeedMore(length)) };
    let value = match *tpdu {
        code::CONNECTION_CONFIRM => parse_confirm(packet.get(FIXED_PART..).unwrap_or_default())?,
        code::DATA => parse_data(packet.get(tpkt::MIN..).unwrap_or_default())?,
        _ => NegotiateOutcome::Disconnected,
    };
    Ok(Parse::Done { value, consumed: length })
}

/// Decodes the variable part of a Connection Confirm.
fn parse_confirm(variable: &[u8]) -> Result<NegotiateOutcome, Fault> {
    let [kind, ..] = variable else { return Ok(NegotiateOutcome::NoNegotiation) };
    if !matches!(*kind, negotiation::RESPONSE | negotiation::FAILURE) {
        return Err(unknown(FIXED_PART, "neither a negotiation response nor a failure"));
    }
    let Some((kind, flags, length, value)) = negotiation::read(&mut Reader::new(variable)) else {
        return Err(bad_length(FIXED_PART, "negotiation structure is cut short"));
    };
    if length != u16::from(negotiation::LENGTH) {
        return Err(bad_length(FIXED_PART + 2, "negotiation structure is not eight bytes long"));
    }
    Ok(if kind == negotiation::RESPONSE {
        NegotiateOutcome::Confirmed { selected: SecurityProtocol(value), flags }
    } else {
        NegotiateOutcome::Failure(FailureCode(value))
    })
}

/// Decodes the user data of an X.224 data packet: only a disconnect may come here.
fn parse_data(user_data: &[u8]) -> Result<NegotiateOutcome, Fault> {
    match user_data {
        [choice, ..] if choice & CHOICE_MASK == DISCONNECT_CHOICE => {
            Ok(NegotiateOutcome::Disconnected)
        }
        _ => Err(unknown(tpkt::MIN, "data before the connection was confirmed")),
    }
}

/// A Connection Confirm with an RDP Negotiation Response; `flags` as in
/// [`response_flags`](super::response_flags). The source reference is the specification's 0x1234.
#[must_use]
pub const fn connection_confirm(selected: SecurityProtocol, flags: u8) -> [u8; 19] {
    confirm(negotiation::RESPONSE, flags, selected.0)
}

/// A Connection Confirm with an RDP Negotiation Failure.
#[must_use]
pub const fn negotiation_failure(failure: FailureCode) -> [u8; 19] {
    confirm(negotiation::FAILURE, 0, failure.0)
}

/// A Connection Confirm of a server that does not know the negotiation.
#[must_use]
pub const fn connection_confirm_without_negotiation() -> [u8; 11] {
    [3, 0, 0, 11, 6, code::CONNECTION_CONFIRM, 0, 0, 0x12, 0x34, 0]
}

const fn confirm(kind: u8, flags: u8, value: u32) -> [u8; 19] {
    let [a, b, c, d] = value.to_le_bytes();
    let tpdu = code::CONNECTION_CONFIRM;
    let length = negotiation::LENGTH;
    [3, 0, 0, 19, 14, tpdu, 0, 0, 0x12, 0x34, 0, kind, flags, length, 0, a, b, c, d]
}
