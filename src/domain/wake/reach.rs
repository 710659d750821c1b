//! How a host is reached, as far as magic packets are concerned.

use crate::domain::local::LocalState;
use crate::domain::text::printable;
use std::borrow::Cow;
use std::net::IpAddr;

/// How a host is reached from this machine, as far as magic packets are concerned: broadcasts do
/// not pass routers (RFC 2644).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// On a network of this machine.
    OnLink,
    /// In the subnet of a tunnel, with the interface's name, unescaped.
    Tunnel(String),
    /// Behind a router, with the tunnel that the default route leaves by or, failing that, the
    /// tunnels that are up, unescaped; empty without any.
    Routed(Vec<String>),
}

impl Reach {
    /// How `address` is reached.
    #[must_use]
    pub fn of(local: &LocalState, address: IpAddr) -> Self {
        match local.on_link(address) {
            Some(interface) if interface.tunnel => Self::Tunnel(interface.name.clone()),
            Some(_) => Self::OnLink,
            None => {
                let up = local.interfaces.iter().filter(|i| i.tunnel && i.up);
                let mut names: Vec<String> = up.map(|i| i.name.clone()).collect();
                if let Some(way) =
                    names.iter().find(|name| local.gateway_interface.as_ref() == Some(name))
                {
                    names = vec![way.clone()];
                }
                Self::Routed(names)
            }
        }
    }

    /// Whether a broadcast of this machine gets there.
    #[must_use]
    pub const fn is_direct(&self) -> bool {
        matches!(self, Self::OnLink)
    }

    /// What that means for a wake packet, escaped.
    #[must_use]
    pub fn words(&self) -> Cow<'static, str> {
        const INSTEAD: &str = "wake it from its own network, through a relay, or by an address that a router forwards";
        match self {
            Self::OnLink => "the host is on a network of this machine".into(),
            Self::Tunnel(name) => format!(
                "the host is behind the tunnel {}: wake packets rarely cross a VPN; {INSTEAD}",
                printable(name)
            )
            .into(),
            Self::Routed(tunnels) if tunnels.is_empty() => {
                format!("the host is behind a router: broadcasts end there; {INSTEAD}").into()
            }
            Self::Routed(tunnels) => format!(
                "the host is behind a router, perhaps through {}: broadcasts end there, and wake \
                 packets rarely cross a VPN; {INSTEAD}",
                printable(&tunnels.join(", "))
            )
            .into(),
        }
    }
}
