//! One connection, as far up the ladder as it is meant to go: TCP, X.224, TLS, CredSSP.

use super::clock::Clock;
use super::connect::{STALL, Stream, close, connect, linger};
use super::random::random;
use super::recorder::{CLOSED, CLOSED_BY_US, RESET, Recorder, SILENT};
use super::socket::fault::is_silence;
use super::socket::tcp_info;
use super::tls::{HelloResult, Line, Until, hand_made_hello, modern_hello};
use crate::domain::finding::Rung;
use crate::domain::sample::{
    Afterwards, Attempt, Connect, ConnectOutcome, Hello, LocalFault, Negotiate, NegotiateOutcome,
    Nla, ProbeKind, SweepAnswer, Tls, TlsOutcome,
};
use crate::domain::security::{FailureCode, SecurityProtocol};
use crate::domain::target::Deadlines;
use crate::domain::time::Now;
use crate::proto::tls_hello::{Offer, client_hello, hello};
use crate::proto::wire::Parse;
use crate::proto::x224::{MAX_PACKET, classify_partial, connection_request, parse_answer};
use std::borrow::Cow;
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
    let mut climb = Climb::new(plan, clock);
    let mut attempt = climb.run().await;
    let ended = clock.now();
    if climb.late || stalled(&attempt, &plan.deadlines) || slept(started, ended) {
        attempt.connect.outcome = ConnectOutcome::LocalError(LocalFault::Stalled);
        attempt.connect.icmp = None;
        attempt.negotiate = None;
        attempt.tls = None;
        attempt.nla = None;
        attempt.socket = None;
        climb.recorder.event(Rung::Tcp, "this process did not run meanwhile: all of this is void");
    }
    attempt.transcript = climb.recorder.finish();
    attempt
}

/// Whether something took longer than its deadline lets it: its timer fired too late.
fn late(elapsed: Duration, deadline: Duration) -> bool {
    elapsed > deadline.saturating_add(STALL)
}

/// Whether a rung did.
fn stalled(attempt: &Attempt, deadlines: &Deadlines) -> bool {
    attempt.negotiate.as_ref().is_some_and(|rung| late(rung.elapsed, deadlines.negotiate))
        || attempt.tls.as_ref().is_some_and(|rung| late(rung.elapsed, deadlines.tls))
        || attempt.nla.as_ref().is_some_and(|rung| late(rung.elapsed, deadlines.nla))
}

/// Whether the wall clock went on while the monotonic one stood still: the machine was suspended.
/// A wall clock that somebody sets forward looks the same and costs one attempt.
pub(super) const fn slept(started: Now, ended: Now) -> bool {
    let wall = ended.wall.unix_millis().saturating_sub(started.wall.unix_millis());
    let mono = ended.mono.since(started.mono);
    wall > 0 && Duration::from_millis(wall.unsigned_abs()).saturating_sub(mono).as_millis() > SLEPT
}

/// One climb, over all the connections that it takes.
#[derive(Debug)]
pub(super) struct Climb<'a> {
    plan: &'a AttemptPlan,
    clock: Clock,
    recorder: Recorder,
    /// What is asked for: CredSSP alone, once the host insisted on it.
    asked: SecurityProtocol,
    /// A hello was sent.
    reached_tls: bool,
    /// An X.224 timer fired too late, on whichever connection.
    late: bool,
}

/// An X.224 answer that TLS may follow on the same connection.
type Confirmed = Line<Stream>;

impl<'a> Climb<'a> {
    /// Before the first connection.
    pub(super) fn new(plan: &'a AttemptPlan, clock: Clock) -> Self {
        Self::asking(plan, SecurityProtocol::OFFERED, clock)
    }

    /// The same, where it is known what to ask for.
    pub(super) fn asking(plan: &'a AttemptPlan, asked: SecurityProtocol, clock: Clock) -> Self {
        Self { plan, clock, recorder: Recorder::new(clock), asked, reached_tls: false, late: false }
    }

