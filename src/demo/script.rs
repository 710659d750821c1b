//! What a scripted host does with a connection, as data.

use super::certificate::CertificateSpec;
use super::udp::UdpScript;
use crate::domain::sample::{CipherSuite, NtlmIdentity, OsVersion, TlsVersion};
use crate::domain::security::{FailureCode, SecurityProtocol};
use crate::domain::time::WallTime;
use crate::domain::tls_alert::{HANDSHAKE_FAILURE, PROTOCOL_VERSION};
use crate::proto::credssp::{self, TsRequest};
use crate::proto::ntlm;
use crate::proto::tls_hello::{AlertLevel, TLS1_0, TLS1_1, TLS1_2, alert};
use crate::proto::x224::{
    DISCONNECT_PROVIDER_ULTIMATUM, connection_confirm, connection_confirm_without_negotiation,
    negotiation_failure, response_flags,
};
use std::time::Duration;

/// How one host behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostScript {
    /// What happens to a SYN.
    pub port: Port,
    /// One behaviour per connection, from the first again after the last.
    pub turns: Vec<Turn>,
    /// What happens to datagrams at the same port.
    pub udp: UdpScript,
}

/// What happens to a SYN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// A SYN-ACK.
    Open,
    /// A reset: the port is held without listening.
    Closed,
    /// Nothing: the backlog is kept full, which Linux answers with silence. Where a full backlog
    /// refuses (Windows), this is a closed port.
    Filtered,
}

/// What happens to one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Whether the Connection Request is read first.
    pub opening: Opening,
    /// Waited before the answer.
    pub delay: Duration,
    /// What is said.
    pub answer: Answer,
    /// What follows it.
    pub then: Then,
}

/// Who speaks first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// The client, with a Connection Request; anything else is hung up on (MS-RDPBCGR 3.3.5.3.1).
    Request,
    /// The client, with anything: one read.
    Anything,
    /// The host.
    AtOnce,
}

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Nothing.
    Nothing,
    /// These bytes.
    Bytes(Vec<u8>),
    /// These bytes, one at a time.
    Drip(Vec<u8>, Duration),
    /// These bytes, then as many zeros as make `total` bytes.
    Flood {
        /// Said first.
        head: Vec<u8>,
        /// Bytes in all, at most [`MAX_FLOOD`].
        total: u64,
    },
    /// A Connection Confirm with this protocol to a client that asked for it alone; failure
    /// `HYBRID_REQUIRED_BY_SERVER` and a hang-up to all others.
    InsistsOn(SecurityProtocol),
}

/// The most that a host sends on one connection, in bytes.
pub const MAX_FLOOD: u64 = 64 << 20;

/// What follows the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    /// FIN; what the client still sends is read.
    Fin,
    /// RST.
    Rst,
    /// Silence until the client closes.
    Silence,
    /// TLS.
    Tls(TlsScript),
}

/// What happens to a `ClientHello`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsScript {
    /// A whole handshake with rustls.
    Handshake {
        /// The certificate shown.
        certificate: CertificateSpec,
        /// The versions spoken.
        versions: Versions,
        /// What follows it.
        then: AfterTls,
    },
    /// A hand-written `ServerHello` and Certificate of an old server to a client that offers this
    /// version and suite, the alert `protocol_version` or `handshake_failure` to all others.
    Flight {
        /// TLS 1.2 or below.
        version: TlsVersion,
        /// The only suite.
        cipher: CipherSuite,
        /// The certificate shown.
        certificate: CertificateSpec,
    },
    /// RST.
    Rst,
    /// FIN.
    Fin,
    /// Silence.
    Silence,
    /// These bytes, then FIN.
    Bytes(Vec<u8>),
}

/// Versions that a host with a whole handshake speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versions {
    /// TLS 1.2 and 1.3.
    Current,
    /// TLS 1.2 only.
    Tls12,
    /// TLS 1.3 only.
    Tls13,
}

/// What follows a whole handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterTls {
    /// The host says nothing until the client closes.
    Waits,
    /// The host closes.
    Fin,
    /// The host resets.
    Rst,
    /// The host reads a `TSRequest` and answers with a challenge; then it waits.
    Challenges(Box<NtlmScript>),
    /// The host reads a `TSRequest`, says these bytes and closes.
    Says(Vec<u8>),
    /// The host reads a `TSRequest`, says these bytes and waits.
    Stalls(Vec<u8>),
    /// The host reads an HTTP request for an RD Gateway, says this, and then that. It closes on
    /// any other request.
    Http(Answer, HttpEnd),
}

