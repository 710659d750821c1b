//! The command line: what can be typed behind `:`, as one table and the names of all actions.

use super::action::Action;
use super::filter::{self, Fault, Filter};
use super::order;
use super::prompt::Offer;
use super::state::{Direction, Screen, SortKey};
use super::theme::Theme;
use super::world::World;
use crate::domain::maintenance::{LengthError, parse_length};
use crate::domain::mark::TEXT;
use crate::domain::snapshot::TargetSnapshot;
use crate::domain::target::TargetId;
use std::collections::BTreeSet;
use std::time::Duration;

/// What holds for all of it.
pub const RULE: &str = "A command, a column, a view or a theme may be cut short where only one begins like that: \
    `:ack seen`, `:mai 2h berlin`.";

/// Lines that are kept.
pub const KEPT: usize = 50;

/// A command that takes something.
#[derive(Debug)]
pub struct CommandCard {
    /// What is typed first.
    pub name: &'static str,
    /// What can follow, in words.
    pub takes: &'static str,
    /// What it does.
    pub says: &'static str,
    verb: Verb,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Sort,
    View,
    Theme,
    Filter,
    Goto,
    Acknowledge,
    Snooze,
    Maintenance,
    Mark,
    Act(Action),
}

macro_rules! commands {
    ($($name:literal $takes:literal $verb:expr, $says:literal;)*) => {
        &[$(CommandCard { name: $name, takes: $takes, says: $says, verb: $verb }),*]
    };
}

/// Commands that take something, and short names. Every action is a command besides.
pub const COMMANDS: &[CommandCard] = commands! {
    "sort" "COLUMN [asc|desc]" Verb::Sort, "sort by a column; alone, by the next";
    "view" "NAME" Verb::View, "go to a view";
    "theme" "NAME" Verb::Theme, "another theme until you quit";
    "filter" "FILTER" Verb::Filter, "narrow the table; alone, type the filter";
    "goto" "HOST" Verb::Goto, "select a host by its name or address";
    "acknowledge" "[NOTE|end]" Verb::Acknowledge, "acknowledge the alerts of the selected host or group, or withdraw that";
    "snooze" "LENGTH|end" Verb::Snooze, "keep them quiet, such as 30m or 8h, or end that; alone, choose";
    "maintenance" "LENGTH|end [HOST|GROUP|group|shown|all]" Verb::Maintenance, "hold back alerts, or end that; alone, choose";
    "mark" "[NOTE]" Verb::Mark, "note that a session on the selected host dropped just now";
    "probe" "" Verb::Act(Action::ProbeNow), "probe now";
    "q" "" Verb::Act(Action::Quit), "quit";
};

/// What a line asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Order {
    /// What a key does.
    Act(Action),
    /// Another order of the table.
    Sort(SortKey, Option<Direction>),
    /// A view.
    View(Screen),
    /// A theme of this name.
    Theme(&'static str),
    /// A filter.
    Filter(Filter),
    /// This target.
    Goto(TargetId),
    /// Acknowledge, with a note.
    Acknowledge(String),
    /// Withdraw the acknowledgement.
    Withdraw,
    /// Snooze for so long.
    Snooze(Duration),
    /// End the snooze.
    EndSnooze,
    /// Mark a drop on the selected target, with a note.
    Mark(String),
    /// Begin maintenance of such length, or end it (`None`).
    Maintain(Whom, Option<Duration>),
}

/// For whom maintenance is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// The selected target.
    Selected,
    /// Its group.
    Group,
    /// Those that the filter shows.
    Shown,
    /// Every target, hidden by the filter or not.
    All,
    /// These, which were named.
    Named(Vec<TargetId>),
}

impl Whom {
    const WORDS: [&'static str; 3] = ["group", "shown", "all"];
}

/// Why a line is no command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// In words, with its place.
    pub fault: Fault,
    /// What was typed may still become something.
    pub unfinished: bool,
}

/// The names of all commands: those of the table, then every action outside of boxes.
pub fn names() -> impl Iterator<Item = &'static str> {
    let actions = Action::TABLE.iter().filter(|(action, _)| !action.is_of_boxes());
    let actions = actions.map(|(_, name)| *name);
    let cards = COMMANDS.iter().map(|card| card.name);
    cards.chain(actions.filter(|name| !COMMANDS.iter().any(|card| card.name == *name)))
}

