//! One connection, as far up the ladder as it is meant to go: TCP, X.224, TLS, CredSSP.

use super::clock::Clock;
use super::connect::{STALL, Stream, connect};
use super::socket::tcp_info;
use super::tls::{HelloResult, drain, is_silence, legacy_hello, modern_hello};
use crate::domain::sample::{
    Attempt, Connect, ConnectOutcome, Hello, LocalFault, Negotiate, NegotiateOutcome, Nla,
    ProbeKind, Tls, TlsOutcome,
};
use crate::domain::security::{FailureCode, SecurityProtocol};
use crate::domain::target::Deadlines;
use crate::domain::time::Now;
use crate::proto::wire::Parse;
use crate::proto::x224::{classify_partial, connection_request, parse_answer};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// A wall clock this much ahead of the monotonic one, in milliseconds, means that the machine was
/// suspended.
const SLEPT: u128 = 2_000;

/// What to connect to and how far to go.
#[derive(Debug, Clone)]
pub struct AttemptPlan {
    /// Where to.
    pub address: SocketAddr,
    /// The dialled name, sent as SNI; `None` when dialled by address.
    pub name: Option<String>,
    /// [`ProbeKind::Connect`], [`ProbeKind::Negotiate`], [`ProbeKind::Tls`] or
    /// [`ProbeKind::Nla`].
    pub depth: ProbeKind,
    /// One deadline per rung.
    pub deadlines: Deadlines,
}

/// Climbs. Cancelled by dropping; every rung ends by its own deadline.
///
/// When this process did not run for a while (stopped, or the machine slept), whatever a peer made
/// of its silence is no finding: the attempt is a local fault then, and shows no higher rung.
pub async fn attempt(plan: &AttemptPlan, clock: Clock) -> Attempt {
    let started = clock.now();
    let mut attempt = climb(plan, clock).await;
    let ended = clock.now();
    if stalled(&attempt, &plan.deadlines) || slept(started, ended) {
        attempt.connect.outcome = ConnectOutcome::LocalError(LocalFault::Stalled);
        attempt.connect.icmp = None;
        attempt.negotiate = None;
        attempt.tls = None;
        attempt.nla = None;
        attempt.socket = None;
    }
    attempt
}

/// Whether a rung took longer than its deadline lets it: its timer fired too late.
fn stalled(attempt: &Attempt, deadlines: &Deadlines) -> bool {
    let late = |elapsed: Duration, deadline: Duration| elapsed > deadline.saturating_add(STALL);
    attempt.negotiate.as_ref().is_some_and(|rung| late(rung.elapsed, deadlines.negotiate))
        || attempt.tls.as_ref().is_some_and(|rung| late(rung.elapsed, deadlines.tls))
}

/// Whether the wall clock went on while the monotonic one stood still: the machine was suspended.
/// A wall clock that somebody sets forward looks the same and costs one attempt.
pub(super) const fn slept(started: Now, ended: Now) -> bool {
    let wall = ended.wall.unix_millis().saturating_sub(started.wall.unix_millis());
    let mono = ended.mono.since(started.mono);
    wall > 0 && Duration::from_millis(wall.unsigned_abs()).saturating_sub(mono).as_millis() > SLEPT
}

async fn climb(plan: &AttemptPlan, clock: Clock) -> Attempt {
    let (connect, stream) = connect(plan.address, plan.deadlines.connect).await;
    let watch = stream.as_ref().and_then(tcp_info::watch);
    let mut attempt = climb_from(plan, connect, stream, clock).await;
    attempt.socket = watch.and_then(|watch| watch.read());
    attempt
}

async fn climb_from(
    plan: &AttemptPlan,
    connect: Connect,
    stream: Option<Stream>,
    clock: Clock,
) -> Attempt {
    let mut attempt =
        Attempt { depth: plan.depth, connect, negotiate: None, tls: None, nla: None, socket: None };
    let Some(stream) = stream.filter(|_| plan.depth != ProbeKind::Connect) else {
        return attempt;
    };
    let (negotiate, stream) = negotiate(plan, stream, clock).await;
    let selected = negotiate.outcome.selected();
    attempt.negotiate = Some(negotiate);
    let Some(mut stream) = stream else { return attempt };
    if plan.depth >= ProbeKind::Tls && selected.is_some_and(SecurityProtocol::starts_tls) {
        let offers_nla = selected.is_some_and(SecurityProtocol::starts_nla);
        let credssp = (plan.depth == ProbeKind::Nla).then_some(plan.deadlines.nla);
        let (tls, nla) = tls(plan, stream, credssp.filter(|_| offers_nla), clock).await;
        attempt.nla = nla.or_else(|| credssp.filter(|_| !offers_nla).map(|_| Nla::not_offered()));
        attempt.tls = Some(tls);
    } else {
        drain(&mut stream).await;
    }
    attempt
}

/// Asks for what a current client offers; a server that insists on CredSSP alone is asked again
/// for that, on a connection of its own.
async fn negotiate(
    plan: &AttemptPlan,
    stream: Stream,
    clock: Clock,
) -> (Negotiate, Option<Stream>) {
    let deadline = plan.deadlines.negotiate;
    let first = ask(stream, SecurityProtocol::OFFERED, deadline, clock).await;
    let insists = first.0.outcome == NegotiateOutcome::Failure(FailureCode::HYBRID_REQUIRED);
    if !insists {
        return first;
    }
    let (_, again) = connect(plan.address, plan.deadlines.connect).await;
    match again {
        Some(stream) => ask(stream, SecurityProtocol::HYBRID, deadline, clock).await,
        None => first,
    }
}