    /// What the next climb to the same host asks for.
    pub(super) const fn asked(&self) -> SecurityProtocol {
        self.asked
    }

    /// Whether a hello was sent, on whichever connection.
    pub(super) const fn reached_tls(&self) -> bool {
        self.reached_tls
    }

    /// One hand-made hello on a connection of its own, and the `ServerHello` that answers it.
    pub(super) async fn offer(&mut self, offer: Offer) -> SweepAnswer {
        let (found, stream) = self.open().await;
        let Some(stream) = stream else { return SweepAnswer::NotReached };
        let (answer, line) = self.negotiate(stream, linger(found.elapsed)).await;
        let starts_tls = answer.outcome.selected().is_some_and(SecurityProtocol::starts_tls);
        let Some(line) = line.filter(|_| starts_tls) else { return SweepAnswer::NotReached };
        self.reached_tls = true;
        let hello = hello(&random(), self.plan.name.as_deref(), offer);
        let (until, what) = (Until::ServerHello, "ClientHello of the sweep");
        let (clock, recorder) = (self.clock, &mut self.recorder);
        let result = hand_made_hello(line, &hello, what, until, clock, recorder).await;
        match (result.version, result.cipher, result.outcome) {
            (Some(version), Some(cipher), _) => SweepAnswer::Taken(version, cipher),
            (_, _, TlsOutcome::Alert(code)) => SweepAnswer::Alert(code),
            (_, _, TlsOutcome::Reset | TlsOutcome::Closed) => SweepAnswer::Closed,
            (_, _, TlsOutcome::Timeout) => SweepAnswer::Timeout,
            (_, _, TlsOutcome::Malformed(_) | TlsOutcome::Ok | TlsOutcome::Unsupported) => {
                SweepAnswer::Malformed
            }
        }
    }

    async fn run(&mut self) -> Attempt {
        let (connect, stream) = self.open().await;
        let watch = stream.as_ref().and_then(tcp_info::watch);
        let attempt = Attempt::new(self.plan.depth, connect);
        let mut attempt = self.climb_on(attempt, stream).await;
        attempt.socket = watch.and_then(tcp_info::Watch::read);
        attempt
    }

    /// Climbs on from TCP.
    async fn climb_on(&mut self, mut attempt: Attempt, stream: Option<Stream>) -> Attempt {
        let plan = self.plan;
        let Some(stream) = stream.filter(|_| plan.depth != ProbeKind::Connect) else {
            return attempt;
        };
        let linger = linger(attempt.connect.elapsed);
        let (negotiate, confirmed) = self.negotiate(stream, linger).await;
        let selected = negotiate.outcome.selected();
        attempt.negotiate = Some(negotiate);
        let Some(mut line) = confirmed else { return attempt };
        if plan.depth >= ProbeKind::Tls && selected.is_some_and(SecurityProtocol::starts_tls) {
            let offers_nla = selected.is_some_and(SecurityProtocol::starts_nla);
            let credssp = (plan.depth == ProbeKind::Nla).then_some(plan.deadlines.nla);
            // What follows the handshake is written while its end is still under way.
            let _slower = line.stream.set_nodelay(true);
            let (tls, nla) = self.tls(line, credssp.filter(|_| offers_nla)).await;
            let not_offered = credssp.filter(|_| !offers_nla).map(|_| Nla::not_offered());
            attempt.nla = nla.or(not_offered);
            attempt.tls = Some(tls);
        } else {
            self.close(&mut line.stream, line.linger).await;
        }
        attempt
    }

    /// A further connection of this climb.
    async fn open(&mut self) -> (Connect, Option<Stream>) {
        self.recorder.connection();
        let (found, stream) = connect(self.plan.address, self.plan.deadlines.connect).await;
        self.recorder.event(Rung::Tcp, connect_words(&found));
        (found, stream)
    }

