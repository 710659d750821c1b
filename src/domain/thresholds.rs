//! When findings fire: the numbers a user may change, globally, per group or per target.

use super::together;
use std::time::Duration;

/// Every number that a rule compares with.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Thresholds {
    /// Of `packet-loss`.
    pub packet_loss: LossThresholds,
    /// Of `high-latency`.
    pub high_latency: LatencyThresholds,
    /// Of `high-jitter`.
    pub high_jitter: JitterThresholds,
    /// Of `link-saturated`.
    pub link_saturated: SaturatedThresholds,
    /// Of `wifi-weak`.
    pub wifi_weak: WifiThresholds,
    /// Of `dns-slow`.
    pub dns_slow: SlowThreshold,
    /// Of `port-closed`, and with it of `port-filtered` and `rdp-silent`.
    pub port_closed: StartingThresholds,
    /// Of `rdp-slow`.
    pub rdp_slow: RdpSlowThresholds,
    /// Of `certificate-expiring`.
    pub certificate_expiring: ExpiringThresholds,
    /// Of `certificate-expired`.
    pub certificate_expired: ExpiredThresholds,
    /// Of `clock-skew`.
    pub clock_skew: SkewThresholds,
    /// Of `session-would-drop`.
    pub session_would_drop: WouldDropThresholds,
    /// Of `session-dropped`.
    pub session_dropped: DroppedThresholds,
    /// Of `drops-periodic`.
    pub drops_periodic: PeriodicThresholds,
    /// Of `path-outage`; of the whole machine.
    pub path_outage: PathThresholds,
    /// Of `vpn-flap`; of the whole machine.
    pub vpn_flap: FlapThresholds,
    /// Of `proxied`.
    pub proxied: ProxiedThresholds,
    /// Of what the hosts of a group say of each other; of the whole machine.
    pub siblings: SiblingThresholds,
    /// Of what fails several hosts at once; of the whole machine.
    pub common_cause: CommonThresholds,
}

/// When several hosts that fail alike fail by one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommonThresholds {
    /// At least so many hosts …
    pub hosts: u32,
    /// … and this share of those that were asked since, in percent; not of a port.
    pub share_pct: u32,
    /// They began to fail within this span of each other.
    pub together: Duration,
}

impl Default for CommonThresholds {
    // A name is asked for once a minute at least, and a question takes seconds to fail. What a look
    // at a gateway shows for one host holds for all behind it, however rare the looks are.
    fn default() -> Self {
        Self { hosts: 3, share_pct: 80, together: Duration::from_secs(90) }
    }
}

impl CommonThresholds {
    pub(crate) fn hosts(self) -> usize {
        usize::try_from(self.hosts).unwrap_or(usize::MAX)
    }

    /// Whether so many of so many are enough.
    pub(super) fn is_share(self, many: usize, of: usize) -> bool {
        together::is_share(many, of, self.share_pct)
    }
}

/// When hosts that fall silent are a path that is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathThresholds {
    /// At least so many hosts …
    pub hosts: u32,
    /// … and this share of those that it leads to, in percent.
    pub share_pct: u32,
    /// They fell silent within this span of each other.
    pub together: Duration,
    /// Critical from this long a silence.
    pub lasts: Duration,
}

impl Default for PathThresholds {
    fn default() -> Self {
        Self {
            hosts: 3,
            share_pct: 30,
            together: Duration::from_secs(15),
            lasts: Duration::from_secs(15),
        }
    }
}

/// When a VPN is unsteady.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlapThresholds {
    /// So many changes, each of which is a tunnel that went down or came up …
    pub changes: u32,
    /// … within this span.
    pub within: Duration,
}

impl Default for FlapThresholds {
    // One connection and one reconnection are everybody's day: down, up.
    fn default() -> Self {
        Self { changes: 4, within: Duration::from_mins(30) }
    }
}

/// When connections are too fast for the way that echoes go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProxiedThresholds {
    /// So many connections in a row …
    pub connections: u32,
    /// … each complete within this share of the median echo round trip, in percent …
    pub share_pct: f64,
    /// … where that is at least this long.
    pub shortest: Duration,
}

