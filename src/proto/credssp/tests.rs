use super::*;
use crate::domain::sample::{Misread, NlaOutcome, NtStatus, NtlmIdentity, OsVersion};
use crate::domain::time::WallTime;
use crate::proto::oracle;
use crate::proto::testing::hex;
use proptest::prelude::*;

/// nmap's `rdp-ntlm-info`: version 96, NEGOTIATE of a Windows 10.0.17763.
const NMAP: &str = "
    30 37                                   TSRequest, 55 bytes
      a0 03 02 01 60                        version 96
      a1 30 30 2e 30 2c a0 2a 04 28         negoTokens, one token of 40 bytes
        4e544c4d53535000 01000000           NTLMSSP NEGOTIATE
        b78208e2                            flags
        0000000000000000 0000000000000000   neither domain nor workstation
        0a00 6345 000000 0f                 version 10.0.17763, revision 15";

/// A client's request in the tests of the sspi crate: version 6 with a clientNonce.
const WITH_NONCE: &str = "
    30 5b a0 03 02 01 06
      a1 30 30 2e 30 2c a0 2a 04 28
        4e544c4d53535000 01000000 b78208e2 0000000000000000 0000000000000000 0601b11d0000000f
      a5 22 04 20                           clientNonce, 32 bytes
        221012ad125c7a15feb64b1fcb94833ac56f664cf3bce7548a5d9e050a4691db";

/// What freerdp-shadow 2.11.7 with NLA answered to nmap's request (recorded on loopback).
const FREERDP: &str = "
    30 81 9f
      a0 03 02 01 06                        version 6
      a1 74 30 72 30 70 a0 6e 04 6c         negoTokens, one token of 108 bytes
        4e544c4d53535000 02000000           NTLMSSP CHALLENGE
        0400 0400 38000000                  TargetName: 4 bytes at 56
        b78288e2                            flags
        0fdfe1969abb60f0                    server challenge
        0000000000000000                    reserved
        3000 3000 3c000000                  TargetInfo: 48 bytes at 60
        0601b11d 0000000f                   version 6.1.7601
        5600 4d00                           'VM'
        0200 0400 56004d00                  NbDomainName VM
        0100 0400 56004d00                  NbComputerName VM
        0400 0400 76006d00                  DnsDomainName vm
        0300 0400 76006d00                  DnsComputerName vm
        0700 0800 80d112e48679dd01          Timestamp
        0000 0000                           EOL
      a5 22 04 20                           clientNonce, which only WinPR's server sends
        3d3b7ddca2e9dcac7148d7978ff5d2b19cc9f6916a680a5231b0886ecd84be06";

/// What xrdp without NLA says to a `TSRequest` (recorded on loopback): MCS disconnect.
const XRDP: &str = "03 00 00 09 02 f0 80 21 80";

/// The bytes of annotated hex: what follows two blanks behind the digits is a remark.
fn bytes(annotated: &str) -> Vec<u8> {
    let digits = |line: &str| {
        let line = line.trim();
        line.split("  ").next().unwrap_or_default().to_owned()
    };
    hex(&annotated.lines().map(digits).collect::<String>())
}

/// A challenge of a current Windows in a domain, made here: no recording of one is public.
fn windows(version: u32, build: u16) -> TsRequest {
    let identity = NtlmIdentity {
        computer: Some("RDS-01".to_owned()),
        domain: Some("CORP".to_owned()),
        dns_computer: Some("rds-01.corp.lab".to_owned()),
        dns_domain: Some("corp.lab".to_owned()),
        dns_tree: Some("corp.lab".to_owned()),
        os: Some(OsVersion { major: 10, minor: 0, build }),
        time: Some(WallTime::from_unix_millis(1_795_244_400_123)),
        winpr: false,
    };
    let token = ntlm::encode_challenge(&identity, [7; 8]).unwrap();
    TsRequest { version, token: Some(token), ..TsRequest::default() }
}

fn answer(bytes: &[u8]) -> Reply {
    parse_answer(bytes).done().expect("decided")
}

