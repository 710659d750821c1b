//! Whose network card answers at the dialled address.

use super::TargetView;
use crate::domain::history::Timed;
use crate::domain::mac::MacAddr;
use crate::domain::memory::TargetMemory;
use crate::domain::sample::{Attempt, Neighbour, NeighbourState};
use std::net::IpAddr;

/// Another network card than the remembered one answers at the address that one had, and no Remote
/// Desktop answers there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherCard {
    /// The address.
    pub address: IpAddr,
    /// The card that answers.
    pub answers: MacAddr,
    /// The one that is remembered.
    pub remembered: MacAddr,
}

impl OtherCard {
    /// What the neighbour table says beside what is remembered of a host that presented a
    /// certificate before. Whoever answers Remote Desktop is known by what it says of itself, and not
    /// by its card: `attempt` is the newest connection.
    #[must_use]
    pub fn of(
        neighbour: Option<&Timed<Neighbour>>,
        memory: &TargetMemory,
        attempt: Option<&Attempt>,
    ) -> Option<Self> {
        let entry = neighbour?.value;
        let seen = matches!(entry.state, NeighbourState::Reachable | NeighbourState::Stale);
        let (answers, remembered) = entry.mac.filter(|_| seen).zip(memory.mac)?;
        let there = memory.mac_address == Some(entry.address);
        let known = memory.identity.is_some() || !memory.thumbprints.is_empty();
        let speaks = attempt?.works();
        (there && known && !speaks && answers != remembered).then_some(Self {
            address: entry.address,
            answers,
            remembered,
        })
    }
}

impl TargetView<'_> {
    /// Another network card than the remembered one, where one answers at the dialled address and no
    /// Remote Desktop does.
    #[must_use]
    pub fn other_card(&self) -> Option<OtherCard> {
        let newest = self.measured().map(|entry| &entry.value);
        let card = OtherCard::of(self.neighbour, self.memory, newest)?;
        (self.dialled == Some(card.address)).then_some(card)
    }
}
