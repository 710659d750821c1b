//! Reads scenarios and plays them to the engine.

pub(crate) mod crowd;
mod gateway;
mod session;
mod words;

use rdpwatch::domain::alert::AlertSettings;
use rdpwatch::domain::certificate::Thumbprint;
use rdpwatch::domain::client_settings::{Authentication, ClientSettings};
use rdpwatch::domain::clocks::Clocks;
use rdpwatch::domain::control::{ControlRole, ControlStats};
use rdpwatch::domain::diagnose::{MonitorDiagnosis, judge_monitor_moment};
use rdpwatch::domain::finding::Finding;
use rdpwatch::domain::identity::RememberedIdentity;
use rdpwatch::domain::load::{Beats, Punctuality};
use rdpwatch::domain::local::{EchoAccess, Interface, LocalState};
use rdpwatch::domain::memory::TargetMemory;
use rdpwatch::domain::outage::{Outage, Scope};
use rdpwatch::domain::route::{Origin, Route};
use rdpwatch::domain::rules::RULES;
use rdpwatch::domain::sample::{EchoMethod, Observation, Sample};
use rdpwatch::domain::target::{
    Expected, GatewayAddress, GatewayUsage, Host, Target, TargetId, TargetKind,
};
use rdpwatch::domain::time::{MonoTime, Now, WallTime};
use rdpwatch::domain::view::{Mode, Offline, Surroundings, TunnelChange};
use rdpwatch::domain::wake::{Reach, WakeProgress, WakeReceipt};
use rdpwatch::monitor::{Access, Budget, Monitor, Tracked};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use words::{Round, span};

/// 2026-11-21T07:00:00Z, the wall clock at second 0.
const START: WallTime = WallTime::from_unix_secs(1_795_244_400);

/// Between two ticks of the monitor.
const TICK: Duration = Duration::from_secs(5);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    scenario: Vec<Scenario>,
}

/// One scenario.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    #[serde(default)]
    mode: ScenarioMode,
    #[serde(default)]
    target: TargetTable,
    #[serde(default)]
    around: AroundTable,
    wake: Option<WakeTable>,
    /// A session of this machine on the target.
    session: Option<session::SessionTable>,
    #[serde(default)]
    round: Vec<Round>,
    expect: Vec<Expect>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ScenarioMode {
    #[default]
    Watch,
    Moment,
}

