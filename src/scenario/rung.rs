//! The words of the rungs of a connection: TCP, X.224, TLS, NLA, the sweep and the certificate.

use super::word::{hex, milliseconds, parse, pick, span, split};
use super::wrong::Wrong;
use crate::domain::certificate::{CertificateSummary, KeyKind, Thumbprint};
use crate::domain::sample::{
    Afterwards, CipherSuite, Connect, ConnectOutcome, Hello, IcmpError, LocalFault, Misread,
    NegotiateOutcome, Nla, NlaOutcome, NotRdp, NtStatus, NtlmIdentity, OsVersion, OtherProtocol,
    SweepAnswer, SweepOffer, SweepStep, Tls, TlsOutcome, TlsSweep, TlsVersion,
};
use crate::domain::security::{FailureCode, SecurityProtocol};
use crate::domain::time::WallTime;
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// `open`, `refused`, `timeout`, `prohibited@10.0.0.1`, `refused:3/3@10.0.0.21`,
/// `unreachable:3/1@own`, `local_error`.
pub(super) fn connect(word: &str, address: IpAddr, took: Option<&str>) -> Result<Connect, Wrong> {
    let (word, from) = word.split_once('@').map_or((word, None), |(word, by)| (word, Some(by)));
    let (word, code) = word.split_once(':').map_or((word, None), |(word, code)| (word, Some(code)));
    let words = [
        ("open", (ConnectOutcome::Open, "12ms", None)),
        ("refused", (ConnectOutcome::Refused, "12ms", None)),
        ("timeout", (ConnectOutcome::Timeout, "5s", None)),
        ("unreachable", (ConnectOutcome::Unreachable, "3060ms", Some("3/1"))),
        ("prohibited", (ConnectOutcome::Prohibited, "12ms", Some("3/13"))),
        ("local_error", (ConnectOutcome::LocalError(LocalFault::NoRoute), "1ms", None)),
    ];
    let (outcome, usual, usual_code) = pick(&words, word)?;
    let own = from == Some("own");
    let from = match from {
        None => None,
        Some("own") => Some(IpAddr::from([10, 0, 0, 5])),
        Some(address) => Some(parse(address, "an address")?),
    };
    let icmp = match code.or(usual_code) {
        None => None,
        Some(code) => {
            let (kind, code) = split(code, "/", "an ICMP TYPE/CODE")?;
            let (kind, code) = (parse(kind, "an ICMP type")?, parse(code, "an ICMP code")?);
            Some(IcmpError { v6: address.is_ipv6(), kind, code, from })
        }
    };
    Ok(Connect {
        address: SocketAddr::new(address, 3389),
        outcome,
        icmp,
        icmp_is_ours: own,
        elapsed: span(took.unwrap_or(usual))?,
        untimed: false,
    })
}

pub(super) fn negotiate(word: &str) -> Result<NegotiateOutcome, Wrong> {
    if let Some(code) = word.strip_prefix("failure:") {
        return Ok(NegotiateOutcome::Failure(FailureCode(parse(code, "a failure code")?)));
    }
    let other = |protocol, head: &[u8]| {
        let reason = "not a TPKT header";
        NegotiateOutcome::Malformed(NotRdp { protocol, offset: 0, reason, head: head.to_vec() })
    };
    let selected = |selected| NegotiateOutcome::Confirmed { selected, flags: 0x1f };
    let words = [
        ("hybrid", selected(SecurityProtocol::HYBRID)),
        ("ssl", selected(SecurityProtocol::SSL)),
        ("rdp", selected(SecurityProtocol::RDP)),
        ("rdsaad", selected(SecurityProtocol::RDSAAD)),
        ("none", NegotiateOutcome::NoNegotiation),
        ("silent", NegotiateOutcome::Timeout),
        ("closed", NegotiateOutcome::Closed),
        ("reset", NegotiateOutcome::Reset),
        ("disconnected", NegotiateOutcome::Disconnected),
        ("http", other(OtherProtocol::Http, b"HTTP/1.1 400 Bad Request\r\n")),
        ("ssh", other(OtherProtocol::Ssh, b"SSH-2.0-OpenSSH_9.2\r\n")),
        ("garbage", other(OtherProtocol::Unknown, &[0x1b, 0x5b, 0x32, 0x4a])),
    ];
    pick(&words, word)
}

/// `ok`, `legacy:0303:009d`, `closed`, `reset`, `timeout`, `malformed`, `unsupported`, `alert:40`.
/// In front may stand how the modern hello ended (`closed>alert:70`), behind whether X.224 is
/// answered afterwards (`closed/answered`, `closed/dropped`).
pub(super) fn tls(words: &str) -> Result<Tls, Wrong> {
    let (words, afterwards) = match words.split_once('/') {
        Some((words, after)) => {
            let known = [("answered", Afterwards::Answered), ("dropped", Afterwards::Dropped)];
            (words, Some(pick(&known, after)?))
        }
        None => (words, None),
    };
    let (modern, word) = match words.split_once('>') {
        Some((modern, word)) => (Some(modern), word),
        None => (None, words),
    };
    let mut found = one_tls(word)?;
    found.afterwards = afterwards;
    if let Some(modern) = modern {
        found.modern = Some(one_tls(modern)?.outcome);
    }
    Ok(found)
}

