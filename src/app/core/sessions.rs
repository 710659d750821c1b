//! Looks at this machine's own sessions.

use super::{Core, Report};
use std::sync::Arc;

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
            if let Ok(Some(looks)) = looked {
                let looks = ids.into_iter().zip(looks).collect();
                let _gone = reports.send(Report::Sessions(looks)).await;
            }
        });
        self.looking_at_sessions = Some(looking);
    }
}
