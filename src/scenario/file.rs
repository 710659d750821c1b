//! The tables of a scenario file, and the scripts they become.

use super::air::Heard;
use super::around::{AroundTable, Load, TUNNEL, elsewhere, route};
use super::expect::{IncidentTable, ScenarioTable};
use super::round::{Round, Turns, usual_resolution};
use super::script::{Clock, Ground, Own, Script};
use super::session::SessionTable;
use super::target::TargetTable;
use super::word::{span, split};
use super::wrong::{ScenarioError, Wrong};
use super::{START, now, numbers};
use crate::domain::local::{Interface, LocalState};
use crate::domain::sample::{Observation, Sample};
use crate::domain::target::{Host, TargetId};
use crate::domain::time::MonoTime;
use crate::domain::wake::{Reach, WakeProgress, WakeReceipt};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use toml::Spanned;

/// The longest scenario file, in bytes.
const LONGEST: usize = 1 << 20;
/// How many targets an incident may have.
const CROWD: u32 = 200;
/// How many samples a script may have.
const SAMPLES: usize = 200_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    scenario: Vec<Spanned<Scenario>>,
    #[serde(default)]
    incident: Vec<Spanned<Incident>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    name: String,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    target: TargetTable,
    #[serde(default)]
    around: AroundTable,
    wake: Option<WakeTable>,
    /// A session of this machine on the target.
    session: Option<SessionTable>,
    #[serde(default)]
    round: Vec<Spanned<Round>>,
    expect: Vec<Spanned<ScenarioTable>>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Watch,
    Moment,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WakeTable {
    at: String,
    wait: String,
    on_link: Option<bool>,
    refused: Option<String>,
}

/// Several targets alike, and what becomes of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Incident {
    name: String,
    /// How many targets there are: number i is `host-i` at 10.9.0.(21 + i).
    crowd: u32,
    /// They are watched by name, `host-i.corp.lab`, and expected at their address.
    #[serde(default)]
    named: bool,
    /// What is the same of all of them.
    #[serde(default)]
    target: TargetTable,
    /// Which belong to which group, as `berlin = "0-5"`.
    #[serde(default)]
    group: BTreeMap<String, String>,
    /// Control addresses, which answer.
    #[serde(default)]
    controls: Vec<IpAddr>,
    /// When the controls are silent, as `40s-60s`.
    controls_silent: Option<String>,
    /// When one of them alone is.
    #[serde(default)]
    control_silent: BTreeMap<IpAddr, String>,
    /// This machine's router, on eth1, where this machine is 192.0.2.5/24.
    gateway: Option<IpAddr>,
    /// DNS servers of this machine.
    #[serde(default)]
    dns: Vec<IpAddr>,
    /// What its interfaces carry, as in a scenario.
    #[serde(default)]
    traffic: Vec<String>,
    /// Its eth1 is the Wi-Fi wlan0, with this signal, as in a scenario.
    #[serde(default)]
    signal: Vec<String>,
    /// When every so many-th echo request to a control is lost, as `40s-60s 8`.
    #[serde(default)]
    control_loses: BTreeMap<IpAddr, String>,
    /// Its routes, as in a scenario.
    #[serde(default)]
    routes: Vec<String>,
    /// When the tunnel wg0 is down, as `40s-60s`; without it there is none.
    tunnel_down: Option<String>,
    /// When this machine's wall clock is set, and by how much: `60s 480h`, `60s -10m`.
    clock_set: Option<String>,
    #[serde(default)]
    round: Vec<Spanned<Round>>,
    expect: Vec<Spanned<IncidentTable>>,
}

