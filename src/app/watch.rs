//! The dashboard: the core in the background, the screen in front.

mod adding;
mod editing;

use super::core::{Command, Core, WAKE_WAIT};
use super::doctor::colours_of;
use super::edge::Edge;
use super::editor::Editor;
use super::looks::Looks;
use super::reload::{News, Source};
use super::signals::{Signal, Signals};
use super::suggest::suggestions;
use super::{DONE, FAILED, Failure, first, real_edge, reload, runtime};
use crate::config::{ColorMode, Config, MAX_TARGETS, process_environment};
use crate::domain::alert::Signature;
use crate::domain::local::LocalState;
use crate::domain::sink::{Notice, SinkKind, SinkSpec};
use crate::domain::snapshot::Snapshot;
use crate::domain::target::TargetId;
use crate::domain::time::WallTime;
use crate::monitor::opening;
use crate::proto::cipher::cipher_name;
use crate::report::check_json;
use crate::report::check_json::CheckInput;
use crate::report::doctor::Colours;

use crate::store::StateStore;
use crate::ui::dashboard::{Dashboard, Options};
use crate::ui::effect::{Effect, READ_ONLY};
use crate::ui::export::Kind;
use crate::ui::format::Zone;
use crate::ui::input::Input;
use crate::ui::pace::Pace;
use crate::ui::state::Access;
use crate::ui::terminal;
use crate::ui::terminal::{Mouse, Terminal};
use crate::ui::theme::GlyphSet;
use crate::ui::writer::Written;
use crossterm::event::EventStream;
use futures_util::{StreamExt, stream};
use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::error::TrySendError;
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

/// Who sits here: who called `sudo`, else the user of the session; empty where nobody says.
fn operator() -> String {
    let named = |name: &&str| std::env::var(name).ok().filter(|who| !who.trim().is_empty());
    ["SUDO_USER", "USER", "USERNAME"].iter().find_map(named).unwrap_or_default()
}

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

/// A variable of the environment that says something.
fn set(name: &str) -> Option<String> {
    process_environment(name)
        .and_then(|value| value.into_string().ok())
        .filter(|value| !value.is_empty())
}

/// GNU screen holds `Esc` back until the next key while it reports the mouse (seen with 4.9.0), and
/// sets this variable.
fn mouse() -> Mouse {
    if set("STY").is_some() { Mouse::Free } else { Mouse::Captured }
}

/// Whether the terminal says that it can nothing else, or the locale that it is not told UTF-8. The
/// fonts of the Linux console lack most signs.
fn shows_ascii_only(set: &dyn Fn(&str) -> Option<String>) -> bool {
    let vt = |term: &str| {
        term.strip_prefix("vt").is_some_and(|model| model.starts_with(|c: char| c.is_ascii_digit()))
    };
    let plain = |term: &str| matches!(term, "dumb" | "linux") || vt(term);
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    let utf8 = |locale: String| locale.to_ascii_lowercase().replace('-', "").contains("utf8");
    set("TERM").is_some_and(|term| plain(&term)) || !locale.is_none_or(utf8)
}

