//! What one sink is still to be told: alert by alert, each in its order, bounded.
//!
//! What fires waits until it is told or over; an end waits behind the beginning that it belongs
//! to, and is not told to whom the beginning never was. When too many wait the worst stay. What
//! people do about an alert meanwhile takes nothing away: who acknowledged it is said with it, and
//! while it is snoozed or work is planned it waits on.

use crate::domain::alert::Alert as Standing;
use crate::domain::finding::Severity;
use crate::domain::sink::{Notice, SinkEvent, waiting_room};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How many alerts are kept in mind that were told, and that were dropped, for each that may wait.
const KNOWN: usize = 16;
/// What is over is tried for this long.
const PATIENCE: Duration = Duration::from_hours(24);
/// After so many tries what is over is given up where nobody wants to hear that it is.
const TRIES: u32 = 5;
/// What may have arrived so often counts as told.
const UNCLEAR: u32 = 2;

/// The alerts that wait.
#[derive(Debug)]
pub(super) struct Queue {
    /// By id.
    waiting: BTreeMap<String, Alert>,
    /// So many alerts may wait; ends of what was told find as much room beyond that.
    room: usize,
    /// Of the next that comes.
    number: u64,
    /// Told, and not over.
    heard: Known,
    /// Told by an earlier run, which does not say whether to this sink.
    unclear: BTreeSet<String>,
    /// Dropped, and not over.
    lost: Known,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            waiting: BTreeMap::new(),
            room: waiting_room(0),
            number: 0,
            heard: Known::default(),
            unclear: BTreeSet::new(),
            lost: Known::default(),
        }
    }
}

/// What is to be told of one alert.
#[derive(Debug)]
struct Alert {
    /// Counts those that came.
    number: u64,
    /// One at least, in their order; the first may be on its way.
    notices: VecDeque<Arc<Notice>>,
    on_its_way: bool,
    tries: u32,
    /// How often the first may have arrived.
    unclear: u32,
    /// Another program is at it, and it is not asked for again until then.
    busy_until: Option<Instant>,
    /// Since when it is over.
    over: Option<Instant>,
    /// Nobody is to be told of it for the time being.
    silenced: bool,
    /// It was tried since the sink closes.
    last_words: bool,
}

/// Ids, bounded.
#[derive(Debug, Default)]
struct Known {
    ids: BTreeSet<String>,
    /// The newest last.
    order: VecDeque<String>,
}

impl Known {
    fn add(&mut self, id: &str, most: usize) {
        self.remove(id);
        while self.order.len() >= most {
            let Some(oldest) = self.order.pop_front() else { break };
            self.ids.remove(&oldest);
        }
        self.ids.insert(id.to_owned());
        self.order.push_back(id.to_owned());
    }

    fn has(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    fn remove(&mut self, id: &str) -> bool {
        let known = self.ids.remove(id);
        if known {
            self.order.retain(|known| known != id);
        }
        known
    }
}

/// What is told first, and kept when too many wait: what begins before what reminds, and the worse.
fn weight(notice: &Notice) -> (bool, Severity) {
    (notice.event != SinkEvent::Reminded, notice.severity)
}

impl Alert {
    fn is_free(&self, now: Instant) -> bool {
        self.busy_until.is_none_or(|until| until <= now)
    }

    fn ends(&self) -> bool {
        self.notices.back().is_some_and(|notice| notice.event == SinkEvent::Resolved)
    }

    /// How much it matters that it is told.
    fn weight(&self) -> Option<(bool, Severity)> {
        self.notices.iter().map(|notice| weight(notice)).max()
    }

    /// Which is told first, the least.
    fn turn(&self) -> (u32, Reverse<Option<(bool, Severity)>>, u64) {
        (self.tries, Reverse(self.weight()), self.number)
    }

