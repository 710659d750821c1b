//! When sessions on one target dropped, kept between runs: a timer shows only over days.

mod rhythm;

pub use rhythm::{Limits, Pattern, Rhythm, find};

use super::time::WallTime;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Drops kept of one target, the newest.
pub const KEPT: usize = 64;
/// Sessions kept that were closed and did not drop, the longest.
const SPELLS: usize = 8;
/// What is older says nothing of today's timers.
const FORGOTTEN: Duration = Duration::from_hours(60 * 24);
/// Connections of one client go down together.
const TOGETHER: Duration = Duration::from_secs(15);
/// Who marks a drop by hand needs a while.
const BY_HAND: Duration = Duration::from_mins(2);

/// One drop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RememberedDrop {
    /// When the host was last heard, or when somebody said that it dropped.
    pub at: WallTime,
    /// How old the session was then, in seconds; `None` when its beginning was not seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lived_s: Option<u32>,
    /// This machine's sockets showed it, or the log of its client.
    #[serde(default, skip_serializing_if = "is_false")]
    pub seen: bool,
    /// Somebody marked it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub marked: bool,
    /// A tunnel of this machine changed about then.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tunnel: bool,
}

/// A session that did not drop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spell {
    /// When it was first seen.
    pub since: WallTime,
    /// When it was last seen well, or closed.
    pub until: WallTime,
}

/// The drops of one target, and the sessions that hold against a timer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Drops {
    drops: Vec<RememberedDrop>,
    spells: Vec<Spell>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
const fn is_false(value: &bool) -> bool {
    !*value
}

impl Drops {
    /// Takes in a drop. One that is already known gains what is new of it.
    pub fn add(&mut self, drop: RememberedDrop) {
        let near = |known: &&mut RememberedDrop| {
            let within = if known.seen && drop.seen { TOGETHER } else { BY_HAND };
            known.at.since(drop.at).max(drop.at.since(known.at)) <= within
        };
        if let Some(known) = self.drops.iter_mut().find(near) {
            if drop.seen && !known.seen {
                known.at = drop.at;
            }
            known.lived_s = known.lived_s.or(drop.lived_s);
            known.seen |= drop.seen;
            known.marked |= drop.marked;
            known.tunnel |= drop.tunnel;
        } else {
            self.drops.push(drop);
        }
        self.drops.sort_unstable_by_key(|drop| drop.at);
        let newest = self.drops.last().map_or(drop.at, |drop| drop.at);
        self.drops.retain(|drop| newest.since(drop.at) <= FORGOTTEN);
        let excess = self.drops.len().saturating_sub(KEPT);
        self.drops.drain(..excess);
    }

    /// Takes back the drop at `at`.
    pub fn forget(&mut self, at: WallTime) {
        self.drops.retain(|drop| drop.at != at);
    }

    /// Takes in a session that did not drop. The shortest gives way beyond the bound.
    pub fn outlived(&mut self, spell: Spell) {
        self.spells.push(spell);
        self.spells.retain(|known| spell.until.since(known.until) <= FORGOTTEN);
        self.spells.sort_by_key(|spell| std::cmp::Reverse(spell.until.since(spell.since)));
        self.spells.truncate(SPELLS);
    }

    /// The drops up to `now`, the oldest first.
    #[must_use]
    pub fn until(&self, now: WallTime) -> Vec<RememberedDrop> {
        let mut drops = self.drops.clone();
        drops.sort_unstable_by_key(|drop| drop.at);
        drops.retain(|drop| drop.at <= now && now.since(drop.at) <= FORGOTTEN);
        let excess = drops.len().saturating_sub(KEPT);
        drops.drain(..excess);
        drops
    }

    /// When the drops of the `span` before `now` were, the oldest first.
    #[must_use]
    pub fn within(&self, span: Duration, now: WallTime) -> Vec<WallTime> {
        let times = self.drops.iter().map(|drop| drop.at);
        times.filter(|at| *at <= now && now.since(*at) <= span).collect()
    }

    /// The sessions that did not drop.
    pub fn spells(&self) -> impl Iterator<Item = Spell> {
        self.spells.iter().copied().take(SPELLS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> WallTime {
        WallTime::from_unix_secs(1_795_244_400 + secs)
    }

    fn seen(secs: i64) -> RememberedDrop {
        RememberedDrop { at: at(secs), seen: true, lived_s: Some(60), ..<_>::default() }
    }

    fn marked(secs: i64) -> RememberedDrop {
        RememberedDrop { at: at(secs), marked: true, ..<_>::default() }
    }

    #[test]
    fn one_drop_is_counted_once_however_often_it_is_told() {
        let mut drops = Drops::default();
        drops.add(seen(0));
        drops.add(RememberedDrop { tunnel: true, ..seen(10) });
        drops.add(marked(100));
        let both = RememberedDrop { tunnel: true, marked: true, ..seen(0) };
        assert_eq!(drops.until(at(1_000)), [both]);
        drops.add(seen(30));
        assert_eq!(drops.until(at(1_000)).len(), 2);
    }

    #[test]
    fn what_the_sockets_show_corrects_a_mark() {
        let mut drops = Drops::default();
        drops.add(marked(100));
        drops.add(seen(40));
        assert_eq!(drops.until(at(1_000)), [RememberedDrop { marked: true, ..seen(40) }]);
    }

    #[test]
    fn what_is_kept_is_bounded_and_in_order() {
        let mut drops = Drops::default();
        for hour in (0..200).rev() {
            drops.add(seen(hour * 3_600));
            drops.outlived(Spell { since: at(0), until: at(hour) });
        }
        let kept = drops.until(at(1_000_000));
        assert_eq!(kept.len(), KEPT);
        assert!(kept.is_sorted_by_key(|drop| drop.at));
        assert_eq!(drops.until(at(136 * 3_600)).len(), 1, "what lies ahead is not told");
        let spells: Vec<Spell> = drops.spells().collect();
        assert_eq!((spells.len(), spells[0].until), (SPELLS, at(199)));
        drops.add(seen(100 * 86_400));
        assert_eq!(drops.until(at(101 * 86_400)).len(), 1);
    }
}
