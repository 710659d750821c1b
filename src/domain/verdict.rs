//! What it comes to for one target: state, availability, risk, and one plain sentence.

use super::diagnose::can_be_judged;
use super::echo_series::EchoPoint;
use super::finding::{ClientError, Finding, Risk, RuleId, Severity};
use super::rules::{HOST_ASLEEP_ID, HOST_UNREACHABLE_ID};
use super::sample::{
    Attempt, ConnectOutcome, EchoOutcome, GatewayAnswer, GatewayStage, NameOutcome,
    NegotiateOutcome, NeighbourState, Nla, NlaOutcome, Tls, TlsOutcome,
};
use super::security::SecurityProtocol;
use super::snapshot::{Availability, TargetState};
use super::surroundings::Offline;
use super::target::GatewayAddress;
use super::text::excerpt;
use super::time::Now;
use super::view::{Mode, TargetView};
use std::time::Duration;

/// An answer younger than this says that the machine is up.
const UP: Duration = Duration::from_secs(15);

/// The glyph. `waking` says that a magic packet was sent and the target is followed up.
///
/// Green needs an RDP answer, or that of the gateway where all users go through one: a target
/// without findings whose newest connection failed, or that was not connected to yet, is not
/// measured, however well it answers echo.
/// Findings that were there on first sight and are accepted do not count.
#[must_use]
pub fn state_of(view: &TargetView<'_>, findings: &[Finding], waking: bool) -> TargetState {
    if !can_be_judged(view) {
        return TargetState::Unknown;
    }
    let silent = findings
        .iter()
        .any(|found| found.rule == HOST_ASLEEP_ID || found.rule == HOST_UNREACHABLE_ID);
    if waking && (silent || !ever_answered(view)) {
        return TargetState::Waking;
    }
    match headline(view, findings) {
        Some(worst) if worst.severity == Severity::Critical => TargetState::Critical,
        Some(worst) if worst.severity == Severity::Warning => TargetState::Warning,
        _ if findings.iter().any(|finding| finding.rule == HOST_ASLEEP_ID) => TargetState::Asleep,
        // A notice beside silence is no good news either.
        _ if works_for_users(view) => TargetState::Ok,
        _ => TargetState::NotMeasured,
    }
}

/// Whether the machine is there, as far as `findings` and the newest answers tell.
#[must_use]
pub fn availability_of(view: &TargetView<'_>, findings: &[Finding]) -> Availability {
    let stands = |rule| findings.iter().any(|finding: &Finding| finding.rule == rule);
    if !can_be_judged(view) {
        Availability::Unknown
    } else if stands(HOST_ASLEEP_ID) {
        Availability::Asleep
    } else if let Some(found) = findings.iter().find(|one| one.rule == HOST_UNREACHABLE_ID) {
        if found.of_the_way { Availability::Unknown } else { Availability::Down }
    } else if is_up(view) {
        Availability::Up
    } else {
        Availability::Unknown
    }
}

/// The risk that a session started or running at this moment fails or drops.
///
/// Unknown while the target is not judged, and while no finding stands and X.224 was never
/// confirmed: nothing measured is no all-clear.
#[must_use]
pub fn risk_of(view: &TargetView<'_>, findings: &[Finding]) -> Risk {
    if !can_be_judged(view) {
        return Risk::Unknown;
    }
    // Where all go through a gateway, an open direct way says nothing of their sessions.
    let unmeasured = view.target.via_gateway() && !works_for_users(view);
    match findings.iter().map(weight).max() {
        Some(risk) if risk > Risk::None => risk,
        _ if unmeasured => Risk::Unknown,
        _ if view.attempts.iter().any(|entry| is_confirmed(&entry.value)) => Risk::None,
        _ => Risk::Unknown,
    }
}

/// One thing that speaks for a risk, and how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RiskFactor {
    /// The rule that found it.
    pub rule: RuleId,
    /// How much it weighs: the risk is that of the heaviest.
    pub weight: Risk,
    /// What it is, a few words, escaped.
    pub title: String,
}

/// What the risk of `findings` rests on, the heaviest first; empty when nothing speaks for any.
#[must_use]
pub fn risk_factors(findings: &[Finding]) -> Vec<RiskFactor> {
    let factor = |finding: &Finding| RiskFactor {
        rule: finding.rule,
        weight: weight(finding),
        title: finding.title.clone(),
    };
    let mut factors: Vec<RiskFactor> =
        findings.iter().map(factor).filter(|factor| factor.weight > Risk::None).collect();
    factors.sort_by_key(|factor| std::cmp::Reverse(factor.weight));
    factors
}

