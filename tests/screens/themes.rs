//! Themes by the figures: contrast as in WCAG 2.2 (1.4.3 and 1.4.11), and whether states can be told
//! apart with the common deficiencies of colour vision.

use ratatui::style::{Color, Modifier, Style};
use rdpwatch::report::doctor::Colours;
use rdpwatch::ui::theme::{Role, Theme};

/// A colour with red, green and blue from 0 to 1, linear.
type Linear = [f64; 3];

/// What a theme is made for, and the least contrast of what is read there.
const MADE_FOR: &[(&str, [&str; 2], f64)] = &[
    ("dark", ["#000000", "#1e1e1e"], 4.5),
    ("light", ["#ffffff", "#f5f5f5"], 4.5),
    ("colour-blind", ["#000000", "#1e1e1e"], 4.5),
    ("high-contrast", ["#000000", "#000000"], 7.0),
];

/// What is read, or has to be seen.
const READ: &[Role] = &[
    Role::Heading,
    Role::Key,
    Role::Message,
    Role::Label,
    Role::Caution,
    Role::Offline,
    Role::StateOk,
    Role::StateWarning,
    Role::StateCritical,
    Role::StateAsleep,
    Role::StateWaking,
    Role::StateUnknown,
    Role::StateMuted,
    Role::SparkSlow,
    Role::SparkVerySlow,
    Role::SparkLost,
    Role::SparkLate,
    Role::TileOk,
    Role::TileWarning,
    Role::TileCritical,
];

/// The sixteen colours as xterm has them from the start.
fn srgb(color: Color) -> [u8; 3] {
    match color {
        Color::Rgb(r, g, b) => [r, g, b],
        Color::Black => [0, 0, 0],
        Color::Red => [205, 0, 0],
        Color::Green => [0, 205, 0],
        Color::Yellow => [205, 205, 0],
        Color::Blue => [0, 0, 238],
        Color::Magenta => [205, 0, 205],
        Color::Cyan => [0, 205, 205],
        Color::Gray => [229, 229, 229],
        Color::DarkGray => [127, 127, 127],
        Color::LightRed => [255, 0, 0],
        Color::LightGreen => [0, 255, 0],
        Color::LightYellow => [255, 255, 0],
        Color::LightBlue => [92, 92, 255],
        Color::LightMagenta => [255, 0, 255],
        Color::LightCyan => [0, 255, 255],
        Color::White => [255, 255, 255],
        other => panic!("{other:?}"),
    }
}

/// WCAG 2.2, relative luminance.
fn linear(color: [u8; 3]) -> Linear {
    color.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    })
}

