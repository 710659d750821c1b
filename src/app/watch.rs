//! The dashboard: the core in the background, the screen in front.

mod adding;
mod editing;
mod effects;
mod news;
mod terminal_says;

use super::core::{Command, Core};
use super::edge::Edge;
use super::editor::Editor;
use super::reload::{News, Source};
use super::signals::{Signal, Signals};
use super::{DONE, FAILED, Failure, real_edge, reload, runtime};
use crate::config::{Config, MAX_TARGETS};
use crate::domain::local::LocalState;
use crate::domain::sink::{Notice, SinkKind, SinkSpec};
use crate::domain::snapshot::Snapshot;
use crate::domain::target::TargetId;
use crate::domain::time::WallTime;
use crate::monitor::opening;
use crate::store::StateStore;
use crate::ui::dashboard::{Dashboard, Options};
use crate::ui::effect::Effect;
use crate::ui::input::Input;
use crate::ui::pace::Pace;
use crate::ui::terminal;
use crate::ui::terminal::Terminal;
use crate::ui::writer::Written;
use crossterm::event::EventStream;
use futures_util::{StreamExt, stream};
use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use terminal_says::{mouse, options};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// How long the probes wait for the first frame.
const FIRST_FRAME: Duration = Duration::from_millis(100);
/// How long the core may take to save what it remembers.
const LAST_SAVE: Duration = Duration::from_secs(2);
/// Room for what a person asks for: one key may ask for something of every target, and of two alerts
/// of each.
const COMMANDS: usize = 2 * MAX_TARGETS;
/// Room for what was written.
const WRITES: usize = 16;
/// Room for alerts on their way to the bell.
const ALERTS: usize = 256;

/// Runs the dashboard over real hosts until the user quits or a signal ends it.
pub(super) fn watch(
    config: Config,
    store: Arc<dyn StateStore>,
    source: Option<Source>,
) -> Result<u8, Failure> {
    let runtime = runtime()?;
    let ended = runtime.block_on(async {
        let edge = real_edge(&config)?;
        show(Arc::new(config), edge, store, source).await
    });
    runtime.shutdown_background();
    ended
}

/// Runs the dashboard over `edge`.
pub(super) async fn show(
    config: Arc<Config>,
    edge: Edge,
    store: Arc<dyn StateStore>,
    source: Option<Source>,
) -> Result<u8, Failure> {
    let clock = edge.clock;
    let local = edge.local_state();
    needs_terminal()?;
    let simulated = edge.simulated.map(|simulation| simulation.label);
    let first = opening(&config.targets, edge.access(), local.clone(), simulated, clock.now());
    let now = Arc::new(move || clock.now().wall);
    let known = (Arc::clone(&config), local.clone());
    front(config, &local, Arc::new(first), now, source, |running| {
        let Running { inbox, snapshots, alerts, shown, stop } = running;
        tokio::spawn(async move {
            // Nothing may keep the first frame waiting, and no terminal the probes for long.
            let _late = timeout(FIRST_FRAME, shown.cancelled()).await;
            if !stop.is_cancelled() {
                let (config, local) = known;
                let core = Core::new(&config, edge, store, local);
                drop(config);
                core.run(inbox, snapshots, alerts, stop).await;
            }
        })
    })
    .await
}

fn needs_terminal() -> Result<(), Failure> {
    if std::io::stdout().is_terminal() && std::io::stdin().is_terminal() {
        return Ok(());
    }
    let message = "the dashboard needs a terminal; for scripts there is `rdpwatch check`";
    Err(Failure::new(FAILED, message))
}

/// What the wall clock of the screen shows.
pub(super) type WallClock = Arc<dyn Fn() -> WallTime + Send + Sync>;

/// What whoever makes the snapshots is handed.
pub(super) struct Running {
    /// What the person asks for.
    pub(super) inbox: mpsc::Receiver<Command>,
    /// The newest picture.
    pub(super) snapshots: watch::Sender<Arc<Snapshot>>,
    /// What is worth telling.
    pub(super) alerts: mpsc::Sender<Notice>,
    /// Set once the terminal has the first frame.
    pub(super) shown: CancellationToken,
    /// Set when it should save and end.
    pub(super) stop: CancellationToken,
}

