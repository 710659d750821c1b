//! What Linux says of this machine's Wi-Fi in `/proc/net/wireless` (`net/wireless/wext-proc.c`):
//! text, one line an interface behind two of headings.

/// Lines that are read; a machine has one or two of them.
pub const MOST: usize = 64;
/// A longer file is none of the kernel's (bytes).
pub const LONGEST: usize = 64 * 1024;
/// `IFNAMSIZ`, less the zero.
const NAME: usize = 15;
/// The signal that a radio can hear, in dBm: beyond it stands for "not known".
const HEARD: std::ops::RangeInclusive<i16> = -127..=-1;

/// One wireless interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, unescaped.
    pub name: String,
    /// How strongly it hears its access point, in dBm. `None` where it is not connected, tells no
    /// dBm, or did not measure since it was asked last.
    pub signal: Option<i16>,
}

/// Reads the whole lines of the file; a line that is none of an interface is left out.
#[must_use]
pub fn decode(bytes: &[u8]) -> Vec<Entry> {
    let bytes = bytes.get(..bytes.len().min(LONGEST)).unwrap_or_default();
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').unwrap_or_default();
    let lines = bytes.get(..whole).unwrap_or_default().split(|byte| *byte == b'\n');
    lines.filter_map(entry).take(MOST).collect()
}

/// `wlp3s0: 0000   56.  -54.  -256        0      0      0      0     35        0`.
fn entry(line: &[u8]) -> Option<Entry> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = std::str::from_utf8(line.get(..colon)?).ok()?.trim_matches(' ');
    let fits = !name.is_empty() && name.len() <= NAME;
    if !fits || name.contains(|letter: char| letter.is_whitespace() || letter == '|') {
        return None;
    }
    let rest = std::str::from_utf8(line.get(colon + 1..)?).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let status = fields.next()?;
    u16::from_str_radix(status, 16).ok()?;
    let (_link, level) = (fields.next()?, fields.next()?);
    // A dot behind the figure: it was measured since it was read last.
    let signal = level.strip_suffix('.').and_then(|level| level.parse().ok());
    Some(Entry { name: name.to_owned(), signal: signal.filter(|dbm| HEARD.contains(dbm)) })
}

/// The file that says this: what [`decode`] reads, for tests.
#[must_use]
pub fn encode(entries: &[Entry]) -> Vec<u8> {
    let mut text = String::from(HEADINGS);
    for Entry { name, signal } in entries {
        let (level, mark) = signal.map_or((-256, ' '), |dbm| (dbm, '.'));
        let line = format!(
            "{name:>6}: 0000   56{mark}  {level:>3}{mark}  -256        0      0      0      0     35        0\n"
        );
        text.push_str(&line);
    }
    text.into_bytes()
}

const HEADINGS: &str = "\
Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE
 face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::oracle;
    use proptest::prelude::*;

    const CONNECTED: &[u8] = include_bytes!("../../fuzz/corpus/wireless/connected");

    fn of(bytes: &[u8]) -> Vec<(String, Option<i16>)> {
        decode(bytes).into_iter().map(|entry| (entry.name, entry.signal)).collect()
    }

    #[test]
    fn a_laptop_tells_the_signal_of_its_access_point() {
        assert_eq!(of(CONNECTED), [("wlp3s0".to_owned(), Some(-54))]);
        let two = include_bytes!("../../fuzz/corpus/wireless/two_and_one_is_off");
        let off = ("wlx00c0ca8f1234".to_owned(), None);
        assert_eq!(of(two), [("wlan0".to_owned(), Some(-81)), off]);
        assert_eq!(of(include_bytes!("../../fuzz/corpus/wireless/nothing")), []);
    }

    #[test]
    fn what_is_no_dbm_or_was_not_measured_anew_is_no_signal() {
        let line = |level: &str| {
            let line = format!("wlan0: 0000   56.  {level}  -256  0 0 0 0 0 0\n");
            decode(line.as_bytes()).first().map(|entry| entry.signal)
        };
        assert_eq!(line("-75."), Some(Some(-75)));
        assert_eq!(line("-75"), Some(None), "of an earlier look");
        assert_eq!(line("-256."), Some(None));
        assert_eq!(line("0."), Some(None));
        assert_eq!(line("176."), Some(None), "a share of something");
        assert_eq!(line("many"), Some(None));
        assert_eq!(of(b"eth 0: 0000 1. -50. 0\n"), []);
        assert_eq!(of(b": 0000 1. -50. 0\n"), []);
        assert_eq!(of(b"wlan0: none of it\n"), []);
    }

    #[test]
    fn every_prefix_tells_what_its_whole_lines_do() {
        for end in 0..=CONNECTED.len() {
            oracle::wireless(&CONNECTED[..end]);
            let whole = end == CONNECTED.len();
            assert_eq!(decode(&CONNECTED[..end]).len(), usize::from(whole), "{end}");
        }
    }

    #[test]
    fn as_many_lines_are_read_as_are_bounded() {
        let many = vec![Entry { name: "wlan0".to_owned(), signal: Some(-60) }; MOST + 9];
        assert_eq!(decode(&encode(&many)).len(), MOST);
    }

    proptest! {
        #[test]
        fn any_bytes_keep_the_promises(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            oracle::wireless(&bytes);
        }

        #[test]
        fn nearly_the_kernels_lines_do(at in 0..200_usize, byte: u8) {
            let mut bytes = CONNECTED.to_vec();
            let at = at.min(bytes.len() - 1);
            bytes[at] = byte;
            oracle::wireless(&bytes);
        }
    }
}
