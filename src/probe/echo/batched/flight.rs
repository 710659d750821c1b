//! The requests that are under way, and what becomes of each. No sockets and no clock.

use super::super::follow::PATIENCE;
use super::super::{EchoRequest, Outbox};
use crate::domain::local::EchoCounts;
use crate::domain::sample::{EchoOutcome, IcmpError, LocalFault, Sample};
use crate::domain::time::{MonoTime, Now};
use crate::probe::connect::STALL;
use crate::proto::icmp_echo::{EchoNumber, Quoted, Tag};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

/// Requests that may be under way, those included that are lost and may still be answered late.
pub(super) const IN_FLIGHT: usize = 1 << 19;

/// From so many on, a lost request is not waited for any longer.
const CROWDED: usize = IN_FLIGHT / 2;

/// Numbers of which is remembered whether they were answered, to tell a duplicate: a bit each.
const REMEMBERED: usize = 1 << 18;

/// A reply without a stamp is measured when it was read so soon.
const UNSTAMPED: Duration = Duration::from_millis(5);

/// Targets and addresses of which something is remembered.
const KNOWN: usize = 1 << 17;

/// A sample and where it goes.
pub(super) type Told = (Outbox, Sample);

/// A reply, as the socket gave it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reply {
    /// What it carries.
    pub(super) tag: Tag,
    /// Whom it is from.
    pub(super) from: IpAddr,
    /// When the kernel received it, in nanoseconds of the wall clock.
    pub(super) stamp: Option<u64>,
    /// Its hop limit.
    pub(super) ttl: Option<u8>,
}

/// One request under way.
#[derive(Debug)]
struct Entry {
    request: EchoRequest,
    out: Outbox,
    seq: u32,
    sent_at: Now,
    /// When it was sent, in nanoseconds of the wall clock: at first as it was read before the
    /// system call, then as the kernel stamped it.
    left: u64,
    /// How often the wall clock had jumped.
    era: u32,
    /// Reported as lost; a reply is late.
    lost: bool,
}

/// Requests under way.
#[derive(Debug)]
pub(super) struct Flight {
    slots: Vec<Option<Entry>>,
    free: Vec<u32>,
    /// How many are under way over IPv4 and IPv6.
    under_way: [usize; 2],
    /// When to look at a request again: its deadline, then the end of patience.
    due: BinaryHeap<Reverse<(MonoTime, u32, u32)>>,
    next_seq: u32,
    cookie: u64,
    era: u32,
    answered: Vec<u64>,
    /// The highest number that a target has answered.
    highest: HashMap<u32, u32>,
    /// When this machine last could not send to an address.
    no_way: HashMap<IpAddr, MonoTime>,
    /// Samples that are to be told.
    pub(super) told: VecDeque<Told>,
    /// What was seen so far.
    pub(super) counts: EchoCounts,
}

