//! `check`: one full ladder per target, then a verdict.

mod climb;

use super::edge::{Edge, can_ping};
use super::{Failure, real_edge, runtime, written};
use crate::cli::Format;
use crate::config::Config;
use crate::domain::diagnose::{Weighed, judge_monitor_moment};
use crate::domain::memory::TargetMemory;
use crate::domain::rules::RULES;
use crate::domain::sample::EchoMethod;
use crate::domain::snapshot::{MonitorSnapshot, TargetSnapshot};
use crate::domain::surroundings::{Offline, Surroundings};
use crate::domain::target::Target;
use crate::domain::text::excerpt;
use crate::domain::time::Now;
use crate::domain::view::Mode;
use crate::monitor::{Budget, Tracked, clocks, shared_certificates, sibling_contrasts};
use crate::proto::cipher::cipher_name;
use crate::report::check_json::CheckInput;
use crate::report::{check_json, check_text};
use crate::store::{self, State};
use climb::Climb;
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

/// The exit code after Ctrl-C, as shells have it: 128 and the number of SIGINT.
const INTERRUPTED: u8 = 130;
/// All of a target's ladder, retries included.
const WHOLE: Duration = Duration::from_secs(30);
/// Targets of one check are measured within this span of each other.
const ONE_LOOK: Duration = Duration::from_mins(10);
/// Targets checked at the same time.
const AT_ONCE: usize = 64;
/// Samples of one target that may wait to be taken in.
const ECHO_ROOM: usize = 4_096;

/// Checks every target and prints the result. Returns the exit code of the worst.
pub(super) fn check(
    config: &Config,
    format: Format,
    count: u32,
    remembered: &State,
) -> Result<u8, Failure> {
    if config.targets.is_empty() {
        return Err(Failure::new(
            check_text::EXIT_UNKNOWN,
            "nothing to check: name a TARGET, or add targets to the configuration file",
        ));
    }
    let runtime = runtime()?;
    let ended = AtomicUsize::new(0);
    let looked = runtime.block_on(async {
        let edge = real_edge(config)?;
        tokio::select! {
            // Listened for before anything is measured.
            biased;
            Ok(()) = tokio::signal::ctrl_c() => Err(interrupted(config, &ended)),
            looked = check_all(config, edge, count, remembered, &ended) => Ok(looked),
        }
    });
    // A name that the system looks up is not waited for.
    runtime.shutdown_background();
    let (monitor, targets) = looked?;
    for target in &targets {
        let state = check_text::CheckState::of(target).title();
        tracing::info!(target = %target.target.name, state, verdict = %target.verdict, "checked");
    }
    let now = crate::probe::clock::Clock::wall();
    let input = CheckInput { checked_at: now, monitor: &monitor, targets: &targets, cipher_name };
    let text = match format {
        Format::Json => check_json::document(&input),
        Format::Text => check_text::text(&input, config.verbosity > 0),
    };
    written(text.as_bytes())?;
    Ok(check_text::exit_code(&targets))
}

/// What Ctrl-C cut short. Nothing was told of any target: a part of them would look like all.
fn interrupted(config: &Config, ended: &AtomicUsize) -> Failure {
    let (ended, all) = (ended.load(Ordering::Relaxed), config.targets.len());
    let of = if all == 1 {
        format!(
            "the check of {}",
            excerpt(config.targets.first().map_or("", |one| one.name.as_str()), 60)
        )
    } else {
        format!("the check of {all} targets, {ended} of them were measured")
    };
    Failure::new(INTERRUPTED, format!("interrupted: {of}; nothing is judged"))
}

/// Every target's snapshot, in the order of the configuration.
pub(super) async fn check_all(
    config: &Config,
    edge: Edge,
    count: u32,
    remembered: &State,
    ended: &AtomicUsize,
) -> (MonitorSnapshot, Vec<TargetSnapshot>) {
    let (monitor, targets) = check_and_weigh(config, edge, count, remembered, ended).await;
    (monitor, targets.into_iter().map(|(snapshot, _)| snapshot).collect())
}

