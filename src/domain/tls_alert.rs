//! TLS alerts (RFC 8446 section 6, with those that earlier versions used).

/// `close_notify`: an orderly end, whatever its level.
pub const CLOSE_NOTIFY: u8 = 0;
/// `handshake_failure`: no common suite, or anything else that stops a handshake.
pub const HANDSHAKE_FAILURE: u8 = 40;
/// `protocol_version`: no common version. What a server of TLS 1.3 alone answers to a hello below.
pub const PROTOCOL_VERSION: u8 = 70;

/// Alert descriptions and their names. Sorted by code.
const DESCRIPTIONS: &[(u8, &str)] = &[
    (0, "close_notify"),
    (10, "unexpected_message"),
    (20, "bad_record_mac"),
    (21, "decryption_failed"),
    (22, "record_overflow"),
    (30, "decompression_failure"),
    (40, "handshake_failure"),
    (41, "no_certificate"),
    (42, "bad_certificate"),
    (43, "unsupported_certificate"),
    (44, "certificate_revoked"),
    (45, "certificate_expired"),
    (46, "certificate_unknown"),
    (47, "illegal_parameter"),
    (48, "unknown_ca"),
    (49, "access_denied"),
    (50, "decode_error"),
    (51, "decrypt_error"),
    (60, "export_restriction"),
    (70, "protocol_version"),
    (71, "insufficient_security"),
    (80, "internal_error"),
    (86, "inappropriate_fallback"),
    (90, "user_canceled"),
    (100, "no_renegotiation"),
    (109, "missing_extension"),
    (110, "unsupported_extension"),
    (111, "certificate_unobtainable"),
    (112, "unrecognized_name"),
    (113, "bad_certificate_status_response"),
    (114, "bad_certificate_hash_value"),
    (115, "unknown_psk_identity"),
    (116, "certificate_required"),
    (120, "no_application_protocol"),
    (121, "ech_required"),
];

/// The name of an alert description; `None` for one that no specification defines.
#[must_use]
pub fn alert_name(description: u8) -> Option<&'static str> {
    DESCRIPTIONS.iter().find(|(code, _)| *code == description).map(|(_, name)| *name)
}

/// `alert 40 (handshake_failure)`; without a name for one that no specification defines.
#[must_use]
pub fn alert_text(description: u8) -> String {
    match alert_name(description) {
        Some(name) => format!("alert {description} ({name})"),
        None => format!("alert {description}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_description_has_one_name() {
        assert!(DESCRIPTIONS.is_sorted_by(|(a, _), (b, _)| a < b));
        assert_eq!(alert_name(HANDSHAKE_FAILURE), Some("handshake_failure"));
        assert_eq!(alert_name(PROTOCOL_VERSION), Some("protocol_version"));
        assert_eq!(alert_name(200), None);
        assert_eq!(alert_text(HANDSHAKE_FAILURE), "alert 40 (handshake_failure)");
        assert_eq!(alert_text(200), "alert 200");
    }

    #[test]
    fn rustls_knows_the_same_codes() {
        // Spelled differently there: UnrecognisedName, EncryptedClientHelloRequired.
        let spelling = [112, 121];
        for code in (0..=u8::MAX).filter(|code| !spelling.contains(code)) {
            let theirs = rustls::AlertDescription::from(code).as_str().map(str::to_lowercase);
            let ours = alert_name(code).map(|name| name.replace('_', ""));
            assert_eq!(ours, theirs, "{code}");
        }
    }
}