/// What `line` asks for; `None` while it is empty.
///
/// # Errors
/// [`Refusal`], with the nearest that would do.
pub fn read(line: &str, world: &World<'_>) -> Result<Option<Order>, Refusal> {
    let start = line.trim_start();
    let column = line.chars().count() - start.chars().count() + 1;
    let (name, rest) = start.split_once(char::is_whitespace).unwrap_or((start, ""));
    if name.is_empty() {
        return Ok(None);
    }
    let argument = Argument::of(rest, column + name.chars().count() + 1);
    let known: Vec<&str> = names().collect();
    let place = meant("command", &known, name, column)?;
    let full = known.get(place).copied().unwrap_or_default();
    if let Some(card) = COMMANDS.iter().find(|card| card.name == full) {
        return taking(card, &argument, world).map(Some);
    }
    let Some(action) = Action::named(full) else {
        return Err(unknown(column, "command", name, &known));
    };
    if argument.text.is_empty() {
        return Ok(Some(Order::Act(action)));
    }
    let text = format!("\"{full}\" takes nothing");
    Err(Refusal { fault: Fault::new(argument.column, text), unfinished: false })
}

/// The command that `name` means, cut short or not.
fn card(name: &str) -> Option<&'static CommandCard> {
    let known: Vec<&str> = names().collect();
    let full = *known.get(meant("command", &known, name, 1).ok()?)?;
    COMMANDS.iter().find(|card| card.name == full)
}

/// Candidates that are listed when a word could be several.
const LISTED: usize = 8;

/// Which of these words is meant: all of it, or a beginning that no other has but those that go on
/// from it (`so` is `sort`, beside `sort-invert`), whatever the case of its letters.
fn meant<S: AsRef<str>>(
    what: &str,
    words: &[S],
    given: &str,
    column: usize,
) -> Result<usize, Refusal> {
    let folded = given.to_lowercase();
    let lower: Vec<String> = words.iter().map(|word| word.as_ref().to_lowercase()).collect();
    if let Some(place) = lower.iter().position(|word| *word == folded) {
        return Ok(place);
    }
    let begin = |(place, word): (usize, &String)| word.starts_with(&folded).then_some(place);
    let mut fitting: Vec<usize> = lower.iter().enumerate().filter_map(begin).collect();
    let length = |place: &usize| lower.get(*place).map_or(0, String::len);
    if let Some(shortest) =
        fitting.iter().position(|place| fitting.iter().all(|other| length(place) <= length(other)))
    {
        fitting.get_mut(..=shortest).unwrap_or_default().rotate_right(1);
    }
    match fitting.as_slice() {
        [] => Err(unknown(column, what, given, words)),
        [first, others @ ..] if goes_on(&lower, *first, others) => Ok(*first),
        several => {
            let named = several.iter().take(LISTED).filter_map(|place| words.get(*place));
            let mut listed: Vec<&str> = named.map(AsRef::as_ref).collect();
            if several.len() > LISTED {
                listed.push("\u{2026}");
            }
            let shown = crate::domain::text::excerpt(given, 24);
            let text = format!("\"{shown}\" could be {}", listed.join(", "));
            Err(Refusal { fault: Fault::new(column, text), unfinished: true })
        }
    }
}

/// What follows the name, and where it begins.
#[derive(Debug, Clone, Copy)]
struct Argument<'l> {
    text: &'l str,
    column: usize,
}

impl<'l> Argument<'l> {
    fn of(rest: &'l str, column: usize) -> Self {
        let text = rest.trim_start();
        Self { text: text.trim_end(), column: column + rest.chars().count() - text.chars().count() }
    }

    /// Its first word, and what follows that.
    fn split(self) -> (&'l str, Self) {
        let (word, rest) = self.text.split_once(char::is_whitespace).unwrap_or((self.text, ""));
        (word, Self::of(rest, self.column + word.chars().count() + 1))
    }
}

fn unknown<S: AsRef<str>>(column: usize, what: &str, given: &str, known: &[S]) -> Refusal {
    let folded = given.to_lowercase();
    let begins = |known: &S| known.as_ref().to_lowercase().starts_with(&folded);
    Refusal {
        fault: Fault::unknown(column, what, given, known),
        unfinished: known.iter().any(begins),
    }
}

/// Whether all the `others` begin with the whole `first`.
fn goes_on(words: &[String], first: usize, others: &[usize]) -> bool {
    let Some(first) = words.get(first) else { return false };
    others.iter().all(|other| words.get(*other).is_some_and(|other| other.starts_with(first)))
}

