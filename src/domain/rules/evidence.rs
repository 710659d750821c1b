//! What a rule says of one moment.

use super::whose::Whose;
use crate::domain::finding::{ClientError, Confidence, Owner, Remedy, RuleId, Rung, Severity};
use crate::domain::target::TargetId;
use crate::domain::time::WallTime;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a rule says of one moment.
#[derive(Debug, Clone, PartialEq)]
pub enum Judgement {
    /// It holds.
    Fires(Box<Evidence>),
    /// It was measured and does not hold.
    Clear,
    /// Nothing was measured that speaks for or against it: what stood before stands.
    NoEvidence,
    /// What stood before stands, and the finding of this rule explains it for as long as that stands.
    Explained(RuleId),
    /// The question does not arise: what it would be measured by is not there (no gateway is
    /// configured, nobody was woken). What stood before is over.
    Moot,
}

impl Judgement {
    /// It holds, on this evidence.
    #[must_use]
    pub fn fires(evidence: Evidence) -> Self {
        Self::Fires(Box::new(evidence))
    }
}

/// Why a rule holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// How bad, in this case.
    pub severity: Severity,
    /// How sure, in this case.
    pub confidence: Confidence,
    /// Who can fix it, when it is not the card's owner.
    pub owner: Option<Owner>,
    /// The rung it is about, when it is not the card's.
    pub rung: Option<Rung>,
    /// A few words for a table or an alert line; escaped.
    pub title: String,
    /// One sentence a help desk can read aloud; escaped.
    pub sentence: String,
    /// The measurements, one line each; escaped.
    pub lines: Vec<String>,
    /// First supporting sample, when the rule can tell; else the first moment it held.
    pub since: Option<WallTime>,
    /// What the user's client would show, when it is not the card's.
    pub client_error: Option<ClientError>,
    /// What to do, when it is not the card's.
    pub remedies: Option<&'static [Remedy]>,
    /// It is a change against what was remembered, and so never as it was found.
    pub is_change: bool,
    /// It is of the way to the host, and says nothing of the host itself.
    pub of_the_way: bool,
    /// Whom it concerns, where it speaks of several hosts.
    pub members: Option<Arc<BTreeSet<TargetId>>>,
    /// Findings of theirs that are told with it, by their rules.
    pub tells: &'static [&'static str],
    /// The number of the newest fault that it speaks of: another one is told although the one before
    /// it was.
    pub faults: u32,
    /// What its alert is called once it is over, when that says more than its last title.
    pub title_over: Option<String>,
    /// It is of measurements that are new enough to raise a finding, or a worse one: else it may
    /// only keep what stands.
    pub anew: bool,
}

impl Evidence {
    /// A claim without measurements yet.
    #[must_use]
    pub fn new(
        severity: Severity,
        confidence: Confidence,
        title: impl Into<String>,
        sentence: impl Into<String>,
    ) -> Self {
        Self {
            severity,
            confidence,
            owner: None,
            rung: None,
            title: title.into(),
            sentence: sentence.into(),
            lines: Vec::new(),
            since: None,
            client_error: None,
            remedies: None,
            is_change: false,
            of_the_way: false,
            faults: 1,
            title_over: None,
            members: None,
            tells: &[],
            anew: true,
        }
    }

    /// Says that it is a change against what was remembered: not for review, but told.
    #[must_use]
    pub fn changed(mut self, is_change: bool) -> Self {
        self.is_change = is_change;
        self
    }

    /// Adds a measurement.
    #[must_use]
    pub fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// Adds measurements.
    #[must_use]
    pub fn lines(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.lines.extend(lines);
        self
    }

    /// Says that the host itself may be there: it is the way to it that is broken, or likelier to be.
    #[must_use]
    pub const fn of_the_way(mut self) -> Self {
        self.of_the_way = true;
        self
    }

    /// Numbers the newest fault that it speaks of.
    #[must_use]
    pub const fn of_faults(mut self, newest: u32) -> Self {
        self.faults = newest;
        self
    }

    /// Says whom it concerns.
    #[must_use]
    pub fn concerning(mut self, members: impl Iterator<Item = TargetId>) -> Self {
        self.members = Some(Arc::new(members.collect()));
        self
    }

    /// Says which findings of theirs are told with it.
    #[must_use]
    pub const fn telling(mut self, tells: &'static [&'static str]) -> Self {
        self.tells = tells;
        self
    }

    /// Says what its alert is called once it is over.
    #[must_use]
    pub fn over_as(mut self, title: String) -> Self {
        self.title_over = Some(title);
        self
    }

    /// Says whether it may raise a finding.
    #[must_use]
    pub const fn anew(mut self, anew: bool) -> Self {
        self.anew = anew;
        self
    }

    /// Names the first supporting sample.
    #[must_use]
    pub fn since(mut self, since: Option<WallTime>) -> Self {
        self.since = since;
        self
    }

    /// Another title.
    #[must_use]
    pub(super) fn titled(mut self, title: &str) -> Self {
        title.clone_into(&mut self.title);
        self
    }

    /// Names somebody else than the card's owner.
    #[must_use]
    pub fn owned_by(mut self, owner: Owner) -> Self {
        self.owner = Some(owner);
        self
    }

    /// Names who can mend it, with the measurements that say so.
    #[must_use]
    pub(super) fn blamed(self, whose: Option<Whose>) -> Self {
        match whose {
            Some(whose) => self.lines(whose.lines).owned_by(whose.owner),
            None => self,
        }
    }

    /// Names another rung than the card's.
    #[must_use]
    pub fn at_rung(mut self, rung: Rung) -> Self {
        self.rung = Some(rung);
        self
    }

    /// Names what to do, where it differs from the card's.
    #[must_use]
    pub fn remedied(mut self, remedies: Option<&'static [Remedy]>) -> Self {
        self.remedies = remedies;
        self
    }

    /// Names what the client shows, where it differs from the card's.
    #[must_use]
    pub fn client(mut self, error: Option<ClientError>) -> Self {
        self.client_error = error;
        self
    }
}
