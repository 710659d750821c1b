//! One connection, as far up the ladder as it went.

use super::ProbeKind;
use super::connect::{Connect, ConnectOutcome};
use super::negotiate::{Negotiate, NegotiateOutcome};
use super::nla::Nla;
use super::tcp_facts::TcpFacts;
use super::tls::{Tls, TlsOutcome};
use super::transcript::Transcript;
use crate::domain::security::FailureCode;

/// One connection, as far up the ladder as it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// How far it was meant to go: [`ProbeKind::Negotiate`], [`ProbeKind::Tls`] or
    /// [`ProbeKind::Nla`]; [`ProbeKind::Connect`] for a bare connection to another address.
    pub depth: ProbeKind,
    /// TCP.
    pub connect: Connect,
    /// X.224; `None` when TCP did not open.
    pub negotiate: Option<Negotiate>,
    /// TLS; `None` when it was not wanted or X.224 did not lead there.
    pub tls: Option<Tls>,
    /// CredSSP; `None` when it was not wanted or TLS did not lead there.
    pub nla: Option<Nla>,
    /// What the kernel counted on the first connection; `None` when TCP did not open, and where
    /// the kernel does not say.
    pub socket: Option<TcpFacts>,
    /// What was said and heard, over every connection that it took.
    pub transcript: Transcript,
}

impl Attempt {
    /// An attempt that ended at TCP.
    #[must_use]
    pub fn new(depth: ProbeKind, connect: Connect) -> Self {
        let transcript = Transcript::default();
        Self { depth, connect, negotiate: None, tls: None, nla: None, socket: None, transcript }
    }

    /// The same without what was said and heard, for where only the outcome is kept.
    #[must_use]
    pub fn without_transcript(&self) -> Self {
        Self {
            negotiate: self.negotiate.clone(),
            tls: self.tls.clone(),
            nla: self.nla.clone(),
            ..Self::new(self.depth, self.connect)
        }
    }

    /// Whether it went as far as it was meant to: whatever answered says what it wants, a
    /// certificate was read, CredSSP was answered.
    #[must_use]
    pub const fn works(&self) -> bool {
        self.negotiated()
            && !matches!(self.encrypted(), Some(false))
            && !matches!(self.authenticates(), Some(false))
    }

    /// Whether a client could go on: it works, and X.224 did not end in a refusal. That of a host which
    /// wants an Entra sign-in is no fault.
    #[must_use]
    pub fn serves(&self) -> bool {
        self.works() && self.refusal().is_none()
    }

    /// What X.224 refused the connection with, where that is a fault.
    #[must_use]
    pub fn refusal(&self) -> Option<FailureCode> {
        match self.negotiate.as_ref()?.outcome {
            NegotiateOutcome::Failure(code) => {
                (code != FailureCode::ENTRA_AUTH_REQUIRED).then_some(code)
            }
            _ => None,
        }
    }

    /// Whether X.224 was answered: with a confirm, or with what the server wants in its place.
    #[must_use]
    pub const fn negotiated(&self) -> bool {
        let answered = match &self.negotiate {
            None => false,
            Some(negotiate) => matches!(
                negotiate.outcome,
                NegotiateOutcome::Confirmed { .. }
                    | NegotiateOutcome::NoNegotiation
                    | NegotiateOutcome::Failure(_)
            ),
        };
        matches!(self.connect.outcome, ConnectOutcome::Open) && answered
    }

    /// Whether TLS answered; `None` when it did not get that far or was not meant to.
    #[must_use]
    pub const fn encrypted(&self) -> Option<bool> {
        match &self.tls {
            None => None,
            Some(tls) => Some(matches!(tls.outcome, TlsOutcome::Ok | TlsOutcome::Unsupported)),
        }
    }

    /// Whether it works as far as TLS, however CredSSP ended: what ladders of different heights can
    /// be compared by.
    #[must_use]
    pub const fn works_up_to_tls(&self) -> bool {
        self.negotiated() && !matches!(self.encrypted(), Some(false))
    }

    /// Whether CredSSP was answered, or the server does without; `None` when it did not get that
    /// far or was not meant to.
    #[must_use]
    pub const fn authenticates(&self) -> Option<bool> {
        match &self.nla {
            None => None,
            Some(nla) => Some(nla.outcome.answered()),
        }
    }
}