/// Shows the snapshots that the task of `start` makes, until the user quits or a signal ends it.
pub(super) async fn front(
    config: Arc<Config>,
    local: &LocalState,
    first: Arc<Snapshot>,
    now: WallClock,
    source: Option<Source>,
    start: impl FnOnce(Running) -> JoinHandle<()>,
) -> Result<u8, Failure> {
    needs_terminal()?;
    let teach = source.as_ref().is_some_and(|source| !source.path.exists());
    let options = Options { teach, ..options(&config, local)? };
    let (commands, inbox) = mpsc::channel(COMMANDS);
    let (snapshots, newest) = watch::channel(Arc::clone(&first));
    let (alerts, ringing) = mpsc::channel(ALERTS);
    let (shown, stop) = (CancellationToken::new(), CancellationToken::new());
    let mut running =
        start(Running { inbox, snapshots, alerts, shown: shown.clone(), stop: stop.clone() });
    let screen = Screen {
        relayed: options.relayed,
        editor: Editor::new(source.as_ref().map(|source| source.path.clone())),
        dashboard: Dashboard::new(options, first),
        commands,
        next_id: config.targets.iter().map(|target| target.id.0 + 1).max().unwrap_or(0),
        now,
        pace: Pace::new(config.ui.fps),
        config,
        next_frame: Instant::now(),
        shown: shown.clone(),
        by_hand: BTreeSet::new(),
        file: source.as_ref().map(|source| source.path.clone()),
    };
    let (news, told) = mpsc::channel(1);
    if let Some(source) = source {
        tokio::spawn(reload::follow(source, news));
    }
    let ended = tokio::select! {
        ended = screen.run(newest, ringing, told) => ended,
        // It ends by itself only in a panic: nothing would ever be measured again.
        _ = &mut running => return Err(Failure::new(FAILED, broken("the monitor broke down"))),
    };
    stop.cancel();
    shown.cancel();
    let _saved = timeout(LAST_SAVE, running).await;
    if let Some(panic) = terminal::take_panic() {
        let panic = crate::domain::text::printable(&panic);
        return Err(Failure::new(FAILED, format!("a probe broke down: {panic}")));
    }
    ended.map_err(|error| Failure::new(FAILED, format!("the terminal failed: {error}")))
}

/// What broke down, with the message of the panic behind it.
fn broken(what: &str) -> String {
    match terminal::take_panic() {
        Some(panic) => format!("{what}: {}", crate::domain::text::printable(&panic)),
        None => what.to_owned(),
    }
}

/// The screen and what it needs to carry out effects.
struct Screen {
    dashboard: Dashboard,
    commands: mpsc::Sender<Command>,
    config: Arc<Config>,
    next_id: u32,
    now: WallClock,
    /// Targets that were added on the screen.
    by_hand: BTreeSet<TargetId>,
    /// Where they may be saved; `None` where they may not, or not any more.
    file: Option<PathBuf>,
    /// Whether tmux stands between this program and the terminal.
    relayed: bool,
    /// The configuration file being changed.
    editor: Editor,
    /// How often it is drawn.
    pace: Pace,
    /// When it may be drawn next without being asked to.
    next_frame: Instant,
    /// Set once the terminal has the first frame.
    shown: CancellationToken,
}

