//! What is around the target of a scenario: this machine, its controls, the other targets.

use super::air::Heard;
use super::answer::NO_ADDRESS;
use super::now;
use super::round::ADDRESS;
use super::rung::print;
use super::word::{milliseconds, parse, pick, span, split};
use super::wrong::Wrong;
use crate::domain::clocks::Clocks;
use crate::domain::common_cause::{
    Barred, CommonCause, GatewayFault, How, LineFault, ServiceFault, Shared, Spared, Thing, Trouble,
};
use crate::domain::control::{ControlRole, ControlStats};
use crate::domain::finding::Severity;
use crate::domain::load::{Beats, Punctuality};
use crate::domain::local::{EchoAccess, Interface, LocalState};
use crate::domain::outage::{Outage, Scope};
use crate::domain::route::{Origin, Route};
use crate::domain::sample::NtStatus;
use crate::domain::surroundings::{Offline, Surroundings};
use crate::domain::target::{GATEWAY_PORT, TargetId};
use crate::domain::throughput::Traffic;
use crate::domain::time::MonoTime;
use crate::domain::tunnel::TunnelChange;
use crate::domain::wifi::LostInTheAir;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// Index of the interface wg0.
pub(super) const TUNNEL: u32 = 4;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AroundTable {
    peers_answering: u32,
    peers_silent: u32,
    silent_outside: u32,
    /// What the clocks of the others say: `agree:0s`, `agree:-7m` (ours is 7 minutes ahead),
    /// `outdated`, `disagree`. Default: too few told theirs.
    clocks: Option<String>,
    /// So many of the program's last 120 beats, half a second apart, came a second late.
    late: u64,
    /// `datagram` (default), `raw`, `denied`, `off`.
    echo: Option<String>,
    neighbours: Option<bool>,
    /// `no-interface`, or the addresses of the controls that are gone.
    offline: Option<String>,
    /// Addresses of this machine, `10.0.0.5/24`.
    addresses: Vec<String>,
    /// Addresses of its tunnel, which is up.
    tunnel: Vec<String>,
    /// Routes of this machine: `203.0.113.9/32 via 10.0.0.1 eth0`, `10.9.0.0/16 wg0`; `kernel`
    /// behind the interface when the kernel made it.
    routes: Vec<String>,
    /// When the tunnel changed.
    tunnel_changed: Option<String>,
    /// When wg0 went down or came up, in turn: `["60s", "70s"]`.
    tunnel_changes: Vec<String>,
    /// What an interface carries, received and sent in Mbit/s: `60s-120s eth0 9.6/0.2`.
    traffic: Vec<String>,
    /// This machine's eth0 is the Wi-Fi wlan0, and how strongly it hears its access point, in dBm:
    /// `60s-120s -81`; with the access point behind it.
    signal: Vec<String>,
    /// What names of controls lead to.
    control_names: BTreeMap<String, IpAddr>,
    /// Controls and their last minute: `router 10.0.0.1 5/30 1ms 0ms` lost of sent, median, jitter;
    /// `dns`, `endpoint` and `peer` of a VPN, `site` for one of the target's own. Of one that lost
    /// all, `since=300s` behind it says when it fell silent.
    controls: Vec<String>,
    /// The path is down since so long with so many others, and the tunnel is why: `20s 11 tunnel`.
    outage: Option<String>,
    /// What fails so many hosts, this one among them, since then: `10.0.0.53 timeout 12 20s`; of a
    /// gateway `gw.corp.lab silent 12 20s`, or as a warning `gw.corp.lab refuses-warning 12 20s`; of a
    /// port `3389 filtered 12 20s`.
    fails: Vec<String>,
    /// Machines that share a certificate, by the byte that its thumbprint repeats.
    shared: BTreeMap<String, BTreeSet<String>>,
}

