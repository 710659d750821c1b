//! The TLS rung: `tls-handshake-failed`, `tls-outdated`.

use super::certificate_dates::days;
use super::prelude::*;
use super::starting::unless_starting;
use crate::domain::echo_series::EchoPoint;
use crate::domain::sample::{
    Afterwards, CipherSuite, ClientFit, Disambiguation, Hello, SweepAnswer, SweepOffer, Tls,
    TlsOutcome, TlsVersion,
};
use crate::domain::security::acceptable_suite;
use crate::domain::time::WallTime;
use crate::domain::tls_alert::alert_text;

/// The newest TLS rung; in a single moment only when the two tries agree.
fn newest<'a>(view: &TargetView<'a>) -> Option<&'a crate::domain::history::Timed<Tls>> {
    if view.tries_disagree() { None } else { view.tls }
}

/// X.224 is fine, then the handshake dies.
#[derive(Debug)]
pub(super) struct TlsHandshakeFailed;

static TLS_HANDSHAKE_FAILED: RuleCard = RuleCard {
    id: RuleId("tls-handshake-failed"),
    title: "TLS handshake fails",
    severities: &[Severity::Notice, Severity::Critical],
    owner: Owner::Server,
    rung: Some(Rung::Tls),
    hysteresis: Hysteresis { raise: 2, of: 3, clear: 1 },
    fed_by: &[ProbeKind::Tls],
    plain: "Remote Desktop answers, and the connection cannot be secured.",
    explanation: "Remote Desktop answers and chooses TLS, and the handshake then ends with a \
        close, an alert or silence at the ClientHello. When a modern and an old-fashioned hello \
        both die while X.224 is fine, the host cannot use its private key (wrong rights in \
        MachineKeys, a damaged or cloned key store), or something on the way breaks TLS. An alert \
        about versions or ciphers means that the two have no suite in common. Silence points to a \
        device in between, or to the large certificate packet not fitting through. Windows may \
        close without an alert in every one of these cases. Of a host that has only just come \
        back from silence it is a notice: it is starting.",
    disproof: "One handshake with this host that gets as far as its certificate.",
    remedies: &[
        remedies::CERTIFICATE_EVENTS,
        remedies::TEST_FROM_NEAR,
        Remedy {
            confirm: Some(
                "Invoke-Command HOST { (Get-TlsCipherSuite).Name; reg query HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols /s }",
            ),
            needs: Some("administrator rights on HOST; PowerShell remoting"),
            impact: Some("changes of Schannel settings need a RESTART"),
            ..Remedy::new(
                "Check that TLS 1.2 and its suites are not switched off by policy or a hardening \
                 tool (event 36871).",
                RunOn::Host,
            )
        },
        remedies::KEY_PERMISSIONS,
        remedies::RECREATE_CERTIFICATE,
        remedies::RENAME_MACHINE_KEYS,
        remedies::VPN_MTU,
        remedies::EXCLUDE_FROM_SCANNING,
        remedies::LOWER_SECURITY_LAYER,
    ],
    explains: &[
        "certificate-expired",
        "certificate-expiring",
        "certificate-weak",
        "certificate-changed",
        "certificate-name-mismatch",
    ],
    low_risk: false,
    client_error: client::CLOSED,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for TlsHandshakeFailed {
    fn card(&self) -> &'static RuleCard {
        &TLS_HANDSHAKE_FAILED
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        if does_without_tls(view) {
            return Judgement::Clear;
        }
        // A connection that ended lower does not make one handshake two.
        let shook_hands = view.attempt().is_some_and(|attempt| attempt.tls.is_some());
        let Some(entry) = newest(view).filter(|_| shook_hands) else {
            return Judgement::NoEvidence;
        };
        let tls = &entry.value;
        let (title, ended) = match tls.outcome {
            TlsOutcome::Ok => return Judgement::Clear,
            TlsOutcome::Unsupported => return Judgement::NoEvidence,
            TlsOutcome::Reset | TlsOutcome::Closed => {
                ("closes at the TLS handshake", "closes the connection at the TLS handshake")
            }
            TlsOutcome::Alert(_) => {
                ("refuses the TLS handshake", "refuses the TLS handshake with an alert")
            }
            TlsOutcome::Timeout => {
                ("silent at the TLS handshake", "falls silent at the TLS handshake")
            }
            TlsOutcome::Malformed(_) => (
                "breaks the TLS handshake",
                "answers the TLS handshake with bytes that are not TLS",
            ),
        };
        let early = hangs_up_early(view, tls);
        let expired = expired_before(view, tls).filter(|_| early.is_none());
        let cause = match &expired {
            Some(_) => Cause {
                words: "the certificate that it had presented until then has expired, and what \
                        replaces it cannot be used",
                confidence: Confidence::Likely,
                owner: Owner::Server,
                first_step: "Server team: check events 1057/1058 and Schannel 36870 first.",
            },
            None => cause(tls, early),
        };
        let (code, error) = match tls.outcome {
            TlsOutcome::Timeout => ("0x704", client::SILENT),
            _ => ("0x904", client::CLOSED),
        };
        let sentence = format!(
            "{} {ended}, {} after the hello (certain): {} ({}). Users see {} (likely). {}",
            name(view),
            span(tls.elapsed),
            cause.words,
            cause.confidence.word(),
            code,
            cause.first_step
        );
        let mut evidence = Evidence::new(Severity::Critical, Confidence::Certain, title, sentence)
            .line(format!(
                "{} hello: {} after {}, {} received",
                tls.hello.word(),
                outcome(tls.outcome),
                span(tls.elapsed),
                count(u64::try_from(tls.received).unwrap_or(u64::MAX), "byte")
            ));
        if let Some(modern) = tls.modern {
            evidence = evidence.line(format!("modern hello before it: {}", outcome(modern)));
        }
        evidence = evidence
            .line("X.224, which needs only small packets, is fine: it selected TLS")
            .lines(tls.afterwards.map(|afterwards| {
                match afterwards {
                    Afterwards::Answered => {
                        "a further connection that asks for no TLS is answered at once"
                    }
                    Afterwards::Dropped => {
                        "a further connection, without TLS, is not answered any more"
                    }
                }
                .to_owned()
            }));
        if let Some((when, ago)) = expired {
            evidence = evidence
                .line(format!("the certificate read last ended {}, {ago} ago", moment(when)));
        }
        if let Some(early) = early {
            evidence = evidence.line(format!(
                "the close came {} after the hello, where the host takes {} to answer anything",
                span(tls.elapsed),
                span(early)
            ));
        }
        let since = view
            .attempts
            .recent()
            .filter_map(|attempt| Some((attempt.at.wall, attempt.value.tls.as_ref()?)))
            .take_while(|(_, tls)| tls.outcome != TlsOutcome::Ok)
            .last()
            .map_or(entry.at.wall, |(at, _)| at);
        let evidence = evidence.since(Some(since)).owned_by(cause.owner).client(error);
        Judgement::fires(unless_starting(view, ended, evidence))
    }
}

