//! Samples taken in: what is kept of each, and what it changed.

use super::{QUICK_TLS, Tracked};
use crate::domain::history::{History, Timed};
use crate::domain::sample::{
    Attempt, Echo, EchoMethod, EchoOutcome, Nla, NlaOutcome, Observation, PathMtu, PathOutcome,
    Sample, Tls, TlsOutcome, Udp, UdpOutcome, echo_from_connect,
};
use crate::domain::time::Now;
use crate::domain::usual::Settled;
use std::time::Duration;

/// What a sample changed, for whoever schedules and remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, not modes")]
pub struct Change {
    /// A lower rung began or ceased to work.
    pub ladder: bool,
    /// Another address is dialled.
    pub dialled: bool,
    /// It answers echo requests again after silence, and its port does not yet.
    pub back: bool,
    /// Something worth remembering between runs.
    pub memory: bool,
    /// Echo is measured by the other method.
    pub method: bool,
    /// Another machine than the remembered one began to answer.
    pub stranger: bool,
    /// It turned out to be one that sleeps.
    pub sleeps: bool,
    /// Another round trip is usual from now on.
    pub settled: Option<Settled>,
    /// A rung of its connection began to work or to fail.
    pub course: bool,
    /// Its gateway answers otherwise than before, or fails at first sight.
    pub gateway: bool,
    /// A whole TLS handshake was slow after one that was not, or as the first: two make a finding.
    pub slow_tls: bool,
    /// Whether CredSSP was answered as by a sound host; `None` when it was not asked.
    pub nla: Option<bool>,
    /// Whether the UDP transport is silent where it answered lately; `None` when it was not asked.
    pub udp_missed: Option<bool>,
}

/// So many lost echo requests in a row are silence.
const SILENCE: u32 = 4;

/// Unanswered ICMP echoes, from the start, before TCP is used in their place.
const ICMP_GIVEN_UP_AFTER: u32 = 10;

impl Tracked {
    /// A connection taken as an echo request, where echo is measured over TCP.
    #[must_use]
    pub fn echo_of(&self, sample: &Sample) -> Option<Sample> {
        let Observation::Attempt(attempt) = &sample.observation else { return None };
        (self.method == EchoMethod::Tcp).then(|| Sample {
            observation: Observation::Echo(echo_from_connect(&attempt.connect)),
            ..sample.clone()
        })
    }

    pub(super) fn record(&mut self, sample: &Sample) -> Change {
        let mut change = Change::default();
        match &sample.observation {
            Observation::Resolve(resolution) => {
                change.dialled = self.dial_from(resolution);
                self.resolve.push(sample.sent_at, resolution.clone());
            }
            Observation::Echo(echo) => {
                change.back = self.comes_back(echo);
                change.method = self.record_echo(sample.seq, sample.sent_at, *echo);
            }
            Observation::Attempt(attempt) if self.is_not_dialled(attempt.connect.address.ip()) => {
                self.record_alternative(sample.sent_at, attempt);
            }
            Observation::Attempt(attempt) => {
                change.nla = attempt.nla.as_ref().map(|nla| self.is_sound(nla));
                change.ladder = self.record_attempt(sample, attempt);
                let whole = attempt.tls.as_ref().is_some_and(Tls::is_one_handshake);
                change.slow_tls = whole && self.encrypted_slowly_once();
                change.dialled = self.dial_next();
            }
            Observation::Alternative(attempt) => {
                self.record_alternative(sample.sent_at, attempt);
                change.dialled = self.dial_next();
            }
            Observation::Sweep(sweep) => {
                self.sweep = Some(Timed { at: sample.sent_at, value: (**sweep).clone() });
            }
            Observation::Udp(udp) if self.is_not_dialled(udp.address.ip()) => {}
            Observation::PathMtu(path) if self.is_not_dialled(path.address) => {}
            Observation::Neighbour(entry) if self.is_not_dialled(entry.address) => {}
            Observation::Udp(udp) => {
                change.ladder = self.udp_stopped(udp);
                let expected = self.memory.expects_udp(udp.address.ip(), sample.sent_at.wall);
                let answers = udp.outcome == UdpOutcome::SynAck;
                change.udp_missed = Some(expected && !answers);
                self.udp.push(sample.sent_at, *udp);
            }
            Observation::PathMtu(path) => {
                change.ladder = self.path_changed(path);
                self.path.push(sample.sent_at, *path);
            }
            Observation::Gateway(gateway) => {
                let before = self.gateway.last().map(|entry| entry.value.stage());
                change.gateway = match before {
                    Some(before) => before != gateway.stage(),
                    None => !gateway.answers(),
                };
                self.gateway.push(sample.sent_at, (**gateway).clone());
            }
            Observation::Neighbour(neighbour) => {
                self.neighbour = Some(Timed { at: sample.sent_at, value: *neighbour });
            }
        }
        change
    }

