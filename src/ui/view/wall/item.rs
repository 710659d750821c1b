//! One thing that a tile says, from a line of ordinary letters to the largest block letters.

use crate::ui::line::Line;
use crate::ui::theme::{GlyphSet, Role};
use crate::ui::widget::letters::{drawn, height};

/// How it may stand in block letters.
#[derive(Debug)]
struct Form {
    /// Lines that begin a row each.
    large: Vec<Line>,
    /// Rows of block letters at most.
    rows: usize,
    /// For the smallest block letters only.
    smallest: bool,
    /// It leaves out whom it is about, or how many: that is said elsewhere and smaller.
    less: bool,
    /// What stands below it in ordinary letters, in more words and in fewer; nothing where `large` says
    /// it all.
    below: Vec<Line>,
}

/// What became of it.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    pub(super) lines: Vec<Line>,
    /// How large; 0 is ordinary letters.
    pub(super) scale: usize,
    less: bool,
}

/// One thing that a tile says.
#[derive(Debug)]
pub(super) struct Item {
    /// In ordinary letters: all of it, and in fewer words.
    lines: Vec<Line>,
    /// In block letters, what is read best first.
    forms: Vec<Form>,
    /// How large it may be drawn; 0 is ordinary letters.
    pub(super) most: usize,
}

/// As many rows as it takes.
pub(super) const ANY: usize = usize::MAX;

impl Item {
    /// What is said in the first of these lines that has room, and only like that; at most so large.
    pub(super) const fn saying(lines: Vec<Line>, most: usize) -> Self {
        Self { lines, forms: Vec::new(), most }
    }

    /// A line in letters of any size.
    pub(super) fn of(line: Line, most: usize) -> Self {
        Self::saying(vec![line.clone()], most).large(line, ANY, Vec::new())
    }

    /// Besides it may stand like this in block letters, on so many `rows` of them at most.
    pub(super) fn large(mut self, large: Line, rows: usize, below: Vec<Line>) -> Self {
        self.forms.push(Form { large: vec![large], rows, smallest: false, less: false, below });
        self
    }

    /// The same with a row of block letters for each of these.
    pub(super) fn stacked(mut self, large: Vec<Line>, below: Vec<Line>) -> Self {
        let rows = large.len();
        self.forms.push(Form { large, rows, smallest: false, less: false, below });
        self
    }

    /// The same, and it leaves out what another form says: whom it is about, or how many.
    pub(super) fn saying_less(mut self, large: Line, rows: usize, below: Vec<Line>) -> Self {
        self.forms.push(Form { large: vec![large], rows, smallest: false, less: true, below });
        self
    }

    /// The same on one row of the smallest.
    pub(super) fn smallest(mut self, large: Line) -> Self {
        self.forms.push(Form {
            large: vec![large],
            rows: 1,
            smallest: true,
            less: false,
            below: Vec::new(),
        });
        self
    }

    /// On one line of ordinary letters: all of it, or in as few words as stand there whole.
    pub(super) fn short(&self, role: Role, width: usize) -> Drawn {
        let line = short(&self.lines, role, width).unwrap_or_else(|| {
            let least = self.lines.last().cloned().unwrap_or_default();
            least.in_role(role).cut(width)
        });
        Drawn { lines: vec![line], ..Drawn::default() }
    }

    /// As large as `scale` says, 0 for ordinary letters, on at most `room` lines in place of `before`;
    /// `None` where that cannot be drawn. What is large already is not left out to become
    /// larger.
    pub(super) fn at(
        &self,
        scale: usize,
        look: (Role, GlyphSet),
        (width, room): (usize, usize),
        before: &Drawn,
    ) -> Option<Drawn> {
        if scale == 0 {
            let lines = self.lines.first()?.clone().in_role(look.0).wrapped(width);
            return Some(Drawn { lines, ..Drawn::default() }).filter(|of| of.lines.len() <= room);
        }
        let all = before.scale > 0 && !before.less;
        let mut forms =
            self.forms.iter().filter(|form| (!form.smallest || scale == 1) && (!form.less || !all));
        forms.find_map(|form| {
            let lines = form.at(scale, look, width, room)?;
            Some(Drawn { lines, scale, less: form.less })
        })
    }
}

impl Form {
    fn at(
        &self,
        scale: usize,
        look: (Role, GlyphSet),
        width: usize,
        room: usize,
    ) -> Option<Vec<Line>> {
        let rows = self.large.iter().map(|line| drawn(line, look, width, scale));
        let mut lines = rows.collect::<Option<Vec<_>>>()?.concat();
        if lines.len() > self.rows.saturating_mul(height(look.1, scale)) {
            return None;
        }
        if let Some(all) = self.below.first() {
            let left = room.checked_sub(lines.len())?;
            let wrapped = all.clone().in_role(look.0).wrapped(width);
            match short(&self.below, look.0, width).filter(|_| wrapped.len() > left) {
                Some(line) => lines.push(line),
                None => lines.extend(wrapped),
            }
        }
        Some(lines).filter(|lines| lines.len() <= room)
    }
}

/// The first of these lines that stands whole on one of so many cells.
fn short(lines: &[Line], role: Role, width: usize) -> Option<Line> {
    lines.iter().find(|line| line.width() <= width).map(|line| line.clone().in_role(role))
}
