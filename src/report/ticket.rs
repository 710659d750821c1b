//! What a help desk needs to know of one target, as plain text: verdict, since when, proof,
//! addresses, certificate. Made to be pasted, so nothing is wrapped.

use super::check_text::{CheckState, gateway_line, path_line, rung};
use super::explain::NOT_OBSERVABLE;
use super::finding::{self, client_error};
use super::words;
use crate::domain::alert::{Alert, AlertsSnapshot};
use crate::domain::certificate::CertificateSummary;
use crate::domain::placeholder::Placeholders;
use crate::domain::sample::{NameOutcome, Resolution};
use crate::domain::snapshot::{MonitorSnapshot, TargetSnapshot, TargetState};
use crate::domain::stats::EchoStats;
use crate::domain::surroundings::Offline;
use crate::domain::text::printable;
use crate::domain::time::WallTime;
use crate::domain::verdict::{expected_client_error, risk_factors};
use jiff::tz::TimeZone;
use std::fmt::Write as _;

/// What a ticket is made from.
#[derive(Debug, Clone, Copy)]
pub struct TicketInput<'a> {
    /// The target.
    pub target: &'a TargetSnapshot,
    /// The machine that measured.
    pub monitor: &'a MonitorSnapshot,
    /// What fires, and who has seen to it.
    pub alerts: &'a AlertsSnapshot,
    /// When the ticket is made.
    pub now: WallTime,
    /// The zone of the reader's clock.
    pub zone: &'a TimeZone,
    /// What is simulated, in `demo`.
    pub simulated: Option<&'a str>,
    /// Version of this program.
    pub version: &'a str,
}

/// The ticket, with a line break at its end.
#[must_use]
pub fn ticket(input: &TicketInput<'_>) -> String {
    let TicketInput { target: snapshot, monitor, alerts, now, zone, simulated, version } = *input;
    let target = &snapshot.target;
    let mut out = String::new();
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(
        out,
        "Remote Desktop: {} ({}, port {})",
        printable(&target.name),
        printable(&target.host.to_string()),
        target.port
    );
    field(&mut out, "Verdict", &printable(&snapshot.verdict));
    let state = match snapshot.state {
        TargetState::Asleep => "asleep or off",
        TargetState::Waking => "being woken",
        _ => CheckState::of(snapshot).word(),
    };
    let since = snapshot.state_since;
    let lasting = words::span(now.since(since));
    field(
        &mut out,
        "State",
        &format!("{state} since {} ({lasting})", words::local_and_utc(since, zone)),
    );
    if let Some(worst) = snapshot.worst() {
        field(&mut out, "Who can fix it", worst.owner.team());
    }
    let known = snapshot.turned().is_none();
    if let Some(error) = expected_client_error(&snapshot.findings).filter(|_| known) {
        field(&mut out, "The client shows", &client_error(&error));
    }
    field(&mut out, "Session risk", &risk(snapshot));
    if monitor.offline != Offline::Online {
        field(&mut out, "Note", "the machine that measured is offline itself: nobody is judged");
    }
    if let Some(what) = simulated {
        field(&mut out, "SIMULATED", &printable(what));
    }
    findings(&mut out, snapshot, alerts, now, zone);
    out.push_str("\nHow far a connection gets\n");
    for line in &snapshot.ladder {
        let _ = writeln!(out, "  {}", rung(line));
    }
    if let Some(path) = &snapshot.path {
        let _ = writeln!(out, "  {}", path_line(path));
    }
    if let Some(line) = gateway_line(snapshot, now) {
        let _ = writeln!(out, "  {line}");
    }
    for (window, stats) in
        [("last minute", &snapshot.echo_minute), ("since start", &snapshot.echo_total)]
    {
        let _ = writeln!(out, "  echo, {window}: {}", echo(stats));
    }
    identity(&mut out, snapshot);
    let _ = writeln!(out, "\nNot observable from outside: {}", NOT_OBSERVABLE.join("; "));
    let _ = writeln!(out, "Measured by rdpwatch {version} at {}", words::local_and_utc(now, zone));
    out
}

/// `high: port-closed (high), dns-slow (low)`.
fn risk(snapshot: &TargetSnapshot) -> String {
    let word = snapshot.risk.word();
    let factors: Vec<String> = risk_factors(&snapshot.findings)
        .iter()
        .map(|factor| format!("{} ({})", factor.rule, factor.weight.word()))
        .collect();
    if factors.is_empty() { word.to_owned() } else { format!("{word}: {}", factors.join(", ")) }
}

