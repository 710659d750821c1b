//! The configuration file says something else than before.

use super::super::core::Command;
use super::super::reload::{self, News};
use super::Screen;
use super::terminal_says::options;
use crate::config::Config;
use crate::domain::local::LocalState;
use crate::ui::dashboard::Options;
use crate::ui::pace::Pace;
use crate::ui::state::Access;
use std::sync::Arc;

impl Screen {
    /// Takes over the file's new text, or says why it is not taken.
    pub(super) fn take_news(&mut self, news: News) {
        let now = (self.now)();
        match news {
            Ok(mut config) => {
                // A theme or a key map that is wrong is a wrong file, and changes nothing.
                let options = match options(&config, &LocalState::default()) {
                    Ok(options) => options,
                    Err(failure) => {
                        self.dashboard.config_refused(Some(&reload::not_read(&failure.message)));
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
                let mended = self.dashboard.config_refused(None);
                if mended || !own {
                    self.dashboard.tell(&changes.note, now);
                }
                let changes = if own { changes.quiet_where_same() } else { changes };
                self.ask(Command::Reconfigure(Box::new(changes)));
            }
            Err(error) => {
                tracing::warn!("the configuration is not read again: {error}");
                let text = reload::refusal(&error);
                self.dashboard.config_refused(Some(&text));
                self.ask(Command::Note(text));
            }
        }
    }
}
