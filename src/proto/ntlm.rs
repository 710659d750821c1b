//! NTLM as far as a server's challenge (MS-NLMP 2.2.1.1, 2.2.1.2, 2.2.2.1). Nothing here can sign
//! anybody in: there is no AUTHENTICATE.

use super::wire::{Malformed, Reader, Unencodable};
use crate::domain::sample::{NtlmIdentity, OsVersion};
use crate::domain::time::WallTime;

/// What every message begins with.
pub const SIGNATURE: [u8; 8] = *b"NTLMSSP\0";

/// The longest name that is read, in UTF-16 units: that of a DNS name.
pub const MAX_NAME: usize = 255;

/// `NegotiateFlags` (MS-NLMP 2.2.2.5).
mod flag {
    pub(super) const UNICODE: u32 = 1;
    pub(super) const TARGET_TYPE_DOMAIN: u32 = 0x0001_0000;
    pub(super) const TARGET_TYPE_SERVER: u32 = 0x0002_0000;
    pub(super) const TARGET_INFO: u32 = 0x0080_0000;
    pub(super) const VERSION: u32 = 0x0200_0000;
    /// What a server of today answers to [`super::negotiate`].
    pub(super) const ANSWER: u32 = 0xe288_8235 | UNICODE | TARGET_INFO | VERSION;
}

/// `AvId` (MS-NLMP 2.2.2.1).
mod pair {
    pub(super) const EOL: u16 = 0;
    pub(super) const NB_COMPUTER: u16 = 1;
    pub(super) const NB_DOMAIN: u16 = 2;
    pub(super) const DNS_COMPUTER: u16 = 3;
    pub(super) const DNS_DOMAIN: u16 = 4;
    pub(super) const DNS_TREE: u16 = 5;
    pub(super) const TIMESTAMP: u16 = 7;
}

/// Bytes up to the server challenge's end: what the oldest servers send.
const SHORTEST: usize = 32;
/// Offset of `TargetName`'s place.
const TARGET_NAME: usize = 12;
/// Offset of `TargetInfo`'s place.
const TARGET_INFO: usize = 40;
/// Offset of `Version`.
const VERSION: usize = 48;
/// Bytes in front of the payload.
const FIXED: usize = 56;

/// Milliseconds from 1601 to 1970.
const EPOCH: i64 = 11_644_473_600_000;
/// `FILETIME` counts tenths of microseconds.
const PER_MS: i64 = 10_000;

/// A NEGOTIATE message: flags as Windows sends them, neither domain nor workstation, and Windows
/// 10.0.17763 as the version, which is there for debugging only (MS-NLMP 2.2.2.10).
#[must_use]
pub const fn negotiate() -> [u8; 40] {
    [
        b'N', b'T', b'L', b'M', b'S', b'S', b'P', 0, // Signature
        1, 0, 0, 0, // MessageType
        0xb7, 0x82, 0x08, 0xe2, // NegotiateFlags
        0, 0, 0, 0, 0, 0, 0, 0, // DomainName: none
        0, 0, 0, 0, 0, 0, 0, 0, // Workstation: none
        10, 0, 0x63, 0x45, 0, 0, 0, 15, // Version 10.0.17763, NTLMSSP_REVISION_W2K3
    ]
}

/// Reads a CHALLENGE message. What it lacks is `None`: old servers send no time, older ones no
/// names, the oldest no version.
///
/// # Errors
/// [`Malformed`] with the offset in the message.
pub fn parse_challenge(message: &[u8]) -> Result<NtlmIdentity, Malformed> {
    if !message.starts_with(&SIGNATURE) {
        return Err(Malformed::at(0, "not an NTLM message"));
    }
    let mut reader = Reader::new(message.get(SIGNATURE.len()..).unwrap_or_default());
    if reader.le32() != Some(2) {
        return Err(Malformed::at(8, "not an NTLM challenge"));
    }
    if message.len() < SHORTEST {
        return Err(Malformed::at(message.len(), "an NTLM challenge that is cut short"));
    }
    let _target_name = reader.take(8);
    let flags = reader.le32().unwrap_or(0);
    let has = |bit: u32| flags & bit != 0;
    let mut identity = NtlmIdentity::default();
    if has(flag::TARGET_INFO)
        && let Some((pairs, at)) = field(message, TARGET_INFO)?
    {
        parse_pairs(pairs, at, &mut identity)?;
    }
    if has(flag::UNICODE)
        && let Some((bytes, at)) = field(message, TARGET_NAME)?
    {
        let name = text(bytes, at)?;
        if has(flag::TARGET_TYPE_DOMAIN) {
            identity.domain = identity.domain.or(name);
        } else if has(flag::TARGET_TYPE_SERVER) {
            identity.computer = identity.computer.or(name);
        }
    }
    if has(flag::VERSION)
        && let Some([major, minor, low, high, ..]) = message.get(VERSION..FIXED)
    {
        let build = u16::from_le_bytes([*low, *high]);
        identity.os = Some(OsVersion { major: *major, minor: *minor, build });
    }
    Ok(identity)
}

