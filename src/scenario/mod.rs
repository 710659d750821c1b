//! Scenarios: what happens to one target or to many, as data, and what should be told of it.
//!
//! A file is read whole ([`read`]), with every word in it understood or refused with its line and
//! the nearest word; then it is played to the real monitor on its own time ([`Play`]). The tests
//! play every file of `tests/scenarios` and `tests/incidents`, `rdpwatch demo --scenario` any one.
//! The words are explained in `tests/scenarios/README.md`.

mod air;
mod answer;
mod around;
mod expect;
mod file;
mod gateway;
mod play;
mod round;
mod rung;
mod script;
mod session;
mod target;
#[cfg(test)]
mod tests;
mod word;
mod wrong;

pub use expect::Expected;
pub use file::read;
pub use play::Play;
pub use script::{Ground, Own, Script};
pub use session::Session;
pub use wrong::ScenarioError;

use crate::domain::time::{MonoTime, Now, WallTime};
use std::ops::RangeInclusive;
use wrong::Wrong;

/// 2026-11-21T07:00:00Z, the wall clock at second 0.
pub const START: WallTime = WallTime::from_unix_secs(1_795_244_400);

/// Both clocks of a scenario at a moment of it.
#[must_use]
pub fn now(mono: MonoTime) -> Now {
    Now { mono, wall: START.plus(mono.since(MonoTime::ZERO)) }
}

/// `3` or `0-5`.
fn numbers(text: &str) -> Result<RangeInclusive<u32>, Wrong> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let what = "a number, or a range such as 0-5";
    let wrong = |_| Wrong::expected(text, what);
    let (first, last): (u32, u32) = (first.parse().map_err(wrong)?, last.parse().map_err(wrong)?);
    if first > last { Err(Wrong::expected(text, what)) } else { Ok(first..=last) }
}
