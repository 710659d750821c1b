//! What the TLS sweep brings back: which versions and suites a server takes.

use super::tls::{CipherSuite, TlsVersion};
use crate::domain::security::acceptable_suite;
use std::time::Duration;

const TLS1_2: TlsVersion = TlsVersion(0x0303);
const TLS1_3: TlsVersion = TlsVersion(0x0304);

/// One hello per version and set of suites, each on a connection of its own, and what answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsSweep {
    /// In the order asked. Ends early, with [`SweepAnswer::NotReached`], when X.224 is not
    /// answered any more.
    pub steps: Vec<SweepStep>,
    /// From the first connection to the last answer.
    pub elapsed: Duration,
}

impl TlsSweep {
    /// The most connections that one sweep makes: one for each offer, and one more where the
    /// server insists on CredSSP.
    pub const MOST_CONNECTIONS: u32 = 7;
}

/// One hello of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweepStep {
    /// What was offered.
    pub offered: SweepOffer,
    /// How it was answered.
    pub answer: SweepAnswer,
}

/// What one hello of a sweep offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SweepOffer {
    /// TLS 1.3 alone.
    Tls13,
    /// Up to TLS 1.2 with the suites that a current Windows offers, and no others.
    Windows,
    /// Up to TLS 1.2 with every suite that Windows has ever preferred: the legacy hello.
    Tls12,
    /// Up to TLS 1.2 with static RSA and CBC suites alone.
    StaticRsaAndCbc,
    /// Up to TLS 1.1.
    Tls11,
    /// TLS 1.0.
    Tls10,
}

impl SweepOffer {
    /// Every one, in the order asked.
    pub const ALL: [Self; 6] =
        [Self::Tls13, Self::Windows, Self::Tls12, Self::StaticRsaAndCbc, Self::Tls11, Self::Tls10];

    /// In a few words, for a report.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Tls13 => "TLS 1.3",
            Self::Windows => "TLS 1.2 with the suites of a current Windows",
            Self::Tls12 => "TLS 1.2 with every suite",
            Self::StaticRsaAndCbc => "TLS 1.2 with static RSA and CBC suites",
            Self::Tls11 => "TLS 1.1",
            Self::Tls10 => "TLS 1.0",
        }
    }
}

/// How one hello of a sweep was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SweepAnswer {
    /// With a `ServerHello` of this version and suite.
    Taken(TlsVersion, CipherSuite),
    /// With a fatal alert.
    Alert(u8),
    /// The peer closed: FIN and RST are one class.
    Closed,
    /// Silence until the deadline.
    Timeout,
    /// Bytes that are not TLS.
    Malformed,
    /// The connection did not get as far as TLS.
    NotReached,
}

impl SweepAnswer {
    /// The contract's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Taken(..) => "taken",
            Self::Alert(_) => "alert",
            Self::Closed => "closed",
            Self::Timeout => "timeout",
            Self::Malformed => "malformed",
            Self::NotReached => "not_reached",
        }
    }

    /// Whether the server said no.
    const fn is_refusal(self) -> bool {
        matches!(self, Self::Alert(_) | Self::Closed)
    }
}

/// Whether a current Windows client, with its default settings, finds a version and a suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClientFit {
    /// It does.
    Connects,
    /// Only once an old version or suite is switched on again on the client.
    OnlyAfterEnabling,
    /// The server refuses every hello.
    Refused,
    /// Not measured to the end.
    Unknown,
}

impl ClientFit {
    /// The contract's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Connects => "connects",
            Self::OnlyAfterEnabling => "only_after_enabling",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }

    /// In plain words, to follow "current Windows clients".
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Connects => "can connect",
            Self::OnlyAfterEnabling => "can connect only after enabling old TLS",
            Self::Refused => "cannot connect",
            Self::Unknown => "were not tried to the end",
        }
    }
}

impl TlsSweep {
    /// How this offer was answered; `None` when it was not made.
    #[must_use]
    pub fn answer(&self, offered: SweepOffer) -> Option<SweepAnswer> {
        self.steps.iter().find(|step| step.offered == offered).map(|step| step.answer)
    }

    /// Every version that the server answered with, oldest first.
    #[must_use]
    pub fn versions(&self) -> Vec<TlsVersion> {
        let mut versions: Vec<TlsVersion> = self.taken().map(|(version, _)| version).collect();
        versions.sort_unstable();
        versions.dedup();
        versions
    }

    fn taken(&self) -> impl Iterator<Item = (TlsVersion, CipherSuite)> {
        self.steps.iter().filter_map(|step| match step.answer {
            SweepAnswer::Taken(version, suite) => Some((version, suite)),
            _ => None,
        })
    }

