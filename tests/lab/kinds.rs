//! Every kind of host that the lab knows, with what a probe must make of it.

use rdpwatch::demo::certificate::{CertificateSpec, Key};
use rdpwatch::demo::script::{
    AfterTls, Answer, HostScript, NtlmScript, Opening, Then, TlsScript, Turn, Versions,
};
use rdpwatch::domain::sample::CipherSuite;
use rdpwatch::domain::security::{FailureCode, SecurityProtocol};
use rdpwatch::domain::time::WallTime;
use rdpwatch::proto::credssp::TsRequest;
use rdpwatch::proto::tls_hello::{AlertLevel, TLS1_2, alert};
use rdpwatch::proto::x224::{DISCONNECT_PROVIDER_ULTIMATUM, connection_confirm};
use std::time::Duration;

/// One kind of host.
pub(crate) struct Kind {
    /// Unique; also its name in reports.
    pub(crate) name: &'static str,
    /// What it does.
    pub(crate) script: HostScript,
    /// The name to dial it by; `None` for its address.
    pub(crate) dial: Option<&'static str>,
    /// What a probe must see.
    pub(crate) sees: Sees,
    /// What the retry of `check` must see, where that is something else.
    pub(crate) again: Option<Sees>,
    /// Whether `check` can only judge it with echo over ICMP: over TCP, echo requests are
    /// connections.
    pub(crate) needs_icmp: bool,
    /// What `check` must say of it: `ok`, `warning` or `critical`.
    pub(crate) state: &'static str,
    /// Findings that must be there, and no others.
    pub(crate) findings: &'static [&'static str],
}

/// The rungs, in the contract's words. `None` for what is not known or not reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sees {
    pub(crate) tcp: &'static str,
    pub(crate) x224: Option<&'static str>,
    pub(crate) selected: Option<&'static str>,
    pub(crate) failure: Option<&'static str>,
    pub(crate) other: Option<&'static str>,
    pub(crate) tls: Option<&'static str>,
    pub(crate) alert: Option<u8>,
    pub(crate) version: Option<&'static str>,
    pub(crate) hello: Option<&'static str>,
    /// What the hellos together say.
    pub(crate) hellos: Option<&'static str>,
    /// Where bytes that are not TLS begin.
    pub(crate) offset: Option<usize>,
    pub(crate) nla: Option<&'static str>,
}

impl Kind {
    fn new(name: &'static str, script: HostScript, sees: Sees) -> Self {
        Self {
            name,
            script,
            dial: None,
            sees,
            again: None,
            needs_icmp: false,
            state: "ok",
            findings: &[],
        }
    }

    fn warns(self, findings: &'static [&'static str]) -> Self {
        Self { state: "warning", findings, ..self }
    }

    fn alarms(self, findings: &'static [&'static str]) -> Self {
        Self { state: "critical", findings, ..self }
    }

    fn notes(self, findings: &'static [&'static str]) -> Self {
        Self { findings, ..self }
    }

    fn with_icmp(self) -> Self {
        Self { needs_icmp: true, ..self }
    }

    fn retried(self, again: Sees) -> Self {
        Self { again: Some(again), ..self }
    }

    fn dialled_as(self, name: &'static str) -> Self {
        Self { dial: Some(name), ..self }
    }
}

const OPEN: Sees = Sees {
    tcp: "open",
    x224: None,
    selected: None,
    failure: None,
    other: None,
    tls: None,
    alert: None,
    version: None,
    hello: None,
    hellos: None,
    offset: None,
    nla: None,
};

fn x224(outcome: &'static str) -> Sees {
    Sees { x224: Some(outcome), ..OPEN }
}

fn failure(name: &'static str) -> Sees {
    Sees { failure: Some(name), ..x224("failure") }
}

fn other(protocol: &'static str) -> Sees {
    Sees { other: Some(protocol), ..x224("malformed") }
}

fn selected(protocol: &'static str) -> Sees {
    Sees { selected: Some(protocol), ..x224("confirmed") }
}

/// CredSSP selected, then TLS ends like this, seen by that hello.
fn tls(outcome: &'static str, hello: &'static str) -> Sees {
    Sees { tls: Some(outcome), hello: Some(hello), ..selected("hybrid_ex") }
}

fn modern() -> Sees {
    nla("challenge")
}

