//! What every decoder of this layer shares: a bounded reader, and the ways a parse can end.

use crate::domain::sample::Misread;

/// How far a decoder of a growing buffer has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parse<T> {
    /// No decision is possible before the buffer holds this many bytes in total. Always more than
    /// it held, and reading exactly up to there never reads past the message.
    NeedMore(usize),
    /// Decided. More bytes do not change the value.
    Done {
        /// What the bytes mean.
        value: T,
        /// How many bytes belong to it; what follows them is the caller's.
        consumed: usize,
    },
}

impl<T> Parse<T> {
    /// The value, once decided.
    pub fn done(self) -> Option<T> {
        match self {
            Self::NeedMore(_) => None,
            Self::Done { value, .. } => Some(value),
        }
    }
}

/// Bytes that break the format, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at byte {offset}")]
pub struct Malformed {
    /// Offset of the first byte that is wrong.
    pub offset: usize,
    /// What is wrong there, lower case, no full stop.
    pub reason: &'static str,
}

impl Malformed {
    /// `reason` at `offset`.
    #[must_use]
    pub const fn at(offset: usize, reason: &'static str) -> Self {
        Self { offset, reason }
    }
}

impl From<Malformed> for Misread {
    fn from(Malformed { offset, reason }: Malformed) -> Self {
        Self { offset, reason }
    }
}

/// A value that its format cannot carry, usually because a length field is too narrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cannot encode {0}")]
pub struct Unencodable(pub &'static str);

/// Takes fields off the front of a slice; `None` when they are not all there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*taken)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn be16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn be32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn be24(&mut self) -> Option<usize> {
        self.array().map(be24)
    }

    pub(crate) fn le16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn le32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// A vector with a one-byte length in front (RFC 8446 3.4).
    pub(crate) fn vector8(&mut self) -> Option<Self> {
        let length = usize::from(self.u8()?);
        self.take(length).map(Self::new)
    }

    /// A vector with a two-byte length in front.
    pub(crate) fn vector16(&mut self) -> Option<Self> {
        let length = usize::from(self.be16()?);
        self.take(length).map(Self::new)
    }

    /// A vector with a three-byte length in front.
    pub(crate) fn vector24(&mut self) -> Option<Self> {
        let length = self.be24()?;
        self.take(length).map(Self::new)
    }
}

/// The value of a three-byte big-endian length.
pub(crate) fn be24([high, middle, low]: [u8; 3]) -> usize {
    usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low)
}

/// `body` behind its length in one byte; what does not fit is left out.
pub(crate) fn put_vector8(out: &mut Vec<u8>, body: &[u8]) {
    let length = u8::try_from(body.len()).unwrap_or(u8::MAX);
    out.push(length);
    out.extend(body.iter().take(usize::from(length)));
}

/// `body` behind its length in two bytes; what does not fit is left out.
pub(crate) fn put_vector16(out: &mut Vec<u8>, body: &[u8]) {
    let length = u16::try_from(body.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend(body.iter().take(usize::from(length)));
}

/// `body` behind its length in three bytes.
pub(crate) fn put_vector24(out: &mut Vec<u8>, body: &[u8]) -> Result<(), Unencodable> {
    let too_long = Unencodable("a vector above 16 MiB");
    let length = u32::try_from(body.len()).map_err(|_| too_long)?;
    let [0, high, middle, low] = length.to_be_bytes() else { return Err(too_long) };
    out.extend_from_slice(&[high, middle, low]);
    out.extend_from_slice(body);
    Ok(())
}
