//! A host that is there and a port that is not open: `port-closed`, `port-filtered`,
//! `port-rejected`.

use super::failing::{Fails, Verdict, name_others, verdict};
use super::prelude::*;
use super::starting::unless_starting;
use crate::domain::sample::Connect;
use crate::domain::view::Beside;

/// One line on a TCP connect.
pub(super) fn connect_line(connect: &Connect) -> String {
    let to = connect.address;
    let after = span(connect.elapsed);
    let icmp = connect.icmp.map_or_else(String::new, |error| format!(", {error}"));
    match connect.outcome {
        ConnectOutcome::Open => format!("TCP to {to}: open after {after}"),
        ConnectOutcome::Refused if connect.untimed => {
            format!("TCP to {to}: refused (RST), after how long is not known")
        }
        ConnectOutcome::Refused if connect.icmp.is_none() => {
            format!("TCP to {to}: refused (RST) after {after}")
        }
        ConnectOutcome::Refused => format!("TCP to {to}: refused after {after}{icmp}"),
        ConnectOutcome::Timeout => format!("TCP to {to}: no answer in {after}"),
        ConnectOutcome::Unreachable if connect.icmp_is_ours => {
            format!("TCP to {to}: nobody answers for this address on its link, after {after}")
        }
        ConnectOutcome::Unreachable => format!("TCP to {to}: unreachable after {after}{icmp}"),
        ConnectOutcome::Prohibited => format!("TCP to {to}: prohibited after {after}{icmp}"),
        ConnectOutcome::LocalError(fault) => format!("TCP to {to}: {}", fault.text()),
    }
}

/// A line on echo, where it answers.
fn echo_line(view: &TargetView<'_>) -> Option<String> {
    let stats = view.echo.window(view.now.mono, Duration::from_mins(1));
    let last = stats.last?;
    Some(format!(
        "echo: {} of {} answered in the last minute, last {}",
        stats.received,
        stats.sent,
        millis(last)
    ))
}

/// A closed port is policy for some kinds.
fn severity(view: &TargetView<'_>) -> Severity {
    if view.target.kind.port_is_policy() { Severity::Notice } else { Severity::Critical }
}

/// Words for a kind whose port opens on demand.
fn by_policy(view: &TargetView<'_>, what: &str) -> Option<String> {
    view.target.kind.port_is_policy().then(|| {
        format!(
            "Port {} of {} {what} at present, which is usual for its kind.",
            view.target.port,
            name(view)
        )
    })
}

/// RST to SYN.
#[derive(Debug)]
pub(super) struct PortClosed;

static PORT_CLOSED: RuleCard = RuleCard {
    id: RuleId("port-closed"),
    title: "port closed",
    severities: &[Severity::Notice, Severity::Critical],
    owner: Owner::Server,
    rung: Some(Rung::Tcp),
    hysteresis: Hysteresis::TWICE,
    fed_by: CONNECTIONS,
    plain: "Something is there, and it turns Remote Desktop away: likely Remote Desktop is off \
        there.",
    explanation: "The host answers, and refuses the connection with a RST: the service is \
        stopped, Remote Desktop is switched off, it listens on another port, or a firewall refuses \
        in the host's name. These cannot be told apart from outside. For hosts whose port opens \
        only on demand (kinds cloud and jit) it is a state, not an alarm. Of a host that came back \
        from silence less than three minutes ago it is a notice: it is starting. Where connections \
        fail in several ways in turns and none works, the one that tells most is told: another \
        protocol, a firewall's refusal, a RST, silence after the connection, silence before it.",
    disproof: "The port opens from this machine, or from the host's own network while it stays \
        closed from here (then it is a firewall).",
    remedies: &[
        remedies::TEST_FROM_NEAR,
        remedies::START_SERVICE,
        remedies::LISTENER_PORT,
        remedies::ALLOW_CONNECTIONS,
    ],
    explains: &[],
    low_risk: false,
    client_error: client::CONNECT,
    reviewed_when_found: false,
    alerting: Alerting::state_of("port"),
};

impl Rule for PortClosed {
    fn card(&self) -> &'static RuleCard {
        &PORT_CLOSED
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let (attempt, also) = match verdict(view, Fails::Refused) {
            Verdict::Unknown => return Judgement::NoEvidence,
            Verdict::FailsNot => return Judgement::Clear,
            Verdict::Fails { newest, also } => (newest, also),
        };
        let port = view.target.port;
        let sentence = by_policy(view, "is closed").unwrap_or_else(|| {
            format!(
                "{} is up and refuses port {port} (certain): Remote Desktop is off, its service is \
                 stopped, or a firewall refuses for it. Server team: check TermService first.",
                name(view)
            )
        });
        let evidence = Evidence::new(
            severity(view),
            Confidence::Certain,
            format!("port {port} closed"),
            sentence,
        )
        .line(connect_line(&attempt.value.connect))
        .lines(echo_line(view))
        .since(view.attempts.since(closed).map(|at| at.wall));
        let evidence = name_others(also, evidence);
        Judgement::fires(unless_starting(view, &format!("refuses port {port}"), evidence))
    }
}

fn closed(attempt: &Attempt) -> bool {
    matches!(attempt.connect.outcome, ConnectOutcome::Refused) && attempt.connect.icmp.is_none()
}

/// Silence to SYN from a host that is there.
#[derive(Debug)]
pub(super) struct PortFiltered;