    /// What waits says who has acknowledged it, and reminds nobody of what somebody did. Whether
    /// anything waits still.
    fn follow(&mut self, standing: &Standing) -> bool {
        self.silenced = standing.is_silenced() && self.over.is_none();
        if standing.acknowledged.is_some() {
            self.supersede(|event| event == SinkEvent::Reminded);
        }
        let begins = |notice: &&mut Arc<Notice>| notice.event == SinkEvent::Fired;
        for notice in self.notices.iter_mut().filter(begins) {
            let (acknowledged, signed) = (standing.acknowledged, &standing.signed);
            if (notice.acknowledged, &notice.signed) != (acknowledged, signed) {
                let signed = signed.clone();
                *notice = Arc::new(Notice { acknowledged, signed, ..Notice::clone(notice) });
            }
        }
        !self.notices.is_empty()
    }

    /// Takes back what a newer notice says better; what is on its way stays.
    fn supersede(&mut self, stale: impl Fn(SinkEvent) -> bool) {
        let mut first = self.on_its_way;
        self.notices.retain(|notice| std::mem::take(&mut first) || !stale(notice.event));
    }
}

impl Queue {
    /// Takes a notice that the sink wants. Whether nothing was dropped, neither it nor another that
    /// made room for it.
    pub(super) fn offer(&mut self, notice: Arc<Notice>, now: Instant) -> bool {
        let (event, over) = (notice.event, notice.event == SinkEvent::Resolved);
        if over {
            self.unclear.remove(&notice.id);
        }
        if let Some(alert) = self.waiting.get_mut(&notice.id) {
            match event {
                // What waits says so already.
                SinkEvent::Reminded => return true,
                SinkEvent::Resolved => {
                    let heard = self.heard.has(&notice.id);
                    alert.supersede(|event| heard && event == SinkEvent::Reminded);
                    alert.over = Some(now);
                    alert.silenced = false;
                }
                SinkEvent::Fired | SinkEvent::Test => {
                    if !alert.on_its_way {
                        alert.unclear = 0;
                    }
                    alert.supersede(|event| event != SinkEvent::Resolved);
                }
            }
            alert.notices.push_back(notice);
            return true;
        }
        if over && self.lost.remove(&notice.id) {
            // It never heard of it.
            return true;
        }
        let room = if over { self.room.saturating_mul(2) } else { self.room };
        let full = self.waiting.len() >= room;
        if full && (over || !self.displace_for(&notice)) {
            if !over && !self.heard.has(&notice.id) {
                self.lose(&notice.id);
            }
            return false;
        }
        self.lost.remove(&notice.id);
        self.number += 1;
        let alert = Alert {
            number: self.number,
            notices: VecDeque::from([Arc::clone(&notice)]),
            on_its_way: false,
            tries: 0,
            unclear: 0,
            busy_until: None,
            over: over.then_some(now),
            silenced: false,
            last_words: false,
        };
        self.waiting.insert(notice.id.clone(), alert);
        !full
    }

    /// Drops what matters least and less than this, the last that came first. Ends of what was told
    /// stay. Whether there was such an alert.
    fn displace_for(&mut self, notice: &Notice) -> bool {
        let heard = &self.heard;
        let may_go = |(id, alert): &(&String, &Alert)| {
            let stays = alert.on_its_way || (alert.ends() && heard.has(id));
            !stays && alert.weight() < Some(weight(notice))
        };
        let less = self.waiting.iter().filter(may_go);
        let least = less.min_by_key(|(_, alert)| (alert.weight(), Reverse(alert.number)));
        let Some(id) = least.map(|(id, _)| id.clone()) else { return false };
        let over = self.waiting.remove(&id).is_some_and(|alert| alert.over.is_some());
        if !over && !self.heard.has(&id) {
            self.lose(&id);
        }
        true
    }

    fn lose(&mut self, id: &str) {
        self.lost.add(id, self.room.saturating_mul(KNOWN));
    }

    /// What waits of this alert waits on until [`Queue::attend`] has a word on it.
    pub(super) fn silence(&mut self, id: &str) {
        if let Some(alert) = self.waiting.get_mut(id) {
            alert.silenced = alert.over.is_none();
        }
    }

    /// Takes in what became of the alerts that wait: `standing` holds those that are not over.
    pub(super) fn attend(&mut self, standing: &BTreeMap<String, Standing>) {
        let mut empty = Vec::new();
        for (id, alert) in &mut self.waiting {
            match standing.get(id) {
                Some(standing) if !alert.follow(standing) => empty.push(id.clone()),
                Some(_) => {}
                None => alert.silenced = false,
            }
        }
        for id in empty {
            self.waiting.remove(&id);
            if !self.heard.has(&id) {
                self.lose(&id);
            }
        }
    }