fn luminance([r, g, b]: Linear) -> f64 {
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn contrast(a: Linear, b: Linear) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Foreground and background of a role on a screen of this background.
fn pair(style: Style, behind: Linear) -> (Linear, Linear) {
    let light = luminance(behind) > 0.5;
    let text = if light { linear([0, 0, 0]) } else { linear([229, 229, 229]) };
    let fg = style.fg.map_or(text, |color| linear(srgb(color)));
    let bg = style.bg.map_or(behind, |color| linear(srgb(color)));
    if style.add_modifier.contains(Modifier::REVERSED) { (bg, fg) } else { (fg, bg) }
}

fn theme(name: &str) -> Theme {
    Theme::built_in(name).expect("built in")
}

fn hex(text: &str) -> Linear {
    linear(srgb(text.parse().expect("a colour")))
}

#[test]
fn the_measure_is_that_of_wcag() {
    assert!((contrast(hex("#000000"), hex("#ffffff")) - 21.0).abs() < 1e-9);
    assert!((contrast(hex("#777777"), hex("#ffffff")) - 4.48).abs() < 0.01);
}

#[test]
fn what_is_read_has_the_contrast_that_reading_needs() {
    for (name, backgrounds, least) in MADE_FOR {
        for background in backgrounds.map(hex) {
            for role in READ {
                let style = theme(name).style(*role);
                let (fg, bg) = pair(style, background);
                let found = contrast(fg, bg);
                // A shape on a ground, or bold: 3 is enough.
                let least = if style.add_modifier.contains(Modifier::BOLD) && *least < 5.0 {
                    3.0
                } else {
                    *least
                };
                assert!(found >= least, "{name}, {}: {found:.2}, wanted {least}", role.name());
            }
        }
    }
}

#[test]
fn the_selected_row_can_be_read() {
    for (name, ..) in MADE_FOR {
        let ground = theme(name).style(Role::Selection).bg.expect("a ground");
        let ground = linear(srgb(ground));
        for role in
            [Role::Text, Role::StateOk, Role::StateWarning, Role::StateCritical, Role::StateAsleep]
        {
            let style = theme(name).style(role);
            // The ground of the selection lies over that of the role.
            let (fg, _) = pair(Style { bg: None, ..style }, ground);
            let found = contrast(fg, ground);
            let filled = style.bg.is_some_and(|bg| bg != Color::Rgb(0, 0, 0));
            assert!(found >= 2.5 || filled, "{name}, {}: {found:.2}", role.name());
        }
    }
}

/// Machado, Oliveira and Fernandes (2009), severity 1: what remains of a linear colour.
const DEFICIENCIES: [(&str, [Linear; 3]); 3] = [
    ("none", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    (
        "protanopia",
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
    ),
    (
        "deuteranopia",
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
    ),
];

fn seen(by: &[Linear; 3], color: Linear) -> Linear {
    by.map(|row| row.iter().zip(color).map(|(a, b)| a * b).sum::<f64>().clamp(0.0, 1.0))
}

/// CIE 1976 L*a*b*, D65.
fn lab(color: Linear) -> Linear {
    const TO_XYZ: [Linear; 3] = [
        [0.412_456 / 0.950_47, 0.357_576 / 0.950_47, 0.180_437 / 0.950_47],
        [0.212_673, 0.715_152, 0.072_175],
        [0.019_334 / 1.088_83, 0.119_192 / 1.088_83, 0.950_304 / 1.088_83],
    ];
    let [x, y, z] = TO_XYZ
        .map(|row| row.iter().zip(color).map(|(part, light)| part * light).sum::<f64>())
        .map(|part| if part > 0.008_856 { part.cbrt() } else { 7.787 * part + 16.0 / 116.0 });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

fn distance(a: Linear, b: Linear) -> f64 {
    lab(a).iter().zip(lab(b)).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

/// The colour by which a style is told: what it is filled with, else what it is written in.
fn telling(style: Style) -> Linear {
    let (fg, bg) = pair(style, hex("#000000"));
    if luminance(bg) > 0.01 { bg } else { fg }
}

#[test]
fn states_are_told_apart_with_any_eyes() {
    for (name, least) in [("colour-blind", 30.0), ("high-contrast", 25.0)] {
        for roles in [
            [Role::StateOk, Role::StateWarning, Role::StateCritical],
            [Role::TileOk, Role::TileWarning, Role::TileCritical],
            [Role::Spark, Role::SparkSlow, Role::SparkLost],
        ] {
            let [a, b, c] = roles.map(|role| telling(theme(name).style(role)));
            for (who, eyes) in &DEFICIENCIES {
                for (one, other) in [(a, b), (b, c), (a, c)] {
                    let found = distance(seen(eyes, one), seen(eyes, other));
                    assert!(found >= least, "{name}, {who}, {roles:?}: {found:.1}");
                }
            }
        }
    }
}

#[test]
fn a_terminal_with_fewer_colours_gets_the_nearest() {
    for name in Theme::names() {
        for role in Role::all() {
            let style = theme(name).reduced_to(Colours::Sixteen).style(role);
            let known = |color: Option<Color>| {
                color.is_none_or(|c| !matches!(c, Color::Rgb(..) | Color::Indexed(_)))
            };
            assert!(known(style.fg) && known(style.bg), "{name}, {}: {style:?}", role.name());
            let none = theme(name).reduced_to(Colours::None).style(role);
            assert_eq!((none.fg, none.bg), (None, None));
        }
    }
}
