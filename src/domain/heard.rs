//! When a host was tried and heard: compact, so that it reaches back further than the whole
//! connections that are kept.

use super::echo_series::EchoSeries;
use super::sample::{Attempt, Connect, ConnectOutcome, Echo, EchoOutcome};
use super::time::{MonoTime, Now};
use std::collections::VecDeque;
use std::time::Duration;

/// Connections are kept for this long: as echo requests at one a second are.
const KEPT: Duration = Duration::from_mins(10);

/// But so many at least, where they are rare.
const LEAST: usize = 16;

/// And never more than so many: at one every ten seconds, as while something is wrong, that is ten
/// minutes too.
const MOST: usize = 64;

/// A shorter silence is none that a host comes back from.
const SILENCE: Duration = Duration::from_secs(20);

/// A host that answers echo within this long of its first silent connection is not gone.
const GONE: Duration = Duration::from_secs(10);

/// What fails for longer than this before a silence was broken before it.
const GOING_DOWN: Duration = Duration::from_mins(1);

/// So many of the newest restarts are kept.
const RESTARTS: usize = 16;

/// A shorter silence is no restart.
const RESTART: Duration = Duration::from_secs(10);

/// What came of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// Remote Desktop answered as it should.
    Works,
    /// An answer, but not that: a refusal, or a rung above that fails.
    Answered,
    /// A firewall's refusal.
    Barred,
    /// No answer.
    Silent,
}

/// One connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tried {
    /// When it was begun.
    pub at: MonoTime,
    took_ms: u32,
    /// What came of it.
    pub came: Came,
}

impl Tried {
    /// When TCP was answered, or given up.
    #[must_use]
    pub fn ended(&self) -> MonoTime {
        self.at.plus(Duration::from_millis(u64::from(self.took_ms)))
    }
}

/// When one host was tried and heard.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Heard {
    tried: VecDeque<Tried>,
    absence: Absence,
    /// Remote Desktop failed when an earlier run ended, and has not worked since.
    failed_before: bool,
    /// The newest answer on any layer.
    newest: MonoTime,
    /// The first request or connection without an answer after it.
    unheard: Option<Now>,
    back: Option<Back>,
    /// Oldest first.
    restarts: VecDeque<Stages>,
}

/// How a host came back from silence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Back {
    /// The first request or connection that was not answered.
    pub silent: Now,
    /// The first answer after it, on any layer.
    pub at: Now,
    /// Remote Desktop worked until shortly before, as far as is known: what fails now is no older.
    pub sound: bool,
    /// Remote Desktop has worked since.
    worked: bool,
}

/// What became of Remote Desktop since it last worked, or between when it last worked twice.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Absence {
    /// It worked before.
    worked: bool,
    failed: Option<Now>,
    silent: Option<Now>,
    /// Echo was answered when the first connection was not.
    echoed: bool,
    answered: Option<(Now, bool)>,
    echo: Option<Now>,
    up: Option<Now>,
}

/// The stages of a host that went away and came back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stages {
    /// The first connection that was not answered.
    pub silent: Now,
    /// The first answer after it that was not yet Remote Desktop.
    pub back: Now,
    /// What answered.
    pub sign: Sign,
    /// Remote Desktop works again.
    pub up: Now,
}

/// The first sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// A refused connection.
    Refused,
    /// An open port without Remote Desktop.
    Open,
    /// An echo reply.
    Echo,
}

impl Heard {
    /// In a run that begins; `failed`: Remote Desktop did when the one before ended.
    #[must_use]
    pub fn after(failed: bool) -> Self {
        Self { failed_before: failed, ..Self::default() }
    }

    /// Takes in a connection to the dialled address; `echo` holds what is known of echo.
    pub fn observe_attempt(&mut self, at: Now, attempt: &Attempt, echo: &EchoSeries) {
        let Some(came) = came(attempt) else { return };
        let took_ms = u32::try_from(attempt.connect.elapsed.as_millis()).unwrap_or(u32::MAX);
        let old = at.mono.minus(KEPT);
        let is_old = |one: &Tried| one.at < old;
        while self.tried.len() >= MOST
            || self.tried.len() >= LEAST && self.tried.front().is_some_and(is_old)
        {
            self.tried.pop_front();
        }
        self.tried.push_back(Tried { at: at.mono, took_ms, came });
        self.failed_before &= came != Came::Works;
        match came {
            Came::Works | Came::Answered => self.answer(at),
            Came::Silent => self.silence(at),
            Came::Barred => {}
        }
        if came == Came::Works
            && let Some(back) = &mut self.back
        {
            back.worked = true;
        }
        let was_up = self.absence.up.is_some();
        self.absence.observe(at, came, &attempt.connect, echo);
        if !was_up {
            self.note_restart();
        }
    }

    /// Keeps what has just come back layer by layer.
    fn note_restart(&mut self) {
        let Some(stages) = self.restarted() else { return };
        if self.restarts.len() >= RESTARTS {
            self.restarts.pop_front();
        }
        self.restarts.push_back(stages);
    }

    /// Takes in an echo request.
    pub fn observe_echo(&mut self, at: Now, echo: &Echo) {
        match echo.outcome {
            EchoOutcome::Reply { .. } | EchoOutcome::Answered | EchoOutcome::Late { .. } => {
                self.answer(at);
            }
            EchoOutcome::Lost | EchoOutcome::Unreachable(_) => self.silence(at),
            EchoOutcome::Void(_) => {}
        }
    }

