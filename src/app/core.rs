//! The loop that owns the monitor and the schedule: due probes go out, samples come in, snapshots
//! are published. It never waits for a screen, a disk or a sink.

mod client_log;
mod controls;
mod local;
mod marks;
mod others;
mod reconfigure;
mod saving;
mod sessions;
mod sinks;
mod start;
mod take;
mod telling;
mod waking;

use super::edge::Edge;
use crate::config::Config;
use crate::domain::alert::Signature;
use crate::domain::client_log::ClientEvent;
use crate::domain::finding::RuleId;
use crate::domain::local::LocalState;
use crate::domain::maintenance::Calendar;
use crate::domain::mark::Mark;
use crate::domain::sample::{ProbeKind, Sample};
use crate::domain::session::SessionLook;
use crate::domain::sink::{Notice, SinkStatus, whose};
use crate::domain::snapshot::Snapshot;
use crate::domain::target::{Target, TargetId};
use crate::domain::time::{MonoTime, Now, WallTime};
use crate::domain::wake::{WakeClock, WakeProgress};
use crate::monitor::{Budget, Monitor};
use crate::probe::echo::{Arrivals, Outbox, outbox};
use crate::probe::sessions::Unseen;
use crate::schedule::{Schedule, Settings};
use crate::sink::Sinks;
use crate::store::{self, MemoryStore, State, StateStore};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

/// Between snapshots at the most often.
const PUBLISH: Duration = Duration::from_millis(200);
/// Between judgements of what ages.
const TICK: Duration = Duration::from_millis(500);
/// Between looks at this machine.
const LOCAL: Duration = Duration::from_secs(2);
/// Between looks at this machine's own sessions.
const SESSIONS: Duration = Duration::from_secs(1);
/// How long after a person's word it is saved: those of one key press are saved together.
const SAVE_SOON: Duration = Duration::from_millis(200);
/// Between saves of what is remembered, when something changed.
const SAVE: Duration = Duration::from_secs(30);
/// Between connections to a target that is being woken.
const WAKING: Duration = Duration::from_secs(2);
/// How long sinks may take to tell what waits when the dashboard ends.
const LAST_WORDS: Duration = Duration::from_millis(1_500);
/// How long a host that was woken is followed, unless it usually takes longer.
pub(super) const WAKE_WAIT: Duration = Duration::from_mins(2);
/// Between ICMP echoes to a target whose echo is measured over TCP.
const ICMP_RETRY: Duration = Duration::from_mins(1);
/// Between two lookups of the names of controls.
const CONTROL_NAMES: Duration = Duration::from_mins(1);
/// Numbers of those echoes begin here, above all that the schedule gives.
const ICMP_RETRY_SEQ: u64 = 1 << 48;
/// Probes started in one go.
const DUE: usize = 512;
/// Room for reports on their way in.
const REPORTS: usize = 8_192;
/// Reports taken in one go.
const BATCH: usize = 1_024;

pub(super) use reconfigure::Reconfiguration;

/// What a person asks for.
#[derive(Debug, Clone)]
pub(super) enum Command {
    /// Send magic packets to these and follow them up, for at most so long.
    Wake(Vec<TargetId>, Duration),
    /// Probe everything of this target at once.
    ProbeNow(TargetId),
    /// Forget the statistics of echo.
    ResetStatistics,
    /// Somebody has seen this alert, and signed, at this time.
    Acknowledge(Option<TargetId>, RuleId, Signature, WallTime),
    /// Silence this alert until then.
    Snooze(Option<TargetId>, RuleId, WallTime),
    /// Take an acknowledgement back.
    Unacknowledge(Option<TargetId>, RuleId),
    /// End a snooze.
    Unsnooze(Option<TargetId>, RuleId),
    /// Hold back the alerts of these until then; `None`: no longer.
    Maintain(Vec<TargetId>, Option<WallTime>),
    /// Remember of these targets whether they are pinned.
    Pin(BTreeMap<TargetId, bool>),
    /// This target is being looked at.
    LookAt(Option<TargetId>),
    /// Watch several more.
    AddAll(Vec<Target>),
    /// The configuration is another.
    Reconfigure(Box<Reconfiguration>),
    /// A line for the event log.
    Note(String),
    /// These were there on first sight, and are fine.
    AcceptAsFound(Vec<(Option<TargetId>, RuleId)>),
    /// A session on this target dropped at this moment, with what was noted of it.
    Mark(TargetId, String),
}