/// What is expected at one moment.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    /// Default: when the last sample has ended.
    at: Option<String>,
    /// Everything that is told, as `rule:severity`, in any order.
    findings: Vec<String>,
    /// Confidence of the first finding named.
    confidence: Option<String>,
    /// Owner of the first finding named.
    owner: Option<String>,
    /// What must be found in the first finding's title, sentence or evidence.
    #[serde(default)]
    says: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TargetTable {
    host: Option<String>,
    kind: Option<String>,
    expected: Option<String>,
    expect: Vec<IpAddr>,
    mac: Option<String>,
    aliases: Vec<String>,
    /// Controls at its site, by address or name.
    controls: Vec<String>,
    /// The RD Gateway's host; port 443.
    gateway: Option<String>,
    gateway_usage: Option<String>,
    /// What a connection file asks for.
    client: ClientTable,
    /// Remembered from earlier runs.
    sleeps: bool,
    /// Remembered thumbprints: the byte they repeat, and days ago.
    thumbprints: BTreeMap<String, i64>,
    remembered_mac: Option<String>,
    /// Remembered: its UDP transport answered so many days ago, at 10.0.0.21.
    udp_answered: Option<u64>,
    /// Who answered in earlier runs.
    remembered: Option<RememberedTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RememberedTable {
    computer: Option<String>,
    dns: Option<String>,
    common_name: Option<String>,
    mac: Option<String>,
    address: Option<IpAddr>,
    #[serde(default)]
    rightful: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ClientTable {
    credssp: Option<bool>,
    /// `authentication level` of the file.
    authentication: Option<i64>,
    entra: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AroundTable {
    peers_answering: u32,
    peers_silent: u32,
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
    /// What names of controls lead to.
    control_names: BTreeMap<String, IpAddr>,
    /// Controls and their last minute: `router 10.0.0.1 5/30 1ms 0ms` lost of sent, median, jitter;
    /// `dns`, `endpoint` and `peer` of a VPN, `site` for one of the target's own.
    controls: Vec<String>,
    /// The path is down since so long with so many others, and the tunnel is why: `20s 11 tunnel`.
    outage: Option<String>,
    /// Machines that share a certificate, by the byte that its thumbprint repeats.
    shared: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WakeTable {
    at: String,
    wait: String,
    on_link: Option<bool>,
    refused: Option<String>,
}

impl Scenario {
    /// Everything that any moment expects.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = &str> {
        self.expect.iter().flat_map(|expect| &expect.findings).map(String::as_str)
    }

    /// Whether a rule is expected at some moment.
    pub(crate) fn expects(&self, id: &str) -> bool {
        self.wanted().any(|wanted| wanted.split(':').next() == Some(id))
    }

    /// Whether a rule is expected with a severity at some moment.
    pub(crate) fn expects_at(&self, id: &str, severity: &str) -> bool {
        self.wanted().any(|wanted| wanted.split_once(':') == Some((id, severity)))
    }

    /// What differs from what is expected.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let mut samples = self.samples();
        samples.sort_by_key(|sample| sample.ended_at);
        let end = samples.last().map_or(MonoTime::ZERO, |sample| sample.ended_at);
        let mut complaints = Vec::new();
        for expect in &self.expect {
            let until = expect.at.as_deref().map_or(end, |at| MonoTime::ZERO.plus(span(at)));
            let found = self.play(&samples, until);
            complaints.extend(expect.complaints(&found, until));
        }
        complaints
    }

    /// Plays every sample that has ended by `until`, and returns what is found then.
    fn play(&self, samples: &[Sample], until: MonoTime) -> Vec<Finding> {
        let around = self.around.surroundings();
        let target = Arc::new(self.target.target());
        let method = match around.echo_v4 {
            EchoAccess::Datagram | EchoAccess::Raw => EchoMethod::Icmp,
            EchoAccess::Denied | EchoAccess::Off => EchoMethod::Tcp,
        };
        let mut tracked = Tracked::new(target, self.target.memory(), method, now(MonoTime::ZERO));
        let mut ticked = MonoTime::ZERO;
        let mut woken = self.wake.as_ref();
        for sample in samples.iter().filter(|sample| sample.ended_at <= until) {
            while ticked.plus(TICK) <= sample.ended_at {
                ticked = ticked.plus(TICK);
                if let Some(look) = self.session.as_ref().map(|table| table.look(ticked)) {
                    tracked.observe_sessions(&look, &around, now(ticked));
                }
                tracked.tick_if_due(&around, now(ticked));
            }
            if let Some(wake) =
                woken.take_if(|wake| MonoTime::ZERO.plus(span(&wake.at)) <= sample.sent_at.mono)
            {
                tracked.set_wake(wake.progress());
            }
            tracked.observe(sample, &around, now(sample.ended_at));
            if let Some(echo) = tracked.echo_of(sample) {
                tracked.observe(&echo, &around, now(sample.ended_at));
            }
        }
        let mode = match self.mode {
            ScenarioMode::Watch => Mode::Watch,
            ScenarioMode::Moment => Mode::Moment,
        };
        while ticked.plus(TICK) <= until {
            ticked = ticked.plus(TICK);
            if let Some(look) = self.session.as_ref().map(|table| table.look(ticked)) {
                tracked.observe_sessions(&look, &around, now(ticked));
            }
            tracked.tick_if_due(&around, now(ticked));
        }
        let mut found = match mode {
            Mode::Watch => {
                let mut own = MonitorDiagnosis::default();
                own.observe(RULES, &around, now(until));
                own.findings(RULES)
            }
            Mode::Moment => judge_monitor_moment(RULES, &around, now(until)),
        };
        found.extend(tracked.findings(mode, &around, now(until)));
        found
    }

    /// What differs when the whole monitor is driven in place of one tracked target: what is told
    /// at the end, and that nothing is told of anybody else. `None` where the scenario sets by hand
    /// what the monitor finds out itself, or is about a single moment.
    pub(crate) fn complaints_of_monitor(&self) -> Option<Vec<String>> {
        let around = &self.around;
        let by_hand = around.offline.is_some()
            || around.tunnel_changed.is_some()
            || !around.shared.is_empty()
            || around.clocks.is_some()
            || around.late > 0
            || around.outage.is_some()
            || !around.controls.is_empty()
            || !around.tunnel_changes.is_empty()
            || (around.peers_answering, around.peers_silent) != (0, 0);
        if by_hand || self.mode == ScenarioMode::Moment {
            return None;
        }
        let mut samples = self.samples();
        samples.sort_by_key(|sample| sample.ended_at);
        let end = samples.last().map_or(MonoTime::ZERO, |sample| sample.ended_at);
        let mut complaints = Vec::new();
        for expect in &self.expect {
            let until = expect.at.as_deref().map_or(end, |at| MonoTime::ZERO.plus(span(at)));
            complaints.extend(expect.complaints(&self.monitored(&samples, until), until));
        }
        Some(complaints)
    }

    /// Drives a monitor with every sample that has ended by `until`, and returns what it tells.
    fn monitored(&self, samples: &[Sample], until: MonoTime) -> Vec<Finding> {
        let mut around = self.around.surroundings();
        if around.local.interfaces.is_empty() {
            around.local.interfaces.push(elsewhere());
        }
        let access = Access {
            echo_v4: around.echo_v4,
            echo_v6: around.echo_v6,
            neighbours: around.neighbours_readable,
        };
        let start = now(MonoTime::ZERO);
        let mut monitor = Monitor::new(access, around.local, AlertSettings::default(), start);
        monitor.add(self.target.target(), self.target.memory(), start);
        let mut ticked = MonoTime::ZERO;
        let mut woken = self.wake.as_ref();
        for sample in samples.iter().filter(|sample| sample.ended_at <= until) {
            while ticked.plus(TICK) <= sample.ended_at {
                ticked = ticked.plus(TICK);
                if let Some(look) = self.session.as_ref().map(|table| table.look(ticked)) {
                    monitor.observe_sessions(TargetId(0), &look, now(ticked));
                }
                monitor.tick(now(ticked));
            }
            if let Some(wake) =
                woken.take_if(|wake| MonoTime::ZERO.plus(span(&wake.at)) <= sample.sent_at.mono)
            {
                monitor.set_wake(TargetId(0), wake.progress(), START, String::new());
            }
            monitor.observe(sample, now(sample.ended_at));
        }
        while ticked.plus(TICK) <= until {
            ticked = ticked.plus(TICK);
            if let Some(look) = self.session.as_ref().map(|table| table.look(ticked)) {
                monitor.observe_sessions(TargetId(0), &look, now(ticked));
            }
            monitor.tick(now(ticked));
        }
        let snapshot = monitor.snapshot(now(until), 0, |_| Budget::default());
        let told = snapshot.targets.iter().flat_map(|target| target.findings.iter().cloned());
        snapshot.monitor.findings.iter().cloned().chain(told).collect()
    }

    fn samples(&self) -> Vec<Sample> {
        let mut samples = Vec::new();
        let resolves = self.round.iter().any(|round| round.resolve.is_some());
        if !resolves && !self.round.is_empty() && self.target.target().host.name().is_some() {
            let (observation, took) = words::resolution("10.0.0.21", None, None, &[]);
            push(&mut samples, MonoTime::ZERO, took, observation);
        }
        for round in &self.round {
            let every = round.every.as_deref().map_or(Duration::from_secs(1), span);
            for index in 0..round.times.unwrap_or(1) {
                let at = MonoTime::ZERO.plus(span(&round.at) + every * index);
                for (observation, took) in round.observations(index, START) {
                    push(&mut samples, at, took, observation);
                }
            }
        }
        samples
    }
}

/// An interface on a network where no target is.
fn elsewhere() -> Interface {
    Interface {
        index: 3,
        name: "eth1".to_owned(),
        up: true,
        loopback: false,
        tunnel: false,
        addresses: vec![
            (IpAddr::from([192, 0, 2, 5]), 24),
            (IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 5]), 64),
        ],
        mac: None,
        received_bytes: None,
        sent_bytes: None,
    }
}

