//! `wake`: magic packets, then the ladder until the hosts are up.

use super::edge::Edge;
use super::{DONE, FAILED, Failure, load, print, real_edge, runtime, signals};
use crate::cli::Cli;
use crate::config::{Config, ConfigError, WakeItem, wake_items};
use crate::domain::mac::MacAddr;
use crate::domain::memory::TargetMemory;
use crate::domain::sample::{Observation, ProbeKind, Resolution, Sample};
use crate::domain::target::{Host, Target, WakeSettings};
use crate::domain::text::printable;
use crate::domain::wake::{Reach, WakePolicy, WakeProgress, WakeRung};
use crate::probe::attempt::{AttemptPlan, attempt};
use crate::probe::echo::{EchoRequest, Outbox, outbox};
use crate::probe::resolve::scope_id;
use crate::store::{self, State};
use futures_util::future::join_all;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// Between looks at a host that is being woken.
const PACE: Duration = Duration::from_secs(1);
/// A connection at every so many looks.
const CONNECT_EVERY: u64 = 2;
/// How long a name may take before the packets leave without an address.
const NAME: Duration = Duration::from_secs(3);

/// One host or bare address to wake.
struct Sleeper {
    target: Option<Arc<Target>>,
    mac: MacAddr,
    /// How long it usually takes until it is up.
    usual: Option<Duration>,
}

/// Wakes what the arguments name. The exit code is 0 when everything that can be followed is up.
pub(super) fn wake(
    cli: &Cli,
    arguments: &[String],
    wait: Duration,
    remembered: &State,
) -> Result<u8, Failure> {
    let usage = cli.command.usage_code();
    let invalid = |error: ConfigError| Failure::new(usage, error);
    let items = wake_items(arguments).map_err(invalid)?;
    let named: Vec<String> = items
        .iter()
        .filter_map(|item| match item {
            WakeItem::Target(text) => Some(text.clone()),
            WakeItem::Mac(_) => None,
        })
        .collect();
    let mut config = load(cli, &named).map_err(invalid)?;
    if config.read_only {
        return Err(Failure::new(FAILED, "nothing is woken: --read-only is set"));
    }
    if named.is_empty() {
        config.targets.clear();
    }
    if let Some(target) = config.targets.iter().find(|t| t.wake.policy == WakePolicy::Never) {
        let name = printable(&target.name);
        let sentence = format!("{name} is not woken: its wake policy is \"never\"");
        return Err(Failure::new(FAILED, sentence));
    }
    let sleepers = sleepers(&config, &items, remembered).map_err(|m| Failure::new(usage, m))?;
    let runtime = runtime()?;
    runtime.block_on(async {
        let edge = real_edge(&config)?;
        // All at the same time: the last one must not wait until those before it are up.
        let waking = sleepers.iter().map(|sleeper| wake_one(&edge, sleeper, wait));
        let up = tokio::select! {
            up = join_all(waking) => up,
            // A relay has a process group of its own, and is ended here.
            () = signals::ended() => return Err(Failure::new(FAILED, "interrupted")),
        };
        Ok(if up.into_iter().all(|up| up) { DONE } else { FAILED })
    })
}

/// Everything to wake, or the first thing that cannot be: nothing is sent before all are known.
fn sleepers(
    config: &Config,
    items: &[WakeItem],
    remembered: &State,
) -> Result<Vec<Sleeper>, String> {
    let bare = items.iter().filter_map(|item| match item {
        WakeItem::Mac(mac) => Some(Ok(Sleeper { target: None, mac: *mac, usual: None })),
        WakeItem::Target(_) => None,
    });
    let named = config.targets.iter().map(|target| {
        let memory = remembered.get(&store::key(target));
        match target.mac.or(memory.and_then(|memory| memory.mac)) {
            Some(mac) => Ok(Sleeper {
                target: Some(Arc::new(target.clone())),
                mac,
                usual: memory.and_then(TargetMemory::usual_waking),
            }),
            None => Err(format!(
                "no MAC address is known for {name}: give it as {host}#02:11:22:33:44:55, set mac \
                 in the configuration, or watch it while it is up on this network",
                name = printable(&target.name),
                host = target.host,
            )),
        }
    });
    bare.chain(named).collect()
}

/// Why a name led to no address, and what the packets do all the same; `None` where it led to one.
fn without_address(host: &Host, found: &Resolution, expected: Option<IpAddr>) -> Option<String> {
    if !found.addresses.is_empty() {
        return None;
    }
    let why = found.outcome.why_no_address();
    let what = match expected {
        Some(address) => format!("it is looked for at {address}, where it is expected"),
        None => "the packets go to its MAC address all the same".to_owned(),
    };
    Some(format!("{}: {why}; {what}", printable(&host.to_string())))
}

