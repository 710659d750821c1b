//! The seven cells that say how far up a connection gets.

mod nla;
mod udp;

use super::finding::{Finding, Rung, Severity};
use super::rules::HOST_ASLEEP_ID;
use super::sample::{
    Attempt, Connect, ConnectOutcome, EchoMethod, EchoOutcome, Hello, NameOutcome, NameSource,
    Negotiate, NegotiateOutcome, Resolution, Tls, TlsOutcome,
};
use super::security::{FailureCode, SecurityProtocol};
use super::stats::EchoStats;
use super::text::excerpt;
use super::time::Now;
use super::tls_alert::alert_name;
use super::view::TargetView;
use super::words::tenths_of_ms;
use std::time::Duration;

/// Echo statistics of the line: over this span.
const ECHO_SPAN: Duration = Duration::from_mins(1);

/// So many echo requests lost in a row are silence rather than loss.
const SILENT: u32 = 4;

/// Longest text from a host that a line repeats, in characters.
const TEXT: usize = 60;

const NOT_REACHED: &str = "not reached";
const NOT_MEASURED: &str = "not measured yet";

/// One rung's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Cell {
    /// Not measured, or not reached.
    #[default]
    NotMeasured,
    /// Works.
    Ok,
    /// Works, with a warning.
    Warning,
    /// Broken.
    Broken,
    /// Not established and no fault: an optional rung that does not answer.
    NotEstablished,
}

/// One rung as the detail screen shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RungLine {
    /// Which rung.
    pub rung: Rung,
    /// Its state.
    pub cell: Cell,
    /// The newest time, of this rung alone.
    pub last: Option<Duration>,
    /// The median of the same target's earlier times.
    pub usual: Option<Duration>,
    /// How it ended, one line, escaped.
    pub text: String,
}

/// The ladder of one target, bottom first.
pub type Ladder = [RungLine; 7];

/// Whether nobody gets in at a host that is critical: a rung fails, and the newest connection did not come
/// through.
#[must_use]
pub fn is_broken(rungs: &Ladder, newest: Option<&Attempt>) -> bool {
    !newest.is_some_and(Attempt::works) && rungs.iter().any(|line| line.cell == Cell::Broken)
}

/// How far up the newest measurements got, rung by rung, coloured by the findings.
///
/// Cells show the newest measurement, findings show what lasts: a rung that failed once is broken
/// here before it is a finding. What was not reached by the newest attempt is not measured,
/// however well it worked before.
#[must_use]
pub fn ladder(view: &TargetView<'_>, findings: &[Finding]) -> Ladder {
    let lines = [
        name(view),
        echo(view, findings),
        tcp(view),
        x224(view),
        tls(view),
        nla::nla(view),
        udp::udp(view),
    ];
    let via_gateway = view.target.via_gateway();
    lines.map(|line| {
        let mut line = coloured(line, findings);
        // Nobody takes the direct way: that it is closed is no fault.
        if via_gateway && line.cell == Cell::Broken {
            line.cell = Cell::NotEstablished;
        }
        line
    })
}

/// Raises the cell to the worst finding about its rung; a rung that was not reached stays so.
fn coloured(mut line: RungLine, findings: &[Finding]) -> RungLine {
    let about = findings.iter().filter(|finding| finding.rung == Some(line.rung));
    line.cell = match (about.map(|finding| finding.severity).max(), line.cell) {
        (_, Cell::NotMeasured) => Cell::NotMeasured,
        (Some(Severity::Critical), _) => Cell::Broken,
        (Some(Severity::Warning), Cell::Ok | Cell::NotEstablished) => Cell::Warning,
        (_, cell) => cell,
    };
    line
}

fn line(rung: Rung, cell: Cell, text: impl Into<String>) -> RungLine {
    RungLine { rung, cell, last: None, usual: None, text: text.into() }
}

// ---------------------------------------------------------------- name

