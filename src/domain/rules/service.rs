//! TCP opens and what comes next is not Remote Desktop: `rdp-silent`, `not-rdp`.

use super::credssp::{Credssp, credssp};
use super::failing::{Fails, Verdict, name_others, verdict};
use super::prelude::*;
use super::starting::unless_starting;
use crate::domain::history::Timed;
use crate::domain::sample::{Negotiate, NegotiateOutcome, Nla, NlaOutcome, NotRdp, OtherProtocol};
use crate::domain::target::Host;
use crate::domain::text::excerpt;

/// TCP accepts, and no X.224 answer comes.
#[derive(Debug)]
pub(super) struct RdpSilent;

static RDP_SILENT: RuleCard = RuleCard {
    id: RuleId("rdp-silent"),
    title: "accepts and says nothing",
    severities: &[Severity::Notice, Severity::Critical],
    owner: Owner::Server,
    rung: Some(Rung::X224),
    hysteresis: Hysteresis::TWICE,
    fed_by: UP_TO_NLA,
    plain: "It takes connections, and Remote Desktop says nothing: it hangs or is still \
        starting, likely.",
    explanation: "The TCP connection opens, and the X.224 request gets no answer before the \
        deadline: the service hangs, the machine is starting up or starved, a port proxy or an \
        access gateway answers for a PC that is not there, or a security product holds the \
        connection. A SYN-ACK is not Remote Desktop. The request is 19 bytes, so packet size is \
        not the cause. A host that completes TLS and then leaves CredSSP unanswered is found here \
        too: its security authority (LSASS) hangs, or cannot reach a domain controller. Of a host \
        that has only just come back from silence it is a notice: it is starting.",
    disproof: "One X.224 Connection Confirm from the same address; after TLS, one CredSSP answer.",
    remedies: &[
        remedies::RDP_EVENTS,
        remedies::WHO_LISTENS,
        remedies::RESTART_SERVICE,
        remedies::EXCLUDE_FROM_SCANNING,
    ],
    explains: &["rdp-slow"],
    low_risk: false,
    client_error: client::SILENT,
    reviewed_when_found: false,
    alerting: Alerting::state_of("port"),
};

impl Rule for RdpSilent {
    fn card(&self) -> &'static RuleCard {
        &RDP_SILENT
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let (entry, also) = match verdict(view, Fails::NoX224Answer) {
            Verdict::Unknown => return Judgement::NoEvidence,
            Verdict::FailsNot => return above_x224(view),
            Verdict::Fails { newest, also } => (newest, also),
        };
        if view.mode == Mode::Watch && view.line_may_mute(entry) {
            return Judgement::NoEvidence;
        }
        let Some(negotiate) = &entry.value.negotiate else { return Judgement::NoEvidence };
        let sentence = format!(
            "{} accepts the connection but Remote Desktop does not answer in {} (certain): its \
             service hangs, or something else answers for it. Server team: look at the host's \
             RdpCoreTS log first.",
            name(view),
            span(negotiate.elapsed)
        );
        let mut evidence = Evidence::new(
            Severity::Critical,
            Confidence::Certain,
            "accepts, says nothing",
            sentence,
        )
        .line(super::port::connect_line(&entry.value.connect))
        .line(format!(
            "X.224: {} received in {}",
            count(u64::try_from(negotiate.received).unwrap_or(u64::MAX), "byte"),
            span(negotiate.elapsed)
        ))
        .since(view.attempts.since(silent).map(|at| at.wall));
        if entry.value.connect.address.ip().is_loopback() && view.is_self() {
            evidence = evidence.line(
                "the address is this machine's own: where it is the near end of a tunnel, the far \
                 end may be gone",
            );
        }
        let evidence = name_others(also, evidence);
        let fails = format!("accepts at port {} and says nothing", view.target.port);
        Judgement::fires(unless_starting(view, &fails, evidence))
    }
}

/// X.224 is answered, or fails in another way.
fn above_x224(view: &TargetView<'_>) -> Judgement {
    let Some((entry, negotiate)) = negotiated(view) else { return Judgement::NoEvidence };
    if matches!(negotiate.outcome, NegotiateOutcome::Timeout) {
        return Judgement::Clear;
    }
    match credssp(view, &entry.value, |outcome| outcome == NlaOutcome::Timeout) {
        Credssp::Now(nla) => silent_after_tls(view, entry, nla),
        // Connections that end lower say nothing for or against it.
        Credssp::Before => Judgement::NoEvidence,
        Credssp::No => Judgement::Clear,
    }
}

fn silent_after_tls(view: &TargetView<'_>, entry: &Timed<Attempt>, nla: &Nla) -> Judgement {
    let sentence = format!(
        "{} completes TLS and then leaves CredSSP unanswered for {} (certain): nobody can sign in \
         (likely). Server team: look at its security authority (LSASS) and whether it reaches a \
         domain controller.",
        name(view),
        span(nla.elapsed)
    );
    let evidence =
        Evidence::new(Severity::Critical, Confidence::Certain, "silent after TLS", sentence)
            .at_rung(Rung::Nla)
            .line(super::port::connect_line(&entry.value.connect))
            .line(format!(
                "CredSSP: {} received in {}",
                count(u64::try_from(nla.received).unwrap_or(u64::MAX), "byte"),
                span(nla.elapsed)
            ))
            .since(Some(entry.at.wall));
    Judgement::fires(unless_starting(view, "leaves CredSSP unanswered", evidence))
}

