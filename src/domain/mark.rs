//! "My session dropped": said by people whose sessions this machine cannot see.

use super::echo_series::EchoPoint;
use super::sample::{ConnectOutcome, EchoOutcome};
use super::surroundings::Offline;
use super::text::excerpt;
use super::time::{MonoTime, WallTime};
use super::tunnel::TunnelChange;
use super::view::TargetView;
use super::words::{clock, count, span};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Longest text of a mark, in characters.
pub const TEXT: usize = 200;
/// What happened so long before and after belongs to it: people notice late.
const AROUND: Duration = Duration::from_mins(2);

/// One mark, as it waits for the program that watches the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When it dropped.
    pub at: WallTime,
    /// On which target, by the name it is remembered under; `None`: not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// What was said of it, as it was typed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Under which number whoever marked it waits for an answer: it is told from others by that.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "waits")]
    pub number: Option<u64>,
    /// When the first program that watches took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<WallTime>,
}

impl Mark {
    /// The number of a mark that this process makes at that time.
    #[must_use]
    pub fn number_of(process: u32, now: WallTime) -> u64 {
        u64::from(process) << 32 | now.unix_millis().unsigned_abs() & 0xffff_ffff
    }
}

/// What one layer has to say of the minutes about a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What it says: `echo: 14 of 120 lost, 9 in a row from 10:31:50Z`.
    pub text: String,
    /// Whether that is worth reading.
    pub weight: Weight,
    /// The same without figures and moments, as it is said of several hosts.
    pub short: String,
    /// When it began; `None`: that is not told, or not known.
    pub began: Option<WallTime>,
}

/// How much it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Nothing was measured.
    Unmeasured,
    /// All was as ever.
    Quiet,
    /// It may be why.
    Unusual,
}

impl Told {
    /// What says nothing of the moment.
    #[must_use]
    pub fn unmeasured(text: impl Into<String>) -> Self {
        Self::of(text.into(), Weight::Unmeasured)
    }

    /// What was as ever.
    #[must_use]
    pub fn quiet(text: impl Into<String>) -> Self {
        Self::of(text.into(), Weight::Quiet)
    }

    /// What may be why.
    #[must_use]
    pub fn unusual(text: impl Into<String>) -> Self {
        Self::of(text.into(), Weight::Unusual)
    }

    fn of(text: String, weight: Weight) -> Self {
        Self { short: text.clone(), text, weight, began: None }
    }

    /// Of several hosts it is said so: with the moment where that is known.
    fn in_short(self, short: &str, began: Began) -> Self {
        match began {
            Began::At(at) => Self { short: short.to_owned(), began: Some(at), ..self },
            Began::Before(_) => Self { short: format!("{short}, {AS_FAR_BACK}"), ..self },
        }
    }
}

/// What is said of several hosts where the beginning is not known.
const AS_FAR_BACK: &str = "as far back as is known";

/// When a state began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Began {
    /// Then: another one is known from before.
    At(WallTime),
    /// Not known: the earliest that is held, then, is of it already.
    Before(WallTime),
}

impl Began {
    /// `from 10:31:50Z`, `already at 10:31:50Z, the earliest known`.
    fn words(self, from: &str) -> String {
        match self {
            Self::At(at) => format!("{from} {}", clock(at)),
            Self::Before(at) => format!("already at {}, the earliest known", clock(at)),
        }
    }
}

/// When what holds of the last of `until`, which are in the order of time, began to hold, and of how
/// many in a row it does.
fn began<'p, P: 'p>(
    until: impl DoubleEndedIterator<Item = &'p P>,
    holds: impl Fn(&P) -> bool,
    at: impl Fn(&P) -> WallTime,
) -> Option<(Began, usize)> {
    let (mut first, mut in_a_row) = (None, 0);
    for point in until.rev() {
        if !holds(point) {
            return first.map(|first| (Began::At(first), in_a_row));
        }
        first = Some(at(point));
        in_a_row += 1;
    }
    first.map(|first| (Began::Before(first), in_a_row))
}

/// The words of an event that says what was marked.
#[must_use]
pub fn said(text: &str) -> String {
    match text.trim() {
        "" => "marked: the session dropped".to_owned(),
        text => format!("marked: the session dropped; {}", excerpt(text, TEXT)),
    }
}

/// Whether a tunnel of this machine changed about then that leads to it, or did.
#[must_use]
pub fn with_tunnel(view: &TargetView<'_>, at: WallTime) -> bool {
    let about = About::of(view, at);
    tunnel_change(view, &about).is_some()
}

/// What is held of the minutes about that moment, layer by layer.
#[must_use]
pub fn around(view: &TargetView<'_>, at: WallTime) -> Vec<Told> {
    let about = About::of(view, at);
    let mut lines = vec![echo(view, &about), port(view, &about), tunnel(view, &about)];
    let fell_silent = view.around.outages.iter().find(|outage| {
        about.holds(outage.since.mono) && outage.members.contains_key(&view.target.id)
    });
    lines.extend(fell_silent.map(|outage| {
        let others = u64::try_from(outage.members.len().saturating_sub(1)).unwrap_or(u64::MAX);
        Told::unusual(format!("path: {} fell silent with it", count(others, "other host")))
    }));
    let limits = &view.target.thresholds.session_dropped;
    let broke =
        view.sessions.broken(limits, view.now.mono).find(|ended| about.holds(ended.at.mono));
    if let Some(ended) = broke {
        let at = clock(ended.at.wall);
        lines.push(Told::unusual(format!("own session: it broke too, at {at}")));
    } else if view.sessions.well().any(|since| since.mono < about.from && about.at <= view.now.mono)
    {
        lines.push(Told::quiet("own session: the one of this machine went on"));
    }
    if view.around.offline != Offline::Online {
        lines.push(Told::unusual("this monitor is offline itself"));
    }
    lines
}

