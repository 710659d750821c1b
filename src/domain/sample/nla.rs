//! What the CredSSP rung brings back.

use super::fault::Misread;
use crate::domain::nt_status::NtStatus;
use crate::domain::os_version::OsVersion;
use crate::domain::time::WallTime;
use crate::domain::tls_alert::alert_text;
use std::time::Duration;

/// The CredSSP rung: one NTLM NEGOTIATE inside a `TSRequest`, and what came back. No AUTHENTICATE
/// ever follows (MS-CSSP 3.1.5, MS-NLMP 1.3.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nla {
    /// How it ended.
    pub outcome: NlaOutcome,
    /// `version` of the server's `TSRequest`: its own highest.
    pub version: Option<u32>,
    /// `errorCode` of the server's `TSRequest`.
    pub error: Option<NtStatus>,
    /// What the challenge says of the machine.
    pub identity: Option<NtlmIdentity>,
    /// The server's clock minus this machine's, in milliseconds, corrected by half the round trip.
    pub clock_skew_ms: Option<i64>,
    /// Plaintext bytes received before the end.
    pub received: usize,
    /// `TSRequest` written to outcome.
    pub elapsed: Duration,
}

impl Nla {
    /// The first version of CredSSP that a server patched for CVE-2018-0886 speaks (MS-CSSP,
    /// appendix A, note 25).
    pub const PATCHED: u32 = 5;

    /// The rung of a server that selected a layer without CredSSP.
    #[must_use]
    pub const fn not_offered() -> Self {
        Self {
            outcome: NlaOutcome::NotOffered,
            version: None,
            error: None,
            identity: None,
            clock_skew_ms: None,
            received: 0,
            elapsed: Duration::ZERO,
        }
    }
}

/// How the server answered a `TSRequest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NlaOutcome {
    /// With an NTLM challenge.
    Challenge,
    /// With an error code.
    Error,
    /// With an Early User Authorization Result that denies access (MS-RDPBCGR 2.2.10.2).
    Denied,
    /// It was not asked: the server selected a layer without CredSSP.
    NotOffered,
    /// Not before the deadline.
    Timeout,
    /// RST.
    Reset,
    /// FIN.
    Closed,
    /// With an MCS Disconnect Provider Ultimatum: it speaks RDP and hung up, as xrdp does.
    Disconnected,
    /// With a fatal TLS alert of this description (MS-RDPBCGR 5.4.5.2.2, RFC 8446 section 6).
    Alert(u8),
    /// With bytes that are no `TSRequest`.
    Malformed(Misread),
}

impl NlaOutcome {
    /// The contract's word. A disconnect and an alert count as closed.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Challenge => "challenge",
            Self::Error | Self::Denied => "error",
            Self::NotOffered => "not_offered",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::Closed | Self::Disconnected | Self::Alert(_) => "closed",
            Self::Malformed(_) => "malformed",
        }
    }

    /// How it ended, for people. A reset and a close are one class: the kernel can turn one into
    /// the other.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Challenge => "answered with a challenge".to_owned(),
            Self::Error => "answered with an error".to_owned(),
            Self::Denied => "denied at once".to_owned(),
            Self::NotOffered => "not offered by the server".to_owned(),
            Self::Timeout => "silence".to_owned(),
            Self::Reset | Self::Closed => "closed by the peer".to_owned(),
            Self::Disconnected => "answered with an RDP disconnect (MCS)".to_owned(),
            Self::Alert(code) => format!("closed with TLS {}", alert_text(code)),
            Self::Malformed(misread) => {
                format!("answered with bytes that are no CredSSP: {misread}")
            }
        }
    }

    /// Whether the server said what it has to say: a challenge, a refusal, or that it does not do
    /// CredSSP. Another attempt would show nothing new.
    #[must_use]
    pub const fn answered(self) -> bool {
        matches!(self, Self::Challenge | Self::Error | Self::Denied | Self::NotOffered)
    }

    /// Whether the peer ended the connection in place of an answer, whichever way.
    #[must_use]
    pub const fn hung_up(self) -> bool {
        matches!(self, Self::Reset | Self::Closed | Self::Disconnected | Self::Alert(_))
    }
}

/// What an NTLM CHALLENGE says of the machine that sent it (MS-NLMP 2.2.1.2, 2.2.2.1). Unescaped:
/// may hold any character.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NtlmIdentity {
    /// NetBIOS name of the computer.
    pub computer: Option<String>,
    /// NetBIOS name of its domain; outside a domain that of the computer.
    pub domain: Option<String>,
    /// DNS name of the computer.
    pub dns_computer: Option<String>,
    /// DNS name of its domain; outside a domain that of the computer.
    pub dns_domain: Option<String>,
    /// DNS name of its forest; absent outside a domain.
    pub dns_tree: Option<String>,
    /// Its operating system's version, as it says. See [`Self::windows`].
    pub os: Option<OsVersion>,
    /// Its clock, in milliseconds of resolution.
    pub time: Option<WallTime>,
    /// The `TSRequest` around the challenge carried a `clientNonce`: only clients send one, and
    /// `WinPR`, the library of `FreeRDP`, as a server (measured).
    pub winpr: bool,
}