    /// The ids of what waits.
    pub(super) fn ids(&self) -> impl Iterator<Item = &String> {
        self.waiting.keys()
    }

    /// Whether the sink heard in an earlier run that it began; `None`: that is not known.
    pub(super) fn recall_heard(&mut self, id: &str, heard: Option<bool>) {
        match heard {
            Some(true) => self.heard.add(id, self.room.saturating_mul(KNOWN)),
            Some(false) => {}
            None => {
                self.unclear.insert(id.to_owned());
            }
        }
    }

    /// Whether an earlier run may have told the sink that it began.
    pub(super) fn may_have_heard(&self, id: &str) -> bool {
        self.unclear.contains(id)
    }

    /// Whether the sink heard that it began.
    pub(super) fn has_heard(&self, id: &str) -> bool {
        self.heard.has(id)
    }

    /// From here on so many alerts may wait; those that wait already stay.
    pub(super) const fn make_room(&mut self, room: usize) {
        self.room = room;
    }

    /// For how many more alerts there is room.
    pub(super) fn free(&self) -> usize {
        self.room.saturating_sub(self.waiting.len())
    }

    /// Whether the sink was told of it or will be, and not that it is over.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.heard.has(id) || self.waiting.contains_key(id)
    }

    /// The ids of what it heard of and is not told to be over.
    pub(super) fn heard(&self) -> impl Iterator<Item = &String> {
        self.heard.order.iter()
    }

    /// The ids of what the sink was told of or will be, and that is not over.
    pub(super) fn open(&self) -> BTreeSet<String> {
        let is_over = |id: &String| self.waiting.get(id).is_some_and(|alert| alert.over.is_some());
        self.heard().chain(self.ids()).filter(|id| !is_over(id)).cloned().collect()
    }

    /// Takes out what the sink is not to be told, alert by alert: notices that are not `wanted`,
    /// given whether it heard of the beginning or will, and an end of whose beginning it will not.
    /// What is on its way stays.
    pub(super) fn sift(&mut self, wanted: impl Fn(&Notice, bool) -> bool) -> Vec<Vec<Arc<Notice>>> {
        let mut out = Vec::new();
        for (id, alert) in self.waiting.iter_mut().filter(|(_, alert)| !alert.on_its_way) {
            let mut hears = self.heard.has(id) || self.unclear.contains(id);
            let (mut kept, mut dropped) = (VecDeque::new(), Vec::new());
            for notice in alert.notices.drain(..) {
                let begins = notice.event == SinkEvent::Fired;
                let stays = wanted(&notice, hears)
                    && (begins
                        || hears
                        || !dropped.iter().any(|one: &Arc<Notice>| one.event == SinkEvent::Fired));
                hears |= begins && stays;
                if stays { kept.push_back(notice) } else { dropped.push(notice) }
            }
            alert.notices = kept;
            if !dropped.is_empty() {
                out.push(dropped);
            }
        }
        self.waiting.retain(|_, alert| !alert.notices.is_empty());
        out
    }

    /// Takes back that it was dropped.
    pub(super) fn forgo(&mut self, id: &str) {
        self.lost.remove(id);
    }

    /// Whether it was dropped and fires on.
    pub(super) fn has_lost(&self, id: &str) -> bool {
        self.lost.has(id)
    }

    /// What was dropped and fires on.
    pub(super) fn lost(&self) -> impl Iterator<Item = &String> {
        self.lost.order.iter()
    }

    /// An alert is over, of which the sink does not want to hear the end.
    pub(super) fn is_over(&mut self, id: &str, now: Instant) {
        self.heard.remove(id);
        self.unclear.remove(id);
        self.lost.remove(id);
        if let Some(alert) = self.waiting.get_mut(id) {
            alert.over.get_or_insert(now);
            alert.silenced = false;
        }
    }

