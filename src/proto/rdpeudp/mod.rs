//! The opening of RDP's UDP transport (MS-RDPEUDP): the SYN and its SYN+ACK, decoded and encoded.
//!
//! Both are one datagram each, big-endian, padded with zeros to the MTU that they offer
//! (MS-RDPEUDP 3.1.5.1.1, 3.1.5.1.2): their passing is itself a test of the path.

#[cfg(test)]
mod tests;

use super::wire::{Malformed, Reader, Unencodable};
use crate::domain::sample::UdpVersion;

/// The largest MTU, in bytes of UDP payload (MS-RDPEUDP 2.2.2.5).
pub const MTU_MAX: u16 = 1232;
/// The smallest MTU, in bytes of UDP payload (MS-RDPEUDP 2.2.2.5).
pub const MTU_MIN: u16 = 1132;
/// The receive window that current clients name, in packets (captures of Windows clients).
pub const WINDOW: u16 = 0x0040;
/// `snSourceAck` of a datagram that acknowledges nothing yet (MS-RDPEUDP 3.1.5.1.1).
pub const NO_ACKNOWLEDGEMENT: u32 = u32::MAX;

/// `uFlags` (MS-RDPEUDP 2.2.2.1).
pub mod flags {
    /// `RDPUDP_FLAG_SYN`.
    pub const SYN: u16 = 0x0001;
    /// `RDPUDP_FLAG_FIN`.
    pub const FIN: u16 = 0x0002;
    /// `RDPUDP_FLAG_ACK`.
    pub const ACK: u16 = 0x0004;
    /// `RDPUDP_FLAG_DATA`.
    pub const DATA: u16 = 0x0008;
    /// `RDPUDP_FLAG_FEC`.
    pub const FEC: u16 = 0x0010;
    /// `RDPUDP_FLAG_ACK_OF_ACKS`.
    pub const ACK_OF_ACKS: u16 = 0x0100;
    /// `RDPUDP_FLAG_SYNLOSSY`.
    pub const SYN_LOSSY: u16 = 0x0200;
    /// `RDPUDP_FLAG_CORRELATION_ID`.
    pub const CORRELATION_ID: u16 = 0x0800;
    /// `RDPUDP_FLAG_SYNEX`.
    pub const SYN_EX: u16 = 0x1000;
}

/// Flags whose payloads would stand where a SYN has its own: no SYN and no SYN+ACK has them.
const NEVER_WITH_SYN: u16 = flags::FIN | flags::DATA | flags::FEC | flags::ACK_OF_ACKS;

/// `RDPUDP_VERSION_INFO_VALID` of `uSynExFlags` (MS-RDPEUDP 2.2.2.9).
const VERSION_INFO_VALID: u16 = 0x0001;

/// Offsets of fields, for what is wrong with them.
const FLAGS_AT: usize = 6;
const UP_AT: usize = 12;
const DOWN_AT: usize = 14;

/// Length of `RDPUDP_CORRELATION_ID_PAYLOAD`: the id and as many reserved bytes (2.2.2.8).
const CORRELATION: usize = 32;

/// Versions of the protocol (MS-RDPEUDP 2.2.2.9).
pub mod version {
    use super::UdpVersion;

    /// `RDPUDP_PROTOCOL_VERSION_1`: Windows 8, Server 2012.
    pub const V1: UdpVersion = UdpVersion(1);
    /// `RDPUDP_PROTOCOL_VERSION_2`: Windows 8.1, Server 2012 R2 and newer.
    pub const V2: UdpVersion = UdpVersion(2);
    /// `RDPUDP_PROTOCOL_VERSION_3`: Windows 10 1809, Server 2019 and newer.
    pub const V3: UdpVersion = UdpVersion(0x0101);
}

/// The client's first datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Syn {
    /// Its initial sequence number.
    pub isn: u32,
    /// Largest datagram that it sends, in bytes of UDP payload: 1132 to 1232.
    pub mtu_up: u16,
    /// Largest datagram that it takes, in bytes of UDP payload: 1132 to 1232.
    pub mtu_down: u16,
    /// The highest version that it speaks; `None` when it names none (version 1).
    pub version: Option<UdpVersion>,
}

