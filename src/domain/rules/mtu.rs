//! `mtu-low` and `mtu-black-hole`: how large a packet the path carries.

use super::prelude::*;
use crate::domain::history::Timed;
use crate::domain::sample::{PathMtu, PathOutcome, TcpFacts, TlsOutcome, Udp, UdpOutcome};

/// Bytes of the SYN that RDP's UDP transport begins with (MS-RDPEUDP 2.2.2.5).
const FULL_SYN: u16 = Udp::FULL_SYN;
/// Bytes of the smallest that it may begin with.
const SMALL_SYN: u16 = 1132;

/// The path carries less than RDP's UDP transport needs.
#[derive(Debug)]
pub(super) struct MtuLow;

static MTU_LOW: RuleCard = RuleCard {
    id: RuleId("mtu-low"),
    title: "path MTU too low for RDP over UDP",
    severities: &[Severity::Warning],
    owner: Owner::Vpn,
    rung: Some(Rung::Echo),
    hysteresis: Hysteresis::TWICE,
    fed_by: &[ProbeKind::PathMtu],
    plain: "Large packets do not fit through the way: part of a session may go a slower one.",
    explanation: "The largest packet that reaches the host is smaller than RDP's UDP transport \
        needs: its datagrams are 1232 bytes, which makes 1260 with the headers of IPv4 and 1280 \
        with those of IPv6. Somebody on the way, or an interface of this machine, says so: TCP \
        adapts to it, UDP cannot, and sessions fall back to TCP or their datagrams are fragmented. \
        An MTU between that and 1500 is normal over a VPN and no finding.",
    disproof: "A packet of 1260 bytes (IPv4) or 1280 bytes (IPv6) that may not be fragmented is \
        answered.",
    remedies: &[remedies::RAISE_MTU, remedies::OTHER_VPN_NODE, remedies::UDP_OFF],
    explains: &[],
    low_risk: true,
    client_error: None,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for MtuLow {
    fn card(&self) -> &'static RuleCard {
        &MTU_LOW
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        // A measurement without a verdict does not make the one before it two.
        let newest = view.path.last().map(|path| path.at);
        let Some(path) = measured(view).next().filter(|path| Some(path.at) == newest) else {
            return Judgement::NoEvidence;
        };
        let (PathOutcome::Lowered, Some(mtu)) = (path.value.outcome, path.value.mtu) else {
            return match path.value.outcome {
                PathOutcome::Full | PathOutcome::Lowered => Judgement::Clear,
                _ => Judgement::NoEvidence,
            };
        };
        let path = &path.value;
        let needed = path.needed();
        if mtu >= needed {
            return Judgement::Clear;
        }
        let who = name(view);
        let (owner, by) = match path.from {
            Some(from) => (Owner::Network, format!("{from} on the way says so")),
            None => (Owner::Vpn, "an interface of this machine carries no more".to_owned()),
        };
        let sentence = format!(
            "Packets above {mtu} bytes do not reach {who} whole (certain): RDP over UDP needs \
             {needed}, so its packets are fragmented or sessions are left with TCP (likely). Ask \
             who runs the VPN or the line for a larger MTU."
        );
        let mut evidence = Evidence::new(
            Severity::Warning,
            Confidence::Certain,
            format!("path MTU {mtu}"),
            sentence,
        )
        .owned_by(owner)
        .line(format!("path MTU {mtu} bytes: {by}"))
        .line(format!("RDP over UDP needs {needed} bytes"));
        if let Some(first) = path.first_hop {
            evidence = evidence.line(format!("this machine's own interface carries {first} bytes"));
        }
        if udp_fits_only_small(view) {
            evidence = evidence.line(only_small_syn());
        }
        Judgement::fires(evidence)
    }
}

/// Large packets vanish.
#[derive(Debug)]
pub(super) struct MtuBlackHole;

static MTU_BLACK_HOLE: RuleCard = RuleCard {
    id: RuleId("mtu-black-hole"),
    title: "large packets vanish",
    severities: &[Severity::Notice, Severity::Critical],
    owner: Owner::Vpn,
    rung: Some(Rung::Echo),
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::PathMtu, ProbeKind::Tls],
    plain: "Large packets vanish on the way: sessions connect, and then freeze or drop.",
    explanation: "Small packets reach the host, large ones vanish, and nobody says that they are \
        too big: sessions connect and then freeze or drop as soon as much is to be shown, and \
        some stop at the certificate. Measured with echo requests that may not be fragmented: one \
        size must vanish three times while smaller ones sent at the same time are answered, in \
        two measurements running. TCP must be about to send packets of that size: where its \
        segments are kept smaller on the way, nothing is lost. A handshake that stops after the \
        ClientHello, with later segments arriving and earlier ones missing, says the same. A \
        firewall that drops large pings only looks like it from outside, so that echo alone is \
        likely and not certain; where large packets from the host do arrive, it is a notice.",
    disproof: "`ping -f -l` with the size that vanished is answered, or a large file copied from \
        HOST over the same path arrives without a pause.",
    remedies: &[
        remedies::VPN_MTU,
        remedies::LET_FRAG_NEEDED_PASS,
        remedies::OTHER_VPN_NODE,
        remedies::UDP_OFF,
    ],
    explains: &["tls-handshake-failed", "udp-blocked", "mtu-low"],
    low_risk: false,
    client_error: client::LINE,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for MtuBlackHole {
    fn card(&self) -> &'static RuleCard {
        &MTU_BLACK_HOLE
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let open = view
            .measured()
            .is_some_and(|attempt| matches!(attempt.value.connect.outcome, ConnectOutcome::Open));
        if !open {
            return Judgement::NoEvidence;
        }
        let seen = Seen::new(view);
        match seen.verdict() {
            Some((severity, confidence)) => {
                Judgement::fires(seen.evidence(view, severity, confidence))
            }
            None if seen.is_settled(view) => Judgement::Clear,
            None => Judgement::NoEvidence,
        }
    }
}

