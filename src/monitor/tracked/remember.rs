//! What is learnt of a target for later runs.

use super::{QUICK_TLS, Tracked};
use crate::domain::identity::{Presented, RememberedIdentity, target_names};
use crate::domain::mac::MacAddr;
use crate::domain::rules::is_another_machine;
use crate::domain::sample::{
    Attempt, ConnectOutcome, EchoMethod, EchoOutcome, Neighbour, NeighbourState, Observation,
    Sample, UdpOutcome,
};
use crate::domain::surroundings::Surroundings;
use crate::domain::time::{Now, WallTime};
use crate::domain::turns::{Visitor, remember_member};
use crate::domain::view::{Mode, OtherCard};
use std::net::IpAddr;

/// So many connections in a row that open quickly make a host that is quick.
const QUICK_TCP: usize = 10;

impl Tracked {
    /// Learns what later runs need. Runs after judgement, so that rules compare with the past.
    /// Nothing is learnt from a machine that answers at an address it should not have, nor from one
    /// that is not the remembered one.
    pub(super) fn remember(&mut self, sample: &Sample) -> bool {
        if self.is_dialled_elsewhere() {
            return false;
        }
        let wall = sample.sent_at.wall;
        let card = OtherCard::of(self.neighbour.as_ref(), &self.memory, self.attempt());
        if card.is_some() {
            return false;
        }
        match &sample.observation {
            Observation::Neighbour(neighbour) if !self.is_not_dialled(neighbour.address) => {
                let Some(mac) = neighbour.mac.filter(|_| {
                    matches!(neighbour.state, NeighbourState::Reachable | NeighbourState::Stale)
                }) else {
                    return false;
                };
                self.learn_card(mac, neighbour.address)
            }
            Observation::Attempt(attempt) if !self.is_not_dialled(attempt.connect.address.ip()) => {
                if attempt.connect.outcome.answered() {
                    self.memory.last_answer = Some(wall);
                }
                let paced = self.remember_pace(wall);
                let Some(certificate) =
                    attempt.tls.as_ref().and_then(|tls| tls.certificate.as_ref())
                else {
                    return paced;
                };
                if self.stranger {
                    return paced;
                }
                let known = self.memory.thumbprints.contains_key(&certificate.sha256);
                self.memory.remember_thumbprint(certificate.sha256, wall);
                self.memory.last_healthy = Some(wall);
                self.remember_card();
                self.remember_identity(sample) || !known || paced
            }
            Observation::Echo(echo)
                if echo.method == EchoMethod::Icmp
                    && matches!(echo.outcome, EchoOutcome::Reply { .. })
                    && !self.is_not_dialled(echo.address) =>
            {
                self.memory.echo_answered = Some(wall);
                false
            }
            Observation::Udp(udp)
                if udp.outcome == UdpOutcome::SynAck && !self.is_not_dialled(udp.address.ip()) =>
            {
                let address = Some(udp.address.ip());
                let known = self.memory.udp_address == address;
                self.memory.udp_answered = Some(wall);
                self.memory.udp_address = address;
                !known
            }
            _ => false,
        }
    }

    /// Learns the card of the host. Whether it is news. Another card at the same address may be another
    /// device, where the host can show a certificate: then it is learnt beside that.
    fn learn_card(&mut self, mac: MacAddr, address: IpAddr) -> bool {
        let memory = &mut self.memory;
        let known = memory.mac == Some(mac);
        let same = memory.mac_address == Some(address) && memory.mac.is_some();
        if known || !same || memory.identity.is_none() && memory.thumbprints.is_empty() {
            memory.mac = Some(mac);
            memory.mac_address = Some(address);
            return !known;
        }
        false
    }

    /// The host presents a certificate: the card that answers is its own.
    fn remember_card(&mut self) {
        let seen = [NeighbourState::Reachable, NeighbourState::Stale];
        let Some(Neighbour { address, mac: Some(mac), state }) =
            self.neighbour.as_ref().map(|entry| entry.value)
        else {
            return;
        };
        if seen.contains(&state) {
            self.memory.mac = Some(mac);
            self.memory.mac_address = Some(address);
        }
    }

