//! The way from this machine to a host, in stretches, and on which of them something begins.

use super::control::ControlRole;
use super::local::LocalState;
use std::net::IpAddr;

/// A stretch of the way, the nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stretch {
    /// This machine's own network, up to its router: Wi-Fi or cable.
    Own,
    /// The line to the Internet, up to what is reached outside of any tunnel.
    Line,
    /// The tunnel, up to its far end.
    Tunnel,
    /// What lies between there and the host's own site.
    Site,
}

/// What one control says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sign {
    /// Which.
    pub address: IpAddr,
    /// What it is.
    pub role: ControlRole,
    /// It has what ails the host, or has nothing of it.
    pub ails: bool,
}

/// How far the way is sound, and where it no longer is, each with what shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Way<T> {
    /// The farthest stretch whose end has nothing of it.
    pub sound: Option<(Stretch, T)>,
    /// The nearest stretch beyond whose end has it too.
    pub ailing: Option<(Stretch, T)>,
}

impl<T> Way<T> {
    /// The same, with other words for what shows it.
    pub fn map<U>(self, of: impl Fn(T) -> U) -> Way<U> {
        Way {
            sound: self.sound.map(|(stretch, shown)| (stretch, of(shown))),
            ailing: self.ailing.map(|(stretch, shown)| (stretch, of(shown))),
        }
    }
}

impl Way<Sign> {
    /// What controls say of the way to `to`; `at_site` tells which of them are beside it.
    pub fn of(
        local: &LocalState,
        to: IpAddr,
        at_site: impl Fn(IpAddr) -> bool,
        signs: impl Iterator<Item = Sign>,
    ) -> Self {
        let tunnel = local.tunnel_of(to).map(|tunnel| tunnel.index);
        let beside = tunnel.is_none() && local.on_link(to).is_some();
        let mut sound: Option<(Stretch, Sign)> = None;
        let mut ailing: Vec<(Stretch, Sign)> = Vec::new();
        for sign in signs.filter(|sign| sign.address != to) {
            let (stretch, speaks) = match stretch(local, tunnel, &at_site, sign) {
                None => continue,
                // The line is not on the way to a neighbour.
                Some((Stretch::Line, _)) if beside => (Stretch::Own, false),
                Some(found) => found,
            };
            if sign.ails && speaks {
                ailing.push((stretch, sign));
            } else if !sign.ails
                && sound.is_none_or(|(farthest, shown)| {
                    stretch > farthest || (stretch == farthest && shown.role == ControlRole::Dns)
                })
            {
                sound = Some((stretch, sign));
            }
        }
        // What lies behind a control and is sound shows that the way to the control is, whatever
        // the control itself says: routers answer echo requests when they have time.
        let beyond = |(stretch, _): &(Stretch, Sign)| sound.is_none_or(|(far, _)| *stretch > far);
        let ailing = ailing.into_iter().filter(beyond).min_by_key(|(stretch, _)| *stretch);
        Self { sound, ailing }
    }
}

/// Where on the way from this machine to `to` a control stands: the stretch that it ends. `None`
/// for one that is not on the way.
#[must_use]
pub fn stands(
    local: &LocalState,
    to: IpAddr,
    at_site: impl Fn(IpAddr) -> bool,
    (address, role): (IpAddr, ControlRole),
) -> Option<Stretch> {
    let tunnel = local.tunnel_of(to).map(|tunnel| tunnel.index);
    let beside = tunnel.is_none() && local.on_link(to).is_some();
    let (stretch, _) = stretch(local, tunnel, at_site, Sign { address, role, ails: false })?;
    let reached = match (stretch, role) {
        _ if address == to => false,
        (Stretch::Own | Stretch::Line, ControlRole::Gateway) => !beside,
        (Stretch::Line, _) => !beside && tunnel.is_some() && role == ControlRole::VpnEndpoint,
        (_, ControlRole::Dns) => false,
        _ => true,
    };
    reached.then_some(stretch)
}

