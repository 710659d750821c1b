//! The RTT chart: a line with gaps. It is never drawn across a loss.

use super::spark;
use crate::domain::stats::Spark;
use crate::domain::thresholds::LatencyThresholds;
use crate::ui::format;
use crate::ui::line::{Line, right};
use crate::ui::theme::Role;
use std::time::Duration;

/// Cells left of the plot: a label and the axis.
const AXIS: usize = 6;

/// A grid of styled characters.
struct Grid {
    width: usize,
    cells: Vec<(char, Role)>,
}

impl Grid {
    fn new(width: usize, height: usize) -> Self {
        Self { width, cells: vec![(' ', Role::Spark); width * height] }
    }

    /// Row 0 is the bottom.
    fn put(&mut self, x: usize, row: usize, c: char, role: Role) {
        if let Some(cell) = self.cells.get_mut(row * self.width + x) {
            *cell = (c, role);
        }
    }

    fn row(&self, row: usize) -> Line {
        let mut line = Line::new();
        for (c, role) in self.cells.iter().skip(row * self.width).take(self.width) {
            match role {
                Role::SparkLost | Role::SparkLate => line = line.glyph(*role),
                _ => line.push(*role, c.encode_utf8(&mut [0; 4])),
            }
        }
        line
    }
}

/// The newest slots as a chart of `width` by `height` cells: rows, axis and a line of times.
/// `seconds` is what one slot stands for. Empty when there is no room.
#[must_use]
pub fn lines(
    slots: &[Spark],
    width: usize,
    height: usize,
    seconds: usize,
    thresholds: &LatencyThresholds,
) -> Vec<Line> {
    if width < AXIS + 12 || height < 4 {
        return Vec::new();
    }
    let plot = width - AXIS;
    let rows = height - 2;
    let shown = slots.get(slots.len().saturating_sub(plot)..).unwrap_or_default();
    let top = nice_top(shown);
    let measured = shown.iter().any(|slot| matches!(slot, Spark::Rtt(_)));
    let mut grid = Grid::new(plot, rows + 1);
    // Not drawn like the line: a host at 48 ms is not at 0.
    (0..plot).for_each(|x| grid.put(x, 0, '\u{2508}', Role::Border));
    let mut previous = None;
    for (x, slot) in (plot - shown.len()..).zip(shown) {
        previous = match slot {
            Spark::Rtt(rtt) => {
                let row = 1 + place(*rtt, top, rows);
                step(&mut grid, x, previous, row, spark::role(*rtt, thresholds));
                Some(row)
            }
            Spark::Lost => {
                grid.put(x, 0, '\u{d7}', Role::SparkLost);
                None
            }
            Spark::Late => {
                grid.put(x, 0, '~', Role::SparkLate);
                None
            }
            Spark::Blank => None,
        };
    }
    let mut lines: Vec<Line> = (0..=rows)
        .rev()
        .map(|row| {
            let label = match row {
                _ if !measured => String::new(),
                0 => "0".to_owned(),
                row if row == rows => format::ms(top),
                row if rows >= 5 && 2 * (row - 1) == rows - 1 => format::ms(top / 2),
                _ => String::new(),
            };
            let axis = if label.is_empty() { "\u{2502}" } else { "\u{2524}" };
            Line::of(Role::Dim, &right(&label, AXIS - 1))
                .text(Role::Border, axis)
                .join(grid.row(row))
        })
        .collect();
    let left = format!("{} ago", span_words(plot * seconds));
    let gap = plot.saturating_sub(left.len() + 3);
    lines.push(Line::of(Role::Dim, &format!("{}{left}{}now", " ".repeat(AXIS), " ".repeat(gap))));
    lines
}

/// One column of the line; joined to the one before unless there is a gap.
fn step(grid: &mut Grid, x: usize, previous: Option<usize>, row: usize, role: Role) {
    let Some(before) = previous.filter(|before| *before != row) else {
        grid.put(x, row, '\u{2500}', role);
        return;
    };
    let (leave, arrive) =
        if row > before { ('\u{256f}', '\u{256d}') } else { ('\u{256e}', '\u{2570}') };
    grid.put(x, before, leave, role);
    grid.put(x, row, arrive, role);
    for between in before.min(row) + 1..before.max(row) {
        grid.put(x, between, '\u{2502}', role);
    }
}

/// Row of an RTT, from 0.
fn place(rtt: Duration, top: Duration, rows: usize) -> usize {
    let steps = rows.saturating_sub(1);
    (1..=steps).take_while(|row| rtt >= top.mul_f64(fraction(2 * row - 1, 2 * steps))).count()
}

fn fraction(part: usize, whole: usize) -> f64 {
    let float = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    if whole == 0 { 0.0 } else { float(part) / float(whole) }
}

/// The smallest of 1, 2, 3, 5 times a power of ten, in milliseconds, that no RTT exceeds.
fn nice_top(slots: &[Spark]) -> Duration {
    let largest = slots
        .iter()
        .filter_map(|slot| match slot {
            Spark::Rtt(rtt) => Some(*rtt),
            _ => None,
        })
        .max()
        .unwrap_or_default();
    (0..6)
        .flat_map(|power| {
            [1, 2, 3, 5].map(|digit| Duration::from_millis(digit * 10_u64.pow(power)))
        })
        .find(|top| *top >= largest)
        .unwrap_or(largest)
}

fn span_words(seconds: usize) -> String {
    if seconds < 120 { format!("{seconds} s") } else { format!("{} min", seconds / 60) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(slots: &[Spark]) -> Vec<String> {
        lines(slots, 20, 6, 1, &LatencyThresholds::default()).iter().map(Line::plain).collect()
    }

    #[test]
    fn the_line_is_never_joined_across_a_loss() {
        let ms = |ms| Spark::Rtt(Duration::from_millis(ms));
        let slots =
            [ms(2), ms(2), ms(10), ms(10), Spark::Lost, Spark::Lost, ms(10), ms(5), Spark::Blank];
        assert_eq!(
            draw(&slots),
            [
                " 10.0┤       ╭─  ─╮ ",
                "     │       │    ╰ ",
                "     │     ──╯      ",
                "     │              ",
                "    0┤┈┈┈┈┈┈┈┈┈××┈┈┈",
                "      14 s ago   now",
            ]
        );
    }

    #[test]
    fn every_row_has_the_width_it_was_given() {
        for width in 0..60 {
            let slots = vec![Spark::Rtt(Duration::from_millis(7)); 120];
            for line in lines(&slots, width, 7, 1, &LatencyThresholds::default()) {
                assert_eq!(line.width(), width);
            }
        }
    }

    #[test]
    fn nothing_measured_is_an_empty_chart() {
        let drawn = draw(&[Spark::Blank; 20]);
        assert_eq!(drawn[1], "     │              ");
        assert_eq!(drawn.len(), 6);
    }
}
