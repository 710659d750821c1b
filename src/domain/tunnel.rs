//! Changes of the tunnels of this machine, and whom each of them concerns.

use super::time::{MonoTime, Now};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

/// A change this long before or after a first silence belongs to it.
pub const TUNNEL: Duration = Duration::from_secs(30);
/// A request may be on its way when a tunnel changes.
pub const SEEN: Duration = Duration::from_secs(2);
/// Whoever answers for longer after a change is reached all the same.
const SURVIVES: Duration = Duration::from_secs(5);

/// A tunnel of this machine that came up or went down, or whose routes did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TunnelChange {
    /// When it was seen.
    pub at: Now,
    /// Which, and what became of it: `wg0 went down`; escaped.
    pub what: String,
    /// Addresses of targets that a tunnel led to and that none leads to since then, or another one by a
    /// route that it had before.
    pub left: BTreeSet<IpAddr>,
    /// Those that another tunnel leads to since then, or one at all, by a route that it was given.
    pub taken: BTreeSet<IpAddr>,
    /// Only routes changed, and no interface.
    pub of_routes: bool,
    /// The routes of this machine are not known, so nobody can tell where the tunnel leads.
    pub blind: bool,
}

impl TunnelChange {
    /// Whether `other`, of the same tunnel, came with it: one of them is of routes and the other of an
    /// interface, and none gives back what the other took.
    #[must_use]
    pub fn goes_with(&self, other: &Self) -> bool {
        self.of_routes != other.of_routes
            && self.left.is_disjoint(&other.taken)
            && self.taken.is_disjoint(&other.left)
    }

    /// Takes in what came with it: the routes of the interface that changed, or the other way round.
    /// What an interface did says more.
    pub fn join(&mut self, other: Self) {
        if self.of_routes {
            self.what = other.what;
        }
        self.of_routes = false;
        self.left.extend(other.left);
        self.taken.extend(other.taken);
        self.blind &= other.blind;
    }

    /// Whether the way to `address` is another since then, as far as routes show.
    #[must_use]
    pub fn moved(&self, address: IpAddr) -> bool {
        self.left.contains(&address) || self.taken.contains(&address)
    }

    /// Whether it may be why something happened to `address`: the way there moved with it, or nobody
    /// can tell where the tunnel leads and the host is not `beside` this machine, on a link of its
    /// own.
    #[must_use]
    pub fn concerns(&self, address: IpAddr, beside: bool) -> bool {
        self.moved(address) || (self.blind && !beside)
    }

    /// Whether it may be why `address` is silent since `first`: a tunnel that took the way over later
    /// is not.
    #[must_use]
    pub fn may_silence(&self, address: IpAddr, beside: bool, first: MonoTime) -> bool {
        let later = self.at.mono > first.plus(SEEN);
        self.concerns(address, beside) && !(later && self.taken.contains(&address))
    }

    /// Whether it belongs to hosts that fell silent from `first` to `last`.
    #[must_use]
    pub fn is_about(&self, first: MonoTime, last: MonoTime) -> bool {
        self.at.mono.plus(TUNNEL) >= first && last.plus(TUNNEL) >= self.at.mono
    }

    /// Whether a host that answered a request sent at `heard` was still reached after it: then its
    /// silence is no consequence.
    #[must_use]
    pub fn was_survived(&self, heard: Option<MonoTime>) -> bool {
        heard.is_some_and(|heard| heard > self.at.mono.plus(SURVIVES))
    }
}

#[cfg(test)]
mod tests {
    use super::super::diagnose::fixture::at;
    use super::*;

    fn change(left: &[[u8; 4]], taken: &[[u8; 4]], blind: bool) -> TunnelChange {
        let set = |of: &[[u8; 4]]| of.iter().map(|one| IpAddr::from(*one)).collect();
        let (left, taken) = (set(left), set(taken));
        TunnelChange {
            at: at(100),
            what: "wg0 went down".to_owned(),
            left,
            taken,
            of_routes: false,
            blind,
        }
    }

    #[test]
    fn a_change_concerns_whom_it_moved_and_of_unknown_routes_whoever_is_not_beside() {
        let (host, other) = ([10, 9, 0, 21], [10, 7, 0, 21]);
        for (change, concerned) in [
            (change(&[host], &[], false), (true, true)),
            (change(&[], &[host], false), (true, true)),
            (change(&[other], &[], false), (false, false)),
            (change(&[], &[], false), (false, false)),
            (change(&[], &[], true), (false, true)),
        ] {
            let of = |beside| change.concerns(host.into(), beside);
            assert_eq!((of(true), of(false)), concerned, "{change:?}");
        }
    }

    #[test]
    fn a_change_that_hosts_answered_long_after_is_no_cause() {
        let change = change(&[], &[], true);
        let secs = |secs| at(secs).mono;
        assert!(change.is_about(secs(130), secs(130)) && change.is_about(secs(60), secs(70)));
        assert!(!change.is_about(secs(131), secs(140)) && !change.is_about(secs(60), secs(69)));
        assert!(change.was_survived(Some(secs(106))) && !change.was_survived(Some(secs(105))));
        assert!(!change.was_survived(None));
    }
}
