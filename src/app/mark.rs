//! `rdpwatch mark`: leaves "my session dropped" for the program that watches.

use super::{DONE, Failure, print, remembered, runtime, state_store};
use crate::cli::USAGE;
use crate::config::{self, Config, process_environment};
use crate::domain::mark::{Mark, TEXT};
use crate::domain::target::Target;
use crate::domain::text::{excerpt, printable};
use crate::domain::time::WallTime;
use crate::domain::words::moment;
use crate::probe::clock::Clock;
use crate::store::{self, MONITOR, State, StateStore};
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use std::fmt::Write as _;
use std::time::Duration;

/// How long ago a drop may be marked.
const LONGEST_AGO: Duration = Duration::from_hours(30 * 24);

/// A dashboard looks for marks every second.
const PATIENCE: Duration = Duration::from_secs(3);
/// Between looks for its answer.
const LOOK: Duration = Duration::from_millis(50);
/// Longest line of an answer, in characters.
const LINE: usize = 200;
/// What is said where none answers.
const NOBODY: &str = "No running rdpwatch took it: the next one that watches it notes it under LATELY in its alerts.\n";

/// Leaves the mark, and says what of it was understood.
pub(super) fn mark(config: &Config, words: &[String], at: Option<&str>) -> Result<u8, Failure> {
    let now = Clock::start().now().wall;
    let at = match at {
        None => now,
        Some(text) => time(text, now, &TimeZone::system())
            .map_err(|message| Failure::new(USAGE, format!("--at: {message}")))?,
    };
    if config::state_dir(&process_environment).is_none() {
        return Err(Failure::new(super::FAILED, "no folder for state is known: set HOME"));
    }
    let (target, text) =
        understand(config, &remembered(), words).map_err(|message| Failure::new(USAGE, message))?;
    if text.chars().count() > TEXT {
        let message = format!("the text is too long, expected at most {TEXT} characters");
        return Err(Failure::new(USAGE, message));
    }
    let number = Mark::number_of(std::process::id(), now);
    let mark = Mark { at, target, text, number: Some(number), taken: None };
    let store = state_store();
    let failed = |error| Failure::new(super::FAILED, error);
    store.expect_answer(number).map_err(failed)?;
    let left = store.leave_mark(&mark).map_err(failed);
    let answer = match left {
        Ok(()) => runtime().map(|runtime| runtime.block_on(wait(store.as_ref(), number))),
        Err(failure) => Err(failure),
    };
    store.forget_answer(number);
    let answer = answer?;
    let on = match &mark.target {
        Some(target) => format!(" on {}", printable(target)),
        None => " on no host in particular".to_owned(),
    };
    let said = match &*mark.text {
        "" => String::new(),
        text => format!(": {}", excerpt(text, TEXT)),
    };
    let mut text = format!("marked {}{on}{said}\n", moment(at));
    if let (None, [word]) = (&mark.target, words) {
        let word = excerpt(word, TEXT);
        let _ = writeln!(text, "  \"{word}\" is the note: no target is known by that name.");
    }
    match answer {
        // The first line says again what was marked.
        Some(lines) => {
            for line in lines.iter().skip(1) {
                let _ = writeln!(text, "  {}", excerpt(line, LINE));
            }
        }
        None => text.push_str(NOBODY),
    }
    let _gone = print(text.as_bytes());
    Ok(DONE)
}

