//! Letters drawn of blocks, legible from across a room: two pixels to a cell, one above the other;
//! one to a cell where there are only ASCII characters.

use crate::ui::line::{Line, Piece};
use crate::ui::theme::{GlyphSet, Role};
use unicode_segmentation::UnicodeSegmentation;

/// Rows of pixels: one for what stands above a letter, five of its own.
const PIXELS: usize = 6;
/// Pixels between letters, and between words.
const BESIDE: usize = 1;
const BETWEEN_WORDS: usize = 3;

/// The largest letters that are drawn: pixels so many cells wide.
pub const LARGEST: usize = 4;

/// Every letter and every glyph of a state: its five rows, `#` a pixel.
const FONT: &[(char, [&str; 5])] = &[
    ('A', [".#.", "#.#", "###", "#.#", "#.#"]),
    ('B', ["##.", "#.#", "##.", "#.#", "##."]),
    ('C', [".##", "#..", "#..", "#..", ".##"]),
    ('D', ["##.", "#.#", "#.#", "#.#", "##."]),
    ('E', ["###", "#..", "##.", "#..", "###"]),
    ('F', ["###", "#..", "##.", "#..", "#.."]),
    ('G', [".###", "#...", "#.##", "#..#", ".###"]),
    ('H', ["#.#", "#.#", "###", "#.#", "#.#"]),
    ('I', ["#", "#", "#", "#", "#"]),
    ('J', ["..#", "..#", "..#", "#.#", ".#."]),
    ('K', ["#.#", "#.#", "##.", "#.#", "#.#"]),
    ('L', ["#..", "#..", "#..", "#..", "###"]),
    ('M', ["#...#", "##.##", "#.#.#", "#...#", "#...#"]),
    ('N', ["#..#", "##.#", "#.##", "#..#", "#..#"]),
    ('O', ["###", "#.#", "#.#", "#.#", "###"]),
    ('P', ["##.", "#.#", "##.", "#..", "#.."]),
    ('Q', [".##.", "#..#", "#..#", "#.##", ".###"]),
    ('R', ["##.", "#.#", "##.", "#.#", "#.#"]),
    ('S', [".##", "#..", ".#.", "..#", "##."]),
    ('T', ["###", ".#.", ".#.", ".#.", ".#."]),
    ('U', ["#.#", "#.#", "#.#", "#.#", "###"]),
    ('V', ["#.#", "#.#", "#.#", "#.#", ".#."]),
    ('W', ["#...#", "#...#", "#.#.#", "##.##", "#...#"]),
    ('X', ["#.#", "#.#", ".#.", "#.#", "#.#"]),
    ('Y', ["#.#", "#.#", ".#.", ".#.", ".#."]),
    ('Z', ["###", "..#", ".#.", "#..", "###"]),
    ('0', [".##.", "#..#", "#..#", "#..#", ".##."]),
    ('1', [".#.", "##.", ".#.", ".#.", "###"]),
    ('2', ["##.", "..#", ".#.", "#..", "###"]),
    ('3', ["##.", "..#", ".#.", "..#", "##."]),
    ('4', ["#.#", "#.#", "###", "..#", "..#"]),
    ('5', ["###", "#..", "##.", "..#", "##."]),
    ('6', [".##", "#..", "###", "#.#", "###"]),
    ('7', ["###", "..#", ".#.", ".#.", ".#."]),
    ('8', ["###", "#.#", "###", "#.#", "###"]),
    ('9', ["###", "#.#", "###", "..#", "##."]),
    ('.', [".", ".", ".", ".", "#"]),
    (',', ["..", "..", "..", ".#", "#."]),
    (':', [".", "#", ".", "#", "."]),
    (';', ["..", ".#", "..", ".#", "#."]),
    ('-', ["..", "..", "##", "..", ".."]),
    ('_', ["...", "...", "...", "...", "###"]),
    ('/', ["..#", "..#", ".#.", "#..", "#.."]),
    ('(', [".#", "#.", "#.", "#.", ".#"]),
    (')', ["#.", ".#", ".#", ".#", "#."]),
    ('[', ["##", "#.", "#.", "#.", "##"]),
    (']', ["##", ".#", ".#", ".#", "##"]),
    ('%', ["#.#", "..#", ".#.", "#..", "#.#"]),
    ('\'', ["#", "#", ".", ".", "."]),
    ('"', ["#.#", "#.#", "...", "...", "..."]),
    ('+', ["...", ".#.", "###", ".#.", "..."]),
    ('=', ["...", "###", "...", "###", "..."]),
    ('<', ["..#", ".#.", "#..", ".#.", "..#"]),
    ('>', ["#..", ".#.", "..#", ".#.", "#.."]),
    ('?', ["##.", "..#", ".#.", "...", ".#."]),
    ('!', ["#", "#", "#", ".", "#"]),
    ('#', [".#.#.", "#####", ".#.#.", "#####", ".#.#."]),
    ('&', [".#..", "#.#.", ".##.", "#.#.", ".#.#"]),
    ('@', [".##.", "#..#", "#.##", "#...", ".##."]),
    ('*', ["...", "#.#", ".#.", "#.#", "..."]),
    ('\u{2019}', ["#", "#", ".", ".", "."]),
    ('\u{2013}', ["...", "...", "###", "...", "..."]),
    ('\u{2026}', [".....", ".....", ".....", ".....", "#.#.#"]),
    ('\u{25cf}', [".###.", "#####", "#####", "#####", ".###."]),
    ('\u{25cb}', [".###.", "#...#", "#...#", "#...#", ".###."]),
    ('\u{25b2}', ["..#..", "..#..", ".###.", ".###.", "#####"]),
    ('\u{2716}', ["#...#", "##.##", ".###.", "##.##", "#...#"]),
    ('\u{263e}', ["..##", ".#..", "#...", ".#..", "..##"]),
    ('\u{25d0}', [".###.", "###.#", "###.#", "###.#", ".###."]),
    ('\u{2016}', ["#.#", "#.#", "#.#", "#.#", "#.#"]),
];

