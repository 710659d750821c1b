//! What an attempt said and heard, in lines of text.

use crate::domain::sample::{Step, Way};
use crate::domain::text::printable;
use crate::domain::transcripts::Told;
use crate::domain::words::count;
use std::fmt::Write as _;
use std::time::Duration;

/// Bytes of a head on one line.
const PER_LINE: usize = 16;

/// One line that says which attempt it is, then one per step; a head is on lines of its own.
/// Escaped. `when` is the moment the attempt began.
///
/// ```text
/// transcript of 2026-11-21 08:00:00 UTC, failed; ms from the start
/// connection 1
///     0.4      tcp   open
///     0.5  ->  x224  Connection Request, asks for TLS or CredSSP (0x0b), 19 bytes
///                    03 00 00 13 0e e0 00 00 00 00 00 01 00 08 00 0b
///                    00 00 00
/// ```
#[must_use]
pub fn lines(told: &Told, when: &str) -> Vec<String> {
    let transcript = &told.transcript;
    let ended = if told.works { "as it should be" } else { "failed" };
    let mut lines = vec![format!("transcript of {when}, {ended}; ms from the start")];
    let mut connection = 0;
    for step in transcript.steps.iter() {
        if step.connection != connection {
            connection = step.connection;
            lines.push(format!("connection {connection}"));
        }
        lines.push(line(step));
        lines.extend(step.head.chunks(PER_LINE).map(hex));
    }
    if transcript.left_out > 0 {
        lines.push(format!("and {} not kept", count(transcript.left_out, "step")));
    }
    lines
}

fn line(step: &Step) -> String {
    let way = match step.way {
        Way::Sent => "->",
        Way::Received => "<-",
        Way::Event => "  ",
    };
    let bytes = match step.bytes {
        0 => String::new(),
        bytes => format!(", {}", count(u64::try_from(bytes).unwrap_or(u64::MAX), "byte")),
    };
    let (at, rung) = (tenths(step.at), step.rung.word());
    format!("{at:>7}  {way}  {rung:<4}  {}{bytes}", printable(&step.what))
}

/// Milliseconds to the tenth, without the unit.
fn tenths(span: Duration) -> String {
    let tenths = (span.as_micros() + 50) / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn hex(bytes: &[u8]) -> String {
    let mut line = " ".repeat(18);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(line, " {byte:02x}");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::finding::Rung;
    use crate::domain::sample::Transcript;
    use crate::domain::time::{MonoTime, Now, WallTime};

    #[test]
    fn a_transcript_reads_line_by_line_and_is_escaped() {
        let step = |connection, rung, way, what: &'static str, head: &[u8]| Step {
            at: Duration::from_micros(1_249),
            connection,
            rung,
            way,
            what: what.into(),
            bytes: head.len(),
            head: head.into(),
        };
        let steps = [
            step(1, Rung::Tcp, Way::Event, "open", &[]),
            step(1, Rung::X224, Way::Sent, "request", &[0xab; 19]),
            step(2, Rung::Tls, Way::Received, "evil\u{1b}[2J", &[1]),
        ];
        let told = Told {
            at: Now { mono: MonoTime::ZERO, wall: WallTime::from_unix_secs(0) },
            works: false,
            transcript: Transcript { steps: steps.into(), left_out: 2 },
        };
        assert_eq!(
            lines(&told, "08:00:00"),
            [
                "transcript of 08:00:00, failed; ms from the start",
                "connection 1",
                "    1.2      tcp   open",
                "    1.2  ->  x224  request, 19 bytes",
                "                   ab ab ab ab ab ab ab ab ab ab ab ab ab ab ab ab",
                "                   ab ab ab",
                "connection 2",
                "    1.2  <-  tls   evil\u{fffd}[2J, 1 byte",
                "                   01",
                "and 2 steps not kept",
            ]
        );
    }
}