fn push(samples: &mut Vec<Sample>, at: MonoTime, took: Duration, observation: Observation) {
    // Only the order of echo numbers matters: they grow with the time they were sent at.
    let seq = at.as_nanos();
    let ended_at = at.plus(took);
    samples.push(Sample { target: TargetId(0), seq, sent_at: now(at), ended_at, observation });
}

fn now(mono: MonoTime) -> Now {
    Now { mono, wall: START.plus(mono.since(MonoTime::ZERO)) }
}

impl Expect {
    fn complaints(&self, found: &[Finding], until: MonoTime) -> Vec<String> {
        let mut complaints = Vec::new();
        let at = until.as_nanos() / 1_000_000_000;
        let word = |finding: &Finding| format!("{}:{}", finding.rule, finding.severity.word());
        let mut told: Vec<String> = found.iter().map(word).collect();
        let mut wanted = self.findings.clone();
        told.sort();
        wanted.sort();
        if told != wanted {
            complaints.push(format!("at {at} s expected {wanted:?}, found {told:?}"));
        }
        let Some(first) = self
            .findings
            .first()
            .and_then(|wanted| found.iter().find(|finding| word(finding) == *wanted))
        else {
            return complaints;
        };
        let text = [&first.title, &first.sentence].into_iter().chain(&first.evidence);
        let text: Vec<&str> = text.map(String::as_str).collect();
        let text = text.join("\n");
        for says in &self.says {
            if !text.contains(says.as_str()) {
                complaints.push(format!("{says:?} is not in:\n{text}"));
            }
        }
        for (wanted, is) in
            [(&self.confidence, first.confidence.word()), (&self.owner, first.owner.word())]
        {
            if wanted.as_deref().is_some_and(|wanted| wanted != is) {
                complaints.push(format!("{} is {is}, not {wanted:?}", first.rule));
            }
        }
        complaints
    }
}

