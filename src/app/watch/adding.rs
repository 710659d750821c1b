//! Targets that are added on the screen, and their way into the configuration file.

use super::super::core::Command;
use super::super::{first, reload};
use super::Screen;
use crate::config::{MAX_TARGETS, read_rdp_file};
use crate::domain::target::{Target, TargetId};
use crate::store;
use crate::ui::state::{Mend, Unsaved};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

impl Screen {
    pub(super) fn add(&mut self, text: &str) {
        let now = (self.now)();
        let known = self.config.targets.iter().any(|target| target.name == text.trim());
        let dropped = first::dropped(text).filter(|_| !known);
        // A connection file says more than other forms do: it is read as on the command line.
        let (file, rdp): (Option<PathBuf>, Option<PathBuf>) = match dropped {
            Some(path) if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("rdp")) => {
                (None, Some(path))
            }
            other => (other, None),
        };
        let rdp = rdp.and_then(|path| path.to_str().map(str::to_owned));
        let text = rdp.as_deref().unwrap_or(text);
        if let Some(path) = file {
            match first::of_file(&path) {
                Ok(hosts) => self.watch_entries(hosts),
                Err(error) => self.dashboard.ask_again(text, &reload::short(&error), now),
            }
            return;
        }
        match self.config.resolve(text.trim(), &read_rdp_file) {
            Ok(mut targets) => match self.told_apart(&mut targets) {
                Ok(()) => self.watch_more(targets, Vec::new(), Vec::new()),
                Err(why) => self.dashboard.ask_again(text, &why, now),
            },
            // A name with its address, or several hosts.
            Err(error) => match first::of_text(text) {
                Ok(hosts) if hosts.wrong.is_empty() && !hosts.entries.is_empty() => {
                    self.watch_entries(hosts);
                }
                _ => self.dashboard.ask_again(text, &error.to_string(), now),
            },
        }
    }

    /// Watches what a mended row of a table says, with all its columns.
    pub(super) fn add_row(&mut self, heads: &str, row: &str) {
        let Some(read) = first::of_row(heads, row) else { return self.add(row) };
        let sorted = read.map(|hosts| hosts.told_apart(&self.config));
        let why = match sorted {
            Err(error) => reload::short(&error),
            Ok((targets, wrong)) => match wrong.into_iter().next() {
                Some(wrong) => wrong.why,
                None => return self.watch_more(targets, Vec::new(), Vec::new()),
            },
        };
        self.dashboard.ask_again(row, &why, (self.now)());
    }

    pub(super) fn watch_entries(&mut self, mut hosts: first::Hosts) {
        let notes = std::mem::take(&mut hosts.notes);
        let (targets, wrong) = hosts.told_apart(&self.config);
        self.watch_more(targets, wrong, notes);
    }

    /// Gives those of what was typed that are not watched yet names that no other host has.
    ///
    /// # Errors
    /// Which name another host has.
    fn told_apart(&self, targets: &mut [Target]) -> Result<(), String> {
        let known: BTreeSet<String> = self.config.targets.iter().map(store::key).collect();
        let names = first::names(&self.config.targets);
        let new = targets.iter_mut().filter(|target| !known.contains(&store::key(target)));
        new.into_iter().try_for_each(|target| first::told_apart(target, &names))
    }

    /// Watches targets that were added on the screen, each once. Then asks for the lines that are
    /// `wrong` to be mended, and, when there is none, whether the targets are saved. The `notes` say
    /// what of the text they came from is not used.
    pub(super) fn watch_more(
        &mut self,
        targets: Vec<Target>,
        wrong: Vec<Mend>,
        notes: Vec<String>,
    ) {
        let now = (self.now)();
        let mut known: BTreeSet<String> = self.config.targets.iter().map(store::key).collect();
        let (mut added, mut there, mut full) = (Vec::new(), 0_usize, false);
        for target in targets {
            if !known.insert(store::key(&target)) {
                there += 1;
                continue;
            }
            if self.config.targets.len() >= MAX_TARGETS {
                full = true;
                break;
            }
            let target = Target { id: TargetId(self.next_id), ..target };
            self.next_id += 1;
            self.by_hand.insert(target.id);
            Arc::make_mut(&mut self.config).targets.push(target.clone());
            added.push(target);
        }
        let there = match there {
            0 => None,
            1 => Some("1 is watched already".to_owned()),
            there => Some(format!("{there} are watched already")),
        };
        let any = !added.is_empty();
        let words = match added.as_slice() {
            [] => None,
            [one] => Some(format!("{} is watched", one.name)),
            many => Some(format!("{} hosts are watched", many.len())),
        };
        let full = full.then(|| "no more hosts can be watched".to_owned());
        let told: Vec<String> = words.into_iter().chain(there).chain(full).chain(notes).collect();
        if any {
            let ids = added.iter().map(|target| target.id).collect();
            self.dashboard.added(ids, &told.join("; "), now);
            self.ask(Command::AddAll(added));
        } else if !told.is_empty() {
            self.dashboard.tell(&told.join("; "), now);
        }
        self.dashboard.mended();
        if !self.dashboard.ask_to_mend(wrong) && any {
            self.ask_to_save();
        }
    }

    /// Asks whether what was added on the screen is saved, where it can be.
    pub(super) fn ask_to_save(&mut self) {
        let Some(file) = self.file.as_ref().filter(|_| !self.config.read_only) else { return };
        let by_hand = |target: &&Target| self.by_hand.contains(&target.id);
        let all = self.config.targets.iter().filter(by_hand);
        let names: Vec<String> = all.map(|target| target.name.clone()).collect();
        if names.is_empty() {
            return;
        }
        let (is_new, file) = (!file.exists(), file.display().to_string());
        self.dashboard.ask_to_save(Unsaved { names, file, is_new });
    }

    /// Writes what was added on the screen into the configuration file, which is then read again.
    pub(super) fn save(&mut self) {
        if self.file.is_none() {
            return;
        }
        let by_hand = |target: &&Target| self.by_hand.contains(&target.id);
        let targets: Vec<&Target> = self.config.targets.iter().filter(by_hand).collect();
        match self.editor.save(&targets) {
            Ok(change) => {
                self.by_hand.clear();
                match change {
                    Some(change) => self.dashboard.file_changed(change, (self.now)()),
                    None => self.dashboard.tell("they stand in the file already", (self.now)()),
                }
            }
            Err(error) => self.dashboard.hold(&format!("not saved: {}", reload::short(&error))),
        }
    }
}
