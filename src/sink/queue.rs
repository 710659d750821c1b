//! What one sink is still to be told: alert by alert, each in its order, bounded.
//!
//! What fires waits until it is told or over; an end waits behind the beginning that it belongs
//! to, and is not told to whom the beginning never was.

use crate::domain::sink::{Notice, SinkEvent};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Alerts that wait; what comes beyond is dropped.
pub(super) const WAITING: usize = 64;
/// Ends of alerts find room beyond that: a sink that heard a beginning must hear the end.
const ENDS: usize = 64;
/// How many alerts are kept in mind that were told, and that were dropped.
const KNOWN: usize = 1_024;
/// What is over is tried for this long.
const PATIENCE: Duration = Duration::from_hours(24);
/// After so many tries what is over is given up where nobody wants to hear that it is.
const TRIES: u32 = 5;

/// The alerts that wait.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Vec<Alert>,
    /// Told, and not over.
    heard: Known,
    /// Dropped, and not over.
    lost: Known,
}

/// What is to be told of one alert.
#[derive(Debug)]
struct Alert {
    id: String,
    /// One at least, in their order; the first may be on its way.
    notices: VecDeque<Arc<Notice>>,
    on_its_way: bool,
    tries: u32,
    /// Since when it is over.
    over: Option<Instant>,
    /// It was tried since the sink closes.
    last_words: bool,
}

/// Ids, the newest last, bounded.
#[derive(Debug, Default)]
struct Known(VecDeque<String>);

impl Known {
    fn add(&mut self, id: &str) {
        self.remove(id);
        if self.0.len() >= KNOWN {
            self.0.pop_front();
        }
        self.0.push_back(id.to_owned());
    }

    fn has(&self, id: &str) -> bool {
        self.0.iter().any(|known| known == id)
    }

    fn remove(&mut self, id: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|known| known != id);
        self.0.len() < before
    }
}

impl Alert {
    fn ends(&self) -> bool {
        self.notices.back().is_some_and(|notice| notice.event == SinkEvent::Resolved)
    }

    /// Takes back what a newer notice says better; what is on its way stays.
    fn supersede(&mut self, stale: impl Fn(SinkEvent) -> bool) {
        let mut first = self.on_its_way;
        self.notices.retain(|notice| std::mem::take(&mut first) || !stale(notice.event));
    }
}

