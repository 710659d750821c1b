//! From text to terms. Every text is a filter; what is wrong with it is said with its place.

use super::key::{Comparison, FilterKey, KEYS, Looks, Quantity, Sign, Word};
use super::pattern::Pattern;
use super::{Term, Test};
use crate::domain::text::excerpt;
use std::fmt;

/// Characters of a word that are repeated when it is not understood.
const SHOWN: usize = 24;

/// What is not understood, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// In characters from 1.
    pub column: usize,
    /// In words, with the nearest that would do.
    pub text: String,
    /// The nearest that would do.
    pub nearest: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.text)
    }
}

impl Fault {
    /// What is wrong in these words, and nothing that would do instead.
    #[must_use]
    pub const fn new(column: usize, text: String) -> Self {
        Self { column, text, nearest: None }
    }

    /// As [`fmt::Display`], or in fewer words where there is less room.
    #[must_use]
    pub fn within(&self, width: usize) -> String {
        let all = self.to_string();
        match &self.nearest {
            Some(nearest) if all.chars().count() > width => {
                format!("column {}: {nearest}?", self.column)
            }
            _ => all,
        }
    }

    /// `no state "criticl", did you mean "critical"?`; what there is, where nothing is near.
    #[must_use]
    pub fn unknown<S: AsRef<str>>(column: usize, what: &str, given: &str, known: &[S]) -> Self {
        let shown = excerpt(given, SHOWN);
        let nearest = nearest(given, known).map(str::to_owned);
        let text = match &nearest {
            Some(nearest) => format!("no {what} \"{shown}\", did you mean \"{nearest}\"?"),
            None if (1..=LISTED).contains(&known.len()) => {
                let known: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
                format!("no {what} \"{shown}\", there are {}", known.join(", "))
            }
            None => format!("no {what} \"{shown}\""),
        };
        Self { column, text, nearest }
    }

    /// What is wrong in these words, and how it is written.
    const fn mended(column: usize, text: String, written: String) -> Self {
        Self { column, text, nearest: Some(written) }
    }
}

/// Words that are listed when none of them is near.
const LISTED: usize = 12;
/// Likeness below which a word is not what was meant.
const ALIKE: f64 = 0.68;
/// The same where there are more than [`LISTED`], of which one is always a little alike.
const ALIKE_OF_MANY: f64 = 0.8;
/// Letters from which on one that holds them is what was meant.
const HELD: usize = 3;

/// One of `known` that holds what was given, else the most similar, when it is similar at all.
fn nearest<'k, S: AsRef<str>>(given: &str, known: &'k [S]) -> Option<&'k str> {
    let folded = given.to_lowercase();
    let holds = |known: &&'k S| known.as_ref().to_lowercase().contains(&folded);
    if folded.chars().count() >= HELD
        && let Some(known) = known.iter().find(holds)
    {
        return Some(known.as_ref());
    }
    let likeness = |known: &str| strsim::jaro_winkler(&known.to_lowercase(), &folded);
    let alike = known.iter().map(|known| (likeness(known.as_ref()), known.as_ref()));
    let least = if known.len() > LISTED { ALIKE_OF_MANY } else { ALIKE };
    let best = alike.filter(|(alike, _)| *alike >= least).max_by(|a, b| a.0.total_cmp(&b.0));
    best.map(|(_, known)| known)
}

/// A word of the text, as it is split at blanks that stand in no quotes.
#[derive(Debug, Default)]
pub(super) struct Piece {
    /// Where it begins, in characters from 1.
    pub(super) column: usize,
    pub(super) negated: bool,
    /// Where each character stands, what it is, and whether it stood in quotes; without the quotes.
    pub(super) chars: Vec<(usize, char, bool)>,
    /// Whether the text ends in it, so that it may go on.
    pub(super) open: bool,
    /// Where the quote stands that it does not close.
    quote: Option<usize>,
}

