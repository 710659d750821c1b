//! Certificates of scripted hosts, made at start so that their dates stand relative to now.

use crate::domain::time::WallTime;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, SerialNumber,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::time::Duration;

/// Key of every RSA certificate made here.
const RSA_2048: &str = include_str!("data/rsa2048.pem");
/// A certificate of an old server, RSA-1024 and SHA-1. ring cannot make one.
const RSA_1024_SHA1: &[u8] = include_bytes!("data/rsa1024_sha1.der");

/// What Windows gives the certificate that it makes for itself (measured).
const WINDOWS_DAYS: i64 = 183;
/// What an authority's template usually gives.
const AUTHORITY_DAYS: i64 = 365;

/// Why a certificate could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// rcgen could not.
    #[error("cannot make the certificate of {0}: {1}")]
    Generate(String, #[source] rcgen::Error),
    /// rustls does not take it.
    #[error("cannot serve the certificate of {0}: {1}")]
    Serve(String, #[source] rustls::Error),
}

/// A host's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateSpec {
    /// Common name of the subject.
    pub common_name: String,
    /// DNS names and addresses of subjectAltName; Windows puts none.
    pub alt_names: Vec<String>,
    /// Common name of the authority that signed it; `None` for itself.
    pub issuer: Option<String>,
    /// Start of validity, in hours from now.
    pub from_hours: i64,
    /// End of validity, in hours from now.
    pub until_hours: i64,
    /// Its key.
    pub key: Key,
    /// Tells two certificates of one name apart.
    pub serial: u64,
}

/// A certificate's key and signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// RSA-2048, SHA-256.
    Rsa2048,
    /// ECDSA over P-256, SHA-256.
    EcP256,
    /// RSA-1024, SHA-1: one committed certificate, whose name and dates the rest of the
    /// specification does not change. Only a hand-written flight can show it.
    Rsa1024Sha1,
}

impl CertificateSpec {
    /// What Windows makes for itself: CN only, 183 days; `days_left` of them are left.
    #[must_use]
    pub fn windows(common_name: &str, days_left: i64) -> Self {
        Self::new(common_name, None, WINDOWS_DAYS, days_left)
    }

    /// One that `issuer` signed for `dns_name`, with a subjectAltName, for a year.
    #[must_use]
    pub fn issued(dns_name: &str, issuer: &str, days_left: i64) -> Self {
        let spec = Self::new(dns_name, Some(issuer), AUTHORITY_DAYS, days_left);
        Self { alt_names: vec![dns_name.to_owned()], ..spec }
    }

    /// An old server's, see [`Key::Rsa1024Sha1`].
    #[must_use]
    pub fn weak() -> Self {
        Self { key: Key::Rsa1024Sha1, ..Self::windows("WIN2K8R2-FILE", 0) }
    }

    /// The same with another serial number, so with another thumbprint.
    #[must_use]
    pub const fn with_serial(mut self, serial: u64) -> Self {
        self.serial = serial;
        self
    }

    /// The same with another key.
    #[must_use]
    pub const fn with_key(mut self, key: Key) -> Self {
        self.key = key;
        self
    }

    /// The same, valid only from `days` from now.
    #[must_use]
    pub const fn valid_in(mut self, days: i64) -> Self {
        self.from_hours = days * 24;
        self
    }

    /// Half a day more than `days_left`, so that whole days are certain whenever it is looked at.
    fn new(common_name: &str, issuer: Option<&str>, days: i64, days_left: i64) -> Self {
        let until_hours = days_left * 24 + 12;
        Self {
            common_name: common_name.to_owned(),
            alt_names: Vec::new(),
            issuer: issuer.map(str::to_owned),
            from_hours: until_hours - days * 24,
            until_hours,
            key: Key::Rsa2048,
            serial: 1,
        }
    }
}