/// A sleeping PC takes no session, whatever its finding says of the PC.
fn weight(finding: &Finding) -> Risk {
    if finding.rule == HOST_ASLEEP_ID { finding.risk.max(Risk::Elevated) } else { finding.risk }
}

/// What the user's client would show: of the worst finding that knows.
#[must_use]
pub fn expected_client_error(findings: &[Finding]) -> Option<ClientError> {
    findings.iter().find_map(|finding| finding.client_error)
}

/// One plain sentence: the worst finding's, or how far up everything works. It claims only what
/// was measured.
#[must_use]
pub fn verdict(view: &TargetView<'_>, findings: &[Finding]) -> String {
    if !can_be_judged(view) {
        return offline(&view.around.offline);
    }
    let healthy = if view.target.via_gateway() {
        works_for_users(view)
    } else {
        view.attempt().is_some_and(is_confirmed)
            && view.tls.is_none_or(|tls| works(&tls.value))
            && credssp(view).is_none_or(|nla| nla.outcome == NlaOutcome::Challenge)
    };
    match headline(view, findings) {
        Some(worst) if worst.severity > Severity::Notice || !healthy => worst.sentence.clone(),
        _ => how_far(view),
    }
}

/// How CredSSP ended when it was last asked, while the host still chooses NLA.
fn credssp<'a>(view: &TargetView<'a>) -> Option<&'a Nla> {
    let selected = view.attempt()?.negotiate.as_ref()?.outcome.selected()?;
    view.nla.map(|entry| &entry.value).filter(|_| selected.starts_nla())
}

/// The worst finding that is not accepted as found.
#[must_use]
pub fn headline<'f>(view: &TargetView<'_>, findings: &'f [Finding]) -> Option<&'f Finding> {
    let accepted =
        |finding: &Finding| finding.as_found && view.memory.accepted.contains_key(finding.rule.0);
    findings.iter().find(|finding| !accepted(finding))
}

fn ever_answered(view: &TargetView<'_>) -> bool {
    view.echo.ever_answered()
        || view.attempts.iter().any(|entry| entry.value.connect.outcome.answered())
}

fn is_up(view: &TargetView<'_>) -> bool {
    let fresh = |at: Now| view.mode == Mode::Moment || view.now.mono.since(at.mono) <= UP;
    view.attempt().is_some_and(|attempt| attempt.connect.outcome.answered())
        || view.echo.points().rev().take_while(|point| fresh(point.at)).any(EchoPoint::came_back)
        || view
            .neighbour
            .is_some_and(|entry| fresh(entry.at) && entry.value.state == NeighbourState::Reachable)
}

fn is_confirmed(attempt: &Attempt) -> bool {
    attempt.negotiate.as_ref().is_some_and(|negotiate| negotiate.outcome.selected().is_some())
}

fn works(tls: &Tls) -> bool {
    tls.outcome == TlsOutcome::Ok
}

fn offline(offline: &Offline) -> String {
    match offline {
        Offline::Online => String::new(),
        Offline::NoInterface => {
            "This monitor is offline: no network interface is up, so nobody is judged.".to_owned()
        }
        Offline::ControlsGone(controls) => match controls.as_slice() {
            [] => "This monitor is offline, so nobody is judged.".to_owned(),
            [control] => format!(
                "This monitor is offline: {control} stopped answering, so nobody is judged."
            ),
            [control, others @ ..] => format!(
                "This monitor is offline: {control} and {} more stopped answering, so nobody is \
                 judged.",
                others.len()
            ),
        },
    }
}

/// Whether what the users meet first answers: the gateway where all go through one, else RDP.
fn works_for_users(view: &TargetView<'_>) -> bool {
    if view.target.via_gateway() {
        view.gateway_measured().is_some_and(|entry| entry.value.answers())
    } else {
        answers_rdp(view)
    }
}

/// Whether the newest connection that this machine could try got an RDP answer. A refusal is none,
/// except that of a host that wants an Entra sign-in, which is no fault.
fn answers_rdp(view: &TargetView<'_>) -> bool {
    view.attempts
        .recent()
        .map(|entry| &entry.value)
        .find(|attempt| !matches!(attempt.connect.outcome, ConnectOutcome::LocalError(_)))
        .is_some_and(Attempt::serves)
}

