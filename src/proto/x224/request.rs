//! The client's side of the negotiation, encoded and decoded.

use super::{FIXED_PART, MAX_PACKET, code, negotiation, request_flags};
use crate::domain::security::SecurityProtocol;
use crate::proto::tpkt;
use crate::proto::wire::{Malformed, Parse, Reader, Unencodable};

/// `type` and `length` of the Correlation Info (MS-RDPBCGR 2.2.1.1.2).
const CORRELATION_TYPE: u8 = 6;
const CORRELATION_LENGTH: u16 = 36;

/// The Connection Request that the probe sends: 19 bytes, without cookie or routing token
/// (MS-RDPBCGR 2.2.1.1; current Windows clients send the same form).
#[must_use]
pub const fn connection_request(requested: SecurityProtocol) -> [u8; 19] {
    let [a, b, c, d] = requested.0.to_le_bytes();
    let (tpdu, kind, length) =
        (code::CONNECTION_REQUEST, negotiation::REQUEST, negotiation::LENGTH);
    [3, 0, 0, 19, 14, tpdu, 0, 0, 0, 0, 0, kind, 0, length, 0, a, b, c, d]
}

/// A Connection Request (MS-RDPBCGR 2.2.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConnectionRequest {
    /// `cookie` or `routingToken` without its CR LF, as it came: `Cookie: mstshash=admin`.
    pub cookie: Option<Vec<u8>>,
    /// `requestedProtocols`; `None` when the client sent no RDP Negotiation Request.
    pub requested: Option<SecurityProtocol>,
    /// Flags of the negotiation request, as in [`request_flags`]; 0 without.
    pub flags: u8,
    /// `correlationId`, present exactly when the flags say so.
    pub correlation: Option<[u8; 16]>,
}

impl ConnectionRequest {
    /// The packet on the wire.
    ///
    /// # Errors
    /// A cookie that does not fit the one-byte length indicator, contains CR LF or begins like a
    /// negotiation request; flags or correlation without a request; a correlation that the flags
    /// deny, or the reverse.
    pub fn encode(&self) -> Result<Vec<u8>, Unencodable> {
        let mut out = vec![tpkt::VERSION, 0, 0, 0, 0, code::CONNECTION_REQUEST, 0, 0, 0, 0, 0];
        if let Some(cookie) = &self.cookie {
            if cookie.first() == Some(&negotiation::REQUEST) || line_end(cookie).is_some() {
                return Err(Unencodable("a cookie that cannot be told from what follows it"));
            }
            out.extend_from_slice(cookie);
            out.extend_from_slice(b"\r\n");
        }
        let announced = self.flags & request_flags::CORRELATION_INFO != 0;
        if announced != self.correlation.is_some() {
            return Err(Unencodable("a correlation that the flags contradict"));
        }
        match self.requested {
            Some(requested) => {
                let length = negotiation::LENGTH;
                out.extend_from_slice(&[negotiation::REQUEST, self.flags, length, 0]);
                out.extend_from_slice(&requested.0.to_le_bytes());
            }
            None if self.flags != 0 => return Err(Unencodable("flags without a request")),
            None => {}
        }
        if let Some(correlation) = self.correlation {
            out.extend_from_slice(&[CORRELATION_TYPE, 0]);
            out.extend_from_slice(&CORRELATION_LENGTH.to_le_bytes());
            out.extend_from_slice(&correlation);
            out.extend_from_slice(&[0; 16]);
        }
        let too_long = Unencodable("a connection request above 260 bytes");
        let length = u16::try_from(out.len()).map_err(|_| too_long)?;
        let indicator = u8::try_from(length.saturating_sub(5)).map_err(|_| too_long)?;
        let [high, low] = length.to_be_bytes();
        for (slot, byte) in out.iter_mut().skip(2).zip([high, low, indicator]) {
            *slot = byte;
        }
        Ok(out)
    }
}

/// Reads a client's Connection Request from a growing buffer.
///
/// # Errors
/// Anything that is not one, with the offset of the first wrong byte.
pub fn parse_connection_request(bytes: &[u8]) -> Result<Parse<ConnectionRequest>, Malformed> {
    let length = match tpkt::parse_header(bytes, MAX_PACKET)? {
        Parse::NeedMore(total) => return Ok(Parse::NeedMore(total)),
        Parse::Done { value, .. } => value,
    };
    let [_, _, _, _, indicator, tpdu, ..] = bytes else { return Ok(Parse::NeedMore(6)) };
    if *tpdu != code::CONNECTION_REQUEST {
        return Err(Malformed::at(5, "not an X.224 connection request"));
    }
    if length < FIXED_PART {
        return Err(Malformed::at(2, "TPKT length is below that of its X.224 packet"));
    }
    if usize::from(*indicator) + tpkt::HEADER + 1 != length {
        return Err(Malformed::at(4, "X.224 length indicator contradicts the TPKT length"));
    }
    let Some(packet) = bytes.get(..length) else { return Ok(Parse::NeedMore(length)) };
    let value = parse_variable(packet.get(FIXED_PART..).unwrap_or_default())?;
    Ok(Parse::Done { value, consumed: length })
}

/// Decodes what follows the fixed part: cookie, negotiation request, correlation.
fn parse_variable(variable: &[u8]) -> Result<ConnectionRequest, Malformed> {
    let mut request = ConnectionRequest::default();
    let mut rest = variable;
    if variable.first().is_some_and(|first| *first != negotiation::REQUEST) {
        let end =
            line_end(variable).ok_or(Malformed::at(FIXED_PART, "cookie without its CR LF"))?;
        let (cookie, after) = variable.split_at_checked(end).unwrap_or((variable, &[]));
        request.cookie = Some(cookie.to_vec());
        rest = after.get(2..).unwrap_or_default();
    }
    if rest.is_empty() {
        return Ok(request);
    }
    let at = |reason| Malformed::at(FIXED_PART + variable.len() - rest.len(), reason);
    let mut reader = Reader::new(rest);
    let (kind, flags, length, requested) =
        negotiation::read(&mut reader).ok_or(at("negotiation request is cut short"))?;
    if kind != negotiation::REQUEST || length != u16::from(negotiation::LENGTH) {
        return Err(at("not a negotiation request"));
    }
    request.requested = Some(SecurityProtocol(requested));
    request.flags = flags;
    if flags & request_flags::CORRELATION_INFO != 0 {
        request.correlation =
            Some(parse_correlation(&mut reader).ok_or(at("correlation info is broken"))?);
    }
    if reader.is_empty() { Ok(request) } else { Err(at("data behind the negotiation request")) }
}

fn parse_correlation(reader: &mut Reader<'_>) -> Option<[u8; 16]> {
    let (kind, _flags, length) = (reader.u8()?, reader.u8()?, reader.le16()?);
    let correlation = reader.array()?;
    reader.take(16)?;
    (kind == CORRELATION_TYPE && length == CORRELATION_LENGTH).then_some(correlation)
}

fn line_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(2).position(|pair| pair == b"\r\n")
}
