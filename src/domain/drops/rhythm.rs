//! Whether drops keep time, held against chance.
//!
//! Of drops by chance the time to the next one is exponential. That it falls within a share `r` of
//! any given length has at most the probability `f(r)`, however often they come: the bound over all
//! rates. So many of the others fit the length of one of them by chance as a binomial tail says;
//! any of them may be that one, and several rhythms are tried, which the bound is multiplied by.

use super::{RememberedDrop, Spell};
use crate::domain::time::WallTime;
use std::time::Duration;

/// Drops that spacing and age are looked for in, the newest: a timer may be new.
const LATEST: usize = 12;
/// Shorter spacings and ages are those of a client that reconnects.
const SHORTEST: Duration = Duration::from_mins(3);
/// Longer spacings and ages are those of people's days, when they are held loosely.
const LONGEST_LOOSE: Duration = Duration::from_hours(6);
/// Longer spacings and ages are those of people's days.
const LONGEST: Duration = Duration::from_hours(20);
/// How exactly it is known when a host was last heard.
const EXACT: Duration = Duration::from_secs(5);
/// How exactly people tell a time.
const BY_HAND: Duration = Duration::from_mins(5);
/// People round times: what fits by chance does so more often by this factor.
const ROUNDED: f64 = 1.5;
/// The shortest working day: drops fall into it by chance, not over 24 hours.
const WORKING: Duration = Duration::from_hours(4);
/// Spacing and age, each loosely and tightly, and the time of day.
const TRIED: f64 = 5.0;
/// The tight tolerance is so much narrower.
const TIGHT: f64 = 5.0;
const DAY: i64 = 86_400_000;

/// What it takes to call drops regular.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// At least so many drops.
    pub drops: u32,
    /// Spacings and ages may differ by this share, between 0 and 1.
    pub tolerance: f64,
    /// Times of day may differ by this much.
    pub same_time: Duration,
    /// Drops by chance look so with at most this probability.
    pub chance: f64,
}

/// What drops keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rhythm {
    /// They come so long after each other.
    Spacing(Duration),
    /// They come at this time of the day, since midnight UTC.
    TimeOfDay(Duration),
    /// They come when the session is so old.
    Age(Duration),
}

/// Drops that keep time.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    /// What they keep.
    pub rhythm: Rhythm,
    /// How far from it they may be.
    pub slack: Duration,
    /// Spacings, ages or days that fit.
    pub fit: usize,
    /// Of so many.
    pub of: usize,
    /// The least of those that fit.
    pub least: Duration,
    /// The largest of those that fit.
    pub most: Duration,
    /// The probability that drops by chance look so, at most.
    pub chance: f64,
    /// The drops that it is made of, the oldest first.
    pub drops: Vec<RememberedDrop>,
}

impl Pattern {
    /// When the next drop is due, where that does not depend on the next session.
    #[must_use]
    pub fn due(&self) -> Option<WallTime> {
        let last = self.drops.last()?.at;
        match self.rhythm {
            Rhythm::Spacing(spacing) => Some(last.plus(spacing)),
            Rhythm::TimeOfDay(_) => Some(last.plus(Duration::from_hours(24))),
            Rhythm::Age(_) => None,
        }
    }

    /// Whether a session lived through what this timer should have ended.
    #[must_use]
    pub fn is_outlived_by(&self, spell: Spell) -> bool {
        match (self.rhythm, self.due()) {
            (Rhythm::Age(age), _) => {
                let first = self.drops.first().map_or(spell.since, |drop| drop.at);
                spell.until >= first && spell.until.since(spell.since) > age + self.slack
            }
            (_, Some(due)) => {
                spell.since < due.minus(self.slack) && spell.until > due.plus(self.slack)
            }
            _ => false,
        }
    }

    /// How long after the last drop it is believed in.
    #[must_use]
    pub fn lasts(&self) -> Duration {
        match self.rhythm {
            Rhythm::Spacing(spacing) => (3 * spacing).max(Duration::from_hours(12)),
            Rhythm::TimeOfDay(_) | Rhythm::Age(_) => Duration::from_hours(72),
        }
    }
}

