//! When a target may be woken, and through whom.

use crate::domain::mac::MacAddr;
use std::fmt;
use std::net::IpAddr;

/// Whether somebody may have a target woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum WakePolicy {
    /// When somebody asks for it.
    #[default]
    OnRequest,
    /// The same, after a question on the dashboard.
    Ask,
    /// Never from here.
    Never,
}

impl WakePolicy {
    /// Every value with its word in the configuration.
    pub const WORDS: [(&'static str, Self); 3] =
        [("on-request", Self::OnRequest), ("ask", Self::Ask), ("never", Self::Never)];

    /// The word in the configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        crate::domain::target::word_of(&Self::WORDS, self)
    }
}

/// Days of the week, Monday first, as configuration and screens write them.
pub const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// A time of day on some days of the week, by this machine's own time: `Mon-Fri 07:30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WakeTime {
    /// Bit 0 is Monday.
    days: u8,
    /// Minutes since midnight, below 1440.
    minute: u16,
}

/// No clock is put back for a season by this many minutes.
const FAR: i64 = 180;

/// Who is woken more than so many minutes late is not waited for any more.
const LATE: i64 = 60;

/// A minute of this machine's own time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalMinute {
    /// Days since 1970-01-01, a Thursday.
    pub day: i64,
    /// Minutes since midnight, below 1440.
    pub minute: u16,
}

/// The latest minute that was looked at for times that came.
#[derive(Debug, Clone, Copy, Default)]
pub struct WakeClock(Option<LocalMinute>);

impl WakeClock {
    /// It is `now`. Returns the minute after which times are new, or `None` where none came:
    /// at the start, within a minute, and while clocks that were put back catch up. A clock that
    /// was far ahead is put right without anything having come.
    pub fn pass(&mut self, now: LocalMinute) -> Option<LocalMinute> {
        match self.0 {
            Some(before) if before < now => {
                self.0 = Some(now);
                Some(before)
            }
            Some(before) if !before.is_far_after(now) => None,
            _ => {
                self.0 = Some(now);
                None
            }
        }
    }
}

impl LocalMinute {
    /// Whether it is later than `other` by more than clocks are ever put back for a season.
    fn is_far_after(self, other: Self) -> bool {
        self.minutes().saturating_sub(other.minutes()) > FAR
    }

    /// Minutes since the beginning of 1970.
    fn minutes(self) -> i64 {
        self.day.saturating_mul(1_440).saturating_add(self.minute.into())
    }
}

/// Why a text is no [`WakeTime`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a time such as 07:30, Mon-Fri 07:30 or Sat,Sun 10:00")]
pub struct WakeTimeError;

impl std::str::FromStr for WakeTime {
    type Err = WakeTimeError;

    /// `[DAYS ]HH:MM`, where `DAYS` is a list of days and spans of days; every day without.
    fn from_str(text: &str) -> Result<Self, WakeTimeError> {
        let (days, time) = match text.trim().rsplit_once(' ') {
            Some((days, time)) => (parse_days(days)?, time),
            None => (0x7f, text.trim()),
        };
        let (hours, minutes) = time.split_once(':').ok_or(WakeTimeError)?;
        let two = |digits: &str, below: u16| {
            let plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            let value = digits.parse().ok().filter(|value: &u16| plain && *value < below);
            value.ok_or(WakeTimeError)
        };
        Ok(Self { days, minute: two(hours, 24)? * 60 + two(minutes, 60)? })
    }
}

/// Whole words only: `Mon`, `Mon-Fri`, `Sat,Sun`; a span may pass Sunday.
fn parse_days(text: &str) -> Result<u8, WakeTimeError> {
    let place = |word: &str| {
        DAYS.iter().position(|day| day.eq_ignore_ascii_case(word.trim())).ok_or(WakeTimeError)
    };
    text.split(',').try_fold(0, |days, part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (place(first)?, place(last)?);
        let span = (last + 7 - first) % 7;
        Ok((0..=span).fold(days, |days, step| days | 1 << ((first + step) % 7)))
    })
}

