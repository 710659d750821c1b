//! This machine and its network, as far as they matter to the verdicts.

use super::Monitor;
use super::{Tracked, controls, link, shared_certificates};
use crate::domain::clocks::{Clocks, clock_skew};
use crate::domain::local::{EchoAccess, LocalState};
use crate::domain::rules::RULES;
use crate::domain::surroundings::{Offline, Surroundings};
use crate::domain::time::Now;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Losses older than this are not this machine's, however long everything was silent.
const LONG_SILENCE: Duration = Duration::from_mins(1);

/// What the clocks of `targets` together say of this machine's; those that are this machine say
/// nothing.
pub fn clocks<'a>(
    targets: impl IntoIterator<Item = &'a Tracked>,
    local: &LocalState,
    now: Now,
) -> Clocks {
    let mut skews = Skews::default();
    for tracked in targets {
        if let Some(address) = tracked.dialled().filter(|address| !local.owns(*address)) {
            skews.add(address, tracked, now);
        }
    }
    skews.compare()
}

/// What the clock at each address says, in milliseconds. Targets at one address are one host, which has one say.
#[derive(Default)]
pub(super) struct Skews(BTreeMap<IpAddr, Option<i64>>);

impl Skews {
    /// Adds what the target says that is dialled at `address`, not one of this machine.
    pub(super) fn add(&mut self, address: IpAddr, tracked: &Tracked, now: Now) {
        if tracked.nla().is_some_and(|entry| entry.value.clock_skew_ms.is_some()) {
            let skew = self.0.entry(address).or_insert(None);
            *skew = skew.or_else(|| clock_skew(tracked.nla(), now));
        }
    }

    /// Holds them against each other.
    pub(super) fn compare(self) -> Clocks {
        Clocks::compare(self.0.len(), self.0.into_values().flatten().collect())
    }
}

impl Monitor {
    /// Says what is around the targets, in place of what would be found out: a scenario is about
    /// one target and tells the rest. This machine's own state still comes from outside.
    pub fn set_given(&mut self, around: Surroundings, now: Now) {
        self.given = Some(Box::new(around));
        self.stand_in();
        self.diagnosis.observe(RULES, &self.around, now);
    }

    /// What is given in place of what was found out.
    pub(super) fn stand_in(&mut self) {
        let Some(given) = &self.given else { return };
        self.around = Surroundings {
            local: self.around.local.clone(),
            looked_at: self.around.looked_at,
            began: self.around.began,
            zone: self.around.zone.clone(),
            limits: self.around.limits.clone(),
            siblings: std::mem::take(&mut self.around.siblings),
            ..(**given).clone()
        };
    }

    pub(super) fn access_for(&self, address: Option<IpAddr>) -> EchoAccess {
        match address {
            Some(IpAddr::V6(_)) => self.around.echo_v6,
            _ => self.around.echo_v4,
        }
    }

    /// Takes in the state of this machine. One without any interface could not be read (loopback
    /// is always there), and what was known stands. Whether targets may be reached by another way
    /// than before: a tunnel came or went, or the default gateway is another.
    pub fn observe_local(&mut self, mut local: LocalState, now: Now) -> bool {
        if local.interfaces.is_empty() {
            let before = &self.around.local;
            local.interfaces.clone_from(&before.interfaces);
            local.gateway = before.gateway;
            local.gateway_interface.clone_from(&before.gateway_interface);
            local.routes = Arc::clone(&before.routes);
        }
        local.follow(&self.around.local);
        let differences = link::differences(&self.around.local, &local);
        if !differences.is_empty() || self.around.local.interfaces.is_empty() {
            self.targets.values_mut().for_each(Tracked::set_changed);
        }
        for text in self.link.record(differences, now) {
            self.log(None, now.wall, text);
        }
        let known_before = !self.around.local.interfaces.is_empty();
        let mut another_way = known_before && self.around.local.gateway != local.gateway;
        another_way |= self.note_tunnels(&local, now);
        self.around.traffic.observe(&local, now);
        self.around.air.observe(&local, now);
        self.around.local = local;
        another_way
    }

