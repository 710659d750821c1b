//! One simulated host: how it answers a probe that begins at a moment.

use super::dice::Dice;
use rdpwatch::domain::certificate::{CertificateSummary, KeyKind, Thumbprint};
use rdpwatch::domain::mac::MacAddr;
use rdpwatch::domain::sample::{
    Attempt, CipherSuite, Connect, ConnectOutcome, EchoOutcome, Hello, IcmpError, NameOutcome,
    NameSource, Negotiate, NegotiateOutcome, Neighbour, NeighbourState, Nla, NlaOutcome,
    NtlmIdentity, OsVersion, ProbeKind, Resolution, ServerAnswer, Tls, TlsOutcome, TlsVersion,
};
use rdpwatch::domain::security::SecurityProtocol;
use rdpwatch::domain::target::{Deadlines, Target, TargetKind};
use rdpwatch::domain::time::{MonoTime, WallTime};
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::time::Duration;

/// The DNS server of the company, behind the VPN.
pub(crate) const COMPANY_DNS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 10));
/// The DNS server at home: it knows no internal name.
pub(crate) const HOME_DNS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 168, 1, 1));
/// This machine.
pub(crate) const OWN: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 5));
/// The router between this machine's link and the others.
pub(crate) const GATEWAY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));

/// A SYN that was lost is sent again after this long (RFC 6298).
const RETRANSMISSION: Duration = Duration::from_secs(1);

/// Where a host is, which decides how its silence looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// On this machine's own link: the neighbour lookup fails.
    OnLink,
    /// Behind a router that says nothing.
    Remote,
    /// Behind a router that says that there is no such host.
    RemoteTold,
}

/// What is wrong with a host for a while.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Trouble {
    /// It answers nothing: off, asleep or cut off.
    Silent,
    /// The service is stopped: RST.
    PortClosed,
    /// This share of packets is lost, in thousandths, each way counted once.
    Loss(u32),
    /// The name leads there, where `Some` other machine answers.
    Elsewhere(IpAddr, bool),
    /// The machine has got another address, and DNS follows.
    Moved(IpAddr),
    /// An answer to the name takes this long.
    SlowName(Duration),
    /// The certificate is replaced.
    Renewed,
    /// The machine is called otherwise; whether its certificate is made anew with it.
    Renamed(&'static str, bool),
    /// Packets of the first size pass, those of the second and more vanish.
    Swallows(u32, u32),
    /// DNS gives one address of several, another each time.
    RoundRobin(Vec<IpAddr>),
    /// CredSSP is answered like this.
    Nla(NlaOutcome),
    /// CredSSP is answered with this version.
    CredSsp(u32),
    /// The clock is so many milliseconds ahead, or behind.
    Clock(i64),
}

/// One simulated host.
#[derive(Debug)]
pub(crate) struct SimHost {
    pub(crate) target: Target,
    pub(crate) address: IpAddr,
    /// Other addresses that the name has.
    pub(crate) others: Vec<IpAddr>,
    pub(crate) place: Place,
    /// A firewall drops echo requests.
    pub(crate) drops_ping: bool,
    pub(crate) rtt: Duration,
    pub(crate) certificate: CertificateSummary,
    pub(crate) troubles: Vec<(Range<MonoTime>, Trouble)>,
}

/// What every probe of one moment has in common.
pub(crate) struct Moment<'a> {
    pub(crate) at: MonoTime,
    /// How far this machine's clock is set ahead of the true time, in milliseconds.
    pub(crate) own_clock: i64,
    /// This machine's own line is cut.
    pub(crate) cut: bool,
    pub(crate) dice: &'a mut Dice,
}

impl SimHost {
    pub(crate) fn trouble(mut self, from: Duration, until: Duration, trouble: Trouble) -> Self {
        self.add_trouble(from, until, trouble);
        self
    }

    pub(crate) fn add_trouble(&mut self, from: Duration, until: Duration, trouble: Trouble) {
        let range = MonoTime::ZERO.plus(from)..MonoTime::ZERO.plus(until);
        self.troubles.push((range, trouble));
    }

    pub(super) fn at(&self, at: MonoTime) -> impl Iterator<Item = &Trouble> {
        self.troubles.iter().filter(move |(range, _)| range.contains(&at)).map(|(_, what)| what)
    }

    pub(crate) fn is_silent(&self, at: MonoTime) -> bool {
        self.at(at).any(|trouble| *trouble == Trouble::Silent)
    }

    /// The address where the machine itself is.
    fn own_address(&self, at: MonoTime) -> IpAddr {
        self.at(at)
            .find_map(|trouble| match trouble {
                Trouble::Moved(address) => Some(*address),
                _ => None,
            })
            .unwrap_or(self.address)
    }

