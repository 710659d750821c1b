//! Rounds: samples of one moment, or of several at even distances.

use super::rung::{CertificateTable, NtlmTable};
use super::word::{parse, span};
use super::wrong::Wrong;
use super::{answer, gateway, rung};
use crate::domain::sample::{
    Attempt, ConnectOutcome, Echo, EchoMethod, Negotiate, NegotiateOutcome, Neighbour, Observation,
    ProbeKind, TlsOutcome,
};
use crate::domain::security::SecurityProtocol;
use crate::domain::time::WallTime;
use serde::Deserialize;
use std::net::IpAddr;
use std::time::Duration;

/// Where echoes and connections go unless a round says otherwise.
pub(super) const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 21));

/// One word, or several that take turns when a round repeats.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "expected a word, or a list of words that take turns")]
pub(super) enum Turns {
    One(String),
    Many(Vec<String>),
}

impl Turns {
    /// The same words with `own` standing for an address.
    pub(super) fn of(&self, address: IpAddr) -> Self {
        let of = |word: &String| match word.strip_suffix("own") {
            Some(before) if before.is_empty() || before.ends_with('=') => {
                format!("{before}{address}")
            }
            _ => word.clone(),
        };
        match self {
            Self::One(word) => Self::One(of(word)),
            Self::Many(words) => Self::Many(words.iter().map(of).collect()),
        }
    }

    fn turn(&self, index: u32) -> Result<&str, Wrong> {
        match self {
            Self::One(word) => Ok(word),
            Self::Many(words) => {
                let index = usize::try_from(index).unwrap_or(0).checked_rem(words.len());
                let word = index.and_then(|index| words.get(index));
                word.map(String::as_str).ok_or_else(|| Wrong::new("a list without a word"))
            }
        }
    }
}

/// Samples that begin at `at`, `times` of them, `every` so often.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Round {
    pub(super) at: String,
    pub(super) times: Option<u32>,
    pub(super) every: Option<String>,
    /// Of an incident: which targets, `3` or `0-5`; default all.
    pub(super) hosts: Option<String>,
    /// The address that echo and connections go to.
    pub(super) address: Option<IpAddr>,
    echo: Option<Turns>,
    connect: Option<Turns>,
    connect_took: Option<String>,
    negotiate: Option<Turns>,
    negotiate_took: Option<String>,
    asked: Option<u32>,
    tls: Option<Turns>,
    certificate: Option<CertificateTable>,
    nla: Option<Turns>,
    /// The host's clock less ours.
    skew: Option<String>,
    /// Flags of the RDP Negotiation Response; default those of Windows 10.
    flags: Option<u8>,
    ntlm: Option<NtlmTable>,
    pub(super) resolve: Option<Turns>,
    resolve_took: Option<String>,
    resolve_from: Option<String>,
    #[serde(default)]
    pub(super) servers: Vec<Turns>,
    #[serde(default)]
    alternatives: Vec<String>,
    neighbour: Option<Turns>,
    mac: Option<String>,
    gateway: Option<Turns>,
    gateway_certificate: Option<CertificateTable>,
    udp: Option<Turns>,
    path: Option<Turns>,
    socket: Option<Turns>,
    os_build: Option<String>,
    sweep: Option<String>,
    tls_took: Option<String>,
}

/// What one turn shows, with the time it took.
pub(super) type Seen = Vec<(Observation, Duration)>;

impl Round {
    /// Every observation of one turn.
    pub(super) fn observations(&self, index: u32, start: WallTime) -> Result<Seen, Wrong> {
        let mut all = Vec::new();
        self.names(index, &mut all)?;
        self.echoes(index, &mut all)?;
        let climbs = [&self.connect, &self.negotiate, &self.tls, &self.nla];
        if climbs.iter().any(|rung| rung.is_some()) || self.ntlm.is_some() {
            let (attempt, took) = self.attempt(index, start)?;
            all.push((Observation::Attempt(Box::new(attempt)), took));
        }
        if let Some(word) = &self.gateway {
            let table = self.gateway_certificate.clone().unwrap_or_else(CertificateTable::gateway);
            let found = gateway::look(word.turn(index)?, table.certificate(start)?);
            let found = found.map_err(|wrong| wrong.within("gateway"))?;
            let took = found.elapsed;
            all.push((Observation::Gateway(Box::new(found)), took));
        }
        self.aside(index, &mut all)?;
        Ok(all)
    }

