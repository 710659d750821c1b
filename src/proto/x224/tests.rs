use super::*;
use crate::domain::sample::{NegotiateOutcome, OtherProtocol};
use crate::domain::security::{FailureCode, SecurityProtocol};
use crate::proto::oracle;
use crate::proto::testing::hex;
use crate::proto::wire::{Malformed, Parse};
use proptest::prelude::*;

const fn confirmed(selected: u32, flags: u8) -> NegotiateOutcome {
    NegotiateOutcome::Confirmed { selected: SecurityProtocol(selected), flags }
}

const fn failure(code: u32) -> NegotiateOutcome {
    NegotiateOutcome::Failure(FailureCode(code))
}

/// Answers of real servers, byte for byte, and what they mean.
const ANSWERS: &[(&str, &str, NegotiateOutcome)] = &[
    // TPKT 3, length 19 | LI 14, CC, dst 0, src 0x1234, class 0 | RSP, flags, length 8, selected
    (
        "MS-RDPBCGR 4.1.2: standard RDP security",
        "03000013 0ed00000123400 0200080000000000",
        confirmed(0, 0),
    ),
    ("Windows 10: HYBRID_EX", "03000013 0ed00000123400 021f080008000000", confirmed(8, 0x1f)),
    ("Windows 10: HYBRID", "03000013 0ed00000123400 021f080002000000", confirmed(2, 0x1f)),
    ("Windows 8, 2012: HYBRID", "03000013 0ed00000123400 020f080002000000", confirmed(2, 0x0f)),
    ("Windows 7, 2008 R2", "03000013 0ed00000123400 0209080002000000", confirmed(2, 9)),
    ("2008 R2 domain controller", "03000013 0ed00000123400 0201080002000000", confirmed(2, 1)),
    ("2008", "03000013 0ed00000123400 0200080002000000", confirmed(2, 0)),
    ("2003", "03000013 0ed00000123400 0300080002000000", failure(2)),
    (
        "2000 and XP: no negotiation data",
        "0300000b 06d00000123400",
        NegotiateOutcome::NoNegotiation,
    ),
    ("xrdp, TLS", "03000013 0ed00000123400 0201080001000000", confirmed(1, 1)),
    (
        "xrdp, unreadable key, negotiate: silently plain RDP",
        "03000013 0ed00000123400 0201080000000000",
        confirmed(0, 1),
    ),
    (
        "xrdp, TLS only, asked for less; a disconnect behind it",
        "03000013 0ed00000123400 0300080001000000 0300000902f0802180",
        failure(1),
    ),
    (
        "xrdp, TLS only, unreadable key; a disconnect behind it",
        "03000013 0ed00000123400 0300080003000000 0300000902f0802180",
        failure(3),
    ),
    (
        "xrdp, asked for RDSAAD: MCS disconnect without a confirm",
        "03000009 02f080 2180",
        NegotiateOutcome::Disconnected,
    ),
    // FreeRDP's source reference is 0.
    ("freerdp-shadow, NLA", "03000013 0ed00000000000 0203080002000000", confirmed(2, 3)),
    ("freerdp-shadow, NLA, asked for less", "03000013 0ed00000000000 0300080005000000", failure(5)),
    ("freerdp-shadow, TLS", "03000013 0ed00000000000 0300080001000000", failure(1)),
    ("freerdp-shadow, RDP", "03000013 0ed00000000000 0300080002000000", failure(2)),
    ("INCONSISTENT_FLAGS", "03000013 0ed00000123400 0300080004000000", failure(4)),
    ("SSL_WITH_USER_AUTH_REQUIRED", "03000013 0ed00000123400 0300080006000000", failure(6)),
    ("ENTRA_AUTH_REQUIRED", "03000013 0ed00000123400 0300080007000000", failure(7)),
    ("a code of the future", "03000013 0ed00000123400 03000800efbeadde", failure(0xdead_beef)),
    // X.224 Disconnect Request: LI 6, DR, dst 0, src 0, reason 0 (13.5).
    ("X.224 disconnect", "0300000b 0680000000000000", NegotiateOutcome::Disconnected),
    // Reason rn-domain-disconnected and all reserved bits set.
    ("another disconnect reason", "03000009 02f080 2000", NegotiateOutcome::Disconnected),
    // Four bytes behind the structure, inside the TPDU.
    ("a longer confirm", "03000017 12d00000123400 0200080001000000 00000000", confirmed(1, 0)),
    ("T.123 reserved byte set", "03ff0013 0ed00000123400 0200080001000000", confirmed(1, 0)),
];

