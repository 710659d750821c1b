//! Names and codes of the RDP security negotiation, spelled as MS-RDPBCGR 2.2.1.1 and 2.2.1.2 do.

use std::fmt;

/// `requestedProtocols` / `selectedProtocol`: a newtype over the raw value, so that unknown bits
/// stay representable (MS-RDPBCGR 2.2.1.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecurityProtocol(pub u32);

impl SecurityProtocol {
    /// Standard RDP Security.
    pub const RDP: Self = Self(0);
    /// TLS.
    pub const SSL: Self = Self(1);
    /// CredSSP (NLA).
    pub const HYBRID: Self = Self(2);
    /// RDSTLS.
    pub const RDSTLS: Self = Self(4);
    /// CredSSP with the early user authorization result.
    pub const HYBRID_EX: Self = Self(8);
    /// RDS with Entra sign-in. Never requested: xrdp 0.9 answers it with an MCS disconnect.
    pub const RDSAAD: Self = Self(0x10);
    /// What a current Windows client offers and the probe asks for: SSL, HYBRID and `HYBRID_EX`.
    pub const OFFERED: Self = Self(0x0b);

    /// The contract's word for a single protocol, `None` for combinations and unknown values.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self.0 {
            0 => Some("rdp"),
            1 => Some("ssl"),
            2 => Some("hybrid"),
            4 => Some("rdstls"),
            8 => Some("hybrid_ex"),
            0x10 => Some("rdsaad"),
            _ => None,
        }
    }

    /// Whether a TLS handshake follows on the same connection.
    #[must_use]
    pub const fn starts_tls(self) -> bool {
        matches!(self, Self::SSL | Self::HYBRID | Self::RDSTLS | Self::HYBRID_EX | Self::RDSAAD)
    }

    /// Whether CredSSP (NLA) follows the TLS handshake.
    #[must_use]
    pub const fn starts_nla(self) -> bool {
        matches!(self, Self::HYBRID | Self::HYBRID_EX)
    }
}

impl fmt::Display for SecurityProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "0x{:x}", self.0),
        }
    }
}

/// `failureCode` of an RDP Negotiation Failure (MS-RDPBCGR 2.2.1.2.2), raw and total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FailureCode(pub u32);

impl FailureCode {
    /// The server wants TLS or CredSSP.
    pub const SSL_REQUIRED: Self = Self(1);
    /// The server only does Standard RDP Security.
    pub const SSL_NOT_ALLOWED: Self = Self(2);
    /// The server has no usable certificate.
    pub const SSL_CERT_NOT_ON_SERVER: Self = Self(3);
    /// The server calls the request inconsistent with the connection.
    pub const INCONSISTENT_FLAGS: Self = Self(4);
    /// The server requires CredSSP (NLA).
    pub const HYBRID_REQUIRED: Self = Self(5);
    /// The server requires TLS with a client certificate.
    pub const SSL_WITH_USER_AUTH_REQUIRED: Self = Self(6);
    /// The server only takes Entra sign-in.
    pub const ENTRA_AUTH_REQUIRED: Self = Self(7);

    /// The specification's name, `None` for codes it does not define.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self.0 {
            1 => Some("SSL_REQUIRED_BY_SERVER"),
            2 => Some("SSL_NOT_ALLOWED_BY_SERVER"),
            3 => Some("SSL_CERT_NOT_ON_SERVER"),
            4 => Some("INCONSISTENT_FLAGS"),
            5 => Some("HYBRID_REQUIRED_BY_SERVER"),
            6 => Some("SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER"),
            7 => Some("ENTRA_AUTH_REQUIRED_BY_SERVER"),
            _ => None,
        }
    }
}

impl fmt::Display for FailureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "failure code {}", self.0),
        }
    }
}

/// Whether a current Windows client takes this suite: the default list of Windows 11 (Schannel,
/// "TLS Cipher Suites in Windows 11"), which still holds static RSA and CBC with AES, and neither
/// 3DES, RC4, NULL nor anonymous suites.
#[must_use]
pub const fn acceptable_suite(suite: u16) -> bool {
    matches!(
        suite,
        0x1301 | 0x1302 | 0x1303          // TLS 1.3
            | 0xc02b | 0xc02c | 0xc02f | 0xc030 // ECDHE, AES-GCM
            | 0x009e | 0x009f             // DHE-RSA, AES-GCM
            | 0xc023 | 0xc024 | 0xc027 | 0xc028 // ECDHE, AES-CBC, SHA-2
            | 0xc009 | 0xc00a | 0xc013 | 0xc014 // ECDHE, AES-CBC, SHA-1
            | 0x009c | 0x009d             // RSA, AES-GCM
            | 0x003c | 0x003d             // RSA, AES-CBC, SHA-256
            | 0x002f | 0x0035 // RSA, AES-CBC, SHA-1
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn static_rsa_is_taken_and_broken_ciphers_are_not() {
        for suite in [0x009d, 0xc028, 0x002f, 0x1302] {
            assert!(acceptable_suite(suite), "{suite:04x}");
        }
        for suite in [0x000a, 0x0005, 0x0004, 0x003b, 0x0034, 0xc012, 0x0000] {
            assert!(!acceptable_suite(suite), "{suite:04x}");
        }
    }
}