impl fmt::Display for WakeTime {
    /// `Mon,Tue,Wed,Thu,Fri 07:30`; the time alone for every day.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.days != 0x7f {
            let days = DAYS.iter().enumerate().filter(|(place, _)| self.days & 1 << place != 0);
            let days: Vec<&str> = days.map(|(_, day)| *day).collect();
            write!(f, "{} ", days.join(","))?;
        }
        write!(f, "{:02}:{:02}", self.minute / 60, self.minute % 60)
    }
}

impl WakeTime {
    /// Whether it is on this day of the week; 0 is Monday.
    #[must_use]
    pub const fn is_on(self, weekday: u8) -> bool {
        weekday < 7 && self.days & 1 << weekday != 0
    }

    /// Minutes since midnight, below 1440.
    #[must_use]
    pub const fn minute(self) -> u16 {
        self.minute
    }

    /// Whether it came after `before` and not after `now`, and not more than an hour ago. Where clocks are put forward over it,
    /// it comes with the first minute after; where they are put back, not a second time, as long
    /// as `before` is the latest minute that was looked at.
    #[must_use]
    pub fn came(self, before: LocalMinute, now: LocalMinute) -> bool {
        (before.day..=now.day).rev().take(2).any(|day| {
            let weekday = day.saturating_add(3).rem_euclid(7);
            let at = LocalMinute { day, minute: self.minute };
            let late = now.minutes().saturating_sub(at.minutes());
            self.days & 1 << weekday != 0 && before < at && (0..=LATE).contains(&late)
        })
    }
}

/// A command that wakes in place of this machine: its program and arguments, run without a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WakeRelay(Vec<String>);

/// What stands for the target in an argument of a [`WakeRelay`].
const PLACEHOLDERS: [&str; 2] = ["{mac}", "{address}"];

/// Why a list is no [`WakeRelay`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelayError {
    /// There is no program.
    #[error(
        "expected a program and its arguments, such as [\"ssh\", \"relay\", \"wakeonlan\", \"{{mac}}\"]"
    )]
    Empty,
    /// A word in braces that stands for nothing.
    #[error("no placeholder {0}, expected {{mac}} or {{address}}")]
    Placeholder(String),
    /// The hardware address is nowhere in it, so that it would wake nobody in particular.
    #[error("{{mac}} is in none of the arguments: the relay would not know whom to wake")]
    NoMac,
}

impl WakeRelay {
    /// A relay of this program and these arguments.
    ///
    /// # Errors
    /// [`RelayError`].
    pub fn new(words: Vec<String>) -> Result<Self, RelayError> {
        let [program, arguments @ ..] = words.as_slice() else { return Err(RelayError::Empty) };
        if program.trim().is_empty() {
            return Err(RelayError::Empty);
        }
        for found in arguments.iter().flat_map(|argument| in_braces(argument)) {
            if !PLACEHOLDERS.contains(&found) {
                return Err(RelayError::Placeholder(found.to_owned()));
            }
        }
        if !arguments.iter().any(|argument| argument.contains("{mac}")) {
            return Err(RelayError::NoMac);
        }
        Ok(Self(words))
    }

    /// `ssh:HOST` in short: `wakeonlan` on that host, which asks for no password.
    #[must_use]
    pub fn ssh(host: &str) -> Self {
        let words = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "--", host];
        let words = words.into_iter().chain(["wakeonlan", "{mac}"]);
        Self(words.map(str::to_owned).collect())
    }

    /// The program and its arguments as configured.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.0
    }

    /// The program; never empty.
    #[must_use]
    pub fn program(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }

    /// The arguments that wake `mac`. An address that is not known becomes an empty text.
    #[must_use]
    pub fn arguments(&self, mac: MacAddr, address: Option<IpAddr>) -> Vec<String> {
        let (mac, address) = (mac.to_string(), address.map_or_else(String::new, |a| a.to_string()));
        let fill =
            |argument: &String| argument.replace("{mac}", &mac).replace("{address}", &address);
        self.0.iter().skip(1).map(fill).collect()
    }
}

