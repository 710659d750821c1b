//! Codes of Windows by name (MS-ERREF 2.3.1, 2.1.1).

use std::fmt;

/// An NTSTATUS, or an HRESULT of the security packages: servers send both as `errorCode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NtStatus(pub u32);

/// Code, name, and what it means for somebody who connects.
const CODES: &[(u32, &str, &str)] = &[
    (0x8009_0302, "SEC_E_UNSUPPORTED_FUNCTION", "the way of signing in is not supported"),
    (0x8009_0304, "SEC_E_INTERNAL_ERROR", "its security authority failed"),
    (0x8009_0305, "SEC_E_SECPKG_NOT_FOUND", "it lacks the package for this way of signing in"),
    (0x8009_0308, "SEC_E_INVALID_TOKEN", "it does not take the request"),
    (0x8009_030c, "SEC_E_LOGON_DENIED", "the sign-in is denied"),
    (0x8009_0311, "SEC_E_NO_AUTHENTICATING_AUTHORITY", "it reaches no domain controller"),
    (0xc000_0001, "STATUS_UNSUCCESSFUL", "it failed without saying why"),
    (0xc000_000d, "STATUS_INVALID_PARAMETER", "it does not take the request"),
    (0xc000_0022, "STATUS_ACCESS_DENIED", "access is denied"),
    (0xc000_005e, "STATUS_NO_LOGON_SERVERS", "it reaches no domain controller"),
    (0xc000_0064, "STATUS_NO_SUCH_USER", "it does not know the user"),
    (0xc000_006d, "STATUS_LOGON_FAILURE", "the user name or the password is wrong"),
    (0xc000_006e, "STATUS_ACCOUNT_RESTRICTION", "a restriction of the account forbids it"),
    (0xc000_006f, "STATUS_INVALID_LOGON_HOURS", "the account may not sign in at this hour"),
    (0xc000_0070, "STATUS_INVALID_WORKSTATION", "the account may not sign in from here"),
    (0xc000_0071, "STATUS_PASSWORD_EXPIRED", "the password expired"),
    (0xc000_0072, "STATUS_ACCOUNT_DISABLED", "the account is disabled"),
    (0xc000_009a, "STATUS_INSUFFICIENT_RESOURCES", "it ran out of resources"),
    (0xc000_00bb, "STATUS_NOT_SUPPORTED", "it does not take NTLM"),
    (0xc000_00dc, "STATUS_INVALID_SERVER_STATE", "its security authority is not ready"),
    (0xc000_0133, "STATUS_TIME_DIFFERENCE_AT_DC", "its clock differs from the domain's"),
    (0xc000_015b, "STATUS_LOGON_TYPE_NOT_GRANTED", "the user has no right to sign in remotely"),
    (0xc000_018b, "STATUS_NO_TRUST_SAM_ACCOUNT", "its account in the domain is missing"),
    (0xc000_018c, "STATUS_TRUSTED_DOMAIN_FAILURE", "its trust with the domain is broken"),
    (0xc000_018d, "STATUS_TRUSTED_RELATIONSHIP_FAILURE", "its trust with the domain is broken"),
    (0xc000_0192, "STATUS_NETLOGON_NOT_STARTED", "its Netlogon service is not running"),
    (0xc000_0193, "STATUS_ACCOUNT_EXPIRED", "the account expired"),
    (0xc000_0224, "STATUS_PASSWORD_MUST_CHANGE", "the password must be changed first"),
    (0xc000_0234, "STATUS_ACCOUNT_LOCKED_OUT", "the account is locked"),
    (
        0xc000_0388,
        "STATUS_DOWNGRADE_DETECTED",
        "it reaches no domain controller that is safe to use",
    ),
    (
        0xc000_0413,
        "STATUS_AUTHENTICATION_FIREWALL_FAILED",
        "a trust does not let this machine sign in there",
    ),
    (0xc000_0418, "STATUS_NTLM_BLOCKED", "its policy blocks NTLM"),
];

impl NtStatus {
    /// `STATUS_NO_LOGON_SERVERS`.
    pub const NO_LOGON_SERVERS: Self = Self(0xc000_005e);
    /// `STATUS_NOT_SUPPORTED`.
    pub const NOT_SUPPORTED: Self = Self(0xc000_00bb);
    /// `STATUS_NTLM_BLOCKED`.
    pub const NTLM_BLOCKED: Self = Self(0xc000_0418);

    /// `SEC_E_UNSUPPORTED_FUNCTION`.
    pub const UNSUPPORTED_FUNCTION: Self = Self(0x8009_0302);
    /// `SEC_E_SECPKG_NOT_FOUND`.
    pub const PACKAGE_NOT_FOUND: Self = Self(0x8009_0305);

    fn row(self) -> Option<&'static (u32, &'static str, &'static str)> {
        CODES.iter().find(|(code, ..)| *code == self.0)
    }

    /// The specification's name; `None` for codes that the table does not have.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        self.row().map(|(_, name, _)| *name)
    }

    /// What it means, in a few plain words.
    #[must_use]
    pub fn meaning(self) -> Option<&'static str> {
        self.row().map(|(.., meaning)| *meaning)
    }
}

impl fmt::Display for NtStatus {
    /// The name, else the number: `STATUS_NOT_SUPPORTED`, `0xc0de0001`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "0x{:08x}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_named() {
        assert!(CODES.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(NtStatus::NOT_SUPPORTED.to_string(), "STATUS_NOT_SUPPORTED");
        assert_eq!(NtStatus::NTLM_BLOCKED.meaning(), Some("its policy blocks NTLM"));
        assert_eq!(NtStatus(0xc0de_0001).to_string(), "0xc0de0001");
        assert_eq!(NtStatus(0xc0de_0001).meaning(), None);
    }
}