/// A piece, split at its sign.
pub(super) struct Split {
    pub(super) key: String,
    /// The sign, and where it stands.
    pub(super) sign: &'static str,
    pub(super) at: usize,
    /// Where the value begins.
    pub(super) column: usize,
    pub(super) value: Vec<(char, bool)>,
}

/// The signs, the longer ones first.
const SIGNS: [&str; 8] = ["!=", ">=", "<=", "==", ":", ">", "<", "="];

/// The words of `text`. A `|` is one whatever stands beside it.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut piece: Option<Piece> = None;
    let mut quoted = false;
    for (column, c) in text.chars().enumerate().map(|(place, c)| (place + 1, c)) {
        if c.is_whitespace() && !quoted {
            pieces.extend(piece.take());
            continue;
        }
        let bar = c == '|' && !quoted;
        if piece.as_ref().is_some_and(|piece| piece.is_bar() != bar) {
            pieces.extend(piece.take());
        }
        let piece = piece.get_or_insert_with(|| Piece { column, ..Piece::default() });
        match c {
            '"' => {
                quoted = !quoted;
                piece.quote = quoted.then_some(column);
            }
            '!' | '-' if !quoted && column == piece.column => piece.negated = true,
            _ => piece.chars.push((column, c, quoted)),
        }
    }
    if let Some(last) = piece {
        pieces.push(Piece { open: true, ..last });
    }
    pieces
}

impl Piece {
    /// Split at the first sign that stands in no quotes.
    pub(super) fn split(&self) -> Option<Split> {
        let (place, sign) = (0..self.chars.len()).find_map(|place| {
            let rest = self.chars.get(place..)?;
            let stands = |sign: &&&str| {
                let mut chars = sign.chars().zip(rest);
                rest.len() >= sign.len() && chars.all(|(c, (_, found, q))| c == *found && !q)
            };
            SIGNS.iter().find(stands).map(|sign| (place, *sign))
        })?;
        let key = self.chars.iter().take(place).map(|(_, c, _)| *c).collect::<String>();
        let at = self.chars.get(place).map_or(self.column, |(column, ..)| *column);
        let value: Vec<(char, bool)> = self
            .chars
            .iter()
            .skip(place + sign.len())
            .map(|(_, c, quoted)| (*c, *quoted))
            .collect();
        Some(Split { key: key.to_lowercase(), sign, at, column: at + sign.len(), value })
    }

    /// Whether it is nothing but `|`.
    pub(super) fn is_bar(&self) -> bool {
        let bar = |(_, c, quoted): &(usize, char, bool)| *c == '|' && !quoted;
        !self.negated && !self.chars.is_empty() && self.chars.iter().all(bar)
    }

    /// Whether it is this word, not negated and in no quotes.
    fn is_word(&self, word: &str) -> bool {
        let plain = !self.negated && self.chars.iter().all(|(_, _, quoted)| !quoted);
        plain && self.word().eq_ignore_ascii_case(word)
    }

    fn word(&self) -> String {
        self.chars.iter().map(|(_, c, _)| *c).collect()
    }

    /// Whether it stands between two filters of which one is enough. A word that others stand
    /// before may be `or`.
    fn is_or(&self, others: bool) -> bool {
        self.is_bar() || (others && self.is_word("or"))
    }

    /// Whether it stands between two that both must hold, which needs no word.
    fn is_and(&self, others: bool) -> bool {
        others && ["and", "&", "&&"].iter().any(|word| self.is_word(word))
    }

    /// Where a bracket stands in no quotes.
    fn bracket(&self) -> Option<usize> {
        let is = |(_, c, quoted): &&(usize, char, bool)| matches!(c, '(' | ')') && !quoted;
        self.chars.iter().find(is).map(|(column, ..)| *column)
    }

    fn pattern(&self) -> Pattern {
        Pattern::of(&self.chars.iter().map(|(_, c, quoted)| (*c, *quoted)).collect::<Vec<_>>())
    }
}

