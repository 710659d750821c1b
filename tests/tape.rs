//! The recordings are tapes that VHS can play, and what they photograph is committed.
//!
//! Source of the commands and of their order: the VHS manual, "VHS Command Reference".

use std::fs;
use std::path::Path;

const TAPES: &[&str] = &["demo.tape", "docs/pictures/80x24.tape"];

const SETTINGS: &[&str] = &[
    "Shell",
    "FontSize",
    "FontFamily",
    "Height",
    "Width",
    "LetterSpacing",
    "LineHeight",
    "TypingSpeed",
    "Theme",
    "Padding",
    "Margin",
    "MarginFill",
    "WindowBar",
    "BorderRadius",
    "Framerate",
    "PlaybackSpeed",
    "LoopOffset",
    "CursorBlink",
    "WaitTimeout",
    "WaitPattern",
];

const KEYS: &[&str] = &[
    "Enter",
    "Tab",
    "Space",
    "Escape",
    "Backspace",
    "Delete",
    "Insert",
    "Up",
    "Down",
    "Left",
    "Right",
    "PageUp",
    "PageDown",
];

/// Where in a tape a command may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Head,
    Environment,
    Body,
}

/// The part that a line belongs to, or what is wrong with it.
fn part(line: &str) -> Result<Part, String> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (command, at) = word.split_once('@').map_or((word, None), |(c, at)| (c, Some(at)));
    let timed = |allowed: bool| match at {
        None => Ok(()),
        Some(at) if allowed => duration(at),
        Some(_) => Err(format!("{command} takes no @")),
    };
    let need = |ok: bool, what: &str| if ok { Ok(()) } else { Err(format!("{command}: {what}")) };
    match command {
        "Output" => {
            timed(false)?;
            need(has_extension(rest, &["gif", "mp4", "webm", "ascii", "txt"]), "a recording")?;
            Ok(Part::Head)
        }
        "Require" => timed(false)
            .and(need(!rest.is_empty() && !rest.contains(' '), "one program"))
            .map(|()| Part::Head),
        "Set" => {
            timed(false)?;
            let (name, value) = rest.split_once(' ').unwrap_or((rest, ""));
            need(SETTINGS.contains(&name), "a setting")?;
            match name {
                "Shell" | "Theme" | "FontFamily" | "MarginFill" | "WindowBar" => quoted(value)?,
                "TypingSpeed" | "WaitTimeout" => duration(value)?,
                _ => need(value.parse::<f64>().is_ok(), "a number")?,
            }
            Ok(Part::Head)
        }
        "Env" => {
            timed(false)?;
            let (name, value) = rest.split_once(' ').unwrap_or((rest, ""));
            need(!name.is_empty() && !name.contains(['"', '=']), "a name")?;
            quoted(value).map(|()| Part::Environment)
        }
        "Type" => timed(true).and(quoted(rest)).map(|()| Part::Body),
        "Sleep" => timed(false).and(duration(rest)).map(|()| Part::Body),
        "Wait" | "Wait+Screen" | "Wait+Line" => {
            timed(true)?;
            let inner = rest.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
            need(
                inner.is_some_and(|inner| !inner.is_empty() && !inner.contains('/')),
                "/a pattern/",
            )?;
            Ok(Part::Body)
        }
        "Hide" | "Show" => timed(false).and(need(rest.is_empty(), "nothing")).map(|()| Part::Body),
        "Screenshot" => {
            timed(false).and(need(has_extension(rest, &["png"]), "a .png")).map(|()| Part::Body)
        }
        key if KEYS.contains(&key) => {
            timed(true)?;
            need(rest.is_empty() || rest.parse::<u32>().is_ok_and(|n| n > 0), "a count")?;
            Ok(Part::Body)
        }
        key => {
            let letter = key.strip_prefix("Ctrl+").unwrap_or_default();
            need(letter.len() == 1 && letter.chars().all(|c| c.is_ascii_alphabetic()), "unknown")?;
            timed(false).and(need(rest.is_empty(), "nothing")).map(|()| Part::Body)
        }
    }
}