/// CredSSP is asked over TLS 1.3, and ends like this.
fn nla(outcome: &'static str) -> Sees {
    Sees {
        version: Some("TLS1.3"),
        hellos: Some("modern"),
        nla: Some(outcome),
        ..tls("ok", "modern")
    }
}

fn legacy(version: &'static str) -> Sees {
    Sees { version: Some(version), hellos: Some("legacy_only"), ..tls("ok", "legacy") }
}

/// Neither hello gets a certificate, and this is what the three connections say.
fn dies(outcome: &'static str, hello: &'static str, hellos: &'static str) -> Sees {
    Sees { hellos: Some(hellos), ..tls(outcome, hello) }
}

fn no_tls_at(offset: usize) -> Sees {
    Sees { offset: Some(offset), ..dies("malformed", "modern", "undecided") }
}

fn always(turn: Turn) -> HostScript {
    HostScript::always(turn)
}

fn good() -> CertificateSpec {
    CertificateSpec::windows("LAB-HOST", 171)
}

fn issued(days_left: i64) -> CertificateSpec {
    CertificateSpec::issued("rds.lab.test", "Lab Issuing CA", days_left)
}

/// Every kind.
pub(crate) fn kinds() -> Vec<Kind> {
    let below = [healthy(), ports(), negotiations(), failures(), strangers()];
    below
        .into_iter()
        .chain([handshakes(), certificates(), sign_ins(), broken_sign_ins()])
        .flatten()
        .collect()
}

fn healthy() -> Vec<Kind> {
    let with = |versions| {
        let then = AfterTls::Challenges(Box::new(NtlmScript::windows("LAB-HOST")));
        HostScript::tls(TlsScript::Handshake { certificate: good(), versions, then })
    };
    let selecting =
        |protocol| always(Turn::confirms(protocol, Then::Tls(TlsScript::handshake(good()))));
    vec![
        Kind::new("good", HostScript::windows(good()), modern()),
        Kind::new("good-issued", HostScript::windows(issued(200)), modern())
            .dialled_as("rds.lab.test"),
        Kind::new("good-ec-key", HostScript::windows(good().with_key(Key::EcP256)), modern()),
        Kind::new(
            "good-tls12",
            with(Versions::Tls12),
            Sees { version: Some("TLS1.2"), ..modern() },
        ),
        Kind::new("good-tls13", with(Versions::Tls13), modern()),
        Kind::new(
            "good-hybrid",
            selecting(SecurityProtocol::HYBRID),
            Sees { selected: Some("hybrid"), ..modern() },
        ),
        Kind::new(
            "good-ssl",
            selecting(SecurityProtocol::SSL),
            Sees { selected: Some("ssl"), ..nla("not_offered") },
        )
        .notes(&["nla-not-enforced"]),
        Kind::new(
            "tls-only-like-xrdp",
            always(Turn::answers(
                &connection_confirm(SecurityProtocol::SSL, 0),
                Then::Tls(TlsScript::handshake(good())),
            )),
            Sees { selected: Some("ssl"), ..nla("not_offered") },
        ),
        Kind::new(
            "insists-on-hybrid",
            insists_on_hybrid(TlsScript::handshake(good())),
            Sees { selected: Some("hybrid"), ..modern() },
        ),
        Kind::new(
            "a-little-slow",
            always(Turn::windows(good()).after(Duration::from_millis(300))),
            modern(),
        ),
        Kind::new(
            "slow",
            always(Turn::windows(good()).after(Duration::from_millis(1_500))),
            modern(),
        )
        .warns(&["rdp-slow"]),
    ]
}

fn insists_on_hybrid(tls: TlsScript) -> HostScript {
    always(Turn {
        opening: Opening::Request,
        delay: Duration::ZERO,
        answer: Answer::InsistsOn(SecurityProtocol::HYBRID),
        then: Then::Tls(tls),
    })
}

fn ports() -> Vec<Kind> {
    let closed = Sees { tcp: "refused", ..Sees::default() };
    let filtered = Sees { tcp: "timeout", ..Sees::default() };
    vec![
        Kind::new("port-closed", HostScript::closed(), closed).alarms(&["port-closed"]),
        Kind::new("port-filtered", HostScript::filtered(), filtered)
            .alarms(&["port-filtered"])
            .with_icmp(),
        Kind::new(
            "flapping",
            HostScript::alternating(vec![Turn::ends(Then::Fin), Turn::windows(good())]),
            x224("closed"),
        )
        .alarms(&["connection-flapping"])
        .retried(modern())
        .with_icmp(),
    ]
}

