//! Styled text: pieces with roles, measured in terminal cells.

use super::theme::Role;
use crate::domain::text::printable;
use std::net::IpAddr;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// What marks a text that was cut.
pub const ELLIPSIS: &str = "\u{2026}";

/// A run of text in one role, or the glyph that the theme gives a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text, already printable.
    Text(Role, String),
    /// The role's glyph, one cell wide.
    Glyph(Role),
    /// The first role's glyph, which looks as the second one does.
    GlyphIn(Role, Role),
}

impl Piece {
    /// Width in cells.
    #[must_use]
    pub fn width(&self) -> usize {
        match self {
            Self::Text(_, text) => text.width(),
            Self::Glyph(_) | Self::GlyphIn(..) => 1,
        }
    }
}

/// One line of styled text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line(pub Vec<Piece>);

impl Line {
    /// An empty line.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A line of one piece.
    #[must_use]
    pub fn of(role: Role, text: &str) -> Self {
        Self::new().text(role, text)
    }

    /// Adds text, escaped. Neighbouring pieces of one role are merged.
    #[must_use]
    pub fn text(mut self, role: Role, text: &str) -> Self {
        self.push(role, text);
        self
    }

    /// Adds a role's glyph.
    #[must_use]
    pub fn glyph(mut self, role: Role) -> Self {
        self.0.push(Piece::Glyph(role));
        self
    }

    /// Adds a role's glyph that looks as another role does.
    #[must_use]
    pub fn glyph_in(mut self, glyph: Role, look: Role) -> Self {
        self.0.push(Piece::GlyphIn(glyph, look));
        self
    }

    /// The same, all of it in one role.
    #[must_use]
    pub fn in_role(self, look: Role) -> Self {
        let pieces = self.0.into_iter().map(|piece| match piece {
            Piece::Text(_, text) => Piece::Text(look, text),
            Piece::Glyph(glyph) | Piece::GlyphIn(glyph, _) => Piece::GlyphIn(glyph, look),
        });
        Self(pieces.collect())
    }

    /// Adds everything of `other`.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Adds text in place, escaped.
    pub fn push(&mut self, role: Role, text: &str) {
        if text.is_empty() {
            return;
        }
        let text = printable(text);
        match self.0.last_mut() {
            Some(Piece::Text(last, kept)) if *last == role => kept.push_str(&text),
            _ => self.0.push(Piece::Text(role, text.into_owned())),
        }
    }

    /// Width in cells.
    #[must_use]
    pub fn width(&self) -> usize {
        self.0.iter().map(Piece::width).sum()
    }

    /// Exactly `width` cells: cut with an ellipsis or padded with blanks on the right.
    #[must_use]
    pub fn pad_to(self, width: usize) -> Self {
        let mut line = self.cut(width);
        let missing = width.saturating_sub(line.width());
        line.push(Role::Text, &" ".repeat(missing));
        line
    }

    /// At most `width` cells, with an ellipsis where it was cut.
    #[must_use]
    pub fn cut(self, width: usize) -> Self {
        if self.width() <= width {
            return self;
        }
        let mut kept = Self::new();
        let mut left = width;
        for piece in self.0 {
            match piece {
                Piece::Glyph(_) | Piece::GlyphIn(..) if left > 1 => {
                    kept.0.push(piece);
                    left -= 1;
                }
                Piece::Text(role, text) if text.width() < left => {
                    left -= text.width();
                    kept.push(role, &text);
                }
                Piece::Text(role, text) => {
                    kept.push(role, &fit(&(text + "\u{2003}\u{2003}"), left));
                    return kept;
                }
                Piece::Glyph(role) | Piece::GlyphIn(_, role) => {
                    kept.push(role, &fit("\u{2003}\u{2003}", left));
                    return kept;
                }
            }
        }
        kept
    }

    /// In lines of at most `width` cells, broken at blanks; longer words are broken inside.
    #[must_use]
    pub fn wrapped(self, width: usize) -> Vec<Self> {
        if self.width() <= width {
            return vec![self];
        }
        let width = width.max(1);
        let mut lines = vec![Self::new()];
        for word in self.words() {
            let blank = word.0.iter().all(|p| matches!(p, Piece::Text(_, text) if text == " "));
            let used = lines.last().map_or(0, Self::width);
            if used + word.width() <= width {
                lines.last_mut().into_iter().for_each(|line| line.append(word.clone()));
            } else if blank {
                lines.push(Self::new());
            } else {
                if used > 0 {
                    lines.push(Self::new());
                }
                for part in word.parts(width) {
                    match lines.last_mut().filter(|line| line.0.is_empty()) {
                        Some(line) => line.append(part),
                        None => lines.push(part),
                    }
                }
            }
        }
        lines.retain(|line| line.width() > 0);
        lines
    }

