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
    let mut line = Line::of(Role::Spark, &" ".repeat(width.saturating_sub(shown.len())));
    for slot in shown {
        match slot {
            Spark::Blank => line.push(Role::Spark, " "),
            Spark::Lost => line = line.glyph(Role::SparkLost),
            Spark::Late => line = line.glyph(Role::SparkLate),
            Spark::Rtt(rtt) => line.push(role(*rtt, thresholds), level(*rtt, thresholds)),
        }
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