impl AroundTable {
    pub(super) fn surroundings(&self) -> Result<Surroundings, Wrong> {
        let accesses = [
            ("datagram", EchoAccess::Datagram),
            ("raw", EchoAccess::Raw),
            ("denied", EchoAccess::Denied),
            ("off", EchoAccess::Off),
        ];
        let echo = pick(&accesses, self.echo.as_deref().unwrap_or("datagram"))?;
        let outage = self.outage.as_deref().map(outage).transpose()?;
        let controls: Result<_, Wrong> = self.controls.iter().map(|text| control(text)).collect();
        Ok(Surroundings {
            siblings: BTreeMap::new(),
            local: self.local()?,
            offline: self.offline()?,
            echo_v4: echo,
            echo_v6: echo,
            neighbours_readable: self.neighbours.unwrap_or(true),
            peers_answering: self.peers_answering,
            peers_silent: self.peers_silent,
            answered_by: self.answered_by(),
            silent_outside: self.silent_outside,
            controls: controls?,
            traffic: self.traffic()?,
            saturated: Vec::new(),
            air: Heard::readings(&self.heard()?),
            wifi: Vec::new(),
            lost_in_the_air: LostInTheAir::default(),
            control_names: self.control_names.clone(),
            outages: outage.into_iter().map(Arc::new).collect(),
            common: self.fails.iter().map(|text| common(text)).collect::<Result<_, _>>()?,
            tunnel_changes: self.tunnel_changes()?,
            looked_at: None,
            shared_certificates: self.shared_certificates()?,
            clocks: self.clocks()?,
            punctuality: self.punctuality(),
            ..Surroundings::default()
        })
    }

    fn local(&self) -> Result<LocalState, Wrong> {
        Ok(LocalState {
            interfaces: self.interfaces()?,
            routes: self.routes.iter().map(|text| route(text)).collect::<Result<_, _>>()?,
            ..LocalState::default()
        })
    }

    /// Peers that answer do so all the time, on every way.
    fn answered_by(&self) -> BTreeMap<Option<u32>, MonoTime> {
        let ever = MonoTime::ZERO.plus(LONGEST_LOAD);
        let ways = [None, Some(TUNNEL)].into_iter().filter(|_| self.peers_answering > 0);
        ways.map(|way| (way, ever)).collect()
    }

    /// As the counters would have been read, every two seconds.
    fn traffic(&self) -> Result<Traffic, Wrong> {
        let loads: Vec<Load> =
            self.traffic.iter().map(|text| Load::read(text)).collect::<Result<_, _>>()?;
        let mut interfaces = self.interfaces()?;
        let mut traffic = Traffic::default();
        let end = loads.iter().map(|load| load.during.end).max().unwrap_or_default();
        let mut at = MonoTime::ZERO;
        while at < end.min(MonoTime::ZERO.plus(LONGEST_LOAD)) {
            for interface in &mut interfaces {
                Load::count(&loads, interface, at);
            }
            let local = LocalState { interfaces: interfaces.clone(), ..LocalState::default() };
            traffic.observe(&local, now(at));
            at = at.plus(Duration::from_secs(2));
        }
        Ok(traffic)
    }

    fn heard(&self) -> Result<Vec<Heard>, Wrong> {
        self.signal.iter().map(|text| Heard::read(text)).collect()
    }

    fn interfaces(&self) -> Result<Vec<Interface>, Wrong> {
        let mut interfaces = vec![self.own()?, interface(TUNNEL, "wg0", true, &self.tunnel)?];
        interfaces.retain(|interface| !interface.addresses.is_empty());
        Ok(interfaces)
    }

    fn own(&self) -> Result<Interface, Wrong> {
        let mut own = interface(2, "eth0", false, &self.addresses)?;
        Heard::tune(&self.heard()?, &mut own, MonoTime::ZERO);
        Ok(own)
    }

    fn offline(&self) -> Result<Offline, Wrong> {
        Ok(match self.offline.as_deref() {
            None => Offline::Online,
            Some("no-interface") => Offline::NoInterface,
            Some(controls) => {
                let addresses: Result<_, Wrong> =
                    controls.split(' ').map(|control| parse(control, "an address")).collect();
                Offline::ControlsGone(addresses?)
            }
        })
    }