    fn names(&self, index: u32, all: &mut Seen) -> Result<(), Wrong> {
        let Some(word) = &self.resolve else { return Ok(()) };
        let servers: Result<Vec<&str>, Wrong> =
            self.servers.iter().map(|word| word.turn(index)).collect();
        let took = self.resolve_took.as_deref();
        let from = self.resolve_from.as_deref();
        let found = answer::resolution(word.turn(index)?, from, took, &servers?)
            .map_err(|wrong| wrong.within("resolve"))?;
        let took = found.elapsed;
        all.push((Observation::Resolve(found), took));
        Ok(())
    }

    fn echoes(&self, index: u32, all: &mut Seen) -> Result<(), Wrong> {
        if let Some(word) = &self.neighbour {
            let state =
                answer::neighbour(word.turn(index)?).map_err(|wrong| wrong.within("neighbour"))?;
            let mac = self.mac.as_deref().map(|mac| parse(mac, "a MAC address")).transpose()?;
            let neighbour = Neighbour { address: self.address(), state, mac };
            all.push((Observation::Neighbour(neighbour), Duration::ZERO));
        }
        if let Some(word) = &self.echo {
            let (outcome, took) =
                answer::echo(word.turn(index)?).map_err(|wrong| wrong.within("echo"))?;
            let echo = Echo { method: EchoMethod::Icmp, address: self.address(), outcome };
            all.push((Observation::Echo(echo), took));
        }
        Ok(())
    }

    /// What is probed beside the ladder.
    fn aside(&self, index: u32, all: &mut Seen) -> Result<(), Wrong> {
        if let Some(word) = &self.udp {
            let udp = answer::udp(word.turn(index)?, self.address())
                .map_err(|wrong| wrong.within("udp"))?;
            all.push((Observation::Udp(udp), udp.elapsed));
        }
        if let Some(word) = &self.path {
            let path = answer::path(word.turn(index)?, self.address())
                .map_err(|wrong| wrong.within("path"))?;
            all.push((Observation::PathMtu(path), path.elapsed));
        }
        if let Some(words) = &self.sweep {
            let found = rung::sweep(words).map_err(|wrong| wrong.within("sweep"))?;
            let took = found.elapsed;
            all.push((Observation::Sweep(Box::new(found)), took));
        }
        for word in &self.alternatives {
            let (attempt, took) =
                alternative(word).map_err(|wrong| wrong.within("alternatives"))?;
            all.push((Observation::Alternative(Box::new(attempt)), took));
        }
        Ok(())
    }

    fn address(&self) -> IpAddr {
        self.address.unwrap_or(ADDRESS)
    }