fn negotiations() -> Vec<Kind> {
    let confirm = connection_confirm(SecurityProtocol::HYBRID_EX, 0x1f);
    let drip = Answer::Drip(confirm.to_vec(), Duration::from_secs(1));
    let flood = Answer::Flood { head: confirm.to_vec(), total: 26 << 20 };
    let silent = Then::Silence;
    vec![
        Kind::new("close-at-once", always(Turn::ends(Then::Fin)), x224("closed"))
            .alarms(&["connection-dropped"]),
        Kind::new("reset-at-once", always(Turn::ends(Then::Rst)), x224("closed"))
            .alarms(&["connection-dropped"]),
        Kind::new("close-after-request", always(Turn::answers(&[], Then::Fin)), x224("closed"))
            .alarms(&["connection-dropped"]),
        Kind::new("reset-after-request", always(Turn::answers(&[], Then::Rst)), x224("closed"))
            .alarms(&["connection-dropped"]),
        Kind::new("mcs-disconnect", always(Turn::disconnects()), x224("disconnected"))
            .alarms(&["connection-dropped"]),
        Kind::new(
            "partial-then-close",
            always(Turn::answers(&confirm[..7], Then::Fin)),
            x224("closed"),
        )
        .alarms(&["connection-dropped"]),
        Kind::new("silent", always(Turn::ends(silent.clone())), x224("timeout"))
            .alarms(&["rdp-silent"]),
        Kind::new(
            "partial-then-silent",
            always(Turn::answers(&confirm[..7], silent.clone())),
            x224("timeout"),
        )
        .alarms(&["rdp-silent"]),
        Kind::new(
            "one-byte-per-second",
            always(Turn { answer: drip, ..Turn::ends(silent.clone()) }),
            x224("timeout"),
        )
        .alarms(&["rdp-silent"]),
        Kind::new(
            "answers-too-late",
            always(Turn::windows(good()).after(Duration::from_secs(20))),
            x224("timeout"),
        )
        .alarms(&["rdp-silent"]),
        Kind::new(
            "no-negotiation",
            always(Turn::without_negotiation()),
            Sees { selected: Some("rdp"), ..x224("no_negotiation") },
        )
        .warns(&["legacy-security"]),
        Kind::new(
            "plain-rdp",
            always(Turn::confirms(SecurityProtocol::RDP, silent.clone())),
            selected("rdp"),
        )
        .warns(&["legacy-security"]),
        Kind::new(
            "selects-not-asked",
            always(Turn::confirms(SecurityProtocol::RDSTLS, silent.clone())),
            Sees {
                selected: Some("rdstls"),
                nla: Some("not_offered"),
                ..dies("timeout", "modern", "undecided")
            },
        )
        .alarms(&["security-layer-mismatch"]),
        Kind::new(
            "26-megabytes",
            always(Turn { opening: Opening::Request, answer: flood, ..Turn::ends(silent) }),
            no_tls_at(0),
        )
        .alarms(&["tls-handshake-failed"]),
    ]
}

fn failures() -> Vec<Kind> {
    let row =
        |name, code, word| Kind::new(name, always(Turn::fails(FailureCode(code))), failure(word));
    let mismatch = &["security-layer-mismatch"];
    vec![
        row("failure-1", 1, "SSL_REQUIRED_BY_SERVER").alarms(mismatch),
        row("failure-2", 2, "SSL_NOT_ALLOWED_BY_SERVER").alarms(&["legacy-security"]),
        row("failure-3", 3, "SSL_CERT_NOT_ON_SERVER").alarms(&["certificate-missing"]),
        row("failure-4", 4, "INCONSISTENT_FLAGS").alarms(mismatch),
        row("failure-5", 5, "HYBRID_REQUIRED_BY_SERVER").alarms(mismatch),
        row("failure-6", 6, "SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER").alarms(mismatch),
        row("failure-7", 7, "ENTRA_AUTH_REQUIRED_BY_SERVER").notes(&["entra-required"]),
        row("failure-99", 99, "failure code 99").alarms(mismatch),
    ]
}