    fn tunnel_changes(&self) -> Result<Vec<TunnelChange>, Wrong> {
        let local = self.local()?;
        let through = local.tunnel_of(ADDRESS).is_some();
        let blind = local.routes.is_empty();
        let moved: BTreeSet<IpAddr> = through.then_some(ADDRESS).into_iter().collect();
        let none = BTreeSet::new();
        let times = self.tunnel_changed.iter().chain(&self.tunnel_changes);
        let change = |(at, down): (&String, bool)| {
            let what = if down { "wg0 went down" } else { "wg0 came up" }.to_owned();
            let (left, taken) = if down { (&moved, &none) } else { (&none, &moved) };
            let (left, taken) = (left.clone(), taken.clone());
            let at = now(MonoTime::ZERO.plus(span(at)?));
            Ok(TunnelChange { at, what, left, taken, of_routes: false, blind })
        };
        times.zip((0..).map(|i| i % 2 == 0)).map(change).collect()
    }

    fn shared_certificates(
        &self,
    ) -> Result<BTreeMap<crate::domain::certificate::Thumbprint, BTreeSet<String>>, Wrong> {
        self.shared.iter().map(|(byte, machines)| Ok((print(byte)?, machines.clone()))).collect()
    }

    fn clocks(&self) -> Result<Clocks, Wrong> {
        let Some(word) = self.clocks.as_deref() else { return Ok(Clocks::TooFew) };
        match word.split_once(':').unwrap_or((word, "")) {
            ("agree", skew) => Ok(Clocks::Agree(milliseconds(skew)?)),
            ("outdated", _) => Ok(Clocks::Outdated),
            ("disagree", _) => Ok(Clocks::Disagree),
            (other, _) => Err(Wrong::word(other, ["agree", "outdated", "disagree"])),
        }
    }

    fn punctuality(&self) -> Punctuality {
        let mut beats = Beats::default();
        for beat in 0..120 {
            let late = Duration::from_secs(u64::from(beat < self.late));
            beats.observe(MonoTime::from_millis(beat * 500), late);
        }
        beats.punctuality()
    }
}

fn interface(
    index: u32,
    name: &str,
    tunnel: bool,
    addresses: &[String],
) -> Result<Interface, Wrong> {
    let parsed: Result<Vec<(IpAddr, u8)>, Wrong> = addresses
        .iter()
        .map(|text| {
            let (address, prefix) = split(text, "/", "ADDRESS/PREFIX")?;
            Ok((parse(address, "an address")?, parse(prefix, "the length of a prefix")?))
        })
        .collect();
    Ok(Interface { tunnel, ..Interface::up(index, name, parsed?) })
}

/// `router 10.0.0.1 5/30 1ms 0ms`.
fn control(text: &str) -> Result<ControlStats, Wrong> {
    let words: Vec<&str> = text.split(' ').collect();
    let (words, since) = match words.as_slice() {
        [words @ .., last] if last.starts_with("since=") => (words, last.strip_prefix("since=")),
        words => (words, None),
    };
    let [role, address, share, median, jitter] = words else {
        return Err(Wrong::expected(
            text,
            "ROLE ADDRESS LOST/SENT MEDIAN JITTER, or since=TIME or since=TIME-TIME behind",
        ));
    };
    let (lost, sent) = split(share, "/", "LOST/SENT")?;
    let roles = [
        ("router", ControlRole::Gateway),
        ("endpoint", ControlRole::VpnEndpoint),
        ("peer", ControlRole::TunnelPeer),
        ("dns", ControlRole::Dns),
        ("site", ControlRole::Group),
    ];
    let (sent, lost): (u32, u32) = (parse(sent, "a number")?, parse(lost, "a number")?);
    let missed = if lost == sent { lost } else { 0 };
    let (since, until) = since.map_or((None, None), |since| match since.split_once('-') {
        Some((since, until)) => (Some(since), Some(until)),
        None => (Some(since), None),
    });
    let at = |text: &str| Ok(MonoTime::ZERO.plus(span(text)?));
    let since = since.map(at).transpose()?;
    let until = until.map(at).transpose()?;
    Ok(ControlStats {
        address: parse(address, "an address")?,
        role: pick(&roles, role)?,
        sent,
        lost,
        missed,
        silent_since: (missed > 0).then(|| since.unwrap_or_default()),
        was_silent: since.zip(until),
        asked_since: None,
        median: Some(span(median)?),
        jitter: Some(span(jitter)?),
    })
}

/// How long traffic may be told for.
const LONGEST_LOAD: Duration = Duration::from_hours(2);

/// What an interface carries during some time, in bytes per second.
#[derive(Debug, Clone)]
pub(super) struct Load {
    during: Range<MonoTime>,
    interface: String,
    received: u64,
    sent: u64,
}