/// Every script of a file, in its order: first the scenarios, then the incidents.
///
/// # Errors
/// [`ScenarioError`] for the first mistake, with its line.
pub fn read(text: &str) -> Result<Vec<Script>, ScenarioError> {
    if text.len() > LONGEST {
        let wrong = Wrong::new("longer than 1 MiB: no scenario file");
        return Err(ScenarioError::at(text, None, wrong));
    }
    let file: File = toml::from_str(text).map_err(|error| ScenarioError::of_toml(text, &error))?;
    let mut scripts = Vec::new();
    for spanned in &file.scenario {
        scripts.push(spanned.get_ref().script(&Source { text, at: spanned.span().start })?);
    }
    for spanned in &file.incident {
        scripts.push(spanned.get_ref().script(&Source { text, at: spanned.span().start })?);
    }
    if scripts.is_empty() {
        let wrong = Wrong::new("has neither a [[scenario]] nor an [[incident]]");
        return Err(ScenarioError::at(text, None, wrong));
    }
    Ok(scripts)
}

/// Where a table begins in the file.
struct Source<'t> {
    text: &'t str,
    at: usize,
}

impl Source<'_> {
    /// A mistake somewhere in this table.
    fn here(&self, wrong: Wrong) -> ScenarioError {
        ScenarioError::at(self.text, Some(self.at), wrong)
    }

    /// A mistake in a table of its own.
    fn in_table<T>(&self, table: &Spanned<T>, wrong: Wrong) -> ScenarioError {
        ScenarioError::at(self.text, Some(table.span().start), wrong)
    }
}

fn push(
    samples: &mut Vec<Sample>,
    target: TargetId,
    at: MonoTime,
    (observation, took): (Observation, Duration),
) {
    // Only the order of echo numbers matters: they grow with the time they were sent at.
    let seq = at.as_nanos();
    let ended_at = at.plus(took);
    samples.push(Sample { target, seq, sent_at: now(at), ended_at, observation });
}

/// Adds the samples of a round, which go to one target.
fn play(round: &Round, target: TargetId, samples: &mut Vec<Sample>) -> Result<(), Wrong> {
    let start = span(&round.at).map_err(|wrong| wrong.within("at"))?;
    let every = round.every.as_deref().map_or(Ok(Duration::from_secs(1)), span);
    let every = every.map_err(|wrong| wrong.within("every"))?;
    for index in 0..round.times.unwrap_or(1) {
        let at = MonoTime::ZERO.plus(start + every * index);
        for seen in round.observations(index, START)? {
            if samples.len() >= SAMPLES {
                return Err(Wrong::new(format!("more than {SAMPLES} samples")));
            }
            push(samples, target, at, seen);
        }
    }
    Ok(())
}

impl Scenario {
    fn script(&self, source: &Source) -> Result<Script, ScenarioError> {
        let here = |part: &'static str| move |wrong: Wrong| source.here(wrong.within(part));
        let target = self.target.target().map_err(here("target"))?;
        let mut samples = Vec::new();
        let resolves = self.round.iter().any(|round| round.get_ref().resolve.is_some());
        if !resolves && !self.round.is_empty() && target.host.name().is_some() {
            let usual = usual_resolution().map_err(here("target"))?;
            push(&mut samples, target.id, MonoTime::ZERO, usual);
        }
        for round in &self.round {
            play(round.get_ref(), target.id, &mut samples)
                .map_err(|wrong| source.in_table(round, wrong))?;
        }
        samples.sort_by_key(|sample| sample.ended_at);
        let end = samples.last().map_or(MonoTime::ZERO, |sample| sample.ended_at);
        let mut expected = Vec::new();
        for table in &self.expect {
            let read = table.get_ref().expected(end);
            expected.push(read.map_err(|wrong| source.in_table(table, wrong))?);
        }
        let around = self.around.surroundings().map_err(here("around"))?;
        let memory = self.target.memory().map_err(here("target"))?;
        Ok(Script {
            name: self.name.clone(),
            moment: self.mode == Mode::Moment,
            targets: vec![(target, memory)],
            samples,
            expected,
            clock: Clock::default(),
            around: Ground::Given(Box::new(around)),
            wake: self.wake.as_ref().map(WakeTable::wake).transpose().map_err(here("wake"))?,
            session: self
                .session
                .as_ref()
                .map(SessionTable::session)
                .transpose()
                .map_err(here("session"))?,
            tick: Duration::from_secs(5),
        })
    }
}