    /// The target at this host and port is watched no more, and its alerts end without a word.
    pub(super) fn withdraw(&mut self, host: &str, now: Instant) {
        let of = |alert: &Alert| {
            alert.notices.front().is_some_and(|notice| notice.host.as_deref() == Some(host))
        };
        for alert in self.waiting.values_mut().filter(|alert| of(alert)) {
            alert.over.get_or_insert(now);
            alert.silenced = false;
        }
    }

    /// Whether there is nothing to tell for the time being.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.values().all(|alert| alert.silenced)
    }

    /// Whether there is something to tell that was never tried.
    pub(super) fn has_untried(&self) -> bool {
        self.waiting.values().any(|alert| alert.tries == 0 && !alert.silenced)
    }

    /// The next to tell: of the alert that was tried least, so that one which the sink never takes
    /// holds up no other, and of these the worst. It is on its way until [`Queue::told`] or [`Queue::failed`].
    /// What another program is at waits.
    pub(super) fn next(&mut self, now: Instant) -> Option<Arc<Notice>> {
        let free = |alert: &&mut Alert| !alert.silenced && alert.is_free(now);
        let loud = self.waiting.values_mut().filter(free);
        let alert = loud.min_by_key(|alert| alert.turn())?;
        alert.on_its_way = true;
        alert.notices.front().cloned()
    }

    /// When the first of what waits may be told: `now` unless another program is at all of it.
    pub(super) fn free_at(&self, now: Instant) -> Instant {
        let loud = self.waiting.values().filter(|alert| !alert.silenced);
        loud.map(|alert| alert.busy_until.map_or(now, |at| at.max(now))).min().unwrap_or(now)
    }

    /// The next of those that were not tried since the sink closes.
    pub(super) fn next_of_last_words(&mut self) -> Option<Arc<Notice>> {
        let untried =
            self.waiting.values_mut().filter(|alert| !alert.last_words && !alert.silenced);
        let alert = untried.min_by_key(|alert| alert.turn())?;
        (alert.last_words, alert.on_its_way) = (true, true);
        alert.notices.front().cloned()
    }

    /// What was on its way is told.
    pub(super) fn told(&mut self, id: &str) {
        let Some(alert) = self.waiting.get_mut(id) else { return };
        let told = alert.notices.pop_front();
        self.unclear.remove(id);
        (alert.on_its_way, alert.tries, alert.last_words) = (false, 0, false);
        (alert.unclear, alert.busy_until) = (0, None);
        if alert.notices.is_empty() {
            self.waiting.remove(id);
        }
        if told.is_some_and(|notice| notice.event == SinkEvent::Resolved) {
            self.heard.remove(id);
        } else {
            self.heard.add(id, self.room.saturating_mul(KNOWN));
        }
    }

    /// What was on its way may have arrived: it is tried once more. Whether it counts as told.
    pub(super) fn unclear(&mut self, id: &str) -> bool {
        let Some(alert) = self.waiting.get_mut(id) else { return false };
        alert.on_its_way = false;
        alert.tries = alert.tries.saturating_add(1);
        alert.unclear = alert.unclear.saturating_add(1);
        let counts = alert.unclear >= UNCLEAR;
        if counts {
            self.told(id);
        }
        counts
    }

    /// What was on its way did not arrive. Whether its alert is given up.
    pub(super) fn failed(&mut self, id: &str, now: Instant) -> bool {
        let Some(alert) = self.waiting.get_mut(id) else { return false };
        alert.on_its_way = false;
        alert.tries = alert.tries.saturating_add(1);
        let patience = if alert.ends() { PATIENCE } else { Duration::ZERO };
        let given_up = alert.tries >= TRIES
            && alert.over.is_some_and(|over| now.duration_since(over) >= patience);
        if given_up {
            self.waiting.remove(id);
            self.heard.remove(id);
        }
        given_up
    }

    /// What was to be told next is not for the time being: another program is at it.
    pub(super) fn put_back(&mut self, id: &str, until: Instant) {
        if let Some(alert) = self.waiting.get_mut(id) {
            (alert.on_its_way, alert.busy_until) = (false, Some(until));
            alert.tries = alert.tries.saturating_add(1);
        }
    }

    /// Nothing is on its way any more: whoever told it is gone.
    pub(super) fn stop(&mut self) {
        for alert in self.waiting.values_mut() {
            alert.on_its_way = false;
        }
    }

    /// Everything that is not told, alert by alert in its order.
    pub(super) fn untold(&self) -> Vec<Arc<Notice>> {
        let mut alerts: Vec<&Alert> = self.waiting.values().collect();
        alerts.sort_by_key(|alert| (Reverse(alert.weight()), alert.number));
        alerts.into_iter().flat_map(|alert| alert.notices.iter().cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::WallTime;

    fn notice(id: &str, event: SinkEvent) -> Arc<Notice> {
        let test = Notice::test(WallTime::default());
        Arc::new(Notice { id: id.to_owned(), event, host: Some("pc:3389".to_owned()), ..test })
    }

    fn words(queue: &Queue) -> Vec<String> {
        let word = |notice: Arc<Notice>| format!("{} {}", notice.id, notice.event.word());
        queue.untold().into_iter().map(word).collect()
    }

    /// Offers, and says whether there was room.
    fn offer(queue: &mut Queue, id: &str, event: SinkEvent) -> bool {
        queue.offer(notice(id, event), Instant::now())
    }

    use SinkEvent::{Fired, Reminded, Resolved};

    #[test]
    fn an_end_waits_behind_its_beginning() {
        let mut queue = Queue::default();
        for (id, event) in [("a", Fired), ("b", Fired), ("a", Reminded), ("a", Resolved)] {
            assert!(offer(&mut queue, id, event));
        }
        assert_eq!(words(&queue), ["a fired", "a resolved", "b fired"]);
        let first = queue.next(Instant::now()).expect("one waits");
        assert_eq!((first.id.as_str(), first.event), ("a", Fired));
        queue.told("a");
        assert_eq!(words(&queue), ["a resolved", "b fired"]);
    }

    /// Many ends that were left to another program held up a new alert for minutes.
    #[test]
    fn what_another_program_is_at_holds_up_nothing_else() {
        let mut queue = Queue::default();
        let (now, later) = (Instant::now(), Instant::now() + Duration::from_secs(2));
        for id in ["a", "b"] {
            offer(&mut queue, id, Resolved);
            assert_eq!(queue.next(now).map(|notice| notice.id.clone()).as_deref(), Some(id));
            queue.put_back(id, later);
        }
        assert_eq!((queue.next(now), queue.free_at(now)), (None, later));
        offer(&mut queue, "c", Fired);
        assert_eq!(queue.free_at(now), now);
        assert_eq!(queue.next(now).map(|notice| notice.id.clone()).as_deref(), Some("c"));
        assert!(queue.next(later).is_some());
    }

    #[test]
    fn what_got_worse_is_told_once_unless_it_is_on_its_way() {
        let mut queue = Queue::default();
        offer(&mut queue, "a", Fired);
        offer(&mut queue, "a", Fired);
        assert_eq!(words(&queue), ["a fired"]);
        queue.next(Instant::now());
        offer(&mut queue, "a", Fired);
        assert_eq!(words(&queue), ["a fired", "a fired"]);
    }

    #[test]
    fn what_fires_is_never_given_up_and_what_is_over_after_a_day() {
        let mut queue = Queue::default();
        let start = Instant::now();
        let day = PATIENCE + Duration::from_secs(1);
        queue.offer(notice("a", Fired), start);
        for _ in 0..1_000 {
            queue.next(Instant::now());
            assert!(!queue.failed("a", start + day * 9));
        }
        queue.offer(notice("a", Resolved), start);
        assert!(!queue.failed("a", start + PATIENCE / 2));
        assert!(queue.failed("a", start + day));
        assert!(queue.waiting.is_empty());

        // Where nobody wants the end: as soon as it is over.
        queue.offer(notice("b", Fired), start);
        queue.is_over("b", start);
        let given_up: Vec<bool> = (0..5).map(|_| queue.failed("b", start)).collect();
        assert_eq!(given_up, [false, false, false, false, true]);

        // And where it is watched no more.
        queue.offer(notice("c", Fired), start);
        queue.withdraw("pc:3389", start);
        assert!((0..5).any(|_| queue.failed("c", start)));
    }

    #[test]
    fn the_end_of_what_was_dropped_is_not_told() {
        let mut queue = Queue::default();
        for number in 0..waiting_room(0) {
            assert!(offer(&mut queue, &number.to_string(), Fired));
        }
        assert!(!offer(&mut queue, "beyond", Fired));
        assert!(offer(&mut queue, "beyond", Resolved), "it is not to be told, and not dropped");
        assert!(!words(&queue).iter().any(|word| word.contains("beyond")));
        // Ends of what was told find room, and no more than that.
        for number in 0..waiting_room(0) {
            assert!(offer(&mut queue, &format!("told {number}"), Resolved));
        }
        assert!(!offer(&mut queue, "too many", Resolved));
        assert!(offer(&mut queue, "0", Resolved), "behind its beginning there is always room");
    }

    fn graded(id: &str, event: SinkEvent, severity: Severity) -> Arc<Notice> {
        Arc::new(Notice { severity, ..(*notice(id, event)).clone() })
    }

    #[test]
    fn the_worst_stay_when_too_many_wait_and_are_told_first() {
        let mut queue = Queue::default();
        queue.make_room(3);
        let now = Instant::now();
        let mut offer = |id: &str, event, severity| queue.offer(graded(id, event, severity), now);
        let (warning, critical) = (Severity::Warning, Severity::Critical);
        assert!(offer("reminder", Reminded, critical));
        assert!(offer("a", Fired, warning) && offer("b", Fired, warning));
        assert!(!offer("c", Fired, warning), "it displaces the reminder");
        assert!(!offer("d", Fired, critical), "the last warning that came");
        assert!(!offer("e", Fired, warning), "there is nothing less");
        assert!(!offer("f", Reminded, critical));
        assert_eq!(words(&queue), ["d fired", "a fired", "b fired"]);
        let lost: Vec<_> = queue.lost().cloned().collect();
        assert_eq!(lost, ["reminder", "c", "e", "f"], "they fire on and were not told");
        // The end of what was told stays, however much comes.
        for id in ["d", "a", "b"] {
            assert_eq!(queue.next(Instant::now()).expect("one waits").id, id);
            queue.told(id);
        }
        for (id, event) in [("a", Resolved), ("g", Fired), ("h", Fired), ("i", Fired)] {
            queue.offer(graded(id, event, if id == "a" { warning } else { critical }), now);
        }
        assert_eq!(words(&queue), ["g fired", "h fired", "a resolved"]);
        assert_eq!(queue.next(Instant::now()).expect("one waits").id, "g");
        queue.told("g");
        assert!(queue.has_lost("i") && queue.free() == 1);
        assert!(queue.offer(graded("i", Fired, critical), now) && !queue.has_lost("i"));
    }

    #[test]
    fn what_may_have_arrived_twice_counts_as_told_and_its_end_follows() {
        let mut queue = Queue::default();
        offer(&mut queue, "a", Fired);
        queue.next(Instant::now());
        assert!(!queue.unclear("a"));
        queue.next(Instant::now());
        assert!(!queue.failed("a", Instant::now()), "a refusal is none of them");
        queue.next(Instant::now());
        assert!(queue.unclear("a") && queue.waiting.is_empty());
        offer(&mut queue, "a", Resolved);
        assert_eq!(words(&queue), ["a resolved"]);
        // What got worse meanwhile is another thing to tell.
        offer(&mut queue, "b", Fired);
        queue.failed("a", Instant::now());
        queue.next(Instant::now());
        assert!(!queue.unclear("b"));
        offer(&mut queue, "b", Fired);
        queue.next(Instant::now());
        assert!(!queue.unclear("b"));
    }

    #[test]
    fn what_a_sink_never_takes_holds_up_no_other() {
        let mut queue = Queue::default();
        offer(&mut queue, "poison", Fired);
        queue.next(Instant::now());
        queue.failed("poison", Instant::now());
        offer(&mut queue, "b", Fired);
        assert_eq!(queue.next(Instant::now()).expect("one waits").id, "b");
    }
}