/// How far up the newest measurements got.
fn how_far(view: &TargetView<'_>) -> String {
    if let Some(gateway) = view.target.gateway.as_ref().filter(|_| view.target.via_gateway()) {
        return through(view, gateway);
    }
    let port = view.target.port;
    let Some(attempt) = view.attempt() else { return before_tcp(view) };
    let Some(negotiate) = &attempt.negotiate else {
        return match attempt.connect.outcome {
            ConnectOutcome::Open => {
                format!("Port {port} accepts connections; whether RDP answers is not measured yet.")
            }
            ConnectOutcome::LocalError(fault) => {
                format!("Port {port} could not be tried: {}.", fault.text())
            }
            other => not_sure(view, &format!("connection to port {port} ({})", ended(other))),
        };
    };
    let Some(selected) = negotiate.outcome.selected() else {
        return match &negotiate.outcome {
            NegotiateOutcome::Failure(code) => {
                format!("RDP answers the negotiation with {code}; nothing above it is judged.")
            }
            other => {
                not_sure(view, &format!("RDP negotiation ({})", other.word().replace('_', " ")))
            }
        };
    };
    match view.tls.map(|entry| &entry.value) {
        _ if selected == SecurityProtocol::RDP => {
            "RDP answers with Standard RDP Security, without TLS; what follows is not probed."
                .to_owned()
        }
        Some(tls) if works(tls) => match credssp(view).map(|nla| nla.outcome) {
            Some(NlaOutcome::Error | NlaOutcome::Denied) => {
                "Everything up to NLA works, and NLA refuses what this program can offer without a \
                 password; whether a sign-in gets through is not measured."
                    .to_owned()
            }
            Some(outcome) if !outcome.answered() => {
                not_sure(view, &format!("answer to NLA ({})", outcome.word().replace('_', " ")))
            }
            None if selected.starts_nla() => {
                "Everything up to the certificate works; NLA is not measured.".to_owned()
            }
            _ => "Everything up to the sign-in prompt works. If you still get an \
                                    error it comes at sign-in or after it: account, licence, \
                                    profile, session limit."
                .to_owned(),
        },
        Some(tls) => not_sure(view, &format!("TLS handshake ({})", tls.outcome.word())),
        None => "Everything up to the RDP negotiation works; the certificate is not measured."
            .to_owned(),
    }
}

/// Up to the gateway: nothing beyond it is measured.
fn through(view: &TargetView<'_>, gateway: &GatewayAddress) -> String {
    let place = excerpt(&gateway.to_string(), 60);
    let Some(entry) = view.gateway_measured() else {
        let answered = view.gateway.iter().any(|entry| entry.value.answers());
        return if view.gateway.is_empty() {
            format!("Users go through the gateway {place}, which is not measured yet.")
        } else if view.mode == Mode::Moment && answered {
            format!("The gateway {place} answered one look and not the other.")
        } else {
            not_sure(view, &format!("look at the gateway {place}"))
        };
    };
    match entry.value.stage() {
        GatewayStage::Answered(GatewayAnswer::Challenge) => format!(
            "The gateway {place} answers and asks for sign-in. What lies behind it is not measured \
             from here: the host, the account, the policies."
        ),
        GatewayStage::OldTls => format!(
            "The gateway {place} takes only suites of TLS that this program cannot speak: its \
             certificate was read, and whether it answers is not measured."
        ),
        stage => not_sure(
            view,
            &format!("look at the gateway {place} ({})", stage.word().replace('_', " ")),
        ),
    }
}

fn before_tcp(view: &TargetView<'_>) -> String {
    let echo =
        view.echo.points().rev().find(|point| !matches!(point.outcome, EchoOutcome::Void(_)));
    match (echo.map(|point| point.outcome), view.resolution()) {
        (Some(EchoOutcome::Reply { .. } | EchoOutcome::Answered | EchoOutcome::Late { .. }), _) => {
            "It answers echo requests; RDP is not measured yet.".to_owned()
        }
        (Some(_), _) => "No answer so far; more probes are on their way to be sure.".to_owned(),
        (None, Some(name)) if name.outcome == NameOutcome::Ok => match name.addresses.first() {
            Some(address) => format!("The name leads to {address}; nothing else is measured yet."),
            None => "Nothing is measured yet.".to_owned(),
        },
        (None, Some(name)) if name.outcome != NameOutcome::NotNeeded => not_sure(
            view,
            &format!("lookup of the name ({})", name.outcome.word().replace('_', " ")),
        ),
        (None, _) => "Nothing is measured yet.".to_owned(),
    }
}

/// For a failure that is not a finding yet.
fn not_sure(view: &TargetView<'_>, what: &str) -> String {
    match view.mode {
        Mode::Watch => {
            format!("The last {what} failed; the next ones will tell whether it lasts.")
        }
        Mode::Moment => format!("The {what} failed."),
    }
}

const fn ended(outcome: ConnectOutcome) -> &'static str {
    match outcome {
        ConnectOutcome::Timeout => "no answer",
        other => other.word(),
    }
}

#[cfg(test)]
mod tests;