/// What was understood of a text.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// What stands between the `|`, none of them empty.
    pub(super) ways: Vec<Vec<Term>>,
    /// What is wrong first.
    pub(super) fault: Option<Fault>,
    /// What is missing at the end.
    pub(super) unfinished: Option<Fault>,
}

/// The terms of `text`, and what of it is wrong first.
pub(super) fn read(text: &str) -> Reading {
    let mut reading = Reading::default();
    let mut way = Vec::new();
    let pieces = pieces(text);
    for (place, piece) in pieces.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|place| pieces.get(place));
        let behind = pieces.get(place + 1);
        if piece.is_or(before.is_some()) {
            if way.is_empty() {
                let text = "\"|\" stands between two: state:critical | loss>2".to_owned();
                reading.fault = reading.fault.or(Some(Fault::new(piece.column, text)));
            }
            if behind.is_none() {
                reading.unfinished = Some(more(piece));
            }
            reading.ways.extend(Some(std::mem::take(&mut way)).filter(|way| !way.is_empty()));
            continue;
        }
        if piece.is_and(before.is_some()) {
            if behind.is_none() {
                reading.unfinished = Some(more(piece));
            }
            continue;
        }
        let (column, mut negated) =
            (piece.split().map_or(piece.column, |s| s.column), piece.negated);
        let wrong = torn(before, piece)
            .or_else(|| bracketed(&pieces, piece))
            .or_else(|| behind.and_then(|behind| worded(piece, behind)));
        let test = match wrong.map_or_else(|| meant(piece, &mut negated), Err) {
            Ok(Some(test)) => test,
            Ok(None) => match (lacks(piece), behind) {
                (missing, None) => {
                    reading.unfinished = missing;
                    continue;
                }
                // That is told of the word behind it.
                (_, Some(behind)) if !behind.is_or(true) && torn(Some(piece), behind).is_some() => {
                    continue;
                }
                (Some(missing), Some(behind)) => {
                    let wrong = apart(piece, behind).unwrap_or(missing);
                    reading.fault = reading.fault.or(Some(wrong));
                    Test::Nothing
                }
                (None, Some(_)) => continue,
            },
            Err(wrong) => {
                reading.fault = reading.fault.or(Some(wrong));
                Test::Nothing
            }
        };
        way.push(Term { negated, column, test });
    }
    reading.ways.extend(Some(way).filter(|way| !way.is_empty()));
    if let Some(column) = pieces.last().and_then(|last| last.quote) {
        let text = "this quote is not closed".to_owned();
        reading.unfinished = reading.unfinished.or(Some(Fault::new(column, text)));
    }
    reading
}

/// Nothing stands behind a `|` or an `and`.
fn more(piece: &Piece) -> Fault {
    Fault::new(piece.column, "what else? state:critical | loss>2".to_owned())
}

/// Brackets around what is one or the other, as elsewhere. Alone they are text.
fn bracketed(pieces: &[Piece], piece: &Piece) -> Option<Fault> {
    let column = piece.bracket()?;
    let around = piece.chars.first().is_some_and(|(first, ..)| *first == column);
    let closed = piece.chars.iter().any(|(_, c, quoted)| *c == ')' && !quoted);
    let meant = around && (piece.split().is_some() || piece.negated || !closed);
    if !(meant || pieces.iter().any(Piece::is_bar)) {
        return None;
    }
    let text = "there are no brackets: a b | a c; as text they stand in quotes".to_owned();
    Some(Fault::new(column, text))
}

/// The word before what is not wanted: `not state:ok`. In quotes it is text.
fn worded(piece: &Piece, behind: &Piece) -> Option<Fault> {
    if !piece.is_word("not") || behind.is_or(true) {
        return None;
    }
    let written = format!("!{}", excerpt(&behind.word(), SHOWN));
    Some(Fault::mended(piece.column, format!("not is written !, as in {written}"), written))
}

