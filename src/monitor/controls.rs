//! Control addresses: things nearer than the targets, which tell whether this machine is online.

use crate::domain::control::{ControlStats, role_of, spoken};
use crate::domain::local::LocalState;
use crate::domain::outage::Member;
use crate::domain::snapshot::{Control as ControlSnapshot, ControlWord};
use crate::domain::surroundings::Offline;
use crate::domain::time::MonoTime;
use crate::domain::way::{Sign, Way};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

/// A control counts only after it answered this many in a row.
const PROVEN_AFTER: u32 = 10;
/// A proven control is gone after this many unanswered in a row.
const GONE_AFTER: u32 = 4;
/// Its silence says nothing once others have answered for so long all the same.
const CONTRADICTED: Duration = Duration::from_mins(1);
/// A request that was sent so much later than the first that a control left unanswered, and is
/// answered, shows that its silence is its own: the next one to it was lost by then as well.
pub(super) const SEEN: Duration = Duration::from_secs(2);
/// How long it takes at most to notice that every control is gone: four echoes two seconds apart
/// and the deadline of the last.
pub(super) const NOTICED_AFTER: Duration = Duration::from_secs(12);
/// How many controls are followed.
const CONTROLS: usize = 16;

/// Outcomes of a minute: one every two seconds.
const MINUTE: usize = 30;

#[derive(Debug, Clone, Default)]
struct Control {
    /// Round trips of the last minute, `None` where there was no answer, newest last.
    outcomes: VecDeque<Option<Duration>>,
    /// When it was asked first, to the tick before.
    asked_since: Option<MonoTime>,
    answered: u32,
    missed: u32,
    proven: bool,
    /// When the first of the missed ones was sent, to the tick before.
    silent_since: Option<MonoTime>,
    /// Its newest silence that is over.
    was_silent: Option<(MonoTime, MonoTime)>,
    /// Something beyond this machine's own links answers in spite of its silence: it says nothing
    /// of this machine.
    beyond: Contradiction,
    /// A target behind it does: it says nothing of the way either.
    behind: Contradiction,
}

/// What is answered although a control is silent.
#[derive(Debug, Clone, Copy, Default)]
struct Contradiction {
    since: Option<MonoTime>,
    /// It went on for so long that the control has to prove itself anew.
    stands: bool,
}

impl Contradiction {
    fn look(&mut self, answered: bool, now: MonoTime) {
        self.since = answered.then(|| self.since.unwrap_or(now));
        self.stands |= self.since.is_some_and(|since| now.since(since) >= CONTRADICTED);
    }
}

impl Control {
    /// Its silence and its answers say something of the way.
    const fn speaks(&self) -> bool {
        self.proven && !self.behind.stands
    }

    /// Its silence says something of this machine.
    const fn witnesses(&self) -> bool {
        self.proven && !self.beyond.stands
    }

    const fn is_gone(&self) -> bool {
        self.missed >= GONE_AFTER
    }

    fn minute(&self, address: IpAddr, local: &LocalState) -> ControlStats {
        let outcomes: Vec<_> = self.outcomes.iter().copied().collect();
        ControlStats {
            silent_since: self.silent_since,
            was_silent: self.was_silent,
            asked_since: self.asked_since,
            ..ControlStats::of(address, role_of(local, address), &outcomes)
        }
    }
}

/// What the controls answered lately.
#[derive(Debug, Default)]
pub(super) struct Controls {
    known: BTreeMap<IpAddr, Control>,
    order: VecDeque<IpAddr>,
    last_answer: Option<MonoTime>,
}

