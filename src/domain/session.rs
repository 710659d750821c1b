//! The Remote Desktop sessions of this machine itself, as its own TCP sockets show them, or the log
//! of its client.
//!
//! Looks at the sockets go in, about one a second; what began and what ended comes out. A close by
//! this side and a close by the host are ordinary. What vanishes while the host left repetitions
//! unanswered has dropped. What vanishes between two looks without any such sign may as well have
//! been closed: that alone is not called a drop.

use super::client_log::ClientReason;
use super::clocks;
use super::thresholds::DroppedThresholds;
use super::time::{MonoTime, Now};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

/// Without a look for this long nothing is known of what went on: sleep, or a stalled program.
const BLIND: Duration = Duration::from_secs(10);
/// Sessions followed of one target.
const MOST: usize = 16;
/// Ends kept of one target.
const KEPT: usize = 8;

/// How far a socket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SocketState {
    /// Established.
    Established,
    /// This machine closed it first.
    ClosedHere,
    /// The host closed it first.
    ClosedByPeer,
}

/// One TCP socket of another program of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenSocket {
    /// This machine's end.
    pub local: SocketAddr,
    /// How far it is.
    pub state: SocketState,
    /// Repetitions and keep-alives in a row that the host did not answer.
    pub unanswered: u8,
    /// When something last came from the host, before the look.
    pub heard_ago: Duration,
    /// Whether the host ever sent data.
    pub received: bool,
}

/// All sockets to one target at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionLook {
    /// The address and port that they lead to.
    pub peer: SocketAddr,
    /// The sockets, those of this program left out.
    pub sockets: Vec<SeenSocket>,
}

/// How a session ended, as far as it could be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionEnd {
    /// This machine closed it.
    ClosedHere,
    /// The host closed it: a log-off does so too.
    ClosedByPeer,
    /// The host answered no more, and the system gave the connection up.
    Silence,
    /// The host answered no more, and the client closed the connection.
    GivenUp,
    /// It was gone between two looks: reset, or closed too quickly to see by whom.
    Vanished,
    /// The client wrote down that it is over, and why. When the host was last heard is not known.
    Told(ClientReason),
}

impl SessionEnd {
    /// Whether nobody ended it, as far as that alone tells: neither side closed it.
    #[must_use]
    pub fn broke(&self) -> bool {
        match self {
            Self::ClosedHere | Self::ClosedByPeer => false,
            Self::Silence | Self::GivenUp | Self::Vanished => true,
            Self::Told(reason) => reason.broke(),
        }
    }
}

/// A session that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedSession {
    /// When it was first seen.
    pub since: Now,
    /// Whether its beginning was seen: it was not there at the look before.
    pub whole: bool,
    /// When something last came from the host; when it was over, where that is not known.
    pub heard: Now,
    /// When it was over.
    pub at: Now,
    /// How.
    pub how: SessionEnd,
    /// Repetitions in a row that the host left unanswered at the last look.
    pub unanswered: u8,
}

/// What a look showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionEvent {
    /// A connection has lived long enough to be a session; first seen then.
    Began(Now),
    /// A session is over.
    Ended(EndedSession),
}

/// The sessions of this machine on one target.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sessions {
    peer: Option<SocketAddr>,
    looked: Option<Now>,
    open: Vec<Open>,
    ended: VecDeque<EndedSession>,
    /// The log of the client was read.
    listened: bool,
    /// Since when there is a session, by that log. Whether it goes on still is not known: a client
    /// that is killed writes nothing.
    told: Option<Now>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Open {
    local: SocketAddr,
    since: Now,
    whole: bool,
    heard: Now,
    unanswered: u8,
    told: bool,
}

