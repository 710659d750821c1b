//! This machine and its network, as far as verdicts on its targets need them.

use super::certificate::Thumbprint;
use super::clocks::Clocks;
use super::common_cause::{CommonCause, Serving};
use super::control::ControlStats;
use super::load::Punctuality;
use super::local::{EchoAccess, LocalState};
use super::outage::{Breaks, Outage};
use super::siblings::Contrast;
use super::target::{Host, Target, TargetId};
use super::thresholds::Thresholds;
use super::throughput::{Saturation, Traffic};
use super::time::{MonoTime, Now, WallTime};
use super::tunnel::TunnelChange;
use super::wifi::{LostInTheAir, Wifi};
use super::wireless::Airwaves;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
/// What is not about one target alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Surroundings {
    /// This machine.
    pub local: LocalState,
    /// Its time zone.
    pub zone: TimeZone,
    /// When findings of the whole machine fire.
    pub limits: Thresholds,
    /// Whether this machine is offline, or every control that used to answer is gone.
    pub offline: Offline,
    /// What echo over IPv4 may do.
    pub echo_v4: EchoAccess,
    /// What echo over IPv6 may do.
    pub echo_v6: EchoAccess,
    /// Whether the neighbour table can be read.
    pub neighbours_readable: bool,
    /// Targets, other than those known to sleep, that answered something in the last 15 s.
    pub peers_answering: u32,
    /// Targets, other than those known to sleep, that answered nothing in the last 15 s although
    /// they did before.
    pub peers_silent: u32,
    /// Targets behind a router, reached through no tunnel and other than those known to sleep, that
    /// answered nothing in the last 15 s although they did before.
    pub silent_outside: u32,
    /// Interfaces on whose own link a target answered in the last 15 s, by kernel index.
    pub living_links: BTreeSet<u32>,
    /// When the newest request was sent that a target behind a router or a tunnel answered in the
    /// last two minutes, by the kernel index of the tunnel that leads there.
    pub answered_by: BTreeMap<Option<u32>, MonoTime>,
    /// Self-signed certificates that more than one machine presents, with the NTLM names of those
    /// machines, unescaped.
    pub shared_certificates: BTreeMap<Thumbprint, BTreeSet<String>>,
    /// What the siblings of failing hosts say of them.
    pub siblings: BTreeMap<TargetId, Contrast>,
    /// The latest changes of the tunnels of this machine, oldest first, bounded.
    pub tunnel_changes: Vec<TunnelChange>,
    /// When these surroundings were looked at.
    pub looked_at: Option<Now>,
    /// When they were looked at first.
    pub began: Option<Now>,
    /// Controls that proved themselves, and their last minute.
    pub controls: Vec<ControlStats>,
    /// What this machine's interfaces carry.
    pub traffic: Traffic,
    /// Targets whose round trips are slow because this machine's own traffic fills its line.
    pub saturated: Vec<(TargetId, Saturation)>,
    /// Whether the counters say anything of any target's round trips.
    pub load_known: bool,
    /// How strongly its Wi-Fi hears its access points.
    pub air: Airwaves,
    /// What its Wi-Fi has to do with what targets suffer.
    pub wifi: Vec<(TargetId, Wifi)>,
    /// What targets lost to it lately.
    pub lost_in_the_air: LostInTheAir,
    /// What names of controls lead to.
    pub control_names: BTreeMap<String, IpAddr>,
    /// Paths that are down, the first seen first, then those that were lately.
    pub outages: Vec<Arc<Outage>>,
    /// When paths broke, over days.
    pub breaks: Breaks,
    /// What fails several hosts at once, the first seen first.
    pub common: Vec<CommonCause>,
    /// What serves some target.
    pub serving: Serving,
    /// What the clocks of the targets say of this machine's.
    pub clocks: Clocks,
    /// How punctually this program ran in the last minute.
    pub punctuality: Punctuality,
}

