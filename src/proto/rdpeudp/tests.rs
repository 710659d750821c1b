use super::*;
use crate::proto::oracle;
use crate::proto::testing::hex;
use proptest::prelude::*;

/// The first bytes `head`, padded with zeros to `size`.
fn padded(head: &str, size: usize) -> Vec<u8> {
    let mut bytes = hex(head);
    bytes.resize(size, 0);
    bytes
}

/// Answers of servers, byte for byte, and what they mean.
fn answers() -> Vec<(&'static str, Vec<u8>, SynAck)> {
    let answer = |acknowledges, window, isn, mtu, version| SynAck {
        acknowledges,
        isn,
        window,
        mtu_up: mtu,
        mtu_down: mtu,
        version,
    };
    // snSourceAck, uReceiveWindowSize, uFlags | snInitialSequenceNumber, uUpStreamMtu,
    // uDownStreamMtu | uSynExFlags, uUdpVer | zeros
    vec![
        (
            "MS-RDPEUDP 4.1.2: version 1",
            padded("00000042 0400 0005 00000042 04d0 04d0", 1232),
            answer(0x42, 0x0400, 0x42, 1232, None),
        ),
        (
            "a Windows server, asked for version 3, answers 2",
            padded("0b127f15 0040 1005 0f94ea0b 04d0 04d0 0001 0002", 1232),
            answer(0x0b12_7f15, 0x40, 0x0f94_ea0b, 1232, Some(version::V2)),
        ),
        (
            "a Windows server, asked for version 0x0101",
            padded("a7eb5da4 0040 1005 0547d72b 04d0 04d0 0001 0101", 1232),
            answer(0xa7eb_5da4, 0x40, 0x0547_d72b, 1232, Some(version::V3)),
        ),
        (
            "another Windows server, asked for version 0x0101",
            padded("bbff5687 0040 1005 4d677966 04d0 04d0 0001 0101", 1232),
            answer(0xbbff_5687, 0x40, 0x4d67_7966, 1232, Some(version::V3)),
        ),
        (
            "the reply to a scanner without a TCP session, sixteen bytes long",
            padded("00000000 0040 0005 98aeca6a 04d0 04d0", 16),
            answer(0, 0x40, 0x98ae_ca6a, 1232, None),
        ),
        (
            "the reply to a scanner that asked for 1132",
            padded("0916804f 0040 0005 4ef45c38 046c 046c", 1132),
            answer(0x0916_804f, 0x40, 0x4ef4_5c38, 1132, None),
        ),
    ]
}

/// SYNs of clients, byte for byte.
fn requests() -> Vec<(&'static str, Vec<u8>, Syn)> {
    let syn = |isn, version| Syn { isn, mtu_up: 1232, mtu_down: 1232, version };
    vec![
        // … uFlags SYN, SYNLOSSY, CORRELATION_ID | … | uCorrelationId, 16 reserved bytes | zeros
        (
            "MS-RDPEUDP 4.1.1: lossy, with a correlation id",
            padded("ffffffff 0400 0a01 00000042 04d0 04d0 d235ac43894142dab10edd6887f7f9fb", 1232),
            syn(0x42, None),
        ),
        (
            "a Windows client, version 3",
            padded(
                "ffffffff 0040 1801 0b127f15 04d0 04d0 7855d064fbaf43f0b6e8f8aadfad0000 \
                 00000000000000000000000000000000 0001 0003",
                1232,
            ),
            syn(0x0b12_7f15, Some(UdpVersion(3))),
        ),
        (
            "a Windows client, version 0x0101, its cookie hash all zeros",
            padded(
                "ffffffff 0040 1801 a7eb5da4 04d0 04d0 a2e2c8186de34f1e8d0f9175e4cd0000 \
                 00000000000000000000000000000000 0001 0101",
                1232,
            ),
            syn(0xa7eb_5da4, Some(version::V3)),
        ),
        (
            "a Windows client that was never answered, version 2",
            padded(
                "ffffffff 0040 1801 ee4071dc 04d0 04d0 00000000000000000000000000000000 \
                 00000000000000000000000000000000 0001 0002",
                1232,
            ),
            syn(0xee40_71dc, Some(version::V2)),
        ),
    ]
}

#[test]
fn real_answers_are_read() {
    for (source, bytes, expected) in answers() {
        assert_eq!(parse_syn_ack(&bytes), Ok(expected), "{source}");
        assert!(acknowledges(&bytes, expected.acknowledges), "{source}");
        assert!(!acknowledges(&bytes, expected.acknowledges ^ 1), "{source}");
        assert_eq!(parse_syn(&bytes).unwrap_err().offset, 6, "{source}: no SYN");
        oracle::rdpeudp(&bytes);
    }
}

