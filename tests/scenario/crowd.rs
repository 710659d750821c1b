//! Incidents: several targets, what is around them, and every alert that comes of it.

use super::words::{Round, span};
use super::{START, TargetTable, elsewhere, now, push};
use rdpwatch::domain::alert::AlertSettings;
use rdpwatch::domain::finding::Finding;
use rdpwatch::domain::local::{EchoAccess, Interface, LocalState};
use rdpwatch::domain::memory::TargetMemory;
use rdpwatch::domain::sample::Sample;
use rdpwatch::domain::target::{Host, Target, TargetId};
use rdpwatch::domain::time::MonoTime;
use rdpwatch::monitor::{Access, Budget, Monitor};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

/// Between two ticks of the monitor.
const TICK: Duration = Duration::from_secs(1);
/// Between two echo requests to a control.
const CONTROL_EVERY: Duration = Duration::from_secs(2);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    incident: Vec<Incident>,
}

/// Several targets alike, and what becomes of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Incident {
    pub(crate) name: String,
    /// How many targets there are: number i is `host-i` at 10.9.0.(21 + i).
    crowd: u32,
    /// What is the same of all of them.
    #[serde(default)]
    target: TargetTable,
    /// Which belong to which group, as `berlin = "0-5"`.
    #[serde(default)]
    group: std::collections::BTreeMap<String, String>,
    /// Control addresses, which answer.
    #[serde(default)]
    controls: Vec<IpAddr>,
    /// Of these, when one alone is silent.
    #[serde(default)]
    control_silent: std::collections::BTreeMap<IpAddr, String>,
    /// This machine's router, on eth1, which is 192.0.2.5/24.
    gateway: Option<IpAddr>,
    /// DNS servers of this machine.
    #[serde(default)]
    dns: Vec<IpAddr>,
    /// Its routes, as in a scenario.
    #[serde(default)]
    routes: Vec<String>,
    /// When the controls are silent, as `40s-60s`.
    controls_silent: Option<String>,
    /// When the tunnel wg0 is down, as `40s-60s`; without it there is none.
    tunnel_down: Option<String>,
    #[serde(default)]
    round: Vec<Round>,
    expect: Vec<Expect>,
}

/// What is expected at one moment.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    at: String,
    /// Every alert that fires: `rule:severity` of this machine, `3:rule:severity` of a target.
    alerts: Vec<String>,
    /// What stands at target 0, `rule:severity` each; not looked at by default.
    findings: Option<Vec<String>>,
    /// Texts in the sentence or evidence of any alert of this machine.
    #[serde(default)]
    says: Vec<String>,
    /// Texts in the evidence of what stands at a target, by its number.
    #[serde(default)]
    host_says: std::collections::BTreeMap<String, Vec<String>>,
    /// Texts that no evidence of any target has.
    #[serde(default)]
    no_host_says: Vec<String>,
}

/// `40s-60s`.
fn during(text: Option<&str>, at: MonoTime) -> bool {
    text.is_some_and(|text| {
        let (from, until) = text.split_once('-').expect("from-until");
        let since = at.since(MonoTime::ZERO);
        (span(from)..span(until)).contains(&since)
    })
}

/// `3` or `0-5`.
fn numbers(text: &str) -> RangeInclusive<u32> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    first.parse().expect("a number")..=last.parse().expect("a number")
}

fn address(id: u32) -> IpAddr {
    IpAddr::from([10, 9, 0, 21 + u8::try_from(id).expect("at most 200 targets")])
}