/// What the program that watches knows of that time; `None` when none answers.
async fn wait(store: &dyn StateStore, number: u64) -> Option<Vec<String>> {
    let answer = async {
        loop {
            if let Some(lines) = store.answered(number) {
                return lines;
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(PATIENCE, answer).await.ok()
}

/// Likeness of a word to a name from which on it is taken for that name, mistyped.
const LIKE: f64 = 0.85;
/// The same for a word that can only be meant as a host.
const LIKE_A_HOST: f64 = 0.6;

/// The target that the first word names, by the name it is remembered under, and the text. A word
/// that can only be meant as a host, and is none that is known, is an error.
fn understand(
    config: &Config,
    known: &State,
    words: &[String],
) -> Result<(Option<String>, String), String> {
    let Some((first, rest)) = words.split_first() else { return Ok((None, String::new())) };
    let configured = |target: &&Target| {
        let same = |name: &str| name.eq_ignore_ascii_case(first);
        let named = same(&target.name) || target.aliases.iter().any(|alias| same(alias));
        named || same(&target.host.to_string()) || same(&store::key(target))
    };
    let remembered = || {
        let same = |key: &&String| {
            key.eq_ignore_ascii_case(first) || host(key).eq_ignore_ascii_case(first)
        };
        let mut keys = known.keys().filter(|key| *key != MONITOR).filter(same);
        // A host with two ports says nothing of which is meant.
        keys.next().filter(|_| keys.next().is_none()).cloned()
    };
    let target = config.targets.iter().find(configured).map(store::key).or_else(remembered);
    if target.is_none() {
        mistyped(config, known, first)?;
    }
    let text = if target.is_some() { rest.join(" ") } else { words.join(" ") };
    Ok((target, text.trim().to_owned()))
}

fn host(key: &str) -> &str {
    key.rsplit_once(':').map_or(key, |(host, _)| host)
}

/// Refuses a word that is no target but reads like one.
fn mistyped(config: &Config, known: &State, word: &str) -> Result<(), String> {
    if word.contains(char::is_whitespace) {
        return Ok(());
    }
    let folded = word.to_lowercase();
    let configured = config.targets.iter().flat_map(|target| {
        std::iter::once(&*target.name).chain(target.aliases.iter().map(String::as_str))
    });
    let hosts: Vec<String> = config.targets.iter().map(|target| target.host.to_string()).collect();
    let remembered = known.keys().filter(|key| *key != MONITOR).map(|key| host(key));
    let hosts = hosts.iter().map(String::as_str);
    let names: Vec<&str> = configured.chain(hosts).chain(remembered).collect();
    let a_host = looks_like_host(word) || is_in_series(&folded, &names);
    let like = if a_host { LIKE_A_HOST } else { LIKE };
    let nearest = names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&name.to_lowercase(), &folded), name))
        .filter(|(likeness, _)| *likeness >= like)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let several = known.keys().filter(|key| host(key).eq_ignore_ascii_case(word)).count() > 1;
    let shown = excerpt(word, 60);
    match nearest {
        _ if several => {
            Err(format!("{shown} is watched on several ports: write the one meant, as HOST:PORT"))
        }
        Some((_, name)) => Err(format!(
            "{shown} is no target that is known here; did you mean {}? A text alone goes into quotes, \
             with a space",
            excerpt(name, 60)
        )),
        None if a_host => Err(format!(
            "{shown} is no target that is known here; a text alone goes into quotes, with a space"
        )),
        None => Ok(()),
    }
}

/// Begins up to its hyphen as one of the known names does: `pc-zz` beside `pc-a`.
fn is_in_series(folded: &str, names: &[&str]) -> bool {
    let Some((series, _)) = folded.split_once('-').filter(|(series, _)| !series.is_empty()) else {
        return false;
    };
    let series_of = |name: &str| name.split_once('-').map(|(series, _)| series.to_lowercase());
    names.iter().any(|name| series_of(name).as_deref() == Some(series))
}

/// An address, a name with a domain, one with a port, or one with a digit at the end as machines have.
fn looks_like_host(word: &str) -> bool {
    let (word, port) = match word.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') && port.parse::<u16>().is_ok() => (host, true),
        _ => (word, false),
    };
    let numbered = word.ends_with(|c: char| c.is_ascii_digit())
        && word.starts_with(|c: char| c.is_alphabetic());
    let address = word.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok();
    let labels: Vec<&str> = word.split('.').collect();
    address || port || numbered || labels.len() > 1 && labels.iter().all(|label| !label.is_empty())
}

/// A time as people tell it: `10:32`, `10:32:05Z`, `5m`, RFC 3339.
fn time(text: &str, now: WallTime, zone: &TimeZone) -> Result<WallTime, String> {
    let shown = excerpt(text, 40);
    let text = text.trim();
    let wrong = || {
        format!(
            "\"{shown}\" is no time, expected one such as 10:32, 10:32:05Z, 5m or \
             2026-11-21T10:32:05Z"
        )
    };
    let at = if let Ok(ago) = humantime::parse_duration(text) {
        now.minus(ago)
    } else if let Ok(stamp) = text.parse::<Timestamp>() {
        WallTime::from_unix_millis(stamp.as_millisecond())
    } else {
        let (clock, zone) = match text.strip_suffix(['Z', 'z']) {
            Some(clock) => (clock, &TimeZone::UTC),
            None => (text, zone),
        };
        let clock: civil::Time = clock.parse().map_err(|_| wrong())?;
        of_day(clock, now, zone).ok_or_else(wrong)?
    };
    if at > now {
        return Err(format!("\"{shown}\" is still to come"));
    }
    if now.since(at) > LONGEST_AGO {
        return Err(format!("\"{shown}\" is longer ago than 30 days"));
    }
    Ok(at)
}

