//! Names of TLS cipher suites and what a current Windows client thinks of them.

use crate::domain::sample::CipherSuite;
use std::borrow::Cow;

/// Schannel of Windows 11 implements the suite, and no strong-crypto policy bars it.
const ACCEPTED: bool = true;
const REFUSED: bool = false;

/// Every suite that a server may select from what the probes offer, and the weak ones that a
/// hello of somebody else may list: code, name (IANA's for TLS 1.2 and below, rustls' for 1.3),
/// and whether Windows 11 accepts it. Sorted by code.
const SUITES: &[(u16, &str, bool)] = &[
    (0x0000, "TLS_NULL_WITH_NULL_NULL", REFUSED),
    (0x0001, "TLS_RSA_WITH_NULL_MD5", REFUSED),
    (0x0002, "TLS_RSA_WITH_NULL_SHA", REFUSED),
    (0x0003, "TLS_RSA_EXPORT_WITH_RC4_40_MD5", REFUSED),
    (0x0004, "TLS_RSA_WITH_RC4_128_MD5", REFUSED),
    (0x0005, "TLS_RSA_WITH_RC4_128_SHA", REFUSED),
    (0x0008, "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA", REFUSED),
    (0x0009, "TLS_RSA_WITH_DES_CBC_SHA", REFUSED),
    (0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", REFUSED),
    (0x0015, "TLS_DHE_RSA_WITH_DES_CBC_SHA", REFUSED),
    (0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA", REFUSED),
    (0x0018, "TLS_DH_anon_WITH_RC4_128_MD5", REFUSED),
    (0x001a, "TLS_DH_anon_WITH_DES_CBC_SHA", REFUSED),
    (0x001b, "TLS_DH_anon_WITH_3DES_EDE_CBC_SHA", REFUSED),
    (0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA", ACCEPTED),
    (0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", ACCEPTED),
    (0x0034, "TLS_DH_anon_WITH_AES_128_CBC_SHA", REFUSED),
    (0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA", ACCEPTED),
    (0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA", ACCEPTED),
    (0x003a, "TLS_DH_anon_WITH_AES_256_CBC_SHA", REFUSED),
    (0x003b, "TLS_RSA_WITH_NULL_SHA256", REFUSED),
    (0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256", ACCEPTED),
    (0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256", ACCEPTED),
    (0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", ACCEPTED),
    (0x006b, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256", ACCEPTED),
    (0x006c, "TLS_DH_anon_WITH_AES_128_CBC_SHA256", REFUSED),
    (0x006d, "TLS_DH_anon_WITH_AES_256_CBC_SHA256", REFUSED),
    (0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256", ACCEPTED),
    (0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384", ACCEPTED),
    (0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", ACCEPTED),
    (0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", ACCEPTED),
    (0x00a6, "TLS_DH_anon_WITH_AES_128_GCM_SHA256", REFUSED),
    (0x00a7, "TLS_DH_anon_WITH_AES_256_GCM_SHA384", REFUSED),
    (0x00ff, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV", REFUSED),
    (0x1301, "TLS13_AES_128_GCM_SHA256", ACCEPTED),
    (0x1302, "TLS13_AES_256_GCM_SHA384", ACCEPTED),
    (0x1303, "TLS13_CHACHA20_POLY1305_SHA256", ACCEPTED),
    (0x1304, "TLS13_AES_128_CCM_SHA256", REFUSED),
    (0x1305, "TLS13_AES_128_CCM_8_SHA256", REFUSED),
    (0xc006, "TLS_ECDHE_ECDSA_WITH_NULL_SHA", REFUSED),
    (0xc007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA", REFUSED),
    (0xc008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA", REFUSED),
    (0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", ACCEPTED),
    (0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", ACCEPTED),
    (0xc010, "TLS_ECDHE_RSA_WITH_NULL_SHA", REFUSED),
    (0xc011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA", REFUSED),
    (0xc012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", REFUSED),
    (0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", ACCEPTED),
    (0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", ACCEPTED),
    (0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", ACCEPTED),
    (0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", ACCEPTED),
    (0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", ACCEPTED),
    (0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", ACCEPTED),
    (0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", ACCEPTED),
    (0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", ACCEPTED),
    (0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", ACCEPTED),
    (0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", ACCEPTED),
    (0xc09c, "TLS_RSA_WITH_AES_128_CCM", REFUSED),
    (0xc09d, "TLS_RSA_WITH_AES_256_CCM", REFUSED),
    (0xc09e, "TLS_DHE_RSA_WITH_AES_128_CCM", REFUSED),
    (0xc09f, "TLS_DHE_RSA_WITH_AES_256_CCM", REFUSED),
    (0xc0a0, "TLS_RSA_WITH_AES_128_CCM_8", REFUSED),
    (0xc0a1, "TLS_RSA_WITH_AES_256_CCM_8", REFUSED),
    (0xc0a2, "TLS_DHE_RSA_WITH_AES_128_CCM_8", REFUSED),
    (0xc0a3, "TLS_DHE_RSA_WITH_AES_256_CCM_8", REFUSED),
    (0xc0ac, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM", REFUSED),
    (0xc0ad, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM", REFUSED),
    (0xc0ae, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", REFUSED),
    (0xc0af, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8", REFUSED),
    (0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", ACCEPTED),
    (0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", ACCEPTED),
    (0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", ACCEPTED),
];

fn find(suite: CipherSuite) -> Option<(&'static str, bool)> {
    let index = SUITES.binary_search_by_key(&suite.0, |(code, ..)| *code).ok()?;
    SUITES.get(index).map(|(_, name, accepted)| (*name, *accepted))
}

/// The suite's name: IANA's for TLS 1.2 and below (`TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384`), with
/// rustls' prefix for TLS 1.3 (`TLS13_AES_256_GCM_SHA384`), and `0xc0ff` for an unknown code.
#[must_use]
pub fn cipher_name(suite: CipherSuite) -> Cow<'static, str> {
    find(suite)
        .map_or_else(|| Cow::Owned(format!("0x{:04x}", suite.0)), |(name, _)| Cow::Borrowed(name))
}

/// Whether a current Windows client would accept the suite.
///
/// True for AES in CBC or GCM mode and ChaCha20-Poly1305 behind ECDHE, DHE or static RSA: what
/// Schannel of Windows 11 implements (its default list leaves DHE with CBC and `ChaCha20` off).
/// False for RC4, DES, 3DES, NULL, export and anonymous suites, for CCM, which Schannel lacks, and
/// for unknown codes.
#[must_use]
pub fn is_modern(suite: CipherSuite) -> bool {
    find(suite).is_some_and(|(_, accepted)| accepted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::tls_hello::OFFERED_SUITES;

    #[test]
    fn names_are_those_of_rustls() {
        assert!(SUITES.is_sorted_by(|(a, ..), (b, ..)| a < b));
        for (code, name, _) in SUITES {
            let theirs = rustls::CipherSuite::from(*code);
            assert_eq!(theirs.as_str(), Some(*name), "{code:#06x}");
        }
    }

    #[test]
    fn whatever_a_probe_can_negotiate_has_a_name() {
        let modern = rustls::crypto::ring::default_provider().cipher_suites;
        let modern = modern.iter().map(|suite| CipherSuite(suite.suite().into()));
        for suite in modern {
            assert!(is_modern(suite), "{}", cipher_name(suite));
        }
        for suite in OFFERED_SUITES {
            assert!(cipher_name(suite).starts_with("TLS_"), "{suite:?}");
        }
    }

    #[test]
    fn weak_and_unknown_suites_are_not_modern() {
        for (code, name) in [
            (0x0005, "TLS_RSA_WITH_RC4_128_SHA"),
            (0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
            (0x0002, "TLS_RSA_WITH_NULL_SHA"),
            (0x0003, "TLS_RSA_EXPORT_WITH_RC4_40_MD5"),
            (0xfffe, "0xfffe"),
        ] {
            assert_eq!(cipher_name(CipherSuite(code)), name);
            assert!(!is_modern(CipherSuite(code)), "{name}");
        }
        for (code, name) in [
            (0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"),
            (0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384"),
            (0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
            (0x1302, "TLS13_AES_256_GCM_SHA384"),
        ] {
            assert_eq!(cipher_name(CipherSuite(code)), name);
            assert!(is_modern(CipherSuite(code)), "{name}");
        }
    }
}
