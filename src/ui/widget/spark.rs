//! The sparkline: one cell per second (or per zoom step), loss as a glyph of its own.
//!
//! Every row has the same scale, so that rows can be compared and nothing is redrawn because a
//! maximum moved: each step doubles, and the two highest steps are the target's own thresholds of
//! `high-latency`. With the defaults the steps end at 4.7, 9.4, 19, 38, 75, 150 and 300 ms.

use crate::domain::stats::Spark;
use crate::domain::thresholds::LatencyThresholds;
use crate::ui::line::Line;
use crate::ui::theme::Role;
use std::time::Duration;

const LEVELS: [&str; 8] = [
    "\u{2581}", "\u{2582}", "\u{2583}", "\u{2584}", "\u{2585}", "\u{2586}", "\u{2587}", "\u{2588}",
];

/// Puts `seconds` slots into one. `now_s` keeps the borders between groups where they are while
/// time goes on. A loss in a group is never hidden; else the largest RTT stands for it.
#[must_use]
pub fn fold(slots: &[Spark], seconds: usize, now_s: u64) -> Vec<Spark> {
    if seconds <= 1 {
        return slots.to_vec();
    }
    let newest = usize::try_from(now_s).unwrap_or_default() % seconds + 1;
    let (older, newest) = slots.split_at(slots.len().saturating_sub(newest));
    let mut folded: Vec<Spark> = older.rchunks(seconds).map(worst).collect();
    folded.reverse();
    if !newest.is_empty() {
        folded.push(worst(newest));
    }
    folded
}

fn worst(group: &[Spark]) -> Spark {
    let rank = |spark: &Spark| match spark {
        Spark::Blank => (0, Duration::ZERO),
        Spark::Rtt(rtt) => (1, *rtt),
        Spark::Late => (2, Duration::ZERO),
        Spark::Lost => (3, Duration::ZERO),
    };
    group.iter().copied().max_by_key(rank).unwrap_or_default()
}

/// What an RTT looks like against the thresholds.
#[must_use]
pub fn role(rtt: Duration, thresholds: &LatencyThresholds) -> Role {
    if rtt >= thresholds.critical {
        Role::SparkVerySlow
    } else if rtt >= thresholds.warning {
        Role::SparkSlow
    } else {
        Role::Spark
    }
}

/// The newest `width` slots, newest at the right end; unknown ones blank.
#[must_use]
pub fn line(slots: &[Spark], width: usize, thresholds: &LatencyThresholds) -> Line {
    let shown = slots.get(slots.len().saturating_sub(width)..).unwrap_or_default();
    let line = Line::of(Role::Spark, &" ".repeat(width.saturating_sub(shown.len())));
    shown.iter().fold(line, |line, slot| cell(line, *slot, thresholds))
}

/// The newest `width - 1` slots, each in a cell that it keeps: the newest, number `newest` of all,
/// overwrites the oldest, and one blank cell behind it says where the present is. From one second
/// to the next two cells differ, where [`line()`] moves them all.
#[must_use]
pub fn ring(slots: &[Spark], width: usize, newest: u64, thresholds: &LatencyThresholds) -> Line {
    let Some(last) = width.checked_sub(1) else { return Line::new() };
    let place = usize::try_from(newest).unwrap_or_default() % width;
    let slot = |x: usize| {
        let age = (place + width - x) % width;
        let known = slots.len().checked_sub(age + 1).and_then(|at| slots.get(at));
        known.filter(|_| age < last).copied().unwrap_or_default()
    };
    (0..width).fold(Line::new(), |line, x| cell(line, slot(x), thresholds))
}

fn cell(mut line: Line, slot: Spark, thresholds: &LatencyThresholds) -> Line {
    match slot {
        Spark::Blank => line.push(Role::Spark, " "),
        Spark::Lost => line = line.glyph(Role::SparkLost),
        Spark::Late => line = line.glyph(Role::SparkLate),
        Spark::Rtt(rtt) => line.push(role(rtt, thresholds), level(rtt, thresholds)),
    }
    line
}

fn level(rtt: Duration, thresholds: &LatencyThresholds) -> &'static str {
    let steps = [32, 16, 8, 4, 2, 1]
        .into_iter()
        .map(|part| thresholds.warning / part)
        .chain([thresholds.critical.max(thresholds.warning)]);
    let place = steps.take_while(|step| rtt >= *step).count();
    LEVELS.get(place).copied().unwrap_or("\u{2588}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Spark {
        Spark::Rtt(Duration::from_millis(ms))
    }

    #[test]
    fn loss_has_its_own_glyph_and_unknown_is_blank() {
        let slots = [ms(1), Spark::Blank, Spark::Lost, Spark::Late, ms(150), ms(300)];
        let line = line(&slots, 8, &LatencyThresholds::default());
        assert_eq!(line.plain(), "  ▁ \u{d7}~▇█");
        assert_eq!(line.width(), 8);
        assert_eq!(super::line(&slots, 2, &LatencyThresholds::default()).plain(), "▇█");
    }

    #[test]
    fn in_place_each_second_keeps_its_cell_and_the_gap_is_behind_the_newest() {
        let thresholds = LatencyThresholds::default();
        // Second n took n ms, but for one that is lost and one that is not known.
        let slot = |second: u64| match second {
            203 => Spark::Lost,
            205 => Spark::Blank,
            _ => ms(1 << (second % 8)),
        };
        let width = 6;
        let at = |newest: u64| {
            let slots: Vec<Spark> = (newest - 119..=newest).map(slot).collect();
            ring(&slots, width, newest, &thresholds).plain()
        };
        let cell = |second: u64| line(&[slot(second)], 1, &thresholds).plain();
        for newest in 202..212 {
            let shown = at(newest);
            assert_eq!(shown.chars().count(), width);
            for (x, found) in (0..).zip(shown.chars()) {
                // The second of the last five that belongs to this cell; the sixth is the gap.
                let second = (newest - 4..=newest).find(|second| second % 6 == x);
                let wanted = second.map_or_else(|| " ".to_owned(), cell);
                assert_eq!(found.to_string(), wanted, "{newest}: cell {x} of {shown:?}");
            }
            assert_eq!(shown.chars().nth(((newest + 1) % 6) as usize), Some(' '), "{shown:?}");
            let next = at(newest + 1);
            let differ = shown.chars().zip(next.chars()).filter(|(a, b)| a != b).count();
            assert!(differ <= 2, "{shown:?} {next:?}");
        }
        assert_eq!(ring(&[], 0, 7, &thresholds).width(), 0);
        assert_eq!(ring(&[ms(1)], 1, 7, &thresholds).plain(), " ");
        assert_eq!(ring(&[ms(1)], 4, 6, &thresholds).plain(), "  \u{2581} ");
    }

    #[test]
    fn folding_never_hides_a_loss_and_keeps_its_borders() {
        let slots = [ms(9), ms(1), Spark::Lost, ms(2), Spark::Blank, ms(3)];
        assert_eq!(fold(&slots, 1, 0), slots);
        assert_eq!(fold(&slots, 2, 1), [ms(9), Spark::Lost, ms(3)]);
        assert_eq!(fold(&slots, 2, 2), [ms(9), Spark::Lost, ms(2), ms(3)]);
        let later = [&slots[1..], &[ms(4)]].concat();
        assert_eq!(fold(&later, 2, 2), [ms(1), Spark::Lost, ms(3), ms(4)]);
        assert_eq!(fold(&[], 4, 7), []);
    }
}
