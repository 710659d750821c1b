//! Who goes on with what a sink is still to be told, where the sinks are others than before: in
//! another configuration, or in another run.
//!
//! A sink is the same where it tells the same place, and beyond that where it has the same name of
//! its own. Whoever goes on is told only what it wants.

use super::{Desk, Sinks, Worker};
use crate::domain::sink::{
    Notice, SinkEvent, SinkKind, SinkSpec, SinkStatus, WhoHeard, secret_variables,
};
use crate::domain::text::printable;
use crate::domain::untold::Untold;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use tokio::time::Instant;

/// Most notices that are kept for sinks that are not there.
const KEPT: usize = 2_048;

/// What concerns sinks that are not there.
#[derive(Debug, Default)]
pub(super) struct Absent {
    /// What they are still to be told, the newest last, each alert's in its order.
    untold: Vec<Untold>,
    /// By id: which of them heard that it began.
    heard: BTreeMap<String, WhoHeard>,
}

impl Absent {
    /// Whether this sink heard, at another place, that it began.
    pub(super) fn heard(&self, spec: &SinkSpec, id: &str) -> bool {
        let mut names = self.heard.get(id).into_iter().flat_map(BTreeMap::keys);
        names.any(|name| has_name(spec, name))
    }

    /// Keeps what nobody goes on with.
    fn keep(&mut self, notices: &[Untold]) {
        self.untold.retain(|known| !notices.iter().any(|one| same(known, one)));
        self.untold.extend_from_slice(notices);
        let excess = self.untold.len().saturating_sub(KEPT);
        self.untold.drain(..excess);
    }
}

/// Whether both are of the same alert and for the same sink.
fn same(one: &Untold, other: &Untold) -> bool {
    (&one.id, &one.sink, &one.place) == (&other.id, &other.sink, &other.place)
}

/// Whether a sink has this name, which is its own.
fn has_name(spec: &SinkSpec, name: &str) -> bool {
    spec.name.eq_ignore_ascii_case(name) && !spec.is_numbered()
}

/// How far a sink is another of this name and place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kinship {
    Same,
    SamePlace,
    SameName,
}

impl Kinship {
    fn of(spec: &SinkSpec, name: &str, place: &str) -> Option<Self> {
        if spec.place() == place {
            Some(if spec.name == name { Self::Same } else { Self::SamePlace })
        } else {
            has_name(spec, name).then_some(Self::SameName)
        }
    }
}

/// Whether a sink is told this of an alert of which it `hears` the beginning.
fn is_told(spec: &SinkSpec, notice: &Notice, hears: bool) -> bool {
    let over = notice.event == SinkEvent::Resolved;
    spec.wants(notice) || (over && hears && spec.events.contains(&SinkEvent::Resolved))
}

impl Sinks {
    /// Other sinks from here on. Who tells the same place goes on with what it is still to tell, as
    /// far as it wants that; who is the same goes on altogether. What is left of `firing`, the
    /// alerts that are known to the sinks and not over, by id and as they are by now, goes to those
    /// that want it.
    pub fn change(&mut self, specs: &[SinkSpec], firing: &BTreeMap<String, Notice>) {
        let hidden: Arc<[String]> = secret_variables(specs).into();
        let as_before = *hidden == *self.hidden;
        self.hidden = hidden;
        let specs: Vec<&SinkSpec> = specs.iter().filter(|s| s.kind != SinkKind::Bell).collect();
        let mut before = std::mem::take(&mut self.workers);
        let mut heirs: Vec<Option<Worker>> = specs.iter().map(|_| None).collect();
        for kinship in [Kinship::Same, Kinship::SamePlace] {
            for (spec, heir) in specs.iter().zip(&mut heirs).filter(|(_, heir)| heir.is_none()) {
                let is_it = |worker: &Worker| {
                    Kinship::of(spec, &worker.spec.name, &worker.spec.place()) == Some(kinship)
                };
                *heir = before.iter().position(is_it).map(|at| before.remove(at));
            }
        }
        let mut left = std::mem::take(&mut self.absent.untold);
        for (spec, heir) in specs.into_iter().zip(heirs) {
            let name = printable(&spec.name).into_owned();
            let worker = if let Some(worker) = heir {
                left.extend(sift(&worker, spec, firing));
                if as_before && *worker.spec == *spec {
                    worker
                } else {
                    worker.task.abort();
                    worker.desk.queue().stop();
                    if !worker.place.is_of(spec) {
                        worker.place.leave();
                    }
                    worker.desk.status().rename(name);
                    self.work_for(spec, worker.desk)
                }
            } else {
                let status = Mutex::new(SinkStatus { name, ..SinkStatus::default() });
                self.work_for(spec, Arc::new(Desk { status, ..Desk::default() }))
            };
            self.workers.push(worker);
        }
        let mut heard = std::mem::take(&mut self.absent.heard);
        for gone in &before {
            gone.task.abort();
            gone.place.clone().leave();
            left.extend(estate(gone, firing));
            for id in gone.desk.queue().heard() {
                let who = heard.entry(id.clone()).or_default();
                who.entry(gone.spec.name.clone()).or_default().insert(gone.spec.place());
            }
        }
        // Those that ended.
        while self.tasks.try_join_next().is_some() {}
        for (id, who) in heard.iter().filter(|(id, _)| firing.contains_key(*id)) {
            self.recall_heard(id, Some(who));
        }
        self.hand_on(&left, Some(firing));
    }