impl Queue {
    /// Takes a notice that the sink wants. Whether there was room for it.
    pub(super) fn offer(&mut self, notice: Arc<Notice>, now: Instant) -> bool {
        let (event, over) = (notice.event, notice.event == SinkEvent::Resolved);
        if let Some(alert) = self.waiting.iter_mut().find(|alert| alert.id == notice.id) {
            match event {
                // What waits says so already.
                SinkEvent::Reminded => return true,
                SinkEvent::Resolved => {
                    let heard = self.heard.has(&notice.id);
                    alert.supersede(|event| heard && event == SinkEvent::Reminded);
                    alert.over = Some(now);
                }
                SinkEvent::Fired | SinkEvent::Test => {
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
        let room = if over { WAITING + ENDS } else { WAITING };
        if self.waiting.len() >= room {
            if !over && !self.heard.has(&notice.id) {
                self.lost.add(&notice.id);
            }
            return false;
        }
        self.lost.remove(&notice.id);
        self.waiting.push(Alert {
            id: notice.id.clone(),
            notices: VecDeque::from([notice]),
            on_its_way: false,
            tries: 0,
            over: over.then_some(now),
            last_words: false,
        });
        true
    }

    /// An alert is over, of which the sink does not want to hear the end.
    pub(super) fn is_over(&mut self, id: &str, now: Instant) {
        self.heard.remove(id);
        self.lost.remove(id);
        self.end(|alert| alert.id == id, now);
    }

    /// The target at this host and port is watched no more, and its alerts end without a word.
    pub(super) fn withdraw(&mut self, host: &str, now: Instant) {
        let of = |alert: &Alert| {
            alert.notices.front().is_some_and(|notice| notice.host.as_deref() == Some(host))
        };
        self.end(of, now);
    }

    fn end(&mut self, which: impl Fn(&Alert) -> bool, now: Instant) {
        for alert in self.waiting.iter_mut().filter(|alert| which(alert)) {
            alert.over.get_or_insert(now);
        }
    }

    /// Whether anything waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The next to tell: of the alert that was tried least, so that one which the sink never takes
    /// holds up no other. It is on its way until [`Queue::told`] or [`Queue::failed`].
    pub(super) fn next(&mut self) -> Option<Arc<Notice>> {
        let alert = self.waiting.iter_mut().min_by_key(|alert| alert.tries)?;
        alert.on_its_way = true;
        alert.notices.front().cloned()
    }

    /// The next of those that were not tried since the sink closes.
    pub(super) fn next_of_last_words(&mut self) -> Option<Arc<Notice>> {
        let alert = self.waiting.iter_mut().find(|alert| !alert.last_words)?;
        (alert.last_words, alert.on_its_way) = (true, true);
        alert.notices.front().cloned()
    }

    /// What was on its way is told.
    pub(super) fn told(&mut self, id: &str) {
        let Some(at) = self.waiting.iter().position(|alert| alert.id == id) else { return };
        let Some(alert) = self.waiting.get_mut(at) else { return };
        let told = alert.notices.pop_front();
        (alert.on_its_way, alert.tries, alert.last_words) = (false, 0, false);
        if alert.notices.is_empty() {
            self.waiting.remove(at);
        }
        if told.is_some_and(|notice| notice.event == SinkEvent::Resolved) {
            self.heard.remove(id);
        } else {
            self.heard.add(id);
        }
    }

    /// What was on its way did not arrive. Whether its alert is given up.
    pub(super) fn failed(&mut self, id: &str, now: Instant) -> bool {
        let Some(at) = self.waiting.iter().position(|alert| alert.id == id) else { return false };
        let Some(alert) = self.waiting.get_mut(at) else { return false };
        alert.on_its_way = false;
        alert.tries = alert.tries.saturating_add(1);
        let patience = if alert.ends() { PATIENCE } else { Duration::ZERO };
        let given_up = alert.tries >= TRIES
            && alert.over.is_some_and(|over| now.duration_since(over) >= patience);
        if given_up {
            self.waiting.remove(at);
            self.heard.remove(id);
        }
        given_up
    }

    /// Nothing is on its way any more: whoever told it is gone.
    pub(super) fn stop(&mut self) {
        for alert in &mut self.waiting {
            alert.on_its_way = false;
        }
    }

    /// Everything that is not told, alert by alert in its order.
    pub(super) fn untold(&self) -> Vec<Arc<Notice>> {
        self.waiting.iter().flat_map(|alert| alert.notices.iter().cloned()).collect()
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
        let first = queue.next().expect("one waits");
        assert_eq!((first.id.as_str(), first.event), ("a", Fired));
        queue.told("a");
        assert_eq!(words(&queue), ["a resolved", "b fired"]);
    }

    #[test]
    fn what_got_worse_is_told_once_unless_it_is_on_its_way() {
        let mut queue = Queue::default();
        offer(&mut queue, "a", Fired);
        offer(&mut queue, "a", Fired);
        assert_eq!(words(&queue), ["a fired"]);
        queue.next();
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
            queue.next();
            assert!(!queue.failed("a", start + day * 9));
        }
        queue.offer(notice("a", Resolved), start);
        assert!(!queue.failed("a", start + PATIENCE / 2));
        assert!(queue.failed("a", start + day));
        assert!(queue.is_empty());

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
        for number in 0..WAITING {
            assert!(offer(&mut queue, &number.to_string(), Fired));
        }
        assert!(!offer(&mut queue, "beyond", Fired));
        assert!(offer(&mut queue, "beyond", Resolved), "it is not to be told, and not dropped");
        assert!(!words(&queue).iter().any(|word| word.contains("beyond")));
        // Ends of what was told find room, and no more than that.
        for number in 0..ENDS {
            assert!(offer(&mut queue, &format!("told {number}"), Resolved));
        }
        assert!(!offer(&mut queue, "too many", Resolved));
        assert!(offer(&mut queue, "0", Resolved), "behind its beginning there is always room");
    }

    #[test]
    fn what_a_sink_never_takes_holds_up_no_other() {
        let mut queue = Queue::default();
        offer(&mut queue, "poison", Fired);
        queue.next();
        queue.failed("poison", Instant::now());
        offer(&mut queue, "b", Fired);
        assert_eq!(queue.next().expect("one waits").id, "b");
    }
}