    fn silence(&mut self, at: Now) {
        if at.mono > self.newest && self.unheard.is_none_or(|first| at.mono < first.mono) {
            self.unheard = Some(at);
        }
    }

    /// A host that goes silent again before Remote Desktop worked has come back once, not twice.
    fn answer(&mut self, at: Now) {
        self.newest = self.newest.max(at.mono);
        let Some(silent) = self.unheard.filter(|first| first.mono <= at.mono) else { return };
        self.unheard = None;
        if at.mono.since(silent.mono) >= SILENCE && self.back.is_none_or(|back| back.worked) {
            let sound = self.was_sound(silent.mono);
            self.back = Some(Back { silent, at, sound, worked: false });
        }
    }

    /// Whether Remote Desktop had not failed for long when the silence began. A service that stops
    /// before its machine does refuses for a moment.
    fn was_sound(&self, silent: MonoTime) -> bool {
        let heard = self.tried.iter().rev().filter(|one| one.at < silent);
        let mut heard = heard.skip_while(|one| one.came == Came::Silent).peekable();
        if heard.peek().is_none() {
            return !self.failed_before;
        }
        let failed = heard.take_while(|one| one.came != Came::Works).last();
        failed.is_none_or(|first| silent.since(first.at) <= GOING_DOWN)
    }

    /// Forgets what was silent since `start`: this machine was offline.
    pub fn void_since(&mut self, start: MonoTime) {
        self.unheard = self.unheard.filter(|first| first.mono < start);
        self.back = self.back.filter(|back| back.silent.mono < start);
        self.restarts.retain(|stages| stages.silent.mono < start);
        if self.absence.failed.is_some_and(|failed| failed.mono >= start) {
            let worked = self.absence.worked || self.absence.up.is_some();
            self.absence = Absence { worked, ..Absence::default() };
        }
    }

    /// Connections begun before `end`, oldest first.
    pub fn tried_before(&self, end: MonoTime) -> impl Iterator<Item = &Tried> {
        self.tried.iter().filter(move |one| one.at < end)
    }

    /// Connections begun from `start` to `end`, oldest first.
    pub fn tried_within(&self, start: MonoTime, end: MonoTime) -> impl Iterator<Item = &Tried> {
        self.tried.iter().filter(move |one| one.at >= start && one.at <= end)
    }

    /// How it last came back from silence, if it did.
    #[must_use]
    pub const fn back(&self) -> Option<Back> {
        self.back
    }

    /// The first request or connection without an answer after it.
    #[must_use]
    pub const fn silent_since(&self) -> Option<Now> {
        self.unheard
    }

    /// How it last went away and came back layer by layer, as a machine that starts does; `None`
    /// where it did not, not yet, or failed since.
    #[must_use]
    pub fn restarted(&self) -> Option<Stages> {
        let long = |stages: &Stages| stages.back.mono.since(stages.silent.mono) >= RESTART;
        self.absence.stages().filter(long)
    }

    /// Each time that it came back so, oldest first.
    #[must_use]
    pub fn restarts(&self) -> impl DoubleEndedIterator<Item = &Stages> {
        self.restarts.iter()
    }
}

impl Absence {
    fn observe(&mut self, at: Now, came: Came, connect: &Connect, echo: &EchoSeries) {
        if came == Came::Works {
            self.listen(echo);
            if self.failed.is_some() && self.up.is_none() {
                self.up = Some(at);
            }
            self.worked |= self.failed.is_none();
            return;
        }
        if self.up.is_some() {
            *self = Self { worked: true, ..Self::default() };
        }
        self.failed = Some(at);
        match (came, self.silent) {
            (Came::Silent, None) => self.silent = Some(at),
            (Came::Answered, Some(_)) if self.answered.is_none() => {
                self.answered = Some((at, connect.outcome == ConnectOutcome::Refused));
            }
            _ => {}
        }
        self.listen(echo);
    }

    /// `None` where it did not go away and come back layer by layer, or not yet.
    fn stages(&self) -> Option<Stages> {
        let Self { worked: true, echoed: false, .. } = *self else { return None };
        let (silent, up, failed) = (self.silent?, self.up?, self.failed?);
        let echo = self.echo.filter(|at| at.mono < failed.mono && at.mono < up.mono);
        let (back, sign) = match self.answered {
            Some((at, refused)) => (at, if refused { Sign::Refused } else { Sign::Open }),
            None => (echo?, Sign::Echo),
        };
        Some(Stages { silent, back, sign, up })
    }

    /// Notes whether echo was answered while connections were not.
    fn listen(&mut self, echo: &EchoSeries) {
        let Some(silent) = self.silent.filter(|_| self.echo.is_none()) else { return };
        let replied = |outcome| matches!(outcome, EchoOutcome::Reply { .. });
        let first = echo.since(silent.mono).find(|point| replied(point.outcome));
        if let Some(first) = first {
            self.echoed = first.at.mono < silent.mono.plus(GONE);
            self.echo = Some(first.at);
        }
    }
}

/// `None` for what this machine could not try.
fn came(attempt: &Attempt) -> Option<Came> {
    match attempt.connect.outcome {
        ConnectOutcome::LocalError(_) => None,
        ConnectOutcome::Timeout | ConnectOutcome::Unreachable => Some(Came::Silent),
        ConnectOutcome::Prohibited => Some(Came::Barred),
        ConnectOutcome::Open | ConnectOutcome::Refused if attempt.works() => Some(Came::Works),
        ConnectOutcome::Open | ConnectOutcome::Refused => Some(Came::Answered),
    }
}

#[cfg(test)]
mod tests;
