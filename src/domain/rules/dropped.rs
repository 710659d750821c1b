//! The peer hangs up where it would normally go on: `connection-dropped`, `connection-flapping`.
//!
//! A reset and a plain close are one class: a kernel may turn one into the other on the way, and
//! nothing here depends on which it was.

use super::credssp::{Credssp, credssp};
use super::prelude::*;
use super::service::negotiated;
use super::starting::unless_starting;
use crate::domain::history::Timed;
use crate::domain::sample::{NegotiateOutcome, Nla, NlaOutcome, TlsOutcome};

/// Closed before the X.224 answer, or after TLS: the signature of 0x904.
#[derive(Debug)]
pub(super) struct ConnectionDropped;

static CONNECTION_DROPPED: RuleCard = RuleCard {
    id: RuleId("connection-dropped"),
    title: "connection dropped",
    severities: &[Severity::Notice, Severity::Critical],
    owner: Owner::Server,
    rung: Some(Rung::X224),
    hysteresis: Hysteresis { raise: 2, of: 3, clear: 2 },
    fed_by: UP_TO_NLA,
    plain: "It takes connections and hangs up before Remote Desktop begins.",
    explanation: "TCP opens, and the other side closes the connection before Remote Desktop has \
        answered, or answers with a disconnect; or it completes TLS, and closes in place of an \
        answer to CredSSP. That is what the Windows client shows as 0x904, \"socket closed\". A \
        proxy, tunnel, load balancer or broker whose own upstream failed does this, an intrusion \
        prevention system or an allow list does, a server at its connection limit or with a \
        damaged certificate store may. After TLS it may also be a host whose policy refuses NTLM, \
        the only thing the probe can offer without a password: there sign-in by name with Kerberos \
        still works. A close that comes only at the TLS hello is another finding. Of a \
        host that has only just come back from silence it is a notice: it is starting.",
    disproof: "Two X.224 answers in a row from the same address; after TLS, two CredSSP answers.",
    remedies: &[
        remedies::RDP_EVENTS,
        remedies::CERTIFICATE_EVENTS,
        Remedy {
            confirm: Some("qwinsta /server:HOST; Invoke-Command HOST { chglogon /query }"),
            needs: Some("administrator rights on HOST"),
            ..Remedy::new(
                "Check whether the host is at its session limit or draining, and whether a broker, \
                 proxy, tunnel or load balancer in front of it reports a failed upstream.",
                RunOn::Host,
            )
        },
        remedies::TEST_FROM_NEAR,
        remedies::WHO_LISTENS,
        remedies::NETWORK_FIREWALL,
        remedies::RESTART_SERVICE,
        remedies::EXCLUDE_FROM_SCANNING,
    ],
    explains: &["rdp-slow"],
    low_risk: false,
    client_error: client::CLOSED,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for ConnectionDropped {
    fn card(&self) -> &'static RuleCard {
        &CONNECTION_DROPPED
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some((entry, negotiate)) = negotiated(view) else { return Judgement::NoEvidence };
        if !dropped(&entry.value) {
            return match credssp(view, &entry.value, NlaOutcome::hung_up) {
                Credssp::Now(nla) => after_tls(view, &entry.value, nla),
                // Connections that end lower say nothing for or against it.
                Credssp::Before => Judgement::NoEvidence,
                Credssp::No => Judgement::Clear,
            };
        }
        let after = span(negotiate.elapsed);
        let (title, what) = if matches!(negotiate.outcome, NegotiateOutcome::Disconnected) {
            ("answers RDP, hangs up", "answers Remote Desktop and hangs up at once")
        } else {
            ("hangs up", "accepts the connection and hangs up before Remote Desktop answers")
        };
        let sentence = format!(
            "{} {what}, {after} after the request (certain): users see 0x904 (likely). Server \
             team: read the host's RdpCoreTS log; if it shows no connection, something in front of \
             it hung up.",
            name(view)
        );
        let (share, of) = recent_share(view, 5);
        let evidence = Evidence::new(Severity::Critical, Confidence::Certain, title, sentence)
            .line(super::port::connect_line(&entry.value.connect))
            .line(format!(
                "closed by the peer after {after} and {}, before a Connection Confirm",
                count(u64::try_from(negotiate.received).unwrap_or(u64::MAX), "byte")
            ))
            .line(format!("{share} of the last {of} connections ended so"))
            .since(view.attempts.since(dropped).map(|at| at.wall));
        Judgement::fires(unless_starting(view, what, evidence))
    }
}

