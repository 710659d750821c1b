use super::*;
use crate::proto::oracle;
use proptest::prelude::*;

const SESSION: &[u8] = include_bytes!("../../../fuzz/corpus/client_log/session");
const OTHERS: &[u8] = include_bytes!("../../../fuzz/corpus/client_log/others");
const UTF16: &[u8] = include_bytes!("../../../fuzz/corpus/client_log/utf16");

const ACTIVITY: u128 = 0xca46_d06d_896c_4336_bd77_36a1_05f9_0000;

fn event(record: u64, at: &str, news: ClientNews) -> ClientEvent {
    let at = WallTime::from_rfc3339(at).expect("a time");
    ClientEvent { record, at, process: 3_244, activity: Some(ACTIVITY), news }
}

fn server(name: &str) -> ClientNews {
    ClientNews::Connecting(name.to_owned())
}

#[test]
fn a_session_that_dropped_is_read_as_it_is_printed() {
    let expected = [
        event(1_047, "2026-11-27T10:32:07.250Z", ClientNews::Ended(0x904)),
        event(1_044, "2026-11-27T09:13:02.500Z", ClientNews::Connected),
        event(1_041, "2026-11-27T09:13:00.123Z", server("ts-01.corp.example")),
    ];
    let read = decode(SESSION);
    assert_eq!(read.events, expected);
    assert!(read.whole);
    // With the mark of its encoding in front.
    assert_eq!(decode(&[b"\xef\xbb\xbf", SESSION].concat()).events, expected);
}

#[test]
fn events_of_something_else_are_left_out() {
    let read = decode(OTHERS);
    assert_eq!(read.events.len(), 1, "{:?}", read.events);
    assert_eq!(read.events[0].news, ClientNews::Connected);
    let foreign = String::from_utf8_lossy(SESSION).replace(PROVIDER, "Somebody-Else");
    assert_eq!(decode(foreign.as_bytes()), Decoded { events: Vec::new(), whole: true });
    assert_eq!(decode(b""), Decoded { events: Vec::new(), whole: true });
}

#[test]
fn wide_text_is_read_too() {
    assert_eq!(decode(UTF16).events[0].news, server("büro-pc"));
    assert_eq!(decode(&UTF16[2..]).events[0].news, server("büro-pc"), "without its mark");
}

#[test]
fn every_prefix_tells_what_its_whole_events_do() {
    for seed in [SESSION, OTHERS, UTF16] {
        let all = decode(seed).events;
        for end in 0..=seed.len() {
            let some = decode(&seed[..end]).events;
            assert_eq!(all.get(..some.len()), Some(some.as_slice()), "{end}");
        }
    }
    assert!(!decode(&SESSION[..SESSION.len() - 9]).whole, "an element is open");
}

fn wrong(find: &str, replace: &str) -> usize {
    let text = String::from_utf8_lossy(SESSION);
    assert!(text.contains(find), "{find}");
    decode(text.replace(find, replace).as_bytes()).events.len()
}

#[test]
fn what_is_no_event_of_a_connection_is_left_out() {
    assert_eq!(wrong("<EventRecordID>1044<", "<EventRecordID>many<"), 2);
    assert_eq!(wrong("<EventRecordID>1044<", "<EventRecordID>-1<"), 2);
    assert_eq!(wrong("2026-11-27T09:13:02.5000000Z", "yesterday"), 2);
    assert_eq!(wrong("ProcessID=", "Process="), 0);
    assert_eq!(wrong(">2308<", ">0x904<"), 2);
    assert_eq!(wrong(">ts-01.corp.example<", "><"), 2);
    assert_eq!(wrong(">ts-01.corp.example<", ">ts 01<"), 2);
    assert_eq!(wrong(">ts-01.corp.example<", ">ts&#10;01<"), 2);
    assert_eq!(wrong(">ts-01.corp.example<", &format!(">{}<", "a".repeat(256))), 2);
    assert_eq!(wrong(">ts-01.corp.example<", &format!(">{}<", "a".repeat(255))), 3);
    assert_eq!(wrong(">ts-01.corp.example<", &format!(">{}<", "a".repeat(100_000))), 2);
    // An activity that is none leaves the rest as it is.
    assert_eq!(wrong("{ca46d06d-", "{+a46d06d-"), 3);
}

#[test]
fn what_is_no_xml_ends_it() {
    let last = |bad: &str| {
        let bytes = [SESSION, bad.as_bytes(), SESSION].concat();
        let read = decode(&bytes);
        (read.events.len(), read.whole)
    };
    assert_eq!(last(""), (6, true));
    for bad in ["<!DOCTYPE a [<!ENTITY b 'c'>]>", "</Event>", "<Event", "<a>&b;</a>", "<a b='"] {
        assert_eq!(last(bad), (3, false), "{bad}");
    }
    assert_eq!(last(&"<a>".repeat(MAX_DEPTH + 1)), (3, false));
    let deep = "<a>".repeat(200_000);
    assert_eq!(decode(deep.as_bytes()), Decoded::default());
}

#[test]
fn a_place_of_its_own_counts_only() {
    // The same elements one deeper say nothing.
    let text = String::from_utf8_lossy(SESSION);
    let inside = format!("<Events>{text}</Events>");
    assert_eq!(decode(inside.as_bytes()), Decoded { events: Vec::new(), whole: true });
}

#[test]
fn as_many_events_are_read_as_are_bounded() {
    let one = decode(SESSION).events;
    let many: Vec<_> = one.iter().cycle().take(MOST + 9).cloned().collect();
    assert_eq!(decode(&encode(&many)).events.len(), MOST);
    let long = [vec![b' '; LONGEST], SESSION.to_vec()].concat();
    assert_eq!(decode(&long), Decoded::default());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_pass_the_oracle(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        oracle::client_log(&bytes);
    }

    #[test]
    fn any_change_of_a_session_passes_the_oracle(
        at in 0..SESSION.len(),
        put in proptest::collection::vec(any::<u8>(), 0..6),
        cut in 0..40_usize,
    ) {
        let mut bytes = SESSION.to_vec();
        let end = bytes.len().min(at + cut);
        bytes.splice(at..end, put);
        oracle::client_log(&bytes);
    }

    #[test]
    fn what_is_written_is_read(
        record in any::<u64>(),
        millis in -377_000_000_000_000_i64..253_000_000_000_000,
        process in any::<u32>(),
        activity in any::<Option<u128>>(),
        name in "[^\\s\\p{C}]{1,40}",
        reason in any::<u32>(),
    ) {
        let at = WallTime::from_unix_millis(millis);
        for news in [ClientNews::Connecting(name), ClientNews::Connected, ClientNews::Ended(reason)] {
            let event = ClientEvent { record, at, process, activity, news };
            let events = vec![event];
            prop_assert_eq!(decode(&encode(&events)), Decoded { events, whole: true });
        }
    }
}
