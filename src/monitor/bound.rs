//! How much one target may take: everything kept of it has a bound, and this is their sum.

use super::Tracked;
use super::tracked::{KEPT, KEPT_DEEP, SERVICE_TIMES};
use crate::domain::alternative::Alternative;
use crate::domain::course::Course;
use crate::domain::drops::{self, RememberedDrop};
use crate::domain::echo_series::{EchoPoint, POINTS};
use crate::domain::finding::Finding;
use crate::domain::history::Timed;
use crate::domain::leads::{self, Run};
use crate::domain::rules::RULES;
use crate::domain::sample::{
    Attempt, Gateway, MAX_HEAD, MAX_STEPS, PathMtu, Resolution, TlsSweep, Udp,
};
use crate::domain::snapshot::TargetSnapshot;
use std::net::IpAddr;
use std::time::Duration;

/// Counters of the round trips: two digits up to a minute take 20 rows of 128, of four bytes each
/// (`hdrhistogram`).
const HISTOGRAM: usize = 20 * 128 * 4;
/// Names, addresses and the certificate of one connection or one answer, on the heap: the longest
/// that hosts are seen to have, several times over.
const TEXTS: usize = 4 * 1_024;
/// Texts of one finding.
const FINDING_TEXTS: usize = 2 * 1_024;
/// Transcripts kept at a time, each step with its head and what is said of it.
const TRANSCRIPTS: usize = 3 * MAX_STEPS * (MAX_HEAD + 96);
/// Addresses of one answer.
const ADDRESSES: usize = 32;
/// Other addresses of a name that are followed.
const ALTERNATIVES: usize = 16;

/// Bytes that one target takes at most, when it has been watched for long and everything that can
/// be measured of it was. Most take a third of it.
#[must_use]
pub const fn bytes_per_target() -> usize {
    let connection = size_of::<Timed<Attempt>>() + TEXTS;
    let findings = RULES.len() / 4 * (size_of::<Finding>() + FINDING_TEXTS);
    size_of::<Tracked>()
        + POINTS * size_of::<EchoPoint>()
        + HISTOGRAM
        + KEPT * connection
        + KEPT * (size_of::<Timed<Resolution>>() + TEXTS)
        + leads::KEPT * (size_of::<Run>() + ADDRESSES * size_of::<IpAddr>())
        + KEPT_DEEP * (size_of::<Timed<Udp>>() + size_of::<Timed<PathMtu>>())
        + KEPT_DEEP * (size_of::<Timed<Gateway>>() + TEXTS)
        + SERVICE_TIMES * size_of::<Timed<Duration>>()
        + ALTERNATIVES * (size_of::<Alternative>() + TEXTS)
        + size_of::<TlsSweep>()
        + size_of::<Course>()
        + 2 * drops::KEPT * size_of::<RememberedDrop>()
        + TRANSCRIPTS
        // The picture for the screen holds the newest of each once more, and the transcripts.
        + size_of::<TargetSnapshot>()
        + 4 * TEXTS
        + TRANSCRIPTS
        + 2 * findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_of_the_order_that_is_promised() {
        let kib = bytes_per_target() / 1_024;
        assert!((150..600).contains(&kib), "{kib} KiB");
    }
}
