//! The path MTU in words.

use crate::domain::ladder::Cell;
use crate::domain::sample::{PathMtu, PathOutcome};

/// `1400 bytes pass, 10.0.0.1 says that more is too big`.
#[must_use]
pub fn text(path: &PathMtu) -> String {
    let passes = path.mtu.map(|mtu| format!("{mtu} bytes pass"));
    match path.outcome {
        PathOutcome::Full => match passes {
            Some(passes) => format!("{passes}, and more is not needed"),
            None => "whole".to_owned(),
        },
        PathOutcome::Lowered => {
            let passes = passes.unwrap_or_else(|| "lowered".to_owned());
            match path.from {
                Some(from) => format!("{passes}, {from} says that more is too big"),
                None => format!("{passes}, more is too big"),
            }
        }
        PathOutcome::BlackHole => {
            let passes = passes.unwrap_or_else(|| "small packets pass".to_owned());
            match path.swallowed {
                Some(size) => format!("{passes}, {size} vanish without a word"),
                None => format!("{passes}, larger ones vanish without a word"),
            }
        }
        PathOutcome::Unknown => "not known: nothing answers reliably".to_owned(),
        PathOutcome::LocalError(fault) => format!("not measured: {}", fault.text()),
    }
}

/// How it is drawn: a lowered MTU is what a VPN has, and no fault by itself.
#[must_use]
pub const fn cell(path: &PathMtu) -> Cell {
    match path.outcome {
        PathOutcome::Full | PathOutcome::Lowered => Cell::Ok,
        PathOutcome::BlackHole => Cell::Broken,
        PathOutcome::Unknown | PathOutcome::LocalError(_) => Cell::NotMeasured,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::LocalFault;
    use crate::report::testing;

    #[test]
    fn every_outcome_reads_as_a_sentence_would() {
        let lowered = testing::path();
        let with = |outcome, from: bool, swallowed| PathMtu {
            outcome,
            swallowed,
            from: lowered.from.filter(|_| from),
            ..lowered
        };
        for (path, says, drawn) in [
            (
                with(PathOutcome::Full, false, None),
                "1400 bytes pass, and more is not needed",
                Cell::Ok,
            ),
            (lowered, "1400 bytes pass, 10.0.0.1 says that more is too big", Cell::Ok),
            (with(PathOutcome::Lowered, false, None), "1400 bytes pass, more is too big", Cell::Ok),
            (
                with(PathOutcome::BlackHole, false, Some(1_500)),
                "1400 bytes pass, 1500 vanish without a word",
                Cell::Broken,
            ),
            (
                PathMtu { mtu: None, ..with(PathOutcome::Unknown, false, None) },
                "not known: nothing answers reliably",
                Cell::NotMeasured,
            ),
            (
                with(PathOutcome::LocalError(LocalFault::NotPermitted), false, None),
                "not measured: this machine does not permit it",
                Cell::NotMeasured,
            ),
        ] {
            assert_eq!((text(&path).as_str(), cell(&path)), (says, drawn));
        }
    }
}