fn strangers() -> Vec<Kind> {
    let refusal = alert(TLS1_2, AlertLevel::Fatal, 70);
    let http = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let asked = |bytes: &[u8]| {
        always(Turn { opening: Opening::Anything, ..Turn::answers(bytes, Then::Fin) })
    };
    let greets = |bytes: &[u8]| always(Turn::greets(bytes));
    let row =
        |name, script, protocol| Kind::new(name, script, other(protocol)).alarms(&["not-rdp"]);
    let endless = Answer::Flood { head: Vec::new(), total: u64::MAX };
    vec![
        row("http", asked(http), "HTTP"),
        row("web-page", asked(b"<html><body>Bad Request</body></html>"), "HTTP"),
        row("ssh", greets(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), "SSH"),
        row("vnc", greets(b"RFB 003.008\n"), "VNC"),
        row("smtp", greets(b"220 mail.lab.test ESMTP\r\n"), "SMTP or FTP"),
        row("tls-without-x224", asked(&refusal), "TLS"),
        row("garbage", greets(&[0xde, 0xad, 0xbe, 0xef, 0, 1, 2, 3]), ""),
        row("endless", always(Turn { answer: endless, ..Turn::ends(Then::Silence) }), ""),
        row("bad-tpkt-short", asked(&[3, 0, 0, 5, 0, 0, 0, 0]), "bad TPKT"),
        row("bad-tpkt-long", asked(&[3, 0, 0xff, 0xff, 14, 0xd0, 0, 0]), "bad TPKT"),
        row(
            "bad-tpkt-indicator",
            asked(&[3, 0, 0, 19, 6, 0xd0, 0, 0, 0x12, 0x34, 0, 2, 0, 8, 0, 2, 0, 0, 0]),
            "bad TPKT",
        ),
    ]
}

fn handshakes() -> Vec<Kind> {
    let row = |name, script, sees| {
        Kind::new(name, HostScript::tls(script), sees).alarms(&["tls-handshake-failed"])
    };
    let alerts =
        |description, hellos| Sees { alert: Some(description), ..dies("alert", "legacy", hellos) };
    let old = |script, version| Kind::new("", HostScript::tls(script), legacy(version));
    let only = |cipher| TlsScript::Flight {
        version: TLS1_2,
        cipher: CipherSuite(cipher),
        certificate: good(),
    };
    let broken = |bytes: &[u8]| TlsScript::Bytes(bytes.to_vec());
    // An alert of level warning, then something else.
    let mut behind = alert(TLS1_2, AlertLevel::Warning, 112).to_vec();
    behind.extend_from_slice(b"and now for something else");
    vec![
        row("tls-reset", TlsScript::Rst, dies("closed", "legacy", "key_unusable")),
        row("tls-fin", TlsScript::Fin, dies("closed", "legacy", "key_unusable")),
        row("tls-silent", TlsScript::Silence, dies("timeout", "modern", "undecided")),
        row("tls-garbage", broken(b"this is not TLS"), no_tls_at(0)),
        row("tls-garbage-later", broken(&behind), no_tls_at(7)),
        row("tls-endless-record", broken(&[22, 3, 3, 0xff, 0xff, 2, 0, 0, 0]), no_tls_at(3)),
        row("tls-broken-hello", broken(&[22, 3, 3, 0, 8, 2, 0, 0, 4, 3, 3, 0, 0]), no_tls_at(0)),
        row("tls-alert-40", TlsScript::alert(40), alerts(40, "nothing_in_common")),
        row("tls-alert-70", TlsScript::alert(70), alerts(70, "nothing_in_common")),
        row("tls-alert-80", TlsScript::alert(80), alerts(80, "key_unusable")),
        Kind::new(
            "tls-shut-out",
            HostScript::alternating(vec![
                Turn::tls(TlsScript::Rst),
                Turn::ends(Then::Fin),
                Turn::ends(Then::Fin),
            ]),
            dies("closed", "modern", "shut_out"),
        )
        .alarms(&["tls-handshake-failed"])
        .with_icmp(),
        Kind::new(
            "tls13-only-and-dies",
            HostScript::alternating(vec![
                Turn::tls(TlsScript::Fin),
                Turn::tls(TlsScript::alert(70)),
            ]),
            alerts(70, "only_tls13"),
        )
        .alarms(&["tls-handshake-failed"])
        .with_icmp(),
        Kind { name: "tls10", ..old(TlsScript::tls1_0(good()), "TLS1.0") }
            .alarms(&["tls-outdated"]),
        Kind { name: "tls11", ..old(TlsScript::tls1_1(good()), "TLS1.1") }
            .alarms(&["tls-outdated"]),
        Kind { name: "tls12-3des", ..old(only(0x000a), "TLS1.2") }.alarms(&["tls-outdated"]),
        Kind { name: "tls12-static-rsa", ..old(TlsScript::static_rsa(good()), "TLS1.2") },
        Kind::new(
            "insists-on-hybrid-static-rsa",
            insists_on_hybrid(TlsScript::static_rsa(good())),
            Sees { selected: Some("hybrid"), ..legacy("TLS1.2") },
        ),
        Kind { name: "tls12-ecdhe-cbc", ..old(only(0xc028), "TLS1.2") },
    ]
}

