//! Writes down what an attempt says and hears.

use super::clock::Clock;
use crate::domain::finding::Rung;
use crate::domain::sample::{MAX_HEAD, MAX_STEPS, Step, Transcript, Way};
use crate::domain::time::MonoTime;
use std::borrow::Cow;

/// The words for an end by this side.
pub(crate) const CLOSED_BY_US: &str = "closed by this side";
/// The words for an end by RST.
pub(crate) const RESET: &str = "closed by the peer (RST)";
/// The words for an end by FIN.
pub(crate) const CLOSED: &str = "closed by the peer (FIN)";
/// The words for silence.
pub(crate) const SILENT: &str = "nothing more until the deadline";

/// A transcript in the making: one per attempt, whatever the number of its connections.
#[derive(Debug)]
pub(crate) struct Recorder {
    clock: Clock,
    start: MonoTime,
    connection: u8,
    steps: Vec<Step>,
    left_out: u32,
}

impl Recorder {
    /// Before the first connection.
    pub(crate) fn new(clock: Clock) -> Self {
        let steps = Vec::with_capacity(8);
        Self { clock, start: clock.mono(), connection: 0, steps, left_out: 0 }
    }

    /// A further connection begins: the steps from here on are its own.
    pub(crate) const fn connection(&mut self) {
        self.connection = self.connection.saturating_add(1);
    }

    /// The probe wrote `bytes` in the clear.
    pub(crate) fn sent(&mut self, rung: Rung, what: impl Into<Cow<'static, str>>, bytes: &[u8]) {
        self.push(self.clock.mono(), rung, Way::Sent, what.into(), bytes.len(), bytes);
    }

    /// The host said `bytes` in the clear.
    pub(crate) fn received(
        &mut self,
        rung: Rung,
        what: impl Into<Cow<'static, str>>,
        bytes: &[u8],
    ) {
        self.push(self.clock.mono(), rung, Way::Received, what.into(), bytes.len(), bytes);
    }

    /// Something that has no bytes: a connection that opened or ended, silence.
    pub(crate) fn event(&mut self, rung: Rung, what: impl Into<Cow<'static, str>>) {
        self.push(self.clock.mono(), rung, Way::Event, what.into(), 0, &[]);
    }

    /// A step of an earlier moment; `bytes` in all, of which `head` is known.
    pub(crate) fn push(
        &mut self,
        at: MonoTime,
        rung: Rung,
        way: Way,
        what: Cow<'static, str>,
        bytes: usize,
        head: &[u8],
    ) {
        if self.steps.len() >= MAX_STEPS {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        let head = head.get(..head.len().min(MAX_HEAD)).unwrap_or_default().into();
        let at = at.since(self.start);
        self.steps.push(Step { at, connection: self.connection, rung, way, what, bytes, head });
    }

    /// What was written down.
    pub(crate) fn finish(self) -> Transcript {
        Transcript { steps: self.steps.into(), left_out: self.left_out }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transcript_is_bounded_and_says_what_it_left_out() {
        let mut recorder = Recorder::new(Clock::start());
        recorder.connection();
        recorder.sent(Rung::X224, "request", &[7; 40]);
        recorder.connection();
        for _ in 0..MAX_STEPS {
            recorder.event(Rung::Tcp, "open");
        }
        let transcript = recorder.finish();
        assert_eq!((transcript.steps.len(), transcript.left_out), (MAX_STEPS, 1));
        let first = &transcript.steps[0];
        assert_eq!((first.connection, first.bytes, first.head.len()), (1, 40, MAX_HEAD));
        assert_eq!(transcript.steps[1].connection, 2);
    }
}