impl Default for ProxiedThresholds {
    fn default() -> Self {
        Self { connections: 5, share_pct: 20.0, shortest: Duration::from_millis(5) }
    }
}

/// When the hosts of a group say something of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SiblingThresholds {
    /// A host differs from at least this many measured siblings.
    pub least: u32,
    /// At least this many hosts that fail alike have something in common …
    pub alike: u32,
    /// … when they began to fail within this span of each other.
    pub together: Duration,
}

impl Default for SiblingThresholds {
    fn default() -> Self {
        Self { least: 4, alike: 3, together: Duration::from_mins(15) }
    }
}

impl SiblingThresholds {
    pub(super) fn least(self) -> usize {
        usize::try_from(self.least).unwrap_or(usize::MAX)
    }

    pub(super) fn alike(self) -> usize {
        usize::try_from(self.alike).unwrap_or(usize::MAX)
    }
}

/// When loss becomes a finding: a share *and* a count, over a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LossThresholds {
    /// Warning: share lost, in percent.
    pub warning_pct: f64,
    /// Warning: at least this many lost.
    pub warning_lost: u32,
    /// Warning: over this window.
    pub warning_window: Duration,
    /// Critical: share lost, in percent.
    pub critical_pct: f64,
    /// Critical: at least this many lost.
    pub critical_lost: u32,
    /// Critical: over this window.
    pub critical_window: Duration,
}

impl Default for LossThresholds {
    fn default() -> Self {
        Self {
            warning_pct: 3.0,
            warning_lost: 9,
            warning_window: Duration::from_mins(5),
            critical_pct: 10.0,
            critical_lost: 6,
            critical_window: Duration::from_mins(1),
        }
    }
}

/// When the median RTT becomes a finding.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LatencyThresholds {
    /// Warning at this median.
    pub warning: Duration,
    /// Critical at this median.
    pub critical: Duration,
    /// Warning at this multiple of the target's own baseline …
    pub baseline_factor: f64,
    /// … when it is also this much above it.
    pub baseline_margin: Duration,
}

impl Default for LatencyThresholds {
    fn default() -> Self {
        Self {
            warning: Duration::from_millis(150),
            critical: Duration::from_millis(300),
            baseline_factor: 3.0,
            baseline_margin: Duration::from_millis(50),
        }
    }
}

/// When jitter becomes a finding.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JitterThresholds {
    /// Warning at this mean difference of consecutive RTTs.
    pub warning: Duration,
    /// Critical at this mean difference of consecutive RTTs.
    pub critical: Duration,
}

impl Default for JitterThresholds {
    fn default() -> Self {
        Self { warning: Duration::from_millis(30), critical: Duration::from_millis(80) }
    }
}

/// When an answer is slow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SlowThreshold {
    /// Warning at this time.
    pub warning: Duration,
}

impl Default for SlowThreshold {
    fn default() -> Self {
        Self { warning: Duration::from_secs(1) }
    }
}

/// How long a host may take to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartingThresholds {
    /// What fails within this long of a return from silence is a notice.
    pub starting: Duration,
}

impl Default for StartingThresholds {
    fn default() -> Self {
        Self { starting: Duration::from_mins(3) }
    }
}

/// When the service itself is slow: the X.224 answer less one network round trip, the TCP handshake
/// less ping, the TLS handshake less two round trips.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RdpSlowThresholds {
    /// Slow at this time beyond the network.
    pub warning: Duration,
    /// An X.224 answer also at this multiple of the target's own baseline …
    pub baseline_factor: f64,
    /// … when it is also this much above it.
    pub baseline_margin: Duration,
}

impl Default for RdpSlowThresholds {
    fn default() -> Self {
        Self {
            warning: Duration::from_secs(1),
            baseline_factor: 5.0,
            baseline_margin: Duration::from_millis(500),
        }
    }
}

/// When a certificate is due, in days left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpiringThresholds {
    /// Issued by an authority: notice.
    pub notice_days: u32,
    /// Issued by an authority: warning.
    pub warning_days: u32,
    /// Self-signed, which Windows renews by itself: notice.
    pub self_signed_days: u32,
}

