//! Ethernet addresses, parsed strictly.

use std::fmt;
use std::str::FromStr;

/// An EUI-48 hardware address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MacAddr(pub [u8; 6]);

/// Why a text is not a hardware address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MacError {
    /// Neither `aa:bb:cc:dd:ee:ff`, `aa-bb-…`, `aabb.ccdd.eeff` nor twelve hex digits.
    #[error(
        "\"{0}\" is not a MAC address, expected six pairs of hex digits such as 02:11:22:33:44:55"
    )]
    Form(String),
    /// Well formed, but no single interface can own it.
    #[error("{0} cannot belong to one PC: {1}")]
    NotUnicast(MacAddr, &'static str),
}

impl MacAddr {
    /// Whether one interface can own this address: not zero, not broadcast, not multicast.
    ///
    /// # Errors
    /// [`MacError::NotUnicast`] with the reason.
    pub fn require_unicast(self) -> Result<Self, MacError> {
        match self.0 {
            [0, 0, 0, 0, 0, 0] => Err(MacError::NotUnicast(self, "it is all zeros")),
            [0xff, 0xff, 0xff, 0xff, 0xff, 0xff] => {
                Err(MacError::NotUnicast(self, "it is the broadcast address"))
            }
            [first, ..] if first & 1 == 1 => {
                Err(MacError::NotUnicast(self, "it is a multicast address"))
            }
            _ => Ok(self),
        }
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, octet) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(":")?;
            }
            write!(f, "{octet:02x}")?;
        }
        Ok(())
    }
}

impl FromStr for MacAddr {
    type Err = MacError;

    /// Accepts one separator throughout (`:` or `-` between pairs, `.` between fours) or none.
    fn from_str(text: &str) -> Result<Self, MacError> {
        let error = || MacError::Form(text.chars().take(40).collect());
        let digits: Vec<u8> = match text.len() {
            12 => text.bytes().collect(),
            14 => split_evenly(text, b'.', 4).ok_or_else(error)?,
            17 => split_evenly(text, b':', 2)
                .or_else(|| split_evenly(text, b'-', 2))
                .ok_or_else(error)?,
            _ => return Err(error()),
        };
        let mut octets = [0_u8; 6];
        for (octet, pair) in octets.iter_mut().zip(digits.chunks(2)) {
            let [high, low] = pair else { return Err(error()) };
            let (Some(high), Some(low)) = (hex(*high), hex(*low)) else { return Err(error()) };
            *octet = high << 4 | low;
        }
        Self(octets).require_unicast()
    }
}

/// The digits of `text` when `separator` stands after every `width` of them and nowhere else.
fn split_evenly(text: &str, separator: u8, width: usize) -> Option<Vec<u8>> {
    let groups: Vec<&[u8]> = text.as_bytes().split(|byte| *byte == separator).collect();
    (groups.len() * width == 12 && groups.iter().all(|group| group.len() == width))
        .then(|| groups.concat())
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

impl serde::Serialize for MacAddr {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for MacAddr {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_spelling_is_one_address() {
        let expected = MacAddr([0x02, 0xab, 0x22, 0x33, 0x44, 0x5f]);
        for text in ["02:ab:22:33:44:5f", "02-AB-22-33-44-5F", "02ab.2233.445f", "02AB2233445F"] {
            assert_eq!(text.parse::<MacAddr>(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn lookalikes_are_refused() {
        for text in [
            "",
            "02:ab:22:33:44",
            "02:ab:22:33:44:5f:66",
            "G0:ab:22:33:44:5f",
            "02:ab-22:33:44:5f",
            "2:ab:22:33:44:5f0",
            "02ab22334455f",
            "ff:ff:ff:ff:ff:ff",
            "00:00:00:00:00:00",
            "01:00:5e:00:00:01",
            "०2:ab:22:33:44",
            "02:ab:22:33:44:5\u{e9}",
        ] {
            assert!(text.parse::<MacAddr>().is_err(), "{text}");
        }
    }
}