    /// Remembers that TCP or TLS is quick, once it was several times in a row. Whether that is news.
    fn remember_pace(&mut self, wall: WallTime) -> bool {
        let limit = self.target.thresholds.rdp_slow.warning;
        let opened = |attempt: &Attempt| {
            attempt.connect.outcome == ConnectOutcome::Open && attempt.connect.elapsed < limit
        };
        let mut connects = self.attempts.recent().take(QUICK_TCP);
        let tcp = self.attempts.len() >= QUICK_TCP && connects.all(|entry| opened(&entry.value));
        let tls = self.tls_times.len() >= QUICK_TLS
            && self.tls_times.iter().all(|entry| entry.value < limit);
        let quick = &mut self.memory.quick;
        let news = tcp && quick.tcp.is_none() || tls && quick.tls.is_none();
        quick.tcp = if tcp { Some(wall) } else { quick.tcp };
        quick.tls = if tls { Some(wall) } else { quick.tls };
        news
    }

    /// Takes note of whether the machine that presented a certificate is the remembered one.
    /// Whether another one began to answer.
    pub(super) fn meet_stranger(
        &mut self,
        sample: &Sample,
        around: &Surroundings,
        now: Now,
    ) -> bool {
        let Observation::Attempt(attempt) = &sample.observation else { return false };
        let certificate = attempt.tls.as_ref().and_then(|tls| tls.certificate.as_ref());
        if certificate.is_none() || self.is_not_dialled(attempt.connect.address.ip()) {
            return false;
        }
        let before = self.stranger;
        self.stranger = is_another_machine(&self.view(Mode::Watch, around, now));
        self.take_turns(sample.sent_at.wall);
        self.stranger && !before
    }

    /// Takes note of strangers, and of those that took turns with the machine that answers now. Who
    /// answers at an address where the host should not be takes no turns with it.
    fn take_turns(&mut self, wall: WallTime) {
        if self.is_dialled_elsewhere() {
            return;
        }
        let presented = self.presented();
        let Some(print) = presented.certificate.map(|certificate| certificate.sha256) else {
            return;
        };
        let mut identity = RememberedIdentity::default();
        identity.learn(&presented, &target_names(&self.target, self.resolution()), None, wall);
        if self.stranger {
            self.visitors.came(Visitor { identity, print });
            return;
        }
        let took = self.visitors.returned(wall);
        if took.is_empty() && self.memory.members.is_empty() {
            return;
        }
        for visitor in took {
            self.memory.remember_thumbprint(visitor.print, wall);
            remember_member(&mut self.memory.members, visitor.identity);
        }
        remember_member(&mut self.memory.members, identity);
    }

    /// What the machine that answered last says of itself.
    fn presented(&self) -> Presented<'_> {
        Presented {
            certificate: self.tls.as_ref().and_then(|tls| tls.value.certificate.as_ref()),
            ntlm: self.nla.as_ref().and_then(|nla| nla.value.identity.as_ref()),
        }
    }

    /// Remembers who answered and where. Whether that is news.
    fn remember_identity(&mut self, sample: &Sample) -> bool {
        let wall = sample.sent_at.wall;
        let before = self.memory.identity.clone();
        let presented = self.presented();
        let mut identity = before.clone().unwrap_or_default();
        let mac = self.neighbour.as_ref().and_then(|neighbour| neighbour.value.mac);
        let names = target_names(&self.target, self.resolution());
        identity.learn(&presented, &names, mac, wall);
        let same =
            before.is_some_and(|before| RememberedIdentity { seen: wall, ..before } == identity);
        self.memory.identity = Some(identity);
        let moved = self.dialled.is_some_and(|address| self.memory.remember_address(address, wall));
        !same || moved
    }

    /// Whether a connection shows another certificate than the one before it.
    pub(super) fn presents_another(&self, attempt: &Attempt) -> bool {
        let before = self.tls.as_ref().and_then(|tls| tls.value.certificate.as_ref());
        let after = attempt.tls.as_ref().and_then(|tls| tls.certificate.as_ref());
        before.zip(after).is_some_and(|(before, after)| before.sha256 != after.sha256)
    }
}