impl Sessions {
    /// Takes in a look, and says what began and what ended since the last one.
    pub fn observe(
        &mut self,
        look: &SessionLook,
        limits: &DroppedThresholds,
        now: Now,
    ) -> Vec<SessionEvent> {
        // A machine that slept saw nothing, and its monotonic clock stood still.
        let slept = |looked: Now| clocks::slept(looked, now);
        let blind = self.looked.is_none_or(|at| now.mono.since(at.mono) > BLIND || slept(at))
            || self.peer != Some(look.peer);
        if blind {
            self.open.clear();
        }
        self.looked = Some(now);
        self.peer = Some(look.peer);
        let mut events = Vec::new();
        let mut open = Vec::new();
        for mut session in std::mem::take(&mut self.open) {
            let seen = look.sockets.iter().find(|socket| socket.local == session.local);
            match end(session, seen, limits) {
                None => {
                    if let Some(socket) = seen {
                        session.note(socket, now);
                    }
                    if !session.told && now.mono.since(session.since.mono) >= limits.shortest {
                        session.told = true;
                        events.push(SessionEvent::Began(session.since));
                    }
                    open.push(session);
                }
                Some(how) if session.told => {
                    let Open { since, whole, heard, unanswered, .. } = session;
                    let ended = EndedSession { since, whole, heard, at: now, how, unanswered };
                    events.push(SessionEvent::Ended(ended));
                    self.keep(ended);
                }
                Some(_) => {}
            }
        }
        for socket in &look.sockets {
            let new = !open.iter().any(|session| session.local == socket.local);
            let lives = socket.state == SocketState::Established && socket.received;
            if new && lives && open.len() < MOST {
                open.push(Open::new(socket, !blind, now));
            }
        }
        self.open = open;
        events
    }

    /// Takes in that the log of the client was read.
    pub const fn listen(&mut self) {
        self.listened = true;
    }

    /// Takes in that the client wrote down a session.
    pub const fn told_begun(&mut self, since: Now) {
        self.listened = true;
        self.told = Some(since);
    }

    /// Takes in that the client has no session any more.
    pub const fn told_over(&mut self) {
        self.told = None;
    }

    /// Takes in that the client wrote down the end of a session.
    pub fn told_ended(&mut self, ended: EndedSession) {
        self.listened = true;
        self.told = None;
        self.keep(ended);
    }

    fn keep(&mut self, ended: EndedSession) {
        if !ended.how.broke() {
            return;
        }
        if self.ended.len() >= KEPT {
            self.ended.pop_front();
        }
        self.ended.push_back(ended);
    }

    /// Whether this machine's sockets were looked at, or the log of its client.
    #[must_use]
    pub const fn looked(&self) -> bool {
        self.looked.is_some() || self.listened
    }

    /// Since when each session that goes on was seen, as far as the host answers it.
    pub fn well(&self) -> impl Iterator<Item = Now> {
        self.open.iter().filter(|session| session.unanswered == 0).map(|session| session.since)
    }

    /// Sessions that ended otherwise than by a close lately, the newest first; none once a later
    /// session has lived for a while.
    pub fn broken(
        &self,
        limits: &DroppedThresholds,
        now: MonoTime,
    ) -> impl Iterator<Item = &EndedSession> {
        let DroppedThresholds { shown, recovered: lives, .. } = *limits;
        let well = || self.well().chain(self.told);
        let recovered = move |ended: &EndedSession| {
            well().any(|since| {
                since.mono >= ended.heard.mono && now.since(since.mono.max(ended.at.mono)) >= lives
            })
        };
        self.ended
            .iter()
            .rev()
            .filter(move |ended| now.since(ended.at.mono) <= shown && !recovered(ended))
    }
}

impl Open {
    const fn new(socket: &SeenSocket, whole: bool, now: Now) -> Self {
        Self { local: socket.local, since: now, whole, heard: now, unanswered: 0, told: false }
    }

    fn note(&mut self, socket: &SeenSocket, now: Now) {
        self.unanswered = socket.unanswered;
        self.heard =
            Now { mono: now.mono.minus(socket.heard_ago), wall: now.wall.minus(socket.heard_ago) };
    }
}