/// The minutes about a moment, on the clock that measures.
struct About {
    from: MonoTime,
    at: MonoTime,
    until: MonoTime,
}

impl About {
    fn of(view: &TargetView<'_>, at: WallTime) -> Self {
        let ago = view.now.wall.since(at);
        let mono = view.now.mono.minus(ago);
        Self { from: mono.minus(AROUND), at: mono, until: mono.plus(AROUND) }
    }

    fn holds(&self, at: MonoTime) -> bool {
        at >= self.from && at <= self.until
    }
}

/// `echo: 14 of 120 lost, 9 in a row from 10:31:50Z`. What is lost in a row is followed back beyond the minutes
/// that are looked at.
fn echo(view: &TargetView<'_>, about: &About) -> Told {
    let points: Vec<&EchoPoint> = view
        .echo
        .since(about.from)
        .filter(|point| about.holds(point.at.mono))
        .filter(|point| !matches!(point.outcome, EchoOutcome::Void(_)))
        .collect();
    if points.is_empty() {
        return Told::unmeasured("echo: not measured then");
    }
    let lost = points.iter().filter(|point| point.is_loss()).count();
    let of = points.len();
    if lost == 0 {
        let requests = count(of as u64, "request");
        return Told::quiet(format!("echo: {requests} answered, none lost"));
    }
    let runs = points.chunk_by(|a, b| a.is_loss() == b.is_loss());
    let longest = runs.filter(|run| run.first().is_some_and(|first| first.is_loss()));
    let longest = longest.max_by_key(|run| run.len()).unwrap_or_default();
    let last = longest.last().map(|last| last.at.mono);
    let held = view.echo.points();
    let held = held.filter(|point| !matches!(point.outcome, EchoOutcome::Void(_)));
    let until = held.filter(|point| last.is_some_and(|last| point.at.mono <= last));
    let Some((began, in_a_row)) = began(until, EchoPoint::is_loss, |point| point.at.wall) else {
        return Told::unusual(format!("echo: {lost} of {of} lost"));
    };
    let from = began.words("from");
    Told::unusual(format!("echo: {lost} of {of} lost, {in_a_row} in a row {from}"))
        .in_short("echo: requests lost in a row", began)
}

/// `port: no answer at 10:32:10Z; 1 of 2 worked`. A first connection that fails is followed back beyond the
/// minutes that are looked at.
fn port(view: &TargetView<'_>, about: &About) -> Told {
    let held = || {
        let held = view.attempts.iter();
        held.filter(|one| !matches!(one.value.connect.outcome, ConnectOutcome::LocalError(_)))
    };
    let tried: Vec<_> = held().filter(|entry| about.holds(entry.at.mono)).collect();
    let bad = tried.iter().find(|entry| !entry.value.serves());
    match (tried.last(), bad) {
        (None, _) => Told::unmeasured("port: no connection was tried then"),
        (Some(_), None) => {
            let connections = count(tried.len() as u64, "connection");
            Told::quiet(format!("port: {connections} worked"))
        }
        (Some(_), Some(bad)) => {
            let works = tried.iter().filter(|entry| entry.value.serves()).count();
            let how = match bad.value.connect.outcome {
                ConnectOutcome::Open if bad.value.refusal().is_some() => "RDP refused",
                ConnectOutcome::Open => "no Remote Desktop behind it",
                ConnectOutcome::Refused => "refused",
                ConnectOutcome::Timeout => "no answer",
                ConnectOutcome::Unreachable => "unreachable",
                ConnectOutcome::Prohibited => "prohibited",
                ConnectOutcome::LocalError(_) => "not tried",
            };
            let until = held().filter(|entry| entry.at.mono <= bad.at.mono);
            let began = began(until, |entry| !entry.value.serves(), |entry| entry.at.wall);
            let (began, _) = began.unwrap_or((Began::At(bad.at.wall), 1));
            let from = if began == Began::At(bad.at.wall) { "at" } else { "since" };
            let (from, of) = (began.words(from), tried.len());
            Told::unusual(format!("port: {how} {from}; {works} of {of} worked"))
                .in_short(&format!("port: {how}"), began)
        }
    }
}

/// The latest change of a tunnel about then that may have to do with it.
fn tunnel_change<'v>(view: &TargetView<'v>, about: &About) -> Option<&'v TunnelChange> {
    let mut changes = view.around.tunnel_changes.iter().rev();
    changes.find(|one| about.holds(one.at.mono) && view.around.is_of(one, view.dialled))
}

fn tunnel(view: &TargetView<'_>, about: &About) -> Told {
    match tunnel_change(view, about) {
        None => Told::unmeasured("tunnel: no change"),
        Some(change) if change.at.mono <= about.at => {
            let before = about.at.since(change.at.mono);
            Told::unusual(format!("tunnel: {} {} before", change.what, span(before)))
        }
        Some(change) => {
            let after = change.at.mono.since(about.at);
            Told::unusual(format!("tunnel: {} {} after", change.what, span(after)))
        }
    }
}
