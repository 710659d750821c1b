//! `check --format text`: one line per target for Nagios and its kin, and the exit code.
//!
//! A line is `STATE name: verdict | perfdata`. Whatever follows the first `|` is performance data
//! to such a monitor, so no other `|` is ever written: outside text has it replaced.

use super::check_json::CheckInput;
use super::{finding, gateway, path_mtu, transcript, words};
use crate::domain::finding::Severity;
use crate::domain::ladder::{Cell, RungLine};
use crate::domain::placeholder::Placeholders;
use crate::domain::sample::{NegotiateOutcome, PathMtu};
use crate::domain::snapshot::{TargetSnapshot, TargetState};
use crate::domain::text::printable;
use crate::domain::time::WallTime;
use crate::domain::words::moment;
use std::fmt::Write as _;
use std::time::Duration;

/// The exit code of usage and configuration errors, and when nothing could be measured.
pub const EXIT_UNKNOWN: u8 = CheckState::Unknown.exit_code();

/// Loss in `check`, in percent: warning from here …
const LOSS_WARNING_PCT: u32 = 10;
/// … and critical from here.
const LOSS_CRITICAL_PCT: u32 = 30;

/// A target's state in the words of `check` and of Nagios.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CheckState {
    /// Findings are notices at most.
    Ok,
    /// The worst finding is a warning.
    Warning,
    /// The worst finding is critical.
    Critical,
    /// Nothing could be measured, or nobody is judged.
    Unknown,
}

impl CheckState {
    /// The state of one target: its worst finding, unless nothing could be judged.
    #[must_use]
    pub fn of(snapshot: &TargetSnapshot) -> Self {
        if matches!(snapshot.state, TargetState::NotMeasured | TargetState::Unknown) {
            return Self::Unknown;
        }
        match snapshot.findings.iter().map(|finding| finding.severity).max() {
            Some(Severity::Critical) => Self::Critical,
            Some(Severity::Warning) => Self::Warning,
            Some(Severity::Notice) | None => Self::Ok,
        }
    }

    /// The contract's word in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Unknown => "unknown",
        }
    }

    /// The word that begins a line of text.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// The exit code of a Nagios plugin.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }

    /// How much of several targets it decides: critical > warning > unknown > ok.
    const fn weight(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Unknown => 1,
            Self::Warning => 2,
            Self::Critical => 3,
        }
    }
}

/// The state of several targets together: critical > warning > unknown > ok. Of none it is
/// unknown, because nothing was measured.
#[must_use]
pub fn overall(states: impl IntoIterator<Item = CheckState>) -> CheckState {
    states.into_iter().max_by_key(|state| state.weight()).unwrap_or(CheckState::Unknown)
}

/// The exit code of `check` over `targets`.
#[must_use]
pub fn exit_code(targets: &[TargetSnapshot]) -> u8 {
    overall(targets.iter().map(CheckState::of)).exit_code()
}

/// The line of one target, without a line break.
#[must_use]
pub fn line(snapshot: &TargetSnapshot) -> String {
    format!(
        "{} {}: {} | {}",
        CheckState::of(snapshot).title(),
        no_pipe(&snapshot.target.name),
        no_pipe(&snapshot.verdict),
        perfdata(snapshot)
    )
}

/// The lines of all targets, each with a line break; with `verbose`, the ladder and the findings
/// below each.
#[must_use]
pub fn text(input: &CheckInput<'_>, verbose: bool) -> String {
    let mut out = String::new();
    for snapshot in input.targets {
        out.push_str(&line(snapshot));
        out.push('\n');
        if verbose {
            for line in details(snapshot, input.checked_at) {
                // Writing to a string cannot fail.
                let _ = writeln!(out, "  {}", no_pipe(&line));
            }
        }
    }
    out
}

/// Escaped, and without the character that begins performance data.
fn no_pipe(text: &str) -> String {
    printable(text).replace('|', "/")
}

/// Ladder and findings of one target, one line per element.
fn details(snapshot: &TargetSnapshot, now: WallTime) -> Vec<String> {
    let mut lines: Vec<String> = snapshot.ladder.iter().map(rung).collect();
    lines.extend(snapshot.path.as_ref().map(path_line));
    lines.extend(gateway_line(snapshot, now));
    let values = Placeholders::of(snapshot);
    for finding in &snapshot.findings {
        lines.extend(finding::lines(finding, &values, now));
    }
    for told in &snapshot.transcripts {
        lines.extend(transcript::lines(told, &moment(told.at.wall)));
    }
    lines
}