    /// Says which control addresses are followed from here on.
    pub fn follow_controls(&mut self, wanted: &BTreeSet<IpAddr>) {
        self.controls.follow(wanted);
    }

    /// What the names of controls lead to, as far as is known.
    #[must_use]
    pub const fn control_names(&self) -> &BTreeMap<String, IpAddr> {
        &self.around.control_names
    }

    /// Says what the names of controls lead to.
    pub fn set_control_names(&mut self, names: BTreeMap<String, IpAddr>) {
        self.around.control_names = names;
    }

    /// Takes in the round trip of an echo request to a control address, or that none came back.
    pub fn observe_control(&mut self, address: IpAddr, answer: Option<Duration>) {
        let at = self.around.looked_at.map(|at| at.mono);
        self.controls.observe(address, answer, at);
    }

    /// Takes in how late a regular beat of the program came: whoever comes late measures itself.
    pub fn observe_beat(&mut self, lag: Duration, now: Now) {
        self.beats.observe(now.mono, lag);
        self.around.punctuality = self.beats.punctuality();
    }

    pub(super) fn judge_surroundings(&mut self, now: Now) {
        self.around.looked_at = Some(now);
        self.around.began.get_or_insert(now);
        let (peers, skews) = self.count_peers(now);
        self.around.peers_answering = peers.answering;
        self.around.peers_silent = peers.silent;
        self.around.silent_outside = peers.silent_outside;
        self.around.living_links.clone_from(&peers.living_links);
        self.around.answered_by.clone_from(&peers.answered_by);
        self.around.clocks = skews.compare();
        self.contradict_controls(&peers, now);
        let was = self.around.offline.clone();
        self.around.offline = if !self.around.local.online() && !self.only_own_addresses() {
            Offline::NoInterface
        } else if peers.prove_the_way_out() {
            Offline::Online
        } else {
            self.controls.verdict()
        };
        if was != self.around.offline && was == Offline::Online {
            // What was lost while nobody knew yet.
            let noticed = now.mono.minus(controls::NOTICED_AFTER);
            let answered = self.last_answer().map_or(noticed, |at| at.min(noticed));
            let start = answered.max(now.mono.minus(LONG_SILENCE));
            let around = &self.around;
            let missed =
                self.targets.values_mut().filter(|tracked| !tracked.is_on_living_link(around));
            missed.for_each(|tracked| tracked.void_losses_since(start));
        }
        if was != self.around.offline {
            self.online_since = (self.around.offline == Offline::Online).then_some(now.mono);
            self.targets.values_mut().for_each(Tracked::set_changed);
            let text = match self.around.offline {
                Offline::Online => "this monitor is online again",
                Offline::NoInterface => "this monitor is offline: no interface is up",
                Offline::ControlsGone(_) => "this monitor is offline: its controls are silent",
            };
            self.log(None, now.wall, text.to_owned());
        }
        self.around.controls = self.controls.stats(&self.around.local);
        if self.around.offline == Offline::Online {
            self.look_for_outages(now);
            self.look_for_common_causes(now);
        }
        link::look_for_saturation(&self.targets, &mut self.around, now);
        self.around.wifi = link::on_weak_wifi(self.targets.values(), &self.around, now);
        self.around.lost_in_the_air.observe(&self.around.wifi, now.mono);
        if std::mem::take(&mut self.compare_certificates) {
            self.around.shared_certificates = shared_certificates(self.targets.values());
        }
        let mut told = std::mem::take(&mut self.around.siblings);
        self.siblings.look(&self.targets, &mut told, &self.around, now);
        self.around.siblings = told;
        self.stand_in();
        self.diagnosis.observe(RULES, &self.around, now);
    }
}