/// A blank beside a sign: `loss >2`, `loss> 2`, `state: ok`.
fn torn(before: Option<&Piece>, piece: &Piece) -> Option<Fault> {
    let split = piece.split();
    if split.is_none()
        && let Some(wrong) = before.and_then(|before| unsigned(before, piece))
    {
        return Some(wrong);
    }
    let key = |name: &str| FilterKey::named(name);
    let of = |piece: &Piece| piece.chars.iter().map(|(_, c, _)| *c).collect::<String>();
    if let Some(split) = split.filter(|split| split.key.is_empty() && split.sign != ":") {
        let value: String = split.value.iter().map(|(c, _)| *c).collect();
        let Some(key) = before.and_then(|before| key(&of(before).to_lowercase())) else {
            let text = format!("what is compared stands before \"{}\": loss>2", split.sign);
            return Some(Fault::new(split.at, text));
        };
        let value = if value.is_empty() { "2" } else { &value };
        let written = format!("{}{}{}", key.name, split.sign, excerpt(value, SHOWN));
        let text = format!("no blank before \"{}\", write {written}", split.sign);
        return Some(Fault::mended(split.at, text, written));
    }
    let split = before?.split()?;
    let key = key(&split.key).filter(|_| split.value.is_empty())?;
    let written = format!("{}{}{}", key.name, split.sign, excerpt(&of(piece), SHOWN));
    let text = format!("no blank behind \"{}\", write {written}", split.sign);
    Some(Fault::mended(piece.column, text, written))
}

/// A key and its value without the sign between them: `loss 2`, `state critical`.
fn unsigned(before: &Piece, piece: &Piece) -> Option<Fault> {
    let plain = |piece: &Piece| piece.chars.iter().all(|(_, _, quoted)| !quoted);
    if before.split().is_some() || !plain(before) || !plain(piece) || piece.negated {
        return None;
    }
    let key = FilterKey::named(&before.word().to_lowercase())?;
    let value = piece.word().to_lowercase();
    let fits = match key.looks {
        Looks::Measures(_) => value.starts_with(|c: char| c.is_ascii_digit()),
        Looks::At(word) => word.known().contains(&value.as_str()),
    };
    if !fits {
        return None;
    }
    let written = format!("{}{}{}", key.name, key.sign(), excerpt(&value, SHOWN));
    let text = format!("a sign is missing before it, write {written}");
    Some(Fault::mended(piece.column, text, written))
}

/// A blank behind what negates: `! state:ok`.
fn apart(piece: &Piece, behind: &Piece) -> Option<Fault> {
    if !piece.negated || !piece.chars.is_empty() || behind.is_or(true) {
        return None;
    }
    let word: String = behind.chars.iter().map(|(_, c, _)| *c).collect();
    let written = format!("!{}", excerpt(&word, SHOWN));
    let text = format!("no blank before what is not wanted, write {written}");
    Some(Fault::mended(piece.column + 1, text, written))
}

/// What is missing behind a word that asks for nothing yet.
fn lacks(piece: &Piece) -> Option<Fault> {
    let Some(split) = piece.split() else {
        let text = "a word belongs behind it: !state:ok".to_owned();
        return piece.negated.then(|| Fault::new(piece.column + 1, text));
    };
    let key = FilterKey::named(&split.key)?;
    let text = match key.looks {
        Looks::At(word) => format!("a {} is missing: {}", word.name(), key.example),
        Looks::Measures(_) => format!("a number is missing: {}", key.example),
    };
    Some(Fault::new(split.column, text))
}