    /// Its words, and the blanks between them each as a word.
    fn words(self) -> Vec<Self> {
        let mut words = vec![Self::new()];
        for piece in self.0 {
            let Piece::Text(role, text) = piece else {
                words.last_mut().into_iter().for_each(|word| word.0.push(piece.clone()));
                continue;
            };
            for (place, part) in text.split(' ').enumerate() {
                if place > 0 {
                    words.push(Self::of(role, " "));
                    words.push(Self::new());
                }
                words.last_mut().into_iter().for_each(|word| word.push(role, part));
            }
        }
        words.retain(|word| !word.0.is_empty());
        words
    }

    /// In parts of at most `width` cells.
    fn parts(self, width: usize) -> Vec<Self> {
        let mut parts = vec![Self::new()];
        let mut take = |piece: Self| {
            if parts
                .last()
                .is_some_and(|part| !part.0.is_empty() && part.width() + piece.width() > width)
            {
                parts.push(Self::new());
            }
            parts.last_mut().into_iter().for_each(|part| part.append(piece.clone()));
        };
        for piece in self.0 {
            match piece {
                Piece::Text(role, text) => {
                    text.graphemes(true).for_each(|letter| take(Self::of(role, letter)));
                }
                glyph => take(Self(vec![glyph])),
            }
        }
        parts
    }

    /// Adds everything of `other` in place; neighbouring pieces of one role are merged.
    fn append(&mut self, other: Self) {
        for piece in other.0 {
            match piece {
                Piece::Text(role, text) => self.push(role, &text),
                glyph => self.0.push(glyph),
            }
        }
    }

    /// Loss and breaks without weight, for hosts that are asleep or not judged.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        for piece in &mut self.0 {
            match piece {
                Piece::Glyph(role @ Role::SparkLost) => *role = Role::SparkLostQuiet,
                Piece::Glyph(role @ Role::StateCritical) => *role = Role::BrokenQuiet,
                _ => {}
            }
        }
        self
    }

    /// The text without styles; glyphs by their default.
    #[must_use]
    pub fn plain(&self) -> String {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Text(_, text) => text.as_str(),
                Piece::Glyph(role) | Piece::GlyphIn(role, _) => role.glyph(),
            })
            .collect()
    }
}

/// `text` in at most `width` cells, with an ellipsis where it was cut, never inside a grapheme.
#[must_use]
pub fn fit(text: &str, width: usize) -> String {
    let text = printable(text);
    if text.width() <= width {
        return text.into_owned();
    }
    if width == 0 {
        return String::new();
    }
    let mut kept = head(&text, width - 1);
    kept.push_str(ELLIPSIS);
    kept
}

/// A host's name in at most `width` cells. Its domain gives way first, then the middle of what is
/// left: hosts of one kind are told apart by the end of it.
#[must_use]
pub fn fit_name(name: &str, width: usize) -> String {
    let name = printable(name);
    let label = name.split('.').next().unwrap_or_default();
    if name.width() > width && label.width() < width && name.parse::<IpAddr>().is_err() {
        return fit(&name, width);
    }
    let cut = if name.parse::<IpAddr>().is_err() && name.width() > width { label } else { &name };
    fit_middle(cut, width)
}

/// `text` in at most `width` cells, cut in its middle: both ends of an address matter.
#[must_use]
pub fn fit_middle(text: &str, width: usize) -> String {
    let text = printable(text);
    if text.width() <= width || width < 3 {
        return fit(&text, width);
    }
    let tail_width = (width - 1) / 2;
    let mut tail: Vec<&str> = Vec::new();
    let mut used = 0;
    for grapheme in text.graphemes(true).rev() {
        if used + grapheme.width() > tail_width {
            break;
        }
        used += grapheme.width();
        tail.push(grapheme);
    }
    tail.reverse();
    head(&text, width - 1 - tail_width) + ELLIPSIS + &tail.concat()
}

/// `text` cut to `width` cells and right-aligned in them.
#[must_use]
pub fn right(text: &str, width: usize) -> String {
    let text = fit(text, width);
    " ".repeat(width.saturating_sub(text.width())) + &text
}

/// `text` cut to `width` cells and left-aligned in them.
#[must_use]
pub fn left(text: &str, width: usize) -> String {
    let text = fit(text, width);
    let missing = width.saturating_sub(text.width());
    text + &" ".repeat(missing)
}

