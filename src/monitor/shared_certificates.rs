//! Certificates that more than one machine presents.

use super::Tracked;
use crate::domain::certificate::Thumbprint;
use std::collections::{BTreeMap, BTreeSet};

/// Self-signed certificates that machines of different NTLM names present, with those names.
///
/// Two targets may be one machine; only the name that a machine has for itself tells them apart,
/// so targets without one do not count.
#[must_use]
pub fn shared_certificates<'a>(
    targets: impl Iterator<Item = &'a Tracked>,
) -> BTreeMap<Thumbprint, BTreeSet<String>> {
    let mut machines: BTreeMap<Thumbprint, BTreeSet<String>> = BTreeMap::new();
    for (print, name) in targets.filter_map(Tracked::self_signed) {
        machines.entry(print).or_default().insert(name.to_ascii_uppercase());
    }
    machines.retain(|_, names| names.len() > 1);
    machines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::certificate::{CertificateSummary, KeyKind};
    use crate::domain::diagnose::fixture::{ADDRESS, at, handshake};
    use crate::domain::memory::TargetMemory;
    use crate::domain::sample::{
        EchoMethod, Nla, NlaOutcome, NtlmIdentity, Observation, ProbeKind, Sample, TlsOutcome,
    };
    use crate::domain::surroundings::Surroundings;
    use crate::domain::target::{Host, Target, TargetId};
    use std::sync::Arc;

    fn machine(computer: Option<&str>, byte: u8, self_signed: bool) -> Tracked {
        let target = Target::new(TargetId(0), "any", Host::Address(ADDRESS, None));
        let memory = TargetMemory::default();
        let mut tracked = Tracked::new(Arc::new(target), memory, EchoMethod::Icmp, at(0));
        let mut attempt = handshake(TlsOutcome::Ok);
        attempt.depth = ProbeKind::Nla;
        if let Some(tls) = &mut attempt.tls {
            tls.certificate = Some(CertificateSummary {
                subject: "CN=GOLDEN".to_owned(),
                common_name: Some("GOLDEN".to_owned()),
                issuer: "CN=GOLDEN".to_owned(),
                self_signed,
                not_before: at(0).wall,
                not_after: at(1_000).wall,
                names: vec!["GOLDEN".to_owned()],
                key: KeyKind::Rsa(2_048),
                signature: "sha256WithRSAEncryption".to_owned(),
                sha256: Thumbprint([byte; 32]),
            });
        }
        let identity = computer.map(|computer| NtlmIdentity {
            computer: Some(computer.to_owned()),
            ..NtlmIdentity::default()
        });
        let outcome = NlaOutcome::Challenge;
        attempt.nla = Some(Nla { outcome, identity, ..Nla::not_offered() });
        let observation = Observation::Attempt(Box::new(attempt));
        let (sent_at, ended_at) = (at(1), at(1).mono);
        let sample = Sample { target: TargetId(0), seq: 0, sent_at, ended_at, observation };
        tracked.observe(&sample, &Surroundings::default(), at(1));
        tracked
    }

    #[test]
    fn only_machines_of_different_names_share_a_certificate() {
        let shared = |machines: &[Tracked]| shared_certificates(machines.iter());
        let (a, b) = (machine(Some("PC-A"), 7, true), machine(Some("PC-B"), 7, true));
        let found = shared(&[a, b]);
        let names: Vec<&str> = found[&Thumbprint([7; 32])].iter().map(String::as_str).collect();
        assert_eq!(names, ["PC-A", "PC-B"]);
        let unshared = |one, other| assert_eq!(shared(&[one, other]), BTreeMap::new());
        // One machine under two names.
        unshared(machine(Some("PC-A"), 7, true), machine(Some("pc-a"), 7, true));
        // Each its own.
        unshared(machine(Some("PC-A"), 7, true), machine(Some("PC-B"), 8, true));
        // An authority's, for both.
        unshared(machine(Some("PC-A"), 7, false), machine(Some("PC-B"), 7, false));
        // Nothing tells them apart.
        unshared(machine(Some("PC-A"), 7, true), machine(None, 7, true));
    }
}