fn name(view: &TargetView<'_>) -> RungLine {
    let Some(newest) = view.resolution() else {
        return line(Rung::Name, Cell::NotMeasured, NOT_MEASURED);
    };
    if newest.outcome == NameOutcome::NotNeeded {
        return line(Rung::Name, Cell::NotEstablished, "an address; there is no name to look up");
    }
    let ok = newest.outcome == NameOutcome::Ok;
    let earlier = view.resolve.recent().skip(1).map(|entry| &entry.value);
    RungLine {
        last: Some(newest.elapsed),
        usual: median(
            earlier.filter(|name| name.outcome == NameOutcome::Ok).map(|name| name.elapsed),
        ),
        ..line(
            Rung::Name,
            if ok { Cell::Ok } else { Cell::Broken },
            if ok { resolved(view, newest) } else { unresolved(newest) },
        )
    }
}

fn resolved(view: &TargetView<'_>, name: &Resolution) -> String {
    let addresses = match name.addresses.as_slice() {
        [] => "no address".to_owned(),
        [only] => only.to_string(),
        [first, others @ ..] => format!("{first} and {} more", others.len()),
    };
    let server = name.answering_server().filter(|_| name.source == NameSource::Dns);
    let mut parts = vec![match (name.source, server) {
        (NameSource::Hosts, _) => format!("{addresses} from the hosts file"),
        (NameSource::Os, _) => format!("{addresses} from the operating system"),
        (NameSource::Dns, Some(answer)) => format!("{addresses} from {}", answer.server.ip()),
        (NameSource::Dns | NameSource::Literal, _) => addresses,
    }];
    if let Some(ttl) = server.and_then(|answer| answer.ttl_s) {
        parts.push(format!("TTL {ttl} s"));
    }
    if let Some(expected) = view.target.expect.first()
        && view.target.is_elsewhere(&name.addresses)
    {
        parts.push(format!("expected {expected}"));
    }
    match (view.target.host.name(), name.ptr.first()) {
        (Some(host), Some(_)) if name.ptr.iter().any(|ptr| same_label(ptr, host)) => {
            parts.push("reverse name agrees".to_owned());
        }
        (_, Some(ptr)) => parts.push(format!("reverse name {}", excerpt(ptr, TEXT))),
        (_, None) => {}
    }
    parts.join(" · ")
}

fn same_label(a: &str, b: &str) -> bool {
    let label = |name: &str| name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    label(a) == label(b)
}

fn unresolved(name: &Resolution) -> String {
    let what = match name.outcome {
        NameOutcome::NxDomain => "the name does not exist",
        NameOutcome::NoData => "the name exists without addresses",
        NameOutcome::ServFail => "the server failed",
        NameOutcome::Refused => "the server refused to answer",
        NameOutcome::Timeout => "no answer",
        NameOutcome::Malformed => "the answer does not parse",
        NameOutcome::Error | NameOutcome::Ok | NameOutcome::NotNeeded => {
            "the operating system could not look it up"
        }
    };
    match name.servers.iter().find(|answer| answer.outcome == name.outcome) {
        Some(answer) => format!("{what}, asked {}", answer.server.ip()),
        None => what.to_owned(),
    }
}

/// When the newest answer to the name was no address, and its probe began.
fn name_broken_at(view: &TargetView<'_>) -> Option<Now> {
    let newest = view.resolve.last()?;
    let fine = matches!(newest.value.outcome, NameOutcome::Ok | NameOutcome::NotNeeded);
    (!fine).then_some(newest.at)
}

// ---------------------------------------------------------------- echo

