//! From a view model to the cells that changed.

use super::line::{Line, Piece};
use super::theme::{GlyphSet, Role, Theme, ascii_stand_in};
use super::view_model::{Panel, ViewLine, ViewModel};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// What has to be written to bring the terminal up to date.
#[derive(Debug)]
pub struct Frame<'a> {
    /// The terminal must be cleared first: it was resized, or its content is not known.
    pub clear: bool,
    /// Cells with their column and row.
    pub updates: Vec<(u16, u16, &'a Cell)>,
    /// A text in place of cells, which the terminal itself wraps, so that it selects a long line
    /// as one.
    pub page: Option<String>,
}

/// Remembers what is on the terminal.
#[derive(Debug)]
pub struct Renderer {
    theme: Theme,
    last: Option<ViewModel>,
    shown: Buffer,
    next: Buffer,
}

impl Renderer {
    /// A renderer for a terminal of unknown content.
    #[must_use]
    pub fn new(theme: Theme) -> Self {
        Self { theme, last: None, shown: Buffer::default(), next: Buffer::default() }
    }

    /// Draws in this theme from here on.
    pub fn put_on(&mut self, theme: Theme) {
        self.theme = theme;
        self.last = None;
    }

    /// The theme.
    #[must_use]
    pub const fn theme(&self) -> &Theme {
        &self.theme
    }

    /// The content of the terminal is not known any more: everything is drawn anew.
    pub fn invalidate(&mut self) {
        self.last = None;
    }

    /// What to write for `model`; `None` when the terminal shows it already.
    pub fn frame(&mut self, model: ViewModel) -> Option<Frame<'_>> {
        if self.last.as_ref() == Some(&model) {
            return None;
        }
        if let Some(page) = &model.page {
            let ascii = self.theme.glyphs() == GlyphSet::Ascii;
            let page = if ascii { in_ascii(page) } else { page.clone() };
            self.last = Some(model);
            return Some(Frame { clear: true, updates: Vec::new(), page: Some(page) });
        }
        let area = Rect::new(0, 0, model.size.width, model.size.height);
        let unknown = self.last.as_ref().is_none_or(|last| last.page.is_some());
        let clear = unknown || self.shown.area != area;
        std::mem::swap(&mut self.shown, &mut self.next);
        // `next` holds what the terminal shows from here on, `shown` is painted afresh.
        if clear {
            self.next = Buffer::empty(area);
        }
        self.shown.resize(area);
        self.shown.reset();
        paint(&model, &self.theme, &mut self.shown);
        self.last = Some(model);
        let updates = self.next.diff(&self.shown);
        (clear || !updates.is_empty()).then_some(Frame { clear, updates, page: None })
    }

    /// The last frame as text, one line per row, blanks at the ends cut.
    #[must_use]
    pub fn text(&self) -> String {
        text(&self.shown)
    }
}

/// The text of a buffer, one line per row, blanks at the ends cut.
#[must_use]
pub fn text(buffer: &Buffer) -> String {
    let mut out = String::new();
    let width = usize::from(buffer.area.width).max(1);
    for row in buffer.content.chunks(width) {
        let mut line = String::new();
        let mut skip = 0;
        for cell in row {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            line.push_str(cell.symbol());
            skip = cell.symbol().width().saturating_sub(1);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn in_ascii(text: &str) -> String {
    let plain = |part: &str| match part {
        "\n" => "\n".to_owned(),
        part if part.is_ascii() => part.to_owned(),
        part => ascii_stand_in(part).to_owned(),
    };
    text.graphemes(true).map(plain).collect()
}

/// Paints a view model onto a buffer of its size.
pub fn paint(model: &ViewModel, theme: &Theme, buffer: &mut Buffer) {
    let area = buffer.area;
    buffer.set_style(area, theme.style(Role::Text));
    for (y, line) in (0..area.height).zip(&model.lines) {
        view_line(line, theme, buffer, Rect { x: 0, y, width: area.width, height: 1 });
    }
    if let Some(panel) = &model.panel {
        paint_panel(panel, theme, buffer);
    }
    if theme.glyphs() == GlyphSet::Ascii {
        for cell in &mut buffer.content {
            if !cell.symbol().is_ascii() {
                cell.set_symbol(ascii_stand_in(cell.symbol()));
            }
        }
    }
}

fn view_line(line: &ViewLine, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    pieces(&line.line, theme, buffer, area);
    if let Some(base) = line.base {
        buffer.set_style(area, theme.style(base));
    }
}

fn pieces(line: &Line, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let area = area.intersection(buffer.area);
    let mut x = area.x;
    for piece in &line.0 {
        let (role, text) = match piece {
            Piece::Text(role, text) => (*role, text.as_str()),
            Piece::Glyph(role) => (*role, theme.glyph(*role)),
            Piece::GlyphIn(glyph, look) => (*look, theme.glyph(*glyph)),
        };
        let room = usize::from(area.right().saturating_sub(x));
        if room == 0 || area.height == 0 {
            return;
        }
        x = buffer.set_stringn(x, area.y, text, room, theme.style(role)).0;
    }
}

fn paint_panel(panel: &Panel, theme: &Theme, buffer: &mut Buffer) {
    let area = Rect::new(panel.x, panel.y, panel.width, panel.height).intersection(buffer.area);
    if area.width < 2 || area.height < 2 {
        return;
    }
    for y in area.top()..area.bottom() {
        // A wide character that reaches under the edge would be drawn over it.
        if let Some(before) = area.x.checked_sub(1)
            && let Some(cell) = buffer.cell_mut((before, y))
            && cell.symbol().width() > 1
        {
            cell.set_symbol(" ");
        }
        for x in area.left()..area.right() {
            if let Some(cell) = buffer.cell_mut((x, y)) {
                cell.reset();
            }
        }
    }
    buffer.set_style(area, theme.style(Role::Panel));
    frame(panel, theme, buffer, area);
    let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(4), height: 1, ..area };
    for (y, line) in (area.y + 1..area.bottom() - 1).zip(&panel.lines) {
        view_line(line, theme, buffer, Rect { y, ..inner });
    }
}

fn frame(panel: &Panel, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let inside = usize::from(area.width - 2);
    let edge = |title: Line, left: &str, right: &str| {
        let title = title.cut(inside.saturating_sub(2));
        let rest = inside.saturating_sub(title.width() + 1);
        Line::of(Role::Border, left)
            .text(Role::Border, if inside > 0 { "\u{2500}" } else { "" })
            .join(title)
            .text(Role::Border, &"\u{2500}".repeat(rest))
            .text(Role::Border, right)
    };
    let spaced = |line: Line| {
        if line.0.is_empty() {
            return line;
        }
        Line::of(Role::Border, " ").join(line).text(Role::Border, " ")
    };
    let title = spaced(Line::of(Role::Strong, &panel.title));
    let row = |y| Rect { y, height: 1, ..area };
    pieces(&edge(title, "\u{250c}", "\u{2510}"), theme, buffer, row(area.y));
    let hint = spaced(panel.hint.clone());
    pieces(&edge(hint, "\u{2514}", "\u{2518}"), theme, buffer, row(area.bottom() - 1));
    let side = Line::of(Role::Border, "\u{2502}");
    for y in area.y + 1..area.bottom() - 1 {
        pieces(&side, theme, buffer, row(y));
        pieces(&side, theme, buffer, Rect { x: area.right() - 1, y, width: 1, height: 1 });
    }
}
