//! What is shown at which size. Whole panels are dropped on small screens, never squeezed.

use super::state::Size;

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Words before numbers.
    Small,
    /// The table with what matters most.
    Medium,
    /// Everything that one line can hold, and the alerts below.
    Wide,
    /// Two panes in the detail.
    Rich,
}

/// Where the RTT chart of the detail goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChartPlace {
    /// Below the findings.
    Below,
    /// Beside the ladder.
    Beside,
    /// On top of the right pane.
    Pane,
}

/// What is on the screen besides the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// How much room there is.
    pub class: Class,
    /// Lines of the banner, the rule below it included.
    pub head: u16,
    /// Lines below the body: alerts, hints.
    pub foot: u16,
    /// The chart of the detail.
    pub chart: ChartPlace,
}

/// One row per class: least width, least height, and what it shows.
const BREAKPOINTS: &[(u16, u16, Layout)] = &[
    (160, 30, Layout { class: Class::Rich, head: 3, foot: 2, chart: ChartPlace::Pane }),
    (110, 24, Layout { class: Class::Wide, head: 3, foot: 2, chart: ChartPlace::Beside }),
    (60, 14, Layout { class: Class::Medium, head: 2, foot: 1, chart: ChartPlace::Below }),
    (0, 0, Layout { class: Class::Small, head: 1, foot: 0, chart: ChartPlace::Below }),
];

impl Layout {
    /// The layout of a terminal of this size.
    #[must_use]
    pub fn of(size: Size) -> Self {
        BREAKPOINTS
            .iter()
            .find(|(width, height, _)| size.width >= *width && size.height >= *height)
            .map_or(
                Self { class: Class::Small, head: 1, foot: 0, chart: ChartPlace::Below },
                |row| row.2,
            )
    }

    /// Lines between banner and footer.
    #[must_use]
    pub const fn body(self, size: Size) -> u16 {
        size.height.saturating_sub(self.head + self.foot)
    }

    /// Rows of the table, below its headings.
    #[must_use]
    pub const fn table_rows(self, size: Size) -> u16 {
        match self.class {
            Class::Small => self.body(size),
            _ => self.body(size).saturating_sub(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_get_the_layout_made_for_them() {
        let class = |width, height| Layout::of(Size { width, height }).class;
        assert_eq!(class(40, 12), Class::Small);
        assert_eq!(class(59, 50), Class::Small);
        assert_eq!(class(200, 13), Class::Small);
        assert_eq!(class(60, 14), Class::Medium);
        assert_eq!(class(80, 24), Class::Medium);
        assert_eq!(class(110, 23), Class::Medium);
        assert_eq!(class(120, 40), Class::Wide);
        assert_eq!(class(159, 60), Class::Wide);
        assert_eq!(class(200, 60), Class::Rich);
        assert_eq!(class(0, 0), Class::Small);
    }

    #[test]
    fn the_richest_layout_comes_first_and_the_last_takes_everything() {
        for pair in BREAKPOINTS.windows(2) {
            assert!(pair[0].0 > pair[1].0 && pair[0].1 > pair[1].1);
            assert!(pair[0].2.class > pair[1].2.class);
        }
        assert_eq!(BREAKPOINTS.last().map(|row| (row.0, row.1)), Some((0, 0)));
    }
}