fn echo(view: &TargetView<'_>, findings: &[Finding]) -> RungLine {
    let stats = view.echo.window(view.now.mono, ECHO_SPAN);
    let (lost_in_a_row, _) = view.echo.trailing_losses();
    if stats.sent == 0 {
        let text = match view.echo.last().map(|point| point.outcome) {
            Some(EchoOutcome::Void(fault)) => format!("not measured: {}", fault.text()),
            _ => NOT_MEASURED.to_owned(),
        };
        line(Rung::Echo, Cell::NotMeasured, text)
    } else if findings.iter().any(|finding| finding.rule == HOST_ASLEEP_ID) {
        line(Rung::Echo, Cell::NotMeasured, "no answer; asleep or off, likely")
    } else if lost_in_a_row >= SILENT || (stats.received == 0 && stats.late == 0) {
        silence(view, &stats, lost_in_a_row)
    } else {
        RungLine {
            last: stats.last,
            usual: view.echo.baseline(view.now.mono, ECHO_SPAN),
            ..line(Rung::Echo, Cell::Ok, echo_text(&stats))
        }
    }
}

/// Unanswered echo requests: no fault while TCP connects.
fn silence(view: &TargetView<'_>, stats: &EchoStats, lost_in_a_row: u32) -> RungLine {
    let connects = view.connect().is_some_and(|connect| connect.outcome == ConnectOutcome::Open);
    if connects && stats.method == Some(EchoMethod::Icmp) {
        line(Rung::Echo, Cell::NotEstablished, "not answered; TCP is used")
    } else {
        let text = format!("no answer, {lost_in_a_row} lost in a row · {}", method(stats));
        line(Rung::Echo, Cell::Broken, text)
    }
}

fn echo_text(stats: &EchoStats) -> String {
    let mut parts = vec![format!("{} of {}", stats.received, stats.sent), method(stats).to_owned()];
    if let Some(jitter) = stats.jitter {
        parts.push(format!("jitter {}", tenths_of_ms(jitter)));
    }
    if stats.late > 0 {
        parts.push(format!("{} late", stats.late));
    }
    parts.join(" · ")
}

fn method(stats: &EchoStats) -> &'static str {
    match stats.method {
        Some(EchoMethod::Tcp) => "TCP",
        _ => "ICMP",
    }
}

// ---------------------------------------------------------------- tcp

/// The newest attempt, unless the name broke after it.
fn present_attempt<'a>(view: &TargetView<'a>) -> Option<&'a Attempt> {
    let newest = view.attempts.last()?;
    let outdated = name_broken_at(view).is_some_and(|broken| newest.at.mono < broken.mono);
    (!outdated).then_some(&newest.value)
}

/// What to say of a rung that needs an attempt where there is none.
fn without_attempt(view: &TargetView<'_>) -> &'static str {
    if name_broken_at(view).is_some() { NOT_REACHED } else { NOT_MEASURED }
}

fn tcp(view: &TargetView<'_>) -> RungLine {
    let Some(attempt) = present_attempt(view) else {
        return line(Rung::Tcp, Cell::NotMeasured, without_attempt(view));
    };
    let connect = &attempt.connect;
    let cell = match connect.outcome {
        ConnectOutcome::Open => Cell::Ok,
        ConnectOutcome::LocalError(_) => Cell::NotMeasured,
        _ => Cell::Broken,
    };
    RungLine {
        last: (cell != Cell::NotMeasured && !connect.untimed).then_some(connect.elapsed),
        usual: median(
            earlier(view)
                .map(|attempt| &attempt.connect)
                .filter(|connect| connect.outcome == ConnectOutcome::Open)
                .map(|connect| connect.elapsed),
        ),
        ..line(Rung::Tcp, cell, connect_text(view, connect))
    }
}

fn connect_text(view: &TargetView<'_>, connect: &Connect) -> String {
    let said = |what: &str, otherwise: &str| match connect.icmp {
        Some(icmp) => format!("{what}: {icmp}"),
        None => otherwise.to_owned(),
    };
    match connect.outcome {
        ConnectOutcome::Open => "open".to_owned(),
        ConnectOutcome::Refused => said("refused", "refused with RST"),
        ConnectOutcome::Timeout => format!("no answer in {}", seconds(connect.elapsed)),
        ConnectOutcome::Unreachable if view.gateway_is_silent(connect) => {
            "this machine's default gateway does not answer".to_owned()
        }
        ConnectOutcome::Unreachable if connect.icmp_is_ours => {
            "no such neighbour: it does not answer on this machine's own link".to_owned()
        }
        ConnectOutcome::Unreachable => said("unreachable", "unreachable"),
        ConnectOutcome::Prohibited => said("a firewall prohibits it", "a firewall prohibits it"),
        ConnectOutcome::LocalError(fault) => format!("not measured: {}", fault.text()),
    }
}

/// Attempts before the newest, newest first.
fn earlier<'a>(view: &TargetView<'a>) -> impl Iterator<Item = &'a Attempt> + use<'a> {
    view.attempts.recent().skip(1).map(|entry| &entry.value)
}

