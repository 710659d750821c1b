//! Planned work: probes go on and findings are shown, and nobody is alerted until it is over.

mod length;
mod window;

pub use length::{LengthError, parse_length};
pub use window::{Moment, MomentError, Times, Window};

use super::target::Target;
use super::text::printable;
use super::time::WallTime;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// That a target is in maintenance, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Maintained {
    /// The window of the configuration that ends last: its name, escaped, and its end.
    pub window: Option<(String, WallTime)>,
    /// The end of what somebody asked for on the screen; it can be ended there.
    pub asked: Option<WallTime>,
}

impl Maintained {
    /// When nothing holds its alerts back any more.
    #[must_use]
    pub fn until(&self) -> WallTime {
        let window = self.window.as_ref().map(|(_, until)| *until);
        window.max(self.asked).unwrap_or_default()
    }
}

/// The windows of the configuration.
#[derive(Debug, Clone)]
pub struct Calendar {
    windows: Vec<Window>,
    /// The zone of windows that name none.
    own: TimeZone,
}

impl Default for Calendar {
    fn default() -> Self {
        Self::from(Vec::new())
    }
}

impl From<Vec<Window>> for Calendar {
    /// These windows; those without a zone are in UTC.
    fn from(windows: Vec<Window>) -> Self {
        Self::new(windows, TimeZone::UTC)
    }
}

/// What of a [`Calendar`] holds at one moment: each window that does, and its end.
#[derive(Debug, Clone, Default)]
pub struct Holding<'c>(Vec<(&'c Window, WallTime)>);

impl Calendar {
    /// These windows; those without a zone are in `own`, this machine's.
    #[must_use]
    pub fn new(windows: Vec<Window>, own: TimeZone) -> Self {
        Self { windows, own }
    }

    /// This machine's zone.
    #[must_use]
    pub const fn zone(&self) -> &TimeZone {
        &self.own
    }

    /// The windows that hold at `now`.
    #[must_use]
    pub fn holding(&self, now: WallTime) -> Holding<'_> {
        let until = |window| Window::until(window, now, &self.own).map(|until| (window, until));
        Holding(self.windows.iter().filter_map(until).collect())
    }
}

impl Holding<'_> {
    /// The windows that hold, by name, unescaped, and when each ends.
    #[must_use]
    pub fn ends(&self) -> BTreeMap<String, WallTime> {
        self.0.iter().map(|(window, until)| (window.name.clone(), *until)).collect()
    }

    /// The window that ends last of those for everything, this machine included.
    #[must_use]
    pub fn of_all(&self) -> Option<WallTime> {
        let all = self.0.iter().filter(|(window, _)| window.is_for_all());
        all.map(|(_, until)| *until).max()
    }

    /// Whether `target` is in maintenance; `asked` is the end of what somebody asked for.
    #[must_use]
    pub fn of(
        &self,
        target: &Target,
        asked: Option<WallTime>,
        now: WallTime,
    ) -> Option<Maintained> {
        let mine = self.0.iter().filter(|(window, _)| window.takes(target));
        let window = mine.max_by_key(|(_, until)| *until);
        let named =
            |(window, until): &(&Window, WallTime)| (printable(&window.name).into_owned(), *until);
        let maintained =
            Maintained { window: window.map(named), asked: asked.filter(|until| *until > now) };
        (maintained != Maintained::default()).then_some(maintained)
    }
}

#[cfg(test)]
mod tests;