    /// Whether a packet there and back is lost.
    pub(super) fn loses(&self, moment: &mut Moment<'_>) -> bool {
        let worse = self.at(moment.at).find_map(|trouble| match trouble {
            Trouble::Loss(thousandths) => Some(*thousandths),
            _ => None,
        });
        moment.dice.one_in(500) || worse.is_some_and(|share| moment.dice.below(1_000) < share)
    }

    /// One round trip: a base, a little jitter, and now and then a slow one.
    fn round_trip(&self, dice: &mut Dice) -> Duration {
        let jitter = Duration::from_micros(u64::from(dice.below(4_000)));
        let slow = if dice.one_in(3_000) { 200 + dice.below(1_600) } else { 0 };
        self.rtt + jitter + Duration::from_millis(u64::from(slow))
    }

    /// What becomes of an echo request, when it is known, and whether a late reply follows.
    pub(crate) fn echo(
        &self,
        address: IpAddr,
        moment: &mut Moment<'_>,
    ) -> (EchoOutcome, Duration, Option<Duration>) {
        let deadline = self.target.deadlines.echo;
        let lost = (EchoOutcome::Lost, deadline, None);
        if moment.cut || self.drops_ping {
            return lost;
        }
        if self.is_silent(moment.at) || !self.answers_at(address, moment.at) {
            return match self.place {
                Place::Remote => lost,
                Place::OnLink => (unreachable(OWN), deadline.mul_f32(1.5), None),
                Place::RemoteTold => (unreachable(GATEWAY), deadline.mul_f32(1.5), None),
            };
        }
        if self.loses(moment) {
            return lost;
        }
        if moment.dice.one_in(2_000) {
            let late = deadline + Duration::from_millis(700);
            return (EchoOutcome::Lost, deadline, Some(late));
        }
        let rtt = self.round_trip(moment.dice);
        (EchoOutcome::Reply { rtt, ttl: Some(127) }, rtt, None)
    }

    /// Whether anything answers at `address`.
    pub(super) fn answers_at(&self, address: IpAddr, at: MonoTime) -> bool {
        // The other machine is there whatever the name says.
        let elsewhere = self.troubles.iter().find_map(|(_, trouble)| match trouble {
            Trouble::Elsewhere(there, answers) if *there == address => Some(*answers),
            Trouble::RoundRobin(addresses) if addresses.contains(&address) => Some(true),
            _ => None,
        });
        elsewhere
            .unwrap_or_else(|| self.own_address(at) == address || self.others.contains(&address))
    }

    /// A bare connection, with the time it takes.
    pub(crate) fn connect(&self, address: IpAddr, moment: &mut Moment<'_>) -> Connect {
        let to = SocketAddr::new(address, self.target.port);
        let deadlines: &Deadlines = &self.target.deadlines;
        let plain = |outcome, elapsed| Connect {
            address: to,
            outcome,
            icmp: None,
            icmp_is_ours: false,
            elapsed,
            untimed: false,
        };
        if moment.cut {
            return plain(ConnectOutcome::Timeout, deadlines.connect);
        }
        if self.is_silent(moment.at) || !self.answers_at(address, moment.at) {
            let told = |from, ours| Connect {
                icmp: Some(IcmpError { v6: false, kind: 3, code: 1, from: Some(from) }),
                icmp_is_ours: ours,
                ..plain(ConnectOutcome::Unreachable, Duration::from_millis(3_060))
            };
            return match self.place {
                Place::Remote => plain(ConnectOutcome::Timeout, deadlines.connect),
                Place::OnLink => told(OWN, true),
                Place::RemoteTold => told(GATEWAY, false),
            };
        }
        let mut elapsed = self.round_trip(moment.dice);
        let mut wait = RETRANSMISSION;
        while self.loses(moment) {
            elapsed += wait;
            wait *= 2;
        }
        if elapsed >= deadlines.connect {
            return plain(ConnectOutcome::Timeout, deadlines.connect);
        }
        let closed = self.at(moment.at).any(|trouble| *trouble == Trouble::PortClosed);
        plain(if closed { ConnectOutcome::Refused } else { ConnectOutcome::Open }, elapsed)
    }

