//! Control addresses: machines beside the targets that show where on the way something begins.

use super::local::LocalState;
use super::time::MonoTime;
use std::net::IpAddr;
use std::time::Duration;

/// What a control address is to this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ControlRole {
    /// The router of this machine's own network.
    Gateway,
    /// What may be the public endpoint of its VPN: reached outside of the tunnel.
    VpnEndpoint,
    /// The far end of a tunnel, inside of it.
    TunnelPeer,
    /// A DNS server.
    Dns,
    /// At the site of a group's members, by the configuration.
    Group,
}

/// A control as it is spoken of: `your own router 10.0.0.1`. Where several addresses may be the
/// endpoint of the VPN, none is called so.
#[must_use]
pub fn spoken(local: &LocalState, role: ControlRole, address: IpAddr) -> String {
    match role {
        ControlRole::Gateway => format!("your own router {address}"),
        ControlRole::VpnEndpoint if local.vpn_endpoints().len() == 1 => {
            format!("your VPN's public endpoint {address}")
        }
        ControlRole::VpnEndpoint => format!("{address} outside of the VPN"),
        ControlRole::TunnelPeer => format!("the VPN's far end {address}"),
        ControlRole::Dns => format!("the DNS server {address}"),
        ControlRole::Group => format!("the control {address}"),
    }
}

/// What `address` is to this machine, when it is one of its controls.
#[must_use]
pub fn role_of(local: &LocalState, address: IpAddr) -> ControlRole {
    if local.own_router() == Some(address) {
        ControlRole::Gateway
    } else if local.tunnel_peers().contains(&address) {
        ControlRole::TunnelPeer
    } else if local.vpn_endpoints().contains(&address) {
        ControlRole::VpnEndpoint
    } else if local.dns_servers.contains(&address) {
        ControlRole::Dns
    } else {
        ControlRole::Group
    }
}

/// Fewer losses are chance.
const FEW: u32 = 3;
/// A control loses too from this share, in percent.
const SHARE_PCT: u32 = 3;
/// A control that lost nothing of so many is clean.
pub const CLEAN: u32 = 20;

/// The last minute of a control. It says something of the way once it proved itself: it answered
/// ten echo requests in a row.
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
    /// How many requests in a row are unanswered by now.
    pub missed: u32,
    /// When the first of those was sent, to the tick before.
    pub silent_since: Option<MonoTime>,
    /// When it was silent last before that: from the first of two requests or more that went
    /// unanswered to the next answer, to the tick before each.
    pub was_silent: Option<(MonoTime, MonoTime)>,
    /// Since when it is asked, to the tick before; `None`: since the start.
    pub asked_since: Option<MonoTime>,
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
            missed: count(outcomes.iter().rev().take_while(|outcome| outcome.is_none()).count()),
            silent_since: None,
            was_silent: None,
            asked_since: None,
        }
    }
}

impl ControlStats {
    /// Whether packets to it are lost; `None` where the minute does not tell.
    #[must_use]
    pub fn loses(&self) -> Option<bool> {
        if self.lost >= FEW && self.lost * 100 >= self.sent * SHARE_PCT {
            Some(true)
        } else {
            (self.sent >= CLEAN && self.lost == 0).then_some(false)
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
