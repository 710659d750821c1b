//! Where alerts go besides the screen: each sink has a task, a bounded queue and patience of its
//! own, and none of them ever waits for a probe or lets one wait.

mod aside;
mod command;
mod deliver;
#[cfg(feature = "desktop")]
mod desktop;
mod http;
#[cfg(unix)]
mod journald;
mod log_file;
#[cfg(unix)]
mod syslog;

use crate::domain::sink::{Notice, SinkKind, SinkSpec, SinkStatus, secret_variables};
use crate::domain::text::printable;
pub use deliver::deliver;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Notices of one sink that wait; what comes beyond is dropped and counted.
const WAITING: usize = 64;
/// Before each try; after the last one a notice is given up.
const TRIES: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_secs(2),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_mins(2),
];

/// Every sink that runs.
#[derive(Debug, Default)]
pub struct Sinks {
    workers: Vec<Worker>,
    tasks: JoinSet<()>,
}

#[derive(Debug)]
struct Worker {
    spec: Arc<SinkSpec>,
    queue: mpsc::Sender<Arc<Notice>>,
    status: Arc<Mutex<SinkStatus>>,
}

impl Sinks {
    /// Starts a task for each sink; the terminal's bell has none, for the terminal belongs to the
    /// screen. Needs a running runtime.
    #[must_use]
    pub fn start(specs: &[SinkSpec]) -> Self {
        Self::trying(specs, TRIES)
    }

    /// The same with other pauses before each try.
    fn trying(specs: &[SinkSpec], tries: [Duration; 5]) -> Self {
        let mut sinks = Self::default();
        let hidden: Arc<[String]> = secret_variables(specs).into();
        for spec in specs.iter().filter(|spec| spec.kind != SinkKind::Bell) {
            let spec = Arc::new(spec.clone());
            let (queue, inbox) = mpsc::channel(WAITING);
            let name = printable(&spec.name).into_owned();
            let status = Arc::new(Mutex::new(SinkStatus { name, ..SinkStatus::default() }));
            sinks.tasks.spawn(work(
                Arc::clone(&spec),
                Arc::clone(&hidden),
                inbox,
                Arc::clone(&status),
                tries,
            ));
            sinks.workers.push(Worker { spec, queue, status });
        }
        sinks
    }

    /// Hands a notice to every sink that wants it. Never waits.
    pub fn offer(&self, notice: Notice) {
        let notice = Arc::new(notice);
        for worker in self.workers.iter().filter(|worker| worker.spec.wants(&notice)) {
            if worker.queue.try_send(Arc::clone(&notice)).is_err() {
                change(&worker.status, |status| status.dropped = status.dropped.saturating_add(1));
            }
        }
    }

    /// How each sink has fared, in the order of the configuration.
    #[must_use]
    pub fn statuses(&self) -> Vec<SinkStatus> {
        let read =
            |worker: &Worker| worker.status.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.workers.iter().map(read).collect()
    }

    /// Takes nothing more, and lets what waits go out for at most so long.
    pub async fn finish(mut self, patience: Duration) {
        self.workers.clear();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        let _given_up = timeout(patience, all).await;
    }
}

fn change(status: &Mutex<SinkStatus>, change: impl FnOnce(&mut SinkStatus)) {
    change(&mut status.lock().unwrap_or_else(PoisonError::into_inner));
}

/// One notice after the other, each with several tries.
async fn work(
    spec: Arc<SinkSpec>,
    hidden: Arc<[String]>,
    mut inbox: mpsc::Receiver<Arc<Notice>>,
    status: Arc<Mutex<SinkStatus>>,
    tries: [Duration; 5],
) {
    while let Some(notice) = inbox.recv().await {
        let mut told = false;
        for pause in tries {
            sleep(pause).await;
            match deliver(&spec, &notice, &hidden).await {
                Ok(()) => {
                    told = true;
                    change(&status, |status| {
                        status.told = status.told.saturating_add(1);
                        status.error = None;
                    });
                    break;
                }
                Err(error) => {
                    let error = printable(&error).into_owned();
                    tracing::warn!(sink = %printable(&spec.name), %error, "an alert was not told");
                    change(&status, |status| status.error = Some(error));
                }
            }
        }
        if !told {
            change(&status, |status| status.failed = status.failed.saturating_add(1));
        }
    }
}

#[cfg(test)]
mod tests;