fn certificates() -> Vec<Kind> {
    let row = |name, certificate| Kind::new(name, HostScript::windows(certificate), modern());
    let weak = TlsScript::static_rsa(CertificateSpec::weak());
    let changing = [1, 2].map(|serial| Turn::windows(good().with_serial(serial)));
    let windows = |days_left| CertificateSpec::windows("LAB-HOST", days_left);
    vec![
        row("expired", windows(-9)).alarms(&["certificate-expired"]),
        row("just-expired", windows(-1)).warns(&["certificate-expired"]),
        row("not-yet-valid", windows(180).valid_in(2)).warns(&["certificate-not-yet-valid"]),
        row("expiring-5", issued(5)).dialled_as("rds.lab.test").warns(&["certificate-expiring"]),
        row("expiring-15", issued(15)).dialled_as("rds.lab.test").notes(&["certificate-expiring"]),
        row("expiring-30", issued(30)).dialled_as("rds.lab.test"),
        row("self-signed-2", windows(2)).notes(&["certificate-expiring"]),
        row("self-signed-10", windows(10)),
        row("wrong-name", issued(200))
            .dialled_as("other.lab.test")
            .notes(&["certificate-name-mismatch"]),
        row("self-signed-wrong-name", good()).dialled_as("another.lab.test"),
        row("short-name", windows(100)).dialled_as("lab-host.lab.test"),
        row("intercepted", CertificateSpec::issued("rds.lab.test", "ESET SSL Filter CA", 200))
            .dialled_as("rds.lab.test")
            .alarms(&["certificate-intercepted"]),
        row("hostile-name", CertificateSpec::windows("\u{1b}[2J\u{202e}evil\r\nHOST", 171)),
        Kind::new("weak", HostScript::tls(weak), legacy("TLS1.2")).warns(&["certificate-weak"]),
        Kind::new("changing", HostScript::alternating(changing.to_vec()), modern()),
    ]
}

/// What freerdp-shadow 2.11.7 with NLA answered (recorded on loopback); its clock stands at
/// 2026-11-21T07:06:55Z.
const FREERDP: &str = "30819fa003020106a17430723070a06e046c4e544c4d535350000200000004000400\
    38000000b78288e20fdfe1969abb60f00000000000000000300030003c0000000601b11d0000000f56004d000200\
    040056004d000100040056004d000400040076006d000300040076006d000700080080d112e48679dd0100000000\
    a52204203d3b7ddca2e9dcac7148d7978ff5d2b19cc9f6916a680a5231b0886ecd84be06";

/// The bytes of [`FREERDP`] without its time, which is not that of any other day.
fn freerdp() -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&FREERDP[at..at + 2], 16).expect("hex");
    let mut bytes: Vec<u8> = (0..FREERDP.len()).step_by(2).map(digit).collect();
    let time = bytes.windows(4).position(|pair| pair == [7, 0, 8, 0]).expect("a time") + 4;
    bytes.splice(time..time + 8, [0; 8]);
    bytes
}

fn after_tls(then: AfterTls) -> HostScript {
    HostScript::tls(TlsScript::then(good(), then))
}

fn challenges(change: impl Fn(NtlmScript) -> NtlmScript) -> HostScript {
    after_tls(AfterTls::Challenges(Box::new(change(NtlmScript::windows("LAB-HOST")))))
}