/// Whether this monitor can judge anybody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Offline {
    /// It can.
    #[default]
    Online,
    /// No interface is up: only loopback targets are judged.
    NoInterface,
    /// Controls that answered ten of ten are silent, all of them: nobody beyond this machine's
    /// own links is judged, and nobody on one where nothing answers. Holds the controls.
    ControlsGone(Vec<IpAddr>),
}

impl Default for Surroundings {
    fn default() -> Self {
        Self {
            local: LocalState::default(),
            zone: TimeZone::UTC,
            limits: Thresholds::default(),
            offline: Offline::default(),
            echo_v4: EchoAccess::Off,
            echo_v6: EchoAccess::Off,
            neighbours_readable: false,
            peers_answering: 0,
            peers_silent: 0,
            silent_outside: 0,
            living_links: BTreeSet::new(),
            answered_by: BTreeMap::new(),
            shared_certificates: BTreeMap::new(),
            siblings: BTreeMap::new(),
            tunnel_changes: Vec::new(),
            looked_at: None,
            began: None,
            controls: Vec::new(),
            traffic: Traffic::default(),
            saturated: Vec::new(),
            load_known: false,
            air: Airwaves::default(),
            wifi: Vec::new(),
            lost_in_the_air: LostInTheAir::default(),
            control_names: BTreeMap::new(),
            outages: Vec::new(),
            breaks: Breaks::default(),
            common: Vec::new(),
            serving: Serving::default(),
            clocks: Clocks::default(),
            punctuality: Punctuality::default(),
        }
    }
}

impl Surroundings {
    /// When the path of `outage` broke before that one on the same day, the oldest first.
    #[must_use]
    pub fn broke_today(&self, outage: &Outage) -> Vec<WallTime> {
        let date = |at: WallTime| {
            let at = jiff::Timestamp::from_millisecond(at.unix_millis()).ok()?;
            Some(at.to_zoned(self.zone.clone()).date())
        };
        let today = date(outage.since.wall);
        let mut times = self.breaks.before(outage);
        times.retain(|at| date(*at) == today);
        times
    }

    /// Whether what was sent to `target` at `at` was lost with a path that was down.
    #[must_use]
    pub fn path_was_down(&self, target: TargetId, at: MonoTime) -> bool {
        self.outages.iter().any(|outage| outage.lost(target, at))
    }

    /// Whether it was lost with a path, and not with hosts that restarted together.
    #[must_use]
    pub fn path_alone_was_down(&self, target: TargetId, at: MonoTime) -> bool {
        self.outages.iter().any(|outage| outage.lost(target, at) && !outage.is_restart())
    }

    /// Whether it was lost with a path that brought all its hosts back at once.
    #[must_use]
    pub fn path_brought_back(&self, target: TargetId, at: MonoTime) -> bool {
        let outages = &mut self.outages.iter();
        outages.any(|outage| outage.lost(target, at) && !outage.may_be_restart())
    }

    /// Whether a change of a tunnel may be why something happened to a host that is dialled at `to`.
    #[must_use]
    pub fn is_of(&self, change: &TunnelChange, to: Option<IpAddr>) -> bool {
        let beside = |to| self.local.tunnel_of(to).is_none() && self.local.on_link(to).is_some();
        to.is_some_and(|to| change.concerns(to, beside(to)))
    }

    /// Whether `address` is on one of this machine's own links, and something there answers.
    #[must_use]
    pub fn is_on_living_link(&self, address: IpAddr) -> bool {
        !self.living_links.is_empty()
            && self.local.on_link(address).is_some_and(|own| self.living_links.contains(&own.index))
    }

    /// Whether `address` is a control at the site of `target`, by the configuration.
    #[must_use]
    pub fn is_control_of(&self, target: &Target, address: IpAddr) -> bool {
        is_control_of(&self.control_names, target, address)
    }
}

/// Whether `address` is a control at the site of `target`, by the configuration; `names` says what
/// names of controls lead to.
#[must_use]
pub fn is_control_of(names: &BTreeMap<String, IpAddr>, target: &Target, address: IpAddr) -> bool {
    target.controls.iter().any(|control| match control {
        Host::Address(own, _) => *own == address,
        Host::Name(name) => names.get(name) == Some(&address),
    })
}
