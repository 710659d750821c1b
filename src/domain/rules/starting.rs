//! A host that has only just come back from silence: what fails there may still be starting.

use super::prelude::*;
use crate::domain::heard::Back;

/// Makes a notice of `evidence` where the host came back from silence within the last minutes.
/// `fails` says what it does: `refuses port 3389`.
pub(super) fn unless_starting(view: &TargetView<'_>, fails: &str, evidence: Evidence) -> Evidence {
    let lasts = view.target.thresholds.port_closed.starting;
    let fresh = |back: &Back| view.now.mono.since(back.at.mono) < lasts;
    let back = view.heard.back().filter(|back| view.mode == Mode::Watch && fresh(back));
    let Some(back) = back.filter(|back| may_start(view, back)) else {
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

/// Whether a start explains what fails: it worked before the silence, which was not that of a path
/// that brought all back at once.
fn may_start(view: &TargetView<'_>, back: &Back) -> bool {
    back.sound && !view.around.path_brought_back(view.target.id, back.silent.mono)
}
