use super::*;
use crate::proto::oracle;
use proptest::prelude::*;

/// What the kernel (Linux 6.18, x86-64) said of a client's socket on loopback, up to its attributes.
#[cfg(target_endian = "little")]
const ESTABLISHED: &str = "
    98010000            nlmsg_len 408
    1400 0200           SOCK_DIAG_BY_FAMILY, NLM_F_MULTI
    01000000 ac6a0000   sequence, port
    02 01 00 00         AF_INET, ESTABLISHED, timer, retransmits
    c3cb 0d3d           ports 50123 and 3389
    7f000001000000000000000000000000
    7f000001000000000000000000000000
    00000000            any interface
    3e10000000000000    cookie
    00000000 01000000 00000000 00000000
    2ac80600            inode 444458";

#[cfg(target_endian = "little")]
fn hex(text: &str) -> Vec<u8> {
    // A line is bytes in hex, then words, from the first that is no hex of whole bytes.
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    let is_hex = |word: &&str| {
        word.len().is_multiple_of(2)
            && word.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
    };
    let words = text.lines().flat_map(|line| line.split_whitespace().take_while(is_hex));
    words.flat_map(|word| word.as_bytes().chunks(2).map(byte).collect::<Vec<_>>()).collect()
}

fn decoded(bytes: &[u8]) -> (Vec<Entry>, Result<bool, Refused>) {
    let mut entries = Vec::new();
    let end = decode(bytes, &mut entries);
    (entries, end)
}

#[test]
#[cfg(target_endian = "little")]
fn a_real_answer_is_read() {
    let mut bytes = hex(ESTABLISHED);
    assert_eq!(bytes.len(), 16 + 72);
    let whole = include_bytes!("../../../fuzz/corpus/sock_diag/established_v4");
    assert_eq!(whole[24..24 + 16], bytes[24..24 + 16], "the same connection");
    let (entries, end) = decoded(whole);
    assert_eq!(end, Ok(true));
    let [to_host, ..] = entries[..] else { panic!("{entries:?}") };
    assert_eq!(to_host.peer, ([127, 0, 0, 1], 3389).into());
    assert_eq!(to_host.seen.local, ([127, 0, 0, 1], 50_123).into());
    assert_eq!(to_host.seen.state, SocketState::Established);
    assert!(to_host.seen.received && to_host.seen.unanswered == 0, "{to_host:?}");
    assert!(to_host.seen.heard_ago < Duration::from_secs(1), "{to_host:?}");
    // Without its attributes nothing is known of what was heard.
    bytes[..4].copy_from_slice(&88_u32.to_ne_bytes());
    let (entries, end) = decoded(&bytes);
    assert_eq!((entries.len(), end), (1, Ok(false)));
    assert_eq!(entries[0].inode, 444_458);
    assert!(!entries[0].seen.received);
}

#[test]
#[cfg(target_endian = "little")]
fn who_closed_is_told_apart_and_the_kernels_own_error_is_one() {
    let state = |bytes: &[u8]| decoded(bytes).0.first().map(|entry| entry.seen.state);
    let by_peer = include_bytes!("../../../fuzz/corpus/sock_diag/closed_by_peer_v4");
    assert_eq!(state(by_peer), Some(SocketState::ClosedByPeer));
    let here = include_bytes!("../../../fuzz/corpus/sock_diag/closed_here_v6");
    assert_eq!(state(here), Some(SocketState::ClosedHere));
    let refused = include_bytes!("../../../fuzz/corpus/sock_diag/refused");
    assert!(matches!(decoded(refused).1, Err(Refused::Kernel(errno)) if errno > 0));
}

#[test]
fn a_question_is_byte_for_byte_this() {
    let bytes = question(2, Some(3_389));
    assert_eq!(bytes.len(), 72);
    assert_eq!(bytes[..4], 72_u32.to_ne_bytes());
    assert_eq!(bytes[4..8], [20_u16.to_ne_bytes(), 0x301_u16.to_ne_bytes()].concat());
    assert_eq!(bytes[16..20], [2, 6, 2, 0], "AF_INET, TCP, with INET_DIAG_INFO");
    assert_eq!(bytes[20..24], 0b1011_0111_0010_u32.to_ne_bytes());
    assert_eq!(bytes[24..28], [0, 0, 0x0d, 0x3d], "from any port to 3389");
    assert_eq!(bytes[64..], [0xff; 8]);
    assert_eq!(question(10, None)[24..28], [0; 4]);
}

#[test]
fn every_prefix_and_every_length_stays_inside() {
    let seen = SeenSocket {
        local: ([10, 0, 0, 5], 50_000).into(),
        state: SocketState::Established,
        unanswered: 3,
        heard_ago: Duration::from_secs(4),
        received: true,
    };
    let entry = Entry { peer: ([10, 0, 0, 21], 3_389).into(), inode: 7, seen };
    let two = [message(&entry), message(&entry), done()].concat();
    assert_eq!(decoded(&two), (vec![entry, entry], Ok(true)));
    for end in 0..two.len() {
        oracle::sock_diag(&two[..end]);
        let (entries, _) = decoded(&two[..end]);
        assert_eq!(entries.len(), end / message(&entry).len(), "{end}");
    }
    for length in [0_u32, 15, 500_000, u32::MAX] {
        let mut bytes = two.clone();
        bytes[..4].copy_from_slice(&length.to_ne_bytes());
        assert_eq!(decoded(&bytes), (vec![], Err(Refused::Misread)), "{length}");
    }
    for length in [0_u16, 3, 139, 141, u16::MAX] {
        let mut bytes = message(&entry);
        bytes[88..90].copy_from_slice(&length.to_ne_bytes());
        oracle::sock_diag(&bytes);
        assert!(!decoded(&bytes).0[0].seen.received || length == 139, "{length}");
    }
}

proptest! {
    #[test]
    fn sockets_come_back_as_they_went(
        local: (u128, u16), peer: (u128, u16), v4: bool, state in 0..3_usize,
        inode: u32, unanswered: u8, heard: u32, received: bool,
    ) {
        let address = |(bits, port): (u128, u16)| {
            let v6 = IpAddr::V6(Ipv6Addr::from_bits(bits)).to_canonical();
            let low = u32::try_from(bits & 0xffff_ffff).unwrap();
            SocketAddr::new(if v4 { Ipv4Addr::from_bits(low).into() } else { v6 }, port)
        };
        let states =
            [SocketState::Established, SocketState::ClosedHere, SocketState::ClosedByPeer];
        let heard_ago = Duration::from_millis(u64::from(heard));
        let (local, state) = (address(local), states[state]);
        let seen = SeenSocket { local, state, unanswered, heard_ago, received };
        let entry = Entry { peer: address(peer), inode, seen };
        prop_assert_eq!(decoded(&message(&entry)), (vec![entry], Ok(false)));
        oracle::sock_diag(&message(&entry));
    }

    #[test]
    fn any_bytes_keep_the_promises(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        oracle::sock_diag(&bytes);
    }
}