impl Command {
    /// Whether a person said something that a later run has to know.
    const fn is_word(&self) -> bool {
        match self {
            Self::Acknowledge(..)
            | Self::Snooze(..)
            | Self::Unacknowledge(..)
            | Self::Unsnooze(..)
            | Self::Maintain(..)
            | Self::Pin(_)
            | Self::AcceptAsFound(_)
            | Self::Mark(..) => true,
            Self::Wake(..)
            | Self::ProbeNow(_)
            | Self::ResetStatistics
            | Self::LookAt(_)
            | Self::AddAll(_)
            | Self::Reconfigure(_)
            | Self::Note(_) => false,
        }
    }
}

/// What comes back from a task.
#[derive(Debug)]
enum Report {
    Sample(Box<Sample>),
    Finished(TargetId, ProbeKind),
    /// With when its change was heard of, where the kernel told it.
    Local(Box<LocalState>, Option<Now>),
    ControlNames(BTreeMap<String, IpAddr>),
    Sessions(Result<Vec<(TargetId, SessionLook)>, Unseen>),
    ClientLog(Result<Vec<ClientEvent>, Unseen>),
    Woken(TargetId, Box<WakeProgress>, String),
    Marks(Vec<Mark>),
    Others(Vec<store::Apart>),
}

/// The loop's own state.
pub(super) struct Core {
    monitor: Monitor,
    schedule: Schedule,
    edge: Edge,
    read_only: bool,
    reports: mpsc::Sender<Report>,
    inbox: mpsc::Receiver<Report>,
    echoes: Outbox,
    echo_inbox: Arrivals,
    tasks: JoinSet<()>,
    store: Arc<dyn StateStore>,
    remembered: State,
    /// Targets that were watched in this run and are no more.
    departed: State,
    saving: Option<tokio::task::JoinHandle<bool>>,
    unsaved: bool,
    controls: BTreeMap<TargetId, IpAddr>,
    control_seq: u64,
    looking_up_controls: Option<AbortHandle>,
    waking: BTreeMap<TargetId, MonoTime>,
    wake_clock: WakeClock,
    sinks: Sinks,
    sink_statuses: Vec<SinkStatus>,
    looking_at_local: Option<AbortHandle>,
    /// A change that was heard of while a look was under way.
    look_again: Option<Now>,
    looking_at_sessions: Option<AbortHandle>,
    client_log: client_log::Reading,
    looking_for_marks: Option<AbortHandle>,
    others: others::Others,
    /// The numbers of the marks that were taken lately, with the time.
    taken_marks: VecDeque<(u64, MonoTime)>,
    /// By host and port as notices name them: under which key a target is remembered.
    hosts: BTreeMap<String, String>,
    /// By what marks and memory know the targets.
    keys: Arc<BTreeSet<String>>,
    /// Why the sessions of this machine cannot be seen.
    sessions_unseen: Option<String>,
    dirty: bool,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("monitor", &self.monitor).finish_non_exhaustive()
    }
}

