use super::*;
use crate::proto::oracle;
use crate::proto::testing::hex;
use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
};
use std::time::Duration;

const WINDOWS: &[u8] = include_bytes!("../testdata/windows_default.der");
const OLD: &[u8] = include_bytes!("../testdata/rsa1024_sha1.der");
const MD5: &[u8] = include_bytes!("../testdata/rsa2048_md5.der");
const VERSION1: &[u8] = include_bytes!("../testdata/version1.der");
const KEY: &str = include_str!("../testdata/rsa2048.pem");

fn summary(der: &[u8]) -> CertificateSummary {
    oracle::certificate(der);
    summarize(der).unwrap()
}

/// What Windows makes for itself (MS-RDPBCGR leaves it open; three of three captured ones agree):
/// CN only, no subjectAltName, no basicConstraints, 183 days, keyEncipherment and
/// dataEncipherment, serverAuth.
fn windows_default(computer: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, computer);
    params.not_before = date_time_ymd(2026, 5, 1);
    params.not_after = params.not_before + Duration::from_hours(183 * 24);
    params.key_usages = vec![KeyUsagePurpose::KeyEncipherment, KeyUsagePurpose::DataEncipherment];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

fn named(distinguished_name: DistinguishedName) -> Vec<u8> {
    let mut params = windows_default("");
    params.distinguished_name = distinguished_name;
    params.self_signed(&KeyPair::from_pem(KEY).unwrap()).unwrap().der().to_vec()
}