impl Syn {
    /// What this program sends: both MTUs at `size`, version 2, without correlation id.
    ///
    /// Version 3 would need the hash of a cookie that only a TCP session hands out; a server that
    /// speaks it answers version 2 with version 2 (MS-RDPEUDP 3.1.5.1.2).
    #[must_use]
    pub const fn of_size(isn: u32, size: u16) -> Self {
        Self { isn, mtu_up: size, mtu_down: size, version: Some(version::V2) }
    }

    /// The datagram, padded with zeros to [`Self::mtu_up`].
    ///
    /// # Errors
    /// [`Unencodable`] when an MTU is outside 1132..=1232.
    pub fn encode(&self) -> Result<Vec<u8>, Unencodable> {
        let opening = Opening {
            acknowledges: NO_ACKNOWLEDGEMENT,
            window: WINDOW,
            flags: flags::SYN,
            isn: self.isn,
            mtu_up: self.mtu_up,
            mtu_down: self.mtu_down,
            version: self.version,
        };
        opening.encode(self.mtu_up)
    }
}

/// The server's answer to a [`Syn`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SynAck {
    /// The client's initial sequence number, as the server read it.
    pub acknowledges: u32,
    /// The server's initial sequence number.
    pub isn: u32,
    /// Its receive window, in packets.
    pub window: u16,
    /// `uUpStreamMtu`, in bytes of UDP payload: 1132 to 1232.
    pub mtu_up: u16,
    /// `uDownStreamMtu`, in bytes of UDP payload: 1132 to 1232.
    pub mtu_down: u16,
    /// The version it chose; `None` when it names none (version 1).
    pub version: Option<UdpVersion>,
}

impl SynAck {
    /// The datagram, padded with zeros to the smaller MTU.
    ///
    /// # Errors
    /// [`Unencodable`] when an MTU is outside 1132..=1232.
    pub fn encode(&self) -> Result<Vec<u8>, Unencodable> {
        let opening = Opening {
            acknowledges: self.acknowledges,
            window: self.window,
            flags: flags::SYN | flags::ACK,
            isn: self.isn,
            mtu_up: self.mtu_up,
            mtu_down: self.mtu_down,
            version: self.version,
        };
        opening.encode(self.mtu_up.min(self.mtu_down))
    }
}

/// Whether `datagram` begins by acknowledging the SYN with this initial sequence number. Nobody
/// off the path can know it: what does not is no answer to us.
#[must_use]
pub fn acknowledges(datagram: &[u8], isn: u32) -> bool {
    datagram.first_chunk() == Some(&isn.to_be_bytes())
}

/// Reads the answer to a SYN: the whole datagram. Whether it acknowledges ours is the caller's to
/// compare. Bytes behind the last field are padding and not looked at.
///
/// # Errors
/// [`Malformed`] with the offset of the first field that no SYN+ACK has: flags, an MTU outside
/// 1132..=1232, a version that does not exist, more than 1232 bytes; the length of `datagram` when
/// it is cut short.
pub fn parse_syn_ack(datagram: &[u8]) -> Result<SynAck, Malformed> {
    let opening = Opening::parse(datagram)?;
    if opening.flags & (flags::SYN | flags::ACK) != flags::SYN | flags::ACK {
        return Err(Malformed::at(FLAGS_AT, "not a SYN+ACK"));
    }
    let Opening { acknowledges, window, isn, mtu_up, mtu_down, version, .. } = opening;
    Ok(SynAck { acknowledges, isn, window, mtu_up, mtu_down, version })
}

/// Reads a client's SYN: the whole datagram.
///
/// # Errors
/// [`Malformed`] as [`parse_syn_ack`].
pub fn parse_syn(datagram: &[u8]) -> Result<Syn, Malformed> {
    let opening = Opening::parse(datagram)?;
    if opening.flags & (flags::SYN | flags::ACK) != flags::SYN {
        return Err(Malformed::at(FLAGS_AT, "not a SYN"));
    }
    let Opening { isn, mtu_up, mtu_down, version, .. } = opening;
    Ok(Syn { isn, mtu_up, mtu_down, version })
}