/// The rhythm of `drops`, the oldest first, that is least by chance; `None` when none is beyond it.
/// The newest drop must keep it.
#[must_use]
pub fn find(drops: &[RememberedDrop], limits: &Limits) -> Option<Pattern> {
    let least = usize::try_from(limits.drops).unwrap_or(usize::MAX).max(3);
    if drops.len() < least {
        return None;
    }
    let latest = drops.get(drops.len().saturating_sub(LATEST)..).unwrap_or(drops);
    let loose = limits.tolerance;
    let mut found: Vec<Pattern> = Vec::new();
    for (tolerance, longest) in [(loose, LONGEST_LOOSE), (loose / TIGHT, LONGEST)] {
        found.extend(regular(&aged(latest), tolerance, longest, Rhythm::Age));
        found.extend(regular(&spaced(latest), tolerance, longest, Rhythm::Spacing));
    }
    found.extend(daily(drops, limits.same_time));
    found.retain(|pattern| pattern.chance <= limits.chance && pattern.drops.len() >= least);
    // Of two that are as good, the one found first: an age says more than a spacing.
    found.into_iter().min_by(|a, b| a.chance.total_cmp(&b.chance))
}

/// A length, and the drops that it is of, as places.
struct Length {
    is: Duration,
    exact: bool,
    of: Vec<RememberedDrop>,
}

fn spaced(drops: &[RememberedDrop]) -> Vec<Length> {
    let length = |pair: &[RememberedDrop]| {
        let [before, after] = pair else { return None };
        let of = vec![*before, *after];
        Some(Length { is: after.at.since(before.at), exact: before.seen && after.seen, of })
    };
    drops.windows(2).filter_map(length).collect()
}

fn aged(drops: &[RememberedDrop]) -> Vec<Length> {
    let length = |drop: &RememberedDrop| {
        let is = Duration::from_secs(u64::from(drop.lived_s?));
        Some(Length { is, exact: drop.seen, of: vec![*drop] })
    };
    drops.iter().filter_map(length).collect()
}

fn regular(
    lengths: &[Length],
    tolerance: f64,
    longest: Duration,
    rhythm: fn(Duration) -> Rhythm,
) -> Option<Pattern> {
    let exact = lengths.iter().all(|length| length.exact);
    let (floor, factor) = if exact { (EXACT, 1.0) } else { (BY_HAND, ROUNDED) };
    let one = |centre: &Length| {
        let slack = centre.is.mul_f64(tolerance).max(floor);
        let fits = |length: &&Length| length.is.abs_diff(centre.is) <= slack;
        let fitting: Vec<&Length> = lengths.iter().filter(fits).collect();
        let newest = lengths.last().is_some_and(|last| fits(&last));
        let mostly = fitting.len() * 2 >= lengths.len() && fitting.len() >= 2;
        if centre.is < SHORTEST || centre.is > longest || !newest || !mostly {
            return None;
        }
        let share = factor * slack.as_secs_f64() / centre.is.as_secs_f64();
        let others = lengths.len() - 1;
        let by_chance = tail(&vec![within(share); others], fitting.len() - 1);
        let mut drops: Vec<RememberedDrop> =
            fitting.iter().flat_map(|length| &length.of).copied().collect();
        drops.dedup();
        let pattern = Pattern {
            rhythm: rhythm(centre.is),
            slack,
            fit: fitting.len(),
            of: lengths.len(),
            least: fitting.iter().map(|length| length.is).min()?,
            most: fitting.iter().map(|length| length.is).max()?,
            chance: (by_chance * number(lengths.len()) * TRIED).min(1.0),
            drops,
        };
        // What a session older than the limit dropped of, the limit did not end.
        let limit = matches!(pattern.rhythm, Rhythm::Age(_));
        let older = |length: &Length| length.is > centre.is + slack;
        (!limit || !lengths.iter().any(older)).then_some(pattern)
    };
    let found = lengths.iter().filter_map(one);
    found.min_by(|a, b| a.chance.total_cmp(&b.chance).then(spread(a).cmp(&spread(b))))
}