impl Load {
    /// `60s-120s eth0 9.6/0.2`: Mbit/s received and sent.
    pub(super) fn read(text: &str) -> Result<Self, Wrong> {
        let wrong = || Wrong::expected(text, "FROM-UNTIL INTERFACE RECEIVED/SENT");
        let words: Vec<&str> = text.split(' ').collect();
        let [times, interface, rates] = words.as_slice() else { return Err(wrong()) };
        let (from, until) = split(times, "-", "FROM-UNTIL, such as 40s-60s")?;
        let (received, sent) = split(rates, "/", "RECEIVED/SENT")?;
        let bytes = |text: &str| {
            let mbit: f64 = parse(text, "a number")?;
            // What fits: bounded right here.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded")]
            let bytes = (mbit.clamp(0.0, 1e6) * 125_000.0) as u64;
            Ok(bytes)
        };
        Ok(Self {
            during: MonoTime::ZERO.plus(span(from)?)..MonoTime::ZERO.plus(span(until)?),
            interface: (*interface).to_owned(),
            received: bytes(received)?,
            sent: bytes(sent)?,
        })
    }

    /// Sets the counters of an interface to what it carried until then.
    pub(super) fn count(loads: &[Self], interface: &mut Interface, at: MonoTime) {
        let (mut received, mut sent) = (1_000_u64, 1_000_u64);
        for load in loads.iter().filter(|load| load.interface == interface.name) {
            let lasted = load.during.end.min(at).since(load.during.start);
            let millis = u64::try_from(lasted.as_millis()).unwrap_or(u64::MAX);
            received = received.saturating_add(load.received.saturating_mul(millis) / 1_000);
            sent = sent.saturating_add(load.sent.saturating_mul(millis) / 1_000);
        }
        interface.received_bytes = Some(received);
        interface.sent_bytes = Some(sent);
    }
}

/// `203.0.113.9/32 via 10.0.0.1 eth0`, `10.8.0.1/32 wg0 kernel`.
pub(super) fn route(text: &str) -> Result<Route, Wrong> {
    let wrong = || Wrong::expected(text, "NETWORK/PREFIX [via GATEWAY] INTERFACE [kernel]");
    let words: Vec<&str> = text.split(' ').collect();
    let (words, origin) = match words.as_slice() {
        [rest @ .., "kernel"] => (rest, Origin::Kernel),
        all => (all, Origin::Machine),
    };
    let (to, gateway, interface) = match words {
        [to, "via", gateway, interface] => (to, Some(gateway), interface),
        [to, interface] => (to, None, interface),
        _ => return Err(wrong()),
    };
    let (destination, prefix) = split(to, "/", "NETWORK/PREFIX")?;
    Ok(Route {
        destination: parse(destination, "an address")?,
        prefix: parse(prefix, "the length of a prefix")?,
        gateway: gateway.map(|gateway| parse(gateway, "an address")).transpose()?,
        interface: pick(&[("eth0", 2), ("eth1", 3), ("wg0", TUNNEL)], interface)?,
        metric: 0,
        origin,
    })
}

/// `20s 11 tunnel`: since then, with so many others (at most 1 000), for the tunnel's sake; or
/// `restarting` (three of them are back and refuse their port) or `restart` (and it is over).
fn outage(text: &str) -> Result<Outage, Wrong> {
    let wrong =
        || Wrong::expected(text, "SINCE OTHERS, and nothing, tunnel, restarting or restart");
    let mut words = text.split(' ');
    let since = now(MonoTime::ZERO.plus(span(words.next().unwrap_or_default())?));
    let others = words.next().and_then(|word| word.parse::<u32>().ok());
    let others = others.filter(|others| *others <= 1_000).ok_or_else(wrong)?;
    let mut outage = Outage::new(Scope::Routed, since, Some("10.0.0.1".to_owned()));
    // Where they are dialled plays no part.
    let nowhere = IpAddr::from([0, 0, 0, 0]);
    outage.members = (0..=others).map(|id| (TargetId(id), nowhere)).collect();
    outage.of = 12;
    match words.next() {
        None => {}
        Some("tunnel") => outage.tunnel = Some("wg0 went down".to_owned()),
        Some(word @ ("restart" | "restarting")) => {
            outage.returns.refused = [21, 22, 23].map(|host| IpAddr::from([10, 9, 0, host])).into();
            if word == "restart" {
                (outage.alerts, outage.lingers, outage.ended) = (true, true, Some(since));
            }
        }
        Some(_) => return Err(wrong()),
    }
    Ok(outage)
}