/// Sends, prints the receipt and follows the host up. `false` when it is not up in time.
async fn wake_one(edge: &Edge, sleeper: &Sleeper, wait: Duration) -> bool {
    let local = edge.local_state();
    let address = match &sleeper.target {
        Some(target) => {
            let limit = target.deadlines.resolve.min(NAME);
            let found = edge.names.resolve(&target.host, limit).await;
            let expected = target.expect.first().copied();
            if let Some(words) = without_address(&target.host, &found, expected) {
                say(&words);
            }
            found.addresses.first().copied().or(expected)
        }
        None => None,
    };
    let usual = sleeper.usual;
    let settings = sleeper.target.as_ref().map_or_else(WakeSettings::default, |t| t.wake.clone());
    if let Some(address) = address.filter(|_| settings.via.is_none()) {
        say(&Reach::of(&local, address).words());
    }
    if let Some(usual) = usual {
        say(&format!("usually up after {} s", usual.as_secs()));
    }
    let started = edge.clock.now();
    let receipt = edge.waker.wake(sleeper.mac, &settings, &local, address).await;
    let sent = receipt.left();
    say(&receipt.sent_lines().join("\n"));
    let (Some(target), Some(address)) = (&sleeper.target, address) else {
        if sleeper.target.is_some() {
            say(&format!("{}: has no address, it cannot be followed up", sleeper.mac));
            return false;
        }
        return sent;
    };
    if !sent {
        return false;
    }
    let progress = WakeProgress::new(receipt, started, wait).usually(usual);
    follow(edge, target, address, progress).await
}

/// Probes until RDP answers or the wait is over, and says what is seen as it is seen.
async fn follow(
    edge: &Edge,
    target: &Arc<Target>,
    address: IpAddr,
    mut progress: WakeProgress,
) -> bool {
    let name = printable(&target.name).into_owned();
    let scope = match &target.host {
        Host::Address(_, Some(zone)) => scope_id(zone).unwrap_or(0),
        _ => 0,
    };
    let plan = AttemptPlan {
        address: target.socket_addr(address, scope),
        name: None,
        depth: ProbeKind::Negotiate,
        deadlines: target.deadlines,
    };
    let (found, mut samples) = outbox(64);
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = Vec::new();
    let mut looks = 0_u64;
    let mut climbing: Option<tokio::task::JoinHandle<()>> = None;
    loop {
        tokio::select! {
            Some(sample) = samples.recv() => progress.observe(&sample),
            _ = pace.tick() => {
                look(edge, target, (address, scope), looks, &found).await;
                let idle = climbing.as_ref().is_none_or(tokio::task::JoinHandle::is_finished);
                if looks.is_multiple_of(CONNECT_EVERY) && idle {
                    climbing = Some(climb(edge, target, plan.clone(), found.clone()));
                }
                looks += 1;
            }
        }
        for rung in WakeRung::ALL {
            if let Some(after) = progress.seen(rung).filter(|_| !told.contains(&rung)) {
                told.push(rung);
                say(&format!("{:>7.1} s  {name}: {} answers", after.as_secs_f64(), rung.word()));
            }
        }
        let now = edge.clock.mono();
        if progress.is_up() || progress.is_over(now) {
            say(&format!("{name}: {}", progress.text(now)));
            return progress.is_up();
        }
    }
}

async fn look(
    edge: &Edge,
    target: &Arc<Target>,
    (address, scope): (IpAddr, u32),
    seq: u64,
    found: &Outbox,
) {
    let deadline = target.deadlines.echo;
    if edge.may_ping(address) {
        let request = EchoRequest { target: target.id, seq, address, scope, deadline };
        edge.echo.send(request, found.clone());
    }
    let neighbours = Arc::clone(&edge.neighbours);
    let local = edge.local_state();
    let sent_at = edge.clock.now();
    let looked = tokio::task::spawn_blocking(move || neighbours.look_up(&[address], &local)).await;
    if let Some(neighbour) = looked.unwrap_or_default().into_iter().next() {
        let ended_at = edge.clock.mono();
        let observation = Observation::Neighbour(neighbour);
        let sample = Sample { target: target.id, seq, sent_at, ended_at, observation };
        found.send(sample).await;
    }
}

fn climb(
    edge: &Edge,
    target: &Arc<Target>,
    plan: AttemptPlan,
    found: Outbox,
) -> tokio::task::JoinHandle<()> {
    let clock = edge.clock;
    let id = target.id;
    tokio::spawn(async move {
        let sent_at = clock.now();
        let observation = Observation::Attempt(Box::new(attempt(&plan, clock).await));
        let ended_at = clock.mono();
        let sample = Sample { target: id, seq: 0, sent_at, ended_at, observation };
        found.send(sample).await;
    })
}

fn say(line: &str) {
    let _gone = print(format!("{line}\n").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::NameOutcome;

    fn found(outcome: NameOutcome, addresses: Vec<IpAddr>) -> Resolution {
        Resolution { outcome, addresses, ..Resolution::literal([192, 0, 2, 1].into()) }
    }

    /// Where the packets went was told, and not that there is no such name.
    #[test]
    fn a_name_that_leads_nowhere_is_told_beside_where_the_packets_go() {
        let host = Host::Name("ofice-pc".into());
        let words =
            |outcome, expected| without_address(&host, &found(outcome, Vec::new()), expected);
        assert_eq!(
            words(NameOutcome::NxDomain, None).as_deref(),
            Some(
                "ofice-pc: the name does not exist; the packets go to its MAC address all the same"
            )
        );
        assert_eq!(
            words(NameOutcome::NoData, Some([10, 0, 0, 7].into())).as_deref(),
            Some(
                "ofice-pc: the name exists but has no address; it is looked for at 10.0.0.7, where it is expected"
            )
        );
        assert!(
            words(NameOutcome::Timeout, None)
                .is_some_and(|said| said.contains("no DNS server answered in time"))
        );
        let there = found(NameOutcome::Ok, vec![[10, 0, 0, 7].into()]);
        assert_eq!(without_address(&host, &there, None), None);
    }
}
