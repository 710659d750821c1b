//! Certificates and keys in files, as servers read them.

use crate::process::{command, run};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_RSA_SHA256,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A key that guards nothing.
const RSA_2048: &str = include_str!("../../src/proto/testdata/rsa2048.pem");

/// Who signs what [`issued`] makes.
const AUTHORITY: &str = "Lab Issuing CA";

/// Validity of what Windows makes for itself, in days.
const WINDOWS_DAYS: i64 = 183;

/// A certificate file and its key file, PEM.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// What Windows makes for itself: CN only, `left` of 183 days left.
pub(crate) fn windows(folder: &Path, name: &str, left: i64) -> Files {
    make(folder, name, None, left - WINDOWS_DAYS, left)
}

/// Self-signed, valid only from `days` from now.
pub(crate) fn future(folder: &Path, name: &str, days: i64) -> Files {
    make(folder, name, None, days, days + WINDOWS_DAYS)
}

/// Signed by an authority for `name`, `left` days left.
pub(crate) fn issued(folder: &Path, name: &str, left: i64) -> Files {
    make(folder, name, Some(AUTHORITY), left - 365, left)
}

/// The authority behind [`issued`], PEM.
pub(crate) fn authority() -> String {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, AUTHORITY);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::from_pem_and_sign_algo(RSA_2048, &PKCS_RSA_SHA256).unwrap();
    params.self_signed(&key).unwrap().pem()
}

/// RSA-1024 and SHA-1, which only OpenSSL still makes.
pub(crate) fn weak(folder: &Path, name: &str) -> Files {
    let files = files(folder);
    run(command("openssl")
        .args(["req", "-x509", "-newkey", "rsa:1024", "-sha1", "-nodes", "-days", "183"])
        .args(["-subj", &format!("/CN={name}")])
        .arg("-keyout")
        .arg(&files.key)
        .arg("-out")
        .arg(&files.certificate));
    files
}

fn files(folder: &Path) -> Files {
    Files { certificate: folder.join("certificate.pem"), key: folder.join("key.pem") }
}

/// Days are counted from now, and half a day more, so that whole days are certain whenever it is
/// looked at.
fn make(folder: &Path, name: &str, issuer: Option<&str>, from: i64, until: i64) -> Files {
    let rsa = || KeyPair::from_pem_and_sign_algo(RSA_2048, &PKCS_RSA_SHA256).unwrap();
    let params = |common_name: &str| {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, common_name);
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        params.not_before = epoch + since_epoch(from);
        params.not_after = epoch + since_epoch(until);
        params
    };
    let mut leaf = params(name);
    leaf.key_usages = vec![KeyUsagePurpose::KeyEncipherment, KeyUsagePurpose::DataEncipherment];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = match issuer {
        None => leaf.self_signed(&rsa()).unwrap(),
        Some(issuer) => {
            let names = CertificateParams::new([name.to_owned()]).unwrap();
            leaf.subject_alt_names = names.subject_alt_names;
            let mut authority = params(issuer);
            authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            leaf.signed_by(&rsa(), &Issuer::new(authority, rsa())).unwrap()
        }
    };
    let files = files(folder);
    fs::write(&files.certificate, certificate.pem()).unwrap();
    fs::write(&files.key, RSA_2048).unwrap();
    files
}

#[expect(clippy::disallowed_methods, reason = "certificates are dated relative to now")]
fn since_epoch(days: i64) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let hours = i64::try_from(now.as_secs() / 3_600).unwrap() + days * 24 + 12;
    Duration::from_hours(u64::try_from(hours).unwrap())
}