impl Flight {
    /// Nothing under way. `cookie` goes into every request.
    pub(super) fn new(cookie: u64, first_seq: u32) -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            under_way: [0; 2],
            due: BinaryHeap::new(),
            next_seq: first_seq,
            cookie,
            era: 0,
            answered: vec![0; REMEMBERED / 64],
            highest: HashMap::new(),
            no_way: HashMap::new(),
            told: VecDeque::new(),
            counts: EchoCounts::default(),
        }
    }

    /// What a request carries that belongs to nobody.
    pub(super) const fn nobody(&self) -> Tag {
        Tag {
            cookie: self.cookie,
            target: u32::MAX,
            seq: self.next_seq.wrapping_sub(1),
            slot: u32::MAX,
        }
    }

    /// Whether nothing is waited for, not even a late reply.
    pub(super) const fn is_empty(&self) -> bool {
        self.free.len() == self.slots.len()
    }

    /// How many more may be sent.
    pub(super) const fn room(&self) -> usize {
        IN_FLIGHT.saturating_sub(self.slots.len().saturating_sub(self.free.len()))
    }

    /// The wall clock jumped: no time of before fits one of after.
    pub(super) const fn clock_jumped(&mut self) {
        self.era = self.era.wrapping_add(1);
    }

    /// Notes a request that is about to leave at `sent_at`, which is `wall` nanoseconds. What its
    /// packet carries.
    pub(super) fn launch(
        &mut self,
        request: EchoRequest,
        out: Outbox,
        sent_at: Now,
        wall: u64,
    ) -> Tag {
        let seq = self.next_seq;
        self.next_seq = seq.wrapping_add(1);
        self.remember(seq, false);
        *self.of_family(request.address.is_ipv6()) += 1;
        let entry = Entry { request, out, seq, sent_at, left: wall, era: self.era, lost: false };
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len().saturating_sub(1)).unwrap_or(u32::MAX)
        });
        if let Some(place) = self.place(slot) {
            *place = Some(entry);
        }
        self.due.push(Reverse((sent_at.mono.plus(request.deadline), slot, seq)));
        self.counts.sent += 1;
        Tag { cookie: self.cookie, target: request.target.0, seq, slot }
    }

    /// The request did not leave.
    pub(super) fn failed(&mut self, slot: u32, seq: u32, fault: LocalFault, now: MonoTime) {
        let Some(entry) = self.take(slot, seq) else { return };
        self.counts.sent = self.counts.sent.saturating_sub(1);
        if fault == LocalFault::NoRoute {
            if self.no_way.len() >= KNOWN {
                self.no_way.clear();
            }
            self.no_way.insert(entry.request.address, now);
        }
        self.tell(&entry, now, EchoOutcome::Void(fault));
    }

    /// The kernel says when the request left. A stamp of before it was made is another's.
    pub(super) fn left(&mut self, slot: u32, seq: u32, stamp: u64) {
        if let Some(entry) = self.get(slot, seq)
            && stamp >= entry.left
        {
            entry.left = stamp;
        }
    }

    /// A reply was read at `now`, at most `unseen` after it arrived.
    pub(super) fn replied(&mut self, reply: &Reply, now: MonoTime, unseen: Duration) {
        let Tag { cookie, target, seq, slot } = reply.tag;
        if cookie != self.cookie {
            self.counts.foreign += 1;
            return;
        }
        let fits = self
            .get(slot, seq)
            .map(|entry| entry.request.address == reply.from && entry.request.target.0 == target);
        match fits {
            Some(true) => {}
            Some(false) => {
                self.counts.foreign += 1;
                return;
            }
            None if self.is_remembered(seq) => {
                self.counts.duplicates += 1;
                return;
            }
            None => {
                self.counts.too_late += 1;
                return;
            }
        }
        let Some(entry) = self.take(slot, seq) else { return };
        self.remember(seq, true);
        self.note_order(target, seq);
        let Some(rtt) = self.round_trip(&entry, reply.stamp, now, unseen) else {
            if !entry.lost {
                self.tell(&entry, now, EchoOutcome::Void(LocalFault::Other));
            }
            return;
        };
        let ended_at = entry.sent_at.mono.plus(rtt).min(now);
        if rtt > entry.request.deadline {
            if !entry.lost {
                self.tell(&entry, now, EchoOutcome::Lost);
            }
            self.counts.late += 1;
            self.tell(&entry, now, EchoOutcome::Late { rtt });
        } else if entry.lost {
            // It had arrived before the deadline, and was not read though everything was: never.
            self.counts.late += 1;
            self.tell(&entry, now, EchoOutcome::Late { rtt });
        } else {
            self.tell(&entry, ended_at, EchoOutcome::Reply { rtt, ttl: reply.ttl });
        }
    }

    /// Request to reply. `None` where the wall clock jumped in between, where the stamps contradict
    /// this process' own clock, and where there is no stamp and the reply may have waited long.
    fn round_trip(
        &self,
        entry: &Entry,
        stamp: Option<u64>,
        now: MonoTime,
        unseen: Duration,
    ) -> Option<Duration> {
        /// Two clocks, read one after the other.
        const SLACK: Duration = Duration::from_millis(1);
        let at_most = now.since(entry.sent_at.mono);
        let Some(stamp) = stamp else { return (unseen <= UNSTAMPED).then_some(at_most) };
        if entry.era != self.era {
            return None;
        }
        let rtt = Duration::from_nanos(stamp.checked_sub(entry.left)?);
        (rtt <= at_most + SLACK).then_some(rtt)
    }

    /// An ICMP error that quotes one of our packets to `about`. Whether it fits one.
    pub(super) fn refused(
        &mut self,
        quoted: &Quoted,
        about: Option<IpAddr>,
        error: IcmpError,
        now: MonoTime,
    ) -> bool {
        let found = match quoted.tag {
            Some(tag) if tag.cookie == self.cookie => {
                let fits = self.get(tag.slot, tag.seq).is_some_and(|entry| {
                    entry.request.target.0 == tag.target
                        && about.is_none_or(|about| about == entry.request.address)
                });
                fits.then_some((tag.slot, tag.seq))
            }
            Some(_) => None,
            None => about.and_then(|about| self.find(about, quoted.number)),
        };
        let Some((slot, seq)) = found else {
            self.counts.foreign += 1;
            return false;
        };
        let Some(entry) = self.take(slot, seq) else { return false };
        if !entry.lost {
            self.tell(&entry, now, EchoOutcome::Unreachable(error));
        }
        true
    }

    /// The newest request to an address with this short number.
    fn find(&self, address: IpAddr, number: EchoNumber) -> Option<(u32, u32)> {
        let slots = (0_u32..).zip(&self.slots);
        let fitting = slots.filter_map(|(slot, entry)| {
            let entry = entry.as_ref().filter(|entry| entry.request.address == address)?;
            let tag = Tag { cookie: 0, target: 0, seq: entry.seq, slot };
            (tag.short_seq() == number.seq).then_some((entry.sent_at.mono, slot, entry.seq))
        });
        fitting.max().map(|(_, slot, seq)| (slot, seq))
    }

    /// Whether the deadline of a request has passed that is still under way.
    pub(super) fn has_due(&mut self, now: MonoTime) -> bool {
        while let Some(Reverse((due, slot, seq))) = self.due.peek().copied()
            && due <= now
        {
            if self.get(slot, seq).is_some() {
                return true;
            }
            self.due.pop();
        }
        false
    }

    /// Whether an answer of this family is waited for, even a late one.
    pub(super) const fn awaits(&self, v6: bool) -> bool {
        let [of_v4, of_v6] = self.under_way;
        (if v6 { of_v6 } else { of_v4 }) > 0
    }

    const fn of_family(&mut self, v6: bool) -> &mut usize {
        let [of_v4, of_v6] = &mut self.under_way;
        if v6 { of_v6 } else { of_v4 }
    }

    /// Ends what is over. All that had arrived by `now` must have been read.
    ///
    /// `overflowed`: when a socket of the family last dropped something, as it was noticed.
    pub(super) fn expire(&mut self, now: MonoTime, overflowed: impl Fn(bool) -> Option<MonoTime>) {
        while let Some(Reverse((due, slot, seq))) = self.due.peek().copied() {
            if due > now {
                break;
            }
            self.due.pop();
            let era = self.era;
            let Some(entry) = self.get(slot, seq) else { continue };
            if entry.lost {
                self.take(slot, seq);
                continue;
            }
            let sent = entry.sent_at.mono;
            let (address, v6) = (entry.request.address, entry.request.address.is_ipv6());
            let fault = if now.since(due) > STALL
                || entry.era != era
                || overflowed(v6).is_some_and(|at| at >= sent)
            {
                Some(LocalFault::Stalled)
            } else if self.no_way.get(&address).is_some_and(|at| *at >= sent) {
                Some(LocalFault::NoRoute)
            } else {
                None
            };
            if let Some(fault) = fault {
                if let Some(entry) = self.take(slot, seq) {
                    self.tell(&entry, now, EchoOutcome::Void(fault));
                }
                continue;
            }
            let crowded = self.slots.len().saturating_sub(self.free.len()) > CROWDED;
            let Some(entry) = self.get(slot, seq) else { continue };
            entry.lost = true;
            let sample = entry.request.sample(entry.sent_at, now, EchoOutcome::Lost);
            let told = (entry.out.clone(), sample);
            let patience = sent.plus(entry.request.deadline.saturating_mul(PATIENCE));
            self.told.push_back(told);
            if crowded {
                self.take(slot, seq);
            } else {
                self.due.push(Reverse((patience, slot, seq)));
            }
        }
    }

    fn tell(&mut self, entry: &Entry, ended_at: MonoTime, outcome: EchoOutcome) {
        let sample = entry.request.sample(entry.sent_at, ended_at, outcome);
        self.told.push_back((entry.out.clone(), sample));
    }

    fn place(&mut self, slot: u32) -> Option<&mut Option<Entry>> {
        self.slots.get_mut(usize::try_from(slot).ok()?)
    }

    fn get(&mut self, slot: u32, seq: u32) -> Option<&mut Entry> {
        self.place(slot)?.as_mut().filter(|entry| entry.seq == seq)
    }

    fn take(&mut self, slot: u32, seq: u32) -> Option<Entry> {
        self.get(slot, seq)?;
        let entry = self.place(slot)?.take()?;
        let under_way = self.of_family(entry.request.address.is_ipv6());
        *under_way = under_way.saturating_sub(1);
        self.free.push(slot);
        Some(entry)
    }

    fn note_order(&mut self, target: u32, seq: u32) {
        if self.highest.len() >= KNOWN && !self.highest.contains_key(&target) {
            self.highest.clear();
        }
        let highest = self.highest.entry(target).or_insert(seq);
        // Less than half the numbers ahead is later.
        if seq.wrapping_sub(*highest) <= u32::MAX / 2 {
            *highest = seq;
        } else {
            self.counts.reordered += 1;
        }
    }

    fn bit(seq: u32) -> (usize, u64) {
        let place = usize::try_from(seq).unwrap_or(0) % REMEMBERED;
        (place / 64, 1 << (place % 64))
    }

    fn remember(&mut self, seq: u32, answered: bool) {
        let (word, bit) = Self::bit(seq);
        if let Some(word) = self.answered.get_mut(word) {
            *word = if answered { *word | bit } else { *word & !bit };
        }
    }

    /// Whether the request of this number was answered; false when that is too long ago to know.
    fn is_remembered(&self, seq: u32) -> bool {
        let (word, bit) = Self::bit(seq);
        let age = self.next_seq.wrapping_sub(seq);
        let recent = usize::try_from(age).is_ok_and(|age| (1..=REMEMBERED).contains(&age));
        recent && self.answered.get(word).is_some_and(|word| word & bit != 0)
    }
}

#[cfg(test)]
#[path = "flight_tests.rs"]
mod tests;