impl Default for ExpiringThresholds {
    fn default() -> Self {
        Self { notice_days: 21, warning_days: 7, self_signed_days: 3 }
    }
}

/// When an expired certificate is critical.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpiredThresholds {
    /// Expired and not renewed for this long.
    pub critical_after: Duration,
}

impl Default for ExpiredThresholds {
    fn default() -> Self {
        Self { critical_after: Duration::from_hours(24) }
    }
}

/// How far two clocks may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SkewThresholds {
    /// Warning from this difference.
    pub warning: Duration,
    /// Critical from this difference: what Kerberos takes.
    pub critical: Duration,
}

impl Default for SkewThresholds {
    fn default() -> Self {
        Self { warning: Duration::from_mins(2), critical: Duration::from_mins(5) }
    }
}

/// How long a session stands silence: an estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WouldDropThresholds {
    /// It freezes, notice, after this silence.
    pub freeze: Duration,
    /// The client begins to reconnect, warning, after this silence.
    pub reconnect: Duration,
    /// It drops, critical, after this silence.
    pub drop: Duration,
}

impl Default for WouldDropThresholds {
    fn default() -> Self {
        Self {
            freeze: Duration::from_secs(3),
            reconnect: Duration::from_secs(10),
            drop: Duration::from_secs(30),
        }
    }
}

/// When drops are regular.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PeriodicThresholds {
    /// At least so many drops.
    pub drops: u32,
    /// How far spacings and ages may differ, in percent of them.
    pub tolerance_pct: f64,
    /// How far times of day may differ.
    pub same_time: Duration,
    /// Drops by chance may look so with this probability at most, in percent.
    pub chance_pct: f64,
}

impl Default for PeriodicThresholds {
    fn default() -> Self {
        Self { drops: 4, tolerance_pct: 5.0, same_time: Duration::from_mins(5), chance_pct: 0.1 }
    }
}

/// When this machine's line is full.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SaturatedThresholds {
    /// Busy from this share of the most that an interface was seen to carry, in percent …
    pub busy_pct: f64,
    /// … and from this rate, in Mbit/s …
    pub least_mbit: f64,
    /// … for so long.
    pub lasts: Duration,
    /// Quiet below this share of the most, in percent.
    pub quiet_pct: f64,
    /// Warning when the median round trip is this multiple of that of a quiet line …
    pub factor: f64,
    /// … and this much above it.
    pub margin: Duration,
}

impl Default for SaturatedThresholds {
    fn default() -> Self {
        Self {
            busy_pct: 80.0,
            least_mbit: 1.0,
            lasts: Duration::from_secs(6),
            quiet_pct: 25.0,
            factor: 2.0,
            margin: Duration::from_millis(30),
        }
    }
}

/// When this machine's Wi-Fi is weak, and to blame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WifiThresholds {
    /// Weak from this signal, in dBm: the lower, the weaker.
    pub signal_dbm: f64,
    /// For so long.
    pub lasts: Duration,
    /// To blame when this share of the echo requests to the own router is lost, in percent …
    pub lost_pct: f64,
    /// … or round trips to it differ by this on average.
    pub jitter: Duration,
}

impl Default for WifiThresholds {
    fn default() -> Self {
        Self {
            signal_dbm: -75.0,
            lasts: Duration::from_secs(30),
            lost_pct: 3.0,
            jitter: Duration::from_millis(30),
        }
    }
}

/// What a session of this machine is, and when it has dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DroppedThresholds {
    /// A connection that lives shorter is none of a session: no probe and no failed sign-in lives
    /// so long.
    pub shortest: Duration,
    /// So many repetitions in a row without an answer: the line is dead, not lossy.
    pub unanswered: u32,
    /// How long a drop is shown.
    pub shown: Duration,
    /// A new session that lives this long ends it.
    pub recovered: Duration,
}

impl Default for DroppedThresholds {
    fn default() -> Self {
        Self {
            shortest: Duration::from_secs(10),
            unanswered: 2,
            shown: Duration::from_mins(10),
            recovered: Duration::from_mins(1),
        }
    }
}
