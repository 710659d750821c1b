//! What it comes to for one target: state, availability, risk, and one plain sentence.

use super::diagnose::can_be_judged;
use super::finding::{ClientError, Finding, Risk, RuleId, Severity};
use super::sample::{
    Attempt, ConnectOutcome, EchoOutcome, GatewayAnswer, GatewayStage, NameOutcome,
    NegotiateOutcome, NeighbourState, Nla, NlaOutcome, Tls, TlsOutcome,
};
use super::security::{FailureCode, SecurityProtocol};
use super::snapshot::{Availability, TargetState};
use super::target::GatewayAddress;
use super::text::excerpt;
use super::time::Now;
use super::view::{Mode, Offline, TargetView};
use std::time::Duration;

/// What is said of a host that sleeps or is off.
pub const ASLEEP: RuleId = RuleId("host-asleep");
const UNREACHABLE: RuleId = RuleId("host-unreachable");

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
    let silent = findings.iter().any(|found| found.rule == ASLEEP || found.rule == UNREACHABLE);
    if waking && (silent || !ever_answered(view)) {
        return TargetState::Waking;
    }
    match headline(view, findings) {
        Some(worst) if worst.severity == Severity::Critical => TargetState::Critical,
        Some(worst) if worst.severity == Severity::Warning => TargetState::Warning,
        _ if findings.iter().any(|finding| finding.rule == ASLEEP) => TargetState::Asleep,
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
    } else if stands(ASLEEP) {
        Availability::Asleep
    } else if stands(UNREACHABLE) {
        Availability::Down
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
    if finding.rule == ASLEEP { finding.risk.max(Risk::Elevated) } else { finding.risk }
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
fn headline<'f>(view: &TargetView<'_>, findings: &'f [Finding]) -> Option<&'f Finding> {
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
        || view.echo.points().rev().take_while(|point| fresh(point.at)).any(|point| {
            matches!(point.outcome, EchoOutcome::Reply { .. } | EchoOutcome::Late { .. })
        })
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
        .is_some_and(|attempt| attempt.works() && !is_refused(attempt))
}

fn is_refused(attempt: &Attempt) -> bool {
    attempt.negotiate.as_ref().is_some_and(|negotiate| match negotiate.outcome {
        NegotiateOutcome::Failure(code) => code != FailureCode::ENTRA_AUTH_REQUIRED,
        _ => false,
    })
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
        (Some(EchoOutcome::Reply { .. } | EchoOutcome::Late { .. }), _) => {
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
mod tests {
    use super::super::diagnose::fixture::{
        Fixture, at, confirmed, finding, handshake, looked, negotiated, reply, stopped_at_tcp,
    };
    use super::*;
    use crate::domain::finding::Confidence;
    use crate::domain::history::Timed;
    use crate::domain::sample::{ChainTrust, LocalFault};
    use crate::domain::target::GatewayUsage;
    use std::net::IpAddr;

    const SILENT: ConnectOutcome = ConnectOutcome::Timeout;

    fn healthy() -> Fixture {
        let mut fixture = Fixture::new();
        fixture.attempt(handshake(TlsOutcome::Ok));
        challenged(&mut fixture);
        fixture
    }

    fn challenged(fixture: &mut Fixture) {
        let value = Nla { outcome: NlaOutcome::Challenge, ..Nla::not_offered() };
        fixture.nla = Some(Timed { at: fixture.now, value });
    }

    fn said(fixture: &Fixture) -> String {
        verdict(&fixture.view(), &[])
    }

    #[test]
    fn nothing_measured_is_neither_green_nor_free_of_risk() {
        let fixture = Fixture::new();
        let view = fixture.view();
        assert_eq!(state_of(&view, &[], false), TargetState::NotMeasured);
        assert_eq!(risk_of(&view, &[]), Risk::Unknown);
        assert_eq!(availability_of(&view, &[]), Availability::Unknown);
        assert_eq!(said(&fixture), "Nothing is measured yet.");
    }

    #[test]
    fn a_risk_is_what_its_heaviest_factor_weighs() {
        let fixture = healthy();
        let findings = [
            finding("dns-slow", Severity::Notice, None),
            finding("port-closed", Severity::Warning, None),
            finding("port-filtered", Severity::Critical, None),
            finding("host-asleep", Severity::Notice, None),
        ];
        let factors = risk_factors(&findings);
        let weights: Vec<(&str, Risk)> =
            factors.iter().map(|factor| (factor.rule.0, factor.weight)).collect();
        assert_eq!(
            weights,
            [
                ("port-filtered", Risk::High),
                ("port-closed", Risk::Elevated),
                ("host-asleep", Risk::Elevated),
            ]
        );
        assert_eq!(risk_of(&fixture.view(), &findings), Risk::High);
        assert_eq!(risk_factors(&findings[..1]), [], "a notice speaks for nothing");
    }

    #[test]
    fn a_target_that_never_answered_is_not_green() {
        let mut fixture = Fixture::new();
        fixture.echoes(&[EchoOutcome::Lost, EchoOutcome::Lost]);
        fixture.attempt(stopped_at_tcp(SILENT));
        assert_eq!(state_of(&fixture.view(), &[], false), TargetState::NotMeasured);
        assert_eq!(risk_of(&fixture.view(), &[]), Risk::Unknown);
    }

    #[test]
    fn a_notice_of_a_host_that_does_not_answer_is_not_green() {
        let mut fixture = Fixture::new();
        fixture.attempt(stopped_at_tcp(SILENT));
        let findings = [finding("host-unreachable", Severity::Notice, None)];
        assert_eq!(state_of(&fixture.view(), &findings, false), TargetState::NotMeasured);
    }

    #[test]
    fn the_worst_finding_makes_state_and_sentence() {
        let fixture = healthy();
        let view = fixture.view();
        for (severity, state, risk) in [
            (Severity::Critical, TargetState::Critical, Risk::High),
            (Severity::Warning, TargetState::Warning, Risk::Elevated),
            (Severity::Notice, TargetState::Ok, Risk::None),
        ] {
            let findings = [finding("x", severity, None)];
            assert_eq!(state_of(&view, &findings, false), state);
            assert_eq!(risk_of(&view, &findings), risk);
            let says = verdict(&view, &findings);
            if severity == Severity::Notice {
                assert!(says.starts_with("Everything up to the sign-in prompt works."), "{says}");
            } else {
                assert_eq!(says, format!("x is {}.", severity.word()));
            }
        }
    }

    #[test]
    fn a_notice_speaks_when_nothing_above_works() {
        let mut fixture = Fixture::new();
        fixture.attempt(stopped_at_tcp(SILENT));
        let findings = [finding("port-filtered", Severity::Notice, None)];
        assert_eq!(verdict(&fixture.view(), &findings), "port-filtered is notice.");
    }

    #[test]
    fn a_sleeper_is_asleep_at_elevated_risk_until_it_should_be_up() {
        let mut fixture = Fixture::new();
        fixture.attempt(stopped_at_tcp(SILENT));
        let view = fixture.view();
        let notice = [finding("host-asleep", Severity::Notice, None)];
        assert_eq!(state_of(&view, &notice, false), TargetState::Asleep);
        assert_eq!(state_of(&view, &notice, true), TargetState::Waking);
        assert_eq!(availability_of(&view, &notice), Availability::Asleep);
        assert_eq!(risk_of(&view, &notice), Risk::Elevated);
        let warning = [finding("host-asleep", Severity::Warning, None)];
        assert_eq!(state_of(&view, &warning, false), TargetState::Warning);
        let down = [finding("host-unreachable", Severity::Critical, None)];
        assert_eq!(availability_of(&view, &down), Availability::Down);
    }

    #[test]
    fn accepted_as_found_does_not_colour_the_row_but_stays_a_risk() {
        let mut fixture = healthy();
        let mut findings = [finding("legacy-security", Severity::Warning, None)];
        findings[0].as_found = true;
        assert_eq!(state_of(&fixture.view(), &findings, false), TargetState::Warning);
        fixture.memory.accepted.insert("legacy-security".into(), at(0).wall);
        assert_eq!(state_of(&fixture.view(), &findings, false), TargetState::Ok);
        assert_eq!(risk_of(&fixture.view(), &findings), Risk::Elevated);
        findings[0].as_found = false;
        assert_eq!(state_of(&fixture.view(), &findings, false), TargetState::Warning);
    }

    #[test]
    fn offline_judges_nobody_and_says_so() {
        let mut fixture = healthy();
        fixture.around.offline =
            Offline::ControlsGone(vec![IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2])]);
        let view = fixture.view();
        assert_eq!(state_of(&view, &[], false), TargetState::Unknown);
        assert_eq!(risk_of(&view, &[]), Risk::Unknown);
        assert_eq!(availability_of(&view, &[]), Availability::Unknown);
        assert_eq!(
            said(&fixture),
            "This monitor is offline: 10.0.0.1 and 1 more stopped answering, so nobody is judged."
        );
    }

    #[test]
    fn green_claims_only_what_was_measured() {
        let mut fixture = Fixture::new();
        fixture.echoes(&[reply(3)]);
        assert_eq!(said(&fixture), "It answers echo requests; RDP is not measured yet.");
        fixture.attempt(stopped_at_tcp(ConnectOutcome::Open));
        assert!(said(&fixture).contains("whether RDP answers is not measured"));
        assert_eq!(risk_of(&fixture.view(), &[]), Risk::Unknown);
        fixture.attempt(confirmed(SecurityProtocol::HYBRID));
        assert!(said(&fixture).contains("the certificate is not measured"));
        assert_eq!(risk_of(&fixture.view(), &[]), Risk::None);
        fixture.attempt(handshake(TlsOutcome::Ok));
        assert!(said(&fixture).contains("NLA is not measured"));
        challenged(&mut fixture);
        assert!(said(&fixture).starts_with("Everything up to the sign-in prompt works."));
        fixture.attempt(confirmed(SecurityProtocol::RDP));
        assert!(said(&fixture).contains("Standard RDP Security"));
    }

    #[test]
    fn a_refusal_that_is_no_finding_yet_is_not_green() {
        let mut fixture = Fixture::new();
        fixture.attempt(negotiated(NegotiateOutcome::Failure(FailureCode::SSL_CERT_NOT_ON_SERVER)));
        assert_eq!(state_of(&fixture.view(), &[], false), TargetState::NotMeasured);
        let mut fixture = Fixture::new();
        fixture.attempt(negotiated(NegotiateOutcome::Failure(FailureCode::ENTRA_AUTH_REQUIRED)));
        assert_eq!(state_of(&fixture.view(), &[], false), TargetState::Ok);
    }

    #[test]
    fn a_failure_that_is_no_finding_yet_is_not_green() {
        let mut fixture = healthy();
        fixture.attempt(handshake(TlsOutcome::Closed));
        assert_eq!(
            said(&fixture),
            "The last TLS handshake (closed) failed; the next ones will tell whether it lasts."
        );
        fixture.attempt(stopped_at_tcp(SILENT));
        assert!(said(&fixture).starts_with("The last connection to port 3389 (no answer) failed"));
        fixture.attempt(stopped_at_tcp(ConnectOutcome::LocalError(LocalFault::TooManyFiles)));
        assert!(said(&fixture).contains("this machine ran out of file descriptors"));
        fixture.attempt(negotiated(NegotiateOutcome::Failure(FailureCode::ENTRA_AUTH_REQUIRED)));
        assert!(said(&fixture).contains("ENTRA_AUTH_REQUIRED_BY_SERVER"));
    }

    #[test]
    fn behind_a_gateway_green_is_its_answer_and_claims_no_more() {
        let mut fixture = Fixture::new();
        fixture.attempt(stopped_at_tcp(SILENT));
        let answers = looked(GatewayAnswer::Challenge, ChainTrust::Trusted);
        fixture.gateway(GatewayUsage::Always, answers.clone());
        let view = fixture.view();
        assert_eq!(state_of(&view, &[], false), TargetState::Ok);
        assert_eq!(risk_of(&view, &[]), Risk::Unknown, "the host behind it is not measured");
        assert_eq!(availability_of(&view, &[]), Availability::Unknown);
        assert_eq!(
            said(&fixture),
            "The gateway gw.corp.lab:443 answers and asks for sign-in. What lies behind it is not \
             measured from here: the host, the account, the policies."
        );
        let notice = [finding("gateway-misused", Severity::Notice, None)];
        assert_eq!(state_of(&fixture.view(), &notice, false), TargetState::Ok);
        assert!(
            verdict(&fixture.view(), &notice).starts_with("The gateway gw.corp.lab:443 answers")
        );

        fixture
            .gateway(GatewayUsage::Always, looked(GatewayAnswer::Unavailable, ChainTrust::Trusted));
        assert_eq!(state_of(&fixture.view(), &[], false), TargetState::NotMeasured);
        assert_eq!(
            said(&fixture),
            "The last look at the gateway gw.corp.lab:443 (unavailable) failed; the next ones will \
             tell whether it lasts."
        );
        fixture.gateway(GatewayUsage::WhenDirectFails, answers);
        assert_eq!(state_of(&fixture.view(), &[], false), TargetState::NotMeasured);
        assert!(said(&fixture).starts_with("The last connection to port 3389 (no answer) failed"));
    }

    #[test]
    fn a_gateway_that_was_not_asked_is_not_green_however_the_host_answers() {
        let mut fixture = healthy();
        fixture
            .gateway(GatewayUsage::Always, looked(GatewayAnswer::Challenge, ChainTrust::Trusted));
        fixture.gateway = crate::domain::history::History::new(8);
        assert_eq!(state_of(&fixture.view(), &[], false), TargetState::NotMeasured);
        assert_eq!(
            said(&fixture),
            "Users go through the gateway gw.corp.lab:443, which is not measured yet."
        );
        assert_eq!(risk_of(&fixture.view(), &[]), Risk::Unknown);
        let mut old = looked(GatewayAnswer::Challenge, ChainTrust::Trusted);
        old.http = None;
        fixture.gateway(GatewayUsage::Always, old);
        assert_eq!(state_of(&fixture.view(), &[], false), TargetState::NotMeasured);
        assert!(said(&fixture).contains("suites of TLS that this program cannot speak"));
    }

    #[test]
    fn a_gateway_that_wavers_within_a_moment_is_not_green() {
        let mut fixture = Fixture::new();
        fixture.mode = Mode::Moment;
        let usage = GatewayUsage::Always;
        fixture.gateway(usage, looked(GatewayAnswer::Timeout, ChainTrust::Trusted));
        assert_eq!(said(&fixture), "The look at the gateway gw.corp.lab:443 (timeout) failed.");
        fixture.gateway(usage, looked(GatewayAnswer::Challenge, ChainTrust::Trusted));
        assert_eq!(state_of(&fixture.view(), &[], false), TargetState::NotMeasured);
        assert_eq!(
            said(&fixture),
            "The gateway gw.corp.lab:443 answered one look and not the other."
        );
    }

    #[test]
    fn behind_a_gateway_an_offline_monitor_judges_nobody() {
        let mut fixture = healthy();
        fixture.neighbour(NeighbourState::Reachable);
        fixture.gateway(GatewayUsage::Always, looked(GatewayAnswer::Timeout, ChainTrust::Trusted));
        fixture.around.offline = Offline::ControlsGone(vec![IpAddr::from([10, 0, 0, 1])]);
        assert_eq!(state_of(&fixture.view(), &[], false), TargetState::Unknown);
    }

    #[test]
    fn an_old_echo_does_not_say_up_but_a_refusal_does() {
        let mut fixture = Fixture::new();
        fixture.echoes(&[reply(3)]);
        assert_eq!(availability_of(&fixture.view(), &[]), Availability::Up);
        fixture.now = at(60);
        assert_eq!(availability_of(&fixture.view(), &[]), Availability::Unknown);
        fixture.attempt(stopped_at_tcp(ConnectOutcome::Refused));
        assert_eq!(availability_of(&fixture.view(), &[]), Availability::Up);
    }

    #[test]
    fn the_worst_finding_that_knows_says_what_the_client_shows() {
        let error = |code| ClientError {
            code,
            extended: Some(7),
            text: "Socket closed",
            likelihood: Confidence::Likely,
        };
        let mut findings = ["a", "b", "c"].map(|id| finding(id, Severity::Critical, None));
        assert_eq!(expected_client_error(&findings), None);
        findings[1].client_error = Some(error(0x904));
        findings[2].client_error = Some(error(0x204));
        assert_eq!(expected_client_error(&findings).map(|error| error.code), Some(0x904));
    }
}
