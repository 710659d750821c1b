//! What NLA says: `nla-not-enforced`, `credssp-outdated`, `credssp-rejected`.

use super::prelude::*;
use crate::domain::history::Timed;
use crate::domain::sample::{NegotiateOutcome, Nla, NlaOutcome, NtStatus};
use crate::domain::security::SecurityProtocol;

const PATCHED: u32 = Nla::PATCHED;
/// The first version that there was (MS-CSSP 2.2.1).
const FIRST: u32 = 2;

/// `RESTRICTED_ADMIN_MODE_SUPPORTED` of the RDP Negotiation Response (MS-RDPBCGR 2.2.1.2.1):
/// Windows since 8.1, and 7 with its update, set it; xrdp and `FreeRDP` do not (measured).
const RESTRICTED_ADMIN: u8 = 0x08;

/// What CredSSP ended with, as one rule sees it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Credssp<'a> {
    /// So, on the newest connection.
    Now(&'a Nla),
    /// So when it was last asked; the newest connection did not get there, or was not meant to.
    Before,
    /// Not so.
    No,
}

/// What `attempt`, the newest connection, says of CredSSP.
pub(super) fn credssp<'a>(
    view: &TargetView<'_>,
    attempt: &'a Attempt,
    so: impl Fn(NlaOutcome) -> bool,
) -> Credssp<'a> {
    match (&attempt.nla, view.nla) {
        (Some(nla), _) if so(nla.outcome) => Credssp::Now(nla),
        (None, Some(last)) if so(last.value.outcome) && !does_without(attempt) => Credssp::Before,
        _ => Credssp::No,
    }
}

/// The newest CredSSP rung; in a single moment only when the two tries agree.
fn newest<'a>(view: &TargetView<'a>) -> Option<&'a Timed<Nla>> {
    if view.tries_disagree() { None } else { view.nla }
}

/// Whether the newest connection shows that the host does without NLA, however CredSSP ended
/// before.
fn without_nla(view: &TargetView<'_>) -> bool {
    view.settled().is_some_and(|entry| does_without(&entry.value))
}

/// Whether the host chose a layer without NLA.
fn does_without(attempt: &Attempt) -> bool {
    let selected = attempt.negotiate.as_ref().and_then(|negotiate| negotiate.outcome.selected());
    selected.is_some_and(|selected| !selected.starts_nla())
}

/// What the host says its system is, as a line of evidence.
fn os_line(nla: &Nla) -> Option<String> {
    let os = nla.identity.as_ref()?.os_text()?;
    Some(format!("operating system, as it says: {os}"))
}

/// TLS without NLA.
#[derive(Debug)]
pub(super) struct NlaNotEnforced;

static NLA_NOT_ENFORCED: RuleCard = RuleCard {
    id: RuleId("nla-not-enforced"),
    title: "accepts connections without NLA",
    severities: &[Severity::Notice],
    owner: Owner::Server,
    rung: Some(Rung::Nla),
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: CONNECTIONS,
    plain: "It shows its sign-in screen before it asks who you are.",
    explanation: "NLA was offered, and the host chose TLS without it: whoever reaches the port \
        gets a sign-in screen before any password is checked. Only Windows hosts are judged, by a \
        flag of their answer; xrdp and FreeRDP without NLA have no other choice. A host that \
        chooses NLA when it is offered may still accept clients without it: that is not measured, \
        because it would take a connection of its own.",
    disproof: "An X.224 answer that selects NLA.",
    remedies: &[remedies::ENABLE_NLA],
    explains: &[],
    low_risk: false,
    client_error: None,
    reviewed_when_found: true,
    alerting: Alerting::PLAIN,
};

impl Rule for NlaNotEnforced {
    fn card(&self) -> &'static RuleCard {
        &NLA_NOT_ENFORCED
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some(entry) = view.settled() else { return Judgement::NoEvidence };
        let Some(negotiate) = &entry.value.negotiate else { return Judgement::NoEvidence };
        let NegotiateOutcome::Confirmed { selected, flags } = negotiate.outcome else {
            return Judgement::NoEvidence;
        };
        let offered = negotiate.asked.0 & SecurityProtocol::HYBRID.0 != 0;
        if selected != SecurityProtocol::SSL || flags & RESTRICTED_ADMIN == 0 || !offered {
            return Judgement::Clear;
        }
        let sentence = format!(
            "{} chose TLS without NLA although NLA was offered (certain): whoever reaches the port \
             gets a sign-in screen. Server team: require NLA if nothing old needs it off.",
            name(view)
        );
        Judgement::fires(
            Evidence::new(Severity::Notice, Confidence::Certain, "NLA not enforced", sentence)
                .line(format!("offered SSL, HYBRID and HYBRID_EX, selected {selected}"))
                .line(format!("flags of the answer 0x{flags:02x}: a Windows host")),
        )
    }
}