/// The bytes that the length and offset at `place` point to, and where they are; `None` when the
/// message ends before that place or the length is 0.
fn field(message: &[u8], place: usize) -> Result<Option<(&[u8], usize)>, Malformed> {
    let mut reader = Reader::new(message.get(place..).unwrap_or_default());
    let (Some(length), Some(_room), Some(offset)) = (reader.le16(), reader.le16(), reader.le32())
    else {
        return Ok(None);
    };
    if length == 0 {
        return Ok(None);
    }
    let inside = usize::try_from(offset).ok().and_then(|offset| {
        let bytes = message.get(offset..offset.checked_add(usize::from(length))?)?;
        Some((bytes, offset))
    });
    inside.map(Some).ok_or(Malformed::at(place, "a field outside the message"))
}

fn parse_pairs(bytes: &[u8], at: usize, identity: &mut NtlmIdentity) -> Result<(), Malformed> {
    let mut reader = Reader::new(bytes);
    loop {
        let here = at.saturating_add(bytes.len().saturating_sub(reader.rest().len()));
        let value_at = here.saturating_add(4);
        let (Some(id), Some(length)) = (reader.le16(), reader.le16()) else {
            return Err(Malformed::at(here, "target information without an end"));
        };
        let Some(value) = reader.take(usize::from(length)) else {
            return Err(Malformed::at(here.saturating_add(2), "a pair that is cut short"));
        };
        let name = match id {
            pair::EOL => return Ok(()),
            pair::NB_COMPUTER => &mut identity.computer,
            pair::NB_DOMAIN => &mut identity.domain,
            pair::DNS_COMPUTER => &mut identity.dns_computer,
            pair::DNS_DOMAIN => &mut identity.dns_domain,
            pair::DNS_TREE => &mut identity.dns_tree,
            pair::TIMESTAMP => {
                let filetime = <[u8; 8]>::try_from(value).map(u64::from_le_bytes);
                let wrong = Malformed::at(value_at, "a time that is not eight bytes long");
                identity.time = wall(filetime.map_err(|_| wrong)?);
                continue;
            }
            _ => continue,
        };
        *name = text(value, value_at)?;
    }
}

