//! How strongly this machine's Wi-Fi hears its access point in a scenario.

use super::now;
use super::word::{parse, span, split};
use super::wrong::Wrong;
use crate::domain::local::{Interface, LocalState};
use crate::domain::mac::MacAddr;
use crate::domain::time::MonoTime;
use crate::domain::wireless::{Airwaves, Radio};
use std::ops::Range;
use std::time::Duration;

/// What this machine's interface is called where it has a signal.
const NAME: &str = "wlan0";
/// How long a signal may be told for.
const LONGEST: Duration = Duration::from_hours(2);

/// A signal during some time.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    during: Range<MonoTime>,
    radio: Radio,
}

impl Heard {
    /// `60s-120s -81`, or `60s-120s -81 02:11:22:33:44:66` by which access point.
    pub(super) fn read(text: &str) -> Result<Self, Wrong> {
        let words: Vec<&str> = text.split(' ').collect();
        let (times, dbm, access_point) = match words.as_slice() {
            [times, dbm] => (times, dbm, None),
            [times, dbm, access_point] => {
                (times, dbm, Some(parse::<MacAddr>(access_point, "a MAC address")?))
            }
            _ => return Err(Wrong::expected(text, "FROM-UNTIL DBM [ACCESS POINT]")),
        };
        let (from, until) = split(times, "-", "FROM-UNTIL, such as 40s-60s")?;
        let signal: i16 = parse(dbm, "a signal in dBm")?;
        if !(-127..0).contains(&signal) {
            return Err(Wrong::expected(text, "a signal of -127 to -1 dBm"));
        }
        Ok(Self {
            during: MonoTime::ZERO.plus(span(from)?)..MonoTime::ZERO.plus(span(until)?),
            radio: Radio { signal_dbm: Some(signal), access_point },
        })
    }

    /// Makes a wireless one of this machine's interface, as it is at a moment.
    pub(super) fn tune(all: &[Self], interface: &mut Interface, at: MonoTime) {
        if !all.is_empty() {
            NAME.clone_into(&mut interface.name);
            let heard = all.iter().find(|heard| heard.during.contains(&at));
            interface.radio = Some(heard.map_or_else(Radio::default, |heard| heard.radio));
        }
    }

    /// As it would have been read, every two seconds.
    pub(super) fn readings(all: &[Self]) -> Airwaves {
        let mut air = Airwaves::default();
        let end = all.iter().map(|heard| heard.during.end).max().unwrap_or_default();
        let mut at = MonoTime::ZERO;
        while at < end.min(MonoTime::ZERO.plus(LONGEST)) {
            let mut interface = Interface::up(2, NAME, Vec::new());
            Self::tune(all, &mut interface, at);
            let local = LocalState { interfaces: vec![interface], ..LocalState::default() };
            air.observe(&local, now(at));
            at = at.plus(Duration::from_secs(2));
        }
        air
    }
}