/// Answers that are not RDP's: bytes, protocol, offset of the fault.
const FOREIGN: &[(&[u8], OtherProtocol, usize)] = &[
    (b"HTTP/1.1 400 Bad Request\r\n\r\n", OtherProtocol::Http, 0),
    (b"<!DOCTYPE html>", OtherProtocol::Http, 0),
    (b"<html>", OtherProtocol::Http, 0),
    (b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", OtherProtocol::Ssh, 0),
    (b"RFB 003.008\n", OtherProtocol::Vnc, 0),
    (b"220 mail.example ESMTP\r\n", OtherProtocol::Greeting, 0),
    (b"220-ftp.example\r\n", OtherProtocol::Greeting, 0),
    (b"\x15\x03\x01\x00\x02\x02\x46", OtherProtocol::Tls, 0),
    (b"\x16\x03\x03\x00\x7a\x02", OtherProtocol::Tls, 0),
    (b"hello", OtherProtocol::Unknown, 0),
    (b"\0\0\0\0", OtherProtocol::Unknown, 0),
    (b"HELO", OtherProtocol::Unknown, 0),
    (b"22x", OtherProtocol::Unknown, 0),
    // TPKT lengths 6, 513 and 65535.
    (b"\x03\x00\x00\x06", OtherProtocol::BadTpkt, 2),
    (b"\x03\x00\x02\x01", OtherProtocol::BadTpkt, 2),
    (b"\x03\x00\xff\xff", OtherProtocol::BadTpkt, 2),
    // A confirm in fewer bytes than a confirm has.
    (b"\x03\x00\x00\x0a\x05\xd0\0\0\x12\x34", OtherProtocol::BadTpkt, 2),
    // Length indicators that contradict the TPKT length.
    (b"\x03\x00\x00\x13\x0f\xd0", OtherProtocol::BadTpkt, 4),
    (b"\x03\x00\x00\x13\x06\xd0", OtherProtocol::BadTpkt, 4),
    (b"\x03\x00\x00\x09\x03\xf0", OtherProtocol::BadTpkt, 4),
    // A connection request echoed back.
    (b"\x03\x00\x00\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x0b\0\0\0", OtherProtocol::Unknown, 5),
    // ISO-TSAP with TPDU size parameters: a PLC.
    (
        b"\x03\x00\x00\x16\x11\xd0\0\x01\0\x01\0\xc0\x01\x0a\xc1\x02\x01\0\xc2\x02\x01\x02",
        OtherProtocol::Unknown,
        11,
    ),
    // Negotiation structure: cut short; with length 9.
    (b"\x03\x00\x00\x12\x0d\xd0\0\0\x12\x34\0\x02\0\x08\0\x01\0\0", OtherProtocol::BadTpkt, 11),
    (b"\x03\x00\x00\x13\x0e\xd0\0\0\x12\x34\0\x02\0\x09\0\x01\0\0\0", OtherProtocol::BadTpkt, 13),
    // MCS Connect Response and X.224 data without anything in it.
    (b"\x03\x00\x00\x09\x02\xf0\x80\x7f\x66", OtherProtocol::Unknown, 7),
    (b"\x03\x00\x00\x07\x02\xf0\x80", OtherProtocol::BadTpkt, 2),
];

#[test]
fn answers_of_real_servers_mean_what_they_meant() {
    for (server, text, expected) in ANSWERS {
        let bytes = hex(text);
        oracle::x224_answer(&bytes);
        let Parse::Done { value, consumed } = parse_answer(&bytes) else {
            panic!("{server}: not decided")
        };
        assert_eq!(&value, expected, "{server}");
        let length = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
        assert_eq!(consumed, length, "{server}");
        for prefix in 0..length {
            let prefix = &bytes[..prefix];
            assert!(matches!(parse_answer(prefix), Parse::NeedMore(_)), "{server} {prefix:x?}");
            assert_eq!(classify_partial(prefix), None, "{server} {prefix:x?}");
        }
    }
}

#[test]
fn foreign_answers_are_named_with_the_first_wrong_byte() {
    for (bytes, protocol, offset) in FOREIGN {
        oracle::x224_answer(bytes);
        let Some(NegotiateOutcome::Malformed(not_rdp)) = parse_answer(bytes).done() else {
            panic!("{bytes:x?}: taken for RDP")
        };
        assert_eq!((not_rdp.protocol, not_rdp.offset), (*protocol, *offset), "{bytes:x?}");
        assert_eq!(not_rdp.head, bytes[..bytes.len().min(32)], "{bytes:x?}");
        assert!(!not_rdp.reason.is_empty());
    }
}

#[test]
fn a_banner_is_named_from_as_much_as_came() {
    for (bytes, protocol) in [
        (b"HTTP".as_slice(), OtherProtocol::Http),
        (b"HTT", OtherProtocol::Http),
        (b"SSH", OtherProtocol::Ssh),
        (b"RFB", OtherProtocol::Vnc),
        (b"421", OtherProtocol::Greeting),
        (b"H", OtherProtocol::Unknown),
        (b"\x15\x03", OtherProtocol::Unknown),
        (b"\xff", OtherProtocol::Unknown),
    ] {
        let partial = classify_partial(bytes).unwrap();
        assert_eq!((partial.protocol, partial.offset), (protocol, 0), "{bytes:x?}");
        assert_eq!(partial.head, bytes);
    }
    assert_eq!(classify_partial(b""), None);
    // One wrong byte is enough to know that it is not RDP; a banner takes a few more to name.
    assert!(matches!(parse_answer(b"\xff"), Parse::Done { consumed: 0, .. }));
    assert_eq!(parse_answer(b"SSH"), Parse::NeedMore(4));
    assert_eq!(parse_answer(b""), Parse::NeedMore(1));
    assert_eq!(parse_answer(b"\x03\0\0"), Parse::NeedMore(4));
    assert_eq!(parse_answer(b"\x03\0\0\x13"), Parse::NeedMore(6));
    assert_eq!(parse_answer(b"\x03\0\0\x13\x0e\xd0"), Parse::NeedMore(19));
}

#[test]
fn encoders_write_what_real_servers_send() {
    let hybrid_ex = connection_confirm(SecurityProtocol::HYBRID_EX, response_flags::WINDOWS_10);
    assert_eq!(hybrid_ex.to_vec(), hex("030000130ed00000123400 021f080008000000"));
    let refused = negotiation_failure(FailureCode::SSL_CERT_NOT_ON_SERVER);
    assert_eq!(refused.to_vec(), hex("030000130ed00000123400 0300080003000000"));
    let bare = connection_confirm_without_negotiation();
    assert_eq!(bare.to_vec(), hex("0300000b06d00000123400"));
    assert_eq!(DISCONNECT_PROVIDER_ULTIMATUM.to_vec(), hex("0300000902f0802180"));
}

#[test]
fn requests_of_real_clients_mean_what_they_meant() {
    // TPKT | LI, CR, dst 0, src 0, class 0 | cookie CR LF | REQ, flags, length 8, protocols
    for (client, text, cookie, requested) in [
        (
            "MS-RDPBCGR 4.1.1",
            "0300002c 27e00000000000 436f6f6b69653a206d737473686173683d656c746f6e730d0a \
             0100080000000000",
            Some("Cookie: mstshash=eltons"),
            Some(0),
        ),
        ("Windows 10", "03000013 0ee00000000000 010008000b000000", None, Some(0x0b)),
        (
            "Windows 7",
            "0300002f 2ae00000000000 436f6f6b69653a206d737473686173683d4157414b45434f44490d0a \
             0100080003000000",
            Some("Cookie: mstshash=AWAKECODI"),
            Some(3),
        ),
        (
            "no negotiation request",
            "03000027 22e00000000000 436f6f6b69653a206d737473686173683d41646d696e697374720d0a",
            Some("Cookie: mstshash=Administr"),
            None,
        ),
        (
            "a name with blanks",
            "0300002f 2ae00000000000 436f6f6b69653a206d737473686173683d4a4f484e2d504320200d0a \
             0100080000000000",
            Some("Cookie: mstshash=JOHN-PC  "),
            Some(0),
        ),
        ("nothing at all", "0300000b 06e00000000000", None, None),
    ] {
        let bytes = hex(text);
        oracle::x224_request(&bytes);
        let expected = ConnectionRequest {
            cookie: cookie.map(|cookie| cookie.as_bytes().to_vec()),
            requested: requested.map(SecurityProtocol),
            flags: 0,
            correlation: None,
        };
        let parsed = parse_connection_request(&bytes).unwrap();
        let consumed = bytes.len();
        assert_eq!(parsed, Parse::Done { value: expected.clone(), consumed }, "{client}");
        assert_eq!(expected.encode().unwrap(), bytes, "{client}");
        for prefix in 0..bytes.len() {
            let parsed = parse_connection_request(&bytes[..prefix]);
            assert!(matches!(parsed, Ok(Parse::NeedMore(_))), "{client} {prefix}");
        }
    }
    let ours = connection_request(SecurityProtocol::OFFERED);
    assert_eq!(ours.to_vec(), hex("030000130ee00000000000010008000b000000"));
}

#[test]
fn a_correlation_comes_with_its_flag_or_not_at_all() {
    let correlation = *b"\x11rdpwatch-probe\x01";
    let request = ConnectionRequest {
        cookie: None,
        requested: Some(SecurityProtocol::OFFERED),
        flags: request_flags::CORRELATION_INFO,
        correlation: Some(correlation),
    };
    // 11 bytes, 8 of negotiation, 36 of correlation: type 6, flags 0, length 36, id, 16 reserved
    let bytes = request.encode().unwrap();
    let head = hex("03000037 32e00000000000 010808000b000000 06002400");
    assert_eq!(bytes, [head, correlation.to_vec(), vec![0; 16]].concat());
    oracle::x224_request(&bytes);
    assert_eq!(parse_connection_request(&bytes).unwrap().done(), Some(request.clone()));
    let lies = ConnectionRequest { correlation: None, ..request };
    assert!(lies.encode().is_err());
}

#[test]
fn requests_that_contradict_themselves_are_refused() {
    for (text, offset) in [
        ("16030100", 0),
        ("03000006", 2),
        ("03000201", 2),
        ("0300000a05e0", 2),
        ("030000130fe0", 4),
        ("030000130ed0", 5),
        // A cookie without CR LF; a negotiation request of length 7, cut short, and with a tail.
        ("03000013 0ee00000000000 4141414141414141", 11),
        ("03000013 0ee00000000000 010007000b000000", 11),
        ("03000012 0de00000000000 010008000b0000", 11),
        ("03000014 0fe00000000000 010008000b000000 00", 11),
        // Correlation announced and absent.
        ("03000013 0ee00000000000 010808000b000000", 11),
        // Behind a cookie of three bytes.
        ("03000018 13e00000000000 4141410d0a 020008000b000000", 16),
    ] {
        let bytes = hex(text);
        oracle::x224_request(&bytes);
        let fault = parse_connection_request(&bytes).unwrap_err();
        assert_eq!(fault.offset, offset, "{text}: {fault}");
    }
    let cookie = |bytes: &[u8]| ConnectionRequest {
        cookie: Some(bytes.to_vec()),
        ..ConnectionRequest::default()
    };
    assert!(cookie(&[b'a'; 247]).encode().is_ok());
    assert!(cookie(&[b'a'; 248]).encode().is_err());
    assert!(cookie(b"\x01abc").encode().is_err());
    assert!(cookie(b"a\r\nb").encode().is_err());
}

#[test]
fn a_fault_reads_as_one_short_sentence() {
    let fault: Malformed = parse_connection_request(b"GET / HTTP/1.1\r\n").unwrap_err();
    assert_eq!(fault.to_string(), "not a TPKT header at byte 0");
}

mod differential {
    //! `ironrdp-pdu` reads and writes the same bytes.

    use super::*;
    use ironrdp_core::{decode, encode_vec};
    use ironrdp_pdu::nego;
    use ironrdp_pdu::x224::X224;

    fn theirs(confirm: nego::ConnectionConfirm) -> Vec<u8> {
        encode_vec(&X224(confirm)).unwrap()
    }

    proptest! {
        #[test]
        fn requests_agree(bits in 0_u32..0x20, flags in 0_u8..4, cookie in "([a-zA-Z0-9]{1,9})?") {
            let cookie = (!cookie.is_empty()).then_some(cookie);
            let ours = ConnectionRequest {
                cookie: cookie.as_ref().map(|it| format!("Cookie: mstshash={it}").into_bytes()),
                requested: Some(SecurityProtocol(bits)),
                flags,
                correlation: None,
            };
            let bytes = ours.encode().unwrap();
            let read = decode::<X224<nego::ConnectionRequest>>(&bytes).unwrap().0;
            prop_assert_eq!(read.protocol.bits(), bits);
            prop_assert_eq!(read.flags.bits(), flags);
            let named = cookie.map(nego::NegoRequestData::cookie);
            prop_assert_eq!(&read.nego_data, &named);
            prop_assert_eq!(encode_vec(&X224(read)).unwrap(), bytes);
        }

        #[test]
        fn confirms_agree(bits in 0_u32..0x20, flags: u8, code: u32) {
            let ours = connection_confirm(SecurityProtocol(bits), flags);
            let expected = nego::ConnectionConfirm::Response {
                flags: nego::ResponseFlags::from_bits_retain(flags),
                protocol: nego::SecurityProtocol::from_bits_retain(bits),
            };
            let read = decode::<X224<nego::ConnectionConfirm>>(&ours).unwrap().0;
            prop_assert_eq!(&read, &expected);
            let parsed = parse_answer(&theirs(expected)).done();
            prop_assert_eq!(parsed, Some(confirmed(bits, flags)));

            let ours = negotiation_failure(FailureCode(code));
            let expected = nego::ConnectionConfirm::Failure { code: code.into() };
            let read = decode::<X224<nego::ConnectionConfirm>>(&ours).unwrap().0;
            prop_assert_eq!(&read, &expected);
            prop_assert_eq!(parse_answer(&theirs(expected)).done(), Some(failure(code)));
        }

        /// Lengths (bytes 2 to 4, 13, 14) are left alone: theirs may disagree with each other.
        #[test]
        fn what_they_read_in_a_damaged_confirm_we_read_too(
            index in prop::sample::select(vec![0_usize, 1, 5, 6, 7, 8, 9, 10, 11, 12, 15, 16, 17, 18]),
            value: u8,
            kind in 2_u8..4,
        ) {
            let mut bytes = hex("030000130ed00000123400 0000080001000000");
            bytes[11] = kind;
            bytes[index] = value;
            let theirs = decode::<X224<nego::ConnectionConfirm>>(&bytes).ok().map(|it| it.0);
            let ours = parse_answer(&bytes).done().unwrap();
            match theirs {
                Some(nego::ConnectionConfirm::Response { flags, protocol }) => {
                    prop_assert_eq!(ours, confirmed(protocol.bits(), flags.bits()));
                }
                Some(nego::ConnectionConfirm::Failure { code }) => {
                    prop_assert_eq!(ours, failure(code.into()));
                }
                None => prop_assert_ne!(ours.word(), "confirmed"),
            }
        }
    }
}

/// Bytes that look like X.224 often enough to get past the first checks.
fn nearly_x224() -> impl Strategy<Value = Vec<u8>> {
    let tpdu = prop::sample::select(vec![0xd0_u8, 0xe0, 0xf0, 0x80, 0x70]);
    (tpdu, prop::collection::vec(any::<u8>(), 0..40), any::<bool>(), -1_i8..2).prop_map(
        |(tpdu, tail, negotiation, skew)| {
            let length = u8::try_from(tail.len()).unwrap() + 6;
            let indicator = if tpdu == 0xf0 { 2 } else { (length - 5).saturating_add_signed(skew) };
            let mut bytes = vec![3, 0, 0, length, indicator, tpdu];
            bytes.extend(tail);
            if negotiation {
                for (slot, byte) in bytes.iter_mut().skip(11).zip([1 + tpdu % 3, 0, 8, 0]) {
                    *slot = byte;
                }
            }
            bytes
        },
    )
}

proptest! {
    #[test]
    fn any_bytes_hold_the_oracles(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        oracle::x224_answer(&bytes);
        oracle::x224_request(&bytes);
    }

    #[test]
    fn nearly_right_bytes_hold_the_oracles(bytes in nearly_x224(), behind in 0_usize..4) {
        let bytes = [bytes, vec![3; behind]].concat();
        oracle::x224_answer(&bytes);
        oracle::x224_request(&bytes);
    }

    #[test]
    fn requests_round_trip(
        cookie in prop::option::of("Cookie: msts(hash)?=[ -~]{0,60}"),
        requested in prop::option::of(any::<u32>()),
        flags: u8,
        id: [u8; 16],
    ) {
        let flags = if requested.is_some() { flags } else { 0 };
        let correlation = (flags & request_flags::CORRELATION_INFO != 0).then_some(id);
        let requested = requested.map(SecurityProtocol);
        let cookie = cookie.map(String::into_bytes);
        let request = ConnectionRequest { cookie, requested, flags, correlation };
        let bytes = request.encode().unwrap();
        oracle::x224_request(&bytes);
        prop_assert_eq!(parse_connection_request(&bytes).unwrap().done(), Some(request));
    }
}
