//! Control addresses: machines beside the targets that show where on the way something begins.

use std::net::IpAddr;
use std::time::Duration;

/// What a control address is to this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ControlRole {
    /// The default gateway: the end of this machine's own line.
    Gateway,
    /// A DNS server.
    Dns,
    /// At the site of a group's members, by the configuration.
    Group,
}

/// The last minute of a control that proved itself: it answered ten echo requests in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControlStats {
    /// Which.
    pub address: IpAddr,
    /// What it is.
    pub role: ControlRole,
    /// Echo requests whose outcome is known.
    pub sent: u32,
    /// Of those, unanswered.
    pub lost: u32,
    /// Median round trip; `None` while nothing was answered.
    pub median: Option<Duration>,
    /// Mean difference of consecutive round trips; `None` without two in a row.
    pub jitter: Option<Duration>,
}

impl ControlStats {
    /// What came of the echo requests of a minute, oldest first: a round trip, or nothing.
    #[must_use]
    pub fn of(address: IpAddr, role: ControlRole, outcomes: &[Option<Duration>]) -> Self {
        let mut answered: Vec<Duration> = outcomes.iter().flatten().copied().collect();
        answered.sort_unstable();
        let differences: Vec<Duration> = outcomes
            .windows(2)
            .filter_map(|pair| Some((*pair.first()?)?.abs_diff((*pair.last()?)?)))
            .collect();
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let jitter = differences.iter().sum::<Duration>().checked_div(count(differences.len()));
        Self {
            address,
            role,
            sent: count(outcomes.len()),
            lost: count(outcomes.len() - answered.len()),
            median: answered.get(answered.len() / 2).copied(),
            jitter,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_summed_up_and_a_gap_breaks_the_chain_of_jitter() {
        let ms = |ms| Some(Duration::from_millis(ms));
        let address = IpAddr::from([10, 0, 0, 1]);
        let of = |outcomes: &[_]| ControlStats::of(address, ControlRole::Gateway, outcomes);
        let stats = of(&[ms(1), ms(3), None, ms(90), ms(80)]);
        assert_eq!((stats.sent, stats.lost), (5, 1));
        assert_eq!((stats.median, stats.jitter), (ms(80), ms(6)));
        let silent = of(&[None, None]);
        assert_eq!((silent.lost, silent.median, silent.jitter), (2, None, None));
        assert_eq!(of(&[]).sent, 0);
    }
}