/// A certificate with its key, DER.
#[derive(Debug)]
pub(super) struct Credentials {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

/// The certificate of the authority called `common_name` that signs what
/// [`CertificateSpec::issued`] describes: DER, and the same in PEM.
///
/// # Errors
/// [`CertificateError::Generate`].
pub fn authority(common_name: &str, now: WallTime) -> Result<(Vec<u8>, String), CertificateError> {
    let spec = CertificateSpec::issued(common_name, common_name, AUTHORITY_DAYS);
    let make = || {
        let mut params = params(common_name, &spec, now);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::from_pem_and_sign_algo(RSA_2048, &PKCS_RSA_SHA256)?;
        let made = params.self_signed(&key)?;
        Ok((made.der().to_vec(), made.pem()))
    };
    make().map_err(|error| CertificateError::Generate(common_name.to_owned(), error))
}

/// Makes the certificate of `spec` as of `now`.
pub(super) fn make(spec: &CertificateSpec, now: WallTime) -> Result<Credentials, CertificateError> {
    generate(spec, now).map_err(|error| CertificateError::Generate(spec.common_name.clone(), error))
}

fn generate(spec: &CertificateSpec, now: WallTime) -> Result<Credentials, rcgen::Error> {
    let rsa = || KeyPair::from_pem_and_sign_algo(RSA_2048, &PKCS_RSA_SHA256);
    let key = match spec.key {
        Key::Rsa2048 | Key::Rsa1024Sha1 => rsa()?,
        Key::EcP256 => KeyPair::generate()?,
    };
    if spec.key == Key::Rsa1024Sha1 {
        return Ok(credentials(CertificateDer::from(RSA_1024_SHA1), &key));
    }
    let mut params = params(&spec.common_name, spec, now);
    params.subject_alt_names = CertificateParams::new(spec.alt_names.clone())?.subject_alt_names;
    params.serial_number = Some(SerialNumber::from(spec.serial));
    params.key_usages = vec![KeyUsagePurpose::KeyEncipherment, KeyUsagePurpose::DataEncipherment];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = match &spec.issuer {
        None => params.self_signed(&key)?,
        Some(name) => {
            let mut authority = self::params(name, spec, now);
            authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.signed_by(&key, &Issuer::new(authority, rsa()?))?
        }
    };
    Ok(credentials(certificate.der().clone(), &key))
}

fn params(common_name: &str, spec: &CertificateSpec, now: WallTime) -> CertificateParams {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let at = |hours: i64| {
        let secs = now.unix_secs().saturating_add(hours.saturating_mul(3_600));
        // Dates of X.509 end with the year 9999.
        epoch + Duration::from_secs(u64::try_from(secs).unwrap_or(0).min(253_402_300_799))
    };
    let mut params = CertificateParams::default();
    params.distinguished_name = name;
    params.not_before = at(spec.from_hours);
    params.not_after = at(spec.until_hours);
    params
}

fn credentials(leaf: CertificateDer<'static>, key: &KeyPair) -> Credentials {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    Credentials { chain: vec![leaf], key }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::certificate::KeyKind;
    use crate::proto::certificate::summarize;

    const NOW: WallTime = WallTime::from_unix_secs(1_795_000_000);

    fn summary(spec: &CertificateSpec) -> crate::domain::certificate::CertificateSummary {
        let credentials = make(spec, NOW).expect("it can be made");
        summarize(&credentials.chain[0]).expect("it can be read")
    }

    #[test]
    fn a_windows_certificate_is_like_those_of_windows() {
        let seen = summary(&CertificateSpec::windows("RDS-01", 171));
        assert_eq!(seen.subject, "CN=RDS-01");
        assert!(seen.self_signed);
        assert_eq!(seen.days_left(NOW), 171);
        assert_eq!(seen.not_before.days_until(seen.not_after), 183);
        assert_eq!(seen.names, ["RDS-01"], "the common name, for want of a subjectAltName");
        assert_eq!(seen.key, KeyKind::Rsa(2048));
        assert_eq!(seen.signature, "sha256WithRSAEncryption");
        assert!(!seen.is_weak());
    }

    #[test]
    fn an_issued_certificate_names_its_authority() {
        let seen = summary(&CertificateSpec::issued("rds.lab.test", "Lab CA", 5));
        assert_eq!(seen.issuer, "CN=Lab CA");
        assert!(!seen.self_signed);
        assert_eq!(seen.days_left(NOW), 5);
        assert_eq!(seen.names, ["rds.lab.test"]);
    }

    #[test]
    fn variants_differ_where_they_say() {
        let plain = CertificateSpec::windows("RDS-01", -9);
        assert_eq!(summary(&plain).days_left(NOW), -9);
        let other = summary(&plain.clone().with_serial(2));
        assert_ne!(other.sha256, summary(&plain).sha256);
        assert_eq!(summary(&plain.clone().with_key(Key::EcP256)).key, KeyKind::Ec(256));
        let early = summary(&CertificateSpec::windows("RDS-01", 180).valid_in(2));
        assert_eq!(NOW.days_until(early.not_before), 2);
        let weak = summary(&CertificateSpec::weak());
        assert!(weak.is_weak());
        assert_eq!(weak.key, KeyKind::Rsa(1024));
    }
}