/// How a session ended that is seen so, or not at all; `None` while it lives.
fn end(session: Open, seen: Option<&SeenSocket>, limits: &DroppedThresholds) -> Option<SessionEnd> {
    let dead = u32::from(session.unanswered) >= limits.unanswered;
    match seen.map(|socket| socket.state) {
        Some(SocketState::Established) => None,
        Some(SocketState::ClosedHere) if dead => Some(SessionEnd::GivenUp),
        Some(SocketState::ClosedHere) => Some(SessionEnd::ClosedHere),
        Some(SocketState::ClosedByPeer) => Some(SessionEnd::ClosedByPeer),
        None if dead => Some(SessionEnd::Silence),
        None => Some(SessionEnd::Vanished),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::WallTime;

    fn limits() -> DroppedThresholds {
        DroppedThresholds::default()
    }

    fn at(secs: u64) -> Now {
        let mono = MonoTime::ZERO.plus(Duration::from_secs(secs));
        Now { mono, wall: WallTime::from_unix_secs(1_795_244_400).plus(Duration::from_secs(secs)) }
    }

    fn socket(state: SocketState, unanswered: u8) -> SeenSocket {
        SeenSocket {
            local: ([10, 0, 0, 5], 50_000).into(),
            state,
            unanswered,
            heard_ago: Duration::from_secs(u64::from(unanswered)),
            received: true,
        }
    }

    fn look(sockets: &[SeenSocket]) -> SessionLook {
        SessionLook { peer: ([10, 0, 0, 21], 3389).into(), sockets: sockets.to_vec() }
    }

    /// A session of a minute, then these looks, one a second.
    fn end_of(last: &[&[SeenSocket]]) -> (Sessions, Vec<SessionEnd>) {
        let mut sessions = Sessions::default();
        let mut ends = Vec::new();
        let minute = look(&[socket(SocketState::Established, 0)]);
        let looks = std::iter::repeat_n(minute, 60).chain(last.iter().map(|last| look(last)));
        for (secs, look) in (0..).zip(looks) {
            for event in sessions.observe(&look, &limits(), at(secs)) {
                if let SessionEvent::Ended(ended) = event {
                    ends.push(ended.how);
                }
            }
        }
        (sessions, ends)
    }

    #[test]
    fn who_ended_it_is_told_apart() {
        let here = socket(SocketState::ClosedHere, 0);
        let peer = socket(SocketState::ClosedByPeer, 0);
        let dead = socket(SocketState::Established, 3);
        assert_eq!(end_of(&[&[here], &[]]).1, [SessionEnd::ClosedHere]);
        assert_eq!(end_of(&[&[peer], &[]]).1, [SessionEnd::ClosedByPeer]);
        assert_eq!(end_of(&[&[dead], &[]]).1, [SessionEnd::Silence]);
        assert_eq!(end_of(&[&[dead], &[here]]).1, [SessionEnd::GivenUp]);
        assert_eq!(end_of(&[&[]]).1, [SessionEnd::Vanished]);
        assert_eq!(end_of(&[&[socket(SocketState::Established, 0)]]).1, []);
    }

    #[test]
    fn what_ended_while_this_machine_slept_did_not_drop() {
        let well = look(&[socket(SocketState::Established, 0)]);
        for (asleep, told) in [(0, true), (7_200, false)] {
            let mut sessions = Sessions::default();
            for secs in 0..60 {
                sessions.observe(&well, &limits(), at(secs));
            }
            // The monotonic clock stood still meanwhile.
            let woken = Now { wall: at(60 + asleep).wall, ..at(60) };
            let events = sessions.observe(&look(&[]), &limits(), woken);
            assert_eq!(!events.is_empty(), told, "{asleep} s asleep: {events:?}");
        }
    }

    #[test]
    fn a_line_that_recovers_before_the_close_is_not_dead() {
        let dead = socket(SocketState::Established, 3);
        let well = socket(SocketState::Established, 0);
        let here = socket(SocketState::ClosedHere, 0);
        assert_eq!(end_of(&[&[dead], &[well], &[here]]).1, [SessionEnd::ClosedHere]);
    }

    #[test]
    fn a_probe_is_no_session() {
        let mut sessions = Sessions::default();
        for secs in 0..9 {
            let events = sessions.observe(
                &look(&[socket(SocketState::Established, 3)]),
                &limits(),
                at(secs),
            );
            assert_eq!(events, []);
        }
        assert_eq!(sessions.observe(&look(&[]), &limits(), at(9)), []);
        let silent = SeenSocket { received: false, ..socket(SocketState::Established, 3) };
        for secs in 10..60 {
            assert_eq!(sessions.observe(&look(&[silent]), &limits(), at(secs)), []);
        }
    }

    #[test]
    fn what_ends_while_nobody_looks_or_at_another_address_is_not_judged() {
        let (sessions, _) = end_of(&[&[socket(SocketState::Established, 3)]]);
        assert_eq!(sessions.clone().observe(&look(&[]), &limits(), at(600)), []);
        let elsewhere = SessionLook { peer: ([10, 0, 0, 22], 3389).into(), sockets: Vec::new() };
        assert_eq!(sessions.clone().observe(&elsewhere, &limits(), at(61)), []);
        let ended = sessions.clone().observe(&look(&[]), &limits(), at(61));
        assert!(matches!(ended[..], [SessionEvent::Ended(_)]), "{ended:?}");
    }

    #[test]
    fn a_drop_is_over_after_ten_minutes_or_a_minute_of_a_new_session() {
        let dead = socket(SocketState::Established, 3);
        let (mut sessions, _) = end_of(&[&[dead], &[]]);
        assert_eq!(sessions.broken(&limits(), at(62).mono).count(), 1);
        assert_eq!(sessions.broken(&limits(), at(661).mono).count(), 1);
        assert_eq!(sessions.broken(&limits(), at(662).mono).count(), 0);
        let new = SeenSocket {
            local: ([10, 0, 0, 5], 50_001).into(),
            ..socket(SocketState::Established, 0)
        };
        for secs in 62..124 {
            assert_eq!(
                sessions.broken(&limits(), at(secs).mono).count(),
                usize::from(secs < 122),
                "{secs}"
            );
            sessions.observe(&look(&[new]), &limits(), at(secs));
        }
    }

    fn told(code: u32, since: u64, until: u64) -> EndedSession {
        EndedSession {
            since: at(since),
            whole: true,
            heard: at(until),
            at: at(until),
            how: SessionEnd::Told(ClientReason { code, words: "" }),
            unanswered: 0,
        }
    }

    #[test]
    fn of_what_the_client_tells_only_a_broken_connection_is_kept() {
        for (code, kept) in [(1, 0), (2, 0), (3, 0), (0xd07, 0), (0x904, 1), (0x108, 1)] {
            let mut sessions = Sessions::default();
            assert!(!sessions.looked());
            sessions.told_ended(told(code, 0, 60));
            assert!(sessions.looked());
            assert_eq!(sessions.broken(&limits(), at(61).mono).count(), kept, "{code:#x}");
        }
    }

    #[test]
    fn a_drop_that_the_client_told_is_over_with_a_new_session_of_a_minute() {
        let mut sessions = Sessions::default();
        sessions.told_begun(at(0));
        sessions.told_ended(told(0x904, 0, 60));
        assert_eq!(sessions.broken(&limits(), at(600).mono).count(), 1);
        sessions.told_begun(at(90));
        assert_eq!(sessions.broken(&limits(), at(149).mono).count(), 1);
        assert_eq!(sessions.broken(&limits(), at(150).mono).count(), 0);
        // Whether it lives is not known: no timer is disproved by it.
        assert_eq!(sessions.well().count(), 0);
    }

    /// A session that was cut after five seconds counted as one that goes on.
    #[test]
    fn a_drop_that_the_client_told_is_not_over_with_a_session_that_is_over_at_once() {
        let mut sessions = Sessions::default();
        sessions.told_ended(told(0x904, 0, 60));
        sessions.told_begun(at(70));
        sessions.told_over();
        assert_eq!(sessions.broken(&limits(), at(600).mono).count(), 1);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut sessions = Sessions::default();
        for round in 0..40_u64 {
            let many: Vec<SeenSocket> = (0..100)
                .map(|port| SeenSocket {
                    local: ([10, 0, 0, 5], port).into(),
                    ..socket(SocketState::Established, 5)
                })
                .collect();
            for secs in 0..20 {
                sessions.observe(&look(&many), &limits(), at(round * 21 + secs));
            }
            sessions.observe(&look(&[]), &limits(), at(round * 21 + 20));
        }
        assert_eq!(sessions.ended.len(), KEPT);
        assert!(sessions.open.len() <= MOST);
    }
}