impl Core {
    /// A core with the configured targets; nothing is sent before [`Core::run`].
    #[must_use]
    pub(super) fn new(
        config: &Config,
        edge: Edge,
        store: Arc<dyn StateStore>,
        local: LocalState,
    ) -> Self {
        let now = edge.clock.now();
        let mut monitor = Monitor::new(edge.access(), local, config.settings.alert, now);
        monitor.limit(config.settings.thresholds.clone());
        if let Some(simulation) = edge.simulated {
            monitor.set_simulated(Some(simulation.label));
            monitor.log(None, now.wall, simulation.sentence.to_owned());
        }
        let (reports, inbox) = mpsc::channel(REPORTS);
        let (echoes, echo_inbox) = outbox(REPORTS);
        let mut store = store;
        // What cannot be read must not be overwritten: this run remembers nothing beyond itself.
        let remembered = match store.load() {
            Ok(loaded) => {
                if let Some(warning) = loaded.warning {
                    monitor.log(None, now.wall, warning);
                }
                loaded.state
            }
            Err(error) => {
                monitor.log(None, now.wall, error.to_string());
                store = Arc::new(MemoryStore::default());
                State::default()
            }
        };
        let targets = config.targets.len();
        let sinks = if config.read_only {
            Sinks::default()
        } else {
            let shared = telling::Shared { store: Arc::clone(&store), clock: edge.clock };
            Sinks::start(&config.sinks, targets, Some(Arc::new(shared)))
        };
        let mut core = Self {
            monitor,
            schedule: Schedule::new(Settings {
                seed: edge.seed,
                deep: config.deep,
                ..Settings::default()
            }),
            edge,
            read_only: config.read_only,
            reports,
            inbox,
            echoes,
            echo_inbox,
            tasks: JoinSet::new(),
            store,
            remembered,
            departed: State::default(),
            saving: None,
            unsaved: false,
            controls: BTreeMap::new(),
            control_seq: 0,
            looking_up_controls: None,
            waking: BTreeMap::new(),
            wake_clock: WakeClock::default(),
            sinks,
            sink_statuses: Vec::new(),
            looking_at_local: None,
            look_again: None,
            looking_at_sessions: None,
            client_log: client_log::Reading::default(),
            looking_for_marks: None,
            others: others::Others::default(),
            taken_marks: VecDeque::new(),
            hosts: BTreeMap::new(),
            keys: Arc::default(),
            sessions_unseen: None,
            dirty: true,
        };
        core.recall_untold(store::MONITOR, None);
        if let Some(own) = core.remembered.get(store::MONITOR) {
            core.monitor.recall_own(own, now);
        }
        let windows = config.maintenance.clone();
        core.monitor.plan(Calendar::new(windows, jiff::tz::TimeZone::system()));
        for target in &config.targets {
            core.add(target.clone());
        }
        core
    }

    /// Runs until `stop`, then saves what is remembered.
    pub(super) async fn run(
        mut self,
        mut commands: mpsc::Receiver<Command>,
        snapshots: watch::Sender<Arc<Snapshot>>,
        alerts: mpsc::Sender<Notice>,
        stop: CancellationToken,
    ) {
        let mut publish = ticker(PUBLISH);
        let mut tick = ticker(TICK);
        let mut local = ticker(LOCAL);
        let mut changes = self.edge.local.changes(self.edge.clock);
        let mut sessions = ticker(SESSIONS);
        let mut save = ticker(SAVE);
        let mut icmp = ticker(ICMP_RETRY);
        let mut names = ticker(CONTROL_NAMES);
        loop {
            let due = self.schedule.next_due();
            let due = due.unwrap_or_else(|| self.edge.clock.mono().plus(TICK));
            let due = Instant::from_std(self.edge.clock.instant_of(due));
            tokio::select! {
                () = stop.cancelled() => break,
                Some(command) = commands.recv() => {
                    let is_word = command.is_word();
                    self.execute(command);
                    if is_word {
                        self.others.interrupt();
                        save.reset_after(SAVE_SOON);
                    }
                }
                Some(report) = self.inbox.recv() => self.take_reports(report),
                Some(sample) = self.echo_inbox.recv() => self.take_echoes(sample),
                () = sleep_until(due) => self.start_due(),
                _ = publish.tick() => self.publish(&snapshots),
                due = tick.tick() => {
                    self.monitor.observe_beat(due.elapsed(), self.edge.clock.now());
                    self.tick(&alerts);
                }
                _ = local.tick() => {
                    self.ask_controls();
                    self.look_at_local(None);
                    self.look_at_others();
                }
                at = changes.next() => self.look_at_local(Some(at)),
                _ = sessions.tick() => {
                    self.look_at_sessions();
                    self.read_client_log();
                    self.look_for_marks();
                }
                _ = save.tick() => self.save_aside().await,
                _ = icmp.tick() => self.retry_icmp(),
                _ = names.tick() => self.look_up_controls(),
                Some(_) = self.tasks.join_next() => {}
            }
        }
        self.tasks.abort_all();
        self.save_last().await;
        self.say_last_words().await;
    }

    fn add(&mut self, target: Target) {
        let now = self.edge.clock.now();
        let key = store::key(&target);
        self.hosts.insert(whose(&target), key.clone());
        self.recall_untold(&key, Some(&target));
        let departed = self.departed.remove(&key);
        let remembered = || self.remembered.get(&key).cloned().unwrap_or_default();
        let memory = departed.unwrap_or_else(remembered);
        Arc::make_mut(&mut self.keys).insert(key);
        let id = target.id;
        self.schedule.add(&target, now.mono);
        self.monitor.add(target, memory, now);
        self.sync(id);
        self.dirty = true;
    }