/// How far those that fit lie from the middle one at the most.
fn spread(pattern: &Pattern) -> Duration {
    let (Rhythm::Spacing(centre) | Rhythm::Age(centre) | Rhythm::TimeOfDay(centre)) =
        pattern.rhythm;
    centre.abs_diff(pattern.least).max(centre.abs_diff(pattern.most))
}

/// A day with drops.
struct Day {
    /// Counted from that of the time that is looked for.
    number: i64,
    drops: i32,
    /// The drop that comes at the time, and by how many milliseconds it is late.
    fits: Option<(i64, RememberedDrop)>,
}

/// Days with a drop at the same time of the day.
fn daily(drops: &[RememberedDrop], slack: Duration) -> Option<Pattern> {
    let limit = i64::try_from(slack.as_millis()).unwrap_or(DAY).min(DAY / 2);
    let exact = drops.iter().all(|drop| drop.seen);
    let width = 2.0 * slack.as_secs_f64() * if exact { 1.0 } else { ROUNDED };
    let each = (width / WORKING.as_secs_f64()).min(1.0);
    let one = |centre: &RememberedDrop| {
        // Days are counted from half a day before the time that is looked for.
        let place = |drop: &RememberedDrop| {
            let from = drop.at.unix_millis().saturating_sub(centre.at.unix_millis());
            let shifted = from.saturating_add(DAY / 2);
            (shifted.div_euclid(DAY), shifted.rem_euclid(DAY) - DAY / 2)
        };
        let mut days: Vec<Day> = Vec::new();
        for drop in drops {
            let (number, off) = place(drop);
            let fits = (off.abs() <= limit).then_some((off, *drop));
            match days.last_mut().filter(|last| last.number == number) {
                Some(last) => {
                    last.drops += 1;
                    last.fits = last.fits.or(fits);
                }
                None => days.push(Day { number, drops: 1, fits }),
            }
        }
        let newest = days.last().is_some_and(|day| day.fits.is_some());
        let fitting: Vec<(i64, RememberedDrop)> = days.iter().filter_map(|day| day.fits).collect();
        if !newest || fitting.len() < 2 || fitting.len() * 2 < days.len() {
            return None;
        }
        let others = days.iter().filter(|day| day.number != 0);
        let chances: Vec<f64> = others.map(|day| 1.0 - (1.0 - each).powi(day.drops)).collect();
        let by_chance = tail(&chances, fitting.len() - 1);
        let middle = centre.at.unix_millis().rem_euclid(DAY);
        let time = |off: i64| {
            Duration::from_millis(u64::try_from((middle + off).rem_euclid(DAY)).unwrap_or_default())
        };
        Some(Pattern {
            rhythm: Rhythm::TimeOfDay(time(0)),
            slack,
            fit: fitting.len(),
            of: days.len(),
            least: time(fitting.iter().map(|(off, _)| *off).min()?),
            most: time(fitting.iter().map(|(off, _)| *off).max()?),
            chance: (by_chance * number(drops.len()) * TRIED).min(1.0),
            drops: fitting.into_iter().map(|(_, drop)| drop).collect(),
        })
    };
    drops.iter().filter_map(one).min_by(|a, b| a.chance.total_cmp(&b.chance))
}

/// The largest probability, over all rates, that an exponential time lies within `share` of a
/// given length.
fn within(share: f64) -> f64 {
    if share >= 0.99 {
        return 1.0;
    }
    let share = share.max(1e-9);
    let rate = ((1.0 + share) / (1.0 - share)).ln() / (2.0 * share);
    (-rate * (1.0 - share)).exp() - (-rate * (1.0 + share)).exp()
}

