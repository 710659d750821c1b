//! CredSSP as far as a server's first answer (MS-CSSP 2.2.1, 3.1.5).
//!
//! The probe sends one `TSRequest` with an NTLM NEGOTIATE, which names no user, and reads what
//! comes back: a `TSRequest` with an NTLM CHALLENGE or with an error code, an MCS disconnect, or
//! an early user authorization result. Nothing follows.

mod answer;
mod der;
#[cfg(test)]
mod tests;

pub use answer::{EarlyUserAuthResult, Reply, parse_answer, parse_early_user_auth_result};

use super::ntlm;
use super::wire::{Malformed, Parse, Unencodable};
use der::{CONTEXT, Element, Elements, INTEGER, OCTET_STRING, SEQUENCE};

/// The version that the probe says it speaks: that of current Windows.
pub const VERSION: u32 = 6;

/// The longest `TSRequest` that is read or written, in bytes. One with a challenge has some
/// hundred.
pub const MAX_TS_REQUEST: usize = 16 * 1024;

/// `TSRequest` (MS-CSSP 2.2.1), as far as a first answer goes. `authInfo` and `pubKeyAuth`, which
/// hold secrets, are checked for their shape and not kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TsRequest {
    /// `version`.
    pub version: u32,
    /// The first of `negoTokens`.
    pub token: Option<Vec<u8>>,
    /// `errorCode`, an NTSTATUS.
    pub error: Option<u32>,
    /// `clientNonce`.
    pub nonce: Option<Vec<u8>>,
}

impl TsRequest {
    /// The bytes on the wire.
    ///
    /// # Errors
    /// When they are more than [`MAX_TS_REQUEST`].
    pub fn encode(&self) -> Result<Vec<u8>, Unencodable> {
        let too_long = Unencodable("a TSRequest above 16 KiB");
        self.elements().filter(|bytes| bytes.len() <= MAX_TS_REQUEST).ok_or(too_long)
    }

    fn elements(&self) -> Option<Vec<u8>> {
        let version = der::element(INTEGER, &der::integer(i64::from(self.version)))?;
        let mut content = der::element(CONTEXT, &version)?;
        if let Some(token) = &self.token {
            let token = der::element(CONTEXT, &der::element(OCTET_STRING, token)?)?;
            let tokens = der::element(SEQUENCE, &der::element(SEQUENCE, &token)?)?;
            content.extend(der::element(CONTEXT | 1, &tokens)?);
        }
        if let Some(error) = self.error {
            let [a, b, c, d] = error.to_be_bytes();
            let code = der::integer(i64::from(i32::from_be_bytes([a, b, c, d])));
            content.extend(der::element(CONTEXT | 4, &der::element(INTEGER, &code)?)?);
        }
        if let Some(nonce) = &self.nonce {
            content.extend(der::element(CONTEXT | 5, &der::element(OCTET_STRING, nonce)?)?);
        }
        der::element(SEQUENCE, &content)
    }
}

/// What the probe sends: version 6 and a raw NTLM NEGOTIATE, without SPNEGO around it (allowed by
/// MS-CSSP 2.2.1.1). To be written at once: servers may want the whole in one TLS record
/// (MS-CSSP appendix A, note 8).
#[must_use]
pub fn request() -> Vec<u8> {
    let token = Some(ntlm::negotiate().to_vec());
    let request = TsRequest { version: VERSION, token, ..TsRequest::default() };
    request.encode().unwrap_or_default()
}

/// Reads a `TSRequest` from a growing buffer; bytes behind it are not looked at. Fields that the
/// specification does not know are skipped.
///
/// # Errors
/// [`Malformed`], as soon as the bytes allow.
pub fn parse_ts_request(bytes: &[u8]) -> Result<Parse<TsRequest>, Malformed> {
    parse_located(bytes).map(|parse| match parse {
        Parse::NeedMore(total) => Parse::NeedMore(total),
        Parse::Done { value: (request, _), consumed } => Parse::Done { value: request, consumed },
    })
}

/// The same, with the offset of the first token.
fn parse_located(bytes: &[u8]) -> Result<Parse<(TsRequest, usize)>, Malformed> {
    if bytes.first().is_some_and(|first| *first != SEQUENCE) {
        return Err(Malformed::at(0, "not a TSRequest"));
    }
    let (length, header) = match der::header(bytes, 0)? {
        Parse::NeedMore(total) => return Ok(Parse::NeedMore(total)),
        Parse::Done { value: (_, length), consumed } => (length, consumed),
    };
    let total = header.saturating_add(length);
    if total > MAX_TS_REQUEST {
        return Err(Malformed::at(1, "a TSRequest above 16 KiB"));
    }
    let Some(content) = bytes.get(header..total) else { return Ok(Parse::NeedMore(total)) };
    let value = parse_fields(Elements::new(content, header))?;
    Ok(Parse::Done { value, consumed: total })
}

fn parse_fields(mut fields: Elements<'_>) -> Result<(TsRequest, usize), Malformed> {
    let mut request = TsRequest::default();
    let (mut seen, mut token_at) = (0_u32, 0);
    while !fields.is_empty() {
        let Element { tag, at, content } = fields.element()?;
        // Context-specific, constructed, numbers of one byte.
        let number = u32::from(tag ^ CONTEXT);
        if number > 30 {
            return Err(Malformed::at(at, "not a field of a TSRequest"));
        }
        if seen & 1 << number != 0 {
            return Err(Malformed::at(at, "a field for the second time"));
        }
        seen |= 1 << number;
        match number {
            0 => {
                let (version, at) = content.integer()?;
                request.version = u32::try_from(version)
                    .map_err(|_| Malformed::at(at, "a version that is no number of 32 bits"))?;
            }
            1 => (request.token, token_at) = parse_tokens(content)?,
            2 | 3 => {
                content.octets()?;
            }
            4 => {
                let (code, at) = content.integer()?;
                request.error = Some(
                    u32::try_from(code)
                        .or_else(|_| {
                            i32::try_from(code).map(|code| u32::from_be_bytes(code.to_be_bytes()))
                        })
                        .map_err(|_| Malformed::at(at, "an error code of more than 32 bits"))?,
                );
            }
            5 => request.nonce = Some(content.octets()?.bytes().to_vec()),
            _ => {}
        }
    }
    if seen & 1 == 0 {
        return Err(Malformed::at(fields.at(), "no version"));
    }
    Ok((request, token_at))
}

/// `NegoData`: the first token and its offset. All are checked for their shape.
fn parse_tokens(mut field: Elements<'_>) -> Result<(Option<Vec<u8>>, usize), Malformed> {
    let mut list = field.expect(SEQUENCE, "not a SEQUENCE of tokens")?;
    field.end()?;
    let mut first = None;
    while !list.is_empty() {
        let mut item = list.expect(SEQUENCE, "not a SEQUENCE with a token")?;
        let token = item.expect(CONTEXT, "not a token")?.octets()?;
        item.end()?;
        first.get_or_insert((token.bytes().to_vec(), token.at()));
    }
    Ok(first.map_or((None, 0), |(token, at)| (Some(token), at)))
}