    /// Whether a current Windows client would get a `ServerHello` that it accepts: from TLS 1.3
    /// and from TLS 1.2 with its own suites, with which TLS 1.0 and 1.1 are switched off.
    #[must_use]
    pub fn windows(&self) -> ClientFit {
        let accepts = |offered| {
            matches!(
                self.answer(offered),
                Some(SweepAnswer::Taken(TLS1_2 | TLS1_3, CipherSuite(suite)))
                    if acceptable_suite(suite)
            )
        };
        if accepts(SweepOffer::Tls13) || accepts(SweepOffer::Windows) {
            return ClientFit::Connects;
        }
        let decided = |offered| {
            let old = |version| version < TLS1_2;
            self.answer(offered).is_some_and(|answer| {
                answer.is_refusal()
                    || matches!(answer, SweepAnswer::Taken(version, _) if old(version))
            })
        };
        // What a current Windows offers must have been refused, or answered with an old version.
        if !decided(SweepOffer::Tls13) || !decided(SweepOffer::Windows) {
            return ClientFit::Unknown;
        }
        if self.taken().next().is_some() {
            return ClientFit::OnlyAfterEnabling;
        }
        let all = SweepOffer::ALL.into_iter().all(decided);
        if all { ClientFit::Refused } else { ClientFit::Unknown }
    }

    /// `TLS 1.2, 1.3; current Windows clients can connect`; `None` when nothing is known.
    #[must_use]
    pub fn facts(&self) -> Option<String> {
        let versions = self.versions();
        let fit = self.windows();
        if versions.is_empty() && fit == ClientFit::Unknown {
            return None;
        }
        let numbers: Vec<String> =
            versions.iter().map(|version| version.to_string().replacen("TLS", "", 1)).collect();
        let versions = if numbers.is_empty() {
            "no TLS version".to_owned()
        } else {
            format!("TLS {}", numbers.join(", "))
        };
        Some(format!("{versions}; current Windows clients {}", fit.words()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SweepAnswer::{Alert, Closed, NotReached, Taken, Timeout};
    use SweepOffer::{StaticRsaAndCbc, Tls10, Tls11, Tls12, Tls13, Windows};

    const TLS1_0: TlsVersion = TlsVersion(0x0301);
    const GCM: CipherSuite = CipherSuite(0xc02f);
    const TRIPLE_DES: CipherSuite = CipherSuite(0x000a);

    fn facts(steps: &[(SweepOffer, SweepAnswer)]) -> (ClientFit, Option<String>) {
        let steps = steps.iter().map(|&(offered, answer)| SweepStep { offered, answer }).collect();
        let sweep = TlsSweep { steps, elapsed: Duration::ZERO };
        (sweep.windows(), sweep.facts())
    }

    #[test]
    fn what_a_current_windows_finds_is_read_from_the_answers() {
        let all = |answers: [SweepAnswer; 6]| {
            let steps: Vec<_> = SweepOffer::ALL.into_iter().zip(answers).collect();
            facts(&steps)
        };
        let text = |text: &str| Some(text.to_owned());
        let modern = Taken(TLS1_3, CipherSuite(0x1302));
        let current = Taken(TLS1_2, GCM);
        let old = Taken(TLS1_0, CipherSuite(0x002f));
        assert_eq!(
            all([modern, current, current, current, old, old]),
            (ClientFit::Connects, text("TLS 1.0, 1.2, 1.3; current Windows clients can connect"))
        );
        assert_eq!(
            all([Alert(70), old, old, old, old, old]),
            (
                ClientFit::OnlyAfterEnabling,
                text("TLS 1.0; current Windows clients can connect only after enabling old TLS")
            )
        );
        let weak = Taken(TLS1_2, TRIPLE_DES);
        assert_eq!(
            all([Closed, Alert(40), weak, Closed, Closed, Closed]).0,
            ClientFit::OnlyAfterEnabling
        );
        assert_eq!(
            all([Alert(40); 6]),
            (ClientFit::Refused, text("no TLS version; current Windows clients cannot connect"))
        );
        assert_eq!(all([Timeout; 6]), (ClientFit::Unknown, None));
        assert_eq!(all([Alert(40), Timeout, current, old, old, old]).0, ClientFit::Unknown);
    }

    #[test]
    fn what_was_not_asked_is_not_known() {
        assert_eq!(facts(&[]), (ClientFit::Unknown, None));
        assert_eq!(facts(&[(Tls13, Closed), (Windows, NotReached)]).0, ClientFit::Unknown);
        assert_eq!(facts(&[(Tls13, Closed), (Windows, Closed)]).0, ClientFit::Unknown);
        let some = [(Tls13, Closed), (Windows, Taken(TLS1_2, GCM)), (Tls12, NotReached)];
        assert_eq!(facts(&some).0, ClientFit::Connects);
        let none = [StaticRsaAndCbc, Tls11, Tls10].map(|offered| (offered, NotReached));
        assert_eq!(facts(&none), (ClientFit::Unknown, None));
    }
}