    fn attempt(&self, index: u32, start: WallTime) -> Result<(Attempt, Duration), Wrong> {
        let word = self.connect.as_ref().map_or(Ok("open"), |word| word.turn(index))?;
        let connect = rung::connect(word, self.address(), self.connect_took.as_deref())
            .map_err(|wrong| wrong.within("connect"))?;
        let mut took = connect.elapsed;
        let mut attempt = Attempt::new(ProbeKind::Negotiate, connect);
        if self.nla.is_some() || self.ntlm.is_some() {
            attempt.depth = ProbeKind::Nla;
        } else if self.tls.is_some() {
            attempt.depth = ProbeKind::Tls;
        }
        if connect.outcome != ConnectOutcome::Open {
            return Ok((attempt, took));
        }
        let default = (attempt.depth > ProbeKind::Negotiate).then_some("hybrid");
        if let Some(word) = turn_or(self.negotiate.as_ref(), index, default)? {
            let negotiate = self.negotiate(word).map_err(|wrong| wrong.within("negotiate"))?;
            let selected = negotiate.outcome.selected();
            took += negotiate.elapsed;
            attempt.negotiate = Some(negotiate);
            if !selected.is_some_and(SecurityProtocol::starts_tls) {
                return Ok((attempt, took));
            }
        }
        let default = (attempt.depth == ProbeKind::Nla).then_some("ok");
        if let Some(word) = turn_or(self.tls.as_ref(), index, default)? {
            let mut tls = rung::tls(word).map_err(|wrong| wrong.within("tls"))?;
            if let Some(took) = &self.tls_took {
                tls.elapsed = span(took)?;
            }
            if tls.outcome == TlsOutcome::Ok {
                let table = self.certificate.clone().unwrap_or_default();
                let found = table.certificate(start);
                tls.certificate = Some(found.map_err(|wrong| wrong.within("certificate"))?);
            }
            took += tls.elapsed;
            attempt.tls = Some(tls);
        }
        let default = self.ntlm.as_ref().map(|_| "challenge");
        if let Some(word) = turn_or(self.nla.as_ref(), index, default)? {
            let mut nla =
                rung::nla(word, self.skew.as_deref()).map_err(|wrong| wrong.within("nla"))?;
            if let Some(names) = &self.ntlm {
                nla.identity = Some(names.identity());
            }
            if let Some((identity, build)) = nla.identity.as_mut().zip(self.os_build.as_deref()) {
                identity.os = Some(rung::os(build)?);
            }
            took += nla.elapsed;
            attempt.nla = Some(nla);
        }
        if let Some(words) = &self.socket {
            let facts =
                answer::socket(words.turn(index)?).map_err(|wrong| wrong.within("socket"))?;
            attempt.socket = Some(facts);
        }
        Ok((attempt, took))
    }

    fn negotiate(&self, word: &str) -> Result<Negotiate, Wrong> {
        let mut outcome = rung::negotiate(word)?;
        if let (NegotiateOutcome::Confirmed { flags, .. }, Some(own)) = (&mut outcome, self.flags) {
            *flags = own;
        }
        let usual = if outcome == NegotiateOutcome::Timeout { "5s" } else { "13ms" };
        let elapsed = span(self.negotiate_took.as_deref().unwrap_or(usual))?;
        let received = match outcome {
            NegotiateOutcome::Confirmed { .. } | NegotiateOutcome::Failure(_) => 19,
            NegotiateOutcome::NoNegotiation => 11,
            _ => 0,
        };
        let asked = self.asked.map_or(SecurityProtocol::OFFERED, SecurityProtocol);
        Ok(Negotiate { asked, outcome, received, elapsed })
    }
}

fn turn_or<'t>(
    words: Option<&'t Turns>,
    index: u32,
    default: Option<&'t str>,
) -> Result<Option<&'t str>, Wrong> {
    words.map_or(Ok(default), |words| words.turn(index).map(Some))
}

/// `10.0.0.22=open`: a bare connection. `10.0.0.22=open+hybrid+ok`: a climb.
fn alternative(word: &str) -> Result<(Attempt, Duration), Wrong> {
    let (address, outcome) = super::word::split(word, "=", "ADDRESS=OUTCOME")?;
    let mut rungs = outcome.split('+');
    let address = parse(address, "an address")?;
    let connect = rung::connect(rungs.next().unwrap_or_default(), address, None)?;
    let mut took = connect.elapsed;
    let mut attempt = Attempt::new(ProbeKind::Connect, connect);
    if let Some(word) = rungs.next() {
        attempt.depth = ProbeKind::Tls;
        attempt.negotiate = Some(Negotiate {
            asked: SecurityProtocol::OFFERED,
            outcome: rung::negotiate(word)?,
            received: 19,
            elapsed: Duration::from_millis(13),
        });
        took += Duration::from_millis(13);
    }
    attempt.tls = rungs.next().map(rung::tls).transpose()?;
    Ok((attempt, took))
}

/// The lookup of a target whose rounds do not resolve.
pub(super) fn usual_resolution() -> Result<(Observation, Duration), Wrong> {
    let found = answer::resolution("10.0.0.21", None, None, &[])?;
    let took = found.elapsed;
    Ok((Observation::Resolve(found), took))
}