/// The stretch that a control ends, and whether it speaks for it when it ails: what ails a DNS
/// server may be its own.
fn stretch(
    local: &LocalState,
    tunnel: Option<u32>,
    at_site: impl Fn(IpAddr) -> bool,
    sign: Sign,
) -> Option<(Stretch, bool)> {
    if at_site(sign.address) {
        return Some((Stretch::Site, true));
    }
    let through = local.tunnel_of(sign.address).map(|tunnel| tunnel.index);
    match (sign.role, through) {
        (ControlRole::Gateway, _) => Some((Stretch::Own, true)),
        (ControlRole::VpnEndpoint, _) => Some((Stretch::Line, true)),
        (ControlRole::TunnelPeer, Some(_)) if tunnel == through => Some((Stretch::Tunnel, true)),
        (ControlRole::Dns, Some(_)) if tunnel == through => Some((Stretch::Tunnel, false)),
        // The tunnel itself runs over the line.
        (ControlRole::TunnelPeer | ControlRole::Dns, Some(_)) => Some((Stretch::Line, false)),
        (ControlRole::Dns, None) => {
            let near = local.routes.is_empty() || local.on_link(sign.address).is_some();
            Some((if near { Stretch::Own } else { Stretch::Line }, false))
        }
        (ControlRole::TunnelPeer | ControlRole::Group, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::local::Interface;
    use crate::domain::route::{Origin, Route};

    const HOST: [u8; 4] = [10, 9, 0, 21];
    const ROUTER: [u8; 4] = [192, 168, 1, 1];
    const ENDPOINT: [u8; 4] = [203, 0, 113, 9];
    const PEER: [u8; 4] = [10, 8, 0, 1];

    /// eth0 in 192.168.1.0/24, and tun0 with 10.9.0.0/16 behind it.
    fn local() -> LocalState {
        let interface = |index, tunnel, address: [u8; 4], prefix| Interface {
            tunnel,
            ..Interface::up(index, format!("if{index}"), vec![(address.into(), prefix)])
        };
        let route = |destination: [u8; 4], prefix, interface| Route {
            destination: destination.into(),
            prefix,
            gateway: None,
            interface,
            metric: 0,
            origin: Origin::Machine,
        };
        LocalState {
            interfaces: vec![
                interface(2, false, [192, 168, 1, 5], 24),
                interface(5, true, [10, 8, 0, 2], 32),
            ],
            routes: [
                route([0, 0, 0, 0], 0, 2),
                route([192, 168, 1, 0], 24, 2),
                route(PEER, 32, 5),
                route([10, 9, 0, 0], 16, 5),
            ]
            .into(),
            ..LocalState::default()
        }
    }

    fn way(
        to: [u8; 4],
        signs: &[([u8; 4], ControlRole, bool)],
    ) -> (Option<Stretch>, Option<Stretch>) {
        let signs = signs.iter().map(|(address, role, ails)| Sign {
            address: (*address).into(),
            role: *role,
            ails: *ails,
        });
        let way = Way::of(&local(), to.into(), |_| false, signs);
        (way.sound.map(|(stretch, _)| stretch), way.ailing.map(|(stretch, _)| stretch))
    }

    #[test]
    fn it_begins_between_the_farthest_sound_control_and_the_nearest_beyond_that_ails() {
        use ControlRole::{Dns, Gateway, TunnelPeer, VpnEndpoint};
        use Stretch::{Line, Own, Tunnel};
        let signs = |router, endpoint, peer| {
            [(ROUTER, Gateway, router), (ENDPOINT, VpnEndpoint, endpoint), (PEER, TunnelPeer, peer)]
        };
        for (router, endpoint, peer, expected) in [
            (false, false, true, (Some(Line), Some(Tunnel))),
            (true, false, true, (Some(Line), Some(Tunnel))),
            (false, true, true, (Some(Own), Some(Line))),
            (true, true, true, (None, Some(Own))),
            (true, true, false, (Some(Tunnel), None)),
        ] {
            assert_eq!(
                way(HOST, &signs(router, endpoint, peer)),
                expected,
                "{router} {endpoint} {peer}"
            );
        }
        // The tunnel is not on the way to what is reached outside of it.
        assert_eq!(way([198, 51, 100, 7], &signs(false, false, true)), (Some(Line), None));
        // And the line is not on the way to a neighbour.
        assert_eq!(way([192, 168, 1, 9], &signs(false, true, true)), (Some(Own), None));
        assert_eq!(way([192, 168, 1, 9], &signs(true, true, true)), (None, Some(Own)));
        // What ails a DNS server may be its own.
        assert_eq!(way(HOST, &[([10, 9, 0, 53], Dns, true)]), (None, None));
        assert_eq!(way(HOST, &[([10, 9, 0, 53], Dns, false)]), (Some(Tunnel), None));
        assert_eq!(way(HOST, &[([9, 9, 9, 9], Dns, false)]), (Some(Line), None));
        assert_eq!(way(HOST, &[]), (None, None));
    }
}
