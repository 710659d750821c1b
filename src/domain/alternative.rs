//! What is known of an address besides the dialled one.

use super::history::Timed;
use super::sample::{Attempt, Connect, ConnectOutcome, ProbeKind};
use super::time::Now;

/// One other address of a target: published besides the dialled one, or expected and not dialled.
/// Under the dialled address itself: a climb without the name.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternative {
    /// The newest connection, however far it was meant to go.
    pub newest: Timed<Connect>,
    /// The newest connection that was meant to go beyond TCP, without its transcript.
    pub climb: Option<Timed<Attempt>>,
}

impl Alternative {
    /// What one connection showed.
    #[must_use]
    pub fn new(at: Now, attempt: &Attempt) -> Self {
        let climbs = attempt.depth != ProbeKind::Connect;
        Self {
            newest: Timed { at, value: attempt.connect },
            climb: climbs.then(|| Timed { at, value: attempt.without_transcript() }),
        }
    }

    /// Takes in another connection. One that this machine could not try changes nothing.
    pub fn observe(&mut self, at: Now, attempt: &Attempt) {
        if matches!(attempt.connect.outcome, ConnectOutcome::LocalError(_)) {
            return;
        }
        let Self { newest, climb } = Self::new(at, attempt);
        self.newest = newest;
        if climb.is_some() {
            self.climb = climb;
        }
    }

    /// The newest climb, if its whole ladder worked.
    #[must_use]
    pub fn works(&self) -> Option<&Timed<Attempt>> {
        let open = self.newest.value.outcome == ConnectOutcome::Open;
        self.climb.as_ref().filter(|climb| open && climb.value.works_up_to_tls())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::diagnose::fixture::{at, handshake, stopped_at_tcp};
    use crate::domain::sample::{LocalFault, TlsOutcome};

    fn bare(outcome: ConnectOutcome) -> Attempt {
        Attempt { depth: ProbeKind::Connect, ..stopped_at_tcp(outcome) }
    }

    #[test]
    fn a_bare_connection_keeps_the_climb_before_it() {
        let mut other = Alternative::new(at(1), &handshake(TlsOutcome::Ok));
        other.observe(at(2), &bare(ConnectOutcome::Open));
        assert_eq!(other.works().map(|climb| climb.at), Some(at(1)));
        assert_eq!(other.newest.at, at(2));
        other.observe(at(3), &bare(ConnectOutcome::LocalError(LocalFault::NoRoute)));
        assert_eq!(other.newest.at, at(2), "what could not be tried says nothing");
        other.observe(at(4), &bare(ConnectOutcome::Timeout));
        assert_eq!(other.works(), None, "it does not even accept connections any more");
        other.observe(at(5), &handshake(TlsOutcome::Closed));
        assert_eq!(other.works(), None);
        assert_eq!(other.climb.map(|climb| climb.at), Some(at(5)));
    }
}
