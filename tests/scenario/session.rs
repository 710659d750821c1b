//! A session of this machine, as its sockets show it every five seconds.

use super::words::span;
use rdpwatch::domain::drops::{Drops, RememberedDrop, Spell};
use rdpwatch::domain::session::{SeenSocket, SessionLook, SocketState};
use rdpwatch::domain::time::{MonoTime, WallTime};
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
    pub(super) fn look(&self, at: MonoTime) -> SessionLook {
        let time = |text: &str| MonoTime::ZERO.plus(span(text));
        let state = if at < time(&self.until) {
            Some(SocketState::Established)
        } else {
            match self.seen.as_deref() {
                None => None,
                Some("closed-here") => Some(SocketState::ClosedHere),
                Some("closed-by-peer") => Some(SocketState::ClosedByPeer),
                Some(other) => panic!("no way to see a session: {other}"),
            }
        };
        let silent = self.unanswered_from.as_deref().map(time).filter(|from| at >= *from);
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

/// Puts drops and sessions of earlier runs into the memory.
pub(super) fn remember(drops: &[String], outlived: &[String], start: WallTime, into: &mut Drops) {
    let before = |text: &str| start.minus(span(text));
    for text in drops {
        let mut words = text.split(' ');
        let at = before(words.next().unwrap_or_default());
        let mut drop = RememberedDrop { at, seen: true, ..<_>::default() };
        for word in words {
            match word.split_once('=') {
                Some(("lived", age)) => {
                    drop.lived_s = u32::try_from(span(age).as_secs()).ok();
                }
                None if word == "tunnel" => drop.tunnel = true,
                None if word == "marked" => (drop.seen, drop.marked) = (false, true),
                _ => panic!("no word of a drop: {word}"),
            }
        }
        into.add(drop);
    }
    for text in outlived {
        let Some((since, until)) = text.split_once('-') else { panic!("no session: {text}") };
        into.outlived(Spell { since: before(since), until: before(until) });
    }
}