/// Not patched for CVE-2018-0886.
#[derive(Debug)]
pub(super) struct CredsspOutdated;

static CREDSSP_OUTDATED: RuleCard = RuleCard {
    id: RuleId("credssp-outdated"),
    title: "CredSSP is outdated",
    severities: &[Severity::Critical],
    owner: Owner::Server,
    rung: Some(Rung::Nla),
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: NLA,
    plain: "It lacks an old update, and clients that have it refuse to sign in.",
    explanation: "The host answers CredSSP with a version below 5: it lacks the update of 2018 for \
        CVE-2018-0886. Clients with that update refuse such hosts unless their policy \"Encryption \
        Oracle Remediation\" is set to Vulnerable: they show \"An authentication error has \
        occurred\" and name CredSSP encryption oracle remediation. The probe says that it speaks \
        version 6, so a lower one is the host's own. Old servers that are not Windows do this too.",
    disproof: "A CredSSP answer of version 5 or later.",
    remedies: &[
        Remedy {
            confirm: Some("Get-HotFix -ComputerName HOST"),
            needs: Some("administrator rights on HOST"),
            impact: Some("updates usually RESTART the machine"),
            ..Remedy::new(
                "Install a cumulative update of May 2018 or later on the host (for Windows 7 and \
                 Server 2008 R2: KB4103718 or a later rollup).",
                RunOn::Host,
            )
        },
        remedies::UPDATE_BOTH,
        Remedy {
            confirm: Some(
                "reg query HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System\\CredSSP\\Parameters /v AllowEncryptionOracle",
            ),
            commands: &[
                "reg add HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System\\CredSSP\\Parameters /v AllowEncryptionOracle /t REG_DWORD /d 2 /f",
            ],
            needs: Some("administrator rights on the client"),
            impact: Some("the client takes unpatched hosts EVERYWHERE, and can be attacked there"),
            undo: Some(
                "reg delete HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System\\CredSSP\\Parameters /v AllowEncryptionOracle /f",
            ),
            weakens_security: true,
            ..Remedy::new(
                "Only to get in and update the host: set \"Encryption Oracle Remediation\" to \
                 Vulnerable on one client. Weakens security; take it back at once.",
                RunOn::Client,
            )
        },
    ],
    explains: &["credssp-rejected"],
    low_risk: false,
    client_error: None,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for CredsspOutdated {
    fn card(&self) -> &'static RuleCard {
        &CREDSSP_OUTDATED
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        if without_nla(view) {
            return Judgement::Clear;
        }
        let Some(entry) = newest(view) else { return Judgement::NoEvidence };
        let version = match (entry.value.outcome, entry.value.version) {
            (NlaOutcome::NotOffered, _) | (_, Some(PATCHED..)) => return Judgement::Clear,
            (_, Some(version @ FIRST..)) => version,
            (_, Some(_) | None) => return Judgement::NoEvidence,
        };
        let sentence = format!(
            "{} speaks CredSSP version {version} (certain): it is not patched for CVE-2018-0886, \
             and patched clients refuse it (likely: \"CredSSP encryption oracle remediation\"). \
             Server team: install its updates.",
            name(view)
        );
        Judgement::fires(
            Evidence::new(
                Severity::Critical,
                Confidence::Certain,
                format!("CredSSP version {version}"),
                sentence,
            )
            .line(format!("asked with version 6, answered with version {version}; patched: 5 or 6"))
            .lines(os_line(&entry.value))
            .since(Some(entry.at.wall)),
        )
    }
}

/// CredSSP is answered with a refusal.
#[derive(Debug)]
pub(super) struct CredsspRejected;