/// That time of today, or of yesterday where today's is still to come.
fn of_day(clock: civil::Time, now: WallTime, zone: &TimeZone) -> Option<WallTime> {
    let today = Timestamp::from_millisecond(now.unix_millis()).ok()?.to_zoned(zone.clone()).date();
    let on = |date: civil::Date| {
        let moment = date.to_datetime(clock).to_zoned(zone.clone()).ok()?.timestamp();
        Some(WallTime::from_unix_millis(moment.as_millisecond()))
    };
    on(today).filter(|at| *at <= now).or_else(|| on(today.yesterday().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: WallTime = WallTime::from_unix_secs(1_795_244_400);

    fn read(text: &str) -> Result<String, String> {
        let berlin = TimeZone::fixed(jiff::tz::offset(1));
        time(text, NOW, &berlin).map(moment)
    }

    #[test]
    fn times_are_read_as_people_tell_them() {
        for (text, at) in [
            ("07:59", "2026-11-21 06:59:00Z"),
            ("08:00", "2026-11-21 07:00:00Z"),
            ("06:59:30Z", "2026-11-21 06:59:30Z"),
            ("08:01", "2026-11-20 07:01:00Z"),
            ("23:30", "2026-11-20 22:30:00Z"),
            ("5m", "2026-11-21 06:55:00Z"),
            ("2026-11-20T10:32:05Z", "2026-11-20 10:32:05Z"),
            ("2026-11-20T10:32:05+02:00", "2026-11-20 08:32:05Z"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(at), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_or_still_to_come_is_refused() {
        assert!(read("noon").unwrap_err().contains("is no time, expected one such as 10:32"));
        assert!(read("25:00").unwrap_err().contains("is no time"));
        assert!(read("").unwrap_err().contains("is no time"));
        assert!(read("2026-11-21T10:32:05Z").unwrap_err().contains("still to come"));
        assert!(read("40days").unwrap_err().contains("longer ago than 30 days"));
        assert!(!read("\u{1b}[2J").unwrap_err().contains('\u{1b}'));
    }

    #[test]
    fn the_first_word_is_a_target_only_where_it_is_known() {
        let known = |keys: &[&str]| -> State {
            keys.iter().map(|key| ((*key).to_owned(), <_>::default())).collect()
        };
        let of = |known: &State, words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            understand(&Config::default(), known, &words).expect("understood")
        };
        let state = known(&["office-pc:3389", "two:1", "two:2", "[fe80::1]:3389", MONITOR]);
        assert_eq!(of(&state, &[]), (None, String::new()));
        let office = Some("office-pc:3389".to_owned());
        assert_eq!(of(&state, &["OFFICE-PC"]), (office.clone(), String::new()));
        assert_eq!(of(&state, &["office-pc:3389", "VPN", "went"]), (office, "VPN went".to_owned()));
        assert_eq!(of(&state, &["VPN went"]), (None, "VPN went".to_owned()));
        assert_eq!(of(&state, &["two:2"]).0.as_deref(), Some("two:2"));
        assert_eq!(of(&state, &["monitor", "black"]), (None, "monitor black".to_owned()));
    }

    #[test]
    fn a_mistyped_host_is_refused_and_not_taken_for_a_text() {
        let state: State = ["office-pc:3389", "pc-a:3389", "two:1", "two:2"]
            .iter()
            .map(|key| ((*key).to_owned(), <_>::default()))
            .collect();
        let of = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            understand(&Config::default(), &state, &words)
        };
        for wrong in ["offce", "office-pc7", "office-pd:3390", "ofice-pc"] {
            assert!(of(&[wrong]).is_err(), "{wrong}");
        }
        for text in ["lunch", "dropped", "again"] {
            assert!(of(&[text]).is_ok(), "{text}");
        }
        let error = of(&["ofice-pc", "dropped"]).unwrap_err();
        assert!(error.contains("did you mean office-pc?"), "{error}");
        let error = of(&["two"]).unwrap_err();
        assert!(error.contains("watched on several ports"), "{error}");
        for host in ["10.0.0.7", "fe80::1", "pc.corp.lab"] {
            assert!(of(&[host]).unwrap_err().contains("is no target that is known"), "{host}");
        }
        // What goes on from a hyphen as the known names do is one of them.
        let error = of(&["pc-zz"]).unwrap_err();
        assert!(error.contains("did you mean pc-a?"), "{error}");
        assert!(of(&["pc-zz", "dropped"]).is_err());
        for text in ["black", "ofice-pc went black", "gone.", "re-login", "-pc"] {
            assert_eq!(of(&[text]), Ok((None, text.to_owned())), "{text}");
        }
    }
}