impl WakeTable {
    fn wake(&self) -> Result<(MonoTime, WakeProgress), Wrong> {
        let at = MonoTime::ZERO.plus(span(&self.at)?);
        let direct = |direct| if direct { Reach::OnLink } else { Reach::Routed(Vec::new()) };
        let receipt = WakeReceipt {
            at: now(at).wall,
            mac: super::word::parse("02:11:22:33:44:55", "a MAC address")?,
            reach: self.on_link.map(direct),
            sends: vec![],
            skipped: vec![],
            refused: self.refused.clone(),
            relay: None,
        };
        Ok((at, WakeProgress::new(receipt, now(at), span(&self.wait)?)))
    }
}

/// `40s-60s`.
fn during(text: &str) -> Result<Range<MonoTime>, Wrong> {
    let (from, until) = split(text, "-", "FROM-UNTIL, such as 40s-60s")?;
    Ok(MonoTime::ZERO.plus(span(from)?)..MonoTime::ZERO.plus(span(until)?))
}

/// `40s-60s 8`.
fn loses(text: &str) -> Result<(Range<MonoTime>, u64), Wrong> {
    let (times, every) = split(text, " ", "FROM-UNTIL EVERY, such as 40s-60s 8")?;
    let every = super::word::parse::<u64>(every, "a number")?;
    if every == 0 {
        return Err(Wrong::expected(text, "every so many-th, from 1 on"));
    }
    Ok((during(times)?, every))
}

fn address(id: u32) -> IpAddr {
    IpAddr::from([10, 9, 0, u8::try_from(21 + id).unwrap_or(u8::MAX)])
}

impl Incident {
    fn script(&self, source: &Source) -> Result<Script, ScenarioError> {
        let here = |part: &'static str| move |wrong: Wrong| source.here(wrong.within(part));
        if self.crowd == 0 || self.crowd > CROWD {
            let wrong = Wrong::new(format!("{} targets, expected 1 to {CROWD}", self.crowd));
            return Err(here("crowd")(wrong));
        }
        let mut groups = Vec::new();
        for (name, members) in &self.group {
            groups.push((name, numbers(members).map_err(here("group"))?));
        }
        let mut targets = Vec::new();
        for id in 0..self.crowd {
            let mut target = self.target.target().map_err(here("target"))?;
            target.id = TargetId(id);
            target.name = format!("host-{id}");
            target.host = Host::Address(address(id), None);
            if self.named {
                target.host = Host::Name(format!("host-{id}.corp.lab"));
                target.expect = vec![address(id)];
            }
            let group = groups.iter().find(|(_, members)| members.contains(&id));
            target.group = group.map(|(name, _)| (*name).clone());
            targets.push((target, self.target.memory().map_err(here("target"))?));
        }
        let clock = self.clock_set.as_deref().map_or(Ok(Clock::default()), Clock::read);
        let clock = clock.map_err(here("clock_set"))?;
        let mut expected = Vec::new();
        for table in &self.expect {
            let read = table.get_ref().expected();
            expected.push(read.map_err(|wrong| source.in_table(table, wrong))?);
        }
        let own = Own {
            controls: self.controls.clone(),
            controls_silent: self
                .controls_silent
                .as_deref()
                .map(during)
                .transpose()
                .map_err(here("controls_silent"))?,
            control_silent: self
                .control_silent
                .iter()
                .map(|(control, text)| Ok((*control, during(text)?)))
                .collect::<Result<_, _>>()
                .map_err(here("control_silent"))?,
            gateway: self.gateway,
            dns: self.dns.clone(),
            traffic: self
                .traffic
                .iter()
                .map(|text| Load::read(text))
                .collect::<Result<_, _>>()
                .map_err(here("traffic"))?,
            heard: self
                .signal
                .iter()
                .map(|text| Heard::read(text))
                .collect::<Result<_, _>>()
                .map_err(here("signal"))?,
            control_loses: self
                .control_loses
                .iter()
                .map(|(control, text)| Ok((*control, loses(text)?)))
                .collect::<Result<_, _>>()
                .map_err(here("control_loses"))?,
            routes: self
                .routes
                .iter()
                .map(|text| route(text))
                .collect::<Result<_, _>>()
                .map_err(here("routes"))?,
            tunnel_down: self
                .tunnel_down
                .as_deref()
                .map(during)
                .transpose()
                .map_err(here("tunnel_down"))?,
        };
        Ok(Script {
            name: self.name.clone(),
            moment: false,
            targets,
            samples: self.samples(clock, source)?,
            expected,
            clock,
            around: Ground::Found(Box::new(own)),
            wake: None,
            session: None,
            tick: Duration::from_secs(1),
        })
    }

