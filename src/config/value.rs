//! TOML values to typed ones, with the place of every mistake.

use super::host::SHOWN;
use crate::domain::text::excerpt;
use humantime::format_duration;
use std::fmt;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;
use toml::de::DeValue;

/// A TOML value with its place in the text.
pub(super) type Value<'v, 'i> = &'v Spanned<DeValue<'i>>;

/// A mistake, on its way from a value up to its key and file.
#[derive(Debug)]
pub(super) struct Fault {
    /// Where in the text, in bytes.
    pub(super) at: Range<usize>,
    /// Dotted path of the key, as far as it is known.
    pub(super) key: String,
    /// The sentence.
    pub(super) message: String,
}

impl Fault {
    pub(super) fn new(at: Range<usize>, message: impl fmt::Display) -> Self {
        Self { at, key: String::new(), message: message.to_string() }
    }

    /// The same mistake, one level further up.
    pub(super) fn under(mut self, key: &str) -> Self {
        self.key = if self.key.is_empty() {
            excerpt(key, SHOWN)
        } else {
            format!("{}.{}", excerpt(key, SHOWN), self.key)
        };
        self
    }
}

fn mistyped(value: Value<'_, '_>, expected: impl fmt::Display) -> Fault {
    let article = if value.get_ref().type_str().starts_with(['a', 'i', 'o']) { "an" } else { "a" };
    let found = value.get_ref().type_str();
    Fault::new(value.span(), format_args!("expected {expected}, found {article} {found}"))
}

/// A key, its place in the text, and its value.
type Entry<'v, 'i> = (&'v str, Range<usize>, Value<'v, 'i>);

/// A table's entries in the order of the text.
pub(super) fn entries<'v, 'i>(
    value: Value<'v, 'i>,
    expected: &str,
) -> Result<Vec<Entry<'v, 'i>>, Fault> {
    let table = value.get_ref().as_table().ok_or_else(|| mistyped(value, expected))?;
    let mut entries: Vec<_> =
        table.iter().map(|(key, value)| (key.get_ref().as_ref(), key.span(), value)).collect();
    entries.sort_by_key(|(_, at, _)| at.start);
    Ok(entries)
}

pub(super) fn text<'v>(value: Value<'v, '_>, expected: &str) -> Result<&'v str, Fault> {
    value.get_ref().as_str().ok_or_else(|| mistyped(value, expected))
}

pub(super) fn boolean(value: Value<'_, '_>) -> Result<bool, Fault> {
    value.get_ref().as_bool().ok_or_else(|| mistyped(value, "true or false"))
}

/// A text that `parse` understands; its error is the sentence.
pub(super) fn parsed<T, E: fmt::Display>(
    value: Value<'_, '_>,
    expected: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, Fault> {
    parse(text(value, expected)?).map_err(|error| Fault::new(value.span(), error))
}

/// A whole number from `min` to `max`.
pub(super) fn count(value: Value<'_, '_>, min: u32, max: u32) -> Result<u32, Fault> {
    let expected = format_args!("a whole number from {min} to {max}").to_string();
    let number = value.get_ref().as_integer().ok_or_else(|| mistyped(value, &expected))?;
    u32::from_str_radix(number.as_str(), number.radix())
        .ok()
        .filter(|number| (min..=max).contains(number))
        .ok_or_else(|| {
            let shown = excerpt(number.as_str(), SHOWN);
            Fault::new(value.span(), format_args!("{shown} is out of range, expected {expected}"))
        })
}

/// A number from `min` to `max`, with or without a fraction.
pub(super) fn real(value: Value<'_, '_>, min: f64, max: f64) -> Result<f64, Fault> {
    let expected = format!("a number from {min} to {max}");
    let written = match value.get_ref() {
        DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
        DeValue::Float(number) => number.as_str(),
        _ => return Err(mistyped(value, expected)),
    };
    written.parse::<f64>().ok().filter(|number| (min..=max).contains(number)).ok_or_else(|| {
        let shown = excerpt(written, SHOWN);
        Fault::new(value.span(), format_args!("{shown} is out of range, expected {expected}"))
    })
}

/// A duration from `min` to `max`, written as `"500ms"`.
pub(super) fn duration(
    value: Value<'_, '_>,
    min: Duration,
    max: Duration,
) -> Result<Duration, Fault> {
    parsed(value, "a duration such as \"500ms\"", |text| parse_duration(text, min, max))
}

/// A list of at most `max` values.
pub(super) fn list<T>(
    value: Value<'_, '_>,
    max: usize,
    expected: &str,
    item: impl Fn(Value<'_, '_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let array = value.get_ref().as_array().ok_or_else(|| mistyped(value, expected))?;
    if array.len() > max {
        let message = format_args!("{} entries are too many, expected at most {max}", array.len());
        return Err(Fault::new(value.span(), message));
    }
    array.iter().map(item).collect()
}

/// One of a set of words.
pub(super) fn word<T: Copy>(value: Value<'_, '_>, words: &[(&str, T)]) -> Result<T, Fault> {
    let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    parsed(value, &one_of(&quoted(&names)), |text| parse_word(text, words))
}

/// Reads one of a set of words.
///
/// # Errors
/// A sentence that names them all, and the nearest.
pub(super) fn parse_word<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    match words.iter().find(|(word, _)| *word == text) {
        Some((_, value)) => Ok(*value),
        None => Err(unknown_value(text, words.iter().map(|(word, _)| *word))),
    }
}

/// Reads a duration such as `500ms`, `5s` or `1m 30s` from `min` to `max`.
///
/// # Errors
/// A sentence with the bounds.
pub(crate) fn parse_duration(text: &str, min: Duration, max: Duration) -> Result<Duration, String> {
    let shown = excerpt(text, SHOWN);
    let Ok(duration) = humantime::parse_duration(text) else {
        return Err(format!(
            "\"{shown}\" is not a duration, expected a number with a unit such as 500ms, 5s or 1m"
        ));
    };
    let wrong = match duration {
        _ if duration < min => "short",
        _ if duration > max => "long",
        _ => return Ok(duration),
    };
    let (min, max) = (format_duration(min), format_duration(max));
    Err(format!("\"{shown}\" is too {wrong}, expected {min} to {max}"))
}

/// The sentence for something that is none of `known`: the nearest of them, or all.
pub(super) fn unknown<'k>(
    what: &str,
    text: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let shown = excerpt(text, SHOWN);
    let expected = one_of(&known);
    match nearest(text, &known) {
        Some(near) => format!("unknown {what} \"{shown}\", did you mean \"{near}\"?"),
        None => format!("unknown {what} \"{shown}\", expected {expected}"),
    }
}

/// [`unknown`] for a value: texts, so all are quoted.
pub(super) fn unknown_value<'k>(text: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    if nearest(text, &known).is_some() {
        return unknown("value", text, known);
    }
    let shown = excerpt(text, SHOWN);
    format!("unknown value \"{shown}\", expected {}", one_of(&quoted(&known)))
}