fn with_sans(names: Vec<SanType>) -> Vec<u8> {
    let mut params = windows_default("office-pc");
    params.subject_alt_names = names;
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

#[test]
fn windows_own_certificate_is_read_whole() {
    // 2026-11-21T08:52:44Z, 183 days; SHA-256 as `sha256sum` gives it.
    let expected = CertificateSummary {
        subject: "CN=OFFICE-WIN10-VM".to_owned(),
        common_name: Some("OFFICE-WIN10-VM".to_owned()),
        issuer: "CN=OFFICE-WIN10-VM".to_owned(),
        self_signed: true,
        not_before: WallTime::from_unix_secs(1_795_251_164),
        not_after: WallTime::from_unix_secs(1_795_251_164 + 183 * 86_400),
        names: vec!["OFFICE-WIN10-VM".to_owned()],
        key: KeyKind::Rsa(2048),
        signature: "sha256WithRSAEncryption".to_owned(),
        sha256: Thumbprint::from_hex(
            "50dfcce803056042d9dcd5033c9f33f3f35ec0b311fe94e0eb7290fae6a0ec56",
        )
        .unwrap(),
    };
    assert_eq!(summary(WINDOWS), expected);
    assert!(!expected.is_weak() && expected.covers("office-win10-vm.corp.lab"));
}

#[test]
fn old_and_weak_certificates_are_read_and_called_weak() {
    let old = summary(OLD);
    assert_eq!((old.key, old.signature.as_str()), (KeyKind::Rsa(1024), "sha1WithRSAEncryption"));
    assert_eq!(old.subject, "CN=WIN2K8R2");
    assert!(old.is_weak());
    let md5 = summary(MD5);
    assert_eq!((md5.key, md5.signature.as_str()), (KeyKind::Rsa(2048), "md5WithRSAEncryption"));
    assert!(md5.is_weak());
    let first = summary(VERSION1);
    assert_eq!(first.subject, "CN=v1-host, OU=IT, O=Example\\, Inc., C=DE");
    assert_eq!(first.names, ["v1-host"]);
}

#[test]
fn a_generated_windows_certificate_reads_like_a_real_one() {
    let key = KeyPair::from_pem(KEY).unwrap();
    let der = windows_default("ACCOUNTING-07").self_signed(&key).unwrap();
    let read = summary(der.der());
    assert_eq!(read.subject, "CN=ACCOUNTING-07");
    assert_eq!(read.names, ["ACCOUNTING-07"]);
    assert_eq!((read.key, read.self_signed), (KeyKind::Rsa(2048), true));
    assert_eq!(read.not_before.days_until(read.not_after), 183);
}

#[test]
fn an_issued_certificate_keeps_its_names_and_issuer() {
    let mut ca = windows_default("ESET SSL Filter CA");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = Issuer::new(ca, KeyPair::from_pem(KEY).unwrap());
    let mut params = windows_default("office-pc");
    params.subject_alt_names = vec![
        dns("office-pc.corp.lab"),
        SanType::IpAddress("10.0.0.21".parse().unwrap()),
        SanType::IpAddress("2001:db8::21".parse().unwrap()),
        SanType::Rfc822Name("admin@corp.lab".try_into().unwrap()),
    ];
    for (algorithm, key) in [
        (&rcgen::PKCS_ECDSA_P256_SHA256, KeyKind::Ec(256)),
        (&rcgen::PKCS_ECDSA_P384_SHA384, KeyKind::Ec(384)),
        (&rcgen::PKCS_ED25519, KeyKind::Ed25519),
    ] {
        let pair = KeyPair::generate_for(algorithm).unwrap();
        let read = summary(params.clone().signed_by(&pair, &issuer).unwrap().der());
        assert_eq!(read.key, key);
        assert_eq!(read.issuer, "CN=ESET SSL Filter CA");
        assert_eq!(read.signature, "sha256WithRSAEncryption");
        assert_eq!(read.names, ["office-pc.corp.lab", "10.0.0.21", "2001:db8::21"]);
        assert!(!read.self_signed);
        let own = summary(params.clone().self_signed(&pair).unwrap().der());
        assert!(["ecdsa-with-SHA256", "ecdsa-with-SHA384", "Ed25519"].contains(&&*own.signature));
    }
}

#[test]
fn hostile_names_cannot_drive_a_terminal_or_forge_a_part() {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "x, CN=bank.example\u{202e}");
    name.push(DnType::CommonName, "\x1b[2Jpc\r\n\u{0}");
    let read = summary(&named(name));
    let replaced = "\u{fffd}[2Jpc\u{fffd}\u{fffd}\u{fffd}";
    assert_eq!(read.common_name.as_deref(), Some(replaced));
    assert_eq!(read.subject, format!("CN={replaced}, O=x\\, CN\\=bank.example\u{fffd}"));
    assert_eq!(read.names, [replaced]);

    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, "a".repeat(20_000));
    let read = summary(&named(name));
    assert_eq!(read.common_name.unwrap().chars().count(), 256, "255 and an ellipsis");
}

#[test]
fn every_string_type_of_a_name_is_read() {
    let wide = |text: &str| text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
    for (value, expected) in [
        (DnValue::BmpString("B\u{fc}ro-\u{6771}".try_into().unwrap()), "B\u{fc}ro-\u{6771}"),
        (DnValue::Utf8String("B\u{fc}ro".to_owned()), "B\u{fc}ro"),
        (DnValue::PrintableString("Buero".try_into().unwrap()), "Buero"),
        (DnValue::Ia5String("Buero".try_into().unwrap()), "Buero"),
        (DnValue::TeletexString("Buero".try_into().unwrap()), "Buero"),
        (
            DnValue::UniversalString(
                rcgen::string::UniversalString::from_utf32be(wide("B\u{fc}ro")).unwrap(),
            ),
            "B\u{fc}ro",
        ),
    ] {
        let mut name = DistinguishedName::new();
        name.push(DnType::CommonName, value);
        assert_eq!(summary(&named(name)).common_name.as_deref(), Some(expected));
    }
}