/// Everything that speaks for or against vanishing packets.
#[expect(clippy::struct_excessive_bools, reason = "independent facts, not modes")]
struct Seen<'a> {
    /// The newest measurement in which packets vanished, when nothing newer says otherwise.
    hole: Option<&'a Timed<PathMtu>>,
    /// It was measured as often as is asked for.
    proven: bool,
    /// TCP would not send packets of that size, or a UDP datagram of that size passed.
    harmless: bool,
    /// Packets of that size arrive from the host.
    from_host: bool,
    /// The handshake stands still behind the `ClientHello`.
    stalled: Option<Stall>,
    /// TLS failed in a way that has nothing to do with sizes.
    other_failure: bool,
    /// UDP was answered at the small size only.
    only_small: bool,
    /// The newest measurement met a size that vanishes, too small for a path.
    small_limit: Option<u32>,
}

/// A handshake that stands still.
struct Stall {
    received: usize,
    out_of_order: u32,
}

impl<'a> Seen<'a> {
    fn new(view: &TargetView<'a>) -> Self {
        let is_hole = |path: &Timed<PathMtu>| path.value.outcome == PathOutcome::BlackHole;
        let mut measured = measured(view);
        let hole = measured.next().filter(|path| is_hole(path));
        let before = measured.next().map(is_hole);
        let facts = facts(view);
        let mtu = hole.and_then(|path| path.value.mtu);
        let swallowed = hole.and_then(|path| path.value.swallowed);
        let address = view.dialled;
        let tcp_fits = facts
            .zip(mtu)
            .zip(address)
            .is_some_and(|((facts, mtu), address)| facts.largest_packet(address) <= mtu);
        let udp_fits = hole
            .zip(swallowed)
            .is_some_and(|(path, size)| size <= path.value.needed() && udp_fits_full(view));
        let from_host =
            view.handshake.zip(swallowed).zip(address).is_some_and(|((facts, size), address)| {
                facts.value.largest_received(address) >= size
            });
        let outcome = view.tls.map(|tls| tls.value.outcome);
        let failed = outcome
            .is_some_and(|outcome| !matches!(outcome, TlsOutcome::Ok | TlsOutcome::Unsupported));
        let stalled = stalled(view);
        Self {
            hole,
            proven: facts.is_some() && before.unwrap_or(view.mode == Mode::Moment),
            harmless: tcp_fits || udp_fits,
            from_host,
            other_failure: failed && outcome != Some(TlsOutcome::Timeout),
            stalled,
            only_small: udp_fits_only_small(view),
            small_limit: view
                .path
                .last()
                .filter(|path| path.value.outcome == PathOutcome::Unknown)
                .and_then(|path| path.value.swallowed),
        }
    }

    fn verdict(&self) -> Option<(Severity, Confidence)> {
        if let Some(stall) = &self.stalled {
            let by_size = self.hole.is_some_and(|_| !self.harmless) || self.only_small;
            let hinted = stall.out_of_order > 0 || self.small_limit.is_some();
            if by_size {
                return Some((Severity::Critical, Confidence::Certain));
            }
            if hinted {
                return Some((Severity::Critical, Confidence::Likely));
            }
        }
        if !self.proven || self.harmless || self.other_failure {
            return None;
        }
        self.hole?;
        if self.from_host {
            return Some((Severity::Notice, Confidence::Possible));
        }
        let confidence = if self.only_small { Confidence::Certain } else { Confidence::Likely };
        Some((Severity::Critical, confidence))
    }

    /// Whether what was measured speaks against it.
    fn is_settled(&self, view: &TargetView<'_>) -> bool {
        if self.hole.is_some() {
            return self.harmless || self.other_failure;
        }
        let works = view.tls.is_some_and(|tls| tls.value.outcome == TlsOutcome::Ok);
        measured(view).next().is_some() || works
    }