/// `text` in lines of at most `width` cells, broken at blanks; longer words are broken inside.
/// Every line is indented as the text is.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let text = printable(text);
    let words = text.trim_start_matches(' ');
    let indent = " ".repeat((text.len() - words.len()).min(width / 2));
    let width = width.saturating_sub(indent.len()).max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in words.split(' ') {
        let mut word = word.to_owned();
        let gap = usize::from(!line.is_empty());
        if line.width() + gap + word.width() <= width {
            line.extend(std::iter::repeat_n(' ', gap));
            line.push_str(&word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        while word.width() > width {
            let mut part = head(&word, width);
            if part.is_empty() {
                word.graphemes(true).next().unwrap_or_default().clone_into(&mut part);
            }
            word = word.split_off(part.len());
            lines.push(part);
        }
        line = word;
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines.into_iter().map(|line| indent.clone() + &line).collect()
}

/// The longest beginning of `text` that fits `width` cells, in whole graphemes.
fn head(text: &str, width: usize) -> String {
    let mut used = 0;
    text.graphemes(true)
        .take_while(|grapheme| {
            used += grapheme.width();
            used <= width
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_kind_are_told_apart_by_their_end_and_domains_give_way_first() {
        assert_eq!(fit_name("rds-farm-vienna-prod-01", 16), "rds-farm…prod-01");
        assert_eq!(fit_name("rds-farm-vienna-prod-01", 23), "rds-farm-vienna-prod-01");
        assert_eq!(fit_name("office-pc.corp.example", 16), "office-pc.corp.…");
        assert_eq!(fit_name("rds-farm-vienna-prod-01.corp.example", 16), "rds-farm…prod-01");
        assert_eq!(fit_name("2001:db8:0:1:2:3:4:21", 12), "2001:d…:4:21");
        assert_eq!(fit_name("10.200.100.221", 9), "10.2….221");
        assert_eq!(fit_name("office", 2), "o…");
    }

    #[test]
    fn text_is_cut_by_cells_not_by_characters() {
        assert_eq!(fit("office-pc", 9), "office-pc");
        assert_eq!(fit("office-pc", 6), "offic\u{2026}");
        assert_eq!(fit("東京サーバー", 6), "東京\u{2026}");
        assert_eq!(fit("東京", 1), "\u{2026}");
        assert_eq!(fit("x", 0), "");
        assert_eq!(fit_middle("2001:db8:1:2:3:4:5:6789", 11), "2001:\u{2026}:6789");
        assert_eq!(right("東京", 6), "  東京");
        assert_eq!(left("東京", 6), "東京  ");
    }

    #[test]
    fn lines_are_wrapped_at_blanks_and_inside_long_words() {
        assert_eq!(wrap("it closes at TLS", 9), ["it closes", "at TLS"]);
        assert_eq!(wrap("aaaaabbbbb cc", 5), ["aaaaa", "bbbbb", "cc"]);
        assert_eq!(wrap("東京東京", 1), ["東", "京", "東", "京"]);
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(wrap("  ab cd", 5), ["  ab", "  cd"]);
    }

    #[test]
    fn a_line_is_cut_and_padded_across_pieces() {
        let line = Line::of(Role::Text, "abc").glyph(Role::StateOk).text(Role::Dim, "defg");
        assert_eq!(line.width(), 8);
        assert_eq!(line.clone().cut(6).plain(), "abc\u{25cf}d\u{2026}");
        assert_eq!(line.clone().cut(4).plain(), "abc\u{2026}");
        assert_eq!(line.clone().cut(3).plain(), "ab\u{2026}");
        assert_eq!(line.clone().cut(0).width(), 0);
        assert_eq!(line.pad_to(10).plain(), "abc\u{25cf}defg  ");
    }

    #[test]
    fn a_line_is_wrapped_at_blanks_and_keeps_its_roles() {
        let line =
            Line::of(Role::Text, "not saved: ").glyph(Role::StateOk).text(Role::Dim, " file");
        let plain = |width| -> Vec<String> {
            line.clone().wrapped(width).iter().map(Line::plain).collect()
        };
        assert_eq!(plain(80), ["not saved: \u{25cf} file"]);
        assert_eq!(plain(12), ["not saved: \u{25cf}", "file"]);
        assert_eq!(plain(4), ["not ", "save", "d: \u{25cf}", "file"]);
        let lines = line.wrapped(12);
        assert_eq!(lines[1], Line::of(Role::Dim, "file"));
        let wide = Line::of(Role::Text, "\u{6771}\u{4eac}").wrapped(2);
        assert_eq!(wide.iter().map(Line::plain).collect::<Vec<_>>(), ["\u{6771}", "\u{4eac}"]);
    }

    #[test]
    fn what_drives_a_terminal_is_escaped_on_the_way_in() {
        assert_eq!(Line::of(Role::Text, "a\x1b[2Jb").plain(), "a\u{fffd}[2Jb");
    }
}
