//! The RDP negotiation: X.224 Connection Request and Connection Confirm
//! (MS-RDPBCGR 2.2.1.1 and 2.2.1.2, X.224 section 13).
//!
//! The probe encodes [`connection_request`] and feeds what comes back to [`parse_answer`]; demo
//! and lab hosts use the other direction.

mod answer;
mod other;
mod request;
#[cfg(test)]
mod tests;

pub use answer::{
    DISCONNECT_PROVIDER_ULTIMATUM, connection_confirm, connection_confirm_without_negotiation,
    negotiation_failure, parse_answer,
};
pub use other::classify_partial;
pub use request::{ConnectionRequest, connection_request, parse_connection_request};

/// The longest packet taken for a Connection Request or its answer, in bytes. The length
/// indicator is one byte, so neither can honestly exceed 260.
pub const MAX_PACKET: usize = 512;

/// Bytes in front of the negotiation data: TPKT, length indicator, code, two references, class.
const FIXED_PART: usize = 11;

/// TPDU codes (X.224 13.1).
mod code {
    pub(super) const CONNECTION_REQUEST: u8 = 0xe0;
    pub(super) const CONNECTION_CONFIRM: u8 = 0xd0;
    pub(super) const DISCONNECT_REQUEST: u8 = 0x80;
    pub(super) const DATA: u8 = 0xf0;
}

/// `type`, `length` and layout of the negotiation structures.
mod negotiation {
    use crate::proto::wire::Reader;

    pub(super) const REQUEST: u8 = 1;
    pub(super) const RESPONSE: u8 = 2;
    pub(super) const FAILURE: u8 = 3;
    /// Each of them is eight bytes long.
    pub(super) const LENGTH: u8 = 8;

    /// `type`, `flags`, `length` and the protocol or failure code.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<(u8, u8, u16, u32)> {
        Some((reader.u8()?, reader.u8()?, reader.le16()?, reader.le32()?))
    }
}

/// Flags of the RDP Negotiation Request (MS-RDPBCGR 2.2.1.1.1).
pub mod request_flags {
    /// `RESTRICTED_ADMIN_MODE_REQUIRED`.
    pub const RESTRICTED_ADMIN: u8 = 0x01;
    /// `REDIRECTED_AUTHENTICATION_MODE_REQUIRED`, Remote Credential Guard.
    pub const REDIRECTED_AUTHENTICATION: u8 = 0x02;
    /// `CORRELATION_INFO_PRESENT`: a 36-byte block follows.
    pub const CORRELATION_INFO: u8 = 0x08;
}

/// Flags of the RDP Negotiation Response (MS-RDPBCGR 2.2.1.2.1).
pub mod response_flags {
    /// `EXTENDED_CLIENT_DATA_SUPPORTED`.
    pub const EXTENDED_CLIENT_DATA: u8 = 0x01;
    /// `DYNVC_GFX_PROTOCOL_SUPPORTED`.
    pub const DYNVC_GFX: u8 = 0x02;
    /// `NEGRSP_FLAG_RESERVED`.
    pub const RESERVED: u8 = 0x04;
    /// `RESTRICTED_ADMIN_MODE_SUPPORTED`.
    pub const RESTRICTED_ADMIN: u8 = 0x08;
    /// `REDIRECTED_AUTHENTICATION_MODE_SUPPORTED`, Remote Credential Guard.
    pub const REDIRECTED_AUTHENTICATION: u8 = 0x10;
    /// What Windows 10 and Server 2016 and later answer (measured).
    pub const WINDOWS_10: u8 = 0x1f;
}