static PORT_FILTERED: RuleCard = RuleCard {
    id: RuleId("port-filtered"),
    title: "port filtered",
    severities: &[Severity::Notice, Severity::Critical],
    owner: Owner::Network,
    rung: Some(Rung::Tcp),
    hysteresis: Hysteresis::TWICE,
    fed_by: CONNECTIONS,
    plain: "It is on, and Remote Desktop on it is met with silence: likely a firewall.",
    explanation: "The host answers echo requests (or its network card answers on the own link) \
        while connections to the port are met with silence: a firewall drops them, on the host or \
        on the way. A service that is merely off would refuse. A host that answers nothing at all \
        is another finding, because a firewall that drops ping looks the same as a machine that is \
        off, and so is one that stops answering echo and connections together. For hosts whose port opens only on demand (kinds cloud and jit) it is a state. \
        Of a host that has only just come back from silence it is a notice: it is starting.",
    disproof: "A RST or an open port from this machine; or silence to echo too.",
    remedies: &[
        remedies::TEST_FROM_NEAR,
        remedies::HOST_FIREWALL,
        remedies::NETWORK_FIREWALL,
        remedies::ALLOW_CONNECTIONS,
    ],
    explains: &[],
    low_risk: false,
    client_error: client::CONNECT,
    reviewed_when_found: false,
    alerting: Alerting::state_of("port"),
};

impl Rule for PortFiltered {
    fn card(&self) -> &'static RuleCard {
        &PORT_FILTERED
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let (attempt, also) = match verdict(view, Fails::TimedOut) {
            Verdict::Unknown => return Judgement::NoEvidence,
            Verdict::FailsNot => return Judgement::Clear,
            Verdict::Fails { newest, also } => (newest, also),
        };
        let connect = &attempt.value.connect;
        if !matches!(connect.outcome, ConnectOutcome::Timeout) {
            return Judgement::Clear;
        }
        let (confidence, proof) = match view.echo_beside(attempt.at.mono) {
            Beside::Answers => (Confidence::Certain, echo_line(view)),
            Beside::NotKnown => return Judgement::NoEvidence,
            Beside::Silent => match view.presence() {
                Presence::Unknown => return Judgement::NoEvidence,
                Presence::Silent(silence)
                    if silence.alive_on_link && !view.may_sleep() && !view.stopped_together() =>
                {
                    (
                        Confidence::Likely,
                        Some("neighbour table: reachable, its network card answers".to_owned()),
                    )
                }
                Presence::Silent(_) | Presence::Answers => return Judgement::Clear,
            },
        };
        let port = view.target.port;
        let sentence = by_policy(view, "is not open").unwrap_or_else(|| {
            format!(
                "{} is up, but connections to port {port} get no answer: a firewall drops them \
                 ({}). Network team: compare with a machine on the host's own network first.",
                name(view),
                confidence.word()
            )
        });
        let title = format!("port {port} filtered");
        let evidence = Evidence::new(severity(view), confidence, title, sentence)
            .line(connect_line(connect))
            .lines(proof)
            .since(view.attempts.since(timed_out).map(|at| at.wall));
        let evidence = name_others(also, evidence);
        let fails = format!("does not answer at port {port}");
        Judgement::fires(unless_starting(view, &fails, evidence))
    }
}

fn timed_out(attempt: &Attempt) -> bool {
    matches!(attempt.connect.outcome, ConnectOutcome::Timeout)
}

/// An ICMP error in answer to SYN.
#[derive(Debug)]
pub(super) struct PortRejected;

static PORT_REJECTED: RuleCard = RuleCard {
    id: RuleId("port-rejected"),
    title: "port rejected by a firewall",
    severities: &[Severity::Notice, Severity::Critical],
    owner: Owner::Network,
    rung: Some(Rung::Tcp),
    hysteresis: Hysteresis::TWICE,
    fed_by: CONNECTIONS,
    plain: "A firewall turns Remote Desktop away.",
    explanation: "The connection is answered with an ICMP error that says that it is prohibited, \
        or that the port is unreachable: a firewall refuses it openly. The sender of the error is \
        the firewall, or the host's own when it is the host's address. An ordinary closed port \
        answers with a RST and is another finding.",
    disproof: "The port opens, or is refused with a RST, from this machine.",
    remedies: &[remedies::NETWORK_FIREWALL, remedies::TEST_FROM_NEAR, remedies::HOST_FIREWALL],
    explains: &[],
    low_risk: false,
    client_error: client::CONNECT,
    reviewed_when_found: false,
    alerting: Alerting::state_of("port"),
};

impl Rule for PortRejected {
    fn card(&self) -> &'static RuleCard {
        &PORT_REJECTED
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let (attempt, also) = match verdict(view, Fails::Rejected) {
            Verdict::Unknown => return Judgement::NoEvidence,
            Verdict::FailsNot => return Judgement::Clear,
            Verdict::Fails { newest, also } => (newest, also),
        };
        let connect = &attempt.value.connect;
        let port = view.target.port;
        let from = connect.icmp.and_then(|error| error.from);
        let who = match from {
            Some(from) if from == connect.address.ip() => "the host's own firewall".to_owned(),
            Some(from) => format!("the firewall at {from}"),
            None => "a firewall".to_owned(),
        };
        let sentence = by_policy(view, "is refused").unwrap_or_else(|| {
            format!(
                "Connections to {} port {port} are refused by {who} (certain). {} team: allow this \
                 machine's address.",
                name(view),
                if from == Some(connect.address.ip()) { "Server" } else { "Network" },
            )
        });
        let evidence = Evidence::new(
            severity(view),
            Confidence::Certain,
            format!("port {port} rejected"),
            sentence,
        )
        .line(connect_line(connect))
        .lines(echo_line(view))
        .since(view.attempts.since(|one| one.connect.outcome == connect.outcome).map(|at| at.wall));
        let evidence = name_others(also, evidence);
        Judgement::fires(if from == Some(connect.address.ip()) {
            evidence.owned_by(Owner::Server)
        } else {
            evidence
        })
    }
}