/// One of these words, cut short or not.
fn one_of<T: Copy>(
    what: &str,
    words: &[(&'static str, T)],
    given: &str,
    column: usize,
) -> Result<T, Refusal> {
    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let place = meant(what, &known, given, column)?;
    words.get(place).map(|(_, found)| *found).ok_or_else(|| unknown(column, what, given, &known))
}

/// Nothing may follow.
fn ends(after: Argument<'_>) -> Result<(), Refusal> {
    if after.text.is_empty() {
        return Ok(());
    }
    let text = format!("\"{}\" is too much", crate::domain::text::excerpt(after.text, 24));
    Err(Refusal { fault: Fault::new(after.column, text), unfinished: false })
}

fn taking(
    card: &CommandCard,
    argument: &Argument<'_>,
    world: &World<'_>,
) -> Result<Order, Refusal> {
    let (word, after) = argument.split();
    let missing = || Refusal {
        fault: Fault::new(argument.column, format!("{} takes {}", card.name, card.takes)),
        unfinished: true,
    };
    match card.verb {
        Verb::Act(action) => ends(*argument).map(|()| Order::Act(action)),
        Verb::Sort if word.is_empty() => Ok(Order::Act(Action::Sort)),
        Verb::Sort => {
            let key = one_of("column", &SortKey::WORDS, word, argument.column)?;
            let (way, rest) = after.split();
            ends(rest)?;
            if way.is_empty() {
                return Ok(Order::Sort(key, None));
            }
            let descends = one_of("order", &[("asc", false), ("desc", true)], way, after.column)?;
            let usual = descends == key.descends();
            let direction = if usual { Direction::Usual } else { Direction::Inverted };
            Ok(Order::Sort(key, Some(direction)))
        }
        Verb::View | Verb::Theme | Verb::Goto if word.is_empty() => Err(missing()),
        Verb::View => {
            ends(after)?;
            one_of("view", &Screen::WORDS, word, argument.column).map(Order::View)
        }
        Verb::Theme => {
            ends(after)?;
            let themes: Vec<(&str, &'static str)> = Theme::names().map(|n| (n, n)).collect();
            one_of("theme", &themes, word, argument.column).map(Order::Theme)
        }
        Verb::Filter if word.is_empty() => Ok(Order::Act(Action::Filter)),
        Verb::Filter => {
            let mut filter = Filter::parse(argument.text);
            filter.finish();
            match filter.fault().cloned().or_else(|| filter.stranger(&world.snapshot.targets)) {
                None => Ok(Order::Filter(filter)),
                Some(fault) => {
                    let column = fault.column + argument.column - 1;
                    Err(Refusal { fault: Fault { column, ..fault }, unfinished: false })
                }
            }
        }
        Verb::Goto => host(argument, world).map(Order::Goto),
        Verb::Acknowledge if is_end(argument.text) => Ok(Order::Withdraw),
        Verb::Acknowledge => Ok(Order::Acknowledge(argument.text.to_owned())),
        Verb::Snooze if word.is_empty() => Ok(Order::Act(Action::Snooze)),
        Verb::Snooze if is_end(argument.text) => Ok(Order::EndSnooze),
        Verb::Snooze => {
            length(argument.text, argument.column).map(Order::Snooze).map_err(|refused| {
                let begins = END.starts_with(&word.to_lowercase());
                let text = format!("{}, or end", refused.fault.text);
                let fault = Fault { text, ..refused.fault };
                Refusal { fault, unfinished: refused.unfinished || begins }
            })
        }
        Verb::Mark if argument.text.chars().count() > TEXT => {
            let text = format!("the note is too long, expected at most {TEXT} characters");
            Err(Refusal { fault: Fault::new(argument.column, text), unfinished: false })
        }
        Verb::Mark => Ok(Order::Mark(argument.text.to_owned())),
        Verb::Maintenance if word.is_empty() => Ok(Order::Act(Action::Maintenance)),
        Verb::Maintenance => maintain(*argument, world),
    }
}

/// What ends what such a command began.
const END: &str = "end";

fn is_end(text: &str) -> bool {
    text.eq_ignore_ascii_case(END)
}

fn length(text: &str, column: usize) -> Result<Duration, Refusal> {
    parse_length(text).map_err(|error| {
        let unfinished = text.chars().all(|c| c.is_ascii_digit());
        Refusal { fault: Fault::new(column, error.to_string()), unfinished }
    })
}

/// `2h`, `1h 30m all`, `end group`, `2h berlin` or `berlin 2h`.
fn maintain(argument: Argument<'_>, world: &World<'_>) -> Result<Order, Refusal> {
    let places = word_places(argument.text);
    let span = |text: &str| match text {
        end if is_end(end) => Some(None),
        text => parse_length(text).ok().map(Some),
    };
    let after = |at: usize| {
        let column = argument.column + argument.text.get(..at).map_or(0, |t| t.chars().count());
        Argument::of(argument.text.get(at..).unwrap_or_default(), column)
    };
    // The length in front, as long as it goes; then the length behind.
    for (_, end) in places.iter().rev() {
        let Some(span) = argument.text.get(..*end).and_then(span) else { continue };
        return whom(after(*end), world).map(|whom| Order::Maintain(whom, span));
    }
    for (start, _) in places.iter().skip(1) {
        let Some(span) = argument.text.get(*start..).and_then(span) else { continue };
        let named = argument.text.get(..*start).unwrap_or_default();
        return whom(Argument::of(named, argument.column), world)
            .map(|whom| Order::Maintain(whom, span));
    }
    if let Some(column) = beyond(&argument, &places) {
        let fault = Fault::new(column, LengthError::Bounds.to_string());
        return Err(Refusal { fault, unfinished: false });
    }
    let word = argument.split().0;
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        let shown = length(argument.text, argument.column).err();
        return Err(shown.unwrap_or_else(|| no_length(argument, argument.text)));
    }
    whom(argument, world)?;
    Err(no_length(argument, argument.text))
}

/// Where a length begins that is too short or too long, in front or behind.
fn beyond(argument: &Argument<'_>, places: &[(usize, usize)]) -> Option<usize> {
    let is = |text: Option<&str>| text.is_some_and(|t| parse_length(t) == Err(LengthError::Bounds));
    if places.iter().any(|(_, end)| is(argument.text.get(..*end))) {
        return Some(argument.column);
    }
    let (start, _) = places.iter().skip(1).find(|(start, _)| is(argument.text.get(*start..)))?;
    Some(argument.column + argument.text.get(..*start)?.chars().count())
}

/// For whom is said, and not for how long.
fn no_length(argument: Argument<'_>, named: &str) -> Refusal {
    let named = crate::domain::text::excerpt(named, 24);
    let column = argument.column + argument.text.chars().count();
    let text = format!("for how long? maintenance 2h {named}");
    Refusal { fault: Fault::new(column, text), unfinished: true }
}

/// Where each word begins and ends, in bytes.
fn word_places(text: &str) -> Vec<(usize, usize)> {
    let mut places = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (c.is_whitespace(), start) {
            (true, Some(from)) => {
                places.push((from, at));
                start = None;
            }
            (false, None) => start = Some(at),
            _ => {}
        }
    }
    places
}

/// Whose alerts: a word of [`Whom::WORDS`], a group, or a host.
fn whom(argument: Argument<'_>, world: &World<'_>) -> Result<Whom, Refusal> {
    let wanted = argument.text.to_lowercase();
    match wanted.as_str() {
        "" => return Ok(Whom::Selected),
        "group" => return Ok(Whom::Group),
        "shown" => return Ok(Whom::Shown),
        "all" => return Ok(Whom::All),
        _ => {}
    }
    let groups = groups(world);
    let of_group = |place: usize| {
        let group = groups.get(place).copied();
        let targets = world.snapshot.targets.iter();
        let members = targets.filter(|target| target.target.group.as_deref() == group);
        Whom::Named(members.map(|target| target.target.id).collect())
    };
    if let Some(place) = groups.iter().position(|group| group.to_lowercase() == wanted) {
        return Ok(of_group(place));
    }
    let refused = match host(&argument, world) {
        Ok(id) => return Ok(Whom::Named(vec![id])),
        Err(refused) => refused,
    };
    if refused.unfinished && refused.fault.nearest.is_none() {
        return Err(refused);
    }
    meant("group", &groups, argument.text, argument.column).map(of_group).map_err(|_| {
        let names = world.snapshot.targets.iter().map(|target| target.target.name.as_str());
        let known: Vec<&str> =
            Whom::WORDS.into_iter().chain(groups.iter().copied()).chain(names).collect();
        unknown(argument.column, "host or group", argument.text, &known)
    })
}

/// The groups of the targets.
fn groups<'w>(world: &World<'w>) -> Vec<&'w str> {
    let all = world.snapshot.targets.iter().filter_map(|target| target.target.group.as_deref());
    let groups: BTreeSet<&str> = all.filter(|group| !group.is_empty()).collect();
    groups.into_iter().collect()
}

