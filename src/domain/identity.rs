//! What a machine calls itself, against what it is called: the names of its certificate and of its
//! NTLM challenge beside the dialled name and its aliases.

use super::certificate::{CertificateSummary, name_covers};
use super::mac::MacAddr;
use super::sample::{NtlmIdentity, Resolution};
use super::target::Target;
use super::time::WallTime;
use super::view::TargetView;

/// Who answered, as remembered between runs.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct RememberedIdentity {
    /// NetBIOS name of the NTLM challenge.
    pub computer: Option<String>,
    /// DNS name of the NTLM challenge.
    pub dns_computer: Option<String>,
    /// Common name of the certificate.
    pub common_name: Option<String>,
    /// Hardware address it had then, where this machine could see it.
    pub mac: Option<MacAddr>,
    /// It once claimed a rightful name: whatever it calls itself now, it was renamed.
    pub rightful: bool,
    /// When it last answered so.
    pub seen: WallTime,
}

impl RememberedIdentity {
    /// The name to show: the longest that it has for itself.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.dns_computer.as_deref().or(self.computer.as_deref()).or(self.common_name.as_deref())
    }

    /// Takes over what the machine says of itself; what it does not say stays. `names` are those
    /// that it may rightly have.
    pub fn learn(
        &mut self,
        presented: &Presented<'_>,
        names: &[&str],
        mac: Option<MacAddr>,
        seen: WallTime,
    ) {
        self.rightful |= presented.claims(names);
        if let Some(ntlm) = presented.ntlm {
            self.computer.clone_from(&ntlm.computer);
            self.dns_computer.clone_from(&ntlm.dns_computer);
        }
        if let Some(certificate) = presented.certificate {
            self.common_name.clone_from(&certificate.common_name);
        }
        self.mac = mac.or(self.mac);
        self.seen = seen;
    }
}

/// What the machine at the dialled address says of itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Presented<'a> {
    /// Its certificate.
    pub certificate: Option<&'a CertificateSummary>,
    /// The names of its NTLM challenge.
    pub ntlm: Option<&'a NtlmIdentity>,
}

/// How a name that a machine has for itself compares with one that is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// Both are known and agree.
    Same,
    /// Both are known and differ.
    Different,
    /// One of them is not known.
    Unknown,
}

impl<'a> Presented<'a> {
    /// What the machine behind `view` says.
    #[must_use]
    pub fn of(view: &TargetView<'a>) -> Self {
        Self {
            certificate: view.tls.and_then(|tls| tls.value.certificate.as_ref()),
            ntlm: view.nla.and_then(|nla| nla.value.identity.as_ref()),
        }
    }

    /// The names of its NTLM challenge.
    pub fn ntlm_names(&self) -> impl Iterator<Item = &'a str> {
        let names = self.ntlm.map(|ntlm| [&ntlm.dns_computer, &ntlm.computer]);
        names.into_iter().flatten().filter_map(|name| name.as_deref())
    }

    /// The name to show: of the NTLM challenge, else of the certificate.
    #[must_use]
    pub fn name(&self) -> Option<&'a str> {
        self.ntlm_names().next().or_else(|| {
            let certificate = self.certificate?;
            Some(certificate.names.first().unwrap_or(&certificate.subject).as_str())
        })
    }

    /// Whether it claims one of `names` for itself. A wildcard certificate claims a whole domain
    /// and so says nothing.
    #[must_use]
    pub fn claims(&self, names: &[&str]) -> bool {
        let certified = self.certificate.into_iter().flat_map(|c| c.names.iter());
        certified
            .map(String::as_str)
            .filter(|name| !name.starts_with('*'))
            .chain(self.ntlm_names())
            .any(|own| names.iter().any(|name| name_covers(own, name)))
    }

    /// Its NTLM names against the remembered ones.
    #[must_use]
    pub fn ntlm_against(&self, remembered: &RememberedIdentity) -> Compared {
        let known = [&remembered.dns_computer, &remembered.computer];
        let known: Vec<&str> = known.into_iter().filter_map(|name| name.as_deref()).collect();
        if known.is_empty() || self.ntlm_names().next().is_none() {
            Compared::Unknown
        } else if self.ntlm_names().any(|own| known.iter().any(|name| name_covers(own, name))) {
            Compared::Same
        } else {
            Compared::Different
        }
    }

    /// The common name of its certificate against the remembered one.
    #[must_use]
    pub fn common_name_against(&self, remembered: &RememberedIdentity) -> Compared {
        let own = self.certificate.and_then(|certificate| certificate.common_name.as_deref());
        match own.zip(remembered.common_name.as_deref()) {
            None => Compared::Unknown,
            Some((own, known)) if name_covers(own, known) => Compared::Same,
            Some(_) => Compared::Different,
        }
    }

    /// Whether its NTLM names are those of a `FreeRDP` server: Unix host names, which need not be
    /// names that DNS knows.
    #[must_use]
    pub fn is_winpr(&self) -> bool {
        self.ntlm.is_some_and(|ntlm| ntlm.winpr)
    }
}

