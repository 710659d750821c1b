//! What keys ask for beyond the screen.

use super::super::core::{Command, WAKE_WAIT};
use super::super::{export, first, reload};
use super::Screen;
use crate::domain::alert::Signature;
use crate::domain::time::WallTime;
use crate::proto::cipher::cipher_name;
use crate::report::check_json;
use crate::report::check_json::CheckInput;
use crate::ui::dashboard::Dashboard;
use crate::ui::effect::{Effect, READ_ONLY};
use crate::ui::export::Kind;
use crate::ui::terminal::Terminal;
use std::collections::BTreeMap;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// Who sits here: who called `sudo`, else the user of the session; empty where nobody says.
fn operator() -> String {
    let named = |name: &&str| std::env::var(name).ok().filter(|who| !who.trim().is_empty());
    ["SUDO_USER", "USER", "USERNAME"].iter().find_map(named).unwrap_or_default()
}

impl Screen {
    /// Carries out what a key asked for.
    pub(super) fn carry_out(
        &mut self,
        effect: Effect,
        terminal: &mut Terminal,
    ) -> std::io::Result<()> {
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

    pub(super) fn ask(&mut self, command: Command) {
        ask(&self.commands, &mut self.dashboard, command, (self.now)());
    }

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
            export::write(name, &text)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::local::{EchoAccess, LocalState};
    use crate::domain::target::{Host, Target, TargetId};
    use crate::domain::time::{MonoTime, Now};
    use crate::monitor::{self, opening};
    use crate::ui::dashboard::Options;
    use crate::ui::input::{Input, Key};
    use std::collections::BTreeSet;
    use std::sync::Arc;

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
}
