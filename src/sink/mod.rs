//! Where alerts go besides the screen: each sink has a task, a bounded queue and patience of its
//! own, and none of them ever waits for a probe or lets one wait.

mod aside;
mod claim;
mod command;
mod deliver;
#[cfg(feature = "desktop")]
mod desktop;
mod heirs;
mod http;
#[cfg(unix)]
mod journald;
mod log_file;
mod queue;
#[cfg(unix)]
mod syslog;

use crate::domain::alert::Alert;
use crate::domain::sink::{Notice, SinkEvent, SinkSpec, SinkStatus, waiting_room};
use crate::domain::telling::Claim;
use crate::domain::text::printable;
use crate::domain::untold::Untold;
use claim::Place;
pub use claim::Tellers;
pub use deliver::deliver;
use deliver::{NotTold, PATIENCE, hand_over};
use heirs::Absent;
use queue::Queue;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// Before each try, by how many failed in a row; the last one before all that follow.
const PAUSES: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_secs(2),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_mins(2),
];

/// An alert that was never tried waits as if at most so many tries in a row had failed: what the
/// sink does not take holds up no other.
const UNTRIED: usize = 2;

/// After what an earlier run told was taken over, before this program says that it sees it.
const FIRST_LOOK: Duration = Duration::from_secs(1);

/// So often each program says what it sees of what the sinks were told.
const LOOK: Duration = Duration::from_mins(1);

/// Before what another program is at is asked for again.
const BUSY: Duration = Duration::from_secs(2);

/// Every sink that runs.
#[derive(Debug)]
pub struct Sinks {
    workers: Vec<Worker>,
    tasks: JoinSet<()>,
    hidden: Arc<[String]>,
    closing: CancellationToken,
    pauses: [Duration; 5],
    /// How long one try may take.
    patience: Duration,
    /// So many alerts may wait for each.
    room: usize,
    /// What sinks that are not there are still to be told, and heard.
    absent: Absent,
    /// Other programs that may tell the same.
    tellers: Option<Arc<dyn Tellers>>,
}

impl Default for Sinks {
    fn default() -> Self {
        Self {
            workers: Vec::new(),
            tasks: JoinSet::new(),
            hidden: Arc::default(),
            closing: CancellationToken::new(),
            pauses: PAUSES,
            patience: PATIENCE,
            room: waiting_room(0),
            absent: Absent::default(),
            tellers: None,
        }
    }
}

#[derive(Debug)]
struct Worker {
    spec: Arc<SinkSpec>,
    desk: Arc<Desk>,
    task: AbortHandle,
    place: Place,
}

/// What a worker and its task share.
#[derive(Debug, Default)]
struct Desk {
    queue: Mutex<Queue>,
    status: Mutex<SinkStatus>,
    /// When what waits is tried next.
    next_try: Mutex<Option<Instant>>,
    more: Notify,
}

impl Desk {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn status(&self) -> MutexGuard<'_, SinkStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn expect_try(&self, at: Option<Instant>) {
        *self.next_try.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    /// How it has fared, and what waits for it at `now`.
    fn fares(&self, now: Instant) -> SinkStatus {
        let next = *self.next_try.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = self.queue().ids().count();
        let next_try = next.map(|at| at.saturating_duration_since(now));
        SinkStatus { waiting, next_try, ..self.status().clone() }
    }

    fn offer(&self, notice: Arc<Notice>) {
        let kept = self.queue().offer(notice, Instant::now());
        self.count(kept);
        self.more.notify_one();
    }

    fn count(&self, kept: bool) {
        if !kept {
            let mut status = self.status();
            status.dropped = status.dropped.saturating_add(1);
        }
    }
}

impl Sinks {
    /// Starts a task for each sink, with room for the alerts of so many targets; the terminal's
    /// bell has none, for the terminal belongs to the screen. `tellers` are other programs that may
    /// tell the same. Needs a running runtime.
    #[must_use]
    pub fn start(specs: &[SinkSpec], targets: usize, tellers: Option<Arc<dyn Tellers>>) -> Self {
        let mut sinks = Self { room: waiting_room(targets), tellers, ..Self::default() };
        sinks.change(specs, &BTreeMap::new());
        sinks
    }

    /// The same, alone and with other pauses before each try.
    #[cfg(test)]
    fn pausing(specs: &[SinkSpec], targets: usize, pauses: [Duration; 5]) -> Self {
        let mut sinks = Self { pauses, room: waiting_room(targets), ..Self::default() };
        sinks.change(specs, &BTreeMap::new());
        sinks
    }

    /// So many targets are watched from here on: what waits for each sink is bounded by that.
    pub fn expect(&mut self, targets: usize) {
        self.room = waiting_room(targets);
        for worker in &self.workers {
            worker.desk.queue().make_room(self.room);
        }
    }