    /// One connection, as far up as asked, with the time it takes in all.
    pub(crate) fn attempt(
        &self,
        address: IpAddr,
        depth: ProbeKind,
        moment: &mut Moment<'_>,
    ) -> (Attempt, Duration) {
        let connect = self.connect(address, moment);
        let mut took = connect.elapsed;
        let mut attempt = Attempt::new(depth, connect);
        if connect.outcome != ConnectOutcome::Open || depth == ProbeKind::Connect {
            return (attempt, took);
        }
        let mut elapsed = self.round_trip(moment.dice) + Duration::from_millis(3);
        while self.loses(moment) {
            elapsed += Duration::from_millis(300);
        }
        took += elapsed;
        attempt.negotiate = Some(Negotiate {
            asked: SecurityProtocol::OFFERED,
            outcome: NegotiateOutcome::Confirmed {
                selected: SecurityProtocol::HYBRID,
                flags: 0x1f,
            },
            received: 19,
            elapsed,
        });
        attempt.socket = Some(self.socket());
        if depth >= ProbeKind::Tls {
            let elapsed = self.round_trip(moment.dice) * 2;
            took += elapsed;
            attempt.tls = Some(Tls {
                outcome: TlsOutcome::Ok,
                hello: Hello::Modern,
                modern: None,
                afterwards: None,
                version: Some(TlsVersion(0x0304)),
                cipher: Some(CipherSuite(0x1302)),
                certificate: Some(self.certificate_at(address, moment.at)),
                received: 1_900,
                elapsed,
            });
        }
        if depth >= ProbeKind::Nla {
            // Neither dice nor time of its own: what else happens in a night does not depend on it.
            let elapsed = self.rtt + Duration::from_millis(4);
            attempt.nla = Some(self.nla(address, elapsed, moment));
        }
        (attempt, took)
    }

    /// What CredSSP is answered with: names, a build and a clock, each a little off, as of
    /// machines that take their time from a domain controller.
    fn nla(&self, address: IpAddr, elapsed: Duration, moment: &Moment<'_>) -> Nla {
        let (mut outcome, mut version, mut ahead) = (NlaOutcome::Challenge, 6, 0);
        for trouble in self.at(moment.at) {
            match trouble {
                Trouble::Nla(other) => outcome = *other,
                Trouble::CredSsp(other) => version = *other,
                Trouble::Clock(milliseconds) => ahead = *milliseconds,
                _ => {}
            }
        }
        if outcome != NlaOutcome::Challenge {
            return Nla { outcome, elapsed, ..Nla::not_offered() };
        }
        let off = i64::from(self.target.id.0 * 37 % 2_000) - 1_000;
        Nla {
            outcome,
            version: Some(version),
            error: None,
            clock_skew_ms: Some(ahead + off - moment.own_clock),
            identity: Some(self.identity_at(address, moment.at)),
            received: 320,
            elapsed,
        }
    }

    /// Who the machine at `address` says that it is. The members of a farm have names of their own.
    fn identity_at(&self, address: IpAddr, at: MonoTime) -> NtlmIdentity {
        let renamed = self.at(at).find_map(|trouble| match trouble {
            Trouble::Renamed(name, _) => Some((*name).to_owned()),
            _ => None,
        });
        let name = if self.is_elsewhere(address) {
            "SOMEBODY-ELSE".to_owned()
        } else if self.target.kind == TargetKind::Farm {
            format!("MEMBER-{}", address.to_string().replace('.', "-"))
        } else {
            renamed.unwrap_or_else(|| self.target.name.to_ascii_uppercase())
        };
        NtlmIdentity {
            computer: Some(name.chars().take(15).collect()),
            domain: Some("CORP".to_owned()),
            dns_computer: Some(format!("{name}.corp.lab").to_ascii_lowercase()),
            dns_domain: Some("corp.lab".to_owned()),
            dns_tree: Some("corp.lab".to_owned()),
            os: Some(OsVersion { major: 10, minor: 0, build: 20_348 }),
            ..NtlmIdentity::default()
        }
    }

    /// Whether another machine is at `address`.
    fn is_elsewhere(&self, address: IpAddr) -> bool {
        self.troubles.iter().any(
            |(_, trouble)| matches!(trouble, Trouble::Elsewhere(there, _) if *there == address),
        )
    }

    fn certificate_at(&self, address: IpAddr, at: MonoTime) -> CertificateSummary {
        if self.is_elsewhere(address) {
            return certificate("SOMEBODY-ELSE", 0xee_ee, true, at_day(-80), at_day(100));
        }
        let renewed = self
            .at(at)
            .any(|trouble| matches!(trouble, Trouble::Renewed | Trouble::Renamed(_, true)));
        let mut certificate = self.certificate.clone();
        if let Some(Trouble::Renamed(name, true)) =
            self.at(at).find(|trouble| matches!(trouble, Trouble::Renamed(..)))
        {
            certificate.common_name = Some((*name).to_owned());
            certificate.names = vec![(*name).to_owned()];
        }
        if renewed {
            certificate.sha256.0[31] ^= 0xff;
            certificate.not_before = at_day(0);
            certificate.not_after = at_day(180);
        }
        certificate
    }