fn one_tls(word: &str) -> Result<Tls, Wrong> {
    let mut tls = Tls {
        outcome: TlsOutcome::Ok,
        hello: Hello::Legacy,
        modern: Some(TlsOutcome::Alert(40)),
        afterwards: None,
        version: None,
        cipher: None,
        certificate: None,
        received: 0,
        elapsed: Duration::from_millis(18),
    };
    if word == "ok" {
        let modern = (Hello::Modern, Some(TlsVersion(0x0304)), Some(CipherSuite(0x1302)));
        (tls.hello, tls.version, tls.cipher) = modern;
        tls.modern = None;
        return Ok(tls);
    }
    if let Some(rest) = word.strip_prefix("legacy:") {
        let (version, suite) = split(rest, ":", "VERSION:SUITE")?;
        tls.version = Some(TlsVersion(hex(version)?));
        tls.cipher = Some(CipherSuite(hex(suite)?));
        return Ok(tls);
    }
    let malformed = TlsOutcome::Malformed(Misread { offset: 0, reason: "not a TLS record" });
    tls.outcome = match word.strip_prefix("alert:") {
        Some(code) => TlsOutcome::Alert(parse(code, "a TLS alert")?),
        None => pick(
            &[
                ("closed", TlsOutcome::Closed),
                ("reset", TlsOutcome::Reset),
                ("timeout", TlsOutcome::Timeout),
                ("malformed", malformed),
                ("unsupported", TlsOutcome::Unsupported),
            ],
            word,
        )?,
    };
    if tls.outcome == TlsOutcome::Timeout {
        tls.elapsed = Duration::from_secs(8);
        tls.hello = Hello::Modern;
    }
    tls.modern = (tls.hello == Hello::Legacy).then_some(tls.outcome);
    Ok(tls)
}

/// `tls13=closed windows=0303:c02f tls12=0303:000a`; what is not named is refused with alert 40.
pub(super) fn sweep(words: &str) -> Result<TlsSweep, Wrong> {
    const OFFERS: [(&str, SweepOffer); 6] = [
        ("tls13", SweepOffer::Tls13),
        ("windows", SweepOffer::Windows),
        ("tls12", SweepOffer::Tls12),
        ("static", SweepOffer::StaticRsaAndCbc),
        ("tls11", SweepOffer::Tls11),
        ("tls10", SweepOffer::Tls10),
    ];
    let mut told = Vec::new();
    for word in words.split(' ') {
        let (name, answer) = split(word, "=", "OFFER=ANSWER")?;
        let offered = pick(&OFFERS, name)?;
        let answer = match answer.split_once(':') {
            Some((version, suite)) => {
                SweepAnswer::Taken(TlsVersion(hex(version)?), CipherSuite(hex(suite)?))
            }
            None => pick(
                &[
                    ("closed", SweepAnswer::Closed),
                    ("timeout", SweepAnswer::Timeout),
                    ("not_reached", SweepAnswer::NotReached),
                ],
                answer,
            )?,
        };
        told.push((offered, answer));
    }
    let answer = |offered| {
        let named = told.iter().find(|(named, _)| *named == offered);
        named.map_or(SweepAnswer::Alert(40), |(_, answer)| *answer)
    };
    let step = |offered| SweepStep { offered, answer: answer(offered) };
    let steps = SweepOffer::ALL.into_iter().map(step).collect();
    Ok(TlsSweep { steps, elapsed: Duration::from_secs(4) })
}