/// One Connection Request and its answer. The stream is handed back when a Confirm with
/// negotiation data came, and closed otherwise.
async fn ask(
    mut stream: Stream,
    asked: SecurityProtocol,
    deadline: Duration,
    clock: Clock,
) -> (Negotiate, Option<Stream>) {
    let start = clock.mono();
    let mut answer = Vec::with_capacity(64);
    let outcome = match timeout(deadline, exchange(&mut stream, asked, &mut answer)).await {
        Ok(outcome) => outcome,
        Err(_) => cut_short(&answer, NegotiateOutcome::Timeout),
    };
    let negotiate =
        Negotiate { asked, outcome, received: answer.len(), elapsed: clock.mono().since(start) };
    if matches!(negotiate.outcome, NegotiateOutcome::Confirmed { .. }) {
        return (negotiate, Some(stream));
    }
    drain(&mut stream).await;
    (negotiate, None)
}

/// Writes the request and reads until the answer is decided.
async fn exchange<S>(
    stream: &mut S,
    asked: SecurityProtocol,
    answer: &mut Vec<u8>,
) -> NegotiateOutcome
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if let Err(error) = stream.write_all(&connection_request(asked)).await {
        return ended(&error);
    }
    let mut chunk = [0_u8; 512];
    loop {
        let wanted = match parse_answer(answer) {
            Parse::Done { value, .. } => return value,
            Parse::NeedMore(total) => total.saturating_sub(answer.len()).clamp(1, chunk.len()),
        };
        let Some(room) = chunk.get_mut(..wanted) else { return NegotiateOutcome::Closed };
        match stream.read(room).await {
            Ok(0) => return cut_short(answer, NegotiateOutcome::Closed),
            Ok(count) => answer.extend_from_slice(room.get(..count).unwrap_or_default()),
            Err(error) => return cut_short(answer, ended(&error)),
        }
    }
}

/// How an answer that never became whole counts: as the way it ended, unless what came was no RDP.
fn cut_short(answer: &[u8], ended: NegotiateOutcome) -> NegotiateOutcome {
    classify_partial(answer).map_or(ended, NegotiateOutcome::Malformed)
}

fn ended(error: &io::Error) -> NegotiateOutcome {
    if is_silence(error) { NegotiateOutcome::Timeout } else { NegotiateOutcome::Reset }
}

/// Both hellos under one deadline. The legacy one needs a connection of its own; where that does
/// not get as far as TLS again, the modern one's outcome stands.
async fn tls(
    plan: &AttemptPlan,
    stream: Stream,
    credssp: Option<Duration>,
    clock: Clock,
) -> (Tls, Option<Nla>) {
    let deadline = plan.deadlines.tls;
    let name = plan.name.as_deref();
    let mut modern = modern_hello(stream, name, plan.address.ip(), deadline, credssp, clock).await;
    let nla = modern.nla.take();
    if !modern.wants_legacy() {
        return (modern.into_tls(Hello::Modern, None), nla);
    }
    let left = deadline.saturating_sub(modern.elapsed);
    let Ok(Some(legacy)) = timeout(left, second_chance(plan, clock)).await else {
        return (modern.into_tls(Hello::Modern, None), nla);
    };
    let modern_outcome: TlsOutcome = modern.outcome;
    (legacy.into_tls(Hello::Legacy, Some(modern_outcome)), nla)
}

/// A new connection up to X.224, then the legacy hello; `None` when it did not get that far.
async fn second_chance(plan: &AttemptPlan, clock: Clock) -> Option<HelloResult> {
    let (_, stream) = connect(plan.address, plan.deadlines.connect).await;
    let (answer, stream) =
        ask(stream?, SecurityProtocol::OFFERED, plan.deadlines.negotiate, clock).await;
    if !answer.outcome.selected().is_some_and(SecurityProtocol::starts_tls) {
        return None;
    }
    Some(legacy_hello(stream?, plan.name.as_deref(), random(), clock).await)
}

/// 32 unpredictable bytes for a `ClientHello`.
fn random() -> [u8; 32] {
    use ring::rand::SecureRandom;
    let mut bytes = [0_u8; 32];
    let _filled = ring::rand::SystemRandom::new().fill(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{MonoTime, WallTime};

    fn closed_after(elapsed: Duration) -> Attempt {
        Attempt {
            depth: ProbeKind::Negotiate,
            connect: Connect {
                address: ([127, 0, 0, 1], 3389).into(),
                outcome: ConnectOutcome::Open,
                icmp: None,
                icmp_is_ours: false,
                elapsed: Duration::from_millis(1),
            },
            negotiate: Some(Negotiate {
                asked: SecurityProtocol::OFFERED,
                outcome: NegotiateOutcome::Closed,
                received: 0,
                elapsed,
            }),
            tls: None,
            nla: None,
            socket: None,
        }
    }

    #[test]
    fn a_peer_that_hung_up_while_this_process_was_stopped_is_not_blamed() {
        let deadlines = Deadlines::default();
        let deadline = deadlines.negotiate;
        assert!(!stalled(&closed_after(deadline), &deadlines));
        assert!(stalled(&closed_after(deadline + Duration::from_secs(30)), &deadlines));
    }

    #[test]
    fn a_suspended_machine_shows_in_the_difference_of_the_clocks() {
        let now = |mono: u64, wall: i64| Now {
            mono: MonoTime::from_secs(mono),
            wall: WallTime::from_unix_secs(wall),
        };
        assert!(!slept(now(1, 100), now(3, 102)));
        assert!(slept(now(1, 100), now(3, 3_702)));
        assert!(!slept(now(1, 100), now(3, 50)), "a wall clock that is set back is no sleep");
    }
}
