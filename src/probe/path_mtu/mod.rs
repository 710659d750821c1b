//! The path MTU: echo requests that may not be fragmented, the largest first and a small one beside
//! it.
//!
//! A healthy path costs two packets and one round trip. Where the large one is too big, whoever
//! says so names the next size to try. Where it vanishes, a ladder of the sizes that tunnels have
//! is sent once, and the smallest that vanished is tried until it vanished three times beside
//! smaller ones that passed. At most twenty packets leave in one run.

mod ladder;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

#[cfg(target_os = "linux")]
use linux as platform;
#[cfg(not(target_os = "linux"))]
use other as platform;

use super::attempt::slept;
use super::clock::Clock;
use crate::domain::sample::{LocalFault, PathMtu};
use ladder::Found;
use std::net::SocketAddr;
use std::time::Duration;

/// Measures the path to `address`, whose port plays no part.
///
/// A packet that nothing answers is waited for up to `deadline`, less once smaller ones sent with
/// it were answered; a run takes a few of them at the most. Never fails: what this machine cannot
/// do is [`PathOutcome::LocalError`], and so is a run during which this process was stopped.
///
/// [`PathOutcome::LocalError`]: crate::domain::sample::PathOutcome::LocalError
pub async fn path_mtu(address: SocketAddr, deadline: Duration, clock: Clock) -> PathMtu {
    let started = clock.now();
    let (found, late) = match platform::open(address, clock) {
        Err(fault) => (Found::failed(fault), false),
        Ok(mut wire) => {
            let measuring = ladder::measure(&mut wire, address.is_ipv6(), deadline);
            let found = Box::pin(measuring).await;
            (found, wire.was_late())
        }
    };
    let ended = clock.now();
    let found =
        if late || slept(started, ended) { Found::failed(LocalFault::Stalled) } else { found };
    PathMtu {
        address: address.ip(),
        outcome: found.outcome,
        mtu: found.mtu,
        first_hop: found.first_hop,
        swallowed: found.swallowed,
        from: found.from,
        tries: found.tries,
        elapsed: ended.mono.since(started.mono),
    }
}

#[cfg(test)]
mod tests;
