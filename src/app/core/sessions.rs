//! Looks at this machine's own sessions.

use super::{Core, Report};
use crate::domain::session::SessionLook;
use crate::domain::target::TargetId;
use crate::domain::text::excerpt;
use crate::probe::sessions::Unseen;
use std::sync::Arc;

/// Longest reason, in characters.
const WHY: usize = 120;

impl Core {
    /// Starts a look, unless the last one is still under way.
    pub(super) fn look_at_sessions(&mut self) {
        if self.looking_at_sessions.as_ref().is_some_and(|looking| !looking.is_finished()) {
            return;
        }
        let (ids, peers): (Vec<_>, Vec<_>) = self.monitor.session_peers().into_iter().unzip();
        if peers.is_empty() {
            return;
        }
        let source = Arc::clone(&self.edge.sessions);
        let reports = self.reports.clone();
        let looking = self.tasks.spawn(async move {
            let looked = tokio::task::spawn_blocking(move || source.look(&peers)).await;
            let Ok(looked) = looked else { return };
            let looks = looked.map(|looks| ids.into_iter().zip(looks).collect());
            let _gone = reports.send(Report::Sessions(looks)).await;
        });
        self.looking_at_sessions = Some(looking);
    }

    /// Takes in a look, or says once why there is none.
    pub(super) fn take_sessions(&mut self, looked: Result<Vec<(TargetId, SessionLook)>, Unseen>) {
        let now = self.edge.clock.now();
        let (looks, unseen) = match looked {
            Ok(looks) => (looks, None),
            Err(Unseen::NotBuilt) => return,
            Err(Unseen::Refused(why)) => (Vec::new(), Some(excerpt(&why, WHY))),
        };
        for (id, look) in looks {
            self.unsaved |= self.monitor.observe_sessions(id, &look, now);
        }
        match (&self.sessions_unseen, &unseen) {
            (None, Some(why)) => {
                let text = format!("the sessions of this machine cannot be seen: {why}");
                self.monitor.log(None, now.wall, text);
            }
            (Some(_), None) => {
                let text = "the sessions of this machine can be seen again".to_owned();
                self.monitor.log(None, now.wall, text);
            }
            _ => {}
        }
        self.sessions_unseen = unseen;
    }
}