    /// Asks for what a current client offers; a server that insists on CredSSP alone is asked
    /// again for that, on a connection of its own.
    async fn negotiate(
        &mut self,
        stream: Stream,
        linger: Duration,
    ) -> (Negotiate, Option<Confirmed>) {
        let first = self.ask(stream, self.asked, linger).await;
        let insists = first.0.outcome == NegotiateOutcome::Failure(FailureCode::HYBRID_REQUIRED);
        if !insists || self.asked == SecurityProtocol::HYBRID {
            return first;
        }
        self.asked = SecurityProtocol::HYBRID;
        match self.open().await {
            (_, Some(stream)) => self.ask(stream, self.asked, linger).await,
            (_, None) => first,
        }
    }

    /// One Connection Request and its answer. The stream is handed back when a Confirm with
    /// negotiation data came, and closed otherwise.
    async fn ask(
        &mut self,
        mut stream: Stream,
        asked: SecurityProtocol,
        linger: Duration,
    ) -> (Negotiate, Option<Confirmed>) {
        let start = self.clock.mono();
        let request = connection_request(asked);
        self.recorder.sent(Rung::X224, request_words(asked), &request);
        let mut answer = Vec::with_capacity(64);
        let exchanged = exchange(&mut stream, &request, &mut answer);
        let (outcome, consumed) = match timeout(self.plan.deadlines.negotiate, exchanged).await {
            Ok(ended) => ended,
            Err(_) => (cut_short(&answer, NegotiateOutcome::Timeout), answer.len()),
        };
        let elapsed = self.clock.mono().since(start);
        self.late |= late(elapsed, self.plan.deadlines.negotiate);
        let early = answer.split_off(consumed.min(answer.len()));
        self.write_down(&outcome, &answer);
        let negotiate = Negotiate { asked, outcome, received: answer.len(), elapsed };
        if matches!(negotiate.outcome, NegotiateOutcome::Confirmed { .. }) {
            return (negotiate, Some(Line { stream, early, linger }));
        }
        match negotiate.outcome {
            NegotiateOutcome::Closed | NegotiateOutcome::Reset => close(&mut stream, linger).await,
            _ => self.close(&mut stream, linger).await,
        }
        (negotiate, None)
    }

    /// Closes a connection that the peer had left open.
    async fn close(&mut self, stream: &mut Stream, linger: Duration) {
        self.recorder.event(Rung::Tcp, CLOSED_BY_US);
        close(stream, linger).await;
    }

    fn write_down(&mut self, outcome: &NegotiateOutcome, answer: &[u8]) {
        if !answer.is_empty() {
            self.recorder.received(Rung::X224, answer_words(outcome), answer);
        }
        match outcome {
            NegotiateOutcome::Timeout => {
                self.recorder.event(Rung::X224, SILENT);
            }
            NegotiateOutcome::Closed => self.recorder.event(Rung::X224, CLOSED),
            NegotiateOutcome::Reset => self.recorder.event(Rung::X224, RESET),
            _ => {}
        }
    }

    /// Both hellos under one deadline, each on a connection of its own. Where neither gets an
    /// answer that decides, X.224 is asked once more for what needs no key.
    async fn tls(&mut self, line: Confirmed, credssp: Option<Duration>) -> (Tls, Option<Nla>) {
        let deadline = self.plan.deadlines.tls;
        let name = self.plan.name.as_deref();
        let (address, clock, again) = (self.plan.address.ip(), self.clock, line.linger);
        let recorder = &mut self.recorder;
        let mut modern =
            modern_hello(line, name, address, deadline, credssp, clock, recorder).await;
        let nla = modern.nla.take();
        if !modern.wants_another() {
            return (modern.into_tls(Hello::Modern, None, None), nla);
        }
        let left = deadline.saturating_sub(modern.elapsed);
        let legacy = timeout(left, self.legacy(again)).await.unwrap_or_else(|_| {
            self.recorder.event(Rung::Tls, SILENT);
            None
        });
        let died = modern.died_silently() && legacy.as_ref().is_none_or(HelloResult::died_silently);
        let afterwards = if died { self.afterwards(again).await } else { None };
        let tls = match legacy {
            Some(legacy) => legacy.into_tls(Hello::Legacy, Some(modern.outcome), afterwards),
            None => modern.into_tls(Hello::Modern, None, afterwards),
        };
        (tls, nla)
    }