/// What a word asks for; `None` while it is not finished.
fn meant(piece: &Piece, negated: &mut bool) -> Result<Option<Test>, Fault> {
    let anywhere = || {
        let pattern = piece.pattern();
        Ok((!pattern.is_empty()).then_some(Test::Anywhere(pattern)))
    };
    let Some(split) = piece.split() else { return anywhere() };
    let value: String = split.value.iter().map(|(c, _)| *c).collect();
    let Some(key) = FilterKey::named(&split.key) else {
        let column = piece.column + usize::from(piece.negated);
        if split.sign == ":" {
            if is_address(&split.key, &value) {
                return anywhere();
            }
            if !split.key.is_empty()
                && !value.is_empty()
                && value.bytes().all(|b| b.is_ascii_digit())
            {
                return Ok(Some(Test::Place(piece.pattern(), no_key(column, &split.key))));
            }
        }
        return Err(no_key(column, &split.key));
    };
    let misused = |how: &str| {
        let text = format!("\"{}\" {how}: {}", key.name, key.example);
        Err(Fault::new(split.at, text))
    };
    match key.looks {
        Looks::At(word) => match split.sign {
            ":" | "=" | "==" | "!=" => {
                *negated ^= split.sign == "!=";
                said(word, &split)
            }
            _ => misused("is a word and not compared"),
        },
        Looks::Measures(_) if split.sign == ":" => misused("is compared with a number"),
        Looks::Measures(quantity) => measured(quantity, &split, &value),
    }
}

fn no_key(column: usize, key: &str) -> Fault {
    let names: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
    Fault::unknown(column, "key", key, &names)
}

/// A word that is one of those it can be, or the beginning of one.
fn said(word: Word, split: &Split) -> Result<Option<Test>, Fault> {
    let pattern = Pattern::of(&split.value);
    if pattern.is_empty() {
        return Ok(None);
    }
    let known = word.known();
    let written = pattern.written();
    if let Some((first, rest)) = written.split_once(',')
        && known.iter().any(|known| known.starts_with(first))
    {
        let both = format!("{0}:{first} | {0}:{rest}", word.name());
        let text = format!("one of several is written {}", excerpt(&both, 2 * SHOWN));
        return Err(Fault::new(split.column, text));
    }
    if known.is_empty() || known.iter().any(|one| pattern.begins(one)) {
        let whole = word != Word::Finding || known.contains(&written.as_str());
        let pattern = if whole { pattern } else { pattern.cut_short() };
        return Ok(Some(Test::Word(word, pattern)));
    }
    let fault = Fault::unknown(split.column, word.name(), &written, &known);
    if fault.nearest.is_some() || known.len() <= LISTED {
        return Err(fault);
    }
    let text = format!("{}; Tab behind {}: lists all", fault.text, word.name());
    Err(Fault { text, ..fault })
}

fn measured(quantity: Quantity, split: &Split, value: &str) -> Result<Option<Test>, Fault> {
    let sign = match split.sign {
        ">" => Sign::Above,
        ">=" => Sign::AtLeast,
        "<" => Sign::Below,
        "<=" => Sign::AtMost,
        "!=" => Sign::Other,
        _ => Sign::Equal,
    };
    if matches!(value, "" | "-" | "+" | ".") {
        return Ok(None);
    }
    let end = value.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+')));
    let (digits, unit) = value.split_at(end.unwrap_or(value.len()));
    let number: Option<f64> = digits.parse().ok().filter(|number: &f64| number.is_finite());
    let Some(number) = number.filter(|_| quantity.unit().starts_with(&unit.to_lowercase())) else {
        let shown = excerpt(value, SHOWN);
        let text = format!("\"{shown}\" is no number of {}", quantity.unit());
        return Err(Fault::new(split.column, text));
    };
    let decimals = digits.split_once('.').map_or(0, |(_, after)| after.len());
    let about = 0.5 * 10_f64.powi(-i32::try_from(decimals).unwrap_or(i32::MAX));
    Ok(Some(Test::Number(quantity, Comparison { sign, number, about })))
}

/// Whether a word with a colon is a part of an address, in brackets or not.
fn is_address(key: &str, rest: &str) -> bool {
    let hex =
        |text: &str| text.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, ':' | '.' | '%'));
    let scoped = rest.split_once('%').is_some_and(|(address, _)| hex(address));
    key.starts_with('[') || (hex(key) && (hex(rest) || scoped))
}