/// When the certificate that was read last had ended, and how long ago, where the handshake is
/// refused since: what an expired certificate that Windows cannot replace looks like.
fn expired_before(view: &TargetView<'_>, tls: &Tls) -> Option<(WallTime, String)> {
    let refused =
        matches!(tls.outcome, TlsOutcome::Reset | TlsOutcome::Closed | TlsOutcome::Alert(_));
    if !refused || tls.disambiguation() == Disambiguation::ShutOut {
        return None;
    }
    let earlier = view.attempts.recent().filter_map(|entry| entry.value.tls.as_ref());
    let last = earlier.into_iter().find_map(|tls| tls.certificate.as_ref())?;
    let ended = last.not_after;
    (ended < view.now.wall).then(|| (ended, days(view.now.wall.since(ended))))
}

/// Whether the host chose a layer that has no TLS, so that there is nothing to fail.
pub(super) fn does_without_tls(view: &TargetView<'_>) -> bool {
    let selected = |attempt: &Attempt| attempt.negotiate.as_ref()?.outcome.selected();
    let newest = view.settled().and_then(|entry| selected(&entry.value));
    newest.is_some_and(|selected| !selected.starts_tls())
}

/// The likeliest reading of a failed handshake.
struct Cause {
    words: &'static str,
    confidence: Confidence,
    owner: Owner,
    first_step: &'static str,
}