fn has_extension(path: &str, known: &[&str]) -> bool {
    let extension = Path::new(path).extension().and_then(|extension| extension.to_str());
    !path.contains(char::is_whitespace) && extension.is_some_and(|it| known.contains(&it))
}

fn quoted(text: &str) -> Result<(), String> {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    match inner {
        Some(inner) if !inner.contains('"') => Ok(()),
        _ => Err(format!("{text:?} is no text in quotes")),
    }
}

fn duration(text: &str) -> Result<(), String> {
    let number = ["ms", "s", "m"].iter().find_map(|unit| text.strip_suffix(unit)).unwrap_or(text);
    match number.parse::<f64>() {
        Ok(seconds) if seconds >= 0.0 => Ok(()),
        _ => Err(format!("{text:?} is no duration")),
    }
}

/// Every fault of a tape, and the paths of its pictures.
fn read(tape: &str) -> (Vec<String>, Vec<String>) {
    let (mut faults, mut pictures, mut reached) = (Vec::new(), Vec::new(), Part::Head);
    for (number, line) in (1..).zip(tape.lines().map(str::trim)) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match part(line) {
            Err(fault) => faults.push(format!("{number}: {fault}")),
            Ok(part) if part < reached => {
                faults.push(format!("{number}: {line:?} stands too late"));
            }
            Ok(part) => reached = part,
        }
        pictures.extend(line.strip_prefix("Screenshot ").map(str::to_owned));
    }
    (faults, pictures)
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_tape_can_be_played() {
    for name in TAPES {
        let tape = fs::read_to_string(repository().join(name)).unwrap();
        assert!(tape.starts_with('#'), "{name} does not say how it is played");
        let (faults, pictures) = read(&tape);
        assert_eq!(faults, [""; 0], "{name}");
        assert!(!pictures.is_empty(), "{name} takes no picture");
        assert!(tape.contains("\nRequire rdpwatch\n"), "{name} does not name its program");
    }
}

#[test]
fn every_picture_is_committed_small_and_drawn_from_a_tape() {
    let folder = repository().join("docs/pictures");
    let mut taken = Vec::new();
    for name in TAPES {
        let tape = fs::read_to_string(repository().join(name)).unwrap();
        for path in read(&tape).1 {
            let picture = repository().join(&path).with_extension("svg");
            assert_eq!(picture.parent(), Some(folder.as_path()), "{path}");
            let svg = fs::read_to_string(&picture).unwrap_or_else(|e| panic!("{path}: {e}"));
            assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{path}");
            assert!(svg.len() < 150_000, "{path}: {} bytes", svg.len());
            taken.push(picture);
        }
    }
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "svg") {
            assert!(taken.contains(&path), "no tape draws {}", path.display());
        }
    }
}

#[test]
fn pictures_and_files_that_the_readme_names_exist() {
    for name in ["README.md", "docs/PRIVILEGES.md"] {
        let file = repository().join(name);
        let text = fs::read_to_string(&file).unwrap();
        let mut links = 0;
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.starts_with("http") || link.starts_with('#') {
                continue;
            }
            let path = link.split('#').next().unwrap();
            assert!(file.parent().unwrap().join(path).exists(), "{name} names {link}");
            links += 1;
        }
        assert!(links > 0, "{name} names no file");
    }
}

#[test]
fn a_bad_line_is_found() {
    for line in [
        "Set FontSise 20",
        "Set FontSize big",
        "Set TypingSpeed fast",
        "Type rdpwatch",
        "Sleep 3x",
        "Sleep@2s 1s",
        "Wait+Screen@5s pattern",
        "Wait+Screen@soon /x/",
        "Screenshot docs/pictures/table.svg",
        "Home",
        "Enter twice",
        "Ctrl+",
        "Output demo.svg",
        "Env NO_COLOR",
        "Press Enter",
    ] {
        assert!(part(line).is_err(), "{line}");
    }
    for late in ["Type \"x\"\nSet FontSize 20", "Sleep 1s\nOutput a.gif", "Enter\nEnv A \"b\""] {
        assert_eq!(read(late).0.len(), 1, "{late}");
    }
}