/// A `TSRequest` of `version` with an error code.
fn error(version: u32, code: u32) -> HostScript {
    let request = TsRequest { version, error: Some(code), ..TsRequest::default() };
    after_tls(AfterTls::Says(request.encode().expect("it is short")))
}

fn sign_ins() -> Vec<Kind> {
    let minutes = |minutes: i64| move |ntlm: NtlmScript| ntlm.ahead(minutes * 60_000);
    let row = |name, script| Kind::new(name, script, modern());
    vec![
        row("server-2025", challenges(|ntlm| ntlm.older(6, 26_100))),
        row("patched-2018", challenges(|ntlm| ntlm.older(5, 14_393))),
        row("patched-96", challenges(|ntlm| ntlm.older(96, 26_100))),
        row("freerdp", after_tls(AfterTls::Stalls(freerdp()))),
        row("credssp-4", challenges(|ntlm| ntlm.older(4, 10_240))).alarms(&["credssp-outdated"]),
        row("credssp-3", challenges(|ntlm| ntlm.older(3, 10_240))).alarms(&["credssp-outdated"]),
        row("credssp-2", challenges(|ntlm| ntlm.older(2, 9_200))).alarms(&["credssp-outdated"]),
        row("clock-90s-ahead", challenges(|ntlm| ntlm.ahead(90_000))),
        row("clock-3m-ahead", challenges(minutes(3))).warns(&["clock-skew"]),
        row("clock-7m-behind", challenges(minutes(-7))).alarms(&["clock-skew"]),
        // The clock of a battery that died: 2005.
        row("clock-of-2005", challenges(minutes(-11_000_000))).alarms(&["clock-skew"]),
    ]
}

fn broken_sign_ins() -> Vec<Kind> {
    let rejected = &["credssp-rejected"];
    let dropped = &["connection-dropped"];
    let whole = NtlmScript::windows("LAB-HOST").answer(WallTime::from_unix_secs(1_795_244_400));
    let half: Vec<u8> = whole.iter().take(whole.len() / 2).copied().collect();
    let mut broken = whole;
    // The tag of the version.
    broken.splice(5..6, [4]);
    let says =
        |name, bytes: &[u8], sees| Kind::new(name, after_tls(AfterTls::Says(bytes.to_vec())), sees);
    vec![
        Kind::new("no-logon-servers", error(6, 0xc000_005e), nla("error")).alarms(rejected),
        Kind::new("access-denied", error(3, 0xc000_0022), nla("error"))
            .alarms(&["credssp-outdated"]),
        Kind::new("refuses-ntlm", error(6, 0xc000_00bb), nla("error")).notes(rejected),
        Kind::new("blocks-ntlm", error(6, 0xc000_0418), nla("error")).notes(rejected),
        says("denied-early", &[5, 0, 0, 0], nla("error")).alarms(rejected),
        Kind::new("closes-after-tls", after_tls(AfterTls::Fin), nla("closed")).alarms(dropped),
        Kind::new("resets-after-tls", after_tls(AfterTls::Rst), nla("closed")).alarms(dropped),
        says("closes-after-credssp", &[], nla("closed")).alarms(dropped),
        says("closes-half-way", &half, nla("closed")).alarms(dropped),
        says("hangs-up-like-xrdp", &DISCONNECT_PROVIDER_ULTIMATUM, nla("closed")).alarms(dropped),
        Kind::new("silent-after-tls", after_tls(AfterTls::Waits), nla("timeout"))
            .alarms(&["rdp-silent"]),
        Kind::new("stalls-half-way", after_tls(AfterTls::Stalls(half)), nla("timeout"))
            .alarms(&["rdp-silent"]),
        says("http-after-tls", b"HTTP/1.1 400 Bad Request\r\n\r\n", nla("malformed"))
            .alarms(rejected),
        says("broken-after-tls", &broken, nla("malformed")).alarms(rejected),
        says("endless-after-tls", &[0x30, 0x83, 0xff, 0xff, 0xff], nla("malformed"))
            .alarms(rejected),
        Kind::new(
            "answers-credssp-every-other-time",
            HostScript::alternating(vec![
                Turn::tls(TlsScript::then(good(), AfterTls::Fin)),
                Turn::windows(good()),
            ]),
            nla("closed"),
        )
        .retried(modern())
        .with_icmp()
        .alarms(&["connection-flapping"]),
    ]
}