    fn samples(&self, clock: Clock, source: &Source) -> Result<Vec<Sample>, ScenarioError> {
        let mut samples = Vec::new();
        for round in &self.round {
            let wrong = |wrong| source.in_table(round, wrong);
            let mut own = round.get_ref().clone();
            let all = 0..=self.crowd.saturating_sub(1);
            let hosts = own.hosts.as_deref().map_or(Ok(all.clone()), numbers).map_err(wrong)?;
            if !all.contains(hosts.end()) {
                return Err(wrong(Wrong::new(format!(
                    "hosts: there is no target {}, the last is {}",
                    hosts.end(),
                    all.end()
                ))));
            }
            for id in hosts {
                own.address = round.get_ref().address.or(Some(address(id)));
                let of = |words: &Turns| words.of(address(id));
                own.resolve = round.get_ref().resolve.as_ref().map(of);
                own.servers = round.get_ref().servers.iter().map(of).collect();
                play(&own, TargetId(id), &mut samples).map_err(wrong)?;
            }
        }
        for sample in &mut samples {
            sample.sent_at = clock.now(sample.sent_at.mono);
        }
        samples.sort_by_key(|sample| sample.ended_at);
        Ok(samples)
    }
}

impl Own {
    /// Whether this machine is on Wi-Fi.
    pub(super) fn is_wireless(&self) -> bool {
        !self.heard.is_empty()
    }

    /// This machine at a moment.
    pub(super) fn local(&self, at: MonoTime) -> LocalState {
        let mut interfaces = vec![elsewhere()];
        if let Some(down) = &self.tunnel_down {
            interfaces.push(Interface {
                index: TUNNEL,
                name: "wg0".to_owned(),
                up: !down.contains(&at),
                tunnel: true,
                addresses: vec![([10, 8, 0, 2].into(), 32)],
                ..elsewhere()
            });
        }
        if let Some(own) = interfaces.first_mut() {
            Heard::tune(&self.heard, own, at);
        }
        if !self.traffic.is_empty() {
            for interface in &mut interfaces {
                Load::count(&self.traffic, interface, at);
            }
        }
        LocalState {
            interfaces,
            gateway: self.gateway,
            dns_servers: self.dns.clone(),
            routes: Arc::clone(&self.routes),
            ..LocalState::default()
        }
    }

    /// The round trip to a control at a moment; `None` while it is silent.
    pub(super) fn control_answer(&self, control: IpAddr, at: MonoTime) -> Option<Duration> {
        let silences = self.controls_silent.iter().chain(self.control_silent.get(&control));
        // One request every two seconds.
        let loses = self.control_loses.get(&control).is_some_and(|(during, every)| {
            during.contains(&at) && (at.since(MonoTime::ZERO).as_secs() / 2).is_multiple_of(*every)
        });
        (!loses && !silences.into_iter().any(|silent| silent.contains(&at)))
            .then_some(Duration::from_millis(1))
    }
}
