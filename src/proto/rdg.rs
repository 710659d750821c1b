//! What an RD Gateway is asked over HTTP, and the head of its answer.
//!
//! One request on the outgoing channel (MS-TSGU 2.2.3.1, 3.3.5.1): the gateway must answer it with
//! 401 and the schemes it takes. Without an `Authorization` header no tunnel opens and nobody
//! signs in.

use super::wire::Parse;
use crate::domain::sample::{GatewayAnswer, Misread};

/// Longest head of an answer, in bytes.
pub const MAX_HEAD: usize = 16 * 1024;
/// Most header fields of an answer.
pub const MAX_HEADERS: usize = 64;
/// Most authentication schemes that are kept.
pub const MAX_SCHEMES: usize = 16;
/// Longest scheme that is kept, in bytes.
pub const MAX_SCHEME: usize = 64;
/// Most bytes of a `Location` that are kept.
pub const MAX_LOCATION: usize = 1024;

/// The method of the outgoing channel.
pub const METHOD: &str = "RDG_OUT_DATA";
/// Where a gateway listens for it.
pub const PATH: &str = "/remoteDesktopGateway/";

/// The request, byte for byte. `authority` is what stands in `Host`: a name or a bracketed address,
/// with the port where that is not 443.
#[must_use]
pub fn request(authority: &str, connection: [u8; 16]) -> Vec<u8> {
    format!(
        "{METHOD} {PATH} HTTP/1.1\r\n\
         Host: {authority}\r\n\
         User-Agent: rdpwatch\r\n\
         Accept: */*\r\n\
         Cache-Control: no-cache\r\n\
         RDG-Connection-Id: {}\r\n\
         Content-Length: 0\r\n\
         Connection: close\r\n\r\n",
        guid(connection)
    )
    .into_bytes()
}

/// A random GUID (RFC 9562 version 4) in braces, as MS-TSGU 2.2.3.2.2 wants it.
fn guid(random: [u8; 16]) -> String {
    let mut number = u128::from_be_bytes(random);
    number &= !(0xf000_u128 << 64 | 0xc000_u128 << 48);
    number |= 0x4000_u128 << 64 | 0x8000_u128 << 48;
    let hex = format!("{number:032X}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default().to_owned();
    format!("{{{}-{}-{}-{}-{}}}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

/// The head of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Status code, 101 or 200 to 999.
    pub status: u16,
    /// Schemes of every `WWW-Authenticate`, in the order given, each once, as spelled.
    pub schemes: Vec<String>,
    /// The first `Location`, as spelled; bytes that are no UTF-8 are replaced.
    pub location: Option<String>,
}

impl Head {
    /// What it means for Remote Desktop.
    #[must_use]
    pub const fn answer(&self) -> GatewayAnswer {
        match self.status {
            401 if self.schemes.is_empty() => GatewayAnswer::NoSchemes,
            401 => GatewayAnswer::Challenge,
            404 => GatewayAnswer::NotFound,
            405 | 501 => GatewayAnswer::MethodFiltered,
            300..=399 => GatewayAnswer::Redirected,
            503 => GatewayAnswer::Unavailable,
            _ => GatewayAnswer::OtherStatus,
        }
    }

    /// Whether the answer proper is still to come.
    const fn is_interim(&self) -> bool {
        matches!(self.status, 100 | 102..=199)
    }
}

/// The head of an answer in a growing buffer (RFC 9112 section 2). Interim answers in front of it
/// are passed over (RFC 9110 section 15.2); 101 is final, because HTTP ends there.
///
/// # Errors
/// Inside [`Parse::Done`]: what is no HTTP, with the offset of the first byte that is not.
#[must_use]
pub fn parse_head(bytes: &[u8]) -> Parse<Result<Head, Misread>> {
    let bytes = bytes.get(..bytes.len().min(MAX_HEAD)).unwrap_or_default();
    let mut passed = 0;
    loop {
        match parse_one(bytes, passed) {
            Parse::Done { value: Ok(interim), consumed } if interim.is_interim() => {
                passed = consumed;
            }
            parse => return parse,
        }
    }
}

/// The head that begins at `start`; offsets count from the first byte of all.
fn parse_one(whole: &[u8], start: usize) -> Parse<Result<Head, Misread>> {
    let bytes = whole.get(start..).unwrap_or_default();
    let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut fields);
    match read(&mut response, bytes) {
        Ok(httparse::Status::Complete(consumed)) => {
            let head = Head {
                status: response.code.unwrap_or_default(),
                schemes: schemes(response.headers),
                location: location(response.headers),
            };
            Parse::Done { value: Ok(head), consumed: start.saturating_add(consumed) }
        }
        Ok(httparse::Status::Partial) if whole.len() < MAX_HEAD => {
            Parse::NeedMore(whole.len().saturating_add(1))
        }
        Ok(httparse::Status::Partial) => {
            let misread = Misread { offset: MAX_HEAD, reason: "a head above 16 KiB" };
            Parse::Done { value: Err(misread), consumed: MAX_HEAD }
        }
        Err(error) => {
            let offset = start.saturating_add(first_wrong(bytes));
            let misread = Misread { offset, reason: reason(error) };
            Parse::Done { value: Err(misread), consumed: offset }
        }
    }
}

/// Reads what there is of a head; a status below 100 is none (RFC 9110 section 15).
fn read<'b>(response: &mut httparse::Response<'_, 'b>, bytes: &'b [u8]) -> httparse::Result<usize> {
    let status = response.parse(bytes);
    match response.code {
        Some(0..100) => Err(httparse::Error::Status),
        _ => status,
    }
}