/// What SYN and SYN+ACK have in common: `RDPUDP_FEC_HEADER`, `RDPUDP_SYNDATA_PAYLOAD` and, where
/// flagged, `RDPUDP_CORRELATION_ID_PAYLOAD` (skipped) and `RDPUDP_SYNDATAEX_PAYLOAD`.
struct Opening {
    acknowledges: u32,
    window: u16,
    flags: u16,
    isn: u32,
    mtu_up: u16,
    mtu_down: u16,
    version: Option<UdpVersion>,
}

impl Opening {
    fn parse(datagram: &[u8]) -> Result<Self, Malformed> {
        let cut = Malformed::at(datagram.len(), "cut short");
        if datagram.len() > usize::from(MTU_MAX) {
            return Err(Malformed::at(usize::from(MTU_MAX), "longer than the largest MTU"));
        }
        let mut reader = Reader::new(datagram);
        let acknowledges = reader.be32().ok_or(cut)?;
        let window = reader.be16().ok_or(cut)?;
        let flags = reader.be16().ok_or(cut)?;
        if flags & flags::SYN == 0 {
            return Err(Malformed::at(FLAGS_AT, "without SYN"));
        }
        if flags & NEVER_WITH_SYN != 0 {
            return Err(Malformed::at(FLAGS_AT, "flags that contradict SYN"));
        }
        let isn = reader.be32().ok_or(cut)?;
        let mtu_up = mtu(&mut reader, UP_AT, cut)?;
        let mtu_down = mtu(&mut reader, DOWN_AT, cut)?;
        if flags & flags::CORRELATION_ID != 0 {
            reader.take(CORRELATION).ok_or(cut)?;
        }
        let mut version = None;
        if flags & flags::SYN_EX != 0 {
            let valid = reader.be16().ok_or(cut)? & VERSION_INFO_VALID != 0;
            let at = datagram.len().saturating_sub(reader.rest().len());
            let named = UdpVersion(reader.be16().ok_or(cut)?);
            let answers = flags & flags::ACK != 0;
            if valid && answers && ![version::V1, version::V2, version::V3].contains(&named) {
                return Err(Malformed::at(at, "a version that does not exist"));
            }
            version = valid.then_some(named);
        }
        Ok(Self { acknowledges, window, flags, isn, mtu_up, mtu_down, version })
    }

    fn encode(&self, size: u16) -> Result<Vec<u8>, Unencodable> {
        if ![self.mtu_up, self.mtu_down].iter().all(|mtu| (MTU_MIN..=MTU_MAX).contains(mtu)) {
            return Err(Unencodable("an MTU outside 1132 to 1232"));
        }
        let synex = if self.version.is_some() { flags::SYN_EX } else { 0 };
        let mut out = Vec::with_capacity(usize::from(size));
        out.extend_from_slice(&self.acknowledges.to_be_bytes());
        out.extend_from_slice(&self.window.to_be_bytes());
        out.extend_from_slice(&(self.flags | synex).to_be_bytes());
        out.extend_from_slice(&self.isn.to_be_bytes());
        out.extend_from_slice(&self.mtu_up.to_be_bytes());
        out.extend_from_slice(&self.mtu_down.to_be_bytes());
        if let Some(version) = self.version {
            out.extend_from_slice(&VERSION_INFO_VALID.to_be_bytes());
            out.extend_from_slice(&version.0.to_be_bytes());
        }
        out.resize(usize::from(size), 0);
        Ok(out)
    }
}

fn mtu(reader: &mut Reader<'_>, at: usize, cut: Malformed) -> Result<u16, Malformed> {
    let mtu = reader.be16().ok_or(cut)?;
    if (MTU_MIN..=MTU_MAX).contains(&mtu) {
        return Ok(mtu);
    }
    Err(Malformed::at(at, "an MTU outside 1132 to 1232"))
}