/// UTF-16LE; halves of characters become U+FFFD. `None` when empty.
fn text(bytes: &[u8], at: usize) -> Result<Option<String>, Malformed> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    if !odd.is_empty() {
        return Err(Malformed::at(at, "a name of half characters"));
    }
    if pairs.len() > MAX_NAME {
        return Err(Malformed::at(at, "a name above 255 characters"));
    }
    let units = pairs.iter().copied().map(u16::from_le_bytes);
    let text: String =
        char::decode_utf16(units).map(|one| one.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// A `FILETIME` on the wall clock; `None` for 0 and below a millisecond, and for what no clock
/// shows.
fn wall(filetime: u64) -> Option<WallTime> {
    let millis = i64::try_from(filetime).ok()? / PER_MS;
    (millis > 0).then(|| WallTime::from_unix_millis(millis - EPOCH))
}

/// `time` as a `FILETIME`, in whole milliseconds; 0 before 1601.
fn filetime(time: WallTime) -> u64 {
    let millis = time.unix_millis().saturating_add(EPOCH);
    u64::try_from(millis.saturating_mul(PER_MS)).unwrap_or(0)
}

/// A CHALLENGE message of a server that is `identity`, for scripted hosts and tests. Its
/// `TargetName` is the domain, else the computer.
///
/// # Errors
/// A name that is longer than [`MAX_NAME`].
pub fn encode_challenge(
    identity: &NtlmIdentity,
    server_challenge: [u8; 8],
) -> Result<Vec<u8>, Unencodable> {
    let mut pairs = Vec::new();
    for (id, name) in [
        (pair::NB_DOMAIN, &identity.domain),
        (pair::NB_COMPUTER, &identity.computer),
        (pair::DNS_DOMAIN, &identity.dns_domain),
        (pair::DNS_COMPUTER, &identity.dns_computer),
        (pair::DNS_TREE, &identity.dns_tree),
    ] {
        if let Some(name) = name {
            put_pair(&mut pairs, id, &utf16(name)?);
        }
    }
    if let Some(time) = identity.time {
        put_pair(&mut pairs, pair::TIMESTAMP, &filetime(time).to_le_bytes());
    }
    put_pair(&mut pairs, pair::EOL, &[]);
    let (kind, name) = match (&identity.domain, &identity.computer) {
        (Some(domain), _) => (flag::TARGET_TYPE_DOMAIN, utf16(domain)?),
        (None, Some(computer)) => (flag::TARGET_TYPE_SERVER, utf16(computer)?),
        (None, None) => (0, Vec::new()),
    };
    let version = if identity.os.is_some() { 0 } else { flag::VERSION };
    let mut out = SIGNATURE.to_vec();
    out.extend(2_u32.to_le_bytes());
    put_place(&mut out, name.len(), FIXED);
    out.extend(((flag::ANSWER & !version) | kind).to_le_bytes());
    out.extend(server_challenge);
    out.extend([0; 8]);
    put_place(&mut out, pairs.len(), FIXED.saturating_add(name.len()));
    let os = identity.os.unwrap_or_default();
    let [low, high] = os.build.to_le_bytes();
    let revision = if version == 0 { 15 } else { 0 };
    out.extend([os.major, os.minor, low, high, 0, 0, 0, revision]);
    out.extend(name);
    out.extend(pairs);
    Ok(out)
}

fn put_place(out: &mut Vec<u8>, length: usize, offset: usize) {
    let length = u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes();
    out.extend(length);
    out.extend(length);
    out.extend(u32::try_from(offset).unwrap_or(u32::MAX).to_le_bytes());
}

fn put_pair(out: &mut Vec<u8>, id: u16, value: &[u8]) {
    out.extend(id.to_le_bytes());
    out.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_le_bytes());
    out.extend(value);
}