/// Letters with something above them: what, and which letters they are without it.
const ACCENTED: &[(&str, &str, &str)] = &[
    ("#.#", "\u{c4}\u{cb}\u{cf}\u{d6}\u{dc}", "AEIOU"),
    ("..#", "\u{c1}\u{c9}\u{cd}\u{d3}\u{da}", "AEIOU"),
    ("#..", "\u{c0}\u{c8}\u{cc}\u{d2}\u{d9}", "AEIOU"),
    (".#.", "\u{c2}\u{ca}\u{ce}\u{d4}\u{db}\u{c5}\u{d1}\u{c3}\u{d5}", "AEIOUANAO"),
];

/// One letter, or the glyph that the theme gives a role.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Sign {
    Letter(String),
    Glyph(Role),
}

impl Sign {
    /// The rows of its pixels; `None` for what is not in the font.
    fn pixels(&self) -> Option<[&'static str; PIXELS]> {
        let letter = match self {
            Self::Letter(letter) => letter.as_str(),
            Self::Glyph(role) => role.glyph(),
        };
        let mut upper = letter.chars().flat_map(char::to_uppercase);
        let letter = upper.next().filter(|_| upper.next().is_none())?;
        let accented = ACCENTED.iter().find_map(|(above, known, plain)| {
            let place = known.chars().position(|one| one == letter)?;
            Some((*above, plain.chars().nth(place)?))
        });
        let (above, letter) = accented.unwrap_or(("", letter));
        let (_, rows) = FONT.iter().find(|(known, _)| *known == letter)?;
        let mut pixels = [above; PIXELS];
        pixels.iter_mut().skip(1).zip(rows).for_each(|(pixel, row)| *pixel = row);
        Some(pixels)
    }

    /// Pixels beside each other.
    fn wide(&self) -> Option<usize> {
        self.pixels().map(|rows| rows.iter().map(|row| row.len()).max().unwrap_or_default())
    }
}

type Word = Vec<Sign>;