/// The ticket of a cause that several targets share: which, each with its first supporting sample,
/// and then the whole ticket of one of them, that of `input`. With a line break at its end.
#[must_use]
pub fn shared_ticket(
    input: &TicketInput<'_>,
    title: &str,
    targets: &[(&TargetSnapshot, WallTime)],
) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "Remote Desktop: {} hosts: {}", targets.len(), printable(title));
    for (snapshot, since) in targets {
        let target = &snapshot.target;
        let (name, host) = (printable(&target.name), target.host.to_string());
        let since = words::local_and_utc(*since, input.zone);
        let _ =
            writeln!(out, "  {name} ({}, port {}) since {since}", printable(&host), target.port);
    }
    let _ = writeln!(out, "\nOne of them:\n");
    out + &ticket(input)
}

fn field(out: &mut String, label: &str, value: &str) {
    let _ = writeln!(out, "{:<17} {value}", format!("{label}:"));
}

fn findings(
    out: &mut String,
    snapshot: &TargetSnapshot,
    alerts: &AlertsSnapshot,
    now: WallTime,
    zone: &TimeZone,
) {
    if snapshot.findings.is_empty() {
        out.push_str("\nNo finding stands.\n");
        return;
    }
    out.push_str("\nFindings\n");
    let values = Placeholders::of(snapshot);
    for found in &snapshot.findings {
        for line in finding::lines(found, &values, now) {
            let _ = writeln!(out, "  {line}");
        }
        if !words::is_utc(found.since, zone) {
            let local = words::local(found.since, zone);
            let _ = writeln!(out, "    local time of its beginning: {local}");
        }
        let alert = alerts.of(snapshot.target.id, found.rule);
        if let Some(seen) = alert.and_then(|alert| seen_to(alert, now, zone)) {
            let _ = writeln!(out, "    {seen}");
        }
    }
}

/// `acknowledged by dave at 2026-11-21 08:55:00 +01:00: rebooting`, `alert snoozed until ...`, or both.
fn seen_to(alert: &Alert, now: WallTime, zone: &TimeZone) -> Option<String> {
    let until = alert.snoozed_until.filter(|until| *until > now);
    let snoozed = until.map(|until| format!("alert snoozed until {}", words::local(until, zone)));
    let acknowledged = alert.acknowledged.map(|at| {
        let by = alert.signed.who().map(|who| format!(" by {who}")).unwrap_or_default();
        let note = alert.signed.note().map(|note| format!(": {note}")).unwrap_or_default();
        format!("acknowledged{by} at {}{note}", words::local(at, zone))
    });
    let both: Vec<String> = [snoozed, acknowledged].into_iter().flatten().collect();
    (!both.is_empty()).then(|| both.join("; "))
}

fn echo(stats: &EchoStats) -> String {
    let Some(loss) = stats.loss() else { return "not measured".to_owned() };
    let time = |span: Option<std::time::Duration>| {
        span.map_or_else(|| words::NOT_MEASURED.to_owned(), words::tenths_of_ms)
    };
    let method = stats.method.map_or("", |method| method.word());
    format!(
        "{method} {} sent, {} lost ({:.1} %), median {}, p95 {}, jitter {}",
        stats.sent,
        stats.lost,
        words::percent(loss),
        time(stats.median),
        time(stats.p95),
        time(stats.jitter)
    )
}

fn identity(out: &mut String, snapshot: &TargetSnapshot) {
    out.push_str("\nWho answers\n");
    let unknown = || "unknown".to_owned();
    let mut line = |label: &str, value: String| {
        let _ = writeln!(out, "  {:<17} {value}", format!("{label}:"));
    };
    line("address dialled", snapshot.address.map_or_else(unknown, |address| address.to_string()));
    if !snapshot.target.expect.is_empty() {
        line("address expected", words::addresses(&snapshot.target.expect));
    }
    if let Some(name) = &snapshot.resolution {
        line("name", resolution(name));
        if !name.ptr.is_empty() {
            let names: Vec<_> = name.ptr.iter().map(|name| printable(name)).collect();
            line("reverse lookup", names.join(", "));
        }
    }
    if let Some(mac) = snapshot.mac {
        line("MAC", mac.to_string());
    }
    match snapshot.tls.as_ref().and_then(|tls| tls.certificate.as_ref()) {
        None => line("certificate", "none read".to_owned()),
        Some(leaf) => certificate(leaf, snapshot.name_matches, &mut line),
    }
}

fn resolution(name: &Resolution) -> String {
    let server = name
        .answering_server()
        .map_or_else(String::new, |answer| format!(" (server {})", answer.server.ip()));
    match name.outcome {
        NameOutcome::Ok => format!("{}{server}", words::addresses(&name.addresses)),
        NameOutcome::NotNeeded => "dialled by address".to_owned(),
        outcome => format!("{}{server}", outcome.word()),
    }
}

