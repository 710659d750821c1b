//! The one sentence per host.

use super::super::diagnose::fixture::{
    Fixture, at, confirmed, finding, handshake, looked, negotiated, reply, stopped_at_tcp,
};
use super::*;
use crate::domain::finding::{Confidence, Owner};
use crate::domain::history::Timed;
use crate::domain::sample::{ChainTrust, LocalFault};
use crate::domain::security::FailureCode;
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

/// Whom a finding is assigned to may follow a suspicion; whether the host is there may not.
#[test]
fn a_host_is_down_by_what_is_known_of_it_and_not_by_who_looks_first() {
    let mut fixture = Fixture::new();
    fixture.attempt(stopped_at_tcp(SILENT));
    let view = fixture.view();
    let silent = finding("host-unreachable", Severity::Critical, None);
    for owner in [Owner::Network, Owner::Server] {
        let found = |of_the_way| [Finding { owner, of_the_way, ..silent.clone() }];
        assert_eq!(availability_of(&view, &found(false)), Availability::Down);
        assert_eq!(availability_of(&view, &found(true)), Availability::Unknown);
    }
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
    assert!(verdict(&fixture.view(), &notice).starts_with("The gateway gw.corp.lab:443 answers"));

    fixture.gateway(GatewayUsage::Always, looked(GatewayAnswer::Unavailable, ChainTrust::Trusted));
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
    fixture.gateway(GatewayUsage::Always, looked(GatewayAnswer::Challenge, ChainTrust::Trusted));
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
    assert_eq!(said(&fixture), "The gateway gw.corp.lab:443 answered one look and not the other.");
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