impl Screen {
    async fn run(
        mut self,
        mut newest: watch::Receiver<Arc<Snapshot>>,
        mut alerts: mpsc::Receiver<Notice>,
        mut news: mpsc::Receiver<News>,
    ) -> std::io::Result<u8> {
        terminal::install_panic_hook();
        let mut signals = Signals::listen()?;
        let (done, mut written) = mpsc::channel(WRITES);
        let mut terminal = Terminal::enter(mouse(), move |how| {
            // Nobody listens any more once the screen has ended.
            let _ = done.blocking_send(how);
        })?;
        let early = terminal.ask()?;
        tracing::debug!(synchronized = ?terminal.synchronized(), "the terminal");
        let mut events = stream::iter(early.into_iter().map(Ok)).chain(EventStream::new());
        let mut changed = true;
        // A key is answered as soon as the terminal is free, whatever the pace.
        let mut pressed = false;
        loop {
            tokio::select! {
                event = events.next() => {
                    let Some(event) = event else { break };
                    let Some(input) = Input::of(event?) else { continue };
                    // Of many changes of the size only the last needs a frame.
                    pressed |= !matches!(input, Input::Resize(..));
                    let effects = self.dashboard.input(input, (self.now)());
                    for effect in effects {
                        if let Effect::Quit { keep_screen } = effect {
                            let text = keep_screen.then(|| self.dashboard.text());
                            drop(events);
                            return text.map_or(Ok(DONE), |text| {
                                terminal.leave_with(&text).map(|()| DONE)
                            });
                        }
                        self.carry_out(effect, &mut terminal)?;
                    }
                    changed = true;
                }
                alive = next_change(&mut newest) => {
                    if !alive {
                        return Err(std::io::Error::other(
                            "the part that probes ended unexpectedly",
                        ));
                    }
                    self.dashboard.set_snapshot(newest.borrow_and_update().clone());
                    changed = true;
                }
                Some(notice) = alerts.recv() => {
                    tracing::info!(
                        event = notice.event.word(),
                        rule = %notice.rule,
                        title = %notice.title,
                        "alert"
                    );
                    let rings =
                        |sink: &SinkSpec| sink.kind == SinkKind::Bell && sink.wants(&notice);
                    if self.config.sinks.iter().any(rings) {
                        terminal.ring();
                    }
                }
                Some(news) = news.recv() => {
                    self.take_news(news);
                    changed = true;
                }
                signal = signals.next() => match signal {
                    Signal::End => break,
                    Signal::Stop => self.stop(&mut terminal)?,
                },
                Some(Written { frame, took, result }) = written.recv() => {
                    result?;
                    if frame {
                        self.shown.cancel();
                        changed |= self.wrote(took);
                    }
                }
                () = sleep_until(self.next_frame), if changed && terminal.is_free() => {
                    pressed = true;
                }
            }
            if changed && pressed && terminal.is_free() {
                changed = self.draw(&mut terminal)?;
                pressed = false;
            }
        }
        Ok(DONE)
    }

    /// Begins to write a frame. True when there is news for the next one.
    fn draw(&mut self, terminal: &mut Terminal) -> std::io::Result<bool> {
        self.next_frame = Instant::now() + self.pace.between();
        match self.dashboard.frame((self.now)()) {
            Some(frame) => terminal.draw(&frame).map(|()| false),
            None => Ok(self.wrote(Duration::ZERO)),
        }
    }

    /// The terminal took so long for a frame. True when that is news for the screen.
    fn wrote(&mut self, took: Duration) -> bool {
        let told = |pace: &Pace| (pace.told(), pace.is_in_place());
        let before = told(&self.pace);
        self.pace.wrote(took);
        self.next_frame = Instant::now() + self.pace.between();
        self.dashboard.keep_pace(&self.pace);
        before != told(&self.pace)
    }

    /// Gives the terminal back, stops as a job of the shell, and takes it again afterwards.
    fn stop(&mut self, terminal: &mut Terminal) -> std::io::Result<()> {
        terminal.suspend();
        super::signals::stop_here();
        terminal.resume()?;
        if let Ok(size) = Terminal::size() {
            let resized = Input::Resize(size.width, size.height);
            self.dashboard.input(resized, (self.now)());
        }
        self.dashboard.invalidate();
        self.draw(terminal).map(drop)
    }
}

/// True when there is a newer snapshot; false once the core is gone: the last picture must not
/// stand there as if it were the present.
async fn next_change<T>(newest: &mut watch::Receiver<T>) -> bool {
    newest.changed().await.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_core_that_died_is_noticed_and_its_last_picture_is_not_shown_on() {
        let (snapshots, mut newest) = watch::channel(1);
        snapshots.send_replace(2);
        assert!(next_change(&mut newest).await);
        assert_eq!(*newest.borrow_and_update(), 2);
        drop(snapshots);
        assert!(!next_change(&mut newest).await);
    }
}
