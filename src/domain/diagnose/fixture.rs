//! Everything a view borrows, owned, and rules that say what the test wants: for tests only.

use super::super::alternative::Alternative;
use super::super::echo_series::EchoSeries;
use super::super::finding::{Confidence, Finding, Owner, RuleId, Rung, Severity};
use super::super::flip::Flips;
use super::super::heard::Heard;
use super::super::history::{History, Timed};
use super::super::leads::Leads;
use super::super::memory::TargetMemory;
use super::super::rules::{Alerting, Evidence, Hysteresis, Judgement, Rule, RuleCard};
use super::super::sample::{
    Attempt, ChainTrust, Connect, ConnectOutcome, Echo, EchoMethod, EchoOutcome, Gateway,
    GatewayAnswer, GatewayHttp, GatewayTls, Hello, NameOutcome, Negotiate, NegotiateOutcome,
    Neighbour, NeighbourState, Nla, PathMtu, ProbeKind, Resolution, TcpFacts, Tls, TlsOutcome,
    TlsSweep, Udp,
};
use super::super::security::SecurityProtocol;
use super::super::surroundings::Surroundings;
use super::super::target::{GatewayAddress, GatewayUsage, Host, Target, TargetId};
use super::super::time::{MonoTime, Now, WallTime};
use super::super::view::{Mode, TargetView};
use super::super::wake::WakeProgress;
use crate::domain::certificate::{CertificateSummary, KeyKind, Thumbprint};
use crate::domain::session::Sessions;
use crate::domain::usual::Usual;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

pub(crate) const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 21));

/// Both clocks `secs` after an origin.
pub(crate) fn at(secs: u64) -> Now {
    Now {
        mono: MonoTime::from_secs(secs),
        wall: WallTime::from_unix_secs(1_000_000).plus(Duration::from_secs(secs)),
    }
}

pub(crate) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// What a [`TargetView`] borrows.
#[derive(Debug)]
pub(crate) struct Fixture {
    pub(crate) target: Target,
    pub(crate) now: Now,
    pub(crate) mode: Mode,
    pub(crate) dialled: Option<IpAddr>,
    pub(crate) resolve: History<Resolution>,
    pub(crate) flips: Flips,
    pub(crate) leads: Leads,
    pub(crate) echo: EchoSeries,
    pub(crate) attempts: History<Attempt>,
    pub(crate) heard: Heard,
    pub(crate) tls: Option<Timed<Tls>>,
    pub(crate) handshake: Option<Timed<TcpFacts>>,
    pub(crate) nla: Option<Timed<Nla>>,
    pub(crate) sweep: Option<Timed<TlsSweep>>,
    pub(crate) udp: History<Udp>,
    pub(crate) path: History<PathMtu>,
    pub(crate) gateway: History<Gateway>,
    pub(crate) service_times: History<Duration>,
    pub(crate) tls_times: History<Duration>,
    pub(crate) alternatives: BTreeMap<IpAddr, Alternative>,
    pub(crate) neighbour: Option<Timed<Neighbour>>,
    pub(crate) memory: TargetMemory,
    pub(crate) wake: Option<WakeProgress>,
    sessions: Sessions,
    pub(crate) around: Surroundings,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self {
            target: Target::new(TargetId(0), "office-pc", Host::Name("office-pc".into())),
            now: at(0),
            mode: Mode::Watch,
            dialled: Some(ADDRESS),
            resolve: History::new(16),
            flips: Flips::default(),
            leads: Leads::default(),
            echo: EchoSeries::default(),
            attempts: History::new(16),
            heard: Heard::default(),
            tls: None,
            handshake: None,
            nla: None,
            sweep: None,
            udp: History::new(8),
            path: History::new(8),
            gateway: History::new(8),
            service_times: History::new(16),
            tls_times: History::new(3),
            alternatives: BTreeMap::new(),
            neighbour: None,
            memory: TargetMemory::default(),
            wake: None,
            sessions: Sessions::default(),
            around: Surroundings::default(),
        }
    }

    pub(crate) fn view(&self) -> TargetView<'_> {
        TargetView {
            target: &self.target,
            now: self.now,
            mode: self.mode,
            dialled: self.dialled,
            resolve: &self.resolve,
            flips: &self.flips,
            leads: &self.leads,
            echo: &self.echo,
            attempts: &self.attempts,
            heard: &self.heard,
            tls: self.tls.as_ref(),
            handshake: self.handshake.as_ref(),
            nla: self.nla.as_ref(),
            sweep: self.sweep.as_ref(),
            udp: &self.udp,
            path: &self.path,
            gateway: &self.gateway,
            service_times: &self.service_times,
            tls_times: &self.tls_times,
            usual: Usual::default(),
            alternatives: &self.alternatives,
            neighbour: self.neighbour.as_ref(),
            memory: &self.memory,
            wake: self.wake.as_ref(),
            sessions: &self.sessions,
            around: &self.around,
        }
    }

    /// Lets the scripted rule `id` say `word`: `critical`, `warning`, `notice` or `clear`.
    pub(crate) fn script(&mut self, id: &str, word: &str) {
        self.target.aliases.retain(|line| line.split('=').next() != Some(id));
        self.target.aliases.push(format!("{id}={word}"));
    }

    pub(crate) fn echoes(&mut self, outcomes: &[EchoOutcome]) {
        for outcome in outcomes {
            let seq = self.echo.last().map_or(0, |point| point.seq + 1);
            let echo = Echo { method: EchoMethod::Icmp, address: ADDRESS, outcome: *outcome };
            self.echo.push(seq, at(seq), echo);
            self.now = at(seq);
        }
    }

    /// Adds an attempt one second after everything before it.
    pub(crate) fn attempt(&mut self, attempt: Attempt) {
        let next = self.attempts.last().map_or(self.now.mono, |entry| entry.at.mono);
        let secs = next.max(self.now.mono).as_nanos() / 1_000_000_000 + 1;
        if let Some(tls) = &attempt.tls {
            self.tls = Some(Timed { at: at(secs), value: tls.clone() });
        }
        self.heard.observe_attempt(at(secs), &attempt, &self.echo);
        self.attempts.push(at(secs), attempt);
        self.now = at(secs);
    }

    /// Puts a gateway in front, which is asked one second after everything before it.
    pub(crate) fn gateway(&mut self, usage: GatewayUsage, looked: Gateway) {
        let host = Host::Name(looked.host.clone());
        self.target.gateway = Some(GatewayAddress { host, port: looked.port, usage });
        self.now = at(self.now.mono.as_nanos() / 1_000_000_000 + 1);
        self.gateway.push(self.now, looked);
    }

    pub(crate) fn neighbour(&mut self, state: NeighbourState) {
        let value = Neighbour { address: ADDRESS, state, mac: None };
        self.neighbour = Some(Timed { at: self.now, value });
    }
}

