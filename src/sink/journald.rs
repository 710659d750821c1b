//! systemd's journal, by its datagram socket, in its native protocol: fields with names, so that
//! `journalctl RDPWATCH_ALERT_TARGET=office-pc` finds them.

use crate::domain::finding::Severity;
use crate::domain::sink::{Notice, PLACEHOLDERS, SinkEvent};
use crate::report::notice::{field, line};
use std::path::Path;
use tokio::net::UnixDatagram;

/// Where the journal listens.
pub(super) const SOCKET: &str = "/run/systemd/journal/socket";

/// Longest value of a field, in bytes; all fields together fit into one datagram.
const MAX_VALUE: usize = 4_096;

/// Sends one entry.
///
/// # Errors
/// That of the operating system.
pub(super) async fn send(socket: &Path, notice: &Notice) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", socket.display());
    let sender = UnixDatagram::unbound().map_err(failed)?;
    sender.send_to(&entry(notice), socket).await.map_err(failed)?;
    Ok(())
}

/// `MESSAGE=…`, `PRIORITY=…` and so on: syslog's own fields, then every field of the notice.
fn entry(notice: &Notice) -> Vec<u8> {
    let priority = match (notice.event, notice.severity) {
        (SinkEvent::Resolved, _) | (_, Severity::Notice) => "5",
        (_, Severity::Critical) => "3",
        (_, Severity::Warning) => "4",
    };
    let mut bytes = Vec::new();
    put(&mut bytes, "MESSAGE", &line(notice));
    put(&mut bytes, "PRIORITY", priority);
    put(&mut bytes, "SYSLOG_IDENTIFIER", "rdpwatch");
    for name in PLACEHOLDERS {
        let value = field(notice, name);
        if !value.is_empty() {
            put(&mut bytes, &format!("RDPWATCH_ALERT_{}", name.to_uppercase()), &value);
        }
    }
    bytes
}

/// `NAME=value` and a line break; a value of several lines as its name, a line break, its length
/// in eight bytes (little endian), itself and a line break (systemd, "Native Journal Protocol").
fn put(bytes: &mut Vec<u8>, name: &str, value: &str) {
    let mut end = value.len().min(MAX_VALUE);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    let value = value.get(..end).unwrap_or_default();
    bytes.extend_from_slice(name.as_bytes());
    if value.contains('\n') {
        bytes.push(b'\n');
        let length = u64::try_from(value.len()).unwrap_or(u64::MAX);
        bytes.extend_from_slice(&length.to_le_bytes());
    } else {
        bytes.push(b'=');
    }
    bytes.extend_from_slice(value.as_bytes());
    bytes.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::WallTime;
    use std::collections::BTreeMap;

    /// Reads an entry as the journal does.
    fn parse(mut bytes: &[u8]) -> BTreeMap<String, String> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let mut fields = BTreeMap::new();
        while !bytes.is_empty() {
            let end = bytes.iter().position(|byte| *byte == b'\n').unwrap();
            let (head, rest) = (&bytes[..end], &bytes[end + 1..]);
            let equals = head.iter().position(|byte| *byte == b'=');
            let (name, value, rest) = if let Some(equals) = equals {
                (&head[..equals], &head[equals + 1..], rest)
            } else {
                let length = u64::from_le_bytes(rest[..8].try_into().unwrap());
                let length = usize::try_from(length).unwrap();
                assert_eq!(rest[8 + length], b'\n');
                (head, &rest[8..8 + length], &rest[9 + length..])
            };
            fields.insert(text(name), text(value));
            bytes = rest;
        }
        fields
    }

    #[tokio::test]
    async fn a_journal_that_listens_gets_every_field() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let journal = UnixDatagram::bind(&path).unwrap();
        let notice = Notice {
            sentence: "It is down.\nMESSAGE=forged".to_owned(),
            ..Notice::test(WallTime::from_unix_secs(0))
        };
        send(&path, &notice).await.unwrap();
        let mut bytes = vec![0; 65_536];
        let read = journal.recv(&mut bytes).await.unwrap();
        let fields = parse(&bytes[..read]);
        assert_eq!(fields["MESSAGE"], "TEST CRITICAL office-pc: It is down.\nMESSAGE=forged");
        assert_eq!(fields["PRIORITY"], "3");
        assert_eq!(fields["SYSLOG_IDENTIFIER"], "rdpwatch");
        assert_eq!(fields["RDPWATCH_ALERT_TARGET"], "office-pc");
        assert_eq!(fields["RDPWATCH_ALERT_SENTENCE"], notice.sentence);
        assert!(!fields.contains_key("RDPWATCH_ALERT_GROUP"), "what is not known is left out");
        let gone = send(&folder.path().join("none"), &notice).await.unwrap_err();
        assert!(gone.contains("none"), "{gone}");
    }

    #[test]
    fn a_value_is_bounded_at_a_whole_character() {
        let mut bytes = Vec::new();
        put(&mut bytes, "A", &"\u{20ac}".repeat(2_000));
        let value = &parse(&bytes)["A"];
        assert!(value.len() <= MAX_VALUE && value.len() > MAX_VALUE - 3, "{}", value.len());
    }
}
