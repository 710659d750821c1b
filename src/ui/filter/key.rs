//! What a filter can look at, as one table: the reader, the completion, the help and
//! `docs/SCREEN.md` come from it.

use super::pattern::Pattern;
use super::{ACKNOWLEDGED, MAINTENANCE, SNOOZED, Seen, state_word};
use crate::domain::finding::Risk;
use crate::domain::rules::RULES;
use crate::domain::snapshot::{TargetSnapshot, TargetState};
use std::time::Duration;

/// A row of the table.
#[derive(Debug)]
pub struct FilterKey {
    /// What stands before the sign.
    pub name: &'static str,
    /// What it looks at.
    pub looks: Looks,
    /// An example.
    pub example: &'static str,
    /// What the example lets through.
    pub says: &'static str,
}

/// What a key looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looks {
    /// A word.
    At(Word),
    /// A number.
    Measures(Quantity),
}

/// A word of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Its state, that work is planned on it, or how its alerts are attended.
    State,
    /// Its group.
    Group,
    /// One of its findings.
    Finding,
    /// Its risk.
    Risk,
}

/// A number of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Loss in the last minute, in per cent.
    Loss,
    /// Loss since the start, in per cent.
    LossAll,
    /// The newest round trip, in milliseconds.
    Rtt,
    /// The median of the last minute, in milliseconds.
    Median,
    /// What 95 of 100 stay below, in milliseconds.
    P95,
    /// The mean difference of consecutive round trips, in milliseconds.
    Jitter,
    /// Days left on the certificate; below 0 since it ended.
    Cert,
}

macro_rules! keys {
    ($($name:literal $looks:expr, $example:literal $says:literal;)*) => {
        &[$(FilterKey { name: $name, looks: $looks, example: $example, says: $says }),*]
    };
}

/// Every key, in the order of the help.
pub const KEYS: &[FilterKey] = keys! {
    "state" Looks::At(Word::State), "state:critical" "in this state, or in maintenance; also acknowledged, snoozed";
    "group" Looks::At(Word::Group), "group:berlin*" "in a group that begins with berlin";
    "finding" Looks::At(Word::Finding), "finding:dns-*" "with a finding that begins with dns-";
    "risk" Looks::At(Word::Risk), "risk:high" "with this risk";
    "loss" Looks::Measures(Quantity::Loss), "loss>2" "more than 2 % lost in the last minute";
    "loss-all" Looks::Measures(Quantity::LossAll), "loss-all>=0.5" "0.5 % or more lost since the start";
    "rtt" Looks::Measures(Quantity::Rtt), "rtt>50" "newest round trip above 50 ms";
    "median" Looks::Measures(Quantity::Median), "median>50" "median of the last minute above 50 ms";
    "p95" Looks::Measures(Quantity::P95), "p95>100" "95 of 100 stay below more than 100 ms";
    "jitter" Looks::Measures(Quantity::Jitter), "jitter>5" "jitter above 5 ms";
    "cert" Looks::Measures(Quantity::Cert), "cert<14" "certificate with less than 14 days left";
};

/// What can be written besides keys, with what it lets through.
pub const FORMS: &[(&str, &str)] = &[
    ("berlin", "these letters in name, address, group, state or finding; with a * all of it"),
    ("\"two words\"", "quotes hold blanks, and signs that would mean something"),
    ("!state:ok", "not so; -state:ok says the same"),
    ("loss>2 | rtt>50", "one or the other; the word or between two says the same"),
    ("> >= < <= = !=", "signs for numbers; = is as precise as the number that is written"),
];

/// What holds for all of it.
pub const RULE: &str = "All of it must hold, or all on one side of a |. What is not measured is neither above nor below a \
    number: it never matches one, with ! or without.";

impl FilterKey {
    /// The row with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }

    /// The sign that usually follows it.
    #[must_use]
    pub const fn sign(&self) -> &'static str {
        match self.looks {
            Looks::At(_) => ":",
            Looks::Measures(Quantity::Cert) => "<",
            Looks::Measures(_) => ">",
        }
    }
}

impl Word {
    /// The words that it can be; none where anything can stand.
    #[must_use]
    pub fn known(self) -> Vec<&'static str> {
        match self {
            Self::State => TargetState::ALL
                .iter()
                .map(|s| state_word(*s))
                .chain([MAINTENANCE, ACKNOWLEDGED, SNOOZED])
                .collect(),
            Self::Group => Vec::new(),
            Self::Finding => RULES.iter().map(|rule| rule.card().id.0).collect(),
            Self::Risk => [Risk::None, Risk::Low, Risk::Elevated, Risk::High, Risk::Unknown]
                .map(Risk::word)
                .to_vec(),
        }
    }

    /// Its name in a sentence.
    #[must_use]
    pub fn name(self) -> &'static str {
        KEYS.iter().find(|key| key.looks == Looks::At(self)).map_or("", |key| key.name)
    }

    /// Whether the target's is `pattern`. States and risks may be cut short.
    pub(super) fn holds(self, target: &TargetSnapshot, seen: &Seen, pattern: &Pattern) -> bool {
        match self {
            Self::State => {
                pattern.begins(state_word(target.state))
                    || (target.maintenance.is_some() && pattern.begins(MAINTENANCE))
                    || seen.attended(target.target.id, |word| pattern.begins(word))
            }
            Self::Group => {
                let group = target.target.group.as_deref().unwrap_or_default();
                pattern.is(&group.to_lowercase())
            }
            Self::Finding => target.findings.iter().any(|finding| pattern.is(finding.rule.0)),
            Self::Risk => pattern.begins(target.risk.word()),
        }
    }
}

impl Quantity {
    /// Its unit, as it may follow the number.
    pub(super) const fn unit(self) -> &'static str {
        match self {
            Self::Loss | Self::LossAll => "%",
            Self::Rtt | Self::Median | Self::P95 | Self::Jitter => "ms",
            Self::Cert => "d",
        }
    }

    /// What of the target was measured.
    #[expect(clippy::cast_precision_loss, reason = "days of a certificate are few")]
    #[expect(clippy::as_conversions, reason = "days of a certificate are few")]
    pub(super) fn of(self, target: &TargetSnapshot) -> Option<f64> {
        let ms = |span: Option<Duration>| span.map(|span| span.as_secs_f64() * 1000.0);
        let minute = &target.echo_minute;
        match self {
            Self::Loss => minute.loss().map(|loss| loss * 100.0),
            Self::LossAll => target.echo_total.loss().map(|loss| loss * 100.0),
            Self::Rtt => ms(target.last_rtt()),
            Self::Median => ms(minute.median),
            Self::P95 => ms(minute.p95),
            Self::Jitter => ms(minute.jitter),
            Self::Cert => target.certificate_days.map(|days| days as f64),
        }
    }
}

/// A sign with its number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Comparison {
    pub(super) sign: Sign,
    pub(super) number: f64,
    /// Half a unit of its last digit.
    pub(super) about: f64,
}

/// How numbers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Above,
    AtLeast,
    Below,
    AtMost,
    Equal,
    Other,
}

impl Comparison {
    pub(super) fn holds(self, number: f64) -> bool {
        match self.sign {
            Sign::Above => number > self.number,
            Sign::AtLeast => number >= self.number,
            Sign::Below => number < self.number,
            Sign::AtMost => number <= self.number,
            Sign::Equal => (number - self.number).abs() <= self.about,
            Sign::Other => (number - self.number).abs() > self.about,
        }
    }
}
