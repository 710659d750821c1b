//! `name-path-broken`: what the name leads to fails where the address works, or the reverse.

use super::prelude::*;
use crate::domain::alternative::Alternative;
use crate::domain::history::Timed;
use crate::domain::sample::NameOutcome;
use crate::domain::time::{MonoTime, WallTime};
use std::net::IpAddr;

/// A climb of another address counts this long after it was made.
const FRESH: Duration = Duration::from_mins(15);

/// The ladder by name against the ladder by expected address.
#[derive(Debug)]
pub(super) struct NamePathBroken;

static NAME_PATH_BROKEN: RuleCard = RuleCard {
    id: RuleId("name-path-broken"),
    title: "name and address differ",
    severities: &[Severity::Warning, Severity::Critical],
    owner: Owner::Dns,
    rung: Some(Rung::Name),
    hysteresis: Hysteresis::TWICE,
    fed_by: &[ProbeKind::Resolve, ProbeKind::Connect, ProbeKind::Negotiate, ProbeKind::Tls],
    plain: "By its name and by its address one gets differently far.",
    explanation: "The whole ladder is climbed twice, by the name and by the expected address. By \
        one of them it breaks, by the other it works: the host itself is well, and something \
        about the name is not. A stale or double record, a hosts file line, a VPN that answers for \
        the name, and a proxy that decides by the name in the TLS hello (SNI) do this. There is \
        one more way, which is not measured because it needs an account: with a name the client \
        signs in with Kerberos, as TERMSRV/name, and by address with NTLM. A missing or doubled \
        SPN, or an alias without one, then fails at the last step of NLA by name only, although \
        every rung shown here works. When only the address fails, whoever dials the address has \
        the trouble: a warning.",
    disproof: "Both ladders end alike.",
    remedies: &[
        remedies::DIAL_ADDRESS,
        remedies::FLUSH_NAMES,
        remedies::FIX_RECORD,
        remedies::VPN_NAMES,
        remedies::SERVICE_NAME,
    ],
    explains: &[],
    low_risk: false,
    client_error: client::MAYBE_CLOSED,
    reviewed_when_found: false,
    alerting: Alerting::state_of("name"),
};

impl Rule for NamePathBroken {
    fn card(&self) -> &'static RuleCard {
        &NAME_PATH_BROKEN
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        if view.target.host.name().is_none() {
            return Judgement::NoEvidence;
        }
        match by_name(view) {
            ByName::NotKnown => Judgement::NoEvidence,
            ByName::Untried => Judgement::Clear,
            ByName::Fails { since, how, wall } => match working(view, since) {
                Some((address, climb)) => fails_by_name(view, &how, address, climb, wall),
                None => Judgement::Clear,
            },
            ByName::Works => match broken(view) {
                Some((address, climb)) => fails_by_address(view, address, climb),
                None => Judgement::Clear,
            },
        }
    }
}

/// How the ladder by name ends.
enum ByName {
    NotKnown,
    /// The name leads to an address that nothing was sent to yet: what was said of another one is
    /// over.
    Untried,
    Works,
    /// How, and since when.
    Fails {
        since: MonoTime,
        how: String,
        wall: Option<WallTime>,
    },
}

fn by_name(view: &TargetView<'_>) -> ByName {
    let Some(resolution) = view.resolution() else { return ByName::NotKnown };
    match resolution.outcome {
        NameOutcome::Ok => {}
        NameOutcome::NotNeeded | NameOutcome::Error => return ByName::NotKnown,
        outcome => {
            let since = view.resolve.since(|one| one.outcome != NameOutcome::Ok);
            let how = format!("it does not resolve ({})", outcome.word().replace('_', " "));
            return ByName::Fails {
                since: since.map_or(MonoTime::ZERO, |at| at.mono),
                how,
                wall: since.map(|at| at.wall),
            };
        }
    }
    if view.attempts.is_empty() {
        return ByName::Untried;
    }
    let Some(newest) = view.settled() else { return ByName::NotKnown };
    // A connection that was not meant to reach TLS says nothing of a handshake that failed before.
    let encrypted = view.attempts.recent().find_map(|entry| entry.value.encrypted());
    if newest.value.works_up_to_tls() && encrypted != Some(false) {
        return ByName::Works;
    }
    let fails = |attempt: &Attempt| !attempt.works_up_to_tls() || attempt.encrypted().is_none();
    let since = view.attempts.since(fails);
    let broken =
        view.attempts.recent().map(|entry| &entry.value).find(|one| !one.works_up_to_tls());
    let at = newest.value.connect.address.ip();
    ByName::Fails {
        since: since.map_or(newest.at.mono, |at| at.mono),
        how: format!("at {at} {}", broken.map_or_else(String::new, ended)),
        wall: since.map(|at| at.wall),
    }
}