fn utf16(name: &str) -> Result<Vec<u8>, Unencodable> {
    let bytes: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    if bytes.len() > MAX_NAME * 2 {
        return Err(Unencodable("a name above 255 characters"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::oracle;
    use crate::proto::testing::hex;
    use proptest::prelude::*;

    /// The CHALLENGE of the specification's example (MS-NLMP 4.2.4.3): names, no time.
    const EXAMPLE: &str = "
        4e544c4d53535000 02000000
        0c00 0c00 38000000
        33828ae2
        0123456789abcdef
        0000000000000000
        2400 2400 44000000
        0600 7017 0000000f
        53006500720076006500 7200
        0200 0c00 44006f006d00610069006e00
        0100 0c00 530065007200760065007200
        0000 0000";

    #[test]
    fn the_example_of_the_specification_is_read() {
        let identity = parse_challenge(&hex(EXAMPLE)).unwrap();
        let expected = NtlmIdentity {
            computer: Some("Server".to_owned()),
            domain: Some("Domain".to_owned()),
            os: Some(OsVersion { major: 6, minor: 0, build: 6_000 }),
            ..NtlmIdentity::default()
        };
        assert_eq!(identity, expected);
    }

    #[test]
    fn old_servers_send_less() {
        let example = hex(EXAMPLE);
        // NTLM of NT 4: nothing behind the challenge, and the name of a domain.
        let mut oldest = example[..32].to_vec();
        oldest[20..24].copy_from_slice(&0x0001_0001_u32.to_le_bytes());
        oldest[16] = 20;
        oldest[12..16].copy_from_slice(&[12, 0, 12, 0]);
        let named = parse_challenge(&oldest).unwrap();
        // Bytes 20 to 32 are flags and challenge: no name of a real server, and in bounds.
        assert!(named.domain.is_some() && named.os.is_none());
        let mut silent = example[..32].to_vec();
        silent[12..16].fill(0);
        assert_eq!(parse_challenge(&silent), Ok(NtlmIdentity::default()));
    }

    #[test]
    fn a_name_of_any_characters_is_kept_and_halves_are_replaced() {
        let identity = NtlmIdentity {
            computer: Some("b\u{e4}r\u{1f43b}\u{1b}[2J".to_owned()),
            ..NtlmIdentity::default()
        };
        let mut message = encode_challenge(&identity, [1; 8]).unwrap();
        let parsed = parse_challenge(&message).unwrap();
        assert_eq!(parsed.computer, identity.computer);
        // The first half of the bear, in the pair behind the target name.
        let half = message.windows(2).rposition(|bytes| bytes == [0x3d, 0xd8]).unwrap();
        message[half + 1] = 0;
        let parsed = parse_challenge(&message).unwrap();
        assert_eq!(parsed.computer.as_deref(), Some("b\u{e4}r=\u{fffd}\u{1b}[2J"));
    }

    #[test]
    fn every_fault_has_its_offset() {
        let example = hex(EXAMPLE);
        let changed = |at: usize, byte: u8| {
            let mut bytes = example.clone();
            bytes[at] = byte;
            parse_challenge(&bytes).unwrap_err()
        };
        for (fault, offset, reason) in [
            (changed(0, b'X'), 0, "not an NTLM message"),
            (changed(8, 3), 8, "not an NTLM challenge"),
            (changed(44, 0xf0), 40, "a field outside the message"),
            (changed(40, 0x20), 100, "target information without an end"),
            (changed(70, 0xff), 70, "a pair that is cut short"),
            (changed(70, 0x0b), 72, "a name of half characters"),
            (changed(16, 0xf0), 12, "a field outside the message"),
        ] {
            assert_eq!((fault.offset, fault.reason), (offset, reason));
        }
        for cut in 0..example.len() {
            let _total = parse_challenge(&example[..cut]);
            oracle::ntlm_challenge(&example[..cut]);
        }
        let long = NtlmIdentity { computer: Some("x".repeat(256)), ..NtlmIdentity::default() };
        assert!(encode_challenge(&long, [0; 8]).is_err());
    }

    #[test]
    fn times_go_there_and_back_in_milliseconds() {
        for millis in [1_795_244_400_123_i64, 0, -1, -EPOCH + 1] {
            let time = WallTime::from_unix_millis(millis);
            assert_eq!(wall(filetime(time)), Some(time));
        }
        assert_eq!(wall(0), None);
        assert_eq!(wall(u64::MAX), None);
        assert_eq!(filetime(WallTime::from_unix_millis(i64::MIN)), 0);
    }

    proptest! {
        #[test]
        fn any_bytes(tail in prop::collection::vec(any::<u8>(), 0..160)) {
            let mut bytes = SIGNATURE.to_vec();
            bytes.extend([2, 0, 0, 0]);
            bytes.extend(&tail);
            oracle::ntlm_challenge(&bytes);
            oracle::ntlm_challenge(&tail);
        }

        #[test]
        fn broken_challenges(at in 0_usize..104, byte in any::<u8>()) {
            let mut bytes = hex(EXAMPLE);
            bytes[at] = byte;
            oracle::ntlm_challenge(&bytes);
        }

        #[test]
        fn identities_go_there_and_back(
            names in prop::collection::vec(prop::option::of("\\PC{1,40}"), 5),
            version in prop::option::of(any::<(u8, u8, u16)>()),
            millis in prop::option::of(-EPOCH + 1..i64::MAX / PER_MS - EPOCH),
        ) {
            let mut names = names.into_iter();
            let identity = NtlmIdentity {
                computer: names.next().flatten(),
                domain: names.next().flatten(),
                dns_computer: names.next().flatten(),
                dns_domain: names.next().flatten(),
                dns_tree: names.next().flatten(),
                os: version.map(|(major, minor, build)| OsVersion { major, minor, build }),
                time: millis.map(WallTime::from_unix_millis),
                winpr: false,
            };
            let message = encode_challenge(&identity, [9; 8]).unwrap();
            prop_assert_eq!(parse_challenge(&message), Ok(identity));
        }
    }
}
