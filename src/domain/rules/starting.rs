//! A host that has only just come back from silence: what fails there may still be starting.

use super::prelude::*;

/// Makes a notice of `evidence` where the host came back from silence within the last minutes.
/// `fails` says what it does: `refuses port 3389`.
pub(super) fn unless_starting(view: &TargetView<'_>, fails: &str, evidence: Evidence) -> Evidence {
    let lasts = view.target.thresholds.port_closed.starting;
    let back = view.heard.back().filter(|_| view.mode == Mode::Watch);
    let Some(back) = back.filter(|back| view.now.mono.since(back.at.mono) < lasts) else {
        return evidence;
    };
    if evidence.severity != Severity::Critical {
        return evidence;
    }
    let silent = span(back.at.mono.since(back.silent.mono));
    let since = clock(back.at.wall);
    let sentence = format!(
        "{} is back since {since}, after {silent} without an answer, and {fails}: it is starting \
         (likely). When it is no better {} after it came back, it is an alert.",
        name(view),
        span(lasts),
    );
    let starting = Evidence {
        severity: Severity::Notice,
        confidence: Confidence::Likely,
        sentence,
        ..evidence
    };
    starting
        .titled("is starting")
        .line(format!("silent from {} to {since}", clock(back.silent.wall)))
}