#[test]
fn real_requests_are_read() {
    for (source, bytes, expected) in requests() {
        assert_eq!(parse_syn(&bytes), Ok(expected), "{source}");
        assert_eq!(parse_syn_ack(&bytes).unwrap_err(), Malformed::at(6, "not a SYN+ACK"));
        oracle::rdpeudp(&bytes);
    }
}

#[test]
fn our_syn_is_byte_for_byte_this() {
    let bytes = Syn::of_size(0x1122_3344, MTU_MAX).encode().unwrap();
    assert_eq!(bytes, padded("ffffffff 0040 1001 11223344 04d0 04d0 0001 0002", 1232));
    let bytes = Syn::of_size(7, MTU_MIN).encode().unwrap();
    assert_eq!(bytes, padded("ffffffff 0040 1001 00000007 046c 046c 0001 0002", 1132));
    for size in [0, MTU_MIN - 1, MTU_MAX + 1, u16::MAX] {
        assert!(Syn::of_size(7, size).encode().is_err(), "{size}");
    }
}

#[test]
fn every_prefix_is_cut_short_until_the_last_field_is_there() {
    for (source, bytes, expected) in answers() {
        let needed = if expected.version.is_some() { 20 } else { 16 };
        for length in 0..bytes.len() {
            let found = parse_syn_ack(&bytes[..length]);
            if length < needed {
                assert_eq!(found, Err(Malformed::at(length, "cut short")), "{source}: {length}");
            } else {
                assert_eq!(found, Ok(expected), "{source}: {length}");
            }
            oracle::rdpeudp(&bytes[..length]);
        }
    }
}

#[test]
fn what_is_wrong_is_named_with_its_offset() {
    let good = "00000001 0040 1005 00000002 04d0 04d0 0001 0002";
    assert!(parse_syn_ack(&padded(good, 1232)).is_ok());
    for (bytes, offset, reason) in [
        ("00000001 0040 0004 00000002 04d0 04d0", 6, "without SYN"),
        ("00000001 0040 0001 00000002 04d0 04d0", 6, "not a SYN+ACK"),
        ("00000001 0040 0007 00000002 04d0 04d0", 6, "flags that contradict SYN"),
        ("00000001 0040 000d 00000002 04d0 04d0", 6, "flags that contradict SYN"),
        ("00000001 0040 0105 00000002 04d0 04d0", 6, "flags that contradict SYN"),
        ("00000001 0040 0005 00000002 046b 04d0", 12, "an MTU outside 1132 to 1232"),
        ("00000001 0040 0005 00000002 04d1 04d0", 12, "an MTU outside 1132 to 1232"),
        ("00000001 0040 0005 00000002 04d0 0000", 14, "an MTU outside 1132 to 1232"),
        ("00000001 0040 1005 00000002 04d0 04d0 0001 0102", 18, "a version that does not exist"),
        ("00000001 0040 1005 00000002 04d0 04d0 0001 0000", 18, "a version that does not exist"),
    ] {
        let found = parse_syn_ack(&padded(bytes, 1132));
        assert_eq!(found, Err(Malformed::at(offset, reason)), "{bytes}");
    }
    let long = padded(good, 1233);
    assert_eq!(parse_syn_ack(&long), Err(Malformed::at(1232, "longer than the largest MTU")));
    let unnamed = padded("00000001 0040 1005 00000002 04d0 04d0 0000 0102", 1132);
    assert_eq!(parse_syn_ack(&unnamed).map(|answer| answer.version), Ok(None), "says so itself");
    for text in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"SSH-2.0-OpenSSH_9.2\r\n"] {
        assert!(parse_syn_ack(text).is_err());
    }
}

fn versions() -> impl Strategy<Value = Option<UdpVersion>> {
    proptest::option::of(prop_oneof![Just(version::V1), Just(version::V2), Just(version::V3)])
}

