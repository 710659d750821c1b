//! Reads what this machine's own Remote Desktop client writes down.

use super::{Core, Report};
use crate::domain::client_log::ClientEvent;
use crate::domain::text::excerpt;
use crate::domain::time::MonoTime;
use crate::probe::sessions::Unseen;
use crate::report::codes;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::AbortHandle;

/// Between readings.
const EVERY: Duration = Duration::from_secs(5);
/// Between tries while it cannot be read.
const RETRY: Duration = Duration::from_mins(1);
/// Longest reason, in characters.
const WHY: usize = 120;

/// How far the reading of that log is.
#[derive(Debug, Default)]
pub(super) struct Reading {
    under_way: Option<AbortHandle>,
    /// When it was last begun.
    begun: Option<MonoTime>,
    /// Why the log cannot be read.
    refused: Option<String>,
}

impl Reading {
    fn is_due(&self, now: MonoTime) -> bool {
        let pause = if self.refused.is_some() { RETRY } else { EVERY };
        let under_way = self.under_way.as_ref().is_some_and(|task| !task.is_finished());
        !under_way && self.begun.is_none_or(|begun| now.since(begun) >= pause)
    }
}

impl Core {
    /// Starts a reading when it is due, unless the last one is still under way.
    pub(super) fn read_client_log(&mut self) {
        let Some(source) = &self.edge.client_log else { return };
        let now = self.edge.clock.mono();
        if !self.client_log.is_due(now) {
            return;
        }
        let source = Arc::clone(source);
        let reports = self.reports.clone();
        let behind = self.monitor.newest_of_client();
        self.client_log.begun = Some(now);
        self.client_log.under_way = Some(self.tasks.spawn(async move {
            let read = source.read(behind).await;
            let _gone = reports.send(Report::ClientLog(read)).await;
        }));
    }

    /// Takes in what was read, or says once why nothing was.
    pub(super) fn take_client_log(&mut self, read: Result<Vec<ClientEvent>, Unseen>) {
        let now = self.edge.clock.now();
        let refused = match read {
            Ok(events) => {
                self.unsaved |= self.monitor.observe_client(events, words, now);
                None
            }
            Err(why) => {
                self.monitor.client_is_unread(now);
                Some(excerpt(&why.to_string(), WHY))
            }
        };
        let text = match (&self.client_log.refused, &refused) {
            (None, Some(why)) => {
                format!("the log of this machine's Remote Desktop client cannot be read: {why}")
            }
            (Some(_), None) => {
                "the log of this machine's Remote Desktop client can be read again".to_owned()
            }
            _ => String::new(),
        };
        if !text.is_empty() {
            self.monitor.log(None, now.wall, text);
        }
        self.client_log.refused = refused;
    }
}

/// What a reason says, as `explain` does.
fn words(code: u32) -> &'static str {
    codes::disconnect(code).map_or("", codes::Code::title)
}
