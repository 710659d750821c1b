//! The shape of `rdpwatch.check/1`: every key, in the contract's order. A later version may add
//! keys, never rename one.

use super::gateway::GatewayEntry;
use crate::report::finding::RemedyText;
use serde::Serialize;

/// The value of `schema`.
pub const SCHEMA: &str = "rdpwatch.check/1";

/// The whole document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// RFC 3339, UTC.
    pub checked_at: String,
    /// The machine that checked.
    pub monitor: Monitor,
    /// In the order given.
    pub targets: Vec<Target>,
}

/// The machine that checked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Monitor {
    /// `ok`, `limited` or `offline`.
    pub state: &'static str,
    /// About this machine.
    pub findings: Vec<FindingEntry>,
}

/// One target.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Target {
    /// What the user calls it.
    pub name: String,
    /// What is dialled.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The address dialled.
    pub address: Option<String>,
    /// `server`, `pc`, …
    pub kind: &'static str,
    /// `up`, `asleep`, `down`, `unknown`.
    pub availability: &'static str,
    /// `ok`, `warning`, `critical`, `unknown`.
    pub state: &'static str,
    /// One plain sentence.
    pub verdict: String,
    /// What the user's client would show.
    pub expected_client_error: Option<ClientErrorEntry>,
    /// The name rung.
    pub dns: Option<Dns>,
    /// The echo rung.
    pub echo: Option<EchoEntry>,
    /// The TCP rung.
    pub tcp: Option<Tcp>,
    /// The X.224 rung.
    pub x224: Option<X224>,
    /// The TLS rung.
    pub tls: Option<TlsEntry>,
    /// The CredSSP rung.
    pub nla: Option<NlaEntry>,
    /// The UDP transport.
    pub udp: Option<UdpEntry>,
    /// The path MTU.
    pub path: Option<PathEntry>,
    /// The RD Gateway.
    pub gateway: Option<GatewayEntry>,
    /// The neighbour table.
    pub neighbour: Option<NeighbourEntry>,
    /// The dialled address first, then every other one that was tried.
    pub addresses: Vec<AddressEntry>,
    /// `none`, `low`, `elevated`, `high`, `unknown`.
    pub risk: &'static str,
    /// What the risk rests on, the heaviest first.
    pub risk_factors: Vec<RiskEntry>,
    /// Worst first.
    pub findings: Vec<FindingEntry>,
}

/// One thing that speaks for the risk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RiskEntry {
    /// Id of the finding.
    pub finding: &'static str,
    /// `low`, `elevated`, `high`: the risk is that of the heaviest.
    pub weight: &'static str,
    /// A few words.
    pub title: String,
}

/// What the user's client would show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClientErrorEntry {
    /// Lower-case hex: `0x904`.
    pub code: String,
    /// Lower-case hex: `0x7`.
    pub extended: Option<String>,
    /// In plain words.
    pub text: String,
    /// `certain`, `likely`, `possible`.
    pub likelihood: &'static str,
}

/// The name rung.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dns {
    /// `ok`, `nxdomain`, …, `not_needed`.
    pub outcome: &'static str,
    /// `dns`, `hosts`, `os`, `literal`; `null` when there is no answer to attribute.
    pub source: Option<&'static str>,
    /// What is dialled, first first.
    pub addresses: Vec<String>,
    /// What the configuration expects.
    pub expected: Vec<String>,
    /// The DNS server behind the outcome, with its port when that is not 53.
    pub server: Option<String>,
    /// Until the answer.
    pub elapsed_ms: Option<f64>,
    /// Smallest time to live, in seconds.
    pub ttl_s: Option<u32>,
    /// Names of the reverse lookup.
    pub ptr: Vec<String>,
    /// Names that the dialled one is an alias of (CNAME), nearest first.
    pub canonical: Vec<String>,
    /// The operating system's own answer.
    pub system: Vec<String>,
    /// Every server asked.
    pub servers: Vec<DnsServer>,
}

/// One DNS server's answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DnsServer {
    /// The server, with its port when that is not 53.
    pub server: String,
    /// Its outcome.
    pub outcome: &'static str,
    /// Its addresses.
    pub addresses: Vec<String>,
    /// Until its answer.
    pub elapsed_ms: f64,
}

/// The echo rung.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EchoEntry {
    /// `icmp` or `tcp`.
    pub method: Option<&'static str>,
    /// Requests whose outcome is known.
    pub sent: u32,
    /// Answered in time.
    pub received: u32,
    /// Share lost, in percent.
    pub loss_pct: Option<f64>,
    /// Smallest RTT.
    pub min_ms: Option<f64>,
    /// Median RTT.
    pub median_ms: Option<f64>,
    /// 95th percentile.
    pub p95_ms: Option<f64>,
    /// Largest RTT.
    pub max_ms: Option<f64>,
    /// Mean difference of consecutive RTTs.
    pub jitter_ms: Option<f64>,
    /// Answered after the deadline.
    pub late: u32,
    /// Answers beyond the first.
    pub duplicates: Option<u32>,
}

