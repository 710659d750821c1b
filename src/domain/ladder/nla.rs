//! The NLA rung.

use super::{Cell, without_attempt};
use super::{NOT_MEASURED, NOT_REACHED, RungLine, TEXT, line, median, present_attempt, seconds};
use crate::domain::finding::Rung;
use crate::domain::sample::{Nla, NlaOutcome, NtlmIdentity, Tls, TlsOutcome};
use crate::domain::security::SecurityProtocol;
use crate::domain::text::excerpt;
use crate::domain::view::TargetView;
use crate::domain::words::tenths_of_ms;

/// The newest answer to CredSSP, unless a lower rung broke after it.
pub(super) fn nla(view: &TargetView<'_>) -> RungLine {
    let unmeasured = |text: &str| line(Rung::Nla, Cell::NotMeasured, text);
    let Some(attempt) = present_attempt(view) else { return unmeasured(without_attempt(view)) };
    let selected = attempt.negotiate.as_ref().and_then(|negotiate| negotiate.outcome.selected());
    match (selected, view.nla) {
        (None, _) => unmeasured(NOT_REACHED),
        (Some(SecurityProtocol::RDP), _) => {
            line(Rung::Nla, Cell::NotEstablished, "not used by Standard RDP Security")
        }
        (Some(selected), _) if !selected.starts_nla() => {
            line(Rung::Nla, Cell::NotEstablished, "not asked for: the server chose TLS without it")
        }
        (Some(_), _) if view.tls.is_some_and(|tls| broken(&tls.value)) => unmeasured(NOT_REACHED),
        (Some(_), None) => unmeasured(NOT_MEASURED),
        (Some(_), Some(nla)) => measured(view, &nla.value),
    }
}

const fn broken(tls: &Tls) -> bool {
    !matches!(tls.outcome, TlsOutcome::Ok)
}

fn measured(view: &TargetView<'_>, nla: &Nla) -> RungLine {
    let earlier = view.attempts.recent().skip(1).filter_map(|entry| entry.value.nla.as_ref());
    let cell = match nla.outcome {
        NlaOutcome::Challenge => Cell::Ok,
        NlaOutcome::NotOffered => Cell::NotEstablished,
        _ => Cell::Broken,
    };
    RungLine {
        last: (nla.outcome != NlaOutcome::NotOffered).then_some(nla.elapsed),
        usual: median(
            earlier.filter(|nla| nla.outcome == NlaOutcome::Challenge).map(|nla| nla.elapsed),
        ),
        ..line(Rung::Nla, cell, text(nla))
    }
}

fn text(nla: &Nla) -> String {
    match nla.outcome {
        NlaOutcome::Challenge => challenge(nla),
        NlaOutcome::Error => match nla.error {
            Some(status) => format!("refused with {status}"),
            None => "refused".to_owned(),
        },
        NlaOutcome::NotOffered => "not offered".to_owned(),
        NlaOutcome::Denied => "access denied at once".to_owned(),
        NlaOutcome::Timeout => format!("no answer in {}", seconds(nla.elapsed)),
        NlaOutcome::Reset
        | NlaOutcome::Closed
        | NlaOutcome::Disconnected
        | NlaOutcome::Alert(_) => format!(
            "{} after {}, {} bytes",
            nla.outcome.text(),
            tenths_of_ms(nla.elapsed),
            nla.received
        ),
        NlaOutcome::Malformed(misread) => format!("what answers is not CredSSP: {misread}"),
    }
}

/// `challenge from OFFICE-PC · 10.0.26100, Windows 11 24H2 / Server 2025 · clock +0.2 s`.
fn challenge(nla: &Nla) -> String {
    let identity = nla.identity.as_ref();
    let mut parts = vec![match identity.and_then(NtlmIdentity::name) {
        Some(name) => format!("challenge from {}", excerpt(name, TEXT)),
        None => "challenge".to_owned(),
    }];
    parts.extend(identity.and_then(NtlmIdentity::os_text));
    if let Some(skew) = nla.clock_skew_ms {
        parts.push(format!("clock {}", signed_seconds(skew)));
    }
    parts.join(" · ")
}

/// `+0.2 s`, `-312.0 s`.
fn signed_seconds(milliseconds: i64) -> String {
    let sign = if milliseconds < 0 { '-' } else { '+' };
    let magnitude = milliseconds.unsigned_abs();
    format!("{sign}{}.{} s", magnitude / 1_000, magnitude % 1_000 / 100)
}