/// Where a ladder ended, as the rest of "at ADDRESS …".
pub(super) fn ended(attempt: &Attempt) -> String {
    let word = |word: &str| word.replace('_', " ");
    if attempt.connect.outcome != ConnectOutcome::Open {
        return format!("TCP ends with {}", word(attempt.connect.outcome.word()));
    }
    match (&attempt.negotiate, &attempt.tls) {
        (Some(_), Some(tls)) => format!("TLS ends with {}", word(tls.outcome.word())),
        (Some(negotiate), None) => format!("X.224 ends with {}", word(negotiate.outcome.word())),
        (None, _) => "TCP opens".to_owned(),
    }
}

/// Other addresses that were climbed as addresses: the expected ones, and the dialled one itself.
fn by_address<'a>(
    view: &TargetView<'a>,
) -> impl Iterator<Item = (IpAddr, &'a Alternative)> + use<'a> {
    let (expect, dialled) = (&view.target.expect, view.dialled);
    view.alternatives
        .iter()
        .map(|(address, other)| (*address, other))
        .filter(move |(address, _)| expect.contains(address) || Some(*address) == dialled)
}

fn is_fresh(view: &TargetView<'_>, at: MonoTime) -> bool {
    view.mode == Mode::Moment || view.now.mono.since(at) <= FRESH
}

/// A climb by address that worked since the one by name fails.
fn working<'a>(view: &TargetView<'a>, since: MonoTime) -> Option<(IpAddr, &'a Timed<Attempt>)> {
    by_address(view).find_map(|(address, other)| {
        let climb = other.works()?;
        let beside = view.mode == Mode::Moment || climb.at.mono >= since;
        (beside && is_fresh(view, climb.at.mono)).then_some((address, climb))
    })
}

/// A climb by an expected address that was accepted and then broke.
fn broken<'a>(view: &TargetView<'a>) -> Option<(IpAddr, &'a Timed<Attempt>)> {
    by_address(view).find_map(|(address, other)| {
        let climb = other.climb.as_ref()?;
        let accepted = climb.value.connect.outcome == ConnectOutcome::Open
            && other.newest.value.outcome == ConnectOutcome::Open;
        let breaks = accepted && !climb.value.works_up_to_tls() && Some(address) != view.dialled;
        (breaks && is_fresh(view, climb.at.mono)).then_some((address, climb))
    })
}

fn fails_by_name(
    view: &TargetView<'_>,
    how: &str,
    address: IpAddr,
    climb: &Timed<Attempt>,
    since: Option<WallTime>,
) -> Judgement {
    let height = if climb.value.tls.is_some() { "the certificate" } else { "X.224" };
    let which = if Some(address) == view.dialled {
        format!("the same address, {address}, without the name")
    } else {
        format!("the expected address {address}")
    };
    let sentence = format!(
        "{} fails by its name ({how}), and by {which} everything up to {height} works (certain). \
         DNS team: record, hosts file or VPN (likely). Dial the address meanwhile.",
        host(view)
    );
    let evidence = Evidence::new(
        Severity::Critical,
        Confidence::Certain,
        "fails by name, works by address",
        sentence,
    )
    .line(format!("by name: {how}"))
    .line(format!("by address: {address}, {}", climbed(&climb.value)))
    .line(NOT_MEASURED)
    .since(since);
    Judgement::fires(evidence)
}

fn fails_by_address(view: &TargetView<'_>, address: IpAddr, climb: &Timed<Attempt>) -> Judgement {
    let how = ended(&climb.value);
    let sentence = format!(
        "{} works by its name, and at its expected address {address} {how} (certain): whoever \
         dials the address gets the error. Server team: see what answers there.",
        host(view)
    );
    let dialled = view.dialled.map_or_else(String::new, |dialled| dialled.to_string());
    let evidence = Evidence::new(
        Severity::Warning,
        Confidence::Certain,
        "works by name, fails by address",
        sentence,
    )
    .line(format!("by name: {dialled}, works"))
    .line(format!("by address: {address}, {how}"))
    .line(NOT_MEASURED)
    .owned_by(Owner::Server)
    .since(Some(climb.at.wall));
    Judgement::fires(evidence)
}

const NOT_MEASURED: &str = "not measured: Kerberos. By name a client signs in as TERMSRV/name \
    (SPN), by address with NTLM";

/// How far a climb went that works.
pub(super) fn climbed(attempt: &Attempt) -> String {
    match (&attempt.negotiate, &attempt.tls) {
        (Some(negotiate), Some(tls)) => format!(
            "X.224 {}, TLS {}",
            negotiate.outcome.word().replace('_', " "),
            tls.outcome.word()
        ),
        (Some(negotiate), None) => format!("X.224 {}", negotiate.outcome.word().replace('_', " ")),
        (None, _) => format!("TCP {}", attempt.connect.outcome.word().replace('_', " ")),
    }
}
