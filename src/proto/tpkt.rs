//! TPKT, the frame around X.224 (RFC 1006 section 6, T.123 section 8).

use super::wire::{Malformed, Parse};

/// The first byte of every TPKT.
pub const VERSION: u8 = 3;

/// Size of the header in bytes.
pub const HEADER: usize = 4;

/// The smallest packet: the header and a three-byte X.224 data header.
pub const MIN: usize = 7;

/// Reads the header and gives the length of the whole packet in bytes, header included.
///
/// The reserved second byte is not looked at, as T.123 asks. `consumed` is [`HEADER`].
///
/// # Errors
/// A version other than 3, and a length below [`MIN`] or above `limit`.
pub fn parse_header(bytes: &[u8], limit: usize) -> Result<Parse<usize>, Malformed> {
    match bytes {
        [] => Ok(Parse::NeedMore(1)),
        [VERSION, _, high, low, ..] => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            if length < MIN {
                Err(Malformed::at(2, "TPKT length is below its minimum"))
            } else if length > limit {
                Err(Malformed::at(2, "TPKT length is above what this message can have"))
            } else {
                Ok(Parse::Done { value: length, consumed: HEADER })
            }
        }
        [VERSION, ..] => Ok(Parse::NeedMore(HEADER)),
        _ => Err(Malformed::at(0, "not a TPKT header")),
    }
}