impl TargetTable {
    fn target(&self) -> Target {
        let host = self.host.as_deref().unwrap_or("office-pc.corp.lab");
        let host = host
            .parse()
            .map_or_else(|_| Host::Name(host.to_owned()), |address| Host::Address(address, None));
        let mut target = Target::new(TargetId(0), "office-pc", host);
        target.kind = word(&TargetKind::WORDS, self.kind.as_deref().unwrap_or("server"));
        target.expected = word(&Expected::WORDS, self.expected.as_deref().unwrap_or("always"));
        target.expect.clone_from(&self.expect);
        target.aliases.clone_from(&self.aliases);
        target.gateway = self.gateway.as_deref().map(|host| {
            let usage = self.gateway_usage.as_deref().unwrap_or("always");
            let host = host.parse().map_or_else(
                |_| Host::Name(host.to_owned()),
                |address| Host::Address(address, None),
            );
            GatewayAddress { host, port: 443, usage: word(&GatewayUsage::WORDS, usage) }
        });
        target.controls = self
            .controls
            .iter()
            .map(|text| {
                text.parse().map_or_else(|_| Host::Name(text.clone()), |ip| Host::Address(ip, None))
            })
            .collect();
        target.mac = self.mac.as_deref().map(|mac| mac.parse().expect("a MAC address"));
        target.client = Some(self.client.asked()).filter(ClientSettings::says_something);
        target
    }