impl Controls {
    /// Takes in the round trip of an echo request to a control, or that none came back.
    /// `at` is the last tick before.
    pub(super) fn observe(
        &mut self,
        address: IpAddr,
        answer: Option<Duration>,
        at: Option<MonoTime>,
    ) {
        if !self.known.contains_key(&address) {
            self.order.push_back(address);
            while self.order.len() > CONTROLS {
                if let Some(oldest) = self.order.pop_front() {
                    self.known.remove(&oldest);
                }
            }
        }
        let first = || Control { asked_since: at, ..Control::default() };
        let control = self.known.entry(address).or_insert_with(first);
        if control.outcomes.len() >= MINUTE {
            control.outcomes.pop_front();
        }
        control.outcomes.push_back(answer);
        if answer.is_some() {
            self.last_answer = at.or(self.last_answer);
            let silence = control.silent_since.zip(at).filter(|_| control.missed > 1);
            control.was_silent = silence.or(control.was_silent);
            control.answered = control.answered.saturating_add(1);
            control.missed = 0;
            control.silent_since = None;
            if control.answered >= PROVEN_AFTER {
                control.proven = true;
                (control.beyond, control.behind) = Default::default();
            }
        } else {
            control.missed = control.missed.saturating_add(1);
            control.silent_since = control.silent_since.or(at);
            control.answered = 0;
        }
    }

    /// Forgets every control but these: one that is not asked any more neither proves that this
    /// machine is online nor that it is not. Without any to follow, what was known stands.
    pub(super) fn follow(&mut self, wanted: &BTreeSet<IpAddr>) {
        if !wanted.is_empty() {
            self.known.retain(|address, _| wanted.contains(address));
            self.order.retain(|address| wanted.contains(address));
        }
    }

    /// The last minute of every control that proved itself.
    pub(super) fn stats(&self, local: &LocalState) -> Vec<ControlStats> {
        let proven = self.known.iter().filter(|(_, control)| control.speaks());
        proven.map(|(address, control)| control.minute(*address, local)).collect()
    }