/// The TCP rung.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tcp {
    /// `open`, `refused`, `timeout`, `unreachable`, `prohibited`, `local_error`.
    pub outcome: &'static str,
    /// Type and code of the ICMP error behind it, `3/13`; its family is that of the address.
    pub icmp: Option<String>,
    /// Who sent the ICMP error.
    pub from: Option<String>,
    /// SYN to outcome.
    pub elapsed_ms: f64,
}

/// The X.224 rung.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct X224 {
    /// `confirmed`, `failure`, `no_negotiation`, …
    pub outcome: &'static str,
    /// `selectedProtocol`; in hex when it is none that the specification names.
    pub selected: Option<String>,
    /// Name of the failure code.
    pub failure: Option<String>,
    /// What answers instead of RDP.
    pub other_protocol: Option<&'static str>,
    /// Request to outcome.
    pub elapsed_ms: f64,
}

/// The TLS rung.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TlsEntry {
    /// `ok`, `reset`, `closed`, `alert`, …
    pub outcome: &'static str,
    /// Description of the fatal alert, as its number (RFC 8446 section 6).
    pub alert: Option<u8>,
    /// `TLS1.3`.
    pub version: Option<String>,
    /// As IANA or rustls name it; the number in hex where neither does.
    pub cipher: Option<String>,
    /// `modern` or `legacy`.
    pub hello: &'static str,
    /// Hello to outcome.
    pub elapsed_ms: f64,
    /// The leaf certificate.
    pub certificate: Option<Certificate>,
}

/// The leaf certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// Distinguished name.
    pub subject: String,
    /// Distinguished name.
    pub issuer: String,
    /// Subject is issuer.
    pub self_signed: bool,
    /// RFC 3339, UTC.
    pub not_before: String,
    /// RFC 3339, UTC.
    pub not_after: String,
    /// Floored; negative when expired.
    pub days_left: i64,
    /// subjectAltName, else the common name.
    pub names: Vec<String>,
    /// `null` when dialled by address.
    pub name_matches: Option<bool>,
    /// `RSA-2048`.
    pub key: String,
    /// `sha256WithRSAEncryption`.
    pub signature: String,
    /// Hex, lower case.
    pub sha256: String,
}

/// The CredSSP rung.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NlaEntry {
    /// `challenge`, `error`, `not_offered`, …
    pub outcome: &'static str,
    /// `version` of the server's `TSRequest`.
    pub credssp_version: Option<u32>,
    /// NTSTATUS, by name; the number in hex where it has none here.
    pub error_code: Option<String>,
    /// NetBIOS name of the computer.
    pub computer: Option<String>,
    /// DNS name of the computer.
    pub dns_computer: Option<String>,
    /// DNS name of its domain, else the NetBIOS name.
    pub domain: Option<String>,
    /// Version and build that the server claims: `10.0.26100`.
    pub os_build: Option<String>,
    /// The server's clock less this machine's, in seconds.
    pub clock_skew_s: Option<f64>,
    /// Question to outcome.
    pub elapsed_ms: Option<f64>,
}

/// The UDP transport.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UdpEntry {
    /// `syn_ack`, `silent`, `unreachable`, `malformed`.
    pub outcome: &'static str,
    /// Protocol version of the answer: `1`, `2`, `3`.
    pub version: Option<String>,
    /// Bytes of payload that the server takes.
    pub mtu_up: Option<u16>,
    /// Bytes of payload that the server sends.
    pub mtu_down: Option<u16>,
    /// SYN to its answer; `null` when there was none.
    pub elapsed_ms: Option<f64>,
}

/// The path MTU.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PathEntry {
    /// Largest IP packet known to pass, in bytes.
    pub mtu: Option<u32>,
    /// `full`, `lowered`, `black_hole`, `unknown`.
    pub outcome: &'static str,
    /// Who said that packets are too big.
    pub from: Option<String>,
}

/// The neighbour table's entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NeighbourEntry {
    /// Hardware address.
    pub mac: Option<String>,
    /// `reachable`, `stale`, `failed`, `none`, `not_on_link`.
    pub state: &'static str,
}

/// One address of the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AddressEntry {
    /// The address.
    pub address: String,
    /// How a TCP connection to it ended.
    pub tcp: Option<&'static str>,
    /// How X.224 ended there, where it was climbed.
    pub x224: Option<&'static str>,
    /// How TLS ended there, where it was climbed.
    pub tls: Option<&'static str>,
    /// It is one that the configuration expects.
    pub expected: bool,
    /// The name has it.
    pub published: bool,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FindingEntry {
    /// Rule id.
    pub id: &'static str,
    /// `notice`, `warning`, `critical`.
    pub severity: &'static str,
    /// `certain`, `likely`, `possible`.
    pub confidence: &'static str,
    /// `network`, `vpn`, `dns`, `server`, `client`, `security`.
    pub owner: &'static str,
    /// A few words.
    pub title: String,
    /// The measurements.
    pub evidence: Vec<String>,
    /// What would show that it is wrong.
    pub disproof: String,
    /// First supporting sample, RFC 3339, UTC.
    pub since: String,
    /// Safe first.
    pub remedies: Vec<RemedyText>,
}
