//! A session of this machine, as its sockets show it at every tick.

use super::word::{pick, span};
use super::wrong::Wrong;
use crate::domain::session::{SeenSocket, SessionLook, SocketState};
use crate::domain::time::MonoTime;
use serde::Deserialize;
use std::time::Duration;

/// From the start until it ends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionTable {
    until: String,
    /// From here on the host leaves repetitions unanswered.
    unanswered_from: Option<String>,
    /// How it is seen for a minute after its end: `closed-here`, `closed-by-peer`; else gone.
    seen: Option<String>,
}

impl SessionTable {
    pub(super) fn session(&self) -> Result<Session, Wrong> {
        let time = |text: &str| Ok(MonoTime::ZERO.plus(span(text)?));
        let ends = [
            ("closed-here", SocketState::ClosedHere),
            ("closed-by-peer", SocketState::ClosedByPeer),
        ];
        Ok(Session {
            until: time(&self.until)?,
            unanswered_from: self.unanswered_from.as_deref().map(time).transpose()?,
            seen: self.seen.as_deref().map(|word| pick(&ends, word)).transpose()?,
        })
    }
}

/// A session of this machine on the target.
#[derive(Debug, Clone, Copy)]
pub struct Session {
    until: MonoTime,
    unanswered_from: Option<MonoTime>,
    seen: Option<SocketState>,
}

impl Session {
    /// What the sockets show at a moment.
    #[must_use]
    pub fn look(&self, at: MonoTime) -> SessionLook {
        let state = if at < self.until { Some(SocketState::Established) } else { self.seen };
        let silent = self.unanswered_from.filter(|from| at >= *from);
        let socket = |state| SeenSocket {
            local: ([10, 0, 0, 5], 50_000).into(),
            state,
            unanswered: if silent.is_some() { 4 } else { 0 },
            heard_ago: silent.map_or(Duration::ZERO, |from| at.since(from)),
            received: true,
        };
        let peer = ([10, 0, 0, 21], 3389).into();
        SessionLook { peer, sockets: state.map(socket).into_iter().collect() }
    }
}
