//! `[[maintenance]]`: when nobody is alerted, because work is planned.

use super::host::SHOWN;
use super::keys::{At, Key, Shape, fill};
use super::target_spec::parse_name;
use super::value::{self, Fault, Value};
use crate::domain::maintenance::{Moment, Times, Window};
use crate::domain::text::excerpt;
use crate::domain::wake::{DAYS, WakeTime};
use jiff::tz::TimeZone;
use std::ops::Range;
use std::time::Duration;
use toml::de::DeValue;

/// Most windows of a file.
pub(super) const MAX_WINDOWS: usize = 256;
/// Most names in one of its lists.
const MAX_NAMES: usize = 1_024;
/// Most times of one window.
const MAX_TIMES: usize = 16;
/// Bounds of `lasts`: longer than a week it would never end.
const LASTS: (Duration, Duration) = (Duration::from_mins(1), Duration::from_hours(7 * 24));

/// What a `[[maintenance]]` says.
#[derive(Default)]
pub(super) struct RawWindow {
    at: Range<usize>,
    name: Option<At<String>>,
    pub(super) targets: Vec<At<String>>,
    pub(super) groups: Vec<At<String>>,
    from: Option<At<Moment>>,
    to: Option<At<Moment>>,
    times: Option<At<Vec<WakeTime>>>,
    lasts: Option<At<Duration>>,
    zone: Option<TimeZone>,
}

/// `[[maintenance]]`.
#[rustfmt::skip]
pub(super) static MAINTENANCE: &[Key<RawWindow>] = &[
    Key { name: "name", shape: Shape::Text("patches"), doc: "what it is called, unique; default: maintenance 1, 2 and so on",
        set: |window, v| { window.name = Some(At { value: value::parsed(v, "a name", parse_name)?, at: v.span() }); Ok(()) } },
    Key { name: "targets", shape: Shape::Texts("office-pc"), doc: "for these targets, by name; with neither targets nor groups it is for everything, this machine included",
        set: |window, v| { window.targets = names(v, "a list of targets")?; Ok(()) } },
    Key { name: "groups", shape: Shape::Texts("office"), doc: "for the members of these groups",
        set: |window, v| { window.groups = names(v, "a list of groups")?; Ok(()) } },
    Key { name: "from", shape: Shape::Text("2026-12-24 18:00"), doc: "once: from this time, by the clocks of the zone, or with an offset as in 2026-12-24T18:00:00Z",
        set: |window, v| { window.from = Some(moment(v)?); Ok(()) } },
    Key { name: "to", shape: Shape::Text("2026-12-27 06:00"), doc: "once: to this time",
        set: |window, v| { window.to = Some(moment(v)?); Ok(()) } },
    Key { name: "at", shape: Shape::Texts("Sat 22:00"), doc: "every week: from these times, as in wake.at",
        set: |window, v| { window.times = Some(At { value: value::list(v, MAX_TIMES, "a list of times such as \"Sat 22:00\"", |v| value::parsed(v, "a time", read_time))?, at: v.span() }); Ok(()) } },
    Key { name: "lasts", shape: Shape::Text("6h"), doc: "every week: for so long, at most 7 days; when clocks are put back meanwhile, until they show the end",
        set: |window, v| { window.lasts = Some(At { value: value::duration(v, LASTS.0, LASTS.1)?, at: v.span() }); Ok(()) } },
    Key { name: "zone", shape: Shape::Text("Europe/Berlin"), doc: "the time zone of its times, by its IANA name; default: this machine's",
        set: |window, v| { window.zone = Some(value::parsed(v, "a time zone", read_zone)?); Ok(()) } },
];

fn names(value: Value<'_, '_>, expected: &str) -> Result<Vec<At<String>>, Fault> {
    value::list(value, MAX_NAMES, expected, |v| {
        Ok(At { value: value::parsed(v, "a name", parse_name)?, at: v.span() })
    })
}

/// A text, or one of TOML's own dates with a time.
fn moment(value: Value<'_, '_>) -> Result<At<Moment>, Fault> {
    let read = match value.get_ref() {
        DeValue::Datetime(written) => {
            let written = written.to_string();
            written.parse::<Moment>().map_err(|error| Fault::new(value.span(), error))
        }
        _ => value::parsed(value, "a time such as \"2026-12-24 18:00\"", str::parse::<Moment>),
    };
    Ok(At { value: read?, at: value.span() })
}

