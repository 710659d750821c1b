//! Whether a target is there, and what its silence may be.

use super::super::echo_series::EchoPoint;
use super::super::history::Timed;
use super::super::sample::{
    Attempt, Connect, ConnectOutcome, EchoMethod, EchoOutcome, Negotiate, NeighbourState,
};
use super::super::stats::may_all_be_lost;
use super::super::time::{MonoTime, Now};
use super::{Mode, TargetView};
use std::time::Duration;

/// A neighbour that is still reachable this long after the last answer is alive: an entry of a
/// host that vanished counts as reachable for up to 37 s (measured on Linux).
const NEIGHBOUR_PROVES: Duration = Duration::from_secs(45);

/// The same for a single look, where the entry was not refreshed by earlier answers: DELAY and
/// PROBE end after 8 s (measured on Linux).
const NEIGHBOUR_PROVES_MOMENT: Duration = Duration::from_secs(9);

/// What stops within this long stops together.
const TOGETHER: Duration = Duration::from_secs(15);

/// Echo beside a connection is looked at for this long before it and after it.
const AROUND: Duration = Duration::from_mins(1);

/// A silence this long may be sleep …
const SLEPT: Duration = Duration::from_secs(10);
/// … and whoever is awake for less than this is waking, or asleep again in a moment.
const AWAKE: Duration = Duration::from_mins(2);
/// Silences that are shorter than this, so many of them within this long, may be those of a line that
/// loses: hardly anybody sleeps and wakes so often, and two silences alone are no rate of loss.
const NAP: Duration = Duration::from_mins(1);
const NAPS: usize = 2;
const NAPS_WITHIN: Duration = Duration::from_mins(10);

/// From this percentage of lost requests on, a request over an open connection and all its repetitions
/// may be lost: five are sent in five seconds, and two in five to the fifth is one in a hundred.
const MUTES_PCT: usize = 40;

/// From this percentage on, what is lost in a row may be no more than that.
const HEAVY_PCT: usize = 50;

/// Heavy loss beside an exchange is looked at for this long before it and after it.
const BESIDE: Duration = Duration::from_secs(15);

/// One lost request of so many is hardly any.
const HARDLY_ANY: usize = 32;

/// Whether anything answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Presence<'a> {
    /// Not measured, or measured before the silence began.
    Unknown,
    /// Some layer answers, or says why not.
    Answers,
    /// Nothing answers on any layer.
    Silent(Silence<'a>),
}

/// Nothing answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Silence<'a> {
    /// The first request that was not answered.
    pub since: Now,
    /// The last one that was.
    pub last_answer: Option<Now>,
    /// The newest connection.
    pub connect: &'a Connect,
    /// Its network card still answers on this machine's own link.
    pub alive_on_link: bool,
}

/// What ICMP echo says beside a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Beside {
    /// The host answered a request sent with the connection or after it.
    Answers,
    /// The newest known answer is older than the connection, and nothing is known since.
    NotKnown,
    /// Requests are not answered, or none was sent.
    Silent,
}

/// What ICMP echo says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EchoWord {
    /// Nothing: not sent, or only over TCP.
    Unmeasured,
    /// The newest known request was answered.
    Answers,
    /// The newest known request was not answered, and earlier ones were.
    Stopped,
    /// None was ever answered: a firewall that drops ping looks like this too.
    NeverAnswered,
}

