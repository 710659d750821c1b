//! How a simulated host answers the UDP transport, and what its path carries: by its number, some
//! of everything that is healthy.

use super::host::{GATEWAY, Moment, SimHost, Trouble};
use rdpwatch::domain::sample::{
    IcmpError, PathMtu, PathOutcome, TcpFacts, Udp, UdpOutcome, UdpVersion,
};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Deadline of the UDP rung.
const DEADLINE: Duration = Duration::from_secs(2);

impl SimHost {
    /// A third never answers UDP, a ninth refuses it; the others answer with version 2.
    pub(crate) fn udp(&self, address: IpAddr, moment: &mut Moment<'_>) -> (Udp, Duration) {
        let number = self.target.id.0;
        let mut udp = Udp {
            address: SocketAddr::new(address, self.target.port),
            outcome: UdpOutcome::Silent,
            version: None,
            mtu_up: None,
            mtu_down: None,
            answered_at: None,
            sent: 3,
            elapsed: DEADLINE,
        };
        if !self.reaches(address, moment) || number.is_multiple_of(3) {
            return (udp, DEADLINE);
        }
        if number % 9 == 1 {
            let closed = IcmpError { v6: false, kind: 3, code: 3, from: Some(address) };
            udp.outcome = UdpOutcome::Unreachable(Some(closed));
            (udp.sent, udp.elapsed) = (1, self.rtt);
            return (udp, self.rtt);
        }
        let Some((sent, size)) = (1..).zip([1_232, 1_232, 1_132]).find(|_| !self.loses(moment))
        else {
            return (udp, DEADLINE);
        };
        udp.outcome = UdpOutcome::SynAck;
        udp.version = Some(UdpVersion(2));
        (udp.mtu_up, udp.mtu_down, udp.answered_at) = (Some(size), Some(size), Some(size));
        (udp.sent, udp.elapsed) = (sent, self.rtt);
        let waited = DEADLINE / 4 * u32::from(sent.saturating_sub(1));
        (udp, self.rtt + waited)
    }

    /// Full, or 1420 by this machine's own tunnel, or 1400 by a router's word; with a limit for
    /// pings at some.
    pub(crate) fn path(&self, address: IpAddr, moment: &mut Moment<'_>) -> (PathMtu, Duration) {
        let mut path = PathMtu {
            address,
            outcome: PathOutcome::Unknown,
            mtu: None,
            first_hop: Some(1_500),
            swallowed: None,
            from: None,
            tries: 0,
            elapsed: DEADLINE * 2,
        };
        if !self.reaches(address, moment) || self.drops_ping || moment.dice.one_in(100) {
            return (path, path.elapsed);
        }
        path.elapsed = self.rtt * 2;
        let hole = self.at(moment.at).find_map(|trouble| match trouble {
            Trouble::Swallows(passes, vanishes) => Some((*passes, *vanishes)),
            _ => None,
        });
        if let Some((passes, vanishes)) = hole {
            path.outcome = PathOutcome::BlackHole;
            (path.mtu, path.swallowed, path.tries) = (Some(passes), Some(vanishes), 3);
        } else if self.target.id.0 % 11 == 5 {
            (path.swallowed, path.tries) = (Some(1_160), 3);
        } else {
            let mtu = self.carries();
            path.mtu = Some(mtu);
            path.outcome = if mtu == 1_500 { PathOutcome::Full } else { PathOutcome::Lowered };
            match mtu {
                1_420 => path.first_hop = Some(1_420),
                1_400 => path.from = Some(GATEWAY),
                _ => {}
            }
        }
        (path, path.elapsed)
    }

    /// What its path carries.
    const fn carries(&self) -> u32 {
        match self.target.id.0 % 4 {
            0 => 1_420,
            1 => 1_400,
            _ => 1_500,
        }
    }

    /// Whether a packet gets to `address` and an answer back.
    fn reaches(&self, address: IpAddr, moment: &Moment<'_>) -> bool {
        !moment.cut && !self.is_silent(moment.at) && self.answers_at(address, moment.at)
    }

    /// What the kernel counts on a connection to it.
    pub(crate) const fn socket(&self) -> TcpFacts {
        TcpFacts {
            rtt: self.rtt,
            mss: self.carries() - 52,
            received_mss: 1_100,
            timestamps: true,
            path_mtu: 1_500,
            retransmits: 0,
            lost: 0,
            out_of_order: Some(0),
        }
    }
}