    fn memory(&self) -> TargetMemory {
        let mut memory = TargetMemory { sleeps: self.sleeps, ..TargetMemory::default() };
        memory.mac = self.remembered_mac.as_deref().map(|mac| mac.parse().expect("a MAC address"));
        if let Some(before) = &self.remembered {
            let seen = START.minus(Duration::from_hours(24));
            memory.identity = Some(RememberedIdentity {
                computer: before.computer.clone(),
                dns_computer: before.dns.clone(),
                common_name: before.common_name.clone(),
                mac: before.mac.as_deref().map(|mac| mac.parse().expect("a MAC address")),
                rightful: before.rightful,
                seen,
            });
            memory.addresses.extend(before.address.map(|address| (address, seen)));
        }
        for (byte, days) in &self.thumbprints {
            let seen = START.minus(Duration::from_hours(24 * days.unsigned_abs()));
            memory.thumbprints.insert(print(byte), seen);
        }
        memory.udp_answered =
            self.udp_answered.map(|days| START.minus(Duration::from_hours(24 * days)));
        memory.udp_address = self.udp_answered.map(|_| IpAddr::from([10, 0, 0, 21]));
        memory
    }
}

impl ClientTable {
    fn asked(&self) -> ClientSettings {
        ClientSettings {
            credssp: self.credssp,
            authentication: self.authentication.and_then(Authentication::of),
            entra: self.entra,
        }
    }
}

/// A thumbprint that repeats one byte.
fn print(byte: &str) -> Thumbprint {
    Thumbprint::from_hex(&byte.repeat(32)).expect("two hex digits")
}

fn word<T: Copy>(words: &[(&str, T)], wanted: &str) -> T {
    words.iter().find(|(word, _)| *word == wanted).unwrap_or_else(|| panic!("no word {wanted}")).1
}

impl AroundTable {
    fn punctuality(&self) -> Punctuality {
        let mut beats = Beats::default();
        for beat in 0..120 {
            let late = Duration::from_secs(u64::from(beat < self.late));
            beats.observe(MonoTime::from_millis(beat * 500), late);
        }
        beats.punctuality()
    }

    fn surroundings(&self) -> Surroundings {
        let echo = match self.echo.as_deref().unwrap_or("datagram") {
            "datagram" => EchoAccess::Datagram,
            "raw" => EchoAccess::Raw,
            "denied" => EchoAccess::Denied,
            "off" => EchoAccess::Off,
            other => panic!("no echo access {other}"),
        };
        let offline = match self.offline.as_deref() {
            None => Offline::Online,
            Some("no-interface") => Offline::NoInterface,
            Some(controls) => Offline::ControlsGone(
                controls.split(' ').map(|control| control.parse().expect("an address")).collect(),
            ),
        };
        let parsed = |texts: &[String]| -> Vec<(IpAddr, u8)> {
            let parse = |text: &String| {
                let (address, prefix) = text.split_once('/').expect("address/prefix");
                (address.parse().expect("an address"), prefix.parse().expect("a prefix"))
            };
            texts.iter().map(parse).collect()
        };
        let interface = |index, name: &str, tunnel, addresses: &[String]| Interface {
            index,
            name: name.to_owned(),
            up: true,
            loopback: false,
            tunnel,
            addresses: parsed(addresses),
            mac: None,
            received_bytes: None,
            sent_bytes: None,
        };
        let mut interfaces = vec![
            interface(2, "eth0", false, &self.addresses),
            interface(4, "wg0", true, &self.tunnel),
        ];
        interfaces.retain(|interface| !interface.addresses.is_empty());
        Surroundings {
            siblings: BTreeMap::new(),
            local: LocalState {
                interfaces,
                routes: self.routes.iter().map(|text| route(text)).collect(),
                ..LocalState::default()
            },
            offline,
            echo_v4: echo,
            echo_v6: echo,
            neighbours_readable: self.neighbours.unwrap_or(true),
            peers_answering: self.peers_answering,
            peers_silent: self.peers_silent,
            controls: self.controls.iter().map(|text| control(text)).collect(),
            control_names: self.control_names.clone(),
            outages: self.outage.as_deref().map(outage).into_iter().collect(),
            tunnel_changes: self
                .tunnel_changed
                .iter()
                .chain(&self.tunnel_changes)
                .zip((0..).map(|i| i % 2 == 0))
                .map(change)
                .collect(),
            looked_at: None,
            shared_certificates: self
                .shared
                .iter()
                .map(|(byte, machines)| (print(byte), machines.clone()))
                .collect(),
            clocks: match self
                .clocks
                .as_deref()
                .map(|word| word.split_once(':').unwrap_or((word, "")))
            {
                None => Clocks::TooFew,
                Some(("agree", skew)) => Clocks::Agree(words::milliseconds(skew)),
                Some(("outdated", _)) => Clocks::Outdated,
                Some(("disagree", _)) => Clocks::Disagree,
                Some((other, _)) => panic!("no clocks {other}"),
            },
            punctuality: self.punctuality(),
        }
    }
}