static CREDSSP_REJECTED: RuleCard = RuleCard {
    id: RuleId("credssp-rejected"),
    title: "NLA is refused",
    severities: &[Severity::Notice, Severity::Critical],
    owner: Owner::Server,
    rung: Some(Rung::Nla),
    hysteresis: Hysteresis::TWICE,
    fed_by: NLA,
    plain: "It refuses the way in which clients sign in.",
    explanation: "The host chose NLA, and answers its first message, which names no user, with an \
        error code of Windows, with an early denial, or with bytes that are no CredSSP. Its \
        security authority may not be ready, may not reach a domain controller, or policy forbids \
        the way of signing in. A host whose policy refuses NTLM says so here too: that is a \
        notice, because sign-in by name with Kerberos still works; only dialling by address does \
        not.",
    disproof: "An NTLM challenge in answer to CredSSP.",
    remedies: &[
        Remedy {
            confirm: Some("Invoke-Command HOST { nltest /sc_verify:$env:USERDNSDOMAIN }"),
            needs: Some("administrator rights on HOST; PowerShell remoting"),
            ..Remedy::new(
                "Check that the host reaches a domain controller and trusts its domain.",
                RunOn::Host,
            )
        },
        Remedy {
            confirm: Some(
                "Invoke-Command HOST { reg query HKLM\\SYSTEM\\CurrentControlSet\\Control\\Lsa\\MSV1_0 /v RestrictReceivingNTLMTraffic }",
            ),
            needs: Some("administrator rights on HOST; PowerShell remoting"),
            ..Remedy::new(
                "Check whether policy restricts NTLM there (Network security: Restrict NTLM). If \
                 that is meant, dial the host by its name, so that Kerberos is used.",
                RunOn::Host,
            )
        },
        remedies::SYNC_CLOCKS,
        remedies::RDP_EVENTS,
        remedies::UPDATE_BOTH,
        remedies::DISABLE_NLA,
    ],
    explains: &[],
    low_risk: false,
    client_error: client::MAYBE_CLOSED,
    reviewed_when_found: true,
    alerting: Alerting::PLAIN,
};

impl Rule for CredsspRejected {
    fn card(&self) -> &'static RuleCard {
        &CREDSSP_REJECTED
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        if without_nla(view) {
            return Judgement::Clear;
        }
        // A connection that ended lower does not make one answer two.
        let asked = view.attempt().is_some_and(|attempt| attempt.nla.is_some());
        let Some(entry) = newest(view).filter(|_| asked) else { return Judgement::NoEvidence };
        let nla = &entry.value;
        let what = match nla.outcome {
            NlaOutcome::Challenge | NlaOutcome::NotOffered => return Judgement::Clear,
            NlaOutcome::Error => match nla.error {
                Some(status) if refuses_ntlm(status) => return ntlm_refused(view, entry, status),
                Some(status) => error(status),
                None => "an error".to_owned(),
            },
            NlaOutcome::Denied => "a denial before anybody was named".to_owned(),
            NlaOutcome::Malformed(misread) => format!("bytes that are no CredSSP ({misread})"),
            _ => return Judgement::NoEvidence,
        };
        let sentence = format!(
            "{} chose NLA and answers it with {what} (certain): nobody can sign in (likely). \
             Server team: check its domain controller and its clock first.",
            name(view)
        );
        Judgement::fires(evidence(Severity::Critical, "refuses NLA", sentence, entry))
    }
}

fn ntlm_refused(view: &TargetView<'_>, entry: &Timed<Nla>, status: NtStatus) -> Judgement {
    let sentence = format!(
        "{} refuses NTLM with {} (certain): sign-in by name with Kerberos may work, by address it \
         does not (likely). If that is policy, dial it by name.",
        name(view),
        error(status)
    );
    let evidence = evidence(Severity::Notice, "refuses NTLM", sentence, entry);
    Judgement::fires(evidence)
}

fn evidence(severity: Severity, title: &str, sentence: String, entry: &Timed<Nla>) -> Evidence {
    let nla = &entry.value;
    let version = nla.version.map(|version| format!("CredSSP version {version}"));
    Evidence::new(severity, Confidence::Certain, title, sentence)
        .line(format!(
            "CredSSP: {} after {}, {} received",
            nla.outcome.text(),
            span(nla.elapsed),
            count(u64::try_from(nla.received).unwrap_or(u64::MAX), "byte")
        ))
        .lines(nla.error.map(error))
        .lines(version)
        .lines(os_line(nla))
        .since(Some(entry.at.wall))
}

/// `STATUS_NOT_SUPPORTED, 0xc00000bb: it does not take NTLM`.
fn error(status: NtStatus) -> String {
    let code = format!("0x{:08x}", status.0);
    match (status.name(), status.meaning()) {
        (Some(name), Some(meaning)) => format!("{name}, {code}: {meaning}"),
        _ => code,
    }
}

/// Codes that say that NTLM, not the sign-in as such, is refused.
const fn refuses_ntlm(status: NtStatus) -> bool {
    matches!(
        status,
        NtStatus::NOT_SUPPORTED
            | NtStatus::NTLM_BLOCKED
            | NtStatus::UNSUPPORTED_FUNCTION
            | NtStatus::PACKAGE_NOT_FOUND
    )
}
