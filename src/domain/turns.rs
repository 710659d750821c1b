//! Machines that take turns at one address or name: a load balancer, or a name that gives one address
//! at a time.

use super::certificate::Thumbprint;
use super::identity::{Compared, Presented, RememberedIdentity};
use super::time::WallTime;
use std::time::Duration;

/// Whoever came between two looks at the remembered machine takes turns with it when both are no
/// further apart.
const RETURNS: Duration = Duration::from_hours(24);

/// Who took turns and was not seen for so long is a stranger again.
const FORGOTTEN: Duration = Duration::from_hours(30 * 24);

/// How many machines are kept.
const MOST: usize = 16;

/// A machine other than the remembered one, as it presented itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// Who.
    pub identity: RememberedIdentity,
    /// Its certificate.
    pub print: Thumbprint,
}

/// Strangers that came since the remembered machine last answered, the newest last.
#[derive(Debug, Clone, Default)]
pub struct Visitors(Vec<Visitor>);

impl Visitors {
    /// A stranger presented itself.
    pub fn came(&mut self, visitor: Visitor) {
        self.0.retain(|known| known.print != visitor.print);
        self.0.push(visitor);
        let excess = self.0.len().saturating_sub(MOST);
        self.0.drain(..excess);
    }

    /// The remembered machine answers again at `at`: who came in between and took turns with it.
    pub fn returned(&mut self, at: WallTime) -> Vec<Visitor> {
        let mut came = std::mem::take(&mut self.0);
        came.retain(|one| at.since(one.identity.seen) <= RETURNS);
        came
    }
}

/// Whether `members` took turns in the last day: two of them at least answered.
#[must_use]
pub fn take_turns(members: &[RememberedIdentity], now: WallTime) -> bool {
    members.iter().filter(|one| now.since(one.seen) <= RETURNS).count() >= 2
}

/// Whether a machine is one of `members`, by the names that it has for itself.
#[must_use]
pub fn is_member(members: &[RememberedIdentity], presented: &Presented<'_>) -> bool {
    members.iter().any(|member| is_same(member, presented))
}

fn is_same(member: &RememberedIdentity, presented: &Presented<'_>) -> bool {
    match (presented.ntlm_against(member), presented.common_name_against(member)) {
        (Compared::Same, _) | (Compared::Unknown, Compared::Same) => true,
        (Compared::Different | Compared::Unknown, _) => false,
    }
}

/// Adds who takes turns, and forgets who was not seen for a month.
pub fn remember_member(members: &mut Vec<RememberedIdentity>, member: RememberedIdentity) {
    let now = member.seen;
    members.retain(|known| {
        let same = known.name() == member.name();
        !same && now.since(known.seen) <= FORGOTTEN
    });
    members.push(member);
    let excess = members.len().saturating_sub(MOST);
    members.drain(..excess);
}