/// The probability that at least `least` of independent events happen.
fn tail(chances: &[f64], least: usize) -> f64 {
    let mut of_count = vec![1.0];
    for chance in chances {
        of_count.push(0.0);
        for count in (1..of_count.len()).rev() {
            let fewer = of_count.get(count - 1).copied().unwrap_or_default();
            if let Some(here) = of_count.get_mut(count) {
                *here = *here * (1.0 - chance) + fewer * chance;
            }
        }
        if let Some(none) = of_count.first_mut() {
            *none *= 1.0 - chance;
        }
    }
    of_count.iter().skip(least).sum()
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits =
        Limits { drops: 4, tolerance: 0.05, same_time: Duration::from_mins(5), chance: 0.001 };
    const START: i64 = 1_795_244_400;

    fn drops(at: &[f64]) -> Vec<RememberedDrop> {
        let seen = |secs: &f64| RememberedDrop {
            at: WallTime::from_unix_secs(START).plus(Duration::from_secs_f64(*secs)),
            seen: true,
            ..<_>::default()
        };
        at.iter().map(seen).collect()
    }

    fn rhythm(at: &[f64]) -> Option<Rhythm> {
        find(&drops(at), &LIMITS).map(|pattern| pattern.rhythm)
    }

    const fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn an_hourly_drop_is_found_at_the_fourth() {
        let hourly = [0.0, 3_600.0, 7_205.0, 10_802.0];
        assert_eq!(rhythm(&hourly[..3]), None);
        let pattern = find(&drops(&hourly), &LIMITS).unwrap();
        assert!(matches!(pattern.rhythm, Rhythm::Spacing(spacing) if spacing.as_secs() == 3_600));
        assert_eq!((pattern.fit, pattern.of, pattern.drops.len()), (3, 3, 4));
        assert_eq!((pattern.least, pattern.most), (secs(3_597), secs(3_605)));
        let due = pattern.due().unwrap();
        assert_eq!(due.unix_secs(), START + 10_802 + 3_600);
    }

    #[test]
    fn one_that_comes_between_does_not_hide_it_once_there_are_more() {
        let mut at: Vec<f64> = (0..7).map(|hour| f64::from(hour) * 3_600.0).collect();
        at.push(5_000.0);
        at.sort_by(f64::total_cmp);
        assert!(matches!(rhythm(&at), Some(Rhythm::Spacing(_))));
    }

    #[test]
    fn loosely_hourly_drops_need_more_of_them() {
        let loose: Vec<f64> =
            (0..7).map(|hour| f64::from(hour) * 3_600.0 + f64::from(hour % 2) * 60.0).collect();
        assert_eq!(rhythm(&loose[..4]), None);
        assert!(matches!(rhythm(&loose), Some(Rhythm::Spacing(_))));
    }

    #[test]
    fn drops_at_one_time_of_the_day_are_found_on_the_fourth_day() {
        let day = 86_400.0;
        let noon = [0.0, day + 130.0, 3.0 * day - 60.0, 4.0 * day + 10.0, 5.0 * day];
        assert_eq!(rhythm(&noon[..3]), None);
        let pattern = find(&drops(&noon), &LIMITS).unwrap();
        assert!(matches!(pattern.rhythm, Rhythm::TimeOfDay(_)), "{pattern:?}");
        assert_eq!((pattern.fit, pattern.of), (5, 5));
    }

    #[test]
    fn a_time_about_midnight_is_one_time() {
        let day = 86_400.0;
        let midnight = 61_200.0;
        let at: Vec<f64> =
            (0..5_i32).map(|n| midnight + f64::from(n) * day + f64::from(n % 2) * -90.0).collect();
        let pattern = find(&drops(&at), &LIMITS).unwrap();
        assert_eq!((pattern.fit, pattern.of), (5, 5), "{pattern:?}");
    }

    #[test]
    fn sessions_that_end_at_one_age_are_found_and_an_older_one_speaks_against_it() {
        let mut sessions = drops(&[0.0, 9_000.0, 30_000.0, 90_000.0]);
        for (drop, lived) in sessions.iter_mut().zip([7_200, 7_204, 7_198, 7_201]) {
            drop.lived_s = Some(lived);
        }
        let pattern = find(&sessions, &LIMITS).unwrap();
        assert!(matches!(pattern.rhythm, Rhythm::Age(age) if age.as_secs() / 60 == 120));
        let until = sessions[3].at;
        let long = Spell { since: until.minus(secs(9_000)), until };
        assert!(pattern.is_outlived_by(long));
        assert!(!pattern.is_outlived_by(Spell { since: until.minus(secs(7_000)), until }));
        sessions[1].lived_s = Some(9_000);
        assert_eq!(find(&sessions, &LIMITS), None);
    }

    #[test]
    fn a_session_over_the_time_that_is_due_speaks_against_a_spacing() {
        let pattern = find(&drops(&[0.0, 3_600.0, 7_200.0, 10_800.0]), &LIMITS).unwrap();
        let due = pattern.due().unwrap();
        let over = Spell { since: due.minus(secs(1_000)), until: due.plus(secs(300)) };
        assert!(pattern.is_outlived_by(over));
        let before = Spell { since: due.minus(secs(1_000)), until: due.plus(secs(10)) };
        assert!(!pattern.is_outlived_by(before));
    }

    #[test]
    fn times_told_by_hand_prove_less() {
        let mut at = drops(&[0.0, 3_600.0, 7_200.0, 10_800.0]);
        for drop in &mut at {
            (drop.seen, drop.marked) = (false, true);
        }
        assert_eq!(find(&at, &LIMITS), None);
    }

    /// Numbers that look random and are the same in every run (`SplitMix64`), in [0, 1).
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self) -> f64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            f64::from(u32::try_from((z ^ (z >> 31)) >> 32).unwrap()) / 4_294_967_296.0
        }
    }

    fn whole(secs: f64) -> u32 {
        Duration::from_secs_f64(secs).as_secs().try_into().unwrap()
    }

    /// Series of 40 drops by chance, looked at after each drop; how many ever looked regular.
    fn taken_for_regular(series: u32, mut next: impl FnMut(&mut Dice, f64) -> (f64, u32)) -> u32 {
        let mut dice = Dice(7);
        (0..series)
            .filter(|_| {
                let mut at = 0.0;
                let mut all = Vec::new();
                (0..40).any(|_| {
                    let (next, lived) = next(&mut dice, at);
                    at = next;
                    let mut drop = drops(&[at]);
                    drop[0].lived_s = Some(lived);
                    all.append(&mut drop);
                    find(&all, &LIMITS).is_some()
                })
            })
            .count()
            .try_into()
            .unwrap()
    }

    #[test]
    fn drops_by_chance_are_seldom_taken_for_regular() {
        for mean in [1_200.0, 7_200.0, 86_400.0] {
            let wrong = taken_for_regular(300, |dice, at| {
                let gap = -mean * (1.0 - dice.roll()).ln();
                (at + gap.max(20.0), whole(gap))
            });
            assert!(wrong <= 3, "{wrong} of 300 at a mean of {mean} s");
        }
    }

    #[test]
    fn the_hours_that_people_work_are_no_timer() {
        for mean in [2_400.0, 14_400.0, 40_000.0] {
            let wrong = taken_for_regular(300, |dice, at| {
                // A working day is 8 h, then 16 h pass without a session.
                let gap = -mean * (1.0 - dice.roll()).ln();
                let worked = at / 86_400.0;
                let time = worked.fract() * 86_400.0;
                let mut left = time + gap.max(20.0);
                let mut day = worked.floor();
                while left > 28_800.0 {
                    left -= 28_800.0;
                    day += 1.0;
                }
                (day * 86_400.0 + left, whole(gap))
            });
            assert!(wrong <= 3, "{wrong} of 300 at a mean of {mean} s of work");
        }
    }
}
