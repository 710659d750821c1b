//! Which transcripts of one target are kept.

use super::sample::{Attempt, ConnectOutcome, Transcript};
use super::time::Now;

/// An attempt as it was said and heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// When the attempt began.
    pub at: Now,
    /// Whether it went as far as it was meant to.
    pub works: bool,
    /// The words.
    pub transcript: Transcript,
}

/// The newest attempt, the newest that went as far as TLS, and the newest that failed: three
/// transcripts at most, whatever the number of attempts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transcripts {
    newest: Option<Told>,
    deep: Option<Told>,
    failed: Option<Told>,
}

impl Transcripts {
    /// Takes the transcript of an attempt that began at `at`; the attempt keeps none.
    pub fn take(&mut self, at: Now, attempt: &mut Attempt) {
        let transcript = std::mem::take(&mut attempt.transcript);
        if transcript.is_empty() {
            return;
        }
        let told = Told { at, works: attempt.serves(), transcript };
        if attempt.tls.is_some() {
            self.deep = Some(told.clone());
        }
        let ours = matches!(attempt.connect.outcome, ConnectOutcome::LocalError(_));
        if !told.works && !ours {
            self.failed = Some(told.clone());
        }
        self.newest = Some(told);
    }

    /// Each of them once, newest first.
    #[must_use]
    pub fn kept(&self) -> Vec<Told> {
        let mut kept: Vec<Told> =
            [&self.newest, &self.deep, &self.failed].into_iter().flatten().cloned().collect();
        kept.sort_by_key(|told| std::cmp::Reverse(told.at.mono));
        kept.dedup_by_key(|told| told.at.mono);
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::diagnose::fixture::{at, confirmed, handshake, negotiated};
    use crate::domain::finding::Rung;
    use crate::domain::sample::{NegotiateOutcome, Step, TlsOutcome, Way};
    use crate::domain::security::{FailureCode, SecurityProtocol};
    use std::time::Duration;

    fn told(attempt: Attempt) -> Attempt {
        let step = Step {
            at: Duration::ZERO,
            connection: 1,
            rung: Rung::Tcp,
            way: Way::Event,
            what: "open".into(),
            bytes: 0,
            head: Box::default(),
        };
        let transcript = Transcript { steps: vec![step].into(), left_out: 0 };
        Attempt { transcript, ..attempt }
    }

    #[test]
    fn the_newest_the_deepest_and_the_failed_are_kept_once_each() {
        let mut transcripts = Transcripts::default();
        let mut push = |second, attempt| {
            let mut attempt = told(attempt);
            transcripts.take(at(second), &mut attempt);
            assert!(attempt.transcript.is_empty(), "moved, not copied");
            let kept = transcripts.kept();
            kept.iter().map(|told| (told.at, told.works)).collect::<Vec<_>>()
        };
        assert_eq!(push(1, handshake(TlsOutcome::Closed)), [(at(1), false)]);
        assert_eq!(push(2, handshake(TlsOutcome::Ok)), [(at(2), true), (at(1), false)]);
        let shallow = || confirmed(SecurityProtocol::HYBRID);
        let three = [(at(3), true), (at(2), true), (at(1), false)];
        assert_eq!(push(3, shallow()), three);
        assert_eq!(push(4, negotiated(NegotiateOutcome::Closed)), [(at(4), false), (at(2), true)]);
        assert_eq!(push(5, shallow()).len(), 3);
    }

    /// A transcript that ends in `SSL_CERT_NOT_ON_SERVER` was called "as it should be".
    #[test]
    fn a_refusal_of_x224_is_a_failure_unless_it_wants_an_entra_sign_in() {
        for (code, works) in
            [(FailureCode::SSL_CERT_NOT_ON_SERVER, false), (FailureCode::ENTRA_AUTH_REQUIRED, true)]
        {
            let mut transcripts = Transcripts::default();
            let mut attempt = told(negotiated(NegotiateOutcome::Failure(code)));
            transcripts.take(at(1), &mut attempt);
            assert_eq!(transcripts.kept()[0].works, works, "{code:?}");
        }
    }
}
