//! DNS servers that answer only some lookups: hosts are served and not served in turns.

use super::begins::most;
use super::{CommonCause, CommonCauses, How, Spared, Thing};
use crate::domain::finding::Severity;
use crate::domain::target::TargetId;
use crate::domain::thresholds::CommonThresholds;
use crate::domain::time::{MonoTime, Now};
use crate::domain::together;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

/// Lookups count that are not older.
pub const LOOKED_AT: Duration = Duration::from_mins(5);

/// So long without a failure, and everybody was served twice since: it is over. So long without an
/// answer: nobody is served any more.
const QUIET: Duration = Duration::from_secs(150);

/// So many lookups are served between two failures that are not one.
const BETWEEN: usize = 2;

/// Of all lookups since the first that failed, at least so many percent fail.
const SHARE_PCT: u32 = 20;

/// What came of the lookups of one target by some servers.
#[derive(Debug, Clone, PartialEq)]
pub struct Lookups<'a> {
    /// Whose.
    pub target: TargetId,
    /// Its name, unescaped.
    pub name: &'a str,
    /// When each of the last [`LOOKED_AT`] began, oldest first, and how the servers failed it.
    pub asked: Vec<(Now, Option<How>)>,
    /// The target's own finding stands.
    pub stands: bool,
    /// It is worked on.
    pub maintained: bool,
}

impl Lookups<'_> {
    fn failed(&self) -> impl DoubleEndedIterator<Item = (Now, How)> {
        self.asked.iter().filter_map(|(at, how)| Some((*at, (*how)?)))
    }

    fn served(&self) -> impl DoubleEndedIterator<Item = Now> {
        self.asked.iter().filter(|(_, how)| how.is_none()).map(|(at, _)| *at)
    }

    /// Whether it was served after it was not.
    fn wavers(&self) -> bool {
        let first = self.failed().next();
        let served = self.served().next_back();
        first.zip(served).is_some_and(|((failed, _), served)| served.mono > failed.mono)
    }
}

impl CommonCauses {
    /// Holds what came of the lookups by each list of servers against each other. Of servers that
    /// stand as answering only some, they have to be heard. Call it after
    /// [`observe`](Self::observe), and no more often.
    pub fn observe_lookups(
        &mut self,
        heard: &BTreeMap<Vec<IpAddr>, Vec<Lookups<'_>>>,
        limits: CommonThresholds,
        now: Now,
    ) {
        let is_over = |cause: &mut CommonCause| {
            let Thing::NameServers(servers) = &cause.thing else { return true };
            let lookups = heard.get(servers).map_or(&[][..], Vec::as_slice);
            cause.follow_lookups(lookups, now)
        };
        let ended: Vec<CommonCause> = self.in_turns.extract_if(.., is_over).collect();
        for cause in ended {
            self.end(cause, now);
        }
        for (servers, lookups) in heard {
            let thing = Thing::NameServers(servers.clone());
            if self.in_turns.iter().any(|cause| cause.thing == thing) {
                continue;
            }
            if let Some(cause) = begins(&thing, lookups, limits, now) {
                let known = self.open.iter().find(|cause| cause.thing == thing);
                let number = known.map(|cause| cause.number);
                let number = number.unwrap_or_else(|| self.number(&thing, now));
                self.in_turns.push(CommonCause { number, ..cause });
            }
        }
    }

    /// Servers that stand as answering only some.
    pub fn in_turns(&self) -> impl Iterator<Item = &Vec<IpAddr>> {
        self.in_turns.iter().filter_map(|cause| match &cause.thing {
            Thing::NameServers(servers) => Some(servers),
            _ => None,
        })
    }
}