#[test]
fn a_name_without_a_common_name_leaves_nothing_to_match() {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "Example");
    name.push(DnType::from_oid(&[1, 2, 3, 4]), "private");
    let read = summary(&named(name));
    assert_eq!(read.common_name, None);
    assert_eq!(read.subject, "1.2.3.4=private, O=Example");
    assert!(read.names.is_empty());
    let empty = summary(&named(DistinguishedName::new()));
    assert_eq!((empty.subject.as_str(), empty.self_signed), ("", true));
}

#[test]
fn a_huge_list_of_names_is_bounded() {
    let names = (0..1500).map(|index| dns(&format!("host-{index}.corp.lab"))).collect();
    let read = summary(&with_sans(names));
    assert_eq!(read.names.len(), MAX_NAMES);
    assert_eq!(read.names[99], "host-99.corp.lab");
    let unusable = vec![SanType::Rfc822Name("a@b".try_into().unwrap())];
    assert_eq!(summary(&with_sans(unusable)).names, ["office-pc"], "CN stands in");
}

#[test]
fn dates_at_the_ends_of_time_are_read() {
    let mut params = windows_default("pc");
    params.not_before = date_time_ymd(1950, 1, 1);
    params.not_after = date_time_ymd(9999, 12, 31);
    let der = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    let read = summary(der.der());
    assert_eq!(read.not_before, WallTime::from_unix_secs(-631_152_000));
    assert_eq!(read.not_after, WallTime::from_unix_secs(253_402_214_400));
    // Month 13 is no date: UTCTime 261121... becomes 261321...
    let mut broken = WINDOWS.to_vec();
    let date = broken.windows(6).position(|bytes| bytes == b"261121").unwrap();
    broken[date + 3] = b'3';
    oracle::certificate(&broken);
    assert_eq!(summarize(&broken), Err(CertificateError::Malformed));
}

#[test]
fn odd_keys_are_measured_or_called_other() {
    for (number, bits) in [
        ("00 80", Some(8)),
        ("80", Some(8)),
        ("01", Some(1)),
        ("0000 0001 00", Some(9)),
        ("", None),
        ("0000", None),
    ] {
        assert_eq!(bits_of(&hex(number)), bits, "{number}");
    }
    // The modulus' INTEGER tag replaced: the key does not parse, the rest does.
    let mut odd = WINDOWS.to_vec();
    let modulus = odd.windows(4).position(|bytes| bytes == hex("02820101")).unwrap();
    odd[modulus] = 0x04;
    let read = summary(&odd);
    assert_eq!((read.key, read.subject.as_str()), (KeyKind::Other, "CN=OFFICE-WIN10-VM"));
    // An unknown signature algorithm is shown as its OID.
    let known = hex("06092a864886f70d01010b");
    let at: Vec<usize> =
        (0..odd.len() - known.len()).filter(|index| odd[*index..].starts_with(&known)).collect();
    for index in at {
        odd[index + known.len() - 1] = 0x7f;
    }
    assert_eq!(summary(&odd).signature, "1.2.840.113549.1.1.127");
}

#[test]
fn what_is_not_a_certificate_is_refused() {
    for length in 0..WINDOWS.len() {
        assert_eq!(summarize(&WINDOWS[..length]), Err(CertificateError::Malformed), "{length}");
    }
    let huge = vec![0x30; MAX_CERTIFICATE + 1];
    assert_eq!(summarize(&huge), Err(CertificateError::TooLarge(MAX_CERTIFICATE + 1)));
    let mut trailing = WINDOWS.to_vec();
    trailing.extend_from_slice(b"garbage behind the end");
    assert_eq!(summarize(&trailing), summarize(WINDOWS), "not part of it");
}

proptest! {
    #[test]
    fn damaged_certificates_hold_the_oracle(
        which in 0_usize..4,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut der = [WINDOWS, OLD, MD5, VERSION1][which].to_vec();
        for (index, value) in damage {
            let index = index.index(der.len());
            der[index] = value;
        }
        oracle::certificate(&der);
    }

    #[test]
    fn any_bytes_hold_the_oracle(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        oracle::certificate(&bytes);
    }
}
