//! The system's log, by its datagram socket (RFC 5424).

use crate::domain::finding::Severity;
use crate::domain::sink::{Notice, SinkEvent};
use crate::report::notice::{field, line};
use std::path::Path;
use tokio::net::UnixDatagram;

/// Where the log listens.
pub(super) const SOCKET: &str = "/dev/log";

/// Facility 3, system daemons.
const DAEMON: u8 = 3;
/// Longest message, in bytes: what every receiver takes (RFC 5424 section 6.1).
const MAX_MESSAGE: usize = 2_048;

/// Sends one message.
///
/// # Errors
/// That of the operating system.
pub(super) async fn send(socket: &Path, notice: &Notice) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", socket.display());
    let sender = UnixDatagram::unbound().map_err(failed)?;
    sender.send_to(message(notice).as_bytes(), socket).await.map_err(failed)?;
    Ok(())
}

/// `<27>1 2026-11-26T01:00:00Z - rdpwatch - a1b2c3d4 - CRITICAL office-pc: …`, without a byte
/// order mark and in one line.
fn message(notice: &Notice) -> String {
    let severity = match (notice.event, notice.severity) {
        (SinkEvent::Resolved, _) | (_, Severity::Notice) => 5,
        (_, Severity::Critical) => 3,
        (_, Severity::Warning) => 4,
    };
    let at = match notice.event {
        SinkEvent::Resolved => field(notice, "ended"),
        SinkEvent::Fired | SinkEvent::Reminded | SinkEvent::Test => field(notice, "since"),
    };
    let text: String = line(notice).chars().filter(|c| !c.is_control()).collect();
    let priority = DAEMON * 8 + severity;
    let mut message = format!("<{priority}>1 {at} - rdpwatch - {} - {text}", notice.id);
    while message.len() > MAX_MESSAGE {
        message.pop();
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::WallTime;

    #[test]
    fn a_message_is_one_line_with_its_priority() {
        let mut notice = Notice::test(WallTime::from_unix_secs(0));
        notice.sentence = format!("a\nb{}", "\u{fc}".repeat(2_000));
        let message = message(&notice);
        assert!(message.starts_with(
            "<27>1 1970-01-01T00:00:00Z - rdpwatch - test - TEST CRITICAL office-pc: ab\u{fc}"
        ));
        assert!(message.len() <= MAX_MESSAGE && !message.contains('\n'));
    }

    #[tokio::test]
    async fn a_log_that_listens_gets_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let log = UnixDatagram::bind(&path).unwrap();
        let notice = Notice::test(WallTime::from_unix_secs(0));
        send(&path, &notice).await.unwrap();
        let mut bytes = [0; 4_096];
        let read = log.recv(&mut bytes).await.unwrap();
        assert_eq!(&bytes[..read], message(&notice).as_bytes());
        let gone = send(&folder.path().join("none"), &notice).await.unwrap_err();
        assert!(gone.contains("none"), "{gone}");
    }
}
