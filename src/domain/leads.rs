//! Where a name led lately, and whether it leads elsewhere by turns.

use super::sample::{NameOutcome, Resolution};
use super::time::Now;
use std::net::IpAddr;
use std::time::Duration;

/// A name that led right for so long does so for good, and one that led elsewhere does that.
pub const FOR_GOOD: Duration = Duration::from_mins(10);

/// So many runs of one and the same answer are kept.
pub const KEPT: usize = 32;

/// Answers in a row that gave the same addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// When the first of them was asked for.
    pub first: Now,
    /// When the newest was.
    pub last: Now,
    /// How many there were.
    pub times: u32,
    /// The addresses, as the newest gave them.
    pub addresses: Vec<IpAddr>,
}

/// The answers to one name that gave addresses, run by run, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Leads(Vec<Run>);

/// A name that leads elsewhere by turns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByTurns<'a> {
    /// How many answers led elsewhere.
    pub elsewhere: u32,
    /// Of so many.
    pub of: u32,
    /// When the first of them was asked for, which led elsewhere.
    pub since: Now,
    /// Where they led that led elsewhere, without repetition.
    pub to: Vec<IpAddr>,
    /// The newest answers that led elsewhere.
    pub newest: &'a Run,
}

impl Leads {
    /// Takes in an answer to the name. One without addresses says nothing of where it leads.
    pub fn observe(&mut self, at: Now, answer: &Resolution) {
        if answer.outcome != NameOutcome::Ok || answer.addresses.is_empty() {
            return;
        }
        let addresses = answer.addresses.clone();
        let within = |a: &[IpAddr], b: &[IpAddr]| a.iter().all(|one| b.contains(one));
        let same = |run: &&mut Run| {
            within(&run.addresses, &addresses) && within(&addresses, &run.addresses)
        };
        if let Some(run) = self.0.last_mut().filter(same) {
            run.last = at;
            run.times = run.times.saturating_add(1);
            run.addresses = addresses;
            return;
        }
        let excess = (self.0.len() + 1).saturating_sub(KEPT);
        self.0.drain(..excess);
        self.0.push(Run { first: at, last: at, times: 1, addresses });
    }

    /// The newest answers that led `elsewhere`.
    #[must_use]
    pub fn newest(&self, elsewhere: impl Fn(&[IpAddr]) -> bool) -> Option<&Run> {
        self.0.iter().rev().find(|run| elsewhere(&run.addresses))
    }

    /// Whether it leads `elsewhere` by turns: it did at least twice, and in between and since not
    /// right for good. One that leads elsewhere for good by now does so no more by turns.
    #[must_use]
    pub fn by_turns(&self, elsewhere: impl Fn(&[IpAddr]) -> bool) -> Option<ByTurns<'_>> {
        let is_elsewhere = |run: &Run| elsewhere(&run.addresses);
        let spells: Vec<&[Run]> =
            self.0.chunk_by(|one, next| is_elsewhere(one) == is_elsewhere(next)).collect();
        let right = |spell: &&[Run]| !spell.iter().any(is_elsewhere);
        if spells.last().is_some_and(|spell| is_for_good(spell)) {
            return None;
        }
        let good = spells.iter().rposition(|spell| right(spell) && is_for_good(spell));
        let lately = spells.into_iter().skip(good.map_or(0, |at| at + 1)).skip_while(right);
        let lately: Vec<&[Run]> = lately.collect();
        if lately.iter().filter(|spell| !right(spell)).count() < 2 {
            return None;
        }
        let runs = || lately.iter().copied().flatten();
        let astray = || runs().filter(|run| is_elsewhere(run));
        let mut to: Vec<IpAddr> = Vec::new();
        for address in astray().flat_map(|run| &run.addresses) {
            if !to.contains(address) {
                to.push(*address);
            }
        }
        Some(ByTurns {
            elsewhere: answers(astray()),
            of: answers(runs()),
            since: astray().next()?.first,
            to,
            newest: astray().next_back()?,
        })
    }
}

fn answers<'a>(runs: impl Iterator<Item = &'a Run>) -> u32 {
    runs.fold(0, |sum, run| sum.saturating_add(run.times))
}

/// Whether the answers of a spell are so far apart that it goes on.
fn is_for_good(spell: &[Run]) -> bool {
    let ends = spell.first().zip(spell.last());
    ends.is_some_and(|(first, last)| last.last.mono.since(first.first.mono) >= FOR_GOOD)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::diagnose::fixture::at;

    const RIGHT: &str = "10.0.0.21";
    const OTHER: &str = "10.0.0.22";
    const WRONG: &str = "10.0.0.99";

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    /// One answer every 30 s.
    fn leads(answers: impl IntoIterator<Item = &'static str>) -> Leads {
        let mut leads = Leads::default();
        for (index, answer) in (0..).zip(answers) {
            let addresses: Vec<IpAddr> = answer.split(' ').map(address).collect();
            let literal = Resolution::literal(address(RIGHT));
            let answer = Resolution { outcome: NameOutcome::Ok, addresses, ..literal };
            leads.observe(at(index * 30), &answer);
        }
        leads
    }

    fn share(leads: &Leads) -> Option<(u32, u32)> {
        let expected: [IpAddr; 2] = [RIGHT, OTHER].map(address);
        let elsewhere = |to: &[IpAddr]| !to.iter().any(|one| expected.contains(one));
        leads.by_turns(elsewhere).map(|turns| (turns.elsewhere, turns.of))
    }

    #[test]
    fn twice_elsewhere_with_right_answers_between_is_by_turns() {
        assert_eq!(share(&leads([RIGHT, WRONG, RIGHT, WRONG])), Some((2, 3)));
        assert_eq!(share(&leads([RIGHT, WRONG, WRONG, RIGHT, RIGHT])), None, "once");
        assert_eq!(share(&leads([RIGHT, OTHER, RIGHT, OTHER, "10.0.0.22 10.0.0.21"])), None);
        let twice = [WRONG, RIGHT, "10.0.0.98", RIGHT];
        let leads = leads(twice);
        let turns = leads.by_turns(|to| to != [address(RIGHT)]).expect("by turns");
        assert_eq!((turns.to.len(), turns.since, turns.newest.last), (2, at(0), at(60)));
    }

    #[test]
    fn ten_minutes_in_a_row_are_for_good() {
        let turns = || [WRONG, RIGHT, WRONG].into_iter();
        let then = |answer, times| share(&leads(turns().chain(std::iter::repeat_n(answer, times))));
        assert_eq!(then(RIGHT, 20), Some((2, 23)));
        assert_eq!(then(RIGHT, 21), None, "right for ten minutes");
        assert_eq!(then(WRONG, 19), Some((21, 22)));
        assert_eq!(then(WRONG, 20), None, "it has moved");
        let apart = std::iter::once(WRONG).chain(std::iter::repeat_n(RIGHT, 21)).chain([WRONG]);
        assert_eq!(share(&leads(apart)), None, "twice, and right for good in between");
        let long = std::iter::repeat_n(WRONG, 100).chain([RIGHT, WRONG, RIGHT]);
        assert_eq!(share(&leads(long)), Some((101, 103)));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let leads = leads([WRONG, RIGHT].into_iter().cycle().take(1_000));
        assert_eq!(leads.0.len(), KEPT);
        assert_eq!(share(&leads), Some((16, 32)));
    }
}
