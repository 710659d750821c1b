//! The TLS sweep: which versions and suites a server takes, one hello per connection.

use super::attempt::{AttemptPlan, Climb, slept};
use super::clock::Clock;
use super::connect::STALL;
use crate::domain::sample::{SweepAnswer, SweepOffer, SweepStep, TlsSweep};
use crate::domain::security::SecurityProtocol;
use crate::domain::time::Now;
use crate::proto::tls_hello::{
    OFFERED_SUITES, Offer, STATIC_RSA_AND_CBC_SUITES, TLS1_0, TLS1_1, TLS1_2, TLS1_3, TLS13_SUITES,
    WINDOWS_SUITES,
};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Between two connections, so that no guard against floods is woken.
const SPACING: Duration = Duration::from_millis(500);

/// For one connection, from its SYN to its answer: with the spacing, six of them take less than
/// twenty seconds.
const STEP: Duration = Duration::from_millis(2_500);

/// Offers each version and set of suites in turn, on a connection of its own, and reads no further
/// than the `ServerHello`. Stops when X.224 is not answered any more.
pub async fn sweep(plan: &AttemptPlan, clock: Clock) -> TlsSweep {
    let start = clock.mono();
    let mut asked = SecurityProtocol::OFFERED;
    let mut steps = Vec::with_capacity(SweepOffer::ALL.len());
    for offered in SweepOffer::ALL {
        if !steps.is_empty() {
            sleep(SPACING).await;
        }
        let began = clock.now();
        let mut climb = Climb::asking(plan, asked, clock);
        let answer = timeout(STEP, climb.offer(offer(offered))).await;
        asked = climb.asked();
        let answer = match answer {
            _ if was_away(began, clock.now()) => SweepAnswer::NotReached,
            Ok(answer) => answer,
            Err(_) if climb.reached_tls() => SweepAnswer::Timeout,
            Err(_) => SweepAnswer::NotReached,
        };
        steps.push(SweepStep { offered, answer });
        if answer == SweepAnswer::NotReached {
            break;
        }
    }
    TlsSweep { steps, elapsed: clock.mono().since(start) }
}

/// Whether this process did not run during a step: its timer fired far too late, or the machine
/// was suspended. What the server made of our silence is no answer then.
fn was_away(began: Now, ended: Now) -> bool {
    ended.mono.since(began.mono) > STEP.saturating_add(STALL) || slept(began, ended)
}

const fn offer(offered: SweepOffer) -> Offer {
    let (version, suites): (_, &'static [_]) = match offered {
        SweepOffer::Tls13 => (TLS1_3, &TLS13_SUITES),
        SweepOffer::Windows => (TLS1_2, &WINDOWS_SUITES),
        SweepOffer::Tls12 => (TLS1_2, &OFFERED_SUITES),
        SweepOffer::StaticRsaAndCbc => (TLS1_2, &STATIC_RSA_AND_CBC_SUITES),
        SweepOffer::Tls11 => (TLS1_1, &OFFERED_SUITES),
        SweepOffer::Tls10 => (TLS1_0, &OFFERED_SUITES),
    };
    Offer { version, suites }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{MonoTime, WallTime};

    #[test]
    fn a_server_that_hung_up_on_a_suspended_machine_did_not_refuse_an_offer() {
        let now = |mono: u64, wall: i64| Now {
            mono: MonoTime::from_secs(mono),
            wall: WallTime::from_unix_secs(wall),
        };
        assert!(!was_away(now(1, 100), now(3, 102)));
        assert!(was_away(now(1, 100), now(60, 159)), "stopped");
        assert!(was_away(now(1, 100), now(2, 3_700)), "suspended");
    }

    #[test]
    fn a_whole_sweep_ends_within_twenty_seconds() {
        let count = u32::try_from(SweepOffer::ALL.len()).unwrap();
        assert!(STEP * count + SPACING * (count - 1) < Duration::from_secs(20));
        assert_eq!(count + 1, TlsSweep::MOST_CONNECTIONS);
    }
}