    fn work_for(&mut self, spec: &SinkSpec, desk: Arc<Desk>) -> Worker {
        desk.queue().make_room(self.room);
        let spec = Arc::new(spec.clone());
        let place = Place::new(self.tellers.clone(), &spec);
        let telling = Telling {
            spec: Arc::clone(&spec),
            hidden: Arc::clone(&self.hidden),
            desk: Arc::clone(&desk),
            place: place.clone(),
            patience: self.patience,
        };
        let task = self.tasks.spawn(work(telling, self.closing.clone(), self.pauses));
        Worker { spec, desk, task, place }
    }

    /// Hands a notice to every sink that wants it. An end goes to each that heard the beginning and
    /// is told ends at all, whichever groups and severities it wants by now, and to those that are
    /// told no beginnings; for those that heard the beginning and are not there it is kept. Never
    /// waits.
    pub fn offer(&mut self, notice: Notice) {
        let notice = Arc::new(notice);
        let over = notice.event == SinkEvent::Resolved;
        for Worker { spec, desk, .. } in &self.workers {
            let hears_ends = over && spec.events.contains(&SinkEvent::Resolved);
            let heard = hears_ends && desk.queue().knows(&notice.id);
            let may_have_heard = !spec.events.contains(&SinkEvent::Fired)
                || desk.queue().may_have_heard(&notice.id)
                || self.absent.heard(spec, &notice.id);
            if heard || (spec.wants(&notice) && (!over || may_have_heard)) {
                desk.offer(Arc::clone(&notice));
            } else if over {
                desk.queue().is_over(&notice.id, Instant::now());
            }
        }
        if over {
            self.keep_end(&notice);
        }
    }

    /// The ids of alerts of which something waits for a sink.
    #[must_use]
    pub fn waiting(&self) -> BTreeSet<String> {
        let mut ids = BTreeSet::new();
        for worker in &self.workers {
            ids.extend(worker.desk.queue().ids().cloned());
        }
        ids
    }

    /// Takes in what people did about alerts that wait: `standing` holds, by id, those that are not
    /// over. What is snoozed, or held back by planned work, waits on; who acknowledged an alert is
    /// said with it, and nobody is reminded of it.
    pub fn attend(&self, standing: &BTreeMap<String, Alert>) {
        for worker in &self.workers {
            worker.desk.queue().attend(standing);
            worker.desk.more.notify_one();
        }
    }

    /// The ids of alerts that were dropped somewhere because too many waited, and that fit now.
    #[must_use]
    pub fn fit_again(&self) -> BTreeSet<String> {
        let mut ids = BTreeSet::new();
        for worker in &self.workers {
            let queue = worker.desk.queue();
            if queue.free() > 0 {
                ids.extend(queue.lost().cloned());
            }
        }
        ids
    }

    /// What was dropped because too many waited, sink by sink.
    #[must_use]
    pub fn lost(&self) -> Vec<(&SinkSpec, BTreeSet<String>)> {
        let of = |worker: &Worker| worker.desk.queue().lost().cloned().collect();
        self.workers.iter().map(|worker| (&*worker.spec, of(worker))).collect()
    }

    /// Hands what fires on to the sinks that dropped it, the worst first, as far as it fits.
    pub fn offer_again(&self, mut notices: Vec<Notice>) {
        notices.sort_by_key(|notice| Reverse(notice.severity));
        for notice in notices.into_iter().map(Arc::new) {
            for worker in &self.workers {
                let fits = {
                    let queue = worker.desk.queue();
                    queue.free() > 0 && queue.has_lost(&notice.id)
                };
                if fits && worker.spec.wants(&notice) {
                    worker.desk.offer(Arc::clone(&notice));
                }
            }
        }
    }

    /// What is not told yet, sink by sink, each alert's in its order.
    #[must_use]
    pub fn untold(&self) -> Vec<Untold> {
        let of = |worker: &Worker| {
            let notices = worker.desk.queue().untold();
            let untold = |notice: Arc<Notice>| Untold::of(&worker.spec, &notice);
            notices.into_iter().map(untold).collect::<Vec<_>>()
        };
        self.workers.iter().flat_map(of).collect()
    }

    /// The target at this host and port is watched no more: nobody says the end of its alerts.
    pub fn withdraw(&self, host: &str) {
        for worker in &self.workers {
            worker.desk.queue().withdraw(host, Instant::now());
        }
    }

    /// Sends nothing from here on. What waits and what is offered is kept, for [`Sinks::untold`].
    pub fn pause(&mut self) {
        for worker in &self.workers {
            worker.task.abort();
            worker.desk.queue().stop();
            worker.place.clone().leave();
        }
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.workers.is_empty()
    }

