//! A cause, claimed with its evidence.

use super::target::TargetId;
use super::time::WallTime;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// The stable, greppable name of a rule: `port-closed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub struct RuleId(pub &'static str);

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// How bad it is, mildest first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Notice,
    /// Sessions suffer, or soon will.
    Warning,
    /// Sessions cannot start, or drop.
    Critical,
}

impl Severity {
    /// The contract's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// How sure it is, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// Fits the measurements, as other causes do.
    Possible,
    /// Fits better than other causes.
    Likely,
    /// Measured.
    Certain,
}

impl Confidence {
    /// The contract's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// Who can fix it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// The network between here and there.
    Network,
    /// The VPN.
    Vpn,
    /// Whoever runs the names.
    Dns,
    /// Whoever runs the host.
    Server,
    /// The person at this machine.
    Client,
    /// Whoever runs the security products.
    Security,
}

impl Owner {
    /// The contract's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Vpn => "vpn",
            Self::Dns => "dns",
            Self::Server => "server",
            Self::Client => "client",
            Self::Security => "security",
        }
    }

    /// Who to turn to, in a sentence.
    #[must_use]
    pub const fn team(self) -> &'static str {
        match self {
            Self::Network => "network team",
            Self::Vpn => "VPN team",
            Self::Dns => "DNS team",
            Self::Server => "server team",
            Self::Client => "you",
            Self::Security => "security team",
        }
    }
}

/// The chance that a session started or running at this moment fails or drops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Risk {
    /// Not judged.
    #[default]
    Unknown,
    /// Nothing speaks for it.
    None,
    /// Something small does.
    Low,
    /// Sessions may fail or drop.
    Elevated,
    /// Sessions will fail or drop.
    High,
}

impl Risk {
    /// The contract's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::None => "none",
            Self::Low => "low",
            Self::Elevated => "elevated",
            Self::High => "high",
        }
    }
}

/// A rung of the ladder, bottom first. Only the lowest broken one makes a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rung {
    /// The name.
    Name,
    /// Echo.
    Echo,
    /// TCP.
    Tcp,
    /// X.224.
    X224,
    /// TLS and the certificate.
    Tls,
    /// CredSSP (NLA).
    Nla,
    /// The UDP transport.
    Udp,
}

impl Rung {
    /// Every rung, bottom first.
    pub const ALL: [Self; 7] =
        [Self::Name, Self::Echo, Self::Tcp, Self::X224, Self::Tls, Self::Nla, Self::Udp];

    /// The column letter of the ladder cells.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Name => 'D',
            Self::Echo => 'P',
            Self::Tcp => 'T',
            Self::X224 => 'X',
            Self::Tls => 'S',
            Self::Nla => 'N',
            Self::Udp => 'U',
        }
    }

    /// The word in a sentence.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Echo => "echo",
            Self::Tcp => "tcp",
            Self::X224 => "x224",
            Self::Tls => "tls",
            Self::Nla => "nla",
            Self::Udp => "udp",
        }
    }
}

/// What the user's Remote Desktop client would show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientError {
    /// Disconnect reason, `0x904`.
    pub code: u32,
    /// Extended disconnect reason, `0x7`, where it is known.
    pub extended: Option<u32>,
    /// The name of the code in plain words.
    pub text: &'static str,
    /// How likely the client shows this.
    pub likelihood: Confidence,
}

/// Where a remedy is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunOn {
    /// The Remote Desktop host.
    Host,
    /// The user's machine.
    Client,
    /// A DNS server.
    Dns,
    /// The VPN.
    Vpn,
    /// The RD Gateway.
    Gateway,
    /// The machine rdpwatch runs on.
    Monitor,
    /// Routers and firewalls between.
    Network,
}

impl RunOn {
    /// The contract's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Client => "client",
            Self::Dns => "dns",
            Self::Vpn => "vpn",
            Self::Gateway => "gateway",
            Self::Monitor => "monitor",
            Self::Network => "network",
        }
    }
}

/// One way to mend a cause. Texts and commands may hold words that
/// [`Placeholders`](super::placeholder::Placeholders) fills, `HOST` for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remedy {
    /// What to do, one sentence.
    pub text: &'static str,
    /// Where.
    pub run_on: RunOn,
    /// A read-only command that proves the diagnosis first.
    pub confirm: Option<&'static str>,
    /// The commands, in order.
    pub commands: &'static [&'static str],
    /// Rights and tools it needs.
    pub needs: Option<&'static str>,
    /// What it disturbs.
    pub impact: Option<&'static str>,
    /// How to take it back.
    pub undo: Option<&'static str>,
    /// It lowers security; such remedies come last.
    pub weakens_security: bool,
}

impl Remedy {
    /// A remedy with only a text and a place; the rest is filled by struct update.
    #[must_use]
    pub const fn new(text: &'static str, run_on: RunOn) -> Self {
        Self {
            text,
            run_on,
            confirm: None,
            commands: &[],
            needs: None,
            impact: None,
            undo: None,
            weakens_security: false,
        }
    }
}

/// One cause found at one target (or at this machine).
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Which rule.
    pub rule: RuleId,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// Who can fix it.
    pub owner: Owner,
    /// The rung it is about, when it is about one.
    pub rung: Option<Rung>,
    /// A few words for a table or an alert line: `certificate expired 9 d`.
    pub title: String,
    /// One sentence a help desk can read aloud: what, how sure, what to do first.
    pub sentence: String,
    /// The measurements behind it.
    pub evidence: Vec<String>,
    /// What would show that it is wrong.
    pub disproof: &'static str,
    /// First supporting sample.
    pub since: WallTime,
    /// What to do, safe first.
    pub remedies: &'static [Remedy],
    /// What it means for a session.
    pub risk: Risk,
    /// What the user's client would show, where it would show something.
    pub client_error: Option<ClientError>,
    /// It was there when the target was first seen: listed for review, never alerted.
    pub as_found: bool,
    /// It is of the way to the host, and says nothing of the host itself.
    pub of_the_way: bool,
    /// Whom it concerns, where it speaks of several hosts.
    pub members: Option<Arc<BTreeSet<TargetId>>>,
    /// Findings of theirs that are told with it, by their rules.
    pub tells: &'static [&'static str],
    /// The number of the newest fault that it speaks of: another one is told although the one before
    /// it was.
    pub faults: u32,
    /// What its alert is called once it is over, when that says more than its last title; escaped.
    pub title_over: Option<String>,
}

impl Finding {
    /// Whether a finding of `rule` at these hosts is told with it.
    #[must_use]
    pub fn tells<'a>(
        &self,
        rule: RuleId,
        hosts: impl ExactSizeIterator<Item = &'a TargetId>,
    ) -> bool {
        let members = self.members.as_ref();
        self.tells.contains(&rule.0) && members.is_some_and(|all| are_among(hosts, all))
    }
}

/// Whether at least four of five hosts are among `all`.
pub fn are_among<'a>(
    hosts: impl ExactSizeIterator<Item = &'a TargetId>,
    all: &BTreeSet<TargetId>,
) -> bool {
    let number = hosts.len();
    hosts.filter(|host| all.contains(host)).count() * 5 >= number * 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_of_five_are_among_them_and_three_of_ten_elsewhere_are_not() {
        let silent: BTreeSet<TargetId> = (0..10).map(TargetId).collect();
        let among = |hosts: std::ops::Range<u32>| {
            let hosts: Vec<TargetId> = hosts.map(TargetId).collect();
            are_among(hosts.iter(), &silent)
        };
        assert!(among(0..10) && among(2..12));
        assert!(!among(3..13) && !among(20..24));
    }
}