fn cause(tls: &Tls, hangs_up_early: Option<Duration>) -> Cause {
    let cause =
        |words, confidence, owner, first_step| Cause { words, confidence, owner, first_step };
    match (tls.disambiguation(), tls.outcome) {
        (Disambiguation::ShutOut, _) => cause(
            "after the hello this machine is not answered at all any more: security software or a \
             firewall shuts it out, or the service has stopped",
            Confidence::Possible,
            Owner::Security,
            "Ask whether a firewall or security software has blocked this machine.",
        ),
        (Disambiguation::OnlyTls13, _) => cause(
            "it speaks TLS 1.3 only, and its TLS 1.3 ends without a certificate: its private key \
             cannot be used, or something stops it",
            Confidence::Likely,
            Owner::Server,
            "Server team: check events 1057/1058 and Schannel 36870 first.",
        ),
        _ if hangs_up_early.is_some() => cause(
            "the close comes too soon to be an answer to the hello: something nearer than the host \
             closes, or the host hangs up right after choosing TLS",
            Confidence::Possible,
            Owner::Security,
            "Try from the host's own network first.",
        ),
        (Disambiguation::KeyUnusable, _) => cause(
            "it cannot use its private key or certificate, or, less often, security software stops \
             every hello",
            Confidence::Likely,
            Owner::Server,
            "Server team: check events 1057/1058 and Schannel 36870 first.",
        ),
        (Disambiguation::NothingInCommon, _) => cause(
            "it has no TLS version or cipher in common with any Windows client, or no certificate \
             that fits one",
            Confidence::Likely,
            Owner::Server,
            "Server team: check TLS settings and event 36871/36874.",
        ),
        (_, outcome) if outcome.is_disagreement() => cause(
            "it has no TLS version or cipher in common with this client, or no certificate that \
             fits one",
            Confidence::Likely,
            Owner::Server,
            "Server team: check TLS settings and event 36871/36874.",
        ),
        (_, TlsOutcome::Alert(_) | TlsOutcome::Reset | TlsOutcome::Closed) => cause(
            "its private key cannot be used, or the two have no cipher in common, or security \
             software stops it",
            Confidence::Possible,
            Owner::Server,
            "Server team: check events 1057/1058 and Schannel 36870 first.",
        ),
        (_, TlsOutcome::Timeout) => cause(
            "a device in between holds it, or large packets do not get through",
            Confidence::Possible,
            Owner::Network,
            "Network team: try from the host's own network first.",
        ),
        (_, TlsOutcome::Malformed(_) | TlsOutcome::Ok | TlsOutcome::Unsupported) => cause(
            "something in between rewrites the connection",
            Confidence::Possible,
            Owner::Security,
            "Try from the host's own network first.",
        ),
    }
}

/// Below this a round trip is too short to tell whose close it was.
const FAR: Duration = Duration::from_millis(20);

/// How long the host takes to answer anything, when it takes more than twice as long as the close
/// took: a close that early is no answer to the hello.
fn hangs_up_early(view: &TargetView<'_>, tls: &Tls) -> Option<Duration> {
    if !tls.outcome.is_close() {
        return None;
    }
    let attempt = view.attempts.recent().find(|entry| entry.value.tls.as_ref() == Some(tls))?;
    let negotiate = attempt.value.negotiate.as_ref()?;
    // Of this connection, or the quickest that is known: many at once swell what each takes.
    let quickest = view.echo.points().filter_map(EchoPoint::rtt).min().unwrap_or(Duration::MAX);
    let round_trip = attempt.value.connect.elapsed.min(negotiate.elapsed).min(quickest);
    (round_trip >= FAR && tls.elapsed.saturating_mul(2) < round_trip).then_some(round_trip)
}

/// How a handshake ended, in words.
fn outcome(outcome: TlsOutcome) -> String {
    match outcome {
        TlsOutcome::Ok => "certificate read".to_owned(),
        TlsOutcome::Reset | TlsOutcome::Closed => "closed by the peer".to_owned(),
        TlsOutcome::Alert(code) => alert_text(code),
        TlsOutcome::Timeout => "silence".to_owned(),
        TlsOutcome::Malformed(misread) => format!("bytes that are not TLS: {misread}"),
        TlsOutcome::Unsupported => "TLS, but no certificate readable".to_owned(),
    }
}

/// TLS works, in a form that current clients do not take.
#[derive(Debug)]
pub(super) struct TlsOutdated;