    /// A new connection up to X.224, then the legacy hello; `None` when it did not get that far.
    async fn legacy(&mut self, linger: Duration) -> Option<HelloResult> {
        let (_, stream) = self.open().await;
        let (answer, line) = self.ask(stream?, self.asked, linger).await;
        if !answer.outcome.selected().is_some_and(SecurityProtocol::starts_tls) {
            return None;
        }
        let hello = client_hello(&random(), self.plan.name.as_deref());
        let (until, what) = (Until::Certificate, "ClientHello, legacy");
        Some(hand_made_hello(line?, &hello, what, until, self.clock, &mut self.recorder).await)
    }

    /// A new connection that asks for Standard RDP Security alone. `None` when this machine could
    /// not try.
    async fn afterwards(&mut self, linger: Duration) -> Option<Afterwards> {
        let (connect, stream) = self.open().await;
        if matches!(connect.outcome, ConnectOutcome::LocalError(_)) {
            return None;
        }
        let Some(stream) = stream else { return Some(Afterwards::Dropped) };
        let (answer, line) = self.ask(stream, SecurityProtocol::RDP, linger).await;
        if let Some(mut line) = line {
            self.close(&mut line.stream, line.linger).await;
        }
        Some(match answer.outcome {
            NegotiateOutcome::Confirmed { .. }
            | NegotiateOutcome::Failure(_)
            | NegotiateOutcome::NoNegotiation => Afterwards::Answered,
            _ => Afterwards::Dropped,
        })
    }
}

fn connect_words(connect: &Connect) -> Cow<'static, str> {
    let words = match connect.outcome {
        ConnectOutcome::Open => "open",
        ConnectOutcome::Refused => "refused",
        ConnectOutcome::Timeout => "no answer until the deadline",
        ConnectOutcome::Unreachable => "unreachable",
        ConnectOutcome::Prohibited => "prohibited by a firewall",
        ConnectOutcome::LocalError(fault) => fault.text(),
    };
    match connect.icmp {
        Some(icmp) => Cow::Owned(format!("{words}, {icmp}")),
        None => Cow::Borrowed(words),
    }
}

const fn request_words(asked: SecurityProtocol) -> &'static str {
    match asked {
        SecurityProtocol::OFFERED => "Connection Request, asks for TLS or CredSSP (0x0b)",
        SecurityProtocol::HYBRID => "Connection Request, asks for CredSSP alone (0x02)",
        _ => "Connection Request, asks for Standard RDP Security (0x00)",
    }
}

fn answer_words(outcome: &NegotiateOutcome) -> Cow<'static, str> {
    Cow::Borrowed(match outcome {
        NegotiateOutcome::Confirmed { selected: SecurityProtocol::HYBRID_EX, .. } => {
            "Connection Confirm, selects hybrid_ex"
        }
        NegotiateOutcome::Confirmed { selected: SecurityProtocol::HYBRID, .. } => {
            "Connection Confirm, selects hybrid"
        }
        NegotiateOutcome::Confirmed { selected: SecurityProtocol::SSL, .. } => {
            "Connection Confirm, selects ssl"
        }
        NegotiateOutcome::Confirmed { selected, .. } => {
            return Cow::Owned(format!("Connection Confirm, selects {selected}"));
        }
        NegotiateOutcome::Failure(code) => {
            return Cow::Owned(format!("Negotiation Failure, {code}"));
        }
        NegotiateOutcome::NoNegotiation => "Connection Confirm without negotiation data",
        NegotiateOutcome::Disconnected => "Disconnect",
        NegotiateOutcome::Malformed(bytes) => {
            return Cow::Owned(format!("{} at byte {}", bytes.reason, bytes.offset));
        }
        NegotiateOutcome::Timeout | NegotiateOutcome::Reset | NegotiateOutcome::Closed => {
            "part of an answer"
        }
    })
}

