//! Plain text about one target, for a ticket or a mail.

use super::format::{self, NOT_MEASURED, Zone};
use super::view::facts::NOT_OBSERVABLE;
use super::view::findings::client_error_words;
use crate::domain::finding::{Finding, Severity};
use crate::domain::placeholder::Placeholders;
use crate::domain::snapshot::{Snapshot, TargetSnapshot};
use crate::domain::text::printable;
use crate::domain::time::WallTime;
use std::fmt::Write;

/// Verdict, evidence and times (UTC and local) as lines of plain, printable text.
#[must_use]
pub fn text(snapshot: &Snapshot, target: &TargetSnapshot, zone: &Zone) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, snapshot, target, zone);
    out.lines().map(|line| printable(line).into_owned() + "\n").collect()
}

fn both(at: WallTime, zone: &Zone) -> String {
    format!("{} ({} local)", format::utc(at), zone.full(at))
}

fn write(
    out: &mut String,
    snapshot: &Snapshot,
    target: &TargetSnapshot,
    zone: &Zone,
) -> std::fmt::Result {
    let config = &target.target;
    writeln!(out, "Remote Desktop: {}", printable(&config.name))?;
    writeln!(out, "{}", target.verdict)?;
    writeln!(out)?;
    let address = target.address.map_or_else(|| NOT_MEASURED.to_owned(), |a| a.to_string());
    writeln!(out, "Host      {}:{} -> {address}", config.host, config.port)?;
    writeln!(out, "Observed  {}", both(snapshot.now.wall, zone))?;
    writeln!(
        out,
        "State     {} since {}",
        super::filter::state_word(target.state),
        both(target.state_since, zone)
    )?;
    writeln!(out, "Risk      {}", target.risk.word())?;
    if let Some(what) = snapshot.simulated {
        writeln!(out, "SIMULATED {what}")?;
    }
    for finding in target.findings.iter().filter(|f| f.severity > Severity::Notice) {
        self::finding(out, target, finding, zone)?;
    }
    writeln!(out, "\nHow far a connection gets")?;
    for rung in &target.ladder {
        let last =
            rung.last.map_or_else(|| NOT_MEASURED.to_owned(), |t| format!("{} ms", format::ms(t)));
        writeln!(out, "  {:<5} {last:>9}  {}", rung.rung.word(), rung.text)?;
    }
    let echo = &target.echo_window;
    writeln!(
        out,
        "\nEcho, last 5 min: {} sent, {} lost ({} %), median {} ms, p95 {} ms, jitter {} ms",
        echo.sent,
        echo.lost,
        format::percent_or_dash(echo.loss()),
        format::ms_or_dash(echo.median),
        format::ms_or_dash(echo.p95),
        format::ms_or_dash(echo.jitter),
    )?;
    writeln!(out, "Not observable from outside: {NOT_OBSERVABLE}.")
}

fn finding(
    out: &mut String,
    target: &TargetSnapshot,
    finding: &Finding,
    zone: &Zone,
) -> std::fmt::Result {
    writeln!(
        out,
        "\n{} [{}, {}, {}]",
        finding.rule,
        finding.severity.word(),
        finding.confidence.word(),
        finding.owner.team()
    )?;
    writeln!(out, "  {}", finding.sentence)?;
    writeln!(out, "  since {}", both(finding.since, zone))?;
    if let Some(error) = &finding.client_error {
        writeln!(out, "  {}", client_error_words(error))?;
    }
    for line in &finding.evidence {
        writeln!(out, "  seen: {line}")?;
    }
    let values = Placeholders::of(target);
    if let Some(remedy) = finding.remedies.first() {
        if let Some(confirm) = remedy.confirm {
            writeln!(out, "  check first: {}", values.fill(confirm))?;
        }
        writeln!(out, "  first step: {}", values.fill(remedy.text))?;
    }
    writeln!(out, "  would disprove it: {}", finding.disproof)
}
