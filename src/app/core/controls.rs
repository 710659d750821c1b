//! Control addresses: which are followed, and the echo requests to them.

use super::{Core, Report};
use crate::domain::local::LocalState;
use crate::domain::target::{Host, TargetId};
use crate::probe::echo::EchoRequest;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// How long a control may take to answer.
const DEADLINE: Duration = Duration::from_secs(2);
/// How long the name of one may take to resolve.
const LOOKUP: Duration = Duration::from_secs(5);
/// Controls are numbered from here down; targets are numbered from 0 up.
const FIRST: u32 = u32::MAX;
/// How many controls are followed.
const MOST: usize = 16;

impl Core {
    /// Sends one echo request to each.
    pub(super) fn ask_controls(&mut self) {
        self.control_seq += 1;
        for (id, address) in &self.controls {
            let request = EchoRequest {
                target: *id,
                seq: self.control_seq,
                address: *address,
                scope: 0,
                deadline: DEADLINE,
            };
            self.edge.echo.send(request, self.echoes.clone());
        }
    }

    /// Asks what the names of controls lead to, one after the other. What does not resolve keeps
    /// the address that it had: names often fail together with the way that controls are for.
    pub(super) fn look_up_controls(&mut self) {
        if self.looking_up_controls.as_ref().is_some_and(|looking| !looking.is_finished()) {
            return;
        }
        let wanted: BTreeSet<String> = self
            .monitor
            .targets()
            .flat_map(|(_, tracked)| &tracked.target().controls)
            .filter_map(|control| control.name().map(str::to_owned))
            .take(MOST)
            .collect();
        if wanted.is_empty() {
            return;
        }
        let names = Arc::clone(&self.edge.names);
        let reports = self.reports.clone();
        let looking = self.tasks.spawn(async move {
            let mut found = BTreeMap::new();
            for name in wanted {
                let answer = names.resolve(&Host::Name(name.clone()), LOOKUP).await;
                if let Some(address) = answer.addresses.first() {
                    found.insert(name, *address);
                }
            }
            let _gone = reports.send(Report::ControlNames(found)).await;
        });
        self.looking_up_controls = Some(looking);
    }

    pub(super) fn take_control_names(&mut self, names: BTreeMap<String, IpAddr>) {
        let mut known = self.monitor.control_names().clone();
        known.extend(names);
        self.monitor.set_control_names(known);
    }

    /// Own router, far ends of tunnels, endpoints, DNS servers and those of the configuration, as
    /// far as they are other machines and not watched themselves.
    pub(super) fn follow_controls(&mut self, local: &LocalState) {
        if local.hosts_on_loopback {
            return;
        }
        let named = self.monitor.control_names();
        let configured: Vec<IpAddr> = self
            .monitor
            .targets()
            .flat_map(|(_, tracked)| &tracked.target().controls)
            .filter_map(|control| match control {
                Host::Address(address, _) => Some(*address),
                Host::Name(name) => named.get(name).copied(),
            })
            .collect();
        let watched = |address: &IpAddr| {
            self.monitor.targets().any(|(_, tracked)| tracked.dialled() == Some(*address))
        };
        let endpoints = local.vpn_endpoints().into_iter().filter(|address| !watched(address));
        let mut wanted: Vec<IpAddr> = Vec::new();
        // The nearest first, which must not be left out.
        for address in local
            .own_router()
            .into_iter()
            .chain(local.gateway)
            .chain(local.tunnel_peers())
            .chain(endpoints)
            .chain(local.dns_servers.iter().copied())
            .chain(configured)
        {
            let fit = !local.owns(address) && self.edge.may_ping(address);
            if fit && !wanted.contains(&address) && wanted.len() < MOST {
                wanted.push(address);
            }
        }
        self.controls = (0..).map(|index| TargetId(FIRST - index)).zip(wanted).collect();
        self.monitor.follow_controls(&self.controls.values().copied().collect());
    }
}