/// The handshake was whole, and CredSSP was answered with a close.
fn after_tls(view: &TargetView<'_>, attempt: &Attempt, nla: &Nla) -> Judgement {
    let after = span(nla.elapsed);
    let received = count(u64::try_from(nla.received).unwrap_or(u64::MAX), "byte");
    let sentence = format!(
        "{} completes TLS and then ends the connection, {after} after the first CredSSP message \
         (certain): users see 0x904 (likely), unless its policy only refuses NTLM, where sign-in \
         by name with Kerberos still works (possible). Server team: read the host's System and \
         RdpCoreTS logs; if they show no connection, something in front of it hung up.",
        name(view)
    );
    let rungs = || view.attempts.recent().filter_map(|entry| entry.value.nla.as_ref()).take(5);
    let share = rungs().filter(|nla| nla.outcome.hung_up()).count();
    let tls = attempt.tls.as_ref().and_then(|tls| tls.version);
    let evidence =
        Evidence::new(Severity::Critical, Confidence::Certain, "hangs up after TLS", sentence)
            .at_rung(Rung::Nla)
            .lines(tls.map(|version| format!("TLS is fine: {version}, whole handshake")))
            .line(format!(
                "CredSSP: {} after {after} and {received}, before a challenge",
                nla.outcome.text()
            ))
            .line(format!("{share} of the last {} CredSSP answers were so", rungs().count()))
            .since(
                view.attempts
                    .recent()
                    .filter_map(|entry| Some((entry.at.wall, entry.value.nla.as_ref()?)))
                    .take_while(|(_, nla)| nla.outcome.hung_up())
                    .last()
                    .map(|(at, _)| at),
            );
    Judgement::fires(unless_starting(view, "completes TLS and then hangs up", evidence))
}

/// Closed before the X.224 answer, or an MCS disconnect in its place.
fn dropped(attempt: &Attempt) -> bool {
    attempt.negotiate.as_ref().is_some_and(|negotiate| {
        matches!(
            negotiate.outcome,
            NegotiateOutcome::Closed | NegotiateOutcome::Reset | NegotiateOutcome::Disconnected
        )
    })
}

/// How many of the newest `limit` connections were dropped, and how many there are.
fn recent_share(view: &TargetView<'_>, limit: usize) -> (usize, usize) {
    let newest = || view.attempts.recent().take(limit);
    (newest().filter(|entry| dropped(&entry.value)).count(), newest().count())
}

/// Sometimes it works, sometimes it does not.
#[derive(Debug)]
pub(super) struct ConnectionFlapping;