impl Incident {
    /// What differs from what is expected.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let mut samples = self.samples();
        samples.sort_by_key(|sample| sample.ended_at);
        self.expect.iter().flat_map(|expect| self.compare(expect, &samples)).collect()
    }

    fn compare(&self, expect: &Expect, samples: &[Sample]) -> Vec<String> {
        let monitor = self.play(samples, MonoTime::ZERO.plus(span(&expect.at)));
        let snapshot = {
            let mut monitor = monitor;
            monitor.snapshot(now(MonoTime::ZERO.plus(span(&expect.at))), 0, |_| Budget::default())
        };
        let mut complaints = Vec::new();
        let fired: BTreeSet<String> = snapshot
            .alerts
            .firing
            .iter()
            .map(|alert| {
                let whose = alert.target.map_or_else(String::new, |id| format!("{}:", id.0));
                format!("{whose}{}:{}", alert.rule.0, alert.severity.word())
            })
            .collect();
        let wanted: BTreeSet<String> = expect.alerts.iter().cloned().collect();
        if fired != wanted {
            let at = &expect.at;
            complaints.push(format!("at {at} expected alerts {wanted:?}, found {fired:?}"));
        }
        let word = |finding: &Finding| format!("{}:{}", finding.rule.0, finding.severity.word());
        if let Some(wanted) = &expect.findings {
            let found: BTreeSet<String> = snapshot
                .targets
                .first()
                .map_or_else(BTreeSet::new, |target| target.findings.iter().map(word).collect());
            let wanted: BTreeSet<String> = wanted.iter().cloned().collect();
            if found != wanted {
                let at = &expect.at;
                complaints
                    .push(format!("at {at} expected of target 0 {wanted:?}, found {found:?}"));
            }
        }
        let own = &snapshot.monitor.findings;
        let texts = own.iter().flat_map(|f| f.evidence.iter().chain([&f.sentence, &f.title]));
        let all = texts.map(String::as_str).collect::<Vec<_>>().join("\n");
        for says in expect.says.iter().filter(|says| !all.contains(*says)) {
            complaints.push(format!("at {} nothing says {says:?} in: {all}", expect.at));
        }
        let told = |id: &dyn Fn(u32) -> bool| {
            let hosts = snapshot.targets.iter().filter(|target| id(target.target.id.0));
            let lines = hosts.flat_map(|target| &target.findings).flat_map(|found| &found.evidence);
            lines.map(String::as_str).collect::<Vec<_>>().join("\n")
        };
        for (host, texts) in &expect.host_says {
            let all = told(&|id| numbers(host).contains(&id));
            for says in texts.iter().filter(|says| !all.contains(*says)) {
                complaints.push(format!("at {} {host} does not say {says:?}: {all}", expect.at));
            }
        }
        let all = told(&|_| true);
        for says in expect.no_host_says.iter().filter(|says| all.contains(*says)) {
            complaints.push(format!("at {} a host says {says:?}: {all}", expect.at));
        }
        complaints
    }

    /// Drives a monitor with everything that happens until then.
    fn play(&self, samples: &[Sample], until: MonoTime) -> Monitor {
        let access = Access {
            echo_v4: EchoAccess::Datagram,
            echo_v6: EchoAccess::Datagram,
            neighbours: true,
        };
        let start = now(MonoTime::ZERO);
        let local = self.local(MonoTime::ZERO);
        let mut monitor = Monitor::new(access, local.clone(), AlertSettings::default(), start);
        for id in 0..self.crowd {
            monitor.add(self.watched(id), TargetMemory::default(), start);
        }
        let mut samples = samples.iter().peekable();
        let (mut at, mut known) = (MonoTime::ZERO, local);
        while at < until {
            at = at.plus(TICK);
            while let Some(sample) = samples.next_if(|sample| sample.ended_at <= at) {
                monitor.observe(sample, now(sample.ended_at));
            }
            let local = self.local(at);
            if local != known {
                monitor.observe_local(local.clone(), now(at));
                known = local;
            }
            if at.as_nanos().is_multiple_of(CONTROL_EVERY.as_nanos().try_into().expect("small")) {
                let silent = during(self.controls_silent.as_deref(), at);
                for control in &self.controls {
                    let alone = self.control_silent.get(control).map(String::as_str);
                    let answers = !silent && !during(alone, at);
                    let answer = answers.then_some(Duration::from_millis(1));
                    monitor.observe_control(*control, answer);
                }
            }
            monitor.tick(now(at));
        }
        monitor
    }

    fn local(&self, at: MonoTime) -> LocalState {
        let mut interfaces = vec![elsewhere()];
        if self.tunnel_down.is_some() {
            interfaces.push(Interface {
                index: 4,
                name: "wg0".to_owned(),
                up: !during(self.tunnel_down.as_deref(), at),
                tunnel: true,
                addresses: vec![([10, 8, 0, 2].into(), 32)],
                ..elsewhere()
            });
        }
        LocalState {
            interfaces,
            gateway: self.gateway,
            dns_servers: self.dns.clone(),
            routes: self.routes.iter().map(|text| super::route(text)).collect(),
            ..LocalState::default()
        }
    }

    fn watched(&self, id: u32) -> Target {
        let mut target = self.target.target();
        target.id = TargetId(id);
        target.name = format!("host-{id}");
        target.host = Host::Address(address(id), None);
        let group = self.group.iter().find(|(_, members)| numbers(members).contains(&id));
        target.group = group.map(|(name, _)| name.clone());
        target
    }

    fn samples(&self) -> Vec<Sample> {
        let mut samples = Vec::new();
        for round in &self.round {
            let hosts = round.hosts.as_deref().map_or(0..=self.crowd - 1, numbers);
            for id in hosts {
                let mut own = round.clone();
                own.address = Some(address(id));
                let every = own.every.as_deref().map_or(Duration::from_secs(1), span);
                for index in 0..own.times.unwrap_or(1) {
                    let at = MonoTime::ZERO.plus(span(&own.at) + every * index);
                    for (observation, took) in own.observations(index, START) {
                        push(&mut samples, at, took, observation);
                        if let Some(sample) = samples.last_mut() {
                            sample.target = TargetId(id);
                        }
                    }
                }
            }
        }
        samples
    }
}

/// Every incident of `tests/incidents`, by file.
pub(crate) fn load() -> Vec<(String, Vec<Incident>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/incidents");
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("tests/incidents") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).expect("a readable incident");
            let file: File =
                toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            files.push((name, file.incident));
        }
    }
    files
}
