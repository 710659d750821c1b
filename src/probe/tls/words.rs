//! What a transcript says of a TLS handshake.

use crate::domain::finding::Rung;
use crate::domain::sample::{TlsOutcome, Way};
use crate::domain::tls_alert::alert_text;
use crate::probe::counted::{Burst, Counted};
use crate::probe::recorder::{CLOSED, CLOSED_BY_US, RESET, Recorder, SILENT};
use crate::proto::cipher::cipher_name;
use crate::proto::tls_hello::{FlightState, ServerFlight, TLS1_3};
use std::borrow::Cow;

/// The bursts of a handshake with rustls as steps, and how it ended.
pub(super) fn write_down<S>(
    counted: &mut Counted<S>,
    ended: Option<TlsOutcome>,
    recorder: &mut Recorder,
) {
    let bursts = counted.bursts();
    let answer = counted.flight().map_or(Cow::Borrowed("TLS"), answer_words);
    let (mut sent, mut received) = (0_u32, 0_u32);
    for Burst { at, way, bytes, head } in bursts {
        let (count, first, later) = match way {
            Way::Received => (&mut received, answer.clone(), "the rest of the handshake"),
            _ => (&mut sent, Cow::Borrowed("ClientHello, modern"), "key exchange and Finished"),
        };
        *count += 1;
        let (what, head) =
            if *count == 1 { (first, head.as_slice()) } else { (Cow::Borrowed(later), &[][..]) };
        recorder.push(at, Rung::Tls, way, what, bytes, head);
    }
    end(ended, recorder);
}

/// How a handshake ended, and that this side closes where the peer did not; `None` for a whole
/// one, which goes on.
pub(super) fn end(outcome: Option<TlsOutcome>, recorder: &mut Recorder) {
    let Some(outcome) = outcome else { return recorder.event(Rung::Tls, "handshake complete") };
    if let Some(words) = end_words(outcome) {
        recorder.event(Rung::Tls, words);
    }
    if !outcome.is_close() {
        recorder.event(Rung::Tcp, CLOSED_BY_US);
    }
}

/// What a server's first flight holds, in a few words.
pub(super) fn answer_words(flight: &ServerFlight) -> Cow<'static, str> {
    let hello = || {
        let version = flight.version().map_or_else(String::new, |version| version.to_string());
        let cipher = flight.cipher().map(cipher_name).unwrap_or_default();
        format!("ServerHello {version} {cipher}")
    };
    Cow::Owned(match flight.state() {
        FlightState::Certificate { chain, .. } => {
            let leaf = chain.first().map_or(0, Vec::len);
            format!("{}, Certificate ({leaf} bytes, {} in the chain)", hello(), chain.len())
        }
        FlightState::NoCertificate { version: TLS1_3, .. } => {
            format!("{}, the rest encrypted", hello())
        }
        FlightState::NoCertificate { .. } => format!("{}, no certificate", hello()),
        FlightState::Alert(code) => alert_text(*code),
        FlightState::Malformed { offset, reason } => format!("{reason} at byte {offset}"),
        FlightState::NeedMore if flight.version().is_some() => hello(),
        FlightState::NeedMore => return Cow::Borrowed("less than a ServerHello"),
    })
}

/// How a connection ended that was waited for; `None` for an answer, which is a step of its own.
fn end_words(outcome: TlsOutcome) -> Option<&'static str> {
    Some(match outcome {
        TlsOutcome::Reset => RESET,
        TlsOutcome::Closed => CLOSED,
        TlsOutcome::Timeout => SILENT,
        TlsOutcome::Ok
        | TlsOutcome::Alert(_)
        | TlsOutcome::Malformed(_)
        | TlsOutcome::Unsupported => return None,
    })
}