static CONNECTION_FLAPPING: RuleCard = RuleCard {
    id: RuleId("connection-flapping"),
    title: "works only sometimes",
    severities: &[Severity::Critical],
    owner: Owner::Server,
    rung: Some(Rung::X224),
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: UP_TO_NLA,
    plain: "It works at one try and not at the next.",
    explanation: "Attempts from the same machine alternate between success and failure. One bad \
        member behind a load balancer or a name with several machines does this, a service that \
        keeps restarting, a connection limit that is just reached, and a security product that \
        stops some connections. A connection that times out counts where ping was answered all \
        the while and hardly any is lost in the minutes around it: then the port was silent, and \
        not the line; one that opens and gets no answer, where the line does not lose nearly half of \
        all packets. A dead member and a firewall that limits new connections look like that. Of a host \
        that never answers ping they count where all the others open within a second, which those \
        of a lossy line do not. All others that time out are left to the findings on loss and silence. In a single check it means \
        that the retry disagreed with the first attempt.",
    disproof: "Six attempts in a row with the same outcome.",
    remedies: &[
        Remedy {
            confirm: Some("Resolve-DnsName HOST; rdpwatch check --count 20 HOST"),
            ..Remedy::new(
                "If several machines stand behind the name or a load balancer, try each by its \
                 address and take the bad one out.",
                RunOn::Network,
            )
        },
        remedies::RDP_EVENTS,
        remedies::START_SERVICE,
        remedies::EXCLUDE_FROM_SCANNING,
    ],
    explains: &[
        "connection-dropped",
        "port-closed",
        "port-filtered",
        "rdp-silent",
        "tls-handshake-failed",
        "rdp-slow",
    ],
    low_risk: false,
    client_error: client::MAYBE_CLOSED,
    reviewed_when_found: false,
    alerting: Alerting::PASSING,
};

/// So many connections open at once, at least, beside those that time out.
const QUICK: usize = 4;

/// A connection that takes so long lost a SYN, which is sent again after a second.
const RESENT: Duration = Duration::from_millis(900);

/// How many attempts are looked at, and how many there must be.
const LOOKED_AT: usize = 10;
const ENOUGH: usize = 6;

impl Rule for ConnectionFlapping {
    fn card(&self) -> &'static RuleCard {
        &CONNECTION_FLAPPING
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        if view.measured().is_none() {
            return Judgement::NoEvidence;
        }
        match view.mode {
            Mode::Moment => tries(view),
            Mode::Watch => over_time(view),
        }
    }
}

fn tries(view: &TargetView<'_>) -> Judgement {
    if !view.tries_disagree() {
        return Judgement::Clear;
    }
    let lines = view
        .attempts
        .recent()
        .take(2)
        .map(|entry| format!("{}: {}", clock(entry.at.wall), how(&entry.value)));
    let sentence = format!(
        "{} worked in only one of two attempts (certain): sessions start only sometimes. Server \
         team: look for a bad member behind the name, or a service that restarts.",
        name(view)
    );
    Judgement::fires(
        Evidence::new(Severity::Critical, Confidence::Certain, "works 1 of 2", sentence)
            .lines(lines),
    )
}

/// Compares like with like: every attempt up to X.224, then the handshakes of those that went on
/// to TLS, then the answers to CredSSP. An attempt that was not meant to go on says nothing about
/// what is above.
fn over_time(view: &TargetView<'_>) -> Judgement {
    let lowest = in_turns(view, |entry| verdict(view, entry));
    let rungs: [fn(&Attempt) -> Option<bool>; 2] = [Attempt::encrypted, Attempt::authenticates];
    let above = rungs.map(|rung| in_turns(view, |entry| rung(&entry.value)));
    let fires = |judged: &Judgement| matches!(judged, Judgement::Fires(_));
    if fires(&lowest) {
        return lowest;
    }
    above.into_iter().find(fires).unwrap_or(lowest)
}