impl NtlmIdentity {
    /// What the machine calls itself, the fullest form first: its DNS name, else its NetBIOS name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.dns_computer.as_deref().or(self.computer.as_deref())
    }

    /// Every name of the machine itself: DNS, then NetBIOS.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.dns_computer.as_deref().into_iter().chain(self.computer.as_deref())
    }

    /// Whether the machine is joined to a domain: its forest is named, or its domain is not itself.
    #[must_use]
    pub fn in_domain(&self) -> bool {
        let differ = |one: &Option<String>, other: &Option<String>| match (one, other) {
            (Some(one), Some(other)) => !one.eq_ignore_ascii_case(other),
            _ => false,
        };
        self.dns_tree.is_some()
            || differ(&self.domain, &self.computer)
            || differ(&self.dns_domain, &self.dns_computer)
    }

    /// Its version where it may be taken for that of a Windows. `WinPR` always says 6.1.7601, so
    /// that build counts only for a member of a domain that sent no `clientNonce`.
    #[must_use]
    pub fn windows(&self) -> Option<OsVersion> {
        self.os.filter(|os| !self.winpr && (*os != OsVersion::WINPR || self.in_domain()))
    }

    /// `10.0.26100, Windows 11 24H2 / Server 2025`; only the number for a build that is unknown or
    /// may be `WinPR`'s.
    #[must_use]
    pub fn os_text(&self) -> Option<String> {
        let os = self.os?;
        Some(match self.windows().and_then(OsVersion::name) {
            Some(name) => format!("{os}, {name}"),
            None if os == OsVersion::WINPR => format!("{os}, as FreeRDP always says"),
            None => os.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOWS_11: OsVersion = OsVersion { major: 10, minor: 0, build: 26_100 };

    #[test]
    fn the_constant_of_winpr_is_no_windows() {
        let alone = NtlmIdentity {
            computer: Some("VM".to_owned()),
            domain: Some("VM".to_owned()),
            os: Some(OsVersion::WINPR),
            ..NtlmIdentity::default()
        };
        assert_eq!(alone.windows(), None);
        assert_eq!(alone.os_text().as_deref(), Some("6.1.7601, as FreeRDP always says"));
        let member = NtlmIdentity { domain: Some("CORP".to_owned()), ..alone };
        assert_eq!(member.windows(), Some(OsVersion::WINPR));
        assert_eq!(member.os_text().as_deref(), Some("6.1.7601, Windows 7 / Server 2008 R2"));
        let winpr = NtlmIdentity { winpr: true, ..member };
        assert_eq!(winpr.windows(), None);
        let current = NtlmIdentity { os: Some(WINDOWS_11), ..NtlmIdentity::default() };
        let text = current.os_text();
        assert_eq!(text.as_deref(), Some("10.0.26100, Windows 11 24H2 / Server 2025"));
    }

    #[test]
    fn the_fullest_name_speaks() {
        let mut identity =
            NtlmIdentity { computer: Some("RDS-01".to_owned()), ..NtlmIdentity::default() };
        assert_eq!(identity.name(), Some("RDS-01"));
        assert!(!identity.in_domain());
        identity.dns_computer = Some("rds-01.corp.lab".to_owned());
        identity.dns_domain = Some("corp.lab".to_owned());
        assert_eq!(identity.name(), Some("rds-01.corp.lab"));
        assert_eq!(identity.names().collect::<Vec<_>>(), ["rds-01.corp.lab", "RDS-01"]);
        assert!(identity.in_domain());
    }

    #[test]
    fn words_are_those_of_the_contract() {
        let misread = Misread { offset: 4, reason: "not an INTEGER" };
        for (outcome, word, text) in [
            (NlaOutcome::Disconnected, "closed", "answered with an RDP disconnect (MCS)"),
            (NlaOutcome::Alert(49), "closed", "closed with TLS alert 49 (access_denied)"),
            (NlaOutcome::Reset, "reset", "closed by the peer"),
            (NlaOutcome::Denied, "error", "denied at once"),
            (
                NlaOutcome::Malformed(misread),
                "malformed",
                "answered with bytes that are no CredSSP: not an INTEGER at byte 4",
            ),
        ] {
            assert_eq!((outcome.word(), outcome.text().as_str()), (word, text));
        }
    }
}