fn certificate(
    leaf: &CertificateSummary,
    name_matches: Option<bool>,
    line: &mut impl FnMut(&str, String),
) {
    let issued = if leaf.self_signed { " (self-signed)" } else { "" };
    line("certificate", format!("{}{issued}", printable(&leaf.subject)));
    if !leaf.self_signed {
        line("  issuer", printable(&leaf.issuer).into_owned());
    }
    let names: Vec<_> = leaf.names.iter().map(|name| printable(name)).collect();
    let matches = match name_matches {
        Some(true) => " (covers the dialled name)",
        Some(false) => " (does NOT cover the dialled name)",
        None => "",
    };
    line("  names", format!("{}{matches}", names.join(", ")));
    line("  valid", format!("{} to {}", words::utc(leaf.not_before), words::utc(leaf.not_after)));
    line("  key", format!("{}, {}", leaf.key, printable(&leaf.signature)));
    line("  SHA-256", leaf.sha256.to_string());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::{AlertState, Signature};
    use crate::domain::finding::RuleId;
    use crate::report::testing::{NOW, expired, healthy, ip, unmeasured, unresolved};
    use std::time::Duration;

    fn ticket_of(target: &TargetSnapshot) -> String {
        ticket_with(target, &AlertsSnapshot::default())
    }

    fn ticket_with(target: &TargetSnapshot, alerts: &AlertsSnapshot) -> String {
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        let monitor = MonitorSnapshot::default();
        ticket(&TicketInput {
            target,
            monitor: &monitor,
            alerts,
            now: NOW,
            zone: &zone,
            simulated: None,
            version: "0.1.0",
        })
    }

    #[test]
    fn a_ticket_tells_everything_a_help_desk_asks() {
        assert_eq!(
            ticket_of(&expired()),
            "\
Remote Desktop: office-pc (office-pc.corp.lab, port 3389)
Verdict:          office-pc's certificate expired 9 days ago
State:            critical since 2026-11-21 07:55:00 +01:00 = 2026-11-21T06:55:00Z (5 min)
Who can fix it:   server team
The client shows: 0x904/0x7 \"Socket closed\" (possible)
Session risk:     high: certificate-expired (high)

Findings
  certificate-expired (critical, certain): certificate expired 9 d
    office-pc's certificate expired 9 days ago (certain).
    since 2026-11-12T07:00:00Z (9 d), who can fix it: server team
    - not after 2026-11-12T07:00:00Z
    the client would show 0x904/0x7 \"Socket closed\" (possible)
    what would show that it is wrong: A certificate that is valid is read.
    1. Delete the expired certificate and restart the service [on the host]
       first confirm: Get-WinEvent -ComputerName office-pc.corp.lab -MaxEvents 5
       > qwinsta /server:office-pc.corp.lab
       > Restart-Service TermService -Force
       needs: administrator on office-pc.corp.lab
       impact: DISCONNECTS EVERY SESSION on office-pc.corp.lab
    2. Lower the security layer [on the host] (WEAKENS SECURITY)
    local time of its beginning: 2026-11-12 08:00:00 +01:00

How far a connection gets
  name  ok               1.0 ms  10.0.0.21 from 10.0.0.10
  echo  ok               1.0 ms  10 of 10 answered
  tcp   ok               1.0 ms  open
  x224  ok               1.0 ms  confirmed, hybrid_ex
  tls   ok               9.0 ms  TLS1.3, certificate read
  nla   ok               3.0 ms  challenge from office-pc.corp.lab
  udp   ok               2.0 ms  answers, version 3
  path  ok                    \u{2013}  1400 bytes pass, 10.0.0.1 says that more is too big
  echo, last minute: icmp 10 sent, 0 lost (0.0 %), median 0.5 ms, p95 0.5 ms, jitter 0.0 ms
  echo, since start: icmp 10 sent, 0 lost (0.0 %), median 0.5 ms, p95 0.5 ms, jitter 0.0 ms

Who answers
  address dialled:  10.0.0.21
  address expected: 10.0.0.21
  name:             10.0.0.21 (server 10.0.0.10)
  reverse lookup:   office-pc.corp.lab
  MAC:              02:77:00:00:00:21
  certificate:      CN=office-pc.corp.lab (self-signed)
    names:          office-pc.corp.lab (covers the dialled name)
    valid:          2026-11-09T07:00:00Z to 2027-05-11T07:01:00Z
    key:            RSA-2048, sha256WithRSAEncryption
    SHA-256:        a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7

Not observable from outside: an outdated client, its damaged cache or ActiveX control; regressions \
of a Windows upgrade on the client; licensing; the account: password, rights, lock-out, allowed \
hours; limits of sessions, and a session locked by another process; the user's profile on the \
host; the bandwidth of the line
Measured by rdpwatch 0.1.0 at 2026-11-21 08:00:00 +01:00 = 2026-11-21T07:00:00Z
"
        );
    }

    #[test]
    fn what_is_unknown_is_called_unknown() {
        let text = ticket_of(&unmeasured());
        for expected in [
            "State:            unknown since",
            "\nNo finding stands.\n",
            "echo, last minute: not measured\n",
            "address dialled:  unknown\n",
            "certificate:      none read\n",
        ] {
            assert!(text.contains(expected), "{expected:?} is not in\n{text}");
        }
        assert!(
            ticket_of(&unresolved()).contains("name:             nxdomain (server 10.0.0.10)\n")
        );
    }

    #[test]
    fn hostile_names_stay_on_their_line() {
        let mut snapshot = healthy();
        let evil = "a\r\nVerdict: fine\x1b[2J";
        if let Some(leaf) = snapshot.tls.as_mut().and_then(|tls| tls.certificate.as_mut()) {
            leaf.subject = evil.to_owned();
            leaf.issuer = evil.to_owned();
            leaf.self_signed = false;
            leaf.names = vec![evil.to_owned()];
        }
        snapshot.verdict = evil.to_owned();
        let text = ticket_of(&snapshot);
        assert_eq!(text.lines().filter(|line| line.starts_with("Verdict:")).count(), 1);
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
    }

    #[test]
    fn who_has_seen_to_a_finding_is_told_with_it() {
        let snapshot = expired();
        let alert = Alert {
            target: Some(snapshot.target.id),
            rule: snapshot.findings[0].rule,
            severity: snapshot.findings[0].severity,
            state: AlertState::Firing,
            since: NOW,
            title: String::new(),
            acknowledged: Some(NOW),
            signed: Signature::new("dave", "renewing it"),
            snoozed_until: Some(NOW),
            held_until: None,
            explained_by: None,
            returns: 0,
            unbroken: 0,
        };
        let other = Alert { rule: RuleId("port-closed"), ..alert.clone() };
        let told = |alert: &Alert| {
            let alerts = AlertsSnapshot { firing: vec![alert.clone()], ..<_>::default() };
            ticket_with(&snapshot, &alerts)
        };
        let line = "\n    acknowledged by dave at 2026-11-21 08:00:00 +01:00: renewing it\n";
        assert!(told(&alert).contains(line), "{}", told(&alert));
        assert!(!told(&other).contains("dave"));
        let over = Alert { acknowledged: None, ..alert.clone() };
        assert!(!told(&over).contains("snoozed"), "the snooze ended");
        let snoozed = Alert { snoozed_until: Some(NOW.plus(Duration::from_hours(1))), ..over };
        let line = "\n    alert snoozed until 2026-11-21 09:00:00 +01:00\n";
        assert!(told(&snoozed).contains(line));
        let both = Alert { acknowledged: Some(NOW), ..snoozed };
        let line = "\n    alert snoozed until 2026-11-21 09:00:00 +01:00; acknowledged by dave at ";
        assert!(told(&both).contains(line), "{}", told(&both));
    }

    /// `07:00:00 +00:00 = 07:00:00Z`, and the beginning of each finding once more.
    #[test]
    fn where_the_clock_shows_utc_each_moment_is_told_once() {
        let told = |zone: &TimeZone| {
            ticket(&TicketInput {
                target: &expired(),
                monitor: &MonitorSnapshot::default(),
                alerts: &AlertsSnapshot::default(),
                now: NOW,
                zone,
                simulated: None,
                version: "0.1.0",
            })
        };
        let once = told(&TimeZone::UTC);
        assert!(!once.contains("+00:00") && !once.contains("local time"), "{once}");
        let twice = told(&TimeZone::fixed(jiff::tz::offset(1)));
        assert!(twice.contains("+01:00 = ") && twice.contains("local time"), "{twice}");
    }

    #[test]
    fn an_offline_monitor_says_that_it_judges_nobody() {
        let zone = TimeZone::UTC;
        let monitor = MonitorSnapshot {
            offline: Offline::ControlsGone(vec![ip("10.0.0.1")]),
            ..MonitorSnapshot::default()
        };
        let text = ticket(&TicketInput {
            target: &unmeasured(),
            monitor: &monitor,
            alerts: &AlertsSnapshot::default(),
            now: NOW,
            zone: &zone,
            simulated: Some("echo"),
            version: "0.1.0",
        });
        assert!(text.contains("Note:             the machine that measured is offline itself"));
        assert!(text.contains("\nSIMULATED:        echo\n"));
    }
}