fn in_turns(view: &TargetView<'_>, verdict: impl Fn(&Timed<Attempt>) -> Option<bool>) -> Judgement {
    let newest: Vec<_> = view
        .attempts
        .recent()
        .filter_map(|entry| Some((entry, verdict(entry)?)))
        .take(LOOKED_AT)
        .collect();
    if newest.len() < ENOUGH {
        return Judgement::NoEvidence;
    }
    let good = newest.iter().filter(|(_, works)| *works).count();
    let bad = newest.len() - good;
    let turns = |pair: &[(_, bool)]| matches!(pair, [(_, one), (_, next)] if one != next);
    let changes = newest.windows(2).filter(|pair| turns(pair)).count();
    if changes < 3 || good < 2 || bad < 2 {
        return Judgement::Clear;
    }
    let silent = newest.iter().all(|(entry, works)| *works || is_unanswered(&entry.value));
    let (failed, first) = if silent {
        let first = "Network team: look for a dead member behind the name, or a firewall that \
                     drops some connections.";
        let beside = if is_quick_or_silent(view) {
            "were not answered, while the others opened at once"
        } else {
            "were not answered, while ping was"
        };
        (beside, first)
    } else {
        (
            "failed",
            "Server team: look for a bad member behind the name, or a service that restarts.",
        )
    };
    let sentence = format!(
        "{} works only sometimes: {bad} of the last {} attempts {failed} (certain), in turns. \
         {first}",
        name(view),
        newest.len()
    );
    let lines = newest
        .iter()
        .take(6)
        .map(|(entry, _)| format!("{}: {}", clock(entry.at.wall), how(&entry.value)));
    let title = format!("fails {bad} of {}", newest.len());
    let first = newest.iter().rfind(|(_, works)| !works).map(|(entry, _)| entry.at.wall);
    let evidence = Evidence::new(Severity::Critical, Confidence::Certain, title, sentence)
        .lines(lines)
        .lines(first.map(|at| format!("the first of these failed at {}", clock(at))))
        .since(first);
    Judgement::fires(if silent {
        evidence.at_rung(Rung::Tcp).owned_by(Owner::Network).client(client::CONNECT)
    } else {
        evidence
    })
}

/// Whether an attempt up to X.224 counts as success or failure; `None` for those that say nothing
/// about the service: silence of the line, and what this machine could not try.
fn verdict(view: &TargetView<'_>, entry: &Timed<Attempt>) -> Option<bool> {
    match entry.value.connect.outcome {
        ConnectOutcome::LocalError(_) | ConnectOutcome::Prohibited => None,
        ConnectOutcome::Timeout | ConnectOutcome::Unreachable => {
            (view.line_was_sound(entry) || is_quick_or_silent(view)).then_some(false)
        }
        ConnectOutcome::Open if is_mute(&entry.value) && view.line_may_mute(entry) => None,
        ConnectOutcome::Refused | ConnectOutcome::Open => Some(entry.value.negotiated()),
    }
}

/// Whether connections to a host that never answered ping open at once or not at all. A connection
/// that times out lost three SYNs: were it by chance, others would have lost one or two, and opened a
/// second or three later.
pub(super) fn is_quick_or_silent(view: &TargetView<'_>) -> bool {
    let pinged = matches!(view.echo_word(), EchoWord::Answers | EchoWord::Stopped);
    if pinged || view.mode == Mode::Moment {
        return false;
    }
    let newest = || view.attempts.recent().take(LOOKED_AT).map(|entry| &entry.value.connect);
    let opened = || newest().filter(|connect| connect.outcome == ConnectOutcome::Open);
    let silent = newest().filter(|connect| connect.outcome == ConnectOutcome::Timeout).count();
    silent >= 2 && opened().count() >= QUICK && opened().all(|connect| connect.elapsed < RESENT)
}

fn is_mute(attempt: &Attempt) -> bool {
    let negotiate = attempt.negotiate.as_ref();
    negotiate.is_some_and(|negotiate| negotiate.outcome == NegotiateOutcome::Timeout)
}

const fn is_unanswered(attempt: &Attempt) -> bool {
    matches!(attempt.connect.outcome, ConnectOutcome::Timeout | ConnectOutcome::Unreachable)
}

/// How an attempt ended, in a few words.
fn how(attempt: &Attempt) -> String {
    let Some(negotiate) = &attempt.negotiate else {
        return format!("tcp {}", attempt.connect.outcome.word());
    };
    match (&attempt.tls, &attempt.nla) {
        (Some(tls), _) if tls.outcome != TlsOutcome::Ok => format!("tls {}", tls.outcome.word()),
        (_, Some(nla)) if nla.outcome != NlaOutcome::NotOffered => {
            format!("nla {}", nla.outcome.word())
        }
        _ => format!("x224 {}", negotiate.outcome.word()),
    }
}