    /// How far the ways to `members` are sound at this moment: one for each tunnel that they are
    /// reached through, and one for all that are reached outside of any.
    pub(super) fn ways(
        &self,
        local: &LocalState,
        members: &[Member<'_>],
    ) -> BTreeMap<Option<String>, Way<String>> {
        let mut ways = BTreeMap::new();
        if !members.iter().any(|member| member.silent_since.is_some()) {
            return ways;
        }
        for member in members.iter().filter(|member| member.routed) {
            ways.entry(member.tunnel.map(str::to_owned)).or_insert_with(|| {
                let way = Way::of(local, member.address, |_| false, self.signs(local));
                way.map(|sign| spoken(local, sign.role, sign.address))
            });
        }
        ways
    }

    /// What every proven control says at this moment; one that missed a single request says
    /// nothing.
    fn signs(&self, local: &LocalState) -> impl Iterator<Item = Sign> {
        self.known.iter().filter(|(_, control)| control.speaks() && control.missed != 1).map(
            |(address, control)| Sign {
                address: *address,
                role: role_of(local, *address),
                ails: control.missed > 1,
            },
        )
    }

    /// When any control answered last, to the tick before it.
    pub(super) const fn last_answer(&self) -> Option<MonoTime> {
        self.last_answer
    }

    /// A proven control that answered its last echo.
    pub(super) fn answering(&self) -> Option<IpAddr> {
        let answers = |control: &Control| control.proven && control.missed == 0;
        self.known.iter().find(|(_, control)| answers(control)).map(|(address, _)| *address)
    }

    /// Each control's word, for the screen.
    pub(super) fn words(&self, local: &LocalState) -> Vec<ControlSnapshot> {
        let word = |control: &Control| {
            if control.missed == 0 && control.answered > 0 {
                ControlWord::Answers
            } else if control.proven && control.missed >= GONE_AFTER {
                ControlWord::Gone
            } else if control.proven {
                ControlWord::Answers
            } else {
                ControlWord::NeverAnswered
            }
        };
        let known = self.known.iter();
        known
            .map(|(address, control)| ControlSnapshot {
                address: *address,
                word: word(control),
                minute: control.minute(*address, local),
            })
            .collect()
    }

    /// Offline once every proven control is gone. A control that never proved itself (a router
    /// that drops ping) says nothing, nor does one whose silence others contradicted.
    pub(super) fn verdict(&self) -> Offline {
        if self.gone_since().is_none() {
            return Offline::Online;
        }
        Offline::ControlsGone(self.witnesses().map(|(address, _)| *address).collect())
    }

    /// Since when every control is gone that says something of this machine, and there are any.
    pub(super) fn gone_since(&self) -> Option<MonoTime> {
        let gone = self.witnesses().all(|(_, control)| control.is_gone());
        let last = self.witnesses().map(|(_, control)| control.silent_since.unwrap_or_default());
        last.max().filter(|_| gone)
    }

    fn witnesses(&self) -> impl Iterator<Item = (&IpAddr, &Control)> {
        self.known.iter().filter(|(_, control)| control.witnesses())
    }

    /// Whether any control is gone.
    pub(super) fn any_gone(&self) -> bool {
        self.known.values().any(|control| control.proven && control.is_gone())
    }

    /// Holds the silence of controls against what answers all the same: when the newest requests
    /// were sent that were answered lately by anything beyond this machine's own links, and by
    /// targets `behind` a control.
    pub(super) fn contradict(
        &mut self,
        beyond: Option<MonoTime>,
        behind: impl Fn(IpAddr) -> Option<MonoTime>,
        now: MonoTime,
    ) {
        for (address, control) in self.known.iter_mut().filter(|(_, control)| control.is_gone()) {
            let silent = control.silent_since.unwrap_or_default().plus(SEEN);
            let later = |at: Option<MonoTime>| at.is_some_and(|at| at >= silent);
            control.beyond.look(later(beyond), now);
            control.behind.look(later(behind(*address)), now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: Option<Duration> = Some(Duration::from_millis(1));
    const GATEWAY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));

    #[test]
    fn a_control_that_never_proved_itself_says_nothing() {
        let mut controls = Controls::default();
        for _ in 0..9 {
            controls.observe(GATEWAY, ANSWER, None);
        }
        for _ in 0..50 {
            controls.observe(GATEWAY, None, None);
        }
        assert_eq!(controls.verdict(), Offline::Online);
    }

    #[test]
    fn offline_when_every_proven_control_is_gone_and_online_with_the_first_answer() {
        let mut controls = Controls::default();
        for _ in 0..10 {
            controls.observe(GATEWAY, ANSWER, None);
        }
        for _ in 0..3 {
            controls.observe(GATEWAY, None, None);
            assert_eq!(controls.verdict(), Offline::Online);
        }
        controls.observe(GATEWAY, None, None);
        assert_eq!(controls.verdict(), Offline::ControlsGone(vec![GATEWAY]));
        controls.observe(GATEWAY, ANSWER, None);
        assert_eq!(controls.verdict(), Offline::Online);
    }

    #[test]
    fn a_control_of_a_network_that_was_left_says_nothing() {
        let new: IpAddr = [192, 168, 1, 1].into();
        for (old_answers, new_answers, gone) in [(true, false, true), (false, true, false)] {
            let mut controls = Controls::default();
            for address in [GATEWAY, new] {
                (0..10).for_each(|_| controls.observe(address, ANSWER, None));
            }
            (0..4).for_each(|_| controls.observe(GATEWAY, ANSWER.filter(|_| old_answers), None));
            controls.follow(&BTreeSet::from([new]));
            (0..4).for_each(|_| controls.observe(new, ANSWER.filter(|_| new_answers), None));
            let expected = if gone { Offline::ControlsGone(vec![new]) } else { Offline::Online };
            assert_eq!(controls.verdict(), expected);
            assert_eq!(controls.words(&LocalState::default()).len(), 1);
        }
    }

    #[test]
    fn a_silent_control_of_a_network_that_was_left_does_not_keep_the_monitor_offline() {
        let mut controls = Controls::default();
        (0..10).for_each(|_| controls.observe(GATEWAY, ANSWER, None));
        (0..4).for_each(|_| controls.observe(GATEWAY, None, None));
        assert_ne!(controls.verdict(), Offline::Online);
        controls.follow(&BTreeSet::new());
        assert_ne!(controls.verdict(), Offline::Online, "nothing to follow is no good news");
        controls.follow(&BTreeSet::from([[192, 168, 1, 1].into()]));
        assert_eq!(controls.verdict(), Offline::Online);
    }
}
