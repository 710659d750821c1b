//! How long a fault stands before somebody is told, in virtual time: the real monitor and the real
//! schedule against what `docs/RULES.md` says of rules that have a window of their own.

#![expect(clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "a part of the simulated world is enough")]
mod world;

use rdpwatch::domain::finding::Severity;
use std::time::Duration;
use world::fleet::servers;
use world::host::{SimHost, Trouble};
use world::{REAL, World};

const BEGINS: Duration = Duration::from_mins(10);
const ENDS: Duration = Duration::from_mins(16);

/// How long until the finding of a server that has this trouble stands, and until it is over, for
/// several seeds; nothing else may stand, and nobody else be told.
fn times(rule: &str, trouble: &Trouble) -> Vec<(Duration, Duration)> {
    (1..=9)
        .map(|seed| {
            let mut hosts: Vec<SimHost> = servers(6);
            hosts[2].add_trouble(BEGINS, ENDS, trouble.clone());
            let mut world = World::new(seed, REAL, hosts);
            let (mut raised, mut over) = (None, None);
            let mut at = BEGINS;
            while at < ENDS + Duration::from_mins(10) {
                world.run(at);
                let now = world.now();
                let snapshot = world.snapshot();
                let found: Vec<&str> = snapshot.targets[2]
                    .findings
                    .iter()
                    .filter(|found| found.severity > Severity::Notice && !found.as_found)
                    .map(|found| found.rule.0)
                    .collect();
                assert!(found.iter().all(|id| *id == rule), "seed {seed} at {now:?}: {found:?}");
                if found.is_empty() {
                    over = over.or_else(|| (at >= ENDS).then(|| at.saturating_sub(ENDS)));
                } else {
                    raised = raised.or(Some(at.saturating_sub(BEGINS)));
                    over = None;
                }
                at += Duration::from_millis(500);
            }
            let strange = world.fired().into_iter().find(|event| event.0 != "server-3");
            assert_eq!(strange, None, "{}", world.lines().join("\n"));
            let told = world.lines().join("\n");
            (
                raised.unwrap_or_else(|| panic!("seed {seed}: not found\n{told}")),
                over.unwrap_or_else(|| panic!("seed {seed}: not over\n{told}")),
            )
        })
        .collect()
}

/// The middle one, and the worst.
fn middle_and_worst(mut spans: Vec<Duration>) -> (Duration, Duration) {
    spans.sort_unstable();
    (spans[spans.len() / 2], spans[spans.len() - 1])
}

/// The middle one of the seeds is told within `usually`, the worst within `at_worst`, and all are
/// over within `clear`. Loss is drawn by chance: what is lost first decides when it is suspected.
fn assert_within(rule: &str, trouble: &Trouble, [usually, at_worst, clear]: [u64; 3]) {
    let (raised, cleared): (Vec<_>, Vec<_>) = times(rule, trouble).into_iter().unzip();
    let (middle, worst) = middle_and_worst(raised.clone());
    assert!(middle <= Duration::from_secs(usually), "{rule}, {trouble:?}: {raised:?}");
    assert!(worst <= Duration::from_secs(at_worst), "{rule}, {trouble:?}: {raised:?}");
    let (_, worst) = middle_and_worst(cleared.clone());
    assert!(worst <= Duration::from_secs(clear), "{rule}, {trouble:?}: over {cleared:?}");
}

#[test]
fn ten_percent_of_loss_is_usually_found_within_half_a_minute() {
    assert_within("packet-loss", &Trouble::Loss(100), [30, 90, 360]);
}

#[test]
fn five_percent_of_loss_is_found_within_four_minutes() {
    assert_within("packet-loss", &Trouble::Loss(50), [90, 240, 360]);
}
