//! Which sizes are sent, and what their fates come to. No sockets here.
//!
//! Loss must not look like a black hole: a size counts as vanished in a round only when smaller
//! packets of the same round were answered, it must do so three times and never be answered, late
//! answers included, and a size below one that passed is loss. Where smaller packets were lost
//! too, five times.

use crate::domain::sample::{LocalFault, PathOutcome};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

/// At most so many packets leave in one run.
pub(super) const BUDGET: usize = 20;

/// What Ethernet carries: more is neither needed nor tested.
const FULL: u32 = 1500;

/// Sizes that paths have, below the full one: `PPPoE`, `WireGuard`, `IPsec` and PPP, more `IPsec`,
/// the least of IPv6 and of Tailscale, RDP's UDP over IPv4, and RDP's UDP at its smallest.
const LADDER_V4: [u32; 7] = [1492, 1420, 1400, 1380, 1280, 1260, 1160];
/// The same over IPv6, whose links carry 1280 (RFC 8200 section 5); 1180 is RDP's UDP at its
/// smallest, for tunnels that do not.
const LADDER_V6: [u32; 6] = [1492, 1420, 1400, 1380, 1280, 1180];

/// The small packet beside the large ones: as `ping` sends it.
const REFERENCE_V4: u32 = 84;
/// The same over IPv6.
const REFERENCE_V6: u32 = 104;

/// The least MTU that a router may name (RFC 791; RFC 8200 section 5).
const LEAST_V4: u32 = 68;
/// The same over IPv6.
const LEAST_V6: u32 = 1280;

/// So often a size must vanish.
const TRIES: u8 = 3;
/// The same where smaller packets are lost too.
const TRIES_WITH_LOSS: u8 = 5;
/// So often the whole path may stay silent.
const QUIET: u8 = 2;

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    not(any(target_os = "linux", test)),
    expect(dead_code, reason = "no packet is sent on other systems")
)]
pub(super) enum Fate {
    /// It was answered.
    Passed,
    /// Nothing came back.
    Silent,
    /// It is too big for somebody's next hop.
    TooBig {
        /// What would pass there; 0 when that is not said.
        mtu: u32,
        /// Who says so; `None` for this machine's own interface.
        from: Option<IpAddr>,
    },
    /// Somebody said that there is no way to the host.
    Unreachable,
}

/// What sends packets of given sizes.
pub(super) trait Wire {
    /// Sends one packet of each size at once and waits for what becomes of them, at most
    /// `patience`. Every size has a fate, some have several; answers that come late, to packets of
    /// earlier rounds, are among them.
    async fn round(
        &mut self,
        sizes: &[u32],
        patience: Duration,
    ) -> Result<Vec<(u32, Fate)>, LocalFault>;

    /// Whether the host would answer what passes, so that silence says something.
    fn learns_silence(&self) -> bool;

    /// What the kernel knows of the path.
    fn known_mtu(&self) -> Option<u32>;
}

/// What a run found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) outcome: PathOutcome,
    pub(super) mtu: Option<u32>,
    pub(super) first_hop: Option<u32>,
    pub(super) swallowed: Option<u32>,
    pub(super) from: Option<IpAddr>,
    pub(super) tries: u8,
}

impl Found {
    /// This machine could not ask.
    pub(super) const fn failed(fault: LocalFault) -> Self {
        Self {
            outcome: PathOutcome::LocalError(fault),
            mtu: None,
            first_hop: None,
            swallowed: None,
            from: None,
            tries: 0,
        }
    }
}

/// Climbs down until it is known what passes.
pub(super) async fn measure<W: Wire>(wire: &mut W, v6: bool, patience: Duration) -> Found {
    let mut search = Search::new(v6);
    let learns = wire.learns_silence();
    let outcome = loop {
        let sizes = match search.next(learns) {
            Step::Send(sizes) => sizes,
            Step::Done(outcome) => break outcome,
        };
        match wire.round(&sizes, patience).await {
            Ok(fates) => search.learn(&sizes, &fates),
            Err(fault) => return Found::failed(fault),
        }
    };
    search.found(outcome, wire.known_mtu())
}

/// What is to be done next.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Send(Vec<u32>),
    Done(PathOutcome),
}

/// The word that a packet is too big.
#[derive(Debug, Clone, Copy)]
struct Refusal {
    /// Whose; `None` for this machine's own interface.
    from: Option<IpAddr>,
}

/// Everything learnt so far.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, not modes")]
struct Search {
    v6: bool,
    ladder: &'static [u32],
    reference: u32,
    /// The largest size that nobody called too big.
    ceiling: u32,
    /// Somebody lowered it.
    lowered: Option<Refusal>,
    /// The MTU of this machine's own interface, where it is the limit.
    own: Option<u32>,
    passed: BTreeSet<u32>,
    /// How often a size vanished beside smaller ones that passed.
    vanished: BTreeMap<u32, u8>,
    /// A smaller packet was lost once.
    lossy: bool,
    /// Rounds in which nothing at all came back.
    quiet: u8,
    unreachable: bool,
    laddered: bool,
    sent: usize,
}

impl Search {
    const fn new(v6: bool) -> Self {
        Self {
            v6,
            ladder: if v6 { &LADDER_V6 } else { &LADDER_V4 },
            reference: if v6 { REFERENCE_V6 } else { REFERENCE_V4 },
            ceiling: FULL,
            lowered: None,
            own: None,
            passed: BTreeSet::new(),
            vanished: BTreeMap::new(),
            lossy: false,
            quiet: 0,
            unreachable: false,
            laddered: false,
            sent: 0,
        }
    }

