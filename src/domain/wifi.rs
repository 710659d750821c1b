//! Whether a weak Wi-Fi of this machine is what a target suffers from.

use super::control::{ControlRole, ControlStats};
use super::echo_series::EchoSeries;
use super::mac::MacAddr;
use super::surroundings::Surroundings;
use super::target::{Target, TargetId};
use super::thresholds::WifiThresholds;
use super::time::MonoTime;
use super::way::{Sign, Stretch, Way};
use super::wireless::{Signal, WeakSignal};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

/// What the controls and the target did is looked at over this span.
const WINDOW: Duration = Duration::from_mins(1);
/// Fewer losses are chance. The weak signal is evidence too: two are few otherwise.
const FEW: u32 = 2;
/// So long after the signal got weak the router's minute is all of that time.
const UNDECIDED: Duration = Duration::from_mins(1);
/// And so long it is waited for when it lost something, but too little.
const LONGER: Duration = Duration::from_mins(2);
/// Requests to the router that say something of jitter, or that nothing is lost.
const ENOUGH: u32 = 20;
/// A target that loses this many times what the router does, and this many percent more, has a
/// trouble of its own.
const OWN_TIMES: f64 = 2.0;
/// See [`OWN_TIMES`].
const OWN_MORE: f64 = 5.0;

/// Losses are looked at for this long at most: the widest window that may be configured.
const KEPT: Duration = Duration::from_mins(15);

/// A weak Wi-Fi, and what it does.
#[derive(Debug, Clone, PartialEq)]
pub struct WeakWifi {
    /// The interface, unescaped.
    pub interface: String,
    /// How weakly it hears.
    pub signal: WeakSignal,
    /// The access point, where that is told.
    pub access_point: Option<MacAddr>,
    /// What the own router answered in the same minute.
    pub router: ControlStats,
    /// The router loses as much as is critical.
    pub critical: bool,
}

/// What Wi-Fi has to do with what a target suffers.
#[derive(Debug, Clone, PartialEq)]
pub enum Wifi {
    /// Nothing is known of it.
    Unknown,
    /// Nothing.
    Sound,
    /// It was weak a moment ago, or is not long enough.
    Wavers,
    /// It is the cause.
    Weak(WeakWifi),
}

/// What Wi-Fi has to do with what a target suffers at this moment.
#[must_use]
pub fn wifi(
    around: &Surroundings,
    target: &Target,
    to: IpAddr,
    echo: &EchoSeries,
    now: MonoTime,
) -> Wifi {
    if around.air.is_empty() {
        return Wifi::Unknown;
    }
    let local = &around.local;
    let limits = &target.thresholds.wifi_weak;
    let Some(carrier) = local.carrier_of(to).filter(|carrier| carrier.radio.is_some()) else {
        return Wifi::Unknown;
    };
    let signal = match around.air.signal(&carrier.name, limits, now) {
        Signal::Unknown => return Wifi::Unknown,
        Signal::Strong => return Wifi::Sound,
        Signal::Wavers => return Wifi::Wavers,
        Signal::Weak(signal) => signal,
    };
    let is_router = |control: &&ControlStats| control.role == ControlRole::Gateway;
    let Some(router) = around.controls.iter().find(is_router) else { return Wifi::Unknown };
    let blamed = match ails(router, limits) {
        Some(true) => begins_in_the_air(around, target, to) && suffers(echo, router, limits, now),
        Some(false) => false,
        None => return Wifi::Wavers,
    };
    if !blamed {
        // A minute without a loss may be chance.
        let lately = around.lost_in_the_air.lately(target.id, now);
        return if lately { Wifi::Wavers } else { Wifi::Sound };
    }
    let critical = target.thresholds.packet_loss.critical_pct;
    Wifi::Weak(WeakWifi {
        interface: carrier.name.clone(),
        signal,
        access_point: carrier.radio.and_then(|radio| radio.access_point),
        router: *router,
        critical: router.lost >= FEW && percentage(router.lost, router.sent) >= critical,
    })
}

/// Whether it is too early to say that what is lost to a target is not lost in the air: the signal
/// got weak, and the router that will tell was not asked often enough since.
#[must_use]
pub fn undecided(around: &Surroundings, target: &Target, to: IpAddr, now: MonoTime) -> bool {
    if around.air.is_empty() {
        return false;
    }
    let limits = &target.thresholds.wifi_weak;
    let Some(carrier) = around.local.carrier_of(to) else { return false };
    let Some(since) = around.air.low_since(&carrier.name, limits, now) else { return false };
    let router = around.controls.iter().find(|control| control.role == ControlRole::Gateway);
    let patience = router.map_or(Duration::ZERO, |router| match ails(router, limits) {
        Some(_) => UNDECIDED,
        None => LONGER,
    });
    now.since(since) <= patience
}

fn percentage(lost: u32, sent: u32) -> f64 {
    if sent == 0 { 0.0 } else { f64::from(lost) * 100.0 / f64::from(sent) }
}