    fn evidence(
        &self,
        view: &TargetView<'_>,
        severity: Severity,
        confidence: Confidence,
    ) -> Evidence {
        let who = name(view);
        let size = self.hole.and_then(|path| path.value.swallowed).or(self.small_limit);
        let sized = size.map_or_else(String::new, |size| format!(" of {size} bytes and more"));
        let title = size.map_or_else(
            || "the handshake stalls, large packets vanish".to_owned(),
            |size| format!("packets of {size} bytes vanish"),
        );
        let sure = format!("({})", confidence.word());
        let sentence = if severity == Severity::Notice {
            format!(
                "Echo requests{sized} to {who} vanish, while packets as large arrive from it: a \
                 limit for pings, or a path that swallows large packets one way {sure}."
            )
        } else {
            format!(
                "Packets{sized} to {who} vanish on the way and nobody says so {sure}: sessions \
                 freeze or drop once much is shown. Lower the VPN's MTU first, for example to 1350."
            )
        };
        let mut evidence = Evidence::new(severity, confidence, title, sentence);
        if let Some(path) = self.hole {
            let path = &path.value;
            if let (Some(size), Some(mtu)) = (path.swallowed, path.mtu) {
                evidence = evidence.line(format!(
                    "{size} bytes vanished {}, {mtu} bytes were answered at the same time",
                    times(path.tries)
                ));
            }
            evidence = evidence.since(
                view.path.since(|path| path.outcome == PathOutcome::BlackHole).map(|at| at.wall),
            );
        } else if let Some(size) = self.small_limit {
            evidence = evidence
                .line(format!("echo requests of {size} bytes are not answered, small ones are"));
        }
        if let Some(stall) = &self.stalled {
            evidence = evidence.line(format!(
                "the handshake stands still behind the ClientHello, {} received",
                count(u64::try_from(stall.received).unwrap_or(u64::MAX), "byte")
            ));
            if stall.out_of_order > 0 {
                evidence = evidence.line(format!(
                    "{} arrived while an earlier one was missing",
                    count(stall.out_of_order, "segment")
                ));
            }
        }
        if let Some((facts, address)) = facts(view).zip(view.dialled) {
            evidence = evidence.line(format!(
                "TCP would send packets of up to {} bytes",
                facts.largest_packet(address)
            ));
        }
        if self.only_small {
            evidence = evidence.line(only_small_syn());
        }
        evidence
    }
}

/// Measurements of the way to the dialled address that came to a verdict, newest first.
fn measured<'a>(view: &TargetView<'a>) -> impl Iterator<Item = &'a Timed<PathMtu>> + use<'a> {
    let dialled = view.dialled;
    view.path.recent().filter(move |path| {
        let decided = matches!(
            path.value.outcome,
            PathOutcome::Full | PathOutcome::Lowered | PathOutcome::BlackHole
        );
        decided && Some(path.value.address) == dialled
    })
}

/// What the kernel counted, on the newest handshake, else on the newest connection.
fn facts(view: &TargetView<'_>) -> Option<TcpFacts> {
    let newest = || view.measured().and_then(|attempt| attempt.value.socket);
    view.handshake.map(|facts| facts.value).or_else(newest)
}

/// The newest handshakes (two of them, one in a single moment) ended in silence behind the
/// `ClientHello`, although X.224 was answered on the same connection.
fn stalled(view: &TargetView<'_>) -> Option<Stall> {
    let wanted = if view.mode == Mode::Moment { 1 } else { 2 };
    let mut newest = view.attempts.recent().filter_map(|attempt| {
        let tls = attempt.value.tls.as_ref()?;
        Some((tls, attempt.value.socket))
    });
    let mut found: Option<Stall> = None;
    for _ in 0..wanted {
        let (tls, socket) = newest.next()?;
        if tls.outcome != TlsOutcome::Timeout {
            return None;
        }
        let out_of_order = socket.and_then(|facts| facts.out_of_order).unwrap_or(0);
        found = Some(match found {
            None => Stall { received: tls.received, out_of_order },
            Some(newer) => Stall { out_of_order: newer.out_of_order.min(out_of_order), ..newer },
        });
    }
    found
}

/// The size of SYN that the UDP transport at the dialled address answered last.
fn udp_answered_at(view: &TargetView<'_>) -> Option<u16> {
    let last = view.udp.last().filter(|udp| Some(udp.value.address.ip()) == view.dialled)?;
    last.value.answered_at.filter(|_| last.value.outcome == UdpOutcome::SynAck)
}

fn udp_fits_full(view: &TargetView<'_>) -> bool {
    udp_answered_at(view).is_some_and(|size| size >= FULL_SYN)
}

fn udp_fits_only_small(view: &TargetView<'_>) -> bool {
    udp_answered_at(view).is_some_and(|size| size < FULL_SYN)
}

fn only_small_syn() -> String {
    format!("UDP answered a SYN of {SMALL_SYN} bytes and none of {FULL_SYN}")
}

/// `once`, `3 times`.
fn times(number: u8) -> String {
    if number == 1 { "once".to_owned() } else { format!("{number} times") }
}