fn options(config: &Config, local: &LocalState) -> Result<Options, Failure> {
    let Looks { mut theme, keymap } =
        Looks::read(config).map_err(|message| Failure::new(2, message))?;
    if config.ui.ascii.unwrap_or_else(|| shows_ascii_only(&set)) {
        theme = theme.with_glyphs(GlyphSet::Ascii);
    }
    let colours = match config.ui.color {
        ColorMode::Never => Colours::None,
        ColorMode::Auto => colours_of(&set),
        // What was asked for outweighs NO_COLOR and a terminal that says nothing of itself.
        ColorMode::Always => match colours_of(&|name| set(name).filter(|_| name != "NO_COLOR")) {
            Colours::None => Colours::Sixteen,
            more => more,
        },
    };
    theme = theme.reduced_to(colours);
    Ok(Options {
        theme,
        colours,
        keymap,
        view: config.ui.view,
        columns: config.ui.columns.clone(),
        panels: config.ui.panels.clone(),
        access: if config.read_only { Access::ReadOnly } else { Access::Full },
        zone: Zone(jiff::tz::TimeZone::system()),
        size: Terminal::size().unwrap_or_default(),
        suggestions: if config.targets.is_empty() { suggestions(local) } else { Vec::new() },
        teach: false,
        relayed: set("TMUX").is_some(),
    })
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

    fn carry_out(&mut self, effect: Effect, terminal: &mut Terminal) -> std::io::Result<()> {
        let now = (self.now)();
        if self.config.read_only && effect.changes_configuration() {
            self.dashboard.tell(READ_ONLY, now);
            return Ok(());
        }
        let command = match effect {
            Effect::Wake(id) => Command::Wake(vec![id], WAKE_WAIT),
            Effect::WakeMany(ids) => Command::Wake(ids, WAKE_WAIT),
            Effect::ProbeNow(id) => Command::ProbeNow(id),
            Effect::ResetStatistics => Command::ResetStatistics,
            Effect::Acknowledge { target, rule, note } => {
                let signed = Signature::new(&self.operator(), &note);
                Command::Acknowledge(target, rule, signed, now)
            }
            Effect::Reacknowledge { target, rule, at, signed } => {
                Command::Acknowledge(target, rule, signed, at)
            }
            Effect::Snooze { target, rule, length } => {
                Command::Snooze(target, rule, now.plus(length))
            }
            Effect::Unacknowledge { target, rule } => Command::Unacknowledge(target, rule),
            Effect::Unsnooze { target, rule } => Command::Unsnooze(target, rule),
            Effect::Maintain { targets, length } => {
                Command::Maintain(targets, length.map(|length| now.plus(length)))
            }
            Effect::Pin(pins) => Command::Pin(pins),
            Effect::LookAt(id) => Command::LookAt(id),
            Effect::AcceptAsFound(findings) => Command::AcceptAsFound(findings),
            Effect::Mark(id, note) => Command::Mark(id, note),
            Effect::AddTarget(text) => {
                self.add(&text);
                return Ok(());
            }
            Effect::AddRow { heads, row } => {
                self.add_row(&heads, &row);
                return Ok(());
            }
            Effect::AddPasted(text) => {
                match first::of_text(&text) {
                    Ok(hosts) => self.watch_entries(hosts),
                    Err(error) => self.dashboard.ask_again("", &reload::short(&error), now),
                }
                return Ok(());
            }
            Effect::Mended => {
                self.ask_to_save();
                return Ok(());
            }
            Effect::EditTarget(id) => {
                self.edit(id);
                return Ok(());
            }
            Effect::AskForNewTarget(typed) => {
                self.ask_for_new(&typed);
                return Ok(());
            }
            Effect::NewTarget(texts) => {
                self.add_new(&texts);
                return Ok(());
            }
            Effect::ChangeTarget { name, texts } => {
                self.change(&name, &texts);
                return Ok(());
            }
            Effect::RemoveTarget(id) => {
                self.remove(id);
                return Ok(());
            }
            Effect::Unwatch(ids) => {
                self.unwatch(&ids);
                return Ok(());
            }
            Effect::Export(name) => {
                self.export(&name);
                return Ok(());
            }
            Effect::UndoFileChange(change) => {
                self.undo(change);
                return Ok(());
            }
            Effect::SaveTargets => {
                self.save();
                return Ok(());
            }
            Effect::LeaveUnsaved => {
                self.file = None;
                return Ok(());
            }
            Effect::CopyText(text) => {
                if !terminal.copy(&text, self.relayed) {
                    self.dashboard.tell("not copied: the terminal does not keep up", now);
                }
                return Ok(());
            }
            Effect::Suspend => return self.stop(terminal),
            Effect::Pause(_) | Effect::Quit { .. } => return Ok(()),
        };
        self.ask(command);
        Ok(())
    }

    /// Who acknowledges alerts here.
    fn operator(&self) -> String {
        self.config.ui.operator.clone().unwrap_or_else(operator)
    }

    fn ask(&mut self, command: Command) {
        ask(&self.commands, &mut self.dashboard, command, (self.now)());
    }

    /// Takes over the file's new text, or says why it is not taken.
    fn take_news(&mut self, news: News) {
        let now = (self.now)();
        match news {
            Ok(mut config) => {
                // A theme or a key map that is wrong is a wrong file, and changes nothing.
                let options = match options(&config, &LocalState::default()) {
                    Ok(options) => options,
                    Err(failure) => {
                        self.dashboard.unread(Some(&reload::not_read(&failure.message)));
                        return;
                    }
                };
                let (before, after) = (&self.config.settings, &config.settings);
                let found = reload::difference(
                    &self.config.targets,
                    &self.by_hand,
                    &config.targets,
                    |target| reload::inherit(before, after, target),
                    &mut self.next_id,
                );
                config.targets.clone_from(&found.targets);
                let own = self.editor.is_own();
                if own && let Some((before, after)) = found.readdressed(&self.config.targets) {
                    self.dashboard.succeed(before, after);
                }
                let changes = reload::reconfiguration(&self.config, &config, found);
                // What takes effect at the next start only is compared with what is in force.
                let Config { dns, family, icmp, echo_engine, deep, read_only, .. } =
                    Config::clone(&self.config);
                let (read_only, deep) = (read_only || config.read_only, deep || config.deep);
                self.config =
                    Arc::new(Config { dns, family, icmp, echo_engine, deep, read_only, ..*config });
                self.pace = Pace::new(self.config.ui.fps);
                let access = if read_only { Access::ReadOnly } else { Access::Full };
                self.dashboard.change(Options { access, ..options });
                tracing::info!("{}", changes.note);
                // What was written from here was told when it was written.
                let mended = self.dashboard.unread(None);
                if mended || !own {
                    self.dashboard.tell(&changes.note, now);
                }
                let changes = if own { changes.quiet_where_same() } else { changes };
                self.ask(Command::Reconfigure(Box::new(changes)));
            }
            Err(error) => {
                tracing::warn!("the configuration is not read again: {error}");
                let text = reload::refusal(&error);
                self.dashboard.unread(Some(&text));
                self.ask(Command::Note(text));
            }
        }
    }
}