/// Writes the request and reads until the answer is decided; how much of what was read belongs to
/// it.
async fn exchange<S>(
    stream: &mut S,
    request: &[u8],
    answer: &mut Vec<u8>,
) -> (NegotiateOutcome, usize)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if let Err(error) = stream.write_all(request).await {
        return (ended(&error), 0);
    }
    let mut chunk = [0_u8; MAX_PACKET];
    loop {
        if let Parse::Done { value, consumed } = parse_answer(answer) {
            let malformed = matches!(value, NegotiateOutcome::Malformed(_));
            return (value, if malformed { answer.len() } else { consumed });
        }
        let end = match stream.read(&mut chunk).await {
            Ok(0) => NegotiateOutcome::Closed,
            Ok(count) => {
                answer.extend_from_slice(chunk.get(..count).unwrap_or_default());
                continue;
            }
            Err(error) => ended(&error),
        };
        return (cut_short(answer, end), answer.len());
    }
}

/// How an answer that never became whole counts: as the way it ended, unless what came was no RDP.
fn cut_short(answer: &[u8], ended: NegotiateOutcome) -> NegotiateOutcome {
    classify_partial(answer).map_or(ended, NegotiateOutcome::Malformed)
}

fn ended(error: &io::Error) -> NegotiateOutcome {
    if is_silence(error) { NegotiateOutcome::Timeout } else { NegotiateOutcome::Reset }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{MonoTime, WallTime};
    use crate::proto::x224::connection_confirm;

    fn closed_after(elapsed: Duration) -> Attempt {
        let connect = Connect {
            address: ([127, 0, 0, 1], 3389).into(),
            outcome: ConnectOutcome::Open,
            icmp: None,
            icmp_is_ours: false,
            elapsed: Duration::from_millis(1),
            untimed: false,
        };
        let negotiate = Some(Negotiate {
            asked: SecurityProtocol::OFFERED,
            outcome: NegotiateOutcome::Closed,
            received: 0,
            elapsed,
        });
        Attempt { negotiate, ..Attempt::new(ProbeKind::Negotiate, connect) }
    }

    #[test]
    fn a_peer_that_hung_up_while_this_process_was_stopped_is_not_blamed() {
        let deadlines = Deadlines::default();
        let deadline = deadlines.negotiate;
        assert!(!stalled(&closed_after(deadline), &deadlines));
        assert!(stalled(&closed_after(deadline + Duration::from_secs(30)), &deadlines));
    }

    /// The first connection is hung up on at the hello; while the second waits for its X.224
    /// answer, this process stops.
    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "this is the stop: nothing runs meanwhile")]
    async fn a_stop_during_a_further_connection_is_not_blamed_on_the_peer_either() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let negotiate = Duration::from_millis(100);
        let plan = AttemptPlan {
            address: listener.local_addr().unwrap(),
            name: None,
            depth: ProbeKind::Tls,
            deadlines: Deadlines { negotiate, ..Deadlines::default() },
        };
        let host = async {
            let mut unread = [0; 4096];
            let (mut first, _) = listener.accept().await.unwrap();
            let _request = first.read(&mut unread).await.unwrap();
            let confirm = connection_confirm(SecurityProtocol::SSL, 0);
            first.write_all(&confirm).await.unwrap();
            let _hello = first.read(&mut unread).await.unwrap();
            drop(first);
            let (second, _) = listener.accept().await.unwrap();
            second.readable().await.unwrap();
            std::thread::sleep(negotiate + STALL * 2);
            second
        };
        let (attempt, _open) = tokio::join!(attempt(&plan, Clock::start()), host);
        assert_eq!(attempt.connect.outcome, ConnectOutcome::LocalError(LocalFault::Stalled));
        assert!(attempt.negotiate.is_none() && attempt.tls.is_none(), "{attempt:?}");
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