pub(crate) fn reply(millis: u64) -> EchoOutcome {
    EchoOutcome::Reply { rtt: ms(millis), ttl: None }
}

pub(crate) fn connect(outcome: ConnectOutcome) -> Connect {
    Connect {
        address: (ADDRESS, 3389).into(),
        outcome,
        icmp: None,
        icmp_is_ours: false,
        elapsed: ms(12),
        untimed: false,
    }
}

/// An attempt that ended at TCP.
pub(crate) fn stopped_at_tcp(outcome: ConnectOutcome) -> Attempt {
    Attempt::new(ProbeKind::Negotiate, connect(outcome))
}

/// An attempt that ended at X.224.
pub(crate) fn negotiated(outcome: NegotiateOutcome) -> Attempt {
    Attempt {
        negotiate: Some(Negotiate {
            asked: SecurityProtocol::OFFERED,
            outcome,
            received: 19,
            elapsed: ms(13),
        }),
        ..stopped_at_tcp(ConnectOutcome::Open)
    }
}

pub(crate) fn confirmed(selected: SecurityProtocol) -> Attempt {
    negotiated(NegotiateOutcome::Confirmed { selected, flags: 0 })
}

/// An attempt that went up to TLS.
pub(crate) fn handshake(outcome: TlsOutcome) -> Attempt {
    Attempt {
        depth: ProbeKind::Tls,
        tls: Some(Tls {
            outcome,
            hello: Hello::Modern,
            modern: None,
            afterwards: None,
            version: None,
            cipher: None,
            certificate: None,
            received: 0,
            elapsed: ms(31),
        }),
        ..confirmed(SecurityProtocol::HYBRID)
    }
}

/// A whole handshake, with a certificate of its own that names `name`; `byte` is its thumbprint's.
pub(crate) fn certified(name: &str, byte: u8) -> Attempt {
    let mut attempt = handshake(TlsOutcome::Ok);
    if let Some(tls) = &mut attempt.tls {
        tls.certificate = Some(CertificateSummary {
            subject: format!("CN={name}"),
            common_name: Some(name.to_owned()),
            issuer: format!("CN={name}"),
            self_signed: true,
            not_before: at(0).wall,
            not_after: at(100_000_000).wall,
            names: vec![name.to_owned()],
            key: KeyKind::Rsa(2_048),
            signature: "sha256WithRSAEncryption".to_owned(),
            sha256: Thumbprint([byte; 32]),
        });
    }
    attempt
}