/// Every `{word}` of letters.
fn in_braces(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('{').filter_map(|(start, _)| {
        let rest = text.get(start..)?;
        let end = rest.find('}')?;
        let word = rest.get(1..end)?;
        let letters = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphabetic());
        rest.get(..=end).filter(|_| letters)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> WakeTime {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// Days since Monday 2026-11-23, hours and minutes.
    fn minute(day: i64, hours: u16, minutes: u16) -> LocalMinute {
        LocalMinute { day: 20_780 + day, minute: hours * 60 + minutes }
    }

    #[test]
    fn times_are_read_and_written() {
        for (text, written) in [
            ("07:30", "07:30"),
            ("Mon-Fri 07:30", "Mon,Tue,Wed,Thu,Fri 07:30"),
            (" sat,SUN 10:00 ", "Sat,Sun 10:00"),
            ("Sat-Mon 00:00", "Mon,Sat,Sun 00:00"),
            ("Mon-Sun 23:59", "23:59"),
        ] {
            assert_eq!(time(text).to_string(), written);
            assert_eq!(time(written), time(text));
        }
        for wrong in ["", "7:30", "24:00", "12:60", "Mon", "Mon- 07:30", "Montag 07:30", "+7:30"] {
            assert_eq!(wrong.parse::<WakeTime>(), Err(WakeTimeError), "{wrong}");
        }
    }

    #[test]
    fn a_time_comes_once_on_its_days() {
        let work = time("Mon-Fri 07:30");
        assert!(work.came(minute(0, 7, 29), minute(0, 7, 30)));
        assert!(!work.came(minute(0, 7, 30), minute(0, 7, 31)), "it came before");
        assert!(!work.came(minute(5, 7, 29), minute(5, 7, 30)), "a Saturday");
        assert!(work.came(minute(0, 7, 0), minute(0, 8, 0)), "the machine slept over it");
        assert!(work.came(minute(-1, 23, 59), minute(0, 8, 0)), "over midnight");
        assert!(!work.came(minute(4, 8, 0), minute(6, 23, 0)), "a weekend");
    }

    #[test]
    fn clocks_put_forward_over_a_time_bring_it_and_put_back_do_not_repeat_it() {
        let night = time("02:30");
        assert!(night.came(minute(0, 1, 59), minute(0, 3, 0)));
        let mut clock = WakeClock::default();
        let mut came = |now| clock.pass(now).is_some_and(|before| night.came(before, now));
        assert!(!came(minute(0, 2, 30)), "the start");
        assert!(!came(minute(0, 2, 59)));
        assert!(!came(minute(0, 2, 0)), "back at two");
        assert!(!came(minute(0, 2, 30)), "half past two again");
        assert!(!came(minute(0, 3, 0)));
        assert!(came(minute(1, 2, 30)), "the next night");
        assert!(!came(minute(1, 2, 30)), "the same minute");
        assert!(!came(minute(900, 1, 0)), "far too late for one, and a clock that is wrong");
        assert!(!came(minute(2, 2, 29)), "put right");
        assert!(came(minute(2, 2, 30)));
    }

    #[test]
    fn a_relay_names_whom_to_wake() {
        let relay =
            |words: &[&str]| WakeRelay::new(words.iter().map(|w| (*w).to_owned()).collect());
        assert_eq!(relay(&[]), Err(RelayError::Empty));
        assert_eq!(relay(&[" ", "{mac}"]), Err(RelayError::Empty));
        assert_eq!(relay(&["wake", "office"]), Err(RelayError::NoMac));
        assert_eq!(
            relay(&["wake", "{mad}"]).unwrap_err().to_string(),
            "no placeholder {mad}, expected {mac} or {address}"
        );
        let sound = relay(&["wake", "-i={address}", "{mac}", "{\"a\":1}"]).unwrap();
        assert_eq!(sound.program(), "wake");
        let mac = MacAddr([2, 0x11, 0x22, 0x33, 0x44, 0x55]);
        let arguments = sound.arguments(mac, Some([10, 0, 0, 21].into()));
        assert_eq!(arguments, ["-i=10.0.0.21", "02:11:22:33:44:55", "{\"a\":1}"]);
        assert_eq!(sound.arguments(mac, None)[0], "-i=");
        let over_ssh = WakeRelay::ssh("-oProxyCommand=x");
        let arguments = over_ssh.arguments(mac, None);
        assert_eq!(arguments[4..], ["--", "-oProxyCommand=x", "wakeonlan", "02:11:22:33:44:55"]);
    }
}