/// The known word that `text` is most likely a misspelling of.
pub(super) fn nearest<'k>(text: &str, known: &[&'k str]) -> Option<&'k str> {
    if text.len() > 64 {
        return None;
    }
    let folded = text.to_lowercase().replace('-', "_");
    known
        .iter()
        .map(|word| (strsim::jaro_winkler(&folded, &word.to_lowercase().replace('-', "_")), *word))
        .filter(|(likeness, _)| *likeness >= 0.84)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word)
}

/// `a, b or c`.
fn one_of<S: AsRef<str>>(words: &[S]) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.as_slice() {
        [] => "nothing".to_owned(),
        [word] => (*word).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

fn quoted(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| format!("\"{word}\"")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_offered_only_when_it_is_near() {
        let known = ["echo", "echo_tcp", "negotiate", "packet-loss"];
        assert_eq!(nearest("echoo", &known), Some("echo"));
        assert_eq!(nearest("echo-tcp", &known), Some("echo_tcp"));
        assert_eq!(nearest("packet_loss", &known), Some("packet-loss"));
        assert_eq!(nearest("Negotiate", &known), Some("negotiate"));
        assert_eq!(nearest("webhook", &known), None);
        assert_eq!(nearest(&"e".repeat(1000), &known), None);
    }

    #[test]
    fn durations_name_their_bounds() {
        let read = |text| parse_duration(text, Duration::from_millis(100), Duration::from_mins(1));
        assert_eq!(read("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(read("1m"), Ok(Duration::from_mins(1)));
        assert_eq!(read("99ms").unwrap_err(), "\"99ms\" is too short, expected 100ms to 1m");
        assert_eq!(read("61s").unwrap_err(), "\"61s\" is too long, expected 100ms to 1m");
        let not = "is not a duration, expected a number with a unit such as 500ms, 5s or 1m";
        for text in ["", "5", "fast", "-1s", "1e9s", "99999999999999999999s"] {
            assert_eq!(read(text).unwrap_err(), format!("\"{text}\" {not}"));
        }
    }
}