    /// The largest size that passed, the small one included.
    fn best(&self) -> Option<u32> {
        self.passed.last().copied()
    }

    /// The smallest size above everything that passed that vanished.
    fn suspect(&self) -> Option<u32> {
        let best = self.best()?;
        self.vanished.range(best.saturating_add(1)..).map(|(size, _)| *size).next()
    }

    fn tries(&self, size: u32) -> u8 {
        self.vanished.get(&size).copied().unwrap_or(0)
    }

    const fn enough(&self) -> u8 {
        if self.lossy { TRIES_WITH_LOSS } else { TRIES }
    }

    /// The smallest step of the ladder: nothing above it passing is no path's MTU.
    fn floor(&self) -> u32 {
        self.ladder.last().copied().unwrap_or(self.reference)
    }

    fn next(&mut self, learns_silence: bool) -> Step {
        if self.passed.contains(&self.ceiling) {
            return Step::Done(self.answered());
        }
        if self.unreachable {
            return Step::Done(PathOutcome::Unknown);
        }
        let silent = self.quiet > 0 || !self.vanished.is_empty();
        if self.quiet >= QUIET || (silent && !learns_silence) {
            // Where the host answers nothing, the word of who refused the larger packet stands.
            return Step::Done(if self.lowered.is_some() && self.best().is_none() {
                PathOutcome::Lowered
            } else {
                PathOutcome::Unknown
            });
        }
        let sizes = match self.suspect() {
            None => vec![self.ceiling, self.reference],
            Some(_) if !self.laddered => {
                self.laddered = true;
                let below = self.ladder.iter().copied().filter(|size| *size < self.ceiling);
                below.chain([self.reference]).collect()
            }
            Some(size) if self.tries(size) >= self.enough() => {
                return Step::Done(self.gone());
            }
            Some(size) => {
                let mut sizes = vec![size];
                sizes.extend(self.best());
                sizes.push(self.reference);
                sizes.dedup();
                sizes
            }
        };
        if self.sent.saturating_add(sizes.len()) > BUDGET {
            return Step::Done(PathOutcome::Unknown);
        }
        self.sent = self.sent.saturating_add(sizes.len());
        Step::Send(sizes)
    }

    const fn answered(&self) -> PathOutcome {
        if self.lowered.is_some() { PathOutcome::Lowered } else { PathOutcome::Full }
    }

    /// A size vanished often enough.
    fn gone(&self) -> PathOutcome {
        if self.best() >= Some(self.floor()) {
            PathOutcome::BlackHole
        } else {
            PathOutcome::Unknown
        }
    }

    fn learn(&mut self, sizes: &[u32], fates: &[(u32, Fate)]) {
        for (size, fate) in fates {
            match *fate {
                Fate::Passed => {
                    self.passed.insert(*size);
                }
                Fate::TooBig { mtu, from } => self.lower(*size, mtu, from),
                Fate::Unreachable => self.unreachable = true,
                Fate::Silent => {}
            }
        }
        let came_back = |size: u32| {
            let answer = |fate: &Fate| matches!(fate, Fate::Passed | Fate::TooBig { .. });
            fates.iter().any(|(of, fate)| *of == size && answer(fate))
        };
        let silent: Vec<u32> = sizes
            .iter()
            .copied()
            .filter(|size| *size <= self.ceiling && !came_back(*size))
            .collect();
        if silent.len() == sizes.len() {
            self.quiet = self.quiet.saturating_add(1);
            return;
        }
        let best = self.best();
        for size in silent {
            if Some(size) <= best {
                // A larger one passed, now or earlier: loss.
                self.lossy = true;
            } else if sizes.iter().any(|smaller| *smaller < size && came_back(*smaller)) {
                *self.vanished.entry(size).or_default() += 1;
            }
        }
        if let Some(best) = best {
            self.vanished.retain(|size, _| *size > best);
        }
        let ceiling = self.ceiling;
        self.vanished.retain(|size, _| *size <= ceiling);
    }

    /// Somebody called `size` too big. A size that nobody names, or names wrongly, is the next
    /// step of the ladder (RFC 1191 section 5 for routers that name none).
    fn lower(&mut self, size: u32, mtu: u32, from: Option<IpAddr>) {
        let least = if self.v6 { LEAST_V6 } else { LEAST_V4 };
        let below = |size: u32| self.ladder.iter().copied().find(|step| *step < size);
        let named = (least..size).contains(&mtu).then_some(mtu);
        let Some(ceiling) = named.or_else(|| below(size)) else { return };
        if ceiling < self.ceiling {
            self.ceiling = ceiling;
            self.lowered = Some(Refusal { from });
            if from.is_none() {
                self.own = Some(ceiling);
            }
        }
    }

    fn found(&self, outcome: PathOutcome, known: Option<u32>) -> Found {
        let suspect = self.suspect();
        let told = outcome == PathOutcome::Lowered && self.best().is_none();
        Found {
            outcome,
            mtu: if told {
                Some(self.ceiling)
            } else {
                // The small one alone says nothing about the path.
                self.best().filter(|best| *best > self.reference)
            },
            first_hop: self.own.or_else(|| {
                let sent = self.sent > 0 && !self.unreachable;
                sent.then(|| known.unwrap_or(FULL).max(FULL))
            }),
            swallowed: suspect
                .filter(|_| matches!(outcome, PathOutcome::BlackHole | PathOutcome::Unknown)),
            from: self.lowered.and_then(|refusal| refusal.from),
            tries: suspect.map_or(0, |size| self.tries(size)),
        }
    }
}