impl WakeTable {
    fn progress(&self) -> WakeProgress {
        let started = now(MonoTime::ZERO.plus(span(&self.at)));
        let receipt = WakeReceipt {
            at: started.wall,
            mac: "02:11:22:33:44:55".parse().expect("a MAC address"),
            reach: self
                .on_link
                .map(|direct| if direct { Reach::OnLink } else { Reach::Routed(Vec::new()) }),
            sends: vec![],
            skipped: vec![],
            refused: self.refused.clone(),
            relay: None,
        };
        WakeProgress::new(receipt, started, span(&self.wait))
    }
}

/// Every scenario, by the name of its file.
fn change((at, down): (&String, bool)) -> TunnelChange {
    TunnelChange {
        at: now(MonoTime::ZERO.plus(span(at))),
        what: if down { "wg0 went down" } else { "wg0 came up" }.to_owned(),
    }
}

/// `router 10.0.0.1 5/30 1ms 0ms`.
fn control(text: &str) -> ControlStats {
    let [role, address, share, median, jitter] = text.split(' ').collect::<Vec<_>>()[..] else {
        panic!("no control {text}")
    };
    let (lost, sent) = share.split_once('/').expect("lost/sent");
    ControlStats {
        address: address.parse().expect("an address"),
        role: match role {
            "router" => ControlRole::Gateway,
            "dns" => ControlRole::Dns,
            "site" => ControlRole::Group,
            "peer" => ControlRole::TunnelPeer,
            "endpoint" => ControlRole::VpnEndpoint,
            other => panic!("no role {other}"),
        },
        sent: sent.parse().expect("sent"),
        lost: lost.parse().expect("lost"),
        median: Some(span(median)),
        jitter: Some(span(jitter)),
    }
}

/// `203.0.113.9/32 via 10.0.0.1 eth0`.
pub(crate) fn route(text: &str) -> Route {
    let mut words: Vec<&str> = text.split(' ').collect();
    let origin = match words.last() {
        Some(&"kernel") => {
            words.pop();
            Origin::Kernel
        }
        _ => Origin::Machine,
    };
    let (to, gateway, interface) = match words[..] {
        [to, "via", gateway, interface] => (to, Some(gateway), interface),
        [to, interface] => (to, None, interface),
        _ => panic!("no route {text}"),
    };
    let (destination, prefix) = to.split_once('/').expect("address/prefix");
    Route {
        destination: destination.parse().expect("an address"),
        prefix: prefix.parse().expect("a prefix"),
        gateway: gateway.map(|gateway| gateway.parse().expect("an address")),
        interface: match interface {
            "eth0" => 2,
            "eth1" => 3,
            "wg0" => 4,
            other => panic!("no interface {other}"),
        },
        metric: 0,
        origin,
    }
}

/// `20s 11 tunnel`: since then, with so many others, for the tunnel's sake.
fn outage(text: &str) -> Outage {
    let mut words = text.split(' ');
    let since = now(MonoTime::ZERO.plus(span(words.next().expect("since"))));
    let others: u32 = words.next().and_then(|word| word.parse().ok()).expect("how many others");
    let mut outage = Outage::new(Scope::Routed, since, "10.0.0.1");
    outage.members = (0..=others).map(TargetId).collect();
    outage.of = 12;
    outage.tunnel = words.next().map(|_| "wg0 went down".to_owned());
    outage
}

pub(crate) fn load() -> BTreeMap<String, Vec<Scenario>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("tests/scenarios") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a readable scenario");
        let file: File = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        files.insert(name, file.scenario);
    }
    files
}