/// What follows the answer of a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpEnd {
    /// The host closes.
    Fin,
    /// Silence until the client closes.
    Silence,
}

/// Who a host says it is in its NTLM challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NtlmScript {
    /// `version` of its `TSRequest`.
    pub version: u32,
    /// What its challenge says; the time in it is that of the moment.
    pub identity: NtlmIdentity,
    /// How far its clock is ahead, in milliseconds; behind when negative.
    pub ahead_ms: i64,
}

impl NtlmScript {
    /// A current Windows whose certificate has this common name: a member of the name's domain,
    /// or of none when it has a single label.
    #[must_use]
    pub fn windows(common_name: &str) -> Self {
        let name: String = common_name.chars().take(ntlm::MAX_NAME).collect();
        let (label, domain) = match name.split_once('.') {
            Some((label, domain)) => (label, Some(domain.to_owned())),
            None => (name.as_str(), None),
        };
        let net_bios = |label: &str| label.to_uppercase().chars().take(15).collect::<String>();
        let computer = net_bios(label);
        let within = |domain: &String| net_bios(domain.split('.').next().unwrap_or_default());
        let identity = NtlmIdentity {
            domain: domain.as_ref().map_or_else(|| Some(computer.clone()), |own| Some(within(own))),
            dns_domain: domain.clone().or_else(|| Some(name.clone())),
            dns_tree: domain,
            computer: Some(computer),
            dns_computer: Some(name),
            os: Some(OsVersion { major: 10, minor: 0, build: 26_100 }),
            time: None,
            winpr: false,
        };
        Self { version: credssp::VERSION, identity, ahead_ms: 0 }
    }

    /// The same with another version of CredSSP and another build of Windows 10.
    #[must_use]
    pub fn older(mut self, version: u32, build: u16) -> Self {
        self.version = version;
        self.identity.os = Some(OsVersion { major: 10, minor: 0, build });
        self
    }

    /// The same with a clock that is ahead, or behind.
    #[must_use]
    pub const fn ahead(mut self, milliseconds: i64) -> Self {
        self.ahead_ms = milliseconds;
        self
    }

    /// Its `TSRequest` at `now`; empty when a name is too long for one.
    #[must_use]
    pub fn answer(&self, now: WallTime) -> Vec<u8> {
        let time = WallTime::from_unix_millis(now.unix_millis().saturating_add(self.ahead_ms));
        let identity = NtlmIdentity { time: Some(time), ..self.identity.clone() };
        let token = ntlm::encode_challenge(&identity, CHALLENGE).ok();
        let request = TsRequest { version: self.version, token, ..TsRequest::default() };
        request.encode().unwrap_or_default()
    }
}

/// A server challenge: nothing is ever computed from it.
const CHALLENGE: [u8; 8] = *b"rdpwatch";

impl HostScript {
    /// The same for every connection.
    #[must_use]
    pub fn always(turn: Turn) -> Self {
        Self::alternating(vec![turn])
    }

    /// These in turn.
    #[must_use]
    pub const fn alternating(turns: Vec<Turn>) -> Self {
        Self { port: Port::Open, turns, udp: UdpScript::Closed }
    }

    /// A port that answers with a reset.
    #[must_use]
    pub const fn closed() -> Self {
        Self { port: Port::Closed, turns: Vec::new(), udp: UdpScript::Closed }
    }

    /// A port that does not answer.
    #[must_use]
    pub const fn filtered() -> Self {
        Self { port: Port::Filtered, turns: Vec::new(), udp: UdpScript::Closed }
    }

    /// The same, with this at its UDP port.
    #[must_use]
    pub fn with_udp(self, udp: UdpScript) -> Self {
        Self { udp, ..self }
    }

    /// A current Windows with this certificate: CredSSP selected, whole handshake.
    #[must_use]
    pub fn windows(certificate: CertificateSpec) -> Self {
        Self::always(Turn::windows(certificate))
    }

    /// A current Windows whose TLS goes like this.
    #[must_use]
    pub fn tls(tls: TlsScript) -> Self {
        Self::always(Turn::tls(tls))
    }

    /// An RD Gateway with this certificate that answers like this and closes.
    #[must_use]
    pub fn gateway(certificate: CertificateSpec, answer: Answer) -> Self {
        Self::always(Turn::gateway(certificate, answer, HttpEnd::Fin))
    }
}

impl Turn {
    /// Reads the request, then `bytes`, then `then`.
    #[must_use]
    pub fn answers(bytes: &[u8], then: Then) -> Self {
        let answer = Answer::Bytes(bytes.to_vec());
        Self { opening: Opening::Request, delay: Duration::ZERO, answer, then }
    }