    /// The ids of all alerts that sinks were told of, or are to be, and that may not be over.
    #[must_use]
    pub fn known(&self) -> BTreeSet<String> {
        let mut ids = self.waiting();
        for worker in &self.workers {
            let queue = worker.desk.queue();
            ids.extend(queue.lost().cloned());
            ids.extend(queue.heard().cloned());
        }
        ids.extend(self.absent.untold.iter().map(|one| one.id.clone()));
        ids.extend(self.absent.heard.keys().cloned());
        ids
    }

    /// What each sink is, in the order of the configuration.
    #[must_use]
    pub fn specs(&self) -> Vec<SinkSpec> {
        self.workers.iter().map(|worker| (*worker.spec).clone()).collect()
    }

    /// What is kept for sinks that are not there, each alert's in its order.
    #[must_use]
    pub fn left(&self) -> &[Untold] {
        &self.absent.untold
    }

    /// The sinks that heard of the beginning of an alert; `None`: it began in an earlier run, which
    /// does not say.
    #[must_use]
    pub fn heard(&self, id: &str) -> Option<WhoHeard> {
        if self.workers.iter().any(|worker| worker.desk.queue().may_have_heard(id)) {
            return None;
        }
        let mut who = self.absent.heard.get(id).cloned().unwrap_or_default();
        for worker in self.workers.iter().filter(|worker| worker.desk.queue().has_heard(id)) {
            who.entry(worker.spec.name.clone()).or_default().insert(worker.spec.place());
        }
        Some(who)
    }

    /// Keeps the end of an alert for the sinks that heard it begin and are not there.
    pub(super) fn keep_end(&mut self, notice: &Notice) {
        let Some(who) = self.absent.heard.remove(&notice.id) else { return };
        let places = who.iter().flat_map(|(name, places)| places.iter().map(move |at| (name, at)));
        let gone = places.filter(|(name, place)| self.kin(name, place).is_empty());
        let ends: Vec<Untold> =
            gone.map(|(name, place)| Untold::for_sink(name, place, notice)).collect();
        for end in ends {
            self.absent.keep(&[end]);
        }
    }

    /// Takes over who heard in an earlier run that an alert began.
    pub fn recall_heard(&mut self, id: &str, heard: Option<&WhoHeard>) {
        let Some(heard) = heard else {
            for worker in &self.workers {
                worker.desk.queue().recall_heard(id, None);
            }
            return;
        };
        for (name, places) in heard {
            for place in places {
                if let Some((Kinship::Same | Kinship::SamePlace, worker)) =
                    self.kin(name, place).first()
                {
                    worker.desk.queue().recall_heard(id, Some(true));
                } else {
                    let who = self.absent.heard.entry(id.to_owned()).or_default();
                    who.entry(name.clone()).or_default().insert(place.clone());
                }
            }
        }
    }

    /// Hands out what an earlier run did not get told. It waits until [`Sinks::attend`] has a word
    /// on its alert.
    pub fn recall(&mut self, untold: &[Untold]) {
        self.hand_on(untold, None);
    }

    /// Those sinks that are the one of this name and place, the nearest first.
    fn kin(&self, name: &str, place: &str) -> Vec<(Kinship, &Worker)> {
        let of = |worker: &Worker| Kinship::of(&worker.spec, name, place);
        let workers = self.workers.iter();
        let mut all: Vec<_> = workers.filter_map(|worker| Some((of(worker)?, worker))).collect();
        all.sort_by_key(|(kinship, _)| *kinship);
        all
    }

    /// Hands what waited to those that go on with it, alert by alert; what nobody goes on with
    /// is kept. What is not over fires on if it is among `firing`; `None`: all of it does.
    fn hand_on(&mut self, untold: &[Untold], firing: Option<&BTreeMap<String, Notice>>) {
        for notices in untold.chunk_by(same) {
            if !self.is_handed_on(notices, firing) {
                self.absent.keep(notices);
            }
        }
    }