/// Every target's snapshot with what its measurements say of every rule, in the order of the
/// configuration. Counts in `done` the targets whose ladders ended.
pub(super) async fn check_and_weigh(
    config: &Config,
    edge: Edge,
    count: u32,
    remembered: &State,
    done: &AtomicUsize,
) -> (MonitorSnapshot, Vec<(TargetSnapshot, Vec<Weighed>)>) {
    let local = edge.local_state();
    let access = edge.access();
    let around = Surroundings {
        offline: if local.online() { Offline::Online } else { Offline::NoInterface },
        local,
        echo_v4: access.echo_v4,
        echo_v6: access.echo_v6,
        neighbours_readable: access.neighbours,
        ..Surroundings::default()
    };
    let checker = Arc::new(Checker {
        edge,
        around,
        count,
        deep: config.deep,
        slots: Semaphore::new(AT_ONCE),
    });
    let mut running: FuturesOrdered<_> = config
        .targets
        .iter()
        .map(|target| {
            let checker = Arc::clone(&checker);
            let memory = remembered.get(&store::key(target)).cloned().unwrap_or_default();
            let target = Arc::new(target.clone());
            async move { Box::pin(checker.one(target, memory)).await }
        })
        .collect();
    let mut ended = Vec::new();
    while let Some(one) = running.next().await {
        ended.push(one);
        done.fetch_add(1, Ordering::Relaxed);
    }
    // Whose clock is wrong, and who shares a key, is known once all have told theirs.
    let now = checker.edge.clock.now();
    let local = &checker.around.local;
    let clocks = clocks(ended.iter().map(|(tracked, _)| tracked), local, now);
    let shared_certificates = shared_certificates(ended.iter().map(|(tracked, _)| tracked));
    let siblings = sibling_contrasts(
        ended.iter().map(|(tracked, _)| tracked),
        config.settings.thresholds.siblings,
        ONE_LOOK,
    );
    let around = Surroundings { shared_certificates, siblings, clocks, ..checker.around.clone() };
    let picture = |(mut tracked, at): (Tracked, Now)| {
        let weighed = tracked.weigh(&around, at);
        (tracked.snapshot(Mode::Moment, &around, at, &Budget::default()), weighed)
    };
    let targets = ended.into_iter().map(picture).collect();
    let monitor = MonitorSnapshot {
        offline: around.offline.clone(),
        findings: judge_monitor_moment(RULES, &around, now),
        local: around.local.clone(),
        echo: Some((around.echo_v4, around.echo_v6)),
        ..MonitorSnapshot::default()
    };
    (monitor, targets)
}

/// What every target's check shares.
struct Checker {
    edge: Edge,
    around: Surroundings,
    count: u32,
    deep: bool,
    slots: Semaphore,
}

impl Checker {
    /// Measures one target; with the moment at which its ladder ended.
    async fn one(&self, target: Arc<Target>, memory: TargetMemory) -> (Tracked, Now) {
        let _slot = self.slots.acquire().await;
        let started = self.edge.clock.now();
        let method = if can_ping(self.around.echo_v4) || can_ping(self.around.echo_v6) {
            EchoMethod::Icmp
        } else {
            EchoMethod::Tcp
        };
        let mut tracked = Tracked::new(Arc::clone(&target), memory, method, started);
        let (sender, mut samples) = mpsc::channel(ECHO_ROOM);
        let climb = Climb {
            target: &target,
            edge: &self.edge,
            local: &self.around.local,
            count: self.count,
            deep: self.deep,
            out: sender,
        };
        let climbing = timeout(WHOLE, climb.run());
        tokio::pin!(climbing);
        loop {
            tokio::select! {
                biased;
                Some(sample) = samples.recv() => {
                    tracked.observe(&sample, &self.around, self.edge.clock.now());
                }
                _ = &mut climbing => break,
            }
        }
        while let Ok(sample) = samples.try_recv() {
            tracked.observe(&sample, &self.around, self.edge.clock.now());
        }
        let now = self.edge.clock.now();
        (tracked, now)
    }
}