/// A look at a gateway that answers like this.
pub(crate) fn looked(answer: GatewayAnswer, trust: ChainTrust) -> Gateway {
    let challenge = answer == GatewayAnswer::Challenge;
    let schemes: &[&str] = if challenge { &["Negotiate", "NTLM"] } else { &[] };
    Gateway {
        host: "gw.corp.lab".to_owned(),
        port: 443,
        name: NameOutcome::Ok,
        connect: Some(Connect {
            address: ([192, 0, 2, 7], 443).into(),
            ..connect(ConnectOutcome::Open)
        }),
        tls: Some(GatewayTls {
            outcome: TlsOutcome::Ok,
            hello: Hello::Modern,
            version: None,
            certificate: None,
            presented: 1,
            trust,
            elapsed: ms(30),
        }),
        http: Some(GatewayHttp {
            answer,
            status: challenge.then_some(401),
            schemes: schemes.iter().map(|scheme| (*scheme).to_owned()).collect(),
            location: None,
            received: 200,
            elapsed: ms(5),
        }),
        elapsed: ms(50),
    }
}

/// A finding with only what the engine looks at.
pub(crate) fn finding(id: &'static str, severity: Severity, rung: Option<Rung>) -> Finding {
    let card = Scripted::new(id, rung).card;
    card.finding(&evidence(id, severity), at(0).wall, false)
}

pub(crate) fn evidence(id: &str, severity: Severity) -> Evidence {
    let sentence = format!("{id} is {}.", severity.word());
    Evidence::new(severity, Confidence::Certain, id, sentence).line("measured")
}

/// A rule that says what [`Fixture::script`] told it.
#[derive(Debug)]
pub(crate) struct Scripted {
    card: &'static RuleCard,
}

impl Scripted {
    pub(crate) fn new(id: &'static str, rung: Option<Rung>) -> Self {
        Self {
            card: Box::leak(Box::new(RuleCard {
                id: RuleId(id),
                title: id,
                severities: &[Severity::Notice, Severity::Warning, Severity::Critical],
                owner: Owner::Server,
                rung,
                hysteresis: Hysteresis::AT_ONCE,
                fed_by: &[ProbeKind::Negotiate],
                plain: "",
                explanation: "",
                disproof: "",
                remedies: &[],
                explains: &[],
                low_risk: false,
                client_error: None,
                reviewed_when_found: false,
                alerting: Alerting::PLAIN,
            })),
        }
    }

    /// With a changed card.
    pub(crate) fn with(self, change: impl FnOnce(RuleCard) -> RuleCard) -> Self {
        Self { card: Box::leak(Box::new(change(copy(self.card)))) }
    }

    pub(crate) fn hysteresis(self, raise: u8, of: u8, clear: u8) -> Self {
        self.with(|card| RuleCard { hysteresis: Hysteresis { raise, of, clear }, ..card })
    }

    pub(crate) fn leak(self) -> &'static dyn Rule {
        Box::leak(Box::new(self))
    }
}

const fn copy(card: &RuleCard) -> RuleCard {
    RuleCard {
        id: card.id,
        title: card.title,
        severities: card.severities,
        owner: card.owner,
        rung: card.rung,
        hysteresis: card.hysteresis,
        fed_by: card.fed_by,
        plain: card.plain,
        explanation: card.explanation,
        disproof: card.disproof,
        remedies: card.remedies,
        explains: card.explains,
        low_risk: card.low_risk,
        client_error: card.client_error,
        reviewed_when_found: card.reviewed_when_found,
        alerting: card.alerting,
    }
}

fn judge(id: &str, line: Option<&str>) -> Judgement {
    match line {
        Some("critical") => Judgement::fires(evidence(id, Severity::Critical)),
        Some("warning") => Judgement::fires(evidence(id, Severity::Warning)),
        Some("notice") => Judgement::fires(evidence(id, Severity::Notice)),
        Some("clear") => Judgement::Clear,
        Some("moot") => Judgement::Moot,
        _ => Judgement::NoEvidence,
    }
}

impl Rule for Scripted {
    fn card(&self) -> &'static RuleCard {
        self.card
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let id = self.card.id.0;
        let line =
            view.target.aliases.iter().find_map(|line| line.strip_prefix(id)?.strip_prefix('='));
        judge(id, line)
    }

    /// Holds while nobody answers.
    fn judge_monitor(&self, around: &Surroundings) -> Judgement {
        let word = if around.peers_answering == 0 { "critical" } else { "clear" };
        judge(self.card.id.0, Some(word))
    }
}
