//! Versions of Windows by the build they report.

use std::fmt;

/// Version and build of a Windows, `10.0.26100`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct OsVersion {
    /// `ProductMajorVersion`.
    pub major: u8,
    /// `ProductMinorVersion`.
    pub minor: u8,
    /// `ProductBuild`.
    pub build: u16,
}

/// The builds (Microsoft Learn, "Windows 11 release information", "Windows Server release
/// information"). One that came as an enablement package reports the build below it, so several
/// releases share a row.
const BUILDS: &[(u8, u8, u16, &str)] = &[
    (6, 0, 6_001, "Windows Vista SP1 / Server 2008"),
    (6, 0, 6_002, "Windows Vista SP2 / Server 2008 SP2"),
    (6, 0, 6_003, "Server 2008 SP2"),
    (6, 1, 7_600, "Windows 7 / Server 2008 R2 without a service pack"),
    (6, 1, 7_601, "Windows 7 / Server 2008 R2"),
    (6, 2, 9_200, "Windows 8 / Server 2012"),
    (6, 3, 9_600, "Windows 8.1 / Server 2012 R2"),
    (10, 0, 10_240, "Windows 10 1507"),
    (10, 0, 10_586, "Windows 10 1511"),
    (10, 0, 14_393, "Windows 10 1607 / Server 2016"),
    (10, 0, 15_063, "Windows 10 1703"),
    (10, 0, 16_299, "Windows 10 1709 / Server 1709"),
    (10, 0, 17_134, "Windows 10 1803 / Server 1803"),
    (10, 0, 17_763, "Windows 10 1809 / Server 2019"),
    (10, 0, 18_362, "Windows 10 1903 or 1909"),
    (10, 0, 18_363, "Windows 10 1909"),
    (10, 0, 19_041, "Windows 10 2004 to 22H2"),
    (10, 0, 19_042, "Windows 10 20H2"),
    (10, 0, 19_043, "Windows 10 21H1"),
    (10, 0, 19_044, "Windows 10 21H2"),
    (10, 0, 19_045, "Windows 10 22H2"),
    (10, 0, 20_348, "Server 2022"),
    (10, 0, 22_000, "Windows 11 21H2"),
    (10, 0, 22_621, "Windows 11 22H2 or 23H2"),
    (10, 0, 22_631, "Windows 11 23H2"),
    (10, 0, 25_398, "Server 23H2"),
    (10, 0, 26_100, "Windows 11 24H2 / Server 2025"),
    (10, 0, 26_200, "Windows 11 25H2"),
];

impl OsVersion {
    /// What `WinPR`, the library of `FreeRDP`, says wherever it runs (measured).
    pub const WINPR: Self = Self { major: 6, minor: 1, build: 7_601 };

    /// The releases that report this build; `None` for those that the table does not have.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        BUILDS
            .iter()
            .find(|(major, minor, build, _)| {
                (self.major, self.minor, self.build) == (*major, *minor, *build)
            })
            .map(|(.., name)| *name)
    }
}

impl fmt::Display for OsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.build)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_are_in_order_and_named() {
        assert!(BUILDS.is_sorted_by(|a, b| (a.0, a.1, a.2) < (b.0, b.1, b.2)));
        let version = |major, minor, build| OsVersion { major, minor, build };
        assert_eq!(version(10, 0, 26_100).name(), Some("Windows 11 24H2 / Server 2025"));
        assert_eq!(version(6, 0, 6_001).name(), Some("Windows Vista SP1 / Server 2008"));
        assert_eq!(version(10, 0, 1).name(), None);
        assert_eq!(version(10, 0, 14_393).to_string(), "10.0.14393");
    }
}
