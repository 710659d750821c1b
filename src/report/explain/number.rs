//! Client error codes as people type them.

/// How a number was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Spelling {
    /// In decimal.
    Decimal,
    /// In hexadecimal.
    Hex,
    /// As a signed decimal number of 32 bits, the way scripts print HRESULTs.
    Signed,
}

/// One way to read a text as a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reading {
    /// The code.
    pub code: u32,
    /// How it was read.
    pub spelling: Spelling,
}

/// Every way to read `text` as a code, the likelier first; empty when it is no number.
///
/// `0x904` and `904h` are hexadecimal, `-2147…` is signed, digits with letters (`b09`) are
/// hexadecimal, and digits alone may be either: people type `904` for 0x904 and `2308` for the
/// same.
#[must_use]
pub fn readings(text: &str) -> Vec<Reading> {
    let text = text.trim();
    let hex =
        |digits: &str| parse_hex(digits).map(|code| Reading { code, spelling: Spelling::Hex });
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return hex(digits).into_iter().collect();
    }
    if let Some(digits) = text.strip_suffix(['h', 'H']) {
        return hex(digits).filter(|_| has_digit(digits)).into_iter().collect();
    }
    if let Some(digits) = text.strip_prefix('-') {
        let signed = is_decimal(digits).then(|| text.parse::<i32>().ok()).flatten();
        let code = signed.map(i32::cast_unsigned);
        return code.map(|code| Reading { code, spelling: Spelling::Signed }).into_iter().collect();
    }
    let decimal = is_decimal(text)
        .then(|| text.parse().ok())
        .flatten()
        .map(|code| Reading { code, spelling: Spelling::Decimal });
    let hex = hex(text).filter(|_| has_digit(text));
    match (decimal, hex) {
        // Up to nine both spellings are the same number.
        (Some(decimal), Some(hex)) if decimal.code == hex.code => vec![decimal],
        (decimal, hex) => decimal.into_iter().chain(hex).collect(),
    }
}

fn parse_hex(digits: &str) -> Option<u32> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

fn is_decimal(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_spelling_is_read() {
        use Spelling::{Decimal, Hex, Signed};
        for (text, expected) in [
            ("0x904", vec![(0x904, Hex)]),
            ("0X904", vec![(0x904, Hex)]),
            (" 904h ", vec![(0x904, Hex)]),
            ("2308", vec![(2308, Decimal), (0x2308, Hex)]),
            ("904", vec![(904, Decimal), (0x904, Hex)]),
            ("7", vec![(7, Decimal)]),
            ("b09", vec![(0xb09, Hex)]),
            ("B09H", vec![(0xb09, Hex)]),
            ("0x03000001", vec![(0x0300_0001, Hex)]),
            ("50331649", vec![(50_331_649, Decimal), (0x5033_1649, Hex)]),
            ("-2147001891", vec![(0x8007_59dd, Signed)]),
            ("-1", vec![(u32::MAX, Signed)]),
            ("4294967295", vec![(u32::MAX, Decimal)]),
        ] {
            let read: Vec<_> =
                readings(text).iter().map(|reading| (reading.code, reading.spelling)).collect();
            assert_eq!(read, expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_not_read_as_one() {
        for text in [
            "",
            "0x",
            "h",
            "-",
            "--1",
            "-0x1",
            "+5",
            "0x+5",
            "beef",
            "bad",
            "each",
            "904g",
            "9 4",
            "0x1ffffffff",
            "99999999999",
            "-4294967296",
            "٩٠٤",
            "0x-1",
            "port-closed",
        ] {
            assert_eq!(readings(text), [], "{text}");
        }
    }
}
