use super::*;
use crate::domain::target::{Host, TargetId};
use crate::domain::wake::WakeTime;
use jiff::Timestamp;
use std::time::Duration;

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").expect("it is in the bundle")
}

fn weekly(at: &str, lasts: Duration) -> Window {
    let times = vec![at.parse::<WakeTime>().expect("a time")];
    Window {
        name: "night".to_owned(),
        targets: Vec::new(),
        groups: Vec::new(),
        times: Times::Weekly(times, lasts),
        zone: Some(berlin()),
    }
}

fn once(from: &str, to: &str) -> Window {
    let moment = |text: &str| text.parse::<Moment>().expect("a moment");
    Window { times: Times::Once(moment(from), moment(to)), ..weekly("00:00", Duration::ZERO) }
}

fn utc(text: &str) -> WallTime {
    let stamp: Timestamp = format!("{text}:00Z").parse().expect("a time");
    WallTime::from_unix_millis(stamp.as_millisecond())
}

/// Every span of minutes in which `window` holds, from `from` on for `hours`.
fn spans(window: &Window, from: &str, hours: i64) -> Vec<(String, String)> {
    let start = utc(from).unix_millis();
    let mut spans: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for minute in 0..hours * 60 {
        let now = WallTime::from_unix_millis(start + minute * 60_000);
        let until = window.until(now, &TimeZone::UTC);
        let shown = |at: WallTime| {
            let stamp = Timestamp::from_millisecond(at.unix_millis()).expect("in the calendar");
            stamp.strftime("%d %H:%M").to_string()
        };
        if let Some(until) = until
            && !inside
        {
            spans.push((shown(now), shown(until)));
        }
        if until.is_none()
            && inside
            && let Some((_, end)) = spans.last()
        {
            assert_eq!(*end, shown(now), "it ends when it said it would");
        }
        inside = until.is_some();
    }
    spans
}

fn told(from: &str, to: &str) -> (String, String) {
    (from.to_owned(), to.to_owned())
}

const HOUR: Duration = Duration::from_hours(1);

#[test]
fn a_week_has_the_windows_of_its_days() {
    // Berlin is an hour ahead of UTC in winter; 2026-01-05 is a Monday.
    let window = weekly("Mon,Wed 22:00", 2 * HOUR);
    let week = spans(&window, "2026-01-05T00:00", 7 * 24);
    assert_eq!(week, [told("05 21:00", "05 23:00"), told("07 21:00", "07 23:00")]);
}

#[test]
fn a_window_goes_on_over_midnight_into_a_day_that_is_none_of_its_own() {
    let window = weekly("Sun 23:00", 6 * HOUR);
    let found = spans(&window, "2026-01-04T12:00", 48);
    assert_eq!(found, [told("04 22:00", "05 04:00")]);
    let long = weekly("Fri 18:00", Duration::from_hours(62));
    let found = spans(&long, "2026-01-08T00:00", 6 * 24);
    assert_eq!(found, [told("09 17:00", "12 07:00")]);
}

#[test]
fn clocks_put_forward_over_its_beginning_begin_it_and_do_not_shorten_it() {
    // 2026-03-29: 02:00 becomes 03:00 in Berlin, which is 01:00 UTC.
    let gap = spans(&weekly("02:30", HOUR), "2026-03-28T12:00", 24);
    assert_eq!(gap, [told("29 01:00", "29 02:00")]);
    let across = spans(&weekly("01:30", HOUR), "2026-03-28T12:00", 24);
    assert_eq!(across, [told("29 00:30", "29 01:30")]);
    let short = spans(&weekly("02:10", HOUR / 2), "2026-03-28T12:00", 24);
    assert_eq!(short, [told("29 01:00", "29 01:30")]);
}

#[test]
fn clocks_put_back_over_it_hold_it_until_they_show_its_end() {
    // 2026-10-25: 03:00 becomes 02:00 in Berlin, which is 01:00 UTC.
    let twice = spans(&weekly("02:30", HOUR), "2026-10-24T12:00", 24);
    assert_eq!(twice, [told("25 00:30", "25 02:30")]);
    let across = spans(&weekly("22:00", 6 * HOUR), "2026-10-24T12:00", 18);
    assert_eq!(across, [told("24 20:00", "25 03:00")]);
    let ends_in_it = spans(&weekly("01:00", HOUR + HOUR / 2), "2026-10-24T12:00", 24);
    assert_eq!(ends_in_it, [told("24 23:00", "25 01:30")]);
}

#[test]
fn one_time_is_by_the_clocks_of_its_zone_or_the_same_everywhere() {
    let civil = once("2026-12-24 18:00", "2026-12-27 06:00");
    assert_eq!(spans(&civil, "2026-12-24T00:00", 100), [told("24 17:00", "27 05:00")]);
    let exact = once("2026-12-24T18:00:00Z", "2026-12-24T20:00:00+01:00");
    assert_eq!(spans(&exact, "2026-12-24T00:00", 48), [told("24 18:00", "24 19:00")]);
    let no_zone = Window { zone: None, ..civil };
    let own = no_zone.until(utc("2026-12-24T18:00"), &TimeZone::UTC);
    assert_eq!(own, Some(utc("2026-12-27T06:00")));
    for wrong in ["", "2026-12-24", "18:00", "tomorrow", "2026-02-30 10:00"] {
        assert_eq!(wrong.parse::<Moment>(), Err(MomentError), "{wrong}");
    }
}

#[test]
fn a_window_is_for_its_targets_and_groups_and_one_without_any_for_everything() {
    let mut target = Target::new(TargetId(0), "Office-PC", Host::Name("a".to_owned()));
    target.group = Some("Berlin".to_owned());
    let of = |targets: &[&str], groups: &[&str]| {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let window = Window {
            targets: owned(targets),
            groups: owned(groups),
            ..weekly("00:00", Duration::from_hours(24))
        };
        let calendar = Calendar::new(vec![window], TimeZone::UTC);
        let now = utc("2026-01-05T12:00");
        let holding = calendar.holding(now);
        (holding.of(&target, None, now).is_some(), holding.of_all().is_some())
    };
    assert_eq!(of(&["office-pc"], &[]), (true, false));
    assert_eq!(of(&["other"], &["berlin"]), (true, false));
    assert_eq!(of(&["other"], &["vienna"]), (false, false));
    assert_eq!(of(&[], &[]), (true, true));
}

#[test]
fn what_somebody_asked_for_ends_by_itself_and_the_later_end_counts() {
    let target = Target::new(TargetId(0), "a", Host::Name("a".to_owned()));
    let now = utc("2026-01-05T21:30");
    let calendar = Calendar::new(vec![weekly("22:00", HOUR)], TimeZone::UTC);
    let holding = calendar.holding(now);
    let of = |asked: &str| holding.of(&target, Some(utc(asked)), now).expect("held");
    assert_eq!(of("2026-01-05T21:45").until(), utc("2026-01-05T22:00"));
    assert_eq!(of("2026-01-05T23:00").until(), utc("2026-01-05T23:00"));
    assert_eq!(of("2026-01-05T21:30").asked, None, "it is over");
    let none = Calendar::default();
    assert_eq!(none.holding(now).of(&target, Some(now), now), None);
}