static TLS_OUTDATED: RuleCard = RuleCard {
    id: RuleId("tls-outdated"),
    title: "outdated TLS",
    severities: &[Severity::Critical],
    owner: Owner::Server,
    rung: Some(Rung::Tls),
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Tls],
    plain: "It secures connections in an outdated way that new clients refuse.",
    explanation: "The host refuses a modern hello, and with one that offers everything up to TLS \
        1.2 it chooses TLS 1.0 or 1.1, or a suite that current Windows does not offer any more \
        (3DES, RC4). Clients on which the old versions are switched off cannot connect. TLS 1.2 \
        with static RSA or CBC and AES is what Windows Server 2012 R2 and older choose; current \
        clients take it, and it is no finding.",
    disproof: "A handshake with TLS 1.2 or later and an AES suite.",
    remedies: &[
        Remedy {
            confirm: Some(
                "Invoke-Command HOST { reg query HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols /s }",
            ),
            commands: &[
                "Invoke-Command HOST { reg add \"HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Server\" /v Enabled /t REG_DWORD /d 1 /f }",
                "Invoke-Command HOST { reg add \"HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Server\" /v DisabledByDefault /t REG_DWORD /d 0 /f }",
            ],
            needs: Some(
                "administrator rights on HOST; on Windows 7 and Server 2008 R2 the update KB3080079",
            ),
            impact: Some("takes effect after a RESTART of the host, which ENDS EVERY SESSION"),
            undo: Some("delete the two values and restart"),
            ..Remedy::new("Enable TLS 1.2 for servers on the host.", RunOn::Host)
        },
        remedies::UPDATE_BOTH,
    ],
    explains: &[],
    low_risk: false,
    client_error: client::MAYBE_CLOSED,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for TlsOutdated {
    fn card(&self) -> &'static RuleCard {
        &TLS_OUTDATED
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        if does_without_tls(view) {
            return Judgement::Clear;
        }
        let Some(entry) = newest(view) else { return Judgement::NoEvidence };
        let tls = &entry.value;
        if tls.outcome != TlsOutcome::Ok {
            return Judgement::NoEvidence;
        }
        let old_version = tls.version.filter(|version| *version < TlsVersion(0x0303));
        let old_suite = tls.cipher.filter(|suite| !acceptable_suite(suite.0));
        let what = match (tls.hello, old_version, old_suite) {
            (Hello::Modern, ..) | (_, None, None) => return Judgement::Clear,
            (_, Some(version), _) => format!("only {version}"),
            // The suite that a server prefers is not the only one that it takes.
            (_, None, Some(_)) if fit(view, tls) == Some(ClientFit::Connects) => {
                return Judgement::Clear;
            }
            (_, None, Some(CipherSuite(suite))) => {
                format!("only cipher suite 0x{suite:04x}, which current Windows does not offer")
            }
        };
        let sentence = format!(
            "{} speaks {what} (certain): current clients may be refused with 0x904 (possible). \
             Server team: enable TLS 1.2.",
            name(view)
        );
        let mut evidence = Evidence::new(
            Severity::Critical,
            Confidence::Certain,
            old_version.map_or_else(|| "outdated cipher".to_owned(), |v| format!("only {v}")),
            sentence,
        );
        if let Some(version) = tls.version {
            evidence = evidence
                .line(format!("a hello that offers up to TLS1.2 is answered with {version}"));
        }
        if let Some(CipherSuite(suite)) = tls.cipher {
            evidence = evidence.line(format!("cipher suite 0x{suite:04x}"));
        }
        if let Some(modern) = tls.modern {
            evidence = evidence.line(format!("modern hello: {}", outcome(modern)));
        }
        if let Some(fit) = fit(view, tls)
            && let Some(sweep) = view.sweep
        {
            evidence = evidence.line(format!(
                "would a current Windows 11 client connect: {} (each version and suite tried {})",
                match fit {
                    ClientFit::Connects => "yes",
                    ClientFit::OnlyAfterEnabling => "only after enabling old TLS on the client",
                    ClientFit::Refused => "no",
                    ClientFit::Unknown => "not known",
                },
                moment(sweep.at.wall)
            ));
        }
        Judgement::fires(evidence.since(Some(entry.at.wall)))
    }
}

/// What the newest sweep says of a current Windows client, as long as the server still answers the
/// legacy hello as it did then.
fn fit(view: &TargetView<'_>, tls: &Tls) -> Option<ClientFit> {
    let sweep = &view.sweep?.value;
    let answer = SweepAnswer::Taken(tls.version?, tls.cipher?);
    (sweep.answer(SweepOffer::Tls12) == Some(answer)).then(|| sweep.windows())
}