/// One rung: `tls   ok      9.0 ms  TLS1.3, certificate read`.
#[must_use]
pub fn rung(line: &RungLine) -> String {
    let time = line.last.map_or_else(|| words::NOT_MEASURED.to_owned(), words::tenths_of_ms);
    let usual = line
        .usual
        .map_or_else(String::new, |usual| format!(" (usually {})", words::tenths_of_ms(usual)));
    format!(
        "{:<5} {:<12} {time:>10}  {}{usual}",
        line.rung.word(),
        cell_word(line.cell),
        printable(&line.text)
    )
    .trim_end()
    .to_owned()
}

/// The path MTU, as a rung is written.
#[must_use]
pub fn path_line(path: &PathMtu) -> String {
    let (word, time) = (cell_word(path_mtu::cell(path)), words::NOT_MEASURED);
    format!("{:<5} {word:<12} {time:>10}  {}", "path", path_mtu::text(path))
}

/// The RD Gateway, as a rung is written; `None` without one.
#[must_use]
pub fn gateway_line(snapshot: &TargetSnapshot, now: WallTime) -> Option<String> {
    let text = gateway::text(snapshot, now)?;
    let took = snapshot.gateway.as_ref().map(|found| words::tenths_of_ms(found.elapsed));
    let time = took.unwrap_or_else(|| words::NOT_MEASURED.to_owned());
    Some(format!("{:<5} {:<12} {time:>10}  {text}", "gw", cell_word(gateway::cell(snapshot))))
}

/// The word for a rung's state.
#[must_use]
pub const fn cell_word(cell: Cell) -> &'static str {
    match cell {
        Cell::NotMeasured => "not measured",
        Cell::Ok => "ok",
        Cell::Warning => "warning",
        Cell::Broken => "BROKEN",
        Cell::NotEstablished => "none",
    }
}

/// Performance data: always the same four labels in the same order, `U` where nothing was
/// measured. `'label'=value[UOM];warning;critical;minimum;maximum`
fn perfdata(snapshot: &TargetSnapshot) -> String {
    let thresholds = &snapshot.target.thresholds;
    let echo = &snapshot.echo_total;
    let loss = echo.loss().map(|share| format!("{:.1}%", words::percent(share)));
    let latency = thresholds.high_latency;
    let service = snapshot
        .attempt
        .as_ref()
        .and_then(|attempt| attempt.negotiate.as_ref())
        .filter(|negotiate| answered(&negotiate.outcome))
        .map(|negotiate| negotiate.elapsed);
    let days = snapshot.certificate_days.map(|days| days.to_string());
    let unknown = || "U".to_owned();
    format!(
        "'loss'={};{LOSS_WARNING_PCT};{LOSS_CRITICAL_PCT};0;100 'rtt'={};{};{};0; \
         'x224'={};{};;0; 'certificate_days'={};{}:;0:;;",
        loss.unwrap_or_else(unknown),
        echo.median.map_or_else(unknown, plain_ms),
        bare_ms(latency.warning),
        bare_ms(latency.critical),
        service.map_or_else(unknown, plain_ms),
        bare_ms(thresholds.rdp_slow.warning),
        days.unwrap_or_else(unknown),
        thresholds.certificate_expiring.warning_days,
    )
}

/// Whether RDP answered, so that the time until then is the time of an answer.
const fn answered(outcome: &NegotiateOutcome) -> bool {
    matches!(
        outcome,
        NegotiateOutcome::Confirmed { .. }
            | NegotiateOutcome::NoNegotiation
            | NegotiateOutcome::Failure(_)
    )
}

/// Milliseconds with their unit, as performance data writes them: `0.5ms`.
fn plain_ms(span: Duration) -> String {
    format!("{}ms", bare_ms(span))
}

