//! An answer to a name that changed with a tunnel.

use super::sample::{Attempt, NameOutcome, Resolution};
use super::time::Now;
use super::tunnel::TunnelChange;
use std::net::IpAddr;
use std::time::Duration;

/// An answer that changes this long after a tunnel did changed with it: names are looked up every
/// 30 s, and a look may take 5.
const WITH_THE_TUNNEL: Duration = Duration::from_secs(40);

/// The latest change of the answer to one name, until what it leads to has worked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Flips {
    known: Vec<IpAddr>,
    flip: Option<Flip>,
    failing: Option<Failing>,
}

/// The name has no answer any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// The first lookup without one.
    pub since: Now,
    /// The tunnel that changed just before.
    pub with: Option<TunnelChange>,
}

/// The newest of the changes, oldest first, that came just before `at`.
fn just_before(at: Now, changes: &[TunnelChange]) -> Option<TunnelChange> {
    let about = |change: &&TunnelChange| {
        at.mono >= change.at.mono && at.mono.since(change.at.mono) <= WITH_THE_TUNNEL
    };
    changes.iter().rev().find(about).cloned()
}

/// The answer has become another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flip {
    /// The first answer of the new kind.
    pub at: Now,
    /// The addresses before.
    pub before: Vec<IpAddr>,
    /// The addresses since.
    pub after: Vec<IpAddr>,
    /// The tunnel that changed just before.
    with: Option<TunnelChange>,
}

impl Flip {
    /// The tunnel that changed just before, and how long before.
    #[must_use]
    pub fn tunnel(&self) -> Option<(&str, Duration)> {
        let change = self.with.as_ref()?;
        Some((&change.what, self.at.mono.since(change.at.mono)))
    }
}

impl Flips {
    /// Takes in an answer to the name, and what tunnels did lately, oldest first.
    pub fn observe(&mut self, at: Now, answer: &Resolution, changes: &[TunnelChange]) {
        match answer.outcome {
            NameOutcome::Ok => self.failing = None,
            NameOutcome::NotNeeded | NameOutcome::Error => {}
            _ if self.known.is_empty() => {}
            _ => {
                let failing = self.failing.get_or_insert(Failing { since: at, with: None });
                failing.with = failing.with.take().or_else(|| just_before(failing.since, changes));
            }
        }
        if answer.outcome != NameOutcome::Ok || answer.addresses.is_empty() {
            return;
        }
        let shares = self.known.iter().any(|ip| answer.addresses.contains(ip));
        if !self.known.is_empty() && !shares {
            let before = std::mem::take(&mut self.known);
            self.flip = Some(Flip { at, before, after: answer.addresses.clone(), with: None });
        }
        self.known.clone_from(&answer.addresses);
        if let Some(flip) = self.flip.as_mut().filter(|flip| flip.with.is_none()) {
            flip.with = just_before(flip.at, changes);
        }
    }

    /// Since when the name has no answer, of one that had.
    #[must_use]
    pub const fn failing(&self) -> Option<&Failing> {
        self.failing.as_ref()
    }

    /// Takes in a connection to the dialled address: what works needs no reason.
    pub fn observe_attempt(&mut self, at: Now, attempt: &Attempt) {
        if attempt.works() && self.flip.as_ref().is_some_and(|flip| at.mono >= flip.at.mono) {
            self.flip = None;
        }
    }

    /// The latest change with a tunnel, while what it leads to has not worked.
    #[must_use]
    pub fn with_a_tunnel(&self) -> Option<&Flip> {
        self.flip.as_ref().filter(|flip| flip.with.is_some())
    }
}