fn misread(bytes: &[u8]) -> Misread {
    match answer(bytes).outcome {
        NlaOutcome::Malformed(misread) => misread,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_request_is_that_of_nmap_with_the_version_of_windows() {
    let mut golden = bytes(NMAP);
    assert_eq!(golden.len(), 57);
    golden[6] = 6;
    assert_eq!(request(), golden);
}

#[test]
fn requests_of_clients_are_read() {
    for (recorded, version, nonce) in [(NMAP, 96, None), (WITH_NONCE, 6, Some(32))] {
        let recorded = bytes(recorded);
        let request = parse_ts_request(&recorded).unwrap().done().unwrap();
        assert_eq!(request.version, version);
        assert_eq!(request.token.as_ref().map(Vec::len), Some(40));
        assert_eq!(request.nonce.as_ref().map(Vec::len), nonce);
        assert_eq!(request.encode().unwrap(), recorded);
    }
}

#[test]
fn the_challenge_of_freerdp_is_read() {
    let recorded = bytes(FREERDP);
    assert_eq!(recorded.len(), 162);
    let reply = answer(&recorded);
    assert_eq!((reply.outcome, reply.version, reply.error), (NlaOutcome::Challenge, Some(6), None));
    let identity = reply.identity.unwrap();
    let name = |text: &str| Some(text.to_owned());
    let expected = NtlmIdentity {
        computer: name("VM"),
        domain: name("VM"),
        dns_computer: name("vm"),
        dns_domain: name("vm"),
        dns_tree: None,
        os: Some(OsVersion { major: 6, minor: 1, build: 7_601 }),
        time: Some(WallTime::from_unix_millis(1_795_244_815_000)),
        winpr: true,
    };
    assert_eq!(identity, expected);
    assert_eq!(identity.windows(), None);
    let again = parse_ts_request(&recorded).unwrap().done().unwrap().encode().unwrap();
    assert_eq!(again, recorded);
}

#[test]
fn xrdp_hangs_up_in_rdp() {
    let reply = answer(&bytes(XRDP));
    assert_eq!((reply.outcome, reply.version), (NlaOutcome::Disconnected, None));
    assert_eq!(reply.outcome.word(), "closed");
}

#[test]
fn error_codes_are_read_in_every_form() {
    for (integer, code) in [
        ("02 04 c00000bb", 0xc000_00bb),
        ("02 05 00c00000bb", 0xc000_00bb),
        ("02 04 80090308", 0x8009_0308),
        ("02 01 05", 5),
    ] {
        let field = hex(integer);
        let length = u8::try_from(field.len()).unwrap();
        let mut message = vec![0x30, 7 + length, 0xa0, 3, 2, 1, 3, 0xa4, length];
        message.extend(field);
        let reply = answer(&message);
        assert_eq!(reply.outcome, NlaOutcome::Error, "{integer}");
        assert_eq!((reply.version, reply.error), (Some(3), Some(NtStatus(code))), "{integer}");
    }
    let success = TsRequest { version: 6, error: Some(0), ..TsRequest::default() };
    assert_eq!(misread(&success.encode().unwrap()).offset, 0);
}

#[test]
fn an_early_authorization_result_is_understood() {
    for result in [EarlyUserAuthResult::Success, EarlyUserAuthResult::AccessDenied] {
        let bytes = result.encode();
        let parsed = parse_early_user_auth_result(&bytes);
        assert_eq!(parsed, Ok(Parse::Done { value: result, consumed: 4 }));
    }
    assert_eq!(answer(&[5, 0, 0, 0]).outcome, NlaOutcome::Denied);
    assert_eq!(misread(&[0, 0, 0, 0]).reason, "an authorization before anybody signed in");
    assert_eq!(misread(&[5, 0, 1, 0]).reason, "an unknown authorization result");
    assert_eq!(parse_answer(&[5, 0, 0]), Parse::NeedMore(4));
}

#[test]
fn a_challenge_in_spnego_is_found() {
    let raw = windows(5, 17_763);
    let mut token = hex("a1 81 00 30 81 00 a0 03 0a 01 01 a2 81 00 04 81 00");
    token.extend(raw.token.unwrap());
    let wrapped = TsRequest { version: 5, token: Some(token), ..TsRequest::default() };
    let reply = answer(&wrapped.encode().unwrap());
    assert_eq!(reply.outcome, NlaOutcome::Challenge);
    assert_eq!(reply.identity.unwrap().name(), Some("rds-01.corp.lab"));
}

#[test]
fn every_prefix_waits_and_the_whole_is_decided() {
    for whole in
        [bytes(FREERDP), bytes(XRDP), windows(6, 26_100).encode().unwrap(), vec![5, 0, 0, 0]]
    {
        for cut in 0..whole.len() {
            let Parse::NeedMore(total) = parse_answer(&whole[..cut]) else {
                panic!("decided at {cut} of {}", whole.len());
            };
            assert!(total > cut && total <= whole.len(), "{total} at {cut}");
        }
        assert!(matches!(parse_answer(&whole), Parse::Done { .. }));
    }
}

#[test]
fn every_fault_is_named_with_its_offset() {
    let challenge = windows(6, 26_100).encode().unwrap();
    let changed = |at: usize, byte: u8| {
        let mut bytes = challenge.clone();
        bytes[at] = byte;
        bytes
    };
    assert_eq!(challenge[..9], [0x30, 0x81, 0xca, 0xa0, 3, 2, 1, 6, 0xa1]);
    let token_at = challenge.windows(8).position(|bytes| bytes == ntlm::SIGNATURE).unwrap();
    for (bytes, offset, reason) in [
        (b"HTTP/1.1 400 Bad Request".to_vec(), 0, "not a TSRequest"),
        (vec![0x30, 0x80], 1, "a length without end"),
        (vec![0x30, 0x84, 0, 0, 0, 1], 1, "a length of more than three bytes"),
        (vec![0x30, 0x82, 0xff, 0xff], 1, "a TSRequest above 16 KiB"),
        (vec![0x30, 0], 2, "no version"),
        (changed(3, 0x02), 3, "not a field of a TSRequest"),
        (changed(5, 0x04), 5, "not an INTEGER"),
        (changed(4, 4), 8, "bytes behind the end"),
        (changed(6, 2), 6, "a length beyond what holds it"),
        (changed(6, 0), 7, "bytes behind the end"),
        (changed(8, 0xa0), 8, "a field for the second time"),
        (changed(token_at, b'X'), token_at, "not an NTLM message"),
        (changed(token_at + 8, 3), token_at + 8, "not an NTLM challenge"),
        (changed(token_at + 46, 0xff), token_at + 40, "a field outside the message"),
        (hex("30 05 a0 03 02 01 06"), 0, "a TSRequest with neither a challenge nor an error"),
        (hex("03 00 00 0b 06 d0 00 00 12 34 00"), 5, "an X.224 answer in place of CredSSP"),
        (hex("03 00 00 09 02 f0 80 11 80"), 7, "data before the connection was confirmed"),
    ] {
        let found = misread(&bytes);
        assert_eq!((found.offset, found.reason), (offset, reason), "{bytes:02x?}");
    }
}

#[test]
fn a_token_that_makes_no_sense_keeps_the_version() {
    let request = TsRequest { version: 2, token: Some(vec![1, 2, 3]), ..TsRequest::default() };
    let reply = answer(&request.encode().unwrap());
    assert_eq!(reply.version, Some(2));
    assert!(matches!(reply.outcome, NlaOutcome::Malformed(_)));
}

#[test]
fn what_is_too_long_is_not_written() {
    let request = TsRequest { token: Some(vec![0; MAX_TS_REQUEST]), ..TsRequest::default() };
    assert!(request.encode().is_err());
}

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        oracle::credssp_answer(&bytes);
        oracle::ts_request(&bytes);
    }

    #[test]
    fn broken_answers(at in 0_usize..162, byte in any::<u8>()) {
        let mut bytes = bytes(FREERDP);
        bytes[at] = byte;
        oracle::credssp_answer(&bytes);
        oracle::ts_request(&bytes);
    }

    #[test]
    fn requests_go_there_and_back(
        version in any::<u32>(),
        token in prop::option::of(prop::collection::vec(any::<u8>(), 0..400)),
        error in prop::option::of(any::<u32>()),
        nonce in prop::option::of(prop::collection::vec(any::<u8>(), 0..40)),
    ) {
        let request = TsRequest { version, token, error, nonce };
        let bytes = request.encode().unwrap();
        let parse = parse_ts_request(&bytes).unwrap();
        prop_assert_eq!(parse, Parse::Done { value: request, consumed: bytes.len() });
        oracle::ts_request(&bytes);
    }
}