impl<'a> TargetView<'a> {
    /// Whether anything is there, by every layer together.
    #[must_use]
    pub fn presence(&self) -> Presence<'a> {
        let Some(attempt) = self.settled() else { return Presence::Unknown };
        let connect = &attempt.value.connect;
        match connect.outcome {
            ConnectOutcome::LocalError(_) => return Presence::Unknown,
            ConnectOutcome::Timeout | ConnectOutcome::Unreachable => {}
            ConnectOutcome::Open | ConnectOutcome::Refused | ConnectOutcome::Prohibited => {
                let stale =
                    self.unanswered_since().is_some_and(|since| since.mono > attempt.at.mono)
                        && self.echo.trailing_losses().0 >= 3;
                return if stale { Presence::Unknown } else { Presence::Answers };
            }
        }
        if connect.is_answer_of_host() {
            return Presence::Answers;
        }
        match self.echo_beside(attempt.at.mono) {
            Beside::Answers => return Presence::Answers,
            Beside::NotKnown => return Presence::Unknown,
            Beside::Silent => {}
        }
        let since = self.unanswered_since().unwrap_or(attempt.at);
        if self.published_alternatives().any(|(_, other)| {
            other.value.is_answer_of_host() && self.is_beside(other.at.mono, since.mono)
        }) {
            return Presence::Answers;
        }
        Presence::Silent(Silence {
            since,
            last_answer: self.last_answer(),
            connect,
            alive_on_link: self.neighbour_alive_since(since.mono),
        })
    }

    /// Whether ICMP echo requests are answered, as far as is known.
    #[must_use]
    pub fn echo_word(&self) -> EchoWord {
        let measured = |point: &&EchoPoint| {
            point.method == EchoMethod::Icmp && !matches!(point.outcome, EchoOutcome::Void(_))
        };
        let Some(last) = self.echo.points().rev().find(measured) else {
            return EchoWord::Unmeasured;
        };
        if self.is_echo_answer(&last.outcome) {
            EchoWord::Answers
        } else if self.echo.ever_answered() {
            EchoWord::Stopped
        } else {
            EchoWord::NeverAnswered
        }
    }

    /// What echo says beside a connection begun at `attempt`: an answer to a request sent with it
    /// or later speaks for the host, or with the first of the connections that failed in a row as
    /// long as requests are answered; in a single moment, any answer does. An answer from before
    /// that with nothing known since does not tell whether the host is still there.
    #[must_use]
    pub fn echo_beside(&self, attempt: MonoTime) -> Beside {
        let measured = |point: &&EchoPoint| {
            point.method == EchoMethod::Icmp && !matches!(point.outcome, EchoOutcome::Void(_))
        };
        let answers = |point: &EchoPoint| self.is_echo_answer(&point.outcome);
        let mut newest = self.echo.points().rev().filter(measured).peekable();
        let newest_answers = newest.peek().is_some_and(|point| answers(point));
        let fails = |attempt: &Attempt| !attempt.connect.outcome.answered();
        let from = match self.attempts.since(fails).filter(|_| newest_answers) {
            Some(run) => run.mono.min(attempt),
            None => attempt,
        };
        let speaks = |point: &EchoPoint| self.mode == Mode::Moment || point.at.mono >= from;
        if newest.take_while(|point| speaks(point)).any(answers) {
            Beside::Answers
        } else if newest_answers {
            Beside::NotKnown
        } else {
            Beside::Silent
        }
    }

    /// Whether echo and connections stopped being answered together, as of a host that hangs: a
    /// firewall that drops ping does so while connections are answered.
    #[must_use]
    pub fn stopped_together(&self) -> bool {
        let (_, echo) = self.echo.trailing_losses();
        let all = self.heard.silent_since();
        self.echo_word() == EchoWord::Stopped
            && echo.zip(all).is_some_and(|(echo, all)| all.mono <= echo.mono.plus(TOGETHER))
    }

    /// Whether every ICMP echo request beside a connection was answered, and hardly any is lost in
    /// the minutes around it: the two or three SYNs of a connection are not lost by that chance.
    #[must_use]
    pub fn line_was_sound(&self, entry: &Timed<Attempt>) -> bool {
        self.ping_beside(entry).is_some()
    }

    /// The longest round trip of the ICMP echo requests beside a connection, while TCP was not open
    /// yet; `None` where one was not answered in time, or the line loses some about then.
    #[must_use]
    pub fn ping_beside(&self, entry: &Timed<Attempt>) -> Option<Duration> {
        let end = entry.at.mono.plus(entry.value.connect.elapsed);
        let sound = !self.lossy_beside(entry.at.mono, end);
        let beside = self.measured_about(entry.at.mono, end, Duration::ZERO);
        beside.filter_map(EchoPoint::rtt).max().filter(|_| sound)
    }

    /// Whether the line loses packets beside a connection: an ICMP echo request sent during it was
    /// not answered in time, or more than hardly any in the minutes around it. Of a host that does
    /// not answer them nobody can tell.
    #[must_use]
    pub fn line_was_lossy(&self, entry: &Timed<Attempt>) -> bool {
        let took = |negotiate: &Negotiate| negotiate.elapsed;
        let above = entry.value.negotiate.as_ref().map_or(Duration::ZERO, took);
        let end = entry.at.mono.plus(entry.value.connect.elapsed).plus(above);
        let told = matches!(self.echo_word(), EchoWord::Answers | EchoWord::Stopped);
        told && self.lossy_beside(entry.at.mono, end)
    }

    /// Whether the line loses so much that what was sent over an open connection may have had no answer
    /// for that.
    #[must_use]
    pub fn line_may_mute(&self, entry: &Timed<Attempt>) -> bool {
        let took = |negotiate: &Negotiate| negotiate.elapsed;
        let above = entry.value.negotiate.as_ref().map_or(Duration::ZERO, took);
        let end = entry.at.mono.plus(entry.value.connect.elapsed).plus(above);
        let around = || self.measured_about(entry.at.mono, end, BESIDE);
        let lost = around().filter(|point| point.is_loss()).count();
        lost.saturating_mul(100) >= around().count().saturating_mul(MUTES_PCT)
            && around().any(|point| !point.is_loss())
    }

    /// Whether a target that sleeps was silent within the last minutes: how well the line carries is
    /// judged when it is awake for good, for its network card saves power until then.
    #[must_use]
    pub fn woke_lately(&self) -> bool {
        if self.mode == Mode::Moment || !self.may_sleep() {
            return false;
        }
        let lately = self.now.mono.minus(AWAKE);
        let mut silences = self.silences(lately).peekable();
        if silences.peek().is_none() {
            return false;
        }
        silences.any(|(start, end)| end.since(start) >= NAP) || !self.naps_too_often()
    }

    /// Whether it would have slept briefly more often than anybody does; starts are no naps.
    fn naps_too_often(&self) -> bool {
        let from = self.now.mono.minus(NAPS_WITHIN);
        let starts = |start: MonoTime, end: MonoTime| {
            self.heard.restarts().any(|one| one.silent.mono <= end && start <= one.up.mono)
        };
        let naps = self
            .silences(from)
            .filter(|(start, end)| end.since(*start) < NAP && !starts(*start, *end));
        naps.count() >= NAPS
    }

    /// From the first to the last of requests in a row that were not answered, the newest first, where
    /// that is long enough to be sleep and ends after `from`.
    fn silences(&self, from: MonoTime) -> impl Iterator<Item = (MonoTime, MonoTime)> + use<'a> {
        let measured = |point: &&EchoPoint| !matches!(point.outcome, EchoOutcome::Void(_));
        let mut points = self.echo.points().rev().filter(measured).peekable();
        std::iter::from_fn(move || {
            loop {
                let ends = |point: &&EchoPoint| point.is_loss() || point.at.mono < from;
                let last = points.find(ends).filter(|point| point.at.mono >= from)?.at.mono;
                let mut first = last;
                while let Some(point) = points.next_if(|point| point.is_loss()) {
                    first = point.at.mono;
                }
                if last.since(first) >= SLEPT {
                    return Some((first, last));
                }
            }
        })
    }

    /// Whether a silence since `since` may be no more than the loss that was measured in the minute
    /// before it.
    #[must_use]
    pub fn loss_may_be_silence(&self, since: MonoTime) -> bool {
        let before = || {
            self.measured_about(since, since, AROUND).take_while(move |point| point.at.mono < since)
        };
        let (lost, all) = (before().filter(|point| point.is_loss()).count(), before().count());
        if lost == all || lost.saturating_mul(100) < all.saturating_mul(HEAVY_PCT) {
            return false;
        }
        let in_a_row = self.echo.trailing_losses().0;
        #[expect(clippy::cast_precision_loss, reason = "hundreds of requests")]
        let share = lost as f64 / all as f64;
        may_all_be_lost(share, in_a_row)
    }

    fn lossy_beside(&self, start: MonoTime, end: MonoTime) -> bool {
        let in_time = |point: &EchoPoint| point.rtt().is_some();
        let around = || self.measured_about(start, end, AROUND);
        let lost = around().filter(|point| point.is_loss()).count();
        self.measured_about(start, end, Duration::ZERO).any(|point| !in_time(point))
            || lost.saturating_mul(HARDLY_ANY) > around().count()
    }

    /// ICMP echo requests sent from `slack` before `start` to as long after `end`.
    fn measured_about(
        &self,
        start: MonoTime,
        end: MonoTime,
        slack: Duration,
    ) -> impl Iterator<Item = &'a EchoPoint> + use<'a> {
        let end = end.plus(slack);
        self.echo.since(start.minus(slack)).take_while(move |point| point.at.mono <= end).filter(
            |point| {
                let known = !matches!(point.outcome, EchoOutcome::Void(_));
                point.method == EchoMethod::Icmp && known
            },
        )
    }

    /// When the host itself last answered anything: an echo request, or a SYN, be it with a RST.
    #[must_use]
    pub fn last_answer(&self) -> Option<Now> {
        let echo = self
            .echo
            .points()
            .rev()
            .find(|point| self.is_echo_answer(&point.outcome))
            .map(|point| point.at)
            .or(self.echo.answered_before());
        let connect = self
            .attempts
            .recent()
            .find(|entry| entry.value.connect.is_answer_of_host())
            .map(|entry| entry.at);
        echo.into_iter().chain(connect).max_by_key(|at| at.mono)
    }

    /// The first unanswered request after the last answer.
    #[must_use]
    pub fn unanswered_since(&self) -> Option<Now> {
        let floor = self.last_answer().map(|at| at.mono);
        let after = |at: &Now| floor.is_none_or(|floor| at.mono > floor);
        let echo = self
            .echo
            .since(floor.unwrap_or(MonoTime::ZERO))
            .filter(|point| !matches!(point.outcome, EchoOutcome::Void(_)))
            .map(|point| point.at)
            .find(after);
        let connect = self
            .attempts
            .iter()
            .filter(|entry| !matches!(entry.value.connect.outcome, ConnectOutcome::LocalError(_)))
            .map(|entry| entry.at)
            .find(after);
        let before = self.echo.silent_before().filter(after);
        before.into_iter().chain(echo).chain(connect).min_by_key(|at| at.mono)
    }

    /// Whether the neighbour entry is still reachable so long after `silent` that only a living
    /// network card explains it.
    pub(super) fn neighbour_alive_since(&self, silent: MonoTime) -> bool {
        let enough = match self.mode {
            Mode::Watch => NEIGHBOUR_PROVES,
            Mode::Moment => NEIGHBOUR_PROVES_MOMENT,
        };
        self.neighbour.is_some_and(|entry| {
            entry.value.state == NeighbourState::Reachable && entry.at.mono.since(silent) >= enough
        })
    }

    /// Whether something at `other` speaks for the moment `attempt`.
    pub(super) fn is_beside(&self, other: MonoTime, attempt: MonoTime) -> bool {
        let slack = self.target.cadence.echo.max(Duration::from_secs(1)).saturating_mul(2);
        self.mode == Mode::Moment || other >= attempt.minus(slack)
    }
}