/// [`target_names`] of the target behind `view`.
#[must_use]
pub fn accepted_names<'a>(view: &TargetView<'a>) -> Vec<&'a str> {
    target_names(view.target, view.resolution())
}

/// The names that a target may rightly call itself: the dialled one, its aliases, and what the
/// dialled one is an alias of in DNS. Empty for a target that is an address without aliases.
#[must_use]
pub fn target_names<'a>(target: &'a Target, resolution: Option<&'a Resolution>) -> Vec<&'a str> {
    let canonical = resolution.into_iter().flat_map(Resolution::canonical);
    let aliases = target.aliases.iter().map(String::as_str);
    target.host.name().into_iter().chain(aliases).chain(canonical).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ntlm(computer: &str, dns: &str) -> NtlmIdentity {
        NtlmIdentity {
            computer: Some(computer.to_owned()),
            dns_computer: Some(dns.to_owned()),
            ..NtlmIdentity::default()
        }
    }

    #[test]
    fn a_machine_claims_a_name_as_windows_spells_it() {
        for (computer, dns, name, claims) in [
            ("OFFICE-PC", "office-pc.corp.lab", "office-pc.corp.lab", true),
            ("OFFICE-PC", "office-pc.ad.corp.lab", "office-pc.corp.lab", true),
            ("ACCOUNTING-TERM", "ACCOUNTING-TERM", "accounting-terminal-07", true),
            ("BERLIN-12", "berlin-12.corp.lab", "office-pc.corp.lab", false),
            ("BERLIN-12", "berlin-12.corp.lab", "berlin-12", true),
        ] {
            let ntlm = ntlm(computer, dns);
            let presented = Presented { certificate: None, ntlm: Some(&ntlm) };
            assert_eq!(presented.claims(&[name]), claims, "{computer} {dns} for {name}");
        }
        assert!(!Presented::default().claims(&["office-pc"]));
    }

    #[test]
    fn an_identity_is_compared_only_where_both_are_known() {
        let mut remembered = RememberedIdentity::default();
        let (here, there) = (ntlm("A", "a.corp.lab"), ntlm("B", "b.corp.lab"));
        let of = |ntlm| Presented { certificate: None, ntlm: Some(ntlm) };
        assert_eq!(of(&here).ntlm_against(&remembered), Compared::Unknown);
        remembered.learn(&of(&here), &["a"], None, WallTime::from_unix_secs(7));
        assert_eq!(of(&here).ntlm_against(&remembered), Compared::Same);
        assert_eq!(of(&there).ntlm_against(&remembered), Compared::Different);
        assert_eq!(Presented::default().ntlm_against(&remembered), Compared::Unknown);
        assert_eq!(of(&here).common_name_against(&remembered), Compared::Unknown);
        assert_eq!(remembered.name(), Some("a.corp.lab"));
        remembered.learn(&Presented::default(), &["a"], None, WallTime::from_unix_secs(9));
        assert_eq!(remembered.name(), Some("a.corp.lab"), "what is not said stays");
        remembered.learn(&of(&there), &["a"], None, WallTime::from_unix_secs(11));
        assert!(remembered.rightful, "once is enough: it was renamed");
    }
}