// ---------------------------------------------------------------- x224

fn x224(view: &TargetView<'_>) -> RungLine {
    let Some(attempt) = present_attempt(view) else {
        return line(Rung::X224, Cell::NotMeasured, without_attempt(view));
    };
    let Some(negotiate) = &attempt.negotiate else {
        let open = attempt.connect.outcome == ConnectOutcome::Open;
        return line(Rung::X224, Cell::NotMeasured, if open { NOT_MEASURED } else { NOT_REACHED });
    };
    let cell = match negotiate.outcome {
        NegotiateOutcome::Confirmed { .. } | NegotiateOutcome::NoNegotiation => Cell::Ok,
        NegotiateOutcome::Failure(FailureCode::ENTRA_AUTH_REQUIRED) => Cell::NotEstablished,
        _ => Cell::Broken,
    };
    RungLine {
        last: Some(negotiate.elapsed),
        usual: median(
            earlier(view)
                .filter_map(|attempt| attempt.negotiate.as_ref())
                .filter(|negotiate| negotiate.outcome.selected().is_some())
                .map(|negotiate| negotiate.elapsed),
        ),
        ..line(Rung::X224, cell, negotiate_text(negotiate))
    }
}

fn negotiate_text(negotiate: &Negotiate) -> String {
    let after =
        || format!("after {}, {} bytes", tenths_of_ms(negotiate.elapsed), negotiate.received);
    match &negotiate.outcome {
        NegotiateOutcome::Confirmed { selected, .. } if selected.starts_nla() => {
            "confirmed, NLA".to_owned()
        }
        NegotiateOutcome::Confirmed { selected: SecurityProtocol::SSL, .. } => {
            "confirmed, TLS without NLA".to_owned()
        }
        NegotiateOutcome::Confirmed { selected: SecurityProtocol::RDP, .. } => {
            "confirmed, Standard RDP Security".to_owned()
        }
        NegotiateOutcome::Confirmed { selected, .. } => format!("confirmed, {selected}"),
        NegotiateOutcome::Failure(code) => format!("refused with {code}"),
        NegotiateOutcome::NoNegotiation => {
            "confirmed without negotiation, Standard RDP Security".to_owned()
        }
        NegotiateOutcome::Disconnected => "answers RDP and hangs up".to_owned(),
        NegotiateOutcome::Timeout => format!("no answer in {}", seconds(negotiate.elapsed)),
        NegotiateOutcome::Reset | NegotiateOutcome::Closed => {
            format!("closed by the peer {}", after())
        }
        NegotiateOutcome::Malformed(other) => match other.protocol.name() {
            Some(name) => format!("not RDP: {name} answers"),
            None => format!("not RDP: {} at byte {}", other.reason, other.offset),
        },
    }
}

// ---------------------------------------------------------------- tls

fn tls(view: &TargetView<'_>) -> RungLine {
    let selected = present_attempt(view)
        .and_then(|attempt| attempt.negotiate.as_ref())
        .and_then(|negotiate| negotiate.outcome.selected());
    match (selected, view.tls) {
        (Some(SecurityProtocol::RDP), _) => {
            line(Rung::Tls, Cell::NotEstablished, "not used by Standard RDP Security")
        }
        (Some(_), Some(tls)) => measured_tls(view, &tls.value),
        (Some(_), None) => line(Rung::Tls, Cell::NotMeasured, NOT_MEASURED),
        (None, _) if view.attempts.is_empty() => {
            line(Rung::Tls, Cell::NotMeasured, without_attempt(view))
        }
        (None, _) => {
            line(Rung::Tls, Cell::NotMeasured, format!("{NOT_REACHED}{}", last_certificate(view)))
        }
    }
}

