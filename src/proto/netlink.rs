//! What all protocols of netlink share (RFC 3549, `linux/netlink.h`): messages behind each other,
//! each with attributes. Native byte order.

/// `NLM_F_REQUEST`.
pub(super) const REQUEST: u16 = 0x1;
/// `NLM_F_REQUEST | NLM_F_DUMP`.
pub(super) const DUMP: u16 = 0x301;
/// `NLMSG_ERROR`.
const ERROR: u16 = 2;
/// `NLMSG_DONE`.
const DONE: u16 = 3;
/// `struct nlmsghdr`.
pub(super) const HEADER: usize = 16;

/// Why an answer cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The kernel's own error, `errno`.
    #[error("the kernel refuses: error {0}")]
    Kernel(i32),
    /// A length leads outside the datagram.
    #[error("a length leads outside the answer")]
    Misread,
}

/// Calls `take` with the body of every message of this kind in one datagram; whether it ended the
/// answer.
///
/// # Errors
/// [`Refused`]; the messages before it were taken.
pub(super) fn messages(
    datagram: &[u8],
    kind: u16,
    mut take: impl FnMut(&[u8]),
) -> Result<bool, Refused> {
    let mut rest = datagram;
    while rest.len() >= HEADER {
        let length = u32_at(rest, 0)
            .and_then(|length| usize::try_from(length).ok())
            .filter(|length| *length >= HEADER)
            .ok_or(Refused::Misread)?;
        let message = rest.get(..length).ok_or(Refused::Misread)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        let body = message.get(HEADER..).unwrap_or_default();
        match u16_at(message, 4) {
            Some(DONE) => return Ok(true),
            Some(ERROR) => {
                let code = u32_at(body, 0).unwrap_or_default().cast_signed();
                return Err(Refused::Kernel(code.saturating_neg()));
            }
            Some(own) if own == kind => take(body),
            _ => {}
        }
    }
    Ok(false)
}

/// The message that ends an answer.
#[must_use]
pub fn done() -> Vec<u8> {
    let mut bytes = header(HEADER + 4, DONE, 2);
    bytes.extend([0; 4]);
    bytes
}

/// The head of a message, which is `length` bytes with it.
pub(super) fn header(length: usize, kind: u16, flags: u16) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length);
    bytes.extend(u32::try_from(length).unwrap_or_default().to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend(1_u32.to_ne_bytes());
    bytes.extend(0_u32.to_ne_bytes());
    bytes
}

/// The payload of the first attribute of this kind.
pub(super) fn attribute(mut rest: &[u8], kind: u16) -> Option<&[u8]> {
    loop {
        let length = usize::from(u16_at(rest, 0)?);
        let payload = rest.get(4..length)?;
        if u16_at(rest, 2)? == kind {
            return Some(payload);
        }
        rest = rest.get(length.next_multiple_of(4)..)?;
    }
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}