    pub(super) fn record_attempt(&mut self, sample: &Sample, attempt: &Attempt) -> bool {
        let reached = |attempt: &Attempt| {
            (attempt.connect.outcome, attempt.negotiate.as_ref().map(|n| n.outcome.word()))
        };
        let handshake = self.tls.as_ref().map(|entry| entry.value.outcome);
        let another = self.presents_another(attempt);
        if another && attempt.nla.is_none() {
            // What the challenge said belongs to the certificate beside it.
            self.nla = None;
        }
        let changed = another
            || self.attempt().is_some_and(|last| reached(last) != reached(attempt))
            || attempt.tls.as_ref().is_some_and(|tls| {
                handshake.is_some_and(|before| before != tls.outcome)
                    || (handshake.is_none() && tls.outcome != TlsOutcome::Ok)
            })
            || attempt.nla.as_ref().is_some_and(|nla| self.nla_changed(nla.outcome));
        if let Some(negotiate) = &attempt.negotiate
            && negotiate.outcome.selected().is_some()
        {
            let service = negotiate.elapsed.saturating_sub(attempt.connect.elapsed);
            self.service_times.push(sample.sent_at, service);
        }
        self.give_up_layers(sample.sent_at, attempt);
        if let Some(tls) = attempt.tls.as_ref().filter(|tls| tls.is_one_handshake()) {
            let network = attempt.connect.elapsed.saturating_mul(2);
            self.tls_times.push(sample.sent_at, tls.elapsed.saturating_sub(network));
        }
        if let Some(tls) = &attempt.tls {
            self.tls = Some(Timed { at: sample.sent_at, value: tls.clone() });
            self.handshake = attempt.socket.map(|value| Timed { at: sample.sent_at, value });
        }
        if let Some(nla) = &attempt.nla {
            self.nla = Some(Timed { at: sample.sent_at, value: nla.clone() });
        }
        let mut attempt = attempt.clone();
        self.transcripts.take(sample.sent_at, &mut attempt);
        self.attempts.push(sample.sent_at, attempt);
        changed
    }

    /// Whether the newest TLS handshake was slow, and the one before it was not.
    fn encrypted_slowly_once(&self) -> bool {
        let limit = self.target.thresholds.rdp_slow.warning;
        self.tls_times.recent().take_while(|entry| entry.value >= limit).count() == 1
    }

    /// Whether this answer ends a silence in which its port did not answer either.
    fn comes_back(&self, echo: &Echo) -> bool {
        let answers = matches!(echo.outcome, EchoOutcome::Reply { .. });
        answers
            && !self.is_not_dialled(echo.address)
            && self.echo.trailing_losses().0 >= SILENCE
            && self.attempt().is_some_and(|newest| !newest.connect.outcome.answered())
    }