/// Milliseconds without their unit.
fn bare_ms(span: Duration) -> String {
    words::millis(span).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::snapshot::MonitorSnapshot;
    use crate::domain::target::{Host, Target, TargetId};
    use crate::report::testing::{
        NOW, cipher_name, echoes, expired, healthy, negotiate, unmeasured,
    };
    use std::sync::Arc;

    fn text_of(snapshot: &TargetSnapshot, verbose: bool) -> String {
        let monitor = MonitorSnapshot::default();
        let targets = std::slice::from_ref(snapshot);
        text(&CheckInput { checked_at: NOW, monitor: &monitor, targets, cipher_name }, verbose)
    }

    #[test]
    fn a_healthy_target_is_one_line() {
        assert_eq!(
            text_of(&healthy(), false),
            "OK office-pc: everything up to the sign-in prompt works | \
             'loss'=0.0%;10;30;0;100 'rtt'=0.5ms;150;300;0; 'x224'=1ms;1000;;0; \
             'certificate_days'=171;7:;0:;;\n"
        );
    }

    #[test]
    fn what_was_not_measured_is_unknown_and_never_zero() {
        let line = line(&unmeasured());
        assert_eq!(
            line,
            "UNKNOWN office-pc: nothing could be measured | \
             'loss'=U;10;30;0;100 'rtt'=U;150;300;0; 'x224'=U;1000;;0; \
             'certificate_days'=U;7:;0:;;"
        );
    }

    #[test]
    fn nobody_forges_performance_data_or_lines() {
        let mut snapshot = expired();
        let mut target = Target::new(
            TargetId(0),
            "x | 'loss'=0%\nOK fine",
            Host::Name("office-pc.corp.lab".to_owned()),
        );
        target.port = 3390;
        snapshot.target = Arc::new(target);
        snapshot.verdict = "bad | 'rtt'=0ms \x1b[2J".to_owned();
        for finding in &mut snapshot.findings {
            finding.title = "t | 'x'=1\n".to_owned();
            finding.evidence = vec!["e | 'x'=1\r\nOK".to_owned()];
        }
        let text = text_of(&snapshot, true);
        assert_eq!(text.matches('|').count(), 1);
        let first = text.lines().next().unwrap();
        let (shown, data) = first.split_once('|').unwrap();
        assert_eq!(shown, "CRITICAL x / 'loss'=0%\u{fffd}OK fine: bad / 'rtt'=0ms \u{fffd}[2J ");
        assert!(data.starts_with(" 'loss'=0.0%;"));
        assert!(text.lines().skip(1).all(|line| line.starts_with("  ")));
        assert!(!text.contains('\x1b'));
    }

    #[test]
    fn verbose_shows_ladder_evidence_and_remedies() {
        let text = text_of(&expired(), true);
        for expected in [
            "\n  name  ok               1.0 ms  10.0.0.21 from 10.0.0.10\n",
            "\n  nla   ok               3.0 ms  challenge from office-pc.corp.lab\n",
            "\n  path  ok                    \u{2013}  1400 bytes pass, 10.0.0.1 says that more is too big\n",
            "\n  certificate-expired (critical, certain): certificate expired 9 d\n",
            "\n    since 2026-11-12T07:00:00Z (9 d), who can fix it: server team\n",
            "\n    - not after 2026-11-12T07:00:00Z\n",
            "\n    the client would show 0x904/0x7 \"Socket closed\" (possible)\n",
            "\n       > qwinsta /server:office-pc.corp.lab\n",
            "\n       impact: DISCONNECTS EVERY SESSION on office-pc.corp.lab\n",
            "\n    2. Lower the security layer [on the host] (WEAKENS SECURITY)\n",
        ] {
            assert!(text.contains(expected), "{expected:?} is not in\n{text}");
        }
    }

    #[test]
    fn critical_beats_warning_beats_unknown_beats_ok() {
        use CheckState::{Critical, Ok, Unknown, Warning};
        for (states, code) in [
            (vec![], 3),
            (vec![Ok], 0),
            (vec![Ok, Ok], 0),
            (vec![Ok, Unknown], 3),
            (vec![Unknown, Warning, Ok], 1),
            (vec![Warning, Unknown, Critical], 2),
            (vec![Critical, Ok], 2),
            (vec![Unknown], 3),
        ] {
            assert_eq!(overall(states.clone()).exit_code(), code, "{states:?}");
        }
        assert_eq!(exit_code(&[healthy(), unmeasured()]), 3);
        assert_eq!(exit_code(&[healthy(), expired(), unmeasured()]), 2);
    }

    #[test]
    fn the_worst_finding_decides_and_notices_are_fine() {
        let mut snapshot = expired();
        snapshot.findings[0].severity = Severity::Notice;
        assert_eq!(CheckState::of(&snapshot), CheckState::Ok);
        snapshot.state = TargetState::Asleep;
        assert_eq!(CheckState::of(&snapshot), CheckState::Ok);
        snapshot.findings[0].severity = Severity::Warning;
        assert_eq!(CheckState::of(&snapshot), CheckState::Warning);
        snapshot.state = TargetState::Unknown;
        assert_eq!(CheckState::of(&snapshot), CheckState::Unknown);
    }

    #[test]
    fn the_time_until_a_deadline_is_no_answer_time() {
        let mut snapshot = healthy();
        if let Some(attempt) = &mut snapshot.attempt {
            attempt.negotiate = Some(negotiate(NegotiateOutcome::Timeout));
        }
        assert!(line(&snapshot).contains("'x224'=U;"));
    }

    #[test]
    fn loss_is_the_share_that_was_lost() {
        let snapshot = TargetSnapshot { echo_total: echoes(3), ..healthy() };
        assert!(line(&snapshot).contains("'loss'=30.0%;10;30;0;100"));
    }
}