proptest! {
    #[test]
    fn answers_come_back_as_they_went(
        (acknowledges, isn, window) in any::<(u32, u32, u16)>(),
        mtu_up in MTU_MIN..=MTU_MAX,
        mtu_down in MTU_MIN..=MTU_MAX,
        version in versions(),
    ) {
        let answer = SynAck { acknowledges, isn, window, mtu_up, mtu_down, version };
        let bytes = answer.encode().unwrap();
        prop_assert_eq!(bytes.len(), usize::from(mtu_up.min(mtu_down)));
        prop_assert_eq!(parse_syn_ack(&bytes), Ok(answer));
    }

    #[test]
    fn any_bytes_keep_the_promises(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        oracle::rdpeudp(&bytes);
    }

    #[test]
    fn bytes_near_an_answer_keep_the_promises(
        which in 0_usize..6,
        at in 0_usize..20,
        byte in any::<u8>(),
    ) {
        let mut bytes = answers().swap_remove(which).1;
        if let Some(slot) = bytes.get_mut(at) {
            *slot = byte;
        }
        oracle::rdpeudp(&bytes);
    }
}

mod differential {
    //! `ironrdp-rdpeudp` reads and writes the same bytes.

    use super::*;
    use ironrdp_core::{decode, encode_vec};
    use ironrdp_rdpeudp::pdu::V1Datagram;

    #[test]
    fn our_syn_is_read_by_them_and_written_alike() {
        for size in [MTU_MIN, MTU_MAX] {
            let bytes = Syn::of_size(0xdead_beef, size).encode().unwrap();
            let theirs: V1Datagram = decode(&bytes).unwrap();
            assert_eq!(theirs.header.sn_source_ack, NO_ACKNOWLEDGEMENT);
            assert_eq!(theirs.header.receive_window_size, WINDOW);
            assert_eq!(theirs.header.flags.bits(), flags::SYN | flags::SYN_EX);
            let syn = theirs.syn_data.as_ref().unwrap();
            assert_eq!((syn.initial_sequence_number, syn.upstream_mtu), (0xdead_beef, size));
            assert_eq!(theirs.syn_data_ex.as_ref().unwrap().udp_ver.0, version::V2.0);
            let mut again = encode_vec(&theirs).unwrap();
            again.resize(usize::from(size), 0);
            assert_eq!(again, bytes);
        }
    }

    #[test]
    fn real_answers_mean_the_same_to_them() {
        for (source, bytes, ours) in answers() {
            let theirs: V1Datagram = decode(&bytes).unwrap();
            let syn = theirs.syn_data.unwrap();
            assert_eq!(theirs.header.sn_source_ack, ours.acknowledges, "{source}");
            assert_eq!(syn.initial_sequence_number, ours.isn, "{source}");
            assert_eq!((syn.upstream_mtu, syn.downstream_mtu), (ours.mtu_up, ours.mtu_down));
            let version = theirs.syn_data_ex.map(|extra| extra.udp_ver.0);
            assert_eq!(version, ours.version.map(|version| version.0), "{source}");
        }
    }

    proptest! {
        /// What we take as an answer, they read with the same numbers.
        #[test]
        fn what_we_accept_they_accept(
            head in proptest::collection::vec(any::<u8>(), 4),
            bits in prop_oneof![Just(5_u16), Just(0x1005), Just(0x0805), Just(0x1805), any::<u16>()],
            mtus in any::<(bool, bool)>(),
            version in prop_oneof![Just(1_u16), Just(2), Just(0x0101), any::<u16>()],
            length in 12_usize..1240,
        ) {
            let mut bytes = head;
            bytes.extend_from_slice(&WINDOW.to_be_bytes());
            bytes.extend_from_slice(&bits.to_be_bytes());
            bytes.extend_from_slice(&[1, 2, 3, 4]);
            for odd in [mtus.0, mtus.1] {
                let mtu = if odd { MTU_MIN } else { MTU_MAX };
                bytes.extend_from_slice(&mtu.to_be_bytes());
            }
            if bits & flags::CORRELATION_ID != 0 {
                bytes.extend_from_slice(&[0xaa; 32]);
            }
            bytes.extend_from_slice(&[0, 1]);
            bytes.extend_from_slice(&version.to_be_bytes());
            bytes.resize(length, 0);
            oracle::rdpeudp(&bytes);
            if let Ok(ours) = parse_syn_ack(&bytes) {
                let theirs: V1Datagram = decode(&bytes).unwrap();
                prop_assert_eq!(theirs.header.sn_source_ack, ours.acknowledges);
                let syn = theirs.syn_data.unwrap();
                prop_assert_eq!((syn.upstream_mtu, syn.downstream_mtu), (ours.mtu_up, ours.mtu_down));
                if let Some(version) = ours.version {
                    prop_assert_eq!(theirs.syn_data_ex.unwrap().udp_ver.0, version.0);
                }
            }
        }
    }
}