    /// Takes an echo outcome in, and changes the method where that is due: to TCP once ICMP went
    /// unanswered often enough, from the start, by a host whose TCP answers; back to ICMP with the
    /// first reply. Statistics of the two are never mixed.
    /// An answer from an address that is not dialled any more belongs to none of them.
    pub(super) fn record_echo(&mut self, seq: u64, at: Now, echo: Echo) -> bool {
        if self.is_not_dialled(echo.address) {
            return false;
        }
        let replied = matches!(echo.outcome, EchoOutcome::Reply { .. });
        match (self.method, echo.method) {
            (EchoMethod::Tcp, EchoMethod::Icmp) if replied => {
                self.method = EchoMethod::Icmp;
                self.echo.reset();
                self.echo.push(seq, at, echo);
                true
            }
            (EchoMethod::Icmp, EchoMethod::Tcp) if !self.echo.ever_answered() => {
                self.method = EchoMethod::Tcp;
                self.echo.reset();
                self.echo.push(seq, at, echo);
                true
            }
            (EchoMethod::Tcp, EchoMethod::Icmp) | (EchoMethod::Icmp, EchoMethod::Tcp) => false,
            _ => {
                self.echo.push(seq, at, echo);
                let give_up = self.method == EchoMethod::Icmp
                    && !self.echo.ever_answered()
                    && self.echo.trailing_losses().0 >= ICMP_GIVEN_UP_AFTER
                    && self.attempt().is_some_and(|a| a.connect.outcome.answered());
                if give_up {
                    self.method = EchoMethod::Tcp;
                    self.echo.reset();
                }
                give_up
            }
        }
    }

    /// Whether the UDP transport falls silent that answered before: worth asking again soon.
    pub(super) fn udp_stopped(&self, udp: &Udp) -> bool {
        let answers = |udp: &Udp| udp.outcome == UdpOutcome::SynAck;
        let before = self.udp.last().map_or_else(
            || self.memory.udp_address == Some(udp.address.ip()),
            |entry| answers(&entry.value),
        );
        before && matches!(udp.outcome, UdpOutcome::Silent | UdpOutcome::Unreachable(_))
    }

    /// Whether the path is another than it was, or swallows packets: worth measuring again soon.
    pub(super) fn path_changed(&self, path: &PathMtu) -> bool {
        let decided = |path: &PathMtu| {
            let known = [PathOutcome::Full, PathOutcome::Lowered, PathOutcome::BlackHole];
            known.contains(&path.outcome).then_some((path.outcome, path.mtu))
        };
        let Some(now) = decided(path) else { return false };
        match self.path.recent().find_map(|entry| decided(&entry.value)) {
            None => {
                now.0 == PathOutcome::BlackHole || path.mtu.is_some_and(|mtu| mtu < path.needed())
            }
            Some(before) => before != now,
        }
    }

    /// What was said on a layer that the host does without now says nothing of it any more.
    pub(super) fn give_up_layers(&mut self, at: Now, attempt: &Attempt) {
        let negotiated = attempt.negotiate.as_ref();
        let Some(selected) = negotiated.and_then(|negotiate| negotiate.outcome.selected()) else {
            return;
        };
        if !selected.starts_tls() {
            self.tls = None;
            self.tls_times = History::new(QUICK_TLS);
            self.handshake = None;
        }
        if !selected.starts_nla() && self.nla.is_some() {
            self.nla = Some(Timed { at, value: Nla::not_offered() });
        }
    }

    /// Whether CredSSP was answered as by a sound host, whose clock is right too: of what is not,
    /// the end shall be seen before a day is over.
    pub(super) fn is_sound(&self, nla: &Nla) -> bool {
        let skew = nla.clock_skew_ms.map(|skew| Duration::from_millis(skew.unsigned_abs()));
        let apart = skew.is_some_and(|skew| skew >= self.target.thresholds.clock_skew.warning);
        let outdated = nla.version.is_some_and(|version| version < Nla::PATCHED);
        is_sound(nla.outcome) && !apart && !outdated
    }

    /// Whether CredSSP ends otherwise than the last time, or badly the first time. Closes are one
    /// class.
    pub(super) fn nla_changed(&self, outcome: NlaOutcome) -> bool {
        match self.nla.as_ref().map(|entry| entry.value.outcome) {
            None => !is_sound(outcome),
            Some(before) => {
                before.word() != outcome.word() && !(before.hung_up() && outcome.hung_up())
            }
        }
    }
}

/// Whether CredSSP ended as with a sound host, so that it need not be asked again soon.
const fn is_sound(outcome: NlaOutcome) -> bool {
    matches!(outcome, NlaOutcome::Challenge | NlaOutcome::NotOffered)
}