/// The one target that is meant.
fn host(argument: &Argument<'_>, world: &World<'_>) -> Result<TargetId, Refusal> {
    let wanted = argument.text.to_lowercase();
    let targets = || world.snapshot.targets.iter().map(AsRef::as_ref);
    let name = |target: &TargetSnapshot| target.target.name.to_lowercase();
    let is = |target: &&TargetSnapshot| {
        name(target) == wanted
            || target.target.host.to_string().to_lowercase() == wanted
            || target.address.is_some_and(|address| address.to_string() == wanted)
    };
    if let Some(target) = targets().find(is) {
        return Ok(target.target.id);
    }
    let mut begin = targets().filter(|target| name(target).starts_with(&wanted));
    match (begin.next(), begin.count()) {
        (Some(target), 0) => Ok(target.target.id),
        (Some(_), others) => {
            let text = format!("{} hosts begin like that", others + 1);
            Err(Refusal { fault: Fault::new(argument.column, text), unfinished: true })
        }
        (None, _) => {
            let known: Vec<&str> = targets().map(|target| target.target.name.as_str()).collect();
            Err(unknown(argument.column, "host", argument.text, &known))
        }
    }
}

/// What can follow `before`, the text up to the cursor.
#[must_use]
pub fn offer(before: &str, world: &World<'_>) -> Offer {
    let start = before.trim_start();
    let indent = before.chars().count() - start.chars().count();
    let Some((name, rest)) = start.split_once(char::is_whitespace) else {
        let typed = start.to_lowercase();
        let words = names().filter(|name| name.starts_with(&typed)).map(|name| {
            let takes = COMMANDS.iter().any(|card| card.name == name && !card.takes.is_empty());
            if takes { format!("{name} ") } else { name.to_owned() }
        });
        return Offer { keep: indent, words: words.collect() };
    };
    let head = indent + name.chars().count() + 1;
    let Some(card) = card(name) else { return Offer::default() };
    if card.verb == Verb::Filter {
        let offer = filter::offer(rest, &world.snapshot.targets);
        return Offer { keep: offer.keep + head, ..offer };
    }
    let whole = card.verb == Verb::Goto;
    let typed = if whole {
        rest.trim_start()
    } else {
        rest.rsplit_once(char::is_whitespace).map_or(rest, |(_, last)| last)
    };
    let earlier: Vec<&str> = if whole { Vec::new() } else { rest.split_whitespace().collect() };
    let place = earlier.len() - usize::from(!typed.is_empty() && !whole);
    let words: Vec<String> = match (card.verb, place) {
        (Verb::Sort, 0) => own(SortKey::WORDS.iter().map(|(word, _)| *word)),
        (Verb::Sort, 1) => own(["asc", "desc"]),
        (Verb::View, 0) => own(Screen::WORDS.iter().map(|(word, _)| *word)),
        (Verb::Theme, 0) => own(Theme::names()),
        (Verb::Acknowledge, 0) => own([END]),
        (Verb::Snooze, 0) => own(["30m", "1h", "8h", "24h", END]),
        (Verb::Maintenance, 0) => own(["30m", "1h", "4h", "1d", END]),
        (Verb::Maintenance, _) => {
            let targets = world.snapshot.targets.iter().map(|target| target.target.name.as_str());
            own(Whom::WORDS.into_iter().chain(groups(world)).chain(targets))
        }
        (Verb::Goto, 0) => {
            let mut targets: Vec<&TargetSnapshot> =
                world.snapshot.targets.iter().map(AsRef::as_ref).collect();
            targets.sort_by(|a, b| order::by_badness(a, b));
            own(targets.iter().map(|target| target.target.name.as_str()))
        }
        _ => Vec::new(),
    };
    let lower = typed.to_lowercase();
    let fitting = words.into_iter().filter(|word| word.to_lowercase().starts_with(&lower));
    let keep = before.chars().count() - typed.chars().count();
    Offer { keep, words: fitting.collect() }
}

fn own<'w>(words: impl IntoIterator<Item = &'w str>) -> Vec<String> {
    words.into_iter().map(str::to_owned).collect()
}

/// What may follow the command that `line` begins with, in words.
#[must_use]
pub fn usage(line: &str) -> Option<String> {
    let name = line.split_whitespace().next()?;
    let card = card(name)?;
    let usage = format!("{} {}", card.takes, card.says);
    Some(usage.trim_start().to_owned())
}