    /// Whether one goes on with these, which are of one alert.
    fn is_handed_on(&self, untold: &[Untold], firing: Option<&BTreeMap<String, Notice>>) -> bool {
        let Some(first) = untold.first() else { return true };
        let by_now = firing.and_then(|firing| firing.get(&first.id));
        let as_it_is = |one: &Untold| Some(in_its_group(one.notice()?, by_now));
        let notices: Vec<Notice> = untold.iter().filter_map(as_it_is).collect();
        let over = notices.iter().any(|notice| notice.event == SinkEvent::Resolved);
        if !over && firing.is_some() && by_now.is_none() {
            return false;
        }
        for (kinship, worker) in self.kin(&first.sink, &first.place) {
            let known = kinship == Kinship::SameName && worker.desk.queue().knows(&first.id);
            if !known && worker.take(&notices) {
                return true;
            }
        }
        // Its own may come back; until then whoever wants to hear of it does.
        if !over && notices.iter().any(|notice| notice.event == SinkEvent::Fired) {
            for worker in self.workers.iter().filter(|worker| !worker.knows(&first.id)) {
                worker.take(&notices);
            }
        }
        false
    }
}

impl Worker {
    /// Whether it heard of this alert, may have, or is to.
    fn knows(&self, id: &str) -> bool {
        let queue = self.desk.queue();
        queue.knows(id) || queue.may_have_heard(id)
    }

    /// Takes what it is to be told of these, which are of one alert, in their order. Whether that
    /// is anything.
    fn take(&self, notices: &[Notice]) -> bool {
        let mut queue = self.desk.queue();
        let knows = |id: &str| queue.has_heard(id) || queue.may_have_heard(id);
        let mut hears = notices.first().is_some_and(|first| knows(&first.id));
        let begins = |notice: &&Notice| notice.event == SinkEvent::Fired;
        let unwanted = |notice: &Notice| !self.spec.wants(notice);
        let mut beginnings = notices.iter().filter(begins).peekable();
        if !hears && beginnings.peek().is_some() && beginnings.all(unwanted) {
            return false;
        }
        let (mut any, mut kept) = (false, true);
        for notice in notices {
            if is_told(&self.spec, notice, hears) {
                hears |= notice.event == SinkEvent::Fired;
                any = true;
                kept &= queue.offer(Arc::new(notice.clone()), Instant::now());
                queue.silence(&notice.id);
            }
        }
        drop(queue);
        self.desk.count(kept);
        any
    }
}

/// A notice with the group that its target has by now.
fn in_its_group(notice: Notice, by_now: Option<&Notice>) -> Notice {
    match by_now {
        Some(by_now) => Notice { group: by_now.group.clone(), ..notice },
        None => notice,
    }
}

/// What a sink is not to be told any more because it is `spec` by now, which does not want it.
fn sift(worker: &Worker, spec: &SinkSpec, firing: &BTreeMap<String, Notice>) -> Vec<Untold> {
    let mut queue = worker.desk.queue();
    let out = queue.sift(|notice, hears| {
        is_told(spec, &in_its_group(notice.clone(), firing.get(&notice.id)), hears)
    });
    // Nobody has to go on with a reminder, or with an end alone.
    let begins = |notice: &Arc<Notice>| notice.event == SinkEvent::Fired;
    let news = out.iter().filter(|notices| notices.iter().any(begins)).flatten();
    let mut out: Vec<Untold> = news.map(|notice| Untold::of(&worker.spec, notice)).collect();
    let lost: Vec<String> = queue.lost().cloned().collect();
    for notice in lost.iter().filter_map(|id| firing.get(id)).filter(|one| !spec.wants(one)) {
        queue.forgo(&notice.id);
        out.push(Untold::of(&worker.spec, notice));
    }
    out
}

/// What a sink that is not there any more leaves untold.
fn estate(gone: &Worker, firing: &BTreeMap<String, Notice>) -> Vec<Untold> {
    let queue = gone.desk.queue();
    let waiting = queue.untold();
    let ends =
        |id: &str| waiting.iter().any(|one| one.id == id && one.event == SinkEvent::Resolved);
    let news = waiting.iter().filter(|one| firing.contains_key(&one.id) || ends(&one.id));
    let lost = queue.lost().filter_map(|id| firing.get(id));
    let untold = |notice: &Notice| Untold::of(&gone.spec, notice);
    news.map(|one| untold(one)).chain(lost.map(untold)).collect()
}
