//! A dashboard over fixtures, driven by keys.

use super::fixtures::NOW;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rdpwatch::domain::snapshot::Snapshot;
use rdpwatch::domain::time::WallTime;
use rdpwatch::ui::dashboard::{Dashboard, Options};
use rdpwatch::ui::effect::Effect;
use rdpwatch::ui::input::{Input, Key};
use rdpwatch::ui::render;
use rdpwatch::ui::state::Size;
use rdpwatch::ui::theme::Theme;
use std::sync::Arc;

pub(crate) struct Screen {
    pub(crate) dashboard: Dashboard,
    pub(crate) now: WallTime,
    pub(crate) theme: Theme,
    pub(crate) size: Size,
}

impl Screen {
    pub(crate) fn with(snapshot: Snapshot, width: u16, height: u16, options: Options) -> Self {
        let size = Size { width, height };
        let theme = options.theme.clone();
        let dashboard = Dashboard::new(Options { size, ..options }, Arc::new(snapshot));
        Self { dashboard, now: NOW, theme, size }
    }

    pub(crate) fn new(snapshot: Snapshot, width: u16, height: u16) -> Self {
        Self::with(snapshot, width, height, Options::default())
    }

    /// Presses keys, separated by blanks; returns the effects of all.
    pub(crate) fn press(&mut self, keys: &str) -> Vec<Effect> {
        keys.split(' ')
            .filter(|key| !key.is_empty())
            .flat_map(|key| {
                let key: Key = key.parse().unwrap_or_else(|error| panic!("{error}"));
                // As in the program, a key answers what was drawn.
                let _drawn = self.dashboard.frame(self.now);
                self.dashboard.input(Input::Key(key), self.now)
            })
            .collect()
    }

    /// Types text.
    pub(crate) fn type_text(&mut self, text: &str) -> Vec<Effect> {
        text.chars()
            .flat_map(|c| self.dashboard.input(Input::Key(Key::char(c)), self.now))
            .collect()
    }

    pub(crate) fn buffer(&self) -> Buffer {
        let model = self.dashboard.view_model(self.now);
        let mut buffer = Buffer::empty(Rect::new(0, 0, model.size.width, model.size.height));
        render::paint(&model, self.dashboard.theme(), &mut buffer);
        buffer
    }

    pub(crate) fn text(&self) -> String {
        render::text(&self.buffer())
    }

    /// Text and styles: styles as runs of `x,y style` where they change.
    pub(crate) fn picture(&self) -> String {
        let buffer = self.buffer();
        let debug = format!("{buffer:?}");
        let styles = debug.split_once("styles: [").map_or("", |(_, styles)| styles);
        let ruler = "=".repeat(usize::from(self.size.width));
        format!("{ruler}\n{}{ruler}\nstyles: [{styles}", render::text(&buffer))
    }
}