fn silent(attempt: &Attempt) -> bool {
    attempt
        .negotiate
        .as_ref()
        .is_some_and(|negotiate| matches!(negotiate.outcome, NegotiateOutcome::Timeout))
}

/// The newest connection and its X.224 rung; `None` when it did not get there.
pub(super) fn negotiated<'a>(view: &TargetView<'a>) -> Option<(&'a Timed<Attempt>, &'a Negotiate)> {
    let entry = view.settled()?;
    Some((entry, entry.value.negotiate.as_ref()?))
}

/// Something else answers.
#[derive(Debug)]
pub(super) struct NotRdpAnswers;

/// Where an address is dialled, no name can lead astray.
static NOT_RDP_BY_ADDRESS: &[Remedy] =
    &[remedies::WHO_LISTENS, remedies::LISTENER_PORT, remedies::NETWORK_FIREWALL];

static NOT_RDP: RuleCard = RuleCard {
    id: RuleId("not-rdp"),
    title: "not Remote Desktop",
    severities: &[Severity::Critical],
    owner: Owner::Server,
    rung: Some(Rung::X224),
    hysteresis: Hysteresis::TWICE,
    fed_by: CONNECTIONS,
    plain: "Something answers in its place, and it is not Remote Desktop.",
    explanation: "The port answers with bytes that are no X.224 Connection Confirm: another \
        program took the port, the connection was redirected to a portal or a proxy, or the name \
        leads to another machine. Known protocols are named by their first bytes.",
    disproof: "One X.224 Connection Confirm from the same address and port.",
    remedies: &[
        remedies::WHO_LISTENS,
        remedies::LISTENER_PORT,
        remedies::FLUSH_NAMES,
        remedies::NETWORK_FIREWALL,
    ],
    explains: &["rdp-slow"],
    low_risk: false,
    client_error: client::PROTOCOL,
    reviewed_when_found: false,
    alerting: Alerting::state_of("port"),
};

impl Rule for NotRdpAnswers {
    fn card(&self) -> &'static RuleCard {
        &NOT_RDP
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let (entry, also) = match verdict(view, Fails::NotRdp) {
            Verdict::Unknown => return Judgement::NoEvidence,
            Verdict::FailsNot if negotiated(view).is_none() => return Judgement::NoEvidence,
            Verdict::FailsNot => return Judgement::Clear,
            Verdict::Fails { newest, also } => (newest, also),
        };
        let Some(negotiate) = &entry.value.negotiate else { return Judgement::NoEvidence };
        let NegotiateOutcome::Malformed(answer) = &negotiate.outcome else {
            return Judgement::Clear;
        };
        let what = what(answer.protocol);
        let sentence = format!(
            "Port {} of {} answers, but with {what}, not Remote Desktop (certain). Server team: \
             find out which program has the port.",
            view.target.port,
            name(view),
        );
        let title = match answer.protocol.name() {
            Some(protocol) => format!("{protocol} answers"),
            None => "not Remote Desktop".to_owned(),
        };
        let by_address = matches!(view.target.host, Host::Address(..));
        let evidence = Evidence::new(Severity::Critical, Confidence::Certain, title, sentence)
            .remedied(by_address.then_some(NOT_RDP_BY_ADDRESS))
            .line(super::port::connect_line(&entry.value.connect))
            .line(format!(
                "X.224: {} at byte {}, after {}",
                excerpt(answer.reason, 80),
                answer.offset,
                span(negotiate.elapsed)
            ))
            .lines(head_line(answer))
            .since(view.attempts.since(is_not_rdp).map(|at| at.wall));
        Judgement::fires(name_others(also, evidence))
    }
}

fn is_not_rdp(attempt: &Attempt) -> bool {
    attempt
        .negotiate
        .as_ref()
        .is_some_and(|negotiate| matches!(negotiate.outcome, NegotiateOutcome::Malformed(_)))
}

const fn what(protocol: OtherProtocol) -> &'static str {
    match protocol {
        OtherProtocol::Http => "a web server (HTTP)",
        OtherProtocol::Ssh => "an SSH server",
        OtherProtocol::Tls => "a TLS record without RDP in front",
        OtherProtocol::Vnc => "a VNC server",
        OtherProtocol::Greeting => "a mail or file server's greeting (SMTP, FTP)",
        OtherProtocol::BadTpkt => "a packet whose lengths contradict each other (bad TPKT)",
        OtherProtocol::Unknown => "bytes of an unknown protocol",
    }
}

/// The first bytes, as text where they are text.
fn head_line(answer: &NotRdp) -> Option<String> {
    let head = answer.head.get(..answer.head.len().min(32)).filter(|head| !head.is_empty())?;
    let text = head.iter().all(|byte| matches!(byte, 0x20..=0x7e | b'\r' | b'\n' | b'\t'));
    Some(if text {
        let text: String = head.iter().map(|byte| char::from(*byte)).collect();
        format!("it begins with {}", quoted(text.trim_end()))
    } else {
        let hex: Vec<String> = head.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        format!("it begins with {}", hex.join(" "))
    })
}
