//! Targets that are changed in the configuration file, taken out of it, and put back.

use super::super::core::{Command, Reconfiguration};
use super::super::editor::Undone;
use super::super::reload;
use super::Screen;
use crate::config::edit::FIELDS;
use crate::domain::target::{DEFAULT_PORT, Target, TargetId};
use crate::ui::effect::FileChange;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// What a form shows of a target that was typed.
fn form_texts(target: &Target) -> Vec<String> {
    let host = target.host.to_string();
    let text = |key: &str| match key {
        "name" if target.name != host => target.name.clone(),
        "host" => host.clone(),
        "port" if target.port != DEFAULT_PORT => target.port.to_string(),
        "group" => target.group.clone().unwrap_or_default(),
        "expect" => {
            let all: Vec<String> = target.expect.iter().map(ToString::to_string).collect();
            all.join(", ")
        }
        "mac" => target.mac.map(|mac| mac.to_string()).unwrap_or_default(),
        _ => String::new(),
    };
    FIELDS.iter().map(|(key, _)| text(key)).collect()
}

impl Screen {
    pub(super) fn target(&self, id: TargetId) -> Option<Target> {
        self.config.targets.iter().find(|target| target.id == id).cloned()
    }

    /// Opens the form over a target of the file; one that stands in none is offered to be saved.
    pub(super) fn edit(&mut self, id: TargetId) {
        let Some(target) = self.target(id) else { return };
        match self.editor.open(&target) {
            Ok(Some(form)) => self.dashboard.open_form(form),
            Ok(None) => self.offer_to_save(id, &target.name),
            Err(error) => self.dashboard.hold(&reload::short(&error)),
        }
    }

    /// Opens the form for one more target, with what was typed of it so far.
    pub(super) fn ask_for_new(&mut self, typed: &str) {
        let known = self.config.resolve(typed, &|_| Err(std::io::ErrorKind::Unsupported.into()));
        let texts = match known.as_deref() {
            Ok([target, ..]) => form_texts(target),
            _ => FIELDS
                .iter()
                .map(|(key, _)| if *key == "host" { typed } else { "" }.to_owned())
                .collect(),
        };
        match self.editor.open_new(texts) {
            Ok(Some(form)) => self.dashboard.open_form(form),
            Ok(None) => {
                let text = "no configuration file is known to write it to: --config FILE";
                self.dashboard.tell(text, (self.now)());
            }
            Err(error) => self.dashboard.hold(&reload::short(&error)),
        }
    }

    pub(super) fn add_new(&mut self, texts: &[String]) {
        match self.editor.add(texts) {
            Ok(change) => {
                self.dashboard.answer_form(Vec::new());
                self.dashboard.file_changed(change, (self.now)());
            }
            Err(wrong) => self.dashboard.answer_form(wrong),
        }
    }

    /// What is saved can be changed there.
    pub(super) fn offer_to_save(&mut self, id: TargetId, name: &str) {
        let now = (self.now)();
        let Some(path) = self.editor.path().map(Path::to_owned) else {
            let text = format!("{name} stands in no file, and none is known: --config FILE");
            self.dashboard.tell(&text, now);
            return;
        };
        self.by_hand.insert(id);
        self.file = Some(path);
        self.dashboard.tell(&format!("{name} stands in no file yet"), now);
        self.ask_to_save();
    }

    pub(super) fn change(&mut self, name: &str, texts: &[String]) {
        match self.editor.change(name, texts) {
            Ok(Some(change)) => {
                self.dashboard.answer_form(Vec::new());
                self.dashboard.file_changed(change, (self.now)());
            }
            Ok(None) => self.dashboard.answer_form(Vec::new()),
            Err(wrong) => self.dashboard.answer_form(wrong),
        }
    }

    pub(super) fn undo(&mut self, change: FileChange) {
        match self.editor.undo(&change) {
            Ok(ended) => {
                let what = &change.what;
                let text = match ended {
                    Undone::Done(unsaved) => {
                        let watched = |id: &TargetId| self.target(*id).is_some();
                        let unsaved: BTreeSet<TargetId> =
                            unsaved.into_iter().filter(watched).collect();
                        let still = match unsaved.len() {
                            0 => "",
                            1 => "; it is watched until you quit",
                            _ => "; they are watched until you quit",
                        };
                        self.by_hand.extend(unsaved);
                        format!("undone: {what}{still}")
                    }
                    Undone::Overtaken => {
                        format!("not undone: {what}; somebody else changed the file since")
                    }
                    Undone::Forgotten => format!("not undone: {what}; it was too long ago"),
                };
                self.dashboard.tell(&text, (self.now)());
            }
            Err(error) => {
                self.dashboard.hold(&format!("not undone: {}", reload::short(&error)));
                self.dashboard.not_undone(change);
            }
        }
    }

    /// Takes a target out of the file, or, where none has it, out of this run.
    pub(super) fn remove(&mut self, id: TargetId) {
        let Some(target) = self.target(id) else { return };
        let name = &target.name;
        match self.editor.remove(&target) {
            Ok(Some(change)) => self.dashboard.file_changed(change, (self.now)()),
            Ok(None) => self.forget(vec![id], format!("{name}: removed; it stood in no file")),
            Err(error) => {
                self.dashboard.hold(&format!("not removed: {}", reload::short(&error)));
                return;
            }
        }
        // What was added by hand would stay when the file is read again.
        self.by_hand.remove(&id);
    }

    /// Watches no more what was added on the screen; what was saved since stays.
    pub(super) fn unwatch(&mut self, ids: &[TargetId]) {
        let by_hand =
            |target: &&Target| ids.contains(&target.id) && self.by_hand.contains(&target.id);
        let added: Vec<&Target> = self.config.targets.iter().filter(by_hand).collect();
        let what = match added.as_slice() {
            [] => {
                let text =
                    "not undone: what was added stands in the configuration file, or is gone";
                self.dashboard.tell(text, (self.now)());
                return;
            }
            [one] => format!("undone: {} is watched no more", one.name),
            many => format!("undone: {} hosts are watched no more", many.len()),
        };
        let ids: Vec<TargetId> = added.iter().map(|target| target.id).collect();
        self.by_hand.retain(|id| !ids.contains(id));
        self.forget(ids, what);
    }

    /// Takes targets that no file has out of this run, and says so.
    fn forget(&mut self, ids: Vec<TargetId>, told: String) {
        Arc::make_mut(&mut self.config).targets.retain(|target| !ids.contains(&target.id));
        self.dashboard.tell(&told, (self.now)());
        self.ask(Command::Reconfigure(Box::new(Reconfiguration {
            limits: self.config.settings.thresholds.clone(),
            alert: self.config.settings.alert,
            removed: ids,
            changed: Vec::new(),
            added: Vec::new(),
            maintenance: self.config.maintenance.clone(),
            deep: false,
            read_only: false,
            sinks: None,
            note: told,
        })));
    }
}