/// The words of a line.
fn words(line: &Line) -> Vec<Word> {
    let mut words = vec![Word::new()];
    let mut end = |sign: Option<Sign>| match (sign, words.last_mut()) {
        (Some(sign), Some(word)) => word.push(sign),
        _ => words.push(Word::new()),
    };
    for piece in &line.0 {
        match piece {
            Piece::Glyph(role) | Piece::GlyphIn(role, _) => end(Some(Sign::Glyph(*role))),
            Piece::Text(_, text) => {
                for letter in text.graphemes(true) {
                    end((letter != " ").then(|| Sign::Letter(letter.to_owned())));
                }
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Words in rows of at most `width`; `None` where one is longer than a row, or cannot be measured.
fn rows(
    words: Vec<Word>,
    width: usize,
    gap: usize,
    measure: impl Fn(&Word) -> Option<usize>,
) -> Option<Vec<Vec<Word>>> {
    let mut rows: Vec<Vec<Word>> = Vec::new();
    let mut used = 0;
    for word in words {
        let wide = measure(&word).filter(|wide| *wide <= width)?;
        match rows.last_mut() {
            Some(row) if used + gap + wide <= width => {
                used += gap + wide;
                row.push(word);
            }
            _ => {
                used = wide;
                rows.push(vec![word]);
            }
        }
    }
    Some(rows)
}

/// The words of `line` in block letters whose pixels are `scale` cells wide, in lines of at most
/// `width` cells; `None` where a word is longer than that, or a letter is not in the font.
#[must_use]
pub fn drawn(
    line: &Line,
    (look, glyphs): (Role, GlyphSet),
    width: usize,
    scale: usize,
) -> Option<Vec<Line>> {
    let pixels = |word: &Word| {
        let wide: Option<usize> = word.iter().map(Sign::wide).sum();
        Some(wide? + word.len().saturating_sub(1) * BESIDE)
    };
    let rows = rows(words(line), width / scale.max(1), BETWEEN_WORDS, pixels)?;
    let lines = rows.iter().flat_map(|row| match glyphs {
        GlyphSet::Unicode => blocks(&pixels_of(row, scale)),
        GlyphSet::Ascii => pixels_of(row, scale).iter().map(|row| row.replace('.', " ")).collect(),
    });
    Some(lines.map(|row| Line::of(look, &row)).collect())
}

/// How many lines one row of words has.
#[must_use]
pub const fn height(glyphs: GlyphSet, scale: usize) -> usize {
    match glyphs {
        GlyphSet::Unicode => PIXELS * scale / 2,
        GlyphSet::Ascii => PIXELS * scale,
    }
}

/// Whether `line` fits on one line of `width` cells in the smallest block letters, or cannot be drawn
/// in any.
#[must_use]
pub fn fits(line: &Line, width: usize) -> bool {
    let words = words(line);
    let wide: Option<usize> = words.iter().flatten().map(Sign::wide).sum();
    let letters: usize = words.iter().map(|word| word.len().saturating_sub(1) * BESIDE).sum();
    let gaps = words.len().saturating_sub(1) * BETWEEN_WORDS;
    wide.is_none_or(|wide| wide + letters + gaps <= width)
}

/// One row of words as rows of pixels.
fn pixels_of(row: &[Word], scale: usize) -> Vec<String> {
    let mut pixels = vec![String::new(); PIXELS];
    for (place, word) in row.iter().enumerate() {
        let before_word = if place > 0 { BETWEEN_WORDS } else { 0 };
        for (place, sign) in word.iter().enumerate() {
            let before = if place > 0 { BESIDE } else { before_word };
            let wide = sign.wide().unwrap_or_default();
            for (row, drawn) in pixels.iter_mut().zip(sign.pixels().unwrap_or_default()) {
                row.push_str(&".".repeat(before));
                row.push_str(drawn);
                row.push_str(&".".repeat(wide - drawn.len()));
            }
        }
    }
    let larger = |row: String| -> String {
        row.chars().flat_map(|pixel| std::iter::repeat_n(pixel, scale)).collect()
    };
    let rows = pixels.into_iter().map(larger);
    rows.flat_map(|row| std::iter::repeat_n(row, scale)).collect()
}

/// Rows of pixels as half as many lines of blocks.
fn blocks(rows: &[String]) -> Vec<String> {
    let cell = |(above, below): (char, char)| match (above == '#', below == '#') {
        (true, true) => '\u{2588}',
        (true, false) => '\u{2580}',
        (false, true) => '\u{2584}',
        (false, false) => ' ',
    };
    let lines = rows.chunks(2).map(|pair| {
        let (above, below) = (pair.first(), pair.get(1));
        let above = above.map_or("", |row| row.as_str()).chars();
        above.zip(below.map_or("", |row| row.as_str()).chars()).map(cell).collect()
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNICODE: (Role, GlyphSet) = (Role::Text, GlyphSet::Unicode);

    fn text(lines: &[Line]) -> Vec<String> {
        lines.iter().map(|line| line.plain().trim_end().to_owned()).collect()
    }

    #[test]
    fn every_letter_is_of_one_width() {
        for (letter, rows) in FONT {
            assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{letter}");
            assert!(rows.iter().any(|row| row.contains('#')), "{letter}");
        }
        for letter in ('A'..='Z').chain('0'..='9').chain("().,:;%-_/+'".chars()) {
            assert!(FONT.iter().any(|(known, _)| *known == letter), "{letter}");
        }
    }

    #[test]
    fn two_pixels_are_one_cell_and_larger_letters_are_made_of_larger_pixels() {
        let line = Line::of(Role::Text, "ok");
        let small = drawn(&line, UNICODE, 80, 1).expect("drawn");
        assert_eq!(
            text(&small),
            [
                "\u{2584}\u{2584}\u{2584} \u{2584} \u{2584}",
                "\u{2588} \u{2588} \u{2588}\u{2584}\u{2580}",
                "\u{2588}\u{2584}\u{2588} \u{2588} \u{2588}"
            ]
        );
        let large = drawn(&line, UNICODE, 80, 2).expect("drawn");
        assert_eq!((large.len(), large[0].width()), (height(GlyphSet::Unicode, 2), 14));
        let ascii = drawn(&line, (Role::Text, GlyphSet::Ascii), 80, 1).expect("drawn");
        let rows = ["", "### # #", "# # # #", "# # ##", "# # # #", "### # #"];
        assert_eq!(text(&ascii), rows);
    }

    #[test]
    fn what_is_not_in_the_font_or_longer_than_a_line_is_not_drawn() {
        let draw = |text: &str, width| drawn(&Line::of(Role::Text, text), UNICODE, width, 1);
        assert!(draw("\u{6771}\u{4eac}", 80).is_none());
        assert!(draw("office-pc", 20).is_none());
        assert_eq!(draw("b b", 6).map(|lines| lines.len()), Some(6));
        let umlaut = draw("\u{f6}", 80).expect("drawn");
        assert_eq!(text(&umlaut)[0], "\u{2588}\u{2584}\u{2588}");
    }
}
