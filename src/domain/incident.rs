//! Hosts that fell silent together under one id, whoever tells of it.

use super::outage::{Outage, Scope};
use super::rules::whose_path;
use super::sink::short_id;
use super::target::TargetId;
use super::time::WallTime;

/// Hosts that fell silent together, or did lately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// The same from its beginning to its end; made of whose path it is and when it broke.
    pub id: String,
    /// It was no path that was down: the hosts restarted.
    pub restart: bool,
    /// Whose: `6 hosts behind the VPN`, escaped.
    pub whose: String,
    /// When the first of its hosts fell silent.
    pub since: WallTime,
    /// When it was seen to be over.
    pub ended: Option<WallTime>,
    /// Who is or was silent in it.
    pub members: Vec<TargetId>,
    /// How many of them answer again.
    pub back: usize,
}

impl Incident {
    /// What is told of an outage.
    #[must_use]
    pub fn of(outage: &Outage) -> Self {
        let scope = match &outage.scope {
            Scope::Routed => "routed".to_owned(),
            Scope::Tunnel(name) => format!("tunnel {name}"),
            Scope::Group(name) => format!("group {name}"),
        };
        Self {
            id: short_id(["path", &scope], outage.since.wall),
            restart: outage.is_restart(),
            whose: whose_path(outage),
            since: outage.since.wall,
            ended: outage.ended.map(|ended| ended.wall),
            members: outage.members.keys().copied().collect(),
            back: outage.back.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::diagnose::fixture::at;
    use super::*;

    #[test]
    fn an_incident_keeps_its_id_while_hosts_join_and_come_back() {
        let mut outage =
            Outage::new(Scope::Group("x".to_owned()), at(100), Some("10.0.0.1".to_owned()));
        outage.members.insert(TargetId(1), [10, 9, 0, 1].into());
        let first = Incident::of(&outage);
        outage.members.insert(TargetId(2), [10, 9, 0, 2].into());
        outage.back.insert(TargetId(1), at(150));
        outage.ended = Some(at(200));
        let last = Incident::of(&outage);
        assert_eq!((first.id.len(), &first.id), (8, &last.id));
        assert_eq!((last.members.len(), last.back, last.ended), (2, 1, Some(at(200).wall)));
        let tunnel =
            Outage::new(Scope::Tunnel("x".to_owned()), at(100), Some("10.0.0.1".to_owned()));
        assert_ne!(Incident::of(&tunnel).id, first.id);
        let later = Outage::new(Scope::Group("x".to_owned()), at(101), Some("10.0.0.1".to_owned()));
        assert_ne!(Incident::of(&later).id, first.id);
    }
}