fn measured_tls(view: &TargetView<'_>, tls: &Tls) -> RungLine {
    let times = earlier(view).filter_map(|attempt| attempt.tls.as_ref());
    let (cell, text) = if tls.outcome == TlsOutcome::Ok {
        (Cell::Ok, handshake_text(view, tls))
    } else {
        (Cell::Broken, format!("{}{}", failed_handshake_text(tls), last_certificate(view)))
    };
    RungLine {
        last: Some(tls.elapsed),
        usual: median(times.filter(|tls| tls.outcome == TlsOutcome::Ok).map(|tls| tls.elapsed)),
        ..line(Rung::Tls, cell, text)
    }
}

fn handshake_text(view: &TargetView<'_>, tls: &Tls) -> String {
    let mut parts = Vec::new();
    if let Some(version) = tls.version {
        parts.push(version.to_string());
    }
    if tls.hello == Hello::Legacy {
        parts.push("only by the legacy hello".to_owned());
    }
    parts.extend(certificate_text(view, tls));
    if parts.is_empty() { "handshake complete".to_owned() } else { parts.join(" · ") }
}

fn failed_handshake_text(tls: &Tls) -> String {
    match tls.outcome {
        TlsOutcome::Reset | TlsOutcome::Closed if tls.received == 0 => {
            "closed by the peer at the ClientHello".to_owned()
        }
        TlsOutcome::Reset | TlsOutcome::Closed => {
            format!("closed by the peer after {} bytes of TLS", tls.received)
        }
        TlsOutcome::Alert(description) => match alert_name(description) {
            Some(name) => format!("refused with the TLS alert {name}"),
            None => format!("refused with TLS alert {description}"),
        },
        TlsOutcome::Timeout => format!("no answer in {}", seconds(tls.elapsed)),
        TlsOutcome::Malformed(_) => "what answers the ClientHello is not TLS".to_owned(),
        TlsOutcome::Unsupported | TlsOutcome::Ok => {
            "TLS answers, its certificate cannot be read".to_owned()
        }
    }
}

/// ` · last certificate CN=office-pc, expired 9 d ago`, or nothing.
fn last_certificate(view: &TargetView<'_>) -> String {
    let newest = view.tls.map(|entry| &entry.value);
    let past = view.attempts.recent().filter_map(|entry| entry.value.tls.as_ref());
    newest
        .into_iter()
        .chain(past)
        .find_map(|tls| certificate_text(view, tls))
        .map_or_else(String::new, |text| format!(" · last certificate {text}"))
}

fn certificate_text(view: &TargetView<'_>, tls: &Tls) -> Option<String> {
    let certificate = tls.certificate.as_ref()?;
    let subject = certificate.common_name.as_ref().map_or_else(
        || excerpt(&certificate.subject, TEXT),
        |name| format!("CN={}", excerpt(name, TEXT)),
    );
    let days = certificate.days_left(view.now.wall);
    Some(if days < 0 {
        format!("{subject}, expired {} d ago", certificate.not_after.days_until(view.now.wall))
    } else {
        format!("{subject}, {days} d left")
    })
}

// ---------------------------------------------------------------- numbers

/// The median by nearest rank; `None` of nothing.
fn median(times: impl Iterator<Item = Duration>) -> Option<Duration> {
    let mut times: Vec<Duration> = times.collect();
    times.sort_unstable();
    super::echo_series::nearest_rank(&times, 50)
}

/// `5.0 s`.
fn seconds(span: Duration) -> String {
    format!("{:.1} s", span.as_secs_f64())
}

#[cfg(test)]
mod tests;