/// `challenge`, `challenge:4` (version of CredSSP), `error:c000005e`, `denied`, `closed`, `reset`,
/// `disconnected`, `alert:80`, `timeout`, `malformed`, `not_offered`.
pub(super) fn nla(word: &str, skew: Option<&str>) -> Result<Nla, Wrong> {
    let mut nla = Nla { elapsed: Duration::from_millis(14), ..Nla::not_offered() };
    let (word, number) = word.split_once(':').unwrap_or((word, ""));
    let alert = if word == "alert" { parse(number, "a TLS alert")? } else { 0 };
    let malformed = NlaOutcome::Malformed(Misread { offset: 0, reason: "not a TSRequest" });
    let words = [
        ("challenge", NlaOutcome::Challenge),
        ("error", NlaOutcome::Error),
        ("denied", NlaOutcome::Denied),
        ("closed", NlaOutcome::Closed),
        ("reset", NlaOutcome::Reset),
        ("disconnected", NlaOutcome::Disconnected),
        ("alert", NlaOutcome::Alert(alert)),
        ("timeout", NlaOutcome::Timeout),
        ("malformed", malformed),
        ("not_offered", Nla::not_offered().outcome),
    ];
    nla.outcome = pick(&words, word)?;
    match nla.outcome {
        NlaOutcome::Challenge => {
            let name = |text: &str| Some(text.to_owned());
            let version =
                if number.is_empty() { 6 } else { parse(number, "a version of CredSSP")? };
            nla.version = Some(version);
            nla.received = 320;
            nla.clock_skew_ms = Some(skew.map_or(Ok(40), milliseconds)?);
            nla.identity = Some(NtlmIdentity {
                computer: name("OFFICE-PC"),
                domain: name("CORP"),
                dns_computer: name("office-pc.corp.lab"),
                dns_domain: name("corp.lab"),
                dns_tree: name("corp.lab"),
                os: Some(OsVersion { major: 10, minor: 0, build: 26_100 }),
                ..NtlmIdentity::default()
            });
        }
        NlaOutcome::Error => {
            nla.version = Some(6);
            nla.received = 17;
            let wrong = |_| Wrong::expected(number, "an NTSTATUS in hex digits");
            nla.error = Some(NtStatus(u32::from_str_radix(number, 16).map_err(wrong)?));
        }
        NlaOutcome::Timeout => nla.elapsed = Duration::from_secs(5),
        _ if word == "not_offered" => return Ok(Nla::not_offered()),
        _ => {}
    }
    Ok(nla)
}

/// `10.0.14393`.
pub(super) fn os(build: &str) -> Result<OsVersion, Wrong> {
    let wrong = || Wrong::expected(build, "a build of Windows, such as 10.0.14393");
    let parts: Vec<&str> = build.split('.').collect();
    let [major, minor, build] = parts.as_slice() else { return Err(wrong()) };
    Ok(OsVersion {
        major: major.parse().map_err(|_| wrong())?,
        minor: minor.parse().map_err(|_| wrong())?,
        build: build.parse().map_err(|_| wrong())?,
    })
}

/// The names of an NTLM challenge.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NtlmTable {
    computer: Option<String>,
    dns: Option<String>,
    domain: Option<String>,
    build: Option<u16>,
    #[serde(default)]
    winpr: bool,
}

impl NtlmTable {
    pub(super) fn identity(&self) -> NtlmIdentity {
        NtlmIdentity {
            computer: self.computer.clone(),
            dns_computer: self.dns.clone(),
            dns_domain: self.domain.clone(),
            os: Some(OsVersion { major: 10, minor: 0, build: self.build.unwrap_or(26_100) }),
            winpr: self.winpr,
            ..NtlmIdentity::default()
        }
    }
}

/// A certificate; days and hours are counted from the scenario's second 0.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CertificateTable {
    name: Option<String>,
    issued: bool,
    issuer: Option<String>,
    from_days: Option<i16>,
    to_days: Option<i16>,
    to_hours: Option<i16>,
    rsa: Option<u32>,
    signature: Option<String>,
    print: Option<String>,
}

impl CertificateTable {
    /// What an authority gave the gateway.
    pub(super) fn gateway() -> Self {
        let name = Some("gw.corp.lab".to_owned());
        Self { name, issued: true, ..Self::default() }
    }

    pub(super) fn certificate(&self, start: WallTime) -> Result<CertificateSummary, Wrong> {
        let name = self.name.as_deref().unwrap_or("office-pc.corp.lab");
        let hours = |hours: i64| {
            let span = Duration::from_hours(hours.unsigned_abs());
            if hours < 0 { start.minus(span) } else { start.plus(span) }
        };
        let day = |days: i16| hours(24 * i64::from(days));
        let issued = self.issued || self.issuer.is_some();
        let issuer = match &self.issuer {
            Some(issuer) => issuer.clone(),
            None if self.issued => "CN=Corp Issuing CA".to_owned(),
            None => format!("CN={name}"),
        };
        let until_hour = self.to_hours.map(|until| hours(i64::from(until)));
        Ok(CertificateSummary {
            subject: format!("CN={name}"),
            common_name: Some(name.to_owned()),
            issuer,
            self_signed: !issued,
            not_before: day(self.from_days.unwrap_or(-12)),
            not_after: until_hour.unwrap_or_else(|| day(self.to_days.unwrap_or(171))),
            names: vec![name.to_owned()],
            key: KeyKind::Rsa(self.rsa.unwrap_or(2048)),
            signature: self.signature.clone().unwrap_or_else(|| "sha256WithRSAEncryption".into()),
            sha256: print(self.print.as_deref().unwrap_or("a7"))?,
        })
    }
}

/// A thumbprint that repeats one byte, given as two hex digits.
pub(super) fn print(byte: &str) -> Result<Thumbprint, Wrong> {
    let two = byte.len() == 2;
    let print = two.then(|| Thumbprint::from_hex(&byte.repeat(32))).flatten();
    print.ok_or_else(|| Wrong::expected(byte, "two hex digits"))
}