/// A time of the week. A word that is no day is told with the nearest that is one.
fn read_time(text: &str) -> Result<WakeTime, String> {
    text.parse::<WakeTime>().map_err(|error| {
        let days = text.trim().rsplit_once(' ').map(|(days, _)| days).unwrap_or_default();
        let strange = days.split([',', '-']).map(str::trim).find(|word| {
            !word.is_empty() && !DAYS.iter().any(|day| day.eq_ignore_ascii_case(word))
        });
        strange.map_or_else(|| error.to_string(), |word| value::unknown("day", word, DAYS))
    })
}

/// A zone of the IANA database. A name that is in none is told with the nearest that is.
pub(super) fn read_zone(text: &str) -> Result<TimeZone, String> {
    TimeZone::get(text).map_err(|_| {
        let known: Vec<String> =
            jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let shown = excerpt(text, SHOWN);
        match value::nearest(text, &known) {
            Some(near) => format!("unknown zone \"{shown}\", did you mean \"{near}\"?"),
            None => format!("unknown zone \"{shown}\", expected one such as Europe/Berlin or UTC"),
        }
    })
}

/// Reads one `[[maintenance]]`.
pub(super) fn read_window(value: Value<'_, '_>) -> Result<RawWindow, Fault> {
    let mut window = RawWindow { at: value.span(), ..RawWindow::default() };
    fill(&mut window, MAINTENANCE, value)?;
    Ok(window)
}

/// The window that it describes, the `number`th of the file, once everything of it is known.
pub(super) fn resolve(raw: &RawWindow, number: usize) -> Result<Window, Fault> {
    let missing = |at: &Range<usize>, key: &str, example: &str| {
        let message = format!("the key \"{key}\" is missing, expected one such as {example}");
        Fault::new(at.clone(), message)
    };
    let times = match (&raw.from, &raw.to, &raw.times, &raw.lasts) {
        (Some(from), Some(to), None, None) => {
            let zone = raw.zone.clone().unwrap_or(TimeZone::UTC);
            if !to.value.is_after(from.value, &zone) {
                let message = format!("{} is not after from, {}", to.value, from.value);
                return Err(Fault::new(to.at.clone(), message).under("to"));
            }
            Times::Once(from.value, to.value)
        }
        (None, None, Some(times), Some(lasts)) if !times.value.is_empty() => {
            Times::Weekly(times.value.clone(), lasts.value)
        }
        (Some(from), _, Some(_), _) | (Some(from), _, _, Some(_)) => {
            let message = "it is given both once and every week, expected from and to, or at and \
                           lasts";
            return Err(Fault::new(from.at.clone(), message).under("from"));
        }
        (Some(from), None, ..) => return Err(missing(&from.at, "to", "to = \"2026-12-27 06:00\"")),
        (None, Some(to), ..) => return Err(missing(&to.at, "from", "from = \"2026-12-24 18:00\"")),
        (.., Some(times), None) => return Err(missing(&times.at, "lasts", "lasts = \"6h\"")),
        (.., Some(lasts)) => return Err(missing(&lasts.at, "at", "at = [\"Sat 22:00\"]")),
        (None, None, None, None) => {
            let message = "it does not say when, expected from and to, or at and lasts";
            return Err(Fault::new(raw.at.clone(), message));
        }
    };
    let owned = |names: &[At<String>]| names.iter().map(|name| name.value.clone()).collect();
    Ok(Window {
        name: raw
            .name
            .as_ref()
            .map_or_else(|| format!("maintenance {number}"), |name| name.value.clone()),
        targets: owned(&raw.targets),
        groups: owned(&raw.groups),
        times,
        zone: raw.zone.clone(),
    })
}

impl RawWindow {
    /// Where its name stands in the text, or it itself.
    pub(super) fn named_at(&self) -> Range<usize> {
        self.name.as_ref().map_or_else(|| self.at.clone(), |name| name.at.clone())
    }
}
