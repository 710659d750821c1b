//! What was usual for a target before a finding that compares with it stood: while it stands, what
//! is bad must not become what is usual.

use std::time::Duration;

/// Baselines that stand still; `None` where no finding stands that they are held for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usual {
    /// Round trip, while `high-latency` stands.
    pub round_trip: Option<Duration>,
    /// Service time of X.224, while `rdp-slow` stands.
    pub service: Option<Duration>,
}
