//! As much DER as a `TSRequest` needs (X.690): tags of one byte, definite lengths below 16 MiB.
//!
//! Lengths may be longer than they need be, as BER allows and some servers write them.

use crate::proto::wire::{Malformed, Parse, Reader, be24};

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const SEQUENCE: u8 = 0x30;
/// Context-specific and constructed, number 0.
pub(super) const CONTEXT: u8 = 0xa0;

const CUT_SHORT: &str = "an element is cut short";

/// Elements one after the other, with their place in the whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct Elements<'a> {
    reader: Reader<'a>,
    /// Offset of the next byte.
    at: usize,
}

/// One element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    /// Offset of its tag.
    pub(super) at: usize,
    pub(super) content: Elements<'a>,
}

impl<'a> Elements<'a> {
    pub(super) const fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { reader: Reader::new(bytes), at }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.reader.is_empty()
    }

    /// Offset of the next byte.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    pub(super) const fn bytes(&self) -> &'a [u8] {
        self.reader.rest()
    }

    /// The next element.
    pub(super) fn element(&mut self) -> Result<Element<'a>, Malformed> {
        let at = self.at;
        let (tag, header, length) = match header(self.bytes(), at)? {
            Parse::Done { value: (tag, length), consumed } => (tag, consumed, length),
            Parse::NeedMore(_) => return Err(Malformed::at(at, CUT_SHORT)),
        };
        let inside = self.reader.take(header).and_then(|_| self.reader.take(length));
        let too_long = Malformed::at(at.saturating_add(1), "a length beyond what holds it");
        let content = Self::new(inside.ok_or(too_long)?, at.saturating_add(header));
        self.at = content.at.saturating_add(length);
        Ok(Element { tag, at, content })
    }

    /// The next element, which must have this tag.
    pub(super) fn expect(&mut self, tag: u8, otherwise: &'static str) -> Result<Self, Malformed> {
        let element = self.element()?;
        if element.tag == tag {
            Ok(element.content)
        } else {
            Err(Malformed::at(element.at, otherwise))
        }
    }

    /// Nothing may follow.
    pub(super) const fn end(&self) -> Result<(), Malformed> {
        if self.is_empty() { Ok(()) } else { Err(Malformed::at(self.at, "bytes behind the end")) }
    }

    /// The value of the only element, an INTEGER of at most five bytes.
    pub(super) fn integer(mut self) -> Result<(i64, usize), Malformed> {
        let content = self.expect(INTEGER, "not an INTEGER")?;
        self.end()?;
        let at = content.at;
        let bytes = content.bytes();
        let Some((first, _)) = bytes.split_first().filter(|_| bytes.len() <= 5) else {
            return Err(Malformed::at(at, "an INTEGER that is not one to five bytes long"));
        };
        let start = if first & 0x80 == 0 { 0 } else { -1 };
        Ok((bytes.iter().fold(start, |value: i64, byte| value << 8 | i64::from(*byte)), at))
    }

    /// The content of the only element, an OCTET STRING.
    pub(super) fn octets(mut self) -> Result<Self, Malformed> {
        let content = self.expect(OCTET_STRING, "not an OCTET STRING")?;
        self.end()?;
        Ok(content)
    }
}

/// Tag and length of the element that `bytes` begin with; `consumed` is what both take. `at` is
/// where `bytes` stand in the whole.
pub(super) fn header(bytes: &[u8], at: usize) -> Result<Parse<(u8, usize)>, Malformed> {
    let length_at = at.saturating_add(1);
    Ok(match bytes {
        [] => Parse::NeedMore(1),
        [_] => Parse::NeedMore(2),
        [tag, length @ 0..=0x7f, ..] => {
            Parse::Done { value: (*tag, usize::from(*length)), consumed: 2 }
        }
        [_, 0x80, ..] => return Err(Malformed::at(length_at, "a length without end")),
        [tag, 0x81, length, ..] => Parse::Done { value: (*tag, usize::from(*length)), consumed: 3 },
        [_, 0x81, ..] => Parse::NeedMore(3),
        [tag, 0x82, high, low, ..] => {
            Parse::Done { value: (*tag, be24([0, *high, *low])), consumed: 4 }
        }
        [_, 0x82, ..] => Parse::NeedMore(4),
        [tag, 0x83, high, middle, low, ..] => {
            Parse::Done { value: (*tag, be24([*high, *middle, *low])), consumed: 5 }
        }
        [_, 0x83, ..] => Parse::NeedMore(5),
        _ => return Err(Malformed::at(length_at, "a length of more than three bytes")),
    })
}

/// `content` as an element, its length as short as it can be; `None` above 16 MiB.
pub(super) fn element(tag: u8, content: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(content.len()).ok()?;
    let mut out = vec![tag];
    match length.to_be_bytes() {
        [0, 0, 0, short @ 0..=0x7f] => out.push(short),
        [0, 0, 0, low] => out.extend([0x81, low]),
        [0, 0, high, low] => out.extend([0x82, high, low]),
        [0, high, middle, low] => out.extend([0x83, high, middle, low]),
        _ => return None,
    }
    out.extend_from_slice(content);
    Some(out)
}

/// The content of an INTEGER, as short as it can be.
pub(super) fn integer(value: i64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let redundant = bytes
        .windows(2)
        .take_while(|pair| match pair {
            [0, next] => next & 0x80 == 0,
            [0xff, next] => next & 0x80 != 0,
            _ => false,
        })
        .count();
    bytes.get(redundant..).unwrap_or_default().to_vec()
}