    /// How each sink has fared, in the order of the configuration.
    #[must_use]
    pub fn statuses(&self) -> Vec<SinkStatus> {
        self.workers.iter().map(|worker| worker.desk.status().clone()).collect()
    }

    /// The same, with what waits for each and when it is tried next.
    #[must_use]
    pub fn pending(&self) -> Vec<SinkStatus> {
        let now = Instant::now();
        self.workers.iter().map(|worker| worker.desk.fares(now)).collect()
    }

    /// Tries what waits once more, all together for at most so long. [`Sinks::untold`] says what
    /// is left.
    pub async fn finish(&mut self, patience: Duration) {
        self.closing.cancel();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(patience, all).await.is_err() {
            self.tasks.abort_all();
        }
    }
}

/// What the task of a sink works with.
#[derive(Debug)]
struct Telling {
    spec: Arc<SinkSpec>,
    hidden: Arc<[String]>,
    desk: Arc<Desk>,
    place: Place,
    patience: Duration,
}

/// What came of one try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tried {
    /// It was told, here or by another program.
    Told,
    /// The sink did not take it.
    Failed,
    /// Another program is at it.
    Busy,
}

/// Tells one notice after the other. While the sink fails, pauses grow and nothing is given up
/// that still fires.
async fn work(telling: Telling, closing: CancellationToken, pauses: [Duration; 5]) {
    let desk = &telling.desk;
    let mut failures = 0;
    let mut latest = Instant::now();
    let mut look = latest + FIRST_LOOK;
    while !closing.is_cancelled() {
        if look <= Instant::now() {
            telling.look().await;
            look = Instant::now() + LOOK;
        }
        let looks = sleep_until(look);
        if desk.queue().is_idle() {
            desk.expect_try(None);
            tokio::select! {
                () = desk.more.notified() => {}
                () = looks, if telling.place.is_shared() => {}
                () = closing.cancelled() => {}
            }
            continue;
        }
        let failed = if desk.queue().has_untried() { failures.min(UNTRIED) } else { failures };
        let pause = pauses.get(failed).or(pauses.last()).copied().unwrap_or_default();
        let next = desk.queue().free_at(Instant::now()).max(latest + pause);
        desk.expect_try(Some(next));
        tokio::select! {
            () = sleep_until(next) => {}
            () = looks, if telling.place.is_shared() => continue,
            () = desk.more.notified() => continue,
            () = closing.cancelled() => break,
        }
        let Some(notice) = desk.queue().next(Instant::now()) else { continue };
        let tried = telling.attempt(&notice).await;
        failures = match tried {
            Tried::Told => 0,
            Tried::Failed => failures + 1,
            Tried::Busy => failures,
        };
        latest = Instant::now();
    }
    loop {
        let Some(notice) = desk.queue().next_of_last_words() else { break };
        telling.attempt(&notice).await;
    }
}

impl Telling {
    /// Says to other programs what is seen here, and that it is.
    async fn look(&self) {
        let open = self.desk.queue().open();
        if !open.is_empty() {
            self.place.look(open).await;
        }
    }

    /// One try.
    async fn attempt(&self, notice: &Arc<Notice>) -> Tried {
        let id = match self.place.claim(notice).await {
            Claim::Tell(id) => id,
            Claim::Wait => {
                self.desk.queue().put_back(&notice.id, Instant::now() + BUSY);
                return Tried::Busy;
            }
            Claim::Told => {
                self.desk.queue().told(&notice.id);
                let mut status = self.desk.status();
                status.elsewhere = status.elsewhere.saturating_add(1);
                return Tried::Told;
            }
        };
        let said = Notice { id: id.clone(), ..Notice::clone(notice) };
        let result = hand_over(&self.spec, &said, &self.hidden, self.patience).await;
        let told = self.note(notice, &result);
        self.place.settle(notice, id, told).await;
        if result.is_ok() { Tried::Told } else { Tried::Failed }
    }

    /// Takes in what came of handing a notice over. Whether it counts as told.
    fn note(&self, notice: &Notice, result: &Result<(), NotTold>) -> bool {
        let desk = &self.desk;
        let Err(error) = result else {
            desk.queue().told(&notice.id);
            let mut status = desk.status();
            status.told = status.told.saturating_add(1);
            status.error = None;
            return true;
        };
        let words = printable(error.words()).into_owned();
        tracing::warn!(sink = %printable(&self.spec.name), error = %words, "an alert was not told");
        let (counts, given_up) = match error {
            NotTold::Unclear(_) => (desk.queue().unclear(&notice.id), false),
            NotTold::Refused(_) => (false, desk.queue().failed(&notice.id, Instant::now())),
        };
        let mut status = desk.status();
        status.error = Some(words);
        status.told = status.told.saturating_add(u64::from(counts));
        status.failed = status.failed.saturating_add(u64::from(given_up));
        counts
    }
}

#[cfg(test)]
mod tests;
