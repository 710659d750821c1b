//! This machine's own sessions, for the event log and the rules.

use super::Monitor;
use crate::domain::session::{EndedSession, SessionEnd, SessionEvent, SessionLook};
use crate::domain::target::TargetId;
use crate::domain::time::Now;
use crate::domain::words::clock;
use std::net::SocketAddr;

impl Monitor {
    /// Where sessions of this machine would lead: the dialled address and port of each target.
    #[must_use]
    pub fn session_peers(&self) -> Vec<(TargetId, SocketAddr)> {
        let peer = |tracked: &super::Tracked| {
            Some(SocketAddr::new(tracked.dialled()?, tracked.target().port))
        };
        self.targets.iter().filter_map(|(id, tracked)| Some((*id, peer(tracked)?))).collect()
    }

    /// Takes in a look at this machine's own sockets to a target. Whether a session ended, which is
    /// remembered.
    pub fn observe_sessions(&mut self, id: TargetId, look: &SessionLook, now: Now) -> bool {
        let Some(tracked) = self.targets.get_mut(&id) else { return false };
        let events = tracked.observe_sessions(look, &self.around, now);
        let ended = events.iter().any(|event| matches!(event, SessionEvent::Ended(_)));
        for event in events {
            let text = match event {
                SessionEvent::Began(since) => {
                    format!("this machine has a session on it, seen since {}", clock(since.wall))
                }
                SessionEvent::Ended(ended) => ended_text(&ended),
            };
            self.log(Some(id), now.wall, text);
        }
        ended
    }
}

pub(super) fn ended_text(ended: &EndedSession) -> String {
    match ended.how {
        SessionEnd::Told(reason) if reason.by_user() => {
            "this machine closed its session".to_owned()
        }
        SessionEnd::Told(reason) if reason.by_host() => {
            "the host ended the session of this machine".to_owned()
        }
        SessionEnd::Told(reason) if reason.broke() => {
            format!("the session of this machine dropped: its client says {}", reason.text())
        }
        SessionEnd::Told(reason) => {
            format!("the session of this machine ended: its client says {}", reason.text())
        }
        SessionEnd::ClosedHere => "this machine closed its session".to_owned(),
        SessionEnd::ClosedByPeer => "the host ended the session of this machine".to_owned(),
        SessionEnd::Silence | SessionEnd::GivenUp => format!(
            "the session of this machine dropped: nothing came since {}",
            clock(ended.heard.wall)
        ),
        SessionEnd::Vanished => {
            "the session of this machine ended too quickly to see who ended it".to_owned()
        }
    }
}
