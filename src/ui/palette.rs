//! From the colours of a theme to those that the terminal has: the nearest one, by the usual
//! palette of xterm.

use crate::report::doctor::Colours;
use anstyle::{Ansi256Color, AnsiColor, RgbColor};
use anstyle_lossy::palette::Palette;
use ratatui::style::{Color, Style};

/// The sixteen colours that are measured against. What a terminal shows for them is its user's.
const SIXTEEN: Palette = anstyle_lossy::palette::VGA;

/// A style with the nearest colours that the terminal has.
#[must_use]
pub fn reduced(style: Style, colours: Colours) -> Style {
    let nearest = |color: Option<Color>| color.map(|color| nearest(color, colours));
    Style { fg: nearest(style.fg), bg: nearest(style.bg), ..style }
}

fn nearest(color: Color, colours: Colours) -> Color {
    match (color, colours) {
        (Color::Rgb(r, g, b), Colours::Indexed) => {
            Color::Indexed(anstyle_lossy::rgb_to_xterm(RgbColor(r, g, b)).0)
        }
        (Color::Rgb(r, g, b), Colours::Sixteen) => {
            sixteen(anstyle_lossy::rgb_to_ansi(RgbColor(r, g, b), SIXTEEN))
        }
        (Color::Indexed(index), Colours::Sixteen) => {
            sixteen(anstyle_lossy::xterm_to_ansi(Ansi256Color(index), SIXTEEN))
        }
        _ => color,
    }
}

const fn sixteen(color: AnsiColor) -> Color {
    match color {
        AnsiColor::Black => Color::Black,
        AnsiColor::Red => Color::Red,
        AnsiColor::Green => Color::Green,
        AnsiColor::Yellow => Color::Yellow,
        AnsiColor::Blue => Color::Blue,
        AnsiColor::Magenta => Color::Magenta,
        AnsiColor::Cyan => Color::Cyan,
        AnsiColor::White => Color::Gray,
        AnsiColor::BrightBlack => Color::DarkGray,
        AnsiColor::BrightRed => Color::LightRed,
        AnsiColor::BrightGreen => Color::LightGreen,
        AnsiColor::BrightYellow => Color::LightYellow,
        AnsiColor::BrightBlue => Color::LightBlue,
        AnsiColor::BrightMagenta => Color::LightMagenta,
        AnsiColor::BrightCyan => Color::LightCyan,
        AnsiColor::BrightWhite => Color::White,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_the_nearest_that_there_are() {
        let orange = Style::default().fg(Color::Rgb(0xff, 0x87, 0x00)).bg(Color::Rgb(0, 0, 4));
        assert_eq!(reduced(orange, Colours::True), orange);
        let indexed = reduced(orange, Colours::Indexed);
        assert_eq!((indexed.fg, indexed.bg), (Some(Color::Indexed(208)), Some(Color::Indexed(16))));
        let sixteen = reduced(indexed, Colours::Sixteen);
        assert_eq!(sixteen.bg, Some(Color::Black));
        let red = Style::default().fg(Color::Rgb(0xf0, 0x40, 0x40));
        assert_eq!(reduced(red, Colours::Sixteen).fg, Some(Color::LightRed));
        // Named colours are the user's own, and stay.
        let named = Style::default().fg(Color::Cyan);
        assert_eq!(reduced(named, Colours::Sixteen), named);
    }
}
