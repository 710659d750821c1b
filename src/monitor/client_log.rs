//! What this machine's own client writes down of its sessions, for the event log and the rules.

use super::Monitor;
use super::sessions::ended_text;
use crate::domain::client_log::{ClientEvent, ClientLog, ClientReason, ClientTurn, led_to};
use crate::domain::clocks;
use crate::domain::session::{EndedSession, SessionEnd};
use crate::domain::target::TargetId;
use crate::domain::time::{Now, WallTime};
use crate::domain::words::{clock, span};
use std::time::Duration;

/// Without a reading for this long this machine slept, or this program stood still.
const BLIND: Duration = Duration::from_mins(2);
/// What a client ends so soon after a sleep, the sleep ended.
const AWAKENING: Duration = Duration::from_mins(1);

/// What has been read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    log: ClientLog,
    read: Option<Now>,
    /// When this machine was first seen awake again.
    woken: Option<WallTime>,
}

impl Reading {
    /// Whether this machine slept until just before `at`.
    fn slept_before(&self, at: WallTime) -> bool {
        self.woken.is_some_and(|woken| at <= woken.plus(AWAKENING))
    }

    fn note(&mut self, now: Now) {
        let slept = |read: Now| now.mono.since(read.mono) > BLIND || clocks::slept(read, now);
        if self.read.is_some_and(slept) {
            self.woken = Some(now.wall);
        }
        self.read = Some(now);
    }
}

impl Monitor {
    /// The number of the newest event of this machine's client that is known.
    #[must_use]
    pub fn newest_of_client(&self) -> Option<u64> {
        self.client.log.newest()
    }

    /// Takes in what was read of the log of this machine's client; `words` says in a short phrase
    /// what a reason means. Whether a session ended, which is remembered.
    pub fn observe_client(
        &mut self,
        events: Vec<ClientEvent>,
        words: fn(u32) -> &'static str,
        now: Now,
    ) -> bool {
        self.client.note(now);
        for tracked in self.targets.values_mut() {
            tracked.listen();
        }
        let mut ended = false;
        for turn in self.client.log.observe(events) {
            let (ClientTurn::Began { server, .. }
            | ClientTurn::Failed { server, .. }
            | ClientTurn::Ended { server, .. }) = &turn;
            let Some(id) = self.led_to(server) else { continue };
            ended |= self.take_turn(id, &turn, words, now);
        }
        ended
    }

    /// Takes in that its log could not be read: this program went on meanwhile.
    pub fn client_is_unread(&mut self, now: Now) {
        self.client.note(now);
    }

    fn led_to(&self, server: &str) -> Option<TargetId> {
        let targets = self.targets.iter();
        led_to(server, targets.map(|(id, one)| (*id, &**one.target(), one.dialled())))
    }

    /// Whether a session ended.
    fn take_turn(
        &mut self,
        id: TargetId,
        turn: &ClientTurn,
        words: fn(u32) -> &'static str,
        now: Now,
    ) -> bool {
        let Some(tracked) = self.targets.get_mut(&id) else { return false };
        let reason = |code| ClientReason { code, words: words(code) };
        match *turn {
            ClientTurn::Began { since, .. } => {
                tracked.told_begun(now.back_to(since));
                let text = format!("this machine has a session on it, since {}", clock(since));
                self.log(Some(id), now.wall, text);
            }
            ClientTurn::Failed { reason: code, .. } => {
                let reason = reason(code);
                if !reason.by_user() {
                    let text = format!("this machine's client did not connect: {}", reason.text());
                    self.log(Some(id), now.wall, text);
                }
            }
            ClientTurn::Ended { since, at, reason: code, .. } => {
                let how = SessionEnd::Told(reason(code));
                let (since, at) = (now.back_to(since), now.back_to(at));
                let ended = EndedSession { since, whole: true, heard: at, at, how, unanswered: 0 };
                return self.take_end(id, ended, now);
            }
        }
        false
    }

    fn take_end(&mut self, id: TargetId, ended: EndedSession, now: Now) -> bool {
        let Some(tracked) = self.targets.get_mut(&id) else { return false };
        tracked.told_over();
        let short = tracked.target().thresholds.session_dropped.shortest;
        let lived = ended.at.wall.since(ended.since.wall);
        let slept = self.client.slept_before(ended.at.wall);
        let counts = lived >= short && !slept;
        if counts {
            tracked.told_ended(ended, &self.around, now);
        }
        let text = match ended.how {
            how if slept && how.broke() => "this machine slept, and its session ended".to_owned(),
            SessionEnd::Told(reason) if lived < short => {
                format!(
                    "this machine's client was connected for {}: {}",
                    span(lived),
                    reason.text()
                )
            }
            _ => ended_text(&ended),
        };
        self.log(Some(id), now.wall, text);
        counts
    }
}

#[cfg(test)]
mod tests;