fn common(text: &str) -> Result<CommonCause, Wrong> {
    let wrong = || Wrong::expected(text, "THING HOW HOSTS SINCE");
    let words: Vec<&str> = text.split(' ').collect();
    let [thing, how, hosts, since] = words.as_slice() else { return Err(wrong()) };
    let hosts = hosts.parse().ok().filter(|hosts| (1..=1_000).contains(hosts)).ok_or_else(wrong)?;
    let members: BTreeMap<TargetId, String> =
        (0..hosts).map(|id| (TargetId(id), format!("host-{id}"))).collect();
    let (how, severity) = match how.strip_suffix("-warning") {
        Some(how) => (how, Severity::Warning),
        None => (*how, Severity::Critical),
    };
    let (thing, how) = if let Ok(server) = thing.parse::<IpAddr>() {
        (Thing::NameServers(vec![server]), How::Name(pick(&NO_ADDRESS, how)?))
    } else if let Ok(port) = thing.parse::<u16>() {
        let hows = [
            ("filtered", How::Port(Barred::Filtered)),
            ("rejected", How::Port(Barred::Rejected(None))),
        ];
        (Thing::Port(port), pick(&hows, how)?)
    } else if let Some(kind) = thing.strip_prefix("alike:") {
        alike(kind, how).ok_or_else(wrong)?
    } else {
        let hows = [
            ("silent", How::Gateway(GatewayFault::Silent)),
            ("refuses", How::Gateway(GatewayFault::Refuses)),
            ("cut-off", How::Gateway(GatewayFault::CutOff)),
            ("name", How::Gateway(GatewayFault::Name)),
            ("tls", How::Gateway(GatewayFault::Tls)),
            ("answer", How::Gateway(GatewayFault::Answer)),
        ];
        (Thing::Gateway { host: (*thing).to_owned(), port: GATEWAY_PORT }, pick(&hows, how)?)
    };
    let since = now(MonoTime::ZERO.plus(span(since)?));
    Ok(CommonCause {
        thing,
        how,
        severity,
        since,
        until: since,
        says: None,
        spared: Spared::default(),
        in_turns: None,
        maintained: BTreeSet::new(),
        unheard: BTreeMap::new(),
        explained: BTreeMap::new(),
        served: None,
        of: members.len(),
        members,
        number: 1,
    })
}

/// What hosts have alike: `line loses`, `name 10.0.0.53`, `address 10.1.1.1`, `sign-in c000005e`.
fn alike(kind: &str, how: &str) -> Option<(Thing, How)> {
    let trouble = match kind {
        "line" => {
            let hows = [
                ("loses", LineFault::Loses),
                ("slow", LineFault::Slow),
                ("jumps", LineFault::Jumps),
            ];
            let fault = hows.into_iter().find(|(word, _)| *word == how)?.1;
            return Some((Thing::Alike(Trouble::Line(fault), Shared::Router), How::Itself));
        }
        "mtu" => Trouble::LargePackets,
        "name" => Trouble::SlowNames(how.parse().ok()?),
        "address" => Trouble::LeadsTo(how.parse().ok()?),
        "sign-in" => Trouble::SignIn(NtStatus(u32::from_str_radix(how, 16).ok()?)),
        "service" => {
            let hows = [
                ("refused", ServiceFault::Refused),
                ("silent", ServiceFault::Silent),
                ("in-turns", ServiceFault::InTurns),
                ("slow", ServiceFault::Slow),
            ];
            Trouble::Service(hows.into_iter().find(|(word, _)| *word == how)?.1)
        }
        _ => return None,
    };
    Some((Thing::Alike(trouble, Shared::All), How::Itself))
}

/// An interface on a network where no target is.
pub(super) fn elsewhere() -> Interface {
    Interface::up(
        3,
        "eth1",
        vec![
            (IpAddr::from([192, 0, 2, 5]), 24),
            (IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 5]), 64),
        ],
    )
}