/// Whether a control loses or jumps, or has nothing of it.
fn ails(control: &ControlStats, limits: &WifiThresholds) -> Option<bool> {
    let loses = control.lost >= FEW && percentage(control.lost, control.sent) >= limits.lost_pct;
    let known = control.sent >= ENOUGH;
    let jumps = known && control.jitter.is_some_and(|jitter| jitter >= limits.jitter);
    if loses || jumps { Some(true) } else { (known && control.lost == 0).then_some(false) }
}

/// Whether nothing beyond the router is sound: routers answer echo requests when they have time.
fn begins_in_the_air(around: &Surroundings, target: &Target, to: IpAddr) -> bool {
    let limits = &target.thresholds.wifi_weak;
    let signs = around.controls.iter().filter_map(|control| {
        let ails = ails(control, limits)?;
        Some(Sign { address: control.address, role: control.role, ails })
    });
    let at_site = |address| around.is_control_of(target, address);
    let way = Way::of(&around.local, to, at_site, signs);
    // The router itself may be what is watched.
    around.local.own_router() == Some(to)
        || way.ailing.is_some_and(|(stretch, _)| stretch == Stretch::Own)
}

/// Whether a target that answers has its part in it, and no more than the router's.
fn suffers(
    echo: &EchoSeries,
    router: &ControlStats,
    limits: &WifiThresholds,
    now: MonoTime,
) -> bool {
    let minute = echo.window(now, WINDOW);
    let lost = percentage(minute.lost, minute.sent);
    let most = OWN_TIMES * percentage(router.lost, router.sent) + OWN_MORE;
    let jumps = minute.jitter.is_some_and(|jitter| jitter >= limits.jitter);
    minute.received > 0 && lost <= most && (minute.lost >= FEW || jumps)
}

/// What Wi-Fi has to do with what each target suffers, where it has.
#[must_use]
pub fn with_part<'a>(
    around: &Surroundings,
    targets: impl Iterator<Item = (&'a Target, Option<IpAddr>, &'a EchoSeries)>,
    now: MonoTime,
) -> Vec<(TargetId, Wifi)> {
    if around.air.is_empty() {
        return Vec::new();
    }
    let of = |(target, to, echo): (&Target, Option<IpAddr>, &EchoSeries)| {
        let found = wifi(around, target, to?, echo, now);
        matches!(found, Wifi::Weak(_) | Wifi::Wavers).then_some((target.id, found))
    };
    targets.filter_map(of).collect()
}

/// When each target lost packets to a weak Wi-Fi: such losses are no news of the target when the
/// signal is strong again and the window of loss still holds them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LostInTheAir(BTreeMap<TargetId, Spell>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spell {
    from: MonoTime,
    until: MonoTime,
    /// When it was certain last.
    weak: MonoTime,
}

impl LostInTheAir {
    /// Takes in what Wi-Fi has to do with each target at this moment.
    pub fn observe(&mut self, found: &[(TargetId, Wifi)], now: MonoTime) {
        self.0.retain(|_, spell| now.since(spell.until) <= KEPT);
        for (target, wifi) in found {
            let began = now.minus(WINDOW);
            let before = self.0.get(target).copied().filter(|spell| spell.until >= began);
            let spell = match (wifi, before) {
                (Wifi::Weak(_), before) => {
                    Spell { from: before.map_or(began, |spell| spell.from), until: now, weak: now }
                }
                (Wifi::Wavers, Some(spell)) if now.since(spell.weak) <= LONGER => {
                    Spell { until: now, ..spell }
                }
                _ => continue,
            };
            self.0.insert(*target, spell);
        }
    }

    /// Whether what the target lost then was lost to the Wi-Fi.
    #[must_use]
    pub fn holds(&self, target: TargetId, at: MonoTime) -> bool {
        self.0.get(&target).is_some_and(|spell| (spell.from..=spell.until).contains(&at))
    }

    /// Whether it lost something to the Wi-Fi within the last minute.
    fn lately(&self, target: TargetId, now: MonoTime) -> bool {
        self.0.get(&target).is_some_and(|spell| now.since(spell.weak) <= WINDOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spell_is_held_while_it_wavers_and_not_for_ever() {
        let at = MonoTime::from_secs;
        let one = TargetId(1);
        let weak = Wifi::Weak(WeakWifi {
            interface: "wlan0".to_owned(),
            signal: WeakSignal { dbm: -80, since: super::super::diagnose::fixture::at(0) },
            access_point: None,
            router: ControlStats::of([10, 0, 0, 1].into(), ControlRole::Gateway, &[]),
            critical: false,
        });
        let mut lost = LostInTheAir::default();
        lost.observe(&[(one, Wifi::Wavers)], at(90));
        assert!(!lost.holds(one, at(90)), "nothing is certain yet");
        lost.observe(&[(one, weak)], at(100));
        assert!(lost.holds(one, at(40)) && lost.holds(one, at(100)) && lost.lately(one, at(160)));
        assert!(!lost.holds(one, at(39)) && !lost.holds(TargetId(2), at(90)));
        (101..400).for_each(|second| lost.observe(&[(one, Wifi::Wavers)], at(second)));
        assert!(
            lost.holds(one, at(220)) && !lost.holds(one, at(221)) && !lost.lately(one, at(161))
        );
        lost.observe(&[], at(220 + 901));
        assert_eq!(lost, LostInTheAir::default());
    }
}