    /// Tells the schedule what it must know of a target to plan its probes.
    fn sync(&mut self, id: TargetId) {
        let now = self.edge.clock.mono();
        let Some(tracked) = self.monitor.target(id) else { return };
        let others =
            u32::try_from(tracked.others(now, self.schedule.climbs()).len()).unwrap_or(u32::MAX);
        self.schedule.set_ready(id, tracked.dialled().is_some(), now);
        self.schedule.set_echo_method(id, tracked.echo_method(), now);
        self.schedule.set_alternatives(id, others, now);
    }

    fn execute(&mut self, command: Command) {
        let now = self.edge.clock.now();
        match command {
            Command::Wake(ids, wait) => {
                for id in ids {
                    self.wake(id, wait);
                }
            }
            Command::ProbeNow(id) => {
                self.schedule.probe_now(id, now.mono);
            }
            Command::ResetStatistics => self.monitor.reset_statistics(now),
            Command::Acknowledge(id, rule, signed, at) => {
                self.monitor.acknowledge(id, rule, signed, Now { wall: at, ..now });
                self.unsaved = true;
            }
            Command::Snooze(id, rule, until) => {
                self.monitor.snooze(id, rule, until);
                self.unsaved = true;
            }
            Command::Unacknowledge(id, rule) => {
                self.monitor.unacknowledge(id, rule);
                self.unsaved = true;
            }
            Command::Unsnooze(id, rule) => {
                self.monitor.unsnooze(id, rule);
                self.unsaved = true;
            }
            Command::Mark(id, note) => {
                self.monitor.mark(Some(id), now.wall, &note, now);
                self.tell_of_mark(id, note, now);
                self.unsaved = true;
            }
            Command::Maintain(ids, until) => {
                self.unsaved |= self.monitor.maintain(&ids, until, now);
            }
            Command::Pin(pins) => self.unsaved |= self.monitor.pin(&pins),
            Command::LookAt(id) => self.schedule.look_at(id, now.mono),
            Command::AddAll(targets) => {
                for target in targets {
                    self.add(target);
                }
                self.sinks.expect(self.monitor.targets().count());
            }
            Command::Reconfigure(changes) => self.reconfigure(*changes),
            Command::Note(text) => self.monitor.log(None, now.wall, text),
            Command::AcceptAsFound(findings) => {
                self.unsaved |= self.monitor.accept_as_found(&findings, now) > 0;
            }
        }
        self.attend_sinks(now);
        self.dirty = true;
    }

    fn tick(&mut self, alerts: &mpsc::Sender<Notice>) {
        let now = self.edge.clock.now();
        for event in self.monitor.tick(now) {
            // So that a later run tells nobody again.
            self.unsaved = true;
            self.others.news();
            let notice = self.monitor.notice(&event, now);
            // A bell that does not keep up loses events, never the probes.
            let _full = alerts.try_send(notice.clone());
            self.sinks.offer(notice);
        }
        self.attend_sinks(now);
        self.offer_again(now);
        self.unsaved |= self.monitor.take_forgot();
        self.look_at_sinks(now);
        self.follow_waking(now.mono);
        self.wake_at_times(now);
        self.dirty = true;
    }

    fn publish(&mut self, snapshots: &watch::Sender<Arc<Snapshot>>) {
        if self.dirty {
            self.dirty = false;
            let snapshot = Arc::new(self.snapshot());
            snapshots.send_replace(snapshot);
        }
    }

    fn snapshot(&mut self) -> Snapshot {
        let now = self.edge.clock.now();
        let schedule = &self.schedule;
        let in_flight = u32::try_from(self.tasks.len()).unwrap_or(u32::MAX);
        let mut snapshot = self.monitor.snapshot(now, in_flight, |id| Budget {
            next_tls: schedule.next_of(id, ProbeKind::Tls),
            connections_per_day: schedule.connections_per_day(id),
        });
        snapshot.monitor.sinks = self.sinks.pending();
        snapshot.monitor.engine = self.edge.engine();
        snapshot
    }
}

fn ticker(period: Duration) -> tokio::time::Interval {
    let mut ticker = interval(period);
    ticker.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticker
}