    /// Speaks without being asked: `banner`, then silence.
    #[must_use]
    pub fn greets(banner: &[u8]) -> Self {
        Self { opening: Opening::AtOnce, ..Self::answers(banner, Then::Silence) }
    }

    /// Says nothing and does `then` at once.
    #[must_use]
    pub const fn ends(then: Then) -> Self {
        let (opening, delay) = (Opening::AtOnce, Duration::ZERO);
        Self { opening, delay, answer: Answer::Nothing, then }
    }

    /// A Connection Confirm, then `then`.
    #[must_use]
    pub fn confirms(selected: SecurityProtocol, then: Then) -> Self {
        Self::answers(&connection_confirm(selected, response_flags::WINDOWS_10), then)
    }

    /// An RDP Negotiation Failure, then a hang-up (MS-RDPBCGR 2.2.1.2.2).
    #[must_use]
    pub fn fails(failure: FailureCode) -> Self {
        Self::answers(&negotiation_failure(failure), Then::Fin)
    }

    /// A Connection Confirm of a server that does not know the negotiation.
    #[must_use]
    pub fn without_negotiation() -> Self {
        Self::answers(&connection_confirm_without_negotiation(), Then::Silence)
    }

    /// An MCS Disconnect Provider Ultimatum, as xrdp answers what it does not like.
    #[must_use]
    pub fn disconnects() -> Self {
        Self::answers(&DISCONNECT_PROVIDER_ULTIMATUM, Then::Fin)
    }

    /// A Connection Confirm with what current Windows selects, then TLS.
    #[must_use]
    pub fn tls(tls: TlsScript) -> Self {
        Self::confirms(SecurityProtocol::HYBRID_EX, Then::Tls(tls))
    }

    /// A current Windows with this certificate.
    #[must_use]
    pub fn windows(certificate: CertificateSpec) -> Self {
        Self::tls(TlsScript::handshake(certificate))
    }

    /// An RD Gateway: TLS at once, then HTTP.
    #[must_use]
    pub fn gateway(certificate: CertificateSpec, answer: Answer, end: HttpEnd) -> Self {
        let (versions, then) = (Versions::Current, AfterTls::Http(answer, end));
        Self::ends(Then::Tls(TlsScript::Handshake { certificate, versions, then }))
    }

    /// The same, answering only after `delay`.
    #[must_use]
    pub const fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

impl TlsScript {
    /// A whole handshake over current versions, and a challenge of the host that the certificate
    /// names.
    #[must_use]
    pub fn handshake(certificate: CertificateSpec) -> Self {
        let ntlm = NtlmScript::windows(&certificate.common_name);
        Self::then(certificate, AfterTls::Challenges(Box::new(ntlm)))
    }

    /// A whole handshake over current versions, then `then`.
    #[must_use]
    pub const fn then(certificate: CertificateSpec, then: AfterTls) -> Self {
        Self::Handshake { certificate, versions: Versions::Current, then }
    }

    /// A fatal alert with this description, then FIN.
    #[must_use]
    pub fn alert(description: u8) -> Self {
        Self::Bytes(alert(TLS1_2, AlertLevel::Fatal, description).to_vec())
    }

    /// TLS 1.0 with `TLS_RSA_WITH_AES_128_CBC_SHA` only.
    #[must_use]
    pub const fn tls1_0(certificate: CertificateSpec) -> Self {
        Self::Flight { version: TLS1_0, cipher: CipherSuite(0x002f), certificate }
    }

    /// TLS 1.1 with `TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA` only.
    #[must_use]
    pub const fn tls1_1(certificate: CertificateSpec) -> Self {
        Self::Flight { version: TLS1_1, cipher: CipherSuite(0xc014), certificate }
    }

    /// TLS 1.2 with `TLS_RSA_WITH_AES_256_GCM_SHA384` only.
    #[must_use]
    pub const fn static_rsa(certificate: CertificateSpec) -> Self {
        Self::Flight { version: TLS1_2, cipher: CipherSuite(0x009d), certificate }
    }
}

/// The alert of a server with these abilities for a client with those, `None` when they agree.
pub(super) const fn disagreement(version_offered: bool, cipher_offered: bool) -> Option<u8> {
    match (version_offered, cipher_offered) {
        (true, true) => None,
        (true, false) => Some(HANDSHAKE_FAILURE),
        (false, _) => Some(PROTOCOL_VERSION),
    }
}