    /// The answer to the name.
    pub(crate) fn resolution(&self, seq: u64, moment: &mut Moment<'_>) -> Resolution {
        if let Some(address) = self.target.host.address() {
            return Resolution::literal(address);
        }
        if moment.cut {
            let elapsed = self.target.deadlines.resolve;
            return resolution(NameOutcome::Timeout, Vec::new(), elapsed);
        }
        let mut elapsed = Duration::from_millis(2 + u64::from(moment.dice.below(20)));
        let mut first = self.own_address(moment.at);
        for trouble in self.at(moment.at) {
            match trouble {
                Trouble::Elsewhere(address, _) => first = *address,
                Trouble::SlowName(time) => elapsed = *time,
                Trouble::RoundRobin(addresses) => {
                    let turn = usize::try_from(seq).unwrap_or(0) % addresses.len();
                    first = addresses.get(turn).copied().unwrap_or(first);
                }
                _ => {}
            }
        }
        let mut addresses = vec![first];
        addresses.extend(&self.others);
        // Answers with several addresses are rotated, as DNS servers do.
        let turn = usize::try_from(seq).unwrap_or(0) % addresses.len();
        addresses.rotate_left(turn);
        resolution(NameOutcome::Ok, addresses, elapsed)
    }

    /// What the neighbour table says.
    pub(crate) fn neighbour(&self, address: IpAddr, at: MonoTime) -> Neighbour {
        let (state, mac) = match self.place {
            Place::Remote | Place::RemoteTold => (NeighbourState::NotOnLink, None),
            Place::OnLink if self.is_silent(at) => {
                // The entry of a host that vanished counts as reachable for up to 37 s.
                let lately = at.minus(Duration::from_secs(37));
                let state = if self.is_silent(lately) {
                    NeighbourState::Failed
                } else {
                    NeighbourState::Reachable
                };
                (state, None)
            }
            Place::OnLink => (NeighbourState::Reachable, Some(self.mac())),
        };
        Neighbour { address, state, mac }
    }

    fn mac(&self) -> MacAddr {
        let [.., c, d] = self.target.id.0.to_be_bytes();
        MacAddr([0x02, 0x77, 0, 0, c, d])
    }
}

fn unreachable(from: IpAddr) -> EchoOutcome {
    EchoOutcome::Unreachable(IcmpError { v6: false, kind: 3, code: 1, from: Some(from) })
}

/// The operating system's answer, with what the two DNS servers say beside it: only the company's
/// knows the name (split tunnel). There are no reverse names.
fn resolution(outcome: NameOutcome, addresses: Vec<IpAddr>, elapsed: Duration) -> Resolution {
    let answer = |server: IpAddr, outcome, addresses: &[IpAddr]| ServerAnswer {
        server: SocketAddr::new(server, 53),
        outcome,
        addresses: addresses.to_vec(),
        canonical: Vec::new(),
        ttl_s: Some(1_200),
        elapsed,
    };
    let home = if outcome == NameOutcome::Ok { NameOutcome::NxDomain } else { outcome };
    Resolution {
        outcome,
        source: NameSource::Dns,
        by_system: true,
        servers: vec![answer(HOME_DNS, home, &[]), answer(COMPANY_DNS, outcome, &addresses)],
        system: addresses.clone(),
        addresses,
        ptr: Vec::new(),
        elapsed,
    }
}

/// A point `days` after the night's midnight.
pub(crate) fn at_day(days: i64) -> WallTime {
    let span = Duration::from_hours(24 * days.unsigned_abs());
    if days < 0 { super::MIDNIGHT.minus(span) } else { super::MIDNIGHT.plus(span) }
}

/// A certificate of its own for number `number`.
pub(crate) fn certificate(
    name: &str,
    number: u32,
    self_signed: bool,
    not_before: WallTime,
    not_after: WallTime,
) -> CertificateSummary {
    let mut print = [0x5a; 32];
    print[..4].copy_from_slice(&number.to_be_bytes());
    CertificateSummary {
        subject: format!("CN={name}"),
        common_name: Some(name.to_owned()),
        issuer: if self_signed { format!("CN={name}") } else { "CN=Corp Issuing CA".to_owned() },
        self_signed,
        not_before,
        not_after,
        names: vec![name.to_owned()],
        key: KeyKind::Rsa(2_048),
        signature: "sha256WithRSAEncryption".to_owned(),
        sha256: Thumbprint(print),
    }
}