/// Hands the monitor what a person asks for, or says that it was not taken.
fn ask(
    commands: &mpsc::Sender<Command>,
    dashboard: &mut Dashboard,
    command: Command,
    now: WallTime,
) {
    match commands.try_send(command) {
        Ok(()) => {}
        Err(TrySendError::Full(Command::Pin(pins)) | TrySendError::Closed(Command::Pin(pins))) => {
            dashboard.not_taken(&pins, now);
        }
        Err(_) => dashboard.not_taken(&BTreeMap::new(), now),
    }
}

impl Screen {
    fn export(&mut self, name: &str) {
        let now = (self.now)();
        let written = Kind::of(name).and_then(|kind| {
            let text = self.dashboard.export(kind, now).unwrap_or_else(|| {
                let (snapshot, targets) = self.dashboard.shown();
                check_json::document(&CheckInput {
                    checked_at: snapshot.now.wall,
                    monitor: &snapshot.monitor,
                    targets: &targets,
                    cipher_name,
                })
            });
            super::export::write(name, &text)
        });
        match written {
            Ok(told) => {
                self.dashboard.close();
                self.dashboard.tell(&told, now);
            }
            Err(why) => self.dashboard.tell(&why, now),
        }
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
    use crate::domain::local::EchoAccess;
    use crate::domain::target::{Host, Target};
    use crate::domain::time::{MonoTime, Now};
    use crate::monitor;
    use crate::ui::input::Key;

    /// A mark that the monitor never heard of stayed at the row, and no snapshot took it away.
    #[test]
    fn a_pin_that_the_monitor_was_too_busy_to_take_does_not_stay_on_the_screen() {
        let targets = [1, 2].map(|id| {
            Target::new(TargetId(id), format!("host-{id}"), Host::Name(format!("host-{id}")))
        });
        let now = Now { mono: MonoTime::default(), wall: WallTime::default() };
        let local = LocalState::default();
        let echo = EchoAccess::Datagram;
        let probing = monitor::Access { echo_v4: echo, echo_v6: echo, neighbours: true };
        let mut snapshot = opening(&targets, probing, local, None, now);
        snapshot.pinned = Some(BTreeSet::new());
        let snapshot = Arc::new(snapshot);
        let mut dashboard = Dashboard::new(Options::default(), Arc::clone(&snapshot));
        let (commands, mut inbox) = mpsc::channel(1);
        commands.try_send(Command::ResetStatistics).expect("room for one");
        let press = |dashboard: &mut Dashboard, key: &str| {
            let _drawn = dashboard.frame(now.wall);
            let key: Key = key.parse().expect("a key");
            for effect in dashboard.input(Input::Key(key), now.wall) {
                if let Effect::Pin(pins) = effect {
                    ask(&commands, dashboard, Command::Pin(pins), now.wall);
                }
            }
        };
        press(&mut dashboard, "P");
        assert_eq!(dashboard.state().pinned, BTreeSet::new());
        let message = |dashboard: &Dashboard| {
            dashboard.state().message.as_ref().map(|message| message.line.plain())
        };
        assert!(message(&dashboard).is_some_and(|words| words.starts_with("not pinned: ")));
        // Nothing of it is left to undo, and with room again the same key pins.
        inbox.try_recv().expect("the one that filled it");
        press(&mut dashboard, "u");
        assert!(inbox.try_recv().is_err());
        press(&mut dashboard, "P");
        let Ok(Command::Pin(taken)) = inbox.try_recv() else { panic!("not asked for") };
        let pinned: BTreeSet<TargetId> = taken.into_keys().collect();
        assert_eq!((pinned.len(), &dashboard.state().pinned), (1, &pinned));
        // A picture from before the pin was taken does not take it back.
        dashboard.set_snapshot(Arc::clone(&snapshot));
        assert_eq!(dashboard.state().pinned, pinned);
        // What is not taken back stays as the monitor has it.
        commands.try_send(Command::ResetStatistics).expect("room for one");
        press(&mut dashboard, "P");
        assert_eq!(dashboard.state().pinned, pinned);
        assert!(message(&dashboard).is_some_and(|words| words.starts_with("still pinned: ")));
    }

    #[test]
    fn only_a_terminal_that_says_so_gets_ascii() {
        let ascii = |pairs: &[(&str, &str)]| {
            let set = |name: &str| {
                let found = pairs.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            shows_ascii_only(&set)
        };
        let xterm = ("TERM", "xterm-256color");
        assert!(!ascii(&[xterm]), "nothing is said of the locale");
        assert!(!ascii(&[xterm, ("LANG", "de_AT.UTF-8")]));
        assert!(!ascii(&[xterm, ("LC_ALL", "C.utf8"), ("LANG", "C")]));
        assert!(ascii(&[xterm, ("LANG", "C")]));
        assert!(ascii(&[xterm, ("LC_ALL", "de_AT.ISO-8859-1"), ("LANG", "de_AT.UTF-8")]));
        assert!(ascii(&[("TERM", "dumb")]) && ascii(&[("TERM", "linux"), ("LANG", "C.UTF-8")]));
        assert!(ascii(&[("TERM", "vt100")]) && !ascii(&[("TERM", "vte-256color")]));
    }

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