/// Whether bytes that did not become a whole head were one as far as they went.
#[must_use]
pub fn misread_partial(bytes: &[u8]) -> Option<Misread> {
    parse_head(bytes).done().and_then(Result::err)
}

/// The offset of the byte that makes `bytes` no HTTP: the parser refuses every longer prefix, and
/// none shorter.
fn first_wrong(bytes: &[u8]) -> usize {
    let (mut good, mut bad) = (0, bytes.len());
    while good + 1 < bad {
        let middle = good.midpoint(bad);
        let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let prefix = bytes.get(..middle).unwrap_or_default();
        if read(&mut httparse::Response::new(&mut fields), prefix).is_err() {
            bad = middle;
        } else {
            good = middle;
        }
    }
    good
}

const fn reason(error: httparse::Error) -> &'static str {
    match error {
        httparse::Error::HeaderName => "no name of a header field",
        httparse::Error::HeaderValue => "no value of a header field",
        httparse::Error::NewLine => "no line break",
        httparse::Error::Status => "no status code",
        httparse::Error::Token => "no token",
        httparse::Error::TooManyHeaders => "more than 64 header fields",
        httparse::Error::Version => "no HTTP version",
    }
}

fn location(fields: &[httparse::Header<'_>]) -> Option<String> {
    let field = fields.iter().find(|field| field.name.eq_ignore_ascii_case("location"))?;
    let value = field.value.get(..field.value.len().min(MAX_LOCATION)).unwrap_or_default();
    Some(String::from_utf8_lossy(value).trim().to_owned()).filter(|value| !value.is_empty())
}

fn schemes(fields: &[httparse::Header<'_>]) -> Vec<String> {
    let mut schemes: Vec<String> = Vec::new();
    let values = fields.iter().filter(|field| field.name.eq_ignore_ascii_case("www-authenticate"));
    for scheme in values.flat_map(|field| elements(field.value)).filter_map(scheme) {
        let known = schemes.iter().any(|other| other.eq_ignore_ascii_case(scheme));
        if !known && schemes.len() < MAX_SCHEMES {
            schemes.push(scheme.to_owned());
        }
    }
    schemes
}

/// The elements of a comma-separated list (RFC 9110 section 5.6.1); commas in quotes are text.
fn elements(value: &[u8]) -> Vec<&[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    value
        .split(|byte| {
            let separates = *byte == b',' && !quoted;
            (quoted, escaped) = match (*byte, escaped) {
                (b'"', false) => (!quoted, false),
                (b'\\', false) => (quoted, quoted),
                _ => (quoted, false),
            };
            separates
        })
        .collect()
}

/// The scheme that an element begins with (RFC 9110 section 11.6.1); `None` for an element that is
/// a parameter of the scheme before it.
fn scheme(element: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(element.trim_ascii()).ok()?;
    let end = text.find(|c: char| !is_token(c)).unwrap_or(text.len());
    let (token, rest) = text.split_at_checked(end)?;
    let alone = rest.is_empty() || rest.starts_with([' ', '\t']);
    let is_parameter = rest.trim_start().starts_with('=');
    (!token.is_empty() && token.len() <= MAX_SCHEME && alone && !is_parameter).then_some(token)
}

/// `tchar` of RFC 9110 section 5.6.2.
const fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(
            c,
            '!' | '#'
                | '$'
                | '%'
                | '&'
                | '\''
                | '*'
                | '+'
                | '-'
                | '.'
                | '^'
                | '_'
                | '`'
                | '|'
                | '~'
        )
}

/// The head of an answer with these schemes, one field each, as IIS writes it: for scripted
/// gateways. Values that a header field cannot carry make a head that [`parse_head`] refuses.
#[must_use]
pub fn answer(status: u16, schemes: &[&str], location: Option<&str>) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status:03} .\r\nContent-Length: 0\r\n");
    for scheme in schemes {
        head.push_str("WWW-Authenticate: ");
        head.push_str(scheme);
        head.push_str("\r\n");
    }
    if let Some(location) = location {
        head.push_str("Location: ");
        head.push_str(location);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    head.into_bytes()
}

#[cfg(test)]
mod tests;
