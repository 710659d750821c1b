//! What it is to other targets: a member of a path, a sibling, the owner of a certificate.

use super::Tracked;
use crate::domain::certificate::Thumbprint;
use crate::domain::history::Timed;
use crate::domain::outage::{Answered, Member, Said};
use crate::domain::sample::{Attempt, ConnectOutcome, EchoMethod};
use crate::domain::siblings::Sibling;
use crate::domain::surroundings::Surroundings;
use crate::domain::target::{Expected, TargetKind};
use crate::domain::time::{MonoTime, Now, WallTime};
use std::time::Duration;

impl Tracked {
    /// What it is to an outage of a path; `None` for this machine itself, and before it answered
    /// an echo request or took a connection. Loss counts where others are in an outage, `troubled`.
    #[must_use]
    pub fn member<'a>(
        &'a self,
        around: &'a Surroundings,
        troubled: bool,
        now: Now,
    ) -> Option<Member<'a>> {
        let local = &around.local;
        let address = self.dialled().filter(|address| !local.owns(*address))?;
        let (lost, since) = self.echo.trailing_losses();
        let remembered = || {
            self.method == EchoMethod::Icmp
                && since.is_some_and(|first| self.memory.expects_echo(first.wall))
        };
        let newest = self.attempt().map(|newest| newest.connect.outcome);
        let refused = newest == Some(ConnectOutcome::Refused);
        let answered = |entry: &&Timed<Attempt>| entry.value.connect.outcome.answered();
        let opened = self.attempts.recent().find(answered).map(|entry| entry.at.mono);
        let heard = self.echo.last_answered().map(|at| at.mono).max(opened);
        let accepts = newest == Some(ConnectOutcome::Open);
        if !self.echo.ever_answered() && !remembered() && !accepts {
            return None;
        }
        let enough = if self.method == EchoMethod::Icmp { 3 } else { 2 };
        // Whoever takes connections meanwhile is reached: only its echo is not answered.
        let connects = |silent: &Now| {
            let since = |entry: &&Timed<Attempt>| entry.at.mono >= silent.mono;
            self.attempts
                .recent()
                .take_while(since)
                .any(|entry| entry.value.connect.outcome.answered())
        };
        let tunnel = local.tunnel_of(address).map(|tunnel| &*tunnel.name);
        let may_sleep = |at| self.may_sleep(self.expected(around, at));
        let pinged = self.echo.ever_answered() || remembered();
        let silent_since = since.filter(|since| pinged && lost >= enough && !connects(since));
        // Whoever fell silent when it was free to stays silent for that reason.
        let was_excused = silent_since.is_some_and(|silent| {
            may_sleep(silent.wall)
                || self.excused.is_some_and(|excused| excused.mono >= silent.mono)
        });
        Some(Member {
            target: self.target.id,
            address,
            group: self.target.group.as_deref(),
            routed: tunnel.is_some() || local.on_link(address).is_none(),
            tunnel,
            sleeps: may_sleep(now.wall)
                || self.maintained.is_some()
                || was_excused
                || self.closes_by_policy(),
            answered: self.answered(since),
            accepts,
            silent_since,
            heard,
            loses: troubled && silent_since.is_none() && self.echo.loses_heavily(now.mono),
            refuses: (refused && self.heard.back().is_some_and(|back| back.sound))
                .then(|| self.target.thresholds.port_closed.starting),
            said: silent_since.and_then(|since| self.said_since(since.mono)),
        })
    }

    /// Whether its silence may be a port that is closed by policy: of a `jit` host always, of a
    /// `cloud` host as long as only its port ever answered.
    fn closes_by_policy(&self) -> bool {
        match self.target.kind {
            TargetKind::Jit => true,
            kind => kind.port_is_policy() && self.method == EchoMethod::Tcp,
        }
    }

    /// When the newest request was sent, at `start` or later, that it answered.
    #[must_use]
    pub fn answered_since(&self, start: MonoTime) -> Option<MonoTime> {
        let mut echo = self.echo.points().rev().take_while(|point| point.at.mono >= start);
        let echo = echo.find(|point| point.is_answered()).map(|point| point.at.mono);
        echo.max(self.connected_since(start))
    }

    /// When the newest connection was begun, at `start` or later, that it answered.
    #[must_use]
    pub fn connected_since(&self, start: MonoTime) -> Option<MonoTime> {
        let mut connects = self.attempts.recent().take_while(|entry| entry.at.mono >= start);
        let answered = connects.find(|entry| entry.value.connect.is_answer_of_host());
        answered.map(|entry| entry.at.mono)
    }

    /// How long it is between two echo requests to it, and how long each may take.
    #[must_use]
    pub fn echo_pace(&self) -> (Duration, Duration) {
        let (cadence, deadlines) = (&self.target.cadence, &self.target.deadlines);
        match self.method {
            EchoMethod::Icmp => (cadence.echo, deadlines.echo),
            EchoMethod::Tcp => (cadence.echo_tcp, deadlines.connect),
        }
    }

    /// When it answered an echo request; `silent` is the first of those that are unanswered.
    fn answered(&self, silent: Option<Now>) -> Answered {
        if self.echo.ever_answered() {
            return Answered::InThisRun;
        }
        // What lies ahead was heard with another clock, nobody knows when.
        let before = silent.zip(self.memory.echo_answered).filter(|(first, at)| *at <= first.wall);
        before.map_or(Answered::Never, |(first, at)| Answered::Before(first.wall.since(at)))
    }

    /// What a machine on the way said of it at the newest connection, begun at `start` or later.
    fn said_since(&self, start: MonoTime) -> Option<Said> {
        let newest = self.attempts.recent().next().filter(|entry| entry.at.mono >= start)?;
        Said::of(&newest.value.connect)
    }

    /// Whether it is on one of this machine's own links, where something answers.
    #[must_use]
    pub fn is_on_living_link(&self, around: &Surroundings) -> bool {
        self.dialled().is_some_and(|address| around.is_on_living_link(address))
    }

    /// What is expected of it at this hour.
    #[must_use]
    pub fn expected(&self, around: &Surroundings, now: WallTime) -> Expected {
        self.target.expected_at(now, &around.zone)
    }

    /// Whether its silence may be sleep, as it is `expected`. A PC that falls silent in its hours may
    /// sleep all the same; one that does so with others does not.
    #[must_use]
    pub fn may_sleep(&self, expected: Expected) -> bool {
        let in_its_hours = self.target.expected == Expected::Hours && expected == Expected::Always;
        !in_its_hours && self.target.may_sleep_as(expected, &self.memory)
    }

    /// What it is to the others of its group, which comes first; `None` without one, where all go
    /// through a gateway, and while its silence may be sleep, as it is `expected`.
    #[must_use]
    pub fn sibling(&self, expected: Expected) -> Option<(&str, Sibling<'_>)> {
        let group = self.target.group.as_deref()?;
        let asleep = self.course.is_silent() && self.may_sleep(expected);
        if asleep || self.target.via_gateway() {
            return None;
        }
        let (target, name, address) = (self.target.id, &*self.target.name, self.dialled?);
        Some((group, Sibling { target, name, address, course: &self.course }))
    }

    /// The self-signed certificate that it presents, and the NTLM name beside it; `None` for
    /// `FreeRDP`, whose name is that of a Unix machine.
    #[must_use]
    pub fn self_signed(&self) -> Option<(Thumbprint, &str)> {
        let certificate = self.tls.as_ref()?.value.certificate.as_ref()?;
        let identity = self.nla.as_ref()?.value.identity.as_ref().filter(|ntlm| !ntlm.winpr)?;
        let name = identity.computer.as_deref().or(identity.dns_computer.as_deref())?;
        certificate.self_signed.then_some((certificate.sha256, name))
    }
}