fn begins(
    thing: &Thing,
    lookups: &[Lookups<'_>],
    limits: CommonThresholds,
    now: Now,
) -> Option<CommonCause> {
    let quiet = |at: Option<Now>| at.is_none_or(|at| now.mono.since(at.mono) > QUIET);
    if quiet(last_failed(lookups)) || quiet(last_served(lookups)) {
        return None;
    }
    let wavers = || lookups.iter().filter(|one| one.wavers());
    let stands = lookups.iter().any(|one| one.stands && one.failed().next().is_some());
    let hosts: BTreeSet<&str> = wavers().map(|one| one.name).collect();
    if !stands || hosts.len() < limits.hosts() || runs(wavers()) < 2 {
        return None;
    }
    let failed = || lookups.iter().flat_map(Lookups::failed);
    let since = failed().map(|(at, _)| at).min_by_key(|at| at.mono)?;
    let mut cause = CommonCause {
        thing: thing.clone(),
        how: most(failed().map(|(_, how)| how))?,
        severity: Severity::Critical,
        since,
        until: since,
        says: None,
        members: BTreeMap::new(),
        maintained: BTreeSet::new(),
        unheard: BTreeMap::new(),
        explained: BTreeMap::new(),
        served: None,
        of: 0,
        spared: Spared::default(),
        in_turns: None,
        number: 0,
    };
    cause.count(lookups);
    let (failed, of) = cause.in_turns?;
    together::is_share(failed, of, SHARE_PCT).then_some(cause)
}

fn last_failed(lookups: &[Lookups<'_>]) -> Option<Now> {
    lookups.iter().flat_map(Lookups::failed).map(|(at, _)| at).max_by_key(|at| at.mono)
}

fn last_served(lookups: &[Lookups<'_>]) -> Option<Now> {
    lookups.iter().flat_map(Lookups::served).max_by_key(|at| at.mono)
}

/// How many times the servers failed, with lookups that they served in between.
fn runs<'a>(lookups: impl Iterator<Item = &'a Lookups<'a>>) -> usize {
    let mut all: Vec<(MonoTime, bool)> = lookups
        .flat_map(|one| one.asked.iter().map(|(at, how)| (at.mono, how.is_some())))
        .collect();
    all.sort_unstable();
    let (mut runs, mut served) = (0, BETWEEN);
    for (_, failed) in all {
        if failed {
            runs += usize::from(served >= BETWEEN);
            served = 0;
        } else {
            served += 1;
        }
    }
    runs
}

impl CommonCause {
    /// Takes over who was not served lately, and how many lookups were not.
    fn count(&mut self, lookups: &[Lookups<'_>]) {
        let since = self.since.mono;
        let asked = || lookups.iter().flat_map(|one| &one.asked);
        let asked = || asked().filter(|(at, _)| at.mono >= since);
        self.in_turns = Some((asked().filter(|(_, how)| how.is_some()).count(), asked().count()));
        let failed = lookups.iter().filter(|one| one.failed().next().is_some());
        self.members = failed.clone().map(|one| (one.target, one.name.to_owned())).collect();
        self.maintained = failed.filter(|one| one.maintained).map(|one| one.target).collect();
        self.of = lookups.iter().filter(|one| !one.asked.is_empty()).count();
    }

    /// Whether it is over: everybody is served since a while, or nobody.
    fn follow_lookups(&mut self, lookups: &[Lookups<'_>], now: Now) -> bool {
        let newest = (last_failed(lookups), last_served(lookups));
        let (Some(failed), Some(served)) = newest else { return true };
        self.until = failed;
        self.count(lookups);
        let twice = |one: &Lookups<'_>| {
            one.asked.is_empty() || one.served().filter(|at| at.mono > failed.mono).nth(1).is_some()
        };
        let quiet = |at: Now| now.mono.since(at.mono) > QUIET;
        quiet(served) || quiet(failed) && lookups.iter().all(twice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::diagnose::fixture::at;
    use crate::domain::sample::NameOutcome;

    const SILENT: How = How::Name(NameOutcome::Timeout);
    const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

    /// Each host is asked every 30 s from `start`; `!` fails.
    fn lookups(start: u64, of_each: &[&str], now: u64) -> Vec<Lookups<'static>> {
        let asked = |host: usize, text: &str| -> Vec<(Now, Option<How>)> {
            let at = |round: usize| at(start + 2 * host as u64 + 30 * round as u64);
            let said = text.chars().map(|one| (one == '!').then_some(SILENT));
            let said = said.enumerate().map(|(round, how)| (at(round), how));
            let seen = |(at, _): &(Now, Option<How>)| {
                at.mono <= MonoTime::from_secs(now)
                    && MonoTime::from_secs(now).since(at.mono) <= LOOKED_AT
            };
            said.filter(seen).collect()
        };
        (0..of_each.len())
            .map(|host| {
                let asked = asked(host, of_each[host]);
                let stands =
                    asked.iter().rev().take(2).filter(|(_, how)| how.is_some()).count() == 2;
                let target = TargetId(u32::try_from(host).expect("small"));
                Lookups { target, name: NAMES[host], asked, stands, maintained: false }
            })
            .collect()
    }

    /// When it was seen to begin, and to be over.
    fn course(of_each: &[&str]) -> Vec<(u64, Option<(usize, usize)>)> {
        let mut causes = CommonCauses::default();
        let mut seen = Vec::new();
        for secs in 0..1_500 {
            let heard =
                BTreeMap::from([(vec![IpAddr::from([10, 0, 0, 53])], lookups(0, of_each, secs))]);
            causes.observe_lookups(&heard, CommonThresholds::default(), at(secs));
            let stands = causes.in_turns.first().map(|cause| cause.in_turns.unwrap_or_default());
            if seen
                .last()
                .is_none_or(|(_, before): &(u64, Option<_>)| before.is_some() != stands.is_some())
            {
                seen.push((secs, stands));
            }
        }
        seen.retain(|(secs, _)| *secs > 0);
        seen
    }

    #[test]
    fn a_server_that_answers_some_lookups_is_one_cause_from_its_second_failure_on() {
        let seen = course(&[
            "..!.!!.!.!!.................",
            "..!!.!.!!.!.................",
            ".!!.!.!.!.!!................",
        ]);
        assert_eq!(seen.len(), 2, "{seen:?}");
        assert!((200..=250).contains(&seen[0].0), "{seen:?}");
        assert!((480..=520).contains(&seen[1].0), "150 s after the last failure: {seen:?}");
    }

    #[test]
    fn a_server_that_was_silent_once_is_none_nor_are_names_that_fail_one_after_the_other() {
        assert_eq!(course(&["..!!!!......", "..!!!!......", "..!!!!......"]), []);
        assert_eq!(course(&["..!!!!!!!!!!", "....!!!!!!!!", "......!!!!!!"]), []);
        assert_eq!(course(&["..!!!!!!", "..!!!!!!", "..!!!!!!", "........", "........"]), []);
    }

    #[test]
    fn two_names_that_waver_are_two_names() {
        assert_eq!(
            course(&["..!!.!!.!!.!!.", "..!!.!!.!!.!!.", "..............", ".............."]),
            []
        );
    }

    #[test]
    fn a_server_that_falls_silent_for_good_is_over_as_one_that_answers_some() {
        let seen = course(&["..!.!!.!!!!!!!!!!!", "..!!.!.!!!!!!!!!!!", ".!!.!..!!!!!!!!!!!"]);
        assert_eq!(seen.len(), 2, "{seen:?}");
        assert!((330..=350).contains(&seen[1].0), "{seen:?}");
    }
}
